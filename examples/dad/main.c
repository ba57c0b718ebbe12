// SPDX-License-Identifier: MIT
/*
 * Runs the DAD driver, right or broken, on a machine of choice: the program's side of the example.
 *
 * It plugs in the device, loads the driver that it is linked with, and uses it through read, write and ioctl. With
 * --expect it knows that the driver is broken, and compares what was reported: the rule, the lines that acted and
 * mapped, the bytes; or nothing, where neither machine nor guard can see the mistake. Without --expect the driver has
 * to work, and nothing may be reported.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <dmasim/chardev.h>
#include <dmasim/devices/dad.h>
#include <dmasim/dmasim.h>
#include <linux/slab.h>
#include "dad.h"

#define BLOCK 512

struct expectation {
	const char *rule;	  /* NULL: nothing may be reported */
	const char *act, *mapped; /* FUNCTION:LINE; NULL: not compared */
	long offset, size;	  /* -1: not compared */
	long count;		  /* distinct reports; -1: at least one */
};

static int failures;

static void check(bool ok, const char *what, long got)
{
	if (ok)
		return;
	fprintf(stderr, "dad: FAILED: %s (%ld)\n", what, got);
	failures++;
}

/* ---- what a program does with the device ---- */

static void use_write(struct dmasim_file *file, struct device *dev, bool strict)
{
	unsigned char sent[600], got[600];

	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = i * 7 + 3;
	long n = dmasim_write(file, sent, sizeof(sent));

	if (!strict)
		return;
	check(n == (long)sizeof(sent), "write", n);
	check(dmasim_dad_output(dev, got, sizeof(got)) == sizeof(got), "bytes the device received", n);
	check(!memcmp(sent, got, sizeof(sent)), "what the device received is what was written", 0);
}

static void use_read(struct dmasim_file *file, struct device *dev, bool strict)
{
	unsigned char block[1000];
	long n = dmasim_read(file, block, sizeof(block));

	(void)dev;
	if (!strict)
		return;
	check(n == (long)sizeof(block), "read", n);
	check(dmasim_dad_check_block(block, sizeof(block), NULL), "the block that was read is whole", 0);
}

/* Acquire, fall behind, catch up: what is read is whole, in order, and the losses are counted. */
static void acquire(struct dmasim_file *file, int mode, bool strict)
{
	unsigned char block[BLOCK];
	unsigned int lost = 0;
	uint32_t number, last = 0;
	bool first = true;

	long err = dmasim_ioctl(file, DAD_IOC_SET_MODE, &mode);

	if (strict)
		check(err == 0, "set mode", err);
	for (int round = 0; round < 12; round++) {
		if (round == 4)
			dmasim_run_for(1000000); /* the reader is late: 20 blocks pass, 8 are kept */
		long n = dmasim_read(file, block, sizeof(block));

		if (!strict)
			continue;
		check(n == BLOCK, "read of a block", n);
		check(dmasim_dad_check_block(block, sizeof(block), &number), "the block is whole", round);
		check(first || number > last, "blocks come in order", number);
		last = number;
		first = false;
	}
	err = dmasim_ioctl(file, DAD_IOC_OVERRUNS, &lost);
	if (strict) {
		check(err == 0, "ask for overruns", err);
		check(lost >= 8, "overruns are counted", lost);
	}
	mode = DAD_MODE_IDLE;
	dmasim_ioctl(file, DAD_IOC_SET_MODE, &mode);
}

static void use_announce(struct dmasim_file *file, struct device *dev, bool strict)
{
	(void)dev;
	acquire(file, DAD_MODE_ANNOUNCE, strict);
}

static void use_ring(struct dmasim_file *file, struct device *dev, bool strict)
{
	(void)dev;
	acquire(file, DAD_MODE_RING, strict);
}

/* Two transfers at once, as another driver would ask for them: the second is refused. */
static void use_busy(struct dmasim_file *file, struct device *dev, bool strict)
{
	struct dad_dev *dad = dad_find(0);
	void *one = kmalloc(600, GFP_KERNEL | GFP_DMA), *two = kmalloc(600, GFP_KERNEL | GFP_DMA);

	(void)file;
	(void)dev;
	if (!one)
		one = kmalloc(600, GFP_KERNEL);
	if (!two)
		two = kmalloc(600, GFP_KERNEL);
	if (dad && one && two) {
		memset(one, 0x11, 600);
		memset(two, 0x22, 600);
		int first = dad_start(dad, true, one, 600);
		int second = dad_start(dad, true, two, 600);
		int err = dad_wait(dad);

		if (strict) {
			check(first == 0, "first transfer", first);
			check(second == -EBUSY, "second transfer is refused", second);
			check(err == 0, "first transfer ends well", err);
		}
	}
	/* A broken driver leaks a mapping of one of the two: they are left to the machine then. */
	if (strict) {
		kfree(one);
		kfree(two);
	}
}

