/* SPDX-License-Identifier: MIT */
/*
 * Lists of memory pieces for devices. Mirrors include/linux/scatterlist.h and lib/scatterlist.c.
 *
 * An entry has two halves that have nothing to do with each other: page, offset and length say where the CPU finds the
 * bytes; sg_dma_address() and sg_dma_len() say where the device does, once the list is mapped, and only in as many
 * entries as the map call returned. A backend that merges neighbours fills fewer of them than there are pieces.
 *
 * A list may continue elsewhere: an entry whose low bit is set is a link, not data, and is not counted. The last entry
 * carries the end mark. Both live in the two low bits of page_link.
 *
 * What the library walks itself it walks with bounds: links that lead in a circle, into nothing, or past the end mark
 * are reported as sg-list-broken or sg-list-too-short. sg_next() in driver code is as fast, and as trusting, as the
 * kernel's; for_each_sg() notices that the list has ended.
 */
#ifndef DMASIM_LINUX_SCATTERLIST_H
#define DMASIM_LINUX_SCATTERLIST_H

#include <linux/mm.h>
#include <linux/types.h>
#include <asm/io.h>

struct scatterlist {
#ifdef DMASIM_KERNEL_2_6 /* include/era: drivers write the page themselves */
	union {
		unsigned long page_link;
		struct page *page;
	};
#else
	unsigned long page_link;
#endif
	unsigned int offset;
	unsigned int length;
	dma_addr_t dma_address;
	unsigned int dma_length;
	unsigned int dma_flags;
};

_Static_assert(sizeof(struct scatterlist) == 32, "128 entries fill a page");

struct sg_table {
	struct scatterlist *sgl;
	unsigned int nents;	 /* entries that carry DMA addresses, once mapped */
	unsigned int orig_nents; /* entries that carry pages: what unmap and sync want */
};

struct sg_append_table {
	struct sg_table sgt;
	struct scatterlist *prv; /* last entry filled */
	unsigned int total_nents;
};

#define SG_CHAIN 0x01UL
#define SG_END	 0x02UL

#define SG_MAX_SINGLE_ALLOC (PAGE_SIZE / sizeof(struct scatterlist))
#define SG_CHUNK_SIZE	    128
#define SG_MAX_SEGMENTS	    2048

#define SG_DMA_BUS_ADDRESS (1U << 0)
#define SG_DMA_SWIOTLB	   (1U << 1)

/* Lvalues: providers of mappings assign them. */
#define sg_dma_address(sg) ((sg)->dma_address)
#define sg_dma_len(sg)	   ((sg)->dma_length)

static inline bool sg_dma_is_bus_address(struct scatterlist *sg)
{
	return sg->dma_flags & SG_DMA_BUS_ADDRESS;
}

static inline void sg_dma_mark_bus_address(struct scatterlist *sg)
{
	sg->dma_flags |= SG_DMA_BUS_ADDRESS;
}

static inline void sg_dma_unmark_bus_address(struct scatterlist *sg)
{
	sg->dma_flags &= ~SG_DMA_BUS_ADDRESS;
}

#define sg_is_dma_bus_address(sg) sg_dma_is_bus_address(sg)

static inline bool sg_dma_is_swiotlb(struct scatterlist *sg)
{
	return sg->dma_flags & SG_DMA_SWIOTLB;
}

static inline void sg_dma_mark_swiotlb(struct scatterlist *sg)
{
	sg->dma_flags |= SG_DMA_SWIOTLB;
}

#define sg_is_dma_swiotlb(sg) sg_dma_is_swiotlb(sg)

/* ---- one entry ---- */

static inline bool sg_is_chain(struct scatterlist *sg)
{
	return sg->page_link & SG_CHAIN;
}

static inline bool sg_is_last(struct scatterlist *sg)
{
	return sg->page_link & SG_END;
}

static inline struct scatterlist *sg_chain_ptr(struct scatterlist *sg)
{
	return (struct scatterlist *)(sg->page_link & ~(SG_CHAIN | SG_END));
}

