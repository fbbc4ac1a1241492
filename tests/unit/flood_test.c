/* SPDX-License-Identifier: ISC */
/* The load meter, the rates of addresses, and the filter of known ones. */
#include "core/flood.h"

#include "unit.h"

static struct flood *
make_flood(void)
{
	struct flood *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	flood_init(f, 42);
	return f;
}

static struct addr
ipv4(uint32_t n)
{
	return (struct addr){
		.family = ADDR_IPV4,
		.ip = { (uint8_t)(n >> 24), (uint8_t)(n >> 16),
		    (uint8_t)(n >> 8), (uint8_t)n },
		.port = 1000,
	};
}

static struct addr
ipv6(uint8_t subnet, uint8_t host)
{
	return (struct addr){
		.family = ADDR_IPV6,
		.ip = { 0x20, 1, [7] = subnet, [15] = host },
		.port = 1000,
	};
}

/* So many in a row until the first refusal. */
static unsigned int
admit_all(struct flood *f, uint64_t now_ns, const struct addr *a,
    struct flood_known *known)
{
	unsigned int n = 0;

	while (n < 10000 && flood_admit(f, now_ns, a, known))
		n++;
	return n;
}

static void
test_load(void **state)
{
	struct flood *f = make_flood();
	uint64_t t = SEC(1000);

	(void)state;
	for (int i = 0; i < FLOOD_LOAD_BURST; i++)
		assert_false(flood_note(f, t));
	assert_false(flood_is_loaded(f, t));
	assert_true(flood_note(f, t));
	assert_true(flood_is_loaded(f, t + FLOOD_STICKY - 1));
	assert_false(flood_is_loaded(f, t + FLOOD_STICKY));
	/* 200 a second are no load */
	t += SEC(2);
	for (int i = 0; i < 2000; i++)
		assert_false(flood_note(f, t + (uint64_t)i * MS(5)));
	/* and 210 are, after ten seconds of it */
	t += SEC(20);
	bool loaded = false;
	for (int i = 0; i < 2200 && !loaded; i++)
		loaded = flood_note(f, t + (uint64_t)i * SEC(1) / 210);
	assert_true(loaded);
	free(f);
}

static void
test_source_rate(void **state)
{
	struct flood *f = make_flood();
	const struct addr a = ipv4(1), b = ipv4(2), c6 = ipv6(1, 1),
			  same = ipv6(1, 2), other = ipv6(2, 1);
	struct addr port = a;
	const uint64_t t = SEC(1000);

	(void)state;
	port.port++;
	assert_int_equal(admit_all(f, t, &a, NULL), FLOOD_SOURCE_BURST);
	assert_int_equal(admit_all(f, t, &port, NULL), 0); /* one address */
	assert_int_equal(admit_all(f, t, &b, NULL), FLOOD_SOURCE_BURST);
	assert_int_equal(admit_all(f, t, &c6, NULL), FLOOD_SOURCE_BURST);
	assert_int_equal(admit_all(f, t, &same, NULL), 0); /* one /64 */
	assert_int_equal(admit_all(f, t, &other, NULL), FLOOD_SOURCE_BURST);
	assert_int_equal(admit_all(f, t + MS(49), &a, NULL), 0);
	assert_int_equal(admit_all(f, t + MS(50), &a, NULL), 1);
	assert_int_equal(
	    admit_all(f, t + SEC(1), &a, NULL), FLOOD_SOURCE_BURST);
	free(f);
}

