/* SPDX-License-Identifier: MIT */
/*
 * Machines: create, use, let time pass, destroy.
 *
 * A machine is a whole small computer in this process: RAM, address spaces, a bus, interrupt lines, a clock, and
 * the kernel software that drives them. Several may exist at once, and run in parallel in different host threads;
 * one machine is used by one thread at a time.
 */
#ifndef DMASIM_MACHINE_H
#define DMASIM_MACHINE_H

#include <dmasim/types.h>

/**
 * dmasim_machine_create() - make a machine and boot its kernel software
 * @spec: a preset name, then overrides, separated by commas: "pc,ram=512M,seed=7". NULL means "worst": the
 *        harshest machine this version models. Defaults are taken from the environment variable DMASIM_OPTIONS
 *        (same grammar, without a preset); an entry "force.KEY=VALUE" there overrides explicit specs, and
 *        "force.machine=PRESET" the preset itself.
 *
 * The machine becomes the current one of the calling host thread if the thread has none.
 *
 * Context: a test's or program's main code; not from driver callbacks.
 * Return: the machine, to be given to dmasim_machine_destroy(); or NULL with errno EINVAL (the spec: the message
 *         lists what is valid), ENOMEM or EAGAIN (address space or host limits). dmasim_last_error() says why.
 */
DMASIM_API struct dmasim_machine *dmasim_machine_create(const char *spec);

/*
 * Layout of what programs and the library share: struct device, struct page, locks, ... Raised when one of them changes.
 * Programs pass on the number of the headers they were compiled with, and create refuses (EINVAL) one that is not the
 * library's, because nothing else would notice.
 */
#define DMASIM_ABI 1
DMASIM_API struct dmasim_machine *dmasim_machine_create_abi(const char *spec, unsigned int abi);
#define dmasim_machine_create(spec) dmasim_machine_create_abi(spec, DMASIM_ABI)

/**
 * dmasim_machine_destroy() - shut a machine down, check for leaks, free it
 * @machine: the machine; NULL is ignored
 *
 * In order: ask tasks to stop, as kthread_stop() and then a signal would; run module exits and detach each live device
 * (with its leak check, and a report of DMA in flight) while events and tasks are still alive, as correct drivers wait
 * for their device there; abandon tasks that still run, and drop what is still pending, both counted; check the
 * machine for leaks; print the summary; free. Memory of a `struct device` that the user embedded is never freed.
 *
 * Context: not from driver callbacks, interrupt handlers or simulated tasks: refused there with a report.
 * Return: 0; -EBUSY where refused; -EINVAL for something that is not a live machine.
 */
DMASIM_API int dmasim_machine_destroy(struct dmasim_machine *machine);

/**
 * dmasim_machine_use() - choose the calling thread's current machine
 * @machine: the machine, or NULL for none
 *
 * Waits while another host thread holds @machine; that thread lets go by using another machine or NULL, or by
 * ending.
 *
 * Return: the machine that was current before, or NULL.
 */
DMASIM_API struct dmasim_machine *dmasim_machine_use(struct dmasim_machine *machine);

/** dmasim_machine_current() - the calling thread's current machine, or NULL */
DMASIM_API struct dmasim_machine *dmasim_machine_current(void);

/**
 * dmasim_last_error() - why the last native call of this thread failed
 *
 * Return: a sentence, never NULL; valid until the thread's next failing call. Empty if none failed yet.
 */
DMASIM_API const char *dmasim_last_error(void);

/**
 * dmasim_on_stop() - who ends the test when the current machine cannot go on (a deadlock, an endless poll)
 * @fn:  told why, after the report; runs on the thread that created the machine, may longjmp() out, as test frameworks
 *       do. NULL, or when it returns: the process exits with status 99
 * @arg: given to @fn
 */
DMASIM_API void dmasim_on_stop(void (*fn)(const char *why, void *arg), void *arg);

/** dmasim_version() - the library's version, "MAJOR.MINOR.PATCH" */
DMASIM_API const char *dmasim_version(void);

