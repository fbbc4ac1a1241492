/* SPDX-License-Identifier: ISC */
/*
 * The control socket: a local stream socket that its owner alone may open.
 * A client sends one line; the answer is "ok" or "error REASON" on a line,
 * then the body, then the end of the stream. What follows the line is ignored.
 * Requests: "status", "status json".
 * Source: unix(7). Thread: loop. Memory: an answer is allocated and freed
 * when it is sent; clients are bounded in number, time and request length.
 */
#ifndef DAEMON_CTL_H
#define DAEMON_CTL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "core/units.h"
#include "os/loop.h"

enum {
	CTL_CLIENTS_MAX = 8,   /* at once; more are told to try again */
	CTL_REQUEST_MAX = 128, /* bytes, with the newline */
	CTL_BACKLOG = 8,       /* listen(2) */
};
#define CTL_TIMEOUT SEC(10) /* from the connection to its end */

struct ctl;

/* Writes the body of an answer; false if there is no such request. */
typedef bool ctl_answer_fn(void *ctx, const char *request, FILE *to);

/*
 * Listens on path. A dead socket there is replaced; a live one means that a
 * daemon runs already: EADDRINUSE. ENOTSOCK: it is another kind of file. NULL
 * with errno after one log line.
 */
struct ctl *ctl_open(
    const char *path, struct loop *l, ctl_answer_fn *answer, void *ctx);

/* Closes all and removes the socket. */
void ctl_close(struct ctl *c);

/* Closes clients whose time is up. Returns the next deadline, or NEVER. */
uint64_t ctl_tick(struct ctl *c, uint64_t now_ns);

#endif
