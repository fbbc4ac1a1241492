/* SPDX-License-Identifier: ISC */
#include "core/cookie.h"

#include "unit.h"

enum { LEN = 168, MAC1 = 136, MAC2 = 152 };

static uint8_t count_up[64];

static int
set_up(void **state)
{
	for (size_t i = 0; i < sizeof(count_up); i++)
		count_up[i] = (uint8_t)i;
	return unit_start(state);
}

/* Python: hashlib.blake2b(b"mac1----" + bytes(range(64)), digest_size=32) */
static void
test_key_of_mac1(void **state)
{
	uint8_t key[SUITE_KEY_LEN];

	(void)state;
	cookie_mac1_key(key, count_up, count_up + 32);
	unit_assert_hex(key, sizeof(key),
	    "f89e5cd3a5a95d3c278c5ae2ec1ae78c"
	    "d6e069fe03eec853d351741ca9688814");
}

static void
test_macs_stand_at_the_end(void **state)
{
	uint8_t bytes[LEN], mac[SUITE_MAC_LEN];

	(void)state;
	memset(bytes, 0x55, sizeof(bytes));
	suite_mac(mac, count_up, bytes, MAC1);
	uint8_t *msg = unit_copy(bytes, LEN);
	cookie_put_macs(msg, LEN, count_up);
	assert_memory_equal(msg, bytes, MAC1);
	assert_memory_equal(msg + MAC1, mac, SUITE_MAC_LEN);
	assert_true(sodium_is_zero(msg + MAC2, SUITE_MAC_LEN));
	assert_int_equal(cookie_check_mac1(msg, LEN, count_up), DROP_NONE);
	assert_int_equal(cookie_check_mac1(msg, LEN, count_up + 1), DROP_MAC1);
	free(msg);
}

static void
test_every_bit_but_mac2_counts(void **state)
{
	uint8_t msg[LEN] = { 1 };

	(void)state;
	cookie_put_macs(msg, LEN, count_up);
	for (size_t i = 0; i < 8 * (size_t)LEN; i++) {
		msg[i / 8] ^= (uint8_t)(1u << i % 8);
		assert_int_equal(cookie_check_mac1(msg, LEN, count_up),
		    i / 8 < MAC2 ? DROP_MAC1 : DROP_NONE);
		msg[i / 8] ^= (uint8_t)(1u << i % 8);
	}
}

/* Cookies. The secret of the replier is 0, 1, 2, ... in these tests. */

static void
random_counts(void *ctx, uint8_t *out, size_t len)
{
	(void)ctx;
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)i;
}

/* Another secret each time. */
static void
random_differs(void *ctx, uint8_t *out, size_t len)
{
	unit_random_fill(ctx, out, len);
}

static const struct sink counts = { .random = random_counts };

static const struct addr ipv4 = {
	.family = ADDR_IPV4, .ip = { 192, 0, 2, 7 }, .port = 52077
};
static const struct addr ipv6 = {
	.family = ADDR_IPV6, .ip = { 0x20, 1, 0x0d, 0xb8, [15] = 1 }, .port = 1
};

/* Python: hashlib.blake2b(b"cookie--" + bytes(range(64)), digest_size=32) */
static void
test_key_of_replies(void **state)
{
	uint8_t key[SUITE_KEY_LEN];

	(void)state;
	cookie_reply_key(key, count_up, count_up + 32);
	unit_assert_hex(key, sizeof(key),
	    "e5267e7d78e2f2d41b31a73a0de1b8a3"
	    "1e2d878f21654d270810eb78d432e1c6");
}

/* Python: cookie = hashlib.blake2b(bytes(10) + b"\xff\xff" + the address +
 * the port, little-endian, digest_size=16, key=bytes(range(32))), then
 * mac2 = hashlib.blake2b(b"\x55" * 152, digest_size=16, key=cookie); for IPv6
 * the address alone. */
static void
test_mac2_of_an_address(void **state)
{
	static const struct {
		const struct addr *from;
		const char *mac2;
	} rows[] = {
		{ &ipv4, "e24f9a5d9b0b048750b030c8ac2cd924" },
		{ &ipv6, "02fe54dad26ca1576e2bb762a6cec7a1" },
	};
	struct cookie_secret secret = { .sink = &counts, .key = count_up };
	uint8_t msg[LEN];
	size_t len;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		memset(msg, 0x55, sizeof(msg));
		assert_int_equal(sodium_hex2bin(msg + MAC2, SUITE_MAC_LEN,
				     rows[i].mac2, 32, NULL, &len, NULL),
		    0);
		assert_true(
		    cookie_check_mac2(&secret, SEC(1), rows[i].from, msg, LEN));
		assert_false(cookie_check_mac2(
		    &secret, SEC(1), rows[1 - i].from, msg, LEN));
	}
}

/* One who asks, one who replies. */
struct exchange {
	struct cookie_jar jar;
	struct cookie_secret secret;
	uint8_t msg[LEN], reply[WIRE_COOKIE_REPLY_LEN];
};

static void
ask(struct exchange *x, uint64_t now_ns)
{
	for (size_t i = 0; i < MAC1; i++)
		x->msg[i] = (uint8_t)(i + now_ns % 251);
	cookie_put_macs(x->msg, LEN, count_up);
	cookie_put_mac2(&x->jar, now_ns, x->msg, LEN);
}

static void
reply(struct exchange *x, uint64_t now_ns)
{
	cookie_reply_create(&x->secret, now_ns, &ipv4, x->msg, LEN, x->reply);
}

