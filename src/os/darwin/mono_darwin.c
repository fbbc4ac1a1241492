/* SPDX-License-Identifier: ISC */
#include "os/mono.h"

#include <time.h>

static uint64_t
mono_read(clockid_t id)
{
	struct timespec t = { .tv_sec = 0 };

	/* Fails for an unknown clock only; macOS has all since 10.12. */
	(void)clock_gettime(id, &t);
	return SEC(t.tv_sec) + (uint64_t)t.tv_nsec;
}

/*
 * clock_gettime(3): CLOCK_MONOTONIC_RAW is mach_continuous_time() in
 * nanoseconds, CLOCK_UPTIME_RAW mach_absolute_time(), which stops in sleep.
 * CLOCK_MONOTONIC counts sleep too, but in microseconds, and adjtime(2) may
 * bend it, so that its growth says less beside the other's.
 */
struct now
mono_now(void)
{
	return (struct now){
		.mono_ns = mono_read(CLOCK_MONOTONIC_RAW),
		.wall_ns = mono_read(CLOCK_REALTIME),
	};
}

uint64_t
mono_awake_ns(void)
{
	return mono_read(CLOCK_UPTIME_RAW);
}
