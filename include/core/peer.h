/* SPDX-License-Identifier: ISC */
/*
 * One peer: its handshakes, its keys, its endpoint, its timers, and the
 * frames that wait for it.
 * Source: lansplice-protocol(7), HANDSHAKE, TRANSPORT, TIMERS AND LIMITS.
 * Thread: loop. Memory: the node's; a struct peer does not move.
 */
#ifndef CORE_PEER_H
#define CORE_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/addr.h"
#include "core/drop.h"
#include "core/fragment.h"
#include "core/frame.h"
#include "core/handshake.h"
#include "core/index.h"
#include "core/keys.h"
#include "core/pmtu.h"
#include "core/pool.h"
#include "core/roam.h"
#include "core/sink.h"
#include "core/stage.h"
#include "core/stamp.h"
#include "core/timers.h"
#include "core/units.h"

enum {
	PEER_ADDRS_MAX = 4,     /* configured addresses kept */
	PEER_FAST_TRIES = 20,   /* initiations: the first and 19 retries */
	PEER_RESOLVE_TRIES = 4, /* unanswered ones before a new look-up */
	PEER_CROSSED_MAX = 2,   /* ignored in succession */
};
#define PEER_RETRY SEC(5)
#define PEER_JITTER_NS MS(333) /* added at random to PEER_RETRY, _ANSWER */
#define PEER_SLOW SEC(30)
#define PEER_SLOW_JITTER_NS SEC(5)
#define PEER_INITIATION_GAP MS(20) /* accepted ones are so far apart */
#define PEER_CROSSING SEC(1)       /* age below which initiations cross */
#define PEER_KEEPALIVE SEC(10)
#define PEER_ANSWER SEC(15)
#define PEER_WIPE SEC(540)
#define PEER_CLOSE_PAUSE SEC(5)

/* What all peers of a node share. */
struct peer_env {
	struct sink sink;
	struct handshake_self self;
	struct index_table indices;
	struct pool pool;
	struct drop_counts drops;
	struct stamp stamp;
	bool mss_clamp;
	uint8_t *scratch; /* FRAME_MAX bytes, free between calls */
};

struct peer {
	bool used;
	unsigned int number;
	struct handshake_remote remote;
	uint16_t keepalive_s;
	struct addr configured[PEER_ADDRS_MAX];
	unsigned int configured_count;

	struct path endpoint; /* learned; ADDR_NONE before a session */
	struct roam roam;
	struct pmtu pmtu; /* of the endpoint; size 0 without one */

	struct handshake pending; /* our initiation; index 0: none */
	uint64_t pending_ns;
	uint64_t earliest_ns;  /* no initiation leaves before */
	unsigned int attempts; /* initiations since it was wanted */
	bool slow;             /* the fast retries are over */
	bool due;              /* initiation waits for the stamp floor */
	bool cipher_told;      /* event sent since the last session */
	uint64_t greatest;     /* timestamp accepted */
	uint64_t accepted_ns;  /* when; NEVER: not yet */
	unsigned int crossed;  /* ignored since the last session */

	struct keys keys;
	struct timers timers;
	struct stage stage;
	struct fragment_table fragments;
	uint64_t jitter_ns; /* of this session's answer timer */
	bool up;            /* established, and neither lost nor closed */

	uint64_t made_mono_ns, made_wall_ns; /* the last session; 0: never */
	uint64_t heard_ns;                   /* authentic datagram; 0: never */
	uint64_t rx_frames, rx_bytes, tx_frames, tx_bytes;
};

/* What a datagram held for the switch: a frame in it, or in a chain of the
 * pool that the caller gives back, or nothing. */
struct peer_content {
	uint8_t *frame;
	size_t len;
	struct pool_chain chain;
};

/* p is zeroed, p->number, p->remote and p->keepalive_s are set. */
void peer_init(struct peer *p, const struct peer_env *env);
/* Forgets everything; p->used becomes false. */
void peer_wipe(struct peer *p, struct peer_env *env);

bool peer_is_up(const struct peer *p, const struct now *now);

/* An initiation of this peer's, opened and parsed. Reasons: STALE, RATE,
 * CROSSED, CIPHER, DH, SEND_ROOM. */
MUST_USE enum drop peer_initiation(struct peer_env *env, struct peer *p,
    const struct now *now, const struct path *from, struct handshake *hs,
    const struct wire_offer *offer);

/* A response to p->pending, of WIRE_RESPONSE_LEN bytes with a valid mac1. */
MUST_USE enum drop peer_response(struct peer_env *env, struct peer *p,
    const struct now *now, const struct path *from, const uint8_t *msg);

/* A transport message that names one of the peer's sessions. */
struct peer_dgram {
	const struct path *from;
	uint8_t *data; /* opened where it lies */
	size_t len;    /* at least WIRE_DATA_MIN */
};
MUST_USE enum drop peer_data(struct peer_env *env, struct peer *p,
    const struct now *now, const struct peer_dgram *in,
    struct peer_content *out);

/* Sends a frame now, or keeps it and sees to a session. Counts its drops. */
void peer_send_frame(struct peer_env *env, struct peer *p,
    const struct now *now, const struct frame *f);

/* The addresses that the configuration names; one at least, at most
 * PEER_ADDRS_MAX are kept. */
void peer_resolved(struct peer_env *env, struct peer *p, const struct now *now,
    const struct addr *addrs, unsigned int count);

/* The floor is stored: sends what waited for it. */
void peer_stamp_stored(
    struct peer_env *env, struct peer *p, const struct now *now);

/* Our network changed: asks for a handshake at once, from any address. */
void peer_network_changed(
    struct peer_env *env, struct peer *p, const struct now *now);

/* Drops all keys and begins anew (the clocks jumped). */
void peer_restart(struct peer_env *env, struct peer *p, const struct now *now);

/* Says CLOSE and drops all keys. */
void peer_close(struct peer_env *env, struct peer *p, const struct now *now);

/* Does what is due; p->timers.next is when to call again. */
void peer_tick(struct peer_env *env, struct peer *p, const struct now *now);

#endif
