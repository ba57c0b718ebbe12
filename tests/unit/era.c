// SPDX-License-Identifier: MIT
/*
 * The calls of older kernels, compiled against include/era/2.6 alone: each does what today's does, under the name that
 * the driver wrote, and today's checks see it by that name.
 */
#include <linux/pci.h>
#include <linux/highmem.h>
#include <linux/interrupt.h>
#include <linux/mm.h>
#include <linux/semaphore.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/version.h>
#include <linux/workqueue.h>
#include <asm/dma.h>
#include <asm/io.h>
#include <string.h>
#define FIXTURE_MASK 0
#include "tests/unit/dma_fixture.h"

#define N 512

static struct pci_dev *pdev;

static void begin_pci(const char *spec)
{
	static const struct dmasim_pci_config config = {.name = "dad1", .vendor = 0x1234, .device = 1};

	begin(spec);
	pdev = to_pci_dev(dmasim_pci_device_create(&config));
	assert_non_null(pdev);
	assert_int_equal(pci_enable_device(pdev), 0);
	pci_set_master(pdev);
	assert_int_equal(pci_set_dma_mask(pdev, DMA_32BIT_MASK), 0);
	assert_int_equal(pci_set_consistent_dma_mask(pdev, DMA_32BIT_MASK), 0);
}

/* The last report names the function as the driver wrote it. */
static void reported(const char *rule, const char *function)
{
	size_t i = dmasim_violation_count();

	assert_true(i > 0);
	assert_string_equal(dmasim_violation(i - 1)->rule, rule);
	if (!strstr(dmasim_violation(i - 1)->text, function))
		print_error("no %s in:\n%s\n", function, dmasim_violation(i - 1)->text);
	assert_non_null(strstr(dmasim_violation(i - 1)->text, function));
	dmasim_violations_clear();
}

static void streaming(void **state)
{
	u8 *buf, got = 0;
	dma_addr_t bus;

	(void)state;
	begin_pci("pc");
	buf = kmalloc(N, SLAB_KERNEL);
	buf[3] = 42;
	bus = pci_map_single(pdev, buf, N, PCI_DMA_TODEVICE);
	assert_false(pci_dma_mapping_error(pdev, bus));
	assert_int_equal(dmasim_device_read(&pdev->dev, bus + 3, &got, 1), 0);
	assert_int_equal(got, 42);
	pci_unmap_single(pdev, bus, N, PCI_DMA_TODEVICE);

	bus = pci_map_page(pdev, virt_to_page(buf), (unsigned long)buf & ~PAGE_MASK, N, PCI_DMA_FROMDEVICE);
	assert_false(pci_dma_mapping_error(bus)); /* as until 2.6.26 */
	assert_int_equal(dmasim_device_write(&pdev->dev, bus, "\7", 1), 0);
	pci_dma_sync_single_for_cpu(pdev, bus, N, PCI_DMA_FROMDEVICE);
	assert_int_equal(buf[0], 7);
	pci_dma_sync_single_for_device(pdev, bus, N, PCI_DMA_FROMDEVICE);
	pci_dma_sync_single(pdev, bus, N, PCI_DMA_FROMDEVICE);
	pci_unmap_page(pdev, bus, N, PCI_DMA_FROMDEVICE);

	bus = dma_map_single(&pdev->dev, buf, N, DMA_BIDIRECTIONAL);
	assert_false(dma_mapping_error(bus));
	dma_sync_single(&pdev->dev, bus, N, DMA_BIDIRECTIONAL);
	dma_sync_single_range(&pdev->dev, bus, 8, 8, DMA_BIDIRECTIONAL);
	dma_unmap_single(&pdev->dev, bus, N, DMA_BIDIRECTIONAL);
	kfree(buf);
	end(0);
}

