/* SPDX-License-Identifier: MIT */
/*
 * The DMA API as drivers of 2.6 wrote it. Mirrors include/linux/dma-mapping.h of 2.6.0 to 4.7.
 *
 * Today's header with these differences: NULL for the device means the ISA bus (dmasim_isa_device()); dma_mapping_error()
 * takes the address alone (until 2.6.26) or the device too; attributes may be a struct dma_attrs; masks and the error
 * value have their old names; dma_alloc_noncoherent() with four arguments is memory that dma_cache_sync() hands over.
 */
#ifndef DMASIM_ERA_2_6_LINUX_DMA_MAPPING_H
#define DMASIM_ERA_2_6_LINUX_DMA_MAPPING_H

#include_next <linux/dma-mapping.h>
#include <dmasim/device.h>
#include <dmasim/era.h>
#include <linux/dma-attrs.h>
#include <linux/dma-map-ops.h>
#include <linux/err.h>
#include <asm/scatterlist.h>

/* The address of a mapping that failed: the value of arm, powerpc and sparc. It was 0 on x86. */
#define DMA_ERROR_CODE DMA_MAPPING_ERROR

#define DMA_64BIT_MASK 0xffffffffffffffffULL
#define DMA_48BIT_MASK 0x0000ffffffffffffULL
#define DMA_47BIT_MASK 0x00007fffffffffffULL
#define DMA_40BIT_MASK 0x000000ffffffffffULL
#define DMA_39BIT_MASK 0x0000007fffffffffULL
#define DMA_35BIT_MASK 0x00000007ffffffffULL
#define DMA_32BIT_MASK 0x00000000ffffffffULL
#define DMA_31BIT_MASK 0x000000007fffffffULL
#define DMA_30BIT_MASK 0x000000003fffffffULL
#define DMA_29BIT_MASK 0x000000001fffffffULL
#define DMA_28BIT_MASK 0x000000000fffffffULL
#define DMA_24BIT_MASK 0x0000000000ffffffULL

/* The device, or what NULL stood for. */
static inline struct device *dmasim_era_device(struct device *dev)
{
	return dev ? dev : dmasim_isa_device();
}

#define DMASIM_ERA_NTH(a, b, c, d, e, f, ...) f
#define DMASIM_ERA_PASTE(a, b)		      a##b
#define DMASIM_ERA_CALL(prefix, n)	      DMASIM_ERA_PASTE(prefix, n)
/* How many arguments, from 1 to 5. */
#define DMASIM_ERA_COUNT(...)		      DMASIM_ERA_NTH(__VA_ARGS__, 5, 4, 3, 2, 1, 0)

/* dma_mapping_error(addr) or dma_mapping_error(dev, addr): not 0 if the map call failed. */
#define dmasim_era_mapping_error_1(addr)      dmasim_mapping_error(addr)
#define dmasim_era_mapping_error_2(dev, addr) (dma_mapping_error)(dmasim_era_device(dev), addr)
#define dma_mapping_error(...)		      DMASIM_ERA_CALL(dmasim_era_mapping_error_, DMASIM_ERA_COUNT(__VA_ARGS__))(__VA_ARGS__)

/* ---- today's calls, for a device that may be NULL and attributes of either form ---- */

#define dma_map_single_attrs(dev, ptr, size, dir, attrs) \
	dma_map_single_attrs(dmasim_era_device(dev), ptr, size, dir, dmasim_era_attrs(attrs))
#define dma_unmap_single_attrs(dev, addr, size, dir, attrs) \
	dma_unmap_single_attrs(dmasim_era_device(dev), addr, size, dir, dmasim_era_attrs(attrs))
#define dma_map_page_attrs(dev, page, offset, size, dir, attrs) \
	dma_map_page_attrs(dmasim_era_device(dev), page, offset, size, dir, dmasim_era_attrs(attrs))
#define dma_unmap_page_attrs(dev, addr, size, dir, attrs) \
	dma_unmap_page_attrs(dmasim_era_device(dev), addr, size, dir, dmasim_era_attrs(attrs))
#define dma_map_sg_attrs(dev, sg, nents, dir, attrs) \
	dma_map_sg_attrs(dmasim_era_device(dev), sg, nents, dir, dmasim_era_attrs(attrs))
#define dma_unmap_sg_attrs(dev, sg, nents, dir, attrs) \
	dma_unmap_sg_attrs(dmasim_era_device(dev), sg, nents, dir, dmasim_era_attrs(attrs))
#define dma_sync_single_for_cpu(dev, addr, size, dir) dma_sync_single_for_cpu(dmasim_era_device(dev), addr, size, dir)
#define dma_sync_single_for_device(dev, addr, size, dir) \
	dma_sync_single_for_device(dmasim_era_device(dev), addr, size, dir)
