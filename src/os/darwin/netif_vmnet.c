/* SPDX-License-Identifier: ISC */
#include "os/netif.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <vmnet/vmnet.h>
#include <xpc/xpc.h>

#include "os/darwin/vmnet_port.h"
#include "os/darwin/vmnet_status.h"
#include "os/log.h"
#include "os/mono.h"
#include "os/sockaddr.h"

#define START_MAX SEC(10)   /* vmnet's service may hang for ever */
#define STOP_MAX SEC(2)     /* launchd kills 10 s after SIGTERM */
#define START_LEFT MS(500)  /* for a start under way when we close */
#define NAMELESS_MAX SEC(2) /* until the host has its address */
#define NAME_LOOK MS(50)
#define HEALTH_LOOK SEC(5)  /* how often the interface is looked at */
#define HEALTH_STEP MS(100) /* the same while it looks ill */
#define HEALTH_GRACE SEC(1) /* an address may be missing after a wake-up */
#define PAUSE_MIN SEC(1)    /* between two restarts, doubled by each */
#define PAUSE_MAX SEC(60)
#define PAUSE_FORGET SEC(60) /* up so long: the next restart is at once */

enum {
	STATUS_NOT_AUTHORIZED = 1010, /* vmnet.h of macOS 26 */
};

enum netif_state {
	STATE_UP,
	STATE_STOPPING, /* asked vmnet to take it back */
	STATE_DOWN,     /* waits for the next attempt */
	STATE_STARTING, /* asked vmnet for it */
	STATE_NAMELESS, /* there, but the host has no address on it yet */
	STATE_GONE,     /* vmnet does not answer: only a new process helps */
};

struct netif {
	struct netif_config config;
	struct loop *loop;
	loop_fn *fn;
	void *ctx;
	struct vmnet_port *port;
	char name[NETIF_NAME_MAX];
	enum netif_state state;
	uint64_t due_ns;   /* the state's next deadline */
	uint64_t sick_ns;  /* since when it looks ill, or 0 */
	uint64_t up_ns;    /* since when it is up */
	uint64_t pause_ns; /* before the next start but one */
	bool told;         /* that a start failed */
	bool mac_told;     /* that the MAC does not hold */
	bool check, woke;
	uint64_t restarts;
};

/* What vmnet and the system say of the interface. */

/* The address that the host has on it; ADDR_NONE in bridged mode, and before
 * vmnet has told it in shared mode. */
static struct addr
host_address(const struct netif *n)
{
	const struct netif_config *c = &n->config;

	for (unsigned int i = 0; i < c->addr_count; i++)
		if (c->addrs[i].ip.family == ADDR_IPV4)
			return c->addrs[i].ip;
	return vmnet_port_host(n->port);
}

/* vmnet does not tell the name: it is that of the bridge with our address. */
static int
find_name(const struct netif *n, char out[static NETIF_NAME_MAX])
{
	const struct addr host = host_address(n);

	if (n->config.mode != NETIF_BRIDGED)
		return ifconf_find_name(&host, "bridge", out);
	memcpy(out, n->config.device, NETIF_NAME_MAX);
	return if_nametoindex(out) == 0 ? -1 : 0;
}

static bool
mac_is_right(const struct netif *n)
{
	uint8_t mac[FRAME_MAC_LEN];

	return !n->config.has_mac ||
	    (ifconf_get_mac(n->name, mac) == 0 &&
		memcmp(mac, n->config.mac, FRAME_MAC_LEN) == 0);
}

static int
set_mac(struct netif *n)
{
	if (mac_is_right(n) || ifconf_set_mac(n->name, n->config.mac) == 0) {
		n->mac_told = false;
		return 0;
	}
	if (!n->mac_told)
		log_error("cannot set the MAC address of %s: %s; "
			  "choose another with interface.mac",
		    n->name, strerror(errno));
	n->mac_told = true;
	return -1;
}

