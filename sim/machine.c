// SPDX-License-Identifier: MIT
/*
 * A machine's life: parse what it shall be, then build it part by part.
 *
 * The parts are one table, made in order and unmade in reverse; each file's exit accepts a state that was never made,
 * so a failure half way is unwound by the same path as the end. Nothing here is shared between machines except
 * the arena and the memory kept for later ones, which lock for themselves: machines in different threads are
 * independent.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include "sim/private.h"

static const struct part {
	int (*init)(struct sim_machine *m);
	void (*exit)(struct sim_machine *m);
	void (*check)(const struct sim_machine *m);
} parts[] = {
	{sim_choices_init, sim_choices_exit, NULL},	   {sim_clock_init, sim_clock_exit, sim_clock_check},
	{sim_irqs_init, sim_irqs_exit, sim_irqs_check},	   {sim_ram_init, sim_ram_exit, sim_ram_check},
	{sim_mmios_init, sim_mmios_exit, sim_mmios_check}, {sim_bus_init, sim_bus_exit, sim_bus_check},
};
#define NR_PARTS (sizeof(parts) / sizeof(*parts))

struct sim_machine *sim_machine_create(const char *spec)
{
	struct sim_machine *m = calloc(1, sizeof(*m));
	int err;

	if (!m) {
		sim_error(ENOMEM, "no memory for a machine");
		return NULL;
	}
	m->ram.fd = -1;
	err = sim_config_parse(&m->cfg, spec, getenv("DMASIM_OPTIONS"));
	for (size_t i = 0; i < NR_PARTS && !err; i++)
		err = parts[i].init(m);
	if (err) {
		sim_machine_destroy(m);
		errno = -err;
		return NULL;
	}
	return m;
}

void sim_machine_destroy(struct sim_machine *m)
{
	if (!m)
		return;
	assert(!m->masters);
	for (size_t i = NR_PARTS; i-- > 0;)
		parts[i].exit(m);
	free(m);
}

void sim_machine_check(const struct sim_machine *m)
{
	for (size_t i = 0; i < NR_PARTS; i++) {
		if (parts[i].check)
			parts[i].check(m);
	}
	sim_arena_check();
}
