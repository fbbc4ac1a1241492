/* SPDX-License-Identifier: ISC */
#include "os/log.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/units.h"

/* Standard error leads into a pipe, read without waiting. */
struct capture {
	int saved_fd;
	int read_fd;
	char text[2 * LOG_LINE_MAX];
};

static void
capture_open(struct capture *c)
{
	int fd[2];

	assert_int_equal(pipe(fd), 0);
	assert_int_equal(fcntl(fd[0], F_SETFL, O_NONBLOCK), 0);
	c->saved_fd = dup(STDERR_FILENO);
	c->read_fd = fd[0];
	assert_int_equal(dup2(fd[1], STDERR_FILENO), STDERR_FILENO);
	close(fd[1]);
}

/* Restores standard error and returns what was written. */
static const char *
capture_close(struct capture *c)
{
	dup2(c->saved_fd, STDERR_FILENO);
	close(c->saved_fd);
	const ssize_t n = read(c->read_fd, c->text, sizeof(c->text) - 1);
	c->text[n < 0 ? 0 : n] = '\0';
	close(c->read_fd);
	return c->text;
}

static void
test_lines(void **state)
{
	struct capture c;

	(void)state;
	log_set_level(LOG_LEVEL_DEBUG);
	capture_open(&c);
	log_error("one %d", 1);
	log_warn("two %s", "2");
	log_info("three");
	log_debug("four");
	assert_string_equal(capture_close(&c),
	    "lansplice: error: one 1\n"
	    "lansplice: warning: two 2\n"
	    "lansplice: info: three\n"
	    "lansplice: debug: four\n");
}

static void
test_level_leaves_out(void **state)
{
	const char *expected[LOG_LEVEL_COUNT] = {
		"lansplice: error: a\n",
		"lansplice: error: a\nlansplice: warning: b\n",
		"lansplice: error: a\nlansplice: warning: b\n"
		"lansplice: info: c\n",
		"lansplice: error: a\nlansplice: warning: b\n"
		"lansplice: info: c\nlansplice: debug: d\n",
	};
	struct capture c;

	(void)state;
	for (int i = 0; i < LOG_LEVEL_COUNT; i++) {
		log_set_level((enum log_level)i);
		capture_open(&c);
		log_error("a");
		log_warn("b");
		log_info("c");
		log_debug("d");
		assert_string_equal(capture_close(&c), expected[i]);
	}
}

static void
test_level_names(void **state)
{
	(void)state;
	assert_int_equal(log_level_from_name("error"), LOG_LEVEL_ERROR);
	assert_int_equal(log_level_from_name("warning"), LOG_LEVEL_WARN);
	assert_int_equal(log_level_from_name("info"), LOG_LEVEL_INFO);
	assert_int_equal(log_level_from_name("debug"), LOG_LEVEL_DEBUG);
	assert_int_equal(log_level_from_name("Debug"), -1);
	assert_int_equal(log_level_from_name("debugx"), -1);
	assert_int_equal(log_level_from_name(""), -1);
}

static void
test_long_line_is_cut(void **state)
{
	char text[2 * LOG_LINE_MAX];
	struct capture c;

	(void)state;
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	log_set_level(LOG_LEVEL_INFO);
	capture_open(&c);
	log_info("%s", text);
	const char *line = capture_close(&c);
	assert_int_equal(strlen(line), LOG_LINE_MAX);
	assert_ptr_equal(strchr(line, '\n'), line + LOG_LINE_MAX - 1);
}

static void
test_control_characters_are_replaced(void **state)
{
	struct capture c;

	(void)state;
	log_set_level(LOG_LEVEL_INFO);
	capture_open(&c);
	log_info("a%sb", "\n\x1b[2J\t\x7f\xc3\xa4");
	assert_string_equal(capture_close(&c),
	    "lansplice: info: a??[2J??\xc3\xa4"
	    "b\n");
}

static void
test_errno_is_kept(void **state)
{
	struct capture c;

	(void)state;
	log_set_level(LOG_LEVEL_INFO);
	capture_open(&c);
	close(STDERR_FILENO); /* write fails with EBADF */
	errno = EXDEV;
	log_info("x");
	assert_int_equal(errno, EXDEV);
	log_debug("x");
	assert_int_equal(errno, EXDEV);
	capture_close(&c);
}

static void
test_limit(void **state)
{
	struct log_limit l = { 0 };
	const struct {
		uint64_t at_ns;
		bool allowed;
	} cases[] = {
		{ SEC(100), true }, { SEC(100), true }, { SEC(100), true },
		{ SEC(100), false }, { SEC(109), false },
		{ SEC(110), true }, /* one more after an interval */
		{ SEC(110), false }, { SEC(119), false },
		{ SEC(120), true }, /* what was refused costs nothing */
		{ SEC(145), true }, /* two intervals */
		{ SEC(145), true }, { SEC(145), false }, { SEC(149), false },
		{ SEC(150), true }, /* and the half one before counted */
		{ SEC(9000), true }, { SEC(9000), true }, { SEC(9000), true },
		{ SEC(9000), false }, /* never more than the burst */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(
		    log_limit_allows(&l, cases[i].at_ns, 3, SEC(10)),
		    cases[i].allowed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_level_leaves_out),
		cmocka_unit_test(test_level_names),
		cmocka_unit_test(test_long_line_is_cut),
		cmocka_unit_test(test_control_characters_are_replaced),
		cmocka_unit_test(test_errno_is_kept),
		cmocka_unit_test(test_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
