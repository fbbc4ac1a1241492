/* SPDX-License-Identifier: ISC */
#include "net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
	NODE_ALIGN = 64, /* bytes; core/node.h */
	NET_MEMORY = 1 << 20,
	NET_PEERS = 4,
};

static void *
net_alloc(size_t count, size_t size)
{
	void *p = calloc(count == 0 ? 1 : count, size);

	assert_non_null(p);
	return p;
}

static void *
net_grow(void *p, size_t count, size_t size)
{
	void *q = realloc(p, count * size);

	assert_non_null(q);
	return q;
}

/* splitmix64 */
uint64_t
net_random(struct net *net)
{
	uint64_t z = net->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

struct addr
net_addr(unsigned int number)
{
	return (struct addr){
		.family = ADDR_IPV4,
		.ip = { 10, 0, (uint8_t)(number >> 8), (uint8_t)number },
		.port = NET_PORT,
	};
}

uint32_t
net_type(const struct net_dgram *d)
{
	return d->len < 4 ? 0
			  : (uint32_t)d->data[0] | (uint32_t)d->data[1] << 8 |
		(uint32_t)d->data[2] << 16 | (uint32_t)d->data[3] << 24;
}

/* The sink. */

/* Room of exactly that size, so that a sanitizer sees a byte too many. */
static uint8_t *
sink_reserve(void *ctx, const struct path *to, size_t len)
{
	struct net_host *h = ctx;

	assert_null(h->reserved);
	assert_true(addr_is_set(&to->remote));
	if (h->no_room)
		return NULL;
	h->reserved = net_alloc(len, 1);
	h->reserved_len = len;
	h->reserved_to = *to;
	return h->reserved;
}

static void
net_append(struct net *net, struct net_dgram *d)
{
	if (net->dgram_count == net->dgram_room) {
		net->dgram_room = 2 * net->dgram_room + 64;
		net->dgrams = (struct net_dgram **)net_grow((void *)net->dgrams,
		    net->dgram_room, sizeof(struct net_dgram *));
	}
	net->dgrams[net->dgram_count++] = d;
}

static bool
net_loses(struct net *net, const struct net_host *h, const struct net_dgram *d)
{
	return h->mute || (net->path_max != 0 && d->len > net->path_max) ||
	    (net->loss != 0 && net_random(net) % 1000 < net->loss) ||
	    (net->filter != NULL && !net->filter(net, d));
}

static void
sink_commit(void *ctx, size_t len)
{
	struct net_host *h = ctx;
	struct net *net = h->net;

	assert_non_null(h->reserved);
	assert_true(len <= h->reserved_len);
	if (len == 0 || (h->refuse_above != 0 && len > h->refuse_above)) {
		h->refused_to = h->reserved_to;
		h->refused_len = len;
		free(h->reserved);
		h->reserved = NULL;
		return;
	}
	struct net_dgram *d = net_alloc(1, sizeof(*d));
	*d = (struct net_dgram){ .host = h->number,
		.from = { .remote = h->addr, .local = h->reserved_to.remote },
		.to = h->reserved_to,
		.sent_ns = net->mono_ns,
		.due_ns = net->mono_ns + net->delay_ns,
		.data = h->reserved,
		.len = len };
	h->reserved = NULL;
	d->lost = d->done = net_loses(net, h, d);
	net_append(net, d);
}

static void
sink_deliver(void *ctx, const struct frame *f)
{
	struct net_host *h = ctx;
	struct net_delivery d = { .place = f->data, .len = f->len };

	assert_in_range(f->len, FRAME_MIN, NET_FRAME_MAX);
	d.copy = net_alloc(f->len, 1);
	memcpy(d.copy, f->data, f->len);
	h->deliveries =
	    net_grow(h->deliveries, h->delivery_count + 1, sizeof(d));
	h->deliveries[h->delivery_count++] = d;
	h->frames++;
	memcpy(h->frame, f->data, f->len);
	h->frame_len = f->len;
}

static bool
sink_stamp_store(void *ctx, uint64_t floor)
{
	struct net_host *h = ctx;

	h->storing = floor;
	if (!h->store_later)
		h->floor = floor;
	return !h->store_later;
}

static uint32_t
sink_link_mtu(void *ctx, const struct path *to)
{
	const struct net_host *h = ctx;

	(void)to;
	return h->link_mtu;
}

static void
sink_random(void *ctx, uint8_t *out, size_t len)
{
	struct net_host *h = ctx;

	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)net_random(h->net);
}