static enum drop
take(struct exchange *x, uint64_t now_ns)
{
	return cookie_reply_consume(&x->jar, now_ns, count_up, x->reply);
}

static bool
proves(struct exchange *x, uint64_t now_ns, const struct addr *from)
{
	return cookie_check_mac2(&x->secret, now_ns, from, x->msg, LEN);
}

static void
test_exchange(void **state)
{
	struct addr other_port = ipv4;
	struct exchange x = { .secret = { .sink = &counts, .key = count_up } };

	(void)state;
	other_port.port++;
	ask(&x, SEC(1));
	assert_true(sodium_is_zero(x.msg + MAC2, SUITE_MAC_LEN));
	assert_false(proves(&x, SEC(1), &ipv4));
	reply(&x, SEC(1));
	assert_int_equal(x.reply[0], WIRE_COOKIE_REPLY);
	assert_memory_equal(x.reply + 4, x.msg + 4, 4);
	assert_int_equal(take(&x, SEC(2)), DROP_NONE);
	assert_int_equal(take(&x, SEC(2)), DROP_COOKIE); /* once */
	ask(&x, SEC(3));
	assert_true(proves(&x, SEC(3), &ipv4));
	assert_false(proves(&x, SEC(3), &other_port));
	assert_false(proves(&x, SEC(3), &ipv6));
	for (size_t bit = 0; bit < 8 * (size_t)LEN; bit++) {
		x.msg[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_false(proves(&x, SEC(3), &ipv4));
		x.msg[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

/* Only the reply to the last message, whole, and by whoever was asked. */
static void
test_false_replies(void **state)
{
	struct exchange x = { .secret = { .sink = &counts, .key = count_up } };

	(void)state;
	assert_int_equal(take(&x, SEC(1)), DROP_COOKIE); /* nothing sent */
	ask(&x, SEC(1));
	reply(&x, SEC(1));
	for (size_t bit = 0; bit < 8 * sizeof(x.reply); bit++) {
		if (bit / 8 < 4)
			continue; /* the type is node's to look at */
		x.reply[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(take(&x, SEC(1)), DROP_COOKIE);
		x.reply[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	assert_int_equal(
	    cookie_reply_consume(&x.jar, SEC(1), count_up + 1, x.reply),
	    DROP_COOKIE);
	ask(&x, SEC(2)); /* the same index, another mac1 */
	assert_int_equal(take(&x, SEC(2)), DROP_COOKIE);
	ask(&x, SEC(1));
	assert_int_equal(take(&x, SEC(2)), DROP_NONE);
}

struct age_row {
	uint64_t asked_s, used_s; /* after the cookie came */
	bool put, good;
};

/* The secret is made with the first reply. */
static const struct age_row age_rows[] = {
	{ 0, 0, true, true },
	{ 0, 114, true, true },
	{ 0, 115, false, false },
	{ 119, 119 + 114, true, true }, /* under the secret of before */
	{ 119, 119 + 115, false, false },
};

static void
test_ages(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(age_rows); i++) {
		const struct age_row *row = &age_rows[i];
		struct exchange x = { .secret = {
					  .sink = &counts, .key = count_up } };
		struct unit_random r = { .state = i };
		const struct sink sink = { .ctx = &r,
			.random = random_differs };
		const uint64_t start = SEC(1000);
		const uint64_t asked = start + SEC(row->asked_s);
		const uint64_t used = start + SEC(row->used_s);

		x.secret.sink = &sink;
		ask(&x, start);
		cookie_reply_create(
		    &x.secret, start, &ipv4, x.msg, LEN, x.reply);
		cookie_reply_create(
		    &x.secret, asked, &ipv4, x.msg, LEN, x.reply);
		assert_int_equal(take(&x, asked), DROP_NONE);
		ask(&x, used);
		assert_int_equal(
		    !sodium_is_zero(x.msg + MAC2, SUITE_MAC_LEN), row->put);
		assert_int_equal(
		    cookie_check_mac2(&x.secret, used, &ipv4, x.msg, LEN),
		    row->good);
	}
}

/* A cookie that is kept and used in spite of its age: not under the secret
 * after the next. */
static void
test_old_secrets_are_gone(void **state)
{
	static const struct {
		uint64_t after_s;
		bool good;
	} rows[] = { { 119, true }, { 239, true }, { 241, false },
		{ 100000, false } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct exchange x = { .secret = {
					  .sink = &counts, .key = count_up } };
		struct unit_random r = { .state = i };
		const struct sink sink = { .ctx = &r,
			.random = random_differs };
		const uint64_t then = SEC(1000) + SEC(rows[i].after_s);

		x.secret.sink = &sink;
		ask(&x, SEC(1000));
		cookie_reply_create(
		    &x.secret, SEC(1000), &ipv4, x.msg, LEN, x.reply);
		assert_int_equal(take(&x, SEC(1000)), DROP_NONE);
		x.jar.got_ns = then;
		ask(&x, then);
		assert_int_equal(
		    cookie_check_mac2(&x.secret, then, &ipv4, x.msg, LEN),
		    rows[i].good);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_key_of_mac1),
		cmocka_unit_test(test_macs_stand_at_the_end),
		cmocka_unit_test(test_every_bit_but_mac2_counts),
		cmocka_unit_test(test_key_of_replies),
		cmocka_unit_test(test_mac2_of_an_address),
		cmocka_unit_test(test_exchange),
		cmocka_unit_test(test_false_replies),
		cmocka_unit_test(test_ages),
		cmocka_unit_test(test_old_secrets_are_gone),
	};
	return cmocka_run_group_tests_name("cookie", tests, set_up, NULL);
}
