/* SPDX-License-Identifier: ISC */
/*
 * getaddrinfo(3) is replaced by a table here, so that no name server is
 * asked and the answers are the ones that matter.
 */
#include "os/resolve.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <cmocka.h>

#include "os/sockaddr.h"

enum {
	ANSWERS_MAX = 9, /* with the NULL that ends them */
};

static struct sockaddr_storage answer_addrs[ANSWERS_MAX];
static struct addrinfo answers[ANSWERS_MAX];
static int freed;

static const struct answer_case {
	const char *host;
	const char *answer[ANSWERS_MAX];   /* "-": a family of no use */
	const char *expected[ANSWERS_MAX]; /* with port 7 */
} cases[] = {
	{ "one.example", { "192.0.2.1" }, { "192.0.2.1:7" } },
	{ "six-first.example",
	    { "2001:db8::1", "2001:db8::2", "192.0.2.1", "192.0.2.2" },
	    { "[2001:db8::1]:7", "192.0.2.1:7", "[2001:db8::2]:7",
		"192.0.2.2:7" } },
	{ "four-first.example",
	    { "192.0.2.1", "192.0.2.2", "192.0.2.3", "2001:db8::1" },
	    { "192.0.2.1:7", "[2001:db8::1]:7", "192.0.2.2:7",
		"192.0.2.3:7" } },
	{ "many.example",
	    { "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5",
		"2001:db8::1", "2001:db8::2", "2001:db8::3" },
	    { "192.0.2.1:7", "[2001:db8::1]:7", "192.0.2.2:7",
		"[2001:db8::2]:7" } },
	{ "four-only.example",
	    { "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5" },
	    { "192.0.2.1:7", "192.0.2.2:7", "192.0.2.3:7", "192.0.2.4:7" } },
	{ "doubles.example",
	    { "192.0.2.1", "192.0.2.1", "::ffff:192.0.2.1", "2001:db8::1",
		"2001:db8::1", "192.0.2.2" },
	    { "192.0.2.1:7", "[2001:db8::1]:7", "192.0.2.2:7" } },
	{ "strange.example", { "-", "192.0.2.1" }, { "192.0.2.1:7" } },
	{ "useless.example", { "-" }, { NULL } },
};

static void
put_answer(int i, const char *text)
{
	struct addr a;

	memset(&answer_addrs[i], 0, sizeof(answer_addrs[i]));
	answers[i] = (struct addrinfo){
		.ai_addr = (struct sockaddr *)&answer_addrs[i],
		.ai_addrlen = sizeof(answer_addrs[i]),
	};
	if (strcmp(text, "-") == 0)
		answer_addrs[i].ss_family = AF_UNIX;
	else if (sockaddr_parse(&a, text) == 0)
		answers[i].ai_addrlen =
		    sockaddr_from_addr(&answer_addrs[i], &a);
}

int
getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
    struct addrinfo **res)
{
	assert_null(service);
	assert_int_equal(hints->ai_socktype, SOCK_DGRAM);
	assert_int_equal(hints->ai_family, AF_UNSPEC);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (strcmp(node, cases[i].host) != 0)
			continue;
		for (int k = 0; k < ANSWERS_MAX - 1; k++) {
			if (cases[i].answer[k] == NULL)
				break;
			put_answer(k, cases[i].answer[k]);
			if (cases[i].answer[k + 1] != NULL)
				answers[k].ai_next = &answers[k + 1];
		}
		*res = answers;
		return 0;
	}
	return EAI_NONAME;
}

void
freeaddrinfo(struct addrinfo *res)
{
	assert_ptr_equal(res, answers);
	freed++;
}

static void
check_lookup(const struct answer_case *c)
{
	char text[SOCKADDR_TEXT_MAX];
	struct addr out[RESOLVE_ADDRS_MAX];
	struct resolve_name name;
	const char *reason = NULL;
	int wanted = 0;

	assert_int_equal(resolve_parse(&name, c->host, 7), 0);
	freed = 0;
	const int n = resolve_lookup(&name, out, &reason);
	assert_int_equal(freed, 1);
	while (c->expected[wanted] != NULL)
		wanted++;
	assert_int_equal(n, wanted == 0 ? -1 : wanted);
	assert_int_equal(reason == NULL, wanted != 0);
	for (int i = 0; i < wanted; i++)
		assert_string_equal(
		    sockaddr_text(&out[i], text), c->expected[i]);
}

static void
test_lookup(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check_lookup(&cases[i]);
}

