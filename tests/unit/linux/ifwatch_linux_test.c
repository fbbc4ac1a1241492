/* SPDX-License-Identifier: ISC */
/*
 * Messages put in by hand, on any datagram socket, and true ones of a network
 * namespace of the test's own, where the system lets it have one.
 */
#include "os/ifwatch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "os/ifconf.h"
#include "os/sockaddr.h"

enum {
	OTHER = 9999, /* index of an interface that is not lo */
	WAIT_MS = 10000,
	FLOOD = 500, /* changes, more than a small buffer holds */
};

struct message {
	struct nlmsghdr h;
	union {
		struct ifinfomsg link;
		struct ifaddrmsg addr;
		struct rtmsg route;
	} body;
	struct rtattr attr;
	union {
		uint32_t number;
		struct ifa_cacheinfo times;
	} value;
};

static bool
news(const void *data, size_t len, const char *own)
{
	int fd[2];
	bool is_news;

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fd), 0);
	assert_int_equal(send(fd[1], data, len, 0), len);
	is_news = ifwatch_read(fd[0], own);
	close(fd[0]);
	close(fd[1]);
	return is_news;
}

/* Without an attribute if its type is 0. */
static size_t
put_message(uint8_t out[static sizeof(struct message)], struct message m,
    size_t body_len, size_t value_len)
{
	size_t len = sizeof(m.h) + body_len;

	m.attr.rta_len = (unsigned short)RTA_LENGTH(value_len);
	memcpy(out + sizeof(m.h), &m.body, body_len);
	if (m.attr.rta_type != 0) {
		memcpy(out + len, &m.attr, sizeof(m.attr));
		memcpy(out + len + sizeof(m.attr), &m.value, value_len);
		len += RTA_LENGTH(value_len);
	}
	m.h.nlmsg_len = (uint32_t)len;
	memcpy(out, &m.h, sizeof(m.h));
	return len;
}

static const struct {
	uint16_t type;
	unsigned char family;
	int index;
	unsigned int change;
	unsigned short attr;
	const char *own;
	bool news;
} links[] = {
	{ RTM_NEWLINK, 0, OTHER, IFF_UP, 0, "", true },
	{ RTM_NEWLINK, 0, OTHER, IFF_RUNNING, 0, "lo", true },
	{ RTM_NEWLINK, 0, OTHER, IFF_PROMISC, 0, "", false },
	{ RTM_NEWLINK, 0, OTHER, UINT32_MAX, 0, "", false },
	/* The carrier, and what looks like it. */
	{ RTM_NEWLINK, 0, OTHER, 0, 0, "", true },
	{ RTM_NEWLINK, 0, OTHER, 0, IFLA_WIRELESS, "", false },
	{ RTM_NEWLINK, 0, OTHER, 0, IFLA_EVENT, "", false },
	{ RTM_NEWLINK, AF_BRIDGE, OTHER, IFF_UP, 0, "", false },
	{ RTM_NEWLINK, 0, 1, IFF_UP, 0, "lo", false },
	{ RTM_NEWLINK, 0, 1, IFF_UP, 0, "", true },
	{ RTM_NEWLINK, 0, 1, IFF_UP, 0, "lansplice-none", true },
	{ RTM_DELLINK, 0, OTHER, UINT32_MAX, 0, "", false },
	{ RTM_NEWNEIGH, 0, OTHER, IFF_UP, 0, "", false },
};

static void
test_links(void **state)
{
	uint8_t buf[sizeof(struct message)];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(links); i++) {
		const struct message m = {
			.h.nlmsg_type = links[i].type,
			.body.link.ifi_family = links[i].family,
			.body.link.ifi_index = links[i].index,
			.body.link.ifi_change = links[i].change,
			.attr.rta_type = links[i].attr,
		};
		const size_t len = put_message(
		    buf, m, sizeof(m.body.link), sizeof(m.value.number));

		assert_int_equal(news(buf, len, links[i].own), links[i].news);
	}
}

