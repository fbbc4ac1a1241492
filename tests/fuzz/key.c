/* SPDX-License-Identifier: ISC */
/*
 * Key files. The input is the text of one; it is read from memory, and from
 * files with a good and with a bad mode.
 */
#include "daemon/key.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

static const uint8_t zeros[SUITE_KEY_LEN];

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t key[SUITE_KEY_LEN], from_file[SUITE_KEY_LEN];
	char *text = (char *)fuzz_copy(data, size);
	char again[KEY_TEXT_LEN + 1];
	const bool good = key_parse(key, text, size);

	if (good) {
		key_put(again, key);
		FUZZ_CHECK(size >= KEY_TEXT_LEN && size <= KEY_TEXT_LEN + 1);
		FUZZ_CHECK(memcmp(again, text, KEY_TEXT_LEN) == 0);
	} else {
		FUZZ_CHECK(memcmp(key, zeros, sizeof(key)) == 0);
	}
	free(text);

	const uint8_t *bytes = size == 0 ? zeros : data;
	const bool read =
	    key_read_file(from_file, fuzz_file("key", bytes, size, 0600)) == 0;
	FUZZ_CHECK(read == good);
	FUZZ_CHECK(
	    read ? memcmp(key, from_file, sizeof(key)) == 0 : errno == EBADMSG);
	FUZZ_CHECK(
	    key_read_file(from_file, fuzz_file("key", bytes, size, 0640)) != 0);
	FUZZ_CHECK(errno == EPERM);
	return 0;
}
