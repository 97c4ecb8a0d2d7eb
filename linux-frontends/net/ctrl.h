/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control ring: one message at a time, and its answer.
 *
 * State owned: struct net_ctrl.  Invariant: `waiting` exactly while one request
 * is not answered.  The caller's lock protects it.
 */
#ifndef NET_CTRL_H
#define NET_CTRL_H

#include <abi/io/netif.h>
#include "../common/ring.h"

struct net_ctrl {
	xen_netif_ctrl_front_ring_t ring;
	bool waiting;
	u16 id;			/* of the message that was sent last */
	u16 type;
	u32 status;		/* of the last answer: XEN_NETIF_CTRL_STATUS_* */
	u32 data;
};

/* net_ctrl_init() - starts on a fresh ring page. */
void net_ctrl_init(struct net_ctrl *ctrl, void *shared);

/*
 * net_ctrl_send() - sends a message.  1 if the backend wants to be told, 0 if
 * not, -EBUSY while an answer is outstanding.
 */
int net_ctrl_send(struct net_ctrl *ctrl, u16 type, u32 a, u32 b, u32 c);

/*
 * net_ctrl_take() - looks for the answer.  1 if it is there now, 0 if not,
 * -EPROTO for anything else.
 */
int net_ctrl_take(struct net_ctrl *ctrl);

/*
 * net_ctrl_due() - for an interrupt, without the lock: may there be an answer?
 * One that is taken at this moment may be seen or not.
 */
bool net_ctrl_due(const struct net_ctrl *ctrl);

/*
 * net_ctrl_list() - the list of an ADD or DEL message: a queue's buffers, @each
 * for transmit, then @each for receive, in all at most @most and what a page
 * holds.  Returns how many.
 */
u32 net_ctrl_list(struct xen_netif_gref *list, u32 most,
		  const grant_ref_t *tx, const grant_ref_t *rx, u32 each);

#endif
