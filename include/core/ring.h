/* SPDX-License-Identifier: ISC */
/*
 * Frames from one thread to another: a ring of fixed slots, each with head
 * room, filled in place by one producer and read in place by one consumer.
 * Neither waits for the other. A producer that finds no room says so, and the
 * consumer learns from ring_release that it has to be told.
 * Source: Lamport, "Specifying Concurrent Program Modules" (1983), section 2;
 * C11 7.17.
 * Thread: ring_room to ring_stall are the producer's, ring_count to
 * ring_release the consumer's, ring_full anyone's; ring_init comes before
 * both.
 * Memory: ring_size() bytes of the caller's, aligned to RING_ALIGN.
 */
#ifndef CORE_RING_H
#define CORE_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/frame.h"
#include "core/units.h"

enum {
	RING_ALIGN = 64,          /* bytes; a cache line */
	RING_HEAD = 64,           /* bytes free in front of a frame */
	RING_BYTES_MAX = 4 << 20, /* of all slots; ring_slots */
	RING_SLOTS_MAX = 2048,    /* frames; as many of 1500 bytes fit */
};

struct ring;

/* How many slots a ring for frames of up to frame_max bytes has, a power of
 * two; and the bytes that it needs. frame_max is at most 65,600. */
unsigned int ring_slots(size_t frame_max);
size_t ring_size(size_t frame_max);

/* Empties it, whatever the memory held. */
struct ring *ring_init(void *memory, size_t frame_max);

/* The producer. How many slots are free. */
unsigned int ring_room(const struct ring *r);

/* Where the i-th free slot's frame goes, i < ring_room(): frame_max bytes. */
uint8_t *ring_slot(struct ring *r, unsigned int i);

/* Its length in bytes; in any order, each before it is published. */
void ring_fill(struct ring *r, unsigned int i, size_t len);

/* Hands the first n free slots to the consumer. */
void ring_publish(struct ring *r, unsigned int n);

/*
 * Tells that there was no room. True: the consumer will be told to say when
 * there is. False: there is room by now. Counted by ring_full.
 */
bool ring_stall(struct ring *r);

/* The consumer. How many frames wait. */
unsigned int ring_count(const struct ring *r);

/* The i-th waiting frame, i < ring_count(); it stays where it is. */
struct frame ring_frame(struct ring *r, unsigned int i);

/* Gives the first n frames back. True: the producer stalled and waits to hear
 * that there is room; told once for each stall. */
MUST_USE bool ring_release(struct ring *r, unsigned int n);

/* How often the producer found no room. */
uint64_t ring_full(const struct ring *r);

#endif
