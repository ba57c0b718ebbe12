/* SPDX-License-Identifier: MIT */
/* Reading clocks in other shapes. Mirrors linux/timekeeping.h. Any context; reading lets a little time pass. */
#ifndef DMASIM_LINUX_TIMEKEEPING_H
#define DMASIM_LINUX_TIMEKEEPING_H

#include <linux/ktime.h>

typedef s64 time64_t;

struct timespec64 {
	time64_t tv_sec;
	long tv_nsec;
};

static inline struct timespec64 ktime_to_timespec64(ktime_t t)
{
	struct timespec64 ts = {t / NSEC_PER_SEC, (long)(t % NSEC_PER_SEC)};

	if (ts.tv_nsec < 0) {
		ts.tv_sec--;
		ts.tv_nsec += NSEC_PER_SEC;
	}
	return ts;
}

static inline void ktime_get_ts64(struct timespec64 *ts)
{
	*ts = ktime_to_timespec64(ktime_get());
}

static inline void ktime_get_real_ts64(struct timespec64 *ts)
{
	*ts = ktime_to_timespec64(ktime_get_real());
}

static inline time64_t ktime_get_seconds(void)
{
	return ktime_get() / NSEC_PER_SEC;
}

static inline time64_t ktime_get_real_seconds(void)
{
	return ktime_get_real() / NSEC_PER_SEC;
}

#define ktime_get_boottime_ts64(ts)  ktime_get_ts64(ts)
#define ktime_get_boottime_seconds() ktime_get_seconds()

#endif
