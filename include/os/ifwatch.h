/* SPDX-License-Identifier: ISC */
/*
 * The system's messages about interfaces, addresses and routes.
 * Linux: rtnetlink(7), ifwatch_linux.c.
 * macOS: route(4), XNU bsd/net/route.h, ifwatch_darwin.c.
 * Thread: loop.
 */
#ifndef OS_IFWATCH_H
#define OS_IFWATCH_H

#include <stdbool.h>

#include "core/units.h"

enum {
	IFWATCH_READS =
	    64, /* messages taken in one call; a flood has to wait */
};

/* A descriptor that is readable when there are messages; it does not block.
 * -1 with errno. close(2) ends it. */
MUST_USE int ifwatch_open(void);

/*
 * Reads what there is. True if an address, a route or the state of a link
 * changed somewhere else than on the interface `own` (may be ""), or if
 * messages were lost.
 */
bool ifwatch_read(int fd, const char *own);

#endif
