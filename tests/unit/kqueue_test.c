/* SPDX-License-Identifier: ISC */
/*
 * What os/loop.c relies on in kqueue(2). Meant to pass on a true kqueue as
 * well as on ours, so it asks nothing that only one of them does.
 */
#include <sys/types.h>

#include <sys/event.h>

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/units.h"

enum {
	EVENTS = 16,
	PAIRS = 100,
	SMALL = 7, /* events of a batch */
	THREADS = 4,
	TRIGGERS = 1000, /* of each thread */
	ROUNDS = 100,
};

static const struct timespec no_time = { .tv_sec = 0 };
/* Of an event that never comes; no test that passes waits so long. */
static const struct timespec long_time = { .tv_sec = 10 };

struct fixture {
	int kq;
	int fd[2]; /* a pair of stream sockets */
	int tag;   /* its address is udata */
	int other_tag;
};

static void
open_pair(int fd[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
}

static void
setup(struct fixture *f)
{
	f->kq = kqueue();
	assert_int_not_equal(f->kq, -1);
	open_pair(f->fd);
}

static void
teardown(struct fixture *f)
{
	close(f->fd[0]);
	close(f->fd[1]);
	close(f->kq);
}

static int
change(int kq, int id, int16_t filter, uint16_t flags, void *udata)
{
	struct kevent c;

	EV_SET(&c, (uintptr_t)id, filter, flags, 0, 0, udata);
	return kevent(kq, &c, 1, NULL, 0, NULL);
}

static int
trigger(int kq, int id)
{
	struct kevent c;

	EV_SET(&c, (uintptr_t)id, EVFILT_USER, 0, NOTE_TRIGGER, 0, NULL);
	return kevent(kq, &c, 1, NULL, 0, NULL);
}

static void
assert_quiet(int kq)
{
	struct kevent e;

	assert_int_equal(kevent(kq, NULL, 0, &e, 1, &no_time), 0);
}

/* Waits for one event, the only one there is. */
static struct kevent
wait_one(int kq)
{
	struct kevent e[EVENTS];

	assert_int_equal(kevent(kq, NULL, 0, e, EVENTS, &long_time), 1);
	return e[0];
}

static void
assert_event(const struct kevent *e, int id, int16_t filter, const void *udata)
{
	assert_int_equal(e->ident, id);
	assert_int_equal(e->filter, filter);
	assert_ptr_equal(e->udata, udata);
}

static void
test_timeout(void **state)
{
	const struct timespec short_time = { .tv_nsec = 1000 };
	struct fixture f;
	struct kevent e;

	(void)state;
	setup(&f);
	assert_quiet(f.kq);
	assert_int_equal(kevent(f.kq, NULL, 0, &e, 1, &short_time), 0);
	teardown(&f);
}

static void
test_read_is_level_triggered(void **state)
{
	struct fixture f;
	struct kevent e;
	char c;

	(void)state;
	setup(&f);
	assert_int_equal(change(f.kq, f.fd[0], EVFILT_READ, EV_ADD, &f.tag), 0);
	assert_quiet(f.kq);
	assert_int_equal(write(f.fd[1], "x", 1), 1);
	for (int i = 0; i < 3; i++) {
		e = wait_one(f.kq);
		assert_event(&e, f.fd[0], EVFILT_READ, &f.tag);
		assert_int_equal(e.flags & EV_EOF, 0);
	}
	assert_int_equal(read(f.fd[0], &c, 1), 1);
	assert_quiet(f.kq);
	teardown(&f);
}

static void
test_read_and_write_are_apart(void **state)
{
	struct fixture f;
	struct kevent e[EVENTS];

	(void)state;
	setup(&f);
	assert_int_equal(
	    change(f.kq, f.fd[0], EVFILT_WRITE, EV_ADD, &f.tag), 0);
	assert_int_equal(
	    change(f.kq, f.fd[0], EVFILT_READ, EV_ADD, &f.other_tag), 0);
	e[0] = wait_one(f.kq);
	assert_event(&e[0], f.fd[0], EVFILT_WRITE, &f.tag);

	assert_int_equal(write(f.fd[1], "x", 1), 1);
	assert_int_equal(kevent(f.kq, NULL, 0, e, EVENTS, &long_time), 2);
	const int w = e[0].filter == EVFILT_WRITE ? 0 : 1;
	assert_event(&e[w], f.fd[0], EVFILT_WRITE, &f.tag);
	assert_event(&e[1 - w], f.fd[0], EVFILT_READ, &f.other_tag);

	assert_int_equal(
	    change(f.kq, f.fd[0], EVFILT_WRITE, EV_DELETE, NULL), 0);
	e[0] = wait_one(f.kq);
	assert_event(&e[0], f.fd[0], EVFILT_READ, &f.other_tag);
	assert_int_equal(
	    change(f.kq, f.fd[0], EVFILT_READ, EV_DELETE, NULL), 0);
	assert_quiet(f.kq);
	teardown(&f);
}

static void
test_add_again_changes_udata(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f);
	assert_int_equal(
	    change(f.kq, f.fd[0], EVFILT_WRITE, EV_ADD, &f.tag), 0);
	assert_int_equal(
	    change(f.kq, f.fd[0], EVFILT_WRITE, EV_ADD, &f.other_tag), 0);
	const struct kevent e = wait_one(f.kq);
	assert_event(&e, f.fd[0], EVFILT_WRITE, &f.other_tag);
	teardown(&f);
}

