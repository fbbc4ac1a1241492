/* SPDX-License-Identifier: ISC */
/* Secrets stay in this process. */
#include "os/priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "capture.h"

static struct capture capture;

static void
test_no_core_dumps(void **state)
{
	struct rlimit limit;

	(void)state;
	priv_no_dumps();
	assert_int_equal(getrlimit(RLIMIT_CORE, &limit), 0);
	assert_int_equal(limit.rlim_cur, 0);
	assert_int_equal(limit.rlim_max, 0);
}

/* Odd places and lengths, within what every system allows. */
static void
test_lock(void **state)
{
	uint8_t *memory = calloc(1, 40000);

	(void)state;
	assert_non_null(memory);
	capture_open(&capture, STDERR_FILENO);
	priv_lock(memory + 5, 1);
	priv_lock(memory + 4095, 20000);
	assert_string_equal(capture_close(&capture), "");
	memset(memory, 1, 40000);
	free(memory);
}

/* Beyond the limit it says so, and goes on. */
static void
test_limit(void **state)
{
	const struct rlimit little = { .rlim_cur = 0, .rlim_max = 0 };
	uint8_t *memory = calloc(1, 40000);

	(void)state;
	assert_non_null(memory);
	assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &little), 0);
	capture_open(&capture, STDERR_FILENO);
	priv_lock(memory, 40000);
	const char *log = capture_close(&capture);
	/* root is above the limit on Linux */
	if (*log != '\0')
		assert_non_null(strstr(log, "keys may be swapped out"));
	free(memory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_core_dumps),
		cmocka_unit_test(test_lock),
		cmocka_unit_test(test_limit),
	};

	return cmocka_run_group_tests_name("priv", tests, NULL, NULL);
}
