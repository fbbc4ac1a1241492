/* SPDX-License-Identifier: ISC */
/*
 * The message authentication codes at the end of handshake messages. mac1
 * keeps the port silent to whoever does not know our public key and network.
 * Cookies (mac2) and the limiter come with their own issue: mac2 is zero.
 * Source: lansplice-protocol(7), MESSAGES; WireGuard's cookie.c.
 * Thread: any. Memory: the caller's.
 */
#ifndef CORE_COOKIE_H
#define CORE_COOKIE_H

#include <stddef.h>
#include <stdint.h>

#include "core/drop.h"
#include "core/suite.h"
#include "core/units.h"

/* The key of mac1 in messages to the owner of a static public key. */
void cookie_mac1_key(uint8_t out[static SUITE_KEY_LEN],
    const uint8_t public_key[static SUITE_KEY_LEN],
    const uint8_t network_id[static SUITE_KEY_LEN]);

/* Puts mac1 and mac2 at the end of a handshake message of len bytes. */
void cookie_put_macs(
    uint8_t *msg, size_t len, const uint8_t mac1_key[static SUITE_KEY_LEN]);

/* DROP_NONE or DROP_MAC1. */
MUST_USE enum drop cookie_check_mac1(const uint8_t *msg, size_t len,
    const uint8_t mac1_key[static SUITE_KEY_LEN]);

#endif
