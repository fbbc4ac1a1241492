/* SPDX-License-Identifier: ISC */
/*
 * Stand-in for macOS's net/if_dl.h.
 * Source: XNU (xnu-11417.101.15) bsd/net/if_dl.h:96, bsd/sys/socket.h:409.
 */
#ifndef SHIM_NET_IF_DL_H
#define SHIM_NET_IF_DL_H

#include <stddef.h>
#include <stdint.h>

#define AF_LINK 18 /* on a Mac in sys/socket.h */

struct sockaddr_dl {
	uint8_t sdl_len;
	uint8_t sdl_family;
	uint16_t sdl_index;
	uint8_t sdl_type;
	uint8_t sdl_nlen;
	uint8_t sdl_alen;
	uint8_t sdl_slen;
	char sdl_data[12]; /* may be longer: name, then address */
};

_Static_assert(sizeof(struct sockaddr_dl) == 20, "if_dl.h");
_Static_assert(offsetof(struct sockaddr_dl, sdl_nlen) == 5, "if_dl.h");
_Static_assert(offsetof(struct sockaddr_dl, sdl_data) == 8, "if_dl.h");

#endif
