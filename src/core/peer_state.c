/* SPDX-License-Identifier: ISC */
#include "core/peer_state.h"

uint64_t
peer_state_random(const struct peer_env *env, uint64_t limit)
{
	uint64_t r;

	env->sink.random(env->sink.ctx, (uint8_t *)&r, sizeof(r));
	return r % limit;
}

void
peer_state_event(
    const struct peer_env *env, const struct peer *p, enum sink_event_kind k)
{
	const struct sink_event e = {
		.kind = k,
		.peer = p->number,
		.path = p->endpoint,
	};

	env->sink.event(env->sink.ctx, &e);
}

bool
peer_state_has_address(const struct peer *p)
{
	return p->configured_count > 0 || addr_is_set(&p->endpoint.remote);
}

struct session *
peer_state_current(const struct peer *p, const struct now *now)
{
	struct session *s = p->keys.current;

	return s != NULL && session_can_send(s, now->mono_ns, 1) ? s : NULL;
}

/* What happened, and the timers that it arms and stops. */

static void
state_any(struct peer *p, const struct now *now)
{
	if (p->keepalive_s != 0)
		timers_arm(&p->timers, TIMER_PERSISTENT,
		    now->mono_ns + SEC(p->keepalive_s));
}

void
peer_state_received(struct peer *p, const struct now *now)
{
	p->heard_ns = now->mono_ns;
	timers_stop(&p->timers, TIMER_ANSWER);
	state_any(p, now);
}

void
peer_state_sent(struct peer *p, const struct now *now)
{
	timers_stop(&p->timers, TIMER_KEEPALIVE);
	state_any(p, now);
}

void
peer_state_data_received(struct peer *p, const struct now *now)
{
	if (!timers_armed(&p->timers, TIMER_KEEPALIVE))
		timers_arm(
		    &p->timers, TIMER_KEEPALIVE, now->mono_ns + PEER_KEEPALIVE);
}

void
peer_state_answer_expected(struct peer *p, const struct now *now)
{
	if (!timers_armed(&p->timers, TIMER_ANSWER))
		timers_arm(&p->timers, TIMER_ANSWER,
		    now->mono_ns + PEER_ANSWER + p->jitter_ns);
}

void
peer_state_lost(const struct peer_env *env, struct peer *p)
{
	if (!p->up)
		return;
	p->up = false;
	peer_state_event(env, p, SINK_PEER_LOST);
}
