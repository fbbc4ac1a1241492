/* SPDX-License-Identifier: ISC */
#include "daemon/conf.h"

#include <errno.h>
#include <libconfig.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "core/node.h"
#include "daemon/conf_netif.h"
#include "daemon/conf_scan.h"
#include "daemon/conf_table.h"
#include "daemon/conf_value.h"
#include "daemon/key.h"
#include "os/file.h"
#include "os/sockaddr.h"

enum {
	REASON_MAX = CONF_PATH_MAX + 128,
	FULL_NAME_MAX = 80, /* longer ones are unknown keys in any case */
};

/* One reading of a file. */
struct load {
	struct conf *conf;
	struct conf_peer *peer; /* the one that is read, or NULL */
	config_setting_t *root;
	int status; /* exit code, 0 so far */
	char reason[REASON_MAX];
};

/* A setting's content; only the member of the key's type is set. */
struct value {
	const char *text;
	int number;
	bool flag;
};

/* Takes a value into the struct. NULL, or in words what is wrong with it. */
typedef const char *take_fn(struct load *l, const struct value *v);

static bool
refuse(struct load *l, const char *name, const config_setting_t *s,
    const char *reason, const char *allowed)
{
	if (l->status == 0)
		l->status = EX_CONFIG;
	if (s == NULL)
		log_error("%s: %s: %s; allowed: %s", l->conf->path, name,
		    reason, allowed);
	else
		log_error("%s:%u: %s: %s; allowed: %s", l->conf->path,
		    config_setting_source_line(s), name, reason, allowed);
	return false;
}

static bool
refuse_value(struct load *l, const struct conf_key *key,
    const config_setting_t *s, const char *reason)
{
	char allowed[CONF_TABLE_TEXT_MAX];

	return refuse(
	    l, key->name, s, reason, conf_table_allowed(key, allowed));
}

static const char *
take_path(struct load *l, const struct value *v, char *out, size_t size)
{
	return conf_value_path(out, size, l->conf->path, v->text);
}

static const char *
describe_key_error(struct load *l, const char *path)
{
	const char *why = strerror(errno);

	if (errno == EACCES)
		l->status = EX_NOPERM;
	if (errno == EPERM)
		why = "must belong to you or root, without rights for group "
		      "or others (chmod 600)";
	else if (errno == EBADMSG)
		why = "is not one line with a key";
	else if (errno == EINVAL)
		why = "is not a regular file";
	snprintf(l->reason, sizeof(l->reason), "%s: %s", path, why);
	return l->reason;
}

static const char *
take_key_file(
    struct load *l, const struct value *v, uint8_t out[static SUITE_KEY_LEN])
{
	char path[CONF_PATH_MAX];

	const char *wrong = take_path(l, v, path, sizeof(path));
	if (wrong == NULL && key_read_file(out, path) != 0)
		wrong = describe_key_error(l, path);
	return wrong;
}

static const char *
take_private_key_file(struct load *l, const struct value *v)
{
	const char *wrong = take_key_file(l, v, l->conf->private_key);

	if (wrong == NULL &&
	    !suite_public_key(l->conf->public_key, l->conf->private_key))
		wrong = "the file's key is unusable";
	return wrong;
}

static const char *
take_network_key_file(struct load *l, const struct value *v)
{
	l->conf->has_network_key = true;
	return take_key_file(l, v, l->conf->network_key);
}

static const char *
take_cipher(struct load *l, const struct value *v)
{
	uint16_t available = suite_ciphers_available();

	l->conf->ciphers = available;
	if (strcmp(v->text, "auto") == 0)
		return NULL;
	int cipher = suite_cipher_from_name(v->text);
	if (cipher < 0)
		return "no such cipher";
	l->conf->ciphers = (uint16_t)(available & 1u << cipher);
	if (!suite_cipher_is_built((enum suite_cipher)cipher))
		return "not in this build (needs libsodium 1.0.19)";
	return l->conf->ciphers == 0 ? "not available on this machine" : NULL;
}