static void names_in_reports(void **state)
{
	struct scatterlist sg[2];
	u8 *buf, *cpu;
	dma_addr_t bus, handle;

	(void)state;
	begin_pci("pc");
	buf = kmalloc(N, GFP_KERNEL);
	bus = pci_map_single(pdev, buf, N, PCI_DMA_TODEVICE);
	assert_false(pci_dma_mapping_error(pdev, bus));
	pci_unmap_single(pdev, bus, N / 2, PCI_DMA_TODEVICE);
	reported("unmap-wrong-size", "pci_unmap_single");
	bus = pci_map_single(pdev, buf, N, PCI_DMA_TODEVICE);
	assert_false(pci_dma_mapping_error(pdev, bus));
	pci_unmap_sg(pdev, sg, 0, PCI_DMA_NONE);
	reported("invalid-direction", "pci_unmap_sg");
	pci_unmap_page(pdev, bus, N, PCI_DMA_FROMDEVICE);
	reported("unmap-wrong-direction", "pci_unmap_page");
	assert_true(pci_map_single(pdev, buf, 0, PCI_DMA_TODEVICE) == DMA_ERROR_CODE);
	reported("map-bad-size", "pci_map_single");
	assert_true(pci_map_page(pdev, virt_to_page(buf), 0, 8, PCI_DMA_NONE) == DMA_ERROR_CODE);
	reported("invalid-direction", "pci_map_page");
	assert_int_equal(pci_map_sg(pdev, sg, 0, PCI_DMA_TODEVICE), 0);
	reported("map-bad-size", "pci_map_sg");
	pci_dma_sync_single_for_cpu(pdev, bus, 8, PCI_DMA_TODEVICE);
	reported("sync-after-unmap", "pci_dma_sync_single_for_cpu");
	cpu = pci_alloc_consistent(pdev, N, &handle);
	assert_non_null(cpu);
	pci_free_consistent(pdev, N + 1, cpu, handle);
	reported("coherent-free-mismatch", "pci_free_consistent");
	kfree(buf);
	end(0);
}

static void failures(void **state)
{
	static const char *const names[] = {"pci_map_single", "dma_map_single"};
	struct scatterlist sg[1];
	dma_addr_t handle = 0, bus;
	u8 *buf;

	(void)state;
	begin_pci("pc");
	buf = kmalloc(N, GFP_KERNEL);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(dmasim_fail_call(names[i], 1), 0);
		bus = pci_map_single(pdev, buf, N, PCI_DMA_TODEVICE);
		assert_true(bus == DMA_ERROR_CODE);
		assert_true(pci_dma_mapping_error(pdev, bus) && pci_dma_mapping_error(bus) && dma_mapping_error(bus));
	}
	assert_int_equal(dmasim_fail_call("pci_map_page", 1), 0);
	assert_true(pci_map_page(pdev, virt_to_page(buf), 0, 8, PCI_DMA_TODEVICE) == DMA_ERROR_CODE);
	sg[0].page = virt_to_page(buf);
	sg[0].offset = (unsigned int)((unsigned long)buf & ~PAGE_MASK);
	sg[0].length = N;
	assert_int_equal(dmasim_fail_call("pci_map_sg", 1), 0);
	assert_int_equal(pci_map_sg(pdev, sg, 1, PCI_DMA_TODEVICE), 0);
	assert_int_equal(dmasim_fail_call("pci_alloc_consistent", 1), 0);
	assert_null(pci_alloc_consistent(pdev, N, &handle));
	assert_int_equal(dmasim_fail_call("dma_alloc_coherent", 1), 0);
	assert_null(pci_alloc_consistent(pdev, N, &handle));
	assert_int_equal(dmasim_fail_call("pci_alloc_consistent", 1), 0);
	assert_null(pci_zalloc_consistent(pdev, N, &handle));
	assert_int_equal(dmasim_fail_call("pci_set_dma_mask", 1), 0);
	assert_int_equal(pci_set_dma_mask(pdev, DMA_64BIT_MASK), -EIO);
	assert_int_equal(dmasim_fail_call("pci_set_consistent_dma_mask", 1), 0);
	assert_int_equal(pci_set_consistent_dma_mask(pdev, DMA_64BIT_MASK), -EIO);
	assert_int_equal(dmasim_fail_call("pci_dac_set_dma_mask", 1), 0);
	assert_int_equal(pci_dac_set_dma_mask(pdev, DMA_64BIT_MASK), -EIO);
	kfree(buf);
	end(0);
}

