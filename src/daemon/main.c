/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <getopt.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/drop.h"
#include "daemon/client.h"
#include "daemon/conf.h"
#include "daemon/conf_table.h"
#include "daemon/daemon.h"
#include "daemon/key.h"
#include "daemon/service.h"
#include "os/defaults.h"
#include "os/log.h"
#include "os/netif.h"
#include "os/priv.h"
#include "os/sockaddr.h"

static const char usage[] =
    "usage: lansplice run [-c file]\n"
    "       lansplice check [-c file]\n"
    "       lansplice status [-c file] [--socket path] [--json]\n"
    "       lansplice interfaces\n"
    "       lansplice service install [-c file] | uninstall | start | stop | "
    "status\n"
    "       lansplice genkey\n"
    "       lansplice pubkey\n"
    "       lansplice genpsk\n"
    "       lansplice version\n"
    "       lansplice help\n";

enum option_bit {
	OPTION_CONFIG = 1 << 0,
	OPTION_SOCKET = 1 << 1,
	OPTION_JSON = 1 << 2,
	OPTION_WORD = 1 << 3, /* one word in front of the options */
};

static const struct option long_options[] = {
	{ "socket", required_argument, NULL, OPTION_SOCKET },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ NULL, 0, NULL, 0 },
};

struct options {
	const char *config;
	const char *socket; /* NULL: as the configuration says */
	bool json;
	const char *word; /* of OPTION_WORD */
};

struct command {
	const char *name;
	int options; /* mask of enum option_bit */
	int (*run)(const struct options *o);
};

static int
fail_usage(void)
{
	fputs(usage, stderr);
	return EX_USAGE;
}

static int
run_daemon(const struct options *o)
{
	struct conf conf;
	int status;

	priv_no_dumps();
	status = conf_load(o->config, &conf);
	if (status != 0)
		return status;
	log_set_level(conf.log_level);
	priv_lock(&conf, sizeof(conf));
	if (conf.peer_count > 0)
		priv_lock(conf.peers, conf.peer_count * sizeof(*conf.peers));
	status = daemon_run(&conf);
	conf_free(&conf);
	return status;
}

static void
print_summary(const struct conf *c)
{
	const struct netif_config *n = &c->netif;
	char text[SOCKADDR_TEXT_MAX];

	printf("configuration OK\n");
	printf("interface: %s, mtu %u", n->name, (unsigned int)n->mtu);
	for (unsigned int i = 0; i < n->addr_count; i++)
		printf(", %s/%d", sockaddr_text(&n->addrs[i].ip, text),
		    n->addrs[i].prefix);
	printf("\nlisten: %s, UDP port %d\n",
	    addr_is_set(&c->local) ? sockaddr_text(&c->local, text)
				   : "all addresses",
	    c->port);
	key_put(text, c->public_key);
	printf("public key: %s\n", text);
	for (const struct conf_peer *p = c->peers; p < c->peers + c->peer_count;
	     p++) {
		printf("peer: %s, ", p->name);
		if (p->has_endpoint)
			printf("at %s, UDP port %d\n", p->endpoint.host,
			    p->endpoint.port);
		else
			printf("calls us\n");
	}
}

static int
run_check(const struct options *o)
{
	struct conf conf;
	int status = conf_load(o->config, &conf);

	if (status != 0)
		return status;
	print_summary(&conf);
	conf_free(&conf);
	return 0;
}

static void
print_key(const uint8_t key[static SUITE_KEY_LEN])
{
	char text[KEY_TEXT_LEN + 1];

	key_put(text, key);
	puts(text);
	sodium_memzero(text, sizeof(text));
}

