// SPDX-License-Identifier: MIT
/*
 * Reports as JSON lines, parsed back with json-c: every line is one object, its members are those that docs/reports.md
 * documents and have the types given there, and hostile strings stay strings.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <dmasim/dmasim.h>
#include "lib/check/report.h"
#include "tests/unit/golden.h"

#ifdef HAVE_JSONC
#include <json-c/json.h>

static char json_path[] = "/tmp/dmasim-json-XXXXXX";
static struct dmasim_machine *m;

static int make_file(void **state)
{
	int fd = mkstemp(json_path);

	(void)state;
	unsetenv("DMASIM_OPTIONS");
	if (fd >= 0)
		close(fd);
	return fd < 0;
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(json_path);
}

static void start(const char *format)
{
	char spec[128];

	assert_int_equal(truncate(json_path, 0), 0);
	snprintf(spec, sizeof(spec), format, json_path);
	m = dmasim_machine_create(spec);
	if (!m)
		fail_msg("%s", dmasim_last_error());
	dmasim_machine_use(m);
}

/* The machine ends; its lines, parsed. */
static unsigned int finish(struct json_object **lines, unsigned int max)
{
	unsigned int n = 0;
	char *text, *line;

	dmasim_machine_destroy(m);
	text = golden_read(json_path);
	assert_non_null(text);
	for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		assert_true(n < max);
		lines[n] = json_tokener_parse(line);
		assert_non_null(lines[n]);
		assert_true(json_object_is_type(lines[n], json_type_object));
		n++;
	}
	free(text);
	return n;
}

static const char *string_of(struct json_object *o, const char *key)
{
	struct json_object *v;

	if (!json_object_object_get_ex(o, key, &v))
		return NULL;
	assert_true(json_object_is_type(v, json_type_string));
	return json_object_get_string(v);
}

static long long number_of(struct json_object *o, const char *key)
{
	struct json_object *v;

	if (!json_object_object_get_ex(o, key, &v))
		return -1;
	assert_true(json_object_is_type(v, json_type_int));
	return json_object_get_int64(v);
}

static struct json_object *member(struct json_object *o, const char *key)
{
	struct json_object *v;

	return json_object_object_get_ex(o, key, &v) ? v : NULL;
}

/* docs/reports.md: the members of a violation, and no others. */
static const char *const members[] = {
	"type",	       "rule",	      "family", "severity",  "what",	 "fix",	     "device",	"act",	  "buffer_kind",
	"buffer_size", "offset",      "size",	"direction", "bus",	 "physical", "cpu",	"old",	  "new",
	"bytes",       "bytes_start", "thread", "context",   "interval", "where",    "noticed", "mapped", "handed",
	"handed_to",   "details",     "preset", "seed",	     "spec",	 "test",
};

static void only_documented_members(struct json_object *o)
{
	json_object_object_foreach(o, key, value)
	{
		bool known = false;

		(void)value;
		for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
			known |= !strcmp(key, members[i]);
		if (!known)
			fail_msg("\"%s\" is not documented", key);
	}
}

static __attribute__((__noinline__)) stack_id api_map(void)
{
	stack_id id = STACK_HERE(m);

	__asm__ volatile("");
	return id;
}

static __attribute__((__noinline__)) void api(const struct finding *f)
{
	STACK_ENTER();
	report_finding(m, f);
	__asm__ volatile("");
}

static const u8 old_bytes[] = {0xde, 0xad}, new_bytes[] = {0, 1};

