/* SPDX-License-Identifier: MIT */
/*
 * The DMA API for drivers. Mirrors include/linux/dma-mapping.h, with the return values and contexts of recent kernels
 * (6.x), and the names that older ones had for the same thing.
 *
 * Three promises go with every call here. A `struct device *` that is NULL, dead, or of another machine makes the call
 * return its failure value, and dmasim_last_error() says why. A broken rule is reported at the line that called. And
 * nothing here ever sleeps, except where the comment says so.
 */
#ifndef DMASIM_LINUX_DMA_MAPPING_H
#define DMASIM_LINUX_DMA_MAPPING_H

#include <linux/device.h>
#include <linux/dma-direction.h>
#include <linux/scatterlist.h>
#include <linux/types.h>

struct page;
struct vm_area_struct;

/* The address of a mapping that failed. Ask dma_mapping_error(), do not compare. */
#define DMA_MAPPING_ERROR (~(dma_addr_t)0)

/* A mask of the n low address bits, n from 1 to 64. */
#define DMA_BIT_MASK(n) (((n) == 64) ? ~0ULL : ((1ULL << ((n) % 64)) - 1))

/* Attributes of mappings and allocations. Bits keep their numbers for ever, those of removed ones included. */
#define DMA_ATTR_WRITE_BARRIER		     (1UL << 0)	 /* removed in 4.16 */
#define DMA_ATTR_WEAK_ORDERING		     (1UL << 1)	 /* reads and writes may pass each other */
#define DMA_ATTR_WRITE_COMBINE		     (1UL << 2)	 /* the CPU's writes may be gathered */
#define DMA_ATTR_NON_CONSISTENT		     (1UL << 3)	 /* removed in 5.10 */
#define DMA_ATTR_NO_KERNEL_MAPPING	     (1UL << 4)	 /* allocation returns a cookie, not an address */
#define DMA_ATTR_SKIP_CPU_SYNC		     (1UL << 5)	 /* map and unmap hand nothing over; only syncs do */
#define DMA_ATTR_FORCE_CONTIGUOUS	     (1UL << 6)	 /* physically contiguous also behind an IOMMU */
#define DMA_ATTR_ALLOC_SINGLE_PAGES	     (1UL << 7)	 /* large pages are not worth the search */
#define DMA_ATTR_NO_WARN		     (1UL << 8)	 /* failure is expected: no message */
#define DMA_ATTR_PRIVILEGED		     (1UL << 9)	 /* for privileged accesses of the device only */
#define DMA_ATTR_MMIO			     (1UL << 10) /* the physical address is another device's registers */
#define DMA_ATTR_DEBUGGING_IGNORE_CACHELINES (1UL << 11) /* no dirty line overlaps: promised */
#define DMA_ATTR_CPU_CACHE_CLEAN	     DMA_ATTR_DEBUGGING_IGNORE_CACHELINES
#define DMA_ATTR_REQUIRE_COHERENT	     (1UL << 12) /* fail rather than bounce or maintain caches */
#define DMA_ATTR_CC_SHARED		     (1UL << 13) /* already shared with the hypervisor */

/* Keep what unmap will need. Real fields here, as on machines that need them. */
#define DEFINE_DMA_UNMAP_ADDR(name)	   dma_addr_t name
#define DEFINE_DMA_UNMAP_LEN(name)	   u32 name
#define dma_unmap_addr(ptr, name)	   ((ptr)->name)
#define dma_unmap_addr_set(ptr, name, val) (((ptr)->name) = (val))
#define dma_unmap_len(ptr, name)	   ((ptr)->name)
#define dma_unmap_len_set(ptr, name, val)  (((ptr)->name) = (val))

/* ---- streaming mappings: hand a buffer to the device, and back ---- */

/**
 * dma_map_single_attrs() - map kernel memory for one device
 * @dev:   the device that masters the bus
 * @ptr:   memory from kmalloc() or the page allocator; physically contiguous over @size
 * @size:  bytes, at least 1
 * @dir:   who will write: DMA_TO_DEVICE, DMA_FROM_DEVICE, DMA_BIDIRECTIONAL
 * @attrs: DMA_ATTR_* or 0
 *
 * From now on the device owns the bytes (not with DMA_ATTR_SKIP_CPU_SYNC), until they are synced or unmapped.
 *
 * Context: any.
 * Return: the bus address; DMA_MAPPING_ERROR, to be asked for with dma_mapping_error(), when it cannot be reached.
 */
