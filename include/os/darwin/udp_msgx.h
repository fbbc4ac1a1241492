/* SPDX-License-Identifier: ISC */
/*
 * Several datagrams of one system call: recvmsg_x and sendmsg_x, which are in
 * libSystem since macOS 10.10 and in no public header, so they are looked up
 * at run time; with plain calls in their place where they are missing or
 * refuse to work.
 * Source: XNU bsd/sys/socket_private.h (struct msghdr_x at line 403, the calls
 * at 769-832), bsd/kern/uipc_syscalls.c (sendmsg_x at 1874, recvmsg_x at 2660,
 * tag xnu-11417.101.15).
 * Up to macOS 15.5 recvmsg_x keeps the socket locked for ever if somebody else
 * receives from it at that moment (bsd/kern/uipc_socket.c:4184 leaves past the
 * unlock): so no other thread may, and no other process may have it.
 * Thread: loop.
 */
#ifndef OS_DARWIN_UDP_MSGX_H
#define OS_DARWIN_UDP_MSGX_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "core/units.h"

/* XNU's struct msghdr_x. */
struct udp_msgx {
	void *msg_name;
	socklen_t msg_namelen;
	struct iovec *msg_iov;
	int msg_iovlen;
	void *msg_control;
	socklen_t msg_controllen;
	int msg_flags;      /* 0 on input */
	size_t msg_datalen; /* received; nothing else tells the length */
};

_Static_assert(sizeof(struct udp_msgx) == 56, "msghdr_x of LP64");
_Static_assert(offsetof(struct udp_msgx, msg_name) == 0, "msghdr_x");
_Static_assert(offsetof(struct udp_msgx, msg_namelen) == 8, "msghdr_x");
_Static_assert(offsetof(struct udp_msgx, msg_iov) == 16, "msghdr_x");
_Static_assert(offsetof(struct udp_msgx, msg_iovlen) == 24, "msghdr_x");
_Static_assert(offsetof(struct udp_msgx, msg_control) == 32, "msghdr_x");
_Static_assert(offsetof(struct udp_msgx, msg_controllen) == 40, "msghdr_x");
_Static_assert(offsetof(struct udp_msgx, msg_flags) == 44, "msghdr_x");
_Static_assert(offsetof(struct udp_msgx, msg_datalen) == 48, "msghdr_x");

typedef ssize_t udp_msgx_fn(
    int fd, struct udp_msgx *msgs, unsigned int count, int flags);

struct udp_msgx_call {
	const char *name;
	udp_msgx_fn *fn;
	udp_msgx_fn *plain; /* one system call each */
	bool works;         /* fn has done something */
};

/* Looks the calls up. */
void udp_msgx_init(struct udp_msgx_call *send, struct udp_msgx_call *recv);

/*
 * Without waiting. Returns how many messages were sent or received, possibly
 * fewer than there could be; 0 or -1 with errno if none was. Behind an error
 * other than EAGAIN, ENOBUFS, EMSGSIZE and EINTR, some that were to be sent
 * may have left.
 */
MUST_USE int udp_msgx_do(
    struct udp_msgx_call *c, int fd, struct udp_msgx *msgs, unsigned int count);

#endif
