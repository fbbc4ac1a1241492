/* SPDX-License-Identifier: ISC */
/*
 * What core reads of frames, and the MSS clamp. The first two bytes are the
 * largest frame that needs no fragment, the rest is the frame.
 */
#include "core/frame.h"

#include <stdlib.h>
#include <string.h>

#include "core/offload.h"
#include "core/units.h"
#include "fuzz.h"

enum { CHANGED_MAX = 4 }; /* bytes: MSS and checksum */

/* Ones' complement, RFC 1071; 0 and 0xffff are the same number. */
static uint32_t
sum(const uint8_t *p, size_t len)
{
	uint64_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += (uint64_t)p[i] << (i % 2 == 0 ? 8 : 0);
	return (uint32_t)(n % 0xffff);
}

static void
try_parse(const struct frame *f)
{
	struct frame_eth eth;
	struct addr src, dst;

	if (!frame_parse_eth(f, &eth)) {
		FUZZ_CHECK(f->len < FRAME_MIN);
		FUZZ_CHECK(frame_find_tcp(f) == 0);
		return;
	}
	FUZZ_CHECK(eth.payload >= FRAME_HEADER_LEN && eth.payload <= f->len);
	FUZZ_CHECK(eth.vlan < 4096);
	(void)frame_mac_is_group(eth.src);
	if (frame_parse_udp(f, &eth, &src, &dst)) {
		FUZZ_CHECK(addr_is_set(&src) && src.family == dst.family);
		FUZZ_CHECK(frame_find_tcp(f) == 0);
	}
	FUZZ_CHECK(frame_find_tcp(f) <= f->len);
}

static void
try_clamp(const struct frame *f, size_t frame_max)
{
	uint8_t *once = fuzz_copy(f->data, f->len);
	size_t changed = 0;

	offload_clamp_mss(once, f->len, frame_max);
	for (size_t i = 0; i < f->len; i++)
		changed += once[i] != f->data[i];
	if (changed > 0) {
		const size_t tcp = frame_find_tcp(f);

		FUZZ_CHECK(tcp != 0 && changed <= CHANGED_MAX);
		FUZZ_CHECK(memcmp(once, f->data, tcp) == 0);
		FUZZ_CHECK(sum(once + tcp, f->len - tcp) ==
		    sum(f->data + tcp, f->len - tcp));
	}
	uint8_t *twice = fuzz_copy(once, f->len);
	offload_clamp_mss(twice, f->len, frame_max);
	FUZZ_CHECK(memcmp(once, twice, f->len) == 0);
	free(once);
	free(twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { .at = data, .left = size };
	const uint16_t frame_max = fuzz_u16(&in);
	struct frame f = { .data = fuzz_copy(in.at, in.left), .len = in.left };

	try_parse(&f);
	try_clamp(&f, frame_max);
	free(f.data);
	return 0;
}
