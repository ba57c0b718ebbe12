// SPDX-License-Identifier: MIT
/*
 * Reports for people.
 *
 * One formatting serves the terminal, the log and dmasim_violation::text: colours are marks in the text that become
 * escape sequences or vanish when it leaves. Lines begin with a label in a fixed column, so that the eye finds the
 * same fact at the same place: the buffer, the act and its stack, who mapped, who handed over last, the bytes around
 * with brackets at the wrong ones, the value that went wrong, the fix. Facts that are not known have no line.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/check/phase.h"
#include "lib/check/report.h"

/* ---- growing text ---- */

static bool text_room(struct text *t, size_t n)
{
	size_t size = t->size ? t->size : 1024;
	char *p;

	if (t->len + n < t->size)
		return true;
	while (size <= t->len + n)
		size *= 2;
	p = realloc(t->p, size);
	if (!p) {
		t->failed = true;
		return false;
	}
	t->p = p;
	t->size = size;
	return true;
}

void text_add(struct text *t, const char *fmt, ...)
{
	va_list args;
	int n;

	if (!text_room(t, 256))
		return;
	va_start(args, fmt);
	n = vsnprintf(t->p + t->len, t->size - t->len, fmt, args);
	va_end(args);
	if (n < 0)
		return;
	if (t->len + (size_t)n >= t->size) {
		if (!text_room(t, (size_t)n + 1)) {
			t->p[t->len] = 0;
			return;
		}
		va_start(args, fmt);
		vsnprintf(t->p + t->len, t->size - t->len, fmt, args);
		va_end(args);
	}
	t->len += (size_t)n;
}

void text_add_string(struct text *t, const char *s)
{
	size_t n = s ? strlen(s) : 0;

	if (!text_room(t, n + 1))
		return;
	for (size_t i = 0; i < n; i++)
		t->p[t->len++] = iscntrl((unsigned char)s[i]) ? '?' : s[i];
	t->p[t->len] = 0;
}

void text_free(struct text *t)
{
	free(t->p);
	memset(t, 0, sizeof(*t));
}

char *text_render(const struct text *t, bool colour)
{
	static const char *const escapes[] = {
		[1] = "\033[1;31m", [2] = "\033[2m", [3] = "\033[36m", [4] = "\033[33m", [5] = "\033[0m",
	};
	size_t marks = 0, len = 0;
	char *out;

	for (size_t i = 0; i < t->len; i++)
		marks += (unsigned char)t->p[i] - 1U < 5;
	out = malloc(t->len + 1 + (colour ? marks * 8 : 0));
	if (!out)
		return NULL;
	for (size_t i = 0; i < t->len; i++) {
		unsigned char c = (unsigned char)t->p[i];

		if (c - 1U >= 5)
			out[len++] = (char)c;
		else if (colour)
			len += (size_t)sprintf(out + len, "%s", escapes[c]);
	}
	out[len] = 0;
	return out;
}

/* ---- stacks ---- */

static bool is_main(const struct symbol_line *l)
{
	return l->function && !strcmp(l->function, "main");
}

static const char *last_driver_function(const struct stack_lines *s)
{
	for (unsigned int i = s->nr; i > 0; i--)
		if (s->lines[i - 1].role == SYMBOL_DRIVER)
			return s->lines[i - 1].function;
	return NULL;
}

