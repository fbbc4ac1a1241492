/* SPDX-License-Identifier: ISC */
#include "core/node.h"

#include <assert.h>
#include <string.h>

#include "core/fdb.h"
#include "core/gate.h"
#include "core/handshake.h"
#include "core/peer.h"
#include "core/transmit.h"
#include "core/wire.h"

enum {
	NODE_ALIGN = 64, /* bytes; every table begins so */
	NODE_INDICES_PER_PEER = KEYS_SLOTS + 2, /* and two handshakes */
};
#define NODE_CLOCK_JUMP SEC(10) /* both clocks disagree by more */

static_assert((int)NODE_ADDRS_MAX == (int)PEER_ADDRS_MAX, "one limit");

struct node {
	struct peer_env env;
	struct fdb fdb;
	struct peer *peers;
	unsigned int max_peers;
	bool forward;
	uint16_t port;
	struct gate gate;
	uint64_t due_ns; /* no timer of a peer is due before */
	struct now seen; /* both clocks at the last tick */

	/* Frames delivered out of the pool, until the next tick; those of
	 * several blocks are made flat here. */
	struct pool_chain kept[NODE_KEPT];
	unsigned int kept_count;
	uint8_t *flat;
	size_t flat_len;
};

static size_t
align_up(size_t n)
{
	return (n + NODE_ALIGN - 1) / NODE_ALIGN * NODE_ALIGN;
}

/* Bytes of the largest frame accepted: header and VLAN tag on top of the
 * MTU, and never less than the protocol demands. */
static size_t
frame_max(const struct node_config *c)
{
	const size_t len = (size_t)c->mtu + FRAME_HEADER_LEN + FRAME_VLAN_LEN;

	return size_min(FRAME_MAX, size_max(WIRE_FRAME_SIZE_MIN, len));
}

static unsigned int
pool_count(const struct node_config *c)
{
	return (unsigned int)size_min(POOL_BLOCKS_MAX, c->memory / POOL_BLOCK);
}

static size_t
flat_len(const struct node_config *c)
{
	return frame_max(c) > POOL_BLOCK ? align_up(frame_max(c)) : 0;
}

/* The parts of the node's memory, one after the other. */
struct node_layout {
	size_t peers, indices, pool, fdb, scratch, flat, end;
};

static struct node_layout
node_layout(const struct node_config *c)
{
	struct node_layout l;

	l.peers = align_up(sizeof(struct node));
	l.indices = l.peers + align_up(c->max_peers * sizeof(struct peer));
	l.pool = l.indices +
	    align_up(index_size((size_t)c->max_peers * NODE_INDICES_PER_PEER));
	l.fdb = l.pool + align_up(pool_size(pool_count(c)));
	l.scratch = l.fdb + align_up(fdb_size(1 + c->max_peers));
	l.flat = l.scratch + FRAME_MAX;
	l.end = l.flat + NODE_KEPT * flat_len(c);
	return l;
}

size_t
node_size(const struct node_config *c)
{
	return node_layout(c).end;
}

/* Frames that wait lie behind: they come from the LAN and go there. */
size_t
node_secret_size(const struct node_config *c)
{
	return node_layout(c).indices;
}

enum drop
node_init(struct node *n, const struct node_config *c, const struct now *now)
{
	uint8_t *base = (uint8_t *)n;
	const struct node_layout l = node_layout(c);
	struct handshake_self *self = &n->env.self;
	uint64_t seed;

	n->env.sink = c->sink;
	memcpy(self->keys.private_key, c->private_key, SUITE_KEY_LEN);
	memcpy(self->network_id, c->network_id, SUITE_KEY_LEN);
	n->env.mss_clamp = c->mss_clamp;
	self->ciphers = c->ciphers;
	self->frame_max = (uint16_t)frame_max(c);
	self->dgram_max = c->dgram_max;
	stamp_init(&n->env.stamp, c->stamp_floor);
	index_init(&n->env.indices, base + l.indices,
	    (size_t)c->max_peers * NODE_INDICES_PER_PEER);
	pool_init(&n->env.pool, base + l.pool, pool_count(c));
	c->sink.random(c->sink.ctx, (uint8_t *)&seed, sizeof(seed));
	fdb_init(&n->fdb, base + l.fdb, 1 + c->max_peers, seed);
	c->sink.random(c->sink.ctx, (uint8_t *)&seed, sizeof(seed));
	gate_init(&n->gate, seed, &n->env.sink, self->cookie_key);
	n->env.scratch = base + l.scratch;
	n->peers = (struct peer *)(void *)(base + l.peers);
	n->max_peers = c->max_peers;
	n->forward = c->forward;
	n->port = c->port;
	n->due_ns = NEVER;
	n->seen = *now;
	n->flat = base + l.flat;
	n->flat_len = flat_len(c);
	return handshake_self_init(self);
}

