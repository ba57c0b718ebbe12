// SPDX-License-Identifier: MIT
/*
 * The kernel log: a ring of messages with level and machine time.
 *
 * Messages are kept for tests, and printed only when the machine's log_level asks. Warnings and bugs that driver code
 * finds itself (WARN_ON, BUG) are violations, reported at the driver's line.
 *
 * Weakness: a message longer than LOG_TEXT is cut, and only the last LOG_LINES are kept; what is dropped is counted.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <dmasim/log.h>
#include <linux/bug.h>
#include <linux/errno.h>
#include <linux/printk.h>
#include "lib/core/device.h"
#include "lib/core/sched.h"
#include "lib/core/stack.h"

#define LOG_LINES     1024
#define LOG_TEXT      1024
#define DEFAULT_LEVEL 4

struct message {
	char *text;
	u64 ns;
	int level;
};

struct k_log {
	struct message ring[LOG_LINES];
	u64 said;  /* ever */
	u64 first; /* number of the oldest that may be asked for: moved by clearing */
	bool open; /* the last one did not end with a newline: KERN_CONT goes on there */
};

int k_log_init(struct dmasim_machine *m)
{
	m->log = calloc(1, sizeof(*m->log));
	return m->log ? 0 : sim_error(ENOMEM, "no host memory for the kernel log");
}

void k_log_exit(struct dmasim_machine *m)
{
	if (!m->log)
		return;
	for (unsigned int i = 0; i < LOG_LINES; i++)
		free(m->log->ring[i].text);
	free(m->log);
	m->log = NULL;
}

static void show(const struct dmasim_machine *m, const struct message *msg)
{
	if (msg->level < (int)m->hw->cfg.log_level)
		fprintf(stderr, "[%5llu.%06llu] %s\n", msg->ns / 1000000000, msg->ns / 1000 % 1000000, msg->text);
}

/* "dad.c: ready": the module's name as it stands in pr_fmt() when the build did not define KBUILD_MODNAME. */
static void drop_suffix(char *text)
{
	size_t n = strcspn(text, " :");

	if (text[n] == ':' && n > 2 && memcmp(text + n - 2, ".c", 2) == 0)
		memmove(text + n - 2, text + n, strlen(text + n) + 1);
}

static void say(struct dmasim_machine *m, int level, bool more, const char *text, size_t n)
{
	struct k_log *log = m->log;
	struct message *msg;

	if (!log)
		return;
	if (more && log->open && log->said > log->first) {
		size_t old;
		char *longer;

		msg = &log->ring[(log->said - 1) % LOG_LINES];
		old = strlen(msg->text);
		longer = realloc(msg->text, old + n + 1);
		if (!longer)
			return;
		memcpy(longer + old, text, n);
		longer[old + n] = '\0';
		msg->text = longer;
	} else {
		msg = &log->ring[log->said++ % LOG_LINES];
		free(msg->text);
		msg->text = strndup(text, n);
		msg->ns = sim_now(m->hw);
		msg->level = level;
		if (!msg->text) {
			log->said--;
			m->hooks.unchecked(m, "kernel messages lost", 1);
			return;
		}
		drop_suffix(msg->text);
		if (log->said - log->first > LOG_LINES)
			log->first = log->said - LOG_LINES;
	}
	n = strlen(msg->text);
	log->open = n == 0 || msg->text[n - 1] != '\n';
	if (!log->open)
		msg->text[n - 1] = '\0';
	show(m, msg);
}

static int vsay(struct dmasim_machine *m, int level, const char *prefix, const char *fmt, va_list args)
{
	char text[LOG_TEXT];
	size_t n = (size_t)snprintf(text, sizeof(text), "%s", prefix);
	bool more = false;
	int added;

	while (fmt && fmt[0] == '\001' && fmt[1]) {
		if (fmt[1] >= '0' && fmt[1] <= '7')
			level = level < 0 ? fmt[1] - '0' : level;
		more = fmt[1] == 'c';
		fmt += 2;
	}
	added = k_vsnprintf(text + n, sizeof(text) - n, fmt, args);
	if ((size_t)added >= sizeof(text) - n) {
		added = (int)(sizeof(text) - n - 1);
		m->hooks.unchecked(m, "kernel messages cut", 1);
	}
	say(m, level < 0 ? DEFAULT_LEVEL : level, more, text, n + (size_t)added);
	return added;
}

void k_log(struct dmasim_machine *m, int level, const char *fmt, ...)
{
	char text[LOG_TEXT];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text) - 1, fmt, args);
	va_end(args);
	strcat(text, "\n");
	say(m, level, false, text, strlen(text));
}

int vprintk(const char *fmt, va_list args)
{
	struct dmasim_machine *m = k_thread.current;

	return m && fmt ? vsay(m, -1, "", fmt, args) : 0;
}

int printk(const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vprintk(fmt, args);
	va_end(args);
	return n;
}

static void dev_say(const char *level, const struct device *dev, const char *fmt, va_list args)
{
	struct dmasim_machine *m = k_thread.current;
	char prefix[160];

	if (!m)
		return;
	if (dev)
		snprintf(prefix, sizeof(prefix), "%s %s: ", dev_driver_string(dev), k_device_name(dev));
	else
		snprintf(prefix, sizeof(prefix), "(NULL device *): ");
	vsay(m, level && level[0] == '\001' && level[1] >= '0' && level[1] <= '7' ? level[1] - '0' : -1, prefix, fmt,
	     args);
}

void dev_printk_level(const char *level, const struct device *dev, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	dev_say(level, dev, fmt, args);
	va_end(args);
}

