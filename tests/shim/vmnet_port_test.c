/* SPDX-License-Identifier: ISC */
/*
 * vmnet_port.c on the stand-in for vmnet: each trap that vmnet.md
 * names, sections 1 to 3. Nothing here is timed: waits are generous where
 * something must come, and short where nothing may.
 */
#include "os/darwin/vmnet_port.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <dispatch/dispatch.h>
#include <vmnet/vmnet.h>

#include "os/mono.h"
#include "os/sockaddr.h"
#include "shim.h"

enum {
	MTU = 1500,
	FRAME = MTU + 14,
	SMALL = 60,
	RING = 2048, /* slots of a ring for frames of 1514 bytes */
	MANY = 256,
};
#define LONG patience() /* it comes, or the test is lost */
#define SHORT MS(30)    /* it does not come */

static struct loop *loop;
static struct vmnet_port *port;
static struct netif_config config;
static struct drop_counts drops;
static uint32_t pushed, received; /* numbers of frames */
static atomic_bool woken;
/* Ports that were left to a vmnet that does not answer. */
static struct vmnet_port *left[16];
static unsigned int left_count;

/* tests/mutants knows that most tests must fail. */
static uint64_t
patience(void)
{
	const char *text = getenv("TEST_PATIENCE"); /* in seconds */

	return SEC(text == NULL ? 20 : strtoul(text, NULL, 10));
}

static void
nap(void)
{
	(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

static void
nap_short(void)
{
	(void)nanosleep(&(struct timespec){ .tv_nsec = SHORT }, NULL);
}

/* Waits until a condition holds; else the test has failed. */
#define until(condition)                                                       \
	do {                                                                   \
		const uint64_t end_ns = mono_now().mono_ns + LONG;             \
		while (!(condition)) {                                         \
			assert_true(mono_now().mono_ns < end_ns);              \
			nap();                                                 \
		}                                                              \
	} while (0)

static void
control(const char *line)
{
	assert_int_equal(shim_control(line), 0);
}

static void
wake(void *ctx)
{
	(void)ctx;
	woken = true;
}

static struct ifconf_addr
address(const char *text, uint8_t prefix)
{
	struct ifconf_addr a = { .prefix = prefix };

	assert_int_equal(sockaddr_parse(&a.ip, text), 0);
	return a;
}

static int
setup(void **state)
{
	(void)state;
	shim_reset();
	drops = (struct drop_counts){ .n = { 0 } };
	config = (struct netif_config){
		.mode = NETIF_HOST,
		.id = { 1, 2, 3 },
		.mtu = MTU,
		.addrs = { address("10.99.0.1", 24) },
		.addr_count = 1,
		.drops = &drops,
	};
	pushed = received = 0;
	woken = false;
	loop = loop_open();
	return loop != NULL && loop_add_wake(loop, wake, NULL) == 0 ? 0 : -1;
}

/* A test has failed; the next one begins with none. */
static void
abandon_port(void)
{
	(void)vmnet_port_poll(port, MS(500));
	if (vmnet_port_is_up(port)) {
		vmnet_port_stop(port);
		(void)vmnet_port_poll(port, MS(500));
	}
	vmnet_port_close(port);
	port = NULL;
}

/* No test leaves an interface, or calls one that is gone. */
static int
teardown(void **state)
{
	const bool failed = port != NULL;

	(void)state;
	if (failed)
		abandon_port();
	loop_close(loop);
	loop = NULL;
	return !failed && shim_count().live == 0 && shim_misuses() == 0 ? 0
									: -1;
}

static void
make_port(void)
{
	port = vmnet_port_open(&config, loop);
	assert_non_null(port);
}

static void
end_port(void)
{
	vmnet_port_close(port);
	port = NULL;
}

static void
start(void)
{
	vmnet_port_start(port);
	assert_int_equal(vmnet_port_poll(port, LONG), VMNET_PORT_DONE);
	assert_true(vmnet_port_is_up(port));
	assert_false(vmnet_port_is_broken(port));
}

static void
stop(void)
{
	vmnet_port_stop(port);
	assert_int_equal(vmnet_port_poll(port, LONG), VMNET_PORT_DONE);
	assert_false(vmnet_port_is_up(port));
}

static void
open_up(void)
{
	make_port();
	start();
}

static void
close_down(void)
{
	stop();
	end_port();
}

/* Not closed: vmnet never answered. The leak checker knows it by this. */
static void
leave_port(void)
{
	vmnet_port_close(port);
	assert_true(left_count < ARRAY_LEN(left));
	left[left_count++] = port;
	port = NULL;
}

/* Frames carry a number behind the header. */
static bool
push_one(size_t len)
{
	uint8_t frame[FRAME] = { 0 };

	memcpy(frame + FRAME_HEADER_LEN, &pushed, sizeof(pushed));
	frame[len - 1] = 0x77;
	if (!shim_push(frame, len))
		return false;
	pushed++;
	return true;
}

static void
push(unsigned int n, size_t len)
{
	for (unsigned int i = 0; i < n; i++)
		until(push_one(len));
}

static void
check_frame(const struct frame *f, size_t len)
{
	uint32_t number;

	assert_int_equal(f->len, len);
	assert_int_equal(f->gso, FRAME_GSO_NONE);
	memcpy(&number, f->data + FRAME_HEADER_LEN, sizeof(number));
	assert_int_equal(number, received);
	assert_int_equal(f->data[len - 1], 0x77);
	received++;
}

static int
receive_some(size_t len)
{
	struct frame f[NETIF_BATCH];
	const int n = vmnet_port_recv(port, f, NETIF_BATCH);

	for (int i = 0; i < n; i++)
		check_frame(&f[i], len);
	return n;
}

/* All that was pushed comes, in order and once. */
static void
receive_all(size_t len)
{
	until(receive_some(len) == 0 && received == pushed);
	assert_false(vmnet_port_has_frames(port));
}

static void
flood(size_t len)
{
	while (pushed < RING + SHIM_QUEUE) {
		until(shim_waiting() < SHIM_QUEUE);
		assert_true(push_one(len));
	}
	until(vmnet_port_full(port) > 0 && shim_waiting() == SHIM_QUEUE);
}

/* Frames that come before there is a callback raise no event. */
static void
start_with_frames(unsigned int n, size_t len)
{
	vmnet_port_start(port);
	until(shim_count().live == 1);
	push(n, len);
	assert_int_equal(vmnet_port_poll(port, LONG), VMNET_PORT_DONE);
}

/* --- from the host */

static const struct {
	const char *knobs;
	uint32_t mtu;
	unsigned long most;
} limits[] = {
	{ "read_max=0", MTU, 173 }, /* 256 KiB */
	{ "read_max=0", 576, 200 },
	{ "read_max=0", 9000, 29 },
	{ "read_max=0", 16384, 15 },
	{ "read_max=1", MTU, 1 },
	{ "read_max=100", MTU, 100 },
	{ "read_max=256", MTU, 256 },
	{ "read_max=1000", MTU, 256 },
};

static void
test_reads_are_as_large_as_allowed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		(void)setup(state);
		control(limits[i].knobs);
		config.mtu = limits[i].mtu;
		make_port();
		start_with_frames(300, SMALL);
		receive_all(SMALL);
		assert_int_equal(shim_count().read_most, limits[i].most);
		assert_int_equal(shim_count().refused, 0);
		close_down();
		assert_int_equal(teardown(state), 0);
	}
}

