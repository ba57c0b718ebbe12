// SPDX-License-Identifier: MIT
/*
 * Register windows: physical addresses behind which a device answers.
 *
 * They are placed in the machine's MMIO hole, each a power of two on its natural alignment as a BAR is, lowest free
 * place first, and kept sorted; the last one found is remembered, as drivers poll one device. The CPU's view of the
 * hole is a window of the arena without memory: a cookie is an address there, and dereferencing it faults.
 *
 * Invariants: windows are sorted, disjoint and inside the hole. A window whose callback runs is not freed: removed
 * then, it answers nobody any more and dies when the last callback returns.
 *
 * Weakness: adding a window is linear in their number.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "sim/private.h"

#define MIN_WINDOW 16UL
#define MAX_WINDOW (256UL << 20)

struct sim_mmios {
	struct sim_mmio **windows;
	unsigned int nr, room;
	struct sim_mmio *last; /* found last; NULL after any change */
};

static bool covers(const struct sim_mmio *w, phys_addr_t phys)
{
	return phys - w->phys < w->size;
}

/* Index of the first window that ends after phys. */
static unsigned int lower_bound(const struct sim_mmios *s, phys_addr_t phys)
{
	unsigned int low = 0, high = s->nr;

	while (low < high) {
		unsigned int mid = (low + high) / 2;

		if (s->windows[mid]->phys + s->windows[mid]->size <= phys)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct sim_mmio *sim_mmio_add(struct sim_machine *m, size_t size, const struct dmasim_mmio_ops *ops, void *ctx,
			      struct sim_master *master)
{
	struct sim_mmios *s = m->mmios;
	uint64_t rounded = MIN_WINDOW;
	phys_addr_t at;
	struct sim_mmio *w;
	unsigned int i;

	if (size == 0 || size > MAX_WINDOW || !ops) {
		sim_error(EINVAL, "a register window of %zu bytes%s: 1 byte to %lu MiB, and ops, are needed", size,
			  ops ? "" : " without ops", MAX_WINDOW >> 20);
		return NULL;
	}
	while (rounded < size)
		rounded *= 2;
	at = (m->cfg.mmio_base + rounded - 1) & ~(rounded - 1);
	for (i = 0; i < s->nr && s->windows[i]->phys < at + rounded; i++)
		at = (s->windows[i]->phys + s->windows[i]->size + rounded - 1) & ~(rounded - 1);
	if (at + rounded > m->cfg.mmio_base + m->cfg.mmio_size) {
		sim_error(ENOSPC, "no room for a register window of %llu bytes in the %llu MiB at 0x%llx",
			  (unsigned long long)rounded, (unsigned long long)m->cfg.mmio_size >> 20,
			  (unsigned long long)m->cfg.mmio_base);
		return NULL;
	}
	if (s->nr == s->room) {
		unsigned int room = s->room ? 2 * s->room : 8;
		struct sim_mmio **windows = realloc(s->windows, room * sizeof(*windows));

		if (windows) {
			s->windows = windows;
			s->room = room;
		}
	}
	w = s->nr < s->room ? calloc(1, sizeof(*w)) : NULL;
	if (!w) {
		sim_error(ENOMEM, "no memory for a register window");
		return NULL;
	}
	*w = (struct sim_mmio){.phys = at, .size = rounded, .ops = ops, .ctx = ctx, .master = master};
	memmove(s->windows + i + 1, s->windows + i, (s->nr - i) * sizeof(*s->windows));
	s->windows[i] = w;
	s->nr++;
	s->last = NULL;
	return w;
}

static void window_free(struct sim_mmio *w)
{
	if (w->ops->release)
		w->ops->release(w->ctx);
	free(w);
}

void sim_mmio_remove(struct sim_machine *m, struct sim_mmio *mmio)
{
	struct sim_mmios *s = m->mmios;
	unsigned int i;

	if (!mmio || mmio->dead)
		return;
	i = lower_bound(s, mmio->phys);
	assert(i < s->nr && s->windows[i] == mmio);
	s->nr--;
	memmove(s->windows + i, s->windows + i + 1, (s->nr - i) * sizeof(*s->windows));
	s->last = NULL;
	mmio->dead = true;
	if (mmio->busy == 0)
		window_free(mmio);
}

struct sim_mmio *sim_mmio_find(const struct sim_machine *m, phys_addr_t phys)
{
	struct sim_mmios *s = m->mmios;
	unsigned int i;

	if (s->last && covers(s->last, phys))
		return s->last;
	if (phys - m->cfg.mmio_base >= m->cfg.mmio_size)
		return NULL;
	i = lower_bound(s, phys);
	if (i == s->nr || !covers(s->windows[i], phys))
		return NULL;
	s->last = s->windows[i];
	return s->last;
}

static bool answers(const struct sim_mmio *w, uint64_t offset, unsigned int size)
{
	return !w->dead && (size == 1 || size == 2 || size == 4 || size == 8) && offset < w->size &&
	       size <= w->size - offset;
}

static void callback_done(struct sim_mmio *w)
{
	if (--w->busy == 0 && w->dead)
		window_free(w);
}

uint64_t sim_mmio_read(struct sim_mmio *mmio, uint64_t offset, unsigned int size)
{
	uint64_t ones = size >= 8 ? ~0ULL : (1ULL << (8 * size)) - 1, value = ones;

	if (!answers(mmio, offset, size) || !mmio->ops->read)
		return ones;
	mmio->busy++;
	value = mmio->ops->read(mmio->ctx, offset, size) & ones;
	callback_done(mmio);
	return value;
}

void sim_mmio_write(struct sim_mmio *mmio, uint64_t offset, unsigned int size, uint64_t value)
{
	uint64_t ones = size >= 8 ? ~0ULL : (1ULL << (8 * size)) - 1;

	if (!answers(mmio, offset, size) || !mmio->ops->write)
		return;
	mmio->busy++;
	mmio->ops->write(mmio->ctx, offset, size, value & ones);
	callback_done(mmio);
}

void *sim_mmio_cookie(const struct sim_machine *m, phys_addr_t phys)
{
	uint64_t offset = phys - m->cfg.mmio_base;

	return offset < m->cfg.mmio_size ? (void *)(m->iomem.start + (uintptr_t)offset) : NULL;
}

bool sim_mmio_phys(const struct sim_machine *m, const volatile void *cookie, phys_addr_t *phys)
{
	uintptr_t offset = (uintptr_t)cookie - m->iomem.start;

	if (offset >= m->cfg.mmio_size)
		return false;
	*phys = m->cfg.mmio_base + offset;
	return true;
}

int sim_mmios_init(struct sim_machine *m)
{
	int err;

	m->mmios = calloc(1, sizeof(*m->mmios));
	if (!m->mmios)
		return sim_error(ENOMEM, "no memory for register windows");
	err = sim_region_take(&m->iomem, REGION_IOMEM, m, m->cfg.mmio_size);
	if (err)
		return err;
	m->iomem.phys = m->cfg.mmio_base;
	sim_region_show(&m->iomem, m);
	return 0;
}

void sim_mmios_exit(struct sim_machine *m)
{
	struct sim_mmios *s = m->mmios;

	if (!s)
		return;
	while (s->nr > 0)
		sim_mmio_remove(m, s->windows[s->nr - 1]);
	sim_region_give(&m->iomem);
	free(s->windows);
	free(s);
	m->mmios = NULL;
}

void sim_mmios_check(const struct sim_machine *m)
{
	const struct sim_mmios *s = m->mmios;
	phys_addr_t end = m->cfg.mmio_base;

	assert(s->nr <= s->room);
	for (unsigned int i = 0; i < s->nr; i++) {
		const struct sim_mmio *w = s->windows[i];

		assert(!w->dead && w->ops);
		assert(w->phys >= end && (w->size & (w->size - 1)) == 0 && (w->phys & (w->size - 1)) == 0);
		end = w->phys + w->size;
	}
	assert(end <= m->cfg.mmio_base + m->cfg.mmio_size);
}
