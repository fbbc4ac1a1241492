/* SPDX-License-Identifier: ISC */
/*
 * What a peer may put into transport messages: one node with a session, and
 * a peer that knows the keys and sends what the input says. The input is a
 * list of messages: flags, then content, as take() reads it.
 */
#include <stdlib.h>
#include <string.h>

#include "core/cookie.h"
#include "core/handshake.h"
#include "core/session.h"
#include "fuzz.h"
#include "rig.h"

enum {
	MESSAGES_MAX = 200,
	HEAD_MAX = 64, /* bytes of a content that the input names */
	TEXT_MAX = 9100,

	/* flags of a message */
	FROM_ELSEWHERE = 0x01, /* another address */
	SKIP_COUNTER = 0x02,   /* a byte: how far the counter jumps */
	TIME_PASSES = 0x04,    /* a byte, see below */
	LONG = 0x08,           /* u16: length, filled with a pattern */
	RAW = 0x10,            /* not sealed: the datagram itself */
	NO_TICK = 0x20,        /* the turn goes on */
	LAN = 0x40,            /* a frame from the node's own LAN */
	BACK = 0x80,           /* the counter goes back by one first */
};

struct peer_side {
	struct session session;
	struct addr addr;
};

static struct rig rig;
static struct rig_state *state;
static struct peer_side other, other_saved;

static struct handshake_self
other_self(void)
{
	struct handshake_self self = {
		.ciphers = rig.hosts[1].config.ciphers,
		.frame_max = FRAME_MAX,
		.dgram_max = UINT16_MAX,
	};

	memcpy(self.keys.private_key, rig.hosts[1].config.private_key,
	    SUITE_KEY_LEN);
	memcpy(self.network_id, rig.hosts[1].config.network_id, SUITE_KEY_LEN);
	FUZZ_CHECK(handshake_self_init(&self) == DROP_NONE);
	return self;
}

/* The last datagram that the node sent. */
static const struct rig_dgram *
last(void)
{
	FUZZ_CHECK(rig.dgram_count > 0);
	return &rig.dgrams[rig.dgram_count - 1];
}

static void
send(const uint8_t *dgram, size_t len, const struct addr *from)
{
	const struct path path = { .remote = *from,
		.local = rig.hosts[0].addr };

	rig_arrive(&rig.hosts[0], &path, dgram, len);
}

static void
send_sealed(const uint8_t *text, size_t len, const struct addr *from)
{
	const size_t dgram_len = session_dgram_len(&other.session, len);
	uint8_t *dgram = fuzz_copy(NULL, dgram_len);

	if (len > 0)
		memcpy(dgram + WIRE_DATA_HEADER, text, len);
	session_seal(&other.session, dgram, len);
	send(dgram, dgram_len, from);
	free(dgram);
}

/* The other side calls the node and makes a session. */
static void
meet(void)
{
	const struct handshake_self self = other_self();
	const struct node_peer_config us = rig_peer(&rig, 0, 0);
	struct handshake_remote remote = { .psk = { 0 } };
	struct handshake_fresh fresh = { .index = 0x12345678,
		.timestamp = SEC(1700001000) };
	struct handshake hs;
	struct session_keys keys;
	uint8_t msg[WIRE_INITIATION_LEN];

	memset(fresh.ephemeral, 0x77, sizeof(fresh.ephemeral));
	memcpy(remote.public_key, us.public_key, SUITE_KEY_LEN);
	handshake_remote_init(&remote, &self);
	FUZZ_CHECK(handshake_initiation_create(
		       &hs, &self, &remote, &fresh, msg) == DROP_NONE);
	other.addr = rig_addr(&rig, 1);
	send(msg, sizeof(msg), &other.addr);
	rig_turn(&rig.hosts[0]);
	FUZZ_CHECK(last()->len == WIRE_RESPONSE_LEN);
	FUZZ_CHECK(handshake_response_consume(
		       &hs, &self, &remote, last()->data, &keys) == DROP_NONE);
	session_init(&other.session, &keys, rig.mono_ns);
	send_sealed(NULL, 0, &other.addr);
	rig_turn(&rig.hosts[0]);
}

static void
init(void)
{
	const struct node_peer_config peer = { .keepalive_s = 0 };
	struct node_peer_config c = peer;
	struct node_peer_status st;

	rig_open(&rig, 2, RIG_LARGE_MTU | RIG_ALL_CIPHERS | RIG_FOREIGN);
	rig.hosts[0].config.mss_clamp = true;
	c = rig_peer(&rig, 1, 0);
	const struct now now = rig_now(&rig.hosts[0]);
	FUZZ_CHECK(node_peer_add(rig.hosts[0].node, &now, &c) == 0);
	meet();
	FUZZ_CHECK(node_peer_status(rig.hosts[0].node, &now, 0, &st) && st.up);
	while (rig.dgram_count > 0)
		rig_lose(&rig, 0);
	other_saved = other;
	state = rig_save(&rig);
}

/* Content: what the input says, and a pattern behind it. */
static size_t
content(struct fuzz_input *in, uint8_t flags, uint8_t *text)
{
	const size_t head = fuzz_u8(in) % (HEAD_MAX + 1);
	size_t len = head;

	if ((flags & LONG) != 0)
		len = size_max(head, fuzz_u16(in) % (TEXT_MAX + 1));
	for (size_t i = 0; i < len; i++)
		text[i] = (uint8_t)(i * 7 + (i >> 8));
	(void)fuzz_bytes(in, text, head);
	return len;
}

/* 0..239: tens of milliseconds; above: up to 16 minutes. */
static uint64_t
pause_of(uint8_t code)
{
	return code < 240 ? MS(10) * code : SEC(60) * (code - 239u);
}

static void
take(struct fuzz_input *in, uint8_t *text)
{
	const uint8_t flags = fuzz_u8(in);
	struct addr from = other.addr;

	if ((flags & FROM_ELSEWHERE) != 0)
		from.port = (uint16_t)(from.port + fuzz_u8(in));
	if ((flags & BACK) != 0 && other.session.send_counter > 0)
		other.session.send_counter--;
	if ((flags & SKIP_COUNTER) != 0) {
		const uint8_t jump = fuzz_u8(in);

		other.session.send_counter +=
		    jump < 128 ? jump : UINT64_C(1) << (jump - 128) % 64;
	}
	if ((flags & TIME_PASSES) != 0)
		rig_wait(&rig, pause_of(fuzz_u8(in)));
	const size_t len = content(in, flags, text);
	if ((flags & LAN) != 0)
		rig_lan_in(&rig.hosts[0], text, len);
	else if ((flags & RAW) != 0)
		send(text, len, &from);
	else
		send_sealed(text, len, &from);
	if ((flags & NO_TICK) == 0)
		rig_turn(&rig.hosts[0]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t text[TEXT_MAX];
	struct fuzz_input in = { .at = data, .left = size };

	if (state == NULL)
		init();
	rig_load(&rig, state);
	other = other_saved;
	for (int i = 0; i < MESSAGES_MAX && in.left > 0; i++)
		take(&in, text);
	rig_turn(&rig.hosts[0]);
	rig_wait(&rig, SEC(2));
	return 0;
}
