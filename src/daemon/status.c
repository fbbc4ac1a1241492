/* SPDX-License-Identifier: ISC */
#include "daemon/status.h"

#include <inttypes.h>
#include <stdbool.h>

#include "core/drop.h"
#include "core/suite.h"
#include "daemon/key.h"
#include "os/sockaddr.h"

enum {
	STATUS_MACS_TEXT = 15, /* stations listed a peer, for people */
	STATUS_MACS_LINE = 3,  /* of them on a line; they may have a VLAN */
	STATUS_QUANTITY_MAX = 32,
};

/* What a counter says about a tunnel that does not come up, in a few words;
 * lansplice(8) has more. */
static const char *const hints[DROP_COUNT] = {
	[DROP_MAC1] = "a caller's key for us, or network key, differs",
	[DROP_HANDSHAKE_OPEN] = "the psk_file of a peer differs from ours",
	[DROP_HANDSHAKE_PEER] = "a caller's public key is no peer's here",
	[DROP_HANDSHAKE_STALE] = "a copy, or two machines have one key",
	[DROP_HANDSHAKE_CIPHER] = "one side pins a cipher",
	[DROP_FRAME_OWN_TUNNEL] = "the way to a peer leads into the tunnel",
	[DROP_NO_ENDPOINT] = "for a peer whose address is not known yet",
	[DROP_STAGE_EXPIRED] = "for a peer that does not answer",
	[DROP_POOL] = "raise the key memory",
	[DROP_SEND_ERROR] = "the system refused: no route, or a firewall",
};

/* The LAN and the peers, as node_each_station numbers ports. */
static int
port_of(const struct status_source *s, size_t i)
{
	return s->peers[i] + 1;
}

/* 1536 as "1.5 KiB". Returns out. */
static const char *
bytes_text(uint64_t n, char out[static STATUS_QUANTITY_MAX])
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	double v = (double)n;
	size_t unit = 0;

	while (v >= 1024 && unit + 1 < ARRAY_LEN(units)) {
		v /= 1024;
		unit++;
	}
	(void)snprintf(out, STATUS_QUANTITY_MAX,
	    unit == 0 ? "%.0f %s" : "%.1f %s", v, units[unit]);
	return out;
}

/* 90 s as "1 min 30 s". Returns out. */
static const char *
span_text(uint64_t ns, char out[static STATUS_QUANTITY_MAX])
{
	const uint64_t s = ns / SEC(1);

	if (s < 60)
		(void)snprintf(out, STATUS_QUANTITY_MAX, "%" PRIu64 " s", s);
	else if (s < 3600)
		(void)snprintf(out, STATUS_QUANTITY_MAX,
		    "%" PRIu64 " min %" PRIu64 " s", s / 60, s % 60);
	else
		(void)snprintf(out, STATUS_QUANTITY_MAX,
		    "%" PRIu64 " h %" PRIu64 " min", s / 3600, s / 60 % 60);
	return out;
}

static void
put_mac(FILE *to, const uint8_t *mac)
{
	fprintf(to, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
	    mac[3], mac[4], mac[5]);
}

static void
put_key(FILE *to, const uint8_t *key)
{
	char text[KEY_TEXT_LEN + 1];

	key_put(text, key);
	fputs(text, to);
}

/* Stations of one port. */
struct station_list {
	FILE *to;
	unsigned int port;
	unsigned int count;
	bool json;
};

static void
put_station_text(const struct station_list *l, const struct fdb_station *s)
{
	if (l->count > STATUS_MACS_TEXT)
		return;
	if (l->count > 1)
		fputs((l->count - 1) % STATUS_MACS_LINE == 0 ? "\n            "
							     : " ",
		    l->to);
	put_mac(l->to, s->mac);
	if (s->vlan != 0)
		fprintf(l->to, "/%u", s->vlan);
}

