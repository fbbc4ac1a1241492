/* SPDX-License-Identifier: ISC */
#include "daemon/conf_table.h"

#include <assert.h>
#include <string.h>

#include "core/node.h"
#include "core/units.h"
#include "os/defaults.h"

static const char secret_file[] =
    "a file with one key, for its owner's eyes only (mode 0600)";

static const struct conf_key keys[] = {
	[CONF_PRIVATE_KEY_FILE] = {
		.name = "private_key_file",
		.presence = CONF_REQUIRED,
		.allowed = secret_file,
		.help = "private key of this machine",
	},
	[CONF_NETWORK_KEY_FILE] = {
		.name = "network_key_file",
		.presence = CONF_DERIVED,
		.allowed = secret_file,
		.preset = "none",
		.help = "key shared by all members of the network",
	},
	[CONF_CIPHER] = {
		.name = "cipher",
		.allowed = "auto, chacha20-poly1305, aes256-gcm, aegis-256",
		.preset = "auto",
		.help = "cipher of the data",
	},
	[CONF_INTERFACE_TYPE] = {
		.name = "interface.type",
		.allowed = "tap on Linux, vmnet on macOS",
		.preset_os = &defaults_netif_type,
		.help = "kind of the virtual interface",
	},
	[CONF_INTERFACE_MODE] = {
		.name = "interface.mode",
		.allowed = "host, and on macOS bridged, shared",
		.preset = "host",
		.help = "what vmnet joins the interface to",
	},
	[CONF_INTERFACE_DEVICE] = {
		.name = "interface.device",
		.presence = CONF_DERIVED,
		.allowed = "a network card that lansplice interfaces lists",
		.preset = "none",
		.help = "network card of mode bridged",
	},
	[CONF_INTERFACE_NAME] = {
		.name = "interface.name",
		.allowed = "1..15 printable characters, none of / : % =, "
		           "not . or ..",
		.preset = "lansplice0",
		.help = "name of the TAP interface",
	},
	[CONF_INTERFACE_ADDRESS] = {
		.name = "interface.address",
		.type = CONF_STRINGS,
		.presence = CONF_DERIVED,
		.allowed = "up to 8 host addresses as \"10.20.30.1/24\" or "
		           "\"fd00::1/64\"",
		.preset = "none",
		.help = "addresses of the virtual interface",
	},
	[CONF_INTERFACE_MTU] = {
		.name = "interface.mtu",
		.type = CONF_INTEGER,
		.min = CONF_MTU_MIN,
		.max = CONF_MTU_MAX,
		.unit = "bytes",
		.preset = "1500",
		.help = "largest packet on the LAN inside",
	},
	[CONF_INTERFACE_MAC] = {
		.name = "interface.mac",
		.presence = CONF_DERIVED,
		.allowed = "a unicast address as \"02:00:00:00:00:01\"",
		.preset = "made from the public key",
		.help = "MAC address of the virtual interface",
	},
	[CONF_LISTEN_PORT] = {
		.name = "listen.port",
		.type = CONF_INTEGER,
		.max = UINT16_MAX,
		.preset = "52077",
		.help = "UDP port; 0: the system chooses",
	},
	[CONF_LISTEN_ADDRESS] = {
		.name = "listen.address",
		.presence = CONF_DERIVED,
		.allowed = "one numeric IPv4 or IPv6 address of this machine",
		.preset = "all",
		.help = "local address of the UDP socket",
	},
	[CONF_LOG_LEVEL] = {
		.name = "log.level",
		.allowed = "error, warning, info, debug",
		.preset = "info",
		.help = "lines above this level are left out",
	},
	[CONF_CONTROL_SOCKET] = {
		.name = "control.socket",
		.allowed = "a path of 1..103 bytes",
		.preset = "/var/run/lansplice.sock",
		.help = "Unix socket that lansplice status asks",
	},
	[CONF_STATE_DIR] = {
		.name = "state_dir",
		.allowed = "a path of 1..1023 bytes",
		.preset_os = &defaults_state_dir,
		.help = "folder for what outlives a restart",
	},
	[CONF_MEMORY] = {
		.name = "memory",
		.type = CONF_INTEGER,
		.min = NODE_MEMORY_MIN,
		.max = CONF_MEMORY_MAX,
		.unit = "bytes",
		.preset = "4194304",
		.help = "room for waiting frames and fragments",
	},
	[CONF_MSS_CLAMP] = {
		.name = "mss_clamp",
		.type = CONF_BOOLEAN,
		.preset = "true",
		.help = "TCP is asked for segments without fragments",
	},
	[CONF_SWITCH_FORWARD] = {
		.name = "switch.forward",
		.type = CONF_BOOLEAN,
		.preset = "false",
		.help = "frames pass from peer to peer",
	},
	[CONF_MAX_PEERS] = {
		.name = "max_peers",
		.type = CONF_INTEGER,
		.presence = CONF_DERIVED,
		.min = 1,
		.max = NODE_PEERS_MAX,
		.unit = "peers",
		.preset = "64, or twice the peers listed if that is more",
		.help = "room for peers",
	},
	[CONF_PEERS] = {
		.name = "peers",
		.type = CONF_GROUPS,
		.presence = CONF_DERIVED,
		.allowed = "a list of groups: ( { public_key = ...; }, ... )",
		.preset = "none",
		.help = "the other machines",
	},
	[CONF_PEER_PUBLIC_KEY] = {
		.name = "peers.public_key",
		.presence = CONF_REQUIRED,
		.allowed = "44 characters as lansplice pubkey writes them",
		.help = "public key of the peer",
	},
	[CONF_PEER_NAME] = {
		.name = "peers.name",
		.presence = CONF_DERIVED,
		.allowed = "1..63 printable characters without space and =",
		.preset = "first 8 characters of public_key",
		.help = "name of the peer in status and log",
	},
	[CONF_PEER_ENDPOINT] = {
		.name = "peers.endpoint",
		.presence = CONF_DERIVED,
		.allowed = "\"host\", \"host:port\", \"192.0.2.1:port\" or "
		           "\"[2001:db8::1]:port\", port 1..65535",
		.preset = "none: the peer calls",
		.help = "where the peer is reached",
	},
	[CONF_PEER_PSK_FILE] = {
		.name = "peers.psk_file",
		.presence = CONF_DERIVED,
		.allowed = secret_file,
		.preset = "none",
		.help = "key shared with this peer alone",
	},
	[CONF_PEER_KEEPALIVE] = {
		.name = "peers.keepalive",
		.type = CONF_INTEGER,
		.presence = CONF_DERIVED,
		.max = UINT16_MAX,
		.unit = "seconds",
		.preset = "25 with an endpoint, else 0",
		.help = "interval of keepalives; 0: none",
	},
};
static_assert(ARRAY_LEN(keys) == CONF_ID_COUNT, "a key has no row");

