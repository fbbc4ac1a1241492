/* SPDX-License-Identifier: ISC */
/*
 * Stand-in for Apple's vmnet.framework: the classic calls.
 * Facts: vmnet.md sections 1 to 3. Where those leave a question open,
 * the answer here is the one that is worst for the caller.
 * Thread: any. start and stop do their work on a queue of the stand-in's own
 * and answer on the caller's. Lock order: write_lock, lock.
 * Memory: an interface is a slot that stays, so that a call on one that was
 * stopped is found out; its frames come and go with it.
 */
#include <vmnet/vmnet.h>

#include <Block.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>

#include "inner.h"

enum {
	SLOTS = 64,
	ETHER_HEADER = 14,
	EARLY_WAIT = 5, /* s */
};

enum state {
	FREE,
	STARTING,
	FAILED, /* or never answered */
	LIVE,
	STOPPING,
	STOPPED
};

struct vmnet_interface {
	pthread_mutex_t write_lock;
	struct lan *lan; /* with write_lock */

	pthread_mutex_t lock; /* for all below */
	enum state state;
	bool dead, armed; /* armed: the next frame raises an event */
	bool event_waits; /* one is in the queue and has not begun */
	size_t frame_max;
	uint8_t *frames;
	size_t lens[SHIM_QUEUE];
	unsigned int head, count;
	dispatch_queue_t queue; /* of the callback, also when it is gone */
	vmnet_interface_event_callback_t callback;
	vmnet_interface_event_callback_t last; /* taken away, kept; or NULL */
};

struct event {
	interface_ref interface;
	vmnet_interface_event_callback_t callback;
	uint64_t estimate;
};

struct start {
	interface_ref interface;
	struct shim_ask ask;
	vmnet_return_t status;
	xpc_object_t param;
	dispatch_queue_t queue;
	vmnet_start_interface_completion_handler_t handler;
	dispatch_semaphore_t done; /* NULL: nobody waits */
};

struct stop {
	interface_ref interface;
	dispatch_queue_t queue;
	vmnet_interface_completion_handler_t handler; /* NULL: no answer */
	vmnet_interface_event_callback_t last; /* for one more event, or NULL */
};

/* vmnet.md section 1.3: the names without "_key". */
const char *const vmnet_operation_mode_key = "vmnet_operation_mode";
const char *const vmnet_shared_interface_name_key =
    "vmnet_shared_interface_name";
const char *const vmnet_mac_address_key = "vmnet_mac_address";
const char *const vmnet_allocate_mac_address_key = "vmnet_allocate_mac_address";
const char *const vmnet_mtu_key = "vmnet_mtu";
const char *const vmnet_max_packet_size_key = "vmnet_max_packet_size";
const char *const vmnet_interface_id_key = "vmnet_interface_id";
const char *const vmnet_start_address_key = "vmnet_start_address";
const char *const vmnet_end_address_key = "vmnet_end_address";
const char *const vmnet_subnet_mask_key = "vmnet_subnet_mask";
const char *const vmnet_nat66_prefix_key = "vmnet_nat66_prefix";
const char *const vmnet_estimated_packets_available_key =
    "vmnet_estimated_packets_available";
const char *const vmnet_network_identifier_key = "vmnet_network_identifier";
const char *const vmnet_host_ip_address_key = "vmnet_host_ip_address";
const char *const vmnet_host_subnet_mask_key = "vmnet_host_subnet_mask";
const char *const vmnet_host_ipv6_address_key = "vmnet_host_ipv6_address";
const char *const vmnet_enable_tso_key = "vmnet_enable_tso";
const char *const vmnet_enable_isolation_key = "vmnet_enable_isolation";

static struct vmnet_interface slots[SLOTS];
static dispatch_queue_t work; /* of the stand-in's own */
static pthread_once_t once = PTHREAD_ONCE_INIT;

static pthread_mutex_t global = PTHREAD_MUTEX_INITIALIZER;
static unsigned int next_slot;
static struct shim_ask asked;

static struct {
	atomic_ulong starts, stops, live, events, reads, read_most, writes,
	    write_most, dropped, refused, misuses;
} counts;

/* --- counts */

static void
add(atomic_ulong *c)
{
	atomic_fetch_add(c, 1);
}

