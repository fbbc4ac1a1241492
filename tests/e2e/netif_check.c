/* SPDX-License-Identifier: ISC */
/*
 * The TAP, its addresses, and datagrams too long for it: what needs root and
 * a network of its own. Linux only. Everything happens in a network namespace
 * that goes with the process.
 * Exit code: 0, the number of failed tests, or 77 without root or TAP.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "os/ifconf.h"
#include "os/mono.h"
#include "os/netif.h"
#include "os/sockaddr.h"
#include "os/udp.h"

enum {
	EXIT_SKIPPED = 77,
	WAIT_MS = 10000, /* of what never comes; no test waits so */
	MTU = 1400,
	ETHERTYPE_TEST = 0x88b5, /* IEEE 802: local experiments */
	FRAMES_LOOKED_AT = 200,  /* the host sends some of its own */
};

static const uint8_t own_mac[FRAME_MAC_LEN] = { 2, 1, 2, 3, 4, 5 };
static struct drop_counts drops;
static struct netif *tap;
static struct loop *loop;
static bool readable;

static struct addr
address(const char *text, uint16_t port)
{
	struct addr a;

	assert_int_equal(sockaddr_parse(&a, text), 0);
	a.port = port;
	return a;
}

static struct netif_config
config(const char *name)
{
	struct netif_config c = {
		.mtu = MTU,
		.drops = &drops,
		.addr_count = 3,
		.addrs = {
			{ .ip = address("10.99.0.1", 0), .prefix = 20 },
			{ .ip = address("fd99::1", 0), .prefix = 64 },
			{ .ip = address("fe80::99", 0), .prefix = 64 },
		},
	};

	memcpy(c.name, name, strlen(name));
	memcpy(c.mac, own_mac, FRAME_MAC_LEN);
	return c;
}

static void
on_readable(void *ctx)
{
	(void)ctx;
	readable = true;
	loop_stop(loop);
}

static int
open_tap(void **state)
{
	const struct netif_config c = config("splice0");

	(void)state;
	memset(&drops, 0, sizeof(drops));
	loop = loop_open();
	tap = netif_open(&c, loop);
	return tap == NULL ? -1 : netif_watch(tap, on_readable, NULL);
}

static uint64_t
give_up(void *ctx)
{
	const uint64_t *end_ns = ctx;

	if (mono_now().mono_ns >= *end_ns)
		loop_stop(loop);
	return *end_ns;
}

/* False if nothing came. */
static bool
wait_readable(void)
{
	uint64_t end_ns = mono_now().mono_ns + MS(WAIT_MS);

	readable = false;
	assert_int_equal(loop_run(loop, give_up, &end_ns), 0);
	return readable;
}

static int
close_tap(void **state)
{
	(void)state;
	netif_close(tap);
	loop_close(loop);
	return if_nametoindex("splice0") == 0 ? 0 : -1;
}

static struct ifreq
ask_interface(unsigned long request)
{
	const int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct ifreq req = { .ifr_name = "splice0" };

	assert_int_equal(ioctl(fd, request, &req), 0);
	close(fd);
	return req;
}

static void
set_running(bool up)
{
	const int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct ifreq req = ask_interface(SIOCGIFFLAGS);

	req.ifr_flags =
	    (short)(up ? req.ifr_flags | IFF_UP : req.ifr_flags & ~IFF_UP);
	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &req), 0);
	close(fd);
}

static bool
socket_address_is(const struct sockaddr *sa, const char *text)
{
	const struct addr wanted = address(text, 0);
	struct addr a;

	if (sa == NULL ||
	    !sockaddr_to_addr(&a, sa,
		sa->sa_family == AF_INET ? sizeof(struct sockaddr_in)
					 : sizeof(struct sockaddr_in6)))
		return false;
	a.scope = 0;
	return addr_equal(&a, &wanted);
}

