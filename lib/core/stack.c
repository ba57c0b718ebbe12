// SPDX-License-Identifier: MIT
/*
 * Call stacks: who did this, in four bytes.
 *
 * A walk along the saved frame pointers, each checked against the bounds of the stack it must lie in, gives up to
 * STACK_FRAMES return addresses; equal stacks share one record, found by a hash table that only grows. Nothing is
 * symbolised here. Where the driver's own code ends (the callers of main, a test framework) is not known at this
 * point either: those frames are trimmed when a report names them.
 *
 * An asynchronous signal may arrive anywhere, also inside here. So the table is read without a lock and always
 * consistent: a record is complete before its slot names it, and a table that was outgrown stays until the machine
 * ends, as the interrupted code may still read it. A handler that interrupts an insertion gets no id for a new stack.
 *
 * Cost: about a nanosecond a frame, and one probe. Weakness: code compiled without frame pointers hides its callers,
 * or, when it keeps something like a stack address in that register, invents one; the C library's and CMocka's frames
 * are such, and are the ones that get trimmed. Distinct stacks beyond MAX_STACKS have no id, which is counted.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* pthread_getattr_np() */
#endif
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "lib/core/stack.h"

/* Following a link that turns out to be none reads other frames' locals: harmless, but not for a sanitizer. */
#define NO_SANITIZE __attribute__((no_sanitize("address", "undefined")))

#define CHUNK_SHIFT 10
#define CHUNK	    (1U << CHUNK_SHIFT)
#define MAX_STACKS  (1U << 20)
#define FIRST_SLOTS 1024U
#define RECENT	    64U

struct record {
	void *pc[STACK_FRAMES];
	u32 nr;
	bool truncated;
};

struct slot {
	u32 hash;
	stack_id id; /* 0 = free */
};

struct table {
	struct table *outgrown; /* by this one */
	size_t bytes;
	u32 mask;
	struct slot slots[];
};

/*
 * The chain of frames that one place of call had last. at[0] is its first frame, at[i + 1] what frame i links to: the next
 * frame, and behind the last one whatever stood there. at[0] 0: not in use.
 */
struct recent {
	stack_id id;
	u32 nr;
	uintptr_t high; /* end of the stack that they all lie on */
	uintptr_t at[STACK_FRAMES + 1];
	uintptr_t pc[STACK_FRAMES];
} __attribute__((aligned(256))); /* found by a shift */

struct k_stacks {
	struct recent recent[RECENT]; /* by recent_slot() */
	struct table *table;
	u32 nr;			     /* ids given: 1 .. nr */
	bool inserting, remembering; /* set meanwhile, for signal handlers to keep off */
	struct record *chunks[MAX_STACKS / CHUNK];
};

/* What one walk found. */
struct walk {
	void *pc[STACK_FRAMES];
	u32 nr, hash;
	bool truncated, ended_at_zero;
};

/* malloc is out of bounds where a signal may have interrupted malloc. */
static void *pages(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static struct table *new_table(u32 slots)
{
	size_t bytes = sizeof(struct table) + slots * sizeof(struct slot);
	struct table *t = pages(bytes);

	if (t) {
		t->bytes = bytes;
		t->mask = slots - 1;
	}
	return t;
}

static void learn_trampoline(void);

int k_stacks_init(struct dmasim_machine *m)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct k_stacks *s = pages(sizeof(*s));

	pthread_once(&once, learn_trampoline);

	if (s)
		s->table = new_table(FIRST_SLOTS);
	if (!s || !s->table) {
		if (s)
			munmap(s, sizeof(*s));
		return sim_error(ENOMEM, "no host memory for the table of call stacks");
	}
	m->stacks = s;
	return 0;
}

void k_stacks_exit(struct dmasim_machine *m)
{
	struct k_stacks *s = m->stacks;

	if (!s)
		return;
	for (struct table *t = s->table, *next; t; t = next) {
		next = t->outgrown;
		munmap(t, t->bytes);
	}
	for (unsigned int i = 0; i < MAX_STACKS / CHUNK && s->chunks[i]; i++)
		munmap(s->chunks[i], CHUNK * sizeof(struct record));
	munmap(s, sizeof(*s));
	m->stacks = NULL;
}

/* ---- bounds ---- */

