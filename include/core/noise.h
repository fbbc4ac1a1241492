/* SPDX-License-Identifier: ISC */
/*
 * Noise_IKpsk2_25519_ChaChaPoly_BLAKE2b, to the letter.
 * Source: The Noise Protocol Framework, revision 34, sections 5, 7.5, 9.
 * The plain IK pattern is there for the published test vectors.
 *
 *   <- s
 *   -> e, es, s, ss        noise_initiation_*
 *   <- e, ee, se, psk      noise_response_*
 *
 * A state that failed is good for nothing but noise_wipe. Ephemeral keys
 * come from the caller. Thread: any. Memory: the caller's.
 */
#ifndef CORE_NOISE_H
#define CORE_NOISE_H

#include <stddef.h>
#include <stdint.h>

#include "core/drop.h"
#include "core/suite.h"
#include "core/units.h"

enum noise_pattern {
	NOISE_IKPSK2,
	NOISE_IK,
};

struct noise_keys {
	uint8_t private_key[SUITE_KEY_LEN];
	uint8_t public_key[SUITE_KEY_LEN];
};

struct noise {
	enum noise_pattern pattern;
	uint8_t h[SUITE_HASH_LEN]; /* after message 2: the channel binding */
	uint8_t ck[SUITE_HASH_LEN];
	struct noise_keys e;       /* own ephemeral */
	uint8_t rs[SUITE_KEY_LEN]; /* remote static */
	uint8_t re[SUITE_KEY_LEN]; /* remote ephemeral */
};

/*
 * Begins a handshake: responder is the responder's static public key, which
 * both sides know.
 */
void noise_init(struct noise *n, enum noise_pattern pattern,
    const uint8_t *prologue, size_t prologue_len,
    const uint8_t responder[static SUITE_KEY_LEN]);
void noise_wipe(struct noise *n);

/* Message 1, written: n->e gets the ephemeral made of its private key.
 * DROP_NONE or DROP_HANDSHAKE_DH. */
struct noise_initiation {
	const uint8_t *payload;
	size_t len;              /* of it */
	uint8_t *sealed_static;  /* room for a key and SUITE_TAG_LEN */
	uint8_t *sealed_payload; /* room for len + SUITE_TAG_LEN */
};
MUST_USE enum drop noise_initiation_create(struct noise *n,
    const struct noise_keys *s, const uint8_t ephemeral[static SUITE_KEY_LEN],
    const struct noise_initiation *msg);

/*
 * Message 1, read in two steps, so that a stranger costs one Diffie-Hellman:
 * the first yields the initiator's static key in n->rs, the second, once that
 * key is known to be a peer's, the payload of len - SUITE_TAG_LEN bytes.
 * DROP_NONE, DROP_HANDSHAKE_DH or DROP_HANDSHAKE_OPEN.
 */
MUST_USE enum drop noise_initiation_consume_static(struct noise *n,
    const struct noise_keys *s, const uint8_t ephemeral[static SUITE_KEY_LEN],
    const uint8_t sealed_static[static SUITE_KEY_LEN + SUITE_TAG_LEN]);
MUST_USE enum drop noise_initiation_consume_payload(struct noise *n,
    const struct noise_keys *s, const uint8_t *sealed_payload, size_t len,
    uint8_t *payload);

/* Message 2, written by the responder. Errors as above. */
MUST_USE enum drop noise_response_create(struct noise *n,
    const uint8_t ephemeral[static SUITE_KEY_LEN],
    const uint8_t psk[static SUITE_KEY_LEN], const uint8_t *payload, size_t len,
    uint8_t *sealed_payload);

/* Message 2, read by the initiator. Errors as above. */
struct noise_response {
	const uint8_t *ephemeral; /* SUITE_KEY_LEN */
	const uint8_t *sealed_payload;
	size_t len; /* of it, with the tag */
};
MUST_USE enum drop noise_response_consume(struct noise *n,
    const struct noise_keys *s, const uint8_t psk[static SUITE_KEY_LEN],
    const struct noise_response *msg, uint8_t *payload);

/* The two transport keys; k1 is from initiator to responder. */
void noise_split(const struct noise *n, uint8_t k1[static SUITE_KEY_LEN],
    uint8_t k2[static SUITE_KEY_LEN]);

#endif
