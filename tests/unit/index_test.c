/* SPDX-License-Identifier: ISC */
#include "core/index.h"

#include "unit.h"

enum { COUNT = 24 };

static struct index_table table;
static struct index_entry *memory;
static struct unit_random randoms;
static struct sink sink;

/* Few values, which share their places in the table and also lie at its end,
 * so that runs are long and go round; zeros and repeats among them. */
static void
crowded_random(void *ctx, uint8_t *out, size_t len)
{
	struct unit_random *r = ctx;
	const uint32_t place = (uint32_t)unit_random_below(r, 4) + 62;
	const uint32_t index =
	    place % 64 + 64 * (uint32_t)unit_random_below(r, 16);

	assert_int_equal(len, sizeof(index));
	memcpy(out, &index, len);
}

static void
plain_random(void *ctx, uint8_t *out, size_t len)
{
	unit_random_fill(ctx, out, len);
}

static int
set_up(void **state)
{
	(void)state;
	memory = malloc(index_size(COUNT));
	assert_non_null(memory);
	memset(memory, 0xff, index_size(COUNT));
	index_init(&table, memory, COUNT);
	randoms.state = 1;
	sink = (struct sink){ .ctx = &randoms, .random = crowded_random };
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
test_at_most_half_full(void **state)
{
	(void)state;
	assert_int_equal(index_size(1), 16 * sizeof(struct index_entry));
	assert_int_equal(index_size(8), 16 * sizeof(struct index_entry));
	assert_int_equal(index_size(9), 32 * sizeof(struct index_entry));
	for (size_t count = 1; count < 1000; count++)
		assert_true(index_size(count) >=
		    2 * count * sizeof(struct index_entry));
}

static void
test_empty_table_finds_nothing(void **state)
{
	unsigned int peer;

	(void)state;
	for (uint32_t i = 0; i < 1000; i++)
		assert_false(index_find(&table, i, &peer));
	index_remove(&table, 0);
	index_remove(&table, 5);
	assert_int_equal(table.used, 0);
}

/* Draws one after the other what a list says. */
struct list {
	const uint32_t *values;
	size_t next;
};

static void
listed_random(void *ctx, uint8_t *out, size_t len)
{
	struct list *l = ctx;

	memcpy(out, &l->values[l->next++], len);
}

static void
test_zero_and_taken_are_drawn_again(void **state)
{
	const uint32_t values[] = { 7, 0, 7, 0, 71, 9 };
	struct list list = { .values = values };
	const struct sink drawn = { .ctx = &list, .random = listed_random };
	unsigned int peer = 0;

	(void)state;
	assert_int_equal(index_add(&table, &drawn, 3), 7);
	assert_int_equal(index_add(&table, &drawn, 4), 71);
	assert_int_equal(list.next, 5);
	assert_true(index_find(&table, 7, &peer));
	assert_int_equal(peer, 3);
	assert_true(index_find(&table, 71, &peer));
	assert_int_equal(peer, 4);
	assert_false(index_find(&table, 135, &peer));
}

struct model {
	uint32_t index[COUNT];
	unsigned int peer[COUNT];
	size_t used;
};

static void
check_model(const struct model *m)
{
	size_t entries = 0;

	assert_int_equal(table.used, m->used);
	for (size_t i = 0; i < m->used; i++) {
		unsigned int peer;

		assert_true(index_find(&table, m->index[i], &peer));
		assert_int_equal(peer, m->peer[i]);
	}
	for (size_t i = 0; i <= table.mask; i++)
		entries += table.entries[i].index != 0;
	assert_int_equal(entries, m->used);
}

static void
model_add(struct model *m, unsigned int peer)
{
	const uint32_t index = index_add(&table, &sink, peer);

	assert_int_not_equal(index, 0);
	for (size_t i = 0; i < m->used; i++)
		assert_int_not_equal(m->index[i], index);
	m->index[m->used] = index;
	m->peer[m->used++] = peer;
}

static void
model_remove(struct model *m, size_t i)
{
	const uint32_t index = m->index[i];
	unsigned int peer;

	index_remove(&table, index);
	m->index[i] = m->index[--m->used];
	m->peer[i] = m->peer[m->used];
	assert_false(index_find(&table, index, &peer));
	index_remove(&table, index);
}

static void
run_model(void)
{
	struct model m = { .used = 0 };

	for (unsigned int i = 0; i < 3000; i++) {
		if (m.used < COUNT && unit_random_below(&randoms, 5) < 3)
			model_add(&m, i);
		else if (m.used > 0)
			model_remove(&m, unit_random_below(&randoms, m.used));
		check_model(&m);
	}
	while (m.used > 0)
		model_remove(&m, 0);
	check_model(&m);
}

static void
test_crowded_against_a_model(void **state)
{
	(void)state;
	run_model();
}

static void
test_random_against_a_model(void **state)
{
	(void)state;
	sink.random = plain_random;
	run_model();
}

#define INDEX_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		INDEX_TEST(test_at_most_half_full),
		INDEX_TEST(test_empty_table_finds_nothing),
		INDEX_TEST(test_zero_and_taken_are_drawn_again),
		INDEX_TEST(test_crowded_against_a_model),
		INDEX_TEST(test_random_against_a_model),
	};
	return cmocka_run_group_tests_name("index", tests, unit_start, NULL);
}
