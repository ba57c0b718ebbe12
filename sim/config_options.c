// SPDX-License-Identifier: MIT
/*
 * The table of options: each key of a spec, its valid values, what it does, and how it is parsed and printed.
 *
 * Error messages, the manual and the printed configuration all come from it. An option of an ordinary kind (a switch, a
 * number, a size, a name out of a list) is one row; the kinds stand before the table.
 *
 * Weakness: what depends on several options is checked when all are known, by layout.c, not here.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <bsd/string.h>
#include "sim/layout.h"
#include "sim/private.h"

struct option {
	const char *key, *alias;
	int (*set)(struct sim_layout *l, const struct option *o, const char *value);
	void (*print)(const struct sim_config *c, const struct option *o, char *buf,
		      size_t size); /* NULL: the value is */
	size_t field;		    /* printed by another key */
	uint64_t min, max;
	const struct name {
		const char *name;
		unsigned int value;
	} * names; /* ended by a NULL name */
	const char *valid, *help;
};

struct suffix {
	const char *name;
	uint64_t factor;
};

/* ---- values ---- */

static void *field_of(struct sim_config *c, const struct option *o)
{
	return (uint8_t *)c + o->field;
}

static int bad_value(const struct option *o, const char *value)
{
	return sim_error(EINVAL, "bad value \"%s\" for %s: valid is %s", value, o->key, o->valid);
}

/* A whole number, decimal or 0x hexadecimal, with one suffix of the table; false if it is none or too large. */
static bool parse_number(const char *s, const struct suffix *suffixes, uint64_t *value)
{
	bool hex = s[0] == '0' && (s[1] == 'x' || s[1] == 'X');
	unsigned long long v;
	char *end;

	if (!isdigit((unsigned char)s[0]) || (hex && !isxdigit((unsigned char)s[2])))
		return false;
	errno = 0;
	v = strtoull(s, &end, hex ? 16 : 10);
	if (errno)
		return false;
	*value = v;
	if (*end == '\0')
		return true;
	for (; suffixes && suffixes->name; suffixes++) {
		if (strcasecmp(end, suffixes->name) == 0)
			return !__builtin_mul_overflow(v, suffixes->factor, value);
	}
	return false;
}

static const struct suffix size_suffixes[] = {
	{"k", 1ULL << 10}, {"m", 1ULL << 20}, {"g", 1ULL << 30}, {"t", 1ULL << 40}, {NULL, 0},
};
static const struct suffix time_suffixes[] = {
	{"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", 1000000000}, {NULL, 0},
};

static void print_size(uint64_t v, char *buf, size_t size)
{
	if (v && v % (1 << 30) == 0)
		snprintf(buf, size, "%" PRIu64 "G", v >> 30);
	else if (v && v % (1 << 20) == 0)
		snprintf(buf, size, "%" PRIu64 "M", v >> 20);
	else if (v && v % (1 << 10) == 0)
		snprintf(buf, size, "%" PRIu64 "K", v >> 10);
	else
		snprintf(buf, size, "%" PRIu64, v);
}

static const struct name booleans[] = {
	{"on", true}, {"off", false}, {"yes", true}, {"no", false}, {"1", true}, {"0", false}, {NULL, 0},
};

static const struct name *name_of(const struct name *names, const char *s, size_t n)
{
	for (; names->name; names++) {
		if (strlen(names->name) == n && strncasecmp(names->name, s, n) == 0)
			return names;
	}
	return NULL;
}

static int set_bool(struct sim_layout *l, const struct option *o, const char *value)
{
	const struct name *n = name_of(booleans, value, strlen(value));

	if (!n)
		return bad_value(o, value);
	*(bool *)field_of(&l->cfg, o) = n->value;
	return 0;
}

static void print_bool(const struct sim_config *c, const struct option *o, char *buf, size_t size)
{
	strlcpy(buf, *(const bool *)((const uint8_t *)c + o->field) ? "on" : "off", size);
}

