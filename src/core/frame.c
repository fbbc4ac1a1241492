/* SPDX-License-Identifier: ISC */
#include "core/frame.h"

#include <string.h>

enum {
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_IPV6 = 0x86dd,
	ETHERTYPE_VLAN = 0x8100,
	IPV4_HEADER_MIN = 20,
	IPV6_HEADER_LEN = 40,
	UDP_HEADER_LEN = 8,
	IP_PROTO_UDP = 17,
	IPV4_FRAGMENT_MASK = 0x3fff, /* more-fragments and offset */
	VLAN_ID_MASK = 0x0fff,
};

/* Network order, as everything inside a frame is. */
static uint16_t
frame_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

bool
frame_parse_eth(const struct frame *f, struct frame_eth *out)
{
	if (f->len < FRAME_HEADER_LEN)
		return false;
	memcpy(out->dst, f->data, FRAME_MAC_LEN);
	memcpy(out->src, f->data + 6, FRAME_MAC_LEN);
	out->vlan = 0;
	out->ethertype = frame_be16(f->data + 12);
	out->payload = FRAME_HEADER_LEN;
	if (out->ethertype != ETHERTYPE_VLAN)
		return true;
	out->payload += FRAME_VLAN_LEN;
	if (f->len < out->payload) {
		out->ethertype = 0;
		out->payload = f->len;
		return true;
	}
	out->vlan = frame_be16(f->data + 14) & VLAN_ID_MASK;
	out->ethertype = frame_be16(f->data + 16);
	return true;
}

bool
frame_mac_is_group(const uint8_t mac[static FRAME_MAC_LEN])
{
	return (mac[0] & 1) != 0;
}

static void
frame_put_ends(const uint8_t *ip_src, const uint8_t *ip_dst, size_t ip_len,
    const uint8_t *udp, struct addr *src, struct addr *dst)
{
	const uint8_t family = ip_len == 4 ? ADDR_IPV4 : ADDR_IPV6;

	*src = (struct addr){ .family = family, .port = frame_be16(udp) };
	*dst = (struct addr){ .family = family, .port = frame_be16(udp + 2) };
	memcpy(src->ip, ip_src, ip_len);
	memcpy(dst->ip, ip_dst, ip_len);
}

static bool
frame_parse_udp4(
    const uint8_t *ip, size_t len, struct addr *src, struct addr *dst)
{
	if (len < IPV4_HEADER_MIN)
		return false;

	const size_t header = (size_t)(ip[0] & 0x0f) * 4;
	if (ip[0] >> 4 != 4 || header < IPV4_HEADER_MIN ||
	    len < header + UDP_HEADER_LEN || ip[9] != IP_PROTO_UDP ||
	    (frame_be16(ip + 6) & IPV4_FRAGMENT_MASK) != 0)
		return false;
	frame_put_ends(ip + 12, ip + 16, 4, ip + header, src, dst);
	return true;
}

static bool
frame_parse_udp6(
    const uint8_t *ip, size_t len, struct addr *src, struct addr *dst)
{
	if (len < IPV6_HEADER_LEN + UDP_HEADER_LEN || ip[0] >> 4 != 6 ||
	    ip[6] != IP_PROTO_UDP)
		return false;
	frame_put_ends(ip + 8, ip + 24, 16, ip + IPV6_HEADER_LEN, src, dst);
	return true;
}

bool
frame_parse_udp(const struct frame *f, const struct frame_eth *eth,
    struct addr *src, struct addr *dst)
{
	const uint8_t *ip = f->data + eth->payload;
	const size_t len = f->len - eth->payload;

	switch (eth->ethertype) {
	case ETHERTYPE_IPV4:
		return frame_parse_udp4(ip, len, src, dst);
	case ETHERTYPE_IPV6:
		return frame_parse_udp6(ip, len, src, dst);
	default:
		return false;
	}
}
