/* SPDX-License-Identifier: ISC */
/*
 * The endpoint of a peer: how it moves, and the size of the path to it.
 * Source: lansplice-protocol(7), MOVING ENDPOINT, SOURCE, PATH SIZE.
 * Thread: loop.
 */
#ifndef CORE_PEER_PATH_H
#define CORE_PEER_PATH_H

#include <stdbool.h>

#include "core/peer_state.h"
#include "core/session.h"
#include "core/units.h"

/* Looks anew at the way to the endpoint. */
void peer_path_begin(
    const struct peer_env *env, struct peer *p, const struct session *s);

/* Frames go to another address from now on, under session s. */
void peer_path_move(const struct peer_env *env, struct peer *p,
    const struct path *to, const struct session *s);

/* A message under the current key came from somewhere. may_move: its kind and
 * counter allow a check of an address that is new. */
void peer_path_notice(struct peer_env *env, struct peer *p,
    const struct now *now, const struct path *from, bool may_move);

/* Sends the next challenge to the address that is checked (TIMER_ROAM). */
void peer_path_challenge(
    struct peer_env *env, struct peer *p, const struct now *now);

#endif
