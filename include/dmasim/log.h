/* SPDX-License-Identifier: MIT */
/*
 * The kernel log of the current machine: what driver code said with printk(), pr_*() and dev_*().
 *
 * The last 1024 messages are kept. The machine option log_level=N also prints messages of levels below N to stderr, as they
 * come: 4 prints errors, 8 prints all.
 */
#ifndef DMASIM_LOG_H
#define DMASIM_LOG_H

#include <dmasim/types.h>

/** dmasim_log_count() - messages said since the machine was created, kept or not; 0 without a current machine */
DMASIM_API size_t dmasim_log_count(void);

/**
 * dmasim_log_line() - one message that is kept
 * @i:     from 0, the oldest
 * @level: its level 0 (emergency) .. 7 (debug); may be NULL
 * @ns:    when; may be NULL
 *
 * Return: its text with the driver's and device's name, without newline; NULL past the end. Valid until the next message.
 */
DMASIM_API const char *dmasim_log_line(size_t i, int *level, uint64_t *ns);

/** dmasim_log_contains() - is there a message that contains @text? */
DMASIM_API bool dmasim_log_contains(const char *text);

/** dmasim_log_clear() - forget the messages */
DMASIM_API void dmasim_log_clear(void);

#endif
