/* SPDX-License-Identifier: ISC */
#include "core/keys.h"

#include <assert.h>

struct session *
keys_find(struct keys *k, uint32_t local_index)
{
	for (int i = 0; i < KEYS_SLOTS; i++)
		if (session_exists(&k->slot[i]) &&
		    k->slot[i].local_index == local_index)
			return &k->slot[i];
	return NULL;
}

static void
keys_empty(struct session **role, struct index_table *indices)
{
	if (*role == NULL)
		return;
	index_remove(indices, (*role)->local_index);
	session_wipe(*role);
	*role = NULL;
}

static struct session *
keys_free_slot(struct keys *k)
{
	for (int i = 0; i < KEYS_SLOTS; i++)
		if (!session_exists(&k->slot[i]))
			return &k->slot[i];
	assert(false);
	return NULL;
}

void
keys_add_current(struct keys *k, struct index_table *indices,
    const struct session_keys *s, uint64_t now_ns)
{
	keys_empty(&k->previous, indices);
	if (k->next != NULL) {
		keys_empty(&k->current, indices);
		k->previous = k->next;
		k->next = NULL;
	} else {
		k->previous = k->current;
	}
	k->current = keys_free_slot(k);
	session_init(k->current, s, now_ns);
}

void
keys_add_next(struct keys *k, struct index_table *indices,
    const struct session_keys *s, uint64_t now_ns)
{
	keys_empty(&k->next, indices);
	keys_empty(&k->previous, indices);
	k->next = keys_free_slot(k);
	session_init(k->next, s, now_ns);
}

bool
keys_confirm(
    struct keys *k, struct index_table *indices, const struct session *s)
{
	if (s != k->next)
		return false;
	keys_empty(&k->previous, indices);
	k->previous = k->current;
	k->current = k->next;
	k->next = NULL;
	return true;
}

void
keys_drop(struct keys *k, struct index_table *indices, const struct session *s)
{
	const bool with_next = s == k->next;
	const bool with_current = with_next || s == k->current;

	keys_empty(&k->previous, indices);
	if (with_current)
		keys_empty(&k->current, indices);
	if (with_next)
		keys_empty(&k->next, indices);
}

void
keys_wipe(struct keys *k, struct index_table *indices)
{
	keys_empty(&k->previous, indices);
	keys_empty(&k->current, indices);
	keys_empty(&k->next, indices);
}
