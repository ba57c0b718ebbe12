// SPDX-License-Identifier: MIT
/*
 * Calls around the DMA mapping functions: memory that is allocated for one device, shown to the user program, declared,
 * contiguous, or out of a pool; bounce buffers; tables of operations; debug files; the names of older kernels.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <linux/dma-debug.h>
#include <linux/dma-map-ops.h>
#include <linux/genalloc.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <linux/swiotlb.h>
#include <dmasim/chardev.h>
#include <dmasim/debugfs.h>
#include <dmasim/dma.h>
#include <dmasim/era.h>
#include "tests/fuzz/api.h"

#define HELD 4

/* Of the machine that runs: forgotten when the next one comes. */
static struct {
	unsigned int life;
	struct {
		struct page *page;
		void *cpu;
		struct sg_table *table; /* with its device, size and direction: to be freed rightly at times */
		struct device *dev;
		size_t size;
		enum dma_data_direction dir;
		dma_addr_t bus;
		void *view;
	} held[HELD];
	struct dma_iova_state iova[2];
	struct gen_pool *pool;
	unsigned long piece;
	struct page *contiguous;
	phys_addr_t reserved, tlb;
	struct miscdevice misc;
	struct dmasim_file *file;
	void *user;
	bool misc_added;
} now;

static void begin(struct api *a)
{
	if (now.life == a->life)
		return;
	memset(&now, 0, sizeof(now));
	now.life = a->life;
}

/* A page that there is, allocated or not, or none. */
static struct page *any_page(struct api *a)
{
	void *p = any_pointer(a);

	switch (fuzz_below(&a->in, 8)) {
	case 0:
		return NULL;
	case 1:
		return pfn_to_page(fuzz_below(&a->in, 65536));
	case 2:
		return now.contiguous;
	case 3:
		return (struct page *)p;
	case 4:
		return now.held[fuzz_below(&a->in, HELD)].page;
	default:
		return virt_addr_valid(p) ? virt_to_page(p) : NULL;
	}
}

static unsigned long any_attrs(struct api *a)
{
	return fuzz_below(&a->in, 2) ? 0 : 1ul << fuzz_below(&a->in, 20);
}

static phys_addr_t any_phys(struct api *a)
{
	void *p = any_pointer(a);

	switch (fuzz_below(&a->in, 6)) {
	case 0:
		return fuzz_u64(&a->in);
	case 1:
		return now.tlb + (fuzz_below(&a->in, 4) ? 0 : any_size(a) % 4097);
	case 2:
		return now.reserved + (fuzz_below(&a->in, 4) ? 0 : any_size(a));
	case 3:
		return any_bus(a);
	default:
		return virt_addr_valid(p) ? virt_to_phys(p) : (phys_addr_t)fuzz_below(&a->in, 65536) << 10;
	}
}

/* ---- memory that is handed over by syncs ---- */

static void pages(struct api *a)
{
	unsigned int i = fuzz_below(&a->in, HELD);
	struct device *dev = any_device(a);
	dma_addr_t *handle = fuzz_below(&a->in, 16) ? &now.held[i].bus : NULL;
	bool rightly = fuzz_below(&a->in, 2);

	begin(a);
	switch (fuzz_below(&a->in, 6)) {
	case 0:
		now.held[i].dev = dev;
		now.held[i].size = any_size(a);
		now.held[i].dir = any_direction(a);
		now.held[i].page = dma_alloc_pages(dev, now.held[i].size, handle, now.held[i].dir, any_gfp(a));
		break;
	case 1:
		if (rightly && now.held[i].dev == dev)
			dma_free_pages(dev, now.held[i].size, now.held[i].page, now.held[i].bus, now.held[i].dir);
		else
			dma_free_pages(dev, any_size(a), any_page(a), any_bus(a), any_direction(a));
		break;
	case 2:
		now.held[i].dev = dev;
		now.held[i].size = any_size(a);
		now.held[i].dir = any_direction(a);
		now.held[i].cpu = dma_alloc_noncoherent(dev, now.held[i].size, handle, now.held[i].dir, any_gfp(a));
		*any_slot(a) = now.held[i].cpu;
		break;
	case 3:
		if (rightly && now.held[i].dev == dev)
			dma_free_noncoherent(dev, now.held[i].size, now.held[i].cpu, now.held[i].bus, now.held[i].dir);
		else
			dma_free_noncoherent(dev, any_size(a), any_pointer(a), any_bus(a), any_direction(a));
		break;
	case 4:
		now.held[i].cpu = dma_alloc_attrs(dev, any_size(a), handle, any_gfp(a), any_attrs(a));
		break;
	default:
		dma_free_attrs(dev, any_size(a), rightly ? now.held[i].cpu : any_pointer(a), now.held[i].bus,
			       any_attrs(a));
		dma_cache_sync(dev, rightly ? now.held[i].cpu : any_pointer(a), any_size(a), any_direction(a));
	}
	a->bus[fuzz_below(&a->in, POOL)] = now.held[i].bus;
}

