/* SPDX-License-Identifier: ISC */
/*
 * UDP in batches, over IPv4 and IPv6, with don't-fragment set and the local
 * address of each datagram known and chosen.
 * Linux: recvmmsg(2), sendmmsg(2), ip(7), ipv6(7), udp_linux.c.
 * macOS: recvmsg_x and sendmsg_x (XNU bsd/sys/socket_private.h), ip(4),
 * ip6(4), udp_darwin.c.
 * Thread: loop. Memory: one allocation in udp_open.
 */
#ifndef OS_UDP_H
#define OS_UDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/addr.h"
#include "core/drop.h"
#include "core/units.h"

enum {
	UDP_BATCH = 64,             /* datagrams of one system call */
	UDP_DGRAM_MAX = 9216,       /* bytes of payload sent or received */
	UDP_SOCKETS = 2,            /* one for each family */
	UDP_ARENA = 256 << 10,      /* bytes of payload in one transmit batch */
	UDP_BUFFER_SMALL = 1 << 20, /* bytes; fewer are worth a warning */
};

struct udp_config {
	uint16_t port;             /* 0: the system chooses */
	struct addr local;         /* ADDR_NONE: all addresses, both families */
	struct drop_counts *drops; /* TRUNCATED, SEND_ROOM, _SIZE, _ERROR */
};

struct udp_dgram {
	uint8_t *data;
	size_t len;
	struct path from; /* remote: the sender; local: ours that it came to */
};

/* Told of a datagram that the system refused for its size (EMSGSIZE). */
typedef void udp_refused_fn(void *ctx, const struct path *to, size_t len);

struct udp;

/*
 * Binds the sockets. A system without one of the families goes on with the
 * other. NULL with errno after one log line that names port and reason.
 */
struct udp *udp_open(const struct udp_config *c);
void udp_close(struct udp *u);

/* Descriptor of socket 0 or 1, or -1 if there is none. */
int udp_fd(const struct udp *u, int which);

/* The port bound. */
uint16_t udp_port(const struct udp *u);

/*
 * Up to max (at most UDP_BATCH) datagrams from socket `which`, valid until
 * the next udp_recv. Returns how many; 0: none waiting. Truncated ones are
 * counted and left out. Errors that ICMP left on the socket are ignored.
 */
MUST_USE int udp_recv(struct udp *u, int which, struct udp_dgram *out, int max);

/*
 * True if datagrams that the system handed over already are left; nothing but
 * udp_recv, of either socket, tells of them.
 */
bool udp_more(const struct udp *u);

/*
 * Room for one datagram of at most len bytes in the transmit batch; a full
 * batch is sent first. NULL if len exceeds UDP_DGRAM_MAX or the family has
 * no socket. Commit with the true length, 0 to give the room back.
 */
uint8_t *udp_reserve(struct udp *u, const struct path *to, size_t len);
void udp_commit(struct udp *u, size_t len);

/* Sends the batch. A full socket buffer drops the rest, counted. */
void udp_flush(struct udp *u);

/* Calls fn from within udp_flush or udp_reserve; it must not send. */
void udp_on_refused(struct udp *u, udp_refused_fn *fn, void *ctx);

/* True if the system has said that a socket can no longer be used: an answer
 * to the last datagrams sent, so ask now and then. */
bool udp_is_stale(const struct udp *u);

/*
 * To be called when the network changed, or udp_is_stale says so. Sends what
 * waits in the transmit batch; then closes sockets that can no longer be used
 * and opens them anew on the same port, and those that were missing for want
 * of a family. Returns how many were opened; -1 with errno if that failed,
 * after a log line the first time: the descriptor is -1 then, udp_is_stale
 * stays true, and the call is due again. In every case the descriptors may be
 * others behind the call, so the caller first takes both out of its loop, and
 * puts those that are not -1 in again behind it.
 */
MUST_USE int udp_reopen(struct udp *u);

/* MTU in bytes of the interface that leads to an address; 0 if unknown. */
uint32_t udp_link_mtu(const struct udp *u, const struct path *to);

#endif
