/* SPDX-License-Identifier: ISC */
#include "core/suite.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "core/aegis.h"

enum {
	NONCE_LEN = 12,
	HMAC_BLOCK = 128, /* BLAKE2b's block, RFC 7693 */
};

static_assert(SUITE_KEY_LEN == crypto_scalarmult_BYTES, "X25519");
static_assert(SUITE_HASH_LEN == crypto_generichash_BYTES_MAX, "BLAKE2b-512");
static_assert(
    SUITE_COOKIE_NONCE == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    "XChaCha");
static_assert((int)SUITE_KEY_LEN == (int)AEGIS_KEY_LEN, "AEGIS-256");
static_assert((int)SUITE_TAG_MAX >= (int)AEGIS_TAG_LEN, "AEGIS-256");
static_assert(SUITE_STATE_LEN >= sizeof(crypto_aead_aes256gcm_state), "GCM");

struct suite_aead {
	const char *name;
	size_t tag_len;
	bool (*is_built)(void);
	bool (*is_available)(void);
	void (*key_init)(
	    struct suite_key *k, const uint8_t key[static SUITE_KEY_LEN]);
	void (*seal)(const struct suite_key *k, uint64_t counter,
	    const uint8_t *ad, size_t ad_len, uint8_t *text, size_t len);
	bool (*open)(const struct suite_key *k, uint64_t counter,
	    const uint8_t *ad, size_t ad_len, uint8_t *text, size_t len);
};

/* Zero bytes, then the counter: LE, or BE for GCM, as Noise has it. */
static void
nonce_le(uint8_t *nonce, size_t len, uint64_t counter)
{
	memset(nonce, 0, len);
	for (size_t i = 0; i < 8; i++)
		nonce[len - 8 + i] = (uint8_t)(counter >> (8 * i));
}

static void
nonce_be(uint8_t nonce[static NONCE_LEN], uint64_t counter)
{
	memset(nonce, 0, NONCE_LEN);
	for (int i = 0; i < 8; i++)
		nonce[11 - i] = (uint8_t)(counter >> (8 * i));
}

static bool
always(void)
{
	return true;
}

/* The state of a cipher without a key schedule is the key. */
static void
plain_key_init(struct suite_key *k, const uint8_t key[static SUITE_KEY_LEN])
{
	memcpy(k->state, key, SUITE_KEY_LEN);
}

static void
chacha_seal(const struct suite_key *k, uint64_t counter, const uint8_t *ad,
    size_t ad_len, uint8_t *text, size_t len)
{
	uint8_t nonce[NONCE_LEN];

	nonce_le(nonce, sizeof(nonce), counter);
	(void)crypto_aead_chacha20poly1305_ietf_encrypt(
	    text, NULL, text, len, ad, ad_len, NULL, nonce, k->state);
}

static bool
chacha_open(const struct suite_key *k, uint64_t counter, const uint8_t *ad,
    size_t ad_len, uint8_t *text, size_t len)
{
	uint8_t nonce[NONCE_LEN];

	nonce_le(nonce, sizeof(nonce), counter);
	return crypto_aead_chacha20poly1305_ietf_decrypt(text, NULL, NULL, text,
		   len, ad, ad_len, nonce, k->state) == 0;
}

static bool
gcm_is_available(void)
{
	return crypto_aead_aes256gcm_is_available() != 0;
}

static void
gcm_key_init(struct suite_key *k, const uint8_t key[static SUITE_KEY_LEN])
{
	(void)crypto_aead_aes256gcm_beforenm((void *)k->state, key);
}

static void
gcm_seal(const struct suite_key *k, uint64_t counter, const uint8_t *ad,
    size_t ad_len, uint8_t *text, size_t len)
{
	uint8_t nonce[NONCE_LEN];

	nonce_be(nonce, counter);
	(void)crypto_aead_aes256gcm_encrypt_afternm(text, NULL, text, len, ad,
	    ad_len, NULL, nonce, (const void *)k->state);
}

static bool
gcm_open(const struct suite_key *k, uint64_t counter, const uint8_t *ad,
    size_t ad_len, uint8_t *text, size_t len)
{
	uint8_t nonce[NONCE_LEN];

	nonce_be(nonce, counter);
	return crypto_aead_aes256gcm_decrypt_afternm(text, NULL, NULL, text,
		   len, ad, ad_len, nonce, (const void *)k->state) == 0;
}

static void
aegis_seal_text(const struct suite_key *k, uint64_t counter, const uint8_t *ad,
    size_t ad_len, uint8_t *text, size_t len)
{
	uint8_t nonce[AEGIS_NONCE_LEN];

	nonce_le(nonce, sizeof(nonce), counter);
	aegis_seal(k->state, nonce, ad, ad_len, text, len);
}

