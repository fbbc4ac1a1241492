/* SPDX-License-Identifier: ISC */
/*
 * Whole handshake messages: Noise (core/noise.h) in the layouts of
 * core/wire.h, with their payloads, MACs and the traffic keys that follow.
 * When to send one is core/peer.h's business.
 * Source: lansplice-protocol(7), HANDSHAKE.
 * Thread: loop. Memory: the caller's; whoever holds a struct handshake wipes
 * it with handshake_wipe.
 */
#ifndef CORE_HANDSHAKE_H
#define CORE_HANDSHAKE_H

#include <stdint.h>

#include "core/drop.h"
#include "core/noise.h"
#include "core/session.h"
#include "core/suite.h"
#include "core/units.h"
#include "core/wire.h"

enum {
	HANDSHAKE_PROLOGUE_LEN = 44, /* "lansplice v1" and the network id */
};

/* This node, as all its handshakes need it. */
struct handshake_self {
	struct noise_keys keys;
	uint8_t prologue[HANDSHAKE_PROLOGUE_LEN];
	uint8_t network_id[SUITE_KEY_LEN];
	uint8_t mac1_key[SUITE_KEY_LEN];   /* of messages to us */
	uint8_t cookie_key[SUITE_KEY_LEN]; /* of our cookie replies */
	uint16_t ciphers;                  /* mask */
	uint16_t features;                 /* mask */
	uint16_t frame_max;                /* bytes that we accept */
	uint16_t dgram_max;
};

/* The other side. */
struct handshake_remote {
	uint8_t public_key[SUITE_KEY_LEN];
	uint8_t psk[SUITE_KEY_LEN];
	uint8_t mac1_key[SUITE_KEY_LEN];   /* of messages to it */
	uint8_t cookie_key[SUITE_KEY_LEN]; /* of its cookie replies */
};

/* One side's state between two messages. */
struct handshake {
	struct noise noise;
	uint32_t index; /* ours; 0: no handshake */
};

/* The fresh inputs of a message. */
struct handshake_fresh {
	uint8_t ephemeral[SUITE_KEY_LEN]; /* private key */
	uint32_t index;
	uint64_t timestamp; /* of an initiation */
};

/* Fills in what follows from keys.private_key and network_id. DROP_NONE or
 * DROP_HANDSHAKE_DH. */
MUST_USE enum drop handshake_self_init(struct handshake_self *self);
void handshake_remote_init(
    struct handshake_remote *remote, const struct handshake_self *self);
void handshake_wipe(struct handshake *hs);

/* DROP_NONE or DROP_HANDSHAKE_DH (the remote key is of low order). */
MUST_USE enum drop handshake_initiation_create(struct handshake *hs,
    const struct handshake_self *self, const struct handshake_remote *remote,
    const struct handshake_fresh *fresh,
    uint8_t msg[static WIRE_INITIATION_LEN]);

/* DROP_NONE or DROP_MAC1; before all else is done with an initiation. */
MUST_USE enum drop handshake_initiation_check(const struct handshake_self *self,
    const uint8_t msg[static WIRE_INITIATION_LEN]);

/*
 * First half of taking an initiation whose mac1 is right: the static key of
 * whoever sent it, in hs->noise.rs. DROP_NONE, DROP_HANDSHAKE_DH or
 * DROP_HANDSHAKE_OPEN.
 */
MUST_USE enum drop handshake_initiation_open(struct handshake *hs,
    const struct handshake_self *self,
    const uint8_t msg[static WIRE_INITIATION_LEN]);

/*
 * Second half, once that key is known to be a peer's: the offer, with version
 * and sizes checked. As above, and DROP_HANDSHAKE_VERSION, _FRAME_SIZE,
 * _DGRAM_SIZE.
 */
MUST_USE enum drop handshake_initiation_consume(struct handshake *hs,
    const struct handshake_self *self,
    const uint8_t msg[static WIRE_INITIATION_LEN], struct wire_offer *offer);

/*
 * Answers the offer: picks the cipher, writes message 2, derives the keys.
 * DROP_NONE, DROP_HANDSHAKE_CIPHER or DROP_HANDSHAKE_DH.
 */
struct handshake_answer {
	uint8_t msg[WIRE_RESPONSE_LEN];
	struct session_keys keys;
};
MUST_USE enum drop handshake_response_create(struct handshake *hs,
    const struct handshake_self *self, const struct handshake_remote *remote,
    const struct handshake_fresh *fresh, const struct wire_offer *offer,
    struct handshake_answer *out);

/* DROP_NONE or DROP_MAC1. */
MUST_USE enum drop handshake_response_check(const struct handshake_self *self,
    const uint8_t msg[static WIRE_RESPONSE_LEN]);

/*
 * Takes the response to hs, which stays as it was, so that a forged response
 * spoils nothing. DROP_NONE and the keys, DROP_HANDSHAKE_DH, _OPEN, _VERSION,
 * _FRAME_SIZE, _DGRAM_SIZE or _CHOICE.
 */
MUST_USE enum drop handshake_response_consume(const struct handshake *hs,
    const struct handshake_self *self, const struct handshake_remote *remote,
    const uint8_t msg[static WIRE_RESPONSE_LEN], struct session_keys *out);

#endif
