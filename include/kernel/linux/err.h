/* SPDX-License-Identifier: MIT */
/* Error numbers carried in pointers. Mirrors include/linux/err.h: the last page of addresses is never valid. */
#ifndef DMASIM_LINUX_ERR_H
#define DMASIM_LINUX_ERR_H

#include <linux/compiler_types.h>
#include <linux/errno.h>
#include <linux/types.h>

#define MAX_ERRNO	   4095
#define IS_ERR_VALUE(x)	   unlikely((unsigned long)(void *)(x) >= (unsigned long)-MAX_ERRNO)
#define IOMEM_ERR_PTR(err) ((void __iomem *)ERR_PTR(err))

static inline void *ERR_PTR(long error)
{
	return (void *)error;
}

static inline long PTR_ERR(const void *ptr)
{
	return (long)ptr;
}

static inline bool IS_ERR(const void *ptr)
{
	return (unsigned long)ptr >= (unsigned long)-MAX_ERRNO;
}

static inline bool IS_ERR_OR_NULL(const void *ptr)
{
	return !ptr || IS_ERR(ptr);
}

static inline void *ERR_CAST(const void *ptr)
{
	return (void *)(uintptr_t)ptr;
}

static inline int PTR_ERR_OR_ZERO(const void *ptr)
{
	return IS_ERR(ptr) ? (int)PTR_ERR(ptr) : 0;
}

#endif
