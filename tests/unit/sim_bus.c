// SPDX-License-Identifier: MIT
/* Bus and register windows: each step of a burst, transfers that take time, and random bursts against a byte model. */
#include <sys/mman.h>
#include "tests/unit/sim_test.h"

static struct sim_machine *m;
static struct sim_master dev;
static uint8_t buf[1 << 16];

/* What the observer saw last, and what it answers. */
static struct {
	unsigned int accesses, dones, disabled;
	dma_addr_t bus;
	size_t n, moved, allow;
	bool write;
	void *host;
	size_t host_len;
} saw;

static size_t on_access(void *soft, struct sim_master *master, dma_addr_t bus, size_t n, bool write)
{
	assert_ptr_equal(soft, &saw);
	assert_ptr_equal(master, &dev);
	saw.accesses++;
	saw.bus = bus;
	saw.n = n;
	saw.write = write;
	return n < saw.allow ? n : saw.allow;
}

static void on_done(void *soft, struct sim_master *master, dma_addr_t bus, size_t n, bool write)
{
	(void)soft;
	(void)master;
	assert_int_equal(bus, saw.bus);
	assert_int_equal(write, saw.write);
	saw.dones++;
	saw.moved = n;
}

static void *on_foreign(void *soft, phys_addr_t phys, size_t *len)
{
	uint64_t offset = phys - m->cfg.foreign_base;

	(void)soft;
	if (offset >= saw.host_len)
		return NULL;
	*len = saw.host_len - offset;
	return (uint8_t *)saw.host + offset;
}

static void on_disabled(void *soft, struct sim_master *master, dma_addr_t bus, size_t n, bool write)
{
	(void)soft;
	(void)master;
	(void)bus;
	(void)n;
	(void)write;
	saw.disabled++;
}

static const struct sim_observer observer = {
	.dma_access = on_access, .dma_done = on_done, .foreign = on_foreign, .dma_disabled = on_disabled};

static int start(const char *spec)
{
	m = sim_machine_create(spec);
	if (!m)
		return -1;
	memset(&saw, 0, sizeof(saw));
	saw.allow = SIZE_MAX;
	m->observer = &observer;
	m->soft = &saw;
	sim_master_init(&dev, m, "dev0", NULL);
	return 0;
}

static int worst(void **state)
{
	(void)state;
	return start("worst,chaos=off");
}

static int pc(void **state)
{
	(void)state;
	return start("pc");
}

static int gone(void **state)
{
	(void)state;
	sim_machine_check(m);
	sim_master_exit(&dev);
	sim_machine_destroy(m);
	return 0;
}

#define RAM_BUS 0x80000000ULL /* of worst */

static void bytes_move(void **state)
{
	(void)state;
	memset(buf, 0x33, 100);
	assert_int_equal(sim_bus_write(&dev, RAM_BUS + 4090, buf, 100), 0);
	assert_int_equal(saw.accesses, 1);
	assert_int_equal(saw.dones, 1);
	assert_int_equal(saw.moved, 100);
	assert_true(saw.write);
	assert_int_equal(((uint8_t *)sim_phys_to_virt(m, 0x40000000 + 4189))[0], 0x33);
	assert_int_equal(sim_ram_touched(m), 2);
	memset(buf, 0, sizeof(buf));
	assert_int_equal(sim_bus_read(&dev, RAM_BUS + 4090, buf, 101), 0);
	assert_int_equal(buf[99], 0x33);
	assert_int_equal(buf[100], 0);
	assert_int_equal(dev.reads, 1);
	assert_int_equal(dev.writes, 1);
	assert_int_equal(dev.bytes_read, 101);
	assert_int_equal(dev.bytes_written, 100);
	assert_int_equal(dev.refused, 0);
}

static void step_1_arguments(void **state)
{
	(void)state;
	assert_int_equal(sim_bus_read(&dev, RAM_BUS, buf, 0), -EINVAL);
	assert_int_equal(sim_bus_read(&dev, RAM_BUS, NULL, 1), -EINVAL);
	assert_int_equal(sim_bus_write(&dev, RAM_BUS, buf, SIZE_MAX), -EINVAL);
	assert_int_equal(sim_bus_read(&dev, UINT64_MAX, buf, 2), -EINVAL);
	assert_int_equal(sim_bus_start(&dev, RAM_BUS, buf, 0, false, 0, NULL, NULL), -EINVAL);
	assert_int_equal(sim_bus_start(&dev, UINT64_MAX, buf, 2, true, 0, NULL, NULL), -EINVAL);
	/* those that wrap are told, as a failed mapping's error value starts them; nothing moves */
	assert_int_equal(saw.accesses, 3);
	assert_int_equal(saw.dones, 0);
	assert_int_equal(sim_bus_read(&dev, UINT64_MAX, buf, 1), -EFAULT); /* the last byte is an address like others */
	assert_int_equal(saw.accesses, 4);
}

