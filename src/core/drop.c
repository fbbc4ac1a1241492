/* SPDX-License-Identifier: ISC */
#include "core/drop.h"

#include <assert.h>

static const char *const names[] = {
	[DROP_NONE] = "none",
	[DROP_DGRAM_LENGTH] = "dgram_length",
	[DROP_DGRAM_TYPE] = "dgram_type",
	[DROP_DGRAM_TRUNCATED] = "dgram_truncated",
	[DROP_MAC1] = "mac1",
	[DROP_MAC2] = "mac2",
	[DROP_HANDSHAKE_FLOOD] = "handshake_flood",
	[DROP_HANDSHAKE_QUEUE] = "handshake_queue",
	[DROP_HANDSHAKE_TRIES] = "handshake_tries",
	[DROP_HANDSHAKE_INDEX] = "handshake_index",
	[DROP_HANDSHAKE_DH] = "handshake_dh",
	[DROP_HANDSHAKE_OPEN] = "handshake_open",
	[DROP_HANDSHAKE_PEER] = "handshake_peer",
	[DROP_HANDSHAKE_VERSION] = "handshake_version",
	[DROP_HANDSHAKE_FRAME_SIZE] = "handshake_frame_size",
	[DROP_HANDSHAKE_DGRAM_SIZE] = "handshake_dgram_size",
	[DROP_HANDSHAKE_STALE] = "handshake_stale",
	[DROP_HANDSHAKE_RATE] = "handshake_rate",
	[DROP_HANDSHAKE_CROSSED] = "handshake_crossed",
	[DROP_HANDSHAKE_CIPHER] = "handshake_cipher",
	[DROP_HANDSHAKE_CHOICE] = "handshake_choice",
	[DROP_COOKIE] = "cookie",
	[DROP_INDEX] = "index",
	[DROP_KEY_EXPIRED] = "key_expired",
	[DROP_OPEN] = "open",
	[DROP_REPLAY] = "replay",
	[DROP_REPLAY_OLD] = "replay_old",
	[DROP_KIND] = "kind",
	[DROP_CONTROL] = "control",
	[DROP_PROBE_SIZE] = "probe_size",
	[DROP_PROBE_ACK] = "probe_ack",
	[DROP_PATH_RESPONSE] = "path_response",
	[DROP_FRAGMENT_INVALID] = "fragment_invalid",
	[DROP_FRAGMENT_MISMATCH] = "fragment_mismatch",
	[DROP_FRAGMENT_EVICTED] = "fragment_evicted",
	[DROP_FRAGMENT_EXPIRED] = "fragment_expired",
	[DROP_FRAGMENT_COUNT] = "fragment_count",
	[DROP_FRAME_LENGTH] = "frame_length",
	[DROP_FRAME_SOURCE] = "frame_source",
	[DROP_FRAME_OFFLOAD] = "frame_offload",
	[DROP_FRAME_HAIRPIN] = "frame_hairpin",
	[DROP_FRAME_NO_FORWARD] = "frame_no_forward",
	[DROP_FRAME_OWN_TUNNEL] = "frame_own_tunnel",
	[DROP_FDB_FULL] = "fdb_full",
	[DROP_NO_ENDPOINT] = "no_endpoint",
	[DROP_STAGE_FULL] = "stage_full",
	[DROP_STAGE_EXPIRED] = "stage_expired",
	[DROP_POOL] = "pool",
	[DROP_SEND_ROOM] = "send_room",
	[DROP_SEND_SIZE] = "send_size",
	[DROP_SEND_ERROR] = "send_error",
	[DROP_LAN_SEND] = "lan_send",
};
/* A reason in the middle without a name is found by tests/unit/drop_test.c. */
static_assert(ARRAY_LEN(names) == DROP_COUNT, "a reason has no name");

const char *
drop_name(enum drop reason)
{
	if ((size_t)reason >= ARRAY_LEN(names) || names[reason] == NULL)
		return "unknown";
	return names[reason];
}
