/* SPDX-License-Identifier: ISC */
#include "core/cookie.h"

#include <string.h>

#include "core/wire.h"

void
cookie_mac1_key(uint8_t out[static SUITE_KEY_LEN],
    const uint8_t public_key[static SUITE_KEY_LEN],
    const uint8_t network_id[static SUITE_KEY_LEN])
{
	suite_hash32(out, "mac1----", public_key, network_id);
}

void
cookie_put_macs(
    uint8_t *msg, size_t len, const uint8_t mac1_key[static SUITE_KEY_LEN])
{
	uint8_t *mac1 = msg + len - WIRE_MACS_LEN;

	suite_mac(mac1, mac1_key, msg, len - WIRE_MACS_LEN);
	memset(mac1 + SUITE_MAC_LEN, 0, SUITE_MAC_LEN);
}

enum drop
cookie_check_mac1(const uint8_t *msg, size_t len,
    const uint8_t mac1_key[static SUITE_KEY_LEN])
{
	uint8_t mac[SUITE_MAC_LEN];

	suite_mac(mac, mac1_key, msg, len - WIRE_MACS_LEN);
	return suite_equal(mac, msg + len - WIRE_MACS_LEN, sizeof(mac))
	    ? DROP_NONE
	    : DROP_MAC1;
}