DMASIM_API DMASIM_NODISCARD dma_addr_t dma_map_single_attrs(struct device *dev, void *ptr, size_t size,
							    enum dma_data_direction dir, unsigned long attrs)
	DMASIM_SYM(dma_map_single_attrs);

/** dma_unmap_single_attrs() - end a mapping; all arguments as at the map call, @addr what it returned */
DMASIM_API void dma_unmap_single_attrs(struct device *dev, dma_addr_t addr, size_t size, enum dma_data_direction dir,
				       unsigned long attrs) DMASIM_SYM(dma_unmap_single_attrs);

/** dma_map_page_attrs() - as dma_map_single_attrs(), for part of a page block; @offset may go past the first page */
DMASIM_API DMASIM_NODISCARD dma_addr_t dma_map_page_attrs(struct device *dev, struct page *page, size_t offset,
							  size_t size, enum dma_data_direction dir, unsigned long attrs)
	DMASIM_SYM(dma_map_page_attrs);
DMASIM_API void dma_unmap_page_attrs(struct device *dev, dma_addr_t addr, size_t size, enum dma_data_direction dir,
				     unsigned long attrs) DMASIM_SYM(dma_unmap_page_attrs);

/**
 * dma_map_phys() - the same by physical address (6.18)
 * @phys: of RAM; of another device's registers with DMA_ATTR_MMIO
 */
DMASIM_API DMASIM_NODISCARD dma_addr_t dma_map_phys(struct device *dev, phys_addr_t phys, size_t size,
						    enum dma_data_direction dir, unsigned long attrs)
	DMASIM_SYM(dma_map_phys);
DMASIM_API void dma_unmap_phys(struct device *dev, dma_addr_t addr, size_t size, enum dma_data_direction dir,
			       unsigned long attrs) DMASIM_SYM(dma_unmap_phys);

/** dma_map_resource() - map another device's registers; RAM is refused. The result is not translated by windows */
DMASIM_API DMASIM_NODISCARD dma_addr_t dma_map_resource(struct device *dev, phys_addr_t phys, size_t size,
							enum dma_data_direction dir, unsigned long attrs)
	DMASIM_SYM(dma_map_resource);
DMASIM_API void dma_unmap_resource(struct device *dev, dma_addr_t addr, size_t size, enum dma_data_direction dir,
				   unsigned long attrs) DMASIM_SYM(dma_unmap_resource);

#define dma_map_single(dev, ptr, size, dir)	   dma_map_single_attrs(dev, ptr, size, dir, 0)
#define dma_unmap_single(dev, addr, size, dir)	   dma_unmap_single_attrs(dev, addr, size, dir, 0)
#define dma_map_page(dev, page, offset, size, dir) dma_map_page_attrs(dev, page, offset, size, dir, 0)
#define dma_unmap_page(dev, addr, size, dir)	   dma_unmap_page_attrs(dev, addr, size, dir, 0)

/** dma_mapping_error() - did the map call fail? -ENOMEM if so, else 0. Must be asked after every map call */
DMASIM_API int dma_mapping_error(struct device *dev, dma_addr_t addr) DMASIM_SYM(dma_mapping_error);

/**
 * dma_sync_single_for_cpu() - the CPU wants to look at a mapped buffer
 * @addr: bus address of the first byte; may lie inside a mapping
 * @size: bytes, inside one mapping. 0 does nothing
 * @dir:  of the mapping
 *
 * The CPU owns these bytes until dma_sync_single_for_device(). Simulated time passes, so that a loop that polls a
 * buffer this way gets somewhere.
 *
 * Context: any.
 */
DMASIM_API void dma_sync_single_for_cpu(struct device *dev, dma_addr_t addr, size_t size, enum dma_data_direction dir)
	DMASIM_SYM(dma_sync_single_for_cpu);
/** dma_sync_single_for_device() - the CPU is done: the device owns the bytes again */
DMASIM_API void dma_sync_single_for_device(struct device *dev, dma_addr_t addr, size_t size,
					   enum dma_data_direction dir) DMASIM_SYM(dma_sync_single_for_device);
DMASIM_API void dma_sync_single_range_for_cpu(struct device *dev, dma_addr_t addr, unsigned long offset, size_t size,
					      enum dma_data_direction dir) DMASIM_SYM(dma_sync_single_range_for_cpu);
