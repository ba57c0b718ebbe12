// SPDX-License-Identifier: MIT
/*
 * The kernel's printf: libc's, plus what kernel code puts behind %p.
 *
 * The format is taken apart into one conversion at a time. Ordinary ones go to libc's vsnprintf() with the argument of
 * their type; %p looks at the letters that follow. Memory behind pointers is copied with sim_host_read(), so that a wild
 * one prints as such instead of ending the test.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* strerrorname_np() */
#endif
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/ioport.h>
#include <linux/kernel.h>
#include <linux/printk.h>
#include "lib/core/device.h"

struct out {
	char *buf;
	size_t size, n; /* n counts what would be written, as snprintf() does */
};

struct spec {
	char text[32]; /* "%-08llx" */
	char letter;
	int width, precision; /* -1: none */
	char length;	      /* h, H (hh), l, L (ll), z, t, j or 0 */
};

static void put(struct out *o, const char *s, size_t n)
{
	if (o->n < o->size) {
		size_t room = o->size - o->n;

		memcpy(o->buf + o->n, s, n < room ? n : room);
	}
	o->n += n;
}

static void puts_padded(struct out *o, const struct spec *sp, const char *s)
{
	size_t n = strlen(s), width = sp->width > 0 ? (size_t)sp->width : 0;
	bool left = strchr(sp->text, '-') != NULL;

	if (sp->precision >= 0 && n > (size_t)sp->precision && sp->letter == 's')
		n = (size_t)sp->precision;
	for (size_t i = n; !left && i < width; i++)
		put(o, " ", 1);
	put(o, s, n);
	for (size_t i = n; left && i < width; i++)
		put(o, " ", 1);
}

static void put_address(struct out *o, const struct spec *sp, const void *p)
{
	unsigned long long value;
	char text[32];

	if (sim_host_read(&value, p, sizeof(value)) < sizeof(value))
		snprintf(text, sizeof(text), "(%p is no memory)", p);
	else
		snprintf(text, sizeof(text), "0x%016llx", value);
	puts_padded(o, sp, text);
}

static void put_bytes(struct out *o, const void *p, size_t n, const char *separator)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char byte;
		char text[8];

		if (sim_host_read(&byte, (const char *)p + i, 1) < 1)
			return;
		snprintf(text, sizeof(text), "%s%02x", i ? separator : "", byte);
		put(o, text, strlen(text));
	}
}

static void put_resource(struct out *o, const struct spec *sp, const void *p)
{
	struct resource res;
	char text[96];

	if (sim_host_read(&res, p, sizeof(res)) < sizeof(res))
		snprintf(text, sizeof(text), "(%p is no memory)", p);
	else
		snprintf(text, sizeof(text), "[%s 0x%llx-0x%llx]",
			 res.flags & IORESOURCE_IRQ  ? "irq"
			 : res.flags & IORESOURCE_IO ? "io "
						     : "mem",
			 res.start, res.end);
	puts_padded(o, sp, text);
}

/* What stands behind "%p"; returns how many letters of it belong to the conversion. */
static size_t pointer(struct out *o, const struct spec *sp, const char *rest, void *p)
{
	char text[32];
	const char *name;

	switch (rest[0]) {
	case 'a': /* a pointer to a phys_addr_t, dma_addr_t or resource_size_t */
		put_address(o, sp, p);
		return rest[1] == 'd' || rest[1] == 'p' || rest[1] == 'r' ? 2 : 1;
	case 'e':
		name = (unsigned long)p >= (unsigned long)-4095 ? strerrorname_np(-(int)(long)p) : NULL;
		if (name)
			snprintf(text, sizeof(text), "-%s", name);
		else
			snprintf(text, sizeof(text), "%p", p);
		puts_padded(o, sp, text);
		return 1;
	case 'M':
		put_bytes(o, p, 6, rest[1] == 'F' ? "-" : ":");
		return rest[1] == 'F' || rest[1] == 'R' ? 2 : 1;
	case 'm':
		put_bytes(o, p, 6, "");
		return 1;
	case 'h':
		put_bytes(o, p, sp->width > 0 ? (size_t)(sp->width < 64 ? sp->width : 64) : 1,
			  rest[1] == 'C'   ? ":"
			  : rest[1] == 'D' ? "-"
			  : rest[1] == 'N' ? ""
					   : " ");
		return rest[1] == 'C' || rest[1] == 'D' || rest[1] == 'N' ? 2 : 1;
	case 'R':
	case 'r':
		put_resource(o, sp, p);
		return 1;
	case 'V': {
		struct va_format vf;
		char inner[1024];
		va_list copy;

		if (sim_host_read(&vf, p, sizeof(vf)) < sizeof(vf))
			return 1;
		va_copy(copy, *vf.va);
		k_vsnprintf(inner, sizeof(inner), vf.fmt, copy);
		va_end(copy);
		put(o, inner, strlen(inner));
		return 1;
	}
	case 'S':
	case 's':
	case 'B':
	case 'f':
	case 'F':
	case 'K':
	case 'x':
		snprintf(text, sizeof(text), "%016lx", (unsigned long)p);
		puts_padded(o, sp, text);
		return 1;
	default:
		snprintf(text, sizeof(text), "%016lx", (unsigned long)p);
		puts_padded(o, sp, text);
		return 0;
	}
}

