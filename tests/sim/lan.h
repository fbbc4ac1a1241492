/* SPDX-License-Identifier: ISC */
/*
 * One station on each host's LAN. Every frame is another, and known by what
 * is in it.
 */
#ifndef SIM_LAN_H
#define SIM_LAN_H

#include "world.h"

enum {
	LAN_LEN_MIN = 60, /* bytes of a frame */
	LAN_LEN_MAX = 1514,
};

/* A frame of the station's to that of another host; to WORLD_HOSTS: to all.
 * Nothing happens while the host is down or asleep. */
void lan_send(struct host *h, unsigned int to, size_t len);

/* To whom and how long as the seed says; each puts the next. */
void lan_begin(struct host *h);

/* Now and then to all, as long as nothing goes wrong: so that both sides of
 * every pair have something to say. */
void lan_begin_calm(struct host *h);

/* Soon a small and a large one to all from every host, both twice: after
 * w->checked_from. */
void lan_send_checked(struct world *w);

/* Which frame of the world's this is, to the last byte; SIZE_MAX: none. */
size_t lan_frame_id(const struct world *w, const struct frame *f);

#endif