/* vmnet takes less than it said. */
static void
test_too_many_packets_halves_the_batch(void **state)
{
	(void)state;
	control("read_max=256");
	make_port();
	vmnet_port_start(port);
	until(shim_count().live == 1);
	control("read_max=50");
	push(300, SMALL);
	assert_int_equal(vmnet_port_poll(port, LONG), VMNET_PORT_DONE);
	receive_all(SMALL);
	assert_int_equal(shim_count().read_most, 32);
	assert_int_equal(shim_count().refused, 3);
	assert_false(vmnet_port_is_broken(port));
	/* The next start begins anew. */
	stop();
	control("read_max=256");
	start_with_frames(300, SMALL);
	receive_all(SMALL);
	assert_int_equal(shim_count().read_most, 256);
	close_down();
}

static void
test_too_many_of_one_packet_is_an_error(void **state)
{
	(void)state;
	control("read_fail=50,read_status=1008");
	make_port();
	vmnet_port_start(port);
	assert_int_equal(vmnet_port_poll(port, LONG), VMNET_PORT_DONE);
	until(receive_some(SMALL) == 0 && vmnet_port_is_broken(port));
	assert_int_equal(vmnet_port_status(port), VMNET_TOO_MANY_PACKETS);
	assert_true(shim_count().reads < 20);
	close_down();
}

/* A read may write over sizes; a batch of long frames follows short ones. */
static void
test_descriptors_are_set_before_each_read(void **state)
{
	(void)state;
	control("clobber=1");
	open_up();
	for (int round = 0; round < 3; round++) {
		push(10, SMALL);
		receive_all(SMALL);
		push(10, FRAME);
		receive_all(FRAME);
	}
	assert_int_equal(shim_count().refused, 0);
	assert_false(vmnet_port_is_broken(port));
	close_down();
}