static void
most(atomic_ulong *c, unsigned long v)
{
	unsigned long old = atomic_load(c);

	while (old < v && !atomic_compare_exchange_weak(c, &old, v))
		;
}

/* What a caller must not do is said aloud where it is a whole daemon. */
static vmnet_return_t
note(atomic_ulong *c, const char *what, vmnet_return_t status)
{
	add(c);
	if (shim_knob(KNOB_MEMORY) == 0)
		fprintf(stderr, "shim: vmnet: %s: %u\n", what, status);
	return status;
}

static vmnet_return_t
refuse(const char *what, vmnet_return_t status)
{
	return note(&counts.refused, what, status);
}

struct shim_counts
shim_count(void)
{
	return (struct shim_counts){
		.starts = atomic_load(&counts.starts),
		.stops = atomic_load(&counts.stops),
		.live = atomic_load(&counts.live),
		.events = atomic_load(&counts.events),
		.reads = atomic_load(&counts.reads),
		.read_most = atomic_load(&counts.read_most),
		.writes = atomic_load(&counts.writes),
		.write_most = atomic_load(&counts.write_most),
		.dropped = atomic_load(&counts.dropped),
		.refused = atomic_load(&counts.refused),
		.misuses = atomic_load(&counts.misuses),
	};
}

unsigned long
shim_misuses(void)
{
	return atomic_load(&counts.misuses);
}

/* `live` stays: what lives, lives. */
void
shim_count_reset(void)
{
	atomic_ulong *const all[] = { &counts.starts, &counts.stops,
		&counts.events, &counts.reads, &counts.read_most,
		&counts.writes, &counts.write_most, &counts.dropped,
		&counts.refused, &counts.misuses };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		atomic_store(all[i], 0);
	pthread_mutex_lock(&global);
	asked = (struct shim_ask){ 0 };
	pthread_mutex_unlock(&global);
}

struct shim_ask
shim_asked(void)
{
	pthread_mutex_lock(&global);
	struct shim_ask a = asked;
	pthread_mutex_unlock(&global);
	return a;
}

/* vmnet.md section 5.5. */
bool
shim_vmnet_dhcp(void)
{
	struct shim_ask a = shim_asked();

	return a.mode == VMNET_SHARED_MODE ||
	    (a.mode == VMNET_HOST_MODE && !a.has_id);
}

/* --- helpers */

static void
init(void)
{
	for (int i = 0; i < SLOTS; i++) {
		pthread_mutex_init(&slots[i].write_lock, NULL);
		pthread_mutex_init(&slots[i].lock, NULL);
	}
	work = dispatch_queue_create("shim.vmnet", DISPATCH_QUEUE_SERIAL);
}

static void *
allocate(size_t size)
{
	void *p = calloc(1, size);

	if (p == NULL)
		abort();
	return p;
}

static void
sleep_ms(long ms)
{
	struct timespec t = { .tv_sec = ms / 1000,
		.tv_nsec = ms % 1000 * (long)NSEC_PER_MSEC };

	if (ms > 0)
		nanosleep(&t, NULL);
}

/* Whether calls may be made. With the lock. */
static vmnet_return_t
usable(interface_ref i, const char *what)
{
	if (i->state == FREE || i->state == STOPPED)
		return note(&counts.misuses, what, VMNET_INVALID_ACCESS);
	if (i->state == STARTING || i->state == FAILED)
		return VMNET_SETUP_INCOMPLETE;
	if (i->state == STOPPING || i->dead)
		return VMNET_INVALID_ACCESS;
	return VMNET_SUCCESS;
}

static bool
is_live(interface_ref i)
{
	pthread_mutex_lock(&i->lock);
	bool live = i->state == LIVE;
	pthread_mutex_unlock(&i->lock);
	return live;
}

/* --- events and frames of the far side */

/* Under the lock, since TSan does not know the counts of BlocksRuntime. */
static void
callback_release(interface_ref i, vmnet_interface_event_callback_t callback)
{
	if (callback == NULL)
		return;
	pthread_mutex_lock(&i->lock);
	Block_release(callback);
	pthread_mutex_unlock(&i->lock);
}

