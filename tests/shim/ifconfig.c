/* SPDX-License-Identifier: ISC */
/* XNU's lines are those of xnu-11417.101.15. */
#include "ifconfig.h"

#include <errno.h>
#include <net/if.h>
#include <net/if_dl.h>
#include <net/route.h>
#include <netinet/in.h>
#include <netinet/in_var.h>
#include <netinet6/in6_var.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/sockio.h>
#include <sys/sysctl.h>

#include "bridge.h"
#include "ifconfig_linux.h"

enum {
	MULTICAST_LINUX = 0x1000, /* IFF_MULTICAST there */
	MULTICAST_DARWIN = 0x8000,
	IFT_ETHER = 6, /* bsd/net/if_types.h */
	SDL_MAX = 64,
};

int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);

static atomic_int mac_error;
static atomic_int mac_failures;
static _Atomic(const void *) answer;
static atomic_size_t answer_len;

void
shim_ifconfig_fail_mac(int error, int times)
{
	atomic_store(&mac_error, error);
	atomic_store(&mac_failures, times);
}

void
shim_ifconfig_answer(const void *data, size_t len)
{
	atomic_store(&answer_len, len);
	atomic_store(&answer, data);
}

static int
fail(int error)
{
	errno = error;
	return -1;
}

/* An interface that is not there is ENXIO: bsd/net/if.c:3711. */
static int
as_darwin(int rc)
{
	if (rc == -1 && errno == ENODEV)
		errno = ENXIO;
	return rc;
}

/* The bridge of memory, or one of Linux's. */
static int
get_device(const char *name, struct linux_device *out)
{
	if (bridge_is(name))
		return bridge_get_device(out);
	return as_darwin(linux_get_device(name, out));
}

static int
flags_to_darwin(unsigned int flags)
{
	const unsigned int plain = flags & 0xfffU;

	return (int)(plain |
	    ((flags & MULTICAST_LINUX) != 0 ? MULTICAST_DARWIN : 0U));
}

/* bsd/net/if_bridge.c:1958 hands the length over, bsd/net/kpi_interface.c:2404
 * holds it against the interface's. */
static int
set_mac(const struct ifreq *req)
{
	if (atomic_load(&mac_failures) > 0) {
		atomic_fetch_sub(&mac_failures, 1);
		return fail(atomic_load(&mac_error));
	}
	if (if_nametoindex(req->ifr_name) == 0)
		return fail(ENXIO);
	if (req->ifr_addr.sa_len != FRAME_MAC_LEN)
		return fail(EINVAL);
	const uint8_t *mac = (const uint8_t *)req->ifr_addr.sa_data;

	return bridge_is(req->ifr_name)
	    ? bridge_set_mac(mac)
	    : as_darwin(linux_set_mac(req->ifr_name, mac));
}

static int
get_flags(struct ifreq *req)
{
	struct linux_device d;

	if (get_device(req->ifr_name, &d) == -1)
		return -1;
	req->ifr_flags = (short)flags_to_darwin(d.flags);
	return 0;
}

/* Of the flags only the first counts here. */
static int
set_flags(const struct ifreq *req)
{
	struct linux_device d;

	if (linux_get_device(req->ifr_name, &d) == -1)
		return as_darwin(-1);
	d.flags = (d.flags & ~1U) | ((unsigned int)req->ifr_flags & IFF_UP);
	return as_darwin(linux_set_flags(req->ifr_name, (short)d.flags));
}

static int
get_mtu(struct ifreq *req)
{
	struct linux_device d;

	if (get_device(req->ifr_name, &d) == -1)
		return -1;
	req->ifr_mtu = (int)d.mtu;
	return 0;
}

/* Bits set at the front of a mask; -1 if there are others behind them. */
static int
mask_to_prefix(const void *mask, size_t len)
{
	const uint8_t *bytes = mask;
	unsigned int bit = 0, prefix;

	while (bit < 8 * len && (bytes[bit / 8] & (0x80U >> bit % 8)) != 0)
		bit++;
	prefix = bit;
	for (; bit < 8 * len; bit++) {
		if ((bytes[bit / 8] & (0x80U >> bit % 8)) != 0)
			return -1;
	}
	return (int)prefix;
}

