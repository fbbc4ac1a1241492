/* SPDX-License-Identifier: ISC */
#include "core/transmit.h"

#include "core/fragment.h"

#include "unit.h"

enum { BLOCKS = 16 };

static struct session ours, theirs;
static struct unit_sink unit;
static struct sink sink;
static struct transmit t;
static uint8_t bytes[FRAME_MAX];
static const struct path to = {
	.remote = { .ip = { 192, 0, 2, 1 },
	    .port = 52077,
	    .family = ADDR_IPV4 },
};

static int
set_up(void **state)
{
	struct session_keys k = {
		.send = { 1 },
		.recv = { 2 },
		.cipher = SUITE_CHACHA20_POLY1305,
		.local_index = 1,
		.remote_index = 2,
		.frame_max = FRAME_MAX,
		.dgram_max = 65507,
	};

	(void)state;
	session_init(&ours, &k, 0);
	memset(k.send, 2, 1);
	memset(k.recv, 1, 1);
	session_init(&theirs, &k, 0);
	sink = unit_sink_make(&unit, 1);
	unit_random_fill(&unit.random, bytes, sizeof(bytes));
	t = (struct transmit){
		.sink = &sink,
		.session = &ours,
		.to = &to,
		.path_size = 1472,
	};
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	unit_sink_empty(&unit);
	return 0;
}

static enum drop
send_frame(size_t len)
{
	uint8_t *data = unit_copy(bytes, len);
	const struct frame f = { .data = data, .len = len };
	const enum drop why = transmit_frame(&t, 0, &f);

	free(data);
	return why;
}

/* Opens one datagram that was sent; its content and length. */
static const uint8_t *
open_dgram(unsigned int i, size_t *len)
{
	struct unit_dgram *d = &unit.dgrams[i];
	struct session_opened out;

	assert_true(i < unit.count);
	assert_int_equal(d->len, d->room);
	assert_true(d->len <= t.path_size);
	assert_true(addr_equal(&d->to.remote, &to.remote));
	assert_int_equal(
	    session_open(&theirs, 0, d->data, d->len, &out), DROP_NONE);
	assert_int_equal(out.counter, i);
	*len = out.text_len;
	return d->data + WIRE_DATA_HEADER;
}

static void
test_keepalive(void **state)
{
	size_t len;

	(void)state;
	assert_int_equal(transmit_text(&t, NULL, 0), DROP_NONE);
	assert_int_equal(unit.count, 1);
	assert_int_equal(unit.dgrams[0].len, 32);
	(void)open_dgram(0, &len);
	assert_int_equal(len, 0);
}

static void
test_control_message(void **state)
{
	size_t len;

	(void)state;
	assert_int_equal(transmit_text(&t, bytes, 9), DROP_NONE);
	const uint8_t *text = open_dgram(0, &len);
	assert_int_equal(len, 9);
	assert_memory_equal(text, bytes, 9);
}

static void
test_whole_frame(void **state)
{
	const size_t largest = 1472 - 33;
	size_t len;

	(void)state;
	assert_int_equal(send_frame(14), DROP_NONE);
	assert_int_equal(send_frame(largest), DROP_NONE);
	assert_int_equal(unit.count, 2);
	const uint8_t *text = open_dgram(0, &len);
	assert_int_equal(len, 15);
	assert_int_equal(text[0], 0x01);
	assert_memory_equal(text + 1, bytes, 14);
	text = open_dgram(1, &len);
	assert_int_equal(unit.dgrams[1].len, 1472);
	assert_int_equal(len, 1 + largest);
	assert_memory_equal(text + 1, bytes, largest);
}

/* Puts all that was sent together again, as a receiver does. */
static void
check_reassembly(size_t total)
{
	static struct fragment_table table;
	struct drop_counts drops = { { 0 } };
	struct pool pool;
	struct pool_chain done = { .len = 0 };
	uint8_t scratch[FRAME_MAX];
	void *memory = malloc(pool_size(BLOCKS));

	assert_non_null(memory);
	pool_init(&pool, memory, BLOCKS);
	for (unsigned int i = 0; i < unit.count; i++) {
		struct fragment_piece piece = {
			.key = 1, .counter = i, .frame_max = FRAME_MAX
		};

		assert_int_equal(done.len, 0);
		piece.text = open_dgram(i, &piece.len);
		assert_int_equal(piece.text[0], 0x02);
		assert_int_equal(
		    fragment_accept(&table, &pool, &drops, 0, &piece, &done),
		    DROP_NONE);
	}
	assert_int_equal(done.len, total);
	assert_memory_equal(pool_flat(&pool, &done, scratch), bytes, total);
	free(memory);
}

