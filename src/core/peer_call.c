/* SPDX-License-Identifier: ISC */
#include "core/peer_call.h"

#include "core/transmit.h"
#include "core/wire.h"

static const struct path nowhere = { .remote = { .family = ADDR_NONE } };

void
peer_call_forget(struct peer_env *env, struct peer *p)
{
	index_remove(&env->indices, p->pending.index);
	handshake_wipe(&p->pending);
}

/* Where the nth attempt goes: they alternate between the address learned last
 * and the configured ones, learned first. False if there is neither. */
static bool
choose_target(const struct peer *p, unsigned int n, struct path *to)
{
	const bool learned = addr_is_set(&p->endpoint.remote);

	if (!peer_state_has_address(p))
		return false;
	if (learned && (n % 2 == 0 || p->configured_count == 0)) {
		*to = p->endpoint;
		return true;
	}
	*to = nowhere;
	to->remote = p->configured[(learned ? n / 2 : n) % p->configured_count];
	return true;
}

static void
send_initiation(struct peer_env *env, struct peer *p, const struct now *now,
    const struct path *to)
{
	struct handshake_fresh fresh;
	uint8_t msg[WIRE_INITIATION_LEN];
	enum drop why;

	p->due = !stamp_next(
	    &env->stamp, &env->sink, now->wall_ns, &fresh.timestamp);
	if (p->due)
		return;
	peer_call_forget(env, p);
	env->sink.random(
	    env->sink.ctx, fresh.ephemeral, sizeof(fresh.ephemeral));
	fresh.index = index_add(&env->indices, &env->sink, p->number);
	p->pending.index = fresh.index;
	p->pending_ns = now->mono_ns;
	why = handshake_initiation_create(
	    &p->pending, &env->self, &p->remote, &fresh, msg);
	p->pending_false = 0;
	if (why == DROP_NONE) {
		cookie_put_mac2(&p->jar, now->mono_ns, msg, sizeof(msg));
		why = transmit_plain(&env->sink, to, msg, sizeof(msg));
	}
	if (why != DROP_NONE)
		peer_call_forget(env, p);
	drop_add(&env->drops, why);
	/* Not the persistent keepalive: it would cut the slow retry short. */
	timers_stop(&p->timers, TIMER_KEEPALIVE);
	suite_wipe(&fresh, sizeof(fresh));
}

void
peer_call_send(struct peer_env *env, struct peer *p, const struct now *now)
{
	struct path to;

	if (!choose_target(p, p->attempts, &to))
		return;
	p->attempts++;
	p->earliest_ns = now->mono_ns + PEER_RETRY;
	timers_arm(&p->timers, TIMER_RETRY,
	    p->slow ? now->mono_ns + PEER_SLOW +
		    peer_state_random(env, PEER_SLOW_JITTER_NS)
		    : p->earliest_ns + peer_state_random(env, PEER_JITTER_NS));
	send_initiation(env, p, now, &to);
}

void
peer_call_want(struct peer_env *env, struct peer *p, const struct now *now)
{
	if (!peer_state_has_address(p) ||
	    (timers_armed(&p->timers, TIMER_RETRY) && !p->slow))
		return;
	p->attempts = 0;
	p->slow = false;
	if (now->mono_ns >= p->earliest_ns)
		peer_call_send(env, p, now);
	else
		timers_arm(&p->timers, TIMER_RETRY, p->earliest_ns);
}

void
peer_call_want_now(struct peer_env *env, struct peer *p, const struct now *now)
{
	p->earliest_ns = now->mono_ns;
	timers_stop(&p->timers, TIMER_RETRY);
	peer_call_want(env, p, now);
}

/* The attempt is the same one, only better. */
void
peer_call_again(struct peer_env *env, struct peer *p, const struct now *now)
{
	if (p->attempts > 0)
		p->attempts--;
	peer_call_send(env, p, now);
}

void
peer_call_slowly(
    const struct peer_env *env, struct peer *p, const struct now *now)
{
	p->slow = true;
	if (peer_state_has_address(p))
		timers_arm(&p->timers, TIMER_RETRY,
		    now->mono_ns + PEER_SLOW +
			peer_state_random(env, PEER_SLOW_JITTER_NS));
}

void
peer_call_retry(struct peer_env *env, struct peer *p, const struct now *now)
{
	p->endpoint.local = nowhere.local;
	if (!p->slow && p->attempts >= PEER_FAST_TRIES) {
		stage_drop(
		    &p->stage, &env->pool, &env->drops, DROP_STAGE_EXPIRED);
		peer_state_lost(env, p);
		peer_call_slowly(env, p, now);
		return;
	}
	if (p->slow ||
	    (p->attempts > 0 && p->attempts % PEER_RESOLVE_TRIES == 0))
		peer_state_event(env, p, SINK_PEER_RESOLVE);
	peer_call_send(env, p, now);
}

void
peer_call_stored(struct peer_env *env, struct peer *p, const struct now *now)
{
	/* The attempt is counted already. */
	const unsigned int n = p->attempts > 0 ? p->attempts - 1 : 0;
	struct path to;

	if (p->due && choose_target(p, n, &to))
		send_initiation(env, p, now, &to);
}
