/* SPDX-License-Identifier: ISC */
/*
 * macOS's routing socket on Linux's messages: socket(PF_ROUTE, SOCK_RAW,
 * AF_UNSPEC) without flags (AF_ROUTE is AF_NETLINK here, whose users say
 * SOCK_CLOEXEC), and a read(2) that gives one message in Darwin's form. It
 * can be watched by epoll and kqueue.
 * Source: route(4), XNU (xnu-11417.101.15) bsd/net/route.h, bsd/net/rtsock.c.
 * Thread: any.
 */
#ifndef SHIM_ROUTE_H
#define SHIM_ROUTE_H

#include <stddef.h>

/* These bytes are the next message of each routing socket. */
void shim_route_inject(const void *message, size_t len);

/* The next read of each routing socket fails. */
void shim_route_fail(int error);

#endif
