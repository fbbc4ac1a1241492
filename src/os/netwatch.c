/* SPDX-License-Identifier: ISC */
#include "os/netwatch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os/ifconf.h"
#include "os/ifwatch.h"
#include "os/log.h"

struct netwatch {
	struct loop *loop;
	int fd;
	netwatch_fn *fn;
	void *ctx;
	char own[IFCONF_NAME_MAX];
	bool heard;        /* messages came since the last tick */
	bool pending;      /* of some nothing was told yet */
	uint64_t first_ns; /* of these */
	uint64_t last_ns;
	uint64_t full_ns; /* when all free calls are there again */
	bool looked;      /* the clocks were looked at before, and said: */
	uint64_t mono_ns;
	uint64_t awake_ns;
};

/* The time is the next tick's, which comes in the same turn of the loop. */
static void
read_messages(void *ctx)
{
	struct netwatch *w = ctx;

	if (ifwatch_read(w->fd, w->own))
		w->heard = true;
}

struct netwatch *
netwatch_open(struct loop *l, netwatch_fn *fn, void *ctx)
{
	struct netwatch *w = calloc(1, sizeof(*w));
	int error;

	if (w == NULL)
		goto failed;
	*w = (struct netwatch){ .loop = l, .fn = fn, .ctx = ctx };
	w->fd = ifwatch_open();
	if (w->fd == -1)
		goto failed;
	if (loop_add_read(l, w->fd, read_messages, w) == 0)
		return w;
failed:
	error = errno;
	log_error("cannot watch the system's network: %s", strerror(error));
	if (w != NULL && w->fd != -1)
		close(w->fd);
	free(w);
	errno = error;
	return NULL;
}

void
netwatch_close(struct netwatch *w)
{
	if (w == NULL)
		return;
	loop_remove(w->loop, w->fd);
	close(w->fd);
	free(w);
}

void
netwatch_ignore(struct netwatch *w, const char *name)
{
	if (strcmp(w->own, name) != 0)
		snprintf(w->own, sizeof(w->own), "%s", name);
}

/* True if the machine slept since the last look at the clocks. */
static bool
look_at_clocks(struct netwatch *w, uint64_t now_ns, uint64_t awake_ns)
{
	const uint64_t mono = now_ns - w->mono_ns;
	const uint64_t awake = awake_ns - w->awake_ns;
	const bool looked = w->looked;

	w->looked = true;
	w->mono_ns = now_ns;
	w->awake_ns = awake_ns;
	return looked && mono > awake && mono - awake > NETWATCH_SLEEP;
}

static uint64_t
due_ns(const struct netwatch *w)
{
	const uint64_t free_ns = (NETWATCH_FREE - 1) * NETWATCH_GAP;
	uint64_t due;

	if (!w->pending)
		return NEVER;
	due =
	    u64_min(w->last_ns + NETWATCH_QUIET, w->first_ns + NETWATCH_BURST);
	return w->full_ns > free_ns ? u64_max(due, w->full_ns - free_ns) : due;
}

uint64_t
netwatch_tick(struct netwatch *w, uint64_t now_ns, uint64_t awake_ns)
{
	const bool woke = look_at_clocks(w, now_ns, awake_ns);

	if (w->heard) {
		if (!w->pending)
			w->first_ns = now_ns;
		w->last_ns = now_ns;
		w->pending = true;
		w->heard = false;
	}
	/* Who wakes up looks at everything anyway. */
	if (woke || now_ns >= due_ns(w)) {
		w->pending = false;
		w->full_ns = u64_max(w->full_ns, now_ns) + NETWATCH_GAP;
		w->fn(w->ctx, woke);
	}
	return u64_min(now_ns + NETWATCH_LOOK, due_ns(w));
}
