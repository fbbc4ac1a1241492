/* SPDX-License-Identifier: ISC */
#include "core/peer.h"

#include <string.h>

#include "core/session.h"
#include "core/transmit.h"
#include "core/wire.h"

static const struct path nowhere = { .remote = { .family = ADDR_NONE } };

static uint64_t
random_below(const struct peer_env *env, uint64_t limit)
{
	uint64_t r;

	env->sink.random(env->sink.ctx, (uint8_t *)&r, sizeof(r));
	return r % limit;
}

static void
peer_event(
    const struct peer_env *env, const struct peer *p, enum sink_event_kind k)
{
	const struct sink_event e = {
		.kind = k,
		.peer = p->number,
		.path = p->endpoint,
	};

	env->sink.event(env->sink.ctx, &e);
}

static bool
peer_has_address(const struct peer *p)
{
	return p->configured_count > 0 || addr_is_set(&p->endpoint.remote);
}

/* The session that can be sent under, or NULL. */
static struct session *
peer_current(const struct peer *p, const struct now *now)
{
	struct session *s = p->keys.current;

	return s != NULL && session_can_send(s, now->mono_ns, 1) ? s : NULL;
}

bool
peer_is_up(const struct peer *p, const struct now *now)
{
	return p->up && peer_current(p, now) != NULL;
}

/* What happened, and the timers that it arms and stops. */

static void
timers_any(struct peer *p, const struct now *now)
{
	if (p->keepalive_s != 0)
		timers_arm(&p->timers, TIMER_PERSISTENT,
		    now->mono_ns + SEC(p->keepalive_s));
}

static void
timers_authentic_received(struct peer *p, const struct now *now)
{
	p->heard_ns = now->mono_ns;
	timers_stop(&p->timers, TIMER_ANSWER);
	timers_any(p, now);
}

static void
timers_authentic_sent(struct peer *p, const struct now *now)
{
	timers_stop(&p->timers, TIMER_KEEPALIVE);
	timers_any(p, now);
}

static void
timers_data_received(struct peer *p, const struct now *now)
{
	if (!timers_armed(&p->timers, TIMER_KEEPALIVE))
		timers_arm(
		    &p->timers, TIMER_KEEPALIVE, now->mono_ns + PEER_KEEPALIVE);
}

/* Data, or the message that confirms a session, was sent. */
static void
timers_answer_expected(struct peer *p, const struct now *now)
{
	if (!timers_armed(&p->timers, TIMER_ANSWER))
		timers_arm(&p->timers, TIMER_ANSWER,
		    now->mono_ns + PEER_ANSWER + p->jitter_ns);
}

/* Our own handshakes. */

static void
forget_pending(struct peer_env *env, struct peer *p)
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

	if (!peer_has_address(p))
		return false;
	if (learned && (n % 2 == 0 || p->configured_count == 0)) {
		*to = p->endpoint;
		return true;
	}
	*to = nowhere;
	to->remote = p->configured[(learned ? n / 2 : n) % p->configured_count];
	return true;
}

static bool
send_bytes(const struct peer_env *env, const struct path *to,
    const uint8_t *msg, size_t len)
{
	uint8_t *dgram = env->sink.dgram_reserve(env->sink.ctx, to, len);

	if (dgram == NULL)
		return false;
	memcpy(dgram, msg, len);
	env->sink.dgram_commit(env->sink.ctx, len);
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
	forget_pending(env, p);
	env->sink.random(
	    env->sink.ctx, fresh.ephemeral, sizeof(fresh.ephemeral));
	fresh.index = index_add(&env->indices, &env->sink, p->number);
	p->pending.index = fresh.index;
	p->pending_ns = now->mono_ns;
	why = handshake_initiation_create(
	    &p->pending, &env->self, &p->remote, &fresh, msg);
	if (why == DROP_NONE && !send_bytes(env, to, msg, sizeof(msg)))
		why = DROP_SEND_ROOM;
	if (why != DROP_NONE)
		forget_pending(env, p);
	drop_add(&env->drops, why);
	/* Not the persistent keepalive: it would cut the slow retry short. */
	timers_stop(&p->timers, TIMER_KEEPALIVE);
	suite_wipe(&fresh, sizeof(fresh));
}

