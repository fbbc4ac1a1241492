/* SPDX-License-Identifier: ISC */
/*
 * Which messages udp_linux.c makes of datagrams, and what it does where the
 * kernel refuses them: sendmmsg(2) and setsockopt(2) are replaced, look, and
 * go on to the true ones over loopback.
 */
#include "os/udp.h"

#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "os/sockaddr.h"

enum {
	WAIT_MS = 10000, /* of a datagram that never comes; no test waits so */
	SIZES_MAX = 66,
	SENT_MAX = 256,
	REFUSALS_MAX = 16,
};

/* A message that the kernel took. */
struct sent {
	size_t len;
	uint16_t unit; /* of a run; 0: one datagram */
	uint16_t port; /* where to */
	bool source;   /* ours was chosen */
};

/* What udp_linux.c told of datagrams that were too long. */
struct refusal {
	struct path to;
	size_t len;
};

static struct drop_counts drops;
static struct sent sent[SENT_MAX];
static unsigned int sent_count;
static unsigned int received; /* messages, runs counted once */
static struct refusal refusals[REFUSALS_MAX];
static unsigned int refusal_count;

/* An errno that the kernel refuses a message with, 0 to take it. */
static int (*refuse)(const struct sent *m);
static unsigned int refused; /* how often it did */
static bool no_runs;         /* a kernel before 4.18 */
static bool no_gro;          /* or before 5.0 */

static void
real(const char *name, void *fn, size_t size)
{
	void *p = dlsym(RTLD_NEXT, name);

	assert_non_null(p);
	memcpy(fn, &p, size);
}

int
setsockopt(int fd, int level, int option, const void *value, socklen_t len)
{
	int (*fn)(int, int, int, const void *, socklen_t);

	if (level == IPPROTO_UDP &&
	    ((no_runs && option == UDP_SEGMENT) ||
		(no_gro && option == UDP_GRO))) {
		errno = ENOPROTOOPT;
		return -1;
	}
	real("setsockopt", &fn, sizeof(fn));
	return fn(fd, level, option, value, len);
}

/* Fails the test if the control messages do not lie as cmsg(3) wants. */
static struct sent
describe(struct msghdr *h)
{
	struct sent m = { .len = 0 };
	struct addr to;
	size_t used = 0;

	for (size_t i = 0; i < h->msg_iovlen; i++)
		m.len += h->msg_iov[i].iov_len;
	assert_true(sockaddr_to_addr(&to, h->msg_name, h->msg_namelen));
	m.port = to.port;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c != NULL;
	     c = CMSG_NXTHDR(h, c)) {
		used += CMSG_ALIGN(c->cmsg_len);
		if (c->cmsg_level == IPPROTO_UDP) {
			assert_int_equal(c->cmsg_type, UDP_SEGMENT);
			assert_int_equal(c->cmsg_len, CMSG_LEN(sizeof(m.unit)));
			memcpy(&m.unit, CMSG_DATA(c), sizeof(m.unit));
		} else {
			assert_true(c->cmsg_type == IP_PKTINFO ||
			    c->cmsg_type == IPV6_PKTINFO);
			m.source = true;
		}
	}
	assert_int_equal(used, h->msg_controllen);
	return m;
}

int
sendmmsg(int fd, struct mmsghdr *msgs, unsigned int count, int flags)
{
	int (*fn)(int, struct mmsghdr *, unsigned int, int);
	unsigned int i = 0;

	real("sendmmsg", &fn, sizeof(fn));
	for (; i < count; i++) {
		const struct sent m = describe(&msgs[i].msg_hdr);
		const int error = refuse == NULL ? 0 : refuse(&m);

		if (error != 0) {
			refused++;
			errno = error;
			break;
		}
		if (fn(fd, &msgs[i], 1, flags) != 1)
			break;
		assert_in_range(sent_count, 0, SENT_MAX - 1);
		sent[sent_count++] = m;
	}
	return i > 0 ? (int)i : -1;
}

int
recvmmsg(int fd, struct mmsghdr *msgs, unsigned int count, int flags,
    struct timespec *timeout)
{
	int (*fn)(int, struct mmsghdr *, unsigned int, int, struct timespec *);

