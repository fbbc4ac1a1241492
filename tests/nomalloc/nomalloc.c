/* SPDX-License-Identifier: ISC */
/*
 * Proof that the loop thread allocates nothing once it runs: this program
 * brings the whole malloc family itself and aborts when a loop thread calls
 * it. Two daemons, each on its thread, with real UDP sockets on loopback and
 * an interface that is a socket pair; between them a relay that changes its
 * address half way. A handshake, 10,000 frames each way, a moved endpoint.
 * Linux with glibc (__libc_malloc and so on do the work). No root.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/node.h"
#include "daemon/conf.h"
#include "daemon/daemon.h"
#include "os/log.h"
#include "os/netif.h"

enum {
	FRAMES = 10000,   /* each way */
	WINDOW = 16,      /* under way at once */
	FRAME_LEN = 1514, /* so that all go in fragments */
	GIVE_UP = 60000,  /* ms without a frame: something hangs */
	RESEND = 500,     /* ms; UDP may lose */
	SLOT = 2048,
};

/* The malloc family. */

static _Thread_local bool armed;

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t align, size_t n);
void __libc_free(void *p);

static void
check(const char *who)
{
	static const char text[] = " on the loop thread\n";

	if (!armed)
		return;
	armed = false;
	(void)!write(STDERR_FILENO, who, strlen(who));
	(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	abort();
}

void *
malloc(size_t n)
{
	check("malloc");
	return __libc_malloc(n);
}

void *
calloc(size_t n, size_t size)
{
	check("calloc");
	return __libc_calloc(n, size);
}

void *
realloc(void *p, size_t n)
{
	check("realloc");
	return __libc_realloc(p, n);
}

void
free(void *p)
{
	if (p != NULL)
		check("free");
	__libc_free(p);
}

void *
memalign(size_t align, size_t n)
{
	check("memalign");
	return __libc_memalign(align, n);
}

void *
aligned_alloc(size_t align, size_t n)
{
	return memalign(align, n);
}

int
posix_memalign(void **out, size_t align, size_t n)
{
	*out = memalign(align, n);
	return *out == NULL ? ENOMEM : 0;
}

/* The interface: a socket pair, whose far end is the test's. */

struct netif {
	int fd;
	struct loop *loop;
	char name[NETIF_NAME_MAX];
	uint8_t slots[NETIF_BATCH][SLOT];
};

static struct netif netifs[2];
static int far[2];
static atomic_bool stopping;
static atomic_uint armed_count;

struct netif *
netif_open(const struct netif_config *c, struct loop *l)
{
	struct netif *n = &netifs[c->name[0] - '0'];

	n->loop = l;
	memcpy(n->name, c->name, sizeof(n->name));
	return n;
}

void
netif_close(struct netif *n)
{
	(void)n;
}

int
netif_watch(struct netif *n, loop_fn *fn, void *ctx)
{
	return loop_add_read(n->loop, n->fd, fn, ctx);
}

void
netif_mac(const struct netif *n, uint8_t out[static FRAME_MAC_LEN])
{
	(void)n;
	memset(out, 0, FRAME_MAC_LEN);
}

void
netif_check(struct netif *n, bool woke)
{
	(void)n;
	(void)woke;
}

uint64_t
netif_tick(struct netif *n, uint64_t now_ns)
{
	(void)n;
	(void)now_ns;
	return NEVER;
}

struct netif_counts
netif_count(const struct netif *n)
{
	(void)n;
	return (struct netif_counts){ .restarts = 0 };
}

const char *
netif_name(const struct netif *n)
{
	return n->name;
}

int
netif_recv(struct netif *n, struct frame *out, int max)
{
	int count = 0;

	if (!armed)
		(void)atomic_fetch_add(&armed_count, 1);
	armed = true;
	if (atomic_load(&stopping)) {
		armed = false;
		errno = ENODEV;
		return -1;
	}
	while (count < max) {
		const ssize_t len =
		    recv(n->fd, n->slots[count], SLOT, MSG_DONTWAIT);

		if (len <= 0)
			break;
		out[count] = (struct frame){ .data = n->slots[count],
			.len = (size_t)len };
		count++;
	}
	return count;
}

void
netif_send(struct netif *n, const struct frame *frames, int count)
{
	for (int i = 0; i < count; i++)
		(void)send(n->fd, frames[i].data, frames[i].len, MSG_DONTWAIT);
}

/* The relay: outer[0] faces the first daemon, outer[1] the second. */

static int
udp_socket(struct sockaddr_in *addr)
{
	const int fd = socket(AF_INET, SOCK_DGRAM, 0);
	socklen_t len = sizeof(*addr);

	*addr = (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	if (fd < 0 || bind(fd, (struct sockaddr *)addr, len) != 0 ||
	    getsockname(fd, (struct sockaddr *)addr, &len) != 0)
		abort();
	return fd;
}

struct relay {
	int outer[2];
	struct sockaddr_in daemon[2]; /* of the first: once it has called */
};

static void
relay_pass(struct relay *r, int from)
{
	uint8_t dgram[9216];
	struct sockaddr_in source;
	socklen_t len = sizeof(source);
	const ssize_t n = recvfrom(r->outer[from], dgram, sizeof(dgram),
	    MSG_DONTWAIT, (struct sockaddr *)&source, &len);

	if (n < 0)
		return;
	if (from == 0)
		r->daemon[0] = source;
	(void)sendto(r->outer[1 - from], dgram, (size_t)n, 0,
	    (struct sockaddr *)&r->daemon[1 - from], sizeof(source));
}

/* Lets things happen until far[side] has something, at most RESEND. */
static bool
wait_frame(struct relay *r, int side)
{
	for (int spent = 0; spent < RESEND;) {
		struct pollfd p[] = {
			{ .fd = far[side], .events = POLLIN },
			{ .fd = r->outer[0], .events = POLLIN },
			{ .fd = r->outer[1], .events = POLLIN },
		};
		const int n = poll(p, 3, 10);

		if (n == 0)
			spent += 10;
		if (p[0].revents != 0)
			return true;
		for (int i = 0; i < 2; i++)
			if (p[1 + i].revents != 0)
				relay_pass(r, i);
	}
	return false;
}

/* The frames. */

static void
send_frame(int side, uint32_t number)
{
	uint8_t frame[FRAME_LEN] = { 0 };

	memset(frame, 0xff, 6);
	frame[6] = 2;
	frame[11] = (uint8_t)side;
	frame[12] = 0x88;
	frame[13] = 0xb5;
	memcpy(frame + 14, &number, sizeof(number));
	(void)send(far[side], frame, sizeof(frame), 0);
}

/* Sends a window of frames from a side and waits for all of them. */
static bool
pass_window(struct relay *r, int side, uint32_t first)
{
	uint32_t missing = (1u << WINDOW) - 1, number;
	uint8_t frame[SLOT];

	for (int spent = 0; spent < GIVE_UP; spent += RESEND) {
		for (uint32_t i = 0; i < WINDOW; i++)
			if ((missing & 1u << i) != 0)
				send_frame(side, first + i);
		while (missing != 0 && wait_frame(r, 1 - side)) {
			if (recv(far[1 - side], frame, sizeof(frame),
				MSG_DONTWAIT) != FRAME_LEN)
				continue;
			memcpy(&number, frame + 14, sizeof(number));
			if (number - first < WINDOW)
				missing &= ~(1u << (number - first));
		}
		if (missing == 0)
			return true;
	}
	return false;
}

/* The daemons. */

static void *
daemon_thread(void *conf)
{
	const int status = daemon_run(conf);

	armed = false;
	(void)status; /* the interface is gone: that is how it ends here */
	return NULL;
}

static void
conf_make(struct conf *c, struct conf_peer *p, int side, const char *dir)
{
	*c = (struct conf){ .ciphers = suite_ciphers_available(),
		.max_peers = 1,
		.memory = NODE_MEMORY_MIN,
		.peers = p,
		.peer_count = 1 };
	*p = (struct conf_peer){ .name = "other" };
	c->netif = (struct netif_config){ .mtu = 1500 };
	(void)snprintf(c->netif.name, sizeof(c->netif.name), "%d", side);
	(void)snprintf(c->socket, sizeof(c->socket), "%s/sock%d", dir, side);
	(void)snprintf(c->state_dir, sizeof(c->state_dir), "%s", dir);
	randombytes_buf(c->private_key, sizeof(c->private_key));
	if (!suite_public_key(c->public_key, c->private_key))
		abort();
}

static bool
run(struct relay *r)
{
	struct sockaddr_in unused;

	for (uint32_t i = 0; i < FRAMES; i += WINDOW) {
		if (i == FRAMES / 2 / WINDOW * WINDOW) {
			(void)close(r->outer[1]);
			r->outer[1] = udp_socket(&unused);
		}
		if (!pass_window(r, 0, i) || !pass_window(r, 1, i))
			return false;
	}
	return true;
}

int
main(void)
{
	char dir[] = "/tmp/lansplice-nomalloc.XXXXXX", command[64];
	struct conf conf[2];
	struct conf_peer peers[2];
	struct sockaddr_in front, unused;
	struct relay r;
	pthread_t threads[2];

	if (sodium_init() < 0 || mkdtemp(dir) == NULL)
		return 1;
	log_set_level(LOG_LEVEL_ERROR);
	for (int i = 0; i < 2; i++) {
		int pair[2];

		if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) != 0)
			return 1;
		netifs[i].fd = pair[0];
		far[i] = pair[1];
		conf_make(&conf[i], &peers[i], i, dir);
	}
	for (int i = 0; i < 2; i++)
		memcpy(
		    peers[i].public_key, conf[1 - i].public_key, SUITE_KEY_LEN);
	/* The second daemon's port has to be known before it runs. */
	(void)close(udp_socket(&r.daemon[1]));
	conf[1].port = ntohs(r.daemon[1].sin_port);
	r.outer[0] = udp_socket(&front);
	r.outer[1] = udp_socket(&unused);
	peers[0].has_endpoint = true;
	peers[0].endpoint.port = ntohs(front.sin_port);
	(void)snprintf(peers[0].endpoint.host, sizeof(peers[0].endpoint.host),
	    "127.0.0.1");
	for (int i = 0; i < 2; i++) {
		send_frame(i, UINT32_MAX); /* arms the loop at once */
		if (pthread_create(
			&threads[i], NULL, daemon_thread, &conf[i]) != 0)
			return 1;
	}
	const bool passed = run(&r);
	atomic_store(&stopping, true);
	for (int i = 0; i < 2; i++) {
		send_frame(i, UINT32_MAX);
		(void)pthread_join(threads[i], NULL);
	}
	(void)snprintf(command, sizeof(command), "rm -rf %s", dir);
	if (system(command) != 0 || !passed || atomic_load(&armed_count) < 2) {
		printf("not ok nomalloc: frames did not arrive\n");
		return 1;
	}
	printf("ok nomalloc: %d frames each way, nothing allocated\n", FRAMES);
	return 0;
}
