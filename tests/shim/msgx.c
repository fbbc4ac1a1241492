/* SPDX-License-Identifier: ISC */
#include "msgx.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

enum {
	COUNT_MAX = 1024, /* UIO_MAXIOV, bsd/sys/uio.h */
};

struct msgx msgx;

void *__real_dlsym(void *handle, const char *name);
int __real_setsockopt(
    int fd, int level, int option, const void *value, socklen_t len);

/* TSan calls it before TSan itself is ready. */
__attribute__((disable_sanitizer_instrumentation)) void *
__wrap_dlsym(void *handle, const char *name)
{
	if (msgx.missing && strstr(name, "msg_x") != NULL)
		return NULL;
	return __real_dlsym(handle, name);
}

/* sbreserve in bsd/kern/uipc_socket2.c, as up to macOS 13. */
static bool
buffer_is_refused(int option, int value)
{
	if (option == SO_SNDBUF)
		msgx.send_buffer = value;
	if (option != SO_RCVBUF)
		return false;
	if (msgx.asked_count < MSGX_ASKED)
		msgx.asked[msgx.asked_count++] = value;
	return msgx.buffer_max != 0 && value > msgx.buffer_max;
}

int
__wrap_setsockopt(
    int fd, int level, int option, const void *value, socklen_t len)
{
	int number = 0;

	if (len == sizeof(number))
		memcpy(&number, value, sizeof(number));
	if (level == SOL_SOCKET && buffer_is_refused(option, number)) {
		errno = ENOBUFS;
		return -1;
	}
	if (level == IPPROTO_IP && option == IP_DONTFRAG) {
		option = IP_MTU_DISCOVER;
		number = number != 0 ? IP_PMTUDISC_PROBE : IP_PMTUDISC_DONT;
		value = &number;
	}
	return __real_setsockopt(fd, level, option, value, len);
}

/* Both calls know MSG_DONTWAIT only. */
static bool
is_valid(unsigned int count, int flags)
{
	if (count > msgx.most)
		msgx.most = count;
	return count > 0 && count <= COUNT_MAX && (flags & ~MSG_DONTWAIT) == 0;
}

static unsigned int
capped(unsigned int count)
{
	const unsigned int cap = msgx.cap == 0 ? MSGX_CAP : msgx.cap;

	return count < cap ? count : cap;
}

/* A source that is not ours is EINVAL on Linux, EADDRNOTAVAIL in XNU
 * (bsd/netinet/ip_output.c:747). */
static int
send_one(int fd, const struct udp_msgx *m, int flags)
{
	const struct msghdr h = {
		.msg_name = m->msg_name,
		.msg_namelen = m->msg_namelen,
		.msg_iov = m->msg_iov,
		.msg_iovlen = (size_t)m->msg_iovlen,
		.msg_control = m->msg_control,
		.msg_controllen = m->msg_controllen,
	};
	const int error = msgx.refuse == NULL ? 0 : msgx.refuse(m);

	if (m->msg_flags != 0 || m->msg_datalen != 0)
		return EINVAL;
	if (error != 0)
		return error;
	if (sendmsg(fd, &h, flags) != -1)
		return 0;
	return errno == EINVAL && m->msg_controllen > 0 ? EADDRNOTAVAIL : errno;
}

/* These make a short count behind a success, at :1951; others hide it. */
static bool
is_swallowed(int error)
{
	return error == EINTR || error == EWOULDBLOCK || error == ENOBUFS ||
	    error == EMSGSIZE;
}

ssize_t
sendmsg_x(int fd, struct udp_msgx *msgs, unsigned int count, int flags)
{
	unsigned int i = 0;
	int error = 0;

	msgx.send_calls++;
	if (msgx.send_error != 0 || !is_valid(count, flags)) {
		errno = msgx.send_error != 0 ? msgx.send_error : EINVAL;
		return -1;
	}
	count = capped(count);
	while (i < count && error == 0) {
		error = send_one(fd, &msgs[i], flags);
		i += error == 0;
	}
	if (error == 0 || (i > 0 && is_swallowed(error)))
		return (ssize_t)i;
	errno = error;
	return -1;
}

/* XNU leaves ipi_spec_dst empty (bsd/netinet/ip_input.c:3930). */
static void
change_pktinfo(struct msghdr *h)
{
	struct in_pktinfo info;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c != NULL;
	     c = CMSG_NXTHDR(h, c)) {
		if (c->cmsg_level != IPPROTO_IP || c->cmsg_type != IP_PKTINFO)
			continue;
		memcpy(&info, CMSG_DATA(c), sizeof(info));
		info.ipi_spec_dst.s_addr = 0;
		if (msgx.went_to != 0)
			info.ipi_addr.s_addr = htonl(msgx.went_to);
		memcpy(CMSG_DATA(c), &info, sizeof(info));
	}
}

/* The room for an address is what msg_namelen says; the length that comes
 * back is the address's own (copyout_maddr at :2004). */
static void
put_name(struct udp_msgx *m, const struct msghdr *h)
{
	const size_t room = m->msg_namelen;
	const size_t len = h->msg_namelen;

	memcpy(m->msg_name, h->msg_name, room < len ? room : len);
	m->msg_namelen = (socklen_t)len;
}

static int
recv_one(int fd, struct udp_msgx *m, int flags)
{
	struct sockaddr_storage name;
	struct msghdr h = {
		.msg_name = &name,
		.msg_namelen = sizeof(name),
		.msg_iov = m->msg_iov,
		.msg_iovlen = (size_t)m->msg_iovlen,
		.msg_control = msgx.no_control ? NULL : m->msg_control,
		.msg_controllen = msgx.no_control ? 0 : m->msg_controllen,
	};
	const ssize_t len = recvmsg(fd, &h, flags);

	if (len == -1)
		return errno;
	put_name(m, &h);
	change_pktinfo(&h);
	if (!msgx.control_untouched)
		m->msg_controllen = (socklen_t)h.msg_controllen;
	m->msg_flags = msgx.is_list ? 0 : h.msg_flags;
	m->msg_flags |= msgx.cut ? MSG_TRUNC : 0;
	m->msg_datalen = (size_t)len;
	if (msgx.iov_used)
		m->msg_iov->iov_len = (size_t)len;
	return 0;
}

ssize_t
recvmsg_x(int fd, struct udp_msgx *msgs, unsigned int count, int flags)
{
	unsigned int i = 0;
	int error = msgx.recv_error;

	msgx.recv_calls++;
	if (error == 0 && !is_valid(count, flags))
		error = EINVAL;
	for (unsigned int k = 0; k < count && error == 0; k++)
		error = msgs[k].msg_flags != 0 ? EINVAL : 0;
	count = capped(count);
	while (i < count && error == 0) {
		error = recv_one(fd, &msgs[i], flags);
		i += error == 0;
		if (error == 0 && (msgs[i - 1].msg_flags & MSG_TRUNC) != 0)
			break;
	}
	if (i > 0)
		return (ssize_t)i;
	errno = error;
	return -1;
}
