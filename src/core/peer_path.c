/* SPDX-License-Identifier: ISC */
#include "core/peer_path.h"

#include "core/peer_send.h"
#include "core/wire.h"

void
peer_path_begin(
    const struct peer_env *env, struct peer *p, const struct session *s)
{
	const struct addr *remote = &p->endpoint.remote;
	const uint32_t mtu = env->sink.link_mtu(env->sink.ctx, &p->endpoint);

	pmtu_init(
	    &p->pmtu, (enum addr_family)remote->family, mtu, s->dgram_max);
	if (remote->family == ADDR_IPV4 && mtu != 0 && mtu < PMTU_LINK_MIN_IPV4)
		peer_state_event(env, p, SINK_PATH_SMALL);
}

void
peer_path_move(const struct peer_env *env, struct peer *p,
    const struct path *to, const struct session *s)
{
	const bool known = addr_is_set(&p->endpoint.remote);
	const bool same = addr_equal(&p->endpoint.remote, &to->remote);

	roam_stop(&p->roam);
	timers_stop(&p->timers, TIMER_ROAM);
	p->endpoint = *to;
	if (same && p->pmtu.size != 0)
		return;
	peer_path_begin(env, p, s);
	if (known && p->up)
		peer_state_event(env, p, SINK_PEER_MOVED);
}

void
peer_path_challenge(struct peer_env *env, struct peer *p, const struct now *now)
{
	uint8_t text[WIRE_PATH_LEN];

	if (!roam_next(&p->roam, now->mono_ns))
		return;
	wire_put_path(text, WIRE_PATH_CHALLENGE, p->roam.challenge);
	timers_arm(&p->timers, TIMER_ROAM, now->mono_ns + ROAM_INTERVAL);
	peer_send_text(env, p, now, &p->roam.candidate, text, sizeof(text));
}

void
peer_path_notice(struct peer_env *env, struct peer *p, const struct now *now,
    const struct path *from, bool may_move)
{
	if (addr_equal(&from->remote, &p->endpoint.remote)) {
		p->endpoint.local = from->local;
		return;
	}
	if (may_move && roam_start(&p->roam, &env->sink, now->mono_ns, from))
		peer_path_challenge(env, p, now);
}
