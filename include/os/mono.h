/* SPDX-License-Identifier: ISC */
/*
 * The clocks. Thread: any.
 * mono_ns counts time asleep: CLOCK_BOOTTIME on Linux (clock_gettime(2)),
 * CLOCK_MONOTONIC_RAW on macOS, which is mach_continuous_time(3).
 */
#ifndef OS_MONO_H
#define OS_MONO_H

#include "core/units.h"

struct now mono_now(void);

/* Nanoseconds since an arbitrary point, without time asleep: CLOCK_MONOTONIC
 * on Linux, CLOCK_UPTIME_RAW (mach_absolute_time(3)) on macOS. */
uint64_t mono_awake_ns(void);

#endif
