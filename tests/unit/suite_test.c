/* SPDX-License-Identifier: ISC */
#include "core/suite.h"

#include "core/aegis.h"

#include "unit.h"

/* Bytes 0, 1, 2 and so on: the key and data of the constants made here. */
static uint8_t count_up[128];

static int
set_up(void **state)
{
	for (size_t i = 0; i < sizeof(count_up); i++)
		count_up[i] = (uint8_t)i;
	return unit_start(state);
}

/* Published vectors: hex, in the order of what a cipher is given. */
struct vector {
	const char *name, *key, *nonce, *ad;
	const char *text; /* NULL: the seal is broken */
	const char *sealed;
};

static const struct vector chacha_vectors[] = {
	{ "RFC 8439, 2.8.2",
	    "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
	    "070000004041424344454647", "50515253c0c1c2c3c4c5c6c7",
	    "4c616469657320616e642047656e746c656d656e206f662074686520636c6173"
	    "73206f66202739393a204966204920636f756c64206f6666657220796f75206f"
	    "6e6c79206f6e652074697020666f7220746865206675747572652c2073756e73"
	    "637265656e20776f756c642062652069742e",
	    "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6"
	    "3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36"
	    "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
	    "3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd060"
	    "0691" },
};

/* Of "The Galois/Counter Mode of Operation" by McGrew and Viega, appendix B,
 * which SP 800-38D rests on. */
static const struct vector gcm_vectors[] = {
	{ "test case 13",
	    "0000000000000000000000000000000000000000000000000000000000000000",
	    "000000000000000000000000", "", "",
	    "530f8afbc74536b9a963b4f1c4cb738b" },
	{ "test case 14",
	    "0000000000000000000000000000000000000000000000000000000000000000",
	    "000000000000000000000000", "", "00000000000000000000000000000000",
	    "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab91"
	    "9" },
	{ "test case 15",
	    "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
	    "cafebabefacedbaddecaf888", "",
	    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
	    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255",
	    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
	    "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad"
	    "b094dac5d93471bdec1a502270e3cc6c" },
	{ "test case 16",
	    "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
	    "cafebabefacedbaddecaf888",
	    "feedfacedeadbeeffeedfacedeadbeefabaddad2",
	    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
	    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
	    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
	    "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece"
	    "0f4e1768cddf8853bb2d551b" },
};

static const struct vector xchacha_vectors[] = {
	{ "draft-irtf-cfrg-xchacha-03, A.3.1",
	    "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
	    "404142434445464748494a4b4c4d4e4f5051525354555657",
	    "50515253c0c1c2c3c4c5c6c7",
	    "4c616469657320616e642047656e746c656d656e206f662074686520636c6173"
	    "73206f66202739393a204966204920636f756c64206f6666657220796f75206f"
	    "6e6c79206f6e652074697020666f7220746865206675747572652c2073756e73"
	    "637265656e20776f756c642062652069742e",
	    "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb"
	    "731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452"
	    "2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9"
	    "21f9664c97637da9768812f615c68b13b52ec0875924c1c7987947deafd8780a"
	    "cf49" },
};

