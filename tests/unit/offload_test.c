/* SPDX-License-Identifier: ISC */
#include "core/offload.h"

#include "core/units.h"

#include "unit.h"

enum { FRAME_ROOM = 128 };

/* Headers up to the TCP header; the IP checksum is of no concern here. */
static const char ip4[] = "020000000002 020000000001 0800"
			  "45000000 00004000 40060000 0a000001 0a000002";
static const char ip4_tagged[] =
    "020000000002 020000000001 8100 0005 0800"
    "46000000 00004000 40060000 0a000001 0a000002 01010101";
static const char ip6[] = "020000000002 020000000001 86dd"
			  "60000000 00000640 20010db8000000000000000000000001"
			  "20010db8000000000000000000000002";

/* Ports, numbers, then data offset and flags. */
#define TCP_START "ab120050 01234567 89abcdef "
#define TCP_END " 7210 0000 0000 "

struct packet {
	uint8_t bytes[FRAME_ROOM];
	size_t len;
	size_t tcp; /* offset */
};

/* Sum of the TCP segment as its checksum takes it, without the pseudo
 * header, which clamping does not change; RFC 1071. */
static uint16_t
segment_sum(const struct packet *p)
{
	uint32_t sum = 0;

	for (size_t i = p->tcp; i < p->len; i++)
		sum += (uint32_t)p->bytes[i] << ((i - p->tcp) % 2 == 0 ? 8 : 0);
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static void
build(struct packet *p, const char *ip, const char *tcp)
{
	p->tcp = unit_hex(p->bytes, FRAME_ROOM, ip);
	p->len = p->tcp + unit_hex(p->bytes + p->tcp, FRAME_ROOM - p->tcp, tcp);
}

static void
clamp(struct packet *p, size_t frame_max)
{
	uint8_t *copy = unit_copy(p->bytes, p->len);

	offload_clamp_mss(copy, p->len, frame_max);
	memcpy(p->bytes, copy, p->len);
	free(copy);
}

/* Options and where in them the MSS stands; a TCP header holds 40 bytes. */
static const struct {
	const char *ip, *tcp;
	size_t value; /* offset of the MSS in the segment, 0: not clamped */
} packets[] = {
	{ ip4, TCP_START "6002" TCP_END "020405b4", 22 },
	{ ip4, TCP_START "6012" TCP_END "020405b4", 22 }, /* SYN, ACK */
	{ ip4, TCP_START "60c2" TCP_END "020405b4", 22 }, /* and ECN */
	{ ip4_tagged, TCP_START "6002" TCP_END "020405b4", 22 },
	{ ip6, TCP_START "6002" TCP_END "020405b4", 22 },
	{ ip4, TCP_START "7002" TCP_END "0101 0204 05b4 0000", 24 },
	{ ip4, TCP_START "7002" TCP_END "01 020405b4 010101", 23 },
	{ ip4, TCP_START "8002" TCP_END "04020303 07010204 05b40000", 28 },
	{ ip4, TCP_START "6002" TCP_END "020405b4 aabb", 22 }, /* data */
	{ ip4, TCP_START "6010" TCP_END "020405b4", 0 },       /* no SYN */
	{ ip4, TCP_START "5002" TCP_END "020405b4", 0 },       /* data */
	{ ip4, TCP_START "4002" TCP_END "020405b4", 0 },       /* offset 16 */
	{ ip4, TCP_START "7002" TCP_END "020405b4", 0 },       /* cut short */
	{ ip4, TCP_START "6002" TCP_END "000405b4", 0 },       /* end of list */
	{ ip4, TCP_START "6002" TCP_END "020305b4", 0 },       /* odd length */
	{ ip4, TCP_START "6002" TCP_END "020505b4", 0 },
	{ ip4, TCP_START "6002" TCP_END "020005b4", 0 },
	{ ip4, TCP_START "6002" TCP_END "080a05b4", 0 }, /* beyond the end */
	{ ip4, TCP_START "6002" TCP_END "01010102", 0 }, /* no length byte */
	/* An option that goes on into the data. */
	{ ip4, TCP_START "6002" TCP_END "01010102 0405b4", 0 },
	{ ip4, TCP_START "6002" TCP_END "01020405 b4", 0 },
	{ ip4, TCP_START "6002" TCP_END "01010101", 0 }, /* no MSS */
	{ ip4, TCP_START "6002", 0 },                    /* no whole header */
	{ ip4, "", 0 },
	{ "020000000002 020000000001 0806 00", "", 0 },
};

static void
test_clamps_a_syn_and_nothing_else(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(packets); i++) {
		struct packet before, p;

		build(&p, packets[i].ip, packets[i].tcp);
		before = p;
		clamp(&p, 1200);
		if (packets[i].value == 0) {
			if (memcmp(p.bytes, before.bytes, p.len) != 0)
				fail_msg("row %zu changed", i);
			continue;
		}
		const size_t at = p.tcp + packets[i].value;
		const size_t want = 1200 - p.tcp - 20;
		const size_t mss = (size_t)p.bytes[at] << 8 | p.bytes[at + 1];
		if (mss != want || segment_sum(&p) != segment_sum(&before))
			fail_msg("row %zu: MSS %zu", i, mss);
		/* Beside MSS and checksum all is as it was. */
		memcpy(p.bytes + at, before.bytes + at, 2);
		memcpy(p.bytes + p.tcp + 16, before.bytes + p.tcp + 16, 2);
		assert_memory_equal(p.bytes, before.bytes, p.len);
	}
}

