/* SPDX-License-Identifier: ISC */
#include "daemon/conf.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "core/node.h"
#include "daemon/key.h"
#include "os/defaults.h"

#define OWN_PRIVATE "fWpcAADXBjg+kPdhrrgxkYerfVgEB1Hopu+HpOHXjDM="
#define OWN "naOUdxtgaQLH6EGM40/P0aPvV8sGUy/0CfK2Wynvo1M="
#define A "bQBVCB57vBUafHBGrDhfUSMhX3qDA2p8cF+nv4elJQw="
#define B "30sc9+wUDRVGseC9QVlkxHsY1kYWWzR4QFb3zQr4EB0="
#define C "e+CH/8EcKlDqBt1m5yH57XtCMHwpIg1ckO++Bqd51UA="
#define ONES "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="

/* Line 1 of most files; what is tested starts at line 2. */
#define KEY "private_key_file = \"private.key\";\n"
#define SOCKET_103                                                             \
	"/sssssssssssssssssssssssssssssssssssssssssssssssssss"                 \
	"sssssssssssssssssssssssssssssssssssssssssssssssssss"
#define INTERFACE(text) KEY "interface = { " text " };\n"
#define INTERFACE_OF(a) "interface = { address = \"" a "\"; };\n"
#define PEER(text) KEY "peers = ( {\n public_key = \"" A "\";\n " text "} );\n"

static char dir[] = "/tmp/lansplice-conf-test.XXXXXX";

static const struct {
	const char *name;
	const char *text;
	mode_t mode;
} files[] = {
	{ "private.key", OWN_PRIVATE "\n", 0600 },
	{ "bare.key", OWN_PRIVATE, 0400 },
	{ "ones.key", ONES "\n", 0600 },
	{ "open.key", OWN_PRIVATE "\n", 0644 },
	{ "group.key", OWN_PRIVATE "\n", 0640 },
	{ "junk.key", "this is no key, and it is long enough for one", 0600 },
	{ "short.key", "AQEB\n", 0600 },
	{ "long.key", ONES ONES "\n", 0600 },
	{ "space.key", ONES " \n", 0600 },
	{ "twice.key", ONES "\n\n", 0600 },
	{ "empty.key", "", 0600 },
	{ "locked.key", ONES "\n", 0000 },
	{ "locked.conf", KEY, 0000 },
};