	real("recvmmsg", &fn, sizeof(fn));
	const int n = fn(fd, msgs, count, flags, timeout);
	received += n > 0 ? (unsigned int)n : 0;
	return n;
}

static struct addr
address(const char *text, uint16_t port)
{
	struct addr a;

	assert_int_equal(sockaddr_parse(&a, text), 0);
	a.port = port;
	return a;
}

static void
on_refused(void *ctx, const struct path *to, size_t len)
{
	struct udp *u = ctx;

	assert_in_range(refusal_count, 0, REFUSALS_MAX - 1);
	refusals[refusal_count++] = (struct refusal){ *to, len };
	assert_null(udp_reserve(u, to, 1)); /* it must not send */
}

static struct udp *
open_udp(void)
{
	const struct udp_config c = { .drops = &drops };
	struct udp *u;

	memset(&drops, 0, sizeof(drops));
	sent_count = refusal_count = refused = received = 0;
	u = udp_open(&c);
	assert_non_null(u);
	udp_on_refused(u, on_refused, u);
	return u;
}

static int
reset(void **state)
{
	(void)state;
	refuse = NULL;
	no_runs = no_gro = false;
	return 0;
}

static struct path
path_to(const struct udp *u)
{
	return (struct path){ .remote = address("127.0.0.1", udp_port(u)) };
}

static void
put(struct udp *u, const struct path *to, size_t len, unsigned int number)
{
	uint8_t *data = udp_reserve(u, to, len);

	assert_non_null(data);
	memset(data, (int)(number & 0xff), len);
	udp_commit(u, len);
}

/* Takes the next datagrams of a socket as they come, one for each number. */
static void
check_arrivals(struct udp *u, int which, const struct path *from,
    const size_t *sizes, unsigned int count)
{
	struct pollfd p = { .fd = udp_fd(u, which), .events = POLLIN };
	struct udp_dgram in[UDP_BATCH];

	for (unsigned int i = 0; i < count;) {
		if (!udp_more(u))
			assert_int_equal(poll(&p, 1, WAIT_MS), 1);
		const int n = udp_recv(u, which, in, UDP_BATCH);
		for (int k = 0; k < n; k++, i++) {
			assert_in_range(i, 0, count - 1);
			assert_int_equal(in[k].len, sizes[i]);
			assert_int_equal(in[k].data[0], i & 0xff);
			assert_int_equal(in[k].data[sizes[i] - 1], i & 0xff);
			assert_true(
			    addr_equal(&in[k].from.remote, &from->remote));
			assert_true(
			    addr_equal(&in[k].from.local, &from->local));
		}
	}
	assert_false(udp_more(u));
	assert_int_equal(udp_recv(u, which, in, UDP_BATCH), 0);
}

/* They came from ourselves. */
static void
check_own(struct udp *u, const size_t *sizes, unsigned int count)
{
	const struct path from = { address("127.0.0.1", udp_port(u)),
		address("127.0.0.1", 0) };

	check_arrivals(u, 0, &from, sizes, count);
}

/* How many datagrams were in each message; the rest of the list is zeros. */
static void
check_sent(const unsigned int *counts, unsigned int max)
{
	unsigned int i = 0;

	for (; i < max && counts[i] != 0; i++) {
		const size_t unit =
		    sent[i].unit == 0 ? sent[i].len : sent[i].unit;

		assert_in_range(i, 0, sent_count - 1);
		assert_int_equal((sent[i].len + unit - 1) / unit, counts[i]);
		assert_int_equal(sent[i].unit != 0, counts[i] > 1);
	}
	assert_int_equal(sent_count, i);
}

static void
check_no_drops(void)
{
	for (int i = 0; i < DROP_COUNT; i++)
		assert_int_equal(drops.n[i], 0);
}

/* Equal ones leave together, a shorter one may end them, all within 64
 * datagrams and 65000 bytes. */
