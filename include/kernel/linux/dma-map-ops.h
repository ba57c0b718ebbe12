/* SPDX-License-Identifier: MIT */
/*
 * For code that provides DMA mapping rather than uses it. Mirrors include/linux/dma-map-ops.h.
 *
 * The core checks arguments and ownership, then calls the device's operations: its own (set_dma_ops()) or those of the
 * machine. They work on physical addresses; single, page and resource mappings are all expressed as map_phys.
 */
#ifndef DMASIM_LINUX_DMA_MAP_OPS_H
#define DMASIM_LINUX_DMA_MAP_OPS_H

#include <linux/dma-debug.h>
#include <linux/dma-mapping.h>

struct page;
struct scatterlist;
struct sg_table;
struct vm_area_struct;

/* A member may be NULL where the comment names what then happens. */
struct dma_map_ops {
	/* Coherent memory. Required to allocate; NULL alloc: no memory. */
	void *(*alloc)(struct device *dev, size_t size, dma_addr_t *handle, gfp_t gfp, unsigned long attrs);
	void (*free)(struct device *dev, size_t size, void *cpu_addr, dma_addr_t handle, unsigned long attrs);
	/* Memory that is mapped but not coherent, cleared. NULL: none. free_pages gets what was allocated. */
	struct page *(*alloc_pages_op)(struct device *dev, size_t size, dma_addr_t *handle, enum dma_data_direction dir,
				       gfp_t gfp);
	void (*free_pages)(struct device *dev, size_t size, struct page *page, dma_addr_t handle,
			   enum dma_data_direction dir);
	int (*mmap)(struct device *dev, struct vm_area_struct *vma, void *cpu_addr, dma_addr_t handle, size_t size,
		    unsigned long attrs);
	int (*get_sgtable)(struct device *dev, struct sg_table *sgt, void *cpu_addr, dma_addr_t handle, size_t size,
			   unsigned long attrs);

	/* Streaming. The bus address or DMA_MAPPING_ERROR. NULL map_phys: map_page is used, and without it maps fail. */
	dma_addr_t (*map_phys)(struct device *dev, phys_addr_t phys, size_t size, enum dma_data_direction dir,
			       unsigned long attrs);
	void (*unmap_phys)(struct device *dev, dma_addr_t addr, size_t size, enum dma_data_direction dir,
			   unsigned long attrs);
	/* The same as kernels before 6.19 had it. */
	dma_addr_t (*map_page)(struct device *dev, struct page *page, unsigned long offset, size_t size,
			       enum dma_data_direction dir, unsigned long attrs);
	void (*unmap_page)(struct device *dev, dma_addr_t addr, size_t size, enum dma_data_direction dir,
			   unsigned long attrs);
	int (*map_sg)(struct device *dev, struct scatterlist *sg, int nents, enum dma_data_direction dir,
		      unsigned long attrs);
	void (*unmap_sg)(struct device *dev, struct scatterlist *sg, int nents, enum dma_data_direction dir,
			 unsigned long attrs);

	/* NULL: nothing to do. */
	void (*sync_single_for_cpu)(struct device *dev, dma_addr_t addr, size_t size, enum dma_data_direction dir);
	void (*sync_single_for_device)(struct device *dev, dma_addr_t addr, size_t size, enum dma_data_direction dir);
	void (*sync_sg_for_cpu)(struct device *dev, struct scatterlist *sg, int nents, enum dma_data_direction dir);
	void (*sync_sg_for_device)(struct device *dev, struct scatterlist *sg, int nents, enum dma_data_direction dir);

	/*
	 * Reserved address space (dma_iova_*). NULL iova_alloc: none is ever granted. iova_alloc fills the state; ranges are
	 * within it when the others are called.
	 */
	bool (*iova_alloc)(struct device *dev, struct dma_iova_state *state, phys_addr_t phys, size_t size);
	int (*iova_link)(struct device *dev, struct dma_iova_state *state, phys_addr_t phys, size_t offset, size_t size,
			 enum dma_data_direction dir, unsigned long attrs);
	int (*iova_sync)(struct device *dev, struct dma_iova_state *state, size_t offset, size_t size);
	void (*iova_unlink)(struct device *dev, struct dma_iova_state *state, size_t offset, size_t size,
			    enum dma_data_direction dir, unsigned long attrs);
	void (*iova_free)(struct device *dev, struct dma_iova_state *state);

	/* Limits. NULL: every mask; 32 bit; SIZE_MAX; SIZE_MAX; 0. */
	int (*dma_supported)(struct device *dev, u64 mask);
	u64 (*get_required_mask)(struct device *dev);
	size_t (*max_mapping_size)(struct device *dev);
	size_t (*opt_mapping_size)(void);
	unsigned long (*get_merge_boundary)(struct device *dev);
};

/** get_dma_ops() - the operations that serve the device: its own, else those of its machine; NULL for a bad device */
DMASIM_API const struct dma_map_ops *get_dma_ops(struct device *dev) DMASIM_SYM(get_dma_ops);

/** set_dma_ops() - give the device its own operations; NULL: back to those of the machine */
static inline void set_dma_ops(struct device *dev, const struct dma_map_ops *ops)
{
	dev->dma_ops = ops;
}

/**
 * dma_direct_set_offset() - one window through which the device sees all its memory
 *
 * Platform code, not drivers. The hardware's windows do not follow: an address made with a map that they do not decode
 * goes nowhere.
 *
 * Return: 0, also for offset 0, when nothing is stored; -EINVAL if the device has windows already or is bad.
 */
DMASIM_API int dma_direct_set_offset(struct device *dev, phys_addr_t cpu_start, dma_addr_t dma_start, u64 size)
	DMASIM_SYM(dma_direct_set_offset);

#endif