static void
event_run(void *ctx)
{
	struct event *e = ctx;

	pthread_mutex_lock(&e->interface->lock);
	e->interface->event_waits = false;
	pthread_mutex_unlock(&e->interface->lock);

	xpc_object_t dict = xpc_dictionary_create(NULL, NULL, 0);

	xpc_dictionary_set_uint64(
	    dict, vmnet_estimated_packets_available_key, e->estimate);
	e->callback(VMNET_INTERFACE_PACKETS_AVAILABLE, dict);
	xpc_release(dict);
	callback_release(e->interface, e->callback);
	free(e);
}

/* It runs even if the callback is taken away meanwhile; one that has yet to
 * begin stands for those behind it. With the lock. */
static void
event_raise(interface_ref i)
{
	if (i->callback == NULL || i->event_waits)
		return;

	struct event *e = allocate(sizeof(*e));

	i->event_waits = true;
	e->interface = i;
	e->callback = Block_copy(i->callback);
	e->estimate = i->count != 0 ? i->count : 1;
	add(&counts.events);
	dispatch_async_f(i->queue, e, event_run);
}

/* With the lock. */
static void
frame_add(interface_ref i, const uint8_t *frame, size_t len)
{
	unsigned int at = (i->head + i->count++) % SHIM_QUEUE;

	memcpy(i->frames + at * i->frame_max, frame, len);
	i->lens[at] = len;
	if (i->armed)
		event_raise(i);
	i->armed = false;
}

/* False: dropped. */
static bool
frame_come(interface_ref i, const uint8_t *frame, size_t len)
{
	pthread_mutex_lock(&i->lock);
	bool live = i->state == LIVE && !i->dead;
	bool room = live && len <= i->frame_max && i->count < SHIM_QUEUE &&
	    i->count < (unsigned long)shim_knob(KNOB_QUEUE);
	if (room)
		frame_add(i, frame, len);
	else if (live)
		add(&counts.dropped);
	pthread_mutex_unlock(&i->lock);
	return room;
}

static void
frame_in(void *ctx, const uint8_t *frame, size_t len)
{
	(void)frame_come(ctx, frame, len);
}

bool
shim_push(const uint8_t *frame, size_t len)
{
	pthread_once(&once, init);
	for (int i = 0; i < SLOTS; i++) {
		if (is_live(&slots[i]))
			return frame_come(&slots[i], frame, len);
	}
	return false;
}

size_t
shim_waiting(void)
{
	size_t sum = 0;

	pthread_once(&once, init);
	for (int i = 0; i < SLOTS; i++) {
		pthread_mutex_lock(&slots[i].lock);
		if (slots[i].state == LIVE)
			sum += slots[i].count;
		pthread_mutex_unlock(&slots[i].lock);
	}
	return sum;
}

/* --- start */

static interface_ref
slot_take(void)
{
	interface_ref found = NULL;

	pthread_mutex_lock(&global);
	for (int n = 0; n < SLOTS && found == NULL; n++) {
		interface_ref i = &slots[next_slot++ % SLOTS];
		pthread_mutex_lock(&i->lock);
		if (i->state == FREE || i->state == FAILED ||
		    i->state == STOPPED) {
			i->state = STARTING;
			found = i;
		}
		pthread_mutex_unlock(&i->lock);
	}
	pthread_mutex_unlock(&global);
	return found;
}

static void
set_state(interface_ref i, enum state s)
{
	pthread_mutex_lock(&i->lock);
	i->state = s;
	pthread_mutex_unlock(&i->lock);
}

static size_t
packet_max(uint64_t mtu)
{
	const long other = shim_knob(KNOB_PACKET_MAX);

	return other > 0 ? (size_t)other : (size_t)mtu + ETHER_HEADER;
}

