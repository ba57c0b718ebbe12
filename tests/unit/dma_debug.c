// SPDX-License-Identifier: MIT
/*
 * The kernel's words, to the byte: each check of dma-debug, by the driver code that provokes it. Addresses, which vary from
 * preset to preset, are filtered; everything else must be as the kernel prints it, on every preset, and docs/dma-debug.md
 * must say the same: its table names each check, our rule and the text.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <dmasim/debugfs.h>
#include <dmasim/dmasim.h>
#include <dmasim/log.h>
#include <linux/device.h>
#include <linux/dma-map-ops.h>
#include <linux/dmapool.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/irqflags.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

static struct dmasim_machine *m;
static struct device *dev;
static struct device_driver driver = {.name = "dad"};
static char *buf;
static struct scatterlist list[4];

static void begin(const char *spec)
{
	char full[256];

	snprintf(full, sizeof(full), "%s,report=none,summary=off", spec);
	m = dmasim_machine_create(full);
	if (!m)
		print_error("%s: %s\n", full, dmasim_last_error());
	assert_non_null(m);
	dev = dmasim_device_create("dad0");
	dev->driver = &driver;
	assert_int_equal(dma_set_mask_and_coherent(dev, DMA_BIT_MASK(32)), 0);
	buf = kmalloc(4096, GFP_KERNEL);
	assert_non_null(buf);
}

static void end(void)
{
	dev->driver = NULL;
	kfree(buf);
	dmasim_check_leaks();
	assert_int_equal(dmasim_machine_destroy(m), 0);
}

static dma_addr_t mapped(size_t n, enum dma_data_direction dir)
{
	dma_addr_t bus = dma_map_single(dev, buf, n, dir);

	assert_int_equal(dma_mapping_error(dev, bus), 0);
	return bus;
}

/* Two entries that no backend joins. */
static struct scatterlist *two(void)
{
	sg_init_table(list, 2);
	sg_set_buf(&list[0], buf, 256);
	sg_set_buf(&list[1], buf + 1024, 512);
	return list;
}

/* ---- wrong code ---- */

static void d1(void)
{
	dma_addr_t bus;

	dmasim_fail_call("dma_map_single", 1);
	bus = dma_map_single(dev, buf, 64, DMA_TO_DEVICE);
	dma_unmap_single(dev, bus, 64, DMA_TO_DEVICE);
}

static void d2(void)
{
	dma_addr_t bus = mapped(1500, DMA_TO_DEVICE);

	dma_unmap_single(dev, bus, 1500, DMA_TO_DEVICE);
	dma_unmap_single(dev, bus, 1500, DMA_TO_DEVICE);
}

static void d2_inside(void)
{
	dma_addr_t bus = mapped(1500, DMA_TO_DEVICE);

	dma_unmap_single(dev, bus + 64, 100, DMA_TO_DEVICE);
	dma_unmap_single(dev, bus, 1500, DMA_TO_DEVICE);
}

static void d2_device(void)
{
	struct device *other = dmasim_device_create("dad1");
	dma_addr_t bus = mapped(1500, DMA_TO_DEVICE);

	other->driver = &driver;
	dma_unmap_single(other, bus, 1500, DMA_TO_DEVICE);
	dma_unmap_single(dev, bus, 1500, DMA_TO_DEVICE);
	other->driver = NULL;
	dmasim_device_destroy(other);
}

static void d3(void)
{
	dma_unmap_single(dev, mapped(1500, DMA_FROM_DEVICE), 1400, DMA_FROM_DEVICE);
}

static void d4(void)
{
	dma_addr_t bus;
	void *cpu = dma_alloc_coherent(dev, 4096, &bus, GFP_KERNEL);

	assert_non_null(cpu);
	dma_unmap_single(dev, bus, 4096, DMA_BIDIRECTIONAL);
}

static void d5(void)
{
	dma_addr_t bus;
	char *cpu = dma_alloc_coherent(dev, 4096, &bus, GFP_KERNEL);

	dma_free_coherent(dev, 4096, cpu + 64, bus);
}