static void
test_frames_of_before_the_callback(void **state)
{
	(void)state;
	make_port();
	start_with_frames(5, SMALL);
	receive_all(SMALL);
	push(5, SMALL);
	receive_all(SMALL);
	close_down();
}

/* Of one burst one event tells; reads take a few frames each. */
static void
test_burst_is_drained_after_one_event(void **state)
{
	(void)state;
	control("read_max=2");
	make_port();
	start_with_frames(300, SMALL);
	receive_all(SMALL);
	assert_int_equal(shim_count().events, 0);
	assert_int_equal(shim_count().read_most, 2);
	close_down();
}

static const char *const rearms[] = { "rearm=0", "rearm=1" };

/* More than the ring holds stays in vmnet, and nothing is lost. */
static void
test_full_ring_leaves_frames_in_vmnet(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rearms); i++) {
		(void)setup(state);
		control(rearms[i]);
		open_up();
		flood(SMALL);
		receive_all(SMALL);
		assert_int_equal(shim_waiting(), 0);
		push(3, SMALL);
		receive_all(SMALL);
		const uint64_t full = vmnet_port_full(port);
		stop();
		assert_int_equal(vmnet_port_full(port), full);
		end_port();
		assert_int_equal(teardown(state), 0);
	}
}

/* What was given out is not written over until the next call. */
static void
test_frames_stay_until_the_next_call(void **state)
{
	struct frame f[NETIF_BATCH];

	(void)state;
	open_up();
	flood(SMALL);
	assert_int_equal(vmnet_port_recv(port, f, NETIF_BATCH), NETIF_BATCH);
	nap_short();
	assert_int_equal(shim_waiting(), SHIM_QUEUE);
	for (int i = 0; i < NETIF_BATCH; i++)
		check_frame(&f[i], SMALL);
	receive_all(SMALL);
	close_down();
}

static void
test_has_frames_tells_what_waits(void **state)
{
	struct frame f[4];

	(void)state;
	make_port();
	assert_false(vmnet_port_has_frames(port));
	assert_int_equal(vmnet_port_recv(port, f, 4), 0);
	start();
	assert_false(vmnet_port_has_frames(port));
	push(6, SMALL);
	until(vmnet_port_has_frames(port) && shim_waiting() == 0);
	assert_int_equal(vmnet_port_recv(port, f, 4), 4);
	assert_true(vmnet_port_has_frames(port));
	assert_int_equal(vmnet_port_recv(port, f, 4), 2);
	assert_false(vmnet_port_has_frames(port));
	assert_int_equal(vmnet_port_recv(port, f, 4), 0);
	close_down();
}

static void
test_spurious_events_do_nothing(void **state)
{
	(void)state;
	open_up();
	until(shim_count().reads > 0);
	for (int i = 0; i < 5; i++) {
		const unsigned long reads = shim_count().reads;

		control("spurious");
		until(shim_count().reads > reads);
	}
	assert_false(vmnet_port_is_broken(port));
	assert_int_equal(receive_some(SMALL), 0);
	push(1, SMALL);
	receive_all(SMALL);
	close_down();
}

static uint64_t
stop_if_woken(void *ctx)
{
	const uint64_t *end_ns = ctx;

	if (woken || mono_now().mono_ns >= *end_ns)
		loop_stop(loop);
	return *end_ns;
}

static void
run_until_woken(void)
{
	uint64_t end_ns = mono_now().mono_ns + LONG;

	assert_int_equal(loop_run(loop, stop_if_woken, &end_ns), 0);
	assert_true(woken);
	woken = false;
}

static bool
is_answered(void)
{
	return vmnet_port_poll(port, 0) == VMNET_PORT_DONE;
}

static bool
all_received(void)
{
	(void)receive_some(SMALL);
	return received == pushed;
}

/* Looked at by a wake-up alone. */
static void
run_until(bool (*condition)(void))
{
	const uint64_t end_ns = mono_now().mono_ns + LONG;

	do {
		assert_true(mono_now().mono_ns < end_ns);
		run_until_woken();
	} while (!condition());
}

/* Answers, frames and errors, all of which come on another thread. */
static void
test_loop_is_woken(void **state)
{
	(void)state;
	make_port();
	vmnet_port_start(port);
	run_until(is_answered);
	until(shim_count().reads > 0);
	push(1, SMALL);
	run_until(all_received);
	/* That of the start, one with the frame, one with none. */
	until(shim_count().reads == 3);
	control("read_fail=1");
	push(1, SMALL);
	run_until(all_received);
	vmnet_port_stop(port);
	run_until(is_answered);
	end_port();
}

