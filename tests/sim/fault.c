/* SPDX-License-Identifier: ISC */
#include "fault.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "core/stamp.h"
#include "host.h"
#include "lan.h"
#include "network.h"
#include "stranger.h"

enum fault {
	FAULT_WEATHER,
	FAULT_STORM,
	FAULT_CUT,
	FAULT_MTU,
	FAULT_MOVE,
	FAULT_REBIND,
	FAULT_RESTART,
	FAULT_SLEEP,
	FAULT_CLOCK,
	FAULT_SNAPSHOT,
	FAULT_NETWORK,
	FAULT_RESOLVE,
	FAULT_PEER,
	FAULT_ROOM,
	FAULT_BURST,
	FAULT_STRANGER,
	FAULT_RACE, /* no fault of its own: the stranger is fast */
	FAULT_COUNT
};

#define FIRST_CHECK SEC(2) /* after a start without faults */
#define WAITING_CHECK SEC(12)
#define CONNECTED_CHECK SEC(60)
#define REACHED_CHECK SEC(63)
#define CALM SEC(65)
#define YEAR SEC(UINT64_C(31557600))

static uint64_t
seconds(struct world *w, uint64_t low, uint64_t high)
{
	return rng_range(&w->random, SEC(low), SEC(high));
}

/* The network. */

static void
weather_ends(struct world *w, const struct event *e)
{
	w->hosts[e->a].uplink = network_fair_uplink();
}

static void
fault_weather(struct world *w, struct host *h)
{
	static const unsigned int losses[] = { 0, 20, 100, 300, 700, 1000 };
	uint64_t *r = &w->random;
	struct uplink *u = &h->uplink;

	u->loss = losses[rng_below(r, ARRAY_LEN(losses))];
	u->twice = rng_chance(r, 500) ? (unsigned int)rng_below(r, 300) : 0;
	u->corrupt = rng_chance(r, 300) ? (unsigned int)rng_below(r, 200) : 0;
	u->delay_ns = MS(rng_range(r, 1, rng_chance(r, 200) ? 2000 : 200));
	u->jitter_ns = MS(rng_range(r, 0, rng_chance(r, 200) ? 3000 : 100));
	world_after(w, seconds(w, 1, 60),
	    (struct event){ .fn = weather_ends, .a = h->number });
}

static void
fault_storm(struct world *w, struct host *h)
{
	(void)h;
	for (unsigned int i = 0; i < w->host_count; i++)
		fault_weather(w, &w->hosts[i]);
}

static void
cut_ends(struct world *w, const struct event *e)
{
	w->cut[e->a][e->b] = w->cut[e->b][e->a] = false;
}

static void
fault_cut(struct world *w, struct host *h)
{
	const unsigned int b =
	    (unsigned int)rng_below(&w->random, w->host_count);

	w->cut[h->number][b] = true;
	w->cut[b][h->number] = rng_chance(&w->random, 600);
	world_after(w, seconds(w, 1, rng_chance(&w->random, 300) ? 200 : 30),
	    (struct event){ .fn = cut_ends, .a = h->number, .b = b });
}

static void
fault_mtu(struct world *w, struct host *h)
{
	h->uplink.mtu = rng_range(&w->random, 548, 1472);
	h->uplink.refuse = rng_chance(&w->random, 500);
	world_after(w, seconds(w, 5, 60),
	    (struct event){ .fn = weather_ends, .a = h->number });
}

/* Addresses. */

static void
network_changed(struct world *w, const struct event *e)
{
	struct host *h = &w->hosts[e->a];
	const struct now now = host_now(h);

	if (!host_is_awake(h))
		return;
	h->restless_ns = w->now_ns;
	node_network_changed(h->node, &now);
	host_turn(h);
}

static void
fault_network(struct world *w, struct host *h)
{
	world_after(w, seconds(w, 0, 2),
	    (struct event){ .fn = network_changed, .a = h->number });
}

