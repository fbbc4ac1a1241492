/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include "os/batch.h"

enum { MAX = 64 };

/* What is asked for while `waiting` packets wait each time. */
static int
ask(struct batch *b, int waiting)
{
	const int asked = batch_ask(b, MAX);

	batch_got(b, asked, waiting < asked ? waiting : asked);
	return asked;
}

static void
test_single_packets_are_taken_singly(void **state)
{
	struct batch b = { .single = false };

	(void)state;
	assert_int_equal(ask(&b, 1), MAX);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < BATCH_SINGLES; i++)
			assert_int_equal(ask(&b, 1), 1);
		assert_int_equal(ask(&b, 1), MAX);
	}
}

static void
test_a_backlog_is_found(void **state)
{
	struct batch b = { .single = false };
	int calls = 1;

	(void)state;
	(void)ask(&b, 1);
	while (ask(&b, MAX) == 1)
		calls++;
	assert_int_equal(calls, BATCH_SINGLES + 1);
	for (int i = 0; i < 10; i++)
		assert_int_equal(ask(&b, 2), MAX);
}

static void
test_nothing_there_keeps_it_single(void **state)
{
	struct batch b = { .single = false };

	(void)state;
	(void)ask(&b, 0);
	for (int i = 0; i < 3 * BATCH_SINGLES; i++)
		assert_int_equal(ask(&b, 0), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_single_packets_are_taken_singly),
		cmocka_unit_test(test_a_backlog_is_found),
		cmocka_unit_test(test_nothing_there_keeps_it_single),
	};

	return cmocka_run_group_tests_name("batch", tests, unit_start, NULL);
}
