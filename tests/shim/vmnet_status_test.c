/* SPDX-License-Identifier: ISC */
#include "os/darwin/vmnet_status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <vmnet/vmnet.h>

#include "core/units.h"

static const struct {
	uint32_t status;
	const char *name;
} names[] = {
	{ VMNET_SUCCESS, "VMNET_SUCCESS" },
	{ VMNET_FAILURE, "VMNET_FAILURE" },
	{ VMNET_MEM_FAILURE, "VMNET_MEM_FAILURE" },
	{ VMNET_INVALID_ARGUMENT, "VMNET_INVALID_ARGUMENT" },
	{ VMNET_SETUP_INCOMPLETE, "VMNET_SETUP_INCOMPLETE" },
	{ VMNET_INVALID_ACCESS, "VMNET_INVALID_ACCESS" },
	{ VMNET_PACKET_TOO_BIG, "VMNET_PACKET_TOO_BIG" },
	{ VMNET_BUFFER_EXHAUSTED, "VMNET_BUFFER_EXHAUSTED" },
	{ VMNET_TOO_MANY_PACKETS, "VMNET_TOO_MANY_PACKETS" },
	{ VMNET_SHARING_SERVICE_BUSY, "VMNET_SHARING_SERVICE_BUSY" },
	{ 1010, "VMNET_NOT_AUTHORIZED" }, /* vmnet.h of macOS 26 */
	{ 0, "unknown status" },
	{ 1011, "unknown status" },
	{ UINT32_MAX, "unknown status" },
};

/* A clause, which others put a full stop or no more behind. */
static void
test_each_status_has_name_and_hint(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *hint = vmnet_status_hint(names[i].status);

		assert_string_equal(
		    vmnet_status_name(names[i].status), names[i].name);
		assert_true(strlen(hint) > 0);
		assert_int_not_equal(hint[strlen(hint) - 1], '.');
	}
}

static void
test_hints_say_what_to_do(void **state)
{
	(void)state;
	assert_non_null(strstr(vmnet_status_hint(VMNET_FAILURE), "root"));
	assert_non_null(strstr(vmnet_status_hint(1010), "root"));
	assert_non_null(strstr(
	    vmnet_status_hint(VMNET_SHARING_SERVICE_BUSY), "Internet Sharing"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_status_has_name_and_hint),
		cmocka_unit_test(test_hints_say_what_to_do),
	};

	return cmocka_run_group_tests_name("vmnet_status", tests, NULL, NULL);
}
