/* SPDX-License-Identifier: ISC */
#include "core/keys.h"

#include "unit.h"

enum { PEER = 5, INDICES = 8 };

static struct keys keys;
static struct index_table indices;
static struct index_entry *memory;
static struct unit_sink unit;
static struct sink sink;

static int
set_up(void **state)
{
	(void)state;
	keys = (struct keys){ .previous = NULL };
	memory = malloc(index_size(INDICES));
	assert_non_null(memory);
	index_init(&indices, memory, INDICES);
	sink = unit_sink_make(&unit, 1);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	free(memory);
	return 0;
}

static struct session_keys
fresh(void)
{
	return (struct session_keys){
		.cipher = SUITE_CHACHA20_POLY1305,
		.local_index = index_add(&indices, &sink, PEER),
	};
}

static uint32_t
add_current(void)
{
	const struct session_keys s = fresh();

	keys_add_current(&keys, &indices, &s, 1);
	return s.local_index;
}

static uint32_t
add_next(void)
{
	const struct session_keys s = fresh();

	keys_add_next(&keys, &indices, &s, 1);
	return s.local_index;
}

/* 0 stands for an empty slot. */
static uint32_t
index_of(const struct session *s)
{
	return s == NULL ? 0 : s->local_index;
}

/* What is in no role must have left no byte and no index. */
static void
check(uint32_t previous, uint32_t current, uint32_t next)
{
	size_t used = 0;

	assert_int_equal(index_of(keys.previous), previous);
	assert_int_equal(index_of(keys.current), current);
	assert_int_equal(index_of(keys.next), next);
	for (int i = 0; i < KEYS_SLOTS; i++) {
		const struct session *s = &keys.slot[i];
		unsigned int peer;

		if (s == keys.previous || s == keys.current || s == keys.next) {
			used++;
			assert_true(
			    index_find(&indices, s->local_index, &peer));
			assert_ptr_equal(keys_find(&keys, s->local_index), s);
		} else {
			assert_true(
			    sodium_is_zero((const uint8_t *)s, sizeof(*s)));
		}
	}
	assert_int_equal(indices.used, used);
}

static void
test_nothing(void **state)
{
	(void)state;
	check(0, 0, 0);
	assert_null(keys_find(&keys, 0));
	assert_null(keys_find(&keys, 1));
	keys_wipe(&keys, &indices);
	check(0, 0, 0);
}

static void
test_initiator_renews(void **state)
{
	(void)state;
	const uint32_t a = add_current();
	check(0, a, 0);
	const uint32_t b = add_current();
	check(a, b, 0);
	const uint32_t c = add_current();
	check(b, c, 0);
	assert_null(keys_find(&keys, a));
	assert_ptr_equal(keys_find(&keys, b), keys.previous);
	assert_ptr_equal(keys_find(&keys, c), keys.current);
}

static void
test_responder_waits_for_the_proof(void **state)
{
	(void)state;
	const uint32_t a = add_next();
	check(0, 0, a);
	assert_true(keys_confirm(&keys, &indices, keys.next));
	check(0, a, 0);
	assert_false(keys_confirm(&keys, &indices, keys.current));
	const uint32_t b = add_next();
	check(0, a, b);
	assert_true(keys_confirm(&keys, &indices, keys.next));
	check(a, b, 0);
	assert_false(keys_confirm(&keys, &indices, keys.previous));
	check(a, b, 0);
}

/* WireGuard's noise.c, add_new_keypair: a new next displaces the one that
 * nobody confirmed, and previous. */
static void
test_next_displaces(void **state)
{
	(void)state;
	const uint32_t a = add_current();
	const uint32_t b = add_current();
	check(a, b, 0);
	const uint32_t c = add_next();
	check(0, b, c);
	const uint32_t d = add_next();
	check(0, b, d);
	assert_null(keys_find(&keys, c));
}

/* As there: an unconfirmed next may still be what the peer sends under. */
static void
test_current_keeps_an_unconfirmed_next(void **state)
{
	(void)state;
	const uint32_t a = add_current();
	const uint32_t b = add_next();
	check(0, a, b);
	const uint32_t c = add_current();
	check(b, c, 0);
}

static void
test_drop_takes_the_older_along(void **state)
{
	uint32_t a, b, c;

	(void)state;
	a = add_current();
	b = add_current();
	check(a, b, 0);
	keys_drop(&keys, &indices, keys.previous);
	check(0, b, 0);
	c = add_next();
	check(0, b, c);
	keys_drop(&keys, &indices, keys.current);
	check(0, 0, c);
	a = add_current();
	check(c, a, 0);
	keys_drop(&keys, &indices, keys.current);
	check(0, 0, 0);
	a = add_current();
	b = add_next();
	check(0, a, b);
	keys_drop(&keys, &indices, keys.next);
	check(0, 0, 0);
}

static void
test_wipe(void **state)
{
	(void)state;
	add_current();
	add_current();
	keys_wipe(&keys, &indices);
	check(0, 0, 0);
	add_current();
	add_next();
	keys_wipe(&keys, &indices);
	check(0, 0, 0);
}

/* The same rules over plain numbers. */
struct model {
	uint32_t previous, current, next;
};

static void
step(struct model *m, size_t what)
{
	switch (what) {
	case 0:
		m->previous = m->next != 0 ? m->next : m->current;
		m->next = 0;
		m->current = add_current();
		break;
	case 1:
		m->previous = 0;
		m->next = add_next();
		break;
	case 2:
		if (m->next == 0)
			return;
		m->previous = m->current;
		m->current = m->next;
		m->next = 0;
		assert_true(keys_confirm(&keys, &indices, keys.next));
		break;
	default:
		if (m->current == 0)
			return;
		m->previous = m->current = 0;
		keys_drop(&keys, &indices, keys.current);
		break;
	}
}

static void
test_random_steps_against_a_model(void **state)
{
	struct unit_random random = { 3 };
	struct model m = { 0 };

	(void)state;
	for (int i = 0; i < 5000; i++) {
		step(&m, unit_random_below(&random, 4));
		check(m.previous, m.current, m.next);
	}
}

#define KEYS_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		KEYS_TEST(test_nothing),
		KEYS_TEST(test_initiator_renews),
		KEYS_TEST(test_responder_waits_for_the_proof),
		KEYS_TEST(test_next_displaces),
		KEYS_TEST(test_current_keeps_an_unconfirmed_next),
		KEYS_TEST(test_drop_takes_the_older_along),
		KEYS_TEST(test_wipe),
		KEYS_TEST(test_random_steps_against_a_model),
	};
	return cmocka_run_group_tests_name("keys", tests, unit_start, NULL);
}
