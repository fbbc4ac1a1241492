/* SPDX-License-Identifier: ISC */
/*
 * Linux's messages about links, addresses, routes and neighbours, in no
 * system's form. Source: rtnetlink(7).
 */
#ifndef SHIM_ROUTE_LINUX_H
#define SHIM_ROUTE_LINUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum linux_event_kind {
	LINUX_NONE, /* a message that means nothing to a Mac */
	LINUX_LINK,
	LINUX_ADDR,
	LINUX_ROUTE,
	LINUX_NEIGHBOUR,
};

struct linux_event {
	enum linux_event_kind kind;
	bool gone;          /* deleted; else new or changed */
	unsigned int index; /* of the interface, 0: none is named */
	unsigned int flags; /* of a link: IFF_ */
	uint32_t mtu;       /* of a link */
	int family;         /* of the addresses: AF_INET, AF_INET6 */
	uint8_t prefix;     /* bits */
	uint8_t ip[16];     /* address, destination, neighbour */
	bool has_gateway;
	uint8_t gateway[16];
	bool is_local; /* routes of these kinds */
	bool is_multicast;
	bool is_broadcast;
};

/* A socket that gets them and does not block; -1 with errno. */
int linux_route_open(void);

/* The next one; -1 with errno. */
int linux_route_read(int fd, struct linux_event *out);

#endif
