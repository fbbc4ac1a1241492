/* SPDX-License-Identifier: ISC */
/*
 * Datagrams that wait to be sent in one batch, and where each of them goes.
 * Thread: loop. Memory: part of struct udp, zeroed, touched as it is used.
 */
#ifndef OS_UDP_QUEUE_H
#define OS_UDP_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "os/udp.h"
#include "os/udp_control.h"
#include "os/udp_socket.h"

/* Consecutive datagrams on one path share what the kernel is told of it. */
struct udp_queue_dest {
	struct path path;
	int fd;
	socklen_t name_len;
	size_t control_len; /* 0: the system chooses the source */
	struct sockaddr_storage name;
	struct udp_control control;
};

/* Datagrams lie in the arena back to back, as UDP_SEGMENT (Linux udp(7))
 * wants them. */
struct udp_queue {
	bool flushing; /* the refused callback must not send */
	struct udp_socket *sockets;
	struct drop_counts *drops;
	udp_refused_fn *refused; /* may be NULL */
	void *refused_ctx;

	unsigned int count;              /* datagrams committed */
	unsigned int dests;              /* destinations they use */
	size_t used;                     /* bytes of the arena they use */
	struct udp_queue_dest *reserved; /* NULL: nothing is reserved */
	size_t reserved_len;
	struct iovec dgrams[UDP_BATCH];
	struct udp_queue_dest *to[UDP_BATCH];

	struct udp_queue_dest dest[UDP_BATCH];
	uint8_t arena[UDP_ARENA];
};

/* True if len bytes would fit, but only once the batch is sent. */
bool udp_queue_is_full(const struct udp_queue *q, size_t len);

/* As udp_reserve and udp_commit, where the batch is not full. */
uint8_t *udp_queue_reserve(
    struct udp_queue *q, const struct path *to, size_t len);
void udp_queue_commit(struct udp_queue *q, size_t len);

/* Around sending the batch. False if it is being sent already; the batch is
 * empty behind udp_queue_clear. */
MUST_USE bool udp_queue_start(struct udp_queue *q);
void udp_queue_clear(struct udp_queue *q);

/* The system refused datagram i: counted, and told if it was for its size. */
void udp_queue_refuse(struct udp_queue *q, unsigned int i, int error);

#endif
