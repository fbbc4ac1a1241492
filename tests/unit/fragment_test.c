/* SPDX-License-Identifier: ISC */
#include "core/fragment.h"

#include "core/frame.h"

#include "unit.h"

enum { BLOCKS = 400, KEY = 7 };

static struct pool pool;
static void *memory;
static struct fragment_table table;
static struct drop_counts drops;
static uint8_t frame[FRAME_MAX];

static int
set_up(void **state)
{
	struct unit_random r = { 1 };

	(void)state;
	memory = malloc(pool_size(BLOCKS));
	assert_non_null(memory);
	pool_init(&pool, memory, BLOCKS);
	memset(&table, 0, sizeof(table));
	memset(&drops, 0, sizeof(drops));
	unit_random_fill(&r, frame, sizeof(frame));
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	free(memory);
	return 0;
}

static void
check_empty(void)
{
	assert_int_equal(table.used, 0);
	assert_int_equal(table.blocks, 0);
	assert_int_equal(pool.free_count, BLOCKS);
}

/* Splitting. */

/* The specification's formula, with plain words for its result. */
static const char *
plan_fault(size_t total, size_t path, size_t tag)
{
	struct wire_fragment f = { .index = 9 };
	const size_t max_unit = (path - 24 - tag) / 16 * 16;
	const size_t n = (total + max_unit - 1) / max_unit;
	const enum drop why = fragment_plan(&f, total, path, tag);

	if (n > 16)
		return why == DROP_FRAGMENT_COUNT ? NULL : "not refused";
	if (why != DROP_NONE)
		return "refused";
	const size_t each = (total + n - 1) / n;
	if (f.index != 0 || f.total != total)
		return "index or total";
	if (f.unit != (each + 15) / 16 * 16 || f.unit > max_unit)
		return "unit";
	if (f.count != (total + f.unit - 1) / f.unit || f.count > n)
		return "count";
	if (n > 1 && (f.count < 2 || f.unit < 64))
		return "a receiver refuses it";
	size_t offset = 0;
	for (; f.index < f.count; f.index++) {
		const size_t len = fragment_len(&f);

		if (fragment_offset(&f) != offset || len == 0 ||
		    24 + len + tag > path ||
		    (len != f.unit && f.index + 1 != f.count))
			return "a piece";
		offset += len;
	}
	return offset == total ? NULL : "sum of the pieces";
}

static void
check_plan(size_t total, size_t path, size_t tag)
{
	const char *fault = plan_fault(total, path, tag);

	if (fault != NULL)
		fail_msg(
		    "total %zu path %zu tag %zu: %s", total, path, tag, fault);
}

static void
test_plan_of_all_totals(void **state)
{
	const size_t paths[] = { 548, 549, 562, 563, 564, 565, 740, 978, 1172,
		1232, 1400, 1432, 1452, 1472, 1480, 3972, 8922, 8972, 9000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		for (size_t total = 1; total <= FRAME_MAX; total++)
			check_plan(total, paths[i], 16);
}

static void
test_plan_of_all_paths(void **state)
{
	struct unit_random r = { 2 };

	(void)state;
	for (size_t path = 548; path <= 9000; path++)
		for (int i = 0; i < 20; i++) {
			const size_t total =
			    1 + unit_random_below(&r, FRAME_MAX);

			check_plan(total, path, 16);
			check_plan(total, path, 32);
		}
}

/* Numbers worked out by hand. */
static void
test_plan_by_hand(void **state)
{
	const struct {
		size_t total, path;
		unsigned int count, unit;
	} rows[] = {
		/* 1514 and 1518 on a path of 1500 and of 1280: two halves */
		{ 1514, 1472, 2, 768 },
		{ 1518, 1232, 2, 768 },
		/* 496 a piece at most, 4 of 384 rather than 3 and a rest */
		{ 1514, 548, 4, 384 },
		{ 9018, 1472, 7, 1296 },
		{ 16 * 496, 548, 16, 496 },
	};
	struct wire_fragment f;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(
		    fragment_plan(&f, rows[i].total, rows[i].path, 16),
		    DROP_NONE);
		assert_int_equal(f.count, rows[i].count);
		assert_int_equal(f.unit, rows[i].unit);
	}
	assert_int_equal(
	    fragment_plan(&f, 16 * 496 + 1, 548, 16), DROP_FRAGMENT_COUNT);
}

