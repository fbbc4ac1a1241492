/* SPDX-License-Identifier: ISC */
#include "os/darwin/vmnet_port.h"

#include <dispatch/dispatch.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <vmnet/vmnet.h>
#include <xpc/xpc.h>

#include "core/ring.h"
#include "os/darwin/vmnet_desc.h"
#include "os/sockaddr.h"

enum port_state {
	PORT_IDLE,
	PORT_STARTING, /* vmnet has been asked */
	PORT_UP,
	PORT_STOPPING,
};

/* Packets of one call; each has one iovec (vmnet takes no more), both set
 * anew for every call, since vmnet_read writes over them. */
struct packets {
	struct vmpktdesc descs[VMNET_PORT_BATCH];
	struct iovec iovs[VMNET_PORT_BATCH];
};

struct vmnet_port {
	struct netif_config config;
	_Atomic(struct loop *) loop; /* NULL: it is gone, and so may we be */
	enum port_state state;
	atomic_uint attempt; /* number of the last start */
	bool failed;         /* the last start */
	uint32_t status;
	dispatch_queue_t queue;
	dispatch_semaphore_t answered;
	interface_ref interface;

	/* Written on the queue before `answered` is signalled. */
	uint32_t answer;
	size_t packet_max;            /* bytes of a frame */
	uint64_t read_max, write_max; /* packets of a call */
	struct addr host;

	/* The queue's while it is up. */
	struct ring *ring; /* NULL: none */
	unsigned int read_batch;
	unsigned int read_failures; /* in a row */
	struct packets read;

	/* The loop's. */
	unsigned int held;    /* frames that vmnet_port_recv gave out */
	unsigned int refused; /* writes in a row */
	uint64_t full;        /* of rings that are gone */
	struct packets write;

	atomic_bool closing;
	atomic_bool again;           /* a read failed: try once more */
	_Atomic uint32_t read_error; /* status; 0: none */
};

struct vmnet_port *
vmnet_port_open(const struct netif_config *c, struct loop *l)
{
	struct vmnet_port *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->config = *c;
	atomic_init(&p->loop, l);
	atomic_init(&p->closing, true);
	p->status = VMNET_SUCCESS;
	p->queue =
	    dispatch_queue_create("org.lansplice.vmnet", DISPATCH_QUEUE_SERIAL);
	p->answered = dispatch_semaphore_create(0);
	return p;
}

static void
free_ring(struct vmnet_port *p)
{
	if (p->ring != NULL)
		p->full += ring_full(p->ring);
	free(p->ring);
	p->ring = NULL;
	p->held = 0;
}

static void
do_nothing(void *ctx)
{
	(void)ctx;
}

/* What told the last answer may still be about to wake the loop. An idle
 * port's queue has nothing else, so that this does not wait. */
void
vmnet_port_close(struct vmnet_port *p)
{
	if (p->state != PORT_IDLE) {
		atomic_store(&p->loop, NULL);
		return;
	}
	dispatch_sync_f(p->queue, NULL, do_nothing);
	free_ring(p);
	dispatch_release(p->answered);
	dispatch_release(p->queue);
	free(p);
}

static void
wake(struct vmnet_port *p)
{
	struct loop *l = atomic_load(&p->loop);

	if (l != NULL)
		loop_wake(l);
}

/* From the host: on the queue. */

static void
prepare_read(struct vmnet_port *p, unsigned int count)
{
	struct packets *r = &p->read;

	for (unsigned int i = 0; i < count; i++) {
		r->iovs[i] = (struct iovec){
			.iov_base = ring_slot(p->ring, i),
			.iov_len = p->packet_max,
		};
		r->descs[i] = (struct vmpktdesc){
			.vm_pkt_size = p->packet_max,
			.vm_pkt_iov = &r->iovs[i],
			.vm_pkt_iovcnt = 1,
			.vm_flags = 0,
		};
	}
}

/* The length is in vm_pkt_size alone; one that cannot be is made zero, which
 * core refuses and counts. */
static void
publish_read(struct vmnet_port *p, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		const size_t len = p->read.descs[i].vm_pkt_size;

		ring_fill(p->ring, i, len > p->packet_max ? 0 : len);
	}
	ring_publish(p->ring, count);
	p->read_failures = 0;
	wake(p);
}

