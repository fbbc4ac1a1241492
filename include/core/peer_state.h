/* SPDX-License-Identifier: ISC */
/*
 * What is known of one peer, what all peers share, and the events that arm and
 * stop timers. The peer_* modules work on it, each on its part:
 *   peer_call     our own initiations: when, where to, how often
 *   peer_send     what leaves under the current session
 *   peer_path     the endpoint, and whether it may move
 *   peer_content  what transport messages hold
 *   peer          handshakes that come in, sessions, and all that node calls
 * Source: lansplice-protocol(7); WireGuard's timers.c for the events.
 * Thread: loop. Memory: the node's; a struct peer does not move.
 */
#ifndef CORE_PEER_STATE_H
#define CORE_PEER_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/addr.h"
#include "core/cookie.h"
#include "core/drop.h"
#include "core/flood.h"
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
	PEER_RESOLVE_TRIES = 4, /* unanswered ones from look-up to look-up */
	PEER_CROSSED_MAX = 1,   /* ignored in succession */
	PEER_FALSE_MAX = 8,     /* false responses opened of an initiation */
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
#define PEER_COOKIE_PAUSE SEC(5) /* between attempts after a cookie */

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
	unsigned int pending_false; /* responses to it that did not open */
	struct cookie_jar jar;
	uint64_t cookie_ns; /* no attempt for a cookie before */
	struct flood_known known;
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

/* A random number below limit. */
uint64_t peer_state_random(const struct peer_env *env, uint64_t limit);

void peer_state_event(
    const struct peer_env *env, const struct peer *p, enum sink_event_kind k);

/* Tells that a peer which was up does not answer any more. */
void peer_state_lost(const struct peer_env *env, struct peer *p);

/* True if a handshake could be sent somewhere. */
bool peer_state_has_address(const struct peer *p);

/* The session that can be sent under, or NULL. */
struct session *peer_state_current(const struct peer *p, const struct now *now);

/* What happened, and the timers that it arms and stops. */
void peer_state_received(struct peer *p, const struct now *now);
void peer_state_sent(struct peer *p, const struct now *now);
void peer_state_data_received(struct peer *p, const struct now *now);
/* Data, or the message that confirms a session, was sent. */
void peer_state_answer_expected(struct peer *p, const struct now *now);

#endif
