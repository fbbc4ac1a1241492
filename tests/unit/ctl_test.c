/* SPDX-License-Identifier: ISC */
/*
 * The control socket and its clients on one thread: the loop makes a number
 * of turns without waiting, which is enough for all that is local.
 */
#include "daemon/ctl.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cmocka.h>

#include "capture.h"
#include "os/mono.h"
#include "scratch.h"

enum {
	TURNS = 50,        /* of the loop; more than anything here needs */
	LONG = 1 << 20,    /* bytes of an answer that fits in no socket */
	MANY = 40,         /* clients at once */
	NOBODY = 65534,    /* a user without rights */
	FOREVER = 1 << 16, /* attempts before a test gives up */
};

#define PATH "sock"
#define BUSY "error too many clients, try again\n"

static struct capture captured;
static unsigned int answers; /* asked of us */

struct client {
	int fd;
	char *text; /* received, with a NUL */
	size_t len;
	bool ended;
};

struct fixture {
	struct loop *loop;
	struct ctl *ctl;
};

static bool
answer(void *ctx, const char *request, FILE *to)
{
	unsigned int *count = ctx;

	++*count;
	if (strcmp(request, "ping") == 0)
		fputs("pong\n", to);
	else if (strcmp(request, "empty") == 0)
		return true;
	else if (strcmp(request, "long") == 0)
		for (int i = 0; i < LONG; i++)
			fputc('a' + i % 23, to);
	else
		return false;
	return true;
}

static uint64_t
count_down(void *ctx)
{
	struct fixture *f = ctx;
	static unsigned int turns;

	if (++turns % TURNS == 0)
		loop_stop(f->loop);
	return 0; /* a deadline that is over: no waiting */
}

static void
pump(struct fixture *f)
{
	assert_int_equal(loop_run(f->loop, count_down, f), 0);
}

static struct fixture
start(void)
{
	struct fixture f = { .loop = loop_open() };

	assert_non_null(f.loop);
	answers = 0;
	f.ctl = ctl_open(PATH, f.loop, answer, &answers);
	assert_non_null(f.ctl);
	return f;
}

static void
stop(struct fixture *f)
{
	ctl_close(f->ctl);
	loop_close(f->loop);
	assert_int_equal(access(PATH, F_OK), -1);
}

static struct sockaddr_un
address(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	assert_in_range(strlen(path), 1, sizeof(a.sun_path) - 1);
	memcpy(a.sun_path, path, strlen(path) + 1);
	return a;
}

/* The backlog is short, and full is no end: the loop turns meanwhile. BSD
 * says ECONNREFUSED of it (XNU bsd/kern/uipc_usrreq.c:1405). */
static struct client
client_open(struct fixture *f)
{
	const struct sockaddr_un a = address(PATH);
	struct client c = { .fd = socket(AF_UNIX, SOCK_STREAM, 0) };

	assert_int_not_equal(c.fd, -1);
	assert_int_equal(fcntl(c.fd, F_SETFL, O_NONBLOCK), 0);
	while (connect(c.fd, (const struct sockaddr *)&a, sizeof(a)) != 0) {
		assert_true(errno == EAGAIN || errno == ECONNREFUSED);
		pump(f);
	}
	return c;
}

static void
client_close(struct client *c)
{
	close(c->fd);
	free(c->text);
}

static void
client_send(const struct client *c, const char *data, size_t len)
{
	assert_int_equal(send(c->fd, data, len, MSG_NOSIGNAL), len);
}

/* Takes what is there. An end may be rude (ECONNRESET) where the client sent
 * more than was read. */
static void
client_recv(struct client *c)
{
	char part[4096];
	ssize_t n;

	while ((n = recv(c->fd, part, sizeof(part), 0)) > 0) {
		c->text = realloc(c->text, c->len + (size_t)n + 1);
		assert_non_null(c->text);
		memcpy(c->text + c->len, part, (size_t)n);
		c->len += (size_t)n;
		c->text[c->len] = '\0';
	}
	c->ended = n == 0 || errno != EAGAIN;
}

