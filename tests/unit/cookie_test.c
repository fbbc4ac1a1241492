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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_key_of_mac1),
		cmocka_unit_test(test_macs_stand_at_the_end),
		cmocka_unit_test(test_every_bit_but_mac2_counts),
	};
	return cmocka_run_group_tests_name("cookie", tests, set_up, NULL);
}