/* draft-irtf-cfrg-aegis-aead, appendix A, AEGIS-256, tag256. */
static const struct vector aegis_vectors[] = {
	{ "test vector 1",
	    "1001000000000000000000000000000000000000000000000000000000000000",
	    "1000020000000000000000000000000000000000000000000000000000000000",
	    "", "00000000000000000000000000000000",
	    "754fc3d8c973246dcc6d741412a4b2361181a1d18091082bf0266f66297d167d"
	    "2e68b845f61a3b0527d31fc7b7b89f13" },
	{ "test vector 2",
	    "1001000000000000000000000000000000000000000000000000000000000000",
	    "1000020000000000000000000000000000000000000000000000000000000000",
	    "", "",
	    "6a348c930adbd654896e1666aad67de989ea75ebaa2b82fb588977b1ffec864"
	    "a" },
	{ "test vector 3",
	    "1001000000000000000000000000000000000000000000000000000000000000",
	    "1000020000000000000000000000000000000000000000000000000000000000",
	    "0001020304050607",
	    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
	    "f373079ed84b2709faee373584585d60accd191db310ef5d8b11833df9dec711"
	    "b7d28d0c3c0ebd409fd22b44160503073a547412da0854bfb9723020dab8da1"
	    "a" },
	{ "test vector 4",
	    "1001000000000000000000000000000000000000000000000000000000000000",
	    "1000020000000000000000000000000000000000000000000000000000000000",
	    "0001020304050607", "000102030405060708090a0b0c0d",
	    "f373079ed84b2709faee373584588c1cc703c81281bee3f6d9966e14948b4a17"
	    "5b2efbdc31e61a98b4465235c2d9" },
	{ "test vector 5",
	    "1001000000000000000000000000000000000000000000000000000000000000",
	    "1000020000000000000000000000000000000000000000000000000000000000",
	    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
	    "20212223242526272829",
	    "101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f"
	    "3031323334353637",
	    "57754a7d09963e7c787583a2e7b859bb24fa1e04d49fd550b2511a358e3bca25"
	    "2a9b1b8b30cc4a67a3aca270c006094d71c20e6910b5161c0826df233d08919a"
	    "566ec2c05990f734" },
	{ "test vector 6",
	    "1000020000000000000000000000000000000000000000000000000000000000",
	    "1001000000000000000000000000000000000000000000000000000000000000",
	    "0001020304050607", NULL,
	    "f373079ed84b2709faee373584588c1cc703c81281bee3f6d9966e14948b4a17"
	    "5b2efbdc31e61a98b4465235c2d9" },
	{ "test vector 7",
	    "1001000000000000000000000000000000000000000000000000000000000000",
	    "1000020000000000000000000000000000000000000000000000000000000000",
	    "0001020304050607", NULL,
	    "f373079ed84b2709faee373584598c1cc703c81281bee3f6d9966e14948b4a17"
	    "5b2efbdc31e61a98b4465235c2d9" },
	{ "test vector 8",
	    "1001000000000000000000000000000000000000000000000000000000000000",
	    "1000020000000000000000000000000000000000000000000000000000000000",
	    "0001020304050608", NULL,
	    "f373079ed84b2709faee373584588c1cc703c81281bee3f6d9966e14948b4a17"
	    "5b2efbdc31e61a98b4465235c2d9" },
	{ "test vector 9",
	    "1001000000000000000000000000000000000000000000000000000000000000",
	    "1000020000000000000000000000000000000000000000000000000000000000",
	    "0001020304050607", NULL,
	    "f373079ed84b2709faee373584588c1cc703c81281bee3f6d9966e14948b4a17"
	    "5b2efbdc31e61a98b4465235c2da" },
};

/* What suite.c builds on, with any nonce: most vectors have one that no counter
 * gives. */
struct primitive {
	size_t nonce_len, tag_len;
	void (*seal)(const uint8_t *key, const uint8_t *nonce,
	    const uint8_t *ad, size_t ad_len, uint8_t *text, size_t len);
	bool (*open)(const uint8_t *key, const uint8_t *nonce,
	    const uint8_t *ad, size_t ad_len, uint8_t *text, size_t len);
};

static void
chacha_seal(const uint8_t *key, const uint8_t *nonce, const uint8_t *ad,
    size_t ad_len, uint8_t *text, size_t len)
{
	assert_int_equal(crypto_aead_chacha20poly1305_ietf_encrypt(text, NULL,
			     text, len, ad, ad_len, NULL, nonce, key),
	    0);
}

static bool
chacha_open(const uint8_t *key, const uint8_t *nonce, const uint8_t *ad,
    size_t ad_len, uint8_t *text, size_t len)
{
	return crypto_aead_chacha20poly1305_ietf_decrypt(
		   text, NULL, NULL, text, len, ad, ad_len, nonce, key) == 0;
}

static void
gcm_seal(const uint8_t *key, const uint8_t *nonce, const uint8_t *ad,
    size_t ad_len, uint8_t *text, size_t len)
{
	assert_int_equal(crypto_aead_aes256gcm_encrypt(text, NULL, text, len,
			     ad, ad_len, NULL, nonce, key),
	    0);
}

static bool
gcm_open(const uint8_t *key, const uint8_t *nonce, const uint8_t *ad,
    size_t ad_len, uint8_t *text, size_t len)
{
	return crypto_aead_aes256gcm_decrypt(
		   text, NULL, NULL, text, len, ad, ad_len, nonce, key) == 0;
}

static void
xchacha_seal(const uint8_t *key, const uint8_t *nonce, const uint8_t *ad,
    size_t ad_len, uint8_t *text, size_t len)
{
	assert_int_equal(crypto_aead_xchacha20poly1305_ietf_encrypt(text, NULL,
			     text, len, ad, ad_len, NULL, nonce, key),
	    0);
}

static bool
xchacha_open(const uint8_t *key, const uint8_t *nonce, const uint8_t *ad,
    size_t ad_len, uint8_t *text, size_t len)
{
	return crypto_aead_xchacha20poly1305_ietf_decrypt(
		   text, NULL, NULL, text, len, ad, ad_len, nonce, key) == 0;
}

static const struct primitive chacha = { 12, 16, chacha_seal, chacha_open };
static const struct primitive gcm = { 12, 16, gcm_seal, gcm_open };
static const struct primitive xchacha = { 24, 16, xchacha_seal, xchacha_open };
static const struct primitive aegis = { AEGIS_NONCE_LEN, AEGIS_TAG_LEN,
	aegis_seal, aegis_open };

