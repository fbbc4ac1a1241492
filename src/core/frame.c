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
	IP_PROTO_TCP = 6,
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

/* Length of the IP header if an unfragmented packet of that protocol follows
 * it at once, else 0. */
static size_t
frame_ip_header(
    const struct frame *f, const struct frame_eth *eth, uint8_t protocol)
{
	const uint8_t *ip = f->data + eth->payload;
	const size_t len = f->len - eth->payload;

	if (eth->ethertype == ETHERTYPE_IPV4 && len >= IPV4_HEADER_MIN) {
		const size_t header = (size_t)(ip[0] & 0x0f) * 4;

		return ip[0] >> 4 == 4 && header >= IPV4_HEADER_MIN &&
			header <= len && ip[9] == protocol &&
			(frame_be16(ip + 6) & IPV4_FRAGMENT_MASK) == 0
		    ? header
		    : 0;
	}
	if (eth->ethertype == ETHERTYPE_IPV6 && len >= IPV6_HEADER_LEN)
		return ip[0] >> 4 == 6 && ip[6] == protocol ? IPV6_HEADER_LEN
							    : 0;
	return 0;
}

static void
frame_put_end(
    struct addr *out, bool ipv4, const uint8_t *ip, const uint8_t *port)
{
	*out = (struct addr){ .family = ipv4 ? ADDR_IPV4 : ADDR_IPV6,
		.port = frame_be16(port) };
	memcpy(out->ip, ip, ipv4 ? 4 : 16);
}

bool
frame_parse_udp(const struct frame *f, const struct frame_eth *eth,
    struct addr *src, struct addr *dst)
{
	const size_t header = frame_ip_header(f, eth, IP_PROTO_UDP);
	const uint8_t *ip = f->data + eth->payload;
	const bool ipv4 = eth->ethertype == ETHERTYPE_IPV4;

	if (header == 0 || f->len - eth->payload < header + UDP_HEADER_LEN)
		return false;
	frame_put_end(src, ipv4, ip + (ipv4 ? 12 : 8), ip + header);
	frame_put_end(dst, ipv4, ip + (ipv4 ? 16 : 24), ip + header + 2);
	return true;
}

size_t
frame_find_tcp(const struct frame *f)
{
	struct frame_eth eth;

	if (!frame_parse_eth(f, &eth))
		return 0;
	const size_t header = frame_ip_header(f, &eth, IP_PROTO_TCP);
	return header == 0 ? 0 : eth.payload + header;
}