static inline struct page *sg_page(struct scatterlist *sg)
{
	return (struct page *)(sg->page_link & ~(SG_CHAIN | SG_END));
}

/* The page alone; marks stay. */
static inline void sg_assign_page(struct scatterlist *sg, struct page *page)
{
	sg->page_link = (sg->page_link & (SG_CHAIN | SG_END)) | ((unsigned long)page & ~(SG_CHAIN | SG_END));
}

/* offset may go past the first page of a block. */
static inline void sg_set_page(struct scatterlist *sg, struct page *page, unsigned int len, unsigned int offset)
{
	sg_assign_page(sg, page);
	sg->offset = offset;
	sg->length = len;
}

/**
 * sg_set_buf() - the same for memory from kmalloc() or the page allocator, by its address
 *
 * An address without a struct page (vmalloc, registers, NULL) is reported as address-not-linear, and the entry left
 * without a page. Any context.
 */
DMASIM_API void sg_set_buf(struct scatterlist *sg, const void *buf, unsigned int buflen) DMASIM_SYM(sg_set_buf);

static inline phys_addr_t sg_phys(struct scatterlist *sg)
{
	return page_to_phys(sg_page(sg)) + sg->offset;
}

static inline void *sg_virt(struct scatterlist *sg)
{
	return (char *)page_address(sg_page(sg)) + sg->offset;
}

static inline void sg_mark_end(struct scatterlist *sg)
{
	sg->page_link = (sg->page_link | SG_END) & ~SG_CHAIN;
}

static inline void sg_unmark_end(struct scatterlist *sg)
{
	sg->page_link &= ~SG_END;
}

/* ---- lists ---- */

/* The next data entry, NULL behind the one with the end mark. */
static inline struct scatterlist *sg_next(struct scatterlist *sg)
{
	if (!sg || sg_is_last(sg))
		return NULL;
	sg++;
	if (__builtin_expect(sg_is_chain(sg), 0))
		sg = sg_chain_ptr(sg);
	return sg;
}

/* A loop wants another entry and there is none: reports sg-list-too-short; false, so that the loop ends. */
DMASIM_API bool dmasim_sg_missing(void);

/* nr data entries; links are followed and not counted. */
#define for_each_sg(sglist, sg, nr, __i)                                                                 \
	for (__i = 0, sg = (sglist); __i < (nr) && (__builtin_expect(!!(sg), 1) || dmasim_sg_missing()); \
	     __i++, sg = sg_next(sg))

/* Those with pages, for the CPU; those with addresses, for the device. */
#define for_each_sgtable_sg(sgt, sg, i)	    for_each_sg ((sgt)->sgl, sg, (sgt)->orig_nents, i)
#define for_each_sgtable_dma_sg(sgt, sg, i) for_each_sg ((sgt)->sgl, sg, (sgt)->nents, i)

/** sg_init_table() - clear an array of entries and mark the last one. 0 entries or NULL: reported, nothing done */
DMASIM_API void sg_init_table(struct scatterlist *sgl, unsigned int nents) DMASIM_SYM(sg_init_table);
/** sg_init_one() - a list of one entry, from an address as sg_set_buf() takes it */
DMASIM_API void sg_init_one(struct scatterlist *sg, const void *buf, unsigned int buflen) DMASIM_SYM(sg_init_one);

static inline void sg_init_marker(struct scatterlist *sgl, unsigned int nents)
{
	sg_mark_end(&sgl[nents - 1]);
}

/* What was entry prv_nents of prv becomes a link to sgl: prv then carries one entry less. */
static inline void sg_chain(struct scatterlist *prv, unsigned int prv_nents, struct scatterlist *sgl)
{
	struct scatterlist *link = &prv[prv_nents - 1];

	link->offset = 0;
	link->length = 0;
	link->page_link = ((unsigned long)sgl | SG_CHAIN) & ~SG_END;
}

