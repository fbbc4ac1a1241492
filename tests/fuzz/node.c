/* SPDX-License-Identifier: ISC */
/*
 * The node as a script of calls: three hosts, whose datagrams the script
 * carries, loses, doubles and edits, with time that goes on as it says. The
 * first byte is the flags of rig_open and whether there is a session at the
 * start; then calls, each a byte and what it reads.
 */
#include "core/node.h"

#include <stdlib.h>
#include <string.h>

#include "core/cookie.h"
#include "core/wire.h"
#include "fuzz.h"
#include "rig.h"

enum {
	CALLS_MAX = 400,
	STARTED = 0x40, /* in the first byte: hosts 0 and 1 have a session */
	REMOVED =
	    0x80, /* also there: peers are removed one by one at the end */
	DGRAM_MAX = 1600,
	EDITS_MAX = 8,
	SETTLE = 40, /* datagrams; a full exchange needs five */

	/* how call_edit edits; the low two bits are a count */
	EDIT_LENGTH = 4,
	EDIT_SOURCE = 8,
	EDIT_NO_TURN = 16,
	EDIT_MACS = 32,  /* they are made again, by one who knows the keys */
	EDIT_INDEX = 64, /* the index is one that another datagram names */
};

struct script {
	struct fuzz_input in;
	struct rig *rig;
	unsigned int serial; /* of frames, which are all different */
};

static struct rig_host *
host_of(struct script *s)
{
	return &s->rig->hosts[fuzz_u8(&s->in) % RIG_HOSTS];
}

/* One of the datagrams under way, or -1. */
static int
dgram_of(struct script *s)
{
	const uint8_t n = fuzz_u8(&s->in);

	return s->rig->dgram_count == 0 ? -1 : (int)(n % s->rig->dgram_count);
}

/* Milliseconds, then seconds, then minutes. */
static uint64_t
time_of(struct script *s)
{
	const uint8_t n = fuzz_u8(&s->in);

	if (n < 100)
		return MS(n);
	return n < 220 ? SEC(n - 99) : SEC(60) * (n - 219);
}

static void
call_wait(struct script *s)
{
	rig_wait(s->rig, time_of(s));
}

/* To the next deadline of any host. */
static void
call_wake(struct script *s)
{
	uint64_t next = NEVER;

	for (unsigned int i = 0; i < RIG_HOSTS; i++)
		next = u64_min(next, s->rig->hosts[i].next_ns);
	if (next != NEVER && next > s->rig->mono_ns)
		rig_wait(s->rig, next - s->rig->mono_ns);
}

static void
call_settle(struct script *s)
{
	rig_settle(s->rig, SETTLE);
}

static void
call_carry(struct script *s)
{
	const uint8_t how = fuzz_u8(&s->in);
	const int n = dgram_of(s);
	struct rig_host *h;

	if (n < 0)
		return;
	h = rig_carry(s->rig, (unsigned int)n, (how & 1) != 0);
	if (h != NULL && (how & 2) == 0)
		rig_turn(h);
}

static void
call_lose(struct script *s)
{
	const int n = dgram_of(s);

	if (n >= 0)
		rig_lose(s->rig, (unsigned int)n);
}

/* As somebody may who knows the receiver's public key and the network. */
static void
remake_macs(const struct rig_host *h, uint8_t *msg, size_t len)
{
	uint8_t key[SUITE_KEY_LEN];

	if (len <= WIRE_MACS_LEN)
		return;
	cookie_mac1_key(key, node_public_key(h->node), h->config.network_id);
	cookie_put_macs(msg, len, key);
}

/* The index of one datagram (as its sender's or its receiver's) in another. */
static void
edit_index(struct script *s, uint8_t *data, size_t len)
{
	const uint8_t where = fuzz_u8(&s->in);
	const int n = dgram_of(s);
	const size_t from = (where & 1) != 0 ? 8 : 4;
	const size_t to = (where & 2) != 0 ? 8 : 4;

	if (s->rig->dgrams[n].len >= from + 4 && len >= to + 4)
		memcpy(data + to, s->rig->dgrams[n].data + from, 4);
}

/* Bytes of the datagram are changed, and perhaps its length and where it
 * seems to come from; then it arrives, the original stays. */
static void
call_edit(struct script *s)
{
	const uint8_t how = fuzz_u8(&s->in);
	const int n = dgram_of(s);
	uint8_t data[DGRAM_MAX];

	if (n < 0)
		return;
	const struct rig_dgram d = s->rig->dgrams[n];
	struct rig_host *h = rig_find(s->rig, &d.to.remote);
	struct path from = d.from;
	size_t len = size_min(d.len, sizeof(data));
	if (h == NULL || !h->running)
		return;
	memcpy(data, d.data, len);
	for (int i = 0; i < (how & 3); i++) {
		const uint8_t at = fuzz_u8(&s->in);

		data[at % len] ^= fuzz_u8(&s->in);
	}
	if ((how & EDIT_INDEX) != 0)
		edit_index(s, data, len);
	if ((how & EDIT_LENGTH) != 0)
		len = size_min(len, fuzz_u8(&s->in));
	if ((how & EDIT_SOURCE) != 0)
		from.remote.port =
		    (uint16_t)(from.remote.port + fuzz_u8(&s->in));
	if ((how & EDIT_MACS) != 0)
		remake_macs(h, data, len);
	rig_arrive(h, &from, data, len);
	if ((how & EDIT_NO_TURN) == 0)
		rig_turn(h);
}