static void
initiate(struct peer_env *env, struct peer *p, const struct now *now)
{
	struct path to;

	if (!choose_target(p, p->attempts, &to))
		return;
	p->attempts++;
	p->earliest_ns = now->mono_ns + PEER_RETRY;
	timers_arm(&p->timers, TIMER_RETRY,
	    p->slow ? now->mono_ns + PEER_SLOW +
		    random_below(env, PEER_SLOW_JITTER_NS)
		    : p->earliest_ns + random_below(env, PEER_JITTER_NS));
	send_initiation(env, p, now, &to);
}

/* Somebody needs a session: begins the fast retries unless they run. */
static void
want_session(struct peer_env *env, struct peer *p, const struct now *now)
{
	if (!peer_has_address(p) ||
	    (timers_armed(&p->timers, TIMER_RETRY) && !p->slow))
		return;
	p->attempts = 0;
	p->slow = false;
	if (now->mono_ns >= p->earliest_ns)
		initiate(env, p, now);
	else
		timers_arm(&p->timers, TIMER_RETRY, p->earliest_ns);
}

/* The same, without regard to when the last attempt was. */
static void
want_session_now(struct peer_env *env, struct peer *p, const struct now *now)
{
	p->earliest_ns = now->mono_ns;
	timers_stop(&p->timers, TIMER_RETRY);
	want_session(env, p, now);
}

static void
peer_lost(const struct peer_env *env, struct peer *p)
{
	if (!p->up)
		return;
	p->up = false;
	peer_event(env, p, SINK_PEER_LOST);
}

static void
slow_retry(const struct peer_env *env, struct peer *p, const struct now *now)
{
	p->slow = true;
	if (peer_has_address(p))
		timers_arm(&p->timers, TIMER_RETRY,
		    now->mono_ns + PEER_SLOW +
			random_below(env, PEER_SLOW_JITTER_NS));
}

static void
retry(struct peer_env *env, struct peer *p, const struct now *now)
{
	p->endpoint.local = nowhere.local;
	if (!p->slow && p->attempts >= PEER_FAST_TRIES) {
		stage_drop(
		    &p->stage, &env->pool, &env->drops, DROP_STAGE_EXPIRED);
		peer_lost(env, p);
		slow_retry(env, p, now);
		return;
	}
	if (p->slow || p->attempts == PEER_RESOLVE_TRIES)
		peer_event(env, p, SINK_PEER_RESOLVE);
	initiate(env, p, now);
}

/* Sending under the current session. */

static struct transmit
transmit_to(const struct peer_env *env, const struct peer *p, struct session *s,
    const struct path *to)
{
	return (struct transmit){
		.sink = &env->sink,
		.session = s,
		.to = to,
		.path_size = size_min(p->pmtu.size, s->dgram_max),
		.mss_clamp = env->mss_clamp,
	};
}

/* A control message, or with len 0 a keepalive. */
static void
send_text(struct peer_env *env, struct peer *p, const struct now *now,
    const struct path *to, const uint8_t *text, size_t len)
{
	struct session *s = peer_current(p, now);

	if (s == NULL)
		return;
	const struct transmit t = transmit_to(env, p, s, to);
	drop_add(&env->drops, transmit_text(&t, text, len));
	timers_authentic_sent(p, now);
	if (session_wants_rekey(s, now->mono_ns))
		want_session(env, p, now);
}

static void
send_keepalive(struct peer_env *env, struct peer *p, const struct now *now)
{
	if (peer_current(p, now) != NULL)
		send_text(env, p, now, &p->endpoint, NULL, 0);
	else
		want_session(env, p, now);
}

/* False if no session can carry the frame now. */
static bool
send_frame(struct peer_env *env, struct peer *p, const struct now *now,
    const struct frame *f)
{
	struct session *s = peer_current(p, now);

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
	timers_authentic_sent(p, now);
	timers_answer_expected(p, now);
	if (session_wants_rekey(s, now->mono_ns))
		want_session(env, p, now);
	return true;
}

void
peer_send_frame(struct peer_env *env, struct peer *p, const struct now *now,
    const struct frame *f)
{
	if (send_frame(env, p, now, f))
		return;
	/* An unconfirmed next is confirmed within a round trip. */
	if (!peer_has_address(p) && p->keys.next == NULL) {
		drop_add(&env->drops, DROP_NO_ENDPOINT);
		return;
	}
	stage_add(&p->stage, &env->pool, &env->drops, f);
	want_session(env, p, now);
}

/* The first words under a new session: what waits, or a keepalive if none of
 * that could be sent. */
static void
send_first(struct peer_env *env, struct peer *p, const struct now *now)
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
		if (!send_frame(env, p, now, &f))
			drop_add(&env->drops, DROP_STAGE_EXPIRED);
		pool_give(&env->pool, &chain);
	}
	if (p->tx_frames == sent)
		send_keepalive(env, p, now);
}

