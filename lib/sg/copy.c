// SPDX-License-Identifier: MIT
/*
 * Copies between a list and a buffer.
 *
 * The bytes are moved in the caller's name: both sides are checked as CPU accesses of the calling line, and then
 * reached by addresses that cannot fault. A copy goes page by page, as the kernel maps them.
 */
#include <string.h>
#include "lib/core/stack.h"
#include "lib/mm/mm.h"
#include "lib/sg/sg.h"

enum move { TO_BUFFER, FROM_BUFFER, ZERO };

/* One piece, within one page of the list. Bytes moved. */
static size_t piece(struct dmasim_machine *m, phys_addr_t phys, u8 *buf, size_t n, enum move move)
{
	static const u8 zeroes[SIM_PAGE_SIZE];
	void *cpu = sim_phys_to_virt(m->hw, phys);
	uintptr_t good;
	size_t len;
	void *host;

	if (!cpu)
		cpu = mm_foreign_host(m, phys, &len);
	if (!cpu)
		return 0;
	m->hooks.cpu_access(m, cpu, n, move != TO_BUFFER);
	if (move == ZERO)
		return mm_phys_write(m, phys, zeroes, n);
	m->hooks.cpu_access(m, buf, n, move == TO_BUFFER);
	host = sg_memory(m, buf, n, &good);
	if (!host)
		return 0;
	return move == TO_BUFFER ? mm_phys_read(m, phys, host, n) : mm_phys_write(m, phys, host, n);
}

static size_t copy(struct scatterlist *sgl, unsigned int nents, u8 *buf, size_t n, off_t skip, enum move move,
		   const char *function)
{
	struct dmasim_machine *m = k_machine(function);
	u64 ahead = (u64)skip;
	size_t done = 0;
	struct sg_cursor c;

	if (!m || skip < 0 || !n || !nents)
		return 0;
	for (sg_first(&c, m, sgl); c.e && nents && done < n; nents--, sg_step(&c)) {
		phys_addr_t phys;
		u64 at = ahead < c.e->length ? ahead : c.e->length;

		ahead -= at;
		if (at == c.e->length)
			continue;
		phys = page_to_phys(sg_page(c.e));
		if (phys == ~(phys_addr_t)0) {
			sg_report_broken(m, function, c.sg, "has an entry without a page");
			return done;
		}
		phys += c.e->offset;
		while (at < c.e->length && done < n) {
			size_t now = SIM_PAGE_SIZE - ((phys + at) & (SIM_PAGE_SIZE - 1)), moved;

			now = now < c.e->length - at ? now : (size_t)(c.e->length - at);
			now = now < n - done ? now : n - done;
			moved = piece(m, phys + at, move == ZERO || !buf ? NULL : buf + done, now, move);
			done += moved;
			at += moved;
			if (moved < now)
				return done;
		}
	}
	if (!c.e && c.broken)
		sg_report_short(&c, function, 0, 0);
	return done;
}

size_t sg_copy_buffer(struct scatterlist *sgl, unsigned int nents, void *buf, size_t buflen, off_t skip, bool to_buffer)
{
	STACK_ENTER();
	return copy(sgl, nents, buf, buflen, skip, to_buffer ? TO_BUFFER : FROM_BUFFER, "sg_copy_buffer");
}

size_t sg_copy_from_buffer(struct scatterlist *sgl, unsigned int nents, const void *buf, size_t buflen)
{
	STACK_ENTER();
	return copy(sgl, nents, (u8 *)(uintptr_t)buf, buflen, 0, FROM_BUFFER, "sg_copy_from_buffer");
}

size_t sg_copy_to_buffer(struct scatterlist *sgl, unsigned int nents, void *buf, size_t buflen)
{
	STACK_ENTER();
	return copy(sgl, nents, buf, buflen, 0, TO_BUFFER, "sg_copy_to_buffer");
}

size_t sg_pcopy_from_buffer(struct scatterlist *sgl, unsigned int nents, const void *buf, size_t buflen, off_t skip)
{
	STACK_ENTER();
	return copy(sgl, nents, (u8 *)(uintptr_t)buf, buflen, skip, FROM_BUFFER, "sg_pcopy_from_buffer");
}

size_t sg_pcopy_to_buffer(struct scatterlist *sgl, unsigned int nents, void *buf, size_t buflen, off_t skip)
{
	STACK_ENTER();
	return copy(sgl, nents, buf, buflen, skip, TO_BUFFER, "sg_pcopy_to_buffer");
}

size_t sg_zero_buffer(struct scatterlist *sgl, unsigned int nents, size_t buflen, off_t skip)
{
	STACK_ENTER();
	return copy(sgl, nents, NULL, buflen, skip, ZERO, "sg_zero_buffer");
}