static bool
check_vector(const struct primitive *p, const struct vector *v)
{
	uint8_t key[32], nonce[32], ad[64], text[160], sealed[160], plain[160];
	const size_t ad_len = unit_hex(ad, sizeof(ad), v->ad);
	const size_t len = unit_hex(sealed, sizeof(sealed), v->sealed);

	assert_int_equal(unit_hex(key, sizeof(key), v->key), 32);
	assert_int_equal(
	    unit_hex(nonce, sizeof(nonce), v->nonce), p->nonce_len);
	memcpy(text, sealed, len);
	const bool good = p->open(key, nonce, ad, ad_len, text, len);
	if (v->text == NULL)
		return !good;
	const size_t plain_len = unit_hex(plain, sizeof(plain), v->text);
	if (!good || plain_len != len - p->tag_len ||
	    memcmp(text, plain, plain_len) != 0)
		return false;
	p->seal(key, nonce, ad, ad_len, text, plain_len);
	return memcmp(text, sealed, len) == 0;
}

static void
check_vectors(
    const struct primitive *p, const struct vector *vectors, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!check_vector(p, &vectors[i]))
			fail_msg("%s", vectors[i].name);
}

static bool
has_cipher(enum suite_cipher c)
{
	return (suite_ciphers_available() & 1u << c) != 0;
}

static void
skip_without(enum suite_cipher c)
{
	if (has_cipher(c))
		return;
	print_message("no %s: %s\n", suite_cipher_name(c),
	    suite_cipher_is_built(c) ? "this processor has no AES instructions"
				     : "libsodium is older than 1.0.19");
	skip();
}

static void
test_vectors_of_chacha20_poly1305(void **state)
{
	(void)state;
	check_vectors(&chacha, chacha_vectors, ARRAY_LEN(chacha_vectors));
}

static void
test_vectors_of_aes256_gcm(void **state)
{
	(void)state;
	skip_without(SUITE_AES256_GCM);
	check_vectors(&gcm, gcm_vectors, ARRAY_LEN(gcm_vectors));
}

static void
test_vectors_of_xchacha20_poly1305(void **state)
{
	(void)state;
	check_vectors(&xchacha, xchacha_vectors, ARRAY_LEN(xchacha_vectors));
}

static void
test_vectors_of_aegis_256(void **state)
{
	(void)state;
	skip_without(SUITE_AEGIS_256);
	check_vectors(&aegis, aegis_vectors, ARRAY_LEN(aegis_vectors));
}

/* suite_seal is the primitive with PROTOCOL's nonce: zero bytes, then the
 * counter in 8 bytes, big-endian for GCM alone. */
static void
check_is_primitive(enum suite_cipher c, const struct primitive *p)
{
	static const uint64_t counters[] = { 0, 1, 255, 256, UINT32_MAX,
		UINT64_C(0x0102030405060708), UINT64_MAX };
	uint8_t want[100 + SUITE_TAG_MAX] = { 0 }, have[sizeof(want)] = { 0 };
	struct suite_key k;

	suite_key_init(&k, c, count_up);
	for (size_t i = 0; i < ARRAY_LEN(counters); i++)
		for (size_t len = 0; len <= 100; len++) {
			uint8_t nonce[32] = { 0 };

			for (size_t b = 0; b < 8; b++)
				nonce[c == SUITE_AES256_GCM
					? p->nonce_len - 1 - b
					: p->nonce_len - 8 + b] =
				    (uint8_t)(counters[i] >> 8 * b);
			memcpy(want, count_up, len);
			memcpy(have, count_up, len);
			p->seal(count_up, nonce, count_up + 9, 16, want, len);
			suite_seal(
			    &k, counters[i], count_up + 9, 16, have, len);
			assert_memory_equal(have, want, len + p->tag_len);
			assert_true(suite_open(&k, counters[i], count_up + 9,
			    16, have, len + p->tag_len));
			assert_memory_equal(have, count_up, len);
		}
	assert_int_equal(suite_tag_len(c), p->tag_len);
}

static void
test_chacha20_poly1305_is_libsodiums(void **state)
{
	(void)state;
	check_is_primitive(SUITE_CHACHA20_POLY1305, &chacha);
}

static void
test_aes256_gcm_is_libsodiums(void **state)
{
	(void)state;
	skip_without(SUITE_AES256_GCM);
	check_is_primitive(SUITE_AES256_GCM, &gcm);
}

static void
test_aegis_256_is_libsodiums(void **state)
{
	(void)state;
	skip_without(SUITE_AEGIS_256);
	check_is_primitive(SUITE_AEGIS_256, &aegis);
}

