/* SPDX-License-Identifier: ISC */
/*
 * netif_vmnet.c on the stand-in for vmnet, whose bridge is one of memory: no
 * rights are needed. Times are handed in; only vmnet's answers, which come on
 * threads of their own, are waited for.
 */
#include "os/netif.h"

#include <errno.h>
#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <dispatch/dispatch.h>
#include <vmnet/vmnet.h>

#include "../unit/capture.h"
#include "bridge.h"
#include "ifconfig.h"
#include "os/mono.h"
#include "os/sockaddr.h"
#include "shim.h"

enum {
	SMALL = 60,
	FULL = 1514,
};

/* netif_vmnet.c's, which are nobody else's business. */
#define START_MAX SEC(10)
#define STOP_MAX SEC(2)
#define NAMELESS_MAX SEC(2)
#define NAME_LOOK MS(50)
#define HEALTH_LOOK SEC(5)
#define HEALTH_STEP MS(100)
#define HEALTH_GRACE SEC(1)
#define PAUSE_FORGET SEC(60)

static const uint8_t mac[FRAME_MAC_LEN] = { 2, 9, 8, 7, 6, 5 };
static struct loop *loop;
static struct netif *netif;
static struct netif_config config;
static struct drop_counts drops;
static uint64_t now; /* the time that netif_tick is told */
static uint32_t pushed, received;
static int last; /* of netif_recv */
static bool recv_called;
static struct capture capture;

const char *__lsan_default_suppressions(void);

/* What vmnet never answered is left behind on purpose. */
/* NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
const char *
__lsan_default_suppressions(void)
{
	return "leak:vmnet_port_\n";
}

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

/* Of the clock that no test moves. */
static uint64_t
plain_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_BOOTTIME, &t);
	return SEC(t.tv_sec) + (uint64_t)t.tv_nsec;
}

static uint64_t
awake_end(void)
{
	return plain_ns() + patience();
}

/* Waits until a condition holds; else the test has failed. */
#define until(condition)                                                       \
	do {                                                                   \
		const uint64_t end_ns = awake_end();                           \
		while (!(condition)) {                                         \
			assert_true(plain_ns() < end_ns);                      \
			nap();                                                 \
		}                                                              \
	} while (0)

static void
control(const char *line)
{
	assert_int_equal(shim_control(line), 0);
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
	shim_ifconfig_fail_mac(0, 0);
	drops = (struct drop_counts){ .n = { 0 } };
	config = (struct netif_config){
		.mode = NETIF_HOST,
		.id = { 1, 2, 3 },
		.mtu = 1500,
		.addrs = { address("10.99.0.1", 24) },
		.addr_count = 1,
		.drops = &drops,
	};
	pushed = received = 0;
	last = 0;
	recv_called = false;
	loop = loop_open();
	return loop == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
	const bool failed = netif != NULL;

	(void)state;
	netif_close(netif);
	netif = NULL;
	loop_close(loop);
	loop = NULL;
	return !failed && shim_count().live == 0 && shim_misuses() == 0 &&
		shim_count().refused == 0
	    ? 0
	    : -1;
}

static void
open_netif(void)
{
	netif = netif_open(&config, loop);
	assert_non_null(netif);
	now = mono_awake_ns();
}

static void
close_netif(void)
{
	netif_close(netif);
	netif = NULL;
	/* A dead one refuses to stop, and goes by itself. */
	until(shim_count().live == 0);
}

static bool
push_one(size_t len)
{
	uint8_t frame[FULL] = { 0 };

	memcpy(frame + FRAME_HEADER_LEN, &pushed, sizeof(pushed));
	if (!shim_push(frame, len))
		return false;
	pushed++;
	return true;
}

static void
push(unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		until(push_one(SMALL));
}

/* As the daemon does it: one batch of each wake-up. */
static void
on_frames(void *ctx)
{
	struct frame f[NETIF_BATCH];

	(void)ctx;
	recv_called = true;
	last = netif_recv(netif, f, NETIF_BATCH);
	for (int i = 0; i < last; i++) {
		uint32_t number;

		assert_int_equal(f[i].len, SMALL);
		memcpy(&number, f[i].data + FRAME_HEADER_LEN, sizeof(number));
		assert_int_equal(number, received);
		received++;
	}
}

