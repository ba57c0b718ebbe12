// SPDX-License-Identifier: MIT
/*
 * Register windows as drivers see them: mapping, unmapping, claiming.
 *
 * Each ioremap() takes fresh addresses from a window of the arena that is this machine's own and has no memory behind: a
 * dereference faults, and an address says which mapping it was made from, also when that is gone or was too small. Records
 * are an array sorted by address; dead ones stay until the addresses are needed again, oldest first.
 *
 * The addresses that dmasim_device_add_mmio() hands to tests are others (the hardware's own cookies), so that a test may
 * look at registers whatever the driver has mapped.
 *
 * Invariant: records are sorted, disjoint, and followed by at least one page that belongs to nobody. Weakness: a mapping in
 * the middle of the array moves those behind it.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/io.h>
#include "lib/core/device.h"
#include "lib/core/io.h"
#include "lib/core/sched.h"
#include "lib/core/stack.h"

#define WINDOW_SIZE (1UL << 30) /* at least; twice the hole of register windows if that is larger */

bool k_model_call_slow(struct dmasim_machine *m, const char *function)
{
	struct finding f = {.rule = "kernel-call-in-event", .act_verb = "call"};

	f.more[0].label = "call";
	snprintf(f.more[0].text, sizeof(f.more[0].text), "%s()", function);
	k_report(m, &f);
	return true;
}

/* ---- mappings ---- */

/* Index of the first record that ends behind va. */
static unsigned int lower_bound(const struct k_io *io, uintptr_t va)
{
	unsigned int low = 0, high = io->nr;

	while (low < high) {
		unsigned int mid = (low + high) / 2;

		if (io->maps[mid].va + io->maps[mid].size <= va)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct k_iomap *k_iomap_find(struct k_io *io, uintptr_t va)
{
	unsigned int i;

	if (va - io->window.start >= io->window.size)
		return NULL;
	if (io->last < io->nr && va - io->maps[io->last].va < io->maps[io->last].size)
		return &io->maps[io->last];
	i = lower_bound(io, va);
	if (i == io->nr || va < io->maps[i].va)
		return NULL;
	io->last = i;
	return &io->maps[i];
}

/* The record that ends at most a page before va, for "past the end of". */
struct k_iomap *k_iomap_before(struct k_io *io, uintptr_t va)
{
	unsigned int i = lower_bound(io, va);
	struct k_iomap *map = i > 0 ? &io->maps[i - 1] : NULL;

	return map && va - (map->va + map->size) < 2 * SIM_PAGE_SIZE ? map : NULL;
}

static bool window_take(struct dmasim_machine *m)
{
	struct k_io *io = m->io;
	size_t size = 2 * m->hw->cfg.mmio_size;

	if (io->window.size)
		return true;
	if (sim_region_take(&io->window, REGION_IOMEM, m->hw, size < WINDOW_SIZE ? WINDOW_SIZE : size))
		return false;
	sim_region_show(&io->window, m->hw);
	return true;
}

static void forget_dead(struct k_io *io)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < io->nr; i++)
		if (!io->maps[i].dead)
			io->maps[n++] = io->maps[i];
	io->nr = n;
	io->last = 0;
}

/* Where pages fit behind all others, or, when the window is used up, in a hole between live ones. 0: nowhere. */
static uintptr_t find_room(struct k_io *io, size_t pages)
{
	uintptr_t end = io->window.start + io->window.size, at = io->window.start;

	if (pages > io->window.size - SIM_PAGE_SIZE)
		return 0;
	if (io->nr > 0)
		at = (io->maps[io->nr - 1].va + io->maps[io->nr - 1].size + 2 * SIM_PAGE_SIZE - 1) &
		     ~(SIM_PAGE_SIZE - 1);
	if (at + pages <= end - SIM_PAGE_SIZE)
		return at;
	forget_dead(io);
	at = io->window.start;
	for (unsigned int i = 0; i < io->nr; i++) {
		if ((io->maps[i].va & ~(SIM_PAGE_SIZE - 1)) >= at + pages + SIM_PAGE_SIZE)
			return at;
		at = (io->maps[i].va + io->maps[i].size + 2 * SIM_PAGE_SIZE - 1) & ~(SIM_PAGE_SIZE - 1);
	}
	return at + pages <= end - SIM_PAGE_SIZE ? at : 0;
}

