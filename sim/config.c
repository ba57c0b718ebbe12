// SPDX-License-Identifier: MIT
/*
 * What a spec string says: presets, then overrides.
 *
 * Settings are applied in layers: the preset, DMASIM_OPTIONS, the spec, the forced entries of DMASIM_OPTIONS. What each
 * key means stands in one table, config_options.c. Addresses that nobody named (foreign window, MMIO hole, bus offset)
 * are placed last, by layout.c's one rule for each, as a function of the preset and the banks.
 *
 * Invariant: what sim_config_print() prints, parsed again without an environment, gives the same configuration.
 * Weakness: a path with a comma in it cannot be named in a spec.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <bsd/string.h>
#include "sim/layout.h"
#include "sim/private.h"

/* ---- names that nobody knows ---- */

/* Insertions, deletions, substitutions and swaps of neighbours that make a into b; more than 2 is "far". */
static unsigned int distance(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);
	unsigned int row[3][32];

	if (la > 30 || lb > 30)
		return 3;
	for (size_t i = 0; i <= la; i++) {
		unsigned int *now = row[i % 3], *up = row[(i + 2) % 3], *upup = row[(i + 1) % 3];

		for (size_t j = 0; j <= lb; j++) {
			unsigned int best;

			if (i == 0 || j == 0) {
				now[j] = (unsigned int)(i + j);
				continue;
			}
			best = up[j - 1] + (a[i - 1] != b[j - 1]);
			best = up[j] + 1 < best ? up[j] + 1 : best;
			best = now[j - 1] + 1 < best ? now[j - 1] + 1 : best;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && upup[j - 2] + 1 < best)
				best = upup[j - 2] + 1;
			now[j] = best;
		}
	}
	return row[la % 3][lb];
}

/* "unknown WHAT NAME, did you mean X? Valid are A, B, C" with the names that `nth` lists. */
static int unknown(const char *what, const char *name, const char *(*nth)(size_t i))
{
	char list[1024] = "";
	const char *near = NULL, *s;
	unsigned int best = 3;

	for (size_t i = 0; (s = nth(i)) != NULL; i++) {
		unsigned int d = distance(name, s);

		if (d < best && d < strlen(s)) {
			best = d;
			near = s;
		}
		if (i > 0)
			strlcat(list, ", ", sizeof(list));
		strlcat(list, s, sizeof(list));
	}
	if (near)
		return sim_error(EINVAL, "unknown %s \"%s\", did you mean \"%s\"? Valid are %s", what, name, near,
				 list);
	return sim_error(EINVAL, "unknown %s \"%s\": valid are %s", what, name, list);
}

static const char *nth_key(size_t i)
{
	return sim_config_key(i, NULL, NULL);
}

static int set_key(struct sim_layout *l, const char *key, const char *value)
{
	int err = sim_config_set(l, key, value);

	return err == -ENOENT ? unknown("option", key, nth_key) : err;
}

/* ---- the grammar ---- */

enum layer { LAYER_PLAIN, LAYER_FORCED };

struct text {
	const char *what; /* "spec" or "DMASIM_OPTIONS" */
	const char *s;	  /* may be NULL */
};

/* The next entry between commas: key and value, value NULL without '='. Spaces around it do not count. */
static int next_entry(const struct text *t, const char **at, char entry[512], char **key, char **value)
{
	size_t len = strcspn(*at, ",");
	const char *s = *at;
	char *equals;

	*at += len + (s[len] == ',');
	while (len > 0 && isspace((unsigned char)s[0])) {
		s++;
		len--;
	}
	while (len > 0 && isspace((unsigned char)s[len - 1]))
		len--;
	if (len == 0)
		return sim_error(EINVAL, "%s \"%s\" has an empty entry", t->what, t->s);
	if (len >= 512)
		return sim_error(EINVAL, "%s has an entry of %zu bytes", t->what, len);
	strlcpy(entry, s, len + 1);
	*key = entry;
	*value = NULL;
	equals = strchr(entry, '=');
	if (equals) {
		*equals = '\0';
		*value = equals + 1;
	}
	return 0;
}

