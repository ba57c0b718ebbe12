// SPDX-License-Identifier: MIT
/*
 * Findings become violations.
 *
 * A finding is what some room of the library noticed; a violation is what the user hears about. In between: lints are
 * dropped unless asked for, consequences of a mistake that was reported already are dropped by their token, equal
 * violations (same rule, device, place of the act and place of the mapping) become one record with a count, and the
 * test's expectations are asked. What is new is printed, as text and as JSON, given to the callback, and then the
 * policy is carried out. All numbers are exact; text exists for the first REPORT_KEPT distinct ones.
 *
 * Where nothing may be printed (a signal handler, a thread that does not hold the machine, the printing itself, a
 * callback) a finding is copied into a ring made at boot and waits for the next safe point. A full ring counts.
 *
 * Weakness: the places of a finding that waited are right, but what its stacks would say of the moment is not more than
 * was noted: task, context and time. Tokens of mistakes are remembered in a table of fixed size; one that was pushed
 * out by 4,096 others can report a second time.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "lib/check/dma_debug.h"
#include "lib/check/report.h"
#include "lib/core/device.h"
#include "lib/core/sched.h"

/* ---- findings that wait ---- */

struct pending {
	u32 ready; /* written last, by whoever filled it */
	struct finding f;
	struct report_moment moment;
	char rule[64], device[64], kind[48], act_verb[16], mapped_verb[16], handed_by[64], handed_to[24], labels[6][24];
	u8 old_value[16], new_value[16];
	char map[128];
};

static const char *copy_string(char *to, size_t n, const char *s)
{
	size_t len = 0;

	if (!s)
		return NULL;
	while (len < n - 1 && s[len])
		len++;
	memcpy(to, s, len);
	to[len] = 0;
	return to;
}

static const char *device_of(const struct finding *f)
{
	return f->dev ? k_device_name(f->dev) : f->device_name ? f->device_name : "";
}

static void note_moment(struct dmasim_machine *m, const struct finding *f, struct report_moment *moment)
{
	struct k_where where;

	memset(moment, 0, sizeof(*moment));
	moment->time = f->act_time ? f->act_time : sim_now(m->hw);
	moment->act = f->act ? f->act : stack_entry(m);
	if (k_thread.current != m) {
		snprintf(moment->context, sizeof(moment->context), "a host thread that does not hold the machine");
		return;
	}
	memset(&where, 0, sizeof(where));
	k_where(m, &where);
	if (where.context == CONTEXT_TASK && where.task)
		copy_string(moment->task, sizeof(moment->task), where.task);
	if (!where.may_sleep || where.context != CONTEXT_TASK)
		copy_string(moment->context, sizeof(moment->context),
			    where.why[0] ? where.why : "a device model's callback");
}

/* Async-signal-safe: copies, into memory that is there. Several threads may do it at once. */
static void wait_for_safe_point(struct dmasim_machine *m, struct check_report *r, const struct finding *f,
				const char *where)
{
	u32 head = __atomic_load_n(&r->pending_head, __ATOMIC_RELAXED);
	struct pending *p;

	do {
		if (head - __atomic_load_n(&r->pending_tail, __ATOMIC_ACQUIRE) >= REPORT_PENDING) {
			__atomic_fetch_add(&r->pending_lost, 1, __ATOMIC_RELAXED);
			return;
		}
	} while (!__atomic_compare_exchange_n(&r->pending_head, &head, head + 1, true, __ATOMIC_ACQ_REL,
					      __ATOMIC_RELAXED));
	p = &r->pending[head % REPORT_PENDING];
	p->f = *f;
	memset(&p->moment, 0, sizeof(p->moment));
	p->moment.time = f->act_time ? f->act_time : sim_now(m->hw);
	/* Another thread may not touch the machine's table of stacks. */
	p->moment.act = f->act ? f->act : k_thread.current == m ? stack_entry(m) : 0;
	copy_string(p->moment.context, sizeof(p->moment.context), where);
	p->f.rule = copy_string(p->rule, sizeof(p->rule), f->rule);
	p->f.device_name = copy_string(p->device, sizeof(p->device), device_of(f));
	p->f.dev = NULL;
	p->f.buffer_kind = copy_string(p->kind, sizeof(p->kind), f->buffer_kind);
	p->f.act_verb = copy_string(p->act_verb, sizeof(p->act_verb), f->act_verb);
	p->f.mapped_verb = copy_string(p->mapped_verb, sizeof(p->mapped_verb), f->mapped_verb);
	p->f.handed_by = copy_string(p->handed_by, sizeof(p->handed_by), f->handed_by);
	p->f.handed_to = copy_string(p->handed_to, sizeof(p->handed_to), f->handed_to);
	for (size_t i = 0; i < 6 && f->more[i].label; i++)
		p->f.more[i].label = copy_string(p->labels[i], sizeof(p->labels[i]), f->more[i].label);
	if (p->f.nr_value > sizeof(p->old_value))
		p->f.nr_value = sizeof(p->old_value);
	if (f->old_value)
		p->f.old_value = memcpy(p->old_value, f->old_value, p->f.nr_value);
	if (f->new_value)
		p->f.new_value = memcpy(p->new_value, f->new_value, p->f.nr_value);
	if (p->f.nr_map > sizeof(p->map))
		p->f.nr_map = sizeof(p->map);
	if (f->map)
		p->f.map = memcpy(p->map, f->map, p->f.nr_map);
	__atomic_store_n(&p->ready, 1, __ATOMIC_RELEASE);
	__atomic_store_n(&m->unsettled, true, __ATOMIC_RELEASE);
}

