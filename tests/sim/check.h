/* SPDX-License-Identifier: ISC */
/*
 * What must always hold, looked at whenever something happens. The first
 * failure ends the run: it prints seed, time and hosts, and the command that
 * repeats it.
 * Source: lansplice-protocol(7).
 */
#ifndef SIM_CHECK_H
#define SIM_CHECK_H

#include "world.h"

void check_fail(struct world *w, const struct host *h, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Everything about a datagram that a node sends. */
void check_sent(
    struct host *h, const struct path *to, const uint8_t *data, size_t len);

/* A datagram is handed to a node: what may it send to where it came from? */
void check_handed(struct host *h, const struct dgram *d);

/* True if the node has had its effect already: none may follow. */
bool check_is_stale(const struct host *h, const struct dgram *d);

/* A frame for the LAN of a host. */
void check_delivered(struct host *h, const struct frame *f);

/* After a tick that did what was due; progress: it said so. */
void check_tick(struct host *h, unsigned int ticks);
void check_memory(struct host *h);

/* The node says that another has stopped. */
void check_closed(struct host *h, unsigned int other);

/* a has a session with b. */
bool check_is_up(const struct host *a, unsigned int b);
/* Faults are over: where frames waited at a side that may call; all others;
 * the frames that were sent then. */
void check_waiting(struct world *w);
void check_connected(struct world *w);
void check_reached(struct world *w);

#endif
