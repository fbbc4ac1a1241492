/* SPDX-License-Identifier: ISC */
/*
 * The switch's forwarding database: which port a station was last heard on.
 * A hash of buckets of a fixed size, keyed by a random seed so that stations
 * cannot choose where they land; nothing is evicted, the newest is refused.
 * Source: IEEE 802.1Q, 8.8 (filtering database, ageing time).
 * Thread: loop. Memory: the caller's, zeroed.
 */
#ifndef CORE_FDB_H
#define CORE_FDB_H

#include <stddef.h>
#include <stdint.h>

#include "core/drop.h"
#include "core/frame.h"
#include "core/units.h"

enum {
	FDB_ENTRIES = 65536, /* stations in all */
	FDB_PORT_MAX = 1024, /* stations behind one peer */
	FDB_BUCKET = 8,      /* places where a station may be */
	FDB_SLOTS = 2 * FDB_ENTRIES,
	FDB_PORT_LAN = 0, /* ports: the LAN, then 1 + number of a peer */
	FDB_PORT_NONE = -1,
};
#define FDB_AGE SEC(300)       /* after the last frame heard */
#define FDB_SWEEP_PAUSE SEC(1) /* between two searches for aged entries */

struct fdb_entry {
	uint64_t station; /* VLAN and MAC, with a bit that is always set */
	uint64_t heard_ns;
	uint32_t port;
};

struct fdb {
	struct fdb_entry *entries; /* FDB_SLOTS */
	uint32_t *port_count;      /* stations of each port */
	unsigned int ports;
	unsigned int used;
	uint64_t seed;
	uint64_t swept_ns;
};

/* Bytes of memory for a table of so many ports. */
size_t fdb_size(unsigned int ports);

/* memory: fdb_size(ports) zeroed bytes, aligned to 64. */
void fdb_init(struct fdb *t, void *memory, unsigned int ports, uint64_t seed);

/* Notes that the station is behind the port. DROP_NONE or DROP_FDB_FULL: a new
 * one without room, or one that cannot move because the port has its quota. */
MUST_USE enum drop fdb_learn(struct fdb *t, uint64_t now_ns,
    const uint8_t mac[static FRAME_MAC_LEN], uint16_t vlan, unsigned int port);

/* The station's port, or FDB_PORT_NONE. */
int fdb_find(const struct fdb *t, uint64_t now_ns,
    const uint8_t mac[static FRAME_MAC_LEN], uint16_t vlan);

/* Forgets all stations of a port. */
void fdb_forget_port(struct fdb *t, unsigned int port);

/* Calls fn for each station that has not aged. */
struct fdb_station {
	uint8_t mac[FRAME_MAC_LEN];
	uint16_t vlan;
	unsigned int port;
	uint64_t age_ns;
};
void fdb_each(const struct fdb *t, uint64_t now_ns,
    void (*fn)(void *ctx, const struct fdb_station *s), void *ctx);

#endif
