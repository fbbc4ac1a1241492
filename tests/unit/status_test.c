/* SPDX-License-Identifier: ISC */
/*
 * The status of a node that is connected to one peer, waits for the call of
 * another, and cannot find a third.
 */
#include "daemon/status.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "core/peer.h"
#include "daemon/key.h"
#include "net.h"
#include "os/sockaddr.h"

enum {
	PEERS = 3,
	DEPTH_MAX = 8, /* of what is nested in the JSON */
	STATIONS = 1000,
};

struct fixture {
	struct net *net;
	struct net_host *a, *b, *c, *d;
	struct conf conf;
	struct conf_peer conf_peers[PEERS];
	struct lookup lookups[PEERS];
	int peers[PEERS];
	struct drop_counts drops;
	struct status_source source;
	char *text; /* the last status */
};

static void
add_address(struct fixture *f, const char *text, uint8_t prefix)
{
	struct netif_config *n = &f->conf.netif;
	struct ifconf_addr *a = &n->addrs[n->addr_count++];

	assert_int_equal(sockaddr_parse(&a->ip, text), 0);
	a->prefix = prefix;
}

/* The configuration's order is not the node's. */
static void
add_peer(struct fixture *f, const char *name, const struct net_host *h,
    const char *endpoint)
{
	const size_t i = f->conf.peer_count++;
	struct conf_peer *c = &f->conf_peers[i];

	memcpy(c->name, name, strlen(name) + 1);
	assert_true(suite_public_key(c->public_key, h->config.private_key));
	if (endpoint != NULL)
		assert_int_equal(resolve_parse(&c->endpoint, endpoint, 7), 0);
	c->has_endpoint = endpoint != NULL;
	f->peers[i] = (int)h->number - 1;
}

static struct fixture *
start(void)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->net = net_open(1);
	f->a = net_add(f->net);
	f->b = net_add(f->net);
	f->c = net_add(f->net);
	f->d = net_add(f->net);
	net_start(f->a);
	net_start(f->b);
	assert_int_equal(net_link(f->a, f->b), 0);
	assert_int_equal(net_link(f->a, f->c), 1);
	assert_int_equal(net_link(f->a, f->d), 2);
	assert_int_equal(net_link(f->b, f->a), 0);
	memcpy(f->conf.netif.name, "lan0", 5);
	f->conf.netif.mtu = 1500;
	assert_true(
	    suite_public_key(f->conf.public_key, f->a->config.private_key));
	f->conf.peers = f->conf_peers;
	f->source = (struct status_source){
		.conf = &f->conf,
		.node = f->a->node,
		.os_drops = &f->drops,
		.netif_name = f->conf.netif.name,
		.mac = { 0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0xee },
		.port = 52077,
		.peers = f->peers,
		.lookups = f->lookups,
		.start_ns = f->net->mono_ns,
	};
	return f;
}

static void
stop(struct fixture *f)
{
	free(f->text);
	net_close(f->net);
	free(f);
}

static void
add_peers(struct fixture *f)
{
	add_address(f, "10.20.30.1", 24);
	add_address(f, "fd99::1", 64);
	add_peer(f, "c", f->c, NULL);
	add_peer(f, "b", f->b, "192.0.2.1:52077");
	add_peer(f, "d", f->d, "d.example:52077");
}

static void
connect_peers(struct fixture *f)
{
	net_resolve(f->a, 0, &f->b->addr);
	net_run(f->net, SEC(1));
	assert_true(net_is_up(f->a, f->b));
}

static const char *
show(struct fixture *f,
    void (*fn)(FILE *, const struct status_source *, const struct now *))
{
	const struct now now = net_now(f->a);
	size_t len = 0;
	FILE *to;

	free(f->text);
	f->text = NULL;
	to = open_memstream(&f->text, &len);
	assert_non_null(to);
	fn(to, &f->source, &now);
	assert_int_equal(fclose(to), 0);
	assert_int_equal(strlen(f->text), len);
	return f->text;
}

/* "@" followed by a letter stands for that host's public key. */
static void
check_equal(struct fixture *f, const char *expected)
{
	const struct net_host *const hosts[] = { f->a, f->b, f->c, f->d };
	char *with_keys = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&with_keys, &len);

	assert_non_null(to);
	for (const char *p = expected; *p != '\0'; p++) {
		uint8_t key[SUITE_KEY_LEN];
		char text[KEY_TEXT_LEN + 1];

		if (*p != '@') {
			fputc(*p, to);
			continue;
		}
		const struct net_host *h = hosts[*++p - 'a'];
		assert_true(suite_public_key(key, h->config.private_key));
		key_put(text, key);
		fputs(text, to);
	}
	assert_int_equal(fclose(to), 0);
	assert_string_equal(f->text, with_keys);
	free(with_keys);
}

