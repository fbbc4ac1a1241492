/* SPDX-License-Identifier: ISC */
/*
 * Numbers that follow from a seed: splitmix64 (Steele, Lea, Flood 2014).
 */
#ifndef SIM_RNG_H
#define SIM_RNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline uint64_t
rng_next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static inline uint64_t
rng_below(uint64_t *state, uint64_t limit)
{
	return rng_next(state) % limit;
}

/* A number from low to high, both included. */
static inline uint64_t
rng_range(uint64_t *state, uint64_t low, uint64_t high)
{
	return low + rng_below(state, high - low + 1);
}

/* True so many times of a thousand. */
static inline bool
rng_chance(uint64_t *state, unsigned int per_mille)
{
	return rng_below(state, 1000) < per_mille;
}

static inline void
rng_fill(uint64_t *state, uint8_t *out, size_t len)
{
	uint64_t word = 0;

	for (size_t i = 0; i < len; i++, word >>= 8) {
		if (i % 8 == 0)
			word = rng_next(state);
		out[i] = (uint8_t)word;
	}
}

#endif