void
node_wipe(struct node *n)
{
	for (unsigned int i = 0; i < n->max_peers; i++)
		if (n->peers[i].used)
			peer_wipe(&n->peers[i], &n->env);
	suite_wipe(&n->env.self, sizeof(n->env.self));
	gate_wipe(&n->gate);
}

const uint8_t *
node_public_key(const struct node *n)
{
	return n->env.self.keys.public_key;
}

/* After anything that may have armed a timer of the peer's. */
static void
node_note(struct node *n, const struct peer *p)
{
	n->due_ns = u64_min(n->due_ns, p->timers.next);
}

static unsigned int
peer_port(const struct peer *p)
{
	return 1 + p->number;
}

static struct peer *
find_peer(struct node *n, const uint8_t public_key[static SUITE_KEY_LEN])
{
	for (unsigned int i = 0; i < n->max_peers; i++) {
		struct peer *p = &n->peers[i];

		if (p->used &&
		    memcmp(p->remote.public_key, public_key, SUITE_KEY_LEN) ==
			0)
			return p;
	}
	return NULL;
}

static struct peer *
peer_at(const struct node *n, int number)
{
	if (number < 0 || (unsigned int)number >= n->max_peers ||
	    !n->peers[number].used)
		return NULL;
	return &n->peers[number];
}

/* Time. */

static void
node_each(struct node *n, const struct now *now,
    void (*fn)(struct peer_env *env, struct peer *p, const struct now *now))
{
	for (unsigned int i = 0; i < n->max_peers; i++) {
		struct peer *p = &n->peers[i];

		if (!p->used)
			continue;
		fn(&n->env, p, now);
		node_note(n, p);
	}
}

/* A restored virtual machine must not repeat counters: if the clocks disagree
 * since the last look, no key is used again. So this comes before whatever
 * seals. */
static void
node_check_clocks(struct node *n, const struct now *now)
{
	const uint64_t mono = now->mono_ns - n->seen.mono_ns;
	const uint64_t wall = now->wall_ns - n->seen.wall_ns;
	const uint64_t apart = wall - mono + NODE_CLOCK_JUMP;

	n->seen = *now;
	if (apart <= 2 * NODE_CLOCK_JUMP)
		return;
	n->env.sink.event(
	    n->env.sink.ctx, &(struct sink_event){ .kind = SINK_CLOCK_JUMP });
	node_each(n, now, peer_restart);
}

/* Peers. */

int
node_peer_add(
    struct node *n, const struct now *now, const struct node_peer_config *c)
{
	unsigned int i = 0;

	(void)now;
	if (memcmp(c->public_key, node_public_key(n), SUITE_KEY_LEN) == 0 ||
	    find_peer(n, c->public_key) != NULL)
		return -1;
	while (i < n->max_peers && n->peers[i].used)
		i++;
	if (i == n->max_peers)
		return -1;
	struct peer *p = &n->peers[i];
	p->number = i;
	p->keepalive_s = c->keepalive_s;
	memcpy(p->remote.public_key, c->public_key, SUITE_KEY_LEN);
	memcpy(p->remote.psk, c->psk, SUITE_KEY_LEN);
	peer_init(p, &n->env);
	return (int)i;
}

void
node_peer_remove(struct node *n, const struct now *now, int peer)
{
	struct peer *p = peer_at(n, peer);

	if (p == NULL)
		return;
	node_check_clocks(n, now);
	peer_close(&n->env, p, now);
	fdb_forget_port(&n->fdb, peer_port(p));
	peer_wipe(p, &n->env);
}

