/* SPDX-License-Identifier: ISC */
/*
 * The way of a datagram from one host to another: it is lost, late, doubled,
 * damaged, too large, or sent where nobody is any more.
 */
#ifndef SIM_NETWORK_H
#define SIM_NETWORK_H

#include "world.h"

void network_send(
    struct host *h, const struct path *to, const uint8_t *data, size_t len);

/* Bytes of nobody's; uses is 1. network_drop ends a use. */
struct dgram *network_make(const uint8_t *data, size_t len);
void network_drop(struct dgram *d);

/* One that is as it should be. */
struct uplink network_fair_uplink(void);

#endif
