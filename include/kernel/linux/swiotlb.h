/* SPDX-License-Identifier: MIT */
/*
 * Bounce buffers: memory that each device can drive, through which mappings go that it could not reach. Mirrors
 * include/linux/swiotlb.h.
 *
 * Drivers never call these: dma_map_single() and its kin bounce by themselves where they must. They are here for code
 * that implements mapping, and for whoever wants to see what happens.
 */
#ifndef DMASIM_LINUX_SWIOTLB_H
#define DMASIM_LINUX_SWIOTLB_H

#include <linux/device.h>
#include <linux/dma-direction.h>
#include <linux/types.h>

#define IO_TLB_SHIFT	    11
#define IO_TLB_SIZE	    (1 << IO_TLB_SHIFT) /* bytes of a slot */
#define IO_TLB_SEGSIZE	    128			/* slots that one mapping has at most */
#define IO_TLB_DEFAULT_SIZE (64UL << 20)

#define SWIOTLB_VERBOSE (1 << 0)
#define SWIOTLB_FORCE	(1 << 1)
#define SWIOTLB_ANY	(1 << 2)

struct io_tlb_area;
struct io_tlb_slot;

/*
 * One pool of slots, to look at: dev->dma_io_tlb_mem. The library keeps it current; what is written here has no effect.
 */
struct io_tlb_mem {
	phys_addr_t start, end; /* [start, end) */
	void *vaddr;
	unsigned long nslabs; /* slots */
	unsigned long used;   /* of those, and of what it grew by */
	bool late_alloc, force_bounce, for_alloc;
	unsigned int nareas, area_nslabs;
	struct io_tlb_area *areas; /* the library's own */
	struct io_tlb_slot *slots; /* the library's own */
};

/* Does this physical byte lie in a slot? False for a bad device. Context: any. */
DMASIM_API bool is_swiotlb_buffer(struct device *dev, phys_addr_t paddr) DMASIM_SYM(is_swiotlb_buffer);
/* Does each mapping of the device bounce? */
DMASIM_API bool is_swiotlb_force_bounce(struct device *dev) DMASIM_SYM(is_swiotlb_force_bounce);
/* Has the device a pool? */
DMASIM_API bool is_swiotlb_active(struct device *dev) DMASIM_SYM(is_swiotlb_active);
/* Does its coherent memory come from the pool as well? */
DMASIM_API bool is_swiotlb_for_alloc(struct device *dev) DMASIM_SYM(is_swiotlb_for_alloc);

/* Bytes of the largest mapping that can bounce: 256 KiB less what dma_set_min_align_mask() may cost. */
DMASIM_API size_t swiotlb_max_mapping_size(struct device *dev) DMASIM_SYM(swiotlb_max_mapping_size);
/* Bytes that the machine's pool has, or would have. */
DMASIM_API unsigned long swiotlb_size_or_default(void) DMASIM_SYM(swiotlb_size_or_default);

/**
 * swiotlb_tbl_map_single() - take slots, and copy the original in
 * @phys:             the original
 * @mapping_size:     its bytes
 * @alloc_size:       bytes to take, at least mapping_size
 * @alloc_align_mask: the slots start at a multiple of this + 1
 *
 * The kernel's own layers call this. The tracker does not see it: ownership is checked for dma_map_single() and its kin.
 *
 * Context: any. Return: the physical address of the copy, (phys_addr_t)DMA_MAPPING_ERROR where there is no room.
 */
DMASIM_API phys_addr_t swiotlb_tbl_map_single(struct device *dev, phys_addr_t phys, size_t mapping_size,
					      size_t alloc_size, unsigned int alloc_align_mask,
					      enum dma_data_direction dir, unsigned long attrs)
	DMASIM_SYM(swiotlb_tbl_map_single);
/* Copy back as direction and attributes say, and give the slots back. An address that no mapping starts at: nothing. */
DMASIM_API void swiotlb_tbl_unmap_single(struct device *dev, phys_addr_t tlb_addr, size_t mapping_size,
					 enum dma_data_direction dir, unsigned long attrs)
	DMASIM_SYM(swiotlb_tbl_unmap_single);
/* Copy a part: in for TO_DEVICE and BIDIRECTIONAL, out for FROM_DEVICE and BIDIRECTIONAL. */
DMASIM_API void swiotlb_sync_single_for_device(struct device *dev, phys_addr_t tlb_addr, size_t size,
					       enum dma_data_direction dir) DMASIM_SYM(swiotlb_sync_single_for_device);
DMASIM_API void swiotlb_sync_single_for_cpu(struct device *dev, phys_addr_t tlb_addr, size_t size,
					    enum dma_data_direction dir) DMASIM_SYM(swiotlb_sync_single_for_cpu);
/* The bus address of the copy, or DMA_MAPPING_ERROR: no room, or the device cannot drive that either. */
DMASIM_API dma_addr_t swiotlb_map(struct device *dev, phys_addr_t phys, size_t size, enum dma_data_direction dir,
				  unsigned long attrs) DMASIM_SYM(swiotlb_map);

/* Pages of a pool that is for allocations; NULL. The size is up to 256 KiB. */
DMASIM_API struct page *swiotlb_alloc(struct device *dev, size_t size) DMASIM_SYM(swiotlb_alloc);
DMASIM_API bool swiotlb_free(struct device *dev, struct page *page, size_t size) DMASIM_SYM(swiotlb_free);

/* ---- native ---- */

/* As debugfs shows it in /sys/kernel/debug/swiotlb: slots. */
struct dmasim_swiotlb_stats {
	unsigned long nslabs, used, used_hiwater, transient_nslabs;
};

/**
 * dmasim_swiotlb_stats() - how full the pool is
 * @dev: whose pool; NULL: the machine's
 *
 * Return: 0, -ENODEV if there is none, -EINVAL without a machine or for a bad device.
 */
DMASIM_API int dmasim_swiotlb_stats(struct device *dev, struct dmasim_swiotlb_stats *stats);
/* From now on used_hiwater is counted anew. As above. */
DMASIM_API int dmasim_swiotlb_reset_hiwater(struct device *dev);

/**
 * dmasim_device_restrict_dma() - give the device a pool of its own, through which everything goes
 * @size: bytes of the pool, from 256 KiB, rounded up to multiples of it
 *
 * As a restricted-dma-pool of a device tree: each mapping bounces, coherent memory comes from the pool as well, and all
 * other memory stays out of the device's sight. Before the device maps anything; for the life of the machine.
 *
 * Return: 0; -EBUSY if it has one; -ENOMEM; -EINVAL.
 */
DMASIM_API int dmasim_device_restrict_dma(struct device *dev, size_t size);

#endif
