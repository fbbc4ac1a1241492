/* SPDX-License-Identifier: ISC */
/*
 * The endpoints of peers over a restart: a hub that was killed knows where
 * its callers were and calls them. One file in state_dir beside the timestamp
 * floor, mode 0600, a line for each peer: its public key, a space, address
 * and port. Written off the loop, at most every LEARNED_PAUSE.
 * Source: lansplice-protocol(7), Attempts.
 * Thread: loop. Memory: learned_open allocates, learned_close frees.
 */
#ifndef DAEMON_LEARNED_H
#define DAEMON_LEARNED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/node.h"
#include "daemon/conf.h"
#include "os/errand.h"

#define LEARNED_PAUSE SEC(10) /* between two writes */

/* The peers, as the daemon knows them. */
struct learned_peers {
	const struct conf *conf;
	struct node *node;
	const int *numbers; /* in the node, of each conf->peers */
};

struct learned {
	struct errand_job job; /* first: its functions cast back */
	char path[CONF_PATH_MAX + 2 * SUITE_KEY_LEN + 16];
	char *text; /* the errand thread's while job.busy */
	size_t size, len;
	int error;         /* of the last write, 0: none */
	bool failing;      /* said so already */
	bool changed;      /* since the last write began */
	uint64_t begun_ns; /* that write; 0: none yet */
	struct errand *errand;
};

/*
 * floor_path is the file that this one lies beside. -1 with errno after one
 * log line without memory.
 */
MUST_USE int learned_open(struct learned *l, const char *floor_path,
    size_t peer_count, struct errand *e);
/* Call after errand_close. */
void learned_close(struct learned *l);

/* Tells the node what the file says of its peers; that begins handshakes.
 * Lines that say nothing of a peer are passed over. */
void learned_load(struct learned *l, const struct learned_peers *peers,
    const struct now *now);

/* An endpoint has changed. */
void learned_note(struct learned *l);

/* Begins to write what has changed. Returns when to call again, or NEVER. */
uint64_t learned_tick(struct learned *l, const struct learned_peers *peers,
    const struct now *now);

/* Writes at once, blocking: before the end. */
void learned_flush(struct learned *l, const struct learned_peers *peers,
    const struct now *now);

#endif
