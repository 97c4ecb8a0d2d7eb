// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Receiving, and the one interrupt of a queue.  A packet is copied to memory of
 * our own before anything in it is looked at.
 */
#include <linux/skbuff.h>
#include <xen/events.h>

#include "../common/copy.h"
#include "netfront.h"

#define SHORT	1792	/* bytes of a packet that lies in one piece */
#define LINEAR	256	/* bytes of a longer one that do */

irqreturn_t fn_interrupt(int irq, void *data)
{
	struct fn_queue *queue = data;

	if (!READ_ONCE(queue->card->polling)) {
		xen_irq_lateeoi(irq, XEN_EOI_FLAG_SPURIOUS);
		return IRQ_HANDLED;
	}
	/* The poll ends the interrupt, also one that is under way already. */
	xchg(&queue->eoi_due, true);
	napi_schedule(&queue->napi);
	return IRQ_HANDLED;
}

/*
 * Pages come from a pool to which they return: new ones of the kernel's would
 * be cleared first.
 */
static bool take_pages(struct fn_queue *queue, struct sk_buff *skb, u32 left)
{
	while (left) {
		int next = skb_shinfo(skb)->nr_frags;
		u32 now = min_t(u32, left, PAGE_SIZE);
		struct page *page;

		if (next == MAX_SKB_FRAGS)
			return false;
		page = page_pool_dev_alloc_pages(queue->pages);
		if (!page)
			return false;
		skb_add_rx_frag(skb, next, page, 0, now, PAGE_SIZE);
		left -= now;
	}
	return true;
}

/* Memory for a packet: short ones in one piece, others with pages behind. */
static struct sk_buff *make_skb(struct fn_queue *queue, u32 length)
{
	u32 head = length <= SHORT ? length : LINEAR;
	struct sk_buff *skb = napi_alloc_skb(&queue->napi, head);

	if (!skb)
		return NULL;
	skb_put(skb, head);
	skb_mark_for_recycle(skb);
	if (take_pages(queue, skb, length - head))
		return skb;
	dev_kfree_skb_any(skb);
	return NULL;
}

/* Where in a packet's new memory the copy has got to. */
struct inlet {
	const struct skb_shared_info *info;
	u8 *to;
	u32 room;	/* bytes at `to` */
	int next;	/* piece after that */
};

static int take_bytes(struct inlet *in, const u8 *from, u32 left)
{
	while (left) {
		u32 now = min(left, in->room);

		fe_copy(in->to, from, now);
		from += now;
		left -= now;
		in->to += now;
		in->room -= now;
		if (in->room || !left)
			continue;
		if (in->next == in->info->nr_frags)
			return -EFAULT;
		in->to = skb_frag_address(&in->info->frags[in->next]);
		in->room = skb_frag_size(&in->info->frags[in->next]);
		in->next++;
	}
	return 0;
}

static int copy_in(struct fn_queue *queue, struct sk_buff *skb,
		   const struct net_rx_packet *packet)
{
	struct inlet in = { skb_shinfo(skb), skb->data, skb_headlen(skb), 0 };
	int err = 0, i;

	for (i = 0; !err && i < packet->parts; i++) {
		const struct net_rx_part *part = &packet->part[i];
		size_t page = part->buffer;

		err = take_bytes(&in, queue->rx.memory + page * FE_PAGE +
				 part->offset, part->length);
	}
	return err;
}

/* What the backend claims about a packet, as far as it can be checked. */
static int set_offloads(struct sk_buff *skb, const struct net_rx_packet *packet)
{
	if (packet->flags & NETRXF_csum_blank)
		skb->ip_summed = CHECKSUM_PARTIAL;
	else if (packet->flags & NETRXF_data_validated)
		skb->ip_summed = CHECKSUM_UNNECESSARY;
	if (packet->gso_size) {
		struct skb_shared_info *info = skb_shinfo(skb);

		/* The stack checks it all and counts the segments. */
		info->gso_size = packet->gso_size;
		info->gso_segs = 0;
		info->gso_type = SKB_GSO_DODGY |
			(packet->gso_type == XEN_NETIF_GSO_TYPE_TCPV6 ?
			 SKB_GSO_TCPV6 : SKB_GSO_TCPV4);
	}
	if (!packet->gso_size && skb->ip_summed != CHECKSUM_PARTIAL)
		return 0;
	skb_reset_network_header(skb);
	if (packet->gso_size && skb->ip_summed != CHECKSUM_PARTIAL) {
		skb->ip_summed = CHECKSUM_PARTIAL;
		return skb_checksum_setup(skb, true);
	}
	return skb_checksum_setup(skb, false);
}

static void deliver(struct fn_queue *queue, const struct net_rx_packet *packet)
{
	struct fn_card *card = queue->card;
	struct fn_stats *stats = &card->rx_stats[queue->index];
	struct sk_buff *skb;

	if (!packet->parts || packet->length < ETH_HLEN) {
		stats->errors++;
		return;
	}
	skb = make_skb(queue, packet->length);
	if (!skb) {
		stats->drops++;
		return;
	}
	if (copy_in(queue, skb, packet))
		goto bad;
	skb->protocol = eth_type_trans(skb, card->dev);
	skb_record_rx_queue(skb, queue->index);
	if (set_offloads(skb, packet))
		goto bad;
	stats->packets++;
	stats->bytes += packet->length;
	napi_gro_receive(&queue->napi, skb);
	return;

bad:
	stats->errors++;
	dev_kfree_skb_any(skb);
}

static int receive(struct fn_queue *queue, int budget)
{
	struct net_rx_packet packet;
	int count = 0, rc = 0;

	while (count < budget) {
		rc = net_rx_next(&queue->rx, &packet);
		if (rc <= 0)
			break;
		deliver(queue, &packet);
		net_rx_release(&queue->rx, &packet);
		count++;
	}
	if (rc < 0) {
		queue->card->live = false;
		fe_broken(&queue->card->fe, "bad response on a receive ring");
		return 0;
	}
	queue->worked |= count != 0;
	if (count && net_rx_push(&queue->rx))
		notify_remote_via_irq(queue->channel.irq);
	return count;
}

/* Answers to transmissions.  True if there is more to do. */
static bool reap(struct fn_queue *queue)
{
	struct netdev_queue *txq =
		netdev_get_tx_queue(queue->card->dev, queue->index);
	bool more = false;

	__netif_tx_lock(txq, smp_processor_id());
	if (queue->card->live) {
		fn_reap(queue);
		more = queue->card->live && net_tx_rearm(&queue->tx);
	}
	__netif_tx_unlock(txq);
	return more;
}

/*
 * The poll is about to end: let the next interrupt come.  If it comes before
 * the end, napi polls once more, so nothing is touched after the end, when
 * the queue may go away.
 */
static void end_interrupt(struct fn_queue *queue)
{
	if (!xchg(&queue->eoi_due, false))
		return;
	xen_irq_lateeoi(queue->channel.irq,
			queue->worked ? 0 : XEN_EOI_FLAG_SPURIOUS);
	queue->worked = false;
}

int fn_poll(struct napi_struct *napi, int budget)
{
	struct fn_queue *queue = container_of(napi, struct fn_queue, napi);
	bool more = false;
	int count = 0;

	if (READ_ONCE(queue->card->live))
		more = reap(queue);
	if (READ_ONCE(queue->card->live))
		count = receive(queue, budget);
	if (more || count == budget)
		return budget;
	if (READ_ONCE(queue->card->live) && net_rx_idle(&queue->rx))
		return budget;
	end_interrupt(queue);
	napi_complete_done(napi, count);
	return count;
}
