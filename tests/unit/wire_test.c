/* SPDX-License-Identifier: ISC */
#include "core/wire.h"

#include "unit.h"

/* The layouts' offsets stand here a second time, as lansplice-protocol(7)
 * names them: wire.c counts them with a cursor. */

/* Byte i of a message is i, so that a field tells where it was read. */
static uint8_t count_up[256];
static struct unit_random randoms = { 1 };

static int
set_up(void **state)
{
	for (size_t i = 0; i < sizeof(count_up); i++)
		count_up[i] = (uint8_t)i;
	return unit_start(state);
}

static bool
length_fits(uint32_t type, size_t len)
{
	switch (type) {
	case 1:
		return len == 168;
	case 2:
		return len == 108;
	case 3:
		return len == 64;
	default:
		return len >= 32;
	}
}

static void
check_type(uint32_t number)
{
	for (size_t len = 0; len <= 200; len++) {
		uint8_t bytes[200] = { (uint8_t)number, (uint8_t)(number >> 8),
			(uint8_t)(number >> 16), (uint8_t)(number >> 24) };
		uint8_t *dgram = unit_copy(bytes, len);
		enum wire_type type = 0;
		const enum drop why = wire_check(dgram, len, &type);

		free(dgram);
		if (len < 4)
			assert_int_equal(why, DROP_DGRAM_LENGTH);
		else if (number == 0 || number > 4)
			assert_int_equal(why, DROP_DGRAM_TYPE);
		else if (!length_fits(number, len))
			assert_int_equal(why, DROP_DGRAM_LENGTH);
		else
			assert_int_equal(why, DROP_NONE);
		if (why == DROP_NONE)
			assert_int_equal(type, number);
	}
}

static void
test_check_every_length_of_every_type(void **state)
{
	const uint32_t far[] = { 0x0100, 0x010000, 0x01000000, 0x04000000,
		0x01000001, 0x00000104, 0xffffffff };

	(void)state;
	for (uint32_t number = 0; number <= 300; number++)
		check_type(number);
	for (size_t i = 0; i < ARRAY_LEN(far); i++)
		check_type(far[i]);
}

static void
test_longest_data_fits(void **state)
{
	uint8_t *dgram = calloc(1, 65507);
	enum wire_type type;

	(void)state;
	assert_non_null(dgram);
	dgram[0] = WIRE_DATA;
	assert_int_equal(wire_check(dgram, 65507, &type), DROP_NONE);
	free(dgram);
}

static void
test_initiation_offsets(void **state)
{
	struct wire_initiation m;
	uint8_t msg[WIRE_INITIATION_LEN];

	(void)state;
	wire_parse_initiation(&m, count_up);
	assert_int_equal(m.sender, 0x07060504);
	assert_memory_equal(m.ephemeral, count_up + 8, 32);
	assert_memory_equal(m.sealed_static, count_up + 40, 48);
	assert_memory_equal(m.sealed_offer, count_up + 88, 48);
	memset(msg, 0xee, sizeof(msg));
	wire_put_initiation(msg, &m);
	unit_assert_hex(msg, 4, "01000000");
	assert_memory_equal(msg + 4, count_up + 4, 132);
	for (size_t i = 136; i < sizeof(msg); i++)
		assert_int_equal(msg[i], 0xee);
}

static void
test_response_offsets(void **state)
{
	struct wire_response m;
	uint8_t msg[WIRE_RESPONSE_LEN];

	(void)state;
	wire_parse_response(&m, count_up);
	assert_int_equal(m.sender, 0x07060504);
	assert_int_equal(m.receiver, 0x0b0a0908);
	assert_memory_equal(m.ephemeral, count_up + 12, 32);
	assert_memory_equal(m.sealed_answer, count_up + 44, 32);
	memset(msg, 0xee, sizeof(msg));
	wire_put_response(msg, &m);
	unit_assert_hex(msg, 4, "02000000");
	assert_memory_equal(msg + 4, count_up + 4, 72);
	for (size_t i = 76; i < sizeof(msg); i++)
		assert_int_equal(msg[i], 0xee);
}

