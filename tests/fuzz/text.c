/* SPDX-License-Identifier: ISC */
/*
 * Text that becomes a value: endpoints, addresses, MAC addresses, names,
 * paths, as configuration and state files hold them. The first byte chooses;
 * no name server is asked.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/conf.h"
#include "daemon/conf_value.h"
#include "fuzz.h"
#include "os/resolve.h"
#include "os/sockaddr.h"

/* An address that was read is written so that it is read again. */
static void
check_address(const struct addr *a)
{
	char text[SOCKADDR_TEXT_MAX];
	struct resolve_name name;
	struct addr again;

	FUZZ_CHECK(a->family == ADDR_IPV4 || a->family == ADDR_IPV6);
	FUZZ_CHECK(sockaddr_text(a, text) == text);
	FUZZ_CHECK(strlen(text) < sizeof(text));
	if (a->port == 0)
		return;
	FUZZ_CHECK(resolve_parse(&name, text, 0) == 0);
	FUZZ_CHECK(resolve_numeric(&name, &again));
	FUZZ_CHECK(addr_equal(a, &again));
}

static void
try_endpoint(const char *text, uint16_t port)
{
	struct resolve_name name;
	struct addr a;

	if (resolve_parse(&name, text, port) != 0)
		return;
	FUZZ_CHECK(name.port != 0);
	FUZZ_CHECK(memchr(name.host, '\0', sizeof(name.host)) != NULL);
	FUZZ_CHECK(name.host[0] != '\0');
	FUZZ_CHECK(strstr(text, name.host) != NULL);
	if (resolve_numeric(&name, &a))
		check_address(&a);
}

static void
try_address(const char *text)
{
	struct addr a;

	if (sockaddr_parse(&a, text) == 0)
		check_address(&a);
}

static void
try_host(const char *text)
{
	struct ifconf_addr a;

	if (conf_value_host(&a, text) != NULL)
		return;
	FUZZ_CHECK(
	    a.prefix >= 1 && a.prefix <= (a.ip.family == ADDR_IPV4 ? 32 : 128));
	FUZZ_CHECK(addr_in_network(&a.ip, &a.ip, a.prefix));
	check_address(&a.ip);
}

static void
try_mac(const char *text)
{
	uint8_t mac[FRAME_MAC_LEN];

	if (conf_value_mac(mac, text) == NULL)
		FUZZ_CHECK(strlen(text) == 17 && (mac[0] & 1) == 0);
}

static void
try_word(const char *text, size_t size)
{
	char *out = fuzz_copy(NULL, size);

	if (conf_value_word(out, size, text) == NULL)
		FUZZ_CHECK(strcmp(out, text) == 0);
	free(out);
}

static void
try_netif_name(const char *text)
{
	char *out = fuzz_copy(NULL, NETIF_NAME_MAX);

	if (conf_value_netif_name(out, text) == NULL)
		FUZZ_CHECK(strcmp(out, text) == 0 && strchr(text, '/') == NULL);
	free(out);
}

/* The text is base and path, with a newline between. */
static void
try_path(char *text, size_t size)
{
	char *end = strchr(text, '\n');
	char *out = fuzz_copy(NULL, size);

	if (end != NULL) {
		*end = '\0';
		if (conf_value_path(out, size, text, end + 1) == NULL)
			FUZZ_CHECK(strlen(out) >= strlen(end + 1));
	}
	free(out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { .at = data, .left = size };
	const uint8_t what = fuzz_u8(&in);
	char *text = fuzz_text(in.at, in.left);

	switch (what % 8) {
	case 0:
		try_endpoint(text, 0);
		break;
	case 1:
		try_endpoint(text, 52077);
		break;
	case 2:
		try_address(text);
		break;
	case 3:
		try_host(text);
		break;
	case 4:
		try_mac(text);
		break;
	case 5:
		try_word(text, 1u + what / 8);
		break;
	case 6:
		try_netif_name(text);
		break;
	default:
		try_path(text, 1u + what / 8);
		break;
	}
	free(text);
	return 0;
}
