/* SPDX-License-Identifier: ISC */
#include "core/fdb.h"

#include "unit.h"

enum { PORTS = 80, SEED = 42 };

static struct fdb fdb;
static void *memory;

static int
set_up(void **state)
{
	(void)state;
	memory = calloc(1, fdb_size(PORTS));
	assert_non_null(memory);
	fdb_init(&fdb, memory, PORTS, SEED);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	free(memory);
	return 0;
}

/* Stations are told apart by a number. */
static void
mac_of(uint8_t mac[static FRAME_MAC_LEN], uint32_t station)
{
	mac[0] = 2;
	mac[1] = 0;
	for (int i = 0; i < 4; i++)
		mac[2 + i] = (uint8_t)(station >> (24 - 8 * i));
}

static enum drop
learn(uint64_t now_ns, uint32_t station, unsigned int port)
{
	uint8_t mac[FRAME_MAC_LEN];

	mac_of(mac, station);
	return fdb_learn(&fdb, now_ns, mac, 0, port);
}

static int
find(uint64_t now_ns, uint32_t station)
{
	uint8_t mac[FRAME_MAC_LEN];

	mac_of(mac, station);
	return fdb_find(&fdb, now_ns, mac, 0);
}

static void
check_sums(void)
{
	unsigned int sum = 0;

	for (unsigned int i = 0; i < PORTS; i++) {
		sum += fdb.port_count[i];
		assert_true(
		    i == FDB_PORT_LAN || fdb.port_count[i] <= FDB_PORT_MAX);
	}
	assert_int_equal(fdb.used, sum);
	assert_true(fdb.used <= FDB_ENTRIES);
}

static void
test_learned_is_found(void **state)
{
	(void)state;
	assert_int_equal(find(SEC(1), 1), FDB_PORT_NONE);
	assert_int_equal(learn(SEC(1), 1, 3), DROP_NONE);
	assert_int_equal(learn(SEC(1), 2, FDB_PORT_LAN), DROP_NONE);
	assert_int_equal(find(SEC(1), 1), 3);
	assert_int_equal(find(SEC(1), 2), FDB_PORT_LAN);
	assert_int_equal(find(SEC(1), 3), FDB_PORT_NONE);
	assert_int_equal(fdb.used, 2);
	assert_int_equal(fdb.port_count[3], 1);
}

static void
test_vlans_are_apart(void **state)
{
	const uint8_t mac[FRAME_MAC_LEN] = { 2, 0, 0, 0, 0, 1 };
	const uint8_t zero[FRAME_MAC_LEN] = { 0 };

	(void)state;
	assert_int_equal(fdb_learn(&fdb, 0, mac, 0, 1), DROP_NONE);
	assert_int_equal(fdb_learn(&fdb, 0, mac, 1, 2), DROP_NONE);
	assert_int_equal(fdb_learn(&fdb, 0, mac, 4095, 3), DROP_NONE);
	assert_int_equal(fdb_find(&fdb, 0, mac, 0), 1);
	assert_int_equal(fdb_find(&fdb, 0, mac, 1), 2);
	assert_int_equal(fdb_find(&fdb, 0, mac, 4095), 3);
	assert_int_equal(fdb_find(&fdb, 0, mac, 2), FDB_PORT_NONE);
	/* A station of all zeros is one like any other. */
	assert_int_equal(fdb_find(&fdb, 0, zero, 0), FDB_PORT_NONE);
	assert_int_equal(fdb_learn(&fdb, 0, zero, 0, 4), DROP_NONE);
	assert_int_equal(fdb_find(&fdb, 0, zero, 0), 4);
}

