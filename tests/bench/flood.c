/* SPDX-License-Identifier: ISC */
/*
 * A stranger in a hurry, for namespaces of one machine: it takes no address
 * but loopback and those of documentation (RFC 5737).
 *	flood send KEY RATE SECONDS ADDRESS PORT
 * Sends RATE initiations a second to whoever owns the public KEY (base64):
 * garbage with a right mac1, from many ports. Prints how many it sent, and
 * how many the system did not take.
 *	flood sink ADDRESS PORT
 * Holds that port and reads nothing: what comes there costs the kernel what
 * it costs at any port, and nobody else a thing.
 * Source: lansplice-protocol(7), MESSAGES.
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/cookie.h"
#include "core/units.h"
#include "core/wire.h"

enum {
	PORTS = 64,
	MESSAGES = 4096, /* made beforehand, so that sending is cheap */
	BATCH = 64,      /* of one call, from one port */
	RATE_MAX = 1000000,
	SECONDS_MAX = 60,
};
#define PACE MS(1)

static uint8_t messages[MESSAGES][WIRE_INITIATION_LEN];
static int ports[PORTS];
static uint64_t sent, refused;

static uint64_t
clock_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return SEC(t.tv_sec) + (uint64_t)t.tv_nsec;
}

static unsigned long
number(const char *text, unsigned long max)
{
	char *end;
	const unsigned long n = strtoul(text, &end, 10);

	if (*end != '\0' || n == 0 || n > max)
		errx(64, "%s: not a number from 1 to %lu", text, max);
	return n;
}

/* Nobody is to aim this at the world. */
static bool
is_ours(uint32_t ip)
{
	return ip >> 24 == 127 || ip >> 8 == 0xc00002 || ip >> 8 == 0xc63364 ||
	    ip >> 8 == 0xcb0071;
}

static struct sockaddr_in
address(const char *ip, const char *port)
{
	struct sockaddr_in a = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)number(port, UINT16_MAX)),
	};

	if (inet_pton(AF_INET, ip, &a.sin_addr) != 1 ||
	    !is_ours(ntohl(a.sin_addr.s_addr)))
		errx(64, "%s: neither loopback nor of RFC 5737", ip);
	return a;
}

static int
udp_socket(void)
{
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd == -1)
		err(1, "socket");
	return fd;
}

static void
make_messages(const char *key64)
{
	static const uint8_t no_network[SUITE_KEY_LEN];
	uint8_t key[SUITE_KEY_LEN], mac1_key[SUITE_KEY_LEN];
	size_t len;

	if (sodium_base642bin(key, sizeof(key), key64, strlen(key64), NULL,
		&len, NULL, sodium_base64_VARIANT_ORIGINAL) != 0 ||
	    len != sizeof(key))
		errx(64, "%s: not a public key", key64);
	cookie_mac1_key(mac1_key, key, no_network);
	randombytes_buf(messages, sizeof(messages));
	for (int i = 0; i < MESSAGES; i++) {
		const uint8_t type[] = { WIRE_INITIATION, 0, 0, 0 };

		memcpy(messages[i], type, sizeof(type));
		cookie_put_macs(messages[i], sizeof(messages[i]), mac1_key);
	}
}

/* At most BATCH, from the next port. */
static void
send_batch(unsigned int count)
{
	static unsigned int port, message;
	struct mmsghdr batch[BATCH] = { 0 };
	struct iovec parts[BATCH];

	for (unsigned int i = 0; i < count; i++) {
		parts[i] = (struct iovec){ messages[message],
			sizeof(messages[message]) };
		batch[i].msg_hdr.msg_iov = &parts[i];
		batch[i].msg_hdr.msg_iovlen = 1;
		message = (message + 1) % MESSAGES;
	}
	const int n = sendmmsg(ports[port], batch, count, 0);
	port = (port + 1) % PORTS;
	sent += n > 0 ? (unsigned int)n : 0;
	refused += count - (n > 0 ? (unsigned int)n : 0);
}

/* Whoever was held up makes up for it: the rate is that of the whole time. */
static void
flood(uint64_t rate, uint64_t seconds)
{
	const struct timespec pause = { .tv_nsec = PACE };
	const uint64_t begin = clock_ns(), total = rate * seconds;
	uint64_t due = 0;

	while (due < total || sent + refused < total) {
		due = u64_min(
		    total, (clock_ns() - begin) / US(1) * rate / 1000000);
		while (sent + refused < due)
			send_batch(
			    (unsigned int)u64_min(BATCH, due - sent - refused));
		nanosleep(&pause, NULL);
	}
	printf("sent %llu refused %llu in %.2f s\n", (unsigned long long)sent,
	    (unsigned long long)refused, (double)(clock_ns() - begin) / 1e9);
}

static int
main_send(char *argv[])
{
	const uint64_t rate = number(argv[3], RATE_MAX);
	const uint64_t seconds = number(argv[4], SECONDS_MAX);
	const struct sockaddr_in to = address(argv[5], argv[6]);

	make_messages(argv[2]);
	for (int i = 0; i < PORTS; i++) {
		ports[i] = udp_socket();
		if (connect(ports[i], (const struct sockaddr *)&to,
			sizeof(to)) == -1)
			err(1, "connect");
	}
	flood(rate, seconds);
	return 0;
}

static int
main_sink(char *argv[])
{
	const struct sockaddr_in a = address(argv[2], argv[3]);

	if (bind(udp_socket(), (const struct sockaddr *)&a, sizeof(a)) == -1)
		err(1, "bind");
	for (;;)
		(void)pause();
}

int
main(int argc, char *argv[])
{
	if (sodium_init() < 0)
		return 1;
	if (argc == 7 && strcmp(argv[1], "send") == 0)
		return main_send(argv);
	if (argc == 4 && strcmp(argv[1], "sink") == 0)
		return main_sink(argv);
	errx(64,
	    "usage: flood send KEY RATE SECONDS ADDRESS PORT\n"
	    "       flood sink ADDRESS PORT");
}
