/* SPDX-License-Identifier: ISC */
/*
 * What each system is told of a UDP socket before it is bound.
 * Linux: ip(7), ipv6(7), socket(7), linux/udp_option.c.
 * macOS: ip(4), ip6(4), XNU bsd/netinet/in.h, darwin/udp_option.c.
 * Thread: loop.
 */
#ifndef OS_UDP_OPTION_H
#define OS_UDP_OPTION_H

#include <stdbool.h>

#include "core/addr.h"
#include "core/units.h"

/* Don't-fragment, the local address of each datagram, one family only. */
MUST_USE int udp_option_set(int fd, enum addr_family family);

/* Buffers as large as we need, or as the system allows. False if bursts will
 * be lost, that is, below UDP_BUFFER_SMALL. */
bool udp_option_buffers(int fd);

/* Tells what to set for larger ones. */
void udp_option_warn_small(void);

#endif