/* One failure is not the end: the loop has it tried again. */
static void
note_failure(struct vmnet_port *p, vmnet_return_t status)
{
	if (++p->read_failures >= VMNET_PORT_FAILURES)
		atomic_store(&p->read_error, status);
	else
		atomic_store(&p->again, true);
	wake(p);
}

/* True if there may be more. */
static bool
read_some(struct vmnet_port *p, unsigned int room)
{
	const unsigned int asked = room < p->read_batch ? room : p->read_batch;
	int count = (int)asked;

	prepare_read(p, asked);
	const vmnet_return_t status =
	    vmnet_read(p->interface, p->read.descs, &count);
	if (status == VMNET_TOO_MANY_PACKETS && asked > 1) {
		p->read_batch = asked / 2;
		return true;
	}
	if (status != VMNET_SUCCESS) {
		note_failure(p, status);
		return false;
	}
	if (count <= 0) {
		p->read_failures = 0;
		return false;
	}
	publish_read(
	    p, (unsigned int)count < asked ? (unsigned int)count : asked);
	return true;
}

/*
 * Whether events come again while frames are left is nowhere promised, so
 * this goes on until there are none, or no room for them; then the loop calls
 * it again when there is.
 */
static void
drain(void *ctx)
{
	struct vmnet_port *p = ctx;
	bool more = true;

	while (more && !atomic_load(&p->closing)) {
		const unsigned int room = ring_room(p->ring);

		if (room > 0)
			more = read_some(p, room);
		else
			more = !ring_stall(p->ring);
	}
}

/* To the host. */

/* A frame that vmnet would refuse would take its whole batch along. */
static bool
frame_fits(const struct vmnet_port *p, const struct frame *f)
{
	return f->len >= FRAME_MIN && f->len <= p->packet_max &&
	    f->gso == FRAME_GSO_NONE && f->csum_start == 0 &&
	    f->csum_offset == 0;
}

static void
pause_briefly(void)
{
	const struct timespec pause = { .tv_nsec = (long)VMNET_PORT_PAUSE };

	(void)nanosleep(&pause, NULL);
}

static vmnet_return_t
write_call(struct vmnet_port *p, unsigned int first, int *count)
{
	const int asked = *count;
	vmnet_return_t status =
	    vmnet_write(p->interface, &p->write.descs[first], count);

	if (status != VMNET_BUFFER_EXHAUSTED)
		return status;
	pause_briefly();
	*count = asked;
	return vmnet_write(p->interface, &p->write.descs[first], count);
}

static void
note_write(struct vmnet_port *p, vmnet_return_t status)
{
	if (status == VMNET_SUCCESS) {
		p->refused = 0;
		return;
	}
	p->status = status;
	if (status == VMNET_FAILURE || status == VMNET_INVALID_ACCESS ||
	    status == VMNET_SETUP_INCOMPLETE)
		p->refused++;
}

/* Returns how many of them vmnet took. */
static unsigned int
write_run(struct vmnet_port *p, unsigned int first, unsigned int count)
{
	int taken = (int)count;
	const vmnet_return_t status = write_call(p, first, &taken);

	note_write(p, status);
	if (status != VMNET_SUCCESS || taken < 0)
		return 0;
	return (unsigned int)taken < count ? (unsigned int)taken : count;
}

static unsigned int
call_max(const struct vmnet_port *p, uint64_t packets)
{
	if (packets == 0) { /* before macOS 15 */
		packets = VMNET_PORT_BYTES / p->packet_max;
		packets = u64_min(packets, VMNET_PORT_PACKETS);
	}
	return (unsigned int)u64_max(1, u64_min(packets, VMNET_PORT_BATCH));
}

static unsigned int
prepare_write(struct vmnet_port *p, const struct frame *frames, int count)
{
	struct packets *w = &p->write;
	unsigned int n = 0;

	for (int i = 0; i < count && n < VMNET_PORT_BATCH; i++) {
		const struct frame *f = &frames[i];

		if (!frame_fits(p, f))
			continue;
		w->iovs[n] = (struct iovec){
			.iov_base = f->data,
			.iov_len = f->len,
		};
		w->descs[n] = (struct vmpktdesc){
			.vm_pkt_size = f->len,
			.vm_pkt_iov = &w->iovs[n],
			.vm_pkt_iovcnt = 1,
			.vm_flags = 0,
		};
		n++;
	}
	return n;
}

