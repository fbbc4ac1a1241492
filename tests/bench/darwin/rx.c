/* SPDX-License-Identifier: ISC */
/*
 * Nanoseconds and copies a frame on the Mac's way from vmnet's event to
 * sealed datagrams: the handler's block, vmnet_read into the ring, loop_wake,
 * vmnet_port_recv, node_lan_in. Ends with 1 if a frame is copied more than
 * once, or if batches are small although frames wait.
 *   rx [ROUNDS]           prints medians as a Markdown table
 *
 * One thread, so that the figures are the code's and not the scheduler's:
 * vmnet and dispatch are functions below that do at once what they are asked.
 * What vmnet itself takes, copying a frame into the slot for one, is not in
 * the figures: a slot gets its frame once, and a read says that it is there.
 */
#include <Block.h>
#include <dispatch/dispatch.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <vmnet/vmnet.h>

#include "../lib/sides.h"
#include "core/ring.h"
#include "os/darwin/vmnet_port.h"
#include "os/loop.h"
#include "os/netif.h"

enum {
	LOAD = 1024,        /* frames that wait at an event */
	BURSTS = 12,        /* events of a round */
	FRAME_BYTES = 1514, /* vmnet's largest */
	FRAME_LONG = 1400,  /* the longest sent here */
	READ_MAX = 256,     /* packets; what macOS 15 and later tell */
	TIMED_OUT = 49,     /* KERN_OPERATION_TIMED_OUT, mach/kern_return.h */
};

/* Into the datagram, whose key stream goes over it in place; and what may
 * come on top for headers and the like. libsodium's own copies, of a block at
 * most, are not seen. */
#define COPIES_MIN 1.0
#define COPIES_MAX 1.1

/* What was spent between meter_start and meter_stop. */
static struct {
	bool on;
	uint64_t begin;
	uint64_t ns;
	uint64_t copied; /* bytes */
} meter;

static void
meter_start(void)
{
	meter.on = true;
	meter.begin = sides_clock_ns();
}

static void
meter_stop(void)
{
	meter.ns += sides_clock_ns() - meter.begin;
	meter.on = false;
}

/*
 * The linker leads the calls here (ld(1), --wrap); the forms with _chk are
 * _FORTIFY_SOURCE's. Copies of a known few bytes are instructions and no
 * calls, and so would be a loop by hand, which is not seen.
 */

void *__real_memcpy(void *to, const void *from, size_t len);
void *__real_memmove(void *to, const void *from, size_t len);
void *__wrap_memcpy(void *to, const void *from, size_t len);
void *__wrap_memmove(void *to, const void *from, size_t len);
void *__wrap___memcpy_chk(void *to, const void *from, size_t len, size_t room);
void *__wrap___memmove_chk(void *to, const void *from, size_t len, size_t room);

static void
note_copy(size_t len)
{
	if (meter.on)
		meter.copied += len;
}

void *
__wrap_memcpy(void *to, const void *from, size_t len)
{
	note_copy(len);
	return __real_memcpy(to, from, len);
}

void *
__wrap_memmove(void *to, const void *from, size_t len)
{
	note_copy(len);
	return __real_memmove(to, from, len);
}

void *
__wrap___memcpy_chk(void *to, const void *from, size_t len, size_t room)
{
	if (len > room)
		abort();
	return __wrap_memcpy(to, from, len);
}

void *
__wrap___memmove_chk(void *to, const void *from, size_t len, size_t room)
{
	if (len > room)
		abort();
	return __wrap_memmove(to, from, len);
}

/* dispatch: what is put on a queue has run when the call returns. */

struct dispatch_queue_s {
	char unused;
};

struct dispatch_semaphore_s {
	intptr_t value;
};

static struct dispatch_queue_s queue;
static struct dispatch_semaphore_s semaphore;

dispatch_queue_t
dispatch_queue_create(const char *label, dispatch_queue_attr_t attr)
{
	(void)label;
	(void)attr;
	return &queue;
}

dispatch_semaphore_t
dispatch_semaphore_create(intptr_t value)
{
	semaphore.value = value;
	return &semaphore;
}

void
dispatch_release(dispatch_object_t object)
{
	(void)object;
}

void
dispatch_async_f(dispatch_queue_t q, void *context, dispatch_function_t work)
{
	(void)q;
	work(context);
}

void
dispatch_sync_f(dispatch_queue_t q, void *context, dispatch_function_t work)
{
	(void)q;
	work(context);
}

intptr_t
dispatch_semaphore_signal(dispatch_semaphore_t s)
{
	s->value++;
	return 0;
}

intptr_t
dispatch_semaphore_wait(dispatch_semaphore_t s, dispatch_time_t timeout)
{
	(void)timeout;
	if (s->value == 0)
		return TIMED_OUT;
	s->value--;
	return 0;
}

dispatch_time_t
dispatch_time(dispatch_time_t when, int64_t delta)
{
	(void)delta;
	return when;
}

/* vmnet: one interface, whose host sends one and the same frame. */