/* One of the names; the field is an enum: all of ours have the size of an unsigned int. */
static int set_name(struct sim_layout *l, const struct option *o, const char *value)
{
	const struct name *n = name_of(o->names, value, strlen(value));

	if (!n)
		return bad_value(o, value);
	*(unsigned int *)field_of(&l->cfg, o) = n->value;
	return 0;
}

static void print_name(const struct sim_config *c, const struct option *o, char *buf, size_t size)
{
	unsigned int value = *(const unsigned int *)((const uint8_t *)c + o->field);
	const struct name *n = o->names;

	while (n[1].name && n->value != value)
		n++;
	strlcpy(buf, n->name, size);
}

static const struct name need_sync_names[] = {{"honest", true}, {"always", false}, {NULL, 0}};

static int set_need_sync(struct sim_layout *l, const struct option *o, const char *value)
{
	const struct name *n = name_of(need_sync_names, value, strlen(value));

	if (!n)
		return bad_value(o, value);
	l->cfg.need_sync_honest = n->value;
	return 0;
}

static void print_need_sync(const struct sim_config *c, const struct option *o, char *buf, size_t size)
{
	(void)o;
	strlcpy(buf, c->need_sync_honest ? "honest" : "always", size);
}

static int set_u64(struct sim_layout *l, const struct option *o, const char *value)
{
	uint64_t v;

	if (!parse_number(value, NULL, &v) || v < o->min || v > o->max)
		return bad_value(o, value);
	*(uint64_t *)field_of(&l->cfg, o) = v;
	return 0;
}

static void print_u64(const struct sim_config *c, const struct option *o, char *buf, size_t size)
{
	snprintf(buf, size, "%" PRIu64, *(const uint64_t *)((const uint8_t *)c + o->field));
}

static int set_unsigned(struct sim_layout *l, const struct option *o, const char *value)
{
	uint64_t v;

	if (!parse_number(value, NULL, &v) || v < o->min || v > o->max)
		return bad_value(o, value);
	*(unsigned int *)field_of(&l->cfg, o) = (unsigned int)v;
	return 0;
}

static int set_power(struct sim_layout *l, const struct option *o, const char *value)
{
	uint64_t v;

	return parse_number(value, NULL, &v) && !(v & (v - 1)) ? set_unsigned(l, o, value) : bad_value(o, value);
}

static void print_unsigned(const struct sim_config *c, const struct option *o, char *buf, size_t size)
{
	snprintf(buf, size, "%u", *(const unsigned int *)((const uint8_t *)c + o->field));
}

static int set_time(struct sim_layout *l, const struct option *o, const char *value)
{
	uint64_t v;

	if (!parse_number(value, time_suffixes, &v) || v > o->max)
		return bad_value(o, value);
	*(uint64_t *)field_of(&l->cfg, o) = v;
	return 0;
}

static bool parse_pages(const struct option *o, const char *value, uint64_t *v)
{
	return parse_number(value, size_suffixes, v) && *v >= o->min && *v <= o->max && *v % SIM_PAGE_SIZE == 0;
}

static int set_size(struct sim_layout *l, const struct option *o, const char *value)
{
	uint64_t v;

	if (!parse_pages(o, value, &v))
		return bad_value(o, value);
	*(uint64_t *)field_of(&l->cfg, o) = v;
	return 0;
}

static void print_field_size(const struct sim_config *c, const struct option *o, char *buf, size_t size)
{
	print_size(*(const uint64_t *)((const uint8_t *)c + o->field), buf, size);
}

static int set_zone(struct sim_layout *l, const struct option *o, const char *value)
{
	bool dma32 = o->field == offsetof(struct sim_config, dma32_zone_end);
	uint64_t v = 0;

	if (strcasecmp(value, "off") != 0 && !parse_pages(o, value, &v))
		return bad_value(o, value);
	*(phys_addr_t *)field_of(&l->cfg, o) = v;
	if (dma32)
		l->dma32_given = true;
	return 0;
}

static void print_zone(const struct sim_config *c, const struct option *o, char *buf, size_t size)
{
	phys_addr_t v = *(const phys_addr_t *)((const uint8_t *)c + o->field);

	if (v)
		print_size(v, buf, size);
	else
		strlcpy(buf, "off", size);
}