/* RFC 791: what a network is of which nobody says how large. */
static uint8_t
class_prefix(uint8_t first)
{
	if (first < 128)
		return 8;
	return first < 192 ? 16 : 24;
}

/* The bridge comes up with its first address: bsd/net/if_bridge.c:1850. */
static int
add_address(const char *name, const struct ifconf_addr *a)
{
	struct linux_device d;

	if (bridge_is(name))
		return bridge_add_addr(a);
	if (linux_get_device(name, &d) == -1)
		return as_darwin(-1);
	if ((d.flags & IFF_UP) == 0 &&
	    linux_set_flags(name, (short)(d.flags | IFF_UP)) == -1)
		return as_darwin(-1);
	return as_darwin(linux_add_addr(name, a));
}

/*
 * bsd/netinet/in.c: the family at :1341 and :1366, the address at :1424, the
 * mask's length at :615. An address without a length would be of no use to
 * anyone who reads it; here it is refused.
 */
static int
add_ipv4(const struct in_aliasreq *req)
{
	const uint32_t ip = ntohl(req->ifra_addr.sin_addr.s_addr);
	struct ifconf_addr a = { .ip.family = ADDR_IPV4 };
	int prefix;

	if (req->ifra_addr.sin_family != AF_INET ||
	    req->ifra_addr.sin_len != sizeof(req->ifra_addr) ||
	    IN_MULTICAST(ip) || ip == INADDR_BROADCAST || ip == INADDR_ANY)
		return fail(EINVAL);
	memcpy(a.ip.ip, &req->ifra_addr.sin_addr, 4);
	prefix = req->ifra_mask.sin_len == 0
	    ? class_prefix(a.ip.ip[0])
	    : mask_to_prefix(&req->ifra_mask.sin_addr, 4);
	if (prefix == -1)
		return fail(EINVAL);
	a.prefix = (uint8_t)prefix;
	return add_address(req->ifra_name, &a);
}

static bool
is_usable(const struct in6_addr *ip)
{
	return !IN6_IS_ADDR_UNSPECIFIED(ip) && !IN6_IS_ADDR_MULTICAST(ip) &&
	    !IN6_IS_ADDR_V4MAPPED(ip) && !IN6_IS_ADDR_V4COMPAT(ip);
}

/*
 * bsd/netinet6/in6.c: family, length and kind of address at :1597, the mask at
 * :2454, lifetimes at :2471, the destination at :2526. A lifetime of 0 is an
 * address that is gone at once (:2479). Without IN6_IFF_NODAD (:2359) it would
 * be looked for on the LAN first, for which the stand-in has no time: it does
 * not appear.
 */
static int
add_ipv6(const struct in6_aliasreq *req)
{
	struct ifconf_addr a = { .ip.family = ADDR_IPV6 };
	int prefix;

	if (req->ifra_addr.sin6_family != AF_INET6 ||
	    req->ifra_addr.sin6_len != sizeof(req->ifra_addr))
		return fail(EAFNOSUPPORT);
	if (!is_usable(&req->ifra_addr.sin6_addr) ||
	    req->ifra_prefixmask.sin6_len == 0 ||
	    req->ifra_prefixmask.sin6_len > sizeof(req->ifra_prefixmask) ||
	    req->ifra_lifetime.ia6t_pltime > req->ifra_lifetime.ia6t_vltime ||
	    req->ifra_dstaddr.sin6_family != AF_UNSPEC)
		return fail(EINVAL);
	prefix = mask_to_prefix(&req->ifra_prefixmask.sin6_addr, 16);
	if (prefix <= 0)
		return fail(EINVAL);
	memcpy(a.ip.ip, &req->ifra_addr.sin6_addr, 16);
	a.prefix = (uint8_t)prefix;
	if (req->ifra_lifetime.ia6t_vltime == 0 ||
	    (req->ifra_flags & IN6_IFF_NODAD) == 0)
		return 0;
	return add_address(req->ifra_name, &a);
}

/* Each protocol knows its own request: the other's is EINVAL in
 * bsd/netinet6/in6.c:1521 and EOPNOTSUPP in bsd/netinet/in.c. */
static int
check_family(int fd, int family)
{
	int domain;
	socklen_t len = sizeof(domain);

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == -1)
		return -1;
	if (domain != family)
		return fail(family == AF_INET ? EINVAL : EOPNOTSUPP);
	return 0;
}