static const char *
take_type(struct load *l, const struct value *v)
{
	const struct conf_key *key = conf_table_key(CONF_INTERFACE_TYPE);

	(void)l;
	if (strcmp(v->text, conf_table_preset(key)) != 0)
		return "not a type that this system has";
	return NULL;
}

static const char *
take_mode(struct load *l, const struct value *v)
{
	int mode = conf_netif_mode(v->text);

	if (mode < 0)
		return "no such mode";
	l->conf->netif.mode = (enum netif_mode)mode;
	return NULL;
}

static const char *
take_device(struct load *l, const struct value *v)
{
	return conf_value_netif_name(l->conf->netif.device, v->text);
}

static const char *
take_netif_name(struct load *l, const struct value *v)
{
	return conf_value_netif_name(l->conf->netif.name, v->text);
}

static const char *
take_netif_addr(struct load *l, const struct value *v)
{
	struct netif_config *n = &l->conf->netif;

	if (n->addr_count == NETIF_ADDRS_MAX)
		return "too many addresses";
	struct ifconf_addr *a = &n->addrs[n->addr_count];
	const char *wrong = conf_value_host(a, v->text);
	if (wrong != NULL)
		return wrong;
	for (unsigned int i = 0; i < n->addr_count; i++) {
		if (addr_equal(&n->addrs[i].ip, &a->ip))
			return "the same address twice";
	}
	n->addr_count++;
	return NULL;
}

static const char *
take_mtu(struct load *l, const struct value *v)
{
	l->conf->netif.mtu = (uint32_t)v->number;
	return NULL;
}

static const char *
take_mac(struct load *l, const struct value *v)
{
	l->conf->netif.has_mac = true;
	return conf_value_mac(l->conf->netif.mac, v->text);
}

static const char *
take_port(struct load *l, const struct value *v)
{
	l->conf->port = (uint16_t)v->number;
	return NULL;
}

static const char *
take_local(struct load *l, const struct value *v)
{
	if (sockaddr_parse(&l->conf->local, v->text) != 0)
		return "not a numeric address";
	return NULL;
}

static const char *
take_log_level(struct load *l, const struct value *v)
{
	int level = log_level_from_name(v->text);

	if (level < 0)
		return "no such level";
	l->conf->log_level = (enum log_level)level;
	return NULL;
}

static const char *
take_socket(struct load *l, const struct value *v)
{
	return take_path(l, v, l->conf->socket, sizeof(l->conf->socket));
}

static const char *
take_state_dir(struct load *l, const struct value *v)
{
	return take_path(l, v, l->conf->state_dir, sizeof(l->conf->state_dir));
}

static const char *
take_memory(struct load *l, const struct value *v)
{
	l->conf->memory = (size_t)v->number;
	return NULL;
}

static const char *
take_mss_clamp(struct load *l, const struct value *v)
{
	l->conf->mss_clamp = v->flag;
	return NULL;
}

static const char *
take_forward(struct load *l, const struct value *v)
{
	l->conf->forward = v->flag;
	return NULL;
}

static const char *
take_max_peers(struct load *l, const struct value *v)
{
	l->conf->max_peers = (unsigned int)v->number;
	if (l->conf->max_peers < l->conf->peer_count)
		return "fewer than the peers listed";
	return NULL;
}

/* A key that gives zeros with ours gives zeros with every key. */
static const char *
take_public_key(struct load *l, const struct value *v)
{
	struct conf_peer *p = l->peer;
	uint8_t shared[SUITE_KEY_LEN];

	if (strlen(v->text) != KEY_TEXT_LEN ||
	    !key_parse(p->public_key, v->text, KEY_TEXT_LEN))
		return "not a key";
	if (suite_equal(p->public_key, l->conf->public_key, SUITE_KEY_LEN))
		return "this machine's own key";
	bool usable = suite_dh(shared, l->conf->private_key, p->public_key);
	suite_wipe(shared, sizeof(shared));
	if (!usable)
		return "a weak key (low order)";
	for (const struct conf_peer *q = l->conf->peers; q < p; q++) {
		if (suite_equal(p->public_key, q->public_key, SUITE_KEY_LEN))
			return "the key of an earlier peer";
	}
	snprintf(p->name, sizeof(p->name), "%.8s", v->text);
	return NULL;
}

