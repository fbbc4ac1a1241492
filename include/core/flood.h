/* SPDX-License-Identifier: ISC */
/*
 * How much handshake work strangers may cause. A meter tells when there is
 * too much of it; then a sender must prove its address (core/cookie.h), and
 * each address, and all together, have a rate.
 * Source: lansplice-protocol(7), TIMERS AND LIMITS, "under load"; WireGuard's
 * ratelimiter.c. Rates are kept as one time each (GCRA, ITU-T I.371): when the
 * bucket would be full again.
 * Thread: loop. Memory: part of the node; nothing is allocated.
 */
#ifndef CORE_FLOOD_H
#define CORE_FLOOD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/addr.h"
#include "core/units.h"

enum {
	FLOOD_LOAD_RATE = 200, /* handshake messages a second */
	FLOOD_LOAD_BURST = 100,
	FLOOD_SOURCE_RATE = 20, /* of one IPv4 address or IPv6 /64 */
	FLOOD_SOURCE_BURST = 5,
	FLOOD_SOURCES = 4096,    /* addresses remembered */
	FLOOD_WAYS = 8,          /* places that an address may have */
	FLOOD_TOTAL_RATE = 1000, /* of all; strangers get half of it */
	FLOOD_TOTAL_BURST = 100,
	FLOOD_REPLY_RATE = 1000, /* cookie replies of all */
	FLOOD_REPLY_BURST = 100,
	FLOOD_KNOWN_REPLIES = 10, /* cookie replies of a known address */
	FLOOD_KNOWN_BITS = 65536, /* of the filter of known addresses */
};
#define FLOOD_STICKY SEC(1)  /* load lasts so long at least */
#define FLOOD_FORGET SEC(1)  /* an address that was full so long */
#define FLOOD_REFRESH SEC(1) /* the filter is made anew */

/* A rate: when its bucket is full again, on the mono clock. Zero is full. */
struct flood_rate {
	uint64_t full_ns;
};

/* What a known address has for itself; one of each peer's. */
struct flood_known {
	struct flood_rate work, replies;
};

/* An address and its rate. */
struct flood_source {
	uint64_t key; /* 0: free */
	struct flood_rate rate;
};

struct flood {
	uint64_t seed;
	uint64_t loaded_until_ns;
	struct flood_rate load;
	struct flood_rate total, strangers;
	struct flood_rate replies;
	uint64_t refresh_ns;
	uint64_t known[FLOOD_KNOWN_BITS / 64];
	struct flood_source sources[FLOOD_SOURCES];
};

/* The memory is zeroed; seed: random, so that nobody can choose addresses
 * that meet in the tables. */
void flood_init(struct flood *f, uint64_t seed);

/* A handshake message with a valid mac1 came. True: we are under load. */
bool flood_note(struct flood *f, uint64_t now_ns);

/* True while flood_note has said so within FLOOD_STICKY. */
bool flood_is_loaded(const struct flood *f, uint64_t now_ns);

/*
 * Whether a message from an address that was proven may be worked on. known:
 * what a known address has for itself, NULL for a stranger.
 */
MUST_USE bool flood_admit(struct flood *f, uint64_t now_ns,
    const struct addr *from, struct flood_known *known);

/* Whether a cookie reply may be sent there. */
MUST_USE bool flood_may_reply(
    struct flood *f, uint64_t now_ns, struct flood_known *known);

/*
 * A filter of the addresses that peers have, so that the table of peers is
 * not searched for each stranger. False of an address that was not added
 * since flood_known_begin; true of a few others as well. flood_known_begin
 * says true when all are to be added anew.
 */
MUST_USE bool flood_known_begin(struct flood *f, uint64_t now_ns);
void flood_known_add(struct flood *f, const struct addr *a);
bool flood_known_maybe(const struct flood *f, const struct addr *a);

#endif