/* Endpoint. */

static void
path_begin(const struct peer_env *env, struct peer *p, const struct session *s)
{
	const struct addr *remote = &p->endpoint.remote;
	const uint32_t mtu = env->sink.link_mtu(env->sink.ctx, &p->endpoint);

	pmtu_init(
	    &p->pmtu, (enum addr_family)remote->family, mtu, s->dgram_max);
	if (remote->family == ADDR_IPV4 && mtu != 0 && mtu < PMTU_LINK_MIN_IPV4)
		peer_event(env, p, SINK_PATH_SMALL);
}

static void
move_endpoint(const struct peer_env *env, struct peer *p, const struct path *to,
    const struct session *s)
{
	const bool known = addr_is_set(&p->endpoint.remote);
	const bool same = addr_equal(&p->endpoint.remote, &to->remote);

	roam_stop(&p->roam);
	timers_stop(&p->timers, TIMER_ROAM);
	p->endpoint = *to;
	if (same && p->pmtu.size != 0)
		return;
	path_begin(env, p, s);
	if (known && p->up)
		peer_event(env, p, SINK_PEER_MOVED);
}

static void
send_challenge(struct peer_env *env, struct peer *p, const struct now *now)
{
	uint8_t text[WIRE_PATH_LEN];

	if (!roam_next(&p->roam, now->mono_ns))
		return;
	wire_put_path(text, WIRE_PATH_CHALLENGE, p->roam.challenge);
	timers_arm(&p->timers, TIMER_ROAM, now->mono_ns + ROAM_INTERVAL);
	send_text(env, p, now, &p->roam.candidate, text, sizeof(text));
}

/* A message under the current key came from somewhere. */
static void
notice_source(struct peer_env *env, struct peer *p, const struct now *now,
    const struct path *from, bool may_move)
{
	if (addr_equal(&from->remote, &p->endpoint.remote)) {
		p->endpoint.local = from->local;
		return;
	}
	if (may_move && roam_start(&p->roam, &env->sink, now->mono_ns, from))
		send_challenge(env, p, now);
}

/* Sessions. */