int
__wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	switch (request) {
	case SIOCSIFLLADDR:
		return set_mac(arg);
	case SIOCGIFFLAGS:
		return get_flags(arg);
	case SIOCSIFFLAGS:
		return set_flags(arg);
	case SIOCGIFMTU:
		return get_mtu(arg);
	case SIOCAIFADDR:
		return check_family(fd, AF_INET) == -1 ? -1 : add_ipv4(arg);
	case SIOCAIFADDR_IN6:
		return check_family(fd, AF_INET6) == -1 ? -1 : add_ipv6(arg);
	default:
		return __real_ioctl(fd, request, arg);
	}
}

/* Name and address share sdl_data, and make it longer than declared:
 * bsd/net/dlil_subr.c:367 to :376. Returns the length, a multiple of 4. */
static size_t
put_sdl(uint8_t out[static SDL_MAX], unsigned int index, const char *name,
    const struct linux_device *d)
{
	const size_t head = offsetof(struct sockaddr_dl, sdl_data);
	const size_t name_len = strlen(name);
	const size_t mac_len = d->has_mac ? FRAME_MAC_LEN : 0;
	size_t len = head + name_len + mac_len;

	if (len < sizeof(struct sockaddr_dl))
		len = sizeof(struct sockaddr_dl);
	len = (len + 3) & ~(size_t)3;

	const struct sockaddr_dl sdl = {
		.sdl_len = (uint8_t)len,
		.sdl_family = AF_LINK,
		.sdl_index = (uint16_t)index,
		.sdl_type = IFT_ETHER,
		.sdl_nlen = (uint8_t)name_len,
		.sdl_alen = (uint8_t)mac_len,
	};

	memset(out, 0, SDL_MAX);
	memcpy(out, &sdl, head);
	memcpy(out + head, name, name_len);
	memcpy(out + head + name_len, d->mac, mac_len);
	return len;
}

/* bsd/net/rtsock.c:1943, :1380; of one that is not there nothing is said. */
static size_t
put_iflist(uint8_t *out, unsigned int index)
{
	char name[IF_NAMESIZE];
	struct linux_device d;
	uint8_t sdl[SDL_MAX];
	size_t sdl_len;

	if (index == BRIDGE_INDEX)
		memcpy(name, BRIDGE_NAME, sizeof(BRIDGE_NAME));
	else if (if_indextoname(index, name) == NULL)
		return 0;
	if (get_device(name, &d) == -1)
		return 0;
	sdl_len = put_sdl(sdl, index, name, &d);

	const struct if_msghdr m = {
		.ifm_msglen = (unsigned short)(sizeof(m) + sdl_len),
		.ifm_version = RTM_VERSION,
		.ifm_type = RTM_IFINFO,
		.ifm_addrs = RTA_IFP,
		.ifm_flags = flags_to_darwin(d.flags),
		.ifm_index = (unsigned short)index,
		.ifm_data.ifi_type = IFT_ETHER,
		.ifm_data.ifi_addrlen = d.has_mac ? FRAME_MAC_LEN : 0,
		.ifm_data.ifi_mtu = d.mtu,
	};

	memcpy(out, &m, sizeof(m));
	memcpy(out + sizeof(m), sdl, sdl_len);
	return sizeof(m) + sdl_len;
}

/* Room that is too small is ENOMEM: sysctl(3). Only one interface's link is
 * told of; another question is a mistake of ours. */
int
sysctl(int *name, unsigned int namelen, void *oldp, size_t *oldlenp, void *newp,
    size_t newlen)
{
	uint8_t buf[sizeof(struct if_msghdr) + SDL_MAX];
	const void *data = atomic_load(&answer);
	size_t len = atomic_load(&answer_len);

	if (namelen != 6 || name[0] != CTL_NET || name[1] != PF_ROUTE ||
	    name[2] != 0 || name[3] != AF_LINK || name[4] != NET_RT_IFLIST ||
	    name[5] <= 0 || newp != NULL || newlen != 0)
		return fail(ENOENT);
	if (data == NULL) {
		len = put_iflist(buf, (unsigned int)name[5]);
		data = buf;
	}
	if (oldp != NULL && *oldlenp < len)
		return fail(ENOMEM);
	if (oldp != NULL)
		memcpy(oldp, data, len);
	*oldlenp = len;
	return 0;
}
