/* SPDX-License-Identifier: ISC */
/*
 * The whole machine without I/O: an Ethernet switch whose ports are the LAN
 * and the peers. Frames and datagrams go in with the time; datagrams, frames
 * and events come out through the sink (core/sink.h).
 * Source: lansplice-protocol(7).
 * Thread: loop. Memory: node_size() bytes of the caller's, aligned to 64 and
 * zeroed; nothing is allocated.
 */
#ifndef CORE_NODE_H
#define CORE_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/addr.h"
#include "core/drop.h"
#include "core/fdb.h"
#include "core/frame.h"
#include "core/sink.h"
#include "core/suite.h"
#include "core/units.h"

enum {
	NODE_PEERS_MAX = 4096, /* largest max_peers */
	NODE_ADDRS_MAX = 4,    /* configured addresses kept of a peer */
	NODE_KEPT = 64, /* reassembled frames delivered between two ticks */
	NODE_MEMORY_MIN = 128 << 10, /* bytes; smallest pool */
	NODE_MEMORY_DEFAULT = 4 << 20,
};

struct node_config {
	uint8_t private_key[SUITE_KEY_LEN];
	uint8_t network_id[SUITE_KEY_LEN]; /* zeros without a network key */
	uint16_t ciphers;       /* mask of 1 << enum suite_cipher, not 0 */
	uint16_t mtu;           /* of the LAN inside, bytes */
	uint16_t dgram_max;     /* largest UDP payload that can be received */
	uint16_t port;          /* our UDP port: to know our own datagrams */
	unsigned int max_peers; /* 1..NODE_PEERS_MAX */
	size_t memory;          /* bytes for staged frames and fragments */
	bool mss_clamp; /* TCP is asked for segments that need no fragment */
	bool forward;   /* frames go from peer to peer */
	uint64_t stamp_floor; /* as stored at the last run, or 0 */
	struct sink sink;
};

struct node_peer_config {
	uint8_t public_key[SUITE_KEY_LEN];
	uint8_t psk[SUITE_KEY_LEN]; /* zeros without one */
	uint16_t keepalive_s;       /* persistent keepalive, 0: off */
};

struct node_peer_status {
	struct path endpoint;       /* ADDR_NONE while unknown */
	bool up;                    /* a session is confirmed and usable */
	enum suite_cipher cipher;   /* while up */
	uint64_t handshake_wall_ns; /* of the last session, 0: never */
	uint64_t handshake_mono_ns;
	uint64_t heard_mono_ns;       /* last authentic datagram, 0: never */
	uint64_t rx_frames, rx_bytes; /* frames from the peer, their bytes */
	uint64_t tx_frames, tx_bytes;
	uint32_t path_size;  /* UDP payload bytes in use towards it */
	unsigned int macs;   /* learned behind it */
	unsigned int staged; /* frames waiting for a handshake */
};

struct gate; /* core/gate.h */
struct node;

/* Bytes that a node of this configuration needs. */
size_t node_size(const struct node_config *c);

/* How many of them, from the first on, hold keys and what was decrypted. */
size_t node_secret_size(const struct node_config *c);

/* DROP_NONE, or DROP_HANDSHAKE_DH if the private key is unusable. */
MUST_USE enum drop node_init(
    struct node *n, const struct node_config *c, const struct now *now);

/* Wipes all secrets. Sends nothing: node_stop comes first. */
void node_wipe(struct node *n);

/* Own static public key. */
const uint8_t *node_public_key(const struct node *n);

/*
 * Adds a peer and returns its number, below max_peers, which stays until it
 * is removed. -1: no room, own key, or a key that is there already.
 */
MUST_USE int node_peer_add(
    struct node *n, const struct now *now, const struct node_peer_config *c);
void node_peer_remove(struct node *n, const struct now *now, int peer);

/* Changes psk and keepalive; they act at the next handshake. The public key
 * must be the same. */
void node_peer_set(struct node *n, const struct now *now, int peer,
    const struct node_peer_config *c);

/*
 * Tells the addresses that the peer's configuration names, best first; at
 * most NODE_ADDRS_MAX are kept. A handshake starts at once if there is no
 * session, or if one is being tried in vain elsewhere. No address (count 0)
 * changes nothing.
 */
void node_peer_resolved(struct node *n, const struct now *now, int peer,
    const struct addr *addrs, int count);

/* Where the peer was heard before this process began; a handshake starts at
 * once. Ignored if the peer was heard since. */
void node_peer_learned(
    struct node *n, const struct now *now, int peer, const struct addr *a);

/* Frames from the LAN port. */
void node_lan_in(struct node *n, const struct now *now,
    const struct frame *frames, int count);

/*
 * A datagram from the network, opened where it lies. Handshake messages wait
 * for the next node_tick, so that data comes first. Frames delivered from
 * it point into it, until the next node_tick; of those that came in fragments
 * at most NODE_KEPT are delivered between two ticks.
 */
void node_dgram_in(struct node *n, const struct now *now,
    const struct path *from, uint8_t *dgram, size_t len);

/* A datagram of len bytes was too long for the way to an address. The only
 * call that is allowed from within sink.dgram_reserve. */
void node_dgram_refused(struct node *n, const struct path *to, size_t len);

/* The floor handed to sink.stamp_store is on disk. */
void node_stamp_stored(struct node *n, const struct now *now, uint64_t floor);

/* Addresses or routes of this machine changed: handshakes start anew. */
void node_network_changed(struct node *n, const struct now *now);

/* Sends CLOSE to all peers, once, and drops all keys. */
void node_stop(struct node *n, const struct now *now);

/*
 * Ends a turn: releases what was delivered, does what is due. Returns the
 * next deadline on the mono clock, or NEVER.
 */
uint64_t node_tick(struct node *n, const struct now *now);

/* Counters of everything refused; os modules add theirs. */
struct drop_counts *node_drops(struct node *n);

/* All that a stranger may change, but for the counters. */
const struct gate *node_gate(const struct node *n);

/* State of one peer, false if there is no such peer. */
bool node_peer_status(const struct node *n, const struct now *now, int peer,
    struct node_peer_status *out);

/* Calls fn for each station learned; its port is 0 for the LAN, else one more
 * than the number of the peer. */
void node_each_station(const struct node *n, const struct now *now,
    void (*fn)(void *ctx, const struct fdb_station *s), void *ctx);

#endif