/* Turns the loop and takes what comes, until it ends. */
static void
client_finish(struct fixture *f, struct client *c)
{
	for (int i = 0; i < FOREVER && !c->ended; i++) {
		pump(f);
		client_recv(c);
	}
	assert_true(c->ended);
}

static void
check_text(const struct client *c, const char *expected)
{
	assert_string_equal(c->text == NULL ? "" : c->text, expected);
}

/* A new client is served as ever. */
static void
check_service(struct fixture *f)
{
	struct client c = client_open(f);

	client_send(&c, "ping\n", 5);
	client_finish(f, &c);
	check_text(&c, "ok\npong\n");
	client_close(&c);
}

static void
check_long_answer(const struct client *c)
{
	assert_int_equal(c->len, 3 + LONG);
	assert_memory_equal(c->text, "ok\n", 3);
	for (int i = 0; i < LONG; i++)
		if (c->text[3 + i] != 'a' + i % 23)
			fail_msg("byte %d differs", i);
}

static void
test_requests(void **state)
{
	static const struct {
		const char *sent;
		size_t len;
		const char *answer; /* "": hung up without a word */
	} cases[] = {
		{ "ping\n", 5, "ok\npong\n" },
		{ "empty\n", 6, "ok\n" },
		{ "ping\nping\n", 10, "ok\npong\n" },
		{ "ping\n\0\377", 7, "ok\npong\n" },
		{ "pong\n", 5, "error no such request\n" },
		{ "PING\n", 5, "error no such request\n" },
		{ "ping \n", 6, "error no such request\n" },
		{ "ping\r\n", 6, "error no such request\n" },
		{ "\n", 1, "error no such request\n" },
		{ "\0\n", 2, "error no such request\n" },
		{ "pi\0ng\n", 6, "error no such request\n" },
		{ "\377\376\n", 3, "error no such request\n" },
	};
	struct fixture f = start();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct client c = client_open(&f);

		client_send(&c, cases[i].sent, cases[i].len);
		client_finish(&f, &c);
		check_text(&c, cases[i].answer);
		client_close(&c);
	}
	stop(&f);
}

static void
test_request_length(void **state)
{
	char line[CTL_REQUEST_MAX + 1];
	struct fixture f = start();

	(void)state;
	memset(line, 'x', sizeof(line));
	line[CTL_REQUEST_MAX - 1] = '\n';
	struct client fits = client_open(&f);
	client_send(&fits, line, CTL_REQUEST_MAX);
	client_finish(&f, &fits);
	check_text(&fits, "error no such request\n");
	client_close(&fits);

	answers = 0;
	line[CTL_REQUEST_MAX - 1] = 'x';
	line[CTL_REQUEST_MAX] = '\n';
	struct client too_long = client_open(&f);
	client_send(&too_long, line, sizeof(line));
	client_finish(&f, &too_long);
	check_text(&too_long, "");
	assert_int_equal(answers, 0);
	client_close(&too_long);
	stop(&f);
}

static void
test_byte_by_byte(void **state)
{
	struct fixture f = start();
	struct client c = client_open(&f);

	(void)state;
	for (const char *p = "ping\n"; *p != '\0'; p++) {
		client_recv(&c);
		assert_false(c.ended);
		assert_int_equal(c.len, 0);
		client_send(&c, p, 1);
		pump(&f);
	}
	client_finish(&f, &c);
	check_text(&c, "ok\npong\n");
	client_close(&c);
	stop(&f);
}

/* What never ends its line is cut off, however much it sends. */
static void
test_megabytes(void **state)
{
	static char junk[LONG];
	struct fixture f = start();
	struct client c = client_open(&f);
	int error = 0;

	(void)state;
	memset(junk, 'x', sizeof(junk));
	for (int i = 0; i < FOREVER && error != EPIPE; i++) {
		if (send(c.fd, junk, sizeof(junk), MSG_NOSIGNAL) == -1)
			error = errno;
		pump(&f);
	}
	assert_int_equal(error, EPIPE);
	assert_int_equal(answers, 0);
	client_close(&c);
	check_service(&f);
	stop(&f);
}

