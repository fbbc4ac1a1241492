/* SPDX-License-Identifier: ISC */
/*
 * What os/ifconf.h refuses. What it sets is looked at by
 * tests/e2e/netif_check.c, which needs root.
 */
#include "os/ifconf.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "os/sockaddr.h"

static const char *const no_interfaces[] = {
	"",
	"lansplice-none",
	"a-name-that-is-longer-than-any-interface-has",
};

/* Some calls look for permission first, some for the interface. */
static void
check_refused(int rc)
{
	const int error = errno;

	assert_int_equal(rc, -1);
	if (geteuid() != 0 && error == EPERM)
		return;
	assert_int_equal(error, ENODEV);
}

static void
test_missing_interface_is_enodev(void **state)
{
	static const uint8_t mac[FRAME_MAC_LEN] = { 2, 0, 0, 0, 0, 1 };
	struct ifconf_addr a = { .prefix = 24 };
	uint8_t got[FRAME_MAC_LEN];

	(void)state;
	assert_int_equal(sockaddr_parse(&a.ip, "192.0.2.77"), 0);
	for (size_t i = 0; i < ARRAY_LEN(no_interfaces); i++) {
		const char *name = no_interfaces[i];

		check_refused(ifconf_set_mac(name, mac));
		check_refused(ifconf_get_mac(name, got));
		check_refused(ifconf_add_addr(name, &a));
		check_refused(ifconf_set_up(name));
	}
}

/* Some systems cannot set it at all. */
static void
test_missing_interface_gets_no_mtu(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(no_interfaces); i++) {
		const int rc = ifconf_set_mtu(no_interfaces[i], 1500);

		if (rc != -1 || errno != ENOTSUP)
			check_refused(rc);
	}
}

static const struct {
	const char *ip;
	const char *prefix;
	int error; /* 0: the loopback interface has it */
} finds[] = {
	{ "127.0.0.1", "", 0 },
	{ "127.0.0.1", "lo", 0 },
	{ "127.0.0.1", "bridge", ENOENT },
	{ "192.0.2.77", "", ENOENT },
	{ "2001:db8::77", "", ENOENT },
	{ "fe80::77", "", ENOENT },
};

static void
test_interface_is_found_by_address(void **state)
{
	char name[IFCONF_NAME_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(finds); i++) {
		struct addr ip;
		int rc;

		assert_int_equal(sockaddr_parse(&ip, finds[i].ip), 0);
		ip.port = 7;
		rc = ifconf_find_name(&ip, finds[i].prefix, name);
		assert_int_equal(rc, finds[i].error == 0 ? 0 : -1);
		if (finds[i].error == 0)
			assert_memory_equal(name, "lo", 2);
		else
			assert_int_equal(errno, finds[i].error);
	}
}

static void
test_loopback_has_no_mac(void **state)
{
	struct addr ip;
	char name[IFCONF_NAME_MAX];
	uint8_t mac[FRAME_MAC_LEN];

	(void)state;
	assert_int_equal(sockaddr_parse(&ip, "127.0.0.1"), 0);
	assert_int_equal(ifconf_find_name(&ip, "", name), 0);
	assert_int_equal(ifconf_get_mac(name, mac), -1);
	assert_int_equal(errno, EADDRNOTAVAIL);
}

static void
test_no_address_has_no_mtu(void **state)
{
	const struct path none = { .remote = { .family = ADDR_NONE } };

	(void)state;
	assert_int_equal(ifconf_find_mtu(&none), 0);
}

/* A link-local address on an interface that is not there. */
static void
test_no_route_has_no_mtu(void **state)
{
	struct path to = { .remote = { .family = ADDR_NONE } };

	(void)state;
	assert_int_equal(sockaddr_parse(&to.remote, "fe80::77"), 0);
	to.remote.scope = INT32_MAX;
	assert_int_equal(ifconf_find_mtu(&to), 0);
}

static void
test_loopback_has_an_mtu(void **state)
{
	struct path to = { .remote = { .family = ADDR_NONE } };

	(void)state;
	assert_int_equal(sockaddr_parse(&to.remote, "127.0.0.1"), 0);
	assert_true(ifconf_find_mtu(&to) > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_missing_interface_is_enodev),
		cmocka_unit_test(test_missing_interface_gets_no_mtu),
		cmocka_unit_test(test_interface_is_found_by_address),
		cmocka_unit_test(test_loopback_has_no_mac),
		cmocka_unit_test(test_no_address_has_no_mtu),
		cmocka_unit_test(test_no_route_has_no_mtu),
		cmocka_unit_test(test_loopback_has_an_mtu),
	};

	return cmocka_run_group_tests_name("ifconf", tests, NULL, NULL);
}
