/* SPDX-License-Identifier: ISC */
/*
 * Slow errands off the loop thread: name look-ups, writing to disk.
 * One thread runs jobs one after the other; what it finishes comes back to
 * the loop.
 * Thread: errand_* belong to the loop; job->work runs on the errand thread
 * and may touch nothing but its job; job->done runs on the loop.
 * Memory: errand_open allocates; jobs are the caller's and stay put while
 * they are under way.
 */
#ifndef OS_ERRAND_H
#define OS_ERRAND_H

#include <stdbool.h>

#include "core/units.h"
#include "os/loop.h"

#define ERRAND_CLOSE_WAIT SEC(1) /* for the job under way */

struct errand;

struct errand_job {
	void (*work)(struct errand_job *job); /* errand thread */
	void (*done)(struct errand_job *job); /* loop thread */
	struct errand_job *next;              /* the module's */
	bool busy; /* from submit until done is called */
};

/* Starts the thread (all signals blocked in it). NULL with errno. */
struct errand *errand_open(struct loop *l);

/*
 * Waits ERRAND_CLOSE_WAIT for the job that runs; one that takes longer (a name
 * server that does not answer) is left to the end of the process. Jobs not
 * begun are forgotten; done is not called any more. Not from within done.
 * NULL is fine.
 */
void errand_close(struct errand *e);

/* Queues a job; false (and nothing happens) if it is under way already. */
bool errand_submit(struct errand *e, struct errand_job *job);

#endif
