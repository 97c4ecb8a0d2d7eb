// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * filter.c: anti-spoofing.
 *
 * No state but the rules.  What is not known to be harmless is refused: with
 * the IP filter only IPv4, IPv6 and ARP pass, without VLAN tags.
 */
#include "netback/filter.h"

#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string.h>

#define ND_ADVERT 136

static bool bits_equal(const uint8_t *a, const uint8_t *b, unsigned int bits)
{
	if (memcmp(a, b, bits / 8))
		return false;
	return !(bits % 8) || !((a[bits / 8] ^ b[bits / 8]) >> (8 - bits % 8));
}

static bool own_ip(const struct filter *f, int family, const uint8_t *addr)
{
	for (int i = 0; i < BP_NET_MAX_IPS && f->ip[i].family; i++)
		if (f->ip[i].family == family &&
		    bits_equal(f->ip[i].addr, addr, f->ip[i].prefix))
			return true;
	return false;
}

static bool all_zero(const uint8_t *b, int n)
{
	while (n--)
		if (b[n])
			return false;
	return true;
}

/* Before it has an address, a guest may ask a DHCP server for one. */
static bool dhcp_request(const uint8_t *head, const struct pkt *p)
{
	return all_zero(head + p->l3 + 12, 4) && p->proto == IPPROTO_UDP &&
	       p->l4 && pkt_be16(head + p->l4) == 68 &&
	       pkt_be16(head + p->l4 + 2) == 67;
}

static bool pass_arp(const struct filter *f, const uint8_t *head,
		     uint32_t have, const struct pkt *p)
{
	static const uint8_t kind[6] = { 0, 1, 8, 0, 6, 4 };
	const uint8_t *a = head + p->l3;

	if (p->l3 + 28u > have || memcmp(a, kind, sizeof(kind)))
		return false;
	if ((f->flags & BP_NET_FILTER_MAC) && memcmp(a + 8, f->mac, 6))
		return false;
	if (!(f->flags & BP_NET_FILTER_IP))
		return true;
	return all_zero(a + 14, 4) || own_ip(f, 4, a + 14);
}

static bool link_local(const uint8_t *addr)
{
	return addr[0] == 0xfe && (addr[1] & 0xc0) == 0x80;
}

/* What listeners of multicast report, always behind an option. */
static bool listener_message(uint8_t type)
{
	return (type >= 130 && type <= 132) || type == 143;
}

/*
 * Behind extension headers, where a neighbour message could hide, no other
 * ICMPv6 passes, and nothing whose headers have not been seen to their end.
 */
static bool pass_extended(const uint8_t *head, uint32_t have,
			  const struct pkt *p)
{
	uint32_t at = p->l3 + 40u, icmp;

	if (p->proto != IPPROTO_ICMPV6)
		return !pkt_ext_header(p->proto);
	icmp = at + (head[at + 1] + 1u) * 8;
	return head[p->l3 + 6] == IPPROTO_HOPOPTS &&
	       head[at] == IPPROTO_ICMPV6 && icmp < have &&
	       listener_message(head[icmp]);
}

/* The one address that a neighbour message claims must be the guest's too. */
static bool pass_nd(const struct filter *f, const uint8_t *head,
		    uint32_t have, const struct pkt *p)
{
	uint32_t at = p->l3 + 40u;
	const uint8_t *target = head + at + 8;

	if (pkt_ext_header(head[p->l3 + 6]))
		return pass_extended(head, have, p);
	if (p->proto != IPPROTO_ICMPV6)
		return true;
	if (at >= have)
		return false;
	if (head[at] != ND_ADVERT)
		return true;
	return at + 24 <= have && (link_local(target) || own_ip(f, 6, target));
}

static bool pass_v6(const struct filter *f, const uint8_t *head,
		    uint32_t have, const struct pkt *p)
{
	const uint8_t *src = head + p->l3 + 8;

	if (!all_zero(src, 16) && !link_local(src) && !own_ip(f, 6, src))
		return false;
	return pass_nd(f, head, have, p);
}

static bool pass_ip(const struct filter *f, const uint8_t *head,
		    uint32_t have, const struct pkt *p)
{
	if (p->l3 != PKT_ETH)
		return false;
	if (p->ip == 4)
		return own_ip(f, 4, head + p->l3 + 12) ||
		       dhcp_request(head, p);
	if (p->ip == 6)
		return pass_v6(f, head, have, p);
	return p->ether == ETH_P_ARP && pass_arp(f, head, have, p);
}

bool filter_pass(const struct filter *f, const uint8_t *head, uint32_t have,
		 const struct pkt *p)
{
	if (!f->flags)
		return true;
	if ((f->flags & BP_NET_FILTER_MAC) && memcmp(head + 6, f->mac, 6))
		return false;
	if (f->flags & BP_NET_FILTER_IP)
		return pass_ip(f, head, have, p);
	return p->ether != ETH_P_ARP || pass_arp(f, head, have, p);
}
