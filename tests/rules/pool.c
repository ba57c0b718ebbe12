// SPDX-License-Identifier: MIT
/* Pools of small blocks: given back once, whole, to where they came from; touched inside, while they are allocated. */
#include <linux/dmapool.h>
#include <linux/irqflags.h>
#include "tests/rules/rules.h"

#define N 60 /* of a block: 4 bytes of padding follow */

static struct dma_pool *pool_of(const char *name)
{
	return dma_pool_create(name, dev, N, 64, 0);
}

static void twice_wrong(struct shot *s)
{
	struct dma_pool *pool = pool_of("descriptors");
	dma_addr_t bus;
	void *block = AT(s->mapped, dma_pool_alloc(pool, GFP_KERNEL, &bus));

	s->size = N;
	AT(s->handed, dma_pool_free(pool, block, bus));
	AT(s->act, dma_pool_free(pool, block, bus));
	dma_pool_destroy(pool);
}

static void other_pool_wrong(struct shot *s)
{
	struct dma_pool *one = pool_of("one"), *two = pool_of("two");
	dma_addr_t bus;
	void *block = AT(s->mapped, dma_pool_alloc(one, GFP_KERNEL, &bus));

	s->size = N;
	AT(s->act, dma_pool_free(two, block, bus));
	dma_pool_destroy(one);
	dma_pool_destroy(two);
}

/* The pointer of one block with the handle of the next. */
static void pair_wrong(struct shot *s)
{
	struct dma_pool *pool = pool_of("descriptors");
	dma_addr_t a, b;
	void *one = AT(s->mapped, dma_pool_alloc(pool, GFP_KERNEL, &a)), *two = dma_pool_alloc(pool, GFP_KERNEL, &b);

	s->size = N;
	AT(s->act, dma_pool_free(pool, one, b));
	dma_pool_free(pool, two, b);
	dma_pool_destroy(pool);
}

static void unknown_wrong(struct shot *s)
{
	struct dma_pool *pool = pool_of("descriptors");
	dma_addr_t bus;
	void *ring = dma_alloc_coherent(dev, 4096, &bus, GFP_KERNEL);

	*s = (struct shot){ANY_SIZE, ANY_SIZE, 0, ANY_LINE, ANY_LINE};
	AT(s->act, dma_pool_free(pool, ring, bus));
	dma_free_coherent(dev, 4096, ring, bus);
	dma_pool_destroy(pool);
}

static void middle_wrong(struct shot *s)
{
	struct dma_pool *pool = pool_of("descriptors");
	dma_addr_t bus;
	char *block = AT(s->mapped, dma_pool_alloc(pool, GFP_KERNEL, &bus));

	s->offset = 8;
	s->size = ANY_SIZE;
	AT(s->act, dma_pool_free(pool, block + 8, bus + 8));
	dma_pool_destroy(pool); /* still allocated, but that is no news */
}

static void busy_wrong(struct shot *s)
{
	struct dma_pool *pool = pool_of("descriptors");
	dma_addr_t a, b;
	void *one = AT(s->mapped, dma_pool_alloc(pool, GFP_KERNEL, &a)), *two = dma_pool_alloc(pool, GFP_KERNEL, &b);

	s->size = N;
	dma_pool_free(pool, two, b);
	AT(s->act, dma_pool_destroy(pool));
	dma_pool_free(pool, one, a); /* a consequence */
}

static void destroyed_wrong(struct shot *s)
{
	struct dma_pool *pool = AT(s->mapped, pool_of("descriptors"));
	dma_addr_t bus;

	*s = (struct shot){ANY_SIZE, ANY_SIZE, 0, ANY_LINE, 0};
	AT(s->handed, dma_pool_destroy(pool));
	sink = AT(s->act, dma_pool_alloc(pool, GFP_KERNEL, &bus)) != NULL;
}

static void destroyed_twice_wrong(struct shot *s)
{
	struct dma_pool *pool = pool_of("descriptors");

	*s = (struct shot){ANY_SIZE, ANY_SIZE, 0, ANY_LINE, 0};
	AT(s->handed, dma_pool_destroy(pool));
	AT(s->act, dma_pool_destroy(pool));
}

static void leak_wrong(struct shot *s)
{
	*s = (struct shot){ANY_SIZE, ANY_SIZE, ANY_LINE, 0, ANY_LINE};
	AT(s->mapped, dma_pool_create("descriptors", dev, N, 64, 0));
	dmasim_check_leaks();
	dmasim_check_leaks();
}

static void padding_wrong(struct shot *s)
{
	struct dma_pool *pool = pool_of("descriptors");
	dma_addr_t bus;
	uint8_t *block = AT(s->mapped, dma_pool_alloc(pool, GFP_KERNEL, &bus));

	*s = (struct shot){N, 1, ANY_LINE, s->mapped, 0};
	PUT(block + N, 1);
	dma_pool_free(pool, block, bus);
	dma_pool_destroy(pool);
}

