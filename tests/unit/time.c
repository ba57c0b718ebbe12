// SPDX-License-Identifier: MIT
/* Simulated time: delays and sleeps take exactly as long as they say, every polling loop ends, endless ones are told. */
#include "sim/valgrind.h"
#include "tests/unit/sched_test.h"
#include <sys/wait.h>
#include <unistd.h>
#include <asm/processor.h>
#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/timekeeping.h>

static void delays(void **state)
{
	u64 then;

	(void)state;
	begin("pc");
#define TAKES(call, low, high)                                       \
	do {                                                         \
		then = dmasim_now();                                 \
		call;                                                \
		assert_in_range(dmasim_now() - then, (low), (high)); \
	} while (0)
	TAKES(ndelay(70), 70, 70);
	TAKES(udelay(5), 5000, 5000);
	TAKES(mdelay(3), 3000000, 3000000);
	TAKES(msleep(7), 7000000, 7000000);
	TAKES(ssleep(2), 2000000000, 2000000000);
	TAKES(usleep_range(10, 20), 10000, 20000);
	TAKES(fsleep(5), 5000, 5000);
	TAKES(fsleep(500), 500000, 500000);
	TAKES(dmasim_run_for(123), 123, 123);
	TAKES(dmasim_run_for(0), 0, 0);
	TAKES(msleep_interruptible(4), 4000000, 4000000);
	TAKES(mb(), 1, 100);
	TAKES(smp_mb(), 0, 0);
	end();
}

static void conversions(void **state)
{
	(void)state;
	assert_int_equal(HZ, 250);
	assert_int_equal(msecs_to_jiffies(0), 0);
	assert_int_equal(msecs_to_jiffies(1), 1);
	assert_int_equal(msecs_to_jiffies(4), 1);
	assert_int_equal(msecs_to_jiffies(5), 2);
	assert_int_equal(msecs_to_jiffies(1000), HZ);
	assert_int_equal(msecs_to_jiffies((unsigned int)-1), MAX_JIFFY_OFFSET);
	assert_int_equal(usecs_to_jiffies(4001), 2);
	assert_int_equal(jiffies_to_msecs(HZ), 1000);
	assert_int_equal(jiffies_to_usecs(1), 4000);
	assert_true(time_after(INITIAL_JIFFIES + 1, INITIAL_JIFFIES));
	assert_true(time_before(~0UL, 5UL)); /* across the wrap */
	assert_int_equal(ktime_to_ms(ktime_add_us(ms_to_ktime(5), 1500)), 6);
	assert_true(ktime_to_timespec64(-1).tv_nsec == 999999999);
}

static int changed;

static void change(void *arg)
{
	*(int *)arg = 1;
}

static void polling_loops_end(void **state)
{
	unsigned long end_jiffies;
	atomic_t atomic = ATOMIC_INIT(0);
	ktime_t end_time;

	(void)state;
	begin("pc");
	end_jiffies = jiffies + HZ / 10;
	assert_true(jiffies >= INITIAL_JIFFIES);
	while (time_before(jiffies, end_jiffies))
		;
	assert_in_range(dmasim_now(), 100000000, 104000100);
	end_time = ktime_add_us(ktime_get(), 50);
	while (ktime_before(ktime_get(), end_time))
		cpu_relax();
	changed = 0;
	dmasim_after(100000, change, &changed);
	while (!READ_ONCE(changed))
		;
	dmasim_after(100000, change, &atomic.counter);
	while (!atomic_read(&atomic))
		;
	changed = 0;
	dmasim_after(100000, change, &changed);
	while (!smp_load_acquire(&changed))
		;
	assert_true(ktime_get_real_seconds() > 1500000000);
	end();
}

static void an_endless_poll_is_told(void **state)
{
	(void)state;
	begin("pc");
	assert_true(STOPS(for (;;) mdelay(500)));
	expect("endless-poll", 1);
	end();
	begin("pc");
	mdelay(15000);
	msleep(1); /* slept in between */
	mdelay(15000);
	dmasim_run_for(100000000000ULL);
	end();
}

static int ran;
static u64 ran_at;

static void runs(void *arg)
{
	(void)arg;
	ran++;
	ran_at = dmasim_now();
}

static void again(void *arg)
{
	ran++;
	dmasim_after(1000, again, arg);
}

static void events_run_at_their_time(void **state)
{
	(void)state;
	begin("pc");
	ran = 0;
	dmasim_after(500, runs, NULL);
	udelay(1);
	assert_int_equal(ran, 1);
	assert_int_equal(ran_at, 500);
	assert_true(dmasim_run_until_idle(1000));
	dmasim_after(5000, runs, NULL);
	assert_false(dmasim_run_until_idle(1000));
	assert_int_equal(dmasim_now(), 2000);
	assert_true(dmasim_run_until_idle(100000));
	assert_int_equal(ran, 2);
	again(NULL);
	assert_false(dmasim_run_until_idle(100000));
	assert_in_range(ran, 100, 105);
	end();
}

/* ---- the watchdog ---- */

static volatile int never;

static void spin(void)
{
	while (!never)
		;
}

static void spins_in_child(bool handler)
{
	int status, out[2];
	char text[4096];
	ssize_t n = 0, got;
	pid_t child;

	assert_int_equal(pipe(out), 0);
	child = fork();
	if (child == 0) {
		dup2(out[1], STDERR_FILENO);
		close(out[0]);
		if (!dmasim_machine_create("pc,watchdog=2,summary=off,colour=never"))
			_exit(2);
		msleep(1);
		if (!handler)
			spin();
		if (!STOPS(spin()))
			_exit(3);
		_exit(dmasim_violation_count_of("spin-without-safe-point") == 1 &&
				      dmasim_machine_destroy(dmasim_machine_current()) == 0
			      ? 42
			      : 4);
	}
	close(out[1]);
	while ((got = read(out[0], text + n, sizeof(text) - 1 - (size_t)n)) > 0)
		n += got;
	text[n] = '\0';
	close(out[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), handler ? 42 : 99);
	assert_non_null(strstr(text, "spin-without-safe-point"));
}

static void spinning_is_told(void **state)
{
	(void)state;
	if (RUNNING_ON_VALGRIND)
		skip(); /* it takes the stack that the watchdog's signal handler returns to for unused */
	spins_in_child(false);
	spins_in_child(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(delays),
		cmocka_unit_test(conversions),
		cmocka_unit_test(polling_loops_end),
		cmocka_unit_test(an_endless_poll_is_told),
		cmocka_unit_test(events_run_at_their_time),
		cmocka_unit_test(spinning_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
