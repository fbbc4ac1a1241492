/* SPDX-License-Identifier: ISC */
#include "daemon/daemon.h"

#include <errno.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "core/node.h"
#include "daemon/ctl.h"
#include "daemon/floor.h"
#include "daemon/learned.h"
#include "daemon/lookup.h"
#include "daemon/status.h"
#include "daemon/uplink.h"
#include "os/errand.h"
#include "os/log.h"
#include "os/loop.h"
#include "os/mono.h"
#include "os/netif.h"
#include "os/netwatch.h"
#include "os/priv.h"
#include "os/sockaddr.h"
#include "os/udp.h"

enum {
	NODE_ALIGN = 64, /* what core/node.h asks for */
};

struct daemon {
	const struct conf *conf;
	struct netif_config netif_config;
	struct loop *loop;
	struct errand *names, *disk; /* a slow name server stalls no disk */
	struct floor floor;
	struct learned learned;
	struct udp *udp;
	struct uplink uplink;
	struct netif *netif;
	struct netwatch *netwatch;
	void *memory; /* holds the node, aligned */
	struct node *node;
	struct ctl *ctl;
	struct lookup_env lookup_env;
	struct lookup *lookups; /* one for each conf->peers */
	int *peers;             /* their numbers in the node */
	struct now now;         /* of this batch */
	uint64_t start_ns;
	struct drop_counts drops;      /* of the os modules */
	struct frame out[NETIF_BATCH]; /* frames for the host */
	int out_count;
	int exit_code;
};

/* Where a peer of the node stands in the configuration. */
static size_t
peer_place(const struct daemon *d, unsigned int number)
{
	size_t i = 0;

	while (i + 1 < d->conf->peer_count && d->peers[i] != (int)number)
		i++;
	return i;
}

/* The sink: what core asks of us. */

static uint8_t *
sink_reserve(void *ctx, const struct path *to, size_t len)
{
	struct daemon *d = ctx;

	return udp_reserve(d->udp, to, len);
}

static void
sink_commit(void *ctx, size_t len)
{
	struct daemon *d = ctx;

	udp_commit(d->udp, len);
}

static void
flush_frames(struct daemon *d)
{
	if (d->out_count > 0)
		netif_send(d->netif, d->out, d->out_count);
	d->out_count = 0;
}

static void
sink_deliver(void *ctx, const struct frame *f)
{
	struct daemon *d = ctx;

	if (d->out_count == NETIF_BATCH)
		flush_frames(d);
	d->out[d->out_count++] = *f;
}

static bool
sink_stamp_store(void *ctx, uint64_t floor)
{
	struct daemon *d = ctx;

	floor_store(&d->floor, floor);
	return false; /* stamp_stored tells */
}

static uint32_t
sink_link_mtu(void *ctx, const struct path *to)
{
	const struct daemon *d = ctx;

	return udp_link_mtu(d->udp, to);
}

static void
sink_random(void *ctx, uint8_t *out, size_t len)
{
	(void)ctx;
	randombytes_buf(out, len);
}

/* One line for each edge; a flat switch. */
static void
sink_event(void *ctx, const struct sink_event *e)
{
	struct daemon *d = ctx;
	const size_t i = peer_place(d, e->peer);
	const char *name =
	    d->conf->peer_count == 0 ? "" : d->conf->peers[i].name;
	char text[SOCKADDR_TEXT_MAX];

	(void)sockaddr_text(&e->path.remote, text);
	switch (e->kind) {
	case SINK_PEER_UP:
		log_info("peer=%s up endpoint=%s", name, text);
		learned_note(&d->learned);
		break;
	case SINK_PEER_LOST:
		log_warn(
		    "peer=%s lost reason=no-answer endpoint=%s", name, text);
		break;
	case SINK_PEER_CLOSED:
		log_info("peer=%s closed reason=it-stops", name);
		break;
	case SINK_PEER_MOVED:
		log_info("peer=%s moved endpoint=%s", name, text);
		learned_note(&d->learned);
		break;
	case SINK_PEER_RESOLVE:
		lookup_again(&d->lookups[i]);
		break;
	case SINK_PEER_CIPHER:
		log_warn("peer=%s refused reason=no-common-cipher", name);
		break;
	case SINK_PATH_SMALL:
		log_warn("peer=%s small-path endpoint=%s "
			 "reason=interface-mtu-below-576",
		    name, text);
		break;
	case SINK_CLOCK_JUMP:
		log_warn("all sessions begin anew reason=clock-jump");
		break;
	case SINK_EVENT_COUNT:
		break;
	}
}

