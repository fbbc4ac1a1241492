/* SPDX-License-Identifier: ISC */
#include "core/peer.h"

#include <string.h>

#include "core/peer_call.h"
#include "core/peer_path.h"
#include "core/peer_send.h"
#include "core/session.h"
#include "core/transmit.h"
#include "core/wire.h"

static const struct path nowhere = { .remote = { .family = ADDR_NONE } };

bool
peer_is_up(const struct peer *p, const struct now *now)
{
	return p->up && peer_state_current(p, now) != NULL;
}

/* Sessions. */

static void
session_made(const struct peer_env *env, struct peer *p, const struct now *now)
{
	p->jitter_ns = peer_state_random(env, PEER_JITTER_NS);
	timers_arm(&p->timers, TIMER_WIPE, now->mono_ns + PEER_WIPE);
}

/* The current session is new and both sides have proven themselves. */
static void
session_established(struct peer_env *env, struct peer *p, const struct now *now,
    const struct path *from)
{
	const bool was_up = p->up;

	p->made_mono_ns = now->mono_ns;
	p->made_wall_ns = now->wall_ns;
	peer_call_forget(env, p);
	timers_stop(&p->timers, TIMER_RETRY);
	p->attempts = 0;
	p->crossed = 0;
	p->slow = p->due = p->cipher_told = false;
	peer_path_move(env, p, from, p->keys.current);
	p->up = true;
	if (!was_up)
		peer_state_event(env, p, SINK_PEER_UP);
}

/* True if the initiation may be answered: ours, if it crosses, gives way. */
static bool
settle_crossing(struct peer_env *env, struct peer *p, const struct now *now)
{
	if (p->pending.index == 0 ||
	    now->mono_ns - p->pending_ns >= PEER_CROSSING)
		return true;
	if (memcmp(env->self.keys.public_key, p->remote.public_key,
		SUITE_KEY_LEN) > 0 &&
	    p->crossed < PEER_CROSSED_MAX) {
		p->crossed++;
		return false;
	}
	peer_call_forget(env, p);
	return true;
}

static enum drop
respond(struct peer_env *env, struct peer *p, const struct now *now,
    const struct path *from, struct handshake *hs,
    const struct wire_offer *offer)
{
	struct handshake_fresh fresh = { .timestamp = 0 };
	struct handshake_answer answer;
	enum drop why;

	env->sink.random(
	    env->sink.ctx, fresh.ephemeral, sizeof(fresh.ephemeral));
	fresh.index = index_add(&env->indices, &env->sink, p->number);
	why = handshake_response_create(
	    hs, &env->self, &p->remote, &fresh, offer, &answer);
	if (why == DROP_NONE) {
		cookie_put_mac2(
		    &p->jar, now->mono_ns, answer.msg, sizeof(answer.msg));
		why = transmit_plain(
		    &env->sink, from, answer.msg, sizeof(answer.msg));
	}
	if (why != DROP_NONE) {
		index_remove(&env->indices, fresh.index);
		goto out;
	}
	keys_add_next(&p->keys, &env->indices, &answer.keys, now->mono_ns);
	session_made(env, p, now);
	peer_state_sent(p, now);
out:
	suite_wipe(&fresh, sizeof(fresh));
	suite_wipe(&answer, sizeof(answer));
	return why;
}

enum drop
peer_initiation(struct peer_env *env, struct peer *p, const struct now *now,
    const struct path *from, struct handshake *hs,
    const struct wire_offer *offer)
{
	if (offer->timestamp <= p->greatest)
		return DROP_HANDSHAKE_STALE;
	if (p->accepted_ns != NEVER &&
	    now->mono_ns - p->accepted_ns < PEER_INITIATION_GAP)
		return DROP_HANDSHAKE_RATE;
	p->greatest = offer->timestamp;
	p->accepted_ns = now->mono_ns;
	peer_state_received(p, now);
	if (!settle_crossing(env, p, now))
		return DROP_HANDSHAKE_CROSSED;

	const enum drop why = respond(env, p, now, from, hs, offer);
	if (why == DROP_HANDSHAKE_CIPHER && !p->cipher_told) {
		p->cipher_told = true;
		peer_state_event(env, p, SINK_PEER_CIPHER);
	}
	return why;
}

