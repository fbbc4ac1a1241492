/* SPDX-License-Identifier: ISC */
#include "core/wire.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

static_assert(WIRE_INITIATION_LEN ==
	4 + 4 + SUITE_KEY_LEN + WIRE_SEALED_KEY + WIRE_SEALED_OFFER +
	    WIRE_MACS_LEN,
    "initiation");
static_assert(WIRE_RESPONSE_LEN ==
	4 + 4 + 4 + SUITE_KEY_LEN + WIRE_SEALED_ANSWER + WIRE_MACS_LEN,
    "response");
static_assert(
    WIRE_COOKIE_REPLY_LEN == 4 + 4 + SUITE_COOKIE_NONCE + WIRE_SEALED_COOKIE,
    "cookie reply");
static_assert(WIRE_DATA_HEADER == 4 + 4 + 8, "data");
static_assert(WIRE_OFFER_LEN == 8 + 1 + 1 + 2 + 2 + 2 + 2 + 14, "offer");
static_assert(WIRE_ANSWER_LEN == 1 + 1 + 2 + 2 + 2 + 2 + 6, "answer");
static_assert(WIRE_FRAGMENT_HEADER == 1 + 1 + 1 + 1 + 2 + 2, "fragment");
static_assert(WIRE_PROBE_LEN == 1 + 4 + 2, "probe");

/* The readers and writers move a cursor, so offsets are never written. */

static uint16_t
get_u16(const uint8_t **p)
{
	const uint8_t *b = *p;

	*p += 2;
	return (uint16_t)(b[0] | b[1] << 8);
}

static uint32_t
get_u32(const uint8_t **p)
{
	const uint32_t low = get_u16(p);

	return low | (uint32_t)get_u16(p) << 16;
}

static uint64_t
get_u64(const uint8_t **p)
{
	const uint64_t low = get_u32(p);

	return low | (uint64_t)get_u32(p) << 32;
}

static uint8_t
get_u8(const uint8_t **p)
{
	return *(*p)++;
}

static void
get_bytes(const uint8_t **p, uint8_t *out, size_t len)
{
	memcpy(out, *p, len);
	*p += len;
}

static void
put_u8(uint8_t **p, uint8_t v)
{
	*(*p)++ = v;
}

static void
put_u16(uint8_t **p, uint16_t v)
{
	put_u8(p, (uint8_t)v);
	put_u8(p, (uint8_t)(v >> 8));
}

static void
put_u32(uint8_t **p, uint32_t v)
{
	put_u16(p, (uint16_t)v);
	put_u16(p, (uint16_t)(v >> 16));
}

static void
put_u64(uint8_t **p, uint64_t v)
{
	put_u32(p, (uint32_t)v);
	put_u32(p, (uint32_t)(v >> 32));
}

static void
put_bytes(uint8_t **p, const uint8_t *in, size_t len)
{
	memcpy(*p, in, len);
	*p += len;
}

static void
put_zeros(uint8_t **p, size_t len)
{
	memset(*p, 0, len);
	*p += len;
}

enum drop
wire_check(const uint8_t *dgram, size_t len, enum wire_type *type)
{
	const uint8_t *p = dgram;
	bool fits;

	if (len < 4)
		return DROP_DGRAM_LENGTH;
	switch (get_u32(&p)) {
	case WIRE_INITIATION:
		*type = WIRE_INITIATION;
		fits = len == WIRE_INITIATION_LEN;
		break;
	case WIRE_RESPONSE:
		*type = WIRE_RESPONSE;
		fits = len == WIRE_RESPONSE_LEN;
		break;
	case WIRE_COOKIE_REPLY:
		*type = WIRE_COOKIE_REPLY;
		fits = len == WIRE_COOKIE_REPLY_LEN;
		break;
	case WIRE_DATA:
		*type = WIRE_DATA;
		fits = len >= WIRE_DATA_MIN;
		break;
	default:
		return DROP_DGRAM_TYPE;
	}
	return fits ? DROP_NONE : DROP_DGRAM_LENGTH;
}

void
wire_parse_initiation(
    struct wire_initiation *out, const uint8_t msg[static WIRE_INITIATION_LEN])
{
	const uint8_t *p = msg + 4;

	out->sender = get_u32(&p);
	get_bytes(&p, out->ephemeral, sizeof(out->ephemeral));
	get_bytes(&p, out->sealed_static, sizeof(out->sealed_static));
	get_bytes(&p, out->sealed_offer, sizeof(out->sealed_offer));
}

void
wire_put_initiation(
    uint8_t msg[static WIRE_INITIATION_LEN], const struct wire_initiation *in)
{
	uint8_t *p = msg;

	put_u32(&p, WIRE_INITIATION);
	put_u32(&p, in->sender);
	put_bytes(&p, in->ephemeral, sizeof(in->ephemeral));
	put_bytes(&p, in->sealed_static, sizeof(in->sealed_static));
	put_bytes(&p, in->sealed_offer, sizeof(in->sealed_offer));
}

void
wire_parse_response(
    struct wire_response *out, const uint8_t msg[static WIRE_RESPONSE_LEN])
{
	const uint8_t *p = msg + 4;

	out->sender = get_u32(&p);
	out->receiver = get_u32(&p);
	get_bytes(&p, out->ephemeral, sizeof(out->ephemeral));
	get_bytes(&p, out->sealed_answer, sizeof(out->sealed_answer));
}

