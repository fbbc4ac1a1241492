/* SPDX-License-Identifier: ISC */
/*
 * Every reason for refusing something, each with a name and a counter.
 * The names are what `lansplice status` prints and lansplice(8) explains.
 * Thread: loop. Memory: the caller's.
 */
#ifndef CORE_DROP_H
#define CORE_DROP_H

#include <stdint.h>

#include "core/units.h"

enum drop {
	DROP_NONE = 0,

	/* a datagram, before anything is known of its sender */
	DROP_DGRAM_LENGTH,    /* too short, or not the size of its type */
	DROP_DGRAM_TYPE,      /* no such message type */
	DROP_DGRAM_TRUNCATED, /* longer than the receive buffer */

	/* handshake */
	DROP_MAC1,            /* not made for this key and network */
	DROP_MAC2,            /* under load: the address is not proven */
	DROP_HANDSHAKE_FLOOD, /* under load: too many of that address, or all */
	DROP_HANDSHAKE_QUEUE, /* too many wait already */
	DROP_HANDSHAKE_TRIES, /* too many false responses to one initiation */
	DROP_HANDSHAKE_INDEX, /* answers no initiation of ours */
	DROP_HANDSHAKE_DH,    /* a Diffie-Hellman result of all zeros */
	DROP_HANDSHAKE_OPEN,  /* does not decrypt: key, psk or network differ */
	DROP_HANDSHAKE_PEER,  /* valid, but its key is no peer's */
	DROP_HANDSHAKE_VERSION,
	DROP_HANDSHAKE_FRAME_SIZE, /* announces frames below 1514 */
	DROP_HANDSHAKE_DGRAM_SIZE, /* announces UDP payloads below 548 */
	DROP_HANDSHAKE_STALE,      /* timestamp not greater than the last */
	DROP_HANDSHAKE_RATE,       /* within 20 ms of the last accepted one */
	DROP_HANDSHAKE_CROSSED,    /* ours is under way and takes precedence */
	DROP_HANDSHAKE_CIPHER,     /* no cipher in common */
	DROP_HANDSHAKE_CHOICE,     /* peer chose what was not offered */
	DROP_COOKIE,               /* a cookie reply to nothing of ours */

	/* transport */
	DROP_INDEX,         /* names no session of ours */
	DROP_KEY_EXPIRED,   /* session too old, or its counters used up */
	DROP_OPEN,          /* does not authenticate */
	DROP_REPLAY,        /* counter seen before */
	DROP_REPLAY_OLD,    /* counter behind the window */
	DROP_KIND,          /* unknown kind of content */
	DROP_CONTROL,       /* control message shorter than its layout */
	DROP_PROBE_SIZE,    /* probe that does not have the size it names */
	DROP_PROBE_ACK,     /* answers no probe of ours */
	DROP_PATH_RESPONSE, /* answers no challenge of ours */

	/* fragments */
	DROP_FRAGMENT_INVALID,  /* its header contradicts itself */
	DROP_FRAGMENT_MISMATCH, /* contradicts the frame's first fragment */
	DROP_FRAGMENT_EVICTED,  /* partial frame made room for a newer one */
	DROP_FRAGMENT_EXPIRED,  /* partial frame not complete within 1 s */
	DROP_FRAGMENT_COUNT,    /* frame would need more than 16 */

	/* frames and the switch */
	DROP_FRAME_LENGTH,     /* shorter than 14, or longer than allowed */
	DROP_FRAME_SOURCE,     /* source is a group address */
	DROP_FRAME_OFFLOAD,    /* offload fields that we did not ask for */
	DROP_FRAME_HAIRPIN,    /* destination is where the frame came from */
	DROP_FRAME_NO_FORWARD, /* from peer to peer, which is off here */
	DROP_FRAME_OWN_TUNNEL, /* our own datagram, seen on the LAN port */
	DROP_FDB_FULL,         /* no room to learn a source address */

	/* sending */
	DROP_NO_ENDPOINT,   /* peer has not called, and has no address */
	DROP_STAGE_FULL,    /* oldest waiting frame made room */
	DROP_STAGE_EXPIRED, /* waited for a handshake that never came */
	DROP_POOL,          /* key `memory` is used up */
	DROP_SEND_ROOM,     /* no room in the transmit batch */
	DROP_SEND_SIZE,     /* the system refused the size (EMSGSIZE) */
	DROP_SEND_ERROR,    /* the system refused the datagram */
	DROP_LAN_SEND,      /* the interface did not take the frame */

	DROP_COUNT
};

struct drop_counts {
	uint64_t n[DROP_COUNT];
};

/* The counter's name in words joined by "_"; never NULL. */
const char *drop_name(enum drop reason);

/* Counts one refusal. DROP_NONE counts nothing. */
static inline void
drop_add(struct drop_counts *counts, enum drop reason)
{
	counts->n[reason] += reason != DROP_NONE;
}

#endif