static void a_violation_and_a_summary(void **state)
{
	struct json_object *lines[4], *frame, *stack;
	struct finding f = {
		.rule = "cpu-write-while-device-owns",
		.device_name = "dad0",
		.bus = 0xfffffffffffff000ULL,
		.has_bus = true,
		.phys = 0x1000,
		.has_phys = true,
		.buffer_kind = "single mapping",
		.buffer_size = 1500,
		.offset = 128,
		.size = 2,
		.direction = 3,
		.act_verb = "write",
		.old_value = old_bytes,
		.new_value = new_bytes,
		.nr_value = 2,
		.handed_by = "dma_map_single",
		.handed_to = "the device",
		.handed_time = 10012,
		.mapped_time = 10012,
		.map = "DDww",
		.nr_map = 4,
		.map_start = 128,
		.more = {{"hint", "say \"this\" \\ and that"}},
	};

	(void)state;
	start("pc,seed=7,report=none,json=%s");
	f.mapped = f.handed = api_map();
	for (volatile int i = 0; i < 3; i++)
		api(&f);
	report_unchecked(m, "things", 5);
	assert_int_equal(finish(lines, 4), 2);

	only_documented_members(lines[0]);
	assert_string_equal(string_of(lines[0], "type"), "violation");
	assert_string_equal(string_of(lines[0], "rule"), "cpu-write-while-device-owns");
	assert_string_equal(string_of(lines[0], "family"), "cpu-access");
	assert_string_equal(string_of(lines[0], "severity"), "error");
	assert_string_equal(string_of(lines[0], "device"), "dad0");
	assert_string_equal(string_of(lines[0], "bus"), "0xfffffffffffff000");
	assert_string_equal(string_of(lines[0], "physical"), "0x1000");
	assert_string_equal(string_of(lines[0], "direction"), "from-device");
	assert_string_equal(string_of(lines[0], "old"), "dead");
	assert_string_equal(string_of(lines[0], "new"), "0001");
	assert_string_equal(string_of(lines[0], "bytes"), "DDww");
	assert_int_equal(number_of(lines[0], "bytes_start"), 128);
	assert_int_equal(number_of(lines[0], "buffer_size"), 1500);
	assert_int_equal(number_of(lines[0], "offset"), 128);
	assert_int_equal(number_of(lines[0], "size"), 2);
	assert_int_equal(number_of(lines[0], "seed"), 7);
	assert_string_equal(string_of(member(lines[0], "details"), "hint"), "say \"this\" \\ and that");
	assert_int_equal(number_of(member(lines[0], "handed"), "time_ns"), 10012);
	assert_string_equal(string_of(member(lines[0], "handed"), "by"), "dma_map_single");
	stack = member(member(lines[0], "where"), "stack");
	assert_true(json_object_is_type(stack, json_type_array));
	assert_true(json_object_array_length(stack) >= 1);
	frame = json_object_array_get_idx(stack, 0);
	assert_string_equal(string_of(frame, "module"), "unit_json");
#ifdef HAVE_LIBDW
	assert_string_equal(string_of(frame, "function"), "a_violation_and_a_summary");
	assert_non_null(strstr(string_of(frame, "file"), "tests/unit/json.c"));
	assert_true(number_of(frame, "line") > 100);
#endif

	assert_string_equal(string_of(lines[1], "type"), "summary");
	assert_int_equal(number_of(lines[1], "violations"), 3);
	assert_int_equal(number_of(lines[1], "distinct"), 1);
	assert_int_equal(number_of(lines[1], "unexpected"), 1);
	assert_int_equal(number_of(lines[1], "unmet_expectations"), 0);
	assert_int_equal(number_of(lines[1], "repeated"), 2);
	assert_int_equal(number_of(lines[1], "not_kept"), 0);
	assert_int_equal(number_of(lines[1], "lost"), 0);
	assert_int_equal(number_of(member(lines[1], "by_rule"), "cpu-write-while-device-owns"), 3);
	assert_int_equal(number_of(member(lines[1], "unchecked"), "things"), 5);
	assert_non_null(member(lines[1], "facts"));
	json_object_put(lines[0]);
	json_object_put(lines[1]);
}

static void an_interval_has_no_where(void **state)
{
	struct json_object *lines[2];
	struct finding f = {.rule = "cpu-write-while-device-owns", .interval = true};

	(void)state;
	start("pc,report=json,log=%s");
	api(&f);
	assert_int_equal(finish(lines, 2), 2);
	only_documented_members(lines[0]);
	assert_null(member(lines[0], "where"));
	assert_non_null(member(lines[0], "noticed"));
	assert_true(json_object_get_boolean(member(lines[0], "interval")));
	json_object_put(lines[0]);
	json_object_put(lines[1]);
}

static void expected_ones_are_only_counted(void **state)
{
	struct json_object *lines[2];
	struct finding f = {.rule = "double-unmap"};

	(void)state;
	start("pc,report=json,log=%s");
	dmasim_expect_violation("double-unmap");
	api(&f);
	assert_int_equal(finish(lines, 2), 1);
	assert_int_equal(number_of(lines[0], "violations"), 1);
	assert_int_equal(number_of(lines[0], "unexpected"), 0);
	json_object_put(lines[0]);
}

static void hostile_strings(void **state)
{
	struct json_object *lines[2];
	struct finding f = {.rule = "double-unmap", .device_name = "\"}\n{\033[0m\xff\xfe\\ \xc3\xbc"};

	(void)state;
	start("pc,report=json,log=%s");
	api(&f);
	assert_int_equal(finish(lines, 2), 2);
	assert_string_equal(string_of(lines[0], "device"), "\"}\n{\033[0m??\\ \xc3\xbc");
	json_object_put(lines[0]);
	json_object_put(lines[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_violation_and_a_summary),
		cmocka_unit_test(an_interval_has_no_where),
		cmocka_unit_test(expected_ones_are_only_counted),
		cmocka_unit_test(hostile_strings),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}

#else

static void without_json_c_it_says_so(void **state)
{
	(void)state;
	assert_null(dmasim_machine_create("pc,report=json"));
	assert_non_null(strstr(dmasim_last_error(), "json-c"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(without_json_c_it_says_so)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
