/* SPDX-License-Identifier: ISC */
/*
 * The clocks. Thread: any.
 * mono_ns counts time asleep: CLOCK_BOOTTIME on Linux (clock_gettime(2)),
 * CLOCK_MONOTONIC on macOS and BSD.
 */
#ifndef OS_MONO_H
#define OS_MONO_H

#include "core/units.h"

struct now mono_now(void);

#endif