static const struct {
	size_t path, total;
	unsigned int count;
} splits[] = {
	{ 1472, 1440, 2 }, /* one byte too many for one piece */
	{ 1472, 1518, 2 },
	{ 1232, 1518, 2 },
	{ 548, 516, 2 },
	{ 548, 1518, 4 },
	{ 548, 7936, 16 },
	{ 1472, 16384, 12 },
	{ 8972, 16384, 2 },
};

static void
test_fragments(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(splits); i++) {
		(void)set_up(state);
		t.path_size = splits[i].path;
		assert_int_equal(send_frame(splits[i].total), DROP_NONE);
		assert_int_equal(unit.count, splits[i].count);
		check_reassembly(splits[i].total);
		unit_sink_empty(&unit);
	}
}

static void
test_larger_than_the_peer_accepts(void **state)
{
	(void)state;
	ours.frame_max = 1518;
	assert_int_equal(send_frame(1519), DROP_FRAME_LENGTH);
	assert_int_equal(unit.count, 0);
	assert_int_equal(ours.send_counter, 0);
	assert_int_equal(send_frame(1518), DROP_NONE);
}

static void
test_more_than_sixteen_pieces(void **state)
{
	(void)state;
	t.path_size = 548;
	assert_int_equal(send_frame(7937), DROP_FRAGMENT_COUNT);
	assert_int_equal(unit.count, 0);
	assert_int_equal(ours.send_counter, 0);
}

static void
test_all_counters_lie_below_the_limit_or_none_is_taken(void **state)
{
	const uint64_t last = SESSION_REJECT_MESSAGES - 1;

	(void)state;
	ours.send_counter = last;
	assert_int_equal(send_frame(1518), DROP_KEY_EXPIRED);
	assert_int_equal(unit.count, 0);
	assert_int_equal(ours.send_counter, last);
	assert_int_equal(send_frame(100), DROP_NONE);
	unit_sink_empty(&unit);
	ours.send_counter = last - 1;
	assert_int_equal(send_frame(1518), DROP_NONE);
	assert_int_equal(unit.count, 2);
}

static void
test_no_room(void **state)
{
	(void)state;
	unit.room = 0;
	assert_int_equal(transmit_text(&t, NULL, 0), DROP_SEND_ROOM);
	assert_int_equal(send_frame(100), DROP_SEND_ROOM);
	assert_int_equal(send_frame(1518), DROP_SEND_ROOM);
	assert_int_equal(ours.send_counter, 0);
	/* Room for one of two pieces: what was sent has used its counter. */
	unit.room = 1;
	assert_int_equal(send_frame(1518), DROP_SEND_ROOM);
	assert_int_equal(ours.send_counter, 1);
	assert_int_equal(unit.count, 1);
}

/* A SYN from 10.0.0.1 to 10.0.0.2 with an MSS of 1460 and no checksum. */
static const char syn[] = "020000000002 020000000001 0800"
			  "4500002c 00004000 40060000 0a000001 0a000002"
			  "04000050 00000000 00000000 60020000 00000000"
			  "020405b4";

static void
test_mss_is_clamped_to_what_needs_no_fragment(void **state)
{
	const size_t at = 1 + 14 + 20 + 20 + 2;
	size_t len;

	(void)state;
	assert_int_equal(unit_hex(bytes, sizeof(bytes), syn), 58);
	t.path_size = 1232;
	assert_int_equal(send_frame(58), DROP_NONE);
	const uint8_t *text = open_dgram(0, &len);
	unit_assert_hex(text + at, 2, "05b4");
	t.mss_clamp = true;
	assert_int_equal(send_frame(58), DROP_NONE);
	text = open_dgram(1, &len);
	assert_int_equal(len, 59);
	/* 1232 - 33 for the tunnel - 14 - 20 - 20 */
	assert_int_equal(text[at] << 8 | text[at + 1], 1145);
	assert_memory_equal(text + 1, bytes, at - 1 - 6);
	/* The frame that was handed over is not touched. */
	unit_assert_hex(bytes + at - 1, 2, "05b4");
}

#define TRANSMIT_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TRANSMIT_TEST(test_keepalive),
		TRANSMIT_TEST(test_control_message),
		TRANSMIT_TEST(test_whole_frame),
		TRANSMIT_TEST(test_fragments),
		TRANSMIT_TEST(test_mss_is_clamped_to_what_needs_no_fragment),
		TRANSMIT_TEST(test_larger_than_the_peer_accepts),
		TRANSMIT_TEST(test_more_than_sixteen_pieces),
		TRANSMIT_TEST(
		    test_all_counters_lie_below_the_limit_or_none_is_taken),
		TRANSMIT_TEST(test_no_room),
	};
	return cmocka_run_group_tests_name("transmit", tests, unit_start, NULL);
}