void
vmnet_port_send(struct vmnet_port *p, const struct frame *frames, int count)
{
	unsigned int taken = 0;

	if (p->state == PORT_UP) {
		const unsigned int n = prepare_write(p, frames, count);
		const unsigned int most = call_max(p, p->write_max);

		for (unsigned int i = 0; i < n; i += most)
			taken += write_run(p, i, n - i < most ? n - i : most);
	}
	p->config.drops->n[DROP_LAN_SEND] += (unsigned int)count - taken;
}

/* The loop's side of the ring. */

static void
release_held(struct vmnet_port *p)
{
	const bool stalled = ring_release(p->ring, p->held);

	p->held = 0;
	if (atomic_exchange(&p->again, false) || stalled)
		dispatch_async_f(p->queue, p, drain);
}

int
vmnet_port_recv(struct vmnet_port *p, struct frame *out, int max)
{
	if (p->state != PORT_UP)
		return 0;
	release_held(p);
	const unsigned int waiting = ring_count(p->ring);
	p->held = waiting < (unsigned int)max ? waiting : (unsigned int)max;
	for (unsigned int i = 0; i < p->held; i++)
		out[i] = ring_frame(p->ring, i);
	return (int)p->held;
}

bool
vmnet_port_has_frames(const struct vmnet_port *p)
{
	return p->state == PORT_UP && ring_count(p->ring) > p->held;
}

/* Start. */

/*
 * On the queue; the values live only now. The two limits have symbols since
 * the SDK of macOS 15 only; a symbol's text is its name without "_key".
 */
static void
take_answer(struct vmnet_port *p, vmnet_return_t status, xpc_object_t param)
{
	const char *host;

	p->answer = status;
	if (status == VMNET_SUCCESS && param == NULL)
		p->answer = VMNET_FAILURE;
	if (p->answer != VMNET_SUCCESS)
		return;
	p->packet_max =
	    (size_t)xpc_dictionary_get_uint64(param, vmnet_max_packet_size_key);
	p->read_max =
	    xpc_dictionary_get_uint64(param, "vmnet_read_max_packets");
	p->write_max =
	    xpc_dictionary_get_uint64(param, "vmnet_write_max_packets");
	host = xpc_dictionary_get_string(param, vmnet_start_address_key);
	if (host == NULL || sockaddr_parse(&p->host, host) != 0)
		p->host = (struct addr){ .family = ADDR_NONE };
}

static void
answer(struct vmnet_port *p)
{
	(void)dispatch_semaphore_signal(p->answered);
	wake(p);
}

static void
fail(struct vmnet_port *p, uint32_t status)
{
	p->state = PORT_IDLE;
	p->failed = true;
	p->status = status;
}

/* Without an interface the block need not come, and nobody waits for it. */
void
vmnet_port_start(struct vmnet_port *p)
{
	xpc_object_t desc = vmnet_desc_create(&p->config);

	while (dispatch_semaphore_wait(p->answered, DISPATCH_TIME_NOW) == 0)
		continue;
	const unsigned int attempt = atomic_fetch_add(&p->attempt, 1) + 1;

	p->failed = false;
	atomic_store(&p->read_error, 0);
	p->refused = 0;
	p->state = PORT_STARTING;
	p->interface = vmnet_start_interface(
	    desc, p->queue, ^(vmnet_return_t status, xpc_object_t param) {
	      /* of a start that was given up: nobody waits */
	      if (attempt != atomic_load(&p->attempt))
		      return;
	      take_answer(p, status, param);
	      answer(p);
	    });
	xpc_release(desc);
	if (p->interface == NULL)
		fail(p, VMNET_FAILURE);
}

