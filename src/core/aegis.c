/* SPDX-License-Identifier: ISC */
#include "core/aegis.h"

#include <assert.h>
#include <sodium.h>

static_assert(AEGIS_KEY_LEN == crypto_aead_aegis256_KEYBYTES, "key");
static_assert(AEGIS_NONCE_LEN == crypto_aead_aegis256_NPUBBYTES, "nonce");
static_assert(AEGIS_TAG_LEN == crypto_aead_aegis256_ABYTES, "tag");

bool
aegis_is_built(void)
{
	return true;
}

/*
 * The library has no function that tells, so this asks what it asks itself
 * when it picks an implementation: _crypto_aead_aegis256_pick_best_
 * implementation() in crypto_aead/aegis256/aead_aegis256.c, the same from
 * 1.0.19 to 1.0.22. Its own build counts too: on x86, has_aesni and has_avx
 * are 0 in a library that was compiled without those instructions; on ARM,
 * has_armcrypto speaks of the processor alone, and configure.ac compiles the
 * fast code only for 64 bits.
 */
bool
aegis_is_available(void)
{
	const bool x86 =
	    sodium_runtime_has_aesni() != 0 && sodium_runtime_has_avx() != 0;
	const bool arm64 =
	    sodium_runtime_has_armcrypto() != 0 && sizeof(void *) == 8;

	return x86 || arm64;
}

void
aegis_seal(const uint8_t key[static AEGIS_KEY_LEN],
    const uint8_t nonce[static AEGIS_NONCE_LEN], const uint8_t *ad,
    size_t ad_len, uint8_t *text, size_t len)
{
	(void)crypto_aead_aegis256_encrypt(
	    text, NULL, text, len, ad, ad_len, NULL, nonce, key);
}

bool
aegis_open(const uint8_t key[static AEGIS_KEY_LEN],
    const uint8_t nonce[static AEGIS_NONCE_LEN], const uint8_t *ad,
    size_t ad_len, uint8_t *text, size_t len)
{
	return crypto_aead_aegis256_decrypt(
		   text, NULL, NULL, text, len, ad, ad_len, nonce, key) == 0;
}