static void noncontiguous(struct api *a)
{
	unsigned int i = fuzz_below(&a->in, HELD);
	bool rightly = fuzz_below(&a->in, 4);
	struct sg_table *table;
	struct device *dev;

	begin(a);
	table = rightly ? now.held[i].table : any_pointer(a);
	dev = rightly && now.held[i].dev ? now.held[i].dev : any_device(a);
	if (dev && dev != a->devices[1] && dev != a->devices[2] && dev != a->devices[3])
		return; /* destroyed since */
	switch (fuzz_below(&a->in, 6)) {
	case 0:
	case 1:
		now.held[i].dev = any_device(a);
		now.held[i].size = any_size(a);
		now.held[i].dir = any_direction(a);
		now.held[i].table = dma_alloc_noncontiguous(now.held[i].dev, now.held[i].size, now.held[i].dir,
							    any_gfp(a), any_attrs(a));
		break;
	case 2:
		dma_free_noncontiguous(dev, rightly ? now.held[i].size : any_size(a), table, now.held[i].dir);
		break;
	case 3:
		now.held[i].view = dma_vmap_noncontiguous(dev, rightly ? now.held[i].size : any_size(a), table);
		*any_slot(a) = now.held[i].view;
		break;
	case 4:
		dma_vunmap_noncontiguous(dev, rightly ? now.held[i].view : any_pointer(a));
		break;
	default:
		if (!now.held[i].table || !rightly)
			break;
		dma_sync_sgtable_for_device(dev, table, any_direction(a));
		dma_sync_sgtable_for_cpu(dev, table, any_direction(a));
	}
}

static void table_of(struct api *a)
{
	unsigned int i = fuzz_below(&a->in, POOL);
	struct device *dev = any_device(a);
	struct sg_table table = {0};
	int err;

	begin(a);
	if (fuzz_below(&a->in, 2))
		err = dma_get_sgtable(dev, &table, a->coherent[i].cpu, a->coherent[i].bus, a->coherent[i].size);
	else
		err = dma_get_sgtable(dev, fuzz_below(&a->in, 8) ? &table : NULL, any_pointer(a), any_bus(a),
				      any_size(a));
	if (!err && table.sgl && fuzz_below(&a->in, 2))
		if (dma_map_sgtable(dev, &table, any_direction(a), any_attrs(a)) == 0 && fuzz_below(&a->in, 4))
			dma_unmap_sgtable(dev, &table, any_direction(a), any_attrs(a));
	sg_free_table(&table);
}

/* ---- the user program ---- */

static struct api *mapped_by;