static void d6(void)
{
	assert_int_equal(dma_map_sg(dev, two(), 2, DMA_TO_DEVICE), 2);
	dma_unmap_sg(dev, list, 1, DMA_TO_DEVICE);
}

static void d7(void)
{
	dma_unmap_single(dev, mapped(1500, DMA_FROM_DEVICE), 1500, DMA_BIDIRECTIONAL);
}

static void d8(void)
{
	dma_unmap_single(dev, dma_map_single(dev, buf, 1500, DMA_TO_DEVICE), 1500, DMA_TO_DEVICE);
}

static void d9(void)
{
	dma_addr_t bus = mapped(1500, DMA_FROM_DEVICE);

	dma_unmap_single(dev, bus, 1500, DMA_FROM_DEVICE);
	dma_sync_single_for_cpu(dev, bus, 1500, DMA_FROM_DEVICE);
}

static void d10(void)
{
	dma_addr_t bus = mapped(1500, DMA_FROM_DEVICE);

	dma_sync_single_for_cpu(dev, bus, 1600, DMA_FROM_DEVICE);
	dma_unmap_single(dev, bus, 1500, DMA_FROM_DEVICE);
}

static void d11(void)
{
	dma_addr_t bus = mapped(1500, DMA_FROM_DEVICE);

	dma_sync_single_for_cpu(dev, bus, 1500, DMA_TO_DEVICE);
	dma_unmap_single(dev, bus, 1500, DMA_FROM_DEVICE);
}

static void d12(void)
{
	dma_addr_t bus = mapped(1500, DMA_TO_DEVICE);

	dma_sync_single_for_cpu(dev, bus, 1500, DMA_FROM_DEVICE);
	dma_unmap_single(dev, bus, 1500, DMA_TO_DEVICE);
}

static void d13(void)
{
	dma_addr_t bus = mapped(1500, DMA_FROM_DEVICE);

	dma_sync_single_for_device(dev, bus, 1500, DMA_TO_DEVICE);
	dma_unmap_single(dev, bus, 1500, DMA_FROM_DEVICE);
}

static void d14(void)
{
	assert_int_equal(dma_map_sg(dev, two(), 2, DMA_FROM_DEVICE), 2);
	dma_sync_sg_for_cpu(dev, list, 1, DMA_FROM_DEVICE);
	dma_unmap_sg(dev, list, 2, DMA_FROM_DEVICE);
}

static void d15(void)
{
	char stack[256];
	dma_addr_t bus;

	memset(stack, 1, sizeof(stack));
	bus = dma_map_single(dev, stack, sizeof(stack), DMA_TO_DEVICE);
	assert_int_equal(dma_mapping_error(dev, bus), 0);
	dma_unmap_single(dev, bus, sizeof(stack), DMA_TO_DEVICE);
}

static void d17(void)
{
	static const char text[] = "read only";
	dma_addr_t bus = dma_map_single(dev, (void *)(uintptr_t)text, sizeof(text), DMA_TO_DEVICE);

	assert_int_equal(dma_mapping_error(dev, bus), 0);
	dma_unmap_single(dev, bus, sizeof(text), DMA_TO_DEVICE);
}

static void d18(void)
{
	static char data[64];
	dma_addr_t bus = dma_map_single(dev, data, sizeof(data), DMA_TO_DEVICE);

	assert_int_equal(dma_mapping_error(dev, bus), 0);
	dma_unmap_single(dev, bus, sizeof(data), DMA_TO_DEVICE);
}

static void d18_null(void)
{
	assert_int_equal(dma_mapping_error(dev, dma_map_single(dev, NULL, 64, DMA_TO_DEVICE)), -ENOMEM);
}

static void d19(void)
{
	void *p = vmalloc(4096);

	assert_int_equal(dma_mapping_error(dev, dma_map_single(dev, p, 4096, DMA_TO_DEVICE)), -ENOMEM);
	vfree(p);
}

