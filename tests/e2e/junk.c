/* SPDX-License-Identifier: ISC */
/*
 * A stranger: sends datagrams that no peer sealed, and counts the answers.
 *	junk SEED COUNT ADDRESS PORT [CAPTURE]
 * COUNT random ones, of every message type and of lengths at and around the
 * true ones; then each UDP payload of a capture (pcap, Ethernet, IPv4), as it
 * was, with one bit turned, and cut short. Prints "sent N" and "answers N".
 * Sources: lansplice-protocol(7); pcap-savefile(5).
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum {
	DGRAM_MAX = 9000,
	PCAP_FILE_HEADER = 24,
	PCAP_RECORD_HEADER = 16,
	HEADERS_LEN = 14 + 20 + 8, /* Ethernet, IPv4 without options, UDP */
	PAUSE_NS = 100000,         /* so that the socket buffer keeps up */
	ANSWER_WAIT_S = 2,         /* after the last datagram */
};

static uint64_t state;
static unsigned long sent;

/* Marsaglia, Xorshift RNGs, 2003 (13, 7, 17). */
static uint32_t
draw(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)((state >> 11) % below);
}

static void
junk_send(int fd, const uint8_t *data, size_t len)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };

	(void)send(fd, data, len, 0);
	sent++;
	nanosleep(&pause, NULL);
}

static size_t
random_len(void)
{
	static const size_t usual[] = { 0, 1, 4, 16, 31, 32, 33, 48, 64, 107,
		108, 109, 167, 168, 169, 1232, 1472, DGRAM_MAX };
	const uint32_t n = draw(sizeof(usual) / sizeof(usual[0]) + 8);

	if (n < sizeof(usual) / sizeof(usual[0]))
		return usual[n];
	return draw(1500);
}

static void
junk_random(int fd, unsigned long count)
{
	uint8_t buf[DGRAM_MAX];

	for (unsigned long i = 0; i < count; i++) {
		const size_t len = random_len();
		for (size_t at = 0; at < len; at++)
			buf[at] = (uint8_t)draw(256);
		/* Mostly a known type, so that the deeper checks see it. */
		if (len >= 4 && draw(8) != 0) {
			memset(buf, 0, 4);
			buf[0] = (uint8_t)draw(6);
		}
		junk_send(fd, buf, len);
	}
}

static void
junk_variants(int fd, const uint8_t *data, size_t len)
{
	uint8_t buf[DGRAM_MAX];

	junk_send(fd, data, len);
	memcpy(buf, data, len);
	buf[draw((uint32_t)len)] ^= (uint8_t)(1U << draw(8));
	junk_send(fd, buf, len);
	junk_send(fd, data, draw((uint32_t)len));
}

static bool
is_udp4(const uint8_t *packet, size_t len)
{
	return len > HEADERS_LEN && packet[12] == 0x08 && packet[13] == 0x00 &&
	    packet[14] == 0x45 && packet[14 + 9] == IPPROTO_UDP;
}

static void
junk_capture(int fd, const char *path)
{
	uint8_t head[PCAP_FILE_HEADER];
	uint8_t packet[65536];
	FILE *f = fopen(path, "rb");

	if (f == NULL || fread(head, sizeof(head), 1, f) != 1)
		err(1, "%s", path);
	while (fread(head, PCAP_RECORD_HEADER, 1, f) == 1) {
		uint32_t len;
		memcpy(&len, head + 8, sizeof(len));
		if (len > sizeof(packet) || fread(packet, len, 1, f) != 1)
			errx(1, "%s: not a capture", path);
		if (is_udp4(packet, len) && len - HEADERS_LEN <= DGRAM_MAX)
			junk_variants(
			    fd, packet + HEADERS_LEN, len - HEADERS_LEN);
	}
	(void)fclose(f);
}

static unsigned long
answers_count(int fd)
{
	uint8_t buf[DGRAM_MAX];
	const struct timeval wait = { .tv_sec = ANSWER_WAIT_S };
	unsigned long n = 0;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) == -1)
		err(1, "setsockopt");
	while (recv(fd, buf, sizeof(buf), 0) >= 0)
		n++;
	return n;
}

int
main(int argc, char *argv[])
{
	if (argc != 5 && argc != 6)
		errx(64, "usage: junk SEED COUNT ADDRESS PORT [CAPTURE]");
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)strtoul(argv[4], NULL, 10)),
	};
	if (inet_pton(AF_INET, argv[3], &to.sin_addr) != 1)
		errx(64, "%s: not an IPv4 address", argv[3]);
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd == -1 ||
	    connect(fd, (const struct sockaddr *)&to, sizeof(to)) == -1)
		err(1, "socket");
	state = strtoul(argv[1], NULL, 10) + 1;
	junk_random(fd, strtoul(argv[2], NULL, 10));
	if (argc == 6)
		junk_capture(fd, argv[5]);
	printf("sent %lu\nanswers %lu\n", sent, answers_count(fd));
	return 0;
}
