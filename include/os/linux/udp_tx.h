/* SPDX-License-Identifier: ISC */
/*
 * Datagrams collected and sent in batches: several messages of one system
 * call, each of them possibly a run of equal datagrams that the kernel cuts
 * again (UDP_SEGMENT).
 * Source: sendmmsg(2), udp(7), ip(7), ipv6(7); linux/udp_tx.c.
 * Thread: loop. Memory: part of struct udp, zeroed, touched as it is used.
 */
#ifndef OS_LINUX_UDP_TX_H
#define OS_LINUX_UDP_TX_H

#include <stdbool.h>
#include <sys/socket.h>

#include "os/udp_queue.h"

enum {
	UDP_TX_RUN = 64, /* datagrams; UDP_MAX_SEGMENTS before Linux 6.9 */
	UDP_TX_RUN_BYTES = 65000, /* of payload; below IPv4's length field */
};

/*
 * Consecutive datagrams of one length on one path leave as one message, which
 * the kernel, or the network card, cuts again. The last may be shorter.
 */
struct udp_tx {
	struct udp_queue queue;
	bool runs; /* the system takes them */

	/* Messages of one system call; start: their first datagrams, and at
	 * the end the datagram behind the last. */
	unsigned int start[UDP_BATCH + 1];
	struct mmsghdr msgs[UDP_BATCH];
	struct iovec iovs[UDP_BATCH];
	struct udp_control controls[UDP_BATCH];
};

/* Runs may be sent through this socket, if the system has them. */
void udp_tx_offload(struct udp_tx *tx, int fd);

/* As udp_flush. */
void udp_tx_flush(struct udp_tx *tx);

#endif