/* As `nc -N` does: no more requests, but all of the answer please. */
static void
test_half_close(void **state)
{
	struct fixture f = start();
	struct client whole = client_open(&f), half = client_open(&f);

	(void)state;
	client_send(&whole, "long\n", 5);
	pump(&f);
	assert_int_equal(shutdown(whole.fd, SHUT_WR), 0);
	pump(&f);
	client_finish(&f, &whole);
	check_long_answer(&whole);
	client_close(&whole);

	client_send(&half, "long", 4);
	assert_int_equal(shutdown(half.fd, SHUT_WR), 0);
	client_finish(&f, &half);
	check_text(&half, "");
	client_close(&half);
	stop(&f);
}

/* At every moment; what was theirs serves the next ones. */
static void
test_hang_up(void **state)
{
	static const char *const sent[] = { "", "lo", "long\n", "what\n" };
	struct fixture f = start();
	const unsigned int before = count_descriptors();

	(void)state;
	for (size_t i = 0; i < (size_t)2 * CTL_CLIENTS_MAX; i++) {
		const char *text = sent[i % ARRAY_LEN(sent)];
		struct client c = client_open(&f);

		if (i % 3 == 0)
			pump(&f);
		client_send(&c, text, strlen(text));
		if (i % 2 == 0)
			pump(&f);
		client_close(&c);
		pump(&f);
		assert_int_equal(count_descriptors(), before);
	}
	check_service(&f);
	stop(&f);
}

/* One that says nothing, one that stops within its line, and one that does
 * not read have the same time. */
static void
test_time_is_limited(void **state)
{
	static const char *const sent[] = { "", "pi", "long\n" };
	struct fixture f = start();

	(void)state;
	assert_int_equal(ctl_tick(f.ctl, mono_now().mono_ns), NEVER);
	for (size_t i = 0; i < ARRAY_LEN(sent); i++) {
		const uint64_t before = mono_now().mono_ns;
		struct client c = client_open(&f);

		client_send(&c, sent[i], strlen(sent[i]));
		pump(&f);
		const uint64_t after = mono_now().mono_ns;
		const uint64_t end = ctl_tick(f.ctl, after);
		assert_in_range(end, before + CTL_TIMEOUT, after + CTL_TIMEOUT);
		assert_int_equal(ctl_tick(f.ctl, end - 1), end);
		assert_int_equal(ctl_tick(f.ctl, end), NEVER);
		client_recv(&c);
		assert_true(c.ended);
		assert_true(c.len < LONG);
		client_close(&c);
	}
	check_service(&f);
	stop(&f);
}

static void
test_first_deadline_counts(void **state)
{
	struct fixture f = start();
	struct client old = client_open(&f);

	(void)state;
	pump(&f);
	const uint64_t end = ctl_tick(f.ctl, mono_now().mono_ns);
	while (mono_now().mono_ns + CTL_TIMEOUT <= end)
		continue;
	struct client young = client_open(&f);
	pump(&f);
	assert_int_equal(ctl_tick(f.ctl, end - 1), end);
	const uint64_t next = ctl_tick(f.ctl, end);
	assert_in_range(next, end + 1, NEVER - 1);
	client_recv(&old);
	client_recv(&young);
	assert_true(old.ended);
	assert_false(young.ended);
	client_close(&old);
	client_close(&young);
	stop(&f);
}

static void
test_many_clients(void **state)
{
	struct client clients[MANY];
	struct fixture f = start();

	(void)state;
	for (int i = 0; i < MANY; i++)
		clients[i] = client_open(&f);
	pump(&f);
	for (int i = 0; i < MANY; i++) {
		client_recv(&clients[i]);
		assert_int_equal(clients[i].ended, i >= CTL_CLIENTS_MAX);
		check_text(&clients[i], i < CTL_CLIENTS_MAX ? "" : BUSY);
	}
	for (int i = CTL_CLIENTS_MAX - 1; i >= 0; i--) {
		client_send(&clients[i], "long\n", 5);
		client_finish(&f, &clients[i]);
		check_long_answer(&clients[i]);
	}
	for (int i = 0; i < MANY; i++)
		client_close(&clients[i]);
	check_service(&f);
	stop(&f);
}

