/* SPDX-License-Identifier: ISC */
#include "stranger.h"

#include <string.h>

#include "check.h"
#include "core/cookie.h"
#include "core/wire.h"
#include "host.h"
#include "network.h"

enum {
	REPLAYS = 12,      /* datagrams at once, at most */
	GARBAGE = 20,      /* likewise */
	TYPES = 6,         /* message types tried: 0 to 5 */
	GARBAGE_MAX = 300, /* bytes */
	FIRST_WAVE = 130,  /* handshake messages, more than makes load */
	LARGE_WAVE = 1400, /* more than cookie replies may be sent */
	NEXT_WAVE = 55,
	WAVES = 12,
	WAVE_MS = 250,
	CLOSES = 200, /* per mille of all replays */
	CLOSE_LEN = WIRE_DATA_MIN + WIRE_KIND_LEN,
};

static struct addr
strict_addr(struct world *w)
{
	return world_stranger_addr(
	    w, (unsigned int)rng_below(&w->random, WORLD_RACERS));
}

static struct addr
racer_addr(struct world *w)
{
	return world_stranger_addr(w,
	    WORLD_RACERS +
		(unsigned int)rng_below(
		    &w->random, WORLD_STRANGERS - WORLD_RACERS));
}

/* A member's: what is sent there is no answer to a stranger. */
static struct addr
other_addr(struct world *w)
{
	const unsigned int members =
	    w->host_count - w->hosts[w->host_count - 1].outsider;

	return w->hosts[rng_below(&w->random, members)].addr;
}

static void
hand(struct host *h, const struct addr *from, const uint8_t *data, size_t len)
{
	struct dgram *d = network_make(data, len);

	d->host = d->to = h->number;
	d->from = *from;
	d->at = h->addr;
	h->world->garbage++;
	host_take(h, d);
	network_drop(d);
}

/* What was recorded. */

/* A CLOSE that never arrived: the stranger kept it for later. */
static struct dgram *
pick_close(struct world *w)
{
	const size_t from = rng_below(&w->random, WORLD_RECORDS);

	for (size_t i = 0; i < WORLD_RECORDS; i++) {
		struct dgram *d = w->records[(from + i) % WORLD_RECORDS];

		if (d != NULL && d->len == CLOSE_LEN && d->epoch == 0)
			return d;
	}
	return NULL;
}

static struct dgram *
pick(struct world *w, bool recent)
{
	const size_t age = rng_below(&w->random, recent ? 8 : WORLD_RECORDS);

	if (age >= w->record_count)
		return NULL;
	return w->records[(w->record_count - 1 - age) % WORLD_RECORDS];
}

/* A copy from another address; one that is news to its node only from those
 * addresses that may bring some. */
static void
replay(struct world *w, bool race)
{
	struct dgram *d =
	    rng_chance(&w->random, CLOSES) ? pick_close(w) : pick(w, race);

	if (d == NULL || !host_is_awake(&w->hosts[d->to]))
		return;
	struct host *h = &w->hosts[d->to];
	const bool stale = check_is_stale(h, d);
	const struct addr from = d->from;
	d->from = stale ? strict_addr(w) : race ? racer_addr(w) : other_addr(w);
	d->uses++; /* what the node sends may push it out of the records */
	w->replays = true;
	host_take(h, d);
	host_turn(h);
	w->replays = false;
	d->from = from;
	network_drop(d);
	w->garbage++;
}

/* One bit of what was recorded is another. */
static void
flip(struct world *w)
{
	uint8_t data[GARBAGE_MAX];
	const struct dgram *d = pick(w, true);

	if (d == NULL || d->len > sizeof(data) ||
	    !host_is_awake(&w->hosts[d->to]))
		return;
	const struct addr from = strict_addr(w);
	memcpy(data, d->data, d->len);
	data[rng_below(&w->random, d->len)] ^=
	    (uint8_t)(1u << rng_below(&w->random, 8));
	/* mac2 does not count without load. */
	if ((d->len == WIRE_INITIATION_LEN || d->len == WIRE_RESPONSE_LEN) &&
	    memcmp(data, d->data, d->len - SUITE_MAC_LEN) == 0)
		return;
	hand(&w->hosts[d->to], &from, data, d->len);
	host_turn(&w->hosts[d->to]);
}

/* What is made up. */

