/* SPDX-License-Identifier: ISC */
/*
 * What darwin/udp_*.c does with the odd results of sendmsg_x and recvmsg_x:
 * each trap of tests/shim/msgx.h, over loopback. The first destination is "a",
 * the second "b"; each is a socket of its own.
 */
#include "os/udp.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../unit/capture.h"
#include "msgx.h"
#include "os/darwin/udp_tx.h"
#include "os/sockaddr.h"

enum {
	WAIT_MS = 10000, /* of a datagram that never comes; no test waits so */
	LEN = 500,       /* of a datagram that fits everywhere */
	LONG = 1300,     /* of one that refuse_long finds too long */
	REFUSALS_MAX = 16,
};

struct fixture {
	struct udp *u; /* which sends */
	struct udp *a, *b;
	struct path to_a, to_b;
};

/* What was told of datagrams that were too long. */
struct refusal {
	struct path to;
	size_t len;
};

static struct drop_counts drops;
static struct refusal refusals[REFUSALS_MAX];
static unsigned int refusal_count;

/* For the functions that refuse: where, with what, and how often so far. */
static uint16_t refused_port;
static int refused_error;
static unsigned int refused_from; /* messages taken before, or times left */
static unsigned int refused_seen;

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
	assert_in_range(refusal_count, 0, REFUSALS_MAX - 1);
	refusals[refusal_count++] = (struct refusal){ *to, len };
	assert_null(udp_reserve(ctx, to, 1)); /* it must not send */
}

static struct udp *
open_udp(void)
{
	const struct udp_config c = { .drops = &drops };
	struct udp *u = udp_open(&c);

	assert_non_null(u);
	udp_on_refused(u, on_refused, u);
	return u;
}

static struct fixture
open_all(void)
{
	struct fixture f = {
		.u = open_udp(), .a = open_udp(), .b = open_udp()
	};

	f.to_a.remote = address("127.0.0.1", udp_port(f.a));
	f.to_b.remote = address("127.0.0.1", udp_port(f.b));
	return f;
}

static void
close_all(const struct fixture *f)
{
	udp_close(f->u);
	udp_close(f->a);
	udp_close(f->b);
}

static int
reset(void **state)
{
	(void)state;
	memset(&msgx, 0, sizeof(msgx));
	memset(&drops, 0, sizeof(drops));
	refusal_count = refused_seen = refused_from = 0;
	refused_port = 0;
	refused_error = 0;
	return 0;
}

static void
put(struct udp *u, const struct path *to, size_t len, unsigned int number)
{
	uint8_t *data = udp_reserve(u, to, len);

	assert_non_null(data);
	memset(data, (int)(number & 0xff), len);
	udp_commit(u, len);
}

static void
put_many(struct udp *u, const struct path *to, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		put(u, to, LEN, i);
}

/* Exactly these numbers arrive, in this order. */
static void
check_arrivals(struct udp *u, unsigned int first, unsigned int end)
{
	struct pollfd p = { .fd = udp_fd(u, 0), .events = POLLIN };
	struct udp_dgram in[UDP_BATCH];

	while (first < end) {
		assert_int_equal(poll(&p, 1, WAIT_MS), 1);
		const int n = udp_recv(u, 0, in, UDP_BATCH);
		assert_true(n > 0);
		for (int i = 0; i < n; i++, first++) {
			assert_true(first < end);
			assert_int_equal(in[i].data[0], first & 0xff);
			assert_int_equal(
			    in[i].data[in[i].len - 1], first & 0xff);
		}
	}
	assert_int_equal(udp_recv(u, 0, in, UDP_BATCH), 0);
	assert_false(udp_more(u));
}

/* Waits for one datagram and takes it. */
static struct udp_dgram
receive_one(struct udp *u, int which)
{
	struct pollfd p = { .fd = udp_fd(u, which), .events = POLLIN };
	struct udp_dgram d[2];

	assert_int_equal(poll(&p, 1, WAIT_MS), 1);
	assert_int_equal(udp_recv(u, which, d, 2), 1);
	return d[0];
}