/** sg_nents() - data entries up to the end mark. 0 for NULL; of a broken list those before the break, reported */
DMASIM_API int sg_nents(struct scatterlist *sg) DMASIM_SYM(sg_nents);
/** sg_nents_for_len() - entries that hold the first len bytes; 0 for none; -EINVAL when the list is shorter */
DMASIM_API int sg_nents_for_len(struct scatterlist *sg, u64 len) DMASIM_SYM(sg_nents_for_len);
/** sg_nents_for_dma() - entries needed when none may be longer than len */
DMASIM_API int sg_nents_for_dma(struct scatterlist *sgl, unsigned int sglen, size_t len) DMASIM_SYM(sg_nents_for_dma);
/** sg_last() - the last of nents entries; NULL for an empty or shorter list */
DMASIM_API struct scatterlist *sg_last(struct scatterlist *sgl, unsigned int nents) DMASIM_SYM(sg_last);

/* ---- allocation ---- */

/**
 * sg_alloc_table() - a table with room for nents entries, in chunks of SG_MAX_SINGLE_ALLOC linked to each other
 *
 * Context: as gfp says.
 * Return: 0; -EINVAL for nents 0; -ENOMEM, the table then empty.
 */
DMASIM_API DMASIM_NODISCARD int sg_alloc_table(struct sg_table *table, unsigned int nents, gfp_t gfp)
	DMASIM_SYM(sg_alloc_table);
/** sg_free_table() - the entries, not the pages. An empty table is ignored */
DMASIM_API void sg_free_table(struct sg_table *table) DMASIM_SYM(sg_free_table);

typedef struct scatterlist *(sg_alloc_fn)(unsigned int nents, gfp_t gfp);
typedef void(sg_free_fn)(struct scatterlist *sgl, unsigned int nents);

/**
 * __sg_alloc_table() - sg_alloc_table() with chunks of the caller's
 * @max_ents:	       entries that alloc_fn can be asked for, at least 2
 * @first_chunk:       memory for the first nents_first_chunk entries; NULL: none
 * @alloc_fn:	       gives a chunk, NULL when it has none; its memory is cleared here
 *
 * Return: as sg_alloc_table(), but after -ENOMEM the table keeps what it got: __sg_free_table() gives it back.
 */
DMASIM_API DMASIM_NODISCARD int __sg_alloc_table(struct sg_table *table, unsigned int nents, unsigned int max_ents,
						 struct scatterlist *first_chunk, unsigned int nents_first_chunk,
						 gfp_t gfp, sg_alloc_fn *alloc_fn) DMASIM_SYM(__sg_alloc_table);
/** __sg_free_table() - free_fn() for each chunk but the first, if that is the caller's. num_ents: table->orig_nents */
DMASIM_API void __sg_free_table(struct sg_table *table, unsigned int max_ents, unsigned int nents_first_chunk,
				sg_free_fn *free_fn, unsigned int num_ents) DMASIM_SYM(__sg_free_table);

/**
 * sg_alloc_table_from_pages_segment() - a table for an array of pages, neighbours in one entry
 * @offset:	 of the first byte in the first page
 * @size:	 bytes in all
 * @max_segment: bytes an entry may have; rounded down to whole pages
 *
 * Return: 0; -EINVAL for no page, no byte, or a max_segment below one page; -ENOMEM.
 */
DMASIM_API DMASIM_NODISCARD int sg_alloc_table_from_pages_segment(struct sg_table *sgt, struct page **pages,
								  unsigned int n_pages, unsigned int offset,
								  unsigned long size, unsigned int max_segment,
								  gfp_t gfp)
	DMASIM_SYM(sg_alloc_table_from_pages_segment);
DMASIM_API DMASIM_NODISCARD int sg_alloc_table_from_pages(struct sg_table *sgt, struct page **pages,
							  unsigned int n_pages, unsigned int offset, unsigned long size,
							  gfp_t gfp) DMASIM_SYM(sg_alloc_table_from_pages);

/**
 * sg_alloc_append_table_from_pages() - the same in several calls
 * @left_pages: pages that later calls will add; 0 ends the list
 *
 * Only the first call may have an offset. Return: as above.
 */
