/* SPDX-License-Identifier: MIT */
/*
 * The software of one machine: what every room of lib/ may know.
 *
 * A `struct dmasim_machine` is the kernel that runs on one `struct sim_machine`. Each room hangs its private state
 * on one pointer here. Rooms lower in the order core < mm < sg < check < dma < dmaengine never call a room above
 * them: they call the hooks, which the upper rooms install at boot.
 *
 * Locking: none. A machine is used only by the host thread that holds its baton, and a thread holds the baton of
 * exactly the machine that k_thread.current names.
 */
#ifndef LIB_CORE_KERNEL_H
#define LIB_CORE_KERNEL_H

#include <dmasim/types.h>
#include <linux/types.h>
#include <asm/current.h>
#include "sim/sim.h"

#undef current /* the driver's macro: here it is a member of struct k_thread */

#define k_likely(x)   __builtin_expect(!!(x), 1)
#define k_unlikely(x) __builtin_expect(!!(x), 0)

typedef u32 stack_id; /* an interned call stack; 0 = none. See stack.h */

/*
 * What the kernel's own DMA debugging compares when a driver calls: the call as a record, and the record it finds for
 * it. Filled in by whoever finds such a mistake, read by lib/check/dma_debug_text.c alone.
 */
enum k_dma_call { DMA_CALL_NONE, DMA_CALL_MAP, DMA_CALL_UNMAP, DMA_CALL_SYNC_CPU, DMA_CALL_SYNC_DEVICE };

struct k_dma_record {
	dma_addr_t addr;
	u64 size;
	phys_addr_t phys;
	u8 kind; /* enum extent_kind of lib/check/tracker.h */
	u8 dir;
	int nents; /* of a list; 0 else */
};

struct k_dma_facts {
	u8 call;
	bool known; /* there is a record, `entry` */
	struct k_dma_record ref, entry;
	u32 list; /* both are the first segment of this mapped list; 0: of none */
};

/*
 * One thing that is wrong, as the finder knows it; lib/check turns it into a report. Only `rule` is required. Where
 * it happens to be known, more is better. Strings are copied. Fill with designated initialisers.
 */
struct finding {
	const char *rule;	 /* id of the catalogue (lib/check/rules.def) */
	struct device *dev;	 /* whose mapping or access */
	const char *device_name; /* if there is no struct device */
	dma_addr_t bus;		 /* first wrong byte, bus address */
	bool has_bus;
	const void *cpu;  /* first wrong byte, CPU address */
	phys_addr_t phys; /* first wrong byte, physical */
	bool has_phys;
	size_t buffer_size;	 /* of the mapping or allocation concerned; 0 unknown */
	const char *buffer_kind; /* "mapping", "coherent block", "kmalloc object", ... */
	size_t offset;		 /* of the first wrong byte in it */
	size_t size;		 /* bytes concerned */
	int direction;		 /* of the mapping, plus 1; 0 = none */
	const char *act_verb;	 /* "write", "read", "unmap", "free", "fetch", "call" ... label of the act's line */
	const u8 *old_value, *new_value; /* host copies, nr_value bytes; NULL unknown */
	size_t nr_value;
	/* The three stacks. act = 0 means: the caller of the current library entry, see stack_entry() */
	stack_id act, mapped, handed;
	u64 act_time, mapped_time, handed_time; /* ns; act_time 0 = now */
	const char *mapped_verb;		/* "mapped" (default), "allocated", "freed" ... */
	const char *handed_by;			/* "dma_map_single", "dma_sync_single_for_device", ... */
	const char *handed_to;			/* "the device", "the CPU" */
	/* Ownership around the access: one letter a byte (D, C, U, w, .; see docs/reports.md), from map_start in the buffer. */
	const char *map;
	size_t map_start, nr_map;
	/* Free lines "label   text" for the report's body, ended by NULL label; at most 6. */
	struct {
		const char *label;
		char text[200];
	} more[6];
	/* Violations found by the snapshot guard name an interval, not a line. */
	bool interval;
	/* Two findings of one mistake: a non-zero token reports once per token and rule. */
	u64 mistake;
	struct k_dma_facts dma;
};

