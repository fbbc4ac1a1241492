/* SPDX-License-Identifier: ISC */
/*
 * The far side of the stand-in for vmnet.
 * Host and shared mode: a TAP named as the Mac names its bridges; the network
 * stack of this namespace is the host. Bridged mode: a packet socket on the
 * network card; who is on its wire is reached, this namespace's own stack is
 * not, and frames whose checksum the card was to fill in come as they are, so
 * that offloads must be off at the other end (ethtool -K DEVICE tx off).
 * Memory: shim_push and shim_take; the host's bridge is one of memory, too.
 * Source: Documentation/networking/tuntap.rst, netdevice(7), packet(7);
 * names: vmnet.md section 5.1.
 */
/* The structures of netdevice(7) are Linux's here. */
#define SHIM_LINUX

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bridge.h"
#include "inner.h"

enum {
	UNIT_FIRST = 100, /* bridge100, and some more */
	UNIT_COUNT = 64,
	MTU_DEFAULT = 1500,
	PREFIX6 = 64, /* vmnet.md section 5.6 does not know it */
};

/* The kernel's struct in6_ifreq, linux/ipv6.h, whose header does not go with
 * netinet/in.h. */
struct ifreq6 {
	struct in6_addr addr;
	uint32_t prefix;
	int index;
};
_Static_assert(sizeof(struct ifreq6) == 24, "linux/ipv6.h struct in6_ifreq");

struct lan {
	int fd, wake; /* -1: memory, or gone */
	bool memory, reading;
	pthread_t thread;
	char name[IFNAMSIZ];
	uint64_t mtu;
	lan_fn *in;
	void *ctx;
};

/* The link puts others in front of these (--wrap). */
int __real_ioctl(int fd, unsigned long request, ...);
int __real_socket(int domain, int type, int protocol);
ssize_t __real_read(int fd, void *buf, size_t count);

/* What was written, where the far side is memory. */
static struct {
	pthread_mutex_t lock;
	unsigned int head, count;
	size_t len[SHIM_TAKE];
	uint8_t frame[SHIM_TAKE][SHIM_FRAME_MAX];
} store = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void
store_put(const uint8_t *frame, size_t len)
{
	pthread_mutex_lock(&store.lock);
	if (store.count < SHIM_TAKE) {
		unsigned int i = (store.head + store.count++) % SHIM_TAKE;
		memcpy(store.frame[i], frame, len);
		store.len[i] = len;
	}
	pthread_mutex_unlock(&store.lock);
}

size_t
shim_take(uint8_t *out, size_t cap)
{
	size_t len = 0;

	pthread_mutex_lock(&store.lock);
	if (store.count > 0) {
		len = store.len[store.head];
		memcpy(out, store.frame[store.head], len < cap ? len : cap);
		store.head = (store.head + 1) % SHIM_TAKE;
		store.count--;
	}
	pthread_mutex_unlock(&store.lock);
	return len;
}

void
lan_reset(void)
{
	pthread_mutex_lock(&store.lock);
	store.count = 0;
	pthread_mutex_unlock(&store.lock);
}

static struct ifreq
request(const char *name)
{
	struct ifreq r = { 0 };

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	return r;
}

/* One ioctl on a socket that is there for it alone. */
static int
ask(int family, unsigned long op, void *arg)
{
	int s = __real_socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (s == -1)
		return -1;

	int got = __real_ioctl(s, op, arg);
	int err = errno;

	close(s);
	errno = err;
	return got;
}

static int
set_ip4(const char *name, unsigned long op, const char *text)
{
	struct ifreq r = request(name);
	struct sockaddr_in sin = { .sin_family = AF_INET };

	if (inet_pton(AF_INET, text, &sin.sin_addr) != 1)
		return -1;
	memcpy(&r.ifr_addr, &sin, sizeof(sin));
	return ask(AF_INET, op, &r);
}

static int
set_ip6(const char *name, const char *text)
{
	struct ifreq6 r = { .prefix = PREFIX6,
		.index = (int)if_nametoindex(name) };

	if (inet_pton(AF_INET6, text, &r.addr) != 1)
		return -1;
	return ask(AF_INET6, SIOCSIFADDR, &r);
}

static int
set_up(const char *name)
{
	struct ifreq r = request(name);

	if (ask(AF_INET, SIOCGIFFLAGS, &r) == -1)
		return -1;
	r.ifr_flags |= IFF_UP;
	return ask(AF_INET, SIOCSIFFLAGS, &r);
}