static bool
aegis_open_text(const struct suite_key *k, uint64_t counter, const uint8_t *ad,
    size_t ad_len, uint8_t *text, size_t len)
{
	uint8_t nonce[AEGIS_NONCE_LEN];

	nonce_le(nonce, sizeof(nonce), counter);
	return aegis_open(k->state, nonce, ad, ad_len, text, len);
}

static const struct suite_aead ciphers[] = {
	[SUITE_CHACHA20_POLY1305] = {
	    "chacha20-poly1305",
	    crypto_aead_chacha20poly1305_ietf_ABYTES,
	    always,
	    always,
	    plain_key_init,
	    chacha_seal,
	    chacha_open,
	},
	[SUITE_AES256_GCM] = {
	    "aes256-gcm",
	    crypto_aead_aes256gcm_ABYTES,
	    always,
	    gcm_is_available,
	    gcm_key_init,
	    gcm_seal,
	    gcm_open,
	},
	[SUITE_AEGIS_256] = {
	    "aegis-256",
	    AEGIS_TAG_LEN,
	    aegis_is_built,
	    aegis_is_available,
	    plain_key_init,
	    aegis_seal_text,
	    aegis_open_text,
	},
};
static_assert(ARRAY_LEN(ciphers) == SUITE_CIPHER_COUNT, "a row each");

const char *
suite_cipher_name(enum suite_cipher c)
{
	return ciphers[c].name;
}

int
suite_cipher_from_name(const char *name)
{
	for (int i = 0; i < SUITE_CIPHER_COUNT; i++)
		if (strcmp(name, ciphers[i].name) == 0)
			return i;
	return -1;
}

bool
suite_cipher_is_built(enum suite_cipher c)
{
	return ciphers[c].is_built();
}

uint16_t
suite_ciphers_available(void)
{
	uint16_t mask = 0;

	for (unsigned int i = 0; i < SUITE_CIPHER_COUNT; i++)
		if (ciphers[i].is_available())
			mask = (uint16_t)(mask | 1u << i);
	return mask;
}

int
suite_cipher_best(uint16_t mask)
{
	/* The order on the wire's bits is the order of preference. */
	for (int i = SUITE_CIPHER_COUNT - 1; i >= 0; i--)
		if ((mask & 1u << i) != 0)
			return i;
	return -1;
}

size_t
suite_tag_len(enum suite_cipher c)
{
	return ciphers[c].tag_len;
}

void
suite_key_init(struct suite_key *k, enum suite_cipher c,
    const uint8_t key[static SUITE_KEY_LEN])
{
	k->cipher = c;
	ciphers[c].key_init(k, key);
}

void
suite_seal(const struct suite_key *k, uint64_t counter, const uint8_t *ad,
    size_t ad_len, uint8_t *text, size_t len)
{
	ciphers[k->cipher].seal(k, counter, ad, ad_len, text, len);
}

bool
suite_open(const struct suite_key *k, uint64_t counter, const uint8_t *ad,
    size_t ad_len, uint8_t *text, size_t len)
{
	return ciphers[k->cipher].open(k, counter, ad, ad_len, text, len);
}

void
suite_handshake_seal(uint8_t *out, const uint8_t key[static SUITE_KEY_LEN],
    const uint8_t ad[static SUITE_HASH_LEN], const uint8_t *text, size_t len)
{
	static const uint8_t nonce[NONCE_LEN];

	(void)crypto_aead_chacha20poly1305_ietf_encrypt(
	    out, NULL, text, len, ad, SUITE_HASH_LEN, NULL, nonce, key);
}

bool
suite_handshake_open(uint8_t *out, const uint8_t key[static SUITE_KEY_LEN],
    const uint8_t ad[static SUITE_HASH_LEN], const uint8_t *text, size_t len)
{
	static const uint8_t nonce[NONCE_LEN];

	return crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL, text,
		   len, ad, SUITE_HASH_LEN, nonce, key) == 0;
}

void
suite_hash(uint8_t out[static SUITE_HASH_LEN], const void *a, size_t a_len,
    const void *b, size_t b_len)
{
	crypto_generichash_state st;

	(void)crypto_generichash_init(&st, NULL, 0, SUITE_HASH_LEN);
	(void)crypto_generichash_update(&st, a, a_len);
	(void)crypto_generichash_update(&st, b, b_len);
	(void)crypto_generichash_final(&st, out, SUITE_HASH_LEN);
	suite_wipe(&st, sizeof(st));
}

void
suite_hash32(uint8_t out[static SUITE_KEY_LEN], const char *label,
    const uint8_t a[static SUITE_KEY_LEN], const uint8_t *b)
{
	crypto_generichash_state st;

	(void)crypto_generichash_init(&st, NULL, 0, SUITE_KEY_LEN);
	(void)crypto_generichash_update(
	    &st, (const uint8_t *)label, strlen(label));
	(void)crypto_generichash_update(&st, a, SUITE_KEY_LEN);
	if (b != NULL)
		(void)crypto_generichash_update(&st, b, SUITE_KEY_LEN);
	(void)crypto_generichash_final(&st, out, SUITE_KEY_LEN);
	suite_wipe(&st, sizeof(st));
}