/* The result of vmnet.md section 1.3. */
static xpc_object_t
param_create(const struct start *s, uint64_t mtu)
{
	xpc_object_t p = xpc_dictionary_create(NULL, NULL, 0);
	long read_max = shim_knob(KNOB_READ_MAX);
	long write_max = shim_knob(KNOB_WRITE_MAX);
	uuid_t id = { 1 };

	xpc_dictionary_set_uint64(p, vmnet_mtu_key, mtu);
	xpc_dictionary_set_uint64(
	    p, vmnet_max_packet_size_key, packet_max(mtu));
	if (s->ask.allocate_mac) {
		xpc_dictionary_set_string(
		    p, vmnet_mac_address_key, "52:54:00:00:00:01");
		xpc_dictionary_set_uuid(p, vmnet_interface_id_key, id);
	}
	if (*s->ask.start != '\0') {
		xpc_dictionary_set_string(
		    p, vmnet_start_address_key, s->ask.start);
		xpc_dictionary_set_string(p, vmnet_end_address_key, s->ask.end);
		xpc_dictionary_set_string(
		    p, vmnet_subnet_mask_key, s->ask.subnet);
	}
	if (read_max > 0)
		xpc_dictionary_set_uint64(
		    p, "vmnet_read_max_packets", (uint64_t)read_max);
	if (write_max > 0)
		xpc_dictionary_set_uint64(
		    p, "vmnet_write_max_packets", (uint64_t)write_max);
	return p;
}

static vmnet_return_t
start_up(struct start *s)
{
	interface_ref i = s->interface;
	struct lan *lan = lan_open(&s->ask, frame_in, i);

	if (lan == NULL)
		return VMNET_FAILURE;
	pthread_mutex_lock(&i->write_lock);
	i->lan = lan;
	pthread_mutex_unlock(&i->write_lock);

	pthread_mutex_lock(&i->lock);
	i->frame_max = packet_max(lan_mtu(lan));
	i->frames = allocate(SHIM_QUEUE * i->frame_max);
	i->head = i->count = 0;
	i->armed = true;
	i->dead = i->event_waits = false;
	i->state = LIVE;
	pthread_mutex_unlock(&i->lock);
	add(&counts.live);
	s->param = param_create(s, lan_mtu(lan));
	return VMNET_SUCCESS;
}

static void
start_free(struct start *s)
{
	if (s->param != NULL)
		xpc_release(s->param);
	Block_release(s->handler);
	dispatch_release(s->queue);
	if (s->done != NULL) {
		dispatch_semaphore_signal(s->done);
		dispatch_release(s->done);
	}
	free(s);
}

static void
start_answer(void *ctx)
{
	struct start *s = ctx;

	s->handler(s->status, s->param);
	start_free(s);
}

static void
start_run(void *ctx)
{
	struct start *s = ctx;

	sleep_ms(shim_knob(KNOB_START_DELAY));
	if (shim_knob_take(KNOB_START_MUTE)) {
		set_state(s->interface, FAILED);
		start_free(s);
		return;
	}
	if (s->status == VMNET_SUCCESS && shim_knob_take(KNOB_START_FAIL))
		s->status = (vmnet_return_t)shim_knob(KNOB_START_STATUS);
	if (s->status == VMNET_SUCCESS)
		s->status = start_up(s);
	if (s->status != VMNET_SUCCESS)
		set_state(s->interface, FAILED);
	dispatch_async_f(s->queue, s, start_answer);
}

static struct start *
start_create(interface_ref i, xpc_object_t desc, dispatch_queue_t queue,
    vmnet_start_interface_completion_handler_t handler)
{
	struct start *s = allocate(sizeof(*s));

	s->interface = i;
	s->status = shim_desc(desc, &s->ask);
	if (s->status != VMNET_SUCCESS)
		refuse("start: descriptor", s->status);
	dispatch_retain(queue);
	s->queue = queue;
	s->handler = Block_copy(handler);
	pthread_mutex_lock(&global);
	asked = s->ask;
	pthread_mutex_unlock(&global);
	return s;
}

/* The handler runs first; bounded, since the caller may hold its queue. */
static void
start_early(struct start *s)
{
	dispatch_semaphore_t done = dispatch_semaphore_create(0);

	dispatch_retain(done);
	s->done = done;
	dispatch_async_f(work, s, start_run);
	(void)dispatch_semaphore_wait(done,
	    dispatch_time(
		DISPATCH_TIME_NOW, EARLY_WAIT * (int64_t)NSEC_PER_SEC));
	dispatch_release(done);
}