/* vmnet sets the first IPv4 address itself. */
static int
set_addrs(const struct netif *n)
{
	const struct addr host = host_address(n);

	for (unsigned int i = 0; i < n->config.addr_count; i++) {
		const struct ifconf_addr *a = &n->config.addrs[i];
		char text[SOCKADDR_TEXT_MAX];

		if (addr_equal(&a->ip, &host) ||
		    ifconf_add_addr(n->name, a) == 0)
			continue;
		log_error("cannot give %s the address %s/%u: %s", n->name,
		    sockaddr_text(&a->ip, text), a->prefix, strerror(errno));
		return -1;
	}
	return 0;
}

static int
set_up(struct netif *n)
{
	if (n->config.mode == NETIF_BRIDGED)
		return 0;
	return set_mac(n) == 0 ? set_addrs(n) : -1;
}

static bool
is_healthy(const struct netif *n)
{
	char name[NETIF_NAME_MAX];

	return find_name(n, name) == 0 && strcmp(name, n->name) == 0;
}

/* Repair: stop, pause, start, find the name. */

/* The first one in a while is at once; those behind it wait ever longer. */
static uint64_t
take_pause(struct netif *n)
{
	const uint64_t pause = n->pause_ns;

	n->pause_ns = pause == 0 ? PAUSE_MIN : u64_min(2 * pause, PAUSE_MAX);
	return pause;
}

static void
restart(struct netif *n, uint64_t now_ns, const char *reason)
{
	if (n->state == STATE_UP && now_ns - n->up_ns >= PAUSE_FORGET)
		n->pause_ns = 0;
	log_warn("interface=%s restarts reason=%s", n->name, reason);
	n->restarts++;
	n->sick_ns = 0;
	n->check = n->woke = false;
	n->state = STATE_STOPPING;
	n->due_ns = now_ns + STOP_MAX;
	vmnet_port_stop(n->port);
}

/* The daemon ends with a failure, and launchd starts another. */
static void
give_up(struct netif *n, const char *what)
{
	log_error("interface=%s gone reason=no-answer-to-%s", n->name, what);
	n->state = STATE_GONE;
	n->due_ns = NEVER;
	loop_wake(n->loop);
}

static void
go_down(struct netif *n, uint64_t now_ns)
{
	n->state = STATE_DOWN;
	n->due_ns = now_ns + take_pause(n);
}

static void
tick_stopping(struct netif *n, uint64_t now_ns)
{
	if (vmnet_port_poll(n->port, 0) != VMNET_PORT_PENDING)
		go_down(n, now_ns);
	else if (now_ns >= n->due_ns)
		give_up(n, "stop");
}

static void
tick_down(struct netif *n, uint64_t now_ns)
{
	if (now_ns < n->due_ns)
		return;
	n->state = STATE_STARTING;
	n->due_ns = now_ns + START_MAX;
	vmnet_port_start(n->port);
}

/* One line for all attempts that fail in a row. */
static void
tell_failure(struct netif *n)
{
	const uint32_t status = vmnet_port_status(n->port);

	if (!n->told)
		log_warn("interface=%s down status=%s: %s", n->name,
		    vmnet_status_name(status), vmnet_status_hint(status));
	n->told = true;
}

static void
tick_starting(struct netif *n, uint64_t now_ns)
{
	switch (vmnet_port_poll(n->port, 0)) {
	case VMNET_PORT_PENDING:
		if (now_ns >= n->due_ns)
			give_up(n, "start");
		break;
	case VMNET_PORT_DONE:
		n->state = STATE_NAMELESS;
		n->due_ns = now_ns + NAMELESS_MAX;
		break;
	case VMNET_PORT_FAILED:
		tell_failure(n);
		go_down(n, now_ns);
		break;
	}
}

