/* SPDX-License-Identifier: ISC */
/*
 * Which keys of the interface go together: a TAP and each mode of vmnet want
 * others.
 * Source: lansplice.conf(5), "interface"; vmnet/vmnet.h.
 * Thread: any.
 */
#ifndef DAEMON_CONF_NETIF_H
#define DAEMON_CONF_NETIF_H

#include <stdbool.h>

#include "core/units.h"
#include "daemon/conf_table.h"
#include "os/netif.h"

/* "host", "bridged", "shared"; -1 if it is none of them. */
int conf_netif_mode(const char *text);

/* What the file says of the interface, however it was read. */
struct conf_netif {
	const struct netif_config *config;
	const char *type; /* "tap" or "vmnet" */
	bool has_name;    /* stands in the file */
};

/*
 * NULL if all is well; else in static words what is wrong, and with which
 * key.
 */
MUST_USE const char *conf_netif_check(
    const struct conf_netif *c, enum conf_id *key);

#endif
