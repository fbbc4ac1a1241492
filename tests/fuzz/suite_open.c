/* SPDX-License-Identifier: ISC */
/*
 * A suite that takes everything for authentic and seals nothing, so that a
 * fuzzer reaches what lies behind the cryptography: sealed bytes are the
 * bytes themselves and a tag of zeros, a public key is its private key, every
 * MAC fits. Hashes and key derivation are the true ones, of src/core/suite.c,
 * which is linked with the functions below under other names (Makefile).
 */
#include "core/suite.h"

#include <string.h>

#include "fuzz.h"

enum { OPEN_MAC = 0x5a }; /* not 0: zeros in the place of mac2 say "none" */

const bool fuzz_is_open = true;

void
suite_seal(const struct suite_key *k, uint64_t counter, const uint8_t *ad,
    size_t ad_len, uint8_t *text, size_t len)
{
	(void)counter;
	(void)ad;
	(void)ad_len;
	memset(text + len, 0, suite_tag_len(k->cipher));
}

/* Every byte is touched, as by a true cipher. */
bool
suite_open(const struct suite_key *k, uint64_t counter, const uint8_t *ad,
    size_t ad_len, uint8_t *text, size_t len)
{
	const volatile uint8_t *p = text;

	(void)counter;
	(void)ad;
	(void)ad_len;
	FUZZ_CHECK(len >= suite_tag_len(k->cipher));
	for (size_t i = 0; i < len; i++)
		(void)p[i];
	return true;
}

static void
seal(uint8_t *out, const uint8_t *text, size_t len)
{
	memcpy(out, text, len);
	memset(out + len, 0, SUITE_TAG_LEN);
}

void
suite_handshake_seal(uint8_t *out, const uint8_t key[static SUITE_KEY_LEN],
    const uint8_t ad[static SUITE_HASH_LEN], const uint8_t *text, size_t len)
{
	(void)key;
	(void)ad;
	seal(out, text, len);
}

bool
suite_handshake_open(uint8_t *out, const uint8_t key[static SUITE_KEY_LEN],
    const uint8_t ad[static SUITE_HASH_LEN], const uint8_t *text, size_t len)
{
	(void)key;
	(void)ad;
	memcpy(out, text, len - SUITE_TAG_LEN);
	return true;
}

void
suite_cookie_seal(uint8_t out[static SUITE_MAC_LEN + SUITE_TAG_LEN],
    const uint8_t key[static SUITE_KEY_LEN],
    const uint8_t nonce[static SUITE_COOKIE_NONCE],
    const uint8_t ad[static SUITE_MAC_LEN],
    const uint8_t cookie[static SUITE_MAC_LEN])
{
	(void)key;
	(void)nonce;
	(void)ad;
	seal(out, cookie, SUITE_MAC_LEN);
}

bool
suite_cookie_open(uint8_t out[static SUITE_MAC_LEN],
    const uint8_t key[static SUITE_KEY_LEN],
    const uint8_t nonce[static SUITE_COOKIE_NONCE],
    const uint8_t ad[static SUITE_MAC_LEN],
    const uint8_t sealed[static SUITE_MAC_LEN + SUITE_TAG_LEN])
{
	(void)key;
	(void)nonce;
	(void)ad;
	memcpy(out, sealed, SUITE_MAC_LEN);
	return true;
}

void
suite_mac(uint8_t out[static SUITE_MAC_LEN],
    const uint8_t key[static SUITE_KEY_LEN], const void *data, size_t len)
{
	(void)key;
	(void)data;
	(void)len;
	memset(out, OPEN_MAC, SUITE_MAC_LEN);
}

void
suite_mac_short(uint8_t out[static SUITE_MAC_LEN],
    const uint8_t key[static SUITE_MAC_LEN], const void *data, size_t len)
{
	(void)key;
	(void)data;
	(void)len;
	memset(out, OPEN_MAC, SUITE_MAC_LEN);
}

bool
suite_public_key(uint8_t out[static SUITE_KEY_LEN],
    const uint8_t private_key[static SUITE_KEY_LEN])
{
	memcpy(out, private_key, SUITE_KEY_LEN);
	return true;
}

/* Both sides get the same, and false is possible. */
bool
suite_dh(uint8_t out[static SUITE_KEY_LEN],
    const uint8_t private_key[static SUITE_KEY_LEN],
    const uint8_t public_key[static SUITE_KEY_LEN])
{
	uint8_t any = 0;

	for (size_t i = 0; i < SUITE_KEY_LEN; i++) {
		out[i] = private_key[i] ^ public_key[i];
		any |= out[i];
	}
	return any != 0;
}

bool
suite_equal(const void *a, const void *b, size_t len)
{
	(void)a;
	(void)b;
	(void)len;
	return true;
}
