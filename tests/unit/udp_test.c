/* SPDX-License-Identifier: ISC */
/*
 * Batches, source addresses and refusals of os/udp.h, over loopback. What
 * needs an interface with a small MTU is in tests/e2e/netif_check.c.
 */
#include "os/udp.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmocka.h>

#include "os/sockaddr.h"

enum {
	WAIT_MS = 10000, /* of a datagram that never comes; no test waits so */
	COUNT = 200,
	CHUNK = 5, /* datagrams that fit in the smallest socket buffer */
};

static struct drop_counts drops;

static struct addr
address(const char *text, uint16_t port)
{
	struct addr a;

	assert_int_equal(sockaddr_parse(&a, text), 0);
	a.port = port;
	return a;
}

/* A plain socket bound to an address, -1 if the system does not have it. */
static int
plain_socket(const struct addr *a)
{
	const int fd =
	    socket(a->family == ADDR_IPV4 ? AF_INET : AF_INET6, SOCK_DGRAM, 0);
	struct sockaddr_storage name;
	const socklen_t len = sockaddr_from_addr(&name, a);

	if (fd == -1)
		return -1;
	if (a->family == ADDR_IPV6)
		setsockopt(
		    fd, IPPROTO_IPV6, IPV6_V6ONLY, &(int){ 1 }, sizeof(int));
	if (bind(fd, (const struct sockaddr *)&name, len) == 0)
		return fd;
	close(fd);
	return -1;
}

static bool
has_address(const char *text)
{
	const struct addr a = address(text, 0);
	const int fd = plain_socket(&a);

	if (fd == -1)
		return false;
	close(fd);
	return true;
}

static uint16_t
port_of(int fd)
{
	struct sockaddr_storage name;
	socklen_t len = sizeof(name);
	struct addr a;

	assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &len), 0);
	assert_true(sockaddr_to_addr(&a, (const struct sockaddr *)&name, len));
	return a.port;
}

static struct udp *
open_any(void)
{
	const struct udp_config c = { .drops = &drops };
	struct udp *u;

	memset(&drops, 0, sizeof(drops));
	u = udp_open(&c);
	assert_non_null(u);
	return u;
}

static int
receive(struct udp *u, int which, struct udp_dgram *out, int max)
{
	struct pollfd p = { .fd = udp_fd(u, which), .events = POLLIN };

	if (!udp_more(u))
		assert_int_equal(poll(&p, 1, WAIT_MS), 1);
	return udp_recv(u, which, out, max);
}

static size_t
size_of(unsigned int i)
{
	return i * 47 % UDP_DGRAM_MAX + 1;
}

static void
send_numbered(struct udp *u, const struct path *to, unsigned int i)
{
	uint8_t *data = udp_reserve(u, to, UDP_DGRAM_MAX);

	assert_non_null(data);
	for (size_t at = 0; at < size_of(i); at++)
		data[at] = (uint8_t)(i + at);
	udp_commit(u, size_of(i));
}

static void
check_numbered(
    const struct udp_dgram *d, const struct path *from, unsigned int i)
{
	assert_int_equal(d->len, size_of(i));
	for (size_t at = 0; at < d->len; at++)
		assert_int_equal(d->data[at], (uint8_t)(i + at));
	assert_true(addr_equal(&d->from.remote, &from->remote));
	assert_true(addr_equal(&d->from.local, &from->local));
}

static void
receive_numbered(struct udp *u, int which, const struct path *from,
    unsigned int first, unsigned int end)
{
	struct udp_dgram in[UDP_BATCH];

	while (first < end) {
		const int n = receive(u, which, in, UDP_BATCH);

		assert_true(n > 0);
		for (int i = 0; i < n; i++)
			check_numbered(&in[i], from, first++);
	}
	assert_int_equal(first, end);
}

/* Sends to oneself at an address, from a chosen or the default source. */
static void
roundtrip(const char *to, const char *source, const char *seen, int which)
{
	struct udp *u = open_any();
	const struct path out = {
		.remote = address(to, udp_port(u)),
		.local = source == NULL ? (struct addr){ .family = ADDR_NONE }
					: address(source, 0),
	};
	const struct path in = {
		.remote = address(seen, udp_port(u)),
		.local = address(to, 0),
	};

	for (unsigned int i = 0; i < COUNT; i += CHUNK) {
		for (unsigned int n = i; n < i + CHUNK; n++)
			send_numbered(u, &out, n);
		udp_flush(u);
		receive_numbered(u, which, &in, i, i + CHUNK);
	}
	for (int i = 0; i < DROP_COUNT; i++)
		assert_int_equal(drops.n[i], 0);
	udp_close(u);
}

