/* SPDX-License-Identifier: ISC */
/*
 * A peer that speaks from a new address: the check of that address before
 * anything else is sent there. One check at a time.
 * Source: lansplice-protocol(7), MOVING ENDPOINT; RFC 9000, section 9.3.
 * Thread: loop. Memory: the caller's.
 */
#ifndef CORE_ROAM_H
#define CORE_ROAM_H

#include <stdbool.h>
#include <stdint.h>

#include "core/addr.h"
#include "core/sink.h"
#include "core/units.h"
#include "core/wire.h"

enum {
	ROAM_CHALLENGES = 3,
	/* A check takes 3 s: so many can fail within ROAM_REFUSE. */
	ROAM_FAILURES = 10,
};
#define ROAM_INTERVAL SEC(1)
#define ROAM_REFUSE SEC(30) /* an address that failed */

struct roam {
	struct path candidate; /* remote ADDR_NONE: no check under way */
	uint8_t challenge[WIRE_PATH_DATA];
	unsigned int sent;
	struct roam_failure {
		struct addr remote; /* ADDR_NONE: free */
		uint64_t at_ns;
	} failures[ROAM_FAILURES];
	unsigned int next_failure;
};

/* Begins a check of an address; false if one is under way or the address
 * failed within ROAM_REFUSE. */
bool roam_start(struct roam *r, const struct sink *sink, uint64_t now_ns,
    const struct path *candidate);

/* True if one more challenge is to be sent now; else the check has failed and
 * is over. */
bool roam_next(struct roam *r, uint64_t now_ns);

/* True if these bytes answer the challenge; the check is over then, and the
 * address that passed is in *to. */
bool roam_accept(
    struct roam *r, const uint8_t data[static WIRE_PATH_DATA], struct path *to);

/* Ends a check without a verdict. */
void roam_stop(struct roam *r);

#endif
