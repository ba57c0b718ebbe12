/* SPDX-License-Identifier: MIT */
/*
 * The DMA layer's inside: what its files share.
 *
 * mapping.c    front door of streaming mappings: arguments, checks, dispatch
 * sg.c         the same for lists
 * coherent.c   the same for coherent memory; managed.c frees it with the driver
 * noncoherent.c the same for memory that is allocated mapped, and needs hand-overs
 * noncontiguous.c the same in a list, with views of the kernel's own
 * mmap.c       all of these in user programs, and as scatterlists
 * mask.c       what the device can address
 * origin.c     is this memory that may be mapped at all?
 * direct.c     the backend without an IOMMU: bus address = physical address through the windows
 * pool.c       dma_pool: small blocks of coherent memory; pool_free.c takes them back
 * era.c        the names of older kernels for all of it
 * iova.c       address space reserved first, linked later (dma_iova_*)
 * ops.c        which operations serve a device; the tables by name
 * memory.h     where coherent memory comes from: arm's allocators, areas, pools, declared memory
 * dma.c        life cycle, defaults of new devices
 *
 * Front doors never trust what a driver says about a mapping's end: the tracker says what was really mapped, and only
 * that is undone.
 */
#ifndef LIB_DMA_DMA_H
#define LIB_DMA_DMA_H

#include <linux/dma-direct.h>
#include <linux/dma-map-ops.h>
#include "lib/check/tracker.h"
#include "lib/core/device.h"
#include "lib/core/kernel.h"
#include "lib/mm/mm.h"

struct bounce;
struct dma_blocks;
struct managed_block;
struct dma_memory;
struct pools;
struct dma_pool;

/* One machine's DMA layer, host memory, m->dma. */
struct dma {
	const struct dma_map_ops *ops; /* of devices that have none of their own */
	phys_addr_t last_page;	       /* physical address of the highest page of RAM */
	struct sim_region cookies;     /* of memory without a kernel mapping: never backed; taken at first use */
	bool has_cookies;
	struct managed_block *managed; /* dmam_alloc_coherent(), newest first */
	struct dma_blocks *blocks;     /* noncontiguous.c; NULL until there was one */
	struct pools *pools;	       /* dma_pools, pool.h; NULL until there is one */
	struct device *isa;	       /* what a NULL device of old drivers is; NULL until there was one */
	struct dma_memory *memory;     /* memory.h */
	size_t (*released)(struct dmasim_machine *m, struct device *dev,
			   bool gone); /* the checker's hook, called first */
	struct bounce *tlb;	       /* bounce buffers, swiotlb.h; NULL: there are none */
	u64 overflows;		       /* maps refused because the device cannot drive the address */
	unsigned int said_no_bounce;   /* kernel messages */
};

/* Life cycle: between mm and check below, and the driver above. 0 or sim_error(). */
int dma_init(struct dmasim_machine *m);
void dma_exit(struct dmasim_machine *m);

#define DMA_BAD_PHYS (~(phys_addr_t)0)

#define DMA_COHERENT_KIND "coherent block" /* as the memory manager labels it */

/* ---- ops.c ---- */

const struct dma_map_ops *dma_ops_by_config(const struct dmasim_machine *m);
/* Is it none of the library's tables? */
bool dma_ops_are_own(const struct dma_map_ops *ops);
const struct dma_map_ops *dma_ops_bypassed(const struct dmasim_device_private *p, u64 mask);
int dma_memory_init(struct dmasim_machine *m);
void dma_memory_exit(struct dmasim_machine *m);

/* The operations that serve a device: for streaming, and for coherent memory. */
static inline const struct dma_map_ops *dma_ops_of(const struct dmasim_device_private *p)
{
	const struct device *dev = p->dev;

	if (k_unlikely(dev->dma_ops_bypass))
		return dma_ops_bypassed(p, dev->dma_mask ? *dev->dma_mask : 0);
	return k_unlikely(dev->dma_ops != NULL) ? dev->dma_ops : p->machine->dma->ops;
}
static inline const struct dma_map_ops *dma_alloc_ops_of(const struct dmasim_device_private *p)
{
	return k_unlikely(p->dev->dma_ops_bypass) ? dma_ops_bypassed(p, p->dev->coherent_dma_mask) : dma_ops_of(p);
}

