/* SPDX-License-Identifier: ISC */
/*
 * core's addresses as socket addresses and as text.
 * Source: inet_pton(3), inet_ntop(3), if_nametoindex(3), RFC 4007 section 11.
 * Thread: any.
 */
#ifndef OS_SOCKADDR_H
#define OS_SOCKADDR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "core/addr.h"
#include "core/units.h"

enum {
	SOCKADDR_TEXT_MAX = 80, /* "[IPv6%interface]:port" and its NUL */
};

/* Returns the length of the socket address, 0 for ADDR_NONE. */
socklen_t sockaddr_from_addr(
    struct sockaddr_storage *out, const struct addr *a);

/* False if the family is neither IPv4 nor IPv6. A mapped IPv4 address
 * (::ffff:a.b.c.d) becomes an IPv4 one. */
bool sockaddr_to_addr(
    struct addr *out, const struct sockaddr *sa, socklen_t len);

/* "192.0.2.1:52077", "[fe80::1%en0]:52077", without port if it is 0;
 * "none" for ADDR_NONE. Returns out. */
const char *sockaddr_text(
    const struct addr *a, char out[static SOCKADDR_TEXT_MAX]);

/* Numeric address without port, as in "10.0.0.1" or "fe80::1%en0".
 * -1 with EINVAL if it is none. */
MUST_USE int sockaddr_parse(struct addr *out, const char *text);

#endif
