/* SPDX-License-Identifier: ISC */
/*
 * The three key slots of a peer and how a session passes through them:
 * next (responder only, unconfirmed, receive only), current, previous
 * (receive only). A session that leaves is wiped and its index forgotten.
 * Source: lansplice-protocol(7), KEYS; WireGuard's noise.c.
 * Thread: loop. Memory: the caller's; a struct keys does not move.
 */
#ifndef CORE_KEYS_H
#define CORE_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/index.h"
#include "core/session.h"

enum { KEYS_SLOTS = 3 };

struct keys {
	struct session slot[KEYS_SLOTS];
	struct session *previous, *current, *next; /* NULL: empty */
};

/* The session with that local index, or NULL. */
struct session *keys_find(struct keys *k, uint32_t local_index);

/* The initiator's new session: it is current at once. */
void keys_add_current(struct keys *k, struct index_table *indices,
    const struct session_keys *s, uint64_t now_ns);

/* The responder's: it waits as next until a message authenticates. */
void keys_add_next(struct keys *k, struct index_table *indices,
    const struct session_keys *s, uint64_t now_ns);

/* A message authenticated under s. True if that made it current. */
bool keys_confirm(
    struct keys *k, struct index_table *indices, const struct session *s);

/* Drops s and every older one. */
void keys_drop(
    struct keys *k, struct index_table *indices, const struct session *s);

void keys_wipe(struct keys *k, struct index_table *indices);

#endif
