/* SPDX-License-Identifier: ISC */
#include "os/ifconf.h"

#include <assert.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	RTNL_MSG_MAX = 1024, /* bytes; an answer about one route has 200 */
	RTNL_SEQ = 1,        /* each question has a socket of its own */
	IPV4_LEN = 4,
	IPV6_LEN = 16,
};

/* A question to rtnetlink(7), then its answer. */
struct rtnl_msg {
	size_t len;
	uint8_t bytes[RTNL_MSG_MAX];
};

static void
rtnl_put(struct rtnl_msg *m, const void *data, size_t len)
{
	assert(NLMSG_ALIGN(len) <= sizeof(m->bytes) - m->len);
	memset(m->bytes + m->len, 0, NLMSG_ALIGN(len));
	memcpy(m->bytes + m->len, data, len);
	m->len += NLMSG_ALIGN(len);
}

static void
rtnl_put_attr(
    struct rtnl_msg *m, unsigned short type, const void *data, size_t len)
{
	const struct rtattr attr = {
		.rta_type = type,
		.rta_len = (unsigned short)RTA_LENGTH(len),
	};

	rtnl_put(m, &attr, sizeof(attr));
	rtnl_put(m, data, len);
}

static void
rtnl_put_header(struct rtnl_msg *m, uint16_t type, uint16_t flags)
{
	const struct nlmsghdr h = {
		.nlmsg_type = type,
		.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags),
		.nlmsg_seq = RTNL_SEQ,
	};

	m->len = 0;
	rtnl_put(m, &h, sizeof(h));
}

/* Copies len bytes at an offset of the answer; false if it is shorter. */
static bool
rtnl_get(const struct rtnl_msg *m, size_t offset, void *out, size_t len)
{
	if (offset > m->len || len > m->len - offset)
		return false;
	memcpy(out, m->bytes + offset, len);
	return true;
}

/* Finds a 32-bit attribute behind a header of the given size. */
static bool
rtnl_get_attr(
    const struct rtnl_msg *m, size_t header, unsigned short type, uint32_t *out)
{
	size_t at = NLMSG_HDRLEN + NLMSG_ALIGN(header);
	struct rtattr attr;

	while (rtnl_get(m, at, &attr, sizeof(attr))) {
		if (attr.rta_len < sizeof(attr))
			return false;
		if (attr.rta_type == type)
			return rtnl_get(
			    m, at + RTA_LENGTH(0), out, sizeof(*out));
		at += NLMSG_ALIGN((size_t)attr.rta_len);
	}
	return false;
}

/*
 * The kernel answers before sendto(2) returns, so nothing here waits and the
 * loop thread may ask too.
 */
static int
rtnl_exchange(int fd, struct rtnl_msg *m)
{
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct nlmsghdr h;
	ssize_t len;

	memcpy(&h, m->bytes, sizeof(h));
	h.nlmsg_len = (uint32_t)m->len;
	memcpy(m->bytes, &h, sizeof(h));
	len = sendto(fd, m->bytes, m->len, 0, (const struct sockaddr *)&kernel,
	    sizeof(kernel));
	if (len == -1)
		return -1;
	len = recv(fd, m->bytes, sizeof(m->bytes), MSG_DONTWAIT);
	if (len == -1)
		return -1;
	m->len = (size_t)len;
	return 0;
}

/* -1 with the errno of an answer that is an error; 0 for any other. */
static int
rtnl_check(const struct rtnl_msg *m)
{
	struct nlmsghdr h;
	int32_t error;

	if (!rtnl_get(m, 0, &h, sizeof(h)) || h.nlmsg_seq != RTNL_SEQ) {
		errno = EPROTO;
		return -1;
	}
	if (h.nlmsg_type != NLMSG_ERROR)
		return 0;
	if (!rtnl_get(m, NLMSG_HDRLEN, &error, sizeof(error))) {
		errno = EPROTO;
		return -1;
	}
	errno = -error;
	return error == 0 ? 0 : -1;
}

static int
rtnl_ask(struct rtnl_msg *m)
{
	const int fd =
	    socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int rc, error;

	if (fd == -1)
		return -1;
	rc = rtnl_exchange(fd, m);
	if (rc == 0)
		rc = rtnl_check(m);
	error = errno;
	close(fd);
	errno = error;
	return rc;
}

/* One call of netdevice(7). */
static int
device_ioctl(unsigned long request, struct ifreq *req)
{
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int rc, error;

	if (fd == -1)
		return -1;
	rc = ioctl(fd, request, req);
	error = errno;
	close(fd);
	errno = error;
	return rc;
}

/* No interface has a name that does not fit. */
static int
set_name(struct ifreq *req, const char *name)
{
	const size_t len = strlen(name);

	if (len >= sizeof(req->ifr_name)) {
		errno = ENODEV;
		return -1;
	}
	memcpy(req->ifr_name, name, len);
	return 0;
}

int
ifconf_set_mac(const char *name, const uint8_t mac[static FRAME_MAC_LEN])
{
	struct ifreq req = { .ifr_hwaddr.sa_family = ARPHRD_ETHER };

	memcpy(req.ifr_hwaddr.sa_data, mac, FRAME_MAC_LEN);
	if (set_name(&req, name) == -1)
		return -1;
	return device_ioctl(SIOCSIFHWADDR, &req);
}

