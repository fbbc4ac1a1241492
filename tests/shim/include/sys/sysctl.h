/* SPDX-License-Identifier: ISC */
/*
 * Stand-in for macOS's sys/sysctl.h; tests/shim/ifconfig.c answers.
 * Source: XNU (xnu-11417.101.15) bsd/sys/sysctl.h:698, :1447, and for
 * NET_RT_IFLIST bsd/sys/socket.h:578.
 */
#ifndef SHIM_SYS_SYSCTL_H
#define SHIM_SYS_SYSCTL_H

#include <stddef.h>

#define CTL_NET 4
#define NET_RT_IFLIST 3 /* on a Mac in sys/socket.h */

int sysctl(int *name, unsigned int namelen, void *oldp, size_t *oldlenp,
    void *newp, size_t newlen);

#endif
