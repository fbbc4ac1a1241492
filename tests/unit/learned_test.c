/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <sys/stat.h>
#include <unistd.h>

#include "capture.h"
#include "daemon/key.h"
#include "daemon/learned.h"
#include "os/file.h"
#include "os/sockaddr.h"
#include "scratch.h"

/*
 * A node with three peers whose sink is unit.h's; where their endpoints are
 * is seen by where initiations go.
 */
enum { PEERS = 3 };

struct fixture {
	struct unit_sink sink;
	struct conf conf;
	struct conf_peer peers[PEERS];
	int numbers[PEERS];
	void *memory;
	struct learned_peers all;
	struct learned learned;
	struct now now;
	struct capture captured;
};

static struct fixture f;

static void
ignore_event(void *ctx, const struct sink_event *e)
{
	(void)ctx;
	(void)e;
}

static void
make_key(uint8_t out[static SUITE_KEY_LEN], uint8_t first)
{
	uint8_t private_key[SUITE_KEY_LEN] = { 0, first };

	assert_true(suite_public_key(out, private_key));
}

static struct node *
make_node(void)
{
	struct node_config c = {
		.private_key = { 99 },
		.ciphers = 1,
		.mtu = 1500,
		.dgram_max = 9216,
		.max_peers = PEERS,
		.memory = NODE_MEMORY_MIN,
	};

	c.sink = unit_sink_make(&f.sink, 1);
	c.sink.event = ignore_event;
	assert_int_equal(posix_memalign(&f.memory, 64, node_size(&c)), 0);
	memset(f.memory, 0, node_size(&c));
	assert_int_equal(node_init(f.memory, &c, &f.now), DROP_NONE);
	return f.memory;
}

static void
start(void)
{
	memset(&f, 0, sizeof(f));
	f.now = (struct now){ SEC(100), SEC(1700000000) };
	f.conf.peers = f.peers;
	f.conf.peer_count = PEERS;
	struct node *n = make_node();
	for (int i = 0; i < PEERS; i++) {
		struct node_peer_config c = { .keepalive_s = 0 };

		make_key(c.public_key, (uint8_t)(i + 1));
		memcpy(f.peers[i].public_key, c.public_key, SUITE_KEY_LEN);
		f.numbers[i] = node_peer_add(n, &f.now, &c);
		assert_int_equal(f.numbers[i], i);
	}
	f.all = (struct learned_peers){ &f.conf, n, f.numbers };
	assert_int_equal(learned_open(&f.learned, "floor", PEERS, NULL), 0);
}

static void
finish(void)
{
	learned_close(&f.learned);
	unit_sink_empty(&f.sink);
	free(f.memory);
}

/* Text of a line for peer i, or with i == PEERS for nobody's key. */
static void
put_line(char *out, size_t size, int i, const char *addr)
{
	uint8_t key[SUITE_KEY_LEN];
	char text[KEY_TEXT_LEN + 1];

	make_key(key, (uint8_t)(i + 1));
	key_put(text, key);
	(void)snprintf(out, size, "%s %s\n", text, addr);
}

/* Loads a file; returns the lines it logged. */
static int
load(const char *content)
{
	if (content != NULL)
		assert_int_equal(
		    file_write("floor.peers", content, strlen(content), 0600),
		    0);
	capture_open(&f.captured, STDERR_FILENO);
	learned_load(&f.learned, &f.all, &f.now);
	return (int)capture_lines(capture_close(&f.captured));
}

static void
assert_called(unsigned int i, const char *want)
{
	char text[SOCKADDR_TEXT_MAX];

	assert_true(i < f.sink.count);
	assert_string_equal(
	    sockaddr_text(&f.sink.dgrams[i].to.remote, text), want);
}

static void
test_peers_are_called_where_they_were(void **state)
{
	char content[512];
	size_t len;

	(void)state;
	start();
	put_line(content, sizeof(content), 2, "[2001:db8::2]:7");
	len = strlen(content);
	put_line(content + len, sizeof(content) - len, 0, "192.0.2.1:52077");
	assert_int_equal(load(content), 0);
	assert_int_equal(f.sink.count, 2);
	assert_called(0, "[2001:db8::2]:7");
	assert_called(1, "192.0.2.1:52077");
	/* and the file comes out as it went in, in the peers' order */
	learned_note(&f.learned);
	learned_flush(&f.learned, &f.all, &f.now);
	char again[512];
	const ssize_t n =
	    file_read("floor.peers", FILE_SECRET, again, sizeof(again));
	assert_int_equal(n, strlen(content));
	assert_memory_equal(again, content + len, strlen(content) - len);
	/* what is known already stays */
	put_line(content, sizeof(content), 0, "192.0.2.99:1");
	assert_int_equal(load(content), 0);
	assert_int_equal(f.sink.count, 2);
	finish();
	/* so do the lines of many peers that are no more */
	start();
	char *many = calloc(2 * PEERS + 2, 256);
	assert_non_null(many);
	for (int i = 0; i < 2 * PEERS + 1; i++)
		put_line(many + strlen(many), 256, PEERS + i,
		    "[2001:db8:1111:2222:3333:4444:5555:6666]:65535");
	put_line(many + strlen(many), 256, 1, "192.0.2.1:1");
	assert_int_equal(load(many), 0);
	assert_int_equal(f.sink.count, 1);
	free(many);
	finish();
}

