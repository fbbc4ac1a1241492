/* SPDX-License-Identifier: ISC */
/* The daemon's own calls for Linux serve the stand-ins as well; they need
 * Linux's struct ifreq and another name. */
#define SHIM_LINUX
#define ifconf_set_mac linux_set_mac
#define ifconf_get_mac linux_get_mac
#define ifconf_set_mtu linux_set_mtu
#define ifconf_add_addr linux_add_addr
#define ifconf_set_up linux_set_up
#define ifconf_find_name linux_find_name
#define ifconf_find_mtu linux_find_mtu
/* NOLINTNEXTLINE(bugprone-suspicious-include): see above */
#include "../../src/os/linux/ifconf_linux.c"

#include "ifconfig_linux.h"

int
linux_get_device(const char *name, struct linux_device *out)
{
	struct ifreq req = { .ifr_flags = 0 };

	*out = (struct linux_device){ .flags = 0 };
	if (set_name(&req, name) == -1 ||
	    device_ioctl(SIOCGIFFLAGS, &req) == -1)
		return -1;
	out->flags = (unsigned short)req.ifr_flags;
	if (device_ioctl(SIOCGIFMTU, &req) == -1)
		return -1;
	out->mtu = (uint32_t)req.ifr_mtu;
	out->has_mac = linux_get_mac(name, out->mac) == 0;
	return 0;
}

int
linux_set_flags(const char *name, short flags)
{
	struct ifreq req = { .ifr_flags = flags };

	if (set_name(&req, name) == -1)
		return -1;
	return device_ioctl(SIOCSIFFLAGS, &req);
}
