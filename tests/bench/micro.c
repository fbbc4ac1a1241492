/* SPDX-License-Identifier: ISC */
/*
 * Nanoseconds a frame through core, against the bare AEAD of the same
 * library in the same round. Two nodes in one process; the frame is copied
 * once on its way out and never on its way in.
 *   micro [ROUNDS]        prints medians as a Markdown table
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/sides.h"

enum {
	REPEAT = 200, /* calls of a round */
};

struct costs {
	double seal, open; /* ns a frame */
	struct sides_bare bare;
};

static void
core_round(struct costs *out, size_t len)
{
	static uint8_t bytes[SIDES_BATCH][SIDES_SLOT];
	struct frame frames[SIDES_BATCH];
	uint64_t seal = 0, open = 0;

	for (int i = 0; i < SIDES_BATCH; i++) {
		memset(bytes[i], 0xff, 6);
		bytes[i][6] = 2;
		frames[i] = (struct frame){ .data = bytes[i], .len = len };
	}
	sides[1].frames = 0;
	for (int r = 0; r < REPEAT; r++) {
		const uint64_t begin = sides_clock_ns();

		node_lan_in(sides[0].node, &sides_now, frames, SIDES_BATCH);
		const uint64_t middle = sides_clock_ns();
		sides_carry(&sides[0], &sides[1]);
		seal += middle - begin;
		open += sides_clock_ns() - middle;
	}
	if (sides[1].frames != REPEAT * SIDES_BATCH)
		abort(); /* frames were lost: the figures would be false */
	out->seal = (double)seal / (REPEAT * SIDES_BATCH);
	out->open = (double)open / (REPEAT * SIDES_BATCH);
}

static void
report(enum suite_cipher cipher, size_t len, int rounds)
{
	static struct costs c[SIDES_ROUNDS_MAX];
	const size_t stride = sizeof(c[0]);

	for (int i = 0; i < rounds; i++) {
		sides_connect(cipher);
		c[i].bare = sides_bare(cipher, len, REPEAT);
		core_round(&c[i], len);
		sides_free();
	}
	const double seal = sides_median(&c[0].seal, stride, rounds);
	const double open = sides_median(&c[0].open, stride, rounds);
	const double bare_seal = sides_median(&c[0].bare.seal, stride, rounds);
	const double bare_open = sides_median(&c[0].bare.open, stride, rounds);
	printf("| %s | %zu | %.0f | %.0f | %.2f | %.0f | %.0f | %.2f |\n",
	    suite_cipher_name(cipher), len, seal, bare_seal, seal / bare_seal,
	    open, bare_open, open / bare_open);
}

int
main(int argc, char **argv)
{
	static const size_t sizes[] = { 64, 512, 1400 };
	const int rounds = sides_rounds(argc, argv);

	if (sodium_init() < 0 || rounds < 0)
		return 64;
	printf("| cipher | frame, bytes | LAN to datagram, ns | bare seal | "
	       "ratio | datagram to LAN, ns | bare open | ratio |\n"
	       "| --- | --- | --- | --- | --- | --- | --- | --- |\n");
	for (int c = 0; c < SUITE_CIPHER_COUNT; c++)
		for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
			if ((suite_ciphers_available() & 1u << c) != 0)
				report((enum suite_cipher)c, sizes[i], rounds);
	return 0;
}