/* What comes back from the errand threads. */

static void
stamp_stored(void *ctx, uint64_t floor)
{
	struct daemon *d = ctx;

	d->now = mono_now();
	node_stamp_stored(d->node, &d->now, floor);
}

static void
address_found(void *ctx, int peer, const struct addr *addrs, int count)
{
	struct daemon *d = ctx;

	d->now = mono_now();
	node_peer_resolved(d->node, &d->now, peer, addrs, count);
}

/* The loop. */

/* After each batch: frames to the host, then what the node kept for them. */
static uint64_t
end_batch(struct daemon *d)
{
	flush_frames(d);
	return node_tick(d->node, &d->now);
}

/* Takes one batch from the LAN port; true if there may be more. */
static bool
take_lan(struct daemon *d)
{
	struct frame batch[NETIF_BATCH];
	const int n = netif_recv(d->netif, batch, NETIF_BATCH);

	if (n < 0) {
		log_error("interface %s is gone: %s", netif_name(d->netif),
		    strerror(errno));
		d->exit_code = EXIT_FAILURE;
		loop_stop(d->loop);
		return false;
	}
	node_lan_in(d->node, &d->now, batch, n);
	return n == NETIF_BATCH;
}

/* The same from a socket. */
static bool
take_udp(struct daemon *d, int which)
{
	struct udp_dgram batch[UDP_BATCH];
	const int n = udp_recv(d->udp, which, batch, UDP_BATCH);

	for (int i = 0; i < n; i++)
		node_dgram_in(d->node, &d->now, &batch[i].from, batch[i].data,
		    batch[i].len);
	(void)end_batch(d);
	return n == UDP_BATCH;
}

/* What the host answers leaves between two batches: waiting for the last
 * would hold up the acknowledgements of TCP. */
static void
read_udp(struct daemon *d, int which)
{
	d->now = mono_now();
	for (int i = 1;
	     take_udp(d, which) && (i < DAEMON_BATCHES || udp_more(d->udp));
	     i++) {
		(void)take_lan(d);
		udp_flush(d->udp);
	}
}

static void
on_udp0(void *ctx)
{
	read_udp(ctx, 0);
}

static void
on_udp1(void *ctx)
{
	read_udp(ctx, 1);
}

static void
on_netif(void *ctx)
{
	struct daemon *d = ctx;

	d->now = mono_now();
	for (int i = 0; i < DAEMON_BATCHES && take_lan(d); i++)
		continue;
}

static void
on_stop(void *ctx)
{
	struct daemon *d = ctx;

	loop_stop(d->loop);
}

static void
on_hangup(void *ctx)
{
	(void)ctx;
	log_warn("SIGHUP: no reload yet; restart to read the configuration");
}

static void
on_refused(void *ctx, const struct path *to, size_t len)
{
	struct daemon *d = ctx;

	node_dgram_refused(d->node, to, len);
}

/* Addresses or routes of this machine changed, or it slept: whatever was known
 * of the world is asked again. */
static void
on_network(void *ctx, bool woke)
{
	struct daemon *d = ctx;

	log_info("network changed reason=%s", woke ? "woke-up" : "system");
	d->now = mono_now();
	netif_check(d->netif, woke);
	uplink_reopen(&d->uplink, d->now.mono_ns);
	for (size_t i = 0; i < d->conf->peer_count; i++)
		lookup_again(&d->lookups[i]);
	node_network_changed(d->node, &d->now);
}

static struct learned_peers
peers_of(const struct daemon *d)
{
	return (struct learned_peers){
		.conf = d->conf,
		.node = d->node,
		.numbers = d->peers,
	};
}