static const struct {
	const char *text;
	int status;
	const char *line; /* what the log line says behind the file's name */
} bad[] = {
	/* required keys */
	{ "", 78, ": private_key_file: missing; allowed: a file with one key" },
	{ "peers = ( );\n", 78, ": private_key_file: missing; allowed:" },
	{ KEY "peers = (\n{ name = \"a\"; } );\n", 78,
	    ":3: peers.public_key: missing; allowed: 44 characters" },

	/* unknown keys */
	{ KEY "interfaces = { };\n", 78,
	    ":2: interfaces: unknown key; allowed: private_key_file, "
	    "network_key_file, cipher, interface, listen, log, control, "
	    "state_dir, memory, mss_clamp, switch, max_peers, peers" },
	{ INTERFACE("\nmut = 1500;"), 78,
	    ":3: interface.mut: unknown key; allowed: type, mode, device, "
	    "name, address, mtu, mac" },
	{ KEY "name = \"x\";\n", 78, ":2: name: unknown key" },
	{ KEY "\npeers = ( { public_key = \"" A "\";\n port = 1; } );\n", 78,
	    ":4: peers.port: unknown key; allowed: public_key, name, "
	    "endpoint, psk_file, keepalive" },
	{ INTERFACE("name = { x = 1; };"), 78,
	    ":2: interface.name: a group in the wrong place" },
	{ KEY "interface = { deep = { mtu = 1500; }; };\n", 78,
	    ":2: interface.deep: unknown key" },

	/* wrong types */
	{ KEY "interface = 5;\n", 78,
	    ":2: interface: an integer in the wrong place; allowed: a group "
	    "{ } of type, mode, device, name, address, mtu, mac" },
	{ KEY "interface = ( { mtu = 1500; } );\n", 78,
	    ":2: interface: a list in the wrong place" },
	{ INTERFACE("mtu = \"1500\";"), 78,
	    ":2: interface.mtu: a string in the wrong place; allowed: "
	    "576..9000 bytes" },
	{ INTERFACE("mtu = 1500.0;"), 78,
	    ":2: interface.mtu: a number with a fraction in the wrong" },
	{ INTERFACE("mtu = [ 1500 ];"), 78,
	    ":2: interface.mtu: a list in the wrong place" },
	{ INTERFACE("name = 5;"), 78,
	    ":2: interface.name: an integer in the wrong place" },
	{ INTERFACE("name = [ \"a\" ];"), 78,
	    ":2: interface.name: a list in the wrong place" },
	{ INTERFACE("address = 10;"), 78,
	    ":2: interface.address: an integer in the wrong place" },
	{ INTERFACE("address = ( \"10.0.0.1/8\",\n 5 );"), 78,
	    ":3: interface.address: an integer in the wrong place" },
	{ KEY "switch = { forward = 1; };\n", 78,
	    ":2: switch.forward: an integer in the wrong place; allowed: "
	    "true, false" },
	{ KEY "private_key_file = true;\n", 78, ":2: " },
	{ "private_key_file = true;\n", 78,
	    ":1: private_key_file: true or false in the wrong place" },
	{ KEY "peers = \"x\";\n", 78,
	    ":2: peers: a string in the wrong place; allowed: a list" },
	{ KEY "peers = { };\n", 78, ":2: peers: a group in the wrong place" },
	{ KEY "peers = ( \"x\" );\n", 78,
	    ":2: peers: a string in the wrong place" },

	/* integers: range, and what libconfig would bend */
	{ INTERFACE("mtu = 575;"), 78,
	    ":2: interface.mtu: 575 is too small; allowed: 576..9000 bytes" },
	{ INTERFACE("mtu = 9001;"), 78,
	    ":2: interface.mtu: 9001 is too large" },
	{ KEY "listen = { port = -1; };\n", 78,
	    ":2: listen.port: -1 is too small; allowed: 0..65535" },
	{ KEY "listen = { port = 65536; };\n", 78,
	    ":2: listen.port: 65536 is too large" },
	{ KEY "listen = { port = 4294967297; };\n", 78,
	    ":2: port: a number that does not fit 32 bits; allowed: " },
	{ KEY "listen = { port = 4294967296L; };\n", 78, ":2: port: a number" },
	{ KEY "listen = { port = 52077L; };\n", 78, ":2: port: a number" },
	{ KEY "listen = { port = 0x1000000ff; };\n", 78, ":2: port: a number" },
	{ KEY "listen = { port = 99999999999999999999; };\n", 78,
	    ":2: port: a number that does not fit 32 bits" },
	{ KEY "listen = { port = -4294967297; };\n", 78, ":2: port: a number" },
	{ KEY "listen = { port = 08; };\n", 78,
	    ":2: port: a number with a leading zero; allowed: " },
	{ KEY "memory = 131071;\n", 78, ":2: memory: 131071 is too small" },
	{ KEY "memory = 1073741825;\n", 78, ":2: memory: 1073741825 is too l" },
	{ KEY "max_peers = 0;\n", 78, ":2: max_peers: 0 is too small" },
	{ KEY "max_peers = 4097;\n", 78, ":2: max_peers: 4097 is too large" },
	{ PEER("keepalive = -1;"), 78,
	    ":4: peers.keepalive: -1 is too small; allowed: 0..65535 s" },
	{ PEER("keepalive = 65536;"), 78, ":4: peers.keepalive: 65536 is too" },

	/* syntax */
	{ KEY "listen = { port = ; };\n", 78, ":2: syntax error; allowed: " },
	{ KEY "listen = {\n", 78, ":3: syntax error" },
	{ KEY "cipher = \"auto\n", 78, ":3: syntax error" },
	{ KEY "}\n", 78, ":2: syntax error" },
	{ KEY KEY, 78, ":2: duplicate setting name" },
	{ INTERFACE("mtu = 1500; mtu = 1500;"), 78, ":2: duplicate setting" },
	{ KEY "@include \"/tmp\"\n", 78, ":2: @include is" },
	{ "@include \"/tmp\"\n", 78, ":1: @include is refused; allowed: one" },

	/* interface */
	{ INTERFACE("type = \"tun\";"), 78,
	    ":2: interface.type: not a type that this system has; allowed: "
	    "tap on Linux, vmnet on macOS" },
	{ INTERFACE("name = \"\";"), 78, ":2: interface.name: empty" },
	{ INTERFACE("name = \"sixteen-letters-\";"), 78,
	    ":2: interface.name: too long; allowed: 1..15 printable" },
	{ INTERFACE("name = \"a/b\";"), 78, ":2: interface.name: a char" },
	{ INTERFACE("name = \"a b\";"), 78, ":2: interface.name: a char" },
	{ INTERFACE("name = \"tap%d\";"), 78, ":2: interface.name: a char" },
	{ INTERFACE("name = \"..\";"), 78, ":2: interface.name: not a name" },
	{ INTERFACE("address = \"10.20.30.1\";"), 78,
	    ":2: interface.address: the prefix length is missing; allowed: "
	    "up to 8 host addresses as \"10.20.30.1/24\"" },
	{ INTERFACE("address = \"10.20.30.1/24\\x002\";"), 78,
	    ":2: address: a NUL in a string" },
	{ INTERFACE("address = \"10.20.30.0/24\";"), 78,
	    ":2: interface.address: the address of the network itself" },
	{ INTERFACE("address = \"10.20.30.255/24\";"), 78,
	    ":2: interface.address: the broadcast address of the network" },
	{ INTERFACE("address = \"fe80::1%lo/64\";"), 78,
	    ":2: interface.address: an address with a scope" },
	{ INTERFACE("address = ( \"10.0.0.1/8\", \"10.0.0.1/24\" );"), 78,
	    ":2: interface.address: the same address twice" },
	{ INTERFACE("address = [ \"10.0.0.1/8\", \"10.0.0.2/8\", "
		    "\"10.0.0.3/8\", \"10.0.0.4/8\", \"10.0.0.5/8\", "
		    "\"10.0.0.6/8\", \"10.0.0.7/8\", \"10.0.0.8/8\",\n"
		    "\"10.0.0.9/8\" ];"),
	    78, ":3: interface.address: too many addresses" },
	{ INTERFACE("mac = \"01:00:00:00:00:01\";"), 78,
	    ":2: interface.mac: a group address; allowed: a unicast" },
	{ INTERFACE("mac = \"02-00-00-00-00-01\";"), 78,
	    ":2: interface.mac: not a MAC address" },

	/* the rest of the file's own keys */
	{ KEY "listen = { address = \"example.net\"; };\n", 78,
	    ":2: listen.address: not a numeric address; allowed: one" },
	{ KEY "listen = { address = \"10.0.0.1:52077\"; };\n", 78,
	    ":2: listen.address: not a numeric address" },
	{ KEY "log = { level = \"verbose\"; };\n", 78,
	    ":2: log.level: no such level; allowed: error, warning, info, "
	    "debug" },
	{ KEY "cipher = \"none\";\n", 78,
	    ":2: cipher: no such cipher; allowed: auto, chacha20-poly1305" },
	{ KEY "control = { socket = \"\"; };\n", 78,
	    ":2: control.socket: empty; allowed: a path of 1..103 bytes" },
	{ KEY "control = { socket = \"" SOCKET_103 "s\"; };\n", 78,
	    ":2: control.socket: too long; allowed: a path of 1..103" },
	{ KEY "state_dir = \"\";\n", 78, ":2: state_dir: empty" },
	{ KEY "max_peers = 1;\npeers = ( { public_key = \"" A
	      "\"; }, { public_key = \"" B "\"; } );\n",
	    78, ":2: max_peers: fewer than the peers listed; allowed: 1..40" },

	/* peers */
	{ KEY "peers = ( { public_key = \"" OWN "\"; } );\n", 78,
	    ":2: peers.public_key: this machine's own key; allowed: 44" },
	{ KEY "peers = ( { public_key = \"" A "\"; },\n"
	      "{ public_key = \"" A "\"; } );\n",
	    78, ":3: peers.public_key: the key of an earlier peer" },
	{ KEY "peers = ( { public_key = \"short\"; } );\n", 78,
	    ":2: peers.public_key: not a key" },
	{ KEY "peers = ( { public_key = \"" A "\\n\"; } );\n", 78,
	    ":2: peers.public_key: not a key" },
	/* low order: RFC 7748, 6.1; zero, one, and a point of order 8 */
	{ KEY "peers = ( { public_key = "
	      "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"; } );\n",
	    78, ":2: peers.public_key: a weak key (low order)" },
	{ KEY "peers = ( { public_key = "
	      "\"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"; } );\n",
	    78, ":2: peers.public_key: a weak key (low order)" },
	{ KEY "peers = ( { public_key = "
	      "\"4Ot6fDtBuK4WVuP68Z/EatoJjeucMrH9hmIFFl9JuAA=\"; } );\n",
	    78, ":2: peers.public_key: a weak key (low order)" },
	{ PEER("name = \"\";"), 78, ":4: peers.name: empty" },
	{ PEER("name = \"a b\";"), 78, ":4: peers.name: a space, an = or" },
	{ PEER("name = \"a=b\";"), 78, ":4: peers.name: a space, an = or" },
	{ PEER("name = \"\xc3\xbc\";"), 78, ":4: peers.name: a space, an =" },
	{ PEER("name = \"0123456789012345678901234567890123456789"
	       "012345678901234567890123\";"),
	    78, ":4: peers.name: too long; allowed: 1..63 printable" },
	{ KEY "peers = ( { public_key = \"" A "\"; name = \"x\"; },\n"
	      "{ public_key = \"" B "\"; name = \"x\"; } );\n",
	    78, ":3: peers.name: the name of an earlier peer" },
	{ KEY "peers = ( { public_key = \"" A "\"; name = \"30sc9+wU\"; },\n"
	      "{ public_key = \"" B "\"; } );\n",
	    78, ":3: peers.name: the name of an earlier peer" },
	{ PEER("endpoint = \"\";"), 78, ":4: peers.endpoint: not a host" },
	{ PEER("endpoint = \"host:0\";"), 78,
	    ":4: peers.endpoint: not a host and port; allowed: \"host\"" },
	{ PEER("endpoint = \"host:65536\";"), 78, ":4: peers.endpoint: not" },
	{ PEER("endpoint = \"2001:db8::1:52077:x\";"), 78,
	    ":4: peers.endpoint: not a host and port" },
	{ PEER("endpoint = \"10.20.30.9:1\";") INTERFACE_OF("10.20.30.1/24"),
	    78,
	    ":4: peers.endpoint: inside a network of interface.address: a "
	    "tunnel through itself" },
	{ PEER("endpoint = \"10.20.30.1\";") INTERFACE_OF("10.20.30.1/24"), 78,
	    ":4: peers.endpoint: inside a network of interface.address" },
	{ PEER("endpoint = \"[fd00::9]:1\";") INTERFACE_OF("fd00::1/64"), 78,
	    ":4: peers.endpoint: inside a network of interface.address" },

	/* key files */
	{ "private_key_file = \"none.key\";\n", 78,
	    ":1: private_key_file: %s/none.key: No such file or directory; "
	    "allowed: a file with one key" },
	{ "private_key_file = \"\";\n", 78, ":1: private_key_file: empty" },
	{ "private_key_file = \"open.key\";\n", 78,
	    ":1: private_key_file: %s/open.key: must belong to you or root, "
	    "without rights for group or others (chmod 600)" },
	{ "private_key_file = \"group.key\";\n", 78,
	    ":1: private_key_file: %s/group.key: must belong to you" },
	{ "private_key_file = \"junk.key\";\n", 78,
	    ":1: private_key_file: %s/junk.key: is not one line with a key" },
	{ "private_key_file = \"short.key\";\n", 78,
	    ":1: private_key_file: %s/short.key: is not one line" },
	{ "private_key_file = \"long.key\";\n", 78,
	    ":1: private_key_file: %s/long.key: is not one line" },
	{ "private_key_file = \"space.key\";\n", 78,
	    ":1: private_key_file: %s/space.key: is not one line" },
	{ "private_key_file = \"twice.key\";\n", 78,
	    ":1: private_key_file: %s/twice.key: is not one line" },
	{ "private_key_file = \"empty.key\";\n", 78,
	    ":1: private_key_file: %s/empty.key: is not one line" },
	{ "private_key_file = \".\";\n", 78,
	    ":1: private_key_file: %s/.: is not a regular file" },
	{ "private_key_file = \"fifo\";\n", 78,
	    ":1: private_key_file: %s/fifo: is not a regular file" },
	{ "private_key_file = \"locked.key\";\n", 77,
	    ":1: private_key_file: %s/locked.key: Permission denied" },
	{ KEY "network_key_file = \"none.key\";\n", 78,
	    ":2: network_key_file: %s/none.key: No such file" },
	{ KEY "network_key_file = \"locked.key\";\n", 77,
	    ":2: network_key_file: %s/locked.key: Permission denied" },
	{ PEER("psk_file = \"junk.key\";"), 78,
	    ":4: peers.psk_file: %s/junk.key: is not one line with a key" },
	{ PEER("psk_file = \"locked.key\";"), 77,
	    ":4: peers.psk_file: %s/locked.key: Permission denied" },
};

