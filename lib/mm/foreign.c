// SPDX-License-Identifier: MIT
/*
 * Foreign memory: host memory that drivers give to devices although it is no RAM of the machine.
 *
 * Each host page that is in use so has one page of the machine's foreign window of physical addresses, counted by
 * references. It is found by host page through a hash, and by physical page in an array. New pages are placed beside
 * their neighbours in host memory if those have a place already, so that adjacent host pages are adjacent physically,
 * and otherwise where nothing was yet, with room left around: a device that is late hits nobody.
 *
 * Adopted memory is foreign memory that the user declared to be RAM: a range that is referenced for the machine's life.
 *
 * Weakness: two areas placed apart that a later request joins cannot both keep their place. The request then gets a
 * place of its own for all its pages, and the earlier ones are known under two physical addresses until they go.
 */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <dmasim/access.h>
#include "lib/mm/internal.h"

#define ROOM 16 /* pages left free between areas, to grow into */

struct slot {		/* one physical page of the window */
	uintptr_t host; /* page number */
	u32 refs;
};

struct adopted {
	uintptr_t start;
	size_t n;
	phys_addr_t phys;
};

struct mm_foreign {
	phys_addr_t base;
	u32 nr; /* pages of the window */
	struct slot *slots;
	u32 *hash; /* slot + 1; open addressing */
	u32 hash_size, hash_used;
	u32 cursor; /* where to look for room */
	struct adopted *adopted;
	unsigned int nr_adopted;
	u64 live;
};

int foreign_init(struct mm *mm)
{
	const struct sim_config *cfg = &mm->machine->hw->cfg;
	struct mm_foreign *f = calloc(1, sizeof(*f));

	if (!f)
		return sim_error(ENOMEM, "no memory for the foreign window");
	mm->foreign = f;
	f->base = cfg->foreign_base;
	f->nr = (u32)(cfg->foreign_size >> SIM_PAGE_SHIFT);
	return 0;
}

void foreign_exit(struct mm *mm)
{
	struct mm_foreign *f = mm->foreign;

	if (!f)
		return;
	if (f->slots)
		munmap(f->slots, f->nr * sizeof(*f->slots));
	free(f->hash);
	free(f->adopted);
	free(f);
	mm->foreign = NULL;
}

/* ---- host page to slot ---- */

static u32 home(const struct mm_foreign *f, uintptr_t page)
{
	return (u32)((page * 0x9e3779b97f4a7c15ULL) >> 32) & (f->hash_size - 1);
}

/* The slot of a host page, MM_NONE if it has none. Of two, the one placed last. */
static u32 find(const struct mm_foreign *f, uintptr_t page)
{
	u32 h;

	if (!f->hash_size)
		return MM_NONE;
	for (h = home(f, page); f->hash[h]; h = (h + 1) & (f->hash_size - 1)) {
		if (f->slots[f->hash[h] - 1].host == page)
			return f->hash[h] - 1;
	}
	return MM_NONE;
}

static void hash_put(struct mm_foreign *f, u32 slot)
{
	u32 h = home(f, f->slots[slot].host);

	while (f->hash[h] && f->slots[f->hash[h] - 1].host != f->slots[slot].host)
		h = (h + 1) & (f->hash_size - 1);
	f->hash_used += !f->hash[h];
	f->hash[h] = slot + 1;
}

