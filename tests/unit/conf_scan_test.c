/* SPDX-License-Identifier: ISC */
#include "daemon/conf_scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const good[] = {
	"",
	"\n\n",
	"a = 0; b = -1; c = +5; d = 2147483647; e = -2147483648;",
	"a = 0x0; b = 0x7fffffff; c = 0X1F;",
	"a = 1.5; b = .5; c = 1e5; d = 08.5;", /* a type's business */
	"a08 = 1; b-4294967297 = 1; *08 = 1;", /* names */
	"a = \"08 4294967297 @include\";",
	"a = \"\\\"08\";",               /* an escaped quote */
	"a = \"\\\\\"; # 08 @include\n", /* an escaped backslash */
	"a = \"x\ny // z\";",
	"/* 08 \n @include \" **/ // 08\n# 08 /*\na = 1;",
	"// \"\na = 1; // 08",
	"/*/ 08 */ a = 1;",
	"a = \"unterminated 08",
	"/* unterminated 08",
	"a = \"ends in a backslash \\",
};

static const struct {
	const char *text;
	unsigned int line;
	const char *name;
	const char *reason;
} bad[] = {
	{ "a = 08;", 1, "a", "a number with a leading zero" },
	{ "a = -08;", 1, "a", "a number with a leading zero" },
	{ "a = 00;", 1, "a", "a number with a leading zero" },
	{ "a = 2147483648;", 1, "a", "a number that does not fit 32 bits" },
	{ "a = -2147483649;", 1, "a", "a number that does not fit 32 bits" },
	{ "a = 0x80000000;", 1, "a", "a number that does not fit 32 bits" },
	{ "a = 1L;", 1, "a", "a number that does not fit 32 bits" },
	{ "a = 0b11;", 1, "a", "a number that does not fit 32 bits" },
	{ "a=1;\nb:[1,\n99999999999999999999999999];", 3, "b",
	    "a number that does not fit 32 bits" },
	{ "a = \"x\ny\"; b = 08;", 2, "b", "a number with a leading zero" },
	{ "/* \n */ b = 08;", 2, "b", "a number with a leading zero" },
	{ "/*/ */ b = 08;", 1, "b", "a number with a leading zero" },
	{ "/**/ b = 08;", 1, "b", "a number with a leading zero" },
	{ "a = \"\\\\\"; b = 08;", 1, "b", "a number with a leading zero" },
	{ "# x\n\"\\\n\" 08", 3, "", "a number with a leading zero" },
	{ "a = 1;\n  @include \"/tmp\"", 2, "", "@include is refused" },
	{ "a = \"x\\x00y\";", 1, "a", "a NUL in a string" },
	{ "a234567890123456789012345678901234567890 = 08;", 1,
	    "a234567890123456789012345678901", "a number with a leading zero" },
};

/* A copy without a byte behind its NUL, for the sanitizers. */
static bool
scan(const char *text, struct conf_scan_fault *fault)
{
	char *copy = strdup(text);

	assert_non_null(copy);
	bool is_good = conf_scan(copy, strlen(copy), fault);
	free(copy);
	return is_good;
}

static void
test_good(void **state)
{
	struct conf_scan_fault fault;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		if (!scan(good[i], &fault))
			fail_msg("row %zu: line %u: %s: %s", i, fault.line,
			    fault.name, fault.reason);
	}
}

static void
test_bad(void **state)
{
	struct conf_scan_fault fault;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (scan(bad[i].text, &fault))
			fail_msg("row %zu was taken: %s", i, bad[i].text);
		assert_string_equal(fault.reason, bad[i].reason);
		assert_string_equal(fault.name, bad[i].name);
		assert_int_equal(fault.line, bad[i].line);
		assert_non_null(fault.allowed);
	}
}

static void
test_nul(void **state)
{
	static const char *const texts[] = { "\0", "a\n\0b", "\"\0\"", "#\0" };
	static const size_t lens[] = { 1, 4, 3, 2 };
	struct conf_scan_fault fault;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		assert_false(conf_scan(texts[i], lens[i], &fault));
		assert_string_equal(fault.reason, "a NUL byte");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_nul),
	};
	return cmocka_run_group_tests_name("conf_scan", tests, NULL, NULL);
}
