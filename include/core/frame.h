/* SPDX-License-Identifier: ISC */
/*
 * An Ethernet frame, or a TCP super-frame, in a caller's buffer, and the
 * bounded readers of its headers.
 * Sources: IEEE 802.3, 802.1Q; RFC 791, 8200, 768; virtio 1.2, 5.1.6.
 */
#ifndef CORE_FRAME_H
#define CORE_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/addr.h"

enum {
	FRAME_HEADER_LEN = 14, /* two addresses and the EtherType */
	FRAME_VLAN_LEN = 4,    /* an 802.1Q tag */
	FRAME_MIN = 14,        /* bytes; padding is the wire's business */
	FRAME_MAX = 16384,     /* bytes; hard ceiling, lansplice-protocol(7) */
	FRAME_MAC_LEN = 6,
};

enum frame_gso {
	FRAME_GSO_NONE = 0,
	FRAME_GSO_TCP4,
	FRAME_GSO_TCP6,
	FRAME_GSO_UDP,
};

struct frame {
	uint8_t *data; /* Ethernet header first */
	size_t len;    /* bytes, without frame check sequence */
	enum frame_gso gso;
	uint16_t gso_size;   /* payload bytes of a piece */
	uint16_t hdr_len;    /* bytes of headers in front of the payload */
	uint16_t csum_start; /* partial checksum; both 0: complete */
	uint16_t csum_offset;
};

/* What the switch reads of a frame. */
struct frame_eth {
	uint8_t dst[FRAME_MAC_LEN];
	uint8_t src[FRAME_MAC_LEN];
	uint16_t vlan;      /* VLAN identifier, 0 if untagged */
	uint16_t ethertype; /* behind the tag, host order; 0 if cut short */
	size_t payload;     /* offset of what follows the EtherType */
};

/* Reads the Ethernet header. False if the frame is shorter than 14 bytes. */
bool frame_parse_eth(const struct frame *f, struct frame_eth *out);

/* True for broadcast and multicast addresses. */
bool frame_mac_is_group(const uint8_t mac[static FRAME_MAC_LEN]);

/*
 * Reads both ends of a UDP datagram in an unfragmented IPv4 or IPv6 packet
 * without extension headers. False for everything else.
 */
bool frame_parse_udp(const struct frame *f, const struct frame_eth *eth,
    struct addr *src, struct addr *dst);

/*
 * Offset of the TCP header in an unfragmented IPv4 or IPv6 packet without
 * extension headers, 0 for everything else. At least 14 + 20 bytes precede it;
 * that the header itself is whole is not checked.
 */
size_t frame_find_tcp(const struct frame *f);

#endif
