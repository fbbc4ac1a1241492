/* SPDX-License-Identifier: ISC */
#include "core/stamp.h"

#include "unit.h"

static const uint64_t step = UINT64_C(1) << 24;
static const uint64_t ahead = UINT64_C(1) << 36;
static const uint64_t wall = UINT64_C(1760000000000000000);

static struct stamp stamp;
static struct unit_sink unit;
static struct sink sink;

static int
set_up(void **state)
{
	(void)state;
	sink = unit_sink_make(&unit, 1);
	stamp_init(&stamp, 0);
	return 0;
}

static uint64_t
next(uint64_t wall_ns)
{
	uint64_t out = 0;

	assert_true(stamp_next(&stamp, &sink, wall_ns, &out));
	return out;
}

static void
test_is_the_clock_with_low_bits_cleared(void **state)
{
	(void)state;
	assert_int_equal(next(wall + 5), wall / step * step);
	assert_int_equal(unit.stores, 1);
	assert_int_equal(unit.floor, wall / step * step + ahead);
}

static void
test_rises_when_the_clock_stands(void **state)
{
	const uint64_t first = next(wall);

	(void)state;
	for (uint64_t i = 1; i < 100; i++)
		assert_int_equal(next(wall), first + i * step);
}

static void
test_rises_when_the_clock_goes_back(void **state)
{
	const uint64_t first = next(wall);

	(void)state;
	assert_int_equal(next(wall - SEC(86400)), first + step);
	assert_int_equal(next(0), first + 2 * step);
	assert_int_equal(next(wall + SEC(1)), (wall + SEC(1)) / step * step);
}

/* A clock that far ahead would be believed for ever. */
static void
test_clock_beyond_2_to_62_counts_as_zero(void **state)
{
	const uint64_t max = UINT64_C(1) << 62;

	(void)state;
	assert_int_equal(next(max), step);
	assert_int_equal(next(UINT64_MAX), 2 * step);
	assert_int_equal(next(wall), wall / step * step);
	assert_int_equal(next(max - 1), max - step);
}

static void
test_never_zero(void **state)
{
	(void)state;
	/* A first stamp of 0 would not be greater than the 0 that a peer
	 * begins with. */
	assert_true(next(0) > 0);
}

/* The file holds a value greater than every stamp sent, so the floor itself
 * is free. */
static void
test_floor(void **state)
{
	const struct {
		uint64_t floor, wall, first;
	} rows[] = {
		{ 0, 1000 * step + 3, 1000 * step },
		{ 500 * step, 1000 * step, 1000 * step },
		{ 1000 * step, 500 * step, 1000 * step },
		{ 1000 * step, 1000 * step, 1000 * step },
		{ 1000 * step + 1, 500 * step, 1001 * step },
		{ 1000 * step + 1, 1000 * step, 1001 * step },
		{ 1, 0, step },
		{ step - 1, 0, step },
		{ 1000 * step, UINT64_C(1) << 62, 1000 * step },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		stamp_init(&stamp, rows[i].floor);
		const uint64_t first = next(rows[i].wall);
		if (first != rows[i].first)
			fail_msg("row %zu: %llu steps", i,
			    (unsigned long long)(first / step));
		assert_true(unit.floor > first);
	}
}

static void
test_stored_before_it_leaves(void **state)
{
	uint64_t greatest = 0;

	(void)state;
	for (uint64_t t = 0; t < SEC(300); t += MS(25)) {
		const uint64_t s = next(wall + t);

		assert_true(s > greatest);
		assert_true(s < unit.floor);
		greatest = s;
	}
	/* 300 s of clock are five times 68.7 s at most. */
	assert_int_equal(unit.stores, 5);
}

static void
test_a_stamp_at_the_stored_value_is_stored_first(void **state)
{
	const uint64_t first = next(wall);

	(void)state;
	assert_int_equal(next(first + ahead - 1), first + ahead - step);
	assert_int_equal(unit.stores, 1);
	assert_int_equal(next(first + ahead), first + ahead);
	assert_int_equal(unit.stores, 2);
	assert_int_equal(unit.floor, first + 2 * ahead);
}

static void
test_restart_rises_further(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		const uint64_t before = next(wall);

		stamp_init(&stamp, unit.floor);
		assert_true(next(wall - SEC(3600)) > before);
	}
}

static void
test_waits_for_a_slow_store(void **state)
{
	uint64_t out = 77;

	(void)state;
	unit.store_at_once = false;
	assert_false(stamp_next(&stamp, &sink, wall, &out));
	assert_int_equal(out, 77);
	assert_int_equal(unit.stores, 1);
	/* Asked again, it waits and stores nothing twice. */
	assert_false(stamp_next(&stamp, &sink, wall + SEC(1), &out));
	assert_false(stamp_next(&stamp, &sink, wall + SEC(60), &out));
	assert_int_equal(unit.stores, 1);
	stamp_stored(&stamp, unit.floor);
	assert_int_equal(next(wall + SEC(60)), (wall + SEC(60)) / step * step);
	assert_int_equal(unit.stores, 1);
}

static void
test_slow_store_overtaken_by_the_clock(void **state)
{
	uint64_t out;

	(void)state;
	unit.store_at_once = false;
	assert_false(stamp_next(&stamp, &sink, wall, &out));
	const uint64_t first = unit.floor;
	assert_false(stamp_next(&stamp, &sink, wall + SEC(100), &out));
	assert_int_equal(unit.stores, 2);
	const uint64_t second = unit.floor;
	assert_true(second > first);
	stamp_stored(&stamp, first);
	assert_false(stamp_next(&stamp, &sink, wall + SEC(100), &out));
	assert_int_equal(unit.stores, 2);
	stamp_stored(&stamp, second);
	assert_int_equal(
	    next(wall + SEC(100)), (wall + SEC(100)) / step * step);
	/* An answer out of order lowers nothing. */
	stamp_stored(&stamp, first);
	(void)next(wall + SEC(101));
	assert_int_equal(unit.stores, 2);
}

/* While a store is under way, stamps below what is stored still leave. */
static void
test_clock_back_during_a_slow_store(void **state)
{
	uint64_t out;

	(void)state;
	const uint64_t first = next(wall);
	unit.store_at_once = false;
	assert_false(stamp_next(&stamp, &sink, wall + SEC(80), &out));
	assert_int_equal(next(wall), first + step);
	assert_int_equal(unit.stores, 2);
}

#define STAMP_TEST(f) cmocka_unit_test_setup(f, set_up)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STAMP_TEST(test_is_the_clock_with_low_bits_cleared),
		STAMP_TEST(test_rises_when_the_clock_stands),
		STAMP_TEST(test_rises_when_the_clock_goes_back),
		STAMP_TEST(test_clock_beyond_2_to_62_counts_as_zero),
		STAMP_TEST(test_never_zero),
		STAMP_TEST(test_floor),
		STAMP_TEST(test_stored_before_it_leaves),
		STAMP_TEST(test_a_stamp_at_the_stored_value_is_stored_first),
		STAMP_TEST(test_restart_rises_further),
		STAMP_TEST(test_waits_for_a_slow_store),
		STAMP_TEST(test_slow_store_overtaken_by_the_clock),
		STAMP_TEST(test_clock_back_during_a_slow_store),
	};
	return cmocka_run_group_tests_name("stamp", tests, unit_start, NULL);
}
