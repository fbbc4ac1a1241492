/* SPDX-License-Identifier: ISC */
/*
 * Stand-in for Darwin's <uuid/uuid.h>: the type alone.
 * Source: XNU bsd/sys/_types.h line 101 (unsigned char[16]),
 * bsd/sys/_types/_uuid_t.h line 31.
 */
#ifndef SHIM_UUID_UUID_H
#define SHIM_UUID_UUID_H

typedef unsigned char uuid_t[16];

_Static_assert(sizeof(uuid_t) == 16, "XNU bsd/sys/_types.h line 101");

#endif
