// SPDX-License-Identifier: MIT
/*
 * Simulated time as drivers read and spend it; barriers and polls as safe points.
 *
 * Every way to look at a clock lets a little of it pass, so that a loop until a time, or until memory or a register
 * changes, comes to its end. Nothing here knows the host's clock.
 *
 * Weakness: code between two safe points takes no time at all.
 */
#include <errno.h>
#include <asm/barrier.h>
#include <asm/processor.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include "lib/core/task.h"

/* The day the machine believes it booted: 2020-01-01 00:00:00 UTC. */
#define EPOCH_NS (1577836800LL * 1000000000LL)

_Static_assert(NS_PER_JIFFY *HZ == 1000000000ULL, "a whole number of ns in a tick");

static u64 read_clock(const char *function)
{
	struct dmasim_machine *m = k_machine(function);

	if (!m)
		return 0;
	k_safe_point(m, COST_POLL);
	return k_now(m);
}

unsigned long dmasim_jiffies(void)
{
	STACK_ENTER();
	return INITIAL_JIFFIES + (unsigned long)(read_clock("jiffies") / NS_PER_JIFFY);
}

u64 get_jiffies_64(void)
{
	STACK_ENTER();
	return (u64)INITIAL_JIFFIES + read_clock("get_jiffies_64") / NS_PER_JIFFY;
}

ktime_t ktime_get(void)
{
	STACK_ENTER();
	return (ktime_t)read_clock("ktime_get");
}

ktime_t ktime_get_real(void)
{
	STACK_ENTER();
	return (ktime_t)read_clock("ktime_get_real") + EPOCH_NS;
}

unsigned long msecs_to_jiffies(unsigned int ms)
{
	if ((int)ms < 0)
		return MAX_JIFFY_OFFSET;
	return (ms + (1000UL / HZ) - 1) / (1000UL / HZ);
}

unsigned long usecs_to_jiffies(unsigned int us)
{
	return (us + (1000000UL / HZ) - 1) / (1000000UL / HZ);
}

unsigned long nsecs_to_jiffies(u64 ns)
{
	return (unsigned long)(ns / NS_PER_JIFFY);
}

unsigned int jiffies_to_msecs(unsigned long j)
{
	return (unsigned int)(j * (1000UL / HZ));
}

unsigned int jiffies_to_usecs(unsigned long j)
{
	return (unsigned int)(j * (1000000UL / HZ));
}

u64 jiffies_to_nsecs(unsigned long j)
{
	return (u64)j * NS_PER_JIFFY;
}

/* ---- barriers and polls ---- */

void dmasim_barrier(enum dmasim_barrier kind)
{
	struct dmasim_machine *m = k_thread.current;

	STACK_ENTER();
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	(void)kind; /* strongly ordered machines: all are the same safe point */
	if (m)
		k_safe_point(m, COST_BARRIER);
}

void dmasim_poll(void)
{
	struct dmasim_machine *m = k_thread.current;

	STACK_ENTER();
	if (m)
		k_safe_point(m, COST_POLL);
}

void cpu_relax(void)
{
	struct dmasim_machine *m = k_thread.current;

	STACK_ENTER();
	if (m)
		k_safe_point(m, COST_POLL);
}

/* ---- busy delays ---- */

static void busy(u64 ns, const char *function)
{
	struct dmasim_machine *m = k_machine(function);

	if (m)
		k_busy_for(m, ns);
}

static u64 times(unsigned long n, u64 unit)
{
	return n > U64_MAX / 2 / unit ? U64_MAX / 2 : n * unit;
}

void ndelay(unsigned long ns)
{
	STACK_ENTER();
	busy(times(ns, 1), "ndelay");
}

void udelay(unsigned long us)
{
	STACK_ENTER();
	busy(times(us, 1000), "udelay");
}

void mdelay(unsigned long ms)
{
	STACK_ENTER();
	busy(times(ms, 1000000), "mdelay");
}

/* ---- sleeps ---- */

/* ns left when a signal came first. */
static u64 sleep_ns(u64 ns, unsigned int state, const char *function)
{
	struct dmasim_machine *m = k_machine(function);

	if (!m)
		return 0;
	if (!k_may_wait(m, function)) {
		k_busy_for(m, ns);
		return 0;
	}
	if (state == TASK_INTERRUPTIBLE && k_signalled(m))
		return ns;
	k_running(m)->pub.__state = state;
	return k_schedule_timeout(m, ns, function, NULL);
}

/* A sleep that nothing but time ends; a stray wake_up_process() does not cut it short. */
static void sleep_whole(u64 ns, const char *function)
{
	do {
		ns = sleep_ns(ns, TASK_UNINTERRUPTIBLE, function);
	} while (ns && k_thread.current && !k_signalled(k_thread.current));
}

void msleep(unsigned int ms)
{
	STACK_ENTER();
	sleep_whole(times(ms, 1000000), "msleep");
}

unsigned long msleep_interruptible(unsigned int ms)
{
	STACK_ENTER();
	return (unsigned long)((sleep_ns(times(ms, 1000000), TASK_INTERRUPTIBLE, "msleep_interruptible") + 999999) /
			       1000000);
}

void ssleep(unsigned int s)
{
	STACK_ENTER();
	sleep_whole(times(s, 1000000000), "ssleep");
}

void usleep_range(unsigned long min, unsigned long max)
{
	struct dmasim_machine *m = k_thread.current;
	u64 ns = times(min, 1000), span = max > min ? times(max - min, 1000) : 0;

	STACK_ENTER();
	if (m && span)
		ns += span / 16 * sim_choice(m->hw, "usleep", NULL, 17);
	sleep_whole(ns, "usleep_range");
}

void fsleep(unsigned long us)
{
	STACK_ENTER();
	if (us <= 10)
		busy(times(us, 1000), "fsleep");
	else
		sleep_whole(times(us, 1000), "fsleep");
}
