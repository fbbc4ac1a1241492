/* SPDX-License-Identifier: ISC */
#include "daemon/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "daemon/ctl.h"
#include "os/log.h"

static const char *
client_remedy(int error)
{
	switch (error) {
	case ENOENT:
	case ECONNREFUSED:
		return "; is the daemon running?";
	case EACCES:
	case EPERM:
		return "; try as root";
	case EAGAIN: /* SO_SNDTIMEO; unix(7) */
		return "; the daemon does not answer";
	default:
		return "";
	}
}

/* Reading, writing and, on Linux, connecting end by then. */
static int
client_limit_wait(int fd)
{
	const struct timeval t = { .tv_sec = CLIENT_TIMEOUT };

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)) != 0)
		return -1;
	return setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t));
}

/* Returns a descriptor, or -1 after a log line. */
static int
client_connect(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	const size_t len = strlen(path);
	int fd = -1, error;

	if (len >= sizeof(addr.sun_path)) {
		errno = ENAMETOOLONG;
		goto fail;
	}
	memcpy(addr.sun_path, path, len + 1);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd >= 0 && client_limit_wait(fd) == 0 &&
	    connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) == 0)
		return fd;
fail:
	error = errno;
	log_error("%s: %s%s", path, strerror(error), client_remedy(error));
	if (fd >= 0)
		(void)close(fd);
	errno = error;
	return -1;
}

/* A daemon that has hung up already may have said why, so that is no error. */
static int
client_send(int fd, const char *request)
{
	char line[CTL_REQUEST_MAX];
	const int len = snprintf(line, sizeof(line), "%s\n", request);

	if (len < 0 || (size_t)len >= sizeof(line)) {
		errno = EMSGSIZE;
		return -1;
	}
	if (send(fd, line, (size_t)len, MSG_NOSIGNAL) == len || errno == EPIPE)
		return 0;
	return -1;
}

/* The first line of an answer is not for the reader. */
static int
client_print(FILE *in, const char *path)
{
	char line[256];
	size_t n;

	if (fgets(line, sizeof(line), in) == NULL) {
		log_error("%s: the daemon does not answer", path);
		return EXIT_FAILURE;
	}
	if (strcmp(line, "ok\n") != 0) {
		line[strcspn(line, "\n")] = '\0';
		log_error("%s: the daemon says: %s", path, line);
		return EXIT_FAILURE;
	}
	while ((n = fread(line, 1, sizeof(line), in)) > 0)
		(void)fwrite(line, 1, n, stdout);
	if (ferror(in) != 0) {
		log_error("%s: the answer was cut short", path);
		return EXIT_FAILURE;
	}
	return 0;
}

int
client_request(const char *socket_path, const char *request)
{
	const int fd = client_connect(socket_path);
	FILE *in;
	int status = EXIT_FAILURE;

	if (fd < 0)
		return errno == EACCES || errno == EPERM ? EX_NOPERM
							 : EXIT_FAILURE;
	in = fdopen(fd, "r");
	if (in == NULL) {
		log_error("%s: %s", socket_path, strerror(errno));
		(void)close(fd);
		return EXIT_FAILURE;
	}
	if (client_send(fd, request) != 0)
		log_error("%s: %s", socket_path, strerror(errno));
	else
		status = client_print(in, socket_path);
	(void)fclose(in);
	return status;
}
