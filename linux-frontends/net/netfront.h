/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The network frontend: what its files share.
 *
 * State owned: struct fn_card, one for each interface, in the net device's
 * private memory.  queue, queue_count and ctrl are made by offer() and freed by
 * drop(), under fe.lock (see common/device.h).
 *
 * Locks, outermost first: fe.lock; rtnl, for what the stack sees (features,
 * queues, polling on and off); the stack's transmit lock of a queue, for its
 * transmit ring.  The receive ring belongs to the queue's poll.  `live` says
 * that rings may be touched: who finds it set under a transmit lock, in a poll
 * or under rtnl may go on until he leaves that.
 */
#ifndef NET_NETFRONT_H
#define NET_NETFRONT_H

#include <linux/etherdevice.h>
#include <linux/netdevice.h>
#include <linux/version.h>
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
#include <net/page_pool/helpers.h>
#else
#include <net/page_pool.h>
#endif

#include "../common/device.h"
#include "../common/shared.h"
#include "ctrl.h"
#include "rx.h"
#include "tx.h"

#define FN_MOST_QUEUES	16

struct fn_card;

struct fn_stats {
	u64 packets;
	u64 bytes;
	u64 errors;
	u64 drops;
};

struct fn_queue {
	struct net_tx tx;
	struct net_rx rx;
	struct napi_struct napi;
	struct fn_card *card;
	struct fe_ring_pages tx_ring;
	struct fe_ring_pages rx_ring;
	struct fe_pool tx_pool;
	struct fe_pool rx_pool;
	struct fe_channel channel;
	struct page_pool *pages;
	unsigned int index;
	bool eoi_due;		/* the interrupt waits for the poll's end */
	bool worked;		/* since the last interrupt */
	u32 staged;		/* buffers that the backend keeps mapped */
};

/* The control ring, if the backend has one. */
struct fn_ctrl {
	struct mutex lock;	/* one conversation at a time */
	struct net_ctrl ring;
	struct fe_ring_pages pages;
	struct fe_pool list;	/* one page, for lists of grants */
	struct fe_channel channel;
	wait_queue_head_t answered;
	bool live;
};

struct fn_card {
	struct fe_device fe;
	struct net_device *dev;
	struct fn_queue *queue;
	unsigned int queue_count;
	struct fn_ctrl ctrl;
	struct fn_stats rx_stats[FN_MOST_QUEUES];
	struct fn_stats tx_stats[FN_MOST_QUEUES];
	struct work_struct staging_work;
	struct work_struct filter_work;
	netdev_features_t can;		/* what the backend takes */
	bool staging;			/* wanted */
	bool filter_offered;		/* the backend filters multicast */
	bool filter;			/* and has the whole list */
	bool choosy;			/* and may use it */
	bool live;
	bool polling;			/* napi is enabled */
};

static inline struct fn_card *to_card(struct fe_device *fe)
{
	return container_of(fe, struct fn_card, fe);
}

/* connect.c */
extern const struct fe_ops fn_ops;
unsigned int fn_most_queues(void);

/* xmit.c */
netdev_tx_t fn_xmit(struct sk_buff *skb, struct net_device *dev);
void fn_reap(struct fn_queue *queue);

/* poll.c */
int fn_poll(struct napi_struct *napi, int budget);
irqreturn_t fn_interrupt(int irq, void *data);

/* netdev.c */
extern const struct net_device_ops fn_netdev_ops;
void fn_polling_on(struct fn_card *card);
void fn_polling_off(struct fn_card *card);

/* filter.c */
void fn_rx_mode(struct net_device *dev);
void fn_filter_restart(struct fn_card *card);
void fn_filter_worker(struct work_struct *work);
void fn_filter_failed(struct fn_card *card);

/* staging.c */
irqreturn_t fn_ctrl_interrupt(int irq, void *data);
void fn_staging_worker(struct work_struct *work);

/* ethtool.c */
extern const struct ethtool_ops fn_ethtool_ops;

#endif
