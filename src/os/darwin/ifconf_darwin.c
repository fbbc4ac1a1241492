/* SPDX-License-Identifier: ISC */
/* XNU's lines are those of xnu-11417.101.15. */
#include "os/ifconf.h"

#include <errno.h>
#include <net/if.h>
#include <net/if_dl.h>
#include <net/route.h>
#include <netinet/in.h>
#include <netinet/in_var.h>
#include <netinet6/in6_var.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/sockio.h>
#include <sys/sysctl.h>
#include <unistd.h>

#include "os/sockaddr.h"

enum {
	IPV4_LEN = 4,
	IPV6_LEN = 16,
	IFLIST_MAX = 1024, /* bytes; one interface without addresses has 144 */
	PORT_ANY = 9,      /* RFC 863; nothing is sent there */
};

/* XNU says ENXIO of an interface that is not there, bsd/net/if.c:3711. */
static void
plain_errno(void)
{
	if (errno == ENXIO)
		errno = ENODEV;
}

/* One request about an interface, to the protocol of a family. */
static int
device_ioctl(int family, unsigned long request, void *req)
{
	const int fd = socket(family, SOCK_DGRAM, 0);
	int rc, error;

	if (fd == -1)
		return -1;
	rc = ioctl(fd, request, req);
	error = errno;
	close(fd);
	errno = error;
	if (rc == -1)
		plain_errno();
	return rc;
}

/* No interface has a name that does not fit. */
static int
put_name(char out[static IFCONF_NAME_MAX], const char *name)
{
	const size_t len = strlen(name);

	if (len >= IFCONF_NAME_MAX) {
		errno = ENODEV;
		return -1;
	}
	memcpy(out, name, len + 1);
	return 0;
}

/* The length is that of the address alone, and must be the interface's:
 * bsd/net/if_bridge.c:1958, bsd/net/kpi_interface.c:2404. */
int
ifconf_set_mac(const char *name, const uint8_t mac[static FRAME_MAC_LEN])
{
	struct ifreq req = { .ifr_name = "" };

	if (put_name(req.ifr_name, name) == -1)
		return -1;
	req.ifr_addr.sa_len = FRAME_MAC_LEN;
	req.ifr_addr.sa_family = AF_LINK;
	memcpy(req.ifr_addr.sa_data, mac, FRAME_MAC_LEN);
	return device_ioctl(AF_INET, SIOCSIFLLADDR, &req);
}

/*
 * Takes the address out of a struct sockaddr_dl, which is as long as it says
 * and not as its declaration: the interface's name stands in front of the
 * address, both without a NUL.
 */
static int
take_mac(const uint8_t *data, size_t len, uint8_t mac[static FRAME_MAC_LEN])
{
	const size_t head = offsetof(struct sockaddr_dl, sdl_data);
	struct sockaddr_dl sdl;

	if (len < head)
		goto malformed;
	memcpy(&sdl, data, head);
	if (sdl.sdl_len > len || sdl.sdl_family != AF_LINK ||
	    head + sdl.sdl_nlen + sdl.sdl_alen > sdl.sdl_len)
		goto malformed;
	if (sdl.sdl_alen != FRAME_MAC_LEN) {
		errno = EADDRNOTAVAIL;
		return -1;
	}
	memcpy(mac, data + head + sdl.sdl_nlen, FRAME_MAC_LEN);
	return 0;
malformed:
	errno = EPROTO;
	return -1;
}

/* The answer about one interface begins with a message about its link; there
 * is none if the interface went: bsd/net/rtsock.c:1943 sysctl_iflist(). */
static int
take_iflist(const uint8_t *data, size_t len, unsigned int index,
    uint8_t mac[static FRAME_MAC_LEN])
{
	struct if_msghdr m;

	if (len == 0) {
		errno = ENODEV;
		return -1;
	}
	if (len < sizeof(m))
		goto malformed;
	memcpy(&m, data, sizeof(m));
	if (m.ifm_version != RTM_VERSION || m.ifm_type != RTM_IFINFO ||
	    m.ifm_index != index || (m.ifm_addrs & RTA_IFP) == 0 ||
	    m.ifm_msglen < sizeof(m) || m.ifm_msglen > len)
		goto malformed;
	return take_mac(data + sizeof(m), m.ifm_msglen - sizeof(m), mac);
malformed:
	errno = EPROTO;
	return -1;
}

/* Asked for the addresses of family AF_LINK the system gives no others. */
int
ifconf_get_mac(const char *name, uint8_t mac[static FRAME_MAC_LEN])
{
	const unsigned int index = if_nametoindex(name);
	int what[] = { CTL_NET, PF_ROUTE, 0, AF_LINK, NET_RT_IFLIST,
		(int)index };
	uint8_t buf[IFLIST_MAX];
	size_t len = sizeof(buf);

	if (index == 0) {
		plain_errno();
		return -1;
	}
	if (sysctl(what, ARRAY_LEN(what), buf, &len, NULL, 0) == -1)
		return -1;
	return take_iflist(buf, len, index, mac);
}

/* A bridge takes no MTU but its members' (bsd/net/if_bridge.c:1968). */
int
ifconf_set_mtu(const char *name, uint32_t mtu)
{
	(void)name;
	(void)mtu;
	errno = ENOTSUP;
	return -1;
}