static void
put_station_json(const struct station_list *l, const struct fdb_station *s)
{
	fputs(l->count == 1 ? "{\"mac\":\"" : ",{\"mac\":\"", l->to);
	put_mac(l->to, s->mac);
	fprintf(l->to, "\",\"vlan\":%u,\"age_s\":%" PRIu64 "}", s->vlan,
	    s->age_ns / SEC(1));
}

static void
put_station(void *ctx, const struct fdb_station *s)
{
	struct station_list *l = ctx;

	if (s->port != l->port)
		return;
	l->count++;
	if (l->json)
		put_station_json(l, s);
	else
		put_station_text(l, s);
}

static unsigned int
put_stations(FILE *to, const struct status_source *s, const struct now *now,
    int port, bool json)
{
	struct station_list l = {
		.to = to, .port = (unsigned int)port, .json = json
	};

	node_each_station(s->node, now, put_station, &l);
	return l.count;
}

/* For people. */

static void
text_macs(
    FILE *to, const struct status_source *s, const struct now *now, int port)
{
	fputs("  MACs      ", to);
	const unsigned int n = put_stations(to, s, now, port, false);
	if (n > STATUS_MACS_TEXT)
		fprintf(to, "\n            and %u more", n - STATUS_MACS_TEXT);
	fputs(n == 0 ? "none learned\n" : "\n", to);
}

static void
text_interface(FILE *to, const struct status_source *s, const struct now *now)
{
	const struct netif_config *n = &s->conf->netif;
	char text[SOCKADDR_TEXT_MAX];

	fprintf(to, "interface %s\n  MAC       ", s->netif_name);
	put_mac(to, s->mac);
	fprintf(to, ", MTU %" PRIu32 "\n  address   ", n->mtu);
	for (unsigned int i = 0; i < n->addr_count; i++)
		fprintf(to, "%s%s/%u", i == 0 ? "" : ", ",
		    sockaddr_text(&n->addrs[i].ip, text), n->addrs[i].prefix);
	fputs(n->addr_count == 0 ? "none set by lansplice\n" : "\n", to);
	fprintf(to, "  UDP port  %u\n  key       ", s->port);
	put_key(to, s->conf->public_key);
	fputc('\n', to);
	if (s->netif_counts.restarts > 0)
		fprintf(to, "  restarts  %" PRIu64 ", see the log\n",
		    s->netif_counts.restarts);
	text_macs(to, s, now, FDB_PORT_LAN);
}

/* In plain words: does it work, and if not, since when. */
static void
text_state(FILE *to, const struct node_peer_status *st, const struct now *now)
{
	char span[STATUS_QUANTITY_MAX];

	if (st->up)
		fprintf(to, "up, %s, handshake %s ago",
		    suite_cipher_name(st->cipher),
		    span_text(now->mono_ns - st->handshake_mono_ns, span));
	else if (st->heard_mono_ns != 0)
		fprintf(to, "down, last heard %s ago",
		    span_text(now->mono_ns - st->heard_mono_ns, span));
	else
		fputs("down, never heard", to);
	if (st->staged > 0)
		fprintf(to, ", %u frames waiting", st->staged);
	fputc('\n', to);
}

/* Where the peer is; while that is not known, why. */
static void
text_endpoint(FILE *to, const struct status_source *s, size_t i,
    const struct node_peer_status *st)
{
	const struct conf_peer *c = &s->conf->peers[i];
	const char *trouble = s->lookups[i].trouble;
	char text[SOCKADDR_TEXT_MAX];

	if (addr_is_set(&st->endpoint.remote) && st->path_size == 0)
		fprintf(to, "%s before a restart, no answer yet",
		    sockaddr_text(&st->endpoint.remote, text));
	else if (addr_is_set(&st->endpoint.remote))
		fprintf(to, "%s, datagrams up to %" PRIu32,
		    sockaddr_text(&st->endpoint.remote, text), st->path_size);
	else if (c->has_endpoint)
		fprintf(to, "%s port %u: %s", c->endpoint.host,
		    c->endpoint.port,
		    trouble == NULL ? "no answer yet" : trouble);
	else
		fputs("none: it has to call us", to);
	fputc('\n', to);
}

