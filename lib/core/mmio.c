// SPDX-License-Identifier: MIT
/*
 * Register accesses: readl() and its kin.
 *
 * An address is resolved to a register window of the hardware (through the mapping that it came from, or through
 * the hardware's own cookies, which tests use), checked for size, alignment and range, and the device model's callback is
 * run. Whatever is wrong with the address is reported once, the access then reads all ones or is dropped, as on a bus
 * where nobody answers.
 *
 * Each access takes simulated time. A read waits for the device: time passes first, so that what it reads is up to date. A
 * write is posted: it reaches the device, and the time that passes then is the CPU's.
 */
#include <endian.h>
#include <stdio.h>
#include <string.h>
#include <linux/io.h>
#include "lib/core/device.h"
#include "lib/core/io.h"
#include "lib/core/sched.h"
#include "lib/core/stack.h"

#define READ_NS	 300
#define WRITE_NS 50

struct access {
	const char *function;
	uintptr_t addr;
	unsigned int size;
	bool write;
	u64 value;
};

static u64 all_ones(unsigned int size)
{
	return size >= 8 ? ~0ULL : (1ULL << (8 * size)) - 1;
}

static void wrong(struct dmasim_machine *m, const struct access *a, const char *rule, struct sim_mmio *mmio,
		  const struct k_iomap *map, const char *why)
{
	struct finding f = {.rule = rule,
			    .cpu = (const void *)a->addr,
			    .size = a->size,
			    .act_verb = a->write ? "write" : "read",
			    .dev = mmio && mmio->master ? mmio->master->owner
				   : map		? map->dev
							: NULL};
	phys_addr_t phys;
	u8 bytes[8];
	u64 le = htole64(a->value);

	if (a->write) {
		memcpy(bytes, &le, sizeof(bytes));
		f.new_value = bytes;
		f.nr_value = a->size;
	}
	f.more[0].label = "access";
	if (a->write)
		snprintf(f.more[0].text, sizeof(f.more[0].text), "%s(value 0x%llx, address 0x%lx)", a->function,
			 a->value, (unsigned long)a->addr);
	else
		snprintf(f.more[0].text, sizeof(f.more[0].text), "%s(address 0x%lx)", a->function,
			 (unsigned long)a->addr);
	f.more[1].label = "why";
	snprintf(f.more[1].text, sizeof(f.more[1].text), "%s", why);
	if (map) {
		f.offset = a->addr - map->va;
		f.buffer_size = map->size;
		f.buffer_kind = "register window";
		f.mapped = map->mapped;
		f.mapped_time = map->mapped_at;
		if (map->dead) {
			f.handed = map->unmapped;
			f.handed_time = map->unmapped_at;
			f.handed_by = "iounmap";
			f.handed_to = "nobody";
		}
	} else if (mmio && sim_mmio_phys(m->hw, (void *)a->addr, &phys)) {
		f.offset = phys - mmio->phys;
		f.buffer_size = mmio->size;
		f.buffer_kind = "register window";
	}
	k_report(m, &f);
}

/* Do the low bits of value look like an address of a mapped register? */
static bool looks_like_register(struct dmasim_machine *m, u64 value, unsigned int size)
{
	const struct k_io *io = m->io;
	u64 mask = all_ones(size);

	if (size < 4 || (value & mask) < SIM_PAGE_SIZE)
		return false;
	for (unsigned int i = 0; i < io->nr; i++) {
		const struct k_iomap *map = &io->maps[i];

		if (!map->dead && ((value - map->va) & mask) < map->size)
			return true;
	}
	for (const struct dmasim_device_private *p = m->devices->all; p; p = p->next)
		for (unsigned int i = 0; i < p->nr_mmio; i++)
			if (((value - (uintptr_t)sim_mmio_cookie(m->hw, p->mmio[i]->phys)) & mask) < p->mmio[i]->size)
				return true;
	return false;
}

static void bad_address(struct dmasim_machine *m, const struct access *a)
{
	phys_addr_t phys = a->addr;
	const char *why = "this is no address that ioremap() returned";

	if (a->write && looks_like_register(m, a->value, a->size))
		why = "the value is a register's address, the address is not: value and address are swapped";
	else if (a->addr < SIM_PAGE_SIZE)
		why = "a NULL pointer plus an offset: the result of ioremap() was not checked, or never stored";
	else if (sim_mmio_find(m->hw, phys))
		why = "this is the physical address of a register: map it with ioremap() or pci_iomap() first";
	else if (sim_virt_to_phys(m->hw, (void *)a->addr, &phys, NULL))
		why = "this is memory, not a register";
	wrong(m, a, "mmio-bad-address", NULL, NULL, why);
}

