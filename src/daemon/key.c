/* SPDX-License-Identifier: ISC */
#include "daemon/key.h"

#include <errno.h>
#include <sodium.h>

#include "os/file.h"

/* libsodium 1.0.18 takes every byte above for an 'A'. */
static bool
key_is_ascii(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] > 0x7f)
			return false;
	return true;
}

bool
key_parse(uint8_t out[static SUITE_KEY_LEN], const char *text, size_t len)
{
	size_t got = 0;

	if (len == KEY_TEXT_LEN + 1 && text[KEY_TEXT_LEN] == '\n')
		len--;
	if (len == KEY_TEXT_LEN && key_is_ascii(text, len) &&
	    sodium_base642bin(out, SUITE_KEY_LEN, text, len, NULL, &got, NULL,
		sodium_base64_VARIANT_ORIGINAL) == 0 &&
	    got == SUITE_KEY_LEN)
		return true;
	sodium_memzero(out, SUITE_KEY_LEN);
	return false;
}

void
key_put(
    char out[static KEY_TEXT_LEN + 1], const uint8_t key[static SUITE_KEY_LEN])
{
	sodium_bin2base64(out, KEY_TEXT_LEN + 1, key, SUITE_KEY_LEN,
	    sodium_base64_VARIANT_ORIGINAL);
}

int
key_read_file(uint8_t out[static SUITE_KEY_LEN], const char *path)
{
	char text[KEY_TEXT_LEN + 1];
	int status = -1;

	ssize_t len = file_read(path, FILE_SECRET, text, sizeof(text));
	if (len >= 0 && key_parse(out, text, (size_t)len))
		status = 0;
	else if (len >= 0 || errno == EFBIG)
		errno = EBADMSG;
	sodium_memzero(text, sizeof(text));
	return status;
}

void
key_make(uint8_t out[static SUITE_KEY_LEN])
{
	randombytes_buf(out, SUITE_KEY_LEN);
}