static void after_free_wrong(struct shot *s)
{
	struct dma_pool *pool = pool_of("descriptors");
	dma_addr_t bus;
	uint8_t *block = AT(s->mapped, dma_pool_alloc(pool, GFP_KERNEL, &bus));

	*s = (struct shot){5, 1, ANY_LINE, s->mapped, 0};
	AT(s->handed, dma_pool_free(pool, block, bus));
	PUT(block + 5, 1);
	dma_pool_destroy(pool);
}

static void arguments_wrong(struct shot *s)
{
	*s = (struct shot){ANY_SIZE, ANY_SIZE, 0, ANY_LINE, ANY_LINE};
	sink = AT(s->act, dma_pool_create("descriptors", dev, N, 48, 0)) != NULL;
}

/* ---- what the device and other calls do, by rules of other families ---- */

static void device_neighbour_wrong(struct shot *s)
{
	struct dma_pool *pool = dma_pool_create("descriptors", dev, 64, 64, 0);
	dma_addr_t a, b;
	void *one = AT(s->mapped, dma_pool_zalloc(pool, GFP_KERNEL, &a)), *two = dma_pool_zalloc(pool, GFP_KERNEL, &b);
	uint8_t data[80] = {0};

	*s = (struct shot){64, 16, 0, s->mapped, 0};
	AT(s->act, dmasim_device_write(dev, a, data, sizeof(data)));
	dma_pool_free(pool, one, a);
	dma_pool_free(pool, two, b);
	dma_pool_destroy(pool);
}

static void device_padding_wrong(struct shot *s)
{
	struct dma_pool *pool = pool_of("descriptors");
	dma_addr_t bus;
	void *block = AT(s->mapped, dma_pool_zalloc(pool, GFP_KERNEL, &bus));
	uint8_t data[64] = {0};

	*s = (struct shot){N, 4, 0, s->mapped, 0};
	AT(s->act, dmasim_device_write(dev, bus, data, sizeof(data)));
	dma_pool_free(pool, block, bus);
	dma_pool_destroy(pool);
}

static void device_late_wrong(struct shot *s)
{
	struct dma_pool *pool = pool_of("descriptors");
	dma_addr_t bus;
	void *block = AT(s->mapped, dma_pool_zalloc(pool, GFP_KERNEL, &bus));
	uint8_t data[16] = {0};

	s->offset = 0;
	s->size = sizeof(data);
	AT(s->handed, dma_pool_free(pool, block, bus));
	AT(s->act, dmasim_device_write(dev, bus, data, sizeof(data)));
	dma_pool_destroy(pool);
}

static void device_never_wrong(struct shot *s)
{
	struct dma_pool *pool = pool_of("descriptors");
	dma_addr_t bus;
	void *block = dma_pool_zalloc(pool, GFP_KERNEL, &bus);
	uint8_t data[16];

	*s = (struct shot){ANY_SIZE, sizeof(data), 0, ANY_LINE, ANY_LINE};
	AT(s->act, dmasim_device_read(dev, bus + 1024, data, sizeof(data)));
	dma_pool_free(pool, block, bus);
	dma_pool_destroy(pool);
}

static void coherent_free_wrong(struct shot *s)
{
	struct dma_pool *pool = pool_of("descriptors");
	dma_addr_t bus;
	void *block = dma_pool_alloc(pool, GFP_KERNEL, &bus);

	*s = (struct shot){ANY_SIZE, ANY_SIZE, 0, ANY_LINE, ANY_LINE};
	AT(s->act, dma_free_coherent(dev, N, block, bus));
	dma_pool_free(pool, block, bus);
	dma_pool_destroy(pool);
}

static void atomic_wrong(struct shot *s)
{
	struct dma_pool *pool = pool_of("descriptors");
	unsigned long flags;
	dma_addr_t bus;
	void *block;

	*s = (struct shot){ANY_SIZE, ANY_SIZE, 0, ANY_LINE, ANY_LINE};
	local_irq_save(flags);
	block = AT(s->act, dma_pool_alloc(pool, GFP_KERNEL, &bus));
	local_irq_restore(flags);
	dma_pool_free(pool, block, bus);
	dma_pool_destroy(pool);
}

static void create_in_atomic_wrong(struct shot *s)
{
	struct dma_pool *pool;
	unsigned long flags;

	*s = (struct shot){ANY_SIZE, ANY_SIZE, 0, ANY_LINE, ANY_LINE};
	local_irq_save(flags);
	pool = AT(s->act, dma_pool_create("descriptors", dev, N, 64, 0));
	local_irq_restore(flags);
	dma_pool_destroy(pool);
}

