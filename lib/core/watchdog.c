// SPDX-License-Identifier: MIT
/*
 * The watchdog: a loop in which no simulated time can pass would hang the program.
 *
 * A timer on the CPU time of each thread that runs simulated code ticks once a second. A tick compares: has a safe
 * point passed, has any public function been entered? The first is a counter of the machine; the second is seen by
 * marking the entry frame that STACK_ENTER() overwrites, so neither costs the hot paths anything. After cfg.watchdog_s
 * ticks without either, the code at the program counter spins.
 *
 * A signal handler may do little. So the handler leaves: it rewrites the interrupted registers so that the thread
 * goes on in spinning(), in ordinary context, as if the loop had called it; that reports and ends the test. Where the
 * thread was interrupted inside the C library, which may hold locks, another tick is awaited.
 *
 * Weakness: only on x86-64 is the loop's line reported; elsewhere the process says what happened and exits. A loop
 * that keeps calling into the library without a safe point is not seen.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>
#include "lib/core/machines.h"
#include "lib/core/task.h"

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

static __thread struct {
	timer_t timer;
	bool armed;
	struct dmasim_machine *machine; /* what the last tick saw */
	u64 safe_points;
	unsigned int quiet; /* ticks in a row without progress */
	void *pc, *frame;   /* of the spinning code */
	void **sp;
} watch __attribute__((tls_model("initial-exec")));

static int signal_number(void)
{
	return SIGRTMIN + 9;
}

#ifdef __x86_64__
/* Does ret follow a call of the function that pc is in, or of one just before it? */
static bool returns_from(const void *ret, const void *pc)
{
	u8 call[5];
	s32 distance;
	uintptr_t target;

	if (sim_host_read(call, (const void *)((uintptr_t)ret - sizeof(call)), sizeof(call)) != sizeof(call) ||
	    call[0] != 0xe8)
		return false;
	memcpy(&distance, call + 1, sizeof(distance));
	target = (uintptr_t)ret + (uintptr_t)(intptr_t)distance;
	return (uintptr_t)pc - target < 4096;
}

/*
 * Interrupted where a small function, such as a hook of the instrumentation, has no frame yet or none any more, the frame
 * pointer is its caller's and the caller's line would be lost. Then the loop is where the return address says.
 */
static void *loop_of(void *pc, void *frame, void **sp)
{
	void *near[2], *framed[2];

	if (sim_host_read(framed, frame, sizeof(framed)) != sizeof(framed) || returns_from(framed[1], pc) ||
	    sim_host_read(near, sp, sizeof(near)) != sizeof(near))
		return pc;
	for (unsigned int i = 0; i < 2; i++) {
		if (returns_from(near[i], pc))
			return (u8 *)near[i] - 1;
	}
	return pc;
}
#else
static void *loop_of(void *pc, void *frame, void **sp)
{
	(void)frame;
	(void)sp;
	return pc;
}
#endif

static __attribute__((noreturn, used)) void spinning(void)
{
	struct dmasim_machine *m = k_thread.current;
	struct finding f = {
		.rule = "spin-without-safe-point",
		.act_verb = "spin",
		.act = stack_capture_pc(m, loop_of(watch.pc, watch.frame, watch.sp), watch.frame),
	};

	watch.quiet = 0;
	f.more[0].label = "spins";
	snprintf(f.more[0].text, sizeof(f.more[0].text),
		 "for %u s of CPU time: no device can act and no interrupt arrive in this loop", m->hw->cfg.watchdog_s);
	k_report(m, &f);
	k_stop(m, "code spins without a safe point");
}

/* In the C library or the loader? Their locks may be held. Safe in a handler. */
static bool in_libc(void *pc)
{
#ifdef DLFO_STRUCT_HAS_EH_DBASE
	struct dl_find_object here, libc;

	return _dl_find_object(pc, &here) == 0 && _dl_find_object((void *)(uintptr_t)&malloc, &libc) == 0 &&
	       here.dlfo_link_map == libc.dlfo_link_map && here.dlfo_link_map != NULL &&
	       here.dlfo_map_start == libc.dlfo_map_start;
#else
	(void)pc;
	return false;
#endif
}

