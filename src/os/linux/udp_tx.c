/* SPDX-License-Identifier: ISC */
#include "os/udp_tx.h"

#include <assert.h>
#include <errno.h>
#include <netinet/udp.h>
#include <string.h>

#include "os/sockaddr.h"

_Static_assert(UDP_BATCH <= 1024, "UIO_MAXIOV: the kernel sends no more");
_Static_assert(UDP_ARENA >= UDP_DGRAM_MAX, "the arena holds one datagram");
_Static_assert(UDP_TX_CONTROL >=
	CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(uint16_t)),
    "both control messages fit");

/* Appends a control message to those that fill `used` bytes of the room.
 * Returns what they fill then. */
static size_t
put_control(struct udp_tx_control *out, size_t used, int level, int type,
    const void *data, size_t len)
{
	const struct cmsghdr header = {
		.cmsg_level = level,
		.cmsg_type = type,
		.cmsg_len = CMSG_LEN(len),
	};

	memcpy(out->bytes + used, &header, sizeof(header));
	memcpy(out->bytes + used + CMSG_LEN(0), data, len);
	return used + CMSG_SPACE(len);
}

static void
put_source(struct udp_tx_dest *d)
{
	const struct addr *local = &d->path.local;
	struct in_pktinfo v4 = { .ipi_ifindex = 0 };
	struct in6_pktinfo v6 = { .ipi6_ifindex = local->scope };

	d->control_len = 0;
	if (local->family != d->path.remote.family)
		return;
	if (local->family == ADDR_IPV4) {
		memcpy(&v4.ipi_spec_dst, local->ip, sizeof(v4.ipi_spec_dst));
		d->control_len = put_control(
		    &d->control, 0, IPPROTO_IP, IP_PKTINFO, &v4, sizeof(v4));
	} else {
		memcpy(&v6.ipi6_addr, local->ip, sizeof(v6.ipi6_addr));
		d->control_len = put_control(&d->control, 0, IPPROTO_IPV6,
		    IPV6_PKTINFO, &v6, sizeof(v6));
	}
}

/*
 * The last destination if it is the same, or the next free one, which
 * becomes part of the batch with the datagram that is committed to it.
 */
static struct udp_tx_dest *
tx_dest(struct udp_tx *tx, const struct path *to, int fd)
{
	struct udp_tx_dest *d = &tx->dest[tx->dests];

	if (tx->dests > 0 && addr_equal(&d[-1].path.remote, &to->remote) &&
	    addr_equal(&d[-1].path.local, &to->local))
		return &d[-1];
	d->path = *to;
	d->fd = fd;
	d->name_len = sockaddr_from_addr(&d->name, &to->remote);
	put_source(d);
	return d;
}

static void
tx_clear(struct udp_tx *tx)
{
	tx->count = 0;
	tx->dests = 0;
	tx->used = 0;
}

/* The end of the datagrams that leave through the same socket as first. */
static unsigned int
tx_run_end(const struct udp_tx *tx, unsigned int first)
{
	unsigned int end = first + 1;

	while (end < tx->count && tx->to[end]->fd == tx->to[first]->fd)
		end++;
	return end;
}

static void
refuse(struct udp_tx *tx, unsigned int i, int error)
{
	if (error != EMSGSIZE) {
		drop_add(tx->drops, DROP_SEND_ERROR);
		return;
	}
	drop_add(tx->drops, DROP_SEND_SIZE);
	if (tx->refused != NULL)
		tx->refused(
		    tx->refused_ctx, &tx->to[i]->path, tx->dgrams[i].iov_len);
}

/* The end of the datagrams that can leave as one message with first. */
static unsigned int
tx_message_end(const struct udp_tx *tx, unsigned int first, unsigned int limit)
{
	const size_t unit = tx->dgrams[first].iov_len;
	unsigned int end = first + 1;
	size_t bytes = unit;

	limit = (unsigned int)size_min(limit, first + UDP_TX_RUN);
	while (end < limit && tx->to[end] == tx->to[first] &&
	    tx->dgrams[end - 1].iov_len == unit &&
	    tx->dgrams[end].iov_len <= unit &&
	    bytes + tx->dgrams[end].iov_len <= UDP_TX_RUN_BYTES)
		bytes += tx->dgrams[end++].iov_len;
	return end;
}

static void
tx_put_message(
    struct udp_tx *tx, unsigned int i, unsigned int first, unsigned int end)
{
	struct udp_tx_dest *d = tx->to[first];
	const struct iovec *last = &tx->dgrams[end - 1];
	const uint16_t unit = (uint16_t)tx->dgrams[first].iov_len;
	uint8_t *begin = tx->dgrams[first].iov_base;
	size_t control_len = d->control_len;

	tx->controls[i] = d->control;
	if (end - first > 1)
		control_len = put_control(&tx->controls[i], control_len,
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
		    runs ? tx_message_end(tx, first, end) : first + 1;

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
	const int fd = tx->to[first]->fd;
	bool runs = tx->runs, retried = false;

	while (first < end) {
		const unsigned int n = tx_fill(tx, first, end, runs);
		const int sent = sendmmsg(fd, tx->msgs, n, MSG_DONTWAIT);

		if (sent > 0) {
			first = tx->start[sent];
			runs = tx->runs;
			retried = false;
		} else if (errno == EAGAIN || errno == ENOBUFS) {
			tx->drops->n[DROP_SEND_ROOM] += end - first;
			return;
		} else if (tx->start[1] - first > 1) {
			tx->runs = tx->runs && errno != EIO;
			runs = false;
		} else if (!retried && errno != EMSGSIZE) {
			retried = true;
		} else {
			refuse(tx, first, errno);
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

uint8_t *
udp_tx_reserve(struct udp_tx *tx, int fd, const struct path *to, size_t len)
{
	if (len > UDP_DGRAM_MAX || tx->flushing)
		return NULL;
	if (tx->count == UDP_BATCH || len > UDP_ARENA - tx->used)
		udp_tx_flush(tx);
	tx->reserved = tx_dest(tx, to, fd);
	tx->reserved_len = len;
	return tx->arena + tx->used;
}

void
udp_tx_commit(struct udp_tx *tx, size_t len)
{
	struct udp_tx_dest *d = tx->reserved;
	const unsigned int i = tx->count;

	assert(d != NULL && len <= tx->reserved_len);
	tx->reserved = NULL;
	if (len == 0)
		return;
	tx->dgrams[i] = (struct iovec){
		.iov_base = tx->arena + tx->used,
		.iov_len = len,
	};
	tx->to[i] = d;
	tx->dests = (unsigned int)(d - tx->dest) + 1;
	tx->used += len;
	tx->count++;
}

void
udp_tx_flush(struct udp_tx *tx)
{
	unsigned int end;

	if (tx->flushing)
		return;
	tx->flushing = true;
	for (unsigned int first = 0; first < tx->count; first = end) {
		end = tx_run_end(tx, first);
		send_run(tx, first, end);
	}
	tx_clear(tx);
	tx->flushing = false;
}
