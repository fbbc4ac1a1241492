/* SPDX-License-Identifier: ISC */
/*
 * What is to happen, ordered by time; at the same time, by when it was put.
 * Memory: grows as needed; queue_wipe frees it, but not what events point to.
 */
#ifndef SIM_QUEUE_H
#define SIM_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct world;
struct event;
typedef void event_fn(struct world *w, const struct event *e);

struct event {
	uint64_t at_ns;
	uint64_t order;
	event_fn *fn;
	unsigned int a, b; /* mostly numbers of hosts */
	uint64_t arg;
	void *ptr;
};

struct queue {
	struct event *heap;
	size_t count, room;
	uint64_t puts;
};

void queue_put(struct queue *q, const struct event *e);
/* False if there is none at or before until_ns. */
bool queue_take(struct queue *q, uint64_t until_ns, struct event *out);
void queue_wipe(struct queue *q);

#endif