/* The frame is still there, and no event tells of it again. */
static void
test_failed_read_is_tried_again(void **state)
{
	(void)state;
	open_up();
	until(shim_count().reads > 0);
	for (int i = 0; i < 3; i++) {
		control("read_fail=2");
		push(1, SMALL);
		receive_all(SMALL);
		assert_false(vmnet_port_is_broken(port));
	}
	close_down();
}

static void
test_failed_reads_in_a_row_break_it(void **state)
{
	(void)state;
	open_up();
	until(shim_count().reads > 0);
	control("read_fail=3,read_status=1004");
	push(1, SMALL);
	until(receive_some(SMALL) == 0 && vmnet_port_is_broken(port));
	assert_int_equal(vmnet_port_status(port), VMNET_SETUP_INCOMPLETE);
	assert_int_equal(receive_some(SMALL), 0);
	stop();
	assert_false(vmnet_port_is_broken(port));
	pushed = 0;
	start();
	assert_int_equal(vmnet_port_status(port), VMNET_SUCCESS);
	push(3, SMALL);
	receive_all(SMALL);
	close_down();
}

static void
test_dead_interface_breaks_it(void **state)
{
	(void)state;
	open_up();
	until(shim_count().reads > 0);
	control("dead");
	control("spurious");
	until(receive_some(SMALL) == 0 && vmnet_port_is_broken(port));
	assert_int_equal(vmnet_port_status(port), VMNET_INVALID_ACCESS);
	/* It refuses to stop, and there is no answer to wait for. */
	stop();
	until(shim_count().live == 0);
	start();
	push(3, SMALL);
	receive_all(SMALL);
	close_down();
}

/* --- to the host */

static uint8_t data[MANY][FRAME + 1];
static struct frame frames[MANY];

static void
make_frames(unsigned int n, size_t len)
{
	for (unsigned int i = 0; i < n; i++) {
		frames[i] = (struct frame){ .data = data[i], .len = len };
		data[i][0] = (uint8_t)i;
	}
}

/* How many frames the host got. */
static unsigned int
taken(void)
{
	uint8_t out[FRAME];
	unsigned int n = 0;

	while (shim_take(out, sizeof(out)) > 0)
		n++;
	return n;
}

static unsigned int
send_frames(unsigned int n, size_t len)
{
	make_frames(n, len);
	vmnet_port_send(port, frames, (int)n);
	return taken();
}

static const struct {
	struct frame f;
	bool fits;
} shapes[] = {
	{ { .len = FRAME_MIN }, true },
	{ { .len = SMALL }, true },
	{ { .len = FRAME }, true },
	{ { .len = FRAME_MIN - 1 }, false },
	{ { .len = 4 }, false },
	{ { .len = 0 }, false },
	{ { .len = FRAME + 1 }, false },
	{ { .len = SMALL, .gso = FRAME_GSO_TCP4, .gso_size = 10 }, false },
	{ { .len = SMALL, .csum_start = 34 }, false },
	{ { .len = SMALL, .csum_offset = 16 }, false },
};

/* One bad frame would take its whole batch along. */
static void
test_bad_frames_are_left_out(void **state)
{
	(void)state;
	open_up();
	for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
		const uint64_t before = drops.n[DROP_LAN_SEND];

		make_frames(3, SMALL);
		frames[1] = shapes[i].f;
		frames[1].data = data[1];
		vmnet_port_send(port, frames, 3);
		assert_int_equal(taken(), shapes[i].fits ? 3 : 2);
		assert_int_equal(
		    drops.n[DROP_LAN_SEND] - before, shapes[i].fits ? 0 : 1);
	}
	assert_int_equal(shim_count().refused, 0);
	close_down();
}

static void
test_nothing_but_bad_frames(void **state)
{
	(void)state;
	open_up();
	assert_int_equal(send_frames(3, FRAME_MIN - 1), 0);
	vmnet_port_send(port, frames, 0);
	assert_int_equal(shim_count().writes, 0);
	assert_int_equal(drops.n[DROP_LAN_SEND], 3);
	close_down();
}

static void
test_frames_arrive_whole_and_in_order(void **state)
{
	uint8_t out[FRAME];

	(void)state;
	open_up();
	make_frames(3, SMALL);
	frames[1].len = FRAME;
	data[1][FRAME - 1] = 0x55;
	vmnet_port_send(port, frames, 3);
	assert_int_equal(shim_take(out, sizeof(out)), SMALL);
	assert_int_equal(out[0], 0);
	assert_int_equal(shim_take(out, sizeof(out)), FRAME);
	assert_int_equal(out[0], 1);
	assert_int_equal(out[FRAME - 1], 0x55);
	assert_int_equal(shim_take(out, sizeof(out)), SMALL);
	assert_int_equal(out[0], 2);
	close_down();
}

