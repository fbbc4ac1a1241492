/* SPDX-License-Identifier: ISC */
/*
 * Our own initiations to a peer: fast retries, slow ones, and the addresses
 * that they go to in turn.
 * Source: lansplice-protocol(7), TIMERS AND LIMITS and Attempts.
 * Thread: loop.
 */
#ifndef CORE_PEER_CALL_H
#define CORE_PEER_CALL_H

#include "core/peer_state.h"
#include "core/units.h"

/* Somebody needs a session: begins the fast retries unless they run. */
void peer_call_want(
    struct peer_env *env, struct peer *p, const struct now *now);

/* The same, without regard to when the last attempt was. */
void peer_call_want_now(
    struct peer_env *env, struct peer *p, const struct now *now);

/* The next attempt, at once; later ones follow by TIMER_RETRY. */
void peer_call_send(
    struct peer_env *env, struct peer *p, const struct now *now);

/* The last attempt once more, at once: a cookie came for it. */
void peer_call_again(
    struct peer_env *env, struct peer *p, const struct now *now);

/* TIMER_RETRY has fired. */
void peer_call_retry(
    struct peer_env *env, struct peer *p, const struct now *now);

/* From now on only slow retries, for as long as an address is known. */
void peer_call_slowly(
    const struct peer_env *env, struct peer *p, const struct now *now);

/* The timestamp floor is stored: sends what waited for it. */
void peer_call_stored(
    struct peer_env *env, struct peer *p, const struct now *now);

/* Forgets the ephemeral and the index of our initiation; the retry timer runs
 * on. */
void peer_call_forget(struct peer_env *env, struct peer *p);

#endif