/* A frame of a station behind one host to one behind another; all frames
 * differ. */
static void
call_frame(struct script *s)
{
	struct rig_host *h = host_of(s);
	const uint8_t to = fuzz_u8(&s->in);
	const size_t len =
	    FRAME_MIN + 4 + fuzz_u16(&s->in) % (FRAME_MAX - FRAME_MIN);
	uint8_t *frame = fuzz_copy(NULL, len);
	const uint8_t header[] = { to % 8 == 7 ? 0xff : 2, 0, 0, 0, 0,
		(uint8_t)(to % 4), 2, 0, 0, 0, 0, (uint8_t)h->number, 0x88,
		0xb5 };

	memcpy(frame, header, sizeof(header));
	for (size_t i = sizeof(header); i < len; i++)
		frame[i] = (uint8_t)(i * 5 + (i >> 8));
	frame[14] = (uint8_t)s->serial;
	frame[15] = (uint8_t)(s->serial++ >> 8);
	rig_lan_in(h, frame, len);
	free(frame);
}

static void
call_raw_frame(struct script *s)
{
	struct rig_host *h = host_of(s);
	uint8_t frame[96];
	const uint8_t what = fuzz_u8(&s->in);
	const size_t len = (what & 0x7f) % (sizeof(frame) + 1);

	(void)fuzz_bytes(&s->in, frame, len);
	s->rig->csum_start = what >> 7; /* which a tap must not hand over */
	rig_lan_in(h, frame, len);
	s->rig->csum_start = 0;
}

/* A datagram of the input's own. */
static void
call_raw_dgram(struct script *s)
{
	struct rig_host *h = host_of(s);
	const struct path from = {
		.remote = rig_addr(s->rig, fuzz_u8(&s->in)),
		.local = h->addr,
	};
	uint8_t data[192];
	const size_t len = fuzz_u8(&s->in) % (sizeof(data) + 1);

	(void)fuzz_bytes(&s->in, data, len);
	rig_arrive(h, &from, data, len);
	rig_turn(h);
}

/* A datagram under way arrives many times, from many addresses. */
static void
call_flood(struct script *s)
{
	const int n = dgram_of(s);
	const unsigned int count = fuzz_u8(&s->in);
	const uint8_t how = fuzz_u8(&s->in);

	if (n < 0)
		return;
	const struct rig_dgram d = s->rig->dgrams[n];
	struct rig_host *h = rig_find(s->rig, &d.to.remote);
	uint8_t *data = fuzz_copy(d.data, d.len);
	for (unsigned int i = 0; i < count && h != NULL; i++) {
		struct path from = d.from;

		if ((how & 1) != 0)
			from.remote = rig_addr(s->rig, 16 + i);
		if ((how & 2) != 0) /* in front of both MACs */
			data[d.len / 2] ^= (uint8_t)i;
		if ((how & 4) != 0)
			data[d.len - 1] = (uint8_t)i;
		rig_arrive(h, &from, data, d.len);
		if (i % 16 == 15 && (how & 8) != 0)
			rig_turn(h);
	}
	if (h != NULL)
		rig_turn(h);
	free(data);
}

static void
call_add(struct script *s)
{
	struct rig_host *h = host_of(s);
	const struct now now = rig_now(h);
	const unsigned int number = fuzz_u8(&s->in) % (RIG_HOSTS + 2);
	const uint8_t psk = fuzz_u8(&s->in) & 1;
	const struct node_peer_config c = rig_peer(s->rig, number, psk);

	if (!h->running)
		return;
	const int peer = node_peer_add(h->node, &now, &c);
	FUZZ_CHECK(peer >= -1 && peer < RIG_HOSTS);
}

static void
call_peer(struct script *s)
{
	struct rig_host *h = host_of(s);
	const struct now now = rig_now(h);
	const uint8_t what = fuzz_u8(&s->in);
	const int peer = (int)(what >> 4) % (RIG_HOSTS + 1);
	const unsigned int to = fuzz_u8(&s->in) % (2 * RIG_HOSTS);
	const struct addr addrs[] = { rig_addr(s->rig, to),
		rig_addr(s->rig, to + 1), rig_addr(s->rig, to + 2),
		rig_addr(s->rig, 9), rig_addr(s->rig, 10) };
	const struct node_peer_config c =
	    rig_peer(s->rig, to % RIG_HOSTS, what >> 7);

	if (!h->running)
		return;
	switch (what % 4) {
	case 0:
		node_peer_remove(h->node, &now, peer);
		break;
	case 1:
		node_peer_set(h->node, &now, peer, &c);
		break;
	case 2:
		node_peer_resolved(
		    h->node, &now, peer, addrs, what / 4 % 4 * 2 - 1);
		break;
	default:
		node_peer_learned(h->node, &now, peer, addrs);
		break;
	}
	rig_turn(h);
}

