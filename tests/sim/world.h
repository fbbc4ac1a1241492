/* SPDX-License-Identifier: ISC */
/*
 * Many nodes, each with a station on its LAN, a network between them that
 * does what networks do, and a stranger. All follows from the seed.
 *   queue     what is to happen
 *   world     who there is, and who knows whom
 *   host      one node's life, and the sink that it speaks through
 *   network   the way of a datagram
 *   lan       stations and their frames
 *   fault     what goes wrong, and when all is well again
 *   stranger  who replays, forges and floods
 *   check     what must always hold
 * Times are ns of the world's clock, unless a name says otherwise; a node sees
 * clocks of its own.
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/node.h"
#include "queue.h"
#include "rng.h"

enum {
	WORLD_HOSTS = 50,
	WORLD_STRANGERS = 16, /* addresses of the stranger */
	WORLD_RACERS = 8,     /* the first of those that bring fresh copies */
	WORLD_RECORDS = 256,  /* datagrams that the stranger remembers */
	WORLD_HELLOS = 99,    /* handshake messages that make load, less one */
};
#define WORLD_DELAY_MAX                                                        \
	SEC(10) /* of any datagram that is not the stranger's                  \
	         */

/* A datagram on its way, or in the stranger's memory. */
struct dgram {
	unsigned int uses;
	unsigned int host; /* the sender */
	unsigned int to;   /* the host that it is for */
	uint64_t sent_ns;
	uint64_t epoch;   /* of the host that was handed it; 0: none was */
	bool whole;       /* as it was sent */
	struct addr from; /* as the receiver sees it */
	struct addr at;   /* where it was sent */
	size_t len;
	uint8_t data[];
};

/* How a host is connected. */
struct uplink {
	unsigned int loss, twice, corrupt; /* per mille */
	uint64_t delay_ns, jitter_ns;
	size_t mtu;  /* bytes of UDP payload; above, a datagram vanishes */
	bool refuse; /* above, the node is told */
};

struct host {
	struct world *world;
	unsigned int number;
	uint64_t random;
	struct node_config config;
	uint8_t public_key[SUITE_KEY_LEN];
	void *memory;
	struct node *node; /* NULL: not running */
	size_t size;
	struct addr addr;  /* where it is heard from; none is used twice */
	struct addr local; /* as it knows it itself; a NAT lies between */
	unsigned int addr_count;
	bool outsider; /* knows others, and is known to none */
	struct uplink uplink;
	bool no_room; /* the transmit batch is full */

	/* What its clocks show beyond the world's. */
	uint64_t mono_base, wall_base;
	bool wall_true; /* never set to another time */
	bool asleep;
	uint64_t next_ns, wake_ns; /* its deadline, the event put for it */

	uint64_t incarnation; /* counts starts, of all hosts */
	uint64_t epoch;       /* and whatever makes it forget */
	uint64_t stop_ns;     /* when it said CLOSE last */
	uint64_t restless_ns; /* the last event that renews patience */
	uint64_t floor;       /* on its disk */
	void *snapshot;       /* of its memory */
	uint64_t snapshot_ns;

	/* About each other host. */
	int saved_peer[WORLD_HOSTS];       /* as in the snapshot */
	int peer[WORLD_HOSTS];             /* its number in the node; -1 */
	bool names[WORLD_HOSTS];           /* an endpoint is configured */
	struct addr told[WORLD_HOSTS];     /* what the name was resolved to */
	struct addr learned[WORLD_HOSTS];  /* kept over restarts */
	uint32_t answered[WORLD_HOSTS];    /* index of the last initiation */
	uint64_t answered_ns[WORLD_HOSTS]; /* age of what was answered last */
	bool waits[WORLD_HOSTS];           /* frames wait as the faults end */

	/* Within one call into the node. */
	const struct dgram *cause; /* what it is being handed */
	uint8_t *reserved;
	size_t reserved_len;
	struct path reserved_to;
	struct path refused_to;
	size_t refused_len;

	/* For the checks. */
	uint64_t hellos[WORLD_HELLOS]; /* when handshake messages came */
	unsigned int hello_count;
	uint64_t second; /* of the two counters that follow */
	unsigned int ticks, replies;
};

/* A frame that a station sent. */
struct sent_frame {
	unsigned int origin;
	uint16_t len;
	unsigned int to; /* a host; WORLD_HOSTS: all */
	uint64_t sent_ns;
	uint64_t ports; /* hosts whose LAN got it */
};

/* What was sent under a session: a sender's incarnation and the index. */
struct sent_session {
	uint64_t incarnation; /* 0: free */
	uint32_t index;
	bool arrived;     /* a message of it was handed to a node */
	uint32_t confirm; /* our index, which must be used first; 0: none */
	uint64_t next;    /* counters below are used */
};

struct options {
	uint64_t seed;
	unsigned int nodes; /* 0: as the seed says */
	unsigned int minutes;
	bool counts, verbose;
};

struct world {
	struct options options;
	uint64_t random;
	uint64_t now_ns, end_ns;
	struct queue queue;
	struct host *hosts;
	unsigned int host_count;
	bool ipv6;
	bool forward; /* hosts pass frames on that have several peers */
	bool calm;    /* nothing goes wrong now */
	bool cut[WORLD_HOSTS][WORLD_HOSTS];   /* from, to: nothing arrives */
	bool peers[WORLD_HOSTS][WORLD_HOSTS]; /* each has the other */
	bool wrong[WORLD_HOSTS][WORLD_HOSTS]; /* but their psk differ */
	bool reach[WORLD_HOSTS][WORLD_HOSTS]; /* frames may pass */
	bool psk;
	unsigned int faults; /* mask of those that happen in this world */
	uint64_t fault_gap_ns, frame_gap_ns;
	uint64_t incarnations;
	uint8_t network_id[SUITE_KEY_LEN];

	struct sent_frame *frames;
	size_t frame_count, frame_room;
	uint64_t rewound_ns; /* a host was set back to an earlier memory */
	size_t checked_from; /* frames that all must get */

	struct sent_session *sessions;
	size_t session_count, session_room;
	uint64_t *ephemerals; /* a set of their first bytes */
	size_t ephemeral_count, ephemeral_room;

	struct dgram *records[WORLD_RECORDS];
	size_t record_count;
	/* What the stranger's addresses may be sent, by each host. */
	uint8_t allowed[WORLD_HOSTS][WORLD_STRANGERS];

	uint64_t digest;
	struct drop_counts drops; /* of nodes that are no more */
	uint64_t events[SINK_EVENT_COUNT];
	uint64_t datagrams, delivered, handshakes, garbage;
	bool replays; /* the stranger brings what was sent once */
	bool failed;
};

/* The world of a seed, its first events put; NULL without memory. */
struct world *world_open(const struct options *o);
/* Lets time pass until all is over or a check fails. */
void world_run(struct world *w);
/* All nodes end, so that w->drops is complete. */
void world_end(struct world *w);
void world_close(struct world *w);

/* An address that nobody had before. */
struct addr world_fresh_addr(const struct world *w, struct host *h);
struct addr world_stranger_addr(const struct world *w, unsigned int n);
/* The host that has, or had, the address; -1: it is a stranger's. */
int world_host_of(const struct world *w, const struct addr *a);
/* Which address of the stranger's it is; -1: none. */
int world_stranger_of(const struct world *w, const struct addr *a);

/* The event is put at a time from now. */
void world_after(struct world *w, uint64_t ns, struct event e);

#endif
