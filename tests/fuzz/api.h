/* SPDX-License-Identifier: MIT */
/*
 * The state of one fuzzed machine: everything the calls handed out, dead or alive, to be handed back at random.
 *
 * Arguments are arbitrary numbers and addresses wherever a caller's mistake must end in a report; memory that a
 * function reads or writes in the caller's name (memcpy's arguments, the other end of a device access) is real, as
 * it is in the kernel.
 */
#ifndef TESTS_FUZZ_API_H
#define TESTS_FUZZ_API_H

#include <dmasim/dmasim.h>
#include <linux/dma-mapping.h>
#include <linux/gfp.h>
#include <linux/pci.h>
#include "tests/fuzz/fuzz.h"

#define POOL   16
#define ROOM   8192
/*
 * Memory of the fuzzer itself gets mapped for DMA, with sizes that are wrong, and a device then writes there: it has
 * as much around it as such a write reaches.
 */
#define AROUND 32768

struct api {
	struct fuzz_input in;
	struct device *devices[4]; /* [0] stays NULL, [1] is embedded by the user, the rest library-made */
	struct pci_dev *pci;
	struct device embedded;
	void *memory[POOL]; /* what allocators returned; some of it freed since */
	dma_addr_t bus[POOL];
	struct {
		void *cpu;
		dma_addr_t bus;
		size_t size;
		unsigned int device; /* index: a struct device that was destroyed must not be passed */
	} coherent[POOL];
	void *cookies[4];
	struct kmem_cache *cache;
	unsigned int irq;
	unsigned int life; /* number of this machine in the process */
	char *stack;	   /* 64 bytes of the fuzzer's stack */
	unsigned char before[AROUND];
	unsigned char room[ROOM]; /* real host memory */
	unsigned char after[AROUND];
};

typedef void api_call(struct api *a);

struct api_group {
	api_call *const *calls;
	unsigned int nr;
};
extern const struct api_group api_memory, api_devices, api_kernel, api_mapping;

static inline struct device *any_device(struct api *a)
{
	return a->devices[fuzz_below(&a->in, 16) ? 1 + fuzz_below(&a->in, 3) : 0];
}

/* Sizes that mean something, and neighbours of them, and nonsense. */
static inline size_t any_size(struct api *a)
{
	static const size_t sizes[] = {
		0,    1,    2,	  3,	4,     8,	63,	  64,	    65,		  128,
		1500, 4095, 4096, 4097, 65536, 1 << 20, 1u << 31, SIZE_MAX, SIZE_MAX / 2, SIZE_MAX - 4095};

	return sizes[fuzz_below(&a->in, sizeof(sizes) / sizeof(sizes[0]))];
}

/* Within memory that is really there. */
static inline size_t any_room(struct api *a)
{
	return any_size(a) % (ROOM / 2);
}

static inline void **any_slot(struct api *a)
{
	return &a->memory[fuzz_below(&a->in, POOL)];
}

/* What a caller might pass by mistake. Never dereferenced here. */
static inline void *any_pointer(struct api *a)
{
	static char in_static_memory[2 * AROUND];

	switch (fuzz_below(&a->in, 12)) {
	case 0:
		return NULL;
	case 1:
		return (void *)16;
	case 2:
		return in_static_memory + AROUND;
	case 3:
		return a->stack;
	case 4:
		return (void *)(uintptr_t)fuzz_u64(&a->in);
	case 5:
		return a->cookies[fuzz_below(&a->in, 4)];
	case 6:
		return (void *)((uintptr_t)*any_slot(a) + fuzz_below(&a->in, 4096));
	case 7:
		return a->coherent[fuzz_below(&a->in, POOL)].cpu;
	case 8:
		return a->room + fuzz_below(&a->in, ROOM);
	default:
		return *any_slot(a);
	}
}

static inline dma_addr_t any_bus(struct api *a)
{
	dma_addr_t bus = a->bus[fuzz_below(&a->in, POOL)];

	switch (fuzz_below(&a->in, 8)) {
	case 0:
		return fuzz_u64(&a->in);
	case 1:
		return bus + fuzz_below(&a->in, 8192);
	case 2:
		return bus - fuzz_below(&a->in, 8192);
	case 3:
		return (dma_addr_t)(uintptr_t)any_pointer(a);
	case 4:
		return a->coherent[fuzz_below(&a->in, POOL)].bus;
	case 5:
		return DMA_MAPPING_ERROR;
	default:
		return bus;
	}
}

static inline enum dma_data_direction any_direction(struct api *a)
{
	unsigned int d = fuzz_below(&a->in, 64);

	return (enum dma_data_direction)(d < 60 ? d % 4 : d);
}

static inline gfp_t any_gfp(struct api *a)
{
	static const gfp_t flags[] = {GFP_KERNEL, GFP_ATOMIC, GFP_DMA, GFP_DMA32, GFP_KERNEL | __GFP_ZERO, 0, ~0u};

	return flags[fuzz_below(&a->in, sizeof(flags) / sizeof(flags[0]))];
}

#endif
