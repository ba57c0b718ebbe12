// SPDX-License-Identifier: MIT
/* Spinlocks, rwlocks and mutexes: balanced use is silent, deadlocks and imbalance are told. */
#include "tests/unit/sched_test.h"
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/timer.h>

static spinlock_t lock;
static rwlock_t rwlock;
static struct mutex mutex;

static void start(void)
{
	begin("pc");
	spin_lock_init(&lock);
	rwlock_init(&rwlock);
	mutex_init(&mutex);
}

static void balanced_use_is_silent(void **state)
{
	DEFINE_SPINLOCK(other);
	unsigned long flags, inner;

	(void)state;
	start();
	spin_lock(&lock);
	assert_true(spin_is_locked(&lock));
	assert_true(in_atomic());
	assert_int_equal(spin_trylock(&lock), 0);
	spin_lock(&other);
	spin_unlock(&lock); /* not in the order of taking: legal */
	spin_unlock(&other);
	assert_false(spin_is_locked(&lock) || in_atomic());
	spin_lock_irqsave(&lock, flags);
	assert_true(irqs_disabled());
	spin_lock_irqsave(&other, inner);
	spin_unlock_irqrestore(&other, inner);
	assert_true(irqs_disabled()); /* as they were */
	spin_unlock_irqrestore(&lock, flags);
	assert_false(irqs_disabled());
	spin_lock_irq(&lock);
	spin_unlock_irq(&lock);
	assert_false(irqs_disabled());
	spin_lock_bh(&lock);
	assert_true(in_softirq());
	spin_unlock_bh(&lock);
	assert_true(spin_trylock_irqsave(&lock, flags));
	spin_unlock_irqrestore(&lock, flags);
	read_lock(&rwlock);
	read_lock(&rwlock);
	read_unlock(&rwlock);
	read_unlock(&rwlock);
	write_lock_irqsave(&rwlock, flags);
	write_unlock_irqrestore(&rwlock, flags);
	msleep(1);
	end();
}

static void zeroed_locks_work_and_garbage_is_told(void **state)
{
	spinlock_t l;

	(void)state;
	start();
	memset(&l, 0, sizeof(l));
	spin_lock(&l);
	spin_unlock(&l);
	memset(&l, 0x5a, sizeof(l));
	spin_lock(&l);
	spin_unlock(&l);
	expect("uninitialised-object", 1);
	end();
}

static void taking_twice_is_a_deadlock(void **state)
{
	(void)state;
	start();
	spin_lock(&lock);
	spin_lock(&lock);
	expect("lock-deadlock", 1);
	spin_unlock(&lock);
	spin_unlock(&lock);
	write_lock(&rwlock);
	read_lock(&rwlock);
	expect("lock-deadlock", 1);
	read_unlock(&rwlock);
	write_unlock(&rwlock);
	write_lock(&rwlock);
	read_unlock(&rwlock);
	expect("lock-imbalance", 1);
	mutex_lock(&mutex);
	mutex_lock(&mutex);
	expect("lock-deadlock", 1);
	mutex_unlock(&mutex);
	end();
}

static void handler_takes_the_lock(struct timer_list *timer)
{
	(void)timer;
	spin_lock(&lock);
	spin_unlock(&lock);
}

static void a_handler_cannot_wait_for_what_it_interrupted(void **state)
{
	DEFINE_TIMER(timer, handler_takes_the_lock);

	(void)state;
	start();
	mod_timer(&timer, jiffies + 1);
	spin_lock(&lock);
	mdelay(20);
	spin_unlock(&lock);
	expect("lock-deadlock", 1);
	/* The nearest legal code. */
	mod_timer(&timer, jiffies + 1);
	spin_lock_bh(&lock);
	mdelay(20);
	spin_unlock_bh(&lock);
	msleep(20);
	end();
}

static void imbalance_is_told(void **state)
{
	(void)state;
	start();
	spin_unlock(&lock);
	expect("lock-imbalance", 1);
	mutex_unlock(&mutex);
	expect("lock-imbalance", 1);
	k_hardirq_enter(m, "irq 5 (test)");
	spin_lock(&lock);
	k_hardirq_exit(m);
	expect("lock-imbalance", 1);
	assert_false(spin_is_locked(&lock));
	lockdep_assert_held(&lock);
	expect("lock-imbalance", 1);
	spin_lock(&lock);
	lockdep_assert_held(&lock);
	spin_unlock(&lock);
	end();
}

static void sleeping_with_a_lock_names_it(void **state)
{
	(void)state;
	start();
	spin_lock(&lock);
	msleep(1);
	assert_int_equal(dmasim_violation_count_of("sleep-in-atomic"), 1);
	assert_non_null(strstr(dmasim_violation(0)->text, "spinlock &lock held"));
	expect("sleep-in-atomic", 1);
	spin_unlock(&lock);
	mutex_lock(&mutex);
	msleep(1);
	mutex_unlock(&mutex);
	end();
}

static int owner, most, broken;

static int contends(void *data)
{
	(void)data;
	for (int i = 0; i < 5; i++) {
		mutex_lock(&mutex);
		broken += owner != 0;
		owner = 1;
		msleep(1);
		most++;
		owner = 0;
		mutex_unlock(&mutex);
	}
	return 0;
}

static void mutexes_exclude(void **state)
{
	(void)state;
	start();
	owner = most = broken = 0;
	for (int i = 0; i < 4; i++)
		kthread_run(contends, NULL, "contends%d", i);
	assert_true(dmasim_run_until_idle(1000000000));
	assert_int_equal(most, 20);
	assert_int_equal(broken, 0);
	assert_false(mutex_is_locked(&mutex));
	assert_true(mutex_trylock(&mutex));
	assert_false(mutex_trylock(&mutex));
	mutex_unlock(&mutex);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(balanced_use_is_silent),
		cmocka_unit_test(zeroed_locks_work_and_garbage_is_told),
		cmocka_unit_test(taking_twice_is_a_deadlock),
		cmocka_unit_test(a_handler_cannot_wait_for_what_it_interrupted),
		cmocka_unit_test(imbalance_is_told),
		cmocka_unit_test(sleeping_with_a_lock_names_it),
		cmocka_unit_test(mutexes_exclude),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
