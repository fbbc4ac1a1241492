/* SPDX-License-Identifier: ISC */
/*
 * The command line's side against daemons of all manners, each on a thread of
 * its own. setsockopt(2) and send(2) are replaced, so that nobody waits for
 * CLIENT_TIMEOUT and the order of events is certain.
 */
#include "daemon/client.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sysexits.h>

#include <cmocka.h>

#include "capture.h"
#include "daemon/ctl.h"
#include "scratch.h"

enum {
	SHORT_US = 20000, /* instead of CLIENT_TIMEOUT */
	LONG = 1 << 20,   /* bytes of an answer that fits in no socket */
	NOBODY = 65534,   /* a user without rights */
};

#define PATH "sock"

/* What a daemon does with its one client. */
struct manner {
	const char *answer;
	size_t len;
	bool deaf;  /* answers without reading */
	bool hangs; /* and does not hang up */
};

static struct daemon {
	struct manner manner;
	pthread_t thread;
	int listen_fd;
	int client_fd;
	char request[CTL_REQUEST_MAX];
} server;

static struct capture out, err;
static bool send_late; /* when the daemon is through */
static unsigned int limits;

static void
real(const char *name, void *fn, size_t size)
{
	void *p = dlsym(RTLD_NEXT, name);

	assert_non_null(p);
	memcpy(fn, &p, size);
}

int
setsockopt(int fd, int level, int option, const void *value, socklen_t len)
{
	int (*fn)(int, int, int, const void *, socklen_t);
	const struct timeval shorter = { .tv_usec = SHORT_US };
	struct timeval asked;

	assert_true(option == SO_RCVTIMEO || option == SO_SNDTIMEO);
	assert_int_equal(len, sizeof(asked));
	memcpy(&asked, value, sizeof(asked));
	assert_int_equal(asked.tv_sec, CLIENT_TIMEOUT);
	limits++;
	real("setsockopt", &fn, sizeof(fn));
	return fn(fd, level, option, &shorter, sizeof(shorter));
}

ssize_t
send(int fd, const void *data, size_t len, int flags)
{
	ssize_t (*fn)(int, const void *, size_t, int);

	if (send_late) {
		pthread_join(server.thread, NULL);
		send_late = false;
	}
	real("send", &fn, sizeof(fn));
	return fn(fd, data, len, flags);
}

static struct sockaddr_un
address(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	assert_in_range(strlen(path), 1, sizeof(a.sun_path) - 1);
	memcpy(a.sun_path, path, strlen(path) + 1);
	return a;
}