enum drop
peer_response(struct peer_env *env, struct peer *p, const struct now *now,
    const struct path *from, const uint8_t *msg)
{
	struct session_keys keys;
	const enum drop why = handshake_response_consume(
	    &p->pending, &env->self, &p->remote, msg, &keys);

	if (why != DROP_NONE) {
		p->pending_false++;
		return why;
	}
	/* The index now names the session. */
	p->pending.index = 0;
	keys_add_current(&p->keys, &env->indices, &keys, now->mono_ns);
	suite_wipe(&keys, sizeof(keys));
	session_made(env, p, now);
	peer_state_received(p, now);
	session_established(env, p, now, from);
	peer_send_first(env, p, now);
	peer_state_answer_expected(p, now);
	return DROP_NONE;
}

/* A cookie is worth an attempt at once, but not one for each of a flood of
 * replies. */
enum drop
peer_cookie(struct peer_env *env, struct peer *p, const struct now *now,
    const uint8_t *msg)
{
	const enum drop why = cookie_reply_consume(
	    &p->jar, now->mono_ns, p->remote.cookie_key, msg);

	if (why != DROP_NONE)
		return why;
	if (p->pending.index == p->jar.index && now->mono_ns >= p->cookie_ns) {
		p->cookie_ns = now->mono_ns + PEER_COOKIE_PAUSE;
		peer_call_again(env, p, now);
	}
	return DROP_NONE;
}

enum drop
peer_data(struct peer_env *env, struct peer *p, const struct now *now,
    const struct peer_dgram *in, struct peer_content *out)
{
	struct session_opened opened;
	struct wire_data header;
	enum drop why;

	*out = (struct peer_content){ .len = 0 };
	wire_parse_data(&header, in->data);
	struct session *s = keys_find(&p->keys, header.receiver);
	if (s == NULL)
		return DROP_INDEX;
	why = session_open(s, now->mono_ns, in->data, in->len, &opened);
	if (why != DROP_NONE)
		return why;
	const uint8_t *text = in->data + WIRE_DATA_HEADER;
	const bool data = peer_content_is_data(text, opened.text_len);

	peer_state_received(p, now);
	if (keys_confirm(&p->keys, &env->indices, s)) {
		session_established(env, p, now, in->from);
		/* A CLOSE is not answered. */
		if (opened.text_len == 0 || text[0] != WIRE_CLOSE)
			peer_send_first(env, p, now);
	} else if (s == p->keys.current) {
		peer_path_notice(env, p, now, in->from,
		    opened.newest && (data || opened.text_len == 0));
	}
	if (data)
		peer_state_data_received(p, now);
	why = peer_content_take(env, p, now, in, &opened, out);
	if (s == p->keys.current &&
	    session_wants_rekey_on_receipt(s, now->mono_ns))
		peer_call_want(env, p, now);
	return why;
}

/* From outside. */

void
peer_init(struct peer *p, const struct peer_env *env)
{
	p->used = true;
	p->accepted_ns = NEVER;
	timers_init(&p->timers);
	handshake_remote_init(&p->remote, &env->self);
}

void
peer_wipe(struct peer *p, struct peer_env *env)
{
	keys_wipe(&p->keys, &env->indices);
	peer_call_forget(env, p);
	stage_drop(&p->stage, &env->pool, &env->drops, DROP_STAGE_EXPIRED);
	fragment_wipe(&p->fragments, &env->pool);
	suite_wipe(p, sizeof(*p));
}

void
peer_learned(struct peer_env *env, struct peer *p, const struct now *now,
    const struct addr *a)
{
	if (addr_is_set(&p->endpoint.remote))
		return;
	p->endpoint.remote = *a;
	peer_call_want_now(env, p, now);
}

static bool
is_configured(const struct peer *p, const struct addr *a)
{
	for (unsigned int i = 0; i < p->configured_count; i++)
		if (addr_equal(&p->configured[i], a))
			return true;
	return false;
}

/* The order does not count: name servers rotate it. */
static bool
has_news(const struct peer *p, const struct addr *addrs, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		if (!is_configured(p, &addrs[i]))
			return true;
	return false;
}

