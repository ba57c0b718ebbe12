/* SPDX-License-Identifier: MIT */
/* The code blocks of all rule pages; the table is written by pages.sh. */
#ifndef TESTS_RULES_PAGES_MAIN_H
#define TESTS_RULES_PAGES_MAIN_H

struct device;

extern const struct page_block {
	const char *name; /* RULE-wrong or RULE-right; NULL ends the table */
	void (*const *code)(struct device *dev);
} page_blocks[];

#endif
