/* SPDX-License-Identifier: ISC */
/*
 * ifwatch_darwin.c on messages put in by hand, and on Linux's own changes as
 * the stand-in tells of them, in a network namespace of the test's own.
 */
#include "os/ifwatch.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/route.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "os/ifconf.h"
#include "os/sockaddr.h"
#include "route.h"

enum {
	LO = 1,      /* index of Linux's loopback interface */
	GONE = 9999, /* of none */
	WAIT_MS = 10000,
};

static int fd = -1;

static int
open_watch(void **state)
{
	(void)state;
	fd = ifwatch_open();
	return fd == -1 ? -1 : 0;
}

static int
close_watch(void **state)
{
	(void)state;
	return close(fd);
}

static bool
news(const void *message, size_t len, const char *own)
{
	shim_route_inject(message, len);
	return ifwatch_read(fd, own);
}

static void
test_descriptor_does_not_wait(void **state)
{
	(void)state;
	assert_true((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
	assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
	assert_false(ifwatch_read(fd, ""));
}

static const struct {
	unsigned char type;
	unsigned short index;
	int flags;
	int error;
	const char *own;
	bool news;
} routes[] = {
	{ RTM_ADD, LO, RTF_UP | RTF_GATEWAY, 0, "", true },
	{ RTM_DELETE, LO, RTF_GATEWAY, 0, "", true },
	{ RTM_CHANGE, LO, RTF_UP, 0, "", true },
	{ RTM_ADD, LO, RTF_UP, 0, "bridge100", true },
	{ RTM_ADD, LO, RTF_UP, 0, "lo", false },
	{ RTM_ADD, 0, RTF_UP, 0, "", true },
	{ RTM_DELETE, GONE, RTF_UP, 0, "lo", true },
	{ RTM_ADD, LO, RTF_UP | RTF_HOST | RTF_LLINFO, 0, "", false },
	{ RTM_DELETE, LO, RTF_UP | RTF_HOST | RTF_WASCLONED, 0, "", false },
	{ RTM_ADD, LO, RTF_UP | RTF_MULTICAST, 0, "", false },
	{ RTM_ADD, LO, RTF_UP | RTF_BROADCAST, 0, "", false },
	{ RTM_ADD, LO, RTF_UP | RTF_LOCAL, 0, "", false },
	{ RTM_ADD, LO, RTF_UP, EEXIST, "", false },
	{ RTM_GET, LO, RTF_UP, 0, "", false },
	{ RTM_MISS, LO, RTF_UP, 0, "", false },
	{ RTM_RESOLVE, LO, RTF_UP, 0, "", false },
	{ RTM_REDIRECT, LO, RTF_UP, 0, "", false },
};

static void
test_routes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
		const struct rt_msghdr m = {
			.rtm_msglen = sizeof(m),
			.rtm_version = RTM_VERSION,
			.rtm_type = routes[i].type,
			.rtm_index = routes[i].index,
			.rtm_flags = routes[i].flags,
			.rtm_errno = routes[i].error,
		};

		assert_int_equal(
		    news(&m, sizeof(m), routes[i].own), routes[i].news);
	}
}

static const struct {
	unsigned char type;
	unsigned short index;
	const char *own;
	bool news;
} addresses[] = {
	{ RTM_NEWADDR, LO, "", true },
	{ RTM_DELADDR, LO, "bridge100", true },
	{ RTM_NEWADDR, LO, "lo", false },
	{ RTM_DELADDR, LO, "lo", false },
	{ RTM_DELADDR, GONE, "lo", true },
	{ RTM_NEWMADDR, LO, "", false },
};

static void
test_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(addresses); i++) {
		const struct ifa_msghdr m = {
			.ifam_msglen = sizeof(m),
			.ifam_version = RTM_VERSION,
			.ifam_type = addresses[i].type,
			.ifam_index = addresses[i].index,
		};

		assert_int_equal(
		    news(&m, sizeof(m), addresses[i].own), addresses[i].news);
	}
}

static const struct {
	unsigned char type;
	unsigned short index;
	const char *own;
	bool news;
} links[] = {
	{ RTM_IFINFO, LO, "", true },
	{ RTM_IFINFO, LO, "lo", false },
	{ RTM_IFINFO, GONE, "", false },
	{ RTM_IFINFO2, LO, "", false },
};

static struct if_msghdr
link_message(unsigned char type, unsigned short index)
{
	return (struct if_msghdr){
		.ifm_msglen = sizeof(struct if_msghdr),
		.ifm_version = RTM_VERSION,
		.ifm_type = type,
		.ifm_index = index,
	};
}

static void
test_links(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(links); i++) {
		const struct if_msghdr m =
		    link_message(links[i].type, links[i].index);

		assert_int_equal(
		    news(&m, sizeof(m), links[i].own), links[i].news);
	}
}

