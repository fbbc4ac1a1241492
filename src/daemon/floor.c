/* SPDX-License-Identifier: ISC */
#include "daemon/floor.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "os/file.h"
#include "os/log.h"

enum {
	STATE_DIR_MODE = 0700,
	FLOOR_MODE = 0600,
	FLOOR_TEXT_MAX = 32, /* a u64 in decimal, a newline, a NUL */
};

static void
floor_name(struct floor *f, const char *state_dir,
    const uint8_t public_key[static SUITE_KEY_LEN])
{
	uint8_t hash[SUITE_KEY_LEN];
	char hex[2 * SUITE_KEY_LEN + 1];

	suite_hash32(hash, "", public_key, NULL);
	for (int i = 0; i < SUITE_KEY_LEN; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", hash[i]);
	(void)snprintf(f->path, sizeof(f->path), "%s/%s", state_dir, hex);
}

/* One decimal number and a newline; anything else is corrupt. */
static bool
floor_parse(const char *text, size_t len, uint64_t *out)
{
	char again[FLOOR_TEXT_MAX];

	*out = strtoull(text, NULL, 10);
	(void)snprintf(again, sizeof(again), "%" PRIu64 "\n", *out);
	return strlen(again) == len && memcmp(text, again, len) == 0 &&
	    *out < FLOOR_MAX;
}

/* Why there is no floor; file_read's errno, 0 if its content is at fault. */
static const char *
floor_trouble(int error)
{
	switch (error) {
	case 0:
	case EFBIG:
		return "not a number";
	case EINVAL:
		return "not a regular file";
	case EPERM:
		return "others may write or read it";
	default:
		return strerror(error);
	}
}

static uint64_t
floor_read(const struct floor *f)
{
	char text[FLOOR_TEXT_MAX] = "";
	uint64_t floor;
	const ssize_t len =
	    file_read(f->path, FILE_SECRET, text, sizeof(text) - 1);

	if (len >= 0 && floor_parse(text, (size_t)len, &floor))
		return floor;
	if (len < 0 && errno == ENOENT)
		log_info("%s: new timestamp floor", f->path);
	else
		log_warn("%s: %s; peers that saw a later time may refuse us "
			 "until the clock has caught up",
		    f->path, floor_trouble(len < 0 ? errno : 0));
	return 0;
}

int
floor_open(struct floor *f, const char *state_dir,
    const uint8_t public_key[static SUITE_KEY_LEN], uint64_t *out)
{
	*f = (struct floor){ .writing = 0 };
	if (file_make_dir(state_dir, STATE_DIR_MODE) != 0) {
		log_error("state_dir: cannot make %s: %s", state_dir,
		    strerror(errno));
		return -1;
	}
	floor_name(f, state_dir, public_key);
	*out = floor_read(f);
	return 0;
}

/* On the errand thread. */
static void
floor_work(struct errand_job *job)
{
	struct floor *f = (struct floor *)job;
	char text[FLOOR_TEXT_MAX];

	(void)snprintf(text, sizeof(text), "%" PRIu64 "\n", f->writing);
	f->error = file_write(f->path, text, strlen(text), FLOOR_MODE) == 0
	    ? 0
	    : errno;
}

static void
floor_done(struct errand_job *job)
{
	struct floor *f = (struct floor *)job;

	if (f->error != 0 && !f->failing)
		log_warn("%s: %s; going on, but after a restart peers may "
			 "refuse us until the clock has caught up",
		    f->path, strerror(f->error));
	f->failing = f->error != 0;
	f->stored(f->ctx, f->writing);
	if (f->wanted > f->writing)
		floor_store(f, f->wanted);
}

void
floor_attach(
    struct floor *f, struct errand *e, floor_stored_fn *stored, void *ctx)
{
	f->job.work = floor_work;
	f->job.done = floor_done;
	f->errand = e;
	f->stored = stored;
	f->ctx = ctx;
}

void
floor_store(struct floor *f, uint64_t floor)
{
	f->wanted = u64_max(f->wanted, floor);
	if (f->job.busy)
		return;
	f->writing = f->wanted;
	(void)errand_submit(f->errand, &f->job);
}