const char *const vmnet_operation_mode_key = "vmnet_operation_mode";
const char *const vmnet_shared_interface_name_key =
    "vmnet_shared_interface_name";
const char *const vmnet_allocate_mac_address_key = "vmnet_allocate_mac_address";
const char *const vmnet_mtu_key = "vmnet_mtu";
const char *const vmnet_max_packet_size_key = "vmnet_max_packet_size";
const char *const vmnet_start_address_key = "vmnet_start_address";
const char *const vmnet_end_address_key = "vmnet_end_address";
const char *const vmnet_subnet_mask_key = "vmnet_subnet_mask";
const char *const vmnet_network_identifier_key = "vmnet_network_identifier";
const char *const vmnet_host_ip_address_key = "vmnet_host_ip_address";
const char *const vmnet_host_subnet_mask_key = "vmnet_host_subnet_mask";

struct vmnet_interface {
	vmnet_interface_event_callback_t callback;
	uint8_t frame[FRAME_BYTES];
	size_t len;           /* of the frame */
	bool new_slots;       /* the frame is not in all of them yet */
	unsigned int waiting; /* frames */

	unsigned int reads;      /* calls, also those that gave nothing */
	unsigned int read_least; /* frames of one that gave any */
};

static struct vmnet_interface host;

interface_ref
vmnet_start_interface(xpc_object_t desc, dispatch_queue_t q,
    vmnet_start_interface_completion_handler_t handler)
{
	xpc_object_t param = xpc_dictionary_create(NULL, NULL, 0);

	(void)desc;
	(void)q;
	xpc_dictionary_set_uint64(
	    param, vmnet_max_packet_size_key, FRAME_BYTES);
	xpc_dictionary_set_uint64(param, "vmnet_read_max_packets", READ_MAX);
	xpc_dictionary_set_uint64(param, "vmnet_write_max_packets", READ_MAX);
	handler(VMNET_SUCCESS, param);
	xpc_release(param);
	return &host;
}

vmnet_return_t
vmnet_stop_interface(interface_ref i, dispatch_queue_t q,
    vmnet_interface_completion_handler_t handler)
{
	(void)i;
	(void)q;
	handler(VMNET_SUCCESS);
	return VMNET_SUCCESS;
}

vmnet_return_t
vmnet_interface_set_event_callback(interface_ref i, interface_event_t event,
    dispatch_queue_t q, vmnet_interface_event_callback_t callback)
{
	(void)event;
	(void)q;
	if (i->callback != NULL)
		Block_release(i->callback);
	i->callback = callback == NULL ? NULL : Block_copy(callback);
	return VMNET_SUCCESS;
}

vmnet_return_t
vmnet_read(interface_ref i, struct vmpktdesc *packets, int *pktcnt)
{
	const unsigned int asked = (unsigned int)*pktcnt;
	const unsigned int n = asked < i->waiting ? asked : i->waiting;

	if (asked > READ_MAX)
		return VMNET_TOO_MANY_PACKETS;
	for (unsigned int k = 0; k < n; k++) {
		packets[k].vm_pkt_size = i->len;
		if (i->new_slots)
			memcpy(
			    packets[k].vm_pkt_iov->iov_base, i->frame, i->len);
	}
	i->waiting -= n;
	i->reads++;
	if (n > 0 && n < i->read_least)
		i->read_least = n;
	*pktcnt = (int)n;
	return VMNET_SUCCESS;
}

vmnet_return_t
vmnet_write(interface_ref i, struct vmpktdesc *packets, int *pktcnt)
{
	(void)i;
	(void)packets;
	(void)pktcnt;
	return VMNET_SUCCESS;
}

/* The measurement. */

/* What passed in all rounds of one line of the table. */
struct load {
	size_t len;
	uint64_t frames, copied;
	unsigned int batches;     /* calls of vmnet_port_recv that gave any */
	unsigned int batch_least; /* frames of one */
};

static void
note_batch(struct load *l, int n)
{
	const unsigned int count = (unsigned int)n;

	if (count == 0)
		return;
	l->frames += count;
	l->batches++;
	if (count < l->batch_least)
		l->batch_least = count;
}

/* One event with LOAD frames behind it, until the loop has had them all. */
static void
pass_burst(struct vmnet_port *port, struct load *l)
{
	static char event; /* a dictionary that nobody reads */
	struct frame frames[NETIF_BATCH];
	int n;

	host.waiting += LOAD;
	meter_start();
	host.callback(VMNET_INTERFACE_PACKETS_AVAILABLE, &event);
	do {
		n = vmnet_port_recv(port, frames, NETIF_BATCH);
		node_lan_in(sides[0].node, &sides_now, frames, n);
		meter_stop();
		note_batch(l, n);
		sides_carry(&sides[0], &sides[1]);
		meter_start();
	} while (n > 0);
	meter_stop();
}

