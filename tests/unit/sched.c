// SPDX-License-Identifier: MIT
/* Tasks, softirqs, timers and works: who runs when, deterministically, and what may sleep. */
#include "tests/unit/sched_test.h"
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

static char order[256];

static void note(const char *what)
{
	strncat(order, what, sizeof(order) - strlen(order) - 1);
}

static int sleeper(void *data)
{
	const char *name = data;

	for (int i = 0; i < 3; i++) {
		note(name);
		msleep(10);
	}
	return 7;
}

static void tasks_take_turns(void **state)
{
	struct task_struct *a, *b;

	(void)state;
	begin("pc");
	order[0] = '\0';
	a = kthread_run(sleeper, (void *)"a", "a");
	b = kthread_run(sleeper, (void *)"b", "b");
	assert_string_equal(order, ""); /* nobody runs before this task sleeps */
	msleep(100);
	assert_string_equal(order, "ababab");
	assert_int_equal(kthread_stop(a), 7);
	assert_int_equal(kthread_stop(b), 7);
	assert_in_range(dmasim_now(), 100000000, 100100000);
	end();
}

static int forever(void *data)
{
	int *runs = data;

	while (!kthread_should_stop()) {
		++*runs;
		schedule_timeout_interruptible(MAX_SCHEDULE_TIMEOUT);
	}
	return *runs;
}

static void kthread_life(void **state)
{
	struct task_struct *t;
	int runs = 0;

	(void)state;
	begin("pc");
	t = kthread_create(forever, &runs, "never/%d", 1);
	assert_string_equal(t->comm, "never/1");
	msleep(1);
	assert_int_equal(runs, 0);
	assert_int_equal(kthread_stop(t), -4); /* it never ran: -EINTR */
	t = kthread_run(forever, &runs, "t");
	msleep(1);
	assert_int_equal(runs, 1);
	assert_int_equal(wake_up_process(t), 1);
	assert_int_equal(wake_up_process(t), 0);
	msleep(1);
	assert_int_equal(runs, 2);
	assert_int_equal(kthread_stop(t), 2);
	assert_int_equal(kthread_stop(t), 2); /* harmless here */
	assert_int_equal(kthread_stop(NULL), -4);
	assert_int_equal(dmasim_fail_call("kthread_run", 1), 0);
	assert_true((uintptr_t)kthread_run(forever, &runs, "t") > (uintptr_t)-4096);
	end();
}

static void tasks_left_behind_are_ended(void **state)
{
	int runs = 0;

	(void)state;
	begin("pc");
	kthread_run(forever, &runs, "left");
	kthread_create(forever, &runs, "never");
	msleep(1);
	end();
}

static int stubborn(void *data)
{
	DECLARE_COMPLETION(never);

	(void)data;
	wait_for_completion(&never);
	return 0;
}

static void a_task_that_will_not_end_is_abandoned(void **state)
{
	(void)state;
	begin("pc");
	kthread_run(stubborn, NULL, "stubborn");
	msleep(1);
	end();
}

/* ---- contexts ---- */

static int fired_in_softirq, fired_in_hardirq, fired_sleeps;
static u64 fired_at;

static void timer_fires(struct timer_list *timer)
{
	(void)timer;
	fired_in_softirq = in_serving_softirq() && in_interrupt() && !in_task();
	fired_in_hardirq = in_hardirq();
	fired_at = dmasim_now();
	if (fired_sleeps)
		msleep(1);
}