void report_stack_lines(struct dmasim_machine *m, stack_id id, struct stack_lines *out)
{
	void *pcs[STACK_FRAMES];
	bool truncated, in_library = true;
	unsigned int n = stack_frames(m, id, pcs, &truncated);

	memset(out, 0, sizeof(*out));
	out->truncated = truncated;
	for (unsigned int i = 0; i < n; i++) {
		const struct symbol *s = symbol_of(pcs[i]);

		for (unsigned int k = 0; k < s->nr; k++) {
			const struct symbol_line *l = &s->lines[k];

			if (l->role == SYMBOL_BOTTOM || l->role == SYMBOL_NOWHERE) {
				/* Beyond, there is nothing to follow: this is where the driver's stack begins. */
				out->truncated = l->role == SYMBOL_NOWHERE && i + 1 < n && !out->nr;
				if (out->nr && !strncmp(s->module, "libcmocka", 9))
					out->test = last_driver_function(out);
				goto out;
			}
			/* The library on top is the call itself; between driver frames one line stands for all of it. */
			if (l->role == SYMBOL_LIBRARY && in_library)
				continue;
			in_library = l->role == SYMBOL_LIBRARY;
			if (out->nr == REPORT_STACK) {
				out->truncated = true;
				goto out;
			}
			if (!out->hint)
				out->hint = symbol_hint(s);
			out->lines[out->nr] = *l;
			out->symbols[out->nr++] = s;
			if (is_main(l)) {
				out->truncated = false;
				goto out;
			}
		}
	}
out:
	while (out->nr && out->lines[out->nr - 1].role == SYMBOL_LIBRARY)
		out->nr--;
}

static void add_place(struct text *t, const struct symbol_line *l, const struct symbol *s)
{
	if (l->file) {
		text_add_string(t, l->file);
		text_add(t, ":%d", l->line);
	} else {
		text_add_string(t, s->module);
		text_add(t, "+0x%lx", (unsigned long)s->offset);
	}
}

static void add_stack(struct text *t, const struct stack_lines *s)
{
	for (unsigned int i = 0, shown = 0; i < s->nr; i++) {
		const struct symbol_line *l = &s->lines[i];

		if (l->role == SYMBOL_LIBRARY) {
			text_add(t, "             .. " MARK_LABEL "in libdmasim, called by" MARK_END "\n");
			continue;
		}
		text_add(t, "             #%u %-22s ", shown++, l->function ? l->function : "?");
		text_add(t, MARK_PLACE);
		add_place(t, l, s->symbols[i]);
		text_add(t, MARK_END "\n");
	}
	if (s->truncated && s->nr)
		text_add(t, "             .. " MARK_LABEL "callers unknown" MARK_END "\n");
	if (s->hint)
		text_add(t, "             " MARK_LABEL "%s" MARK_END "\n", s->hint);
}

static bool same_stack(const struct stack_lines *a, const struct stack_lines *b)
{
	if (a->nr != b->nr)
		return false;
	for (unsigned int i = 0; i < a->nr; i++)
		if (a->symbols[i] != b->symbols[i] || a->lines[i].line != b->lines[i].line)
			return false;
	return true;
}

/* ---- the lines ---- */

static void add_label(struct text *t, const char *label)
{
	text_add(t, "  " MARK_LABEL);
	text_add_string(t, label);
	text_add(t, MARK_END "%*s", (int)(strlen(label) < 9 ? 9 - strlen(label) : 1), "");
}

static void add_time(struct text *t, u64 ns)
{
	text_add(t, "%llu.%03llu us", ns / 1000, ns % 1000);
}

static const char *plural(u64 n)
{
	return n == 1 ? "" : "s";
}

static void add_buffer(struct text *t, const struct report_view *view)
{
	const struct finding *f = view->f;
	const char *direction = f->direction > 0 && f->direction <= 4 ? direction_name(f->direction - 1) : NULL;
	const char *sep = "";

	if (!f->buffer_size && !direction && !*view->violation->device && !f->buffer_kind)
		return;
	add_label(t, "buffer");
	if (f->buffer_size) {
		text_add(t, "%zu byte%s", f->buffer_size, plural(f->buffer_size));
		sep = ", ";
	}
	if (f->buffer_kind && strcmp(f->buffer_kind, "mapping")) {
		text_add(t, "%s", sep);
		text_add_string(t, f->buffer_kind);
		sep = ", ";
	}
	if (direction) {
		text_add(t, "%s%s", sep, direction);
		sep = ", ";
	}
	if (*view->violation->device) {
		text_add(t, "%sdevice ", sep);
		text_add_string(t, view->violation->device);
	}
	if (f->has_bus && f->buffer_size && f->bus >= f->offset)
		text_add(t, ", bus 0x%llx", f->bus - f->offset);
	text_add(t, "\n");
}