void
suite_mac_short(uint8_t out[static SUITE_MAC_LEN],
    const uint8_t key[static SUITE_MAC_LEN], const void *data, size_t len)
{
	(void)crypto_generichash(
	    out, SUITE_MAC_LEN, data, len, key, SUITE_MAC_LEN);
}

void
suite_cookie_seal(uint8_t out[static SUITE_MAC_LEN + SUITE_TAG_LEN],
    const uint8_t key[static SUITE_KEY_LEN],
    const uint8_t nonce[static SUITE_COOKIE_NONCE],
    const uint8_t ad[static SUITE_MAC_LEN],
    const uint8_t cookie[static SUITE_MAC_LEN])
{
	(void)crypto_aead_xchacha20poly1305_ietf_encrypt(out, NULL, cookie,
	    SUITE_MAC_LEN, ad, SUITE_MAC_LEN, NULL, nonce, key);
}

bool
suite_cookie_open(uint8_t out[static SUITE_MAC_LEN],
    const uint8_t key[static SUITE_KEY_LEN],
    const uint8_t nonce[static SUITE_COOKIE_NONCE],
    const uint8_t ad[static SUITE_MAC_LEN],
    const uint8_t sealed[static SUITE_MAC_LEN + SUITE_TAG_LEN])
{
	return crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL,
		   sealed, SUITE_MAC_LEN + SUITE_TAG_LEN, ad, SUITE_MAC_LEN,
		   nonce, key) == 0;
}

void
suite_mac(uint8_t out[static SUITE_MAC_LEN],
    const uint8_t key[static SUITE_KEY_LEN], const void *data, size_t len)
{
	(void)crypto_generichash(
	    out, SUITE_MAC_LEN, data, len, key, SUITE_KEY_LEN);
}

void
suite_kdf32(uint8_t out[static SUITE_KEY_LEN],
    const uint8_t key[static SUITE_KEY_LEN], const void *data, size_t len)
{
	(void)crypto_generichash(
	    out, SUITE_KEY_LEN, data, len, key, SUITE_KEY_LEN);
}

/* RFC 2104 over BLAKE2b-512. Not keyed BLAKE2b: Noise asks for HMAC. */
static void
suite_hmac(uint8_t out[static SUITE_HASH_LEN],
    const uint8_t key[static SUITE_HASH_LEN], const uint8_t *data, size_t len)
{
	uint8_t pad[HMAC_BLOCK], inner[SUITE_HASH_LEN];

	memset(pad, 0x36, sizeof(pad));
	for (size_t i = 0; i < SUITE_HASH_LEN; i++)
		pad[i] ^= key[i];
	suite_hash(inner, pad, sizeof(pad), data, len);
	for (size_t i = 0; i < sizeof(pad); i++)
		pad[i] ^= 0x36 ^ 0x5c;
	suite_hash(out, pad, sizeof(pad), inner, sizeof(inner));
	suite_wipe(pad, sizeof(pad));
	suite_wipe(inner, sizeof(inner));
}

void
suite_hkdf(uint8_t out[][SUITE_HASH_LEN], int count,
    const uint8_t ck[static SUITE_HASH_LEN], const uint8_t *ikm, size_t ikm_len)
{
	uint8_t temp[SUITE_HASH_LEN], block[SUITE_HASH_LEN + 1];
	size_t have = 0;

	suite_hmac(temp, ck, ikm, ikm_len);
	for (int i = 0; i < count; i++) {
		block[have] = (uint8_t)(i + 1);
		suite_hmac(out[i], temp, block, have + 1);
		have = SUITE_HASH_LEN;
		memcpy(block, out[i], have);
	}
	suite_wipe(temp, sizeof(temp));
	suite_wipe(block, sizeof(block));
}

bool
suite_public_key(uint8_t out[static SUITE_KEY_LEN],
    const uint8_t private_key[static SUITE_KEY_LEN])
{
	return crypto_scalarmult_base(out, private_key) == 0;
}

bool
suite_dh(uint8_t out[static SUITE_KEY_LEN],
    const uint8_t private_key[static SUITE_KEY_LEN],
    const uint8_t public_key[static SUITE_KEY_LEN])
{
	return crypto_scalarmult(out, private_key, public_key) == 0;
}

bool
suite_equal(const void *a, const void *b, size_t len)
{
	return sodium_memcmp(a, b, len) == 0;
}

void
suite_wipe(void *p, size_t len)
{
	sodium_memzero(p, len);
}