static void
check_drops(enum drop reason, uint64_t count)
{
	for (int i = 0; i < DROP_COUNT; i++)
		assert_int_equal(drops.n[i], i == (int)reason ? count : 0);
}

/* --- the calls as such */

static void
test_batches_are_used(void **state)
{
	struct fixture f = open_all();

	(void)state;
	put_many(f.u, &f.to_a, UDP_BATCH);
	udp_flush(f.u);
	assert_int_equal(msgx.send_calls, 1);
	check_arrivals(f.a, 0, UDP_BATCH);
	assert_true(msgx.recv_calls > 0 && msgx.recv_calls < UDP_BATCH);
	check_drops(DROP_NONE, 0);
	close_all(&f);
}

static void
test_missing_calls(void **state)
{
	struct fixture f;

	(void)state;
	msgx.missing = true;
	f = open_all();
	put_many(f.u, &f.to_a, 5);
	udp_flush(f.u);
	check_arrivals(f.a, 0, 5);
	assert_int_equal(msgx.send_calls, 0);
	assert_int_equal(msgx.recv_calls, 0);
	check_drops(DROP_NONE, 0);
	close_all(&f);
}

/* One look is enough, and nothing is lost. */
static void
test_calls_that_do_not_work(void **state)
{
	static const int errors[] = { ENOSYS, EINVAL };

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(errors); k++) {
		struct fixture f;

		reset(NULL);
		msgx.send_error = msgx.recv_error = errors[k];
		f = open_all();
		for (int round = 0; round < 3; round++) {
			put_many(f.u, &f.to_a, 5);
			udp_flush(f.u);
			check_arrivals(f.a, 0, 5);
		}
		assert_int_equal(msgx.send_calls, 1);
		assert_int_equal(msgx.recv_calls, 1);
		check_drops(DROP_NONE, 0);
		close_all(&f);
	}
}

/* Nobody can send to port 0; that says nothing of sendmsg_x. */
static void
test_invalid_datagram_first(void **state)
{
	struct fixture f = open_all();
	const struct path bad = { .remote = address("127.0.0.1", 0) };

	(void)state;
	put(f.u, &bad, LEN, 0);
	put_many(f.u, &f.to_a, 5);
	udp_flush(f.u);
	check_arrivals(f.a, 0, 5);
	check_drops(DROP_SEND_ERROR, 1);
	assert_int_equal(msgx.send_calls, 2);
	close_all(&f);
}

static int
refuse_port(const struct udp_msgx *m)
{
	struct addr to;

	assert_true(sockaddr_to_addr(&to, m->msg_name, m->msg_namelen));
	if (to.port != refused_port)
		return 0;
	return refused_seen++ >= refused_from ? refused_error : 0;
}

static void
test_invalid_later(void **state)
{
	struct fixture f = open_all();

	(void)state;
	put_many(f.u, &f.to_a, 2);
	udp_flush(f.u);
	check_arrivals(f.a, 0, 2);
	msgx.refuse = refuse_port;
	refused_port = udp_port(f.b);
	refused_error = EINVAL;
	for (unsigned int round = 1; round < 3; round++) {
		put(f.u, &f.to_b, LEN, 0);
		udp_flush(f.u);
		assert_int_equal(msgx.send_calls, 1 + round);
		check_drops(DROP_SEND_ERROR, round);
	}
	close_all(&f);
}

/* --- sending */

static void
test_short_counts(void **state)
{
	struct fixture f = open_all();

	(void)state;
	msgx.cap = 10;
	put_many(f.u, &f.to_a, 35);
	udp_flush(f.u);
	assert_int_equal(msgx.send_calls, 4);
	msgx.cap = 7;
	check_arrivals(f.a, 0, 35);
	check_drops(DROP_NONE, 0);
	close_all(&f);
}

