/* SPDX-License-Identifier: ISC */
/*
 * Multicast over UDP, as mDNS does it (RFC 6762: 224.0.0.251, ff02::fb,
 * port 5353).
 *	mcast send GROUP PORT INTERFACE TEXT
 *	mcast listen GROUP PORT INTERFACE
 * Listening prints "ready", then each text that comes in, until it is killed.
 * Sources: ip(7), ipv6(7), RFC 3678 for MCAST_JOIN_GROUP.
 */
#include <arpa/inet.h>
#include <err.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum {
	TEXT_MAX = 1024,
};

static struct sockaddr_storage
group_parse(const char *group, const char *port, const char *name)
{
	const struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
		.ai_socktype = SOCK_DGRAM,
	};
	struct addrinfo *found;
	struct sockaddr_storage sa = { 0 };

	if (getaddrinfo(group, port, &hints, &found) != 0)
		errx(64, "%s %s: not an address and a port", group, port);
	memcpy(&sa, found->ai_addr, found->ai_addrlen);
	freeaddrinfo(found);
	if (sa.ss_family == AF_INET6)
		((struct sockaddr_in6 *)&sa)->sin6_scope_id =
		    if_nametoindex(name);
	return sa;
}

static socklen_t
group_len(const struct sockaddr_storage *sa)
{
	return sa->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6)
					 : sizeof(struct sockaddr_in);
}

static int
group_socket(const struct sockaddr_storage *sa)
{
	const int fd = socket(sa->ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd == -1)
		err(1, "socket");
	return fd;
}

static void
mcast_send(
    const struct sockaddr_storage *to, const char *name, const char *text)
{
	const int fd = group_socket(to);
	const int index = (int)if_nametoindex(name);
	const struct ip_mreqn out = { .imr_ifindex = index };
	int rc;

	if (to->ss_family == AF_INET6)
		rc = setsockopt(
		    fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &index, sizeof(index));
	else
		rc = setsockopt(
		    fd, IPPROTO_IP, IP_MULTICAST_IF, &out, sizeof(out));
	if (rc == -1)
		err(1, "%s", name);
	if (sendto(fd, text, strlen(text), 0, (const struct sockaddr *)to,
		group_len(to)) == -1)
		err(1, "send");
}

static void
mcast_listen(const struct sockaddr_storage *group, const char *name)
{
	char buf[TEXT_MAX];
	const int fd = group_socket(group);
	const int level =
	    group->ss_family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP;
	const struct group_req join = {
		.gr_interface = if_nametoindex(name),
		.gr_group = *group,
	};

	if (bind(fd, (const struct sockaddr *)group, group_len(group)) == -1)
		err(1, "bind");
	if (setsockopt(fd, level, MCAST_JOIN_GROUP, &join, sizeof(join)) == -1)
		err(1, "joining on %s", name);
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("ready");
	for (;;) {
		const ssize_t n = recv(fd, buf, sizeof(buf), 0);
		if (n == -1)
			err(1, "recv");
		printf("%.*s\n", (int)n, buf);
	}
}

int
main(int argc, char *argv[])
{
	if (argc < 5)
		errx(64, "usage: mcast send|listen GROUP PORT INTERFACE");
	const struct sockaddr_storage group =
	    group_parse(argv[2], argv[3], argv[4]);
	if (argc == 6 && strcmp(argv[1], "send") == 0)
		mcast_send(&group, argv[4], argv[5]);
	else if (argc == 5 && strcmp(argv[1], "listen") == 0)
		mcast_listen(&group, argv[4]);
	else
		errx(64, "usage: mcast send|listen GROUP PORT INTERFACE");
	return 0;
}
