// SPDX-License-Identifier: MIT
/*
 * What the calls of old kernels need of the tracker: DAC addresses, and questions that name no device.
 *
 * A DAC address has no end that is called, and no length. Its record covers the part of one page that belongs to one
 * allocation, so that each place has one record however often it is asked for, and lives until the memory is freed
 * or the driver goes. The bytes begin unsynced: only those that both sides touch with no sync between are a mistake.
 *
 * Weakness: asking anew counts as handing over everything behind the offset; a mistake there is then missed.
 */
#include "lib/check/call.h"
#include "lib/core/stack.h"

void track_mapping_error_any(struct dmasim_machine *m, dma_addr_t bus)
{
	struct check *c = m->check;

	for (u32 id = 0; c && id < c->nr_devices; id++) {
		struct extent *e = c->devices[id] ? extent_exact(c, id, bus, NULL) : NULL;

		while (e && e->checked)
			e = extent_exact(c, id, bus, e);
		if (!e)
			continue;
		e->checked = 1;
		return;
	}
}

void track_dac(struct dmasim_machine *m, const struct track_op *op, phys_addr_t first, phys_addr_t end)
{
	struct check *c = m->check;
	struct track_op whole = *op;
	struct extent *e = NULL;
	bool overlap = true;
	struct stamp by;

	if (!c)
		return;
	check_settle(m);
	whole.bus -= op->phys - first;
	whole.phys = first;
	whole.size = end - first;
	while ((e = extent_exact(c, op->dev->id, whole.bus, e)) && e->kind != EXTENT_DAC)
		;
	if (!e) {
		tracker_record(m, &whole, stack_capture(m, op->frame), &overlap);
		return;
	}
	if (e->dir != (unsigned int)op->dir)
		e->dir = DMA_BIDIRECTIONAL;
	by = (struct stamp){sim_now(m->hw), stack_capture(m, op->frame), extent_function(c, op->function), 0};
	if (op->phys < e->phys + e->size)
		extent_change(c, e, op->phys - e->phys, e->size, BYTE_OWNER | BYTE_SEEN | BYTE_CPU_WROTE, BYTE_UNSYNCED,
			      &by);
}