/* The kernel takes 100 at once at most, and says so by a short count only. */
static void
test_more_than_a_batch(void **state)
{
	struct fixture f = open_all();

	(void)state;
	put_many(f.u, &f.to_a, 150);
	udp_flush(f.u);
	check_arrivals(f.a, 0, 150);
	assert_in_range(msgx.most, 1, MSGX_CAP);
	assert_int_equal(msgx.send_calls, 3);
	check_drops(DROP_NONE, 0);
	close_all(&f);
}

static int
refuse_long(const struct udp_msgx *m)
{
	return m->msg_iov->iov_len >= LONG ? EMSGSIZE : 0;
}

/* The one that was too long is named with its length, and no other. */
static void
test_size_refused(void **state)
{
	static const struct {
		size_t sizes[6];
		unsigned int refused;
	} cases[] = {
		{ { LONG, LEN, LEN }, 1 },
		{ { LEN, LONG, LEN, LEN }, 1 },
		{ { LEN, LEN, LONG }, 1 },
		{ { LONG, LONG, LEN, LONG + 1, LEN }, 3 },
		{ { LONG }, 1 },
	};

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(cases); k++) {
		struct fixture f = open_all();
		unsigned int good = 0, bad = 0;

		reset(NULL);
		msgx.refuse = refuse_long;
		for (unsigned int i = 0; cases[k].sizes[i] != 0; i++)
			put(f.u, &f.to_a, cases[k].sizes[i],
			    cases[k].sizes[i] < LONG ? good++ : 0);
		udp_flush(f.u);
		check_arrivals(f.a, 0, good);
		check_drops(DROP_SEND_SIZE, cases[k].refused);
		assert_int_equal(refusal_count, cases[k].refused);
		for (unsigned int i = 0; cases[k].sizes[i] != 0; i++) {
			if (cases[k].sizes[i] < LONG)
				continue;
			assert_int_equal(refusals[bad].len, cases[k].sizes[i]);
			assert_true(addr_equal(
			    &refusals[bad++].to.remote, &f.to_a.remote));
		}
		close_all(&f);
	}
}

/* -1 comes although the first two left: they do not leave twice, and nobody
 * else loses anything. */
static void
test_error_behind_some(void **state)
{
	static const int errors[] = { EHOSTUNREACH, ENETUNREACH, EADDRNOTAVAIL,
		ENETDOWN, ECONNREFUSED, EHOSTDOWN, EPERM, EIO };

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(errors); k++) {
		struct fixture f = open_all();

		reset(NULL);
		msgx.refuse = refuse_port;
		refused_port = udp_port(f.a);
		refused_error = errors[k];
		refused_from = 2;
		put(f.u, &f.to_b, LEN, 0);
		put_many(f.u, &f.to_a, 5);
		put(f.u, &f.to_b, LEN, 1);
		put(f.u, &f.to_b, LEN, 2);
		udp_flush(f.u);
		check_arrivals(f.a, 0, 2);
		check_arrivals(f.b, 0, 3);
		check_drops(DROP_SEND_ERROR, 5);
		assert_int_equal(refusal_count, 0);
		assert_false(udp_is_stale(f.u));
		close_all(&f);
	}
}

/* Refuses the third message so often. */
static int
refuse_for_a_while(const struct udp_msgx *m)
{
	struct addr to;

	assert_true(sockaddr_to_addr(&to, m->msg_name, m->msg_namelen));
	if (to.port != refused_port || *(uint8_t *)m->msg_iov->iov_base != 2 ||
	    refused_seen == refused_from)
		return 0;
	refused_seen++;
	return refused_error;
}

/* Nor do they leave twice where the reason is over at once. */
static void
test_short_error_behind_some(void **state)
{
	struct fixture f = open_all();

	(void)state;
	msgx.refuse = refuse_for_a_while;
	refused_port = udp_port(f.a);
	refused_error = ENETDOWN;
	refused_from = 1;
	put_many(f.u, &f.to_a, 5);
	put(f.u, &f.to_b, LEN, 0);
	udp_flush(f.u);
	check_arrivals(f.a, 0, 2);
	check_arrivals(f.b, 0, 1);
	check_drops(DROP_SEND_ERROR, 5);
	close_all(&f);
}