void
wire_put_response(
    uint8_t msg[static WIRE_RESPONSE_LEN], const struct wire_response *in)
{
	uint8_t *p = msg;

	put_u32(&p, WIRE_RESPONSE);
	put_u32(&p, in->sender);
	put_u32(&p, in->receiver);
	put_bytes(&p, in->ephemeral, sizeof(in->ephemeral));
	put_bytes(&p, in->sealed_answer, sizeof(in->sealed_answer));
}

uint32_t
wire_sender(const uint8_t *msg)
{
	const uint8_t *p = msg + 4;

	return get_u32(&p);
}

void
wire_parse_cookie_reply(struct wire_cookie_reply *out,
    const uint8_t msg[static WIRE_COOKIE_REPLY_LEN])
{
	const uint8_t *p = msg + 4;

	out->receiver = get_u32(&p);
	get_bytes(&p, out->nonce, sizeof(out->nonce));
	get_bytes(&p, out->sealed, sizeof(out->sealed));
}

void
wire_put_cookie_reply(uint8_t msg[static WIRE_COOKIE_REPLY_LEN],
    const struct wire_cookie_reply *in)
{
	uint8_t *p = msg;

	put_u32(&p, WIRE_COOKIE_REPLY);
	put_u32(&p, in->receiver);
	put_bytes(&p, in->nonce, sizeof(in->nonce));
	put_bytes(&p, in->sealed, sizeof(in->sealed));
}

void
wire_parse_offer(
    struct wire_offer *out, const uint8_t in[static WIRE_OFFER_LEN])
{
	const uint8_t *p = in;

	out->timestamp = get_u64(&p);
	out->version = get_u8(&p);
	p++;
	out->ciphers = get_u16(&p);
	out->features = get_u16(&p);
	out->frame_max = get_u16(&p);
	out->dgram_max = get_u16(&p);
}

void
wire_put_offer(uint8_t out[static WIRE_OFFER_LEN], const struct wire_offer *in)
{
	uint8_t *p = out;

	put_u64(&p, in->timestamp);
	put_u8(&p, in->version);
	put_u8(&p, 0);
	put_u16(&p, in->ciphers);
	put_u16(&p, in->features);
	put_u16(&p, in->frame_max);
	put_u16(&p, in->dgram_max);
	put_zeros(&p, 14);
}

void
wire_parse_answer(
    struct wire_answer *out, const uint8_t in[static WIRE_ANSWER_LEN])
{
	const uint8_t *p = in;

	out->version = get_u8(&p);
	p++;
	out->cipher = get_u16(&p);
	out->features = get_u16(&p);
	out->frame_max = get_u16(&p);
	out->dgram_max = get_u16(&p);
}

void
wire_put_answer(
    uint8_t out[static WIRE_ANSWER_LEN], const struct wire_answer *in)
{
	uint8_t *p = out;

	put_u8(&p, in->version);
	put_u8(&p, 0);
	put_u16(&p, in->cipher);
	put_u16(&p, in->features);
	put_u16(&p, in->frame_max);
	put_u16(&p, in->dgram_max);
	put_zeros(&p, 6);
}

void
wire_parse_data(
    struct wire_data *out, const uint8_t dgram[static WIRE_DATA_HEADER])
{
	const uint8_t *p = dgram + 4;

	out->receiver = get_u32(&p);
	out->counter = get_u64(&p);
}

void
wire_put_data(
    uint8_t dgram[static WIRE_DATA_HEADER], const struct wire_data *in)
{
	uint8_t *p = dgram;

	put_u32(&p, WIRE_DATA);
	put_u32(&p, in->receiver);
	put_u64(&p, in->counter);
}

enum drop
wire_parse_fragment(struct wire_fragment *out, const uint8_t *text, size_t len)
{
	const uint8_t *p = text + 1;

	if (len < WIRE_FRAGMENT_HEADER)
		return DROP_FRAGMENT_INVALID;
	out->index = get_u8(&p);
	out->count = get_u8(&p);
	p++;
	out->total = get_u16(&p);
	out->unit = get_u16(&p);
	return DROP_NONE;
}

void
wire_put_fragment(
    uint8_t text[static WIRE_FRAGMENT_HEADER], const struct wire_fragment *in)
{
	uint8_t *p = text;

	put_u8(&p, WIRE_FRAGMENT);
	put_u8(&p, in->index);
	put_u8(&p, in->count);
	put_u8(&p, 0);
	put_u16(&p, in->total);
	put_u16(&p, in->unit);
}

enum drop
wire_parse_probe(struct wire_probe *out, const uint8_t *text, size_t len)
{
	const uint8_t *p = text + 1;

	if (len < WIRE_PROBE_LEN)
		return DROP_CONTROL;
	out->id = get_u32(&p);
	out->size = get_u16(&p);
	return DROP_NONE;
}

void
wire_put_probe(uint8_t text[static WIRE_PROBE_LEN], enum wire_kind kind,
    const struct wire_probe *in)
{
	uint8_t *p = text;

	put_u8(&p, (uint8_t)kind);
	put_u32(&p, in->id);
	put_u16(&p, in->size);
}

enum drop
wire_parse_path(
    uint8_t out[static WIRE_PATH_DATA], const uint8_t *text, size_t len)
{
	if (len < WIRE_PATH_LEN)
		return DROP_CONTROL;
	memcpy(out, text + 1, WIRE_PATH_DATA);
	return DROP_NONE;
}

void
wire_put_path(uint8_t text[static WIRE_PATH_LEN], enum wire_kind kind,
    const uint8_t in[static WIRE_PATH_DATA])
{
	uint8_t *p = text;

	put_u8(&p, (uint8_t)kind);
	put_bytes(&p, in, WIRE_PATH_DATA);
}
