/* SPDX-License-Identifier: ISC */
/*
 * Stand-in for libdispatch: serial queues, each with a thread that its first
 * item starts, and counting semaphores.
 * Source: apple-oss-distributions/libdispatch 1542.0.4, dispatch/queue.h,
 * dispatch/semaphore.h, src/semaphore.c.
 * Memory: an item is one of the queue's own, so that dispatch_async_f
 * allocates nothing; a queue lives until its last reference and item is gone.
 */
#include <dispatch/dispatch.h>

#include <Block.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "inner.h"

enum {
	ITEMS = 256,    /* of one queue that wait at a time */
	TIMED_OUT = 49, /* KERN_OPERATION_TIMED_OUT, mach/kern_return.h */
};

enum kind { QUEUE, SEMAPHORE };

struct object {
	enum kind kind;
	atomic_uint refs;
};

struct item {
	dispatch_function_t work;
	void *ctx;
};

struct dispatch_queue_s {
	struct object object;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	pthread_t thread;
	bool started, ended;
	unsigned int head, count;
	struct item items[ITEMS];
};

struct dispatch_semaphore_s {
	struct object object;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	intptr_t value, first, waiters;
};

struct sync {
	dispatch_function_t work;
	void *ctx;
	dispatch_semaphore_t done;
};

/* The true clock; a test may have moved the other (--wrap). */
int __real_clock_gettime(clockid_t id, struct timespec *t);

static atomic_ulong threads;
static _Thread_local dispatch_queue_t current;

static _Noreturn void
crash(const char *why)
{
	fprintf(stderr, "shim: dispatch: %s\n", why);
	abort();
}

static void *
allocate(size_t size, enum kind kind)
{
	struct object *o = calloc(1, size);

	if (o == NULL)
		crash("no memory");
	o->kind = kind;
	atomic_init(&o->refs, 1);
	return o;
}

static struct object *
object_of(dispatch_object_t o)
{
	return (struct object *)o._dq;
}

int
shim_thread(pthread_t *t, void *(*fn)(void *), void *ctx)
{
	sigset_t all, old;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int err = pthread_create(t, NULL, fn, ctx);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return err;
}

unsigned long
shim_dispatch_threads(void)
{
	return atomic_load(&threads);
}

static void
queue_free(dispatch_queue_t q)
{
	pthread_cond_destroy(&q->cond);
	pthread_mutex_destroy(&q->lock);
	free(q);
}

/* The last reference is gone, so that no item waits or runs. */
static void
queue_end(dispatch_queue_t q)
{
	pthread_mutex_lock(&q->lock);
	bool started = q->started;
	q->ended = true;
	pthread_cond_signal(&q->cond);
	pthread_mutex_unlock(&q->lock);
	if (started)
		pthread_join(q->thread, NULL);
	queue_free(q);
}

/* False when the queue has ended. */
static bool
queue_next(dispatch_queue_t q, struct item *out)
{
	pthread_mutex_lock(&q->lock);
	while (q->count == 0 && !q->ended)
		pthread_cond_wait(&q->cond, &q->lock);
	bool more = q->count > 0;
	if (more) {
		*out = q->items[q->head];
		q->head = (q->head + 1) % ITEMS;
		q->count--;
	}
	pthread_mutex_unlock(&q->lock);
	return more;
}

/* Drops the reference that an item had. True: it was the last. */
static bool
queue_drop(dispatch_queue_t q)
{
	return atomic_fetch_sub(&q->object.refs, 1) == 1;
}

static void *
queue_run(void *ctx)
{
	dispatch_queue_t q = ctx;
	struct item i;

	current = q;
	while (queue_next(q, &i)) {
		i.work(i.ctx);
		if (queue_drop(q)) {
			pthread_detach(q->thread);
			queue_free(q);
			break;
		}
	}
	atomic_fetch_sub(&threads, 1);
	return NULL;
}

/* With the lock. */
static void
queue_start(dispatch_queue_t q)
{
	if (q->started)
		return;
	if (shim_thread(&q->thread, queue_run, q) != 0)
		crash("no thread");
	atomic_fetch_add(&threads, 1);
	q->started = true;
}

dispatch_queue_t
dispatch_queue_create(const char *label, dispatch_queue_attr_t attr)
{
	(void)label;
	if (attr != DISPATCH_QUEUE_SERIAL)
		crash("only serial queues are here");

	dispatch_queue_t q = allocate(sizeof(*q), QUEUE);

	pthread_mutex_init(&q->lock, NULL);
	pthread_cond_init(&q->cond, NULL);
	return q;
}