/* ---- output ---- */

void report_write(struct check_report *r, int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t k = write(fd, p, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0) {
			r->write_errors++;
			return;
		}
		p += k;
		n -= (size_t)k;
	}
}

void report_print(struct check_report *r, const struct text *t)
{
	char *out = text_render(t, r->colour);

	if (!out) {
		r->write_errors++;
		return;
	}
	report_write(r, r->fd, out, strlen(out));
	free(out);
}

/* Does this entry of a spec matter for what happens, beyond preset and seed? Where reports go does not. */
static bool matters(const char *entry, size_t n)
{
	static const char *const others[] = {
		"seed=", "log=", "json=", "report=", "colour=", "color=", "summary=", "verbose="};

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (!strncmp(entry, others[i], strlen(others[i])))
			return false;
	return memchr(entry, '=', n) != NULL;
}

void report_replay(struct dmasim_machine *m, char *out, size_t n)
{
	const struct sim_config *c = &m->hw->cfg;
	const char *entry = c->spec;
	size_t len =
		(size_t)snprintf(out, n, "replay=%s.%llu", c->preset ? c->preset : "?", (unsigned long long)c->seed);

	while (*entry && len < n) {
		size_t size = strcspn(entry, ",");

		if (matters(entry, size))
			len += (size_t)snprintf(out + len, n - len, ",%.*s", (int)size, entry);
		entry += size + (entry[size] == ',');
	}
}

static void print_json(struct dmasim_machine *m, char *line)
{
	struct check_report *r = m->reports;

	if (!line)
		return;
	if (r->json_fd >= 0)
		report_write(r, r->json_fd, line, strlen(line));
	if (r->json_on_main)
		report_write(r, r->fd, line, strlen(line));
	free(line);
}

/* ---- exit status ---- */

static int exit_status; /* of the process, wanted by a machine that had unexpected violations; 0 = as it is */

/*
 * exitcode=N: a process that would say 0 says N. Calling exit() again goes on with the handlers that are left, with the
 * new status.
 */
static void change_exit_status(int status, void *unused)
{
	(void)unused;
	if (!status && exit_status)
		exit(exit_status);
}

static void want_exit_status(int status)
{
	static bool installed;

	if (!__atomic_exchange_n(&installed, true, __ATOMIC_ACQ_REL))
		on_exit(change_exit_status, NULL);
	__atomic_store_n(&exit_status, status, __ATOMIC_RELEASE);
}

/* ---- records ---- */

static u64 mix(u64 h, u64 x)
{
	h = (h ^ x) * 0x9e3779b97f4a7c15ULL;
	return h ^ h >> 29;
}

static u64 hash_string(const char *s)
{
	u64 h = 0;

	for (; *s; s++)
		h = mix(h, (unsigned char)*s);
	return h;
}

static u64 place_key(const struct stack_lines *s)
{
	const struct symbol_line *l = &s->lines[0];

	if (!s->nr)
		return 0;
	return l->file ? mix(hash_string(l->file), (u64)l->line) : (u64)(uintptr_t)s->symbols[0]->pc;
}

static struct dmasim_place place(const struct stack_lines *s)
{
	struct dmasim_place p = {NULL, 0, NULL};

	if (s->nr) {
		p.file = s->lines[0].file;
		p.line = s->lines[0].line;
		p.function = s->lines[0].function;
	}
	return p;
}

