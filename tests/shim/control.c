/* SPDX-License-Identifier: ISC */
/*
 * The switches of the stand-in for vmnet, shim.h: by function, environment and
 * socket.
 * Thread: any; one of its own serves the socket as long as the process lives.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"
#include "inner.h"

enum {
	LINE = 512, /* bytes of a control line, with its NUL */
};

static const struct {
	const char *name;
	long first; /* after shim_reset */
} knobs[KNOB_COUNT] = {
	[KNOB_MEMORY] = { "memory", 1 },
	[KNOB_START_NULL] = { "start_null", 0 },
	[KNOB_START_MUTE] = { "start_mute", 0 },
	[KNOB_START_FAIL] = { "start_fail", 0 },
	[KNOB_START_STATUS] = { "start_status", VMNET_FAILURE },
	[KNOB_START_DELAY] = { "start_delay", 0 },
	[KNOB_START_EARLY] = { "start_early", 0 },
	[KNOB_START_LATE] = { "start_late", 0 },
	[KNOB_PACKET_MAX] = { "packet_max", 0 },
	[KNOB_ADDRESS_LATE] = { "address_late", 0 },
	[KNOB_CALLBACK_FAIL] = { "callback_fail", 0 },
	[KNOB_CALLBACK_STATUS] = { "callback_status", VMNET_FAILURE },
	[KNOB_READ_MAX] = { "read_max", 0 },
	[KNOB_READ_FAIL] = { "read_fail", 0 },
	[KNOB_READ_STATUS] = { "read_status", VMNET_FAILURE },
	[KNOB_READ_DELAY] = { "read_delay", 0 },
	[KNOB_CLOBBER] = { "clobber", 0 },
	[KNOB_REARM] = { "rearm", 0 },
	[KNOB_WRITE_MAX] = { "write_max", 0 },
	[KNOB_WRITE_FAIL] = { "write_fail", 0 },
	[KNOB_WRITE_STATUS] = { "write_status", VMNET_BUFFER_EXHAUSTED },
	[KNOB_WRITE_SHORT] = { "write_short", 0 },
	[KNOB_STOP_FAIL] = { "stop_fail", 0 },
	[KNOB_STOP_STATUS] = { "stop_status", VMNET_FAILURE },
	[KNOB_STOP_MUTE] = { "stop_mute", 0 },
	[KNOB_STOP_DELAY] = { "stop_delay", 0 },
	[KNOB_STOP_EVENT] = { "stop_event", 0 },
	[KNOB_QUEUE] = { "queue", SHIM_QUEUE },
};

static atomic_long values[KNOB_COUNT];
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int control = -1; /* the socket */

/* The true one, whatever a test puts in front of it. */
int __real_socket(int domain, int type, int protocol);

long
shim_knob(enum shim_knob k)
{
	return atomic_load(&values[k]);
}

bool
shim_knob_take(enum shim_knob k)
{
	long v = atomic_load(&values[k]);

	while (v > 0) {
		if (atomic_compare_exchange_weak(&values[k], &v, v - 1))
			return true;
	}
	return false;
}

static void
knobs_reset(void)
{
	for (int i = 0; i < KNOB_COUNT; i++)
		atomic_store(&values[i], knobs[i].first);
}

/* "key=value" */
static int
set(const char *text)
{
	const char *equal = strchr(text, '=');
	char *end;

	if (equal == NULL)
		return -1;

	long v = strtol(equal + 1, &end, 10);

	if (*end != '\0' || end == equal + 1)
		return -1;
	for (int i = 0; i < KNOB_COUNT; i++) {
		if (strlen(knobs[i].name) == (size_t)(equal - text) &&
		    memcmp(knobs[i].name, text, (size_t)(equal - text)) == 0) {
			atomic_store(&values[i], v);
			return 0;
		}
	}
	return -1;
}

static int
set_all(char *line)
{
	char *save = NULL;
	int got = -1;

	for (char *s = strtok_r(line, ",", &save); s != NULL;
	     s = strtok_r(NULL, ",", &save)) {
		got = set(s);
		if (got == -1)
			return -1;
	}
	return got;
}

