/* SPDX-License-Identifier: ISC */
#include "core/flood.h"

#include <string.h>

void
flood_init(struct flood *f, uint64_t seed)
{
	f->seed = seed;
}

/*
 * Takes one of a bucket that fills at `rate` a second up to `burst`: as long
 * as it would be full again within (burst - 1) intervals.
 */
static bool
rate_take(struct flood_rate *r, uint64_t now_ns, unsigned int rate,
    unsigned int burst)
{
	const uint64_t interval = SEC(1) / rate;
	const uint64_t full_ns = u64_max(r->full_ns, now_ns);

	if (full_ns - now_ns > (burst - 1) * interval)
		return false;
	r->full_ns = full_ns + interval;
	return true;
}

bool
flood_is_loaded(const struct flood *f, uint64_t now_ns)
{
	return now_ns < f->loaded_until_ns;
}

bool
flood_note(struct flood *f, uint64_t now_ns)
{
	if (!rate_take(&f->load, now_ns, FLOOD_LOAD_RATE, FLOOD_LOAD_BURST))
		f->loaded_until_ns = now_ns + FLOOD_STICKY;
	return flood_is_loaded(f, now_ns);
}

/* splitmix64's finalizer (Steele, Lea, Flood 2014), keyed. */
static uint64_t
mix(uint64_t x, uint64_t seed)
{
	x = (x ^ seed) + UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31) ^ (seed << 1);
}

/* An IPv4 address, or the /64 of an IPv6 address; never 0. */
static uint64_t
source_key(const struct addr *a)
{
	uint64_t key = 0;

	if (a->family == ADDR_IPV4) {
		memcpy(&key, a->ip, 4);
		key |= UINT64_C(1) << 63;
	} else {
		memcpy(&key, a->ip, 8);
	}
	return key == 0 ? 1 : key;
}

static bool
source_is_free(const struct flood_source *s, uint64_t now_ns)
{
	return s->key == 0 ||
	    (now_ns >= s->rate.full_ns &&
		now_ns - s->rate.full_ns >= FLOOD_FORGET);
}

/* The rate of an address; NULL if there is no room to remember it. */
static struct flood_rate *
find_source(struct flood *f, uint64_t now_ns, const struct addr *from)
{
	const uint64_t key = source_key(from);
	struct flood_source *set = f->sources +
	    mix(key, f->seed) % (FLOOD_SOURCES / FLOOD_WAYS) * FLOOD_WAYS;
	struct flood_source *room = NULL;

	for (struct flood_source *s = set; s < set + FLOOD_WAYS; s++) {
		if (s->key == key)
			return &s->rate;
		if (room == NULL && source_is_free(s, now_ns))
			room = s;
	}
	if (room == NULL)
		return NULL;
	*room = (struct flood_source){ .key = key };
	return &room->rate;
}

static bool
admit_stranger(struct flood *f, uint64_t now_ns, const struct addr *from)
{
	struct flood_rate *source = find_source(f, now_ns, from);

	return source != NULL &&
	    rate_take(source, now_ns, FLOOD_SOURCE_RATE, FLOOD_SOURCE_BURST) &&
	    rate_take(&f->strangers, now_ns, FLOOD_TOTAL_RATE / 2,
		FLOOD_TOTAL_BURST / 2);
}

bool
flood_admit(struct flood *f, uint64_t now_ns, const struct addr *from,
    struct flood_known *known)
{
	const bool may = known == NULL
	    ? admit_stranger(f, now_ns, from)
	    : rate_take(
		  &known->work, now_ns, FLOOD_SOURCE_RATE, FLOOD_SOURCE_BURST);

	return may &&
	    rate_take(&f->total, now_ns, FLOOD_TOTAL_RATE, FLOOD_TOTAL_BURST);
}

bool
flood_may_reply(struct flood *f, uint64_t now_ns, struct flood_known *known)
{
	if (known != NULL &&
	    rate_take(&known->replies, now_ns, FLOOD_KNOWN_REPLIES,
		FLOOD_KNOWN_REPLIES))
		return true;
	return rate_take(
	    &f->replies, now_ns, FLOOD_REPLY_RATE, FLOOD_REPLY_BURST);
}

static size_t
known_bit(const struct flood *f, const struct addr *a)
{
	uint64_t low = 0, high = 0;

	memcpy(&low, a->ip, 8);
	memcpy(&high, a->ip + 8, 8);
	return (
	    size_t)(mix(low, mix(high ^ a->port, f->seed)) % FLOOD_KNOWN_BITS);
}

bool
flood_known_begin(struct flood *f, uint64_t now_ns)
{
	if (now_ns < f->refresh_ns)
		return false;
	f->refresh_ns = now_ns + FLOOD_REFRESH;
	memset(f->known, 0, sizeof(f->known));
	return true;
}

void
flood_known_add(struct flood *f, const struct addr *a)
{
	const size_t bit = known_bit(f, a);

	f->known[bit / 64] |= UINT64_C(1) << bit % 64;
}

bool
flood_known_maybe(const struct flood *f, const struct addr *a)
{
	const size_t bit = known_bit(f, a);

	return (f->known[bit / 64] >> bit % 64 & 1) != 0;
}
