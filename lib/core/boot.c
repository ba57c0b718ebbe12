// SPDX-License-Identifier: MIT
/*
 * Machines: made, used, ended.
 *
 * Boot builds the hardware, then the rooms of the software from the lowest up; the end goes back down. In between
 * stands what makes the end of a machine delicate: driver code still runs. In order: tasks are asked to end; module
 * exits and the drivers' remove run while events, interrupts and tasks are still alive, since correct drivers wait for
 * their device there; tasks that are still left are abandoned; what is still pending is dropped and counted; leaks
 * are reported; the rooms go. A step in which driver code deadlocks is cut short by k_stop(), and the next one follows.
 *
 * Weakness: driver code that spins without a safe point in its exit is only ended by the watchdog.
 */
#include <assert.h>
#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <dmasim/machine.h>
#include "lib/core/machines.h"
#include "lib/core/task.h"

/* ---- hooks of rooms that are not there ---- */

static void no_report(struct dmasim_machine *m, const struct finding *f)
{
	(void)m;
	(void)f;
}

static void no_memory_event(struct dmasim_machine *m, phys_addr_t phys, size_t size)
{
	(void)m;
	(void)phys;
	(void)size;
}

static void no_cpu_access(struct dmasim_machine *m, const volatile void *p, size_t n, bool write)
{
	(void)m;
	(void)p;
	(void)n;
	(void)write;
}

static size_t no_device_released(struct dmasim_machine *m, struct device *dev, bool gone)
{
	(void)m;
	(void)dev;
	(void)gone;
	return 0;
}

static void no_settle(struct dmasim_machine *m)
{
	(void)m;
}

static void no_device_setup(struct dmasim_machine *m, struct device *dev)
{
	(void)m;
	(void)dev;
}

static void no_count(struct dmasim_machine *m, const char *name, u64 n)
{
	(void)m;
	(void)name;
	(void)n;
}

static const struct kernel_hooks no_hooks = {
	.report = no_report,
	.memory_freeing = no_memory_event,
	.cpu_access = no_cpu_access,
	.device_released = no_device_released,
	.user_exits = no_settle,
	.settle = no_settle,
	.device_setup = no_device_setup,
	.unchecked = no_count,
	.fact = no_count,
};

/* ---- boot ---- */

static const struct k_room core_rooms[] = {
	{"debug files", k_debugfs_init, k_debugfs_exit, NULL},
	{"call stacks", k_stacks_init, k_stacks_exit, NULL},
	{"failures", k_inject_init, k_inject_exit, NULL},
	{"scheduler", k_sched_init, k_sched_exit, NULL},
	{"interrupts", k_irqs_init, k_irqs_exit, NULL},
	{"registers", k_io_init, k_io_exit, NULL},
	{"devices", k_devices_init, k_devices_exit, NULL},
	{"modules", k_modules_init, k_modules_exit, NULL},
	{NULL, NULL, NULL, NULL},
};

static unsigned int count_rooms(const struct k_room *rooms)
{
	unsigned int n = 0;

	while (rooms[n].name)
		n++;
	return n;
}

static int rooms_init(struct dmasim_machine *m, const struct k_room *rooms, unsigned int *done)
{
	for (*done = 0; rooms[*done].name; ++*done) {
		int err = rooms[*done].init(m);

		if (err) {
			/* Each exit accepts what its init left half made. */
			++*done;
			return err;
		}
	}
	return 0;
}

static void rooms_exit(struct dmasim_machine *m, const struct k_room *rooms, unsigned int n)
{
	while (n-- > 0)
		rooms[n].exit(m);
}

static int boot(struct dmasim_machine *m, const char *spec)
{
	unsigned int core = 0, upper = 0;
	int err;

	m->hw = sim_machine_create(spec);
	if (!m->hw)
		return -errno;
	m->hw->soft = m;
	m->checks = m->hw->cfg.checks;
	err = rooms_init(m, core_rooms, &core);
	if (!err)
		err = rooms_init(m, k_rooms, &upper);
	if (!err)
		return 0;
	rooms_exit(m, k_rooms, upper);
	m->hooks = no_hooks;
	rooms_exit(m, core_rooms, core);
	sim_machine_destroy(m->hw);
	return err;
}

struct dmasim_machine *dmasim_machine_create_abi(const char *spec, unsigned int abi)
{
	static u32 serial;
	struct dmasim_machine *m;
	int err = k_threads_init();

