// SPDX-License-Identifier: MIT
/*
 * Findings become violations: counting, telling equal from new, the text, and the places where nothing may be printed.
 *
 * Findings are invented here; what finds real ones is tested elsewhere. Reports go to a file that each test reads.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <signal.h>
#include <dmasim/dmasim.h>
#include "lib/check/report.h"
#include "tests/unit/golden.h"

static char log_path[] = "/tmp/dmasim-report-XXXXXX";
static struct dmasim_machine *m;

static void start(const char *more)
{
	char spec[128];

	snprintf(spec, sizeof(spec), "pc,seed=7,log=%s%s", log_path, more);
	m = dmasim_machine_create(spec);
	if (!m)
		fail_msg("%s", dmasim_last_error());
	dmasim_machine_use(m);
}

static int make_log(void **state)
{
	int fd = mkstemp(log_path);

	(void)state;
	if (fd >= 0)
		close(fd);
	unsetenv("DMASIM_OPTIONS");
	return fd < 0;
}

static int remove_log(void **state)
{
	(void)state;
	return unlink(log_path);
}

static int setup(void **state)
{
	(void)state;
	start("");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	if (m)
		dmasim_machine_destroy(m);
	m = NULL;
	return truncate(log_path, 0);
}

/* What was printed so far, or with the summary when the machine is destroyed. */
static char *printed(void)
{
	char *text = golden_read(log_path);

	assert_non_null(text);
	return text;
}

static size_t occurrences(const char *text, const char *what)
{
	size_t n = 0;

	for (; (text = strstr(text, what)); text++)
		n++;
	return n;
}

static size_t printed_reports(void)
{
	char *text = printed();
	size_t n = occurrences(text, "  see      docs/rules/");

	free(text);
	return n;
}

/* The driver: each function reports on behalf of its caller, as the library does. */
static __attribute__((__noinline__)) void api(const struct finding *f)
{
	STACK_ENTER();
	report_finding(m, f);
	__asm__ volatile("");
}

static __attribute__((__noinline__)) stack_id api_map(void)
{
	stack_id id = STACK_HERE(m);

	__asm__ volatile("");
	return id;
}

static __attribute__((__noinline__)) stack_id dad_start(void)
{
	stack_id id = api_map();

	__asm__ volatile("");
	return id;
}

static __attribute__((__noinline__)) void dad_prepare_next(const struct finding *f)
{
	api(f);
	__asm__ volatile("");
}

static __attribute__((__noinline__)) void dad_read(const struct finding *f)
{
	dad_prepare_next(f);
	__asm__ volatile("");
}

static const u8 old_bytes[4], new_bytes[4] = {1, 0, 0, 0};

static struct finding whole_finding(void)
{
	static char map[33];
	stack_id mapped = dad_start();

	memset(map, 'D', 32);
	memset(map, 'w', 4);
	return (struct finding){
		.rule = "cpu-write-while-device-owns",
		.device_name = "dad0",
		.bus = 0x80234080 + 128,
		.has_bus = true,
		.buffer_size = 1500,
		.offset = 128,
		.size = 4,
		.direction = 3,
		.act_verb = "write",
		.old_value = old_bytes,
		.new_value = new_bytes,
		.nr_value = 4,
		.mapped = mapped,
		.mapped_time = 10012,
		.handed = mapped,
		.handed_time = 10012,
		.handed_by = "dma_map_single",
		.handed_to = "the device",
		.map = map,
		.map_start = 112,
		.nr_map = 32,
		.more = {{"note", "a line of its own\n"}},
	};
}

/* ---- the text ---- */

static void a_whole_report(void **state)
{
	struct finding f = whole_finding();
	char *text;

	(void)state;
	dad_read(&f);
	text = printed();
	assert_string_equal(text, dmasim_violation(0)->text);
	assert_true(golden_equal(text, "report-whole.txt"));
	free(text);
}

static void an_interval_names_no_line(void **state)
{
	struct finding f = whole_finding();

	(void)state;
	f.interval = true;
	f.act_time = 20480;
	dad_read(&f);
	assert_true(golden_equal(dmasim_violation(0)->text, "report-interval.txt"));
	assert_null(dmasim_violation(0)->act.file);
	assert_int_equal(dmasim_violation(0)->act.line, 0);
	assert_string_equal(dmasim_violation(0)->mapped.function, "dad_start");
}

static void little_is_known(void **state)
{
	struct finding f = {.rule = "double-unmap"};

	(void)state;
	dad_read(&f);
	assert_true(golden_equal(dmasim_violation(0)->text, "report-little.txt"));
	assert_string_equal(dmasim_violation(0)->device, "");
	assert_int_equal(dmasim_violation(0)->direction, 3);
}