void
node_peer_set(struct node *n, const struct now *now, int peer,
    const struct node_peer_config *c)
{
	struct peer *p = peer_at(n, peer);

	(void)now;
	if (p == NULL)
		return;
	memcpy(p->remote.psk, c->psk, SUITE_KEY_LEN);
	p->keepalive_s = c->keepalive_s;
}

void
node_peer_resolved(struct node *n, const struct now *now, int peer,
    const struct addr *addrs, int count)
{
	struct peer *p = peer_at(n, peer);

	if (p == NULL || count <= 0)
		return;
	peer_resolved(&n->env, p, now, addrs, (unsigned int)count);
	node_note(n, p);
}

void
node_peer_learned(
    struct node *n, const struct now *now, int peer, const struct addr *a)
{
	struct peer *p = peer_at(n, peer);

	if (p == NULL)
		return;
	peer_learned(&n->env, p, now, a);
	node_note(n, p);
}

/* The switch. */

static void
node_to_peer(struct node *n, const struct now *now, struct peer *p,
    const struct frame *f)
{
	peer_send_frame(&n->env, p, now, f);
	node_note(n, p);
}

static void
node_flood(struct node *n, const struct now *now, unsigned int from,
    const struct frame *f)
{
	for (unsigned int i = 0; i < n->max_peers; i++) {
		struct peer *p = &n->peers[i];

		if (p->used && peer_port(p) != from)
			node_to_peer(n, now, p, f);
	}
}

/* To a station that was heard before. */
static enum drop
node_unicast(struct node *n, const struct now *now, unsigned int from,
    unsigned int to, const struct frame *f)
{
	if (to == from)
		return DROP_FRAME_HAIRPIN;
	if (to == FDB_PORT_LAN) {
		n->env.sink.frame_deliver(n->env.sink.ctx, f);
		return DROP_NONE;
	}
	if (from != FDB_PORT_LAN && !n->forward)
		return DROP_FRAME_NO_FORWARD;
	node_to_peer(n, now, &n->peers[to - 1], f);
	return DROP_NONE;
}

static enum drop
node_switch(struct node *n, const struct now *now, unsigned int from,
    const struct frame_eth *eth, const struct frame *f)
{
	const int to = frame_mac_is_group(eth->dst)
	    ? FDB_PORT_NONE
	    : fdb_find(&n->fdb, now->mono_ns, eth->dst, eth->vlan);

	drop_add(&n->env.drops,
	    fdb_learn(&n->fdb, now->mono_ns, eth->src, eth->vlan, from));
	if (to != FDB_PORT_NONE)
		return node_unicast(n, now, from, (unsigned int)to, f);
	if (from != FDB_PORT_LAN)
		n->env.sink.frame_deliver(n->env.sink.ctx, f);
	if (from == FDB_PORT_LAN || n->forward)
		node_flood(n, now, from, f);
	return DROP_NONE;
}

static enum drop
node_check_frame(
    const struct node *n, const struct frame *f, struct frame_eth *eth)
{
	if (f->len > n->env.self.frame_max || !frame_parse_eth(f, eth))
		return DROP_FRAME_LENGTH;
	if (frame_mac_is_group(eth->src))
		return DROP_FRAME_SOURCE;
	if (f->gso != FRAME_GSO_NONE || f->csum_start != 0)
		return DROP_FRAME_OFFLOAD;
	return DROP_NONE;
}

/* Inside a frame an address has no scope. */
static bool
addr_is_sent_to(struct addr a, const struct addr *remote)
{
	a.scope = remote->scope;
	return addr_equal(&a, remote);
}

static bool
peer_has_remote(const struct peer *p, const struct addr *remote)
{
	if (!p->used)
		return false;
	for (unsigned int i = 0; i < p->configured_count; i++)
		if (addr_is_sent_to(p->configured[i], remote))
			return true;
	return addr_is_sent_to(p->endpoint.remote, remote) ||
	    addr_is_sent_to(p->roam.candidate.remote, remote);
}