/* Somewhere else to call while an attempt runs: that one has a second for its
 * answer, and what waits for the floor or after a CLOSE goes on waiting. */
static void
call_elsewhere(struct peer_env *env, struct peer *p, const struct now *now)
{
	const uint64_t at = p->pending.index == 0
	    ? p->earliest_ns
	    : p->pending_ns + PEER_CROSSING;

	if (p->due)
		return;
	p->attempts |= 1; /* an odd one goes to a configured address */
	if (now->mono_ns >= at)
		peer_call_send(env, p, now);
	else
		timers_arm(&p->timers, TIMER_RETRY,
		    u64_min(at, p->timers.at[TIMER_RETRY]));
}

void
peer_resolved(struct peer_env *env, struct peer *p, const struct now *now,
    const struct addr *addrs, unsigned int count)
{
	const unsigned int kept = (unsigned int)size_min(count, PEER_ADDRS_MAX);
	const bool news = has_news(p, addrs, kept);

	memcpy(p->configured, addrs, kept * sizeof(*addrs));
	p->configured_count = kept;
	if (peer_is_up(p, now))
		return;
	if (!timers_armed(&p->timers, TIMER_RETRY))
		peer_call_want_now(env, p, now);
	else if (news)
		call_elsewhere(env, p, now);
}

void
peer_network_changed(
    struct peer_env *env, struct peer *p, const struct now *now)
{
	p->endpoint.local = nowhere.local;
	roam_stop(&p->roam);
	timers_stop(&p->timers, TIMER_ROAM);
	if (p->keys.current != NULL)
		peer_path_begin(env, p, p->keys.current);
	if (p->pending.index == 0 ||
	    now->mono_ns - p->pending_ns >= PEER_CROSSING) {
		peer_call_want_now(env, p, now);
		return;
	}
	/* Its answer may be on the way: another one in a second, as if it
	 * were the first. */
	p->attempts = 0;
	p->slow = false;
	timers_arm(&p->timers, TIMER_RETRY, p->pending_ns + PEER_CROSSING);
}

void
peer_restart(struct peer_env *env, struct peer *p, const struct now *now)
{
	keys_wipe(&p->keys, &env->indices);
	peer_call_forget(env, p);
	peer_call_want_now(env, p, now);
}

void
peer_close(struct peer_env *env, struct peer *p, const struct now *now)
{
	peer_send_close(env, p, now);
	keys_wipe(&p->keys, &env->indices);
	peer_call_forget(env, p);
	timers_init(&p->timers);
	p->up = p->due = false;
}

static void
peer_fire(struct peer_env *env, struct peer *p, const struct now *now,
    enum timer timer)
{
	switch (timer) {
	case TIMER_RETRY:
		peer_call_retry(env, p, now);
		break;
	case TIMER_KEEPALIVE:
	case TIMER_PERSISTENT:
		peer_send_keepalive(env, p, now);
		break;
	case TIMER_ANSWER:
		p->endpoint.local = nowhere.local;
		peer_state_lost(env, p);
		peer_call_want(env, p, now);
		break;
	case TIMER_WIPE:
		keys_wipe(&p->keys, &env->indices);
		/* Not the pending handshake, nor what waits for it: after a
		 * sleep both are as young as this tick. */
		if (!timers_armed(&p->timers, TIMER_RETRY))
			stage_drop(&p->stage, &env->pool, &env->drops,
			    DROP_STAGE_EXPIRED);
		peer_state_lost(env, p);
		break;
	case TIMER_ROAM:
		peer_path_challenge(env, p, now);
		break;
	case TIMER_FRAGMENT:
		timers_arm(&p->timers, TIMER_FRAGMENT,
		    fragment_tick(
			&p->fragments, &env->pool, &env->drops, now->mono_ns));
		break;
	case TIMER_COUNT:
		break;
	}
}

void
peer_tick(struct peer_env *env, struct peer *p, const struct now *now)
{
	for (;;) {
		const enum timer t = timers_next(&p->timers, now->mono_ns);

		if (t == TIMER_COUNT)
			return;
		peer_fire(env, p, now, t);
	}
}
