/* SPDX-License-Identifier: ISC */
#include "responder.h"

#include <stdbool.h>
#include <string.h>

enum {
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_ARP = 0x0806,
	ETHERTYPE_IPV6 = 0x86dd,
	ARP_LEN = 28, /* bytes, of Ethernet and IPv4 */
	TTL = 64,     /* RFC 1700 */

	IPV4_LEN = 20,           /* bytes, without options */
	IPV4_FRAGMENT = 0x3fff,  /* more to come, or not at the start */
	IPV4_DONT_FRAG = 0x4000, /* of the same field */
	IPV4_ICMP = 1,
	ICMP_LEN = 8, /* bytes; of an echo, and the least of ICMPv6 here */
	ICMP_REPLY = 0,
	ICMP_ECHO = 8,

	IPV6_LEN = 40, /* bytes */
	IPV6_ADDR_LEN = 16,
	IPV6_ICMP = 58,
	ICMP6_ECHO = 128,
	ICMP6_REPLY = 129,
	ICMP6_SOLICIT = 135,
	ICMP6_ADVERT = 136,
	ND_HOPS = 255,     /* RFC 4861, 7.1.1: else it crossed a router */
	ND_LEN = 24,       /* bytes in front of the options */
	ND_SOURCE = 1,     /* option: source link-layer address */
	ND_TARGET = 2,     /* option: target link-layer address */
	ND_UNIT = 8,       /* bytes in which options are counted */
	ND_SOLICITED = 64, /* flag: an answer to who asked, not to all */
	ND_OVERRIDE = 32,  /* flag: this address counts, not a cached one */
};

static uint16_t
get_u16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void
put_u16(uint8_t *p, size_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

/* RFC 1071 over what a frame holds, which cannot overflow 32 bits. With the
 * checksum in its place the result is 0. */
static uint16_t
checksum(const uint8_t *p, size_t len, uint32_t sum)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += get_u16(p + i);
	if (len % 2 != 0)
		sum += (uint32_t)p[len - 1] << 8;
	while (sum > UINT16_MAX)
		sum = (sum & UINT16_MAX) + (sum >> 16);
	return (uint16_t)~sum;
}

/* RFC 8200, 8.1: both addresses, length and next header count as well. */
static uint16_t
checksum_icmp6(const uint8_t *ip, size_t len)
{
	const uint32_t addrs = (uint16_t)~checksum(ip + 8, 32, 0);

	return checksum(ip + IPV6_LEN, len, addrs + (uint32_t)len + IPV6_ICMP);
}

static bool
has_addr(const struct responder *r, enum addr_family family, const uint8_t *ip)
{
	const size_t len = family == ADDR_IPV4 ? 4 : IPV6_ADDR_LEN;

	for (unsigned int i = 0; i < r->addr_count; i++)
		if (r->addrs[i].family == family &&
		    memcmp(r->addrs[i].ip, ip, len) == 0)
			return true;
	return false;
}

static bool
is_to_us(const struct responder *r, const uint8_t *frame)
{
	return memcmp(frame, r->mac, FRAME_MAC_LEN) == 0;
}

static void
put_eth(uint8_t *out, const struct responder *r, const uint8_t *dst,
    uint16_t ethertype)
{
	memcpy(out, dst, FRAME_MAC_LEN);
	memcpy(out + FRAME_MAC_LEN, r->mac, FRAME_MAC_LEN);
	put_u16(out + 12, ethertype);
}

static size_t
answer_arp(
    const struct responder *r, const uint8_t *frame, size_t len, uint8_t *out)
{
	/* Ethernet, IPv4, their lengths, and the operation: 2 is the reply. */
	static const uint8_t request[] = { 0, 1, 8, 0, 6, 4, 0, 1 };
	const uint8_t *in = frame + FRAME_HEADER_LEN;
	uint8_t *reply = out + FRAME_HEADER_LEN;

	if (len < FRAME_HEADER_LEN + ARP_LEN ||
	    memcmp(in, request, sizeof(request)) != 0 ||
	    !has_addr(r, ADDR_IPV4, in + 24))
		return 0;
	put_eth(out, r, frame + FRAME_MAC_LEN, ETHERTYPE_ARP);
	memcpy(reply, request, sizeof(request));
	reply[7] = 2;
	memcpy(reply + 8, r->mac, FRAME_MAC_LEN);
	memcpy(reply + 14, in + 24, 4);
	memcpy(reply + 18, in + 8, 10);
	return FRAME_HEADER_LEN + ARP_LEN;
}

/* Bytes of a sound IPv4 header with an ICMP message of ours behind it, else 0;
 * ip has room bytes. */
