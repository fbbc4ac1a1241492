/* SPDX-License-Identifier: ISC */
#include "os/udp.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "os/ifconf.h"
#include "os/log.h"
#include "os/sockaddr.h"
#include "os/udp_rx.h"
#include "os/udp_tx.h"

enum {
	SOCKET_IPV4 = 0,
	SOCKET_IPV6 = 1,
	PORT_TRIES = 16, /* ports tried until both families have the same */
	RECV_TRIES = 4,  /* calls in one udp_recv that may come to nothing */
};

_Static_assert(UDP_SOCKETS == SOCKET_IPV6 + 1, "one socket for each family");

struct udp {
	int fds[UDP_SOCKETS];
	uint16_t port;
	struct drop_counts *drops;
	struct udp_rx rx;
	struct udp_tx tx;
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

/* Runs both ways where the system has them (Linux 4.18 and 5.0). */
static void
set_offloads(struct udp *u)
{
	for (int which = 0; which < UDP_SOCKETS; which++) {
		if (u->fds[which] == -1)
			continue;
		udp_rx_offload(u->fds[which]);
		udp_tx_offload(&u->tx, u->fds[which]);
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
	u->drops = u->tx.drops = c->drops;
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

	if (which == -1 || u->fds[which] == -1)
		return NULL;
	return udp_tx_reserve(&u->tx, u->fds[which], to, len);
}

void
udp_commit(struct udp *u, size_t len)
{
	udp_tx_commit(&u->tx, len);
}

void
udp_flush(struct udp *u)
{
	udp_tx_flush(&u->tx);
}

void
udp_on_refused(struct udp *u, udp_refused_fn *fn, void *ctx)
{
	u->tx.refused = fn;
	u->tx.refused_ctx = ctx;
}

uint32_t
udp_link_mtu(const struct udp *u, const struct path *to)
{
	const int which = family_socket(to->remote.family);

	if (which == -1 || u->fds[which] == -1)
		return 0;
	return ifconf_find_mtu(to);
}