/* The interface, which may come back under another name; a network card's
 * changes are the machine's. Both clocks are read together, lest a pause in
 * between look like sleep. */
static uint64_t
tick_system(struct daemon *d)
{
	const bool own = d->conf->netif.mode != NETIF_BRIDGED;
	const uint64_t mono_ns = mono_now().mono_ns;
	const uint64_t awake_ns = mono_awake_ns();
	uint64_t next = netif_tick(d->netif, awake_ns);

	if (next != NEVER)
		next = mono_ns + (next > awake_ns ? next - awake_ns : 0);
	netwatch_ignore(d->netwatch, own ? netif_name(d->netif) : "");
	next = u64_min(next, netwatch_tick(d->netwatch, mono_ns, awake_ns));
	return u64_min(next, uplink_tick(&d->uplink, mono_ns));
}

static uint64_t
turn(void *ctx)
{
	struct daemon *d = ctx;
	const struct learned_peers peers = peers_of(d);
	uint64_t next;

	d->now = mono_now();
	next = u64_min(end_batch(d), ctl_tick(d->ctl, d->now.mono_ns));
	next = u64_min(next, learned_tick(&d->learned, &peers, &d->now));
	next = u64_min(next, tick_system(d));
	next = u64_min(next,
	    lookup_tick(d->lookups, d->conf->peer_count, &d->lookup_env,
		d->now.mono_ns));
	udp_flush(d->udp);
	return next;
}

static bool
answer(void *ctx, const char *request, FILE *to)
{
	struct daemon *d = ctx;
	struct status_source s = {
		.conf = d->conf,
		.node = d->node,
		.os_drops = &d->drops,
		.netif_name = netif_name(d->netif),
		.netif_counts = netif_count(d->netif),
		.port = udp_port(d->udp),
		.peers = d->peers,
		.lookups = d->lookups,
		.start_ns = d->start_ns,
	};
	const struct now now = mono_now();

	netif_mac(d->netif, s.mac);
	if (strcmp(request, "status") == 0)
		status_text(to, &s, &now);
	else if (strcmp(request, "status json") == 0)
		status_json(to, &s, &now);
	else
		return false;
	return true;
}

/* Start and stop. */

/* A lasting address without a setting: it follows from the public key. */
static void
derive_mac(uint8_t mac[static FRAME_MAC_LEN], const struct conf *c)
{
	uint8_t hash[SUITE_KEY_LEN];

	suite_hash32(hash, "lansplice mac", c->public_key, NULL);
	memcpy(mac, hash, FRAME_MAC_LEN);
	mac[0] = (uint8_t)((mac[0] & ~3u) | 2u); /* local, not a group */
}

/* The LAN that vmnet makes is always the same one: a UUID (RFC 9562, version
 * 8), which follows from the public key as well. */
static void
derive_id(uint8_t id[static NETIF_ID_LEN], const struct conf *c)
{
	uint8_t hash[SUITE_KEY_LEN];

	suite_hash32(hash, "lansplice vmnet", c->public_key, NULL);
	memcpy(id, hash, NETIF_ID_LEN);
	id[6] = (uint8_t)((id[6] & 0x0fu) | 0x80u);
	id[8] = (uint8_t)((id[8] & 0x3fu) | 0x80u);
}

static struct node_config
make_node_config(const struct daemon *d, uint64_t floor)
{
	const struct conf *c = d->conf;
	struct node_config n = {
		.ciphers = c->ciphers,
		.mtu = (uint16_t)c->netif.mtu,
		.dgram_max = UDP_DGRAM_MAX,
		.port = udp_port(d->udp),
		.max_peers = c->max_peers,
		.memory = c->memory,
		.mss_clamp = c->mss_clamp,
		.forward = c->forward,
		.stamp_floor = floor,
	};

	memcpy(n.private_key, c->private_key, SUITE_KEY_LEN);
	if (c->has_network_key)
		suite_hash32(n.network_id, "", c->network_key, NULL);
	return n;
}

