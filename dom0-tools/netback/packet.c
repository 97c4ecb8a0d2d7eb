// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * packet.c: finding headers, and Internet checksums.
 *
 * No state.  Invariant: every offset that pkt_parse() sets is within the bytes
 * it was given.
 */
#include "netback/packet.h"

#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string.h>

#define MAX_TAGS 2
#define MAX_EXT 8

static bool tag_type(uint16_t ether)
{
	return ether == ETH_P_8021Q || ether == ETH_P_8021AD;
}

/* TCP and UDP; @have bounds what may be read. */
static void parse_l4(const uint8_t *head, uint32_t have, uint32_t at,
		     struct pkt *p)
{
	uint32_t size = 8;

	if (p->fragment)
		return;
	if (p->proto == IPPROTO_TCP) {
		if (at + 20 > have)
			return;
		size = (uint32_t)(head[at + 12] >> 4) * 4;
		if (size < 20)
			return;
	} else if (p->proto != IPPROTO_UDP) {
		return;
	}
	if (at + size > have)
		return;
	p->l4 = (uint16_t)at;
	p->payload = (uint16_t)(at + size);
}

static void parse_v4(const uint8_t *head, uint32_t have, struct pkt *p)
{
	const uint8_t *h = head + p->l3;
	uint32_t size;

	if (p->l3 + 20u > have || h[0] >> 4 != 4)
		return;
	size = (h[0] & 15) * 4u;
	if (size < 20 || p->l3 + size > have)
		return;
	p->ip = 4;
	p->proto = h[9];
	p->fragment = pkt_be16(h + 6) & 0x3fff;
	parse_l4(head, have, p->l3 + size, p);
}

bool pkt_ext_header(uint8_t next)
{
	return next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING ||
	       next == IPPROTO_DSTOPTS || next == IPPROTO_FRAGMENT;
}

static void parse_v6(const uint8_t *head, uint32_t have, struct pkt *p)
{
	uint32_t at = p->l3 + 40u;
	uint8_t next;

	if (at > have || head[p->l3] >> 4 != 6)
		return;
	p->ip = 6;
	next = head[p->l3 + 6];
	for (int i = 0; i < MAX_EXT && pkt_ext_header(next); i++) {
		if (at + 8 > have)
			return;
		if (next == IPPROTO_FRAGMENT) {
			p->fragment |= pkt_be16(head + at + 2) & 0xfff9;
			next = head[at];
			at += 8;
		} else {
			next = head[at];
			at += (head[at + 1] + 1u) * 8;
		}
	}
	p->proto = next;
	parse_l4(head, have, at, p);
}

bool pkt_parse(const uint8_t *head, uint32_t have, uint32_t len,
	       struct pkt *p)
{
	memset(p, 0, sizeof(*p));
	if (have > len)
		have = len;
	if (have < PKT_ETH)
		return false;
	p->ether = pkt_be16(head + 12);
	p->l3 = PKT_ETH;
	for (int i = 0; i < MAX_TAGS && tag_type(p->ether); i++) {
		if (p->l3 + 4u > have)
			return true;
		p->ether = pkt_be16(head + p->l3 + 2);
		p->l3 = (uint16_t)(p->l3 + 4);
	}
	if (p->ether == ETH_P_IP)
		parse_v4(head, have, p);
	else if (p->ether == ETH_P_IPV6)
		parse_v6(head, have, p);
	return true;
}

/* ---- checksums ---- */

static uint64_t sum(uint64_t s, const uint8_t *b, uint32_t len)
{
	uint16_t w;

	for (; len > 1; len -= 2, b += 2) {
		memcpy(&w, b, 2);
		s += w;
	}
	return len ? s + b[0] : s;	/* little-endian: the low half */
}

static uint16_t fold(uint64_t s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return (uint16_t)s;
}

uint16_t pkt_pseudo(const uint8_t *head, const struct pkt *p, uint32_t len)
{
	uint32_t l4_len = len - p->l4;
	uint8_t tail[4] = { 0, p->proto, 0, 0 };
	uint64_t s;

	pkt_put16(tail + 2, (uint16_t)l4_len);
	s = sum(0, tail, 4);
	if (p->ip == 4)
		s = sum(s, head + p->l3 + 12, 8);
	else
		s = sum(s, head + p->l3 + 8, 32);
	return fold(s);
}

bool pkt_complete(uint8_t *frame, uint32_t len, uint32_t start,
		  uint32_t offset)
{
	uint16_t s;

	if (start > len || offset > len - start || len - start - offset < 2)
		return false;
	s = (uint16_t)~fold(sum(0, frame + start, len - start));
	if (!s && offset == 6)
		s = 0xffff;	/* UDP: zero means no checksum at all */
	memcpy(frame + start + offset, &s, 2);
	return true;
}