static bool
has_address(const char *text, const char *broadcast)
{
	struct ifaddrs *list;
	bool found = false;

	assert_int_equal(getifaddrs(&list), 0);
	for (const struct ifaddrs *i = list; i != NULL; i = i->ifa_next) {
		if (strcmp(i->ifa_name, "splice0") == 0 &&
		    socket_address_is(i->ifa_addr, text) &&
		    (broadcast == NULL ||
			socket_address_is(i->ifa_broadaddr, broadcast)))
			found = true;
	}
	freeifaddrs(list);
	return found;
}

static void
test_interface_is_as_configured(void **state)
{
	struct ifreq req = ask_interface(SIOCGIFHWADDR);

	(void)state;
	assert_string_equal(netif_name(tap), "splice0");
	assert_memory_equal(req.ifr_hwaddr.sa_data, own_mac, FRAME_MAC_LEN);
	assert_int_equal(ask_interface(SIOCGIFMTU).ifr_mtu, MTU);
	assert_true((ask_interface(SIOCGIFFLAGS).ifr_flags & IFF_UP) != 0);
	assert_true(has_address("10.99.0.1", "10.99.15.255"));
	assert_true(has_address("fd99::1", NULL));
	assert_true(has_address("fe80::99", NULL));
	assert_false(has_address("10.99.0.2", NULL));
}

static void
test_mac_and_name_are_found(void **state)
{
	const struct netif_config c = config("splice0");
	uint8_t mac[FRAME_MAC_LEN];
	char name[IFCONF_NAME_MAX];

	(void)state;
	assert_int_equal(ifconf_get_mac("splice0", mac), 0);
	assert_memory_equal(mac, own_mac, FRAME_MAC_LEN);
	for (unsigned int i = 0; i < c.addr_count; i++) {
		assert_int_equal(
		    ifconf_find_name(&c.addrs[i].ip, "spl", name), 0);
		assert_string_equal(name, "splice0");
		assert_int_equal(
		    ifconf_find_name(&c.addrs[i].ip, "bridge", name), -1);
		assert_int_equal(errno, ENOENT);
	}
}

static void
test_address_twice_is_no_error(void **state)
{
	const struct netif_config c = config("splice0");

	(void)state;
	for (unsigned int i = 0; i < c.addr_count; i++)
		assert_int_equal(ifconf_add_addr("splice0", &c.addrs[i]), 0);
}

static void
test_name_in_use(void **state)
{
	const struct netif_config c = config("splice0");

	(void)state;
	assert_null(netif_open(&c, NULL));
	assert_int_equal(errno, EBUSY);
	assert_int_not_equal(if_nametoindex("splice0"), 0);
}

/* Nor does an interface of somebody else become ours. */
static void
test_name_of_a_kept_tap(void **state)
{
	const struct netif_config c = config("splice1");

	(void)state;
	assert_int_equal(system("ip tuntap add splice1 mode tap"), 0);
	assert_null(netif_open(&c, NULL));
	assert_int_equal(errno, EBUSY);
	assert_int_equal(system("ip tuntap del splice1 mode tap"), 0);
}

static void
test_failed_configuration_leaves_no_interface(void **state)
{
	struct netif_config c = config("splice1");

	(void)state;
	c.mac[0] = 1; /* a group address */
	assert_null(netif_open(&c, NULL));
	assert_int_equal(errno, EADDRNOTAVAIL);
	c = config("splice1");
	c.mtu = 60;
	assert_null(netif_open(&c, NULL));
	assert_int_equal(errno, EINVAL);
	c = config("splice1");
	c.addrs[1].prefix = 129;
	assert_null(netif_open(&c, NULL));
	assert_int_equal(errno, EINVAL);
	assert_int_equal(if_nametoindex("splice1"), 0);
}

static void
test_system_chooses_the_name(void **state)
{
	struct netif_config c = config("joint%d");
	struct netif *n;

	(void)state;
	c.addr_count = 0;
	n = netif_open(&c, NULL);
	assert_non_null(n);
	assert_string_equal(netif_name(n), "joint0");
	netif_close(n);
}

static void
test_ipv6_switched_off(void **state)
{
	const struct netif_config c = config("splice1");
	FILE *f = fopen("/proc/sys/net/ipv6/conf/default/disable_ipv6", "w");

	(void)state;
	if (f == NULL)
		skip();
	fputs("1\n", f);
	fflush(f);
	assert_null(netif_open(&c, NULL));
	assert_int_equal(errno, EAFNOSUPPORT);
	rewind(f);
	fputs("0\n", f);
	fclose(f);
}

