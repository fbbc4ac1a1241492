/* SPDX-License-Identifier: ISC */
/*
 * Stand-in for macOS's time.h over Linux's; tests/shim/clock.c answers.
 * Source: the SDK's usr/include/time.h, enumeration of clockid_t: the one
 * below is 8, CLOCK_MONOTONIC_RAW is 4 as on Linux.
 */
#ifndef SHIM_TIME_H
#define SHIM_TIME_H
#pragma GCC system_header

#include_next <time.h>

#define CLOCK_UPTIME_RAW 8

#endif