	if (!err && abi != DMASIM_ABI)
		err = sim_error(
			EINVAL,
			"this program was compiled with the headers of another libdmasim (ABI %u; the library has "
			"%u): compile all of it again",
			abi, DMASIM_ABI);
	if (err) {
		errno = -err;
		return NULL;
	}
	m = calloc(1, sizeof(*m));
	if (!m) {
		sim_error(ENOMEM, "no memory for a machine");
		return NULL;
	}
	m->hooks = no_hooks;
	m->pid = getpid();
	m->serial = __atomic_add_fetch(&serial, 1, __ATOMIC_RELAXED);
	err = boot(m, spec);
	if (err) {
		free(m);
		errno = -err;
		return NULL;
	}
	pthread_mutex_lock(&k_machines_lock);
	m->next = k_machines;
	k_machines = m;
	pthread_mutex_unlock(&k_machines_lock);
	if (!k_thread.current)
		k_machine_acquire(m);
	return m;
}

/* The symbol for callers without the headers' macro: function pointers, other languages. */
struct dmasim_machine *(dmasim_machine_create)(const char *spec)
{
	return dmasim_machine_create_abi(spec, DMASIM_ABI);
}

/* ---- use ---- */

/* Is the calling thread inside driver or device code of its current machine? Then says where. */
static bool inside(struct dmasim_machine *m, char *where, size_t size)
{
	const struct k_context_state *c = m->sched->ctx;
	struct k_where w;

	if (m->told_frame && (uintptr_t)__builtin_frame_address(0) < m->told_frame) {
		snprintf(where, size, "in a callback of dmasim_on_violation()");
		return true;
	}
	if (m->sched->stopped && !k_thread.task)
		return false; /* the stack was left by a jump */
	if (k_thread.task)
		snprintf(where, size, "task %s", k_running(m)->pub.comm);
	else if (c->hardirqs || c->softirqs || k_in_device_model(m)) {
		k_where(m, &w);
		snprintf(where, size, "%s", w.why);
	} else if (m->sched->main.callbacks)
		snprintf(where, size, "in driver code: %s", m->sched->main.callback);
	else
		return false;
	return true;
}

struct dmasim_machine *dmasim_machine_use(struct dmasim_machine *machine)
{
	struct dmasim_machine *before = k_thread.current;
	char where[128];
	bool live;

	if (machine == before)
		return before;
	if (before && inside(before, where, sizeof(where))) {
		sim_error(EBUSY, "another machine cannot be used from here: %s", where);
		return before;
	}
	if (machine) {
		pthread_mutex_lock(&k_machines_lock);
		live = k_machine_is_live(machine) && machine->pid == getpid();
		pthread_mutex_unlock(&k_machines_lock);
		if (!live) {
			sim_error(EINVAL, "not a machine that is alive in this process: %p", (void *)machine);
			return before;
		}
	}
	if (before)
		k_machine_release(before);
	if (machine)
		k_machine_acquire(machine);
	return before;
}

struct dmasim_machine *dmasim_machine_current(void)
{
	return k_thread.current;
}

/* ---- the end ---- */

static void unload_modules(struct dmasim_machine *m)
{
	k_modules_unload_all(m);
}

static void drop_pending(struct dmasim_machine *m)
{
	size_t events;

	k_works_exit(m);
	k_timers_exit(m);
	events = sim_events_pending(m->hw);
	if (events)
		m->hooks.unchecked(m, "device events dropped at the end", events);
}

static void report_leaks(struct dmasim_machine *m)
{
	for (const struct k_room *r = k_rooms; r->name; r++) {
		if (r->leaks)
			r->leaks(m);
	}
}

static void (*const steps[])(struct dmasim_machine *m) = {
	k_tasks_ask, unload_modules, k_devices_detach_all, k_tasks_abandon, drop_pending, report_leaks,
};

static void shut_down(struct dmasim_machine *m)
{
	volatile unsigned int step = 0, tries = 0;
	sigjmp_buf next;

	m->sched->in_destroy = &next;
	if (sigsetjmp(next, 1)) {
		/* Driver code could not go on. The same step again goes on with the next driver. */
		m->hooks.unchecked(m, "driver exits cut short", 1);
		if (++tries > 16) {
			step++;
			tries = 0;
		}
	}
	for (; step < sizeof(steps) / sizeof(*steps); step++, tries = 0)
		steps[step](m);
	m->sched->in_destroy = NULL;
}

