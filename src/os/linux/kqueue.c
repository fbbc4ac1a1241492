/* SPDX-License-Identifier: ISC */
/*
 * kqueue(2) over epoll(7), eventfd(2) and signalfd(2).
 */
#include <sys/event.h>

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "core/units.h"

enum {
	KQUEUES_MAX = 8,       /* open at once; a daemon needs one */
	KQUEUE_FDS_MAX = 1024, /* numbers of descriptors; usual RLIMIT_NOFILE */
	KQUEUE_BATCH = 64,     /* events of one epoll_pwait2 */
	KQUEUE_SIGNALS = 65,   /* numbers of signals, signal(7) */
};

struct kqueue_want {
	bool on;
	void *udata;
};

struct kqueue_watch {
	struct kqueue_want read;
	struct kqueue_want write;
};

struct kqueue {
	bool open;
	int fd;        /* epoll, and what kqueue() returned */
	int user_fd;   /* eventfd, written by NOTE_TRIGGER */
	int signal_fd; /* signalfd for the set below */
	uintptr_t user_ident;
	struct kqueue_want user;
	sigset_t signals;
	void *signal_udata[KQUEUE_SIGNALS];
	struct kqueue_watch watches[KQUEUE_FDS_MAX];
};

/* The lock is for the table and for triggers from other threads; nobody
 * holds it while waiting. */
static pthread_mutex_t kqueue_lock = PTHREAD_MUTEX_INITIALIZER;
static struct kqueue kqueues[KQUEUES_MAX];

static struct kqueue *
kqueue_find(int fd)
{
	for (size_t i = 0; i < KQUEUES_MAX; i++)
		if (kqueues[i].open && kqueues[i].fd == fd)
			return &kqueues[i];
	return NULL;
}

/* close(2) does not tell us, and the number may mean another file by now:
 * it is still ours if it is the epoll that watches our eventfd. */
static bool
kqueue_is_closed(const struct kqueue *k)
{
	struct epoll_event e = { .events = EPOLLIN, .data.fd = k->user_fd };

	return epoll_ctl(k->fd, EPOLL_CTL_MOD, k->user_fd, &e) != 0;
}

static void
kqueue_release(struct kqueue *k)
{
	if (k->user_fd != -1)
		close(k->user_fd);
	if (k->signal_fd != -1)
		close(k->signal_fd);
	*k = (struct kqueue){ .open = false };
}

static struct kqueue *
kqueue_find_free(void)
{
	struct kqueue *slot = NULL;

	for (size_t i = 0; i < KQUEUES_MAX; i++) {
		struct kqueue *k = &kqueues[i];

		if (k->open && kqueue_is_closed(k))
			kqueue_release(k);
		if (!k->open)
			slot = k;
	}
	return slot;
}

static int
kqueue_epoll_add(const struct kqueue *k, int fd)
{
	struct epoll_event e = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(k->fd, EPOLL_CTL_ADD, fd, &e);
}

static int
kqueue_open(struct kqueue *k)
{
	sigemptyset(&k->signals);
	k->fd = epoll_create1(EPOLL_CLOEXEC);
	k->user_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	k->signal_fd = signalfd(-1, &k->signals, SFD_CLOEXEC | SFD_NONBLOCK);
	k->open = k->fd != -1 && k->user_fd != -1 && k->signal_fd != -1 &&
	    kqueue_epoll_add(k, k->user_fd) == 0 &&
	    kqueue_epoll_add(k, k->signal_fd) == 0;
	if (!k->open) {
		const int error = errno;

		if (k->fd != -1)
			close(k->fd);
		kqueue_release(k);
		errno = error;
		return -1;
	}
	return k->fd;
}

static uint32_t
kqueue_epoll_bits(const struct kqueue_watch *w)
{
	return (w->read.on ? EPOLLIN | EPOLLRDHUP : 0) |
	    (w->write.on ? EPOLLOUT : 0);
}

static void
kqueue_watch_set(struct kqueue_watch *w, int16_t filter, struct kqueue_want to)
{
	if (filter == EVFILT_READ)
		w->read = to;
	else
		w->write = to;
}

