// SPDX-License-Identifier: MIT
/*
 * How programs end: the policies on_violation and exitcode, and the CMocka adapter.
 *
 * verdict_child.c fails in many ways; here its output is compared with files and its status is looked at.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <sys/wait.h>
#include "tests/unit/golden.h"

/* Run the child; all that it printed, malloc'd, and its wait status. */
static char *run(const char *what, int *status)
{
	char path[] = "/tmp/dmasim-verdict-XXXXXX", *text;
	int fd = mkstemp(path);
	pid_t pid;

	assert_true(fd >= 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		unsetenv("DMASIM_OPTIONS");
		setenv("DMASIM_MACHINE", "pc", 1);
		setenv("CMOCKA_MESSAGE_OUTPUT", "STDOUT", 1);
		dup2(fd, 1);
		dup2(fd, 2);
		execl(VERDICT_CHILD, VERDICT_CHILD, what, (char *)NULL);
		_exit(79);
	}
	close(fd);
	assert_int_equal(waitpid(pid, status, 0), pid);
	text = golden_read(path);
	unlink(path);
	assert_non_null(text);
	return text;
}

static void ends_with(const char *what, int want)
{
	int status;
	char *text = run(what, &status);

	if (!WIFEXITED(status) || WEXITSTATUS(status) != want)
		fail_msg("%s: wait status 0x%x; it said:\n%s", what, status, text);
	free(text);
}

static void violations_leave_the_status_alone(void **state)
{
	(void)state;
	ends_with("continue", 0);
}

static void exitcode_changes_success_only(void **state)
{
	(void)state;
	ends_with("exitcode", 42);
	ends_with("exitcode-failing", 3);
	ends_with("exitcode-clean", 0);
	ends_with("exitcode-expected", 0);
}

static void abort_comes_after_the_report(void **state)
{
	int status;
	char *text = run("abort", &status);

	(void)state;
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
	assert_non_null(strstr(text, "docs/rules/double-unmap.md"));
	assert_null(strstr(text, "still here"));
	free(text);
}

static void named_tests_fail_with_their_reports(void **state)
{
	int status;
	char *text = run("named", &status);

	(void)state;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 6);
	assert_true(golden_equal(text, "cmocka-named.txt"));
	free(text);
}

static void plain_tests_fail_in_their_teardown(void **state)
{
	int status;
	char *text = run("plain", &status);

	(void)state;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 3);
	assert_true(golden_equal(text, "cmocka-plain.txt"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(violations_leave_the_status_alone),
		cmocka_unit_test(exitcode_changes_success_only),
		cmocka_unit_test(abort_comes_after_the_report),
		cmocka_unit_test(named_tests_fail_with_their_reports),
		cmocka_unit_test(plain_tests_fail_in_their_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
