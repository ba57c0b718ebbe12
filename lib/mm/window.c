// SPDX-License-Identifier: MIT
/*
 * The memory behind struct page and struct mm_frame: one window of the arena, kept for the next machine.
 *
 * Reserving and mapping address space costs more than all else a machine's memory manager does at its start, so a
 * window serves machine after machine. What was touched is dropped in between: a driver may have written anywhere in its
 * page array, so there is no list of what to clear.
 *
 * Invariant: a window in the pool is all zero and in no lookup table.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include "lib/mm/internal.h"

#define POOL_MAX 4

static pthread_mutex_t pool_lock = PTHREAD_MUTEX_INITIALIZER;
static struct mm_window *pool;
static unsigned int nr_pool;

static struct mm_window *from_pool(size_t bytes)
{
	struct mm_window **at, *w;

	pthread_mutex_lock(&pool_lock);
	for (at = &pool; (w = *at) != NULL; at = &w->next) {
		if (w->region.size == bytes)
			break;
	}
	if (w) {
		*at = w->next;
		nr_pool--;
	}
	pthread_mutex_unlock(&pool_lock);
	return w;
}

static void destroy(struct mm_window *w)
{
	sim_region_give(&w->region);
	free(w);
}

static bool drain_pool(void)
{
	struct mm_window *w, *next;

	pthread_mutex_lock(&pool_lock);
	w = pool;
	pool = NULL;
	nr_pool = 0;
	pthread_mutex_unlock(&pool_lock);
	if (!w)
		return false;
	for (; w; w = next) {
		next = w->next;
		destroy(w);
	}
	return true;
}

struct mm_window *window_take(struct sim_machine *hw, size_t bytes)
{
	struct mm_window *w;

	bytes = (bytes + (1UL << SIM_GRANULE_SHIFT) - 1) & ~((1UL << SIM_GRANULE_SHIFT) - 1);
	w = from_pool(bytes);
	if (w) {
		sim_region_show(&w->region, hw);
		return w;
	}
	w = calloc(1, sizeof(*w));
	if (!w) {
		sim_error(ENOMEM, "no memory for the page array");
		return NULL;
	}
	if (sim_region_take(&w->region, REGION_VMEMMAP, hw, bytes) &&
	    (!drain_pool() || sim_region_take(&w->region, REGION_VMEMMAP, hw, bytes))) {
		free(w);
		return NULL;
	}
	if (mmap((void *)w->region.start, bytes, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == MAP_FAILED) {
		destroy(w);
		sim_error(ENOMEM, "no memory for a page array of %" PRIu64 " bytes", (uint64_t)bytes);
		return NULL;
	}
	return w;
}

void window_give(struct mm_window *w)
{
	if (madvise((void *)w->region.start, w->region.size, MADV_DONTNEED) == 0) {
		pthread_mutex_lock(&pool_lock);
		if (nr_pool < POOL_MAX) {
			sim_region_hide(&w->region);
			w->next = pool;
			pool = w;
			nr_pool++;
			w = NULL;
		}
		pthread_mutex_unlock(&pool_lock);
	}
	if (w)
		destroy(w);
}