static int file_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct api *a = mapped_by;
	unsigned int i = fuzz_below(&a->in, POOL);
	struct device *dev = any_device(a);
	struct page *page;

	(void)file;
	switch (fuzz_below(&a->in, 9)) {
	case 0:
		return dma_mmap_coherent(dev, vma, a->coherent[i].cpu, a->coherent[i].bus, a->coherent[i].size);
	case 1:
		return dma_mmap_attrs(dev, vma, any_pointer(a), any_bus(a), any_size(a), any_attrs(a));
	case 2:
		return dma_mmap_wc(dev, vma, a->coherent[i].cpu, any_bus(a), any_size(a));
	case 3:
		return dma_mmap_pages(dev, vma, any_size(a), any_page(a));
	case 4:
		return dma_mmap_noncontiguous(dev, vma, any_size(a), now.held[i % HELD].table);
	case 5:
		return remap_pfn_range(vma, vma->vm_start + any_size(a), any_phys(a) >> PAGE_SHIFT, any_size(a),
				       vma->vm_page_prot);
	case 6:
		return vm_insert_page(vma, vma->vm_start + any_size(a), any_page(a));
	case 7:
		page = any_page(a);
		return vm_map_pages(vma, &page, 1);
	default:
		return vm_iomap_memory(vma, any_phys(a), any_size(a));
	}
}

static const struct file_operations operations = {.mmap = file_mmap};

static void windows(struct api *a)
{
	static const int prots[] = {PROT_READ, PROT_READ | PROT_WRITE, PROT_NONE, PROT_EXEC, -1};
	static const int flags[] = {MAP_SHARED, MAP_PRIVATE, 0, -1};

	begin(a);
	if (!now.misc_added) {
		now.misc.name = "fuzzmap";
		now.misc.minor = MISC_DYNAMIC_MINOR;
		now.misc.fops = &operations;
		now.misc_added = misc_register(&now.misc) == 0;
	}
	if (!now.file)
		now.file = dmasim_open("fuzzmap", O_RDWR);
	mapped_by = a;
	switch (fuzz_below(&a->in, 8)) {
	case 0:
		if (now.user && dmasim_munmap(now.user, 4096) && fuzz_below(&a->in, 2))
			now.user = NULL;
		break;
	case 1:
		dmasim_munmap(any_pointer(a), any_size(a));
		break;
	case 2:
		dmasim_close(now.file);
		now.file = NULL;
		break;
	default:
		now.user = dmasim_mmap(now.file, any_size(a), prots[fuzz_below(&a->in, 8) ? 1 : fuzz_below(&a->in, 5)],
				       flags[fuzz_below(&a->in, 8) ? 0 : fuzz_below(&a->in, 4)],
				       fuzz_below(&a->in, 4) ? 0 : (long long)any_size(a));
		a->cookies[fuzz_below(&a->in, 4)] = now.user;
	}
}

/* ---- where memory comes from ---- */

static void declared(struct api *a)
{
	struct device *dev = any_device(a);
	dma_addr_t bus;
	void *cpu;

	begin(a);
	switch (fuzz_below(&a->in, 8)) {
	case 0:
		if (dmasim_reserve_ram(any_size(a), &now.reserved))
			now.reserved = 1 << 20;
		break;
	case 1:
		dma_declare_coherent_memory(dev, now.reserved, fuzz_below(&a->in, 4) ? now.reserved : any_bus(a),
					    any_size(a));
		break;
	case 2:
		dma_release_coherent_memory(dev);
		break;
	case 3:
		if (dma_alloc_from_dev_coherent(dev, (ssize_t)any_size(a), &bus, &cpu))
			*any_slot(a) = cpu;
		break;
	case 4:
		dma_release_from_dev_coherent(dev, (int)any_size(a), any_pointer(a));
		break;
	case 5:
		dma_init_global_coherent(any_phys(a), any_size(a));
		break;
	case 6:
		*any_slot(a) = dma_alloc_from_global_coherent(dev, (ssize_t)any_size(a), &bus);
		break;
	default:
		dma_release_from_global_coherent((int)any_size(a), any_pointer(a));
	}
}

