/* SPDX-License-Identifier: ISC */
/*
 * One peer as a whole: the handshakes that come in, the sessions that follow,
 * its timers, and all that the node tells it. core/peer_state.h says which
 * module does what.
 * Source: lansplice-protocol(7), HANDSHAKE, TRANSPORT, TIMERS AND LIMITS.
 * Thread: loop.
 */
#ifndef CORE_PEER_H
#define CORE_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/addr.h"
#include "core/drop.h"
#include "core/handshake.h"
#include "core/peer_call.h"
#include "core/peer_content.h"
#include "core/peer_send.h"
#include "core/peer_state.h"
#include "core/units.h"

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

/* A cookie reply to a message that went to this peer. DROP_NONE, DROP_COOKIE.
 */
MUST_USE enum drop peer_cookie(struct peer_env *env, struct peer *p,
    const struct now *now, const uint8_t *msg);

MUST_USE enum drop peer_data(struct peer_env *env, struct peer *p,
    const struct now *now, const struct peer_dgram *in,
    struct peer_content *out);

/* Where it was heard in an earlier life of this process. */
void peer_learned(struct peer_env *env, struct peer *p, const struct now *now,
    const struct addr *a);

/* The addresses that the configuration names; one at least, at most
 * PEER_ADDRS_MAX are kept. */
void peer_resolved(struct peer_env *env, struct peer *p, const struct now *now,
    const struct addr *addrs, unsigned int count);

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