static size_t
ipv4_header(const struct responder *r, const uint8_t *ip, size_t room)
{
	if (room < IPV4_LEN || ip[0] >> 4 != 4)
		return 0;

	const size_t head = (size_t)(ip[0] & 15) * 4;
	const size_t total = get_u16(ip + 2);

	if (head < IPV4_LEN || total > room || total < head + ICMP_LEN ||
	    checksum(ip, head, 0) != 0)
		return 0;
	if ((get_u16(ip + 6) & IPV4_FRAGMENT) != 0 || ip[9] != IPV4_ICMP ||
	    !has_addr(r, ADDR_IPV4, ip + 16))
		return 0;
	return head;
}

/* The options of the request do not come back. */
static void
put_ipv4(uint8_t *out, const uint8_t *ip, size_t payload)
{
	memset(out, 0, IPV4_LEN);
	out[0] = 0x45;
	out[1] = ip[1];
	put_u16(out + 2, IPV4_LEN + payload);
	put_u16(out + 6, IPV4_DONT_FRAG);
	out[8] = TTL;
	out[9] = IPV4_ICMP;
	memcpy(out + 12, ip + 16, 4);
	memcpy(out + 16, ip + 12, 4);
	put_u16(out + 10, checksum(out, IPV4_LEN, 0));
}

static size_t
answer_ipv4(
    const struct responder *r, const uint8_t *frame, size_t len, uint8_t *out)
{
	const uint8_t *ip = frame + FRAME_HEADER_LEN;
	const size_t head = ipv4_header(r, ip, len - FRAME_HEADER_LEN);

	if (head == 0 || !is_to_us(r, frame))
		return 0;

	const uint8_t *icmp = ip + head;
	const size_t icmp_len = get_u16(ip + 2) - head;
	uint8_t *reply = out + FRAME_HEADER_LEN + IPV4_LEN;

	if (icmp[0] != ICMP_ECHO || icmp[1] != 0 ||
	    checksum(icmp, icmp_len, 0) != 0)
		return 0;
	put_eth(out, r, frame + FRAME_MAC_LEN, ETHERTYPE_IPV4);
	put_ipv4(out + FRAME_HEADER_LEN, ip, icmp_len);
	memcpy(reply, icmp, icmp_len);
	reply[0] = ICMP_REPLY;
	put_u16(reply + 2, 0);
	put_u16(reply + 2, checksum(reply, icmp_len, 0));
	return FRAME_HEADER_LEN + IPV4_LEN + icmp_len;
}

/* Header of an answer, and the checksum of the message that stands behind it
 * already. */
static void
finish_ipv6(uint8_t *out, const uint8_t *src, const uint8_t *dst, size_t len,
    uint8_t hops)
{
	memset(out, 0, 8);
	out[0] = 0x60;
	put_u16(out + 4, len);
	out[6] = IPV6_ICMP;
	out[7] = hops;
	memcpy(out + 8, src, IPV6_ADDR_LEN);
	memcpy(out + 24, dst, IPV6_ADDR_LEN);
	put_u16(out + IPV6_LEN + 2, 0);
	put_u16(out + IPV6_LEN + 2, checksum_icmp6(out, len));
}

static bool
is_unspecified(const uint8_t *ip)
{
	static const uint8_t zeros[IPV6_ADDR_LEN];

	return memcmp(ip, zeros, sizeof(zeros)) == 0;
}

static size_t
answer_echo6(
    const struct responder *r, const uint8_t *frame, size_t len, uint8_t *out)
{
	const uint8_t *ip = frame + FRAME_HEADER_LEN;
	uint8_t *reply = out + FRAME_HEADER_LEN + IPV6_LEN;

	if (!is_to_us(r, frame) || is_unspecified(ip + 8) ||
	    !has_addr(r, ADDR_IPV6, ip + 24))
		return 0;
	put_eth(out, r, frame + FRAME_MAC_LEN, ETHERTYPE_IPV6);
	memcpy(reply, ip + IPV6_LEN, len);
	reply[0] = ICMP6_REPLY;
	finish_ipv6(out + FRAME_HEADER_LEN, ip + 24, ip + 8, len, TTL);
	return FRAME_HEADER_LEN + IPV6_LEN + len;
}

/* RFC 4291, 2.7.1: ff02::1:ff and the last three bytes of the address. */
static bool
is_solicited_node(const uint8_t *group, const uint8_t *target)
{
	static const uint8_t start[13] = { 0xff, 2, [11] = 1, [12] = 0xff };

	return memcmp(group, start, sizeof(start)) == 0 &&
	    memcmp(group + 13, target + 13, 3) == 0;
}

/* RFC 4861, 7.1.1: no option is empty or longer than the message, and who has
 * no address yet does not name a link-layer address. */