static void
session_made(const struct peer_env *env, struct peer *p, const struct now *now)
{
	p->jitter_ns = random_below(env, PEER_JITTER_NS);
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
	forget_pending(env, p);
	timers_stop(&p->timers, TIMER_RETRY);
	p->attempts = 0;
	p->crossed = 0;
	p->slow = p->due = p->cipher_told = false;
	move_endpoint(env, p, from, p->keys.current);
	p->up = true;
	if (!was_up)
		peer_event(env, p, SINK_PEER_UP);
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
	forget_pending(env, p);
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
	if (why == DROP_NONE &&
	    !send_bytes(env, from, answer.msg, sizeof(answer.msg)))
		why = DROP_SEND_ROOM;
	if (why != DROP_NONE) {
		index_remove(&env->indices, fresh.index);
		goto out;
	}
	keys_add_next(&p->keys, &env->indices, &answer.keys, now->mono_ns);
	session_made(env, p, now);
	timers_authentic_sent(p, now);
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
	timers_authentic_received(p, now);
	if (!settle_crossing(env, p, now))
		return DROP_HANDSHAKE_CROSSED;

	const enum drop why = respond(env, p, now, from, hs, offer);
	if (why == DROP_HANDSHAKE_CIPHER && !p->cipher_told) {
		p->cipher_told = true;
		peer_event(env, p, SINK_PEER_CIPHER);
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

	if (why != DROP_NONE)
		return why;
	/* The index now names the session. */
	p->pending.index = 0;
	keys_add_current(&p->keys, &env->indices, &keys, now->mono_ns);
	suite_wipe(&keys, sizeof(keys));
	session_made(env, p, now);
	timers_authentic_received(p, now);
	session_established(env, p, now, from);
	send_first(env, p, now);
	timers_answer_expected(p, now);
	return DROP_NONE;
}

/* What transport messages hold. */

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
		slow_retry(env, p, now);
	if (p->up) {
		p->up = false;
		peer_event(env, p, SINK_PEER_CLOSED);
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
	send_text(env, p, now, &p->endpoint, ack, sizeof(ack));
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
	send_text(env, p, now, in->from, answer, sizeof(answer));
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
	move_endpoint(env, p, &to, s);
	return DROP_NONE;
}

static bool
text_is_data(const uint8_t *text, size_t len)
{
	return len > 0 && text[0] >= WIRE_FRAME && text[0] <= WIRE_FRAME_CSUM;
}

/* A flat switch over the kinds of content. */
static enum drop
take_content(struct peer_env *env, struct peer *p, const struct now *now,
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
	const bool data = text_is_data(text, opened.text_len);

	timers_authentic_received(p, now);
	if (keys_confirm(&p->keys, &env->indices, s)) {
		session_established(env, p, now, in->from);
		/* A CLOSE is not answered. */
		if (opened.text_len == 0 || text[0] != WIRE_CLOSE)
			send_first(env, p, now);
	} else if (s == p->keys.current) {
		notice_source(env, p, now, in->from,
		    opened.newest && (data || opened.text_len == 0));
	}
	if (data)
		timers_data_received(p, now);
	why = take_content(env, p, now, in, &opened, out);
	if (s == p->keys.current &&
	    session_wants_rekey_on_receipt(s, now->mono_ns))
		want_session(env, p, now);
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
	forget_pending(env, p);
	stage_drop(&p->stage, &env->pool, &env->drops, DROP_STAGE_EXPIRED);
	fragment_wipe(&p->fragments, &env->pool);
	suite_wipe(p, sizeof(*p));
}

static bool
addrs_equal(const struct peer *p, const struct addr *addrs, unsigned int count)
{
	bool same = count == p->configured_count;

	for (unsigned int i = 0; same && i < count; i++)
		same = addr_equal(&addrs[i], &p->configured[i]);
	return same;
}

void
peer_resolved(struct peer_env *env, struct peer *p, const struct now *now,
    const struct addr *addrs, unsigned int count)
{
	const unsigned int kept = (unsigned int)size_min(count, PEER_ADDRS_MAX);
	const bool same = addrs_equal(p, addrs, kept);

	memcpy(p->configured, addrs, kept * sizeof(*addrs));
	p->configured_count = kept;
	if (peer_is_up(p, now))
		return;
	if (!timers_armed(&p->timers, TIMER_RETRY)) {
		want_session_now(env, p, now);
	} else if (!same) {
		/* An odd attempt goes to a configured address. */
		p->attempts |= 1;
		initiate(env, p, now);
	}
}

void
peer_stamp_stored(struct peer_env *env, struct peer *p, const struct now *now)
{
	/* The attempt is counted already. */
	const unsigned int n = p->attempts > 0 ? p->attempts - 1 : 0;
	struct path to;

	if (p->due && choose_target(p, n, &to))
		send_initiation(env, p, now, &to);
}

void
peer_network_changed(
    struct peer_env *env, struct peer *p, const struct now *now)
{
	p->endpoint.local = nowhere.local;
	roam_stop(&p->roam);
	timers_stop(&p->timers, TIMER_ROAM);
	if (p->keys.current != NULL)
		path_begin(env, p, p->keys.current);
	want_session_now(env, p, now);
}

void
peer_restart(struct peer_env *env, struct peer *p, const struct now *now)
{
	keys_wipe(&p->keys, &env->indices);
	forget_pending(env, p);
	want_session_now(env, p, now);
}

void
peer_close(struct peer_env *env, struct peer *p, const struct now *now)
{
	static const uint8_t text[] = { WIRE_CLOSE };
	struct session *s = peer_current(p, now);

	if (s != NULL) {
		const struct transmit t = transmit_to(env, p, s, &p->endpoint);
		drop_add(&env->drops, transmit_text(&t, text, sizeof(text)));
	}
	keys_wipe(&p->keys, &env->indices);
	forget_pending(env, p);
	timers_init(&p->timers);
	p->up = p->due = false;
}

static void
peer_fire(struct peer_env *env, struct peer *p, const struct now *now,
    enum timer timer)
{
	switch (timer) {
	case TIMER_RETRY:
		retry(env, p, now);
		break;
	case TIMER_KEEPALIVE:
	case TIMER_PERSISTENT:
		send_keepalive(env, p, now);
		break;
	case TIMER_ANSWER:
		p->endpoint.local = nowhere.local;
		peer_lost(env, p);
		want_session(env, p, now);
		break;
	case TIMER_WIPE:
		/* Not the pending handshake: after a sleep it is as young as
		 * this tick. */
		keys_wipe(&p->keys, &env->indices);
		peer_lost(env, p);
		break;
	case TIMER_ROAM:
		send_challenge(env, p, now);
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
