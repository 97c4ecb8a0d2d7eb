// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Connecting a card: rings and buffers are made, announced and freed here.
 */
#include <linux/cpumask.h>
#include <linux/module.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>

#include "netfront.h"

static unsigned int queues = 8;
module_param(queues, uint, 0444);
MODULE_PARM_DESC(queues,
		 "most queues of a card, up to one for each processor (1 to 16)");

static bool multicast_control = true;
module_param(multicast_control, bool, 0444);
MODULE_PARM_DESC(multicast_control, "let the backend filter multicast");

unsigned int fn_most_queues(void)
{
	return min3(max(queues, 1U), num_online_cpus(), 0U + FN_MOST_QUEUES);
}

/* For long packets received, private to this guest. */
static int make_pages(struct fn_card *card, struct fn_queue *queue)
{
	struct page_pool_params params = {
		.pool_size = NET_RX_SLOTS,
		.nid = NUMA_NO_NODE,
		.dev = &card->dev->dev,
	};
	struct page_pool *pages = page_pool_create(&params);

	if (IS_ERR(pages))
		return PTR_ERR(pages);
	queue->pages = pages;
	return 0;
}

static int make_queue(struct fn_card *card, struct fn_queue *queue)
{
	struct xenbus_device *bus = card->fe.bus;
	int err = make_pages(card, queue);

	if (!err)
		err = fe_pool_make(&queue->tx_pool, bus, NET_TX_SLOTS, true);
	if (!err)
		err = fe_pool_make(&queue->rx_pool, bus, NET_RX_SLOTS, false);
	if (!err)
		err = fe_ring_make(&queue->tx_ring, bus, 1);
	if (!err)
		err = fe_ring_make(&queue->rx_ring, bus, 1);
	if (err)
		return err;
	queue->tx.gref = queue->tx_pool.gref;
	queue->tx.memory = queue->tx_pool.base;
	queue->rx.gref = queue->rx_pool.gref;
	queue->rx.memory = queue->rx_pool.base;
	net_tx_init(&queue->tx, queue->tx_ring.base);
	net_rx_init(&queue->rx, queue->rx_ring.base);
	net_rx_fill(&queue->rx);
	net_rx_push(&queue->rx);
	return fe_channel_make(&queue->channel, bus, fn_interrupt,
			       "parvis-netfront", queue);
}

static void free_queue(struct fn_queue *queue)
{
	fe_channel_free(&queue->channel, queue);
	fe_ring_free(&queue->tx_ring);
	fe_ring_free(&queue->rx_ring);
	fe_pool_free(&queue->tx_pool);
	fe_pool_free(&queue->rx_pool);
	if (queue->pages)
		page_pool_destroy(queue->pages);
}

static int make_ctrl(struct fn_card *card)
{
	struct fn_ctrl *ctrl = &card->ctrl;
	struct xenbus_device *bus = card->fe.bus;
	int err;

	if (!fe_read(&card->fe, "feature-ctrl-ring", 0, 1))
		return 0;
	err = fe_pool_make(&ctrl->list, bus, 1, false);
	if (!err)
		err = fe_ring_make(&ctrl->pages, bus, 1);
	if (err)
		return err;
	net_ctrl_init(&ctrl->ring, ctrl->pages.base);
	return fe_channel_make(&ctrl->channel, bus, fn_ctrl_interrupt,
			       "parvis-netfront-ctrl", card);
}

static void free_ctrl(struct fn_card *card)
{
	struct fn_ctrl *ctrl = &card->ctrl;

	WRITE_ONCE(ctrl->live, false);
	wake_up(&ctrl->answered);
	cancel_work_sync(&card->staging_work);
	fe_channel_free(&ctrl->channel, card);
	fe_ring_free(&ctrl->pages);
	fe_pool_free(&ctrl->list);
}

static void read_features(struct fn_card *card)
{
	struct fe_device *fe = &card->fe;

	card->can = 0;
	if (fe_read(fe, "feature-sg", 0, 1))
		card->can |= NETIF_F_SG;
	if (fe_read(fe, "feature-gso-tcpv4", 0, 1))
		card->can |= NETIF_F_TSO;
	if (fe_read(fe, "feature-gso-tcpv6", 0, 1))
		card->can |= NETIF_F_TSO6;
	if (!fe_read(fe, "feature-no-csum-offload", 0, 1))
		card->can |= NETIF_F_IP_CSUM;
	if (fe_read(fe, "feature-ipv6-csum-offload", 0, 1))
		card->can |= NETIF_F_IPV6_CSUM;
	card->filter_offered = multicast_control &&
		fe_read(fe, "feature-multicast-control", 0, 1) &&
		fe_read(fe, "feature-dynamic-multicast-control", 0, 1);
}

/* All queues, as far as drop() looks at those that are never made. */
static int make_array(struct fn_card *card, unsigned int count)
{
	unsigned int i;

	card->queue = kvcalloc(count, sizeof(*card->queue), GFP_KERNEL);
	if (!card->queue)
		return -ENOMEM;
	card->queue_count = count;
	rtnl_lock();	/* the stack walks the list of a device's polls */
	for (i = 0; i < count; i++) {
		card->queue[i].card = card;
		card->queue[i].index = i;
		netif_napi_add(card->dev, &card->queue[i].napi, fn_poll);
	}
	rtnl_unlock();
	return 0;
}

static int offer(struct fe_device *fe)
{
	struct fn_card *card = to_card(fe);
	unsigned int count, i;
	int err;

	read_features(card);
	count = max(fe_read(fe, "multi-queue-max-queues", 1,
			    fn_most_queues()), 1U);
	err = make_array(card, count);
	for (i = 0; !err && i < count; i++)
		err = make_queue(card, &card->queue[i]);
	return err ? err : make_ctrl(card);
}