/* The stand-in is never called; if it were, nothing would get out or in. */
static void
test_aegis_256_that_is_not_built(void **state)
{
	uint8_t text[9 + SUITE_TAG_MAX] = "lansplice";
	struct suite_key k;

	(void)state;
	if (suite_cipher_is_built(SUITE_AEGIS_256))
		return;
	assert_false(has_cipher(SUITE_AEGIS_256));
	suite_key_init(&k, SUITE_AEGIS_256, count_up);
	suite_seal(&k, 0, count_up, 16, text, 9);
	assert_true(sodium_is_zero(text, sizeof(text)));
	memset(text, 1, sizeof(text));
	assert_false(suite_open(&k, 0, count_up, 16, text, sizeof(text)));
	assert_true(sodium_is_zero(text, sizeof(text)));
}

static void
test_cookie_is_xchacha20_poly1305(void **state)
{
	uint8_t want[SUITE_MAC_LEN + SUITE_TAG_LEN], have[sizeof(want)];
	uint8_t cookie[SUITE_MAC_LEN];

	(void)state;
	memcpy(want, count_up + 80, SUITE_MAC_LEN);
	xchacha_seal(count_up, count_up + 32, count_up + 56, SUITE_MAC_LEN,
	    want, SUITE_MAC_LEN);
	suite_cookie_seal(
	    have, count_up, count_up + 32, count_up + 56, count_up + 80);
	assert_memory_equal(have, want, sizeof(want));
	assert_true(suite_cookie_open(
	    cookie, count_up, count_up + 32, count_up + 56, have));
	assert_memory_equal(cookie, count_up + 80, SUITE_MAC_LEN);
	for (size_t i = 0; i < 8 * sizeof(have); i++) {
		have[i / 8] ^= (uint8_t)(1u << i % 8);
		assert_false(suite_cookie_open(
		    cookie, count_up, count_up + 32, count_up + 56, have));
		have[i / 8] ^= (uint8_t)(1u << i % 8);
	}
}

/*
 * RFC 8439, A.5, whose nonce a counter gives, unlike that of 2.8.2. Its nonce
 * read as a counter is little-endian.
 */
static void
test_chacha20_poly1305_of_rfc8439(void **state)
{
	const char *plain =
	    "Internet-Drafts are draft documents valid for a maximum of six "
	    "months and may be updated, replaced, or obsoleted by other "
	    "documents at any time. It is inappropriate to use "
	    "Internet-Drafts as reference material or to cite them other "
	    "than as /\xe2\x80\x9cwork in progress./\xe2\x80\x9d";
	const char *sealed =
	    "64a0861575861af460f062c79be643bd5e805cfd345cf389f108670ac76c8cb2"
	    "4c6cfc18755d43eea09ee94e382d26b0bdb7b73c321b0100d4f03b7f355894cf"
	    "332f830e710b97ce98c8a84abd0b948114ad176e008d33bd60f982b1ff37c855"
	    "9797a06ef4f0ef61c186324e2b3506383606907b6a7c02b0f9f6157b53c867e4"
	    "b9166c767b804d46a59b5216cde7a4e99040c5a40433225ee282a1b0a06c523e"
	    "af4534d7f83fa1155b0047718cbc546a0d072b04b3564eea1b422273f548271a"
	    "0bb2316053fa76991955ebd63159434ecebb4e466dae5a1073a6727627097a10"
	    "49e617d91d361094fa68f0ff77987130305beaba2eda04df997b714d6c6f2c29"
	    "a6ad5cb4022b02709b eead9d67890cbb22392336fea1851f38";
	const uint64_t counter = UINT64_C(0x0807060504030201);
	uint8_t key[SUITE_KEY_LEN], ad[12], want[281], text[281];
	struct suite_key k;

	(void)state;
	unit_hex(key, sizeof(key),
	    "1c9240a5eb55d38af333888604f6b5f0"
	    "473917c1402b80099dca5cbc207075c0");
	unit_hex(ad, sizeof(ad), "f33388860000000000004e91");
	assert_int_equal(unit_hex(want, sizeof(want), sealed), 281);
	suite_key_init(&k, SUITE_CHACHA20_POLY1305, key);
	memcpy(text, plain, 265);
	suite_seal(&k, counter, ad, sizeof(ad), text, 265);
	assert_memory_equal(text, want, sizeof(want));
	assert_true(suite_open(&k, counter, ad, sizeof(ad), text, 281));
	assert_memory_equal(text, plain, 265);
}

/* Test cases 13 and 14 as above: key and nonce are zeros. */
static void
test_aes256_gcm_of_nist(void **state)
{
	const uint8_t key[SUITE_KEY_LEN] = { 0 };
	uint8_t text[32] = { 0 };
	struct suite_key k;

	(void)state;
	skip_without(SUITE_AES256_GCM);
	suite_key_init(&k, SUITE_AES256_GCM, key);
	suite_seal(&k, 0, NULL, 0, text, 0);
	unit_assert_hex(text, 16, "530f8afbc74536b9a963b4f1c4cb738b");
	memset(text, 0, sizeof(text));
	suite_seal(&k, 0, NULL, 0, text, 16);
	unit_assert_hex(text, 32,
	    "cea7403d4d606b6e074ec5d3baf39d18"
	    "d0d1c8a799996bf0265b98b5d48ab919");
	assert_true(suite_open(&k, 0, NULL, 0, text, 32));
	assert_true(sodium_is_zero(text, 16));
}

