/* SPDX-License-Identifier: ISC */
/*
 * The stand-ins for vmnet, xpc and dispatch: that each trap is there.
 * Waits are generous where something must come, and short where nothing may.
 */
#include "shim.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <vmnet/vmnet.h>

enum {
	MTU = 1500,
	FRAME = MTU + 14,
	BATCH = 300,
	SOON = 5000, /* ms: it comes */
	NEVER = 50,  /* ms: it does not */
};

#define MODE "u:vmnet_operation_mode="
#define HOST MODE "1000 "
#define OWN HOST "i:vmnet_network_identifier "
#define IP "s:vmnet_host_ip_address=10.99.0.1 "
#define MASK "s:vmnet_host_subnet_mask=255.255.255.0 "
#define NO_MAC "b:vmnet_allocate_mac_address=0 "
#define DEFAULT OWN IP MASK NO_MAC

static bool has_net; /* a network namespace of our own */
static char control_path[64];

/* What the blocks of one test share. */
static struct {
	dispatch_queue_t queue;
	dispatch_semaphore_t started, stopped, event, go;
	atomic_int status, events, stop_status;
	atomic_bool mac, id, hold;
	atomic_ulong mtu, max, read_max, estimate;
} t;

static struct iovec iovs[BATCH];
static struct vmpktdesc packets[BATCH];
static uint8_t data[BATCH][FRAME];

static bool
came(dispatch_semaphore_t s, int ms)
{
	return dispatch_semaphore_wait(s,
		   dispatch_time(
		       DISPATCH_TIME_NOW, ms * (int64_t)NSEC_PER_MSEC)) == 0;
}