static void
test_runs(void **state)
{
	static const struct {
		size_t sizes[SIZES_MAX]; /* ends with 0 */
		unsigned int messages[SIZES_MAX];
	} cases[] = {
		{ { 1000 }, { 1 } },
		{ { 1000, 1000 }, { 2 } },
		{ { 1000, 1000, 1000, 999 }, { 4 } },
		{ { 1000, 1000, 1 }, { 3 } },
		{ { 1000, 999, 999 }, { 2, 1 } },
		{ { 1000, 1001 }, { 1, 1 } },
		{ { 1, 1000, 1000 }, { 1, 2 } },
		{ { 1000, 500, 1000, 500 }, { 2, 2 } },
		{ { 500, 1000, 500, 1000 }, { 1, 2, 1 } },
		{ { 300, 200, 100 }, { 2, 1 } },
		{ { 9000, 9000, 9000, 9000, 9000, 9000, 9000, 9000 },
		    { 7, 1 } },
		{ { 9000, 9000, 9000, 9000, 9000, 9000, 9000, 2000 }, { 8 } },
		{ { 9000, 9000, 9000, 9000, 9000, 9000, 9000, 2001 },
		    { 7, 1 } },
		{ { 9216, 9216, 9216 }, { 3 } },
		{ { 1, 1, 1 }, { 3 } },
	};

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(cases); k++) {
		struct udp *u = open_udp();
		const struct path to = path_to(u);
		unsigned int n = 0;

		for (; cases[k].sizes[n] != 0; n++)
			put(u, &to, cases[k].sizes[n], n);
		udp_flush(u);
		check_sent(cases[k].messages, SIZES_MAX);
		check_own(u, cases[k].sizes, n);
		check_no_drops();
		udp_close(u);
	}
}

/* 64 of them are a whole batch, and a whole run. */
static void
test_more_than_a_batch(void **state)
{
	static const unsigned int messages[] = { 64, 64, 2, 0 };
	struct udp *u = open_udp();
	const struct path to = path_to(u);
	size_t sizes[130];

	(void)state;
	for (unsigned int i = 0; i < ARRAY_LEN(sizes); i++) {
		sizes[i] = 300;
		put(u, &to, sizes[i], i);
	}
	udp_flush(u);
	check_sent(messages, ARRAY_LEN(messages));
	check_own(u, sizes, ARRAY_LEN(sizes));
	udp_close(u);
}

/* A run has one destination; order is kept at each. */
static void
test_two_destinations(void **state)
{
	static const unsigned int messages[] = { 1, 1, 1, 2, 2, 0 };
	static const size_t sizes[] = { 700, 700, 700, 700 };
	struct udp *u = open_udp(), *a = open_udp(), *b = open_udp();
	const struct path to_a = path_to(a), to_b = path_to(b);
	const struct path from = { address("127.0.0.1", udp_port(u)),
		address("127.0.0.1", 0) };

	(void)state;
	put(u, &to_a, 700, 0);
	put(u, &to_b, 700, 0);
	put(u, &to_a, 700, 1);
	put(u, &to_b, 700, 1);
	put(u, &to_b, 700, 2);
	put(u, &to_a, 700, 2);
	put(u, &to_a, 700, 3);
	udp_flush(u);
	check_sent(messages, ARRAY_LEN(messages));
	assert_int_equal(sent[0].port, udp_port(a));
	assert_int_equal(sent[3].port, udp_port(b));
	check_arrivals(a, 0, &from, sizes, 4);
	check_arrivals(b, 0, &from, sizes, 3);
	udp_close(u);
	udp_close(a);
	udp_close(b);
}

/* The two control messages lie side by side; who chose another address of
 * ours is in another run. */