/* A socket that sees the frames which the host gets from the TAP. */
static int
packet_socket(void)
{
	const struct sockaddr_ll name = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETHERTYPE_TEST),
		.sll_ifindex = (int)if_nametoindex("splice0"),
	};
	const int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0);

	assert_int_not_equal(fd, -1);
	assert_int_equal(
	    bind(fd, (const struct sockaddr *)&name, sizeof(name)), 0);
	return fd;
}

static struct frame
test_frame(uint8_t *bytes, size_t len)
{
	memset(bytes, 0, len);
	memcpy(bytes, own_mac, FRAME_MAC_LEN);
	bytes[6] = 2;
	bytes[12] = ETHERTYPE_TEST >> 8;
	bytes[13] = ETHERTYPE_TEST & 0xff;
	return (struct frame){ .data = bytes, .len = len };
}

static void
test_frames_reach_the_host(void **state)
{
	uint8_t bytes[3][FRAME_HEADER_LEN + MTU];
	uint8_t got[2 * MTU];
	struct frame frames[3];
	const int fd = packet_socket();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(frames); i++) {
		frames[i] = test_frame(bytes[i], 60 + 600 * i);
		bytes[i][FRAME_HEADER_LEN] = (uint8_t)i;
	}
	netif_send(tap, frames, ARRAY_LEN(frames));
	for (size_t i = 0; i < ARRAY_LEN(frames); i++) {
		struct pollfd p = { .fd = fd, .events = POLLIN };

		assert_int_equal(poll(&p, 1, WAIT_MS), 1);
		assert_int_equal(recv(fd, got, sizeof(got), 0), frames[i].len);
		assert_memory_equal(got, bytes[i], frames[i].len);
	}
	assert_int_equal(drops.n[DROP_LAN_SEND], 0);
	close(fd);
}

static void
test_unfit_frames_are_counted(void **state)
{
	uint8_t bytes[60], got[60];
	struct frame frames[4];
	const int fd = packet_socket();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(frames); i++)
		frames[i] = test_frame(bytes, sizeof(bytes));
	frames[0].gso = FRAME_GSO_TCP4;
	frames[1].csum_start = 14;
	frames[2].len = FRAME_HEADER_LEN - 1;
	netif_send(tap, frames, ARRAY_LEN(frames));
	assert_int_equal(drops.n[DROP_LAN_SEND], 3);
	assert_int_equal(recv(fd, got, sizeof(got), 0), sizeof(bytes));
	assert_int_equal(recv(fd, got, sizeof(got), 0), -1);
	close(fd);
}

/* Sends len bytes on an unconnected socket: what the host says on the LAN. */
static void
host_sends(const char *to, size_t len)
{
	static const uint8_t zeros[MTU];
	const struct addr a = address(to, 9);
	const int fd =
	    socket(a.family == ADDR_IPV4 ? AF_INET : AF_INET6, SOCK_DGRAM, 0);
	struct sockaddr_storage name;
	const socklen_t name_len = sockaddr_from_addr(&name, &a);
	const int on = 1;

	setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on));
	assert_int_equal(
	    sendto(fd, zeros, len, 0, (const struct sockaddr *)&name, name_len),
	    len);
	close(fd);
}

/* Reads until a frame of this length and EtherType comes. */
static bool
receives_frame(size_t len, uint8_t high, uint8_t low)
{
	struct frame in[NETIF_BATCH];

	for (int looked_at = 0; looked_at < FRAMES_LOOKED_AT; looked_at++) {
		int n;

		assert_true(wait_readable());
		n = netif_recv(tap, in, NETIF_BATCH);
		assert_true(n > 0);
		for (int i = 0; i < n; i++) {
			assert_memory_equal(
			    in[i].data + 6, own_mac, FRAME_MAC_LEN);
			if (in[i].len == len && in[i].data[12] == high &&
			    in[i].data[13] == low)
				return true;
		}
	}
	return false;
}