static void
fault_move(struct world *w, struct host *h)
{
	h->addr = h->local = world_fresh_addr(w, h);
	if (rng_chance(&w->random, 700))
		fault_network(w, h);
}

/* Only what others see: a NAT forgot. */
static void
fault_rebind(struct world *w, struct host *h)
{
	if (rng_chance(&w->random, 500))
		h->addr.port = (uint16_t)(h->addr.port + 1);
	else
		h->addr = world_fresh_addr(w, h);
}

static void
fault_resolve(struct world *w, struct host *h)
{
	for (unsigned int b = 0; b < w->host_count; b++)
		if (host_is_awake(h))
			host_resolve(h, b);
}

/* Lives. */

static void
starts(struct world *w, const struct event *e)
{
	if (w->hosts[e->a].node == NULL)
		host_start(&w->hosts[e->a]);
}

/* What a battery that is empty, or a careless owner, makes of a clock. */
static void
set_wall(struct host *h)
{
	struct world *w = h->world;
	const uint64_t now = w->now_ns;

	switch (rng_below(&w->random, 5)) {
	case 0:
		h->wall_base = seconds(w, 0, 100) - now; /* 1970 */
		break;
	case 1:
		h->wall_base += 10 * YEAR;
		break;
	case 2:
		h->wall_base = STAMP_WALL_MAX - now - seconds(w, 0, 100);
		break;
	case 3:
		h->wall_base -= seconds(w, 0, 100000);
		break;
	default:
		return;
	}
	h->wall_true = false;
}

static void
fault_restart(struct world *w, struct host *h)
{
	uint64_t *r = &w->random;

	if (!host_is_awake(h))
		return;
	if (rng_chance(r, 400))
		host_close(h);
	host_kill(h);
	if (rng_chance(r, 300))
		set_wall(h);
	if (rng_chance(r, 500))
		for (unsigned int b = 0; b < WORLD_HOSTS; b++)
			h->learned[b] = (struct addr){ .family = ADDR_NONE };
	world_after(w,
	    rng_chance(r, 400) ? rng_below(r, SEC(1)) : seconds(w, 1, 60),
	    (struct event){ .fn = starts, .a = h->number });
}

static void
wake_up(struct host *h)
{
	if (!h->asleep)
		return;
	h->asleep = false;
	h->restless_ns = h->world->now_ns;
	if (h->node != NULL)
		host_turn(h);
}

static void
wakes_up(struct world *w, const struct event *e)
{
	wake_up(&w->hosts[e->a]);
}

static void
fault_sleep(struct world *w, struct host *h)
{
	if (!host_is_awake(h))
		return;
	h->asleep = true;
	world_after(w, seconds(w, 1, rng_chance(&w->random, 300) ? 700 : 60),
	    (struct event){ .fn = wakes_up, .a = h->number });
}

static void
fault_clock(struct world *w, struct host *h)
{
	const uint64_t step = seconds(w, 0, 40);

	h->wall_true = false;
	if (rng_chance(&w->random, 300))
		set_wall(h);
	else if (rng_chance(&w->random, 500))
		h->wall_base += step;
	else
		h->wall_base -= step;
}

static void
restored(struct world *w, const struct event *e)
{
	struct host *h = &w->hosts[e->a];

	if (host_is_awake(h) && h->snapshot != NULL && h->wall_true &&
	    h->incarnation == e->arg) {
		h->restless_ns = w->now_ns;
		host_restore(h);
	}
}

static void
fault_snapshot(struct world *w, struct host *h)
{
	if (!host_is_awake(h) || h->snapshot != NULL || !h->wall_true)
		return;
	host_save(h);
	world_after(w, seconds(w, 15, 100),
	    (struct event){
		.fn = restored, .a = h->number, .arg = h->incarnation });
}

static void
add_missing(struct world *w, const struct event *e)
{
	struct host *h = &w->hosts[e->a];

	for (unsigned int b = 0; b < w->host_count; b++)
		if (h->node != NULL && w->peers[e->a][b] && h->peer[b] < 0)
			host_add_peer(h, b);
}