static void
nap(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

static void
put_one(xpc_object_t d, char *word)
{
	char *key = word + 2;
	char *value = strchr(key, '=');
	uuid_t id = { 1, 2, 3 };

	if (value != NULL)
		*value++ = '\0';
	if (*word == 'i')
		xpc_dictionary_set_uuid(d, key, id);
	else if (*word == 'u')
		xpc_dictionary_set_uint64(d, key, strtoull(value, NULL, 10));
	else if (*word == 'n')
		xpc_dictionary_set_int64(d, key, strtoll(value, NULL, 10));
	else if (*word == 'b')
		xpc_dictionary_set_bool(d, key, *value == '1');
	else
		xpc_dictionary_set_string(d, key, value);
}

/* Words "type:key=value" become a descriptor. */
static xpc_object_t
desc(const char *words)
{
	xpc_object_t d = xpc_dictionary_create(NULL, NULL, 0);
	char copy[512], *save = NULL;

	assert_true(strlen(words) < sizeof(copy));
	memcpy(copy, words, strlen(words) + 1);
	for (char *w = strtok_r(copy, " ", &save); w != NULL;
	     w = strtok_r(NULL, " ", &save))
		put_one(d, w);
	return d;
}

static void
take_param(xpc_object_t p)
{
	t.mtu = xpc_dictionary_get_uint64(p, vmnet_mtu_key);
	t.max = xpc_dictionary_get_uint64(p, vmnet_max_packet_size_key);
	t.read_max = xpc_dictionary_get_uint64(p, "vmnet_read_max_packets");
	t.mac = xpc_dictionary_get_string(p, vmnet_mac_address_key) != NULL;
	t.id = xpc_dictionary_get_uuid(p, vmnet_interface_id_key) != NULL;
}

static interface_ref
start_raw(const char *words)
{
	xpc_object_t d = desc(words);
	interface_ref i = vmnet_start_interface(
	    d, t.queue, ^(vmnet_return_t status, xpc_object_t p) {
	      t.status = (int)status;
	      if (p != NULL)
		      take_param(p);
	      dispatch_semaphore_signal(t.started);
	    });

	xpc_release(d);
	return i;
}

static interface_ref
start(const char *words)
{
	interface_ref i = start_raw(words);

	assert_non_null(i);
	assert_true(came(t.started, SOON));
	return i;
}

static interface_ref
start_default(void)
{
	interface_ref i = start(DEFAULT);

	assert_int_equal(t.status, VMNET_SUCCESS);
	return i;
}

static vmnet_return_t
listen_to(interface_ref i)
{
	return vmnet_interface_set_event_callback(i,
	    VMNET_INTERFACE_PACKETS_AVAILABLE, t.queue,
	    ^(interface_event_t mask, xpc_object_t event) {
	      assert_int_equal(mask, VMNET_INTERFACE_PACKETS_AVAILABLE);
	      t.estimate = xpc_dictionary_get_uint64(
		  event, vmnet_estimated_packets_available_key);
	      atomic_fetch_add(&t.events, 1);
	      dispatch_semaphore_signal(t.event);
	      if (t.hold)
		      dispatch_semaphore_wait(t.go, DISPATCH_TIME_FOREVER);
	    });
}

static vmnet_return_t
stop_raw(interface_ref i)
{
	return vmnet_stop_interface(i, t.queue, ^(vmnet_return_t status) {
	  t.stop_status = (int)status;
	  dispatch_semaphore_signal(t.stopped);
	});
}

static void
stop(interface_ref i)
{
	assert_int_equal(stop_raw(i), VMNET_SUCCESS);
	assert_true(came(t.stopped, SOON));
	assert_int_equal(t.stop_status, VMNET_SUCCESS);
}

static void
until_live(unsigned long n)
{
	for (int ms = 0; shim_count().live != n; ms++) {
		assert_true(ms < SOON);
		nap();
	}
}

/* As a careful caller sets n descriptors up. */
static void
prepare(int n)
{
	for (int k = 0; k < n; k++) {
		iovs[k] = (struct iovec){ data[k], FRAME };
		packets[k] = (struct vmpktdesc){ FRAME, &iovs[k], 1, 0 };
	}
}

static vmnet_return_t
read_some(interface_ref i, int *n)
{
	prepare(*n);
	return vmnet_read(i, packets, n);
}

static void
push(int n, size_t len)
{
	static uint8_t frame[FRAME];

	for (int k = 0; k < n; k++)
		assert_true(shim_push(frame, len));
}

static int
setup(void **state)
{
	(void)state;
	shim_reset();
	memset(&t, 0, sizeof(t));
	t.queue = dispatch_queue_create("test", DISPATCH_QUEUE_SERIAL);
	t.started = dispatch_semaphore_create(0);
	t.stopped = dispatch_semaphore_create(0);
	t.event = dispatch_semaphore_create(0);
	t.go = dispatch_semaphore_create(0);
	return 0;
}

static void
nothing(void *ctx)
{
	(void)ctx;
}

static int
teardown(void **state)
{
	(void)state;
	dispatch_sync_f(t.queue, NULL, nothing);
	dispatch_release(t.queue);
	dispatch_release(t.started);
	dispatch_release(t.stopped);
	dispatch_release(t.event);
	dispatch_release(t.go);
	return shim_count().live == 0 ? 0 : -1;
}

/* --- dispatch; those that end a process come first, while it has one thread */

static void
sync_again(void *ctx)
{
	dispatch_sync_f(ctx, NULL, nothing);
}

static void
crash_sync(void)
{
	dispatch_queue_t q = dispatch_queue_create("q", NULL);

	dispatch_sync_f(q, q, sync_again);
}

static void
wait_long(void *ctx)
{
	dispatch_semaphore_wait(ctx, DISPATCH_TIME_FOREVER);
}

static void
crash_full(void)
{
	dispatch_queue_t q = dispatch_queue_create("q", NULL);
	dispatch_semaphore_t s = dispatch_semaphore_create(0);

	for (int n = 0; n < 10000; n++)
		dispatch_async_f(q, s, wait_long);
}

static void
crash_semaphore(void)
{
	dispatch_semaphore_t s = dispatch_semaphore_create(1);

	dispatch_semaphore_wait(s, DISPATCH_TIME_FOREVER);
	dispatch_release(s);
}

static void
test_dispatch_crashes(void **state)
{
	void (*const fns[])(void) = { crash_sync, crash_full, crash_semaphore };
	int status;

	(void)state;
	for (size_t k = 0; k < sizeof(fns) / sizeof(fns[0]); k++) {
		pid_t pid = fork();
		if (pid == 0) {
			signal(SIGABRT, SIG_DFL);
			(void)!freopen("/dev/null", "w", stderr);
			alarm(60);
			fns[k]();
			_exit(0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGABRT);
	}
}

struct order {
	int seen[100];
	int count;
	sigset_t mask;
};

static void
test_dispatch_order(void **state)
{
	__block struct order o = { .count = 0 };
	unsigned long threads = shim_dispatch_threads();

	(void)state;
	dispatch_queue_t q = dispatch_queue_create("q", DISPATCH_QUEUE_SERIAL);
	assert_int_equal(shim_dispatch_threads(), threads);
	for (int n = 0; n < 100; n++)
		dispatch_async(q, ^{
		  o.seen[o.count++] = n;
		});
	dispatch_sync(q, ^{
	  pthread_sigmask(SIG_BLOCK, NULL, &o.mask);
	});
	assert_int_equal(o.count, 100);
	for (int n = 0; n < 100; n++)
		assert_int_equal(o.seen[n], n);
	assert_int_equal(sigismember(&o.mask, SIGTERM), 1);
	assert_int_equal(shim_dispatch_threads(), threads + 1);
	dispatch_release(q);
	for (int ms = 0; shim_dispatch_threads() != threads; ms++) {
		assert_true(ms < SOON);
		nap();
	}
}

static void
signal_it(void *ctx)
{
	dispatch_semaphore_signal(ctx);
}

/* What waits in a queue runs after the caller's last reference is gone. */
static void
test_dispatch_release_early(void **state)
{
	dispatch_semaphore_t s = dispatch_semaphore_create(0);
	dispatch_queue_t q = dispatch_queue_create("q", NULL);

	(void)state;
	assert_true(dispatch_semaphore_wait(s, DISPATCH_TIME_NOW) != 0);
	assert_false(came(s, 1));
	for (int n = 0; n < 50; n++)
		dispatch_async_f(q, s, signal_it);
	dispatch_release(q);
	for (int n = 0; n < 50; n++)
		assert_true(came(s, SOON));
	dispatch_release(s);
}

/* --- xpc */

static void
test_xpc(void **state)
{
	xpc_object_t d = desc("u:a=5 n:b=-5 b:c=1 s:d=x i:e");
	__block int n = 0;

	(void)state;
	assert_int_equal(xpc_dictionary_get_count(d), 5);
	assert_int_equal(xpc_dictionary_get_uint64(d, "a"), 5);
	assert_int_equal(xpc_dictionary_get_int64(d, "b"), -5);
	assert_true(xpc_dictionary_get_bool(d, "c"));
	assert_string_equal(xpc_dictionary_get_string(d, "d"), "x");
	assert_int_equal(xpc_dictionary_get_uuid(d, "e")[2], 3);
	assert_int_equal(xpc_dictionary_get_uint64(d, "b"), 0);
	assert_null(xpc_dictionary_get_string(d, "a"));
	assert_null(xpc_dictionary_get_string(d, "missing"));
	xpc_dictionary_set_uint64(d, "d", 6);
	assert_int_equal(xpc_dictionary_get_count(d), 5);
	assert_ptr_equal(
	    xpc_get_type(xpc_dictionary_get_value(d, "d")), XPC_TYPE_UINT64);
	assert_false(
	    xpc_dictionary_apply(d, ^bool(const char *key, xpc_object_t value) {
	      (void)key;
	      (void)value;
	      return ++n < 3;
	    }));
	assert_int_equal(n, 3);
	xpc_retain(d);
	xpc_release(d);
	assert_int_equal(xpc_dictionary_get_uint64(d, "d"), 6);
	xpc_release(d);
}

/* --- start */

#define POOL "s:vmnet_start_address=10.1.0.1 s:vmnet_end_address=10.1.0.9 "
#define SUBNET "s:vmnet_subnet_mask=255.255.255.0 "
#define SHARED MODE "1001 "
#define BRIDGED MODE "1002 s:vmnet_shared_interface_name=en0 "

static const struct {
	const char *words;
	vmnet_return_t want;
	bool dhcp;
} asks[] = {
	{ DEFAULT, VMNET_SUCCESS, false },
	{ DEFAULT "u:vmnet_mtu=576", VMNET_SUCCESS, false },
	{ DEFAULT "u:vmnet_mtu=575", VMNET_INVALID_ARGUMENT, false },
	{ DEFAULT "u:vmnet_mtu=16384", VMNET_SUCCESS, false },
	{ DEFAULT "u:vmnet_mtu=16385", VMNET_INVALID_ARGUMENT, false },
	{ DEFAULT "n:vmnet_mtu=1400", VMNET_INVALID_ARGUMENT, false },
	{ DEFAULT "u:vmnet_other=1", VMNET_INVALID_ARGUMENT, false },
	{ DEFAULT "s:vmnet_host_ipv6_address=fd00::1", VMNET_SUCCESS, false },
	{ DEFAULT "s:vmnet_host_ipv6_address=fd00::z", VMNET_INVALID_ARGUMENT,
	    false },
	{ DEFAULT "s:vmnet_shared_interface_name=en0", VMNET_INVALID_ARGUMENT,
	    false },
	{ DEFAULT POOL SUBNET, VMNET_INVALID_ARGUMENT, false },
	{ OWN, VMNET_SUCCESS, false },
	{ OWN IP, VMNET_INVALID_ARGUMENT, false },
	{ OWN MASK, VMNET_INVALID_ARGUMENT, false },
	{ OWN IP "s:vmnet_host_subnet_mask=255.0.255.0", VMNET_INVALID_ARGUMENT,
	    false },
	{ HOST IP MASK, VMNET_INVALID_ARGUMENT, true },
	{ HOST "s:vmnet_host_ipv6_address=fd00::1", VMNET_INVALID_ARGUMENT,
	    true },
	{ HOST "s:vmnet_network_identifier=x", VMNET_INVALID_ARGUMENT, true },
	{ HOST "b:vmnet_operation_mode=1", VMNET_INVALID_ARGUMENT, false },
	{ HOST, VMNET_SUCCESS, true },
	{ HOST POOL SUBNET, VMNET_SUCCESS, true },
	{ HOST POOL, VMNET_INVALID_ARGUMENT, true },
	{ HOST SUBNET, VMNET_INVALID_ARGUMENT, true },
	{ HOST
	    "s:vmnet_start_address=9.1.0.1 s:vmnet_end_address=9.1.0.9 " SUBNET,
	    VMNET_INVALID_ARGUMENT, true },
	{ NO_MAC, VMNET_INVALID_ARGUMENT, false },
	{ MODE "999", VMNET_INVALID_ARGUMENT, false },
	{ SHARED POOL SUBNET "u:vmnet_mtu=1400", VMNET_SUCCESS, true },
	{ SHARED "i:vmnet_network_identifier", VMNET_INVALID_ARGUMENT, true },
	{ BRIDGED, VMNET_SUCCESS, false },
	{ BRIDGED "u:vmnet_mtu=1400", VMNET_INVALID_ARGUMENT, false },
	{ MODE "1002", VMNET_INVALID_ARGUMENT, false },
};

static void
test_start_asks(void **state)
{
	(void)state;
	for (size_t k = 0; k < sizeof(asks) / sizeof(asks[0]); k++) {
		interface_ref i = start(asks[k].words);
		if (t.status != (int)asks[k].want)
			fail_msg("%s: %d", asks[k].words, t.status);
		assert_int_equal(shim_vmnet_dhcp(), asks[k].dhcp);
		if (t.status == VMNET_SUCCESS)
			stop(i);
		else
			assert_int_equal(stop_raw(i), VMNET_SETUP_INCOMPLETE);
	}
	assert_int_equal(shim_misuses(), 0);
}

static void
test_start_result(void **state)
{
	interface_ref i = start(OWN "u:vmnet_mtu=1400");

	(void)state;
	assert_int_equal(t.mtu, 1400);
	assert_int_equal(t.max, 1414);
	assert_int_equal(t.read_max, 0);
	assert_true(t.mac && t.id);
	assert_int_equal(shim_asked().mtu, 1400);
	stop(i);
	assert_int_equal(shim_control("read_max=256"), 0);
	i = start(OWN NO_MAC);
	assert_false(t.mac || t.id);
	assert_int_equal(t.read_max, 256);
	assert_int_equal(t.mtu, 1500);
	assert_false(shim_asked().allocate_mac);
	stop(i);
}

static void
test_start_traps(void **state)
{
	(void)state;
	assert_int_equal(shim_control("start_null=1,start_mute=1"), 0);
	assert_null(start_raw(DEFAULT));
	assert_false(came(t.started, NEVER));

	interface_ref i = start_raw(DEFAULT);
	assert_non_null(i);
	assert_false(came(t.started, NEVER));
	assert_int_equal(stop_raw(i), VMNET_SETUP_INCOMPLETE);

	assert_int_equal(shim_control("start_fail=2,start_status=1009"), 0);
	start(DEFAULT);
	assert_int_equal(t.status, VMNET_SHARING_SERVICE_BUSY);
	start(DEFAULT);
	assert_int_equal(t.status, VMNET_SHARING_SERVICE_BUSY);

	assert_int_equal(shim_control("start_delay=20"), 0);
	i = start_raw(DEFAULT);
	assert_int_equal(stop_raw(i), VMNET_SETUP_INCOMPLETE);
	assert_true(came(t.started, SOON));
	assert_int_equal(t.status, VMNET_SUCCESS);
	stop(i);

	assert_int_equal(shim_control("start_delay=0,start_early=1"), 0);
	i = start_raw(DEFAULT);
	assert_true(dispatch_semaphore_wait(t.started, DISPATCH_TIME_NOW) == 0);
	stop(i);
	assert_int_equal(shim_count().starts, 6);
	assert_int_equal(shim_count().stops, 2);
}

/* --- read */

static void
spoil_iovcnt(void)
{
	packets[1].vm_pkt_iovcnt = 2;
}

static void
spoil_size(void)
{
	packets[1].vm_pkt_size = FRAME - 1;
}

static void
spoil_len(void)
{
	iovs[1].iov_len = 60;
}

static void
spoil_flags(void)
{
	packets[1].vm_flags = 1;
}

static const struct {
	const char *knobs;
	int count;
	void (*spoil)(void);
	vmnet_return_t want;
} reads[] = {
	{ "read_max=0", 2, NULL, VMNET_SUCCESS },
	{ "read_max=0", 2, spoil_iovcnt, VMNET_INVALID_ARGUMENT },
	{ "read_max=0", 2, spoil_size, VMNET_INVALID_ARGUMENT },
	{ "read_max=0", 2, spoil_len, VMNET_INVALID_ARGUMENT },
	{ "read_max=0", 2, spoil_flags, VMNET_INVALID_ARGUMENT },
	{ "read_max=0", 0, NULL, VMNET_INVALID_ARGUMENT },
	{ "read_max=0", 173, NULL, VMNET_SUCCESS },
	{ "read_max=0", 174, NULL, VMNET_INVALID_ARGUMENT },
	{ "read_max=0", 201, NULL, VMNET_TOO_MANY_PACKETS },
	{ "read_max=256", 256, NULL, VMNET_SUCCESS },
	{ "read_max=256", 257, NULL, VMNET_TOO_MANY_PACKETS },
	{ "read_fail=1,read_status=1005", 2, NULL, VMNET_INVALID_ACCESS },
};

static void
test_read_rules(void **state)
{
	interface_ref i = start_default();

	(void)state;
	push(3, 60);
	for (size_t k = 0; k < sizeof(reads) / sizeof(reads[0]); k++) {
		int n = reads[k].count;
		assert_int_equal(shim_control(reads[k].knobs), 0);
		prepare(n);
		if (reads[k].spoil != NULL)
			reads[k].spoil();
		vmnet_return_t got = vmnet_read(i, packets, &n);
		if (got != reads[k].want)
			fail_msg("row %zu: %u", k, got);
		if (got != VMNET_SUCCESS)
			assert_int_equal(n, reads[k].count);
	}
	stop(i);
}

static void
test_read_frames(void **state)
{
	interface_ref i = start_default();
	uint8_t big[FRAME + 1] = { 7 };
	int n = 2;

	(void)state;
	push(1, 42);
	push(2, FRAME);
	assert_false(shim_push(big, sizeof(big)));
	assert_int_equal(shim_waiting(), 3);
	assert_int_equal(read_some(i, &n), VMNET_SUCCESS);
	assert_int_equal(n, 2);
	assert_int_equal(packets[0].vm_pkt_size, 42);
	assert_int_equal(iovs[0].iov_len, FRAME);
	assert_int_equal(packets[1].vm_pkt_size, FRAME);
	assert_int_equal(read_some(i, &n), VMNET_SUCCESS);
	assert_int_equal(n, 1);
	assert_int_equal(read_some(i, &n), VMNET_SUCCESS);
	assert_int_equal(n, 0);
	assert_int_equal(shim_control("clobber=1"), 0);
	push(1, 42);
	n = 2;
	assert_int_equal(read_some(i, &n), VMNET_SUCCESS);
	assert_int_equal(iovs[0].iov_len, 42);
	assert_int_equal(shim_count().reads, 4);
	assert_int_equal(shim_count().read_most, 2);
	assert_int_equal(shim_count().dropped, 1);
	stop(i);
}

static void
test_read_full(void **state)
{
	interface_ref i = start_default();
	uint8_t frame[60] = { 1 };

	(void)state;
	push(SHIM_QUEUE, sizeof(frame));
	assert_false(shim_push(frame, sizeof(frame)));
	assert_int_equal(shim_waiting(), SHIM_QUEUE);
	stop(i);
	assert_false(shim_push(frame, sizeof(frame)));
}

/* --- events */

static void
test_event_burst(void **state)
{
	interface_ref i = start_default();
	int n = 2;

	(void)state;
	assert_int_equal(listen_to(i), VMNET_SUCCESS);
	push(5, 60);
	assert_true(came(t.event, SOON));
	assert_true(t.estimate >= 1);
	assert_int_equal(read_some(i, &n), VMNET_SUCCESS);
	push(5, 60);
	assert_false(came(t.event, NEVER));
	n = 8;
	assert_int_equal(read_some(i, &n), VMNET_SUCCESS);
	assert_int_equal(n, 8);
	push(1, 60);
	assert_true(came(t.event, SOON));

	assert_int_equal(shim_control("rearm=1"), 0);
	n = 1;
	assert_int_equal(read_some(i, &n), VMNET_SUCCESS);
	push(1, 60);
	assert_false(came(t.event, NEVER));
	for (n = 1; n == 1;)
		assert_int_equal(read_some(i, &n), VMNET_SUCCESS);
	push(1, 60);
	assert_true(came(t.event, SOON));

	stop(i);
	assert_int_equal(shim_count().events, 3);
}

static void
test_event_late_callback(void **state)
{
	interface_ref i = start_default();
	int n = 8;

	(void)state;
	push(1, 60);
	assert_int_equal(listen_to(i), VMNET_SUCCESS);
	push(1, 60);
	assert_false(came(t.event, NEVER));
	assert_int_equal(read_some(i, &n), VMNET_SUCCESS);
	assert_int_equal(n, 2);
	assert_int_equal(shim_control("spurious"), 0);
	assert_true(came(t.event, SOON));
	assert_int_equal(shim_waiting(), 0);
	assert_int_equal(vmnet_interface_set_event_callback(i,
			     VMNET_INTERFACE_PACKETS_AVAILABLE, t.queue, NULL),
	    VMNET_INVALID_ARGUMENT);
	assert_int_equal(vmnet_interface_set_event_callback(
			     i, VMNET_INTERFACE_PACKETS_AVAILABLE, NULL, NULL),
	    VMNET_SUCCESS);
	assert_int_equal(shim_control("spurious"), 0);
	push(1, 60);
	assert_false(came(t.event, NEVER));
	stop(i);
}

/* --- write */

static void
spoil_short(void)
{
	packets[1].vm_pkt_size = iovs[1].iov_len = 13;
}

static void
spoil_long(void)
{
	packets[1].vm_pkt_size = iovs[1].iov_len = FRAME + 1;
}

static const struct {
	const char *knobs;
	int count;
	void (*spoil)(void);
	vmnet_return_t want;
	int wrote;
} writes[] = {
	{ "write_max=0", 3, NULL, VMNET_SUCCESS, 3 },
	{ "write_max=0", 3, spoil_iovcnt, VMNET_INVALID_ARGUMENT, 0 },
	{ "write_max=0", 3, spoil_size, VMNET_INVALID_ARGUMENT, 0 },
	{ "write_max=0", 3, spoil_len, VMNET_INVALID_ARGUMENT, 0 },
	{ "write_max=0", 3, spoil_flags, VMNET_INVALID_ARGUMENT, 0 },
	{ "write_max=0", 3, spoil_short, VMNET_INVALID_ARGUMENT, 0 },
	{ "write_max=0", 3, spoil_long, VMNET_PACKET_TOO_BIG, 0 },
	{ "write_max=0", 201, NULL, VMNET_TOO_MANY_PACKETS, 0 },
	{ "write_max=0", 174, NULL, VMNET_INVALID_ARGUMENT, 0 },
	{ "write_max=4", 5, NULL, VMNET_TOO_MANY_PACKETS, 0 },
	{ "write_short=1", 3, NULL, VMNET_SUCCESS, 2 },
	{ "write_fail=1", 3, NULL, VMNET_BUFFER_EXHAUSTED, 0 },
	{ "write_fail=1,write_status=1004", 3, NULL, VMNET_SETUP_INCOMPLETE,
	    0 },
	{ "write_max=256", 256, NULL, VMNET_SUCCESS, 256 },
};

static void
test_write_rules(void **state)
{
	static uint8_t out[FRAME];
	interface_ref i = start_default();

	(void)state;
	for (size_t k = 0; k < sizeof(writes) / sizeof(writes[0]); k++) {
		int n = writes[k].count;
		assert_int_equal(shim_control(writes[k].knobs), 0);
		prepare(n);
		if (writes[k].spoil != NULL)
			writes[k].spoil();
		data[0][0] = (uint8_t)k;
		vmnet_return_t got = vmnet_write(i, packets, &n);
		if (got != writes[k].want || n != writes[k].wrote)
			fail_msg("row %zu: %u, %d", k, got, n);
		for (int w = 0; w < writes[k].wrote; w++) {
			assert_int_equal(shim_take(out, sizeof(out)), FRAME);
			assert_true(w != 0 || out[0] == k);
		}
		assert_int_equal(shim_take(out, sizeof(out)), 0);
	}
	assert_int_equal(shim_count().write_most, 256);
	assert_int_equal(
	    shim_count().writes, sizeof(writes) / sizeof(writes[0]));
	stop(i);
}

/* --- the end */

static void
test_dead(void **state)
{
	interface_ref i = start_default();
	int n = 1;

	(void)state;
	assert_int_equal(listen_to(i), VMNET_SUCCESS);
	assert_int_equal(shim_control("dead"), 0);
	assert_int_equal(read_some(i, &n), VMNET_INVALID_ACCESS);
	prepare(1);
	assert_int_equal(vmnet_write(i, packets, &n), VMNET_INVALID_ACCESS);
	assert_int_equal(listen_to(i), VMNET_INVALID_ACCESS);
	assert_int_equal(stop_raw(i), VMNET_INVALID_ACCESS);
	assert_false(came(t.stopped, NEVER));
	until_live(0);
	assert_int_equal(shim_misuses(), 0);
	i = start_default();
	n = 1;
	assert_int_equal(read_some(i, &n), VMNET_SUCCESS);
	stop(i);
}

/* The block comes only after the callback's queue is idle. */
static void
test_stop_waits(void **state)
{
	interface_ref i = start_default();
	int n = 1;
	dispatch_queue_t own = dispatch_queue_create("own", NULL);

	(void)state;
	t.hold = true;
	assert_int_equal(listen_to(i), VMNET_SUCCESS);
	push(1, 60);
	assert_true(came(t.event, SOON));
	assert_int_equal(vmnet_interface_set_event_callback(
			     i, VMNET_INTERFACE_PACKETS_AVAILABLE, NULL, NULL),
	    VMNET_SUCCESS);
	assert_int_equal(vmnet_stop_interface(i, own,
			     ^(vmnet_return_t st) {
			       assert_int_equal(st, VMNET_SUCCESS);
			       dispatch_semaphore_signal(t.stopped);
			     }),
	    VMNET_SUCCESS);
	assert_false(came(t.stopped, NEVER));
	assert_int_equal(read_some(i, &n), VMNET_INVALID_ACCESS);
	assert_int_equal(shim_misuses(), 0);
	assert_int_equal(shim_count().live, 1);
	dispatch_semaphore_signal(t.go);
	assert_true(came(t.stopped, SOON));
	assert_int_equal(shim_count().live, 0);
	dispatch_release(own);
}

static void
test_stop_traps(void **state)
{
	interface_ref i = start_default();

	(void)state;
	assert_int_equal(
	    shim_control("stop_fail=1,stop_status=1004,stop_mute=1"), 0);
	assert_int_equal(stop_raw(i), VMNET_SETUP_INCOMPLETE);
	assert_false(came(t.stopped, NEVER));
	i = start_default();
	assert_int_equal(stop_raw(i), VMNET_SUCCESS);
	assert_false(came(t.stopped, NEVER));
	until_live(0);
	assert_int_equal(shim_control("stop_delay=30"), 0);
	i = start_default();
	assert_int_equal(stop_raw(i), VMNET_SUCCESS);
	assert_int_equal(shim_count().live, 1);
	assert_true(came(t.stopped, SOON));
}

static void
test_use_after_stop(void **state)
{
	interface_ref i = start_default();
	int n = 1;

	(void)state;
	stop(i);
	assert_int_equal(shim_misuses(), 0);
	assert_int_equal(read_some(i, &n), VMNET_INVALID_ACCESS);
	assert_int_equal(vmnet_write(i, packets, &n), VMNET_INVALID_ACCESS);
	assert_int_equal(listen_to(i), VMNET_INVALID_ACCESS);
	assert_int_equal(stop_raw(i), VMNET_INVALID_ACCESS);
	assert_int_equal(shim_misuses(), 4);
}

/* Frames come and go on threads of their own while it is stopped. */
static void
test_stop_busy(void **state)
{
	dispatch_queue_t other = dispatch_queue_create("other", NULL);
	dispatch_semaphore_t done = dispatch_semaphore_create(0);
	interface_ref i = start_default();

	(void)state;
	assert_int_equal(listen_to(i), VMNET_SUCCESS);
	dispatch_async(other, ^{
	  uint8_t frame[60] = { 0 };
	  struct iovec v = { frame, sizeof(frame) };
	  struct vmpktdesc p = { sizeof(frame), &v, 1, 0 };
	  for (int k = 0; k < 2000; k++) {
		  int one = 1;
		  (void)shim_push(frame, sizeof(frame));
		  if (vmnet_write(i, &p, &one) != VMNET_SUCCESS)
			  break;
	  }
	  dispatch_semaphore_signal(done);
	});
	for (int k = 0; k < 50; k++) {
		int n = 4;
		assert_int_equal(read_some(i, &n), VMNET_SUCCESS);
	}
	stop(i);
	assert_true(came(done, SOON));
	dispatch_release(other);
	dispatch_release(done);
}

/* --- control */

static void
test_control(void **state)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	struct sockaddr_un from = { .sun_family = AF_UNIX };
	char line[512];
	int s = socket(AF_UNIX, SOCK_DGRAM, 0);

	(void)state;
	assert_int_equal(shim_control("unknown=1"), -1);
	assert_int_equal(shim_control("read_max"), -1);
	assert_int_equal(shim_control("read_max=x"), -1);
	assert_int_equal(shim_control("read_max=1,x=1"), -1);
	assert_int_equal(shim_control("sleep x"), -1);
	assert_int_equal(shim_control(""), -1);

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", control_path);
	/* An address that the kernel chooses, unix(7). */
	assert_int_equal(
	    bind(s, (struct sockaddr *)&from, sizeof(sa_family_t)), 0);
	assert_int_equal(connect(s, (struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(send(s, "start_fail=1\n", 13, 0), 13);
	assert_int_equal(recv(s, line, sizeof(line), 0), 3);
	assert_memory_equal(line, "ok\n", 3);
	start(DEFAULT);
	assert_int_equal(t.status, VMNET_FAILURE);
	assert_int_equal(send(s, "counts", 6, 0), 6);
	ssize_t n = recv(s, line, sizeof(line) - 1, 0);
	assert_true(n > 0);
	line[n] = '\0';
	assert_non_null(strstr(line, "starts=1,stops=0,live=0,"));
	close(s);
}

/* --- a far side that is a TAP, or a network card */

/* The name of the interface with an address; empty: none. */
static void
name_of(const char *ip, char out[static IF_NAMESIZE])
{
	struct ifaddrs *all;
	in_addr_t want = inet_addr(ip);

	out[0] = '\0';
	assert_int_equal(getifaddrs(&all), 0);
	for (struct ifaddrs *a = all; a != NULL; a = a->ifa_next) {
		const struct sockaddr_in *sin = (const void *)a->ifa_addr;
		if (sin != NULL && sin->sin_family == AF_INET &&
		    sin->sin_addr.s_addr == want)
			snprintf(out, IF_NAMESIZE, "%s", a->ifa_name);
	}
	freeifaddrs(all);
}

/* Asks with ARP (RFC 826) for 10.X.0.1 and waits for the answer. */
static void
arp(interface_ref i, uint8_t x)
{
	const uint8_t ask[42] = { 255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0,
		9, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 9, 10, x, 0, 9,
		0, 0, 0, 0, 0, 0, 10, x, 0, 1 };
	bool seen = false;
	int n = 1;

	prepare(1);
	memcpy(data[0], ask, sizeof(ask));
	packets[0].vm_pkt_size = iovs[0].iov_len = sizeof(ask);
	assert_int_equal(vmnet_write(i, packets, &n), VMNET_SUCCESS);
	for (int ms = 0; !seen; ms++) {
		assert_true(ms < SOON);
		n = 1;
		assert_int_equal(read_some(i, &n), VMNET_SUCCESS);
		seen = n == 1 && memcmp(data[0], ask + 6, 6) == 0 &&
		    data[0][12] == 8 && data[0][13] == 6 && data[0][21] == 2;
		nap();
	}
}

static void
test_tap(void **state)
{
	char name[IF_NAMESIZE];

	(void)state;
	if (!has_net)
		skip();
	assert_int_equal(shim_control("memory=0"), 0);
	interface_ref i = start(DEFAULT "u:vmnet_mtu=1500");
	assert_int_equal(t.status, VMNET_SUCCESS);
	assert_int_equal(listen_to(i), VMNET_SUCCESS);
	name_of("10.99.0.1", name);
	assert_string_equal(name, "bridge100");
	arp(i, 99);
	assert_true(came(t.event, SOON));
	interface_ref second = start(HOST);
	name_of("192.168.128.1", name);
	assert_string_equal(name, "bridge101");
	stop(second);
	assert_int_equal(if_nametoindex("bridge101"), 0);
	assert_int_equal(shim_control("address_lost"), 0);
	name_of("10.99.0.1", name);
	assert_string_equal(name, "");
	assert_true(if_nametoindex("bridge100") != 0);
	assert_int_equal(shim_control("bridge_gone"), 0);
	assert_int_equal(if_nametoindex("bridge100"), 0);
	int n = 1;
	prepare(1);
	assert_int_equal(vmnet_write(i, packets, &n), VMNET_SUCCESS);
	stop(i);
}

static bool
is_listed(const char *name)
{
	xpc_object_t list = vmnet_copy_shared_interface_list();
	bool found = false;

	if (list == NULL)
		return false;
	for (size_t k = 0; k < xpc_array_get_count(list); k++)
		found |= strcmp(xpc_array_get_string(list, k), name) == 0;
	xpc_release(list);
	return found;
}

static void
test_bridged(void **state)
{
	(void)state;
	if (!has_net ||
	    system("ip link add va type veth peer name vb && "
		   "ip link set va up && ip link set vb up && "
		   "ip addr add 10.98.0.1/24 dev vb") != 0)
		skip();
	assert_int_equal(shim_control("memory=0"), 0);
	interface_ref host = start_default();
	assert_true(is_listed("va"));
	assert_false(is_listed("lo"));
	assert_false(is_listed("bridge100"));
	interface_ref i = start(MODE "1002 s:vmnet_shared_interface_name=va");
	assert_int_equal(t.status, VMNET_SUCCESS);
	assert_int_equal(t.mtu, 1500);
	arp(i, 98);
	stop(i);
	start(MODE "1002 s:vmnet_shared_interface_name=none0");
	assert_int_equal(t.status, VMNET_FAILURE);
	stop(host);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dispatch_crashes),
		cmocka_unit_test(test_dispatch_order),
		cmocka_unit_test(test_dispatch_release_early),
		cmocka_unit_test(test_xpc),
		cmocka_unit_test_setup_teardown(
		    test_start_asks, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_start_result, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_start_traps, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_read_rules, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_read_frames, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_read_full, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_event_burst, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_event_late_callback, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_write_rules, setup, teardown),
		cmocka_unit_test_setup_teardown(test_dead, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_stop_waits, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_stop_traps, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_use_after_stop, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_stop_busy, setup, teardown),
		cmocka_unit_test_setup_teardown(test_control, setup, teardown),
		cmocka_unit_test_setup_teardown(test_tap, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bridged, setup, teardown),
	};

	/* Before there is a thread, so that all of them are in it. */
	has_net = unshare(CLONE_NEWNET) == 0;
	snprintf(control_path, sizeof(control_path), "/tmp/shim_test.%d",
	    (int)getpid());
	setenv("SHIM_CONTROL", control_path, 1);

	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	unlink(control_path);
	return failed;
}
