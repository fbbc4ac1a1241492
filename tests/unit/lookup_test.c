/* SPDX-License-Identifier: ISC */
/*
 * getaddrinfo(3) is replaced here, so that no name server is asked and the
 * answers are the ones that matter.
 */
#include "daemon/lookup.h"

#include <netdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "capture.h"
#include "os/sockaddr.h"

enum { PEER = 17 };

static struct capture captured;

/* What the system knows; NULL: no such name. */
static const char *answers[RESOLVE_ADDRS_MAX];
static atomic_int asked;

struct fixture {
	struct loop *loop;
	struct netif_config netif;
	struct lookup_env env;
	struct conf_peer peer;
	struct lookup lookup;
	unsigned int found; /* calls */
	struct addr addrs[RESOLVE_ADDRS_MAX];
	int count;
};

int
getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
    struct addrinfo **res)
{
	static struct sockaddr_storage names[RESOLVE_ADDRS_MAX];
	static struct addrinfo list[RESOLVE_ADDRS_MAX];
	struct addr a;

	(void)service;
	(void)hints;
	atomic_fetch_add(&asked, 1);
	if (answers[0] == NULL || strcmp(node, "b.example") != 0)
		return EAI_NONAME;
	for (int i = 0; i < RESOLVE_ADDRS_MAX && answers[i] != NULL; i++) {
		if (sockaddr_parse(&a, answers[i]) != 0)
			return EAI_FAIL;
		list[i] = (struct addrinfo){
			.ai_addrlen = sockaddr_from_addr(&names[i], &a),
			.ai_addr = (struct sockaddr *)&names[i],
		};
		if (i > 0)
			list[i - 1].ai_next = &list[i];
	}
	*res = list;
	return 0;
}

void
freeaddrinfo(struct addrinfo *res)
{
	(void)res;
}

static void
know(const char *first, const char *second)
{
	answers[0] = first;
	answers[1] = second;
	answers[2] = NULL;
}

static void
on_found(void *ctx, int peer, const struct addr *addrs, int count)
{
	struct fixture *f = ctx;

	assert_int_equal(peer, PEER);
	assert_in_range(count, 1, RESOLVE_ADDRS_MAX);
	memcpy(f->addrs, addrs, (size_t)count * sizeof(*addrs));
	f->count = count;
	f->found++;
}

static uint64_t
stop_when_done(void *ctx)
{
	struct fixture *f = ctx;

	if (!f->lookup.job.busy)
		loop_stop(f->loop);
	return NEVER;
}

static void
add_network(struct fixture *f, const char *text, uint8_t prefix)
{
	struct ifconf_addr *a = &f->netif.addrs[f->netif.addr_count++];

	assert_int_equal(sockaddr_parse(&a->ip, text), 0);
	a->prefix = prefix;
}

static struct fixture *
start(const char *endpoint)
{
	static struct fixture f;

	f = (struct fixture){
		.loop = loop_open(),
		.peer = { .name = "b", .has_endpoint = endpoint != NULL },
	};
	f.env = (struct lookup_env){
		.errand = errand_open(f.loop),
		.netif = &f.netif,
		.found = on_found,
		.ctx = &f,
	};
	assert_non_null(f.env.errand);
	add_network(&f, "10.20.30.1", 24);
	add_network(&f, "fd99::1", 64);
	if (endpoint != NULL)
		assert_int_equal(
		    resolve_parse(&f.peer.endpoint, endpoint, 7), 0);
	lookup_init(&f.lookup, &f.env, &f.peer, PEER);
	asked = 0;
	return &f;
}

static void
stop(struct fixture *f)
{
	errand_close(f->env.errand);
	loop_close(f->loop);
}

/* Starts it, or asks again, and waits for the end. Returns what was logged. */
static const char *
run(struct fixture *f, void (*begin)(struct lookup *l))
{
	f->found = 0;
	f->count = 0;
	capture_open(&captured, STDERR_FILENO);
	begin(&f->lookup);
	const int result = loop_run(f->loop, stop_when_done, f);
	const char *text = capture_close(&captured);
	assert_int_equal(result, 0);
	return text;
}

