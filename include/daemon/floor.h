/* SPDX-License-Identifier: ISC */
/*
 * The timestamp floor on disk: one file in state_dir, named after the hash of
 * the own public key, mode 0600, that holds a number greater than every
 * timestamp sent. Written off the loop, so that a slow disk stalls nothing.
 * Source: lansplice-protocol(7), TIMESTAMPS.
 * Thread: loop. Memory: the caller's.
 */
#ifndef DAEMON_FLOOR_H
#define DAEMON_FLOOR_H

#include <stdbool.h>
#include <stdint.h>

#include "core/suite.h"
#include "core/units.h"
#include "daemon/conf.h"
#include "os/errand.h"

enum {
	FLOOR_PATH_MAX = CONF_PATH_MAX + 2 * SUITE_KEY_LEN + 8,
};
#define FLOOR_MAX (UINT64_C(1) << 63) /* from here on the file is corrupt */

/* Called on the loop when a floor is on disk, or was given up. */
typedef void floor_stored_fn(void *ctx, uint64_t floor);

struct floor {
	struct errand_job job; /* first: its functions cast back */
	char path[FLOOR_PATH_MAX];
	uint64_t writing; /* the errand thread's while job.busy */
	int error;        /* of that write, 0: none */
	uint64_t wanted;  /* greatest asked for */
	bool failing;     /* said so already */
	struct errand *errand;
	floor_stored_fn *stored;
	void *ctx;
};

/*
 * Makes state_dir if it is missing and reads the floor, 0 without one (one
 * log line). -1 with errno after one log line if the folder cannot be made.
 */
MUST_USE int floor_open(struct floor *f, const char *state_dir,
    const uint8_t public_key[static SUITE_KEY_LEN], uint64_t *out);

/* Where to write from now on, and whom to tell. */
void floor_attach(
    struct floor *f, struct errand *e, floor_stored_fn *stored, void *ctx);

/* Has a floor written; stored is called for it or for a greater one. */
void floor_store(struct floor *f, uint64_t floor);

#endif
