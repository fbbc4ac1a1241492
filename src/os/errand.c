/* SPDX-License-Identifier: ISC */
#include "os/errand.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#define ERRAND_CLOSE_STEP MS(1) /* between two looks at the thread */

struct errand_queue {
	struct errand_job *first;
	struct errand_job **end; /* where the next one goes */
};

struct errand {
	struct loop *loop;
	pthread_t thread;
	pthread_mutex_t lock; /* for all that follows */
	pthread_cond_t wanted;
	struct errand_queue todo;
	struct errand_queue done;
	struct errand_job *current;
	bool stop;      /* the thread ends, and leaves the loop alone */
	bool finished;  /* the thread takes the lock no more */
	bool abandoned; /* nobody waits: the thread frees all this */
};

static void
errand_queue_init(struct errand_queue *q)
{
	q->first = NULL;
	q->end = &q->first;
}

static void
errand_queue_add(struct errand_queue *q, struct errand_job *job)
{
	job->next = NULL;
	*q->end = job;
	q->end = &job->next;
}

static struct errand_job *
errand_queue_remove(struct errand_queue *q)
{
	struct errand_job *job = q->first;

	if (job == NULL)
		return NULL;
	q->first = job->next;
	if (q->first == NULL)
		q->end = &q->first;
	return job;
}

static void
errand_queue_forget(struct errand_queue *q)
{
	struct errand_job *job;

	while ((job = errand_queue_remove(q)) != NULL)
		job->busy = false;
}

static void
errand_free(struct errand *e)
{
	pthread_cond_destroy(&e->wanted);
	pthread_mutex_destroy(&e->lock);
	free(e);
}

/* Does jobs until told to stop; called with the lock. The loop is woken
 * under it, so that it is not touched after errand_close has set stop. */
static void
errand_work(struct errand *e)
{
	while (!e->stop) {
		e->current = errand_queue_remove(&e->todo);
		if (e->current == NULL) {
			pthread_cond_wait(&e->wanted, &e->lock);
			continue;
		}
		struct errand_job *job = e->current;

		pthread_mutex_unlock(&e->lock);
		job->work(job);
		pthread_mutex_lock(&e->lock);
		if (e->stop)
			break;
		e->current = NULL;
		errand_queue_add(&e->done, job);
		loop_wake(e->loop);
	}
}

static void *
errand_main(void *arg)
{
	struct errand *e = arg;

	pthread_mutex_lock(&e->lock);
	errand_work(e);
	e->finished = true;
	const bool abandoned = e->abandoned;
	pthread_mutex_unlock(&e->lock);
	if (abandoned)
		errand_free(e);
	return NULL;
}

/* On the loop. The queue is emptied first: a done that submits its job anew
 * must not keep us here. */
static void
errand_deliver(void *ctx)
{
	struct errand *e = ctx;

	pthread_mutex_lock(&e->lock);
	struct errand_job *job = e->done.first;
	errand_queue_init(&e->done);
	pthread_mutex_unlock(&e->lock);

	while (job != NULL) {
		struct errand_job *next = job->next;

		job->busy = false;
		job->done(job);
		job = next;
	}
}

/* A thread inherits the mask of its maker; signals are the loop's. */
static int
errand_start(struct errand *e)
{
	sigset_t all, before;

	sigfillset(&all);
	int error = pthread_sigmask(SIG_SETMASK, &all, &before);
	if (error == 0) {
		error = pthread_create(&e->thread, NULL, errand_main, e);
		(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	}
	return error;
}

/* True once the thread is through; false, and all is the thread's, if it is
 * not in time. macOS cannot wait for a condition by a clock that nobody
 * sets, hence the short sleeps. */
static bool
errand_await(struct errand *e)
{
	const struct timespec step = { .tv_nsec = (long)ERRAND_CLOSE_STEP };
	bool finished = false;

	for (uint64_t ns = 0; !finished; ns += ERRAND_CLOSE_STEP) {
		pthread_mutex_lock(&e->lock);
		finished = e->finished;
		e->abandoned = !finished && ns >= ERRAND_CLOSE_WAIT;
		const bool abandoned = e->abandoned;
		pthread_mutex_unlock(&e->lock);
		if (abandoned)
			return false;
		if (!finished)
			(void)nanosleep(&step, NULL);
	}
	return true;
}

struct errand *
errand_open(struct loop *l)
{
	struct errand *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return NULL;
	e->loop = l;
	errand_queue_init(&e->todo);
	errand_queue_init(&e->done);
	pthread_mutex_init(&e->lock, NULL);
	pthread_cond_init(&e->wanted, NULL);
	int error = loop_add_wake(l, errand_deliver, e) != 0 ? errno : 0;
	if (error == 0)
		error = errand_start(e);
	if (error != 0) {
		loop_remove_wake(l, errand_deliver, e);
		errand_free(e);
		errno = error;
		return NULL;
	}
	return e;
}

void
errand_close(struct errand *e)
{
	if (e == NULL)
		return;
	const pthread_t thread = e->thread;

	loop_remove_wake(e->loop, errand_deliver, e);
	pthread_mutex_lock(&e->lock);
	e->stop = true;
	errand_queue_forget(&e->todo);
	errand_queue_forget(&e->done);
	pthread_cond_signal(&e->wanted);
	pthread_mutex_unlock(&e->lock);
	if (!errand_await(e)) {
		pthread_detach(thread);
		return;
	}
	pthread_join(thread, NULL);
	if (e->current != NULL)
		e->current->busy = false;
	errand_free(e);
}

bool
errand_submit(struct errand *e, struct errand_job *job)
{
	if (job->busy)
		return false;
	job->busy = true;
	pthread_mutex_lock(&e->lock);
	errand_queue_add(&e->todo, job);
	pthread_cond_signal(&e->wanted);
	pthread_mutex_unlock(&e->lock);
	return true;
}