DMASIM_API DMASIM_NODISCARD int sg_alloc_append_table_from_pages(struct sg_append_table *sgt_append,
								 struct page **pages, unsigned int n_pages,
								 unsigned int offset, unsigned long size,
								 unsigned int max_segment, unsigned int left_pages,
								 gfp_t gfp)
	DMASIM_SYM(sg_alloc_append_table_from_pages);
DMASIM_API void sg_free_append_table(struct sg_append_table *sgt) DMASIM_SYM(sg_free_append_table);

/** sg_alloc_table_chained() - as sg_alloc_table(), the first nents_first_chunk entries in the caller's array */
DMASIM_API DMASIM_NODISCARD int sg_alloc_table_chained(struct sg_table *table, int nents,
						       struct scatterlist *first_chunk, unsigned int nents_first_chunk)
	DMASIM_SYM(sg_alloc_table_chained);
DMASIM_API void sg_free_table_chained(struct sg_table *table, unsigned int nents_first_chunk)
	DMASIM_SYM(sg_free_table_chained);

/**
 * sgl_alloc_order() - a list together with its memory, in blocks of 1 << order pages
 * @chainable: leave one entry more, which carries the end mark, for sg_chain(list, *nent_p + 1, other)
 * @nent_p:    gets the number of data entries; may be NULL
 *
 * Return: the list, NULL when there is no memory or length is 0 or impossible.
 */
DMASIM_API struct scatterlist *sgl_alloc_order(unsigned long long length, unsigned int order, bool chainable, gfp_t gfp,
					       unsigned int *nent_p) DMASIM_SYM(sgl_alloc_order);
DMASIM_API struct scatterlist *sgl_alloc(unsigned long long length, gfp_t gfp, unsigned int *nent_p)
	DMASIM_SYM(sgl_alloc);
DMASIM_API void sgl_free_n_order(struct scatterlist *sgl, int nents, int order) DMASIM_SYM(sgl_free_n_order);
DMASIM_API void sgl_free_order(struct scatterlist *sgl, int order) DMASIM_SYM(sgl_free_order);
DMASIM_API void sgl_free(struct scatterlist *sgl) DMASIM_SYM(sgl_free);

/**
 * sg_split() - cut a list into nb_splits lists of the given sizes, skip bytes from its start
 * @in_mapped_nents:  entries with DMA addresses; 0: not mapped
 * @out:	      gets the lists: arrays for the caller to kfree()
 * @out_mapped_nents: gets how many of their entries carry DMA addresses; may be NULL
 *
 * The pieces share pages and mapping with the list, which is unmapped as the whole it was mapped as.
 * Return: 0; -EINVAL when the list is shorter; -ENOMEM.
 */
DMASIM_API DMASIM_NODISCARD int sg_split(struct scatterlist *in, const int in_mapped_nents, const off_t skip,
					 const int nb_splits, const size_t *split_sizes, struct scatterlist **out,
					 int *out_mapped_nents, gfp_t gfp) DMASIM_SYM(sg_split);

/* ---- copies: CPU accesses of the calling line, checked as such. Bytes copied; fewer where a list ends. Any context ---- */

DMASIM_API size_t sg_copy_buffer(struct scatterlist *sgl, unsigned int nents, void *buf, size_t buflen, off_t skip,
				 bool to_buffer) DMASIM_SYM(sg_copy_buffer);
DMASIM_API size_t sg_copy_from_buffer(struct scatterlist *sgl, unsigned int nents, const void *buf, size_t buflen)
	DMASIM_SYM(sg_copy_from_buffer);
DMASIM_API size_t sg_copy_to_buffer(struct scatterlist *sgl, unsigned int nents, void *buf, size_t buflen)
	DMASIM_SYM(sg_copy_to_buffer);
DMASIM_API size_t sg_pcopy_from_buffer(struct scatterlist *sgl, unsigned int nents, const void *buf, size_t buflen,
				       off_t skip) DMASIM_SYM(sg_pcopy_from_buffer);