static void d20(void)
{
	dma_set_max_seg_size(dev, 256);
	assert_int_equal(dma_map_sg(dev, two(), 2, DMA_TO_DEVICE), 2);
	dma_unmap_sg(dev, list, 2, DMA_TO_DEVICE);
}

static void d21(void)
{
	dma_set_seg_boundary(dev, 0xff);
	two();
	list[0].offset += 16;
	list[1].length = 256;
	assert_int_equal(dma_map_sg(dev, list, 2, DMA_TO_DEVICE), 2);
	dma_unmap_sg(dev, list, 2, DMA_TO_DEVICE);
}

static void d22(void)
{
	dma_addr_t a = mapped(1500, DMA_FROM_DEVICE), b = mapped(1000, DMA_FROM_DEVICE);

	dma_unmap_single(dev, b, 1000, DMA_FROM_DEVICE);
	dma_unmap_single(dev, a, 1500, DMA_FROM_DEVICE);
}

static void d23(void)
{
	dma_addr_t bus[9];

	for (unsigned int i = 0; i < 9; i++)
		bus[i] = mapped(64, DMA_FROM_DEVICE);
	for (unsigned int i = 9; i-- > 0;)
		dma_unmap_single(dev, bus[i], 64, DMA_FROM_DEVICE);
}

static struct bus_type bus_type = {.name = "lab"};
static struct device_driver lab_driver = {.name = "lab-driver", .bus = &bus_type};
static dma_addr_t left;

static int lab_probe(struct device *d)
{
	void *p = kmalloc(600, GFP_KERNEL);

	assert_int_equal(dma_set_mask_and_coherent(d, DMA_BIT_MASK(32)), 0);
	left = dma_map_single(d, p, 512, DMA_TO_DEVICE);
	dev_set_drvdata(d, p);
	return dma_mapping_error(d, left);
}

static void d24(void)
{
	static u64 mask;
	struct device d = {.init_name = "lab0", .bus = &bus_type, .dma_mask = &mask};
	void *p;

	lab_driver.probe = lab_probe;
	dma_debug_add_bus(&bus_type);
	assert_int_equal(device_register(&d), 0);
	assert_int_equal(driver_register(&lab_driver), 0);
	p = dev_get_drvdata(&d);
	driver_unregister(&lab_driver);
	dma_unmap_single(&d, left, 512, DMA_TO_DEVICE);
	kfree(p);
	device_unregister(&d);
}

static void d25(void)
{
	left = dma_map_resource(dev, virt_to_phys(buf), 64, DMA_TO_DEVICE, 0);
}

static void c1(void)
{
	left = dma_map_single(dev, buf, 64, DMA_NONE);
}

static void c2(void)
{
	u64 *mask = dev->dma_mask;

	dev->dma_mask = NULL;
	left = dma_map_single(dev, buf, 64, DMA_TO_DEVICE);
	dev->dma_mask = mask;
}

static void c3(void)
{
	dma_addr_t bus;

	dev->coherent_dma_mask = 0;
	dma_alloc_coherent(dev, 4096, &bus, GFP_KERNEL);
	dev->coherent_dma_mask = DMA_BIT_MASK(32);
}

static void c6(void)
{
	dma_addr_t bus;
	void *cpu = dma_alloc_coherent(dev, 4096, &bus, GFP_KERNEL);
	unsigned long flags;

	local_irq_save(flags);
	dma_free_coherent(dev, 4096, cpu, bus);
	local_irq_restore(flags);
}

static void c7(void)
{
	assert_int_equal(dma_map_sg(dev, two(), 0, DMA_TO_DEVICE), 0);
}

/* ---- what is expected ---- */

struct row {
	const char *check;   /* as the first column of the document's table */
	const char *rule;    /* ours: reported once */
	const char *text;    /* the line of the log; # stands for 16 hexadecimal digits */
	const char *options; /* besides the preset; NULL: none */
	void (*wrong)(void);
};