/* Nothing forbids that it tells of what did not begin. */
static void
start_nothing(xpc_object_t desc, dispatch_queue_t queue,
    vmnet_start_interface_completion_handler_t handler)
{
	struct start *s = start_create(NULL, desc, queue, handler);

	s->status = VMNET_FAILURE;
	dispatch_async_f(s->queue, s, start_answer);
}

interface_ref
vmnet_start_interface(xpc_object_t interface_desc, dispatch_queue_t queue,
    vmnet_start_interface_completion_handler_t handler)
{
	shim_wake();
	pthread_once(&once, init);
	add(&counts.starts);

	interface_ref i = shim_knob_take(KNOB_START_NULL) ? NULL : slot_take();

	if (i == NULL) {
		if (shim_knob(KNOB_START_LATE) != 0)
			start_nothing(interface_desc, queue, handler);
		return NULL;
	}

	struct start *s = start_create(i, interface_desc, queue, handler);

	if (shim_knob(KNOB_START_EARLY) != 0)
		start_early(s);
	else
		dispatch_async_f(work, s, start_run);
	return i;
}

/* --- events */

/* For the event that comes last of all. *old becomes what was kept before.
 * With the lock. */
static void
keep_last(interface_ref i, vmnet_interface_event_callback_t *old)
{
	vmnet_interface_event_callback_t before = i->last;

	i->last = *old;
	*old = before;
}

vmnet_return_t
vmnet_interface_set_event_callback(interface_ref interface,
    interface_event_t event_mask, dispatch_queue_t queue,
    vmnet_interface_event_callback_t callback)
{
	bool fits = (queue == NULL) == (callback == NULL) &&
	    event_mask == VMNET_INTERFACE_PACKETS_AVAILABLE;
	vmnet_interface_event_callback_t old = NULL;
	dispatch_queue_t old_queue = NULL;

	pthread_mutex_lock(&interface->lock);
	vmnet_return_t st = usable(interface, "set_event_callback");
	if (st == VMNET_SUCCESS && !fits)
		st = refuse("set_event_callback", VMNET_INVALID_ARGUMENT);
	if (st == VMNET_SUCCESS && callback != NULL &&
	    shim_knob_take(KNOB_CALLBACK_FAIL))
		st = (vmnet_return_t)shim_knob(KNOB_CALLBACK_STATUS);
	if (st == VMNET_SUCCESS) {
		old = interface->callback;
		interface->callback =
		    callback != NULL ? Block_copy(callback) : NULL;
	}
	if (st == VMNET_SUCCESS && queue != NULL) {
		old_queue = interface->queue;
		dispatch_retain(queue);
		interface->queue = queue;
	}
	if (old != NULL && callback == NULL && shim_knob(KNOB_STOP_EVENT) != 0)
		keep_last(interface, &old);
	pthread_mutex_unlock(&interface->lock);
	callback_release(interface, old);
	if (old_queue != NULL)
		dispatch_release(old_queue);
	return st;
}

/* --- read and write */

/* Packets of one call, and their bytes where the limit is Apple's old one. */
static vmnet_return_t
limit_check(enum shim_knob k, const struct vmpktdesc *p, int n)
{
	long most_packets = shim_knob(k) > 0 ? shim_knob(k) : SHIM_LIMIT;
	size_t sum = 0;

	if (n <= 0)
		return refuse("no packets", VMNET_INVALID_ARGUMENT);
	if (n > most_packets)
		return refuse("too many packets", VMNET_TOO_MANY_PACKETS);
	for (int i = 0; i < n; i++)
		sum += p[i].vm_pkt_size;
	if (shim_knob(k) == 0 && sum > SHIM_LIMIT_BYTES)
		return refuse("too many bytes", VMNET_INVALID_ARGUMENT);
	return VMNET_SUCCESS;
}

/* vmnet.md section 2.2: set before every call. */
static vmnet_return_t
read_check(size_t frame_max, const struct vmpktdesc *p, int n)
{
	for (int i = 0; i < n; i++) {
		if (p[i].vm_pkt_iovcnt != 1 || p[i].vm_flags != 0 ||
		    p[i].vm_pkt_size != frame_max ||
		    p[i].vm_pkt_iov->iov_len != frame_max)
			return refuse(
			    "read: not set up", VMNET_INVALID_ARGUMENT);
	}
	return limit_check(KNOB_READ_MAX, p, n);
}

