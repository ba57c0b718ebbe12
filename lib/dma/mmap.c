// SPDX-License-Identifier: MIT
/*
 * Memory of the DMA API in other hands: shown to the user program, or described by a scatterlist.
 *
 * The tracker knows the allocation that a call names. What differs is reported, and the call goes on with what was
 * allocated, so that no number of the driver's shows memory of somebody else. How much of it fits into the user's range
 * is counted as the kernel does it: in pages, from vm_pgoff on, -ENXIO where it does not fit.
 */
#include <errno.h>
#include <linux/dma-direct.h>
#include <linux/mm.h>
#include "lib/core/sched.h"
#include "lib/core/stack.h"
#include "lib/dma/dma.h"
#include "lib/sg/sg.h"

#define PAGES(n) (((n) + SIM_PAGE_SIZE - 1) >> SIM_PAGE_SHIFT)

/* What was allocated, where the call is taken for it; false: nothing, and reported. */
static bool allocation(const struct track_op *op, struct track_unmapped *real)
{
	struct dmasim_machine *m = op->dev->machine;

	if (k_likely(m->checks))
		return track_allocation(m, op, real);
	*real = (struct track_unmapped){.found = true, .kind = op->kind, .phys = op->phys, .size = op->size};
	return sim_ram_contains(m->hw, op->phys, op->size ? op->size : 1);
}

/* Memory type of the CPU's view: that of the kernel's own. */
static pgprot_t memory_type(const struct dmasim_machine *m, pgprot_t prot, unsigned long attrs)
{
	if (!m->hw->cfg.uncached_alias || attrs & DMA_ATTR_NON_CONSISTENT)
		return prot;
	return attrs & DMA_ATTR_WRITE_COMBINE ? pgprot_writecombine(prot) : pgprot_dmacoherent(prot);
}

static int show(const struct track_op *op, struct vm_area_struct *vma)
{
	struct dmasim_machine *m = op->dev->machine;
	struct track_unmapped real;
	size_t count, wanted;

	if (!op->size || op->size + SIM_PAGE_SIZE < op->size || !allocation(op, &real))
		return -ENXIO;
	count = PAGES(op->size < real.size ? op->size : real.size);
	wanted = vma_pages(vma);
	if (vma->vm_pgoff >= count || wanted > count - vma->vm_pgoff)
		return -ENXIO;
	return mm_user_map(m, vma, vma->vm_start, real.phys + ((phys_addr_t)vma->vm_pgoff << SIM_PAGE_SHIFT), wanted,
			   pgprot_val(vma->vm_page_prot), op->function);
}

static struct track_op op_of(struct dmasim_device_private *p, const void *cpu, dma_addr_t handle, size_t size,
			     unsigned long attrs, const char *function, void *frame)
{
	return (struct track_op){
		.dev = p,
		.kind = attrs & DMA_ATTR_NON_CONSISTENT ? EXTENT_NONCOHERENT : EXTENT_COHERENT,
		.dir = DMA_BIDIRECTIONAL,
		.bus = handle,
		.phys = handle == DMA_MAPPING_ERROR ? DMA_BAD_PHYS : dma_to_phys(p->dev, handle),
		.size = size,
		.attrs = attrs,
		.cpu = cpu,
		.function = function,
		.frame = frame,
	};
}

static int mmap_attrs(struct dmasim_device_private *p, struct vm_area_struct *vma, void *cpu, dma_addr_t handle,
		      size_t size, unsigned long attrs, const char *function, void *frame)
{
	const struct dma_map_ops *ops = dma_ops_of(p);
	struct track_op op = op_of(p, cpu, handle, size, attrs, function, frame);

	k_thread.entry = frame;
	if (k_model_call(p->machine, function) || !mm_user_may_map(p->machine, vma, function))
		return -ENXIO;
	if (k_fails(p->machine, function, "dma_mmap_attrs"))
		return -ENXIO;
	if (ops->mmap)
		return ops->mmap(p->dev, vma, cpu, handle, size, attrs);
	if (!dma_can_show(p))
		return -ENXIO;
	vma->vm_page_prot = memory_type(p->machine, vma->vm_page_prot, attrs);
	return show(&op, vma);
}

int dma_show_pages(struct dmasim_device_private *p, struct vm_area_struct *vma, size_t size, const void *cpu,
		   const char *function, void *frame)
{
	struct track_op op = op_of(p, cpu, DMA_MAPPING_ERROR, size, DMA_ATTR_NON_CONSISTENT, function, frame);

	k_thread.entry = frame;
	if (k_model_call(p->machine, function) || !mm_user_may_map(p->machine, vma, function))
		return -ENXIO;
	if (k_fails(p->machine, function, NULL))
		return -ENXIO;
	if (!sim_virt_to_phys(p->machine->hw, cpu, &op.phys, NULL))
		op.phys = DMA_BAD_PHYS;
	op.attrs = 0;
	return show(&op, vma);
}