static void
test_hangup_is_eof(void **state)
{
	struct fixture f;
	struct kevent e;
	char c;

	(void)state;
	setup(&f);
	assert_int_equal(change(f.kq, f.fd[0], EVFILT_READ, EV_ADD, &f.tag), 0);
	assert_int_equal(write(f.fd[1], "x", 1), 1);
	assert_int_equal(shutdown(f.fd[1], SHUT_WR), 0);
	e = wait_one(f.kq);
	assert_event(&e, f.fd[0], EVFILT_READ, &f.tag);
	assert_int_not_equal(e.flags & EV_EOF, 0);
	assert_int_equal(read(f.fd[0], &c, 1), 1);
	e = wait_one(f.kq);
	assert_event(&e, f.fd[0], EVFILT_READ, &f.tag);
	assert_int_not_equal(e.flags & EV_EOF, 0);
	assert_int_equal(read(f.fd[0], &c, 1), 0);
	teardown(&f);
}

static void
test_broken_pipe_is_eof(void **state)
{
	int kq = kqueue();
	int fd[2];
	struct kevent e;

	(void)state;
	assert_int_equal(pipe(fd), 0);
	assert_int_equal(change(kq, fd[1], EVFILT_WRITE, EV_ADD, NULL), 0);
	close(fd[0]);
	e = wait_one(kq);
	assert_event(&e, fd[1], EVFILT_WRITE, NULL);
	assert_int_not_equal(e.flags & EV_EOF, 0);
	close(fd[1]);
	close(kq);
}

/* A descriptor that is closed is forgotten, and its number begins anew. */
static void
test_closed_descriptor_is_forgotten(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f);
	assert_int_equal(
	    change(f.kq, f.fd[0], EVFILT_WRITE, EV_ADD, &f.tag), 0);
	const int number = f.fd[0];
	close(f.fd[0]);
	close(f.fd[1]);
	assert_quiet(f.kq);
	open_pair(f.fd);
	if (f.fd[0] != number) {
		assert_int_equal(dup2(f.fd[0], number), number);
		close(f.fd[0]);
		f.fd[0] = number;
	}
	assert_quiet(f.kq);
	assert_int_equal(
	    change(f.kq, f.fd[0], EVFILT_READ, EV_ADD, &f.other_tag), 0);
	assert_quiet(f.kq); /* in particular: not writable */
	assert_int_equal(write(f.fd[1], "x", 1), 1);
	const struct kevent e = wait_one(f.kq);
	assert_event(&e, f.fd[0], EVFILT_READ, &f.other_tag);
	teardown(&f);
}

/* Takes what a small batch has of pairs both readable and writable. */
static int
take_both(int kq, int fd[PAIRS][2], unsigned int seen[PAIRS])
{
	struct kevent e[SMALL + 1];
	const int n = kevent(kq, NULL, 0, e, SMALL, &long_time);
	char c;

	assert_in_range(n, 1, SMALL);
	for (int i = 0; i < n; i++) {
		const ptrdiff_t which = (int(*)[2])e[i].udata - fd;
		const unsigned int bit = 1U << -e[i].filter;

		assert_int_equal(e[i].ident, fd[which][0]);
		assert_int_equal(seen[which] & bit, 0);
		seen[which] |= bit;
		if (e[i].filter == EVFILT_READ)
			assert_int_equal(read(fd[which][0], &c, 1), 1);
		else
			assert_int_equal(change(kq, fd[which][0], EVFILT_WRITE,
					     EV_DELETE, NULL),
			    0);
	}
	return n;
}

/* More is ready than one call takes: all of it comes in the end, once. */
static void
test_small_batches_reach_all(void **state)
{
	int kq = kqueue();
	int fd[PAIRS][2];
	unsigned int seen[PAIRS] = { 0 };

	(void)state;
	for (int i = 0; i < PAIRS; i++) {
		open_pair(fd[i]);
		assert_int_equal(
		    change(kq, fd[i][0], EVFILT_READ, EV_ADD, fd[i]), 0);
		assert_int_equal(
		    change(kq, fd[i][0], EVFILT_WRITE, EV_ADD, fd[i]), 0);
		assert_int_equal(write(fd[i][1], "x", 1), 1);
	}
	for (int left = 2 * PAIRS; left > 0;)
		left -= take_both(kq, fd, seen);
	assert_quiet(kq);
	for (int i = 0; i < PAIRS; i++) {
		close(fd[i][0]);
		close(fd[i][1]);
	}
	close(kq);
}