static const struct {
	const char *knobs;
	unsigned long most, calls;
} writes[] = {
	{ "write_max=0", 173, 2 },
	{ "write_max=100", 100, 3 },
	{ "write_max=1", 1, MANY },
	{ "write_max=256", 256, 1 },
	{ "write_max=1000", 256, 1 },
};

static void
test_writes_are_as_large_as_allowed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(writes); i++) {
		(void)setup(state);
		control(writes[i].knobs);
		open_up();
		assert_int_equal(send_frames(MANY, FRAME), MANY);
		assert_int_equal(shim_count().write_most, writes[i].most);
		assert_int_equal(shim_count().writes, writes[i].calls);
		assert_int_equal(shim_count().refused, 0);
		assert_int_equal(drops.n[DROP_LAN_SEND], 0);
		close_down();
		assert_int_equal(teardown(state), 0);
	}
}

static void
test_full_buffer_is_tried_twice(void **state)
{
	(void)state;
	open_up();
	control("write_fail=1,write_status=1007");
	assert_int_equal(send_frames(4, SMALL), 4);
	assert_int_equal(shim_count().writes, 2);
	assert_int_equal(drops.n[DROP_LAN_SEND], 0);
	control("write_fail=2");
	assert_int_equal(send_frames(4, SMALL), 0);
	assert_int_equal(shim_count().writes, 4);
	assert_int_equal(drops.n[DROP_LAN_SEND], 4);
	control("write_fail=100");
	for (int i = 0; i < 10; i++)
		assert_int_equal(send_frames(1, SMALL), 0);
	assert_false(vmnet_port_is_broken(port));
	assert_int_equal(shim_count().refused, 0);
	close_down();
}

static void
test_short_writes_are_counted(void **state)
{
	(void)state;
	open_up();
	control("write_short=1");
	assert_int_equal(send_frames(4, SMALL), 3);
	assert_int_equal(drops.n[DROP_LAN_SEND], 1);
	assert_int_equal(send_frames(4, SMALL), 4);
	assert_int_equal(drops.n[DROP_LAN_SEND], 1);
	close_down();
}

static const struct {
	const char *status;
	uint32_t value;
	bool breaks;
} refusals[] = {
	{ "write_status=1001", VMNET_FAILURE, true },
	{ "write_status=1004", VMNET_SETUP_INCOMPLETE, true },
	{ "write_status=1005", VMNET_INVALID_ACCESS, true },
	{ "write_status=1002", VMNET_MEM_FAILURE, false },
	{ "write_status=1003", VMNET_INVALID_ARGUMENT, false },
	{ "write_status=1006", VMNET_PACKET_TOO_BIG, false },
};

static void
test_refused_writes_in_a_row_break_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		(void)setup(state);
		control(refusals[i].status);
		open_up();
		control("write_fail=2");
		assert_int_equal(send_frames(1, SMALL), 0);
		assert_int_equal(send_frames(1, SMALL), 0);
		assert_false(vmnet_port_is_broken(port));
		assert_int_equal(vmnet_port_status(port), refusals[i].value);
		assert_int_equal(send_frames(1, SMALL), 1);
		control("write_fail=3");
		for (int n = 0; n < VMNET_PORT_FAILURES; n++) {
			assert_false(vmnet_port_is_broken(port));
			assert_int_equal(send_frames(1, SMALL), 0);
		}
		assert_int_equal(
		    vmnet_port_is_broken(port), refusals[i].breaks);
		stop();
		start();
		close_down();
		assert_int_equal(teardown(state), 0);
	}
}

static void
test_nothing_is_sent_while_it_is_down(void **state)
{
	(void)state;
	make_port();
	assert_int_equal(send_frames(2, SMALL), 0);
	assert_int_equal(drops.n[DROP_LAN_SEND], 2);
	control("start_delay=200");
	vmnet_port_start(port);
	assert_int_equal(send_frames(2, SMALL), 0);
	assert_int_equal(vmnet_port_poll(port, LONG), VMNET_PORT_DONE);
	control("stop_delay=200");
	vmnet_port_stop(port);
	assert_int_equal(send_frames(2, SMALL), 0);
	assert_int_equal(vmnet_port_poll(port, LONG), VMNET_PORT_DONE);
	assert_int_equal(send_frames(2, SMALL), 0);
	assert_int_equal(drops.n[DROP_LAN_SEND], 8);
	assert_int_equal(shim_count().writes, 0);
	end_port();
}

