/* SPDX-License-Identifier: ISC */
#include "os/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/event.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "os/mono.h"

enum {
	LOOP_EVENTS = 2 * LOOP_FDS_MAX + LOOP_SIGNALS_MAX + 1, /* of a wait */
	LOOP_WAKE_IDENT = 0,
};

struct loop_call {
	loop_fn *fn; /* NULL: none */
	void *ctx;
};

struct loop_fd {
	int fd; /* means something while one of these is set */
	struct loop_call read;
	struct loop_call write;
};

struct loop_signal {
	int signo;
	struct loop_call call;
	struct sigaction before;
};

struct loop {
	int kq;
	bool stop;
	int event_count;
	struct kevent events[LOOP_EVENTS];
	struct loop_fd fds[LOOP_FDS_MAX];
	struct loop_signal signals[LOOP_SIGNALS_MAX];
	struct loop_call wakes[LOOP_WAKES_MAX];
};

static int
loop_change(const struct loop *l, int id, int16_t filter, uint16_t flags,
    struct loop_call *call)
{
	struct kevent change;

	EV_SET(&change, (uintptr_t)id, filter, flags, 0, 0, call);
	return kevent(l->kq, &change, 1, NULL, 0, NULL);
}

static bool
loop_is_used(const struct loop_fd *f)
{
	return f->read.fn != NULL || f->write.fn != NULL;
}

static struct loop_fd *
loop_find(struct loop *l, int fd)
{
	for (size_t i = 0; i < LOOP_FDS_MAX; i++)
		if (loop_is_used(&l->fds[i]) && l->fds[i].fd == fd)
			return &l->fds[i];
	return NULL;
}

static struct loop_fd *
loop_find_free(struct loop *l)
{
	for (size_t i = 0; i < LOOP_FDS_MAX; i++)
		if (!loop_is_used(&l->fds[i]))
			return &l->fds[i];
	return NULL;
}

static struct loop_signal *
loop_find_signal(struct loop *l, int signo)
{
	for (size_t i = 0; i < LOOP_SIGNALS_MAX; i++)
		if (l->signals[i].signo == signo)
			return &l->signals[i];
	return NULL;
}

/* Events of the last wait still to be delivered point at their call. They
 * are dropped here, since the descriptor may be closed and its number, like
 * this slot, in use for another file before their turn comes. */
static void
loop_forget(struct loop *l, struct loop_call *call)
{
	for (int i = 0; i < l->event_count; i++)
		if (l->events[i].udata == call)
			l->events[i].udata = NULL;
	*call = (struct loop_call){ .fn = NULL };
}

/* Being there is all that it is for: a signal with a handler does not end
 * the process, and unlike an ignored one it reaches Linux's signalfd(2). */
static void
loop_signal_handler(int signo)
{
	(void)signo;
}

static void
loop_remove_signals(struct loop *l)
{
	for (size_t i = 0; i < LOOP_SIGNALS_MAX; i++) {
		struct loop_signal *s = &l->signals[i];

		if (s->signo == 0)
			continue;
		(void)loop_change(l, s->signo, EVFILT_SIGNAL, EV_DELETE, NULL);
		(void)sigaction(s->signo, &s->before, NULL);
	}
}

static void
loop_call_wakes(const struct loop *l)
{
	for (size_t i = 0; i < LOOP_WAKES_MAX; i++)
		if (l->wakes[i].fn != NULL)
			l->wakes[i].fn(l->wakes[i].ctx);
}

static struct timespec
loop_timeout(uint64_t deadline_ns)
{
	const uint64_t now_ns = mono_now().mono_ns;
	uint64_t left_ns = 0;

	if (deadline_ns > now_ns)
		left_ns = u64_min(deadline_ns - now_ns, LOOP_WAIT_MAX);
	return (struct timespec){
		.tv_sec = (time_t)(left_ns / SEC(1)),
		.tv_nsec = (long)(left_ns % SEC(1)),
	};
}

static int
loop_wait(struct loop *l, uint64_t deadline_ns)
{
	const struct timespec timeout = loop_timeout(deadline_ns);
	const int n = kevent(l->kq, NULL, 0, l->events, LOOP_EVENTS, &timeout);

	l->event_count = n < 0 ? 0 : n;
	return n < 0 && errno != EINTR ? -1 : 0;
}

static void
loop_deliver(struct loop *l)
{
	for (int i = 0; i < l->event_count; i++) {
		const struct kevent *e = &l->events[i];
		const struct loop_call *call = e->udata;

		if (e->filter == EVFILT_USER)
			loop_call_wakes(l);
		else if (call != NULL)
			call->fn(call->ctx);
	}
	l->event_count = 0;
}

