// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rxsort.c: what a packet of the host's is, and what its guest is told of it.
 *
 * No state.  Headers are looked at in private memory only.
 */
#include "netback/card.h"

#define GSO_KIND(type) ((type) & ~VIRTIO_NET_HDR_GSO_ECN)

static bool sort_gso(struct rx_packet *p, const struct card *c)
{
	switch (GSO_KIND(p->vh.gso_type)) {
	case VIRTIO_NET_HDR_GSO_NONE:
		return true;
	case VIRTIO_NET_HDR_GSO_TCPV4:
		p->gso = XEN_NETIF_GSO_TYPE_TCPV4;
		return c->features & BP_NETF_GSO4;
	case VIRTIO_NET_HDR_GSO_TCPV6:
		p->gso = XEN_NETIF_GSO_TYPE_TCPV6;
		return c->features & BP_NETF_GSO6;
	default:
		return false;
	}
}

/*
 * The frontend finds TCP's or UDP's header by itself: a partial checksum is
 * left to it if that is where the sum belongs and it takes sums of the kind.
 */
static bool guest_sums(const struct card *c, const struct rx_packet *p,
		       const struct pkt *k)
{
	uint32_t need = k->ip == 6 ? BP_NETF_CSUM6 : BP_NETF_CSUM4;

	return (c->features & need) && k->l4 && p->vh.csum_start == k->l4 &&
	       p->vh.csum_offset == pkt_csum_offset(k->proto);
}

static bool sort_csum(struct rx_packet *p, const struct card *c,
		      uint8_t *frame, uint32_t have, const struct pkt *k)
{
	p->validated = p->vh.flags & VIRTIO_NET_HDR_F_DATA_VALID;
	if (!(p->vh.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM))
		return true;
	p->validated = true;
	p->csum_blank = guest_sums(c, p, k);
	if (p->csum_blank)
		return true;
	return !p->gso && have == p->len &&
	       pkt_complete(frame, have, p->vh.csum_start, p->vh.csum_offset);
}

bool rx_sort(struct nb_queue *q, struct rx_packet *p, uint8_t *frame,
	     uint32_t have)
{
	struct card *c = q->card;
	struct pkt k;

	p->target = (uint8_t)q->index;
	if (!pkt_parse(frame, have, p->len, &k))
		return false;
	if (p->len > NB_PAGE && !(c->features & BP_NETF_SG))
		return false;
	if ((c->features & BP_NETF_MCAST) && !mcast_pass(c->journal, frame))
		return false;
	if (!sort_gso(p, c) || !sort_csum(p, c, frame, have, &k))
		return false;
	p->hash = hash_packet(&c->hash, frame, &k);
	if (p->hash.valid)
		p->target = (uint8_t)hash_queue(&c->hash, p->hash.value,
						c->nr_queues);
	return true;
}
