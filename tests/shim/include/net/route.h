/* SPDX-License-Identifier: ISC */
/*
 * Stand-in for macOS's net/route.h.
 * Source: XNU (xnu-11417.101.15) bsd/net/route.h; the lines are below.
 */
#ifndef SHIM_NET_ROUTE_H
#define SHIM_NET_ROUTE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define RTM_VERSION 5 /* :192 */

/* :197 to :213, :217. */
#define RTM_ADD 0x1
#define RTM_DELETE 0x2
#define RTM_CHANGE 0x3
#define RTM_GET 0x4
#define RTM_REDIRECT 0x6
#define RTM_MISS 0x7
#define RTM_RESOLVE 0xb
#define RTM_NEWADDR 0xc
#define RTM_DELADDR 0xd
#define RTM_IFINFO 0xe
#define RTM_NEWMADDR 0xf
#define RTM_IFINFO2 0x12

/* :94 to :119. */
#define RTF_UP 0x1
#define RTF_GATEWAY 0x2
#define RTF_HOST 0x4
#define RTF_DONE 0x40
#define RTF_LLINFO 0x400
#define RTF_STATIC 0x800
#define RTF_WASCLONED 0x20000
#define RTF_LOCAL 0x200000
#define RTF_BROADCAST 0x400000
#define RTF_MULTICAST 0x800000

/* :242 to :249, in the order in which the addresses follow. */
#define RTA_DST 0x1
#define RTA_GATEWAY 0x2
#define RTA_NETMASK 0x4
#define RTA_IFP 0x10
#define RTA_IFA 0x20

/* :75. */
struct rt_metrics {
	uint32_t rmx_locks;
	uint32_t rmx_mtu;
	uint32_t rmx_rest[12]; /* hopcount to filler */
};

/* :158. */
struct rt_msghdr {
	unsigned short rtm_msglen;
	unsigned char rtm_version;
	unsigned char rtm_type;
	unsigned short rtm_index;
	int rtm_flags;
	int rtm_addrs;
	pid_t rtm_pid;
	int rtm_seq;
	int rtm_errno;
	int rtm_use;
	uint32_t rtm_inits;
	struct rt_metrics rtm_rmx;
};

_Static_assert(sizeof(struct rt_metrics) == 56, "route.h");
_Static_assert(sizeof(struct rt_msghdr) == 92, "route.h");
_Static_assert(offsetof(struct rt_msghdr, rtm_index) == 4, "route.h");
_Static_assert(offsetof(struct rt_msghdr, rtm_flags) == 8, "route.h");
_Static_assert(offsetof(struct rt_msghdr, rtm_errno) == 24, "route.h");

#endif
