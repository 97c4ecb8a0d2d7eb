/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * packet.h: where the headers of an Ethernet frame are.
 *
 * Pure: bytes in, offsets out.  Everything is checked against the length
 * given, so that no later code has to.
 */
#ifndef DOM0_NETBACK_PACKET_H
#define DOM0_NETBACK_PACKET_H

#include <stdbool.h>
#include <stdint.h>

#define PKT_ETH 14
/* No frame that Linux builds has headers longer than this. */
#define PKT_HEAD 256

struct pkt {
	uint16_t ether;		/* protocol behind all VLAN tags, host order */
	uint16_t l3;		/* offset of its header */
	uint8_t ip;		/* 4, 6, or 0: not IP, or broken */
	uint8_t proto;		/* IPPROTO_*; meaningful if ip */
	bool fragment;		/* part of a fragmented datagram */
	uint16_t l4;		/* offset of TCP's or UDP's header; 0: none */
	uint16_t payload;	/* offset behind it; 0: none */
};

/*
 * Looks at the first @have bytes of a frame of @len bytes.  False if it is not
 * even an Ethernet frame.  Fields for what is absent or does not fit are 0.
 */
bool pkt_parse(const uint8_t *head, uint32_t have, uint32_t len,
	       struct pkt *p);

/*
 * Does @next say that another IPv6 header follows?  It is `proto` of a packet
 * whose headers were not followed to their end.
 */
bool pkt_ext_header(uint8_t next);

/* The offset of the checksum in a TCP or UDP header. */
static inline uint16_t pkt_csum_offset(uint8_t proto)
{
	return proto == 6 ? 16 : 6;
}

/* The sum over the pseudo header, folded, not inverted: what a partial
 * checksum field holds. */
uint16_t pkt_pseudo(const uint8_t *head, const struct pkt *p, uint32_t len);

/*
 * Fills in the Internet checksum at @start + @offset over @start to the end of
 * the @len bytes at @frame, as a card would.  False if it does not fit.
 */
bool pkt_complete(uint8_t *frame, uint32_t len, uint32_t start,
		  uint32_t offset);

static inline uint16_t pkt_be16(const uint8_t *b)
{
	return (uint16_t)(b[0] << 8 | b[1]);
}

static inline void pkt_put16(uint8_t *b, uint16_t v)
{
	b[0] = (uint8_t)(v >> 8);
	b[1] = (uint8_t)v;
}

#endif
