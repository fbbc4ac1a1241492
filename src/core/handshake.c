/* SPDX-License-Identifier: ISC */
#include "core/handshake.h"

#include <assert.h>
#include <string.h>

#include "core/cookie.h"
#include "core/frame.h"

static const char prologue_label[] = "lansplice v1";
static const char data_label[] = "lansplice data 1";

enum {
	PROLOGUE_LABEL_LEN = sizeof(prologue_label) - 1,
	DATA_LABEL_LEN = sizeof(data_label) - 1,
};
static_assert(
    PROLOGUE_LABEL_LEN + SUITE_KEY_LEN == HANDSHAKE_PROLOGUE_LEN, "prologue");
static_assert(DATA_LABEL_LEN == 16, "label of the traffic keys");

enum drop
handshake_self_init(struct handshake_self *self)
{
	memcpy(self->prologue, prologue_label, PROLOGUE_LABEL_LEN);
	memcpy(self->prologue + PROLOGUE_LABEL_LEN, self->network_id,
	    SUITE_KEY_LEN);
	if (!suite_public_key(self->keys.public_key, self->keys.private_key))
		return DROP_HANDSHAKE_DH;
	cookie_mac1_key(
	    self->mac1_key, self->keys.public_key, self->network_id);
	cookie_reply_key(
	    self->cookie_key, self->keys.public_key, self->network_id);
	return DROP_NONE;
}

void
handshake_remote_init(
    struct handshake_remote *remote, const struct handshake_self *self)
{
	cookie_mac1_key(remote->mac1_key, remote->public_key, self->network_id);
	cookie_reply_key(
	    remote->cookie_key, remote->public_key, self->network_id);
}

void
handshake_wipe(struct handshake *hs)
{
	suite_wipe(hs, sizeof(*hs));
}

/* K_d of the specification: cipher c, direction d (0: from the initiator). */
static void
traffic_key(uint8_t out[static SUITE_KEY_LEN],
    const uint8_t split_key[static SUITE_KEY_LEN], enum suite_cipher c,
    uint8_t d, const uint8_t h[static SUITE_HASH_LEN])
{
	uint8_t input[DATA_LABEL_LEN + 2 + SUITE_HASH_LEN];

	memcpy(input, data_label, DATA_LABEL_LEN);
	input[DATA_LABEL_LEN] = (uint8_t)c;
	input[DATA_LABEL_LEN + 1] = d;
	memcpy(input + DATA_LABEL_LEN + 2, h, SUITE_HASH_LEN);
	suite_kdf32(out, split_key, input, sizeof(input));
}

/* Derives both keys; out->cipher and out->initiator are set. */
static void
traffic_keys(struct session_keys *out, const struct noise *n)
{
	uint8_t k1[SUITE_KEY_LEN], k2[SUITE_KEY_LEN];

	noise_split(n, k1, k2);
	traffic_key(
	    out->initiator ? out->send : out->recv, k1, out->cipher, 0, n->h);
	traffic_key(
	    out->initiator ? out->recv : out->send, k2, out->cipher, 1, n->h);
	suite_wipe(k1, sizeof(k1));
	suite_wipe(k2, sizeof(k2));
}

static enum drop
check_announced(uint8_t version, uint16_t frame_max, uint16_t dgram_max)
{
	if (version != WIRE_VERSION)
		return DROP_HANDSHAKE_VERSION;
	if (frame_max < WIRE_FRAME_SIZE_MIN)
		return DROP_HANDSHAKE_FRAME_SIZE;
	if (dgram_max < WIRE_DGRAM_SIZE_MIN)
		return DROP_HANDSHAKE_DGRAM_SIZE;
	return DROP_NONE;
}

enum drop
handshake_initiation_create(struct handshake *hs,
    const struct handshake_self *self, const struct handshake_remote *remote,
    const struct handshake_fresh *fresh,
    uint8_t msg[static WIRE_INITIATION_LEN])
{
	const struct wire_offer offer = {
		.timestamp = fresh->timestamp,
		.version = WIRE_VERSION,
		.ciphers = self->ciphers,
		.features = self->features,
		.frame_max = self->frame_max,
		.dgram_max = self->dgram_max,
	};
	struct wire_initiation wire = { .sender = fresh->index };
	uint8_t payload[WIRE_OFFER_LEN];

	wire_put_offer(payload, &offer);
	noise_init(&hs->noise, NOISE_IKPSK2, self->prologue,
	    sizeof(self->prologue), remote->public_key);
	const struct noise_initiation sealed = {
		.payload = payload,
		.len = sizeof(payload),
		.sealed_static = wire.sealed_static,
		.sealed_payload = wire.sealed_offer,
	};
	const enum drop why = noise_initiation_create(
	    &hs->noise, &self->keys, fresh->ephemeral, &sealed);
	if (why != DROP_NONE)
		return why;
	memcpy(wire.ephemeral, hs->noise.e.public_key, SUITE_KEY_LEN);
	hs->index = fresh->index;
	wire_put_initiation(msg, &wire);
	cookie_put_macs(msg, WIRE_INITIATION_LEN, remote->mac1_key);
	return DROP_NONE;
}

enum drop
handshake_initiation_check(const struct handshake_self *self,
    const uint8_t msg[static WIRE_INITIATION_LEN])
{
	return cookie_check_mac1(msg, WIRE_INITIATION_LEN, self->mac1_key);
}

