/* SPDX-License-Identifier: ISC */
#include "core/replay.h"

#include "core/session.h"

#include "unit.h"

/* One more than the reach: names and cases are those of WireGuard's
 * selftest/counter.c. Its cases at and above the limit of a session are in
 * session_test.c, for here that is the caller's business. */
#define LIM (REPLAY_WINDOW + 1)
#define END SESSION_REJECT_MESSAGES

static const struct {
	uint64_t counter;
	enum drop why;
} cases[] = {
	{ 0, DROP_NONE },
	{ 1, DROP_NONE },
	{ 1, DROP_REPLAY },
	{ 9, DROP_NONE },
	{ 8, DROP_NONE },
	{ 7, DROP_NONE },
	{ 7, DROP_REPLAY },
	{ LIM, DROP_NONE },
	{ LIM - 1, DROP_NONE },
	{ LIM - 1, DROP_REPLAY },
	{ LIM - 2, DROP_NONE },
	{ 2, DROP_NONE },
	{ 2, DROP_REPLAY },
	{ LIM + 16, DROP_NONE },
	{ 3, DROP_REPLAY_OLD },
	{ LIM + 16, DROP_REPLAY },
	{ LIM * 4, DROP_NONE },
	{ LIM * 4 - (LIM - 1), DROP_NONE },
	{ 10, DROP_REPLAY_OLD },
	{ LIM * 4 - LIM, DROP_REPLAY_OLD },
	{ LIM * 4 - (LIM + 1), DROP_REPLAY_OLD },
	{ LIM * 4 - (LIM - 2), DROP_NONE },
	{ LIM * 4 + 1 - LIM, DROP_REPLAY },
	{ 0, DROP_REPLAY_OLD },
	{ END - 1, DROP_NONE },
	{ END - 1, DROP_REPLAY },
	{ END - 2, DROP_NONE },
	{ END - 2, DROP_REPLAY },
	{ END - 3, DROP_NONE },
	{ 0, DROP_REPLAY_OLD },
};