static bool grow(struct mm_foreign *f, u64 more)
{
	u32 old = f->hash_size, size = old ? old : 64, i;
	u32 *table = f->hash;

	if (!f->slots) {
		f->slots = mmap(NULL, f->nr * sizeof(*f->slots), PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (f->slots == MAP_FAILED) {
			f->slots = NULL;
			return false;
		}
	}
	while ((f->hash_used + more) * 2 > size)
		size *= 2;
	if (size == old)
		return true;
	f->hash = calloc(size, sizeof(*f->hash));
	if (!f->hash) {
		f->hash = table;
		return false;
	}
	f->hash_size = size;
	f->hash_used = 0;
	for (i = 0; i < old; i++) {
		if (table[i])
			hash_put(f, table[i] - 1);
	}
	free(table);
	return true;
}

static void hash_remove(struct mm_foreign *f, u32 slot)
{
	u32 mask = f->hash_size - 1, hole = home(f, f->slots[slot].host), h;

	while (f->hash[hole] && f->hash[hole] != slot + 1)
		hole = (hole + 1) & mask;
	if (!f->hash[hole])
		return; /* its host page was placed anew meanwhile */
	/* Close the gap: what could not be found across it moves into it. */
	for (h = (hole + 1) & mask; f->hash[h]; h = (h + 1) & mask) {
		u32 at = home(f, f->slots[f->hash[h] - 1].host);

		if (((h - at) & mask) >= ((h - hole) & mask)) {
			f->hash[hole] = f->hash[h];
			hole = h;
		}
	}
	f->hash[hole] = 0;
	f->hash_used--;
}

/* The page had two places and lost the one it is found at: find the other. Rare, so a search will do. */
static void find_twin(struct mm_foreign *f, uintptr_t page)
{
	u32 i;

	if (find(f, page) != MM_NONE)
		return;
	for (i = 0; i < f->nr; i++) {
		if (f->slots[i].refs && f->slots[i].host == page) {
			hash_put(f, i);
			return;
		}
	}
}

/* ---- placing ---- */

/* Can host pages [page, page + n) lie at slots [at, at + n)? Each slot is free, or theirs. */
static bool fits(const struct mm_foreign *f, uintptr_t page, u64 n, s64 at)
{
	u64 i;

	if (at < 0 || (u64)at + n > f->nr)
		return false;
	for (i = 0; i < n; i++) {
		const struct slot *s = &f->slots[at + i];

		if (s->refs && s->host != page + i)
			return false;
	}
	return true;
}

/* A run of n free slots with room around, or without if it must be; MM_NONE. */
static u32 room_for(struct mm_foreign *f, u64 n)
{
	u64 want = n + 2 * ROOM, tries, run = 0, i;
	bool tight;

	for (tight = false;; tight = true, want = n) {
		for (i = f->cursor, run = 0, tries = 0; tries < (u64)f->nr + want; tries++, i++) {
			if (i >= f->nr)
				i = 0, run = 0;
			run = f->slots[i].refs ? 0 : run + 1;
			if (run < want)
				continue;
			f->cursor = (u32)(i + 1 - (tight ? 0 : ROOM));
			return (u32)(i + 1 - want + (tight ? 0 : ROOM));
		}
		if (tight)
			return MM_NONE;
	}
}

static u32 place(struct mm_foreign *f, uintptr_t page, u64 n)
{
	u64 i;
	u32 s;

	/* Any page that has a place decides for all; else the neighbours' places are tried. */
	for (i = 0; i < n; i++) {
		s = find(f, page + i);
		if (s == MM_NONE)
			continue;
		if (fits(f, page, n, (s64)s - (s64)i))
			return s - (u32)i;
		break;
	}
	if (i == n) {
		s = find(f, page - 1);
		if (s != MM_NONE && fits(f, page, n, (s64)s + 1))
			return s + 1;
		s = find(f, page + n);
		if (s != MM_NONE && fits(f, page, n, (s64)s - (s64)n))
			return s - (u32)n;
	}
	return room_for(f, n);
}

phys_addr_t mm_foreign_get(struct dmasim_machine *m, const void *host, size_t n)
{
	struct mm_foreign *f = m->mm->foreign;
	uintptr_t start = (uintptr_t)host, page = start >> SIM_PAGE_SHIFT;
	u64 pages, i;
	u32 at;

	if (!n || start + n - 1 < start || !f->nr)
		return ~(phys_addr_t)0;
	pages = ((start + n - 1) >> SIM_PAGE_SHIFT) - page + 1;
	if (pages > f->nr || !grow(f, pages))
		return ~(phys_addr_t)0;
	at = place(f, page, pages);
	if (at == MM_NONE)
		return ~(phys_addr_t)0;
	for (i = 0; i < pages; i++) {
		struct slot *s = &f->slots[at + i];

		if (!s->refs) {
			s->host = page + i;
			f->live++;
		}
		s->refs++;
		hash_put(f, (u32)(at + i));
	}
	return f->base + ((phys_addr_t)at << SIM_PAGE_SHIFT) + (start & (SIM_PAGE_SIZE - 1));
}

void mm_foreign_put(struct dmasim_machine *m, phys_addr_t phys, size_t n)
{
	struct mm_foreign *f = m->mm->foreign;
	u64 at, last;
	uintptr_t page;

	if (!n || phys < f->base || !f->slots)
		return;
	at = (phys - f->base) >> SIM_PAGE_SHIFT;
	last = (phys + n - 1 - f->base) >> SIM_PAGE_SHIFT;
	for (; at <= last && at < f->nr; at++) {
		struct slot *s = &f->slots[at];

		if (!s->refs || --s->refs)
			continue;
		page = s->host;
		hash_remove(f, (u32)at);
		s->host = 0;
		f->live--;
		if (k_unlikely(f->live > f->hash_used))
			find_twin(f, page);
	}
}

void *mm_foreign_host(struct dmasim_machine *m, phys_addr_t phys, size_t *len)
{
	const struct mm_foreign *f = m->mm->foreign;
	u64 at = (phys - f->base) >> SIM_PAGE_SHIFT, i;
	size_t offset = phys & (SIM_PAGE_SIZE - 1);

	*len = 0;
	if (phys < f->base || at >= f->nr || !f->slots || !f->slots[at].refs)
		return NULL;
	/* A few pages at once are enough for any caller that goes on in a loop. */
	for (i = 1; i < 64 && at + i < f->nr; i++) {
		if (!f->slots[at + i].refs || f->slots[at + i].host != f->slots[at].host + i)
			break;
	}
	*len = i * SIM_PAGE_SIZE - offset;
	return (void *)((f->slots[at].host << SIM_PAGE_SHIFT) + offset);
}

phys_addr_t foreign_phys(struct mm *mm, const volatile void *p)
{
	const struct mm_foreign *f = mm->foreign;
	u32 s = f->slots ? find(f, (uintptr_t)p >> SIM_PAGE_SHIFT) : MM_NONE;

	if (s == MM_NONE)
		return ~(phys_addr_t)0;
	return f->base + ((phys_addr_t)s << SIM_PAGE_SHIFT) + ((uintptr_t)p & (SIM_PAGE_SIZE - 1));
}

/* ---- copying ---- */

static size_t phys_copy(struct dmasim_machine *m, phys_addr_t phys, void *buf, size_t n, bool write)
{
	size_t done = 0;

	while (done < n) {
		size_t len = SIM_PAGE_SIZE - (phys & (SIM_PAGE_SIZE - 1)), moved;
		u8 *at = (u8 *)buf + done;
		void *host;

		if (len > n - done)
			len = n - done;
		if (sim_ram_contains(m->hw, phys, len)) {
			if (write) {
				sim_ram_touch(m->hw, phys, len);
				memmove(sim_ram_ptr(m->hw, phys), at, len); /* buf may be simulated RAM too */
			} else {
				memmove(at, sim_ram_ptr(m->hw, phys), len);
			}
			moved = len;
		} else {
			host = mm_foreign_host(m, phys, &moved);
			if (!host)
				break;
			if (len > moved)
				len = moved;
			moved = write ? sim_host_write(host, at, len) : sim_host_read(at, host, len);
		}
		done += moved;
		phys += moved;
		if (moved < len)
			break;
	}
	return done;
}

size_t mm_phys_read(struct dmasim_machine *m, phys_addr_t phys, void *dst, size_t n)
{
	return phys_copy(m, phys, dst, n, false);
}

size_t mm_phys_write(struct dmasim_machine *m, phys_addr_t phys, const void *src, size_t n)
{
	return phys_copy(m, phys, (void *)src, n, true);
}

/* ---- adoption ---- */

bool mm_is_adopted(struct dmasim_machine *m, const void *host, size_t n)
{
	const struct mm_foreign *f = m->mm->foreign;
	unsigned int i;

	for (i = 0; i < f->nr_adopted; i++) {
		if ((uintptr_t)host - f->adopted[i].start < f->adopted[i].n)
			return n <= f->adopted[i].n - ((uintptr_t)host - f->adopted[i].start);
	}
	return false;
}

static int mm_adopt(struct dmasim_machine *m, void *host, size_t n)
{
	struct mm_foreign *f = m->mm->foreign;
	uintptr_t start = (uintptr_t)host, end = start + n;
	struct adopted *table;
	phys_addr_t phys;
	unsigned int i;

	if (!host || !n || end < start)
		return sim_error(EINVAL, "cannot adopt %zu bytes at %p: nothing, or beyond the address space", n, host);
	if (start < sim_arena.base + sim_arena.size && end > sim_arena.base)
		return sim_error(EINVAL, "cannot adopt %zu bytes at %p: they are a machine's own memory", n, host);
	for (i = 0; i < f->nr_adopted; i++) {
		if (start < f->adopted[i].start + f->adopted[i].n && end > f->adopted[i].start)
			return sim_error(EEXIST, "%zu bytes at %p overlap memory that was adopted already", n, host);
	}
	phys = mm_foreign_get(m, host, n);
	if (phys == ~(phys_addr_t)0)
		return sim_error(ENOMEM, "no room for %zu bytes in the foreign window of %" PRIu64 " bytes", n,
				 (uint64_t)m->hw->cfg.foreign_size);
	table = realloc(f->adopted, (f->nr_adopted + 1) * sizeof(*table));
	if (!table) {
		mm_foreign_put(m, phys, n);
		return sim_error(ENOMEM, "no memory for the table of adopted memory");
	}
	f->adopted = table;
	table[f->nr_adopted++] = (struct adopted){start, n, phys};
	return 0;
}

int dmasim_adopt_memory(void *host, size_t n)
{
	struct dmasim_machine *m = k_machine("dmasim_adopt_memory");

	STACK_ENTER();
	if (!m)
		return sim_error(ENODEV, "dmasim_adopt_memory: this thread has no current machine");
	return mm_adopt(m, host, n);
}

void foreign_check(struct mm *mm)
{
	const struct mm_foreign *f = mm->foreign;
	u64 live = 0;
	u32 used = 0, i;

	if (!f->slots)
		return;
	for (i = 0; i < f->nr; i++) {
		if (!f->slots[i].refs)
			continue;
		live++;
		assert(find(f, f->slots[i].host) != MM_NONE || f->live > f->hash_used);
	}
	assert(live == f->live);
	for (i = 0; i < f->hash_size; i++) {
		if (!f->hash[i])
			continue;
		used++;
		assert(f->slots[f->hash[i] - 1].refs);
		assert(find(f, f->slots[f->hash[i] - 1].host) == f->hash[i] - 1);
	}
	assert(used == f->hash_used);
}
