/* SPDX-License-Identifier: ISC */
#include "queue.h"

#include <stdlib.h>

enum { QUEUE_ROOM = 256 }; /* events at first */

static bool
is_before(const struct event *x, const struct event *y)
{
	return x->at_ns != y->at_ns ? x->at_ns < y->at_ns : x->order < y->order;
}

void
queue_put(struct queue *q, const struct event *e)
{
	size_t i = q->count++;
	struct event new = *e;

	if (q->count > q->room) {
		q->room = q->room == 0 ? QUEUE_ROOM : 2 * q->room;
		q->heap = realloc(q->heap, q->room * sizeof(*q->heap));
		if (q->heap == NULL)
			abort();
	}
	new.order = q->puts++;
	for (; i > 0 && is_before(&new, &q->heap[(i - 1) / 2]); i = (i - 1) / 2)
		q->heap[i] = q->heap[(i - 1) / 2];
	q->heap[i] = new;
}

bool
queue_take(struct queue *q, uint64_t until_ns, struct event *out)
{
	size_t i = 0;

	if (q->count == 0 || q->heap[0].at_ns > until_ns)
		return false;
	*out = q->heap[0];
	const struct event last = q->heap[--q->count];
	for (;;) {
		size_t child = 2 * i + 1;

		if (child + 1 < q->count &&
		    is_before(&q->heap[child + 1], &q->heap[child]))
			child++;
		if (child >= q->count || !is_before(&q->heap[child], &last))
			break;
		q->heap[i] = q->heap[child];
		i = child;
	}
	q->heap[i] = last;
	return true;
}

void
queue_wipe(struct queue *q)
{
	free(q->heap);
	*q = (struct queue){ .count = 0 };
}