static void
test_user_triggers_once(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f);
	assert_int_equal(trigger(f.kq, 0), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(
	    change(f.kq, 0, EVFILT_USER, EV_ADD | EV_CLEAR, &f.tag), 0);
	assert_quiet(f.kq);
	for (int i = 0; i < 3; i++)
		assert_int_equal(trigger(f.kq, 0), 0);
	const struct kevent e = wait_one(f.kq);
	assert_int_equal(e.ident, 0);
	assert_int_equal(e.filter, EVFILT_USER);
	assert_quiet(f.kq);

	assert_int_equal(trigger(f.kq, 0), 0);
	assert_int_equal(change(f.kq, 0, EVFILT_USER, EV_DELETE, NULL), 0);
	assert_int_equal(
	    change(f.kq, 0, EVFILT_USER, EV_ADD | EV_CLEAR, &f.tag), 0);
	assert_quiet(f.kq);
	teardown(&f);
}

static void *
trigger_often(void *arg)
{
	const int kq = *(int *)arg;

	for (int i = 0; i < TRIGGERS; i++)
		if (trigger(kq, 0) != 0)
			return arg;
	return NULL;
}

static void
test_user_triggers_from_threads(void **state)
{
	struct fixture f;
	pthread_t thread[THREADS];
	void *result;

	(void)state;
	setup(&f);
	assert_int_equal(
	    change(f.kq, 0, EVFILT_USER, EV_ADD | EV_CLEAR, NULL), 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(
		    pthread_create(&thread[i], NULL, trigger_often, &f.kq), 0);
	const struct kevent e = wait_one(f.kq);
	assert_int_equal(e.filter, EVFILT_USER);
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(thread[i], &result), 0);
		assert_null(result);
	}
	/* One more after the last wait, or none; then silence. */
	struct kevent last;
	assert_in_range(kevent(f.kq, NULL, 0, &last, 1, &no_time), 0, 1);
	assert_quiet(f.kq);
	teardown(&f);
}

static volatile sig_atomic_t handled;

static void
handle(int signo)
{
	(void)signo;
	handled++;
}

