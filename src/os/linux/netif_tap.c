/* SPDX-License-Identifier: ISC */
#include "os/netif.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "os/batch.h"
#include "os/ifconf.h"
#include "os/log.h"
#include "os/sockaddr.h"

enum {
	FRAME_TAKEN_MIN = 1514, /* bytes; core takes so much at any MTU */
	SLOT_ALIGN = 64,        /* bytes; a cache line */
};

_Static_assert(NETIF_NAME_MAX == IFNAMSIZ, "names as the system has them");
_Static_assert(NETIF_HEAD % SLOT_ALIGN == 0, "frames are aligned");

struct netif {
	int fd;
	struct loop *loop;
	bool watched;
	char name[NETIF_NAME_MAX];
	struct drop_counts *drops;
	size_t frame_room; /* bytes of a slot behind its head room */
	struct batch batch;
	uint8_t *slots; /* NETIF_BATCH of them, behind this structure */
};

static size_t
round_up(size_t len, size_t align)
{
	return (len + align - 1) / align * align;
}

/*
 * The kernel cuts a frame longer than the room without a word; the byte more
 * than a tagged frame needs lets core see that it is too long.
 */
static struct netif *
alloc_netif(const struct netif_config *c, struct loop *l)
{
	const size_t head = round_up(sizeof(struct netif), SLOT_ALIGN);
	const size_t largest = size_max(FRAME_TAKEN_MIN,
	    FRAME_HEADER_LEN + FRAME_VLAN_LEN + (size_t)c->mtu);
	const size_t room = round_up(largest + 1, SLOT_ALIGN);
	uint8_t *memory =
	    aligned_alloc(SLOT_ALIGN, head + NETIF_BATCH * (NETIF_HEAD + room));
	struct netif *n = (void *)memory;

	if (n == NULL)
		return NULL;
	*n = (struct netif){
		.fd = -1,
		.loop = l,
		.drops = c->drops,
		.frame_room = room,
		.slots = memory + head,
	};
	return n;
}

/*
 * IFF_TUN_EXCL, because without it an interface that somebody else keeps
 * under this name would become ours.
 */
static int
open_tap(struct netif *n, const char *name)
{
	struct ifreq req = {
		.ifr_flags = (short)(IFF_TAP | IFF_NO_PI | IFF_TUN_EXCL),
	};

	memcpy(req.ifr_name, name, strnlen(name, IFNAMSIZ - 1));
	n->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (n->fd == -1 || ioctl(n->fd, TUNSETIFF, &req) == -1)
		return -1;
	memcpy(n->name, req.ifr_name, IFNAMSIZ - 1);
	return 0;
}

static void
log_open_error(const char *name)
{
	switch (errno) {
	case ENOENT:
	case ENODEV:
	case ENXIO:
		log_error("/dev/net/tun is missing: "
			  "load the tun module (modprobe tun)");
		break;
	case EPERM:
	case EACCES:
		log_error("making a TAP needs root or CAP_NET_ADMIN");
		break;
	case EBUSY:
		log_error("interface name %s is in use; "
			  "choose another with interface.name",
		    name);
		break;
	case EINVAL:
		log_error("%s cannot be the name of an interface; "
			  "choose another with interface.name",
		    name);
		break;
	default:
		log_error("cannot make the TAP %s: %s", name, strerror(errno));
		break;
	}
}

static int
set_addrs(const struct netif *n, const struct netif_config *c)
{
	assert(c->addr_count <= NETIF_ADDRS_MAX);
	for (unsigned int i = 0; i < c->addr_count; i++) {
		const struct ifconf_addr *a = &c->addrs[i];
		char text[SOCKADDR_TEXT_MAX];

		if (ifconf_add_addr(n->name, a) == 0)
			continue;
		if (errno == EAFNOSUPPORT)
			log_error("%s cannot have the address %s/%u: its "
				  "family is off here (for IPv6 see sysctl "
				  "net.ipv6.conf.default.disable_ipv6)",
			    n->name, sockaddr_text(&a->ip, text), a->prefix);
		else
			log_error("cannot give %s the address %s/%u: %s",
			    n->name, sockaddr_text(&a->ip, text), a->prefix,
			    strerror(errno));
		return -1;
	}
	return 0;
}

