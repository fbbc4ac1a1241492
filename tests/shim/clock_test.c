/* SPDX-License-Identifier: ISC */
/* The clocks of a Mac that slept. */
#include "clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

#include "core/units.h"
#include "os/mono.h"

enum {
	ASLEEP_S = 3600,
};

static uint64_t
plain_monotonic_ns(void)
{
	struct timespec t;

	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &t), 0);
	return SEC(t.tv_sec) + (uint64_t)t.tv_nsec;
}

/* A test that takes an hour in between has failed. */
static void
test_sleep_counts_for_all_clocks_but_one(void **state)
{
	const struct now before = mono_now();
	const uint64_t awake_ns = mono_awake_ns();
	const uint64_t plain_ns = plain_monotonic_ns();

	(void)state;
	shim_clock_sleep(SEC(ASLEEP_S));
	assert_true(mono_now().mono_ns - before.mono_ns >= SEC(ASLEEP_S));
	assert_true(mono_now().wall_ns - before.wall_ns >= SEC(ASLEEP_S));
	assert_true(plain_monotonic_ns() - plain_ns >= SEC(ASLEEP_S));
	assert_true(mono_awake_ns() - awake_ns < SEC(ASLEEP_S));
}

static void
test_nanoseconds_stay_below_a_second(void **state)
{
	struct timespec t;

	(void)state;
	for (int i = 0; i < 10; i++) {
		shim_clock_sleep(MS(333));
		assert_int_equal(clock_gettime(CLOCK_MONOTONIC_RAW, &t), 0);
		assert_true(t.tv_nsec >= 0 && t.tv_nsec < 1000000000L);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sleep_counts_for_all_clocks_but_one),
		cmocka_unit_test(test_nanoseconds_stay_below_a_second),
	};

	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