static void step_2_bus_mastering_off(void **state)
{
	(void)state;
	dev.enabled = false;
	assert_int_equal(sim_bus_write(&dev, RAM_BUS, buf, 8), -EFAULT);
	assert_int_equal(saw.disabled, 1);
	assert_int_equal(saw.accesses, 0);
	assert_int_equal(dev.refused, 1);
}

static void step_3_isolation_stops_where_it_is_told(void **state)
{
	(void)state;
	memset(buf, 0x44, sizeof(buf));
	saw.allow = 10;
	assert_int_equal(sim_bus_write(&dev, RAM_BUS, buf, 20), -EFAULT);
	assert_int_equal(saw.moved, 10);
	assert_int_equal(((uint8_t *)sim_ram_ptr(m, 0x40000000))[9], 0x44);
	assert_int_equal(((uint8_t *)sim_ram_ptr(m, 0x40000000))[10], 0);
	saw.allow = 0;
	assert_int_equal(sim_bus_write(&dev, RAM_BUS, buf, 1), -EFAULT);
	assert_int_equal(saw.moved, 0);
	assert_int_equal(saw.dones, 2);
}

static void step_3_without_isolation_ram_answers(void **state)
{
	(void)state;
	saw.allow = 0;
	memset(buf, 0x44, 20);
	assert_int_equal(sim_bus_write(&dev, 0x200000, buf, 20), 0);
	assert_int_equal(saw.moved, 20);
}

static void step_4_address_lines(void **state)
{
	(void)state;
	dev.address_bits = 24;
	assert_int_equal(sim_bus_write(&dev, 0xfffffe, buf, 4), -EFAULT);
	assert_int_equal(saw.moved, 2);
	assert_int_equal(sim_bus_write(&dev, 0x1000000, buf, 4), -EFAULT);
	assert_int_equal(saw.moved, 0);
	assert_int_equal(sim_bus_write(&dev, 0xfffffc, buf, 4), 0);
	dev.address_bits = 64;
	m->cfg.bus_bits = 24;
	assert_int_equal(sim_bus_write(&dev, 0x1000000, buf, 4), -EFAULT);
}

static void step_5_windows(void **state)
{
	const struct sim_window *w;
	phys_addr_t phys;
	dma_addr_t bus;
	uint64_t len;

	(void)state;
	assert_int_equal(sim_bus_windows(m, &w), 1);
	assert_true(sim_bus_to_phys(m, RAM_BUS + 5, &phys, &len));
	assert_int_equal(phys, 0x40000005);
	assert_int_equal(len, w->bus + w->size - RAM_BUS - 5);
	assert_true(sim_phys_to_bus(m, 0x40000005, &bus, &len));
	assert_int_equal(bus, RAM_BUS + 5);
	assert_false(sim_bus_to_phys(m, 0x40000000, &phys, &len)); /* a physical address is no bus address */
	assert_false(sim_phys_to_bus(m, UINT64_MAX, &bus, &len));
	assert_int_equal(sim_bus_read(&dev, 0x40000000, buf, 4), -EFAULT);
	assert_int_equal(saw.moved, 0);
}

static void step_6_nobody_answers(void **state)
{
	(void)state;
	memset(buf, 0x55, 16);
	assert_int_equal(sim_bus_read(&dev, 0xa0000 - 8, buf, 16), -EFAULT); /* the hole below 1 MiB */
	assert_int_equal(saw.moved, 8);
	assert_int_equal(buf[7], 0);
	assert_int_equal(buf[8], 0x55);
	assert_int_equal(sim_bus_read(&dev, 0xe0000000, buf, 1), -EFAULT); /* no register window there */
	assert_int_equal(sim_bus_read(&dev, 0xd0000000, buf, 1), -EFAULT); /* no foreign memory there */
	assert_int_equal(sim_bus_read(&dev, 1ULL << 40, buf, 1), -EFAULT);
}

