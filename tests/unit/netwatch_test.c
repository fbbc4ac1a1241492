/* SPDX-License-Identifier: ISC */
/*
 * netwatch.c with clocks of the test's own, and with messages that it makes
 * up: a byte in a pipe, news if it is an 'n'. What the system's messages mean
 * is ifwatch_*_test.c's business.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "os/ifwatch.h"

/* Names that the objects linked have not. */
#define netwatch_open watch_open
#define netwatch_close watch_close
#define netwatch_ignore watch_ignore
#define netwatch_tick watch_tick
#define ifwatch_open fake_open
#define ifwatch_read fake_read

static int fake_open(void);
static bool fake_read(int fd, const char *own);

/* NOLINTNEXTLINE(bugprone-suspicious-include): see above */
#include "../../src/os/netwatch.c"

#define START SEC(1000)
#define AWAKE SEC(400) /* the other clock's, at the same time */

static int far_fd = -1;
static bool open_fails;
static char own_seen[IFCONF_NAME_MAX];

static int
fake_open(void)
{
	int fd[2];

	if (open_fails) {
		errno = EMFILE;
		return -1;
	}
	assert_int_equal(pipe(fd), 0);
	assert_int_equal(fcntl(fd[0], F_SETFL, O_NONBLOCK), 0);
	far_fd = fd[1];
	return fd[0];
}

static bool
fake_read(int fd, const char *own)
{
	bool news = false;
	char c;

	snprintf(own_seen, sizeof(own_seen), "%s", own);
	while (read(fd, &c, 1) == 1)
		news = news || c == 'n';
	return news;
}

/* A watch, its loop, and what it told. */
struct bed {
	struct loop *loop;
	struct netwatch *watch;
	bool turned;
	int told;
	int woken;
	uint64_t now_ns; /* since START */
	uint64_t slept_ns;
	uint64_t due_ns; /* since START */
};

static void
count(void *ctx, bool woke)
{
	struct bed *b = ctx;

	b->told++;
	b->woken += woke;
}

static void
tick(struct bed *b, uint64_t now_ns)
{
	b->now_ns = now_ns;
	b->due_ns = netwatch_tick(b->watch, START + now_ns,
			AWAKE + now_ns - b->slept_ns) -
	    START;
}

/* Stops before the second wait. */
static uint64_t
turn_once(void *ctx)
{
	struct bed *b = ctx;

	if (b->turned)
		loop_stop(b->loop);
	b->turned = true;
	return 0;
}

/* A message comes, the loop turns, the tick follows. */
static void
message(struct bed *b, char what, uint64_t now_ns)
{
	assert_int_equal(write(far_fd, &what, 1), 1);
	b->turned = false;
	assert_int_equal(loop_run(b->loop, turn_once, b), 0);
	tick(b, now_ns);
}

static int
make_bed(void **state)
{
	static struct bed b;

	b = (struct bed){ .loop = loop_open() };
	assert_non_null(b.loop);
	b.watch = netwatch_open(b.loop, count, &b);
	assert_non_null(b.watch);
	tick(&b, 0);
	*state = &b;
	return 0;
}

static int
unmake_bed(void **state)
{
	struct bed *b = *state;

	netwatch_close(b->watch);
	loop_close(b->loop);
	close(far_fd);
	return 0;
}

static void
test_nothing_is_told_without_news(void **state)
{
	struct bed *b = *state;

	assert_int_equal(b->due_ns, NETWATCH_LOOK);
	message(b, '-', MS(10));
	assert_int_equal(b->due_ns, MS(10) + NETWATCH_LOOK);
	tick(b, SEC(100));
	assert_int_equal(b->told, 0);
}

static void
test_news_are_told_after_quiet(void **state)
{
	struct bed *b = *state;

	message(b, 'n', MS(50));
	assert_int_equal(b->due_ns, MS(50) + NETWATCH_QUIET);
	tick(b, b->due_ns - 1);
	assert_int_equal(b->told, 0);
	tick(b, b->due_ns);
	assert_int_equal(b->told, 1);
	assert_int_equal(b->woken, 0);
	/* Once. */
	assert_int_equal(b->due_ns, b->now_ns + NETWATCH_LOOK);
	tick(b, SEC(10));
	assert_int_equal(b->told, 1);
}

static void
test_each_message_makes_quiet_longer(void **state)
{
	struct bed *b = *state;

	message(b, 'n', 0);
	message(b, 'n', MS(200));
	assert_int_equal(b->due_ns, MS(200) + NETWATCH_QUIET);
	message(b, '-', MS(400));
	assert_int_equal(b->due_ns, MS(200) + NETWATCH_QUIET);
	assert_int_equal(b->told, 0);
	tick(b, b->due_ns);
	assert_int_equal(b->told, 1);
}

