/* SPDX-License-Identifier: ISC */
#include "check.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/flood.h"
#include "core/peer_state.h"
#include "core/session.h"
#include "core/stage.h"
#include "core/wire.h"
#include "lan.h"

enum {
	TURN_TICKS = 10,   /* 64 handshake messages, 8 a tick, and two more */
	SECOND_TICKS = 40, /* of one node, without anything from outside */
	SECOND_TICKS_PEER = 20, /* and more for each peer */
	SETS_ROOM = 1024,
	ALLOW_RESPONSE = 1, /* a fresh initiation came from there */
	ALLOW_ALL = 2,      /* the endpoint may be there */
	/* a challenge or its response, with a tag of 16 or 32 bytes */
	PATH_LEN = WIRE_DATA_HEADER + WIRE_PATH_LEN + 16,
	PATH_LEN_LONG = WIRE_DATA_HEADER + WIRE_PATH_LEN + 32,
};
/* Load lasts FLOOD_STICKY after its cause, which took less than another. */
#define LOAD_MEMORY (FLOOD_STICKY + SEC(1))
/* Both sides say something every 8 s, and a renewal may be tried twice. */
#define SESSION_AGE_MAX (SESSION_REKEY_AFTER + SEC(20))
/* A staged frame waits for 20 attempts, and a CLOSE delays the first. */
#define STAGE_PATIENCE                                                         \
	(PEER_FAST_TRIES * (PEER_RETRY + MS(333)) + SEC(10) + WORLD_DELAY_MAX)

/* What each node refused, for whoever looks for the cause. */
static void
tell_drops(const struct world *w)
{
	for (unsigned int i = 0; i < w->host_count; i++) {
		struct node *n = w->hosts[i].node;

		printf("    node %u:%s", i, n == NULL ? " down" : "");
		for (int d = 1; n != NULL && d < DROP_COUNT; d++)
			if (node_drops(n)->n[d] != 0)
				printf(" %s %" PRIu64, drop_name((enum drop)d),
				    node_drops(n)->n[d]);
		printf("\n");
	}
}

void
check_fail(struct world *w, const struct host *h, const char *format, ...)
{
	va_list args;

	if (w->failed)
		return;
	w->failed = true;
	printf("seed %" PRIu64 ", %u nodes, %.3f s, node %d: ", w->options.seed,
	    w->host_count, (double)w->now_ns / 1e9,
	    h == NULL ? -1 : (int)h->number);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n    repeat: sim --seed %" PRIu64, w->options.seed);
	if (w->options.nodes != 0)
		printf(" --nodes %u", w->options.nodes);
	printf(" --minutes %u -v\n", w->options.minutes);
	if (w->options.verbose)
		tell_drops(w);
}

/* Sets that grow. */

static size_t
hash(uint64_t x)
{
	return (size_t)rng_next(&x);
}

static void *
grown(size_t count, size_t size)
{
	void *p = calloc(count, size);

	if (p == NULL)
		abort();
	return p;
}

/* The place of a session, or the free one where it belongs. */
static struct sent_session *
session_place(struct sent_session *sessions, size_t room, uint64_t incarnation,
    uint32_t index)
{
	size_t i = hash(incarnation << 32 ^ index) % room;

	while (sessions[i].incarnation != 0 &&
	    (sessions[i].incarnation != incarnation ||
		sessions[i].index != index))
		i = (i + 1) % room;
	return &sessions[i];
}

static void
sessions_grow(struct world *w)
{
	const size_t room =
	    w->session_room == 0 ? SETS_ROOM : 2 * w->session_room;
	struct sent_session *new = grown(room, sizeof(*new));

	for (size_t i = 0; i < w->session_room; i++) {
		const struct sent_session *s = &w->sessions[i];

		if (s->incarnation != 0)
			*session_place(new, room, s->incarnation, s->index) =
			    *s;
	}
	free(w->sessions);
	w->sessions = new;
	w->session_room = room;
}

