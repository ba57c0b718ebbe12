/* SPDX-License-Identifier: MIT */
/*
 * The catalogue of rules as code sees it. The catalogue itself is rules.def, one line a rule; everything that lists
 * rules (reports, the public look-ups, the doc-page test, the matrix test) reads it through this header.
 */
#ifndef LIB_CHECK_RULES_H
#define LIB_CHECK_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <dmasim/violation.h>

enum rule_family {
	FAMILY_LIFECYCLE,
	FAMILY_SYNC,
	FAMILY_CPU_ACCESS,
	FAMILY_DEVICE_ACCESS,
	FAMILY_MEMORY,
	FAMILY_SCATTERLIST,
	FAMILY_HEAP,
	FAMILY_MASK,
	FAMILY_COHERENT,
	FAMILY_POOL,
	FAMILY_SWIOTLB,
	FAMILY_CONTEXT,
	FAMILY_MMIO,
	FAMILY_PORTABILITY, /* lints of portability=on */
	NR_RULE_FAMILIES
};

/* Presets on which the matrix test demands that the rule fires. */
enum { RULE_ON_PC = 1, RULE_ON_WORST = 2, RULE_ON_BOUNCE = 4 /* pc-swiotlb */ };

/* Guards of which each one alone must see it. ANY: no CPU access is involved, it is seen with every guard. */
enum { RULE_BY_ANY = 1, RULE_BY_SNAPSHOT = 2, RULE_BY_INSTRUMENT = 4, RULE_BY_ACCESSOR = 8 };

struct rule {
	const char *id; /* kebab-case */
	enum rule_family family;
	enum dmasim_severity severity;
	const char *what, *fix;
	const char *see;	      /* rules (R), checks of dma-debug (D) and its blind spots (N) it corresponds to */
	unsigned int presets, guards; /* enum bits above */
};

#define RULE(id, family, severity, what, fix, see, presets, guards) RULE_##id,
enum {
#include "lib/check/rules.def"
	NR_RULES
};
#undef RULE

/* In the order of rules.def; ended by an entry whose id is NULL. */
extern const struct rule rules[NR_RULES + 1];

/* Index of a rule, or -1. */
int rule_find(const char *id);
const char *rule_family_name(enum rule_family family);

#endif
