/* SPDX-License-Identifier: ISC */
#include "core/cookie.h"

#include <string.h>

enum {
	ADDRESS_LEN = 16 + 2, /* IPv6, or IPv4 mapped to it; port */
};

/* RFC 4291, 2.5.5.2. */
static const uint8_t ipv4_mapped[12] = { [10] = 0xff, [11] = 0xff };

static const uint8_t *
mac1_of(const uint8_t *msg, size_t len)
{
	return msg + len - WIRE_MACS_LEN;
}

static const uint8_t *
mac2_of(const uint8_t *msg, size_t len)
{
	return msg + len - SUITE_MAC_LEN;
}

void
cookie_mac1_key(uint8_t out[static SUITE_KEY_LEN],
    const uint8_t public_key[static SUITE_KEY_LEN],
    const uint8_t network_id[static SUITE_KEY_LEN])
{
	suite_hash32(out, "mac1----", public_key, network_id);
}

void
cookie_reply_key(uint8_t out[static SUITE_KEY_LEN],
    const uint8_t public_key[static SUITE_KEY_LEN],
    const uint8_t network_id[static SUITE_KEY_LEN])
{
	suite_hash32(out, "cookie--", public_key, network_id);
}

void
cookie_put_macs(
    uint8_t *msg, size_t len, const uint8_t mac1_key[static SUITE_KEY_LEN])
{
	uint8_t *mac1 = msg + len - WIRE_MACS_LEN;

	suite_mac(mac1, mac1_key, msg, len - WIRE_MACS_LEN);
	memset(mac1 + SUITE_MAC_LEN, 0, SUITE_MAC_LEN);
}

enum drop
cookie_check_mac1(const uint8_t *msg, size_t len,
    const uint8_t mac1_key[static SUITE_KEY_LEN])
{
	uint8_t mac[SUITE_MAC_LEN];

	suite_mac(mac, mac1_key, msg, len - WIRE_MACS_LEN);
	return suite_equal(mac, mac1_of(msg, len), sizeof(mac)) ? DROP_NONE
								: DROP_MAC1;
}

/* mac2 covers all in front of it, mac1 too; its key is a cookie. */
static void
make_mac2(uint8_t out[static SUITE_MAC_LEN],
    const uint8_t cookie[static COOKIE_LEN], const uint8_t *msg, size_t len)
{
	suite_mac_short(out, cookie, msg, len - SUITE_MAC_LEN);
}

void
cookie_put_mac2(
    struct cookie_jar *jar, uint64_t now_ns, uint8_t *msg, size_t len)
{
	jar->open = true;
	jar->index = wire_sender(msg);
	memcpy(jar->mac1, mac1_of(msg, len), SUITE_MAC_LEN);
	if (jar->has && now_ns - jar->got_ns < COOKIE_USE)
		make_mac2(msg + len - SUITE_MAC_LEN, jar->cookie, msg, len);
}

enum drop
cookie_reply_consume(struct cookie_jar *jar, uint64_t now_ns,
    const uint8_t key[static SUITE_KEY_LEN],
    const uint8_t msg[static WIRE_COOKIE_REPLY_LEN])
{
	struct wire_cookie_reply reply;
	uint8_t cookie[COOKIE_LEN];

	wire_parse_cookie_reply(&reply, msg);
	if (!jar->open || reply.receiver != jar->index ||
	    !suite_cookie_open(
		cookie, key, reply.nonce, jar->mac1, reply.sealed))
		return DROP_COOKIE;
	memcpy(jar->cookie, cookie, sizeof(cookie));
	suite_wipe(cookie, sizeof(cookie));
	jar->open = false;
	jar->has = true;
	jar->got_ns = now_ns;
	return DROP_NONE;
}

/* A secret that nobody asked for in twice its age is of no use either. */
static void
renew_secret(struct cookie_secret *s, uint64_t now_ns)
{
	const uint64_t age = now_ns - s->made_ns;

	if (s->has && age < COOKIE_SECRET_AGE)
		return;
	s->has_before = s->has && age < 2 * COOKIE_SECRET_AGE;
	memcpy(s->before, s->now, sizeof(s->before));
	s->sink->random(s->sink->ctx, s->now, sizeof(s->now));
	s->has = true;
	s->made_ns = now_ns;
}

static void
make_cookie(uint8_t out[static COOKIE_LEN],
    const uint8_t secret[static SUITE_KEY_LEN], const struct addr *from)
{
	uint8_t bytes[ADDRESS_LEN];

	if (from->family == ADDR_IPV4) {
		memcpy(bytes, ipv4_mapped, sizeof(ipv4_mapped));
		memcpy(bytes + sizeof(ipv4_mapped), from->ip, 4);
	} else {
		memcpy(bytes, from->ip, 16);
	}
	bytes[16] = (uint8_t)(from->port & 0xff);
	bytes[17] = (uint8_t)(from->port >> 8);
	suite_mac(out, secret, bytes, sizeof(bytes));
}

static bool
mac2_fits(const uint8_t secret[static SUITE_KEY_LEN], const struct addr *from,
    const uint8_t *msg, size_t len)
{
	uint8_t cookie[COOKIE_LEN], mac2[SUITE_MAC_LEN];

	make_cookie(cookie, secret, from);
	make_mac2(mac2, cookie, msg, len);
	suite_wipe(cookie, sizeof(cookie));
	return suite_equal(mac2, mac2_of(msg, len), sizeof(mac2));
}

bool
cookie_check_mac2(struct cookie_secret *s, uint64_t now_ns,
    const struct addr *from, const uint8_t *msg, size_t len)
{
	static const uint8_t none[SUITE_MAC_LEN];

	/* Most messages have none, and no key is looked at for them. */
	if (memcmp(mac2_of(msg, len), none, sizeof(none)) == 0)
		return false;
	renew_secret(s, now_ns);
	return mac2_fits(s->now, from, msg, len) ||
	    (s->has_before && mac2_fits(s->before, from, msg, len));
}

void
cookie_reply_create(struct cookie_secret *s, uint64_t now_ns,
    const struct addr *from, const uint8_t *msg, size_t len,
    uint8_t out[static WIRE_COOKIE_REPLY_LEN])
{
	struct wire_cookie_reply reply = { .receiver = wire_sender(msg) };
	uint8_t cookie[COOKIE_LEN];

	renew_secret(s, now_ns);
	make_cookie(cookie, s->now, from);
	s->sink->random(s->sink->ctx, reply.nonce, sizeof(reply.nonce));
	suite_cookie_seal(
	    reply.sealed, s->key, reply.nonce, mac1_of(msg, len), cookie);
	suite_wipe(cookie, sizeof(cookie));
	wire_put_cookie_reply(out, &reply);
}