/* The three names of the first wrong byte. */
static void add_address(struct text *t, const struct finding *f)
{
	const char *sep = "";

	if (!f->has_bus && !f->has_phys && !f->cpu)
		return;
	add_label(t, "address");
	if (f->has_bus) {
		text_add(t, "bus 0x%llx", f->bus);
		sep = ", ";
	}
	if (f->has_phys) {
		text_add(t, "%sphysical 0x%llx", sep, f->phys);
		sep = ", ";
	}
	if (f->cpu)
		text_add(t, "%sCPU 0x%lx", sep, (unsigned long)(uintptr_t)f->cpu);
	text_add(t, "\n");
}

static void add_act(struct text *t, const struct report_view *view)
{
	const struct finding *f = view->f;
	const char *sep = "";

	add_label(t, f->act_verb ? f->act_verb : "act");
	if (f->size) {
		text_add(t, "%zu byte%s", f->size, plural(f->size));
		sep = " ";
	}
	if (f->size && f->buffer_size) {
		text_add(t, "%sat +%zu", sep, f->offset);
		sep = " ";
	}
	if (f->interval) {
		/*
		 * Found by comparing contents: nobody saw the access, only that it lies between two points. The first is
		 * the last hand-over or, of memory that was never handed over, the allocation.
		 */
		bool handed = f->handed_by || view->handed.nr;
		const struct stack_lines *since = handed ? &view->handed : &view->mapped;
		u64 when = handed ? f->handed_time : f->mapped_time;

		text_add(t, "%sbetween ", sep);
		if (since->nr) {
			add_place(t, &since->lines[0], since->symbols[0]);
			text_add(t, " (");
			add_time(t, when);
			text_add(t, ")");
		} else {
			add_time(t, when);
		}
		text_add(t, " and ");
		if (view->act.nr) {
			add_place(t, &view->act.lines[0], view->act.symbols[0]);
			text_add(t, " (");
			add_time(t, view->time);
			text_add(t, ")");
		} else {
			add_time(t, view->time);
		}
		text_add(t, ": the line itself was not seen\n");
		add_label(t, "noticed");
		sep = "";
	}
	text_add(t, "%sat ", sep);
	add_time(t, view->time);
	if (*view->violation->task) {
		text_add(t, ", thread ");
		text_add_string(t, view->violation->task);
	}
	text_add(t, "\n");
	add_stack(t, &view->act);
	if (*view->violation->context) {
		add_label(t, "context");
		text_add_string(t, view->violation->context);
		text_add(t, "\n");
	}
}

static void add_mapped(struct text *t, const struct report_view *view)
{
	const struct finding *f = view->f;

	if (!view->mapped.nr)
		return;
	add_label(t, f->mapped_verb ? f->mapped_verb : "mapped");
	text_add(t, "at ");
	add_time(t, f->mapped_time);
	text_add(t, "\n");
	add_stack(t, &view->mapped);
}

static void add_handed(struct text *t, const struct report_view *view)
{
	const struct finding *f = view->f;

	if (!f->handed_by && !f->handed_to && !view->handed.nr)
		return;
	add_label(t, "handed");
	text_add(t, "to ");
	text_add_string(t, f->handed_to ? f->handed_to : "the other side");
	if (f->handed_by) {
		text_add(t, " by ");
		text_add_string(t, f->handed_by);
	}
	text_add(t, " at ");
	add_time(t, f->handed_time);
	if (f->handed_to && !strcmp(f->handed_to, "the device"))
		text_add(t, ", not handed back since");
	text_add(t, "\n");
	if (view->handed.nr && !same_stack(&view->handed, &view->mapped))
		add_stack(t, &view->handed);
}