/* Eight long answers at once, taken in turns. */
static void
test_answers_do_not_mix(void **state)
{
	struct client clients[CTL_CLIENTS_MAX];
	struct fixture f = start();
	bool ended = false;

	(void)state;
	for (int i = 0; i < CTL_CLIENTS_MAX; i++) {
		clients[i] = client_open(&f);
		client_send(&clients[i], "long\n", 5);
	}
	for (int turn = 0; turn < FOREVER && !ended; turn++) {
		pump(&f);
		ended = true;
		for (int i = 0; i < CTL_CLIENTS_MAX; i++) {
			client_recv(&clients[i]);
			ended &= clients[i].ended;
		}
	}
	for (int i = 0; i < CTL_CLIENTS_MAX; i++) {
		check_long_answer(&clients[i]);
		client_close(&clients[i]);
	}
	stop(&f);
}

static void
test_close_ends_all(void **state)
{
	const unsigned int before = count_descriptors();
	struct fixture f = start();
	struct client silent = client_open(&f), slow = client_open(&f);

	(void)state;
	client_send(&slow, "long\n", 5);
	pump(&f);
	stop(&f);
	client_recv(&silent);
	client_recv(&slow);
	assert_true(silent.ended);
	assert_true(slow.ended);
	client_close(&silent);
	client_close(&slow);
	assert_int_equal(count_descriptors(), before);
}

static void
nothing(void *ctx)
{
	(void)ctx;
}

/* Returns how many descriptors it took until there was no room. */
static int
fill_loop(struct loop *l, int fds[static LOOP_FDS_MAX])
{
	int ends[2], n = 0;
	bool room = true;

	assert_int_equal(pipe(ends), 0);
	while (room && n < LOOP_FDS_MAX) {
		fds[n] = dup(ends[0]);
		room = loop_add_read(l, fds[n], nothing, NULL) == 0;
		if (room)
			n++;
		else
			close(fds[n]);
	}
	close(ends[0]);
	close(ends[1]);
	return n;
}

/* No room for one more client, nor for a second socket. */
static void
test_loop_is_full(void **state)
{
	struct fixture f = start();
	int fds[LOOP_FDS_MAX];
	int count = fill_loop(f.loop, fds);

	(void)state;
	assert_int_equal(count, LOOP_FDS_MAX - 1);
	struct client c = client_open(&f);
	client_send(&c, "ping\n", 5);
	client_finish(&f, &c);
	check_text(&c, "");
	client_close(&c);

	const unsigned int before = count_descriptors();
	capture_open(&captured, STDERR_FILENO);
	struct ctl *second = ctl_open("other", f.loop, answer, &answers);
	const int error = errno;
	const char *line = capture_close(&captured);
	assert_null(second);
	assert_int_equal(error, ENOSPC);
	assert_int_equal(capture_lines(line), 1);
	assert_int_equal(access("other", F_OK), -1);
	assert_int_equal(count_descriptors(), before);
	while (count-- > 0) {
		loop_remove(f.loop, fds[count]);
		close(fds[count]);
	}
	check_service(&f);
	stop(&f);
}

/* ctl_open must fail: one line that names key, path and what to do. */
static void
check_refused(const char *path, int error, const char *remedy)
{
	struct loop *l = loop_open();
	const unsigned int before = count_descriptors();

	assert_non_null(l);
	capture_open(&captured, STDERR_FILENO);
	struct ctl *c = ctl_open(path, l, answer, &answers);
	const int told = errno;
	const char *line = capture_close(&captured);
	assert_null(c);
	assert_int_equal(told, error);
	assert_int_equal(capture_lines(line), 1);
	assert_non_null(strstr(line, "lansplice: error: control.socket: "));
	assert_non_null(strstr(line, path));
	if (strstr(line, remedy) == NULL)
		fail_msg("no \"%s\" in %s", remedy, line);
	assert_int_equal(count_descriptors(), before);
	loop_close(l);
}