int dmasim_machine_destroy(struct dmasim_machine *machine)
{
	struct dmasim_machine *m = machine, *before = k_thread.current;
	char where[128];
	bool live, held;

	STACK_ENTER();
	if (!m)
		return 0;
	if (before && inside(before, where, sizeof(where))) {
		struct finding f = {.rule = "destroy-in-driver", .act_verb = "call"};
		struct k_where w;

		k_where(before, &w);
		if (strcmp(w.why, where)) { /* else the report says it by itself */
			f.more[0].label = "inside";
			snprintf(f.more[0].text, sizeof(f.more[0].text), "%s", where);
		}
		k_report(before, &f);
		return sim_error(EBUSY, "a machine cannot be destroyed from here: %s", where);
	}
	pthread_mutex_lock(&k_machines_lock);
	live = k_machine_is_live(m);
	held = live && m->held && m != before;
	if (live && m->pid == getpid() && !held)
		m->held = true;
	pthread_mutex_unlock(&k_machines_lock);
	if (!live)
		return sim_error(EINVAL, "not a live machine: %p", (void *)m);
	if (m->pid != getpid())
		return sim_error(EINVAL, "the machine was made before fork(); only the parent can destroy it");
	if (held)
		return sim_error(EBUSY, "another host thread uses the machine");

	k_thread.current = m;
	m->dying = true;
	if (m->sched->stopped)
		k_sched_reset(m);
	shut_down(m);
	/* From here on nobody can find it, and no driver code runs. */
	pthread_mutex_lock(&k_machines_lock);
	for (struct dmasim_machine **l = &k_machines; *l; l = &(*l)->next) {
		if (*l == m) {
			*l = m->next;
			break;
		}
	}
	pthread_mutex_unlock(&k_machines_lock);
	rooms_exit(m, k_rooms, count_rooms(k_rooms));
	m->hooks = no_hooks;
	k_machine_release(m);
	rooms_exit(m, core_rooms, count_rooms(core_rooms));
	sim_machine_destroy(m->hw);
	free(m);
	k_thread.current = before == machine ? NULL : before;
	return 0;
}

/* ---- native calls of the scheduler's room ---- */

void dmasim_on_stop(void (*fn)(const char *why, void *arg), void *arg)
{
	struct dmasim_machine *m = k_thread.current;

	if (!m) {
		sim_error(ENODEV, "no current machine");
		return;
	}
	m->on_stop = fn;
	m->on_stop_arg = arg;
}

size_t dmasim_check_leaks(void)
{
	struct dmasim_machine *m = k_thread.current;
	size_t n = 0;

	STACK_ENTER();
	if (!m) {
		sim_error(ENODEV, "no current machine");
		return 0;
	}
	for (const struct k_room *r = k_rooms; r->name; r++) {
		if (r->leaks)
			n += r->leaks(m);
	}
	return n;
}

void dmasim_run_for(uint64_t ns)
{
	struct dmasim_machine *m = k_machine("dmasim_run_for");

	STACK_ENTER();
	if (!m)
		return;
	if (k_in_device_model(m) || m->sched->ctx->hardirqs || m->sched->ctx->softirqs) {
		k_might_sleep(m, "dmasim_run_for");
		return;
	}
	if (ns == 0) {
		k_safe_point(m, 0);
	} else if (k_may_sleep(m) && !m->sched->stopped) {
		k_running(m)->pub.__state = TASK_UNINTERRUPTIBLE;
		k_schedule_timeout(m, ns, "dmasim_run_for", NULL);
	} else {
		k_busy_for(m, ns);
	}
	m->sched->polling_since = k_now(m);
}

bool dmasim_run_until_idle(uint64_t max_ns)
{
	struct dmasim_machine *m = k_machine("dmasim_run_until_idle");
	uint64_t end, when;

	STACK_ENTER();
	if (!m)
		return true;
	if (!k_may_wait(m, "dmasim_run_until_idle"))
		return false;
	end = k_now(m) + max_ns < k_now(m) ? U64_MAX : k_now(m) + max_ns;
	for (;;) {
		k_safe_point(m, 0);
		m->sched->polling_since = k_now(m);
		if (k_run_other(m)) {
			if (k_now(m) >= end)
				return false;
			continue;
		}
		if (!sim_next_event(m->hw, &when))
			return true;
		if (when > end) {
			if (end > k_now(m))
				sim_advance(m->hw, end - k_now(m));
			return false;
		}
		if (when > k_now(m))
			sim_advance(m->hw, when - k_now(m));
	}
}

void dmasim_after(uint64_t ns, void (*fn)(void *), void *arg)
{
	struct dmasim_machine *m = k_machine("dmasim_after");

	if (m && !k_in_device_model(m))
		STACK_ENTER();
	if (m && fn)
		sim_after(m->hw, ns, fn, arg);
}

uint64_t dmasim_now(void)
{
	struct dmasim_machine *m = k_machine("dmasim_now");

	return m ? k_now(m) : 0;
}

unsigned int dmasim_choice(const char *kind, unsigned int n)
{
	struct dmasim_machine *m = k_machine("dmasim_choice");

	return m && n > 1 ? sim_random(m->hw, kind ? kind : "", n) : 0;
}
