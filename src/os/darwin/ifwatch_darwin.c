/* SPDX-License-Identifier: ISC */
/* XNU's lines are those of xnu-11417.101.15. */
#include "os/ifwatch.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/route.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	MSG_MAX = 2048, /* bytes; the longest has a header and 8 addresses */

	/*
	 * Bytes. By default 8 KiB (bsd/net/raw_cb.h:87), and what does not fit
	 * is dropped without a word (bsd/net/raw_usrreq.c:144); FreeBSD says
	 * ENOBUFS, and so may a later system.
	 */
	BUFFER = 128 << 10,

	/*
	 * What the system does for itself: neighbours found (ARP), routes made
	 * of others for one destination, groups, and what comes with an
	 * address of ours and so is told of by RTM_NEWADDR.
	 */
	ROUTE_NOISE = RTF_LLINFO | RTF_WASCLONED | RTF_MULTICAST |
	    RTF_BROADCAST | RTF_LOCAL,
};

/* One message, not aligned. */
struct message {
	uint8_t bytes[MSG_MAX];
	size_t len;
};

/* What all kinds of message begin with: bsd/net/route_private.h:293,
 * struct rt_msghdr_common. */
struct message_head {
	uint16_t len;
	uint8_t version;
	uint8_t type;
};

static bool
message_get(const struct message *m, void *out, size_t len)
{
	if (m->len < len)
		return false;
	memcpy(out, m->bytes, len);
	return true;
}

/* What vmnet makes for itself has a name like vmenet0. */
static bool
is_vmnet(unsigned int index)
{
	static const char prefix[] = "vmenet";
	char name[IF_NAMESIZE];

	return if_indextoname(index, name) != NULL &&
	    strncmp(name, prefix, sizeof(prefix) - 1) == 0;
}

/* Index 0 is no interface's; a route need not name one. */
static bool
is_ignored(unsigned int index, unsigned int own)
{
	return index != 0 && (index == own || is_vmnet(index));
}

/* Sent when an interface goes up or down or gets another MTU, and of one that
 * is gone already: bsd/net/if.c:1643, :4075. */
static bool
link_is_news(const struct message *m, unsigned int own)
{
	char name[IF_NAMESIZE];
	struct if_msghdr h;

	return message_get(m, &h, sizeof(h)) && !is_ignored(h.ifm_index, own) &&
	    if_indextoname(h.ifm_index, name) != NULL;
}

static bool
addr_is_news(const struct message *m, unsigned int own)
{
	struct ifa_msghdr h;

	return message_get(m, &h, sizeof(h)) && !is_ignored(h.ifam_index, own);
}

/* What a process asked for in vain is told to all with the reason:
 * bsd/net/rtsock.c route_output(). */
static bool
route_is_news(const struct message *m, unsigned int own)
{
	struct rt_msghdr h;

	return message_get(m, &h, sizeof(h)) && h.rtm_errno == 0 &&
	    (h.rtm_flags & ROUTE_NOISE) == 0 && !is_ignored(h.rtm_index, own);
}

static bool
is_news(const struct message *m, unsigned int own)
{
	struct message_head h;

	if (!message_get(m, &h, sizeof(h)) || h.len != m->len ||
	    h.version != RTM_VERSION)
		return false;
	switch (h.type) {
	case RTM_IFINFO:
		return link_is_news(m, own);
	case RTM_NEWADDR:
	case RTM_DELADDR:
		return addr_is_news(m, own);
	case RTM_ADD:
	case RTM_DELETE:
	case RTM_CHANGE:
		return route_is_news(m, own);
	default:
		return false;
	}
}

int
ifwatch_open(void)
{
	const int fd = socket(PF_ROUTE, SOCK_RAW, AF_UNSPEC);
	const int buffer = BUFFER;
	int error;

	if (fd == -1)
		return -1;
	/* It goes without, too. */
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
	if (fcntl(fd, F_SETFL, O_NONBLOCK) == 0 &&
	    fcntl(fd, F_SETFD, FD_CLOEXEC) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* Each read gives one message. */
bool
ifwatch_read(int fd, const char *own)
{
	const unsigned int own_index = own[0] == '\0' ? 0 : if_nametoindex(own);
	struct message m;
	bool news = false;

	for (int i = 0; i < IFWATCH_READS; i++) {
		const ssize_t len = read(fd, m.bytes, sizeof(m.bytes));

		if (len == -1 && errno != ENOBUFS && errno != EINTR)
			break;
		m.len = len == -1 ? 0 : (size_t)len;
		if (len == -1)
			news = news || errno == ENOBUFS;
		else if (is_news(&m, own_index))
			news = true;
	}
	return news;
}