static int set_path(struct sim_layout *l, const struct option *o, const char *value)
{
	char *path = field_of(&l->cfg, o);

	memset(path, 0, sizeof(l->cfg.log)); /* equal configurations are equal bytes */
	if (strlcpy(path, value, sizeof(l->cfg.log)) < sizeof(l->cfg.log))
		return 0;
	return sim_error(EINVAL, "the path given for %s is longer than %zu bytes", o->key, sizeof(l->cfg.log) - 1);
}

static void print_path(const struct sim_config *c, const struct option *o, char *buf, size_t size)
{
	strlcpy(buf, (const char *)c + o->field, size);
}

/* A name into the one field that holds one. */
static int set_word(struct sim_layout *l, const struct option *o, const char *value)
{
	char *word = field_of(&l->cfg, o);

	memset(word, 0, sizeof(l->cfg.dma_debug_driver));
	if (strlcpy(word, value, sizeof(l->cfg.dma_debug_driver)) < sizeof(l->cfg.dma_debug_driver))
		return 0;
	return bad_value(o, value);
}

/* SIZE, or SIZE@BASE. */
static int set_cma(struct sim_layout *l, const struct option *o, const char *value)
{
	char size[32];
	const char *at = strchr(value, '@');
	size_t len = at ? (size_t)(at - value) : strlen(value);
	uint64_t n = 0, base = 0;

	if (len >= sizeof(size))
		return bad_value(o, value);
	strlcpy(size, value, len + 1);
	if (strcasecmp(value, "off") != 0 &&
	    (!parse_pages(o, size, &n) || n % SIM_CMA_ALIGN ||
	     (at && (!parse_number(at + 1, size_suffixes, &base) || base % SIM_CMA_ALIGN))))
		return bad_value(o, value);
	l->cfg.cma_size = n;
	l->cfg.cma_base = base;
	l->cma_placed = at != NULL;
	return 0;
}

static void print_cma(const struct sim_config *c, const struct option *o, char *buf, size_t size)
{
	size_t n;

	(void)o;
	strlcpy(buf, "off", size);
	if (!c->cma_size)
		return;
	print_size(c->cma_size, buf, size);
	n = strlen(buf);
	snprintf(buf + n, size - n, "@0x%llx", c->cma_base);
}

static void no_banks(struct sim_config *c)
{
	memset(c->banks, 0, sizeof(c->banks));
	c->nr_banks = 0;
}

static int set_ram(struct sim_layout *l, const struct option *o, const char *value)
{
	if (!parse_pages(o, value, &l->ram))
		return bad_value(o, value);
	no_banks(&l->cfg);
	return 0;
}

static int set_bank(struct sim_layout *l, const struct option *o, const char *value)
{
	struct sim_config *c = &l->cfg;
	char base[32];
	const char *colon = strchr(value, ':');
	struct sim_bank bank = {0};
	uint64_t at, size;

	if (!colon || (size_t)(colon - value) >= sizeof(base))
		return bad_value(o, value);
	strlcpy(base, value, (size_t)(colon - value) + 1);
	if (!parse_number(base, size_suffixes, &at) || !parse_number(colon + 1, size_suffixes, &size) || size == 0 ||
	    at % SIM_PAGE_SIZE || size % SIM_PAGE_SIZE || at > SIM_PHYS_END || size > SIM_PHYS_END - at)
		return bad_value(o, value);
	if (!l->banks_named)
		no_banks(c);
	l->banks_named = true;
	if (c->nr_banks == SIM_MAX_BANKS)
		return sim_error(EINVAL, "more than %d banks of RAM", SIM_MAX_BANKS);
	bank.base = at;
	bank.size = size;
	/* Keep them sorted: the new one goes before those that lie above it. */
	for (unsigned int i = 0; i < c->nr_banks; i++) {
		struct sim_bank b = c->banks[i];

		if (b.base < bank.base + bank.size && bank.base < b.base + b.size)
			return sim_error(EINVAL, "bank=%s overlaps the bank at 0x%llx", value, b.base);
		if (b.base > bank.base) {
			c->banks[i] = bank;
			bank = b;
		}
	}
	c->banks[c->nr_banks++] = bank;
	return 0;
}

