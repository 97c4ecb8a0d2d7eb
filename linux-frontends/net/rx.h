/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The receive ring of one queue.  Slot i of the ring always lends the backend
 * buffer i (a page), so there is nothing to allocate and no id to believe; the
 * protocol demands that an answer comes in its request's slot.
 *
 * A packet is looked at in whole: net_rx_next() finds where it ends and checks
 * every part, the caller copies it out, and net_rx_release() gives its buffers
 * back to the backend.
 *
 * State owned: struct net_rx, used by one context at a time.
 */
#ifndef NET_RX_H
#define NET_RX_H

#include <abi/io/netif.h>
#include "../common/ring.h"

#define NET_RX_SLOTS	256
#define NET_RX_PARTS	20	/* buffers of one packet that are accepted */
#define NET_RX_EXTRAS	4	/* pieces of extra information of one packet */
#define NET_RX_MOST	(NET_RX_PARTS + NET_RX_EXTRAS)

struct net_rx {
	netif_rx_front_ring_t ring;
	const grant_ref_t *gref;	/* NET_RX_SLOTS of them */
	u8 *memory;			/* their pages, in order */
	RING_IDX seen;			/* answers that were looked at */
};

struct net_rx_part {
	u16 buffer;
	u16 offset;
	u16 length;
};

struct net_rx_packet {
	u16 slots;		/* what net_rx_release() gives back */
	u16 parts;		/* 0: the backend says that it failed */
	u16 flags;		/* NETRXF_csum_blank, _data_validated */
	u16 gso_size;		/* 0: none */
	u8 gso_type;		/* XEN_NETIF_GSO_TYPE_TCPV4 or 6 */
	u32 length;
	struct net_rx_part part[NET_RX_PARTS];
};

/* net_rx_init() - starts on a fresh ring page; gref and memory are set. */
void net_rx_init(struct net_rx *rx, void *shared);

/* net_rx_fill() - lends all free buffers; net_rx_push() shows them. */
void net_rx_fill(struct net_rx *rx);

/* net_rx_push() - publishes; true if the backend wants to be told. */
bool net_rx_push(struct net_rx *rx);

/**
 * net_rx_next() - looks at the next packet.
 *
 * Returns 1 with *packet filled in; 0 if no whole packet is there; -EPROTO if
 * the backend broke the rules: then the ring must not be used again.
 */
int net_rx_next(struct net_rx *rx, struct net_rx_packet *packet);

/* net_rx_release() - the packet was copied; its slots are lent again. */
void net_rx_release(struct net_rx *rx, const struct net_rx_packet *packet);

/*
 * net_rx_idle() - asks for an event at the next answer, whether or not the start
 * of a packet lies there.  True if one came since net_rx_next() found no more.
 */
bool net_rx_idle(struct net_rx *rx);

#endif
