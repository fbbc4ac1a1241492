/* SPDX-License-Identifier: ISC */
/*
 * Standard output or standard error of a test, led into a file that has no
 * name and read when it is over; and a look at what else is open.
 */
#ifndef UNIT_CAPTURE_H
#define UNIT_CAPTURE_H

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	CAPTURE_MAX = 1 << 20, /* bytes kept */
	CAPTURE_FDS = 256,     /* more than a test has open */
};

struct capture {
	int fd; /* that is led away */
	int saved_fd;
	FILE *file;
	char text[CAPTURE_MAX];
};

static inline void
capture_open(struct capture *c, int fd)
{
	(void)fflush(stdout);
	c->fd = fd;
	c->file = tmpfile();
	assert_non_null(c->file);
	c->saved_fd = dup(fd);
	assert_int_equal(dup2(fileno(c->file), fd), fd);
}

/* Restores the descriptor and returns what was written. */
static inline const char *
capture_close(struct capture *c)
{
	(void)fflush(stdout);
	assert_int_equal(dup2(c->saved_fd, c->fd), c->fd);
	close(c->saved_fd);
	rewind(c->file);
	c->text[fread(c->text, 1, sizeof(c->text) - 1, c->file)] = '\0';
	(void)fclose(c->file);
	return c->text;
}

/* How many lines; each must be a whole one. */
static inline unsigned int
capture_lines(const char *text)
{
	unsigned int n = 0;

	for (const char *p = text; *p != '\0'; p++)
		n += *p == '\n';
	assert_true(text[0] == '\0' || text[strlen(text) - 1] == '\n');
	return n;
}

/* The same before and after where nothing leaks. */
static inline unsigned int
count_descriptors(void)
{
	unsigned int n = 0;

	for (int fd = 0; fd < CAPTURE_FDS; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return n;
}

#endif