static void
test_frames_come_from_the_host(void **state)
{
	(void)state;
	host_sends("10.99.0.2", 100);
	assert_true(receives_frame(42, 0x08, 0x06)); /* its ARP request */
	host_sends("10.99.15.255", MTU - 28);
	assert_true(receives_frame(FRAME_HEADER_LEN + MTU, 0x08, 0x00));
}

static void
test_recv_obeys_max(void **state)
{
	struct frame in[NETIF_BATCH];
	int n, rest = 0;

	(void)state;
	for (int i = 0; i < NETIF_BATCH + 10; i++)
		host_sends("10.99.15.255", 100);
	assert_int_equal(netif_recv(tap, in, 3), 3);
	assert_ptr_not_equal(in[0].data, in[1].data);
	assert_int_equal(netif_recv(tap, in, NETIF_BATCH), NETIF_BATCH);
	while ((n = netif_recv(tap, in, NETIF_BATCH)) > 0)
		rest += n;
	assert_true(rest >= 7);
	assert_int_equal(n, 0);
}

static void
test_interface_down_is_no_end(void **state)
{
	uint8_t bytes[60];
	struct frame in[NETIF_BATCH];
	const struct frame out = test_frame(bytes, sizeof(bytes));
	int n;

	(void)state;
	set_running(false);
	while ((n = netif_recv(tap, in, NETIF_BATCH)) > 0)
		;
	assert_int_equal(n, 0);
	netif_send(tap, &out, 1);
	assert_int_equal(drops.n[DROP_LAN_SEND], 1);
	set_running(true);
	netif_send(tap, &out, 1);
	assert_int_equal(drops.n[DROP_LAN_SEND], 1);
	host_sends("10.99.15.255", 100);
	assert_true(receives_frame(142, 0x08, 0x00));
}

static void
test_deleted_interface_is_noticed(void **state)
{
	struct frame in[NETIF_BATCH];

	(void)state;
	while (netif_recv(tap, in, NETIF_BATCH) > 0)
		;
	assert_int_equal(system("ip link del splice0"), 0);
	assert_true(wait_readable());
	assert_int_equal(netif_recv(tap, in, NETIF_BATCH), -1);
	assert_int_equal(netif_recv(tap, in, NETIF_BATCH), -1);
}

struct refused {
	unsigned int count;
	struct path to;
	size_t len;
	struct udp *u;
};

static void
note_refused(void *ctx, const struct path *to, size_t len)
{
	struct refused *r = ctx;

	r->count++;
	r->to = *to;
	r->len = len;
	assert_null(udp_reserve(r->u, to, len));
	udp_flush(r->u);
}

static void
send_bytes(struct udp *u, const struct path *to, size_t len)
{
	uint8_t *data = udp_reserve(u, to, len);

	assert_non_null(data);
	memset(data, 0, len);
	udp_commit(u, len);
}

/* fits is the largest payload that the interface takes. */
static void
check_refused(struct udp *u, const struct path *to, size_t fits)
{
	struct refused r = { .u = u };

	memset(&drops, 0, sizeof(drops));
	udp_on_refused(u, note_refused, &r);
	send_bytes(u, to, fits + 1);
	send_bytes(u, to, fits);
	send_bytes(u, to, fits);
	send_bytes(u, to, UDP_DGRAM_MAX);
	send_bytes(u, to, fits);
	send_bytes(u, to, fits + 1);
	udp_flush(u);
	assert_int_equal(r.count, 3);
	assert_int_equal(r.len, fits + 1);
	assert_true(addr_equal(&r.to.remote, &to->remote));
	assert_true(addr_equal(&r.to.local, &to->local));
	assert_int_equal(drops.n[DROP_SEND_SIZE], 3);
	assert_int_equal(drops.n[DROP_SEND_ERROR], 0);
	assert_int_equal(drops.n[DROP_SEND_ROOM], 0);
}