#define A   "[device address=0x#]"
#define DAD "DMA-API: dad dad0: "

static const struct row rows[] = {
	{"D1", "error-cookie-used", DAD "device driver tries to free an invalid DMA memory address", NULL, d1},
	{"D2", "double-unmap",
	 DAD "device driver tries to free DMA memory it has not allocated " A " [size=1500 bytes]", NULL, d2},
	{"D2", "unmap-unknown",
	 DAD "device driver tries to free DMA memory it has not allocated " A " [size=100 bytes]", NULL, d2_inside},
	{"D2", "unmap-wrong-device",
	 "DMA-API: dad dad1: device driver tries to free DMA memory it has not allocated " A " [size=1500 bytes]", NULL,
	 d2_device},
	{"D3", "unmap-wrong-size",
	 DAD "device driver frees DMA memory with different size " A " [map size=1500 bytes] [unmap size=1400 bytes]",
	 NULL, d3},
	{"D4", "unmap-wrong-kind",
	 DAD "device driver frees DMA memory with wrong function " A
	     " [size=4096 bytes] [mapped as coherent] [unmapped as single]",
	 NULL, d4},
	{"D5", "coherent-free-mismatch",
	 DAD "device driver frees DMA memory with different CPU address " A
	     " [size=4096 bytes] [cpu alloc address=0x#] [cpu free address=0x#]",
	 NULL, d5},
	{"D6", "unmap-sg-wrong-nents",
	 DAD "device driver frees DMA sg list with different entry count [map count=2] [unmap count=1]", NULL, d6},
	{"D7", "unmap-wrong-direction",
	 DAD "device driver frees DMA memory with different direction " A
	     " [size=1500 bytes] [mapped with DMA_FROM_DEVICE] [unmapped with DMA_BIDIRECTIONAL]",
	 NULL, d7},
	{"D8", "map-error-unchecked",
	 DAD "device driver failed to check map error" A " [size=1500 bytes] [mapped as single]", NULL, d8},
	{"D9", "sync-after-unmap",
	 DAD "device driver tries to sync DMA memory it has not allocated " A " [size=1500 bytes]", NULL, d9},
	{"D10", "sync-out-of-range",
	 DAD "device driver tries to sync DMA memory it has not allocated " A " [size=1600 bytes]", NULL, d10},
	{"D11", "sync-wrong-direction",
	 DAD "device driver syncs DMA memory with different direction " A
	     " [size=1500 bytes] [mapped with DMA_FROM_DEVICE] [synced with DMA_TO_DEVICE]",
	 NULL, d11},
	{"D12", "sync-wrong-direction",
	 DAD "device driver syncs device read-only DMA memory for cpu " A
	     " [size=1500 bytes] [mapped with DMA_TO_DEVICE] [synced with DMA_FROM_DEVICE]",
	 NULL, d12},
	{"D13", "sync-wrong-direction",
	 DAD "device driver syncs device write-only DMA memory to device " A
	     " [size=1500 bytes] [mapped with DMA_FROM_DEVICE] [synced with DMA_TO_DEVICE]",
	 NULL, d13},
	{"D14", "sg-nents-vs-count",
	 DAD "device driver syncs DMA sg list with different entry count [map count=2] [sync count=1]", NULL, d14},
	{"D15", "map-stack", DAD "device driver maps memory from stack [addr=#]", NULL, d15},
	{"D17", "map-text", DAD "device driver maps memory from kernel text or rodata [addr=#] [len=10]", NULL, d17},
	{"D18", "map-foreign-memory", DAD "device driver maps memory from invalid area [addr=#] [len=64]", NULL, d18},
	{"D18", "map-bad-address", DAD "device driver maps memory from invalid area [addr=#] [len=64]", NULL, d18_null},
	{"D19", "map-vmalloc", "dad dad0: rejecting DMA map of vmalloc memory", NULL, d19},
	{"D20", "segment-too-long", DAD "mapping sg segment longer than device claims to support [len=512] [max=256]",
	 NULL, d20},
	{"D21", "segment-crosses-boundary",
	 DAD "mapping sg segment across boundary [start=0x#] [end=0x#] [boundary=0x00000000000000ff]", NULL, d21},
	{"D22", "map-overlap", DAD "cacheline tracking EEXIST, overlapping mappings aren't supported", NULL, d22},
	{"D23", "map-overlap", "DMA-API: exceeded 7 overlapping mappings of cacheline 0x#", NULL, d23},
	{"D24", "mapping-leak",
	 "DMA-API: lab lab0: device driver has pending DMA allocations while released from device [count=1]\n"
	 "One of leaked entries details: " A " [size=512 bytes] [mapped with DMA_TO_DEVICE] [mapped as single]",
	 NULL, d24},
	{"D25", "map-resource-of-ram", "DMA-API: dma_map_resource called for RAM address 0x#", NULL, d25},
	{"C1", "invalid-direction", "kernel BUG at ", NULL, c1},
	{"C2", "mask-missing", "WARNING: CPU: 0 PID: ", NULL, c2},
	{"C3", "mask-missing", "WARNING: CPU: 0 PID: ", NULL, c3},
	{"C6", "coherent-free-in-atomic", "WARNING: CPU: 0 PID: ", NULL, c6},
	{"C7", "map-bad-size", "WARNING: CPU: 0 PID: ", NULL, c7},
};
#define NR_ROWS (sizeof(rows) / sizeof(*rows))