DMASIM_API size_t sg_pcopy_to_buffer(struct scatterlist *sgl, unsigned int nents, void *buf, size_t buflen, off_t skip)
	DMASIM_SYM(sg_pcopy_to_buffer);
DMASIM_API size_t sg_zero_buffer(struct scatterlist *sgl, unsigned int nents, size_t buflen, off_t skip)
	DMASIM_SYM(sg_zero_buffer);

/* ---- page by page ---- */

struct sg_page_iter {
	struct scatterlist *sg;
	unsigned int sg_pgoffset; /* page in the entry */
	unsigned int __nents;
	int __pg_advance;
};

/* The same over the device's half: needs a mapped list, and the mapped count. */
struct sg_dma_page_iter {
	struct sg_page_iter base;
};

DMASIM_API bool __sg_page_iter_next(struct sg_page_iter *piter) DMASIM_SYM(__sg_page_iter_next);
DMASIM_API bool __sg_page_iter_dma_next(struct sg_dma_page_iter *dma_iter) DMASIM_SYM(__sg_page_iter_dma_next);
DMASIM_API void __sg_page_iter_start(struct sg_page_iter *piter, struct scatterlist *sglist, unsigned int nents,
				     unsigned long pgoffset) DMASIM_SYM(__sg_page_iter_start);

static inline struct page *sg_page_iter_page(struct sg_page_iter *piter)
{
	return sg_page(piter->sg) + (piter->sg->offset >> PAGE_SHIFT) + piter->sg_pgoffset;
}

static inline dma_addr_t sg_page_iter_dma_address(struct sg_dma_page_iter *dma_iter)
{
	return sg_dma_address(dma_iter->base.sg) + ((dma_addr_t)dma_iter->base.sg_pgoffset << PAGE_SHIFT);
}

#define for_each_sg_page(sglist, piter, nents, pgoffset) \
	for (__sg_page_iter_start((piter), (sglist), (nents), (pgoffset)); __sg_page_iter_next(piter);)
#define for_each_sg_dma_page(sglist, dma_iter, dma_nents, pgoffset)                      \
	for (__sg_page_iter_start(&(dma_iter)->base, (sglist), (dma_nents), (pgoffset)); \
	     __sg_page_iter_dma_next(dma_iter);)
#define for_each_sgtable_page(sgt, piter, pgoffset) for_each_sg_page((sgt)->sgl, piter, (sgt)->orig_nents, pgoffset)
#define for_each_sgtable_dma_page(sgt, dma_iter, pgoffset) \
	for_each_sg_dma_page((sgt)->sgl, dma_iter, (sgt)->nents, pgoffset)

/* ---- piece by piece, mapped for the CPU ---- */

#define SG_MITER_ATOMIC	 (1U << 0) /* may be used where sleeping is forbidden; forbids it until stop */
#define SG_MITER_TO_SG	 (1U << 1) /* the driver writes */
#define SG_MITER_FROM_SG (1U << 2) /* the driver reads */
#define SG_MITER_LOCAL	 (1U << 3)

struct sg_mapping_iter {
	struct page *page;
	void *addr;
	size_t length;
	size_t consumed; /* by the driver; may be lowered before the next step */
	struct sg_page_iter piter;
	unsigned int __offset, __remaining;
	unsigned int __flags;
};

DMASIM_API void sg_miter_start(struct sg_mapping_iter *miter, struct scatterlist *sgl, unsigned int nents,
			       unsigned int flags) DMASIM_SYM(sg_miter_start);
/** sg_miter_skip() - go on offset bytes; false when the list ends before */
DMASIM_API bool sg_miter_skip(struct sg_mapping_iter *miter, off_t offset) DMASIM_SYM(sg_miter_skip);
/** sg_miter_next() - the next piece, within one page; false at the end. May sleep, unless SG_MITER_ATOMIC */
DMASIM_API bool sg_miter_next(struct sg_mapping_iter *miter) DMASIM_SYM(sg_miter_next);
DMASIM_API void sg_miter_stop(struct sg_mapping_iter *miter) DMASIM_SYM(sg_miter_stop);

#endif