void *k_ioremap(struct dmasim_machine *m, phys_addr_t phys, size_t size, struct device *dev, const char *function)
{
	struct k_io *io = m->io;
	size_t offset = phys & (SIM_PAGE_SIZE - 1);
	uintptr_t at;
	unsigned int i;

	if (k_model_call(m, function) || k_fails(m, function, "ioremap"))
		return NULL;
	k_might_sleep(m, function);
	if (size == 0 || phys + size - 1 < phys || size > 2 * WINDOW_SIZE + 2 * m->hw->cfg.mmio_size)
		return NULL;
	if (sim_ram_contains(m->hw, phys, 1) || sim_ram_contains(m->hw, phys + size - 1, 1)) {
		k_report(m, &(struct finding){.rule = "kernel-warning",
					      .dev = dev ? dev : k_binding_device(m),
					      .phys = phys,
					      .has_phys = true,
					      .size = size,
					      .act_verb = "call",
					      .more = {{"why", "ioremap() of RAM: two kinds of mapping of one page"}}});
		return NULL;
	}
	if (io->nr == io->room) {
		unsigned int room = io->room ? 2 * io->room : 8;
		struct k_iomap *maps = realloc(io->maps, room * sizeof(*maps));

		if (!maps)
			return NULL;
		io->maps = maps;
		io->room = room;
	}
	at = window_take(m) ? find_room(io, (offset + size + SIM_PAGE_SIZE - 1) & ~(SIM_PAGE_SIZE - 1)) : 0;
	if (!at)
		return NULL;
	i = lower_bound(io, at);
	memmove(io->maps + i + 1, io->maps + i, (io->nr - i) * sizeof(*io->maps));
	io->nr++;
	io->maps[i] = (struct k_iomap){.va = at + offset,
				       .size = size,
				       .phys = phys,
				       .dev = dev ? dev : k_binding_device(m),
				       .answered = sim_mmio_find(m->hw, phys) != NULL,
				       .mapped = stack_entry(m),
				       .mapped_at = sim_now(m->hw)};
	return (void *)(at + offset);
}

bool k_iounmap(struct dmasim_machine *m, const volatile void *addr, const char *function)
{
	struct k_iomap *map;
	struct finding f = {.rule = "kernel-warning", .cpu = (const void *)addr, .act_verb = "unmap"};

	if (!addr || k_model_call(m, function))
		return false;
	k_might_sleep(m, function);
	/* As the kernel does, any address on the first page will do. */
	map = k_iomap_find(m->io, (uintptr_t)addr);
	if (!map)
		map = k_iomap_find(m->io, ((uintptr_t)addr & ~(SIM_PAGE_SIZE - 1)) + SIM_PAGE_SIZE - 1);
	if (map && !map->dead && ((uintptr_t)addr ^ map->va) < SIM_PAGE_SIZE) {
		map->dead = true;
		map->unmapped = stack_entry(m);
		map->unmapped_at = sim_now(m->hw);
		return true;
	}
	f.more[0].label = "why";
	snprintf(f.more[0].text, sizeof(f.more[0].text), "%s(%p): %s", function, (const void *)addr,
		 !map	     ? "this is no address that ioremap() returned"
		 : map->dead ? "unmapped already"
			     : "this is inside a mapping, not its start");
	if (map) {
		f.mapped = map->dead ? map->unmapped : map->mapped;
		f.mapped_time = map->dead ? map->unmapped_at : map->mapped_at;
		f.mapped_verb = map->dead ? "unmapped" : "mapped";
	}
	k_report(m, &f);
	return false;
}

/* ---- claims ---- */

static struct k_claim *claim(struct dmasim_machine *m, phys_addr_t start, u64 n, const char *name, struct device *dev)
{
	struct k_claim *c;

