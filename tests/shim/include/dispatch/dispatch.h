/* SPDX-License-Identifier: ISC */
/*
 * Stand-in for Apple's <dispatch/dispatch.h>: serial queues and semaphores,
 * tests/shim/dispatch.c.
 * Source: apple-oss-distributions/libdispatch, libdispatch-1542.0.4, file and
 * line beside each item. What is not here was not needed.
 */
#ifndef SHIM_DISPATCH_DISPATCH_H
#define SHIM_DISPATCH_DISPATCH_H

#include <stddef.h>
#include <stdint.h>

/* dispatch/time.h lines 55 to 58. */
#define NSEC_PER_SEC 1000000000ull
#define NSEC_PER_MSEC 1000000ull
#define USEC_PER_SEC 1000000ull
#define NSEC_PER_USEC 1000ull

/* dispatch/time.h lines 72, 78 and 79. */
typedef uint64_t dispatch_time_t;
#define DISPATCH_TIME_NOW (0ull)
#define DISPATCH_TIME_FOREVER (~0ull)

/* dispatch/object.h line 142, as plain C has it. */
typedef struct dispatch_queue_s *dispatch_queue_t;
typedef struct dispatch_queue_attr_s *dispatch_queue_attr_t;
typedef struct dispatch_semaphore_s *dispatch_semaphore_t;

/* dispatch/object.h lines 127 to 140; the kinds that exist here. */
typedef union {
	struct dispatch_queue_s *_dq;
	struct dispatch_semaphore_s *_dsema;
} dispatch_object_t __attribute__((__transparent_union__));

/* dispatch/base.h line 371; dispatch/object.h line 240. */
typedef void (*dispatch_function_t)(void *);
typedef void (^dispatch_block_t)(void);

/* dispatch/queue.h line 755. */
#define DISPATCH_QUEUE_SERIAL NULL

_Static_assert(sizeof(dispatch_time_t) == 8, "dispatch/time.h line 72");
_Static_assert(sizeof(dispatch_object_t) == sizeof(void *),
    "dispatch/object.h line 140: passed as the pointer it holds");

/* dispatch/object.h lines 274 and 302. */
void dispatch_retain(dispatch_object_t object);
void dispatch_release(dispatch_object_t object);

/* dispatch/queue.h line 1122; attr: only DISPATCH_QUEUE_SERIAL here. */
__attribute__((__warn_unused_result__)) dispatch_queue_t dispatch_queue_create(
    const char *label, dispatch_queue_attr_t attr);

/* dispatch/queue.h lines 269, 300, 344 and 373. */
void dispatch_async(dispatch_queue_t queue, dispatch_block_t block);
void dispatch_async_f(
    dispatch_queue_t queue, void *context, dispatch_function_t work);
void dispatch_sync(dispatch_queue_t queue, dispatch_block_t block);
void dispatch_sync_f(
    dispatch_queue_t queue, void *context, dispatch_function_t work);

/* dispatch/semaphore.h lines 66, 94 and 117. wait: 0, or not on a timeout. */
__attribute__((__warn_unused_result__)) dispatch_semaphore_t
dispatch_semaphore_create(intptr_t value);
intptr_t dispatch_semaphore_wait(
    dispatch_semaphore_t dsema, dispatch_time_t timeout);
intptr_t dispatch_semaphore_signal(dispatch_semaphore_t dsema);

/* dispatch/time.h line 109; when: only DISPATCH_TIME_NOW or FOREVER here. */
dispatch_time_t dispatch_time(dispatch_time_t when, int64_t delta);

#endif
