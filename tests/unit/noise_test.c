/* SPDX-License-Identifier: ISC */
#include "core/noise.h"

#include <stdio.h>

#include "unit.h"

static const char vectors_file[] =
    "/usr/share/gocode/src/github.com/flynn/noise/vectors.txt";

enum {
	VECTORS = 8, /* IK and IKpsk2, with and without prologue, payloads */
	MESSAGES = 6,
	BYTES_MAX = 256,
	LINE_MAX_LEN = 1024,
};

struct bytes {
	uint8_t data[BYTES_MAX];
	size_t len;
};

struct vector {
	enum noise_pattern pattern;
	bool chosen; /* one of the patterns that we speak */
	struct noise_keys init, resp;
	struct bytes init_ephemeral, resp_ephemeral, prologue, psk;
	struct bytes payload[MESSAGES], ciphertext[MESSAGES];
	int messages;
};

static void
begin_vector(struct vector *v, const char *name)
{
	*v = (struct vector){ .psk = { .len = SUITE_KEY_LEN } };
	if (strcmp(name, "Noise_IK_25519_ChaChaPoly_BLAKE2b") == 0) {
		v->pattern = NOISE_IK;
		v->chosen = true;
	}
	if (strcmp(name, "Noise_IKpsk2_25519_ChaChaPoly_BLAKE2b") == 0) {
		v->pattern = NOISE_IKPSK2;
		v->chosen = true;
	}
}

static void
read_keys(struct noise_keys *keys, const char *value)
{
	assert_int_equal(
	    unit_hex(keys->private_key, SUITE_KEY_LEN, value), SUITE_KEY_LEN);
	assert_true(suite_public_key(keys->public_key, keys->private_key));
}

static void
read_message(struct vector *v, const char *key, const char *value)
{
	const int number = key[4] - '0';

	assert_in_range(number, 0, MESSAGES - 1);
	struct bytes *b = strcmp(key + 5, "_payload") == 0
	    ? &v->payload[number]
	    : &v->ciphertext[number];
	b->len = unit_hex(b->data, sizeof(b->data), value);
	v->messages = number + 1;
}

static void
read_line(struct vector *v, const char *key, const char *value)
{
	const struct {
		const char *key;
		struct bytes *to;
	} plain[] = {
		{ "gen_init_ephemeral", &v->init_ephemeral },
		{ "gen_resp_ephemeral", &v->resp_ephemeral },
		{ "prologue", &v->prologue },
		{ "preshared_key", &v->psk },
	};

	if (strcmp(key, "init_static") == 0)
		read_keys(&v->init, value);
	else if (strcmp(key, "resp_static") == 0)
		read_keys(&v->resp, value);
	else if (strncmp(key, "msg_", 4) == 0)
		read_message(v, key, value);
	for (size_t i = 0; i < ARRAY_LEN(plain); i++)
		if (strcmp(key, plain[i].key) == 0)
			plain[i].to->len =
			    unit_hex(plain[i].to->data, BYTES_MAX, value);
}

/* Reads on to the end of one of our vectors; false at the end of the file. */
static bool
read_vector(FILE *f, struct vector *v)
{
	char line[LINE_MAX_LEN];

	v->chosen = false;
	while (fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		char *value = strchr(line, '=');

		if (value != NULL)
			*value++ = '\0';
		if (value != NULL && strcmp(line, "handshake") == 0)
			begin_vector(v, value);
		else if (value != NULL && v->chosen)
			read_line(v, line, value);
		else if (value == NULL && v->chosen)
			return true;
	}
	return v->chosen;
}

/* Both sides of a vector. */
struct sides {
	struct noise init, resp;
};

static void
check_message_1(const struct vector *v, struct sides *s)
{
	const struct bytes *payload = &v->payload[0];
	uint8_t msg[BYTES_MAX], plain[BYTES_MAX];
	uint8_t *sealed_static = msg + 32, *sealed = msg + 80;
	const size_t len = payload->len + SUITE_TAG_LEN;

	noise_init(&s->init, v->pattern, v->prologue.data, v->prologue.len,
	    v->resp.public_key);
	assert_int_equal(
	    noise_initiation_create(&s->init, &v->init, v->init_ephemeral.data,
		&(struct noise_initiation){
		    payload->data, payload->len, sealed_static, sealed }),
	    DROP_NONE);
	memcpy(msg, s->init.e.public_key, SUITE_KEY_LEN);
	assert_int_equal(80 + len, v->ciphertext[0].len);
	assert_memory_equal(msg, v->ciphertext[0].data, 80 + len);

	noise_init(&s->resp, v->pattern, v->prologue.data, v->prologue.len,
	    v->resp.public_key);
	assert_int_equal(noise_initiation_consume_static(
			     &s->resp, &v->resp, msg, sealed_static),
	    DROP_NONE);
	assert_memory_equal(s->resp.rs, v->init.public_key, SUITE_KEY_LEN);
	assert_int_equal(noise_initiation_consume_payload(
			     &s->resp, &v->resp, sealed, len, plain),
	    DROP_NONE);
	assert_memory_equal(plain, payload->data, payload->len);
}

