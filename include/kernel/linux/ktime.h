/* SPDX-License-Identifier: MIT */
/* Nanoseconds of simulated time as a signed number. Mirrors linux/ktime.h. */
#ifndef DMASIM_LINUX_KTIME_H
#define DMASIM_LINUX_KTIME_H

#include <linux/types.h>

typedef s64 ktime_t;

#ifndef NSEC_PER_SEC
#define MSEC_PER_SEC  1000L
#define USEC_PER_MSEC 1000L
#define NSEC_PER_USEC 1000L
#define NSEC_PER_MSEC 1000000L
#define USEC_PER_SEC  1000000L
#define NSEC_PER_SEC  1000000000L
#endif
#define KTIME_MAX ((s64)(~0ULL >> 1))

/* Since the machine booted. Reading lets a little time pass. Any context. */
DMASIM_API ktime_t ktime_get(void) DMASIM_SYM(ktime_get);
/* The same clock counted from a fixed day, so that it never depends on the host. */
DMASIM_API ktime_t ktime_get_real(void) DMASIM_SYM(ktime_get_real);
#define ktime_get_boottime() ktime_get()
#define ktime_get_raw()	     ktime_get()
#define ktime_get_coarse()   ktime_get()

static inline ktime_t ktime_set(s64 secs, unsigned long nsecs)
{
	return secs >= KTIME_MAX / NSEC_PER_SEC ? KTIME_MAX : secs * NSEC_PER_SEC + (s64)nsecs;
}

static inline ktime_t ktime_add(ktime_t a, ktime_t b)
{
	return (ktime_t)((u64)a + (u64)b);
}

static inline ktime_t ktime_sub(ktime_t a, ktime_t b)
{
	return (ktime_t)((u64)a - (u64)b);
}

static inline ktime_t ktime_add_ns(ktime_t t, u64 ns)
{
	return (ktime_t)((u64)t + ns);
}

static inline ktime_t ktime_sub_ns(ktime_t t, u64 ns)
{
	return (ktime_t)((u64)t - ns);
}

static inline ktime_t ktime_add_us(ktime_t t, u64 us)
{
	return ktime_add_ns(t, us * 1000);
}

static inline ktime_t ktime_add_ms(ktime_t t, u64 ms)
{
	return ktime_add_ns(t, ms * 1000000);
}

static inline int ktime_compare(ktime_t a, ktime_t b)
{
	return a < b ? -1 : a > b;
}

static inline bool ktime_after(ktime_t a, ktime_t b)
{
	return a > b;
}

static inline bool ktime_before(ktime_t a, ktime_t b)
{
	return a < b;
}

static inline s64 ktime_to_ns(ktime_t t)
{
	return t;
}

static inline s64 ktime_to_us(ktime_t t)
{
	return t / 1000;
}

static inline s64 ktime_to_ms(ktime_t t)
{
	return t / 1000000;
}

static inline ktime_t ns_to_ktime(u64 ns)
{
	return (ktime_t)ns;
}

static inline ktime_t us_to_ktime(u64 us)
{
	return (ktime_t)(us * 1000);
}

static inline ktime_t ms_to_ktime(u64 ms)
{
	return (ktime_t)(ms * 1000000);
}

static inline s64 ktime_us_delta(ktime_t later, ktime_t earlier)
{
	return ktime_to_us(ktime_sub(later, earlier));
}

static inline s64 ktime_ms_delta(ktime_t later, ktime_t earlier)
{
	return ktime_to_ms(ktime_sub(later, earlier));
}

static inline u64 ktime_get_ns(void)
{
	return (u64)ktime_get();
}

static inline u64 ktime_get_real_ns(void)
{
	return (u64)ktime_get_real();
}

#define ktime_get_boottime_ns() ktime_get_ns()
#define ktime_get_raw_ns()	ktime_get_ns()

#endif
