/* SPDX-License-Identifier: ISC */
/*
 * What a test may ask of the stand-ins for vmnet, xpc and dispatch.
 * Facts: vmnet.md, sections 1 to 5; what is not known of a real Mac
 * is modelled at its worst.
 * Thread: any.
 */
#ifndef SHIM_SHIM_H
#define SHIM_SHIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SHIM_QUEUE = 1024,      /* frames that wait for vmnet_read, at most */
	SHIM_TAKE = 256,        /* frames that wait for shim_take, at most */
	SHIM_FRAME_MAX = 16398, /* bytes; an MTU of 16384 */
	SHIM_LIMIT = 200,       /* packets a call; vmnet.md section 1.3 */
	SHIM_LIMIT_BYTES = 256 * 1024, /* a call, likewise */
	SHIM_TEXT = 46,                /* an address as text, with its NUL */
};

/* What the last vmnet_start_interface asked; empty, 0: not asked. */
struct shim_ask {
	uint64_t mode; /* enum operating_modes_t */
	uint64_t mtu;
	bool allocate_mac;
	bool has_id;
	uint8_t id[16];
	char device[SHIM_TEXT];
	char ip[SHIM_TEXT], mask[SHIM_TEXT], ip6[SHIM_TEXT];
	char start[SHIM_TEXT], end[SHIM_TEXT], subnet[SHIM_TEXT];
};

/* Since shim_reset. */
struct shim_counts {
	unsigned long starts;     /* calls */
	unsigned long stops;      /* calls that were accepted */
	unsigned long live;       /* interfaces that exist now */
	unsigned long events;     /* handed to the caller's queue */
	unsigned long reads;      /* calls */
	unsigned long read_most;  /* frames of one call */
	unsigned long writes;     /* calls */
	unsigned long write_most; /* frames of one call */
	unsigned long dropped;    /* frames that found the queue full */
	unsigned long refused;    /* calls with a wrong argument */
	unsigned long misuses; /* calls on what is not an interface any more */
};

/* All switches as they are at first, the far side memory, counts zero. */
void shim_reset(void);

/*
 * One line: switches as "key=value,key=value", or one of the words below.
 * -1: not understood. The daemon takes the same from the environment,
 * SHIM_VMNET, and later from datagrams to the socket SHIM_CONTROL, each of
 * which is answered with "ok" or "unknown" where the sender has an address.
 *
 * memory=1        the far side is memory; 0, where shim_reset was not called:
 *                 a TAP, or a network card
 * start_null=N    the next N starts return NULL; no handler runs
 * start_mute=N    the next N starts are never answered
 * start_fail=N    the next N starts fail with start_status=1001
 * start_delay=MS  starts take so long
 * start_early=1   the handler runs before vmnet_start_interface returns
 * start_late=1    where NULL was returned the handler runs later all the same
 * packet_max=N    the result names this largest frame; 0: the true one
 * address_late=N  memory: the host's address is there only when it has been
 *                 looked for N times
 * callback_fail=N the next N callbacks are refused with callback_status=1001
 * read_max=N      the result names a limit ("macOS 15"); 0: it does not
 * read_fail=N     the next N reads fail with read_status=1001
 * read_delay=MS   reads return so much later
 * clobber=1       a read sets iov_len as well
 * rearm=1         no new event until a read has returned 0 packets; 0: until
 *                 nothing is left
 * write_max=N, write_fail=N, write_status=1007   likewise
 * write_short=N   the next N writes take one frame less than they could
 * stop_fail=N     the next N stops return stop_status=1001; no block runs
 * stop_mute=N     the next N stops return success, and no block runs
 * stop_delay=MS   stops take so long
 * stop_event=1    one more event comes behind the block of a stop
 * queue=N         frames that wait at most
 *
 * spurious        an event although nothing came
 * dead            every call gives VMNET_INVALID_ACCESS from now on
 * address_lost    the host's address goes from the bridge
 * bridge_gone     the bridge goes; nothing says so
 * sleep SECONDS   the machine sleeps: clock.h
 * pass SECONDS    time goes by: likewise
 * counts          answered with the counts, as key=value
 */
int shim_control(const char *line);

/* Memory: a frame comes from the host. False: dropped. */
bool shim_push(const uint8_t *frame, size_t len);
/* Frames that vmnet_read has not fetched. */
size_t shim_waiting(void);
/* Memory: the oldest frame that was written, its length; 0: none. */
size_t shim_take(uint8_t *out, size_t cap);

struct shim_counts shim_count(void);
unsigned long shim_misuses(void);
struct shim_ask shim_asked(void);
/* Whether macOS would run a DHCP server on what was asked for last. */
bool shim_vmnet_dhcp(void);
/* Threads of dispatch queues that exist now. */
unsigned long shim_dispatch_threads(void);

#endif
