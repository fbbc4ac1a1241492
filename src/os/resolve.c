/* SPDX-License-Identifier: ISC */
#include "os/resolve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "os/sockaddr.h"

static const char resolve_name_chars[] = "abcdefghijklmnopqrstuvwxyz"
					 "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					 "0123456789-._";

struct resolve_list {
	struct addr addrs[RESOLVE_ADDRS_MAX];
	int count;
};

/* Decimal, 1 to 65535, without leading zeros; 0 if it is not. */
static uint16_t
resolve_parse_port(const char *text)
{
	uint32_t port = 0;
	const size_t len = strspn(text, "0123456789");

	if (len == 0 || len > 5 || text[len] != '\0' || text[0] == '0')
		return 0;
	for (size_t i = 0; i < len; i++)
		port = port * 10 + (uint32_t)(text[i] - '0');
	return port > UINT16_MAX ? 0 : (uint16_t)port;
}

/* An interface that is named behind '%' may appear later, so it is not
 * looked at. */
static bool
resolve_is_ipv6(const char *host)
{
	char ip[INET6_ADDRSTRLEN];
	const size_t len = strcspn(host, "%");
	struct in6_addr in6;

	if (len >= sizeof(ip) || (host[len] == '%' && host[len + 1] == '\0'))
		return false;
	memcpy(ip, host, len);
	ip[len] = '\0';
	return inet_pton(AF_INET6, ip, &in6) == 1;
}

static bool
resolve_is_name(const char *host)
{
	return host[0] != '\0' &&
	    host[strspn(host, resolve_name_chars)] == '\0';
}

static bool
resolve_list_has(const struct resolve_list *list, const struct addr *a)
{
	for (int i = 0; i < list->count; i++)
		if (addr_equal(&list->addrs[i], a))
			return true;
	return false;
}

static void
resolve_list_add(struct resolve_list *list, const struct addr *a)
{
	if (list->count < RESOLVE_ADDRS_MAX && !resolve_list_has(list, a))
		list->addrs[list->count++] = *a;
}

/* first and second in turn, then what is left of the longer one. */
static int
resolve_alternate(struct addr *out, const struct resolve_list *first,
    const struct resolve_list *second)
{
	int n = 0;

	for (int i = 0; i < RESOLVE_ADDRS_MAX; i++) {
		if (i < first->count && n < RESOLVE_ADDRS_MAX)
			out[n++] = first->addrs[i];
		if (i < second->count && n < RESOLVE_ADDRS_MAX)
			out[n++] = second->addrs[i];
	}
	return n;
}

/* The family that the system names first stays first (RFC 6724). */
static int
resolve_collect(const struct addrinfo *ai, uint16_t port, struct addr *out)
{
	struct resolve_list ipv4 = { .count = 0 };
	struct resolve_list ipv6 = { .count = 0 };
	uint8_t first = ADDR_NONE;

	for (; ai != NULL; ai = ai->ai_next) {
		struct addr a;

		if (!sockaddr_to_addr(&a, ai->ai_addr, ai->ai_addrlen))
			continue;
		a.port = port;
		if (first == ADDR_NONE)
			first = a.family;
		resolve_list_add(a.family == ADDR_IPV4 ? &ipv4 : &ipv6, &a);
	}
	return first == ADDR_IPV4 ? resolve_alternate(out, &ipv4, &ipv6)
				  : resolve_alternate(out, &ipv6, &ipv4);
}

int
resolve_parse(struct resolve_name *out, const char *text, uint16_t default_port)
{
	const bool bracket = text[0] == '[';
	const char *host = bracket ? text + 1 : text;
	const size_t len = strcspn(host, bracket ? "]" : ":");
	const char *rest = host + len;

	*out = (struct resolve_name){ .port = default_port };
	if (len >= sizeof(out->host) || (bracket && *rest++ != ']'))
		goto invalid;
	memcpy(out->host, host, len);
	if (!(bracket ? resolve_is_ipv6(out->host)
		      : resolve_is_name(out->host)))
		goto invalid;
	if (*rest == ':')
		out->port = resolve_parse_port(rest + 1);
	else if (*rest != '\0')
		goto invalid;
	if (out->port == 0)
		goto invalid;
	return 0;
invalid:
	errno = EINVAL;
	return -1;
}

bool
resolve_numeric(const struct resolve_name *name, struct addr *out)
{
	if (sockaddr_parse(out, name->host) != 0)
		return false;
	out->port = name->port;
	return true;
}

int
resolve_lookup(const struct resolve_name *name,
    struct addr out[static RESOLVE_ADDRS_MAX], const char **reason)
{
	const struct addrinfo hints = {
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_DGRAM,
	};
	struct addrinfo *found = NULL;
	const int error = getaddrinfo(name->host, NULL, &hints, &found);

	if (error != 0) {
		*reason = gai_strerror(error);
		return -1;
	}
	const int n = resolve_collect(found, name->port, out);
	freeaddrinfo(found);
	if (n == 0) {
		*reason = "no IPv4 or IPv6 address";
		return -1;
	}
	return n;
}
