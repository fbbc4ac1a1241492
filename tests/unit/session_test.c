/* SPDX-License-Identifier: ISC */
#include "core/session.h"

#include "unit.h"

enum { BORN = 1000, LOCAL = 0x11223344, REMOTE = 0x55667788 };

/* Both ends of one session: ours is the initiator's. */
static struct session ours, theirs;
static uint8_t dgram[256];

static bool
has_cipher(enum suite_cipher c)
{
	return (suite_ciphers_available() & 1u << c) != 0;
}

static void
begin(enum suite_cipher c)
{
	struct session_keys k = {
		.send = { 1 },
		.recv = { 2 },
		.cipher = c,
		.local_index = LOCAL,
		.remote_index = REMOTE,
		.initiator = true,
		.frame_max = 1518,
		.dgram_max = 1472,
	};

	session_init(&ours, &k, BORN);
	memset(k.send, 2, 1);
	memset(k.recv, 1, 1);
	k.local_index = REMOTE;
	k.remote_index = LOCAL;
	k.initiator = false;
	session_init(&theirs, &k, BORN);
}

/* Seals a text into dgram; its length. */
static size_t
seal(struct session *s, const char *text)
{
	const size_t len = strlen(text);

	memcpy(dgram + WIRE_DATA_HEADER, text, len);
	session_seal(s, dgram, len);
	return session_dgram_len(s, len);
}

/* Opens a copy of len bytes of dgram. */
static enum drop
open_copy(
    struct session *s, uint64_t now_ns, size_t len, struct session_opened *out)
{
	uint8_t *copy = unit_copy(dgram, size_max(len, WIRE_DATA_HEADER));
	const enum drop why = session_open(s, now_ns, copy, len, out);

	free(copy);
	return why;
}

static void
test_init_and_wipe(void **state)
{
	(void)state;
	begin(SUITE_CHACHA20_POLY1305);
	assert_true(session_exists(&ours));
	assert_int_equal(ours.send_counter, 0);
	assert_int_equal(ours.born_ns, BORN);
	assert_int_equal(ours.local_index, LOCAL);
	assert_int_equal(ours.remote_index, REMOTE);
	assert_int_equal(ours.frame_max, 1518);
	assert_int_equal(ours.dgram_max, 1472);
	assert_int_equal(ours.tag_len, 16);
	assert_true(ours.initiator);
	assert_false(theirs.initiator);
	session_wipe(&ours);
	assert_false(session_exists(&ours));
	assert_false(session_can_send(&ours, 0, 1));
	assert_true(sodium_is_zero((uint8_t *)&ours, sizeof(ours)));
}

static void
check_both_ways(enum suite_cipher c)
{
	struct session_opened out;

	begin(c);
	for (uint64_t i = 0; i < 3; i++) {
		const size_t len = seal(&ours, "to the responder");

		assert_int_equal(len, 16 + 16 + suite_tag_len(c));
		unit_assert_hex(dgram, 8, "04000000 88776655");
		assert_int_equal(dgram[8], i);
		assert_int_equal(
		    session_open(&theirs, BORN, dgram, len, &out), DROP_NONE);
		assert_int_equal(out.counter, i);
		assert_int_equal(out.text_len, 16);
		assert_true(out.newest);
		assert_memory_equal(dgram + 16, "to the responder", 16);
	}
	const size_t len = seal(&theirs, "back");
	unit_assert_hex(dgram, 8, "04000000 44332211");
	assert_int_equal(
	    session_open(&ours, BORN, dgram, len, &out), DROP_NONE);
	assert_memory_equal(dgram + 16, "back", 4);
	/* Its own message does not open: the directions have two keys. */
	const size_t own = seal(&ours, "back");
	assert_int_equal(
	    session_open(&ours, BORN, dgram, own, &out), DROP_OPEN);
}

static void
test_both_ways(void **state)
{
	(void)state;
	for (int c = 0; c < SUITE_CIPHER_COUNT; c++)
		if (has_cipher((enum suite_cipher)c))
			check_both_ways((enum suite_cipher)c);
}

static void
test_keepalive_has_no_text(void **state)
{
	(void)state;
	for (int c = 0; c < SUITE_CIPHER_COUNT; c++) {
		struct session_opened out = { .text_len = 9 };

		if (!has_cipher((enum suite_cipher)c))
			continue;
		const size_t len = c == SUITE_AEGIS_256 ? 48 : 32;
		begin((enum suite_cipher)c);
		assert_int_equal(seal(&ours, ""), len);
		for (size_t less = 16; less < len; less++)
			assert_int_equal(
			    open_copy(&theirs, BORN, less, &out), DROP_OPEN);
		assert_int_equal(
		    open_copy(&theirs, BORN, len, &out), DROP_NONE);
		assert_int_equal(out.text_len, 0);
	}
}