static const char *
path_of(const char *name)
{
	static char path[sizeof(dir) + 32];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void
write_file(const char *name, const void *text, size_t len, mode_t mode)
{
	int fd = open(path_of(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), len);
	assert_int_equal(fchmod(fd, mode), 0);
	assert_int_equal(close(fd), 0);
}

/* Standard error of what runs between the two, in a file. */
static int
capture_start(void)
{
	int saved = dup(STDERR_FILENO);
	int fd = open(path_of("log"), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(saved >= 0 && fd >= 0);
	assert_true(dup2(fd, STDERR_FILENO) >= 0);
	(void)close(fd);
	return saved;
}

static const char *
capture_stop(int saved)
{
	static char text[4096];

	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	(void)close(saved);
	int fd = open(path_of("log"), O_RDONLY);
	assert_true(fd >= 0);
	ssize_t len = read(fd, text, sizeof(text) - 1);
	assert_true(len >= 0);
	(void)close(fd);
	text[len] = '\0';
	return text;
}

/* The one line must begin with "lansplice: error: FILE" and what is asked;
 * %s in it stands for the folder. */
static bool
line_is(const char *line, const char *file, const char *want)
{
	char all[1024];
	const char *folder = strstr(want, "%s");
	size_t cut = folder == NULL ? strlen(want) : (size_t)(folder - want);

	snprintf(all, sizeof(all), "lansplice: error: %s%.*s%s%s", file,
	    (int)cut, want, folder == NULL ? "" : dir,
	    folder == NULL ? "" : folder + 2);
	const char *newline = strchr(line, '\n');
	return strncmp(line, all, strlen(all)) == 0 && newline != NULL &&
	    newline[1] == '\0';
}

static void
expect_refused(const char *name, int status, const char *want)
{
	static const struct conf zeros;
	struct conf c;
	char path[sizeof(dir) + 32];

	snprintf(path, sizeof(path), "%s", path_of(name));
	memset(&c, 0x5a, sizeof(c));
	int saved = capture_start();
	int got = conf_load(path, &c);
	const char *line = capture_stop(saved);
	if (got != status || !line_is(line, path, want))
		fail_msg(
		    "wanted %d \"%s\", got %d \"%s\"", status, want, got, line);
	assert_memory_equal(&c, &zeros, sizeof(c));
}

static void
test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		write_file("c.conf", bad[i].text, strlen(bad[i].text), 0644);
		expect_refused("c.conf", bad[i].status, bad[i].line);
	}
}

