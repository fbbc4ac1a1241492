/* SPDX-License-Identifier: ISC */
#include "core/roam.h"

#include "unit.h"

static struct roam roam;
static struct unit_sink unit;
static struct sink sink;

static int
set_up(void **state)
{
	(void)state;
	sink = unit_sink_make(&unit, 1);
	roam = (struct roam){ .sent = 0 };
	return 0;
}

static struct path
address(uint8_t last)
{
	return (struct path){
		.remote = { .ip = { 192, 0, 2, last },
		    .port = 52077,
		    .family = ADDR_IPV4 },
		.local = { .ip = { 10, 0, 0, last }, .family = ADDR_IPV4 },
	};
}

static bool
start(uint64_t now_ns, uint8_t last)
{
	const struct path p = address(last);

	return roam_start(&roam, &sink, now_ns, &p);
}

/* A whole check that nobody answers; it is over 3 s later. */
static void
fail_check(uint64_t now_ns, uint8_t last)
{
	assert_true(start(now_ns, last));
	for (uint64_t i = 0; i < ROAM_CHALLENGES; i++)
		assert_true(roam_next(&roam, now_ns + i * ROAM_INTERVAL));
	assert_false(
	    roam_next(&roam, now_ns + ROAM_CHALLENGES * ROAM_INTERVAL));
}

static void
test_answer_ends_the_check(void **state)
{
	const struct path want = address(1);
	struct path to;

	(void)state;
	assert_true(start(SEC(1), 1));
	assert_true(roam_next(&roam, SEC(1)));
	assert_true(roam_accept(&roam, roam.challenge, &to));
	assert_true(addr_equal(&to.remote, &want.remote));
	assert_true(addr_equal(&to.local, &want.local));
	assert_false(addr_is_set(&roam.candidate.remote));
	/* Once is enough. */
	assert_false(roam_accept(&roam, roam.challenge, &to));
	/* It did not fail, so it may be checked again at once. */
	assert_true(start(SEC(1), 1));
}

static void
test_wrong_answers(void **state)
{
	uint8_t data[WIRE_PATH_DATA];
	struct path to = address(9);

	(void)state;
	memset(data, 0, sizeof(data));
	assert_false(roam_accept(&roam, data, &to));
	assert_true(start(SEC(1), 1));
	memcpy(data, roam.challenge, sizeof(data));
	for (size_t i = 0; i < 8 * sizeof(data); i++) {
		data[i / 8] ^= (uint8_t)(1u << i % 8);
		assert_false(roam_accept(&roam, data, &to));
		data[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	assert_int_equal(to.remote.ip[3], 9);
	assert_true(roam_accept(&roam, data, &to));
}

static void
test_challenges_are_fresh(void **state)
{
	uint8_t before[WIRE_PATH_DATA];
	struct path to;

	(void)state;
	assert_true(start(SEC(1), 1));
	memcpy(before, roam.challenge, sizeof(before));
	roam_stop(&roam);
	assert_true(start(SEC(1), 1));
	assert_memory_not_equal(before, roam.challenge, sizeof(before));
	assert_false(roam_accept(&roam, before, &to));
}

static void
test_one_at_a_time(void **state)
{
	(void)state;
	assert_true(start(SEC(1), 1));
	assert_false(start(SEC(1), 1));
	assert_false(start(SEC(100), 2));
	assert_int_equal(roam.candidate.remote.ip[3], 1);
	roam_stop(&roam);
	assert_true(start(SEC(1), 2));
}

static void
test_three_challenges_then_failed(void **state)
{
	struct path to;

	(void)state;
	fail_check(SEC(10), 1);
	assert_false(addr_is_set(&roam.candidate.remote));
	assert_false(roam_accept(&roam, roam.challenge, &to));
}

static void
test_failed_address_waits_30_s(void **state)
{
	(void)state;
	fail_check(SEC(10), 1);
	assert_false(start(SEC(13), 1));
	assert_false(start(SEC(43) - 1, 1));
	assert_true(start(SEC(43), 1));
}

static void
test_failed_means_the_port_too(void **state)
{
	struct path p = address(1);

	(void)state;
	fail_check(SEC(10), 1);
	p.remote.port++;
	assert_true(roam_start(&roam, &sink, SEC(14), &p));
}

/* "An address that failed is not tried again for 30 s": each of them. */
static void
test_second_failure_does_not_excuse_the_first(void **state)
{
	(void)state;
	fail_check(SEC(10), 1);
	fail_check(SEC(13), 2);
	assert_false(start(SEC(16), 2));
	assert_false(start(SEC(16), 1));
}

static void
test_stop_is_no_failure(void **state)
{
	(void)state;
	assert_true(start(SEC(1), 1));
	assert_true(roam_next(&roam, SEC(1)));
	roam_stop(&roam);
	assert_false(addr_is_set(&roam.candidate.remote));
	assert_true(start(SEC(2), 1));
	/* The count of challenges began anew. */
	for (int i = 0; i < ROAM_CHALLENGES; i++)
		assert_true(roam_next(&roam, SEC(2)));
}

#define ROAM_TEST(f) cmocka_unit_test_setup(f, set_up)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ROAM_TEST(test_answer_ends_the_check),
		ROAM_TEST(test_wrong_answers),
		ROAM_TEST(test_challenges_are_fresh),
		ROAM_TEST(test_one_at_a_time),
		ROAM_TEST(test_three_challenges_then_failed),
		ROAM_TEST(test_failed_address_waits_30_s),
		ROAM_TEST(test_failed_means_the_port_too),
		ROAM_TEST(test_second_failure_does_not_excuse_the_first),
		ROAM_TEST(test_stop_is_no_failure),
	};
	return cmocka_run_group_tests_name("roam", tests, unit_start, NULL);
}
