/* SPDX-License-Identifier: ISC */
/*
 * What vmnet_start_interface may be asked.
 * Source: vmnet.md sections 1.3 and 5.5, after MacOSX11.3.sdk vmnet.h; the
 * MTU's bounds: section 5.4 (576), section 1.3 (16384). Combinations of which
 * the header says nothing are refused. Offloads are not modelled.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "inner.h"

enum {
	HOST = 1,
	SHARED = 2,
	BRIDGED = 4,
	MTU_MIN = 576,
	MTU_MAX = 16384,
};

static const struct key {
	const char *name;
	xpc_type_t type;
	unsigned int modes; /* that take it */
} keys[] = {
	{ "vmnet_operation_mode", XPC_TYPE_UINT64, HOST | SHARED | BRIDGED },
	{ "vmnet_shared_interface_name", XPC_TYPE_STRING, BRIDGED },
	{ "vmnet_allocate_mac_address", XPC_TYPE_BOOL,
	    HOST | SHARED | BRIDGED },
	{ "vmnet_interface_id", XPC_TYPE_UUID, HOST | SHARED | BRIDGED },
	{ "vmnet_mtu", XPC_TYPE_UINT64, HOST | SHARED },
	{ "vmnet_start_address", XPC_TYPE_STRING, HOST | SHARED },
	{ "vmnet_end_address", XPC_TYPE_STRING, HOST | SHARED },
	{ "vmnet_subnet_mask", XPC_TYPE_STRING, HOST | SHARED },
	{ "vmnet_nat66_prefix", XPC_TYPE_STRING, SHARED },
	{ "vmnet_network_identifier", XPC_TYPE_UUID, HOST },
	{ "vmnet_host_ip_address", XPC_TYPE_STRING, HOST },
	{ "vmnet_host_subnet_mask", XPC_TYPE_STRING, HOST },
	{ "vmnet_host_ipv6_address", XPC_TYPE_STRING, HOST },
	{ "vmnet_enable_isolation", XPC_TYPE_BOOL, HOST | SHARED | BRIDGED },
};

static unsigned int
mode_bit(uint64_t mode)
{
	return mode == VMNET_HOST_MODE   ? HOST
	    : mode == VMNET_SHARED_MODE  ? SHARED
	    : mode == VMNET_BRIDGED_MODE ? BRIDGED
					 : 0;
}

static bool
key_fits(const char *name, xpc_object_t value, unsigned int mode)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strcmp(keys[i].name, name) == 0)
			return keys[i].type == xpc_get_type(value) &&
			    (keys[i].modes & mode) != 0;
	}
	return false;
}

/* False: longer than any address. */
static bool
text(xpc_object_t desc, const char *key, char out[static SHIM_TEXT])
{
	const char *s = xpc_dictionary_get_string(desc, key);

	if (s == NULL)
		return true;
	if (strlen(s) >= SHIM_TEXT || *s == '\0')
		return false;
	memcpy(out, s, strlen(s) + 1);
	return true;
}

static bool
fill(xpc_object_t desc, struct shim_ask *a)
{
	const uint8_t *id =
	    xpc_dictionary_get_uuid(desc, vmnet_network_identifier_key);
	xpc_object_t allocate =
	    xpc_dictionary_get_value(desc, vmnet_allocate_mac_address_key);

	a->mode = xpc_dictionary_get_uint64(desc, vmnet_operation_mode_key);
	a->mtu = xpc_dictionary_get_uint64(desc, vmnet_mtu_key);
	a->allocate_mac = allocate == NULL || xpc_bool_get_value(allocate);
	a->has_id = id != NULL;
	if (id != NULL)
		memcpy(a->id, id, sizeof(a->id));
	return text(desc, vmnet_shared_interface_name_key, a->device) &&
	    text(desc, vmnet_host_ip_address_key, a->ip) &&
	    text(desc, vmnet_host_subnet_mask_key, a->mask) &&
	    text(desc, vmnet_host_ipv6_address_key, a->ip6) &&
	    text(desc, vmnet_start_address_key, a->start) &&
	    text(desc, vmnet_end_address_key, a->end) &&
	    text(desc, vmnet_subnet_mask_key, a->subnet);
}

static bool
ip4(const char *s, uint32_t *out)
{
	struct in_addr a;

	if (inet_pton(AF_INET, s, &a) != 1)
		return false;
	*out = ntohl(a.s_addr);
	return true;
}

static bool
is_mask(const char *s)
{
	uint32_t m;

	return ip4(s, &m) && m != 0 && (~m & (~m + 1)) == 0;
}

/* RFC 1918 section 3. */
static bool
is_private(const char *s)
{
	uint32_t a;

	return ip4(s, &a) &&
	    (a >> 24 == 10 || a >> 20 == 0xac1 || a >> 16 == 0xc0a8);
}

/* The network of its own, with an identifier. */
static bool
own_fits(const struct shim_ask *a)
{
	uint32_t ip;
	struct in6_addr ip6;

	if ((*a->ip == '\0') != (*a->mask == '\0'))
		return false;
	if ((*a->ip != '\0' || *a->ip6 != '\0') && !a->has_id)
		return false;
	if (*a->ip != '\0' && (!ip4(a->ip, &ip) || !is_mask(a->mask)))
		return false;
	return *a->ip6 == '\0' || inet_pton(AF_INET6, a->ip6, &ip6) == 1;
}

/* The range of the DHCP server: all three or none. */
static bool
pool_fits(const struct shim_ask *a)
{
	int given =
	    (*a->start != '\0') + (*a->end != '\0') + (*a->subnet != '\0');

	if (given == 0)
		return true;
	return given == 3 && !a->has_id && is_private(a->start) &&
	    is_private(a->end) && is_mask(a->subnet);
}

vmnet_return_t
shim_desc(xpc_object_t desc, struct shim_ask *out)
{
	memset(out, 0, sizeof(*out));
	if (!fill(desc, out))
		return VMNET_INVALID_ARGUMENT;

	unsigned int mode = mode_bit(out->mode);
	bool fits = xpc_dictionary_apply(
	    desc, ^bool(const char *name, xpc_object_t value) {
	      return key_fits(name, value, mode);
	    });
	bool mtu = xpc_dictionary_get_value(desc, vmnet_mtu_key) == NULL ||
	    (out->mtu >= MTU_MIN && out->mtu <= MTU_MAX);
	bool device = mode != BRIDGED || *out->device != '\0';

	if (mode == 0 || !fits || !mtu || !device || !own_fits(out) ||
	    !pool_fits(out))
		return VMNET_INVALID_ARGUMENT;
	return VMNET_SUCCESS;
}
