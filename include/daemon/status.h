/* SPDX-License-Identifier: ISC */
/*
 * What `lansplice status` shows, as text for people or as JSON.
 * Thread: loop. Memory: written to a stdio stream of the caller's.
 */
#ifndef DAEMON_STATUS_H
#define DAEMON_STATUS_H

#include <stdio.h>

#include "core/node.h"
#include "daemon/conf.h"
#include "daemon/lookup.h"

struct status_source {
	const struct conf *conf;
	struct node *node;
	const struct drop_counts *os_drops; /* on top of the node's */
	const char *netif_name;
	uint8_t mac[FRAME_MAC_LEN]; /* of the interface */
	struct netif_counts netif_counts;
	uint16_t port;
	const int *peers; /* number in the node of each conf->peers */
	const struct lookup *lookups; /* one for each conf->peers */
	uint64_t start_ns;            /* mono clock */
};

void status_text(
    FILE *to, const struct status_source *s, const struct now *now);
void status_json(
    FILE *to, const struct status_source *s, const struct now *now);

#endif