static void
sink_event(void *ctx, const struct sink_event *e)
{
	struct net_host *h = ctx;

	h->events[e->kind]++;
	h->last_event = *e;
}

/* Life and death. */

struct net *
net_open(uint64_t seed)
{
	struct net *net = net_alloc(1, sizeof(*net));

	net->random = seed;
	net->mono_ns = SEC(1000);
	net->delay_ns = NET_DELAY;
	return net;
}

void
net_close(struct net *net)
{
	for (unsigned int i = 0; i < net->host_count; i++)
		net_kill(&net->hosts[i]);
	for (size_t i = 0; i < net->dgram_count; i++) {
		free(net->dgrams[i]->data);
		free(net->dgrams[i]);
	}
	free((void *)net->dgrams);
	free(net);
}

struct net_host *
net_add(struct net *net)
{
	assert_true(net->host_count < NET_HOSTS);
	struct net_host *h = &net->hosts[net->host_count];

	*h = (struct net_host){ .net = net,
		.number = net->host_count++,
		.link_mtu = NET_LINK_MTU,
		.next_ns = NEVER };
	h->addr = net_addr(h->number);
	h->config =
	    (struct node_config){ .ciphers = 1 << SUITE_CHACHA20_POLY1305,
		    .mtu = 1500,
		    .dgram_max = UINT16_MAX,
		    .port = NET_PORT,
		    .max_peers = NET_PEERS,
		    .memory = NET_MEMORY,
		    .sink = { .ctx = h,
			.dgram_reserve = sink_reserve,
			.dgram_commit = sink_commit,
			.frame_deliver = sink_deliver,
			.stamp_store = sink_stamp_store,
			.link_mtu = sink_link_mtu,
			.random = sink_random,
			.event = sink_event } };
	sink_random(h, h->config.private_key, SUITE_KEY_LEN);
	return h;
}

struct now
net_now(const struct net_host *h)
{
	return (struct now){ .mono_ns = h->net->mono_ns,
		.wall_ns = h->net->mono_ns + NET_WALL + h->wall_offset };
}

void
net_start(struct net_host *h)
{
	const struct now now = net_now(h);
	const size_t size =
	    (node_size(&h->config) + NODE_ALIGN - 1) / NODE_ALIGN * NODE_ALIGN;

	assert_null(h->node);
	h->config.stamp_floor = h->floor;
	h->node = aligned_alloc(NODE_ALIGN, size);
	assert_non_null(h->node);
	memset(h->node, 0, size);
	assert_int_equal(node_init(h->node, &h->config, &now), DROP_NONE);
	h->next_ns = NEVER;
}

/* What core promised of delivered frames: they lie still until the tick. */
static void
net_release(struct net_host *h)
{
	for (size_t i = 0; i < h->delivery_count; i++) {
		const struct net_delivery *d = &h->deliveries[i];

		assert_memory_equal(d->place, d->copy, d->len);
		free(d->copy);
	}
	free(h->deliveries);
	h->deliveries = NULL;
	h->delivery_count = 0;
	for (size_t i = 0; i < h->arrived_count; i++)
		free(h->arrived[i]);
	free((void *)h->arrived);
	h->arrived = NULL;
	h->arrived_count = 0;
}

