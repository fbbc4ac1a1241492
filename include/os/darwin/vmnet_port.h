/* SPDX-License-Identifier: ISC */
/*
 * One interface of Apple's vmnet.framework: made, unmade, frames both ways.
 * Nothing here waits for the framework longer than the caller says.
 * Source: vmnet/vmnet.h and dispatch/dispatch.h of the macOS 11.3 SDK;
 * "vmnet" at developer.apple.com/documentation; lansplice(8), MACOS.
 * Thread: the loop's, but for one function: frames from the host are read on
 * a dispatch queue of the port's own, which touches the ring, loop_wake and
 * a few atomics, never blocks, and leaves frames in vmnet while the ring is
 * full.
 * Memory: allocated by open and at each start; none while frames pass.
 */
#ifndef OS_DARWIN_VMNET_PORT_H
#define OS_DARWIN_VMNET_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/addr.h"
#include "core/frame.h"
#include "core/units.h"
#include "os/loop.h"
#include "os/netif.h"

enum {
	VMNET_PORT_PACKETS = 200, /* of a call, before macOS 15 told its own */
	VMNET_PORT_BYTES = 256 << 10, /* of a call, then as well */
	VMNET_PORT_BATCH = 256,       /* packets; no call takes more from us */
	VMNET_PORT_FAILURES = 3,      /* calls in a row: it is dead */
};
#define VMNET_PORT_PAUSE US(50) /* before the one retry of a full buffer */

enum vmnet_port_answer {
	VMNET_PORT_PENDING, /* not yet */
	VMNET_PORT_DONE,
	VMNET_PORT_FAILED, /* vmnet_port_status says how */
};

struct vmnet_port;

/* No interface yet. NULL with errno. */
struct vmnet_port *vmnet_port_open(
    const struct netif_config *c, struct loop *l);

/*
 * Frees it; idle, or stopped. A port that vmnet never answered is left as it
 * is, since the framework may still use it: for the process to end.
 */
void vmnet_port_close(struct vmnet_port *p);

/* Asks an idle port's vmnet for the interface, or to take it back from one
 * that is up. The loop is woken when vmnet has answered. */
void vmnet_port_start(struct vmnet_port *p);
void vmnet_port_stop(struct vmnet_port *p);

/* What came of it, waiting up to wait_ns. Once DONE, frames pass after a
 * start, and the port is idle again after a stop. After FAILED it is idle. */
MUST_USE enum vmnet_port_answer vmnet_port_poll(
    struct vmnet_port *p, uint64_t wait_ns);

/* True if there is an interface: it may be stopped. */
bool vmnet_port_is_up(const struct vmnet_port *p);

/* vmnet's status value of what failed last. */
uint32_t vmnet_port_status(const struct vmnet_port *p);

/* True if reading or writing failed such that only a new start helps. */
bool vmnet_port_is_broken(const struct vmnet_port *p);

/* The host's address as vmnet told it; ADDR_NONE if it did not. */
struct addr vmnet_port_host(const struct vmnet_port *p);

/* As netif_recv and netif_send; while it is not up: nothing, and all dropped.
 */
MUST_USE int vmnet_port_recv(struct vmnet_port *p, struct frame *out, int max);
void vmnet_port_send(
    struct vmnet_port *p, const struct frame *frames, int count);

/* True if vmnet_port_recv would give frames. */
bool vmnet_port_has_frames(const struct vmnet_port *p);

/* How often frames had to wait in vmnet for room. */
uint64_t vmnet_port_full(const struct vmnet_port *p);

#endif