static void contiguous(struct api *a)
{
	struct device *dev = any_device(a);
	struct cma *area;
	void *cpu = NULL;

	begin(a);
	switch (fuzz_below(&a->in, 7)) {
	case 0:
		if (dma_contiguous_reserve_area(any_phys(a), fuzz_below(&a->in, 2) ? 0 : any_phys(a),
						fuzz_below(&a->in, 2) ? 0 : any_phys(a), &area,
						fuzz_below(&a->in, 2)) == 0 &&
		    dev)
			dev->cma_area = area;
		break;
	case 1:
		now.contiguous = dma_alloc_from_contiguous(dev, any_size(a), (unsigned int)any_size(a), true);
		break;
	case 2:
		dma_release_from_contiguous(dev, any_page(a), (int)any_size(a));
		break;
	case 3:
		now.contiguous = dma_alloc_contiguous(dev, any_size(a), any_gfp(a));
		break;
	case 4:
		dma_free_contiguous(dev, any_page(a), any_size(a));
		break;
	case 5:
		now.held[0].page = dma_alloc_from_pool(dev, any_size(a), &cpu, any_gfp(a), NULL);
		*any_slot(a) = cpu;
		break;
	default:
		dma_free_from_pool(dev, any_pointer(a), any_size(a));
		dmasim_allocator_name(dmasim_allocator_of(any_pointer(a)));
	}
}

static void general(struct api *a)
{
	static const genpool_algo_t algos[] = {gen_pool_first_fit, gen_pool_best_fit, gen_pool_first_fit_order_align};
	dma_addr_t bus;

	begin(a);
	if (!now.pool) {
		now.pool = gen_pool_create((int)any_size(a), -1);
		return;
	}
	switch (fuzz_below(&a->in, 10)) {
	case 0:
		gen_pool_add_virt(now.pool, (unsigned long)any_pointer(a), any_phys(a), any_size(a) % (1 << 22), -1);
		break;
	case 1:
	case 2:
		now.piece = gen_pool_alloc(now.pool, any_size(a));
		break;
	case 3:
		gen_pool_free(now.pool, fuzz_below(&a->in, 2) ? now.piece : (unsigned long)any_pointer(a), any_size(a));
		break;
	case 4:
		now.piece =
			(unsigned long)gen_pool_dma_alloc(now.pool, any_size(a), fuzz_below(&a->in, 4) ? &bus : NULL);
		break;
	case 5:
		now.piece = (unsigned long)gen_pool_dma_alloc_align(now.pool, any_size(a), &bus, (int)any_size(a));
		break;
	case 6:
		gen_pool_set_algo(now.pool, fuzz_below(&a->in, 4) ? algos[fuzz_below(&a->in, 3)] : NULL, NULL);
		break;
	case 7:
		gen_pool_virt_to_phys(now.pool, now.piece + any_size(a));
		gen_pool_has_addr(now.pool, now.piece, any_size(a));
		gen_pool_avail(now.pool);
		gen_pool_size(now.pool);
		break;
	case 8:
		devm_gen_pool_create(any_device(a), (int)any_size(a), -1, "fuzz");
		gen_pool_get(any_device(a), fuzz_below(&a->in, 2) ? "fuzz" : NULL);
		break;
	default:
		if (fuzz_below(&a->in, 4) == 0) {
			gen_pool_destroy(now.pool);
			now.pool = NULL;
		}
	}
}

/* ---- addresses ahead of memory ---- */

static void iova(struct api *a)
{
	struct device *dev = any_device(a);
	struct dma_iova_state *state = &now.iova[fuzz_below(&a->in, 2)];

	begin(a);
	switch (fuzz_below(&a->in, 8)) {
	case 0:
	case 1:
		dma_iova_try_alloc(dev, state, any_phys(a), any_size(a));
		break;
	case 2:
	case 3:
		if (dma_iova_link(dev, state, any_phys(a), any_size(a), any_size(a), any_direction(a), any_attrs(a)))
			return;
		break;
	case 4:
		if (dma_iova_sync(dev, state, any_size(a), any_size(a)))
			return;
		break;
	case 5:
		dma_iova_unlink(dev, state, any_size(a), any_size(a), any_direction(a), any_attrs(a));
		break;
	case 6:
		dma_iova_free(dev, state);
		break;
	default:
		dma_iova_destroy(dev, state, any_size(a), any_direction(a), any_attrs(a));
		dma_need_unmap(dev);
		if (fuzz_below(&a->in, 8) == 0)
			memset(state, fuzz_byte(&a->in), sizeof(*state));
	}
}

