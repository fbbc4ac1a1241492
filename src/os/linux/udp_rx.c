/* SPDX-License-Identifier: ISC */
#include "os/linux/udp_rx.h"

#include <assert.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>

#include "os/sockaddr.h"

_Static_assert(UDP_CONTROL >=
	CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(int)),
    "both control messages fit");

void
udp_rx_init(struct udp_rx *rx)
{
	for (unsigned int i = 0; i < UDP_RX_SLOTS; i++) {
		rx->iovs[i] = (struct iovec){
			.iov_base = rx->data[i],
			.iov_len = sizeof(rx->data[i]),
		};
		rx->msgs[i].msg_hdr = (struct msghdr){
			.msg_name = &rx->names[i],
			.msg_iov = &rx->iovs[i],
			.msg_iovlen = 1,
			.msg_control = &rx->controls[i],
		};
	}
}

void
udp_rx_offload(int fd)
{
	const int on = 1;

	(void)setsockopt(fd, IPPROTO_UDP, UDP_GRO, &on, sizeof(on));
}

int
udp_rx_fill(struct udp_rx *rx, int fd)
{
	const int asked = batch_ask(&rx->batch, UDP_RX_SLOTS);

	assert(!udp_rx_more(rx));
	/* The kernel overwrote these lengths with what it used of the room. */
	for (int i = 0; i < asked; i++) {
		struct msghdr *m = &rx->msgs[i].msg_hdr;

		m->msg_namelen = sizeof(rx->names[i]);
		m->msg_controllen = sizeof(rx->controls[i]);
	}
	rx->count =
	    recvmmsg(fd, rx->msgs, (unsigned int)asked, MSG_DONTWAIT, NULL);
	rx->next = 0;
	rx->offset = 0;
	if (rx->count < 0)
		rx->count = 0;
	batch_got(&rx->batch, asked, rx->count);
	return rx->count;
}

/*
 * ipi_spec_dst is the address to answer from, also where the datagram went
 * to a broadcast address (ip(7)).
 */
static void
read_local_ipv4(struct addr *local, const struct in_pktinfo *info)
{
	local->family = ADDR_IPV4;
	memcpy(local->ip, &info->ipi_spec_dst, sizeof(info->ipi_spec_dst));
}

/* What the kernel says beside the bytes. *unit: of the datagrams of a run. */
static void
read_control(struct msghdr *m, struct addr *local, size_t *unit)
{
	struct in_pktinfo v4;
	struct in6_pktinfo v6;
	int size;

	*local = (struct addr){ .family = ADDR_NONE };
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL;
	     c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			memcpy(&v4, CMSG_DATA(c), sizeof(v4));
			read_local_ipv4(local, &v4);
		} else if (c->cmsg_level == IPPROTO_IPV6 &&
		    c->cmsg_type == IPV6_PKTINFO) {
			memcpy(&v6, CMSG_DATA(c), sizeof(v6));
			udp_control_read_ipv6(local, &v6);
		} else if (c->cmsg_level == IPPROTO_UDP &&
		    c->cmsg_type == UDP_GRO) {
			memcpy(&size, CMSG_DATA(c), sizeof(size));
			*unit = size > 0 ? (size_t)size : *unit;
		}
	}
}

static void
rx_next(struct udp_rx *rx)
{
	rx->next++;
	rx->offset = 0;
}

/* Hands out datagrams of the next message; returns how many. */
static int
take_message(struct udp_rx *rx, struct drop_counts *drops,
    struct udp_dgram *out, int max)
{
	struct msghdr *m = &rx->msgs[rx->next].msg_hdr;
	const size_t len = rx->msgs[rx->next].msg_len;
	struct path from;
	size_t unit = len;
	int n = 0;

	read_control(m, &from.local, &unit);
	if ((m->msg_flags & MSG_TRUNC) != 0 || unit > UDP_DGRAM_MAX ||
	    !sockaddr_to_addr(&from.remote, m->msg_name, m->msg_namelen)) {
		drop_add(drops, DROP_DGRAM_TRUNCATED);
		rx_next(rx);
		return 0;
	}
	do { /* once also for a datagram without bytes */
		out[n].data = rx->data[rx->next] + rx->offset;
		out[n].len = size_min(unit, len - rx->offset);
		out[n].from = from;
		rx->offset += out[n].len;
		n++;
	} while (rx->offset < len && n < max);
	if (rx->offset == len)
		rx_next(rx);
	return n;
}

int
udp_rx_take(struct udp_rx *rx, struct drop_counts *drops, struct udp_dgram *out,
    int max)
{
	int n = 0;

	while (n < max && udp_rx_more(rx))
		n += take_message(rx, drops, out + n, max - n);
	return n;
}

bool
udp_rx_more(const struct udp_rx *rx)
{
	return rx->next < rx->count;
}