static void
text_peer(
    FILE *to, const struct status_source *s, const struct now *now, size_t i)
{
	const struct conf_peer *c = &s->conf->peers[i];
	struct node_peer_status st;
	char n[STATUS_QUANTITY_MAX];

	if (!node_peer_status(s->node, now, s->peers[i], &st))
		return;
	fprintf(to, "\npeer %s\n  state     ", c->name);
	text_state(to, &st, now);
	fputs("  key       ", to);
	put_key(to, c->public_key);
	fputs("\n  endpoint  ", to);
	text_endpoint(to, s, i, &st);
	fprintf(to, "  received  %" PRIu64 " frames, %s\n", st.rx_frames,
	    bytes_text(st.rx_bytes, n));
	fprintf(to, "  sent      %" PRIu64 " frames, %s\n", st.tx_frames,
	    bytes_text(st.tx_bytes, n));
	text_macs(to, s, now, port_of(s, i));
}

/* A tunnel that never worked is what a newcomer looks at. */
static void
text_advice(FILE *to, const struct status_source *s, const struct now *now)
{
	struct node_peer_status st;

	for (size_t i = 0; i < s->conf->peer_count; i++)
		if (node_peer_status(s->node, now, s->peers[i], &st) &&
		    st.heard_mono_ns != 0)
			return;
	if (s->conf->peer_count > 0)
		fputs("\nNo peer was heard yet. Does its daemon run, does UDP "
		      "reach it through firewalls\nand routers, has each side "
		      "the other's public key? See its status too, and\n"
		      "\"If no ping comes back\" in lansplice(8).\n",
		    to);
}

static uint64_t
dropped(const struct status_source *s, int reason)
{
	return node_drops(s->node)->n[reason] + s->os_drops->n[reason];
}

static void
text_drops(FILE *to, const struct status_source *s)
{
	bool any = false;

	for (int i = DROP_NONE + 1; i < DROP_COUNT; i++) {
		const uint64_t n = dropped(s, i);

		if (n == 0)
			continue;
		fputs(any ? "" : "\ndropped (lansplice(8) explains)\n", to);
		any = true;
		fprintf(to, "  %-20s %8" PRIu64 "%s%s\n",
		    drop_name((enum drop)i), n, hints[i] == NULL ? "" : "  ",
		    hints[i] == NULL ? "" : hints[i]);
	}
}

void
status_text(FILE *to, const struct status_source *s, const struct now *now)
{
	text_interface(to, s, now);
	for (size_t i = 0; i < s->conf->peer_count; i++)
		text_peer(to, s, now, i);
	text_drops(to, s);
	text_advice(to, s, now);
}

/* For programs. */

/* Names are checked to be printable; quotes may still be among them. */
static void
json_string(FILE *to, const char *name, const char *value)
{
	fprintf(to, "\"%s\":\"", name);
	for (; *value != '\0'; value++) {
		if (*value == '"' || *value == '\\')
			fputc('\\', to);
		if ((unsigned char)*value < 0x20)
			fprintf(to, "\\u%04x", (unsigned char)*value);
		else
			fputc(*value, to);
	}
	fputc('"', to);
}

static void
json_macs(
    FILE *to, const struct status_source *s, const struct now *now, int port)
{
	fputs(",\"macs\":[", to);
	(void)put_stations(to, s, now, port, true);
	fputs("]", to);
}

static void
json_interface(FILE *to, const struct status_source *s, const struct now *now)
{
	const struct netif_config *n = &s->conf->netif;
	char text[SOCKADDR_TEXT_MAX];

	fputs("\"interface\":{", to);
	json_string(to, "name", s->netif_name);
	fputs(",\"mac\":\"", to);
	put_mac(to, s->mac);
	fprintf(to, "\",\"mtu\":%" PRIu32 ",\"addresses\":[", n->mtu);
	for (unsigned int i = 0; i < n->addr_count; i++)
		fprintf(to, "%s\"%s/%u\"", i == 0 ? "" : ",",
		    sockaddr_text(&n->addrs[i].ip, text), n->addrs[i].prefix);
	fprintf(to, "],\"restarts\":%" PRIu64 ",\"full\":%" PRIu64,
	    s->netif_counts.restarts, s->netif_counts.full);
	json_macs(to, s, now, FDB_PORT_LAN);
	fputs("}", to);
}