/* A queue that is full is full for a moment, mostly. The first time ends a
 * call that sent two, which says nothing; the last one is not waited for. */
static void
test_no_room(void **state)
{
	static const struct {
		int error;
		unsigned int times;
		uint64_t lost;
	} cases[] = {
		{ ENOBUFS, 1, 0 },
		{ ENOBUFS, UDP_TX_PAUSES + 1, 0 },
		{ ENOBUFS, UDP_TX_PAUSES + 2, 3 },
		{ ENOBUFS, 1000, 3 },
		{ EWOULDBLOCK, UDP_TX_PAUSES + 1, 0 },
		{ EWOULDBLOCK, 1000, 3 },
		{ EINTR, 1000, 0 },
	};

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(cases); k++) {
		struct fixture f = open_all();

		reset(NULL);
		msgx.refuse = refuse_for_a_while;
		refused_port = udp_port(f.a);
		refused_error = cases[k].error;
		refused_from = cases[k].times;
		put_many(f.u, &f.to_a, 5);
		put(f.u, &f.to_b, LEN, 0);
		udp_flush(f.u);
		check_arrivals(f.a, 0, cases[k].lost == 0 ? 5 : 2);
		check_arrivals(f.b, 0, 1);
		check_drops(DROP_SEND_ROOM, cases[k].lost);
		/* and each flush may wait anew */
		if (cases[k].lost > 0) {
			assert_int_equal(refused_seen, UDP_TX_PAUSES + 2);
			refused_seen = 0;
			refused_from = 2;
			put_many(f.u, &f.to_a, 3);
			udp_flush(f.u);
			check_arrivals(f.a, 0, 3);
		}
		close_all(&f);
	}
}

static int
refuse_all(const struct udp_msgx *m)
{
	(void)m;
	refused_seen++;
	return ENOBUFS;
}

/* The pauses are those of a flush, however many peers it serves. */
static void
test_no_room_for_anybody(void **state)
{
	struct fixture f = open_all();

	(void)state;
	msgx.refuse = refuse_all;
	for (unsigned int i = 0; i < 10; i++)
		put(f.u, i % 2 == 0 ? &f.to_a : &f.to_b, LEN, i);
	udp_flush(f.u);
	assert_int_equal(refused_seen, 10 + UDP_TX_PAUSES);
	check_drops(DROP_SEND_ROOM, 10);
	close_all(&f);
}

/* --- receiving */

/* A slot that had an IPv4 sender has room for an IPv6 one. */
static void
test_names_are_reset(void **state)
{
	struct udp *u = open_udp();
	const struct path v4 = { .remote = address("127.0.0.1", udp_port(u)) };
	const struct path v6 = { address("::1", udp_port(u)),
		address("::1", 0) };
	struct udp_dgram d;

	(void)state;
	if (udp_fd(u, 1) == -1 || udp_link_mtu(u, &v6) == 0) {
		udp_close(u);
		print_message("skipped: this machine has no ::1\n");
		skip();
	}
	for (int i = 0; i < 3; i++) {
		put(u, &v4, LEN, 0);
		udp_flush(u);
		d = receive_one(u, 0);
		assert_true(addr_equal(&d.from.remote, &v4.remote));
		put(u, &v6, LEN, 0);
		udp_flush(u);
		d = receive_one(u, 1);
		assert_true(addr_equal(&d.from.remote, &v6.remote));
		assert_true(addr_equal(&d.from.local, &v6.local));
	}
	udp_close(u);
}

/* Nothing that the kernel wrote stays: the flags of a datagram that was cut,
 * the bytes used of its room. */
static void
test_flags_and_lengths_are_reset(void **state)
{
	struct fixture f = open_all();

	(void)state;
	msgx.iov_used = true;
	for (unsigned int round = 0; round < 4; round++) {
		put(f.u, &f.to_a, 10, 0);
		udp_flush(f.u);
		check_arrivals(f.a, 0, 1);
		put(f.u, &f.to_a, UDP_DGRAM_MAX, 0);
		udp_flush(f.u);
		assert_int_equal(receive_one(f.a, 0).len, UDP_DGRAM_MAX);
	}
	check_drops(DROP_NONE, 0);
	close_all(&f);
}