void
dispatch_async_f(
    dispatch_queue_t queue, void *context, dispatch_function_t work)
{
	atomic_fetch_add(&queue->object.refs, 1);
	pthread_mutex_lock(&queue->lock);
	if (queue->count == ITEMS)
		crash("too many items wait in a queue");
	queue->items[(queue->head + queue->count++) % ITEMS] =
	    (struct item){ .work = work, .ctx = context };
	queue_start(queue);
	pthread_cond_signal(&queue->cond);
	pthread_mutex_unlock(&queue->lock);
}

static void
run_sync(void *ctx)
{
	struct sync *s = ctx;

	s->work(s->ctx);
	dispatch_semaphore_signal(s->done);
}

void
dispatch_sync_f(dispatch_queue_t queue, void *context, dispatch_function_t work)
{
	/* src/queue.c: "dispatch_sync called on queue already owned by
	 * current thread" ends a program on a Mac. */
	if (current == queue)
		crash("dispatch_sync on the queue that runs");

	struct sync s = { .work = work, .ctx = context };

	s.done = dispatch_semaphore_create(0);
	dispatch_async_f(queue, &s, run_sync);
	dispatch_semaphore_wait(s.done, DISPATCH_TIME_FOREVER);
	dispatch_release(s.done);
}

static void
run_block(void *ctx)
{
	((dispatch_block_t)ctx)();
}

static void
run_copy(void *ctx)
{
	run_block(ctx);
	_Block_release(ctx);
}

void
dispatch_async(dispatch_queue_t queue, dispatch_block_t block)
{
	dispatch_async_f(queue, (void *)Block_copy(block), run_copy);
}

void
dispatch_sync(dispatch_queue_t queue, dispatch_block_t block)
{
	dispatch_sync_f(queue, (void *)block, run_block);
}

dispatch_semaphore_t
dispatch_semaphore_create(intptr_t value)
{
	pthread_condattr_t a;

	if (value < 0)
		return NULL;

	dispatch_semaphore_t s = allocate(sizeof(*s), SEMAPHORE);

	s->value = s->first = value;
	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&a);
	pthread_condattr_setclock(&a, CLOCK_MONOTONIC);
	pthread_cond_init(&s->cond, &a);
	pthread_condattr_destroy(&a);
	return s;
}

static void
semaphore_end(dispatch_semaphore_t s)
{
	if (s->value < s->first)
		crash("semaphore released while in use, src/semaphore.c 59");
	pthread_cond_destroy(&s->cond);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

/* False on a timeout. With the lock. */
static bool
semaphore_sleep(dispatch_semaphore_t s, dispatch_time_t timeout)
{
	if (timeout == DISPATCH_TIME_FOREVER)
		return pthread_cond_wait(&s->cond, &s->lock) == 0;
	if (timeout == DISPATCH_TIME_NOW)
		return false;

	struct timespec t = { .tv_sec = (time_t)(timeout / NSEC_PER_SEC),
		.tv_nsec = (long)(timeout % NSEC_PER_SEC) };

	return pthread_cond_timedwait(&s->cond, &s->lock, &t) == 0;
}

intptr_t
dispatch_semaphore_wait(dispatch_semaphore_t dsema, dispatch_time_t timeout)
{
	bool more = true;

	pthread_mutex_lock(&dsema->lock);
	dsema->waiters++;
	while (dsema->value == 0 && more)
		more = semaphore_sleep(dsema, timeout);
	dsema->waiters--;
	bool got = dsema->value > 0;
	if (got)
		dsema->value--;
	pthread_mutex_unlock(&dsema->lock);
	return got ? 0 : TIMED_OUT;
}

intptr_t
dispatch_semaphore_signal(dispatch_semaphore_t dsema)
{
	/* Who waits may release it before this call is through. */
	dispatch_retain(dsema);
	pthread_mutex_lock(&dsema->lock);
	dsema->value++;
	bool woken = dsema->waiters > 0;
	pthread_cond_signal(&dsema->cond);
	pthread_mutex_unlock(&dsema->lock);
	dispatch_release(dsema);
	return woken;
}

void
dispatch_retain(dispatch_object_t object)
{
	atomic_fetch_add(&object_of(object)->refs, 1);
}

void
dispatch_release(dispatch_object_t object)
{
	struct object *o = object_of(object);

	if (atomic_fetch_sub(&o->refs, 1) != 1)
		return;
	if (o->kind == QUEUE)
		queue_end(object._dq);
	else
		semaphore_end(object._dsema);
}

dispatch_time_t
dispatch_time(dispatch_time_t when, int64_t delta)
{
	struct timespec t;

	if (when == DISPATCH_TIME_FOREVER)
		return when;
	if (when != DISPATCH_TIME_NOW)
		crash("dispatch_time from NOW or FOREVER only");
	__real_clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NSEC_PER_SEC + (uint64_t)t.tv_nsec +
	    (uint64_t)delta;
}