static uint8_t *
align_node(uint8_t *p)
{
	return p + (NODE_ALIGN - (uintptr_t)p % NODE_ALIGN) % NODE_ALIGN;
}

static int
open_node(struct daemon *d, uint64_t floor)
{
	struct node_config c = make_node_config(d, floor);
	int status = -1;

	c.sink = (struct sink){
		.ctx = d,
		.dgram_reserve = sink_reserve,
		.dgram_commit = sink_commit,
		.frame_deliver = sink_deliver,
		.stamp_store = sink_stamp_store,
		.link_mtu = sink_link_mtu,
		.random = sink_random,
		.event = sink_event,
	};
	d->now = mono_now();
	/* calloc's pages are the system's zeros: what is not used takes no
	 * memory. */
	d->memory = calloc(1, node_size(&c) + NODE_ALIGN);
	if (d->memory == NULL) {
		log_error("no memory for %u peers", c.max_peers);
		goto out;
	}
	d->node = (struct node *)(void *)align_node(d->memory);
	priv_lock(d->node, node_secret_size(&c));
	if (node_init(d->node, &c, &d->now) == DROP_NONE) {
		status = 0;
	} else {
		log_error("private_key_file: the key is unusable");
		errno = EINVAL;
	}
out:
	suite_wipe(&c, sizeof(c));
	return status;
}

static int
add_peers(struct daemon *d)
{
	for (size_t i = 0; i < d->conf->peer_count; i++) {
		const struct conf_peer *c = &d->conf->peers[i];
		struct node_peer_config n = { .keepalive_s = c->keepalive_s };

		memcpy(n.public_key, c->public_key, SUITE_KEY_LEN);
		memcpy(n.psk, c->psk, SUITE_KEY_LEN);
		d->peers[i] = node_peer_add(d->node, &d->now, &n);
		suite_wipe(&n, sizeof(n));
		if (d->peers[i] < 0) {
			log_error("peer=%s cannot be added", c->name);
			errno = EINVAL;
			return -1;
		}
		lookup_init(&d->lookups[i], &d->lookup_env, c, d->peers[i]);
	}
	const struct learned_peers peers = peers_of(d);
	learned_load(&d->learned, &peers, &d->now);
	for (size_t i = 0; i < d->conf->peer_count; i++)
		lookup_start(&d->lookups[i]);
	return 0;
}

static int
watch(struct daemon *d)
{
	udp_on_refused(d->udp, on_refused, d);
	d->uplink = (struct uplink){
		.udp = d->udp,
		.loop = d->loop,
		.read = { on_udp0, on_udp1 },
		.ctx = d,
	};
	if (uplink_watch(&d->uplink) == 0 &&
	    netif_watch(d->netif, on_netif, d) == 0)
		return 0;
	log_error("the main loop cannot watch: %s", strerror(errno));
	return -1;
}

/* Signals are taken first, so that one during the start cleans up too. That
 * nobody reads the log any more is no reason to end (SIGPIPE). */
static int
open_loop(struct daemon *d)
{
	(void)signal(SIGPIPE, SIG_IGN);
	d->loop = loop_open();
	if (d->loop == NULL ||
	    loop_add_signal(d->loop, SIGTERM, on_stop, d) != 0 ||
	    loop_add_signal(d->loop, SIGINT, on_stop, d) != 0 ||
	    loop_add_signal(d->loop, SIGHUP, on_hangup, d) != 0)
		goto fail;
	d->names = errand_open(d->loop);
	d->disk = errand_open(d->loop);
	d->lookup_env.errand = d->names;
	if (d->names != NULL && d->disk != NULL)
		return 0;
fail:
	log_error("the main loop cannot start: %s", strerror(errno));
	return -1;
}

static int
open_lan(struct daemon *d)
{
	d->netif_config = d->conf->netif;
	d->netif_config.drops = &d->drops;
	if (!d->netif_config.has_mac)
		derive_mac(d->netif_config.mac, d->conf);
	derive_id(d->netif_config.id, d->conf);
	d->netif = netif_open(&d->netif_config, d->loop);
	return d->netif == NULL ? -1 : 0;
}