/* The window that answers at addr, *offset in it; NULL after a report if the access is wrong. */
static struct sim_mmio *resolve(struct dmasim_machine *m, const struct access *a, u64 *offset)
{
	struct k_iomap *map = k_iomap_find(m->io, a->addr);
	struct sim_mmio *mmio;
	phys_addr_t phys;

	if (map) {
		if (map->dead) {
			wrong(m, a, "mmio-after-unmap", NULL, map, "the mapping has ended");
			return NULL;
		}
		if (a->size > map->va + map->size - a->addr) {
			wrong(m, a, "mmio-out-of-range", NULL, map, "the access ends behind the mapping");
			return NULL;
		}
		phys = map->phys + (a->addr - map->va);
	} else if (!sim_mmio_phys(m->hw, (void *)a->addr, &phys)) {
		map = k_iomap_before(m->io, a->addr);
		if (map)
			wrong(m, a, map->dead ? "mmio-after-unmap" : "mmio-out-of-range", NULL, map,
			      "behind the end of the mapping");
		else
			bad_address(m, a);
		return NULL;
	}
	mmio = sim_mmio_find(m->hw, phys);
	if (!mmio) {
		if (!map) { /* behind a window, in its last page or in no window's */
			mmio = sim_mmio_find(m->hw, phys & ~(phys_addr_t)(SIM_PAGE_SIZE - 1));
			wrong(m, a, "mmio-out-of-range", mmio, NULL,
			      mmio ? "behind the end of the device's registers" : "no device has registers there");
		} else if (!map->answered) {
			wrong(m, a, "mmio-bad-address", NULL, map, "no device has registers there");
		}
		return NULL;
	}
	*offset = phys - mmio->phys;
	if (a->size > mmio->size - *offset) {
		wrong(m, a, "mmio-out-of-range", mmio, map, "the access ends behind the device's registers");
		return NULL;
	}
	if (phys % a->size) {
		wrong(m, a, "mmio-misaligned", mmio, map, "the offset is no multiple of the size");
		return NULL;
	}
	if (mmio->master && mmio->master->owner) {
		struct device *dev = mmio->master->owner;
		const struct dmasim_device_private *p = m->device_slots[(u32)dev->dmasim];

		if (!k_pci_decodes(p)) {
			wrong(m, a, "mmio-bad-address", mmio, map,
			      "the function does not decode its registers yet: call pci_enable_device() first");
			return NULL;
		}
	}
	return mmio;
}

/* Time passes; handlers that run meanwhile must not take our caller's place in reports. */
static void pass(struct dmasim_machine *m, u64 ns)
{
	void *entry = k_thread.entry;

	k_safe_point(m, ns);
	k_thread.entry = entry;
}

static u64 device_read(struct dmasim_machine *m, const struct access *a)
{
	u64 offset, value;
	struct sim_mmio *mmio = resolve(m, a, &offset);

	if (!mmio)
		return all_ones(a->size);
	m->model_depth++;
	value = sim_mmio_read(mmio, offset, a->size);
	m->model_depth--;
	return value;
}

static void device_write(struct dmasim_machine *m, const struct access *a)
{
	u64 offset;
	struct sim_mmio *mmio = resolve(m, a, &offset);

	if (!mmio)
		return;
	m->model_depth++;
	sim_mmio_write(mmio, offset, a->size, a->value);
	m->model_depth--;
}

static u64 io_read(const volatile void *addr, unsigned int size, const char *function)
{
	struct dmasim_machine *m = k_machine(function);
	struct access a = {.function = function, .addr = (uintptr_t)addr, .size = size};

	if (!m || k_model_call(m, function))
		return all_ones(size);
	pass(m, READ_NS);
	return device_read(m, &a);
}

static void io_write(u64 value, volatile void *addr, unsigned int size, const char *function)
{
	struct dmasim_machine *m = k_machine(function);
	struct access a = {.function = function,
			   .addr = (uintptr_t)addr,
			   .size = size,
			   .write = true,
			   .value = value & all_ones(size)};

	if (!m || k_model_call(m, function))
		return;
	device_write(m, &a);
	pass(m, WRITE_NS);
}