/* A peer is taken out of the configuration, and put in again. */
static void
fault_peer(struct world *w, struct host *h)
{
	const unsigned int b =
	    (unsigned int)rng_below(&w->random, w->host_count);

	if (!host_is_awake(h) || h->peer[b] < 0)
		return;
	h->restless_ns = w->now_ns;
	host_remove_peer(h, b);
	world_after(w, seconds(w, 0, 10),
	    (struct event){ .fn = add_missing, .a = h->number });
}

static void
room_again(struct world *w, const struct event *e)
{
	w->hosts[e->a].no_room = false;
}

static void
fault_room(struct world *w, struct host *h)
{
	h->no_room = true;
	world_after(w, rng_below(&w->random, SEC(3)),
	    (struct event){ .fn = room_again, .a = h->number });
}

static void
fault_burst(struct world *w, struct host *h)
{
	const size_t len = rng_range(&w->random, 60, 400);

	for (uint64_t n = rng_range(&w->random, 1, 150); n > 0; n--)
		lan_send(
		    h, (unsigned int)rng_below(&w->random, w->host_count), len);
}

static void
fault_stranger(struct world *w, struct host *h)
{
	stranger_act(w, h, (w->faults >> FAULT_RACE & 1) != 0);
	/* Somebody calls meanwhile. */
	fault_network(w, &w->hosts[rng_below(&w->random, w->host_count)]);
}

static void (*const faults[])(struct world *w, struct host *h) = {
	[FAULT_WEATHER] = fault_weather,
	[FAULT_STORM] = fault_storm,
	[FAULT_CUT] = fault_cut,
	[FAULT_MTU] = fault_mtu,
	[FAULT_MOVE] = fault_move,
	[FAULT_REBIND] = fault_rebind,
	[FAULT_RESTART] = fault_restart,
	[FAULT_SLEEP] = fault_sleep,
	[FAULT_CLOCK] = fault_clock,
	[FAULT_SNAPSHOT] = fault_snapshot,
	[FAULT_NETWORK] = fault_network,
	[FAULT_RESOLVE] = fault_resolve,
	[FAULT_PEER] = fault_peer,
	[FAULT_ROOM] = fault_room,
	[FAULT_BURST] = fault_burst,
	[FAULT_STRANGER] = fault_stranger,
};
static const char *const names[] = { "weather", "storm", "cut", "mtu", "move",
	"rebind", "restart", "sleep", "clock", "snapshot", "network", "resolve",
	"peer", "room", "burst", "stranger" };
static_assert(ARRAY_LEN(faults) == FAULT_RACE, "each but the last");
static_assert(ARRAY_LEN(names) == FAULT_RACE, "each but the last");

static void
strike(struct world *w, const struct event *e)
{
	const unsigned int kind =
	    (unsigned int)rng_below(&w->random, FAULT_RACE);
	struct host *h = &w->hosts[rng_below(&w->random, w->host_count)];

	if (w->calm)
		return;
	world_after(w,
	    rng_range(&w->random, w->fault_gap_ns / 8, 2 * w->fault_gap_ns),
	    *e);
	if ((w->faults >> kind & 1) == 0)
		return;
	if (w->options.verbose)
		printf("%.6f s: %s %u\n", (double)w->now_ns / 1e9, names[kind],
		    h->number);
	faults[kind](w, h);
}

/* Calm. */

static void
at_waiting(struct world *w, const struct event *e)
{
	(void)e;
	check_waiting(w);
}

static void
at_connected(struct world *w, const struct event *e)
{
	(void)e;
	check_connected(w);
	lan_send_checked(w);
}

static void
at_first(struct world *w, const struct event *e)
{
	(void)e;
	check_connected(w);
}

static void
at_reached(struct world *w, const struct event *e)
{
	(void)e;
	check_reached(w);
}

