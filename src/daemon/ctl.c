/* SPDX-License-Identifier: ISC */
#include "daemon/ctl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "os/log.h"
#include "os/mono.h"

enum { CTL_UMASK = 0177 }; /* the socket is for its owner */

static const char ctl_unknown[] = "error no such request\n";
static const char ctl_busy[] = "error too many clients, try again\n";

struct ctl_client {
	struct ctl *ctl;
	int fd; /* -1: free */
	uint64_t since_ns;
	char request[CTL_REQUEST_MAX];
	size_t request_len;
	char *answer; /* NULL while the request is read */
	size_t answer_len, sent;
};

struct ctl {
	struct loop *loop;
	ctl_answer_fn *answer;
	void *ctx;
	int fd;
	struct sockaddr_un addr;
	struct ctl_client clients[CTL_CLIENTS_MAX];
};

static void
client_close(struct ctl_client *c)
{
	loop_remove(c->ctl->loop, c->fd);
	(void)close(c->fd);
	free(c->answer);
	c->answer = NULL;
	c->fd = -1;
}

static void
client_send(void *ctx)
{
	struct ctl_client *c = ctx;
	const ssize_t n = send(
	    c->fd, c->answer + c->sent, c->answer_len - c->sent, MSG_NOSIGNAL);

	if (n >= 0)
		c->sent += (size_t)n;
	else if (errno != EAGAIN && errno != EINTR)
		c->sent = c->answer_len;
	if (c->sent == c->answer_len)
		client_close(c);
}

/* The whole answer, or NULL without memory. */
static char *
client_answer(struct ctl_client *c, size_t *len)
{
	char *text = NULL, *body = NULL;
	size_t body_len = 0;
	FILE *to = open_memstream(&body, &body_len);

	if (to == NULL)
		return NULL;
	fputs("ok\n", to);
	const bool known = c->ctl->answer(c->ctl->ctx, c->request, to);
	const bool written = ferror(to) == 0;
	const bool whole = fclose(to) == 0 && written;
	text = whole && known ? body : NULL;
	if (text == NULL) {
		free(body);
		text = whole ? strdup(ctl_unknown) : NULL;
		body_len = text == NULL ? 0 : strlen(text);
	}
	*len = body_len;
	return text;
}

/* From here on the client is not read: it may have shut its side down, as
 * `nc -N` does, and still want all of a long answer. */
static void
client_finish(struct ctl_client *c)
{
	c->answer = client_answer(c, &c->answer_len);
	c->sent = 0;
	if (c->answer == NULL ||
	    loop_add_write(c->ctl->loop, c->fd, client_send, c) != 0) {
		client_close(c);
		return;
	}
	loop_remove_read(c->ctl->loop, c->fd);
	client_send(c); /* mostly all of it, before the client hangs up */
}

static void
client_recv(void *ctx)
{
	struct ctl_client *c = ctx;
	char *end;
	const ssize_t n = recv(c->fd, c->request + c->request_len,
	    sizeof(c->request) - c->request_len, 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		client_close(c);
		return;
	}
	c->request_len += (size_t)n;
	end = memchr(c->request, '\n', c->request_len);
	if (end != NULL) {
		*end = '\0';
		client_finish(c);
	} else if (c->request_len == sizeof(c->request)) {
		client_close(c);
	}
}

static struct ctl_client *
ctl_free_client(struct ctl *ctl)
{
	for (int i = 0; i < CTL_CLIENTS_MAX; i++)
		if (ctl->clients[i].fd == -1)
			return &ctl->clients[i];
	return NULL;
}

static void
ctl_accept(void *ctx)
{
	struct ctl *ctl = ctx;
	const int fd = accept(ctl->fd, NULL, NULL);
	struct ctl_client *c = ctl_free_client(ctl);

	if (fd < 0)
		return;
	if (c == NULL)
		(void)send(fd, ctl_busy, sizeof(ctl_busy) - 1,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
	if (c == NULL || fcntl(fd, F_SETFL, O_NONBLOCK) != 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 ||
	    loop_add_read(ctl->loop, fd, client_recv, c) != 0) {
		(void)close(fd);
		return;
	}
	c->fd = fd;
	c->since_ns = mono_now().mono_ns;
	c->request_len = 0;
	c->answer = NULL;
}

/* True if nobody listens at the address. It does not wait: a daemon that is
 * stopped lets its backlog fill. */
static bool
ctl_is_dead(const struct sockaddr_un *addr)
{
	const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	bool dead;

	if (fd < 0)
		return false;
	dead = fcntl(fd, F_SETFL, O_NONBLOCK) == 0 &&
	    connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) != 0 &&
	    errno == ECONNREFUSED;
	(void)close(fd);
	return dead;
}

