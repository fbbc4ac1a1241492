/* SPDX-License-Identifier: ISC */
/*
 * The keys of the configuration file: names, types, ranges, defaults.
 * Reading, checking, `lansplice keys` and the lint of manual and sample all
 * come from this one table. lansplice.conf(5) explains the keys.
 * Thread: any; the table never changes.
 */
#ifndef DAEMON_CONF_TABLE_H
#define DAEMON_CONF_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* In the order in which conf.c takes them: later ones are checked against
 * earlier ones. */
enum conf_id {
	CONF_PRIVATE_KEY_FILE,
	CONF_NETWORK_KEY_FILE,
	CONF_CIPHER,
	CONF_INTERFACE_TYPE,
	CONF_INTERFACE_MODE,
	CONF_INTERFACE_DEVICE,
	CONF_INTERFACE_NAME,
	CONF_INTERFACE_ADDRESS,
	CONF_INTERFACE_MTU,
	CONF_INTERFACE_MAC,
	CONF_LISTEN_PORT,
	CONF_LISTEN_ADDRESS,
	CONF_LOG_LEVEL,
	CONF_CONTROL_SOCKET,
	CONF_STATE_DIR,
	CONF_MEMORY,
	CONF_MSS_CLAMP,
	CONF_SWITCH_FORWARD,
	CONF_MAX_PEERS,
	CONF_PEERS,
	CONF_PEER_FIRST, /* from here on: of each peer */
	CONF_PEER_PUBLIC_KEY = CONF_PEER_FIRST,
	CONF_PEER_NAME,
	CONF_PEER_ENDPOINT,
	CONF_PEER_PSK_FILE,
	CONF_PEER_KEEPALIVE,
	CONF_ID_COUNT
};

enum {
	CONF_TABLE_TEXT_MAX = 160, /* bytes, with the NUL */
	CONF_MTU_MIN = 576,        /* bytes; RFC 791 */
	CONF_MTU_MAX = 9000,       /* bytes; the usual jumbo frame */
	CONF_MEMORY_MAX = 1 << 30, /* bytes; what a small machine may have */
};

enum conf_type {
	CONF_STRING,
	CONF_STRINGS, /* one string, or a list or array of them */
	CONF_INTEGER,
	CONF_BOOLEAN,
	CONF_GROUPS, /* a list of groups */
	CONF_TYPE_COUNT
};

enum conf_presence {
	CONF_PRESET,  /* left out, it has the value `preset` */
	CONF_DERIVED, /* left out, `preset` says in words what holds */
	CONF_REQUIRED
};

struct conf_key {
	const char *name; /* with its group: "interface.mtu" */
	enum conf_type type;
	enum conf_presence presence;
	int min, max; /* integers only */
	const char *unit;
	const char *allowed; /* words; NULL: from type and range */
	const char *preset;
	const char *const *preset_os; /* instead of preset: os/defaults.h */
	const char *help;
};

const struct conf_key *conf_table_key(enum conf_id id);

/* The key of that full name, or NULL. */
const struct conf_key *conf_table_find(const char *name);

/* True if there are keys in a group of that name. */
bool conf_table_has_group(const char *group);

/* Default as text; NULL if the key is required. */
const char *conf_table_preset(const struct conf_key *key);

/* What values the key may have, in words. Returns out. */
const char *conf_table_allowed(
    const struct conf_key *key, char out[static CONF_TABLE_TEXT_MAX]);

/* The names that may stand in a group ("" for the file itself). Returns out. */
const char *conf_table_members(
    const char *group, char out[static CONF_TABLE_TEXT_MAX]);

/* One key a line: name, type, allowed, default, help, with tabs between. */
void conf_table_print(FILE *to);

#endif