static void
test_offer_bytes(void **state)
{
	const struct wire_offer offer = {
		.timestamp = UINT64_C(0x0102030405000000),
		.version = 1,
		.ciphers = 0x1112,
		.features = 0x2122,
		.frame_max = 0x3132,
		.dgram_max = 0x4142,
	};
	const char *want = "0000000504030201 01 00 1211 2221 3231 4241"
			   "0000000000000000000000000000";
	uint8_t bytes[WIRE_OFFER_LEN];
	struct wire_offer read;

	(void)state;
	memset(bytes, 0xee, sizeof(bytes));
	wire_put_offer(bytes, &offer);
	unit_assert_hex(bytes, sizeof(bytes), want);
	/* What is sent as zero is ignored on receipt. */
	bytes[9] = 0xff;
	memset(bytes + 18, 0xff, 14);
	wire_parse_offer(&read, bytes);
	assert_int_equal(read.timestamp, offer.timestamp);
	assert_int_equal(read.version, 1);
	assert_int_equal(read.ciphers, 0x1112);
	assert_int_equal(read.features, 0x2122);
	assert_int_equal(read.frame_max, 0x3132);
	assert_int_equal(read.dgram_max, 0x4142);
}

static void
test_answer_bytes(void **state)
{
	const struct wire_answer answer = {
		.version = 1,
		.cipher = 0x1112,
		.features = 0x2122,
		.frame_max = 0x3132,
		.dgram_max = 0x4142,
	};
	uint8_t bytes[WIRE_ANSWER_LEN];
	struct wire_answer read;

	(void)state;
	memset(bytes, 0xee, sizeof(bytes));
	wire_put_answer(bytes, &answer);
	unit_assert_hex(
	    bytes, sizeof(bytes), "01 00 1211 2221 3231 4241 000000000000");
	bytes[1] = 0xff;
	memset(bytes + 10, 0xff, 6);
	wire_parse_answer(&read, bytes);
	assert_int_equal(read.version, 1);
	assert_int_equal(read.cipher, 0x1112);
	assert_int_equal(read.features, 0x2122);
	assert_int_equal(read.frame_max, 0x3132);
	assert_int_equal(read.dgram_max, 0x4142);
}

static void
test_data_bytes(void **state)
{
	const struct wire_data data = {
		.receiver = 0xa1a2a3a4,
		.counter = UINT64_C(0x0102030405060708),
	};
	uint8_t bytes[WIRE_DATA_HEADER];
	struct wire_data read;

	(void)state;
	wire_put_data(bytes, &data);
	unit_assert_hex(
	    bytes, sizeof(bytes), "04000000 a4a3a2a1 0807060504030201");
	wire_parse_data(&read, bytes);
	assert_int_equal(read.receiver, data.receiver);
	assert_int_equal(read.counter, data.counter);
}

static void
test_fragment_bytes(void **state)
{
	const struct wire_fragment fragment = {
		.index = 3,
		.count = 9,
		.total = 0x1112,
		.unit = 0x2122,
	};
	uint8_t bytes[WIRE_FRAGMENT_HEADER];
	struct wire_fragment read;

	(void)state;
	wire_put_fragment(bytes, &fragment);
	unit_assert_hex(bytes, sizeof(bytes), "02 03 09 00 1211 2221");
	bytes[3] = 0xff;
	assert_int_equal(
	    wire_parse_fragment(&read, bytes, sizeof(bytes)), DROP_NONE);
	assert_int_equal(read.index, 3);
	assert_int_equal(read.count, 9);
	assert_int_equal(read.total, 0x1112);
	assert_int_equal(read.unit, 0x2122);
}

static void
test_probe_bytes(void **state)
{
	const struct wire_probe probe = { .id = 0xa1a2a3a4, .size = 0x1112 };
	uint8_t bytes[WIRE_PROBE_LEN];
	struct wire_probe read;

	(void)state;
	wire_put_probe(bytes, WIRE_PROBE, &probe);
	unit_assert_hex(bytes, sizeof(bytes), "10 a4a3a2a1 1211");
	wire_put_probe(bytes, WIRE_PROBE_ACK, &probe);
	unit_assert_hex(bytes, sizeof(bytes), "11 a4a3a2a1 1211");
	assert_int_equal(
	    wire_parse_probe(&read, bytes, sizeof(bytes)), DROP_NONE);
	assert_int_equal(read.id, probe.id);
	assert_int_equal(read.size, probe.size);
}

static void
test_path_bytes(void **state)
{
	uint8_t bytes[WIRE_PATH_LEN], read[WIRE_PATH_DATA];

	(void)state;
	wire_put_path(bytes, WIRE_PATH_CHALLENGE, count_up + 1);
	unit_assert_hex(bytes, sizeof(bytes), "12 0102030405060708");
	wire_put_path(bytes, WIRE_PATH_RESPONSE, count_up + 1);
	unit_assert_hex(bytes, sizeof(bytes), "13 0102030405060708");
	assert_int_equal(
	    wire_parse_path(read, bytes, sizeof(bytes)), DROP_NONE);
	assert_memory_equal(read, count_up + 1, sizeof(read));
}