/* Parse one conversion at fmt, which points behind the %. Returns its length, 0 if it is none we know. */
static size_t parse(const char *fmt, struct spec *sp, va_list *args)
{
	const char *f = fmt;
	size_t n = 0;

	*sp = (struct spec){.width = -1, .precision = -1};
	sp->text[n++] = '%';
	while (*f && strchr("-+ #0'", *f)) {
		if (n < 8)
			sp->text[n++] = *f;
		f++;
	}
	if (*f == '*') {
		sp->width = va_arg(*args, int);
		if (sp->width < 0) {
			sp->text[n++] = '-';
			sp->width = sp->width == -2147483647 - 1 ? 0 : -sp->width;
		}
		f++;
	} else if (*f >= '0' && *f <= '9') {
		for (sp->width = 0; *f >= '0' && *f <= '9'; f++)
			sp->width = sp->width < 100000 ? sp->width * 10 + (*f - '0') : sp->width;
	}
	if (*f == '.') {
		f++;
		sp->precision = 0;
		if (*f == '*') {
			sp->precision = va_arg(*args, int);
			f++;
		} else {
			for (; *f >= '0' && *f <= '9'; f++)
				sp->precision =
					sp->precision < 100000 ? sp->precision * 10 + (*f - '0') : sp->precision;
		}
	}
	if (*f == 'h' || *f == 'l') {
		sp->length = *f;
		if (f[1] == *f) {
			sp->length = *f == 'h' ? 'H' : 'L';
			f++;
		}
		f++;
	} else if (*f && strchr("zZtjLq", *f)) {
		sp->length = *f == 'Z' ? 'z' : *f == 'q' ? 'L' : *f;
		f++;
	}
	sp->letter = *f;
	if (sp->width >= 0)
		n += (size_t)snprintf(sp->text + n, sizeof(sp->text) - n, "%d", sp->width);
	if (sp->precision >= 0)
		n += (size_t)snprintf(sp->text + n, sizeof(sp->text) - n, ".%d", sp->precision);
	return *f && strchr("diouxXcsp%n", *f) ? (size_t)(f - fmt) + 1 : 0;
}

static void integer(struct out *o, struct spec *sp, va_list *args)
{
	bool is_signed = sp->letter == 'd' || sp->letter == 'i';
	unsigned long long value;
	size_t n = strlen(sp->text);
	char text[160];

	switch (sp->length) {
	case 'L':
	case 'j':
		value = va_arg(*args, unsigned long long);
		break;
	case 'l':
	case 'z':
	case 't':
		value = va_arg(*args, unsigned long);
		break;
	default:
		value = is_signed ? (unsigned long long)(long long)va_arg(*args, int) : va_arg(*args, unsigned int);
		if (sp->length == 'h')
			value = is_signed ? (unsigned long long)(short)value : (unsigned short)value;
		if (sp->length == 'H')
			value = is_signed ? (unsigned long long)(signed char)value : (unsigned char)value;
	}
	snprintf(sp->text + n, sizeof(sp->text) - n, "ll%c", sp->letter);
	if (snprintf(text, sizeof(text), sp->text, value) >= (int)sizeof(text))
		snprintf(text, sizeof(text), is_signed ? "%lld" : "%llu", value);
	put(o, text, strlen(text));
}

static void string(struct out *o, const struct spec *sp, const char *s)
{
	char text[1024];
	size_t n;

	if (!s)
		s = "(null)";
	n = sim_host_read(text, s, sp->precision >= 0 && sp->precision < 1023 ? (size_t)sp->precision : 1023);
	text[n] = '\0';
	if (n == 0 && sp->precision != 0)
		snprintf(text, sizeof(text), "(efault)");
	puts_padded(o, sp, text);
}

