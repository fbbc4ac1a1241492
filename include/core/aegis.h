/* SPDX-License-Identifier: ISC */
/*
 * AEGIS-256, a cipher that not every libsodium has: aegis.c calls it, and
 * aegis_none.c stands in where the library is older than 1.0.19 (AEGIS in the
 * Makefile). Only suite.c and its test call this.
 * Source: draft-irtf-cfrg-aegis-aead, with its tag of 256 bits; libsodium's
 * manual. Thread: any; pure functions. Memory: the caller's.
 */
#ifndef CORE_AEGIS_H
#define CORE_AEGIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/drop.h"

enum { AEGIS_KEY_LEN = 32, AEGIS_NONCE_LEN = 32, AEGIS_TAG_LEN = 32 };

/* False in the stand-in, whose other functions must not be called. */
bool aegis_is_built(void);

/* True where this processor computes it; libsodium's software is never meant:
 * it is hundreds of times slower, and the cache tells of its secrets. */
bool aegis_is_available(void);

/* As suite_seal and suite_open, with a nonce. */
void aegis_seal(const uint8_t key[static AEGIS_KEY_LEN],
    const uint8_t nonce[static AEGIS_NONCE_LEN], const uint8_t *ad,
    size_t ad_len, uint8_t *text, size_t len);
MUST_USE bool aegis_open(const uint8_t key[static AEGIS_KEY_LEN],
    const uint8_t nonce[static AEGIS_NONCE_LEN], const uint8_t *ad,
    size_t ad_len, uint8_t *text, size_t len);

#endif
