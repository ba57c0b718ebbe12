// SPDX-License-Identifier: MIT
/*
 * The instrumentation runtime alone: this program plays the library's side of the contract, with an arena of its own,
 * and looks at what arrives from code that the compiler in use instrumented (instrument_driver.c).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <dmasim/instrument_abi.h>
#ifdef HAVE_LIBDW
#include <elfutils/libdwfl.h>
#include <unistd.h>
#endif
#include "tests/unit/instrument_driver.h"

#define ARENA_SIZE 4096

static _Alignas(64) unsigned char arena[ARENA_SIZE];

static struct {
	uintptr_t start;
	size_t n;
	bool write;
	void *pc;
	void *frame;
	void *frame_return, *function_frame, *caller_frame; /* read while the frames live */
} seen[256];
static unsigned int nr_seen, safe_points;
static struct dmasim_instrument_abi *attached;

static void on_access(const volatile void *p, size_t n, bool write, void *pc, void *frame)
{
	if (nr_seen < sizeof(seen) / sizeof(seen[0])) {
		seen[nr_seen].start = (uintptr_t)p;
		seen[nr_seen].n = n;
		seen[nr_seen].write = write;
		seen[nr_seen].pc = pc;
		seen[nr_seen].frame = frame;
		seen[nr_seen].frame_return = ((void **)frame)[1];
		seen[nr_seen].function_frame = ((void **)frame)[0];
		seen[nr_seen].caller_frame = *(void **)seen[nr_seen].function_frame;
	}
	nr_seen++;
}

static void safe_point(void)
{
	safe_points++;
}

int dmasim_instrument_attach(struct dmasim_instrument_abi *abi)
{
	if (abi->version != DMASIM_INSTRUMENT_ABI || abi->size != sizeof(*abi))
		return -1;
	abi->arena_base = (uintptr_t)arena;
	abi->arena_size = ARENA_SIZE;
	abi->on_access = on_access;
	abi->safe_point = safe_point;
	attached = abi;
	return 0;
}

/* What one call made the runtime say. */
#define WATCH(call) (nr_seen = 0, safe_points = 0, (void)(call))

static void expect(unsigned int i, const void *p, size_t n, bool write)
{
	assert_in_range(nr_seen, i + 1, 256);
	assert_int_equal(seen[i].start, (uintptr_t)p);
	assert_int_equal(seen[i].n, n);
	assert_int_equal(seen[i].write, write);
	assert_non_null(seen[i].frame);
}

/* Compilers cut structure copies into pieces of their own choice: every byte once, in any order. */
static void expect_bytes(const void *p, size_t n, bool write)
{
	unsigned char count[256] = {0};

	assert_in_range(n, 1, sizeof(count));
	for (unsigned int i = 0; i < nr_seen; i++)
		for (size_t b = 0; b < seen[i].n; b++)
			if (seen[i].write == write && seen[i].start + b - (uintptr_t)p < n)
				count[seen[i].start + b - (uintptr_t)p]++;
	for (size_t b = 0; b < n; b++)
		assert_int_equal(count[b], 1);
}

#ifdef HAVE_LIBDW
/* Every unit is asked for itself: clang writes no index of addresses (.debug_aranges), which dwfl_getsrc() needs. */
static int line_of(void *pc)
{
	static const Dwfl_Callbacks callbacks = {
		.find_elf = dwfl_linux_proc_find_elf,
		.find_debuginfo = dwfl_standard_find_debuginfo,
	};
	Dwarf_Addr at = (Dwarf_Addr)pc - 1, bias;
	Dwfl *dwfl = dwfl_begin(&callbacks);
	Dwarf_Die *unit = NULL;
	Dwfl_Module *module;
	int line = 0;

	assert_non_null(dwfl);
	dwfl_linux_proc_report(dwfl, getpid());
	dwfl_report_end(dwfl, NULL, NULL);
	module = dwfl_addrmodule(dwfl, at);
	while ((unit = dwfl_module_nextcu(module, unit, &bias)) != NULL) {
		Dwarf_Line *found;

		if (dwarf_haspc(unit, at - bias) != 1)
			continue;
		found = dwarf_getsrc_die(unit, at - bias);
		if (found)
			dwarf_lineno(found, &line);
	}
	dwfl_end(dwfl);
	return line;
}
#define EXPECT_LINE(i, line) assert_int_equal(line_of(seen[i].pc), line)
#else
#define EXPECT_LINE(i, line) (void)(line)
#endif

