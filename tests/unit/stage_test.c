/* SPDX-License-Identifier: ISC */
#include "core/stage.h"

#include "unit.h"

enum { BLOCKS = 300 };

static struct pool pool;
static void *memory;
static struct stage stage;
static struct drop_counts drops;

static int
set_up(void **state)
{
	(void)state;
	memory = malloc(pool_size(BLOCKS));
	assert_non_null(memory);
	pool_init(&pool, memory, BLOCKS);
	memset(&stage, 0, sizeof(stage));
	memset(&drops, 0, sizeof(drops));
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	free(memory);
	return 0;
}

/* A frame whose bytes all are the low byte of its number. */
static void
add(unsigned int number, size_t len)
{
	uint8_t bytes[FRAME_MAX];
	const struct frame f = { .data = bytes, .len = len };

	memset(bytes, (int)(number & 0xff), len);
	stage_add(&stage, &pool, &drops, &f);
}

static void
check_next(unsigned int number, size_t len)
{
	uint8_t scratch[FRAME_MAX];
	struct pool_chain chain = stage_next(&stage);

	assert_int_equal(chain.len, len);
	const uint8_t *flat = pool_flat(&pool, &chain, scratch);
	for (size_t i = 0; i < len; i++)
		assert_int_equal(flat[i], number & 0xff);
	pool_give(&pool, &chain);
}

static void
check_empty(void)
{
	assert_int_equal(stage_next(&stage).len, 0);
	assert_int_equal(stage.count, 0);
	assert_int_equal(stage.blocks, 0);
	assert_int_equal(pool.free_count, pool.count);
}

static void
test_first_in_first_out(void **state)
{
	(void)state;
	check_empty();
	for (unsigned int i = 0; i < 5; i++)
		add(i, 1 + i * 4000);
	assert_int_equal(stage.count, 5);
	for (unsigned int i = 0; i < 5; i++)
		check_next(i, 1 + i * 4000);
	check_empty();
}

static void
test_goes_round(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 1000; i++) {
		add(i, 60);
		if (i >= 100)
			check_next(i - 100, 60);
	}
	assert_int_equal(stage.count, 100);
	assert_int_equal(drops.n[DROP_STAGE_FULL], 0);
}

static void
test_at_most_128_oldest_dropped(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 130; i++)
		add(i, 60);
	assert_int_equal(stage.count, 128);
	assert_int_equal(drops.n[DROP_STAGE_FULL], 2);
	for (unsigned int i = 2; i < 130; i++)
		check_next(i, 60);
	check_empty();
}

static void
test_at_most_256_kib(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 17; i++)
		add(i, FRAME_MAX);
	assert_int_equal(stage.count, 16);
	assert_int_equal(stage.blocks * POOL_BLOCK, 256 << 10);
	assert_int_equal(drops.n[DROP_STAGE_FULL], 1);
	/* One block more costs one frame of eight. */
	add(17, 1);
	assert_int_equal(stage.count, 16);
	assert_int_equal(drops.n[DROP_STAGE_FULL], 2);
	for (unsigned int i = 2; i < 17; i++)
		check_next(i, FRAME_MAX);
	check_next(17, 1);
	check_empty();
}

static void
test_large_frame_displaces_many_small(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 128; i++)
		add(i, 60);
	add(200, FRAME_MAX);
	assert_int_equal(stage.count, 128 - 8 + 1);
	assert_int_equal(drops.n[DROP_STAGE_FULL], 8);
	check_next(8, 60);
}

static void
test_pool_used_up_by_oneself(void **state)
{
	(void)state;
	pool_init(&pool, memory, 4);
	for (unsigned int i = 0; i < 6; i++)
		add(i, POOL_BLOCK);
	assert_int_equal(stage.count, 3); /* a quarter is not ours */
	assert_int_equal(drops.n[DROP_STAGE_FULL], 3);
	assert_int_equal(drops.n[DROP_POOL], 0);
	for (unsigned int i = 3; i < 6; i++)
		check_next(i, POOL_BLOCK);
	check_empty();
}

static void
test_pool_used_up_by_others(void **state)
{
	struct pool_chain other;

	(void)state;
	pool_init(&pool, memory, 8);
	assert_int_equal(pool_take(&pool, &other, 5 * POOL_BLOCK), DROP_NONE);
	add(1, POOL_BLOCK + 1);
	assert_int_equal(stage.count, 0);
	assert_int_equal(drops.n[DROP_POOL], 1);
	assert_int_equal(drops.n[DROP_STAGE_FULL], 0);
	assert_int_equal(pool.free_count, 3);
	add(2, POOL_BLOCK);
	check_next(2, POOL_BLOCK);
	pool_give(&pool, &other);
	check_empty();
}

static void
test_drop_counts_under_its_reason(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 7; i++)
		add(i, 3000);
	stage_drop(&stage, &pool, &drops, DROP_STAGE_EXPIRED);
	assert_int_equal(drops.n[DROP_STAGE_EXPIRED], 7);
	check_empty();
	for (unsigned int i = 0; i < 7; i++)
		add(i, 3000);
	stage_drop(&stage, &pool, &drops, DROP_NONE);
	assert_int_equal(drops.n[DROP_NONE], 0);
	check_empty();
	stage_drop(&stage, &pool, &drops, DROP_STAGE_EXPIRED);
	assert_int_equal(drops.n[DROP_STAGE_EXPIRED], 7);
}

/* Numbers rise, so what comes out must rise, and what is missing must have
 * been counted. */
static void
test_random_steps_lose_nothing_uncounted(void **state)
{
	struct unit_random r = { 1 };
	unsigned int in = 0, out = 0;
	uint64_t lost = 0;

	(void)state;
	for (int i = 0; i < 5000; i++) {
		const size_t len = unit_random_below(&r, 9) == 0
		    ? 1 + unit_random_below(&r, FRAME_MAX)
		    : 60;

		if (unit_random_below(&r, 5) < 3) {
			add(in++, len);
		} else {
			struct pool_chain chain = stage_next(&stage);

			out += chain.len != 0;
			pool_give(&pool, &chain);
		}
		lost = drops.n[DROP_STAGE_FULL];
		assert_int_equal(in, out + stage.count + lost);
		assert_int_equal(pool.free_count, BLOCKS - stage.blocks);
		assert_true(stage.blocks * POOL_BLOCK <= STAGE_MEMORY);
	}
	assert_true(lost > 0);
	stage_drop(&stage, &pool, &drops, DROP_NONE);
	check_empty();
}

#define STAGE_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STAGE_TEST(test_first_in_first_out),
		STAGE_TEST(test_goes_round),
		STAGE_TEST(test_at_most_128_oldest_dropped),
		STAGE_TEST(test_at_most_256_kib),
		STAGE_TEST(test_large_frame_displaces_many_small),
		STAGE_TEST(test_pool_used_up_by_oneself),
		STAGE_TEST(test_pool_used_up_by_others),
		STAGE_TEST(test_drop_counts_under_its_reason),
		STAGE_TEST(test_random_steps_lose_nothing_uncounted),
	};
	return cmocka_run_group_tests_name("stage", tests, unit_start, NULL);
}