/* Binds with the mode that it keeps; umask is the process's. Linux does not
 * follow a link, but XNU makes the socket where it leads (bsd/kern/
 * uipc_usrreq.c:1189). */
static int
ctl_bind(const struct ctl *c)
{
	struct stat st;

	if (lstat(c->addr.sun_path, &st) == 0 && S_ISLNK(st.st_mode)) {
		errno = EADDRINUSE;
		return -1;
	}
	const mode_t before = umask(CTL_UMASK);
	const int done =
	    bind(c->fd, (const struct sockaddr *)&c->addr, sizeof(c->addr));

	(void)umask(before);
	return done;
}

/* A socket that nobody listens on was left by a crash. */
static int
ctl_replace(const struct ctl *c)
{
	struct stat st;

	if (lstat(c->addr.sun_path, &st) == 0 && !S_ISSOCK(st.st_mode)) {
		errno = ENOTSOCK;
		return -1;
	}
	if (!ctl_is_dead(&c->addr)) {
		errno = EADDRINUSE;
		return -1;
	}
	if (unlink(c->addr.sun_path) != 0)
		return -1;
	return ctl_bind(c);
}

static int
ctl_listen(struct ctl *c)
{
	c->fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (c->fd < 0 || fcntl(c->fd, F_SETFL, O_NONBLOCK) != 0 ||
	    fcntl(c->fd, F_SETFD, FD_CLOEXEC) != 0)
		return -1;
	if (ctl_bind(c) != 0 && (errno != EADDRINUSE || ctl_replace(c) != 0))
		return -1;
	if (listen(c->fd, CTL_BACKLOG) != 0 ||
	    loop_add_read(c->loop, c->fd, ctl_accept, c) != 0) {
		const int error = errno;

		(void)unlink(c->addr.sun_path);
		errno = error;
		return -1;
	}
	return 0;
}

static void
ctl_log_open_error(const char *path)
{
	const char *reason = strerror(errno);
	const char *remedy = "";

	switch (errno) {
	case EADDRINUSE:
		reason = "a daemon runs already";
		remedy = "; stop it, or choose another path";
		break;
	case ENOTSOCK:
		reason = "it is there already and is not a socket";
		remedy = "; choose another path";
		break;
	case EACCES:
	case EPERM:
		remedy = "; start as root, or choose a path in a folder of "
			 "your own";
		break;
	case ENOENT:
		remedy = "; make its folder, or choose another path";
		break;
	default:
		break;
	}
	log_error("control.socket: %s: %s%s", path, reason, remedy);
}

struct ctl *
ctl_open(const char *path, struct loop *l, ctl_answer_fn *answer, void *ctx)
{
	struct ctl *c = calloc(1, sizeof(*c));
	const size_t len = strlen(path);

	if (c == NULL)
		goto fail;
	c->loop = l;
	c->answer = answer;
	c->ctx = ctx;
	c->fd = -1;
	c->addr.sun_family = AF_UNIX;
	for (int i = 0; i < CTL_CLIENTS_MAX; i++)
		c->clients[i] = (struct ctl_client){ .ctl = c, .fd = -1 };
	if (len >= sizeof(c->addr.sun_path)) {
		errno = ENAMETOOLONG;
		goto fail;
	}
	memcpy(c->addr.sun_path, path, len + 1);
	if (ctl_listen(c) == 0)
		return c;
fail:
	ctl_log_open_error(path);
	const int error = errno;
	if (c != NULL && c->fd >= 0)
		(void)close(c->fd);
	free(c);
	errno = error;
	return NULL;
}

void
ctl_close(struct ctl *c)
{
	for (int i = 0; i < CTL_CLIENTS_MAX; i++)
		if (c->clients[i].fd != -1)
			client_close(&c->clients[i]);
	loop_remove(c->loop, c->fd);
	(void)close(c->fd);
	(void)unlink(c->addr.sun_path);
	free(c);
}

uint64_t
ctl_tick(struct ctl *ctl, uint64_t now_ns)
{
	uint64_t next = NEVER;

	for (int i = 0; i < CTL_CLIENTS_MAX; i++) {
		struct ctl_client *c = &ctl->clients[i];

		if (c->fd == -1)
			continue;
		if (now_ns - c->since_ns >= CTL_TIMEOUT)
			client_close(c);
		else
			next = u64_min(next, c->since_ns + CTL_TIMEOUT);
	}
	return next;
}