/* One parser of content for the next test. */
static enum drop
parse_content(int which, const uint8_t *text, size_t len)
{
	struct wire_fragment fragment;
	struct wire_probe probe;
	uint8_t path[WIRE_PATH_DATA];

	switch (which) {
	case 0:
		return wire_parse_fragment(&fragment, text, len);
	case 1:
		return wire_parse_probe(&probe, text, len);
	default:
		return wire_parse_path(path, text, len);
	}
}

static const struct {
	size_t len;
	enum drop why;
} contents[] = {
	{ 8, DROP_FRAGMENT_INVALID },
	{ 7, DROP_CONTROL },
	{ 9, DROP_CONTROL },
};

static void
test_content_too_short_and_longer(void **state)
{
	(void)state;
	for (int i = 0; i < (int)ARRAY_LEN(contents); i++) {
		for (size_t len = 0; len < 64; len++) {
			uint8_t *text = unit_copy(count_up, len);
			const enum drop why = parse_content(i, text, len);

			free(text);
			assert_int_equal(why,
			    len < contents[i].len ? contents[i].why
						  : DROP_NONE);
		}
	}
}

static void
round_trip_messages(void)
{
	uint8_t bytes[WIRE_INITIATION_LEN];
	struct wire_initiation i, i2;
	struct wire_response r, r2;

	unit_random_fill(&randoms, &i, sizeof(i));
	wire_put_initiation(bytes, &i);
	wire_parse_initiation(&i2, bytes);
	assert_memory_equal(&i, &i2, sizeof(i));
	unit_random_fill(&randoms, &r, sizeof(r));
	wire_put_response(bytes, &r);
	wire_parse_response(&r2, bytes);
	assert_memory_equal(&r, &r2, sizeof(r));
}

static void
round_trip_payloads(void)
{
	uint8_t bytes[WIRE_OFFER_LEN], again[WIRE_OFFER_LEN];
	struct wire_offer o;
	struct wire_answer a;
	struct wire_data d;

	unit_random_fill(&randoms, &o, sizeof(o));
	wire_put_offer(bytes, &o);
	wire_parse_offer(&o, bytes);
	wire_put_offer(again, &o);
	assert_memory_equal(bytes, again, WIRE_OFFER_LEN);
	unit_random_fill(&randoms, &a, sizeof(a));
	wire_put_answer(bytes, &a);
	wire_parse_answer(&a, bytes);
	wire_put_answer(again, &a);
	assert_memory_equal(bytes, again, WIRE_ANSWER_LEN);
	unit_random_fill(&randoms, &d, sizeof(d));
	wire_put_data(bytes, &d);
	wire_parse_data(&d, bytes);
	wire_put_data(again, &d);
	assert_memory_equal(bytes, again, WIRE_DATA_HEADER);
}

static void
round_trip_contents(void)
{
	uint8_t bytes[WIRE_FRAGMENT_HEADER], again[WIRE_FRAGMENT_HEADER];
	struct wire_fragment f;
	struct wire_probe p;

	unit_random_fill(&randoms, bytes, sizeof(bytes));
	bytes[0] = WIRE_FRAGMENT;
	bytes[3] = 0;
	assert_int_equal(
	    wire_parse_fragment(&f, bytes, sizeof(bytes)), DROP_NONE);
	wire_put_fragment(again, &f);
	assert_memory_equal(bytes, again, sizeof(bytes));
	bytes[0] = WIRE_PROBE;
	assert_int_equal(
	    wire_parse_probe(&p, bytes, WIRE_PROBE_LEN), DROP_NONE);
	wire_put_probe(again, WIRE_PROBE, &p);
	assert_memory_equal(bytes, again, WIRE_PROBE_LEN);
}

static void
test_what_is_put_is_parsed(void **state)
{
	(void)state;
	for (int i = 0; i < 1000; i++) {
		round_trip_messages();
		round_trip_payloads();
		round_trip_contents();
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check_every_length_of_every_type),
		cmocka_unit_test(test_longest_data_fits),
		cmocka_unit_test(test_initiation_offsets),
		cmocka_unit_test(test_response_offsets),
		cmocka_unit_test(test_offer_bytes),
		cmocka_unit_test(test_answer_bytes),
		cmocka_unit_test(test_data_bytes),
		cmocka_unit_test(test_fragment_bytes),
		cmocka_unit_test(test_probe_bytes),
		cmocka_unit_test(test_path_bytes),
		cmocka_unit_test(test_content_too_short_and_longer),
		cmocka_unit_test(test_what_is_put_is_parsed),
	};
	return cmocka_run_group_tests_name("wire", tests, set_up, NULL);
}
