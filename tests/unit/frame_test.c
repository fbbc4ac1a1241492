/* SPDX-License-Identifier: ISC */
#include "core/frame.h"

#include "unit.h"

static const char untagged[] = "ffffffffffff 020000000001 0800 45";
static const char tagged[] = "020000000002 020000000001 8100 e123 86dd 60";
static const char priority[] = "020000000002 020000000001 8100 e000 0806 00";

/* Reads a frame of the first len bytes of what a text stands for. */
static bool
parse(const char *text, size_t len, struct frame_eth *out)
{
	uint8_t bytes[64];

	assert_true(unit_hex(bytes, sizeof(bytes), text) >= len);
	uint8_t *copy = unit_copy(bytes, len);
	const struct frame f = { .data = copy, .len = len };
	const bool good = frame_parse_eth(&f, out);
	free(copy);
	return good;
}

static void
test_untagged(void **state)
{
	struct frame_eth eth;

	(void)state;
	assert_true(parse(untagged, 15, &eth));
	unit_assert_hex(eth.dst, FRAME_MAC_LEN, "ffffffffffff");
	unit_assert_hex(eth.src, FRAME_MAC_LEN, "020000000001");
	assert_int_equal(eth.vlan, 0);
	assert_int_equal(eth.ethertype, 0x0800);
	assert_int_equal(eth.payload, 14);
}

static void
test_tagged(void **state)
{
	struct frame_eth eth;

	(void)state;
	assert_true(parse(tagged, 19, &eth));
	unit_assert_hex(eth.dst, FRAME_MAC_LEN, "020000000002");
	assert_int_equal(eth.vlan, 0x123);
	assert_int_equal(eth.ethertype, 0x86dd);
	assert_int_equal(eth.payload, 18);
	assert_true(parse(priority, 19, &eth));
	assert_int_equal(eth.vlan, 0);
	assert_int_equal(eth.ethertype, 0x0806);
}

static void
test_lengths(void **state)
{
	struct frame_eth eth;

	(void)state;
	for (size_t len = 0; len < FRAME_HEADER_LEN; len++)
		assert_false(parse(untagged, len, &eth));
	assert_true(parse(untagged, 14, &eth));
	assert_int_equal(eth.payload, 14);
	/* A tag cut short belongs to no VLAN and carries nothing. */
	for (size_t len = 14; len < 18; len++) {
		assert_true(parse(tagged, len, &eth));
		assert_int_equal(eth.vlan, 0);
		assert_int_equal(eth.ethertype, 0);
		assert_int_equal(eth.payload, len);
	}
	assert_true(parse(tagged, 18, &eth));
	assert_int_equal(eth.ethertype, 0x86dd);
}

static void
test_group_addresses(void **state)
{
	const uint8_t broadcast[] = { 255, 255, 255, 255, 255, 255 };
	const uint8_t multicast[] = { 0x33, 0x33, 0, 0, 0, 1 };
	const uint8_t station[] = { 0xfe, 0xff, 255, 255, 255, 255 };

	(void)state;
	assert_true(frame_mac_is_group(broadcast));
	assert_true(frame_mac_is_group(multicast));
	assert_false(frame_mac_is_group(station));
}

/* 10.0.0.1:52077 to 10.0.0.2:53, no payload. */
static const char udp4[] = "020000000002 020000000001 0800"
			   "4500001c 00004000 40110000 0a000001 0a000002"
			   "cb6d0035 00080000";
static const char udp4_options[] =
    "020000000002 020000000001 8100 0005 0800"
    "46000020 00000000 40110000 0a000001 0a000002 01010101"
    "cb6d0035 00080000";
static const char udp6[] = "020000000002 020000000001 86dd"
			   "60000000 00081140 20010db8000000000000000000000001"
			   "20010db8000000000000000000000002 cb6d0035 00080000";

struct change {
	size_t at;
	uint8_t value;
};

static bool
parse_udp(const char *text, size_t cut, const struct change *change,
    struct addr ends[2])
{
	uint8_t bytes[128];
	struct frame_eth eth;
	const size_t len = unit_hex(bytes, sizeof(bytes), text) - cut;

	if (change != NULL)
		bytes[change->at] = change->value;
	uint8_t *copy = unit_copy(bytes, len);
	const struct frame f = { .data = copy, .len = len };
	const bool good = frame_parse_eth(&f, &eth) &&
	    frame_parse_udp(&f, &eth, &ends[0], &ends[1]);
	free(copy);
	return good;
}

static void
test_udp4_ends(void **state)
{
	const struct addr src = {
		.ip = { 10, 0, 0, 1 }, .port = 52077, .family = ADDR_IPV4
	};
	const struct addr dst = {
		.ip = { 10, 0, 0, 2 }, .port = 53, .family = ADDR_IPV4
	};
	struct addr ends[2] = { { .family = ADDR_NONE } };

	(void)state;
	assert_true(parse_udp(udp4, 0, NULL, ends));
	assert_true(addr_equal(&ends[0], &src));
	assert_true(addr_equal(&ends[1], &dst));
	memset(ends, 0xff, sizeof(ends));
	assert_true(parse_udp(udp4_options, 0, NULL, ends));
	assert_true(addr_equal(&ends[0], &src));
	assert_true(addr_equal(&ends[1], &dst));
}

