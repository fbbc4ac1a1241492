/* SPDX-License-Identifier: ISC */
#include "os/mono.h"

#include <time.h>

static uint64_t
mono_read(clockid_t id)
{
	struct timespec t = { .tv_sec = 0 };

	/* Fails for an unknown clock only; Linux has both since 2.6.39. */
	(void)clock_gettime(id, &t);
	return SEC(t.tv_sec) + (uint64_t)t.tv_nsec;
}

struct now
mono_now(void)
{
	return (struct now){
		.mono_ns = mono_read(CLOCK_BOOTTIME),
		.wall_ns = mono_read(CLOCK_REALTIME),
	};
}

uint64_t
mono_awake_ns(void)
{
	return mono_read(CLOCK_MONOTONIC);
}