/* The host's address: its own network's, the DHCP server's, or what a Mac
 * begins with (vmnet.md section 5.5). A network of one's own without an
 * address has none. */
static void
host_address(const struct shim_ask *a, const char **ip, const char **mask)
{
	bool shared = a->mode == VMNET_SHARED_MODE;

	*ip = *a->ip != '\0'    ? a->ip
	    : *a->start != '\0' ? a->start
	    : a->has_id         ? NULL
	    : shared            ? "192.168.64.1"
				: "192.168.128.1";
	*mask = *a->ip != '\0'  ? a->mask
	    : *a->start != '\0' ? a->subnet
				: "255.255.255.0";
}

static int
tap_configure(struct lan *l, const struct shim_ask *a)
{
	struct ifreq r = request(l->name);
	const char *ip, *mask;

	host_address(a, &ip, &mask);
	r.ifr_mtu = (int)l->mtu;
	if (ask(AF_INET, SIOCSIFMTU, &r) == -1)
		return -1;
	if (ip != NULL &&
	    (set_ip4(l->name, SIOCSIFADDR, ip) == -1 ||
		set_ip4(l->name, SIOCSIFNETMASK, mask) == -1))
		return -1;
	if (*a->ip6 != '\0' && set_ip6(l->name, a->ip6) == -1)
		return -1;
	return set_up(l->name);
}

/* The next free name. The kernel chooses the MAC. */
static int
tap_create(struct lan *l)
{
	for (int i = 0; i < UNIT_COUNT; i++) {
		struct ifreq r = { .ifr_flags = IFF_TAP | IFF_NO_PI };

		snprintf(
		    r.ifr_name, sizeof(r.ifr_name), "bridge%d", UNIT_FIRST + i);
		if (if_nametoindex(r.ifr_name) != 0)
			continue;
		if (__real_ioctl(l->fd, TUNSETIFF, &r) == 0) {
			memcpy(l->name, r.ifr_name, sizeof(l->name));
			return 0;
		}
		if (errno != EBUSY)
			return -1;
	}
	return -1;
}

static int
tap_open(struct lan *l, const struct shim_ask *a)
{
	l->mtu = a->mtu != 0 ? a->mtu : MTU_DEFAULT;
	l->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (l->fd == -1 || tap_create(l) == -1)
		return -1;
	return tap_configure(l, a);
}

static int
card_join(const struct lan *l, int index)
{
	struct packet_mreq m = { .mr_ifindex = index,
		.mr_type = PACKET_MR_PROMISC };
	struct sockaddr_ll a = { .sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = index };
	int on = 1;

	if (setsockopt(
		l->fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &m, sizeof(m)) == -1)
		return -1;
	if (setsockopt(l->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on,
		sizeof(on)) == -1)
		return -1;
	return bind(l->fd, (struct sockaddr *)&a, sizeof(a));
}