static void
test_bad_files(void **state)
{
	static const char nul[] = KEY "\0 = 1;\n";

	(void)state;
	expect_refused("none.conf", EX_CONFIG, ": no such file; -c FILE");
	expect_refused(".", EX_CONFIG, ": not a regular file");
	expect_refused("fifo", EX_CONFIG, ": not a regular file");
	expect_refused("locked.conf", EX_NOPERM, ": Permission denied");
	write_file("c.conf", nul, sizeof(nul) - 1, 0644);
	expect_refused("c.conf", EX_CONFIG, ":2: a NUL byte");

	char *big = calloc(1, CONF_FILE_MAX + 1);
	assert_non_null(big);
	memset(big, '\n', CONF_FILE_MAX + 1);
	write_file("c.conf", big, CONF_FILE_MAX + 1, 0644);
	expect_refused("c.conf", EX_CONFIG, ": larger than 1 MiB");
	write_file("c.conf", big, CONF_FILE_MAX, 0644);
	expect_refused("c.conf", EX_CONFIG, ": private_key_file: missing");
	memset(big, '(', CONF_FILE_MAX);
	memcpy(big, "peers = ", 8);
	write_file("c.conf", big, CONF_FILE_MAX, 0644);
	expect_refused("c.conf", EX_CONFIG, ":1: ");
	free(big);
}