/* Cut short, with another length than the message says, of another age. */
static void
test_malformed_messages_are_ignored(void **state)
{
	struct if_msghdr m = link_message(RTM_IFINFO, LO);

	(void)state;
	for (size_t len = 0; len < sizeof(m); len++) {
		assert_false(news(&m, len, ""));
		m.ifm_msglen = (unsigned short)len;
		assert_false(news(&m, len, ""));
		m.ifm_msglen = sizeof(m);
	}
	m.ifm_msglen++;
	assert_false(news(&m, sizeof(m), ""));
	m.ifm_msglen--;
	m.ifm_version = RTM_VERSION - 1;
	assert_false(news(&m, sizeof(m), ""));
	m.ifm_version = RTM_VERSION;
	assert_true(news(&m, sizeof(m), ""));
}

static void
test_lost_messages_are_news(void **state)
{
	(void)state;
	shim_route_fail(ENOBUFS);
	assert_true(ifwatch_read(fd, ""));
	shim_route_fail(ENOMEM);
	assert_false(ifwatch_read(fd, ""));
}

/* What comes behind an interruption or a message of no interest is seen. */
static void
test_all_messages_are_read(void **state)
{
	const struct if_msghdr boring = link_message(RTM_IFINFO2, LO);
	const struct if_msghdr m = link_message(RTM_IFINFO, LO);

	(void)state;
	shim_route_fail(EINTR);
	shim_route_inject(&boring, sizeof(boring));
	shim_route_inject(&m, sizeof(m));
	shim_route_inject(&boring, sizeof(boring));
	assert_true(ifwatch_read(fd, ""));
	assert_false(ifwatch_read(fd, ""));
}

/* A user who may not have a namespace cannot change an interface either. */
static void
enter_namespace(void **state)
{
	if (unshare(CLONE_NEWNET) == -1 &&
	    unshare(CLONE_NEWUSER | CLONE_NEWNET) == -1)
		skip();
	close(fd);
	assert_int_equal(open_watch(state), 0);
}

static void
add_address(const char *name, const char *text)
{
	struct ifconf_addr a = { .prefix = 24 };

	assert_int_equal(sockaddr_parse(&a.ip, text), 0);
	assert_int_equal(ifconf_add_addr(name, &a), 0);
}

static bool
wait_and_read(const char *own)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	assert_int_equal(poll(&p, 1, WAIT_MS), 1);
	return ifwatch_read(fd, own);
}

static void
test_true_changes_are_news(void **state)
{
	enter_namespace(state);
	assert_false(ifwatch_read(fd, ""));
	assert_int_equal(ifconf_set_up("lo"), 0);
	assert_true(wait_and_read(""));
	assert_false(ifwatch_read(fd, ""));
	add_address("lo", "10.7.7.1");
	assert_true(wait_and_read(""));
	add_address("lo", "10.7.7.2");
	assert_false(wait_and_read("lo"));
}

static void
rename_lo(const char *name)
{
	const int s = socket(AF_INET, SOCK_DGRAM, 0);
	struct linux_ifreq req = { .ifr_ifrn.ifrn_name = "lo" };

	memcpy(req.ifr_ifru.ifru_newname, name, strlen(name) + 1);
	assert_int_equal(ioctl(s, SIOCSIFNAME, &req), 0);
	close(s);
}

/* The far end of our own interface, and those of other programs. */
static void
test_vmnet_members_are_ignored(void **state)
{
	enter_namespace(state);
	rename_lo("vmenet3");
	(void)ifwatch_read(fd, "");
	add_address("vmenet3", "10.7.7.1");
	assert_false(wait_and_read(""));
}

/* No more than so many of a flood; the rest comes with the next turn. */
static void
test_flood_has_to_wait(void **state)
{
	const struct if_msghdr m = link_message(RTM_IFINFO, LO);

	(void)state;
	for (int sent = 0; sent < IFWATCH_READS; sent++)
		shim_route_fail(EINTR);
	shim_route_inject(&m, sizeof(m));
	assert_false(ifwatch_read(fd, ""));
	assert_true(ifwatch_read(fd, ""));
}

#define watch_test(fn)                                                         \
	cmocka_unit_test_setup_teardown(fn, open_watch, close_watch)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		watch_test(test_descriptor_does_not_wait),
		watch_test(test_routes),
		watch_test(test_addresses),
		watch_test(test_links),
		watch_test(test_malformed_messages_are_ignored),
		watch_test(test_lost_messages_are_news),
		watch_test(test_all_messages_are_read),
		watch_test(test_flood_has_to_wait),
		watch_test(test_true_changes_are_news),
		watch_test(test_vmnet_members_are_ignored),
	};

	return cmocka_run_group_tests_name("ifwatch_darwin", tests, NULL, NULL);
}
