/* SPDX-License-Identifier: ISC */
#include "rig.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <sodium.h>

#include "core/wire.h"
#include "fuzz.h"

enum {
	NODE_ALIGN = 64,  /* bytes; core/node.h */
	TURN_MAX = 32,    /* ticks; more than all that can wait needs */
	WAIT_MAX = 256,   /* turns within one wait; then time jumps */
	MTU_LARGE = 9000, /* the largest that a configuration may have */
};
#define RIG_START SEC(1000)
#define RIG_WALL SEC(1700000000)

/* The nodes are files, mapped anew each time, so that only what a run touches
 * costs time: a node has some megabytes. */
struct rig_state {
	struct rig rig;
	int fds[RIG_HOSTS];
};

static size_t
round_up(size_t n, size_t unit)
{
	return (n + unit - 1) / unit * unit;
}

/* Memory for a node: it ends where a page ends that nobody may touch. */
static void
map_node(struct rig_host *h)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	const size_t size = round_up(node_size(&h->config), NODE_ALIGN);

	h->map_len = round_up(size, page);
	h->map = mmap(NULL, h->map_len + page, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANON, -1, 0);
	FUZZ_CHECK(h->map != MAP_FAILED);
	FUZZ_CHECK(mprotect(h->map + h->map_len, page, PROT_NONE) == 0);
	h->node = (struct node *)(void *)(h->map + h->map_len - size);
}

static void
unmap_node(struct rig_host *h)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);

	FUZZ_CHECK(munmap(h->map, h->map_len + page) == 0);
	h->map = NULL;
	h->node = NULL;
}

/* FNV-1a */
static uint64_t
hash(const uint8_t *p, size_t len)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * UINT64_C(0x100000001b3);
	return h;
}

struct addr
rig_addr(const struct rig *r, unsigned int number)
{
	struct addr a = { .family = ADDR_IPV4,
		.ip = { 10, 0, (uint8_t)(number >> 8), (uint8_t)number },
		.port = RIG_PORT };

	if ((r->flags & RIG_IPV6) != 0) {
		a.family = ADDR_IPV6;
		a.ip[0] = 0xfd;
		a.ip[15] = (uint8_t)number;
	}
	return a;
}

/* The sink. */

static uint8_t *
sink_reserve(void *ctx, const struct path *to, size_t len)
{
	struct rig_host *h = ctx;

	FUZZ_CHECK(h->reserved == NULL);
	FUZZ_CHECK(addr_is_set(&to->remote));
	FUZZ_CHECK(len > 0 && len <= UINT16_MAX);
	if (h->no_room)
		return NULL;
	h->reserved = fuzz_copy(NULL, len);
	h->reserved_len = len;
	h->reserved_to = *to;
	return h->reserved;
}

/* No key takes a counter twice. */
static void
note_counter(struct rig_host *h, const uint8_t *dgram, size_t len)
{
	struct rig *r = h->rig;
	struct rig_counter c = { .host = h->number };

	if (fuzz_is_open || len < WIRE_DATA_MIN || dgram[0] != WIRE_DATA)
		return;
	memcpy(c.header, dgram, sizeof(c.header));
	for (unsigned int i = 0; i < r->counter_count; i++)
		FUZZ_CHECK(r->counters[i].host != c.host ||
		    memcmp(r->counters[i].header, c.header, sizeof(c.header)) !=
			0);
	if (r->counter_count < RIG_COUNTERS)
		r->counters[r->counter_count++] = c;
}

static void
sink_commit(void *ctx, size_t len)
{
	struct rig_host *h = ctx;
	struct rig *r = h->rig;
	uint8_t *data = h->reserved;

	FUZZ_CHECK(data != NULL && len <= h->reserved_len);
	h->reserved = NULL;
	note_counter(h, data, len);
	if (len == 0 || (h->refuse_above != 0 && len > h->refuse_above)) {
		h->refused_to = h->reserved_to;
		h->refused_len = len;
		free(data);
		return;
	}
	if (r->dgram_count == RIG_DGRAMS) {
		free(data);
		return;
	}
	r->dgrams[r->dgram_count++] = (struct rig_dgram){
		.from = { .remote = h->addr, .local = h->reserved_to.remote },
		.to = h->reserved_to,
		.data = data,
		.len = len,
	};
}

