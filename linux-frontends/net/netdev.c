// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The network interface as the stack sees it.  Polling is on exactly while the
 * interface is up and connected; both sides of that end here, under rtnl.
 */
#include <linux/rtnetlink.h>
#include <xen/events.h>

#include "netfront.h"

void fn_polling_on(struct fn_card *card)
{
	unsigned int i;

	ASSERT_RTNL();
	if (card->polling || !card->live || !netif_running(card->dev))
		return;
	for (i = 0; i < card->queue_count; i++)
		napi_enable(&card->queue[i].napi);
	WRITE_ONCE(card->polling, true);
	/* Whatever came before: look once, which also asks for events. */
	local_bh_disable();
	for (i = 0; i < card->queue_count; i++)
		napi_schedule(&card->queue[i].napi);
	local_bh_enable();
	netif_tx_start_all_queues(card->dev);
}

void fn_polling_off(struct fn_card *card)
{
	unsigned int i;

	ASSERT_RTNL();
	if (!card->polling)
		return;
	netif_tx_disable(card->dev);
	WRITE_ONCE(card->polling, false);
	for (i = 0; i < card->queue_count; i++) {
		struct fn_queue *queue = &card->queue[i];

		napi_disable(&queue->napi);
		if (xchg(&queue->eoi_due, false))
			xen_irq_lateeoi(queue->channel.irq, 0);
	}
}

static int fn_open(struct net_device *dev)
{
	fn_polling_on(netdev_priv(dev));
	return 0;
}

static int fn_stop(struct net_device *dev)
{
	fn_polling_off(netdev_priv(dev));
	return 0;
}

static void fn_stats64(struct net_device *dev, struct rtnl_link_stats64 *sum)
{
	struct fn_card *card = netdev_priv(dev);
	unsigned int i;

	for (i = 0; i < FN_MOST_QUEUES; i++) {
		const struct fn_stats *rx = &card->rx_stats[i];
		const struct fn_stats *tx = &card->tx_stats[i];

		sum->rx_packets += READ_ONCE(rx->packets);
		sum->rx_bytes += READ_ONCE(rx->bytes);
		sum->rx_errors += READ_ONCE(rx->errors);
		sum->rx_dropped += READ_ONCE(rx->drops);
		sum->tx_packets += READ_ONCE(tx->packets);
		sum->tx_bytes += READ_ONCE(tx->bytes);
		sum->tx_errors += READ_ONCE(tx->errors);
		sum->tx_dropped += READ_ONCE(tx->drops);
	}
}

/* Never more than this backend takes; it may change with a new one. */
static netdev_features_t fn_fix_features(struct net_device *dev,
					 netdev_features_t want)
{
	struct fn_card *card = netdev_priv(dev);
	netdev_features_t offloads = NETIF_F_SG | NETIF_F_IP_CSUM |
		NETIF_F_IPV6_CSUM | NETIF_F_TSO | NETIF_F_TSO6;

	return want & (card->can | ~offloads);
}

/* A single page travels to a backend without scatter-gather. */
static int fn_change_mtu(struct net_device *dev, int mtu)
{
	if (!(dev->features & NETIF_F_SG) && mtu > ETH_DATA_LEN)
		return -EINVAL;
	WRITE_ONCE(dev->mtu, mtu);
	return 0;
}

const struct net_device_ops fn_netdev_ops = {
	.ndo_open = fn_open,
	.ndo_stop = fn_stop,
	.ndo_start_xmit = fn_xmit,
	.ndo_get_stats64 = fn_stats64,
	.ndo_set_rx_mode = fn_rx_mode,
	.ndo_fix_features = fn_fix_features,
	.ndo_change_mtu = fn_change_mtu,
	.ndo_validate_addr = eth_validate_addr,
	.ndo_set_mac_address = eth_mac_addr,
};