/* Returns ns a frame. */
static double
pass_round(struct vmnet_port *port, struct load *l, int bursts)
{
	meter.ns = meter.copied = 0;
	sides[1].frames = 0;
	for (int i = 0; i < bursts; i++)
		pass_burst(port, l);
	if (sides[1].frames != (unsigned int)(bursts * LOAD)) {
		fprintf(stderr, "rx: frames were lost, no figure is true\n");
		exit(EXIT_FAILURE);
	}
	l->copied += meter.copied;
	return (double)meter.ns / ((double)bursts * LOAD);
}

static struct load
start_load(size_t len)
{
	host.reads = 0;
	host.read_least = ~0u;
	return (struct load){ .len = len, .batch_least = ~0u };
}

/* Every slot gets the frame before anything is measured. */
static void
fill_slots(struct vmnet_port *port, size_t len)
{
	struct load l = start_load(len);

	memset(host.frame, 0xff, FRAME_MAC_LEN);
	host.frame[FRAME_MAC_LEN] = 2; /* a station's own address */
	host.len = len;
	host.new_slots = true;
	(void)pass_round(port, &l, (int)(ring_slots(FRAME_BYTES) / LOAD + 1));
	host.new_slots = false;
}

static double
copies_of(const struct load *l)
{
	return (double)l->copied / ((double)l->frames * (double)l->len);
}

/* False, and says why, if the path is not what it is meant to be. Of short
 * frames the headers that are copied beside are a larger part. */
static bool
check(const struct load *l)
{
	const double copies = copies_of(l);
	bool ok = true;

	if (copies < COPIES_MIN) {
		fprintf(stderr, "rx: %.2f copies counted, some are missed\n",
		    copies);
		ok = false;
	}
	if (l->len == FRAME_LONG && copies > COPIES_MAX) {
		fprintf(stderr, "rx: a frame is copied %.2f times, not once\n",
		    copies);
		ok = false;
	}
	if (host.read_least < NETIF_BATCH || l->batch_least < NETIF_BATCH) {
		fprintf(stderr, "rx: %d wait, a read gave %u, a batch %u\n",
		    LOAD, host.read_least, l->batch_least);
		ok = false;
	}
	return ok;
}

static bool
report(
    struct vmnet_port *port, enum suite_cipher cipher, size_t len, int rounds)
{
	static double ns[SIDES_ROUNDS_MAX];
	static struct sides_bare bare[SIDES_ROUNDS_MAX];
	struct load l;

	sides_connect(cipher);
	fill_slots(port, len);
	sides_free();
	l = start_load(len);
	for (int i = 0; i < rounds; i++) {
		sides_connect(cipher);
		bare[i] = sides_bare(cipher, len, BURSTS * LOAD / SIDES_BATCH);
		ns[i] = pass_round(port, &l, BURSTS);
		sides_free();
	}
	const double rx = sides_median(ns, sizeof(ns[0]), rounds);
	const double seal = sides_median(&bare[0].seal, sizeof(*bare), rounds);
	printf("| %s | %zu | %.0f | %.0f | %.2f | %.2f | %.1f | %.1f |\n",
	    suite_cipher_name(cipher), len, rx, seal, rx / seal, copies_of(&l),
	    (double)l.frames / host.reads, (double)l.frames / l.batches);
	return check(&l);
}

/* A port that is up; NULL if it is not. */
static struct vmnet_port *
open_port(struct loop *loop)
{
	static struct drop_counts drops;
	const struct netif_config c = {
		.mode = NETIF_HOST,
		.mtu = 1500,
		.drops = &drops,
	};
	struct vmnet_port *port = vmnet_port_open(&c, loop);

	if (port == NULL)
		return NULL;
	vmnet_port_start(port);
	return vmnet_port_poll(port, 0) == VMNET_PORT_DONE ? port : NULL;
}

static void
close_port(struct vmnet_port *port)
{
	vmnet_port_stop(port);
	if (vmnet_port_poll(port, 0) == VMNET_PORT_DONE)
		vmnet_port_close(port);
}

int
main(int argc, char **argv)
{
	static const size_t sizes[] = { 64, 512, FRAME_LONG };
	const int rounds = sides_rounds(argc, argv);
	bool ok = true;

	if (sodium_init() < 0 || rounds < 0)
		return 64;
	struct loop *loop = loop_open();
	struct vmnet_port *port = loop == NULL ? NULL : open_port(loop);
	if (port == NULL) {
		fprintf(stderr, "rx: no port\n");
		return 1;
	}
	printf("| cipher | frame, bytes | handler to datagram, ns | bare seal "
	       "| ratio | copies a frame | frames a read | frames a batch |\n"
	       "| --- | --- | --- | --- | --- | --- | --- | --- |\n");
	for (int c = 0; c < SUITE_CIPHER_COUNT; c++)
		for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
			if ((suite_ciphers_available() & 1u << c) != 0)
				ok &= report(port, (enum suite_cipher)c,
				    sizes[i], rounds);
	close_port(port);
	loop_close(loop);
	return ok ? 0 : 1;
}