	if (n == 0 || start + n - 1 < start)
		return NULL;
	for (c = m->io->claims; c; c = c->next)
		if (start <= c->res.end && c->res.start <= start + n - 1)
			return NULL;
	c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	snprintf(c->name, sizeof(c->name), "%s", name ? name : "");
	c->res = (struct resource){
		.start = start, .end = start + n - 1, .name = c->name, .flags = IORESOURCE_MEM | IORESOURCE_BUSY};
	c->dev = dev ? dev : k_binding_device(m);
	c->claimed = stack_entry(m);
	c->next = m->io->claims;
	m->io->claims = c;
	return c;
}

bool k_region_claim(struct dmasim_machine *m, phys_addr_t start, u64 n, const char *name, struct device *dev)
{
	return claim(m, start, n, name, dev) != NULL;
}

bool k_region_release(struct dmasim_machine *m, phys_addr_t start, u64 n)
{
	for (struct k_claim **link = &m->io->claims; *link; link = &(*link)->next) {
		struct k_claim *c = *link;

		if (c->res.start != start || c->res.end != start + n - 1)
			continue;
		*link = c->next;
		free(c);
		return true;
	}
	return false;
}

static void region_not_claimed(struct dmasim_machine *m, phys_addr_t start, u64 n)
{
	struct finding f = {
		.rule = "kernel-warning", .phys = start, .has_phys = true, .size = n, .act_verb = "release"};

	f.more[0].label = "why";
	snprintf(f.more[0].text, sizeof(f.more[0].text), "this region is not claimed, or was released already");
	k_report(m, &f);
}

size_t k_io_driver_gone(struct dmasim_machine *m, struct device *dev)
{
	size_t n = 0;

	for (unsigned int i = 0; i < m->io->nr; i++) {
		struct k_iomap *map = &m->io->maps[i];

		if (map->dead || map->dev != dev)
			continue;
		map->dev = NULL;
		k_report(m, &(struct finding){.rule = "iomap-leak",
					      .dev = dev,
					      .act_verb = "release",
					      .cpu = (void *)map->va,
					      .phys = map->phys,
					      .has_phys = true,
					      .size = map->size,
					      .mapped = map->mapped,
					      .mapped_time = map->mapped_at});
		n++;
	}
	for (struct k_claim *c = m->io->claims; c; c = c->next) {
		if (c->dev != dev)
			continue;
		c->dev = NULL;
		k_report(m, &(struct finding){.rule = "iomap-leak",
					      .dev = dev,
					      .act_verb = "release",
					      .phys = c->res.start,
					      .has_phys = true,
					      .size = c->res.end - c->res.start + 1,
					      .mapped = c->claimed,
					      .mapped_verb = "claimed",
					      .more = {{"region", "still claimed: the next probe will find it busy"}}});
		n++;
	}
	return n;
}

/* ---- the public functions ---- */

void __iomem *ioremap(phys_addr_t phys, size_t size)
{
	struct dmasim_machine *m = k_machine("ioremap");

	STACK_ENTER();
	return m ? k_ioremap(m, phys, size, NULL, "ioremap") : NULL;
}

void iounmap(volatile void __iomem *addr)
{
	struct dmasim_machine *m = k_machine("iounmap");

	STACK_ENTER();
	if (m)
		k_iounmap(m, addr, "iounmap");
}

static void managed_unmap(struct device *dev, void *data)
{
	(void)dev;
	k_iounmap(k_thread.current, data, "devm_ioremap");
}

static void *managed_map(struct device *dev, phys_addr_t phys, size_t size, const char *function)
{
	struct dmasim_device_private *p = k_device(dev, function);
	void *addr = p ? k_ioremap(p->machine, phys, size, dev, function) : NULL;

	if (addr && k_devres_add(dev, managed_unmap, addr)) {
		k_iounmap(p->machine, addr, function);
		return NULL;
	}
	return addr;
}

void __iomem *devm_ioremap(struct device *dev, resource_size_t phys, resource_size_t size)
{
	STACK_ENTER();
	return managed_map(dev, phys, size, "devm_ioremap");
}