static bool
is_vmnet(void)
{
	return strcmp(defaults_netif_type, "vmnet") == 0;
}

/* vmnet wants an address where a TAP needs none. */
static void
load_good(const char *text, struct conf *out)
{
	static const char address[] =
	    "interface = { address = \"10.9.0.1/24\"; }; ";
	const bool add = is_vmnet() && strstr(text, "interface") == NULL;
	char path[sizeof(dir) + 32];
	char *whole = malloc(sizeof(address) + strlen(text));

	assert_non_null(whole);
	memcpy(whole, address, sizeof(address));
	memcpy(whole + (add ? strlen(address) : 0), text, strlen(text) + 1);
	snprintf(path, sizeof(path), "%s", path_of("c.conf"));
	write_file("c.conf", whole, strlen(whole), 0644);
	free(whole);
	int saved = capture_start();
	int status = conf_load(path, out);
	const char *log = capture_stop(saved);
	if (status != 0 || *log != '\0')
		fail_msg("%d \"%s\" from \"%s\"", status, log, text);
	assert_string_equal(out->path, path);
}

static void
test_defaults(void **state)
{
	static const uint8_t zeros[SUITE_KEY_LEN];
	struct conf c;
	char text[KEY_TEXT_LEN + 1];

	(void)state;
	load_good("private_key_file = \"bare.key\" # no newline", &c);
	key_put(text, c.public_key);
	assert_string_equal(text, OWN);
	assert_string_equal(c.netif.name, "lansplice0");
	assert_int_equal(c.netif.mtu, 1500);
	assert_int_equal(c.netif.mode, NETIF_HOST);
	assert_string_equal(c.netif.device, "");
	assert_int_equal(c.netif.addr_count, is_vmnet() ? 1 : 0);
	assert_false(c.netif.has_mac);
	assert_int_equal(c.port, 52077);
	assert_false(addr_is_set(&c.local));
	assert_int_equal(c.log_level, LOG_LEVEL_INFO);
	assert_false(c.has_network_key);
	assert_memory_equal(c.network_key, zeros, sizeof(zeros));
	assert_int_equal(c.ciphers, suite_ciphers_available());
	assert_string_equal(c.socket, "/var/run/lansplice.sock");
	assert_int_equal(c.state_dir[0], '/');
	assert_int_equal(c.max_peers, 64);
	assert_int_equal(c.memory, NODE_MEMORY_DEFAULT);
	assert_true(c.mss_clamp);
	assert_false(c.forward);
	assert_int_equal(c.peer_count, 0);
	assert_null(c.peers);
	conf_free(&c);
}

