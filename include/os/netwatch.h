/* SPDX-License-Identifier: ISC */
/*
 * Notices that addresses or routes of this machine changed, and that it woke
 * up: the first from the system's own messages (os/ifwatch.h), the second
 * because the clock that counts sleep ran ahead of the one that does not.
 * Thread: loop. Memory: one allocation in netwatch_open.
 */
#ifndef OS_NETWATCH_H
#define OS_NETWATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "core/units.h"
#include "os/loop.h"

#define NETWATCH_QUIET MS(300) /* changes come in bursts: one call for all */
#define NETWATCH_BURST MS(900) /* but not later than this after the first */
#define NETWATCH_GAP SEC(10)   /* in the long run; some routes never rest */
#define NETWATCH_SLEEP SEC(2)  /* asleep for less changes nothing */
#define NETWATCH_LOOK SEC(1)   /* how often the clocks are looked at */

enum {
	NETWATCH_FREE = 5, /* calls that need not wait for NETWATCH_GAP */
};

/* woke: the machine slept; else only its network changed. */
typedef void netwatch_fn(void *ctx, bool woke);

struct netwatch;

/* NULL with errno after one log line. */
struct netwatch *netwatch_open(struct loop *l, netwatch_fn *fn, void *ctx);
void netwatch_close(struct netwatch *w); /* NULL is fine */

/* What happens to our own interface is no news; it may get another name. */
void netwatch_ignore(struct netwatch *w, const char *name);

/*
 * Calls fn if something is to be told. Returns when to call again on the mono
 * clock. awake_ns: mono_awake_ns().
 */
uint64_t netwatch_tick(struct netwatch *w, uint64_t now_ns, uint64_t awake_ns);

#endif
