// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Staging grants: asks the backend over the control ring to keep the queues'
 * buffers mapped.  The data path is the same with and without; see
 * docs/frontends.md.
 *
 * A conversation runs in a work item, waits for each answer as long as it takes
 * or until the connection ends (idle, as far as the kernel's watch over hung
 * tasks goes: a backend may be slow), and holds ctrl.lock throughout.
 */
#include <linux/ethtool.h>
#include <xen/events.h>

#include "netfront.h"

irqreturn_t fn_ctrl_interrupt(int irq, void *data)
{
	struct fn_card *card = data;
	bool due = net_ctrl_due(&card->ctrl.ring);

	wake_up(&card->ctrl.answered);
	xen_irq_lateeoi(irq, due ? 0 : XEN_EOI_FLAG_SPURIOUS);
	return IRQ_HANDLED;
}

/* Has the answer come, or will none come any more? */
static bool answered(struct fn_ctrl *ctrl, int *result)
{
	if (!READ_ONCE(ctrl->live)) {
		*result = -ENOTCONN;
		return true;
	}
	*result = net_ctrl_take(&ctrl->ring);
	return *result != 0;
}

/* One message.  0 with the answer in ctrl->ring, or -errno. */
static int ask(struct fn_card *card, u16 type, u32 a, u32 b, u32 c)
{
	struct fn_ctrl *ctrl = &card->ctrl;
	int result = net_ctrl_send(&ctrl->ring, type, a, b, c);

	if (result < 0)
		return result;
	if (result)
		notify_remote_via_irq(ctrl->channel.irq);
	wait_event_idle(ctrl->answered, answered(ctrl, &result));
	if (result == -EPROTO) {
		WRITE_ONCE(ctrl->live, false);
		fe_broken(&card->fe, "bad response on the control ring");
	}
	return result < 0 ? result : 0;
}

static bool succeeded(const struct fn_ctrl *ctrl)
{
	return ctrl->ring.status == XEN_NETIF_CTRL_STATUS_SUCCESS;
}

static u32 fill_list(struct fn_card *card, struct fn_queue *queue, u32 most)
{
	return net_ctrl_list(card->ctrl.list.base, most, queue->tx_pool.gref,
			     queue->rx_pool.gref, NET_TX_SLOTS);
}

static int stage(struct fn_card *card, struct fn_queue *queue)
{
	struct fn_ctrl *ctrl = &card->ctrl;
	u32 count;
	int err;

	err = ask(card, XEN_NETIF_CTRL_TYPE_GET_GREF_MAPPING_SIZE,
		  queue->index, 0, 0);
	if (err || !succeeded(ctrl) || !ctrl->ring.data)
		return err;
	count = fill_list(card, queue, ctrl->ring.data);
	err = ask(card, XEN_NETIF_CTRL_TYPE_ADD_GREF_MAPPING, queue->index,
		  ctrl->list.gref[0], count);
	if (!err && succeeded(ctrl))
		queue->staged = count;
	return err;
}

static int unstage(struct fn_card *card, struct fn_queue *queue)
{
	u32 count = queue->staged;

	if (!count)
		return 0;
	queue->staged = 0;
	count = fill_list(card, queue, count);
	return ask(card, XEN_NETIF_CTRL_TYPE_DEL_GREF_MAPPING, queue->index,
		   card->ctrl.list.gref[0], count);
}

/*
 * Brings the backend to what is wanted, also when it has forgotten: what it
 * was told before is taken back first.
 */
void fn_staging_worker(struct work_struct *work)
{
	struct fn_card *card = container_of(work, struct fn_card, staging_work);
	struct fn_ctrl *ctrl = &card->ctrl;
	u32 staged = 0;
	unsigned int i;
	int err = 0;

	mutex_lock(&ctrl->lock);
	for (i = 0; READ_ONCE(ctrl->live) && !err && i < card->queue_count;
	     i++) {
		err = unstage(card, &card->queue[i]);
		if (!err && READ_ONCE(card->staging))
			err = stage(card, &card->queue[i]);
		staged += card->queue[i].staged;
	}
	if (READ_ONCE(ctrl->live) && !err)
		netdev_info(card->dev,
			    "the backend keeps %u of %u buffers mapped\n",
			    staged, card->queue_count * 2 * NET_TX_SLOTS);
	mutex_unlock(&ctrl->lock);
}