/* ---- bounce buffers ---- */

static void bounces(struct api *a)
{
	struct device *dev = any_device(a);
	struct dmasim_swiotlb_stats stats;

	begin(a);
	switch (fuzz_below(&a->in, 10)) {
	case 0:
	case 1:
		now.tlb = swiotlb_tbl_map_single(dev, any_phys(a), any_size(a), any_size(a), (unsigned int)any_size(a),
						 any_direction(a), any_attrs(a));
		break;
	case 2:
		swiotlb_tbl_unmap_single(dev, any_phys(a), any_size(a), any_direction(a), any_attrs(a));
		break;
	case 3:
		swiotlb_sync_single_for_device(dev, any_phys(a), any_size(a), any_direction(a));
		break;
	case 4:
		swiotlb_sync_single_for_cpu(dev, any_phys(a), any_size(a), any_direction(a));
		break;
	case 5:
		a->bus[fuzz_below(&a->in, POOL)] =
			swiotlb_map(dev, any_phys(a), any_size(a), any_direction(a), any_attrs(a));
		break;
	case 6:
		now.contiguous = swiotlb_alloc(dev, any_size(a));
		break;
	case 7:
		swiotlb_free(dev, any_page(a), any_size(a));
		break;
	case 8:
		dmasim_device_restrict_dma(dev, any_size(a));
		break;
	default:
		is_swiotlb_buffer(dev, any_phys(a));
		is_swiotlb_force_bounce(dev);
		is_swiotlb_active(dev);
		is_swiotlb_for_alloc(dev);
		swiotlb_max_mapping_size(dev);
		swiotlb_size_or_default();
		dmasim_swiotlb_stats(dev, &stats);
		dmasim_swiotlb_reset_hiwater(dev);
	}
}

static int needs_bounce(struct device *dev, dma_addr_t addr, size_t size)
{
	(void)dev;
	return (int)((addr >> 12 ^ size) & 1);
}

static void operations_of(struct api *a)
{
	static const struct dma_map_ops *const tables[] = {
		NULL,
		&dma_direct_ops,
		&arm_dma_ops,
		&arm_coherent_dma_ops,
		&noncoherent_swiotlb_dma_ops,
		&coherent_swiotlb_dma_ops,
		&iommu_ops,
		&iommu_coherent_ops,
		&swiotlb_dma_ops,
		&dmabounce_ops,
	};
	struct device *dev = any_device(a);
	struct dmasim_dmabounce_stats stats;

	begin(a);
	switch (fuzz_below(&a->in, 8)) {
	case 0:
	case 1:
		if (dev)
			set_dma_ops(dev, tables[fuzz_below(&a->in, sizeof(tables) / sizeof(tables[0]))]);
		break;
	case 2:
		dmabounce_register_dev(dev, any_size(a), any_size(a), fuzz_below(&a->in, 2) ? needs_bounce : NULL);
		break;
	case 3:
		dmabounce_unregister_dev(dev);
		break;
	case 4:
		arch_setup_dma_ops(dev, any_bus(a), any_size(a), NULL, fuzz_below(&a->in, 2));
		break;
	case 5:
		arch_teardown_dma_ops(dev);
		break;
	case 6:
		dma_direct_set_offset(dev, any_phys(a), any_bus(a), any_size(a));
		break;
	default:
		get_dma_ops(dev);
		dev_is_dma_coherent(dev);
		arch_sync_dma_for_device(any_phys(a), any_size(a), any_direction(a));
		arch_sync_dma_for_cpu(any_phys(a), any_size(a), any_direction(a));
		dmasim_dmabounce_stats(dev, &stats);
	}
}

/* ---- debug files ---- */