/* An array of the driver's, filled by hand: no end mark, and whatever was there before behind it. */
static void old_lists(void **state)
{
	struct scatterlist *sg;
	struct page *pages[3];
	u8 got[3 * 16];
	int n;

	(void)state;
	begin_pci("pc,seed=3");
	sg = kmalloc(4 * sizeof(*sg), GFP_KERNEL);
	memset(sg, 0xff, 4 * sizeof(*sg)); /* both marks, everywhere */
	for (int i = 0; i < 3; i++) {
		pages[i] = alloc_page(GFP_KERNEL);
		memset(page_address(pages[i]), 'a' + i, PAGE_SIZE);
		sg[i].page = pages[i];
		sg[i].offset = 16;
		sg[i].length = 16;
	}
	n = pci_map_sg(pdev, sg, 3, PCI_DMA_TODEVICE);
	assert_int_equal(n, 3);
	for (int i = 0; i < n; i++)
		assert_int_equal(
			dmasim_device_read(&pdev->dev, sg_dma_address(&sg[i]), got + 16 * i, sg_dma_len(&sg[i])), 0);
	assert_memory_equal(got, "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbcccccccccccccccc", sizeof(got));
	pci_dma_sync_sg_for_cpu(pdev, sg, 3, PCI_DMA_TODEVICE);
	pci_dma_sync_sg_for_device(pdev, sg, 3, PCI_DMA_TODEVICE);
	pci_dma_sync_sg(pdev, sg, 3, PCI_DMA_TODEVICE);
	dma_sync_sg(&pdev->dev, sg, 3, DMA_TO_DEVICE);
	pci_unmap_sg(pdev, sg, 3, PCI_DMA_TODEVICE);
	n = dma_map_sg(&pdev->dev, sg, 3, DMA_FROM_DEVICE);
	assert_int_equal(n, 3);
	dma_unmap_sg(&pdev->dev, sg, 3, DMA_FROM_DEVICE);
	assert_int_equal(dmasim_violation_count(), 0);

	/* mistakes with such a list are told as ever */
	assert_int_equal(pci_map_sg(pdev, sg, 3, PCI_DMA_TODEVICE), 3);
	pci_unmap_sg(pdev, sg, 2, PCI_DMA_TODEVICE);
	reported("unmap-sg-wrong-nents", "pci_unmap_sg");
	for (int i = 0; i < 3; i++)
		free_page(page_address(pages[i])); /* a pointer */
	kfree(sg);
	end(0);
}

static void null_is_isa(void **state)
{
	struct device *isa;
	dma_addr_t bus, handle;
	u8 *buf, *high, *cpu, got = 0;

	(void)state;
	begin_pci("pc");
	buf = kmalloc(N, GFP_KERNEL | GFP_DMA);
	high = kmalloc(N, GFP_KERNEL);
	buf[0] = 9;
	bus = pci_map_single(NULL, buf, N, PCI_DMA_TODEVICE);
	assert_false(pci_dma_mapping_error(bus));
	isa = dmasim_isa_device();
	assert_string_equal(dmasim_device_name(isa), "isa");
	assert_ptr_equal(dmasim_isa_device(), isa);
	assert_int_equal(dmasim_device_read(isa, bus, &got, 1), 0);
	assert_int_equal(got, 9);
	pci_unmap_single(NULL, bus, N, PCI_DMA_TODEVICE);
	bus = dma_map_single(NULL, buf, N, DMA_TO_DEVICE);
	assert_false(dma_mapping_error(NULL, bus));
	dma_unmap_single(NULL, bus, N, DMA_TO_DEVICE);

	/* beyond 16 MiB there is no ISA */
	assert_true((unsigned long)high >= MAX_DMA_ADDRESS);
	bus = pci_map_single(NULL, high, N, PCI_DMA_TODEVICE);
	assert_true(pci_dma_mapping_error(NULL, bus));
	cpu = dma_alloc_coherent(NULL, 4096, &handle, GFP_KERNEL);
	assert_non_null(cpu);
	assert_true(handle + 4096 <= 16 << 20);
	dma_free_coherent(NULL, 4096, cpu, handle);
	cpu = pci_alloc_consistent(NULL, 4096, &handle);
	assert_non_null(cpu);
	assert_true(handle + 4096 <= 16 << 20);
	pci_free_consistent(NULL, 4096, cpu, handle);
	assert_int_equal(pci_set_dma_mask(NULL, DMA_24BIT_MASK), 0);
	assert_true(dma_supported(NULL, DMA_32BIT_MASK) && pci_dma_supported(pdev, DMA_32BIT_MASK));

	/* what is left is its leak */
	cpu = pci_alloc_consistent(NULL, 4096, &handle);
	assert_non_null(cpu);
	assert_int_equal(dmasim_check_leaks(), 1);
	reported("mapping-leak", "device isa");
	kfree(buf);
	kfree(high);
	/* today's call has no such device */
	assert_true((dma_map_single_attrs)(NULL, buf, N, DMA_TO_DEVICE, 0) == DMA_MAPPING_ERROR);
	assert_null((dma_alloc_coherent)(NULL, N, &handle, GFP_KERNEL));
	end(0);
}

