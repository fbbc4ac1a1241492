/* SPDX-License-Identifier: ISC */
/*
 * A bad network between two hosts: passes UDP datagrams on, and loses,
 * delays, reorders and doubles some of them. The same seed gives the same
 * decisions for the same sequence of datagrams.
 *	relay SEED LOSS DOUBLE DELAY JITTER PORT TARGET TARGET_PORT
 * LOSS and DOUBLE are in thousandths, DELAY and JITTER in milliseconds; a
 * jitter reorders. What comes to PORT goes to TARGET, what TARGET answers to
 * the last that sent to PORT. Prints "ready" and runs until it is killed.
 * Source of the generator: Marsaglia, Xorshift RNGs, 2003 (13, 7, 17).
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

enum {
	SLOTS = 2048, /* datagrams under way; more are lost */
	DGRAM_MAX = 9216,
};

enum side { NEAR, FAR, SIDES };

struct slot {
	uint64_t due_ms;
	size_t len;
	enum side to;
	bool used;
	uint8_t data[DGRAM_MAX];
};

struct relay {
	uint64_t random;
	unsigned int loss, twice; /* thousandths */
	unsigned int delay_ms, jitter_ms;
	int fd[SIDES];
	struct sockaddr_in peer[SIDES];
	struct slot slots[SLOTS];
};

static uint64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static unsigned int
draw(struct relay *r, unsigned int below)
{
	r->random ^= r->random << 13;
	r->random ^= r->random >> 7;
	r->random ^= r->random << 17;
	return below == 0 ? 0 : (unsigned int)((r->random >> 11) % below);
}

static struct slot *
slot_find(struct relay *r)
{
	for (size_t i = 0; i < SLOTS; i++) {
		if (!r->slots[i].used)
			return &r->slots[i];
	}
	return NULL;
}

static void
slot_fill(struct relay *r, enum side to, const uint8_t *data, size_t len)
{
	struct slot *s = slot_find(r);

	if (s == NULL)
		return;
	s->used = true;
	s->to = to;
	s->len = len;
	s->due_ms = now_ms() + r->delay_ms + draw(r, r->jitter_ms + 1);
	for (size_t i = 0; i < len; i++)
		s->data[i] = data[i];
}

static void
relay_recv(struct relay *r, enum side from)
{
	uint8_t buf[DGRAM_MAX];
	struct sockaddr_in sa = { 0 };
	socklen_t sa_len = sizeof(sa);
	const ssize_t n = recvfrom(r->fd[from], buf, sizeof(buf), MSG_DONTWAIT,
	    (struct sockaddr *)&sa, &sa_len);

	if (n == -1)
		return;
	if (from == NEAR)
		r->peer[NEAR] = sa;
	if (draw(r, 1000) < r->loss)
		return;
	slot_fill(r, from == NEAR ? FAR : NEAR, buf, (size_t)n);
	if (draw(r, 1000) < r->twice)
		slot_fill(r, from == NEAR ? FAR : NEAR, buf, (size_t)n);
}

/* Sends what is due; returns the milliseconds until the next, -1: nothing. */
static int
relay_flush(struct relay *r)
{
	const uint64_t now = now_ms();
	uint64_t next = UINT64_MAX;

	for (size_t i = 0; i < SLOTS; i++) {
		struct slot *s = &r->slots[i];
		if (!s->used)
			continue;
		if (s->due_ms > now) {
			next = s->due_ms < next ? s->due_ms : next;
			continue;
		}
		s->used = false;
		if (r->peer[s->to].sin_port != 0)
			(void)sendto(r->fd[s->to], s->data, s->len, 0,
			    (const struct sockaddr *)&r->peer[s->to],
			    sizeof(r->peer[s->to]));
	}
	return next == UINT64_MAX ? -1 : (int)(next - now);
}

static void
relay_run(struct relay *r)
{
	for (;;) {
		struct pollfd p[SIDES] = {
			[NEAR] = { .fd = r->fd[NEAR], .events = POLLIN },
			[FAR] = { .fd = r->fd[FAR], .events = POLLIN },
		};
		if (poll(p, SIDES, relay_flush(r)) == -1 && errno != EINTR)
			err(1, "poll");
		if (p[NEAR].revents != 0)
			relay_recv(r, NEAR);
		if (p[FAR].revents != 0)
			relay_recv(r, FAR);
	}
}

static unsigned int
number_parse(const char *text, unsigned long max)
{
	char *end;
	const unsigned long n = strtoul(text, &end, 10);

	if (end == text || *end != '\0' || n > max)
		errx(64, "%s: not a number up to %lu", text, max);
	return (unsigned int)n;
}

static int
socket_open(uint16_t port)
{
	const struct sockaddr_in sa = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
	};
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd == -1)
		err(1, "socket");
	if (bind(fd, (const struct sockaddr *)&sa, sizeof(sa)) == -1)
		err(1, "port %u", port);
	return fd;
}

int
main(int argc, char *argv[])
{
	static struct relay r;

	if (argc != 9)
		errx(64,
		    "usage: relay SEED LOSS DOUBLE DELAY JITTER PORT "
		    "TARGET TARGET_PORT");
	r.random = number_parse(argv[1], UINT32_MAX) + 1;
	r.loss = number_parse(argv[2], 1000);
	r.twice = number_parse(argv[3], 1000);
	r.delay_ms = number_parse(argv[4], 10000);
	r.jitter_ms = number_parse(argv[5], 10000);
	r.fd[NEAR] = socket_open((uint16_t)number_parse(argv[6], UINT16_MAX));
	r.fd[FAR] = socket_open(0);
	r.peer[FAR].sin_family = AF_INET;
	if (inet_pton(AF_INET, argv[7], &r.peer[FAR].sin_addr) != 1)
		errx(64, "%s: not an IPv4 address", argv[7]);
	r.peer[FAR].sin_port =
	    htons((uint16_t)number_parse(argv[8], UINT16_MAX));
	puts("ready");
	fflush(stdout);
	relay_run(&r);
	return 0;
}
