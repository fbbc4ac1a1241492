/* SPDX-License-Identifier: ISC */
#include "core/pmtu.h"

#include "unit.h"

static const struct {
	enum addr_family family;
	uint32_t link_mtu;
	size_t dgram_max;
	size_t size;
} paths[] = {
	{ ADDR_IPV4, 1500, 65507, 1472 },
	{ ADDR_IPV6, 1500, 65507, 1452 },
	{ ADDR_IPV4, 9000, 65507, 8972 },
	{ ADDR_IPV4, 9000, 1472, 1472 }, /* the peer takes no more */
	{ ADDR_IPV6, 1500, 1400, 1400 },
	{ ADDR_IPV4, 1280, 65507, 1252 },
	{ ADDR_IPV6, 1280, 65507, 1232 },
	{ ADDR_IPV4, 576, 65507, 548 },
	{ ADDR_IPV4, 575, 65507, 548 }, /* not supported: MIN, one log line */
	{ ADDR_IPV4, 1500, 548, 548 },
	{ ADDR_IPV4, 65536, 65507, 65507 }, /* loopback */
	{ ADDR_IPV6, 1279, 65507, 1232 },   /* IPv6 has no such links */
	{ ADDR_IPV4, 0, 65507, PMTU_BASE }, /* unknown */
	{ ADDR_IPV6, 0, 65507, PMTU_BASE },
	{ ADDR_IPV4, 0, 600, 600 },
};

static void
test_size_of_a_new_path(void **state)
{
	struct pmtu p;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		pmtu_init(
		    &p, paths[i].family, paths[i].link_mtu, paths[i].dgram_max);
		if (p.size != paths[i].size || p.ceiling != paths[i].size)
			fail_msg("row %zu: %zu", i, p.size);
	}
}

static const struct {
	enum addr_family family;
	uint32_t link_mtu;
	size_t refused;
	size_t size;    /* the largest usual one that fits */
	size_t ceiling; /* below what was refused */
} refusals[] = {
	{ ADDR_IPV4, 1500, 1472, 1464, 1471 },
	{ ADDR_IPV4, 1500, 1473, 1472, 1472 }, /* never sent by us */
	{ ADDR_IPV4, 1500, 1465, 1464, 1464 },
	{ ADDR_IPV4, 1500, 1464, 1452, 1463 },
	{ ADDR_IPV4, 1500, 1253, 1252, 1252 },
	{ ADDR_IPV4, 1500, 1252, 1172, 1251 },
	{ ADDR_IPV4, 1500, 979, 978, 978 },
	{ ADDR_IPV4, 1500, 978, 740, 977 },
	{ ADDR_IPV4, 1500, 549, 548, 548 },
	{ ADDR_IPV4, 1500, 548, 1472, 1472 }, /* below MIN: not believed */
	{ ADDR_IPV4, 1500, 0, 1472, 1472 },
	{ ADDR_IPV6, 1500, 1452, 1444, 1451 },
	{ ADDR_IPV6, 1500, 1233, 1232, 1232 },
	{ ADDR_IPV6, 1500, 1232, 1452, 1452 },
	{ ADDR_IPV4, 9000, 8972, 8922, 8971 },
	{ ADDR_IPV4, 9000, 4000, 3972, 3999 },
	{ ADDR_IPV4, 9000, 3972, 1472, 3971 },
};

static void
test_refused_sizes(void **state)
{
	struct pmtu p;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		pmtu_init(&p, refusals[i].family, refusals[i].link_mtu, 65507);
		pmtu_refused(&p, refusals[i].refused);
		if (p.size != refusals[i].size ||
		    p.ceiling != refusals[i].ceiling)
			fail_msg("row %zu: size %zu ceiling %zu", i, p.size,
			    p.ceiling);
	}
}

static void
test_refused_again_and_again_ends_at_min(void **state)
{
	struct pmtu p;
	int steps = 0;

	(void)state;
	pmtu_init(&p, ADDR_IPV4, 9000, 65507);
	for (size_t before = 0; p.size != before; steps++) {
		before = p.size;
		pmtu_refused(&p, p.size);
		assert_true(p.size <= before && p.size >= PMTU_MIN_IPV4);
		assert_true(p.size <= p.ceiling);
	}
	assert_int_equal(p.size, PMTU_MIN_IPV4);
	assert_true(steps <= 17);
}

/* A refusal of what lies above the size in use lowers the ceiling only. */
static void
test_refused_above_the_size_in_use(void **state)
{
	struct pmtu p;

	(void)state;
	pmtu_init(&p, ADDR_IPV4, 9000, 65507);
	pmtu_refused(&p, 8000);
	assert_int_equal(p.size, 7972);
	pmtu_refused(&p, 7990);
	assert_int_equal(p.size, 7972);
	assert_int_equal(p.ceiling, 7989);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_size_of_a_new_path),
		cmocka_unit_test(test_refused_sizes),
		cmocka_unit_test(test_refused_again_and_again_ends_at_min),
		cmocka_unit_test(test_refused_above_the_size_in_use),
	};
	return cmocka_run_group_tests_name("pmtu", tests, unit_start, NULL);
}