#define READER(name, type, size, convert)                                \
	type name(const volatile void __iomem *addr)                     \
	{                                                                \
		STACK_ENTER();                                           \
		return convert((u##size)io_read(addr, size / 8, #name)); \
	}
#define WRITER(name, type, size, convert)                                 \
	void name(type value, volatile void __iomem *addr)                \
	{                                                                 \
		STACK_ENTER();                                            \
		io_write((u##size)convert(value), addr, size / 8, #name); \
	}

READER(readb, u8, 8, )
READER(readw, u16, 16, )
READER(readl, u32, 32, )
READER(readq, u64, 64, )
READER(readb_relaxed, u8, 8, )
READER(readw_relaxed, u16, 16, )
READER(readl_relaxed, u32, 32, )
READER(readq_relaxed, u64, 64, )
READER(ioread8, unsigned int, 8, )
READER(ioread16, unsigned int, 16, )
READER(ioread32, unsigned int, 32, )
READER(ioread64, u64, 64, )
READER(ioread16be, unsigned int, 16, __builtin_bswap16)
READER(ioread32be, unsigned int, 32, __builtin_bswap32)
WRITER(writeb, u8, 8, )
WRITER(writew, u16, 16, )
WRITER(writel, u32, 32, )
WRITER(writeq, u64, 64, )
WRITER(writeb_relaxed, u8, 8, )
WRITER(writew_relaxed, u16, 16, )
WRITER(writel_relaxed, u32, 32, )
WRITER(writeq_relaxed, u64, 64, )
WRITER(iowrite8, u8, 8, )
WRITER(iowrite16, u16, 16, )
WRITER(iowrite32, u32, 32, )
WRITER(iowrite64, u64, 64, )
WRITER(iowrite16be, u16, 16, __builtin_bswap16)
WRITER(iowrite32be, u32, 32, __builtin_bswap32)

/* ---- blocks ---- */

/*
 * Move n bytes between registers, ascending (step true) or one and the same, and memory; width bytes at a time. Memory NULL:
 * the byte `fill`. Stops at the first access that is wrong, which is reported.
 */
static void move(const char *function, uintptr_t addr, bool step, void *memory, size_t n, unsigned int width,
		 bool write, u8 fill)
{
	struct dmasim_machine *m = k_machine(function);
	u8 *host = NULL;

	if (!m || k_model_call(m, function) || n == 0)
		return;
	if (memory) {
		m->hooks.cpu_access(m, memory, n, !write);
		host = k_driver_memory(m, memory, n);
	}
	for (size_t done = 0; done < n;) {
		struct access a = {.function = function, .addr = addr + (step ? done : 0), .write = write};
		u64 offset, value = 0;
		u8 bytes[8];
		struct sim_mmio *mmio;

		a.size = width ? width : a.addr % 4 == 0 && n - done >= 4 ? 4 : 1;
		if (write) {
			memset(bytes, fill, sizeof(bytes));
			if (memory && (!host || sim_host_read(bytes, host + done, a.size) < a.size))
				return;
			memcpy(&value, bytes, sizeof(value));
			a.value = le64toh(value) & all_ones(a.size);
		}
		mmio = resolve(m, &a, &offset);
		if (!mmio) {
			if (!write && host) {
				memset(bytes, 0xff, sizeof(bytes));
				for (size_t i = done; i < n && i < done + SIM_PAGE_SIZE; i++)
					sim_host_write(host + i, bytes, 1);
			}
			return;
		}
		m->model_depth++;
		if (write)
			sim_mmio_write(mmio, offset, a.size, a.value);
		else
			value = sim_mmio_read(mmio, offset, a.size);
		m->model_depth--;
		if (!write) {
			value = htole64(value);
			memcpy(bytes, &value, sizeof(bytes));
			if (!host || sim_host_write(host + done, bytes, a.size) < a.size)
				return;
		}
		done += a.size;
		pass(m, write ? WRITE_NS : READ_NS);
	}
}

void memcpy_fromio(void *dst, const volatile void __iomem *src, size_t n)
{
	STACK_ENTER();
	move("memcpy_fromio", (uintptr_t)src, true, dst, n, 0, false, 0);
}

void memcpy_toio(volatile void __iomem *dst, const void *src, size_t n)
{
	STACK_ENTER();
	move("memcpy_toio", (uintptr_t)dst, true, (void *)(uintptr_t)src, n, 0, true, 0);
}

void memset_io(volatile void __iomem *dst, int c, size_t n)
{
	STACK_ENTER();
	move("memset_io", (uintptr_t)dst, true, NULL, n, 0, true, (u8)c);
}

#define REPEATED(suffix, width)                                                                                   \
	void reads##suffix(const volatile void __iomem *addr, void *buf, unsigned int n)                          \
	{                                                                                                         \
		STACK_ENTER();                                                                                    \
		move("reads" #suffix, (uintptr_t)addr, false, buf, (size_t)n *(width), width, false, 0);          \
	}                                                                                                         \
	void writes##suffix(volatile void __iomem *addr, const void *buf, unsigned int n)                         \
	{                                                                                                         \
		STACK_ENTER();                                                                                    \
		move("writes" #suffix, (uintptr_t)addr, false, (void *)(uintptr_t)buf, (size_t)n *(width), width, \
		     true, 0);                                                                                    \
	}

REPEATED(b, 1)
REPEATED(w, 2)
REPEATED(l, 4)