static int put_key(struct xenbus_transaction xbt, const char *dir,
		   const char *key, unsigned int value)
{
	return xenbus_printf(xbt, dir, key, "%u", value);
}

static int publish_queue(struct xenbus_transaction xbt, const char *dir,
			 const struct fn_queue *queue)
{
	int err = put_key(xbt, dir, "tx-ring-ref", queue->tx_ring.gref[0]);

	if (!err)
		err = put_key(xbt, dir, "rx-ring-ref", queue->rx_ring.gref[0]);
	if (!err)
		err = put_key(xbt, dir, "event-channel", queue->channel.port);
	return err;
}

static int publish_queues(struct fn_card *card, struct xenbus_transaction xbt)
{
	const char *node = card->fe.bus->nodename;
	unsigned int i;
	char *dir;
	int err;

	if (card->queue_count == 1) {
		xenbus_rm(xbt, node, "multi-queue-num-queues");
		return publish_queue(xbt, node, &card->queue[0]);
	}
	err = put_key(xbt, node, "multi-queue-num-queues", card->queue_count);
	for (i = 0; !err && i < card->queue_count; i++) {
		dir = kasprintf(GFP_KERNEL, "%s/queue-%u", node, i);
		if (!dir)
			return -ENOMEM;
		err = publish_queue(xbt, dir, &card->queue[i]);
		kfree(dir);
	}
	return err;
}

static int publish_ctrl(struct fn_card *card, struct xenbus_transaction xbt)
{
	const char *node = card->fe.bus->nodename;
	const struct fn_ctrl *ctrl = &card->ctrl;
	int err;

	if (!ctrl->pages.count) {
		xenbus_rm(xbt, node, "ctrl-ring-ref");
		xenbus_rm(xbt, node, "event-channel-ctrl");
		return 0;
	}
	err = put_key(xbt, node, "ctrl-ring-ref", ctrl->pages.gref[0]);
	if (!err)
		err = put_key(xbt, node, "event-channel-ctrl",
			      ctrl->channel.port);
	return err;
}

static const char *const our_features[] = {
	"request-rx-copy", "feature-rx-notify", "feature-sg",
	"feature-gso-tcpv4", "feature-gso-tcpv6", "feature-ipv6-csum-offload",
};

static int publish(struct fe_device *fe, struct xenbus_transaction xbt)
{
	struct fn_card *card = to_card(fe);
	const char *node = fe->bus->nodename;
	unsigned int i;
	int err = publish_queues(card, xbt);

	if (!err)
		err = publish_ctrl(card, xbt);
	for (i = 0; !err && i < ARRAY_SIZE(our_features); i++)
		err = put_key(xbt, node, our_features[i], 1);
	if (!err)
		err = put_key(xbt, node, "request-multicast-control",
			      card->filter_offered);
	return err;
}

/* Shows the stack the new backend's queues and abilities. */
static int introduce(struct fn_card *card)
{
	struct net_device *dev = card->dev;
	int err;

	if (dev->reg_state == NETREG_UNINITIALIZED) {
		err = register_netdev(dev);
		if (err)
			return err;
	}
	rtnl_lock();
	err = netif_set_real_num_queues(dev, card->queue_count,
					card->queue_count);
	if (!err) {
		netdev_update_features(dev);
		card->live = true;
		fn_polling_on(card);
	}
	rtnl_unlock();
	return err;
}

static int start(struct fe_device *fe)
{
	struct fn_card *card = to_card(fe);
	int err = introduce(card);

	if (err)
		return err;
	netif_carrier_on(card->dev);
	fn_filter_restart(card);
	netdev_notify_peers(card->dev);
	netdev_info(card->dev, "connected, %u queues\n", card->queue_count);
	if (card->ctrl.pages.count) {
		WRITE_ONCE(card->ctrl.live, true);
		schedule_work(&card->staging_work);
	}
	return 0;
}

/* A backend that is new behind the same rings has lost its mappings. */
static void refresh(struct fe_device *fe)
{
	struct fn_card *card = to_card(fe);

	if (card->ctrl.live)
		schedule_work(&card->staging_work);
}

static void reset_limits(struct fn_card *card)
{
	unsigned int i;

	for (i = 0; i < card->queue_count; i++)
		netdev_tx_reset_queue(netdev_get_tx_queue(card->dev, i));
}

static void drop(struct fe_device *fe, bool final)
{
	struct fn_card *card = to_card(fe);
	unsigned int i;

	netif_carrier_off(card->dev);
	WRITE_ONCE(card->live, false);
	WRITE_ONCE(card->filter, false);
	rtnl_lock();
	fn_polling_off(card);
	netif_tx_disable(card->dev);	/* waits for all who saw it live */
	for (i = 0; i < card->queue_count; i++)
		netif_napi_del(&card->queue[i].napi);
	rtnl_unlock();
	free_ctrl(card);
	for (i = 0; i < card->queue_count; i++)
		free_queue(&card->queue[i]);
	reset_limits(card);
	card->queue_count = 0;
	kvfree(card->queue);
	card->queue = NULL;
}

static void end(struct fe_device *fe)
{
	struct fn_card *card = to_card(fe);

	cancel_work_sync(&card->filter_work);
}

const struct fe_ops fn_ops = {
	.offered = XenbusStateConnected,
	.offer = offer,
	.publish = publish,
	.start = start,
	.refresh = refresh,
	.drop = drop,
	.end = end,
};
