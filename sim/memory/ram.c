// SPDX-License-Identifier: MIT
/*
 * RAM: one memfd, seen through several windows.
 *
 * The banks lie back to back in a memfd that grows as pages are touched, so a machine of 64 GiB costs what it uses.
 * The CPU's window and the uncached one map it into the arena at a constant offset from the physical address, holes
 * staying inaccessible; `dram` maps it once more, outside the arena, for the library alone.
 *
 * Making this costs a millisecond's worth of system calls, so memory is kept after a machine's end and serves
 * the next one of equal layout. What must then be clean is known from a bitmap of touched pages. A page that was
 * touched behind our back (a stray pointer) shows as a block that the file has and the bitmap has not: such a file
 * is thrown away, not kept, and so is one of which too much was touched to be worth clearing.
 *
 * Invariants: every page of the file that holds anything but zeroes is in `life`, or the file has more blocks than
 * `populated`; a pooled file is all zero; summary bits tell which words of `life` are not zero.
 *
 * Weakness: a stray write to a page that an earlier machine touched is not seen as such; it is cleared all the same.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "sim/private.h"

#define POOL_MAX   4
#define POOL_PAGES 512	       /* a file of more touched pages is cheaper to make anew than to clear */
#define BASE_ALIGN (4UL << 20) /* the largest block of a page allocator keeps its alignment in the windows */
#define BITS	   64

/* Which pages of base .. end were touched. A bit of `summary` stands for a word of `words`. */
struct page_set {
	uint64_t *words, *summary;
	size_t nr_words, nr_summary;
	uint64_t count; /* bits set */
};

struct sim_ram_private {
	struct sim_ram ram; /* while pooled */
	struct sim_bank banks[SIM_MAX_BANKS];
	unsigned int nr_banks;
	bool alias;
	uint64_t size;		   /* of the file */
	struct page_set life;	   /* touched since this machine was made */
	struct page_set populated; /* touched ever: all of these are zero while pooled */
	uint64_t limit;		   /* pages that may be charged */
	pid_t owner;
	struct sim_ram_private *next;	  /* in the pool */
	struct sim_ram_private *next_all; /* of this process, pooled or not */
};

static pthread_mutex_t pool_lock = PTHREAD_MUTEX_INITIALIZER;
static struct sim_ram_private *pool; /* most recent first */
static unsigned int nr_pool;
static struct sim_ram_private *all; /* what the next fork() will leave holes of; under pool_lock too */

/* ---- sets of pages ---- */

static bool set_init(struct page_set *s, uint64_t pages)
{
	s->nr_words = (pages + BITS - 1) / BITS;
	s->nr_summary = (s->nr_words + BITS - 1) / BITS;
	s->count = 0;
	s->words = calloc(s->nr_words, sizeof(*s->words));
	s->summary = calloc(s->nr_summary, sizeof(*s->summary));
	return s->words && s->summary;
}

static void set_free(struct page_set *s)
{
	free(s->words);
	free(s->summary);
}

/* The bits of word w that lie in pages first .. last. */
static uint64_t word_mask(size_t w, uint64_t first, uint64_t last)
{
	uint64_t mask = ~0ULL;

	if (w == first / BITS)
		mask &= ~0ULL << (first % BITS);
	if (w == last / BITS)
		mask &= ~0ULL >> (BITS - 1 - last % BITS);
	return mask;
}

static void set_add(struct page_set *s, uint64_t first, uint64_t last)
{
	for (size_t w = first / BITS; w <= last / BITS; w++) {
		uint64_t fresh = word_mask(w, first, last) & ~s->words[w];

		if (!fresh)
			continue;
		s->words[w] |= fresh;
		s->summary[w / BITS] |= 1ULL << (w % BITS);
		s->count += (uint64_t)__builtin_popcountll(fresh);
	}
}