DMASIM_API void dma_sync_single_range_for_device(struct device *dev, dma_addr_t addr, unsigned long offset, size_t size,
						 enum dma_data_direction dir)
	DMASIM_SYM(dma_sync_single_range_for_device);

/* ---- lists ---- */

/**
 * dma_map_sg_attrs() - map the pieces of a list
 * @sgl:   its first entry; each with a page, an offset and a length
 * @nents: entries to map, links not counted
 *
 * Neighbours may be joined: sg_dma_address() and sg_dma_len() are then valid in fewer entries than were given. Only the
 * device counts by the result; the list is synced and unmapped by @nents. It must not be mapped again, nor changed,
 * before that.
 *
 * Context: any.
 * Return: entries with addresses for the device; 0 when nothing was mapped.
 */
DMASIM_API DMASIM_NODISCARD unsigned int dma_map_sg_attrs(struct device *dev, struct scatterlist *sgl, int nents,
							  enum dma_data_direction dir, unsigned long attrs)
	DMASIM_SYM(dma_map_sg_attrs);
/** dma_unmap_sg_attrs() - end it; all arguments as at the map call */
DMASIM_API void dma_unmap_sg_attrs(struct device *dev, struct scatterlist *sgl, int nents, enum dma_data_direction dir,
				   unsigned long attrs) DMASIM_SYM(dma_unmap_sg_attrs);

#define dma_map_sg(dev, sgl, nents, dir)   dma_map_sg_attrs(dev, sgl, nents, dir, 0)
#define dma_unmap_sg(dev, sgl, nents, dir) dma_unmap_sg_attrs(dev, sgl, nents, dir, 0)

/** dma_map_sgtable() - the same for a table, whose nents gets the result. 0; -EINVAL, -ENOMEM, -EIO or -EREMOTEIO */
DMASIM_API DMASIM_NODISCARD int dma_map_sgtable(struct device *dev, struct sg_table *sgt, enum dma_data_direction dir,
						unsigned long attrs) DMASIM_SYM(dma_map_sgtable);
DMASIM_API void dma_unmap_sgtable(struct device *dev, struct sg_table *sgt, enum dma_data_direction dir,
				  unsigned long attrs) DMASIM_SYM(dma_unmap_sgtable);

/** dma_sync_sg_for_cpu() - the CPU wants to look at all of a mapped list; @nelems as at the map call */
DMASIM_API void dma_sync_sg_for_cpu(struct device *dev, struct scatterlist *sgl, int nelems,
				    enum dma_data_direction dir) DMASIM_SYM(dma_sync_sg_for_cpu);
DMASIM_API void dma_sync_sg_for_device(struct device *dev, struct scatterlist *sgl, int nelems,
				       enum dma_data_direction dir) DMASIM_SYM(dma_sync_sg_for_device);
DMASIM_API void dma_sync_sgtable_for_cpu(struct device *dev, struct sg_table *sgt, enum dma_data_direction dir)
	DMASIM_SYM(dma_sync_sgtable_for_cpu);
DMASIM_API void dma_sync_sgtable_for_device(struct device *dev, struct sg_table *sgt, enum dma_data_direction dir)
	DMASIM_SYM(dma_sync_sgtable_for_device);

/* ---- bus address space first, memory later (6.16) ---- */

#define DMA_IOVA_USE_SWIOTLB (1ULL << 63)

/* One reservation. The driver keeps it; only its own functions look inside. */
struct dma_iova_state {
	dma_addr_t addr; /* of the first byte, once dma_iova_try_alloc() was true */
	u64 __size;	 /* 0: nothing is reserved */
};

/* Is there a reservation? If not, map each range with dma_map_phys(). */
static inline bool dma_use_iova(const struct dma_iova_state *state)
{
	return state->__size != 0;
}

static inline size_t dma_iova_size(const struct dma_iova_state *state)
{
	return (size_t)(state->__size & ~DMA_IOVA_USE_SWIOTLB);
}

/**
 * dma_iova_try_alloc() - reserve contiguous bus addresses
 * @state: overwritten
 * @phys:  of the first range that will be linked; its offset in a page becomes that of the bus address
 * @size:  bytes in all
 *
 * Context: any.
 * Return: false where nothing can reserve any: the driver must then map each range by itself. Always so on machines
 *         without an IOMMU, which all machines of this version are, unless the device has operations of its own.
 */