int
ifconf_get_mac(const char *name, uint8_t mac[static FRAME_MAC_LEN])
{
	struct ifreq req = { .ifr_hwaddr.sa_family = 0 };

	if (set_name(&req, name) == -1 ||
	    device_ioctl(SIOCGIFHWADDR, &req) == -1)
		return -1;
	if (req.ifr_hwaddr.sa_family != ARPHRD_ETHER) {
		errno = EADDRNOTAVAIL;
		return -1;
	}
	memcpy(mac, req.ifr_hwaddr.sa_data, FRAME_MAC_LEN);
	return 0;
}

int
ifconf_set_mtu(const char *name, uint32_t mtu)
{
	struct ifreq req = { .ifr_mtu = (int)mtu };

	if (set_name(&req, name) == -1)
		return -1;
	return device_ioctl(SIOCSIFMTU, &req);
}

/* All bits of the host part set (RFC 919); /31 and /32 have none. */
static void
put_broadcast(struct rtnl_msg *m, const struct ifconf_addr *a)
{
	uint8_t ip[IPV4_LEN];

	if (a->prefix > 30)
		return;
	memcpy(ip, a->ip.ip, sizeof(ip));
	for (unsigned int bit = a->prefix; bit < 8 * IPV4_LEN; bit++)
		ip[bit / 8] |= (uint8_t)(0x80U >> bit % 8);
	rtnl_put_attr(m, IFA_BROADCAST, ip, sizeof(ip));
}

/*
 * An IPv6 address is usable at once: duplicate detection would ask a LAN
 * whose other half is not yet connected.
 */
int
ifconf_add_addr(const char *name, const struct ifconf_addr *a)
{
	const bool ipv4 = a->ip.family == ADDR_IPV4;
	const size_t len = ipv4 ? IPV4_LEN : IPV6_LEN;
	const struct ifaddrmsg header = {
		.ifa_family = ipv4 ? AF_INET : AF_INET6,
		.ifa_prefixlen = a->prefix,
		.ifa_flags = ipv4 ? 0 : IFA_F_NODAD,
		.ifa_scope = RT_SCOPE_UNIVERSE,
		.ifa_index = if_nametoindex(name),
	};
	struct rtnl_msg m;

	if (header.ifa_index == 0)
		return -1;
	rtnl_put_header(&m, RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
	rtnl_put(&m, &header, sizeof(header));
	rtnl_put_attr(&m, IFA_LOCAL, a->ip.ip, len);
	rtnl_put_attr(&m, IFA_ADDRESS, a->ip.ip, len);
	if (ipv4)
		put_broadcast(&m, a);
	if (rtnl_ask(&m) == 0 || errno == EEXIST)
		return 0;
	/* What the kernel says of an interface without IPv6. */
	if (!ipv4 && (errno == EACCES || errno == EOPNOTSUPP))
		errno = EAFNOSUPPORT;
	return -1;
}

int
ifconf_set_up(const char *name)
{
	struct ifreq req = { .ifr_flags = 0 };

	if (set_name(&req, name) == -1)
		return -1;
	if (device_ioctl(SIOCGIFFLAGS, &req) == -1)
		return -1;
	req.ifr_flags |= IFF_UP;
	return device_ioctl(SIOCSIFFLAGS, &req);
}

/* Index of the interface that leads to an address, -1 if there is none. */
static int
find_route(const struct addr *to, const struct addr *from)
{
	const bool ipv4 = to->family == ADDR_IPV4;
	const size_t len = ipv4 ? IPV4_LEN : IPV6_LEN;
	const bool has_from = from->family == to->family;
	const struct rtmsg header = {
		.rtm_family = ipv4 ? AF_INET : AF_INET6,
		.rtm_dst_len = (uint8_t)(8 * len),
		.rtm_src_len = has_from ? (uint8_t)(8 * len) : 0,
	};
	struct rtnl_msg m;
	uint32_t index;

	rtnl_put_header(&m, RTM_GETROUTE, 0);
	rtnl_put(&m, &header, sizeof(header));
	rtnl_put_attr(&m, RTA_DST, to->ip, len);
	if (has_from)
		rtnl_put_attr(&m, RTA_SRC, from->ip, len);
	if (to->scope != 0)
		rtnl_put_attr(&m, RTA_OIF, &to->scope, sizeof(to->scope));
	if (rtnl_ask(&m) == -1 ||
	    !rtnl_get_attr(&m, sizeof(header), RTA_OIF, &index))
		return -1;
	return (int)index;
}

uint32_t
ifconf_find_mtu(const struct path *to)
{
	const struct addr none = { .family = ADDR_NONE };
	struct ifreq req = { .ifr_ifindex = -1 };

	if (!addr_is_set(&to->remote))
		return 0;
	req.ifr_ifindex = find_route(&to->remote, &to->local);
	/* A source that we have no longer has no route either. */
	if (req.ifr_ifindex == -1)
		req.ifr_ifindex = find_route(&to->remote, &none);
	if (req.ifr_ifindex == -1 || device_ioctl(SIOCGIFNAME, &req) == -1 ||
	    device_ioctl(SIOCGIFMTU, &req) == -1)
		return 0;
	return (uint32_t)req.ifr_mtu;
}
