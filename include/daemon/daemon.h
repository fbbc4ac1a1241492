/* SPDX-License-Identifier: ISC */
/*
 * The daemon: core's node between an interface and a UDP socket, on one loop.
 * Thread: runs the loop on the caller's. Memory: all of it is allocated
 * before the loop starts; then only control requests and name look-ups do.
 */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

#include "core/units.h"
#include "daemon/conf.h"

enum {
	DAEMON_BATCHES = 4, /* taken from one side before the other's turn */
};

/*
 * Runs in the foreground until SIGTERM or SIGINT. Returns the exit code: 0
 * after an orderly stop; EX_NOPERM (77) or 1 after one log line; nothing is
 * left behind in either case. The configuration outlives the call.
 */
MUST_USE int daemon_run(const struct conf *conf);

#endif
