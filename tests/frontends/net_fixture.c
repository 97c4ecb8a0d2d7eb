// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A card's rings on the host; see net_fixture.h.
 */
#include <stdlib.h>
#include "net_fixture.h"

struct net_world net;

void net_fixture(void)
{
	unsigned int i;

	memset(&net, 0, sizeof(net));
	net.tx_page = calloc(1, FE_PAGE);
	net.rx_page = calloc(1, FE_PAGE);
	net.ctrl_page = calloc(1, FE_PAGE);
	for (i = 0; i < NET_TX_SLOTS; i++) {
		net.tx_gref[i] = TX_GREF + i;
		net.rx_gref[i] = RX_GREF + i;
	}
	net.tx.gref = net.tx_gref;
	net.rx.gref = net.rx_gref;
	net_tx_init(&net.tx, net.tx_page);
	net_rx_init(&net.rx, net.rx_page);
	net_rx_fill(&net.rx);
	net_rx_push(&net.rx);
	net_ctrl_init(&net.ctrl, net.ctrl_page);
	BACK_RING_INIT(&net.tx_back, net.tx.ring.sring, FE_PAGE);
	BACK_RING_INIT(&net.rx_back, net.rx.ring.sring, FE_PAGE);
	BACK_RING_INIT(&net.ctrl_back, net.ctrl.ring.sring, FE_PAGE);
}

void net_fixture_end(void)
{
	free(net.tx_page);
	free(net.rx_page);
	free(net.ctrl_page);
}

void net_back_tx_answer(uint16_t id, int16_t status)
{
	struct netif_tx_response *rsp =
		RING_GET_RESPONSE(&net.tx_back, net.tx_back.rsp_prod_pvt);

	net.tx_back.rsp_prod_pvt++;
	rsp->id = id;
	rsp->status = status;
	RING_PUSH_RESPONSES(&net.tx_back);
}

void net_back_rx_answer(uint16_t id, uint16_t offset, uint16_t flags,
			int16_t status)
{
	struct netif_rx_response *rsp =
		RING_GET_RESPONSE(&net.rx_back, net.rx_back.rsp_prod_pvt);

	net.rx_back.rsp_prod_pvt++;
	rsp->id = id;
	rsp->offset = offset;
	rsp->flags = flags;
	rsp->status = status;
	RING_PUSH_RESPONSES(&net.rx_back);
}

void net_back_rx_part(uint16_t offset, uint16_t flags, int16_t status)
{
	net_back_rx_answer(net.rx_back.rsp_prod_pvt % NET_RX_SLOTS, offset,
			   flags, status);
}

void net_back_rx_extra(uint8_t type, uint8_t flags, uint16_t gso_size,
		       uint8_t gso_type)
{
	struct netif_extra_info *extra = (void *)
		RING_GET_RESPONSE(&net.rx_back, net.rx_back.rsp_prod_pvt);

	net.rx_back.rsp_prod_pvt++;
	memset(extra, 0, sizeof(*extra));
	extra->type = type;
	extra->flags = flags;
	extra->u.gso.size = gso_size;
	extra->u.gso.type = gso_type;
	RING_PUSH_RESPONSES(&net.rx_back);
}

void net_back_ctrl_answer(uint16_t id, uint16_t type, uint32_t status,
			  uint32_t data)
{
	struct xen_netif_ctrl_response *rsp =
		RING_GET_RESPONSE(&net.ctrl_back, net.ctrl_back.rsp_prod_pvt);

	net.ctrl_back.rsp_prod_pvt++;
	rsp->id = id;
	rsp->type = type;
	rsp->status = status;
	rsp->data = data;
	RING_PUSH_RESPONSES(&net.ctrl_back);
}
