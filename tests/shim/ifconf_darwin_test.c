/* SPDX-License-Identifier: ISC */
/*
 * ifconf_darwin.c on an interface of the test's own, a TAP in a network
 * namespace that goes with the process. What needs neither comes first.
 */
#include "os/ifconf.h"

#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/if_dl.h>
#include <net/route.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "ifconfig.h"
#include "os/sockaddr.h"

enum {
	LO = 1,
	SDL_MAX = 40,
};

static const uint8_t mac[FRAME_MAC_LEN] = { 2, 1, 2, 3, 4, 5 };
/* So long that name and MAC exceed sdl_data as declared. */
static const char device[] = "bridge100200300";
static int tap = -1;

static struct ifconf_addr
address(const char *text, uint8_t prefix)
{
	struct ifconf_addr a = { .prefix = prefix };

	assert_int_equal(sockaddr_parse(&a.ip, text), 0);
	return a;
}

/* Skips the test where the system lets it have no interface. */
static int
open_tap(void **state)
{
	struct linux_ifreq req = {
		.ifr_ifru.ifru_flags = IFF_TAP | IFF_NO_PI,
	};

	(void)state;
	if (unshare(CLONE_NEWNET) == -1 &&
	    unshare(CLONE_NEWUSER | CLONE_NEWNET) == -1)
		return 0;
	tap = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	memcpy(req.ifr_ifrn.ifrn_name, device, sizeof(device));
	if (tap != -1 && ioctl(tap, TUNSETIFF, &req) == -1) {
		close(tap);
		tap = -1;
	}
	return 0;
}

static int
close_tap(void **state)
{
	(void)state;
	if (tap != -1)
		close(tap);
	tap = -1;
	return 0;
}

static void
need_tap(void)
{
	if (tap == -1)
		skip();
}

static void
test_mtu_cannot_be_set(void **state)
{
	(void)state;
	assert_int_equal(ifconf_set_mtu("lo", 1400), -1);
	assert_int_equal(errno, ENOTSUP);
}

/* The answer to sysctl(3), one thing in it changed. */
struct answer {
	struct if_msghdr m;
	uint8_t sdl[SDL_MAX];
};

static struct answer
good_answer(void)
{
	struct answer a = {
		.m.ifm_msglen = sizeof(struct if_msghdr) + 24,
		.m.ifm_version = RTM_VERSION,
		.m.ifm_type = RTM_IFINFO,
		.m.ifm_addrs = RTA_IFP,
		.m.ifm_index = LO,
	};
	const struct sockaddr_dl sdl = {
		.sdl_len = 24,
		.sdl_family = AF_LINK,
		.sdl_nlen = 9,
		.sdl_alen = FRAME_MAC_LEN,
	};

	memcpy(a.sdl, &sdl, sizeof(sdl));
	memcpy(a.sdl + offsetof(struct sockaddr_dl, sdl_data), "bridge100", 9);
	memcpy(a.sdl + offsetof(struct sockaddr_dl, sdl_data) + 9, mac,
	    sizeof(mac));
	return a;
}

/* 0, or the errno. */
static int
get_mac_of(const struct answer *a, size_t len, uint8_t *out)
{
	int rc;

	shim_ifconfig_answer(a, len);
	rc = ifconf_get_mac("lo", out);
	shim_ifconfig_answer(NULL, 0);
	return rc == 0 ? 0 : errno;
}

static const struct {
	size_t at;     /* this byte */
	uint8_t value; /* is another */
	int error;
} wrongs[] = {
	{ offsetof(struct if_msghdr, ifm_version), RTM_VERSION + 1, EPROTO },
	{ offsetof(struct if_msghdr, ifm_type), RTM_NEWADDR, EPROTO },
	{ offsetof(struct if_msghdr, ifm_addrs), RTA_IFA, EPROTO },
	{ offsetof(struct if_msghdr, ifm_index), LO + 1, EPROTO },
	{ offsetof(struct if_msghdr, ifm_msglen), 0, EPROTO },
	{ offsetof(struct if_msghdr, ifm_msglen), sizeof(struct if_msghdr) + 7,
	    EPROTO },
	{ offsetof(struct if_msghdr, ifm_msglen), sizeof(struct if_msghdr) + 23,
	    EPROTO },
	{ offsetof(struct if_msghdr, ifm_msglen), sizeof(struct answer) + 1,
	    EPROTO },
	{ sizeof(struct if_msghdr) + offsetof(struct sockaddr_dl, sdl_len), 22,
	    EPROTO },
	{ sizeof(struct if_msghdr) + offsetof(struct sockaddr_dl, sdl_len), 25,
	    EPROTO },
	{ sizeof(struct if_msghdr) + offsetof(struct sockaddr_dl, sdl_family),
	    AF_INET, EPROTO },
	{ sizeof(struct if_msghdr) + offsetof(struct sockaddr_dl, sdl_nlen), 11,
	    EPROTO },
	{ sizeof(struct if_msghdr) + offsetof(struct sockaddr_dl, sdl_nlen),
	    255, EPROTO },
	{ sizeof(struct if_msghdr) + offsetof(struct sockaddr_dl, sdl_alen), 0,
	    EADDRNOTAVAIL },
	{ sizeof(struct if_msghdr) + offsetof(struct sockaddr_dl, sdl_alen), 5,
	    EADDRNOTAVAIL },
	{ sizeof(struct if_msghdr) + offsetof(struct sockaddr_dl, sdl_alen), 8,
	    EPROTO },
};

