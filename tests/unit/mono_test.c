/* SPDX-License-Identifier: ISC */
#include "os/mono.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

enum {
	LOOKS = 1000,
};

static void
test_mono_never_goes_back(void **state)
{
	uint64_t last_ns = mono_now().mono_ns;
	const uint64_t first_ns = last_ns;

	(void)state;
	assert_int_not_equal(first_ns, 0);
	for (int i = 0; i < LOOKS; i++) {
		const uint64_t ns = mono_now().mono_ns;

		assert_true(ns >= last_ns);
		last_ns = ns;
	}
}

static void
test_mono_counts_nanoseconds(void **state)
{
	const struct timespec nap = { .tv_nsec = (long)MS(20) };
	const uint64_t before_ns = mono_now().mono_ns;

	(void)state;
	assert_int_equal(nanosleep(&nap, NULL), 0);
	assert_true(mono_now().mono_ns - before_ns >= MS(20));
}

/* It counts no sleep and so grows at most as much as the other. */
static void
test_awake_grows_as_mono_does(void **state)
{
	const struct timespec nap = { .tv_nsec = (long)MS(20) };
	const uint64_t mono_ns = mono_now().mono_ns;
	const uint64_t awake_ns = mono_awake_ns();
	uint64_t awake;

	(void)state;
	assert_int_equal(nanosleep(&nap, NULL), 0);
	awake = mono_awake_ns() - awake_ns;
	assert_true(awake >= MS(19));
	assert_true(awake <= mono_now().mono_ns - mono_ns + MS(1));
}

/* time(2) may lag behind by one tick of the kernel. */
static void
test_wall_is_since_1970(void **state)
{
	const time_t before = time(NULL);
	const uint64_t wall_ns = mono_now().wall_ns;
	const time_t after = time(NULL) + 1;

	(void)state;
	assert_true(wall_ns >= SEC(before));
	assert_true(wall_ns <= SEC(after));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mono_never_goes_back),
		cmocka_unit_test(test_mono_counts_nanoseconds),
		cmocka_unit_test(test_awake_grows_as_mono_does),
		cmocka_unit_test(test_wall_is_since_1970),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