static const char *
take_peer_name(struct load *l, const struct value *v)
{
	return conf_value_word(l->peer->name, sizeof(l->peer->name), v->text);
}

/* An address with a scope lies on an interface of its own, not on ours. */
static bool
is_inside(const struct netif_config *n, const struct resolve_name *endpoint)
{
	struct addr a;

	if (!resolve_numeric(endpoint, &a) || a.scope != 0)
		return false;
	for (unsigned int i = 0; i < n->addr_count; i++) {
		if (addr_in_network(&a, &n->addrs[i].ip, n->addrs[i].prefix))
			return true;
	}
	return false;
}

static const char *
take_endpoint(struct load *l, const struct value *v)
{
	const struct conf_key *port = conf_table_key(CONF_LISTEN_PORT);
	struct conf_peer *p = l->peer;

	if (resolve_parse(&p->endpoint, v->text,
		(uint16_t)strtoul(conf_table_preset(port), NULL, 10)) != 0)
		return "not a host and port";
	if (p->endpoint.port == 0)
		return "port 0";
	if (is_inside(&l->conf->netif, &p->endpoint))
		return "inside a network of interface.address: a tunnel "
		       "through itself";
	p->has_endpoint = true;
	p->keepalive_s = CONF_KEEPALIVE_DEFAULT;
	return NULL;
}

static const char *
take_psk_file(struct load *l, const struct value *v)
{
	l->peer->has_psk = true;
	return take_key_file(l, v, l->peer->psk);
}

static const char *
take_keepalive(struct load *l, const struct value *v)
{
	l->peer->keepalive_s = (uint16_t)v->number;
	return NULL;
}

/* CONF_PEERS has none: read_peers reads them. */
static take_fn *const take[CONF_ID_COUNT] = {
	[CONF_PRIVATE_KEY_FILE] = take_private_key_file,
	[CONF_NETWORK_KEY_FILE] = take_network_key_file,
	[CONF_CIPHER] = take_cipher,
	[CONF_INTERFACE_TYPE] = take_type,
	[CONF_INTERFACE_MODE] = take_mode,
	[CONF_INTERFACE_DEVICE] = take_device,
	[CONF_INTERFACE_NAME] = take_netif_name,
	[CONF_INTERFACE_ADDRESS] = take_netif_addr,
	[CONF_INTERFACE_MTU] = take_mtu,
	[CONF_INTERFACE_MAC] = take_mac,
	[CONF_LISTEN_PORT] = take_port,
	[CONF_LISTEN_ADDRESS] = take_local,
	[CONF_LOG_LEVEL] = take_log_level,
	[CONF_CONTROL_SOCKET] = take_socket,
	[CONF_STATE_DIR] = take_state_dir,
	[CONF_MEMORY] = take_memory,
	[CONF_MSS_CLAMP] = take_mss_clamp,
	[CONF_SWITCH_FORWARD] = take_forward,
	[CONF_MAX_PEERS] = take_max_peers,
	[CONF_PEER_PUBLIC_KEY] = take_public_key,
	[CONF_PEER_NAME] = take_peer_name,
	[CONF_PEER_ENDPOINT] = take_endpoint,
	[CONF_PEER_PSK_FILE] = take_psk_file,
	[CONF_PEER_KEEPALIVE] = take_keepalive,
};

static const char *
describe_type(const config_setting_t *s)
{
	switch (config_setting_type(s)) {
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		return "an integer in the wrong place";
	case CONFIG_TYPE_FLOAT:
		return "a number with a fraction in the wrong place";
	case CONFIG_TYPE_STRING:
		return "a string in the wrong place";
	case CONFIG_TYPE_BOOL:
		return "true or false in the wrong place";
	case CONFIG_TYPE_GROUP:
		return "a group in the wrong place";
	default:
		return "a list in the wrong place";
	}
}

