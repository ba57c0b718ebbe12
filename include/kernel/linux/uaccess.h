/* SPDX-License-Identifier: MIT */
/*
 * Memory of user programs. Mirrors include/linux/uaccess.h. A user pointer is any host memory; one that is not there gives a
 * short count or -EFAULT. The kernel's side is a checked access of the calling line.
 */
#ifndef DMASIM_LINUX_UACCESS_H
#define DMASIM_LINUX_UACCESS_H

#include <dmasim/types.h>
#include <linux/compiler_types.h>
#include <linux/errno.h>
#include <linux/types.h>

/* Bytes that could not be copied: 0 is success. copy_from_user() clears those. Context: may sleep. */
DMASIM_API unsigned long __must_check copy_to_user(void __user *to, const void *from, unsigned long n)
	DMASIM_SYM(copy_to_user);
DMASIM_API unsigned long __must_check copy_from_user(void *to, const void __user *from, unsigned long n)
	DMASIM_SYM(copy_from_user);
DMASIM_API unsigned long __must_check clear_user(void __user *to, unsigned long n) DMASIM_SYM(clear_user);
#define __copy_to_user(to, from, n)   copy_to_user((to), (from), (n))
#define __copy_from_user(to, from, n) copy_from_user((to), (from), (n))
/* A string with its zero byte, at most n bytes: its length without it, n if there was no zero byte, -EFAULT. */
DMASIM_API long strncpy_from_user(char *dst, const char __user *src, long n) DMASIM_SYM(strncpy_from_user);
/* For get_user() and put_user(): 0 or -EFAULT, and the value is then zero. */
DMASIM_API int dmasim_get_user(void *to, const void __user *from, size_t n);
DMASIM_API int dmasim_put_user(void __user *to, const void *from, size_t n);

/* Could [ptr, ptr + n) be a user's? Says nothing about what is there. */
static inline bool dmasim_access_ok(const volatile void *ptr, unsigned long n)
{
	return (uintptr_t)ptr + n >= (uintptr_t)ptr && (uintptr_t)ptr + n <= 1UL << 47;
}
/* clang-format off */
#define DMASIM_ACCESS_OK_PICK(a, b, c, picked, ...) picked
#define DMASIM_ACCESS_OK_3(type, ptr, n) dmasim_access_ok((ptr), (n)) /* until 4.20 */
#define access_ok(...) \
	DMASIM_ACCESS_OK_PICK(__VA_ARGS__, DMASIM_ACCESS_OK_3, dmasim_access_ok, 0)(__VA_ARGS__)
/* clang-format on */
#define VERIFY_READ  0
#define VERIFY_WRITE 1

#define get_user(x, ptr)                                                                      \
	__extension__({                                                                       \
		__typeof__(*(ptr)) dmasim_value;                                              \
		int dmasim_err = dmasim_get_user(&dmasim_value, (ptr), sizeof(dmasim_value)); \
		(x) = dmasim_value;                                                           \
		dmasim_err;                                                                   \
	})
#define put_user(x, ptr)                                                     \
	__extension__({                                                      \
		__typeof__(*(ptr)) dmasim_value = (x);                       \
		dmasim_put_user((ptr), &dmasim_value, sizeof(dmasim_value)); \
	})
#define __get_user(x, ptr) get_user(x, ptr)
#define __put_user(x, ptr) put_user(x, ptr)

#endif
