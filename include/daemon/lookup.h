/* SPDX-License-Identifier: ISC */
/*
 * The address of a peer's configured endpoint: known at once if it is
 * numeric, else asked of the system on the errand thread, again and again as
 * core wishes.
 * Thread: loop. Memory: the caller's.
 */
#ifndef DAEMON_LOOKUP_H
#define DAEMON_LOOKUP_H

#include <stddef.h>
#include <stdint.h>

#include "core/addr.h"
#include "daemon/conf.h"
#include "os/errand.h"
#include "os/resolve.h"

/* Called on the loop with the addresses that may be used, count > 0. */
typedef void lookup_found_fn(
    void *ctx, int peer, const struct addr *addrs, int count);

#define LOOKUP_PAUSE SEC(30) /* after a look-up that found nothing */

struct lookup_env {
	struct errand *errand;
	const struct netif_config *netif; /* its networks hold no endpoint */
	lookup_found_fn *found;
	void *ctx;
	uint64_t again_ns; /* the earliest of all look-ups'; NEVER at first */
};

struct lookup {
	struct errand_job job; /* first: its functions cast back */
	struct lookup_env *env;
	uint64_t again_ns; /* when to look up once more; NEVER */
	const char *name;  /* the peer's, for the log */
	int peer;
	struct resolve_name endpoint;
	struct addr addrs[RESOLVE_ADDRS_MAX];
	int count;           /* or -1; the errand thread's while job.busy */
	const char *reason;  /* then why */
	const char *trouble; /* of the last one, in the log already; or NULL */
};

void lookup_init(struct lookup *l, struct lookup_env *env,
    const struct conf_peer *c, int peer);

/* Finds the addresses, if the peer has an endpoint; a numeric one is told
 * before the call returns. */
void lookup_start(struct lookup *l);

/* Asks for a name once more, unless that is under way. Calls nothing back
 * before it returns. */
void lookup_again(struct lookup *l);

/* Looks up once more what found nothing: without any address core has nobody
 * to call and asks for nothing. Returns when to call again, or NEVER. */
uint64_t lookup_tick(
    struct lookup *all, size_t count, struct lookup_env *env, uint64_t now_ns);

#endif
