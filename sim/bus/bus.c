// SPDX-License-Identifier: MIT
/*
 * The bus: masters move bursts of bytes to and from physical addresses.
 *
 * A burst goes through numbered steps, as on the wires: is the master allowed to drive the bus, what do those who
 * watch say, which address lines exist, which bridge window decodes, and who answers behind it: RAM, host memory that
 * a driver mapped (the foreign window), or another device's registers. Where nobody answers the burst ends in
 * a master abort; what moved before stays moved. Transfers that take time wait as events, listed at their master, so
 * that the software above can see that DMA is in flight, and a reset can cancel it.
 *
 * Invariants: a transfer in the list of its master has its event queued; master->in_flight is the list's length.
 * Weakness: a burst is atomic in time: nothing happens between its bytes, however long it is.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <bsd/string.h>
#include "sim/private.h"

struct sim_bus {
	struct sim_window windows[1]; /* the host bridge decodes one range: all physical addresses at one offset */
	unsigned int nr_windows;
};

bool sim_bus_to_phys(const struct sim_machine *m, dma_addr_t bus, phys_addr_t *phys, uint64_t *len)
{
	for (unsigned int i = 0; i < m->bus->nr_windows; i++) {
		const struct sim_window *w = &m->bus->windows[i];
		uint64_t offset = bus - w->bus;

		if (offset >= w->size)
			continue;
		*phys = w->phys + offset;
		*len = w->size - offset;
		return true;
	}
	return false;
}

bool sim_phys_to_bus(const struct sim_machine *m, phys_addr_t phys, dma_addr_t *bus, uint64_t *len)
{
	for (unsigned int i = 0; i < m->bus->nr_windows; i++) {
		const struct sim_window *w = &m->bus->windows[i];
		uint64_t offset = phys - w->phys;

		if (offset >= w->size)
			continue;
		*bus = w->bus + offset;
		*len = w->size - offset;
		return true;
	}
	return false;
}

unsigned int sim_bus_windows(const struct sim_machine *m, const struct sim_window **windows)
{
	*windows = m->bus->windows;
	return m->bus->nr_windows;
}

/* One piece at another device's registers: the largest naturally aligned access that fits. Bytes moved. */
static size_t move_peer(struct sim_machine *m, phys_addr_t phys, uint8_t *host, size_t n, bool write)
{
	struct sim_mmio *w = sim_mmio_find(m, phys);
	unsigned int size = 8;
	uint64_t offset, value = 0;

	if (!w)
		return 0;
	offset = phys - w->phys;
	while (size > n || offset % size)
		size /= 2;
	if (write) {
		memcpy(&value, host, size);
		sim_mmio_write(w, offset, size, value);
	} else {
		value = sim_mmio_read(w, offset, size);
		memcpy(host, &value, size);
	}
	return size;
}

static size_t move_foreign(struct sim_machine *m, phys_addr_t phys, uint8_t *host, size_t n, bool write)
{
	size_t len = 0;
	void *there = m->observer && m->observer->foreign ? m->observer->foreign(m->soft, phys, &len) : NULL;

	if (!there)
		return 0;
	if (n > len)
		n = len;
	return write ? sim_host_write(there, host, n) : sim_host_read(host, there, n);
}

/* How many of n bytes from phys lie in the bank that holds phys; 0 if none does. */
static inline uint64_t bank_run(const struct sim_machine *m, phys_addr_t phys, uint64_t n)
{
	for (unsigned int i = 0; i < m->cfg.nr_banks; i++) {
		uint64_t offset = phys - m->cfg.banks[i].base;

		if (offset < m->cfg.banks[i].size)
			return n < m->cfg.banks[i].size - offset ? n : m->cfg.banks[i].size - offset;
	}
	return 0;
}

/* Step 6, for one piece of a burst that lies in one window: bytes moved, 0 where nobody answers. */
static size_t move(struct sim_machine *m, phys_addr_t phys, uint8_t *host, size_t n, bool write)
{
	uint64_t run = bank_run(m, phys, n);

	if (run > 0) {
		/* Reading makes the host provide a page as well, so both are charged; without a page RAM cannot answer. */
		if (!sim_ram_charge(m, phys, run))
			return 0;
		if (write)
			memcpy(sim_ram_ptr(m, phys), host, run);
		else
			memcpy(host, sim_ram_ptr(m, phys), run);
		return run;
	}
	if (phys - m->cfg.foreign_base < m->cfg.foreign_size) {
		uint64_t left = m->cfg.foreign_size - (phys - m->cfg.foreign_base);

		return move_foreign(m, phys, host, n < left ? n : left, write);
	}
	return move_peer(m, phys, host, n, write);
}

