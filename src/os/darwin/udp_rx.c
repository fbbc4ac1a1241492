/* SPDX-License-Identifier: ISC */
#include "os/darwin/udp_rx.h"

#include <netinet/in.h>
#include <string.h>

#include "os/sockaddr.h"

/* kern.ipc.maxrecvmsgx is 100 up to macOS 13, and cuts without a word. */
_Static_assert(UDP_BATCH <= 100, "one call can bring a whole batch");
_Static_assert(UDP_RX_SLOT > UDP_DGRAM_MAX, "one that is too long is seen");

/*
 * The kernel overwrote all that says how much room there is, refuses flags
 * that are not 0, and leaves the control messages of another datagram where
 * it has none (msg_controllen in macOS 10.15; quinn-udp/src/unix.rs).
 */
static void
rx_reset(struct udp_rx *rx, int i)
{
	memset(&rx->controls[i], 0, sizeof(struct cmsghdr));
	rx->iovs[i] = (struct iovec){
		.iov_base = rx->data[i],
		.iov_len = sizeof(rx->data[i]),
	};
	rx->msgs[i] = (struct udp_msgx){
		.msg_name = &rx->names[i],
		.msg_namelen = sizeof(rx->names[i]),
		.msg_iov = &rx->iovs[i],
		.msg_iovlen = 1,
		.msg_control = &rx->controls[i],
		.msg_controllen = sizeof(rx->controls[i]),
	};
}

int
udp_rx_fill(struct udp_rx *rx, int fd, int max)
{
	const int asked = batch_ask(&rx->batch, max);
	int n;

	for (int i = 0; i < asked; i++)
		rx_reset(rx, i);
	n = udp_msgx_do(&rx->call, fd, rx->msgs, (unsigned int)asked);
	batch_got(&rx->batch, asked, n > 0 ? n : 0);
	return n;
}

/*
 * XNU tells where a datagram went in ipi_addr, and nothing in ipi_spec_dst
 * (ip_savecontrol in bsd/netinet/ip_input.c:3930), so groups and broadcasts
 * must be told apart here: they cannot be the source of an answer.
 */
static void
read_local_ipv4(struct addr *local, const struct in_pktinfo *info)
{
	const uint32_t ip = ntohl(info->ipi_addr.s_addr);

	if (ip == INADDR_ANY || ip == INADDR_BROADCAST || IN_MULTICAST(ip))
		return;
	local->family = ADDR_IPV4;
	memcpy(local->ip, &info->ipi_addr, sizeof(info->ipi_addr));
}

static void
read_message(const struct cmsghdr *c, struct addr *local)
{
	const void *data = (const uint8_t *)c + CMSG_LEN(0);
	struct in_pktinfo v4;
	struct in6_pktinfo v6;

	if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO &&
	    c->cmsg_len >= CMSG_LEN(sizeof(v4))) {
		memcpy(&v4, data, sizeof(v4));
		read_local_ipv4(local, &v4);
	} else if (c->cmsg_level == IPPROTO_IPV6 &&
	    c->cmsg_type == IPV6_PKTINFO &&
	    c->cmsg_len >= CMSG_LEN(sizeof(v6))) {
		memcpy(&v6, data, sizeof(v6));
		udp_control_read_ipv6(local, &v6);
	}
}

/* XNU's CMSG_NXTHDR stays for ever at a message of length 0. */
static struct addr
read_control(const struct udp_msgx *m)
{
	struct addr local = { .family = ADDR_NONE };
	struct msghdr h = {
		.msg_control = m->msg_control,
		.msg_controllen = m->msg_controllen,
	};

	for (struct cmsghdr *c = CMSG_FIRSTHDR(&h);
	     c != NULL && c->cmsg_len >= CMSG_LEN(0); c = CMSG_NXTHDR(&h, c))
		read_message(c, &local);
	return local;
}

int
udp_rx_take(
    struct udp_rx *rx, int n, struct drop_counts *drops, struct udp_dgram *out)
{
	int taken = 0;

	for (int i = 0; i < n; i++) {
		const struct udp_msgx *m = &rx->msgs[i];
		struct udp_dgram *d = &out[taken];

		if ((m->msg_flags & MSG_TRUNC) != 0 ||
		    m->msg_datalen > UDP_DGRAM_MAX ||
		    m->msg_namelen > sizeof(rx->names[i]) ||
		    !sockaddr_to_addr(
			&d->from.remote, m->msg_name, m->msg_namelen)) {
			drop_add(drops, DROP_DGRAM_TRUNCATED);
			continue;
		}
		d->from.local = read_control(m);
		d->data = rx->data[i];
		d->len = m->msg_datalen;
		taken++;
	}
	return taken;
}