/* k_report() where the machine checks at all. Front doors set the entry frame before (STACK_ENTER()). */
static inline void dma_report(struct dmasim_machine *m, const struct finding *f)
{
	if (m->checks)
		k_report(m, f);
}

/* sim_ram_contains() without a call where one bank holds all of it, as nearly always. n > 0. */
static inline bool dma_is_ram(const struct dmasim_machine *m, phys_addr_t phys, u64 n)
{
	const struct sim_config *cfg = &m->hw->cfg;

	for (unsigned int i = cfg->nr_banks; i-- > 0;)
		if (n <= cfg->banks[i].size && phys - cfg->banks[i].base <= cfg->banks[i].size - n)
			return true;
	return sim_ram_contains(m->hw, phys, n);
}

/* Is it host memory that got a synthetic physical address? */
static inline bool dma_is_foreign(const struct dmasim_machine *m, phys_addr_t phys)
{
	return phys - m->hw->cfg.foreign_base < m->hw->cfg.foreign_size;
}

/* ---- origin.c ---- */

/*
 * The physical address of memory that a driver wants to map, after every check of where it comes from. Takes a
 * reference to foreign memory, which the unmap gives back. DMA_BAD_PHYS where the map must fail; reported by then.
 */
phys_addr_t dma_origin_slow(struct dmasim_device_private *p, const void *ptr, struct track_op *op);
/* [phys, phys + size) is to be mapped: is it RAM, and one allocation? False: reported, and the map must fail.
 * Sets op->allocated. */
bool dma_origin_range_slow(struct dmasim_device_private *p, phys_addr_t phys, struct track_op *op);
static inline bool dma_origin_range(struct dmasim_device_private *p, phys_addr_t phys, struct track_op *op)
{
	struct dmasim_machine *m = p->machine;

	if (k_likely(m->checks)) {
		phys_addr_t end = mm_allocation_end(m, phys);

		if (k_likely(end && op->size <= end - phys)) {
			op->allocated = true;
			return true;
		}
	} else if (k_likely(dma_is_ram(m, phys, op->size))) {
		return true;
	}
	return dma_origin_range_slow(p, phys, op);
}
/* The physical address of a struct page; DMA_BAD_PHYS (reported) if it is none of this machine. */
phys_addr_t dma_origin_page(struct dmasim_device_private *p, const struct page *page, const struct track_op *op);

/* ---- mapping.c ---- */

/* A call by whatever name: reports and failures on demand know it by what the driver wrote. frame: of the public function. */
struct dma_call {
	struct dmasim_device_private *dev;
	const char *function, *alias; /* static strings; what else it counts as when calls are made to fail */
	void *frame;
};
#define DMA_CALL(p, name, other)                                                                      \
	{                                                                                             \
		.dev = (p), .function = (name), .alias = (other), .frame = __builtin_frame_address(0) \
	}

/* What the public functions do, for other public names (era.c). call->dev is not NULL. */
dma_addr_t dma_map_single_as(const struct dma_call *call, void *ptr, size_t size, enum dma_data_direction dir);
dma_addr_t dma_map_page_as(const struct dma_call *call, struct page *page, size_t offset, size_t size,
			   enum dma_data_direction dir);
void dma_unmap_as(const struct dma_call *call, enum extent_kind kind, dma_addr_t addr, size_t size,
		  enum dma_data_direction dir);
void dma_sync_as(const struct dma_call *call, dma_addr_t addr, size_t size, enum dma_data_direction dir,
		 enum track_sync_side side);

/* Simulated time that a hand-over to the CPU takes: a driver that polls its buffer must see time pass. */
#define DMA_SYNC_NS 50

/* What the kernel would know of a call that maps, for the words it has for that. */
static inline struct k_dma_facts dma_map_facts(const struct track_op *op)
{
	return (struct k_dma_facts){
		.call = DMA_CALL_MAP,
		.ref = {.addr = op->bus,
			.size = op->size,
			.phys = op->phys,
			.kind = (u8)op->kind,
			.dir = (u8)op->dir,
			.nents = op->nents},
	};
}
void dma_report_argument(struct dmasim_device_private *p, const struct track_op *op, const char *rule,
			 const char *verb);