/* A frame that comes out was put in, and comes once, where nothing changes
 * frames and there is one way only. */
static void
check_known(struct rig_host *h, const struct frame *f)
{
	struct rig *r = h->rig;
	const uint64_t key = hash(f->data, f->len);

	if (fuzz_is_open || (r->flags & (RIG_CLAMP | RIG_FOREIGN)) != 0 ||
	    r->frame_count == RIG_FRAMES)
		return;
	for (unsigned int i = 0; i < r->frame_count; i++) {
		struct rig_frame *known = &r->frames[i];

		if (known->hash != key)
			continue;
		known->delivered[h->number]++;
		FUZZ_CHECK((r->flags & RIG_FORWARD) != 0 ||
		    known->delivered[h->number] <= known->sent);
		return;
	}
	fuzz_fail(__FILE__, __LINE__, "a frame that nobody sent");
}

static void
sink_deliver(void *ctx, const struct frame *f)
{
	struct rig_host *h = ctx;

	FUZZ_CHECK(f->len >= FRAME_MIN && f->len <= FRAME_MAX);
	FUZZ_CHECK(h->delivery_count < RIG_ARRIVED);
	h->deliveries[h->delivery_count++] = (struct rig_delivery){
		.place = f->data,
		.copy = fuzz_copy(f->data, f->len),
		.len = f->len,
	};
	check_known(h, f);
}

static bool
sink_stamp_store(void *ctx, uint64_t floor)
{
	struct rig_host *h = ctx;

	FUZZ_CHECK(floor > h->floor);
	h->storing = floor;
	if (!h->store_later)
		h->floor = floor;
	return !h->store_later;
}

static uint32_t
sink_link_mtu(void *ctx, const struct path *to)
{
	const struct rig_host *h = ctx;

	(void)to;
	return h->link_mtu;
}

static void
sink_random(void *ctx, uint8_t *out, size_t len)
{
	const struct rig_host *h = ctx;

	fuzz_random(&h->rig->random, out, len);
}

static void
sink_event(void *ctx, const struct sink_event *e)
{
	const struct rig_host *h = ctx;

	FUZZ_CHECK(e->kind < SINK_EVENT_COUNT);
	FUZZ_CHECK(e->peer < h->config.max_peers);
}

/* Life and death. */

static uint16_t
host_ciphers(const struct rig *r, unsigned int number)
{
	const uint16_t first = 1 << SUITE_CHACHA20_POLY1305;
	const uint16_t all = suite_ciphers_available();

	if ((r->flags & RIG_ALL_CIPHERS) == 0 || all == first)
		return first;
	if ((r->flags & RIG_CLAMP) == 0)
		return all;
	return number == 0 ? first : all & (uint16_t)~first;
}

static void
host_init(struct rig *r, unsigned int number)
{
	struct rig_host *h = &r->hosts[number];

	*h = (struct rig_host){ .rig = r,
		.number = number,
		.addr = rig_addr(r, number),
		.link_mtu = 1500 };
	h->config = (struct node_config){
		.ciphers = host_ciphers(r, number),
		.mtu = (r->flags & RIG_LARGE_MTU) != 0 && number != 2
		    ? MTU_LARGE
		    : 1500,
		.dgram_max = UINT16_MAX,
		.port = RIG_PORT,
		.max_peers = RIG_HOSTS,
		.memory = r->flags < RIG_FOREIGN ? NODE_MEMORY_MIN
						 : 2 * NODE_MEMORY_MIN,
		.mss_clamp = (r->flags & RIG_CLAMP) != 0,
		.forward = (r->flags & RIG_FORWARD) != 0,
		.sink = { .ctx = h,
		    .dgram_reserve = sink_reserve,
		    .dgram_commit = sink_commit,
		    .frame_deliver = sink_deliver,
		    .stamp_store = sink_stamp_store,
		    .link_mtu = sink_link_mtu,
		    .random = sink_random,
		    .event = sink_event },
	};
	memset(
	    h->config.private_key, (int)(0x40 + 0x20 * number), SUITE_KEY_LEN);
	memset(h->config.network_id, 3, SUITE_KEY_LEN);
}

