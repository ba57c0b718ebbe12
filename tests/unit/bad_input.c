// SPDX-License-Identifier: MIT
/*
 * What users get wrong outside any one rule: nonsense as specs, sizes and ranges; machines ended at the wrong moment,
 * used by the wrong thread or process; logs that cannot be written. Each is an error that says
 * why, or one report; the library goes on.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include "sim/valgrind.h"
#include "tests/unit/sched_test.h"
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

static const char *const presets[] = {"pc", "worst"};

/* ---- spec strings ---- */

static void nonsense_specs(void **state)
{
	static const char *const specs[] = {
		"",
		",",
		",,,,",
		"=",
		"pc=",
		"pc,,ram",
		"pc,ram",
		"pc,ram=",
		"pc,ram=0",
		"pc,ram=-1",
		"pc,ram=1e9",
		"pc,ram=99999999999999999999",
		"pc,ram=18446744073709551615",
		"pc,ram=16777216T",
		"pc,ram=1",
		"pc,ram=4095",
		"worst,ram=1T,ram=banana",
		"pc,seed=",
		"pc,seed=-1",
		"pc,seed=1x",
		"pc,guard=",
		"pc,guard=+",
		"pc,guard=api+",
		"pc,guard=apiapi",
		"pc,bank=",
		"pc,bank=:",
		"pc,bank=0:",
		"pc,bank=:1M",
		"pc,bank=0:0",
		"pc,bank=1:4096",
		"pc,bank=0xfffffffffffff000:8K",
		"pc,bank=0:64M,bank=0:64M",
		"pc,bus_offset=1",
		"pc,bus_offset=0xffffffffffffffff",
		"PC ",
		" pc",
		"pc;ram=64M",
		"pc,pc",
		"worst,pc",
		"%s%n%s%n",
		"pc,%s=%n",
		"\xff\xfe",
		"pc,log=",
		"pc,log=/no/such/directory/log",
		"pc,json=/",
		"pc,report=yaml",
		"pc,colour=mauve",
		"pc,exitcode=-1",
		"pc,exitcode=256",
		"pc,host_limit=-1",
		"force.machine=pc",
		"pc,force.ram=1G",
		"pc,no_such=1",
	};
	char *huge = malloc(1 << 20);

	(void)state;
	for (size_t i = 0; i < sizeof(specs) / sizeof(*specs); i++) {
		struct dmasim_machine *machine;

		errno = 0;
		machine = dmasim_machine_create(specs[i]);
		if (machine) {
			print_error("\"%s\" made a machine\n", specs[i]);
			assert_int_equal(dmasim_machine_destroy(machine), 0);
			continue;
		}
		if (!*dmasim_last_error() || (errno != EINVAL && errno != ENOMEM && errno != EAGAIN))
			print_error("\"%s\": errno %d, \"%s\"\n", specs[i], errno, dmasim_last_error());
		assert_true(*dmasim_last_error());
		assert_true(errno == EINVAL || errno == ENOMEM || errno == EAGAIN);
	}
	assert_non_null(huge);
	memset(huge, ',', 1 << 20);
	huge[(1 << 20) - 1] = '\0';
	memcpy(huge, "pc", 2);
	if (dmasim_machine_create(huge))
		dmasim_machine_destroy(dmasim_machine_current());
	memset(huge, 'x', (1 << 20) - 1);
	assert_null(dmasim_machine_create(huge));
	assert_int_equal(errno, EINVAL);
	assert_true(strlen(dmasim_last_error()) < 4096);
	free(huge);
	assert_null(dmasim_machine_current());
}

/* ---- devices and sizes that are none ---- */

static const size_t sizes[] = {0, SIZE_MAX, SIZE_MAX - 4095, SIZE_MAX / 2 + 1, (size_t)1 << 47};