/* --- start */

static void
test_host_mode_has_no_dhcp(void **state)
{
	struct shim_ask a;

	(void)state;
	config.mtu = 1400;
	open_up();
	a = shim_asked();
	assert_int_equal(a.mode, VMNET_HOST_MODE);
	assert_true(a.has_id);
	assert_memory_equal(a.id, config.id, sizeof(a.id));
	assert_string_equal(a.ip, "10.99.0.1");
	assert_string_equal(a.mask, "255.255.255.0");
	assert_int_equal(a.mtu, 1400);
	assert_false(a.allocate_mac);
	assert_false(shim_vmnet_dhcp());
	assert_int_equal(vmnet_port_host(port).family, ADDR_NONE);
	close_down();
}

static void
test_shared_mode_tells_the_host_address(void **state)
{
	const struct addr ip = address("10.98.7.1", 0).ip;
	struct addr host;
	struct shim_ask a;

	(void)state;
	config.mode = NETIF_SHARED;
	config.addrs[0] = address("10.98.7.1", 20);
	open_up();
	a = shim_asked();
	assert_int_equal(a.mode, VMNET_SHARED_MODE);
	assert_string_equal(a.start, "10.98.7.1");
	assert_string_equal(a.end, "10.98.15.254");
	assert_string_equal(a.subnet, "255.255.240.0");
	host = vmnet_port_host(port);
	assert_true(addr_equal(&host, &ip));
	close_down();
}

static void
test_bridged_mode_names_the_card(void **state)
{
	struct shim_ask a;

	(void)state;
	config.mode = NETIF_BRIDGED;
	memcpy(config.device, "en5", sizeof("en5"));
	open_up();
	a = shim_asked();
	assert_int_equal(a.mode, VMNET_BRIDGED_MODE);
	assert_string_equal(a.device, "en5");
	assert_int_equal(a.mtu, 0);
	close_down();
}

/* No handler runs, and none is waited for. */
static void
test_no_interface_is_a_failure_at_once(void **state)
{
	(void)state;
	control("start_null=1");
	make_port();
	vmnet_port_start(port);
	assert_int_equal(vmnet_port_poll(port, 0), VMNET_PORT_FAILED);
	assert_int_equal(vmnet_port_status(port), VMNET_FAILURE);
	assert_false(vmnet_port_is_up(port));
	start();
	close_down();
}

/* What a start of before still says is not taken for an answer. */
static void
test_answer_of_a_start_before_is_forgotten(void **state)
{
	(void)state;
	control("start_null=1,start_late=1");
	make_port();
	vmnet_port_start(port);
	assert_int_equal(vmnet_port_poll(port, 0), VMNET_PORT_FAILED);
	run_until_woken();
	control("start_delay=200");
	vmnet_port_start(port);
	assert_int_equal(vmnet_port_poll(port, 0), VMNET_PORT_PENDING);
	assert_int_equal(vmnet_port_poll(port, LONG), VMNET_PORT_DONE);
	close_down();
}

static void
test_failed_start_tells_its_status(void **state)
{
	(void)state;
	make_port();
	for (uint32_t status = 1001; status <= 1011; status++) {
		char line[64];

		(void)snprintf(line, sizeof(line),
		    "start_fail=1,start_status=%u", (unsigned int)status);
		control(line);
		vmnet_port_start(port);
		assert_int_equal(
		    vmnet_port_poll(port, LONG), VMNET_PORT_FAILED);
		assert_int_equal(vmnet_port_poll(port, 0), VMNET_PORT_FAILED);
		assert_int_equal(vmnet_port_status(port), status);
		assert_false(vmnet_port_is_up(port));
	}
	start();
	close_down();
}

static void
test_slow_start_is_pending(void **state)
{
	(void)state;
	control("start_delay=200");
	make_port();
	vmnet_port_start(port);
	assert_int_equal(vmnet_port_poll(port, 0), VMNET_PORT_PENDING);
	assert_false(vmnet_port_is_up(port));
	assert_int_equal(vmnet_port_poll(port, LONG), VMNET_PORT_DONE);
	push(1, SMALL);
	receive_all(SMALL);
	close_down();
}

static void
test_early_handler_is_heard(void **state)
{
	(void)state;
	control("start_early=1");
	make_port();
	vmnet_port_start(port);
	assert_int_equal(vmnet_port_poll(port, 0), VMNET_PORT_DONE);
	push(1, SMALL);
	receive_all(SMALL);
	close_down();
}

