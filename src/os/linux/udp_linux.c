/* SPDX-License-Identifier: ISC */
#include "os/udp.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "os/ifconf.h"
#include "os/log.h"
#include "os/sockaddr.h"
#include "os/udp_rx.h"

enum {
	SOCKET_IPV4 = 0,
	SOCKET_IPV6 = 1,
	PORT_TRIES = 16, /* ports tried until both families have the same */
	/* a source address and the size of a run's datagrams */
	CONTROL_LEN = CMSG_SPACE(sizeof(struct in6_pktinfo)) +
	    CMSG_SPACE(sizeof(uint16_t)),
	RUN_DGRAMS = 64,   /* UDP_MAX_SEGMENTS of kernels before 6.9 */
	RUN_BYTES = 65000, /* of payload; less than IPv4's length field */
	RECV_TRIES = 4,    /* calls in one udp_recv that may come to nothing */
};

_Static_assert(UDP_SOCKETS == SOCKET_IPV6 + 1, "one socket for each family");
_Static_assert(UDP_BATCH <= 1024, "UIO_MAXIOV: the kernel sends no more");
_Static_assert(UDP_ARENA >= UDP_DGRAM_MAX, "the arena holds one datagram");

/* Room for control messages; cmsg(3). */
struct control {
	alignas(struct cmsghdr) uint8_t bytes[CONTROL_LEN];
};

/* Consecutive datagrams on one path share what the kernel is told of it. */
struct dest {
	struct path path;
	int which;
	socklen_t name_len;
	size_t control_len; /* 0: the system chooses the source */
	struct sockaddr_storage name;
	struct control control;
};

/*
 * Datagrams lie in the arena back to back, as UDP_SEGMENT (udp(7)) wants
 * them: consecutive ones of one length on one path leave as one message, which
 * the kernel, or the network card, cuts again. The last may be shorter.
 */
struct tx {
	unsigned int count;    /* datagrams committed */
	unsigned int dests;    /* destinations they use */
	size_t used;           /* bytes of the arena they use */
	struct dest *reserved; /* NULL: nothing is reserved */
	size_t reserved_len;
	struct iovec dgrams[UDP_BATCH];
	struct dest *to[UDP_BATCH];

	/* Messages of one system call; start: their first datagrams, and at
	 * the end the datagram behind the last. */
	unsigned int start[UDP_BATCH + 1];
	struct mmsghdr msgs[UDP_BATCH];
	struct iovec iovs[UDP_BATCH];
	struct control controls[UDP_BATCH];

	struct dest dest[UDP_BATCH];
	uint8_t arena[UDP_ARENA];
};

struct udp {
	int fds[UDP_SOCKETS];
	uint16_t port;
	bool runs;     /* the system takes them */
	bool flushing; /* the refused callback must not send */
	struct drop_counts *drops;
	udp_refused_fn *refused;
	void *refused_ctx;
	struct udp_rx rx;
	struct tx tx;
};

/* The number of the socket for an address, -1 if there cannot be one. */
static int
family_socket(uint8_t family)
{
	switch (family) {
	case ADDR_IPV4:
		return SOCKET_IPV4;
	case ADDR_IPV6:
		return SOCKET_IPV6;
	default:
		return -1;
	}
}

static int
set_option(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value));
}

/*
 * PMTUDISC_PROBE sets don't-fragment and ignores the path MTU that the kernel
 * learned from ICMP, which anyone can forge (ip(7)).
 */
static int
set_options_ipv4(int fd)
{
	if (set_option(fd, IPPROTO_IP, IP_PKTINFO, 1) == -1)
		return -1;
	return set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
}

static int
set_options_ipv6(int fd)
{
	if (set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) == -1)
		return -1;
	if (set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) == -1)
		return -1;
	if (set_option(fd, IPPROTO_IPV6, IPV6_DONTFRAG, 1) == -1)
		return -1;
	return set_option(
	    fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE);
}

/*
 * Asks for UDP_BUFFER, beyond the system's limit if we may (socket(7)).
 * Returns what we got; the kernel tells twice the bytes of payload.
 */
