/* SPDX-License-Identifier: ISC */
/*
 * Runs worlds of lansplice nodes (tests/sim/world.h), one for each seed.
 *   sim [--seed N] [--seeds FROM COUNT] [--nodes N] [--minutes M] [-c] [-v]
 * -c tells how often each thing happened, -v all that is sent.
 * A seed that fails is told with the command that repeats it; exit status 1
 * then, 64 for wrong usage.
 */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "world.h"

enum { MINUTES = 10 };

struct totals {
	uint64_t datagrams, delivered, handshakes, garbage, digest;
	struct drop_counts drops;
	uint64_t events[SINK_EVENT_COUNT];
	unsigned int failed;
};

static void
add(struct totals *t, const struct world *w)
{
	t->datagrams += w->datagrams;
	t->delivered += w->delivered;
	t->handshakes += w->handshakes;
	t->garbage += w->garbage;
	t->digest = t->digest * 31 + w->digest;
	t->failed += w->failed;
	for (int i = 0; i < DROP_COUNT; i++)
		t->drops.n[i] += w->drops.n[i];
	for (int i = 0; i < SINK_EVENT_COUNT; i++)
		t->events[i] += w->events[i];
}

static void
run_seed(const struct options *o, struct totals *t)
{
	struct world *w = world_open(o);

	if (w == NULL)
		abort();
	world_run(w);
	world_end(w);
	add(t, w);
	world_close(w);
}

/* How often each thing happened: what never does is not tested. */
static void
tell_counts(const struct totals *t)
{
	static const char *const names[SINK_EVENT_COUNT] = {
		[SINK_PEER_UP] = "up",
		[SINK_PEER_LOST] = "lost",
		[SINK_PEER_CLOSED] = "closed",
		[SINK_PEER_MOVED] = "moved",
		[SINK_PEER_RESOLVE] = "resolve",
		[SINK_PEER_CIPHER] = "cipher",
		[SINK_PATH_SMALL] = "small",
		[SINK_CLOCK_JUMP] = "jump",
	};

	for (int i = 0; i < SINK_EVENT_COUNT; i++)
		printf("event %s %" PRIu64 "\n", names[i], t->events[i]);
	for (int i = 1; i < DROP_COUNT; i++)
		printf("drop %s %" PRIu64 "\n", drop_name((enum drop)i),
		    t->drops.n[i]);
}

static int
usage(void)
{
	fputs("usage: sim [--seed N] [--seeds FROM COUNT] [--nodes N] "
	      "[--minutes M] [-c] [-v]\n",
	    stderr);
	return EX_USAGE;
}

/* The number behind an option; the next argument is then taken. */
static uint64_t
number(char **argv, int *at)
{
	const char *text = argv[*at + 1];
	char *end;

	if (text == NULL)
		exit(usage());
	const uint64_t n = strtoull(text, &end, 10);
	if (end == text || *end != '\0')
		exit(usage());
	(*at)++;
	return n;
}

static void
parse(struct options *o, uint64_t *count, char **argv)
{
	for (int i = 1; argv[i] != NULL; i++) {
		if (strcmp(argv[i], "--seed") == 0) {
			o->seed = number(argv, &i);
		} else if (strcmp(argv[i], "--seeds") == 0) {
			o->seed = number(argv, &i);
			*count = number(argv, &i);
		} else if (strcmp(argv[i], "--nodes") == 0) {
			o->nodes = (unsigned int)number(argv, &i);
		} else if (strcmp(argv[i], "--minutes") == 0) {
			o->minutes = (unsigned int)number(argv, &i);
		} else if (strcmp(argv[i], "-c") == 0) {
			o->counts = true;
		} else if (strcmp(argv[i], "-v") == 0) {
			o->verbose = true;
		} else {
			exit(usage());
		}
	}
	if (o->nodes == 1 || o->nodes > WORLD_HOSTS || o->minutes < 4)
		exit(usage());
}

int
main(int argc, char **argv)
{
	struct options o = { .seed = 1, .minutes = MINUTES };
	struct totals t = { .failed = 0 };
	uint64_t count = 1;

	(void)argc;
	if (sodium_init() < 0)
		return EX_SOFTWARE;
	parse(&o, &count, argv);
	for (uint64_t i = 0; i < count; i++, o.seed++)
		run_seed(&o, &t);
	if (o.counts)
		tell_counts(&t);
	printf("%" PRIu64 " seeds, %u failed: %" PRIu64 " datagrams, %" PRIu64
	       " frames, %" PRIu64 " initiations, %" PRIu64
	       " from strangers, digest %016" PRIx64 "\n",
	    count, t.failed, t.datagrams, t.delivered, t.handshakes, t.garbage,
	    t.digest);
	return t.failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
