/* SPDX-License-Identifier: ISC */
#include "os/udp_queue.h"

#include <assert.h>
#include <errno.h>

#include "os/sockaddr.h"

_Static_assert(UDP_ARENA >= UDP_DGRAM_MAX, "the arena holds one datagram");

/*
 * The last destination if it is the same, or the next free one, which
 * becomes part of the batch with the datagram that is committed to it.
 */
static struct udp_queue_dest *
queue_dest(struct udp_queue *q, const struct path *to, int fd)
{
	struct udp_queue_dest *d = &q->dest[q->dests];

	if (q->dests > 0 && addr_equal(&d[-1].path.remote, &to->remote) &&
	    addr_equal(&d[-1].path.local, &to->local))
		return &d[-1];
	d->path = *to;
	d->fd = fd;
	d->name_len = sockaddr_from_addr(&d->name, &to->remote);
	d->control_len = udp_control_put_source(&d->control, to);
	return d;
}

bool
udp_queue_is_full(const struct udp_queue *q, size_t len)
{
	return len <= UDP_DGRAM_MAX &&
	    (q->count == UDP_BATCH || len > UDP_ARENA - q->used);
}

uint8_t *
udp_queue_reserve(struct udp_queue *q, const struct path *to, size_t len)
{
	const int fd = udp_socket_find(q->sockets, to);

	if (fd == -1 || len > UDP_DGRAM_MAX || q->flushing)
		return NULL;
	q->reserved = queue_dest(q, to, fd);
	q->reserved_len = len;
	return q->arena + q->used;
}

void
udp_queue_commit(struct udp_queue *q, size_t len)
{
	struct udp_queue_dest *d = q->reserved;
	const unsigned int i = q->count;

	assert(d != NULL && len <= q->reserved_len);
	q->reserved = NULL;
	if (len == 0)
		return;
	q->dgrams[i] = (struct iovec){
		.iov_base = q->arena + q->used,
		.iov_len = len,
	};
	q->to[i] = d;
	q->dests = (unsigned int)(d - q->dest) + 1;
	q->used += len;
	q->count++;
}

bool
udp_queue_start(struct udp_queue *q)
{
	if (q->flushing)
		return false;
	q->flushing = true;
	return true;
}

void
udp_queue_clear(struct udp_queue *q)
{
	q->count = 0;
	q->dests = 0;
	q->used = 0;
	q->flushing = false;
}

void
udp_queue_refuse(struct udp_queue *q, unsigned int i, int error)
{
	if (error != EMSGSIZE) {
		drop_add(q->drops, DROP_SEND_ERROR);
		udp_socket_failed(q->sockets, q->to[i]->fd, error);
		return;
	}
	drop_add(q->drops, DROP_SEND_SIZE);
	if (q->refused != NULL)
		q->refused(
		    q->refused_ctx, &q->to[i]->path, q->dgrams[i].iov_len);
}
