// SPDX-License-Identifier: MIT
/*
 * Reports for programs: one JSON object a line, one line a distinct violation, and one for the summary.
 *
 * docs/reports.md documents the members; they are only ever added to. Addresses are strings in hexadecimal, because
 * many readers of JSON keep numbers as doubles. What is not known is absent. A violation is written when it is first
 * seen; how often it came back stands in the summary.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/check/report.h"

#ifdef HAVE_JSONC
#include <json-c/json.h>

bool json_available(void)
{
	return true;
}

static void add(struct json_object *o, const char *key, struct json_object *value)
{
	if (value)
		json_object_object_add(o, key, value);
}

/* Bytes of the UTF-8 character at s, 0 if it is none. */
static size_t utf8_length(const unsigned char *s)
{
	size_t n = *s < 0x80		     ? 1
		   : *s >= 0xc2 && *s < 0xe0 ? 2
		   : *s >= 0xe0 && *s < 0xf0 ? 3
		   : *s >= 0xf0 && *s < 0xf5 ? 4
					     : 0;

	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

/* JSON is UTF-8; a driver's string may be anything: bytes that fit nowhere become '?'. */
static void add_string(struct json_object *o, const char *key, const char *s)
{
	unsigned char *copy = s && *s ? (unsigned char *)strdup(s) : NULL;

	if (!copy)
		return;
	for (unsigned char *p = copy; *p;) {
		size_t n = utf8_length(p);

		if (!n)
			*p = '?';
		p += n ? n : 1;
	}
	add(o, key, json_object_new_string((char *)copy));
	free(copy);
}

static void add_hex(struct json_object *o, const char *key, unsigned long long x)
{
	char s[24];

	snprintf(s, sizeof(s), "0x%llx", x);
	add_string(o, key, s);
}

static struct json_object *number(u64 n)
{
	return json_object_new_int64((int64_t)n);
}

static struct json_object *stack(const struct stack_lines *s)
{
	struct json_object *array = json_object_new_array();

	for (unsigned int i = 0; i < s->nr; i++) {
		struct json_object *o = json_object_new_object();

		add_string(o, "function", s->lines[i].function);
		add_string(o, "file", s->lines[i].file);
		if (s->lines[i].line)
			add(o, "line", json_object_new_int(s->lines[i].line));
		add_string(o, "module", s->symbols[i]->module);
		add_hex(o, "offset", s->symbols[i]->offset);
		if (s->lines[i].role == SYMBOL_LIBRARY)
			add(o, "library", json_object_new_boolean(1));
		json_object_array_add(array, o);
	}
	return array;
}

static void add_event(struct json_object *o, const char *key, const struct stack_lines *s, u64 time, const char *by)
{
	struct json_object *event;

	if (!s->nr && !by)
		return;
	event = json_object_new_object();
	add(event, "time_ns", number(time));
	add_string(event, "by", by);
	add(event, "stack", stack(s));
	if (s->truncated)
		add(event, "truncated", json_object_new_boolean(1));
	add(o, key, event);
}

static void add_bytes(struct json_object *o, const char *key, const u8 *p, size_t n)
{
	char s[2 * 64 + 1];

	if (!p || !n)
		return;
	if (n > 64)
		n = 64;
	for (size_t i = 0; i < n; i++)
		snprintf(s + 2 * i, 3, "%02x", p[i]);
	add_string(o, key, s);
}

static void add_run(struct json_object *o, struct dmasim_machine *m)
{
	add_string(o, "preset", m->hw->cfg.preset);
	add(o, "seed", number(m->hw->cfg.seed));
	add_string(o, "spec", m->hw->cfg.spec);
	add_string(o, "test", m->reports->test_name);
}

static char *line_of(struct json_object *o)
{
	const char *s = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	size_t n = s ? strlen(s) : 0;
	char *line = s ? malloc(n + 2) : NULL;

	if (line) {
		memcpy(line, s, n);
		memcpy(line + n, "\n", 2);
	}
	json_object_put(o);
	return line;
}

char *json_violation(struct dmasim_machine *m, const struct report_view *view)
{
	static const char *const directions[] = {"bidirectional", "to-device", "from-device", "none"};
	const struct violation *v = view->violation;
	const struct finding *f = view->f;
	struct json_object *o = json_object_new_object(), *more;

	add_string(o, "type", "violation");
	add_string(o, "rule", f->rule);
	if (view->rule) {
		add_string(o, "family", rule_family_name(view->rule->family));
		add_string(o, "severity", view->rule->severity == DMASIM_LINT ? "lint" : "error");
		add_string(o, "what", view->rule->what);
		add_string(o, "fix", view->rule->fix);
	}
	add_string(o, "device", v->device);
	add_string(o, "act", f->act_verb);
	add_string(o, "buffer_kind", f->buffer_kind);
	if (f->buffer_size)
		add(o, "buffer_size", number(f->buffer_size));
	add(o, "offset", number(f->offset));
	add(o, "size", number(f->size));
	if (f->direction > 0 && f->direction <= 4)
		add_string(o, "direction", directions[f->direction - 1]);
	if (f->has_bus)
		add_hex(o, "bus", f->bus);
	if (f->has_phys)
		add_hex(o, "physical", f->phys);
	if (f->cpu)
		add_hex(o, "cpu", (unsigned long long)(uintptr_t)f->cpu);
	add_bytes(o, "old", f->old_value, f->nr_value);
	add_bytes(o, "new", f->new_value, f->nr_value);
	if (f->map && f->nr_map) {
		add(o, "bytes", json_object_new_string_len(f->map, (int)f->nr_map));
		add(o, "bytes_start", number(f->map_start));
	}
	add_string(o, "thread", v->task);
	add_string(o, "context", v->context);
	if (f->interval)
		add(o, "interval", json_object_new_boolean(1));
	add_event(o, f->interval ? "noticed" : "where", &view->act, view->time, NULL);
	add_event(o, "mapped", &view->mapped, f->mapped_time, f->mapped_verb);
	add_event(o, "handed", &view->handed, f->handed_time, f->handed_by);
	add_string(o, "handed_to", f->handed_to);
	if (f->more[0].label) {
		more = json_object_new_object();
		for (size_t i = 0; i < sizeof(f->more) / sizeof(*f->more) && f->more[i].label; i++)
			add_string(more, f->more[i].label, f->more[i].text);
		add(o, "details", more);
	}
	add_run(o, m);
	return line_of(o);
}

static struct json_object *counters(const struct counter *table)
{
	struct json_object *o = json_object_new_object();

	for (unsigned int i = 0; i < REPORT_COUNTERS && table[i].name; i++)
		add(o, table[i].name, number(table[i].value));
	return o;
}

char *json_summary(struct dmasim_machine *m)
{
	const struct check_report *r = m->reports;
	struct json_object *o = json_object_new_object(), *by_rule = json_object_new_object();
	u64 repeated = 0;

	for (u32 i = 0; i < r->nr_kept; i++)
		repeated += r->kept[i]->v.count - 1;
	for (int i = 0; i < NR_RULES; i++)
		if (r->count_of[i])
			add(by_rule, rules[i].id, number(r->count_of[i]));
	add_string(o, "type", "summary");
	add(o, "violations", number(r->count));
	add(o, "distinct", number(r->nr_kept));
	add(o, "unexpected", number(r->unexpected));
	add(o, "unmet_expectations", number(expect_unmet(&r->expect)));
	add(o, "repeated", number(repeated));
	add(o, "not_kept", number(r->beyond));
	add(o, "lints_dropped", number(r->lints_dropped));
	add(o, "lost", number(r->pending_lost + r->write_errors));
	add(o, "by_rule", by_rule);
	add(o, "unchecked", counters(r->unchecked));
	add(o, "facts", counters(r->facts));
	add_run(o, m);
	return line_of(o);
}

#else

bool json_available(void)
{
	return false;
}

char *json_violation(struct dmasim_machine *m, const struct report_view *view)
{
	(void)m;
	(void)view;
	return NULL;
}

char *json_summary(struct dmasim_machine *m)
{
	(void)m;
	return NULL;
}

#endif