static void step_6_host_memory(void **state)
{
	uint8_t *host = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	munmap(host + 4096, 4096);
	saw.host = host;
	saw.host_len = 8192;
	memset(buf, 0x66, sizeof(buf));
	assert_int_equal(sim_bus_write(&dev, 0x90000000, buf, 4096), 0);
	assert_int_equal(host[4095], 0x66);
	assert_int_equal(sim_bus_write(&dev, 0x90000000 + 4000, buf, 200), -EFAULT); /* freed meanwhile */
	assert_int_equal(saw.moved, 96);
	saw.host_len = 100;
	assert_int_equal(sim_bus_read(&dev, 0x90000000, buf, 101), -EFAULT);
	assert_int_equal(saw.moved, 100);
	munmap(host, 4096);
}

/* RAM and the foreign window are neighbours: one burst crosses. */
static void step_6_across_ram_and_host(void **state)
{
	uint8_t host[16] = {0};

	(void)state;
	saw.host = host;
	saw.host_len = sizeof(host);
	memset(buf, 0x77, 16);
	assert_int_equal(sim_bus_write(&dev, 0x90000000 - 8, buf, 16), 0);
	assert_int_equal(host[7], 0x77);
	assert_int_equal(host[8], 0);
}

static void step_6_host_limit(void **state)
{
	(void)state;
	sim_master_exit(&dev);
	sim_machine_destroy(m);
	assert_int_equal(start("pc,host_limit=1M"), 0);
	assert_true(sim_ram_charge(m, 0x100000, 1 << 20));
	assert_int_equal(sim_bus_read(&dev, 0x200000, buf, 1), -EFAULT);
	assert_int_equal(sim_bus_read(&dev, 0x1fffff, buf, 1), 0);
}

/* ---- registers ---- */

static struct {
	uint64_t offset, value;
	unsigned int size, reads, writes, released;
	struct sim_mmio *remove;
} reg;

static uint64_t reg_read(void *ctx, uint64_t offset, unsigned int size)
{
	assert_ptr_equal(ctx, &reg);
	reg.offset = offset;
	reg.size = size;
	reg.reads++;
	return 0x1122334455667788ULL;
}

static void reg_write(void *ctx, uint64_t offset, unsigned int size, uint64_t value)
{
	assert_ptr_equal(ctx, &reg);
	reg.offset = offset;
	reg.size = size;
	reg.value = value;
	reg.writes++;
	if (reg.remove) {
		sim_mmio_remove(m, reg.remove);
		assert_int_equal(reg.released, 1); /* not while its own callback runs */
		assert_int_equal(sim_mmio_read(reg.remove, 0, 4), 0xffffffff);
	}
}

static void reg_release(void *ctx)
{
	(void)ctx;
	reg.released++;
}

static const struct dmasim_mmio_ops reg_ops = {.read = reg_read, .write = reg_write, .release = reg_release};

static void registers_answer(void **state)
{
	struct sim_mmio *w, *small, *big;
	phys_addr_t phys;
	void *cookie;

	(void)state;
	memset(&reg, 0, sizeof(reg));
	small = sim_mmio_add(m, 1, &reg_ops, &reg, &dev);
	w = sim_mmio_add(m, 100, &reg_ops, &reg, &dev);
	big = sim_mmio_add(m, 1 << 20, &reg_ops, &reg, NULL);
	assert_non_null(small);
	assert_non_null(w);
	assert_non_null(big);
	assert_int_equal(small->size, 16);
	assert_int_equal(w->size, 128);
	assert_int_equal(w->phys % 128, 0);
	assert_int_equal(big->phys % (1 << 20), 0);
	assert_ptr_equal(sim_mmio_find(m, w->phys + 127), w);
	assert_null(sim_mmio_find(m, w->phys + 128));
	assert_null(sim_mmio_find(m, 0x200000));
	cookie = sim_mmio_cookie(m, w->phys + 4);
	assert_true(sim_mmio_phys(m, cookie, &phys));
	assert_int_equal(phys, w->phys + 4);
	assert_null(sim_mmio_cookie(m, 0x200000));
	assert_false(sim_mmio_phys(m, &reg, &phys));
	assert_int_equal(sim_mmio_read(w, 4, 4), 0x55667788);
	assert_int_equal(sim_mmio_read(w, 4, 1), 0x88);
	assert_int_equal(sim_mmio_read(w, 120, 8), 0x1122334455667788ULL);
	assert_int_equal(reg.reads, 3);
	assert_int_equal(sim_mmio_read(w, 124, 8), UINT64_MAX); /* past the end: nobody */
	assert_int_equal(sim_mmio_read(w, UINT64_MAX, 4), 0xffffffff);
	assert_int_equal(sim_mmio_read(w, 0, 3), 0xffffff);
	assert_int_equal(reg.reads, 3);
	sim_mmio_write(w, 8, 2, 0x12345678);
	assert_int_equal(reg.value, 0x5678);
	sim_mmio_remove(m, small);
	assert_int_equal(reg.released, 1);
	assert_null(sim_mmio_find(m, small ? m->cfg.mmio_base : 0));
	assert_ptr_equal(sim_mmio_add(m, 16, &reg_ops, &reg, NULL)->ops, &reg_ops); /* the place is free again */
	reg.remove = w;
	sim_mmio_write(w, 0, 4, 1);
	assert_int_equal(reg.released, 2);
	sim_machine_check(m);
}

