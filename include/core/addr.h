/* SPDX-License-Identifier: ISC */
/*
 * A UDP address as a plain value, the same on every system.
 * Text and socket addresses are os/sockaddr.h's business.
 */
#ifndef CORE_ADDR_H
#define CORE_ADDR_H

#include <stdbool.h>
#include <stdint.h>

enum addr_family {
	ADDR_NONE = 0, /* no address; all other fields are zero */
	ADDR_IPV4,
	ADDR_IPV6,
};

struct addr {
	uint8_t ip[16]; /* network order; IPv4 in the first 4 */
	uint32_t scope; /* interface index of a link-local address */
	uint16_t port;  /* host order */
	uint8_t family; /* enum addr_family */
	uint8_t zero;
};

/* Where datagrams go, and the address of ours that they leave from. */
struct path {
	struct addr remote;
	struct addr local; /* ADDR_NONE: the system chooses; port unused */
};

bool addr_is_set(const struct addr *a);
bool addr_equal(const struct addr *a, const struct addr *b);

/*
 * True iff the first prefix bits of both are the same and so is the family.
 * Ports and scopes do not count.
 */
bool addr_in_network(
    const struct addr *a, const struct addr *network, unsigned int prefix);

#endif
