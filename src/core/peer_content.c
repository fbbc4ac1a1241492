/* SPDX-License-Identifier: ISC */
#include "core/peer_content.h"

#include "core/peer_call.h"
#include "core/peer_path.h"
#include "core/peer_send.h"
#include "core/wire.h"

static void
peer_closed(struct peer_env *env, struct peer *p, const struct now *now,
    const struct session *s)
{
	keys_drop(&p->keys, &env->indices, s);
	if (p->keys.current != NULL)
		return;
	stage_drop(&p->stage, &env->pool, &env->drops, DROP_STAGE_EXPIRED);
	timers_stop(&p->timers, TIMER_KEEPALIVE);
	timers_stop(&p->timers, TIMER_ANSWER);
	timers_stop(&p->timers, TIMER_PERSISTENT);
	timers_stop(&p->timers, TIMER_ROAM);
	roam_stop(&p->roam);
	p->earliest_ns =
	    u64_max(p->earliest_ns, now->mono_ns + PEER_CLOSE_PAUSE);
	if (!timers_armed(&p->timers, TIMER_RETRY))
		peer_call_slowly(env, p, now);
	if (p->up) {
		p->up = false;
		peer_state_event(env, p, SINK_PEER_CLOSED);
	}
}

static enum drop
take_fragment(struct peer_env *env, struct peer *p, const struct now *now,
    const struct fragment_piece *piece, struct peer_content *out)
{
	const enum drop why = fragment_accept(&p->fragments, &env->pool,
	    &env->drops, now->mono_ns, piece, &out->chain);

	if (p->fragments.used > 0 && !timers_armed(&p->timers, TIMER_FRAGMENT))
		timers_arm(
		    &p->timers, TIMER_FRAGMENT, now->mono_ns + FRAGMENT_LIFE);
	return why;
}

static enum drop
take_probe(struct peer_env *env, struct peer *p, const struct now *now,
    const struct peer_dgram *in, const uint8_t *text, size_t len)
{
	struct wire_probe probe;
	uint8_t ack[WIRE_PROBE_LEN];
	const enum drop why = wire_parse_probe(&probe, text, len);

	if (why != DROP_NONE)
		return why;
	if (probe.size != in->len)
		return DROP_PROBE_SIZE;
	wire_put_probe(ack, WIRE_PROBE_ACK, &probe);
	peer_send_text(env, p, now, &p->endpoint, ack, sizeof(ack));
	return DROP_NONE;
}

static enum drop
take_challenge(struct peer_env *env, struct peer *p, const struct now *now,
    const struct peer_dgram *in, const uint8_t *text, size_t len)
{
	uint8_t data[WIRE_PATH_DATA], answer[WIRE_PATH_LEN];
	const enum drop why = wire_parse_path(data, text, len);

	if (why != DROP_NONE)
		return why;
	wire_put_path(answer, WIRE_PATH_RESPONSE, data);
	peer_send_text(env, p, now, in->from, answer, sizeof(answer));
	return DROP_NONE;
}

static enum drop
take_path_response(struct peer_env *env, struct peer *p,
    const struct session *s, const uint8_t *text, size_t len)
{
	uint8_t data[WIRE_PATH_DATA];
	struct path to;
	const enum drop why = wire_parse_path(data, text, len);

	if (why != DROP_NONE)
		return why;
	if (s != p->keys.current || !roam_accept(&p->roam, data, &to))
		return DROP_PATH_RESPONSE;
	peer_path_move(env, p, &to, s);
	return DROP_NONE;
}

bool
peer_content_is_data(const uint8_t *text, size_t len)
{
	return len > 0 && text[0] >= WIRE_FRAME && text[0] <= WIRE_FRAME_CSUM;
}

/* A flat switch over the kinds of content. */
enum drop
peer_content_take(struct peer_env *env, struct peer *p, const struct now *now,
    const struct peer_dgram *in, const struct session_opened *opened,
    struct peer_content *out)
{
	const uint8_t *text = in->data + WIRE_DATA_HEADER;
	const size_t len = opened->text_len;
	struct wire_data header;

	wire_parse_data(&header, in->data);
	const struct session *s = keys_find(&p->keys, header.receiver);
	const struct fragment_piece piece = { .key = header.receiver,
		.counter = header.counter,
		.text = text,
		.len = len,
		.frame_max = env->self.frame_max };

	if (len == 0)
		return DROP_NONE;
	switch (text[0]) {
	case WIRE_FRAME:
		out->frame = in->data + WIRE_DATA_HEADER + WIRE_KIND_LEN;
		out->len = len - WIRE_KIND_LEN;
		return DROP_NONE;
	case WIRE_FRAGMENT:
		return take_fragment(env, p, now, &piece, out);
	case WIRE_PROBE:
		return take_probe(env, p, now, in, text, len);
	case WIRE_PROBE_ACK:
		return DROP_PROBE_ACK;
	case WIRE_PATH_CHALLENGE:
		return take_challenge(env, p, now, in, text, len);
	case WIRE_PATH_RESPONSE:
		return take_path_response(env, p, s, text, len);
	case WIRE_CLOSE:
		peer_closed(env, p, now, s);
		return DROP_NONE;
	default:
		return DROP_KIND;
	}
}