static void
check_message_2(const struct vector *v, struct sides *s)
{
	const struct bytes *payload = &v->payload[1];
	uint8_t msg[BYTES_MAX], plain[BYTES_MAX];
	const struct noise_response in = { .ephemeral = msg,
		.sealed_payload = msg + 32,
		.len = payload->len + SUITE_TAG_LEN };

	assert_int_equal(
	    noise_response_create(&s->resp, v->resp_ephemeral.data, v->psk.data,
		payload->data, payload->len, msg + 32),
	    DROP_NONE);
	memcpy(msg, s->resp.e.public_key, SUITE_KEY_LEN);
	assert_int_equal(32 + in.len, v->ciphertext[1].len);
	assert_memory_equal(msg, v->ciphertext[1].data, 32 + in.len);
	assert_int_equal(
	    noise_response_consume(&s->init, &v->init, v->psk.data, &in, plain),
	    DROP_NONE);
	assert_memory_equal(plain, payload->data, payload->len);
	assert_memory_equal(s->init.h, s->resp.h, SUITE_HASH_LEN);
	assert_memory_equal(s->init.ck, s->resp.ck, SUITE_HASH_LEN);
}

/* Messages 2 and on take turns, the initiator first. */
static void
check_transport(const struct vector *v, const struct sides *s)
{
	uint8_t key[2][SUITE_KEY_LEN], again[2][SUITE_KEY_LEN];

	noise_split(&s->init, key[0], key[1]);
	noise_split(&s->resp, again[0], again[1]);
	assert_memory_equal(key, again, sizeof(key));
	assert_true(v->messages >= 4);
	for (int i = 2; i < v->messages; i++) {
		const struct bytes *payload = &v->payload[i];
		const size_t len = payload->len + SUITE_TAG_LEN;
		uint8_t text[BYTES_MAX];
		struct suite_key k;

		suite_key_init(&k, SUITE_CHACHA20_POLY1305, key[i % 2]);
		memcpy(text, payload->data, payload->len);
		suite_seal(
		    &k, (uint64_t)(i - 2) / 2, NULL, 0, text, payload->len);
		assert_int_equal(len, v->ciphertext[i].len);
		assert_memory_equal(text, v->ciphertext[i].data, len);
		assert_true(
		    suite_open(&k, (uint64_t)(i - 2) / 2, NULL, 0, text, len));
		assert_memory_equal(text, payload->data, payload->len);
	}
}

static void
test_published_vectors(void **state)
{
	FILE *f = fopen(vectors_file, "r");
	struct vector v;
	struct sides s;
	int run = 0;

	(void)state;
	if (f == NULL)
		fail_msg("%s is missing: install Debian's "
			 "golang-github-flynn-noise-dev",
		    vectors_file);
	for (; read_vector(f, &v); run++) {
		check_message_1(&v, &s);
		check_message_2(&v, &s);
		check_transport(&v, &s);
	}
	(void)fclose(f);
	assert_int_equal(run, VECTORS);
}

/* A handshake of our own, step by step, for what must fail. */
struct run {
	struct noise_keys init_keys, resp_keys;
	uint8_t psk[SUITE_KEY_LEN];
	uint8_t init_e[SUITE_KEY_LEN], resp_e[SUITE_KEY_LEN];
	struct noise init, resp;
	uint8_t sealed_static[SUITE_KEY_LEN + SUITE_TAG_LEN];
	uint8_t sealed[4 + SUITE_TAG_LEN];
	uint8_t plain[4 + SUITE_TAG_LEN];
};

static const uint8_t prologue[] = { 'p' };
static const uint8_t text[4] = { 1, 2, 3, 4 };

static void
run_init(struct run *r, uint64_t seed)
{
	struct unit_random random = { seed };

	*r = (struct run){ .psk = { 9 } };
	unit_random_fill(&random, r->init_keys.private_key, SUITE_KEY_LEN);
	unit_random_fill(&random, r->resp_keys.private_key, SUITE_KEY_LEN);
	unit_random_fill(&random, r->init_e, SUITE_KEY_LEN);
	unit_random_fill(&random, r->resp_e, SUITE_KEY_LEN);
	assert_true(suite_public_key(
	    r->init_keys.public_key, r->init_keys.private_key));
	assert_true(suite_public_key(
	    r->resp_keys.public_key, r->resp_keys.private_key));
	noise_init(&r->init, NOISE_IKPSK2, prologue, sizeof(prologue),
	    r->resp_keys.public_key);
	noise_init(&r->resp, NOISE_IKPSK2, prologue, sizeof(prologue),
	    r->resp_keys.public_key);
}

