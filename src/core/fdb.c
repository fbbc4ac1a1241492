/* SPDX-License-Identifier: ISC */
#include "core/fdb.h"

#include <assert.h>
#include <stdbool.h>

static_assert((FDB_SLOTS / FDB_BUCKET & (FDB_SLOTS / FDB_BUCKET - 1)) == 0,
    "a power of two");

/* Set in every key, so that no station is all zeros, which means free. */
static const uint64_t station_used = UINT64_C(1) << 63;

static uint64_t
station_key(const uint8_t mac[static FRAME_MAC_LEN], uint16_t vlan)
{
	uint64_t key = vlan;

	for (int i = 0; i < FRAME_MAC_LEN; i++)
		key = key << 8 | mac[i];
	return key | station_used;
}

/* The finaliser of splitmix64 over key and seed. */
static struct fdb_entry *
fdb_bucket(const struct fdb *t, uint64_t key)
{
	uint64_t h = key ^ t->seed;

	h = (h ^ h >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	h = (h ^ h >> 27) * UINT64_C(0x94d049bb133111eb);
	h ^= h >> 31;
	return t->entries + h % (FDB_SLOTS / FDB_BUCKET) * FDB_BUCKET;
}

static bool
entry_aged(const struct fdb_entry *e, uint64_t now_ns)
{
	return now_ns - e->heard_ns >= FDB_AGE;
}

static struct fdb_entry *
fdb_entry(const struct fdb *t, uint64_t key)
{
	struct fdb_entry *bucket = fdb_bucket(t, key);

	for (int i = 0; i < FDB_BUCKET; i++)
		if (bucket[i].station == key)
			return &bucket[i];
	return NULL;
}

static void
fdb_remove(struct fdb *t, struct fdb_entry *e)
{
	t->port_count[e->port]--;
	t->used--;
	e->station = 0;
}

size_t
fdb_size(unsigned int ports)
{
	return FDB_SLOTS * sizeof(struct fdb_entry) + ports * sizeof(uint32_t);
}

void
fdb_init(struct fdb *t, void *memory, unsigned int ports, uint64_t seed)
{
	t->entries = memory;
	t->port_count = (uint32_t *)(void *)(t->entries + FDB_SLOTS);
	t->ports = ports;
	t->used = 0;
	t->seed = seed;
	t->swept_ns = 0;
}

/* Removes the aged; at most once a second, for it looks at all of them. */
static void
fdb_sweep(struct fdb *t, uint64_t now_ns)
{
	if (now_ns - t->swept_ns < FDB_SWEEP_PAUSE)
		return;
	t->swept_ns = now_ns;
	for (struct fdb_entry *e = t->entries; e < t->entries + FDB_SLOTS; e++)
		if (e->station != 0 && entry_aged(e, now_ns))
			fdb_remove(t, e);
}

static struct fdb_entry *
fdb_free_entry(const struct fdb *t, uint64_t key)
{
	struct fdb_entry *bucket = fdb_bucket(t, key);

	for (int i = 0; i < FDB_BUCKET; i++)
		if (bucket[i].station == 0)
			return &bucket[i];
	return NULL;
}

static bool
fdb_port_full(const struct fdb *t, unsigned int port)
{
	return port != FDB_PORT_LAN && t->port_count[port] >= FDB_PORT_MAX;
}

/* True if the station, known (at e) or not, cannot be put behind the port. */
static bool
fdb_is_full(const struct fdb *t, unsigned int port, uint64_t key,
    const struct fdb_entry *e)
{
	return fdb_port_full(t, port) ||
	    (e == NULL &&
		(t->used >= FDB_ENTRIES || fdb_free_entry(t, key) == NULL));
}

enum drop
fdb_learn(struct fdb *t, uint64_t now_ns,
    const uint8_t mac[static FRAME_MAC_LEN], uint16_t vlan, unsigned int port)
{
	const uint64_t key = station_key(mac, vlan);
	struct fdb_entry *e = fdb_entry(t, key);

	assert(port < t->ports);
	if (e != NULL && e->port == port) {
		e->heard_ns = now_ns;
		return DROP_NONE;
	}
	if (fdb_is_full(t, port, key, e)) {
		fdb_sweep(t, now_ns);
		e = fdb_entry(t, key);
		if (fdb_is_full(t, port, key, e))
			return DROP_FDB_FULL;
	}
	if (e != NULL) /* it moved */
		fdb_remove(t, e);
	e = fdb_free_entry(t, key);
	*e = (struct fdb_entry){
		.station = key, .heard_ns = now_ns, .port = port
	};
	t->port_count[port]++;
	t->used++;
	return DROP_NONE;
}

int
fdb_find(const struct fdb *t, uint64_t now_ns,
    const uint8_t mac[static FRAME_MAC_LEN], uint16_t vlan)
{
	const struct fdb_entry *e = fdb_entry(t, station_key(mac, vlan));

	return e == NULL || entry_aged(e, now_ns) ? FDB_PORT_NONE
						  : (int)e->port;
}

void
fdb_forget_port(struct fdb *t, unsigned int port)
{
	for (struct fdb_entry *e = t->entries;
	     t->port_count[port] > 0 && e < t->entries + FDB_SLOTS; e++)
		if (e->station != 0 && e->port == port)
			fdb_remove(t, e);
}

void
fdb_each(const struct fdb *t, uint64_t now_ns,
    void (*fn)(void *ctx, const struct fdb_station *s), void *ctx)
{
	for (const struct fdb_entry *e = t->entries;
	     t->used > 0 && e < t->entries + FDB_SLOTS; e++) {
		if (e->station == 0 || entry_aged(e, now_ns))
			continue;
		struct fdb_station s = {
			.vlan = (uint16_t)(e->station >> 48 & 0xfff),
			.port = e->port,
			.age_ns = now_ns - e->heard_ns,
		};
		for (int i = 0; i < FRAME_MAC_LEN; i++)
			s.mac[i] = (uint8_t)(e->station >> (40 - 8 * i));
		fn(ctx, &s);
	}
}
