/* SPDX-License-Identifier: ISC */
/*
 * macOS's requests about interfaces, on Linux's interfaces: checked as XNU
 * checks them, then carried out. sysctl(3) with NET_RT_IFLIST answers with
 * the link of one interface; addresses are left out.
 * Source: XNU (xnu-11417.101.15) bsd/net/if.c, bsd/netinet/in.c,
 * bsd/netinet6/in6.c, bsd/net/rtsock.c. Thread: any.
 */
#ifndef SHIM_IFCONFIG_H
#define SHIM_IFCONFIG_H

#include <stddef.h>

/* The next SIOCSIFLLADDRs fail with an errno, so many times. */
void shim_ifconfig_fail_mac(int error, int times);

/* sysctl answers with these bytes, which stay the caller's; NULL: as ever. */
void shim_ifconfig_answer(const void *data, size_t len);

#endif