/* Of two batches one is held by the loop while the other fills. */
static vmnet_return_t
make_ring(struct vmnet_port *p)
{
	if (p->packet_max < FRAME_MIN ||
	    ring_slots(p->packet_max) < 2 * NETIF_BATCH)
		return VMNET_INVALID_ARGUMENT;
	/* aligned_alloc wants a multiple (C11 7.22.3.1). */
	const size_t size = (ring_size(p->packet_max) + RING_ALIGN - 1) /
	    RING_ALIGN * RING_ALIGN;
	void *memory = aligned_alloc(RING_ALIGN, size);

	if (memory == NULL)
		return VMNET_MEM_FAILURE;
	p->ring = ring_init(memory, p->packet_max);
	p->read_batch = call_max(p, p->read_max);
	p->read_failures = 0;
	atomic_store(&p->closing, false);
	return VMNET_SUCCESS;
}

/* Stop. */

static void
answer_stop(void *ctx)
{
	answer(ctx);
}

/*
 * The queue is serial: when what is put on it last runs, no event of before
 * is still under way. If vmnet refuses to stop, its block does not come.
 */
void
vmnet_port_stop(struct vmnet_port *p)
{
	atomic_store(&p->closing, true);
	p->state = PORT_STOPPING;
	(void)vmnet_interface_set_event_callback(
	    p->interface, VMNET_INTERFACE_PACKETS_AVAILABLE, NULL, NULL);
	const vmnet_return_t status = vmnet_stop_interface(
	    p->interface, p->queue, ^(vmnet_return_t result) {
	      (void)result; /* there is nothing more to be done */
	      dispatch_async_f(p->queue, p, answer_stop);
	    });
	if (status != VMNET_SUCCESS)
		dispatch_async_f(p->queue, p, answer_stop);
}

static enum vmnet_port_answer
finish_stop(struct vmnet_port *p)
{
	free_ring(p);
	p->interface = NULL;
	p->state = PORT_IDLE;
	return p->failed ? VMNET_PORT_FAILED : VMNET_PORT_DONE;
}

/* Up. */

/* Frames may wait from before the callback was there: nobody tells of them,
 * so they are looked for once. */
static vmnet_return_t
begin_reading(struct vmnet_port *p)
{
	vmnet_return_t status = make_ring(p);

	if (status != VMNET_SUCCESS)
		return status;
	status = vmnet_interface_set_event_callback(p->interface,
	    VMNET_INTERFACE_PACKETS_AVAILABLE, p->queue,
	    ^(interface_event_t event, xpc_object_t param) {
	      (void)event;
	      (void)param;
	      drain(p);
	    });
	if (status == VMNET_SUCCESS)
		dispatch_async_f(p->queue, p, drain);
	return status;
}

/* What cannot be read from is given back before the failure is told. */
static enum vmnet_port_answer
finish_start(struct vmnet_port *p)
{
	vmnet_return_t status;

	if (p->answer != VMNET_SUCCESS) {
		fail(p, p->answer);
		return VMNET_PORT_FAILED;
	}
	p->state = PORT_UP;
	status = begin_reading(p);
	if (status == VMNET_SUCCESS)
		return VMNET_PORT_DONE;
	p->failed = true;
	p->status = status;
	vmnet_port_stop(p);
	return VMNET_PORT_PENDING;
}

enum vmnet_port_answer
vmnet_port_poll(struct vmnet_port *p, uint64_t wait_ns)
{
	if (p->state == PORT_IDLE || p->state == PORT_UP)
		return p->failed ? VMNET_PORT_FAILED : VMNET_PORT_DONE;
	if (dispatch_semaphore_wait(p->answered,
		dispatch_time(DISPATCH_TIME_NOW, (int64_t)wait_ns)) != 0)
		return VMNET_PORT_PENDING;
	return p->state == PORT_STOPPING ? finish_stop(p) : finish_start(p);
}

/* What is known. */

bool
vmnet_port_is_up(const struct vmnet_port *p)
{
	return p->state == PORT_UP;
}

uint32_t
vmnet_port_status(const struct vmnet_port *p)
{
	const uint32_t error = atomic_load(&p->read_error);

	return error != 0 ? error : p->status;
}

bool
vmnet_port_is_broken(const struct vmnet_port *p)
{
	return p->state == PORT_UP &&
	    (p->refused >= VMNET_PORT_FAILURES ||
		atomic_load(&p->read_error) != 0);
}

struct addr
vmnet_port_host(const struct vmnet_port *p)
{
	return p->host;
}

uint64_t
vmnet_port_full(const struct vmnet_port *p)
{
	return p->full + (p->ring == NULL ? 0 : ring_full(p->ring));
}
