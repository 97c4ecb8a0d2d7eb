// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The control ring; see ctrl.h for state and lock.
 */
#include "ctrl.h"

void net_ctrl_init(struct net_ctrl *ctrl, void *shared)
{
	xen_netif_ctrl_sring_t *sring = shared;

	memset(ctrl, 0, sizeof(*ctrl));
	XEN_FRONT_RING_INIT(&ctrl->ring, sring, FE_PAGE);
}

int net_ctrl_send(struct net_ctrl *ctrl, u16 type, u32 a, u32 b, u32 c)
{
	struct xen_netif_ctrl_request *req;
	bool notify, more;

	if (ctrl->waiting)
		return -EBUSY;
	req = RING_GET_REQUEST(&ctrl->ring, ctrl->ring.req_prod_pvt++);
	ctrl->waiting = true;
	ctrl->id++;
	ctrl->type = type;
	req->id = ctrl->id;
	req->type = type;
	req->data[0] = a;
	req->data[1] = b;
	req->data[2] = c;
	RING_FINAL_CHECK_FOR_RESPONSES(&ctrl->ring, more);
	(void)more;
	RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&ctrl->ring, notify);
	return notify;
}

int net_ctrl_take(struct net_ctrl *ctrl)
{
	xen_netif_ctrl_front_ring_t *r = &ctrl->ring;
	struct xen_netif_ctrl_response rsp;
	int pending = fe_ring_pending(&r->sring->rsp_prod, r->req_prod_pvt,
				      r->rsp_cons);

	if (pending <= 0)
		return pending;
	RING_COPY_RESPONSE(r, r->rsp_cons, &rsp);
	r->rsp_cons++;
	if (rsp.id != ctrl->id || rsp.type != ctrl->type)
		return -EPROTO;
	ctrl->waiting = false;
	ctrl->status = rsp.status;
	ctrl->data = rsp.data;
	return 1;
}

bool net_ctrl_due(const struct net_ctrl *ctrl)
{
	const xen_netif_ctrl_front_ring_t *r = &ctrl->ring;

	return __atomic_load_n(&ctrl->waiting, __ATOMIC_RELAXED) &&
	       ring_peer_index(&r->sring->rsp_prod) !=
	       __atomic_load_n(&r->rsp_cons, __ATOMIC_RELAXED);
}

u32 net_ctrl_list(struct xen_netif_gref *list, u32 most,
		  const grant_ref_t *tx, const grant_ref_t *rx, u32 each)
{
	u32 count = min_t(u32, most, 2 * each);
	u32 i;

	count = min_t(u32, count, FE_PAGE / sizeof(*list));
	for (i = 0; i < count; i++) {
		bool transmit = i < each;

		list[i].ref = transmit ? tx[i] : rx[i - each];
		list[i].flags = transmit ? XEN_NETIF_CTRLF_GREF_readonly : 0;
		list[i].status = 0;
	}
	return count;
}