static void brackets_fit_any_range(void **state)
{
	struct text t = {0};
	char map[65];

	(void)state;
	memset(map, 'C', 64);
	for (size_t offset = 100; offset < 132; offset++)
		for (size_t size = 1; offset + size <= 160; size++) {
			struct finding f = {.rule = "cpu-read-stale",
					    .buffer_size = 4096,
					    .offset = offset,
					    .size = size,
					    .map = map,
					    .map_start = 96,
					    .nr_map = 64};
			struct violation v = {.device = (char *)"", .v = {.device = ""}};
			struct report_view view = {.f = &f, .violation = &v};
			const char *open, *close;
			size_t letters = 0;

			v.v.device = "";
			t.len = 0;
			report_text(m, &t, &view);
			open = strchr(t.p, '[');
			close = strchr(t.p, ']');
			assert_non_null(open);
			assert_non_null(close);
			assert_null(strchr(open + 1, '['));
			assert_null(strchr(close + 1, ']'));
			for (const char *p = open; p < close; p++)
				letters += *p == 'C';
			assert_int_equal(letters, size);
		}
	text_free(&t);
}

static void colour_is_for_terminals_only(void **state)
{
	struct finding f = whole_finding();
	char *text;

	(void)state;
	teardown(NULL);
	start(",colour=always");
	dad_read(&f);
	text = printed();
	assert_non_null(strstr(text, "\033[1;31mcpu-write-while-device-owns\033[0m"));
	assert_null(strchr(dmasim_violation(0)->text, '\033'));
	free(text);
}

static void strings_of_drivers_cannot_paint(void **state)
{
	struct finding f = {.rule = "double-unmap", .device_name = "\033[2Jdad\001"};

	(void)state;
	dad_read(&f);
	assert_null(strchr(dmasim_violation(0)->text, '\033'));
	assert_non_null(strstr(dmasim_violation(0)->text, "?[2Jdad?"));
}

static void places_are_the_drivers(void **state)
{
	struct finding f = whole_finding();
	const struct dmasim_violation *v;

	(void)state;
	dad_read(&f);
	v = dmasim_violation(0);
	assert_string_equal(v->act.function, "dad_prepare_next");
	assert_non_null(strstr(v->act.file, "tests/unit/report.c"));
	assert_int_not_equal(v->act.line, 0);
	assert_string_equal(v->mapped.function, "dad_start");
	assert_string_equal(v->device, "dad0");
	assert_int_equal(v->bus_addr, 0x80234100);
	assert_int_equal(v->buffer_offset, 128);
	assert_int_equal(v->size, 4);
	assert_int_equal(v->direction, 2);
	assert_int_equal(v->old_value, 0);
	assert_int_equal(v->new_value, 1);
	assert_int_equal(v->count, 1);
}

/* ---- counting ---- */

static void equal_ones_are_printed_once(void **state)
{
	struct finding f = whole_finding();

	(void)state;
	for (volatile int i = 0; i < 1000; i++)
		dad_read(&f);
	assert_int_equal(dmasim_violation_count(), 1000);
	assert_int_equal(dmasim_violation_count_of("cpu-write-while-device-owns"), 1000);
	assert_int_equal(dmasim_violation(0)->count, 1000);
	assert_null(dmasim_violation(1));
	assert_int_equal(printed_reports(), 1);

	f.device_name = "dad1"; /* another device: another violation */
	dad_read(&f);
	f.rule = "double-unmap";
	dad_read(&f);
	assert_int_equal(printed_reports(), 3);
	assert_int_equal(dmasim_unexpected_violations(), 3);
	dmasim_violations_clear();
	assert_int_equal(dmasim_violation_count(), 0);
	assert_null(dmasim_violation(0));
	dad_read(&f);
	assert_int_equal(printed_reports(), 4);
}

static void the_first_thousand_are_kept(void **state)
{
	struct finding f = {.rule = "double-unmap"};
	char name[16];

	(void)state;
	f.device_name = name;
	for (int i = 0; i < 1500; i++) {
		snprintf(name, sizeof(name), "dad%d", i);
		dad_read(&f);
	}
	snprintf(name, sizeof(name), "dad5");
	dad_read(&f);
	assert_int_equal(dmasim_violation_count(), 1501);
	assert_non_null(dmasim_violation(999));
	assert_null(dmasim_violation(1000));
	assert_string_equal(dmasim_violation(999)->device, "dad999");
	assert_int_equal(dmasim_violation(5)->count, 2);
	assert_int_equal(dmasim_unexpected_violations(), 1500);
	assert_int_equal(printed_reports(), 1000);
}

