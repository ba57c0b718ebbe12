// SPDX-License-Identifier: MIT
/*
 * The kernel-compatible reporter: how things are said.
 *
 * What a kernel with CONFIG_DMA_API_DEBUG prints is part of what driver authors know: scripts search for it, bug reports
 * quote it. Findings of this library that such a kernel has words for are said in them too, through the kernel log; what
 * the kernel warns of in any configuration is said whether dma_debug is on or off. Counting follows the kernel: an error
 * always counts, is printed while num_errors lasts (1 at first) or all_errors is set, and is counted off num_errors even
 * if the driver filter kept it silent.
 *
 * Weakness: traces name functions, files and lines, as the kernel's decode_stacktrace.sh makes them, for there are no
 * offsets that would mean anything; registers, modules and the kernel's own frames are left out.
 */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/device.h>
#include "lib/check/dma_debug.h"
#include "lib/check/report.h"
#include "lib/core/device.h"
#include "lib/core/task.h"

#define WARNING 4 /* levels of the log */
#define ERROR	3
#define TRACE	5 /* frames that a record keeps */

const char *dma_debug_name(const struct device *dev)
{
	return dev ? k_device_name(dev) : "NULL";
}

static const char *driver_of(const struct device *dev)
{
	return dev ? dev_driver_string(dev) : "NULL";
}

/* ---- traces ---- */

static void say_trace(struct dmasim_machine *m, const struct stack_lines *s, unsigned int max)
{
	for (unsigned int i = 0; i < s->nr && i < max; i++) {
		const struct symbol_line *l = &s->lines[i];

		if (l->role == SYMBOL_LIBRARY)
			continue;
		if (l->file)
			k_log(m, WARNING, " %s (%s:%d)", l->function ? l->function : "?", l->file, l->line);
		else
			k_log(m, WARNING, " %s (%s+0x%lx)", l->function ? l->function : "?", s->symbols[i]->module,
			      (unsigned long)s->symbols[i]->offset);
	}
}

static void place(const struct stack_lines *s, char *buf, size_t size)
{
	const struct symbol_line *l = &s->lines[0];

	if (s->nr && l->file)
		snprintf(buf, size, "%s:%d", l->file, l->line);
	else if (s->nr)
		snprintf(buf, size, "%s+0x%lx", s->symbols[0]->module, (unsigned long)s->symbols[0]->offset);
	else
		snprintf(buf, size, "?");
}

static void warn(const struct dma_debug_at *at, const char *text)
{
	struct dmasim_machine *m = at->m;
	struct stack_lines lines;
	char where[256];

	report_stack_lines(m, at->act, &lines);
	place(&lines, where, sizeof(where));
	k_log(m, WARNING, "------------[ cut here ]------------");
	if (text)
		k_log(m, WARNING, "%s", text);
	k_log(m, WARNING, "WARNING: CPU: 0 PID: %d at %s %s", m->sched->running ? m->sched->running->pub.pid : 0, where,
	      lines.nr && lines.lines[0].function ? lines.lines[0].function : "?");
	k_log(m, WARNING, "Call Trace:");
	say_trace(m, &lines, REPORT_STACK);
	k_log(m, WARNING, "---[ end trace 0000000000000000 ]---");
}

/* ---- what is said ---- */

/* Has this been said? It is now. */
static bool said(struct dmasim_machine *m, enum dma_debug_once once)
{
	u32 bit = once == ONCE_EVERY ? 0 : 1U << once;
	bool before = m->dma_debug->once & bit;

	m->dma_debug->once |= bit;
	return before;
}

void dma_debug_warn(const struct dma_debug_at *at, enum dma_debug_once once, const char *fmt, ...)
{
	char text[512];
	va_list args;

	if (!at->m->dma_debug || said(at->m, once))
		return;
	if (fmt) {
		va_start(args, fmt);
		vsnprintf(text, sizeof(text), fmt, args);
		va_end(args);
	}
	warn(at, fmt ? text : NULL);
}

void dma_debug_dev_warn(const struct dma_debug_at *at, enum dma_debug_once once, const char *fmt, ...)
{
	char text[512];
	va_list args;
	int n;

	if (!at->m->dma_debug || said(at->m, once))
		return;
	n = snprintf(text, sizeof(text), "%s %s: ", driver_of(at->dev), dma_debug_name(at->dev));
	va_start(args, fmt);
	vsnprintf(text + n, sizeof(text) - (size_t)n, fmt, args);
	va_end(args);
	warn(at, text);
}