static void
tick_nameless(struct netif *n, uint64_t now_ns)
{
	if (find_name(n, n->name) != 0) {
		if (now_ns >= n->due_ns)
			restart(n, now_ns, "no-address");
		return;
	}
	if (set_up(n) != 0) {
		restart(n, now_ns, "refused-settings");
		return;
	}
	log_info("interface=%s up again", n->name);
	n->told = false;
	n->state = STATE_UP;
	n->up_ns = now_ns;
	n->due_ns = now_ns + HEALTH_LOOK;
}

/* Up: is it still what it was? */

/* An address may be away for a moment after a wake-up, so once is not ill. */
static void
look_at_health(struct netif *n, uint64_t now_ns)
{
	n->due_ns = now_ns + HEALTH_LOOK;
	if (is_healthy(n)) {
		n->sick_ns = 0;
		return;
	}
	if (n->sick_ns == 0)
		n->sick_ns = now_ns;
	n->due_ns = now_ns + HEALTH_STEP;
	if (now_ns - n->sick_ns >= HEALTH_GRACE)
		restart(n, now_ns, "address-gone");
}

/* A bridge can lose its network card in sleep, and only a new interface has
 * it again (lansplice(8), MACOS). */
static void
tick_up(struct netif *n, uint64_t now_ns)
{
	const bool check = n->check;
	const bool woke = n->woke;

	n->check = n->woke = false;
	if (vmnet_port_is_broken(n->port))
		restart(
		    n, now_ns, vmnet_status_name(vmnet_port_status(n->port)));
	else if (woke && n->config.mode == NETIF_BRIDGED)
		restart(n, now_ns, "woke-up");
	else if (check || now_ns >= n->due_ns)
		look_at_health(n, now_ns);
	if (check && n->state == STATE_UP && n->sick_ns == 0)
		(void)set_mac(n); /* a failure has left its log line */
}

void
netif_check(struct netif *n, bool woke)
{
	n->check = true;
	n->woke |= woke;
}

uint64_t
netif_tick(struct netif *n, uint64_t now_ns)
{
	static void (*const ticks[])(struct netif *, uint64_t) = {
		[STATE_UP] = tick_up,
		[STATE_STOPPING] = tick_stopping,
		[STATE_DOWN] = tick_down,
		[STATE_STARTING] = tick_starting,
		[STATE_NAMELESS] = tick_nameless,
	};

	if (n->state == STATE_GONE)
		return NEVER;
	ticks[n->state](n, now_ns);
	if (n->state == STATE_NAMELESS)
		return u64_min(n->due_ns, now_ns + NAME_LOOK);
	return n->due_ns;
}

/* Open and close. */

/* vmnet's own thread signals that frames wait, through the loop. */
static void
on_wake(void *ctx)
{
	struct netif *n = ctx;

	if (n->fn == NULL)
		return;
	n->fn(n->ctx);
	if (vmnet_port_has_frames(n->port))
		loop_wake(n->loop);
}

/* What a person without rights sees is a permission error. */
static int
errno_of(uint32_t status)
{
	if (status == VMNET_INVALID_ACCESS || status == STATUS_NOT_AUTHORIZED ||
	    (status == VMNET_FAILURE && geteuid() != 0))
		return EPERM;
	return EIO;
}

static int
refuse_open(const struct netif *n)
{
	const uint32_t status = vmnet_port_status(n->port);

	log_error("vmnet cannot make the interface: %s (%u); %s",
	    vmnet_status_name(status), (unsigned int)status,
	    vmnet_status_hint(status));
	errno = errno_of(status);
	return -1;
}

