/* SPDX-License-Identifier: ISC */
/*
 * Several nodes in one process: a clock that moves when it is told to, and a
 * network that delays, loses and cuts, and remembers every datagram. The same
 * seed gives the same run. Whatever breaks a promise of core/sink.h fails the
 * test that is running.
 * Memory: net_open allocates, net_close frees all. Times are ns.
 */
#ifndef UNIT_NET_H
#define UNIT_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/node.h"
#include "core/peer.h"

enum {
	NET_HOSTS = 8,
	NET_FRAME_MAX = 16384, /* bytes */
	NET_PORT = 52077,
	NET_LINK_MTU = 1500,
};
#define NET_WALL SEC(1700000000) /* at the start of a run */
#define NET_DELAY MS(10)         /* one way, unless it is changed */

/* A datagram that somebody sent; kept until net_close. */
struct net_dgram {
	unsigned int host; /* number of the sender */
	struct path from;  /* as the receiver sees it */
	struct path to;    /* as the sender asked for it */
	uint64_t sent_ns, due_ns;
	bool done; /* arrived, or lost */
	bool lost;
	uint8_t *data;
	size_t len;
};

struct net_delivery {
	const uint8_t *place; /* what core handed over */
	uint8_t *copy;
	size_t len;
};

struct net;

struct net_host {
	struct net *net;
	unsigned int number;
	struct node_config config; /* to be changed before net_start */
	struct node *node;         /* NULL: not running */
	struct addr addr;          /* where it is heard from */
	uint64_t wall_offset;      /* added to its wall clock; may wrap */
	uint64_t next_ns;          /* its deadline */

	uint64_t floor; /* on its disk */
	bool store_later;
	uint64_t storing; /* asked for, not yet stored */

	uint32_t link_mtu;
	size_t refuse_above; /* bytes of a datagram: EMSGSIZE; 0: none */
	bool no_room;        /* dgram_reserve says no */
	bool mute, deaf;     /* what it sends, what is sent to it is lost */

	unsigned int events[SINK_EVENT_COUNT];
	struct sink_event last_event;
	unsigned int frames; /* delivered to its LAN port */
	uint8_t frame[NET_FRAME_MAX];
	size_t frame_len; /* of the last of them */

	/* within one turn */
	uint8_t *reserved;
	size_t reserved_len;
	struct path reserved_to;
	struct net_delivery *deliveries;
	size_t delivery_count;
	uint8_t **arrived;
	size_t arrived_count;
	struct path refused_to;
	size_t refused_len; /* 0: nothing was refused */
};

struct net {
	uint64_t random;
	uint64_t mono_ns;
	uint64_t delay_ns;
	unsigned int loss; /* of 1000 */
	size_t path_max;   /* longer datagrams are lost; 0: none */
	/* False: the datagram is lost. NULL: none is. */
	bool (*filter)(struct net *net, const struct net_dgram *d);
	struct net_host hosts[NET_HOSTS];
	unsigned int host_count;
	struct net_dgram **dgrams;
	size_t dgram_count, dgram_room;
	size_t first; /* none before it is under way */
	size_t mark;
};

struct net *net_open(uint64_t seed);
void net_close(struct net *net);
uint64_t net_random(struct net *net);

/* A host with a fresh key that is not running. */
struct net_host *net_add(struct net *net);
/* Makes its node; frees it, without a word to anybody. */
void net_start(struct net_host *h);
void net_kill(struct net_host *h);
struct now net_now(const struct net_host *h);
/* Ends a turn of the host after calls of node_*. */
void net_turn(struct net_host *h);

/* Adds the other as a peer and returns its number. */
int net_link(struct net_host *h, const struct net_host *other);
/* Tells the peer's address. */
void net_resolve(struct net_host *h, int peer, const struct addr *addr);
/* Two running hosts that know of each other; a knows b's address. */
struct net *net_pair(struct net_host **a, struct net_host **b);
/* The same with a session. */
struct net *net_pair_up(struct net_host **a, struct net_host **b);

/* Its peer, as it is inside the node. */
struct peer *net_peer(const struct net_host *h, const struct net_host *other);
bool net_is_up(const struct net_host *h, const struct net_host *other);
uint64_t net_drops(const struct net_host *h, enum drop reason);

/* Lets time pass. */
void net_run(struct net *net, uint64_t ns);

/* A frame on the host's LAN port, whatever its bytes. */
void net_lan_in(struct net_host *h, const uint8_t *data, size_t len);
/* A frame of len bytes from a station behind one host to one behind another;
 * its bytes depend on tag. */
void net_send(struct net_host *h, const struct net_host *to, size_t len,
    unsigned int tag);
/* The same bytes. */
void net_put_frame(uint8_t *out, size_t len, unsigned int from, unsigned int to,
    unsigned int tag);
/* Fails unless the last frame delivered is that one. */
void net_assert_frame(const struct net_host *h, const struct net_host *from,
    size_t len, unsigned int tag);

/* A datagram that arrives now, from an address. */
void net_inject(struct net_host *h, const struct addr *from,
    const uint8_t *data, size_t len);

/* Datagrams since net_mark (or net_open) that a host sent; type 0: all. */
void net_mark(struct net *net);
size_t net_count(const struct net_host *h, uint32_t type);
/* The nth of them, from 0; NULL if there are fewer. */
const struct net_dgram *net_nth(
    const struct net_host *h, uint32_t type, size_t n);
uint32_t net_type(const struct net_dgram *d);
struct addr net_addr(unsigned int number);

#endif