static struct sent_session *
session_of(struct world *w, uint64_t incarnation, uint32_t index)
{
	if (2 * w->session_count >= w->session_room)
		sessions_grow(w);
	struct sent_session *s =
	    session_place(w->sessions, w->session_room, incarnation, index);
	if (s->incarnation == 0) {
		*s = (struct sent_session){ .incarnation = incarnation,
			.index = index };
		w->session_count++;
	}
	return s;
}

/* True if it was there already. */
static bool
ephemeral_add(uint64_t *set, size_t room, uint64_t value)
{
	size_t i = hash(value) % room;

	while (set[i] != 0 && set[i] != value)
		i = (i + 1) % room;
	const bool there = set[i] == value;
	set[i] = value;
	return there;
}

static bool
ephemeral_seen(struct world *w, uint64_t value)
{
	if (2 * w->ephemeral_count >= w->ephemeral_room) {
		const size_t room =
		    w->ephemeral_room == 0 ? SETS_ROOM : 2 * w->ephemeral_room;
		uint64_t *new = grown(room, sizeof(*new));

		for (size_t i = 0; i < w->ephemeral_room; i++)
			if (w->ephemerals[i] != 0)
				(void)ephemeral_add(
				    new, room, w->ephemerals[i]);
		free(w->ephemerals);
		w->ephemerals = new;
		w->ephemeral_room = room;
	}
	w->ephemeral_count++;
	return ephemeral_add(w->ephemerals, w->ephemeral_room, value);
}

/* What is sent. */

static uint32_t
get_u32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	    (uint32_t)p[3] << 24;
}

/* Sessions are noted by who receives under them as well. */
static uint64_t
received_by(const struct host *h)
{
	return h->incarnation | UINT64_C(1) << 63;
}

/* The peers' tables never hold two datagrams with one key and counter. */
static void
check_counter(struct host *h, const uint8_t *data)
{
	struct wire_data header;

	wire_parse_data(&header, data);
	struct sent_session *s =
	    session_of(h->world, h->incarnation, header.receiver);
	if (header.counter < s->next)
		check_fail(h->world, h,
		    "counter %" PRIu64 " of session %08" PRIx32
		    " used again (next is %" PRIu64 ")",
		    header.counter, header.receiver, s->next);
	s->next = header.counter + 1;
	if (s->confirm != 0 &&
	    !session_of(h->world, received_by(h), s->confirm)->arrived)
		check_fail(h->world, h,
		    "sends under session %08" PRIx32 " before it is confirmed",
		    header.receiver);
}

static void
check_ephemeral(struct host *h, const uint8_t *key)
{
	uint64_t first;

	memcpy(&first, key, sizeof(first));
	if (ephemeral_seen(h->world, first))
		check_fail(h->world, h, "an ephemeral key is used again");
}

static bool
may_be_loaded(const struct host *h)
{
	const uint64_t oldest = h->hellos[h->hello_count % WORLD_HELLOS];

	return h->hello_count >= WORLD_HELLOS &&
	    h->world->now_ns - oldest <= LOAD_MEMORY;
}

/* A cookie reply goes where its cause came from, under load, and is not
 * larger. */
static void
check_cookie_reply(struct host *h, const struct path *to, size_t len)
{
	const struct dgram *d = h->cause;

	if (d == NULL || !addr_equal(&d->from, &to->remote))
		check_fail(h->world, h, "a cookie reply that nobody asked for");
	else if (len > d->len)
		check_fail(h->world, h, "a cookie reply of %zu bytes to %zu",
		    len, d->len);
	else if (!may_be_loaded(h))
		check_fail(h->world, h, "a cookie reply without load");
	/* Peers have 10 each beyond the rate of all. */
	if (++h->replies > FLOOD_REPLY_RATE + FLOOD_REPLY_BURST +
		FLOOD_KNOWN_REPLIES * 2 * h->world->host_count)
		check_fail(
		    h->world, h, "%u cookie replies in a second", h->replies);
}

