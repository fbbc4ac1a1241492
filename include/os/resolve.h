/* SPDX-License-Identifier: ISC */
/*
 * Host names to addresses. Blocking; meant for a job of os/errand.h.
 * Source: getaddrinfo(3). Thread: any.
 */
#ifndef OS_RESOLVE_H
#define OS_RESOLVE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/addr.h"
#include "core/units.h"

enum {
	RESOLVE_HOST_MAX = 254, /* RFC 1035 name with its NUL */
	RESOLVE_ADDRS_MAX = 4,  /* addresses kept of one answer */
};

struct resolve_name {
	char host[RESOLVE_HOST_MAX]; /* a name, or a numeric address */
	uint16_t port;
};

/*
 * Splits "host:port", "192.0.2.1:port" or "[IPv6]:port"; the port may be left
 * out if default_port is not 0. -1 with EINVAL.
 */
MUST_USE int resolve_parse(
    struct resolve_name *out, const char *text, uint16_t default_port);

/* The address if the host is a numeric one; false if it is a name. No
 * network is asked. */
bool resolve_numeric(const struct resolve_name *name, struct addr *out);

/* Asks the system. Returns the count of addresses in out (families
 * alternating where both are there), or -1 with *reason set to static text. */
MUST_USE int resolve_lookup(const struct resolve_name *name,
    struct addr out[static RESOLVE_ADDRS_MAX], const char **reason);

#endif
