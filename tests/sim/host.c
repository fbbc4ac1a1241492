/* SPDX-License-Identifier: ISC */
#include "host.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "core/wire.h"
#include "network.h"

enum {
	NODE_ALIGN = 64, /* bytes; core/node.h */
	PORT = 52077,
	LINK_MTU = 1500,
	DGRAM_MAX = 2048, /* bytes of the largest that any node sends */
	STORE_MS = 50,    /* for a disk at most */
	RESOLVE_MS = 500, /* for a name server at most */
	KEEPALIVE = 25,   /* seconds */
};

struct now
host_now(const struct host *h)
{
	return (struct now){
		.mono_ns = h->world->now_ns + h->mono_base,
		.wall_ns = h->world->now_ns + h->wall_base,
	};
}

bool
host_is_awake(const struct host *h)
{
	return h->node != NULL && !h->asleep;
}

/* The sink. */

/* Room of exactly that size, so that a sanitizer sees a byte too many. */
static uint8_t *
sink_reserve(void *ctx, const struct path *to, size_t len)
{
	struct host *h = ctx;

	if (h->reserved != NULL || !addr_is_set(&to->remote) || len > DGRAM_MAX)
		check_fail(h->world, h, "reserves %zu bytes wrongly", len);
	if (h->no_room)
		return NULL;
	h->reserved = malloc(len);
	if (h->reserved == NULL)
		abort();
	h->reserved_len = len;
	h->reserved_to = *to;
	return h->reserved;
}

static void
sink_commit(void *ctx, size_t len)
{
	struct host *h = ctx;

	if (h->reserved == NULL || len > h->reserved_len) {
		check_fail(h->world, h, "commits %zu bytes wrongly", len);
	} else if (len > 0) {
		check_sent(h, &h->reserved_to, h->reserved, len);
		network_send(h, &h->reserved_to, h->reserved, len);
	}
	free(h->reserved);
	h->reserved = NULL;
}

static void
sink_deliver(void *ctx, const struct frame *f)
{
	struct host *h = ctx;

	check_delivered(h, f);
}

static void
stored(struct world *w, const struct event *e)
{
	struct host *h = &w->hosts[e->a];
	const struct now now = host_now(h);

	/* The process died first: what it asked for is lost. */
	if (h->node == NULL || h->incarnation != e->b)
		return;
	h->floor = u64_max(h->floor, e->arg);
	node_stamp_stored(h->node, &now, h->floor);
	if (!h->asleep)
		host_turn(h);
}

static bool
sink_stamp_store(void *ctx, uint64_t floor)
{
	struct host *h = ctx;

	if (rng_chance(&h->random, 500)) {
		h->floor = floor;
		return true;
	}
	world_after(h->world, MS(rng_below(&h->random, STORE_MS)),
	    (struct event){ .fn = stored,
		.a = h->number,
		.b = (unsigned int)h->incarnation,
		.arg = floor });
	return false;
}

static uint32_t
sink_link_mtu(void *ctx, const struct path *to)
{
	(void)ctx;
	(void)to;
	return LINK_MTU;
}

static void
sink_random(void *ctx, uint8_t *out, size_t len)
{
	struct host *h = ctx;

	rng_fill(&h->random, out, len);
}

static void
resolved(struct world *w, const struct event *e)
{
	struct host *h = &w->hosts[e->a];

	if (h->asleep) /* it goes on when it wakes */
		world_after(w, SEC(1), *e);
	else if (h->node != NULL)
		host_resolve(h, e->b);
}

/* The host that is the node's peer of that number. */
static unsigned int
peer_host(const struct host *h, unsigned int peer)
{
	unsigned int b = 0;

	while (b < WORLD_HOSTS && h->peer[b] != (int)peer)
		b++;
	return b;
}

static void
sink_event(void *ctx, const struct sink_event *e)
{
	struct host *h = ctx;
	const unsigned int b = peer_host(h, e->peer);

	h->world->events[e->kind]++;
	if (e->kind == SINK_CLOCK_JUMP) {
		h->restless_ns = h->world->now_ns;
		h->epoch = ++h->world->incarnations;
		return;
	}
	if (b == WORLD_HOSTS)
		return;
	if (e->kind == SINK_PEER_UP || e->kind == SINK_PEER_MOVED)
		h->learned[b] = e->path.remote;
	if (e->kind == SINK_PEER_CLOSED)
		check_closed(h, b);
	if (e->kind == SINK_PEER_RESOLVE)
		world_after(h->world, MS(rng_below(&h->random, RESOLVE_MS)),
		    (struct event){ .fn = resolved, .a = h->number, .b = b });
}

