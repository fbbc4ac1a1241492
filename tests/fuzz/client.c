/* SPDX-License-Identifier: ISC */
/*
 * The command line's side of the control socket. The input is a request, a
 * newline, and what the daemon answers. client.c is built with the names
 * below for socket, connect and fwrite (Makefile).
 */
#include "daemon/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/ctl.h"
#include "fuzz.h"

static const uint8_t *reply;
static size_t reply_len, printed;

int fuzz_socket(int domain, int type, int protocol);
int fuzz_connect(int fd, const struct sockaddr *addr, socklen_t len);
size_t fuzz_fwrite(const void *data, size_t size, size_t count, FILE *to);

/* An end of a pair in which the answer waits already. */
int
fuzz_socket(int domain, int type, int protocol)
{
	int fds[2];

	FUZZ_CHECK(socketpair(domain, type, protocol, fds) == 0);
	if (reply_len > 0)
		FUZZ_CHECK(send(fds[1], reply, reply_len, MSG_NOSIGNAL) ==
		    (ssize_t)reply_len);
	FUZZ_CHECK(shutdown(fds[1], SHUT_WR) == 0);
	FUZZ_CHECK(close(fds[1]) == 0);
	return fds[0];
}

int
fuzz_connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	FUZZ_CHECK(fd >= 0 && addr->sa_family == AF_UNIX && len > 0);
	return 0;
}

/* What is printed is the answer behind its first line. */
size_t
fuzz_fwrite(const void *data, size_t size, size_t count, FILE *to)
{
	FUZZ_CHECK(to == stdout && size == 1);
	FUZZ_CHECK(3 + printed + count <= reply_len);
	FUZZ_CHECK(memcmp(data, reply + 3 + printed, count) == 0);
	printed += count;
	return count;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size == 0 ? NULL : memchr(data, '\n', size);
	const size_t len = end == NULL ? size : (size_t)(end - data);
	char *request = fuzz_text(data, len);

	reply = data + len + (end != NULL);
	reply_len = size - len - (end != NULL);
	printed = 0;
	const int status = client_request("control.sock", request);
	const bool ok = reply_len >= 3 && memcmp(reply, "ok\n", 3) == 0 &&
	    strlen(request) + 2 <= CTL_REQUEST_MAX;
	FUZZ_CHECK((status == 0) == ok);
	FUZZ_CHECK(!ok || printed == reply_len - 3);
	free(request);
	return 0;
}