/* To whoever is no peer. */
static void
check_stranger(struct host *h, const struct path *to, uint32_t type, size_t len)
{
	struct world *w = h->world;
	const int host = world_host_of(w, &to->remote);
	const int n = world_stranger_of(w, &to->remote);
	const unsigned int allowed = n < 0 ? 0 : w->allowed[h->number][n];

	if (type == WIRE_COOKIE_REPLY ||
	    (host >= 0 && !w->hosts[host].outsider) ||
	    (allowed & ALLOW_ALL) != 0 ||
	    (type == WIRE_RESPONSE && (allowed & ALLOW_RESPONSE) != 0))
		return;
	if (n >= WORLD_RACERS && type == WIRE_DATA &&
	    (len == PATH_LEN || len == PATH_LEN_LONG))
		return;
	check_fail(w, h, "type %" PRIu32 " of %zu bytes to a stranger (%d)",
	    type, len, host >= 0 ? host : n);
}

/* The initiation that a response answers: it must not be answered again. */
static void
note_answer(struct host *h, uint32_t index)
{
	const struct world *w = h->world;

	for (size_t i = 0; i < WORLD_RECORDS; i++) {
		const struct dgram *d = w->records[i];

		if (d == NULL || d->to != h->number ||
		    d->len != WIRE_INITIATION_LEN ||
		    wire_sender(d->data) != index)
			continue;
		if (d->sent_ns >= h->answered_ns[d->host])
			h->answered[d->host] = index;
		h->answered_ns[d->host] =
		    u64_max(h->answered_ns[d->host], d->sent_ns);
	}
}

static void
check_message(struct host *h, uint32_t type, const uint8_t *data, size_t len)
{
	struct wire_response response;
	struct wire_initiation initiation;

	if (type == WIRE_DATA && len >= WIRE_DATA_MIN) {
		check_counter(h, data);
	} else if (type == WIRE_INITIATION && len == WIRE_INITIATION_LEN) {
		wire_parse_initiation(&initiation, data);
		check_ephemeral(h, initiation.ephemeral);
		h->world->handshakes++;
	} else if (type == WIRE_RESPONSE && len == WIRE_RESPONSE_LEN) {
		wire_parse_response(&response, data);
		check_ephemeral(h, response.ephemeral);
		note_answer(h, response.receiver);
		struct sent_session *s =
		    session_of(h->world, h->incarnation, response.receiver);
		s->confirm = response.sender;
		s->next = 0; /* the key is new, as the ephemeral one was */
	} else if (type != WIRE_COOKIE_REPLY || len != WIRE_COOKIE_REPLY_LEN) {
		check_fail(h->world, h, "sent type %" PRIu32 " of %zu bytes",
		    type, len);
	}
}

void
check_sent(
    struct host *h, const struct path *to, const uint8_t *data, size_t len)
{
	const uint32_t type = len < 4 ? 0 : get_u32(data);

	if (type == WIRE_COOKIE_REPLY)
		check_cookie_reply(h, to, len);
	check_stranger(h, to, type, len);
	check_message(h, type, data, len);
}

/* What is handed over. */

bool
check_is_stale(const struct host *h, const struct dgram *d)
{
	struct world *w = h->world;
	const uint32_t type = d->len < 4 ? 0 : get_u32(d->data);

	if (d->to != h->number)
		return true;
	switch (type) {
	case WIRE_INITIATION:
		return d->sent_ns < h->answered_ns[d->host] ||
		    (d->sent_ns == h->answered_ns[d->host] &&
			d->len >= WIRE_INITIATION_LEN &&
			wire_sender(d->data) == h->answered[d->host]);
	case WIRE_RESPONSE: /* used, if something was sent under it */
		return session_of(w, h->incarnation, wire_sender(d->data))
			   ->next > 0;
	default:
		return d->epoch == h->epoch;
	}
}

