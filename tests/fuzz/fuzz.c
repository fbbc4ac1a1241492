/* SPDX-License-Identifier: ISC */
#include "fuzz.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/log.h"

static char scratch[PATH_MAX];

char fuzz_log[LOG_LINE_MAX + 1];

void
fuzz_fail(const char *file, int line, const char *what)
{
	(void)fprintf(stderr, "%s:%d: broken promise: %s\n", file, line, what);
	abort();
}

uint8_t
fuzz_u8(struct fuzz_input *in)
{
	if (in->left == 0)
		return 0;
	in->left--;
	return *in->at++;
}

uint16_t
fuzz_u16(struct fuzz_input *in)
{
	const uint8_t low = fuzz_u8(in);

	return (uint16_t)(low | fuzz_u8(in) << 8);
}

uint32_t
fuzz_u32(struct fuzz_input *in)
{
	const uint32_t low = fuzz_u16(in);

	return low | (uint32_t)fuzz_u16(in) << 16;
}

size_t
fuzz_bytes(struct fuzz_input *in, uint8_t *out, size_t len)
{
	const size_t n = len < in->left ? len : in->left;

	memset(out, 0, len);
	if (n > 0)
		memcpy(out, in->at, n);
	in->at += n;
	in->left -= n;
	return n;
}

void *
fuzz_copy(const uint8_t *data, size_t len)
{
	void *copy = calloc(1, len == 0 ? 1 : len);

	FUZZ_CHECK(copy != NULL);
	if (data != NULL && len > 0)
		memcpy(copy, data, len);
	return copy;
}

char *
fuzz_text(const uint8_t *data, size_t len)
{
	char *text = fuzz_copy(NULL, len + 1);

	if (len > 0)
		memcpy(text, data, len);
	return text;
}

uint64_t
fuzz_next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

void
fuzz_random(uint64_t *state, uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)fuzz_next(state);
}

/* What a target wrote lies directly in the folder. */
static void
scratch_remove(void)
{
	char command[PATH_MAX + 16];

	(void)snprintf(command, sizeof(command), "rm -rf '%s'", scratch);
	(void)!system(command); /* NOLINT(cert-env33-c) */
}

static void
scratch_make(void)
{
	const char *tmp = getenv("TMPDIR");

	if (scratch[0] != '\0')
		return;
	(void)snprintf(scratch, sizeof(scratch), "%s/lansplice-fuzz-XXXXXX",
	    tmp == NULL ? "/tmp" : tmp);
	FUZZ_CHECK(mkdtemp(scratch) != NULL);
	FUZZ_CHECK(atexit(scratch_remove) == 0);
}

const char *
fuzz_file(const char *name, const uint8_t *data, size_t len, unsigned int mode)
{
	static char path[PATH_MAX];

	scratch_make();
	FUZZ_CHECK(snprintf(path, sizeof(path), "%s/%s", scratch, name) <
	    (int)sizeof(path));
	(void)unlink(path);
	if (data == NULL)
		return path;
	const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, (mode_t)mode);
	FUZZ_CHECK(fd >= 0);
	FUZZ_CHECK(fchmod(fd, (mode_t)mode) == 0);
	FUZZ_CHECK(write(fd, data, len) == (ssize_t)len);
	FUZZ_CHECK(close(fd) == 0);
	return path;
}

/* The log is built with this name for write(2); os/log.h says what a line
 * is. */
ssize_t fuzz_log_write(int fd, const void *data, size_t len);
ssize_t
fuzz_log_write(int fd, const void *data, size_t len)
{
	const char *line = data;

	FUZZ_CHECK(fd == STDERR_FILENO && len >= 1 && len <= LOG_LINE_MAX);
	memcpy(fuzz_log, line, len);
	fuzz_log[len] = '\0';
	FUZZ_CHECK(line[len - 1] == '\n');
	for (size_t i = 0; i + 1 < len; i++)
		FUZZ_CHECK((unsigned char)line[i] >= ' ' && line[i] != 0x7f);
	return (ssize_t)len;
}
