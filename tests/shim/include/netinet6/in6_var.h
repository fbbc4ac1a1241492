/* SPDX-License-Identifier: ISC */
/*
 * Stand-in for macOS's netinet6/in6_var.h.
 * Source: XNU (xnu-11417.101.15) bsd/netinet6/in6_var.h; the lines are below.
 */
#ifndef SHIM_NETINET6_IN6_VAR_H
#define SHIM_NETINET6_IN6_VAR_H

#include <net/if.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/sockio.h>
#include <time.h>

#define IN6_IFF_NODAD 0x0020 /* :821 */

/* :118. */
struct in6_addrlifetime {
	time_t ia6t_expire;
	time_t ia6t_preferred;
	uint32_t ia6t_vltime;
	uint32_t ia6t_pltime;
};

/* :402. */
struct in6_aliasreq {
	char ifra_name[16];
	struct darwin_sockaddr_in6 ifra_addr;
	struct darwin_sockaddr_in6 ifra_dstaddr;
	struct darwin_sockaddr_in6 ifra_prefixmask;
	int ifra_flags;
	struct in6_addrlifetime ifra_lifetime;
};

#define SIOCAIFADDR_IN6 SHIM_IOW(26, struct in6_aliasreq) /* :632 */

_Static_assert(sizeof(struct in6_addrlifetime) == 24, "in6_var.h");
_Static_assert(sizeof(struct in6_aliasreq) == 128, "in6_var.h");
_Static_assert(offsetof(struct in6_aliasreq, ifra_flags) == 100, "in6_var.h");
_Static_assert(
    offsetof(struct in6_aliasreq, ifra_lifetime) == 104, "in6_var.h");
_Static_assert(SIOCAIFADDR_IN6 == 0x8080691a, "in6_var.h");

#endif
