/* SPDX-License-Identifier: ISC */
/*
 * Control messages of UDP sockets: which address of ours a datagram came to,
 * and which it is to leave from.
 * Source: cmsg(3), ip(7), ipv6(7); XNU bsd/netinet/in.h (IP_PKTINFO),
 * bsd/netinet6/in6.h (IPV6_PKTINFO); RFC 3542 section 6.
 * Thread: loop. Memory: the caller's.
 */
#ifndef OS_UDP_CONTROL_H
#define OS_UDP_CONTROL_H

#include <netinet/in.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "core/addr.h"

enum {
	UDP_CONTROL = 64, /* bytes; an address and one thing beside it */
};

/* Room for control messages; cmsg(3). */
struct udp_control {
	alignas(struct cmsghdr) uint8_t bytes[UDP_CONTROL];
};

/* Appends a message to those that fill `used` bytes of the room. Returns what
 * they fill then. */
size_t udp_control_put(struct udp_control *out, size_t used, int level,
    int type, const void *data, size_t len);

/* The address of ours that datagrams on a path leave from. Returns the bytes
 * filled; 0: the system chooses. */
size_t udp_control_put_source(struct udp_control *out, const struct path *to);

/* What an IPV6_PKTINFO says of a datagram received; left alone if the address
 * cannot be the source of an answer. */
void udp_control_read_ipv6(struct addr *local, const struct in6_pktinfo *info);

#endif
