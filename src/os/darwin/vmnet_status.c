/* SPDX-License-Identifier: ISC */
#include "os/darwin/vmnet_status.h"

#include <stddef.h>

#include "core/units.h"

struct status {
	uint32_t value;
	const char *name;
	const char *hint;
};

/* FAILURE is what vmnet says of almost everything, so its hint is a list. */
static const struct status statuses[] = {
	{ 1000, "VMNET_SUCCESS", "nothing is wrong" },
	{ 1001, "VMNET_FAILURE",
	    "run it as root (before macOS 26), choose another subnet with "
	    "interface.address, turn Internet Sharing off, or restart the "
	    "Mac if a crashed program keeps the subnet" },
	{ 1002, "VMNET_MEM_FAILURE", "the system is short of memory" },
	{ 1003, "VMNET_INVALID_ARGUMENT",
	    "vmnet does not take this configuration: look at "
	    "interface.address, interface.mtu and interface.device" },
	{ 1004, "VMNET_SETUP_INCOMPLETE", "the interface is not up yet" },
	{ 1005, "VMNET_INVALID_ACCESS",
	    "run it as root, or sign it with the entitlement "
	    "com.apple.security.virtualization (macOS 26)" },
	{ 1006, "VMNET_PACKET_TOO_BIG",
	    "a peer's interface.mtu is larger than ours" },
	{ 1007, "VMNET_BUFFER_EXHAUSTED", "the system is short of buffers" },
	{ 1008, "VMNET_TOO_MANY_PACKETS", "a fault of lansplice: report it" },
	{ 1009, "VMNET_SHARING_SERVICE_BUSY",
	    "Internet Sharing or another program uses this network: turn it "
	    "off, or choose another subnet with interface.address" },
	{ 1010, "VMNET_NOT_AUTHORIZED",
	    "run it as root, or sign it with the entitlement "
	    "com.apple.security.virtualization" },
};

static const struct status *
find_status(uint32_t value)
{
	for (size_t i = 0; i < ARRAY_LEN(statuses); i++)
		if (statuses[i].value == value)
			return &statuses[i];
	return NULL;
}

const char *
vmnet_status_name(uint32_t status)
{
	const struct status *s = find_status(status);

	return s == NULL ? "unknown status" : s->name;
}

const char *
vmnet_status_hint(uint32_t status)
{
	const struct status *s = find_status(status);

	return s == NULL ? "see vmnet/vmnet.h of the newest SDK" : s->hint;
}
