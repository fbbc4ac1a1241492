/* SPDX-License-Identifier: ISC */
/*
 * What macOS has beside the system's own <netinet/in.h>: IP_DONTFRAG.
 * Source: XNU bsd/netinet/in.h:447 (tag xnu-11417.101.15); tests/shim/msgx.c
 * gives it to the socket in Linux's words.
 */
#pragma GCC system_header /* for #include_next, which ISO C does not have */
#include_next <netinet/in.h>

#ifndef SHIM_NETINET_IN_H
#define SHIM_NETINET_IN_H

#define IP_DONTFRAG 28

#endif
