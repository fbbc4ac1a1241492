/* SPDX-License-Identifier: ISC */
/*
 * One pair of traffic keys: its counters, its ages, and how a transport
 * message is sealed and opened. Who holds sessions and when they are renewed
 * is core/keys.h's and core/peer.h's business.
 * Source: lansplice-protocol(7), TRANSPORT; limits as WireGuard's
 * messages.h and draft-irtf-cfrg-aead-limits for GCM.
 * Thread: loop. Memory: the caller's.
 */
#ifndef CORE_SESSION_H
#define CORE_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/drop.h"
#include "core/replay.h"
#include "core/suite.h"
#include "core/units.h"
#include "core/wire.h"

#define SESSION_REKEY_AFTER SEC(120)
#define SESSION_REKEY_ON_RECEIPT SEC(165)
#define SESSION_REJECT_AFTER SEC(180)
#define SESSION_REKEY_MESSAGES (UINT64_C(1) << 60)
#define SESSION_REJECT_MESSAGES (UINT64_MAX - (UINT64_C(1) << 13))
#define SESSION_GCM_REKEY_MESSAGES (UINT64_C(1) << 28)
#define SESSION_GCM_REJECT_MESSAGES (UINT64_C(1) << 30)

/* What a handshake yields. */
struct session_keys {
	uint8_t send[SUITE_KEY_LEN];
	uint8_t recv[SUITE_KEY_LEN];
	enum suite_cipher cipher;
	uint32_t local_index;  /* in datagrams that we receive */
	uint32_t remote_index; /* in those that we send */
	bool initiator;
	uint16_t frame_max; /* what the peer accepts, bytes of a frame */
	uint16_t dgram_max; /* and bytes of UDP payload */
};

struct session {
	struct suite_key send, recv;
	struct replay replay;
	uint64_t send_counter; /* the next to use */
	uint64_t born_ns;
	uint32_t local_index; /* 0: no session */
	uint32_t remote_index;
	uint16_t frame_max;
	uint16_t dgram_max;
	uint8_t tag_len;
	bool initiator;
	bool renewed; /* asked for a new one on receipt; once is enough */
};

void session_init(
    struct session *s, const struct session_keys *k, uint64_t now_ns);
void session_wipe(struct session *s);
bool session_exists(const struct session *s);

/* True if count messages may still be sealed under it. */
bool session_can_send(const struct session *s, uint64_t now_ns, uint64_t count);

/* True if sending now obliges this side to make a new session. */
bool session_wants_rekey(const struct session *s, uint64_t now_ns);

/* The same on receipt, true at most once. */
bool session_wants_rekey_on_receipt(struct session *s, uint64_t now_ns);

/* Bytes of UDP payload that text_len bytes of content become. */
size_t session_dgram_len(const struct session *s, size_t text_len);

/*
 * Seals the text_len bytes that lie WIRE_DATA_HEADER behind dgram, in place;
 * dgram has room for session_dgram_len(text_len). Takes the next counter.
 * session_can_send must have said yes.
 */
void session_seal(struct session *s, uint8_t *dgram, size_t text_len);

/*
 * Opens a datagram of len bytes (at least WIRE_DATA_MIN) in place: the
 * content then lies WIRE_DATA_HEADER behind dgram.
 * Returns DROP_NONE, DROP_KEY_EXPIRED, DROP_OPEN, DROP_REPLAY or
 * DROP_REPLAY_OLD; then the bytes may be destroyed.
 */
struct session_opened {
	uint64_t counter;
	size_t text_len;
	bool newest; /* no greater counter was seen */
};
MUST_USE enum drop session_open(struct session *s, uint64_t now_ns,
    uint8_t *dgram, size_t len, struct session_opened *out);

#endif
