/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The transmit ring of one queue.  A packet takes one buffer (a page) for each
 * 4096 bytes and one slot for each buffer, and one more slot for each piece of
 * extra information.  Request ids are the buffers' numbers.
 *
 * State owned: struct net_tx.  Invariants: a buffer is in use exactly while a
 * request that names it is not answered; extras counts the slots on the ring
 * that carry extra information, which are answered without an id.  The caller's
 * lock protects all of it.
 */
#ifndef NET_TX_H
#define NET_TX_H

#include <abi/io/netif.h>
#include "../common/ring.h"
#include "../common/slots.h"

#define NET_TX_SLOTS	256
#define NET_TX_ADDRESS	2
/* Of the greatest packet, with one piece of extra information. */
#define NET_TX_MOST	(XEN_NETIF_MAX_TX_SIZE / 4096 + 1 + 1)

struct net_tx {
	netif_tx_front_ring_t ring;
	struct fe_slots buffers;
	const grant_ref_t *gref;	/* NET_TX_SLOTS of them */
	u8 *memory;			/* their pages, in order */
	u16 extras;
	u16 stack[NET_TX_SLOTS];
	u8 in_use[NET_TX_SLOTS];	/* NET_TX_ADDRESS for an address */
	u16 length[NET_TX_SLOTS];	/* bytes of the packet that ends here */
};

/* A packet to be sent. */
struct net_tx_packet {
	u32 length;			/* 1 to XEN_NETIF_MAX_TX_SIZE */
	u16 flags;			/* NETTXF_csum_blank, _data_validated */
	u16 gso_size;			/* 0: none */
	u8 gso_type;			/* XEN_NETIF_GSO_TYPE_* */
};

/* What net_tx_reap() found. */
struct net_tx_done {
	u32 packets;
	u32 bytes;
	u32 errors;	/* slots that the backend could not send */
	u32 refused;	/* addresses that it did not take into its filter */
};

/* net_tx_init() - starts on a fresh ring page; gref and memory are set. */
void net_tx_init(struct net_tx *tx, void *shared);

/* net_tx_room() - slots that can be used now, counting buffers as well. */
static inline u32 net_tx_room(const struct net_tx *tx)
{
	return min_t(u32, RING_FREE_REQUESTS(&tx->ring), tx->buffers.free);
}

/* net_tx_need() - slots that a packet takes. */
static inline u32 net_tx_need(const struct net_tx_packet *packet)
{
	return fe_pages_for(packet->length) + (packet->gso_size != 0);
}

/**
 * net_tx_put() - puts a packet's requests on the ring; net_tx_push() shows
 * them.
 * @buffers: where to tell the numbers of its buffers, in order, NET_TX_MOST
 *	of them at most: the caller fills their pages before net_tx_push()
 *
 * Returns how many buffers, -EBUSY without room, -EINVAL for a bad length.
 */
int net_tx_put(struct net_tx *tx, const struct net_tx_packet *packet,
	       u16 *buffers);

/*
 * net_tx_put_multicast() - a request that adds an address to the backend's
 * filter or (add false) removes it.  0 or -EBUSY.
 */
int net_tx_put_multicast(struct net_tx *tx, const u8 addr[6], bool add);

/* net_tx_push() - publishes; true if the backend wants to be told. */
bool net_tx_push(struct net_tx *tx);

/*
 * net_tx_reap() - takes all answers that are there.  0, or -EPROTO if the
 * backend broke the rules: then the ring must not be used again.
 */
int net_tx_reap(struct net_tx *tx, struct net_tx_done *done);

/*
 * net_tx_rearm() - asks for an event when half of what is outstanding has been
 * answered.  True if that is so already.
 */
bool net_tx_rearm(struct net_tx *tx);

#endif