/* With the lock. */
static void
frame_fetch(interface_ref i, struct vmpktdesc *p)
{
	size_t len = i->lens[i->head];

	memcpy(
	    p->vm_pkt_iov->iov_base, i->frames + i->head * i->frame_max, len);
	p->vm_pkt_size = len;
	if (shim_knob(KNOB_CLOBBER) != 0)
		p->vm_pkt_iov->iov_len = len;
	i->head = (i->head + 1) % SHIM_QUEUE;
	i->count--;
}

/* With the lock. */
static int
frames_fetch(interface_ref i, struct vmpktdesc *packets, int max)
{
	int n = 0;

	while (n < max && i->count > 0)
		frame_fetch(i, &packets[n++]);
	if (i->count == 0 && (n == 0 || shim_knob(KNOB_REARM) == 0))
		i->armed = true;
	most(&counts.read_most, (unsigned long)n);
	return n;
}

/* After an error *pktcnt is what it was: who does not look at the status
 * finds packets. */
vmnet_return_t
vmnet_read(interface_ref interface, struct vmpktdesc *packets, int *pktcnt)
{
	add(&counts.reads);
	pthread_mutex_lock(&interface->lock);
	vmnet_return_t st = usable(interface, "read");
	if (st == VMNET_SUCCESS && shim_knob_take(KNOB_READ_FAIL))
		st = (vmnet_return_t)shim_knob(KNOB_READ_STATUS);
	if (st == VMNET_SUCCESS)
		st = read_check(interface->frame_max, packets, *pktcnt);
	if (st == VMNET_SUCCESS)
		*pktcnt = frames_fetch(interface, packets, *pktcnt);
	pthread_mutex_unlock(&interface->lock);
	sleep_ms(shim_knob(KNOB_READ_DELAY));
	return st;
}

/* vmnet.md section 2.3. */
static vmnet_return_t
write_check(size_t frame_max, const struct vmpktdesc *p, int n)
{
	for (int i = 0; i < n; i++) {
		size_t len = p[i].vm_pkt_size;
		if (p[i].vm_pkt_iovcnt != 1 || p[i].vm_flags != 0 ||
		    p[i].vm_pkt_iov->iov_len != len || len < ETHER_HEADER)
			return refuse("write: frame", VMNET_INVALID_ARGUMENT);
		if (len > frame_max)
			return refuse("write: frame", VMNET_PACKET_TOO_BIG);
	}
	return limit_check(KNOB_WRITE_MAX, p, n);
}

static vmnet_return_t
write_allowed(interface_ref i, const struct vmpktdesc *packets, int n)
{
	pthread_mutex_lock(&i->lock);
	vmnet_return_t st = usable(i, "write");
	size_t frame_max = i->frame_max;
	pthread_mutex_unlock(&i->lock);
	if (st == VMNET_SUCCESS)
		st = write_check(frame_max, packets, n);
	if (st == VMNET_SUCCESS && shim_knob_take(KNOB_WRITE_FAIL))
		st = (vmnet_return_t)shim_knob(KNOB_WRITE_STATUS);
	return st;
}

vmnet_return_t
vmnet_write(interface_ref interface, struct vmpktdesc *packets, int *pktcnt)
{
	int n = 0;

	add(&counts.writes);
	pthread_mutex_lock(&interface->write_lock);
	vmnet_return_t st = write_allowed(interface, packets, *pktcnt);
	if (st == VMNET_SUCCESS) {
		n = *pktcnt - (shim_knob_take(KNOB_WRITE_SHORT) ? 1 : 0);
		for (int i = 0; i < n; i++)
			lan_write(interface->lan,
			    packets[i].vm_pkt_iov->iov_base,
			    packets[i].vm_pkt_size);
		most(&counts.write_most, (unsigned long)n);
	}
	pthread_mutex_unlock(&interface->write_lock);
	*pktcnt = n;
	return st;
}

/* --- stop */