static void begin_faults(struct world *w, const struct event *e);

/* Where a node would call another first, it is not any more. */
static bool
calls_astray(const struct host *h, unsigned int b)
{
	const struct addr *true_addr = &h->world->hosts[b].addr;
	const struct now now = host_now(h);
	struct node_peer_status s;

	if (!node_peer_status(h->node, &now, h->peer[b], &s))
		return true;
	return (h->names[b] && !addr_equal(&h->told[b], true_addr)) ||
	    (addr_is_set(&s.endpoint.remote) &&
		!addr_equal(&s.endpoint.remote, true_addr));
}

/*
 * Frames wait at a side that may call, and it knows where. Not where the other
 * calls astray at the same time: it may then ignore two of ours, as crossing
 * its own that nobody hears.
 */
static void
note_waiting(struct host *h)
{
	struct world *w = h->world;
	const struct now now = host_now(h);
	struct node_peer_status s;

	for (unsigned int b = 0; b < w->host_count; b++) {
		h->waits[b] = w->peers[h->number][b] &&
		    !w->wrong[h->number][b] && h->names[b] &&
		    node_peer_status(h->node, &now, h->peer[b], &s) &&
		    s.staged > 0 &&
		    addr_equal(&h->told[b], &w->hosts[b].addr) &&
		    !calls_astray(&w->hosts[b], h->number);
	}
}

static void
heal(struct world *w, struct host *h)
{
	const struct event self = { .a = h->number };

	h->uplink = network_fair_uplink();
	h->no_room = false;
	for (unsigned int b = 0; b < w->host_count; b++)
		w->cut[h->number][b] = false;
	wake_up(h);
	starts(w, &self);
	add_missing(w, &self);
	free(h->snapshot);
	h->snapshot = NULL;
}

static void
begin_calm(struct world *w, const struct event *e)
{
	(void)e;
	w->calm = true;
	if (w->options.verbose)
		printf("%.6f s: calm\n", (double)w->now_ns / 1e9);
	for (unsigned int i = 0; i < w->host_count; i++)
		heal(w, &w->hosts[i]);
	for (unsigned int i = 0; i < w->host_count; i++) {
		note_waiting(&w->hosts[i]);
		lan_begin_calm(&w->hosts[i]);
	}
	world_after(w, WAITING_CHECK, (struct event){ .fn = at_waiting });
	world_after(w, CONNECTED_CHECK, (struct event){ .fn = at_connected });
	world_after(w, REACHED_CHECK, (struct event){ .fn = at_reached });
	world_after(w, CALM, (struct event){ .fn = begin_faults });
}

/* The last of them ends so that the calm after it ends with the world. */
static void
begin_faults(struct world *w, const struct event *e)
{
	const uint64_t left = w->end_ns - w->now_ns;
	const uint64_t until = seconds(w, 120, 400);

	(void)e;
	if (left < CALM + SEC(1))
		return;
	w->calm = false;
	world_after(w, 1, (struct event){ .fn = strike });
	world_after(w, left < until + 2 * CALM ? left - CALM - 1 : until,
	    (struct event){ .fn = begin_calm });
}

void
fault_begin(struct world *w)
{
	uint64_t *r = &w->random;
	const bool calm = rng_chance(r, 500);

	for (unsigned int i = 0; i < FAULT_COUNT; i++)
		if (rng_chance(r, i == FAULT_SNAPSHOT ? 50 : 400))
			w->faults |= 1u << i;
	for (unsigned int i = 0; i < w->host_count; i++) {
		const struct event e = { .fn = starts, .a = i };

		if (calm)
			starts(w, &e);
		else
			world_after(w, seconds(w, 0, 10), e);
		lan_begin(&w->hosts[i]);
	}
	if (calm)
		world_after(w, FIRST_CHECK, (struct event){ .fn = at_first });
	world_after(w, calm ? 2 * FIRST_CHECK : 0,
	    (struct event){ .fn = begin_faults });
}