static int set_bus_offset(struct sim_layout *l, const struct option *o, const char *value)
{
	bool minus = value[0] == '-';
	uint64_t v = 0;

	l->offset_auto = strcasecmp(value, "auto") == 0;
	if (l->offset_auto)
		return 0;
	if (!parse_number(value + minus, size_suffixes, &v) || v > SIM_PHYS_END || v % SIM_PAGE_SIZE)
		return bad_value(o, value);
	l->cfg.bus_offset = minus ? -(int64_t)v : (int64_t)v;
	return 0;
}

static void print_bus_offset(const struct sim_config *c, const struct option *o, char *buf, size_t size)
{
	(void)o;
	snprintf(buf, size, "%s0x%" PRIx64, c->bus_offset < 0 ? "-" : "", (uint64_t)llabs(c->bus_offset));
}

static const struct name guards[] = {
	{"api", GUARD_API}, {"snapshot", GUARD_SNAPSHOT}, {"instrument", GUARD_INSTRUMENT}, {"auto", GUARD_AUTO},
	{NULL, 0},
};

static int set_guard(struct sim_layout *l, const struct option *o, const char *value)
{
	unsigned int guard = GUARD_API; /* never off */

	for (const char *s = value;; s++) {
		size_t len = strcspn(s, "+");
		const struct name *n = name_of(guards, s, len);

		if (!n)
			return bad_value(o, value);
		guard |= n->value;
		s += len;
		if (*s == '\0')
			break;
	}
	l->cfg.guard = guard;
	return 0;
}

static void print_guard(const struct sim_config *c, const struct option *o, char *buf, size_t size)
{
	(void)o;
	buf[0] = '\0';
	for (const struct name *n = guards; n->name; n++) {
		if (!(c->guard & n->value))
			continue;
		if (buf[0])
			strlcat(buf, "+", size);
		strlcat(buf, n->name, size);
	}
}

/* ---- the table ---- */

#define FIELD(f)      offsetof(struct sim_config, f)
#define VALID_BOOLEAN "on, off"
#define VALID_SIZE    "a size in whole pages, e.g. 64M, 1G, 0x100000"
#define VALID_ZONE    "a physical address in whole pages, e.g. 16M, or off"
#define MAX_SIZE      SIM_PHYS_END

static const struct name swiotlbs[] = {
	{"auto", SIM_SWIOTLB_AUTO},   {"off", SIM_SWIOTLB_OFF},	    {"on", SIM_SWIOTLB_ON},
	{"force", SIM_SWIOTLB_FORCE}, {"noforce", SIM_SWIOTLB_OFF}, {NULL, 0},
};
static const struct name bounce_poisons[] = {
	{"off", BOUNCE_POISON_OFF},
	{"slots", BOUNCE_POISON_SLOTS},
	{"all", BOUNCE_POISON_ALL},
	{"on", BOUNCE_POISON_ALL},
	{NULL, 0},
};
static const struct name sg_bounces[] = {{"each", SG_BOUNCE_EACH}, {"whole", SG_BOUNCE_WHOLE}, {NULL, 0}};
static const struct name actions[] = {
	{"continue", ON_VIOLATION_CONTINUE},
	{"abort", ON_VIOLATION_ABORT},
	{NULL, 0},
};
static const struct name formats[] = {
	{"text", REPORT_TEXT},
	{"json", REPORT_JSON},
	{"none", REPORT_NONE},
	{NULL, 0},
};
static const struct name colours[] = {
	{"auto", COLOUR_AUTO}, {"always", COLOUR_ALWAYS}, {"never", COLOUR_NEVER}, {"yes", COLOUR_ALWAYS},
	{"no", COLOUR_NEVER},  {"on", COLOUR_ALWAYS},	  {"off", COLOUR_NEVER},   {NULL, 0},
};

