/* SPDX-License-Identifier: ISC */
#include "daemon/floor.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capture.h"
#include "scratch.h"

enum { STORES = 8 };

static const uint8_t key[SUITE_KEY_LEN] = { 7, 7, 7, 7 };
static const uint8_t other_key[SUITE_KEY_LEN] = { 8 };

static struct capture captured;

struct fixture {
	struct floor floor;
	struct loop *loop;
	struct errand *errand;
	uint64_t stored[STORES];
	unsigned int count;
	unsigned int wanted; /* the loop stops after so many */
	uint64_t again;      /* stored from within the next call, 0: none */
};

static void
on_stored(void *ctx, uint64_t floor)
{
	struct fixture *f = ctx;
	const uint64_t again = f->again;

	assert_in_range(f->count, 0, STORES - 1);
	f->stored[f->count++] = floor;
	f->again = 0;
	if (again != 0)
		floor_store(&f->floor, again);
	if (f->count == f->wanted)
		loop_stop(f->loop);
}

static uint64_t
wait_for_ever(void *ctx)
{
	(void)ctx;
	return NEVER;
}

/* Opens with the log line of a new floor, or the one expected. */
static uint64_t
open_floor(struct floor *f, const uint8_t *public_key, const char *line)
{
	uint64_t floor = NEVER;

	capture_open(&captured, STDERR_FILENO);
	const int result = floor_open(f, "state", public_key, &floor);
	const char *text = capture_close(&captured);
	assert_int_equal(result, 0);
	assert_int_equal(capture_lines(text), line != NULL);
	if (line != NULL && strstr(text, line) == NULL)
		fail_msg("no \"%s\" in %s", line, text);
	if (line != NULL)
		assert_non_null(strstr(text, f->path));
	return floor;
}

static struct fixture *
start(void)
{
	static struct fixture f;

	f = (struct fixture){ .loop = loop_open() };
	f.errand = errand_open(f.loop);
	assert_non_null(f.errand);
	assert_int_equal(open_floor(&f.floor, key, "info: "), 0);
	floor_attach(&f.floor, f.errand, on_stored, &f);
	return &f;
}

/* Lets the loop run until so many stores came back. Returns what was logged. */
static const char *
run(struct fixture *f, unsigned int count)
{
	f->count = 0;
	f->wanted = count;
	capture_open(&captured, STDERR_FILENO);
	const int result = loop_run(f->loop, wait_for_ever, NULL);
	const char *text = capture_close(&captured);
	assert_int_equal(result, 0);
	assert_false(f->floor.job.busy);
	return text;
}

static void
stop(struct fixture *f)
{
	errand_close(f->errand);
	loop_close(f->loop);
}

static void
put(const char *path, const char *text, size_t len, mode_t mode)
{
	(void)unlink(path);
	const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);

	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, text, len), len);
	assert_int_equal(fchmod(fd, mode), 0);
	assert_int_equal(close(fd), 0);
}

static void
test_write_and_read(void **state)
{
	struct fixture *f = start();
	struct floor again;
	struct stat st;

	(void)state;
	assert_int_equal(stat("state", &st), 0);
	assert_int_equal(st.st_mode & ALLPERMS, 0700);
	floor_store(&f->floor, FLOOR_MAX - 1);
	assert_string_equal(run(f, 1), "");
	assert_int_equal(f->stored[0], FLOOR_MAX - 1);
	assert_int_equal(stat(f->floor.path, &st), 0);
	assert_int_equal(st.st_mode & ALLPERMS, 0600);
	assert_int_equal(open_floor(&again, key, NULL), FLOOR_MAX - 1);
	/* what another key stored is no business of this one */
	assert_int_equal(open_floor(&again, other_key, "info: "), 0);
	assert_string_not_equal(again.path, f->floor.path);
	stop(f);
}

/* b2sum -l 256 of the key's bytes. */
static void
test_name_is_the_hash_of_the_key(void **state)
{
	struct floor f;

	(void)state;
	(void)open_floor(&f, key, "info: ");
	assert_string_equal(f.path,
	    "state/"
	    "e10b5529fc2d1003206ec8a37c4196ad32aaa23cf789837c9345b878332a3566");
}

static void
test_content(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		uint64_t floor;
		const char *line; /* NULL: taken without a word */
	} cases[] = {
		{ "0\n", 2, 0, NULL },
		{ "1\n", 2, 1, NULL },
		{ "9223372036854775807\n", 20, FLOOR_MAX - 1, NULL },
		{ "9223372036854775808\n", 20, 0, "not a number" },
		{ "18446744073709551615\n", 21, 0, "not a number" },
		{ "18446744073709551616\n", 21, 0, "not a number" },
		{ "", 0, 0, "not a number" },
		{ "\n", 1, 0, "not a number" },
		{ "1", 1, 0, "not a number" },
		{ "01\n", 3, 0, "not a number" },
		{ "-1\n", 3, 0, "not a number" },
		{ "+1\n", 3, 0, "not a number" },
		{ " 1\n", 3, 0, "not a number" },
		{ "1 \n", 3, 0, "not a number" },
		{ "1\n\n", 3, 0, "not a number" },
		{ "1\n\0\n", 4, 0, "not a number" },
		{ "0x1\n", 4, 0, "not a number" },
		{ "one\n", 4, 0, "not a number" },
		{ "\0\0\0\0", 4, 0, "not a number" },
		{ "1111111111111111111111111111111111111111\n", 41, 0,
		    "not a number" },
	};
	struct floor f;

	(void)state;
	(void)open_floor(&f, key, "info: ");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		put(f.path, cases[i].text, cases[i].len, 0600);
		assert_int_equal(
		    open_floor(&f, key, cases[i].line), cases[i].floor);
		if (cases[i].line != NULL)
			assert_non_null(strstr(captured.text, "warning: "));
	}
}

