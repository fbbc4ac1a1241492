/* SPDX-License-Identifier: ISC */
/*
 * The responder, by frames written byte for byte (their checksums were not
 * made by the code under test), and the interface that it hangs behind.
 */
#include "responder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "core/units.h"
#include "os/loop.h"
#include "os/netif.h"

enum { ROOM = 256 };

static const struct netif_config config = {
	.mac = { 0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0xee },
	.addrs = {
		{ .ip = { .family = ADDR_IPV6, .ip = { 0xfd, 0x99, 0, 0x77,
					       [15] = 4 } } },
		{ .ip = { .family = ADDR_IPV4, .ip = { 10, 99, 77, 2 } } },
		{ .ip = { .family = ADDR_IPV6, .ip = { 0xfd, 0x99, 0, 0x77,
					       [15] = 2 } } },
	},
	.addr_count = 3,
};

struct row {
	const char *name;
	const char *in;
	const char *out; /* NULL: no answer */
	size_t padding;  /* bytes at the end of the frame that mean nothing */
	size_t covered;  /* from here on every bit counts; 0: no checksum */
};

/* The first ones are answered, the others differ from them in one thing. */
static const struct row rows[] = {
	{
	    .name = "arp",
	    .in = "ffffffffffff02112233445508060001080006040001021122334455"
		  "0a634d010000000000000a634d02",
	    .out = "02112233445502aabbccddee0806000108000604000202aabbccddee"
		   "0a634d020211223344550a634d01",
	},
	{
	    .name = "arp, padded and unicast",
	    .in = "02aabbccddee02112233445508060001080006040001021122334455"
		  "0a634d010000000000000a634d020000000000000000000000000000"
		  "00000000",
	    .out = "02112233445502aabbccddee0806000108000604000202aabbccddee"
		   "0a634d020211223344550a634d01",
	    .padding = 18,
	},
	{
	    .name = "echo",
	    .in = "02aabbccddee0211223344550800450000250000400040018c0f0a63"
		  "4d010a634d020800cc25123400016c616e73706c696365",
	    .out = "02112233445502aabbccddee0800450000250000400040018c0f0a63"
		   "4d020a634d010000d425123400016c616e73706c696365",
	    .covered = 14,
	},
	{
	    .name = "echo, padded",
	    .in = "02aabbccddee0211223344550800450000250000400040018c0f0a63"
		  "4d010a634d020800cc25123400016c616e73706c6963655555555555"
		  "55555555",
	    .out = "02112233445502aabbccddee0800450000250000400040018c0f0a63"
		   "4d020a634d010000d425123400016c616e73706c696365",
	    .padding = 9,
	    .covered = 14,
	},
	{
	    .name = "echo with options and TOS",
	    .in = "02aabbccddee02112233445508004710002d00070000010104ed0a63"
		  "4d010a634d0201010101010101010800cc25123400016c616e73706c"
		  "696365",
	    .out = "02112233445502aabbccddee0800451000250000400040018bff0a63"
		   "4d020a634d010000d425123400016c616e73706c696365",
	    .covered = 14,
	},
	{
	    .name = "echo6",
	    .in = "02aabbccddee02112233445586dd6000000000113a40fd9900770000"
		  "00000000000000000001fd9900770000000000000000000000028000"
		  "57b5123400016c616e73706c696365",
	    .out = "02112233445502aabbccddee86dd6000000000113a40fd9900770000"
		   "00000000000000000002fd9900770000000000000000000000018100"
		   "56b5123400016c616e73706c696365",
	    .covered = 22,
	},
	{
	    .name = "echo6, padded",
	    .in = "02aabbccddee02112233445586dd6000000000113a40fd9900770000"
		  "00000000000000000001fd9900770000000000000000000000028000"
		  "57b5123400016c616e73706c6963655555555555",
	    .out = "02112233445502aabbccddee86dd6000000000113a40fd9900770000"
		   "00000000000000000002fd9900770000000000000000000000018100"
		   "56b5123400016c616e73706c696365",
	    .padding = 5,
	    .covered = 22,
	},
	{
	    .name = "solicitation",
	    .in = "3333ff00000202112233445586dd6000000000203afffd9900770000"
		  "00000000000000000001ff0200000000000000000001ff0000028700"
		  "14df00000000fd990077000000000000000000000002010102112233"
		  "4455",
	    .out = "02112233445502aabbccddee86dd6000000000203afffd9900770000"
		   "00000000000000000002fd9900770000000000000000000000018800"
		   "7f0660000000fd990077000000000000000000000002020102aabbcc"
		   "ddee",
	    .covered = 22,
	},
	{
	    .name = "solicitation, unicast, no option",
	    .in = "02aabbccddee02112233445586dd6000000000183afffd9900770000"
		  "00000000000000000001fd9900770000000000000000000000028700"
		  "7e7500000000fd990077000000000000000000000002",
	    .out = "02112233445502aabbccddee86dd6000000000203afffd9900770000"
		   "00000000000000000002fd9900770000000000000000000000018800"
		   "7f0660000000fd990077000000000000000000000002020102aabbcc"
		   "ddee",
	    .covered = 22,
	},
	{
	    .name = "solicitation, nonce too",
	    .in = "3333ff00000202112233445586dd6000000000283afffd9900770000"
		  "00000000000000000001ff0200000000000000000001ff0000028700"
		  "dca800000000fd990077000000000000000000000002010102112233"
		  "44550e01616263646566",
	    .out = "02112233445502aabbccddee86dd6000000000203afffd9900770000"
		   "00000000000000000002fd9900770000000000000000000000018800"
		   "7f0660000000fd990077000000000000000000000002020102aabbcc"
		   "ddee",
	    .covered = 22,
	},
	{
	    .name = "is the address taken",
	    .in = "3333ff00000202112233445586dd6000000000183aff000000000000"
		  "00000000000000000000ff0200000000000000000001ff0000028700"
		  "7c9300000000fd990077000000000000000000000002",
	    .out = "33330000000102aabbccddee86dd6000000000203afffd9900770000"
		   "00000000000000000002ff0200000000000000000000000000018800"
		   "be1420000000fd990077000000000000000000000002020102aabbcc"
		   "ddee",
	    .covered = 22,
	},
	{
	    .name = "arp for another's",
	    .in = "ffffffffffff02112233445508060001080006040001021122334455"
		  "0a634d010000000000000a634d03",
	},
	{
	    .name = "arp to another's MAC",
	    .in = "02112233449902112233445508060001080006040001021122334455"
		  "0a634d010000000000000a634d02",
	},
	{
	    .name = "arp reply",
	    .in = "02aabbccddee02112233445508060001080006040002021122334455"
		  "0a634d0102aabbccddee0a634d02",
	},
	{
	    .name = "arp of another hardware",
	    .in = "ffffffffffff02112233445508060006080006040001021122334455"
		  "0a634d010000000000000a634d02",
	},
	{
	    .name = "frame for another",
	    .in = "0211223344550211223344550800450000250000400040018c0f0a63"
		  "4d010a634d020800cc25123400016c616e73706c696365",
	},
	{
	    .name = "frame from a group",
	    .in = "02aabbccddee0311111111110800450000250000400040018c0f0a63"
		  "4d010a634d020800cc25123400016c616e73706c696365",
	},
	{
	    .name = "unknown type",
	    .in = "02aabbccddee02112233445588b5450000250000400040018c0f0a63"
		  "4d010a634d020800cc25123400016c616e73706c696365",
	},
	{
	    .name = "echo to all",
	    .in = "ffffffffffff0211223344550800450000250000400040018c0f0a63"
		  "4d010a634d020800cc25123400016c616e73706c696365",
	},
	{
	    .name = "echo to another's address",
	    .in = "02aabbccddee0211223344550800450000250000400040018c0e0a63"
		  "4d010a634d030800cc25123400016c616e73706c696365",
	},
	{
	    .name = "echo reply",
	    .in = "02aabbccddee0211223344550800450000250000400040018c0f0a63"
		  "4d010a634d020000d425123400016c616e73706c696365",
	},
	{
	    .name = "echo with a code",
	    .in = "02aabbccddee0211223344550800450000250000400040018c0f0a63"
		  "4d010a634d020801cc24123400016c616e73706c696365",
	},
	{
	    .name = "first fragment",
	    .in = "02aabbccddee021122334455080045000025000020004001ac0f0a63"
		  "4d010a634d020800cc25123400016c616e73706c696365",
	},
	{
	    .name = "last fragment",
	    .in = "02aabbccddee021122334455080045000025000000014001cc0e0a63"
		  "4d010a634d020800cc25123400016c616e73706c696365",
	},
	{
	    .name = "other protocol",
	    .in = "02aabbccddee0211223344550800450000250000400040118bff0a63"
		  "4d010a634d020800cc25123400016c616e73706c696365",
	},
	{
	    .name = "IPv5",
	    .in = "02aabbccddee0211223344550800550000250000400040017c0f0a63"
		  "4d010a634d020800cc25123400016c616e73706c696365",
	},
	{
	    .name = "header of 12 bytes",
	    .in = "02aabbccddee02112233445508004300001c0000400040013ce20800"
		  "ebf50a634d026c616e73706c6963",
	},
	{
	    .name = "longer than the frame",
	    .in = "02aabbccddee02112233445508004500002a0000400040018c0a0a63"
		  "4d010a634d020800cc25123400016c616e73706c696365",
	},
	{
	    .name = "too short for a message",
	    .in = "02aabbccddee0211223344550800450000180000400040018c1c0a63"
		  "4d010a634d020800f7ff00000000",
	},
	{
	    .name = "echo6 to another's address",
	    .in = "02aabbccddee02112233445586dd6000000000113a40fd9900770000"
		  "00000000000000000001fd9900770000000000000000000000038000"
		  "57b4123400016c616e73706c696365",
	},
	{
	    .name = "echo6 to all",
	    .in = "ffffffffffff02112233445586dd6000000000113a40fd9900770000"
		  "00000000000000000001fd9900770000000000000000000000028000"
		  "57b5123400016c616e73706c696365",
	},
	{
	    .name = "echo6 from nobody",
	    .in = "02aabbccddee02112233445586dd6000000000113a40000000000000"
		  "00000000000000000000fd9900770000000000000000000000028000"
		  "55c7123400016c616e73706c696365",
	},
	{
	    .name = "echo6 from a group",
	    .in = "02aabbccddee02112233445586dd6000000000113a40ff0200000000"
		  "00000000000000000001fd9900770000000000000000000000028000"
		  "56c3123400016c616e73706c696365",
	},
	{
	    .name = "echo6 without an end",
	    .in = "02aabbccddee02112233445586dd6000000000043a40fd9900770000"
		  "00000000000000000001fd9900770000000000000000000000028000"
		  "839c",
	},
	{
	    .name = "echo6 reply",
	    .in = "02aabbccddee02112233445586dd6000000000113a40fd9900770000"
		  "00000000000000000001fd9900770000000000000000000000028100"
		  "56b5123400016c616e73706c696365",
	},
	{
	    .name = "echo6 with a code",
	    .in = "02aabbccddee02112233445586dd6000000000113a40fd9900770000"
		  "00000000000000000001fd9900770000000000000000000000028001"
		  "57b4123400016c616e73706c696365",
	},
	{
	    .name = "echo6, other next header",
	    .in = "02aabbccddee02112233445586dd6000000000111140fd9900770000"
		  "00000000000000000001fd9900770000000000000000000000028000"
		  "57b5123400016c616e73706c696365",
	},
	{
	    .name = "echo6, IPv7",
	    .in = "02aabbccddee02112233445586dd7000000000113a40fd9900770000"
		  "00000000000000000001fd9900770000000000000000000000028000"
		  "57b5123400016c616e73706c696365",
	},
	{
	    .name = "echo6, longer than the frame",
	    .in = "02aabbccddee02112233445586dd6000000000143a40fd9900770000"
		  "00000000000000000001fd9900770000000000000000000000028000"
		  "57b5123400016c616e73706c696365",
	},
	{
	    .name = "solicitation for another's",
	    .in = "3333ff00000202112233445586dd6000000000203afffd9900770000"
		  "00000000000000000001ff0200000000000000000001ff0000038700"
		  "14dd00000000fd990077000000000000000000000003010102112233"
		  "4455",
	},
	{
	    .name = "solicitation past a router",
	    .in = "3333ff00000202112233445586dd6000000000203afefd9900770000"
		  "00000000000000000001ff0200000000000000000001ff0000028700"
		  "14df00000000fd990077000000000000000000000002010102112233"
		  "4455",
	},
	{
	    .name = "solicitation with a code",
	    .in = "3333ff00000202112233445586dd6000000000203afffd9900770000"
		  "00000000000000000001ff0200000000000000000001ff0000028701"
		  "14de00000000fd990077000000000000000000000002010102112233"
		  "4455",
	},
	{
	    .name = "solicitation to another group",
	    .in = "3333ff00000202112233445586dd6000000000203afffd9900770000"
		  "00000000000000000001ff0200000000000000000001ff0000038700"
		  "14de00000000fd990077000000000000000000000002010102112233"
		  "4455",
	},
	{
	    .name = "solicitation to all routers",
	    .in = "3333ff00000202112233445586dd6000000000203afffd9900770000"
		  "00000000000000000001ff0200000000000000000000000000028700"
		  "13e100000000fd990077000000000000000000000002010102112233"
		  "4455",
	},
	{
	    .name = "solicitation to another of ours",
	    .in = "02aabbccddee02112233445586dd6000000000203afffd9900770000"
		  "00000000000000000001fd9900770000000000000000000000048700"
		  "14d100000000fd990077000000000000000000000002010102112233"
		  "4455",
	},
	{
	    .name = "empty option",
	    .in = "3333ff00000202112233445586dd6000000000203afffd9900770000"
		  "00000000000000000001ff0200000000000000000001ff0000028700"
		  "14e000000000fd990077000000000000000000000002010002112233"
		  "4455",
	},
	{
	    .name = "option too long",
	    .in = "3333ff00000202112233445586dd6000000000203afffd9900770000"
		  "00000000000000000001ff0200000000000000000001ff0000028700"
		  "14de00000000fd990077000000000000000000000002010202112233"
		  "4455",
	},
	{
	    .name = "half an option",
	    .in = "3333ff00000202112233445586dd6000000000193afffd9900770000"
		  "00000000000000000001ff0200000000000000000001ff0000028700"
		  "7d8000000000fd99007700000000000000000000000201",
	},
	{
	    .name = "nobody with an address",
	    .in = "3333ff00000202112233445586dd6000000000203aff000000000000"
		  "00000000000000000000ff0200000000000000000001ff0000028700"
		  "12f100000000fd990077000000000000000000000002010102112233"
		  "4455",
	},
	{
	    .name = "nobody to one address",
	    .in = "02aabbccddee02112233445586dd6000000000183aff000000000000"
		  "00000000000000000000fd9900770000000000000000000000028700"
		  "7c8700000000fd990077000000000000000000000002",
	},
	{
	    .name = "solicitation cut short",
	    .in = "3333ff00000202112233445586dd6000000000143afffd9900770000"
		  "00000000000000000001ff0200000000000000000001ff0000028700"
		  "7e8700000000fd9900770000000000000000",
	},
};

