// SPDX-License-Identifier: MIT
/*
 * kmalloc() and kin, as drivers call them: thin fronts over the objects of slab.c.
 *
 * krealloc() keeps the object while the new size fits its class, and moves the red zone; ksize() hands the rest of the
 * class to the caller, red zone included, because the kernel lets callers use what ksize() says.
 */
#include <string.h>
#include <linux/slab.h>
#include <linux/mm.h>
#include <linux/vmalloc.h>
#include "lib/mm/slab.h"

void *kmalloc(size_t size, gfp_t gfp)
{
	struct dmasim_machine *m = k_machine("kmalloc");

	STACK_ENTER();
	if (!m || (k_fails(m, "kmalloc", NULL) && !(gfp & __GFP_NOFAIL)))
		return NULL;
	return slab_kmalloc(m, size, gfp, "kmalloc");
}

void *kmalloc_node(size_t size, gfp_t gfp, int node)
{
	struct dmasim_machine *m = k_machine("kmalloc_node");

	STACK_ENTER();
	(void)node;
	if (!m || k_fails(m, "kmalloc_node", "kmalloc"))
		return NULL;
	return slab_kmalloc(m, size, gfp, "kmalloc_node");
}

void *kzalloc(size_t size, gfp_t gfp)
{
	struct dmasim_machine *m = k_machine("kzalloc");

	STACK_ENTER();
	if (!m || k_fails(m, "kzalloc", "kmalloc"))
		return NULL;
	return slab_kmalloc(m, size, gfp | __GFP_ZERO, "kzalloc");
}

void *kzalloc_node(size_t size, gfp_t gfp, int node)
{
	struct dmasim_machine *m = k_machine("kzalloc_node");

	STACK_ENTER();
	(void)node;
	if (!m || k_fails(m, "kzalloc_node", "kmalloc"))
		return NULL;
	return slab_kmalloc(m, size, gfp | __GFP_ZERO, "kzalloc_node");
}

void *kmalloc_array(size_t n, size_t size, gfp_t gfp)
{
	struct dmasim_machine *m = k_machine("kmalloc_array");
	size_t bytes;

	STACK_ENTER();
	if (!m || k_fails(m, "kmalloc_array", "kmalloc") || __builtin_mul_overflow(n, size, &bytes))
		return NULL;
	return slab_kmalloc(m, bytes, gfp, "kmalloc_array");
}

void *kcalloc(size_t n, size_t size, gfp_t gfp)
{
	struct dmasim_machine *m = k_machine("kcalloc");
	size_t bytes;

	STACK_ENTER();
	if (!m || k_fails(m, "kcalloc", "kmalloc") || __builtin_mul_overflow(n, size, &bytes))
		return NULL;
	return slab_kmalloc(m, bytes, gfp | __GFP_ZERO, "kcalloc");
}

static void *reallocate(struct dmasim_machine *m, const void *p, size_t size, gfp_t gfp)
{
	size_t usable, asked;
	phys_addr_t from, to;
	void *q;

	if (ZERO_OR_NULL_PTR(p))
		return slab_kmalloc(m, size, gfp, "krealloc");
	if (!size) {
		slab_kfree(m, p, "krealloc");
		return ZERO_SIZE_PTR;
	}
	usable = slab_ksize(m, p);
	if (!usable) {
		slab_kfree(m, p, "krealloc"); /* reports what is wrong with p */
		return NULL;
	}
	if (size <= usable) {
		mm_gfp_context(m, gfp, "krealloc");
		slab_resize(m, p, size, gfp);
		return (void *)p;
	}
	q = slab_kmalloc(m, size, gfp, "krealloc");
	if (!q)
		return NULL;
	asked = slab_asked(m, p);
	/* The copy is the caller's: it reads the old bytes and writes the new ones. */
	m->hooks.cpu_access(m, p, asked, false);
	m->hooks.cpu_access(m, q, asked, true);
	sim_virt_to_phys(m->hw, p, &from, NULL);
	sim_virt_to_phys(m->hw, q, &to, NULL);
	memcpy(sim_ram_ptr(m->hw, to), sim_ram_ptr(m->hw, from), asked);
	slab_kfree(m, p, "krealloc");
	return q;
}

void *krealloc(const void *p, size_t size, gfp_t gfp)
{
	struct dmasim_machine *m = k_machine("krealloc");

	STACK_ENTER();
	if (!m || k_fails(m, "krealloc", NULL))
		return NULL;
	return reallocate(m, p, size, gfp);
}

void kfree(const void *p)
{
	struct dmasim_machine *m;

	STACK_ENTER();
	if (ZERO_OR_NULL_PTR(p))
		return;
	m = k_machine("kfree");
	if (m)
		slab_kfree(m, p, "kfree");
}

void kfree_sensitive(const void *p)
{
	struct dmasim_machine *m;
	phys_addr_t phys;
	size_t n;

	STACK_ENTER();
	if (ZERO_OR_NULL_PTR(p))
		return;
	m = k_machine("kfree_sensitive");
	if (!m)
		return;
	n = slab_asked(m, p);
	if (n && sim_virt_to_phys(m->hw, p, &phys, NULL)) {
		m->hooks.cpu_access(m, p, n, true);
		memset(sim_ram_ptr(m->hw, phys), 0, n);
	}
	slab_kfree(m, p, "kfree_sensitive");
}

