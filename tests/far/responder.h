/* SPDX-License-Identifier: ISC */
/*
 * A host that answers, without a system behind it: who has this address (ARP,
 * neighbour discovery), and echo. It never speaks first.
 * Sources: RFC 826; RFC 791, 792, 1071; RFC 8200, 4443, 4861.
 * Thread: any. Memory: the caller's; nothing is allocated.
 */
#ifndef FAR_RESPONDER_H
#define FAR_RESPONDER_H

#include <stddef.h>
#include <stdint.h>

#include "core/addr.h"
#include "core/frame.h"

enum {
	RESPONDER_ADDRS_MAX = 8,
	RESPONDER_GROWTH = 8, /* bytes by which an answer may be longer */
};

struct responder {
	uint8_t mac[FRAME_MAC_LEN];
	struct addr addrs[RESPONDER_ADDRS_MAX];
	unsigned int addr_count;
};

/*
 * Writes the answer to a frame, without its padding. Returns its length, at
 * most len + RESPONDER_GROWTH, for which there must be room behind out; 0 if
 * the frame is not for us, damaged, or nothing that we answer.
 */
size_t responder_answer(
    const struct responder *r, const uint8_t *frame, size_t len, uint8_t *out);

#endif