static enum drop
run_create_1(struct run *r)
{
	return noise_initiation_create(&r->init, &r->init_keys, r->init_e,
	    &(struct noise_initiation){
		text, sizeof(text), r->sealed_static, r->sealed });
}

static enum drop
run_consume_1(struct run *r)
{
	const enum drop why = noise_initiation_consume_static(
	    &r->resp, &r->resp_keys, r->init.e.public_key, r->sealed_static);

	if (why != DROP_NONE)
		return why;
	return noise_initiation_consume_payload(
	    &r->resp, &r->resp_keys, r->sealed, sizeof(r->sealed), r->plain);
}

static enum drop
run_create_2(struct run *r)
{
	return noise_response_create(
	    &r->resp, r->resp_e, r->psk, text, sizeof(text), r->sealed);
}

static enum drop
run_consume_2(struct run *r)
{
	const struct noise_response in = { .ephemeral = r->resp.e.public_key,
		.sealed_payload = r->sealed,
		.len = sizeof(r->sealed) };

	return noise_response_consume(
	    &r->init, &r->init_keys, r->psk, &in, r->plain);
}

static void
test_whole_run(void **state)
{
	struct run r;

	(void)state;
	run_init(&r, 1);
	assert_int_equal(run_create_1(&r), DROP_NONE);
	assert_int_equal(run_consume_1(&r), DROP_NONE);
	assert_int_equal(run_create_2(&r), DROP_NONE);
	assert_int_equal(run_consume_2(&r), DROP_NONE);
	assert_memory_equal(r.plain, text, sizeof(text));
	assert_memory_equal(r.init.h, r.resp.h, SUITE_HASH_LEN);
	noise_wipe(&r.init);
	assert_true(sodium_is_zero((uint8_t *)&r.init, sizeof(r.init)));
}

static void
test_psk_must_be_the_same(void **state)
{
	struct run r;

	(void)state;
	run_init(&r, 2);
	assert_int_equal(run_create_1(&r), DROP_NONE);
	assert_int_equal(run_consume_1(&r), DROP_NONE);
	assert_int_equal(run_create_2(&r), DROP_NONE);
	r.psk[31] ^= 1;
	assert_int_equal(run_consume_2(&r), DROP_HANDSHAKE_OPEN);
}

/* The plain pattern must not look at the psk, the other must. */
static void
test_patterns_differ(void **state)
{
	struct run r;

	(void)state;
	run_init(&r, 3);
	r.resp.pattern = NOISE_IK;
	assert_int_equal(run_create_1(&r), DROP_NONE);
	assert_int_equal(run_consume_1(&r), DROP_HANDSHAKE_OPEN);
	run_init(&r, 3);
	r.init.pattern = r.resp.pattern = NOISE_IK;
	assert_int_equal(run_create_1(&r), DROP_NONE);
	assert_int_equal(run_consume_1(&r), DROP_NONE);
	assert_int_equal(run_create_2(&r), DROP_NONE);
	r.psk[0] ^= 1;
	assert_int_equal(run_consume_2(&r), DROP_NONE);
}

static void
test_prologue_must_be_the_same(void **state)
{
	struct run r;

	(void)state;
	run_init(&r, 4);
	noise_init(&r.resp, NOISE_IKPSK2, prologue, 0, r.resp_keys.public_key);
	assert_int_equal(run_create_1(&r), DROP_NONE);
	assert_int_equal(run_consume_1(&r), DROP_HANDSHAKE_OPEN);
}

static void
test_message_1_for_another_responder(void **state)
{
	struct run r;

	(void)state;
	run_init(&r, 5);
	noise_init(&r.init, NOISE_IKPSK2, prologue, sizeof(prologue),
	    r.init_keys.public_key);
	assert_int_equal(run_create_1(&r), DROP_NONE);
	assert_int_equal(run_consume_1(&r), DROP_HANDSHAKE_OPEN);
}

static void
test_message_1_shorter_than_its_tag(void **state)
{
	struct run r;

	(void)state;
	for (size_t len = 0; len < sizeof(r.sealed); len++) {
		run_init(&r, 6);
		assert_int_equal(run_create_1(&r), DROP_NONE);
		assert_int_equal(
		    noise_initiation_consume_static(&r.resp, &r.resp_keys,
			r.init.e.public_key, r.sealed_static),
		    DROP_NONE);
		assert_int_equal(noise_initiation_consume_payload(&r.resp,
				     &r.resp_keys, r.sealed, len, r.plain),
		    DROP_HANDSHAKE_OPEN);
	}
}

