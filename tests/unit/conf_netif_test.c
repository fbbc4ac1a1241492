/* SPDX-License-Identifier: ISC */
/* Which keys of the interface go together. */
#include "daemon/conf_netif.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/conf_value.h"

#define OK CONF_ID_COUNT

struct row {
	const char *type, *mode, *device;
	const char *addresses[3];
	bool has_name, has_mtu, has_mac; /* any MTU is fine */
	enum conf_id wrong; /* OK, or the key that is complained of */
	const char *words;
};

static const struct row rows[] = {
	{ "tap", "host", "", { NULL }, true, true, true, OK, NULL },
	{ "tap", "host", "", { "10.1.2.3/24", "fd00::1/64" }, false, false,
	    false, OK, NULL },
	{ "tap", "bridged", "", { NULL }, false, false, false,
	    CONF_INTERFACE_MODE, "only vmnet" },
	{ "tap", "shared", "", { NULL }, false, false, false,
	    CONF_INTERFACE_MODE, "only vmnet" },
	{ "tap", "host", "en5", { NULL }, false, false, false,
	    CONF_INTERFACE_DEVICE, "only vmnet" },

	{ "vmnet", "host", "", { "10.1.2.3/24" }, false, true, true, OK, NULL },
	{ "vmnet", "host", "", { "fd00::1/64", "10.1.2.2/30" }, false, false,
	    false, OK, NULL },
	{ "vmnet", "host", "", { NULL }, false, false, false,
	    CONF_INTERFACE_ADDRESS, "needs an IPv4 address" },
	{ "vmnet", "host", "", { "fd00::1/64" }, false, false, false,
	    CONF_INTERFACE_ADDRESS, "needs an IPv4 address" },
	{ "vmnet", "host", "", { "10.1.2.3/31", "10.1.3.1/24" }, false, false,
	    false, CONF_INTERFACE_ADDRESS, "/30" },
	{ "vmnet", "host", "en5", { "10.1.2.3/24" }, false, false, false,
	    CONF_INTERFACE_DEVICE, "bridged" },
	{ "vmnet", "host", "", { "10.1.2.3/24" }, true, false, false,
	    CONF_INTERFACE_NAME, "names its interface itself" },

	{ "vmnet", "bridged", "en5", { NULL }, false, false, false, OK, NULL },
	{ "vmnet", "bridged", "", { NULL }, false, false, false,
	    CONF_INTERFACE_DEVICE, "missing" },
	{ "vmnet", "bridged", "en5", { "10.1.2.3/24" }, false, false, false,
	    CONF_INTERFACE_ADDRESS, "keeps the addresses" },
	{ "vmnet", "bridged", "en5", { NULL }, false, true, false, OK, NULL },
	{ "vmnet", "bridged", "en5", { NULL }, false, false, true,
	    CONF_INTERFACE_MAC, "network card's" },
	{ "vmnet", "bridged", "en5", { NULL }, true, false, false,
	    CONF_INTERFACE_NAME, "names its interface itself" },

	{ "vmnet", "shared", "", { NULL }, false, false, false,
	    CONF_INTERFACE_ADDRESS, "one IPv4 address" },
	{ "vmnet", "shared", "", { "10.1.2.1/24" }, false, true, true, OK,
	    NULL },
	{ "vmnet", "shared", "", { "10.1.2.1/24" }, false, false, false, OK,
	    NULL },
	{ "vmnet", "shared", "", { "10.1.2.1/24", "10.1.3.1/24" }, false, false,
	    false, CONF_INTERFACE_ADDRESS, "one IPv4 address" },
	{ "vmnet", "shared", "", { "fd00::1/64" }, false, false, false,
	    CONF_INTERFACE_ADDRESS, "one IPv4 address" },
	{ "vmnet", "shared", "", { "10.1.2.2/31" }, false, false, false,
	    CONF_INTERFACE_ADDRESS, "/30" },
	{ "vmnet", "shared", "en5", { "10.1.2.1/24" }, false, false, false,
	    CONF_INTERFACE_DEVICE, "bridged" },
};

static void
fill(struct netif_config *n, const struct row *row)
{
	*n = (struct netif_config){
		.mode = (enum netif_mode)conf_netif_mode(row->mode),
		.has_mac = row->has_mac,
	};
	memcpy(n->device, row->device, strlen(row->device) + 1);
	for (size_t i = 0; row->addresses[i] != NULL; i++)
		assert_null(conf_value_host(
		    &n->addrs[n->addr_count++], row->addresses[i]));
}

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct row *row = &rows[i];
		struct netif_config n;
		const struct conf_netif c = {
			.config = &n,
			.type = row->type,
			.has_name = row->has_name,
		};
		enum conf_id key = OK;

		fill(&n, row);
		const char *words = conf_netif_check(&c, &key);
		if (row->wrong == OK && words != NULL)
			fail_msg("row %zu: %s", i, words);
		if (row->wrong != OK &&
		    (words == NULL || key != row->wrong ||
			strstr(words, row->words) == NULL))
			fail_msg("row %zu: %s, key %d", i,
			    words == NULL ? "nothing" : words, (int)key);
	}
}

static void
test_modes(void **state)
{
	(void)state;
	assert_int_equal(conf_netif_mode("host"), NETIF_HOST);
	assert_int_equal(conf_netif_mode("bridged"), NETIF_BRIDGED);
	assert_int_equal(conf_netif_mode("shared"), NETIF_SHARED);
	assert_int_equal(conf_netif_mode("Host"), -1);
	assert_int_equal(conf_netif_mode(""), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_modes),
	};

	return cmocka_run_group_tests_name("conf_netif", tests, NULL, NULL);
}
