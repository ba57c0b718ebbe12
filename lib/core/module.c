// SPDX-License-Identifier: MIT
/*
 * Modules: init and exit functions of driver code that is linked into the program.
 *
 * Constructors in the driver's files hand in their parts; parts with one name and file are one module. The list is the
 * process's, under a lock; which modules are loaded is each machine's, as the same driver may run on several.
 *
 * Weakness: a driver's static variables exist once, whatever the number of machines.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <dmasim/machine.h>
#include <linux/module.h>
#include "lib/core/device.h"
#include "lib/core/sched.h"
#include "lib/core/stack.h"

struct loaded {
	struct loaded *next; /* loaded before this one */
	struct dmasim_module_part *init;
	void (*exit)(void);
	char name[64];
};

struct k_modules {
	struct loaded *last;
	struct loaded *leaving; /* their exit functions run, or never came back */
};

static struct dmasim_module_part *parts; /* in link order */
static pthread_mutex_t parts_lock = PTHREAD_MUTEX_INITIALIZER;

void dmasim_module_add(struct dmasim_module_part *part)
{
	struct dmasim_module_part **link = &parts;

	if (!part)
		return;
	pthread_mutex_lock(&parts_lock);
	while (*link && *link != part)
		link = &(*link)->next;
	if (!*link) {
		part->next = NULL;
		*link = part;
	}
	pthread_mutex_unlock(&parts_lock);
}

void dmasim_module_remove(struct dmasim_module_part *part)
{
	pthread_mutex_lock(&parts_lock);
	for (struct dmasim_module_part **link = &parts; *link; link = &(*link)->next) {
		if (*link != part)
			continue;
		*link = part->next;
		break;
	}
	pthread_mutex_unlock(&parts_lock);
}

/* "dad.c" and "dad" are the module dad, "my-dad" is my_dad, as kbuild has it. */
static void module_name(const struct dmasim_module_part *part, char *name, size_t size)
{
	const char *slash = strrchr(part->name, '/');
	size_t n;

	snprintf(name, size, "%s", slash ? slash + 1 : part->name);
	n = strlen(name);
	if (n > 2 && strcmp(name + n - 2, ".c") == 0)
		name[n - 2] = '\0';
	for (char *c = name; *c; c++)
		if (*c == '-')
			*c = '_';
}

static bool same_name(const char *asked, const struct dmasim_module_part *part)
{
	char name[64];

	module_name(part, name, sizeof(name));
	for (const char *c = name;; c++, asked++) {
		if (*c != (*asked == '-' ? '_' : *asked))
			return false;
		if (!*c)
			return true;
	}
}

static struct loaded *find_loaded(struct dmasim_machine *m, const struct dmasim_module_part *init)
{
	struct loaded *l = m->modules->last;

	while (l && l->init != init)
		l = l->next;
	return l;
}

/* The next init part that is not loaded and, if name is given, has it. *known: there is one of that name at all. */
static struct dmasim_module_part *find_init(struct dmasim_machine *m, const char *name, bool *known,
					    struct dmasim_module_part *after)
{
	struct dmasim_module_part *part;
	bool passed = !after;

	*known = false;
	pthread_mutex_lock(&parts_lock);
	for (part = parts; part; part = part->next) {
		bool candidate = passed && part->init && (!name || same_name(name, part));

		if (part == after)
			passed = true;
		*known |= candidate;
		if (candidate && !find_loaded(m, part))
			break;
	}
	pthread_mutex_unlock(&parts_lock);
	return part;
}

static void (*exit_of(const struct dmasim_module_part *init))(void)
{
	void (*fn)(void) = NULL;

	pthread_mutex_lock(&parts_lock);
	for (const struct dmasim_module_part *part = parts; part; part = part->next)
		if (part->exit && strcmp(part->name, init->name) == 0 && strcmp(part->file, init->file) == 0)
			fn = part->exit;
	pthread_mutex_unlock(&parts_lock);
	return fn;
}

static int load(struct dmasim_machine *m, struct dmasim_module_part *part)
{
	struct loaded *l = calloc(1, sizeof(*l));
	int err;

	if (!l)
		return sim_error(ENOMEM, "no host memory for a module");
	module_name(part, l->name, sizeof(l->name));
	l->init = part;
	l->exit = exit_of(part);
	l->next = m->modules->last;
	m->modules->last = l;
	k_callback_enter(m, l->name);
	err = part->init();
	k_callback_exit(m);
	if (err < 0) {
		struct loaded **link = &m->modules->last;

		while (*link != l)
			link = &(*link)->next;
		*link = l->next;
		sim_error(-err, "module %s: its init function returned %d", l->name, err);
		free(l);
	}
	return err;
}

static void unload(struct dmasim_machine *m, struct loaded *l)
{
	struct loaded **link = &m->modules->last;

	while (*link != l)
		link = &(*link)->next;
	*link = l->next;
	l->next = m->modules->leaving;
	m->modules->leaving = l;
	if (l->exit) {
		k_callback_enter(m, l->name);
		l->exit();
		k_callback_exit(m);
	}
	link = &m->modules->leaving;
	while (*link != l)
		link = &(*link)->next;
	*link = l->next;
	free(l);
}

int dmasim_load_module(const char *name)
{
	struct dmasim_machine *m = k_machine("dmasim_load_module");
	struct dmasim_module_part *part = NULL;
	bool known;
	int err = 0;

	STACK_ENTER();
	if (!m)
		return -ENODEV;
	if (k_model_call(m, "dmasim_load_module"))
		return -EBUSY;
	if (name) {
		part = find_init(m, name, &known, NULL);
		if (!part)
			return known ? sim_error(EEXIST, "module %s is loaded already", name)
				     : sim_error(ENOENT, "no module %s is linked into this program", name);
		return load(m, part);
	}
	/* All: the first error is the answer, the others are loaded nevertheless. */
	while ((part = find_init(m, NULL, &known, part))) {
		int one = load(m, part);

		err = err ? err : one;
	}
	return err;
}

int dmasim_unload_module(const char *name)
{
	struct dmasim_machine *m = k_machine("dmasim_unload_module");

	STACK_ENTER();
	if (!m)
		return -ENODEV;
	if (!name)
		return sim_error(EINVAL, "dmasim_unload_module: no name");
	if (k_model_call(m, "dmasim_unload_module"))
		return -EBUSY;
	for (struct loaded *l = m->modules->last; l; l = l->next) {
		if (!same_name(name, l->init))
			continue;
		unload(m, l);
		return 0;
	}
	return sim_error(ENOENT, "module %s is not loaded", name);
}

void k_modules_unload_all(struct dmasim_machine *m)
{
	k_chardevs_close_all(m);
	while (m->modules && m->modules->last)
		unload(m, m->modules->last);
}

int k_modules_init(struct dmasim_machine *m)
{
	m->modules = calloc(1, sizeof(*m->modules));
	return m->modules ? k_chardevs_init(m) : sim_error(ENOMEM, "no host memory for modules");
}

static void forget(struct loaded *l)
{
	while (l) {
		struct loaded *next = l->next;

		free(l);
		l = next;
	}
}

void k_modules_exit(struct dmasim_machine *m)
{
	k_chardevs_exit(m);
	if (!m->modules)
		return;
	forget(m->modules->last);
	forget(m->modules->leaving);
	free(m->modules);
	m->modules = NULL;
}