/**
 * dmasim_check_leaks() - report what lives now and should not at the end
 *
 * Reports each live mapping, coherent block and interrupt of the current machine, once each however often called.
 *
 * Return: how many there are now; 0 also without a current machine (dmasim_last_error() then says so).
 */
DMASIM_API size_t dmasim_check_leaks(void);

/**
 * dmasim_dump_pools() - the dma_pools there are, as the `pools` file of a device in the kernel's sysfs shows them
 * @dev:  whose; NULL: all of the current machine
 * @buf:  gets the text, always ended by a zero; may be NULL if @size is 0
 * @size: bytes of @buf
 *
 * One line a pool, after a line of heading: name, blocks in use, blocks that its pages have room for, bytes of a block as
 * rounded, pages. Kernels before 6.3 print more room than there is, with pool_quirk=on; this does not.
 *
 * Return: the length of the whole text, as snprintf(); 0 without a current machine.
 */
DMASIM_API size_t dmasim_dump_pools(struct device *dev, char *buf, size_t size);

/**
 * dmasim_run_for() - let simulated time pass on the current machine
 * @ns: nanoseconds
 *
 * Devices act and interrupts arrive meanwhile. A safe point. May not be called from hard-interrupt context.
 */
DMASIM_API void dmasim_run_for(uint64_t ns);

/**
 * dmasim_run_until_idle() - let time pass until no event is pending and no task can run
 * @max_ns: give up after this much simulated time
 *
 * Return: true when idle; false if still busy after @max_ns.
 */
DMASIM_API bool dmasim_run_until_idle(uint64_t max_ns);

/**
 * dmasim_after() - run a function as a hardware event
 * @ns:  how far in the simulated future, from now
 * @fn:  runs in event context: what a device may do (dmasim_device_*), not what a driver may do (no kernel names)
 * @arg: given to @fn
 *
 * Dropped, and counted in the summary, when the machine is destroyed first.
 */
DMASIM_API void dmasim_after(uint64_t ns, void (*fn)(void *), void *arg);

/** dmasim_now() - simulated nanoseconds since the current machine was created */
DMASIM_API uint64_t dmasim_now(void);

/**
 * dmasim_load_module() - run the module_init() function of driver code linked into this program
 * @name: the module's name (its KBUILD_MODNAME, by default the source file's name without .c), or NULL for all
 *        that are not loaded yet, in link order
 *
 * The module's exit function runs at dmasim_unload_module() or when the machine is destroyed, in reverse order.
 * Static variables of the driver live on from machine to machine, as the code is in the program only once.
 *
 * Return: what the init function returned; -ENOENT for an unknown name, -EEXIST if loaded already.
 */
DMASIM_API int dmasim_load_module(const char *name);

/** dmasim_unload_module() - run a loaded module's exit function; 0, or -ENOENT if it is not loaded */
DMASIM_API int dmasim_unload_module(const char *name);

/**
 * dmasim_choice() - take a decision from the machine's one source of chance
 * @kind: what is decided, a short word such as "latency": choices of different kinds do not disturb each other
 * @n:    number of alternatives, at least 1
 *
 * Same seed, same sequence of calls, same answers. For device models and tests.
 *
 * Return: 0 .. n - 1; 0 without a current machine.
 */
DMASIM_API unsigned int dmasim_choice(const char *kind, unsigned int n);

/**
 * dmasim_fail_call() - make a call fail as in life
 * @function: the function's name as driver source spells it: "dma_map_single", "kzalloc" (which is also a
 *            "kmalloc"), "request_irq", "dma_alloc_coherent", "pci_enable_device", ...
 * @nth:      which call from now fails: 1 the next, 2 the one after; 0 cancels
 *
 * The call then does what the kernel's does on failure: no side effect, the failure value of its documentation.
 *
 * Return: 0; -EINVAL for a name that cannot fail (dmasim_last_error() lists those that can), -ENODEV without a
 *         current machine.
 */
DMASIM_API int dmasim_fail_call(const char *function, unsigned int nth);

/** dmasim_fail_from() - as dmasim_fail_call(), but that call and every later one fail */
DMASIM_API int dmasim_fail_from(const char *function, unsigned int nth);

#endif