static uint64_t
stop_at_end(void *ctx)
{
	const uint64_t *end_ns = ctx;

	if (received == pushed || plain_ns() >= *end_ns)
		loop_stop(loop);
	return mono_now().mono_ns + SEC(1);
}

static void
run_until_received(void)
{
	uint64_t end_ns = awake_end();

	assert_int_equal(loop_run(loop, stop_at_end, &end_ns), 0);
	assert_int_equal(received, pushed);
}

static uint64_t
stop_at_once(void *ctx)
{
	int *turns = ctx;

	if ((*turns)-- == 0)
		loop_stop(loop);
	return 0;
}

/* What waits for the loop by now is delivered. */
static void
run_a_turn(void)
{
	int turns = 1;

	assert_int_equal(loop_run(loop, stop_at_once, &turns), 0);
}

/* --- repair, step by step; each gives the same time until vmnet answers */

static void
break_it(void)
{
	control("dead");
	control("spurious");
}

static void
tick_until_restart(uint64_t restarts)
{
	struct frame f[NETIF_BATCH];

	/* As the daemon, which hears of failed reads by netif_watch. */
	until(netif_recv(netif, f, NETIF_BATCH) <= 0 &&
	    netif_tick(netif, now) != 0 &&
	    netif_count(netif).restarts == restarts);
}

static bool
is_up_after_tick(void)
{
	return netif_tick(netif, now) == now + HEALTH_LOOK;
}

static void
tick_until_up(void)
{
	until(is_up_after_tick());
}

/* Stopped, and it waits so long before it starts. */
static void
tick_until_pause(uint64_t pause_ns)
{
	now += 1; /* not the deadline of the stop */
	if (pause_ns == 0)
		return;
	until(netif_tick(netif, now) == now + pause_ns);
}

static void
expect_start_after(uint64_t pause_ns)
{
	const unsigned long starts = shim_count().starts;

	tick_until_pause(pause_ns);
	if (pause_ns > 0) {
		now += pause_ns - 1;
		assert_int_equal(netif_tick(netif, now), now + 1);
		assert_int_equal(shim_count().starts, starts);
		now += 1;
	}
	until(netif_tick(netif, now) != 0 && shim_count().starts == starts + 1);
}

static const unsigned int pauses[] = { 0, 1, 2, 4, 8, 16, 32, 60, 60 };

static void
test_error_is_repaired_at_a_bounded_rate(void **state)
{
	(void)state;
	open_netif();
	for (unsigned int i = 0; i < ARRAY_LEN(pauses); i++) {
		break_it();
		tick_until_restart(i + 1);
		expect_start_after(SEC(pauses[i]));
		tick_until_up();
	}
	/* Not forgotten yet, */
	now += PAUSE_FORGET - 1;
	break_it();
	tick_until_restart(ARRAY_LEN(pauses) + 1);
	expect_start_after(SEC(60));
	tick_until_up();
	/* and now. */
	now += PAUSE_FORGET;
	break_it();
	tick_until_restart(ARRAY_LEN(pauses) + 2);
	expect_start_after(0);
	tick_until_up();
	close_netif();
}

static void
test_frames_pass_after_a_repair(void **state)
{
	uint8_t out[FULL];
	uint8_t data[SMALL] = { 0 };
	const struct frame f = { .data = data, .len = sizeof(data) };

	(void)state;
	open_netif();
	assert_int_equal(netif_watch(netif, on_frames, NULL), 0);
	push(3);
	run_until_received();
	break_it();
	tick_until_restart(1);
	netif_send(netif, &f, 1);
	assert_int_equal(drops.n[DROP_LAN_SEND], 1);
	tick_until_up();
	push(3);
	run_until_received();
	netif_send(netif, &f, 1);
	assert_int_equal(shim_take(out, sizeof(out)), SMALL);
	assert_int_equal(drops.n[DROP_LAN_SEND], 1);
	close_netif();
}

