/* SPDX-License-Identifier: ISC */
/*
 * Units and small arithmetic that every layer shares.
 * Times are nanoseconds in a uint64_t.
 */
#ifndef CORE_UNITS_H
#define CORE_UNITS_H

#include <stddef.h>
#include <stdint.h>

#define SEC(n) ((uint64_t)(n)*UINT64_C(1000000000))
#define MS(n) ((uint64_t)(n)*UINT64_C(1000000))
#define US(n) ((uint64_t)(n)*UINT64_C(1000))
#define NEVER UINT64_MAX /* a deadline that does not come */

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define MUST_USE __attribute__((warn_unused_result))

/* One look at both clocks. mono_ns counts sleep; wall_ns is since 1970. */
struct now {
	uint64_t mono_ns;
	uint64_t wall_ns;
};

static inline size_t
size_min(size_t a, size_t b)
{
	return a < b ? a : b;
}

static inline size_t
size_max(size_t a, size_t b)
{
	return a > b ? a : b;
}

static inline uint64_t
u64_min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t
u64_max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

#endif