/* What is refused most often comes first. Every failure has left its one log
 * line. */
static int
daemon_open(struct daemon *d)
{
	const struct conf *c = d->conf;
	const struct udp_config udp = {
		.port = c->port,
		.local = c->local,
		.drops = &d->drops,
	};
	uint64_t floor;

	if (open_loop(d) != 0)
		return -1;
	d->ctl = ctl_open(c->socket, d->loop, answer, d);
	if (d->ctl == NULL)
		return -1;
	d->udp = udp_open(&udp);
	if (d->udp == NULL || open_lan(d) != 0 ||
	    floor_open(&d->floor, c->state_dir, c->public_key, &floor) != 0)
		return -1;
	floor_attach(&d->floor, d->disk, stamp_stored, d);
	if (learned_open(&d->learned, d->floor.path, c->peer_count, d->disk) !=
	    0)
		return -1;
	if (open_node(d, floor) != 0 || watch(d) != 0)
		return -1;
	d->netwatch = netwatch_open(d->loop, on_network, d);
	if (d->netwatch == NULL)
		return -1;
	return add_peers(d);
}

static void
daemon_close(struct daemon *d)
{
	if (d->node != NULL && d->udp != NULL && d->netif != NULL) {
		d->now = mono_now();
		node_stop(d->node, &d->now);
		udp_flush(d->udp);
		const struct learned_peers peers = peers_of(d);
		learned_flush(&d->learned, &peers, &d->now);
	}
	if (d->names != NULL)
		errand_close(d->names);
	if (d->disk != NULL)
		errand_close(d->disk);
	if (d->ctl != NULL)
		ctl_close(d->ctl);
	netwatch_close(d->netwatch);
	if (d->netif != NULL)
		netif_close(d->netif);
	if (d->udp != NULL)
		udp_close(d->udp);
	if (d->node != NULL)
		node_wipe(d->node);
	free(d->memory);
	if (d->loop != NULL)
		loop_close(d->loop);
}

/* A name server or a disk that hangs keeps its job beyond errand_close; what
 * that thread may still write to stays until the process ends. */
static bool
errand_hangs(const struct daemon *d)
{
	bool busy = d->floor.job.busy || d->learned.job.busy;

	for (size_t i = 0; i < d->conf->peer_count; i++)
		busy |= d->lookups[i].job.busy;
	return busy;
}

static int
exit_code_of(int error)
{
	return error == EPERM || error == EACCES ? EX_NOPERM : EXIT_FAILURE;
}

static int
daemon_loop(struct daemon *d)
{
	d->start_ns = d->now.mono_ns;
	log_info("up interface=%s port=%u peers=%zu", netif_name(d->netif),
	    udp_port(d->udp), d->conf->peer_count);
	if (loop_run(d->loop, turn, d) != 0) {
		log_error("the main loop failed: %s", strerror(errno));
		return EXIT_FAILURE;
	}
	log_info("down interface=%s", netif_name(d->netif));
	return d->exit_code;
}

int
daemon_run(const struct conf *conf)
{
	struct daemon *d = calloc(1, sizeof(*d));
	struct lookup *lookups = calloc(conf->peer_count + 1, sizeof(*lookups));
	int *peers = calloc(conf->peer_count + 1, sizeof(*peers));
	int status = EXIT_FAILURE;

	if (d == NULL || lookups == NULL || peers == NULL) {
		log_error("no memory for %zu peers", conf->peer_count);
		goto out;
	}
	d->conf = conf;
	d->lookups = lookups;
	d->peers = peers;
	d->lookup_env = (struct lookup_env){
		.found = address_found,
		.netif = &conf->netif,
		.ctx = d,
		.again_ns = NEVER,
	};
	if (daemon_open(d) != 0)
		status = exit_code_of(errno);
	else
		status = daemon_loop(d);
	daemon_close(d);
	if (errand_hangs(d))
		return status;
	learned_close(&d->learned);
out:
	free(lookups);
	free(peers);
	free(d);
	return status;
}
