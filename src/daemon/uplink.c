/* SPDX-License-Identifier: ISC */
#include "daemon/uplink.h"

#include <errno.h>
#include <string.h>

#include "os/log.h"

int
uplink_watch(struct uplink *u)
{
	for (int i = 0; i < UDP_SOCKETS; i++) {
		const int fd = udp_fd(u->udp, i);

		if (fd >= 0 &&
		    loop_add_read(u->loop, fd, u->read[i], u->ctx) != 0)
			return -1;
	}
	return 0;
}

static void
unwatch(struct uplink *u)
{
	for (int i = 0; i < UDP_SOCKETS; i++)
		if (udp_fd(u->udp, i) >= 0)
			loop_remove(u->loop, udp_fd(u->udp, i));
}

/* udp_reopen logs what it does, and is due again if it fails. */
void
uplink_reopen(struct uplink *u, uint64_t now_ns)
{
	unwatch(u);
	if (udp_reopen(u->udp) < 0)
		u->again_ns = now_ns + UPLINK_PAUSE;
	if (uplink_watch(u) != 0)
		log_error("the main loop cannot watch: %s", strerror(errno));
}

uint64_t
uplink_tick(struct uplink *u, uint64_t now_ns)
{
	if (!udp_is_stale(u->udp))
		return NEVER;
	if (now_ns >= u->again_ns) {
		u->again_ns = now_ns + UPLINK_PAUSE;
		uplink_reopen(u, now_ns);
	}
	return u->again_ns;
}
