// SPDX-License-Identifier: MIT
/*
 * The ownership tracker under random drivers: a few pages, two devices, every kind of right and wrong hand-over, and its
 * invariants asserted all along.
 *
 * Sizes and offsets are small and collide often, because overlapping and partly synced mappings are where the records
 * could disagree with each other.
 */
#include <dmasim/dmasim.h>
#include <linux/dma-mapping.h>
#include <linux/gfp.h>
#include "lib/check/tracker.h"
#include "tests/fuzz/fuzz.h"

#define PAGES 4
#define SLOTS 12

unsigned long fuzz_operations;

struct slot {
	struct device *dev;
	dma_addr_t bus;
	size_t size;
	enum dma_data_direction dir;
};

static size_t any_size(struct fuzz_input *in)
{
	return 1 + (fuzz_below(in, 4) ? fuzz_below(in, 200) : fuzz_below(in, PAGES * 4096 - 1));
}

static void step(struct fuzz_input *in, struct device *const *devices, char *memory, struct slot *slots)
{
	static unsigned char data[PAGES * 4096];
	struct slot *s = &slots[fuzz_below(in, SLOTS)];
	struct device *dev = fuzz_below(in, 8) ? s->dev : devices[fuzz_below(in, 2)];
	size_t offset = fuzz_below(in, 3) ? fuzz_below(in, 16) * 256 : fuzz_below(in, PAGES * 4096), n = any_size(in);
	unsigned long attrs = fuzz_below(in, 4) ? 0 : DMA_ATTR_SKIP_CPU_SYNC;
	enum dma_data_direction dir = fuzz_below(in, 6) ? s->dir : (enum dma_data_direction)fuzz_below(in, 3);
	dma_addr_t bus = s->bus + (fuzz_below(in, 3) ? fuzz_below(in, 64) : 0);
	size_t part = fuzz_below(in, 2) ? s->size : n;

	if (n > PAGES * 4096 - offset)
		n = PAGES * 4096 - offset;
	switch (fuzz_below(in, 9)) {
	case 0:
	case 1:
		s->dev = devices[fuzz_below(in, 2)];
		s->size = n;
		s->dir = (enum dma_data_direction)fuzz_below(in, 3);
		s->bus = dma_map_single_attrs(s->dev, memory + offset, n, s->dir, attrs);
		if (fuzz_below(in, 8))
			(void)dma_mapping_error(s->dev, s->bus);
		break;
	case 2:
	case 3:
		dma_unmap_single_attrs(dev, fuzz_below(in, 4) ? s->bus : bus, part, dir, attrs);
		break;
	case 4:
		dma_sync_single_for_cpu(dev, bus, part, dir);
		break;
	case 5:
		dma_sync_single_for_device(dev, bus, part, dir);
		break;
	case 6:
		if (fuzz_below(in, 2))
			dmasim_device_read(dev, bus, data, n);
		else
			dmasim_device_write(dev, bus, data, n);
		break;
	case 7:
		dmasim_store(memory + offset, data, n);
		break;
	default:
		dmasim_load(data, memory + offset, n);
		break;
	}
	fuzz_operations++;
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	static const char *const specs[] = {
		"worst,ram=32M,guard=snapshot,report=none,summary=off",
		"pc,ram=32M,guard=api,report=none,summary=off,lint=on",
	};
	struct fuzz_input in = {.data = input, .size = size};
	struct slot slots[SLOTS] = {0};
	struct dmasim_machine *m;
	struct device *devices[2];
	char *memory;

	m = dmasim_machine_create(specs[fuzz_below(&in, 2)]);
	if (!m)
		__builtin_trap();
	devices[0] = dmasim_device_create("dev0");
	devices[1] = dmasim_device_create("dev1");
	memory = (char *)__get_free_pages(GFP_KERNEL, 2);
	if (!devices[0] || !devices[1] || !memory)
		__builtin_trap();
	for (int i = 0; i < SLOTS; i++)
		slots[i].dev = devices[i % 2];
	while (in.size) {
		step(&in, devices, memory, slots);
		if (fuzz_operations % 16 == 0)
			tracker_check(m);
	}
	tracker_check(m);
	if (fuzz_below(&in, 2))
		free_pages((unsigned long)memory, 2);
	dmasim_check_leaks();
	dmasim_machine_destroy(m);
	return 0;
}
