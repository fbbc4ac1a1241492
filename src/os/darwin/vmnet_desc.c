/* SPDX-License-Identifier: ISC */
#include "os/darwin/vmnet_desc.h"

#include <netinet/in.h>
#include <string.h>
#include <uuid/uuid.h>
#include <vmnet/vmnet.h>

#include "os/sockaddr.h"

static void
set_text(xpc_object_t desc, const char *key, const struct addr *a)
{
	char text[SOCKADDR_TEXT_MAX];

	xpc_dictionary_set_string(desc, key, sockaddr_text(a, text));
}

/* The IPv4 address with all bits of its host part as given. */
static struct addr
with_host_bits(const struct addr *a, uint32_t mask, uint32_t bits)
{
	struct addr out = *a;
	uint32_t ip;

	memcpy(&ip, a->ip, sizeof(ip));
	ip = htonl((ntohl(ip) & mask) | bits);
	memcpy(out.ip, &ip, sizeof(ip));
	return out;
}

static uint32_t
mask_of(const struct ifconf_addr *a)
{
	return a->prefix == 0 ? 0 : UINT32_MAX << (32 - a->prefix);
}

/* The first IPv4 address, which vmnet gives to the host; NULL if there is
 * none. */
static const struct ifconf_addr *
host_of(const struct netif_config *c)
{
	for (unsigned int i = 0; i < c->addr_count; i++)
		if (c->addrs[i].ip.family == ADDR_IPV4)
			return &c->addrs[i];
	return NULL;
}

static void
set_mask(xpc_object_t desc, const char *key, const struct ifconf_addr *a)
{
	const struct addr zero = { .family = ADDR_IPV4 };
	const struct addr mask = with_host_bits(&zero, 0, mask_of(a));

	set_text(desc, key, &mask);
}

/* A network with an identifier has no DHCP server (vmnet.h, 11.0). */
static void
describe_host(xpc_object_t desc, const struct netif_config *c)
{
	const struct ifconf_addr *host = host_of(c);

	xpc_dictionary_set_uint64(
	    desc, vmnet_operation_mode_key, VMNET_HOST_MODE);
	xpc_dictionary_set_uuid(desc, vmnet_network_identifier_key, c->id);
	xpc_dictionary_set_uint64(desc, vmnet_mtu_key, c->mtu);
	if (host == NULL)
		return;
	set_text(desc, vmnet_host_ip_address_key, &host->ip);
	set_mask(desc, vmnet_host_subnet_mask_key, host);
}

/* The host is the first address of the range; DHCP serves those behind it. */
static void
describe_shared(xpc_object_t desc, const struct netif_config *c)
{
	const struct ifconf_addr *host = host_of(c);

	xpc_dictionary_set_uint64(
	    desc, vmnet_operation_mode_key, VMNET_SHARED_MODE);
	xpc_dictionary_set_uint64(desc, vmnet_mtu_key, c->mtu);
	if (host == NULL)
		return;
	const uint32_t mask = mask_of(host);
	const struct addr last = with_host_bits(&host->ip, mask, ~mask - 1);
	set_text(desc, vmnet_start_address_key, &host->ip);
	set_text(desc, vmnet_end_address_key, &last);
	set_mask(desc, vmnet_subnet_mask_key, host);
}

static void
describe_bridged(xpc_object_t desc, const struct netif_config *c)
{
	xpc_dictionary_set_uint64(
	    desc, vmnet_operation_mode_key, VMNET_BRIDGED_MODE);
	xpc_dictionary_set_string(
	    desc, vmnet_shared_interface_name_key, c->device);
}

xpc_object_t
vmnet_desc_create(const struct netif_config *c)
{
	static void (*const modes[NETIF_MODE_COUNT])(
	    xpc_object_t, const struct netif_config *) = {
		[NETIF_HOST] = describe_host,
		[NETIF_BRIDGED] = describe_bridged,
		[NETIF_SHARED] = describe_shared,
	};
	xpc_object_t desc = xpc_dictionary_create(NULL, NULL, 0);

	/* We are a switch, not a station. */
	xpc_dictionary_set_bool(desc, vmnet_allocate_mac_address_key, false);
	modes[c->mode](desc, c);
	return desc;
}
