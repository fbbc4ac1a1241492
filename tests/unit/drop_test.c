/* SPDX-License-Identifier: ISC */
#include "core/drop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const char word[] = "abcdefghijklmnopqrstuvwxyz0123456789_";

static void
test_every_reason_has_a_name(void **state)
{
	(void)state;
	for (int i = 0; i < DROP_COUNT; i++) {
		const char *name = drop_name((enum drop)i);
		assert_string_not_equal(name, "unknown");
		assert_int_equal(strspn(name, word), strlen(name));
	}
}

static void
test_names_differ(void **state)
{
	(void)state;
	for (int i = 0; i < DROP_COUNT; i++) {
		for (int k = 0; k < i; k++)
			assert_string_not_equal(
			    drop_name((enum drop)i), drop_name((enum drop)k));
	}
}

static void
test_outside_is_unknown(void **state)
{
	(void)state;
	assert_string_equal(drop_name(DROP_COUNT), "unknown");
	assert_string_equal(drop_name((enum drop)9999), "unknown");
}

static void
test_add_counts_all_but_none(void **state)
{
	struct drop_counts counts = { 0 };

	(void)state;
	drop_add(&counts, DROP_REPLAY);
	drop_add(&counts, DROP_REPLAY);
	drop_add(&counts, DROP_NONE);
	assert_int_equal(counts.n[DROP_REPLAY], 2);
	assert_int_equal(counts.n[DROP_NONE], 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_reason_has_a_name),
		cmocka_unit_test(test_names_differ),
		cmocka_unit_test(test_outside_is_unknown),
		cmocka_unit_test(test_add_counts_all_but_none),
	};
	return cmocka_run_group_tests_name("drop", tests, NULL, NULL);
}