static const struct {
	uint16_t type;
	unsigned int index;
	uint32_t created;
	uint32_t changed;
	const char *own;
	bool news;
} addresses[] = {
	{ RTM_NEWADDR, OTHER, 5, 5, "lo", true },
	{ RTM_NEWADDR, OTHER, 5, 6, "lo", false }, /* renewed */
	{ RTM_DELADDR, OTHER, 5, 6, "lo", true },
	{ RTM_NEWADDR, 1, 5, 5, "lo", false },
	{ RTM_DELADDR, 1, 5, 5, "lo", false },
	{ RTM_DELADDR, 1, 5, 5, "", true },
};

static void
test_addresses(void **state)
{
	uint8_t buf[sizeof(struct message)];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(addresses); i++) {
		const struct message m = {
			.h.nlmsg_type = addresses[i].type,
			.body.addr.ifa_index = addresses[i].index,
			.attr.rta_type = IFA_CACHEINFO,
			.value.times.cstamp = addresses[i].created,
			.value.times.tstamp = addresses[i].changed,
		};
		const size_t len = put_message(
		    buf, m, sizeof(m.body.addr), sizeof(m.value.times));

		assert_int_equal(
		    news(buf, len, addresses[i].own), addresses[i].news);
	}
}

static const struct {
	uint16_t type;
	unsigned char table;
	unsigned char kind;
	unsigned int flags;
	uint32_t index; /* 0: none is named */
	const char *own;
	bool news;
} routes[] = {
	{ RTM_NEWROUTE, RT_TABLE_MAIN, RTN_UNICAST, 0, OTHER, "lo", true },
	{ RTM_DELROUTE, RT_TABLE_MAIN, RTN_UNICAST, 0, OTHER, "lo", true },
	{ RTM_NEWROUTE, RT_TABLE_MAIN, RTN_UNICAST, 0, 1, "lo", false },
	{ RTM_NEWROUTE, RT_TABLE_MAIN, RTN_UNICAST, 0, 1, "", true },
	{ RTM_NEWROUTE, RT_TABLE_MAIN, RTN_BLACKHOLE, 0, 0, "lo", true },
	{ RTM_NEWROUTE, RT_TABLE_LOCAL, RTN_LOCAL, 0, OTHER, "", false },
	{ RTM_NEWROUTE, RT_TABLE_MAIN, RTN_MULTICAST, 0, OTHER, "", false },
	{ RTM_NEWROUTE, RT_TABLE_MAIN, RTN_UNICAST, RTM_F_CLONED, OTHER, "",
	    false },
};

static void
test_routes(void **state)
{
	uint8_t buf[sizeof(struct message)];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
		const struct message m = {
			.h.nlmsg_type = routes[i].type,
			.body.route.rtm_table = routes[i].table,
			.body.route.rtm_type = routes[i].kind,
			.body.route.rtm_flags = routes[i].flags,
			.attr.rta_type = routes[i].index == 0 ? 0 : RTA_OIF,
			.value.number = routes[i].index,
		};
		const size_t len = put_message(
		    buf, m, sizeof(m.body.route), sizeof(m.value.number));

		assert_int_equal(news(buf, len, routes[i].own), routes[i].news);
	}
}

/* Each length is cut short, in the datagram and in what it says. */
static void
test_short_messages_are_ignored(void **state)
{
	const struct message m = {
		.h.nlmsg_type = RTM_NEWADDR,
		.body.addr.ifa_index = OTHER,
	};
	uint8_t buf[sizeof(struct message)];
	const size_t len = put_message(buf, m, sizeof(m.body.addr), 0);
	struct nlmsghdr h = m.h;

	(void)state;
	assert_true(news(buf, len, ""));
	for (size_t cut = 1; cut < len; cut++)
		assert_false(news(buf, cut, ""));
	for (h.nlmsg_len = 0; h.nlmsg_len < len; h.nlmsg_len++) {
		memcpy(buf, &h, sizeof(h));
		assert_false(news(buf, len, ""));
	}
}

/* An attribute that says it has no length would be looked at for ever. */
static void
test_attribute_without_length_ends_the_search(void **state)
{
	const struct message m = {
		.h.nlmsg_type = RTM_NEWADDR,
		.body.addr.ifa_index = OTHER,
		.attr.rta_type = IFA_LABEL,
	};
	uint8_t buf[sizeof(struct message)];
	const size_t len = put_message(buf, m, sizeof(m.body.addr), 4);
	const size_t at = sizeof(m.h) + sizeof(m.body.addr);

	(void)state;
	memset(buf + at, 0, 2);
	assert_true(news(buf, len, ""));
	memset(buf + at, 0xff, 2);
	assert_true(news(buf, len, ""));
}