/* Installed by the rooms above; never NULL after boot (boot installs do-nothing defaults). */
struct kernel_hooks {
	void (*report)(struct dmasim_machine *m, const struct finding *f);
	/* Memory [phys, phys + size) is about to be freed (page block or slab object) by the current call. */
	void (*memory_freeing)(struct dmasim_machine *m, phys_addr_t phys, size_t size);
	/* A lookalike (memcpy, copy_to_user, complete ...) touches driver memory in the caller's name. */
	void (*cpu_access)(struct dmasim_machine *m, const volatile void *p, size_t n, bool write);
	/* A driver was unbound from dev, or dev goes away: report what it leaked. Returns the number of leaks. */
	size_t (*device_released)(struct dmasim_machine *m, struct device *dev, bool gone);
	/* A driver asks for the physical address or the page of kernel logical memory; function: static string. */
	void (*linear_asked)(struct dmasim_machine *m, const void *p, phys_addr_t phys, const char *function);
	/* The user program ends: its mappings go, before its files. */
	void (*user_exits)(struct dmasim_machine *m);
	/* ... and for the memory at a physical address where none is. */
	void (*nowhere_asked)(struct dmasim_machine *m, phys_addr_t phys, const char *function);
	/* Called at each safe point, cheap: settle what waits (values written, reports of signal handlers). */
	void (*settle)(struct dmasim_machine *m);
	/* A new struct device needs its DMA defaults (ops, masks, range map). */
	void (*device_setup)(struct dmasim_machine *m, struct device *dev);
	/* report_unchecked() and report_fact() of lib/check/check.h, for the rooms below it. name: static string. */
	void (*unchecked)(struct dmasim_machine *m, const char *name, u64 n);
	void (*fact)(struct dmasim_machine *m, const char *name, u64 value);
};

struct dmasim_machine {
	struct sim_machine *hw;
	struct kernel_hooks hooks;
	struct k_sched *sched;	      /* core/sched.c: tasks, baton, context */
	struct k_inject *inject;      /* core/inject.c */
	struct k_stacks *stacks;      /* core/stack.c */
	struct k_devices *devices;    /* core/device.c */
	struct k_irqs *irqs;	      /* core/irq.c */
	struct k_io *io;	      /* core/io.c */
	struct k_modules *modules;    /* core/module.c */
	struct k_log *log;	      /* core/printk.c */
	struct k_chardevs *chardevs;  /* core/chardev.c */
	struct mm *mm;		      /* mm/ */
	struct check *check;	      /* check/: the tracker's */
	struct check_report *reports; /* check/report.c */
	struct dma_debug *dma_debug;  /* check/dma_debug.c */
	struct k_debugfs *debugfs;    /* core/debugfs.c */
	struct dma *dma;	      /* dma/ */
	u32 serial;		      /* of this machine in the process, from 1: upper half of device handles */
	u32 nr_device_slots;
	struct dmasim_device_private **device_slots; /* by lower half of the handle; NULL = gone */
	u32 model_depth;			     /* register callbacks of device models that run; io.c */
	bool inject_armed;			     /* fast test for k_fails() */
	bool unsettled;				     /* hooks.settle() has something to do; set from anywhere */
	bool checks;				     /* cfg.checks */
	bool dying;				     /* destroy has begun */
	int pid;				     /* of the process that made it: unusable after fork() */
	bool held;				     /* some host thread uses it */
	uintptr_t told_frame; /* frame that runs a callback of dmasim_on_violation(); 0 = none. One may jump out */
	void (*on_stop)(const char *why, void *arg); /* dmasim_on_stop(): called by k_stop() */
	void *on_stop_arg;
	struct dmasim_machine *next; /* all live machines of the process, under a lock in boot.c */
};

