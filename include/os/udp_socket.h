/* SPDX-License-Identifier: ISC */
/*
 * The sockets of os/udp.h: one for each family that the system has, both on
 * one port; made anew where they can no longer be used.
 * Source: udp(7), ip(7), ipv6(7); udp(4), ip(4), ip6(4) on macOS.
 * Thread: loop. Memory: part of struct udp.
 */
#ifndef OS_UDP_SOCKET_H
#define OS_UDP_SOCKET_H

#include <stdbool.h>
#include <stdint.h>

#include "os/udp.h"

struct udp_socket {
	struct addr local; /* as configured; ADDR_NONE: all addresses */
	uint16_t port;     /* as bound */
	int fds[UDP_SOCKETS];
	bool stale[UDP_SOCKETS]; /* must be made anew */
	bool failing;            /* that did not work, and a line says so */
};

/* At least one socket, or -1 with errno after one log line. The others are
 * -1; udp_socket_close is due in either case. */
MUST_USE int udp_socket_open(struct udp_socket *s, const struct udp_config *c);
void udp_socket_close(struct udp_socket *s);

/* The descriptor to send on, -1 if there is none for the family. */
int udp_socket_find(const struct udp_socket *s, const struct path *to);

/* Told of each errno that a datagram was refused with: some say that it is
 * the socket that cannot be used. */
void udp_socket_failed(struct udp_socket *s, int fd, int error);

/* As udp_is_stale and udp_reopen. */
bool udp_socket_is_stale(const struct udp_socket *s);
MUST_USE int udp_socket_reopen(struct udp_socket *s);

#endif
