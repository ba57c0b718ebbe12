// SPDX-License-Identifier: MIT
/* Clock, events, choices and interrupt lines; the event queue against a list that is searched from end to end. */
#include "tests/unit/sim_test.h"

static struct sim_machine *m;

static int fresh(void **state)
{
	(void)state;
	m = sim_machine_create("pc,seed=5");
	return m ? 0 : -1;
}

static int gone(void **state)
{
	(void)state;
	sim_machine_check(m);
	sim_machine_destroy(m);
	return 0;
}

/* ---- events ---- */

#define MODEL_EVENTS 64

static struct model {
	struct sim_event event;
	uint64_t when, order;
	bool queued;
} model[MODEL_EVENTS];
static uint64_t model_now, model_order, model_target, runs, random_state;

static void model_post(struct model *e, uint64_t delay)
{
	assert_int_equal(sim_event_post(m, &e->event, delay), 0);
	e->queued = true;
	e->when = sim_now(m) + (sim_in_event(m) && delay == 0 ? 1 : delay);
	e->order = model_order++;
}

static struct model *model_next(void)
{
	struct model *next = NULL;

	for (int i = 0; i < MODEL_EVENTS; i++) {
		struct model *e = &model[i];

		if (e->queued && (!next || e->when < next->when || (e->when == next->when && e->order < next->order)))
			next = e;
	}
	return next;
}

static void model_ran(void *arg)
{
	struct model *e = arg, *expected = model_next();

	assert_ptr_equal(e, expected);
	assert_true(sim_in_event(m));
	assert_true(e->when <= model_target);
	if (e->when > model_now)
		model_now = e->when;
	assert_int_equal(sim_now(m), model_now);
	e->queued = false;
	runs++;
	switch (test_below(&random_state, 8)) {
	case 0:
		model_post(e, test_below(&random_state, 3));
		break;
	case 1:
		e = &model[test_below(&random_state, MODEL_EVENTS)];
		assert_int_equal(sim_event_cancel(m, &e->event), e->queued);
		e->queued = false;
		break;
	case 2:
		sim_advance(m, 5); /* only moves the clock */
		model_now += 5;
		break;
	}
}

static void events_run_as_the_model_says(void **state)
{
	(void)state;
	random_state = test_seed();
	memset(model, 0, sizeof(model));
	model_now = model_order = runs = 0;
	for (int i = 0; i < MODEL_EVENTS; i++)
		model[i].event = (struct sim_event){.fn = model_ran, .arg = &model[i]};
	for (int step = 0; step < 20000; step++) {
		struct model *e = &model[test_below(&random_state, MODEL_EVENTS)];
		uint64_t when, ns;

		switch (test_below(&random_state, 4)) {
		case 0:
		case 1:
			if (e->queued)
				assert_int_equal(sim_event_post(m, &e->event, 1), -EBUSY);
			else
				model_post(e, test_below(&random_state, 50));
			break;
		case 2:
			assert_int_equal(sim_event_cancel(m, &e->event), e->queued);
			e->queued = false;
			break;
		case 3:
			ns = test_below(&random_state, 20);
			model_target = model_now + ns;
			sim_advance(m, ns);
			if (model_now < model_target)
				model_now = model_target;
			assert_int_equal(sim_now(m), model_now);
			e = model_next();
			assert_true(!e || e->when > model_target);
			break;
		}
		e = model_next();
		assert_int_equal(sim_next_event(m, &when), e != NULL);
		if (e)
			assert_int_equal(when, e->when);
		if (step % 64 == 0)
			sim_machine_check(m);
	}
	assert_true(runs > 1000);
	for (int i = 0; i < MODEL_EVENTS; i++)
		sim_event_cancel(m, &model[i].event);
	assert_int_equal(sim_events_pending(m), 0);
}

static char trace[64];

static void note(void *arg)
{
	strcat(trace, arg);
}

static void equal_times_run_in_order_of_posting(void **state)
{
	(void)state;
	trace[0] = '\0';
	sim_after(m, 10, note, "b");
	sim_after(m, 10, note, "c");
	sim_after(m, 5, note, "a");
	sim_after(m, 11, note, "d");
	sim_advance(m, 10);
	assert_string_equal(trace, "abc");
	assert_int_equal(sim_events_pending(m), 1);
	assert_int_equal(sim_now(m), 10);
}

static void again_at_once(void *arg)
{
	++*(int *)arg;
	sim_after(m, 0, again_at_once, arg);
}

/* A device that reschedules itself without delay cannot stop time. */
static void time_always_passes(void **state)
{
	int n = 0;

	(void)state;
	sim_after(m, 0, again_at_once, &n);
	sim_advance(m, 100);
	assert_int_equal(n, 101);
	assert_int_equal(sim_events_pending(m), 1); /* freed with the machine */
}

static void the_end_of_time(void **state)
{
	(void)state;
	trace[0] = '\0';
	sim_after(m, UINT64_MAX, note, "x");
	sim_advance(m, 1000);
	sim_after(m, UINT64_MAX, note, "y");
	assert_string_equal(trace, "");
	sim_advance(m, UINT64_MAX);
	assert_int_equal(sim_now(m), UINT64_MAX);
	assert_string_equal(trace, "xy");
}

