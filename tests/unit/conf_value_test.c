/* SPDX-License-Identifier: ISC */
#include "daemon/conf_value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* In each table: wrong is NULL for a text that is right. */
struct row {
	const char *text;
	const char *wrong;
};

static void
check(const struct row *row, const char *wrong)
{
	if (wrong == NULL
		? row->wrong != NULL
		: row->wrong == NULL || strcmp(wrong, row->wrong) != 0)
		fail_msg("\"%s\": %s", row->text, wrong == NULL ? "-" : wrong);
}

static void
test_host(void **state)
{
	static const char no_host[] = "not an address of a host";
	static const char no_addr[] = "not an address";
	static const char prefix4[] = "a prefix length outside 1..32";
	static const char prefix6[] = "a prefix length outside 1..128";
	static const struct row rows[] = {
		{ "10.20.30.1/24", NULL },
		{ "10.20.30.0/23", "the address of the network itself" },
		{ "10.20.31.255/23", "the broadcast address of the network" },
		{ "10.20.30.255/23", NULL },
		{ "10.20.31.0/23", NULL },
		{ "10.20.30.0/31", NULL },
		{ "10.20.30.1/31", NULL },
		{ "10.20.30.0/32", NULL },
		{ "10.20.30.3/30", "the broadcast address of the network" },
		{ "128.0.0.0/1", "the address of the network itself" },
		{ "10.20.30.1", "the prefix length is missing" },
		{ "10.20.30.1/", prefix4 },
		{ "10.20.30.1/0", prefix4 },
		{ "10.20.30.1/33", prefix4 },
		{ "10.20.30.1/024", prefix4 },
		{ "10.20.30.1/+24", prefix4 },
		{ "10.20.30.1/24 ", prefix4 },
		{ "10.20.30.1/24/8", prefix4 },
		{ "10.20.30.1/4294967320", prefix4 },
		{ "10.20.30/24", no_addr },
		{ "10.20.30.256/24", no_addr },
		{ "example.net/24", no_addr },
		{ "/24", no_addr },
		{ " 10.20.30.1/24", no_addr },
		{ "0.1.2.3/8", no_host },
		{ "224.0.0.1/4", no_host },
		{ "255.255.255.255/32", no_host },
		{ "fd00::1/64", NULL },
		{ "fd00::/64", NULL },
		{ "fe80::1/64", NULL },
		{ "fd00::1/128", NULL },
		{ "fd00::1/129", prefix6 },
		{ "fd00::1/0", prefix6 },
		{ "fd00::1", "the prefix length is missing" },
		{ "fe80::1%lo/64", "an address with a scope" },
		{ "ff02::1/16", no_host },
		{ "::/64", no_host },
	};
	struct ifconf_addr out;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check(&rows[i], conf_value_host(&out, rows[i].text));

	static const uint8_t ip[] = { 192, 0, 2, 7 };
	assert_null(conf_value_host(&out, "192.0.2.7/25"));
	assert_int_equal(out.prefix, 25);
	assert_int_equal(out.ip.family, ADDR_IPV4);
	assert_memory_equal(out.ip.ip, ip, sizeof(ip));
	assert_int_equal(out.ip.port, 0);
}

static void
test_mac(void **state)
{
	static const char no_mac[] = "not a MAC address";
	static const uint8_t want[] = { 0x02, 0xab, 0xCD, 0, 0x9f, 0xff };
	static const struct row rows[] = {
		{ "02:00:00:00:00:01", NULL },
		{ "fe:ff:ff:ff:ff:ff", NULL },
		{ "00:00:00:00:00:00", no_mac },
		{ "01:00:00:00:00:00", "a group address" },
		{ "ff:ff:ff:ff:ff:ff", "a group address" },
		{ "02:00:00:00:00:0", no_mac },
		{ "02:00:00:00:00:011", no_mac },
		{ "02:00:00:00:00:0g", no_mac },
		{ "02-00-00-00-00-01", no_mac },
		{ "0200:00:00:00:001", no_mac },
		{ "", no_mac },
	};
	uint8_t mac[FRAME_MAC_LEN];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check(&rows[i], conf_value_mac(mac, rows[i].text));
	assert_null(conf_value_mac(mac, "02:aB:Cd:00:9f:FF"));
	assert_memory_equal(mac, want, sizeof(mac));
}

static void
test_netif_name(void **state)
{
	static const char bad[] = "a character that no interface name may have";
	static const struct row rows[] = {
		{ "a", NULL },
		{ "fifteen-letters", NULL },
		{ "sixteen-letters-", "too long" },
		{ "...", NULL },
		{ ".", "not a name" },
		{ "..", "not a name" },
		{ "", "empty" },
		{ "a/b", bad },
		{ "eth0:1", bad },
		{ "tap%d", bad },
		{ "a\tb", bad },
		{ "a\x7f", bad },
		{ "\xff", bad },
	};
	char name[NETIF_NAME_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check(&rows[i], conf_value_netif_name(name, rows[i].text));
	assert_null(conf_value_netif_name(name, "fifteen-letters"));
	assert_string_equal(name, "fifteen-letters");
}

static void
test_word(void **state)
{
	static const char bad[] = "a space, an = or an unprintable character";
	static const struct row rows[] = {
		{ "mini", NULL },
		{ "a/b+c\"\\", NULL },
		{ "1234567", NULL },
		{ "12345678", "too long" },
		{ "", "empty" },
		{ "a b", bad },
		{ "a=b", bad },
		{ "a\nb", bad },
		{ "\xc3\xbc", bad },
	};
	char word[8];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check(&rows[i],
		    conf_value_word(word, sizeof(word), rows[i].text));
}

static void
test_path(void **state)
{
	static const struct {
		const char *base, *text, *path;
	} rows[] = {
		{ "/etc/l/l.conf", "a.key", "/etc/l/a.key" },
		{ "/etc/l/l.conf", "/x/a.key", "/x/a.key" },
		{ "/l.conf", "a/b", "/a/b" },
		{ "l.conf", "a.key", "a.key" },
		{ "../l.conf", "../a", "../../a" },
	};
	char path[16];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_null(conf_value_path(
		    path, sizeof(path), rows[i].base, rows[i].text));
		assert_string_equal(path, rows[i].path);
	}
	assert_null(
	    conf_value_path(path, sizeof(path), "/etc/x", "1234567890"));
	assert_string_equal(
	    conf_value_path(path, sizeof(path), "/etc/x", "12345678901"),
	    "too long");
	assert_string_equal(
	    conf_value_path(path, sizeof(path), "/etc/x", ""), "empty");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_host),
		cmocka_unit_test(test_mac),
		cmocka_unit_test(test_netif_name),
		cmocka_unit_test(test_word),
		cmocka_unit_test(test_path),
	};
	return cmocka_run_group_tests_name("conf_value", tests, NULL, NULL);
}
