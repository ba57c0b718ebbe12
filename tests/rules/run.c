// SPDX-License-Identifier: MIT
/* Making a machine for one scenario, and running it: also when the machine has to end it. */
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include "sim/valgrind.h"
#include "tests/rules/rules.h"

struct device *dev;
bool plain_accesses;
volatile unsigned int sink;

static struct dmasim_machine *machine;
static jmp_buf stopped;
static bool may_stop;

static void stop(const char *why, void *arg)
{
	(void)arg;
	if (may_stop)
		longjmp(stopped, 1);
	fprintf(stderr, "stopped: %s\n", why);
	abort();
}

sigjmp_buf fault;
static struct sigaction before_fault;

bool faulted;

static void on_fault(int sig)
{
	(void)sig;
	faulted = true;
	siglongjmp(fault, 1);
}

void faults_return(bool on)
{
	struct sigaction action = {.sa_handler = on_fault};

	/* The fault is what the scenario wants: no news for Valgrind. */
	if (on) {
		VALGRIND_DISABLE_ERROR_REPORTING;
		sigaction(SIGSEGV, &action, &before_fault);
	} else {
		sigaction(SIGSEGV, &before_fault, NULL);
		VALGRIND_ENABLE_ERROR_REPORTING;
	}
}

void scenario_begin(const char *preset, const char *guard, const char *options)
{
	char spec[512];

	faulted = false;
	snprintf(spec, sizeof(spec), "%s,guard=%s,report=none,summary=off%s%s", preset, guard, options ? "," : "",
		 options ? options : "");
	machine = dmasim_machine_create(spec);
	if (!machine) {
		fprintf(stderr, "%s: %s\n", spec, dmasim_last_error());
		abort();
	}
	dmasim_machine_use(machine);
	dmasim_on_stop(stop, NULL);
	dev = dmasim_device_create("dad0");
	if (!dev || dma_set_mask_and_coherent(dev, DMA_BIT_MASK(32)))
		abort();
}

void scenario_end(void)
{
	if (dmasim_machine_destroy(machine))
		abort();
}

bool scenario_wrong(const struct scenario *sc, struct shot *s)
{
	volatile bool ended = true;

	may_stop = true;
	if (!setjmp(stopped)) {
		sc->wrong(s);
		ended = false;
	}
	may_stop = false;
	return ended == sc->ends;
}