static void
test_signals(void **state)
{
	int signals[] = { SIGUSR1, SIGHUP };
	const struct sigaction sa = { .sa_handler = handle };
	struct sigaction before[2];
	struct fixture f;

	(void)state;
	setup(&f);
	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		assert_int_equal(sigaction(signals[i], &sa, &before[i]), 0);
		assert_int_equal(change(f.kq, signals[i], EVFILT_SIGNAL, EV_ADD,
				     &signals[i]),
		    0);
	}
	assert_quiet(f.kq);
	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		assert_int_equal(kill(getpid(), signals[i]), 0);
		const struct kevent e = wait_one(f.kq);
		assert_event(&e, signals[i], EVFILT_SIGNAL, &signals[i]);
		assert_int_equal(e.data, 1);
		assert_quiet(f.kq);
	}
	assert_int_equal(
	    change(f.kq, SIGUSR1, EVFILT_SIGNAL, EV_DELETE, NULL), 0);
	handled = 0;
	assert_int_equal(kill(getpid(), SIGUSR1), 0);
	assert_quiet(f.kq);
	assert_int_equal(handled, 1); /* the handler's alone now */
	assert_int_equal(
	    change(f.kq, SIGHUP, EVFILT_SIGNAL, EV_DELETE, NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		sigaction(signals[i], &before[i], NULL);
	teardown(&f);
}

static void
test_all_filters_at_once(void **state)
{
	const struct sigaction sa = { .sa_handler = handle };
	struct sigaction before;
	struct fixture f;
	struct kevent e[EVENTS];
	unsigned int seen = 0;

	(void)state;
	setup(&f);
	sigaction(SIGUSR1, &sa, &before);
	assert_int_equal(change(f.kq, SIGUSR1, EVFILT_SIGNAL, EV_ADD, NULL), 0);
	assert_int_equal(
	    change(f.kq, 0, EVFILT_USER, EV_ADD | EV_CLEAR, NULL), 0);
	assert_int_equal(change(f.kq, f.fd[0], EVFILT_READ, EV_ADD, NULL), 0);
	assert_int_equal(change(f.kq, f.fd[1], EVFILT_WRITE, EV_ADD, NULL), 0);
	assert_int_equal(write(f.fd[1], "x", 1), 1);
	assert_int_equal(trigger(f.kq, 0), 0);
	assert_int_equal(kill(getpid(), SIGUSR1), 0);
	assert_int_equal(kevent(f.kq, NULL, 0, e, EVENTS, &long_time), 4);
	for (int i = 0; i < 4; i++)
		seen |= 1U << -e[i].filter;
	assert_int_equal(seen,
	    1U << -EVFILT_SIGNAL | 1U << -EVFILT_USER | 1U << -EVFILT_READ |
		1U << -EVFILT_WRITE);
	change(f.kq, SIGUSR1, EVFILT_SIGNAL, EV_DELETE, NULL);
	sigaction(SIGUSR1, &before, NULL);
	teardown(&f);
}

static void
test_two_do_not_mix(void **state)
{
	struct fixture f, g;

	(void)state;
	setup(&f);
	setup(&g);
	assert_int_equal(
	    change(f.kq, 0, EVFILT_USER, EV_ADD | EV_CLEAR, NULL), 0);
	assert_int_equal(
	    change(g.kq, 0, EVFILT_USER, EV_ADD | EV_CLEAR, NULL), 0);
	assert_int_equal(change(f.kq, f.fd[0], EVFILT_READ, EV_ADD, &f.tag), 0);
	assert_int_equal(change(g.kq, f.fd[0], EVFILT_READ, EV_ADD, &g.tag), 0);
	assert_int_equal(trigger(g.kq, 0), 0);
	assert_quiet(f.kq);
	struct kevent e = wait_one(g.kq);
	assert_int_equal(e.filter, EVFILT_USER);
	assert_int_equal(write(f.fd[1], "x", 1), 1);
	e = wait_one(f.kq);
	assert_ptr_equal(e.udata, &f.tag);
	e = wait_one(g.kq);
	assert_ptr_equal(e.udata, &g.tag);
	teardown(&g);
	teardown(&f);
}

/* close(2) is all it takes to end a kqueue, and nothing of it stays. */
static void
test_open_and_close_often(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f);
	const int next = dup(f.fd[0]);
	close(next);
	for (int i = 0; i < ROUNDS; i++) {
		const int kq = kqueue();

		assert_int_not_equal(kq, -1);
		assert_int_equal(
		    change(kq, f.fd[0], EVFILT_WRITE, EV_ADD, &f.tag), 0);
		const struct kevent e = wait_one(kq);
		assert_event(&e, f.fd[0], EVFILT_WRITE, &f.tag);
		close(kq);
	}
	const int kq = kqueue();
	assert_in_range(kq, next, next + 4);
	assert_quiet(kq); /* nothing of those before */
	close(kq);
	teardown(&f);
}

static void
test_refusals(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f);
	const int closed = dup(f.fd[0]);
	close(closed);
	const struct {
		int kq, id;
		int16_t filter;
		uint16_t flags;
		int error;
	} cases[] = {
		{ f.kq, closed, EVFILT_READ, EV_ADD, EBADF },
		{ f.kq, f.fd[0], EVFILT_READ, EV_DELETE, ENOENT },
		{ f.kq, f.fd[0], EVFILT_WRITE, EV_DELETE, ENOENT },
		{ f.kq, 1, EVFILT_USER, EV_DELETE, ENOENT },
		{ f.kq, SIGUSR2, EVFILT_SIGNAL, EV_DELETE, ENOENT },
		{ f.kq, 1, 99, EV_ADD, EINVAL },
		{ f.fd[0], f.fd[0], EVFILT_READ, EV_ADD, EBADF },
		{ -1, f.fd[0], EVFILT_READ, EV_ADD, EBADF },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		errno = 0;
		assert_int_equal(change(cases[i].kq, cases[i].id,
				     cases[i].filter, cases[i].flags, NULL),
		    -1);
		assert_int_equal(errno, cases[i].error);
	}
	assert_quiet(f.kq);
	teardown(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_timeout),
		cmocka_unit_test(test_read_is_level_triggered),
		cmocka_unit_test(test_read_and_write_are_apart),
		cmocka_unit_test(test_add_again_changes_udata),
		cmocka_unit_test(test_hangup_is_eof),
		cmocka_unit_test(test_broken_pipe_is_eof),
		cmocka_unit_test(test_closed_descriptor_is_forgotten),
		cmocka_unit_test(test_small_batches_reach_all),
		cmocka_unit_test(test_user_triggers_once),
		cmocka_unit_test(test_user_triggers_from_threads),
		cmocka_unit_test(test_signals),
		cmocka_unit_test(test_all_filters_at_once),
		cmocka_unit_test(test_two_do_not_mix),
		cmocka_unit_test(test_open_and_close_often),
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
