/* SPDX-License-Identifier: ISC */
/*
 * The virtual interface: the LAN port of the switch.
 * Linux: TAP (Documentation/networking/tuntap.rst), netif_tap.c.
 * Thread: loop. Memory: one allocation in netif_open.
 */
#ifndef OS_NETIF_H
#define OS_NETIF_H

#include <stdint.h>

#include "core/drop.h"
#include "core/frame.h"
#include "core/units.h"
#include "os/ifconf.h"

enum {
	NETIF_NAME_MAX = 16, /* with its NUL; IFNAMSIZ */
	NETIF_BATCH = 64,    /* frames of one netif_recv */
	NETIF_HEAD = 64,     /* bytes free in front of a frame received */
	NETIF_ADDRS_MAX = 8, /* addresses the daemon sets */
};

struct netif_config {
	char name[NETIF_NAME_MAX];
	uint32_t mtu; /* bytes of the packet inside a frame */
	uint8_t mac[FRAME_MAC_LEN];
	struct ifconf_addr addrs[NETIF_ADDRS_MAX];
	unsigned int addr_count;
	struct drop_counts *drops; /* DROP_LAN_SEND is counted here */
};

struct netif;

/*
 * Makes the interface, sets MAC, MTU and addresses, brings it up.
 * NULL with errno, after one log line that says what to do; then nothing is
 * left behind.
 */
struct netif *netif_open(const struct netif_config *c);

/* The interface goes with it. */
void netif_close(struct netif *n);

/* Readable when netif_recv has frames. */
int netif_fd(const struct netif *n);

/* The name that the system gave. */
const char *netif_name(const struct netif *n);

/*
 * Up to max (at most NETIF_BATCH) frames, valid until the next netif_recv;
 * returns how many, 0 if there are none, -1 with errno if the interface is
 * gone.
 */
MUST_USE int netif_recv(struct netif *n, struct frame *out, int max);

/* Hands frames to the host. What it does not take is counted. */
void netif_send(struct netif *n, const struct frame *frames, int count);

#endif