/* Our own datagrams on the LAN port: the way to the peer leads through the
 * tunnel itself. */
static bool
node_is_own_tunnel(
    const struct node *n, const struct frame *f, const struct frame_eth *eth)
{
	struct addr src, dst;

	if (!frame_parse_udp(f, eth, &src, &dst) || src.port != n->port)
		return false;
	for (unsigned int i = 0; i < n->max_peers; i++)
		if (peer_has_remote(&n->peers[i], &dst))
			return true;
	return false;
}

void
node_lan_in(struct node *n, const struct now *now, const struct frame *frames,
    int count)
{
	struct frame_eth eth;

	node_check_clocks(n, now);
	for (int i = 0; i < count; i++) {
		const struct frame *f = &frames[i];
		enum drop why = node_check_frame(n, f, &eth);

		if (why == DROP_NONE && node_is_own_tunnel(n, f, &eth))
			why = DROP_FRAME_OWN_TUNNEL;
		if (why == DROP_NONE)
			why = node_switch(n, now, FDB_PORT_LAN, &eth, f);
		drop_add(&n->env.drops, why);
	}
}

/* A frame out of the tunnel. */
static enum drop
node_from_peer(struct node *n, const struct now *now, struct peer *p,
    const struct frame *f)
{
	struct frame_eth eth;
	const enum drop why = node_check_frame(n, f, &eth);

	if (why != DROP_NONE)
		return why;
	p->rx_frames++;
	p->rx_bytes += f->len;
	return node_switch(n, now, peer_port(p), &eth, f);
}

/* A frame put together of fragments; its chain is kept until the next tick,
 * because the caller may still have to write it. */
static enum drop
node_from_chain(struct node *n, const struct now *now, struct peer *p,
    struct pool_chain *chain)
{
	if (n->kept_count == NODE_KEPT) {
		pool_give(&n->env.pool, chain);
		return DROP_POOL;
	}
	uint8_t *flat = n->flat + n->kept_count * n->flat_len;
	const struct frame f = {
		.data = pool_flat(&n->env.pool, chain, flat),
		.len = chain->len,
	};
	n->kept[n->kept_count++] = *chain;
	return node_from_peer(n, now, p, &f);
}

/* Datagrams. */

static enum drop
node_initiation(struct node *n, const struct now *now, const struct path *from,
    const uint8_t *msg)
{
	struct handshake hs = { .index = 0 };
	struct wire_offer offer;
	struct peer *p;
	enum drop why = handshake_initiation_open(&hs, &n->env.self, msg);

	if (why != DROP_NONE)
		goto out;
	p = find_peer(n, hs.noise.rs);
	if (p == NULL) {
		why = DROP_HANDSHAKE_PEER;
		goto out;
	}
	why = handshake_initiation_consume(&hs, &n->env.self, msg, &offer);
	if (why != DROP_NONE)
		goto out;
	why = peer_initiation(&n->env, p, now, from, &hs, &offer);
	node_note(n, p);
out:
	handshake_wipe(&hs);
	return why;
}

/* The peer whose pending initiation a response names; NULL: none. */
static struct peer *
node_find_caller(struct node *n, const uint8_t *msg)
{
	struct wire_response wire;
	unsigned int number;

	wire_parse_response(&wire, msg);
	if (!index_find(&n->env.indices, wire.receiver, &number) ||
	    n->peers[number].pending.index != wire.receiver)
		return NULL;
	return &n->peers[number];
}

static enum drop
node_response(struct node *n, const struct now *now, const struct path *from,
    const uint8_t *msg)
{
	struct peer *p = node_find_caller(n, msg);

	if (p == NULL)
		return DROP_HANDSHAKE_INDEX;
	/* Others that waited with it may have been false. */
	if (p->pending_false >= PEER_FALSE_MAX)
		return DROP_HANDSHAKE_TRIES;
	const enum drop why = peer_response(&n->env, p, now, from, msg);
	node_note(n, p);
	return why;
}

/* Handshake messages on their way in: what costs little is looked at first,
 * and what costs much waits until the data of this turn is done. */

