/* SPDX-License-Identifier: ISC */
/*
 * The deadlines of one peer. Whoever learns that something happened arms or
 * stops them; core/peer.c alone says what a fired one does.
 * Source: the shape of WireGuard's timers.c, as deadlines instead of timers.
 * Thread: loop. Times are on the mono clock, in ns.
 */
#ifndef CORE_TIMERS_H
#define CORE_TIMERS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/units.h"

enum timer {
	TIMER_RETRY,      /* send the next initiation */
	TIMER_KEEPALIVE,  /* data received, nothing sent since */
	TIMER_PERSISTENT, /* nothing either way for the configured time */
	TIMER_ANSWER,     /* data sent, nothing received since */
	TIMER_WIPE,       /* keys are too old to lie about */
	TIMER_ROAM,       /* next challenge to a new address */
	TIMER_FRAGMENT,   /* a frame is still not complete */
	TIMER_COUNT
};

struct timers {
	uint64_t at[TIMER_COUNT]; /* NEVER: stopped */
	uint64_t next;            /* none is due before; may be too early */
};

void timers_init(struct timers *t);
void timers_arm(struct timers *t, enum timer timer, uint64_t at_ns);
void timers_stop(struct timers *t, enum timer timer);
bool timers_armed(const struct timers *t, enum timer timer);

/* Stops and returns one timer that is due, or TIMER_COUNT. Whenever it had to
 * look, t->next is exact afterwards. */
enum timer timers_next(struct timers *t, uint64_t now_ns);

#endif
