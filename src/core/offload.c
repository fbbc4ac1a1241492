/* SPDX-License-Identifier: ISC */
#include "core/offload.h"

#include <stdbool.h>

#include "core/frame.h"
#include "core/units.h"

enum {
	TCP_HEADER_MIN = 20,
	TCP_FLAG_SYN = 0x02,
	TCP_OPTION_END = 0,
	TCP_OPTION_NOP = 1,
	TCP_OPTION_MSS = 2,
	TCP_OPTION_MSS_LEN = 4,
};

static uint16_t
get_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void
put_be16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* A byte changes from old to new at an offset in the segment: RFC 1624,
 * equation 3, on the 16-bit word that the byte is half of. */
static void
checksum_update(uint8_t *tcp, size_t offset, uint8_t old, uint8_t new)
{
	const unsigned int shift = offset % 2 == 0 ? 8 : 0;
	uint32_t sum = (uint16_t)~get_be16(tcp + 16);

	sum += 0xffffu - ((uint32_t)old << shift);
	sum += (uint32_t) new << shift;
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	put_be16(tcp + 16, (uint16_t)~sum);
}

/* Offset of the MSS option's value in a TCP header, 0 if there is none. */
static size_t
find_mss(const uint8_t *tcp, size_t header)
{
	size_t at = TCP_HEADER_MIN;

	while (at < header && tcp[at] != TCP_OPTION_END) {
		if (tcp[at] == TCP_OPTION_NOP) {
			at++;
			continue;
		}
		if (header - at < 2 || tcp[at + 1] < 2 ||
		    tcp[at + 1] > header - at)
			return 0;
		if (tcp[at] == TCP_OPTION_MSS &&
		    tcp[at + 1] == TCP_OPTION_MSS_LEN)
			return at + 2;
		at += tcp[at + 1];
	}
	return 0;
}

void
offload_clamp_mss(uint8_t *frame, size_t len, size_t frame_max)
{
	const struct frame f = { .data = frame, .len = len };
	const size_t at = frame_find_tcp(&f);

	if (at == 0 || len - at < TCP_HEADER_MIN)
		return;
	uint8_t *tcp = frame + at;
	const size_t header = (size_t)(tcp[12] >> 4) * 4;
	if ((tcp[13] & TCP_FLAG_SYN) == 0 || header < TCP_HEADER_MIN ||
	    header > len - at || frame_max <= at + TCP_HEADER_MIN)
		return;
	const size_t option = find_mss(tcp, header);
	const size_t mss = frame_max - at - TCP_HEADER_MIN;
	if (option == 0 || get_be16(tcp + option) <= mss)
		return;
	for (size_t i = 0; i < 2; i++) {
		const uint8_t new = (uint8_t)(mss >> (i == 0 ? 8 : 0));

		checksum_update(tcp, option + i, tcp[option + i], new);
		tcp[option + i] = new;
	}
}