DMASIM_API bool dma_iova_try_alloc(struct device *dev, struct dma_iova_state *state, phys_addr_t phys, size_t size)
	DMASIM_SYM(dma_iova_try_alloc);
/**
 * dma_iova_link() - let memory appear at an offset of the reservation
 *
 * The device may use it after dma_iova_sync(). Any context. Return: 0, or a negative errno: -EIO for a range outside of
 * the reservation, which is reported as iova-outside-reservation, as it is by the functions below.
 */
DMASIM_API DMASIM_NODISCARD int dma_iova_link(struct device *dev, struct dma_iova_state *state, phys_addr_t phys,
					      size_t offset, size_t size, enum dma_data_direction dir,
					      unsigned long attrs) DMASIM_SYM(dma_iova_link);
/** dma_iova_sync() - make what was linked visible to the device. 0 or a negative errno */
DMASIM_API DMASIM_NODISCARD int dma_iova_sync(struct device *dev, struct dma_iova_state *state, size_t offset,
					      size_t size) DMASIM_SYM(dma_iova_sync);
/** dma_iova_unlink() - end it for a range that was linked, with the values of the link call */
DMASIM_API void dma_iova_unlink(struct device *dev, struct dma_iova_state *state, size_t offset, size_t size,
				enum dma_data_direction dir, unsigned long attrs) DMASIM_SYM(dma_iova_unlink);
/** dma_iova_free() - give the reservation back; everything was unlinked before */
DMASIM_API void dma_iova_free(struct device *dev, struct dma_iova_state *state) DMASIM_SYM(dma_iova_free);
/** dma_iova_destroy() - unlink the first @mapped_len bytes, and give the reservation back */
DMASIM_API void dma_iova_destroy(struct device *dev, struct dma_iova_state *state, size_t mapped_len,
				 enum dma_data_direction dir, unsigned long attrs) DMASIM_SYM(dma_iova_destroy);
/** dma_need_unmap() - must mappings of the device be unmapped? Always true while checks are on */
DMASIM_API bool dma_need_unmap(struct device *dev) DMASIM_SYM(dma_need_unmap);

/* ---- coherent memory: shared by CPU and device without hand-overs ---- */

/**
 * dma_alloc_attrs() - allocate memory that CPU and device share
 * @size:   bytes; rounded up to a power of two of pages, and aligned to that
 * @handle: gets the bus address
 * @gfp:    GFP_KERNEL may sleep; zone bits are ignored, the zone follows from the coherent mask
 * @attrs:  DMA_ATTR_* or 0
 *
 * Context: as @gfp says.
 * Return: the CPU's address, zeroed memory; with DMA_ATTR_NO_KERNEL_MAPPING a cookie for dma_free_attrs() that must not
 *         be dereferenced; NULL when there is no such memory.
 */
DMASIM_API void *dma_alloc_attrs(struct device *dev, size_t size, dma_addr_t *handle, gfp_t gfp, unsigned long attrs)
	DMASIM_SYM(dma_alloc_attrs);
/** dma_free_attrs() - free it, all values as allocated. NULL is ignored. Not where interrupts are off */
DMASIM_API void dma_free_attrs(struct device *dev, size_t size, void *cpu_addr, dma_addr_t handle, unsigned long attrs)
	DMASIM_SYM(dma_free_attrs);
DMASIM_API void *dma_alloc_coherent(struct device *dev, size_t size, dma_addr_t *handle, gfp_t gfp)
	DMASIM_SYM(dma_alloc_coherent);
DMASIM_API void dma_free_coherent(struct device *dev, size_t size, void *cpu_addr, dma_addr_t handle)
	DMASIM_SYM(dma_free_coherent);
/** dma_alloc_wc() - coherent memory through which the CPU's writes may be gathered (frame buffers, rings) */
DMASIM_API void *dma_alloc_wc(struct device *dev, size_t size, dma_addr_t *handle, gfp_t gfp) DMASIM_SYM(dma_alloc_wc);
DMASIM_API void dma_free_wc(struct device *dev, size_t size, void *cpu_addr, dma_addr_t handle) DMASIM_SYM(dma_free_wc);