int dma_show_list(const struct track_op *op, struct vm_area_struct *vma)
{
	struct dmasim_machine *m = op->dev->machine;

	if (k_model_call(m, op->function) || !mm_user_may_map(m, vma, op->function))
		return -ENXIO;
	return k_fails(m, op->function, NULL) ? -ENXIO : show(op, vma);
}

/* ---- public names ---- */

int dma_mmap_attrs(struct device *dev, struct vm_area_struct *vma, void *cpu_addr, dma_addr_t handle, size_t size,
		   unsigned long attrs)
{
	struct dmasim_device_private *p = k_device(dev, "dma_mmap_attrs");

	return p ? mmap_attrs(p, vma, cpu_addr, handle, size, attrs, "dma_mmap_attrs", __builtin_frame_address(0))
		 : -ENXIO;
}

int dma_mmap_coherent(struct device *dev, struct vm_area_struct *vma, void *cpu_addr, dma_addr_t handle, size_t size)
{
	struct dmasim_device_private *p = k_device(dev, "dma_mmap_coherent");

	return p ? mmap_attrs(p, vma, cpu_addr, handle, size, 0, "dma_mmap_coherent", __builtin_frame_address(0))
		 : -ENXIO;
}

int dma_mmap_wc(struct device *dev, struct vm_area_struct *vma, void *cpu_addr, dma_addr_t handle, size_t size)
{
	struct dmasim_device_private *p = k_device(dev, "dma_mmap_wc");

	return p ? mmap_attrs(p, vma, cpu_addr, handle, size, DMA_ATTR_WRITE_COMBINE, "dma_mmap_wc",
			      __builtin_frame_address(0))
		 : -ENXIO;
}

int dma_mmap_pages(struct device *dev, struct vm_area_struct *vma, size_t size, struct page *page)
{
	struct dmasim_device_private *p = k_device(dev, "dma_mmap_pages");

	return p ? dma_show_pages(p, vma, size, page_address(page), "dma_mmap_pages", __builtin_frame_address(0))
		 : -ENXIO;
}

static int get_sgtable(struct dmasim_device_private *p, struct sg_table *sgt, void *cpu, dma_addr_t handle, size_t size,
		       unsigned long attrs, const char *function, void *frame)
{
	struct dmasim_machine *m = p->machine;
	const struct dma_map_ops *ops = dma_ops_of(p);
	struct track_op op = op_of(p, cpu, handle, size, attrs, function, frame);
	struct track_unmapped real;
	struct sg_table *t;
	uintptr_t good;
	int err;

	k_thread.entry = frame;
	if (k_model_call(m, function))
		return -ENXIO;
	k_might_sleep(m, function);
	if (k_fails(m, function, "dma_get_sgtable"))
		return -ENOMEM;
	if (ops->get_sgtable)
		return ops->get_sgtable(p->dev, sgt, cpu, handle, size, attrs);
	if (!dma_can_show(p) || !size || size > UINT32_MAX - SIM_PAGE_SIZE || !allocation(&op, &real))
		return -ENXIO;
	t = sg_memory(m, sgt, sizeof(*t), &good);
	if (!t) {
		sg_report_broken(m, function, sgt, "'s table is an address where no memory is");
		return -EINVAL;
	}
	err = sg_table_make(m, t, 1, function);
	if (err)
		return err;
	if (size > real.size)
		size = real.size;
	sg_set_page(sg_memory(m, t->sgl, sizeof(*t->sgl), &good), phys_to_page(real.phys),
		    (unsigned int)(PAGES(size) << SIM_PAGE_SHIFT), 0);
	return 0;
}

int dma_get_sgtable_attrs(struct device *dev, struct sg_table *sgt, void *cpu_addr, dma_addr_t handle, size_t size,
			  unsigned long attrs)
{
	struct dmasim_device_private *p = k_device(dev, "dma_get_sgtable_attrs");

	return p ? get_sgtable(p, sgt, cpu_addr, handle, size, attrs, "dma_get_sgtable_attrs",
			       __builtin_frame_address(0))
		 : -ENXIO;
}

int dma_get_sgtable(struct device *dev, struct sg_table *sgt, void *cpu_addr, dma_addr_t handle, size_t size)
{
	struct dmasim_device_private *p = k_device(dev, "dma_get_sgtable");

	return p ? get_sgtable(p, sgt, cpu_addr, handle, size, 0, "dma_get_sgtable", __builtin_frame_address(0))
		 : -ENXIO;
}

/* ---- the library's own backends ---- */

bool dma_can_show(const struct dmasim_device_private *p)
{
	return dma_ops_of(p) == &dma_direct_ops || dma_ops_of(p) == &swiotlb_dma_ops;
}

bool dma_can_mmap(struct device *dev)
{
	struct dmasim_device_private *p = k_device(dev, "dma_can_mmap");

	return p && (dma_can_show(p) || dma_ops_of(p)->mmap);
}