static int
time_line(const char *seconds, void (*fn)(uint64_t))
{
	char *end;
	double s = strtod(seconds, &end);

	if (*end != '\0' || end == seconds || s < 0)
		return -1;
	fn((uint64_t)(s * (double)NSEC_PER_SEC));
	return 0;
}

int
shim_control(const char *line)
{
	static const char *const harms[] = {
		[HARM_SPURIOUS] = "spurious",
		[HARM_DEAD] = "dead",
		[HARM_ADDRESS] = "address_lost",
		[HARM_BRIDGE] = "bridge_gone",
	};
	char copy[LINE];

	if (strlen(line) >= sizeof(copy))
		return -1;
	memcpy(copy, line, strlen(line) + 1);
	copy[strcspn(copy, "\n")] = '\0';
	for (unsigned int i = 0; i < sizeof(harms) / sizeof(harms[0]); i++) {
		if (strcmp(copy, harms[i]) == 0) {
			shim_harm((enum shim_harm)i);
			return 0;
		}
	}
	if (strncmp(copy, "sleep ", strlen("sleep ")) == 0)
		return time_line(copy + strlen("sleep "), shim_clock_sleep);
	if (strncmp(copy, "pass ", strlen("pass ")) == 0)
		return time_line(copy + strlen("pass "), shim_clock_pass);
	return set_all(copy);
}

static void
counts_line(char out[static LINE])
{
	struct shim_counts c = shim_count();

	snprintf(out, LINE,
	    "starts=%lu,stops=%lu,live=%lu,events=%lu,reads=%lu,read_most=%lu,"
	    "writes=%lu,write_most=%lu,dropped=%lu,refused=%lu,misuses=%lu,"
	    "dhcp=%d\n",
	    c.starts, c.stops, c.live, c.events, c.reads, c.read_most, c.writes,
	    c.write_most, c.dropped, c.refused, c.misuses, shim_vmnet_dhcp());
}

/* The line becomes its answer. */
static void
answer(char line[static LINE])
{
	if (strcmp(line, "counts") == 0)
		counts_line(line);
	else
		snprintf(line, LINE, "%s\n",
		    shim_control(line) == 0 ? "ok" : "unknown");
}

static void *
serve(void *ctx)
{
	(void)ctx;
	for (;;) {
		struct sockaddr_un from;
		socklen_t size = sizeof(from);
		char line[LINE];
		ssize_t n = recvfrom(control, line, sizeof(line) - 1, 0,
		    (struct sockaddr *)&from, &size);
		if (n < 0)
			continue;
		line[n] = '\0';
		line[strcspn(line, "\n")] = '\0';
		answer(line);
		if (size > sizeof(sa_family_t))
			(void)sendto(control, line, strlen(line), 0,
			    (struct sockaddr *)&from, size);
	}
	return NULL;
}

static void
listen_at(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	pthread_t t;
	control = __real_socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	unlink(path);
	if (control == -1 ||
	    bind(control, (struct sockaddr *)&a, sizeof(a)) == -1 ||
	    shim_thread(&t, serve, NULL) != 0) {
		perror("shim: SHIM_CONTROL");
		abort();
	}
	pthread_detach(t);
}

static void
wake(void)
{
	const char *first = getenv("SHIM_VMNET");
	const char *path = getenv("SHIM_CONTROL");

	knobs_reset();
	atomic_store(&values[KNOB_MEMORY], 0);
	if (first != NULL && *first != '\0' && shim_control(first) == -1) {
		fprintf(stderr, "shim: SHIM_VMNET: \"%s\"\n", first);
		abort();
	}
	if (path != NULL && *path != '\0')
		listen_at(path);
}

void
shim_wake(void)
{
	pthread_once(&once, wake);
}

void
shim_reset(void)
{
	shim_wake();
	knobs_reset();
	lan_reset();
	shim_count_reset();
}