/* Times are in seconds; null means never. */
static void
json_seconds(FILE *to, const char *name, bool ever, uint64_t ns)
{
	if (ever)
		fprintf(to, ",\"%s\":%" PRIu64, name, ns / SEC(1));
	else
		fprintf(to, ",\"%s\":null", name);
}

static void
json_session(FILE *to, const struct node_peer_status *st, const struct now *now)
{
	char text[SOCKADDR_TEXT_MAX];

	fprintf(to, ",\"up\":%s,", st->up ? "true" : "false");
	if (addr_is_set(&st->endpoint.remote))
		json_string(
		    to, "endpoint", sockaddr_text(&st->endpoint.remote, text));
	else
		fputs("\"endpoint\":null", to);
	fputc(',', to);
	if (st->up)
		json_string(to, "cipher", suite_cipher_name(st->cipher));
	else
		fputs("\"cipher\":null", to);
	json_seconds(to, "handshake_time", st->handshake_wall_ns != 0,
	    st->handshake_wall_ns);
	json_seconds(to, "handshake_age_s", st->handshake_mono_ns != 0,
	    now->mono_ns - st->handshake_mono_ns);
	json_seconds(to, "heard_age_s", st->heard_mono_ns != 0,
	    now->mono_ns - st->heard_mono_ns);
}

static void
json_peer(FILE *to, const struct status_source *s, const struct now *now,
    size_t i, const struct node_peer_status *st)
{
	const struct conf_peer *c = &s->conf->peers[i];

	fputc('{', to);
	json_string(to, "name", c->name);
	fputs(",\"public_key\":\"", to);
	put_key(to, c->public_key);
	fputc('"', to);
	json_session(to, st, now);
	fprintf(to,
	    ",\"path_size\":%" PRIu32 ",\"staged\":%u,\"rx_frames\":%" PRIu64
	    ",\"rx_bytes\":%" PRIu64 ",\"tx_frames\":%" PRIu64
	    ",\"tx_bytes\":%" PRIu64,
	    st->path_size, st->staged, st->rx_frames, st->rx_bytes,
	    st->tx_frames, st->tx_bytes);
	json_macs(to, s, now, port_of(s, i));
	fputc('}', to);
}

static void
json_peers(FILE *to, const struct status_source *s, const struct now *now)
{
	struct node_peer_status st;
	const char *comma = "";

	fputs(",\"peers\":[", to);
	for (size_t i = 0; i < s->conf->peer_count; i++) {
		if (!node_peer_status(s->node, now, s->peers[i], &st))
			continue;
		fputs(comma, to);
		json_peer(to, s, now, i, &st);
		comma = ",";
	}
	fputc(']', to);
}

static void
json_drops(FILE *to, const struct status_source *s)
{
	const char *comma = "";

	fputs(",\"drops\":{", to);
	for (int i = DROP_NONE + 1; i < DROP_COUNT; i++) {
		const uint64_t n = dropped(s, i);

		if (n == 0)
			continue;
		fprintf(
		    to, "%s\"%s\":%" PRIu64, comma, drop_name((enum drop)i), n);
		comma = ",";
	}
	fputc('}', to);
}

void
status_json(FILE *to, const struct status_source *s, const struct now *now)
{
	fprintf(to, "{\"uptime_s\":%" PRIu64 ",\"port\":%u,\"public_key\":\"",
	    (now->mono_ns - s->start_ns) / SEC(1), s->port);
	put_key(to, s->conf->public_key);
	fputs("\",", to);
	json_interface(to, s, now);
	json_peers(to, s, now);
	json_drops(to, s);
	fputs("}\n", to);
}
