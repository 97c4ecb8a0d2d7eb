// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The fake kernel's network stack; see fake_net.h.
 */
#include "fake_inside.h"

struct fake_net fake_net;
bool fake_rtnl;

/* ---- packets ---- */

struct page_pool { bool alive; };

static struct sk_buff *make_skb(void)
{
	fake_net.skbs++;
	return calloc(1, sizeof(struct sk_buff));
}

struct sk_buff *napi_alloc_skb(struct napi_struct *napi, u32 length)
{
	struct sk_buff *skb;

	fake_must(napi->enabled, "a packet for a poll that is off");
	fake_must(length <= sizeof(skb->room), "too long for one piece");
	if (fake_fails())
		return NULL;
	skb = make_skb();
	skb->data = skb->room;
	return skb;
}

void skb_put(struct sk_buff *skb, u32 length)
{
	skb->len += length;
	skb->head += length;
}

void skb_add_rx_frag(struct sk_buff *skb, int at, struct page *page,
		     int offset, u32 size, u32 truesize)
{
	(void)offset, (void)truesize;
	fake_must(at < MAX_SKB_FRAGS, "too many pieces");
	skb->info.frags[at].page = page;
	skb->info.frags[at].size = size;
	skb->info.nr_frags = at + 1;
	skb->len += size;
}

void dev_kfree_skb_any(struct sk_buff *skb)
{
	int i;

	for (i = 0; i < skb->info.nr_frags; i++) {
		free(skb->info.frags[i].page->data);
		free(skb->info.frags[i].page);
	}
	fake_net.skbs--;
	free(skb);
}

struct page_pool *page_pool_create(const struct page_pool_params *params)
{
	struct page_pool *pool;

	(void)params;
	fake_sleeps("a pool made under a lock");
	if (fake_fails())
		return ERR_PTR(-ENOMEM);
	pool = calloc(1, sizeof(*pool));
	pool->alive = true;
	fake_net.pools++;
	return pool;
}

void page_pool_destroy(struct page_pool *pool)
{
	fake_net.pools--;
	free(pool);
}

struct page *page_pool_dev_alloc_pages(struct page_pool *pool)
{
	struct page *page;

	fake_must(pool->alive, "a pool that is gone");
	if (fake_fails())
		return NULL;
	page = calloc(1, sizeof(*page));
	page->data = malloc(PAGE_SIZE);
	return page;
}

int eth_type_trans(struct sk_buff *skb, struct net_device *dev)
{
	(void)dev;
	fake_must(skb->head >= ETH_HLEN, "a header that is not there");
	return 0;
}

/* ---- the interface ---- */

void fake_rtnl_held(void)
{
	fake_must(fake_rtnl, "rtnl is not held");
}

void rtnl_lock(void)
{
	fake_sleeps("waiting for rtnl under a lock");
	fake_must(!fake_rtnl, "rtnl taken twice");
	fake_rtnl = true;
}

void rtnl_unlock(void)
{
	fake_rtnl_held();
	fake_rtnl = false;
}

void netdev_info(const struct net_device *dev, const char *format, ...)
{
	(void)dev, (void)format;
}

bool mac_pton(const char *text, u8 *mac)
{
	unsigned int b[ETH_ALEN], i;

	if (sscanf(text, "%x:%x:%x:%x:%x:%x", b, b + 1, b + 2, b + 3, b + 4,
		   b + 5) != ETH_ALEN)
		return false;
	for (i = 0; i < ETH_ALEN; i++)
		mac[i] = (u8)b[i];
	return true;
}

struct net_device *alloc_etherdev_mqs(int priv, unsigned int tx,
				      unsigned int rx)
{
	struct net_device *dev = fake_alloc(sizeof(*dev) + (size_t)priv,
					    GFP_KERNEL);

	(void)rx;
	fake_must(tx <= FAKE_TX_QUEUES, "too many queues for the fake");
	fake_net.dev = dev;
	return dev;
}

void free_netdev(struct net_device *dev)
{
	fake_must(dev->reg_state != NETREG_REGISTERED && !dev->napi,
		  "freeing an interface that is there");
	fake_net.dev = NULL;
	kfree(dev);
}