static void timers_run_in_softirq(void **state)
{
	DEFINE_TIMER(timer, timer_fires);
	u64 tick = 1000000000 / HZ;

	(void)state;
	begin("pc");
	fired_at = 0;
	fired_sleeps = 0;
	assert_int_equal(mod_timer(&timer, jiffies + 10), 0);
	assert_int_equal(mod_timer(&timer, jiffies + 5), 1);
	assert_true(timer_pending(&timer));
	mdelay(100); /* busy: softirqs run all the same */
	assert_true(fired_in_softirq && !fired_in_hardirq);
	assert_in_range(fired_at, 5 * tick, 5 * tick + 1000);
	assert_false(timer_pending(&timer));
	mod_timer(&timer, jiffies + 1);
	assert_int_equal(del_timer_sync(&timer), 1);
	assert_int_equal(del_timer(&timer), 0);
	fired_at = 0;
	msleep(50);
	assert_int_equal(fired_at, 0);
	mod_timer(&timer, jiffies - 100); /* long past: the next tick */
	msleep(50);
	assert_int_not_equal(fired_at, 0);
	fired_sleeps = 1;
	mod_timer(&timer, jiffies + 1);
	msleep(50);
	expect("sleep-in-atomic", 1);
	end();
}

static void softirqs_wait_until_allowed(void **state)
{
	DEFINE_TIMER(timer, timer_fires);
	unsigned long flags;

	(void)state;
	begin("pc");
	fired_at = 0;
	fired_sleeps = 0;
	mod_timer(&timer, jiffies + 1);
	local_bh_disable();
	mdelay(50);
	assert_int_equal(fired_at, 0);
	local_bh_enable();
	assert_int_not_equal(fired_at, 0);
	fired_at = 0;
	mod_timer(&timer, jiffies + 1);
	local_irq_save(flags);
	assert_true(irqs_disabled());
	mdelay(50);
	assert_int_equal(fired_at, 0);
	local_irq_restore(flags);
	assert_int_not_equal(fired_at, 0);
	end();
}

static void sleeping_needs_a_context_that_may(void **state)
{
	struct k_where where;
	unsigned long flags;

	(void)state;
	begin("pc");
	k_where(m, &where);
	assert_true(where.may_sleep && where.context == CONTEXT_TASK);
	assert_string_equal(where.task, "main");
	assert_string_equal(where.why, "");
	preempt_disable();
	assert_true(in_atomic());
	msleep(1);
	expect("sleep-in-atomic", 1);
	preempt_enable();
	local_irq_save(flags);
	msleep(1);
	expect("sleep-in-atomic", 1);
	k_where(m, &where);
	assert_string_equal(where.why, "interrupts are off");
	local_irq_restore(flags);
	k_hardirq_enter(m, "irq 17 (dad0)");
	assert_true(in_hardirq() && irqs_disabled() && !in_task());
	k_where(m, &where);
	assert_string_equal(where.why, "in the handler of irq 17 (dad0)");
	schedule();
	expect("sleep-in-atomic", 1);
	k_hardirq_exit(m);
	assert_false(in_atomic() || in_interrupt() || irqs_disabled());
	msleep(1);
	assert_int_equal(cond_resched(), 0);
	end();
}

/* ---- works ---- */

static int works_run;
static char work_task[TASK_COMM_LEN];

static void work(struct work_struct *w)
{
	(void)w;
	works_run++;
	snprintf(work_task, sizeof(work_task), "%s", get_current()->comm);
	msleep(1);
}

static void works(void **state)
{
	DECLARE_WORK(w, work);
	DECLARE_DELAYED_WORK(d, work);
	struct workqueue_struct *wq;
	u64 then;

	(void)state;
	begin("pc");
	works_run = 0;
	assert_true(schedule_work(&w));
	assert_false(schedule_work(&w));
	assert_int_equal(works_run, 0);
	assert_true(flush_work(&w));
	assert_int_equal(works_run, 1);
	assert_string_equal(work_task, "kworker/events");
	assert_false(flush_work(&w));
	schedule_work(&w);
	assert_true(cancel_work_sync(&w));
	assert_false(cancel_work_sync(&w));

	then = dmasim_now();
	assert_true(schedule_delayed_work(&d, 25));
	assert_true(delayed_work_pending(&d));
	msleep(50);
	assert_int_equal(works_run, 1);
	msleep(70);
	assert_int_equal(works_run, 2);
	schedule_delayed_work(&d, 1000000);
	assert_true(flush_delayed_work(&d));
	assert_int_equal(works_run, 3);
	assert_true(dmasim_now() - then < 1000000000);
	schedule_delayed_work(&d, 10);
	assert_true(mod_delayed_work(system_wq, &d, 1000));
	assert_true(cancel_delayed_work_sync(&d));

	wq = alloc_ordered_workqueue("dad%d", 0, 3);
	assert_non_null(wq);
	queue_work(wq, &w);
	destroy_workqueue(wq);
	assert_int_equal(works_run, 4);
	assert_string_equal(work_task, "kworker/dad3");
	assert_int_equal(dmasim_fail_call("alloc_workqueue", 1), 0);
	assert_null(alloc_workqueue("x", 0, 1));
	schedule_delayed_work(&d, 10); /* dropped and counted with the machine */
	end();
}

