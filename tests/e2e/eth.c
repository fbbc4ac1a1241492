/* SPDX-License-Identifier: ISC */
/*
 * Sends and hears numbered Ethernet frames of any EtherType on an interface.
 *	eth send INTERFACE DESTINATION SOURCE TYPE COUNT LENGTH [VLAN]
 *	eth listen INTERFACE TYPE
 * Listening prints "ready", then for each frame that came in
 * "NUMBER SOURCE DESTINATION LENGTH good|bad", until it is killed. Frames
 * that this host itself sends are left out. A tag comes on top of LENGTH; the
 * kernel takes it off before we see the frame.
 * Source: packet(7).
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum {
	MAC_LEN = 6,
	ADDRESSES_LEN = 2 * MAC_LEN,
	HEADER_LEN = 14,
	TAG_LEN = 4,
	NUMBER_LEN = 4,
	LENGTH_MIN = HEADER_LEN + NUMBER_LEN,
	LENGTH_MAX = 16384,
	COUNT_MAX = 100000,
	VLAN_MAX = 4094,
	PAUSE_NS = 1000000, /* between frames, so that no queue overflows */
};

static int
eth_open(const char *name, uint16_t type)
{
	const int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(type));

	if (fd == -1)
		err(1, "socket");
	const struct sockaddr_ll sa = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(type),
		.sll_ifindex = (int)if_nametoindex(name),
	};
	if (bind(fd, (const struct sockaddr *)&sa, sizeof(sa)) == -1)
		err(1, "%s", name);
	return fd;
}

static unsigned long
number_parse(const char *text, unsigned long max)
{
	char *end;

	errno = 0;
	const unsigned long n = strtoul(text, &end, 0);
	if (errno != 0 || end == text || *end != '\0' || n > max)
		errx(64, "%s: not a number up to %lu", text, max);
	return n;
}

static void
mac_parse(uint8_t out[static MAC_LEN], const char *text)
{
	for (int i = 0; i < MAC_LEN; i++) {
		char *end;
		const unsigned long n = strtoul(text, &end, 16);
		if (end != text + 2 || n > 0xff ||
		    *end != (i < MAC_LEN - 1 ? ':' : '\0'))
			errx(64, "%s: not a MAC address", text);
		out[i] = (uint8_t)n;
		text = end + 1;
	}
}

static uint8_t
pattern_byte(uint32_t number, size_t at)
{
	return (uint8_t)((size_t)number * 31 + at * 7);
}

/* Fills a frame behind its addresses. */
static void
frame_fill(uint8_t *buf, uint16_t type, uint32_t number, size_t len)
{
	const uint32_t be = htonl(number);

	buf[ADDRESSES_LEN] = (uint8_t)(type >> 8);
	buf[ADDRESSES_LEN + 1] = (uint8_t)type;
	memcpy(buf + HEADER_LEN, &be, sizeof(be));
	for (size_t i = LENGTH_MIN; i < len; i++)
		buf[i] = pattern_byte(number, i);
}

/* Puts an 802.1Q tag behind the addresses. */
static void
frame_tag(uint8_t *buf, uint16_t vlan, size_t len)
{
	const uint8_t tag[TAG_LEN] = { 0x81, 0x00, (uint8_t)(vlan >> 8),
		(uint8_t)vlan };

	memmove(buf + ADDRESSES_LEN + TAG_LEN, buf + ADDRESSES_LEN,
	    len - ADDRESSES_LEN);
	memcpy(buf + ADDRESSES_LEN, tag, TAG_LEN);
}

static void
eth_send(char *argv[], bool tagged)
{
	uint8_t buf[LENGTH_MAX + TAG_LEN];
	const uint16_t type = (uint16_t)number_parse(argv[3], UINT16_MAX);
	const uint32_t count = (uint32_t)number_parse(argv[4], COUNT_MAX);
	const size_t len = number_parse(argv[5], LENGTH_MAX);
	const uint16_t vlan =
	    (uint16_t)(tagged ? number_parse(argv[6], VLAN_MAX) : 0);
	const size_t wire_len = len + (tagged ? TAG_LEN : 0);
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	const int fd = eth_open(argv[0], type);

	if (len < LENGTH_MIN)
		errx(64, "at least %d bytes", LENGTH_MIN);
	mac_parse(buf, argv[1]);
	mac_parse(buf + MAC_LEN, argv[2]);
	for (uint32_t n = 0; n < count; n++) {
		frame_fill(buf, type, n, len);
		if (tagged)
			frame_tag(buf, vlan, len);
		if (send(fd, buf, wire_len, 0) != (ssize_t)wire_len)
			err(1, "send");
		nanosleep(&pause, NULL);
	}
}

static void
frame_print(const uint8_t *buf, size_t len)
{
	uint32_t n;
	bool good = true;

	memcpy(&n, buf + HEADER_LEN, sizeof(n));
	n = ntohl(n);
	for (size_t i = LENGTH_MIN; i < len; i++)
		good = good && buf[i] == pattern_byte(n, i);
	printf("%" PRIu32 " %02x:%02x:%02x:%02x:%02x:%02x"
	       " %02x:%02x:%02x:%02x:%02x:%02x %zu %s\n",
	    n, buf[6], buf[7], buf[8], buf[9], buf[10], buf[11], buf[0], buf[1],
	    buf[2], buf[3], buf[4], buf[5], len, good ? "good" : "bad");
}

static void
eth_listen(char *argv[])
{
	uint8_t buf[LENGTH_MAX + 1];
	const uint16_t type = (uint16_t)number_parse(argv[1], UINT16_MAX);
	const int fd = eth_open(argv[0], type);

	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("ready");
	for (;;) {
		struct sockaddr_ll from = { 0 };
		socklen_t from_len = sizeof(from);
		const ssize_t n = recvfrom(fd, buf, sizeof(buf), 0,
		    (struct sockaddr *)&from, &from_len);
		if (n == -1)
			err(1, "recv");
		if (from.sll_pkttype != PACKET_OUTGOING && n >= LENGTH_MIN)
			frame_print(buf, (size_t)n);
	}
}

int
main(int argc, char *argv[])
{
	if ((argc == 8 || argc == 9) && strcmp(argv[1], "send") == 0)
		eth_send(argv + 2, argc == 9);
	else if (argc == 4 && strcmp(argv[1], "listen") == 0)
		eth_listen(argv + 2);
	else
		errx(64, "usage: eth send|listen ...");
	return 0;
}
