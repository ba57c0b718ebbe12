// SPDX-License-Identifier: MIT
/* Wait queues, completions, semaphores; and waits that nothing can end. */
#include "tests/unit/sched_test.h"
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/semaphore.h>
#include <linux/slab.h>
#include <linux/wait.h>

static wait_queue_head_t queue;
static int flag;

static void set_and_wake(void *arg)
{
	flag = 1;
	if (arg)
		wake_up(&queue);
}

static int set_later(void *data)
{
	msleep(20);
	set_and_wake(data);
	return 0;
}

static void sleepers_look_again_when_woken(void **state)
{
	long left;

	(void)state;
	begin("pc");
	init_waitqueue_head(&queue);
	flag = 1;
	wait_event(queue, flag); /* true at once: no sleep */
	assert_true(dmasim_now() < 1000);

	flag = 0;
	kthread_run(set_later, &queue, "setter");
	wait_event(queue, flag);
	assert_in_range(dmasim_now(), 20000000, 20100000);

	flag = 0;
	kthread_run(set_later, &queue, "setter");
	assert_int_equal(wait_event_interruptible(queue, flag), 0);

	flag = 0;
	kthread_run(set_later, &queue, "setter");
	left = wait_event_timeout(queue, flag, msecs_to_jiffies(100));
	assert_in_range(left, msecs_to_jiffies(76), msecs_to_jiffies(80));

	flag = 0;
	assert_int_equal(wait_event_timeout(queue, flag, 5), 0);
	assert_int_equal(wait_event_interruptible_timeout(queue, flag, 0), 0);
	flag = 1;
	assert_int_equal(wait_event_timeout(queue, flag, 0), 1);

	/* True without a wake-up: not noticed before the timeout, then it counts. */
	flag = 0;
	kthread_run(set_later, NULL, "setter");
	assert_int_equal(wait_event_timeout(queue, flag, msecs_to_jiffies(100)), 1);
	end();
}

static int woken;

static int exclusive_waiter(void *data)
{
	DEFINE_WAIT(entry);

	(void)data;
	prepare_to_wait_exclusive(&queue, &entry, TASK_INTERRUPTIBLE);
	schedule();
	finish_wait(&queue, &entry);
	woken++;
	return 0;
}

static void exclusive_sleepers_wake_one_by_one(void **state)
{
	(void)state;
	begin("pc");
	init_waitqueue_head(&queue);
	woken = 0;
	assert_false(waitqueue_active(&queue));
	for (int i = 0; i < 5; i++)
		kthread_run(exclusive_waiter, NULL, "waiter%d", i);
	msleep(1);
	assert_true(waitqueue_active(&queue));
	wake_up(&queue);
	msleep(1);
	assert_int_equal(woken, 1);
	wake_up_interruptible_nr(&queue, 2);
	msleep(1);
	assert_int_equal(woken, 3);
	wake_up_all(&queue);
	msleep(1);
	assert_int_equal(woken, 5);
	assert_false(waitqueue_active(&queue));
	end();
}

static struct completion *completion;

static void complete_it(void *arg)
{
	(void)arg;
	k_thread.entry = NULL;
	completion->done++; /* what a handler's complete() does to it */
}

static int completes(void *data)
{
	(void)data;
	msleep(5);
	complete(completion);
	return 0;
}

static void completions_count(void **state)
{
	DECLARE_COMPLETION(on_stack);

	(void)state;
	begin("pc");
	completion = &on_stack;
	complete(completion);
	complete(completion);
	assert_true(completion_done(completion));
	wait_for_completion(completion);
	assert_true(try_wait_for_completion(completion));
	assert_false(try_wait_for_completion(completion));
	assert_int_equal(wait_for_completion_timeout(completion, 3), 0);
	kthread_run(completes, NULL, "completes");
	assert_in_range(wait_for_completion_timeout(completion, 100), 97, 100);
	dmasim_after(1000, complete_it, NULL);
	wait_for_completion(completion);
	complete_all(completion);
	for (int i = 0; i < 3; i++)
		assert_int_equal(wait_for_completion_interruptible(completion), 0);
	reinit_completion(completion);
	assert_false(completion_done(completion));

	completion = kzalloc(sizeof(*completion), GFP_KERNEL); /* in RAM of the machine */
	init_completion(completion);
	kthread_run(completes, NULL, "completes");
	wait_for_completion(completion);
	kfree(completion);
	end();
}

static void semaphores(void **state)
{
	struct semaphore sem;

	(void)state;
	begin("pc");
	sema_init(&sem, 1);
	down(&sem);
	assert_int_equal(down_trylock(&sem), 1);
	assert_int_equal(down_timeout(&sem, 2), -ETIME);
	up(&sem);
	assert_int_equal(down_interruptible(&sem), 0);
	up(&sem);
	end();
}

