/* SPDX-License-Identifier: ISC */
/*
 * Round trips of 64-byte UDP datagrams, one after the other.
 *   pingpong serve ADDRESS PORT             answers until it is killed
 *   pingpong call ADDRESS PORT COUNT        prints median and 99 % in us
 */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum {
	DGRAM_LEN = 64,
	COUNT_MAX = 100000,
	LOST_MAX = 5, /* a second each */
};

static uint64_t times[COUNT_MAX];

static uint64_t
clock_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int
serve(int fd, const struct sockaddr_in *addr)
{
	uint8_t dgram[DGRAM_LEN];
	struct sockaddr_in from;

	if (bind(fd, (const struct sockaddr *)addr, sizeof(*addr)) != 0) {
		perror("pingpong: bind");
		return 1;
	}
	for (;;) {
		socklen_t len = sizeof(from);
		const ssize_t n = recvfrom(fd, dgram, sizeof(dgram), 0,
		    (struct sockaddr *)&from, &len);

		if (n > 0)
			(void)sendto(fd, dgram, (size_t)n, 0,
			    (struct sockaddr *)&from, len);
	}
}

static int
compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int
call(int fd, const struct sockaddr_in *addr, int count)
{
	const struct timeval limit = { .tv_sec = 1 };
	uint8_t dgram[DGRAM_LEN] = { 0 };
	int got = 0, lost = 0;

	if (connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) !=
		0) {
		perror("pingpong");
		return 1;
	}
	for (int i = 0; i < count; i++) {
		const uint64_t begin = clock_ns();

		if (send(fd, dgram, sizeof(dgram), 0) < 0 ||
		    recv(fd, dgram, sizeof(dgram), 0) < 0) {
			if (++lost > LOST_MAX)
				return 1;
			continue;
		}
		times[got++] = clock_ns() - begin;
	}
	if (got == 0)
		return 1;
	qsort(times, (size_t)got, sizeof(times[0]), compare);
	const int middle = got / 2, tail = got * 99 / 100;
	printf("%.1f %.1f\n", (double)times[middle] / 1e3,
	    (double)times[tail] / 1e3);
	return 0;
}

/* -1 if the text is no number. */
static int
number(const char *text)
{
	char *end;
	const long n = strtol(text, &end, 10);

	return *end == '\0' && n >= 0 && n <= INT32_MAX ? (int)n : -1;
}

int
main(int argc, char **argv)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	const int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (argc < 4 || fd < 0 ||
	    inet_pton(AF_INET, argv[2], &addr.sin_addr) != 1)
		return 64;
	addr.sin_port = htons((uint16_t)number(argv[3]));
	if (strcmp(argv[1], "serve") == 0)
		return serve(fd, &addr);
	if (argc < 5 || number(argv[4]) < 1 || number(argv[4]) > COUNT_MAX)
		return 64;
	return call(fd, &addr, number(argv[4]));
}