/* Exactly these were found; NULL: none. */
static void
check_found(const struct fixture *f, const char *first, const char *second)
{
	const char *const expected[] = { first, second, NULL };
	char text[SOCKADDR_TEXT_MAX];
	int i = 0;

	assert_int_equal(f->found, first != NULL);
	for (; expected[i] != NULL; i++)
		assert_string_equal(
		    sockaddr_text(&f->addrs[i], text), expected[i]);
	assert_int_equal(f->count, i);
}

static void
test_numeric_is_known_at_once(void **state)
{
	static const struct {
		const char *endpoint;
		const char *found;
	} cases[] = {
		{ "192.0.2.1:52077", "192.0.2.1:52077" },
		{ "[2001:db8::1]", "[2001:db8::1]:7" },
		{ "10.20.31.1:1", "10.20.31.1:1" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fixture *f = start(cases[i].endpoint);

		lookup_start(&f->lookup);
		check_found(f, cases[i].found, NULL);
		assert_false(f->lookup.job.busy);
		assert_null(f->lookup.trouble);
		/* nothing to ask again */
		assert_string_equal(run(f, lookup_again), "");
		check_found(f, NULL, NULL);
		assert_int_equal(asked, 0);
		stop(f);
	}
}

static void
test_no_endpoint(void **state)
{
	struct fixture *f = start(NULL);

	(void)state;
	assert_string_equal(run(f, lookup_start), "");
	assert_string_equal(run(f, lookup_again), "");
	check_found(f, NULL, NULL);
	assert_int_equal(asked, 0);
	stop(f);
}

static void
test_name(void **state)
{
	struct fixture *f = start("b.example:52077");

	(void)state;
	know("2001:db8::1", "192.0.2.1");
	assert_string_equal(run(f, lookup_start), "");
	check_found(f, "[2001:db8::1]:52077", "192.0.2.1:52077");
	assert_null(f->lookup.trouble);
	/* it has moved */
	know("192.0.2.2", NULL);
	assert_string_equal(run(f, lookup_again), "");
	check_found(f, "192.0.2.2:52077", NULL);
	assert_int_equal(asked, 2);
	stop(f);
}

/* Nothing comes back before the call returns, and one look-up under way is
 * enough. */
static void
test_again_while_busy(void **state)
{
	struct fixture *f = start("b.example:52077");

	(void)state;
	know("192.0.2.1", NULL);
	lookup_start(&f->lookup);
	assert_true(f->lookup.job.busy);
	assert_int_equal(f->found, 0);
	lookup_again(&f->lookup);
	assert_string_equal(run(f, lookup_again), "");
	check_found(f, "192.0.2.1:52077", NULL);
	assert_int_equal(asked, 1);
	stop(f);
}

/* One line when it begins, and again after it was well. */
static struct fixture *ticked;

static void
tick_later(struct lookup *l)
{
	const uint64_t due = ticked->env.again_ns;

	assert_int_not_equal(due, NEVER);
	assert_int_equal(lookup_tick(l, 1, &ticked->env, due - 1), due);
	assert_false(l->job.busy);
	assert_int_equal(lookup_tick(l, 1, &ticked->env, due), NEVER);
}

/* Nobody else asks for a name that never was an address. */
static void
test_name_is_looked_up_once_more(void **state)
{
	struct fixture *f = ticked = start("b.example:52077");

	(void)state;
	f->env.again_ns = NEVER;
	know(NULL, NULL);
	(void)run(f, lookup_start);
	(void)run(f, tick_later);
	assert_int_equal(f->found, 0);
	know("192.0.2.1", NULL);
	(void)run(f, tick_later);
	check_found(f, "192.0.2.1:52077", NULL);
	assert_int_equal(f->env.again_ns, NEVER);
	stop(f);
}

static void
test_name_is_not_found(void **state)
{
	struct fixture *f = start("b.example:52077");

	(void)state;
	for (int round = 0; round < 2; round++) {
		know(NULL, NULL);
		const char *line = run(f, lookup_start);
		assert_int_equal(capture_lines(line), 1);
		assert_non_null(strstr(
		    line, "warning: peer=b name=b.example not-found reason="));
		assert_non_null(strstr(line, gai_strerror(EAI_NONAME)));
		check_found(f, NULL, NULL);
		assert_string_equal(
		    f->lookup.trouble, gai_strerror(EAI_NONAME));
		assert_string_equal(run(f, lookup_again), "");
		assert_non_null(f->lookup.trouble);
		know("192.0.2.1", NULL);
		assert_string_equal(run(f, lookup_again), "");
		check_found(f, "192.0.2.1:52077", NULL);
		assert_null(f->lookup.trouble);
	}
	stop(f);
}

/* An endpoint in the network that the tunnel makes is the tunnel's end. */
static void
test_own_network_is_refused(void **state)
{
	static const struct {
		const char *known[2];
		const char *found; /* NULL: none */
		const char *line;  /* NULL: none */
	} cases[] = {
		{ { "10.20.30.1", NULL }, NULL, "endpoint=10.20.30.1:52077 " },
		{ { "10.20.30.255", NULL }, NULL, "10.20.30.255:52077 " },
		{ { "10.20.29.255", NULL }, "10.20.29.255:52077", NULL },
		{ { "10.20.31.0", NULL }, "10.20.31.0:52077", NULL },
		{ { "fd99::2", NULL }, NULL, "endpoint=[fd99::2]:52077 " },
		{ { "fd99:0:0:1::2", NULL }, "[fd99:0:0:1::2]:52077", NULL },
		{ { "10.20.30.2", "fd99::2" }, NULL, "refused" },
		{ { "10.20.30.2", "2001:db8::2" }, "[2001:db8::2]:52077",
		    "endpoint=10.20.30.2:52077 " },
		{ { "192.0.2.2", "fd99::2" }, "192.0.2.2:52077",
		    "endpoint=[fd99::2]:52077 " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fixture *f = start("b.example:52077");

		know(cases[i].known[0], cases[i].known[1]);
		const char *line = run(f, lookup_start);
		check_found(f, cases[i].found, NULL);
		assert_int_equal(capture_lines(line), cases[i].line != NULL);
		assert_int_equal(
		    f->lookup.trouble != NULL, cases[i].line != NULL);
		if (cases[i].line != NULL) {
			assert_non_null(strstr(line, cases[i].line));
			assert_non_null(strstr(line, "warning: peer=b "));
			assert_non_null(strstr(line, "inside-the-tunnel"));
		}
		/* however often it is asked again */
		assert_string_equal(run(f, lookup_again), "");
		check_found(f, cases[i].found, NULL);
		stop(f);
	}
}

static void
test_numeric_in_own_network(void **state)
{
	struct fixture *f = start("10.20.30.9:52077");

	(void)state;
	assert_int_equal(capture_lines(run(f, lookup_start)), 1);
	check_found(f, NULL, NULL);
	assert_int_equal(asked, 0);
	stop(f);
}

/* Closing while a name is asked for: the answer comes to nobody. */
static void
test_close_while_busy(void **state)
{
	struct fixture *f = start("b.example:52077");

	(void)state;
	know("192.0.2.1", NULL);
	lookup_start(&f->lookup);
	stop(f);
	assert_int_equal(f->found, 0);
	assert_false(f->lookup.job.busy);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numeric_is_known_at_once),
		cmocka_unit_test(test_no_endpoint),
		cmocka_unit_test(test_name),
		cmocka_unit_test(test_again_while_busy),
		cmocka_unit_test(test_name_is_looked_up_once_more),
		cmocka_unit_test(test_name_is_not_found),
		cmocka_unit_test(test_own_network_is_refused),
		cmocka_unit_test(test_numeric_in_own_network),
		cmocka_unit_test(test_close_while_busy),
	};

	return cmocka_run_group_tests_name("lookup", tests, NULL, NULL);
}
