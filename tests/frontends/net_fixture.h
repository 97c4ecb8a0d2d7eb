/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A card's rings on the host, with a backend that does what a test tells it.
 * State owned: `net`, set up anew by net_fixture().
 */
#ifndef FRONTENDS_NET_FIXTURE_H
#define FRONTENDS_NET_FIXTURE_H

#include <net/ctrl.h>
#include <net/rx.h>
#include <net/tx.h>

#define TX_GREF	5000
#define RX_GREF	9000

struct net_world {
	struct net_tx tx;
	struct net_rx rx;
	struct net_ctrl ctrl;
	netif_tx_back_ring_t tx_back;
	netif_rx_back_ring_t rx_back;
	xen_netif_ctrl_back_ring_t ctrl_back;
	grant_ref_t tx_gref[NET_TX_SLOTS];
	grant_ref_t rx_gref[NET_RX_SLOTS];
	uint8_t *tx_page, *rx_page, *ctrl_page;
};

extern struct net_world net;

void net_fixture(void);
void net_fixture_end(void);

/* The backend's answers; nothing is checked, that is the point. */
void net_back_tx_answer(uint16_t id, int16_t status);
void net_back_rx_answer(uint16_t id, uint16_t offset, uint16_t flags,
			int16_t status);
/* The same in the slot that the protocol wants. */
void net_back_rx_part(uint16_t offset, uint16_t flags, int16_t status);
void net_back_rx_extra(uint8_t type, uint8_t flags, uint16_t gso_size,
		       uint8_t gso_type);
void net_back_ctrl_answer(uint16_t id, uint16_t type, uint32_t status,
			  uint32_t data);

#endif
