/* SPDX-License-Identifier: MIT */
/*
 * What the checker found: to be read by tests and tools.
 *
 * Every violation is counted. Equal ones (same rule, device and places) are one record with a count; the first 1,000
 * distinct ones are kept.
 */
#ifndef DMASIM_VIOLATION_H
#define DMASIM_VIOLATION_H

#include <dmasim/types.h>

/** struct dmasim_place - a source line; NULL and 0 where unknown (no debug information, or no such event) */
struct dmasim_place {
	const char *file;
	int line;
	const char *function;
};

enum dmasim_severity {
	DMASIM_ERROR = 0, /* wrong on some machine that the kernel supports */
	DMASIM_LINT = 1,  /* legal but doubtful; reported only when asked for */
};

/** struct dmasim_violation - one distinct violation */
struct dmasim_violation {
	const char *rule;     /* stable id, e.g. "double-unmap" */
	const char *device;   /* name, copied; "" if no device is concerned */
	dma_addr_t bus_addr;  /* of the first wrong byte, or what the caller passed; 0 if none */
	size_t buffer_offset; /* of the first wrong byte from the start of its mapping or allocation */
	size_t size;	      /* bytes concerned */
	int direction;	      /* enum dma_data_direction of the mapping; 3 (DMA_NONE) if none */
	uint64_t old_value;   /* the first 8 bytes concerned, little endian, before the access; 0 if not applicable */
	uint64_t new_value;   /* and after */
	size_t count;	      /* how often */
	struct dmasim_place act;	 /* who broke the rule */
	struct dmasim_place mapped;	 /* who mapped or allocated the buffer */
	struct dmasim_place handed_over; /* who handed it over last */
	enum dmasim_severity severity;
	bool expected;	  /* an expectation waited for it */
	const char *text; /* the whole report as printed, without colour */
};

/** dmasim_violation_count() - how many violations the current machine saw since created or cleared; exact */
DMASIM_API size_t dmasim_violation_count(void);

/** dmasim_violation_count_of() - how many of one rule; 0 and dmasim_last_error() for an unknown id */
DMASIM_API size_t dmasim_violation_count_of(const char *rule);

/** dmasim_violation() - the ith distinct one, from 0; NULL past the end. Valid until cleared or the machine's end */
DMASIM_API const struct dmasim_violation *dmasim_violation(size_t i);

/** dmasim_violations_clear() - forget all; counts start again at 0 */
DMASIM_API void dmasim_violations_clear(void);

/**
 * dmasim_on_violation() - be called for each violation of the current machine
 * @fn:  runs where the violation was found, after it is recorded; must not call kernel names. NULL: no more calls
 * @arg: given to @fn
 */
DMASIM_API void dmasim_on_violation(void (*fn)(const struct dmasim_violation *violation, void *arg), void *arg);

/** dmasim_rule_exists() - is this a rule id of the catalogue? */
DMASIM_API bool dmasim_rule_exists(const char *rule);

/**
 * dmasim_rules() - look through the catalogue
 * @i: from 0
 * Return: the ith rule's id, or NULL past the end.
 */
DMASIM_API const char *dmasim_rules(size_t i);

/*
 * Expectations: what <dmasim/cmocka.h> is built on; usable from any test framework.
 * A violation that an expectation of the current machine waits for is recorded as expected: it is not printed, and
 * stays out of dmasim_unexpected_violations(). Expectations are met in the order they were made, by distinct
 * violations; repetitions of a distinct violation share its fate.
 */

/**
 * dmasim_expect_violation() - the next distinct violation will be of this rule
 * @rule: its id. One that the catalogue does not have is a mistake of the test: it is reported at once, through
 *        dmasim_on_stop() where that is set, else by abort()
 */
DMASIM_API void dmasim_expect_violation(const char *rule);

/** dmasim_expect_violations() - the next @n distinct ones will be of this rule; 0 expects none and does nothing */
DMASIM_API void dmasim_expect_violations(const char *rule, size_t n);

/** dmasim_allow_violation() - any number of them, now or later, is fine: outside the order of the expected ones */
DMASIM_API void dmasim_allow_violation(const char *rule);

/** dmasim_unexpected_violations() - how many distinct violations of the current machine nothing expected or allowed */
DMASIM_API size_t dmasim_unexpected_violations(void);

/** dmasim_unmet_expectations() - how many expected violations have not come, on the current machine */
DMASIM_API size_t dmasim_unmet_expectations(void);

/**
 * dmasim_verdict() - what a test framework should say at the end of a test
 *
 * Of the current machine; without one, of the machine that the thread destroyed last, its leaks included.
 *
 * Return: NULL if there is neither an unexpected violation nor an unmet expectation; else a text of several lines
 *         with the reports in full, valid until the thread's next call of this function.
 */
DMASIM_API const char *dmasim_verdict(void);

/** dmasim_test_name() - name the test that the current machine serves, in its reports and summary; NULL: unnamed */
DMASIM_API void dmasim_test_name(const char *name);

#endif
