/* SPDX-License-Identifier: ISC */
/*
 * Stand-in for macOS's net/if.h over Linux's: what both have stays Linux's,
 * but for struct ifreq. Members that are socket addresses get Darwin's form,
 * with a length in front.
 * A source of the stand-ins that speaks to Linux itself defines SHIM_LINUX
 * before it includes anything, and sees Linux's header alone.
 * Source: XNU (xnu-11417.101.15) bsd/net/if.h, bsd/net/if_var.h.
 */
#ifndef SHIM_NET_IF_H
#define SHIM_NET_IF_H
#pragma GCC system_header

#ifdef SHIM_LINUX
#include_next <net/if.h>
#else

#define ifreq linux_ifreq
#include_next <net/if.h>
#undef ifreq
#undef ifr_name
#undef ifr_addr
#undef ifr_flags
#undef ifr_mtu

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

/* bsd/sys/socket.h:447. */
struct darwin_sockaddr {
	uint8_t sa_len;
	uint8_t sa_family;
	char sa_data[14];
};

/* bsd/netinet/in.h:385. */
struct darwin_sockaddr_in {
	uint8_t sin_len;
	uint8_t sin_family;
	in_port_t sin_port;
	struct in_addr sin_addr;
	char sin_zero[8];
};

/* bsd/netinet6/in6.h:181. */
struct darwin_sockaddr_in6 {
	uint8_t sin6_len;
	uint8_t sin6_family;
	in_port_t sin6_port;
	uint32_t sin6_flowinfo;
	struct in6_addr sin6_addr;
	uint32_t sin6_scope_id;
};

/* bsd/net/if.h:328; of the union what we use, and what fixes its size. */
struct ifreq {
	char ifr_name[16];
	union {
		struct darwin_sockaddr ifru_addr;
		short ifru_flags;
		int ifru_mtu;
		void *ifru_data;
	} ifr_ifru;
};
#define ifr_addr ifr_ifru.ifru_addr
#define ifr_flags ifr_ifru.ifru_flags
#define ifr_mtu ifr_ifru.ifru_mtu

/* bsd/net/if.h:390. */
struct ifaliasreq {
	char ifra_name[16];
	struct darwin_sockaddr ifra_addr;
	struct darwin_sockaddr ifra_broadaddr;
	struct darwin_sockaddr ifra_mask;
};

/* bsd/net/if_var.h:169; its time is two 32-bit words, :146. */
struct if_data {
	uint8_t ifi_type;
	uint8_t ifi_typelen;
	uint8_t ifi_physical;
	uint8_t ifi_addrlen;
	uint8_t ifi_hdrlen;
	uint8_t ifi_recvquota;
	uint8_t ifi_xmitquota;
	uint8_t ifi_unused1;
	uint32_t ifi_mtu;
	uint32_t ifi_counts[15]; /* metric to xmittiming */
	uint32_t ifi_lastchange[2];
	uint32_t ifi_unused2[4]; /* unused2 to reserved2 */
};

/* bsd/net/if.h:179. */
struct if_msghdr {
	unsigned short ifm_msglen;
	unsigned char ifm_version;
	unsigned char ifm_type;
	int ifm_addrs;
	int ifm_flags;
	unsigned short ifm_index;
	struct if_data ifm_data;
};

/* bsd/net/if.h:193. */
struct ifa_msghdr {
	unsigned short ifam_msglen;
	unsigned char ifam_version;
	unsigned char ifam_type;
	int ifam_addrs;
	int ifam_flags;
	unsigned short ifam_index;
	int ifam_metric;
};

_Static_assert(sizeof(struct darwin_sockaddr) == 16, "sys/socket.h");
_Static_assert(sizeof(struct darwin_sockaddr_in) == 16, "netinet/in.h");
_Static_assert(sizeof(struct darwin_sockaddr_in6) == 28, "netinet6/in6.h");
_Static_assert(sizeof(struct ifreq) == 32, "if.h");
_Static_assert(offsetof(struct ifreq, ifr_ifru) == 16, "if.h");
_Static_assert(sizeof(struct ifaliasreq) == 64, "if.h");
_Static_assert(sizeof(struct if_data) == 96, "if_var.h");
_Static_assert(sizeof(struct if_msghdr) == 112, "if.h");
_Static_assert(offsetof(struct if_msghdr, ifm_flags) == 8, "if.h");
_Static_assert(offsetof(struct if_msghdr, ifm_index) == 12, "if.h");
_Static_assert(offsetof(struct if_msghdr, ifm_data.ifi_mtu) == 24, "if.h");
_Static_assert(sizeof(struct ifa_msghdr) == 20, "if.h");
_Static_assert(offsetof(struct ifa_msghdr, ifam_index) == 12, "if.h");

#endif
#endif
