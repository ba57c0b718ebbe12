// SPDX-License-Identifier: MIT
/*
 * The catalogue as a table.
 *
 * rules.def spells ids with underscores, so that they can also name enumerators; users know them in kebab-case. The
 * preprocessor cannot turn one into the other, so a constructor does, once, in a string pool that is only read
 * afterwards. Look-up by name is linear: it happens for reports and expectations, never on a hot path.
 */
#include <string.h>
#include "lib/check/rules.h"

enum {
	NEVER, /* what it needs is on no machine of this version */
	PC = RULE_ON_PC,
	WORST = RULE_ON_WORST,
	BOUNCE = RULE_ON_BOUNCE,
	ALL = PC | WORST | BOUNCE,
	ANY = RULE_BY_ANY,
	SNAPSHOT = RULE_BY_SNAPSHOT,
	INSTRUMENT = RULE_BY_INSTRUMENT,
	ACCESSOR = RULE_BY_ACCESSOR
};

/* One member a rule, laid out as one run of strings. */
#define RULE(id, family, severity, what, fix, see, presets, guards) char id[sizeof(#id)];
struct names {
#include "lib/check/rules.def"
};
#undef RULE

#define RULE(id, family, severity, what, fix, see, presets, guards) .id = #id,
static struct names names = {
#include "lib/check/rules.def"
};
#undef RULE

#define RULE(id, family, severity, what, fix, see, presets, guards) \
	{names.id, FAMILY_##family, DMASIM_##severity, what, fix, see, presets, guards},
const struct rule rules[NR_RULES + 1] = {
#include "lib/check/rules.def"
	{.id = NULL}};
#undef RULE

static void __attribute__((constructor)) spell_ids(void)
{
	char *p = (char *)&names;

	for (size_t i = 0; i < sizeof(names); i++)
		if (p[i] == '_')
			p[i] = '-';
}

int rule_find(const char *id)
{
	for (int i = 0; id && i < NR_RULES; i++)
		if (!strcmp(rules[i].id, id))
			return i;
	return -1;
}

const char *rule_family_name(enum rule_family family)
{
	static const char *const family_names[NR_RULE_FAMILIES] = {
		[FAMILY_LIFECYCLE] = "lifecycle",
		[FAMILY_SYNC] = "sync",
		[FAMILY_CPU_ACCESS] = "cpu-access",
		[FAMILY_DEVICE_ACCESS] = "device-access",
		[FAMILY_MEMORY] = "memory",
		[FAMILY_SCATTERLIST] = "scatterlist",
		[FAMILY_HEAP] = "heap",
		[FAMILY_MASK] = "mask",
		[FAMILY_COHERENT] = "coherent",
		[FAMILY_POOL] = "pool",
		[FAMILY_SWIOTLB] = "swiotlb",
		[FAMILY_CONTEXT] = "context",
		[FAMILY_MMIO] = "mmio",
		[FAMILY_PORTABILITY] = "portability",
	};

	return (unsigned int)family < NR_RULE_FAMILIES ? family_names[family] : "";
}