static void
test_all_keys(void **state)
{
	static const uint8_t mac[] = { 2, 0, 0, 0xab, 0xCD, 1 };
	struct conf c;
	uint8_t ones[SUITE_KEY_LEN];

	(void)state;
	memset(ones, 1, sizeof(ones));
	load_good("/* @include \"x\" 08 */ // 08\n# 4294967297\n" KEY
		  "interface = { mode = \"host\"; mtu = 0x240;\n"
		  "  address = ( \"10.1.2.3/24\", \"fd00::1/64\" );\n"
		  "  mac = \"02:00:00:ab:CD:01\"; };\n"
		  "listen = { port = 0; address = \"127.0.0.1\"; };\n"
		  "log : { level = \"debug\"; };\n"
		  "network_key_file = \"ones.key\";\n"
		  "cipher = \"chacha20-\" \"poly1305\";\n"
		  "control = { socket = \"run/sock\"; };\n"
		  "state_dir = \"/var/x @include 08\";\n"
		  "max_peers = 4096; memory = 131072;\n"
		  "mss_clamp = false; switch = { forward = true; }; "
		  "peers = [ ];\n",
	    &c);
	assert_int_equal(c.netif.mtu, 576);
	assert_int_equal(c.netif.addr_count, 2);
	assert_int_equal(c.netif.addrs[0].ip.family, ADDR_IPV4);
	assert_int_equal(c.netif.addrs[0].prefix, 24);
	assert_int_equal(c.netif.addrs[1].ip.family, ADDR_IPV6);
	assert_int_equal(c.netif.addrs[1].prefix, 64);
	assert_true(c.netif.has_mac);
	assert_memory_equal(c.netif.mac, mac, sizeof(mac));
	assert_int_equal(c.port, 0);
	assert_int_equal(c.local.family, ADDR_IPV4);
	assert_int_equal(c.log_level, LOG_LEVEL_DEBUG);
	assert_true(c.has_network_key);
	assert_memory_equal(c.network_key, ones, sizeof(ones));
	assert_int_equal(c.ciphers, 1 << SUITE_CHACHA20_POLY1305);
	assert_string_equal(c.socket, path_of("run/sock"));
	assert_string_equal(c.state_dir, "/var/x @include 08");
	assert_int_equal(c.max_peers, 4096);
	assert_int_equal(c.memory, 131072);
	assert_false(c.mss_clamp);
	assert_true(c.forward);
	assert_int_equal(c.peer_count, 0);
	conf_free(&c);
}