static const struct name tables[] = {
	{"direct", SIM_OPS_DIRECT},
	{"arm", SIM_OPS_ARM},
	{"arm-coherent", SIM_OPS_ARM_COHERENT},
	{"arm64", SIM_OPS_ARM64},
	{"arm64-coherent", SIM_OPS_ARM64_COHERENT},
	{"iommu", SIM_OPS_IOMMU},
	{"iommu-coherent", SIM_OPS_IOMMU_COHERENT},
	{NULL, 0},
};

/* clang-format off */
static const struct option options[] = {
	{ .key = "ram", .set = set_ram, .min = 2 << 20, .max = MAX_SIZE,
	  .valid = "a size in whole pages from 2M, e.g. 64M, 1G", .help = "size of RAM; its place is the preset's" },
	{ .key = "bank", .set = set_bank, .valid = "BASE:SIZE in whole pages, e.g. 0xc0000000:256M",
	  .help = "a bank of RAM; the first one replaces the preset's, repeat for more" },
	{ .key = "dma_zone", .set = set_zone, .print = print_zone, .field = FIELD(dma_zone_end), .max = MAX_SIZE,
	  .valid = VALID_ZONE, .help = "end of ZONE_DMA" },
	{ .key = "dma32_zone", .set = set_zone, .print = print_zone, .field = FIELD(dma32_zone_end), .max = MAX_SIZE,
	  .valid = VALID_ZONE, .help = "end of ZONE_DMA32" },
	{ .key = "bus_offset", .set = set_bus_offset, .print = print_bus_offset,
	  .valid = "a number in whole pages, e.g. 0x40000000 or -0x80000000, or auto",
	  .help = "bus address = physical address + this; auto keeps the two apart" },
	{ .key = "bus_bits", .set = set_unsigned, .print = print_unsigned, .field = FIELD(bus_bits), .min = 24, .max = 64,
	  .valid = "a number from 24 to 64", .help = "address lines of the bus" },
	{ .key = "isolate", .set = set_bool, .print = print_bool, .field = FIELD(isolate), .valid = VALID_BOOLEAN,
	  .help = "the bus refuses what is not mapped for the device" },
	{ .key = "sg_merge", .set = set_bool, .print = print_bool, .field = FIELD(sg_merge), .valid = VALID_BOOLEAN,
	  .help = "mapping a list joins neighbours into one segment, as an IOMMU may" },
	{ .key = "swiotlb", .set = set_name, .print = print_name, .field = FIELD(swiotlb), .names = swiotlbs,
	  .valid = "auto, off, on, force", .help = "bounce buffers; auto: where RAM goes beyond 4 GiB; force: for each mapping" },
	{ .key = "swiotlb_size", .set = set_size, .print = print_field_size, .field = FIELD(swiotlb_size),
	  .min = 256 << 10, .max = 4ULL << 30, .valid = "a size in whole pages from 256K to 4G", .help = "of the bounce buffers" },
	{ .key = "swiotlb_areas", .set = set_power, .print = print_unsigned, .field = FIELD(swiotlb_areas), .min = 1,
	  .max = 1024, .valid = "a power of two up to 1024", .help = "parts of the bounce buffers that are searched one after the other" },
	{ .key = "swiotlb_dynamic", .set = set_bool, .print = print_bool, .field = FIELD(swiotlb_dynamic),
	  .valid = VALID_BOOLEAN, .help = "bounce buffers grow when they are full" },
	{ .key = "swiotlb_poison", .set = set_name, .print = print_name, .field = FIELD(swiotlb_poison),
	  .names = bounce_poisons, .valid = "off, slots, all",
	  .help = "fill free bounce slots; all: also the original while the device owns the slot" },
	{ .key = "sg_bounce", .set = set_name, .print = print_name, .field = FIELD(sg_bounce), .names = sg_bounces,
	  .valid = "each, whole", .help = "a list that must bounce does so entry by entry, or into one buffer" },
	{ .key = "uncached_alias", .set = set_bool, .print = print_bool, .field = FIELD(uncached_alias),
	  .valid = VALID_BOOLEAN, .help = "coherent memory is handed out through a second window" },
	{ .key = "dma_ops", .set = set_name, .print = print_name, .field = FIELD(dma_ops), .names = tables,
	  .valid = "direct, arm, arm-coherent, arm64, arm64-coherent, iommu, iommu-coherent",
	  .help = "the struct dma_map_ops of devices that have none of their own" },
	{ .key = "cma", .set = set_cma, .print = print_cma, .min = SIM_CMA_ALIGN, .max = MAX_SIZE,
	  .valid = "SIZE or SIZE@BASE in multiples of 4M, e.g. 16M, 16M@0x48000000, or off",
	  .help = "RAM kept for contiguous allocations" },
	{ .key = "coherent_pool", .set = set_size, .print = print_field_size, .field = FIELD(coherent_pool), .max = 4 << 20,
	  .valid = "a size in whole pages up to 4M; 0 = by the size of RAM",
	  .help = "first size of the pools for coherent memory in atomic context" },
	{ .key = "poison", .set = set_bool, .print = print_bool, .field = FIELD(poison), .valid = VALID_BOOLEAN,
	  .help = "fill fresh and freed memory" },
	{ .key = "quarantine", .set = set_unsigned, .print = print_unsigned, .field = FIELD(quarantine), .max = 1 << 20,
	  .valid = "a number up to 1048576", .help = "pages and objects kept from reuse after they are freed" },
	{ .key = "pool_quirk", .set = set_bool, .print = print_bool, .field = FIELD(pool_quirk), .valid = VALID_BOOLEAN,
	  .help = "dma_pools waste the last block of each boundary window, as kernels before 6.3 do" },
	{ .key = "pool_redzone", .set = set_bool, .print = print_bool, .field = FIELD(pool_redzone),
	  .valid = VALID_BOOLEAN, .help = "dma_pools keep red zones between blocks, even where that costs capacity" },
	{ .key = "host_limit", .set = set_size, .print = print_field_size, .field = FIELD(host_limit),
	  .min = 1 << 20, .max = MAX_SIZE, .valid = VALID_SIZE,
	  .help = "RAM that may be touched before allocations fail; default half of the host's" },
	{ .key = "seed", .set = set_u64, .print = print_u64, .field = FIELD(seed), .max = UINT64_MAX,
	  .valid = "a number, decimal or hexadecimal", .help = "where the streams of choices start" },
	{ .key = "chaos", .set = set_bool, .print = print_bool, .field = FIELD(chaos), .valid = VALID_BOOLEAN,
	  .help = "choices vary with the seed; off: always the plainest" },
	{ .key = "latency", .set = set_time, .print = print_u64, .field = FIELD(latency_ns), .max = 3600ULL * 1000000000,
	  .valid = "a time up to 3600s, e.g. 1000, 20us, 3ms", .help = "typical latency of devices" },
	{ .key = "watchdog", .set = set_unsigned, .print = print_unsigned, .field = FIELD(watchdog_s), .max = 86400,
	  .valid = "seconds up to 86400, 0 = off", .help = "host time that a task may spin without a safe point" },
	{ .key = "checks", .set = set_bool, .print = print_bool, .field = FIELD(checks), .valid = VALID_BOOLEAN,
	  .help = "track ownership and report violations" },
	{ .key = "guard", .set = set_guard, .print = print_guard, .valid = "api, snapshot, instrument, auto, joined by +",
	  .help = "how CPU accesses are seen" },
	{ .key = "lint", .set = set_bool, .print = print_bool, .field = FIELD(lint), .valid = VALID_BOOLEAN,
	  .help = "report what is legal but doubtful too" },
	{ .key = "portability", .set = set_bool, .print = print_bool, .field = FIELD(portability), .valid = VALID_BOOLEAN,
	  .help = "report what works only on machines like this one" },
	{ .key = "need_sync", .set = set_need_sync, .print = print_need_sync, .valid = "honest, always",
	  .help = "what dma_need_sync() answers" },
	{ .key = "dma_debug", .set = set_bool, .print = print_bool, .field = FIELD(dma_debug), .valid = VALID_BOOLEAN,
	  .help = "the kernel log gets the words of CONFIG_DMA_API_DEBUG too" },
	{ .key = "dma_debug_entries", .set = set_unsigned, .print = print_unsigned, .field = FIELD(dma_debug_entries),
	  .min = 1, .max = 1 << 24, .valid = "a number from 1 to 16777216",
	  .help = "records that dma_debug counts as preallocated" },
	{ .key = "dma_debug_driver", .set = set_word, .print = print_path, .field = FIELD(dma_debug_driver),
	  .valid = "the name of a driver, up to 63 characters; empty = all", .help = "dma_debug speaks of this driver only" },
	{ .key = "on_violation", .alias = "on_error", .set = set_name, .print = print_name, .field = FIELD(on_violation),
	  .names = actions, .valid = "continue, abort", .help = "what follows a report" },
	{ .key = "exitcode", .set = set_unsigned, .print = print_unsigned, .field = FIELD(exitcode), .max = 255,
	  .valid = "a number up to 255, 0 = untouched", .help = "exit status of the process after violations" },
	{ .key = "report", .set = set_name, .print = print_name, .field = FIELD(report), .names = formats,
	  .valid = "text, json, none", .help = "form of reports" },
	{ .key = "colour", .alias = "color", .set = set_name, .print = print_name, .field = FIELD(colour),
	  .names = colours, .valid = "auto, always, never", .help = "coloured text" },
	{ .key = "log", .set = set_path, .print = print_path, .field = FIELD(log), .valid = "a path; empty = stderr",
	  .help = "where reports go" },
	{ .key = "json", .set = set_path, .print = print_path, .field = FIELD(json), .valid = "a path; empty = none",
	  .help = "where reports go as JSON lines, beside the text" },
	{ .key = "log_level", .set = set_unsigned, .print = print_unsigned, .field = FIELD(log_level), .max = 8,
	  .valid = "a number up to 8, 0 = nothing", .help = "kernel messages below this level are printed as they come" },
	{ .key = "summary", .set = set_bool, .print = print_bool, .field = FIELD(summary), .valid = VALID_BOOLEAN,
	  .help = "print a summary when the machine is destroyed" },
	{ .key = "verbose", .set = set_bool, .print = print_bool, .field = FIELD(verbose), .valid = VALID_BOOLEAN,
	  .help = "print expected violations too, and the summary always" },
};
/* clang-format on */
#define NR_OPTIONS (sizeof(options) / sizeof(*options))