static const char *const type_names[] = {
	[CONF_STRING] = "string",
	[CONF_STRINGS] = "strings",
	[CONF_INTEGER] = "integer",
	[CONF_BOOLEAN] = "boolean",
	[CONF_GROUPS] = "groups",
};
static_assert(ARRAY_LEN(type_names) == CONF_TYPE_COUNT, "a type has no name");

/* Length of the group in a full name, dot included; 0 at the top. */
static size_t
group_len(const char *name)
{
	const char *dot = strchr(name, '.');

	return dot == NULL ? 0 : (size_t)(dot - name) + 1;
}

/* The member of group that a full name stands for, or lies in; or NULL. */
static const char *
member_of(const char *name, const char *group, size_t *len)
{
	size_t skip = *group == '\0' ? 0 : strlen(group) + 1;

	if (skip != 0 &&
	    (skip != group_len(name) || strncmp(name, group, skip - 1) != 0))
		return NULL;
	*len = strcspn(name + skip, ".");
	return name + skip;
}

static void
append(char out[static CONF_TABLE_TEXT_MAX], const char *text, size_t len)
{
	size_t used = strlen(out);
	size_t room = CONF_TABLE_TEXT_MAX - 1 - used;
	size_t n = size_min(len, room);

	memcpy(out + used, text, n);
	out[used + n] = '\0';
}

const struct conf_key *
conf_table_key(enum conf_id id)
{
	return &keys[id];
}

const struct conf_key *
conf_table_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	}
	return NULL;
}

bool
conf_table_has_group(const char *group)
{
	size_t len = strlen(group);

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		if (group_len(keys[i].name) == len + 1 &&
		    strncmp(keys[i].name, group, len) == 0)
			return true;
	}
	return false;
}

const char *
conf_table_preset(const struct conf_key *key)
{
	return key->preset_os != NULL ? *key->preset_os : key->preset;
}

const char *
conf_table_allowed(
    const struct conf_key *key, char out[static CONF_TABLE_TEXT_MAX])
{
	if (key->type == CONF_INTEGER)
		snprintf(out, CONF_TABLE_TEXT_MAX, "%d..%d%s%s", key->min,
		    key->max, key->unit != NULL ? " " : "",
		    key->unit != NULL ? key->unit : "");
	else
		snprintf(out, CONF_TABLE_TEXT_MAX, "%s",
		    key->type == CONF_BOOLEAN ? "true, false" : key->allowed);
	return out;
}

const char *
conf_table_members(const char *group, char out[static CONF_TABLE_TEXT_MAX])
{
	const char *last = "";
	size_t last_len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		size_t len = 0;
		const char *name = member_of(keys[i].name, group, &len);
		/* The rows of a group stand together, so once is enough. */
		if (name == NULL ||
		    (len == last_len && strncmp(name, last, len) == 0))
			continue;
		if (last_len > 0)
			append(out, ", ", 2);
		append(out, name, len);
		last = name;
		last_len = len;
	}
	return out;
}

void
conf_table_print(FILE *to)
{
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const struct conf_key *k = &keys[i];
		const char *preset = conf_table_preset(k);
		char allowed[CONF_TABLE_TEXT_MAX];

		fprintf(to, "%s\t%s\t%s\t%s\t%s\n", k->name,
		    type_names[k->type], conf_table_allowed(k, allowed),
		    preset == NULL ? "required" : preset, k->help);
	}
}