void dma_debug_dev_line(struct dmasim_machine *m, const struct device *dev, enum dma_debug_once once, const char *fmt,
			...)
{
	char text[512];
	va_list args;

	if (!m->dma_debug || said(m, once))
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	k_log(m, WARNING, "%s %s: %s", driver_of(dev), dma_debug_name(dev), text);
}

void dma_debug_dev_err(struct dmasim_machine *m, const struct device *dev, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (dev)
		k_log(m, ERROR, "%s %s: %s", driver_of(dev), dma_debug_name(dev), text);
	else
		k_log(m, ERROR, "%s", text);
}

void dma_debug_bug(const struct dma_debug_at *at)
{
	struct stack_lines lines;
	char where[256];

	report_stack_lines(at->m, at->act, &lines);
	place(&lines, where, sizeof(where));
	k_log(at->m, 2, "------------[ cut here ]------------");
	k_log(at->m, 2, "kernel BUG at %s!", where);
}

/* Does the driver of this device interest? */
static bool passes(const struct dma_debug *d, const struct device *dev)
{
	if (!d->filter[0])
		return true;
	return dev && dev->driver && dev->driver->name && !strcmp(dev->driver->name, d->filter);
}

void dma_debug_error(const struct dma_debug_at *at, stack_id mapped, const char *fmt, ...)
{
	struct dma_debug *d = at->m->dma_debug;
	struct stack_lines lines;
	char text[768];
	va_list args;
	int n;

	d->error_count++;
	if (passes(d, at->dev) && (d->all_errors || d->num_errors)) {
		n = snprintf(text, sizeof(text), "DMA-API: %s %s: ", driver_of(at->dev), dma_debug_name(at->dev));
		va_start(args, fmt);
		vsnprintf(text + n, sizeof(text) - (size_t)n, fmt, args);
		va_end(args);
		warn(at, text);
		if (mapped) {
			k_log(at->m, WARNING, "DMA-API: Mapped at:");
			report_stack_lines(at->m, mapped, &lines);
			say_trace(at->m, &lines, TRACE);
		}
	}
	if (!d->all_errors && d->num_errors)
		d->num_errors--;
}

/* The first word, or, if that begins with nothing a name could, none. */
void dma_debug_filter(struct dmasim_machine *m, const char *text)
{
	struct dma_debug *d = m->dma_debug;
	size_t n = 0;

	if (!isalnum((unsigned char)text[0])) {
		if (d->filter[0])
			k_log(m, 6, "DMA-API: switching off dma-debug driver filter");
		d->filter[0] = 0;
		return;
	}
	while (n < sizeof(d->filter) - 1 && text[n] && !isspace((unsigned char)text[n]))
		n++;
	memcpy(d->filter, text, n);
	d->filter[n] = 0;
	k_log(m, 6, "DMA-API: enable driver filter for driver [%s]", d->filter);
}

/* ---- life cycle ---- */

int dma_debug_init(struct dmasim_machine *m)
{
	const struct sim_config *cfg = &m->hw->cfg;
	struct dma_debug *d = calloc(1, sizeof(*d));
	u32 rest = cfg->dma_debug_entries % DMA_DEBUG_BATCH;

	if (!d)
		return sim_error(ENOMEM, "no host memory for the kernel's texts");
	m->dma_debug = d;
	d->on = cfg->dma_debug && cfg->checks;
	d->num_errors = 1;
	d->preallocated = cfg->dma_debug_entries + (rest ? DMA_DEBUG_BATCH - rest : 0);
	d->grown = 1;
	if (d->on) {
		k_log(m, 6, "DMA-API: preallocated %u debug entries", d->preallocated);
		k_log(m, 6, "DMA-API: debugging enabled by kernel config");
		/* The filter of the command line is taken as it is, without a word. */
		snprintf(d->filter, sizeof(d->filter), "%s", cfg->dma_debug_driver);
	}
	return dma_debug_files(m);
}

void dma_debug_exit(struct dmasim_machine *m)
{
	free(m->dma_debug);
	m->dma_debug = NULL;
}
