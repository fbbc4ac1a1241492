/* SPDX-License-Identifier: ISC */
/*
 * The table of local indices: which handshake or session of which peer a
 * datagram names. Indices are random, not 0, and unique in the table.
 * Source: open addressing with linear probing and deletion by shifting back
 * (Knuth, volume 3, 6.4, algorithm R).
 * Thread: loop. Memory: the caller's.
 */
#ifndef CORE_INDEX_H
#define CORE_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/sink.h"
#include "core/units.h"

struct index_entry {
	uint32_t index; /* 0: free */
	uint32_t peer;
};

struct index_table {
	struct index_entry *entries;
	size_t mask; /* size - 1; the size is a power of two */
	size_t used;
};

/* Bytes of memory for a table of at most count indices. */
size_t index_size(size_t count);

/* memory: index_size(count) bytes. */
void index_init(struct index_table *t, void *memory, size_t count);

/* Draws an index for the peer and adds it. */
uint32_t index_add(
    struct index_table *t, const struct sink *sink, unsigned int peer);

/* Removes an index; 0 and absent ones are ignored. */
void index_remove(struct index_table *t, uint32_t index);

/* False if nobody has that index. */
bool index_find(
    const struct index_table *t, uint32_t index, unsigned int *peer);

#endif
