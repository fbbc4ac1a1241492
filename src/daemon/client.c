/* SPDX-License-Identifier: ISC */
#include "daemon/client.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "os/log.h"

static const char hint_absent[] = "is the daemon running?";

/* Returns a descriptor, or -1 after a log line. */
static int
client_connect(const char *path)
{
	const struct timeval limit = { .tv_sec = CLIENT_TIMEOUT };
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	const int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (strlen(path) >= sizeof(addr.sun_path)) {
		errno = ENAMETOOLONG;
		goto fail;
	}
	memcpy(addr.sun_path, path, strlen(path) + 1);
	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) !=
		0 ||
	    connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) != 0)
		goto fail;
	return fd;
fail:
	log_error("%s: %s%s%s", path, strerror(errno),
	    errno == ENOENT || errno == ECONNREFUSED ? "; " : "",
	    errno == ENOENT || errno == ECONNREFUSED ? hint_absent : "");
	if (fd >= 0) {
		const int reason = errno;

		(void)close(fd);
		errno = reason;
	}
	return -1;
}

/* The first line of an answer is not for the reader. */
static int
client_print(FILE *in, const char *path)
{
	char line[256];
	size_t n;

	if (fgets(line, sizeof(line), in) == NULL) {
		log_error("%s: no answer", path);
		return EXIT_FAILURE;
	}
	if (strcmp(line, "ok\n") != 0) {
		line[strcspn(line, "\n")] = '\0';
		log_error("%s: %s", path, line);
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
		(void)close(fd);
		return EXIT_FAILURE;
	}
	if (dprintf(fd, "%s\n", request) < 0)
		log_error("%s: %s", socket_path, strerror(errno));
	else
		status = client_print(in, socket_path);
	(void)fclose(in);
	return status;
}
