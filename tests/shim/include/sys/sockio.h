/* SPDX-License-Identifier: ISC */
/*
 * Stand-in for macOS's sys/sockio.h. Where Linux has a request of the same
 * name, a source that includes this one means Darwin's.
 * Source: XNU (xnu-11417.101.15) bsd/sys/sockio.h:88 to :132, bsd/sys/ioccom.h.
 */
#ifndef SHIM_SYS_SOCKIO_H
#define SHIM_SYS_SOCKIO_H

#include <net/if.h>
#include <sys/ioctl.h>

#undef SIOCSIFFLAGS
#undef SIOCGIFFLAGS
#undef SIOCGIFMTU

/* bsd/sys/ioccom.h:74 to :102: direction, size, group, number. */
#define SHIM_IO(dir, n, type)                                                  \
	((dir) | (sizeof(type) & 0x1fffUL) << 16 | 0x6900UL | (n))
#define SHIM_IOW(n, type) SHIM_IO(0x80000000UL, n, type)
#define SHIM_IOWR(n, type) SHIM_IO(0xc0000000UL, n, type)

#define SIOCSIFFLAGS SHIM_IOW(16, struct ifreq)
#define SIOCGIFFLAGS SHIM_IOWR(17, struct ifreq)
#define SIOCAIFADDR SHIM_IOW(26, struct ifaliasreq)
#define SIOCGIFMTU SHIM_IOWR(51, struct ifreq)
#define SIOCSIFLLADDR SHIM_IOW(60, struct ifreq)

_Static_assert(SIOCAIFADDR == 0x8040691a, "sockio.h");
_Static_assert(SIOCGIFMTU == 0xc0206933, "sockio.h");
_Static_assert(SIOCSIFLLADDR == 0x8020693c, "sockio.h");

#endif
