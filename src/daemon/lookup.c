/* SPDX-License-Identifier: ISC */
#include "daemon/lookup.h"

#include "os/log.h"
#include "os/mono.h"
#include "os/sockaddr.h"

/* On the errand thread. */
static void
lookup_work(struct errand_job *job)
{
	struct lookup *l = (struct lookup *)job;

	l->count = resolve_lookup(&l->endpoint, l->addrs, &l->reason);
}

static bool
in_own_network(const struct lookup *l, const struct addr *a)
{
	const struct netif_config *c = l->env->netif;

	for (unsigned int i = 0; i < c->addr_count; i++)
		if (addr_in_network(a, &c->addrs[i].ip, c->addrs[i].prefix))
			return true;
	return false;
}

/* Removes what would be a tunnel through itself; *refused is one of them. */
static void
lookup_filter(struct lookup *l, struct addr *refused)
{
	int kept = 0;

	for (int i = 0; i < l->count; i++)
		if (in_own_network(l, &l->addrs[i]))
			*refused = l->addrs[i];
		else
			l->addrs[kept++] = l->addrs[i];
	l->count = kept;
}

/* Numeric addresses do not get better by asking again. */
static void
lookup_retry_later(struct lookup *l)
{
	struct addr numeric;

	if (resolve_numeric(&l->endpoint, &numeric))
		return;
	l->again_ns = mono_now().mono_ns + LOOKUP_PAUSE;
	l->env->again_ns = u64_min(l->env->again_ns, l->again_ns);
}

/* A name may be looked up for ever, so trouble is told when it begins. */
static void
lookup_done(struct errand_job *job)
{
	struct lookup *l = (struct lookup *)job;
	const bool told = l->trouble != NULL;
	struct addr refused = { .family = ADDR_NONE };
	char text[SOCKADDR_TEXT_MAX];

	l->trouble = NULL;
	if (l->count < 0) {
		l->trouble = l->reason;
		if (!told)
			log_warn("peer=%s name=%s not-found reason=\"%s\"",
			    l->name, l->endpoint.host, l->reason);
		lookup_retry_later(l);
		return;
	}
	lookup_filter(l, &refused);
	if (addr_is_set(&refused)) {
		l->trouble = "its address is inside the tunnel";
		if (!told)
			log_warn("peer=%s endpoint=%s refused "
				 "reason=inside-the-tunnel",
			    l->name, sockaddr_text(&refused, text));
	}
	if (l->count > 0)
		l->env->found(l->env->ctx, l->peer, l->addrs, l->count);
	else
		lookup_retry_later(l);
}

void
lookup_init(struct lookup *l, struct lookup_env *env, const struct conf_peer *c,
    int peer)
{
	*l = (struct lookup){
		.job = { .work = lookup_work, .done = lookup_done },
		.env = env,
		.name = c->name,
		.peer = peer,
		.endpoint = c->endpoint,
		.again_ns = NEVER,
	};
}

void
lookup_start(struct lookup *l)
{
	if (l->endpoint.host[0] == '\0')
		return;
	if (resolve_numeric(&l->endpoint, &l->addrs[0])) {
		l->count = 1;
		lookup_done(&l->job);
	} else {
		(void)errand_submit(l->env->errand, &l->job);
	}
}

void
lookup_again(struct lookup *l)
{
	struct addr numeric;

	if (l->endpoint.host[0] != '\0' &&
	    !resolve_numeric(&l->endpoint, &numeric))
		(void)errand_submit(l->env->errand, &l->job);
}

uint64_t
lookup_tick(
    struct lookup *all, size_t count, struct lookup_env *env, uint64_t now_ns)
{
	if (now_ns < env->again_ns)
		return env->again_ns;
	env->again_ns = NEVER;
	for (size_t i = 0; i < count; i++) {
		if (now_ns >= all[i].again_ns) {
			all[i].again_ns = NEVER;
			lookup_again(&all[i]);
		}
		env->again_ns = u64_min(env->again_ns, all[i].again_ns);
	}
	return env->again_ns;
}
