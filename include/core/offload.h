/* SPDX-License-Identifier: ISC */
/*
 * Work on TCP segments that saves work on the way. For now: lowering the
 * maximum segment size that a SYN announces, so that bulk TCP comes in
 * segments that need no fragments.
 * Source: RFC 9293, 3.2 and 3.7.1 (options, MSS); RFC 1624 (checksums).
 * Thread: any. Memory: the caller's frame.
 */
#ifndef CORE_OFFLOAD_H
#define CORE_OFFLOAD_H

#include <stddef.h>
#include <stdint.h>

/*
 * If frame is an unfragmented TCP segment with SYN over IPv4 or IPv6, tagged
 * or not, lowers the MSS that it announces until a segment of that size makes
 * a frame of at most frame_max bytes; never raises it. The checksum follows.
 */
void offload_clamp_mss(uint8_t *frame, size_t len, size_t frame_max);

#endif
