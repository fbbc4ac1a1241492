/* SPDX-License-Identifier: ISC */
#include "core/transmit.h"

#include <string.h>

#include "core/fragment.h"
#include "core/offload.h"
#include "core/wire.h"

enum drop
transmit_plain(const struct sink *sink, const struct path *to,
    const uint8_t *msg, size_t len)
{
	uint8_t *dgram = sink->dgram_reserve(sink->ctx, to, len);

	if (dgram == NULL)
		return DROP_SEND_ROOM;
	memcpy(dgram, msg, len);
	sink->dgram_commit(sink->ctx, len);
	return DROP_NONE;
}

/* Room for text_len bytes of content; they begin WIRE_DATA_HEADER later. */
static uint8_t *
transmit_reserve(const struct transmit *t, size_t text_len)
{
	return t->sink->dgram_reserve(
	    t->sink->ctx, t->to, session_dgram_len(t->session, text_len));
}

static void
transmit_commit(const struct transmit *t, uint8_t *dgram, size_t text_len)
{
	session_seal(t->session, dgram, text_len);
	t->sink->dgram_commit(
	    t->sink->ctx, session_dgram_len(t->session, text_len));
}

enum drop
transmit_text(const struct transmit *t, const uint8_t *text, size_t len)
{
	uint8_t *dgram = transmit_reserve(t, len);

	if (dgram == NULL)
		return DROP_SEND_ROOM;
	if (len > 0)
		memcpy(dgram + WIRE_DATA_HEADER, text, len);
	transmit_commit(t, dgram, len);
	return DROP_NONE;
}

static enum drop
transmit_whole(const struct transmit *t, const struct frame *f)
{
	uint8_t *dgram = transmit_reserve(t, WIRE_KIND_LEN + f->len);

	if (dgram == NULL)
		return DROP_SEND_ROOM;
	dgram[WIRE_DATA_HEADER] = WIRE_FRAME;
	memcpy(dgram + WIRE_DATA_HEADER + WIRE_KIND_LEN, f->data, f->len);
	if (t->mss_clamp)
		offload_clamp_mss(dgram + WIRE_DATA_HEADER + WIRE_KIND_LEN,
		    f->len,
		    t->path_size -
			session_dgram_len(t->session, WIRE_KIND_LEN));
	transmit_commit(t, dgram, WIRE_KIND_LEN + f->len);
	return DROP_NONE;
}

static enum drop
transmit_piece(const struct transmit *t, const struct frame *f,
    const struct wire_fragment *piece)
{
	const size_t len = fragment_len(piece);
	uint8_t *dgram = transmit_reserve(t, WIRE_FRAGMENT_HEADER + len);

	if (dgram == NULL)
		return DROP_SEND_ROOM;
	wire_put_fragment(dgram + WIRE_DATA_HEADER, piece);
	memcpy(dgram + WIRE_DATA_HEADER + WIRE_FRAGMENT_HEADER,
	    f->data + fragment_offset(piece), len);
	transmit_commit(t, dgram, WIRE_FRAGMENT_HEADER + len);
	return DROP_NONE;
}

static enum drop
transmit_pieces(
    const struct transmit *t, uint64_t now_ns, const struct frame *f)
{
	struct wire_fragment piece;
	enum drop why =
	    fragment_plan(&piece, f->len, t->path_size, t->session->tag_len);

	if (why != DROP_NONE)
		return why;
	if (!session_can_send(t->session, now_ns, piece.count))
		return DROP_KEY_EXPIRED;
	for (; why == DROP_NONE && piece.index < piece.count; piece.index++)
		why = transmit_piece(t, f, &piece);
	return why;
}

enum drop
transmit_frame(const struct transmit *t, uint64_t now_ns, const struct frame *f)
{
	if (f->len > t->session->frame_max)
		return DROP_FRAME_LENGTH;
	if (session_dgram_len(t->session, WIRE_KIND_LEN + f->len) <=
	    t->path_size)
		return transmit_whole(t, f);
	return transmit_pieces(t, now_ns, f);
}