/* The name is a TAP's, the device vmnet's. */
static void
test_interface_of_the_system(void **state)
{
	static const char name[] = INTERFACE("name = \"a-b.c9\";");
	static const char card[] =
	    INTERFACE("mode = \"bridged\"; device = \"en5\";");
	struct conf c;

	(void)state;
	load_good(is_vmnet() ? card : name, &c);
	assert_string_equal(c.netif.name, is_vmnet() ? "lansplice0" : "a-b.c9");
	assert_string_equal(c.netif.device, is_vmnet() ? "en5" : "");
	conf_free(&c);
	write_file("c.conf", is_vmnet() ? name : card,
	    strlen(is_vmnet() ? name : card), 0644);
	expect_refused("c.conf", EX_CONFIG,
	    is_vmnet() ? ":2: interface.name: vmnet names"
		       : ":2: interface.mode: only vmnet");
}

static void
check_peers(const struct conf *c)
{
	const struct conf_peer *p = c->peers;
	uint8_t ones[SUITE_KEY_LEN];

	memset(ones, 1, sizeof(ones));
	assert_int_equal(c->peer_count, 4);
	assert_int_equal(c->max_peers, 64);
	assert_string_equal(p[0].name, "bQBVCB57");
	assert_false(p[0].has_endpoint);
	assert_int_equal(p[0].keepalive_s, 0);
	assert_false(p[0].has_psk);
	assert_int_equal(p[0].line, 2);

	assert_string_equal(p[1].name, "mini");
	assert_true(p[1].has_endpoint);
	assert_string_equal(p[1].endpoint.host, "mini.example.net");
	assert_int_equal(p[1].endpoint.port, 52077);
	assert_int_equal(p[1].keepalive_s, CONF_KEEPALIVE_DEFAULT);
	assert_true(p[1].has_psk);
	assert_memory_equal(p[1].psk, ones, sizeof(ones));
	assert_int_equal(p[1].line, 3);

	assert_string_equal(p[2].endpoint.host, "2001:db8::1");
	assert_int_equal(p[2].endpoint.port, 9);
	assert_int_equal(p[2].keepalive_s, 0);
	assert_string_equal(p[3].endpoint.host, "10.1.3.4");
	assert_int_equal(p[3].keepalive_s, 65535);
}

static void
test_peers(void **state)
{
	static const struct conf zeros;
	struct conf c;

	(void)state;
	load_good(KEY "peers = ( { public_key = \"" A "\"; },\n"
		      "{ name = \"mini\"; public_key = \"" B "\";\n"
		      "  endpoint = \"mini.example.net\";\n"
		      "  psk_file = \"ones.key\"; },\n"
		      "{ public_key = \"" ONES "\"; keepalive = 0;\n"
		      "  endpoint = \"[2001:db8::1]:9\"; },\n"
		      "{ public_key = \"" C "\"; keepalive = 65535;\n"
		      "  endpoint = \"10.1.3.4\"; name = \"x\"; } );\n"
		      "interface = { address = \"10.1.2.3/24\"; };\n",
	    &c);
	check_peers(&c);
	conf_free(&c);
	assert_memory_equal(&c, &zeros, sizeof(c));
}

/* Public keys that differ in their first characters; X25519 takes any. */
static char *
make_peers(unsigned int count)
{
	static const char peer[] = "{ public_key = \"%s\"; },\n";
	size_t size = sizeof(KEY) + (count + 1) * (sizeof(peer) + KEY_TEXT_LEN);
	uint8_t key[SUITE_KEY_LEN] = { [31] = 9 };
	char text[KEY_TEXT_LEN + 1];

	char *all = calloc(1, size);
	assert_non_null(all);
	size_t len = (size_t)snprintf(all, size, KEY "peers = (\n");
	for (unsigned int i = 0; i < count; i++) {
		key[0] = (uint8_t)(i >> 8);
		key[1] = (uint8_t)i;
		key_put(text, key);
		len += (size_t)snprintf(all + len, size - len, peer, text);
	}
	/* libconfig takes no comma behind the last one */
	snprintf(all + len - 2, size - len, " );\n");
	return all;
}