/* One call, at most one report; and the machine goes on. */
#define AT_MOST_ONE(call)                                                                                         \
	do {                                                                                                      \
		call;                                                                                             \
		if (dmasim_violation_count() > 1)                                                                 \
			print_error("%s: %s\n%s\n", #call, dmasim_violation(0)->text, dmasim_violation(1)->text); \
		assert_true(dmasim_violation_count() <= 1);                                                       \
		dmasim_violations_clear();                                                                        \
	} while (0)

static void impossible_sizes(void **state)
{
	(void)state;
	for (size_t p = 0; p < 2; p++) {
		struct device *dev;
		dma_addr_t bus, handle;
		char byte = 0, *buf;

		begin(presets[p]);
		dev = dmasim_device_create("dev0");
		buf = kmalloc(4096, GFP_KERNEL);
		assert_non_null(buf);
		for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
			size_t n = sizes[i];

			AT_MOST_ONE(bus = dma_map_single(dev, buf, n, DMA_TO_DEVICE));
			assert_int_not_equal(dma_mapping_error(dev, bus), 0);
			AT_MOST_ONE(bus = dma_map_page(dev, virt_to_page(buf), n, 16, DMA_TO_DEVICE));
			if (!dma_mapping_error(dev, bus)) /* offset 0 is legal */
				AT_MOST_ONE(dma_unmap_page(dev, bus, 16, DMA_TO_DEVICE));
			AT_MOST_ONE(bus = dma_map_resource(dev, 0xfe000000, n, DMA_TO_DEVICE, 0));
			assert_int_not_equal(dma_mapping_error(dev, bus), 0);
			AT_MOST_ONE(assert_null(dma_alloc_coherent(dev, n, &handle, GFP_KERNEL)));
			AT_MOST_ONE(kfree(kmalloc(n, GFP_KERNEL)));
			AT_MOST_ONE(vfree(vmalloc(n)));
			AT_MOST_ONE(assert_null(alloc_pages_exact(n, GFP_KERNEL)));
			AT_MOST_ONE(assert_null(ioremap(0xfe000000, n)));
			AT_MOST_ONE(assert_null(dmasim_device_add_mmio(dev, n, NULL, NULL)));
			AT_MOST_ONE(assert_int_not_equal(dmasim_adopt_memory(buf, n), 0));
			if (n)
				AT_MOST_ONE(assert_null(kmalloc_array(n, 2, GFP_KERNEL)));

			bus = dma_map_single(dev, buf, 4096, DMA_BIDIRECTIONAL);
			assert_int_equal(dma_mapping_error(dev, bus), 0);
			AT_MOST_ONE(dma_sync_single_for_cpu(dev, bus, n, DMA_BIDIRECTIONAL));
			AT_MOST_ONE(dma_sync_single_for_device(dev, bus, n, DMA_BIDIRECTIONAL));
			AT_MOST_ONE(dma_sync_single_range_for_cpu(dev, bus, n, n, DMA_BIDIRECTIONAL));
			AT_MOST_ONE(dma_sync_single_range_for_device(dev, bus, n, 4096, DMA_BIDIRECTIONAL));
			AT_MOST_ONE(dma_unmap_single(dev, bus, n, DMA_BIDIRECTIONAL));
			assert_int_equal(dmasim_check_leaks(), 0);
		}
		assert_int_equal(dmasim_device_read(dev, 0, &byte, 0), -EINVAL);
		assert_int_equal(dmasim_device_read(dev, 16, &byte, SIZE_MAX), -EINVAL);
		assert_int_equal(dmasim_device_write(dev, ULLONG_MAX, &byte, 2), -EINVAL);
		assert_int_equal(dmasim_device_start_write(dev, ULLONG_MAX, &byte, 2, 10, NULL, NULL), -EINVAL);
		dmasim_violations_clear();
		kfree(buf);
		end();
	}
}

static void null_devices(void **state)
{
	(void)state;
	for (size_t p = 0; p < 2; p++) {
		dma_addr_t bus, handle = 0;
		void *buf;

		begin(presets[p]);
		buf = kmalloc(256, GFP_KERNEL);
		AT_MOST_ONE(bus = dma_map_single(NULL, buf, 256, DMA_TO_DEVICE));
		assert_int_not_equal(dma_mapping_error(NULL, bus), 0);
		AT_MOST_ONE(dma_unmap_single(NULL, 4096, 256, DMA_TO_DEVICE));
		AT_MOST_ONE(dma_sync_single_for_cpu(NULL, 4096, 256, DMA_TO_DEVICE));
		AT_MOST_ONE(dma_sync_single_for_device(NULL, 4096, 256, DMA_TO_DEVICE));
		AT_MOST_ONE(dma_free_coherent(NULL, 256, dma_alloc_coherent(NULL, 256, &handle, GFP_KERNEL), handle));
		AT_MOST_ONE(assert_int_not_equal(dma_set_mask(NULL, DMA_BIT_MASK(32)), 0));
		AT_MOST_ONE(assert_int_not_equal(dma_set_mask_and_coherent(NULL, DMA_BIT_MASK(32)), 0));
		AT_MOST_ONE(dma_get_required_mask(NULL));
		assert_int_equal(dmasim_device_read(NULL, 0, buf, 1), -EINVAL);
		assert_int_equal(dmasim_device_raise_irq(NULL), -EINVAL);
		dmasim_device_destroy(NULL);
		kfree(buf);
		end();
	}
}

