/* SPDX-License-Identifier: ISC */
#include "core/session.h"

#include <assert.h>

struct session_limits {
	uint64_t rekey, reject; /* messages */
};

static const struct session_limits limits[] = {
	[SUITE_CHACHA20_POLY1305] = { SESSION_REKEY_MESSAGES,
	    SESSION_REJECT_MESSAGES },
	[SUITE_AES256_GCM] = { SESSION_GCM_REKEY_MESSAGES,
	    SESSION_GCM_REJECT_MESSAGES },
	[SUITE_AEGIS_256] = { SESSION_REKEY_MESSAGES, SESSION_REJECT_MESSAGES },
};
static_assert(ARRAY_LEN(limits) == SUITE_CIPHER_COUNT, "a row each");

void
session_init(struct session *s, const struct session_keys *k, uint64_t now_ns)
{
	suite_key_init(&s->send, k->cipher, k->send);
	suite_key_init(&s->recv, k->cipher, k->recv);
	replay_init(&s->replay);
	s->send_counter = 0;
	s->born_ns = now_ns;
	s->local_index = k->local_index;
	s->remote_index = k->remote_index;
	s->frame_max = k->frame_max;
	s->dgram_max = k->dgram_max;
	s->tag_len = (uint8_t)suite_tag_len(k->cipher);
	s->initiator = k->initiator;
	s->renewed = false;
}

void
session_wipe(struct session *s)
{
	suite_wipe(s, sizeof(*s));
}

bool
session_exists(const struct session *s)
{
	return s->local_index != 0;
}

bool
session_can_send(const struct session *s, uint64_t now_ns, uint64_t count)
{
	const uint64_t reject = limits[s->send.cipher].reject;

	return session_exists(s) &&
	    now_ns - s->born_ns < SESSION_REJECT_AFTER &&
	    s->send_counter < reject && count <= reject - s->send_counter;
}

bool
session_wants_rekey(const struct session *s, uint64_t now_ns)
{
	return s->send_counter >= limits[s->send.cipher].rekey ||
	    (s->initiator && now_ns - s->born_ns >= SESSION_REKEY_AFTER);
}

bool
session_wants_rekey_on_receipt(struct session *s, uint64_t now_ns)
{
	if (!s->initiator || s->renewed ||
	    now_ns - s->born_ns < SESSION_REKEY_ON_RECEIPT)
		return false;
	s->renewed = true;
	return true;
}

size_t
session_dgram_len(const struct session *s, size_t text_len)
{
	return WIRE_DATA_HEADER + text_len + s->tag_len;
}

void
session_seal(struct session *s, uint8_t *dgram, size_t text_len)
{
	const struct wire_data header = {
		.receiver = s->remote_index,
		.counter = s->send_counter++,
	};

	wire_put_data(dgram, &header);
	suite_seal(&s->send, header.counter, dgram, WIRE_DATA_HEADER,
	    dgram + WIRE_DATA_HEADER, text_len);
}

enum drop
session_open(struct session *s, uint64_t now_ns, uint8_t *dgram, size_t len,
    struct session_opened *out)
{
	struct wire_data header;

	wire_parse_data(&header, dgram);
	if (now_ns - s->born_ns >= SESSION_REJECT_AFTER ||
	    header.counter >= limits[s->recv.cipher].reject)
		return DROP_KEY_EXPIRED;
	if (len < (size_t)WIRE_DATA_HEADER + s->tag_len ||
	    !suite_open(&s->recv, header.counter, dgram, WIRE_DATA_HEADER,
		dgram + WIRE_DATA_HEADER, len - WIRE_DATA_HEADER))
		return DROP_OPEN;
	out->newest = header.counter >= s->replay.next;
	out->counter = header.counter;
	out->text_len = len - WIRE_DATA_HEADER - s->tag_len;
	return replay_accept(&s->replay, header.counter);
}