#define dma_sync_single_range_for_cpu(dev, addr, offset, size, dir) \
	dma_sync_single_range_for_cpu(dmasim_era_device(dev), addr, offset, size, dir)
#define dma_sync_single_range_for_device(dev, addr, offset, size, dir) \
	dma_sync_single_range_for_device(dmasim_era_device(dev), addr, offset, size, dir)
#define dma_sync_sg_for_cpu(dev, sg, nents, dir)    dma_sync_sg_for_cpu(dmasim_era_device(dev), sg, nents, dir)
#define dma_sync_sg_for_device(dev, sg, nents, dir) dma_sync_sg_for_device(dmasim_era_device(dev), sg, nents, dir)
#define dma_alloc_coherent(dev, size, handle, gfp)  dma_alloc_coherent(dmasim_era_device(dev), size, handle, gfp)
#define dma_free_coherent(dev, size, cpu, handle)   dma_free_coherent(dmasim_era_device(dev), size, cpu, handle)
#define dma_alloc_attrs(dev, size, handle, gfp, attrs) \
	dma_alloc_attrs(dmasim_era_device(dev), size, handle, gfp, dmasim_era_attrs(attrs))
#define dma_free_attrs(dev, size, cpu, handle, attrs) \
	dma_free_attrs(dmasim_era_device(dev), size, cpu, handle, dmasim_era_attrs(attrs))
#define dma_sync_single_range(dev, addr, offset, size, dir) dma_sync_single(dev, (addr) + (offset), size, dir)

/* Coherent memory was consistent on every machine of this library. The handle, or the device (2.6.20 to 35). */
#define dma_is_consistent(...) 1

/* ---- memory that is mapped but not coherent, until 5.9 ---- */

/* Four arguments: memory without an owner, written back and invalidated by dma_cache_sync(). Five: today's call. */
#define dmasim_era_alloc_noncoherent_4(dev, size, handle, gfp) \
	(dma_alloc_attrs)(dmasim_era_device(dev), size, handle, gfp, DMA_ATTR_NON_CONSISTENT)
#define dmasim_era_alloc_noncoherent_5(dev, size, handle, dir, gfp) \
	(dma_alloc_noncoherent)(dmasim_era_device(dev), size, handle, dir, gfp)
#define dma_alloc_noncoherent(...) \
	DMASIM_ERA_CALL(dmasim_era_alloc_noncoherent_, DMASIM_ERA_COUNT(__VA_ARGS__))(__VA_ARGS__)
#define dmasim_era_free_noncoherent_4(dev, size, cpu, handle) \
	(dma_free_attrs)(dmasim_era_device(dev), size, cpu, handle, DMA_ATTR_NON_CONSISTENT)
#define dmasim_era_free_noncoherent_5(dev, size, cpu, handle, dir) \
	(dma_free_noncoherent)(dmasim_era_device(dev), size, cpu, handle, dir)
#define dma_free_noncoherent(...) \
	DMASIM_ERA_CALL(dmasim_era_free_noncoherent_, DMASIM_ERA_COUNT(__VA_ARGS__))(__VA_ARGS__)
/* For such memory, and for that of dma_alloc_attrs() with DMA_ATTR_NON_CONSISTENT. */
#define dma_cache_sync(dev, cpu, size, dir) dma_cache_sync(dmasim_era_device(dev), cpu, size, dir)

/* ---- memory declared for one device ---- */

#define DMA_MEMORY_MAP		     0x01
#define DMA_MEMORY_IO		     0x02
#define DMA_MEMORY_INCLUDES_CHILDREN 0x04
#define DMA_MEMORY_EXCLUSIVE	     0x08

/*
 * Five arguments, until 4.13: DMA_MEMORY_MAP or DMA_MEMORY_IO of @flags when it worked, 0 when it did not. The memory is
 * exclusive with and without DMA_MEMORY_EXCLUSIVE. Four: today's call.
 */
static inline int dmasim_era_declare(struct device *dev, phys_addr_t phys, dma_addr_t addr, size_t size, int flags)
{
	return dma_declare_coherent_memory(dev, phys, addr, size) ? 0 : flags & (DMA_MEMORY_MAP | DMA_MEMORY_IO);
}
#define dmasim_era_declare_4(dev, phys, addr, size)	   (dma_declare_coherent_memory)(dev, phys, addr, size)
#define dmasim_era_declare_5(dev, phys, addr, size, flags) dmasim_era_declare(dev, phys, addr, size, flags)
#define dma_declare_coherent_memory(...) \
	DMASIM_ERA_CALL(dmasim_era_declare_, DMASIM_ERA_COUNT(__VA_ARGS__))(__VA_ARGS__)

#endif