/* Ranges that are legal but ugly, then ones that wrap. */
static void misaligned_and_wrapping_ranges(void **state)
{
	(void)state;
	for (size_t p = 0; p < 2; p++) {
		struct device *dev;
		unsigned char *buf, byte = 0x5a;
		dma_addr_t bus;

		begin(presets[p]);
		dev = dmasim_device_create("dev0");
		assert_int_equal(dma_set_mask_and_coherent(dev, DMA_BIT_MASK(64)), 0);
		buf = kmalloc(3 * 4096, GFP_KERNEL);
		assert_non_null(buf);
		for (unsigned int off = 1; off < 4096; off += 1023) {
			bus = dma_map_single(dev, buf + off, 4099, DMA_BIDIRECTIONAL);
			assert_int_equal(dma_mapping_error(dev, bus), 0);
			assert_int_equal(dmasim_device_write(dev, bus + 4098, &byte, 1), 0);
			dma_sync_single_range_for_cpu(dev, bus, 4097, 2, DMA_BIDIRECTIONAL);
			assert_int_equal(buf[off + 4098], 0x5a);
			dma_sync_single_range_for_device(dev, bus, 4097, 2, DMA_BIDIRECTIONAL);
			dma_unmap_single(dev, bus, 4099, DMA_BIDIRECTIONAL);
		}
		expect("", 0);
		AT_MOST_ONE(bus = dma_map_single(dev, (void *)(uintptr_t)-16, 4096, DMA_TO_DEVICE));
		if (!dma_mapping_error(dev, bus))
			AT_MOST_ONE(dma_unmap_single(dev, bus, 4096, DMA_TO_DEVICE));
		AT_MOST_ONE(dma_unmap_single(dev, (dma_addr_t)-16, 4096, DMA_TO_DEVICE));
		AT_MOST_ONE(dma_sync_single_for_cpu(dev, (dma_addr_t)-16, 4096, DMA_TO_DEVICE));
		AT_MOST_ONE(assert_null(ioremap((phys_addr_t)-4096, 8192)));
		assert_int_equal(dmasim_adopt_memory((void *)(uintptr_t)-16, 4096), -EINVAL);
		kfree(buf);
		end();
	}
}

/* ---- machines that end at the wrong moment ---- */

static void live_devices_and_transfers(void **state)
{
	static unsigned char target[4096];

	(void)state;
	for (size_t p = 0; p < 2; p++) {
		struct device *dev;
		dma_addr_t bus, handle;
		void *buf;

		begin(presets[p]);
		dev = dmasim_device_create("dev0");
		buf = kmalloc(4096, GFP_KERNEL);
		bus = dma_map_single(dev, buf, 4096, DMA_BIDIRECTIONAL);
		assert_int_equal(dma_mapping_error(dev, bus), 0);
		assert_non_null(dma_alloc_coherent(dev, 64, &handle, GFP_KERNEL));
		assert_int_equal(dmasim_device_start_read(dev, bus, target, 4096, 1000000, NULL, NULL), 0);
		assert_int_equal(dmasim_device_start_write(dev, bus, target, 64, 2000000, NULL, NULL), 0);
		assert_int_equal(dmasim_machine_destroy(m), 0);
		assert_null(dmasim_machine_current());
		assert_non_null(dmasim_verdict()); /* all of it was said */
	}
}

static int refusals;

static irqreturn_t ends_the_machine(int irq, void *data)
{
	(void)irq;
	(void)data;
	refusals += dmasim_machine_destroy(m) == -EBUSY;
	return IRQ_HANDLED;
}