/* Putting together. */

/* A fragment whose bytes are those of frame, or none where it has none. */
static enum drop
accept_len(const struct wire_fragment *f, uint64_t counter, size_t len,
    uint64_t now_ns, struct pool_chain *done)
{
	uint8_t bytes[WIRE_FRAGMENT_HEADER + FRAME_MAX] = { 0 };
	const size_t offset = fragment_offset(f);

	wire_put_fragment(bytes, f);
	if (offset < FRAME_MAX)
		memcpy(bytes + WIRE_FRAGMENT_HEADER, frame + offset,
		    FRAME_MAX - offset);
	uint8_t *text = unit_copy(bytes, len);
	const struct fragment_piece piece = {
		.key = KEY,
		.counter = counter,
		.text = text,
		.len = len,
		.frame_max = 9018,
	};
	const enum drop why =
	    fragment_accept(&table, &pool, &drops, now_ns, &piece, done);
	free(text);
	return why;
}

/* The fragment f->index of the frame whose first has the counter base. */
static enum drop
accept(const struct wire_fragment *f, uint64_t base, uint64_t now_ns,
    struct pool_chain *done)
{
	return accept_len(f, base + f->index,
	    WIRE_FRAGMENT_HEADER + fragment_len(f), now_ns, done);
}

static void
check_done(struct pool_chain *done, size_t total)
{
	uint8_t scratch[FRAME_MAX];

	assert_int_equal(done->len, total);
	assert_memory_equal(pool_flat(&pool, done, scratch), frame, total);
	pool_give(&pool, done);
}

static const struct {
	const char *what;
	struct wire_fragment f; /* index, count, total, unit */
	size_t bytes;           /* behind the header */
	uint64_t counter;
	bool valid;
} headers[] = {
	{ "first of two", { 0, 2, 200, 112 }, 112, 5, true },
	{ "last of two", { 1, 2, 200, 112 }, 88, 5, true },
	{ "both full", { 1, 2, 224, 112 }, 112, 5, true },
	{ "last of one byte", { 1, 2, 113, 112 }, 1, 5, true },
	{ "unit of 64", { 0, 2, 100, 64 }, 64, 5, true },
	{ "unit no multiple of 16", { 0, 2, 129, 65 }, 65, 5, true },
	{ "sixteen", { 15, 16, 1024, 64 }, 64, 15, true },
	{ "sixteenth of one byte", { 15, 16, 961, 64 }, 1, 15, true },
	{ "counter is index", { 1, 2, 200, 112 }, 88, 1, true },
	{ "the largest frame", { 0, 2, 9018, 4512 }, 4512, 0, true },
	{ "count 0", { 0, 0, 200, 112 }, 112, 5, false },
	{ "count 1", { 0, 1, 112, 112 }, 112, 5, false },
	{ "count 17", { 0, 17, 1088, 64 }, 64, 5, false },
	{ "count 255", { 0, 255, 9000, 64 }, 64, 5, false },
	{ "index is count", { 2, 2, 200, 112 }, 0, 5, false },
	{ "index is count, some bytes", { 2, 2, 200, 112 }, 88, 5, false },
	{ "index is count, a unit", { 2, 2, 200, 112 }, 112, 5, false },
	{ "index 255", { 255, 2, 200, 112 }, 112, 500, false },
	{ "counter below index", { 1, 2, 200, 112 }, 88, 0, false },
	{ "unit of 63", { 0, 2, 100, 63 }, 63, 5, false },
	{ "unit of 0", { 0, 2, 1, 0 }, 0, 5, false },
	{ "nothing left for the last", { 0, 2, 112, 112 }, 112, 5, false },
	{ "last left with nothing", { 1, 2, 112, 112 }, 0, 5, false },
	{ "total of 0", { 0, 2, 0, 112 }, 112, 5, false },
	{ "total too large", { 0, 2, 225, 112 }, 112, 5, false },
	{ "beyond the largest frame", { 0, 2, 9019, 4512 }, 4512, 0, false },
	{ "65535 bytes", { 0, 2, 65535, 32768 }, 16384, 0, false },
	{ "unit of 65535", { 0, 2, 65535, 65535 }, 16384, 0, false },
	{ "first too short", { 0, 2, 200, 112 }, 111, 5, false },
	{ "first too long", { 0, 2, 200, 112 }, 113, 5, false },
	{ "last too short", { 1, 2, 200, 112 }, 87, 5, false },
	{ "last too long", { 1, 2, 200, 112 }, 89, 5, false },
	{ "no bytes", { 0, 2, 200, 112 }, 0, 5, false },
};