static void
test_refused_writes_are_repaired(void **state)
{
	uint8_t data[SMALL] = { 0 };
	const struct frame f = { .data = data, .len = sizeof(data) };

	(void)state;
	open_netif();
	control("write_fail=3,write_status=1001");
	for (int i = 0; i < 2; i++) {
		netif_send(netif, &f, 1);
		(void)netif_tick(netif, now);
		assert_int_equal(netif_count(netif).restarts, 0);
	}
	netif_send(netif, &f, 1);
	tick_until_restart(1);
	tick_until_up();
	close_netif();
}

static const char *const failures[] = {
	"start_fail=5,start_status=1009",
	"start_null=5",
	"callback_fail=5",
};

static void
test_failed_starts_are_tried_again(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(failures); i++) {
		const char *text;

		(void)setup(state);
		open_netif();
		capture_open(&capture, STDERR_FILENO);
		control(failures[i]);
		break_it();
		tick_until_restart(1);
		for (unsigned int n = 0; n <= 5; n++)
			expect_start_after(SEC(pauses[n]));
		tick_until_up();
		text = capture_close(&capture);
		/* Restart, failure, and up again: each once. */
		assert_int_equal(capture_lines(text), 3);
		assert_int_equal(netif_count(netif).restarts, 1);
		close_netif();
		assert_int_equal(teardown(state), 0);
	}
}

static bool
has(const char *ip)
{
	const struct ifconf_addr a = address(ip, 0);

	return bridge_has(&a.ip);
}

static void
expect_mac(const uint8_t wanted[static FRAME_MAC_LEN])
{
	uint8_t got[FRAME_MAC_LEN];

	netif_mac(netif, got);
	assert_memory_equal(got, wanted, FRAME_MAC_LEN);
}

/* vmnet itself sets no more than the host's address. */
static void
test_settings_are_made_and_made_again(void **state)
{
	(void)state;
	config.has_mac = true;
	memcpy(config.mac, mac, sizeof(mac));
	config.addrs[1] = address("10.98.0.1", 24);
	config.addrs[2] = address("fd99::1", 64);
	config.addr_count = 3;
	open_netif();
	for (uint64_t restarts = 1; restarts < 3; restarts++) {
		assert_string_equal(netif_name(netif), BRIDGE_NAME);
		assert_true(has("10.99.0.1") && has("10.98.0.1"));
		assert_true(has("fd99::1"));
		expect_mac(mac);
		break_it();
		tick_until_restart(restarts);
		expect_start_after(SEC(pauses[restarts - 1]));
		tick_until_up();
	}
	close_netif();
}

static void
test_mac_is_left_to_the_system(void **state)
{
	const uint8_t zeros[FRAME_MAC_LEN] = { 0 };
	uint8_t got[FRAME_MAC_LEN];

	(void)state;
	shim_ifconfig_fail_mac(EBUSY, 1);
	open_netif();
	netif_mac(netif, got);
	assert_memory_not_equal(got, zeros, FRAME_MAC_LEN);
	control("bridge_gone");
	netif_mac(netif, got);
	assert_memory_equal(got, zeros, FRAME_MAC_LEN);
	close_netif();
}

static void
test_refused_mac_is_tried_again(void **state)
{
	(void)state;
	config.has_mac = true;
	memcpy(config.mac, mac, sizeof(mac));
	open_netif();
	shim_ifconfig_fail_mac(EBUSY, 2);
	break_it();
	tick_until_restart(1);
	tick_until_restart(2);
	expect_start_after(SEC(1));
	tick_until_restart(3);
	expect_start_after(SEC(2));
	tick_until_up();
	expect_mac(mac);
	close_netif();
}

static const char *const losses[] = { "address_lost", "bridge_gone" };

/* For a moment an address may be away; told of a change, it looks at once. */
static void
test_lost_address_is_repaired(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(losses); i++) {
		(void)setup(state);
		open_netif();
		control(losses[i]);
		assert_true(netif_tick(netif, now) > now + HEALTH_GRACE);
		netif_check(netif, false);
		assert_int_equal(netif_tick(netif, now), now + HEALTH_STEP);
		now += HEALTH_GRACE - 1;
		assert_int_equal(netif_tick(netif, now), now + HEALTH_STEP);
		assert_int_equal(netif_count(netif).restarts, 0);
		now += HEALTH_STEP;
		assert_int_equal(netif_tick(netif, now), now + STOP_MAX);
		assert_int_equal(netif_count(netif).restarts, 1);
		tick_until_up();
		assert_true(has("10.99.0.1"));
		close_netif();
		assert_int_equal(teardown(state), 0);
	}
}