/* Steps 5 and 6 of an ordinary burst: one window, one bank. False: nothing moved, look closer. */
static inline bool move_whole(struct sim_machine *m, dma_addr_t bus, void *host, size_t n, bool write)
{
	const struct sim_window *w = &m->bus->windows[0];
	uint64_t offset = bus - w->bus;
	phys_addr_t phys = w->phys + offset;

	if (offset >= w->size || n > w->size - offset || bank_run(m, phys, n) != n || !sim_ram_charge(m, phys, n))
		return false;
	if (write)
		memcpy(sim_ram_ptr(m, phys), host, n);
	else
		memcpy(host, sim_ram_ptr(m, phys), n);
	return true;
}

/* Steps 5 and 6: decode window by window; RAM, host memory or a peer answers; a master abort ends the burst. */
static __attribute__((__noinline__)) size_t move_pieces(struct sim_machine *m, dma_addr_t bus, uint8_t *host, size_t n,
							bool write)
{
	size_t moved = 0;

	while (moved < n) {
		size_t piece = n - moved;
		phys_addr_t phys;
		uint64_t len;

		if (!sim_bus_to_phys(m, bus + moved, &phys, &len))
			break;
		piece = move(m, phys, host + moved, piece < len ? piece : (size_t)len, write);
		if (piece == 0)
			break;
		moved += piece;
	}
	return moved;
}

/*
 * Who watches is told of a burst that wraps although nothing moves: the error value of a failed mapping is the last
 * address there is, and a driver that did not look has just given it to the device.
 */
static inline bool arguments_ok(struct sim_master *master, dma_addr_t bus, const void *host, size_t n, bool write)
{
	const struct sim_observer *watch = master->machine->observer;

	if (n == 0 || !host)
		return false;
	if (__builtin_expect(bus + n - 1 >= bus, 1))
		return true;
	if (master->enabled && watch && watch->dma_access)
		watch->dma_access(master->machine->soft, master, bus, n, write);
	return false;
}

static int access_bus(struct sim_master *master, dma_addr_t bus, void *host, size_t n, bool write)
{
	struct sim_machine *m = master->machine;
	const struct sim_observer *watch = m->observer;
	unsigned int lines = master->address_bits < m->cfg.bus_bits ? master->address_bits : m->cfg.bus_bits;
	uint64_t top = lines >= 64 ? ~0ULL : (1ULL << lines) - 1; /* the highest address those lines can carry */
	size_t allowed = n, moved;

	/* 1. Arguments: a burst has bytes, and does not wrap around the end of the address space. */
	if (!arguments_ok(master, bus, host, n, write))
		return sim_error(EINVAL, "%s: a burst of %zu bytes at bus 0x%llx%s", master->name, n, bus,
				 host ? "" : " without a host buffer");

	/* 2. A function whose bus-master enable is off does not drive the bus. */
	if (!master->enabled) {
		if (watch && watch->dma_disabled)
			watch->dma_disabled(m->soft, master, bus, n, write);
		master->refused++;
		return sim_error(EFAULT, "%s: bus mastering is off", master->name);
	}

	/* 3. Who watches sees every burst, once, before it moves; what isolates stops it where it stops being legitimate. */
	if (watch && watch->dma_access) {
		size_t legitimate = watch->dma_access(m->soft, master, bus, n, write);

		if (m->cfg.isolate && legitimate < n)
			allowed = legitimate;
	}

	/* 4. Address lines that the master or the bus does not have. */
	if (bus > top)
		allowed = 0;
	else if (allowed > 0 && allowed - 1 > top - bus)
		allowed = (size_t)(top - bus) + 1;

	/* 5, 6. Decode, and move. */
	moved = allowed == n && move_whole(m, bus, host, n, write) ? n : move_pieces(m, bus, host, allowed, write);

	/* 7. What moved is now known. */
	if (write) {
		master->writes++;
		master->bytes_written += moved;
	} else {
		master->reads++;
		master->bytes_read += moved;
	}
	if (watch && watch->dma_done)
		watch->dma_done(m->soft, master, bus, moved, write);
	if (moved == n)
		return 0;
	master->refused++;
	return sim_error(EFAULT, "%s: the bus refused byte %zu of %zu at bus 0x%llx", master->name, moved, n,
			 bus + moved);
}

int sim_bus_read(struct sim_master *master, dma_addr_t bus, void *dst, size_t n)
{
	return access_bus(master, bus, dst, n, false);
}

