/* SPDX-License-Identifier: ISC */
/*
 * What the parts of the stand-in for vmnet share: vmnet.c (the calls), desc.c
 * (what a start may ask), lan.c (the far side), control.c (the switches).
 * Thread: any, unless said otherwise.
 */
#ifndef SHIM_INNER_H
#define SHIM_INNER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vmnet/vmnet.h>

#include "shim.h"

/* The switches; their names and meanings are in shim.h. */
enum shim_knob {
	KNOB_MEMORY,
	KNOB_START_NULL,
	KNOB_START_MUTE,
	KNOB_START_FAIL,
	KNOB_START_STATUS,
	KNOB_START_DELAY,
	KNOB_START_EARLY,
	KNOB_START_LATE,
	KNOB_PACKET_MAX,
	KNOB_ADDRESS_LATE,
	KNOB_CALLBACK_FAIL,
	KNOB_CALLBACK_STATUS,
	KNOB_READ_MAX,
	KNOB_READ_FAIL,
	KNOB_READ_STATUS,
	KNOB_READ_DELAY,
	KNOB_CLOBBER,
	KNOB_REARM,
	KNOB_WRITE_MAX,
	KNOB_WRITE_FAIL,
	KNOB_WRITE_STATUS,
	KNOB_WRITE_SHORT,
	KNOB_STOP_FAIL,
	KNOB_STOP_STATUS,
	KNOB_STOP_MUTE,
	KNOB_STOP_DELAY,
	KNOB_STOP_EVENT,
	KNOB_QUEUE,
	KNOB_COUNT
};

/* control.c: reads SHIM_VMNET and serves SHIM_CONTROL, once in a process. */
void shim_wake(void);
long shim_knob(enum shim_knob k);
/* One of "the next N": true N times. */
bool shim_knob_take(enum shim_knob k);

/* vmnet.c: to all interfaces that run. */
enum shim_harm { HARM_SPURIOUS, HARM_DEAD, HARM_ADDRESS, HARM_BRIDGE };
void shim_harm(enum shim_harm h);
void shim_count_reset(void);

/* desc.c: VMNET_SUCCESS, or what is wrong with the descriptor. */
vmnet_return_t shim_desc(xpc_object_t desc, struct shim_ask *out);

/* dispatch.c: a thread that gets no signal. 0, or an errno. */
int shim_thread(pthread_t *t, void *(*fn)(void *), void *ctx);

/*
 * lan.c: the far side. A TAP, a network card, or memory. `in` is called on a
 * thread of the far side's own. NULL with errno.
 */
struct lan;
typedef void lan_fn(void *ctx, const uint8_t *frame, size_t len);
struct lan *lan_open(const struct shim_ask *ask, lan_fn *in, void *ctx);
uint64_t lan_mtu(const struct lan *l);
/* These three not at the same time. */
void lan_write(struct lan *l, const uint8_t *frame, size_t len);
void lan_lose_address(struct lan *l);
void lan_lose_bridge(struct lan *l);
void lan_close(struct lan *l);
void lan_reset(void);

#endif