static const struct scenario {
	const char *name;
	void (*use)(struct dmasim_file *file, struct device *dev, bool strict);
} scenarios[] = {
	{"write", use_write}, {"read", use_read}, {"busy", use_busy}, {"announce", use_announce}, {"ring", use_ring},
};

/* ---- what was reported ---- */

static bool same_place(const char *want, const struct dmasim_place *place)
{
	char got[200];

	if (!want)
		return true;
	snprintf(got, sizeof(got), "%s:%d", place->function ? place->function : "?", place->line);
	if (!strcmp(want, got))
		return true;
	fprintf(stderr, "dad: FAILED: reported at %s, expected %s\n", got, want);
	return false;
}

/* The machine destroys its reports with it, so a callback collects them: also those of the leak check at the end. */
static size_t reports;

static void on_violation(const struct dmasim_violation *v, void *arg)
{
	const struct expectation *e = arg;

	reports++;
	if (!e->rule || strcmp(v->rule, e->rule)) {
		check(false, v->rule, reports);
		return;
	}
	check(same_place(e->act, &v->act), "the line that broke the rule", v->act.line);
	check(same_place(e->mapped, &v->mapped), "the line that mapped", v->mapped.line);
	check(e->offset < 0 || v->buffer_offset == (size_t)e->offset, "offset", v->buffer_offset);
	check(e->size < 0 || v->size == (size_t)e->size, "size", v->size);
}

static int usage(void)
{
	fputs("usage: dad [--machine SPEC] [--scenario NAME] [--board BITS] [--fail FUNCTION]\n"
	      "           [--expect none | --expect RULE [--count N|any] [--act FUNCTION:LINE] [--mapped "
	      "FUNCTION:LINE]\n"
	      "            [--offset N] [--size N]]\n",
	      stderr);
	return 2;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"machine", required_argument, NULL, 'm'},
		{"scenario", required_argument, NULL, 's'},
		{"board", required_argument, NULL, 'b'},
		{"fail", required_argument, NULL, 'f'},
		{"expect", required_argument, NULL, 'e'},
		{"count", required_argument, NULL, 'c'},
		{"act", required_argument, NULL, 'a'},
		{"mapped", required_argument, NULL, 'p'},
		{"offset", required_argument, NULL, 'o'},
		{"size", required_argument, NULL, 'n'},
		{NULL, 0, NULL, 0},
	};
	struct expectation expect = {.offset = -1, .size = -1, .count = 1};
	struct dmasim_dad_config config = {.name = "dad0"};
	const char *machine = NULL, *scenario = NULL, *fail = NULL;
	bool broken = false;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'm':
			machine = optarg;
			break;
		case 's':
			scenario = optarg;
			break;
		case 'b':
			config.address_bits = atoi(optarg);
			break;
		case 'f':
			fail = optarg;
			break;
		case 'e':
			broken = true;
			expect.rule = strcmp(optarg, "none") ? optarg : NULL;
			break;
		case 'c':
			expect.count = strcmp(optarg, "any") ? atol(optarg) : -1;
			break;
		case 'a':
			expect.act = optarg;
			break;
		case 'p':
			expect.mapped = optarg;
			break;
		case 'o':
			expect.offset = atol(optarg);
			break;
		case 'n':
			expect.size = atol(optarg);
			break;
		default:
			return usage();
		}
	}

	struct dmasim_machine *m = dmasim_machine_create(machine);

	if (!m) {
		fprintf(stderr, "dad: %s\n", dmasim_last_error());
		return 2;
	}
	dmasim_on_violation(on_violation, &expect);
	struct device *dev = dmasim_dad_create(&config);

	check(dev != NULL, "plug in the device", errno);
	check(dmasim_load_module(NULL) == 0, "load the driver", 0);
	struct dmasim_file *file = dmasim_open("dad0", O_RDWR);

	/* A machine on which a board with 24 address lines reaches no memory: its driver refuses, and that is right. */
	if (!file && config.address_bits == 24 && !broken) {
		printf("dad: the driver refused the device on %s\n", machine ? machine : "the default machine");
	} else if (!file) {
		check(false, "open dad0", errno);
	} else {
		if (fail)
			dmasim_fail_call(fail, 1);
		for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++)
			if (!scenario || !strcmp(scenario, scenarios[i].name))
				scenarios[i].use(file, dev, !broken);
		dmasim_close(file);
	}
	check(dmasim_machine_destroy(m) == 0, "destroy the machine", 0);

	if (expect.rule && expect.count >= 0)
		check(reports == (size_t)expect.count, "number of reports", reports);
	else if (expect.rule)
		check(reports > 0, "number of reports", reports);
	printf("dad: %s\n", failures ? "FAILED" : "ok");
	return failures ? 1 : 0;
}
