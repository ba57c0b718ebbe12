// SPDX-License-Identifier: MIT
/*
 * Run one code block of one rule page: main BLOCK SPEC LOG.
 *
 * The block gets a machine of its own, and a device whose mask is set. Reports go to LOG; nothing else does. Each block is
 * run by a process of its own, so that one that ends the process ends no other.
 */
#include <stdio.h>
#include <string.h>
#include <linux/dma-mapping.h>
#include <dmasim/dmasim.h>
#include "tests/rules/pages/main.h"

int main(int argc, char **argv)
{
	const struct page_block *block = page_blocks;
	struct dmasim_machine *machine;
	struct device *dev;
	char spec[1024];

	if (argc != 4)
		return 2;
	while (block->name && strcmp(block->name, argv[1]))
		block++;
	snprintf(spec, sizeof(spec), "%s,report=text,log=%s,summary=off,colour=never", argv[2], argv[3]);
	machine = block->name ? dmasim_machine_create(spec) : NULL;
	if (!machine) {
		fprintf(stderr, "%s: %s: %s\n", argv[1], spec, block->name ? dmasim_last_error() : "no such block");
		return 2;
	}
	dev = dmasim_device_create("dad0");
	if (!dev || dma_set_mask_and_coherent(dev, DMA_BIT_MASK(32)))
		return 2;
	(*block->code)(dev);
	dmasim_device_destroy(dev);
	return dmasim_machine_destroy(machine) ? 3 : 0;
}
