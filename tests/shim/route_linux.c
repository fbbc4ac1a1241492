/* SPDX-License-Identifier: ISC */
#define SHIM_LINUX
#include "route_linux.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	MSG_MAX = 16 << 10,
	GROUPS = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |
	    RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE | RTMGRP_NEIGH,
};

/* Behind the first header of a message. */
struct body {
	const uint8_t *data;
	size_t len;
};

static bool
body_get(struct body b, void *out, size_t len)
{
	if (b.len < len)
		return false;
	memcpy(out, b.data, len);
	return true;
}

/* Copies what fits of an attribute behind a header. */
static bool
body_attr(
    struct body b, size_t header, unsigned short type, void *out, size_t len)
{
	struct rtattr attr;
	size_t at = NLMSG_ALIGN(header);

	while (at < b.len &&
	    body_get((struct body){ b.data + at, b.len - at }, &attr,
		sizeof(attr))) {
		if (attr.rta_len < sizeof(attr) || attr.rta_len > b.len - at)
			return false;
		const size_t has = attr.rta_len - sizeof(attr);

		if (attr.rta_type == type) {
			memcpy(out, b.data + at + sizeof(attr),
			    has < len ? has : len);
			return true;
		}
		at += NLMSG_ALIGN((size_t)attr.rta_len);
	}
	return false;
}

/* What is new is down yet; it is told of when it comes up. */
static void
read_link(struct body b, struct linux_event *e)
{
	struct ifinfomsg m;

	if (!body_get(b, &m, sizeof(m)) || m.ifi_family != AF_UNSPEC ||
	    (m.ifi_change == UINT32_MAX && !e->gone))
		return;
	e->kind = LINUX_LINK;
	e->index = (unsigned int)m.ifi_index;
	e->flags = m.ifi_flags;
	(void)body_attr(b, sizeof(m), IFLA_MTU, &e->mtu, sizeof(e->mtu));
}

static void
read_addr(struct body b, struct linux_event *e)
{
	struct ifaddrmsg m;

	if (!body_get(b, &m, sizeof(m)))
		return;
	e->kind = LINUX_ADDR;
	e->index = m.ifa_index;
	e->family = m.ifa_family;
	e->prefix = m.ifa_prefixlen;
	if (!body_attr(b, sizeof(m), IFA_LOCAL, e->ip, sizeof(e->ip)))
		(void)body_attr(
		    b, sizeof(m), IFA_ADDRESS, e->ip, sizeof(e->ip));
}

static void
read_route(struct body b, struct linux_event *e)
{
	struct rtmsg m;

	if (!body_get(b, &m, sizeof(m)))
		return;
	e->kind = LINUX_ROUTE;
	e->family = m.rtm_family;
	e->prefix = m.rtm_dst_len;
	e->is_local = m.rtm_type == RTN_LOCAL || m.rtm_type == RTN_ANYCAST;
	e->is_multicast = m.rtm_type == RTN_MULTICAST;
	e->is_broadcast = m.rtm_type == RTN_BROADCAST;
	(void)body_attr(b, sizeof(m), RTA_OIF, &e->index, sizeof(e->index));
	(void)body_attr(b, sizeof(m), RTA_DST, e->ip, sizeof(e->ip));
	e->has_gateway = body_attr(
	    b, sizeof(m), RTA_GATEWAY, e->gateway, sizeof(e->gateway));
}

static void
read_neighbour(struct body b, struct linux_event *e)
{
	struct ndmsg m;

	if (!body_get(b, &m, sizeof(m)) ||
	    (m.ndm_family != AF_INET && m.ndm_family != AF_INET6))
		return;
	e->kind = LINUX_NEIGHBOUR;
	e->index = (unsigned int)m.ndm_ifindex;
	e->family = m.ndm_family;
	e->prefix = m.ndm_family == AF_INET ? 32 : 128;
	(void)body_attr(b, sizeof(m), NDA_DST, e->ip, sizeof(e->ip));
}

static void
read_message(uint16_t type, struct body b, struct linux_event *e)
{
	e->gone = type == RTM_DELLINK || type == RTM_DELADDR ||
	    type == RTM_DELROUTE || type == RTM_DELNEIGH;
	switch (type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		read_link(b, e);
		break;
	case RTM_NEWADDR:
	case RTM_DELADDR:
		read_addr(b, e);
		break;
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		read_route(b, e);
		break;
	case RTM_NEWNEIGH:
	case RTM_DELNEIGH:
		read_neighbour(b, e);
		break;
	default:
		break;
	}
}

int
linux_route_open(void)
{
	const struct sockaddr_nl sa = {
		.nl_family = AF_NETLINK,
		.nl_groups = GROUPS,
	};
	const int fd = socket(
	    AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	if (fd == -1 || bind(fd, (const struct sockaddr *)&sa, sizeof(sa)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* The kernel sends each notification in a datagram of its own. */
int
linux_route_read(int fd, struct linux_event *out)
{
	uint8_t buf[MSG_MAX];
	const ssize_t len = recv(fd, buf, sizeof(buf), 0);
	struct nlmsghdr h;

	*out = (struct linux_event){ .kind = LINUX_NONE };
	if (len == -1)
		return -1;
	if (!body_get((struct body){ buf, (size_t)len }, &h, sizeof(h)) ||
	    h.nlmsg_len < sizeof(h) || h.nlmsg_len > (size_t)len)
		return 0;
	read_message(h.nlmsg_type,
	    (struct body){ buf + sizeof(h), h.nlmsg_len - sizeof(h) }, out);
	return 0;
}