/*
 * Sixteen bytes a row, one letter each; the wrong ones stand between brackets, which take the place of the blanks
 * around them, so that columns stay aligned.
 */
static void add_map(struct text *t, const struct finding *f)
{
	static const struct {
		char letter;
		const char *meaning;
	} legend[] = {
		{'D', "device owns"},	 {'C', "CPU owns"},	      {'w', "written by device"},
		{'U', "not synced yet"}, {'.', "outside the buffer"},
	};
	size_t first = f->offset, end = f->offset + f->size, rows = 0;

	if (!f->map || !f->nr_map)
		return;
	add_label(t, "bytes");
	for (size_t i = 0; i < f->nr_map;) {
		size_t row = f->map_start + i;
		char closing = ' ';

		if (rows++)
			text_add(t, "           ");
		text_add(t, "+%-4zu", row);
		for (unsigned int k = 0; k < 16 && i < f->nr_map; k++, i++) {
			size_t at = f->map_start + i;
			char sep = f->size && at == first ? '[' : f->size && at == end ? ']' : ' ';

			if (k == 8)
				text_add(t, sep == '[' ? " %c" : "%c ", sep);
			else
				text_add(t, "%c", sep);
			text_add(t, "%c", isgraph((unsigned char)f->map[i]) ? f->map[i] : '?');
			closing = f->size && at + 1 == end ? ']' : ' ';
		}
		if (closing == ']' && ((i == f->nr_map) || (f->map_start + i - row == 16))) {
			text_add(t, "]");
			end = (size_t)-1; /* closed: not again at the start of the next row */
		}
		if (i < f->nr_map)
			text_add(t, "\n");
	}
	text_add(t, "     " MARK_LABEL);
	for (size_t i = 0; i < sizeof(legend) / sizeof(*legend); i++)
		if (memchr(f->map, legend[i].letter, f->nr_map))
			text_add(t, "  %c %s", legend[i].letter, legend[i].meaning);
	text_add(t, MARK_END "\n");
}

static void add_bytes(struct text *t, const u8 *p, size_t n)
{
	for (size_t i = 0; i < n && i < 16; i++)
		text_add(t, i ? " %02x" : "%02x", p[i]);
	if (n > 16)
		text_add(t, " ...");
}

static void add_value(struct text *t, const struct finding *f)
{
	if (!f->nr_value || (!f->old_value && !f->new_value))
		return;
	add_label(t, "value");
	text_add(t, MARK_VALUE);
	if (f->old_value)
		add_bytes(t, f->old_value, f->nr_value);
	if (f->old_value && f->new_value)
		text_add(t, " -> ");
	if (f->new_value)
		add_bytes(t, f->new_value, f->nr_value);
	text_add(t, MARK_END "\n");
}

void report_text(struct dmasim_machine *m, struct text *t, const struct report_view *view)
{
	const struct finding *f = view->f;
	char replay[1200];

	text_add(t, "dmasim: " MARK_RULE);
	text_add_string(t, f->rule);
	text_add(t, MARK_END ": %s%s\n", view->rule ? view->rule->what : "a rule that the catalogue lacks",
		 view->violation->v.expected ? " (expected)" : "");
	add_buffer(t, view);
	add_address(t, f);
	add_act(t, view);
	add_mapped(t, view);
	add_handed(t, view);
	add_map(t, f);
	add_value(t, f);
	for (size_t i = 0; i < sizeof(f->more) / sizeof(*f->more) && f->more[i].label; i++) {
		add_label(t, f->more[i].label);
		text_add_string(t, f->more[i].text);
		text_add(t, "\n");
	}
	if (view->rule) {
		add_label(t, "fix");
		text_add(t, "%s\n", view->rule->fix);
	}
	report_replay(m, replay, sizeof(replay));
	add_label(t, "see");
	text_add(t, "docs/rules/");
	text_add_string(t, f->rule);
	text_add(t, ".md          %s\n", replay);
}
