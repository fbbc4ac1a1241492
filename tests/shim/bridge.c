/* SPDX-License-Identifier: ISC */
#include "bridge.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "os/sockaddr.h"

int __real_getifaddrs(struct ifaddrs **out);
int __wrap_getifaddrs(struct ifaddrs **out);
void __real_freeifaddrs(struct ifaddrs *list);
void __wrap_freeifaddrs(struct ifaddrs *list);
unsigned int __real_if_nametoindex(const char *name);
unsigned int __wrap_if_nametoindex(const char *name);

/* What stands in front of the system's own list. */
struct front {
	struct ifaddrs entries[BRIDGE_ADDRS];
	struct sockaddr_storage addrs[BRIDGE_ADDRS];
	struct ifaddrs *rest;
};

static char bridge_name[] = BRIDGE_NAME;

static struct {
	pthread_mutex_t lock;
	const void *owner; /* NULL: it is not there */
	uint8_t mac[FRAME_MAC_LEN];
	struct ifconf_addr addrs[BRIDGE_ADDRS];
	unsigned int count;
	long late;
} bridge = { .lock = PTHREAD_MUTEX_INITIALIZER };

static int
fail(int error)
{
	errno = error;
	return -1;
}

void
bridge_make(const void *owner, const char *ip, long late)
{
	static const uint8_t mac[FRAME_MAC_LEN] = { 0x3a, 0x12, 0x34, 0x56,
		0x78, 0x64 };

	pthread_mutex_lock(&bridge.lock);
	bridge.owner = owner;
	bridge.count = 0;
	bridge.late = late;
	memcpy(bridge.mac, mac, sizeof(mac));
	if (ip != NULL && sockaddr_parse(&bridge.addrs[0].ip, ip) == 0)
		bridge.count = 1;
	pthread_mutex_unlock(&bridge.lock);
}

void
bridge_lose_address(const void *owner)
{
	pthread_mutex_lock(&bridge.lock);
	if (bridge.owner == owner)
		bridge.count = 0;
	pthread_mutex_unlock(&bridge.lock);
}

void
bridge_remove(const void *owner)
{
	pthread_mutex_lock(&bridge.lock);
	if (bridge.owner == owner)
		bridge.owner = NULL;
	pthread_mutex_unlock(&bridge.lock);
}

bool
bridge_is(const char *name)
{
	pthread_mutex_lock(&bridge.lock);
	const bool there = bridge.owner != NULL;
	pthread_mutex_unlock(&bridge.lock);
	return there && strcmp(name, bridge_name) == 0;
}

int
bridge_get_device(struct linux_device *out)
{
	pthread_mutex_lock(&bridge.lock);
	const bool there = bridge.owner != NULL;
	*out = (struct linux_device){
		.flags = IFF_UP | IFF_RUNNING,
		.mtu = 1500,
		.has_mac = true,
	};
	memcpy(out->mac, bridge.mac, FRAME_MAC_LEN);
	pthread_mutex_unlock(&bridge.lock);
	return there ? 0 : fail(ENXIO);
}

int
bridge_set_mac(const uint8_t mac[static FRAME_MAC_LEN])
{
	pthread_mutex_lock(&bridge.lock);
	memcpy(bridge.mac, mac, FRAME_MAC_LEN);
	pthread_mutex_unlock(&bridge.lock);
	return 0;
}

static bool
has(const struct addr *ip)
{
	for (unsigned int i = 0; i < bridge.count; i++)
		if (addr_equal(&bridge.addrs[i].ip, ip))
			return true;
	return false;
}

bool
bridge_has(const struct addr *ip)
{
	pthread_mutex_lock(&bridge.lock);
	const bool found = bridge.owner != NULL && has(ip);
	pthread_mutex_unlock(&bridge.lock);
	return found;
}

int
bridge_add_addr(const struct ifconf_addr *a)
{
	int error = 0;

	pthread_mutex_lock(&bridge.lock);
	if (has(&a->ip))
		error = EEXIST;
	else if (bridge.count == BRIDGE_ADDRS)
		error = ENOBUFS;
	else
		bridge.addrs[bridge.count++] = *a;
	pthread_mutex_unlock(&bridge.lock);
	return error == 0 ? 0 : fail(error);
}

/* With the lock. */
static struct front *
front_create(struct ifaddrs *rest)
{
	struct front *f = calloc(1, sizeof(*f));

	if (f == NULL)
		abort();
	f->rest = rest;
	for (unsigned int i = 0; i < bridge.count; i++) {
		(void)sockaddr_from_addr(&f->addrs[i], &bridge.addrs[i].ip);
		f->entries[i] = (struct ifaddrs){
			.ifa_name = bridge_name,
			.ifa_flags = IFF_UP | IFF_RUNNING,
			.ifa_addr = (struct sockaddr *)&f->addrs[i],
			.ifa_next =
			    i + 1 < bridge.count ? &f->entries[i + 1] : rest,
		};
	}
	return f;
}

int
__wrap_getifaddrs(struct ifaddrs **out)
{
	if (__real_getifaddrs(out) == -1)
		return -1;
	pthread_mutex_lock(&bridge.lock);
	if (bridge.owner != NULL && bridge.count > 0 && bridge.late-- <= 0)
		*out = front_create(*out)->entries;
	pthread_mutex_unlock(&bridge.lock);
	return 0;
}

/* A list of ours is known by the name, which is nobody else's string. */
void
__wrap_freeifaddrs(struct ifaddrs *list)
{
	if (list == NULL || list->ifa_name != bridge_name) {
		__real_freeifaddrs(list);
		return;
	}
	struct front *f = (struct front *)(void *)list;
	__real_freeifaddrs(f->rest);
	free(f);
}

unsigned int
__wrap_if_nametoindex(const char *name)
{
	return bridge_is(name) ? BRIDGE_INDEX : __real_if_nametoindex(name);
}