static void uninitialised_objects_are_reported_once(void **state)
{
	struct completion c;

	(void)state;
	begin("pc");
	memset(&c, 0x5a, sizeof(c));
	complete(&c);
	expect("uninitialised-object", 1);
	complete(&c);
	wait_for_completion(&c);
	complete(NULL);
	expect("uninitialised-object", 1);
	end();
}

/* ---- waits that cannot end ---- */

static void heartbeat(void *arg)
{
	dmasim_after(1000000, heartbeat, arg);
}

static int waits_for(void *data)
{
	wait_for_completion(data);
	return 0;
}

static void a_wait_nobody_can_end_stops_the_test(void **state)
{
	DECLARE_COMPLETION(never);

	(void)state;
	begin("pc");
	assert_true(STOPS(wait_for_completion(&never)));
	assert_non_null(strstr(stop_reason, "wait_for_completion"));
	expect("wait-never-woken", 1);
	end();

	/* The device stays busy, but never with what is waited for. */
	begin("pc");
	heartbeat(NULL);
	assert_true(STOPS(wait_for_completion(&never)));
	expect("wait-never-woken", 1);
	assert_in_range(dmasim_now(), 120000000000ULL, 130000000000ULL);
	end();

	/* Found by another task: the main one is stopped. */
	begin("pc");
	kthread_run(waits_for, &never, "other");
	assert_true(STOPS(wait_for_completion(&never)));
	assert_int_equal(dmasim_violation_count_of("wait-never-woken"), 1);
	assert_non_null(strstr(dmasim_violation(0)->text, "task other"));
	expect("wait-never-woken", 1);
	end();

	/* A condition that came true, and nobody said so. */
	begin("pc");
	init_waitqueue_head(&queue);
	flag = 0;
	kthread_run(set_later, NULL, "setter");
	assert_true(STOPS(wait_event(queue, flag)));
	expect("wait-never-woken", 1);
	end();
}

static int stops_in_task(void *data)
{
	k_stop(data, "from a task");
	return 0;
}

static void a_task_can_stop_the_test(void **state)
{
	(void)state;
	begin("pc");
	kthread_run(stops_in_task, m, "stopper");
	assert_true(STOPS(msleep(10)));
	assert_string_equal(stop_reason, "from a task");
	msleep(10); /* waiting gives up at once, and does not hang */
	wait_event(queue, false);
	end();
}

static void waiting_in_a_handler_is_reported_and_goes_on(void **state)
{
	DECLARE_COMPLETION(never);

	(void)state;
	begin("pc");
	k_hardirq_enter(m, "irq 5 (test)");
	wait_for_completion(&never);
	expect("sleep-in-atomic", 1);
	wait_event(queue, false);
	expect("sleep-in-atomic", 1);
	assert_int_equal(wait_event_timeout(queue, false, 10), 0);
	expect("sleep-in-atomic", 1);
	k_hardirq_exit(m);
	end();
}

static int ends_at_once(void *data)
{
	init_waitqueue_entry(data, get_current());
	return 0;
}

/* An entry that names a task which is gone: one report, and whoever adds it is the one who waits. */
static void entries_of_dead_tasks(void **state)
{
	DECLARE_WAIT_QUEUE_HEAD(head);
	wait_queue_entry_t entry;

	(void)state;
	begin("pc");
	kthread_run(ends_at_once, &entry, "ends");
	msleep(1);
	add_wait_queue(&head, &entry);
	expect("uninitialised-object", 1);
	wake_up(&head);
	remove_wait_queue(&head, &entry);
	init_waitqueue_entry(&entry, (struct task_struct *)&head); /* no task at all */
	add_wait_queue(&head, &entry);
	expect("uninitialised-object", 1);
	assert_int_equal(default_wake_function(&entry, TASK_NORMAL, 0, NULL), 0);
	remove_wait_queue(&head, &entry);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sleepers_look_again_when_woken),
		cmocka_unit_test(exclusive_sleepers_wake_one_by_one),
		cmocka_unit_test(completions_count),
		cmocka_unit_test(semaphores),
		cmocka_unit_test(uninitialised_objects_are_reported_once),
		cmocka_unit_test(a_wait_nobody_can_end_stops_the_test),
		cmocka_unit_test(a_task_can_stop_the_test),
		cmocka_unit_test(waiting_in_a_handler_is_reported_and_goes_on),
		cmocka_unit_test(entries_of_dead_tasks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
