/* SPDX-License-Identifier: ISC */
#include "core/addr.h"

#include <string.h>

bool
addr_is_set(const struct addr *a)
{
	return a->family != ADDR_NONE;
}

bool
addr_equal(const struct addr *a, const struct addr *b)
{
	return a->family == b->family && a->port == b->port &&
	    a->scope == b->scope && memcmp(a->ip, b->ip, sizeof(a->ip)) == 0;
}

bool
addr_in_network(
    const struct addr *a, const struct addr *network, unsigned int prefix)
{
	const unsigned int bytes = prefix / 8, rest = prefix % 8;

	if (a->family != network->family || prefix > 8 * sizeof(a->ip) ||
	    memcmp(a->ip, network->ip, bytes) != 0)
		return false;
	return rest == 0 ||
	    (a->ip[bytes] ^ network->ip[bytes]) >> (8 - rest) == 0;
}
