/* SPDX-License-Identifier: ISC */
#include "os/udp.h"

#include <errno.h>
#include <stdlib.h>

#include "os/darwin/udp_rx.h"
#include "os/darwin/udp_tx.h"
#include "os/ifconf.h"
#include "os/log.h"
#include "os/udp_queue.h"
#include "os/udp_socket.h"

enum {
	RECV_TRIES = 4, /* calls in one udp_recv that may come to nothing */
};

struct udp {
	struct udp_socket sockets;
	struct drop_counts *drops;
	struct udp_rx rx;
	struct udp_tx tx;
};

struct udp *
udp_open(const struct udp_config *c)
{
	/* Zero pages of the system, so that unused slots take no memory. */
	struct udp *u = calloc(1, sizeof(*u));

	if (u == NULL) {
		log_error("no memory for socket buffers");
		return NULL;
	}
	if (udp_socket_open(&u->sockets, c) == -1) {
		udp_close(u);
		return NULL;
	}
	u->drops = u->tx.queue.drops = c->drops;
	u->tx.queue.sockets = &u->sockets;
	udp_msgx_init(&u->tx.call, &u->rx.call);
	return u;
}

void
udp_close(struct udp *u)
{
	const int error = errno;

	if (u == NULL)
		return;
	udp_socket_close(&u->sockets);
	free(u);
	errno = error;
}

int
udp_fd(const struct udp *u, int which)
{
	return u->sockets.fds[which];
}

uint16_t
udp_port(const struct udp *u)
{
	return u->sockets.port;
}

int
udp_recv(struct udp *u, int which, struct udp_dgram *out, int max)
{
	const int fd = u->sockets.fds[which];

	for (int tries = 0; tries < RECV_TRIES; tries++) {
		const int got = udp_rx_fill(&u->rx, fd, max);
		const int n = udp_rx_take(&u->rx, got, u->drops, out);

		if (n > 0 || got == 0 || (got == -1 && errno == EAGAIN))
			return n;
		/* XNU may take a socket away: ENOTCONN, for ever. */
		if (got == -1)
			udp_socket_failed(&u->sockets, fd, errno);
	}
	return 0;
}

/* Never more than was asked for is taken from the system. */
bool
udp_more(const struct udp *u)
{
	(void)u;
	return false;
}

uint8_t *
udp_reserve(struct udp *u, const struct path *to, size_t len)
{
	if (udp_queue_is_full(&u->tx.queue, len))
		udp_tx_flush(&u->tx);
	return udp_queue_reserve(&u->tx.queue, to, len);
}

void
udp_commit(struct udp *u, size_t len)
{
	udp_queue_commit(&u->tx.queue, len);
}

void
udp_flush(struct udp *u)
{
	udp_tx_flush(&u->tx);
}

void
udp_on_refused(struct udp *u, udp_refused_fn *fn, void *ctx)
{
	u->tx.queue.refused = fn;
	u->tx.queue.refused_ctx = ctx;
}

bool
udp_is_stale(const struct udp *u)
{
	return udp_socket_is_stale(&u->sockets);
}

int
udp_reopen(struct udp *u)
{
	udp_tx_flush(&u->tx);
	return udp_socket_reopen(&u->sockets);
}

uint32_t
udp_link_mtu(const struct udp *u, const struct path *to)
{
	if (udp_socket_find(&u->sockets, to) == -1)
		return 0;
	return ifconf_find_mtu(to);
}