static void
test_wireguard_cases(void **state)
{
	struct replay r;
	int wrong = 0;

	(void)state;
	replay_init(&r);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const enum drop why = replay_accept(&r, cases[i].counter);

		if (why == cases[i].why)
			continue;
		print_error("row %zu: %s instead of %s\n", i, drop_name(why),
		    drop_name(cases[i].why));
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

static void
accept_up(struct replay *r, uint64_t first, uint64_t last)
{
	replay_init(r);
	for (uint64_t i = first; i <= last; i++)
		assert_int_equal(replay_accept(r, i), DROP_NONE);
}

static void
accept_down(struct replay *r, uint64_t first, uint64_t last)
{
	replay_init(r);
	for (uint64_t i = first; i >= last; i--)
		assert_int_equal(replay_accept(r, i), DROP_NONE);
}

/* WireGuard's sweeps, as far as they stay off the very edge. */
static void
test_wireguard_sweeps(void **state)
{
	struct replay r;

	(void)state;
	accept_up(&r, 1, REPLAY_WINDOW - 1);
	assert_int_equal(replay_accept(&r, 0), DROP_NONE);
	assert_int_equal(replay_accept(&r, 0), DROP_REPLAY);
	accept_up(&r, 2, REPLAY_WINDOW + 1);
	assert_int_equal(replay_accept(&r, 0), DROP_REPLAY_OLD);
	accept_down(&r, REPLAY_WINDOW, 1);
	assert_int_equal(replay_accept(&r, REPLAY_WINDOW + 1), DROP_NONE);
	assert_int_equal(replay_accept(&r, 0), DROP_REPLAY_OLD);
	accept_down(&r, REPLAY_WINDOW - 1, 1);
	assert_int_equal(replay_accept(&r, 0), DROP_NONE);
	assert_int_equal(replay_accept(&r, REPLAY_WINDOW + 1), DROP_NONE);
}

/* RFC 6479, 2: too old is what lies more than the window behind the newest;
 * the header says it the same way. */
static void
test_the_edge_of_the_window(void **state)
{
	struct replay r;

	(void)state;
	for (uint64_t newest = 20000; newest < 20000 + 130; newest++) {
		replay_init(&r);
		assert_int_equal(replay_accept(&r, newest), DROP_NONE);
		assert_int_equal(replay_accept(&r, newest - REPLAY_WINDOW - 1),
		    DROP_REPLAY_OLD);
		assert_int_equal(
		    replay_accept(&r, newest - REPLAY_WINDOW), DROP_NONE);
		assert_int_equal(
		    replay_accept(&r, newest - REPLAY_WINDOW), DROP_REPLAY);
	}
}

/* In numbers of its own: a narrow window loses what is merely late, as that of
 * 64 of fastd and the first of wireguard-go did. */
static void
test_window_is_wide(void **state)
{
	struct replay r;

	(void)state;
	replay_init(&r);
	assert_int_equal(replay_accept(&r, 8128), DROP_NONE);
	assert_int_equal(replay_accept(&r, 0), DROP_NONE);
	assert_int_equal(replay_accept(&r, 8129), DROP_NONE);
	assert_int_equal(replay_accept(&r, 0), DROP_REPLAY_OLD);
	assert_int_equal(replay_accept(&r, 1), DROP_NONE);
}

/* Every counter seen, in a plain array. */
enum { SPACE = 200000 };

struct model {
	bool seen[SPACE];
	uint64_t newest;
	bool any;
};

static enum drop
model_accept(struct model *m, uint64_t counter)
{
	if (m->any && counter + REPLAY_WINDOW < m->newest)
		return DROP_REPLAY_OLD;
	if (m->seen[counter])
		return DROP_REPLAY;
	m->seen[counter] = true;
	m->newest = m->any ? u64_max(m->newest, counter) : counter;
	m->any = true;
	return DROP_NONE;
}

/* Mostly near the newest, now and then anywhere. The edge itself has its own
 * test, so that this one says something else. */
static uint64_t
draw(struct unit_random *r, const struct model *m)
{
	const uint64_t span = unit_random_below(r, 8) == 0 ? 12000 : 100;
	uint64_t counter = m->newest + unit_random_below(r, span);
	const uint64_t back = unit_random_below(r, 2) * span / 2;

	counter = counter > back ? counter - back : 0;
	if (unit_random_below(r, 1000) == 0)
		counter = unit_random_below(r, SPACE);
	if (counter + REPLAY_WINDOW == m->newest)
		counter++;
	return u64_min(counter, SPACE - 1);
}

static void
test_random_order_against_a_model(void **state)
{
	struct model *m = malloc(sizeof(*m));
	struct replay r;

	(void)state;
	assert_non_null(m);
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct unit_random random = { seed };

		memset(m, 0, sizeof(*m));
		replay_init(&r);
		for (int i = 0; i < 5000; i++) {
			const uint64_t counter = draw(&random, m);
			const enum drop want = model_accept(m, counter);

			assert_int_equal(replay_accept(&r, counter), want);
		}
	}
	free(m);
}

/* A jump by whole rings must leave nothing of what was seen before. */
static void
test_jumps_forget(void **state)
{
	struct replay r;

	(void)state;
	for (uint64_t jump = REPLAY_BITS - 130; jump < 4 * REPLAY_BITS;
	     jump += 63) {
		accept_up(&r, 0, 300);
		assert_int_equal(replay_accept(&r, 300 + jump), DROP_NONE);
		for (uint64_t i = 1; i < u64_min(jump, REPLAY_WINDOW); i++)
			assert_int_equal(
			    replay_accept(&r, 300 + jump - i), DROP_NONE);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wireguard_cases),
		cmocka_unit_test(test_wireguard_sweeps),
		cmocka_unit_test(test_the_edge_of_the_window),
		cmocka_unit_test(test_window_is_wide),
		cmocka_unit_test(test_random_order_against_a_model),
		cmocka_unit_test(test_jumps_forget),
	};
	return cmocka_run_group_tests_name("replay", tests, unit_start, NULL);
}
