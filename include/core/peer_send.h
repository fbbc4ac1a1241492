/* SPDX-License-Identifier: ISC */
/*
 * What leaves for a peer under its current session.
 * Source: lansplice-protocol(7), KEYS and CONTENT.
 * Thread: loop. Refusals are counted in env->drops.
 */
#ifndef CORE_PEER_SEND_H
#define CORE_PEER_SEND_H

#include <stddef.h>
#include <stdint.h>

#include "core/frame.h"
#include "core/peer_state.h"
#include "core/units.h"

/* A control message, or with len 0 a keepalive, to an address; nothing if
 * there is no session. */
void peer_send_text(struct peer_env *env, struct peer *p, const struct now *now,
    const struct path *to, const uint8_t *text, size_t len);

/* A keepalive to the endpoint; without a session, one is asked for. */
void peer_send_keepalive(
    struct peer_env *env, struct peer *p, const struct now *now);

/* CLOSE, the last word under a session; asks for no new one. */
void peer_send_close(
    struct peer_env *env, struct peer *p, const struct now *now);

/* Sends a frame now, or keeps it and sees to a session. */
void peer_send_frame(struct peer_env *env, struct peer *p,
    const struct now *now, const struct frame *f);

/* The first words under a new session: what waits, or a keepalive if none of
 * that could be sent. */
void peer_send_first(
    struct peer_env *env, struct peer *p, const struct now *now);

#endif
