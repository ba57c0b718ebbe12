// SPDX-License-Identifier: MIT
/*
 * Copies between driver memory and a user program.
 *
 * The user's side is any host memory and may be missing: it is copied page-wise by means that cannot fault. The kernel's side
 * is an access of the calling line, checked before it happens, and reached through the library's own alias of RAM.
 */
#include <string.h>
#include <linux/uaccess.h>
#include "lib/core/device.h"
#include "lib/core/sched.h"
#include "lib/core/stack.h"

/* Bytes copied between user memory and driver memory; to_user says which way. */
static unsigned long copy(struct dmasim_machine *m, void *user, void *kernel, unsigned long n, bool to_user)
{
	u8 *host;

	if (n == 0 || !dmasim_access_ok(user, n))
		return 0;
	m->hooks.cpu_access(m, kernel, n, !to_user);
	host = k_driver_memory(m, kernel, n);
	if (!host)
		return 0;
	/* RAM of ours cannot fault; other driver memory might, so both sides go through a buffer then. */
	if (sim_arena_contains(kernel))
		return to_user ? sim_host_write(user, host, n) : sim_host_read(host, user, n);
	for (unsigned long done = 0, got; done < n; done += got) {
		u8 buffer[4096];
		unsigned long chunk = n - done < sizeof(buffer) ? n - done : sizeof(buffer);

		got = sim_host_read(buffer, to_user ? host + done : (void *)((uintptr_t)user + done), chunk);
		got = sim_host_write(to_user ? (void *)((uintptr_t)user + done) : host + done, buffer, got);
		if (got < chunk)
			return done + got;
	}
	return n;
}

/* False: go on with *m. */
static bool refused(struct dmasim_machine **m, const char *function)
{
	*m = k_machine(function);
	if (!*m || k_model_call(*m, function) || k_fails(*m, function, NULL))
		return true;
	k_might_sleep(*m, function);
	return false;
}

unsigned long copy_to_user(void __user *to, const void *from, unsigned long n)
{
	struct dmasim_machine *m;

	STACK_ENTER();
	return refused(&m, "copy_to_user") ? n : n - copy(m, to, (void *)(uintptr_t)from, n, true);
}

unsigned long copy_from_user(void *to, const void __user *from, unsigned long n)
{
	struct dmasim_machine *m;
	unsigned long left;
	u8 *host;

	STACK_ENTER();
	if (refused(&m, "copy_from_user"))
		return n;
	left = n - copy(m, (void *)(uintptr_t)from, to, n, false);
	/* What did not arrive reads as zero, so that old kernel memory does not. */
	host = left ? k_driver_memory(m, (u8 *)to + (n - left), 1) : NULL;
	for (unsigned long i = 0; host && i < left; i++)
		if (sim_host_write(host + i, "", 1) < 1)
			break;
	return left;
}

unsigned long clear_user(void __user *to, unsigned long n)
{
	static const u8 zeroes[4096];
	struct dmasim_machine *m;
	unsigned long done = 0;

	STACK_ENTER();
	if (refused(&m, "clear_user") || !dmasim_access_ok(to, n))
		return n;
	while (done < n) {
		unsigned long chunk = n - done < sizeof(zeroes) ? n - done : sizeof(zeroes);
		size_t got = sim_host_write((u8 *)to + done, zeroes, chunk);

		done += got;
		if (got < chunk)
			break;
	}
	return n - done;
}

long strncpy_from_user(char *dst, const char __user *src, long n)
{
	struct dmasim_machine *m;

	STACK_ENTER();
	if (n < 0 || refused(&m, "strncpy_from_user"))
		return -EFAULT;
	for (long i = 0; i < n; i++) {
		if (copy(m, (void *)(uintptr_t)(src + i), dst + i, 1, false) < 1)
			return -EFAULT;
		if (!*(char *)k_driver_memory(m, dst + i, 1))
			return i;
	}
	return n;
}

/* The kernel's side is a variable of the caller, which the macro names: no driver memory, no check. */
int dmasim_get_user(void *to, const void __user *from, size_t n)
{
	struct dmasim_machine *m;

	STACK_ENTER();
	if (!refused(&m, "get_user") && dmasim_access_ok(from, n) && sim_host_read(to, from, n) == n)
		return 0;
	memset(to, 0, n);
	return -EFAULT;
}

int dmasim_put_user(void __user *to, const void *from, size_t n)
{
	struct dmasim_machine *m;

	STACK_ENTER();
	return !refused(&m, "put_user") && dmasim_access_ok(to, n) && sim_host_write(to, from, n) == n ? 0 : -EFAULT;
}