static uint64_t
reject_limit(enum suite_cipher c)
{
	return c == SUITE_AES256_GCM ? UINT64_C(1) << 30 : UINT64_MAX - 8192;
}

static void
check_tampering(enum suite_cipher c)
{
	struct session_opened out;

	begin(c);
	ours.send_counter = 77;
	const size_t len = seal(&ours, "precious");
	for (size_t i = 0; i < 8 * len; i++) {
		dgram[i / 8] ^= (uint8_t)(1u << i % 8);
		/* A counter beyond the limit is not even tried. */
		const bool beyond = i >= 64 && i < 128 &&
		    UINT64_C(1) << (i - 64) >= reject_limit(c);
		assert_int_equal(open_copy(&theirs, BORN, len, &out),
		    beyond ? DROP_KEY_EXPIRED : DROP_OPEN);
		dgram[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	for (size_t less = 1; less <= len - WIRE_DATA_HEADER; less++)
		assert_int_equal(
		    open_copy(&theirs, BORN, len - less, &out), DROP_OPEN);
	/* None of that left a mark. */
	assert_int_equal(open_copy(&theirs, BORN, len, &out), DROP_NONE);
	assert_true(out.newest);
}

static void
test_tampering_with_every_bit(void **state)
{
	(void)state;
	for (int c = 0; c < SUITE_CIPHER_COUNT; c++)
		if (has_cipher((enum suite_cipher)c))
			check_tampering((enum suite_cipher)c);
}

static void
test_replays(void **state)
{
	struct session_opened out;
	size_t len;

	(void)state;
	begin(SUITE_CHACHA20_POLY1305);
	len = seal(&ours, "once");
	assert_int_equal(open_copy(&theirs, BORN, len, &out), DROP_NONE);
	assert_int_equal(open_copy(&theirs, BORN, len, &out), DROP_REPLAY);
	ours.send_counter = 20000;
	len = seal(&ours, "far ahead");
	assert_int_equal(open_copy(&theirs, BORN, len, &out), DROP_NONE);
	assert_true(out.newest);
	ours.send_counter = 19999;
	len = seal(&ours, "late");
	assert_int_equal(open_copy(&theirs, BORN, len, &out), DROP_NONE);
	assert_false(out.newest);
	assert_int_equal(out.counter, 19999);
	ours.send_counter = 1;
	len = seal(&ours, "too late");
	assert_int_equal(open_copy(&theirs, BORN, len, &out), DROP_REPLAY_OLD);
}

static const struct {
	enum suite_cipher cipher;
	uint64_t counter;
	bool can_send_one;
	bool wants_rekey;
} counters[] = {
	{ SUITE_CHACHA20_POLY1305, 0, true, false },
	{ SUITE_CHACHA20_POLY1305, (UINT64_C(1) << 60) - 1, true, false },
	{ SUITE_CHACHA20_POLY1305, UINT64_C(1) << 60, true, true },
	/* 2^64 - 2^13 - 1 is the limit: this is the last below it */
	{ SUITE_CHACHA20_POLY1305, UINT64_MAX - 8193, true, true },
	{ SUITE_CHACHA20_POLY1305, UINT64_MAX - 8192, false, true },
	{ SUITE_CHACHA20_POLY1305, UINT64_MAX, false, true },
	{ SUITE_AES256_GCM, (UINT64_C(1) << 28) - 1, true, false },
	{ SUITE_AES256_GCM, UINT64_C(1) << 28, true, true },
	{ SUITE_AES256_GCM, (UINT64_C(1) << 30) - 1, true, true },
	{ SUITE_AES256_GCM, UINT64_C(1) << 30, false, true },
	{ SUITE_AEGIS_256, (UINT64_C(1) << 60) - 1, true, false },
	{ SUITE_AEGIS_256, UINT64_C(1) << 60, true, true },
	{ SUITE_AEGIS_256, UINT64_MAX - 8193, true, true },
	{ SUITE_AEGIS_256, UINT64_MAX - 8192, false, true },
};

/* The message limit obliges either side, young as the session may be. */
static void
test_limits_of_messages(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(counters); i++) {
		if (!has_cipher(counters[i].cipher))
			continue;
		begin(counters[i].cipher);
		ours.send_counter = theirs.send_counter = counters[i].counter;
		if (session_can_send(&ours, BORN, 1) !=
			counters[i].can_send_one ||
		    session_wants_rekey(&ours, BORN) !=
			counters[i].wants_rekey ||
		    session_wants_rekey(&theirs, BORN) !=
			counters[i].wants_rekey)
			fail_msg("row %zu", i);
	}
}

static void
test_all_counters_of_a_run_lie_below_the_limit(void **state)
{
	(void)state;
	begin(SUITE_CHACHA20_POLY1305);
	ours.send_counter = SESSION_REJECT_MESSAGES - 16;
	assert_true(session_can_send(&ours, BORN, 16));
	assert_false(session_can_send(&ours, BORN, 17));
	ours.send_counter++;
	assert_true(session_can_send(&ours, BORN, 15));
	assert_false(session_can_send(&ours, BORN, 16));
	assert_false(session_can_send(&ours, BORN, UINT64_MAX));
}

static void
test_counters_refused_on_receipt(void **state)
{
	struct session_opened out;

	(void)state;
	for (int c = 0; c < SUITE_CIPHER_COUNT; c++) {
		if (!has_cipher((enum suite_cipher)c))
			continue;
		begin((enum suite_cipher)c);
		ours.send_counter = reject_limit((enum suite_cipher)c);
		size_t len = seal(&ours, "one too many");
		assert_int_equal(
		    open_copy(&theirs, BORN, len, &out), DROP_KEY_EXPIRED);
		ours.send_counter = UINT64_MAX;
		len = seal(&ours, "the very last");
		assert_int_equal(
		    open_copy(&theirs, BORN, len, &out), DROP_KEY_EXPIRED);
		ours.send_counter = reject_limit((enum suite_cipher)c) - 1;
		len = seal(&ours, "the last");
		assert_int_equal(
		    open_copy(&theirs, BORN, len, &out), DROP_NONE);
	}
}

static void
test_age_to_reject(void **state)
{
	struct session_opened out;

	(void)state;
	begin(SUITE_CHACHA20_POLY1305);
	const size_t len = seal(&ours, "old");
	assert_true(session_can_send(&ours, BORN + SEC(180) - 1, 1));
	assert_false(session_can_send(&ours, BORN + SEC(180), 1));
	assert_int_equal(
	    open_copy(&theirs, BORN + SEC(180), len, &out), DROP_KEY_EXPIRED);
	assert_int_equal(
	    open_copy(&theirs, BORN + SEC(180) - 1, len, &out), DROP_NONE);
}

static void
test_age_to_rekey(void **state)
{
	(void)state;
	begin(SUITE_CHACHA20_POLY1305);
	assert_false(session_wants_rekey(&ours, BORN + SEC(120) - 1));
	assert_true(session_wants_rekey(&ours, BORN + SEC(120)));
	assert_true(session_wants_rekey(&ours, BORN + SEC(120)));
	/* Age obliges the initiator only. */
	assert_false(session_wants_rekey(&theirs, BORN + SEC(179)));
}

static void
test_age_to_rekey_on_receipt(void **state)
{
	(void)state;
	begin(SUITE_CHACHA20_POLY1305);
	assert_false(
	    session_wants_rekey_on_receipt(&ours, BORN + SEC(165) - 1));
	assert_true(session_wants_rekey_on_receipt(&ours, BORN + SEC(165)));
	assert_false(session_wants_rekey_on_receipt(&ours, BORN + SEC(165)));
	assert_false(session_wants_rekey_on_receipt(&ours, BORN + SEC(170)));
	assert_false(session_wants_rekey_on_receipt(&theirs, BORN + SEC(179)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_init_and_wipe),
		cmocka_unit_test(test_both_ways),
		cmocka_unit_test(test_keepalive_has_no_text),
		cmocka_unit_test(test_tampering_with_every_bit),
		cmocka_unit_test(test_replays),
		cmocka_unit_test(test_limits_of_messages),
		cmocka_unit_test(
		    test_all_counters_of_a_run_lie_below_the_limit),
		cmocka_unit_test(test_counters_refused_on_receipt),
		cmocka_unit_test(test_age_to_reject),
		cmocka_unit_test(test_age_to_rekey),
		cmocka_unit_test(test_age_to_rekey_on_receipt),
	};
	return cmocka_run_group_tests_name("session", tests, unit_start, NULL);
}