static inline bool dma_direction_ok(struct dmasim_device_private *p, const struct track_op *op, const char *verb)
{
	if (k_likely((unsigned int)op->dir <= DMA_FROM_DEVICE))
		return true;
	dma_report_argument(p, op, "invalid-direction", verb);
	return false;
}
/* What the unmap goes by: the attributes of the map, but whether to copy is said at the end. */
static inline unsigned long dma_end_attrs(unsigned long mapped, unsigned long ended)
{
	return (mapped & ~DMA_ATTR_SKIP_CPU_SYNC) | (ended & DMA_ATTR_SKIP_CPU_SYNC);
}
/* The device's operations for one piece: map op->phys, unmap op->bus. */
dma_addr_t dma_call_map(struct dmasim_device_private *p, const struct track_op *op);
void dma_call_unmap(struct dmasim_device_private *p, const struct track_op *op);

/* ---- sg.c ---- */

int dma_direct_map_sg(struct device *dev, struct scatterlist *sgl, int nents, enum dma_data_direction dir,
		      unsigned long attrs);
/* The number of segments, 0 when nothing was mapped. */
unsigned int dma_map_sg_as(const struct dma_call *call, struct scatterlist *sgl, int nents,
			   enum dma_data_direction dir);
void dma_unmap_sg_as(const struct dma_call *call, struct scatterlist *sgl, int nents, enum dma_data_direction dir);
void dma_sync_sg_as(const struct dma_call *call, struct scatterlist *sgl, int nents, enum dma_data_direction dir,
		    enum track_sync_side side);

/* ---- mask.c ---- */

/* A mapping or allocation is made: complain about masks that were refused, missing or never set. */
void dma_mask_at_use(struct dmasim_device_private *p, const char *function, bool coherent);
void dma_mask_missing(struct dmasim_device_private *p, const char *function, bool coherent);
/* The device has a mask with holes, and [bus, bus + size) was mapped or allocated for it: does it fall into one? */
void dma_mask_holes(struct dmasim_device_private *p, const char *function, dma_addr_t bus, size_t size, bool coherent);
/* The setters. 0 or -EIO. */
int dma_set_mask_as(const struct dma_call *call, u64 mask);
int dma_set_coherent_mask_as(const struct dma_call *call, u64 mask);
/* Would a mask be accepted? */
bool dma_mask_supported(struct dmasim_device_private *p, u64 mask);

/* ---- coherent.c ---- */

/* One allocation or free by whatever name; `frame` is that of the public function. */
void *dma_coherent_alloc(struct dmasim_device_private *p, size_t size, dma_addr_t *handle, gfp_t gfp,
			 unsigned long attrs, const char *function, void *frame);
/* One piece of coherent memory as the device's memory or operations give it, unchecked and untracked. */
struct dma_piece {
	void *cpu;
	dma_addr_t bus;
	phys_addr_t phys;
};
bool dma_piece_alloc(struct dmasim_device_private *p, size_t size, gfp_t gfp, unsigned long attrs,
		     struct dma_piece *piece);
void dma_piece_free(struct dmasim_device_private *p, size_t size, const struct dma_piece *piece, unsigned long attrs);
/* True if something was freed. */
bool dma_coherent_free(struct dmasim_device_private *p, size_t size, void *cpu, dma_addr_t handle, unsigned long attrs,
		       const char *function, void *frame);

/* The whole of a free. call->dev is not NULL. */
void dma_coherent_free_as(const struct dma_call *call, size_t size, void *cpu, dma_addr_t handle, unsigned long attrs);

/* The tracker has ended this allocation: give its memory back. Size, address and handle are those it was made with. */
void dma_coherent_release(struct dmasim_device_private *p, const struct track_unmapped *real);
/* mapping.c: the same for a streaming mapping that a free ended. */
void dma_streaming_release(struct dmasim_device_private *p, const struct track_unmapped *real, dma_addr_t bus);

/* ---- noncoherent.c ---- */

#define DMA_NONCOHERENT_KIND "non-coherent block" /* as the memory manager labels it */

/* What the allocations of such memory have in common: context, direction, size, mask, zone. False: reported. */
bool dma_alloc_arguments_ok(struct dmasim_device_private *p, const struct track_op *op, gfp_t gfp);
/* The same for memory that is mapped from its allocation on, and handed over by syncs; the CPU's address. */
void *dma_noncoherent_alloc(struct dmasim_device_private *p, size_t size, dma_addr_t *handle,
			    enum dma_data_direction dir, gfp_t gfp, unsigned long attrs, const char *function,
			    void *frame);
