/* SPDX-License-Identifier: ISC */
/*
 * One node's life: it is made, runs, sleeps and dies; the sink that it speaks
 * through; what is kept of it between two lives.
 */
#ifndef SIM_HOST_H
#define SIM_HOST_H

#include "world.h"

/* Both clocks, as the node sees them. */
struct now host_now(const struct host *h);
/* True if it runs and does not sleep. */
bool host_is_awake(const struct host *h);

/* Puts together what does not change over its lives. */
void host_init(struct world *w, unsigned int number);

void host_start(struct host *h);
/* As a crash does; host_close first for an orderly end. */
void host_kill(struct host *h);
void host_close(struct host *h);

/* Makes b a peer of a running node, or not any more. */
void host_add_peer(struct host *h, unsigned int b);
void host_remove_peer(struct host *h, unsigned int b);
/* Its name is looked up again. */
void host_resolve(struct host *h, unsigned int b);

/* A virtual machine that is saved, and set back to what was saved. */
void host_save(struct host *h);
void host_restore(struct host *h);

/* Hands it a datagram; what lies at d is left as it was. No turn. */
void host_take(struct host *h, struct dgram *d);
/* The node does what is due. */
void host_turn(struct host *h);

#endif
