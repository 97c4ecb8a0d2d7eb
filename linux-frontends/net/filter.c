// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which multicast packets the backend is to send.  The list travels on the
 * first transmit ring, the switch in the store.  While the interface wants
 * everything the switch is off and the list is kept all the same.  When the list
 * cannot be kept, for want of room, the switch is turned off until the next
 * connect and the backend sends all: losing a group is never the answer.
 *
 * State: card->filter, the backend has the whole list; set under the stack's
 * address lock, cleared by anybody.  card->choosy, the interface does not want
 * everything; under the address lock.
 */
#include <xen/events.h>

#include "netfront.h"

static int tell(struct net_device *dev, const u8 *addr, bool add)
{
	struct fn_card *card = netdev_priv(dev);
	struct netdev_queue *txq = netdev_get_tx_queue(dev, 0);
	bool notify = false;
	int err = -EBUSY;

	__netif_tx_lock(txq, smp_processor_id());
	if (card->live && card->filter) {
		struct fn_queue *queue = &card->queue[0];

		err = net_tx_put_multicast(&queue->tx, addr, add);
		notify = !err && net_tx_push(&queue->tx);
		if (notify)
			notify_remote_via_irq(queue->channel.irq);
	}
	__netif_tx_unlock(txq);
	return err;
}

static int add(struct net_device *dev, const unsigned char *addr)
{
	return tell(dev, addr, true);
}

static int del(struct net_device *dev, const unsigned char *addr)
{
	tell(dev, addr, false);
	return 0;
}

/* From now on the backend is to send everything. */
static void give_up(struct fn_card *card)
{
	if (!xchg(&card->filter, false))
		return;
	schedule_work(&card->filter_work);
}

/* The backend's list is full. */
void fn_filter_failed(struct fn_card *card)
{
	give_up(card);
}

void fn_rx_mode(struct net_device *dev)
{
	struct fn_card *card = netdev_priv(dev);

	bool choosy = !(dev->flags & (IFF_PROMISC | IFF_ALLMULTI));

	if (!card->filter || !card->live)
		return;
	if (__dev_mc_sync(dev, add, del))
		give_up(card);
	if (choosy == card->choosy)
		return;
	WRITE_ONCE(card->choosy, choosy);
	schedule_work(&card->filter_work);
}

/* A new backend knows none of the groups. */
void fn_filter_restart(struct fn_card *card)
{
	netif_addr_lock_bh(card->dev);
	card->filter = card->filter_offered;
	card->choosy = true;	/* as publish() has it */
	__dev_mc_unsync(card->dev, NULL);
	fn_rx_mode(card->dev);
	netif_addr_unlock_bh(card->dev);
}

void fn_filter_worker(struct work_struct *work)
{
	struct fn_card *card = container_of(work, struct fn_card, filter_work);
	bool on = READ_ONCE(card->filter) && READ_ONCE(card->choosy);

	xenbus_printf(XBT_NIL, card->fe.bus->nodename,
		      "request-multicast-control", "%d", on);
}
