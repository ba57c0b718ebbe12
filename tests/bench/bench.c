// SPDX-License-Identifier: MIT
/*
 * See bench.h. Turns are at least MIN_TURNS and go on until the time for a row is used up. Time is the processor time
 * of the thread: other programs that run meanwhile cost it nothing but their traces in the caches. The median is the
 * figure; the best turn beside it tells how much of it is such disturbance.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "tests/bench/bench.h"

#define MIN_TURNS     9
#define MAX_TURNS     101
#define ROW_NS	      400000000.0
#define MAX_ROWS      256
#define NO_FIGURE_TXT "-"

static struct {
	const char *topic, *json, *csv, *filter;
	bool smoke;
	struct {
		char name[96], series[96];
		double x;
		const char *reference;
		double ns, best, reference_ns, budget, min_speed;
	} rows[MAX_ROWS];
	unsigned int nr_rows;
} bench;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Inline, as rows are: call sites under measurement are five frames deep, like a driver's. */
static inline __attribute__((__always_inline__)) double turn(bench_fn *fn, void *arg, uint64_t n)
{
	double start = now();

	fn(arg, n);
	return (now() - start) / (double)n;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *v, unsigned int n)
{
	qsort(v, n, sizeof(*v), ascending);
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

void bench_init(int argc, char **argv, const char *topic)
{
	bench.topic = topic;
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--smoke")) {
			bench.smoke = true;
		} else if (!strcmp(argv[i], "--json") && i + 1 < argc) {
			bench.json = argv[++i];
		} else if (!strcmp(argv[i], "--csv") && i + 1 < argc) {
			bench.csv = argv[++i];
		} else if (!strcmp(argv[i], "--filter") && i + 1 < argc) {
			bench.filter = argv[++i];
		} else {
			fprintf(stderr, "usage: %s [--smoke] [--json FILE] [--csv FILE] [--filter TEXT]\n", argv[0]);
			exit(2);
		}
	}
	printf("%-64s %10s %10s %8s  %s\n", topic, "ns/op", "best", "budget", "reference in the same run");
}

bool bench_smoke(void)
{
	return bench.smoke;
}

bool bench_wants(const char *name)
{
	return !bench.filter || strstr(name, bench.filter);
}

static void print(double ns, double best, double reference_ns, const struct bench_row *row)
{
	char budget[32] = NO_FIGURE_TXT;

	if (row->budget > 0)
		snprintf(budget, sizeof(budget), "%.0f", row->budget);
	printf("%-64s %10.2f %10.2f %8s", row->name, ns, best, budget);
	if (row->budget > 0 && ns > row->budget)
		printf(" over");
	if (row->reference) {
		printf("  %.2f ns %s", reference_ns, row->reference_name);
		if (row->min_speed > 0)
			printf(": speed %.2f (at least %.2f%s)", reference_ns / ns, row->min_speed,
			       reference_ns / ns < row->min_speed ? ": missed" : "");
		else
			printf(": %.1f times", ns / reference_ns);
	}
	putchar('\n');
	fflush(stdout);
}

static void record(const struct bench_row *row, double ns, double best, double reference_ns)
{
	print(ns, best, reference_ns, row);
	if (bench.nr_rows < MAX_ROWS) {
		unsigned int i = bench.nr_rows++;

		snprintf(bench.rows[i].name, sizeof(bench.rows[i].name), "%s", row->name);
		snprintf(bench.rows[i].series, sizeof(bench.rows[i].series), "%s", row->series ? row->series : "");
		bench.rows[i].x = row->x;
		bench.rows[i].reference = row->reference ? row->reference_name : NULL;
		bench.rows[i].ns = ns;
		bench.rows[i].best = best;
		bench.rows[i].reference_ns = reference_ns;
		bench.rows[i].budget = row->budget;
		bench.rows[i].min_speed = row->min_speed;
	}
}

double bench_run(const struct bench_row *row)
{
	static double v[MAX_TURNS], r[MAX_TURNS];
	unsigned int turns = 0, most = bench.smoke ? 1 : MAX_TURNS;
	uint64_t n = bench.smoke && row->n > 64 ? 64 : row->n;
	double ns, reference_ns = 0, start = now();

	if (!bench_wants(row->name))
		return 0;
	if (!bench.smoke) { /* warm up */
		row->fn(row->arg, n);
		if (row->reference)
			row->reference(row->reference_arg, n);
	}
	while (turns < most && (turns < MIN_TURNS || now() - start < ROW_NS)) {
		v[turns] = turn(row->fn, row->arg, n);
		if (row->reference)
			r[turns] = turn(row->reference, row->reference_arg, n);
		turns++;
	}
	ns = median(v, turns);
	if (row->reference)
		reference_ns = median(r, turns);
	record(row, ns, v[0], reference_ns);
	return ns;
}

void bench_once(const char *name, bench_fn *fn, void *arg)
{
	struct bench_row row = {.name = name, .fn = fn, .arg = arg};

	double ns;

	if (!bench_wants(name))
		return;
	ns = turn(fn, arg, 1);
	record(&row, ns, ns, 0);
}

/* Names are ours: letters, digits and punctuation that need no escape; in CSV they are quoted, as they hold commas. */
static int write_json(void)
{
	FILE *f = fopen(bench.json, "w");

	if (!f) {
		perror(bench.json);
		return 1;
	}
	fprintf(f, "{\"topic\": \"%s\", \"unit\": \"ns of the thread an operation\", \"rows\": [", bench.topic);
	for (unsigned int i = 0; i < bench.nr_rows; i++) {
		fprintf(f, "%s\n  {\"name\": \"%s\", \"ns\": %.3f, \"best\": %.3f", i ? "," : "", bench.rows[i].name,
			bench.rows[i].ns, bench.rows[i].best);
		if (bench.rows[i].budget > 0)
			fprintf(f, ", \"budget\": %.1f", bench.rows[i].budget);
		if (bench.rows[i].reference)
			fprintf(f, ", \"reference\": \"%s\", \"reference_ns\": %.3f", bench.rows[i].reference,
				bench.rows[i].reference_ns);
		if (bench.rows[i].min_speed > 0)
			fprintf(f, ", \"min_speed\": %.2f", bench.rows[i].min_speed);
		fputc('}', f);
	}
	fprintf(f, "\n]}\n");
	return fclose(f) ? 1 : 0;
}

static int write_csv(void)
{
	FILE *f = fopen(bench.csv, "w");

	if (!f) {
		perror(bench.csv);
		return 1;
	}
	fprintf(f, "series,x,ns,best,budget,reference,reference_ns,ratio\n");
	for (unsigned int i = 0; i < bench.nr_rows; i++) {
		if (!*bench.rows[i].series)
			continue;
		fprintf(f, "\"%s\",%.0f,%.3f,%.3f,", bench.rows[i].series, bench.rows[i].x, bench.rows[i].ns,
			bench.rows[i].best);
		if (bench.rows[i].budget > 0)
			fprintf(f, "%.1f", bench.rows[i].budget);
		if (bench.rows[i].reference)
			fprintf(f, ",\"%s\",%.3f,%.2f\n", bench.rows[i].reference, bench.rows[i].reference_ns,
				bench.rows[i].ns / bench.rows[i].reference_ns);
		else
			fprintf(f, ",,,\n");
	}
	return fclose(f) ? 1 : 0;
}

int bench_finish(void)
{
	int err = bench.json ? write_json() : 0;

	return bench.csv && write_csv() ? 1 : err;
}
