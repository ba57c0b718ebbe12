// SPDX-License-Identifier: MIT
/* Lists: which entries there are, which the device may have, and what is said when they are given back. */
#include <linux/scatterlist.h>
#include "tests/rules/rules.h"

/* ---- lists as such ---- */

static void broken_wrong(struct shot *s)
{
	struct scatterlist list[3];

	sg_init_table(list, 3);
	sg_chain(list, 3, list); /* the last entry points back at the first */
	*s = (struct shot){0, ANY_SIZE, 0, 0, 0};
	sink = (unsigned int)AT(s->act, sg_nents(list));
}

static void chained_legal(void)
{
	struct scatterlist head[3], tail[2], *sg;
	int i;

	sg_init_table(head, 3);
	sg_init_table(tail, 2);
	sg_chain(head, 3, tail);
	sink = (unsigned int)sg_nents(head);
	for_each_sg (head, sg, 4, i)
		sink = sg->length;
}

static void short_wrong(struct shot *s)
{
	struct scatterlist list[2], *sg;
	int i;

	sg_init_table(list, 2);
	*s = (struct shot){0, ANY_SIZE, 0, 0, 0};
	for_each_sg (list, sg, AT(s->act, 3), i)
		sink = sg->length;
}

const struct scenario scatterlist_scenarios[] = {
	{"sg-list-broken", broken_wrong, chained_legal, NULL, false},
	{"sg-list-too-short", short_wrong, chained_legal, NULL, false},
	{NULL, NULL, NULL, NULL, false},
};
