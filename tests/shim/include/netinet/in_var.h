/* SPDX-License-Identifier: ISC */
/*
 * Stand-in for macOS's netinet/in_var.h.
 * Source: XNU (xnu-11417.101.15) bsd/netinet/in_var.h:168.
 */
#ifndef SHIM_NETINET_IN_VAR_H
#define SHIM_NETINET_IN_VAR_H

#include <net/if.h>
#include <stddef.h>

struct in_aliasreq {
	char ifra_name[16];
	struct darwin_sockaddr_in ifra_addr;
	struct darwin_sockaddr_in ifra_broadaddr;
	struct darwin_sockaddr_in ifra_mask;
};

_Static_assert(sizeof(struct in_aliasreq) == 64, "in_var.h");
_Static_assert(offsetof(struct in_aliasreq, ifra_mask) == 48, "in_var.h");

#endif