/* Apply one layer of a text's entries. In DMASIM_OPTIONS the forced ones are a layer of their own. */
static int apply(struct sim_layout *l, const struct text *t, bool environment, enum layer layer)
{
	const char *at = t->s;
	char entry[512], *key, *value;
	bool first = true;

	l->banks_named = false;
	for (; at && *at; first = false) {
		bool forced = false;
		int err = next_entry(t, &at, entry, &key, &value);

		if (err)
			return err;
		if (!value && first && !environment)
			continue; /* the preset: see find_presets() */
		if (!value)
			return sim_error(EINVAL, "\"%s\" in %s \"%s\" is no key=value%s", key, t->what, t->s,
					 environment ? "" : "; a preset stands first");
		if (environment && strncmp(key, "force.", 6) == 0) {
			forced = true;
			key += 6;
		}
		if (forced != (layer == LAYER_FORCED) || (environment && strcmp(key, "machine") == 0))
			continue;
		err = set_key(l, key, value);
		if (err)
			return err;
	}
	return 0;
}

/* The preset: forced, else the spec's, else the environment's default, else the harshest machine. */
static int choose_preset(struct sim_layout *l, const struct text *spec, const struct text *environment)
{
	char entry[512], *key, *value, named[64] = "", fallback[64] = SIM_DEFAULT_PRESET, forced[64] = "";
	const char *at = spec->s;

	if (at && *at) {
		int err = next_entry(spec, &at, entry, &key, &value);

		if (err)
			return err;
		if (!value)
			strlcpy(named, key, sizeof(named));
	}
	for (at = environment->s; at && *at;) {
		int err = next_entry(environment, &at, entry, &key, &value);

		if (err)
			return err;
		if (value && strcmp(key, "machine") == 0)
			strlcpy(fallback, value, sizeof(fallback));
		if (value && strcmp(key, "force.machine") == 0)
			strlcpy(forced, value, sizeof(forced));
	}
	at = forced[0] ? forced : named[0] ? named : fallback;
	return sim_layout_preset(l, at) ? 0 : unknown("preset", at, sim_config_preset);
}

int sim_config_parse(struct sim_config *cfg, const char *spec, const char *environment)
{
	struct sim_layout layout, *l = &layout;
	struct text s = {"spec", spec}, e = {"DMASIM_OPTIONS", environment};
	int err;

	memset(l, 0, sizeof(*l));
	err = choose_preset(l, &s, &e);
	if (!err)
		err = apply(l, &e, true, LAYER_PLAIN);
	if (!err)
		err = apply(l, &s, false, LAYER_PLAIN);
	if (!err)
		err = apply(l, &e, true, LAYER_FORCED);
	if (!err)
		err = sim_layout_finish(l);
	if (err)
		return err;
	if (strlcpy(l->cfg.spec, spec && *spec ? spec : l->cfg.preset, sizeof(l->cfg.spec)) >= sizeof(l->cfg.spec))
		return sim_error(EINVAL, "the spec is longer than %zu bytes", sizeof(l->cfg.spec) - 1);
	*cfg = l->cfg;
	return 0;
}

size_t sim_config_print(const struct sim_config *cfg, char *buf, size_t size)
{
	const char *key;
	char value[512];
	size_t n;

	if (size > 0)
		buf[0] = '\0';
	n = strlcpy(buf, cfg->preset, size);
#define APPEND(...) (n += (size_t)snprintf(n < size ? buf + n : NULL, n < size ? size - n : 0, __VA_ARGS__))
	for (unsigned int i = 0; i < cfg->nr_banks; i++)
		APPEND(",bank=0x%llx:0x%llx", cfg->banks[i].base, (unsigned long long)cfg->banks[i].size);
	for (size_t i = 0; (key = sim_config_key(i, NULL, NULL)) != NULL; i++) {
		if (sim_config_print_option(cfg, i, value, sizeof(value)))
			APPEND(",%s=%s", key, value);
	}
#undef APPEND
	return n;
}