static bool
is_list(const config_setting_t *s)
{
	return config_setting_is_list(s) || config_setting_is_array(s);
}

static bool
take_number(struct load *l, enum conf_id id, const config_setting_t *s)
{
	const struct conf_key *key = conf_table_key(id);
	int n = config_setting_get_int(s);

	if (n < key->min || n > key->max) {
		snprintf(l->reason, sizeof(l->reason), "%d is too %s", n,
		    n < key->min ? "small" : "large");
		return refuse_value(l, key, s, l->reason);
	}
	const char *wrong = take[id](l, &(struct value){ .number = n });
	return wrong == NULL || refuse_value(l, key, s, wrong);
}

static bool
take_flag(struct load *l, enum conf_id id, const config_setting_t *s)
{
	struct value v = { .flag = config_setting_get_bool(s) != 0 };
	const char *wrong = take[id](l, &v);

	return wrong == NULL || refuse_value(l, conf_table_key(id), s, wrong);
}

static bool
take_text(struct load *l, enum conf_id id, const config_setting_t *s)
{
	struct value v = { .text = config_setting_get_string(s) };
	const char *wrong = take[id](l, &v);

	return wrong == NULL || refuse_value(l, conf_table_key(id), s, wrong);
}

static bool
take_texts(struct load *l, enum conf_id id, const config_setting_t *s)
{
	int count = config_setting_length(s);

	for (int i = 0; i < count; i++) {
		const config_setting_t *e =
		    config_setting_get_elem(s, (unsigned int)i);
		if (config_setting_type(e) != CONFIG_TYPE_STRING)
			return refuse_value(
			    l, conf_table_key(id), e, describe_type(e));
		if (!take_text(l, id, e))
			return false;
	}
	return true;
}

static bool
take_setting(struct load *l, enum conf_id id, const config_setting_t *s)
{
	const struct conf_key *key = conf_table_key(id);
	int type = config_setting_type(s);

	if (key->type == CONF_INTEGER && type == CONFIG_TYPE_INT)
		return take_number(l, id, s);
	if (key->type == CONF_BOOLEAN && type == CONFIG_TYPE_BOOL)
		return take_flag(l, id, s);
	if (key->type <= CONF_STRINGS && type == CONFIG_TYPE_STRING)
		return take_text(l, id, s);
	if (key->type == CONF_STRINGS && is_list(s))
		return take_texts(l, id, s);
	return refuse_value(l, key, s, describe_type(s));
}

static bool
take_preset(struct load *l, enum conf_id id)
{
	const struct conf_key *key = conf_table_key(id);
	const char *text = conf_table_preset(key);
	struct value v = { .text = text };

	if (key->type == CONF_INTEGER)
		v.number = (int)strtol(text, NULL, 10);
	if (key->type == CONF_BOOLEAN)
		v.flag = strcmp(text, "true") == 0;
	const char *wrong = take[id](l, &v);
	return wrong == NULL || refuse_value(l, key, NULL, wrong);
}

/* Takes a key from the group that it stands in: the file, or a peer's. */
static bool
take_key(struct load *l, enum conf_id id, config_setting_t *group)
{
	const struct conf_key *key = conf_table_key(id);
	const char *name = key->name;

	if (id >= CONF_PEER_FIRST)
		name = strchr(name, '.') + 1;
	const config_setting_t *s = config_setting_lookup(group, name);
	if (s != NULL)
		return take_setting(l, id, s);
	if (key->presence == CONF_PRESET)
		return take_preset(l, id);
	if (key->presence == CONF_REQUIRED)
		return refuse_value(
		    l, key, id >= CONF_PEER_FIRST ? group : NULL, "missing");
	return true;
}

static bool check_names(
    struct load *l, const config_setting_t *group, const char *group_name);