static void
put_mask(void *out, size_t len, unsigned int prefix)
{
	uint8_t mask[IPV6_LEN] = { 0 };

	for (unsigned int bit = 0; bit < prefix && bit < 8 * len; bit++)
		mask[bit / 8] |= (uint8_t)(0x80U >> bit % 8);
	memcpy(out, mask, len);
}

/* A mask without a length is none; the broadcast address comes of itself:
 * bsd/netinet/in.c:615, in_ifinit(). */
static int
add_ipv4(const char *name, const struct ifconf_addr *a)
{
	struct in_aliasreq req = { .ifra_name = "" };

	if (put_name(req.ifra_name, name) == -1)
		return -1;
	req.ifra_addr.sin_len = sizeof(req.ifra_addr);
	req.ifra_addr.sin_family = AF_INET;
	memcpy(&req.ifra_addr.sin_addr, a->ip.ip, IPV4_LEN);
	req.ifra_mask.sin_len = sizeof(req.ifra_mask);
	req.ifra_mask.sin_family = AF_INET;
	put_mask(&req.ifra_mask.sin_addr, IPV4_LEN, a->prefix);
	return device_ioctl(AF_INET, SIOCAIFADDR, &req);
}

/*
 * Lengths and lifetimes are looked at by bsd/netinet6/in6.c:2447 to :2486; a
 * destination is for point-to-point links only (:2546). The kernel puts in
 * the scope of a link-local address (:1709), and takes our flags as they are
 * (:2693). The address is usable at once (:2359): duplicate detection would
 * ask a LAN whose other half is not yet connected.
 */
static int
add_ipv6(const char *name, const struct ifconf_addr *a)
{
	struct in6_aliasreq req = {
		.ifra_flags = IN6_IFF_NODAD,
		/* For ever: ND6_INFINITE_LIFETIME, bsd/netinet6/nd6.h:408. */
		.ifra_lifetime.ia6t_vltime = UINT32_MAX,
		.ifra_lifetime.ia6t_pltime = UINT32_MAX,
	};

	if (put_name(req.ifra_name, name) == -1)
		return -1;
	req.ifra_addr.sin6_len = sizeof(req.ifra_addr);
	req.ifra_addr.sin6_family = AF_INET6;
	memcpy(&req.ifra_addr.sin6_addr, a->ip.ip, IPV6_LEN);
	req.ifra_prefixmask.sin6_len = sizeof(req.ifra_prefixmask);
	req.ifra_prefixmask.sin6_family = AF_INET6;
	put_mask(&req.ifra_prefixmask.sin6_addr, IPV6_LEN, a->prefix);
	return device_ioctl(AF_INET6, SIOCAIFADDR_IN6, &req);
}

/* EEXIST may be the address itself or only its network's route. */
int
ifconf_add_addr(const char *name, const struct ifconf_addr *a)
{
	const int rc =
	    a->ip.family == ADDR_IPV4 ? add_ipv4(name, a) : add_ipv6(name, a);
	char found[IFCONF_NAME_MAX];

	if (rc == 0 || errno != EEXIST)
		return rc;
	if (ifconf_find_name(&a->ip, name, found) == 0)
		return 0;
	errno = EEXIST;
	return -1;
}

int
ifconf_set_up(const char *name)
{
	struct ifreq req = { .ifr_name = "" };

	if (put_name(req.ifr_name, name) == -1)
		return -1;
	if (device_ioctl(AF_INET, SIOCGIFFLAGS, &req) == -1)
		return -1;
	req.ifr_flags |= IFF_UP;
	return device_ioctl(AF_INET, SIOCSIFFLAGS, &req);
}

/*
 * Which address of ours the system would send from; a datagram socket that is
 * connected has asked for the route, and sends nothing. Port 0 is refused:
 * bsd/netinet/in_pcb.c:1590, bsd/netinet6/in6_pcb.c:641.
 */
static int
find_source(const struct addr *to, struct addr *out)
{
	struct addr remote = *to;
	struct sockaddr_storage ss;
	socklen_t len;
	int rc = -1;

	remote.port = PORT_ANY;
	len = sockaddr_from_addr(&ss, &remote);

	const int fd = socket(ss.ss_family, SOCK_DGRAM, 0);

	if (fd == -1)
		return -1;
	if (connect(fd, (struct sockaddr *)&ss, len) == 0) {
		len = sizeof(ss);
		rc = getsockname(fd, (struct sockaddr *)&ss, &len);
	}
	close(fd);
	if (rc == 0 && !sockaddr_to_addr(out, (struct sockaddr *)&ss, len))
		rc = -1;
	return rc;
}

/* A source that we have no longer leads nowhere. */
static int
find_device(const struct path *to, char out[static IFCONF_NAME_MAX])
{
	struct addr from;

	if (to->remote.scope != 0)
		return if_indextoname(to->remote.scope, out) == NULL ? -1 : 0;
	if (addr_is_set(&to->local) &&
	    ifconf_find_name(&to->local, "", out) == 0)
		return 0;
	if (find_source(&to->remote, &from) == -1)
		return -1;
	return ifconf_find_name(&from, "", out);
}

uint32_t
ifconf_find_mtu(const struct path *to)
{
	struct ifreq req = { .ifr_name = "" };

	if (!addr_is_set(&to->remote) || find_device(to, req.ifr_name) == -1 ||
	    device_ioctl(AF_INET, SIOCGIFMTU, &req) == -1)
		return 0;
	return (uint32_t)req.ifr_mtu;
}