int register_netdev(struct net_device *dev)
{
	rtnl_lock();
	rtnl_unlock();
	if (fake_fails())
		return -ENOMEM;
	dev->reg_state = NETREG_REGISTERED;
	return 0;
}

void unregister_netdev(struct net_device *dev)
{
	fake_must(dev->reg_state == NETREG_REGISTERED, "unregistered twice");
	if (dev->up)
		fake_up(false);
	dev->reg_state = NETREG_UNREGISTERED;
}

void netdev_update_features(struct net_device *dev)
{
	fake_rtnl_held();
	dev->features = dev->netdev_ops->ndo_fix_features(dev,
							  dev->hw_features);
}

static void rtnl_if_registered(const struct net_device *dev)
{
	if (dev->reg_state == NETREG_REGISTERED)
		fake_rtnl_held();
}

int netif_set_real_num_queues(struct net_device *dev, unsigned int tx,
			      unsigned int rx)
{
	(void)rx;
	rtnl_if_registered(dev);
	if (fake_fails())
		return -ENOMEM;
	dev->real_queues = tx;
	return 0;
}

void fake_up(bool up)
{
	struct net_device *dev = fake_net.dev;

	rtnl_lock();
	dev->up = up;
	if (up)
		dev->netdev_ops->ndo_open(dev);
	else
		dev->netdev_ops->ndo_stop(dev);
	rtnl_unlock();
}

/* ---- polls ---- */

void netif_napi_add(struct net_device *dev, struct napi_struct *napi,
		    int (*poll)(struct napi_struct *, int))
{
	rtnl_if_registered(dev);
	memset(napi, 0, sizeof(*napi));
	napi->dev = dev;
	napi->poll = poll;
	napi->listed = true;
	napi->next = dev->napi;
	dev->napi = napi;
}

void netif_napi_del(struct napi_struct *napi)
{
	struct napi_struct **at = &napi->dev->napi;

	rtnl_if_registered(napi->dev);
	fake_must(napi->listed && !napi->enabled, "a poll deleted that is on");
	while (*at != napi)
		at = &(*at)->next;
	*at = napi->next;
	napi->listed = false;
}

bool fake_napi_within(const void *p, size_t size)
{
	const u8 *from = p;
	struct napi_struct *napi;

	for (napi = fake_net.dev ? fake_net.dev->napi : NULL; napi;
	     napi = napi->next)
		if ((u8 *)napi >= from && (u8 *)napi < from + size)
			return true;
	return false;
}

void napi_enable(struct napi_struct *napi)
{
	fake_must(napi->listed && !napi->enabled, "a poll enabled twice");
	napi->enabled = true;
}

void napi_disable(struct napi_struct *napi)
{
	fake_sleeps("waiting for a poll under a lock");
	fake_must(napi->enabled, "a poll disabled twice: it waits for ever");
	napi->enabled = false;
	napi->scheduled = false;
	napi->missed = false;
}

void napi_schedule(struct napi_struct *napi)
{
	if (!napi->enabled)
		return;
	napi->missed = napi->scheduled;
	napi->scheduled = true;
}

bool napi_complete_done(struct napi_struct *napi, int done)
{
	(void)done;
	fake_must(napi->scheduled, "a poll completed that does not run");
	napi->scheduled = napi->missed;
	napi->missed = false;
	return !napi->scheduled;
}

static void run_poll(struct napi_struct *napi)
{
	const int budget = 64;
	int done;

	fake_atomic(1);
	done = napi->poll(napi, budget);
	fake_atomic(-1);
	fake_must(done <= budget, "a poll beyond its budget");
}

bool fake_polls(void)
{
	struct napi_struct *napi;

	for (napi = fake_net.dev ? fake_net.dev->napi : NULL; napi;
	     napi = napi->next) {
		if (!napi->scheduled)
			continue;
		run_poll(napi);
		return true;
	}
	return false;
}

