/* SPDX-License-Identifier: ISC */
#include "os/udp_option.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "os/log.h"
#include "os/udp.h"

enum {
	UDP_BUFFER = 4 << 20, /* bytes asked of the system, each way */
};

static int
set_option(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value));
}

/*
 * PMTUDISC_PROBE sets don't-fragment and ignores the path MTU that the kernel
 * learned from ICMP, which anyone can forge (ip(7)).
 */
static int
set_options_ipv4(int fd)
{
	if (set_option(fd, IPPROTO_IP, IP_PKTINFO, 1) == -1)
		return -1;
	return set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
}

static int
set_options_ipv6(int fd)
{
	if (set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) == -1)
		return -1;
	if (set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) == -1)
		return -1;
	if (set_option(fd, IPPROTO_IPV6, IPV6_DONTFRAG, 1) == -1)
		return -1;
	return set_option(
	    fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE);
}

int
udp_option_set(int fd, enum addr_family family)
{
	return family == ADDR_IPV4 ? set_options_ipv4(fd)
				   : set_options_ipv6(fd);
}

/*
 * Asks for UDP_BUFFER, beyond the system's limit if we may (socket(7)).
 * Returns what we got; the kernel tells twice the bytes of payload.
 */
static int
set_buffer(int fd, int force, int plain, int get)
{
	int bytes = 0;
	socklen_t len = sizeof(bytes);

	if (set_option(fd, SOL_SOCKET, force, UDP_BUFFER) == -1)
		(void)set_option(fd, SOL_SOCKET, plain, UDP_BUFFER);
	if (getsockopt(fd, SOL_SOCKET, get, &bytes, &len) == -1)
		return 0;
	return bytes / 2;
}

bool
udp_option_buffers(int fd)
{
	const int in = set_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF, SO_RCVBUF);
	const int out = set_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF, SO_SNDBUF);

	return in >= UDP_BUFFER_SMALL && out >= UDP_BUFFER_SMALL;
}

void
udp_option_warn_small(void)
{
	log_warn("socket buffers are small, bursts will be lost: set sysctl "
		 "net.core.rmem_max and net.core.wmem_max to %d",
	    UDP_BUFFER);
}