static uint64_t set_missing(const struct page_set *s, uint64_t first, uint64_t last)
{
	uint64_t n = 0;

	for (size_t w = first / BITS; w <= last / BITS; w++)
		n += (uint64_t)__builtin_popcountll(word_mask(w, first, last) & ~s->words[w]);
	return n;
}

/* Move all of `from` into `to`. */
static void set_move(struct page_set *to, struct page_set *from)
{
	for (size_t i = 0; i < from->nr_summary; i++) {
		for (; from->summary[i]; from->summary[i] &= from->summary[i] - 1) {
			size_t w = i * BITS + (size_t)__builtin_ctzll(from->summary[i]);
			uint64_t fresh = from->words[w] & ~to->words[w];

			to->words[w] |= fresh;
			to->summary[i] |= 1ULL << (w % BITS);
			to->count += (uint64_t)__builtin_popcountll(fresh);
			from->words[w] = 0;
		}
	}
	from->count = 0;
}

static void set_check(const struct page_set *s)
{
	uint64_t n = 0;

	for (size_t w = 0; w < s->nr_words; w++) {
		n += (uint64_t)__builtin_popcountll(s->words[w]);
		assert(!!s->words[w] == (s->summary[w / BITS] >> (w % BITS) & 1));
	}
	assert(n == s->count);
}

/* ---- addresses ---- */

bool sim_ram_contains_slow(const struct sim_machine *m, phys_addr_t phys, uint64_t n)
{
	for (unsigned int i = 0; i < m->cfg.nr_banks; i++) {
		const struct sim_bank *b = &m->cfg.banks[i];
		uint64_t offset = phys - b->base;

		if (offset < b->size && n - 1 < b->size - offset)
			return true;
		/* Banks that touch are one piece of RAM. */
		while (offset < b->size && i + 1 < m->cfg.nr_banks && b[0].base + b[0].size == b[1].base) {
			uint64_t here = b->size - offset;

			phys += here;
			n -= here;
			b++;
			i++;
			offset = 0;
			if (n - 1 < b->size)
				return true;
		}
	}
	return false;
}

static bool in_window(const struct sim_region *r, const volatile void *p, phys_addr_t *phys)
{
	uintptr_t offset = (uintptr_t)p - r->start;

	if (offset >= r->size)
		return false;
	*phys = r->phys + offset;
	return true;
}

bool sim_virt_to_phys(const struct sim_machine *m, const volatile void *p, phys_addr_t *phys,
		      enum sim_region_kind *kind)
{
	enum sim_region_kind k = REGION_LINEAR;
	phys_addr_t at;

	if (!in_window(&m->ram.linear, p, &at)) {
		k = REGION_UNCACHED;
		if (m->ram.uncached.kind == REGION_NONE || !in_window(&m->ram.uncached, p, &at))
			return false;
	}
	if (!sim_ram_contains(m, at, 1))
		return false;
	*phys = at;
	if (kind)
		*kind = k;
	return true;
}

void *sim_phys_to_virt(const struct sim_machine *m, phys_addr_t phys)
{
	if (!sim_ram_contains(m, phys, 1))
		return NULL;
	return (void *)(m->ram.linear.start + (uintptr_t)(phys - m->ram.base));
}

void *sim_phys_to_uncached(const struct sim_machine *m, phys_addr_t phys)
{
	if (m->ram.uncached.kind == REGION_NONE)
		return sim_phys_to_virt(m, phys);
	if (!sim_ram_contains(m, phys, 1))
		return NULL;
	return (void *)(m->ram.uncached.start + (uintptr_t)(phys - m->ram.base));
}

/* ---- what was touched ---- */

/* Clip [phys, phys + n) to page numbers of base .. end. Holes may be in it: they only cost a bit. */
static bool pages_of(const struct sim_machine *m, phys_addr_t phys, uint64_t n, uint64_t *first, uint64_t *last)
{
	uint64_t offset = phys - m->ram.base, span = m->ram.end - m->ram.base;

	if (n == 0 || offset >= span)
		return false;
	if (n > span - offset)
		n = span - offset;
	*first = offset >> SIM_PAGE_SHIFT;
	*last = (offset + n - 1) >> SIM_PAGE_SHIFT;
	return true;
}