/* Once a thread. Not where a signal handler may run first: pthread_getattr_np() allocates; so entry points ask early. */
static __attribute__((__noinline__)) void ask_bounds(void)
{
	pthread_attr_t attr;
	void *low;
	size_t size;

	k_thread.stack_low = k_thread.stack_high = 1; /* a handler that comes in between finds nothing, and goes on */
	if (pthread_getattr_np(pthread_self(), &attr))
		return;
	if (!pthread_attr_getstack(&attr, &low, &size)) {
		k_thread.stack_high = (uintptr_t)low + size;
		k_thread.stack_low = (uintptr_t)low;
	}
	pthread_attr_destroy(&attr);
}

static inline __attribute__((__always_inline__)) bool on_thread_stack(uintptr_t p)
{
	if (k_unlikely(!k_thread.stack_high))
		ask_bounds();
	return p - k_thread.stack_low < k_thread.stack_high - k_thread.stack_low;
}

static bool on_signal_stack(uintptr_t p, uintptr_t *high)
{
	stack_t ss;

	if (sigaltstack(NULL, &ss) || (ss.ss_flags & SS_DISABLE))
		return false;
	*high = (uintptr_t)ss.ss_sp + ss.ss_size;
	return p - (uintptr_t)ss.ss_sp < ss.ss_size;
}

bool stack_contains(const void *p)
{
	uintptr_t high;

	return on_thread_stack((uintptr_t)p) || on_signal_stack((uintptr_t)p, &high);
}

/*
 * A handler returns to the trampoline that the C library gave the kernel with it. That address is learnt by giving the
 * kernel a handler and reading back what it was given.
 */
#define PROBE_SIGNAL (SIGRTMAX - 1) /* Valgrind keeps the last one for itself */
static uintptr_t trampoline;

static void unused_handler(int sig)
{
	(void)sig;
}

static void learn_trampoline(void)
{
#if defined(__x86_64__) && defined(SYS_rt_sigaction)
	struct {
		void *handler;
		unsigned long flags;
		uintptr_t restorer;
		unsigned long mask;
	} raw;
	struct sigaction probe = {.sa_handler = unused_handler}, old;

	if (sigaction(PROBE_SIGNAL, &probe, &old))
		return;
	if (!syscall(SYS_rt_sigaction, PROBE_SIGNAL, NULL, &raw, sizeof(raw.mask)))
		trampoline = raw.restorer;
	sigaction(PROBE_SIGNAL, &old, NULL);
#endif
}

NO_SANITIZE bool stack_in_signal(void)
{
	uintptr_t frame = (uintptr_t)__builtin_frame_address(0), next, high;

	if (!on_thread_stack(frame))
		return on_signal_stack(frame, &high);
	for (unsigned int i = 0; trampoline && i < 64; i++) {
		if (frame > k_thread.stack_high - 2 * sizeof(void *) || frame % sizeof(void *))
			return false;
		if (((uintptr_t *)frame)[1] == trampoline)
			return true;
		next = ((uintptr_t *)frame)[0];
		if (next <= frame)
			return false;
		frame = next;
	}
	return false;
}

/* ---- the walk ---- */

static inline void add(struct walk *w, void *pc)
{
	w->pc[w->nr++] = pc;
	w->hash = (w->hash << 5 | w->hash >> 27) ^ (u32)(uintptr_t)pc;
}

/*
 * frame points at {caller's frame, return address}, as every frame in the chain does. Callers' frames lie strictly
 * higher on the same stack; whatever does not is the end, and whether it is a sensible one is for the symboliser to say.
 */
NO_SANITIZE static inline void walk(struct walk *w, uintptr_t frame)
{
	uintptr_t high = k_thread.stack_high, next;

	if (k_unlikely(!on_thread_stack(frame))) {
		if (!on_signal_stack(frame, &high)) {
			/* A stack we know nothing of (a coroutine's): the frame itself is real, its links are not proven. */
			if (frame && w->nr < STACK_FRAMES)
				add(w, ((void **)frame)[1]);
			w->truncated = true;
			return;
		}
	} else {
		high = k_thread.stack_high;
	}
	for (;;) {
		if (w->nr == STACK_FRAMES || frame > high - 2 * sizeof(void *) || frame % sizeof(void *)) {
			w->truncated = true;
			return;
		}
		if (!((void **)frame)[1]) {
			w->ended_at_zero = true;
			return;
		}
		add(w, ((void **)frame)[1]);
		next = ((uintptr_t *)frame)[0];
		if (next <= frame) {
			w->truncated = next != 0;
			return;
		}
		frame = next;
	}
}

/* ---- interning ---- */