static void
test_too_long_is_refused(void **state)
{
	const struct udp_config c = { .drops = &drops };
	struct udp *u = udp_open(&c);
	struct path to = { .remote = address("10.99.0.2", 9) };

	(void)state;
	assert_non_null(u);
	check_refused(u, &to, MTU - 28);
	to.local = address("10.99.0.1", 0);
	check_refused(u, &to, MTU - 28);
	to = (struct path){ .remote = address("fd99::2", 9) };
	check_refused(u, &to, MTU - 48);
	to.local = address("fd99::1", 0);
	check_refused(u, &to, MTU - 48);
	udp_close(u);
}

/* A route's own MTU is where the kernel keeps what ICMP said of a path. */
static void
test_path_mtu_of_the_kernel_is_ignored(void **state)
{
	const struct udp_config c = { .drops = &drops };
	struct udp *u = udp_open(&c);
	struct path to = { .remote = address("10.99.0.3", 9) };

	(void)state;
	assert_int_equal(
	    system("ip route add 10.99.0.3 dev splice0 mtu 1300 && "
		   "ip -6 route add fd99::3 dev splice0 mtu 1300"),
	    0);
	check_refused(u, &to, MTU - 28);
	assert_int_equal(udp_link_mtu(u, &to), MTU);
	to = (struct path){ .remote = address("fd99::3", 9) };
	check_refused(u, &to, MTU - 48);
	assert_int_equal(udp_link_mtu(u, &to), MTU);
	udp_close(u);
}

static void
test_link_mtu(void **state)
{
	const struct udp_config c = { .drops = &drops };
	struct udp *u = udp_open(&c);
	struct path to = { .remote = address("10.99.0.2", 9) };

	(void)state;
	assert_int_equal(udp_link_mtu(u, &to), MTU);
	to.local = address("10.99.0.1", 0);
	assert_int_equal(udp_link_mtu(u, &to), MTU);
	to.local = address("203.0.113.77", 0);
	assert_int_equal(udp_link_mtu(u, &to), MTU);
	to = (struct path){ .remote = address("fd99::2", 9) };
	assert_int_equal(udp_link_mtu(u, &to), MTU);
	to = (struct path){ .remote = address("fe80::2", 9) };
	to.remote.scope = if_nametoindex("splice0");
	assert_int_equal(udp_link_mtu(u, &to), MTU);
	to = (struct path){ .remote = address("203.0.113.1", 9) };
	assert_int_equal(udp_link_mtu(u, &to), 0);
	udp_close(u);
}

/*
 * Datagrams that wait for an ARP answer fill the buffer of one socket; the
 * other has room.
 */
static void
test_full_buffer_drops_the_rest(void **state)
{
	const struct udp_config c = { .drops = &drops };
	struct udp *u = udp_open(&c);
	const struct path v4 = { .remote = address("10.99.0.2", 9) };
	const struct path v6 = { .remote = address("::1", udp_port(u)) };
	struct udp_dgram in[UDP_BATCH];
	const int least = 1;

	(void)state;
	assert_int_equal(setsockopt(udp_fd(u, 0), SOL_SOCKET, SO_SNDBUF, &least,
			     sizeof(least)),
	    0);
	for (int i = 0; i < UDP_BATCH - 1; i++)
		send_bytes(u, &v4, 1000 + (size_t)i); /* no run of equals */
	send_bytes(u, &v6, 100);
	udp_flush(u);
	assert_in_range(drops.n[DROP_SEND_ROOM], 1, UDP_BATCH - 2);
	assert_int_equal(drops.n[DROP_SEND_ERROR], 0);
	assert_int_equal(udp_recv(u, 1, in, UDP_BATCH), 1);
	udp_close(u);
}

static void
test_unreachable_is_counted(void **state)
{
	const struct udp_config c = { .drops = &drops };
	struct udp *u = udp_open(&c);
	const struct path to = { .remote = address("203.0.113.1", 9) };

	(void)state;
	send_bytes(u, &to, 100);
	send_bytes(u, &to, 100);
	udp_flush(u);
	assert_int_equal(drops.n[DROP_SEND_ERROR], 2);
	udp_close(u);
}

/*
 * The kernel makes the route of a new IPv6 address to itself in a work queue.
 * Until then the way to it leads onto the LAN.
 */
