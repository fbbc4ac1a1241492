/* SPDX-License-Identifier: ISC */
/*
 * uplink.c on sockets that the test makes up: what it takes out of the loop
 * and puts in again, and when it tries once more.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "os/udp.h"

/* Names that the objects linked have not. */
#define uplink_watch up_watch
#define uplink_reopen up_reopen
#define uplink_tick up_tick
#define udp_fd fake_fd
#define udp_is_stale fake_is_stale
#define udp_reopen fake_reopen

static int fake_fd(const struct udp *u, int which);
static bool fake_is_stale(const struct udp *u);
static int fake_reopen(struct udp *u);

/* NOLINTNEXTLINE(bugprone-suspicious-include): see above */
#include "../../src/daemon/uplink.c"

static int fds[UDP_SOCKETS];
static bool stale, reopen_fails;
static unsigned int reopened;

static int
fake_fd(const struct udp *u, int which)
{
	(void)u;
	return fds[which];
}

static bool
fake_is_stale(const struct udp *u)
{
	(void)u;
	return stale;
}

/* A pipe in the place of each socket; both are others afterwards. */
static void
make_fds(void)
{
	for (int i = 0; i < UDP_SOCKETS; i++) {
		int ends[2];

		assert_int_equal(pipe(ends), 0);
		fds[i] = ends[0];
		close(ends[1]);
	}
}

static int
fake_reopen(struct udp *u)
{
	(void)u;
	reopened++;
	for (int i = 0; i < UDP_SOCKETS; i++)
		if (fds[i] != -1)
			close(fds[i]);
	stale = reopen_fails;
	if (reopen_fails) {
		fds[0] = fds[1] = -1;
		return -1;
	}
	make_fds();
	return UDP_SOCKETS;
}

static void
on_read(void *ctx)
{
	(void)ctx;
}

static struct uplink
make_uplink(void)
{
	struct uplink u = {
		.loop = loop_open(),
		.read = { on_read, on_read },
	};

	assert_non_null(u.loop);
	make_fds();
	stale = reopen_fails = false;
	reopened = 0;
	assert_int_equal(uplink_watch(&u), 0);
	return u;
}

/* True if the loop watches that descriptor: another time is refused. */
static bool
is_watched(struct uplink *u, int fd)
{
	if (loop_add_read(u->loop, fd, on_read, NULL) == -1)
		return errno == EEXIST;
	loop_remove(u->loop, fd);
	return false;
}

static void
end(struct uplink *u)
{
	loop_close(u->loop);
	for (int i = 0; i < UDP_SOCKETS; i++)
		if (fds[i] != -1)
			close(fds[i]);
}

static void
test_new_descriptors_are_watched(void **state)
{
	struct uplink u = make_uplink();

	(void)state;
	uplink_reopen(&u, SEC(1));
	assert_int_equal(reopened, 1);
	assert_true(is_watched(&u, fds[0]));
	assert_true(is_watched(&u, fds[1]));
	assert_int_equal(uplink_tick(&u, SEC(1)), NEVER);
	end(&u);
}

/* Tried again each second until it works, without any news. */
static void
test_failure_is_tried_again(void **state)
{
	struct uplink u = make_uplink();

	(void)state;
	reopen_fails = true;
	uplink_reopen(&u, SEC(10));
	assert_int_equal(uplink_tick(&u, SEC(10)), SEC(10) + UPLINK_PAUSE);
	assert_int_equal(reopened, 1);
	assert_int_equal(uplink_tick(&u, SEC(11)), SEC(11) + UPLINK_PAUSE);
	assert_int_equal(reopened, 2);
	reopen_fails = false;
	assert_int_equal(uplink_tick(&u, SEC(12) - 1), SEC(12));
	(void)uplink_tick(&u, SEC(12));
	assert_int_equal(reopened, 3);
	assert_true(is_watched(&u, fds[0]));
	assert_int_equal(uplink_tick(&u, SEC(13)), NEVER);
	end(&u);
}

/* A send has found out; no message of the system's has. */
static void
test_stale_socket_is_opened_anew(void **state)
{
	struct uplink u = make_uplink();

	(void)state;
	assert_int_equal(uplink_tick(&u, SEC(5)), NEVER);
	stale = true;
	(void)uplink_tick(&u, SEC(6));
	assert_int_equal(reopened, 1);
	assert_true(is_watched(&u, fds[1]));
	end(&u);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_new_descriptors_are_watched),
		cmocka_unit_test(test_failure_is_tried_again),
		cmocka_unit_test(test_stale_socket_is_opened_anew),
	};

	return cmocka_run_group_tests_name("uplink", tests, NULL, NULL);
}
