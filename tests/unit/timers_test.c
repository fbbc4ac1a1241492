/* SPDX-License-Identifier: ISC */
#include "core/timers.h"

#include "unit.h"

static struct timers timers;

static int
set_up(void **state)
{
	(void)state;
	memset(&timers, 0xff, sizeof(timers));
	timers_init(&timers);
	return 0;
}

static void
test_nothing_armed(void **state)
{
	(void)state;
	for (int i = 0; i < TIMER_COUNT; i++)
		assert_false(timers_armed(&timers, (enum timer)i));
	assert_int_equal(timers.next, NEVER);
	assert_int_equal(timers_next(&timers, 0), TIMER_COUNT);
	assert_int_equal(timers_next(&timers, NEVER - 1), TIMER_COUNT);
	assert_int_equal(timers.next, NEVER);
}

static void
test_fires_once_and_not_before(void **state)
{
	(void)state;
	timers_arm(&timers, TIMER_WIPE, 100);
	assert_true(timers_armed(&timers, TIMER_WIPE));
	assert_int_equal(timers.next, 100);
	assert_int_equal(timers_next(&timers, 99), TIMER_COUNT);
	assert_int_equal(timers_next(&timers, 100), TIMER_WIPE);
	assert_false(timers_armed(&timers, TIMER_WIPE));
	assert_int_equal(timers_next(&timers, 100), TIMER_COUNT);
	assert_int_equal(timers.next, NEVER);
}

static void
test_stopped_does_not_fire(void **state)
{
	(void)state;
	timers_arm(&timers, TIMER_RETRY, 10);
	timers_arm(&timers, TIMER_ANSWER, 20);
	timers_stop(&timers, TIMER_RETRY);
	assert_false(timers_armed(&timers, TIMER_RETRY));
	assert_int_equal(timers_next(&timers, 15), TIMER_COUNT);
	assert_int_equal(timers.next, 20);
	assert_int_equal(timers_next(&timers, 20), TIMER_ANSWER);
}

static void
test_armed_again_moves(void **state)
{
	(void)state;
	timers_arm(&timers, TIMER_PERSISTENT, 10);
	timers_arm(&timers, TIMER_PERSISTENT, 30);
	assert_int_equal(timers_next(&timers, 29), TIMER_COUNT);
	assert_int_equal(timers.next, 30);
	timers_arm(&timers, TIMER_PERSISTENT, 5);
	assert_int_equal(timers.next, 5);
	assert_int_equal(timers_next(&timers, 5), TIMER_PERSISTENT);
}

static void
test_many_due_at_once(void **state)
{
	unsigned int fired = 0;
	enum timer timer;

	(void)state;
	for (int i = 0; i < TIMER_COUNT; i++)
		timers_arm(&timers, (enum timer)i, 10);
	while ((timer = timers_next(&timers, 10)) != TIMER_COUNT) {
		assert_int_equal(fired & 1u << timer, 0);
		fired |= 1u << timer;
	}
	assert_int_equal(fired, (1u << TIMER_COUNT) - 1);
	assert_int_equal(timers.next, NEVER);
}

/* What a fired timer arms at once is due in the same round. */
static void
test_armed_while_firing(void **state)
{
	(void)state;
	timers_arm(&timers, TIMER_FRAGMENT, 10);
	assert_int_equal(timers_next(&timers, 12), TIMER_FRAGMENT);
	timers_arm(&timers, TIMER_RETRY, 12);
	assert_int_equal(timers_next(&timers, 12), TIMER_RETRY);
	timers_arm(&timers, TIMER_RETRY, 13);
	assert_int_equal(timers_next(&timers, 12), TIMER_COUNT);
	assert_int_equal(timers.next, 13);
}

static uint64_t
least(const uint64_t at[static TIMER_COUNT])
{
	uint64_t min = NEVER;

	for (int i = 0; i < TIMER_COUNT; i++)
		min = u64_min(min, at[i]);
	return min;
}

/* After a round next is a time to come, never later than the least, and it
 * is the least if the round had to look. */
static void
check_round(uint64_t at[static TIMER_COUNT], uint64_t now)
{
	const bool looks = now >= timers.next;
	enum timer timer;

	while ((timer = timers_next(&timers, now)) != TIMER_COUNT) {
		assert_true(at[timer] <= now);
		at[timer] = NEVER;
	}
	assert_true(least(at) > now);
	assert_true(timers.next > now && timers.next <= least(at));
	if (looks)
		assert_int_equal(timers.next, least(at));
}

static void
test_random_steps_against_a_model(void **state)
{
	struct unit_random r = { 1 };
	uint64_t at[TIMER_COUNT], now = 0;

	(void)state;
	for (int i = 0; i < TIMER_COUNT; i++)
		at[i] = NEVER;
	for (int i = 0; i < 20000; i++) {
		const size_t timer = unit_random_below(&r, TIMER_COUNT);

		if (unit_random_below(&r, 3) == 0) {
			timers_stop(&timers, (enum timer)timer);
			at[timer] = NEVER;
		} else {
			at[timer] = now + unit_random_below(&r, 50);
			timers_arm(&timers, (enum timer)timer, at[timer]);
		}
		for (int k = 0; k < TIMER_COUNT; k++)
			assert_int_equal(timers_armed(&timers, (enum timer)k),
			    at[k] != NEVER);
		if (unit_random_below(&r, 4) == 0)
			check_round(at, now);
		now += unit_random_below(&r, 10);
	}
}

#define TIMERS_TEST(f) cmocka_unit_test_setup(f, set_up)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TIMERS_TEST(test_nothing_armed),
		TIMERS_TEST(test_fires_once_and_not_before),
		TIMERS_TEST(test_stopped_does_not_fire),
		TIMERS_TEST(test_armed_again_moves),
		TIMERS_TEST(test_many_due_at_once),
		TIMERS_TEST(test_armed_while_firing),
		TIMERS_TEST(test_random_steps_against_a_model),
	};
	return cmocka_run_group_tests_name("timers", tests, unit_start, NULL);
}
