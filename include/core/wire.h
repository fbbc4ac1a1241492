/* SPDX-License-Identifier: ISC */
/*
 * Every message layout: parse reads, put writes, nobody else knows an offset.
 * Source: lansplice-protocol(7), MESSAGES. Integers are little-endian.
 * Parsers of fixed layouts take as many bytes as the length they are named
 * with; wire_check has proven that length. Thread: any; pure functions.
 */
#ifndef CORE_WIRE_H
#define CORE_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "core/drop.h"
#include "core/suite.h"
#include "core/units.h"

enum wire_type {
	WIRE_INITIATION = 1,
	WIRE_RESPONSE = 2,
	WIRE_COOKIE_REPLY = 3,
	WIRE_DATA = 4,
};

enum wire_kind {
	WIRE_FRAME = 0x01,
	WIRE_FRAGMENT = 0x02,
	WIRE_BUNDLE = 0x03,
	WIRE_FRAME_CSUM = 0x04,
	WIRE_PROBE = 0x10,
	WIRE_PROBE_ACK = 0x11,
	WIRE_PATH_CHALLENGE = 0x12,
	WIRE_PATH_RESPONSE = 0x13,
	WIRE_CLOSE = 0x20,
};

enum {
	WIRE_VERSION = 1,

	/* bytes of whole messages */
	WIRE_INITIATION_LEN = 168,
	WIRE_RESPONSE_LEN = 108,
	WIRE_COOKIE_REPLY_LEN = 64,
	WIRE_DATA_HEADER = 16, /* also the additional data of its seal */
	WIRE_DATA_MIN = WIRE_DATA_HEADER + SUITE_TAG_LEN,

	/* bytes of parts */
	WIRE_OFFER_LEN = 32,
	WIRE_ANSWER_LEN = 16,
	WIRE_SEALED_KEY = SUITE_KEY_LEN + SUITE_TAG_LEN,
	WIRE_SEALED_OFFER = WIRE_OFFER_LEN + SUITE_TAG_LEN,
	WIRE_SEALED_ANSWER = WIRE_ANSWER_LEN + SUITE_TAG_LEN,
	WIRE_MACS_LEN = 2 * SUITE_MAC_LEN, /* mac1 and mac2, at the end */
	WIRE_SEALED_COOKIE = SUITE_MAC_LEN + SUITE_TAG_LEN,

	/* bytes of content in front of what it carries, its kind included */
	WIRE_KIND_LEN = 1,
	WIRE_FRAGMENT_HEADER = 8,
	WIRE_PROBE_LEN = 7,
	WIRE_PATH_DATA = 8,
	WIRE_PATH_LEN = WIRE_KIND_LEN + WIRE_PATH_DATA,

	/* what an offer must announce at least */
	WIRE_FRAME_SIZE_MIN = 1514,
	WIRE_DGRAM_SIZE_MIN = 548,
};

struct wire_initiation {
	uint32_t sender;
	uint8_t ephemeral[SUITE_KEY_LEN];
	uint8_t sealed_static[WIRE_SEALED_KEY];
	uint8_t sealed_offer[WIRE_SEALED_OFFER];
};

struct wire_response {
	uint32_t sender;
	uint32_t receiver;
	uint8_t ephemeral[SUITE_KEY_LEN];
	uint8_t sealed_answer[WIRE_SEALED_ANSWER];
};

struct wire_cookie_reply {
	uint32_t receiver;
	uint8_t nonce[SUITE_COOKIE_NONCE];
	uint8_t sealed[WIRE_SEALED_COOKIE];
};

/* Payload P1. */
struct wire_offer {
	uint64_t timestamp; /* ns since 1970, low 24 bits clear */
	uint8_t version;
	uint16_t ciphers;
	uint16_t features;
	uint16_t frame_max; /* bytes, header and VLAN tag counted */
	uint16_t dgram_max; /* bytes of UDP payload */
};

/* Payload P2. */
struct wire_answer {
	uint8_t version;
	uint16_t cipher; /* one bit */
	uint16_t features;
	uint16_t frame_max;
	uint16_t dgram_max;
};

struct wire_data {
	uint32_t receiver;
	uint64_t counter;
};

struct wire_fragment {
	uint8_t index;
	uint8_t count;
	uint16_t total; /* bytes of the frame */
	uint16_t unit;  /* bytes of every fragment but the last */
};

struct wire_probe {
	uint32_t id;
	uint16_t size; /* bytes of UDP payload */
};

/*
 * Checks that a datagram has the size of its type. DROP_NONE, and the type;
 * DROP_DGRAM_LENGTH or DROP_DGRAM_TYPE.
 */
MUST_USE enum drop wire_check(
    const uint8_t *dgram, size_t len, enum wire_type *type);

void wire_parse_initiation(
    struct wire_initiation *out, const uint8_t msg[static WIRE_INITIATION_LEN]);
/* Puts all but the two MACs. */
void wire_put_initiation(
    uint8_t msg[static WIRE_INITIATION_LEN], const struct wire_initiation *in);

void wire_parse_response(
    struct wire_response *out, const uint8_t msg[static WIRE_RESPONSE_LEN]);
/* Puts all but the two MACs. */
void wire_put_response(
    uint8_t msg[static WIRE_RESPONSE_LEN], const struct wire_response *in);

/* Index of whoever sent an initiation or a response. */
uint32_t wire_sender(const uint8_t *msg);

void wire_parse_cookie_reply(struct wire_cookie_reply *out,
    const uint8_t msg[static WIRE_COOKIE_REPLY_LEN]);
void wire_put_cookie_reply(uint8_t msg[static WIRE_COOKIE_REPLY_LEN],
    const struct wire_cookie_reply *in);

void wire_parse_offer(
    struct wire_offer *out, const uint8_t in[static WIRE_OFFER_LEN]);
void wire_put_offer(
    uint8_t out[static WIRE_OFFER_LEN], const struct wire_offer *in);

void wire_parse_answer(
    struct wire_answer *out, const uint8_t in[static WIRE_ANSWER_LEN]);
void wire_put_answer(
    uint8_t out[static WIRE_ANSWER_LEN], const struct wire_answer *in);

void wire_parse_data(
    struct wire_data *out, const uint8_t dgram[static WIRE_DATA_HEADER]);
void wire_put_data(
    uint8_t dgram[static WIRE_DATA_HEADER], const struct wire_data *in);

/* Content: text points at the kind byte, len counts it. */

/* DROP_NONE or DROP_FRAGMENT_INVALID (shorter than its header). */
MUST_USE enum drop wire_parse_fragment(
    struct wire_fragment *out, const uint8_t *text, size_t len);
void wire_put_fragment(
    uint8_t text[static WIRE_FRAGMENT_HEADER], const struct wire_fragment *in);

/* DROP_NONE or DROP_CONTROL (shorter than its layout). */
MUST_USE enum drop wire_parse_probe(
    struct wire_probe *out, const uint8_t *text, size_t len);
void wire_put_probe(uint8_t text[static WIRE_PROBE_LEN], enum wire_kind kind,
    const struct wire_probe *in);

/* Challenge and response. DROP_NONE or DROP_CONTROL. */
MUST_USE enum drop wire_parse_path(
    uint8_t out[static WIRE_PATH_DATA], const uint8_t *text, size_t len);
void wire_put_path(uint8_t text[static WIRE_PATH_LEN], enum wire_kind kind,
    const uint8_t in[static WIRE_PATH_DATA]);

#endif