/* A known address has a rate of its own, and half of all. */
static void
test_known_addresses(void **state)
{
	struct flood *f = make_flood();
	struct flood_known known[60] = { { .work.full_ns = 0 } };
	const struct addr a = ipv4(1);
	const uint64_t t = SEC(1000);
	unsigned int strangers = 0, peers = 0;

	(void)state;
	for (uint32_t i = 0; i < 200; i++) {
		const struct addr s = ipv4(1000 + i);

		strangers += admit_all(f, t, &s, NULL);
	}
	assert_int_equal(strangers, FLOOD_TOTAL_BURST / 2);
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		peers += admit_all(f, t, &a, &known[i]);
	assert_int_equal(peers, FLOOD_TOTAL_BURST / 2);
	/* the rates in all, over five seconds; what comes first differs */
	strangers = peers = 0;
	for (uint64_t ms = 0; ms < 5000; ms++) {
		const struct addr s = ipv4(5000 + (uint32_t)ms);
		const uint64_t now = t + SEC(5) + MS(ms);

		strangers += flood_admit(f, now, &s, NULL);
		peers += flood_admit(f, now, &a, &known[ms % 60]);
	}
	assert_in_range(strangers, 2400, 2600);
	assert_in_range(peers, 2300, 2600);
	free(f);
}

/* Addresses without end: only so many are remembered, the others refused;
 * once they are full again they make room. */
static void
test_table_is_bounded(void **state)
{
	struct flood *f = make_flood();
	const uint64_t t = SEC(1000);
	unsigned int used = 0, admitted = 0;

	(void)state;
	for (uint32_t i = 0; i < 50000; i++) {
		const struct addr a = ipv4(i * 2654435761u);

		/* the rate of all strangers is not what is tested */
		f->strangers.full_ns = f->total.full_ns = 0;
		admitted += flood_admit(f, t, &a, NULL);
	}
	for (size_t i = 0; i < FLOOD_SOURCES; i++)
		used += f->sources[i].key != 0;
	assert_int_equal(used, FLOOD_SOURCES);
	assert_int_equal(admitted, FLOOD_SOURCES);
	const struct addr late = ipv4(77);
	assert_int_equal(admit_all(f, t + MS(500), &late, NULL), 0);
	assert_int_equal(
	    admit_all(f, t + SEC(2), &late, NULL), FLOOD_SOURCE_BURST);
	free(f);
}

static unsigned int
replies(struct flood *f, uint64_t now_ns, struct flood_known *known)
{
	unsigned int n = 0;

	while (n < 10000 && flood_may_reply(f, now_ns, known))
		n++;
	return n;
}

static void
test_replies(void **state)
{
	struct flood *f = make_flood();
	struct flood_known known = { .replies.full_ns = 0 };
	const uint64_t t = SEC(1000);

	(void)state;
	assert_int_equal(replies(f, t, NULL), FLOOD_REPLY_BURST);
	assert_int_equal(replies(f, t, &known), FLOOD_KNOWN_REPLIES);
	assert_int_equal(replies(f, t + MS(1), NULL), 1);
	assert_int_equal(replies(f, t + MS(101), &known), 1 + 100);
	free(f);
}

static void
test_filter(void **state)
{
	struct flood *f = make_flood();
	struct addr a = ipv4(7);
	unsigned int false_ones = 0;

	(void)state;
	assert_true(flood_known_begin(f, SEC(1000)));
	assert_false(flood_known_begin(f, SEC(1000) + FLOOD_REFRESH - 1));
	for (uint32_t i = 0; i < 500; i++) {
		a = ipv4(i);
		flood_known_add(f, &a);
	}
	for (uint32_t i = 0; i < 500; i++) {
		a = ipv4(i);
		assert_true(flood_known_maybe(f, &a));
	}
	for (uint32_t i = 1000; i < 11000; i++) {
		a = ipv4(i);
		false_ones += flood_known_maybe(f, &a);
	}
	assert_true(false_ones < 10000 * 5 / 100);
	a = ipv4(3);
	a.port++; /* behind one NAT live many */
	assert_false(flood_known_maybe(f, &a));
	assert_true(flood_known_begin(f, SEC(1000) + FLOOD_REFRESH));
	a.port--;
	assert_false(flood_known_maybe(f, &a));
	free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_load),
		cmocka_unit_test(test_source_rate),
		cmocka_unit_test(test_known_addresses),
		cmocka_unit_test(test_table_is_bounded),
		cmocka_unit_test(test_replies),
		cmocka_unit_test(test_filter),
	};
	return cmocka_run_group_tests_name("flood", tests, unit_start, NULL);
}