void sim_ram_touch_slow(struct sim_machine *m, phys_addr_t phys, uint64_t n)
{
	uint64_t first, last;

	if (pages_of(m, phys, n, &first, &last))
		set_add(&m->ram.priv->life, first, last);
}

bool sim_ram_charge_slow(struct sim_machine *m, phys_addr_t phys, uint64_t n)
{
	struct sim_ram_private *p = m->ram.priv;
	uint64_t first, last, fresh;

	if (!pages_of(m, phys, n, &first, &last))
		return true;
	fresh = set_missing(&p->life, first, last);
	if (fresh == 0)
		return true;
	if (p->life.count + fresh > p->limit)
		return false;
	set_add(&p->life, first, last);
	return true;
}

uint64_t sim_ram_touched(const struct sim_machine *m)
{
	return m->ram.priv->life.count;
}

/* ---- life ---- */

static void lock_for_fork(void)
{
	pthread_mutex_lock(&pool_lock);
}

static void unlock_after_fork(void)
{
	pthread_mutex_unlock(&pool_lock);
}

static void keep_out(void *start, size_t size)
{
	if (start)
		mmap(start, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
}

/*
 * Where the parent has RAM, the child has holes (see map_banks()). They are closed, so that no other memory of the
 * child gets these addresses, and because Valgrind, which does not know of them, would search them for pointers.
 */
static void close_holes(void)
{
	for (const struct sim_ram_private *p = all; p; p = p->next_all) {
		size_t span = p->ram.end - p->ram.base;

		keep_out(p->ram.dram, span);
		keep_out((void *)p->ram.linear.start, span);
		keep_out((void *)p->ram.uncached.start, span);
	}
	all = NULL;
	unlock_after_fork();
}

static void fork_handlers(void)
{
	pthread_atfork(lock_for_fork, unlock_after_fork, close_holes);
}

static void all_add(struct sim_ram_private *p)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, fork_handlers);
	pthread_mutex_lock(&pool_lock);
	p->next_all = all;
	all = p;
	pthread_mutex_unlock(&pool_lock);
}

static void all_remove(const struct sim_ram_private *p)
{
	struct sim_ram_private **link;

	pthread_mutex_lock(&pool_lock);
	for (link = &all; *link; link = &(*link)->next_all) {
		if (*link == p) {
			*link = p->next_all;
			break;
		}
	}
	pthread_mutex_unlock(&pool_lock);
}

static void ram_free(struct sim_ram_private *p)
{
	struct sim_ram *r = &p->ram;

	all_remove(p);
	sim_region_give(&r->linear);
	sim_region_give(&r->uncached);
	if (r->dram)
		munmap(r->dram, r->end - r->base);
	if (r->fd >= 0)
		close(r->fd);
	set_free(&p->life);
	set_free(&p->populated);
	free(p);
}

/* Map every bank of the file at start + (its base - base). */
static int map_banks(const struct sim_ram_private *p, uint8_t *start, const char *what)
{
	uint64_t offset = 0;

	for (unsigned int i = 0; i < p->nr_banks; i++) {
		const struct sim_bank *b = &p->banks[i];
		uint8_t *at = start + (b->base - p->ram.base);

		if (mmap(at, b->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE | MAP_FIXED, p->ram.fd,
			 (off_t)offset) == MAP_FAILED)
			return sim_error(ENOMEM, "cannot map %llu MiB of RAM for %s: %s",
					 (unsigned long long)b->size >> 20, what, strerror(errno));
		/* A forked child must not write to its parent's machine. */
		madvise(at, b->size, MADV_DONTFORK);
		offset += b->size;
	}
	return 0;
}

