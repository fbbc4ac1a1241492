/* SPDX-License-Identifier: ISC */
#include "os/loop.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "os/mono.h"

enum {
	WAKES = 10000,
	TURNS_MAX = 1000, /* a test that takes more has failed */
};

/* One end of a pair of sockets and what became of it. */
struct end {
	struct loop *loop;
	int fd;
	int far_fd;
	int reads;
	int writes;
	int bytes;
	bool eof;
	struct end *victim; /* removed by the first event of this one */
};

struct run {
	struct loop *loop;
	int turns;
	int turns_wanted;
};

/* Polls, and stops the loop after some turns. */
static uint64_t
poll_turns(void *ctx)
{
	struct run *r = ctx;

	if (r->turns++ == r->turns_wanted)
		loop_stop(r->loop);
	return 0;
}

static void
run_turns(struct loop *l, int turns)
{
	struct run r = { .loop = l, .turns_wanted = turns };

	assert_int_equal(loop_run(l, poll_turns, &r), 0);
}

/* Waits without end; a test that hangs here is killed by its runner. */
static uint64_t
wait_for_ever(void *ctx)
{
	int *turns = ctx;

	assert_true((*turns)++ < TURNS_MAX);
	return NEVER;
}

static void
open_end(struct end *e, struct loop *l)
{
	int fd[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	*e = (struct end){ .loop = l, .fd = fd[0], .far_fd = fd[1] };
}

static void
close_end(struct end *e)
{
	loop_remove(e->loop, e->fd);
	close(e->fd);
	if (e->far_fd != -1)
		close(e->far_fd);
}

static void
on_read(void *ctx)
{
	struct end *e = ctx;
	char c;

	const ssize_t n = read(e->fd, &c, 1);
	e->reads++;
	e->bytes += n == 1;
	e->eof = n == 0;
}

static void
on_write(void *ctx)
{
	struct end *e = ctx;

	e->writes++;
}

static void
on_stop(void *ctx)
{
	loop_stop(ctx);
}

static void
count(void *ctx)
{
	++*(int *)ctx;
}

static void
put(const struct end *e)
{
	assert_int_equal(write(e->far_fd, "x", 1), 1);
}

static void
test_many_descriptors(void **state)
{
	struct loop *l = loop_open();
	static struct end ends[LOOP_FDS_MAX];

	(void)state;
	assert_non_null(l);
	for (int i = 0; i < LOOP_FDS_MAX; i++) {
		open_end(&ends[i], l);
		assert_int_equal(
		    loop_add_read(l, ends[i].fd, on_read, &ends[i]), 0);
	}
	for (int i = 0; i < LOOP_FDS_MAX; i += 2)
		put(&ends[i]);
	run_turns(l, 2);
	for (int i = 0; i < LOOP_FDS_MAX; i++) {
		assert_int_equal(ends[i].reads, i % 2 == 0);
		assert_int_equal(ends[i].bytes, i % 2 == 0);
	}
	for (int i = 0; i < LOOP_FDS_MAX; i++)
		close_end(&ends[i]);
	loop_close(l);
}

static void
test_limits_and_refusals(void **state)
{
	struct loop *l = loop_open();
	struct end e;
	int fds[LOOP_FDS_MAX];

	(void)state;
	open_end(&e, l);
	assert_int_equal(loop_add_write(l, e.fd, on_write, &e), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(loop_add_read(l, e.fd, on_read, &e), 0);
	assert_int_equal(loop_add_read(l, e.fd, on_read, &e), -1);
	assert_int_equal(errno, EEXIST);
	assert_int_equal(loop_add_write(l, e.fd, on_write, &e), 0);
	assert_int_equal(loop_add_write(l, e.fd, on_write, &e), -1);
	assert_int_equal(errno, EEXIST);
	for (int i = 1; i < LOOP_FDS_MAX; i++) {
		fds[i] = dup(e.fd);
		assert_int_equal(loop_add_read(l, fds[i], on_read, &e), 0);
	}
	assert_int_equal(loop_add_read(l, e.far_fd, on_read, &e), -1);
	assert_int_equal(errno, ENOSPC);
	loop_remove(l, fds[1]);
	assert_int_equal(loop_add_read(l, e.far_fd, on_read, &e), 0);
	loop_remove(l, e.far_fd);
	for (int i = 1; i < LOOP_FDS_MAX; i++) {
		loop_remove(l, fds[i]);
		close(fds[i]);
	}
	assert_int_equal(loop_add_read(l, fds[1], on_read, &e), -1);
	assert_int_equal(errno, EBADF);
	close_end(&e);
	loop_remove(l, e.fd); /* unknown: nothing happens */
	loop_remove_write(l, e.fd);
	loop_close(l);
	loop_close(NULL);
}

static void
test_write_interest(void **state)
{
	struct loop *l = loop_open();
	struct end e;

	(void)state;
	open_end(&e, l);
	assert_int_equal(loop_add_read(l, e.fd, on_read, &e), 0);
	run_turns(l, 3);
	assert_int_equal(e.writes, 0);
	for (int i = 1; i <= 3; i++) {
		assert_int_equal(loop_add_write(l, e.fd, on_write, &e), 0);
		run_turns(l, 2);
		assert_int_equal(e.writes, 2 * i);
		loop_remove_write(l, e.fd);
		run_turns(l, 2);
		assert_int_equal(e.writes, 2 * i);
	}
	assert_int_equal(e.reads, 0);
	put(&e);
	run_turns(l, 2);
	assert_int_equal(e.reads, 1);
	close_end(&e);
	loop_close(l);
}

static void
test_eof_is_delivered(void **state)
{
	struct loop *l = loop_open();
	struct end e;

	(void)state;
	open_end(&e, l);
	assert_int_equal(loop_add_read(l, e.fd, on_read, &e), 0);
	put(&e);
	close(e.far_fd);
	e.far_fd = -1;
	run_turns(l, 1);
	assert_int_equal(e.bytes, 1);
	assert_false(e.eof);
	run_turns(l, 1);
	assert_true(e.eof);
	close_end(&e);
	loop_close(l);
}

/* Removes and closes its victim, and puts another file under its number. */
static void
on_read_replace(void *ctx)
{
	struct end *e = ctx;
	struct end *v = e->victim;

	on_read(ctx);
	if (v->victim == NULL)
		return;
	v->victim = NULL; /* whoever is second does nothing */
	loop_remove(e->loop, v->fd);
	assert_int_equal(dup2(e->far_fd, v->fd), v->fd);
	assert_int_equal(loop_add_read(e->loop, v->fd, on_read, v), 0);
	e->victim = NULL;
}

/* Both ends are ready in one wait. Whichever comes first replaces the other,
 * whose event must not reach the new owner of the number. */
static void
test_removed_descriptor_is_silent(void **state)
{
	struct loop *l = loop_open();
	struct end a, b;

	(void)state;
	open_end(&a, l);
	open_end(&b, l);
	a.victim = &b;
	b.victim = &a;
	assert_int_equal(loop_add_read(l, a.fd, on_read_replace, &a), 0);
	assert_int_equal(loop_add_read(l, b.fd, on_read_replace, &b), 0);
	put(&a);
	put(&b);
	run_turns(l, 3);
	assert_int_equal(a.reads + b.reads, 1);
	assert_true(a.victim == NULL && b.victim == NULL);
	close_end(&a);
	close_end(&b);
	loop_close(l);
}

static void
on_read_remove_self(void *ctx)
{
	struct end *e = ctx;

	e->reads++;
	loop_remove(e->loop, e->fd);
}

static void
on_write_remove_self(void *ctx)
{
	struct end *e = ctx;

	e->writes++;
	loop_remove(e->loop, e->fd);
}

/* Readable and writable at once; the first to be told removes both. */
static void
test_remove_of_itself(void **state)
{
	struct loop *l = loop_open();
	struct end e;

	(void)state;
	open_end(&e, l);
	assert_int_equal(loop_add_read(l, e.fd, on_read_remove_self, &e), 0);
	assert_int_equal(loop_add_write(l, e.fd, on_write_remove_self, &e), 0);
	put(&e);
	run_turns(l, 3);
	assert_int_equal(e.reads + e.writes, 1);
	close_end(&e);
	loop_close(l);
}

static void
on_read_remove_write(void *ctx)
{
	struct end *e = ctx;

	on_read(ctx);
	loop_remove_write(e->loop, e->fd);
}

static void
on_write_remove_write(void *ctx)
{
	struct end *e = ctx;

	on_write(ctx);
	loop_remove_write(e->loop, e->fd);
}

static void
test_remove_write_inside_handlers(void **state)
{
	struct loop *l = loop_open();
	struct end e;

	(void)state;
	open_end(&e, l);
	assert_int_equal(loop_add_read(l, e.fd, on_read_remove_write, &e), 0);
	assert_int_equal(loop_add_write(l, e.fd, on_write_remove_write, &e), 0);
	put(&e);
	run_turns(l, 3);
	assert_int_equal(e.bytes, 1);
	assert_true(e.writes <= 1);
	assert_int_equal(loop_add_write(l, e.fd, on_write, &e), 0);
	e.writes = 0;
	run_turns(l, 1);
	assert_int_equal(e.writes, 1);
	close_end(&e);
	loop_close(l);
}

/* Not raise(3): one sent to a thread is no event of XNU's kqueue
 * (bsd/kern/kern_sig.c:2116, PSIG_THREAD). */
static void
send_signal(int signo)
{
	assert_int_equal(kill(getpid(), signo), 0);
}

static void
test_signals(void **state)
{
	struct sigaction before, after;
	struct loop *l = loop_open();
	int hups = 0, usrs = 0, turns = 0;

	(void)state;
	assert_int_equal(sigaction(SIGHUP, NULL, &before), 0);
	assert_int_equal(loop_add_signal(l, SIGHUP, count, &hups), 0);
	assert_int_equal(loop_add_signal(l, SIGUSR1, count, &usrs), 0);
	assert_int_equal(loop_add_signal(l, SIGTERM, on_stop, l), 0);
	assert_int_equal(loop_add_signal(l, SIGHUP, count, &hups), -1);
	assert_int_equal(errno, EEXIST);
	assert_int_equal(loop_add_signal(l, SIGKILL, count, &hups), -1);
	assert_int_equal(errno, EINVAL);
	run_turns(l, 2);
	assert_int_equal(hups + usrs, 0);
	send_signal(SIGHUP);
	run_turns(l, 2);
	assert_int_equal(hups, 1);
	assert_int_equal(usrs, 0);
	send_signal(SIGHUP);
	send_signal(SIGUSR1);
	send_signal(SIGTERM); /* neither ends the process nor is lost */
	assert_int_equal(loop_run(l, wait_for_ever, &turns), 0);
	run_turns(l, 1);
	assert_int_equal(hups, 2);
	assert_int_equal(usrs, 1);
	loop_close(l);
	assert_int_equal(sigaction(SIGHUP, NULL, &after), 0);
	assert_true(before.sa_handler == after.sa_handler);
}

struct waker {
	struct loop *loop;
	atomic_int sent;
	int seen; /* what sent was at the last wake-up */
	int calls;
};

static void *
wake_often(void *arg)
{
	struct waker *w = arg;

	for (int i = 0; i < WAKES; i++) {
		atomic_fetch_add(&w->sent, 1);
		loop_wake(w->loop);
	}
	return NULL;
}

static void
on_wake(void *ctx)
{
	struct waker *w = ctx;

	w->calls++;
	w->seen = atomic_load(&w->sent);
	if (w->seen == 2 * WAKES)
		loop_stop(w->loop);
}

static uint64_t
wait_unlimited(void *ctx)
{
	(void)ctx;
	return NEVER;
}

/* Were the last one lost, nothing would end this loop. */
static void
test_no_wake_is_lost(void **state)
{
	struct waker w = { .loop = loop_open() };
	pthread_t one, two;

	(void)state;
	assert_int_equal(loop_add_wake(w.loop, on_wake, &w), 0);
	assert_int_equal(pthread_create(&one, NULL, wake_often, &w), 0);
	assert_int_equal(pthread_create(&two, NULL, wake_often, &w), 0);
	assert_int_equal(loop_run(w.loop, wait_unlimited, NULL), 0);
	assert_int_equal(pthread_join(one, NULL), 0);
	assert_int_equal(pthread_join(two, NULL), 0);
	assert_int_equal(w.seen, 2 * WAKES);
	assert_in_range(w.calls, 1, 2 * WAKES);
	loop_close(w.loop);
}

static void
test_wake_calls_all(void **state)
{
	struct loop *l = loop_open();
	int calls[LOOP_WAKES_MAX + 1] = { 0 };

	(void)state;
	for (int i = 0; i < LOOP_WAKES_MAX; i++)
		assert_int_equal(loop_add_wake(l, count, &calls[i]), 0);
	assert_int_equal(loop_add_wake(l, count, &calls[LOOP_WAKES_MAX]), -1);
	assert_int_equal(errno, ENOSPC);
	run_turns(l, 2);
	assert_int_equal(calls[0], 0);
	loop_remove_wake(l, count, &calls[1]);
	loop_wake(l);
	loop_wake(l);
	run_turns(l, 3);
	for (int i = 0; i < LOOP_WAKES_MAX; i++)
		assert_int_equal(calls[i], i != 1);
	loop_close(l);
}

struct alarm {
	struct loop *loop;
	uint64_t deadline_ns;
	int turns;
};

static uint64_t
on_alarm(void *ctx)
{
	struct alarm *a = ctx;

	a->turns++;
	if (mono_now().mono_ns >= a->deadline_ns)
		loop_stop(a->loop);
	return a->deadline_ns;
}

/* Never before its time, and without turning often until then. */
static void
test_deadline(void **state)
{
	struct alarm a = { .loop = loop_open() };
	const uint64_t waits_ns[] = { 0, 1, MS(1), MS(20) };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(waits_ns); i++) {
		a.turns = 0;
		a.deadline_ns = mono_now().mono_ns + waits_ns[i];
		assert_int_equal(loop_run(a.loop, on_alarm, &a), 0);
		assert_true(mono_now().mono_ns >= a.deadline_ns);
		assert_in_range(a.turns, 1, 3);
	}
	loop_close(a.loop);
}

static void
test_stop(void **state)
{
	struct loop *l = loop_open();
	struct end e;
	int turns = 0;

	(void)state;
	loop_stop(l); /* before it runs: it does not begin */
	assert_int_equal(loop_run(l, wait_for_ever, &turns), 0);
	assert_int_equal(turns, 0);
	open_end(&e, l);
	assert_int_equal(loop_add_read(l, e.fd, on_stop, l), 0);
	put(&e);
	assert_int_equal(loop_run(l, wait_for_ever, &turns), 0);
	assert_int_equal(turns, 1);
	close_end(&e);
	loop_close(l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_many_descriptors),
		cmocka_unit_test(test_limits_and_refusals),
		cmocka_unit_test(test_write_interest),
		cmocka_unit_test(test_eof_is_delivered),
		cmocka_unit_test(test_removed_descriptor_is_silent),
		cmocka_unit_test(test_remove_of_itself),
		cmocka_unit_test(test_remove_write_inside_handlers),
		cmocka_unit_test(test_signals),
		cmocka_unit_test(test_no_wake_is_lost),
		cmocka_unit_test(test_wake_calls_all),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
