// SPDX-License-Identifier: MIT
/* After fork() the child may not use its parent's machines, is told so, and may make its own. */
#include "tests/unit/sched_test.h"
#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/delay.h>
#include <linux/kthread.h>

static int naps(void *data)
{
	(void)data;
	while (!kthread_should_stop())
		msleep(1);
	return 0;
}

static int in_child(void)
{
	struct dmasim_machine *own;

	if (dmasim_machine_current())
		return 1;
	msleep(1); /* no machine: does nothing */
	if (!strstr(dmasim_last_error(), "fork"))
		return 2;
	if (dmasim_machine_use(m) || dmasim_machine_current())
		return 3;
	if (dmasim_machine_destroy(m) != -EINVAL || !strstr(dmasim_last_error(), "fork"))
		return 4;
	own = dmasim_machine_create("pc,report=none,summary=off");
	if (!own || dmasim_machine_current() != own)
		return 5;
	kthread_run(naps, NULL, "naps");
	msleep(10);
	if (dmasim_machine_destroy(own))
		return 6;
	return 0;
}

static void the_child_is_told(void **state)
{
	int status;
	pid_t child;

	(void)state;
	begin("pc");
	kthread_run(naps, NULL, "naps");
	msleep(10);
	fflush(NULL);
	child = fork();
	if (child == 0) {
		if (!freopen("/dev/null", "w", stderr))
			_exit(7);
		_exit(in_child());
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	msleep(10); /* the parent's machine lives on */
	end();
}

static void the_child_may_exit_normally(void **state)
{
	int status;
	pid_t child;

	(void)state;
	begin("pc");
	kthread_run(naps, NULL, "naps");
	msleep(10);
	fflush(NULL);
	child = fork();
	if (child == 0)
		exit(0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_child_is_told),
		cmocka_unit_test(the_child_may_exit_normally),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
