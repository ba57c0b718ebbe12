// SPDX-License-Identifier: MIT
/*
 * The kernel's words, to the byte: each check of dma-debug, by the driver code that provokes it. Addresses, which vary from
 * preset to preset, are filtered; everything else must be as the kernel prints it, on every preset, and docs/dma-debug.md
 * must say the same: its table names each check, our rule and the text.
 */
#include "tests/unit/dma_debug_always.h"
#include "tests/unit/dma_debug_fixture.h"

/* ---- wrong code ---- */

static void d1(void)
{
	dma_addr_t bus;

	dmasim_fail_call("dma_map_single", 1);
	bus = dma_map_single(dev, buf, 64, DMA_TO_DEVICE);
	dma_unmap_single(dev, bus, 64, DMA_TO_DEVICE);
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

static void d3_list(void)
{
	assert_int_equal(dma_map_sg(dev, two(), 2, DMA_FROM_DEVICE), 2);
	sg_dma_len(&list[1]) = 100;
	dma_unmap_sg(dev, list, 2, DMA_FROM_DEVICE);
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

static void d16(void)
{
	char stack[256];
	dma_addr_t bus;
	struct page *page;

	memset(stack, 1, sizeof(stack));
	bus = dma_map_single(dev, stack, sizeof(stack), DMA_TO_DEVICE);
	page = pfn_to_page(dma_to_phys(dev, bus) >> PAGE_SHIFT);
	left = dma_map_page(dev, page, dma_to_phys(dev, bus) & ~PAGE_MASK, 64, DMA_TO_DEVICE);
	assert_int_equal(dma_mapping_error(dev, bus), 0);
	assert_int_equal(dma_mapping_error(dev, left), 0);
	dma_unmap_page(dev, left, 64, DMA_TO_DEVICE);
	dma_unmap_single(dev, bus, sizeof(stack), DMA_TO_DEVICE);
}

/* ---- what is expected ---- */

struct row {
	const char *check;   /* as the first column of the document's table */
	const char *rule;    /* ours: reported once */
	const char *text;    /* the line of the log; # stands for 16 hexadecimal digits */
	const char *options; /* besides the preset; NULL: none; with a preset: the only one */
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
	{"D3", "sg-changed-while-mapped",
	 DAD "device driver frees DMA memory with different size " A " [map size=512 bytes] [unmap size=100 bytes]",
	 NULL, d3_list},
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
	{"D16", "map-stack", DAD "device driver maps memory from stack [probable addr=#]", NULL, d16},
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
	{"C4", "gfp-zone-conflict", "WARNING: CPU: 0 PID: ", NULL, c4},
	{"C5", "kernel-warning", "WARNING: CPU: 0 PID: ", NULL, c5},
	{"C6", "coherent-free-in-atomic", "WARNING: CPU: 0 PID: ", NULL, c6},
	{"C8", NULL, "dad dad0: DMA addr 0x#+64 overflow (mask ffffffff, bus limit fff).", NULL, c8},
	{"C15", "pool-wrong-pool", "dad dad0: dma_pool_free descs, #/0x# (bad dma)", NULL, c15_bad_dma},
	{"C15", "pool-wrong-pool", "dad dad0: dma_pool_free descs, # (bad vaddr)/0x#", NULL, c15_bad_vaddr},
	{"C15", "pool-double-free", "dad dad0: dma_pool_free descs, dma 0x# already free", NULL, c15_twice},
	{"C15", "pool-busy-at-destroy", "dad dad0: dma_pool_destroy descs, # busy", NULL, c15_busy},
	{"C15", "pool-use-after-free", "dad dad0: dma_pool_alloc descs, # (corrupted)", "poison=on", c15_corrupted},
	{"C9", NULL, "dad dad0: swiotlb buffer is full (sz: 2100 bytes), total 128 (slots), used 128 (slots)",
	 "pc-swiotlb,swiotlb_size=256K", c9_full},
	{"C9", "swiotlb-exhausted",
	 "dad dad0: swiotlb buffer is full (sz: 300000 bytes), total 32768 (slots), used 0 (slots)", "pc-swiotlb",
	 c9_large},
	{"C9", NULL,
	 "dad dad0: Can not allocate SWIOTLB buffer earlier and can't now provide you with the DMA bounce buffer",
	 "pc-swiotlb,swiotlb=off", c9_none},
	{"C9", NULL, "dad dad0: swiotlb addr 0x#+64 overflow (mask ffffffff, bus limit fff).", "pc-swiotlb", c8},
	{"C9", NULL, "dad dad0: Invalid sizes (mapping: 128 bytes, alloc: 64 bytes)", "pc-swiotlb", c9_sizes},
	{"C10", "sync-unknown",
	 "dad dad0: Access before mapping start detected. orig offset 512, requested offset 400.", "pc-swiotlb",
	 c10_before},
	{"C10", "sync-unknown", "dad dad0: Buffer overflow detected. Allocation size: 1500. Mapping size: 32+1600.",
	 "pc-swiotlb", c10_beyond},
	{"C10", "sync-unknown", "dad dad0: Buffer overflow detected. Allocation size: 952. Mapping size: 32+1052.",
	 "pc-swiotlb", c10_beyond_later},
	{"C10", "sync-out-of-range", "dad dad0: Buffer overflow detected. Allocation size: 100. Mapping size: 200.",
	 "pc-swiotlb", c10_sync},
	{"C10", "unmap-wrong-size", "dad dad0: Buffer overflow detected. Allocation size: 1500. Mapping size: 1600.",
	 "pc-swiotlb", c10_unmap},
	/* with checks off the copy itself comes upon them */
	{"C10", NULL, "dad dad0: Access before mapping start detected. orig offset 512, requested offset 400.",
	 "pc-swiotlb,checks=off", c10_before},
	{"C10", NULL, "dad dad0: Buffer overflow detected. Allocation size: 1500. Mapping size: 32+1600.",
	 "pc-swiotlb,checks=off", c10_beyond},
	{"C10", NULL, "dad dad0: Buffer overflow detected. Allocation size: 100. Mapping size: 200.",
	 "pc-swiotlb,checks=off", c10_sync},
	{"C10", NULL, "dad dad0: Buffer overflow detected. Allocation size: 1500. Mapping size: 1600.",
	 "pc-swiotlb,checks=off", c10_unmap},
	{"C13", NULL, "DMA pool exhausted for dad0", "dma_ops=arm", c13_exhausted},
	{"C13", NULL, "Failed to get suitable pool for dad0", "pc,ram=16M,dma_ops=arm", c13_none},
	{"C14", NULL, "Freeing invalid buffer #", "dma_ops=arm", c14_invalid},
	{"C14", NULL, "dad dad0: coherent allocation too big (requested 0x1000000 mask 0xffffff)", "pc,dma_ops=arm",
	 c14_big},
	{"C16", "coherent-free-mismatch", "WARNING: CPU: 0 PID: ", NULL, c16},
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

static bool has_preset(const struct row *r)
{
	return r->options && !strncmp(r->options, "pc", 2);
}

static void spec_of(const struct row *r, const char *preset, const char *more, char *spec, size_t size)
{
	if (has_preset(r))
		snprintf(spec, size, "%s%s", r->options, more);
	else
		snprintf(spec, size, "%s%s%s%s", preset, more, r->options ? "," : "", r->options ? r->options : "");
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

			if (p && has_preset(r))
				continue;
			spec_of(r, presets[p], ",dma_debug=on", spec, sizeof(spec));
			begin(spec);
			assert_int_equal(dmasim_debugfs_write("dma-api/all_errors", "1"), 1);
			r->wrong();
			if (said(r) != 1 ||
			    (r->rule ? !dmasim_violation_count_of(r->rule) : dmasim_violation_count())) {
				print_error("%s (%s) on %s: said %u times, %zu violations; want\n  %s\n", r->check,
					    r->rule ? r->rule : "none", presets[p], said(r), dmasim_violation_count(),
					    r->text);
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
		char spec[200];

		spec_of(&rows[i], "pc", "", spec, sizeof(spec));
		begin(spec);
		rows[i].wrong();
		if (dmasim_log_contains("DMA-API")) {
			print_log();
			fail_msg("%s", rows[i].check);
		}
		end();
	}
}

/* ---- the document ---- */

/*
 * Is the row's text what this format gives? Numbers and names are skipped. A text that ends where the format has a
 * conversion is one that is compared no further.
 */
static bool made_by(const char *text, const char *format)
{
	while (*format) {
		if (*format == '%') {
			if (!*text)
				return true;
			format += 1 + strspn(format + 1, "#0123456789lz");
			format += !strncmp(format, "pad", 3) ? 3 : !strncmp(format, "pa", 2) ? 2 : 1;
			if (!strncmp(text, "0x", 2))
				text += 2;
			text += strcspn(text, " :,]/+).\n");
		} else if (!strncmp(format, "0x%", 3)) {
			format += 2; /* taken with the number */
		} else if (!strncmp(format, "\\n", 2) && *text == '\n') {
			text++;
			format += 2;
		} else if (*text++ != *format++) {
			return false;
		}
	}
	return !*text;
}

/* A and S as the document abbreviates them */
static void expand(const char *cell, char *out, size_t size)
{
	size_t n = 0;

	for (const char *p = cell; *p && n < size - 64; p++) {
		bool alone = (p == cell || p[-1] == ' ' || (p[0] == 'A' && p[-1] == 'r')) && (p[1] == ' ' || !p[1]);

		if (alone && *p == 'A')
			n += (size_t)snprintf(out + n, size - n, "[device address=0x%%016llx]");
		else if (alone && *p == 'S')
			n += (size_t)snprintf(out + n, size - n, "[size=%%llu bytes]");
		else
			out[n++] = *p;
	}
	out[n] = 0;
}

/* Each row of the table is provoked above, by one case or more, and the reverse. */
static void document(void **state)
{
	bool found[NR_ROWS] = {false};
	char line[1024], check[8], rule[64], cell[512], format[1024];
	unsigned int bad = 0;
	FILE *f = fopen(DOC_DIR "/dma-debug.md", "r");

	(void)state;
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		bool any = false;

		if (sscanf(line, "| %7[DC0-9] | %63[^|]| `%511[^`]`", check, rule, cell) != 3)
			continue;
		rule[strcspn(rule, " ")] = 0;
		expand(cell, format, sizeof(format));
		for (size_t i = 0; i < NR_ROWS; i++) {
			const char *text = rows[i].text;
			char quoted[72];

			if (!strncmp(text, "DMA-API: ", 9))
				text += 9;
			if (!strncmp(text, "dad ", 4) || !strncmp(text, "lab ", 4))
				text = strstr(text, ": ") + 2;
			snprintf(quoted, sizeof(quoted), "`%s`", rows[i].rule ? rows[i].rule : "");
			if (!strcmp(rows[i].check, check) &&
			    (!strcmp(quoted, rule) || (!rows[i].rule && !strcmp(rule, "none"))) &&
			    made_by(text, format))
				found[i] = any = true;
		}
		if (!any) {
			print_error("docs/dma-debug.md: nothing here says %s", line);
			bad++;
			continue;
		}
	}
	fclose(f);
	for (size_t i = 0; i < NR_ROWS; i++)
		if (!found[i]) {
			print_error("docs/dma-debug.md has no row for %s, %s: %s\n", rows[i].check,
				    rows[i].rule ? rows[i].rule : "none", rows[i].text);
			bad++;
		}
	assert_int_equal(bad, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_text),
		cmocka_unit_test(off_by_default),
		cmocka_unit_test(document),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
