/* SPDX-License-Identifier: ISC */
/*
 * Stand-ins for sendmsg_x and recvmsg_x as XNU's bsd/kern/uipc_syscalls.c has
 * them (tag xnu-11417.101.15), and for what setsockopt(2) does otherwise on
 * macOS; with traps for all that may go wrong there.
 * Thread: one.
 */
#ifndef SHIM_MSGX_H
#define SHIM_MSGX_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "os/darwin/udp_msgx.h"

enum {
	MSGX_CAP = 100,  /* kern.ipc.maxsendmsgx up to macOS 13 */
	MSGX_ASKED = 16, /* sizes of buffers that are remembered */
};

struct msgx {
	/* Traps; 0 and NULL: none. */
	bool missing;                            /* dlsym finds neither call */
	int send_error;                          /* errno of every sendmsg_x */
	int recv_error;                          /* and of every recvmsg_x */
	int (*refuse)(const struct udp_msgx *m); /* of one message, 0 is good */
	unsigned int cap;       /* messages of a call; 0: MSGX_CAP */
	bool is_list;           /* the path that does not tell MSG_TRUNC */
	bool cut;               /* all that is received has MSG_TRUNC */
	bool iov_used;          /* iov_len tells the bytes used */
	bool no_control;        /* received without control messages */
	bool control_untouched; /* and macOS 10.15 does not say so */
	uint32_t went_to;       /* ipi_addr of what is received; 0: the true */
	int buffer_max;         /* bytes; SO_RCVBUF beyond fails */

	/* What was seen. */
	unsigned int send_calls;
	unsigned int recv_calls;
	unsigned int most; /* messages of one call */
	int asked[MSGX_ASKED];
	unsigned int asked_count; /* receive buffers */
	int send_buffer;          /* asked last */
};

extern struct msgx msgx;

/* As bsd/sys/socket_private.h:800 and :832. */
ssize_t recvmsg_x(int fd, struct udp_msgx *msgs, unsigned int count, int flags);
ssize_t sendmsg_x(int fd, struct udp_msgx *msgs, unsigned int count, int flags);

/* The linker leads the C library's calls here (SHIM_WRAP in the Makefile). */
void *__wrap_dlsym(void *handle, const char *name);
int __wrap_setsockopt(
    int fd, int level, int option, const void *value, socklen_t len);

#endif
