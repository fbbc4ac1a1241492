/* SPDX-License-Identifier: ISC */
/*
 * How netif_open fails, and that it leaves nothing behind. A true interface
 * is in tests/e2e/netif_check.c, which needs root.
 */
#include "os/netif.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct failure {
	const char *name;
	const char *why;
};

/* None of these can become an interface, with root or without. */
static const struct failure failures[] = {
	{ "lo", "is in use" },
	{ "a/b", "is no name" },
	{ "a b", "is no name" },
	{ "..", "is no name" },
};

/* The lowest free descriptor: the same before and after if none is left. */
static int
free_descriptor(void)
{
	const int fd = dup(STDERR_FILENO);

	assert_int_not_equal(fd, -1);
	close(fd);
	return fd;
}

static void
test_failed_open_leaves_nothing(void **state)
{
	struct drop_counts drops = { .n = { 0 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(failures); i++) {
		struct netif_config c = { .mtu = 1500, .drops = &drops };
		const int before = free_descriptor();

		memcpy(c.name, failures[i].name, strlen(failures[i].name));
		errno = 0;
		if (netif_open(&c, NULL) != NULL)
			fail_msg("%s: %s", failures[i].name, failures[i].why);
		assert_int_not_equal(errno, 0);
		assert_int_equal(free_descriptor(), before);
	}
}

static void
test_without_rights_errno_says_so(void **state)
{
	struct drop_counts drops = { .n = { 0 } };
	const struct netif_config c = { .mtu = 1500, .drops = &drops };

	(void)state;
	if (geteuid() == 0 || access("/dev/net/tun", F_OK) != 0) {
		print_message("skipped: needs /dev/net/tun, and not root\n");
		skip();
	}
	assert_null(netif_open(&c, NULL));
	assert_true(errno == EPERM || errno == EACCES);
}

static void
test_close_of_nothing_keeps_errno(void **state)
{
	(void)state;
	errno = EBUSY;
	netif_close(NULL);
	assert_int_equal(errno, EBUSY);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_failed_open_leaves_nothing),
		cmocka_unit_test(test_without_rights_errno_says_so),
		cmocka_unit_test(test_close_of_nothing_keeps_errno),
	};

	return cmocka_run_group_tests_name("netif_tap", tests, NULL, NULL);
}