int k_vsnprintf(char *buf, size_t size, const char *fmt, va_list outer)
{
	struct out o = {.buf = buf, .size = size};
	va_list args;

	va_copy(args, outer);
	if (!fmt)
		fmt = "(null)";
	while (*fmt) {
		const char *percent = strchrnul(fmt, '%');
		struct spec sp;
		size_t n;

		put(&o, fmt, (size_t)(percent - fmt));
		if (!*percent)
			break;
		n = parse(percent + 1, &sp, &args);
		fmt = percent + 1 + n;
		if (n == 0) {
			put(&o, percent, 1);
		} else if (sp.letter == '%') {
			put(&o, "%", 1);
		} else if (sp.letter == 's') {
			string(&o, &sp, va_arg(args, const char *));
		} else if (sp.letter == 'c') {
			char text[2] = {(char)va_arg(args, int), '\0'};

			puts_padded(&o, &sp, text);
		} else if (sp.letter == 'p') {
			fmt += pointer(&o, &sp, fmt, va_arg(args, void *));
		} else if (sp.letter == 'n') {
			(void)va_arg(args, void *); /* the kernel ignores it too */
		} else {
			integer(&o, &sp, &args);
		}
	}
	va_end(args);
	if (size)
		buf[o.n < size ? o.n : size - 1] = '\0';
	return o.n > 0x7fffffff ? 0x7fffffff : (int)o.n;
}

int vscnprintf(char *buf, size_t size, const char *fmt, va_list args)
{
	int n;

	if (!size)
		return 0;
	n = k_vsnprintf(buf, size, fmt, args);
	return (size_t)n < size ? n : (int)(size - 1);
}

int scnprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vscnprintf(buf, size, fmt, args);
	va_end(args);
	return n;
}

/* ---- numbers from text ---- */

static int to_number(const char *s, unsigned int base, bool is_signed, unsigned long long *value, bool *negative)
{
	char *end;

	if (!s)
		return -EINVAL;
	*negative = is_signed && *s == '-';
	if (*negative || *s == '+')
		s++;
	if (!((*s >= '0' && *s <= '9') || (base > 10 && ((*s | 32) >= 'a' && (*s | 32) <= 'z'))) || base == 1 ||
	    base > 36)
		return -EINVAL;
	errno = 0;
	*value = strtoull(s, &end, (int)base);
	if (*end == '\n')
		end++;
	if (*end)
		return -EINVAL;
	return errno == ERANGE ? -ERANGE : 0;
}

int kstrtoull(const char *s, unsigned int base, unsigned long long *res)
{
	unsigned long long value;
	bool negative;
	int err = to_number(s, base, false, &value, &negative);

	if (!err)
		*res = value;
	return err;
}

int kstrtoll(const char *s, unsigned int base, long long *res)
{
	unsigned long long value;
	bool negative;
	int err = to_number(s, base, true, &value, &negative);

	if (err)
		return err;
	if (value > (unsigned long long)0x7fffffffffffffff + negative)
		return -ERANGE;
	*res = negative ? (long long)(0 - value) : (long long)value;
	return 0;
}

int kstrtouint(const char *s, unsigned int base, unsigned int *res)
{
	unsigned long long value;
	int err = kstrtoull(s, base, &value);

	if (!err && value > 0xffffffff)
		err = -ERANGE;
	if (!err)
		*res = (unsigned int)value;
	return err;
}

int kstrtoint(const char *s, unsigned int base, int *res)
{
	long long value;
	int err = kstrtoll(s, base, &value);

	if (!err && value != (int)value)
		err = -ERANGE;
	if (!err)
		*res = (int)value;
	return err;
}

int kstrtobool(const char *s, bool *res)
{
	if (!s)
		return -EINVAL;
	if (*s == 'y' || *s == 'Y' || *s == 't' || *s == 'T' || *s == '1')
		*res = true;
	else if (*s == 'n' || *s == 'N' || *s == 'f' || *s == 'F' || *s == '0')
		*res = false;
	else if ((*s == 'o' || *s == 'O') && (s[1] == 'n' || s[1] == 'N'))
		*res = true;
	else if ((*s == 'o' || *s == 'O') && (s[1] == 'f' || s[1] == 'F'))
		*res = false;
	else
		return -EINVAL;
	return 0;
}