static void
send_plain(const struct addr *to, size_t len)
{
	static const uint8_t zeros[1 << 14];
	const int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_storage name;
	const socklen_t name_len = sockaddr_from_addr(&name, to);

	assert_in_range(len, 0, sizeof(zeros));
	assert_int_equal(
	    sendto(fd, zeros, len, 0, (const struct sockaddr *)&name, name_len),
	    len);
	close(fd);
}

/* Older kernels say that a datagram was cut, and end the batch there; the
 * newer just cut it. */
static void
test_truncation(void **state)
{
	static const size_t sizes[] = { UDP_DGRAM_MAX + 1, UDP_DGRAM_MAX + 64,
		UDP_DGRAM_MAX + 65, 1 << 14 };

	(void)state;
	for (int is_list = 0; is_list < 2; is_list++) {
		struct fixture f = open_all();

		reset(NULL);
		msgx.is_list = is_list == 1;
		for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
			send_plain(&f.to_a.remote, sizes[i]);
			put(f.u, &f.to_a, LEN, (unsigned int)i);
			udp_flush(f.u);
		}
		check_arrivals(f.a, 0, ARRAY_LEN(sizes));
		check_drops(DROP_DGRAM_TRUNCATED, ARRAY_LEN(sizes));
		close_all(&f);
	}
}

/* What the kernel calls cut is not used, whatever its length. */
static void
test_truncation_of_short_ones(void **state)
{
	struct fixture f = open_all();
	struct udp_dgram in[UDP_BATCH];
	struct pollfd p = { .fd = udp_fd(f.a, 0), .events = POLLIN };

	(void)state;
	msgx.cut = true;
	put_many(f.u, &f.to_a, 1);
	udp_flush(f.u);
	assert_int_equal(poll(&p, 1, WAIT_MS), 1);
	assert_int_equal(udp_recv(f.a, 0, in, UDP_BATCH), 0);
	check_drops(DROP_DGRAM_TRUNCATED, 1);
	close_all(&f);
}

/* An address of ours is known only where this datagram brought it. */
static void
test_control(void **state)
{
	struct fixture f = open_all();
	const struct addr own = address("127.0.0.1", 0);
	struct udp_dgram d;

	(void)state;
	for (int round = 0; round < 6; round++) {
		msgx.no_control = round % 2 == 1;
		msgx.control_untouched = round % 4 == 3;
		put(f.u, &f.to_a, LEN, 0);
		udp_flush(f.u);
		d = receive_one(f.a, 0);
		if (msgx.no_control)
			assert_false(addr_is_set(&d.from.local));
		else
			assert_true(addr_equal(&d.from.local, &own));
	}
	close_all(&f);
}

/* Groups and broadcasts cannot be the source of an answer. */
static void
test_no_answer_from_a_group(void **state)
{
	static const struct {
		uint32_t went_to;
		bool is_known;
	} cases[] = {
		{ UINT32_C(0xe0000001), false }, /* 224.0.0.1 */
		{ UINT32_C(0xefffffff), false },
		{ UINT32_C(0xffffffff), false },
		{ UINT32_C(0xdfffffff), true },
		{ UINT32_C(0x0a000001), true },
	};
	struct fixture f = open_all();
	struct udp_dgram d;

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(cases); k++) {
		msgx.went_to = cases[k].went_to;
		put(f.u, &f.to_a, LEN, 0);
		udp_flush(f.u);
		d = receive_one(f.a, 0);
		assert_int_equal(addr_is_set(&d.from.local), cases[k].is_known);
	}
	close_all(&f);
}

