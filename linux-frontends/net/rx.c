// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A queue's receive ring; see rx.h for state and rules.
 */
#include "rx.h"

void net_rx_init(struct net_rx *rx, void *shared)
{
	netif_rx_sring_t *sring = shared;

	ABI_ASSERT(__CONST_RING_SIZE(netif_rx, 4096) == NET_RX_SLOTS,
		   "a page holds this many slots");
	XEN_FRONT_RING_INIT(&rx->ring, sring, FE_PAGE);
	rx->seen = 0;
}

void net_rx_fill(struct net_rx *rx)
{
	netif_rx_front_ring_t *r = &rx->ring;

	while (!RING_FULL(r)) {
		u16 slot = r->req_prod_pvt % NET_RX_SLOTS;
		struct netif_rx_request *req =
			RING_GET_REQUEST(r, r->req_prod_pvt);

		req->id = slot;
		req->pad = 0;
		req->gref = rx->gref[slot];
		r->req_prod_pvt++;
	}
}

bool net_rx_push(struct net_rx *rx)
{
	bool notify;

	RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&rx->ring, notify);
	return notify;
}

/* Where the look at a packet has got to. */
struct look {
	struct net_rx *rx;
	struct net_rx_packet *packet;
	int pending;		/* answers that are there, from rsp_cons on */
	bool failed;		/* a part of it carries an error */
};

/* The next slot's number, or -1 if the backend has not written it yet. */
static int next_slot(struct look *look)
{
	if (look->packet->slots >= look->pending)
		return -1;
	return (look->rx->ring.rsp_cons + look->packet->slots++) % NET_RX_SLOTS;
}

static int take_gso(struct look *look, const struct netif_extra_info *extra)
{
	u8 type = extra->u.gso.type;

	if (!extra->u.gso.size || (type != XEN_NETIF_GSO_TYPE_TCPV4 &&
				   type != XEN_NETIF_GSO_TYPE_TCPV6))
		return -EPROTO;
	look->packet->gso_size = extra->u.gso.size;
	look->packet->gso_type = type;
	return 0;
}

/* All pieces of extra information.  1, 0 if the last is missing, -EPROTO. */
static int take_extras(struct look *look)
{
	struct netif_extra_info extra;
	int count = 0, slot;

	do {
		if (count++ == NET_RX_EXTRAS)
			return -EPROTO;
		slot = next_slot(look);
		if (slot < 0)
			return 0;
		ring_copy_slot(&extra, &look->rx->ring.sring->ring[slot],
			       sizeof(extra));
		if (extra.type == XEN_NETIF_EXTRA_TYPE_NONE ||
		    extra.type >= XEN_NETIF_EXTRA_TYPE_MAX)
			return -EPROTO;
		if (extra.type == XEN_NETIF_EXTRA_TYPE_GSO &&
		    take_gso(look, &extra))
			return -EPROTO;
	} while (extra.flags & XEN_NETIF_EXTRA_FLAG_MORE);
	return 1;
}

static int take_part(struct look *look, int slot,
		     const struct netif_rx_response *rsp)
{
	struct net_rx_packet *packet = look->packet;
	struct net_rx_part *part;

	if (rsp->id != slot)
		return -EPROTO;
	if (rsp->status < 0) {
		look->failed = true;
		return 0;
	}
	if (packet->parts == NET_RX_PARTS || rsp->offset >= FE_PAGE ||
	    rsp->status > (int)(FE_PAGE - rsp->offset))
		return -EPROTO;
	part = &packet->part[packet->parts++];
	part->buffer = slot;
	part->offset = rsp->offset;
	part->length = rsp->status;
	packet->length += rsp->status;
	return 0;
}

/* From the first slot to the last.  1, 0 if some are missing, -EPROTO. */
static int take_packet(struct look *look)
{
	struct netif_rx_response rsp;
	int slot, rc;

	do {
		if (look->packet->slots == NET_RX_MOST)
			return -EPROTO;
		slot = next_slot(look);
		if (slot < 0)
			return 0;
		ring_copy_slot(&rsp, &look->rx->ring.sring->ring[slot],
			       sizeof(rsp));
		if (take_part(look, slot, &rsp))
			return -EPROTO;
		if (look->packet->slots == 1)
			look->packet->flags = rsp.flags;
		if (rsp.flags & NETRXF_extra_info) {
			rc = take_extras(look);
			if (rc <= 0)
				return rc;
		}
	} while (rsp.flags & NETRXF_more_data);
	return 1;
}

int net_rx_next(struct net_rx *rx, struct net_rx_packet *packet)
{
	netif_rx_front_ring_t *r = &rx->ring;
	struct look look = { .rx = rx, .packet = packet };
	int rc;

	packet->slots = 0;
	packet->parts = 0;
	packet->flags = 0;
	packet->gso_size = 0;
	packet->gso_type = XEN_NETIF_GSO_TYPE_NONE;
	packet->length = 0;
	look.pending = fe_ring_pending(&r->sring->rsp_prod, r->req_prod_pvt,
				       r->rsp_cons);
	if (look.pending < 0)
		return look.pending;
	rx->seen = r->rsp_cons + look.pending;
	if (!look.pending)
		return 0;
	rc = take_packet(&look);
	if (look.failed)
		packet->parts = 0;
	return rc;
}

void net_rx_release(struct net_rx *rx, const struct net_rx_packet *packet)
{
	rx->ring.rsp_cons += packet->slots;
	net_rx_fill(rx);
}

bool net_rx_idle(struct net_rx *rx)
{
	netif_rx_front_ring_t *r = &rx->ring;

	ring_announce_event(&r->sring->rsp_event, rx->seen + 1);
	return ring_peer_index(&r->sring->rsp_prod) != rx->seen;
}
