/* SPDX-License-Identifier: ISC */
/*
 * Messages made and read without a node, by tests that know all keys: for a
 * peer that misbehaves, and for an attacker who has stolen something.
 */
#ifndef UNIT_FORGE_H
#define UNIT_FORGE_H

#include <stddef.h>
#include <stdint.h>

#include "core/handshake.h"
#include "core/session.h"
#include "net.h"

/* Content sealed under a session, which takes a counter of it. Returns the
 * length of the datagram. */
size_t forge_seal(
    struct session *s, const uint8_t *text, size_t len, uint8_t *dgram);

/* What a host is in its handshakes; to be changed for a liar. */
struct handshake_self forge_self(const struct net_host *h);
/* An initiation to a host. */
void forge_initiation(const struct handshake_self *self,
    const struct net_host *to, uint64_t timestamp,
    uint8_t out[static WIRE_INITIATION_LEN]);
/* What an initiation to a host offers. */
struct wire_offer forge_offer(
    const struct net_host *to, const struct net_dgram *d);

#endif