/*
 * The counter's place and byte order in the nonce. Made with Python's
 * cryptography 38: AESGCM(bytes(range(32))).encrypt(bytes(4) +
 * 0x0102030405060708.to_bytes(8, "big"), b"lansplice", bytes(range(16)));
 * ChaCha20Poly1305 the same with "little".
 */
static const struct {
	enum suite_cipher cipher;
	const char *sealed;
} nonces[] = {
	{ SUITE_CHACHA20_POLY1305,
	    "9c28c397db55837b01a148848fb20568a5d2a14096c89ab76b" },
	{ SUITE_AES256_GCM,
	    "68300b7dad8d60fd662402814975471ff1e0e9c8ab832d87a2" },
};

static void
check_nonce(enum suite_cipher c, const char *sealed)
{
	const uint64_t counter = UINT64_C(0x0102030405060708);
	struct suite_key k;
	uint8_t text[25];

	memcpy(text, "lansplice", 9);
	suite_key_init(&k, c, count_up);
	suite_seal(&k, counter, count_up, 16, text, 9);
	unit_assert_hex(text, sizeof(text), sealed);
	assert_true(suite_open(&k, counter, count_up, 16, text, 25));
	assert_memory_equal(text, "lansplice", 9);
}

static void
test_nonce_of_chacha20_poly1305(void **state)
{
	(void)state;
	check_nonce(nonces[0].cipher, nonces[0].sealed);
}

static void
test_nonce_of_aes256_gcm(void **state)
{
	(void)state;
	skip_without(SUITE_AES256_GCM);
	check_nonce(nonces[1].cipher, nonces[1].sealed);
}

/* What is opened: a counter, additional data, text and tag. */
struct sealed {
	uint64_t counter;
	uint8_t ad[16];
	uint8_t text[20 + SUITE_TAG_MAX];
	size_t len;
};

/* Zeros; since 1.0.19, GCM's are 0xd0. */
static void
check_destroyed(const uint8_t *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		assert_true(text[i] == 0 || text[i] == 0xd0);
		assert_int_equal(text[i], text[0]);
	}
}

static bool
open_copy(const struct suite_key *k, const struct sealed *s)
{
	uint8_t *text = unit_copy(s->text, s->len);
	const bool good =
	    suite_open(k, s->counter, s->ad, sizeof(s->ad), text, s->len);

	if (!good && s->len >= suite_tag_len(k->cipher))
		check_destroyed(text, s->len - suite_tag_len(k->cipher));
	free(text);
	return good;
}