void devm_iounmap(struct device *dev, void __iomem *addr)
{
	struct dmasim_device_private *p = k_device(dev, "devm_iounmap");

	STACK_ENTER();
	if (!p)
		return;
	k_devres_remove(dev, managed_unmap, addr);
	k_iounmap(p->machine, addr, "devm_iounmap");
}

struct resource *request_mem_region(resource_size_t start, resource_size_t n, const char *name)
{
	struct dmasim_machine *m = k_machine("request_mem_region");
	struct k_claim *c;

	STACK_ENTER();
	if (!m || k_model_call(m, "request_mem_region") || k_fails(m, "request_mem_region", NULL))
		return NULL;
	c = claim(m, start, n, name, NULL);
	return c ? &c->res : NULL;
}

void release_mem_region(resource_size_t start, resource_size_t n)
{
	struct dmasim_machine *m = k_machine("release_mem_region");

	STACK_ENTER();
	if (m && !k_model_call(m, "release_mem_region") && !k_region_release(m, start, n))
		region_not_claimed(m, start, n);
}

static void managed_release(struct device *dev, void *data)
{
	const struct resource *res = data;

	(void)dev;
	k_region_release(k_thread.current, res->start, res->end - res->start + 1);
}

static struct resource *managed_claim(struct device *dev, resource_size_t start, resource_size_t n, const char *name,
				      const char *function)
{
	struct dmasim_device_private *p = k_device(dev, function);
	struct k_claim *c;

	if (!p || k_fails(p->machine, function, "request_mem_region"))
		return NULL;
	c = claim(p->machine, start, n, name ? name : p->name, dev);
	if (c && k_devres_add(dev, managed_release, &c->res)) {
		k_region_release(p->machine, start, n);
		return NULL;
	}
	return c ? &c->res : NULL;
}

struct resource *devm_request_mem_region(struct device *dev, resource_size_t start, resource_size_t n, const char *name)
{
	STACK_ENTER();
	return managed_claim(dev, start, n, name, "devm_request_mem_region");
}

void *k_devm_ioremap_resource(struct device *dev, const struct resource *res)
{
	struct resource *region;
	void *addr;

	if (!res || resource_type(res) != IORESOURCE_MEM)
		return IOMEM_ERR_PTR(-EINVAL);
	region = managed_claim(dev, res->start, resource_size(res), res->name, "devm_ioremap_resource");
	if (!region)
		return IOMEM_ERR_PTR(-EBUSY);
	addr = managed_map(dev, res->start, resource_size(res), "devm_ioremap_resource");
	if (addr)
		return addr;
	k_devres_remove(dev, managed_release, region);
	k_region_release(k_thread.current, res->start, resource_size(res));
	return IOMEM_ERR_PTR(-ENOMEM);
}

void __iomem *devm_ioremap_resource(struct device *dev, const struct resource *res)
{
	STACK_ENTER();
	return k_devm_ioremap_resource(dev, res);
}

/* ---- life cycle ---- */

int k_io_init(struct dmasim_machine *m)
{
	m->io = calloc(1, sizeof(*m->io));
	return m->io ? 0 : sim_error(ENOMEM, "no host memory for register mappings");
}

void k_io_exit(struct dmasim_machine *m)
{
	struct k_io *io = m->io;

	if (!io)
		return;
	while (io->claims) {
		struct k_claim *c = io->claims;

		io->claims = c->next;
		free(c);
	}
	if (io->window.size)
		sim_region_give(&io->window);
	free(io->maps);
	free(io);
	m->io = NULL;
}

void k_io_check(const struct dmasim_machine *m)
{
	const struct k_io *io = m->io;
	uintptr_t free_from = io->window.start;

	for (unsigned int i = 0; i < io->nr; i++) {
		const struct k_iomap *map = &io->maps[i];

		assert((map->va & ~(SIM_PAGE_SIZE - 1)) >= free_from && map->size > 0);
		free_from = (map->va + map->size + 2 * SIM_PAGE_SIZE - 1) & ~(SIM_PAGE_SIZE - 1);
		assert(free_from <= io->window.start + io->window.size);
	}
}