static int
card_open(struct lan *l, const struct shim_ask *a)
{
	struct ifreq r = request(a->device);

	memcpy(l->name, r.ifr_name, sizeof(l->name));
	/* Protocol 0: nothing comes before the bind. */
	l->fd = __real_socket(
	    AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (l->fd == -1 || __real_ioctl(l->fd, SIOCGIFMTU, &r) == -1)
		return -1;
	l->mtu = (uint64_t)r.ifr_mtu;
	return card_join(l, (int)if_nametoindex(l->name));
}

/* Until there is no frame. False: the far side is gone. */
static bool
drain(struct lan *l)
{
	static _Thread_local uint8_t frame[SHIM_FRAME_MAX + 1];

	for (;;) {
		ssize_t n = __real_read(l->fd, frame, sizeof(frame));
		if (n > 0 && (size_t)n <= SHIM_FRAME_MAX)
			l->in(l->ctx, frame, (size_t)n);
		if (n == -1)
			return errno == EAGAIN || errno == EINTR ||
			    errno == ENETDOWN;
	}
}

static void *
reader(void *ctx)
{
	struct lan *l = ctx;
	struct pollfd p[] = { { .fd = l->fd, .events = POLLIN },
		{ .fd = l->wake, .events = POLLIN } };

	while (poll(p, 2, -1) >= 0 || errno == EINTR) {
		if (p[1].revents != 0)
			break;
		if (p[0].revents != 0 && !drain(l))
			break;
	}
	return NULL;
}

static int
reader_start(struct lan *l)
{
	l->wake = eventfd(0, EFD_CLOEXEC);
	if (l->wake == -1)
		return -1;

	int err = shim_thread(&l->thread, reader, l);

	l->reading = err == 0;
	errno = err;
	return err == 0 ? 0 : -1;
}

static void
memory_open(const struct lan *l, const struct shim_ask *a)
{
	const char *ip, *mask;

	host_address(a, &ip, &mask);
	if (a->mode != VMNET_BRIDGED_MODE)
		bridge_make(l, ip, shim_knob(KNOB_ADDRESS_LATE));
}

static int
open_kind(struct lan *l, const struct shim_ask *a)
{
	l->memory = shim_knob(KNOB_MEMORY) != 0;
	if (l->memory) {
		l->mtu = a->mtu != 0 ? a->mtu : MTU_DEFAULT;
		memory_open(l, a);
		return 0;
	}
	int got =
	    a->mode == VMNET_BRIDGED_MODE ? card_open(l, a) : tap_open(l, a);
	return got == -1 ? -1 : reader_start(l);
}

struct lan *
lan_open(const struct shim_ask *ask, lan_fn *in, void *ctx)
{
	struct lan *l = malloc(sizeof(*l));

	if (l == NULL)
		return NULL;
	*l = (struct lan){ .fd = -1, .wake = -1, .in = in, .ctx = ctx };
	if (open_kind(l, ask) == -1) {
		/* Without rights a Mac says no more than 1001, either. */
		if (errno != EPERM && errno != EACCES)
			fprintf(stderr, "shim: vmnet: no far side: %s\n",
			    strerror(errno));
		lan_close(l);
		return NULL;
	}
	return l;
}

uint64_t
lan_mtu(const struct lan *l)
{
	return l->mtu;
}

void
lan_write(struct lan *l, const uint8_t *frame, size_t len)
{
	if (l->memory)
		store_put(frame, len);
	/* A full far side drops, as an Ethernet does. */
	else if (l->fd != -1 && write(l->fd, frame, len) == -1)
		return;
}

void
lan_lose_address(struct lan *l)
{
	bridge_lose_address(l);
	if (l->fd != -1)
		(void)set_ip4(l->name, SIOCSIFADDR, "0.0.0.0");
}

void
lan_lose_bridge(struct lan *l)
{
	uint64_t one = 1;

	bridge_remove(l);
	if (l->reading && write(l->wake, &one, sizeof(one)) > 0)
		pthread_join(l->thread, NULL);
	l->reading = false;
	if (l->wake != -1)
		close(l->wake);
	if (l->fd != -1)
		close(l->fd);
	l->fd = l->wake = -1;
}

void
lan_close(struct lan *l)
{
	lan_lose_bridge(l);
	free(l);
}

static bool
is_ethernet(const char *name)
{
	struct ifreq r = request(name);

	return ask(AF_INET, SIOCGIFHWADDR, &r) == 0 &&
	    r.ifr_hwaddr.sa_family == ARPHRD_ETHER;
}

/* TAPs say "tun", drivers/net/tun.c; bridges "bridge". */
static bool
is_virtual(const char *name)
{
	struct ethtool_drvinfo d = { .cmd = ETHTOOL_GDRVINFO };
	struct ifreq r = request(name);

	r.ifr_data = (char *)&d;
	if (ask(AF_INET, SIOCETHTOOL, &r) == -1)
		return false;
	return strcmp(d.driver, "tun") == 0 || strcmp(d.driver, "bridge") == 0;
}

xpc_object_t
vmnet_copy_shared_interface_list(void)
{
	struct if_nameindex *all = if_nameindex();

	if (all == NULL)
		return NULL;

	xpc_object_t list = xpc_array_create(NULL, 0);

	for (size_t i = 0; all[i].if_name != NULL; i++) {
		const char *name = all[i].if_name;
		if (is_ethernet(name) && !is_virtual(name) &&
		    strncmp(name, "bridge", strlen("bridge")) != 0)
			xpc_array_set_string(list, XPC_ARRAY_APPEND, name);
	}
	if_freenameindex(all);
	if (xpc_array_get_count(list) > 0)
		return list;
	xpc_release(list);
	return NULL;
}