static void destroy_in_atomic_wrong(struct shot *s)
{
	struct dma_pool *pool = pool_of("descriptors");
	unsigned long flags;

	*s = (struct shot){ANY_SIZE, ANY_SIZE, 0, ANY_LINE, ANY_LINE};
	local_irq_save(flags);
	AT(s->act, dma_pool_destroy(pool));
	local_irq_restore(flags);
}

static void in_flight_wrong(struct shot *s)
{
	static uint8_t data[16];
	struct dma_pool *pool = pool_of("descriptors");
	dma_addr_t bus;
	void *block = AT(s->mapped, dma_pool_zalloc(pool, GFP_KERNEL, &bus));

	*s = (struct shot){ANY_SIZE, ANY_SIZE, 0, s->mapped, ANY_LINE};
	dmasim_device_start_read(dev, bus, data, sizeof(data), 1000, NULL, NULL);
	AT(s->act, dma_pool_free(pool, block, bus));
	dmasim_run_until_idle(1000000);
	dma_pool_destroy(pool);
}

/* ---- what a good driver does ---- */

static void legal(void)
{
	struct dma_pool *pool = pool_of("descriptors"), *odd = dma_pool_create(NULL, dev, 5000, 0, 0);
	struct dma_pool *managed = dmam_pool_create("managed", dev, 256, 0, 1024);
	struct dma_pool *left = dmam_pool_create("left to devm", dev, 256, 0, 0);
	dma_addr_t bus[100], big;
	uint8_t *block[100], *whole, data[64] = {0};
	unsigned long flags;

	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 100; i++) {
			block[i] = dma_pool_zalloc(pool, GFP_KERNEL, &bus[i]);
			PUT(block[i], 1);
			PUT(block[i] + N - 1, 2);
			sink = GET(block[i] + N - 1);
			dmasim_device_write(dev, bus[i], data, N);
			dmasim_device_read(dev, bus[i] + N - 4, data, 4);
		}
		for (int i = 0; i < 100; i++)
			dma_pool_free(pool, block[(i * 37) % 100], bus[(i * 37) % 100]);
	}
	local_irq_save(flags);
	block[0] = dma_pool_alloc(pool, GFP_ATOMIC, &bus[0]);
	dma_pool_free(pool, block[0], bus[0]);
	local_irq_restore(flags);
	whole = dma_pool_alloc(odd, GFP_KERNEL, &big);
	PUT(whole + 4999, 1);
	dmasim_device_write(dev, big + 4990, data, 10);
	dma_pool_free(odd, whole, big);
	dma_pool_destroy(odd);
	dma_pool_destroy(pool);
	dma_pool_destroy(NULL);
	dmam_pool_destroy(managed);
	dmam_pool_destroy(left);
}

static void arguments_legal(void)
{
	dma_pool_destroy(dma_pool_create("a", dev, 1, 0, 0));
	dma_pool_destroy(dma_pool_create("b", dev, 64, 64, 64));
	dma_pool_destroy(dma_pool_create("c", dev, 4096, 4096, 8192));
}

const struct scenario pool_scenarios[] = {
	{"pool-double-free", twice_wrong, legal, NULL, false},
	{"pool-wrong-pool", other_pool_wrong, legal, NULL, false},
	{"pool-wrong-pool", pair_wrong, legal, "poison=on", false},
	{"pool-free-unknown", unknown_wrong, legal, NULL, false},
	{"pool-free-unknown", middle_wrong, legal, NULL, false},
	{"pool-busy-at-destroy", busy_wrong, legal, NULL, false},
	{"pool-use-after-destroy", destroyed_wrong, legal, NULL, false},
	{"pool-use-after-destroy", destroyed_twice_wrong, legal, NULL, false},
	{"pool-leak", leak_wrong, legal, NULL, false},
	{"pool-overrun", padding_wrong, legal, "pool_redzone=on", false},
	{"pool-overrun", padding_wrong, legal, "pool_quirk=on", false},
	{"pool-use-after-free", after_free_wrong, legal, "poison=on", false},
	{"pool-use-after-free", after_free_wrong, legal, "poison=on,quarantine=3", false},
	{"pool-bad-arguments", arguments_wrong, arguments_legal, "lint=on", false},
	{"device-out-of-bounds", device_neighbour_wrong, legal, NULL, false},
	{"device-out-of-bounds", device_padding_wrong, legal, NULL, false},
	{"device-access-after-unmap", device_late_wrong, legal, "poison=on", false},
	{"device-access-unmapped", device_never_wrong, legal, NULL, false},
	{"unmap-wrong-kind", coherent_free_wrong, legal, NULL, false},
	{"sleep-in-atomic", atomic_wrong, legal, NULL, false},
	{"sleep-in-atomic", create_in_atomic_wrong, legal, NULL, false},
	{"sleep-in-atomic", destroy_in_atomic_wrong, legal, NULL, false},
	{"unmap-while-dma-active", in_flight_wrong, legal, NULL, false},
	{NULL, NULL, NULL, NULL, false},
};