static struct responder
make_responder(void)
{
	struct responder r = { .addr_count = config.addr_count };

	memcpy(r.mac, config.mac, sizeof(r.mac));
	for (unsigned int i = 0; i < config.addr_count; i++)
		r.addrs[i] = config.addrs[i].ip;
	return r;
}

static size_t
bytes_of(uint8_t out[static ROOM], const char *hex)
{
	size_t len;

	assert_int_equal(
	    sodium_hex2bin(out, ROOM, hex, strlen(hex), NULL, &len, NULL), 0);
	return len;
}

/* Both buffers have not a byte too many, for the sanitizers. */
static size_t
answer(const uint8_t *frame, size_t len, uint8_t out[static ROOM])
{
	const struct responder r = make_responder();
	uint8_t *in = malloc(size_max(len, 1));
	uint8_t *reply = malloc(len + RESPONDER_GROWTH);
	size_t n;

	assert_non_null(in);
	assert_non_null(reply);
	memcpy(in, frame, len);
	n = responder_answer(&r, in, len, reply);
	assert_true(n <= len + RESPONDER_GROWTH && n <= ROOM);
	memcpy(out, reply, n);
	free(in);
	free(reply);
	return n;
}

static void
test_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint8_t in[ROOM], want[ROOM], have[ROOM];
		const size_t in_len = bytes_of(in, rows[i].in);
		const size_t n = answer(in, in_len, have);
		const size_t len =
		    rows[i].out == NULL ? 0 : bytes_of(want, rows[i].out);

		if (n != len || (len > 0 && memcmp(have, want, len) != 0))
			fail_msg("%s: %zu bytes", rows[i].name, n);
	}
}

