/* SPDX-License-Identifier: ISC */
/*
 * Which errors say that a socket is lost, and how it is made anew. The
 * opening itself is in udp_test.c.
 */
#include "os/udp_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture.h"
#include "os/sockaddr.h"

static struct capture captured;

static struct addr
address(const char *text)
{
	struct addr a;

	assert_int_equal(sockaddr_parse(&a, text), 0);
	return a;
}

/* Opened at 127.0.0.1, or at all addresses. */
static struct udp_socket
open_socket(bool local)
{
	struct udp_config c = { .port = 0 };
	struct udp_socket s;

	if (local)
		c.local = address("127.0.0.1");
	assert_int_equal(udp_socket_open(&s, &c), 0);
	return s;
}

static uint16_t
port_of(int fd)
{
	struct sockaddr_storage name;
	socklen_t len = sizeof(name);
	struct addr a;

	assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &len), 0);
	assert_true(sockaddr_to_addr(&a, (const struct sockaddr *)&name, len));
	return a.port;
}

static void
test_flags(void **state)
{
	struct udp_socket s = open_socket(false);

	(void)state;
	for (int which = 0; which < UDP_SOCKETS; which++) {
		if (s.fds[which] == -1)
			continue;
		assert_int_not_equal(
		    fcntl(s.fds[which], F_GETFL) & O_NONBLOCK, 0);
		assert_int_equal(fcntl(s.fds[which], F_GETFD), FD_CLOEXEC);
	}
	udp_socket_close(&s);
}

static void
test_errors_that_say_so(void **state)
{
	static const struct {
		int error;
		bool any; /* at all addresses */
		bool local;
	} cases[] = {
		{ EBADF, true, true },
		{ ENOTSOCK, true, true },
		{ ENOTCONN, true, true },
		{ EPIPE, true, true },
		{ ESHUTDOWN, true, true },
		{ EADDRNOTAVAIL, false, true },
		{ EHOSTUNREACH, false, false },
		{ ENETUNREACH, false, false },
		{ ENETDOWN, false, false },
		{ ECONNREFUSED, false, false },
		{ EINVAL, false, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		for (int local = 0; local < 2; local++) {
			struct udp_socket s = open_socket(local == 1);
			const bool want =
			    local == 1 ? cases[i].local : cases[i].any;

			udp_socket_failed(&s, s.fds[0], cases[i].error);
			assert_int_equal(udp_socket_is_stale(&s), want);
			assert_int_equal(udp_socket_reopen(&s), want);
			assert_false(udp_socket_is_stale(&s));
			udp_socket_close(&s);
		}
	}
}

static void
test_nothing_is_due(void **state)
{
	struct udp_socket s = open_socket(false);
	const struct udp_socket before = s;

	(void)state;
	assert_int_equal(udp_socket_reopen(&s), 0);
	assert_memory_equal(s.fds, before.fds, sizeof(s.fds));
	udp_socket_close(&s);
}

/* Only the one that is lost, at the port that the system chose. */
static void
test_port_is_kept(void **state)
{
	struct udp_socket s = open_socket(false);
	const int other = s.fds[1];
	const uint16_t port = s.port;
	const unsigned int open = count_descriptors();

	(void)state;
	for (int round = 0; round < 3; round++) {
		udp_socket_failed(&s, s.fds[0], EPIPE);
		assert_int_equal(udp_socket_reopen(&s), 1);
		assert_int_equal(port_of(s.fds[0]), port);
		assert_int_equal(s.port, port);
		assert_int_equal(s.fds[1], other);
		assert_int_not_equal(fcntl(s.fds[0], F_GETFL) & O_NONBLOCK, 0);
	}
	assert_int_equal(count_descriptors(), open);
	udp_socket_close(&s);
}

/* A family that there was no address for when the daemon started. */
static void
test_missing_family_comes(void **state)
{
	struct udp_socket s = open_socket(false);

	(void)state;
	close(s.fds[0]);
	s.fds[0] = -1;
	assert_false(udp_socket_is_stale(&s));
	assert_int_equal(udp_socket_reopen(&s), 1);
	assert_int_equal(port_of(s.fds[0]), s.port);
	udp_socket_close(&s);
}

/* A family that the configuration leaves out does not come. */
static void
test_family_without_address(void **state)
{
	struct udp_socket s = open_socket(true);

	(void)state;
	assert_int_equal(udp_socket_reopen(&s), 0);
	assert_int_equal(s.fds[1], -1);
	udp_socket_close(&s);
}

/* Says so once, stays due, and says when it is over. */
static void
test_failure_is_told_once(void **state)
{
	struct udp_socket holder = open_socket(true);
	struct udp_socket s = open_socket(true);
	unsigned int lines[2];

	(void)state;
	s.port = holder.port;
	udp_socket_failed(&s, s.fds[0], EBADF);
	capture_open(&captured, STDERR_FILENO);
	for (int round = 0; round < 3; round++) {
		assert_int_equal(udp_socket_reopen(&s), -1);
		assert_int_equal(errno, EADDRINUSE);
		assert_int_equal(s.fds[0], -1);
		assert_true(udp_socket_is_stale(&s));
	}
	lines[0] = capture_lines(capture_close(&captured));
	udp_socket_close(&holder);
	capture_open(&captured, STDERR_FILENO);
	assert_int_equal(udp_socket_reopen(&s), 1);
	assert_int_equal(udp_socket_reopen(&s), 0);
	lines[1] = capture_lines(capture_close(&captured));
	assert_int_equal(lines[0], 1);
	assert_int_equal(lines[1], 1);
	assert_int_equal(port_of(s.fds[0]), s.port);
	udp_socket_close(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_errors_that_say_so),
		cmocka_unit_test(test_nothing_is_due),
		cmocka_unit_test(test_port_is_kept),
		cmocka_unit_test(test_missing_family_comes),
		cmocka_unit_test(test_family_without_address),
		cmocka_unit_test(test_failure_is_told_once),
	};

	return cmocka_run_group_tests_name("udp_socket", tests, NULL, NULL);
}
