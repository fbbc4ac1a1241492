/* SPDX-License-Identifier: ISC */
/*
 * The virtual interface: the LAN port of the switch.
 * Linux: TAP (Documentation/networking/tuntap.rst), netif_tap.c.
 * macOS: Apple's vmnet.framework (vmnet/vmnet.h), netif_vmnet.c.
 * Thread: loop. Memory: allocated in netif_open, and in netif_tick where the
 * interface is made anew.
 */
#ifndef OS_NETIF_H
#define OS_NETIF_H

#include <stdbool.h>
#include <stdint.h>

#include "core/drop.h"
#include "core/frame.h"
#include "core/units.h"
#include "os/ifconf.h"
#include "os/loop.h"

enum {
	NETIF_NAME_MAX = 16, /* with its NUL; IFNAMSIZ */
	NETIF_BATCH = 64,    /* frames of one netif_recv */
	NETIF_HEAD = 64,     /* bytes free in front of a frame received */
	NETIF_ADDRS_MAX = 8, /* addresses the daemon sets */
	NETIF_ID_LEN = 16,   /* bytes; a UUID */
};

/* vmnet's; a TAP has NETIF_HOST only. */
enum netif_mode {
	NETIF_HOST,    /* a LAN of this machine's own */
	NETIF_BRIDGED, /* on the LAN of a network card */
	NETIF_SHARED,  /* NETIF_HOST with the system's NAT and DHCP server */
	NETIF_MODE_COUNT
};

struct netif_config {
	enum netif_mode mode;
	char name[NETIF_NAME_MAX];   /* of the TAP; vmnet chooses itself */
	char device[NETIF_NAME_MAX]; /* the network card of NETIF_BRIDGED */
	uint8_t id[NETIF_ID_LEN];    /* of the LAN that NETIF_HOST makes */
	uint32_t mtu;                /* bytes of the packet inside a frame */
	bool has_mac;                /* else a TAP takes `mac` as well, vmnet */
	uint8_t mac[FRAME_MAC_LEN];  /* leaves the choice to the system */
	struct ifconf_addr addrs[NETIF_ADDRS_MAX];
	unsigned int addr_count;
	struct drop_counts *drops; /* DROP_LAN_SEND is counted here */
};

struct netif_counts {
	uint64_t restarts; /* how often the interface was made anew */
	uint64_t full;     /* how often frames had to wait in the system */
};

struct netif;

/*
 * Makes the interface, sets MAC, MTU and addresses, brings it up. The loop is
 * woken when frames wait.
 * NULL with errno, after one log line that says what to do; then nothing is
 * left behind.
 */
struct netif *netif_open(const struct netif_config *c, struct loop *l);

/* The interface goes with it; within 3 s. NULL is no interface, and fine. */
void netif_close(struct netif *n);

/* Calls fn on the loop when netif_recv may have frames. -1 with errno. */
MUST_USE int netif_watch(struct netif *n, loop_fn *fn, void *ctx);

/* The name that the system gave; of NETIF_BRIDGED the network card's. */
const char *netif_name(const struct netif *n);

/* The host's own MAC address on it; zeros if it has none there. */
void netif_mac(const struct netif *n, uint8_t out[static FRAME_MAC_LEN]);

/*
 * Up to max (at most NETIF_BATCH) frames, valid until the next call of
 * netif_recv or netif_tick; returns how many, 0 if there are none, -1 with
 * errno if the interface is gone for good.
 */
MUST_USE int netif_recv(struct netif *n, struct frame *out, int max);

/* Hands frames to the host. What it does not take is counted. */
void netif_send(struct netif *n, const struct frame *frames, int count);

/*
 * The network changed, or the machine woke up: look soon whether the
 * interface is still what it was.
 */
void netif_check(struct netif *n, bool woke);

/*
 * Does what is due: repairs an interface that failed, at a bounded rate.
 * awake_ns: mono_awake_ns(), since what vmnet has to answer within a time may
 * be asleep with the machine. Returns when to call again on that clock, or
 * NEVER.
 */
uint64_t netif_tick(struct netif *n, uint64_t awake_ns);

/* What happened since netif_open. */
struct netif_counts netif_count(const struct netif *n);

/*
 * Calls fn for each network card that NETIF_BRIDGED may name. -1 with errno;
 * ENOTSUP: this system has no such mode.
 */
MUST_USE int netif_list(void (*fn)(void *ctx, const char *name), void *ctx);

#endif
