/* SPDX-License-Identifier: ISC */
/*
 * The message authentication codes at the end of handshake messages. mac1
 * keeps the port silent to whoever does not know our public key and network.
 * mac2 proves, where we ask for it, that the sender receives what is sent to
 * its address: its key is a cookie, which we make of that address and a
 * secret, and sent there in a cookie reply.
 * Source: lansplice-protocol(7), MESSAGES and COOKIES; WireGuard's cookie.c.
 * Thread: loop. Memory: the caller's.
 */
#ifndef CORE_COOKIE_H
#define CORE_COOKIE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/addr.h"
#include "core/drop.h"
#include "core/sink.h"
#include "core/suite.h"
#include "core/units.h"
#include "core/wire.h"

enum {
	COOKIE_LEN = SUITE_MAC_LEN,
};
#define COOKIE_SECRET_AGE SEC(120) /* then a new one; the old one as long */
#define COOKIE_USE SEC(115)        /* a cookie is used so long */

/* The key of mac1 in messages to the owner of a static public key. */
void cookie_mac1_key(uint8_t out[static SUITE_KEY_LEN],
    const uint8_t public_key[static SUITE_KEY_LEN],
    const uint8_t network_id[static SUITE_KEY_LEN]);

/* The key that seals cookie replies of the owner of a static public key. */
void cookie_reply_key(uint8_t out[static SUITE_KEY_LEN],
    const uint8_t public_key[static SUITE_KEY_LEN],
    const uint8_t network_id[static SUITE_KEY_LEN]);

/* Puts mac1, and zeros for mac2, at the end of a handshake message of len
 * bytes. */
void cookie_put_macs(
    uint8_t *msg, size_t len, const uint8_t mac1_key[static SUITE_KEY_LEN]);

/* DROP_NONE or DROP_MAC1. */
MUST_USE enum drop cookie_check_mac1(const uint8_t *msg, size_t len,
    const uint8_t mac1_key[static SUITE_KEY_LEN]);

/* Who sends: the cookie that a peer gave us. Zeroed at first. */
struct cookie_jar {
	bool has, open; /* open: a reply to the last message may come */
	uint32_t index; /* of the last message sent */
	uint64_t got_ns;
	uint8_t mac1[SUITE_MAC_LEN]; /* of the last message sent */
	uint8_t cookie[COOKIE_LEN];
};

/* The last step before a message leaves: mac2, if there is a fresh cookie.
 * mac1 is there. */
void cookie_put_mac2(
    struct cookie_jar *jar, uint64_t now_ns, uint8_t *msg, size_t len);

/*
 * Takes the reply to the last message, once. key is the peer's
 * cookie_reply_key. DROP_NONE, or DROP_COOKIE: not the reply to that.
 */
MUST_USE enum drop cookie_reply_consume(struct cookie_jar *jar, uint64_t now_ns,
    const uint8_t key[static SUITE_KEY_LEN],
    const uint8_t msg[static WIRE_COOKIE_REPLY_LEN]);

/* Who is asked; sink and key are set, the rest is zeroed at first. */
struct cookie_secret {
	const struct sink *sink; /* random bytes come from there */
	const uint8_t *key;      /* our own cookie_reply_key */
	bool has, has_before;
	uint64_t made_ns;
	uint8_t now[SUITE_KEY_LEN], before[SUITE_KEY_LEN];
};

/* True if mac2 is made of a cookie of ours for that address. */
MUST_USE bool cookie_check_mac2(struct cookie_secret *s, uint64_t now_ns,
    const struct addr *from, const uint8_t *msg, size_t len);

/* The reply to a handshake message of len bytes with a valid mac1. */
void cookie_reply_create(struct cookie_secret *s, uint64_t now_ns,
    const struct addr *from, const uint8_t *msg, size_t len,
    uint8_t out[static WIRE_COOKIE_REPLY_LEN]);

#endif
