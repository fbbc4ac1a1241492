/* SPDX-License-Identifier: ISC */
/*
 * The main loop over kqueue(2): descriptors, signals, one deadline, and a
 * wake-up from other threads. One source for all systems; Linux has a small
 * kqueue of its own (src/os/linux/kqueue.c).
 * Thread: all of it belongs to the thread that runs the loop, except
 * loop_wake, which any thread may call.
 * Memory: allocated by loop_open and loop_add_*, none while it runs.
 */
#ifndef OS_LOOP_H
#define OS_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/units.h"

enum {
	LOOP_FDS_MAX = 64,    /* descriptors watched at once */
	LOOP_SIGNALS_MAX = 8, /* signals */
	LOOP_WAKES_MAX = 8,   /* functions that a wake-up calls */
};
#define LOOP_WAIT_MAX SEC(5) /* timeouts count no sleep, so waits are cut */

struct loop;

typedef void loop_fn(void *ctx);

/*
 * Called before each wait, after all events of the last one: does what is
 * due and returns the time (mono_now().mono_ns) to be called again, or NEVER.
 */
typedef uint64_t loop_turn_fn(void *ctx);

/* NULL with errno if the system refuses. */
struct loop *loop_open(void);
void loop_close(struct loop *l); /* NULL is no loop, and fine */

/* Calls fn while fd is readable, or at its end. -1 with errno: ENOSPC
 * (LOOP_FDS_MAX), EEXIST, or the system's. */
MUST_USE int loop_add_read(struct loop *l, int fd, loop_fn *fn, void *ctx);

/* Calls fn while fd, watched by loop_add_read already, can be written. -1
 * with errno: ENOENT (it is not watched), EEXIST, or the system's. */
MUST_USE int loop_add_write(struct loop *l, int fd, loop_fn *fn, void *ctx);

/* Stops one of the two; the other goes on. */
void loop_remove_read(struct loop *l, int fd);
void loop_remove_write(struct loop *l, int fd);

/* Forgets fd, both ways; call before closing it. Safe inside any fn, also
 * for a descriptor with an event still to be delivered in this turn. */
void loop_remove(struct loop *l, int fd);

/*
 * Calls fn on the loop after a signal was delivered, once or more; deliveries
 * that come together may be told as one. Until loop_close the signal neither
 * ends the process nor is ignored. Other threads must have it blocked, or
 * start after this call. -1 with errno: ENOSPC, EEXIST, or the system's.
 */
MUST_USE int loop_add_signal(struct loop *l, int signo, loop_fn *fn, void *ctx);

/* fn is called on the loop once or more after each loop_wake. -1 with ENOSPC
 * (LOOP_WAKES_MAX). */
MUST_USE int loop_add_wake(struct loop *l, loop_fn *fn, void *ctx);
void loop_remove_wake(struct loop *l, loop_fn *fn, void *ctx);
void loop_wake(struct loop *l);

/* Runs until loop_stop, also one that came before; what the last wait brought
 * is still delivered. 0, or -1 with errno if waiting itself fails. */
MUST_USE int loop_run(struct loop *l, loop_turn_fn *turn, void *ctx);
void loop_stop(struct loop *l);

#endif