void
net_kill(struct net_host *h)
{
	if (h->node == NULL)
		return;
	net_release(h);
	node_wipe(h->node);
	free(h->node);
	h->node = NULL;
	h->next_ns = NEVER;
}

void
net_turn(struct net_host *h)
{
	const struct now now = net_now(h);

	assert_null(h->reserved);
	net_release(h);
	h->next_ns = node_tick(h->node, &now);
	assert_true(h->next_ns > now.mono_ns);
	if (h->refused_len != 0)
		node_dgram_refused(h->node, &h->refused_to, h->refused_len);
	h->refused_len = 0;
}

/* Peers. */

int
net_link(struct net_host *h, const struct net_host *other)
{
	const struct now now = net_now(h);
	struct node_peer_config c = { .keepalive_s = 0 };

	assert_true(suite_public_key(c.public_key, other->config.private_key));
	return node_peer_add(h->node, &now, &c);
}

void
net_resolve(struct net_host *h, int peer, const struct addr *addr)
{
	const struct now now = net_now(h);

	node_peer_resolved(h->node, &now, peer, addr, 1);
	net_turn(h);
}

struct net *
net_pair(struct net_host **a, struct net_host **b)
{
	struct net *net = net_open(1);

	*a = net_add(net);
	*b = net_add(net);
	net_start(*a);
	net_start(*b);
	assert_int_equal(net_link(*b, *a), 0);
	assert_int_equal(net_link(*a, *b), 0);
	net_resolve(*a, 0, &(*b)->addr);
	return net;
}

struct net *
net_pair_up(struct net_host **a, struct net_host **b)
{
	struct net *net = net_pair(a, b);

	net_run(net, SEC(1));
	assert_true(net_is_up(*a, *b));
	assert_true(net_is_up(*b, *a));
	net_mark(net);
	return net;
}

/* struct node is private; a peer is known by the public key in it. */
struct peer *
net_peer(const struct net_host *h, const struct net_host *other)
{
	uint8_t key[SUITE_KEY_LEN];
	uint8_t *base = (uint8_t *)h->node;
	const size_t size = node_size(&h->config);

	assert_true(suite_public_key(key, other->config.private_key));
	for (size_t at = 0; at + sizeof(struct peer) <= size;
	     at += _Alignof(struct peer)) {
		struct peer *p = (struct peer *)(void *)(base + at);

		if (memcmp(p->remote.public_key, key, sizeof(key)) == 0 &&
		    p->number < h->config.max_peers)
			return p;
	}
	fail_msg("host %u has no peer %u", h->number, other->number);
	return NULL;
}

bool
net_is_up(const struct net_host *h, const struct net_host *other)
{
	const struct now now = net_now(h);

	return peer_is_up(net_peer(h, other), &now);
}

uint64_t
net_drops(const struct net_host *h, enum drop reason)
{
	return node_drops(h->node)->n[reason];
}

/* Time. */

static struct net_host *
net_find(struct net *net, const struct addr *addr)
{
	for (unsigned int i = 0; i < net->host_count; i++)
		if (addr_equal(&net->hosts[i].addr, addr))
			return &net->hosts[i];
	return NULL;
}

static void
net_take(struct net_host *h, const struct path *from, const uint8_t *data,
    size_t len)
{
	const struct now now = net_now(h);
	uint8_t *copy = net_alloc(len, 1);

	memcpy(copy, data, len);
	h->arrived = (uint8_t **)net_grow(
	    (void *)h->arrived, h->arrived_count + 1, sizeof(copy));
	h->arrived[h->arrived_count++] = copy;
	node_dgram_in(h->node, &now, from, copy, len);
}

static void
net_arrive(struct net *net, struct net_dgram *d)
{
	struct net_host *h = net_find(net, &d->to.remote);

	d->done = true;
	d->lost = h == NULL || h->node == NULL || h->deaf;
	if (d->lost)
		return;
	net_take(h, &d->from, d->data, d->len);
	net_turn(h);
}

