/* SPDX-License-Identifier: MIT */
/*
 * Checked CPU accesses for code that is not instrumented.
 *
 * Each is one access of the calling line, checked byte by byte against the ownership rules, then performed, also
 * when it broke one. Any pointer may be given; memory outside the current machine is simply accessed.
 */
#ifndef DMASIM_ACCESS_H
#define DMASIM_ACCESS_H

#include <dmasim/types.h>

DMASIM_API uint8_t dmasim_load8(const volatile void *p);
DMASIM_API uint16_t dmasim_load16(const volatile void *p);
DMASIM_API uint32_t dmasim_load32(const volatile void *p);
DMASIM_API uint64_t dmasim_load64(const volatile void *p);
DMASIM_API void dmasim_store8(volatile void *p, uint8_t value);
DMASIM_API void dmasim_store16(volatile void *p, uint16_t value);
DMASIM_API void dmasim_store32(volatile void *p, uint32_t value);
DMASIM_API void dmasim_store64(volatile void *p, uint64_t value);
DMASIM_API void dmasim_load(void *dst, const volatile void *src, size_t n);
DMASIM_API void dmasim_store(volatile void *dst, const void *src, size_t n);

/**
 * dmasim_adopt_memory() - make host memory legitimate RAM of the current machine
 * @host: start of static or malloc'd memory
 * @n:    bytes
 *
 * Adopted by reference: its bytes get physical addresses and may be mapped for DMA as RAM, without the report that
 * foreign memory otherwise gets. It must stay allocated until the machine is destroyed. No page guard there.
 *
 * Return: 0; -EINVAL (NULL, 0, wrapping, or partly the machine's own memory), -EEXIST (overlaps an adopted range),
 *         -ENODEV (no current machine), -ENOMEM.
 */
DMASIM_API int dmasim_adopt_memory(void *host, size_t n);

#endif