static int
kqueue_add_fd(struct kqueue *k, const struct kevent *c)
{
	const int fd = (int)c->ident;
	const struct kqueue_want want = { .on = true, .udata = c->udata };
	struct kqueue_watch w = k->watches[fd];
	struct epoll_event e = { .data.fd = fd };

	kqueue_watch_set(&w, c->filter, want);
	e.events = kqueue_epoll_bits(&w);
	if (epoll_ctl(k->fd, EPOLL_CTL_MOD, fd, &e) != 0) {
		if (errno != ENOENT)
			return -1;
		/* New to epoll. What the table may have for this number is of
		 * a file closed since; a kqueue forgets those by itself. */
		w = (struct kqueue_watch){ .read.on = false };
		kqueue_watch_set(&w, c->filter, want);
		e.events = kqueue_epoll_bits(&w);
		if (epoll_ctl(k->fd, EPOLL_CTL_ADD, fd, &e) != 0)
			return -1;
	}
	k->watches[fd] = w;
	return 0;
}

static int
kqueue_delete_fd(struct kqueue *k, const struct kevent *c)
{
	const int fd = (int)c->ident;
	struct kqueue_watch *w = &k->watches[fd];
	struct epoll_event e = { .data.fd = fd };

	if (!(c->filter == EVFILT_READ ? w->read.on : w->write.on)) {
		errno = ENOENT;
		return -1;
	}
	kqueue_watch_set(w, c->filter, (struct kqueue_want){ .on = false });
	e.events = kqueue_epoll_bits(w);
	return epoll_ctl(
	    k->fd, e.events == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD, fd, &e);
}

static int
kqueue_change_fd(struct kqueue *k, const struct kevent *c)
{
	if (c->ident >= KQUEUE_FDS_MAX) {
		errno = EMFILE;
		return -1;
	}
	switch (c->flags) {
	case EV_ADD:
		return kqueue_add_fd(k, c);
	case EV_DELETE:
		return kqueue_delete_fd(k, c);
	default:
		errno = EINVAL;
		return -1;
	}
}

static void
kqueue_clear_user(const struct kqueue *k)
{
	eventfd_t triggers;

	(void)eventfd_read(k->user_fd, &triggers);
}

static int
kqueue_change_user(struct kqueue *k, const struct kevent *c)
{
	const bool add = (c->flags & EV_ADD) != 0;
	const bool known = k->user.on && k->user_ident == c->ident;

	if (!known && (!add || k->user.on)) {
		errno = add ? ENOSPC : ENOENT;
		return -1;
	}
	if ((c->flags & EV_DELETE) != 0) {
		k->user.on = false;
		kqueue_clear_user(k);
		return 0;
	}
	if (add) {
		k->user_ident = c->ident;
		k->user = (struct kqueue_want){ true, c->udata };
	}
	if ((c->fflags & NOTE_TRIGGER) != 0)
		return eventfd_write(k->user_fd, 1);
	return 0;
}

static int
kqueue_change_signal(struct kqueue *k, const struct kevent *c)
{
	const int signo = (int)c->ident;
	const bool add = (c->flags & EV_ADD) != 0;
	sigset_t one;

	if (c->ident == 0 || c->ident >= KQUEUE_SIGNALS) {
		errno = EINVAL;
		return -1;
	}
	if (!add && sigismember(&k->signals, signo) != 1) {
		errno = ENOENT;
		return -1;
	}
	sigemptyset(&one);
	sigaddset(&one, signo);
	k->signal_udata[signo] = add ? c->udata : NULL;
	if (add)
		sigaddset(&k->signals, signo);
	else
		sigdelset(&k->signals, signo);
	if (signalfd(k->signal_fd, &k->signals, 0) == -1)
		return -1;
	errno = pthread_sigmask(add ? SIG_BLOCK : SIG_UNBLOCK, &one, NULL);
	return errno == 0 ? 0 : -1;
}

static int
kqueue_change(struct kqueue *k, const struct kevent *c)
{
	switch (c->filter) {
	case EVFILT_READ:
	case EVFILT_WRITE:
		return kqueue_change_fd(k, c);
	case EVFILT_USER:
		return kqueue_change_user(k, c);
	case EVFILT_SIGNAL:
		return kqueue_change_signal(k, c);
	default:
		errno = EINVAL;
		return -1;
	}
}