/* May this be the message that confirms a session? */
static bool
arrives_first(struct host *h, const struct dgram *d)
{
	struct wire_data header;

	if (!d->whole || d->len < WIRE_DATA_MIN ||
	    get_u32(d->data) != WIRE_DATA)
		return false;
	wire_parse_data(&header, d->data);
	struct sent_session *s = session_of(
	    h->world, h->world->hosts[d->host].incarnation, header.receiver);
	const bool first = !s->arrived;

	s->arrived = true;
	session_of(h->world, received_by(h), header.receiver)->arrived = true;
	return first;
}

void
check_handed(struct host *h, const struct dgram *d)
{
	struct world *w = h->world;
	const int n = world_stranger_of(w, &d->from);
	const uint32_t type = d->len < 4 ? 0 : get_u32(d->data);
	const bool first = arrives_first(h, d);

	if ((type == WIRE_INITIATION && d->len == WIRE_INITIATION_LEN) ||
	    (type == WIRE_RESPONSE && d->len == WIRE_RESPONSE_LEN))
		h->hellos[h->hello_count++ % WORLD_HELLOS] = w->now_ns;
	/* Within days an index may well come again. */
	if (type == WIRE_RESPONSE && d->whole && d->epoch == 0)
		session_of(w, h->incarnation, wire_sender(d->data))->next = 0;
	if (n < WORLD_RACERS || !d->whole || w->hosts[d->host].outsider)
		return;
	if (type == WIRE_INITIATION)
		w->allowed[h->number][n] |= ALLOW_RESPONSE;
	if (type == WIRE_RESPONSE || first)
		w->allowed[h->number][n] |= ALLOW_ALL;
}

/* Frames. */

/* The oldest that a frame may be: it waited for the attempts to call. */
static bool
is_in_time(const struct host *h, const struct sent_frame *f)
{
	const struct world *w = h->world;
	const struct host *from = &w->hosts[f->origin];
	const uint64_t since = u64_max(f->sent_ns, from->restless_ns);

	/* Nor what the stranger kept back. */
	return w->replays || w->forward || !from->names[h->number] ||
	    w->now_ns - since <= STAGE_PATIENCE;
}

static const char *
frame_fault(const struct host *h, const struct sent_frame *f)
{
	const uint64_t bit = UINT64_C(1) << h->number;

	if (f->origin == h->number)
		return "came back to its origin";
	if (!h->world->reach[f->origin][h->number])
		return "is of no peer's";
	/* A node that is set back sends once more what waited then. */
	if ((f->ports & bit) != 0 && f->sent_ns > h->world->rewound_ns)
		return "was delivered before";
	if (!is_in_time(h, f))
		return "waited for too long";
	return NULL;
}

void
check_delivered(struct host *h, const struct frame *frame)
{
	struct world *w = h->world;
	const size_t id = lan_frame_id(w, frame);

	if (id >= w->frame_count) {
		check_fail(
		    w, h, "a frame of %zu bytes that nobody sent", frame->len);
		return;
	}
	struct sent_frame *f = &w->frames[id];
	const char *fault = frame_fault(h, f);
	if (fault != NULL)
		check_fail(w, h, "frame %zu of node %u, sent at %.3f s, %s", id,
		    f->origin, (double)f->sent_ns / 1e9, fault);
	f->ports |= UINT64_C(1) << h->number;
	w->delivered++;
}

/* The node itself. */

void
check_tick(struct host *h, unsigned int ticks)
{
	struct world *w = h->world;
	const uint64_t second = w->now_ns / SEC(1);

	if (ticks > TURN_TICKS)
		check_fail(w, h, "its deadline stays in the past");
	if (h->second != second) {
		h->second = second;
		h->ticks = h->replies = 0;
	}
}