/* It looks by itself, too. */
static void
test_health_is_looked_at_now_and_then(void **state)
{
	uint64_t due;

	(void)state;
	open_netif();
	due = netif_tick(netif, now);
	assert_in_range(due, now, now + HEALTH_LOOK);
	control("address_lost");
	assert_int_equal(netif_tick(netif, due - 1), due);
	assert_int_equal(netif_tick(netif, due), due + HEALTH_STEP);
	now = due + HEALTH_GRACE;
	tick_until_restart(1);
	tick_until_up();
	close_netif();
}

static void
test_address_that_comes_back_is_well(void **state)
{
	const struct ifconf_addr a = config.addrs[0];

	(void)state;
	open_netif();
	for (int i = 0; i < 3; i++) {
		control("address_lost");
		netif_check(netif, true);
		assert_int_equal(netif_tick(netif, now), now + HEALTH_STEP);
		assert_int_equal(bridge_add_addr(&a), 0);
		now += HEALTH_STEP;
		assert_int_equal(netif_tick(netif, now), now + HEALTH_LOOK);
		now += HEALTH_GRACE;
	}
	assert_int_equal(netif_count(netif).restarts, 0);
	close_netif();
}

/* A bridge with a network card can have lost it in sleep. */
static void
test_wake_up_restarts_a_bridge(void **state)
{
	(void)state;
	config.mode = NETIF_BRIDGED;
	config.addr_count = 0;
	memcpy(config.device, "lo", sizeof("lo"));
	open_netif();
	assert_string_equal(netif_name(netif), "lo");
	netif_check(netif, false);
	assert_int_equal(netif_tick(netif, now), now + HEALTH_LOOK);
	netif_check(netif, true);
	tick_until_restart(1);
	tick_until_up();
	assert_int_equal(netif_tick(netif, now + 1), now + HEALTH_LOOK);
	assert_int_equal(netif_count(netif).restarts, 1);
	close_netif();
}

static void
test_address_may_come_late(void **state)
{
	(void)state;
	control("address_late=2");
	open_netif();
	assert_string_equal(netif_name(netif), BRIDGE_NAME);
	control("address_late=1000000");
	break_it();
	tick_until_restart(1);
	until(netif_tick(netif, now) == now + NAME_LOOK);
	control("address_late=0");
	now += NAMELESS_MAX - 1;
	assert_int_equal(netif_tick(netif, now), now + 1);
	assert_int_equal(netif_count(netif).restarts, 1);
	now += 1;
	tick_until_restart(2);
	expect_start_after(SEC(1));
	tick_until_up();
	close_netif();
}

/* --- vmnet does not answer */

static void
expect_gone(void)
{
	struct frame f[NETIF_BATCH];

	assert_int_equal(netif_tick(netif, now), NEVER);
	assert_int_equal(netif_tick(netif, now + SEC(1)), NEVER);
	recv_called = false;
	run_a_turn();
	assert_true(recv_called);
	assert_int_equal(last, -1);
	errno = 0;
	assert_int_equal(netif_recv(netif, f, NETIF_BATCH), -1);
	assert_int_equal(errno, ETIMEDOUT);
}

/* The frames function is called, so that the daemon hears of the end. */
static void
test_start_without_answer_is_the_end(void **state)
{
	(void)state;
	open_netif();
	assert_int_equal(netif_watch(netif, on_frames, NULL), 0);
	control("start_mute=1");
	break_it();
	tick_until_restart(1);
	until(netif_tick(netif, now) == now + START_MAX);
	now += START_MAX - 1;
	assert_int_equal(netif_tick(netif, now), now + 1);
	now += 1;
	run_a_turn();
	expect_gone();
	close_netif();
}

