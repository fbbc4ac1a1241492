/* SPDX-License-Identifier: ISC */
/*
 * Every layout of core/wire.h: what parse reads, put writes. The first byte
 * chooses the layout, the rest is the message.
 */
#include "core/wire.h"

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

/* The bytes that put writes are those that parse read, but for the ones that
 * are sent as zero and ignored. */
static void
same(const uint8_t *put, const uint8_t *in, size_t len)
{
	FUZZ_CHECK(memcmp(put, in, len) == 0);
}

static void
try_initiation(const uint8_t *msg)
{
	struct wire_initiation m;
	uint8_t put[WIRE_INITIATION_LEN];

	wire_parse_initiation(&m, msg);
	FUZZ_CHECK(m.sender == wire_sender(msg));
	wire_put_initiation(put, &m);
	same(put, msg, sizeof(put) - WIRE_MACS_LEN);
}

static void
try_response(const uint8_t *msg)
{
	struct wire_response m;
	uint8_t put[WIRE_RESPONSE_LEN];

	wire_parse_response(&m, msg);
	FUZZ_CHECK(m.sender == wire_sender(msg));
	wire_put_response(put, &m);
	same(put, msg, sizeof(put) - WIRE_MACS_LEN);
}

static void
try_cookie_reply(const uint8_t *msg)
{
	struct wire_cookie_reply m;
	uint8_t put[WIRE_COOKIE_REPLY_LEN];

	wire_parse_cookie_reply(&m, msg);
	wire_put_cookie_reply(put, &m);
	same(put, msg, sizeof(put));
}

static void
try_data(const uint8_t *msg)
{
	struct wire_data m;
	uint8_t put[WIRE_DATA_HEADER];

	wire_parse_data(&m, msg);
	wire_put_data(put, &m);
	same(put, msg, sizeof(put));
}

static void
try_dgram(const uint8_t *msg, size_t len)
{
	enum wire_type type;

	if (wire_check(msg, len, &type) != DROP_NONE)
		return;
	switch (type) {
	case WIRE_INITIATION:
		try_initiation(msg);
		break;
	case WIRE_RESPONSE:
		try_response(msg);
		break;
	case WIRE_COOKIE_REPLY:
		try_cookie_reply(msg);
		break;
	case WIRE_DATA:
		FUZZ_CHECK(len >= WIRE_DATA_MIN);
		try_data(msg);
		break;
	}
}

static void
try_offer(uint8_t *in, size_t len)
{
	struct wire_offer m;
	uint8_t put[WIRE_OFFER_LEN];

	if (len < WIRE_OFFER_LEN)
		return;
	wire_parse_offer(&m, in);
	wire_put_offer(put, &m);
	in[9] = 0;
	memset(in + 18, 0, 14);
	same(put, in, sizeof(put));
}

static void
try_answer(uint8_t *in, size_t len)
{
	struct wire_answer m;
	uint8_t put[WIRE_ANSWER_LEN];

	if (len < WIRE_ANSWER_LEN)
		return;
	wire_parse_answer(&m, in);
	wire_put_answer(put, &m);
	in[1] = 0;
	memset(in + 10, 0, 6);
	same(put, in, sizeof(put));
}

static void
try_fragment(uint8_t *in, size_t len)
{
	struct wire_fragment m;
	uint8_t put[WIRE_FRAGMENT_HEADER];

	if (wire_parse_fragment(&m, in, len) != DROP_NONE)
		return;
	wire_put_fragment(put, &m);
	in[0] = WIRE_FRAGMENT;
	in[3] = 0;
	same(put, in, sizeof(put));
}

static void
try_probe(uint8_t *in, size_t len)
{
	struct wire_probe m;
	uint8_t put[WIRE_PROBE_LEN];

	if (wire_parse_probe(&m, in, len) != DROP_NONE)
		return;
	wire_put_probe(put, (enum wire_kind)in[0], &m);
	same(put, in, sizeof(put));
}

static void
try_path(uint8_t *in, size_t len)
{
	uint8_t data[WIRE_PATH_DATA], put[WIRE_PATH_LEN];

	if (wire_parse_path(data, in, len) != DROP_NONE)
		return;
	wire_put_path(put, (enum wire_kind)in[0], data);
	same(put, in, sizeof(put));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { .at = data, .left = size };
	const uint8_t what = fuzz_u8(&in);
	uint8_t *msg = fuzz_copy(in.at, in.left);

	switch (what % 6) {
	case 0:
		try_dgram(msg, in.left);
		break;
	case 1:
		try_offer(msg, in.left);
		break;
	case 2:
		try_answer(msg, in.left);
		break;
	case 3:
		try_fragment(msg, in.left);
		break;
	case 4:
		try_probe(msg, in.left);
		break;
	default:
		try_path(msg, in.left);
		break;
	}
	free(msg);
	return 0;
}