static bool
check_name(struct load *l, const config_setting_t *s, const char *group_name)
{
	char name[FULL_NAME_MAX];
	char members[CONF_TABLE_TEXT_MAX];

	snprintf(name, sizeof(name), "%s%s%s", group_name,
	    *group_name == '\0' ? "" : ".", config_setting_name(s));
	if (conf_table_find(name) != NULL)
		return true;
	if (!conf_table_has_group(name))
		return refuse(l, name, s, "unknown key",
		    conf_table_members(group_name, members));
	if (!config_setting_is_group(s)) {
		snprintf(l->reason, sizeof(l->reason), "a group { } of %s",
		    conf_table_members(name, members));
		return refuse(l, name, s, describe_type(s), l->reason);
	}
	return check_names(l, s, name);
}

/* The table has no group in a group, so this ends at the second level. */
static bool
check_names(
    struct load *l, const config_setting_t *group, const char *group_name)
{
	int count = config_setting_length(group);

	for (int i = 0; i < count; i++) {
		if (!check_name(l,
			config_setting_get_elem(group, (unsigned int)i),
			group_name))
			return false;
	}
	return true;
}

/* A default name may equal one given to an earlier peer. */
static bool
check_peer_name(struct load *l, config_setting_t *group)
{
	const struct conf_key *key = conf_table_key(CONF_PEER_NAME);
	const config_setting_t *s = config_setting_lookup(group, "name");

	for (const struct conf_peer *q = l->conf->peers; q < l->peer; q++) {
		if (strcmp(q->name, l->peer->name) == 0)
			return refuse_value(l, key, s != NULL ? s : group,
			    "the name of an earlier peer");
	}
	return true;
}

static bool
read_peer(struct load *l, config_setting_t *group)
{
	const struct conf_key *key = conf_table_key(CONF_PEERS);

	if (!config_setting_is_group(group))
		return refuse_value(l, key, group, describe_type(group));
	if (!check_names(l, group, key->name))
		return false;
	l->peer->line = config_setting_source_line(group);
	for (int id = CONF_PEER_FIRST; id < CONF_ID_COUNT; id++) {
		if (!take_key(l, (enum conf_id)id, group))
			return false;
	}
	return check_peer_name(l, group);
}

static bool
read_peers(struct load *l, const config_setting_t *list)
{
	l->peer = l->conf->peers;
	for (unsigned int i = 0; i < l->conf->peer_count; i++, l->peer++) {
		if (!read_peer(l, config_setting_get_elem(list, i)))
			return false;
	}
	return true;
}

/* Makes room for the peers, before max_peers is looked at. */
static bool
alloc_peers(struct load *l, const config_setting_t *list)
{
	const struct conf_key *key = conf_table_key(CONF_PEERS);
	struct conf *c = l->conf;

	if (list != NULL && !is_list(list))
		return refuse_value(l, key, list, describe_type(list));
	size_t count = list == NULL ? 0 : (size_t)config_setting_length(list);
	if (count > NODE_PEERS_MAX)
		return refuse(l, key->name, list, "too many", "4096 peers");
	c->max_peers = (unsigned int)size_min(
	    size_max(CONF_PEERS_DEFAULT, 2 * count), NODE_PEERS_MAX);
	if (count == 0)
		return true;
	c->peers = calloc(count, sizeof(*c->peers));
	if (c->peers == NULL) {
		l->status = EXIT_FAILURE;
		return refuse(
		    l, key->name, list, strerror(errno), "fewer peers");
	}
	c->peer_count = count;
	return true;
}

static const config_setting_t *
find_setting(const struct load *l, enum conf_id id)
{
	return config_setting_lookup(l->root, conf_table_key(id)->name);
}

static bool
check_netif(struct load *l)
{
	const struct conf_key *type = conf_table_key(CONF_INTERFACE_TYPE);
	const struct conf_netif c = {
		.config = &l->conf->netif,
		.type = conf_table_preset(type), /* others were refused */
		.has_name = find_setting(l, CONF_INTERFACE_NAME) != NULL,
	};
	enum conf_id id;
	const char *wrong = conf_netif_check(&c, &id);

	return wrong == NULL ||
	    refuse_value(l, conf_table_key(id), find_setting(l, id), wrong);
}