static int
set_buffer(int fd, int force, int plain, int get)
{
	int bytes = 0;
	socklen_t len = sizeof(bytes);

	if (set_option(fd, SOL_SOCKET, force, UDP_BUFFER) == -1)
		(void)set_option(fd, SOL_SOCKET, plain, UDP_BUFFER);
	if (getsockopt(fd, SOL_SOCKET, get, &bytes, &len) == -1)
		return 0;
	return bytes / 2;
}

static void
set_buffers(const struct udp *u)
{
	bool small = false;

	for (int which = 0; which < UDP_SOCKETS; which++) {
		const int fd = u->fds[which];

		if (fd == -1)
			continue;
		small |= set_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF, SO_RCVBUF) <
		    UDP_BUFFER_SMALL;
		small |= set_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF, SO_SNDBUF) <
		    UDP_BUFFER_SMALL;
	}
	if (small)
		log_warn("socket buffers are small, bursts will be lost: set "
			 "sysctl net.core.rmem_max and net.core.wmem_max to %d",
		    UDP_BUFFER);
}

static int
bind_socket(int fd, const struct addr *local)
{
	struct sockaddr_storage name;
	const socklen_t len = sockaddr_from_addr(&name, local);

	return bind(fd, (const struct sockaddr *)&name, len);
}

