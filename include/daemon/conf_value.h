/* SPDX-License-Identifier: ISC */
/*
 * Strings of the configuration file as values.
 * Thread: any. Each function returns NULL, or in static words what is wrong
 * with the text; then the output is unspecified.
 */
#ifndef DAEMON_CONF_VALUE_H
#define DAEMON_CONF_VALUE_H

#include <stddef.h>
#include <stdint.h>

#include "core/units.h"
#include "os/netif.h"

/* "10.20.30.1/24": an address that a host may have, and its prefix. */
MUST_USE const char *conf_value_host(struct ifconf_addr *out, const char *text);

/* "02:00:00:00:00:01", unicast. */
MUST_USE const char *conf_value_mac(
    uint8_t out[static FRAME_MAC_LEN], const char *text);

/* A name that every system takes for an interface. */
MUST_USE const char *conf_value_netif_name(
    char out[static NETIF_NAME_MAX], const char *text);

/* A word for status and log lines ("peer=name"), at most size - 1 bytes. */
MUST_USE const char *conf_value_word(char *out, size_t size, const char *text);

/* A path; a relative one starts in the folder of the file `base`. */
MUST_USE const char *conf_value_path(
    char *out, size_t size, const char *base, const char *text);

#endif