static bool
read_all(struct load *l)
{
	const config_setting_t *peers = config_setting_get_member(
	    l->root, conf_table_key(CONF_PEERS)->name);

	if (!check_names(l, l->root, "") || !alloc_peers(l, peers))
		return false;
	for (int id = 0; id < CONF_PEERS; id++) {
		if (!take_key(l, (enum conf_id)id, l->root))
			return false;
	}
	return read_peers(l, peers) && check_netif(l);
}

static bool
read_socket(struct load *l)
{
	return take_key(l, CONF_CONTROL_SOCKET, l->root);
}

static int
refuse_file(const char *path)
{
	int status = errno == EACCES ? EX_NOPERM : EX_CONFIG;
	const char *why = strerror(errno);

	if (errno == EINVAL)
		why = "not a regular file";
	else if (errno == EFBIG)
		why = "larger than 1 MiB";
	else if (errno == ENOENT)
		why = "no such file; -c FILE names another";
	log_error("%s: %s", path, why);
	return status;
}

static int
parse_text(struct load *l, config_t *config, const char *text, size_t len)
{
	struct conf_scan_fault fault;
	const char *path = l->conf->path;

	if (!conf_scan(text, len, &fault)) {
		log_error("%s:%u: %s%s%s; allowed: %s", path, fault.line,
		    fault.name, *fault.name == '\0' ? "" : ": ", fault.reason,
		    fault.allowed);
		return EX_CONFIG;
	}
	if (config_read_string(config, text) != CONFIG_TRUE) {
		log_error("%s:%d: %s; allowed: the syntax of lansplice.conf(5)",
		    path, config_error_line(config), config_error_text(config));
		return EX_CONFIG;
	}
	l->root = config_root_setting(config);
	return 0;
}

/* Reads the file into config, which the caller destroys. */
static int
read_file(struct load *l, config_t *config)
{
	int status = EXIT_FAILURE;

	char *text = malloc(CONF_FILE_MAX + 2);
	if (text == NULL) {
		log_error("%s: %s", l->conf->path, strerror(errno));
		return status;
	}
	ssize_t len =
	    file_read(l->conf->path, FILE_PUBLIC, text, CONF_FILE_MAX);
	if (len < 0) {
		status = refuse_file(l->conf->path);
	} else {
		/* libconfig 1.5 ends a comment with a newline only. */
		if (len > 0 && text[len - 1] != '\n')
			text[len++] = '\n';
		text[len] = '\0';
		status = parse_text(l, config, text, (size_t)len);
	}
	free(text);
	return status;
}

static int
load(const char *path, struct conf *out, bool (*read)(struct load *l))
{
	struct load l = { .conf = out };
	config_t config;

	memset(out, 0, sizeof(*out));
	const char *wrong =
	    conf_value_path(out->path, sizeof(out->path), "", path);
	if (wrong != NULL) {
		log_error("configuration file: path %s", wrong);
		return EX_CONFIG;
	}
	config_init(&config);
	l.status = read_file(&l, &config);
	if (l.status == 0)
		(void)read(&l); /* false comes with a status */
	config_destroy(&config);
	if (l.status != 0)
		conf_free(out);
	return l.status;
}

int
conf_load(const char *path, struct conf *out)
{
	return load(path, out, read_all);
}

int
conf_load_socket(const char *path, char out[static CONF_SOCKET_MAX])
{
	struct conf c;
	int status = load(path, &c, read_socket);

	if (status == 0) {
		memcpy(out, c.socket, sizeof(c.socket));
		conf_free(&c);
	}
	return status;
}

void
conf_free(struct conf *c)
{
	if (c->peers != NULL)
		suite_wipe(c->peers, c->peer_count * sizeof(*c->peers));
	free(c->peers);
	suite_wipe(c, sizeof(*c));
}