/* The second message counts as the first. */
static void
test_all_messages_of_a_datagram_count(void **state)
{
	struct message m = {
		.h.nlmsg_type = RTM_NEWADDR,
		.body.addr.ifa_index = 1,
	};
	uint8_t buf[2 * sizeof(struct message)];
	size_t len = put_message(buf, m, sizeof(m.body.addr), 0);

	(void)state;
	m.body.addr.ifa_index = OTHER;
	len += put_message(buf + len, m, sizeof(m.body.addr), 0);
	assert_true(news(buf, len, "lo"));
	assert_false(news(buf, len / 2, "lo"));
}

/* A user who may not have a namespace cannot change an interface either. */
static void
enter_namespace(void)
{
	if (unshare(CLONE_NEWNET) == -1 &&
	    unshare(CLONE_NEWUSER | CLONE_NEWNET) == -1)
		skip();
}

static void
add_address(uint8_t last)
{
	struct ifconf_addr a = { .prefix = 32 };

	assert_int_equal(sockaddr_parse(&a.ip, "10.7.7.0"), 0);
	a.ip.ip[2] = last;
	a.ip.ip[3] = 1;
	assert_int_equal(ifconf_add_addr("lo", &a), 0);
}

static bool
wait_and_read(int fd, const char *own)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	assert_int_equal(poll(&p, 1, WAIT_MS), 1);
	return ifwatch_read(fd, own);
}

static void
test_true_changes_are_news(void **state)
{
	int fd;

	(void)state;
	enter_namespace();
	fd = ifwatch_open();
	assert_true(fd >= 0);
	assert_true((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
	assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
	assert_false(ifwatch_read(fd, ""));
	assert_int_equal(ifconf_set_up("lo"), 0);
	assert_true(wait_and_read(fd, ""));
	assert_false(ifwatch_read(fd, ""));
	add_address(1);
	assert_true(wait_and_read(fd, ""));
	add_address(2);
	assert_false(wait_and_read(fd, "lo"));
	close(fd);
}

/* All is about the interface to be ignored, but something was lost. */
static void
test_lost_messages_are_news(void **state)
{
	const int size = 1; /* the kernel makes it its least */
	int fd;

	(void)state;
	enter_namespace();
	fd = ifwatch_open();
	assert_true(fd >= 0);
	assert_int_equal(
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)), 0);
	for (unsigned int i = 0; i < FLOOD; i++)
		add_address((uint8_t)i);
	assert_true(ifwatch_read(fd, "lo"));
	assert_false(ifwatch_read(fd, "lo"));
	close(fd);
}

/* Another process may send to us, if it may do anything to the network. */
static void
test_only_the_kernel_is_heard(void **state)
{
	const struct message m = {
		.h.nlmsg_type = RTM_NEWADDR,
		.body.addr.ifa_index = OTHER,
	};
	uint8_t buf[sizeof(struct message)];
	const size_t len = put_message(buf, m, sizeof(m.body.addr), 0);
	struct sockaddr_nl to;
	socklen_t to_len = sizeof(to);
	int fd, from;

	(void)state;
	enter_namespace();
	fd = ifwatch_open();
	from = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	assert_true(fd >= 0 && from >= 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&to, &to_len), 0);
	assert_int_equal(
	    sendto(from, buf, len, 0, (struct sockaddr *)&to, to_len), len);
	assert_false(wait_and_read(fd, ""));
	close(from);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_routes),
		cmocka_unit_test(test_short_messages_are_ignored),
		cmocka_unit_test(test_attribute_without_length_ends_the_search),
		cmocka_unit_test(test_all_messages_of_a_datagram_count),
		cmocka_unit_test(test_true_changes_are_news),
		cmocka_unit_test(test_lost_messages_are_news),
		cmocka_unit_test(test_only_the_kernel_is_heard),
	};

	return cmocka_run_group_tests_name("ifwatch", tests, NULL, NULL);
}