int dev_err_probe(const struct device *dev, int err, const char *fmt, ...)
{
	struct va_format vf;
	va_list args;

	va_start(args, fmt);
	vf.fmt = fmt;
	vf.va = &args;
	dev_printk_level(err == -EPROBE_DEFER ? KERN_DEBUG : KERN_ERR, dev, "error %pe: %pV", (void *)(long)err, &vf);
	va_end(args);
	return err;
}

void dump_stack(void)
{
	struct dmasim_machine *m = k_machine("dump_stack");
	void *pcs[STACK_FRAMES];
	unsigned int n;

	STACK_ENTER();
	if (!m)
		return;
	n = stack_frames(m, stack_entry(m), pcs, NULL);
	k_log(m, DEFAULT_LEVEL, "Call trace:");
	for (unsigned int i = 0; i < n; i++)
		k_log(m, DEFAULT_LEVEL, " %p", pcs[i]);
}

void print_hex_dump(const char *level, const char *prefix, int prefix_type, int rowsize, int groupsize, const void *buf,
		    size_t len, bool ascii)
{
	struct dmasim_machine *m = k_machine("print_hex_dump");
	const u8 *p;

	STACK_ENTER();
	if (!m)
		return;
	rowsize = rowsize == 32 ? 32 : 16;
	if (groupsize != 2 && groupsize != 4 && groupsize != 8)
		groupsize = 1;
	if (len)
		m->hooks.cpu_access(m, buf, len, false);
	p = k_driver_memory(m, buf, len ? len : 1);
	for (size_t at = 0; p && at < len; at += (size_t)rowsize) {
		char text[256], chars[33] = "";
		size_t n = 0;

		if (prefix_type == DUMP_PREFIX_ADDRESS)
			n = (size_t)snprintf(text, sizeof(text), "%s%p: ", prefix,
					     (const void *)((const u8 *)buf + at));
		else if (prefix_type == DUMP_PREFIX_OFFSET)
			n = (size_t)snprintf(text, sizeof(text), "%s%.8zx: ", prefix, at);
		else
			n = (size_t)snprintf(text, sizeof(text), "%s", prefix);
		for (int i = 0; i < rowsize && at + (size_t)i < len && n < sizeof(text); i++) {
			u8 byte;
			/* Little endian: a group is printed as the number it is. */
			size_t in_group = (size_t)(i / groupsize * groupsize + (groupsize - 1 - i % groupsize));

			if (sim_host_read(&byte, p + at + (at + in_group < len ? in_group : (size_t)i), 1) < 1)
				return;
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%02x%s", byte,
					      i % groupsize == groupsize - 1 ? " " : "");
			if (sim_host_read(&byte, p + at + i, 1) < 1)
				return;
			chars[i] = byte >= 0x20 && byte < 0x7f ? (char)byte : '.';
			chars[i + 1] = '\0';
		}
		printk("%s%s%s\n", level, text, ascii ? chars : "");
	}
}

/* ---- what driver code finds wrong itself ---- */

static void driver_found(struct dmasim_machine *m, const char *rule, const char *condition, const char *fmt,
			 va_list args)
{
	struct finding f = {.rule = rule, .act_verb = "check"};
	unsigned int n = 0;

	f.dev = k_binding_device(m);
	if (condition) {
		f.more[n].label = "condition";
		snprintf(f.more[n++].text, sizeof(f.more[0].text), "%s", condition);
	}
	if (fmt) {
		f.more[n].label = "message";
		k_vsnprintf(f.more[n].text, sizeof(f.more[0].text), fmt, args);
		f.more[n].text[strcspn(f.more[n].text, "\n")] = '\0';
	}
	k_report(m, &f);
}

void dmasim_warn(const char *condition, const char *fmt, ...)
{
	struct dmasim_machine *m = k_machine("WARN");
	va_list args;

	STACK_ENTER();
	if (!m)
		return;
	va_start(args, fmt);
	driver_found(m, "kernel-warning", condition, fmt, args);
	va_end(args);
}

static void no_arguments(struct dmasim_machine *m, const char *condition, ...)
{
	va_list args;

	va_start(args, condition);
	driver_found(m, "kernel-bug", condition, NULL, args);
	va_end(args);
}

void dmasim_bug(const char *condition)
{
	struct dmasim_machine *m = k_machine("BUG");

	STACK_ENTER();
	if (!m)
		abort();
	no_arguments(m, condition);
	k_stop(m, "BUG() in driver code");
}

/* ---- tests read the log ---- */

size_t dmasim_log_count(void)
{
	struct dmasim_machine *m = k_machine("dmasim_log_count");

	return m && m->log ? m->log->said : 0;
}

const char *dmasim_log_line(size_t i, int *level, uint64_t *ns)
{
	struct dmasim_machine *m = k_machine("dmasim_log_line");
	const struct message *msg;

	if (!m || !m->log || i >= m->log->said - m->log->first)
		return NULL;
	msg = &m->log->ring[(m->log->first + i) % LOG_LINES];
	if (level)
		*level = msg->level;
	if (ns)
		*ns = msg->ns;
	return msg->text;
}

bool dmasim_log_contains(const char *text)
{
	const char *line;

	for (size_t i = 0; text && (line = dmasim_log_line(i, NULL, NULL)); i++)
		if (strstr(line, text))
			return true;
	return false;
}

void dmasim_log_clear(void)
{
	struct dmasim_machine *m = k_machine("dmasim_log_clear");

	if (m && m->log)
		m->log->first = m->log->said;
}
