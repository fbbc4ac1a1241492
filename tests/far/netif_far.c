/* SPDX-License-Identifier: ISC */
/*
 * The far side of a ping on one machine: an interface that is none. Behind it
 * is no system but a responder (responder.h) with the addresses that the
 * configuration names, so that nothing it answers can have gone any other way
 * than through the tunnel. It needs no rights.
 * The daemon with this in place of the system's interface is build/far/
 * lansplice. What else the configuration says of the interface does not matter.
 */
#include "os/netif.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "os/log.h"
#include "responder.h"

enum {
	/* One batch handed out, which stays valid, and one that waits. */
	QUEUE_LEN = 2 * NETIF_BATCH,
	QUESTION_MAX = FRAME_MAX - RESPONDER_GROWTH, /* bytes */
};

_Static_assert((int)RESPONDER_ADDRS_MAX == (int)NETIF_ADDRS_MAX,
    "the responder has all addresses");

struct slot {
	size_t len;
	uint8_t head[NETIF_HEAD];
	uint8_t data[FRAME_MAX];
};

struct netif {
	struct loop *loop;
	loop_fn *fn;
	void *ctx;
	struct drop_counts *drops;
	struct responder responder;
	unsigned int first; /* slot that is the oldest */
	unsigned int count; /* slots in use */
	unsigned int lent;  /* of them handed out by the last netif_recv */
	struct slot slots[QUEUE_LEN];
};

struct netif *
netif_open(const struct netif_config *c, struct loop *l)
{
	struct netif *n = calloc(1, sizeof(*n));

	if (n == NULL) {
		log_error("no memory for %d frames", QUEUE_LEN);
		return NULL;
	}
	assert(c->addr_count <= NETIF_ADDRS_MAX);
	n->loop = l;
	n->drops = c->drops;
	memcpy(n->responder.mac, c->mac, FRAME_MAC_LEN);
	for (unsigned int i = 0; i < c->addr_count; i++)
		n->responder.addrs[i] = c->addrs[i].ip;
	n->responder.addr_count = c->addr_count;
	return n;
}

void
netif_close(struct netif *n)
{
	if (n == NULL)
		return;
	if (n->fn != NULL)
		loop_remove_wake(n->loop, n->fn, n->ctx);
	free(n);
}

int
netif_watch(struct netif *n, loop_fn *fn, void *ctx)
{
	if (loop_add_wake(n->loop, fn, ctx) == -1)
		return -1;
	n->fn = fn;
	n->ctx = ctx;
	return 0;
}

const char *
netif_name(const struct netif *n)
{
	(void)n;
	return "far";
}

void
netif_mac(const struct netif *n, uint8_t out[static FRAME_MAC_LEN])
{
	memcpy(out, n->responder.mac, FRAME_MAC_LEN);
}

/* What is left would wait for the next answer; so the loop comes again. */
int
netif_recv(struct netif *n, struct frame *out, int max)
{
	assert(max > 0 && max <= NETIF_BATCH);
	n->first = (n->first + n->lent) % QUEUE_LEN;
	n->count -= n->lent;
	for (n->lent = 0; n->lent < n->count && (int)n->lent < max; n->lent++) {
		struct slot *s = &n->slots[(n->first + n->lent) % QUEUE_LEN];

		out[n->lent] = (struct frame){
			.data = s->data,
			.len = s->len,
			.gso = FRAME_GSO_NONE,
		};
	}
	if (n->lent < n->count)
		loop_wake(n->loop);
	return (int)n->lent;
}

static bool
take_frame(struct netif *n, const struct frame *f)
{
	struct slot *s = &n->slots[(n->first + n->count) % QUEUE_LEN];

	if (f->gso != FRAME_GSO_NONE || f->csum_start != 0 ||
	    f->csum_offset != 0 || f->len > QUESTION_MAX ||
	    n->count == QUEUE_LEN)
		return false;
	s->len = responder_answer(&n->responder, f->data, f->len, s->data);
	n->count += s->len > 0;
	return true;
}

void
netif_send(struct netif *n, const struct frame *frames, int count)
{
	for (int i = 0; i < count; i++)
		if (!take_frame(n, &frames[i]))
			drop_add(n->drops, DROP_LAN_SEND);
	if (n->count > n->lent)
		loop_wake(n->loop);
}

/* It cannot fail, so nothing is ever to be repaired. */
void
netif_check(struct netif *n, bool woke)
{
	(void)n;
	(void)woke;
}

uint64_t
netif_tick(struct netif *n, uint64_t now_ns)
{
	(void)n;
	(void)now_ns;
	return NEVER;
}

struct netif_counts
netif_count(const struct netif *n)
{
	(void)n;
	return (struct netif_counts){ .restarts = 0 };
}

int
netif_list(void (*fn)(void *ctx, const char *name), void *ctx)
{
	(void)fn;
	(void)ctx;
	errno = ENOTSUP;
	return -1;
}
