/* SPDX-License-Identifier: ISC */
#include "route.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/if_dl.h>
#include <net/route.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/units.h"
#include "route_linux.h"

enum {
	SOCKETS_MAX = 8,
	MESSAGE_MAX = 2048, /* bytes */
	MULTICAST_LINUX = 0x1000,
	MULTICAST_DARWIN = 0x8000,
};

/*
 * What the program holds is an epoll(7) descriptor over two others: Linux's
 * messages, and what a test puts in. close(2) is not ours, so an entry whose
 * descriptor is no longer that epoll is free.
 */
struct route_socket {
	int fd;
	int linux_fd;
	int inject[2]; /* ours to read, ours to write */
};

struct injected {
	int error; /* or 0 and a message */
	size_t len;
	uint8_t bytes[MESSAGE_MAX];
};

struct message {
	size_t len;
	uint8_t bytes[MESSAGE_MAX];
};

int __real_socket(int domain, int type, int protocol);
int __wrap_socket(int domain, int type, int protocol);
ssize_t __real_read(int fd, void *buf, size_t len);
ssize_t __wrap_read(int fd, void *buf, size_t len);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct route_socket sockets[SOCKETS_MAX];
static unsigned int socket_count; /* entries ever used */

static bool
is_open(const struct route_socket *s)
{
	struct epoll_event e = { .events = EPOLLIN };

	return s->fd > 0 &&
	    epoll_ctl(s->fd, EPOLL_CTL_MOD, s->linux_fd, &e) == 0;
}

static void
release(struct route_socket *s)
{
	if (s->fd > 0) {
		close(s->linux_fd);
		close(s->inject[0]);
		close(s->inject[1]);
	}
	s->fd = 0;
}

/* With the lock held; NULL if there is none. */
static struct route_socket *
find_open(int fd)
{
	for (unsigned int i = 0; i < socket_count; i++) {
		if (sockets[i].fd == fd && is_open(&sockets[i]))
			return &sockets[i];
	}
	return NULL;
}

static struct route_socket *
find_free(void)
{
	for (unsigned int i = 0; i < SOCKETS_MAX; i++) {
		if (is_open(&sockets[i]))
			continue;
		release(&sockets[i]);
		if (i >= socket_count)
			socket_count = i + 1;
		return &sockets[i];
	}
	errno = EMFILE;
	return NULL;
}

static int
watch(const struct route_socket *s)
{
	struct epoll_event e = { .events = EPOLLIN };

	if (epoll_ctl(s->fd, EPOLL_CTL_ADD, s->linux_fd, &e) == -1)
		return -1;
	return epoll_ctl(s->fd, EPOLL_CTL_ADD, s->inject[0], &e);
}

static int
open_routes(void)
{
	struct route_socket *s, made;

	made.linux_fd = linux_route_open();
	if (made.linux_fd == -1)
		return -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
		0, made.inject) == -1) {
		close(made.linux_fd);
		return -1;
	}
	made.fd = epoll_create1(0);
	pthread_mutex_lock(&lock);
	s = find_free();
	if (s == NULL || made.fd == -1 || watch(&made) == -1) {
		if (made.fd != -1)
			close(made.fd);
		release(&made);
		made.fd = -1;
	} else {
		*s = made;
	}
	pthread_mutex_unlock(&lock);
	return made.fd;
}

int
__wrap_socket(int domain, int type, int protocol)
{
	if (domain == PF_ROUTE && type == SOCK_RAW && protocol == AF_UNSPEC)
		return open_routes();
	return __real_socket(domain, type, protocol);
}

static void
inject(const struct injected *in)
{
	const size_t len = offsetof(struct injected, bytes) + in->len;

	pthread_mutex_lock(&lock);
	for (unsigned int i = 0; i < socket_count; i++) {
		if (!is_open(&sockets[i]))
			continue;
		if (send(sockets[i].inject[1], in, len, 0) != (ssize_t)len)
			abort(); /* more than a test may put in */
	}
	pthread_mutex_unlock(&lock);
}

void
shim_route_inject(const void *message, size_t len)
{
	struct injected in = { .len = size_min(len, MESSAGE_MAX) };

	memcpy(in.bytes, message, in.len);
	inject(&in);
}

void
shim_route_fail(int error)
{
	const struct injected in = { .error = error };

	inject(&in);
}

/* Addresses follow each other in multiples of 4 bytes: bsd/net/rtsock.c:1463
 * rt_msg2(). */
static void
put_bytes(struct message *m, const void *data, size_t len)
{
	const size_t room = (len + 3) & ~(size_t)3;

	memset(m->bytes + m->len, 0, room);
	memcpy(m->bytes + m->len, data, len);
	m->len += room;
}

static void
put_address(struct message *m, int family, const uint8_t ip[static 16])
{
	struct darwin_sockaddr_in in = {
		.sin_len = sizeof(in),
		.sin_family = AF_INET,
	};
	struct darwin_sockaddr_in6 in6 = {
		.sin6_len = sizeof(in6),
		.sin6_family = AF_INET6,
	};

	if (family == AF_INET) {
		memcpy(&in.sin_addr, ip, sizeof(in.sin_addr));
		put_bytes(m, &in, sizeof(in));
	} else {
		memcpy(&in6.sin6_addr, ip, sizeof(in6.sin6_addr));
		put_bytes(m, &in6, sizeof(in6));
	}
}

static void
put_mask(struct message *m, int family, unsigned int prefix)
{
	uint8_t mask[16] = { 0 };

	for (unsigned int bit = 0; bit < prefix && bit < 128; bit++)
		mask[bit / 8] |= (uint8_t)(0x80U >> bit % 8);
	put_address(m, family, mask);
}