static int
configure(const struct netif *n, const struct netif_config *c)
{
	if (ifconf_set_mac(n->name, c->mac) == -1) {
		log_error("cannot set the MAC address of %s: %s; "
			  "choose another with interface.mac",
		    n->name, strerror(errno));
		return -1;
	}
	if (ifconf_set_mtu(n->name, c->mtu) == -1) {
		log_error("cannot set the MTU of %s to %u: %s; "
			  "choose another with interface.mtu",
		    n->name, c->mtu, strerror(errno));
		return -1;
	}
	if (set_addrs(n, c) == -1)
		return -1;
	if (ifconf_set_up(n->name) == -1) {
		log_error("cannot bring %s up: %s", n->name, strerror(errno));
		return -1;
	}
	return 0;
}

struct netif *
netif_open(const struct netif_config *c, struct loop *l)
{
	struct netif *n = alloc_netif(c, l);

	if (n == NULL) {
		log_error("no memory for frames of %u bytes", c->mtu);
		return NULL;
	}
	if (open_tap(n, c->name) == -1) {
		log_open_error(c->name);
		goto out;
	}
	if (configure(n, c) == -1)
		goto out;
	return n;
out:
	netif_close(n);
	return NULL;
}

void
netif_close(struct netif *n)
{
	const int error = errno;

	if (n == NULL)
		return;
	if (n->watched)
		loop_remove_read(n->loop, n->fd);
	if (n->fd != -1)
		close(n->fd);
	free(n);
	errno = error;
}

int
netif_watch(struct netif *n, loop_fn *fn, void *ctx)
{
	n->watched = loop_add_read(n->loop, n->fd, fn, ctx) == 0;
	return n->watched ? 0 : -1;
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

/*
 * Length of a frame; 0: none waiting, also while the interface is down; -1 with
 * errno: the interface is gone.
 */
static ssize_t
read_frame(const struct netif *n, uint8_t *out)
{
	ssize_t len;

	do
		len = read(n->fd, out, n->frame_room);
	while (len == -1 && errno == EINTR);
	return len == -1 && errno == EAGAIN ? 0 : len;
}

/*
 * Of a deleted interface the kernel says EBADFD, again and again: so an error
 * behind some frames is told by the next call.
 */
int
netif_recv(struct netif *n, struct frame *out, int max)
{
	uint8_t *slot = n->slots;
	const int asked = batch_ask(&n->batch, max);
	int count = 0;

	assert(max > 0 && max <= NETIF_BATCH);
	for (; count < asked; count++) {
		const ssize_t len = read_frame(n, slot + NETIF_HEAD);

		if (len == -1 && count == 0)
			return -1;
		if (len <= 0)
			break;
		out[count] = (struct frame){
			.data = slot + NETIF_HEAD,
			.len = (size_t)len,
			.gso = FRAME_GSO_NONE,
		};
		slot += NETIF_HEAD + n->frame_room;
	}
	batch_got(&n->batch, asked, count);
	return count;
}

/* A TAP without virtio-net headers takes only frames that are complete. */
static bool
frame_is_plain(const struct frame *f)
{
	return f->gso == FRAME_GSO_NONE && f->csum_start == 0 &&
	    f->csum_offset == 0;
}

static bool
write_frame(const struct netif *n, const struct frame *f)
{
	ssize_t len;

	do
		len = write(n->fd, f->data, f->len);
	while (len == -1 && errno == EINTR);
	return len >= 0;
}

void
netif_send(struct netif *n, const struct frame *frames, int count)
{
	for (int i = 0; i < count; i++) {
		if (!frame_is_plain(&frames[i]) || !write_frame(n, &frames[i]))
			drop_add(n->drops, DROP_LAN_SEND);
	}
}

/* A TAP stays what it is until its descriptor is closed. */
void
netif_check(struct netif *n, bool woke)
{
	(void)n;
	(void)woke;
}

uint64_t
netif_tick(struct netif *n, uint64_t awake_ns)
{
	(void)n;
	(void)awake_ns;
	return NEVER;
}

struct netif_counts
netif_count(const struct netif *n)
{
	(void)n;
	return (struct netif_counts){ .restarts = 0 };
}

int
netif_list(void (*fn)(void *ctx, const char *name), void *ctx)
{
	(void)fn;
	(void)ctx;
	errno = ENOTSUP;
	return -1;
}
