/* SPDX-License-Identifier: ISC */
/*
 * Stand-in for Apple's <vmnet/vmnet.h>: the classic interface calls,
 * tests/shim/vmnet.c.
 * Source: phracker/MacOSX-SDKs, MacOSX11.3.sdk/System/Library/Frameworks/
 * vmnet.framework/Versions/A/Headers/vmnet.h, line beside each item. The
 * macros of that header (OBJC_ENUM, __nullable) are written out as plain C on
 * a Mac sees them, so that the same warnings come.
 */
#ifndef SHIM_VMNET_VMNET_H
#define SHIM_VMNET_VMNET_H

#include <stddef.h>
#include <stdint.h>

#include <dispatch/dispatch.h>
#include <os/availability.h>
#include <xpc/xpc.h>

/* On a Mac these are a system header's, where no warning is given. */
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wfixed-enum-extension"
#pragma clang diagnostic ignored "-Wnullability-extension"
#pragma clang assume_nonnull begin

/* Not in that header, which leaves it to <sys/uio.h>. */
struct iovec;

/* Lines 92 to 96. */
typedef enum operating_modes_t : uint32_t {
	VMNET_HOST_MODE = 1000,
	VMNET_SHARED_MODE = 1001,
	VMNET_BRIDGED_MODE = 1002,
} operating_modes_t;

/* Lines 111 to 113. */
typedef enum interface_event_t : uint32_t {
	VMNET_INTERFACE_PACKETS_AVAILABLE = 1 << 0,
} interface_event_t;

/* Lines 133 to 144; 1010, VMNET_NOT_AUTHORIZED, is in SDKs from 26 on only,
 * so that no source may name it (vmnet.md section 1.1). */
typedef enum vmnet_return_t : uint32_t {
	VMNET_SUCCESS = 1000,
	VMNET_FAILURE = 1001,
	VMNET_MEM_FAILURE = 1002,
	VMNET_INVALID_ARGUMENT = 1003,
	VMNET_SETUP_INCOMPLETE = 1004,
	VMNET_INVALID_ACCESS = 1005,
	VMNET_PACKET_TOO_BIG = 1006,
	VMNET_BUFFER_EXHAUSTED = 1007,
	VMNET_TOO_MANY_PACKETS = 1008,
	VMNET_SHARING_SERVICE_BUSY = 1009,
} vmnet_return_t;

/* Lines 165 to 170. */
struct vmpktdesc {
	size_t vm_pkt_size;
	struct iovec *vm_pkt_iov;
	uint32_t vm_pkt_iovcnt;
	uint32_t vm_flags;
};

_Static_assert(sizeof(vmnet_return_t) == 4, "vmnet.h line 133");
_Static_assert(sizeof(operating_modes_t) == 4, "vmnet.h line 92");
_Static_assert(sizeof(interface_event_t) == 4, "vmnet.h line 111");
_Static_assert(offsetof(struct vmpktdesc, vm_pkt_size) == 0, "line 166");
_Static_assert(offsetof(struct vmpktdesc, vm_pkt_iov) == 8, "line 167");
_Static_assert(offsetof(struct vmpktdesc, vm_pkt_iovcnt) == 16, "line 168");
_Static_assert(offsetof(struct vmpktdesc, vm_flags) == 20, "line 169");
_Static_assert(sizeof(struct vmpktdesc) == 24, "lines 165 to 170, LP64");

/* Line 178. */
typedef struct vmnet_interface *interface_ref;

/*
 * The keys, lines 180 on; the values are the names without "_key" (vmnet.md
 * section 1.3). The SDK has them without the second const, which no source
 * needs; the second const finds a source that would write there.
 */
extern const char *const vmnet_operation_mode_key;
extern const char *const vmnet_shared_interface_name_key;
extern const char *const vmnet_mac_address_key;
extern const char *const vmnet_allocate_mac_address_key;
extern const char *const vmnet_mtu_key;
extern const char *const vmnet_max_packet_size_key;
extern const char *const vmnet_interface_id_key;
extern const char *const vmnet_start_address_key;
extern const char *const vmnet_end_address_key;
extern const char *const vmnet_subnet_mask_key;
extern const char *const vmnet_nat66_prefix_key;
extern const char *const vmnet_estimated_packets_available_key;
extern const char *const vmnet_network_identifier_key;
extern const char *const vmnet_host_ip_address_key;
extern const char *const vmnet_host_subnet_mask_key;
extern const char *const vmnet_host_ipv6_address_key;
extern const char *const vmnet_enable_tso_key;
extern const char *const vmnet_enable_isolation_key;

/* The functions, under their names there. */
typedef void (^vmnet_start_interface_completion_handler_t)(
    vmnet_return_t status, xpc_object_t _Nullable interface_param);
interface_ref _Nullable vmnet_start_interface(xpc_object_t interface_desc,
    dispatch_queue_t queue, vmnet_start_interface_completion_handler_t handler);

typedef void (^vmnet_interface_event_callback_t)(
    interface_event_t event_mask, xpc_object_t event);
vmnet_return_t vmnet_interface_set_event_callback(interface_ref interface,
    interface_event_t event_mask, dispatch_queue_t _Nullable queue,
    vmnet_interface_event_callback_t _Nullable callback);

vmnet_return_t vmnet_write(
    interface_ref interface, struct vmpktdesc *packets, int *pktcnt);
vmnet_return_t vmnet_read(
    interface_ref interface, struct vmpktdesc *packets, int *pktcnt);

typedef void (^vmnet_interface_completion_handler_t)(vmnet_return_t status);
vmnet_return_t vmnet_stop_interface(interface_ref interface,
    dispatch_queue_t queue, vmnet_interface_completion_handler_t handler);

xpc_object_t _Nullable vmnet_copy_shared_interface_list(void);

#pragma clang assume_nonnull end
#pragma clang diagnostic pop

#endif
