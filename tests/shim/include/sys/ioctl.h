/* SPDX-License-Identifier: ISC */
/*
 * Stand-in for macOS's sys/ioctl.h over Linux's: there it brings the requests
 * of sys/sockio.h along (bsd/sys/ioctl.h), which go with Darwin's struct
 * ifreq. See net/if.h for SHIM_LINUX.
 */
#ifndef SHIM_SYS_IOCTL_H
#define SHIM_SYS_IOCTL_H
#pragma GCC system_header

#include_next <sys/ioctl.h>

#ifndef SHIM_LINUX
#include <sys/sockio.h>
#endif

#endif
