/* SPDX-License-Identifier: ISC */
#include "daemon/conf_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/units.h"

/* What every row needs so that messages and the manual can be made of it. */
static void
test_rows_are_complete(void **state)
{
	(void)state;
	for (int i = 0; i < CONF_ID_COUNT; i++) {
		const struct conf_key *k = conf_table_key((enum conf_id)i);
		bool has_words = k->type == CONF_INTEGER ||
		    k->type == CONF_BOOLEAN || k->allowed != NULL;
		bool has_default = k->presence == CONF_REQUIRED ||
		    conf_table_preset(k) != NULL;
		if (k->name == NULL || k->help == NULL || !has_words ||
		    !has_default)
			fail_msg("row %d is not complete", i);
		assert_ptr_equal(conf_table_find(k->name), k);
		assert_int_equal(
		    strncmp(k->name, "peers.", 6) == 0, i >= CONF_PEER_FIRST);
	}
}

static void
test_integer_presets_are_in_range(void **state)
{
	(void)state;
	for (int i = 0; i < CONF_ID_COUNT; i++) {
		const struct conf_key *k = conf_table_key((enum conf_id)i);
		if (k->type != CONF_INTEGER || k->presence != CONF_PRESET)
			continue;
		long preset = strtol(conf_table_preset(k), NULL, 10);
		if (preset < k->min || preset > k->max)
			fail_msg("%s: %ld", k->name, preset);
	}
}

static void
test_find(void **state)
{
	(void)state;
	assert_null(conf_table_find("interface"));
	assert_null(conf_table_find("mtu"));
	assert_null(conf_table_find(""));
	assert_true(conf_table_has_group("interface"));
	assert_true(conf_table_has_group("peers"));
	assert_false(conf_table_has_group("inter"));
	assert_false(conf_table_has_group("cipher"));
	assert_false(conf_table_has_group(""));
}

static void
test_members(void **state)
{
	char text[CONF_TABLE_TEXT_MAX];

	(void)state;
	assert_string_equal(conf_table_members("", text),
	    "private_key_file, network_key_file, cipher, interface, listen, "
	    "log, control, state_dir, memory, mss_clamp, switch, max_peers, "
	    "peers");
	assert_string_equal(
	    conf_table_members("listen", text), "port, address");
	assert_string_equal(conf_table_members("list", text), "");
}

static void
test_print(void **state)
{
	char *text = NULL;
	size_t len = 0;

	(void)state;
	FILE *f = open_memstream(&text, &len);
	assert_non_null(f);
	conf_table_print(f);
	assert_int_equal(fclose(f), 0);
	assert_non_null(
	    strstr(text, "\ninterface.mtu\tinteger\t576..9000 bytes\t1500\t"));
	assert_non_null(strstr(text, "private_key_file\tstring\t"));
	size_t lines = 0, tabs = 0;
	for (const char *p = text; *p != '\0'; p++) {
		lines += *p == '\n';
		tabs += *p == '\t';
	}
	assert_int_equal(lines, CONF_ID_COUNT);
	assert_int_equal(tabs, 4 * CONF_ID_COUNT);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_are_complete),
		cmocka_unit_test(test_integer_presets_are_in_range),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_print),
	};
	return cmocka_run_group_tests_name("conf_table", tests, NULL, NULL);
}
