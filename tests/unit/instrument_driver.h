/* SPDX-License-Identifier: MIT */
/* Functions of instrument_driver.c, each of which makes the accesses its name says. */
#ifndef TESTS_UNIT_INSTRUMENT_DRIVER_H
#define TESTS_UNIT_INSTRUMENT_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes_24 {
	uint64_t v[3];
};

struct bytes_100 {
	uint32_t v[25];
};

struct fields {
	unsigned int a : 3, b : 4, c : 25;
};

#define DECLARE_ACCESSES(name, T)                                                       \
	struct packed_##name {                                                          \
		char odd;                                                               \
		T value;                                                                \
	} __attribute__((packed));                                                      \
	extern const int read_##name##_line, write_##name##_line, update_##name##_line; \
	T read_##name(const T *p);                                                      \
	void write_##name(T *p, T v);                                                   \
	void update_##name(T *p);                                                       \
	T read_volatile_##name(const volatile T *p);                                    \
	void write_volatile_##name(volatile T *p, T v);                                 \
	T read_packed_##name(const struct packed_##name *p);                            \
	void write_packed_##name(struct packed_##name *p, T v);                         \
	T atomic_load_##name(const T *p);                                               \
	void atomic_store_##name(T *p, T v);                                            \
	T atomic_add_##name(T *p, T v);                                                 \
	bool atomic_replace_##name(T *p, T old, T v);

DECLARE_ACCESSES(u8, uint8_t)
DECLARE_ACCESSES(u16, uint16_t)
DECLARE_ACCESSES(u32, uint32_t)
DECLARE_ACCESSES(u64, uint64_t)

unsigned __int128 read_u128(const unsigned __int128 *p);
void copy_24(struct bytes_24 *dst, const struct bytes_24 *src);
void copy_100(struct bytes_100 *dst, const struct bytes_100 *src);
void clear_100(struct bytes_100 *dst);
void set_field(struct fields *f);
void memcpy_24(void *dst, const void *src);
void memset_40(void *dst);
void memmove_17(void *dst, const void *src);
bool memcmp_4(const void *a, const void *b);
char *string_copy(char *dst, const char *src);
char *string_copy_bounded(char *dst, const char *src, size_t n);
char *string_append(char *dst, const char *src);
size_t string_length(const char *s);
int string_compare(const char *a, const char *b);
const char *string_find(const char *s, int c);
void clear_loop(unsigned char *p, size_t n);
unsigned int sum_loop(const unsigned char *p, size_t n);
void fences(void);

#endif