static void tick(int sig, siginfo_t *info, void *context)
{
	struct dmasim_machine *m = k_thread.current;
	bool entered;

	(void)sig;
	(void)info;
	if (!m || m->hw->cfg.watchdog_s == 0) {
		watch.quiet = 0;
		return;
	}
	/* Frames are aligned: bit 0 is ours. stack_entry() ignores it. */
	entered = !((uintptr_t)k_thread.entry & 1);
	k_thread.entry = (void *)((uintptr_t)k_thread.entry | 1);
	if (entered || watch.machine != m || watch.safe_points != m->sched->safe_points) {
		watch.machine = m;
		watch.safe_points = m->sched->safe_points;
		watch.quiet = 0;
		return;
	}
	if (++watch.quiet < m->hw->cfg.watchdog_s)
		return;
#ifdef __x86_64__
	ucontext_t *uc = context;
	greg_t *r = uc->uc_mcontext.gregs;

	if (in_libc((void *)r[REG_RIP]) && watch.quiet < 2 * m->hw->cfg.watchdog_s)
		return;
	watch.pc = (void *)r[REG_RIP];
	watch.frame = (void *)r[REG_RBP];
	watch.sp = (void **)r[REG_RSP];
	/* Below the red zone, aligned as after a call instruction. */
	r[REG_RSP] = (greg_t)((((uintptr_t)r[REG_RSP] - 256) & ~(uintptr_t)15) - 8);
	r[REG_RIP] = (greg_t)(uintptr_t)spinning;
	r[REG_EFL] &= ~0x400; /* direction flag clear, as the ABI wants at entry */
#else
	(void)context;
	static const char text[] = "dmasim: spin-without-safe-point: no simulated time passes; ending the process\n";

	_exit(write(STDERR_FILENO, text, sizeof(text) - 1) < 0 ? 98 : 99);
#endif
}

void k_watchdog_thread(void)
{
	struct dmasim_machine *m = k_thread.current;
	struct sigaction sa, old;
	struct sigevent ev;
	struct itimerspec every = {{1, 0}, {1, 0}};
	sigset_t set;

	if (watch.armed || !m || m->hw->cfg.watchdog_s == 0)
		return;
	/* Somebody else's signal stays theirs: then there is no watchdog, which the summary says. */
	if (sigaction(signal_number(), NULL, &old))
		return;
	if (!(old.sa_flags & SA_SIGINFO) && old.sa_handler == SIG_DFL) {
		memset(&sa, 0, sizeof(sa));
		sa.sa_sigaction = tick;
		sa.sa_flags = SA_SIGINFO | SA_RESTART | SA_NODEFER;
		sigemptyset(&sa.sa_mask);
		if (sigaction(signal_number(), &sa, NULL))
			return;
	} else if (!(old.sa_flags & SA_SIGINFO) || old.sa_sigaction != tick) {
		m->hooks.unchecked(m, "threads without a watchdog", 1);
		return;
	}
	memset(&ev, 0, sizeof(ev));
	ev.sigev_notify = SIGEV_THREAD_ID;
	ev.sigev_signo = signal_number();
	ev.sigev_notify_thread_id = (pid_t)syscall(SYS_gettid);
	if (timer_create(CLOCK_THREAD_CPUTIME_ID, &ev, &watch.timer))
		return;
	sigemptyset(&set);
	sigaddset(&set, signal_number());
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	watch.armed = timer_settime(watch.timer, 0, &every, NULL) == 0;
}

void k_watchdog_thread_exit(void)
{
	if (watch.armed)
		timer_delete(watch.timer);
	watch.armed = false;
}

void k_watchdog_forked(void)
{
	watch.armed = false; /* timers are not inherited */
	watch.quiet = 0;
}