#define dma_zalloc_coherent(dev, size, handle, gfp)    dma_alloc_coherent(dev, size, handle, gfp)
#define dma_alloc_writecombine(dev, size, handle, gfp) dma_alloc_wc(dev, size, handle, gfp)
#define dma_free_writecombine(dev, size, cpu, handle)  dma_free_wc(dev, size, cpu, handle)

/** dmam_alloc_coherent() - as dma_alloc_coherent(); freed by itself when the driver is unbound. May sleep */
DMASIM_API void *dmam_alloc_coherent(struct device *dev, size_t size, dma_addr_t *handle, gfp_t gfp)
	DMASIM_SYM(dmam_alloc_coherent);
DMASIM_API void *dmam_alloc_attrs(struct device *dev, size_t size, dma_addr_t *handle, gfp_t gfp, unsigned long attrs)
	DMASIM_SYM(dmam_alloc_attrs);
/** dmam_free_coherent() - free such memory early */
DMASIM_API void dmam_free_coherent(struct device *dev, size_t size, void *cpu_addr, dma_addr_t handle)
	DMASIM_SYM(dmam_free_coherent);

/* ---- such memory in user programs, and as lists ---- */

/**
 * dma_mmap_attrs() - show coherent memory to the user program: called by a driver's mmap
 * @vma:      the range; its vm_pgoff is the first page of the memory to show, and it may be shorter than the rest
 * @cpu_addr: as the allocation returned it; @handle, @size and @attrs too are those of the allocation
 *
 * Context: may sleep; from the mmap operation only.
 * Return: 0; -ENXIO where vm_pgoff and the length go beyond the memory, and where the device's operations cannot; what
 *         remap_pfn_range() returns.
 */
DMASIM_API int dma_mmap_attrs(struct device *dev, struct vm_area_struct *vma, void *cpu_addr, dma_addr_t handle,
			      size_t size, unsigned long attrs) DMASIM_SYM(dma_mmap_attrs);
DMASIM_API int dma_mmap_coherent(struct device *dev, struct vm_area_struct *vma, void *cpu_addr, dma_addr_t handle,
				 size_t size) DMASIM_SYM(dma_mmap_coherent);
DMASIM_API int dma_mmap_wc(struct device *dev, struct vm_area_struct *vma, void *cpu_addr, dma_addr_t handle,
			   size_t size) DMASIM_SYM(dma_mmap_wc);
#define dma_mmap_writecombine(dev, vma, cpu, handle, size) dma_mmap_wc(dev, vma, cpu, handle, size)
/** dma_mmap_pages() - the same for memory of dma_alloc_pages() */
DMASIM_API int dma_mmap_pages(struct device *dev, struct vm_area_struct *vma, size_t size, struct page *page)
	DMASIM_SYM(dma_mmap_pages);

/**
 * dma_get_sgtable_attrs() - describe coherent memory by a list of one entry
 * @sgt: filled; sg_free_table() frees its entries
 *
 * For exporters of buffers. The list is not mapped for any device, and mapping it breaks the coherent memory it shows.
 *
 * Context: may sleep.
 * Return: 0; -ENXIO where the memory cannot be described; -ENOMEM.
 */
DMASIM_API int dma_get_sgtable_attrs(struct device *dev, struct sg_table *sgt, void *cpu_addr, dma_addr_t handle,
				     size_t size, unsigned long attrs) DMASIM_SYM(dma_get_sgtable_attrs);
DMASIM_API int dma_get_sgtable(struct device *dev, struct sg_table *sgt, void *cpu_addr, dma_addr_t handle, size_t size)
	DMASIM_SYM(dma_get_sgtable);

/* ---- memory that is mapped when it is allocated, and handed over by syncs ---- */

/**
 * dma_alloc_pages() - pages for one device, mapped already
 * @size:   bytes; rounded up to a power of two of pages
 * @handle: gets the bus address
 * @dir:    as for a mapping
 * @gfp:    GFP_KERNEL may sleep; a zone bit is a mistake and gives NULL, the zone follows from the coherent mask
 *
 * Zeroed, and the CPU's: the device may use it after dma_sync_single_for_device(), the CPU again after
 * dma_sync_single_for_cpu(). There is nothing to ask dma_mapping_error() about.
 *
 * Context: as @gfp says.
 * Return: the first page; NULL when there is no such memory.
 */
DMASIM_API struct page *dma_alloc_pages(struct device *dev, size_t size, dma_addr_t *handle,
					enum dma_data_direction dir, gfp_t gfp) DMASIM_SYM(dma_alloc_pages);
