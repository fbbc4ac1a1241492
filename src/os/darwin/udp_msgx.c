/* SPDX-License-Identifier: ISC */
#include "os/darwin/udp_msgx.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include "os/log.h"

/* ISO C knows no conversion of what dlsym(3) returns to a function. */
static udp_msgx_fn *
find(const char *name)
{
	void *symbol = dlsym(RTLD_DEFAULT, name);
	udp_msgx_fn *fn;

	_Static_assert(sizeof(fn) == sizeof(symbol), "POSIX dlsym");
	memcpy(&fn, &symbol, sizeof(fn));
	return fn;
}

static struct msghdr
plain_header(const struct udp_msgx *m)
{
	struct msghdr h = {
		.msg_name = m->msg_name,
		.msg_namelen = m->msg_namelen,
		.msg_iov = m->msg_iov,
		.msg_control = m->msg_control,
		.msg_controllen = m->msg_controllen,
	};

	h.msg_iovlen = 1;
	return h;
}

static ssize_t
send_plain(int fd, struct udp_msgx *msgs, unsigned int count, int flags)
{
	unsigned int n = 0;

	for (; n < count; n++) {
		const struct msghdr h = plain_header(&msgs[n]);

		if (sendmsg(fd, &h, flags) == -1)
			break;
	}
	return n > 0 ? (ssize_t)n : -1;
}

static ssize_t
recv_plain(int fd, struct udp_msgx *msgs, unsigned int count, int flags)
{
	unsigned int n = 0;

	for (; n < count; n++) {
		struct msghdr h = plain_header(&msgs[n]);
		const ssize_t len = recvmsg(fd, &h, flags);

		if (len == -1)
			break;
		msgs[n].msg_namelen = h.msg_namelen;
		msgs[n].msg_controllen = (socklen_t)h.msg_controllen;
		msgs[n].msg_flags = h.msg_flags;
		msgs[n].msg_datalen = (size_t)len;
	}
	return n > 0 ? (ssize_t)n : -1;
}

static struct udp_msgx_call
make_call(const char *name, udp_msgx_fn *plain)
{
	udp_msgx_fn *fn = find(name);

	if (fn == NULL)
		log_info("this system has no %s, plain calls are slower", name);
	return (struct udp_msgx_call){
		.name = name,
		.fn = fn != NULL ? fn : plain,
		.plain = plain,
		.works = fn == NULL,
	};
}

void
udp_msgx_init(struct udp_msgx_call *send, struct udp_msgx_call *recv)
{
	*send = make_call("sendmsg_x", send_plain);
	*recv = make_call("recvmsg_x", recv_plain);
}

/* Datagrams may deserve their EINVAL; then the plain call gives it too. */
static ssize_t
try_plain(
    struct udp_msgx_call *c, int fd, struct udp_msgx *msgs, unsigned int count)
{
	const ssize_t n = c->plain(fd, msgs, count, MSG_DONTWAIT);

	if (n == -1 && errno == EINVAL)
		return n;
	log_info(
	    "this system's %s does not work, plain calls are slower", c->name);
	c->fn = c->plain;
	c->works = true;
	return n;
}

int
udp_msgx_do(
    struct udp_msgx_call *c, int fd, struct udp_msgx *msgs, unsigned int count)
{
	ssize_t n = c->fn(fd, msgs, count, MSG_DONTWAIT);

	if (n == -1 && !c->works && (errno == ENOSYS || errno == EINVAL))
		n = try_plain(c, fd, msgs, count);
	c->works |= n > 0;
	return (int)n;
}
