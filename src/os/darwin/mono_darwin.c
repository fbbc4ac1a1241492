/* SPDX-License-Identifier: ISC */
#include "os/mono.h"

#include <time.h>

static uint64_t
mono_read(clockid_t id)
{
	struct timespec t = { .tv_sec = 0 };

	/* Fails for an unknown clock only; macOS has both since 10.12. */
	(void)clock_gettime(id, &t);
	return SEC(t.tv_sec) + (uint64_t)t.tv_nsec;
}

/* macOS makes CLOCK_MONOTONIC of mach_continuous_time(), which counts sleep
 * (CLOCK_UPTIME_RAW is the one that does not); clock_gettime(3). */
struct now
mono_now(void)
{
	return (struct now){
		.mono_ns = mono_read(CLOCK_MONOTONIC),
		.wall_ns = mono_read(CLOCK_REALTIME),
	};
}