static void ends_it_in_work(struct work_struct *work)
{
	(void)work;
	refusals += dmasim_machine_destroy(m) == -EBUSY;
}

static void ends_it_when_done(void *arg, int err)
{
	(void)arg;
	(void)err;
	refusals += dmasim_machine_destroy(m) == -EBUSY;
}

static void ends_it_on_violation(const struct dmasim_violation *v, void *arg)
{
	(void)v;
	(void)arg;
	dmasim_on_violation(NULL, NULL);
	refusals += dmasim_machine_destroy(m) == -EBUSY;
}

static void destroyed_from_everywhere(void **state)
{
	static unsigned char target[64];
	DECLARE_WORK(work, ends_it_in_work);
	struct device *dev;
	dma_addr_t bus;
	void *buf;
	int irq;

	(void)state;
	begin("pc");
	refusals = 0;
	dev = dmasim_device_create("dev0");
	irq = dmasim_device_irq(dev);
	assert_int_equal(request_irq((unsigned int)irq, ends_the_machine, 0, "ends", dev), 0);
	assert_int_equal(dmasim_device_raise_irq(dev), 0);
	dmasim_run_for(1000);
	assert_int_equal(refusals, 1);
	expect("destroy-in-driver", 1);
	free_irq((unsigned int)irq, dev);

	schedule_work(&work);
	msleep(10);
	assert_int_equal(refusals, 2);
	expect("destroy-in-driver", 1);

	buf = kmalloc(64, GFP_KERNEL);
	bus = dma_map_single(dev, buf, 64, DMA_TO_DEVICE);
	assert_int_equal(dma_mapping_error(dev, bus), 0);
	assert_int_equal(dmasim_device_start_read(dev, bus, target, 64, 100, ends_it_when_done, NULL), 0);
	dmasim_run_for(1000);
	assert_int_equal(refusals, 3);
	expect("destroy-in-driver", 1);
	dma_unmap_single(dev, bus, 64, DMA_TO_DEVICE);

	dmasim_on_violation(ends_it_on_violation, NULL);
	dma_unmap_single(dev, bus, 64, DMA_TO_DEVICE);
	assert_int_equal(refusals, 4);
	assert_int_equal(dmasim_violation_count_of("double-unmap"), 1);
	dmasim_violations_clear();
	kfree(buf);
	end();
}

/* ---- threads and processes ---- */

static struct device *shared_dev;
static unsigned char *shared_buf;

static void *works_on_it(void *arg)
{
	struct dmasim_machine *machine = arg;

	if (dmasim_machine_use(machine))
		return NULL;
	for (int i = 0; i < 200; i++) {
		dma_addr_t bus = dma_map_single(shared_dev, shared_buf, 64, DMA_TO_DEVICE);

		if (dma_mapping_error(shared_dev, bus))
			return NULL;
		udelay(1);
		dma_unmap_single(shared_dev, bus, 64, DMA_TO_DEVICE);
		dmasim_machine_use(NULL);
		dmasim_machine_use(machine);
	}
	dmasim_machine_use(NULL);
	return arg;
}

static void one_machine_goes_from_hand_to_hand(void **state)
{
	pthread_t threads[3];
	void *result;

	(void)state;
	begin("worst");
	shared_dev = dmasim_device_create("dev0");
	shared_buf = kmalloc(64, GFP_KERNEL);
	dmasim_machine_use(NULL);
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, works_on_it, m), 0);
	for (int i = 0; i < 3; i++) {
		pthread_join(threads[i], &result);
		assert_ptr_equal(result, m);
	}
	dmasim_machine_use(m);
	kfree(shared_buf);
	end();
}

/* A thread that was never given the machine touches its memory and calls the kernel. */
static void *intrudes(void *arg)
{
	dma_addr_t bus;

	dmasim_store8(arg, 1); /* not checked: no machine here */
	if (kmalloc(16, GFP_KERNEL))
		return arg;
	bus = dma_map_single(shared_dev, arg, 64, DMA_TO_DEVICE);
	if (!dma_mapping_error(shared_dev, bus))
		return arg;
	dma_unmap_single(shared_dev, bus, 64, DMA_TO_DEVICE);
	dma_sync_single_for_cpu(shared_dev, 4096, 64, DMA_TO_DEVICE);
	if (dmasim_device_write(shared_dev, 4096, "x", 1) == 0)
		return arg;
	if (dmasim_device_raise_irq(shared_dev) == 0)
		return arg;
	dmasim_device_destroy(shared_dev);
	return NULL;
}

