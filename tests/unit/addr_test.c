/* SPDX-License-Identifier: ISC */
#include "core/addr.h"

#include "unit.h"

static const struct addr base = {
	.ip = { 192, 168, 77, 5 },
	.scope = 3,
	.port = 52077,
	.family = ADDR_IPV4,
};

static void
test_is_set_follows_the_family(void **state)
{
	const struct addr none = { .family = ADDR_NONE };
	const struct addr v6 = { .family = ADDR_IPV6 };

	(void)state;
	assert_false(addr_is_set(&none));
	assert_true(addr_is_set(&base));
	assert_true(addr_is_set(&v6));
}

static void
test_equal_looks_at_every_field(void **state)
{
	struct addr other = base;

	(void)state;
	assert_true(addr_equal(&base, &other));
	other.port++;
	assert_false(addr_equal(&base, &other));
	other = base;
	other.scope++;
	assert_false(addr_equal(&base, &other));
	other = base;
	other.family = ADDR_IPV6;
	assert_false(addr_equal(&base, &other));
	for (size_t i = 0; i < sizeof(other.ip); i++) {
		other = base;
		other.ip[i] ^= 1;
		assert_false(addr_equal(&base, &other));
	}
}

static const struct {
	uint8_t family, network_family;
	uint8_t ip[16], network[16];
	unsigned int prefix;
	bool in;
} networks[] = {
	{ ADDR_IPV4, ADDR_IPV4, { 10, 1, 2, 3 }, { 10, 1, 2, 3 }, 32, true },
	{ ADDR_IPV4, ADDR_IPV4, { 10, 1, 2, 3 }, { 10, 1, 2, 2 }, 32, false },
	{ ADDR_IPV4, ADDR_IPV4, { 10, 1, 2, 3 }, { 10, 1, 2, 2 }, 31, true },
	{ ADDR_IPV4, ADDR_IPV4, { 10, 1, 2, 3 }, { 10, 1, 2, 9 }, 24, true },
	{ ADDR_IPV4, ADDR_IPV4, { 10, 1, 2, 3 }, { 10, 1, 3, 3 }, 24, false },
	{ ADDR_IPV4, ADDR_IPV4, { 10, 1, 2, 3 }, { 10, 1, 3, 3 }, 23, true },
	{ ADDR_IPV4, ADDR_IPV4, { 10, 1, 2, 3 }, { 11, 1, 2, 3 }, 8, false },
	{ ADDR_IPV4, ADDR_IPV4, { 10, 1, 2, 3 }, { 11, 1, 2, 3 }, 7, true },
	{ ADDR_IPV4, ADDR_IPV4, { 10 }, { 138 }, 1, false },
	{ ADDR_IPV4, ADDR_IPV4, { 10 }, { 200 }, 0, true },
	{ ADDR_IPV4, ADDR_IPV6, { 10 }, { 10 }, 0, false },
	{ ADDR_NONE, ADDR_IPV4, { 10 }, { 10 }, 8, false },
	{ ADDR_IPV6, ADDR_IPV6, { 0xfe, 0x80, [15] = 1 },
	    { 0xfe, 0x80, [15] = 2 }, 64, true },
	{ ADDR_IPV6, ADDR_IPV6, { 0xfe, 0x80, [15] = 1 },
	    { 0xfe, 0x80, [15] = 1 }, 128, true },
	{ ADDR_IPV6, ADDR_IPV6, { 0xfe, 0x80, [15] = 1 },
	    { 0xfe, 0x80, [15] = 0 }, 128, false },
	{ ADDR_IPV6, ADDR_IPV6, { 0xfe, 0x80, [15] = 1 },
	    { 0xfe, 0x80, [15] = 0 }, 127, true },
	{ ADDR_IPV6, ADDR_IPV6, { 0xfe }, { 0xfe }, 129, false },
};

static void
test_in_network(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(networks); i++) {
		struct addr a = {
			.family = networks[i].family, .port = 1, .scope = 1
		};
		struct addr n = { .family = networks[i].network_family };

		memcpy(a.ip, networks[i].ip, sizeof(a.ip));
		memcpy(n.ip, networks[i].network, sizeof(n.ip));
		if (addr_in_network(&a, &n, networks[i].prefix) !=
		    networks[i].in)
			fail_msg("row %zu", i);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_is_set_follows_the_family),
		cmocka_unit_test(test_equal_looks_at_every_field),
		cmocka_unit_test(test_in_network),
	};
	return cmocka_run_group_tests_name("addr", tests, unit_start, NULL);
}