static int
open_socket(const struct addr *local)
{
	const bool ipv4 = local->family == ADDR_IPV4;
	const int fd = socket(ipv4 ? AF_INET : AF_INET6,
	    SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error;

	if (fd == -1)
		return -1;
	if ((ipv4 ? set_options_ipv4(fd) : set_options_ipv6(fd)) == 0 &&
	    bind_socket(fd, local) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* Returns 0 if the system does not tell. */
static uint16_t
bound_port(int fd)
{
	struct sockaddr_storage name = { .ss_family = AF_UNSPEC };
	socklen_t len = sizeof(name);
	struct addr a = { .family = ADDR_NONE };

	if (getsockname(fd, (struct sockaddr *)&name, &len) == -1 ||
	    !sockaddr_to_addr(&a, (const struct sockaddr *)&name, len))
		return 0;
	return a.port;
}

static void
close_sockets(struct udp *u)
{
	const int error = errno;

	for (int which = 0; which < UDP_SOCKETS; which++) {
		if (u->fds[which] != -1)
			close(u->fds[which]);
		u->fds[which] = -1;
	}
	errno = error;
}

static bool
family_is_missing(int error)
{
	return error == EAFNOSUPPORT || error == EPROTONOSUPPORT ||
	    error == EADDRNOTAVAIL;
}

/* 0 also where the configuration or the system does without the family. */
static int
open_family(struct udp *u, const struct udp_config *c, int which)
{
	static const enum addr_family families[UDP_SOCKETS] = {
		[SOCKET_IPV4] = ADDR_IPV4,
		[SOCKET_IPV6] = ADDR_IPV6,
	};
	const bool any = !addr_is_set(&c->local);
	struct addr local = c->local;
	int fd;

	if (any)
		local.family = (uint8_t)families[which];
	if (local.family != families[which])
		return 0;
	local.port = u->port;
	fd = open_socket(&local);
	if (fd == -1)
		return any && family_is_missing(errno) ? 0 : -1;
	u->fds[which] = fd;
	if (u->port == 0)
		u->port = bound_port(fd);
	return 0;
}

/* All sockets that there can be, at least one, or none and -1. */
static int
open_sockets(struct udp *u, const struct udp_config *c)
{
	u->port = c->port;
	for (int which = 0; which < UDP_SOCKETS; which++) {
		if (open_family(u, c, which) == 0)
			continue;
		close_sockets(u);
		return -1;
	}
	if (u->fds[SOCKET_IPV4] != -1 || u->fds[SOCKET_IPV6] != -1)
		return 0;
	errno = EAFNOSUPPORT;
	return -1;
}

/*
 * A port that the system chose for the first family may be taken in the
 * second; then it chooses again.
 */
static int
open_sockets_on_one_port(struct udp *u, const struct udp_config *c)
{
	for (int tries = 0; tries < PORT_TRIES; tries++) {
		if (open_sockets(u, c) == 0)
			return 0;
		if (c->port != 0 || errno != EADDRINUSE)
			break;
	}
	return -1;
}

static void
log_open_error(const struct udp_config *c)
{
	char text[SOCKADDR_TEXT_MAX];
	struct addr local = c->local;

	local.port = 0;
	switch (errno) {
	case EADDRINUSE:
		log_error("port %u/udp is in use by another program; "
			  "choose another with listen.port",
		    c->port);
		break;
	case EACCES:
		log_error("port %u/udp needs root or CAP_NET_BIND_SERVICE; "
			  "choose one above 1023 with listen.port",
		    c->port);
		break;
	case EADDRNOTAVAIL:
		log_error("%s is no address of this machine; "
			  "choose another with listen.address",
		    sockaddr_text(&local, text));
		break;
	default:
		log_error(
		    "cannot open port %u/udp: %s", c->port, strerror(errno));
		break;
	}
}

/* Appends a control message to those that fill `used` bytes of the room.
 * Returns what they fill then. */
static size_t
put_control(struct control *out, size_t used, int level, int type,
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
put_source(struct dest *d)
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
static struct dest *
tx_dest(struct tx *tx, const struct path *to, int which)
{
	struct dest *d = &tx->dest[tx->dests];

	if (tx->dests > 0 && addr_equal(&d[-1].path.remote, &to->remote) &&
	    addr_equal(&d[-1].path.local, &to->local))
		return &d[-1];
	d->path = *to;
	d->which = which;
	d->name_len = sockaddr_from_addr(&d->name, &to->remote);
	put_source(d);
	return d;
}

static void
tx_clear(struct tx *tx)
{
	tx->count = 0;
	tx->dests = 0;
	tx->used = 0;
}

/* The end of the datagrams that leave through the same socket as first. */
static unsigned int
tx_run_end(const struct tx *tx, unsigned int first)
{
	unsigned int end = first + 1;

	while (end < tx->count && tx->to[end]->which == tx->to[first]->which)
		end++;
	return end;
}

static void
refuse(struct udp *u, unsigned int i, int error)
{
	if (error != EMSGSIZE) {
		drop_add(u->drops, DROP_SEND_ERROR);
		return;
	}
	drop_add(u->drops, DROP_SEND_SIZE);
	if (u->refused != NULL)
		u->refused(u->refused_ctx, &u->tx.to[i]->path,
		    u->tx.dgrams[i].iov_len);
}

/* The end of the datagrams that can leave as one message with first. */
static unsigned int
tx_message_end(const struct tx *tx, unsigned int first, unsigned int limit)
{
	const size_t unit = tx->dgrams[first].iov_len;
	unsigned int end = first + 1;
	size_t bytes = unit;

	limit = (unsigned int)size_min(limit, first + RUN_DGRAMS);
	while (end < limit && tx->to[end] == tx->to[first] &&
	    tx->dgrams[end - 1].iov_len == unit &&
	    tx->dgrams[end].iov_len <= unit &&
	    bytes + tx->dgrams[end].iov_len <= RUN_BYTES)
		bytes += tx->dgrams[end++].iov_len;
	return end;
}

static void
tx_put_message(
    struct tx *tx, unsigned int i, unsigned int first, unsigned int end)
{
	struct dest *d = tx->to[first];
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
tx_fill(struct tx *tx, unsigned int first, unsigned int end, bool runs)
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
send_run(struct udp *u, unsigned int first, unsigned int end)
{
	struct tx *tx = &u->tx;
	const int fd = u->fds[tx->to[first]->which];
	bool runs = u->runs, retried = false;

	while (first < end) {
		const unsigned int n = tx_fill(tx, first, end, runs);
		const int sent = sendmmsg(fd, tx->msgs, n, MSG_DONTWAIT);

		if (sent > 0) {
			first = tx->start[sent];
			runs = u->runs;
			retried = false;
		} else if (errno == EAGAIN || errno == ENOBUFS) {
			u->drops->n[DROP_SEND_ROOM] += end - first;
			return;
		} else if (tx->start[1] - first > 1) {
			u->runs = u->runs && errno != EIO;
			runs = false;
		} else if (!retried && errno != EMSGSIZE) {
			retried = true;
		} else {
			refuse(u, first, errno);
			first++;
			runs = u->runs;
			retried = false;
		}
	}
}

/* Runs both ways where the system has them (Linux 4.18 and 5.0). */
static void
set_offloads(struct udp *u)
{
	for (int which = 0; which < UDP_SOCKETS; which++) {
		if (u->fds[which] == -1)
			continue;
		udp_rx_offload(u->fds[which]);
		u->runs |=
		    set_option(u->fds[which], IPPROTO_UDP, UDP_SEGMENT, 0) == 0;
	}
}

struct udp *
udp_open(const struct udp_config *c)
{
	/* Zero pages of the system, so that unused slots take no memory. */
	struct udp *u = calloc(1, sizeof(*u));

	if (u == NULL) {
		log_error("no memory for socket buffers");
		return NULL;
	}
	u->drops = c->drops;
	for (int which = 0; which < UDP_SOCKETS; which++)
		u->fds[which] = -1;
	if (open_sockets_on_one_port(u, c) == -1) {
		log_open_error(c);
		udp_close(u);
		return NULL;
	}
	set_buffers(u);
	set_offloads(u);
	udp_rx_init(&u->rx);
	return u;
}

void
udp_close(struct udp *u)
{
	const int error = errno;

	if (u == NULL)
		return;
	close_sockets(u);
	free(u);
	errno = error;
}

int
udp_fd(const struct udp *u, int which)
{
	return u->fds[which];
}

uint16_t
udp_port(const struct udp *u)
{
	return u->port;
}

int
udp_recv(struct udp *u, int which, struct udp_dgram *out, int max)
{
	int n = udp_rx_take(&u->rx, u->drops, out, max);

	for (int tries = 0; n == 0 && tries < RECV_TRIES; tries++) {
		if (udp_rx_fill(&u->rx, u->fds[which]) == 0 && errno == EAGAIN)
			return 0;
		n = udp_rx_take(&u->rx, u->drops, out, max);
	}
	return n;
}

bool
udp_more(const struct udp *u)
{
	return udp_rx_more(&u->rx);
}

uint8_t *
udp_reserve(struct udp *u, const struct path *to, size_t len)
{
	const int which = family_socket(to->remote.family);
	struct tx *tx = &u->tx;

	if (len > UDP_DGRAM_MAX || which == -1 || u->fds[which] == -1 ||
	    u->flushing)
		return NULL;
	if (tx->count == UDP_BATCH || len > UDP_ARENA - tx->used)
		udp_flush(u);
	tx->reserved = tx_dest(tx, to, which);
	tx->reserved_len = len;
	return tx->arena + tx->used;
}

void
udp_commit(struct udp *u, size_t len)
{
	struct tx *tx = &u->tx;
	struct dest *d = tx->reserved;
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
udp_flush(struct udp *u)
{
	unsigned int end;

	if (u->flushing)
		return;
	u->flushing = true;
	for (unsigned int first = 0; first < u->tx.count; first = end) {
		end = tx_run_end(&u->tx, first);
		send_run(u, first, end);
	}
	tx_clear(&u->tx);
	u->flushing = false;
}

void
udp_on_refused(struct udp *u, udp_refused_fn *fn, void *ctx)
{
	u->refused = fn;
	u->refused_ctx = ctx;
}

uint32_t
udp_link_mtu(const struct udp *u, const struct path *to)
{
	const int which = family_socket(to->remote.family);

	if (which == -1 || u->fds[which] == -1)
		return 0;
	return ifconf_find_mtu(to);
}
