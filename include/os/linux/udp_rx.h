/* SPDX-License-Identifier: ISC */
/*
 * Datagrams received in batches: several of one system call, each of them
 * possibly a run of equal datagrams that the kernel joined (UDP_GRO).
 * Source: recvmmsg(2), udp(7), ip(7), ipv6(7); linux/udp_rx.c.
 * Thread: loop. Memory: part of struct udp, zeroed, touched as it is used.
 */
#ifndef OS_LINUX_UDP_RX_H
#define OS_LINUX_UDP_RX_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "os/batch.h"
#include "os/udp.h"
#include "os/udp_control.h"

enum {
	UDP_RX_SLOTS = 32,     /* messages of one system call */
	UDP_RX_SLOT = 1 << 16, /* bytes; the longest run, IPv4's length field */
};

struct udp_rx {
	int count, next; /* messages received, the next to hand out */
	struct batch batch;
	size_t offset; /* of its next datagram */
	struct mmsghdr msgs[UDP_RX_SLOTS];
	struct iovec iovs[UDP_RX_SLOTS];
	struct sockaddr_storage names[UDP_RX_SLOTS];
	struct udp_control controls[UDP_RX_SLOTS];
	uint8_t data[UDP_RX_SLOTS][UDP_RX_SLOT];
};

void udp_rx_init(struct udp_rx *rx);

/* Asks a socket for runs; without them it works as well. */
void udp_rx_offload(int fd);

/* One system call. Returns the messages received, 0 if there are none. The
 * last ones must be used up. */
MUST_USE int udp_rx_fill(struct udp_rx *rx, int fd);

/* Hands out up to max datagrams of what was received; 0: it is used up.
 * Those that are too long are counted and left out. */
int udp_rx_take(struct udp_rx *rx, struct drop_counts *drops,
    struct udp_dgram *out, int max);

/* True if udp_rx_take has more. */
bool udp_rx_more(const struct udp_rx *rx);

#endif