static void one_mistake_is_one_report(void **state)
{
	struct finding f = {.rule = "double-unmap", .mistake = 77};

	(void)state;
	dad_read(&f);
	f.device_name = "dad1";
	dad_read(&f);
	assert_int_equal(dmasim_violation_count(), 1);
	f.rule = "unmap-unknown"; /* the same token, another rule */
	dad_read(&f);
	assert_int_equal(dmasim_violation_count(), 2);
	f.mistake = 78;
	dad_read(&f);
	assert_int_equal(dmasim_violation_count(), 3);
}

static void lints_only_when_asked_for(void **state)
{
	struct finding f = {.rule = "sync-redundant"};

	(void)state;
	dad_read(&f);
	assert_int_equal(dmasim_violation_count(), 0);
	teardown(NULL);
	start(",lint=on");
	dad_read(&f);
	assert_int_equal(dmasim_violation_count(), 1);
	assert_int_equal(dmasim_violation(0)->severity, DMASIM_LINT);
}

static void rules_the_catalogue_lacks_are_counted(void **state)
{
	struct finding f = {.rule = "no-such-rule"};

	(void)state;
	dad_read(&f);
	assert_int_equal(dmasim_violation_count(), 1);
	assert_string_equal(dmasim_violation(0)->rule, "unknown-rule");
	assert_int_equal(dmasim_violation_count_of("no-such-rule"), 0);
	assert_non_null(strstr(dmasim_last_error(), "no-such-rule"));
	assert_true(dmasim_rule_exists("double-unmap"));
	assert_false(dmasim_rule_exists("no-such-rule"));
	assert_false(dmasim_rule_exists(NULL));
	for (size_t i = 0; dmasim_rules(i); i++)
		assert_true(dmasim_rule_exists(dmasim_rules(i)));
}

static void the_summary(void **state)
{
	struct finding f = whole_finding();
	char *text, *facts;

	(void)state;
	for (volatile int i = 0; i < 3; i++)
		dad_read(&f);
	f.rule = "sync-redundant";
	dad_read(&f);
	dmasim_test_name("rx_test");
	report_unchecked(m, "CPU reads by code that is not instrumented", 12);
	report_unchecked(m, "CPU reads by code that is not instrumented", 3);
	dmasim_expect_violation("mapping-leak");
	dmasim_machine_destroy(m);
	m = NULL;
	text = printed();
	assert_non_null(strstr(text, "dmasim: summary"));
	facts = strstr(text, "  fact ");
	if (facts)
		*facts = 0; /* they are the other rooms' */
	assert_true(golden_equal(strstr(text, "dmasim: summary"), "summary.txt"));
	free(text);
}

static void nothing_to_say_is_nothing_said(void **state)
{
	char *text;

	(void)state;
	dmasim_machine_destroy(m);
	m = NULL;
	text = printed();
	assert_string_equal(text, "");
	assert_null(dmasim_verdict());
	free(text);
}

static void what_went_unchecked_is_one_line(void **state)
{
	char *text, *line;

	(void)state;
	dmasim_test_name("rx_test");
	report_unchecked(m, "things", 2);
	dmasim_machine_destroy(m);
	m = NULL;
	text = printed();
	line = strchr(text, '\n');
	assert_non_null(line);
	assert_string_equal(line, "\n");
	assert_non_null(strstr(text, "dmasim: summary of rx_test: nothing found; unchecked: 2 things"));
	free(text);
}

static void verbose_shows_what_was_expected(void **state)
{
	struct finding f = {.rule = "double-unmap"};
	char *text;

	(void)state;
	dmasim_expect_violation("double-unmap");
	dad_read(&f);
	assert_int_equal(printed_reports(), 0);
	teardown(NULL);
	start(",verbose=on");
	dmasim_expect_violation("double-unmap");
	dad_read(&f);
	assert_int_equal(printed_reports(), 1);
	dmasim_machine_destroy(m);
	m = NULL;
	text = printed();
	assert_non_null(strstr(text, "(expected)"));
	assert_non_null(strstr(text, "dmasim: summary"));
	free(text);
}

/* ---- callbacks, and places where nothing may be printed ---- */

static size_t calls;

static void report_again(const struct dmasim_violation *v, void *arg)
{
	struct finding f = {.rule = "unmap-unknown"};

	assert_non_null(v->rule);
	assert_ptr_equal(arg, &calls);
	calls++;
	api(&f);
}

static void a_callback_may_cause_reports(void **state)
{
	struct finding f = {.rule = "double-unmap"};

	(void)state;
	calls = 0;
	dmasim_on_violation(report_again, &calls);
	dad_read(&f);
	assert_true(calls >= 2 && calls <= 2 + REPORT_PENDING);
	dmasim_on_violation(NULL, NULL);
	dmasim_violation_count();
	assert_int_equal(dmasim_violation_count(), calls + 1);
}