static void
test_burst_has_an_end(void **state)
{
	struct bed *b = *state;
	uint64_t ns = 0;

	for (; ns < NETWATCH_BURST; ns += MS(100)) {
		message(b, 'n', ns);
		assert_int_equal(b->told, 0);
	}
	assert_int_equal(b->due_ns, NETWATCH_BURST);
	message(b, 'n', NETWATCH_BURST);
	assert_int_equal(b->told, 1);
	/* What comes then is the next burst. */
	message(b, 'n', NETWATCH_BURST + MS(1));
	assert_int_equal(b->due_ns, NETWATCH_BURST + MS(1) + NETWATCH_QUIET);
	assert_int_equal(b->told, 1);
}

static const struct {
	uint64_t passed_ns;
	uint64_t slept_ns;
	int woken;
} sleeps[] = {
	{ SEC(1), SEC(0), 0 },
	{ SEC(3000), SEC(0), 0 }, /* stopped, not asleep */
	{ SEC(2), NETWATCH_SLEEP, 0 },
	{ SEC(3), NETWATCH_SLEEP + 1, 1 },
	{ SEC(30000), SEC(29999), 1 },
};

static void
test_sleep_is_told_at_once(void **state)
{
	struct bed *b = *state;

	for (size_t i = 0; i < ARRAY_LEN(sleeps); i++) {
		b->told = b->woken = 0;
		b->slept_ns += sleeps[i].slept_ns;
		tick(b, b->now_ns + sleeps[i].passed_ns);
		assert_int_equal(b->told, sleeps[i].woken);
		assert_int_equal(b->woken, sleeps[i].woken);
	}
	/* Once. */
	tick(b, b->now_ns + 1);
	assert_int_equal(b->woken, 1);
}

/* One call tells both. */
static void
test_waking_takes_news_along(void **state)
{
	struct bed *b = *state;

	b->slept_ns = SEC(60);
	message(b, 'n', SEC(61));
	assert_int_equal(b->told, 1);
	assert_int_equal(b->woken, 1);
	tick(b, SEC(62));
	assert_int_equal(b->told, 1);
}

/* Where the clock that counts no sleep runs a little faster. */
static void
test_clocks_may_drift(void **state)
{
	struct bed *b = *state;

	tick(b, SEC(5));
	(void)netwatch_tick(b->watch, START + SEC(6), AWAKE + SEC(6) + 100);
	(void)netwatch_tick(b->watch, START + SEC(7), AWAKE + SEC(7) - 100);
	assert_int_equal(b->told, 0);
}

/* The first look has nothing to compare with. */
static void
test_first_look_is_no_waking(void **state)
{
	struct bed *b = *state;
	struct netwatch *w = netwatch_open(b->loop, count, b);

	assert_non_null(w);
	close(far_fd);
	(void)netwatch_tick(w, START, AWAKE);
	assert_int_equal(b->told, 0);
	netwatch_close(w);
}

static void
test_own_interface_is_handed_on(void **state)
{
	struct bed *b = *state;

	message(b, '-', 1);
	assert_string_equal(own_seen, "");
	netwatch_ignore(b->watch, "bridge100");
	message(b, '-', 2);
	assert_string_equal(own_seen, "bridge100");
	netwatch_ignore(b->watch, "bridge101");
	message(b, '-', 3);
	assert_string_equal(own_seen, "bridge101");
}

static void
test_failed_open_is_null(void **state)
{
	struct bed *b = *state;

	open_fails = true;
	assert_null(netwatch_open(b->loop, count, b));
	assert_int_equal(errno, EMFILE);
	open_fails = false;
	netwatch_close(NULL);
}

/* A message each half second for an hour: a few calls, then one for each
 * NETWATCH_GAP; a wake-up passes always. */
static void
test_restless_network(void **state)
{
	struct bed *b = *state;
	uint64_t ns = 0;

	for (; ns < SEC(3600); ns += MS(500)) {
		message(b, 'n', ns);
		tick(b, ns + MS(400));
		if (ns < SEC(2))
			assert_int_equal(b->told, 1 + ns / MS(500));
	}
	assert_in_range(b->told, 360, 360 + NETWATCH_FREE);
	const int told = b->told;
	b->slept_ns = SEC(60);
	ns += SEC(60);
	tick(b, ns);
	assert_int_equal(b->told, told + 1);
	assert_int_equal(b->woken, 1);
	/* after a rest it is quick again */
	tick(b, ns + SEC(100));
	message(b, 'n', ns + SEC(101));
	tick(b, ns + SEC(101) + NETWATCH_QUIET);
	assert_int_equal(b->told, told + 2);
}

#define bed_test(fn) cmocka_unit_test_setup_teardown(fn, make_bed, unmake_bed)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		bed_test(test_nothing_is_told_without_news),
		bed_test(test_news_are_told_after_quiet),
		bed_test(test_each_message_makes_quiet_longer),
		bed_test(test_burst_has_an_end),
		bed_test(test_restless_network),
		bed_test(test_sleep_is_told_at_once),
		bed_test(test_waking_takes_news_along),
		bed_test(test_clocks_may_drift),
		bed_test(test_first_look_is_no_waking),
		bed_test(test_own_interface_is_handed_on),
		bed_test(test_failed_open_is_null),
	};

	return cmocka_run_group_tests_name("netwatch", tests, NULL, NULL);
}
