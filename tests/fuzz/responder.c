/* SPDX-License-Identifier: ISC */
/*
 * The far side's responder: frames in, answers out. Bit 0 of the first byte:
 * the checksums that the frame needs are put right, so that more than them is
 * reached; the rest is the frame.
 */
#include "../far/responder.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

enum {
	IPV4_MIN = 20,
	IPV6_LEN = 40,
	ETHERTYPE = 12, /* offset */
};

static const struct responder us = {
	.mac = { 2, 0xaa, 0xbb, 0xcc, 0xdd, 0xee },
	.addrs = {
		{ .family = ADDR_IPV4, .ip = { 10, 99, 77, 2 } },
		{ .family = ADDR_IPV6, .ip = { 0xfd, 0x99, [15] = 2 } },
	},
	.addr_count = 2,
};

static uint64_t
sum(const uint8_t *p, size_t len)
{
	uint64_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += (uint64_t)p[i] << (i % 2 == 0 ? 8 : 0);
	return n;
}

/* RFC 1071: out is part of what was summed up, and zero there. */
static void
put_sum(uint8_t *out, uint64_t n)
{
	while (n > UINT16_MAX)
		n = (n & UINT16_MAX) + (n >> 16);
	out[0] = (uint8_t)(~n >> 8);
	out[1] = (uint8_t)~n;
}

static void
fix_ipv4(uint8_t *ip, size_t len)
{
	const size_t head = (size_t)(ip[0] & 15) * 4;
	const size_t total = (size_t)(ip[2] << 8 | ip[3]);

	if (head < IPV4_MIN || total > len || head + 4 > total)
		return;
	ip[10] = ip[11] = 0;
	put_sum(ip + 10, sum(ip, head));
	ip[head + 2] = ip[head + 3] = 0;
	put_sum(ip + head + 2, sum(ip + head, total - head));
}

static void
fix_ipv6(uint8_t *ip, size_t len)
{
	const size_t payload = (size_t)(ip[4] << 8 | ip[5]);

	if (payload < 4 || payload > len - IPV6_LEN)
		return;
	ip[IPV6_LEN + 2] = ip[IPV6_LEN + 3] = 0;
	put_sum(ip + IPV6_LEN + 2,
	    sum(ip + 8, 32) + payload + 58 + sum(ip + IPV6_LEN, payload));
}

static void
fix(uint8_t *frame, size_t len)
{
	uint8_t *ip = frame + FRAME_HEADER_LEN;

	if (len >= FRAME_HEADER_LEN + IPV4_MIN && frame[ETHERTYPE] == 8 &&
	    frame[ETHERTYPE + 1] == 0)
		fix_ipv4(ip, len - FRAME_HEADER_LEN);
	if (len >= FRAME_HEADER_LEN + IPV6_LEN && frame[ETHERTYPE] == 0x86 &&
	    frame[ETHERTYPE + 1] == 0xdd)
		fix_ipv6(ip, len - FRAME_HEADER_LEN);
}

/* Two responders must not talk to each other for ever. */
static void
check_answer(const uint8_t *answer, size_t len)
{
	uint8_t *in = fuzz_copy(answer, len);
	uint8_t *out = fuzz_copy(NULL, len + RESPONDER_GROWTH);

	FUZZ_CHECK(memcmp(in + FRAME_MAC_LEN, us.mac, FRAME_MAC_LEN) == 0);
	memcpy(in, us.mac, FRAME_MAC_LEN);
	in[FRAME_MAC_LEN] = 2;
	FUZZ_CHECK(responder_answer(&us, in, len, out) == 0);
	free(in);
	free(out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { .at = data, .left = size };
	const bool wants_fix = (fuzz_u8(&in) & 1) != 0;
	const size_t len = in.left;
	uint8_t *frame = fuzz_copy(in.at, len);
	uint8_t *out = fuzz_copy(NULL, len + RESPONDER_GROWTH);

	if (wants_fix)
		fix(frame, len);
	const size_t answer = responder_answer(&us, frame, len, out);
	FUZZ_CHECK(answer <= len + RESPONDER_GROWTH);
	if (answer > 0)
		check_answer(out, answer);
	free(frame);
	free(out);
	return 0;
}