static void
test_answer_is_checked(void **state)
{
	struct answer a = good_answer();
	const size_t len = sizeof(struct if_msghdr) + 24;
	uint8_t got[FRAME_MAC_LEN];

	(void)state;
	assert_int_equal(get_mac_of(&a, len, got), 0);
	assert_memory_equal(got, mac, FRAME_MAC_LEN);
	for (size_t i = 0; i < ARRAY_LEN(wrongs); i++) {
		a = good_answer();
		((uint8_t *)&a)[wrongs[i].at] = wrongs[i].value;
		assert_int_equal(
		    get_mac_of(&a, sizeof(a), got), wrongs[i].error);
	}
}

static void
test_short_answers_are_refused(void **state)
{
	const struct answer a = good_answer();
	uint8_t got[FRAME_MAC_LEN];

	(void)state;
	assert_int_equal(get_mac_of(&a, 0, got), ENODEV);
	for (size_t len = 1; len < a.m.ifm_msglen; len++)
		assert_int_equal(get_mac_of(&a, len, got), EPROTO);
}

static void
test_mac_is_set_and_found(void **state)
{
	uint8_t got[FRAME_MAC_LEN];

	(void)state;
	need_tap();
	assert_int_equal(ifconf_set_mac(device, mac), 0);
	assert_int_equal(ifconf_get_mac(device, got), 0);
	assert_memory_equal(got, mac, FRAME_MAC_LEN);
}

static void
test_refusal_is_told(void **state)
{
	(void)state;
	need_tap();
	shim_ifconfig_fail_mac(EBUSY, 2);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ifconf_set_mac(device, mac), -1);
		assert_int_equal(errno, EBUSY);
	}
	assert_int_equal(ifconf_set_mac(device, mac), 0);
}

/* Prefix in bits of an address of the device, -1 if it has it not. */
static int
prefix_of(const struct addr *ip)
{
	struct ifaddrs *list;
	int prefix = -1;

	assert_int_equal(getifaddrs(&list), 0);
	for (const struct ifaddrs *i = list; i != NULL; i = i->ifa_next) {
		const bool v6 =
		    i->ifa_addr != NULL && i->ifa_addr->sa_family == AF_INET6;
		const size_t at = v6 ? offsetof(struct sockaddr_in6, sin6_addr)
				     : offsetof(struct sockaddr_in, sin_addr);
		const uint8_t *mask = (const uint8_t *)i->ifa_netmask;
		struct addr a;

		if (strcmp(i->ifa_name, device) != 0 ||
		    !sockaddr_to_addr(
			&a, i->ifa_addr, sizeof(struct sockaddr_in6)))
			continue;
		a.scope = 0;
		if (!addr_equal(&a, ip))
			continue;
		prefix = 0;
		for (size_t byte = 0; byte < (v6 ? 16 : 4); byte++)
			prefix += __builtin_popcount(mask[at + byte]);
	}
	freeifaddrs(list);
	return prefix;
}

static const struct {
	const char *ip;
	uint8_t prefix;
} added[] = {
	{ "10.99.0.1", 20 },
	{ "172.16.9.9", 32 },
	{ "192.0.2.1", 1 },
	{ "fd99::1", 64 },
	{ "fd98::1", 127 },
	{ "fe80::99", 64 },
};

static void
test_addresses_are_added(void **state)
{
	char name[IFCONF_NAME_MAX];

	(void)state;
	need_tap();
	for (size_t i = 0; i < ARRAY_LEN(added); i++) {
		const struct ifconf_addr a =
		    address(added[i].ip, added[i].prefix);

		assert_int_equal(ifconf_add_addr(device, &a), 0);
		assert_int_equal(prefix_of(&a.ip), added[i].prefix);
		/* Twice is no error. */
		assert_int_equal(ifconf_add_addr(device, &a), 0);
		assert_int_equal(ifconf_find_name(&a.ip, "bridge", name), 0);
		assert_string_equal(name, device);
		assert_int_equal(ifconf_find_name(&a.ip, "en", name), -1);
		assert_int_equal(errno, ENOENT);
	}
}

