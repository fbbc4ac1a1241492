/* SPDX-License-Identifier: ISC */
/*
 * How large a datagram to a peer may be. For now the size follows from the
 * interface that leads there, from what the peer accepts, and from what the
 * system refuses; the search by probes has its own issue.
 * Source: lansplice-protocol(7), PATH SIZE; RFC 8899.
 * Thread: loop. Memory: the caller's. Sizes are bytes of UDP payload.
 */
#ifndef CORE_PMTU_H
#define CORE_PMTU_H

#include <stddef.h>
#include <stdint.h>

#include "core/addr.h"
#include "core/units.h"

enum {
	PMTU_BASE = 1232,    /* a packet of 1280 on IPv6 */
	PMTU_MIN_IPV4 = 548, /* a packet of 576 */
	PMTU_MIN_IPV6 = PMTU_BASE,
	PMTU_HEADERS_IPV4 = 28, /* IP and UDP */
	PMTU_HEADERS_IPV6 = 48,
	PMTU_LINK_MIN_IPV4 = 576, /* interface MTU that is supported */
};

struct pmtu {
	size_t size;    /* in use */
	size_t ceiling; /* never above */
	size_t min;
	size_t headers;
};

/*
 * A new way to the peer: the family of its address, the MTU of the interface
 * (0: unknown, BASE is assumed) and the largest payload that the peer takes.
 */
void pmtu_init(struct pmtu *p, enum addr_family family, uint32_t link_mtu,
    size_t dgram_max);

/* The system refused len bytes: stay below. */
void pmtu_refused(struct pmtu *p, size_t len);

#endif
