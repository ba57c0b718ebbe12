/* SPDX-License-Identifier: MIT */
/*
 * What the files of this room say to each other: the life of each file's state, and its checker.
 *
 * Every init returns 0 or sim_error() and leaves nothing behind on failure; every exit accepts a state that was never
 * initialised; every check asserts the invariants that the file's opening comment states.
 */
#ifndef SIM_PRIVATE_H
#define SIM_PRIVATE_H

#include "sim/sim.h"

int sim_ram_init(struct sim_machine *m);
void sim_ram_exit(struct sim_machine *m);
void sim_ram_check(const struct sim_machine *m);
/* Give up the memory kept for later machines; how many were kept. For tests, and when address space runs out. */
unsigned int sim_ram_pool_drain(void);
/* Pages charged in this machine's life. */
uint64_t sim_ram_touched(const struct sim_machine *m);

int sim_choices_init(struct sim_machine *m);
void sim_choices_exit(struct sim_machine *m);

int sim_clock_init(struct sim_machine *m);
void sim_clock_exit(struct sim_machine *m);
void sim_clock_check(const struct sim_machine *m);

int sim_irqs_init(struct sim_machine *m);
void sim_irqs_exit(struct sim_machine *m);
void sim_irqs_check(const struct sim_machine *m);

int sim_mmios_init(struct sim_machine *m);
void sim_mmios_exit(struct sim_machine *m);
void sim_mmios_check(const struct sim_machine *m);

int sim_bus_init(struct sim_machine *m);
void sim_bus_exit(struct sim_machine *m);
void sim_bus_check(const struct sim_machine *m);

void sim_arena_check(void);

#endif