/* A floor that others could have lowered counts as none. */
static void
test_file_is_not_ours_alone(void **state)
{
	static const mode_t modes[] = { 0644, 0640, 0604, 0620, 0602, 0601 };
	struct floor f;

	(void)state;
	(void)open_floor(&f, key, "info: ");
	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		put(f.path, "5\n", 2, modes[i]);
		assert_int_equal(
		    open_floor(&f, key, "others may write or read it"), 0);
	}
	put(f.path, "5\n", 2, 0600);
	assert_int_equal(open_floor(&f, key, NULL), 5);
	assert_int_equal(unlink(f.path), 0);
	assert_int_equal(mkdir(f.path, 0700), 0);
	assert_int_equal(open_floor(&f, key, "not a regular file"), 0);
}

static void
test_greatest_is_kept_while_busy(void **state)
{
	struct fixture *f = start();
	struct floor again;

	(void)state;
	floor_store(&f->floor, 10);
	floor_store(&f->floor, 30);
	floor_store(&f->floor, 20);
	assert_string_equal(run(f, 2), "");
	assert_int_equal(f->stored[0], 10);
	assert_int_equal(f->stored[1], 30);
	assert_int_equal(open_floor(&again, key, NULL), 30);
	stop(f);
}

/* Core stores the next one while it is told of the last. */
static void
test_store_from_within_stored(void **state)
{
	struct fixture *f = start();
	struct floor again;

	(void)state;
	f->again = 20;
	floor_store(&f->floor, 10);
	assert_string_equal(run(f, 2), "");
	assert_int_equal(f->stored[0], 10);
	assert_int_equal(f->stored[1], 20);
	assert_int_equal(open_floor(&again, key, NULL), 20);
	stop(f);
}

/* A smaller one is answered as well: whoever asked waits for it. */
static void
test_never_lowered(void **state)
{
	struct fixture *f = start();
	struct floor again;

	(void)state;
	floor_store(&f->floor, 30);
	(void)run(f, 1);
	floor_store(&f->floor, 20);
	(void)run(f, 1);
	assert_int_equal(f->stored[0], 30);
	assert_int_equal(open_floor(&again, key, NULL), 30);
	stop(f);
}

/* The folder is gone: one line when it begins, none while it lasts, and
 * nobody waits in vain. */
static void
test_write_fails(void **state)
{
	struct fixture *f = start();
	struct floor again;

	(void)state;
	assert_int_equal(rmdir("state"), 0);
	floor_store(&f->floor, 10);
	const char *line = run(f, 1);
	assert_int_equal(capture_lines(line), 1);
	assert_non_null(strstr(line, "warning: "));
	assert_non_null(strstr(line, f->floor.path));
	assert_non_null(strstr(line, "No such file or directory; going on"));
	assert_int_equal(f->stored[0], 10);
	floor_store(&f->floor, 20);
	assert_string_equal(run(f, 1), "");
	assert_int_equal(mkdir("state", 0700), 0);
	floor_store(&f->floor, 30);
	assert_string_equal(run(f, 1), "");
	assert_int_equal(open_floor(&again, key, NULL), 30);
	assert_int_equal(unlink(f->floor.path), 0);
	assert_int_equal(rmdir("state"), 0);
	floor_store(&f->floor, 40);
	assert_int_equal(capture_lines(run(f, 1)), 1);
	stop(f);
}

static void
test_folder_cannot_be_made(void **state)
{
	struct floor f;
	uint64_t floor;

	(void)state;
	put("file", "", 0, 0600);
	capture_open(&captured, STDERR_FILENO);
	const int result = floor_open(&f, "file/state", key, &floor);
	const int error = errno;
	const char *line = capture_close(&captured);
	assert_int_equal(result, -1);
	assert_int_equal(error, ENOTDIR);
	assert_int_equal(capture_lines(line), 1);
	assert_non_null(strstr(line,
	    "error: state_dir: cannot make file/state: Not a directory\n"));
}

#define CASE(test)                                                             \
	cmocka_unit_test_setup_teardown(test, scratch_enter, scratch_leave)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_write_and_read),
		CASE(test_name_is_the_hash_of_the_key),
		CASE(test_content),
		CASE(test_file_is_not_ours_alone),
		CASE(test_greatest_is_kept_while_busy),
		CASE(test_store_from_within_stored),
		CASE(test_never_lowered),
		CASE(test_write_fails),
		CASE(test_folder_cannot_be_made),
	};

	return cmocka_run_group_tests_name("floor", tests, NULL, NULL);
}