static void attributes(void **state)
{
	DEFINE_DMA_ATTRS(attrs);
	dma_addr_t bus, handle;
	u8 *buf, *cpu;

	(void)state;
	begin_pci("pc");
	buf = kmalloc(N, GFP_KERNEL);
	dma_set_attr(DMA_ATTR_SKIP_CPU_SYNC, &attrs);
	assert_true(dma_get_attr(DMA_ATTR_SKIP_CPU_SYNC, &attrs) && !dma_get_attr(DMA_ATTR_NO_WARN, &attrs));
	bus = dma_map_single_attrs(&pdev->dev, buf, N, DMA_TO_DEVICE, &attrs);
	assert_false(dma_mapping_error(&pdev->dev, bus));
	buf[0] = 1; /* nothing was handed over */
	dma_unmap_single_attrs(&pdev->dev, bus, N, DMA_TO_DEVICE, &attrs);
	bus = dma_map_single_attrs(&pdev->dev, buf, N, DMA_TO_DEVICE, NULL);
	assert_false(dma_mapping_error(&pdev->dev, bus));
	dma_unmap_single_attrs(&pdev->dev, bus, N, DMA_TO_DEVICE, 0);
	init_dma_attrs(&attrs);
	dma_set_attr(DMA_ATTR_NO_KERNEL_MAPPING, &attrs);
	cpu = dma_alloc_attrs(&pdev->dev, 4096, &handle, GFP_KERNEL, &attrs);
	assert_non_null(cpu);
	dma_free_attrs(&pdev->dev, 4096, cpu, handle, &attrs);
	kfree(buf);
	end(0);
}

struct old_ring {
	DECLARE_PCI_UNMAP_ADDR(addr)
	DECLARE_PCI_UNMAP_LEN(len)
};

static void declared_memory(void **state)
{
	dma_addr_t handle;
	void *cpu;

	(void)state;
	begin_pci("pc");
	assert_int_equal(dma_declare_coherent_memory(&pdev->dev, 0x1234, 0, 0, DMA_MEMORY_MAP), 0);
	assert_true(dma_declare_coherent_memory(&pdev->dev, 0x1234, 0, 0) < 0);
	dmasim_violations_clear();
	/* memory without an owner, written back and invalidated by hand */
	cpu = dma_alloc_noncoherent(&pdev->dev, N, &handle, GFP_KERNEL);
	assert_non_null(cpu);
	dma_cache_sync(&pdev->dev, cpu, N, DMA_BIDIRECTIONAL);
	dma_free_noncoherent(&pdev->dev, N, cpu, handle);
	end(0);
}

static void unmap_state(void **state)
{
	struct old_ring ring;

	(void)state;
	pci_unmap_addr_set(&ring, addr, 0x123456789ULL);
	pci_unmap_len_set(&ring, len, 77);
	assert_true(pci_unmap_addr(&ring, addr) == 0x123456789ULL && pci_unmap_len(&ring, len) == 77);
	assert_int_equal(LINUX_VERSION_CODE, KERNEL_VERSION(2, 6, 18));
}

static void pools(void **state)
{
	struct pci_pool *pool;
	dma_addr_t handle;
	void *cpu;

	(void)state;
	begin_pci("pc");
	pool = pci_pool_create("old", pdev, 64, 16, 0);
	assert_non_null(pool);
	cpu = pci_pool_alloc(pool, SLAB_ATOMIC, &handle);
	assert_non_null(cpu);
	pci_pool_free(pool, cpu, handle);
	pci_pool_destroy(pool);
	end(0);
}

/* ---- handlers and work ---- */

static int seen, work_seen;

static irqreturn_t old_handler(int irq, void *dev_id, struct pt_regs *regs)
{
	assert_ptr_equal(dev_id, pdev);
	assert_null(regs);
	seen += irq >= 0;
	return IRQ_HANDLED;
}

static irqreturn_t new_handler(int irq, void *dev_id)
{
	(void)irq;
	seen += 100 * (dev_id == &seen);
	return IRQ_HANDLED;
}

static void old_work(void *data)
{
	work_seen += *(int *)data;
}

static void new_work(struct work_struct *work)
{
	(void)work;
	work_seen += 100;
}

static void handlers_and_work(void **state)
{
	struct work_struct old, new;
	int five = 5;

	(void)state;
	begin_pci("pc");
	assert_int_equal(request_irq(pdev->irq, old_handler, SA_SHIRQ | SA_INTERRUPT, "old", pdev), 0);
	assert_int_equal(request_irq(pdev->irq, new_handler, IRQF_SHARED, "new", &seen), 0);
	seen = 0;
	assert_int_equal(dmasim_device_raise_irq(&pdev->dev), 0);
	dmasim_run_for(1000);
	assert_int_equal(seen % 100, seen / 100);
	assert_true(seen > 0);
	free_irq(pdev->irq, pdev);
	free_irq(pdev->irq, &seen);

	INIT_WORK(&old, old_work, &five);
	INIT_WORK(&new, new_work);
	work_seen = 0;
	schedule_work(&old);
	schedule_work(&new);
	flush_scheduled_work();
	assert_int_equal(work_seen, 105);
	dmasim_violations_clear();
	end(0);
}

