/* SPDX-License-Identifier: MIT */
/*
 * Memory barriers. Mirrors asm/barrier.h. Any context. The mandatory ones and the DMA ones are safe points: devices may
 * act there, and pending interrupts arrive. The smp_ ones order against other CPUs only, and cost nothing here.
 */
#ifndef DMASIM_ASM_BARRIER_H
#define DMASIM_ASM_BARRIER_H

#include <dmasim/types.h>

enum dmasim_barrier { DMASIM_MB, DMASIM_RMB, DMASIM_WMB, DMASIM_DMA_MB, DMASIM_DMA_RMB, DMASIM_DMA_WMB };
DMASIM_API void dmasim_barrier(enum dmasim_barrier kind);

#define barrier()		__asm__ __volatile__("" : : : "memory")
#define mb()			dmasim_barrier(DMASIM_MB)
#define rmb()			dmasim_barrier(DMASIM_RMB)
#define wmb()			dmasim_barrier(DMASIM_WMB)
#define dma_mb()		dmasim_barrier(DMASIM_DMA_MB)
#define dma_rmb()		dmasim_barrier(DMASIM_DMA_RMB)
#define dma_wmb()		dmasim_barrier(DMASIM_DMA_WMB)
#define smp_mb()		__atomic_thread_fence(__ATOMIC_SEQ_CST)
#define smp_rmb()		__atomic_thread_fence(__ATOMIC_ACQUIRE)
#define smp_wmb()		__atomic_thread_fence(__ATOMIC_RELEASE)
#define __smp_mb()		smp_mb()
#define __smp_rmb()		smp_rmb()
#define __smp_wmb()		smp_wmb()
#define smp_mb__before_atomic() smp_mb()
#define smp_mb__after_atomic()	smp_mb()
#define smp_store_mb(var, value) \
	do {                     \
		(var) = (value); \
		smp_mb();        \
	} while (0)
#define smp_store_release(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define smp_load_acquire(p)	(dmasim_poll(), __atomic_load_n((p), __ATOMIC_ACQUIRE))

/* A read that polling loops are made of: a little time passes. */
DMASIM_API void dmasim_poll(void);

#endif
