/* SPDX-License-Identifier: ISC */
#include "daemon/key.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#define ONES_TEXT "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="

static char dir[] = "/tmp/lansplice-key-test.XXXXXX";
static char path[sizeof(dir) + sizeof("/key")];

static const struct {
	const char *text;
	size_t len;
	bool is_key;
} texts[] = {
	{ ONES_TEXT, 44, true },
	{ ONES_TEXT "\n", 45, true },
	{ ONES_TEXT "\n\n", 46, false },
	{ ONES_TEXT " ", 45, false },
	{ ONES_TEXT "\r\n", 46, false },
	{ ONES_TEXT "\0", 45, false },
	{ " " ONES_TEXT, 45, false },
	{ ONES_TEXT, 43, false },
	{ "", 0, false },
	{ "\n", 1, false },
	/* bits that no byte takes: not canonical */
	{ "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQF=", 44, false },
	/* the alphabet for URLs */
	{ "__________________________________________8=", 44, false },
	{ "//////////////////////////////////////////8=", 44, true },
	/* 31 and 33 bytes */
	{ "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ==", 44, false },
	{ "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB", 44, false },
	{ "AQEBAQEBAQEBAQEBAQEB=QEBAQEBAQEBAQEBAQEBAQE=", 44, false },
	{ "0101010101010101010101010101010101010101010101010101010101010101",
	    64, false },
};

static void
test_parse(void **state)
{
	static const uint8_t zeros[SUITE_KEY_LEN];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		uint8_t key[SUITE_KEY_LEN];
		memset(key, 0x5a, sizeof(key));
		bool is_key = key_parse(key, texts[i].text, texts[i].len);
		if (is_key != texts[i].is_key)
			fail_msg("row %zu: \"%s\"", i, texts[i].text);
		if (!is_key)
			assert_memory_equal(key, zeros, sizeof(key));
	}
}

static void
test_put_and_parse(void **state)
{
	uint8_t made[SUITE_KEY_LEN], again[SUITE_KEY_LEN];
	char text[KEY_TEXT_LEN + 1];

	(void)state;
	memset(made, 1, sizeof(made));
	key_put(text, made);
	assert_string_equal(text, ONES_TEXT);
	key_make(made);
	key_put(text, made);
	assert_int_equal(strlen(text), KEY_TEXT_LEN);
	assert_true(key_parse(again, text, KEY_TEXT_LEN));
	assert_memory_equal(made, again, sizeof(made));
}

static void
test_make_differs(void **state)
{
	uint8_t a[SUITE_KEY_LEN], b[SUITE_KEY_LEN];

	(void)state;
	key_make(a);
	key_make(b);
	assert_memory_not_equal(a, b, sizeof(a));
}

static void
write_file(const char *text, size_t len, mode_t mode)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void
test_read_file(void **state)
{
	uint8_t key[SUITE_KEY_LEN];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		write_file(texts[i].text, texts[i].len, 0600);
		errno = 0;
		int status = key_read_file(key, path);
		if (status != (texts[i].is_key ? 0 : -1))
			fail_msg("row %zu: \"%s\"", i, texts[i].text);
		if (status != 0)
			assert_int_equal(errno, EBADMSG);
	}
}

static void
test_read_file_refuses_open_modes(void **state)
{
	static const mode_t modes[] = { 0640, 0604, 0620, 0602, 0610, 0601 };
	uint8_t key[SUITE_KEY_LEN];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		write_file(ONES_TEXT, KEY_TEXT_LEN, modes[i]);
		assert_int_equal(key_read_file(key, path), -1);
		assert_int_equal(errno, EPERM);
	}
	write_file(ONES_TEXT, KEY_TEXT_LEN, 0400);
	assert_int_equal(key_read_file(key, path), 0);
}

static void
test_read_file_missing(void **state)
{
	uint8_t key[SUITE_KEY_LEN];

	(void)state;
	(void)unlink(path);
	assert_int_equal(key_read_file(key, path), -1);
	assert_int_equal(errno, ENOENT);
}

static int
setup(void **state)
{
	(void)state;
	if (sodium_init() < 0 || mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/key", dir);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	(void)unlink(path);
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_put_and_parse),
		cmocka_unit_test(test_make_differs),
		cmocka_unit_test(test_read_file),
		cmocka_unit_test(test_read_file_refuses_open_modes),
		cmocka_unit_test(test_read_file_missing),
	};
	return cmocka_run_group_tests_name("key", tests, setup, teardown);
}
