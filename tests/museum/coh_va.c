// SPDX-License-Identifier: MIT
/* COH-VA: the address of coherent memory taken for a linear one, which it is on some machines only. */
#include <asm/io.h>
#include "tests/museum/museum.h"

#define N PAGE_SIZE

/* DB-070, drm/fbdev-dma: the physical start of the screen, computed from the address of its coherent memory. */
static void start_of_the_screen(bool fixed)
{
	dma_addr_t h;
	u8 *screen = dma_alloc_coherent(chip, 4 * N, &h, GFP_KERNEL);

	if (!screen)
		return;
	if (!fixed)
		sink = ACT(page_to_pfn(virt_to_page(screen)));
	dma_free_coherent(chip, 4 * N, screen, h);
}

/* DB-102, drm/nouveau: a scatterlist made of coherent memory, and mapped. */
static void list_of_coherent(bool fixed)
{
	struct scatterlist sg;
	dma_addr_t h, fw;
	u8 *image = MAP(dma_alloc_coherent(chip, N, &h, GFP_KERNEL));

	if (!image)
		return;
	if (fixed) {
		fw = h;
	} else {
		sg_init_one(&sg, image, N);
		if (!ACT(dma_map_sg(chip, &sg, 1, DMA_TO_DEVICE)))
			return;
		fw = sg_dma_address(&sg);
	}
	dmasim_device_read(chip, fw, wire, 256);
	if (!fixed)
		dma_unmap_sg(chip, &sg, 1, DMA_TO_DEVICE);
	dma_free_coherent(chip, N, image, h);
}

/* DB-262, usb/devio: coherent memory is to be shown to a process, and its frame comes from virt_to_phys(). */
static void frame_for_a_process(bool fixed)
{
	dma_addr_t h;
	u8 *v = dma_alloc_coherent(chip, N, &h, GFP_KERNEL);

	if (!v)
		return;
	if (!fixed)
		sink = ACT(virt_to_phys(v)) >> PAGE_SHIFT;
	dma_free_coherent(chip, N, v, h);
}

const struct museum_record coh_va_records[] = {
	RECORD("DB-070", "virt_to_page() of coherent memory", "address-not-linear", start_of_the_screen),
	RECORD("DB-102", "a list of coherent memory is mapped", "coherent-streaming-mix", list_of_coherent),
	RECORD("DB-262", "virt_to_phys() of coherent memory", "address-not-linear", frame_for_a_process),
	{.id = NULL},
};
