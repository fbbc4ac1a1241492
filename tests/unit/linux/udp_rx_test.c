/* SPDX-License-Identifier: ISC */
/*
 * Messages as the kernel would have written them, runs among them, taken
 * apart. Those of a true kernel are in udp_linux_test.c.
 */
#include "os/linux/udp_rx.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "os/sockaddr.h"

static struct drop_counts drops;

static struct udp_rx *
rx_new(void)
{
	struct udp_rx *rx = calloc(1, sizeof(*rx));

	assert_non_null(rx);
	memset(&drops, 0, sizeof(drops));
	udp_rx_init(rx);
	return rx;
}

static struct addr
address(const char *text, uint16_t port)
{
	struct addr a;

	assert_int_equal(sockaddr_parse(&a, text), 0);
	a.port = port;
	return a;
}

/* One more message of len bytes from port 1000 + its number. */
static struct msghdr *
rx_add(struct udp_rx *rx, size_t len)
{
	const int i = rx->count++;
	struct msghdr *m = &rx->msgs[i].msg_hdr;
	const struct addr from = address("192.0.2.1", (uint16_t)(1000 + i));

	assert_in_range(i, 0, UDP_RX_SLOTS - 1);
	for (size_t at = 0; at < len; at++)
		rx->data[i][at] = (uint8_t)((size_t)i + at);
	rx->msgs[i].msg_len = (unsigned int)len;
	m->msg_namelen = sockaddr_from_addr(&rx->names[i], &from);
	m->msg_controllen = 0;
	m->msg_flags = 0;
	return m;
}

static void
add_control(struct msghdr *m, int level, int type, const void *data, size_t len)
{
	const struct cmsghdr header = {
		.cmsg_level = level,
		.cmsg_type = type,
		.cmsg_len = CMSG_LEN(len),
	};
	uint8_t *p = (uint8_t *)m->msg_control + m->msg_controllen;

	m->msg_controllen += CMSG_SPACE(len);
	assert_in_range(m->msg_controllen, 0, UDP_CONTROL);
	memcpy(p, &header, sizeof(header));
	memcpy(p + CMSG_LEN(0), data, len);
}

static void
add_run(struct msghdr *m, int unit)
{
	add_control(m, IPPROTO_UDP, UDP_GRO, &unit, sizeof(unit));
}

static void
add_ipv4(struct msghdr *m, const char *text)
{
	const struct addr a = address(text, 0);
	struct in_pktinfo info = { .ipi_ifindex = 1 };

	memcpy(&info.ipi_spec_dst, a.ip, sizeof(info.ipi_spec_dst));
	info.ipi_addr.s_addr = INADDR_BROADCAST;
	add_control(m, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info));
}

static void
add_ipv6(struct msghdr *m, const char *text)
{
	const struct addr a = address(text, 0);
	struct in6_pktinfo info = { .ipi6_ifindex = 7 };

	memcpy(&info.ipi6_addr, a.ip, sizeof(info.ipi6_addr));
	add_control(m, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info));
}

/* The bytes of message i from offset on. */
static void
check_dgram(const struct udp_dgram *d, int i, size_t offset, size_t len)
{
	const struct addr remote = address("192.0.2.1", (uint16_t)(1000 + i));

	assert_int_equal(d->len, len);
	for (size_t at = 0; at < len; at++)
		assert_int_equal(
		    d->data[at], (uint8_t)((size_t)i + offset + at));
	assert_true(addr_equal(&d->from.remote, &remote));
}

static void
test_runs_are_split(void **state)
{
	static const struct {
		size_t len;
		int unit; /* 0: the kernel says nothing of a run */
		int count;
		size_t last;
	} cases[] = {
		{ 1000, 0, 1, 1000 },
		{ 0, 0, 1, 0 },
		{ UDP_DGRAM_MAX, 0, 1, UDP_DGRAM_MAX },
		{ 3000, 1000, 3, 1000 },
		{ 2001, 1000, 3, 1 },
		{ 1999, 1000, 2, 999 },
		{ 1000, 1000, 1, 1000 },
		{ 500, 1000, 1, 500 },
		{ 64, 1, 64, 1 },
		{ UDP_RX_SLOT - 29, 9000, 8, 65507 - 63000 },
		{ (size_t)3 * UDP_DGRAM_MAX, UDP_DGRAM_MAX, 3, UDP_DGRAM_MAX },
		{ 100, -1, 1, 100 },
	};
	struct udp_dgram out[UDP_BATCH];

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(cases); k++) {
		struct udp_rx *rx = rx_new();
		struct msghdr *m = rx_add(rx, cases[k].len);
		const int n = cases[k].count;

		if (cases[k].unit != 0)
			add_run(m, cases[k].unit);
		assert_true(udp_rx_more(rx));
		assert_int_equal(udp_rx_take(rx, &drops, out, UDP_BATCH), n);
		assert_false(udp_rx_more(rx));
		for (int i = 0; i + 1 < n; i++)
			check_dgram(&out[i], 0,
			    (size_t)i * (size_t)cases[k].unit,
			    (size_t)cases[k].unit);
		check_dgram(&out[n - 1], 0, cases[k].len - cases[k].last,
		    cases[k].last);
		assert_int_equal(drops.n[DROP_DGRAM_TRUNCATED], 0);
		free(rx);
	}
}