static struct net_dgram *
net_earliest(struct net *net)
{
	struct net_dgram *found = NULL;

	while (net->first < net->dgram_count && net->dgrams[net->first]->done)
		net->first++;
	for (size_t i = net->first; i < net->dgram_count; i++) {
		struct net_dgram *d = net->dgrams[i];

		if (!d->done && (found == NULL || d->due_ns < found->due_ns))
			found = d;
	}
	return found;
}

static struct net_host *
net_next_host(struct net *net)
{
	struct net_host *found = NULL;

	for (unsigned int i = 0; i < net->host_count; i++) {
		struct net_host *h = &net->hosts[i];

		if (h->node != NULL &&
		    (found == NULL || h->next_ns < found->next_ns))
			found = h;
	}
	return found;
}

void
net_run(struct net *net, uint64_t ns)
{
	const uint64_t end = net->mono_ns + ns;

	for (;;) {
		struct net_dgram *d = net_earliest(net);
		struct net_host *h = net_next_host(net);
		const uint64_t arrives = d == NULL ? NEVER : d->due_ns;
		const uint64_t wakes = h == NULL ? NEVER : h->next_ns;

		if (u64_min(arrives, wakes) > end)
			break;
		net->mono_ns = u64_min(arrives, wakes);
		if (d != NULL && arrives <= wakes)
			net_arrive(net, d);
		else
			net_turn(h);
	}
	net->mono_ns = end;
}

/* Frames and datagrams. */

void
net_lan_in(struct net_host *h, const uint8_t *data, size_t len)
{
	const struct now now = net_now(h);
	/* A copy of exactly that size, so that a sanitizer sees a byte read
	 * too many. */
	uint8_t *copy = net_alloc(len, 1);
	const struct frame f = { .data = copy, .len = len };

	memcpy(copy, data, len);
	node_lan_in(h->node, &now, &f, 1);
	net_turn(h);
	free(copy);
}

void
net_put_frame(uint8_t *out, size_t len, unsigned int from, unsigned int to,
    unsigned int tag)
{
	const uint8_t header[FRAME_HEADER_LEN] = { 2, 0, 0, 0, 0, (uint8_t)to,
		2, 0, 0, 0, 0, (uint8_t)from, 0x88, 0xb5 };

	assert_in_range(len, FRAME_MIN, NET_FRAME_MAX);
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)(tag + i * 7 + (i >> 8));
	memcpy(out, header, sizeof(header));
}

void
net_send(
    struct net_host *h, const struct net_host *to, size_t len, unsigned int tag)
{
	uint8_t frame[NET_FRAME_MAX];

	net_put_frame(frame, len, h->number, to->number, tag);
	net_lan_in(h, frame, len);
}

void
net_assert_frame(const struct net_host *h, const struct net_host *from,
    size_t len, unsigned int tag)
{
	uint8_t frame[NET_FRAME_MAX];

	net_put_frame(frame, len, from->number, h->number, tag);
	assert_int_equal(h->frame_len, len);
	assert_memory_equal(h->frame, frame, len);
}

void
net_inject(struct net_host *h, const struct addr *from, const uint8_t *data,
    size_t len)
{
	const struct path path = { .remote = *from, .local = h->addr };

	net_take(h, &path, data, len);
	net_turn(h);
}

/* What was sent. */

void
net_mark(struct net *net)
{
	net->mark = net->dgram_count;
}

const struct net_dgram *
net_nth(const struct net_host *h, uint32_t type, size_t n)
{
	const struct net *net = h->net;

	for (size_t i = net->mark; i < net->dgram_count; i++) {
		const struct net_dgram *d = net->dgrams[i];

		if (d->host == h->number &&
		    (type == 0 || type == net_type(d)) && n-- == 0)
			return d;
	}
	return NULL;
}

size_t
net_count(const struct net_host *h, uint32_t type)
{
	size_t n = 0;

	while (net_nth(h, type, n) != NULL)
		n++;
	return n;
}
