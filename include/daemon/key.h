/* SPDX-License-Identifier: ISC */
/*
 * Keys as text: base64 (RFC 4648, section 4, padded, canonical) of 32 bytes,
 * 44 characters on one line. Private, public, pre-shared and network keys
 * look the same.
 * Thread: any. Memory: the caller's; copies made on the way are wiped.
 */
#ifndef DAEMON_KEY_H
#define DAEMON_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/suite.h"
#include "core/units.h"

enum {
	KEY_TEXT_LEN = 44, /* characters, without newline or NUL */
};

/*
 * Reads a key from len characters. One newline may follow it, nothing else.
 * False: not a key; then out is wiped.
 */
MUST_USE bool key_parse(
    uint8_t out[static SUITE_KEY_LEN], const char *text, size_t len);

/* Writes the text of a key and a NUL. */
void key_put(
    char out[static KEY_TEXT_LEN + 1], const uint8_t key[static SUITE_KEY_LEN]);

/*
 * Reads a file that holds one secret key. -1 with errno: those of
 * file_read(FILE_SECRET), or EBADMSG: its content is not a key.
 */
MUST_USE int key_read_file(uint8_t out[static SUITE_KEY_LEN], const char *path);

/* Makes 32 random bytes: a private key, a pre-shared or a network key. */
void key_make(uint8_t out[static SUITE_KEY_LEN]);

#endif