void
check_memory(struct host *h)
{
	struct node_peer_status s;
	const struct now now = { .mono_ns = h->world->now_ns + h->mono_base };

	for (unsigned int i = 0; i < h->config.max_peers; i++) {
		if (!node_peer_status(h->node, &now, (int)i, &s))
			continue;
		if (s.staged > STAGE_FRAMES || s.macs > FDB_PORT_MAX)
			check_fail(h->world, h, "%u frames wait, %u stations",
			    s.staged, s.macs);
	}
	if (++h->ticks > SECOND_TICKS + SECOND_TICKS_PEER * h->config.max_peers)
		check_fail(h->world, h, "%u ticks in a second", h->ticks);
}

/* A CLOSE ends what is older than it, never a session that came later. */
void
check_closed(struct host *h, unsigned int other)
{
	const struct host *o = &h->world->hosts[other];
	const struct now now = { .mono_ns = h->world->now_ns + h->mono_base };
	struct node_peer_status s;

	if (!node_peer_status(h->node, &now, h->peer[other], &s))
		return;
	const uint64_t made = s.handshake_mono_ns - h->mono_base;
	/* The CLOSE itself may be what confirms its session. */
	if (made != h->world->now_ns && made > o->stop_ns + WORLD_DELAY_MAX)
		check_fail(h->world, h,
		    "closes with node %u, made at %.3f s, which stopped at "
		    "%.3f s",
		    other, (double)made / 1e9, (double)o->stop_ns / 1e9);
}

/* Whole. */

bool
check_is_up(const struct host *a, unsigned int b)
{
	const struct now now = { .mono_ns = a->world->now_ns + a->mono_base };
	struct node_peer_status s;

	return a->node != NULL &&
	    node_peer_status(a->node, &now, a->peer[b], &s) && s.up;
}

static uint64_t
session_age(const struct host *a, unsigned int b)
{
	const struct now now = { .mono_ns = a->world->now_ns + a->mono_base };
	struct node_peer_status s;

	return node_peer_status(a->node, &now, a->peer[b], &s)
	    ? now.mono_ns - s.handshake_mono_ns
	    : 0;
}

static void
check_pair(struct world *w, unsigned int a, unsigned int b, const char *what)
{
	if (!check_is_up(&w->hosts[a], b) || !check_is_up(&w->hosts[b], a))
		check_fail(
		    w, &w->hosts[a], "not connected with node %u %s", b, what);
}

static void
check_renewed(struct world *w, unsigned int a, unsigned int b)
{
	if (session_age(&w->hosts[a], b) > SESSION_AGE_MAX)
		check_fail(
		    w, &w->hosts[a], "session with node %u is not renewed", b);
}

void
check_waiting(struct world *w)
{
	for (unsigned int a = 0; a < w->host_count; a++)
		for (unsigned int b = 0; b < w->host_count; b++)
			if (w->hosts[a].waits[b])
				check_pair(w, a, b, "where frames wait");
}

void
check_connected(struct world *w)
{
	for (unsigned int a = 0; a < w->host_count; a++)
		for (unsigned int b = 0; b < w->host_count; b++)
			if (w->peers[a][b] && !w->wrong[a][b] &&
			    w->hosts[a].names[b]) {
				check_pair(w, a, b, "long after");
				check_renewed(w, a, b);
			}
}

/* One of the two may be lost: keys that were made in vain take the place of
 * those that are renewed at that moment. */
void
check_reached(struct world *w)
{
	uint64_t small[WORLD_HOSTS] = { 0 }, large[WORLD_HOSTS] = { 0 };

	for (size_t i = w->checked_from; i < w->frame_count; i++) {
		const struct sent_frame *f = &w->frames[i];

		if (f->to == WORLD_HOSTS)
			(f->len == LAN_LEN_MAX ? large : small)[f->origin] |=
			    f->ports;
	}
	for (unsigned int a = 0; a < w->host_count; a++)
		for (unsigned int b = 0; b < w->host_count; b++)
			if (w->reach[a][b] &&
			    ((small[a] & large[a]) >> b & 1) == 0)
				check_fail(w, &w->hosts[a],
				    "no %s frame reaches node %u",
				    (small[a] >> b & 1) == 0 ? "small"
							     : "large",
				    b);
}
