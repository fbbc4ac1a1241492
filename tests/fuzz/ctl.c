/* SPDX-License-Identifier: ISC */
/*
 * The control socket, as a script of clients that connect, send, shut down
 * and hang up in any order. The first byte says how long an answer is.
 */
#include "daemon/ctl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fuzz.h"
#include "os/mono.h"

enum {
	CLIENTS = CTL_CLIENTS_MAX + 2,
	CALLS_MAX = 100,
	TURNS = 3, /* of the loop, after each call */
	ANSWER_UNIT = 8 << 10,
};

struct client {
	int fd;        /* -1: none */
	char head[64]; /* of what it received */
	size_t len;
};

struct script {
	struct fuzz_input in;
	struct loop *loop;
	struct ctl *ctl;
	const char *path;
	size_t answer_len;
	struct client clients[CLIENTS];
	int turns;
};

/* A request is a line without its newline. */
static bool
answer(void *ctx, const char *request, FILE *to)
{
	const struct script *s = ctx;

	FUZZ_CHECK(strlen(request) < CTL_REQUEST_MAX);
	FUZZ_CHECK(strchr(request, '\n') == NULL);
	if (strncmp(request, "status", 6) != 0)
		return false;
	for (size_t i = 0; i < s->answer_len; i++)
		fputc('x', to);
	return true;
}

static uint64_t
count_down(void *ctx)
{
	struct script *s = ctx;

	if (s->turns-- == 0)
		loop_stop(s->loop);
	return 0; /* a deadline that is over: no waiting */
}

static void
pump(struct script *s)
{
	s->turns = TURNS;
	FUZZ_CHECK(loop_run(s->loop, count_down, s) == 0);
}

static void
call_connect(struct script *s, struct client *c)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	if (c->fd != -1)
		return;
	memcpy(a.sun_path, s->path, strlen(s->path) + 1);
	c->fd = socket(AF_UNIX, SOCK_STREAM, 0);
	c->len = 0;
	FUZZ_CHECK(c->fd >= 0);
	FUZZ_CHECK(fcntl(c->fd, F_SETFL, O_NONBLOCK) == 0);
	FUZZ_CHECK(connect(c->fd, (const struct sockaddr *)&a, sizeof(a)) == 0);
}

static void
call_send(struct script *s, struct client *c)
{
	uint8_t data[CTL_REQUEST_MAX + 32];
	const size_t len =
	    fuzz_bytes(&s->in, data, fuzz_u8(&s->in) % (sizeof(data) + 1));

	if (c->fd != -1 && len > 0)
		(void)!send(c->fd, data, len, MSG_NOSIGNAL);
}

/* All that is there, but not more than fits in a socket at once. */
static void
call_recv(struct script *s, struct client *c)
{
	char data[ANSWER_UNIT];

	(void)s;
	if (c->fd == -1)
		return;
	const ssize_t n = recv(c->fd, data, sizeof(data), 0);
	for (ssize_t i = 0; i < n && c->len < sizeof(c->head) - 1; i++)
		c->head[c->len++] = data[i];
	c->head[c->len] = '\0';
	if (c->len >= 6)
		FUZZ_CHECK(strncmp(c->head, "ok\n", 3) == 0 ||
		    strncmp(c->head, "error ", 6) == 0);
}

static void
call_shutdown(struct script *s, struct client *c)
{
	(void)s;
	if (c->fd != -1)
		(void)shutdown(c->fd, SHUT_WR);
}

static void
call_close(struct script *s, struct client *c)
{
	(void)s;
	if (c->fd != -1)
		(void)close(c->fd);
	c->fd = -1;
}

/* Their time is up. */
static void
call_late(struct script *s, struct client *c)
{
	(void)c;
	FUZZ_CHECK(ctl_tick(s->ctl, mono_now().mono_ns + CTL_TIMEOUT) == NEVER);
}

static void (*const calls[])(struct script *s, struct client *c) = {
	call_connect,
	call_send,
	call_recv,
	call_shutdown,
	call_close,
	call_late,
	call_send,
	call_recv,
};

/* One byte: the call in the low half, the client in the high one. */
static void
run(struct script *s)
{
	const uint8_t what = fuzz_u8(&s->in);

	calls[(what & 15) % ARRAY_LEN(calls)](
	    s, &s->clients[(what >> 4) % CLIENTS]);
	pump(s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script s = { .in = { .at = data, .left = size } };

	s.answer_len = (size_t)fuzz_u8(&s.in) * ANSWER_UNIT / 8;
	s.path = fuzz_file("ctl", NULL, 0, 0);
	s.loop = loop_open();
	FUZZ_CHECK(s.loop != NULL);
	s.ctl = ctl_open(s.path, s.loop, answer, &s);
	FUZZ_CHECK(s.ctl != NULL);
	for (int i = 0; i < CLIENTS; i++)
		s.clients[i].fd = -1;
	for (int i = 0; i < CALLS_MAX && s.in.left > 0; i++)
		run(&s);
	for (int i = 0; i < CLIENTS; i++)
		call_close(&s, &s.clients[i]);
	pump(&s);
	ctl_close(s.ctl);
	loop_close(s.loop);
	FUZZ_CHECK(access(s.path, F_OK) != 0);
	return 0;
}