static void
test_roundtrip_ipv4(void **state)
{
	(void)state;
	roundtrip("127.0.0.1", NULL, "127.0.0.1", 0);
	roundtrip("127.0.0.1", "127.0.0.1", "127.0.0.1", 0);
	/* Linux has all of 127/8; elsewhere this is one address of many. */
	if (!has_address("127.0.0.2"))
		return;
	roundtrip("127.0.0.2", NULL, "127.0.0.1", 0);
	roundtrip("127.0.0.1", "127.0.0.2", "127.0.0.2", 0);
	roundtrip("127.0.0.2", "127.0.0.1", "127.0.0.1", 0);
}

static void
skip_without_ipv6(void)
{
	if (has_address("::1"))
		return;
	print_message("skipped: this machine has no ::1\n");
	skip();
}

static void
test_roundtrip_ipv6(void **state)
{
	(void)state;
	skip_without_ipv6();
	roundtrip("::1", NULL, "::1", 1);
	roundtrip("::1", "::1", "::1", 1);
}

static void
test_both_families_have_the_port(void **state)
{
	struct udp *u = open_any();

	(void)state;
	assert_int_not_equal(udp_port(u), 0);
	assert_int_equal(port_of(udp_fd(u, 0)), udp_port(u));
	if (has_address("::1"))
		assert_int_equal(port_of(udp_fd(u, 1)), udp_port(u));
	udp_close(u);
}

/* One batch holds datagrams for both sockets. */
static void
test_families_mix_in_a_batch(void **state)
{
	struct udp *u = open_any();
	const struct path v4 = { .remote = address("127.0.0.1", udp_port(u)) };
	const struct path v6 = { .remote = address("::1", udp_port(u)) };
	const struct path v4_in = { v4.remote, address("127.0.0.1", 0) };
	const struct path v6_in = { v6.remote, address("::1", 0) };

	(void)state;
	if (!has_address("::1")) {
		udp_close(u);
		skip_without_ipv6();
	}
	send_numbered(u, &v4, 0);
	send_numbered(u, &v6, 0);
	send_numbered(u, &v6, 1);
	send_numbered(u, &v4, 1);
	udp_flush(u);
	receive_numbered(u, 0, &v4_in, 0, 2);
	receive_numbered(u, 1, &v6_in, 0, 2);
	udp_close(u);
}

static void
test_full_batch_leaves_by_itself(void **state)
{
	struct udp *u = open_any();
	const struct path to = { .remote = address("127.0.0.1", udp_port(u)) };
	struct udp_dgram in[UDP_BATCH];
	int n = 0;

	(void)state;
	for (int i = 0; i < UDP_BATCH; i++) {
		*udp_reserve(u, &to, 1) = (uint8_t)i;
		udp_commit(u, 1);
	}
	assert_int_equal(udp_recv(u, 0, in, UDP_BATCH), 0);
	assert_non_null(udp_reserve(u, &to, 1));
	while (n < UDP_BATCH) {
		const int got = receive(u, 0, in, UDP_BATCH - n);

		for (int i = 0; i < got; i++)
			assert_int_equal(in[i].data[0], n + i);
		n += got;
	}
	udp_commit(u, 0);
	udp_flush(u);
	assert_int_equal(udp_recv(u, 0, in, UDP_BATCH), 0);
	udp_close(u);
}

/* Also with more destinations given up than a batch has. */
static void
test_room_given_back_sends_nothing(void **state)
{
	struct udp *u = open_any();
	const struct path to = { .remote = address("127.0.0.1", udp_port(u)) };
	struct path other = to;
	struct udp_dgram in[UDP_BATCH];
	const uint8_t *first = udp_reserve(u, &to, UDP_DGRAM_MAX);

	(void)state;
	udp_commit(u, 0);
	for (int i = 0; i < 10 * UDP_BATCH; i++) {
		other.remote.port = (uint16_t)(i % 2 + 1);
		assert_ptr_equal(udp_reserve(u, &other, UDP_DGRAM_MAX), first);
		udp_commit(u, 0);
	}
	send_numbered(u, &to, 100);
	udp_flush(u);
	assert_int_equal(receive(u, 0, in, UDP_BATCH), 1);
	assert_int_equal(in[0].len, size_of(100));
	assert_int_equal(udp_recv(u, 0, in, UDP_BATCH), 0);
	udp_close(u);
}

/* Batches of the kernel's own (UDP_SEGMENT) need this. */
static void
test_datagrams_lie_back_to_back(void **state)
{
	struct udp *u = open_any();
	const struct path to = { .remote = address("127.0.0.1", udp_port(u)) };
	uint8_t *first, *second;

	(void)state;
	first = udp_reserve(u, &to, UDP_DGRAM_MAX);
	udp_commit(u, 1201);
	second = udp_reserve(u, &to, UDP_DGRAM_MAX);
	udp_commit(u, 0);
	assert_ptr_equal(second, first + 1201);
	udp_close(u);
}

