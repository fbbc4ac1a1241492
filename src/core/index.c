/* SPDX-License-Identifier: ISC */
#include "core/index.h"

#include <assert.h>
#include <string.h>

static size_t
index_capacity(size_t count)
{
	size_t n = 16;

	while (n < 2 * count)
		n *= 2;
	return n;
}

size_t
index_size(size_t count)
{
	return index_capacity(count) * sizeof(struct index_entry);
}

void
index_init(struct index_table *t, void *memory, size_t count)
{
	t->entries = memory;
	t->mask = index_capacity(count) - 1;
	t->used = 0;
	memset(memory, 0, index_size(count));
}

/* Where the index is, or the free place where it would go. Indices are
 * random, so their low bits hash well. */
static size_t
index_slot(const struct index_table *t, uint32_t index)
{
	size_t i = index & t->mask;

	while (t->entries[i].index != 0 && t->entries[i].index != index)
		i = (i + 1) & t->mask;
	return i;
}

uint32_t
index_add(struct index_table *t, const struct sink *sink, unsigned int peer)
{
	uint32_t index;
	size_t i;

	assert(t->used < t->mask);
	do {
		sink->random(sink->ctx, (uint8_t *)&index, sizeof(index));
		i = index_slot(t, index);
	} while (index == 0 || t->entries[i].index != 0);
	t->entries[i] = (struct index_entry){ .index = index, .peer = peer };
	t->used++;
	return index;
}

void
index_remove(struct index_table *t, uint32_t index)
{
	if (index == 0)
		return;

	size_t hole = index_slot(t, index);
	if (t->entries[hole].index == 0)
		return;
	for (size_t i = (hole + 1) & t->mask; t->entries[i].index != 0;
	     i = (i + 1) & t->mask) {
		const size_t home = t->entries[i].index & t->mask;

		/* Move it unless its home lies behind the hole. */
		if (((i - home) & t->mask) < ((i - hole) & t->mask))
			continue;
		t->entries[hole] = t->entries[i];
		hole = i;
	}
	t->entries[hole].index = 0;
	t->used--;
}

bool
index_find(const struct index_table *t, uint32_t index, unsigned int *peer)
{
	if (index == 0)
		return false;

	const size_t i = index_slot(t, index);
	*peer = t->entries[i].peer;
	return t->entries[i].index != 0;
}
