/* SPDX-License-Identifier: ISC */
/*
 * Where handshake messages wait before they cost anything: a bounded queue,
 * and under load a proof of address and a rate in front of it. It is all that
 * a stranger can change.
 * Source: lansplice-protocol(7), COOKIES, TIMERS AND LIMITS.
 * Thread: loop. Memory: part of the node.
 */
#ifndef CORE_GATE_H
#define CORE_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/addr.h"
#include "core/cookie.h"
#include "core/drop.h"
#include "core/flood.h"
#include "core/sink.h"
#include "core/units.h"
#include "core/wire.h"

enum {
	GATE_HELLOS = 64, /* messages that wait */
	GATE_TURN = 8,    /* of them done in one turn */
};

/* An initiation or a response, with a valid mac1. */
struct gate_hello {
	enum wire_type type;
	struct path from;
	uint8_t msg[WIRE_INITIATION_LEN];
};

struct gate {
	struct flood flood;
	struct cookie_secret secret;
	struct gate_hello hellos[GATE_HELLOS]; /* a ring */
	unsigned int first, count;
};

/* The memory is zeroed; seed is random. sink and key, our own
 * cookie_reply_key, stay where they are. */
void gate_init(struct gate *g, uint64_t seed, const struct sink *sink,
    const uint8_t key[static SUITE_KEY_LEN]);
void gate_wipe(struct gate *g);

/*
 * Under load: may an initiation with a valid mac1 be worked on? known is what
 * the address of a peer has for itself, NULL for a stranger's. DROP_NONE;
 * DROP_HANDSHAKE_FLOOD; DROP_MAC2: its address is not proven, and if
 * reply->answer is true then, reply->msg is to be sent there.
 */
struct gate_reply {
	bool answer;
	uint8_t msg[WIRE_COOKIE_REPLY_LEN];
};
MUST_USE enum drop gate_admit(struct gate *g, uint64_t now_ns,
    struct flood_known *known, const struct addr *from,
    const uint8_t msg[static WIRE_INITIATION_LEN], struct gate_reply *reply);

/* Puts a message into the queue. DROP_NONE, DROP_HANDSHAKE_QUEUE: full. */
MUST_USE enum drop gate_put(struct gate *g, const struct path *from,
    enum wire_type type, const uint8_t *msg);

/* The message that waits longest, valid until the next gate_put; NULL: none.
 */
const struct gate_hello *gate_take(struct gate *g);

#endif