static u32 *bucket(struct check_report *r, const u64 key[4])
{
	return &r->hash[mix(mix(key[0], key[1]), mix(key[2], key[3])) % (sizeof(r->hash) / sizeof(*r->hash))];
}

static struct violation *find(struct check_report *r, const u64 key[4])
{
	for (u32 i = *bucket(r, key); i; i = r->kept[i - 1]->next)
		if (!memcmp(r->kept[i - 1]->key, key, sizeof(r->kept[i - 1]->key)))
			return r->kept[i - 1];
	return NULL;
}

static uint64_t first_bytes(const u8 *p, size_t n)
{
	uint64_t x = 0;

	for (size_t i = 0; p && i < n && i < 8; i++)
		x |= (uint64_t)p[i] << (8 * i);
	return x;
}

static void free_violation(struct violation *v)
{
	if (!v)
		return;
	free(v->device);
	free(v->text);
	free(v);
}

/* True if this is a consequence of a mistake that was reported. */
static bool known_mistake(struct check_report *r, u64 token, int rule)
{
	unsigned int i = (unsigned int)(mix(token, (u64)rule) % REPORT_MISTAKES);

	if (r->mistakes[i].token == token && r->mistakes[i].rule == rule)
		return true;
	r->mistakes[i].token = token;
	r->mistakes[i].rule = rule;
	return false;
}

static struct violation *new_violation(const struct finding *f, int rule, const struct report_moment *moment)
{
	struct violation *v = calloc(1, sizeof(*v));

	if (!v || !(v->device = strdup(device_of(f)))) {
		free_violation(v);
		return NULL;
	}
	v->rule = rule;
	v->time = moment->time;
	v->interval = f->interval;
	memcpy(v->task, moment->task, sizeof(v->task));
	memcpy(v->context, moment->context, sizeof(v->context));
	v->v.rule = rule >= 0 ? rules[rule].id : "unknown-rule";
	v->v.device = v->device;
	v->v.bus_addr = f->has_bus ? f->bus : 0;
	v->v.buffer_offset = f->offset;
	v->v.size = f->size;
	v->v.direction = f->direction > 0 ? f->direction - 1 : 3;
	v->v.old_value = first_bytes(f->old_value, f->nr_value);
	v->v.new_value = first_bytes(f->new_value, f->nr_value);
	v->v.count = 1;
	v->v.severity = rule >= 0 ? rules[rule].severity : DMASIM_ERROR;
	v->v.text = "";
	return v;
}

static void print_violation(struct dmasim_machine *m, struct report_view *view, struct violation *v)
{
	struct check_report *r = m->reports;
	enum sim_format format = m->hw->cfg.report;
	struct text t = {0};

	report_text(m, &t, view);
	v->text = text_render(&t, false);
	v->v.text = v->text ? v->text : "";
	if (!v->v.expected || m->hw->cfg.verbose) {
		if (format == REPORT_TEXT)
			report_print(r, &t);
		if (r->json_fd >= 0 || r->json_on_main)
			print_json(m, json_violation(m, view));
	}
	text_free(&t);
}

static void carry_out_policy(struct dmasim_machine *m, struct violation *v)
{
	struct check_report *r = m->reports;
	static const char last_words[] = "dmasim: on_violation=abort: stopping here\n";

	if (r->callback) {
		m->told_frame = (uintptr_t)__builtin_frame_address(0);
		r->callback(&v->v, r->callback_arg);
		m->told_frame = 0;
	}
	if (v->v.expected)
		return;
	if (m->hw->cfg.exitcode)
		want_exit_status(m->hw->cfg.exitcode);
	if (m->hw->cfg.on_violation == ON_VIOLATION_ABORT) {
		report_write(r, r->fd, last_words, sizeof(last_words) - 1);
		fflush(NULL);
		abort();
	}
}

static void name_test(struct check_report *r, const char *function)
{
	if (function && !r->test_name[0])
		snprintf(r->test_name, sizeof(r->test_name), "%s", function);
}

void report_guess_test(struct dmasim_machine *m, stack_id id)
{
	struct stack_lines lines;

	if (m->reports->test_name[0])
		return;
	report_stack_lines(m, id, &lines);
	name_test(m->reports, lines.test);
}