void
rig_open(struct rig *r, unsigned int hosts, unsigned int flags)
{
	FUZZ_CHECK(sodium_init() >= 0);
	*r = (struct rig){ .flags = flags,
		.random = 1,
		.mono_ns = RIG_START,
		.host_count = hosts };
	for (unsigned int i = 0; i < hosts; i++) {
		host_init(r, i);
		rig_start(&r->hosts[i]);
	}
}

void
rig_close(struct rig *r)
{
	while (r->dgram_count > 0)
		rig_lose(r, 0);
	for (unsigned int i = 0; i < r->host_count; i++)
		rig_kill(&r->hosts[i]);
}

struct now
rig_now(const struct rig_host *h)
{
	return (struct now){
		.mono_ns = h->rig->mono_ns,
		.wall_ns = h->rig->mono_ns + RIG_WALL + h->wall_offset,
	};
}

void
rig_start(struct rig_host *h)
{
	const struct now now = rig_now(h);

	FUZZ_CHECK(!h->running);
	h->config.stamp_floor = h->floor;
	map_node(h);
	FUZZ_CHECK(node_init(h->node, &h->config, &now) == DROP_NONE);
	h->running = true;
	h->next_ns = NEVER;
}

/* What core promised of delivered frames: they lie still until the tick. */
static void
host_release(struct rig_host *h)
{
	for (size_t i = 0; i < h->delivery_count; i++) {
		const struct rig_delivery *d = &h->deliveries[i];

		FUZZ_CHECK(memcmp(d->place, d->copy, d->len) == 0);
		free(d->copy);
	}
	h->delivery_count = 0;
	for (size_t i = 0; i < h->arrived_count; i++)
		free(h->arrived[i]);
	h->arrived_count = 0;
}

void
rig_kill(struct rig_host *h)
{
	if (!h->running)
		return;
	host_release(h);
	node_wipe(h->node);
	unmap_node(h);
	h->running = false;
	h->next_ns = NEVER;
}

struct rig_state *
rig_save(const struct rig *r)
{
	struct rig_state *s = fuzz_copy(NULL, sizeof(*s));

	FUZZ_CHECK(r->dgram_count == 0);
	s->rig = *r;
	for (unsigned int i = 0; i < r->host_count; i++) {
		const struct rig_host *h = &r->hosts[i];
		const char *path = fuzz_file("node", h->map, h->map_len, 0600);

		s->fds[i] = open(path, O_RDWR);
		FUZZ_CHECK(s->fds[i] >= 0 && unlink(path) == 0);
	}
	return s;
}

/* The nodes keep their places, for they point into themselves. */
void
rig_load(struct rig *r, const struct rig_state *s)
{
	while (r->dgram_count > 0)
		rig_lose(r, 0);
	for (unsigned int i = 0; i < r->host_count; i++)
		host_release(&r->hosts[i]);
	*r = s->rig;
	for (unsigned int i = 0; i < r->host_count; i++)
		FUZZ_CHECK(mmap(r->hosts[i].map, r->hosts[i].map_len,
			       PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED,
			       s->fds[i], 0) == r->hosts[i].map);
}

struct node_peer_config
rig_peer(const struct rig *r, unsigned int number, uint8_t psk)
{
	struct node_peer_config c = { .keepalive_s = number == 1 ? 25 : 0 };

	if (number >= r->host_count)
		c.public_key[0] = (uint8_t)(number - r->host_count);
	else
		FUZZ_CHECK(suite_public_key(
		    c.public_key, r->hosts[number].config.private_key));
	memset(c.psk, psk, sizeof(c.psk));
	return c;
}

/* Time. */