/* Time. */

static void
wake(struct world *w, const struct event *e)
{
	struct host *h = &w->hosts[e->a];

	if (h->wake_ns != e->at_ns)
		return; /* another was put before it */
	h->wake_ns = NEVER;
	if (!host_is_awake(h))
		return;
	if (w->now_ns >= h->next_ns)
		check_memory(h);
	host_turn(h);
}

static void
put_wake(struct host *h)
{
	if (h->next_ns >= h->wake_ns)
		return;
	h->wake_ns = h->next_ns;
	queue_put(&h->world->queue,
	    &(struct event){ .at_ns = h->next_ns, .fn = wake, .a = h->number });
}

void
host_turn(struct host *h)
{
	const struct now now = host_now(h);
	uint64_t next;
	unsigned int ticks = 0;

	do {
		next = node_tick(h->node, &now);
		check_tick(h, ++ticks);
		if (h->refused_len > 0)
			node_dgram_refused(
			    h->node, &h->refused_to, h->refused_len);
		h->refused_len = 0;
	} while (next <= now.mono_ns && !h->world->failed);
	h->next_ns = next == NEVER ? NEVER : next - h->mono_base;
	put_wake(h);
}

void
host_take(struct host *h, struct dgram *d)
{
	const struct now now = host_now(h);
	const struct path from = { .remote = d->from, .local = h->local };
	uint8_t *copy = malloc(d->len == 0 ? 1 : d->len);

	if (copy == NULL)
		abort();
	memcpy(copy, d->data, d->len);
	check_handed(h, d);
	d->epoch = h->epoch;
	h->cause = d;
	node_dgram_in(h->node, &now, &from, copy, d->len);
	h->cause = NULL;
	free(copy);
}

/* Life. */

void
host_init(struct world *w, unsigned int number)
{
	struct host *h = &w->hosts[number];
	uint64_t *r = &w->random;

	*h = (struct host){ .world = w, .number = number };
	h->random = rng_next(r);
	h->mono_base = rng_below(r, SEC(1000000));
	h->wall_base = SEC(1700000000) + rng_below(r, SEC(60));
	h->wall_true = true;
	h->wake_ns = h->next_ns = NEVER;
	h->addr = h->local = world_fresh_addr(w, h);
	h->uplink = network_fair_uplink();
	for (unsigned int b = 0; b < WORLD_HOSTS; b++)
		h->peer[b] = -1;
	h->config = (struct node_config){
		.mtu = 1500,
		.dgram_max = UINT16_MAX,
		.port = PORT,
		.memory = (size_t)NODE_MEMORY_MIN << rng_below(r, 3),
		.ciphers = 1 << SUITE_CHACHA20_POLY1305,
		.sink = { .ctx = h,
		    .dgram_reserve = sink_reserve,
		    .dgram_commit = sink_commit,
		    .frame_deliver = sink_deliver,
		    .stamp_store = sink_stamp_store,
		    .link_mtu = sink_link_mtu,
		    .random = sink_random,
		    .event = sink_event },
	};
	sink_random(h, h->config.private_key, SUITE_KEY_LEN);
	memcpy(h->config.network_id, w->network_id, SUITE_KEY_LEN);
	if (!suite_public_key(h->public_key, h->config.private_key))
		abort();
}

/* The same on both sides. */
static void
put_psk(const struct host *h, unsigned int b, uint8_t *out)
{
	const uint64_t low = u64_min(h->number, b);
	const uint64_t high = u64_max(h->number, b);
	uint64_t state = h->world->options.seed << 16 ^ low << 8 ^ high;

	if (h->world->wrong[h->number][b])
		state += h->number;
	if (h->world->psk)
		rng_fill(&state, out, SUITE_KEY_LEN);
}