static void
test_stop_without_answer_is_the_end(void **state)
{
	(void)state;
	open_netif();
	assert_int_equal(netif_watch(netif, on_frames, NULL), 0);
	control("stop_mute=1,read_fail=3");
	control("spurious");
	tick_until_restart(1);
	until(shim_count().live == 0);
	now += STOP_MAX - 1;
	assert_int_equal(netif_tick(netif, now), now + 1);
	now += 1;
	run_a_turn();
	expect_gone();
	close_netif();
}

/* --- frames */

static void
test_frames_of_before_the_watch_are_told(void **state)
{
	(void)state;
	open_netif();
	push(3);
	until(shim_waiting() == 0);
	run_a_turn();
	assert_int_equal(netif_watch(netif, on_frames, NULL), 0);
	run_until_received();
	close_netif();
}

/* More than one batch holds: the loop is woken again. */
static void
test_all_batches_of_a_burst_are_told(void **state)
{
	(void)state;
	open_netif();
	push(10 * NETIF_BATCH);
	until(shim_waiting() == 0);
	assert_int_equal(netif_watch(netif, on_frames, NULL), 0);
	run_until_received();
	close_netif();
}

/* Much more than the ring holds, without a break. */
static void
test_waiting_frames_are_counted_and_come(void **state)
{
	(void)state;
	open_netif();
	while (pushed < 3000) {
		until(shim_waiting() < SHIM_QUEUE);
		assert_true(push_one(SMALL));
	}
	until(netif_count(netif).full > 0);
	assert_int_equal(netif_watch(netif, on_frames, NULL), 0);
	run_until_received();
	assert_int_equal(shim_waiting(), 0);
	close_netif();
}

/* --- open */

static const struct {
	const char *knobs;
	int error;
} refusals[] = {
	{ "start_fail=1,start_status=1005", EPERM },
	{ "start_fail=1,start_status=1010", EPERM },
	{ "start_fail=1,start_status=1009", EIO },
	{ "start_fail=1,start_status=1003", EIO },
	{ "start_fail=1,start_status=1002", EIO },
	{ "callback_fail=1,callback_status=1002", EIO },
};

static void
test_refused_open_says_why(void **state)
{
	const char *text;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		control(refusals[i].knobs);
		capture_open(&capture, STDERR_FILENO);
		errno = 0;
		netif = netif_open(&config, loop);
		const int error = errno;
		text = capture_close(&capture);
		assert_null(netif);
		assert_int_equal(error, refusals[i].error);
		assert_int_equal(capture_lines(text), 1);
		assert_int_equal(shim_count().live, 0);
	}
}

static const char *const rightless[] = {
	"start_null=1",
	"start_fail=1,start_status=1001",
};

/* vmnet says FAILURE of everything, missing rights for one. */
static void
test_failure_without_rights_is_permission(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rightless); i++) {
		control(rightless[i]);
		errno = 0;
		assert_null(netif_open(&config, loop));
		assert_int_equal(errno, geteuid() == 0 ? EIO : EPERM);
	}
}

static void
test_refused_mac_fails_the_open(void **state)
{
	(void)state;
	config.has_mac = true;
	memcpy(config.mac, mac, sizeof(mac));
	shim_ifconfig_fail_mac(EADDRINUSE, 1);
	assert_null(netif_open(&config, loop));
	assert_int_equal(errno, EADDRINUSE);
	assert_int_equal(shim_count().live, 0);
}

static void
test_card_that_is_not_there_fails_the_open(void **state)
{
	dispatch_queue_t q =
	    dispatch_queue_create("sleep", DISPATCH_QUEUE_SERIAL);

	(void)state;
	config.mode = NETIF_BRIDGED;
	config.addr_count = 0;
	memcpy(config.device, "none0", sizeof("none0"));
	dispatch_async(q, ^{
	  while (shim_count().live == 0)
		  nap();
	  nap();
	  (void)shim_control("pass 3");
	});
	assert_null(netif_open(&config, loop));
	assert_int_equal(errno, EADDRNOTAVAIL);
	assert_int_equal(shim_count().live, 0);
	dispatch_release(q);
}

