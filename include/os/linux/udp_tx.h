/* SPDX-License-Identifier: ISC */
/*
 * Datagrams collected and sent in batches: several messages of one system
 * call, each of them possibly a run of equal datagrams that the kernel cuts
 * again (UDP_SEGMENT).
 * Source: sendmmsg(2), udp(7), ip(7), ipv6(7); linux/udp_tx.c.
 * Thread: loop. Memory: part of struct udp, zeroed, touched as it is used.
 */
#ifndef OS_UDP_TX_H
#define OS_UDP_TX_H

#include <netinet/in.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "os/udp.h"

enum {
	UDP_TX_CONTROL = 64, /* bytes; source address and size of a run */
	UDP_TX_RUN = 64,     /* datagrams; UDP_MAX_SEGMENTS before Linux 6.9 */
	UDP_TX_RUN_BYTES = 65000, /* of payload; below IPv4's length field */
};

/* Room for control messages; cmsg(3). */
struct udp_tx_control {
	alignas(struct cmsghdr) uint8_t bytes[UDP_TX_CONTROL];
};

/* Consecutive datagrams on one path share what the kernel is told of it. */
struct udp_tx_dest {
	struct path path;
	int fd;
	socklen_t name_len;
	size_t control_len; /* 0: the system chooses the source */
	struct sockaddr_storage name;
	struct udp_tx_control control;
};

/*
 * Datagrams lie in the arena back to back, as UDP_SEGMENT (udp(7)) wants
 * them: consecutive ones of one length on one path leave as one message, which
 * the kernel, or the network card, cuts again. The last may be shorter.
 */
struct udp_tx {
	bool runs;     /* the system takes them */
	bool flushing; /* the refused callback must not send */
	struct drop_counts *drops;
	udp_refused_fn *refused; /* may be NULL */
	void *refused_ctx;

	unsigned int count;           /* datagrams committed */
	unsigned int dests;           /* destinations they use */
	size_t used;                  /* bytes of the arena they use */
	struct udp_tx_dest *reserved; /* NULL: nothing is reserved */
	size_t reserved_len;
	struct iovec dgrams[UDP_BATCH];
	struct udp_tx_dest *to[UDP_BATCH];

	/* Messages of one system call; start: their first datagrams, and at
	 * the end the datagram behind the last. */
	unsigned int start[UDP_BATCH + 1];
	struct mmsghdr msgs[UDP_BATCH];
	struct iovec iovs[UDP_BATCH];
	struct udp_tx_control controls[UDP_BATCH];

	struct udp_tx_dest dest[UDP_BATCH];
	uint8_t arena[UDP_ARENA];
};

/* Runs may be sent through this socket, if the system has them. */
void udp_tx_offload(struct udp_tx *tx, int fd);

/* As udp_reserve, udp_commit and udp_flush; fd is the socket to use. */
uint8_t *udp_tx_reserve(
    struct udp_tx *tx, int fd, const struct path *to, size_t len);
void udp_tx_commit(struct udp_tx *tx, size_t len);
void udp_tx_flush(struct udp_tx *tx);

#endif
