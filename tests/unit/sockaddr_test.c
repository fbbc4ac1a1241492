/* SPDX-License-Identifier: ISC */
#include "os/sockaddr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *text;
	const char *again; /* NULL: the same */
	uint8_t family;
} good[] = {
	{ "192.0.2.1", NULL, ADDR_IPV4 },
	{ "0.0.0.0", NULL, ADDR_IPV4 },
	{ "255.255.255.255", NULL, ADDR_IPV4 },
	{ "2001:db8::1", NULL, ADDR_IPV6 },
	{ "2001:0DB8:0::01", "2001:db8::1", ADDR_IPV6 },
	{ "::", NULL, ADDR_IPV6 },
	{ "fe80::1", NULL, ADDR_IPV6 },
	{ "fe80::1%4294967295", NULL, ADDR_IPV6 },
	{ "::ffff:192.0.2.1", "192.0.2.1", ADDR_IPV4 },
};

static const char *const bad[] = {
	"",
	"example.net",
	"10.1",
	"192.0.2.256",
	"192.0.2.1 ",
	" 192.0.2.1",
	"192.0.2.1%1",
	"192.0.2.1:80",
	"0x7f000001",
	"[2001:db8::1]",
	"2001:db8::1%1",
	"2001:db8:::1",
	"fe80::1%",
	"fe80::1%0",
	"fe80::1%no-such-if",
	"fe80::1%1x",
	"fe80::1%4294967297",
	"fe80::1%99999999999999999999999",
	"0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000",
};

static void
test_parse_and_text(void **state)
{
	char text[SOCKADDR_TEXT_MAX];
	struct addr a;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		memset(&a, 0xff, sizeof(a));
		assert_int_equal(sockaddr_parse(&a, good[i].text), 0);
		assert_int_equal(a.family, good[i].family);
		assert_int_equal(a.port, 0);
		assert_string_equal(sockaddr_text(&a, text),
		    good[i].again != NULL ? good[i].again : good[i].text);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		errno = 0;
		assert_int_equal(sockaddr_parse(&a, bad[i]), -1);
		assert_int_equal(errno, EINVAL);
	}
}

static void
test_text_with_port(void **state)
{
	char text[SOCKADDR_TEXT_MAX];
	struct addr a;

	(void)state;
	assert_int_equal(sockaddr_parse(&a, "192.0.2.1"), 0);
	a.port = 52077;
	assert_string_equal(sockaddr_text(&a, text), "192.0.2.1:52077");
	assert_int_equal(sockaddr_parse(&a, "2001:db8::1"), 0);
	a.port = 1;
	assert_string_equal(sockaddr_text(&a, text), "[2001:db8::1]:1");
	a = (struct addr){ .port = 7 };
	assert_string_equal(sockaddr_text(&a, text), "none");
}

/* Loopback is the one interface that every system has; its name differs. */
static void
test_scope_by_name(void **state)
{
	char name[IF_NAMESIZE], in[64], expected[64], out[SOCKADDR_TEXT_MAX];
	struct addr a;

	(void)state;
	if (if_indextoname(1, name) == NULL)
		skip();
	snprintf(in, sizeof(in), "fe80::1%%%s", name);
	assert_int_equal(sockaddr_parse(&a, in), 0);
	assert_int_equal(a.scope, 1);
	a.port = 9;
	snprintf(expected, sizeof(expected), "[fe80::1%%%s]:9", name);
	assert_string_equal(sockaddr_text(&a, out), expected);
	assert_int_equal(sockaddr_parse(&a, "fe80::1%1"), 0);
	assert_int_equal(a.scope, 1);
}

static void
test_longest_text_fits(void **state)
{
	char text[SOCKADDR_TEXT_MAX];
	struct addr a = {
		.family = ADDR_IPV6,
		.port = 65535,
		.scope = UINT32_MAX,
	};

	(void)state;
	memset(a.ip, 0xfe, sizeof(a.ip));
	assert_string_equal(sockaddr_text(&a, text),
	    "[fefe:fefe:fefe:fefe:fefe:fefe:fefe:fefe%4294967295]:65535");
}

static void
test_socket_addresses(void **state)
{
	struct sockaddr_storage ss;
	struct addr a, b;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_int_equal(sockaddr_parse(&a, good[i].text), 0);
		a.port = (uint16_t)(1000 + i);
		memset(&ss, 0xff, sizeof(ss));
		const socklen_t len = sockaddr_from_addr(&ss, &a);
		assert_int_equal(
		    ss.ss_family, a.family == ADDR_IPV4 ? AF_INET : AF_INET6);
		memset(&b, 0xff, sizeof(b));
		assert_true(sockaddr_to_addr(&b, (struct sockaddr *)&ss, len));
		assert_memory_equal(&a, &b, sizeof(a));
		assert_false(
		    sockaddr_to_addr(&b, (struct sockaddr *)&ss, len - 1));
	}
	a = (struct addr){ .family = ADDR_NONE };
	assert_int_equal(sockaddr_from_addr(&ss, &a), 0);
}

static void
test_ports_are_in_network_order(void **state)
{
	const struct addr a = {
		.family = ADDR_IPV4,
		.ip = { 192, 0, 2, 1 },
		.port = 0x1234,
	};
	struct sockaddr_storage ss;
	struct sockaddr_in in;

	(void)state;
	assert_int_equal(sockaddr_from_addr(&ss, &a), sizeof(in));
	memcpy(&in, &ss, sizeof(in));
	assert_int_equal(in.sin_port, htons(0x1234));
	assert_int_equal(in.sin_addr.s_addr, htonl(0xc0000201));
}

static void
test_mapped_and_other_families(void **state)
{
	struct sockaddr_in6 in6 = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(5),
		.sin6_scope_id = 3,
	};
	struct sockaddr_storage ss = { .ss_family = AF_UNIX };
	struct addr a;

	(void)state;
	assert_int_equal(
	    inet_pton(AF_INET6, "::ffff:192.0.2.9", &in6.sin6_addr), 1);
	assert_true(sockaddr_to_addr(&a, (struct sockaddr *)&in6, sizeof(in6)));
	const struct addr expected = {
		.family = ADDR_IPV4,
		.ip = { 192, 0, 2, 9 },
		.port = 5,
	};
	assert_memory_equal(&a, &expected, sizeof(a));
	/* A scope on a global address would make it another one. */
	assert_int_equal(inet_pton(AF_INET6, "2001:db8::1", &in6.sin6_addr), 1);
	assert_true(sockaddr_to_addr(&a, (struct sockaddr *)&in6, sizeof(in6)));
	assert_int_equal(a.scope, 0);
	assert_false(sockaddr_to_addr(&a, (struct sockaddr *)&ss, sizeof(ss)));
	assert_int_equal(a.family, ADDR_NONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse_and_text),
		cmocka_unit_test(test_text_with_port),
		cmocka_unit_test(test_scope_by_name),
		cmocka_unit_test(test_longest_text_fits),
		cmocka_unit_test(test_socket_addresses),
		cmocka_unit_test(test_ports_are_in_network_order),
		cmocka_unit_test(test_mapped_and_other_families),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
