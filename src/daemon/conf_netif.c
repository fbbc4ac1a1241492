/* SPDX-License-Identifier: ISC */
#include "daemon/conf_netif.h"

#include <string.h>

static const char *const mode_names[] = {
	[NETIF_HOST] = "host",
	[NETIF_BRIDGED] = "bridged",
	[NETIF_SHARED] = "shared",
};
_Static_assert(ARRAY_LEN(mode_names) == NETIF_MODE_COUNT, "a mode has no name");

int
conf_netif_mode(const char *text)
{
	for (int i = 0; i < NETIF_MODE_COUNT; i++)
		if (strcmp(mode_names[i], text) == 0)
			return i;
	return -1;
}

/* One thing that must not be, and what to say of it. */
struct rule {
	bool broken;
	enum conf_id key;
	const char *words;
};

static const char *
first_broken(const struct rule *rules, size_t count, enum conf_id *key)
{
	for (size_t i = 0; i < count; i++)
		if (rules[i].broken) {
			*key = rules[i].key;
			return rules[i].words;
		}
	return NULL;
}

static const char *
check_tap(const struct conf_netif *c, enum conf_id *key)
{
	const struct rule rules[] = {
		{ c->config->mode != NETIF_HOST, CONF_INTERFACE_MODE,
		    "only vmnet (macOS) has this mode; a TAP can join a bridge "
		    "of the system's" },
		{ c->config->device[0] != '\0', CONF_INTERFACE_DEVICE,
		    "only vmnet (macOS) takes one; a TAP can join a bridge of "
		    "the system's" },
	};

	return first_broken(rules, ARRAY_LEN(rules), key);
}

static unsigned int
count_family(const struct netif_config *n, enum addr_family family)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < n->addr_count; i++)
		count += n->addrs[i].ip.family == family;
	return count;
}

/* vmnet makes the first IPv4 address the host's; by it we find the bridge. */
static bool
first_ipv4_is_host(const struct netif_config *n)
{
	for (unsigned int i = 0; i < n->addr_count; i++)
		if (n->addrs[i].ip.family == ADDR_IPV4)
			return n->addrs[i].prefix <= 30;
	return true;
}

static const char *
check_host(const struct conf_netif *c, enum conf_id *key)
{
	const struct netif_config *n = c->config;
	const struct rule rules[] = {
		{ count_family(n, ADDR_IPV4) == 0, CONF_INTERFACE_ADDRESS,
		    "vmnet's host mode needs an IPv4 address" },
		{ !first_ipv4_is_host(n), CONF_INTERFACE_ADDRESS,
		    "vmnet's host mode needs a network of /30 or larger" },
		{ n->device[0] != '\0', CONF_INTERFACE_DEVICE,
		    "belongs to mode \"bridged\"" },
	};

	return first_broken(rules, ARRAY_LEN(rules), key);
}

/* vmnet refuses an MTU there, and the card keeps its own MAC address. */
static const char *
check_bridged(const struct conf_netif *c, enum conf_id *key)
{
	const struct netif_config *n = c->config;
	const struct rule rules[] = {
		{ n->device[0] == '\0', CONF_INTERFACE_DEVICE,
		    "missing; mode \"bridged\" needs one (see lansplice "
		    "interfaces)" },
		{ n->addr_count != 0, CONF_INTERFACE_ADDRESS,
		    "in mode \"bridged\" the host keeps the addresses of its "
		    "network card" },
		{ n->has_mac, CONF_INTERFACE_MAC,
		    "in mode \"bridged\" it is the network card's" },
	};

	return first_broken(rules, ARRAY_LEN(rules), key);
}

static const char *
check_shared(const struct conf_netif *c, enum conf_id *key)
{
	const struct netif_config *n = c->config;
	const struct rule rules[] = {
		{ n->addr_count != 1 || count_family(n, ADDR_IPV6) > 0,
		    CONF_INTERFACE_ADDRESS,
		    "vmnet's shared mode needs one IPv4 address" },
		{ !first_ipv4_is_host(n), CONF_INTERFACE_ADDRESS,
		    "vmnet's shared mode needs a network of /30 or larger" },
		{ n->device[0] != '\0', CONF_INTERFACE_DEVICE,
		    "belongs to mode \"bridged\"" },
	};

	return first_broken(rules, ARRAY_LEN(rules), key);
}

const char *
conf_netif_check(const struct conf_netif *c, enum conf_id *key)
{
	if (strcmp(c->type, "vmnet") != 0)
		return check_tap(c, key);
	*key = CONF_INTERFACE_NAME;
	if (c->has_name)
		return "vmnet names its interface itself (bridge100 and up)";
	switch (c->config->mode) {
	case NETIF_BRIDGED:
		return check_bridged(c, key);
	case NETIF_SHARED:
		return check_shared(c, key);
	default:
		return check_host(c, key);
	}
}
