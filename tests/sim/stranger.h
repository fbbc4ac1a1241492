/* SPDX-License-Identifier: ISC */
/*
 * Somebody without any key: sees all that is sent, sends from any address,
 * and knows the public keys.
 */
#ifndef SIM_STRANGER_H
#define SIM_STRANGER_H

#include "world.h"

/* Does one thing to a host; race: may also be faster than the network. */
void stranger_act(struct world *w, struct host *h, bool race);

#endif
