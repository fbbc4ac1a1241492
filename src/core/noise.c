/* SPDX-License-Identifier: ISC */
#include "core/noise.h"

#include <assert.h>
#include <string.h>

/* Shorter than a hash: both are padded with zeros, not hashed. */
static const char *const names[] = {
	[NOISE_IKPSK2] = "Noise_IKpsk2_25519_ChaChaPoly_BLAKE2b",
	[NOISE_IK] = "Noise_IK_25519_ChaChaPoly_BLAKE2b",
};

static void
mix_hash(struct noise *n, const uint8_t *data, size_t len)
{
	suite_hash(n->h, n->h, sizeof(n->h), data, len);
}

/* key is NULL where the pattern encrypts nothing under it. */
static void
mix_key(struct noise *n, const uint8_t ikm[static SUITE_KEY_LEN], uint8_t *key)
{
	uint8_t out[2][SUITE_HASH_LEN];

	suite_hkdf(out, 2, n->ck, ikm, SUITE_KEY_LEN);
	memcpy(n->ck, out[0], sizeof(n->ck));
	if (key != NULL)
		memcpy(key, out[1], SUITE_KEY_LEN);
	suite_wipe(out, sizeof(out));
}

static void
mix_key_and_hash(struct noise *n, const uint8_t psk[static SUITE_KEY_LEN],
    uint8_t key[static SUITE_KEY_LEN])
{
	uint8_t out[3][SUITE_HASH_LEN];

	suite_hkdf(out, 3, n->ck, psk, SUITE_KEY_LEN);
	memcpy(n->ck, out[0], sizeof(n->ck));
	mix_hash(n, out[1], sizeof(out[1]));
	memcpy(key, out[2], SUITE_KEY_LEN);
	suite_wipe(out, sizeof(out));
}

static enum drop
mix_dh(struct noise *n, const uint8_t private_key[static SUITE_KEY_LEN],
    const uint8_t public_key[static SUITE_KEY_LEN], uint8_t *key)
{
	uint8_t dh[SUITE_KEY_LEN];
	const bool good = suite_dh(dh, private_key, public_key);

	if (good)
		mix_key(n, dh, key);
	suite_wipe(dh, sizeof(dh));
	return good ? DROP_NONE : DROP_HANDSHAKE_DH;
}

static void
encrypt_and_hash(struct noise *n, const uint8_t key[static SUITE_KEY_LEN],
    const uint8_t *text, size_t len, uint8_t *out)
{
	suite_handshake_seal(out, key, n->h, text, len);
	mix_hash(n, out, len + SUITE_TAG_LEN);
}

static enum drop
decrypt_and_hash(struct noise *n, const uint8_t key[static SUITE_KEY_LEN],
    const uint8_t *text, size_t len, uint8_t *out)
{
	if (len < SUITE_TAG_LEN ||
	    !suite_handshake_open(out, key, n->h, text, len))
		return DROP_HANDSHAKE_OPEN;
	mix_hash(n, text, len);
	return DROP_NONE;
}

/* Token e: psk patterns also mix the ephemeral into the key, section 9.2. */
static void
mix_ephemeral(struct noise *n, const uint8_t e[static SUITE_KEY_LEN])
{
	mix_hash(n, e, SUITE_KEY_LEN);
	if (n->pattern == NOISE_IKPSK2)
		mix_key(n, e, NULL);
}

static enum drop
make_ephemeral(struct noise *n, const uint8_t private_key[static SUITE_KEY_LEN])
{
	memcpy(n->e.private_key, private_key, SUITE_KEY_LEN);
	if (!suite_public_key(n->e.public_key, n->e.private_key))
		return DROP_HANDSHAKE_DH;
	mix_ephemeral(n, n->e.public_key);
	return DROP_NONE;
}

void
noise_init(struct noise *n, enum noise_pattern pattern, const uint8_t *prologue,
    size_t prologue_len, const uint8_t responder[static SUITE_KEY_LEN])
{
	const size_t len = strlen(names[pattern]);

	assert(len <= SUITE_HASH_LEN);
	*n = (struct noise){ .pattern = pattern };
	memcpy(n->h, names[pattern], len);
	memcpy(n->ck, n->h, sizeof(n->ck));
	mix_hash(n, prologue, prologue_len);
	mix_hash(n, responder, SUITE_KEY_LEN);
	memcpy(n->rs, responder, SUITE_KEY_LEN);
}

void
noise_wipe(struct noise *n)
{
	suite_wipe(n, sizeof(*n));
}

