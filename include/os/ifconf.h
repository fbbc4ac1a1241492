/* SPDX-License-Identifier: ISC */
/*
 * Address, MTU and MAC of an interface.
 * Linux: netdevice(7), rtnetlink(7), ifconf_linux.c.
 * Thread: start-up only, but for ifconf_find_mtu. All that can fail return -1
 * with errno.
 */
#ifndef OS_IFCONF_H
#define OS_IFCONF_H

#include <stdint.h>

#include "core/addr.h"
#include "core/frame.h"
#include "core/units.h"

struct ifconf_addr {
	struct addr ip; /* port 0 */
	uint8_t prefix; /* bits */
};

MUST_USE int ifconf_set_mac(
    const char *name, const uint8_t mac[static FRAME_MAC_LEN]);
MUST_USE int ifconf_set_mtu(const char *name, uint32_t mtu);
MUST_USE int ifconf_add_addr(const char *name, const struct ifconf_addr *a);
MUST_USE int ifconf_set_up(const char *name);

/*
 * MTU in bytes of the interface that leads to an address, 0 if none does.
 * What ICMP said of the path does not count, since anyone can forge it.
 * Thread: loop; it does not wait.
 */
uint32_t ifconf_find_mtu(const struct path *to);

#endif