static void
test_many_peers(void **state)
{
	static const struct {
		unsigned int count, max;
	} rows[] = { { 32, 64 }, { 33, 66 }, { 2049, 4096 } };
	struct conf c;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *text = make_peers(rows[i].count);
		load_good(text, &c);
		assert_int_equal(c.peer_count, rows[i].count);
		assert_int_equal(c.max_peers, rows[i].max);
		conf_free(&c);
		free(text);
	}
	char *text = make_peers(NODE_PEERS_MAX + 1);
	write_file("c.conf", text, strlen(text), 0644);
	expect_refused("c.conf", EX_CONFIG, ":2: peers: too many; allowed: 4");
	free(text);
}

static void
test_pinned_cipher(void **state)
{
	struct conf c;
	char text[256];

	(void)state;
	for (int i = 0; i < SUITE_CIPHER_COUNT; i++) {
		const enum suite_cipher cipher = (enum suite_cipher)i;
		const uint16_t bit = (uint16_t)(1u << i);

		snprintf(text, sizeof(text), KEY "cipher = \"%s\";\n",
		    suite_cipher_name(cipher));
		if ((suite_ciphers_available() & bit) != 0) {
			load_good(text, &c);
			assert_int_equal(c.ciphers, bit);
			conf_free(&c);
			continue;
		}
		write_file("c.conf", text, strlen(text), 0644);
		expect_refused("c.conf", EX_CONFIG,
		    suite_cipher_is_built(cipher)
			? ":2: cipher: not available on this machine; "
			  "allowed: auto"
			: ":2: cipher: not in this build (needs libsodium "
			  "1.0.19); allowed: auto");
	}
}

static void
test_socket(void **state)
{
	static const struct {
		const char *text, *socket;
	} good[] = {
		/* needs neither the key nor a file that is right elsewhere */
		{ "private_key_file = \"locked.key\";\n",
		    "/var/run/lansplice.sock" },
		{ "control = { socket = \"" SOCKET_103 "\"; };\n", SOCKET_103 },
	};
	char path[CONF_SOCKET_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		write_file("c.conf", good[i].text, strlen(good[i].text), 0644);
		assert_int_equal(conf_load_socket(path_of("c.conf"), path), 0);
		assert_string_equal(path, good[i].socket);
	}
}

static void
test_socket_bad(void **state)
{
	static const char text[] = "control = { socket = 1; };\n";
	char path[CONF_SOCKET_MAX];
	char file[sizeof(dir) + 32];

	(void)state;
	write_file("c.conf", text, strlen(text), 0644);
	snprintf(file, sizeof(file), "%s", path_of("c.conf"));
	int saved = capture_start();
	int status = conf_load_socket(file, path);
	const char *line = capture_stop(saved);
	assert_int_equal(status, EX_CONFIG);
	assert_true(line_is(
	    line, file, ":1: control.socket: an integer in the wrong place"));
}

/* Root may read every file, so the cases of missing rights run as nobody. */
static int
become_nobody(void)
{
	enum { NOBODY = 65534 };

	if (geteuid() != 0)
		return 0;
	if (chown(dir, NOBODY, NOBODY) != 0 || setegid(NOBODY) != 0)
		return -1;
	return seteuid(NOBODY);
}

static int
setup(void **state)
{
	(void)state;
	if (sodium_init() < 0 || mkdtemp(dir) == NULL || become_nobody() != 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		write_file(files[i].name, files[i].text, strlen(files[i].text),
		    files[i].mode);
	return mkfifo(path_of("fifo"), 0600);
}

static int
teardown(void **state)
{
	(void)state;
	/* Whoever measures coverage writes at the end, as the real user. */
	if (seteuid(getuid()) != 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		(void)unlink(path_of(files[i].name));
	(void)unlink(path_of("fifo"));
	(void)unlink(path_of("c.conf"));
	(void)unlink(path_of("log"));
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_bad_files),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_all_keys),
		cmocka_unit_test(test_interface_of_the_system),
		cmocka_unit_test(test_peers),
		cmocka_unit_test(test_many_peers),
		cmocka_unit_test(test_pinned_cipher),
		cmocka_unit_test(test_socket),
		cmocka_unit_test(test_socket_bad),
	};
	return cmocka_run_group_tests_name("conf", tests, setup, teardown);
}