static void
test_open_does_not_wait_for_ever(void **state)
{
	dispatch_queue_t q =
	    dispatch_queue_create("sleep", DISPATCH_QUEUE_SERIAL);

	(void)state;
	control("start_mute=1");
	dispatch_async(q, ^{
	  while (shim_count().starts == 0)
		  nap();
	  nap();
	  (void)shim_control("pass 11");
	});
	errno = 0;
	assert_null(netif_open(&config, loop));
	assert_int_equal(errno, ETIMEDOUT);
	dispatch_release(q);
}

/* --- close */

static const char *const closes[] = {
	"stop_delay=0",
	"stop_delay=300",
	"stop_fail=1",
	"stop_event=1",
};

static void
test_close_leaves_nothing(void **state)
{
	(void)state;
	netif_close(NULL);
	for (size_t i = 0; i < ARRAY_LEN(closes); i++) {
		control("stop_delay=0");
		control(closes[i]);
		open_netif();
		errno = 0;
		netif_close(netif);
		netif = NULL;
		assert_int_equal(errno, 0);
		until(shim_count().live == 0);
	}
}

static void
test_close_does_not_wait_for_ever(void **state)
{
	(void)state;
	control("stop_mute=1");
	open_netif();
	const uint64_t began_ns = plain_ns();
	netif_close(netif);
	netif = NULL;
	assert_true(plain_ns() - began_ns < SEC(10));
	until(shim_count().live == 0);
}

/* Whatever the repair waits for. */
static void
test_close_amid_a_repair(void **state)
{
	(void)state;
	open_netif();
	break_it();
	tick_until_restart(1);
	close_netif();

	open_netif();
	control("start_fail=1");
	break_it();
	tick_until_restart(1);
	tick_until_pause(SEC(1));
	close_netif();

	open_netif();
	control("start_delay=200");
	break_it();
	tick_until_restart(1);
	until(netif_tick(netif, now) == now + START_MAX);
	close_netif();
}

/* --- the list of network cards */

static int listed;

static void
count_card(void *ctx, const char *name)
{
	assert_ptr_equal(ctx, &listed);
	assert_int_not_equal(if_nametoindex(name), 0);
	listed++;
}

static void
test_cards_are_listed(void **state)
{
	(void)state;
	listed = 0;
	errno = 0;
	const int rc = netif_list(count_card, &listed);
	assert_int_equal(rc, listed > 0 ? 0 : -1);
	assert_int_equal(errno, listed > 0 ? 0 : EPERM);
}

#define netif_test(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		netif_test(test_error_is_repaired_at_a_bounded_rate),
		netif_test(test_frames_pass_after_a_repair),
		netif_test(test_refused_writes_are_repaired),
		cmocka_unit_test_teardown(
		    test_failed_starts_are_tried_again, teardown),
		netif_test(test_settings_are_made_and_made_again),
		netif_test(test_mac_is_left_to_the_system),
		netif_test(test_refused_mac_is_tried_again),
		cmocka_unit_test_teardown(
		    test_lost_address_is_repaired, teardown),
		netif_test(test_health_is_looked_at_now_and_then),
		netif_test(test_address_that_comes_back_is_well),
		netif_test(test_wake_up_restarts_a_bridge),
		netif_test(test_address_may_come_late),
		netif_test(test_start_without_answer_is_the_end),
		netif_test(test_stop_without_answer_is_the_end),
		netif_test(test_frames_of_before_the_watch_are_told),
		netif_test(test_all_batches_of_a_burst_are_told),
		netif_test(test_waiting_frames_are_counted_and_come),
		netif_test(test_refused_open_says_why),
		netif_test(test_failure_without_rights_is_permission),
		netif_test(test_refused_mac_fails_the_open),
		netif_test(test_card_that_is_not_there_fails_the_open),
		netif_test(test_open_does_not_wait_for_ever),
		netif_test(test_close_leaves_nothing),
		netif_test(test_close_does_not_wait_for_ever),
		netif_test(test_close_amid_a_repair),
		netif_test(test_cards_are_listed),
	};

	cmocka_set_test_filter(getenv("TEST_ONLY"));
	return cmocka_run_group_tests_name("netif_vmnet", tests, NULL, NULL);
}
