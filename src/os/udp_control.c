/* SPDX-License-Identifier: ISC */
#include "os/udp_control.h"

#include <string.h>

/* Both systems round up to at most 8 bytes. */
_Static_assert(
    UDP_CONTROL >= sizeof(struct cmsghdr) + sizeof(struct in6_pktinfo) + 8,
    "an address fits");

size_t
udp_control_put(struct udp_control *out, size_t used, int level, int type,
    const void *data, size_t len)
{
	/* cmsg_len has fewer bits on macOS. */
	const struct cmsghdr header = {
		.cmsg_level = level,
		.cmsg_type = type,
		.cmsg_len = (socklen_t)CMSG_LEN(len),
	};

	memcpy(out->bytes + used, &header, sizeof(header));
	memcpy(out->bytes + used + CMSG_LEN(0), data, len);
	return used + CMSG_SPACE(len);
}

/*
 * The index of the interface stays 0 for IPv4: XNU would let it decide and
 * not look at the address (udp_check_pktinfo in bsd/netinet/udp_usrreq.c).
 */
size_t
udp_control_put_source(struct udp_control *out, const struct path *to)
{
	const struct addr *local = &to->local;
	struct in_pktinfo v4 = { .ipi_ifindex = 0 };
	struct in6_pktinfo v6 = { .ipi6_ifindex = local->scope };

	if (local->family != to->remote.family)
		return 0;
	if (local->family == ADDR_IPV4) {
		memcpy(&v4.ipi_spec_dst, local->ip, sizeof(v4.ipi_spec_dst));
		return udp_control_put(
		    out, 0, IPPROTO_IP, IP_PKTINFO, &v4, sizeof(v4));
	}
	memcpy(&v6.ipi6_addr, local->ip, sizeof(v6.ipi6_addr));
	return udp_control_put(
	    out, 0, IPPROTO_IPV6, IPV6_PKTINFO, &v6, sizeof(v6));
}

/* Link-local addresses mean nothing without their interface (RFC 4007). */
void
udp_control_read_ipv6(struct addr *local, const struct in6_pktinfo *info)
{
	/* A group address cannot be the source of an answer. */
	if (IN6_IS_ADDR_MULTICAST(&info->ipi6_addr))
		return;
	local->family = ADDR_IPV6;
	memcpy(local->ip, &info->ipi6_addr, sizeof(info->ipi6_addr));
	if (IN6_IS_ADDR_LINKLOCAL(&info->ipi6_addr))
		local->scope = info->ipi6_ifindex;
}