/* Somebody else's socket. */
static int
bind_socket(const char *path)
{
	const struct sockaddr_un a = address(path);
	const int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (const struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

static void
test_dead_socket_is_replaced(void **state)
{
	(void)state;
	close(bind_socket(PATH));
	assert_int_equal(access(PATH, F_OK), 0);
	struct fixture f = start();
	check_service(&f);
	stop(&f);
}

static void
test_live_socket_is_respected(void **state)
{
	struct fixture f = start();

	(void)state;
	check_refused(PATH, EADDRINUSE, "a daemon runs already; stop it");
	pump(&f);
	check_service(&f);
	stop(&f);
}

/* A daemon that is stopped (SIGSTOP) accepts nobody: a connect that waits
 * would wait for ever. BSD's systems say of it what they say of a dead one. */
static void
test_live_socket_with_a_full_backlog(void **state)
{
	const struct sockaddr_un a = address(PATH);
	const int fd = bind_socket(PATH);
	int callers[CTL_BACKLOG];
	int result = 0;

	(void)state;
	assert_int_equal(listen(fd, 1), 0);
	for (int i = 0; i < CTL_BACKLOG; i++) {
		callers[i] = socket(AF_UNIX, SOCK_STREAM, 0);
		(void)fcntl(callers[i], F_SETFL, O_NONBLOCK);
		result =
		    connect(callers[i], (const struct sockaddr *)&a, sizeof(a));
	}
	const bool told = errno != ECONNREFUSED;
	assert_int_equal(result, -1);
	if (told) {
		check_refused(PATH, EADDRINUSE, "a daemon runs already");
		assert_int_equal(access(PATH, F_OK), 0);
	}
	for (int i = 0; i < CTL_BACKLOG; i++)
		close(callers[i]);
	close(fd);
	if (!told)
		skip();
}

static void
test_other_files_are_respected(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(close(creat("file", 0644)), 0);
	check_refused("file", ENOTSOCK, "not a socket; choose another path");
	assert_int_equal(lstat("file", &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(mkdir("dir", 0755), 0);
	check_refused("dir", ENOTSOCK, "not a socket; choose another path");
	assert_int_equal(symlink("nowhere", "link"), 0);
	check_refused("link", ENOTSOCK, "not a socket; choose another path");
	assert_int_equal(lstat("link", &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	check_refused("no/sock", ENOENT, "make its folder");
	assert_int_equal(access("no", F_OK), -1);
}

static void
test_path_too_long(void **state)
{
	char path[sizeof((struct sockaddr_un){ 0 }.sun_path) + 1];

	(void)state;
	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	check_refused(path, ENAMETOOLONG, "too long");
	/* A cut one would be a file of another name. */
	path[sizeof(path) - 2] = '\0';
	assert_int_equal(access(path, F_OK), -1);
}

static void
test_no_permission(void **state)
{
	const bool root = geteuid() == 0;

	(void)state;
	assert_int_equal(chmod(".", 0555), 0);
	if (root)
		assert_int_equal(seteuid(NOBODY), 0);
	check_refused(PATH, EACCES, "Permission denied; start as root");
	if (root)
		assert_int_equal(seteuid(0), 0);
	assert_int_equal(chmod(".", 0700), 0);
}

static void
test_owner_alone(void **state)
{
	const mode_t before = umask(0);
	struct fixture f = start();
	struct stat st;

	(void)state;
	assert_int_equal(umask(before), 0);
	assert_int_equal(stat(PATH, &st), 0);
	assert_int_equal(st.st_mode & ALLPERMS, 0600);
	stop(&f);
}

#define CASE(test)                                                             \
	cmocka_unit_test_setup_teardown(test, scratch_enter, scratch_leave)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_requests),
		CASE(test_request_length),
		CASE(test_byte_by_byte),
		CASE(test_megabytes),
		CASE(test_half_close),
		CASE(test_hang_up),
		CASE(test_time_is_limited),
		CASE(test_first_deadline_counts),
		CASE(test_many_clients),
		CASE(test_answers_do_not_mix),
		CASE(test_close_ends_all),
		CASE(test_loop_is_full),
		CASE(test_dead_socket_is_replaced),
		CASE(test_live_socket_is_respected),
		CASE(test_live_socket_with_a_full_backlog),
		CASE(test_other_files_are_respected),
		CASE(test_path_too_long),
		CASE(test_no_permission),
		CASE(test_owner_alone),
	};

	return cmocka_run_group_tests_name("ctl", tests, NULL, NULL);
}