static void
test_headers(void **state)
{
	struct pool_chain done;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
		const enum drop why =
		    accept_len(&headers[i].f, headers[i].counter,
			WIRE_FRAGMENT_HEADER + headers[i].bytes, 0, &done);

		if (why !=
		    (headers[i].valid ? DROP_NONE : DROP_FRAGMENT_INVALID))
			fail_msg("%s: %s", headers[i].what, drop_name(why));
		assert_int_equal(done.len, 0);
		assert_int_equal(table.used, headers[i].valid);
		fragment_wipe(&table, &pool);
		check_empty();
	}
}

static void
test_shorter_than_a_header(void **state)
{
	const struct wire_fragment f = { 0, 2, 200, 112 };
	struct pool_chain done = { .len = 1 };

	(void)state;
	for (size_t len = 1; len < WIRE_FRAGMENT_HEADER; len++) {
		assert_int_equal(
		    accept_len(&f, 5, len, 0, &done), DROP_FRAGMENT_INVALID);
		assert_int_equal(done.len, 0);
	}
	check_empty();
}

/* Sends the fragments of a frame in the order given. */
static void
check_order(size_t total, size_t unit, const uint8_t *order, uint8_t count)
{
	struct wire_fragment f = {
		.count = count, .total = (uint16_t)total, .unit = (uint16_t)unit
	};
	struct pool_chain done;

	for (size_t i = 0; i < count; i++) {
		f.index = order[i];
		assert_int_equal(accept(&f, 1000, 0, &done), DROP_NONE);
		if (i + 1 < count) {
			assert_int_equal(done.len, 0);
			assert_int_equal(table.used, 1);
		}
	}
	check_done(&done, total);
	check_empty();
}

static void
check_orders_from(
    size_t total, size_t unit, uint8_t *order, uint8_t fixed, uint8_t count)
{
	if (fixed == count)
		check_order(total, unit, order, count);
	for (uint8_t i = fixed; i < count; i++) {
		const uint8_t other = order[i];

		order[i] = order[fixed];
		order[fixed] = other;
		check_orders_from(
		    total, unit, order, (uint8_t)(fixed + 1), count);
		order[fixed] = order[i];
		order[i] = other;
	}
}

static void
test_every_order(void **state)
{
	uint8_t order[6] = { 0, 1, 2, 3, 4, 5 };

	(void)state;
	check_orders_from(200, 112, order, 0, 2);
	check_orders_from(4000, 1344, order, 0, 3);
	check_orders_from(9018, 2256, order, 0, 4);
	check_orders_from(321, 80, order, 0, 5);
	check_orders_from(9017, 1504, order, 0, 6);
}

static void
test_sixteen_in_random_order(void **state)
{
	struct unit_random r = { 4 };
	uint8_t order[16];

	(void)state;
	for (uint8_t i = 0; i < 16; i++)
		order[i] = i;
	for (int round = 0; round < 200; round++) {
		for (size_t i = 15; i > 0; i--) {
			const size_t k = unit_random_below(&r, i + 1);
			const uint8_t other = order[i];

			order[i] = order[k];
			order[k] = other;
		}
		check_order(8000, 512, order, 16);
	}
}

