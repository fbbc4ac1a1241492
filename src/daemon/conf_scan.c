/* SPDX-License-Identifier: ISC */
#include "daemon/conf_scan.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
	NUMBER_MAX = 24, /* characters; no integer of 32 bits is as long */
};

static const char digits[] = "0123456789";
static const char letters[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

struct scan {
	const char *at; /* in a text that ends with a NUL */
	struct conf_scan_fault *fault;
};

static bool
fail(struct scan *s, const char *reason, const char *allowed)
{
	s->fault->reason = reason;
	s->fault->allowed = allowed;
	return false;
}

/* Where the name that came last has nothing to do with it. */
static bool
fail_nameless(struct scan *s, const char *reason, const char *allowed)
{
	s->fault->name[0] = '\0';
	return fail(s, reason, allowed);
}

static void
skip(struct scan *s, size_t n)
{
	for (; n > 0 && *s->at != '\0'; n--)
		s->fault->line += *s->at++ == '\n';
}

static bool
is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

static bool
scan_string(struct scan *s)
{
	skip(s, 1);
	while (*s->at != '\0' && *s->at != '"') {
		if (strncmp(s->at, "\\x00", 4) == 0 ||
		    strncmp(s->at, "\\X00", 4) == 0)
			return fail(
			    s, "a NUL in a string", "printable characters");
		skip(s, *s->at == '\\' ? 2 : 1);
	}
	skip(s, 1);
	return true;
}

static bool
scan_line_comment(struct scan *s)
{
	s->at += strcspn(s->at, "\n");
	return true;
}

static bool
scan_block_comment(struct scan *s)
{
	skip(s, 2);
	while (*s->at != '\0' && strncmp(s->at, "*/", 2) != 0)
		skip(s, 1);
	skip(s, 2);
	return true;
}

static bool
scan_name(struct scan *s)
{
	size_t len = strspn(s->at, letters);

	while (is_one_of(s->at[len], letters) ||
	    is_one_of(s->at[len], digits) || is_one_of(s->at[len], "-_*"))
		len++;
	size_t kept = size_min(len, CONF_SCAN_NAME_MAX - 1);
	memcpy(s->fault->name, s->at, kept);
	s->fault->name[kept] = '\0';
	skip(s, len);
	return true;
}

/* Base 0 of strtoimax takes hexadecimal; octal is gone before. */
static bool
integer_fits(const char *text)
{
	char *end;

	errno = 0;
	intmax_t n = strtoimax(text, &end, 0);
	return errno == 0 && *end == '\0' && n >= INT32_MIN && n <= INT32_MAX;
}

static bool
scan_number(struct scan *s)
{
	char text[NUMBER_MAX];
	size_t len = 0;

	while (is_one_of(s->at[len], digits) ||
	    is_one_of(s->at[len], letters) || is_one_of(s->at[len], "+-._"))
		len++;
	size_t kept = size_min(len, sizeof(text) - 1);
	memcpy(text, s->at, kept);
	text[kept] = '\0';
	skip(s, len);

	const char *magnitude = text + strspn(text, "+-");
	bool is_hex = magnitude[0] == '0' && is_one_of(magnitude[1], "xX");
	if (!is_hex && strpbrk(magnitude, ".eE") != NULL)
		return true; /* a fraction: whoever wants an integer refuses */
	if (magnitude[0] == '0' && is_one_of(magnitude[1], digits))
		return fail(s, "a number with a leading zero",
		    "decimal digits, or 0x and hexadecimal ones");
	if (kept < len || !integer_fits(text))
		return fail(s, "a number that does not fit 32 bits",
		    "-2147483648..2147483647, without a letter behind it");
	return true;
}

static bool
scan_token(struct scan *s)
{
	if (*s->at == '"')
		return scan_string(s);
	if (*s->at == '#' || strncmp(s->at, "//", 2) == 0)
		return scan_line_comment(s);
	if (strncmp(s->at, "/*", 2) == 0)
		return scan_block_comment(s);
	if (is_one_of(*s->at, digits) || is_one_of(*s->at, "+-."))
		return scan_number(s);
	if (is_one_of(*s->at, letters) || *s->at == '*')
		return scan_name(s);
	if (*s->at == '@')
		return fail_nameless(s, "@include is refused", "one file");
	skip(s, 1);
	return true;
}

bool
conf_scan(const char *text, size_t len, struct conf_scan_fault *fault)
{
	struct scan s = { .at = text, .fault = fault };

	*fault = (struct conf_scan_fault){ .line = 1 };
	while (*s.at != '\0') {
		if (!scan_token(&s))
			return false;
	}
	if (s.at != text + len)
		return fail_nameless(&s, "a NUL byte", "text");
	return true;
}
