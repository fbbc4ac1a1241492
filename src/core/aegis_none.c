/* SPDX-License-Identifier: ISC */
#include "core/aegis.h"

#include <string.h>

bool
aegis_is_built(void)
{
	return false;
}

bool
aegis_is_available(void)
{
	return false;
}

/* Nobody calls this. If somebody did, no plaintext would get out. */
void
aegis_seal(const uint8_t key[static AEGIS_KEY_LEN],
    const uint8_t nonce[static AEGIS_NONCE_LEN], const uint8_t *ad,
    size_t ad_len, uint8_t *text, size_t len)
{
	(void)key;
	(void)nonce;
	(void)ad;
	(void)ad_len;
	memset(text, 0, len + AEGIS_TAG_LEN);
}

bool
aegis_open(const uint8_t key[static AEGIS_KEY_LEN],
    const uint8_t nonce[static AEGIS_NONCE_LEN], const uint8_t *ad,
    size_t ad_len, uint8_t *text, size_t len)
{
	(void)key;
	(void)nonce;
	(void)ad;
	(void)ad_len;
	memset(text, 0, len);
	return false;
}