static void register_windows_run_out(void **state)
{
	static const struct dmasim_mmio_ops nothing;
	struct sim_mmio *w = sim_mmio_add(m, 256 << 20, &nothing, NULL, NULL);

	(void)state;
	assert_non_null(w);
	assert_int_equal(sim_mmio_read(w, 0, 4), 0xffffffff);
	sim_mmio_write(w, 0, 4, 0);
	assert_null(sim_mmio_add(m, 256 << 20, &nothing, NULL, NULL));
	assert_int_equal(errno, ENOSPC);
	assert_null(sim_mmio_add(m, 0, &nothing, NULL, NULL));
	assert_int_equal(errno, EINVAL);
	assert_null(sim_mmio_add(m, (256 << 20) + 1, &nothing, NULL, NULL));
	assert_null(sim_mmio_add(m, SIZE_MAX, &nothing, NULL, NULL));
	assert_null(sim_mmio_add(m, 16, NULL, NULL, NULL));
}

/* A master reaches another's registers in naturally aligned accesses. */
static void peer_to_peer(void **state)
{
	struct sim_mmio *w;

	(void)state;
	memset(&reg, 0, sizeof(reg));
	w = sim_mmio_add(m, 64, &reg_ops, &reg, NULL);
	memset(buf, 0, 16);
	buf[0] = 0xab;
	assert_int_equal(sim_bus_write(&dev, w->phys + 4, buf, 4), 0);
	assert_int_equal(reg.writes, 1);
	assert_int_equal(reg.size, 4);
	assert_int_equal(reg.value, 0xab);
	assert_int_equal(sim_bus_read(&dev, w->phys + 6, buf, 11), 0); /* 2 + 8 + 1 */
	assert_int_equal(reg.reads, 3);
	assert_int_equal(sim_bus_read(&dev, w->phys + 60, buf, 8), -EFAULT);
	assert_int_equal(saw.moved, 4);
}

/* ---- transfers ---- */

static struct {
	unsigned int n;
	int err;
	bool in_event;
} finished;

static void on_finished(void *arg, int err)
{
	assert_ptr_equal(arg, &finished);
	finished.n++;
	finished.err = err;
	finished.in_event = sim_in_event(m);
}

static void a_transfer_takes_its_time(void **state)
{
	(void)state;
	memset(&finished, 0, sizeof(finished));
	buf[0] = 1;
	assert_int_equal(sim_bus_start(&dev, RAM_BUS, buf, 8, true, 100, on_finished, &finished), 0);
	assert_int_equal(dev.in_flight, 1);
	assert_int_equal(dev.transfers->bus, RAM_BUS);
	sim_advance(m, 99);
	assert_int_equal(saw.accesses, 0);
	buf[0] = 2; /* read when the bytes move */
	sim_advance(m, 1);
	assert_int_equal(finished.n, 1);
	assert_int_equal(finished.err, 0);
	assert_true(finished.in_event);
	assert_int_equal(dev.in_flight, 0);
	assert_int_equal(*(uint8_t *)sim_ram_ptr(m, 0x40000000), 2);
	/* without delay it still waits for the clock */
	assert_int_equal(sim_bus_start(&dev, 0, buf, 8, false, 0, on_finished, &finished), 0);
	assert_int_equal(finished.n, 1);
	sim_advance(m, 0);
	assert_int_equal(finished.n, 2);
	assert_int_equal(finished.err, -EFAULT);
}

