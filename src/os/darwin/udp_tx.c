/* SPDX-License-Identifier: ISC */
#include "os/darwin/udp_tx.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/* The end of the datagrams that leave on the same path as first. */
static unsigned int
tx_run_end(const struct udp_queue *q, unsigned int first)
{
	unsigned int end = first + 1;

	while (end < q->count && q->to[end] == q->to[first])
		end++;
	return end;
}

static void
tx_put_message(struct udp_tx *tx, unsigned int i)
{
	struct udp_queue_dest *d = tx->queue.to[i];

	tx->msgs[i] = (struct udp_msgx){
		.msg_name = &d->name,
		.msg_namelen = d->name_len,
		.msg_iov = &tx->queue.dgrams[i],
		.msg_iovlen = 1,
		.msg_control = d->control_len == 0 ? NULL : &d->control,
		.msg_controllen = (socklen_t)d->control_len,
	};
}

/* False once this flush has waited enough. */
static bool
tx_pause(struct udp_tx *tx)
{
	const struct timespec pause = { .tv_nsec = UDP_TX_PAUSE_NS };

	if (tx->pauses == 0)
		return false;
	tx->pauses--;
	(void)nanosleep(&pause, NULL);
	return true;
}

/*
 * Sends what it can of a run; returns the first datagram that is left.
 * A short count says nothing of the reason: the next call does, of its first
 * datagram (sendmsg_x in bsd/kern/uipc_syscalls.c:1951).
 */
static unsigned int
send_some(struct udp_tx *tx, unsigned int first, unsigned int end)
{
	struct udp_queue *q = &tx->queue;
	const int n = udp_msgx_do(
	    &tx->call, q->to[first]->fd, &tx->msgs[first], end - first);

	if (n > 0)
		return first + (unsigned int)n;
	if (n == -1 && errno == EINTR)
		return first;
	if (n == 0 || errno == ENOBUFS || errno == EAGAIN) {
		if (tx_pause(tx))
			return first;
		q->drops->n[DROP_SEND_ROOM] += end - first;
		return end;
	}
	if (errno == EMSGSIZE) {
		udp_queue_refuse(q, first, EMSGSIZE);
		return first + 1;
	}
	/* Some may have left, which must not leave twice; and the reason
	 * is the same for all that go there. */
	for (const int error = errno; first < end; first++)
		udp_queue_refuse(q, first, error);
	return end;
}

void
udp_tx_flush(struct udp_tx *tx)
{
	struct udp_queue *q = &tx->queue;
	unsigned int end;

	if (!udp_queue_start(q))
		return;
	tx->pauses = UDP_TX_PAUSES;
	for (unsigned int i = 0; i < q->count; i++)
		tx_put_message(tx, i);
	for (unsigned int first = 0; first < q->count; first = end) {
		end = tx_run_end(q, first);
		while (first < end)
			first = send_some(tx, first, end);
	}
	udp_queue_clear(q);
}
