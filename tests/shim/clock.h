/* SPDX-License-Identifier: ISC */
/*
 * Clocks as on a Mac that may sleep: CLOCK_MONOTONIC_RAW, CLOCK_MONOTONIC and
 * CLOCK_REALTIME count sleep, CLOCK_UPTIME_RAW does not; clock_gettime(3) of
 * macOS. Thread: any.
 */
#ifndef SHIM_CLOCK_H
#define SHIM_CLOCK_H

#include <stdint.h>

/* The Mac slept so long, now. Nothing waits. */
void shim_clock_sleep(uint64_t ns);

/* So much time goes by, awake, now. */
void shim_clock_pass(uint64_t ns);

#endif