static void process(struct dmasim_machine *m, const struct finding *f, const struct report_moment *moment)
{
	struct check_report *r = m->reports;
	int rule = rule_find(f->rule);
	struct report_view view = {.f = f, .rule = rule >= 0 ? &rules[rule] : NULL, .time = moment->time};
	struct violation *v;
	u64 key[4];

	if (view.rule && view.rule->severity == DMASIM_LINT &&
	    !(view.rule->family == FAMILY_PORTABILITY ? m->hw->cfg.portability : m->hw->cfg.lint)) {
		r->lints_dropped++;
		return;
	}
	if (f->mistake && known_mistake(r, f->mistake, rule))
		return; /* a consequence of what was told: not another violation */
	dma_debug_finding(m, f, moment->act);
	r->count++;
	r->count_of[rule >= 0 ? rule : NR_RULES]++;

	report_stack_lines(m, moment->act, &view.act);
	report_stack_lines(m, f->mapped, &view.mapped);
	report_stack_lines(m, f->handed, &view.handed);
	name_test(r, view.act.test ? view.act.test : view.mapped.test);
	key[0] = rule >= 0 ? (u64)rule : hash_string(f->rule ? f->rule : "");
	key[1] = hash_string(device_of(f));
	key[2] = place_key(&view.act);
	key[3] = place_key(&view.mapped);
	v = find(r, key);
	if (v) {
		v->v.count++;
		carry_out_policy(m, v);
		return;
	}
	v = r->nr_kept < REPORT_KEPT ? new_violation(f, rule, moment) : NULL;
	if (!v) {
		r->beyond++;
		if (!expect_take(&r->expect, rule)) {
			r->unexpected++;
			if (m->hw->cfg.exitcode)
				want_exit_status(m->hw->cfg.exitcode);
		}
		return;
	}
	memcpy(v->key, key, sizeof(key));
	if (!f->interval)
		v->v.act = place(&view.act);
	v->v.mapped = place(&view.mapped);
	v->v.handed_over = place(&view.handed);
	v->v.expected = expect_take(&r->expect, rule);
	r->unexpected += !v->v.expected;
	v->next = *bucket(r, key);
	r->kept[r->nr_kept++] = v;
	*bucket(r, key) = r->nr_kept;
	view.violation = v;
	print_violation(m, &view, v);
	carry_out_policy(m, v);
}

/*
 * Is a report being made further up this stack? A callback may have jumped out of one: then the frame that began it is
 * not above us any more.
 */
bool report_is_busy(const struct check_report *r, const void *frame)
{
	return r->busy && (uintptr_t)frame < r->busy_frame;
}

static void begin(struct check_report *r, const void *frame)
{
	r->busy = true;
	r->busy_frame = (uintptr_t)frame;
}

void report_settle(struct dmasim_machine *m)
{
	struct check_report *r = m->reports;

	__atomic_store_n(&m->unsettled, false, __ATOMIC_SEQ_CST); /* before looking: what comes later sets it again */
	if (k_likely(!r || r->pending_head == r->pending_tail))
		return;
	if (report_is_busy(r, __builtin_frame_address(0))) {
		m->unsettled = true;
		return;
	}
	begin(r, __builtin_frame_address(0));
	/* At most one round: what callbacks add while this runs waits for the next safe point. */
	for (u32 i = 0; i < REPORT_PENDING && r->pending_tail != r->pending_head; i++) {
		struct pending *p = &r->pending[r->pending_tail % REPORT_PENDING];

		if (!__atomic_load_n(&p->ready, __ATOMIC_ACQUIRE))
			break; /* another thread is still writing it */
		process(m, &p->f, &p->moment);
		p->ready = 0;
		__atomic_store_n(&r->pending_tail, r->pending_tail + 1, __ATOMIC_RELEASE);
	}
	if (r->pending_tail != r->pending_head)
		m->unsettled = true;
	r->busy = false;
}

void report_finding(struct dmasim_machine *m, const struct finding *f)
{
	struct check_report *r = m->reports;
	struct report_moment moment;
	int saved_errno = errno;

	if (!r)
		return;
	if (k_thread.current != m) {
		wait_for_safe_point(m, r, f, "a host thread that does not hold the machine");
	} else if (stack_in_signal()) {
		wait_for_safe_point(m, r, f, "a signal handler");
	} else if (report_is_busy(r, __builtin_frame_address(0))) {
		wait_for_safe_point(m, r, f, "while another report was made");
	} else {
		begin(r, __builtin_frame_address(0));
		note_moment(m, f, &moment);
		process(m, f, &moment);
		r->busy = false;
		report_settle(m);
	}
	errno = saved_errno;
}

/* ---- counters: async-signal-tolerant, no allocation ---- */

