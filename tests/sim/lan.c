/* SPDX-License-Identifier: ISC */
#include "lan.h"

#include <stdlib.h>
#include <string.h>

#include "host.h"

enum {
	ID_AT = FRAME_HEADER_LEN,
	FRAMES_ROOM = 256,
	LARGE = 150,  /* per mille of all frames */
	TO_ALL = 300, /* likewise */
};
#define CHECKED_TIME SEC(2)
#define CALM_GAP SEC(4) /* between frames of a station, or up to twice it */

static void
put_mac(uint8_t *out, const struct world *w, unsigned int host)
{
	static const uint8_t all[FRAME_MAC_LEN] = { 255, 255, 255, 255, 255,
		255 };

	memcpy(out, all, sizeof(all));
	if (host >= w->host_count)
		return;
	memset(out, 0, FRAME_MAC_LEN);
	out[0] = 2;
	out[5] = (uint8_t)(1 + host);
}

static void
put_frame(uint8_t *out, const struct world *w, size_t id)
{
	const struct sent_frame *f = &w->frames[id];
	uint64_t content = w->options.seed ^ id << 20;

	put_mac(out, w, f->to);
	put_mac(out + FRAME_MAC_LEN, w, f->origin);
	out[12] = 0x88; /* local experimental, IEEE 802 */
	out[13] = 0xb5;
	rng_fill(&content, out + ID_AT, f->len - ID_AT);
	memcpy(out + ID_AT, &id, sizeof(id));
}

size_t
lan_frame_id(const struct world *w, const struct frame *f)
{
	uint8_t expected[LAN_LEN_MAX];
	size_t id;

	if (f->len < LAN_LEN_MIN)
		return SIZE_MAX;
	memcpy(&id, f->data + ID_AT, sizeof(id));
	if (id >= w->frame_count || f->len != w->frames[id].len)
		return SIZE_MAX;
	put_frame(expected, w, id);
	return memcmp(expected, f->data, f->len) == 0 ? id : SIZE_MAX;
}

static size_t
frame_add(struct world *w, const struct sent_frame *f)
{
	if (w->frame_count == w->frame_room) {
		w->frame_room = 2 * w->frame_room + FRAMES_ROOM;
		w->frames =
		    realloc(w->frames, w->frame_room * sizeof(*w->frames));
		if (w->frames == NULL)
			abort();
	}
	w->frames[w->frame_count] = *f;
	return w->frame_count++;
}

void
lan_send(struct host *h, unsigned int to, size_t len)
{
	struct world *w = h->world;
	uint8_t data[LAN_LEN_MAX];
	const struct now now = host_now(h);

	if (!host_is_awake(h))
		return;
	const size_t id = frame_add(w,
	    &(struct sent_frame){ .origin = h->number,
		.len = (uint16_t)len,
		.to = to,
		.sent_ns = w->now_ns });
	put_frame(data, w, id);
	const struct frame f = { .data = data, .len = len };
	node_lan_in(h->node, &now, &f, 1);
	host_turn(h);
}

static void
send_next(struct world *w, const struct event *e)
{
	uint64_t *r = &w->random;
	const size_t len = rng_chance(r, LARGE)
	    ? rng_range(r, 1000, LAN_LEN_MAX)
	    : rng_range(r, LAN_LEN_MIN, 300);
	const unsigned int to = rng_chance(r, TO_ALL)
	    ? WORLD_HOSTS
	    : (unsigned int)rng_below(r, w->host_count);

	if (to != e->a)
		lan_send(&w->hosts[e->a], to, len);
	lan_begin(&w->hosts[e->a]);
}

void
lan_begin(struct host *h)
{
	struct world *w = h->world;
	const uint64_t gap = w->frame_gap_ns;

	world_after(w, rng_range(&w->random, gap / 2, gap + gap / 2),
	    (struct event){ .fn = send_next, .a = h->number });
}

static void
send_calmly(struct world *w, const struct event *e)
{
	if (!w->calm)
		return;
	lan_send(&w->hosts[e->a], WORLD_HOSTS, LAN_LEN_MIN);
	world_after(w, rng_range(&w->random, CALM_GAP, 2 * CALM_GAP), *e);
}

void
lan_begin_calm(struct host *h)
{
	world_after(h->world, rng_below(&h->world->random, CALM_GAP),
	    (struct event){ .fn = send_calmly, .a = h->number });
}

static void
send_checked(struct world *w, const struct event *e)
{
	lan_send(&w->hosts[e->a], WORLD_HOSTS, LAN_LEN_MIN);
	lan_send(&w->hosts[e->a], WORLD_HOSTS, LAN_LEN_MAX);
}

/* Not at once: so many frames in pieces would be more than a node keeps. */
void
lan_send_checked(struct world *w)
{
	w->checked_from = w->frame_count;
	for (unsigned int i = 0; i < 2 * w->host_count; i++)
		world_after(w, rng_below(&w->random, CHECKED_TIME),
		    (struct event){ .fn = send_checked, .a = i / 2 });
}