static inline struct record *record_of(const struct k_stacks *s, stack_id id)
{
	return &s->chunks[(id - 1) >> CHUNK_SHIFT][(id - 1) & (CHUNK - 1)];
}

static inline bool same(const struct record *r, const struct walk *w)
{
	if (r->nr != w->nr || r->truncated != w->truncated)
		return false;
	for (u32 i = 0; i < w->nr; i++)
		if (r->pc[i] != w->pc[i])
			return false;
	return true;
}

static struct slot *free_slot(struct table *t, u32 hash)
{
	u32 i = hash & t->mask;

	while (t->slots[i].id)
		i = (i + 1) & t->mask;
	return &t->slots[i];
}

static bool grow(struct k_stacks *s)
{
	struct table *old = s->table, *t;

	if (s->nr < (old->mask + 1) / 2)
		return true;
	t = new_table((old->mask + 1) * 4);
	if (!t)
		return s->nr < old->mask - old->mask / 8; /* fuller is slower, but still right */
	for (u32 i = 0; i <= old->mask; i++)
		if (old->slots[i].id)
			*free_slot(t, old->slots[i].hash) = old->slots[i];
	t->outgrown = old;
	__atomic_store_n(&s->table, t, __ATOMIC_RELEASE);
	return true;
}

static __attribute__((__noinline__)) stack_id insert(struct dmasim_machine *m, const struct walk *w, u32 hash)
{
	struct k_stacks *s = m->stacks;
	struct record *r;
	struct slot *slot;
	stack_id id = 0;

	if (s->inserting)
		goto out;
	s->inserting = true;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (s->nr < MAX_STACKS && grow(s)) {
		struct record **chunk = &s->chunks[s->nr >> CHUNK_SHIFT];

		if (!*chunk)
			*chunk = pages(CHUNK * sizeof(struct record));
		if (*chunk) {
			id = ++s->nr;
			r = record_of(s, id);
			memcpy(r->pc, w->pc, sizeof(r->pc));
			r->nr = w->nr;
			r->truncated = w->truncated;
			slot = free_slot(s->table, hash);
			slot->hash = hash;
			__atomic_store_n(&slot->id, id, __ATOMIC_RELEASE);
		}
	}
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	s->inserting = false;
out:
	if (!id)
		m->hooks.unchecked(m, "call stacks not recorded", 1);
	return id;
}

static inline stack_id intern(struct dmasim_machine *m, const struct walk *w)
{
	/* Return addresses differ in their low bits; the multiplication spreads them over the slot bits. */
	u32 hash = w->hash * 0x9e3779b1U;
	const struct table *t;

	if (k_unlikely(!w->nr || !m->stacks))
		return 0;
	hash ^= hash >> 15;
	t = __atomic_load_n(&m->stacks->table, __ATOMIC_ACQUIRE);
	for (u32 i = hash & t->mask;; i = (i + 1) & t->mask) {
		stack_id id = __atomic_load_n(&t->slots[i].id, __ATOMIC_ACQUIRE);

		if (k_unlikely(!id))
			return insert(m, w, hash);
		if (t->slots[i].hash == hash && same(record_of(m->stacks, id), w))
			return id;
	}
}

/* ---- the fast way: the same stack as last time ---- */

static inline struct recent *recent_slot(struct k_stacks *s, uintptr_t frame, uintptr_t pc)
{
	return &s->recent[(frame >> 4 ^ pc) & (RECENT - 1)];
}

/*
 * Does the chain that starts at `frame`, on this thread's stack, still read as remembered? Its first frame is where it
 * was, and that was on this stack, so all of them do, and may be read before it is known that they are linked:
 * that makes the loads independent of each other, which is what a plain walk spends its time on.
 */
NO_SANITIZE static inline __attribute__((__always_inline__)) bool unchanged(const struct recent *c, uintptr_t frame)
{
	if (k_unlikely(c->at[0] != frame) || k_unlikely(c->high != k_thread.stack_high))
		return false;
		/* Two loads a frame, never one: that would have to wait for the stores that have just made the first frame. */
#define SAME_FRAME(i)                                                                        \
	case (i) + 1:                                                                        \
		if (k_unlikely(((const volatile uintptr_t *)c->at[i])[1] != c->pc[i]) ||     \
		    k_unlikely(((const volatile uintptr_t *)c->at[i])[0] != c->at[(i) + 1])) \
			return false;                                                        \
		__attribute__((__fallthrough__))
	switch (c->nr) {
		SAME_FRAME(7);
		SAME_FRAME(6);
		SAME_FRAME(5);
		SAME_FRAME(4);
		SAME_FRAME(3);
		SAME_FRAME(2);
		SAME_FRAME(1);
		SAME_FRAME(0);
	default:
		break;
	}
	return true;
#undef SAME_FRAME
}
_Static_assert(STACK_FRAMES == 8, "unchanged() has a case for each frame");