/** dma_free_pages() - free them, all values as allocated. Context: any */
DMASIM_API void dma_free_pages(struct device *dev, size_t size, struct page *page, dma_addr_t handle,
			       enum dma_data_direction dir) DMASIM_SYM(dma_free_pages);
/** dma_alloc_noncoherent() - dma_alloc_pages() by the CPU's address (5.10; before, a call with other arguments) */
DMASIM_API void *dma_alloc_noncoherent(struct device *dev, size_t size, dma_addr_t *handle, enum dma_data_direction dir,
				       gfp_t gfp) DMASIM_SYM(dma_alloc_noncoherent);
DMASIM_API void dma_free_noncoherent(struct device *dev, size_t size, void *cpu_addr, dma_addr_t handle,
				     enum dma_data_direction dir) DMASIM_SYM(dma_free_noncoherent);

/**
 * dma_alloc_noncontiguous() - memory that is one segment for the device, perhaps many pages for the CPU
 * @size:  bytes, rounded up to pages
 * @gfp:   as for dma_alloc_pages()
 * @attrs: DMA_ATTR_ALLOC_SINGLE_PAGES or 0; all else is a mistake and gives NULL
 *
 * Mapped already; cleared, and the CPU's: dma_sync_sgtable_for_device() and _for_cpu() hand it over. Without an IOMMU
 * its pages follow each other.
 *
 * Context: as @gfp says.
 * Return: a table whose one DMA segment is sg_dma_address(), sg_dma_len() of its first entry; NULL.
 */
DMASIM_API struct sg_table *dma_alloc_noncontiguous(struct device *dev, size_t size, enum dma_data_direction dir,
						    gfp_t gfp, unsigned long attrs) DMASIM_SYM(dma_alloc_noncontiguous);
/** dma_free_noncontiguous() - free it and its table, all values as allocated; views must have been undone */
DMASIM_API void dma_free_noncontiguous(struct device *dev, size_t size, struct sg_table *sgt,
				       enum dma_data_direction dir) DMASIM_SYM(dma_free_noncontiguous);
/**
 * dma_vmap_noncontiguous() - see it at consecutive addresses
 *
 * CPU accesses there are accesses to that memory. Where caches tell views apart: flush_kernel_vmap_range() after writing
 * and before the sync for the device, invalidate_kernel_vmap_range() after the sync for the CPU and before reading.
 *
 * Context: may sleep.
 * Return: the address, to be undone by dma_vunmap_noncontiguous(); NULL.
 */
DMASIM_API void *dma_vmap_noncontiguous(struct device *dev, size_t size, struct sg_table *sgt)
	DMASIM_SYM(dma_vmap_noncontiguous);
DMASIM_API void dma_vunmap_noncontiguous(struct device *dev, void *vaddr) DMASIM_SYM(dma_vunmap_noncontiguous);
/** dma_mmap_noncontiguous() - show it to the user program. As dma_mmap_attrs() */
DMASIM_API int dma_mmap_noncontiguous(struct device *dev, struct vm_area_struct *vma, size_t size, struct sg_table *sgt)
	DMASIM_SYM(dma_mmap_noncontiguous);

/**
 * dma_cache_sync() - before 5.10: write back or invalidate memory of dma_alloc_attrs(..., DMA_ATTR_NON_CONSISTENT)
 * @cpu_addr: the CPU's address of the first byte
 * @dir:      DMA_TO_DEVICE after the CPU has written, DMA_FROM_DEVICE before it reads, DMA_BIDIRECTIONAL for both
 *
 * Such memory has no owner: CPU and device may touch it at any time, and see of each other what was synced.
 */
DMASIM_API void dma_cache_sync(struct device *dev, void *cpu_addr, size_t size, enum dma_data_direction dir)
	DMASIM_SYM(dma_cache_sync);

/* ---- what the device can address ---- */

/**
 * dma_set_mask() - declare which addresses the device can drive in streaming mappings
 * @mask: DMA_BIT_MASK(bits)
 *
 * Context: may sleep; probe.
 * Return: 0 when accepted. -EIO when this machine cannot promise memory below: the old mask stays, and the driver must
 *         try another or give up.
 */