/* ---- timers, tasklets, semaphores, slots ---- */

static void add_to(unsigned long data)
{
	*(int *)data += 1;
}

static int ticks, late_ticks;
static DEFINE_TIMER(late_timer, add_to, 0, (unsigned long)&late_ticks);
static DECLARE_TASKLET(old_tasklet, add_to, (unsigned long)&ticks);
static DECLARE_MUTEX(old_mutex);
static spinlock_t old_lock = SPIN_LOCK_UNLOCKED;

static void times_and_locks(void **state)
{
	struct timer_list *timer;
	struct semaphore locked;
	unsigned long flags;

	(void)state;
	begin_pci("pc");
	ticks = late_ticks = 0;
	timer = kmalloc(sizeof(*timer), GFP_KERNEL);
	init_timer(timer);
	timer->function = add_to;
	timer->data = (unsigned long)&ticks;
	timer->expires = jiffies + 2;
	add_timer(timer);
	assert_true(timer_pending(timer));
	mod_timer(&late_timer, jiffies + 100);
	dmasim_run_for(5 * 1000000000ULL / HZ);
	assert_int_equal(ticks, 1);
	assert_int_equal(late_ticks, 0);
	assert_true(del_timer_sync(&late_timer));
	assert_false(del_timer_sync(timer));
	setup_timer(timer, add_to, (unsigned long)&late_ticks);
	mod_timer(timer, jiffies + 1);
	dmasim_run_for(5 * 1000000000ULL / HZ);
	assert_int_equal(late_ticks, 1);
	kfree(timer);

	tasklet_schedule(&old_tasklet);
	dmasim_run_for(1000);
	assert_int_equal(ticks, 2);
	tasklet_kill(&old_tasklet);

	down(&old_mutex);
	assert_int_not_equal(down_trylock(&old_mutex), 0);
	up(&old_mutex);
	init_MUTEX_LOCKED(&locked);
	assert_int_not_equal(down_trylock(&locked), 0);
	init_MUTEX(&locked);
	assert_int_equal(down_trylock(&locked), 0);
	spin_lock_irqsave(&old_lock, flags);
	spin_unlock_irqrestore(&old_lock, flags);
	end(0);
}

static void slots_and_caches(void **state)
{
	kmem_cache_t *cache;
	struct pci_pool *pool;
	struct page *page;
	dma_addr_t handle;
	void *object;
	u8 *cpu;

	(void)state;
	begin_pci("pc");
	page = alloc_page(GFP_KERNEL);
	cpu = kmap_atomic(page, KM_USER0);
	assert_ptr_equal(cpu, page_address(page));
	kunmap_atomic(cpu, KM_USER0);
	cpu = kmap_atomic(page);
	kunmap_atomic(cpu);
	__free_page(page);

	cache = kmem_cache_create("old", 64, 0, SLAB_HWCACHE_ALIGN, NULL, NULL);
	assert_non_null(cache);
	object = kmem_cache_alloc(cache, SLAB_KERNEL);
	assert_non_null(object);
	kmem_cache_free(cache, object);
	kmem_cache_destroy(cache);

	/* No device: the ISA bus, which reaches 16 MiB. */
	pool = pci_pool_create("isa", NULL, 64, 16, 0);
	assert_non_null(pool);
	cpu = pci_pool_alloc(pool, SLAB_KERNEL, &handle);
	assert_non_null(cpu);
	assert_true(handle < 1 << 24);
	pci_pool_free(pool, cpu, handle);
	pci_pool_destroy(pool);
	end(0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(streaming),	   cmocka_unit_test(names_in_reports),
		cmocka_unit_test(failures),	   cmocka_unit_test(old_lists),
		cmocka_unit_test(null_is_isa),	   cmocka_unit_test(attributes),
		cmocka_unit_test(declared_memory), cmocka_unit_test(unmap_state),
		cmocka_unit_test(pools),	   cmocka_unit_test(handlers_and_work),
		cmocka_unit_test(times_and_locks), cmocka_unit_test(slots_and_caches),
	};

	return cmocka_run_group_tests_name("era", tests, NULL, NULL);
}