static void
test_every_bit_of_a_mac_counts(void **state)
{
	uint8_t mac[FRAME_MAC_LEN] = { 0x0a, 0x1b, 0x2c, 0x3d, 0x4e, 0x5f };

	(void)state;
	assert_int_equal(fdb_learn(&fdb, 0, mac, 0, 1), DROP_NONE);
	for (size_t i = 0; i < 48; i++) {
		mac[i / 8] ^= (uint8_t)(1u << i % 8);
		assert_int_equal(fdb_find(&fdb, 0, mac, 0), FDB_PORT_NONE);
		mac[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	assert_int_equal(fdb_find(&fdb, 0, mac, 0), 1);
}

static void
test_stations_move(void **state)
{
	(void)state;
	assert_int_equal(learn(SEC(1), 1, 3), DROP_NONE);
	assert_int_equal(learn(SEC(2), 1, 4), DROP_NONE);
	assert_int_equal(find(SEC(2), 1), 4);
	assert_int_equal(fdb.port_count[3], 0);
	assert_int_equal(fdb.port_count[4], 1);
	assert_int_equal(fdb.used, 1);
}

static void
test_age(void **state)
{
	(void)state;
	assert_int_equal(learn(SEC(10), 1, 3), DROP_NONE);
	assert_int_equal(find(SEC(310) - 1, 1), 3);
	assert_int_equal(find(SEC(310), 1), FDB_PORT_NONE);
	assert_int_equal(learn(SEC(309), 1, 3), DROP_NONE);
	assert_int_equal(find(SEC(310), 1), 3);
	assert_int_equal(find(SEC(609), 1), FDB_PORT_NONE);
	/* An aged one is learned like a new one. */
	assert_int_equal(learn(SEC(700), 1, 5), DROP_NONE);
	assert_int_equal(find(SEC(700), 1), 5);
	check_sums();
}

/* Learns as many as a port may have; more than that find no room. */
static void
fill_port(uint64_t now_ns, unsigned int port)
{
	for (uint32_t i = 0; i < FDB_PORT_MAX; i++)
		assert_int_equal(
		    learn(now_ns, port * 100000 + i, port), DROP_NONE);
}

static void
test_limit_of_a_peer(void **state)
{
	(void)state;
	fill_port(SEC(1), 3);
	assert_int_equal(fdb.port_count[3], FDB_PORT_MAX);
	assert_int_equal(learn(SEC(2), 1, 3), DROP_FDB_FULL);
	assert_int_equal(find(SEC(2), 1), FDB_PORT_NONE);
	/* It bounds neither what is known there nor another port. */
	assert_int_equal(learn(SEC(2), 300000, 3), DROP_NONE);
	assert_int_equal(learn(SEC(2), 1, 4), DROP_NONE);
	check_sums();
}

static void
test_limit_holds_for_those_that_move(void **state)
{
	(void)state;
	assert_int_equal(learn(SEC(1), 1, 4), DROP_NONE);
	fill_port(SEC(1), 3);
	assert_int_equal(learn(SEC(2), 1, 3), DROP_FDB_FULL);
	check_sums();
	/* Away from a full port there is no limit. */
	assert_int_equal(learn(SEC(2), 300000, 4), DROP_NONE);
	assert_int_equal(learn(SEC(2), 1, 3), DROP_NONE);
	assert_int_equal(find(SEC(2), 1), 3);
	check_sums();
}

static void
test_the_lan_has_no_limit(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 3 * FDB_PORT_MAX; i++)
		assert_int_equal(learn(SEC(1), i, FDB_PORT_LAN), DROP_NONE);
	assert_int_equal(fdb.port_count[FDB_PORT_LAN], 3 * FDB_PORT_MAX);
}

static void
test_the_aged_make_room(void **state)
{
	(void)state;
	fill_port(SEC(10), 3);
	assert_int_equal(learn(SEC(310) - 1, 1, 3), DROP_FDB_FULL);
	/* That was a search; the next may begin a second later. */
	assert_int_equal(learn(SEC(310), 1, 3), DROP_FDB_FULL);
	assert_int_equal(learn(SEC(311) - 2, 1, 3), DROP_FDB_FULL);
	assert_int_equal(learn(SEC(311) - 1, 1, 3), DROP_NONE);
	assert_int_equal(fdb.used, 1);
	check_sums();
}

/* A station that moves and has aged itself, so that the search removes it. */
static void
test_the_aged_one_that_moves(void **state)
{
	(void)state;
	assert_int_equal(learn(SEC(10), 1, 4), DROP_NONE);
	fill_port(SEC(10), 3);
	assert_int_equal(learn(SEC(400), 1, 3), DROP_NONE);
	assert_int_equal(find(SEC(400), 1), 3);
	assert_int_equal(fdb.used, 1);
	check_sums();
}

/* Learns on the LAN until the table is full; how many found no place before
 * that, because their bucket was full. */
static unsigned int
fill_table(uint64_t now_ns)
{
	unsigned int refused = 0;

	for (uint32_t i = 0; fdb.used < FDB_ENTRIES; i++)
		refused += learn(now_ns, i, FDB_PORT_LAN) != DROP_NONE;
	return refused;
}

static void
test_full_table(void **state)
{
	(void)state;
	const unsigned int refused = fill_table(MS(500));
	/* Half full, in buckets of 8: some 2 of 100 find theirs full. */
	assert_true(refused > 0);
	assert_true(refused < FDB_ENTRIES / 20);
	const uint32_t newcomer = FDB_ENTRIES + refused + 1;
	assert_int_equal(learn(SEC(2), newcomer, 1), DROP_FDB_FULL);
	assert_int_equal(learn(SEC(2), newcomer, FDB_PORT_LAN), DROP_FDB_FULL);
	assert_int_equal(find(SEC(2), newcomer), FDB_PORT_NONE);
	assert_int_equal(learn(SEC(2), 0, FDB_PORT_LAN), DROP_NONE);
	assert_int_equal(learn(SEC(301), newcomer, 1), DROP_NONE);
	assert_int_equal(fdb.used, 2);
	check_sums();
}

/* The header refuses only who is not known yet, and a move needs no room. */
static void
test_a_station_moves_in_a_full_table(void **state)
{
	(void)state;
	(void)fill_table(MS(500));
	assert_int_equal(find(SEC(2), 0), FDB_PORT_LAN);
	assert_int_equal(learn(SEC(2), 0, 1), DROP_NONE);
	assert_int_equal(find(SEC(2), 0), 1);
	check_sums();
}

/* Which stations collide is the seed's secret. */
static void
test_seed_decides_who_collides(void **state)
{
	static bool first[FDB_ENTRIES], other[FDB_ENTRIES];
	bool *const run[] = { first, other, other };
	const uint64_t seeds[] = { SEED, SEED + 1, SEED };

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(run); k++) {
		memset(memory, 0, fdb_size(PORTS));
		fdb_init(&fdb, memory, PORTS, seeds[k]);
		for (uint32_t i = 0; i < FDB_ENTRIES; i++)
			run[k][i] = learn(0, i, FDB_PORT_LAN) != DROP_NONE;
		if (k == 1)
			assert_memory_not_equal(first, other, sizeof(first));
	}
	assert_memory_equal(first, other, sizeof(first));
}