static void
test_cut_short_no_answer(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint8_t in[ROOM], out[ROOM];
		const size_t len = bytes_of(in, rows[i].in) - rows[i].padding;

		for (size_t n = 0; n < len; n++)
			if (answer(in, n, out) != 0)
				fail_msg("%s: %zu bytes", rows[i].name, n);
	}
}

static void
test_damaged_no_answer(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows) && rows[i].out != NULL; i++) {
		uint8_t in[ROOM], out[ROOM];
		const size_t len = bytes_of(in, rows[i].in) - rows[i].padding;

		if (rows[i].covered == 0)
			continue;
		for (size_t bit = rows[i].covered * 8; bit < len * 8; bit++) {
			in[bit / 8] ^= (uint8_t)(1u << bit % 8);
			if (answer(in, len, out) != 0)
				fail_msg("%s: bit %zu", rows[i].name, bit);
			in[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
	}
}

/* The interface. */

struct port {
	struct loop *loop;
	struct drop_counts drops;
	struct netif *netif;
	uint8_t question[ROOM];
	struct frame frame; /* the question */
	unsigned int calls; /* of what netif_watch was given */
	int got;
	struct frame batch[NETIF_BATCH];
};

static void
on_frames(void *ctx)
{
	struct port *p = ctx;

	p->calls++;
	p->got = netif_recv(p->netif, p->batch, NETIF_BATCH);
	loop_stop(p->loop);
}

static uint64_t
no_deadline(void *ctx)
{
	(void)ctx;
	return NEVER;
}

static int
port_open(void **state)
{
	static struct port p;
	struct netif_config c = config;

	p = (struct port){ .loop = loop_open() };
	c.drops = &p.drops;
	p.netif = netif_open(&c, p.loop);
	if (p.loop == NULL || p.netif == NULL ||
	    netif_watch(p.netif, on_frames, &p) != 0)
		return -1;
	p.frame.data = p.question;
	p.frame.len = bytes_of(p.question, rows[0].in);
	*state = &p;
	return 0;
}

static int
port_close(void **state)
{
	struct port *p = *state;

	netif_close(p->netif);
	loop_close(p->loop);
	return 0;
}

static void
ask(struct port *p, int times)
{
	for (int i = 0; i < times; i++)
		netif_send(p->netif, &p->frame, 1);
}

static void
test_answer_wakes_loop(void **state)
{
	struct port *p = *state;
	uint8_t want[ROOM];
	const size_t len = bytes_of(want, rows[0].out);

	ask(p, 1);
	assert_int_equal(loop_run(p->loop, no_deadline, NULL), 0);
	assert_int_equal(p->calls, 1);
	assert_int_equal(p->got, 1);
	assert_int_equal(p->batch[0].len, len);
	assert_memory_equal(p->batch[0].data, want, len);
	assert_int_equal(netif_recv(p->netif, p->batch, NETIF_BATCH), 0);
}

static void
test_rest_wakes_again(void **state)
{
	struct port *p = *state;

	ask(p, NETIF_BATCH + 3);
	assert_int_equal(loop_run(p->loop, no_deadline, NULL), 0);
	assert_int_equal(p->got, NETIF_BATCH);
	assert_int_equal(loop_run(p->loop, no_deadline, NULL), 0);
	assert_int_equal(p->got, 3);
	assert_int_equal(p->drops.n[DROP_LAN_SEND], 0);
}

/* Core writes in front of a frame, too. */
static void
test_frames_stay_until_next_recv(void **state)
{
	struct port *p = *state;

	for (int round = 0; round < 5; round++) {
		ask(p, NETIF_BATCH);
		assert_int_equal(
		    netif_recv(p->netif, p->batch, NETIF_BATCH), NETIF_BATCH);
		for (int i = 0; i < NETIF_BATCH; i++)
			memset(p->batch[i].data - NETIF_HEAD, 0x77,
			    NETIF_HEAD + p->batch[i].len);
		ask(p, NETIF_BATCH);
		for (int i = 0; i < NETIF_BATCH; i++)
			for (size_t at = 0; at < p->batch[i].len; at++)
				assert_int_equal(p->batch[i].data[at], 0x77);
		assert_int_equal(
		    netif_recv(p->netif, p->batch, NETIF_BATCH), NETIF_BATCH);
		assert_int_equal(p->batch[0].data[0], 0x02);
		assert_int_equal(netif_recv(p->netif, p->batch, 1), 0);
	}
	assert_int_equal(p->drops.n[DROP_LAN_SEND], 0);
}

static void
test_max_is_obeyed(void **state)
{
	struct port *p = *state;

	ask(p, 3);
	assert_int_equal(netif_recv(p->netif, p->batch, 2), 2);
	assert_int_equal(netif_recv(p->netif, p->batch, 2), 1);
	assert_int_equal(netif_recv(p->netif, p->batch, 2), 0);
}

static void
test_full_queue_counts(void **state)
{
	struct port *p = *state;
	int got = 0;

	ask(p, 1000);
	for (int n = 1; n > 0; got += n)
		n = netif_recv(p->netif, p->batch, NETIF_BATCH);
	assert_int_equal(got + (int)p->drops.n[DROP_LAN_SEND], 1000);
	assert_true(got >= NETIF_BATCH && got < 1000);
}

static void
test_odd_frames_count(void **state)
{
	struct port *p = *state;
	static uint8_t giant[FRAME_MAX];
	const struct frame odd[] = {
		{ .data = p->question,
		    .len = p->frame.len,
		    .gso = FRAME_GSO_TCP4 },
		{ .data = p->question, .len = p->frame.len, .csum_start = 34 },
		{ .data = p->question, .len = p->frame.len, .csum_offset = 6 },
		{ .data = giant, .len = sizeof(giant) },
	};

	memcpy(giant, p->question, p->frame.len);
	netif_send(p->netif, odd, (int)ARRAY_LEN(odd));
	assert_int_equal(p->drops.n[DROP_LAN_SEND], ARRAY_LEN(odd));
	assert_int_equal(netif_recv(p->netif, p->batch, NETIF_BATCH), 0);
}

static void
test_no_answer_no_frame(void **state)
{
	struct port *p = *state;

	p->question[12] = 0; /* an EtherType that nobody has */
	ask(p, 1);
	assert_int_equal(netif_recv(p->netif, p->batch, NETIF_BATCH), 0);
	assert_int_equal(p->drops.n[DROP_LAN_SEND], 0);
}

static void
test_close_ends_wakes(void **state)
{
	struct port *p = *state;
	struct port after = { .loop = p->loop };

	netif_close(p->netif);
	p->netif = NULL;
	assert_int_equal(loop_add_wake(p->loop, on_frames, &after), 0);
	after.netif = netif_open(&config, p->loop);
	assert_non_null(after.netif);
	loop_wake(p->loop);
	assert_int_equal(loop_run(p->loop, no_deadline, NULL), 0);
	assert_int_equal(after.calls, 1);
	assert_int_equal(p->calls, 0);
	netif_close(after.netif);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_cut_short_no_answer),
		cmocka_unit_test(test_damaged_no_answer),
		cmocka_unit_test_setup_teardown(
		    test_answer_wakes_loop, port_open, port_close),
		cmocka_unit_test_setup_teardown(
		    test_rest_wakes_again, port_open, port_close),
		cmocka_unit_test_setup_teardown(
		    test_frames_stay_until_next_recv, port_open, port_close),
		cmocka_unit_test_setup_teardown(
		    test_max_is_obeyed, port_open, port_close),
		cmocka_unit_test_setup_teardown(
		    test_full_queue_counts, port_open, port_close),
		cmocka_unit_test_setup_teardown(
		    test_odd_frames_count, port_open, port_close),
		cmocka_unit_test_setup_teardown(
		    test_no_answer_no_frame, port_open, port_close),
		cmocka_unit_test_setup_teardown(
		    test_close_ends_wakes, port_open, port_close),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests_name("far", tests, NULL, NULL);
}