static void
tear_down(interface_ref i)
{
	pthread_mutex_lock(&i->write_lock);
	lan_close(i->lan);
	i->lan = NULL;
	pthread_mutex_unlock(&i->write_lock);

	pthread_mutex_lock(&i->lock);
	dispatch_queue_t queue = i->queue;
	free(i->frames);
	i->frames = NULL;
	i->queue = NULL;
	i->state = STOPPED;
	pthread_mutex_unlock(&i->lock);
	if (queue != NULL)
		dispatch_release(queue);
	atomic_fetch_sub(&counts.live, 1);
}

static void
stop_free(struct stop *s)
{
	if (s->handler != NULL)
		Block_release(s->handler);
	callback_release(s->interface, s->last);
	dispatch_release(s->queue);
	free(s);
}

/* Behind the block that runs, and before whatever that block puts there. */
static void
stop_event(struct stop *s)
{
	struct event *e = allocate(sizeof(*e));

	e->interface = s->interface;
	e->callback = s->last;
	e->estimate = 1;
	s->last = NULL;
	dispatch_async_f(s->queue, e, event_run);
}

static void
stop_answer(void *ctx)
{
	struct stop *s = ctx;

	if (s->last != NULL)
		stop_event(s);
	s->handler(VMNET_SUCCESS);
	stop_free(s);
}

static void
stop_run(void *ctx)
{
	struct stop *s = ctx;

	sleep_ms(shim_knob(KNOB_STOP_DELAY));
	tear_down(s->interface);
	if (s->handler != NULL)
		dispatch_async_f(s->queue, s, stop_answer);
	else
		stop_free(s);
}

/* On the callback's queue: what was raised has been handled. */
static void
stop_idle(void *ctx)
{
	dispatch_async_f(work, ctx, stop_run);
}

/* The first stop of a live interface ends it, whatever it returns; it answers
 * only where that is success. */
static vmnet_return_t
stop_begin(interface_ref i, bool *end)
{
	pthread_mutex_lock(&i->lock);
	vmnet_return_t st = usable(i, "stop");
	*end = i->state == LIVE;
	if (*end)
		i->state = STOPPING;
	vmnet_interface_event_callback_t callback = *end ? i->callback : NULL;
	if (*end)
		i->callback = NULL;
	pthread_mutex_unlock(&i->lock);
	callback_release(i, callback);
	if (st == VMNET_SUCCESS && shim_knob_take(KNOB_STOP_FAIL))
		st = (vmnet_return_t)shim_knob(KNOB_STOP_STATUS);
	return st;
}

vmnet_return_t
vmnet_stop_interface(interface_ref interface, dispatch_queue_t queue,
    vmnet_interface_completion_handler_t handler)
{
	bool end;
	vmnet_return_t st = stop_begin(interface, &end);

	if (!end)
		return st;

	struct stop *s = allocate(sizeof(*s));

	s->interface = interface;
	s->last = interface->last;
	interface->last = NULL;
	dispatch_retain(queue);
	s->queue = queue;
	if (st == VMNET_SUCCESS) {
		add(&counts.stops);
		if (!shim_knob_take(KNOB_STOP_MUTE))
			s->handler = Block_copy(handler);
	}
	/* Nobody else changes the queue of an interface that stops. */
	if (interface->queue != NULL)
		dispatch_async_f(interface->queue, s, stop_idle);
	else
		dispatch_async_f(work, s, stop_run);
	return st;
}

/* --- harm */

static void
harm_lan(interface_ref i, enum shim_harm h)
{
	pthread_mutex_lock(&i->write_lock);
	if (i->lan != NULL && h == HARM_ADDRESS)
		lan_lose_address(i->lan);
	if (i->lan != NULL && h == HARM_BRIDGE)
		lan_lose_bridge(i->lan);
	pthread_mutex_unlock(&i->write_lock);
}

static void
harm_one(interface_ref i, enum shim_harm h)
{
	pthread_mutex_lock(&i->lock);
	if (i->state == LIVE && h == HARM_SPURIOUS)
		event_raise(i);
	if (i->state == LIVE && h == HARM_DEAD)
		i->dead = true;
	pthread_mutex_unlock(&i->lock);
	harm_lan(i, h);
}

void
shim_harm(enum shim_harm h)
{
	pthread_once(&once, init);
	for (int i = 0; i < SLOTS; i++)
		harm_one(&slots[i], h);
}