static void
wait_for_own_route(const struct udp *u, const struct path *self)
{
	for (int ms = 0; ms < WAIT_MS; ms++) {
		if (udp_link_mtu(u, self) != MTU)
			return;
		usleep(1000);
	}
	fail_msg("no route to an address of our own");
}

/* The local address of a link-local datagram names its interface. */
static void
test_link_local_keeps_its_scope(void **state)
{
	const struct udp_config c = { .drops = &drops };
	struct udp *u = udp_open(&c);
	struct path self = { .local = address("fe80::99", 0) };
	struct udp_dgram in[UDP_BATCH];
	struct pollfd p = { .fd = udp_fd(u, 1), .events = POLLIN };

	(void)state;
	self.local.scope = if_nametoindex("splice0");
	self.remote = self.local;
	self.remote.port = udp_port(u);
	wait_for_own_route(u, &self);
	send_bytes(u, &self, 100);
	udp_flush(u);
	assert_int_equal(poll(&p, 1, WAIT_MS), 1);
	assert_int_equal(udp_recv(u, 1, in, UDP_BATCH), 1);
	assert_true(addr_equal(&in[0].from.remote, &self.remote));
	assert_true(addr_equal(&in[0].from.local, &self.local));
	/* What was received answers where it came from. */
	send_bytes(u, &in[0].from, 50);
	udp_flush(u);
	assert_int_equal(poll(&p, 1, WAIT_MS), 1);
	assert_int_equal(udp_recv(u, 1, in, UDP_BATCH), 1);
	assert_int_equal(in[0].len, 50);
	udp_close(u);
}

/* A group address cannot be the source of an answer. */
static void
test_multicast_has_no_local_address(void **state)
{
	const struct udp_config c = { .drops = &drops };
	struct udp *u = udp_open(&c);
	struct path to = { .remote = address("ff02::1", udp_port(u)) };
	struct udp_dgram in[UDP_BATCH];
	struct pollfd p = { .fd = udp_fd(u, 1), .events = POLLIN };

	(void)state;
	to.remote.scope = if_nametoindex("splice0");
	send_bytes(u, &to, 100);
	udp_flush(u);
	assert_int_equal(poll(&p, 1, WAIT_MS), 1);
	assert_int_equal(udp_recv(u, 1, in, UDP_BATCH), 1);
	assert_false(addr_is_set(&in[0].from.local));
	udp_close(u);
}

int
main(void)
{
#define CHECK(f) cmocka_unit_test_setup_teardown(f, open_tap, close_tap)
	const struct CMUnitTest tests[] = {
		CHECK(test_interface_is_as_configured),
		CHECK(test_mac_and_name_are_found),
		CHECK(test_address_twice_is_no_error),
		CHECK(test_name_in_use),
		CHECK(test_name_of_a_kept_tap),
		CHECK(test_failed_configuration_leaves_no_interface),
		CHECK(test_system_chooses_the_name),
		CHECK(test_ipv6_switched_off),
		CHECK(test_frames_reach_the_host),
		CHECK(test_unfit_frames_are_counted),
		CHECK(test_frames_come_from_the_host),
		CHECK(test_recv_obeys_max),
		CHECK(test_interface_down_is_no_end),
		CHECK(test_deleted_interface_is_noticed),
		CHECK(test_too_long_is_refused),
		CHECK(test_path_mtu_of_the_kernel_is_ignored),
		CHECK(test_link_mtu),
		CHECK(test_full_buffer_drops_the_rest),
		CHECK(test_unreachable_is_counted),
		CHECK(test_link_local_keeps_its_scope),
		CHECK(test_multicast_has_no_local_address),
	};
#undef CHECK

	if (access("/dev/net/tun", R_OK | W_OK) == -1 ||
	    unshare(CLONE_NEWNET) == -1 || ifconf_set_up("lo") == -1) {
		fprintf(stderr, "skipped: needs root and /dev/net/tun\n");
		return EXIT_SKIPPED;
	}
	return cmocka_run_group_tests_name("netif check", tests, NULL, NULL);
}
