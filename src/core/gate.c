/* SPDX-License-Identifier: ISC */
#include "core/gate.h"

#include <assert.h>
#include <string.h>

static_assert(
    WIRE_RESPONSE_LEN <= WIRE_INITIATION_LEN, "room for either message");
static_assert(
    WIRE_COOKIE_REPLY_LEN < WIRE_INITIATION_LEN, "smaller than its cause");

void
gate_init(struct gate *g, uint64_t seed, const struct sink *sink,
    const uint8_t key[static SUITE_KEY_LEN])
{
	g->secret.sink = sink;
	g->secret.key = key;
	flood_init(&g->flood, seed);
}

void
gate_wipe(struct gate *g)
{
	suite_wipe(g, sizeof(*g));
}

enum drop
gate_admit(struct gate *g, uint64_t now_ns, struct flood_known *known,
    const struct addr *from, const uint8_t msg[static WIRE_INITIATION_LEN],
    struct gate_reply *reply)
{
	reply->answer = false;
	if (cookie_check_mac2(
		&g->secret, now_ns, from, msg, WIRE_INITIATION_LEN))
		return flood_admit(&g->flood, now_ns, from, known)
		    ? DROP_NONE
		    : DROP_HANDSHAKE_FLOOD;
	reply->answer = flood_may_reply(&g->flood, now_ns, known);
	if (reply->answer)
		cookie_reply_create(&g->secret, now_ns, from, msg,
		    WIRE_INITIATION_LEN, reply->msg);
	return DROP_MAC2;
}

enum drop
gate_put(struct gate *g, const struct path *from, enum wire_type type,
    const uint8_t *msg)
{
	struct gate_hello *h = &g->hellos[(g->first + g->count) % GATE_HELLOS];

	if (g->count == GATE_HELLOS)
		return DROP_HANDSHAKE_QUEUE;
	h->type = type;
	h->from = *from;
	memcpy(h->msg, msg,
	    type == WIRE_INITIATION ? WIRE_INITIATION_LEN : WIRE_RESPONSE_LEN);
	g->count++;
	return DROP_NONE;
}

const struct gate_hello *
gate_take(struct gate *g)
{
	const struct gate_hello *h = &g->hellos[g->first];

	if (g->count == 0)
		return NULL;
	g->first = (g->first + 1) % GATE_HELLOS;
	g->count--;
	return h;
}