static void
test_source_of_a_run(void **state)
{
	static const unsigned int messages[] = { 3, 2, 0 };
	static const size_t sizes[] = { 800, 800, 400 };
	struct udp *u = open_udp(), *a = open_udp();
	struct path to = path_to(a);
	struct path from = { address("127.0.0.2", udp_port(u)),
		address("127.0.0.1", 0) };
	struct udp_dgram in[UDP_BATCH];

	(void)state;
	to.local = address("127.0.0.2", 0);
	for (unsigned int i = 0; i < 3; i++)
		put(u, &to, sizes[i], i);
	to.local = address("127.0.0.3", 0);
	put(u, &to, 800, 3);
	put(u, &to, 800, 4);
	udp_flush(u);
	check_sent(messages, ARRAY_LEN(messages));
	assert_true(sent[0].source && sent[1].source);
	assert_int_equal(udp_recv(a, 0, in, 3), 3);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(in[i].len, sizes[i]);
		assert_true(addr_equal(&in[i].from.remote, &from.remote));
		assert_true(addr_equal(&in[i].from.local, &from.local));
	}
	from.remote = address("127.0.0.3", udp_port(u));
	assert_int_equal(udp_recv(a, 0, in, UDP_BATCH), 2);
	for (int i = 0; i < 2; i++)
		assert_true(addr_equal(&in[i].from.remote, &from.remote));
	check_no_drops();
	udp_close(u);
	udp_close(a);
}

static void
test_runs_over_ipv6(void **state)
{
	static const unsigned int messages[] = { 3, 0 };
	static const size_t sizes[] = { 800, 800, 400 };
	struct udp *u = open_udp();
	struct path to = { address("::1", udp_port(u)), address("::1", 0) };

	(void)state;
	if (udp_fd(u, 1) == -1 || udp_link_mtu(u, &to) == 0) {
		udp_close(u);
		print_message("skipped: this machine has no ::1\n");
		skip();
	}
	for (unsigned int i = 0; i < 3; i++)
		put(u, &to, sizes[i], i);
	udp_flush(u);
	check_sent(messages, ARRAY_LEN(messages));
	assert_true(sent[0].source);
	check_arrivals(u, 1, &to, sizes, 3);
	udp_close(u);
}

/* What is left of a run comes with the next calls, though the socket has
 * nothing more to tell; the other socket's call gives it too. */
static void
test_more(void **state)
{
	struct udp *u = open_udp();
	const struct path to = path_to(u);
	struct pollfd p = { .fd = udp_fd(u, 0), .events = POLLIN };
	struct udp_dgram in[UDP_BATCH];
	int number = 0;

	(void)state;
	for (unsigned int i = 0; i < 10; i++)
		put(u, &to, 500, i);
	assert_false(udp_more(u));
	udp_flush(u);
	assert_int_equal(sent_count, 1);
	assert_int_equal(poll(&p, 1, WAIT_MS), 1);
	while (number < 10) {
		const int n = udp_recv(u, number == 3 ? 1 : 0, in, 3);

		assert_int_equal(n, number < 9 ? 3 : 1);
		for (int i = 0; i < n; i++)
			assert_int_equal(in[i].data[0], number++);
		assert_int_equal(udp_more(u), number < 10);
		assert_int_equal(poll(&p, 1, 0), 0);
	}
	assert_int_equal(udp_recv(u, 0, in, 3), 0);
	udp_close(u);
}

/* A stranger's empty datagram between two runs; ours are never empty. */
static void
test_empty_ones(void **state)
{
	struct udp *u = open_udp();
	const struct path to = path_to(u);
	const int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_storage name;
	const socklen_t len = sockaddr_from_addr(&name, &to.remote);
	struct udp_dgram in[UDP_BATCH];

	(void)state;
	for (unsigned int i = 0; i < 3; i++)
		put(u, &to, 500, i);
	udp_flush(u);
	assert_int_equal(
	    sendto(fd, "", 0, 0, (const struct sockaddr *)&name, len), 0);
	for (unsigned int i = 0; i < 3; i++)
		put(u, &to, 500, i);
	udp_flush(u);
	assert_int_equal(udp_recv(u, 0, in, UDP_BATCH), 7);
	for (int i = 0; i < 7; i++)
		assert_int_equal(in[i].len, i == 3 ? 0 : 500);
	check_no_drops();
	close(fd);
	udp_close(u);
}

/* A kernel that knows of no runs is asked for none; one that cannot leave
 * them together for us gives single datagrams. */
