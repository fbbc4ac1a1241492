/* SPDX-License-Identifier: ISC */
#include "os/udp_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "os/log.h"
#include "os/sockaddr.h"
#include "os/udp_option.h"

enum {
	SOCKET_IPV4 = 0,
	SOCKET_IPV6 = 1,
	PORT_TRIES = 16, /* ports tried until both families have the same */
};

_Static_assert(UDP_SOCKETS == SOCKET_IPV6 + 1, "one socket for each family");

static const enum addr_family families[UDP_SOCKETS] = {
	[SOCKET_IPV4] = ADDR_IPV4,
	[SOCKET_IPV6] = ADDR_IPV6,
};

/* SOCK_NONBLOCK and SOCK_CLOEXEC are Linux's alone. */
static int
set_flags(int fd)
{
	const int flags = fcntl(fd, F_GETFL);

	if (flags == -1 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1)
		return -1;
	return fcntl(fd, F_SETFD, FD_CLOEXEC);
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
	const int fd = socket(ipv4 ? AF_INET : AF_INET6, SOCK_DGRAM, 0);
	int error;

	if (fd == -1)
		return -1;
	if (set_flags(fd) == 0 &&
	    udp_option_set(fd, (enum addr_family)local->family) == 0 &&
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

static bool
family_is_missing(int error)
{
	return error == EAFNOSUPPORT || error == EPROTONOSUPPORT ||
	    error == EADDRNOTAVAIL;
}

static bool
is_wanted(const struct udp_socket *s, int which)
{
	return !addr_is_set(&s->local) || s->local.family == families[which];
}

/* 0 also where the system does without the family. */
static int
open_family(struct udp_socket *s, int which)
{
	const bool any = !addr_is_set(&s->local);
	struct addr local = s->local;
	int fd;

	local.family = (uint8_t)families[which];
	local.port = s->port;
	fd = open_socket(&local);
	if (fd == -1)
		return any && family_is_missing(errno) ? 0 : -1;
	s->fds[which] = fd;
	if (s->port == 0)
		s->port = bound_port(fd);
	return 0;
}

static void
close_family(struct udp_socket *s, int which)
{
	const int error = errno;

	if (s->fds[which] != -1)
		close(s->fds[which]);
	s->fds[which] = -1;
	errno = error;
}

/* All sockets that there can be, at least one, or none and -1. */
static int
open_families(struct udp_socket *s, uint16_t port)
{
	s->port = port;
	for (int which = 0; which < UDP_SOCKETS; which++) {
		if (!is_wanted(s, which) || open_family(s, which) == 0)
			continue;
		udp_socket_close(s);
		return -1;
	}
	if (s->fds[SOCKET_IPV4] != -1 || s->fds[SOCKET_IPV6] != -1)
		return 0;
	errno = EAFNOSUPPORT;
	return -1;
}

/*
 * A port that the system chose for the first family may be taken in the
 * second; then it chooses again.
 */
static int
open_on_one_port(struct udp_socket *s, uint16_t port)
{
	for (int tries = 0; tries < PORT_TRIES; tries++) {
		if (open_families(s, port) == 0)
			return 0;
		if (port != 0 || errno != EADDRINUSE)
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

int
udp_socket_open(struct udp_socket *s, const struct udp_config *c)
{
	bool small = false;

	*s = (struct udp_socket){ .local = c->local };
	for (int which = 0; which < UDP_SOCKETS; which++)
		s->fds[which] = -1;
	if (open_on_one_port(s, c->port) == -1) {
		log_open_error(c);
		return -1;
	}
	for (int which = 0; which < UDP_SOCKETS; which++)
		small |=
		    s->fds[which] != -1 && !udp_option_buffers(s->fds[which]);
	if (small)
		udp_option_warn_small();
	return 0;
}

void
udp_socket_close(struct udp_socket *s)
{
	for (int which = 0; which < UDP_SOCKETS; which++)
		close_family(s, which);
}

int
udp_socket_find(const struct udp_socket *s, const struct path *to)
{
	for (int which = 0; which < UDP_SOCKETS; which++) {
		if (families[which] == to->remote.family)
			return s->fds[which];
	}
	return -1;
}

/* EADDRNOTAVAIL is a datagram's own matter, unless the socket is bound to the
 * address that is gone. */
void
udp_socket_failed(struct udp_socket *s, int fd, int error)
{
	const bool gone = error == EBADF || error == ENOTSOCK ||
	    error == ENOTCONN || error == EPIPE || error == ESHUTDOWN ||
	    (error == EADDRNOTAVAIL && addr_is_set(&s->local));

	for (int which = 0; which < UDP_SOCKETS; which++)
		s->stale[which] |= gone && s->fds[which] == fd;
}

bool
udp_socket_is_stale(const struct udp_socket *s)
{
	return s->stale[SOCKET_IPV4] || s->stale[SOCKET_IPV6];
}

/* Returns 1 if there is a new socket, 0 if the system still has none, -1. */
static int
reopen_family(struct udp_socket *s, int which)
{
	close_family(s, which);
	s->stale[which] = open_family(s, which) == -1;
	if (s->stale[which])
		return -1;
	if (s->fds[which] == -1)
		return 0;
	(void)udp_option_buffers(s->fds[which]); /* said when it was opened */
	return 1;
}

static void
log_reopen(struct udp_socket *s, int error)
{
	const bool failing = error != 0;

	if (failing && !s->failing)
		log_warn("cannot open port %u/udp again: %s", s->port,
		    strerror(error));
	if (!failing && s->failing)
		log_info("port %u/udp is open again", s->port);
	s->failing = failing;
}

int
udp_socket_reopen(struct udp_socket *s)
{
	int count = 0, error = 0;

	for (int which = 0; which < UDP_SOCKETS; which++) {
		const bool due = s->stale[which] || s->fds[which] == -1;
		const int n =
		    is_wanted(s, which) && due ? reopen_family(s, which) : 0;

		if (n == -1)
			error = errno;
		else
			count += n;
	}
	log_reopen(s, error);
	if (error == 0)
		return count;
	errno = error;
	return -1;
}
