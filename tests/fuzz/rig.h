/* SPDX-License-Identifier: ISC */
/*
 * Up to three nodes on a bench: a clock that moves when it is told to, and
 * datagrams that wait until somebody says what becomes of them. What breaks a
 * promise of core/node.h or core/sink.h fails: frames that move before the
 * tick, a deadline that is over, with the true ciphers also a frame that
 * nobody sent or that comes twice, and a counter that is used twice.
 * Memory: rig_open allocates once and uses it again; times are ns.
 */
#ifndef FUZZ_RIG_H
#define FUZZ_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/node.h"

enum {
	RIG_HOSTS = 3,
	RIG_PORT = 52077,
	RIG_DGRAMS = 48,    /* under way at once; what is sent then is lost */
	RIG_ARRIVED = 160,  /* within one turn */
	RIG_FRAMES = 512,   /* sent and remembered in one run */
	RIG_COUNTERS = 512, /* of sealed datagrams remembered in one run */
};

/* What a run may choose. */
enum {
	RIG_FORWARD = 1,
	RIG_CLAMP = 2,
	RIG_ALL_CIPHERS =
	    4,             /* with RIG_CLAMP: host 0 has none of the others' */
	RIG_LARGE_MTU = 8, /* not of host 2 */
	RIG_IPV6 = 16,
	RIG_MESH = 32,     /* every host knows every other */
	RIG_FOREIGN = 256, /* frames come that no LAN sent */
};

struct rig_dgram {
	struct path from; /* as the receiver sees it */
	struct path to;
	uint8_t *data;
	size_t len;
};

struct rig_delivery {
	const uint8_t *place; /* what core handed over */
	uint8_t *copy;
	size_t len;
};

struct rig;

struct rig_host {
	struct rig *rig;
	unsigned int number;
	struct node_config config;
	struct node *node;
	uint8_t *map; /* where it lies, at the end */
	size_t map_len;
	bool running;
	struct addr addr;
	uint64_t wall_offset; /* may wrap */
	uint64_t next_ns;
	uint64_t floor, storing;
	bool store_later;
	bool no_room;
	uint32_t link_mtu;
	size_t refuse_above; /* EMSGSIZE; 0: nothing is refused */

	/* within one turn */
	uint8_t *reserved;
	size_t reserved_len;
	struct path reserved_to;
	struct rig_delivery deliveries[RIG_ARRIVED];
	size_t delivery_count;
	uint8_t *arrived[RIG_ARRIVED];
	size_t arrived_count;
	struct path refused_to;
	size_t refused_len;
};

struct rig_frame {
	uint64_t hash;
	unsigned int sent;
	unsigned int delivered[RIG_HOSTS];
};

struct rig_counter {
	unsigned int host;
	uint8_t header[16]; /* index and counter */
};

struct rig {
	unsigned int flags;
	uint64_t random;
	uint64_t mono_ns;
	struct rig_host hosts[RIG_HOSTS];
	unsigned int host_count;
	struct rig_dgram dgrams[RIG_DGRAMS];
	unsigned int dgram_count;
	struct rig_frame frames[RIG_FRAMES];
	unsigned int frame_count;
	struct rig_counter counters[RIG_COUNTERS];
	unsigned int counter_count;
	uint16_t csum_start; /* of frames from the LAN */
};

/* Hosts that run and have no peers. */
void rig_open(struct rig *r, unsigned int hosts, unsigned int flags);
/* Frees what is under way and wipes the nodes. */
void rig_close(struct rig *r);

/* Keeps the state of a rig with nothing under way; goes back to it. */
struct rig_state;
struct rig_state *rig_save(const struct rig *r);
void rig_load(struct rig *r, const struct rig_state *s);

struct now rig_now(const struct rig_host *h);
struct addr rig_addr(const struct rig *r, unsigned int number);
void rig_start(struct rig_host *h);
void rig_kill(struct rig_host *h);

/* The configuration of a host as a peer; of others, keys of low order. */
struct node_peer_config rig_peer(
    const struct rig *r, unsigned int number, uint8_t psk);

/* Ends a turn: ticks until there is nothing to do. */
void rig_turn(struct rig_host *h);
/* Time passes, and every host whose deadline comes has its turn. */
void rig_wait(struct rig *r, uint64_t ns);

/* A datagram reaches a host; the turn is not ended. */
void rig_arrive(struct rig_host *h, const struct path *from,
    const uint8_t *data, size_t len);
/* The nth datagram under way leaves the list, unless keep; it reaches the
 * host that has the address, if any. Returns that host. */
struct rig_host *rig_carry(struct rig *r, unsigned int n, bool keep);
/* All that is under way, and what follows from it, at most so many. */
void rig_settle(struct rig *r, unsigned int most);
void rig_lose(struct rig *r, unsigned int n);
struct rig_host *rig_find(struct rig *r, const struct addr *a);

/* A frame from a host's LAN. */
void rig_lan_in(struct rig_host *h, const uint8_t *data, size_t len);

#endif
