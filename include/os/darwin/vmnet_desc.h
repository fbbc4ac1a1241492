/* SPDX-License-Identifier: ISC */
/*
 * What vmnet is asked for: the dictionary that describes the interface.
 * Source: vmnet/vmnet.h of the macOS 11.3 SDK, interface descriptor keys.
 * Thread: loop.
 */
#ifndef OS_DARWIN_VMNET_DESC_H
#define OS_DARWIN_VMNET_DESC_H

#include <xpc/xpc.h>

#include "os/netif.h"

/* The caller gives it to xpc_release. */
xpc_object_t vmnet_desc_create(const struct netif_config *c);

#endif
