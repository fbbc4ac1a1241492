/* SPDX-License-Identifier: ISC */
/*
 * Datagrams received in batches: several of one system call.
 * Source: recvmsg_x (os/darwin/udp_msgx.h), ip(4), ip6(4); darwin/udp_rx.c.
 * Thread: loop. Memory: part of struct udp, zeroed, touched as it is used.
 */
#ifndef OS_DARWIN_UDP_RX_H
#define OS_DARWIN_UDP_RX_H

#include <stdint.h>
#include <sys/socket.h>

#include "os/batch.h"
#include "os/darwin/udp_msgx.h"
#include "os/udp.h"
#include "os/udp_control.h"

enum {
	/* Bytes; more than are taken, since XNU 11417's recvmsg_x cuts what
	 * is too long without a word: MSG_TRUNC goes into a variable that
	 * nobody reads (bsd/kern/uipc_syscalls.c:2862). */
	UDP_RX_SLOT = UDP_DGRAM_MAX + 64,
};

struct udp_rx {
	struct udp_msgx_call call;
	struct batch batch;
	struct udp_msgx msgs[UDP_BATCH];
	struct iovec iovs[UDP_BATCH];
	struct sockaddr_storage names[UDP_BATCH];
	struct udp_control controls[UDP_BATCH];
	uint8_t data[UDP_BATCH][UDP_RX_SLOT];
};

/* One system call for up to max datagrams. Returns how many the system gave;
 * 0 or -1 with errno: none. */
MUST_USE int udp_rx_fill(struct udp_rx *rx, int fd, int max);

/* Hands out those of the n given that are whole; the others are counted. */
int udp_rx_take(
    struct udp_rx *rx, int n, struct drop_counts *drops, struct udp_dgram *out);

#endif