/* A small strict reader of JSON (RFC 8259) without blanks, as ours is. Each
 * function takes what it reads and returns what follows, or NULL. */

static const char *json_value(const char *p, int depth);

static const char *
json_string(const char *p)
{
	if (*p++ != '"')
		return NULL;
	while (*p != '"') {
		if ((unsigned char)*p < 0x20)
			return NULL;
		if (*p++ != '\\')
			continue;
		if (*p == 'u' && strspn(p + 1, "0123456789abcdef") >= 4)
			p += 5;
		else if (*p != '\0' && strchr("\"\\/bfnrt", *p) != NULL)
			p++;
		else
			return NULL;
	}
	return p + 1;
}

static const char *
json_number(const char *p)
{
	const size_t digits = strspn(p, "0123456789");

	return digits == 0 || (digits > 1 && *p == '0') ? NULL : p + digits;
}

static const char *
json_member(const char *p, int depth)
{
	p = json_string(p);
	return p == NULL || *p != ':' ? NULL : json_value(p + 1, depth);
}

static const char *
json_list(const char *p, char end, int depth,
    const char *(*item)(const char *p, int depth))
{
	if (*++p == end)
		return p + 1;
	for (;;) {
		p = item(p, depth + 1);
		if (p == NULL || (*p != ',' && *p != end))
			return NULL;
		if (*p++ == end)
			return p;
	}
}

static const char *
json_value(const char *p, int depth)
{
	static const char *const words[] = { "true", "false", "null" };

	if (depth > DEPTH_MAX)
		return NULL;
	if (*p == '{')
		return json_list(p, '}', depth, json_member);
	if (*p == '[')
		return json_list(p, ']', depth, json_value);
	if (*p == '"')
		return json_string(p);
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strncmp(p, words[i], strlen(words[i])) == 0)
			return p + strlen(words[i]);
	return json_number(p);
}

static bool
is_json(const char *text)
{
	const char *end = json_value(text, 0);

	return end != NULL && strcmp(end, "\n") == 0;
}

/* The reader would be of no use if it let everything pass. */
static void
test_reader(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} cases[] = {
		{ "{}\n", true },
		{ "{\"a\":1,\"b\":[],\"c\":[null,true,{\"d\":\"\\\"\\u001f\"}]}"
		  "\n",
		    true },
		{ "{}", false },
		{ "{}}\n", false },
		{ "{\"a\":1,}\n", false },
		{ "{,\"a\":1}\n", false },
		{ "{\"a\":}\n", false },
		{ "{\"a\"}\n", false },
		{ "{\"a\":01}\n", false },
		{ "{\"a\":-}\n", false },
		{ "{a:1}\n", false },
		{ "[1 2]\n", false },
		{ "[1,,2]\n", false },
		{ "[\"\n\"]\n", false },
		{ "[\"\\x\"]\n", false },
		{ "[\"\\u00\"]\n", false },
		{ "[\"]\n", false },
		{ "[nul]\n", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (is_json(cases[i].text) != cases[i].good)
			fail_msg("%s", cases[i].text);
}

/* Stations behind a host, the first with the number given. */
static void
add_stations(struct net_host *h, unsigned int first, unsigned int count)
{
	uint8_t frame[60] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2 };

	frame[12] = 0x88;
	frame[13] = 0xb5;
	for (unsigned int i = first; i < first + count; i++) {
		frame[10] = (uint8_t)(i >> 8);
		frame[11] = (uint8_t)i;
		net_lan_in(h, frame, sizeof(frame));
		net_run(h->net, MS(20));
	}
}

static unsigned int
count_of(const char *text, const char *word)
{
	unsigned int n = 0;

	while ((text = strstr(text, word)) != NULL) {
		text += strlen(word);
		n++;
	}
	return n;
}

static void
check_shows(struct fixture *f, const char *expected)
{
	if (strstr(show(f, status_text), expected) == NULL)
		fail_msg("no \"%s\" in %s", expected, f->text);
}

