// SPDX-License-Identifier: MIT
/*
 * Interrupt lines: wires with a memory.
 *
 * Four bitmaps: which lines are taken, which latched an edge, which are held high, which are masked. A line is
 * pending when it is latched or high; it is offered for delivery when it is pending and not masked. Nothing is
 * delivered from here: the kernel software asks for the next line when it may take an interrupt, and acknowledges it.
 *
 * Weakness: an edge on a line that is latched already is lost, as on the hardware this stands for.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include "sim/private.h"

#define FIRST_IRQ 16 /* the lines below are the legacy ones that no bus hands out */
#define WORDS	  (SIM_NR_IRQS / 64)

struct sim_irqs {
	uint64_t taken[WORDS], latched[WORDS], high[WORDS], masked[WORDS];
};

static void assign_bit(uint64_t *map, unsigned int i, bool value)
{
	if (value)
		map[i / 64] |= 1ULL << (i % 64);
	else
		map[i / 64] &= ~(1ULL << (i % 64));
}

/* Something to deliver? Asked at every safe point, so it is known beforehand. */
static void note_ready(struct sim_machine *m)
{
	const struct sim_irqs *irqs = m->irqs;
	uint64_t any = 0;

	for (int w = 0; w < WORDS; w++)
		any |= (irqs->latched[w] | irqs->high[w]) & ~irqs->masked[w];
	m->irq_ready = any != 0;
}

static bool test_bit(const uint64_t *map, unsigned int i)
{
	return map[i / 64] >> (i % 64) & 1;
}

int sim_irq_alloc(struct sim_machine *m)
{
	struct sim_irqs *irqs = m->irqs;

	for (unsigned int i = FIRST_IRQ; i < SIM_NR_IRQS; i++) {
		if (test_bit(irqs->taken, i))
			continue;
		assign_bit(irqs->taken, i, true);
		return (int)i;
	}
	return sim_error(ENOSPC, "all %u interrupt lines are taken", SIM_NR_IRQS - FIRST_IRQ);
}

void sim_irq_free(struct sim_machine *m, unsigned int irq)
{
	if (irq >= SIM_NR_IRQS)
		return;
	assign_bit(m->irqs->taken, irq, false);
	assign_bit(m->irqs->latched, irq, false);
	assign_bit(m->irqs->high, irq, false);
	assign_bit(m->irqs->masked, irq, false);
	note_ready(m);
}

void sim_irq_raise(struct sim_machine *m, unsigned int irq)
{
	if (irq >= SIM_NR_IRQS)
		return;
	assign_bit(m->irqs->latched, irq, true);
	note_ready(m);
}

void sim_irq_level(struct sim_machine *m, unsigned int irq, bool high)
{
	if (irq >= SIM_NR_IRQS)
		return;
	assign_bit(m->irqs->high, irq, high);
	note_ready(m);
}

void sim_irq_mask(struct sim_machine *m, unsigned int irq, bool masked)
{
	if (irq >= SIM_NR_IRQS)
		return;
	assign_bit(m->irqs->masked, irq, masked);
	note_ready(m);
}

int sim_irq_next_slow(struct sim_machine *m)
{
	const struct sim_irqs *irqs = m->irqs;
	uint64_t ready[WORDS], any = 0;
	unsigned int n = 0, pick;

	for (int w = 0; w < WORDS; w++)
		any |= ready[w] = (irqs->latched[w] | irqs->high[w]) & ~irqs->masked[w];
	if (any == 0)
		return -1;
	for (int w = 0; w < WORDS; w++)
		n += (unsigned int)__builtin_popcountll(ready[w]);
	pick = n > 1 ? sim_choice(m, "irq-order", NULL, n) : 0;
	for (int w = 0; w < WORDS; w++) {
		for (; ready[w]; ready[w] &= ready[w] - 1) {
			if (pick-- == 0)
				return w * 64 + __builtin_ctzll(ready[w]);
		}
	}
	assert(!"unreachable: pick < n");
	return -1;
}

void sim_irq_ack(struct sim_machine *m, unsigned int irq)
{
	if (irq >= SIM_NR_IRQS)
		return;
	assign_bit(m->irqs->latched, irq, false);
	note_ready(m);
}

bool sim_irq_is_pending(const struct sim_machine *m, unsigned int irq)
{
	return irq < SIM_NR_IRQS && (test_bit(m->irqs->latched, irq) || test_bit(m->irqs->high, irq));
}

int sim_irqs_init(struct sim_machine *m)
{
	m->irqs = calloc(1, sizeof(*m->irqs));
	m->irq_ready = false;
	return m->irqs ? 0 : sim_error(ENOMEM, "no memory for interrupt lines");
}

void sim_irqs_exit(struct sim_machine *m)
{
	free(m->irqs);
	m->irqs = NULL;
}

void sim_irqs_check(const struct sim_machine *m)
{
	uint64_t any;

	for (unsigned int i = 0; i < FIRST_IRQ; i++)
		assert(!test_bit(m->irqs->taken, i));
	any = 0;
	for (int w = 0; w < WORDS; w++)
		any |= (m->irqs->latched[w] | m->irqs->high[w]) & ~m->irqs->masked[w];
	assert(m->irq_ready == (any != 0));
}
