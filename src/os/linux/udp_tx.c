/* SPDX-License-Identifier: ISC */
#include "os/linux/udp_tx.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stddef.h>
#include <stdint.h>

_Static_assert(UDP_BATCH <= 1024, "UIO_MAXIOV: the kernel sends no more");
_Static_assert(UDP_CONTROL >=
	CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(uint16_t)),
    "both control messages fit");

/* The end of the datagrams that leave through the same socket as first. */
static unsigned int
tx_run_end(const struct udp_queue *q, unsigned int first)
{
	unsigned int end = first + 1;

	while (end < q->count && q->to[end]->fd == q->to[first]->fd)
		end++;
	return end;
}

/* The end of the datagrams that can leave as one message with first. */
static unsigned int
tx_message_end(
    const struct udp_queue *q, unsigned int first, unsigned int limit)
{
	const size_t unit = q->dgrams[first].iov_len;
	unsigned int end = first + 1;
	size_t bytes = unit;

	limit = (unsigned int)size_min(limit, first + UDP_TX_RUN);
	while (end < limit && q->to[end] == q->to[first] &&
	    q->dgrams[end - 1].iov_len == unit &&
	    q->dgrams[end].iov_len <= unit &&
	    bytes + q->dgrams[end].iov_len <= UDP_TX_RUN_BYTES)
		bytes += q->dgrams[end++].iov_len;
	return end;
}

static void
tx_put_message(
    struct udp_tx *tx, unsigned int i, unsigned int first, unsigned int end)
{
	struct udp_queue *q = &tx->queue;
	struct udp_queue_dest *d = q->to[first];
	const struct iovec *last = &q->dgrams[end - 1];
	const uint16_t unit = (uint16_t)q->dgrams[first].iov_len;
	uint8_t *begin = q->dgrams[first].iov_base;
	size_t control_len = d->control_len;

	tx->controls[i] = d->control;
	if (end - first > 1)
		control_len = udp_control_put(&tx->controls[i], control_len,
		    IPPROTO_UDP, UDP_SEGMENT, &unit, sizeof(unit));
	tx->iovs[i].iov_base = begin;
	tx->iovs[i].iov_len =
	    (size_t)((uint8_t *)last->iov_base - begin) + last->iov_len;
	tx->msgs[i].msg_hdr = (struct msghdr){
		.msg_name = &d->name,
		.msg_namelen = d->name_len,
		.msg_iov = &tx->iovs[i],
		.msg_iovlen = 1,
		.msg_control = control_len == 0 ? NULL : &tx->controls[i],
		.msg_controllen = control_len,
	};
	tx->start[i] = first;
}

/* Makes messages of datagrams; returns how many. */
static unsigned int
tx_fill(struct udp_tx *tx, unsigned int first, unsigned int end, bool runs)
{
	unsigned int n = 0;

	while (first < end) {
		const unsigned int next =
		    runs ? tx_message_end(&tx->queue, first, end) : first + 1;

		tx_put_message(tx, n++, first, next);
		first = next;
	}
	tx->start[n] = end;
	return n;
}

/*
 * sendmmsg(2) tells an error only of the first message it is given. A run is
 * then sent once more one by one, which tells which of its datagrams is at
 * fault; EIO means that the interface cannot have runs at all (udp(7)). Any
 * error other than for size or room may be an older one left on the socket,
 * which telling has cleared: so such a datagram has a second try.
 */
static void
send_run(struct udp_tx *tx, unsigned int first, unsigned int end)
{
	struct udp_queue *q = &tx->queue;
	const int fd = q->to[first]->fd;
	bool runs = tx->runs, retried = false;

	while (first < end) {
		const unsigned int n = tx_fill(tx, first, end, runs);
		const int sent = sendmmsg(fd, tx->msgs, n, MSG_DONTWAIT);

		if (sent > 0) {
			first = tx->start[sent];
			runs = tx->runs;
			retried = false;
		} else if (errno == EAGAIN || errno == ENOBUFS) {
			q->drops->n[DROP_SEND_ROOM] += end - first;
			return;
		} else if (tx->start[1] - first > 1) {
			tx->runs = tx->runs && errno != EIO;
			runs = false;
		} else if (!retried && errno != EMSGSIZE) {
			retried = true;
		} else {
			udp_queue_refuse(q, first, errno);
			first++;
			runs = tx->runs;
			retried = false;
		}
	}
}

void
udp_tx_offload(struct udp_tx *tx, int fd)
{
	const int none = 0;

	tx->runs |=
	    setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &none, sizeof(none)) == 0;
}

void
udp_tx_flush(struct udp_tx *tx)
{
	struct udp_queue *q = &tx->queue;
	unsigned int end;

	if (!udp_queue_start(q))
		return;
	for (unsigned int first = 0; first < q->count; first = end) {
		end = tx_run_end(q, first);
		send_run(tx, first, end);
	}
	udp_queue_clear(q);
}
