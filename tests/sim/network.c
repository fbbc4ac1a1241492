/* SPDX-License-Identifier: ISC */
#include "network.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"

enum {
	FAIR_DELAY_MS = 5, /* of one of the two hosts */
	LONGER_MAX = 40,   /* bytes that damage adds at most */
	LONG_MAX = 2048,
};

struct uplink
network_fair_uplink(void)
{
	return (struct uplink){ .delay_ns = MS(FAIR_DELAY_MS),
		.jitter_ns = US(100),
		.mtu = SIZE_MAX };
}

struct dgram *
network_make(const uint8_t *data, size_t len)
{
	struct dgram *d = malloc(sizeof(*d) + len);

	if (d == NULL)
		abort();
	*d = (struct dgram){ .uses = 1, .len = len };
	memcpy(d->data, data, len);
	return d;
}

void
network_drop(struct dgram *d)
{
	if (d != NULL && --d->uses == 0)
		free(d);
}

static void
arrive(struct world *w, const struct event *e)
{
	struct dgram *d = e->ptr;
	struct host *h = &w->hosts[d->to];

	/* Where it was sent, the host may be no more. */
	if (host_is_awake(h) && addr_equal(&h->addr, &d->at)) {
		host_take(h, d);
		host_turn(h);
	}
	network_drop(d);
}

/* Both directions of both uplinks count. */
static uint64_t
delay(struct world *w, const struct host *h, const struct host *to)
{
	const uint64_t jitter = h->uplink.jitter_ns + to->uplink.jitter_ns;

	return u64_min(WORLD_DELAY_MAX,
	    h->uplink.delay_ns + to->uplink.delay_ns +
		rng_below(&w->random, jitter + 1));
}

static void
put_arrival(struct world *w, uint64_t ns, struct dgram *d)
{
	d->uses++;
	world_after(w, ns, (struct event){ .fn = arrive, .ptr = d });
}

/* A copy with bits turned, or another length. */
static struct dgram *
damaged(struct world *w, const struct dgram *d)
{
	uint64_t *r = &w->random;
	uint8_t data[LONG_MAX + LONGER_MAX];
	size_t len = d->len;

	memcpy(data, d->data, len);
	switch (rng_below(r, 3)) {
	case 0:
		for (uint64_t n = rng_range(r, 1, 3); n > 0; n--)
			data[rng_below(r, len)] ^=
			    (uint8_t)(1u << rng_below(r, 8));
		break;
	case 1:
		len = rng_below(r, len);
		break;
	default:
		rng_fill(r, data + len, LONGER_MAX);
		len += rng_range(r, 1, LONGER_MAX);
		break;
	}
	struct dgram *copy = network_make(data, len);
	copy->host = d->host;
	copy->to = d->to;
	copy->sent_ns = d->sent_ns;
	copy->from = d->from;
	copy->at = d->at;
	return copy;
}

static bool
is_lost(struct world *w, const struct host *h, const struct host *to,
    const struct dgram *d)
{
	return w->cut[h->number][to->number] || d->len > h->uplink.mtu ||
	    d->len > to->uplink.mtu ||
	    rng_chance(&w->random, h->uplink.loss + to->uplink.loss);
}

static void
carry(struct world *w, struct host *h, struct dgram *d)
{
	const struct host *to = &w->hosts[d->to];
	uint64_t *r = &w->random;

	if (is_lost(w, h, to, d))
		return;
	if (rng_chance(r, h->uplink.corrupt)) {
		struct dgram *bad = damaged(w, d);

		put_arrival(w, delay(w, h, to), bad);
		network_drop(bad);
		if (rng_chance(r, 500))
			return;
	}
	put_arrival(w, delay(w, h, to), d);
	while (rng_chance(r, h->uplink.twice))
		put_arrival(w, delay(w, h, to), d);
}

static void
record(struct world *w, struct dgram *d)
{
	struct dgram **at = &w->records[w->record_count++ % WORLD_RECORDS];

	network_drop(*at);
	*at = d;
}

/* FNV-1a over words: it only has to differ where runs differ. */
static void
digest(struct world *w, const struct dgram *d, const struct addr *to)
{
	uint64_t word = 0, sum = w->digest ^ w->now_ns;

	for (size_t i = 0; i + sizeof(word) <= d->len; i += sizeof(word)) {
		memcpy(&word, d->data + i, sizeof(word));
		sum = (sum ^ word) * UINT64_C(0x100000001b3);
		sum ^= sum >> 29;
	}
	memcpy(&word, to->ip, 4);
	w->digest = (sum ^ word ^ (uint64_t)to->port << 32 ^ d->len) *
	    UINT64_C(0x100000001b3);
}

/* A system sends from no address that it has no more. */
static bool
has_address(const struct host *h, const struct addr *local)
{
	return !addr_is_set(local) || addr_equal(local, &h->local);
}

void
network_send(
    struct host *h, const struct path *to, const uint8_t *data, size_t len)
{
	struct world *w = h->world;
	const int host = world_host_of(w, &to->remote);
	struct dgram *d = network_make(data, len);

	d->host = h->number;
	d->sent_ns = w->now_ns;
	d->whole = true;
	d->from = h->addr;
	d->at = to->remote;
	digest(w, d, &to->remote);
	w->datagrams++;
	if (w->options.verbose)
		printf("%.6f s: %u to %d: type %u, %zu bytes\n",
		    (double)w->now_ns / 1e9, h->number,
		    host >= 0 ? host : -1 - world_stranger_of(w, &to->remote),
		    data[0], len);
	if (len > h->uplink.mtu && h->uplink.refuse) {
		h->refused_to = *to;
		h->refused_len = len;
	} else if (host >= 0 && has_address(h, &to->local)) {
		d->to = (unsigned int)host;
		carry(w, h, d);
		d->uses++;
		record(w, d);
	}
	network_drop(d);
}