void
host_add_peer(struct host *h, unsigned int b)
{
	const struct host *other = &h->world->hosts[b];
	const struct now now = host_now(h);
	struct node_peer_config c = {
		.keepalive_s = h->names[b] ? KEEPALIVE : 0,
	};

	memcpy(c.public_key, other->public_key, SUITE_KEY_LEN);
	put_psk(h, b, c.psk);
	h->peer[b] = node_peer_add(h->node, &now, &c);
	if (h->peer[b] < 0)
		check_fail(h->world, h, "does not take node %u for a peer", b);
	h->told[b] = (struct addr){ .family = ADDR_NONE };
	h->answered_ns[b] = 0;
	if (addr_is_set(&h->learned[b]))
		node_peer_learned(h->node, &now, h->peer[b], &h->learned[b]);
	host_resolve(h, b);
}

void
host_remove_peer(struct host *h, unsigned int b)
{
	const struct now now = host_now(h);

	node_peer_remove(h->node, &now, h->peer[b]);
	h->peer[b] = -1;
	h->epoch = ++h->world->incarnations;
	h->stop_ns = h->world->now_ns; /* it says CLOSE */
	host_turn(h);
}

void
host_resolve(struct host *h, unsigned int b)
{
	const struct now now = host_now(h);

	if (h->names[b] && h->peer[b] >= 0) {
		h->told[b] = h->world->hosts[b].addr;
		node_peer_resolved(h->node, &now, h->peer[b], &h->told[b], 1);
	}
	host_turn(h);
}

static bool
is_known(const struct host *h, unsigned int b)
{
	return h->names[b] || h->world->peers[h->number][b];
}

void
host_start(struct host *h)
{
	struct world *w = h->world;
	const struct now now = host_now(h);
	uintptr_t at;

	h->size = node_size(&h->config);
	h->memory = calloc(1, h->size + NODE_ALIGN);
	if (h->memory == NULL)
		abort();
	at = (uintptr_t)h->memory;
	h->node = (struct node *)(void *)((uint8_t *)h->memory + NODE_ALIGN -
	    at % NODE_ALIGN);
	h->config.stamp_floor = h->floor;
	h->incarnation = h->epoch = ++w->incarnations;
	h->restless_ns = w->now_ns;
	h->asleep = false;
	h->next_ns = NEVER;
	if (node_init(h->node, &h->config, &now) != DROP_NONE)
		check_fail(w, h, "does not start");
	for (unsigned int b = 0; b < w->host_count; b++)
		if (is_known(h, b))
			host_add_peer(h, b);
}

void
host_kill(struct host *h)
{
	if (h->node == NULL)
		return;
	for (int i = 0; i < DROP_COUNT; i++)
		h->world->drops.n[i] += node_drops(h->node)->n[i];
	node_wipe(h->node);
	free(h->memory);
	free(h->snapshot);
	h->memory = h->snapshot = NULL;
	h->node = NULL;
	h->refused_len = 0;
	for (unsigned int b = 0; b < WORLD_HOSTS; b++)
		h->peer[b] = -1;
}

void
host_close(struct host *h)
{
	const struct now now = host_now(h);

	node_stop(h->node, &now);
	h->stop_ns = h->world->now_ns;
}

void
host_save(struct host *h)
{
	h->snapshot = malloc(h->size);
	if (h->snapshot == NULL)
		abort();
	memcpy(h->snapshot, h->node, h->size);
	memcpy(h->saved_peer, h->peer, sizeof(h->peer));
	h->snapshot_ns = h->world->now_ns;
}

/* The clock that counts sleep goes on from where it was saved. A disk that is
 * set back as well would be one that lost what it stored. */
void
host_restore(struct host *h)
{
	memcpy(h->node, h->snapshot, h->size);
	memcpy(h->peer, h->saved_peer, sizeof(h->peer));
	free(h->snapshot);
	h->snapshot = NULL;
	h->mono_base -= h->world->now_ns - h->snapshot_ns;
	h->epoch = ++h->world->incarnations;
	h->world->rewound_ns = h->world->now_ns;
	memset(h->answered_ns, 0, sizeof(h->answered_ns));
	for (unsigned int b = 0; b < WORLD_HOSTS; b++)
		h->told[b] = (struct addr){ .family = ADDR_NONE };
	const struct now now = host_now(h);
	node_stamp_stored(h->node, &now, h->floor);
	host_turn(h);
}