NO_SANITIZE static void remember(struct k_stacks *s, struct recent *c, uintptr_t frame, const struct walk *w,
				 stack_id id)
{
	uintptr_t at = frame;

	/* One that ended at a return address of 0 has read one frame more than it has addresses: not worth the cases. */
	if (s->remembering || !id || !w->nr || w->ended_at_zero)
		return;
	s->remembering = true;
	c->at[0] = 0;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	c->nr = w->nr;
	c->high = k_thread.stack_high;
	for (u32 i = 0; i < w->nr; i++) {
		c->pc[i] = (uintptr_t)w->pc[i];
		at = *(const uintptr_t *)at;
		c->at[i + 1] = at;
	}
	c->id = id;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	c->at[0] = frame;
	s->remembering = false;
}

NO_SANITIZE static __attribute__((__noinline__)) stack_id capture_slowly(struct dmasim_machine *m, uintptr_t frame)
{
	struct walk w;
	stack_id id;

	w.nr = w.hash = 0;
	w.truncated = w.ended_at_zero = false;
	walk(&w, frame);
	id = intern(m, &w);
	if (m->stacks && on_thread_stack(frame))
		remember(m->stacks, recent_slot(m->stacks, frame, ((uintptr_t *)frame)[1]), frame, &w, id);
	return id;
}

NO_SANITIZE stack_id stack_capture(struct dmasim_machine *m, void *frame)
{
	const struct recent *c;

	if (k_likely(m->stacks && (uintptr_t)frame >= k_thread.stack_low && (uintptr_t)frame < k_thread.stack_high)) {
		c = recent_slot(m->stacks, (uintptr_t)frame, ((uintptr_t *)frame)[1]);
		__asm__("" : "+r"(c)); /* gcc would compute it anew for each frame */
		if (k_likely(unchanged(c, (uintptr_t)frame)))
			return c->id;
	}
	return capture_slowly(m, (uintptr_t)frame);
}

/* frame may be that of the hook that was called from pc, or that of the function that holds pc: both are understood. */
NO_SANITIZE stack_id stack_capture_pc(struct dmasim_machine *m, void *pc, void *frame)
{
	struct walk w;

	w.nr = w.hash = 0;
	w.truncated = w.ended_at_zero = false;
	if (!frame || !on_thread_stack((uintptr_t)frame) || ((void **)frame)[1] != pc)
		add(&w, pc);
	if (frame)
		walk(&w, (uintptr_t)frame);
	return intern(m, &w);
}

stack_id stack_entry(struct dmasim_machine *m)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);
	uintptr_t entry = (uintptr_t)k_thread.entry & ~(uintptr_t)1; /* the watchdog's mark */

	/* In an event, only an entry above us that the event itself made counts; else the line that set it going. */
	if (sim_in_event(m->hw) && !(entry > here && entry < (uintptr_t)m->hw->event_frame))
		return m->hw->cause;
	/* An entry below us on our own stack has returned long ago: nobody called. */
	if (!entry || (entry < here && on_thread_stack(entry) && on_thread_stack(here)))
		return 0;
	return stack_capture(m, (void *)entry);
}

unsigned int stack_frames(struct dmasim_machine *m, stack_id id, void **pcs, bool *truncated)
{
	const struct k_stacks *s = m->stacks;
	const struct record *r;

	if (truncated)
		*truncated = false;
	if (!id || !s || id > s->nr)
		return 0;
	r = record_of(s, id);
	memcpy(pcs, r->pc, r->nr * sizeof(*pcs));
	if (truncated)
		*truncated = r->truncated;
	return r->nr;
}

/* Invariants: every id has exactly one slot, reachable by its hash. */
void stack_check(struct dmasim_machine *m)
{
	const struct k_stacks *s = m->stacks;
	u32 used = 0;

	for (u32 i = 0; i <= s->table->mask; i++) {
		const struct slot *slot = &s->table->slots[i];

		if (!slot->id)
			continue;
		used++;
		assert(slot->id <= s->nr);
		for (u32 j = slot->hash & s->table->mask; j != i; j = (j + 1) & s->table->mask)
			assert(s->table->slots[j].id);
	}
	assert(used == s->nr);
}