struct loop *
loop_open(void)
{
	struct loop *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->kq = kqueue();
	if (l->kq == -1 ||
	    loop_change(l, LOOP_WAKE_IDENT, EVFILT_USER, EV_ADD | EV_CLEAR,
		NULL) != 0) {
		const int error = errno;

		if (l->kq != -1)
			close(l->kq);
		free(l);
		errno = error;
		return NULL;
	}
	return l;
}

void
loop_close(struct loop *l)
{
	if (l == NULL)
		return;
	loop_remove_signals(l);
	close(l->kq);
	free(l);
}

int
loop_add_read(struct loop *l, int fd, loop_fn *fn, void *ctx)
{
	struct loop_fd *f = loop_find_free(l);

	if (loop_find(l, fd) != NULL) {
		errno = EEXIST;
		return -1;
	}
	if (f == NULL) {
		errno = ENOSPC;
		return -1;
	}
	if (loop_change(l, fd, EVFILT_READ, EV_ADD, &f->read) != 0)
		return -1;
	*f = (struct loop_fd){ .fd = fd, .read = { .fn = fn, .ctx = ctx } };
	return 0;
}

int
loop_add_write(struct loop *l, int fd, loop_fn *fn, void *ctx)
{
	struct loop_fd *f = loop_find(l, fd);

	if (f == NULL || f->write.fn != NULL) {
		errno = f == NULL ? ENOENT : EEXIST;
		return -1;
	}
	if (loop_change(l, fd, EVFILT_WRITE, EV_ADD, &f->write) != 0)
		return -1;
	f->write = (struct loop_call){ .fn = fn, .ctx = ctx };
	return 0;
}

void
loop_remove_read(struct loop *l, int fd)
{
	struct loop_fd *f = loop_find(l, fd);

	if (f == NULL || f->read.fn == NULL)
		return;
	/* Fails only for a descriptor closed too early, which is gone. */
	(void)loop_change(l, fd, EVFILT_READ, EV_DELETE, NULL);
	loop_forget(l, &f->read);
}

void
loop_remove_write(struct loop *l, int fd)
{
	struct loop_fd *f = loop_find(l, fd);

	if (f == NULL || f->write.fn == NULL)
		return;
	(void)loop_change(l, fd, EVFILT_WRITE, EV_DELETE, NULL);
	loop_forget(l, &f->write);
}

void
loop_remove(struct loop *l, int fd)
{
	loop_remove_write(l, fd);
	loop_remove_read(l, fd);
}

int
loop_add_signal(struct loop *l, int signo, loop_fn *fn, void *ctx)
{
	struct loop_signal *s = loop_find_signal(l, 0);
	struct sigaction sa = { .sa_handler = loop_signal_handler };

	if (loop_find_signal(l, signo) != NULL) {
		errno = EEXIST;
		return -1;
	}
	if (s == NULL) {
		errno = ENOSPC;
		return -1;
	}
	sa.sa_flags = SA_RESTART;
	sigemptyset(&sa.sa_mask);
	if (sigaction(signo, &sa, &s->before) != 0)
		return -1;
	if (loop_change(l, signo, EVFILT_SIGNAL, EV_ADD, &s->call) != 0) {
		const int error = errno;

		(void)sigaction(signo, &s->before, NULL);
		errno = error;
		return -1;
	}
	s->signo = signo;
	s->call = (struct loop_call){ .fn = fn, .ctx = ctx };
	return 0;
}

int
loop_add_wake(struct loop *l, loop_fn *fn, void *ctx)
{
	for (size_t i = 0; i < LOOP_WAKES_MAX; i++) {
		if (l->wakes[i].fn != NULL)
			continue;
		l->wakes[i] = (struct loop_call){ .fn = fn, .ctx = ctx };
		return 0;
	}
	errno = ENOSPC;
	return -1;
}

void
loop_remove_wake(struct loop *l, loop_fn *fn, void *ctx)
{
	for (size_t i = 0; i < LOOP_WAKES_MAX; i++)
		if (l->wakes[i].fn == fn && l->wakes[i].ctx == ctx)
			l->wakes[i] = (struct loop_call){ .fn = NULL };
}

void
loop_wake(struct loop *l)
{
	struct kevent trigger;

	EV_SET(
	    &trigger, LOOP_WAKE_IDENT, EVFILT_USER, 0, NOTE_TRIGGER, 0, NULL);
	(void)kevent(l->kq, &trigger, 1, NULL, 0, NULL);
}

int
loop_run(struct loop *l, loop_turn_fn *turn, void *ctx)
{
	while (!l->stop) {
		const uint64_t deadline_ns = turn(ctx);

		/* cppcheck-suppress oppositeInnerCondition; turn may stop */
		if (l->stop)
			break;
		if (loop_wait(l, deadline_ns) != 0)
			return -1;
		loop_deliver(l);
	}
	l->stop = false;
	return 0;
}

void
loop_stop(struct loop *l)
{
	l->stop = true;
}
