/* SPDX-License-Identifier: MIT */
/* A configuration in the making: what config.c parses and layout.c completes. */
#ifndef SIM_LAYOUT_H
#define SIM_LAYOUT_H

#include "sim/sim.h"

#define SIM_DEFAULT_PRESET "worst"
#define SIM_CMA_ALIGN	   (4UL << 20)
#define SIM_PHYS_END	   (1ULL << 46) /* no RAM at or above: far below the arena's CPU addresses */

struct sim_layout {
	struct sim_config cfg;
	uint64_t ram;	  /* size of RAM where no banks are named */
	bool banks_named; /* the current layer named a bank: further ones add to it */
	bool offset_auto;
	bool dma32_given;
	bool cma_placed; /* a place was named */
};

/* Start from a preset; false if it does not exist. */
bool sim_layout_preset(struct sim_layout *l, const char *name);
/* Place what nobody placed, and refuse what cannot be. 0 or sim_error(). */
int sim_layout_finish(struct sim_layout *l);

/* config_options.c: one key. 0, sim_error() for a bad value, -ENOENT for a key that nobody knows. */
int sim_config_set(struct sim_layout *l, const char *key, const char *value);
/* The ith option's value as a spec would give it; false for those that another one prints. */
bool sim_config_print_option(const struct sim_config *cfg, size_t i, char *value, size_t size);

#endif
