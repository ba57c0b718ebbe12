// SPDX-License-Identifier: MIT
/*
 * Copies to and from host memory that may not be there.
 *
 * Drivers map stack and heap memory, and free it while a device still has its address. The host's kernel is asked to
 * copy within this very process: it answers with how much it could, where a memcpy would kill us.
 *
 * Weakness: a system call for every copy, some 300 ns. Where a sandbox forbids it, the bytes go through a pipe,
 * a page at a time, which is slower still.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>
#include "sim/private.h"
#include "sim/valgrind.h"

/* At most what a pipe takes without waiting, and never across a page: the kernel may not copy part of a page. */
static size_t piece_at(const void *p, size_t n)
{
	size_t in_page = SIM_PAGE_SIZE - ((uintptr_t)p & (SIM_PAGE_SIZE - 1));

	return n < in_page ? n : in_page;
}

static size_t copy_by_pipe(uint8_t *dst, const uint8_t *src, size_t n, const uint8_t *risky)
{
	size_t done = 0;
	int fd[2];

	if (pipe(fd))
		return 0;
	while (done < n) {
		size_t piece = piece_at(risky + done, n - done);
		ssize_t got = write(fd[1], src + done, piece);

		if (got > 0)
			got = read(fd[0], dst + done, (size_t)got);
		if (got <= 0)
			break;
		done += (size_t)got;
	}
	close(fd[0]);
	close(fd[1]);
	return done;
}

static size_t copy(void *local, const void *remote, size_t n, bool to_remote)
{
	size_t done = 0;

	while (done < n) {
		/* The kernel bounds one call; a wrapping range is bounded by its first unmapped page. */
		size_t piece = n - done < (1UL << 30) ? n - done : 1UL << 30;
		struct iovec l = {.iov_base = (uint8_t *)local + done, .iov_len = piece};
		struct iovec r = {.iov_base = (void *)((uintptr_t)remote + done), .iov_len = piece};
		ssize_t got = to_remote ? process_vm_writev(getpid(), &l, 1, &r, 1, 0)
					: process_vm_readv(getpid(), &l, 1, &r, 1, 0);

		if (got < 0 && (errno == ENOSYS || errno == EPERM)) {
			uint8_t *a = (uint8_t *)local + done, *b = (uint8_t *)((uintptr_t)remote + done);

			return done + (to_remote ? copy_by_pipe(b, a, n - done, b) : copy_by_pipe(a, b, n - done, b));
		}
		if (got <= 0)
			break;
		done += (size_t)got;
	}
	return done;
}

size_t sim_host_read(void *dst, const void *host_src, size_t n)
{
	return copy(dst, host_src, n, false);
}

size_t sim_host_write(void *host_dst, const void *src, size_t n)
{
	size_t done = copy((void *)(uintptr_t)src, host_dst, n, true);

	VALGRIND_MAKE_MEM_DEFINED(host_dst, done); /* it does not follow the host kernel's copies */
	return done;
}