size_t ksize(const void *p)
{
	struct dmasim_machine *m;
	size_t n;

	STACK_ENTER();
	if (ZERO_OR_NULL_PTR(p))
		return 0;
	m = k_machine("ksize");
	if (!m)
		return 0;
	n = slab_ksize(m, p);
	if (n)
		slab_resize(m, p, n, 0);
	else
		mm_bad_free(m, "invalid-free", "ksize", p, ~(phys_addr_t)0, "memory that kmalloc() did not hand out");
	return n;
}

/* Copy of n bytes that the caller reads; they may be anywhere. NULL when they are not there. */
static void *duplicate(struct dmasim_machine *m, const void *src, size_t n, size_t total, gfp_t gfp,
		       const char *function)
{
	u8 *q = slab_kmalloc(m, total, gfp, function);
	phys_addr_t phys;

	if (ZERO_OR_NULL_PTR(q))
		return q;
	m->hooks.cpu_access(m, src, n, false);
	m->hooks.cpu_access(m, q, total, true);
	sim_virt_to_phys(m->hw, q, &phys, NULL);
	if (total > n)
		memset((u8 *)sim_ram_ptr(m->hw, phys) + n, 0, total - n);
	if (sim_host_read(sim_ram_ptr(m->hw, phys), src, n) == n)
		return q;
	slab_kfree(m, q, function);
	mm_bad_free(m, "address-not-linear", function, src, ~(phys_addr_t)0, "bytes to copy that are not there");
	return NULL;
}

void *kmemdup(const void *src, size_t n, gfp_t gfp)
{
	struct dmasim_machine *m = k_machine("kmemdup");

	STACK_ENTER();
	if (!m || k_fails(m, "kmemdup", "kmalloc"))
		return NULL;
	return duplicate(m, src, n, n, gfp, "kmemdup");
}

char *kstrdup(const char *s, gfp_t gfp)
{
	struct dmasim_machine *m = k_machine("kstrdup");
	size_t n;

	STACK_ENTER();
	if (!s || !m || k_fails(m, "kstrdup", "kmalloc"))
		return NULL;
	n = strlen(s) + 1;
	return duplicate(m, s, n, n, gfp, "kstrdup");
}

char *kstrndup(const char *s, size_t max, gfp_t gfp)
{
	struct dmasim_machine *m = k_machine("kstrndup");
	size_t n;

	STACK_ENTER();
	if (!s || !m || k_fails(m, "kstrndup", "kmalloc"))
		return NULL;
	n = strnlen(s, max);
	return duplicate(m, s, n, n + 1, gfp, "kstrndup");
}

void *mm_kmalloc(struct dmasim_machine *m, size_t size, gfp_t gfp, const char *function)
{
	return slab_kmalloc(m, size, gfp, function);
}

void mm_kfree(struct dmasim_machine *m, const void *p, const char *function)
{
	slab_kfree(m, p, function);
}

/* ---- kvmalloc: above a page, either kind of memory may come; which is a choice ---- */

static void *kv_alloc(struct dmasim_machine *m, size_t size, gfp_t gfp, const char *function)
{
	void *p = NULL;

	if (size <= SIM_PAGE_SIZE || !sim_choice(m->hw, "kvmalloc", NULL, 2))
		p = slab_kmalloc(m, size, size > SIM_PAGE_SIZE ? gfp | __GFP_NOWARN : gfp, function);
	if (!p && size > SIM_PAGE_SIZE)
		p = vmalloc_area(m, size, gfp, function);
	return p;
}

void *kvmalloc(size_t size, gfp_t gfp)
{
	struct dmasim_machine *m = k_machine("kvmalloc");

	STACK_ENTER();
	return m && !k_fails(m, "kvmalloc", NULL) ? kv_alloc(m, size, gfp, "kvmalloc") : NULL;
}

void *kvzalloc(size_t size, gfp_t gfp)
{
	struct dmasim_machine *m = k_machine("kvzalloc");

	STACK_ENTER();
	return m && !k_fails(m, "kvzalloc", "kvmalloc") ? kv_alloc(m, size, gfp | __GFP_ZERO, "kvzalloc") : NULL;
}

void *kvmalloc_array(size_t n, size_t size, gfp_t gfp)
{
	struct dmasim_machine *m = k_machine("kvmalloc_array");
	size_t bytes;

	STACK_ENTER();
	if (!m || k_fails(m, "kvmalloc_array", "kvmalloc") || __builtin_mul_overflow(n, size, &bytes))
		return NULL;
	return kv_alloc(m, bytes, gfp, "kvmalloc_array");
}

void *kvcalloc(size_t n, size_t size, gfp_t gfp)
{
	struct dmasim_machine *m = k_machine("kvcalloc");
	size_t bytes;

	STACK_ENTER();
	if (!m || k_fails(m, "kvcalloc", "kvmalloc") || __builtin_mul_overflow(n, size, &bytes))
		return NULL;
	return kv_alloc(m, bytes, gfp | __GFP_ZERO, "kvcalloc");
}

void kvfree(const void *p)
{
	struct dmasim_machine *m;
	const struct sim_region *r;

	STACK_ENTER();
	if (ZERO_OR_NULL_PTR(p))
		return;
	m = k_machine("kvfree");
	if (!m)
		return;
	r = sim_region_of(p);
	if (r && r->kind == REGION_VMALLOC)
		vmalloc_free(m, p, "kvfree");
	else
		slab_kfree(m, p, "kvfree");
}