/* vmnet may hang for ever; what it may still use stays. */
static void
test_mute_start_is_pending_for_ever(void **state)
{
	(void)state;
	control("start_mute=1");
	make_port();
	vmnet_port_start(port);
	assert_int_equal(vmnet_port_poll(port, SHORT), VMNET_PORT_PENDING);
	assert_int_equal(vmnet_port_poll(port, 0), VMNET_PORT_PENDING);
	assert_false(vmnet_port_is_up(port));
	leave_port();
}

/* An interface that cannot be read from is given back. */
static void
test_refused_callback_is_a_failure(void **state)
{
	(void)state;
	control("callback_fail=1,callback_status=1003,stop_delay=100");
	make_port();
	vmnet_port_start(port);
	assert_int_equal(vmnet_port_poll(port, LONG), VMNET_PORT_PENDING);
	assert_int_equal(vmnet_port_poll(port, 0), VMNET_PORT_PENDING);
	assert_int_equal(vmnet_port_poll(port, LONG), VMNET_PORT_FAILED);
	assert_int_equal(vmnet_port_status(port), VMNET_INVALID_ARGUMENT);
	assert_false(vmnet_port_is_up(port));
	assert_int_equal(shim_count().live, 0);
	start();
	push(1, SMALL);
	receive_all(SMALL);
	close_down();
}

static const char *const sizes[] = { "packet_max=13", "packet_max=40000",
	"packet_max=65536" };

static void
test_frame_size_that_cannot_be_is_a_failure(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		control(sizes[i]);
		make_port();
		vmnet_port_start(port);
		until(vmnet_port_poll(port, MS(100)) != VMNET_PORT_PENDING);
		assert_int_equal(vmnet_port_poll(port, 0), VMNET_PORT_FAILED);
		assert_int_equal(
		    vmnet_port_status(port), VMNET_INVALID_ARGUMENT);
		assert_int_equal(shim_count().live, 0);
		end_port();
	}
}

/* Not what the MTU makes of it: vmnet says how large frames are. */
static void
test_frame_size_is_what_vmnet_says(void **state)
{
	(void)state;
	config.mtu = 1400;
	control("packet_max=1514");
	open_up();
	push(2, FRAME);
	receive_all(FRAME);
	assert_int_equal(send_frames(2, FRAME), 2);
	assert_int_equal(shim_count().refused, 0);
	close_down();
}

/* --- stop */

static void
test_slow_stop_is_pending(void **state)
{
	(void)state;
	control("stop_delay=200");
	open_up();
	vmnet_port_stop(port);
	assert_int_equal(vmnet_port_poll(port, 0), VMNET_PORT_PENDING);
	assert_false(vmnet_port_is_up(port));
	vmnet_port_close(port); /* which waits for nothing, and frees nothing */
	assert_int_equal(vmnet_port_poll(port, LONG), VMNET_PORT_DONE);
	assert_int_equal(shim_count().live, 0);
	end_port();
}

static void
test_mute_stop_is_pending_for_ever(void **state)
{
	(void)state;
	control("stop_mute=1");
	open_up();
	vmnet_port_stop(port);
	assert_int_equal(vmnet_port_poll(port, SHORT), VMNET_PORT_PENDING);
	until(shim_count().live == 0);
	assert_int_equal(vmnet_port_poll(port, 0), VMNET_PORT_PENDING);
	leave_port();
}

/* The block of a stop that was refused does not come. */
static void
test_refused_stop_is_done(void **state)
{
	(void)state;
	control("stop_fail=1");
	open_up();
	stop();
	until(shim_count().live == 0);
	start();
	push(1, SMALL);
	receive_all(SMALL);
	close_down();
}

/* A read is under way when it is stopped; its ring is still there then. */
static void
test_stop_waits_for_the_queue(void **state)
{
	(void)state;
	for (int refuse = 0; refuse < 2; refuse++) {
		(void)setup(state);
		open_up();
		until(shim_count().reads > 0);
		control("read_delay=100");
		const unsigned long reads = shim_count().reads;
		push(1, SMALL);
		until(shim_count().reads > reads && shim_waiting() == 0);
		control(refuse != 0 ? "stop_fail=1" : "stop_fail=0");
		vmnet_port_stop(port);
		assert_int_equal(vmnet_port_poll(port, 0), VMNET_PORT_PENDING);
		assert_int_equal(vmnet_port_poll(port, LONG), VMNET_PORT_DONE);
		until(shim_count().live == 0);
		end_port();
		assert_int_equal(teardown(state), 0);
	}
}

/* An event that comes behind all others finds the interface gone. */
static void
test_event_behind_the_stop_reads_nothing(void **state)
{
	(void)state;
	control("stop_event=1");
	open_up();
	until(shim_count().reads > 0);
	stop();
	assert_int_equal(shim_misuses(), 0);
	end_port();
}