static void
test_key_and_counter_name_the_frame(void **state)
{
	struct wire_fragment f = { 0, 2, 200, 112 };
	struct pool_chain done;

	(void)state;
	assert_int_equal(accept(&f, 10, 0, &done), DROP_NONE);
	assert_int_equal(accept(&f, 12, 0, &done), DROP_NONE);
	assert_int_equal(table.used, 2);
	/* The same counter under another key is another frame's. */
	table.partial[0].key = table.partial[1].key = KEY + 1;
	f.index = 1;
	assert_int_equal(accept(&f, 10, 0, &done), DROP_NONE);
	assert_int_equal(done.len, 0);
	assert_int_equal(table.used, 3);
	table.partial[0].key = table.partial[1].key = KEY;
	table.partial[2].key = KEY + 1;
	assert_int_equal(accept(&f, 12, 0, &done), DROP_NONE);
	check_done(&done, 200);
	assert_int_equal(table.used, 2);
}

static void
test_the_same_fragment_twice(void **state)
{
	struct wire_fragment f = { 0, 2, 200, 112 };
	struct pool_chain done;

	(void)state;
	assert_int_equal(accept(&f, 10, 0, &done), DROP_NONE);
	assert_int_equal(accept(&f, 10, 0, &done), DROP_NONE);
	assert_int_equal(done.len, 0);
	f.index = 1;
	assert_int_equal(accept(&f, 10, 0, &done), DROP_NONE);
	check_done(&done, 200);
	check_empty();
}

static void
test_mismatch_leaves_the_partial_frame(void **state)
{
	const struct wire_fragment others[] = {
		{ 1, 2, 200, 112 }, /* count */
		{ 1, 3, 301, 112 }, /* total */
		{ 1, 3, 300, 128 }, /* unit */
	};
	struct wire_fragment f = { 0, 3, 300, 112 };
	struct pool_chain done;

	(void)state;
	assert_int_equal(accept(&f, 10, 0, &done), DROP_NONE);
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		assert_int_equal(
		    accept(&others[i], 10, 0, &done), DROP_FRAGMENT_MISMATCH);
		assert_int_equal(done.len, 0);
		assert_int_equal(table.used, 1);
	}
	for (f.index = 1; f.index < 3; f.index++)
		assert_int_equal(accept(&f, 10, 0, &done), DROP_NONE);
	check_done(&done, 300);
	check_empty();
}

/* Limits. */

/* First fragments of n frames, one a ns from now_ns on. */
static void
begin_frames(const struct wire_fragment *f, uint64_t base, int n)
{
	struct pool_chain done;

	for (int i = 0; i < n; i++)
		assert_int_equal(accept(f, base + 16 * (uint64_t)i,
				     base + (uint64_t)i, &done),
		    DROP_NONE);
}

static bool
is_partial(uint64_t base)
{
	for (size_t i = 0; i < FRAGMENT_PARTIALS; i++)
		if (table.partial[i].count != 0 &&
		    table.partial[i].base == base)
			return true;
	return false;
}

static void
test_at_most_32_oldest_evicted(void **state)
{
	const struct wire_fragment f = { 0, 2, 200, 112 };
	struct pool_chain done;

	(void)state;
	begin_frames(&f, 1000, 32);
	assert_int_equal(table.used, 32);
	assert_int_equal(drops.n[DROP_FRAGMENT_EVICTED], 0);
	assert_int_equal(accept(&f, 5000, 2000, &done), DROP_NONE);
	assert_int_equal(table.used, 32);
	assert_int_equal(drops.n[DROP_FRAGMENT_EVICTED], 1);
	assert_false(is_partial(1000));
	assert_true(is_partial(1016));
	assert_true(is_partial(5000));
	/* The newcomer took the place of the first; the second is older. */
	assert_int_equal(accept(&f, 6000, 2001, &done), DROP_NONE);
	assert_false(is_partial(1016));
	assert_true(is_partial(5000));
	fragment_wipe(&table, &pool);
	check_empty();
	assert_int_equal(drops.n[DROP_FRAGMENT_EVICTED], 2);
}

static void
test_a_fragment_of_a_known_frame_evicts_nothing(void **state)
{
	struct wire_fragment f = { 0, 2, 200, 112 };
	struct pool_chain done;

	(void)state;
	begin_frames(&f, 1000, 32);
	f.index = 1;
	assert_int_equal(accept(&f, 1000, 2000, &done), DROP_NONE);
	check_done(&done, 200);
	assert_int_equal(drops.n[DROP_FRAGMENT_EVICTED], 0);
	assert_int_equal(table.used, 31);
}