DMASIM_API int dma_set_mask(struct device *dev, u64 mask) DMASIM_SYM(dma_set_mask);
/** dma_set_coherent_mask() - the same for coherent allocations. 32 bit until set */
DMASIM_API int dma_set_coherent_mask(struct device *dev, u64 mask) DMASIM_SYM(dma_set_coherent_mask);
DMASIM_API int dma_set_mask_and_coherent(struct device *dev, u64 mask) DMASIM_SYM(dma_set_mask_and_coherent);
/** dma_coerce_mask_and_coherent() - the same, for a device whose bus gave it no place for a streaming mask */
DMASIM_API int dma_coerce_mask_and_coherent(struct device *dev, u64 mask) DMASIM_SYM(dma_coerce_mask_and_coherent);

/** dma_get_mask() - the streaming mask; 32 bit where none is set */
DMASIM_API u64 dma_get_mask(struct device *dev) DMASIM_SYM(dma_get_mask);
/** dma_get_required_mask() - the smallest mask that covers all RAM as the device sees it */
DMASIM_API u64 dma_get_required_mask(struct device *dev) DMASIM_SYM(dma_get_required_mask);
/** dma_addressing_limited() - is there RAM that the device cannot reach? */
DMASIM_API bool dma_addressing_limited(struct device *dev) DMASIM_SYM(dma_addressing_limited);
/** dma_max_mapping_size() - bytes that one mapping may have; SIZE_MAX where nothing limits it */
DMASIM_API size_t dma_max_mapping_size(struct device *dev) DMASIM_SYM(dma_max_mapping_size);
/** dma_opt_mapping_size() - bytes up to which mapping is fast */
DMASIM_API size_t dma_opt_mapping_size(struct device *dev) DMASIM_SYM(dma_opt_mapping_size);
/** dma_need_sync() - must this mapping be synced? Always true while checks are on, unless need_sync=honest */
DMASIM_API bool dma_need_sync(struct device *dev, dma_addr_t addr) DMASIM_SYM(dma_need_sync);
/** dma_get_merge_boundary() - mask at which entries of a list may be merged; 0: never merged */
DMASIM_API unsigned long dma_get_merge_boundary(struct device *dev) DMASIM_SYM(dma_get_merge_boundary);
/** dma_get_cache_alignment() - alignment that keeps a buffer from sharing cache lines; 1 on coherent machines */
DMASIM_API int dma_get_cache_alignment(void) DMASIM_SYM(dma_get_cache_alignment);
/** dma_can_mmap() - can coherent memory of the device be mapped into user space? */
DMASIM_API bool dma_can_mmap(struct device *dev) DMASIM_SYM(dma_can_mmap);

/* ---- limits of the device's scatter/gather hardware: plain fields of dev->dma_parms ---- */

static inline unsigned int dma_get_max_seg_size(struct device *dev)
{
	return dev && dev->dma_parms && dev->dma_parms->max_segment_size ? dev->dma_parms->max_segment_size : 65536;
}

/* The setters return 0, or -EIO (-5) for a device without dma_parms. */
static inline int dma_set_max_seg_size(struct device *dev, unsigned int size)
{
	if (!dev || !dev->dma_parms)
		return -5;
	dev->dma_parms->max_segment_size = size;
	return 0;
}

static inline unsigned long dma_get_seg_boundary(struct device *dev)
{
	return dev && dev->dma_parms && dev->dma_parms->segment_boundary_mask ? dev->dma_parms->segment_boundary_mask
									      : ~0UL;
}

/* The boundary in pages of 1 << page_shift bytes; 4 GiB without a device. */
static inline unsigned long dma_get_seg_boundary_nr_pages(struct device *dev, unsigned int page_shift)
{
	if (!dev)
		return (u32)~0U >> page_shift;
	return (dma_get_seg_boundary(dev) >> page_shift) + 1;
}

static inline int dma_set_seg_boundary(struct device *dev, unsigned long mask)
{
	if (!dev || !dev->dma_parms)
		return -5;
	dev->dma_parms->segment_boundary_mask = mask;
	return 0;
}

static inline unsigned int dma_get_min_align_mask(struct device *dev)
{
	return dev && dev->dma_parms ? dev->dma_parms->min_align_mask : 0;
}

static inline int dma_set_min_align_mask(struct device *dev, unsigned int mask)
{
	if (!dev || !dev->dma_parms)
		return -5;
	dev->dma_parms->min_align_mask = mask;
	return 0;
}

#endif
