/* SPDX-License-Identifier: ISC */
#include "daemon/conf_value.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "os/sockaddr.h"

/* Decimal without sign, space or leading zero; -1 if it is not, or above
 * max. */
static int
parse_small(const char *text, int max)
{
	int n = 0;

	if (*text == '\0' || (*text == '0' && text[1] != '\0'))
		return -1;
	for (; *text >= '0' && *text <= '9' && n <= max; text++)
		n = n * 10 + (*text - '0');
	return *text == '\0' && n <= max ? n : -1;
}

static uint32_t
ipv4_number(const struct addr *a)
{
	return (uint32_t)a->ip[0] << 24 | (uint32_t)a->ip[1] << 16 |
	    (uint32_t)a->ip[2] << 8 | a->ip[3];
}

/* RFC 1122, 3.2.1.3; RFC 3021 lets both addresses of a /31 be hosts. */
static const char *
check_ipv4(const struct ifconf_addr *a)
{
	uint32_t ip = ipv4_number(&a->ip);
	uint32_t hosts = a->prefix == 32 ? 0 : UINT32_MAX >> a->prefix;

	if (ip >> 24 == 0 || ip >> 28 >= 0xe)
		return "not an address of a host";
	if (a->prefix < 31 && (ip & hosts) == 0)
		return "the address of the network itself";
	if (a->prefix < 31 && (ip & hosts) == hosts)
		return "the broadcast address of the network";
	return NULL;
}

/* RFC 4291, 2.5.2 and 2.7. */
static const char *
check_ipv6(const struct ifconf_addr *a)
{
	static const uint8_t unspecified[sizeof(a->ip.ip)];

	if (a->ip.ip[0] == 0xff ||
	    memcmp(a->ip.ip, unspecified, sizeof(unspecified)) == 0)
		return "not an address of a host";
	return NULL;
}

const char *
conf_value_host(struct ifconf_addr *out, const char *text)
{
	char ip[SOCKADDR_TEXT_MAX];
	size_t len = strcspn(text, "/");

	if (text[len] != '/')
		return "the prefix length is missing";
	if (len >= sizeof(ip))
		return "not an address";
	memcpy(ip, text, len);
	ip[len] = '\0';

	*out = (struct ifconf_addr){ 0 };
	if (strchr(ip, '%') != NULL)
		return "an address with a scope";
	if (sockaddr_parse(&out->ip, ip) != 0)
		return "not an address";
	bool is_ipv4 = out->ip.family == ADDR_IPV4;
	int prefix = parse_small(text + len + 1, is_ipv4 ? 32 : 128);
	if (prefix < 1)
		return is_ipv4 ? "a prefix length outside 1..32"
			       : "a prefix length outside 1..128";
	out->prefix = (uint8_t)prefix;
	return is_ipv4 ? check_ipv4(out) : check_ipv6(out);
}

static int
hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *found = c == '\0' ? NULL : strchr(digits, c);

	return found == NULL ? -1 : (int)(found - digits) % 16;
}

const char *
conf_value_mac(uint8_t out[static FRAME_MAC_LEN], const char *text)
{
	static const uint8_t zeros[FRAME_MAC_LEN];

	if (strlen(text) != 3 * FRAME_MAC_LEN - 1)
		return "not a MAC address";
	for (size_t i = 0; i < FRAME_MAC_LEN; i++) {
		int high = hex_digit(text[3 * i]);
		int low = hex_digit(text[3 * i + 1]);
		char end = i + 1 < FRAME_MAC_LEN ? ':' : '\0';
		if (high < 0 || low < 0 || text[3 * i + 2] != end)
			return "not a MAC address";
		out[i] = (uint8_t)(high << 4 | low);
	}
	if (frame_mac_is_group(out))
		return "a group address";
	if (memcmp(out, zeros, sizeof(zeros)) == 0)
		return "not a MAC address";
	return NULL;
}

/* Printable ASCII without space and without the characters of `bad`. */
static bool
is_word(const char *text, const char *bad)
{
	for (; *text != '\0'; text++) {
		if (*text <= ' ' || *text >= 0x7f || strchr(bad, *text) != NULL)
			return false;
	}
	return true;
}

const char *
conf_value_netif_name(char out[static NETIF_NAME_MAX], const char *text)
{
	/* ':' is an alias to old tools, '%' a template to tun(4). */
	if (!is_word(text, "/:%"))
		return "a character that no interface name may have";
	if (strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
		return "not a name";
	return conf_value_word(out, NETIF_NAME_MAX, text);
}

const char *
conf_value_word(char *out, size_t size, const char *text)
{
	size_t len = strlen(text);

	if (len == 0)
		return "empty";
	if (len >= size)
		return "too long";
	if (!is_word(text, "="))
		return "a space, an = or an unprintable character";
	memcpy(out, text, len + 1);
	return NULL;
}

const char *
conf_value_path(char *out, size_t size, const char *base, const char *text)
{
	const char *slash = strrchr(base, '/');
	int folder = slash == NULL ? 0 : (int)(slash - base) + 1;

	if (*text == '\0')
		return "empty";
	if (*text == '/')
		folder = 0;
	int len = snprintf(out, size, "%.*s%s", folder, base, text);
	return len < 0 || (size_t)len >= size ? "too long" : NULL;
}
