// SPDX-License-Identifier: MIT
/*
 * Simulated time, and what is to happen in it.
 *
 * Time moves only when somebody lets it pass. Events wait in a binary heap ordered by (when, order); each knows its
 * place in the heap, so that cancelling one costs no search. `order` counts postings; under chaos its upper bits are
 * a choice, so that events of one instant run in an order that varies with the seed.
 *
 * Invariants: no parent is later than its child; heap[i]->index == i + 1; now never goes back. An event posted from
 * inside an event lies at least 1 ns ahead, so a device that keeps rescheduling itself cannot stop time.
 *
 * Weakness: letting a long time pass over a device that polls every nanosecond runs every one of its events.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include "sim/private.h"

struct one_shot {
	struct sim_event event; /* first: the event is the one-shot */
	struct sim_clock *clock;
	struct one_shot *next_free;
	void (*fn)(void *arg);
	void *arg;
};

struct sim_clock {
	uint64_t posted; /* events so far: the order of the next */
	struct sim_event **heap;
	unsigned int nr, room;
	struct one_shot *free;
};

static bool before(const struct sim_event *a, const struct sim_event *b)
{
	return a->when != b->when ? a->when < b->when : a->order < b->order;
}

static void place(struct sim_clock *c, unsigned int i, struct sim_event *e)
{
	c->heap[i] = e;
	e->index = i + 1;
}

static void sift_up(struct sim_clock *c, unsigned int i, struct sim_event *e)
{
	while (i > 0 && before(e, c->heap[(i - 1) / 2])) {
		place(c, i, c->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	place(c, i, e);
}

static void sift_down(struct sim_clock *c, unsigned int i, struct sim_event *e)
{
	for (;;) {
		unsigned int child = 2 * i + 1;

		if (child >= c->nr)
			break;
		if (child + 1 < c->nr && before(c->heap[child + 1], c->heap[child]))
			child++;
		if (!before(c->heap[child], e))
			break;
		place(c, i, c->heap[child]);
		i = child;
	}
	place(c, i, e);
}

static void take_out(struct sim_clock *c, struct sim_event *e)
{
	unsigned int i = e->index - 1;
	struct sim_event *last = c->heap[--c->nr];

	e->index = 0;
	if (last == e)
		return;
	/* The last one takes the hole: it may belong above it or below. */
	if (i > 0 && before(last, c->heap[(i - 1) / 2]))
		sift_up(c, i, last);
	else
		sift_down(c, i, last);
}

/* After every change of the heap: what sim_advance() looks at. */
static void note_next(struct sim_machine *m)
{
	m->next_event = m->clock->nr ? m->clock->heap[0]->when : UINT64_MAX;
}

int sim_event_post(struct sim_machine *m, struct sim_event *event, uint64_t delay_ns)
{
	struct sim_clock *c = m->clock;

	if (event->index)
		return sim_error(EBUSY, "the event is queued already");
	if (c->nr == c->room) {
		unsigned int room = c->room ? 2 * c->room : 32;
		struct sim_event **heap = realloc(c->heap, room * sizeof(*heap));

		if (!heap)
			return sim_error(ENOMEM, "no memory for %u events", room);
		c->heap = heap;
		c->room = room;
	}
	if (m->in_event && delay_ns == 0)
		delay_ns = 1;
	event->when = m->now + delay_ns < m->now ? UINT64_MAX : m->now + delay_ns;
	event->order = c->posted++;
	if (m->in_event) {
		event->cause = m->cause;
		event->cause_time = m->cause_time;
	} else {
		event->cause = m->observer && m->observer->cause ? m->observer->cause(m->soft) : 0;
		event->cause_time = m->now;
	}
	if (m->cfg.chaos)
		event->order |= (uint64_t)sim_choice(m, "event-order", NULL, 256) << 56;
	c->nr++;
	sift_up(c, c->nr - 1, event);
	note_next(m);
	return 0;
}

bool sim_event_cancel(struct sim_machine *m, struct sim_event *event)
{
	if (!event->index)
		return false;
	take_out(m->clock, event);
	note_next(m);
	return true;
}

static void run_one_shot(void *arg)
{
	struct one_shot *s = arg;
	void (*fn)(void *) = s->fn;
	void *fn_arg = s->arg;

	/* Free first: the callback often posts the next one. */
	s->next_free = s->clock->free;
	s->clock->free = s;
	fn(fn_arg);
}

int sim_after(struct sim_machine *m, uint64_t delay_ns, void (*fn)(void *), void *arg)
{
	struct sim_clock *c = m->clock;
	struct one_shot *s = c->free;
	int err;

	if (s)
		c->free = s->next_free;
	else
		s = calloc(1, sizeof(*s));
	if (!s)
		return sim_error(ENOMEM, "no memory for an event");
	s->clock = c;
	s->fn = fn;
	s->arg = arg;
	s->event.fn = run_one_shot;
	s->event.arg = s;
	err = sim_event_post(m, &s->event, delay_ns);
	if (err) {
		s->next_free = c->free;
		c->free = s;
	}
	return err;
}

void sim_advance_slow(struct sim_machine *m, uint64_t ns)
{
	struct sim_clock *c = m->clock;
	uint64_t target = m->now + ns < m->now ? UINT64_MAX : m->now + ns;

	if (c->nr == 0 || c->heap[0]->when > target || m->in_event) {
		m->now = target;
		return;
	}
	while (c->nr > 0 && c->heap[0]->when <= target) {
		struct sim_event *e = c->heap[0];

		take_out(c, e);
		note_next(m);
		/* A callback that let time pass itself may have moved now beyond this event: it is late. */
		if (e->when > m->now)
			m->now = e->when;
		m->in_event = true;
		m->cause = e->cause;
		m->cause_time = e->cause_time;
		m->event_frame = __builtin_frame_address(0);
		e->fn(e->arg); /* may free e, post, cancel */
		m->in_event = false;
	}
	if (target > m->now)
		m->now = target;
}

bool sim_next_event(const struct sim_machine *m, uint64_t *when)
{
	if (m->clock->nr == 0)
		return false;
	*when = m->clock->heap[0]->when;
	return true;
}

size_t sim_events_pending(const struct sim_machine *m)
{
	return m->clock->nr;
}

int sim_clock_init(struct sim_machine *m)
{
	m->clock = calloc(1, sizeof(*m->clock));
	m->now = 0;
	m->next_event = UINT64_MAX;
	m->in_event = false;
	return m->clock ? 0 : sim_error(ENOMEM, "no memory for the clock");
}

void sim_clock_exit(struct sim_machine *m)
{
	struct sim_clock *c = m->clock;
	struct one_shot *s;

	if (!c)
		return;
	for (unsigned int i = 0; i < c->nr; i++) {
		struct sim_event *e = c->heap[i];

		e->index = 0;
		if (e->fn == run_one_shot)
			free(e);
	}
	while ((s = c->free) != NULL) {
		c->free = s->next_free;
		free(s);
	}
	free(c->heap);
	free(c);
	m->clock = NULL;
}

void sim_clock_check(const struct sim_machine *m)
{
	const struct sim_clock *c = m->clock;

	assert(c->nr <= c->room);
	assert(m->next_event == (c->nr ? c->heap[0]->when : UINT64_MAX));
	for (unsigned int i = 0; i < c->nr; i++) {
		assert(c->heap[i]->index == i + 1);
		assert(i == 0 || !before(c->heap[i], c->heap[(i - 1) / 2]));
		assert(c->heap[i]->fn);
	}
}
