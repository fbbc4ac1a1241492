/* SPDX-License-Identifier: ISC */
/*
 * The UDP sockets in the loop: watched, and made anew on the same port when
 * the network changed such that they are of no use any more.
 * Thread: loop. Memory: the caller's.
 */
#ifndef DAEMON_UPLINK_H
#define DAEMON_UPLINK_H

#include <stdint.h>

#include "core/units.h"
#include "os/loop.h"
#include "os/udp.h"

#define UPLINK_PAUSE SEC(1) /* between attempts to open them again */

struct uplink {
	struct udp *udp;
	struct loop *loop;
	loop_fn *read[UDP_SOCKETS]; /* one for each socket */
	void *ctx;
	uint64_t again_ns; /* not before this */
};

/* Watches the sockets. -1 with errno. */
MUST_USE int uplink_watch(struct uplink *u);

/* The network changed. What waits in the transmit batch is sent. */
void uplink_reopen(struct uplink *u, uint64_t now_ns);

/* Opens sockets that failed. Returns when to call again, or NEVER. */
uint64_t uplink_tick(struct uplink *u, uint64_t now_ns);

#endif