static void
test_never_raises(void **state)
{
	const struct {
		size_t frame_max, mss;
	} rows[] = { { 1515, 1460 }, { 1514, 1460 }, { 1513, 1459 },
		{ 65535, 1460 }, { 55, 1 }, { 54, 1460 }, { 53, 1460 },
		{ 0, 1460 } };
	struct packet p;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		build(&p, ip4, TCP_START "6002" TCP_END "020405b4");
		clamp(&p, rows[i].frame_max);
		assert_int_equal(p.bytes[p.tcp + 22] << 8 | p.bytes[p.tcp + 23],
		    rows[i].mss);
	}
}

/* Every sum, with the option at an even and at an odd place. */
static void
test_checksum_follows(void **state)
{
	const struct {
		const char *tcp;
		size_t value;
	} places[] = {
		{ TCP_START "6002" TCP_END "0204ffff", 22 },
		{ TCP_START "7002" TCP_END "01 0204ffff 000000", 23 },
	};
	struct unit_random r = { 1 };

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct packet p;

		build(&p, ip4, places[i % 2].tcp);
		unit_random_fill(&r, p.bytes + p.tcp, 12);
		unit_random_fill(&r, p.bytes + p.tcp + 16, 4);
		unit_random_fill(&r, p.bytes + p.tcp + places[i % 2].value, 2);
		const uint16_t sum = segment_sum(&p);
		clamp(&p, 54 + 1 + unit_random_below(&r, 65000));
		/* 0 and ffff are the same number in this arithmetic. */
		assert_int_equal(segment_sum(&p) % 0xffff, sum % 0xffff);
	}
}

static void
test_random_bytes_stay_within(void **state)
{
	struct unit_random r = { 2 };
	struct packet p;

	(void)state;
	for (int i = 0; i < 50000; i++) {
		build(&p, ip4, TCP_START "6002" TCP_END "020405b4");
		unit_random_fill(&r, p.bytes + p.tcp, FRAME_ROOM - p.tcp);
		p.bytes[p.tcp + 13] |= 2;
		p.len = p.tcp + unit_random_below(&r, FRAME_ROOM - p.tcp);
		clamp(&p, unit_random_below(&r, 1600));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clamps_a_syn_and_nothing_else),
		cmocka_unit_test(test_never_raises),
		cmocka_unit_test(test_checksum_follows),
		cmocka_unit_test(test_random_bytes_stay_within),
	};
	return cmocka_run_group_tests_name("offload", tests, unit_start, NULL);
}
