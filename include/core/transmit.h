/* SPDX-License-Identifier: ISC */
/*
 * Sealing content into datagrams: a control message or a keepalive, a frame
 * whole, or a frame in fragments.
 * Source: lansplice-protocol(7), CONTENT and FRAGMENTS.
 * Thread: loop. Memory: the transmit batch of the sink; the frame's bytes are
 * copied there once and sealed where they lie.
 */
#ifndef CORE_TRANSMIT_H
#define CORE_TRANSMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/addr.h"
#include "core/drop.h"
#include "core/frame.h"
#include "core/session.h"
#include "core/sink.h"

/* How to reach a peer right now. */
struct transmit {
	const struct sink *sink;
	struct session *session; /* session_can_send(session, 1) holds */
	const struct path *to;
	size_t path_size; /* bytes of UDP payload */
	bool mss_clamp;   /* SYNs announce what needs no fragments */
};

/* Sends a message that is no transport message, as it is. DROP_NONE or
 * DROP_SEND_ROOM. */
MUST_USE enum drop transmit_plain(const struct sink *sink,
    const struct path *to, const uint8_t *msg, size_t len);

/* Sends len bytes of content, 0 for a keepalive. DROP_NONE or
 * DROP_SEND_ROOM. */
MUST_USE enum drop transmit_text(
    const struct transmit *t, const uint8_t *text, size_t len);

/*
 * Sends a frame. DROP_NONE, DROP_FRAME_LENGTH (more than the peer accepts),
 * DROP_FRAGMENT_COUNT, DROP_SEND_ROOM, or DROP_KEY_EXPIRED: the session has
 * too few counters left, nothing was sent.
 */
MUST_USE enum drop transmit_frame(
    const struct transmit *t, uint64_t now_ns, const struct frame *f);

#endif
