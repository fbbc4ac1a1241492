/* SPDX-License-Identifier: ISC */
#include "os/errand.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	JOBS = 100,
};

struct test_job {
	struct errand_job job; /* first, so that one is the other */
	struct loop *loop;
	struct errand *errand;
	int number;
	int works;
	int dones;
	int again; /* how often done submits it anew */
	pthread_t worker;
	bool blocked;
	int *order; /* number of the job done last */
	int wait_fd;
	bool last;
};

static uint64_t
wait_for_ever(void *ctx)
{
	(void)ctx;
	return NEVER;
}

static void
work(struct errand_job *job)
{
	struct test_job *t = (struct test_job *)job;

	t->works++;
	t->worker = pthread_self();
}

static void
done(struct errand_job *job)
{
	struct test_job *t = (struct test_job *)job;

	assert_false(job->busy);
	t->dones++;
	if (t->order != NULL) {
		assert_int_equal(*t->order, t->number - 1);
		*t->order = t->number;
	}
	if (t->again > 0) {
		t->again--;
		assert_true(errand_submit(t->errand, job));
	} else if (t->last) {
		loop_stop(t->loop);
	}
}

static void
test_jobs_in_order(void **state)
{
	struct loop *l = loop_open();
	struct errand *e = errand_open(l);
	static struct test_job jobs[JOBS];
	int order = -1;

	(void)state;
	assert_non_null(e);
	for (int i = 0; i < JOBS; i++) {
		jobs[i] = (struct test_job){
			.job = { .work = work, .done = done },
			.loop = l,
			.number = i,
			.order = &order,
			.last = i == JOBS - 1,
		};
		assert_true(errand_submit(e, &jobs[i].job));
	}
	assert_true(jobs[JOBS - 1].job.busy);
	assert_int_equal(loop_run(l, wait_for_ever, NULL), 0);
	for (int i = 0; i < JOBS; i++) {
		assert_int_equal(jobs[i].works, 1);
		assert_int_equal(jobs[i].dones, 1);
		assert_false(jobs[i].job.busy);
		assert_false(pthread_equal(jobs[i].worker, pthread_self()));
	}
	errand_close(e);
	loop_close(l);
}

static void
test_done_submits_anew(void **state)
{
	struct loop *l = loop_open();
	struct errand *e = errand_open(l);
	struct test_job t = {
		.job = { .work = work, .done = done },
		.loop = l,
		.errand = e,
		.again = JOBS,
		.last = true,
	};

	(void)state;
	assert_true(errand_submit(e, &t.job));
	assert_false(errand_submit(e, &t.job)); /* under way */
	assert_int_equal(loop_run(l, wait_for_ever, NULL), 0);
	assert_int_equal(t.works, JOBS + 1);
	assert_int_equal(t.dones, JOBS + 1);
	errand_close(e);
	loop_close(l);
}

static void
work_look_at_signals(struct errand_job *job)
{
	struct test_job *t = (struct test_job *)job;
	sigset_t mask;

	t->blocked = pthread_sigmask(SIG_SETMASK, NULL, &mask) == 0 &&
	    sigismember(&mask, SIGTERM) == 1 &&
	    sigismember(&mask, SIGHUP) == 1 && sigismember(&mask, SIGINT) == 1;
}

static void
test_signals_are_blocked_there_alone(void **state)
{
	struct loop *l = loop_open();
	struct errand *e = errand_open(l);
	struct test_job t = {
		.job = { .work = work_look_at_signals, .done = done },
		.loop = l,
		.last = true,
	};
	sigset_t mask;

	(void)state;
	assert_true(errand_submit(e, &t.job));
	assert_int_equal(loop_run(l, wait_for_ever, NULL), 0);
	assert_true(t.blocked);
	assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &mask), 0);
	assert_int_equal(sigismember(&mask, SIGTERM), 0);
	errand_close(e);
	loop_close(l);
}

/* Tells that it began, and goes on when the pipe's far end is closed. */
static void
work_until_eof(struct errand_job *job)
{
	struct test_job *t = (struct test_job *)job;
	char c;

	t->works++;
	loop_wake(t->loop);
	while (read(t->wait_fd, &c, 1) == -1 && errno == EINTR)
		continue;
	close(t->wait_fd);
}

static void
on_wake_stop(void *ctx)
{
	loop_stop(ctx);
}

/* Closing while a job hangs: it comes back, the loop hears nothing more, and
 * the thread cleans up when it gets that far (ASan would tell). */
static void
test_close_leaves_a_job_that_hangs(void **state)
{
	struct loop *l = loop_open();
	struct errand *e = errand_open(l);
	static struct test_job hangs, waits;
	int fd[2];

	(void)state;
	assert_int_equal(pipe(fd), 0);
	hangs = (struct test_job){
		.job = { .work = work_until_eof, .done = done },
		.loop = l,
		.wait_fd = fd[0],
	};
	waits = (struct test_job){ .job = { .work = work, .done = done } };
	assert_int_equal(loop_add_wake(l, on_wake_stop, l), 0);
	assert_true(errand_submit(e, &hangs.job));
	assert_true(errand_submit(e, &waits.job));
	assert_int_equal(loop_run(l, wait_for_ever, NULL), 0);
	errand_close(e);
	assert_true(hangs.job.busy);
	assert_false(waits.job.busy);
	loop_wake(l);
	assert_int_equal(loop_run(l, wait_for_ever, NULL), 0);
	loop_close(l);
	close(fd[1]);
	assert_int_equal(waits.works, 0);
	assert_int_equal(hangs.dones + waits.dones, 0);
}

/* A job done whose done was not called before errand_close never is. */
static void
test_close_forgets_what_is_done(void **state)
{
	struct loop *l = loop_open();
	struct errand *e = errand_open(l);
	struct test_job t = { .job = { .work = work, .done = done } };

	(void)state;
	assert_true(errand_submit(e, &t.job));
	errand_close(e);
	assert_false(t.job.busy);
	assert_in_range(t.works, 0, 1);
	assert_int_equal(loop_add_wake(l, on_wake_stop, l), 0);
	loop_wake(l);
	assert_int_equal(loop_run(l, wait_for_ever, NULL), 0);
	assert_int_equal(t.dones, 0);
	loop_close(l);
	errand_close(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_jobs_in_order),
		cmocka_unit_test(test_done_submits_anew),
		cmocka_unit_test(test_signals_are_blocked_there_alone),
		cmocka_unit_test(test_close_leaves_a_job_that_hangs),
		cmocka_unit_test(test_close_forgets_what_is_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