static void transfers_are_cancelled(void **state)
{
	(void)state;
	memset(&finished, 0, sizeof(finished));
	for (int i = 0; i < 5; i++)
		assert_int_equal(sim_bus_start(&dev, RAM_BUS, buf, 8, true, 10, on_finished, &finished), 0);
	sim_machine_check(m);
	assert_int_equal(sim_bus_cancel(&dev), 5);
	assert_int_equal(sim_bus_cancel(&dev), 0);
	sim_advance(m, 100);
	assert_int_equal(finished.n, 0);
	assert_int_equal(sim_bus_start(&dev, RAM_BUS, buf, 8, true, 10, NULL, NULL), 0);
	sim_advance(m, 100);
	assert_int_equal(saw.accesses, 1);
	assert_int_equal(sim_bus_start(&dev, RAM_BUS, buf, 8, true, 10, NULL, NULL), 0); /* teardown cancels it */
}

static void leaves_in_its_own_completion(void *arg, int err)
{
	(void)err;
	sim_master_exit(arg);
	sim_master_init(arg, m, "again", NULL);
}

static void a_master_leaves_while_transfers_run(void **state)
{
	(void)state;
	assert_int_equal(sim_bus_start(&dev, RAM_BUS, buf, 8, true, 10, leaves_in_its_own_completion, &dev), 0);
	assert_int_equal(sim_bus_start(&dev, RAM_BUS, buf, 8, true, 20, NULL, NULL), 0);
	sim_advance(m, 100);
	assert_int_equal(saw.accesses, 1);
	assert_string_equal(dev.name, "again");
}

/* ---- random bursts ---- */

static void bursts_against_a_model(void **state)
{
	enum { SIZE = 3 << 20 };
	uint8_t *model = calloc(1, SIZE);
	uint64_t random = test_seed();

	(void)state;
	assert_non_null(model);
	/* Banks at 16..17 and 18..19 MiB; the model holds 16..19. */
	for (int step = 0; step < 5000; step++) {
		size_t n = 1 + test_below(&random, test_below(&random, 8) ? 300 : sizeof(buf));
		uint64_t at = test_below(&random, SIZE), bank_end, ok;
		bool write = test_below(&random, 2), hole = at >> 20 == 1;

		if (n > SIZE - at)
			n = SIZE - at;
		bank_end = hole ? at : (at | 0xfffff) + 1;
		ok = n < bank_end - at ? n : bank_end - at;
		memset(buf, (int)step, n);
		if (write) {
			assert_int_equal(sim_bus_write(&dev, (16 << 20) + at, buf, n), ok == n ? 0 : -EFAULT);
			memcpy(model + at, buf, ok);
		} else {
			assert_int_equal(sim_bus_read(&dev, (16 << 20) + at, buf, n), ok == n ? 0 : -EFAULT);
			assert_memory_equal(buf, model + at, ok);
			for (size_t i = ok; i < n; i++)
				assert_int_equal(buf[i], (uint8_t)step);
		}
		assert_int_equal(saw.moved, ok);
	}
	free(model);
}

static int two_banks(void **state)
{
	(void)state;
	return start("pc,bank=16M:1M,bank=18M:1M");
}

#define TEST(f, setup) cmocka_unit_test_setup_teardown(f, setup, gone)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(bytes_move, worst),
		TEST(step_1_arguments, worst),
		TEST(step_2_bus_mastering_off, worst),
		TEST(step_3_isolation_stops_where_it_is_told, worst),
		TEST(step_3_without_isolation_ram_answers, pc),
		TEST(step_4_address_lines, pc),
		TEST(step_5_windows, worst),
		TEST(step_6_nobody_answers, pc),
		TEST(step_6_host_memory, worst),
		TEST(step_6_across_ram_and_host, worst),
		TEST(step_6_host_limit, pc),
		TEST(registers_answer, pc),
		TEST(register_windows_run_out, pc),
		TEST(peer_to_peer, pc),
		TEST(a_transfer_takes_its_time, worst),
		TEST(transfers_are_cancelled, worst),
		TEST(a_master_leaves_while_transfers_run, worst),
		TEST(bursts_against_a_model, two_banks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