/* All zeros is a point of low order: every result with it is zero. */
static const uint8_t zeros[SUITE_KEY_LEN];

static void
test_low_order_keys_in_message_1(void **state)
{
	struct run r;

	(void)state;
	run_init(&r, 7);
	noise_init(&r.init, NOISE_IKPSK2, prologue, sizeof(prologue), zeros);
	assert_int_equal(run_create_1(&r), DROP_HANDSHAKE_DH);
	run_init(&r, 7);
	assert_int_equal(noise_initiation_consume_static(
			     &r.resp, &r.resp_keys, zeros, r.sealed_static),
	    DROP_HANDSHAKE_DH);
	/* An initiator whose static public key is a lie. */
	run_init(&r, 7);
	memset(r.init_keys.public_key, 0, SUITE_KEY_LEN);
	assert_int_equal(run_create_1(&r), DROP_NONE);
	assert_int_equal(run_consume_1(&r), DROP_HANDSHAKE_DH);
}

static void
test_low_order_keys_in_message_2(void **state)
{
	struct run r;

	(void)state;
	run_init(&r, 8);
	assert_int_equal(run_create_1(&r), DROP_NONE);
	assert_int_equal(run_consume_1(&r), DROP_NONE);
	memset(r.resp.re, 0, SUITE_KEY_LEN);
	assert_int_equal(run_create_2(&r), DROP_HANDSHAKE_DH);
	run_init(&r, 8);
	assert_int_equal(run_create_1(&r), DROP_NONE);
	assert_int_equal(run_consume_1(&r), DROP_NONE);
	memset(r.resp.rs, 0, SUITE_KEY_LEN);
	assert_int_equal(run_create_2(&r), DROP_HANDSHAKE_DH);
	run_init(&r, 8);
	assert_int_equal(run_create_1(&r), DROP_NONE);
	assert_int_equal(run_consume_1(&r), DROP_NONE);
	assert_int_equal(run_create_2(&r), DROP_NONE);
	memset(r.resp.e.public_key, 0, SUITE_KEY_LEN);
	assert_int_equal(run_consume_2(&r), DROP_HANDSHAKE_DH);
}

/* Bits are counted over the whole message, as it goes over the wire. */
static void
check_flips_1(size_t bit)
{
	struct run r;
	const size_t at = bit / 8;
	const uint8_t flip = (uint8_t)(1u << bit % 8);

	run_init(&r, 9);
	assert_int_equal(run_create_1(&r), DROP_NONE);
	if (at < 32)
		r.init.e.public_key[at] ^= flip;
	else if (at < 80)
		r.sealed_static[at - 32] ^= flip;
	else
		r.sealed[at - 80] ^= flip;
	assert_int_equal(run_consume_1(&r), DROP_HANDSHAKE_OPEN);
}

static void
check_flips_2(size_t bit)
{
	struct run r;
	const size_t at = bit / 8;
	const uint8_t flip = (uint8_t)(1u << bit % 8);

	run_init(&r, 10);
	assert_int_equal(run_create_1(&r), DROP_NONE);
	assert_int_equal(run_consume_1(&r), DROP_NONE);
	assert_int_equal(run_create_2(&r), DROP_NONE);
	if (at < 32)
		r.resp.e.public_key[at] ^= flip;
	else
		r.sealed[at - 32] ^= flip;
	assert_int_equal(run_consume_2(&r), DROP_HANDSHAKE_OPEN);
}

/* One bit of each byte, and the bit that X25519 itself ignores. */
static void
test_flipped_bits(void **state)
{
	(void)state;
	for (size_t at = 0; at < 100; at++)
		check_flips_1(8 * at + at % 8);
	for (size_t at = 0; at < 52; at++)
		check_flips_2(8 * at + at % 8);
	check_flips_1(255);
	check_flips_2(255);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published_vectors),
		cmocka_unit_test(test_whole_run),
		cmocka_unit_test(test_psk_must_be_the_same),
		cmocka_unit_test(test_patterns_differ),
		cmocka_unit_test(test_prologue_must_be_the_same),
		cmocka_unit_test(test_message_1_for_another_responder),
		cmocka_unit_test(test_message_1_shorter_than_its_tag),
		cmocka_unit_test(test_low_order_keys_in_message_1),
		cmocka_unit_test(test_low_order_keys_in_message_2),
		cmocka_unit_test(test_flipped_bits),
	};
	return cmocka_run_group_tests_name("noise", tests, unit_start, NULL);
}