_Static_assert(sizeof(enum sim_action) == sizeof(unsigned int) && sizeof(enum sim_format) == sizeof(unsigned int) &&
		       sizeof(enum sim_colour) == sizeof(unsigned int) &&
		       sizeof(enum sim_dma_ops) == sizeof(unsigned int) && sizeof(int) == sizeof(unsigned int),
	       "set_name() and set_unsigned() store through unsigned int");
_Static_assert(sizeof(((struct sim_config *)0)->log) == sizeof(((struct sim_config *)0)->json), "set_path()");

const char *sim_config_key(size_t i, const char **valid, const char **help)
{
	if (i >= NR_OPTIONS)
		return NULL;
	if (valid)
		*valid = options[i].valid;
	if (help)
		*help = options[i].help;
	return options[i].key;
}

int sim_config_set(struct sim_layout *l, const char *key, const char *value)
{
	for (size_t i = 0; i < NR_OPTIONS; i++) {
		const struct option *o = &options[i];

		if (strcmp(o->key, key) == 0 || (o->alias && strcmp(o->alias, key) == 0))
			return o->set(l, o, value);
	}
	return -ENOENT;
}

bool sim_config_print_option(const struct sim_config *cfg, size_t i, char *value, size_t size)
{
	if (i >= NR_OPTIONS || !options[i].print)
		return false;
	options[i].print(cfg, &options[i], value, size);
	return true;
}
