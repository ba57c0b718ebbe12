// SPDX-License-Identifier: MIT
/* A test program outside the source tree. Its argument says how driver.c was compiled, and so what must be found. */
#include <stdio.h>
#include <string.h>
#include <dmasim/dmasim.h>
#include <dmasim/version.h>

int driver_run(struct device *dev);

int main(int argc, char **argv)
{
	size_t expected = argc > 1 && !strcmp(argv[1], "instrumented");
	const char *guard = expected ? "pc,guard=instrument" : "pc,guard=api";
	struct dmasim_machine *machine = dmasim_machine_create(guard);
	struct device *dev;
	size_t found;

	if (!machine) {
		fprintf(stderr, "create: %s\n", dmasim_last_error());
		return 1;
	}
	if (strcmp(dmasim_version(), DMASIM_VERSION)) {
		fprintf(stderr, "version: %s is not %s\n", dmasim_version(), DMASIM_VERSION);
		return 1;
	}
	dev = dmasim_device_create("outside");
	if (!dev || driver_run(dev)) {
		fprintf(stderr, "device or driver: %s\n", dmasim_last_error());
		return 1;
	}
	found = dmasim_violation_count();
	if (found != expected || dmasim_violation_count_of("cpu-write-while-device-owns") != expected) {
		fprintf(stderr, "%zu violations instead of %zu\n", found, expected);
		return 1;
	}
	if (dmasim_machine_destroy(machine))
		return 1;
	printf("%zu violations found, as expected\n", found);
	return 0;
}