int sim_bus_write(struct sim_master *master, dma_addr_t bus, const void *src, size_t n)
{
	return access_bus(master, bus, (void *)(uintptr_t)src, n, true);
}

/* ---- transfers that take time ---- */

static void unlink_transfer(struct sim_transfer *t)
{
	struct sim_transfer **link = &t->master->transfers;

	while (*link != t)
		link = &(*link)->next;
	*link = t->next;
	t->master->in_flight--;
}

static void transfer_due(void *arg)
{
	struct sim_transfer *t = arg;
	void (*done)(void *, int) = t->done;
	void *done_arg = t->arg;
	int err;

	/* Out of the list first: from here on it can no longer be cancelled, and done may start the next one. */
	unlink_transfer(t);
	err = access_bus(t->master, t->bus, t->host, t->n, t->write);
	free(t);
	if (done)
		done(done_arg, err);
}

int sim_bus_start(struct sim_master *master, dma_addr_t bus, void *host, size_t n, bool write, uint64_t delay_ns,
		  void (*done)(void *, int), void *arg)
{
	struct sim_transfer *t;
	int err;

	if (!arguments_ok(master, bus, host, n, write))
		return sim_error(EINVAL, "%s: a transfer of %zu bytes at bus 0x%llx%s", master->name, n, bus,
				 host ? "" : " without a host buffer");
	t = calloc(1, sizeof(*t));
	if (!t)
		return sim_error(ENOMEM, "%s: no memory for a transfer", master->name);
	*t = (struct sim_transfer){
		.event = {.fn = transfer_due, .arg = t},
		.master = master,
		.bus = bus,
		.host = host,
		.n = n,
		.write = write,
		.done = done,
		.arg = arg,
		.started = sim_now(master->machine),
	};
	err = sim_event_post(master->machine, &t->event, delay_ns);
	if (err) {
		free(t);
		return err;
	}
	t->next = master->transfers;
	master->transfers = t;
	master->in_flight++;
	return 0;
}

unsigned int sim_bus_cancel(struct sim_master *master)
{
	unsigned int n = 0;

	while (master->transfers) {
		struct sim_transfer *t = master->transfers;

		unlink_transfer(t);
		sim_event_cancel(master->machine, &t->event);
		free(t);
		n++;
	}
	return n;
}

/* ---- masters ---- */

void sim_master_init(struct sim_master *master, struct sim_machine *m, const char *name, void *owner)
{
	memset(master, 0, sizeof(*master));
	master->machine = m;
	master->owner = owner;
	strlcpy(master->name, name ? name : "(null)", sizeof(master->name));
	master->address_bits = 64;
	master->enabled = true;
	master->next = m->masters;
	m->masters = master;
}

void sim_master_exit(struct sim_master *master)
{
	struct sim_master **link;

	if (!master->machine)
		return;
	sim_bus_cancel(master);
	for (link = &master->machine->masters; *link != master; link = &(*link)->next)
		assert(*link);
	*link = master->next;
	master->machine = NULL;
}

int sim_bus_init(struct sim_machine *m)
{
	const struct sim_config *c = &m->cfg;
	phys_addr_t low = m->ram.base, high = m->ram.end;

	m->bus = calloc(1, sizeof(*m->bus));
	if (!m->bus)
		return sim_error(ENOMEM, "no memory for the bus");
	low = c->foreign_base < low ? c->foreign_base : low;
	high = c->foreign_base + c->foreign_size > high ? c->foreign_base + c->foreign_size : high;
	low = c->mmio_base < low ? c->mmio_base : low;
	high = c->mmio_base + c->mmio_size > high ? c->mmio_base + c->mmio_size : high;
	m->bus->windows[0] = (struct sim_window){.bus = low + (uint64_t)c->bus_offset, .phys = low, .size = high - low};
	m->bus->nr_windows = 1;
	return 0;
}

void sim_bus_exit(struct sim_machine *m)
{
	free(m->bus);
	m->bus = NULL;
}

void sim_bus_check(const struct sim_machine *m)
{
	for (unsigned int i = 0; i < m->bus->nr_windows; i++) {
		const struct sim_window *w = &m->bus->windows[i];

		assert(w->size > 0 && w->bus + w->size - 1 >= w->bus && w->phys + w->size - 1 >= w->phys);
	}
	for (const struct sim_master *master = m->masters; master; master = master->next) {
		unsigned int n = 0;

		assert(master->machine == m);
		for (const struct sim_transfer *t = master->transfers; t; t = t->next, n++)
			assert(t->master == master && t->event.index > 0);
		assert(n == master->in_flight);
	}
}
