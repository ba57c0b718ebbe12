// SPDX-License-Identifier: MIT
/*
 * The one source of chance.
 *
 * Whatever real life leaves to luck is asked here as "which of n, for decisions of this kind". Each kind is a stream
 * of its own, a splitmix64 counter that starts from the seed and the kind's name: asking one kind more often does not
 * change the answers of another, so a small change of the driver changes little of the run.
 *
 * Invariant: answers depend on the seed, the kind's name and how often that kind was asked; on nothing else.
 * Weakness: a name is hashed on each call, a nanosecond a letter; when no memory is left for a new stream, kinds
 * without one share a single stream.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "sim/private.h"

struct stream {
	char *kind; /* NULL = empty slot */
	uint64_t hash;
	uint64_t state;
};

struct sim_choices {
	struct stream *streams; /* open addressing; a power of two, at most half full */
	unsigned int nr, room;
	struct stream shared; /* for kinds that got no memory */
};

static uint64_t mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static uint64_t hash_name(const char *s)
{
	uint64_t h = 0xcbf29ce484222325ULL; /* FNV-1a */

	while (*s)
		h = (h ^ (unsigned char)*s++) * 0x100000001b3ULL;
	return h;
}

/* The slot that holds the kind, or the empty one where it belongs. */
static struct stream *slot_of(struct stream *streams, unsigned int room, uint64_t hash, const char *kind)
{
	unsigned int i = mix(hash) & (room - 1);

	while (streams[i].kind && (streams[i].hash != hash || strcmp(streams[i].kind, kind) != 0))
		i = (i + 1) & (room - 1);
	return &streams[i];
}

static bool grow(struct sim_choices *c)
{
	unsigned int room = 2 * c->room;
	struct stream *streams = calloc(room, sizeof(*streams));

	if (!streams)
		return false;
	for (unsigned int i = 0; i < c->room; i++) {
		struct stream *s = &c->streams[i];

		if (s->kind)
			*slot_of(streams, room, s->hash, s->kind) = *s;
	}
	free(c->streams);
	c->streams = streams;
	c->room = room;
	return true;
}

static struct stream *stream_of(struct sim_machine *m, const char *kind)
{
	struct sim_choices *c = m->choices;
	uint64_t hash = hash_name(kind);
	struct stream *s = slot_of(c->streams, c->room, hash, kind);

	if (s->kind)
		return s;
	if (2 * (c->nr + 1) > c->room) {
		if (!grow(c))
			return &c->shared;
		s = slot_of(c->streams, c->room, hash, kind);
	}
	s->kind = strdup(kind);
	if (!s->kind)
		return &c->shared;
	s->hash = hash;
	s->state = mix(m->cfg.seed + 0x9e3779b97f4a7c15ULL) ^ mix(hash);
	c->nr++;
	return s;
}

unsigned int sim_random(struct sim_machine *m, const char *kind, unsigned int n)
{
	struct stream *s;

	if (n <= 1)
		return 0;
	s = stream_of(m, kind ? kind : "");
	s->state += 0x9e3779b97f4a7c15ULL;
	return (unsigned int)(((mix(s->state) >> 32) * n) >> 32);
}

unsigned int sim_choice(struct sim_machine *m, const char *kind, const void *site, unsigned int n)
{
	(void)site; /* says who asks to those who read a trace of choices; the answer must not depend on it */
	return m->cfg.chaos ? sim_random(m, kind, n) : 0;
}

int sim_choices_init(struct sim_machine *m)
{
	struct sim_choices *c = calloc(1, sizeof(*c));

	if (c) {
		c->room = 16;
		c->shared.state = mix(m->cfg.seed);
		c->streams = calloc(c->room, sizeof(*c->streams));
	}
	if (!c || !c->streams) {
		free(c);
		return sim_error(ENOMEM, "no memory for the streams of choices");
	}
	m->choices = c;
	return 0;
}

void sim_choices_exit(struct sim_machine *m)
{
	struct sim_choices *c = m->choices;

	if (!c)
		return;
	for (unsigned int i = 0; i < c->room; i++)
		free(c->streams[i].kind);
	free(c->streams);
	free(c);
	m->choices = NULL;
}
