/* SPDX-License-Identifier: ISC */
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[256]; /* each test's own, and its working directory */
static int home_fd;

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int
setup(void **state)
{
	(void)state;
	home_fd = open(".", O_RDONLY | O_DIRECTORY);
	const char *tmp = getenv("TMPDIR");
	snprintf(dir, sizeof(dir), "%s/lansplice-file-XXXXXX",
	    tmp != NULL ? tmp : "/tmp");
	return home_fd == -1 || mkdtemp(dir) == NULL || chdir(dir) != 0 ? -1
									: 0;
}

static int
teardown(void **state)
{
	(void)state;
	if (fchdir(home_fd) != 0 || close(home_fd) != 0)
		return -1;
	return nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void
put(const char *path, const char *text, mode_t mode)
{
	(void)unlink(path); /* it may be read-only */
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static mode_t
mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st.st_mode & (mode_t)07777;
}

static void
assert_refused(ssize_t result, int error)
{
	const int got = errno;

	assert_int_equal(result, -1);
	assert_int_equal(got, error);
}

static void
assert_content(const char *path, const char *text)
{
	char buf[64];
	const ssize_t n = file_read(path, FILE_PUBLIC, buf, sizeof(buf));

	assert_int_equal(n, strlen(text));
	assert_memory_equal(buf, text, strlen(text));
}

static void
test_read(void **state)
{
	char buf[8];

	(void)state;
	put("a", "12345678", 0644);
	assert_int_equal(file_read("a", FILE_PUBLIC, buf, sizeof(buf)), 8);
	assert_memory_equal(buf, "12345678", 8);
	assert_refused(file_read("a", FILE_PUBLIC, buf, 7), EFBIG);
	put("empty", "", 0644);
	assert_int_equal(file_read("empty", FILE_PUBLIC, buf, sizeof(buf)), 0);
	assert_int_equal(symlink("a", "link"), 0);
	assert_int_equal(file_read("link", FILE_PUBLIC, buf, sizeof(buf)), 8);
}

static void
test_read_refuses(void **state)
{
	char buf[8];

	(void)state;
	assert_refused(
	    file_read("none", FILE_PUBLIC, buf, sizeof(buf)), ENOENT);
	assert_int_equal(mkdir("folder", 0700), 0);
	assert_refused(
	    file_read("folder", FILE_PUBLIC, buf, sizeof(buf)), EINVAL);
	assert_int_equal(mkfifo("fifo", 0600), 0); /* must not hang either */
	assert_refused(
	    file_read("fifo", FILE_PUBLIC, buf, sizeof(buf)), EINVAL);
	assert_refused(
	    file_read("/dev/null", FILE_PUBLIC, buf, sizeof(buf)), EINVAL);
}

static void
test_secret_mode(void **state)
{
	static const struct {
		mode_t mode;
		bool allowed;
	} cases[] = {
		{ 0600, true },
		{ 0400, true },
		{ 0700, true },
		{ 0640, false },
		{ 0620, false },
		{ 0610, false },
		{ 0604, false },
		{ 0602, false },
		{ 0601, false },
		{ 0644, false },
	};
	char buf[8];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		put("key", "key", 0600);
		assert_int_equal(chmod("key", cases[i].mode), 0);
		const ssize_t n =
		    file_read("key", FILE_SECRET, buf, sizeof(buf));

		if (cases[i].allowed)
			assert_int_equal(n, 3);
		else
			assert_refused(n, EPERM);
	}
}

static void
test_secret_owner(void **state)
{
	char buf[8];

	(void)state;
	if (geteuid() != 0)
		skip();
	put("key", "key", 0600);
	assert_int_equal(chown("key", 1, (gid_t)-1), 0);
	assert_refused(file_read("key", FILE_SECRET, buf, sizeof(buf)), EPERM);
	assert_int_equal(file_read("key", FILE_PUBLIC, buf, sizeof(buf)), 3);
}

static void
test_write(void **state)
{
	const mode_t before = umask(077);
	char path[sizeof(dir) + 8];

	(void)state;
	assert_int_equal(file_write("a", "old", 3, 0644), 0);
	assert_int_equal(mode_of("a"), 0644);
	assert_content("a", "old");
	umask(0);
	assert_int_equal(file_write("a", "newer", 5, 0600), 0);
	assert_int_equal(mode_of("a"), 0600);
	assert_content("a", "newer");
	assert_int_equal(file_write("a", "", 0, 0600), 0);
	assert_content("a", "");
	snprintf(path, sizeof(path), "%s/b", dir);
	assert_int_equal(file_write(path, "b", 1, 0600), 0);
	assert_content("b", "b");
	umask(before);
	assert_refused(access("a.new", F_OK), ENOENT);
}

static void
test_write_fails_without_a_trace(void **state)
{
	(void)state;
	assert_refused(file_write("none/a", "x", 1, 0600), ENOENT);
	assert_int_equal(mkdir("folder", 0700), 0);
	assert_refused(file_write("folder", "x", 1, 0600), EISDIR);
	assert_refused(access("folder.new", F_OK), ENOENT);
	put("a", "old", 0600);
	assert_int_equal(mkdir("a.new", 0700), 0);
	assert_refused(file_write("a", "x", 1, 0600), EEXIST);
	assert_content("a", "old");
}

/* Left over from a crash, or laid out as a trap. */
static void
test_write_replaces_what_is_left(void **state)
{
	(void)state;
	put("victim", "safe", 0600);
	assert_int_equal(symlink("victim", "a.new"), 0);
	assert_int_equal(file_write("a", "x", 1, 0600), 0);
	assert_content("a", "x");
	assert_content("victim", "safe");
	put("a.new", "half", 0644);
	assert_int_equal(file_write("a", "y", 1, 0600), 0);
	assert_content("a", "y");
	assert_int_equal(mode_of("a"), 0600);
}

static void
test_path_too_long(void **state)
{
	char path[8192];

	(void)state;
	memset(path, 'a', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	assert_refused(file_write(path, "x", 1, 0600), ENAMETOOLONG);
	assert_refused(file_make_dir(path, 0700), ENAMETOOLONG);
}

static void
test_make_dir(void **state)
{
	char path[sizeof(dir) + 8];
	struct stat st;

	(void)state;
	assert_int_equal(file_make_dir("a/b//c/", 0700), 0);
	assert_int_equal(stat("a/b/c", &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(mode_of("a/b/c"), 0700);
	assert_int_equal(file_make_dir("a/b/c", 0755), 0);
	assert_int_equal(mode_of("a/b/c"), 0700); /* it was there */
	snprintf(path, sizeof(path), "%s/d/e", dir);
	assert_int_equal(file_make_dir(path, 0700), 0);
	assert_int_equal(access("d/e", F_OK), 0);
	assert_int_equal(file_make_dir("/", 0700), 0);
	assert_refused(file_make_dir("", 0700), ENOENT);
	put("file", "x", 0600);
	assert_refused(file_make_dir("file", 0700), ENOTDIR);
	assert_refused(file_make_dir("file/a", 0700), ENOTDIR);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_read, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_read_refuses, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_secret_mode, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_secret_owner, setup, teardown),
		cmocka_unit_test_setup_teardown(test_write, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_write_fails_without_a_trace, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_write_replaces_what_is_left, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_path_too_long, setup, teardown),
		cmocka_unit_test_setup_teardown(test_make_dir, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
