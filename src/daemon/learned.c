/* SPDX-License-Identifier: ISC */
#include "daemon/learned.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/key.h"
#include "os/file.h"
#include "os/log.h"
#include "os/resolve.h"
#include "os/sockaddr.h"

enum {
	LEARNED_MODE = 0600,
	LINE_MAX_LEN = KEY_TEXT_LEN + 1 + SOCKADDR_TEXT_MAX + 1,
};

int
learned_open(struct learned *l, const char *floor_path, size_t peer_count,
    struct errand *e)
{
	*l = (struct learned){ .errand = e };
	l->size = peer_count * LINE_MAX_LEN + 1;
	l->text = malloc(l->size);
	if (l->text == NULL) {
		log_error("no memory for %zu endpoints", peer_count);
		return -1;
	}
	(void)snprintf(l->path, sizeof(l->path), "%s.peers", floor_path);
	return 0;
}

void
learned_close(struct learned *l)
{
	free(l->text);
	l->text = NULL;
}

/* Reading. */

static void
load_address(const struct learned_peers *peers, const struct now *now,
    const uint8_t key[static SUITE_KEY_LEN], const struct addr *a)
{
	for (size_t i = 0; i < peers->conf->peer_count; i++)
		if (memcmp(peers->conf->peers[i].public_key, key,
			SUITE_KEY_LEN) == 0)
			node_peer_learned(
			    peers->node, now, peers->numbers[i], a);
}

/* line has no newline; false if it is not one of ours. */
static bool
load_line(
    const struct learned_peers *peers, const struct now *now, const char *line)
{
	uint8_t key[SUITE_KEY_LEN];
	struct resolve_name name;
	struct addr a;

	if (strlen(line) <= KEY_TEXT_LEN || line[KEY_TEXT_LEN] != ' ' ||
	    !key_parse(key, line, KEY_TEXT_LEN) ||
	    resolve_parse(&name, line + KEY_TEXT_LEN + 1, 0) != 0 ||
	    !resolve_numeric(&name, &a))
		return false;
	load_address(peers, now, key, &a);
	return true;
}

static void
load_text(const struct learned *l, const struct learned_peers *peers,
    const struct now *now, char *text)
{
	unsigned int strange = 0;
	char *rest = NULL;

	for (char *line = strtok_r(text, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest))
		strange += load_line(peers, now, line) ? 0 : 1;
	if (strange > 0)
		log_warn("%s: %u lines are not understood", l->path, strange);
}

void
learned_load(
    struct learned *l, const struct learned_peers *peers, const struct now *now)
{
	/* There may be lines of peers that the configuration had once. */
	const size_t room = (size_t)NODE_PEERS_MAX * LINE_MAX_LEN;
	char *text = malloc(room + 1);
	const ssize_t len =
	    text == NULL ? -1 : file_read(l->path, FILE_SECRET, text, room);

	if (len >= 0) {
		text[len] = '\0';
		load_text(l, peers, now, text);
	} else if (errno != ENOENT) {
		log_warn("%s: %s; peers are called when they call", l->path,
		    strerror(errno));
	}
	free(text);
}

/* Writing. */

static void
fill_line(struct learned *l, const struct conf_peer *c, const struct addr *a)
{
	char key[KEY_TEXT_LEN + 1], addr[SOCKADDR_TEXT_MAX];

	key_put(key, c->public_key);
	const int n = snprintf(l->text + l->len, l->size - l->len, "%s %s\n",
	    key, sockaddr_text(a, addr));
	if (n > 0 && (size_t)n < l->size - l->len)
		l->len += (size_t)n;
}

static void
fill(
    struct learned *l, const struct learned_peers *peers, const struct now *now)
{
	struct node_peer_status st;

	l->len = 0;
	l->changed = false;
	l->begun_ns = now->mono_ns;
	for (size_t i = 0; i < peers->conf->peer_count; i++)
		if (node_peer_status(
			peers->node, now, peers->numbers[i], &st) &&
		    addr_is_set(&st.endpoint.remote))
			fill_line(
			    l, &peers->conf->peers[i], &st.endpoint.remote);
}

/* On the errand thread. */
static void
learned_work(struct errand_job *job)
{
	struct learned *l = (struct learned *)job;

	l->error =
	    file_write(l->path, l->text, l->len, LEARNED_MODE) == 0 ? 0 : errno;
}

static void
learned_done(struct errand_job *job)
{
	struct learned *l = (struct learned *)job;

	if (l->error != 0 && !l->failing)
		log_warn("%s: %s; going on, but after a restart callers are "
			 "not called",
		    l->path, strerror(l->error));
	l->failing = l->error != 0;
}

void
learned_note(struct learned *l)
{
	l->changed = true;
}

uint64_t
learned_tick(
    struct learned *l, const struct learned_peers *peers, const struct now *now)
{
	if (!l->changed || l->job.busy)
		return NEVER; /* the end of a write makes a turn of its own */
	if (l->begun_ns != 0 && now->mono_ns - l->begun_ns < LEARNED_PAUSE)
		return l->begun_ns + LEARNED_PAUSE;
	fill(l, peers, now);
	l->job.work = learned_work;
	l->job.done = learned_done;
	(void)errand_submit(l->errand, &l->job);
	return NEVER;
}

void
learned_flush(
    struct learned *l, const struct learned_peers *peers, const struct now *now)
{
	if (!l->changed || l->job.busy)
		return;
	fill(l, peers, now);
	learned_work(&l->job);
	learned_done(&l->job);
}