enum drop
handshake_initiation_open(struct handshake *hs,
    const struct handshake_self *self,
    const uint8_t msg[static WIRE_INITIATION_LEN])
{
	struct wire_initiation wire;

	wire_parse_initiation(&wire, msg);
	noise_init(&hs->noise, NOISE_IKPSK2, self->prologue,
	    sizeof(self->prologue), self->keys.public_key);
	return noise_initiation_consume_static(
	    &hs->noise, &self->keys, wire.ephemeral, wire.sealed_static);
}

enum drop
handshake_initiation_consume(struct handshake *hs,
    const struct handshake_self *self,
    const uint8_t msg[static WIRE_INITIATION_LEN], struct wire_offer *offer)
{
	struct wire_initiation wire;
	uint8_t payload[WIRE_OFFER_LEN];

	wire_parse_initiation(&wire, msg);
	const enum drop why = noise_initiation_consume_payload(&hs->noise,
	    &self->keys, wire.sealed_offer, sizeof(wire.sealed_offer), payload);
	if (why != DROP_NONE)
		return why;
	hs->index = wire.sender;
	wire_parse_offer(offer, payload);
	return check_announced(
	    offer->version, offer->frame_max, offer->dgram_max);
}

/* Each side obeys what the other announced, and the ceiling. */
static uint16_t
frame_limit(uint16_t announced)
{
	return (uint16_t)size_min(announced, FRAME_MAX);
}

static void
answer_put(uint8_t out[static WIRE_ANSWER_LEN],
    const struct handshake_self *self, const struct wire_offer *offer,
    enum suite_cipher cipher)
{
	const struct wire_answer answer = {
		.version = WIRE_VERSION,
		.cipher = (uint16_t)(1u << cipher),
		.features = offer->features & self->features,
		.frame_max = self->frame_max,
		.dgram_max = self->dgram_max,
	};

	wire_put_answer(out, &answer);
}

enum drop
handshake_response_create(struct handshake *hs,
    const struct handshake_self *self, const struct handshake_remote *remote,
    const struct handshake_fresh *fresh, const struct wire_offer *offer,
    struct handshake_answer *out)
{
	const int cipher = suite_cipher_best(offer->ciphers & self->ciphers);
	struct wire_response wire = { .sender = fresh->index,
		.receiver = hs->index };
	uint8_t payload[WIRE_ANSWER_LEN];

	if (cipher < 0)
		return DROP_HANDSHAKE_CIPHER;
	answer_put(payload, self, offer, (enum suite_cipher)cipher);
	const enum drop why =
	    noise_response_create(&hs->noise, fresh->ephemeral, remote->psk,
		payload, sizeof(payload), wire.sealed_answer);
	if (why != DROP_NONE)
		return why;
	memcpy(wire.ephemeral, hs->noise.e.public_key, SUITE_KEY_LEN);
	wire_put_response(out->msg, &wire);
	cookie_put_macs(out->msg, WIRE_RESPONSE_LEN, remote->mac1_key);
	out->keys = (struct session_keys){
		.cipher = (enum suite_cipher)cipher,
		.local_index = fresh->index,
		.remote_index = hs->index,
		.initiator = false,
		.frame_max = frame_limit(offer->frame_max),
		.dgram_max = offer->dgram_max,
	};
	traffic_keys(&out->keys, &hs->noise);
	return DROP_NONE;
}

enum drop
handshake_response_check(const struct handshake_self *self,
    const uint8_t msg[static WIRE_RESPONSE_LEN])
{
	return cookie_check_mac1(msg, WIRE_RESPONSE_LEN, self->mac1_key);
}

static enum drop
answer_check(const struct wire_answer *answer,
    const struct handshake_self *self, int *cipher)
{
	const enum drop why = check_announced(
	    answer->version, answer->frame_max, answer->dgram_max);

	if (why != DROP_NONE)
		return why;
	*cipher = suite_cipher_best(answer->cipher & self->ciphers);
	if (*cipher < 0 || answer->cipher != 1u << *cipher ||
	    (answer->features & ~self->features) != 0)
		return DROP_HANDSHAKE_CHOICE;
	return DROP_NONE;
}

enum drop
handshake_response_consume(const struct handshake *hs,
    const struct handshake_self *self, const struct handshake_remote *remote,
    const uint8_t msg[static WIRE_RESPONSE_LEN], struct session_keys *out)
{
	struct noise noise = hs->noise;
	struct wire_response wire;
	struct wire_answer answer;
	uint8_t payload[WIRE_ANSWER_LEN];
	int cipher;
	enum drop why;

	wire_parse_response(&wire, msg);
	const struct noise_response in = { .ephemeral = wire.ephemeral,
		.sealed_payload = wire.sealed_answer,
		.len = sizeof(wire.sealed_answer) };
	why = noise_response_consume(
	    &noise, &self->keys, remote->psk, &in, payload);
	if (why != DROP_NONE)
		goto out;
	wire_parse_answer(&answer, payload);
	if ((why = answer_check(&answer, self, &cipher)) != DROP_NONE)
		goto out;
	*out = (struct session_keys){
		.cipher = (enum suite_cipher)cipher,
		.local_index = hs->index,
		.remote_index = wire.sender,
		.initiator = true,
		.frame_max = frame_limit(answer.frame_max),
		.dgram_max = answer.dgram_max,
	};
	traffic_keys(out, &noise);
out:
	noise_wipe(&noise);
	return why;
}
