/* SPDX-License-Identifier: ISC */
/* What is the same on every system; the rest is ifconf_linux.c and
 * ifconf_darwin.c. */
#include "os/ifconf.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

#include "os/sockaddr.h"

_Static_assert(IFCONF_NAME_MAX == IF_NAMESIZE, "names are the system's");

/* getifaddrs(3) tells no lengths on some systems. */
static socklen_t
sockaddr_len(const struct sockaddr *sa)
{
	switch (sa->sa_family) {
	case AF_INET:
		return sizeof(struct sockaddr_in);
	case AF_INET6:
		return sizeof(struct sockaddr_in6);
	default:
		return 0;
	}
}

static bool
is_link_local(const struct addr *a)
{
	return a->family == ADDR_IPV6 && a->ip[0] == 0xfe &&
	    (a->ip[1] & 0xc0) == 0x80;
}

/*
 * BSD's kernels keep the interface of a link-local address in its third and
 * fourth byte, which are zero on the wire (RFC 4291 section 2.5.6), and some
 * answers show it: XNU bsd/netinet6/scope6.c in6_embedscope().
 */
static struct addr
plain_address(const struct addr *a)
{
	struct addr plain = *a;

	plain.port = 0;
	plain.scope = 0;
	if (is_link_local(a))
		plain.ip[2] = plain.ip[3] = 0;
	return plain;
}

static bool
has_address(const struct ifaddrs *i, const struct addr *ip)
{
	const struct addr wanted = plain_address(ip);
	struct addr a;

	if (i->ifa_addr == NULL ||
	    !sockaddr_to_addr(&a, i->ifa_addr, sockaddr_len(i->ifa_addr)))
		return false;
	a = plain_address(&a);
	if (!addr_equal(&a, &wanted))
		return false;
	return ip->scope == 0 || !is_link_local(ip) ||
	    if_nametoindex(i->ifa_name) == ip->scope;
}

int
ifconf_find_name(
    const struct addr *ip, const char *prefix, char out[static IFCONF_NAME_MAX])
{
	struct ifaddrs *list;
	int rc = -1;

	if (getifaddrs(&list) == -1)
		return -1;
	for (const struct ifaddrs *i = list; i != NULL; i = i->ifa_next) {
		const size_t len = strlen(i->ifa_name);

		if (len >= IFCONF_NAME_MAX || !has_address(i, ip) ||
		    strncmp(i->ifa_name, prefix, strlen(prefix)) != 0)
			continue;
		memcpy(out, i->ifa_name, len + 1);
		rc = 0;
		break;
	}
	freeifaddrs(list);
	if (rc == -1)
		errno = ENOENT;
	return rc;
}