/* The tracker has ended what is described, by a call of whatever kind: undo what made it. */
void dma_release(struct dmasim_device_private *p, const struct track_unmapped *real, dma_addr_t bus);

/* ---- noncontiguous.c ---- */

void dma_noncontiguous_release(struct dmasim_device_private *p, const struct track_unmapped *real);
void dma_noncontiguous_exit(struct dmasim_machine *m);

/* ---- mmap.c ---- */

/* Do the device's operations leave mmap and get_sgtable to this library? */
bool dma_can_show(const struct dmasim_device_private *p);
/* dma_mmap_pages() by whatever name: of the non-coherent block with this address. */
int dma_show_pages(struct dmasim_device_private *p, struct vm_area_struct *vma, size_t size, const void *cpu,
		   const char *function, void *frame);

/* dma_mmap_noncontiguous(): op names the list's memory. */
int dma_show_list(const struct track_op *op, struct vm_area_struct *vma);

/* ---- managed.c ---- */

/* The block was freed by dma_free_coherent(): true, and forgotten, if it was a managed one. */
bool dma_managed_forget(struct dmasim_device_private *p, const void *cpu);
void dma_managed_exit(struct dmasim_machine *m);

/* ---- pool_free.c ---- */

/* The pool ends, by whatever name: reports blocks still allocated, gives back the rest. */
void dma_pool_end(struct dma_pool *pool, const char *function, void *frame);
void dma_pools_exit(struct dmasim_machine *m);

/* Piece by piece, by the operations `ops`. The number of segments, or -EIO. */
int dma_map_each(struct dmasim_device_private *p, const struct dma_map_ops *ops, struct scatterlist *sgl, int nents,
		 enum dma_data_direction dir, unsigned long attrs);

/* ---- swiotlb.c ---- */

/* dmabounce.c: the same of a device's safe buffers, and what is copied there. */
bool dmabounce_holds(const struct dmasim_device_private *p, dma_addr_t bus);
phys_addr_t dmabounce_original(const struct dmasim_device_private *p, dma_addr_t bus);
/* Does this address name a copy rather than the memory itself? */
bool dma_bounced_slow(const struct dmasim_device_private *p, dma_addr_t bus);
static inline bool dma_bounced(const struct dmasim_device_private *p, dma_addr_t bus)
{
	return (k_unlikely(p->machine->dma->tlb != NULL) && dma_bounced_slow(p, bus)) ||
	       (k_unlikely(p->dmabounce != NULL) && dmabounce_holds(p, bus));
}
phys_addr_t bounce_original(const struct dmasim_machine *m, phys_addr_t slot);
/*
 * Says what a kernel says when it is to copy [slot, slot + size) and that is not inside of one mapping; nothing if it is, or
 * if that is no slot in use. dev NULL: the mapping's.
 */
void bounce_say_range(struct dmasim_machine *m, const struct device *dev, phys_addr_t slot, size_t size,
		      enum dma_data_direction dir, enum track_sync_side side);

/* ---- direct.c ---- */

/* Cleared pages that the device's coherent mask reaches, as physical address; and back, if they are of that kind. */
phys_addr_t dma_direct_alloc_block(struct device *dev, size_t size, gfp_t gfp, const char *kind);
void dma_direct_free_block(struct dmasim_machine *m, phys_addr_t phys, size_t size, const char *kind);
/* A map refused for the address: counted, and the last error; dma_direct_overflow() also says so, as a kernel does. */
dma_addr_t dma_direct_refused(struct device *dev, dma_addr_t addr, size_t size, unsigned long attrs);
dma_addr_t dma_direct_overflow(struct device *dev, dma_addr_t addr, size_t size, unsigned long attrs);
static inline dma_addr_t dma_direct_map_phys(struct device *dev, phys_addr_t phys, size_t size,
					     enum dma_data_direction dir, unsigned long attrs)
{
	/* Registers of another device: not behind the windows that show RAM. */
	dma_addr_t addr = k_unlikely(attrs & DMA_ATTR_MMIO) ? phys : phys_to_dma(dev, phys);

	(void)dir;
	return k_likely(dma_capable(dev, addr, size, !(attrs & DMA_ATTR_MMIO)))
		       ? addr
		       : dma_direct_overflow(dev, addr, size, attrs);
}

#endif