static void
test_old_kernels(void **state)
{
	static const unsigned int singles[] = { 1, 1, 1, 0 };
	static const unsigned int run[] = { 3, 0 };
	static const size_t sizes[] = { 500, 500, 500 };

	(void)state;
	for (int since = 0; since < 3; since++) {
		no_runs = since < 1;
		no_gro = since < 2;
		struct udp *u = open_udp();
		const struct path to = path_to(u);
		for (unsigned int i = 0; i < 3; i++)
			put(u, &to, 500, i);
		udp_flush(u);
		check_sent(no_runs ? singles : run, no_runs ? 4 : 2);
		check_own(u, sizes, 3);
		assert_int_equal(received, no_gro ? 3 : 1);
		check_no_drops();
		udp_close(u);
	}
}

static int
refuse_runs_io(const struct sent *m)
{
	return m->unit != 0 ? EIO : 0;
}

static int
refuse_runs_invalid(const struct sent *m)
{
	return m->unit != 0 ? EINVAL : 0;
}

/* Sends two batches of three; each must arrive whole. Returns how many
 * messages were refused in the second. */
static unsigned int
send_twice(struct udp *u)
{
	static const size_t sizes[] = { 500, 500, 500 };
	const struct path to = path_to(u);
	unsigned int before = 0;

	for (int round = 0; round < 2; round++) {
		before = refused;
		for (unsigned int i = 0; i < 3; i++)
			put(u, &to, 500, i);
		udp_flush(u);
		check_own(u, sizes, 3);
	}
	check_no_drops();
	assert_int_equal(refusal_count, 0);
	return refused - before;
}

/* EIO: the interface cannot have runs (udp(7)), and they are not tried again.
 * Any other reason may be this run's alone. */
static void
test_refused_runs_go_one_by_one(void **state)
{
	struct udp *u = open_udp();

	(void)state;
	refuse = refuse_runs_io;
	assert_int_equal(send_twice(u), 0);
	assert_int_equal(refused, 1);
	assert_int_equal(sent_count, 6);
	udp_close(u);
	u = open_udp();
	refuse = refuse_runs_invalid;
	assert_int_equal(send_twice(u), 1);
	assert_int_equal(refused, 2);
	assert_int_equal(sent_count, 6);
	udp_close(u);
}

/* Of a path that takes 1200 bytes. */
static int
refuse_long(const struct sent *m)
{
	return (m->unit == 0 ? m->len : m->unit) > 1200 ? EMSGSIZE : 0;
}

/* The one that was too long is named with its length, and no other. */
static void
test_size_refused_within_a_run(void **state)
{
	static const size_t sizes[] = { 1000, 1300, 1300, 900, 1000, 1000 };
	struct udp *u = open_udp(), *a = open_udp();
	const struct path to = path_to(a);
	struct udp_dgram in[UDP_BATCH];

	(void)state;
	refuse = refuse_long;
	for (unsigned int i = 0; i < ARRAY_LEN(sizes); i++)
		put(u, &to, sizes[i], i);
	udp_flush(u);
	assert_int_equal(refusal_count, 2);
	for (unsigned int i = 0; i < refusal_count; i++) {
		assert_int_equal(refusals[i].len, 1300);
		assert_true(addr_equal(&refusals[i].to.remote, &to.remote));
	}
	assert_int_equal(drops.n[DROP_SEND_SIZE], 2);
	assert_int_equal(drops.n[DROP_SEND_ERROR], 0);
	assert_int_equal(udp_recv(a, 0, in, UDP_BATCH), 4);
	assert_int_equal(in[0].data[0], 0);
	for (int i = 1; i < 4; i++)
		assert_int_equal(in[i].data[0], i + 2);
	/* and runs go on */
	assert_int_not_equal(sent[sent_count - 1].unit, 0);
	udp_close(u);
	udp_close(a);
}

/* The shorter end of a run is not what was too long for the path. */
static int
refuse_last(const struct sent *m)
{
	return m->unit != 0 || m->len == 400 ? EMSGSIZE : 0;
}

