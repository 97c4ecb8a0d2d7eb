// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A queue's transmit ring; see tx.h for state, invariants and lock.
 */
#include "tx.h"

/* The slot's request, zeroed: what is not set says nothing of older packets. */
static struct netif_tx_request *next_request(struct net_tx *tx)
{
	struct netif_tx_request *req =
		RING_GET_REQUEST(&tx->ring, tx->ring.req_prod_pvt++);

	memset(req, 0, sizeof(*req));
	return req;
}

void net_tx_init(struct net_tx *tx, void *shared)
{
	netif_tx_sring_t *sring = shared;

	ABI_ASSERT(__CONST_RING_SIZE(netif_tx, 4096) == NET_TX_SLOTS,
		   "a page holds this many slots");
	XEN_FRONT_RING_INIT(&tx->ring, sring, FE_PAGE);
	fe_slots_init(&tx->buffers, tx->stack, tx->in_use, NET_TX_SLOTS);
	tx->extras = 0;
}

static void put_gso(struct net_tx *tx, const struct net_tx_packet *packet)
{
	struct netif_extra_info *extra = (void *)next_request(tx);

	extra->type = XEN_NETIF_EXTRA_TYPE_GSO;
	extra->u.gso.size = packet->gso_size;
	extra->u.gso.type = packet->gso_type;
	tx->extras++;
}

/* One buffer's request; the first one tells the size of the whole packet. */
static int put_buffer(struct net_tx *tx, u16 size, u16 flags)
{
	struct netif_tx_request *req = next_request(tx);
	int buffer = fe_slots_get(&tx->buffers);

	tx->length[buffer] = 0;
	req->gref = tx->gref[buffer];
	req->id = buffer;
	req->size = size;
	req->flags = flags;
	return buffer;
}

int net_tx_put(struct net_tx *tx, const struct net_tx_packet *packet,
	       u16 *buffers)
{
	u32 left = packet->length;
	u16 flags = packet->flags;
	int count = 0;

	if (!left || left > XEN_NETIF_MAX_TX_SIZE)
		return -EINVAL;
	if (net_tx_room(tx) < net_tx_need(packet))
		return -EBUSY;
	if (packet->gso_size)
		flags |= NETTXF_extra_info;
	while (left) {
		u32 now = min_t(u32, left, FE_PAGE);

		if (left > now)
			flags |= NETTXF_more_data;
		buffers[count] = put_buffer(tx, count ? now : packet->length,
					    flags);
		if (!count++ && packet->gso_size)
			put_gso(tx, packet);
		left -= now;
		flags = 0;
	}
	tx->length[buffers[count - 1]] = packet->length;
	return count;
}

int net_tx_put_multicast(struct net_tx *tx, const u8 addr[6], bool add)
{
	struct netif_extra_info *extra;

	if (net_tx_room(tx) < 2)
		return -EBUSY;
	tx->in_use[put_buffer(tx, 0, NETTXF_extra_info)] = NET_TX_ADDRESS;
	extra = (void *)next_request(tx);
	extra->type = add ? XEN_NETIF_EXTRA_TYPE_MCAST_ADD :
			    XEN_NETIF_EXTRA_TYPE_MCAST_DEL;
	memcpy(extra->u.mcast.addr, addr, sizeof(extra->u.mcast.addr));
	tx->extras++;
	return 0;
}

bool net_tx_push(struct net_tx *tx)
{
	bool notify;

	RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&tx->ring, notify);
	return notify;
}

static int take_answer(struct net_tx *tx, const struct netif_tx_response *rsp,
		       struct net_tx_done *done)
{
	bool address;

	if (rsp->status == NETIF_RSP_NULL) {
		if (!tx->extras)
			return -EPROTO;
		tx->extras--;
		return 0;
	}
	address = rsp->id < NET_TX_SLOTS &&
		  tx->in_use[rsp->id] == NET_TX_ADDRESS;
	if (fe_slots_put(&tx->buffers, rsp->id))
		return -EPROTO;
	if (rsp->status != NETIF_RSP_OKAY) {
		done->refused += address;
		done->errors += !address;
	}
	done->packets += tx->length[rsp->id] != 0;
	done->bytes += tx->length[rsp->id];
	return 0;
}

int net_tx_reap(struct net_tx *tx, struct net_tx_done *done)
{
	netif_tx_front_ring_t *r = &tx->ring;
	struct netif_tx_response rsp;
	int pending = fe_ring_pending(&r->sring->rsp_prod, r->req_prod_pvt,
				      r->rsp_cons);

	memset(done, 0, sizeof(*done));
	if (pending < 0)
		return pending;
	while (pending--) {
		RING_COPY_RESPONSE(r, r->rsp_cons, &rsp);
		r->rsp_cons++;
		if (take_answer(tx, &rsp, done))
			return -EPROTO;
	}
	return 0;
}

bool net_tx_rearm(struct net_tx *tx)
{
	netif_tx_front_ring_t *r = &tx->ring;
	RING_IDX wait = (r->req_prod_pvt - r->rsp_cons) / 2 + 1;

	ring_announce_event(&r->sring->rsp_event, r->rsp_cons + wait);
	return ring_peer_index(&r->sring->rsp_prod) - r->rsp_cons >= wait;
}
