/* SPDX-License-Identifier: ISC */
/*
 * Datagrams sent in batches: those of one path with one system call.
 * Source: sendmsg_x (os/darwin/udp_msgx.h), ip(4), ip6(4); darwin/udp_tx.c.
 * Thread: loop. Memory: part of struct udp, zeroed, touched as it is used.
 */
#ifndef OS_DARWIN_UDP_TX_H
#define OS_DARWIN_UDP_TX_H

#include <sys/uio.h>

#include "core/units.h"
#include "os/darwin/udp_msgx.h"
#include "os/udp_queue.h"

/*
 * ENOBUFS says that the interface's queue is full, while EVFILT_WRITE stays
 * ready: most of these stalls are over after one pause (vmnet-helper measured
 * 72 %), and dropping at once costs a quarter of the throughput.
 */
enum {
	UDP_TX_PAUSES = 10, /* in one flush */
};
#define UDP_TX_PAUSE_NS UINT64_C(50000)

struct udp_tx {
	struct udp_queue queue;
	struct udp_msgx_call call;
	unsigned int pauses; /* left in this flush */
	struct udp_msgx msgs[UDP_BATCH];
};

/* As udp_flush. */
void udp_tx_flush(struct udp_tx *tx);

#endif
