/* SPDX-License-Identifier: ISC */
/*
 * What the stand-ins ask of Linux about interfaces: src/os/linux's own calls
 * under other names, and what those lack. Never included together with
 * os/ifconf.h's own names in use. Returns 0, or -1 with errno.
 */
#ifndef SHIM_IFCONFIG_LINUX_H
#define SHIM_IFCONFIG_LINUX_H

#include <stdbool.h>
#include <stdint.h>

#include "os/ifconf.h"

struct linux_device {
	unsigned int flags; /* Linux's IFF_ */
	uint32_t mtu;
	bool has_mac;
	uint8_t mac[FRAME_MAC_LEN];
};

int linux_get_device(const char *name, struct linux_device *out);
int linux_set_flags(const char *name, short flags);
int linux_set_mac(const char *name, const uint8_t mac[static FRAME_MAC_LEN]);
int linux_add_addr(const char *name, const struct ifconf_addr *a);

#endif
