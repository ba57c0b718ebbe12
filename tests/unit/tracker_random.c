// SPDX-License-Identifier: MIT
/*
 * Random drivers and devices on one buffer: every finding is compared with an oracle that keeps one state a byte and
 * knows nothing of runs, ranges or told mistakes beyond the period in which they were made.
 * Weakness: one mapping at a time; overlapping ones are tracker.c's.
 */
#include "tests/unit/tracker_fixture.h"

enum { N = 96 };

struct byte {
	bool device, unsynced, dev_wrote, cpu_wrote;
	u32 period; /* of the last hand-over */
};

struct oracle {
	struct byte byte[N];
	enum dma_data_direction dir;
	u32 period;
	u8 told[4000][4]; /* by period and rule */
};

static u64 random_state;

static u32 rnd(u32 n)
{
	random_state = random_state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (u32)(random_state >> 33) % n;
}

/* Bytes [lo, hi) for which bad() holds: a report of rule k if one of their periods has not been told of it; then all
 * have. */
static const char *judge(struct oracle *o, u32 lo, u32 hi, int k, bool (*bad)(const struct byte *), const char *rule)
{
	bool any = false, told = true;
	u32 first = 0, last = 0;

	for (u32 i = lo; i < hi; i++) {
		if (!bad(&o->byte[i]))
			continue;
		first = any ? first : i;
		last = i;
		any = true;
		told &= o->told[o->byte[i].period][k];
	}
	if (!any || told)
		return NULL;
	for (u32 i = first; i <= last; i++)
		o->told[o->byte[i].period][k] = 1;
	return rule;
}

static bool bad_owned(const struct byte *b)
{
	return b->device;
}

static bool bad_stale(const struct byte *b)
{
	return !b->device && b->dev_wrote;
}

static bool bad_unflushed(const struct byte *b)
{
	return b->cpu_wrote;
}

static void expect(const char *rule, const char *second)
{
	if (rule && second) {
		check_settle(&machine);
		assert_int_equal(seen.n, 2);
		assert_string_equal(seen.rules[0], rule);
		assert_string_equal(seen.rules[1], second);
		seen.n = 0;
	} else if (rule || second) {
		found(rule ? rule : second);
	} else {
		silent();
	}
}

static void oracle_step(struct oracle *o, dma_addr_t bus)
{
	u32 lo = rnd(4) ? rnd(N) : 0, hi = rnd(4) ? lo + 1 + rnd(N - lo) : N, kind = rnd(6);
	const char *first = NULL, *second = NULL;
	enum dma_data_direction dir = o->dir == DMA_BIDIRECTIONAL ? rnd(3) : o->dir;

	switch (kind) {
	case 0: /* sync for the CPU */
	case 1:
		if (kind == 0 && dir != DMA_TO_DEVICE) {
			first = judge(o, lo, hi, 3, bad_unflushed, "cpu-write-lost");
			for (u32 i = lo; i < hi; i++)
				o->byte[i].cpu_wrote = false;
		}
		o->period++;
		sim_advance(machine.hw, 10);
		for (u32 i = lo; i < hi; i++) {
			struct byte *b = &o->byte[i];

			b->period = o->period;
			b->device = kind == 1;
			b->unsynced = false;
			if (kind == 0 && dir != DMA_TO_DEVICE)
				b->dev_wrote = false;
			if (kind == 1 && (dir != DMA_FROM_DEVICE || o->dir == DMA_FROM_DEVICE))
				b->cpu_wrote = false;
		}
		sync_dir(bus + lo, hi - lo, dir, kind ? SYNC_FOR_DEVICE : SYNC_FOR_CPU);
		break;
	case 2:
		first = judge(o, lo, hi, 0, bad_owned, "cpu-write-while-device-owns");
		for (u32 i = lo; i < hi; i++)
			if (!o->byte[i].device) {
				o->byte[i].cpu_wrote = true;
				o->byte[i].dev_wrote = false;
			}
		cpu_write(lo, hi - lo, (u8)rnd(256));
		break;
	case 3:
		if (o->dir != DMA_TO_DEVICE)
			first = judge(o, lo, hi, 1, bad_owned, "cpu-read-while-device-owns");
		second = judge(o, lo, hi, 2, bad_stale, "cpu-read-stale");
		cpu_read(lo, hi - lo);
		break;
	case 4:
		if (o->dir == DMA_FROM_DEVICE)
			return;
		first = judge(o, lo, hi, 3, bad_unflushed, "cpu-write-not-flushed");
		device_read(bus + lo, hi - lo);
		break;
	default:
		if (o->dir == DMA_TO_DEVICE)
			return;
		first = judge(o, lo, hi, 3, bad_unflushed, "cpu-write-not-flushed");
		device_write(bus + lo, hi - lo);
		for (u32 i = lo; i < hi; i++)
			o->byte[i].dev_wrote = true;
		break;
	}
	expect(first, second);
}

static void random_lives(void **state)
{
	const char *chosen = getenv("DMASIM_TEST_SEED");
	u64 seed = chosen ? strtoull(chosen, NULL, 0) : 1;
	static struct oracle o;

	(void)state;
	print_message("DMASIM_TEST_SEED=%llu\n", seed);
	random_state = seed;
	for (int life = 0; life < 300; life++) {
		bool skip = rnd(3) == 0;
		const char *lost;
		dma_addr_t bus;

		memset(&o, 0, sizeof(o));
		o.dir = rnd(3);
		for (u32 i = 0; i < N; i++)
			o.byte[i] = (struct byte){.device = !skip, .unsynced = skip};
		sim_advance(machine.hw, 10);
		bus = map_attrs(0, 0, N, o.dir, skip ? SKIP : 0);
		track_mapping_error(&machine, &dev[0], bus);
		for (int step = 0; step < 60; step++) {
			oracle_step(&o, bus);
			tracker_check(&machine);
		}
		lost = o.dir == DMA_TO_DEVICE ? NULL : judge(&o, 0, N, 3, bad_unflushed, "cpu-write-lost");
		assert_true(unmap(bus, N, o.dir));
		expect(lost, NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(random_lives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
