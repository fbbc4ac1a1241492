/* SPDX-License-Identifier: ISC */
#include "daemon/status.h"

#include <inttypes.h>
#include <stdbool.h>

#include "core/drop.h"
#include "core/suite.h"
#include "daemon/key.h"
#include "os/sockaddr.h"

enum {
	STATUS_MACS_TEXT = 16, /* stations listed a peer, for people */
	STATUS_QUANTITY_MAX = 32,
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
put_station(void *ctx, const struct fdb_station *s)
{
	struct station_list *l = ctx;

	if (s->port != l->port)
		return;
	l->count++;
	if (!l->json && l->count > STATUS_MACS_TEXT)
		return;
	fputs(l->count == 1 ? "" : l->json ? "," : " ", l->to);
	fputs(l->json ? "{\"mac\":\"" : "", l->to);
	put_mac(l->to, s->mac);
	if (l->json)
		fprintf(l->to, "\",\"vlan\":%u,\"age_s\":%" PRIu64 "}", s->vlan,
		    s->age_ns / SEC(1));
	else if (s->vlan != 0)
		fprintf(l->to, "/%u", s->vlan);
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
		fprintf(to, " and %u more", n - STATUS_MACS_TEXT);
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

static void
text_peer(
    FILE *to, const struct status_source *s, const struct now *now, size_t i)
{
	const struct conf_peer *c = &s->conf->peers[i];
	struct node_peer_status st;
	char text[SOCKADDR_TEXT_MAX], n[STATUS_QUANTITY_MAX];

	if (!node_peer_status(s->node, now, s->peers[i], &st))
		return;
	fprintf(to, "peer %s\n  state     ", c->name);
	text_state(to, &st, now);
	fputs("  key       ", to);
	put_key(to, c->public_key);
	if (addr_is_set(&st.endpoint.remote))
		fprintf(to, "\n  endpoint  %s, datagrams up to %" PRIu32 "\n",
		    sockaddr_text(&st.endpoint.remote, text), st.path_size);
	else if (c->has_endpoint)
		fprintf(to, "\n  endpoint  %s port %u, no answer yet\n",
		    c->endpoint.host, c->endpoint.port);
	else
		fputs("\n  endpoint  none: it has to call us\n", to);
	fprintf(to, "  received  %" PRIu64 " frames, %s\n", st.rx_frames,
	    bytes_text(st.rx_bytes, n));
	fprintf(to, "  sent      %" PRIu64 " frames, %s\n", st.tx_frames,
	    bytes_text(st.tx_bytes, n));
	text_macs(to, s, now, port_of(s, i));
}

static uint64_t
dropped(const struct status_source *s, int reason)
{
	return node_drops(s->node)->n[reason] + s->os_drops->n[reason];
}

void
status_text(FILE *to, const struct status_source *s, const struct now *now)
{
	bool any = false;

	text_interface(to, s, now);
	for (size_t i = 0; i < s->conf->peer_count; i++) {
		fputc('\n', to);
		text_peer(to, s, now, i);
	}
	for (int i = DROP_NONE + 1; i < DROP_COUNT; i++) {
		const uint64_t n = dropped(s, i);

		if (n == 0)
			continue;
		fputs(any ? "" : "\ndropped (lansplice(8) explains)\n", to);
		any = true;
		fprintf(
		    to, "  %-22s %" PRIu64 "\n", drop_name((enum drop)i), n);
	}
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
	fputs("]", to);
	json_macs(to, s, now, FDB_PORT_LAN);
	fputs("}", to);
}

/* Times are seconds ago; null means never. */
static void
json_ago(FILE *to, const char *name, uint64_t at_ns, const struct now *now)
{
	if (at_ns == 0)
		fprintf(to, ",\"%s\":null", name);
	else
		fprintf(to, ",\"%s\":%" PRIu64, name,
		    (now->mono_ns - at_ns) / SEC(1));
}

static void
json_peer(
    FILE *to, const struct status_source *s, const struct now *now, size_t i)
{
	const struct conf_peer *c = &s->conf->peers[i];
	struct node_peer_status st;
	char text[SOCKADDR_TEXT_MAX];

	if (!node_peer_status(s->node, now, s->peers[i], &st))
		return;
	fprintf(to, "%s{", i == 0 ? "" : ",");
	json_string(to, "name", c->name);
	fputs(",\"public_key\":\"", to);
	put_key(to, c->public_key);
	fprintf(to, "\",\"up\":%s,", st.up ? "true" : "false");
	if (addr_is_set(&st.endpoint.remote))
		json_string(
		    to, "endpoint", sockaddr_text(&st.endpoint.remote, text));
	else
		fputs("\"endpoint\":null", to);
	if (st.up) {
		fputc(',', to);
		json_string(to, "cipher", suite_cipher_name(st.cipher));
	} else {
		fputs(",\"cipher\":null", to);
	}
	fprintf(
	    to, ",\"handshake_time\":%" PRIu64, st.handshake_wall_ns / SEC(1));
	json_ago(to, "handshake_age_s", st.handshake_mono_ns, now);
	json_ago(to, "heard_age_s", st.heard_mono_ns, now);
	fprintf(to,
	    ",\"path_size\":%" PRIu32 ",\"staged\":%u,\"rx_frames\":%" PRIu64
	    ",\"rx_bytes\":%" PRIu64 ",\"tx_frames\":%" PRIu64
	    ",\"tx_bytes\":%" PRIu64,
	    st.path_size, st.staged, st.rx_frames, st.rx_bytes, st.tx_frames,
	    st.tx_bytes);
	json_macs(to, s, now, port_of(s, i));
	fputc('}', to);
}

void
status_json(FILE *to, const struct status_source *s, const struct now *now)
{
	const char *comma = "";

	fprintf(to, "{\"uptime_s\":%" PRIu64 ",\"port\":%u,\"public_key\":\"",
	    (now->mono_ns - s->start_ns) / SEC(1), s->port);
	put_key(to, s->conf->public_key);
	fputs("\",", to);
	json_interface(to, s, now);
	fputs(",\"peers\":[", to);
	for (size_t i = 0; i < s->conf->peer_count; i++)
		json_peer(to, s, now, i);
	fputs("],\"drops\":{", to);
	for (int i = DROP_NONE + 1; i < DROP_COUNT; i++) {
		const uint64_t n = dropped(s, i);

		if (n == 0)
			continue;
		fprintf(
		    to, "%s\"%s\":%" PRIu64, comma, drop_name((enum drop)i), n);
		comma = ",";
	}
	fputs("}}\n", to);
}