static jmp_buf out;

static void jump_out(const struct dmasim_violation *v, void *arg)
{
	(void)v;
	(void)arg;
	longjmp(out, 1);
}

static void a_callback_may_jump_out(void **state)
{
	static struct finding f = {.rule = "double-unmap"};

	(void)state;
	dmasim_on_violation(jump_out, NULL);
	if (!setjmp(out)) {
		dad_read(&f);
		fail();
	}
	dmasim_on_violation(NULL, NULL);
	f.rule = "unmap-unknown";
	dad_read(&f);
	assert_int_equal(printed_reports(), 2);
	assert_int_equal(dmasim_violation_count(), 2);
}

static struct finding of_handler;

static void handler(int sig)
{
	(void)sig;
	api(&of_handler);
}

static void a_signal_handler_prints_later(void **state)
{
	struct sigaction action = {.sa_handler = handler}, old;

	(void)state;
	of_handler = whole_finding();
	sigaction(SIGUSR1, &action, &old);
	raise(SIGUSR1);
	sigaction(SIGUSR1, &old, NULL);
	assert_int_equal(printed_reports(), 0);
	memset(&of_handler, 0, sizeof(of_handler)); /* everything was copied */
	report_settle(m);
	assert_int_equal(printed_reports(), 1);
	assert_non_null(strstr(dmasim_violation(0)->text, "a signal handler"));
	assert_string_equal(dmasim_violation(0)->act.function, "handler");
	assert_int_equal(dmasim_violation(0)->new_value, 1);
}

static void *foreign(void *unused)
{
	struct finding f = {.rule = "double-unmap"};

	(void)unused;
	for (int i = 0; i < 40; i++)
		api(&f);
	return NULL;
}

static void other_threads_leave_theirs(void **state)
{
	pthread_t t[3];

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&t[i], NULL, foreign, NULL), 0);
	for (int i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(printed_reports(), 0);
	assert_int_equal(dmasim_violation_count(), REPORT_PENDING);
	assert_int_equal(m->reports->pending_lost, 120 - REPORT_PENDING);
	assert_non_null(strstr(dmasim_violation(0)->text, "a host thread that does not hold the machine"));
}

static void a_full_disk_is_counted(void **state)
{
	struct finding f = whole_finding();

	(void)state;
	teardown(NULL);
	m = dmasim_machine_create("pc,log=/dev/full");
	assert_non_null(m);
	dmasim_machine_use(m);
	dad_read(&f);
	assert_int_equal(dmasim_violation_count(), 1);
	assert_int_equal(m->reports->write_errors, 1);
}

static void a_log_that_cannot_be_opened_says_so(void **state)
{
	(void)state;
	assert_null(dmasim_machine_create("pc,log=/no/such/directory/x"));
	assert_non_null(strstr(dmasim_last_error(), "/no/such/directory/x"));
}

static void without_a_machine(void **state)
{
	(void)state;
	dmasim_machine_use(NULL);
	assert_int_equal(dmasim_violation_count(), 0);
	assert_null(dmasim_violation(0));
	dmasim_violations_clear();
	dmasim_on_violation(NULL, NULL);
	dmasim_test_name("x");
	assert_int_equal(dmasim_unexpected_violations(), 0);
	assert_int_equal(dmasim_unmet_expectations(), 0);
	dmasim_machine_use(m);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_whole_report),
		TEST(an_interval_names_no_line),
		TEST(little_is_known),
		TEST(brackets_fit_any_range),
		TEST(colour_is_for_terminals_only),
		TEST(strings_of_drivers_cannot_paint),
		TEST(places_are_the_drivers),
		TEST(equal_ones_are_printed_once),
		TEST(the_first_thousand_are_kept),
		TEST(one_mistake_is_one_report),
		TEST(lints_only_when_asked_for),
		TEST(rules_the_catalogue_lacks_are_counted),
		TEST(the_summary),
		TEST(nothing_to_say_is_nothing_said),
		TEST(what_went_unchecked_is_one_line),
		TEST(verbose_shows_what_was_expected),
		TEST(a_callback_may_cause_reports),
		TEST(a_callback_may_jump_out),
		TEST(a_signal_handler_prints_later),
		TEST(other_threads_leave_theirs),
		TEST(a_full_disk_is_counted),
		TEST(a_log_that_cannot_be_opened_says_so),
		TEST(without_a_machine),
	};

	return cmocka_run_group_tests(tests, make_log, remove_log);
}