static size_t
garbage_len(uint64_t *r, unsigned int type)
{
	static const size_t exact[TYPES] = { 4, WIRE_INITIATION_LEN,
		WIRE_RESPONSE_LEN, WIRE_COOKIE_REPLY_LEN, WIRE_DATA_MIN, 200 };

	return rng_chance(r, 500) ? exact[type] : rng_below(r, GARBAGE_MAX);
}

static void
garbage(struct host *h)
{
	struct world *w = h->world;
	uint64_t *r = &w->random;
	const unsigned int type = (unsigned int)rng_below(r, TYPES);
	const size_t len = garbage_len(r, type);
	const struct addr from = strict_addr(w);
	const struct dgram *d = pick(w, true);
	uint8_t data[GARBAGE_MAX];

	rng_fill(r, data, sizeof(data));
	memcpy(data, (const uint8_t[]){ (uint8_t)type, 0, 0, 0 }, 4);
	/* Often it names an index that is in use. */
	if (d != NULL && rng_chance(r, 500))
		memcpy(data + 4, d->data + 4, 8);
	hand(h, &from, data, len);
}

/* A handshake message with a mac1 that fits, and nothing else; a response is
 * to d, if that is given. */
static void
forged(
    struct host *h, const struct addr *from, const struct dgram *d, size_t len)
{
	struct world *w = h->world;
	uint8_t key[SUITE_KEY_LEN], data[WIRE_INITIATION_LEN];

	rng_fill(&w->random, data, len);
	memset(data, 0, 4);
	data[0] = len == WIRE_INITIATION_LEN ? WIRE_INITIATION : WIRE_RESPONSE;
	if (d != NULL)
		memcpy(data + 8, d->data + 4, 4); /* the index it waits for */
	cookie_mac1_key(key, h->public_key, w->network_id);
	cookie_put_macs(data, len, key);
	if (rng_chance(&w->random, 200))
		rng_fill(&w->random, data + len - SUITE_MAC_LEN, SUITE_MAC_LEN);
	hand(h, from, data, len);
}

static void
wave(struct host *h, uint64_t count)
{
	uint64_t *r = &h->world->random;

	for (; count > 0; count--) {
		const struct addr from = rng_chance(r, 100)
		    ? other_addr(h->world)
		    : strict_addr(h->world);

		forged(h, &from, NULL, WIRE_INITIATION_LEN);
	}
	host_turn(h);
}

static void
next_wave(struct world *w, const struct event *e)
{
	struct event next = *e;

	if (w->calm || next.arg == 0)
		return;
	next.arg--;
	if (host_is_awake(&w->hosts[e->a]))
		wave(&w->hosts[e->a], NEXT_WAVE);
	world_after(w, MS(WAVE_MS), next);
}

static void
flood(struct host *h)
{
	struct world *w = h->world;

	wave(h, rng_chance(&w->random, 50) ? LARGE_WAVE : FIRST_WAVE);
	world_after(w, MS(WAVE_MS),
	    (struct event){ .fn = next_wave,
		.a = h->number,
		.arg = rng_below(&w->random, WAVES) });
}

/* False answers to an initiation, to whoever waits for the true one. */
static void
forge(struct host *h)
{
	struct world *w = h->world;
	const struct dgram *d = pick(w, true);
	const bool answer = d != NULL && d->len == WIRE_INITIATION_LEN &&
	    host_is_awake(&w->hosts[d->host]);
	struct host *to = answer ? &w->hosts[d->host] : h;
	const struct addr from = strict_addr(w);

	for (uint64_t n = rng_range(&w->random, 1, GARBAGE); n > 0; n--)
		forged(to, &from, answer ? d : NULL,
		    answer || rng_chance(&w->random, 500)
			? WIRE_RESPONSE_LEN
			: WIRE_INITIATION_LEN);
	host_turn(to);
}

void
stranger_act(struct world *w, struct host *h, bool race)
{
	uint64_t *r = &w->random;
	uint64_t n = rng_below(r, 10);

	if (n < 5) {
		for (n = rng_range(r, 1, REPLAYS); n > 0; n--)
			replay(w, race && rng_chance(r, 300));
	} else if (n == 5) {
		flip(w);
	} else if (!host_is_awake(h)) {
		return;
	} else if (n < 8) {
		for (n = rng_range(r, 1, GARBAGE); n > 0; n--)
			garbage(h);
		host_turn(h);
	} else if (n == 8) {
		forge(h);
	} else {
		flood(h);
	}
}