/* Sends len zero bytes to u with a plain socket. */
static void
send_plain(const struct udp *u, size_t len)
{
	static const uint8_t zeros[UDP_DGRAM_MAX + 1];
	const struct addr any = address("127.0.0.1", 0);
	const struct addr to = address("127.0.0.1", udp_port(u));
	const int fd = plain_socket(&any);
	/* macOS sends no more at once (net.inet.udp.maxdgram, 9216). */
	const int room = 2 * UDP_DGRAM_MAX;
	struct sockaddr_storage name;
	const socklen_t name_len = sockaddr_from_addr(&name, &to);

	assert_int_equal(
	    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room)), 0);
	assert_int_equal(
	    sendto(fd, zeros, len, 0, (const struct sockaddr *)&name, name_len),
	    len);
	close(fd);
}

static void
test_truncated_ones_are_left_out(void **state)
{
	struct udp *u = open_any();
	struct udp_dgram in[UDP_BATCH];

	(void)state;
	send_plain(u, UDP_DGRAM_MAX + 1);
	send_plain(u, UDP_DGRAM_MAX);
	send_plain(u, 0);
	/* With room for one, the first call of the system has no good one. */
	assert_int_equal(receive(u, 0, in, 1), 1);
	assert_int_equal(in[0].len, UDP_DGRAM_MAX);
	assert_int_equal(drops.n[DROP_DGRAM_TRUNCATED], 1);
	assert_int_equal(receive(u, 0, in, UDP_BATCH), 1);
	assert_int_equal(in[0].len, 0);
	send_plain(u, UDP_DGRAM_MAX + 1);
	assert_int_equal(receive(u, 0, in, UDP_BATCH), 0);
	assert_int_equal(drops.n[DROP_DGRAM_TRUNCATED], 2);
	udp_close(u);
}

/* An address of ours that is gone refuses its datagrams and no others. */
static void
test_refused_source_is_counted(void **state)
{
	struct udp *u = open_any();
	const struct path good = { .remote =
				       address("127.0.0.1", udp_port(u)) };
	const struct path bad = { good.remote, address("203.0.113.77", 0) };
	const struct path in = { good.remote, address("127.0.0.1", 0) };

	(void)state;
	send_numbered(u, &bad, 0);
	send_numbered(u, &good, 0);
	send_numbered(u, &bad, 0);
	send_numbered(u, &bad, 0);
	send_numbered(u, &good, 1);
	send_numbered(u, &bad, 0);
	udp_flush(u);
	receive_numbered(u, 0, &in, 0, 2);
	assert_int_equal(drops.n[DROP_SEND_ERROR], 4);
	udp_close(u);
}

static void
test_reserve_has_limits(void **state)
{
	struct udp *u = open_any();
	const struct path to = { .remote = address("127.0.0.1", 1) };
	const struct path none = { .remote = { .family = ADDR_NONE } };

	(void)state;
	assert_null(udp_reserve(u, &to, UDP_DGRAM_MAX + 1));
	assert_null(udp_reserve(u, &to, SIZE_MAX));
	assert_null(udp_reserve(u, &none, 1));
	assert_non_null(udp_reserve(u, &to, UDP_DGRAM_MAX));
	udp_close(u);
}

static void
test_one_local_address_has_one_family(void **state)
{
	const struct udp_config c = {
		.drops = &drops,
		.local = address("127.0.0.1", 0),
	};
	const struct path v4 = { .remote = address("127.0.0.1", 1) };
	const struct path v6 = { .remote = address("::1", 1) };
	struct udp *u = udp_open(&c);

	(void)state;
	assert_non_null(u);
	assert_int_not_equal(udp_fd(u, 0), -1);
	assert_int_equal(udp_fd(u, 1), -1);
	assert_null(udp_reserve(u, &v6, 1));
	assert_int_equal(udp_link_mtu(u, &v6), 0);
	assert_non_null(udp_reserve(u, &v4, 1));
	udp_close(u);
}

static void
test_missing_local_address_is_an_error(void **state)
{
	const struct udp_config c = {
		.drops = &drops,
		.local = address("203.0.113.77", 0),
	};

	(void)state;
	assert_null(udp_open(&c));
	assert_int_equal(errno, EADDRNOTAVAIL);
}

static void
busy_port_is_an_error(const char *text)
{
	const struct addr any = address(text, 0);
	const int holder = plain_socket(&any);
	const struct udp_config c = {
		.drops = &drops,
		.port = port_of(holder),
	};
	struct udp *u;

	assert_null(udp_open(&c));
	assert_int_equal(errno, EADDRINUSE);
	close(holder);
	/* Nothing of the failed attempt holds the port. */
	u = udp_open(&c);
	assert_non_null(u);
	assert_int_equal(udp_port(u), c.port);
	udp_close(u);
}