/* 32 frames of 16384 bytes are exactly 512 KiB, so that with today's limits
 * the count always comes first; the sum must hold all the same. */
static void
test_at_most_512_kib(void **state)
{
	const struct wire_fragment f = { 0, 2, 9018, 4512 };

	(void)state;
	begin_frames(&f, 1000, 60);
	assert_int_equal(table.used, 32);
	assert_int_equal(table.blocks, 32 * 5);
	assert_true(table.blocks * POOL_BLOCK <= 512 << 10);
	assert_int_equal(pool.free_count, BLOCKS - 32 * 5);
	table.blocks = 252; /* as if they were larger */
	begin_frames(&f, 10000, 1);
	assert_int_equal(table.used, 32);
	table.blocks -= 252 - 160;
	fragment_wipe(&table, &pool);
	check_empty();
}

static void
test_memory_counts_too(void **state)
{
	const struct wire_fragment f = { 0, 2, 200, 112 };

	(void)state;
	begin_frames(&f, 1000, 3);
	table.blocks = FRAGMENT_MEMORY / POOL_BLOCK; /* used up */
	begin_frames(&f, 2000, 1);
	assert_int_equal(table.used, 3);
	assert_false(is_partial(1000));
	assert_true(is_partial(1016));
	assert_int_equal(table.blocks, FRAGMENT_MEMORY / POOL_BLOCK);
}

static void
test_pool_used_up_by_oneself(void **state)
{
	const struct wire_fragment f = { 0, 2, 4000, 2000 };

	(void)state;
	pool_init(&pool, memory, 4);
	begin_frames(&f, 1000, 2);
	assert_int_equal(pool.free_count, 0);
	begin_frames(&f, 2000, 1);
	assert_int_equal(drops.n[DROP_FRAGMENT_EVICTED], 1);
	assert_false(is_partial(1000));
	assert_true(is_partial(1016));
	assert_true(is_partial(2000));
}

static void
test_pool_used_up_by_others(void **state)
{
	const struct wire_fragment f = { 0, 2, 4000, 2000 };
	struct pool_chain other, done;

	(void)state;
	pool_init(&pool, memory, 4);
	assert_int_equal(pool_take(&pool, &other, 3 * POOL_BLOCK), DROP_NONE);
	assert_int_equal(accept(&f, 10, 0, &done), DROP_POOL);
	assert_int_equal(done.len, 0);
	assert_int_equal(table.used, 0);
	assert_int_equal(table.blocks, 0);
	assert_int_equal(pool.free_count, 1);
	pool_give(&pool, &other);
	assert_int_equal(accept(&f, 10, 0, &done), DROP_NONE);
}

static void
test_life_of_one_second(void **state)
{
	const struct wire_fragment f = { 0, 2, 200, 112 };
	struct pool_chain done;

	(void)state;
	assert_int_equal(fragment_tick(&table, &pool, &drops, SEC(5)), NEVER);
	assert_int_equal(accept(&f, 10, SEC(5), &done), DROP_NONE);
	assert_int_equal(accept(&f, 20, SEC(5) + MS(300), &done), DROP_NONE);
	assert_int_equal(
	    fragment_tick(&table, &pool, &drops, SEC(6) - 1), SEC(6));
	assert_int_equal(table.used, 2);
	assert_int_equal(
	    fragment_tick(&table, &pool, &drops, SEC(6)), SEC(6) + MS(300));
	assert_int_equal(table.used, 1);
	assert_false(is_partial(10));
	assert_int_equal(drops.n[DROP_FRAGMENT_EXPIRED], 1);
	assert_int_equal(fragment_tick(&table, &pool, &drops, SEC(9)), NEVER);
	assert_int_equal(drops.n[DROP_FRAGMENT_EXPIRED], 2);
	check_empty();
}