static void
test_text(void **state)
{
	struct fixture *f = start();

	(void)state;
	add_peers(f);
	connect_peers(f);
	add_stations(f->a, 1, 1);
	add_stations(f->b, 2, 1);
	net_run(f->net, SEC(70));
	f->drops.n[DROP_REPLAY] = 3;
	(void)show(f, status_text);
	check_equal(f,
	    "interface lan0\n"
	    "  MAC       02:aa:bb:cc:dd:ee, MTU 1500\n"
	    "  address   10.20.30.1/24, fd99::1/64\n"
	    "  UDP port  52077\n"
	    "  key       @a\n"
	    "  MACs      02:00:00:00:00:01\n"
	    "\n"
	    "peer c\n"
	    "  state     down, never heard\n"
	    "  key       @c\n"
	    "  endpoint  none: it has to call us\n"
	    "  received  0 frames, 0 B\n"
	    "  sent      0 frames, 0 B\n"
	    "  MACs      none learned\n"
	    "\n"
	    "peer b\n"
	    "  state     up, chacha20-poly1305, handshake 1 min 11 s ago\n"
	    "  key       @b\n"
	    "  endpoint  10.0.0.1:52077, datagrams up to 1472\n"
	    "  received  1 frames, 60 B\n"
	    "  sent      1 frames, 60 B\n"
	    "  MACs      02:00:00:00:00:02\n"
	    "\n"
	    "peer d\n"
	    "  state     down, never heard\n"
	    "  key       @d\n"
	    "  endpoint  d.example port 52077: no answer yet\n"
	    "  received  0 frames, 0 B\n"
	    "  sent      0 frames, 0 B\n"
	    "  MACs      none learned\n"
	    "\n"
	    "dropped (lansplice(8) explains)\n"
	    "  replay                      3\n"
	    "  no_endpoint                 2  for a peer whose address is "
	    "not known yet\n");
	stop(f);
}

static void
test_text_without_anything(void **state)
{
	struct fixture *f = start();

	(void)state;
	(void)show(f, status_text);
	check_equal(f,
	    "interface lan0\n"
	    "  MAC       02:aa:bb:cc:dd:ee, MTU 1500\n"
	    "  address   none set by lansplice\n"
	    "  UDP port  52077\n"
	    "  key       @a\n"
	    "  MACs      none learned\n");
	stop(f);
}

/* What a newcomer sees whose tunnel does not come up. */
static void
test_text_tells_why(void **state)
{
	static const char advice[] = "No peer was heard yet.";
	struct fixture *f = start();

	(void)state;
	add_peers(f);
	check_shows(f, advice);
	check_shows(f, "endpoint  d.example port 52077: no answer yet\n");
	f->lookups[2].trouble = "Name or service not known";
	check_shows(f, "  d.example port 52077: Name or service not known\n");
	connect_peers(f);
	assert_null(strstr(show(f, status_text), advice));
	/* and that it was there once */
	const struct now now = net_now(f->b);
	node_stop(f->b->node, &now);
	net_run(f->net, SEC(3));
	check_shows(f, "state     down, last heard 2 s ago\n");
	assert_null(strstr(f->text, advice));
	stop(f);
}

static void
test_text_waiting_frames(void **state)
{
	struct fixture *f = start();

	(void)state;
	add_peers(f);
	net_resolve(f->a, 2, &f->d->addr);
	add_stations(f->a, 1, 7);
	check_shows(f, "down, never heard, 7 frames waiting\n");
	stop(f);
}

static void
test_text_quantities(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} cases[] = {
		{ 1, ", 1 B\n" },
		{ 1023, ", 1023 B\n" },
		{ 1024, ", 1.0 KiB\n" },
		{ 1536, ", 1.5 KiB\n" },
		{ UINT64_C(5) << 20, ", 5.0 MiB\n" },
		{ UINT64_C(7) << 30, ", 7.0 GiB\n" },
		{ UINT64_C(9) << 40, ", 9.0 TiB\n" },
		{ UINT64_MAX, ", 16777216.0 TiB\n" },
	};
	struct fixture *f = start();

	(void)state;
	add_peers(f);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		net_peer(f->a, f->b)->rx_bytes = cases[i].bytes;
		check_shows(f, cases[i].text);
	}
	net_peer(f->a, f->b)->tx_frames = UINT64_MAX;
	check_shows(f, "  sent      18446744073709551615 frames, 0 B\n");
	stop(f);
}

static void
test_text_spans(void **state)
{
	static const struct {
		uint64_t ago_ns;
		const char *text;
	} cases[] = {
		{ 0, " 0 s ago\n" },
		{ SEC(60) - 1, " 59 s ago\n" },
		{ SEC(60), " 1 min 0 s ago\n" },
		{ SEC(3599), " 59 min 59 s ago\n" },
		{ SEC(3600), " 1 h 0 min ago\n" },
		{ SEC(100 * 3600 + 59 * 60 + 59), " 100 h 59 min ago\n" },
	};
	struct fixture *f = start();

	(void)state;
	add_peers(f);
	f->net->mono_ns += SEC(1000 * 3600);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		net_peer(f->a, f->b)->heard_ns =
		    f->net->mono_ns - cases[i].ago_ns;
		check_shows(f, cases[i].text);
	}
	stop(f);
}

