/* SPDX-License-Identifier: ISC */
/*
 * The cryptography, on libsodium; of core, only aegis.c knows it too.
 * Sources: Noise specification revision 34 (hash, HMAC, HKDF, DH);
 * RFC 7693 BLAKE2b; RFC 7748 X25519; RFC 8439 ChaCha20-Poly1305; NIST SP
 * 800-38D GCM; draft-irtf-cfrg-aegis-aead; libsodium's manual. sodium_init()
 * must have been called.
 * Thread: any; nothing is shared.
 */
#ifndef CORE_SUITE_H
#define CORE_SUITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/drop.h"
#include "core/units.h"

enum {
	SUITE_KEY_LEN = 32,
	SUITE_HASH_LEN = 64, /* BLAKE2b-512 */
	SUITE_TAG_LEN = 16,  /* of handshakes and cookies; see suite_tag_len */
	SUITE_MAC_LEN = 16,
	SUITE_COOKIE_NONCE = 24, /* XChaCha20-Poly1305 */
	SUITE_TAG_MAX = 32,      /* of any cipher */
	SUITE_STATE_LEN = 512,
};

/* The transport ciphers; the value is the bit number on the wire. */
enum suite_cipher {
	SUITE_CHACHA20_POLY1305,
	SUITE_AES256_GCM,
	SUITE_AEGIS_256,
	SUITE_CIPHER_COUNT
};

/* A transport key, expanded. */
struct suite_key {
	_Alignas(64) uint8_t state[SUITE_STATE_LEN];
	enum suite_cipher cipher;
};

const char *suite_cipher_name(enum suite_cipher c);

/* The cipher of that name, or -1. */
int suite_cipher_from_name(const char *name);

/* False: the libsodium that this was built with does not have it. */
bool suite_cipher_is_built(enum suite_cipher c);

/* Mask of 1 << cipher for all that this machine does in hardware or well. */
uint16_t suite_ciphers_available(void);

/* The best of a mask: aegis-256, then aes256-gcm, then chacha20-poly1305; -1
 * if none. */
int suite_cipher_best(uint16_t mask);

/* Bytes; the tag of suite_seal. */
size_t suite_tag_len(enum suite_cipher c);

void suite_key_init(struct suite_key *k, enum suite_cipher c,
    const uint8_t key[static SUITE_KEY_LEN]);

/*
 * Seals len bytes at text in place; the tag follows them. ad is ad_len bytes
 * of authenticated, unencrypted data. Each counter once per key.
 */
void suite_seal(const struct suite_key *k, uint64_t counter, const uint8_t *ad,
    size_t ad_len, uint8_t *text, size_t len);

/*
 * Opens len bytes of ciphertext and tag at text in place. False: not
 * authentic; then the bytes are destroyed.
 */
MUST_USE bool suite_open(const struct suite_key *k, uint64_t counter,
    const uint8_t *ad, size_t ad_len, uint8_t *text, size_t len);

/* The handshake's AEAD: ChaCha20-Poly1305 with nonce 0, whose key is used
 * once. out has len + SUITE_TAG_LEN bytes. */
void suite_handshake_seal(uint8_t *out, const uint8_t key[static SUITE_KEY_LEN],
    const uint8_t ad[static SUITE_HASH_LEN], const uint8_t *text, size_t len);

/* len counts the tag; out has len - SUITE_TAG_LEN bytes. */
MUST_USE bool suite_handshake_open(uint8_t *out,
    const uint8_t key[static SUITE_KEY_LEN],
    const uint8_t ad[static SUITE_HASH_LEN], const uint8_t *text, size_t len);

/* XChaCha20-Poly1305 of a cookie; ad is a mac1. out has SUITE_TAG_LEN bytes
 * more than the cookie. */
void suite_cookie_seal(uint8_t out[static SUITE_MAC_LEN + SUITE_TAG_LEN],
    const uint8_t key[static SUITE_KEY_LEN],
    const uint8_t nonce[static SUITE_COOKIE_NONCE],
    const uint8_t ad[static SUITE_MAC_LEN],
    const uint8_t cookie[static SUITE_MAC_LEN]);
MUST_USE bool suite_cookie_open(uint8_t out[static SUITE_MAC_LEN],
    const uint8_t key[static SUITE_KEY_LEN],
    const uint8_t nonce[static SUITE_COOKIE_NONCE],
    const uint8_t ad[static SUITE_MAC_LEN],
    const uint8_t sealed[static SUITE_MAC_LEN + SUITE_TAG_LEN]);

/* BLAKE2b-512 of a || b; b may be NULL with b_len 0. */
void suite_hash(uint8_t out[static SUITE_HASH_LEN], const void *a, size_t a_len,
    const void *b, size_t b_len);

/* BLAKE2b-256 of label || a || b, keys of 32 bytes each; b may be NULL. */
void suite_hash32(uint8_t out[static SUITE_KEY_LEN], const char *label,
    const uint8_t a[static SUITE_KEY_LEN], const uint8_t *b);

/* Keyed BLAKE2b-128; _short: the key has SUITE_MAC_LEN bytes. */
void suite_mac_short(uint8_t out[static SUITE_MAC_LEN],
    const uint8_t key[static SUITE_MAC_LEN], const void *data, size_t len);
void suite_mac(uint8_t out[static SUITE_MAC_LEN],
    const uint8_t key[static SUITE_KEY_LEN], const void *data, size_t len);

/* Keyed BLAKE2b-256 of len bytes. */
void suite_kdf32(uint8_t out[static SUITE_KEY_LEN],
    const uint8_t key[static SUITE_KEY_LEN], const void *data, size_t len);

/* Noise's HKDF: count (1..3) outputs of SUITE_HASH_LEN each. */
void suite_hkdf(uint8_t out[][SUITE_HASH_LEN], int count,
    const uint8_t ck[static SUITE_HASH_LEN], const uint8_t *ikm,
    size_t ikm_len);

/* Public key of a private one. False if the private key is unusable. */
MUST_USE bool suite_public_key(uint8_t out[static SUITE_KEY_LEN],
    const uint8_t private_key[static SUITE_KEY_LEN]);

/* X25519. False if the result is all zeros (a low-order public key). */
MUST_USE bool suite_dh(uint8_t out[static SUITE_KEY_LEN],
    const uint8_t private_key[static SUITE_KEY_LEN],
    const uint8_t public_key[static SUITE_KEY_LEN]);

/* In constant time. */
MUST_USE bool suite_equal(const void *a, const void *b, size_t len);

/* Overwrites a secret; not optimised away. */
void suite_wipe(void *p, size_t len);

#endif