static int
open_port(struct netif *n)
{
	const uint64_t end_ns = mono_awake_ns() + START_MAX;
	enum vmnet_port_answer answer;

	n->port = vmnet_port_open(&n->config, n->loop);
	if (n->port == NULL || loop_add_wake(n->loop, on_wake, n) != 0) {
		log_error("cannot start vmnet: %s", strerror(errno));
		return -1;
	}
	vmnet_port_start(n->port);
	do
		answer = vmnet_port_poll(n->port, MS(100));
	while (answer == VMNET_PORT_PENDING && mono_awake_ns() < end_ns);
	if (answer == VMNET_PORT_DONE)
		return 0;
	if (answer == VMNET_PORT_FAILED)
		return refuse_open(n);
	log_error("vmnet does not answer: if it stays so, restart the Mac");
	errno = ETIMEDOUT;
	return -1;
}

static int
wait_name(struct netif *n)
{
	const uint64_t end_ns = mono_awake_ns() + NAMELESS_MAX;
	const struct timespec step = { .tv_nsec = (long)NAME_LOOK };

	while (find_name(n, n->name) != 0) {
		if (mono_awake_ns() >= end_ns) {
			log_error("vmnet's interface has no address of ours; "
				  "choose another network with "
				  "interface.address");
			errno = EADDRNOTAVAIL;
			return -1;
		}
		(void)nanosleep(&step, NULL);
	}
	return 0;
}

struct netif *
netif_open(const struct netif_config *c, struct loop *l)
{
	struct netif *n = calloc(1, sizeof(*n));

	if (n == NULL) {
		log_error("no memory for an interface");
		return NULL;
	}
	n->config = *c;
	n->loop = l;
	memcpy(n->name, "vmnet", sizeof("vmnet"));
	if (open_port(n) == 0 && wait_name(n) == 0 && set_up(n) == 0) {
		n->up_ns = mono_awake_ns();
		n->due_ns = n->up_ns + HEALTH_LOOK;
		return n;
	}
	const int error = errno;
	netif_close(n);
	errno = error;
	return NULL;
}

/* Within 3 s, whatever vmnet does; what it never answered is left behind for
 * the end of the process, which is near. */
static void
close_port(struct vmnet_port *p)
{
	if (vmnet_port_poll(p, START_LEFT) != VMNET_PORT_PENDING &&
	    vmnet_port_is_up(p)) {
		vmnet_port_stop(p);
		(void)vmnet_port_poll(p, STOP_MAX);
	}
	vmnet_port_close(p);
}

void
netif_close(struct netif *n)
{
	const int error = errno;

	if (n == NULL)
		return;
	loop_remove_wake(n->loop, on_wake, n);
	if (n->port != NULL)
		close_port(n->port);
	free(n);
	errno = error;
}

int
netif_watch(struct netif *n, loop_fn *fn, void *ctx)
{
	n->fn = fn;
	n->ctx = ctx;
	loop_wake(n->loop); /* for frames of before */
	return 0;
}

const char *
netif_name(const struct netif *n)
{
	return n->name;
}

void
netif_mac(const struct netif *n, uint8_t out[static FRAME_MAC_LEN])
{
	if (ifconf_get_mac(n->name, out) == -1)
		memset(out, 0, FRAME_MAC_LEN);
}

int
netif_recv(struct netif *n, struct frame *out, int max)
{
	if (n->state != STATE_GONE)
		return vmnet_port_recv(n->port, out, max);
	errno = ETIMEDOUT;
	return -1;
}

void
netif_send(struct netif *n, const struct frame *frames, int count)
{
	vmnet_port_send(n->port, frames, count);
}

struct netif_counts
netif_count(const struct netif *n)
{
	return (struct netif_counts){
		.restarts = n->restarts,
		.full = vmnet_port_full(n->port),
	};
}

int
netif_list(void (*fn)(void *ctx, const char *name), void *ctx)
{
	xpc_object_t names = vmnet_copy_shared_interface_list();

	if (names == NULL) {
		errno = EPERM;
		return -1;
	}
	for (size_t i = 0; i < xpc_array_get_count(names); i++) {
		const char *name = xpc_array_get_string(names, i);

		if (name != NULL)
			fn(ctx, name);
	}
	xpc_release(names);
	return 0;
}