void
rig_turn(struct rig_host *h)
{
	const struct now now = rig_now(h);

	if (!h->running)
		return;
	FUZZ_CHECK(h->reserved == NULL);
	host_release(h);
	for (int i = 0; i < TURN_MAX; i++) {
		h->next_ns = node_tick(h->node, &now);
		if (h->next_ns > now.mono_ns)
			break;
	}
	FUZZ_CHECK(h->next_ns > now.mono_ns);
	if (h->refused_len != 0)
		node_dgram_refused(h->node, &h->refused_to, h->refused_len);
	h->refused_len = 0;
}

static struct rig_host *
rig_next(struct rig *r)
{
	struct rig_host *found = NULL;

	for (unsigned int i = 0; i < r->host_count; i++) {
		struct rig_host *h = &r->hosts[i];

		if (h->running &&
		    (found == NULL || h->next_ns < found->next_ns))
			found = h;
	}
	return found;
}

void
rig_wait(struct rig *r, uint64_t ns)
{
	const uint64_t end = r->mono_ns + ns;

	for (int i = 0; i < WAIT_MAX; i++) {
		struct rig_host *h = rig_next(r);

		if (h == NULL || h->next_ns > end)
			break;
		r->mono_ns = u64_max(r->mono_ns, h->next_ns);
		rig_turn(h);
	}
	r->mono_ns = end;
	for (unsigned int i = 0; i < r->host_count; i++)
		rig_turn(&r->hosts[i]);
}

/* Datagrams and frames. */

struct rig_host *
rig_find(struct rig *r, const struct addr *a)
{
	for (unsigned int i = 0; i < r->host_count; i++)
		if (addr_equal(&r->hosts[i].addr, a))
			return &r->hosts[i];
	return NULL;
}

void
rig_arrive(struct rig_host *h, const struct path *from, const uint8_t *data,
    size_t len)
{
	const struct now now = rig_now(h);

	if (!h->running)
		return;
	if (h->arrived_count == RIG_ARRIVED)
		rig_turn(h);
	uint8_t *copy = fuzz_copy(data, len);
	h->arrived[h->arrived_count++] = copy;
	node_dgram_in(h->node, &now, from, copy, len);
}

static struct rig_dgram
rig_take(struct rig *r, unsigned int n)
{
	const struct rig_dgram d = r->dgrams[n];

	r->dgram_count--;
	memmove(
	    &r->dgrams[n], &r->dgrams[n + 1], (r->dgram_count - n) * sizeof(d));
	return d;
}

void
rig_lose(struct rig *r, unsigned int n)
{
	free(rig_take(r, n).data);
}

struct rig_host *
rig_carry(struct rig *r, unsigned int n, bool keep)
{
	struct rig_dgram d = keep ? r->dgrams[n] : rig_take(r, n);
	struct rig_host *h = rig_find(r, &d.to.remote);

	if (keep)
		d.data = fuzz_copy(d.data, d.len);
	if (h != NULL)
		rig_arrive(h, &d.from, d.data, d.len);
	free(d.data);
	return h;
}

void
rig_settle(struct rig *r, unsigned int most)
{
	for (; r->dgram_count > 0 && most > 0; most--) {
		struct rig_host *h = rig_carry(r, 0, false);

		r->mono_ns += MS(1);
		if (h != NULL)
			rig_turn(h);
	}
}

static void
note_frame(struct rig *r, const uint8_t *data, size_t len)
{
	const uint64_t key = hash(data, len);
	unsigned int i = 0;

	while (i < r->frame_count && r->frames[i].hash != key)
		i++;
	if (i == RIG_FRAMES)
		return;
	if (i == r->frame_count)
		r->frames[r->frame_count++] = (struct rig_frame){ .hash = key };
	r->frames[i].sent++;
}

void
rig_lan_in(struct rig_host *h, const uint8_t *data, size_t len)
{
	const struct now now = rig_now(h);
	struct frame f = { .data = fuzz_copy(data, len),
		.len = len,
		.csum_start = h->rig->csum_start };

	note_frame(h->rig, f.data, len);
	if (h->running)
		node_lan_in(h->node, &now, &f, 1);
	rig_turn(h);
	free(f.data);
}