enum drop
noise_initiation_create(struct noise *n, const struct noise_keys *s,
    const uint8_t ephemeral[static SUITE_KEY_LEN],
    const struct noise_initiation *msg)
{
	uint8_t key[SUITE_KEY_LEN];
	enum drop why;

	/* e */
	if ((why = make_ephemeral(n, ephemeral)) != DROP_NONE)
		goto out;
	/* es */
	if ((why = mix_dh(n, n->e.private_key, n->rs, key)) != DROP_NONE)
		goto out;
	/* s */
	encrypt_and_hash(
	    n, key, s->public_key, SUITE_KEY_LEN, msg->sealed_static);
	/* ss */
	if ((why = mix_dh(n, s->private_key, n->rs, key)) != DROP_NONE)
		goto out;
	encrypt_and_hash(n, key, msg->payload, msg->len, msg->sealed_payload);
out:
	suite_wipe(key, sizeof(key));
	return why;
}

enum drop
noise_initiation_consume_static(struct noise *n, const struct noise_keys *s,
    const uint8_t ephemeral[static SUITE_KEY_LEN],
    const uint8_t sealed_static[static SUITE_KEY_LEN + SUITE_TAG_LEN])
{
	uint8_t key[SUITE_KEY_LEN];
	enum drop why;

	/* e */
	memcpy(n->re, ephemeral, SUITE_KEY_LEN);
	mix_ephemeral(n, n->re);
	/* es */
	if ((why = mix_dh(n, s->private_key, n->re, key)) != DROP_NONE)
		goto out;
	/* s */
	why = decrypt_and_hash(
	    n, key, sealed_static, SUITE_KEY_LEN + SUITE_TAG_LEN, n->rs);
out:
	suite_wipe(key, sizeof(key));
	return why;
}

enum drop
noise_initiation_consume_payload(struct noise *n, const struct noise_keys *s,
    const uint8_t *sealed_payload, size_t len, uint8_t *payload)
{
	uint8_t key[SUITE_KEY_LEN];
	enum drop why;

	/* ss */
	if ((why = mix_dh(n, s->private_key, n->rs, key)) == DROP_NONE)
		why = decrypt_and_hash(n, key, sealed_payload, len, payload);
	suite_wipe(key, sizeof(key));
	return why;
}

enum drop
noise_response_create(struct noise *n,
    const uint8_t ephemeral[static SUITE_KEY_LEN],
    const uint8_t psk[static SUITE_KEY_LEN], const uint8_t *payload, size_t len,
    uint8_t *sealed_payload)
{
	uint8_t key[SUITE_KEY_LEN];
	enum drop why;

	/* e */
	if ((why = make_ephemeral(n, ephemeral)) != DROP_NONE)
		goto out;
	/* ee */
	if ((why = mix_dh(n, n->e.private_key, n->re, NULL)) != DROP_NONE)
		goto out;
	/* se */
	if ((why = mix_dh(n, n->e.private_key, n->rs, key)) != DROP_NONE)
		goto out;
	/* psk */
	if (n->pattern == NOISE_IKPSK2)
		mix_key_and_hash(n, psk, key);
	encrypt_and_hash(n, key, payload, len, sealed_payload);
out:
	suite_wipe(key, sizeof(key));
	return why;
}

enum drop
noise_response_consume(struct noise *n, const struct noise_keys *s,
    const uint8_t psk[static SUITE_KEY_LEN], const struct noise_response *msg,
    uint8_t *payload)
{
	uint8_t key[SUITE_KEY_LEN];
	enum drop why;

	/* e */
	memcpy(n->re, msg->ephemeral, SUITE_KEY_LEN);
	mix_ephemeral(n, n->re);
	/* ee */
	if ((why = mix_dh(n, n->e.private_key, n->re, NULL)) != DROP_NONE)
		goto out;
	/* se */
	if ((why = mix_dh(n, s->private_key, n->re, key)) != DROP_NONE)
		goto out;
	/* psk */
	if (n->pattern == NOISE_IKPSK2)
		mix_key_and_hash(n, psk, key);
	why = decrypt_and_hash(n, key, msg->sealed_payload, msg->len, payload);
out:
	suite_wipe(key, sizeof(key));
	return why;
}

void
noise_split(const struct noise *n, uint8_t k1[static SUITE_KEY_LEN],
    uint8_t k2[static SUITE_KEY_LEN])
{
	uint8_t out[2][SUITE_HASH_LEN];

	suite_hkdf(out, 2, n->ck, NULL, 0);
	memcpy(k1, out[0], SUITE_KEY_LEN);
	memcpy(k2, out[1], SUITE_KEY_LEN);
	suite_wipe(out, sizeof(out));
}
