/* SPDX-License-Identifier: ISC */
#include "core/peer_send.h"

#include "core/peer_call.h"
#include "core/session.h"
#include "core/transmit.h"
#include "core/wire.h"

static struct transmit
transmit_to(const struct peer_env *env, const struct peer *p, struct session *s,
    const struct path *to)
{
	return (struct transmit){
		.sink = &env->sink,
		.session = s,
		.to = to,
		.path_size = size_min(
		    p->pmtu.size, size_min(s->dgram_max, env->self.dgram_max)),
		.mss_clamp = env->mss_clamp,
	};
}

void
peer_send_text(struct peer_env *env, struct peer *p, const struct now *now,
    const struct path *to, const uint8_t *text, size_t len)
{
	struct session *s = peer_state_current(p, now);

	if (s == NULL)
		return;
	const struct transmit t = transmit_to(env, p, s, to);
	drop_add(&env->drops, transmit_text(&t, text, len));
	peer_state_sent(p, now);
	if (session_wants_rekey(s, now->mono_ns))
		peer_call_want(env, p, now);
}

void
peer_send_keepalive(struct peer_env *env, struct peer *p, const struct now *now)
{
	if (peer_state_current(p, now) != NULL)
		peer_send_text(env, p, now, &p->endpoint, NULL, 0);
	else
		peer_call_want(env, p, now);
}

void
peer_send_close(struct peer_env *env, struct peer *p, const struct now *now)
{
	static const uint8_t text[] = { WIRE_CLOSE };
	struct session *s = peer_state_current(p, now);

	if (s == NULL)
		return;
	const struct transmit t = transmit_to(env, p, s, &p->endpoint);
	drop_add(&env->drops, transmit_text(&t, text, sizeof(text)));
}

/* False if no session can carry the frame now. */
static bool
try_frame(struct peer_env *env, struct peer *p, const struct now *now,
    const struct frame *f)
{
	struct session *s = peer_state_current(p, now);

	if (s == NULL)
		return false;
	const struct transmit t = transmit_to(env, p, s, &p->endpoint);
	const enum drop why = transmit_frame(&t, now->mono_ns, f);
	if (why == DROP_KEY_EXPIRED)
		return false;
	drop_add(&env->drops, why);
	if (why != DROP_NONE)
		return true;
	p->tx_frames++;
	p->tx_bytes += f->len;
	peer_state_sent(p, now);
	peer_state_answer_expected(p, now);
	if (session_wants_rekey(s, now->mono_ns))
		peer_call_want(env, p, now);
	return true;
}

void
peer_send_frame(struct peer_env *env, struct peer *p, const struct now *now,
    const struct frame *f)
{
	if (try_frame(env, p, now, f))
		return;
	/* An unconfirmed next is confirmed within a round trip, or never. */
	const struct session *next = p->keys.next;
	if (!peer_state_has_address(p) &&
	    (next == NULL || now->mono_ns - next->born_ns >= PEER_RETRY)) {
		drop_add(&env->drops, DROP_NO_ENDPOINT);
		return;
	}
	stage_add(&p->stage, &env->pool, &env->drops, f);
	peer_call_want(env, p, now);
}

void
peer_send_first(struct peer_env *env, struct peer *p, const struct now *now)
{
	const uint64_t sent = p->tx_frames;

	for (;;) {
		struct pool_chain chain = stage_next(&p->stage);
		if (chain.len == 0)
			break;
		const struct frame f = {
			.data = pool_flat(&env->pool, &chain, env->scratch),
			.len = chain.len,
		};
		if (!try_frame(env, p, now, &f))
			drop_add(&env->drops, DROP_STAGE_EXPIRED);
		pool_give(&env->pool, &chain);
	}
	if (p->tx_frames == sent)
		peer_send_keepalive(env, p, now);
}