static atomic_bool pushing;

static void
push_on(void *ctx)
{
	const uint8_t frame[SMALL] = { 0 };

	(void)ctx;
	while (pushing)
		(void)shim_push(frame, sizeof(frame));
}

/* Frames come all the time, of a thread that cares for nothing. */
static void
test_stops_while_frames_come(void **state)
{
	dispatch_queue_t other =
	    dispatch_queue_create("other", DISPATCH_QUEUE_SERIAL);
	struct frame f[NETIF_BATCH];

	(void)state;
	pushing = true;
	dispatch_async_f(other, NULL, push_on);
	make_port();
	for (int round = 0; round < 20; round++) {
		int n = 0;

		start();
		until((n += vmnet_port_recv(port, f, NETIF_BATCH)) > 100);
		(void)send_frames(3, SMALL);
		stop();
	}
	pushing = false;
	dispatch_sync_f(other, NULL, push_on);
	dispatch_release(other);
	assert_int_equal(shim_misuses(), 0);
	assert_int_equal(shim_count().refused, 0);
	assert_int_equal(shim_count().stops, 20);
	end_port();
}

static void
test_port_that_never_started_is_closed(void **state)
{
	(void)state;
	make_port();
	assert_int_equal(vmnet_port_poll(port, 0), VMNET_PORT_DONE);
	assert_int_equal(vmnet_port_full(port), 0);
	assert_int_equal(vmnet_port_status(port), VMNET_SUCCESS);
	end_port();
}

/* Each with a queue's thread of its own, which goes with it. */
static void
test_no_thread_is_left(void **state)
{
	(void)state;
	open_up();
	close_down();
	const unsigned long threads = shim_dispatch_threads();
	for (int i = 0; i < 5; i++) {
		open_up();
		close_down();
	}
	until(shim_dispatch_threads() <= threads);
}

#define port_test(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(
		    test_reads_are_as_large_as_allowed, teardown),
		port_test(test_too_many_packets_halves_the_batch),
		port_test(test_too_many_of_one_packet_is_an_error),
		port_test(test_descriptors_are_set_before_each_read),
		port_test(test_frames_of_before_the_callback),
		port_test(test_burst_is_drained_after_one_event),
		cmocka_unit_test_teardown(
		    test_full_ring_leaves_frames_in_vmnet, teardown),
		port_test(test_frames_stay_until_the_next_call),
		port_test(test_has_frames_tells_what_waits),
		port_test(test_spurious_events_do_nothing),
		port_test(test_loop_is_woken),
		port_test(test_failed_read_is_tried_again),
		port_test(test_failed_reads_in_a_row_break_it),
		port_test(test_dead_interface_breaks_it),
		port_test(test_bad_frames_are_left_out),
		port_test(test_nothing_but_bad_frames),
		port_test(test_frames_arrive_whole_and_in_order),
		cmocka_unit_test_teardown(
		    test_writes_are_as_large_as_allowed, teardown),
		port_test(test_full_buffer_is_tried_twice),
		port_test(test_short_writes_are_counted),
		cmocka_unit_test_teardown(
		    test_refused_writes_in_a_row_break_it, teardown),
		port_test(test_nothing_is_sent_while_it_is_down),
		port_test(test_host_mode_has_no_dhcp),
		port_test(test_shared_mode_tells_the_host_address),
		port_test(test_bridged_mode_names_the_card),
		port_test(test_no_interface_is_a_failure_at_once),
		port_test(test_answer_of_a_start_before_is_forgotten),
		port_test(test_failed_start_tells_its_status),
		port_test(test_slow_start_is_pending),
		port_test(test_early_handler_is_heard),
		port_test(test_mute_start_is_pending_for_ever),
		port_test(test_refused_callback_is_a_failure),
		port_test(test_frame_size_that_cannot_be_is_a_failure),
		port_test(test_frame_size_is_what_vmnet_says),
		port_test(test_slow_stop_is_pending),
		port_test(test_mute_stop_is_pending_for_ever),
		port_test(test_refused_stop_is_done),
		cmocka_unit_test_teardown(
		    test_stop_waits_for_the_queue, teardown),
		port_test(test_event_behind_the_stop_reads_nothing),
		port_test(test_stops_while_frames_come),
		port_test(test_port_that_never_started_is_closed),
		port_test(test_no_thread_is_left),
	};

	cmocka_set_test_filter(getenv("TEST_ONLY"));
	return cmocka_run_group_tests_name("vmnet_port", tests, NULL, NULL);
}