/* As wg(8) does: the daemon will refuse that file, so say it now. */
static void
warn_open_file(void)
{
	struct stat st;

	if (fstat(STDOUT_FILENO, &st) == 0 && S_ISREG(st.st_mode) &&
	    (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		log_warn("the file for the key is open to others; "
			 "set umask 077 first, or chmod 600 it now");
}

static int
run_genkey(const struct options *o)
{
	uint8_t key[SUITE_KEY_LEN];

	(void)o;
	warn_open_file();
	key_make(key);
	print_key(key);
	sodium_memzero(key, sizeof(key));
	return 0;
}

static int
run_pubkey(const struct options *o)
{
	char text[KEY_TEXT_LEN + 2]; /* one more than a key and its newline */
	uint8_t private_key[SUITE_KEY_LEN], public_key[SUITE_KEY_LEN];
	int status = EXIT_FAILURE;

	(void)o;
	size_t len = fread(text, 1, sizeof(text), stdin);
	if (!key_parse(private_key, text, len) ||
	    !suite_public_key(public_key, private_key)) {
		log_error("standard input: not a key; allowed: one line of %d "
			  "characters as lansplice genkey writes it",
		    KEY_TEXT_LEN);
	} else {
		print_key(public_key);
		status = 0;
	}
	sodium_memzero(private_key, sizeof(private_key));
	sodium_memzero(text, sizeof(text));
	return status;
}

static int
run_status(const struct options *o)
{
	char socket[CONF_SOCKET_MAX];
	const char *path = o->socket;

	if (path == NULL) {
		int status = conf_load_socket(o->config, socket);
		if (status != 0)
			return status;
		path = socket;
	}
	return client_request(path, o->json ? "status json" : "status");
}

static void
print_name(void *ctx, const char *name)
{
	(void)ctx;
	puts(name);
}

static int
run_interfaces(const struct options *o)
{
	(void)o;
	if (netif_list(print_name, NULL) == 0)
		return 0;
	if (errno == ENOTSUP)
		log_error("interfaces: only vmnet's bridged mode, on macOS, "
			  "asks for a network card");
	else
		log_error("interfaces: %s", strerror(errno));
	return EXIT_FAILURE;
}

static int
run_service(const struct options *o)
{
	if (!service_knows(o->word, o->config != defaults_config_path))
		return fail_usage();
	return service_run(&supervisor_system, o->word, o->config);
}

static int
run_version(const struct options *o)
{
	(void)o;
	puts("lansplice " VERSION);
	return 0;
}

static int
run_help(const struct options *o)
{
	(void)o;
	fputs(usage, stdout);
	printf("See lansplice(8) and lansplice.conf(5).\n"
	       "Without -c the configuration is %s.\n",
	    defaults_config_path);
	return 0;
}

static int
run_keys(const struct options *o)
{
	(void)o;
	conf_table_print(stdout);
	return 0;
}

static int
run_drops(const struct options *o)
{
	(void)o;
	for (int i = DROP_NONE + 1; i < DROP_COUNT; i++)
		puts(drop_name((enum drop)i));
	return 0;
}

static const struct command commands[] = {
	{ "run", OPTION_CONFIG, run_daemon },
	{ "check", OPTION_CONFIG, run_check },
	{ "interfaces", 0, run_interfaces },
	{ "service", OPTION_CONFIG | OPTION_WORD, run_service },
	{ "genkey", 0, run_genkey },
	{ "pubkey", 0, run_pubkey },
	{ "genpsk", 0, run_genkey }, /* both are 32 random bytes */
	{ "status", OPTION_CONFIG | OPTION_SOCKET | OPTION_JSON, run_status },
	{ "version", 0, run_version },
	{ "--version", 0, run_version },
	{ "help", 0, run_help },
	{ "--help", 0, run_help },
	{ "-h", 0, run_help },
	/* for lint: what the manual has to explain */
	{ "keys", 0, run_keys },
	{ "drops", 0, run_drops },
};

static const struct command *
find_command(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	}
	return NULL;
}

/* The options behind the command's name; false if one does not belong. */
static bool
parse_options(
    struct options *o, const struct command *command, int argc, char **argv)
{
	int option;

	if ((command->options & OPTION_WORD) != 0) {
		if (argc < 2)
			return false;
		o->word = argv[1];
		argc--;
		argv++;
	}
	while ((option = getopt_long(argc, argv, "c:", long_options, NULL)) !=
	    -1) {
		if (option == 'c')
			option = OPTION_CONFIG;
		if (option == '?' || (option & command->options) == 0)
			return false;
		if (option == OPTION_CONFIG)
			o->config = optarg;
		else if (option == OPTION_SOCKET)
			o->socket = optarg;
		else
			o->json = true;
	}
	return optind == argc;
}

/* A key cut short by a full disk must not look like a success. */
static int
flush_output(int status)
{
	if (fflush(stdout) == 0 && ferror(stdout) == 0)
		return status;
	log_error("standard output: %s", strerror(errno));
	return status == 0 ? EXIT_FAILURE : status;
}

int
main(int argc, char **argv)
{
	struct options options = { .config = defaults_config_path };

	if (argc < 2)
		return fail_usage();
	const struct command *command = find_command(argv[1]);
	if (command == NULL) {
		log_error("no such command: %s", argv[1]);
		return fail_usage();
	}
	if (!parse_options(&options, command, argc - 1, argv + 1))
		return fail_usage();
	if (sodium_init() < 0) {
		log_error("libsodium cannot start: no random source");
		return EXIT_FAILURE;
	}
	return flush_output(command->run(&options));
}