/* A socket that cannot be read holds nobody up. */
static void
test_receive_errors_end(void **state)
{
	struct fixture f = open_all();
	struct udp_dgram in[UDP_BATCH];

	(void)state;
	put_many(f.u, &f.to_a, 1);
	udp_flush(f.u);
	check_arrivals(f.a, 0, 1);
	msgx.recv_error = ECONNREFUSED;
	assert_int_equal(udp_recv(f.a, 0, in, UDP_BATCH), 0);
	msgx.recv_error = 0;
	put_many(f.u, &f.to_a, 2);
	udp_flush(f.u);
	check_arrivals(f.a, 0, 2);
	/* where there is nothing, it is asked once */
	msgx.recv_calls = 0;
	assert_int_equal(udp_recv(f.a, 0, in, UDP_BATCH), 0);
	assert_int_equal(msgx.recv_calls, 1);
	close_all(&f);
}

/* --- the sockets */

static void
test_buffers(void **state)
{
	static const struct {
		int max;
		unsigned int asked;
		int got;
	} cases[] = {
		{ 0, 1, 7 << 20 },
		{ 7456540, 1, 7 << 20 }, /* 8 MiB * 2048 / 2304 */
		{ 7 << 20, 1, 7 << 20 },
		{ (7 << 20) - 1, 2, 4 << 20 },
		{ 3 << 20, 3, 2 << 20 },
		{ 1 << 20, 4, 1 << 20 },
		{ 1 << 19, 4, 1 << 20 },
	};
	const struct udp_config c = {
		.local = address("127.0.0.1", 0),
		.drops = &drops,
	};

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(cases); k++) {
		reset(NULL);
		msgx.buffer_max = cases[k].max;
		udp_close(udp_open(&c));
		assert_int_equal(msgx.asked_count, cases[k].asked);
		assert_int_equal(
		    msgx.asked[msgx.asked_count - 1], cases[k].got);
		assert_true(msgx.send_buffer >= 65535 + UDP_CONTROL);
	}
}

static void
test_small_buffers_are_told(void **state)
{
	static struct capture c;
	struct udp *u;
	const char *text;

	(void)state;
	msgx.buffer_max = 1;
	capture_open(&c, STDERR_FILENO);
	u = open_udp();
	text = capture_close(&c);
	assert_int_equal(capture_lines(text), 1);
	assert_non_null(strstr(text, "kern.ipc.maxsockbuf"));
	udp_close(u);
}

/* IP_DONTFRAG, which the stand-in hands on. */
static void
test_fragments_are_forbidden(void **state)
{
	struct udp *u = open_udp();
	int value = 0;
	socklen_t len = sizeof(value);

	(void)state;
	assert_int_equal(
	    getsockopt(udp_fd(u, 0), IPPROTO_IP, IP_MTU_DISCOVER, &value, &len),
	    0);
	assert_int_equal(value, IP_PMTUDISC_PROBE);
	if (udp_fd(u, 1) != -1) {
		assert_int_equal(getsockopt(udp_fd(u, 1), IPPROTO_IPV6,
				     IPV6_DONTFRAG, &value, &len),
		    0);
		assert_int_equal(value, 1);
	}
	udp_close(u);
}

#define CASE(test) cmocka_unit_test_setup(test, reset)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_batches_are_used),
		CASE(test_missing_calls),
		CASE(test_calls_that_do_not_work),
		CASE(test_invalid_datagram_first),
		CASE(test_invalid_later),
		CASE(test_short_counts),
		CASE(test_more_than_a_batch),
		CASE(test_size_refused),
		CASE(test_error_behind_some),
		CASE(test_short_error_behind_some),
		CASE(test_no_room),
		CASE(test_no_room_for_anybody),
		CASE(test_names_are_reset),
		CASE(test_flags_and_lengths_are_reset),
		CASE(test_truncation),
		CASE(test_truncation_of_short_ones),
		CASE(test_control),
		CASE(test_no_answer_from_a_group),
		CASE(test_receive_errors_end),
		CASE(test_buffers),
		CASE(test_small_buffers_are_told),
		CASE(test_fragments_are_forbidden),
	};

	return cmocka_run_group_tests_name("udp_darwin", tests, NULL, NULL);
}