/* However little room there is, all come, once and in order. */
static void
test_any_room(void **state)
{
	struct udp_dgram out[UDP_BATCH];

	(void)state;
	for (int max = 1; max <= 12; max++) {
		struct udp_rx *rx = rx_new();
		int taken = 0;

		add_run(rx_add(rx, 450), 100); /* 0 to 4 */
		(void)rx_add(rx, 0);           /* 5 */
		(void)rx_add(rx, 300);         /* 6 */
		add_run(rx_add(rx, 400), 100); /* 7 to 10 */
		while (udp_rx_more(rx)) {
			const int n = udp_rx_take(rx, &drops, out, max);

			assert_in_range(n, 1, max);
			assert_true(n == max || !udp_rx_more(rx));
			for (int i = 0; i < n; i++, taken++) {
				const int at = taken % 11;

				if (at < 5)
					check_dgram(&out[i], 0,
					    (size_t)at * 100,
					    at == 4 ? 50 : 100);
				else if (at < 7)
					check_dgram(&out[i], at - 4, 0,
					    at == 5 ? 0 : 300);
				else
					check_dgram(&out[i], 3,
					    (size_t)(at - 7) * 100, 100);
			}
		}
		assert_int_equal(taken, 11);
		assert_int_equal(udp_rx_take(rx, &drops, out, max), 0);
		free(rx);
	}
}

static void
test_bad_ones_are_left_out(void **state)
{
	struct udp_rx *rx = rx_new();
	struct udp_dgram out[UDP_BATCH];

	(void)state;
	rx_add(rx, 100)->msg_flags = MSG_TRUNC;
	(void)rx_add(rx, UDP_DGRAM_MAX + 1);
	(void)rx_add(rx, 100); /* 2 */
	(void)rx_add(rx, 100);
	rx->names[3].ss_family = AF_UNIX;
	add_run(rx_add(rx, (size_t)2 * UDP_DGRAM_MAX + 2), UDP_DGRAM_MAX + 1);
	(void)rx_add(rx, 100); /* 5 */
	rx_add(rx, 100)->msg_namelen = 0;
	assert_int_equal(udp_rx_take(rx, &drops, out, UDP_BATCH), 2);
	check_dgram(&out[0], 2, 0, 100);
	check_dgram(&out[1], 5, 0, 100);
	assert_int_equal(drops.n[DROP_DGRAM_TRUNCATED], 5);
	assert_false(udp_rx_more(rx));
	free(rx);
}

/* xorshift64 (Marsaglia 2003) */
static uint64_t
draw(uint64_t limit)
{
	static uint64_t x = 1;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x % limit;
}

/* A message about which the kernel may say anything. */
static void
add_random(struct udp_rx *rx)
{
	static const int units[] = { INT_MIN, -1, 0, 1, 100, 1400,
		UDP_DGRAM_MAX, UDP_DGRAM_MAX + 1, UDP_RX_SLOT, INT_MAX };
	const bool small = draw(2) == 0;
	struct msghdr *m =
	    rx_add(rx, (size_t)draw(small ? 300 : UDP_RX_SLOT + 1));

	if (draw(2) == 0)
		add_run(m, units[draw(ARRAY_LEN(units))]);
	if (draw(8) == 0)
		m->msg_flags = MSG_TRUNC;
	if (draw(8) == 0)
		m->msg_namelen = (socklen_t)draw(40);
}

/* Whatever it says: what comes out lies in its message, one behind the other,
 * and is no longer than a datagram may be (gotatun 0.7.2). */