/* In columns, and not all of very many. */
static void
test_text_stations(void **state)
{
	struct fixture *f = start();

	(void)state;
	add_stations(f->a, 1, 4);
	(void)show(f, status_text);
	assert_int_equal(count_of(f->text, "02:00:00:00:00:"), 4);
	const char *at = strstr(f->text, "  MACs      02:");
	assert_non_null(at);
	at = strchr(at, '\n');
	assert_non_null(at);
	assert_memory_equal(at, "\n            02:", 16);
	assert_int_equal(strcspn(at + 1, "\n"), 12 + 17);
	add_stations(f->a, 5, 11);
	(void)show(f, status_text);
	assert_int_equal(count_of(f->text, " 02:00:00:00:00:"), 15);
	assert_null(strstr(f->text, " more"));
	add_stations(f->a, 16, 1);
	check_shows(f, "\n            and 1 more\n");
	assert_int_equal(count_of(f->text, " 02:00:00:00:00:"), 15);
	stop(f);
}

/* Names and numbers stand below each other, and a line fits a terminal. */
static void
test_text_drops(void **state)
{
	struct fixture *f = start();

	(void)state;
	for (int i = DROP_NONE + 1; i < DROP_COUNT; i++) {
		node_drops(f->a->node)->n[i] = 12345678;
		f->drops.n[i] = 1;
	}
	const char *line =
	    strstr(show(f, status_text), "\ndropped (lansplice(8) explains)\n");
	assert_non_null(line);
	line = strchr(line + 1, '\n');
	assert_non_null(line);
	line++;
	for (int i = DROP_NONE + 1; i < DROP_COUNT; i++) {
		const char *name = drop_name((enum drop)i);

		assert_memory_equal(line, "  ", 2);
		assert_memory_equal(line + 2, name, strlen(name));
		assert_memory_equal(line + 22, " 12345679", 9);
		assert_in_range(strcspn(line, "\n"), 31, 79);
		line = strchr(line, '\n') + 1;
	}
	assert_string_equal(line, "");
	stop(f);
}

static void
test_json(void **state)
{
	struct fixture *f = start();

	(void)state;
	add_peers(f);
	connect_peers(f);
	add_stations(f->a, 1, 1);
	add_stations(f->b, 2, 1);
	net_run(f->net, SEC(70));
	f->drops.n[DROP_REPLAY] = UINT64_MAX;
	f->source.start_ns = f->net->mono_ns - SEC(90);
	assert_true(is_json(show(f, status_json)));
	check_equal(f,
	    "{\"uptime_s\":90,\"port\":52077,\"public_key\":\"@a\","
	    "\"interface\":{\"name\":\"lan0\",\"mac\":\"02:aa:bb:cc:dd:ee\","
	    "\"mtu\":1500,\"addresses\":[\"10.20.30.1/24\",\"fd99::1/64\"],"
	    "\"restarts\":0,\"full\":0,"
	    "\"macs\":[{\"mac\":\"02:00:00:00:00:01\",\"vlan\":0,\"age_s\":70}"
	    "]},\"peers\":["
	    "{\"name\":\"c\",\"public_key\":\"@c\",\"up\":false,"
	    "\"endpoint\":null,\"cipher\":null,\"handshake_time\":null,"
	    "\"handshake_age_s\":null,\"heard_age_s\":null,\"path_size\":0,"
	    "\"staged\":0,\"rx_frames\":0,\"rx_bytes\":0,\"tx_frames\":0,"
	    "\"tx_bytes\":0,\"macs\":[]},"
	    "{\"name\":\"b\",\"public_key\":\"@b\",\"up\":true,"
	    "\"endpoint\":\"10.0.0.1:52077\",\"cipher\":\"chacha20-poly1305\","
	    "\"handshake_time\":1700001000,\"handshake_age_s\":71,"
	    "\"heard_age_s\":70,\"path_size\":1472,\"staged\":0,"
	    "\"rx_frames\":1,\"rx_bytes\":60,\"tx_frames\":1,\"tx_bytes\":60,"
	    "\"macs\":[{\"mac\":\"02:00:00:00:00:02\",\"vlan\":0,"
	    "\"age_s\":70}]},"
	    "{\"name\":\"d\",\"public_key\":\"@d\",\"up\":false,"
	    "\"endpoint\":null,\"cipher\":null,\"handshake_time\":null,"
	    "\"handshake_age_s\":null,\"heard_age_s\":null,\"path_size\":0,"
	    "\"staged\":0,\"rx_frames\":0,\"rx_bytes\":0,\"tx_frames\":0,"
	    "\"tx_bytes\":0,\"macs\":[]}],"
	    "\"drops\":{\"replay\":18446744073709551615,\"no_endpoint\":2}}\n");
	stop(f);
}

