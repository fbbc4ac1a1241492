/* SPDX-License-Identifier: ISC */
/*
 * What vmnet's status values are called, and what to do about them.
 * Source: vmnet/vmnet.h of the macOS 12 SDK, enum vmnet_return_t; 1010 is in
 * the headers of macOS 26 only, so values are plain numbers here.
 * Thread: any. All texts are static.
 */
#ifndef OS_DARWIN_VMNET_STATUS_H
#define OS_DARWIN_VMNET_STATUS_H

#include <stdint.h>

/* "VMNET_FAILURE (1001)" as "VMNET_FAILURE"; "unknown status" for others. */
const char *vmnet_status_name(uint32_t status);

/* What a person may do, a clause without full stop; never NULL. */
const char *vmnet_status_hint(uint32_t status);

#endif