static void threads_without_the_baton(void **state)
{
	pthread_t thread;
	void *result;
	dma_addr_t bus;

	(void)state;
	begin("pc");
	shared_dev = dmasim_device_create("dev0");
	shared_buf = kmalloc(64, GFP_KERNEL);
	bus = dma_map_single(shared_dev, shared_buf, 64, DMA_FROM_DEVICE);
	assert_int_equal(dma_mapping_error(shared_dev, bus), 0);
	assert_int_equal(pthread_create(&thread, NULL, intrudes, shared_buf), 0);
	pthread_join(thread, &result);
	assert_null(result);
	assert_string_equal(dmasim_device_name(shared_dev), "dev0");
	dma_unmap_single(shared_dev, bus, 64, DMA_FROM_DEVICE);
	expect("cpu-write-while-device-owns", 1); /* its store, found by the contents */
	kfree(shared_buf);
	end();
}

static int child_uses_everything(struct device *dev, unsigned char *buf, dma_addr_t bus)
{
	struct dmasim_machine *own;

	if (kmalloc(16, GFP_KERNEL))
		return 1;
	kfree(buf);
	if (!dma_mapping_error(dev, dma_map_single(dev, buf, 64, DMA_TO_DEVICE)))
		return 6;
	dma_unmap_single(dev, bus, 64, DMA_TO_DEVICE);
	dma_sync_single_for_cpu(dev, bus, 64, DMA_TO_DEVICE);
	if (!dmasim_device_read(dev, bus, &bus, 1) || !dmasim_device_raise_irq(dev))
		return 2;
	dmasim_device_destroy(dev);
	dmasim_device_plug(dev);
	dmasim_check_leaks();
	if (dmasim_violation_count() || dmasim_load_module("none") >= 0)
		return 3;
	own = dmasim_machine_create("worst,report=none,summary=off");
	if (!own)
		return 4;
	dmasim_device_write(dev, 0, "x", 1); /* a device of another machine */
	if (!kmalloc(16, GFP_KERNEL))
		return 5;
	return 0; /* the own machine is left to exit() */
}