static void
test_forget_a_port(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 300; i++)
		assert_int_equal(learn(SEC(1), i, i % 3), DROP_NONE);
	fdb_forget_port(&fdb, 1);
	for (uint32_t i = 0; i < 300; i++)
		assert_int_equal(
		    find(SEC(1), i), i % 3 == 1 ? FDB_PORT_NONE : (int)(i % 3));
	assert_int_equal(fdb.port_count[1], 0);
	check_sums();
	fdb_forget_port(&fdb, 1);
	fdb_forget_port(&fdb, 2);
	fdb_forget_port(&fdb, FDB_PORT_LAN);
	assert_int_equal(fdb.used, 0);
}

struct seen {
	unsigned int count;
	struct fdb_station last;
};

static void
see(void *ctx, const struct fdb_station *s)
{
	struct seen *seen = ctx;

	seen->count++;
	seen->last = *s;
}

static void
test_each_tells_what_has_not_aged(void **state)
{
	const uint8_t mac[FRAME_MAC_LEN] = { 0xfe, 1, 2, 3, 4, 5 };
	struct seen seen = { .count = 0 };

	(void)state;
	fdb_each(&fdb, 0, see, &seen);
	assert_int_equal(seen.count, 0);
	for (uint32_t i = 0; i < 10; i++)
		assert_int_equal(learn(SEC(1), i, 2), DROP_NONE);
	fdb_each(&fdb, SEC(301) - 1, see, &seen);
	assert_int_equal(seen.count, 10);
	assert_int_equal(fdb_learn(&fdb, SEC(100), mac, 0xabc, 7), DROP_NONE);
	seen.count = 0;
	fdb_each(&fdb, SEC(301), see, &seen);
	assert_int_equal(seen.count, 1);
	assert_memory_equal(seen.last.mac, mac, FRAME_MAC_LEN);
	assert_int_equal(seen.last.vlan, 0xabc);
	assert_int_equal(seen.last.port, 7);
	assert_int_equal(seen.last.age_ns, SEC(201));
}

enum { MODEL = 50 };

struct model {
	int port;
	uint64_t heard_ns;
};

static void
test_random_steps_against_a_model(void **state)
{
	struct model m[MODEL];
	struct unit_random r = { 6 };
	uint64_t now = SEC(1);

	(void)state;
	for (size_t i = 0; i < MODEL; i++)
		m[i] = (struct model){ .port = FDB_PORT_NONE };
	for (int round = 0; round < 20000; round++) {
		const uint32_t s = (uint32_t)unit_random_below(&r, MODEL);

		if (unit_random_below(&r, 4) == 0) {
			m[s].port = (int)unit_random_below(&r, 6);
			m[s].heard_ns = now;
			assert_int_equal(
			    learn(now, s, (unsigned int)m[s].port), DROP_NONE);
		}
		const bool aged = now - m[s].heard_ns >= FDB_AGE;
		assert_int_equal(
		    find(now, s), aged ? FDB_PORT_NONE : m[s].port);
		now += unit_random_below(&r, SEC(4));
	}
	check_sums();
}

#define FDB_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FDB_TEST(test_learned_is_found),
		FDB_TEST(test_vlans_are_apart),
		FDB_TEST(test_every_bit_of_a_mac_counts),
		FDB_TEST(test_stations_move),
		FDB_TEST(test_age),
		FDB_TEST(test_limit_of_a_peer),
		FDB_TEST(test_limit_holds_for_those_that_move),
		FDB_TEST(test_the_lan_has_no_limit),
		FDB_TEST(test_the_aged_make_room),
		FDB_TEST(test_the_aged_one_that_moves),
		FDB_TEST(test_full_table),
		FDB_TEST(test_a_station_moves_in_a_full_table),
		FDB_TEST(test_seed_decides_who_collides),
		FDB_TEST(test_forget_a_port),
		FDB_TEST(test_each_tells_what_has_not_aged),
		FDB_TEST(test_random_steps_against_a_model),
	};
	return cmocka_run_group_tests_name("fdb", tests, unit_start, NULL);
}