static bool is_hex(const char *p)
{
	for (unsigned int i = 0; i < 16; i++)
		if (!((p[i] >= '0' && p[i] <= '9') || (p[i] >= 'a' && p[i] <= 'f')))
			return false;
	return true;
}

static bool matches(const char *line, const char *want)
{
	for (; *want; want++) {
		if (*want == '#') {
			if (!is_hex(line))
				return false;
			line += 16;
		} else if (*line++ != *want) {
			return false;
		}
	}
	return true;
}

/* Lines of the log that are the row's; a row of the kernel's place in code is compared as far as it is given. */
static unsigned int said(const struct row *r)
{
	unsigned int n = 0;
	const char *line;

	for (size_t i = 0; (line = dmasim_log_line(i, NULL, NULL)); i++)
		n += matches(line, r->text);
	return n;
}

static void print_log(void)
{
	const char *line;

	for (size_t i = 0; (line = dmasim_log_line(i, NULL, NULL)); i++)
		print_error("| %s\n", line);
}

static void each_text(void **state)
{
	static const char *const presets[] = {"pc", "worst", "worst,sg_merge=off"};
	unsigned int bad = 0;

	(void)state;
	for (unsigned int p = 0; p < sizeof(presets) / sizeof(*presets); p++)
		for (unsigned int i = 0; i < NR_ROWS; i++) {
			const struct row *r = &rows[i];
			char spec[200];

			snprintf(spec, sizeof(spec), "%s,dma_debug=on%s%s", presets[p], r->options ? "," : "",
				 r->options ? r->options : "");
			begin(spec);
			assert_int_equal(dmasim_debugfs_write("dma-api/all_errors", "1"), 1);
			r->wrong();
			if (said(r) != 1 || !dmasim_violation_count_of(r->rule)) {
				print_error("%s (%s) on %s: said %u times, reported %zu times; want\n  %s\n", r->check,
					    r->rule, presets[p], said(r), dmasim_violation_count_of(r->rule), r->text);
				print_log();
				bad++;
			}
			end();
		}
	assert_int_equal(bad, 0);
}

/* Switched off, the log has only what the kernel always says. */
static void off_by_default(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < NR_ROWS; i++) {
		begin("pc");
		rows[i].wrong();
		if (dmasim_log_contains("DMA-API")) {
			print_log();
			fail_msg("%s", rows[i].check);
		}
		end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_text),
		cmocka_unit_test(off_by_default),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
