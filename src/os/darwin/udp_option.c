/* SPDX-License-Identifier: ISC */
#include "os/udp_option.h"

#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>

#include "os/log.h"
#include "os/udp.h"

enum {
	/*
	 * UDP has no send queue in XNU: this is the longest datagram and
	 * what lies beside it (udp_sendspace in bsd/netinet/udp_usrreq.c).
	 * Near the limit a send that must not wait fails with EWOULDBLOCK for
	 * ever, hence far more than 65535 bytes (quinn-udp/src/unix.rs).
	 */
	UDP_SEND_BUFFER = 128 << 10, /* bytes */
};

/*
 * Bytes to receive into, the first that the system agrees to. The limit is
 * kern.ipc.maxsockbuf, 8 MiB, scaled by 2048/2304 up to macOS 13 and there an
 * error (sbreserve in bsd/kern/uipc_socket2.c).
 */
static const int receive_buffers[] = { 7 << 20, 4 << 20, 2 << 20, 1 << 20 };

static int
set_option(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value));
}

/* IP_PKTINFO is 26, IP_DONTFRAG 28: XNU bsd/netinet/in.h:444-447. */
static int
set_options_ipv4(int fd)
{
	if (set_option(fd, IPPROTO_IP, IP_PKTINFO, 1) == -1)
		return -1;
	return set_option(fd, IPPROTO_IP, IP_DONTFRAG, 1);
}

/* IPV6_RECVPKTINFO is 61, IPV6_DONTFRAG 62: bsd/netinet6/in6.h:589,629. */
static int
set_options_ipv6(int fd)
{
	if (set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) == -1)
		return -1;
	if (set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) == -1)
		return -1;
	return set_option(fd, IPPROTO_IPV6, IPV6_DONTFRAG, 1);
}

int
udp_option_set(int fd, enum addr_family family)
{
	return family == ADDR_IPV4 ? set_options_ipv4(fd)
				   : set_options_ipv6(fd);
}

bool
udp_option_buffers(int fd)
{
	int bytes = 0;
	socklen_t len = sizeof(bytes);

	(void)set_option(fd, SOL_SOCKET, SO_SNDBUF, UDP_SEND_BUFFER);
	for (size_t i = 0; i < ARRAY_LEN(receive_buffers); i++) {
		if (set_option(fd, SOL_SOCKET, SO_RCVBUF, receive_buffers[i]) ==
		    0)
			break;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, &len) == -1)
		return false;
	return bytes >= UDP_BUFFER_SMALL;
}

void
udp_option_warn_small(void)
{
	log_warn("socket buffers are small, bursts will be lost: set sysctl "
		 "kern.ipc.maxsockbuf to %d",
	    8 << 20);
}
