/* SPDX-License-Identifier: ISC */
/*
 * The configuration file, which is the input; the key files are fixed ones.
 * No file is touched: file_read below stands in for os/file.c.
 */
#include "daemon/conf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <sodium.h>

#include "core/node.h"
#include "daemon/conf_scan.h"
#include "daemon/conf_table.h"
#include "fuzz.h"
#include "os/file.h"

#define CONF_PATH "etc/lansplice.conf"
#define OWN_KEY "fWpcAADXBjg+kPdhrrgxkYerfVgEB1Hopu+HpOHXjDM=\n"
#define OTHER_KEY "bQBVCB57vBUafHBGrDhfUSMhX3qDA2p8cF+nv4elJQw=\n"

/* libconfig 1.5 forgets a string that stands where none may. */
const char *__lsan_default_suppressions(void);
const char *
__lsan_default_suppressions(void)
{
	return "leak:libconfig.so\n";
}

static const uint8_t *conf_data;
static size_t conf_len;

static const struct {
	const char *path;
	const char *text;
	int error;
} files[] = {
	{ "etc/private.key", OWN_KEY, 0 },
	{ "etc/network.key", OTHER_KEY, 0 },
	{ "etc/psk.key", OTHER_KEY, 0 },
	{ "etc/junk.key", "junk", 0 },
	{ "etc/open.key", "", EPERM },
	{ "etc/locked.key", "", EACCES },
	{ "etc/folder", "", EINVAL },
};

static ssize_t
serve(const void *data, size_t len, void *buf, size_t size)
{
	if (len > size) {
		errno = EFBIG;
		return -1;
	}
	if (len > 0)
		memcpy(buf, data, len);
	return (ssize_t)len;
}

ssize_t
file_read(const char *path, enum file_trust trust, void *buf, size_t size)
{
	if (strcmp(path, CONF_PATH) == 0 && trust == FILE_PUBLIC)
		return serve(conf_data, conf_len, buf, size);
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		if (strcmp(path, files[i].path) != 0)
			continue;
		errno = files[i].error;
		return errno != 0
		    ? -1
		    : serve(files[i].text, strlen(files[i].text), buf, size);
	}
	errno = ENOENT;
	return -1;
}

static void
check_text(const char *text, size_t size)
{
	FUZZ_CHECK(memchr(text, '\0', size) != NULL);
	FUZZ_CHECK(text[0] != '\0');
}

static void
check_peer(const struct conf *c, const struct conf_peer *p)
{
	check_text(p->name, sizeof(p->name));
	FUZZ_CHECK(strchr(p->name, ' ') == NULL);
	FUZZ_CHECK(!p->has_endpoint || p->endpoint.port != 0);
	if (p->has_endpoint)
		check_text(p->endpoint.host, sizeof(p->endpoint.host));
	for (const struct conf_peer *q = c->peers; q < p; q++) {
		FUZZ_CHECK(strcmp(p->name, q->name) != 0);
		FUZZ_CHECK(
		    memcmp(p->public_key, q->public_key, SUITE_KEY_LEN) != 0);
	}
}

/* What lansplice.conf(5) promises of a file that is taken. */
static void
check_conf(const struct conf *c)
{
	FUZZ_CHECK(c->peer_count <= c->max_peers);
	FUZZ_CHECK(c->max_peers >= 1 && c->max_peers <= NODE_PEERS_MAX);
	FUZZ_CHECK(c->ciphers != 0);
	FUZZ_CHECK(
	    c->netif.mtu >= CONF_MTU_MIN && c->netif.mtu <= CONF_MTU_MAX);
	FUZZ_CHECK(
	    c->memory >= NODE_MEMORY_MIN && c->memory <= CONF_MEMORY_MAX);
	FUZZ_CHECK(c->netif.addr_count <= NETIF_ADDRS_MAX);
	FUZZ_CHECK(c->log_level < LOG_LEVEL_COUNT);
	FUZZ_CHECK((c->peers == NULL) == (c->peer_count == 0));
	check_text(c->socket, sizeof(c->socket));
	check_text(c->state_dir, sizeof(c->state_dir));
	for (size_t i = 0; i < c->peer_count; i++)
		check_peer(c, &c->peers[i]);
}

/* A refusal is one line, which the log has. libconfig was not led to another
 * file (daemon/conf_scan.h): "FILE:LINE: cannot open include file". */
static void
check_refused(int status)
{
	static const char start[] = "lansplice: error: " CONF_PATH ":";
	const char *rest = fuzz_log + sizeof(start) - 1;

	FUZZ_CHECK(status == EX_CONFIG || status == EX_NOPERM);
	FUZZ_CHECK(strncmp(fuzz_log, start, sizeof(start) - 1) == 0);
	rest += strspn(rest, "0123456789");
	FUZZ_CHECK(strncmp(rest, ": cannot open", 13) != 0);
	FUZZ_CHECK(strncmp(rest, ": include file", 14) != 0);
}

static void
try_scan(const uint8_t *data, size_t len)
{
	struct conf_scan_fault fault;
	char *text = fuzz_text(data, len);

	if (!conf_scan(text, len, &fault)) {
		FUZZ_CHECK(fault.line >= 1 && fault.line <= len + 1);
		FUZZ_CHECK(memchr(fault.name, '\0', sizeof(fault.name)));
		check_text(fault.reason, 100);
		check_text(fault.allowed, 100);
	}
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf c;
	char socket[CONF_SOCKET_MAX];

	FUZZ_CHECK(sodium_init() >= 0);
	conf_data = data;
	conf_len = size;
	try_scan(data, size);
	fuzz_log[0] = '\0';
	int status = conf_load(CONF_PATH, &c);
	if (status == 0) {
		check_conf(&c);
		conf_free(&c);
	} else {
		check_refused(status);
	}
	const bool good = status == 0;
	status = conf_load_socket(CONF_PATH, socket);
	FUZZ_CHECK(status == 0 || !good);
	if (status == 0)
		check_text(socket, sizeof(socket));
	return 0;
}