static int
kqueue_take_user(const struct kqueue *k, struct kevent *out)
{
	kqueue_clear_user(k);
	if (!k->user.on)
		return 0;
	EV_SET(out, k->user_ident, EVFILT_USER, EV_CLEAR, 0, 0, k->user.udata);
	return 1;
}

static int
kqueue_take_signals(const struct kqueue *k, struct kevent *out, int room)
{
	struct signalfd_siginfo info;
	int n = 0;

	while (n < room &&
	    read(k->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		const uint32_t signo = info.ssi_signo;

		EV_SET(&out[n], signo, EVFILT_SIGNAL, EV_CLEAR, 0, 1,
		    k->signal_udata[signo]);
		n++;
	}
	return n;
}

/* Errors are told as readiness, since read and write then report them. */
static int
kqueue_take_fd(const struct kqueue *k, const struct epoll_event *e,
    struct kevent *out, int room)
{
	const uintptr_t fd = (uintptr_t)e->data.fd;
	const struct kqueue_watch *w = &k->watches[fd];
	int n = 0;

	if (w->read.on && (e->events & ~(uint32_t)EPOLLOUT) != 0) {
		const bool eof = (e->events & (EPOLLHUP | EPOLLRDHUP)) != 0;

		EV_SET(&out[n], fd, EVFILT_READ, eof ? EV_EOF : 0, 0, 0,
		    w->read.udata);
		n++;
	}
	if (n < room && w->write.on &&
	    (e->events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) {
		const bool eof = (e->events & (EPOLLHUP | EPOLLERR)) != 0;

		EV_SET(&out[n], fd, EVFILT_WRITE, eof ? EV_EOF : 0, 0, 0,
		    w->write.udata);
		n++;
	}
	return n;
}

/* Kernels before 5.11 know milliseconds only: never wake too early. */
static int
kqueue_wait_ms(
    int fd, struct epoll_event *out, int max, const struct timespec *t)
{
	int64_t ms = -1;

	if (t != NULL)
		ms =
		    (int64_t)t->tv_sec * 1000 + (t->tv_nsec + 999999) / 1000000;
	return epoll_wait(fd, out, max, ms > INT_MAX ? INT_MAX : (int)ms);
}

/* What does not fit into out stays ready and comes with the next call. */
static int
kqueue_wait(const struct kqueue *k, struct kevent *out, int room,
    const struct timespec *timeout)
{
	struct epoll_event got[KQUEUE_BATCH];
	const int max = room < KQUEUE_BATCH ? room : KQUEUE_BATCH;
	int n = epoll_pwait2(k->fd, got, max, timeout, NULL);
	int used = 0;

	if (n < 0 && errno == ENOSYS)
		n = kqueue_wait_ms(k->fd, got, max, timeout);
	for (int i = 0; i < n && used < room; i++) {
		if (got[i].data.fd == k->user_fd)
			used += kqueue_take_user(k, &out[used]);
		else if (got[i].data.fd == k->signal_fd)
			used += kqueue_take_signals(k, &out[used], room - used);
		else
			used +=
			    kqueue_take_fd(k, &got[i], &out[used], room - used);
	}
	return n < 0 ? -1 : used;
}

int
kqueue(void)
{
	int fd = -1;

	pthread_mutex_lock(&kqueue_lock);
	struct kqueue *k = kqueue_find_free();
	if (k != NULL)
		fd = kqueue_open(k);
	else
		errno = EMFILE;
	pthread_mutex_unlock(&kqueue_lock);
	return fd;
}

int
kevent(int kq, const struct kevent *changes, int nchanges,
    struct kevent *events, int nevents, const struct timespec *timeout)
{
	int result = 0;

	pthread_mutex_lock(&kqueue_lock);
	struct kqueue *k = kqueue_find(kq);
	for (int i = 0; k != NULL && i < nchanges && result == 0; i++)
		result = kqueue_change(k, &changes[i]);
	pthread_mutex_unlock(&kqueue_lock);
	if (k == NULL) {
		errno = EBADF;
		return -1;
	}
	if (result != 0 || nevents == 0)
		return result;
	return kqueue_wait(k, events, nevents, timeout);
}