static void
test_size_refused_at_the_end_of_a_run(void **state)
{
	static const size_t sizes[] = { 800, 800 };
	struct udp *u = open_udp();
	const struct path to = path_to(u);

	(void)state;
	refuse = refuse_last;
	put(u, &to, 800, 0);
	put(u, &to, 800, 1);
	put(u, &to, 400, 2);
	udp_flush(u);
	assert_int_equal(refusal_count, 1);
	assert_int_equal(refusals[0].len, 400);
	assert_int_equal(drops.n[DROP_SEND_SIZE], 1);
	check_own(u, sizes, 2);
	udp_close(u);
}

static int
refuse_once(const struct sent *m)
{
	(void)m;
	return refused == 0 ? ECONNREFUSED : 0;
}

/* What ICMP left on the socket is told at the next send and is not about it:
 * nothing is lost, run or not. */
static void
test_old_error_on_the_socket(void **state)
{
	static const size_t sizes[] = { 500, 500, 500 };

	(void)state;
	for (unsigned int count = 1; count <= 3; count += 2) {
		struct udp *u = open_udp();
		const struct path to = path_to(u);

		refuse = refuse_once;
		for (unsigned int i = 0; i < count; i++)
			put(u, &to, 500, i);
		udp_flush(u);
		assert_int_equal(refused, 1);
		check_own(u, sizes, count);
		check_no_drops();
		udp_close(u);
	}
}

/* Port 9 is down. */
static int
refuse_discard(const struct sent *m)
{
	return m->port == 9 ? ENETUNREACH : 0;
}

static void
test_one_destination_is_refused(void **state)
{
	static const size_t sizes[] = { 500, 500, 500, 500 };
	struct udp *u = open_udp();
	const struct path to = path_to(u);
	const struct path bad = { .remote = address("127.0.0.1", 9) };

	(void)state;
	refuse = refuse_discard;
	put(u, &bad, 500, 0);
	put(u, &to, 500, 0);
	put(u, &to, 500, 1);
	put(u, &bad, 500, 0);
	put(u, &bad, 500, 0);
	put(u, &bad, 500, 0);
	put(u, &to, 500, 2);
	put(u, &to, 500, 3);
	udp_flush(u);
	assert_int_equal(drops.n[DROP_SEND_ERROR], 4);
	assert_int_equal(refusal_count, 0);
	check_own(u, sizes, 4);
	udp_close(u);
}

/* Two messages of a batch find room. */
static int
refuse_third(const struct sent *m)
{
	(void)m;
	return sent_count >= 2 ? EAGAIN : 0;
}

static int
refuse_third_nobufs(const struct sent *m)
{
	(void)m;
	return sent_count >= 2 ? ENOBUFS : 0;
}

/* The rest is given up, each datagram counted, and the next batch is whole. */
static void
test_no_room(void **state)
{
	static const size_t sizes[] = { 500, 500, 300, 600, 600 };
	static int (*const reasons[])(
	    const struct sent *m) = { refuse_third, refuse_third_nobufs };

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(reasons); k++) {
		struct udp *u = open_udp();
		const struct path to = path_to(u);

		refuse = reasons[k];
		for (unsigned int i = 0; i < 5; i++)
			put(u, &to, sizes[i], i);
		for (unsigned int i = 0; i < 7; i++)
			put(u, &to, 700, i);
		udp_flush(u);
		assert_int_equal(sent_count, 2);
		assert_int_equal(drops.n[DROP_SEND_ROOM], 7);
		check_own(u, sizes, 5);
		refuse = NULL;
		put(u, &to, 500, 0);
		udp_flush(u);
		check_own(u, sizes, 1);
		udp_close(u);
	}
}

#define CASE(test) cmocka_unit_test_setup(test, reset)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_runs),
		CASE(test_more_than_a_batch),
		CASE(test_two_destinations),
		CASE(test_source_of_a_run),
		CASE(test_runs_over_ipv6),
		CASE(test_more),
		CASE(test_empty_ones),
		CASE(test_old_kernels),
		CASE(test_refused_runs_go_one_by_one),
		CASE(test_size_refused_within_a_run),
		CASE(test_size_refused_at_the_end_of_a_run),
		CASE(test_old_error_on_the_socket),
		CASE(test_one_destination_is_refused),
		CASE(test_no_room),
	};

	return cmocka_run_group_tests_name("udp_linux", tests, NULL, NULL);
}