static void
put_link(struct message *m, const struct linux_event *e)
{
	const unsigned int flags =
	    (e->flags & 0xfffU & ~(e->gone ? (unsigned int)IFF_UP : 0U)) |
	    ((e->flags & MULTICAST_LINUX) != 0 ? MULTICAST_DARWIN : 0U);
	const struct if_msghdr h = {
		.ifm_msglen = sizeof(h),
		.ifm_version = RTM_VERSION,
		.ifm_type = RTM_IFINFO,
		.ifm_flags = (int)flags,
		.ifm_index = (unsigned short)e->index,
		.ifm_data.ifi_mtu = e->mtu,
	};

	put_bytes(m, &h, sizeof(h));
}

/* bsd/net/rtsock.c:1573 rt_newaddrmsg(). */
static void
put_addr(struct message *m, const struct linux_event *e)
{
	const struct sockaddr_dl sdl = {
		.sdl_len = sizeof(sdl),
		.sdl_family = AF_LINK,
		.sdl_index = (uint16_t)e->index,
	};
	struct ifa_msghdr h = {
		.ifam_version = RTM_VERSION,
		.ifam_type = e->gone ? RTM_DELADDR : RTM_NEWADDR,
		.ifam_addrs = RTA_NETMASK | RTA_IFP | RTA_IFA,
		.ifam_index = (unsigned short)e->index,
	};

	put_bytes(m, &h, sizeof(h));
	put_mask(m, e->family, e->prefix);
	put_bytes(m, &sdl, sizeof(sdl));
	put_address(m, e->family, e->ip);
	h.ifam_msglen = (unsigned short)m->len;
	memcpy(m->bytes, &h, sizeof(h));
}

static int
route_flags(const struct linux_event *e)
{
	const bool whole = e->prefix == (e->family == AF_INET ? 32 : 128);
	int flags = RTF_UP | RTF_DONE;

	if (e->kind == LINUX_NEIGHBOUR)
		return flags | RTF_HOST | RTF_LLINFO | RTF_WASCLONED;
	flags |= e->has_gateway ? RTF_GATEWAY | RTF_STATIC : 0;
	flags |= whole ? RTF_HOST : 0;
	flags |= e->is_local ? RTF_LOCAL : 0;
	flags |= e->is_multicast ? RTF_MULTICAST : 0;
	flags |= e->is_broadcast ? RTF_BROADCAST : 0;
	return flags;
}

static void
put_route(struct message *m, const struct linux_event *e)
{
	struct rt_msghdr h = {
		.rtm_version = RTM_VERSION,
		.rtm_type = e->gone ? RTM_DELETE : RTM_ADD,
		.rtm_index = (unsigned short)e->index,
		.rtm_flags = route_flags(e),
		.rtm_addrs = RTA_DST | RTA_GATEWAY | RTA_NETMASK,
	};
	const struct sockaddr_dl link = {
		.sdl_len = sizeof(link),
		.sdl_family = AF_LINK,
		.sdl_index = (uint16_t)e->index,
	};

	put_bytes(m, &h, sizeof(h));
	put_address(m, e->family, e->ip);
	if (e->has_gateway)
		put_address(m, e->family, e->gateway);
	else
		put_bytes(m, &link, sizeof(link));
	put_mask(m, e->family, e->prefix);
	h.rtm_msglen = (unsigned short)m->len;
	memcpy(m->bytes, &h, sizeof(h));
}

static void
put_event(struct message *m, const struct linux_event *e)
{
	m->len = 0;
	switch (e->kind) {
	case LINUX_LINK:
		put_link(m, e);
		break;
	case LINUX_ADDR:
		put_addr(m, e);
		break;
	case LINUX_ROUTE:
	case LINUX_NEIGHBOUR:
		put_route(m, e);
		break;
	case LINUX_NONE:
	default:
		break;
	}
}

/* A message that does not fit is cut: it is a datagram. */
static ssize_t
hand_over(const uint8_t *data, size_t data_len, void *buf, size_t len)
{
	const size_t n = size_min(data_len, len);

	memcpy(buf, data, n);
	return (ssize_t)n;
}

/* What a test put in comes first. -1 with EAGAIN if there is nothing. */
static ssize_t
read_now(const struct route_socket *s, void *buf, size_t len)
{
	struct injected in;
	struct message m = { .len = 0 };
	struct linux_event e;

	if (recv(s->inject[0], &in, sizeof(in), 0) > 0) {
		errno = in.error;
		return in.error != 0 ? -1
				     : hand_over(in.bytes, in.len, buf, len);
	}
	while (m.len == 0) {
		if (linux_route_read(s->linux_fd, &e) == -1)
			return -1;
		put_event(&m, &e);
	}
	return hand_over(m.bytes, m.len, buf, len);
}

static ssize_t
read_routes(const struct route_socket *s, void *buf, size_t len)
{
	const bool waits = (fcntl(s->fd, F_GETFL) & O_NONBLOCK) == 0;
	struct pollfd p = { .fd = s->fd, .events = POLLIN };
	ssize_t n;

	for (;;) {
		n = read_now(s, buf, len);
		if (n != -1 || errno != EAGAIN || !waits)
			return n;
		if (poll(&p, 1, -1) == -1)
			return -1;
	}
}

ssize_t
__wrap_read(int fd, void *buf, size_t len)
{
	struct route_socket found = { .fd = 0 };
	const struct route_socket *s;

	pthread_mutex_lock(&lock);
	s = find_open(fd);
	if (s != NULL)
		found = *s;
	pthread_mutex_unlock(&lock);
	return s == NULL ? __real_read(fd, buf, len)
			 : read_routes(&found, buf, len);
}
