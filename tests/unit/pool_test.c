/* SPDX-License-Identifier: ISC */
#include "core/pool.h"

#include "unit.h"

enum { BLOCKS = 20 };

static struct pool pool;
static uint8_t *memory;

static int
set_up(void **state)
{
	(void)state;
	memory = malloc(pool_size(BLOCKS));
	assert_non_null(memory);
	pool_init(&pool, memory, BLOCKS);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	free(memory);
	return 0;
}

static const struct {
	size_t len;
	unsigned int blocks;
} sizes[] = {
	{ 0, 0 },
	{ 1, 1 },
	{ 2047, 1 },
	{ 2048, 1 },
	{ 2049, 2 },
	{ 4096, 2 },
	{ 4097, 3 },
	{ 16384, 8 },
};

static void
test_blocks_of_a_length(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
		assert_int_equal(pool_blocks(sizes[i].len), sizes[i].blocks);
}

static void
test_take_and_give_count(void **state)
{
	struct pool_chain chain;

	(void)state;
	for (size_t i = 1; i < ARRAY_LEN(sizes); i++) {
		assert_int_equal(
		    pool_take(&pool, &chain, sizes[i].len), DROP_NONE);
		assert_int_equal(chain.len, sizes[i].len);
		assert_int_equal(pool.free_count, BLOCKS - sizes[i].blocks);
		pool_give(&pool, &chain);
		assert_int_equal(chain.len, 0);
		assert_int_equal(pool.free_count, BLOCKS);
	}
	pool_give(&pool, &chain);
	assert_int_equal(pool.free_count, BLOCKS);
}

static void
test_low_blocks_first_and_last_touched_next(void **state)
{
	struct pool_chain a, b;

	(void)state;
	assert_int_equal(pool_take(&pool, &a, 3 * POOL_BLOCK), DROP_NONE);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(a.block[i], i);
	assert_int_equal(pool_take(&pool, &b, 2 * POOL_BLOCK), DROP_NONE);
	assert_int_equal(b.block[0], 3);
	pool_give(&pool, &a);
	assert_int_equal(pool_take(&pool, &a, POOL_BLOCK + 1), DROP_NONE);
	assert_int_equal(a.block[0], 0);
	assert_int_equal(a.block[1], 1);
}

static void
test_used_up(void **state)
{
	struct pool_chain a, b, c;

	(void)state;
	assert_int_equal(pool_take(&pool, &a, 16384), DROP_NONE);
	assert_int_equal(pool_take(&pool, &b, 16384), DROP_NONE);
	memset(&c, 0xff, sizeof(c));
	assert_int_equal(pool_take(&pool, &c, 4 * POOL_BLOCK + 1), DROP_POOL);
	assert_int_equal(c.len, 0);
	assert_int_equal(pool.free_count, 4);
	assert_int_equal(pool_take(&pool, &c, 4 * POOL_BLOCK), DROP_NONE);
	assert_int_equal(pool.free_count, 0);
	pool_give(&pool, &b);
	assert_int_equal(pool.free_count, 8);
}

static void
test_write_and_flat_over_borders(void **state)
{
	struct unit_random r = { 1 };
	uint8_t want[16384], scratch[16384];
	struct pool_chain chain;

	(void)state;
	unit_random_fill(&r, want, sizeof(want));
	assert_int_equal(pool_take(&pool, &chain, sizeof(want)), DROP_NONE);
	for (int i = 0; i < 500; i++) {
		const size_t len = unit_random_below(&r, 5000);
		const size_t at = unit_random_below(&r, sizeof(want) - len + 1);

		unit_random_fill(&r, want + at, len);
		pool_write(&pool, &chain, at, want + at, len);
		if (i == 0) /* the rest was never written */
			pool_write(&pool, &chain, 0, want, sizeof(want));
	}
	assert_ptr_equal(pool_flat(&pool, &chain, scratch), scratch);
	assert_memory_equal(scratch, want, sizeof(want));
}

static void
test_flat_writes_no_more_than_the_length(void **state)
{
	const size_t len = POOL_BLOCK + 5;
	uint8_t bytes[POOL_BLOCK + 5];
	struct pool_chain chain;

	(void)state;
	memset(bytes, 0x5a, len);
	assert_int_equal(pool_take(&pool, &chain, len), DROP_NONE);
	pool_write(&pool, &chain, 0, bytes, len);
	memset(bytes, 0, len);
	uint8_t *scratch = unit_copy(bytes, len);
	assert_ptr_equal(pool_flat(&pool, &chain, scratch), scratch);
	memset(bytes, 0x5a, len);
	assert_memory_equal(scratch, bytes, len);
	free(scratch);
}

static void
test_flat_of_one_block_is_in_place(void **state)
{
	uint8_t bytes[POOL_BLOCK];
	struct pool_chain chain;

	(void)state;
	memset(bytes, 0xa5, sizeof(bytes));
	assert_int_equal(pool_take(&pool, &chain, POOL_BLOCK), DROP_NONE);
	pool_write(&pool, &chain, 0, bytes, sizeof(bytes));
	const uint8_t *flat = pool_flat(&pool, &chain, NULL);
	assert_ptr_equal(flat, memory + chain.block[0] * POOL_BLOCK);
	assert_memory_equal(flat, bytes, sizeof(bytes));
}

/* Each chain is filled with its own byte; a block owned twice shows. */
static void
fill(const struct pool_chain *chain, uint8_t byte)
{
	uint8_t bytes[16384];

	memset(bytes, byte, chain->len);
	pool_write(&pool, chain, 0, bytes, chain->len);
}

static void
check_filled(const struct pool_chain *chain, uint8_t byte)
{
	uint8_t scratch[16384];
	const uint8_t *flat = pool_flat(&pool, chain, scratch);

	for (size_t i = 0; i < chain->len; i++)
		assert_int_equal(flat[i], byte);
}

static void
test_chains_share_nothing(void **state)
{
	struct pool_chain chains[8] = { { .len = 0 } };
	struct unit_random r = { 2 };

	(void)state;
	for (int round = 0; round < 400; round++) {
		const size_t i = unit_random_below(&r, ARRAY_LEN(chains));
		const size_t len = 1 + unit_random_below(&r, 16384);
		const unsigned int room = pool.free_count;

		if (chains[i].len != 0) {
			check_filled(&chains[i], (uint8_t)i);
			pool_give(&pool, &chains[i]);
		} else if (pool_blocks(len) <= room) {
			assert_int_equal(
			    pool_take(&pool, &chains[i], len), DROP_NONE);
			fill(&chains[i], (uint8_t)i);
		} else {
			assert_int_equal(
			    pool_take(&pool, &chains[i], len), DROP_POOL);
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(chains); i++)
		pool_give(&pool, &chains[i]);
	assert_int_equal(pool.free_count, BLOCKS);
}

#define POOL_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		POOL_TEST(test_blocks_of_a_length),
		POOL_TEST(test_take_and_give_count),
		POOL_TEST(test_low_blocks_first_and_last_touched_next),
		POOL_TEST(test_used_up),
		POOL_TEST(test_write_and_flat_over_borders),
		POOL_TEST(test_flat_writes_no_more_than_the_length),
		POOL_TEST(test_flat_of_one_block_is_in_place),
		POOL_TEST(test_chains_share_nothing),
	};
	return cmocka_run_group_tests_name("pool", tests, unit_start, NULL);
}
