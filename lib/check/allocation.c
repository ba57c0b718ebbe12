// SPDX-License-Identifier: MIT
/*
 * Memory that the DMA API allocated, as calls name it that neither map nor free: those that pass it on (to the user
 * program, as a list), and dma_cache_sync().
 *
 * An allocation is found by its handle, or by the CPU's address, so that one wrong value still says what was meant.
 *
 * Weakness: a call with the values of two allocations is taken for one about that of the handle.
 */
#include <stdio.h>
#include "lib/check/call.h"
#include "lib/check/snapshot.h"
#include "lib/core/stack.h"
#include "lib/mm/mm.h"

bool track_cache_sync(struct dmasim_machine *m, const struct track_op *op)
{
	struct check *c = m->check;
	struct extent_walk w;
	struct extent *e;
	struct stamp by;
	u8 clear = 0;
	u64 lo, hi;

	if (k_unlikely(!c))
		return true;
	check_settle(m);
	extent_walk_init(c, &w, op->phys, op->phys + 1);
	while ((e = extent_walk_next(&w)))
		if (e->kind == EXTENT_NONCOHERENT && e->dev == op->dev->id)
			break;
	if (k_unlikely(!e)) {
		struct finding f = call_finding(m, op, "sync-unknown", "sync");

		f.has_bus = false;
		finding_more(&f, "memory", "%s() was given memory that the device has not got as non-coherent",
			     op->function);
		check_found(c, &f);
		return false;
	}
	if (e->freed)
		return false;
	lo = op->phys - e->phys;
	hi = op->size <= e->size - lo ? lo + op->size : e->size;
	if (k_unlikely(hi - lo < op->size))
		call_sync_mismatch(m, op, e, lo, hi, hi - lo == op->size);
	by = (struct stamp){sim_now(m->hw), stack_capture(m, op->frame), extent_function(c, op->function), 0};
	if (c->snapshot && e->more && extent_more(c, e)->snapshot)
		snapshot_compare_owned(c, e, lo, hi, false);
	if (op->dir != DMA_FROM_DEVICE) /* written back */
		clear |= BYTE_CPU_WROTE;
	if (op->dir != DMA_TO_DEVICE) /* invalidated */
		clear |= BYTE_DEV_WROTE;
	extent_change(c, e, lo, hi, BYTE_OWNER | BYTE_SEEN | clear, BYTE_CPU, &by);
	if (op->dir != DMA_FROM_DEVICE && c->snapshot)
		snapshot_take(c, e, lo, hi);
	return true;
}

static u64 whole_pages(u64 n)
{
	return (n + SIM_PAGE_SIZE - 1) & ~(u64)(SIM_PAGE_SIZE - 1);
}

/* Less than the whole is passed on by many, harmlessly; more is memory of others. */
static bool fits(struct dmasim_machine *m, const struct track_op *op, struct extent *e)
{
	const u64 kinds = ATTR_NON_CONSISTENT | ATTR_WRITE_COMBINE | ATTR_NO_KERNEL_MAPPING;
	struct check *c = m->check;
	bool handle, cpu, size, attrs;
	struct finding f;

	handle = e && op->bus != ERROR_COOKIE && e->bus != op->bus;
	cpu = e && cpu_differs(c, op, e);
	size = e && whole_pages(op->size) > whole_pages(e->size);
	attrs = e && (op->attrs ^ e->attrs) & kinds;
	if (k_likely(e && !handle && !cpu && !size && !attrs))
		return true;
	f = call_finding(m, op, "coherent-use-mismatch", "pass on");
	if (!e) {
		f.has_bus = op->bus != ERROR_COOKIE;
		finding_more(&f, "call", "%s() of %zu bytes that were not allocated for the device", op->function,
			     op->size);
		check_found(c, &f);
		return false;
	}
	finding_of(c, &f, e, 0, e->size, NULL);
	if (size)
		finding_more(&f, "size", "%zu bytes given, %llu allocated", op->size, (unsigned long long)e->size);
	if (cpu)
		finding_more(&f, "address", "CPU address %p given, %p allocated", op->cpu, extent_more(c, e)->cpu);
	if (handle)
		finding_more(&f, "handle", "handle 0x%llx given, 0x%llx allocated", op->bus, e->bus);
	if (attrs)
		finding_more(&f, "attributes", "0x%lx given, 0x%x allocated", op->attrs, e->attrs);
	check_found(c, &f);
	return true;
}

struct extent *tracker_by_cpu(struct check *c, const struct track_op *op)
{
	enum mm_address_kind kind;
	struct extent_walk w;
	struct extent *e;
	phys_addr_t phys = op->cpu ? mm_classify(c->m, op->cpu, &kind) : ~(phys_addr_t)0;

	if (phys == ~(phys_addr_t)0)
		return NULL;
	extent_walk_init(c, &w, phys, phys + 1);
	while ((e = extent_walk_next(&w)))
		if (e->kind == op->kind && e->dev == op->dev->id && e->more && extent_more(c, e)->cpu == op->cpu)
			return e;
	return NULL;
}

bool track_allocation(struct dmasim_machine *m, const struct track_op *op, struct track_unmapped *real)
{
	struct check *c = m->check;
	struct extent *e;

	*real = (struct track_unmapped){0};
	if (k_unlikely(!c))
		return false;
	check_settle(m);
	e = op->bus == ERROR_COOKIE ? NULL : extent_exact(c, op->dev->id, op->bus, NULL);
	while (e && e->kind != op->kind)
		e = extent_exact(c, op->dev->id, op->bus, e);
	if (!e)
		e = tracker_by_cpu(c, op);
	if (!fits(m, op, e))
		return false;
	tracker_describe(c, e, real);
	return true;
}