/* ---- random tasks: same seed, same run ---- */

#define NR_TASKS 6

static struct completion done[NR_TASKS];
static unsigned int trace[4096], nr_trace, completions, waits;

static int random_task(void *data)
{
	unsigned int me = (unsigned int)(uintptr_t)data;

	for (int i = 0; i < 60; i++) {
		trace[nr_trace++ % 4096] = me * 1000 + dmasim_choice("test", 1000);
		switch (dmasim_choice("test", 4)) {
		case 0:
			msleep(dmasim_choice("test", 5));
			break;
		case 1:
			complete(&done[dmasim_choice("test", NR_TASKS)]);
			completions++;
			break;
		case 2:
			if (wait_for_completion_timeout(&done[me], 1 + dmasim_choice("test", 3)))
				waits++;
			break;
		default:
			cond_resched();
		}
		k_sched_check(m);
	}
	return 0;
}

static u64 random_run(const char *spec, unsigned int *length)
{
	struct task_struct *tasks[NR_TASKS];
	unsigned int left = 0;
	u64 hash = 14695981039346656037ULL;

	begin(spec);
	nr_trace = completions = waits = 0;
	for (unsigned int i = 0; i < NR_TASKS; i++)
		init_completion(&done[i]);
	for (unsigned int i = 0; i < NR_TASKS; i++)
		tasks[i] = kthread_run(random_task, (void *)(uintptr_t)i, "random%u", i);
	assert_true(dmasim_run_until_idle(1000000000000ULL));
	for (unsigned int i = 0; i < NR_TASKS; i++) {
		assert_int_equal(kthread_stop(tasks[i]), 0);
		left += done[i].done;
	}
	/* Nothing completed is lost, nothing is waited for twice. */
	assert_int_equal(completions, waits + left);
	for (unsigned int i = 0; i < nr_trace && i < 4096; i++)
		hash = (hash ^ trace[i]) * 1099511628211ULL;
	*length = nr_trace;
	end();
	return hash;
}

static void same_seed_same_run(void **state)
{
	unsigned int n1, n2, differ = 0;
	u64 first = 0;

	(void)state;
	for (unsigned int seed = 1; seed <= 5; seed++) {
		char spec[64];
		u64 h;

		snprintf(spec, sizeof(spec), "worst,seed=%u", seed);
		print_message("seed %u\n", seed);
		h = random_run(spec, &n1);
		assert_true(h == random_run(spec, &n2) && n1 == n2);
		differ += seed > 1 && h != first;
		first = h;
	}
	assert_true(differ > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tasks_take_turns),
		cmocka_unit_test(kthread_life),
		cmocka_unit_test(tasks_left_behind_are_ended),
		cmocka_unit_test(a_task_that_will_not_end_is_abandoned),
		cmocka_unit_test(timers_run_in_softirq),
		cmocka_unit_test(softirqs_wait_until_allowed),
		cmocka_unit_test(sleeping_needs_a_context_that_may),
		cmocka_unit_test(works),
		cmocka_unit_test(same_seed_same_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