static void
check_flips(const struct suite_key *k, struct sealed *s)
{
	for (size_t i = 0; i < 8 * s->len; i++) {
		s->text[i / 8] ^= (uint8_t)(1u << i % 8);
		assert_false(open_copy(k, s));
		s->text[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	for (size_t i = 0; i < 8 * sizeof(s->ad); i++) {
		s->ad[i / 8] ^= (uint8_t)(1u << i % 8);
		assert_false(open_copy(k, s));
		s->ad[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	for (int i = 0; i < 64; i++) {
		s->counter ^= UINT64_C(1) << i;
		assert_false(open_copy(k, s));
		s->counter ^= UINT64_C(1) << i;
	}
}

static void
check_tampering(enum suite_cipher c)
{
	struct sealed s = { .counter = 7, .text = "a frame of 20 bytes" };
	struct suite_key k, other;

	suite_key_init(&k, c, count_up);
	suite_key_init(&other, c, count_up + 1);
	suite_seal(&k, s.counter, s.ad, sizeof(s.ad), s.text, 20);
	s.len = 20 + suite_tag_len(c);
	assert_true(open_copy(&k, &s));
	check_flips(&k, &s);
	assert_false(open_copy(&other, &s));
	assert_true(open_copy(&k, &s));
	while (s.len-- > 0)
		assert_false(open_copy(&k, &s));
}

static void
test_tampering_chacha20_poly1305(void **state)
{
	(void)state;
	check_tampering(SUITE_CHACHA20_POLY1305);
}

static void
test_tampering_aes256_gcm(void **state)
{
	(void)state;
	skip_without(SUITE_AES256_GCM);
	check_tampering(SUITE_AES256_GCM);
}

static void
test_tampering_aegis_256(void **state)
{
	(void)state;
	skip_without(SUITE_AEGIS_256);
	check_tampering(SUITE_AEGIS_256);
}

/* As above, with nonce zero and bytes(range(64)) as additional data. */
static void
test_handshake_aead(void **state)
{
	const char *sealed =
	    "74d92c42dd8acfb276e51d5c2b9c524db8a281da806ce81a05";
	uint8_t out[25], plain[9];

	(void)state;
	suite_handshake_seal(
	    out, count_up, count_up, (const uint8_t *)"lansplice", 9);
	unit_assert_hex(out, sizeof(out), sealed);
	assert_true(suite_handshake_open(plain, count_up, count_up, out, 25));
	assert_memory_equal(plain, "lansplice", 9);
	assert_false(
	    suite_handshake_open(plain, count_up, count_up + 1, out, 25));
	assert_false(
	    suite_handshake_open(plain, count_up + 1, count_up, out, 25));
	assert_false(suite_handshake_open(plain, count_up, count_up, out, 24));
	assert_false(suite_handshake_open(plain, count_up, count_up, out, 15));
}

/* RFC 7693, appendix A. */
static void
test_blake2b_of_rfc7693(void **state)
{
	const char *want =
	    "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
	    "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923";
	uint8_t out[SUITE_HASH_LEN];

	(void)state;
	suite_hash(out, "abc", 3, NULL, 0);
	unit_assert_hex(out, sizeof(out), want);
	suite_hash(out, "a", 1, "bc", 2);
	unit_assert_hex(out, sizeof(out), want);
	suite_hash(out, NULL, 0, "abc", 3);
	unit_assert_hex(out, sizeof(out), want);
}

/* Python, with k = bytes(range(32)): hashlib.blake2b(b"label" + k + k,
 * digest_size=32), the same of k alone, and hashlib.blake2b(b"abc",
 * digest_size=N, key=k). */
static void
test_short_and_keyed_hashes(void **state)
{
	uint8_t out[SUITE_KEY_LEN];

	(void)state;
	suite_hash32(out, "label", count_up, count_up);
	unit_assert_hex(out, sizeof(out),
	    "aeab6d29a9624d770f16a44220aefd53"
	    "88d2c6b574186facbc3f74c03b340ed7");
	suite_hash32(out, "", count_up, NULL);
	unit_assert_hex(out, sizeof(out),
	    "cb2f5160fc1f7e05a55ef49d340b48da"
	    "2e5a78099d53393351cd579dd42503d6");
	suite_mac(out, count_up, "abc", 3);
	unit_assert_hex(out, SUITE_MAC_LEN, "1a64be47e4729d951c302ee543f97cf3");
	suite_kdf32(out, count_up, "abc", 3);
	unit_assert_hex(out, sizeof(out),
	    "d63a32d3e44738d7907f964316c241ad"
	    "aba0abfeabc32349677578a15a203f7f");
}

/*
 * Python: with h = hashlib.blake2b, ck = bytes(range(64)) and ikm =
 * bytes(range(64, 96)) or b"": t = hmac.digest(ck, ikm, h); o1 =
 * hmac.digest(t, b"\1", h); o2 = hmac.digest(t, o1 + b"\2", h); o3 likewise.
 */
static const struct {
	size_t ikm_len;
	const char *out[3];
} hkdfs[] = {
	{ 32,
	    { "53a22334fb402fe757480b953f4ea7077e9ea2dfb7f42595792c1b41c210e73c"
	      "dd9f42a3411540b52a39f09330f4c177b6dd94f6a9d3a0f34fd83d3f13a4ea3"
	      "1",
		"2177d1f87d50dbd71ab6f92ae2cb128e9b14be6cc976b8ef3100e8bb1a5059"
		"324dd854b9bfcfa2abe870da9089d323469b70ae63cf4aa8236fbfb83e9eb8"
		"9bcb",
		"cfc5b85ae7d6490993566c9b3b1e04141d4505cc9db3d89617ab10e37615e8"
		"1fe2b824d2c9f8bd080537cc33eb43bd97858950a76351f7fe051620926"
		"3ef800d" } },
	{ 0,
	    { "03be0946afb62e33dcc2e8cb76dfad47663d284d81c0bde963f32a283dede221"
	      "be2b9e3a86fa82934234d2a6ed331fb664a3e670252b9454da9ed2567b435e1"
	      "1",
		"8481b385940ea1ddc1e37243d34e6a00d9e35fe86844b75be2f9d084efcbf4"
		"a9d18c764645baf5262707efcb490c9ddfcc81c78ff75e1e727428f05b9fee"
		"857f",
		"acdbd8e7a251555a14055d23f4f43995042fdfc8178635fd72bac03932f52c"
		"54f608730b82d65ece0ebd610ca58943edaa3a9928715cdfcd309c4e5749e0"
		"3f26" } },
};

static void
check_hkdf(size_t row, int count)
{
	uint8_t out[3][SUITE_HASH_LEN];
	const uint8_t *ikm = hkdfs[row].ikm_len == 0 ? NULL : count_up + 64;

	memset(out, 0xee, sizeof(out));
	suite_hkdf(out, count, count_up, ikm, hkdfs[row].ikm_len);
	for (int i = 0; i < count; i++)
		unit_assert_hex(out[i], SUITE_HASH_LEN, hkdfs[row].out[i]);
	for (size_t i = 0; count < 3 && i < SUITE_HASH_LEN; i++)
		assert_int_equal(out[count][i], 0xee);
}

static void
test_hkdf(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hkdfs); i++)
		for (int count = 1; count <= 3; count++)
			check_hkdf(i, count);
}

/* RFC 7748, 5.2: scalar, u, result. */
static const char *const scalarmults[][3] = {
	{ "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
	    "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
	    "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a2855"
	    "2" },
	{ "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
	    "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
	    "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac795"
	    "7" },
};

static void
test_vectors_of_x25519(void **state)
{
	uint8_t scalar[SUITE_KEY_LEN], u[SUITE_KEY_LEN], out[SUITE_KEY_LEN];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(scalarmults); i++) {
		unit_hex(scalar, sizeof(scalar), scalarmults[i][0]);
		unit_hex(u, sizeof(u), scalarmults[i][1]);
		assert_true(suite_dh(out, scalar, u));
		unit_assert_hex(out, sizeof(out), scalarmults[i][2]);
	}
}

/* RFC 7748, 5.2: each result is the next scalar, each scalar the next u. */
static void
test_x25519_a_thousand_times(void **state)
{
	uint8_t k[SUITE_KEY_LEN] = { 9 }, u[SUITE_KEY_LEN] = { 9 };
	uint8_t out[SUITE_KEY_LEN];

	(void)state;
	for (int i = 1; i <= 1000; i++) {
		assert_true(suite_dh(out, k, u));
		memcpy(u, k, sizeof(u));
		memcpy(k, out, sizeof(k));
		if (i == 1)
			unit_assert_hex(k, sizeof(k),
			    "422c8e7a6227d7bca1350b3e2bb7279f"
			    "7897b87bb6854b783c60e80311ae3079");
	}
	unit_assert_hex(k, sizeof(k),
	    "684cf59ba83309552800ef566f2f4d3c"
	    "1c3887c49360e3875f2eb94d99532c51");
}

/* RFC 7748, 6.1. */
static void
test_x25519_of_rfc7748(void **state)
{
	const char *shared = "4a5d9d5ba4ce2de1728e3bf480350f25"
			     "e07e21c947d19e3376f09b3c1e161742";
	uint8_t a[SUITE_KEY_LEN], b[SUITE_KEY_LEN], public_a[SUITE_KEY_LEN],
	    public_b[SUITE_KEY_LEN], out[SUITE_KEY_LEN];

	(void)state;
	unit_hex(a, sizeof(a),
	    "77076d0a7318a57d3c16c17251b26645"
	    "df4c2f87ebc0992ab177fba51db92c2a");
	unit_hex(b, sizeof(b),
	    "5dab087e624a8a4b79e17f8b83800ee6"
	    "6f3bb1292618b6fd1c2f8b27ff88e0eb");
	assert_true(suite_public_key(public_a, a));
	assert_true(suite_public_key(public_b, b));
	unit_assert_hex(public_a, sizeof(public_a),
	    "8520f0098930a754748b7ddcb43ef75a"
	    "0dbf3a0d26381af4eba4a98eaa9b4e6a");
	assert_true(suite_dh(out, a, public_b));
	unit_assert_hex(out, sizeof(out), shared);
	assert_true(suite_dh(out, b, public_a));
	unit_assert_hex(out, sizeof(out), shared);
}

/* The points of small order, and p - 1, p, p + 1, as in libsodium's and
 * https://cr.yp.to/ecdh.html's lists. */
static const char *const low_orders[] = {
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000000",
	"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
	"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};

static void
test_dh_refuses_low_order_points(void **state)
{
	uint8_t out[SUITE_KEY_LEN], point[SUITE_KEY_LEN];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(low_orders); i++) {
		unit_hex(point, sizeof(point), low_orders[i]);
		assert_false(suite_dh(out, count_up, point));
		point[31] |= 0x80; /* the bit that X25519 ignores */
		assert_false(suite_dh(out, count_up, point));
	}
}

static void
test_names(void **state)
{
	(void)state;
	assert_string_equal(
	    suite_cipher_name(SUITE_CHACHA20_POLY1305), "chacha20-poly1305");
	assert_string_equal(suite_cipher_name(SUITE_AES256_GCM), "aes256-gcm");
	assert_string_equal(suite_cipher_name(SUITE_AEGIS_256), "aegis-256");
	for (int i = 0; i < SUITE_CIPHER_COUNT; i++)
		assert_int_equal(suite_cipher_from_name(
				     suite_cipher_name((enum suite_cipher)i)),
		    i);
	assert_int_equal(suite_cipher_from_name("auto"), -1);
	assert_int_equal(suite_cipher_from_name(""), -1);
	assert_int_equal(suite_cipher_from_name("aes256-gcm "), -1);
}

static void
test_choice_of_ciphers(void **state)
{
	(void)state;
	assert_int_equal(suite_cipher_best(0), -1);
	assert_int_equal(suite_cipher_best(1), SUITE_CHACHA20_POLY1305);
	assert_int_equal(suite_cipher_best(2), SUITE_AES256_GCM);
	assert_int_equal(suite_cipher_best(3), SUITE_AES256_GCM);
	assert_int_equal(suite_cipher_best(4), SUITE_AEGIS_256);
	assert_int_equal(suite_cipher_best(5), SUITE_AEGIS_256);
	assert_int_equal(suite_cipher_best(7), SUITE_AEGIS_256);
	/* Bits that name no cipher are ignored. */
	assert_int_equal(suite_cipher_best(0xfff8), -1);
	assert_int_equal(suite_cipher_best(0xfff9), SUITE_CHACHA20_POLY1305);
	assert_true((suite_ciphers_available() & 1) != 0);
	assert_int_equal(suite_ciphers_available() >> SUITE_CIPHER_COUNT, 0);
	assert_int_equal((suite_ciphers_available() & 2) != 0,
	    crypto_aead_aes256gcm_is_available() != 0);
	assert_int_equal(suite_tag_len(SUITE_CHACHA20_POLY1305), 16);
	assert_int_equal(suite_tag_len(SUITE_AES256_GCM), 16);
	assert_int_equal(suite_tag_len(SUITE_AEGIS_256), 32);
	assert_true(suite_cipher_is_built(SUITE_CHACHA20_POLY1305));
	assert_true(suite_cipher_is_built(SUITE_AES256_GCM));
	/* never libsodium's software */
	const bool aes =
	    sodium_runtime_has_aesni() != 0 && sodium_runtime_has_avx() != 0;
	if (suite_cipher_is_built(SUITE_AEGIS_256) && aes)
		assert_true(has_cipher(SUITE_AEGIS_256));
	else if (sodium_runtime_has_neon() == 0)
		assert_false(has_cipher(SUITE_AEGIS_256));
}

static void
test_equal_and_wipe(void **state)
{
	uint8_t a[16], b[16];

	(void)state;
	memset(a, 0x77, sizeof(a));
	memset(b, 0x77, sizeof(b));
	assert_true(suite_equal(a, b, sizeof(a)));
	for (size_t i = 0; i < 8 * sizeof(a); i++) {
		b[i / 8] ^= (uint8_t)(1u << i % 8);
		assert_false(suite_equal(a, b, sizeof(a)));
		b[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	b[15] = 0;
	assert_true(suite_equal(a, b, 15));
	suite_wipe(a, 15);
	assert_true(sodium_is_zero(a, 15));
	assert_int_equal(a[15], 0x77);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors_of_chacha20_poly1305),
		cmocka_unit_test(test_vectors_of_aes256_gcm),
		cmocka_unit_test(test_vectors_of_xchacha20_poly1305),
		cmocka_unit_test(test_vectors_of_aegis_256),
		cmocka_unit_test(test_chacha20_poly1305_is_libsodiums),
		cmocka_unit_test(test_aes256_gcm_is_libsodiums),
		cmocka_unit_test(test_aegis_256_is_libsodiums),
		cmocka_unit_test(test_aegis_256_that_is_not_built),
		cmocka_unit_test(test_cookie_is_xchacha20_poly1305),
		cmocka_unit_test(test_chacha20_poly1305_of_rfc8439),
		cmocka_unit_test(test_aes256_gcm_of_nist),
		cmocka_unit_test(test_nonce_of_chacha20_poly1305),
		cmocka_unit_test(test_nonce_of_aes256_gcm),
		cmocka_unit_test(test_tampering_chacha20_poly1305),
		cmocka_unit_test(test_tampering_aes256_gcm),
		cmocka_unit_test(test_tampering_aegis_256),
		cmocka_unit_test(test_handshake_aead),
		cmocka_unit_test(test_blake2b_of_rfc7693),
		cmocka_unit_test(test_short_and_keyed_hashes),
		cmocka_unit_test(test_hkdf),
		cmocka_unit_test(test_vectors_of_x25519),
		cmocka_unit_test(test_x25519_a_thousand_times),
		cmocka_unit_test(test_x25519_of_rfc7748),
		cmocka_unit_test(test_dh_refuses_low_order_points),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_choice_of_ciphers),
		cmocka_unit_test(test_equal_and_wipe),
	};
	return cmocka_run_group_tests_name("suite", tests, set_up, NULL);
}
