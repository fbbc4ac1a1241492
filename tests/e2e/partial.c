/* SPDX-License-Identifier: ISC */
/*
 * Peers that send fragments of frames and never complete one: what they can
 * take of a daemon's memory is bounded. Their keys are known to all.
 *   partial keys COUNT
 *       prints the public keys, one a line
 *   partial send ADDRESS PORT PUBLICKEY COUNT SECONDS
 *       handshakes as each of them with the daemon there, prints "ready",
 *       then sends first fragments of ever new frames of 9018 bytes
 */
#include <arpa/inet.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "core/frame.h"
#include "core/handshake.h"
#include "core/session.h"
#include "core/wire.h"

enum {
	PEERS_MAX = 64,
	TRIES = 10,       /* initiations, a second apart */
	FRAME_LEN = 9018, /* of an MTU of 9000 */
	FRAGMENTS = 16,   /* of 576 bytes, and a rest */
	UNIT = 576,
	FRAMES = 40,          /* begun in a round; a peer may hold 32 */
	PAUSE_NS = 100000000, /* between two rounds */
	KEY_TEXT = 45,
};

struct fake {
	int fd;
	struct handshake_self self;
	struct session session;
};

static struct fake fakes[PEERS_MAX];

static void
fake_init(struct fake *f, int number)
{
	memset(f->self.keys.private_key, 0x5a, SUITE_KEY_LEN);
	f->self.keys.private_key[1] = (uint8_t)number;
	f->self.ciphers = suite_ciphers_available();
	f->self.frame_max = FRAME_LEN;
	f->self.dgram_max = 9216;
	if (handshake_self_init(&f->self) != DROP_NONE)
		abort();
}

static void
fake_connect(struct fake *f, const struct sockaddr_in *to)
{
	const struct timeval second = { .tv_sec = 1 };

	f->fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (f->fd < 0 ||
	    connect(f->fd, (const struct sockaddr *)to, sizeof(*to)) != 0 ||
	    setsockopt(
		f->fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second)) != 0)
		abort();
}

static uint64_t
wall_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	return SEC((uint64_t)t.tv_sec) + (uint64_t)t.tv_nsec;
}

static bool
fake_handshake(struct fake *f, const uint8_t *hub)
{
	struct handshake_remote remote = { .psk = { 0 } };
	struct handshake_fresh fresh = { .index = 1 };
	struct handshake hs;
	struct session_keys keys;
	uint8_t msg[WIRE_INITIATION_LEN], answer[2048];

	memcpy(remote.public_key, hub, SUITE_KEY_LEN);
	handshake_remote_init(&remote, &f->self);
	for (int i = 0; i < TRIES; i++) {
		randombytes_buf(fresh.ephemeral, sizeof(fresh.ephemeral));
		fresh.timestamp = wall_ns() & ~(uint64_t)0xffffff;
		if (handshake_initiation_create(
			&hs, &f->self, &remote, &fresh, msg) != DROP_NONE ||
		    send(f->fd, msg, sizeof(msg), 0) < 0)
			abort();
		if (recv(f->fd, answer, sizeof(answer), 0) !=
			WIRE_RESPONSE_LEN ||
		    handshake_response_consume(
			&hs, &f->self, &remote, answer, &keys) != DROP_NONE)
			continue;
		session_init(&f->session, &keys, 0);
		return true;
	}
	return false;
}

static void
send_text(struct fake *f, const uint8_t *text, size_t len)
{
	uint8_t dgram[2048];

	if (len > 0)
		memcpy(dgram + WIRE_DATA_HEADER, text, len);
	session_seal(&f->session, dgram, len);
	(void)send(f->fd, dgram, session_dgram_len(&f->session, len), 0);
}

static void
send_first_fragments(struct fake *f)
{
	static const struct wire_fragment first = {
		.count = FRAGMENTS, .total = FRAME_LEN, .unit = UNIT
	};
	uint8_t text[WIRE_FRAGMENT_HEADER + UNIT] = { 0 };

	wire_put_fragment(text, &first);
	for (int i = 0; i < FRAMES; i++) {
		send_text(f, text, sizeof(text));
		f->session.send_counter += FRAGMENTS - 1;
	}
}

static int
print_keys(int count)
{
	char text[KEY_TEXT];

	for (int i = 0; i < count; i++) {
		fake_init(&fakes[i], i);
		puts(sodium_bin2base64(text, sizeof(text),
		    fakes[i].self.keys.public_key, SUITE_KEY_LEN,
		    sodium_base64_VARIANT_ORIGINAL));
	}
	return 0;
}

static int
send_all(
    const struct sockaddr_in *to, const uint8_t *hub, int count, int seconds)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };

	for (int i = 0; i < count; i++) {
		fake_init(&fakes[i], i);
		fake_connect(&fakes[i], to);
		if (!fake_handshake(&fakes[i], hub))
			return 1;
		send_text(&fakes[i], NULL, 0); /* confirms the session */
	}
	puts("ready");
	(void)fflush(stdout);
	for (int round = 0; round < seconds * 10; round++) {
		for (int i = 0; i < count; i++)
			send_first_fragments(&fakes[i]);
		(void)nanosleep(&pause, NULL);
	}
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
	struct sockaddr_in to = { .sin_family = AF_INET };
	uint8_t hub[SUITE_KEY_LEN];
	size_t len;
	int count;

	if (sodium_init() < 0 || argc < 3)
		return 64;
	count = number(argv[argc == 3 ? 2 : argc - 2]);
	if (count < 1 || count > PEERS_MAX)
		return 64;
	if (argc == 3 && strcmp(argv[1], "keys") == 0)
		return print_keys(count);
	if (argc != 7 || strcmp(argv[1], "send") != 0 ||
	    inet_pton(AF_INET, argv[2], &to.sin_addr) != 1 ||
	    sodium_base642bin(hub, sizeof(hub), argv[4], strlen(argv[4]), NULL,
		&len, NULL, sodium_base64_VARIANT_ORIGINAL) != 0 ||
	    len != sizeof(hub))
		return 64;
	to.sin_port = htons((uint16_t)number(argv[3]));
	return send_all(&to, hub, count, number(argv[6]));
}