/* The filter of known addresses is as old as FLOOD_REFRESH at most. */
static void
node_refresh_known(struct node *n, const struct now *now)
{
	if (!flood_known_begin(&n->gate.flood, now->mono_ns))
		return;
	for (unsigned int i = 0; i < n->max_peers; i++) {
		const struct peer *p = &n->peers[i];

		if (!p->used)
			continue;
		flood_known_add(&n->gate.flood, &p->endpoint.remote);
		for (unsigned int a = 0; a < p->configured_count; a++)
			flood_known_add(&n->gate.flood, &p->configured[a]);
	}
}

static bool
peer_is_at(const struct peer *p, const struct addr *a)
{
	if (!p->used)
		return false;
	for (unsigned int i = 0; i < p->configured_count; i++)
		if (addr_equal(&p->configured[i], a))
			return true;
	return addr_equal(&p->endpoint.remote, a);
}

/* What the address of a peer has for itself; NULL for a stranger's. */
static struct flood_known *
node_find_known(struct node *n, const struct now *now, const struct addr *a)
{
	node_refresh_known(n, now);
	if (!flood_known_maybe(&n->gate.flood, a))
		return NULL;
	for (unsigned int i = 0; i < n->max_peers; i++)
		if (peer_is_at(&n->peers[i], a))
			return &n->peers[i].known;
	return NULL;
}

static enum drop
node_admit(struct node *n, const struct now *now, const struct path *from,
    const uint8_t *msg)
{
	struct flood_known *known = node_find_known(n, now, &from->remote);
	struct gate_reply reply;
	const enum drop why = gate_admit(
	    &n->gate, now->mono_ns, known, &from->remote, msg, &reply);

	if (reply.answer)
		drop_add(&n->env.drops,
		    transmit_plain(
			&n->env.sink, from, reply.msg, sizeof(reply.msg)));
	return why;
}

static enum drop
node_initiation_in(struct node *n, const struct now *now,
    const struct path *from, const uint8_t *msg)
{
	enum drop why = handshake_initiation_check(&n->env.self, msg);

	if (why == DROP_NONE && flood_note(&n->gate.flood, now->mono_ns))
		why = node_admit(n, now, from, msg);
	if (why != DROP_NONE)
		return why;
	return gate_put(&n->gate, from, WIRE_INITIATION, msg);
}

/* A response to an initiation of ours needs no proof: its index is one. */
static enum drop
node_response_in(struct node *n, const struct now *now, const struct path *from,
    const uint8_t *msg)
{
	const enum drop why = handshake_response_check(&n->env.self, msg);
	const struct peer *p;

	if (why != DROP_NONE)
		return why;
	p = node_find_caller(n, msg);
	if (p == NULL)
		return DROP_HANDSHAKE_INDEX;
	if (p->pending_false >= PEER_FALSE_MAX)
		return DROP_HANDSHAKE_TRIES;
	(void)flood_note(&n->gate.flood, now->mono_ns);
	return gate_put(&n->gate, from, WIRE_RESPONSE, msg);
}

static enum drop
node_cookie_in(struct node *n, const struct now *now, const uint8_t *msg)
{
	struct wire_cookie_reply reply;
	unsigned int number;

	wire_parse_cookie_reply(&reply, msg);
	if (!index_find(&n->env.indices, reply.receiver, &number))
		return DROP_COOKIE;
	const enum drop why = peer_cookie(&n->env, &n->peers[number], now, msg);
	node_note(n, &n->peers[number]);
	return why;
}

static void
node_work(struct node *n, const struct now *now)
{
	for (int i = 0; i < GATE_TURN; i++) {
		const struct gate_hello *h = gate_take(&n->gate);

		if (h == NULL)
			return;
		drop_add(&n->env.drops,
		    h->type == WIRE_INITIATION
			? node_initiation(n, now, &h->from, h->msg)
			: node_response(n, now, &h->from, h->msg));
	}
}

