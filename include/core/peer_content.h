/* SPDX-License-Identifier: ISC */
/*
 * What transport messages hold: frames, fragments, control messages.
 * Source: lansplice-protocol(7), CONTENT.
 * Thread: loop.
 */
#ifndef CORE_PEER_CONTENT_H
#define CORE_PEER_CONTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/drop.h"
#include "core/peer_state.h"
#include "core/pool.h"
#include "core/session.h"
#include "core/units.h"

/* A transport message that names one of the peer's sessions. */
struct peer_dgram {
	const struct path *from;
	uint8_t *data; /* opened where it lies */
	size_t len;    /* at least WIRE_DATA_MIN */
};

/* What a datagram held for the switch: a frame in it, or in a chain of the
 * pool that the caller gives back, or nothing. */
struct peer_content {
	uint8_t *frame;
	size_t len;
	struct pool_chain chain;
};

/* True for frames and parts of frames. */
bool peer_content_is_data(const uint8_t *text, size_t len);

/*
 * Takes the content of an opened message. Reasons: those of fragments, KIND,
 * CONTROL, PROBE_SIZE, PROBE_ACK, PATH_RESPONSE, FRAGMENT_*, POOL.
 */
MUST_USE enum drop peer_content_take(struct peer_env *env, struct peer *p,
    const struct now *now, const struct peer_dgram *in,
    const struct session_opened *opened, struct peer_content *out);

#endif