static bool
solicit_options_are_sound(const uint8_t *icmp, size_t len, bool anonymous)
{
	for (size_t at = ND_LEN; at < len;) {
		const size_t left = len - at;
		const size_t size =
		    left < 2 ? 0 : (size_t)icmp[at + 1] * ND_UNIT;

		if (size == 0 || size > left)
			return false;
		if (anonymous && icmp[at] == ND_SOURCE)
			return false;
		at += size;
	}
	return true;
}

static bool
solicit_is_for_us(const struct responder *r, const uint8_t *ip, size_t len)
{
	const uint8_t *icmp = ip + IPV6_LEN, *target = icmp + 8;
	const bool to_group = ip[24] == 0xff;
	const bool anonymous = is_unspecified(ip + 8);

	if (len < ND_LEN || ip[7] != ND_HOPS || !has_addr(r, ADDR_IPV6, target))
		return false;
	if (to_group ? !is_solicited_node(ip + 24, target)
		     : anonymous || memcmp(ip + 24, target, 16) != 0)
		return false;
	return solicit_options_are_sound(icmp, len, anonymous);
}

/* Who has no address yet asks whether it is taken: all nodes are told. */
static size_t
answer_solicit(
    const struct responder *r, const uint8_t *frame, size_t len, uint8_t *out)
{
	static const uint8_t all_nodes[IPV6_ADDR_LEN] = { 0xff, 2, [15] = 1 };
	static const uint8_t all_nodes_mac[] = { 0x33, 0x33, 0, 0, 0, 1 };
	const uint8_t *ip = frame + FRAME_HEADER_LEN;
	const uint8_t *target = ip + IPV6_LEN + 8;
	const bool anonymous = is_unspecified(ip + 8);
	uint8_t *reply = out + FRAME_HEADER_LEN + IPV6_LEN;

	if (!solicit_is_for_us(r, ip, len))
		return 0;
	put_eth(out, r, anonymous ? all_nodes_mac : frame + FRAME_MAC_LEN,
	    ETHERTYPE_IPV6);
	memset(reply, 0, ND_LEN + ND_UNIT);
	reply[0] = ICMP6_ADVERT;
	reply[4] = ND_OVERRIDE | (anonymous ? 0 : ND_SOLICITED);
	memcpy(reply + 8, target, IPV6_ADDR_LEN);
	reply[ND_LEN] = ND_TARGET;
	reply[ND_LEN + 1] = 1;
	memcpy(reply + ND_LEN + 2, r->mac, FRAME_MAC_LEN);
	finish_ipv6(out + FRAME_HEADER_LEN, target,
	    anonymous ? all_nodes : ip + 8, ND_LEN + ND_UNIT, ND_HOPS);
	return FRAME_HEADER_LEN + IPV6_LEN + ND_LEN + ND_UNIT;
}

/* Bytes of a sound ICMPv6 message without extension headers, else 0; ip has
 * room bytes. */
static size_t
icmp6_len(const uint8_t *ip, size_t room)
{
	if (room < IPV6_LEN || ip[0] >> 4 != 6 || ip[6] != IPV6_ICMP)
		return 0;

	const size_t len = get_u16(ip + 4);

	if (len < ICMP_LEN || len > room - IPV6_LEN || ip[8] == 0xff ||
	    checksum_icmp6(ip, len) != 0)
		return 0;
	return len;
}

static size_t
answer_ipv6(
    const struct responder *r, const uint8_t *frame, size_t len, uint8_t *out)
{
	const uint8_t *ip = frame + FRAME_HEADER_LEN;
	const size_t icmp = icmp6_len(ip, len - FRAME_HEADER_LEN);

	if (icmp == 0 || ip[IPV6_LEN + 1] != 0)
		return 0;
	switch (ip[IPV6_LEN]) {
	case ICMP6_ECHO:
		return answer_echo6(r, frame, icmp, out);
	case ICMP6_SOLICIT:
		return answer_solicit(r, frame, icmp, out);
	default:
		return 0;
	}
}

size_t
responder_answer(
    const struct responder *r, const uint8_t *frame, size_t len, uint8_t *out)
{
	if (len < FRAME_HEADER_LEN || frame_mac_is_group(frame + FRAME_MAC_LEN))
		return 0;
	if (!is_to_us(r, frame) && !frame_mac_is_group(frame))
		return 0;
	switch (get_u16(frame + 12)) {
	case ETHERTYPE_ARP:
		return answer_arp(r, frame, len, out);
	case ETHERTYPE_IPV4:
		return answer_ipv4(r, frame, len, out);
	case ETHERTYPE_IPV6:
		return answer_ipv6(r, frame, len, out);
	default:
		return 0;
	}
}