static void a_forked_child_uses_everything(void **state)
{
	struct device *dev;
	unsigned char *buf;
	dma_addr_t bus;

	(void)state;
	for (size_t p = 0; p < 2; p++) {
		pid_t child;
		int status;

		begin(presets[p]);
		dev = dmasim_device_create("dev0");
		buf = kmalloc(64, GFP_KERNEL);
		memset(buf, 0x33, 64);
		bus = dma_map_single(dev, buf, 64, DMA_TO_DEVICE);
		assert_int_equal(dma_mapping_error(dev, bus), 0);
		fflush(NULL);
		child = fork();
		if (child == 0) {
			if (!freopen("/dev/null", "w", stderr))
				_exit(9);
			_exit(child_uses_everything(dev, buf, bus));
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
		dma_unmap_single(dev, bus, 64, DMA_TO_DEVICE);
		kfree(buf);
		end();
	}
}

/* ---- loops in which no time passes ---- */

static void polls_without_a_safe_point(void **state)
{
	volatile u32 *never;
	u32 value = 0;
	bool stopped_it;

	(void)state;
	if (RUNNING_ON_VALGRIND)
		skip(); /* it takes the stack that the watchdog's signal handler returns to for unused */
	begin("pc,watchdog=1");
	never = kzalloc(4, GFP_KERNEL);
	stopped_it = STOPS(while (!*never) value++);
	(void)value;
	assert_true(stopped_it);
	assert_int_equal(dmasim_violation_count_of("spin-without-safe-point"), 1);
	assert_int_equal(dmasim_machine_destroy(m), 0);
}

/* ---- reports ---- */

static void reports_three_times(const char *log, bool close_stderr)
{
	char spec[128];
	struct dmasim_machine *machine;
	struct device *dev;

	if (close_stderr)
		close(STDERR_FILENO);
	snprintf(spec, sizeof(spec), "pc,summary=on,verbose=on%s%s", *log ? ",log=" : "", log);
	machine = dmasim_machine_create(spec);
	if (!machine)
		_exit(2);
	dev = dmasim_device_create("dev0");
	dma_unmap_single(dev, 4096, 16, DMA_TO_DEVICE);
	dma_unmap_single(dev, 8192, 16, DMA_TO_DEVICE);
	dma_sync_single_for_cpu(dev, 4096, 16, DMA_TO_DEVICE);
	if (dmasim_violation_count() != 3 || !strstr(dmasim_violation(0)->text, "unmap-unknown"))
		_exit(3);
	if (dmasim_machine_destroy(machine))
		_exit(4);
	_exit(0);
}

static void logs_that_cannot_be_written(void **state)
{
	static const struct {
		const char *log;
		bool close_stderr;
	} cases[] = {{"/dev/full", false}, {"/dev/full", true}, {"", true}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int status;
		pid_t child;

		fflush(NULL);
		child = fork();
		if (child == 0) {
			if (!cases[i].close_stderr && !freopen("/dev/full", "w", stderr))
				_exit(9);
			reports_three_times(cases[i].log, cases[i].close_stderr);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
}

static unsigned char *owned;
static struct device *owner;
static dma_addr_t owned_bus;

static void touches(int sig)
{
	(void)sig;
	dmasim_store8(owned + 3, 7);
	dma_sync_single_for_cpu(owner, owned_bus + 64, 64, DMA_FROM_DEVICE);
}

static void signal_handlers_touch_what_the_device_owns(void **state)
{
	(void)state;
	begin("pc");
	owner = dmasim_device_create("dev0");
	owned = kmalloc(64, GFP_KERNEL);
	owned_bus = dma_map_single(owner, owned, 64, DMA_FROM_DEVICE);
	assert_int_equal(dma_mapping_error(owner, owned_bus), 0);
	signal(SIGUSR1, touches);
	raise(SIGUSR1);
	dmasim_run_for(10);
	assert_int_equal(dmasim_violation_count_of("cpu-write-while-device-owns"), 1);
	dmasim_violations_clear();
	signal(SIGUSR1, SIG_DFL);
	dma_unmap_single(owner, owned_bus, 64, DMA_FROM_DEVICE);
	kfree(owned);
	end();
}

/* A violation inside the callback that is told of violations. */
static void violates(const struct dmasim_violation *v, void *arg)
{
	(void)v;
	++*(int *)arg;
	dmasim_store8(owned, 1);
	dmasim_device_write(owner, owned_bus + 4096, "x", 1);
	raise(SIGUSR1);
}

static void violations_while_one_is_told(void **state)
{
	int calls = 0;

	(void)state;
	begin("pc");
	owner = dmasim_device_create("dev0");
	owned = kmalloc(64, GFP_KERNEL);
	owned_bus = dma_map_single(owner, owned, 64, DMA_FROM_DEVICE);
	assert_int_equal(dma_mapping_error(owner, owned_bus), 0);
	signal(SIGUSR1, touches);
	dmasim_on_violation(violates, &calls);
	dma_sync_single_for_cpu(owner, 8, 8, DMA_TO_DEVICE);
	dmasim_run_for(10);
	dmasim_on_violation(NULL, NULL);
	signal(SIGUSR1, SIG_DFL);
	assert_true(calls >= 1 && calls < 200);
	assert_int_equal(dmasim_violation_count_of("cpu-write-while-device-owns") > 0, 1);
	dmasim_violations_clear();
	dma_unmap_single(owner, owned_bus, 64, DMA_FROM_DEVICE);
	dmasim_violations_clear();
	kfree(owned);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nonsense_specs),
		cmocka_unit_test(impossible_sizes),
		cmocka_unit_test(null_devices),
		cmocka_unit_test(misaligned_and_wrapping_ranges),
		cmocka_unit_test(live_devices_and_transfers),
		cmocka_unit_test(destroyed_from_everywhere),
		cmocka_unit_test(one_machine_goes_from_hand_to_hand),
		cmocka_unit_test(threads_without_the_baton),
		cmocka_unit_test(a_forked_child_uses_everything),
		cmocka_unit_test(polls_without_a_safe_point),
		cmocka_unit_test(logs_that_cannot_be_written),
		cmocka_unit_test(signal_handlers_touch_what_the_device_owns),
		cmocka_unit_test(violations_while_one_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
