/* SPDX-License-Identifier: ISC */
#include "os/sockaddr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
sockaddr_ipv4(struct addr *out, const struct in_addr *ip)
{
	*out = (struct addr){ .family = ADDR_IPV4 };
	memcpy(out->ip, ip, sizeof(*ip));
}

/* Scopes other than a link mean nothing to us and would only make two values
 * of one address. */
static void
sockaddr_ipv6(struct addr *out, const struct in6_addr *ip, uint32_t scope)
{
	*out = (struct addr){ .family = ADDR_IPV6 };
	if (IN6_IS_ADDR_V4MAPPED(ip)) {
		out->family = ADDR_IPV4;
		memcpy(out->ip, &ip->s6_addr[12], 4);
		return;
	}
	memcpy(out->ip, ip, sizeof(*ip));
	if (IN6_IS_ADDR_LINKLOCAL(ip))
		out->scope = scope;
}

/* Index of an interface by its name or in decimal; 0 if there is none. */
static uint32_t
sockaddr_parse_scope(const char *text)
{
	const unsigned int index = if_nametoindex(text);
	char *end;

	if (index != 0 || text[0] < '0' || text[0] > '9')
		return index;
	errno = 0;
	const unsigned long long n = strtoull(text, &end, 10);
	return errno != 0 || *end != '\0' || n > UINT32_MAX ? 0 : (uint32_t)n;
}

/* "%en0", or "" without a scope. */
static void
sockaddr_put_scope(char out[static IF_NAMESIZE + 1], uint32_t scope)
{
	char name[IF_NAMESIZE];

	out[0] = '\0';
	if (scope == 0)
		return;
	if (if_indextoname(scope, name) != NULL)
		snprintf(out, IF_NAMESIZE + 1, "%%%s", name);
	else
		snprintf(out, IF_NAMESIZE + 1, "%%%u", (unsigned int)scope);
}

socklen_t
sockaddr_from_addr(struct sockaddr_storage *out, const struct addr *a)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };

	memset(out, 0, sizeof(*out));
	switch (a->family) {
	case ADDR_IPV4:
		in.sin_port = htons(a->port);
		memcpy(&in.sin_addr, a->ip, sizeof(in.sin_addr));
		memcpy(out, &in, sizeof(in));
		return sizeof(in);
	case ADDR_IPV6:
		in6.sin6_port = htons(a->port);
		in6.sin6_scope_id = a->scope;
		memcpy(&in6.sin6_addr, a->ip, sizeof(in6.sin6_addr));
		memcpy(out, &in6, sizeof(in6));
		return sizeof(in6);
	default:
		return 0;
	}
}

bool
sockaddr_to_addr(struct addr *out, const struct sockaddr *sa, socklen_t len)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	*out = (struct addr){ .family = ADDR_NONE };
	if (len >= sizeof(in) && sa->sa_family == AF_INET) {
		memcpy(&in, sa, sizeof(in));
		sockaddr_ipv4(out, &in.sin_addr);
		out->port = ntohs(in.sin_port);
		return true;
	}
	if (len >= sizeof(in6) && sa->sa_family == AF_INET6) {
		memcpy(&in6, sa, sizeof(in6));
		sockaddr_ipv6(out, &in6.sin6_addr, in6.sin6_scope_id);
		out->port = ntohs(in6.sin6_port);
		return true;
	}
	return false;
}

const char *
sockaddr_text(const struct addr *a, char out[static SOCKADDR_TEXT_MAX])
{
	const bool is_ipv6 = a->family == ADDR_IPV6;
	char ip[INET6_ADDRSTRLEN] = "none";
	char scope[IF_NAMESIZE + 1];

	if (a->family != ADDR_NONE)
		(void)inet_ntop(
		    is_ipv6 ? AF_INET6 : AF_INET, a->ip, ip, sizeof(ip));
	sockaddr_put_scope(scope, is_ipv6 ? a->scope : 0);
	if (a->port == 0 || a->family == ADDR_NONE)
		snprintf(out, SOCKADDR_TEXT_MAX, "%s%s", ip, scope);
	else
		snprintf(out, SOCKADDR_TEXT_MAX,
		    is_ipv6 ? "[%s%s]:%u" : "%s%s:%u", ip, scope,
		    (unsigned int)a->port);
	return out;
}

int
sockaddr_parse(struct addr *out, const char *text)
{
	char ip[INET6_ADDRSTRLEN];
	const size_t len = strcspn(text, "%");
	struct in_addr in;
	struct in6_addr in6;
	uint32_t scope = 0;

	if (inet_pton(AF_INET, text, &in) == 1) {
		sockaddr_ipv4(out, &in);
		return 0;
	}
	if (len >= sizeof(ip))
		goto invalid;
	memcpy(ip, text, len);
	ip[len] = '\0';
	if (inet_pton(AF_INET6, ip, &in6) != 1)
		goto invalid;
	if (text[len] == '%') {
		scope = sockaddr_parse_scope(text + len + 1);
		if (scope == 0 || !IN6_IS_ADDR_LINKLOCAL(&in6))
			goto invalid;
	}
	sockaddr_ipv6(out, &in6, scope);
	return 0;
invalid:
	errno = EINVAL;
	return -1;
}
