/* SPDX-License-Identifier: ISC */
/*
 * What goes wrong. Times of faults and times without take turns; at the end of
 * the latter all must be as if nothing had happened.
 */
#ifndef SIM_FAULT_H
#define SIM_FAULT_H

#include "world.h"

/* Begins the first of them. */
void fault_begin(struct world *w);

#endif
