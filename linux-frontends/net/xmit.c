// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sending: packets are copied to the queue's buffers and freed at once, so
 * nothing of the stack's waits for a backend.  Byte queue limits keep the ring
 * from hiding a queue.  All here runs under the queue's transmit lock.
 */
#include <linux/skbuff.h>
#include <xen/events.h>

#include "../common/copy.h"
#include "netfront.h"

static struct netdev_queue *txq_of(struct fn_queue *queue)
{
	return netdev_get_tx_queue(queue->card->dev, queue->index);
}

/* In the ring's words; false if it cannot be sent. */
static bool describe(const struct sk_buff *skb, struct net_tx_packet *packet)
{
	memset(packet, 0, sizeof(*packet));
	packet->length = skb->len;
	if (skb->ip_summed == CHECKSUM_PARTIAL)
		packet->flags = NETTXF_csum_blank | NETTXF_data_validated;
	else if (skb->ip_summed == CHECKSUM_UNNECESSARY)
		packet->flags = NETTXF_data_validated;
	if (skb_is_gso(skb)) {
		packet->gso_size = skb_shinfo(skb)->gso_size;
		packet->gso_type = skb_shinfo(skb)->gso_type & SKB_GSO_TCPV6 ?
			XEN_NETIF_GSO_TYPE_TCPV6 : XEN_NETIF_GSO_TYPE_TCPV4;
	}
	return skb->len >= ETH_HLEN && skb->len <= XEN_NETIF_MAX_TX_SIZE &&
	       !skb_has_frag_list(skb);
}

/* Where in a packet's buffers the copy has got to. */
struct outlet {
	u8 *memory;
	const u16 *buffers;
	u32 at;
};

static void put_bytes(struct outlet *out, const u8 *from, u32 left)
{
	while (left) {
		u32 offset = out->at % FE_PAGE;
		u32 now = min_t(u32, left, FE_PAGE - offset);
		size_t page = out->buffers[out->at / FE_PAGE];

		fe_copy(out->memory + page * FE_PAGE + offset, from, now);
		from += now;
		left -= now;
		out->at += now;
	}
}

static void copy_out(struct fn_queue *queue, const struct sk_buff *skb,
		     const u16 *buffers)
{
	const struct skb_shared_info *info = skb_shinfo(skb);
	struct outlet out = { queue->tx.memory, buffers, 0 };
	int i;

	put_bytes(&out, skb->data, skb_headlen(skb));
	for (i = 0; i < info->nr_frags; i++)
		put_bytes(&out, skb_frag_address(&info->frags[i]),
			  skb_frag_size(&info->frags[i]));
}

/* Takes answers; wakes the stack when the greatest packet has room again. */
void fn_reap(struct fn_queue *queue)
{
	struct netdev_queue *txq = txq_of(queue);
	struct fn_stats *stats = &queue->card->tx_stats[queue->index];
	struct net_tx_done done;

	if (net_tx_reap(&queue->tx, &done)) {
		queue->card->live = false;
		fe_broken(&queue->card->fe, "bad response on a transmit ring");
		return;
	}
	if (done.refused)
		fn_filter_failed(queue->card);
	queue->worked |= done.packets != 0;
	stats->packets += done.packets;
	stats->bytes += done.bytes;
	stats->errors += done.errors;
	netdev_tx_completed_queue(txq, done.packets, done.bytes);
	if (netif_tx_queue_stopped(txq) && net_tx_room(&queue->tx) >=
					   NET_TX_MOST)
		netif_tx_wake_queue(txq);
}

/* Stops the queue if the greatest packet has no room, unless it gets some. */
static void check_room(struct fn_queue *queue)
{
	if (net_tx_room(&queue->tx) >= NET_TX_MOST)
		return;
	netif_tx_stop_queue(txq_of(queue));
	fn_reap(queue);
	if (queue->card->live && net_tx_rearm(&queue->tx))
		fn_reap(queue);
}

static void push(struct fn_queue *queue)
{
	if (net_tx_push(&queue->tx))
		notify_remote_via_irq(queue->channel.irq);
}

netdev_tx_t fn_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct fn_card *card = netdev_priv(dev);
	struct fn_stats *stats;
	struct net_tx_packet packet;
	struct fn_queue *queue;
	u16 buffers[NET_TX_MOST];
	unsigned int index = skb_get_queue_mapping(skb);
	bool kick;
	int count;

	/* It may have been chosen among the queues of an earlier backend. */
	if (unlikely(!card->live || index >= card->queue_count)) {
		dev_kfree_skb_any(skb);
		return NETDEV_TX_OK;
	}
	queue = &card->queue[index];
	stats = &card->tx_stats[queue->index];
	if (unlikely(!describe(skb, &packet)))
		goto drop;
	count = net_tx_put(&queue->tx, &packet, buffers);
	if (unlikely(count < 0))
		goto drop;
	copy_out(queue, skb, buffers);
	skb_tx_timestamp(skb);
	kick = __netdev_tx_sent_queue(txq_of(queue), skb->len,
				      netdev_xmit_more());
	check_room(queue);
	if (kick || netif_xmit_stopped(txq_of(queue)))
		push(queue);
	dev_consume_skb_any(skb);
	return NETDEV_TX_OK;

drop:
	stats->drops++;
	push(queue);
	dev_kfree_skb_any(skb);
	return NETDEV_TX_OK;
}
