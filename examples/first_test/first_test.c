// SPDX-License-Identifier: MIT
#include <dmasim/cmocka.h>
#include <linux/dma-mapping.h>
#include <linux/slab.h>

/* The code under test: takes the first byte of a received packet. */
static u8 rx_first_byte(struct device *dev, dma_addr_t bus, u8 *buf)
{
	u8 first = buf[0]; /* too early: the device still owns the buffer */

	dma_unmap_single(dev, bus, 64, DMA_FROM_DEVICE);
	return first;
}

static void receive(void **state)
{
	struct device *nic = dmasim_device_create("nic0");
	u8 *buf = kmalloc(64, GFP_KERNEL);
	dma_addr_t bus = dma_map_single(nic, buf, 64, DMA_FROM_DEVICE);

	assert_false(dma_mapping_error(nic, bus));
	dmasim_device_write(nic, bus, "\x42", 1); /* the device receives one byte */
	assert_int_equal(rx_first_byte(nic, bus, buf), 0x42);
	kfree(buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {dmasim_unit_test(receive)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
