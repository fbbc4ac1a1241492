/* SPDX-License-Identifier: ISC */
/*
 * The files of state_dir: the timestamp floor, and the endpoints of peers. The
 * first byte chooses, the rest is the file. Instead of a node there are two
 * functions of it below, which note what was learned.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/floor.h"
#include "daemon/key.h"
#include "daemon/learned.h"
#include "fuzz.h"

enum { PEERS = 3 };

static struct addr addrs[PEERS];
static const int numbers[PEERS] = { 0, 1, 2 };
static struct conf_peer conf_peers[PEERS];
static const struct conf conf = { .peers = conf_peers, .peer_count = PEERS };
static const struct learned_peers peers = { .conf = &conf, .numbers = numbers };
static const struct now now = { .mono_ns = SEC(100) };

void
node_peer_learned(
    struct node *n, const struct now *t, int peer, const struct addr *a)
{
	FUZZ_CHECK(n == NULL && t == &now && peer >= 0 && peer < PEERS);
	FUZZ_CHECK(a->family == ADDR_IPV4 || a->family == ADDR_IPV6);
	FUZZ_CHECK(a->port != 0);
	addrs[peer] = *a;
}

bool
node_peer_status(const struct node *n, const struct now *t, int peer,
    struct node_peer_status *out)
{
	FUZZ_CHECK(n == NULL && t == &now && peer >= 0 && peer < PEERS);
	*out =
	    (struct node_peer_status){ .endpoint = { .remote = addrs[peer] } };
	return true;
}

/* A name that floor_open will ask for; the folder is the scratch one. */
static void
try_floor(const uint8_t *data, size_t len)
{
	static const uint8_t key[SUITE_KEY_LEN];
	static char dir[FLOOR_PATH_MAX];
	struct floor f;
	uint64_t floor;
	const char *slash;

	if (dir[0] == '\0') {
		const char *any = fuzz_file("any", data, len, 0600);

		slash = strrchr(any, '/');
		memcpy(dir, any, (size_t)(slash - any));
	}
	FUZZ_CHECK(floor_open(&f, dir, key, &floor) == 0);
	slash = strrchr(f.path, '/');
	(void)fuzz_file(slash + 1, data, len, 0600);
	FUZZ_CHECK(floor_open(&f, dir, key, &floor) == 0);
	FUZZ_CHECK(floor < FLOOR_MAX);
	FUZZ_CHECK(floor == 0 || len >= 2);
}

/* What was read is written, and read again. */
static void
try_learned(const uint8_t *data, size_t len)
{
	struct learned l;
	struct addr before[PEERS];

	memset(addrs, 0, sizeof(addrs));
	FUZZ_CHECK(learned_open(&l, "unused", PEERS, NULL) == 0);
	(void)snprintf(l.path, sizeof(l.path), "%s",
	    fuzz_file("floor.peers", data, len, 0600));
	learned_load(&l, &peers, &now);
	memcpy(before, addrs, sizeof(addrs));
	if (len % 16 == 0) { /* fsync costs time */
		learned_note(&l);
		learned_flush(&l, &peers, &now);
		memset(addrs, 0, sizeof(addrs));
		learned_load(&l, &peers, &now);
		for (int i = 0; i < PEERS; i++)
			FUZZ_CHECK(addr_equal(&before[i], &addrs[i]));
	}
	learned_close(&l);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (int i = 0; i < PEERS; i++)
		memset(conf_peers[i].public_key, i, SUITE_KEY_LEN);
	if (size == 0)
		return 0;
	if (data[0] % 2 == 0)
		try_floor(data + 1, size - 1);
	else
		try_learned(data + 1, size - 1);
	return 0;
}