/* What the world does to a host. */
static void
call_world(struct script *s)
{
	struct rig_host *h = host_of(s);
	const struct now now = rig_now(h);
	const uint8_t what = fuzz_u8(&s->in);

	switch (what % 10) {
	case 0:
		h->no_room = !h->no_room;
		return;
	case 1:
		h->store_later = !h->store_later;
		return;
	case 2:
		if (!h->running || h->storing <= h->floor)
			return;
		h->floor = h->storing;
		node_stamp_stored(h->node, &now, h->floor);
		break;
	case 3:
		if (h->running)
			node_network_changed(h->node, &now);
		break;
	case 4:
		if (h->running)
			node_stop(h->node, &now);
		break;
	case 5:
		if (h->running)
			rig_kill(h);
		else
			rig_start(h);
		return;
	case 6:
		h->link_mtu = fuzz_u16(&s->in);
		return;
	case 7:
		h->refuse_above = fuzz_u16(&s->in);
		return;
	case 8: /* it moves */
		h->addr.port = (uint16_t)(h->addr.port + fuzz_u8(&s->in) % 3);
		return;
	default: /* its wall clock jumps, either way */
		h->wall_offset += (uint64_t)(int8_t)fuzz_u8(&s->in) * SEC(5);
		return;
	}
	rig_turn(h);
}

static void
note_station(void *ctx, const struct fdb_station *station)
{
	unsigned int *count = ctx;

	FUZZ_CHECK(station->port <= RIG_HOSTS);
	++*count;
}

static void
call_status(struct script *s)
{
	struct rig_host *h = host_of(s);
	const struct now now = rig_now(h);
	struct node_peer_status st;
	unsigned int stations = 0;

	if (!h->running)
		return;
	for (int i = 1; i < DROP_COUNT; i++)
		FUZZ_CHECK(node_drops(h->node)->n[i] == 0 ||
		    strcmp(drop_name((enum drop)i), "unknown") != 0);
	node_each_station(h->node, &now, note_station, &stations);
	for (int i = -1; i <= RIG_HOSTS; i++) {
		if (!node_peer_status(h->node, &now, i, &st))
			continue;
		FUZZ_CHECK(st.staged <= 128 && st.macs <= FDB_PORT_MAX);
		FUZZ_CHECK(!st.up || addr_is_set(&st.endpoint.remote));
	}
}

static void (*const calls[])(struct script *s) = {
	call_wait,
	call_wake,
	call_settle,
	call_carry,
	call_lose,
	call_edit,
	call_frame,
	call_raw_frame,
	call_raw_dgram,
	call_flood,
	call_add,
	call_peer,
	call_world,
	call_status,
};

/* Hosts 0 and 1 know each other; with RIG_MESH all do. */
static void
introduce(struct rig *r, unsigned int a, unsigned int b)
{
	const struct now now = rig_now(&r->hosts[a]);
	const struct node_peer_config c = rig_peer(r, b, 0);

	FUZZ_CHECK(node_peer_add(r->hosts[a].node, &now, &c) >= 0);
}

static void
begin(struct rig *r, uint8_t flags)
{
	const struct addr to = rig_addr(r, 1);
	const struct now now = rig_now(&r->hosts[0]);

	introduce(r, 0, 1);
	introduce(r, 1, 0);
	if ((flags & RIG_MESH) != 0) {
		introduce(r, 0, 2);
		introduce(r, 1, 2);
		introduce(r, 2, 0);
		introduce(r, 2, 1);
	}
	if ((flags & STARTED) == 0)
		return;
	node_peer_resolved(r->hosts[0].node, &now, 0, &to, 1);
	rig_turn(&r->hosts[0]);
	rig_settle(r, SETTLE);
	FUZZ_CHECK(r->dgram_count == 0);
}

/* Where nobody is left, nothing is due. It costs time, for the stations behind
 * each peer are looked for in all of the table. */
static void
end(struct rig *r, uint8_t flags)
{
	for (unsigned int i = 0; i < RIG_HOSTS && flags >= REMOVED; i++) {
		struct rig_host *h = &r->hosts[i];
		const struct now now = rig_now(h);

		if (!h->running)
			continue;
		for (int peer = 0; peer < RIG_HOSTS; peer++)
			node_peer_remove(h->node, &now, peer);
		rig_turn(h);
		/* A timer of the last peer's may wake it once more. */
		if (h->next_ns != NEVER)
			r->mono_ns = h->next_ns;
		rig_turn(h);
		FUZZ_CHECK(h->next_ns == NEVER);
	}
	rig_close(r);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rig rig;
	struct script s = { .in = { .at = data, .left = size }, .rig = &rig };
	const uint8_t flags = fuzz_u8(&s.in);

	rig_open(&rig, RIG_HOSTS, flags);
	begin(&rig, flags);
	for (int i = 0; i < CALLS_MAX && s.in.left > 0; i++)
		calls[fuzz_u8(&s.in) % ARRAY_LEN(calls)](&s);
	end(&rig, flags);
	return 0;
}