static void
test_no_file(void **state)
{
	(void)state;
	start();
	assert_int_equal(load(NULL), 0);
	assert_int_equal(f.sink.count, 0);
	finish();
}

static void
test_strange_lines_are_passed_over(void **state)
{
	static const char *const bad[] = { "", "x", "192.0.2.1", "host:1",
		"192.0.2.1:0", "192.0.2.1:65536", "[fe80::1]", ":1" };
	char content[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		start();
		put_line(content, sizeof(content), 0, bad[i]);
		assert_int_equal(load(content), 1);
		assert_int_equal(f.sink.count, 0);
		finish();
	}
	start();
	put_line(content, sizeof(content), 0, "192.0.2.1:1");
	content[0] = '!';
	assert_int_equal(load(content), 1);
	/* the key of a peer that is no more is nothing strange */
	put_line(content, sizeof(content), PEERS, "192.0.2.1:1");
	assert_int_equal(load(content), 0);
	assert_int_equal(f.sink.count, 0);
	finish();
}

static void
test_open_file_is_not_trusted(void **state)
{
	char content[256];

	(void)state;
	start();
	put_line(content, sizeof(content), 0, "192.0.2.1:1");
	assert_int_equal(
	    file_write("floor.peers", content, strlen(content), 0600), 0);
	assert_int_equal(chmod("floor.peers", 0666), 0);
	assert_int_equal(load(NULL), 1);
	assert_int_equal(f.sink.count, 0);
	finish();
}

static uint64_t
stop_when_written(void *ctx)
{
	if (!f.learned.job.busy)
		loop_stop(ctx);
	return NEVER;
}

static void
test_writes_are_paced(void **state)
{
	struct loop *loop = loop_open();
	struct stat st;

	(void)state;
	start();
	f.learned.errand = errand_open(loop);
	assert_int_equal(learned_tick(&f.learned, &f.all, &f.now), NEVER);
	assert_int_not_equal(stat("floor.peers", &st), 0);
	learned_note(&f.learned);
	assert_int_equal(learned_tick(&f.learned, &f.all, &f.now), NEVER);
	assert_int_equal(loop_run(loop, stop_when_written, loop), 0);
	assert_int_equal(stat("floor.peers", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	/* the next one waits */
	learned_note(&f.learned);
	f.now.mono_ns += LEARNED_PAUSE - 1;
	assert_int_equal(
	    learned_tick(&f.learned, &f.all, &f.now), f.now.mono_ns + 1);
	assert_false(f.learned.job.busy);
	f.now.mono_ns++;
	assert_int_equal(learned_tick(&f.learned, &f.all, &f.now), NEVER);
	assert_true(f.learned.job.busy);
	errand_close(f.learned.errand);
	loop_close(loop);
	finish();
}

static void
test_a_write_that_fails_is_told_once(void **state)
{
	(void)state;
	start();
	assert_int_equal(mkdir("floor.peers", 0700), 0);
	for (int i = 0; i < 2; i++) {
		capture_open(&f.captured, STDERR_FILENO);
		learned_note(&f.learned);
		learned_flush(&f.learned, &f.all, &f.now);
		assert_int_equal(
		    capture_lines(capture_close(&f.captured)), i == 0);
	}
	assert_int_equal(rmdir("floor.peers"), 0);
	finish();
}

int
main(void)
{
#define CASE(name)                                                             \
	cmocka_unit_test_setup_teardown(name, scratch_enter, scratch_leave)
	const struct CMUnitTest tests[] = {
		CASE(test_peers_are_called_where_they_were),
		CASE(test_no_file),
		CASE(test_strange_lines_are_passed_over),
		CASE(test_open_file_is_not_trusted),
		CASE(test_writes_are_paced),
		CASE(test_a_write_that_fails_is_told_once),
	};
#undef CASE

	return cmocka_run_group_tests_name("learned", tests, unit_start, NULL);
}