static void
test_udp6_ends(void **state)
{
	struct addr ends[2] = { { .family = ADDR_NONE } };

	(void)state;
	assert_true(parse_udp(udp6, 0, NULL, ends));
	unit_assert_hex(ends[0].ip, 16, "20010db8000000000000000000000001");
	unit_assert_hex(ends[1].ip, 16, "20010db8000000000000000000000002");
	assert_int_equal(ends[0].family, ADDR_IPV6);
	assert_int_equal(ends[0].port, 52077);
	assert_int_equal(ends[1].port, 53);
	assert_int_equal(ends[1].scope, 0);
}

static void
test_udp_cut_anywhere_is_none(void **state)
{
	struct addr ends[2] = { { .family = ADDR_NONE } };

	(void)state;
	for (size_t cut = 1; cut <= 42; cut++)
		assert_false(parse_udp(udp4, cut, NULL, ends));
	for (size_t cut = 1; cut <= 50; cut++)
		assert_false(parse_udp(udp4_options, cut, NULL, ends));
	for (size_t cut = 1; cut <= 62; cut++)
		assert_false(parse_udp(udp6, cut, NULL, ends));
}

static const struct {
	const char *text;
	struct change change;
	bool is_udp;
} changes[] = {
	{ udp4, { 12, 0x86 }, false },         /* another EtherType */
	{ udp4, { 13, 0x06 }, false },         /* ARP */
	{ udp4, { 14, 0x65 }, false },         /* version 6 */
	{ udp4, { 14, 0x44 }, false },         /* header below 20 */
	{ udp4, { 14, 0x4f }, false },         /* header beyond the end */
	{ udp4, { 20, 0x00 }, true },          /* may be fragmented */
	{ udp4, { 20, 0x60 }, false },         /* more fragments */
	{ udp4, { 20, 0x50 }, false },         /* high bits of the offset */
	{ udp4, { 21, 0x01 }, false },         /* low bits of the offset */
	{ udp4, { 23, 6 }, false },            /* TCP */
	{ udp4_options, { 18, 0x47 }, false }, /* one word too many */
	{ udp6, { 14, 0x40 }, false },         /* version 4 */
	{ udp6, { 20, 0 }, false },            /* hop-by-hop options */
	{ udp6, { 20, 44 }, false },           /* a fragment */
	{ udp6, { 20, 6 }, false },            /* TCP */
};

static void
test_udp_only_where_it_is_plain(void **state)
{
	struct addr ends[2] = { { .family = ADDR_NONE } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		if (parse_udp(changes[i].text, 0, &changes[i].change, ends) !=
		    changes[i].is_udp)
			fail_msg("row %zu", i);
	}
}

static const char tcp4[] = "020000000002 020000000001 0800"
			   "46000028 00004000 40060000 0a000001 0a000002"
			   "01010101";
static const char tcp6[] = "020000000002 020000000001 8100 0005 86dd"
			   "60000000 00140640 20010db8000000000000000000000001"
			   "20010db8000000000000000000000002 00160050";

static size_t
find_tcp(const char *text, size_t cut, const struct change *change)
{
	uint8_t bytes[128];
	const size_t len = unit_hex(bytes, sizeof(bytes), text) - cut;

	if (change != NULL)
		bytes[change->at] = change->value;
	uint8_t *copy = unit_copy(bytes, len);
	const struct frame f = { .data = copy, .len = len };
	const size_t at = frame_find_tcp(&f);
	free(copy);
	return at;
}

static void
test_find_tcp(void **state)
{
	const struct change udp = { 23, 17 }, fragment = { 20, 0x20 },
			    first = { 20, 0x40 };

	(void)state;
	/* The TCP header itself need not be there. */
	assert_int_equal(find_tcp(tcp4, 0, NULL), 14 + 24);
	assert_int_equal(find_tcp(tcp4, 0, &first), 14 + 24);
	assert_int_equal(find_tcp(tcp4, 0, &udp), 0);
	assert_int_equal(find_tcp(tcp4, 0, &fragment), 0);
	for (size_t cut = 1; cut <= 38; cut++)
		assert_int_equal(find_tcp(tcp4, cut, NULL), 0);
	for (size_t cut = 0; cut <= 4; cut++)
		assert_int_equal(find_tcp(tcp6, cut, NULL), 18 + 40);
	for (size_t cut = 5; cut <= 62; cut++)
		assert_int_equal(find_tcp(tcp6, cut, NULL), 0);
	assert_int_equal(find_tcp(udp4, 0, NULL), 0);
	assert_int_equal(find_tcp(udp6, 0, NULL), 0);
	assert_int_equal(find_tcp(untagged, 0, NULL), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_untagged),
		cmocka_unit_test(test_tagged),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_group_addresses),
		cmocka_unit_test(test_udp4_ends),
		cmocka_unit_test(test_udp6_ends),
		cmocka_unit_test(test_udp_cut_anywhere_is_none),
		cmocka_unit_test(test_udp_only_where_it_is_plain),
		cmocka_unit_test(test_find_tcp),
	};
	return cmocka_run_group_tests_name("frame", tests, unit_start, NULL);
}
