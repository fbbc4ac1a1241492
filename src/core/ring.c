/* SPDX-License-Identifier: ISC */
#include "core/ring.h"

#include <assert.h>
#include <stdalign.h>
#include <stdatomic.h>

/*
 * Both counters only grow; the slot is what the mask leaves of them. Each is
 * written by one side, and on a cache line of its own, so that neither side
 * slows the other down by writing.
 */
struct ring {
	unsigned int mask;                      /* slots - 1 */
	size_t stride;                          /* bytes from slot to slot */
	alignas(RING_ALIGN) atomic_uint filled; /* by the producer */
	atomic_ullong full;
	alignas(RING_ALIGN) atomic_uint freed; /* by the consumer */
	alignas(RING_ALIGN) atomic_bool stalled;
	uint32_t lens[RING_SLOTS_MAX];
	alignas(RING_ALIGN) uint8_t slots[];
};

static size_t
slot_stride(size_t frame_max)
{
	return RING_HEAD +
	    (frame_max + RING_ALIGN - 1) / RING_ALIGN * RING_ALIGN;
}

unsigned int
ring_slots(size_t frame_max)
{
	unsigned int n = RING_SLOTS_MAX;

	while (n > 1 && n * slot_stride(frame_max) > RING_BYTES_MAX)
		n /= 2;
	return n;
}

size_t
ring_size(size_t frame_max)
{
	return sizeof(struct ring) +
	    ring_slots(frame_max) * slot_stride(frame_max);
}

struct ring *
ring_init(void *memory, size_t frame_max)
{
	struct ring *r = memory;

	assert((uintptr_t)memory % RING_ALIGN == 0);
	r->mask = ring_slots(frame_max) - 1;
	r->stride = slot_stride(frame_max);
	atomic_init(&r->filled, 0);
	atomic_init(&r->freed, 0);
	atomic_init(&r->full, 0);
	atomic_init(&r->stalled, false);
	return r;
}

/* Acquire: what the consumer read of a slot came before it was freed. */
unsigned int
ring_room(const struct ring *r)
{
	const unsigned int filled =
	    atomic_load_explicit(&r->filled, memory_order_relaxed);

	return r->mask + 1 -
	    (filled - atomic_load_explicit(&r->freed, memory_order_acquire));
}

static unsigned int
free_index(const struct ring *r, unsigned int i)
{
	return (atomic_load_explicit(&r->filled, memory_order_relaxed) + i) &
	    r->mask;
}

uint8_t *
ring_slot(struct ring *r, unsigned int i)
{
	return r->slots + free_index(r, i) * r->stride + RING_HEAD;
}

void
ring_fill(struct ring *r, unsigned int i, size_t len)
{
	assert(len <= r->stride - RING_HEAD);
	r->lens[free_index(r, i)] = (uint32_t)len;
}

/* Release: the consumer sees the frames that it is told of. */
void
ring_publish(struct ring *r, unsigned int n)
{
	const unsigned int filled =
	    atomic_load_explicit(&r->filled, memory_order_relaxed);

	atomic_store_explicit(&r->filled, filled + n, memory_order_release);
}

/*
 * The flag is set before freed is looked at again, and ring_release writes
 * freed before it looks at the flag, all in one order (seq_cst): so either
 * we see the room or the consumer sees the flag.
 */
bool
ring_stall(struct ring *r)
{
	const unsigned int filled =
	    atomic_load_explicit(&r->filled, memory_order_relaxed);

	atomic_fetch_add_explicit(&r->full, 1, memory_order_relaxed);
	atomic_store(&r->stalled, true);
	if (filled - atomic_load(&r->freed) > r->mask)
		return true;
	/* The consumer may have taken the flag already; then it tells us
	 * for nothing. */
	atomic_store(&r->stalled, false);
	return false;
}

unsigned int
ring_count(const struct ring *r)
{
	const unsigned int freed =
	    atomic_load_explicit(&r->freed, memory_order_relaxed);

	return atomic_load_explicit(&r->filled, memory_order_acquire) - freed;
}

struct frame
ring_frame(struct ring *r, unsigned int i)
{
	const unsigned int slot =
	    (atomic_load_explicit(&r->freed, memory_order_relaxed) + i) &
	    r->mask;

	return (struct frame){
		.data = r->slots + slot * r->stride + RING_HEAD,
		.len = r->lens[slot],
		.gso = FRAME_GSO_NONE,
	};
}

bool
ring_release(struct ring *r, unsigned int n)
{
	const unsigned int freed =
	    atomic_load_explicit(&r->freed, memory_order_relaxed);

	if (n == 0)
		return false;
	atomic_store(&r->freed, freed + n);
	return atomic_load(&r->stalled) && atomic_exchange(&r->stalled, false);
}

uint64_t
ring_full(const struct ring *r)
{
	return atomic_load_explicit(&r->full, memory_order_relaxed);
}