static void count(struct check_report *r, struct counter *table, const char *name, u64 n, bool add)
{
	for (unsigned int i = 0; i < REPORT_COUNTERS; i++) {
		struct counter *c = &table[i];
		const char *none = NULL;

		if (!c->name)
			__atomic_compare_exchange_n(&c->name, &none, name, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
		if (c->name == name || !strcmp(c->name, name)) {
			if (add)
				__atomic_fetch_add(&c->value, n, __ATOMIC_RELAXED);
			else
				c->value = n;
			return;
		}
	}
	r->counters_lost++;
}

void report_unchecked(struct dmasim_machine *m, const char *name, u64 n)
{
	if (m->reports)
		count(m->reports, m->reports->unchecked, name, n, true);
}

void report_untested(struct dmasim_machine *m, const char *name, u64 n)
{
	if (m->reports)
		count(m->reports, m->reports->untested, name, n, true);
}

void report_fact(struct dmasim_machine *m, const char *name, u64 value)
{
	if (m->reports)
		count(m->reports, m->reports->facts, name, value, false);
}

/* ---- life cycle ---- */

static int open_log(const char *path)
{
	return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
}

static bool want_colour(const struct sim_config *c, int fd)
{
	const char *no_color = getenv("NO_COLOR");

	if (c->colour != COLOUR_AUTO)
		return c->colour == COLOUR_ALWAYS;
	return isatty(fd) && !(no_color && *no_color);
}

static void *zeroed(size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

int report_init(struct dmasim_machine *m)
{
	const struct sim_config *c = &m->hw->cfg;
	struct check_report *r = zeroed(sizeof(*r));

	if (!r)
		return sim_error(ENOMEM, "no host memory for reports");
	m->reports = r;
	r->fd = STDERR_FILENO;
	r->json_fd = -1;
	r->pending = zeroed(REPORT_PENDING * sizeof(*r->pending));
	if (!r->pending) {
		report_exit(m);
		return sim_error(ENOMEM, "no host memory for reports");
	}
	if ((c->json[0] || c->report == REPORT_JSON) && !json_available()) {
		report_exit(m);
		return sim_error(ENOSYS, "reports as JSON need json-c, which this libdmasim was built without "
					 "(Debian: install libjson-c-dev and rebuild)");
	}
	if (c->log[0] && (r->fd = open_log(c->log)) < 0) {
		int err = errno;

		r->fd = STDERR_FILENO;
		report_exit(m);
		return sim_error(EINVAL, "log=%s cannot be opened: %s", c->log, strerror(err));
	}
	if (c->json[0] && (r->json_fd = open_log(c->json)) < 0) {
		int err = errno;

		report_exit(m);
		return sim_error(EINVAL, "json=%s cannot be opened: %s", c->json, strerror(err));
	}
	if (dma_debug_init(m)) {
		report_exit(m);
		return -ENOMEM;
	}
	report_forget_verdict();
	r->json_on_main = c->report == REPORT_JSON;
	r->colour = want_colour(c, r->fd);
	m->hooks.report = report_finding;
	m->hooks.unchecked = report_unchecked;
	m->hooks.fact = report_fact;
	return 0;
}

void report_forget(struct check_report *r)
{
	for (u32 i = 0; i < r->nr_kept; i++)
		free_violation(r->kept[i]);
	r->nr_kept = 0;
	memset(r->hash, 0, sizeof(r->hash));
	memset(r->count_of, 0, sizeof(r->count_of));
	r->count = r->beyond = r->unexpected = 0;
}

static void ignore_finding(struct dmasim_machine *m, const struct finding *f)
{
	(void)m;
	(void)f;
}

static void ignore_number(struct dmasim_machine *m, const char *name, u64 n)
{
	(void)m;
	(void)name;
	(void)n;
}

void report_exit(struct dmasim_machine *m)
{
	struct check_report *r = m->reports;

	if (!r)
		return;
	if (r->pending) {
		r->busy = false;
		report_settle(m);
		report_summary(m);
		report_verdict(m);
	}
	m->hooks.report = ignore_finding;
	m->hooks.unchecked = m->hooks.fact = ignore_number;
	dma_debug_exit(m);
	m->reports = NULL;
	report_forget(r);
	expect_free(&r->expect);
	if (r->fd != STDERR_FILENO)
		close(r->fd);
	if (r->json_fd >= 0)
		close(r->json_fd);
	if (r->pending)
		munmap(r->pending, REPORT_PENDING * sizeof(*r->pending));
	munmap(r, sizeof(*r));
}
