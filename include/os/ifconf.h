/* SPDX-License-Identifier: ISC */
/*
 * Address, MTU and MAC of an interface.
 * Linux: netdevice(7), rtnetlink(7), ifconf_linux.c.
 * macOS: XNU bsd/sys/sockio.h, bsd/netinet/in_var.h, bsd/netinet6/in6_var.h,
 * sysctl(3) NET_RT_IFLIST, ifconf_darwin.c.
 * Thread: loop; nothing here waits. All that can fail return -1 with errno;
 * ENODEV: no such interface.
 */
#ifndef OS_IFCONF_H
#define OS_IFCONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/addr.h"
#include "core/frame.h"
#include "core/units.h"

enum {
	IFCONF_NAME_MAX = 16, /* of an interface, with its NUL; IFNAMSIZ */
};

struct ifconf_addr {
	struct addr ip; /* port 0 */
	uint8_t prefix; /* bits */
};

MUST_USE int ifconf_set_mac(
    const char *name, const uint8_t mac[static FRAME_MAC_LEN]);
/* EADDRNOTAVAIL: it has no Ethernet address. */
MUST_USE int ifconf_get_mac(
    const char *name, uint8_t mac[static FRAME_MAC_LEN]);
/* Linux only: vmnet's MTU is set when it starts (XNU bsd/net/if_bridge.c). */
MUST_USE int ifconf_set_mtu(const char *name, uint32_t mtu);
MUST_USE int ifconf_add_addr(const char *name, const struct ifconf_addr *a);
MUST_USE int ifconf_set_up(const char *name);

/*
 * Name of the interface that has an address of this machine. -1 with ENOENT
 * if none has; prefix: how its name begins, "" for any.
 */
MUST_USE int ifconf_find_name(const struct addr *ip, const char *prefix,
    char out[static IFCONF_NAME_MAX]);

/*
 * MTU in bytes of the interface that leads to an address, 0 if none does.
 * What ICMP said of the path does not count, since anyone can forge it.
 */
uint32_t ifconf_find_mtu(const struct path *to);

#endif
