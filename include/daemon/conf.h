/* SPDX-License-Identifier: ISC */
/*
 * The configuration file, read and checked into one plain struct.
 * Source: lansplice.conf(5); the syntax is libconfig's.
 * Thread: start-up, or the loop on a reload. Memory: conf_load allocates the
 * peers, conf_free releases them and wipes all secrets.
 */
#ifndef DAEMON_CONF_H
#define DAEMON_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/addr.h"
#include "core/suite.h"
#include "core/units.h"
#include "os/log.h"
#include "os/netif.h"
#include "os/resolve.h"

enum {
	CONF_FILE_MAX = 1 << 20, /* bytes of the file; 4096 peers need 0.8 M */
	CONF_PATH_MAX = 1024,    /* with its NUL; PATH_MAX of macOS */
	CONF_SOCKET_MAX = 104,   /* with its NUL; sun_path of macOS, unix(4) */
	CONF_NAME_MAX = 64,      /* with its NUL */
	CONF_KEEPALIVE_DEFAULT = 25, /* s; lansplice-protocol(7) */
	CONF_PEERS_DEFAULT = 64,     /* smallest max_peers if left out */
};

struct conf_peer {
	char name[CONF_NAME_MAX];
	uint8_t public_key[SUITE_KEY_LEN];
	uint8_t psk[SUITE_KEY_LEN]; /* zeros without one */
	bool has_psk;
	bool has_endpoint;
	struct resolve_name endpoint;
	uint16_t keepalive_s; /* 0: off */
	unsigned int line;    /* in the file, for messages */
};

struct conf {
	char path[CONF_PATH_MAX];  /* the file, as it was named */
	struct netif_config netif; /* drops and id are the caller's to set */
	uint16_t port;             /* 0: the system chooses */
	struct addr local;         /* ADDR_NONE: all */
	enum log_level log_level;
	uint8_t private_key[SUITE_KEY_LEN];
	uint8_t public_key[SUITE_KEY_LEN]; /* of private_key */
	bool has_network_key;
	uint8_t network_key[SUITE_KEY_LEN]; /* zeros without one */
	uint16_t ciphers;                   /* mask, as node_config.ciphers */
	char socket[CONF_SOCKET_MAX];
	char state_dir[CONF_PATH_MAX];
	unsigned int max_peers; /* peer_count at least */
	size_t memory;          /* bytes */
	bool mss_clamp;
	bool forward;
	struct conf_peer *peers; /* peer_count of them; NULL if none */
	size_t peer_count;
};

/*
 * Returns 0, or the process's exit code after one log line that names file,
 * line, key and what is allowed: EX_CONFIG (78), EX_NOPERM (77: the file or
 * a key in it cannot be read for lack of rights), or 1 (no memory). Then
 * *out is wiped and needs no conf_free.
 */
MUST_USE int conf_load(const char *path, struct conf *out);

/* Reads control.socket alone, so that no right to the keys is needed. Returns
 * as conf_load does. */
MUST_USE int conf_load_socket(
    const char *path, char out[static CONF_SOCKET_MAX]);

void conf_free(struct conf *c);

#endif