void napi_gro_receive(struct napi_struct *napi, struct sk_buff *skb)
{
	int i;

	fake_must(napi->enabled, "a packet from a poll that is off");
	fake_net.received++;
	memcpy(fake_net.last, skb->data, skb->head);
	fake_net.last_len = skb->head;
	for (i = 0; i < skb->info.nr_frags; i++) {
		memcpy(fake_net.last + fake_net.last_len,
		       skb->info.frags[i].page->data, skb->info.frags[i].size);
		fake_net.last_len += skb->info.frags[i].size;
	}
	fake_must(fake_net.last_len == skb->len, "a packet's length");
	dev_kfree_skb_any(skb);
}

/* ---- sending ---- */

void __netif_tx_lock(struct netdev_queue *txq, int cpu)
{
	(void)cpu;
	fake_must(!txq->locked, "a transmit lock taken twice");
	txq->locked = true;
	fake_atomic(1);
}

void __netif_tx_unlock(struct netdev_queue *txq)
{
	txq->locked = false;
	fake_atomic(-1);
}

void netif_tx_disable(struct net_device *dev)
{
	unsigned int i;

	for (i = 0; i < FAKE_TX_QUEUES; i++)
		dev->txq[i].stopped = true;
}

void netif_tx_start_all_queues(struct net_device *dev)
{
	unsigned int i;

	for (i = 0; i < dev->real_queues; i++)
		dev->txq[i].stopped = false;
}

bool __netdev_tx_sent_queue(struct netdev_queue *txq, u32 bytes, bool more)
{
	txq->queued += bytes;
	return !more || txq->stopped;
}

void netdev_tx_completed_queue(struct netdev_queue *txq, u32 packets, u32 bytes)
{
	(void)packets;
	fake_must(bytes <= txq->queued, "more completed than was sent");
	txq->queued -= bytes;
}

void netdev_tx_reset_queue(struct netdev_queue *txq)
{
	txq->queued = 0;
}

bool fake_send(unsigned int queue, const void *data, u32 length)
{
	struct net_device *dev = fake_net.dev;
	struct sk_buff *skb;

	if (dev->txq[queue].stopped)
		return false;
	skb = make_skb();
	memcpy(skb->room, data, length);
	skb->data = skb->room;
	skb_put(skb, length);
	skb->queue = (u16)queue;
	__netif_tx_lock(&dev->txq[queue], 0);
	dev->netdev_ops->ndo_start_xmit(skb, dev);
	__netif_tx_unlock(&dev->txq[queue]);
	return true;
}

/* ---- groups ---- */

void netif_addr_lock_bh(struct net_device *dev)
{
	(void)dev;
	fake_atomic(1);
}

void netif_addr_unlock_bh(struct net_device *dev)
{
	(void)dev;
	fake_atomic(-1);
}

int __dev_mc_sync(struct net_device *dev,
		  int (*add)(struct net_device *, const unsigned char *),
		  int (*del)(struct net_device *, const unsigned char *))
{
	int i, err = 0;

	for (i = 0; !err && i < FAKE_GROUPS; i++) {
		if (dev->group[i].wanted == dev->group[i].synced)
			continue;
		err = (dev->group[i].wanted ? add : del)(dev,
							 dev->group[i].addr);
		if (!err)
			dev->group[i].synced = dev->group[i].wanted;
	}
	return err;
}

void __dev_mc_unsync(struct net_device *dev,
		     int (*del)(struct net_device *, const unsigned char *))
{
	int i;

	(void)del;
	for (i = 0; i < FAKE_GROUPS; i++)
		dev->group[i].synced = false;
}

void fake_rx_mode(void)
{
	netif_addr_lock_bh(fake_net.dev);
	fake_net.dev->netdev_ops->ndo_set_rx_mode(fake_net.dev);
	netif_addr_unlock_bh(fake_net.dev);
}

/* ---- the rest ---- */

void fake_wait(void)
{
	fake_sleeps("waiting under a lock");
	fake_must(fake_net.waited && fake_net.waited(), "waiting for ever");
}

void fake_net_start(void)
{
	memset(&fake_net, 0, sizeof(fake_net));
}

void fake_net_end(void)
{
	fake_must(!fake_net.skbs && !fake_net.pools, "packets lost");
	fake_must(!fake_net.dev && !fake_rtnl, "an interface lost");
}
