/* SPDX-License-Identifier: ISC */
/*
 * The bridge that vmnet makes for the host, where the far side is memory: one
 * interface that getifaddrs(3), if_nametoindex(3) and ifconfig.c know of
 * besides Linux's own, so that no rights are needed to have it.
 * Facts: vmnet.md, sections 5.1 to 5.3. Thread: any.
 * All return 0, or -1 with errno; ENXIO: there is no such bridge.
 */
#ifndef SHIM_BRIDGE_H
#define SHIM_BRIDGE_H

#include <stdbool.h>

#include "ifconfig_linux.h"

#define BRIDGE_NAME "bridge100"

enum {
	BRIDGE_INDEX = 9100,
	BRIDGE_ADDRS = 8,
};

/* The owner's bridge takes the place of one of before. ip: of the host, NULL
 * for none; late: how often it is looked for in vain. */
void bridge_make(const void *owner, const char *ip, long late);
void bridge_lose_address(const void *owner);
void bridge_remove(const void *owner); /* its own one only */

/* True if this is the bridge's name, and it exists. */
bool bridge_is(const char *name);
int bridge_get_device(struct linux_device *out);
int bridge_set_mac(const uint8_t mac[static FRAME_MAC_LEN]);
int bridge_add_addr(const struct ifconf_addr *a);
/* Whether it has the address. */
bool bridge_has(const struct addr *ip);

#endif
