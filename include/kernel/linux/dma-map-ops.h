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

struct cma;
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
	/* Registers of another device, where map_phys is NULL (4.9 to 6.18). NULL: such maps fail. */
	dma_addr_t (*map_resource)(struct device *dev, phys_addr_t phys, size_t size, enum dma_data_direction dir,
				   unsigned long attrs);
	void (*unmap_resource)(struct device *dev, dma_addr_t addr, size_t size, enum dma_data_direction dir,
			       unsigned long attrs);
	/* Not 0: what a map returned means that it failed (until 4.20). The driver gets DMA_MAPPING_ERROR all the same. */
	int (*mapping_error)(struct device *dev, dma_addr_t addr);
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

/*
 * The tables there are. A device without one of its own is served by its machine's (the option dma_ops=). They can be
 * compared, given to set_dma_ops(), and called from operations of one's own that add to them.
 *
 * In the kernel the direct operations are no table but what NULL means; here they have a name as well.
 */
DMASIM_API extern const struct dma_map_ops dma_direct_ops DMASIM_SYM(dma_direct_ops);
/* arm, until 5.19: devices that do not, and that do, see the CPU's caches. */
DMASIM_API extern const struct dma_map_ops arm_dma_ops DMASIM_SYM(arm_dma_ops);
DMASIM_API extern const struct dma_map_ops arm_coherent_dma_ops DMASIM_SYM(arm_coherent_dma_ops);
/* arm64, until 4.6. */
DMASIM_API extern const struct dma_map_ops noncoherent_swiotlb_dma_ops DMASIM_SYM(noncoherent_swiotlb_dma_ops);
DMASIM_API extern const struct dma_map_ops coherent_swiotlb_dma_ops DMASIM_SYM(coherent_swiotlb_dma_ops);
/* arm's for devices behind an IOMMU. No machine has one yet: every map fails, dmasim_last_error() says so. A type of
 * the kernel has the same name, which C keeps apart. */
DMASIM_API extern const struct dma_map_ops iommu_ops DMASIM_SYM(iommu_ops);
DMASIM_API extern const struct dma_map_ops iommu_coherent_ops DMASIM_SYM(iommu_coherent_ops);
/* Of machines with bounce buffers: older kernels had a table of this name. */
DMASIM_API extern const struct dma_map_ops swiotlb_dma_ops DMASIM_SYM(swiotlb_dma_ops);

/** get_dma_ops() - the operations that serve the device: its own, else those of its machine; NULL for a bad device */
DMASIM_API const struct dma_map_ops *get_dma_ops(struct device *dev) DMASIM_SYM(get_dma_ops);

/** set_dma_ops() - give the device its own operations; NULL: back to those of the machine */
static inline void set_dma_ops(struct device *dev, const struct dma_map_ops *ops)
{
	dev->dma_ops = ops;
}

/** get_arch_dma_ops() - the operations of devices that have none of their own; NULL without a machine */
DMASIM_API const struct dma_map_ops *get_arch_dma_ops(void) DMASIM_SYM(get_arch_dma_ops);

struct iommu_ops;

/**
 * arch_setup_dma_ops() - choose arm's operations for a device, as its bus does at probe
 * @iommu:    not NULL: those of the IOMMU
 * @coherent: does the device see the CPU's caches?
 *
 * arm64's pair on machines with dma_ops=arm64 or arm64-coherent. A device that has operations keeps them. @dma_base and
 * @size, the window of the IOMMU, are not used.
 */
DMASIM_API void arch_setup_dma_ops(struct device *dev, u64 dma_base, u64 size, const struct iommu_ops *iommu,
				   bool coherent) DMASIM_SYM(arch_setup_dma_ops);
DMASIM_API void arch_teardown_dma_ops(struct device *dev) DMASIM_SYM(arch_teardown_dma_ops);
/* Is the device served by operations that maintain no caches? */
DMASIM_API bool dev_is_dma_coherent(struct device *dev) DMASIM_SYM(dev_is_dma_coherent);

/* ---- cache maintenance, by operations of one's own; counted, and nothing to do on coherent machines ---- */

DMASIM_API void arch_sync_dma_for_device(phys_addr_t phys, size_t size, enum dma_data_direction dir)
	DMASIM_SYM(arch_sync_dma_for_device);
DMASIM_API void arch_sync_dma_for_cpu(phys_addr_t phys, size_t size, enum dma_data_direction dir)
	DMASIM_SYM(arch_sync_dma_for_cpu);
DMASIM_API void arch_dma_prep_coherent(struct page *page, size_t size) DMASIM_SYM(arch_dma_prep_coherent);

/* ---- contiguous memory (CMA) ---- */

/** dev_get_cma_area() - the area that serves the device: dev->cma_area, else the default one (cma=); NULL: none */
DMASIM_API struct cma *dev_get_cma_area(struct device *dev) DMASIM_SYM(dev_get_cma_area);

/**
 * dma_contiguous_reserve_area() - make an area, to be put into dev->cma_area
 * @size:  bytes, rounded up to 4 MiB
 * @base:  physical address, 0: anywhere below @limit
 * @limit: 0: none
 * @area:  gets it; it lives as long as the machine
 * @fixed: at @base or not at all
 *
 * Early: the page allocator must not have used the place.
 *
 * Return: 0, -EINVAL, -ENOMEM.
 */