static int
listen_at(const char *path, int backlog)
{
	const struct sockaddr_un a = address(path);
	const int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)unlink(path);
	assert_int_equal(bind(fd, (const struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(fd, backlog), 0);
	return fd;
}

/* write(2), so that the send of above is the client's alone. */
static void *
serve(void *arg)
{
	struct daemon *d = arg;
	const struct manner *m = &d->manner;
	size_t done = 0;
	ssize_t n = 1;

	d->client_fd = accept(d->listen_fd, NULL, NULL);
	if (!m->deaf)
		(void)!read(d->client_fd, d->request, sizeof(d->request) - 1);
	for (; done < m->len && n > 0; done += n > 0 ? (size_t)n : 0)
		n = write(d->client_fd, m->answer + done, m->len - done);
	if (!m->hangs)
		close(d->client_fd);
	return NULL;
}

/* One request to a daemon of that manner; what it wrote is in out and err. */
static int
request(const struct manner *m, bool late)
{
	server = (struct daemon){ .manner = *m };
	server.listen_fd = listen_at(PATH, 1);
	assert_int_equal(
	    pthread_create(&server.thread, NULL, serve, &server), 0);
	capture_open(&out, STDOUT_FILENO);
	capture_open(&err, STDERR_FILENO);
	send_late = late;
	const int status = client_request(PATH, "status");
	(void)capture_close(&out);
	(void)capture_close(&err);
	if (!late)
		pthread_join(server.thread, NULL);
	if (m->hangs)
		close(server.client_fd);
	close(server.listen_fd);
	return status;
}

/* One line that names the socket and says so. */
static void
check_line(const char *path, const char *text)
{
	assert_int_equal(capture_lines(err.text), 1);
	assert_non_null(strstr(err.text, "lansplice: error: "));
	assert_non_null(strstr(err.text, path));
	if (strstr(err.text, text) == NULL)
		fail_msg("no \"%s\" in %s", text, err.text);
}

static void
test_answers(void **state)
{
	static const struct {
		struct manner manner;
		int status;
		const char *out;
		const char *err; /* NULL: nothing */
	} cases[] = {
		{ { "ok\nall is well\n", 15, .deaf = false }, 0,
		    "all is well\n", NULL },
		{ { "ok\nno newline", 13, .deaf = false }, 0, "no newline",
		    NULL },
		{ { "ok\n", 3, .deaf = false }, 0, "", NULL },
		{ { "", 0, .deaf = false }, 1, "", "does not answer" },
		{ { "ok", 2, .deaf = false }, 1, "", "the daemon says: ok" },
		{ { "error no such request\nx\n", 24, .deaf = false }, 1, "",
		    "the daemon says: error no such request\n" },
		{ { "\033[2Jok\n", 7, .deaf = false }, 1, "", "says: ?[2Jok" },
		{ { "error busy\n", 11, .deaf = true }, 1, "",
		    "the daemon says: error busy\n" },
		{ { "", 0, .deaf = true }, 1, "", "does not answer" },
		{ { "", 0, .hangs = true }, 1, "", "does not answer" },
		{ { "o", 1, .hangs = true }, 1, "", "" },
		{ { "ok\nhalf", 7, .hangs = true }, 1, "half",
		    "the answer was cut short" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(
		    request(&cases[i].manner, false), cases[i].status);
		assert_string_equal(out.text, cases[i].out);
		if (cases[i].err == NULL)
			assert_string_equal(err.text, "");
		else
			check_line(PATH, cases[i].err);
		if (!cases[i].manner.deaf)
			assert_string_equal(server.request, "status\n");
	}
}

static void
test_long_answer(void **state)
{
	static char text[LONG];
	const struct manner m = { .answer = text, .len = sizeof(text) };

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, "ok\n", 3);
	assert_int_equal(request(&m, false), 0);
	assert_string_equal(err.text, "");
	assert_int_equal(strlen(out.text), sizeof(text) - 3);
	assert_memory_equal(out.text, text + 3, sizeof(text) - 3);
}

/* The daemon has no room for us and hangs up before we ask: what it said is
 * told, and SIGPIPE does not end us. */
static void
test_daemon_hangs_up_first(void **state)
{
	const struct manner busy = { "error busy\n", 11, .deaf = true };
	const struct manner mute = { "", 0, .deaf = true };

	(void)state;
	assert_int_equal(request(&busy, true), 1);
	check_line(PATH, "the daemon says: error busy\n");
	assert_int_equal(request(&mute, true), 1);
	check_line(PATH, "does not answer");
}

/* Asks where nobody can answer. */
static void
check_failure(const char *path, const char *text, int status)
{
	const unsigned int before = count_descriptors();

	capture_open(&out, STDOUT_FILENO);
	capture_open(&err, STDERR_FILENO);
	const int result = client_request(path, text);
	(void)capture_close(&out);
	(void)capture_close(&err);
	assert_int_equal(result, status);
	assert_string_equal(out.text, "");
	assert_int_equal(count_descriptors(), before);
}

static void
test_nobody_there(void **state)
{
	char path[sizeof((struct sockaddr_un){ 0 }.sun_path) + 1];

	(void)state;
	check_failure("no/sock", "status", 1);
	check_line(
	    "no/sock", "No such file or directory; is the daemon running?");
	close(listen_at(PATH, 1));
	check_failure(PATH, "status", 1);
	check_line(PATH, "Connection refused; is the daemon running?");
	assert_int_equal(close(creat("file", 0644)), 0);
	check_failure("file", "status", 1);
	check_line("file", "file: ");
	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	check_failure(path, "status", 1);
	check_line(path, "too long");
	check_failure("", "status", 1);
	check_line("", "");
}

static void
test_no_permission(void **state)
{
	const int fd = listen_at(PATH, 1);
	const bool root = geteuid() == 0;

	(void)state;
	assert_int_equal(chmod(PATH, 0), 0);
	assert_int_equal(chmod(".", 0755), 0);
	if (root)
		assert_int_equal(seteuid(NOBODY), 0);
	check_failure(PATH, "status", EX_NOPERM);
	if (root)
		assert_int_equal(seteuid(0), 0);
	check_line(PATH, "Permission denied; try as root");
	close(fd);
}

/* A daemon that is stopped: those who wait fill its backlog. BSD's systems
 * say of it what they say of a dead one. */
static void
test_backlog_is_full(void **state)
{
	const struct sockaddr_un a = address(PATH);
	const int fd = listen_at(PATH, 1);
	int callers[CTL_BACKLOG], result = 0;

	(void)state;
	for (int i = 0; i < CTL_BACKLOG; i++) {
		callers[i] = socket(AF_UNIX, SOCK_STREAM, 0);
		(void)fcntl(callers[i], F_SETFL, O_NONBLOCK);
		result =
		    connect(callers[i], (const struct sockaddr *)&a, sizeof(a));
	}
	const bool told = errno != ECONNREFUSED;
	assert_int_equal(result, -1);
	limits = 0;
	check_failure(PATH, "status", 1);
	check_line(PATH,
	    told ? "the daemon does not answer" : "is the daemon running?");
	assert_int_equal(limits, 2);
	for (int i = 0; i < CTL_BACKLOG; i++)
		close(callers[i]);
	close(fd);
}

static void
test_request_too_long(void **state)
{
	char text[CTL_REQUEST_MAX + 1];
	const int fd = listen_at(PATH, 1);

	(void)state;
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	check_failure(PATH, text, 1);
	check_line(PATH, "too long");
	close(fd);
}

#define CASE(test)                                                             \
	cmocka_unit_test_setup_teardown(test, scratch_enter, scratch_leave)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_answers),
		CASE(test_long_answer),
		CASE(test_daemon_hangs_up_first),
		CASE(test_nobody_there),
		CASE(test_no_permission),
		CASE(test_backlog_is_full),
		CASE(test_request_too_long),
	};

	return cmocka_run_group_tests_name("client", tests, NULL, NULL);
}