static void
test_json_without_anything(void **state)
{
	struct fixture *f = start();

	(void)state;
	assert_true(is_json(show(f, status_json)));
	check_equal(f,
	    "{\"uptime_s\":0,\"port\":52077,\"public_key\":\"@a\","
	    "\"interface\":{\"name\":\"lan0\",\"mac\":\"02:aa:bb:cc:dd:ee\","
	    "\"mtu\":1500,\"addresses\":[],\"restarts\":0,"
	    "\"full\":0,\"macs\":[]},"
	    "\"peers\":[],\"drops\":{}}\n");
	stop(f);
}

static void
test_json_strings(void **state)
{
	static const struct {
		const char *name;
		const char *json;
	} cases[] = {
		{ "\"quoted\"", "\"name\":\"\\\"quoted\\\"\"," },
		{ "back\\slash\\", "\"name\":\"back\\\\slash\\\\\"," },
		{ "\1\n\t\037", "\"name\":\"\\u0001\\u000a\\u0009\\u001f\"," },
		{ "\\u0041", "\"name\":\"\\\\u0041\"," },
		{ "J\303\274rgen", "\"name\":\"J\303\274rgen\"," },
		{ "", "\"name\":\"\"," },
	};
	struct fixture *f = start();

	(void)state;
	add_peers(f);
	f->source.netif_name = "a\"b\\c";
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		memcpy(f->conf_peers[0].name, cases[i].name,
		    strlen(cases[i].name) + 1);
		assert_true(is_json(show(f, status_json)));
		assert_non_null(strstr(f->text, cases[i].json));
		assert_non_null(strstr(f->text, "\"name\":\"a\\\"b\\\\c\","));
	}
	stop(f);
}

static void
test_json_large_numbers(void **state)
{
	struct fixture *f = start();

	(void)state;
	add_peers(f);
	struct peer *p = net_peer(f->a, f->b);
	p->rx_frames = UINT64_MAX;
	p->rx_bytes = UINT64_MAX - 1;
	p->tx_frames = UINT64_MAX - 2;
	p->tx_bytes = UINT64_MAX - 3;
	assert_true(is_json(show(f, status_json)));
	assert_non_null(strstr(f->text,
	    "\"rx_frames\":18446744073709551615,"
	    "\"rx_bytes\":18446744073709551614,"
	    "\"tx_frames\":18446744073709551613,"
	    "\"tx_bytes\":18446744073709551612,"));
	stop(f);
}

/* Also where the first one is missing no comma is too many. */
static void
test_json_peer_that_is_no_more(void **state)
{
	struct fixture *f = start();

	(void)state;
	add_peers(f);
	for (size_t gone = 0; gone < PEERS; gone++) {
		const int number = f->peers[gone];

		f->peers[gone] = -1;
		assert_true(is_json(show(f, status_json)));
		assert_int_equal(count_of(f->text, "\"up\":"), PEERS - 1);
		assert_non_null(show(f, status_text));
		assert_int_equal(count_of(f->text, "\npeer "), PEERS - 1);
		f->peers[gone] = number;
	}
	stop(f);
}

static void
test_json_many_stations(void **state)
{
	struct fixture *f = start();

	(void)state;
	add_peers(f);
	connect_peers(f);
	add_stations(f->b, 1, STATIONS);
	assert_true(is_json(show(f, status_json)));
	assert_int_equal(
	    count_of(f->text, "{\"mac\":\"02:00:00:00:"), STATIONS);
	check_shows(f, "and 985 more\n");
	stop(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reader),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_text_without_anything),
		cmocka_unit_test(test_text_tells_why),
		cmocka_unit_test(test_text_waiting_frames),
		cmocka_unit_test(test_text_quantities),
		cmocka_unit_test(test_text_spans),
		cmocka_unit_test(test_text_stations),
		cmocka_unit_test(test_text_drops),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_json_without_anything),
		cmocka_unit_test(test_json_strings),
		cmocka_unit_test(test_json_large_numbers),
		cmocka_unit_test(test_json_peer_that_is_no_more),
		cmocka_unit_test(test_json_many_stations),
	};

	return sodium_init() < 0
	    ? EXIT_FAILURE
	    : cmocka_run_group_tests_name("status", tests, NULL, NULL);
}
