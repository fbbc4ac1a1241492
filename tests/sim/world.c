/* SPDX-License-Identifier: ISC */
#include "world.h"

#include <stdlib.h>
#include <string.h>

#include "fault.h"
#include "host.h"
#include "network.h"

enum {
	PORT = 52077,
	FEW = 5, /* nine of ten worlds have at most so many nodes */
	SOME = 12,
	WRONG_PSK = 40, /* of a thousand pairs */
	NO_WAY = 60,    /* likewise: neither knows where the other is */
};

/* Addresses. */

/* An address tells whose it is: a host's number, or a stranger's. */
static struct addr
make_addr(const struct world *w, uint8_t kind, unsigned int number,
    unsigned int count)
{
	struct addr a = {
		.family = w->ipv6 ? ADDR_IPV6 : ADDR_IPV4,
		.port = PORT,
		.ip = { kind, (uint8_t)number, (uint8_t)(count >> 8),
		    (uint8_t)count },
	};

	return a;
}

struct addr
world_fresh_addr(const struct world *w, struct host *h)
{
	return make_addr(w, 0x20, h->number, h->addr_count++);
}

struct addr
world_stranger_addr(const struct world *w, unsigned int n)
{
	return make_addr(w, 0x30, n, 0);
}

int
world_host_of(const struct world *w, const struct addr *a)
{
	return a->ip[0] == 0x20 && a->ip[1] < w->host_count ? a->ip[1] : -1;
}

int
world_stranger_of(const struct world *w, const struct addr *a)
{
	(void)w;
	return a->ip[0] == 0x30 ? a->ip[1] : -1;
}

/* Who knows whom. */

static void
join(struct world *w, unsigned int a, unsigned int b)
{
	const uint64_t who = rng_below(&w->random, 3);

	w->peers[a][b] = w->peers[b][a] = true;
	if (w->psk && rng_chance(&w->random, WRONG_PSK)) {
		w->wrong[a][b] = w->wrong[b][a] = true;
		/* What waits for ever would take all of a small pool. */
		w->hosts[a].config.memory = w->hosts[b].config.memory =
		    NODE_MEMORY_DEFAULT;
	}
	if (w->host_count > 2 && rng_chance(&w->random, NO_WAY))
		return;
	w->hosts[a].names[b] = who != 0;
	w->hosts[b].names[a] = who != 1;
}

static void
join_mesh(struct world *w, unsigned int count)
{
	for (unsigned int a = 0; a < count; a++)
		for (unsigned int b = 0; b < a; b++)
			join(w, a, b);
}

/* Leaves call the hub; now and then it knows where one is. */
static void
join_hub(struct world *w, unsigned int count)
{
	struct host *hub = &w->hosts[0];

	for (unsigned int a = 1; a < count; a++) {
		w->peers[a][0] = w->peers[0][a] = true;
		w->hosts[a].names[0] = true;
		hub->names[a] = rng_chance(&w->random, 200);
	}
	w->forward = hub->config.forward = rng_chance(&w->random, 700);
}

/* Who may get frames of whom: peers with a way to each other, and through the
 * hub all. */
static void
find_reach(struct world *w)
{
	for (unsigned int a = 0; a < w->host_count; a++)
		for (unsigned int b = 0; b < w->host_count; b++)
			w->reach[a][b] = a != b &&
			    ((w->peers[a][b] && !w->wrong[a][b] &&
				 (w->hosts[a].names[b] ||
				     w->hosts[b].names[a])) ||
				(w->forward && w->peers[0][a] &&
				    w->peers[0][b]));
}

static unsigned int
choose_count(struct world *w)
{
	uint64_t *r = &w->random;
	const uint64_t count = rng_chance(r, 900) ? rng_range(r, 2, FEW)
						  : rng_range(r, FEW + 1, SOME);

	return w->options.nodes != 0 ? w->options.nodes : (unsigned int)count;
}

static void
choose_ciphers(struct world *w)
{
	const unsigned int all = suite_ciphers_available();
	unsigned int pinned = 1u << rng_below(&w->random, SUITE_CIPHER_COUNT);

	if ((pinned & all) == 0)
		pinned = 1u << SUITE_CHACHA20_POLY1305;
	for (unsigned int i = 0; i < w->host_count; i++)
		w->hosts[i].config.ciphers =
		    (uint16_t)(rng_chance(&w->random, 300) ? pinned : all);
}

/* The last host is no peer of anybody's, but calls the first. */
static void
add_outsider(struct world *w)
{
	struct host *h = &w->hosts[w->host_count - 1];

	h->outsider = true;
	h->names[0] = true;
}

static void
join_all(struct world *w)
{
	uint64_t *r = &w->random;
	const bool outsider = w->host_count > 2 && rng_chance(r, 120);
	const unsigned int members = w->host_count - outsider;

	if (members > FEW || (members > 2 && rng_chance(r, 500)))
		join_hub(w, members);
	else
		join_mesh(w, members);
	if (outsider)
		add_outsider(w);
	find_reach(w);
	choose_ciphers(w);
	for (unsigned int i = 0; i < w->host_count; i++)
		w->hosts[i].config.max_peers = i == 0 ? w->host_count : FEW + 1;
}

struct world *
world_open(const struct options *o)
{
	struct world *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	w->options = *o;
	w->random = o->seed;
	w->now_ns = SEC(1);
	w->end_ns = w->now_ns + SEC(60) * o->minutes;
	w->host_count = choose_count(w);
	w->hosts = calloc(w->host_count, sizeof(*w->hosts));
	if (w->hosts == NULL)
		abort();
	w->ipv6 = rng_chance(&w->random, 300);
	w->psk = rng_chance(&w->random, 500);
	if (rng_chance(&w->random, 500))
		rng_fill(&w->random, w->network_id, SUITE_KEY_LEN);
	w->fault_gap_ns = SEC(rng_range(&w->random, 1, 6));
	w->frame_gap_ns = SEC(rng_range(&w->random, 2, 30));
	for (unsigned int i = 0; i < w->host_count; i++)
		host_init(w, i);
	join_all(w);
	fault_begin(w);
	return w;
}

void
world_after(struct world *w, uint64_t ns, struct event e)
{
	e.at_ns = w->now_ns + ns;
	queue_put(&w->queue, &e);
}

void
world_run(struct world *w)
{
	struct event e;

	while (!w->failed && queue_take(&w->queue, w->end_ns, &e)) {
		w->now_ns = e.at_ns;
		e.fn(w, &e);
	}
}

void
world_end(struct world *w)
{
	for (unsigned int i = 0; i < w->host_count; i++)
		host_kill(&w->hosts[i]);
}

void
world_close(struct world *w)
{
	struct event e;

	world_end(w);
	while (queue_take(&w->queue, UINT64_MAX, &e))
		network_drop(e.ptr);
	queue_wipe(&w->queue);
	for (size_t i = 0; i < WORLD_RECORDS; i++)
		network_drop(w->records[i]);
	free(w->hosts);
	free(w->frames);
	free(w->sessions);
	free(w->ephemerals);
	free(w);
}
