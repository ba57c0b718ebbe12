/* SPDX-License-Identifier: MIT */
/* Correct drivers: each is run on a fresh machine and must do its work and be silent. */
#ifndef TESTS_DRIVERS_DRIVERS_H
#define TESTS_DRIVERS_DRIVERS_H

struct legal_driver {
	const char *name;
	void (*run)(void); /* ends the program through check() if the driver does not work */
};

extern const struct legal_driver nic_drivers[], command_drivers[], small_drivers[]; /* ended by a NULL name */

/* The driver works: the bytes are right, the calls succeeded. */
#define check(condition) ((condition) ? (void)0 : check_failed(#condition, __FILE__, __LINE__))
void check_failed(const char *condition, const char *file, int line);

#endif