static void debug_files(struct api *a)
{
	static const char *const texts[] = {
		"1",	"0\n",
		"",	"fuzz",
		"-1",	"99999999999999999999",
		"%s%n", "a name that is longer than the sixty four bytes that a driver's name may have here"};
	const char *path = dmasim_debugfs_name(fuzz_below(&a->in, 16));

	if (fuzz_below(&a->in, 16) == 0)
		path = fuzz_below(&a->in, 2) ? "no/such" : NULL;
	if (fuzz_below(&a->in, 2))
		dmasim_debugfs_read(path, (char *)a->room, any_room(a));
	else
		dmasim_debugfs_write(path, fuzz_below(&a->in, 16) ? texts[fuzz_below(&a->in, 8)] : NULL);
	if (fuzz_below(&a->in, 8) == 0)
		debug_dma_dump_mappings(any_device(a));
}

/* ---- older kernels ---- */

static void era(struct api *a)
{
	struct pci_dev *pci = fuzz_below(&a->in, 2) ? a->pci : NULL;
	int dir = (int)any_direction(a);
	unsigned int i = fuzz_below(&a->in, POOL);

	begin(a);
	switch (fuzz_below(&a->in, 12)) {
	case 0:
	case 1:
		a->bus[i] = pci_map_single(pci, any_pointer(a), any_size(a), dir);
		break;
	case 2:
		pci_unmap_single(pci, any_bus(a), any_size(a), dir);
		break;
	case 3:
		a->bus[i] = pci_map_page(pci, any_page(a), any_size(a), any_size(a), dir);
		break;
	case 4:
		pci_unmap_page(pci, any_bus(a), any_size(a), dir);
		break;
	case 5:
		pci_dma_sync_single(pci, any_bus(a), any_size(a), dir);
		pci_dma_sync_single_for_device(pci, any_bus(a), any_size(a), dir);
		dma_sync_single(any_device(a), any_bus(a), any_size(a), dir);
		break;
	case 6:
		a->coherent[i].device = 0;
		a->coherent[i].size = any_size(a);
		a->coherent[i].cpu = pci_alloc_consistent(pci, a->coherent[i].size, &a->coherent[i].bus);
		break;
	case 7:
		pci_free_consistent(pci, a->coherent[i].size, a->coherent[i].cpu, a->coherent[i].bus);
		break;
	case 8:
		(void)pci_set_dma_mask(pci, fuzz_u64(&a->in) >> fuzz_below(&a->in, 64));
		(void)pci_set_consistent_dma_mask(pci, fuzz_u64(&a->in));
		pci_dma_supported(pci, fuzz_u64(&a->in));
		dma_supported(any_device(a), fuzz_u64(&a->in));
		break;
	case 9:
		a->bus[i] = pci_dac_page_to_dma(pci, any_page(a), any_size(a), dir);
		break;
	case 10:
		pci_dac_dma_sync_single_for_cpu(pci, any_bus(a), any_size(a), dir);
		pci_dac_dma_sync_single_for_device(pci, any_bus(a), any_size(a), dir);
		pci_dac_dma_to_page(pci, any_bus(a));
		pci_dac_dma_to_offset(pci, any_bus(a));
		(void)pci_dac_set_dma_mask(pci, fuzz_u64(&a->in));
		break;
	default:
		dmasim_mapping_error(any_bus(a));
		/* the list is real memory, its entries need not be */
		if (fuzz_below(&a->in, 4)) {
			struct scatterlist sg[2];

			sg_init_table(sg, 2);
			sg_set_buf(&sg[0], a->room, (unsigned int)any_room(a));
			pci_map_sg(pci, sg, 1 + (int)fuzz_below(&a->in, 2), dir);
			pci_unmap_sg(pci, sg, 1, dir);
		}
	}
}

static api_call *const calls[] = {
	pages,	    pages,   noncontiguous, noncontiguous, table_of, windows,	    windows,	 declared,
	contiguous, general, iova,	    bounces,	   bounces,  operations_of, debug_files, era,
};

const struct api_group api_mapping = {calls, sizeof(calls) / sizeof(calls[0])};
