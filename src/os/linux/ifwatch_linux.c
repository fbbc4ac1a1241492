/* SPDX-License-Identifier: ISC */
#include "os/ifwatch.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	MSG_MAX = 16 << 10, /* bytes; a link with all it may say has some 2 KiB,
	                       those with many virtual functions more */
	GROUPS = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |
	    RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE,
};

/* A part of a message, not aligned. */
struct bytes {
	const uint8_t *data;
	size_t len;
};

static bool
bytes_get(struct bytes from, void *out, size_t len)
{
	if (from.len < len)
		return false;
	memcpy(out, from.data, len);
	return true;
}

static struct bytes
bytes_skip(struct bytes from, size_t len)
{
	len = size_min(NLMSG_ALIGN(len), from.len);
	return (struct bytes){ from.data + len, from.len - len };
}

/* Finds an attribute; false if there is none of at least len bytes. */
static bool
find_attr(struct bytes attrs, unsigned short type, void *out, size_t len)
{
	struct rtattr attr;

	while (bytes_get(attrs, &attr, sizeof(attr))) {
		if (attr.rta_len < sizeof(attr) || attr.rta_len > attrs.len)
			return false;
		if (attr.rta_type == type) {
			attrs.len = attr.rta_len;
			return bytes_get(
			    bytes_skip(attrs, sizeof(attr)), out, len);
		}
		attrs = bytes_skip(attrs, attr.rta_len);
	}
	return false;
}

/*
 * The kernel tells of a link that goes up or down what of its flags changed,
 * all of them (~0) of one that is new and down yet, and none (0) of one that
 * lost its carrier or got it back: net/core/link_watch.c linkwatch_do_dev().
 * Messages of those about radio (IFLA_WIRELESS), about events that change no
 * state (IFLA_EVENT) and about ports of bridges (a family) are noise. One
 * that goes for good went down before.
 */
static bool
link_is_news(struct bytes body, uint32_t own)
{
	struct ifinfomsg m;
	uint32_t event;
	uint8_t radio;

	if (!bytes_get(body, &m, sizeof(m)) || m.ifi_family != AF_UNSPEC ||
	    (uint32_t)m.ifi_index == own || m.ifi_change == UINT32_MAX)
		return false;
	if (m.ifi_change != 0)
		return (m.ifi_change & (IFF_UP | IFF_RUNNING)) != 0;
	body = bytes_skip(body, sizeof(m));
	return !find_attr(body, IFLA_WIRELESS, &radio, sizeof(radio)) &&
	    !find_attr(body, IFLA_EVENT, &event, sizeof(event));
}

/*
 * A router's advertisement and a DHCP lease renew addresses that are there
 * already; those were created before they were last touched.
 */
static bool
addr_is_news(struct bytes body, uint32_t own, bool added)
{
	struct ifaddrmsg m;
	struct ifa_cacheinfo info;

	if (!bytes_get(body, &m, sizeof(m)) || m.ifa_index == own)
		return false;
	body = bytes_skip(body, sizeof(m));
	return !added || !find_attr(body, IFA_CACHEINFO, &info, sizeof(info)) ||
	    info.cstamp == info.tstamp;
}

/* What the local table says comes with addresses; what is cloned is a route
 * learned for one destination; neither is a way to anywhere else. */
static bool
route_is_news(struct bytes body, uint32_t own)
{
	struct rtmsg m;
	uint32_t index;

	if (!bytes_get(body, &m, sizeof(m)) || m.rtm_table == RT_TABLE_LOCAL ||
	    m.rtm_type == RTN_MULTICAST || (m.rtm_flags & RTM_F_CLONED) != 0)
		return false;
	body = bytes_skip(body, sizeof(m));
	return !find_attr(body, RTA_OIF, &index, sizeof(index)) || index != own;
}

static bool
is_news(uint16_t type, struct bytes body, uint32_t own)
{
	switch (type) {
	case RTM_NEWLINK:
		return link_is_news(body, own);
	case RTM_NEWADDR:
	case RTM_DELADDR:
		return addr_is_news(body, own, type == RTM_NEWADDR);
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		return route_is_news(body, own);
	default:
		return false;
	}
}

static bool
read_messages(struct bytes dgram, uint32_t own)
{
	struct nlmsghdr h;
	bool news = false;

	while (bytes_get(dgram, &h, sizeof(h))) {
		if (h.nlmsg_len < sizeof(h) || h.nlmsg_len > dgram.len)
			break;
		struct bytes body = { dgram.data, h.nlmsg_len };

		if (is_news(h.nlmsg_type, bytes_skip(body, NLMSG_HDRLEN), own))
			news = true;
		dgram = bytes_skip(dgram, h.nlmsg_len);
	}
	return news;
}

int
ifwatch_open(void)
{
	const struct sockaddr_nl sa = {
		.nl_family = AF_NETLINK,
		.nl_groups = GROUPS,
	};
	const int fd = socket(
	    AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	int error;

	if (fd == -1)
		return -1;
	if (bind(fd, (const struct sockaddr *)&sa, sizeof(sa)) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* Index 0 is no interface's, and of none the messages are ignored. */
bool
ifwatch_read(int fd, const char *own)
{
	const uint32_t own_index = own[0] == '\0' ? 0 : if_nametoindex(own);
	uint8_t buf[MSG_MAX];
	bool news = false;

	for (int i = 0; i < IFWATCH_READS; i++) {
		struct sockaddr_nl from = { .nl_family = AF_NETLINK };
		socklen_t from_len = sizeof(from);
		const ssize_t len = recvfrom(fd, buf, sizeof(buf), 0,
		    (struct sockaddr *)&from, &from_len);

		if (len == -1 && errno != ENOBUFS && errno != EINTR)
			break;
		if (len == -1)
			news = news || errno == ENOBUFS;
		else if (from.nl_pid == 0 &&
		    read_messages(
			(struct bytes){ buf, (size_t)len }, own_index))
			news = true;
	}
	return news;
}
