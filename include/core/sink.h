/* SPDX-License-Identifier: ISC */
/*
 * What core asks of whoever runs it: room for datagrams, a taker of frames,
 * random bytes, a place for the timestamp floor, an ear for events.
 * Thread: every function is called on the loop thread, from within a node_*
 * call, and must not call back into the node.
 */
#ifndef CORE_SINK_H
#define CORE_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/addr.h"
#include "core/frame.h"

enum sink_event_kind {
	SINK_PEER_UP,      /* a session is confirmed and there was none */
	SINK_PEER_LOST,    /* no answer, or the last session ran out */
	SINK_PEER_CLOSED,  /* the peer said that it stops */
	SINK_PEER_MOVED,   /* its endpoint changed; path is the new one */
	SINK_PEER_RESOLVE, /* its configured name should be looked up again */
	SINK_PEER_CIPHER,  /* its initiation has no cipher in common with us */
	SINK_PATH_SMALL,   /* the interface towards it has an MTU below 576 */
	SINK_CLOCK_JUMP,   /* clocks disagree: all keys were wiped */
	SINK_EVENT_COUNT
};

struct sink_event {
	enum sink_event_kind kind;
	unsigned int peer; /* number of the peer; 0 where it concerns none */
	struct path path;  /* the peer's endpoint, if it has one */
};

struct sink {
	void *ctx; /* first argument of each function */

	/*
	 * Room for one datagram of at most len bytes to an address; NULL if
	 * there is none. Commit follows before any other call, with the true
	 * length; a length of 0 gives the room back.
	 */
	uint8_t *(*dgram_reserve)(void *ctx, const struct path *to, size_t len);
	void (*dgram_commit)(void *ctx, size_t len);

	/*
	 * A frame for the LAN port. Its bytes stay valid until the next
	 * node_tick, so that frames can be written in batches.
	 */
	void (*frame_deliver)(void *ctx, const struct frame *f);

	/*
	 * Stores the timestamp floor durably. True: stored (or given up, with
	 * a log line). False: under way; node_stamp_stored will tell.
	 */
	bool (*stamp_store)(void *ctx, uint64_t floor);

	/* MTU in bytes of the interface that leads to an address, 0 if none. */
	uint32_t (*link_mtu)(void *ctx, const struct path *to);

	/* len bytes from a cryptographic random source. */
	void (*random)(void *ctx, uint8_t *out, size_t len);

	void (*event)(void *ctx, const struct sink_event *e);
};

#endif