/* Per host thread. initial-exec: one instruction to reach, also from the shared library. */
struct k_thread {
	struct dmasim_machine *current;
	uintptr_t stack_low, stack_high; /* bounds of this thread's stack; 0 = not asked yet */
	void *entry;			 /* frame of the public function being executed, for stack_entry() */
	void *task;			 /* struct task_struct of a simulated task's thread */
	bool forked;			 /* had a machine when this process was forked off */
};
extern __thread struct k_thread k_thread __attribute__((tls_model("initial-exec")));

/*
 * The current machine, for a lookalike that has no device argument. NULL, with dmasim_last_error() and one line on
 * stderr, when this thread has none; the caller then returns its failure value.
 */
struct dmasim_machine *k_no_machine(const char *function);
static inline struct dmasim_machine *k_machine(const char *function)
{
	struct dmasim_machine *m = k_thread.current;

	return k_likely(m != NULL) ? m : k_no_machine(function);
}

/* A call that cannot do without its object was given NULL: reports uninitialised-object, if there is a machine. */
void k_no_object(const char *function, const char *what);

/* Report through the hook. Never fails, never recurses. */
static inline void k_report(struct dmasim_machine *m, const struct finding *f)
{
	m->hooks.report(m, f);
}

/*
 * Should this call fail? For each failable lookalike, first thing after argument checks, with every name that driver
 * source may use for it: k_fails(m, "kzalloc", "kmalloc"). inject.c lists the names that exist.
 */
bool k_fails_slow(struct dmasim_machine *m, const char *name, const char *alias);
static inline bool k_fails(struct dmasim_machine *m, const char *name, const char *alias)
{
	return k_unlikely(m->inject_armed) && k_fails_slow(m, name, alias);
}

/* Room life cycle, called by boot.c in this order, and the exits in reverse. 0 or sim_error(). */
int k_debugfs_init(struct dmasim_machine *m);
void k_debugfs_exit(struct dmasim_machine *m);
int k_stacks_init(struct dmasim_machine *m);
void k_stacks_exit(struct dmasim_machine *m);
int k_inject_init(struct dmasim_machine *m);
void k_inject_exit(struct dmasim_machine *m);
int k_sched_init(struct dmasim_machine *m);
void k_sched_exit(struct dmasim_machine *m);
int k_irqs_init(struct dmasim_machine *m);
void k_irqs_exit(struct dmasim_machine *m);
int k_io_init(struct dmasim_machine *m);
void k_io_exit(struct dmasim_machine *m);
int k_devices_init(struct dmasim_machine *m);
void k_devices_exit(struct dmasim_machine *m);
int k_modules_init(struct dmasim_machine *m);
void k_modules_exit(struct dmasim_machine *m);
/*
 * Destroy, before any room exits: module exits run, then every live device is unbound, leak-checked and detached.
 * Both are called by boot.c in this order, in task context, with all hooks still installed.
 */
void k_modules_unload_all(struct dmasim_machine *m);
void k_devices_detach_all(struct dmasim_machine *m);
/* Deliver every interrupt that is pending and enabled, handlers between k_hardirq_enter() and k_hardirq_exit(). Called by
 * k_safe_point() when interrupts are on and the context is not a hard interrupt or an event. irq.c. */
void k_irqs_deliver(struct dmasim_machine *m);
/* Are we inside a device model: an event, or a register callback that an MMIO access of the driver called? io.c. */
static inline bool k_in_device_model(const struct dmasim_machine *m)
{
	return sim_in_event(m->hw) || m->model_depth;
}
/* In a device model: report kernel-call-in-event, true. */
bool k_model_call_slow(struct dmasim_machine *m, const char *function);
static inline bool k_model_call(struct dmasim_machine *m, const char *function)
{
	return k_unlikely(k_in_device_model(m)) && k_model_call_slow(m, function);
}

/* lib/core/boot.c reaches the upper rooms through one table that lib/boot/rooms.c fills (see there). */
struct k_room {
	const char *name;
	int (*init)(struct dmasim_machine *m);
	void (*exit)(struct dmasim_machine *m);
	size_t (*leaks)(struct dmasim_machine *m); /* report live leaks now; may be NULL */
};
extern const struct k_room k_rooms[]; /* in boot order, ended by a NULL name */

#endif
