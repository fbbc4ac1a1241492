/* SPDX-License-Identifier: ISC */
/*
 * The part of kqueue(2) that os/loop.c speaks, for Linux.
 * Source: FreeBSD's kqueue(2); names and values as there.
 *
 * EVFILT_READ, EVFILT_WRITE  level-triggered; hang-up is EV_EOF; data is 0
 * EVFILT_USER                one for each kqueue, EV_CLEAR, NOTE_TRIGGER
 * EVFILT_SIGNAL              EV_ADD blocks the signal in the calling thread,
 *                            so other threads must have it blocked as well;
 *                            the caller gives it a handler that does nothing
 *                            (an ignored signal would not be seen);
 *                            one kqueue hears of each delivery
 * Flags are EV_ADD, EV_DELETE and EV_CLEAR; a change that fails ends the
 * call with -1 and errno and is never reported as an event.
 * Thread: a kqueue belongs to one thread, but NOTE_TRIGGER may come from any.
 * Memory: a fixed table, so that at most 8 kqueues are open at once.
 */
#ifndef OS_LINUX_SYS_EVENT_H
#define OS_LINUX_SYS_EVENT_H

#include <stdint.h>
#include <time.h>

#define EVFILT_READ (-1)
#define EVFILT_WRITE (-2)
#define EVFILT_SIGNAL (-6)
#define EVFILT_USER (-11)

#define EV_ADD 0x0001U
#define EV_DELETE 0x0002U
#define EV_CLEAR 0x0020U
#define EV_EOF 0x8000U

#define NOTE_TRIGGER 0x01000000U

struct kevent {
	uintptr_t ident; /* descriptor, signal, or the caller's number */
	int16_t filter;
	uint16_t flags;
	uint32_t fflags;
	int64_t data; /* EVFILT_SIGNAL: deliveries */
	void *udata;  /* comes back with the event */
};

#define EV_SET(event, id, filt, fl, ffl, dat, ud)                              \
	(*(event) = (struct kevent){ .ident = (id),                            \
	     .filter = (filt),                                                 \
	     .flags = (fl),                                                    \
	     .fflags = (ffl),                                                  \
	     .data = (dat),                                                    \
	     .udata = (ud) })

/* A descriptor that close(2) ends; -1 with errno (EMFILE: 8 are open). */
int kqueue(void);

/*
 * Applies the changes, then, if nevents is not 0, waits for events; NULL as
 * timeout waits for ever. Returns the count of events, 0 at the timeout, -1
 * with errno: EBADF (no kqueue, or no descriptor to watch), ENOENT (nothing
 * to delete or trigger), EMFILE (descriptor of 1024 or more), ENOSPC (second
 * EVFILT_USER), EINVAL (not in this part of kqueue), EINTR.
 */
int kevent(int kq, const struct kevent *changes, int nchanges,
    struct kevent *events, int nevents, const struct timespec *timeout);

#endif