DMASIM_API int dma_contiguous_reserve_area(phys_addr_t size, phys_addr_t base, phys_addr_t limit, struct cma **area,
					   bool fixed) DMASIM_SYM(dma_contiguous_reserve_area);

/**
 * dma_alloc_from_contiguous() - a run of pages from the device's area, not cleared
 * @count:   pages
 * @align:   order to which the run is aligned; above 8 as 8
 * @no_warn: say nothing when there is none
 *
 * Context: may sleep.
 * Return: the first page; NULL without an area or when it is full.
 */
DMASIM_API struct page *dma_alloc_from_contiguous(struct device *dev, size_t count, unsigned int align, bool no_warn)
	DMASIM_SYM(dma_alloc_from_contiguous);
/* False if the pages are of no area. Another count than was allocated is reported as free-wrong-order. */
DMASIM_API bool dma_release_from_contiguous(struct device *dev, struct page *pages, int count)
	DMASIM_SYM(dma_release_from_contiguous);
/** dma_alloc_contiguous() - the same by bytes, where the area should serve; NULL: take pages from alloc_pages() */
DMASIM_API struct page *dma_alloc_contiguous(struct device *dev, size_t size, gfp_t gfp)
	DMASIM_SYM(dma_alloc_contiguous);
/** dma_free_contiguous() - free either: pages of no area go to __free_pages() */
DMASIM_API void dma_free_contiguous(struct device *dev, struct page *page, size_t size) DMASIM_SYM(dma_free_contiguous);

/* ---- memory declared for one device, or for all ---- */

/**
 * dma_declare_coherent_memory() - from now on the device's coherent memory comes from here, and from nowhere else
 * @phys_addr:   RAM from dmasim_reserve_ram()
 * @device_addr: where the device sees it: must be what the bus shows there
 * @size:        whole pages
 *
 * Return: 0; -EBUSY if the device or another declaration has it; -EINVAL; -ENOMEM.
 */
DMASIM_API int dma_declare_coherent_memory(struct device *dev, phys_addr_t phys_addr, dma_addr_t device_addr,
					   size_t size) DMASIM_SYM(dma_declare_coherent_memory);
/** dma_release_coherent_memory() - end that; what is still allocated in it is reported as free-while-mapped */
DMASIM_API void dma_release_coherent_memory(struct device *dev) DMASIM_SYM(dma_release_coherent_memory);
/* 0: the device has no such memory; 1: *ret is the result, perhaps NULL. Not tracked. */
DMASIM_API int dma_alloc_from_dev_coherent(struct device *dev, ssize_t size, dma_addr_t *handle, void **ret)
	DMASIM_SYM(dma_alloc_from_dev_coherent);
/* 1 if vaddr is in the device's memory. */
DMASIM_API int dma_release_from_dev_coherent(struct device *dev, int order, void *vaddr)
	DMASIM_SYM(dma_release_from_dev_coherent);
/* The same for memory that serves all devices that ask for it. 0, -EBUSY, -EINVAL, -ENOMEM. */
DMASIM_API int dma_init_global_coherent(phys_addr_t phys_addr, size_t size) DMASIM_SYM(dma_init_global_coherent);
DMASIM_API void *dma_alloc_from_global_coherent(struct device *dev, ssize_t size, dma_addr_t *handle)
	DMASIM_SYM(dma_alloc_from_global_coherent);
DMASIM_API int dma_release_from_global_coherent(int order, void *vaddr) DMASIM_SYM(dma_release_from_global_coherent);

/* ---- atomic pools ---- */

/**
 * dma_alloc_from_pool() - coherent memory without sleeping
 * @phys_addr_ok: may refuse what was found; NULL: anything the device reaches
 *
 * Return: its first page, *cpu_addr set; NULL when the pools are exhausted, which the kernel log says.
 */
DMASIM_API struct page *dma_alloc_from_pool(struct device *dev, size_t size, void **cpu_addr, gfp_t gfp,
					    bool (*phys_addr_ok)(struct device *dev, phys_addr_t phys, size_t size))
	DMASIM_SYM(dma_alloc_from_pool);
/* False if it is of no pool. */
DMASIM_API bool dma_free_from_pool(struct device *dev, void *cpu_addr, size_t size) DMASIM_SYM(dma_free_from_pool);

/* ---- safe buffers for devices with a defect (arm, until 5.19) ---- */

/* The operations of such devices: arm's, and copies for mappings that the device cannot do. */
DMASIM_API extern const struct dma_map_ops dmabounce_ops DMASIM_SYM(dmabounce_ops);

/**
 * dmabounce_register_dev() - mappings that the device cannot do go through safe buffers from now on
 * @small_buffer_size: bytes of one small safe buffer
 * @large_buffer_size: of a large one; 0: none. Longer mappings get coherent memory of their own
 * @needs_bounce:      not 0: this mapping needs one. NULL: only those beyond the device's mask
 *
 * The device gets dmabounce_ops. Return: 0; -EINVAL, -EBUSY if it is registered, -ENOMEM.
 */
DMASIM_API int dmabounce_register_dev(struct device *dev, unsigned long small_buffer_size,
				      unsigned long large_buffer_size,
				      int (*needs_bounce)(struct device *dev, dma_addr_t addr, size_t size))
	DMASIM_SYM(dmabounce_register_dev);
/** dmabounce_unregister_dev() - end that; mappings in safe buffers are reported as pool-busy-at-destroy */
DMASIM_API void dmabounce_unregister_dev(struct device *dev) DMASIM_SYM(dmabounce_unregister_dev);

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