static void
test_busy_port(void **state)
{
	(void)state;
	busy_port_is_an_error("0.0.0.0");
	skip_without_ipv6();
	busy_port_is_an_error("::");
}

/* The socket is taken away under it, as a system does that ends sockets. */
static void
test_lost_socket_is_opened_anew(void **state)
{
	struct udp *u = open_any();
	const struct path to = { .remote = address("127.0.0.1", udp_port(u)) };
	const struct path in = { to.remote, address("127.0.0.1", 0) };
	const uint16_t port = udp_port(u);
	struct udp_dgram none[UDP_BATCH];
	int fds[2];

	(void)state;
	assert_int_equal(udp_reopen(u), 0);
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(dup2(fds[0], udp_fd(u, 0)), udp_fd(u, 0));
	assert_false(udp_is_stale(u));
	send_numbered(u, &to, 0);
	udp_flush(u);
	assert_int_equal(drops.n[DROP_SEND_ERROR], 1);
	assert_int_equal(udp_recv(u, 0, none, UDP_BATCH), 0);
	assert_true(udp_is_stale(u));
	send_numbered(u, &to, 1); /* leaves, or is lost, before */
	assert_int_equal(udp_reopen(u), 1);
	assert_int_equal(drops.n[DROP_SEND_ERROR], 2);
	assert_false(udp_is_stale(u));
	assert_int_equal(port_of(udp_fd(u, 0)), port);
	send_numbered(u, &to, 2);
	send_numbered(u, &to, 3);
	udp_flush(u);
	receive_numbered(u, 0, &in, 2, 4);
	close(fds[0]);
	close(fds[1]);
	udp_close(u);
}

/* MTU of the interface that has 127.0.0.1, by other means. */
static uint32_t
loopback_mtu(void)
{
	const struct addr wanted = address("127.0.0.1", 0);
	const int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct ifreq req = { .ifr_name = "" };
	struct ifaddrs *list;

	assert_int_equal(getifaddrs(&list), 0);
	for (const struct ifaddrs *i = list; i != NULL; i = i->ifa_next) {
		struct addr a;

		if (i->ifa_addr == NULL || i->ifa_addr->sa_family != AF_INET)
			continue;
		assert_true(sockaddr_to_addr(
		    &a, i->ifa_addr, sizeof(struct sockaddr_in)));
		if (addr_equal(&a, &wanted))
			strncpy(req.ifr_name, i->ifa_name, IFNAMSIZ - 1);
	}
	freeifaddrs(list);
	assert_int_equal(ioctl(fd, SIOCGIFMTU, &req), 0);
	close(fd);
	return (uint32_t)req.ifr_mtu;
}

static void
test_link_mtu_is_the_interface_s(void **state)
{
	struct udp *u = open_any();
	const uint32_t mtu = loopback_mtu();
	struct path to = { .remote = address("127.0.0.1", 9) };
	const struct path none = { .remote = { .family = ADDR_NONE } };

	(void)state;
	assert_int_equal(udp_link_mtu(u, &to), mtu);
	to.local = address("127.0.0.1", 0);
	assert_int_equal(udp_link_mtu(u, &to), mtu);
	to.local = address("203.0.113.77", 0);
	assert_int_equal(udp_link_mtu(u, &to), mtu);
	assert_int_equal(udp_link_mtu(u, &none), 0);
	if (has_address("::1")) {
		to = (struct path){ .remote = address("::1", 9) };
		assert_int_equal(udp_link_mtu(u, &to), mtu);
	}
	udp_close(u);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_roundtrip_ipv4),
		cmocka_unit_test(test_roundtrip_ipv6),
		cmocka_unit_test(test_both_families_have_the_port),
		cmocka_unit_test(test_families_mix_in_a_batch),
		cmocka_unit_test(test_full_batch_leaves_by_itself),
		cmocka_unit_test(test_room_given_back_sends_nothing),
		cmocka_unit_test(test_datagrams_lie_back_to_back),
		cmocka_unit_test(test_truncated_ones_are_left_out),
		cmocka_unit_test(test_refused_source_is_counted),
		cmocka_unit_test(test_reserve_has_limits),
		cmocka_unit_test(test_one_local_address_has_one_family),
		cmocka_unit_test(test_missing_local_address_is_an_error),
		cmocka_unit_test(test_busy_port),
		cmocka_unit_test(test_lost_socket_is_opened_anew),
		cmocka_unit_test(test_link_mtu_is_the_interface_s),
	};

	return cmocka_run_group_tests_name("udp", tests, NULL, NULL);
}