static void chaos_reorders_only_equal_times(void **state)
{
	bool moved = false;

	(void)state;
	for (unsigned int seed = 1; seed < 20; seed++) {
		char spec[32];
		struct sim_machine *old = m;

		snprintf(spec, sizeof(spec), "worst,seed=%u", seed);
		m = test_machine(spec);
		trace[0] = '\0';
		sim_after(m, 10, note, "b");
		sim_after(m, 10, note, "c");
		sim_after(m, 9, note, "a");
		sim_advance(m, 20);
		assert_int_equal(trace[0], 'a');
		moved |= strcmp(trace, "acb") == 0;
		sim_machine_destroy(m);
		m = old;
	}
	assert_true(moved);
}

/* ---- choices ---- */

static void a_kind_does_not_disturb_another(void **state)
{
	struct sim_machine *a = test_machine("worst,seed=3"), *b = test_machine("worst,seed=3"),
			   *c = test_machine("worst,seed=4");
	bool differs = false;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		unsigned int x = sim_choice(a, "first", NULL, 1000), y;
		char kind[16];

		snprintf(kind, sizeof(kind), "kind%d", i); /* many streams, names that do not live on */
		sim_choice(b, kind, NULL, 7);
		y = sim_choice(b, "first", &y, 1000);
		assert_true(x < 1000);
		assert_int_equal(x, y);
		differs |= x != sim_choice(c, "first", NULL, 1000);
	}
	assert_true(differs);
	sim_machine_destroy(a);
	sim_machine_destroy(b);
	sim_machine_destroy(c);
}

static void without_chaos_the_plainest(void **state)
{
	unsigned int seen[4] = {0};

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_int_equal(sim_choice(m, "x", NULL, 4), 0);
	for (int i = 0; i < 4000; i++)
		seen[sim_random(m, "x", 4)]++;
	for (int i = 0; i < 4; i++)
		assert_in_range(seen[i], 800, 1200);
	assert_int_equal(sim_random(m, "x", 1), 0);
	assert_int_equal(sim_random(m, "x", 0), 0);
	assert_true(sim_random(m, NULL, 10) < 10);
	assert_true(sim_random(m, "", UINT32_MAX) < UINT32_MAX);
}

/* ---- interrupt lines ---- */

static void an_edge_is_kept_until_acknowledged(void **state)
{
	int irq = sim_irq_alloc(m);

	(void)state;
	assert_int_equal(irq, 16);
	assert_int_equal(sim_irq_next(m), -1);
	sim_irq_raise(m, 16);
	sim_irq_raise(m, 16);
	assert_true(sim_irq_is_pending(m, 16));
	assert_int_equal(sim_irq_next(m), 16);
	sim_irq_mask(m, 16, true);
	assert_int_equal(sim_irq_next(m), -1);
	assert_true(sim_irq_is_pending(m, 16));
	sim_irq_mask(m, 16, false);
	sim_irq_ack(m, 16);
	assert_int_equal(sim_irq_next(m), -1);
}

static void a_level_is_pending_while_high(void **state)
{
	int irq = sim_irq_alloc(m);

	(void)state;
	sim_irq_level(m, (unsigned int)irq, true);
	sim_irq_ack(m, (unsigned int)irq);
	assert_int_equal(sim_irq_next(m), irq);
	sim_irq_level(m, (unsigned int)irq, false);
	assert_int_equal(sim_irq_next(m), -1);
	sim_irq_level(m, (unsigned int)irq, true);
	sim_irq_free(m, (unsigned int)irq);
	assert_int_equal(sim_irq_next(m), -1);
}

static void lines_run_out(void **state)
{
	(void)state;
	for (int i = 16; i < SIM_NR_IRQS; i++)
		assert_int_equal(sim_irq_alloc(m), i);
	assert_int_equal(sim_irq_alloc(m), -ENOSPC);
	sim_irq_free(m, 100);
	assert_int_equal(sim_irq_alloc(m), 100);
	/* numbers that are no line are nothing */
	sim_irq_raise(m, SIM_NR_IRQS);
	sim_irq_level(m, ~0U, true);
	sim_irq_mask(m, ~0U, true);
	sim_irq_ack(m, ~0U);
	sim_irq_free(m, ~0U);
	assert_false(sim_irq_is_pending(m, ~0U));
}

static void which_of_several_is_a_choice(void **state)
{
	struct sim_machine *w = test_machine("worst");
	unsigned int seen[SIM_NR_IRQS] = {0};

	(void)state;
	sim_irq_raise(m, 3);
	sim_irq_raise(m, 255);
	assert_int_equal(sim_irq_next(m), 3); /* without chaos the lowest */
	for (int i = 0; i < 100; i++) {
		sim_irq_raise(w, 3);
		sim_irq_raise(w, 64);
		sim_irq_level(w, 255, true);
		seen[sim_irq_next(w)]++;
	}
	assert_true(seen[3] && seen[64] && seen[255]);
	assert_int_equal(seen[3] + seen[64] + seen[255], 100);
	sim_machine_destroy(w);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, gone)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(events_run_as_the_model_says),
		TEST(equal_times_run_in_order_of_posting),
		TEST(time_always_passes),
		TEST(the_end_of_time),
		TEST(chaos_reorders_only_equal_times),
		TEST(a_kind_does_not_disturb_another),
		TEST(without_chaos_the_plainest),
		TEST(an_edge_is_kept_until_acknowledged),
		TEST(a_level_is_pending_while_high),
		TEST(lines_run_out),
		TEST(which_of_several_is_a_choice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