static void
test_lookup_fails(void **state)
{
	struct addr out[RESOLVE_ADDRS_MAX];
	struct resolve_name name;
	const char *reason = NULL;

	(void)state;
	assert_int_equal(resolve_parse(&name, "no.example", 7), 0);
	assert_int_equal(resolve_lookup(&name, out, &reason), -1);
	assert_string_equal(reason, gai_strerror(EAI_NONAME));
}

static void
test_parse(void **state)
{
	static const struct {
		const char *text;
		uint16_t default_port;
		const char *host; /* NULL: refused */
		uint16_t port;
	} names[] = {
		{ "mini.example.net:52077", 0, "mini.example.net", 52077 },
		{ "mini.example.net", 52077, "mini.example.net", 52077 },
		{ "mini:1", 52077, "mini", 1 },
		{ "my_host-1.:65535", 0, "my_host-1.", 65535 },
		{ "192.0.2.1:80", 0, "192.0.2.1", 80 },
		{ "192.0.2.1", 80, "192.0.2.1", 80 },
		{ "[2001:db8::1]:80", 0, "2001:db8::1", 80 },
		{ "[2001:db8::1]", 80, "2001:db8::1", 80 },
		{ "[fe80::1%en0]:80", 0, "fe80::1%en0", 80 },
		{ "", 80, NULL, 0 },
		{ ":80", 80, NULL, 0 },
		{ "mini", 0, NULL, 0 },
		{ "mini:", 80, NULL, 0 },
		{ "mini:0", 80, NULL, 0 },
		{ "mini:65536", 80, NULL, 0 },
		{ "mini:65537", 80, NULL, 0 },
		{ "mini:4294967376", 80, NULL, 0 },
		{ "mini:080", 80, NULL, 0 },
		{ "mini:+80", 80, NULL, 0 },
		{ "mini:80 ", 80, NULL, 0 },
		{ "mini:80:80", 80, NULL, 0 },
		{ "mini net:80", 80, NULL, 0 },
		{ "mini\n:80", 80, NULL, 0 },
		{ "2001:db8::1", 80, NULL, 0 },
		{ "[2001:db8::1", 80, NULL, 0 },
		{ "[2001:db8::1]80", 80, NULL, 0 },
		{ "[2001:db8::1]:", 80, NULL, 0 },
		{ "[192.0.2.1]:80", 80, NULL, 0 },
		{ "[mini]:80", 80, NULL, 0 },
		{ "[fe80::1%]:80", 80, NULL, 0 },
		{ "[]:80", 80, NULL, 0 },
		{ "[", 80, NULL, 0 },
	};
	struct resolve_name name;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		errno = 0;
		const int result =
		    resolve_parse(&name, names[i].text, names[i].default_port);

		if (names[i].host == NULL) {
			assert_int_equal(result, -1);
			assert_int_equal(errno, EINVAL);
			continue;
		}
		assert_int_equal(result, 0);
		assert_string_equal(name.host, names[i].host);
		assert_int_equal(name.port, names[i].port);
	}
}

static void
test_parse_length(void **state)
{
	char text[4 * RESOLVE_HOST_MAX];
	struct resolve_name name;

	(void)state;
	memset(text, 'a', sizeof(text));
	text[RESOLVE_HOST_MAX - 1] = '\0';
	assert_int_equal(resolve_parse(&name, text, 1), 0);
	assert_string_equal(name.host, text);
	text[RESOLVE_HOST_MAX - 1] = 'a';
	text[RESOLVE_HOST_MAX] = '\0';
	assert_int_equal(resolve_parse(&name, text, 1), -1);
	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(resolve_parse(&name, text, 1), -1);
}

static void
test_numeric(void **state)
{
	char text[SOCKADDR_TEXT_MAX];
	struct resolve_name name;
	struct addr a;

	(void)state;
	assert_int_equal(resolve_parse(&name, "192.0.2.1:80", 0), 0);
	assert_true(resolve_numeric(&name, &a));
	assert_string_equal(sockaddr_text(&a, text), "192.0.2.1:80");
	assert_int_equal(resolve_parse(&name, "[2001:db8::1]:80", 0), 0);
	assert_true(resolve_numeric(&name, &a));
	assert_string_equal(sockaddr_text(&a, text), "[2001:db8::1]:80");
	assert_int_equal(resolve_parse(&name, "one.example:80", 0), 0);
	assert_false(resolve_numeric(&name, &a));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lookup),
		cmocka_unit_test(test_lookup_fails),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_parse_length),
		cmocka_unit_test(test_numeric),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