static enum drop
node_data(struct node *n, const struct now *now, const struct peer_dgram *in)
{
	struct wire_data header;
	struct peer_content content;
	unsigned int number;

	wire_parse_data(&header, in->data);
	if (!index_find(&n->env.indices, header.receiver, &number))
		return DROP_INDEX;
	struct peer *p = &n->peers[number];
	const enum drop why = peer_data(&n->env, p, now, in, &content);
	node_note(n, p);
	if (why != DROP_NONE)
		return why;
	if (content.chain.len > 0)
		return node_from_chain(n, now, p, &content.chain);
	if (content.frame == NULL)
		return DROP_NONE;
	const struct frame f = {
		.data = content.frame,
		.len = content.len,
	};
	return node_from_peer(n, now, p, &f);
}

void
node_dgram_in(struct node *n, const struct now *now, const struct path *from,
    uint8_t *dgram, size_t len)
{
	const struct peer_dgram in = {
		.from = from, .data = dgram, .len = len
	};
	enum wire_type type;
	enum drop why = wire_check(dgram, len, &type);

	node_check_clocks(n, now);
	if (why != DROP_NONE) {
		drop_add(&n->env.drops, why);
		return;
	}
	switch (type) {
	case WIRE_INITIATION:
		why = node_initiation_in(n, now, from, dgram);
		break;
	case WIRE_RESPONSE:
		why = node_response_in(n, now, from, dgram);
		break;
	case WIRE_COOKIE_REPLY:
		why = node_cookie_in(n, now, dgram);
		break;
	case WIRE_DATA:
		why = node_data(n, now, &in);
		break;
	}
	drop_add(&n->env.drops, why);
}

void
node_dgram_refused(struct node *n, const struct path *to, size_t len)
{
	for (unsigned int i = 0; i < n->max_peers; i++) {
		struct peer *p = &n->peers[i];

		if (p->used && addr_equal(&p->endpoint.remote, &to->remote))
			pmtu_refused(&p->pmtu, len);
	}
}

/* Time and the world around. */

void
node_stamp_stored(struct node *n, const struct now *now, uint64_t floor)
{
	stamp_stored(&n->env.stamp, floor);
	node_each(n, now, peer_call_stored);
}

void
node_network_changed(struct node *n, const struct now *now)
{
	node_each(n, now, peer_network_changed);
}

void
node_stop(struct node *n, const struct now *now)
{
	node_check_clocks(n, now);
	/* Nobody is answered any more. */
	while (gate_take(&n->gate) != NULL)
		continue;
	node_each(n, now, peer_close);
}

uint64_t
node_tick(struct node *n, const struct now *now)
{
	while (n->kept_count > 0)
		pool_give(&n->env.pool, &n->kept[--n->kept_count]);
	node_check_clocks(n, now);
	node_work(n, now);
	if (now->mono_ns >= n->due_ns) {
		n->due_ns = NEVER;
		node_each(n, now, peer_tick);
	}
	return n->gate.count > 0 ? now->mono_ns : n->due_ns;
}

/* What the status shows. */

struct drop_counts *
node_drops(struct node *n)
{
	return &n->env.drops;
}

const struct gate *
node_gate(const struct node *n)
{
	return &n->gate;
}

bool
node_peer_status(const struct node *n, const struct now *now, int peer,
    struct node_peer_status *out)
{
	const struct peer *p = peer_at(n, peer);

	if (p == NULL)
		return false;
	*out = (struct node_peer_status){
		.endpoint = p->endpoint,
		.up = peer_is_up(p, now),
		.cipher = p->keys.current == NULL
		    ? SUITE_CHACHA20_POLY1305
		    : p->keys.current->send.cipher,
		.handshake_wall_ns = p->made_wall_ns,
		.handshake_mono_ns = p->made_mono_ns,
		.heard_mono_ns = p->heard_ns,
		.rx_frames = p->rx_frames,
		.rx_bytes = p->rx_bytes,
		.tx_frames = p->tx_frames,
		.tx_bytes = p->tx_bytes,
		.path_size = (uint32_t)p->pmtu.size,
		.macs = n->fdb.port_count[peer_port(p)],
		.staged = p->stage.count,
	};
	return true;
}

void
node_each_station(const struct node *n, const struct now *now,
    void (*fn)(void *ctx, const struct fdb_station *s), void *ctx)
{
	fdb_each(&n->fdb, now->mono_ns, fn, ctx);
}