static const struct {
	const char *ip;
	uint8_t prefix;
} refused[] = {
	{ "0.0.0.0", 8 },
	{ "224.0.0.5", 24 },
	{ "255.255.255.255", 32 },
	{ "::", 64 },
	{ "ff02::5", 64 },
	{ "fd97::1", 0 },
};

static void
test_what_is_no_address_is_refused(void **state)
{
	(void)state;
	need_tap();
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		const struct ifconf_addr a =
		    address(refused[i].ip, refused[i].prefix);

		assert_int_equal(ifconf_add_addr(device, &a), -1);
		assert_int_equal(errno, EINVAL);
	}
}

/* BSD's kernels show the interface within the address. */
static void
test_link_local_address_is_found_by_scope(void **state)
{
	struct ifconf_addr a = address("fe80::98", 64);
	char name[IFCONF_NAME_MAX];

	(void)state;
	need_tap();
	assert_int_equal(ifconf_add_addr(device, &a), 0);
	a.ip.scope = if_nametoindex(device);
	assert_int_equal(ifconf_find_name(&a.ip, "", name), 0);
	a.ip.ip[3] = (uint8_t)a.ip.scope;
	assert_int_equal(ifconf_find_name(&a.ip, "", name), 0);
	a.ip.scope++;
	assert_int_equal(ifconf_find_name(&a.ip, "", name), -1);
}

static bool
is_up(void)
{
	const int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct ifreq req;

	memcpy(req.ifr_name, device, sizeof(device));
	assert_int_equal(ioctl(fd, SIOCGIFFLAGS, &req), 0);
	close(fd);
	return (req.ifr_flags & IFF_UP) != 0;
}

static void
test_interface_comes_up(void **state)
{
	(void)state;
	need_tap();
	assert_false(is_up());
	assert_int_equal(ifconf_set_up(device), 0);
	assert_true(is_up());
}

static void
set_device_mtu(int mtu)
{
	const int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct linux_ifreq req = { .ifr_ifru.ifru_mtu = mtu };

	memcpy(req.ifr_ifrn.ifrn_name, device, sizeof(device));
	assert_int_equal(ioctl(fd, SIOCSIFMTU, &req), 0);
	close(fd);
}

static const struct {
	const char *remote;
	const char *local; /* or NULL */
	bool scoped;
	uint32_t mtu;
} mtus[] = {
	{ "10.99.0.2", NULL, false, 1337 },
	{ "10.99.0.2", "10.99.0.1", false, 1337 },
	{ "10.99.0.2", "10.99.0.77", false, 1337 }, /* ours no longer */
	{ "203.0.113.1", "10.99.0.1", false, 1337 },
	{ "203.0.113.1", NULL, false, 0 },
	{ "203.0.113.1", "203.0.113.2", false, 0 },
	{ "fd99::2", NULL, false, 1337 },
	{ "fe80::2", NULL, true, 1337 },
	{ "fe80::2", "::1", true, 1337 }, /* the scope says where */
	{ "fd99::2", "::1", false, 65536 },
};

static void
test_mtu_of_the_way_is_found(void **state)
{
	const struct ifconf_addr in = address("10.99.0.1", 24);
	const struct ifconf_addr in6 = address("fd99::1", 64);

	(void)state;
	need_tap();
	set_device_mtu(1337);
	assert_int_equal(ifconf_set_up("lo"), 0);
	assert_int_equal(ifconf_add_addr(device, &in), 0);
	assert_int_equal(ifconf_add_addr(device, &in6), 0);
	for (size_t i = 0; i < ARRAY_LEN(mtus); i++) {
		struct path p = { .remote = address(mtus[i].remote, 0).ip };

		if (mtus[i].local != NULL)
			p.local = address(mtus[i].local, 0).ip;
		if (mtus[i].scoped)
			p.remote.scope = if_nametoindex(device);
		assert_int_equal(ifconf_find_mtu(&p), mtus[i].mtu);
	}
}

#define tap_test(fn) cmocka_unit_test_setup_teardown(fn, open_tap, close_tap)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mtu_cannot_be_set),
		cmocka_unit_test(test_answer_is_checked),
		cmocka_unit_test(test_short_answers_are_refused),
		tap_test(test_mac_is_set_and_found),
		tap_test(test_refusal_is_told),
		tap_test(test_addresses_are_added),
		tap_test(test_what_is_no_address_is_refused),
		tap_test(test_link_local_address_is_found_by_scope),
		tap_test(test_interface_comes_up),
		tap_test(test_mtu_of_the_way_is_found),
	};

	return cmocka_run_group_tests_name("ifconf_darwin", tests, NULL, NULL);
}