/* Later fragments do not lengthen the life. */
static void
test_life_counts_from_the_first(void **state)
{
	struct wire_fragment f = { 0, 3, 300, 112 };
	struct pool_chain done;

	(void)state;
	assert_int_equal(accept(&f, 10, SEC(5), &done), DROP_NONE);
	f.index = 1;
	assert_int_equal(accept(&f, 10, SEC(5) + MS(999), &done), DROP_NONE);
	assert_int_equal(fragment_tick(&table, &pool, &drops, SEC(6)), NEVER);
	check_empty();
}

static void
check_sums(void)
{
	unsigned int used = 0, blocks = 0;

	for (size_t i = 0; i < FRAGMENT_PARTIALS; i++) {
		if (table.partial[i].count == 0)
			continue;
		used++;
		blocks += pool_blocks(table.partial[i].chain.len);
	}
	assert_int_equal(table.used, used);
	assert_int_equal(table.blocks, blocks);
	assert_int_equal(pool.free_count, pool.count - blocks);
	assert_true(used <= FRAGMENT_PARTIALS);
	assert_true(blocks * POOL_BLOCK <= FRAGMENT_MEMORY);
}

/* Fragments of random frames, most of them complete in the end, some not,
 * with a pool that is often too small. */
static void
run_random(struct unit_random *r, uint64_t *now_ns)
{
	const uint64_t base = 100 + 16 * unit_random_below(r, 60);
	const size_t total = 600 + 140 * (base / 16 % 50);
	struct wire_fragment f;
	struct pool_chain done;

	assert_int_equal(fragment_plan(&f, total, 548, 16), DROP_NONE);
	if (f.count < 2)
		return;
	f.index = (uint8_t)unit_random_below(r, f.count);
	const enum drop why = accept(&f, base, *now_ns, &done);
	if (done.len != 0)
		check_done(&done, total);
	assert_int_equal(why, DROP_NONE);
	*now_ns += unit_random_below(r, MS(20));
	if (unit_random_below(r, 10) == 0)
		(void)fragment_tick(&table, &pool, &drops, *now_ns);
	check_sums();
}

static void
test_random_fragments_leave_nothing(void **state)
{
	struct unit_random r = { 5 };
	uint64_t now_ns = SEC(1);

	(void)state;
	for (unsigned int blocks = 4; blocks <= BLOCKS; blocks *= 3) {
		pool_init(&pool, memory, blocks);
		for (int i = 0; i < 3000; i++)
			run_random(&r, &now_ns);
		assert_int_equal(
		    fragment_tick(&table, &pool, &drops, now_ns + SEC(1)),
		    NEVER);
		check_sums();
		assert_int_equal(table.used, 0);
	}
	assert_true(drops.n[DROP_FRAGMENT_EVICTED] > 0);
	assert_true(drops.n[DROP_FRAGMENT_EXPIRED] > 0);
}

#define FRAGMENT_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FRAGMENT_TEST(test_plan_of_all_totals),
		FRAGMENT_TEST(test_plan_of_all_paths),
		FRAGMENT_TEST(test_plan_by_hand),
		FRAGMENT_TEST(test_headers),
		FRAGMENT_TEST(test_shorter_than_a_header),
		FRAGMENT_TEST(test_every_order),
		FRAGMENT_TEST(test_sixteen_in_random_order),
		FRAGMENT_TEST(test_key_and_counter_name_the_frame),
		FRAGMENT_TEST(test_the_same_fragment_twice),
		FRAGMENT_TEST(test_mismatch_leaves_the_partial_frame),
		FRAGMENT_TEST(test_at_most_32_oldest_evicted),
		FRAGMENT_TEST(test_a_fragment_of_a_known_frame_evicts_nothing),
		FRAGMENT_TEST(test_at_most_512_kib),
		FRAGMENT_TEST(test_memory_counts_too),
		FRAGMENT_TEST(test_pool_used_up_by_oneself),
		FRAGMENT_TEST(test_pool_used_up_by_others),
		FRAGMENT_TEST(test_life_of_one_second),
		FRAGMENT_TEST(test_life_counts_from_the_first),
		FRAGMENT_TEST(test_random_fragments_leave_nothing),
	};
	return cmocka_run_group_tests_name("fragment", tests, unit_start, NULL);
}
