/* SPDX-License-Identifier: ISC */
/*
 * The ring by itself, and between two threads: what goes in comes out, once,
 * in order and whole, and nobody waits for ever. TSan runs this too.
 */
#include "core/ring.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
	FRAME = 1514,
	JUMBO = 9014,
	LARGEST = 65550, /* bytes; max_packet_size with segmentation */
	PASSED = 200000, /* frames from thread to thread */
};

static struct ring *
make_ring(size_t frame_max)
{
	void *memory = aligned_alloc(RING_ALIGN,
	    (ring_size(frame_max) + RING_ALIGN - 1) / RING_ALIGN * RING_ALIGN);

	assert_non_null(memory);
	memset(memory, 0xa5, ring_size(frame_max));
	return ring_init(memory, frame_max);
}

struct size_row {
	size_t frame_max;
	unsigned int slots;
};

static const struct size_row size_rows[] = {
	{ 14, RING_SLOTS_MAX },
	{ FRAME, RING_SLOTS_MAX },
	{ 2 * FRAME, 1024 },
	{ JUMBO, 256 },
	{ FRAME_MAX, 128 },
	{ LARGEST, 32 },
};

static void
test_sizes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(size_rows); i++) {
		const struct size_row *row = &size_rows[i];
		const size_t stride =
		    RING_HEAD + (row->frame_max + 63) / 64 * 64;

		assert_int_equal(ring_slots(row->frame_max), row->slots);
		assert_true(row->slots * stride <= RING_BYTES_MAX);
		assert_true(ring_size(row->frame_max) >= row->slots * stride);
	}
}

static void
put(struct ring *r, unsigned int i, uint32_t number, size_t len)
{
	uint8_t *slot = ring_slot(r, i);

	assert_int_equal((uintptr_t)slot % RING_ALIGN, 0);
	memset(slot - RING_HEAD, 0xee, RING_HEAD);
	memset(slot, (int)(number & 0xff), len);
	memcpy(slot, &number, sizeof(number));
	ring_fill(r, i, len);
}

static void
check(struct ring *r, unsigned int i, uint32_t number, size_t len)
{
	const struct frame f = ring_frame(r, i);
	uint32_t found;

	assert_int_equal(f.len, len);
	assert_int_equal(f.gso, FRAME_GSO_NONE);
	assert_int_equal(f.csum_start + f.csum_offset, 0);
	memcpy(&found, f.data, sizeof(found));
	assert_int_equal(found, number);
	for (size_t at = sizeof(found); at < len; at++)
		assert_int_equal(f.data[at], number & 0xff);
}

/* Every slot of the largest ring, several times round, with full length. */
static void
test_order_and_wrap(void **state)
{
	struct ring *r = make_ring(LARGEST);
	const unsigned int slots = ring_slots(LARGEST);
	uint32_t in = 0, out = 0;

	(void)state;
	assert_int_equal(ring_room(r), slots);
	assert_int_equal(ring_count(r), 0);
	for (unsigned int round = 0; round < 40; round++) {
		const unsigned int n = 1 + round % slots;

		for (unsigned int i = 0; i < n; i++)
			put(r, i, in + i, i % 2 == 0 ? LARGEST : 14);
		assert_int_equal(ring_count(r), 0); /* not published yet */
		ring_publish(r, n);
		assert_int_equal(ring_count(r), n);
		assert_int_equal(ring_room(r), slots - n);
		for (unsigned int i = 0; i < n; i++)
			check(r, i, out + i, i % 2 == 0 ? LARGEST : 14);
		assert_false(ring_release(r, n));
		in += n;
		out += n;
	}
	free(r);
}

static void
test_stall_is_told_once(void **state)
{
	struct ring *r = make_ring(FRAME);
	const unsigned int slots = ring_slots(FRAME);

	(void)state;
	for (unsigned int i = 0; i < slots; i++)
		put(r, i, i, 60);
	ring_publish(r, slots);
	assert_int_equal(ring_room(r), 0);
	assert_int_equal(ring_full(r), 0);
	assert_true(ring_stall(r));
	assert_false(ring_release(r, 0)); /* no room yet: not now */
	assert_true(ring_release(r, 1));
	assert_false(ring_release(r, 1));
	assert_int_equal(ring_room(r), 2);
	assert_false(ring_stall(r)); /* there is room by now */
	assert_false(ring_release(r, 1));
	assert_int_equal(ring_full(r), 2);
	free(r);
}

/* Two threads. The producer sleeps when it stalls, until it is told. */

struct pass {
	struct ring *ring;
	pthread_mutex_t lock;
	pthread_cond_t told;
	bool go_on;
};

static void
wait_told(struct pass *p)
{
	pthread_mutex_lock(&p->lock);
	while (!p->go_on)
		pthread_cond_wait(&p->told, &p->lock);
	p->go_on = false;
	pthread_mutex_unlock(&p->lock);
}

static void
tell(struct pass *p)
{
	pthread_mutex_lock(&p->lock);
	p->go_on = true;
	pthread_cond_signal(&p->told);
	pthread_mutex_unlock(&p->lock);
}

static void *
produce(void *arg)
{
	struct pass *p = arg;
	uint32_t next = 0;

	while (next < PASSED) {
		unsigned int n = ring_room(p->ring);

		if (n == 0) {
			if (ring_stall(p->ring))
				wait_told(p);
			continue;
		}
		n = n > 1 + next % 7 ? 1 + next % 7 : n;
		for (unsigned int i = 0; i < n; i++, next++) {
			memcpy(ring_slot(p->ring, i), &next, sizeof(next));
			ring_fill(p->ring, i, 60 + next % 1000);
		}
		ring_publish(p->ring, n);
	}
	return NULL;
}

static void
consume(struct pass *p)
{
	uint32_t next = 0;

	while (next < PASSED) {
		const unsigned int n = ring_count(p->ring);

		if (n == 0)
			sched_yield();
		for (unsigned int i = 0; i < n; i++, next++) {
			const struct frame f = ring_frame(p->ring, i);
			uint32_t found;

			memcpy(&found, f.data, sizeof(found));
			assert_int_equal(found, next);
			assert_int_equal(f.len, 60 + next % 1000);
		}
		if (ring_release(p->ring, n))
			tell(p);
	}
}

static void
test_two_threads(void **state)
{
	static const size_t frames[] = { FRAME, LARGEST };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(frames); i++) {
		struct pass p = {
			.ring = make_ring(frames[i]),
			.lock = PTHREAD_MUTEX_INITIALIZER,
			.told = PTHREAD_COND_INITIALIZER,
		};
		pthread_t thread;

		assert_int_equal(pthread_create(&thread, NULL, produce, &p), 0);
		consume(&p);
		assert_int_equal(pthread_join(thread, NULL), 0);
		free(p.ring);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_order_and_wrap),
		cmocka_unit_test(test_stall_is_told_once),
		cmocka_unit_test(test_two_threads),
	};

	return cmocka_run_group_tests_name("ring", tests, NULL, NULL);
}