static int map_window(struct sim_ram_private *p, struct sim_region *r, enum sim_region_kind kind, struct sim_machine *m,
		      const char *what)
{
	int err = sim_region_take(r, kind, m, p->ram.end - p->ram.base);

	if (err)
		return err;
	r->phys = p->ram.base;
	sim_region_show(r, m);
	return map_banks(p, (uint8_t *)r->start, what);
}

static int map_dram(struct sim_ram_private *p)
{
	size_t span = p->ram.end - p->ram.base;
	void *dram = mmap(NULL, span, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (dram == MAP_FAILED && sim_ram_pool_drain() > 0)
		dram = mmap(NULL, span, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (dram == MAP_FAILED)
		return sim_error(ENOMEM,
				 "no %zu MiB of address space for RAM: raise the limit on virtual memory (ulimit -v)",
				 span >> 20);
	p->ram.dram = dram;
	return map_banks(p, dram, "the library");
}

static int ram_make(struct sim_machine *m, struct sim_ram_private **made)
{
	struct sim_ram_private *p = calloc(1, sizeof(*p));
	uint64_t pages;
	int err = 0;

	if (!p)
		return sim_error(ENOMEM, "no memory for a machine");
	memcpy(p->banks, m->cfg.banks, sizeof(p->banks));
	p->nr_banks = m->cfg.nr_banks;
	p->alias = m->cfg.uncached_alias;
	p->owner = getpid();
	p->ram.base = p->banks[0].base & ~(BASE_ALIGN - 1);
	p->ram.end = p->banks[p->nr_banks - 1].base + p->banks[p->nr_banks - 1].size;
	for (unsigned int i = 0; i < p->nr_banks; i++)
		p->size += p->banks[i].size;
	all_add(p); /* before anything is mapped: another thread may fork */
	p->ram.fd = memfd_create("dmasim-ram", MFD_CLOEXEC);
	pages = (p->ram.end - p->ram.base) >> SIM_PAGE_SHIFT;
	if (p->ram.fd < 0)
		err = sim_error(errno == EMFILE || errno == ENFILE ? EAGAIN : ENOMEM, "no memfd for RAM: %s",
				strerror(errno));
	else if (ftruncate(p->ram.fd, (off_t)p->size))
		err = sim_error(errno == EINTR ? EAGAIN : ENOMEM,
				"no file of %llu MiB for RAM: %s (a limit on file size, ulimit -f?)",
				(unsigned long long)p->size >> 20, strerror(errno));
	else if (!set_init(&p->life, pages) || !set_init(&p->populated, pages))
		err = sim_error(ENOMEM, "no memory to keep track of %llu MiB of RAM",
				(unsigned long long)p->size >> 20);
	if (!err)
		err = map_window(p, &p->ram.linear, REGION_LINEAR, m, "the CPU");
	if (!err && p->alias)
		err = map_window(p, &p->ram.uncached, REGION_UNCACHED, m, "coherent memory");
	if (!err)
		err = map_dram(p);
	if (err)
		ram_free(p);
	else
		*made = p;
	return err;
}

static bool same_layout(const struct sim_ram_private *p, const struct sim_config *cfg)
{
	if (p->nr_banks != cfg->nr_banks || p->alias != cfg->uncached_alias)
		return false;
	for (unsigned int i = 0; i < p->nr_banks; i++) {
		if (p->banks[i].base != cfg->banks[i].base || p->banks[i].size != cfg->banks[i].size)
			return false;
	}
	return true;
}

/* What a forked child inherits in the pool is no memory of its own: only the records are freed. */
static void forget_inherited(void)
{
	while (pool && pool->owner != getpid()) {
		struct sim_ram_private *p = pool;

		pool = p->next;
		nr_pool--;
		close(p->ram.fd);
		set_free(&p->life);
		set_free(&p->populated);
		free(p);
	}
}

static struct sim_ram_private *pool_get(const struct sim_config *cfg)
{
	struct sim_ram_private **link, *p;

	pthread_mutex_lock(&pool_lock);
	forget_inherited();
	for (link = &pool; (p = *link) != NULL; link = &p->next) {
		if (same_layout(p, cfg)) {
			*link = p->next;
			nr_pool--;
			break;
		}
	}
	pthread_mutex_unlock(&pool_lock);
	return p;
}

static void pool_put(struct sim_ram_private *p)
{
	struct sim_ram_private *oldest = NULL, **link;

	pthread_mutex_lock(&pool_lock);
	forget_inherited();
	p->next = pool;
	pool = p;
	if (++nr_pool > POOL_MAX) {
		for (link = &pool; (*link)->next; link = &(*link)->next)
			;
		oldest = *link;
		*link = NULL;
		nr_pool--;
	}
	pthread_mutex_unlock(&pool_lock);
	if (oldest)
		ram_free(oldest);
}

unsigned int sim_ram_pool_drain(void)
{
	struct sim_ram_private *p;
	unsigned int n = 0;

	for (;; n++) {
		pthread_mutex_lock(&pool_lock);
		forget_inherited();
		p = pool;
		if (p) {
			pool = p->next;
			nr_pool--;
		}
		pthread_mutex_unlock(&pool_lock);
		if (!p)
			return n;
		ram_free(p);
	}
}

/* Make the file all zero again. False if it holds pages that we were not told of, or too many to be worth it. */
static bool ram_clean(struct sim_ram_private *p)
{
	const struct page_set *s = &p->populated;
	struct stat st;

	set_move(&p->populated, &p->life);
	if (s->count > POOL_PAGES)
		return false;
	for (size_t i = 0; i < s->nr_summary; i++) {
		for (uint64_t left = s->summary[i]; left; left &= left - 1) {
			size_t w = i * BITS + (size_t)__builtin_ctzll(left);

			for (uint64_t bits = s->words[w]; bits;) {
				unsigned int first = (unsigned int)__builtin_ctzll(bits);
				uint64_t rest = ~(bits >> first);
				unsigned int run = rest ? (unsigned int)__builtin_ctzll(rest) : BITS - first;

				memset(p->ram.dram + ((w * BITS + first) << SIM_PAGE_SHIFT), 0,
				       (size_t)run << SIM_PAGE_SHIFT);
				bits = first + run < BITS ? bits >> (first + run) << (first + run) : 0;
			}
		}
	}
	return fstat(p->ram.fd, &st) == 0 && (uint64_t)st.st_blocks * 512 == s->count << SIM_PAGE_SHIFT;
}

int sim_ram_init(struct sim_machine *m)
{
	struct sim_ram_private *p = pool_get(&m->cfg);

	if (p) {
		sim_region_show(&p->ram.linear, m);
		if (p->alias)
			sim_region_show(&p->ram.uncached, m);
	} else {
		int err = ram_make(m, &p);

		if (err)
			return err;
	}
	p->limit = m->cfg.host_limit >> SIM_PAGE_SHIFT;
	p->ram.priv = p;
	m->ram = p->ram;
	m->ram.touched = p->life.words;
	return 0;
}

void sim_ram_exit(struct sim_machine *m)
{
	struct sim_ram_private *p = m->ram.priv;

	if (!p)
		return;
	m->ram = (struct sim_ram){.fd = -1};
	if (!ram_clean(p)) {
		ram_free(p);
		return;
	}
	sim_region_hide(&p->ram.linear);
	if (p->alias)
		sim_region_hide(&p->ram.uncached);
	pool_put(p);
}

void sim_ram_check(const struct sim_machine *m)
{
	const struct sim_ram_private *p = m->ram.priv;

	set_check(&p->life);
	set_check(&p->populated);
	assert(p->life.count <= (m->ram.end - m->ram.base) >> SIM_PAGE_SHIFT);
	assert(sim_region_of((void *)m->ram.linear.start)->machine == m);
	assert(m->ram.linear.phys == m->ram.base);
	assert(m->ram.uncached.kind == REGION_NONE || m->ram.uncached.phys == m->ram.base);
	assert(!sim_arena_contains(m->ram.dram));
}