/* The hook's saved frame pointer is that of the accessing function, and the walk goes on from there. */
static void frame_leads_to_the_caller(void **state)
{
	uint32_t *p = (uint32_t *)arena;

	(void)state;
	WATCH(read_u32(p));
	assert_ptr_equal(seen[0].frame_return, seen[0].pc);
	assert_in_range((uintptr_t)seen[0].function_frame, (uintptr_t)seen[0].frame + 1,
			(uintptr_t)__builtin_frame_address(0));
	assert_ptr_equal(seen[0].caller_frame, __builtin_frame_address(0));
}

#define TEST_ACCESSES(name, T)                                                        \
	static void sees_##name(void **state)                                         \
	{                                                                             \
		T *p = (T *)(arena + 64);                                             \
		struct packed_##name *packed = (struct packed_##name *)(arena + 128); \
                                                                                      \
		(void)state;                                                          \
		WATCH(read_##name(p));                                                \
		expect(0, p, sizeof(T), false);                                       \
		EXPECT_LINE(0, read_##name##_line);                                   \
		assert_int_equal(nr_seen, 1);                                         \
		assert_int_equal(safe_points, 0);                                     \
		WATCH(write_##name(p, (T)0x1122334455667788));                        \
		expect(0, p, sizeof(T), true);                                        \
		EXPECT_LINE(0, write_##name##_line);                                  \
		assert_int_equal(nr_seen, 1);                                         \
		assert_true(*p == (T)0x1122334455667788);                             \
		WATCH(update_##name(p));                                              \
		expect(0, p, sizeof(T), false);                                       \
		expect(1, p, sizeof(T), true);                                        \
		EXPECT_LINE(1, update_##name##_line);                                 \
		assert_int_equal(nr_seen, 2);                                         \
		WATCH(read_volatile_##name(p));                                       \
		expect(0, p, sizeof(T), false);                                       \
		assert_int_equal(safe_points, 1);                                     \
		WATCH(write_volatile_##name(p, 0));                                   \
		expect(0, p, sizeof(T), true);                                        \
		assert_int_equal(safe_points, 0);                                     \
		WATCH(read_packed_##name(packed));                                    \
		expect(0, (char *)packed + 1, sizeof(T), false);                      \
		assert_int_equal(nr_seen, 1);                                         \
		WATCH(write_packed_##name(packed, 1));                                \
		expect(0, (char *)packed + 1, sizeof(T), true);                       \
		assert_int_equal(nr_seen, 1);                                         \
		*p = 40;                                                              \
		WATCH(assert_true(atomic_load_##name(p) == 40));                      \
		expect(0, p, sizeof(T), false);                                       \
		assert_int_equal(nr_seen, 1);                                         \
		assert_int_equal(safe_points, 1);                                     \
		WATCH(atomic_store_##name(p, 41));                                    \
		expect(0, p, sizeof(T), true);                                        \
		assert_int_equal(nr_seen, 1);                                         \
		WATCH(assert_true(atomic_add_##name(p, 2) == 41));                    \
		expect(0, p, sizeof(T), false);                                       \
		expect(1, p, sizeof(T), true);                                        \
		assert_true(*p == 43);                                                \
		WATCH(assert_false(atomic_replace_##name(p, 1, 2)));                  \
		expect(0, p, sizeof(T), false);                                       \
		assert_int_equal(nr_seen, 1);                                         \
		WATCH(assert_true(atomic_replace_##name(p, 43, 2)));                  \
		expect(0, p, sizeof(T), false);                                       \
		expect(1, p, sizeof(T), true);                                        \
		assert_int_equal(nr_seen, 2);                                         \
		assert_true(*p == 2);                                                 \
	}

TEST_ACCESSES(u8, uint8_t)
TEST_ACCESSES(u16, uint16_t)
TEST_ACCESSES(u32, uint32_t)
TEST_ACCESSES(u64, uint64_t)

static void sees_structures(void **state)
{
	struct bytes_24 *a = (struct bytes_24 *)arena, *b = (struct bytes_24 *)(arena + 256);
	struct bytes_100 *c = (struct bytes_100 *)(arena + 512), *d = (struct bytes_100 *)(arena + 1024);

	(void)state;
	WATCH(copy_24(a, b));
	expect_bytes(b, 24, false);
	expect_bytes(a, 24, true);
	WATCH(copy_100(c, d));
	expect_bytes(d, 100, false);
	expect_bytes(c, 100, true);
	WATCH(clear_100(c));
	expect_bytes(c, 100, true);
	WATCH(read_u128((unsigned __int128 *)arena));
	expect_bytes(arena, 16, false);
	WATCH(set_field((struct fields *)arena));
	assert_true(nr_seen >= 1);
	assert_true(seen[nr_seen - 1].write);
}

static void sees_memory_functions(void **state)
{
	(void)state;
	WATCH(memcpy_24(arena, arena + 100));
	expect(0, arena + 100, 24, false);
	expect(1, arena, 24, true);
	WATCH(memmove_17(arena + 5, arena));
	expect(0, arena, 17, false);
	expect(1, arena + 5, 17, true);
	WATCH(memset_40(arena + 9));
	expect(0, arena + 9, 40, true);
	assert_int_equal(arena[9], 0x5a);
	assert_int_equal(arena[48], 0x5a);
	WATCH(memcmp_4(arena, arena + 9));
	expect(0, arena, 4, false);
	expect(1, arena + 9, 4, false);
}

static void sees_string_functions(void **state)
{
	char *in = (char *)arena + 50;

	(void)state;
	WATCH(assert_ptr_equal(string_copy(in, "twelve chars"), in));
	assert_string_equal(in, "twelve chars");
	expect(0, in, 13, true);
	WATCH(assert_int_equal(string_length(in), 12));
	expect(0, in, 13, false);
	WATCH(assert_true(string_compare(in, "twelfth") > 0));
	expect(0, in, 5, false);
	assert_int_equal(nr_seen, 1);
	WATCH(assert_ptr_equal(string_copy_bounded(in + 20, in, 16), in + 20));
	expect(0, in, 13, false);
	expect(1, in + 20, 16, true);
	assert_memory_equal(in + 20, "twelve chars\0\0\0", 16);
	WATCH(string_append(in, "!"));
	expect(0, in, 13, false);
	expect(1, in + 12, 2, true);
	assert_string_equal(in, "twelve chars!");
	WATCH(assert_ptr_equal(string_find(in, 'c'), in + 7));
	expect(0, in, 8, false);
	WATCH(assert_null(string_find(in, 'z')));
	expect(0, in, 14, false);
	WATCH(assert_int_equal(string_length("outside"), 7));
	assert_int_equal(nr_seen, 0);
}

static void sees_loops(void **state)
{
	(void)state;
	WATCH(clear_loop(arena + 3, 77));
	expect_bytes(arena + 3, 77, true);
	memset(arena, 2, 100);
	WATCH(assert_int_equal(sum_loop(arena + 1, 99), 198));
	expect_bytes(arena + 1, 99, false);
}

static void the_rest_of_the_process_is_not_reported(void **state)
{
	uint64_t outside[4] = {0};
	struct bytes_100 a = {{1}}, b;

	(void)state;
	WATCH((read_u64(outside), write_u64(outside + 1, 7), update_u64(outside + 2)));
	assert_int_equal(nr_seen, 0);
	WATCH((copy_100(&b, &a), memset_40(&b), atomic_add_u64(outside, 3)));
	assert_int_equal(nr_seen, 0);
	WATCH(read_u8(arena + ARENA_SIZE - 1));
	assert_int_equal(nr_seen, 1);
	WATCH(memcpy(outside, &a, 0));
	assert_int_equal(nr_seen, 0);
	fences();
}

static void counts_units_and_hits(void **state)
{
	uint64_t before = attached->hits;

	(void)state;
	assert_int_equal(attached->translation_units, 1);
	read_u8(arena);
	assert_int_equal(attached->hits, before + 1);
}

static uint64_t seed;

static uint64_t random64(void)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return seed >> 32 ^ seed << 29;
}

/* Under names of our own: gcc takes those of the hooks for builtins when another sanitizer is on. */
#define ATOMIC_HOOK(bits, name) __asm__("__tsan_atomic" #bits "_" #name)

/* Each hook against the plain operation, called as either compiler calls it. */
#define TEST_ATOMICS(bits, T)                                                                           \
	T hook_load_##bits(const volatile T *p, int order) ATOMIC_HOOK(bits, load);                     \
	void hook_store_##bits(volatile T *p, T v, int order) ATOMIC_HOOK(bits, store);                 \
	T hook_exchange_##bits(volatile T *p, T v, int order) ATOMIC_HOOK(bits, exchange);              \
	T hook_fetch_add_##bits(volatile T *p, T v, int order) ATOMIC_HOOK(bits, fetch_add);            \
	T hook_fetch_sub_##bits(volatile T *p, T v, int order) ATOMIC_HOOK(bits, fetch_sub);            \
	T hook_fetch_and_##bits(volatile T *p, T v, int order) ATOMIC_HOOK(bits, fetch_and);            \
	T hook_fetch_or_##bits(volatile T *p, T v, int order) ATOMIC_HOOK(bits, fetch_or);              \
	T hook_fetch_xor_##bits(volatile T *p, T v, int order) ATOMIC_HOOK(bits, fetch_xor);            \
	T hook_fetch_nand_##bits(volatile T *p, T v, int order) ATOMIC_HOOK(bits, fetch_nand);          \
	bool hook_compare_exchange_strong_##bits(volatile T *p, T *old, T v, int order, int failure)    \
		ATOMIC_HOOK(bits, compare_exchange_strong);                                             \
	bool hook_compare_exchange_weak_##bits(volatile T *p, T *old, T v, int order, int failure)      \
		ATOMIC_HOOK(bits, compare_exchange_weak);                                               \
	T hook_compare_exchange_val_##bits(volatile T *p, T old, T v, int order, int failure)           \
		ATOMIC_HOOK(bits, compare_exchange_val);                                                \
	static void step_##bits(volatile T *p, T *model)                                                \
	{                                                                                               \
		T v = (T)random64() << (bits / 2) ^ (T)random64(), before = *model, old, got = before;  \
		bool equal = random64() & 1;                                                            \
		unsigned int op = (unsigned int)(random64() % 12);                                      \
                                                                                                        \
		old = equal ? before : (T)~before;                                                      \
		switch (op) {                                                                           \
		case 0:                                                                                 \
			got = hook_load_##bits(p, 5);                                                   \
			break;                                                                          \
		case 1:                                                                                 \
			hook_store_##bits(p, v, 5);                                                     \
			*model = v;                                                                     \
			break;                                                                          \
		case 2:                                                                                 \
			got = hook_exchange_##bits(p, v, 5);                                            \
			*model = v;                                                                     \
			break;                                                                          \
		case 3:                                                                                 \
			got = hook_fetch_add_##bits(p, v, 5);                                           \
			*model = (T)(before + v);                                                       \
			break;                                                                          \
		case 4:                                                                                 \
			got = hook_fetch_sub_##bits(p, v, 5);                                           \
			*model = (T)(before - v);                                                       \
			break;                                                                          \
		case 5:                                                                                 \
			got = hook_fetch_and_##bits(p, v, 5);                                           \
			*model = before & v;                                                            \
			break;                                                                          \
		case 6:                                                                                 \
			got = hook_fetch_or_##bits(p, v, 5);                                            \
			*model = before | v;                                                            \
			break;                                                                          \
		case 7:                                                                                 \
			got = hook_fetch_xor_##bits(p, v, 5);                                           \
			*model = before ^ v;                                                            \
			break;                                                                          \
		case 8:                                                                                 \
			got = hook_fetch_nand_##bits(p, v, 5);                                          \
			*model = (T) ~(before & v);                                                     \
			break;                                                                          \
		case 9:                                                                                 \
			got = hook_compare_exchange_val_##bits(p, old, v, 5, 5);                        \
			*model = equal ? v : before;                                                    \
			break;                                                                          \
		case 10:                                                                                \
			assert_int_equal(hook_compare_exchange_strong_##bits(p, &old, v, 5, 5), equal); \
			*model = equal ? v : before;                                                    \
			got = old;                                                                      \
			break;                                                                          \
		default:                                                                                \
			assert_int_equal(hook_compare_exchange_weak_##bits(p, &old, v, 5, 5), equal);   \
			*model = equal ? v : before;                                                    \
			got = old;                                                                      \
		}                                                                                       \
		assert_true(got == before);                                                             \
		assert_true(*p == *model);                                                              \
	}                                                                                               \
	static void atomics_##bits(void **state)                                                        \
	{                                                                                               \
		static T outside;                                                                       \
		T model_in = 0, model_out = 0, *inside = (T *)(arena + 256);                            \
                                                                                                        \
		(void)state;                                                                            \
		*inside = 0;                                                                            \
		for (int i = 0; i < 20000; i++) {                                                       \
			step_##bits(inside, &model_in);                                                 \
			step_##bits(&outside, &model_out);                                              \
		}                                                                                       \
	}

typedef unsigned __int128 uint128;
TEST_ATOMICS(8, uint8_t)
TEST_ATOMICS(16, uint16_t)
TEST_ATOMICS(32, uint32_t)
TEST_ATOMICS(64, uint64_t)
TEST_ATOMICS(128, uint128)

/* The replacements of this program, against byte loops that no compiler turns back into calls. */
static void memory_functions_copy_right(void **state)
{
	static unsigned char real[8192], model[8192];

	(void)state;
	for (int i = 0; i < 3000; i++) {
		size_t n = random64() % (i % 10 ? 80 : 3000), to = random64() % 4096, from = random64() % 4096;
		volatile unsigned char *m = model;

		for (size_t b = 0; b < 16; b++) {
			size_t at = random64() % sizeof(real);

			real[at] = model[at] = (unsigned char)random64();
		}
		switch (random64() % 3) {
		case 0:
			if (to + n > from && from + n > to)
				break;
			assert_ptr_equal(memcpy(real + to, real + from, n), real + to);
			for (size_t b = 0; b < n; b++)
				m[to + b] = m[from + b];
			break;
		case 1:
			assert_ptr_equal(memmove(real + to, real + from, n), real + to);
			for (size_t b = 0; b < n; b++) {
				size_t at = to > from ? n - 1 - b : b;

				m[to + at] = m[from + at];
			}
			break;
		default:
			assert_ptr_equal(memset(real + to, (int)from, n), real + to);
			for (size_t b = 0; b < n; b++)
				m[to + b] = (unsigned char)from;
		}
		for (size_t b = 0; b < sizeof(real); b++)
			if (real[b] != m[b])
				fail_msg("step %d: byte %zu differs", i, b);
	}
}

int main(void)
{
	const char *chosen = getenv("DMASIM_TEST_SEED");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frame_leads_to_the_caller),
		cmocka_unit_test(sees_u8),
		cmocka_unit_test(sees_u16),
		cmocka_unit_test(sees_u32),
		cmocka_unit_test(sees_u64),
		cmocka_unit_test(sees_structures),
		cmocka_unit_test(sees_memory_functions),
		cmocka_unit_test(sees_string_functions),
		cmocka_unit_test(sees_loops),
		cmocka_unit_test(the_rest_of_the_process_is_not_reported),
		cmocka_unit_test(counts_units_and_hits),
		cmocka_unit_test(atomics_8),
		cmocka_unit_test(atomics_16),
		cmocka_unit_test(atomics_32),
		cmocka_unit_test(atomics_64),
		cmocka_unit_test(atomics_128),
		cmocka_unit_test(memory_functions_copy_right),
	};

	seed = chosen ? strtoull(chosen, NULL, 0) : 1;
	printf("DMASIM_TEST_SEED=%llu\n", (unsigned long long)seed);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
