/* SPDX-License-Identifier: ISC */
#include "forge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

size_t
forge_seal(struct session *s, const uint8_t *text, size_t len, uint8_t *dgram)
{
	if (len > 0)
		memcpy(dgram + WIRE_DATA_HEADER, text, len);
	session_seal(s, dgram, len);
	return session_dgram_len(s, len);
}

struct handshake_self
forge_self(const struct net_host *h)
{
	struct handshake_self self = { .ciphers = h->config.ciphers,
		.frame_max = 1518,
		.dgram_max = UINT16_MAX };

	memcpy(self.keys.private_key, h->config.private_key, SUITE_KEY_LEN);
	memcpy(self.network_id, h->config.network_id, SUITE_KEY_LEN);
	assert_int_equal(handshake_self_init(&self), DROP_NONE);
	return self;
}

void
forge_initiation(const struct handshake_self *self, const struct net_host *to,
    uint64_t timestamp, uint8_t out[static WIRE_INITIATION_LEN])
{
	struct handshake_fresh fresh = { .index = 0x12345678,
		.timestamp = timestamp };
	struct handshake_remote remote = { .psk = { 0 } };
	struct handshake hs;

	memset(fresh.ephemeral, 0x77, sizeof(fresh.ephemeral));
	assert_true(
	    suite_public_key(remote.public_key, to->config.private_key));
	handshake_remote_init(&remote, self);
	assert_int_equal(
	    handshake_initiation_create(&hs, self, &remote, &fresh, out),
	    DROP_NONE);
}

struct wire_offer
forge_offer(const struct net_host *to, const struct net_dgram *d)
{
	const struct handshake_self self = forge_self(to);
	struct handshake hs;
	struct wire_offer offer;

	assert_int_equal(d->len, WIRE_INITIATION_LEN);
	assert_int_equal(
	    handshake_initiation_open(&hs, &self, d->data), DROP_NONE);
	assert_int_equal(
	    handshake_initiation_consume(&hs, &self, d->data, &offer),
	    DROP_NONE);
	return offer;
}