static void
test_random_messages(void **state)
{
	struct udp_dgram out[UDP_BATCH];
	struct udp_rx *rx = rx_new();

	(void)state;
	for (int round = 0; round < 200; round++) {
		const uint8_t *end = rx->data[0];
		int n;

		rx->count = rx->next = 0;
		for (int i = 0; i < UDP_RX_SLOTS; i++)
			add_random(rx);
		while (udp_rx_more(rx)) {
			n = udp_rx_take(rx, &drops, out, 1 + (int)draw(32));
			for (int i = 0; i < n; i++) {
				const size_t slot =
				    (size_t)(out[i].data - rx->data[0]) /
				    UDP_RX_SLOT;

				assert_true(out[i].data >= end);
				end = out[i].data + out[i].len;
				assert_true(end <=
				    rx->data[slot] + rx->msgs[slot].msg_len);
				assert_true(out[i].len <= UDP_DGRAM_MAX);
			}
		}
	}
	free(rx);
}

static void
check_local(const struct udp_dgram *d, const char *text)
{
	char have[SOCKADDR_TEXT_MAX];

	assert_string_equal(sockaddr_text(&d->from.local, have), text);
}

/* Whatever the order of what the kernel tells, and for each of a run. */
static void
test_local_address(void **state)
{
	struct udp_rx *rx = rx_new();
	struct udp_dgram out[UDP_BATCH];
	struct msghdr *m = rx_add(rx, 200);
	int n;

	(void)state;
	add_ipv4(m, "192.0.2.9");
	add_run(m, 100);
	m = rx_add(rx, 200);
	add_run(m, 100);
	add_ipv4(m, "192.0.2.8");
	m = rx_add(rx, 200);
	add_ipv6(m, "2001:db8::9");
	add_run(m, 100);
	m = rx_add(rx, 200);
	add_run(m, 100);
	add_ipv6(m, "2001:db8::8");
	add_ipv6(rx_add(rx, 100), "ff02::1");
	(void)rx_add(rx, 100);
	n = udp_rx_take(rx, &drops, out, UDP_BATCH);
	assert_int_equal(n, 10);
	for (int i = 0; i < 2; i++) {
		check_local(&out[i], "192.0.2.9");
		check_local(&out[2 + i], "192.0.2.8");
		check_local(&out[4 + i], "2001:db8::9");
		check_local(&out[6 + i], "2001:db8::8");
	}
	/* a group is no source for an answer; the kernel may say nothing */
	check_local(&out[8], "none");
	check_local(&out[9], "none");
	free(rx);
}

static void
test_link_local_has_its_interface(void **state)
{
	struct udp_rx *rx = rx_new();
	struct udp_dgram out[2];

	(void)state;
	add_ipv6(rx_add(rx, 1), "fe80::1");
	add_ipv6(rx_add(rx, 1), "2001:db8::1");
	assert_int_equal(udp_rx_take(rx, &drops, out, 2), 2);
	assert_int_equal(out[0].from.local.scope, 7);
	assert_int_equal(out[1].from.local.scope, 0);
	free(rx);
}

/* From a socket, more than one system call takes; the rooms that the kernel
 * shortened are whole again. */
static void
test_fill(void **state)
{
	const int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in name = { .sin_family = AF_INET };
	socklen_t len = sizeof(name);
	struct udp_rx *rx = rx_new();
	struct udp_dgram out[UDP_BATCH];
	int taken = 0;

	(void)state;
	name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&name, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &len), 0);
	assert_int_equal(
	    setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &(int){ 1 }, sizeof(int)),
	    0);
	assert_int_equal(udp_rx_fill(rx, fd), 0);
	assert_int_equal(errno, EAGAIN);
	for (unsigned int i = 0; i < UDP_RX_SLOTS + 5; i++)
		assert_int_equal(sendto(fd, &(uint8_t){ (uint8_t)i }, 1, 0,
				     (struct sockaddr *)&name, len),
		    1);
	for (int n; (n = udp_rx_fill(rx, fd)) > 0;) {
		assert_in_range(n, 1, UDP_RX_SLOTS);
		assert_int_equal(udp_rx_take(rx, &drops, out, UDP_BATCH), n);
		for (int i = 0; i < n; i++, taken++) {
			assert_int_equal(out[i].data[0], taken);
			check_local(&out[i], "127.0.0.1");
		}
	}
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(taken, UDP_RX_SLOTS + 5);
	assert_false(udp_rx_more(rx));
	close(fd);
	free(rx);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_runs_are_split),
		cmocka_unit_test(test_any_room),
		cmocka_unit_test(test_bad_ones_are_left_out),
		cmocka_unit_test(test_random_messages),
		cmocka_unit_test(test_local_address),
		cmocka_unit_test(test_link_local_has_its_interface),
		cmocka_unit_test(test_fill),
	};

	return cmocka_run_group_tests_name("udp_rx", tests, NULL, NULL);
}
