/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fake kernel's network stack, as much of it as the network frontend stands
 * on: one interface, whose polls run when the test says so.
 *
 * State owned: in struct net_device, and `fake_rtnl`.
 */
#ifndef FRONTENDS_FAKE_NET_H
#define FRONTENDS_FAKE_NET_H

#define ETH_ALEN		6
#define ETH_HLEN		14
#define ETH_MIN_MTU		68
#define ETH_DATA_LEN		1500
#define VLAN_ETH_HLEN		18
#define PAGE_SIZE		4096u
#define MAX_SKB_FRAGS		17
#define FAKE_TX_QUEUES		16
#define FAKE_GROUPS		4

#define NETIF_F_SG		1u
#define NETIF_F_IP_CSUM		2u
#define NETIF_F_IPV6_CSUM	4u
#define NETIF_F_TSO		8u
#define NETIF_F_TSO6		16u
#define NETIF_F_RXCSUM		32u
#define IFF_PROMISC		1u
#define IFF_ALLMULTI		2u
#define SKB_GSO_TCPV4		1
#define SKB_GSO_DODGY		2
#define SKB_GSO_TCPV6		4
enum { CHECKSUM_NONE, CHECKSUM_UNNECESSARY, CHECKSUM_PARTIAL };
enum { NETREG_UNINITIALIZED, NETREG_REGISTERED, NETREG_UNREGISTERED };
typedef u64 netdev_features_t;
typedef int netdev_tx_t;
#define NETDEV_TX_OK		0

/* ---- packets ---- */

typedef struct { struct page *page; u32 size; } skb_frag_t;
struct skb_shared_info {
	int nr_frags;
	u16 gso_size, gso_segs;
	int gso_type;
	skb_frag_t frags[MAX_SKB_FRAGS];
};
struct sk_buff {
	u8 *data;
	u32 len, head;
	int ip_summed, protocol;
	u16 queue;
	struct skb_shared_info info;
	u8 room[2048];
};
struct napi_struct;
struct page_pool;
struct page_pool_params { unsigned int pool_size; int nid; struct device *dev; };
#define skb_shinfo(skb)			(&((struct sk_buff *)(skb))->info)
#define skb_headlen(skb)		((skb)->head)
#define skb_is_gso(skb)			((skb)->info.gso_size)
#define skb_has_frag_list(skb)		((void)(skb), false)
#define skb_frag_address(f)		((f)->page->data)
#define skb_frag_size(f)		((f)->size)
#define skb_get_queue_mapping(skb)	((skb)->queue)
#define skb_record_rx_queue(skb, n)	((skb)->queue = (u16)(n))
#define skb_mark_for_recycle(skb)	((void)(skb))
#define skb_tx_timestamp(skb)		((void)(skb))
#define skb_reset_network_header(skb)	((void)(skb))
#define skb_checksum_setup(skb, again)	((void)(skb), (void)(again), 0)
struct sk_buff *napi_alloc_skb(struct napi_struct *napi, u32 length);
void skb_put(struct sk_buff *skb, u32 length);
void skb_add_rx_frag(struct sk_buff *skb, int at, struct page *page,
		     int offset, u32 size, u32 truesize);
void dev_kfree_skb_any(struct sk_buff *skb);
#define dev_consume_skb_any(skb)	dev_kfree_skb_any(skb)
struct page_pool *page_pool_create(const struct page_pool_params *params);
void page_pool_destroy(struct page_pool *pool);
struct page *page_pool_dev_alloc_pages(struct page_pool *pool);

/* ---- the interface ---- */

struct net_device;
struct netdev_queue {
	bool stopped, locked;
	u32 queued;		/* bytes sent and not completed */
};
struct napi_struct {
	struct net_device *dev;
	int (*poll)(struct napi_struct *napi, int budget);
	struct napi_struct *next;
	bool listed, enabled, scheduled, missed;
};
struct rtnl_link_stats64 {
	u64 rx_packets, rx_bytes, rx_errors, rx_dropped;
	u64 tx_packets, tx_bytes, tx_errors, tx_dropped;
};
struct net_device_ops {
	int (*ndo_open)(struct net_device *dev);
	int (*ndo_stop)(struct net_device *dev);
	netdev_tx_t (*ndo_start_xmit)(struct sk_buff *, struct net_device *);
	void (*ndo_get_stats64)(struct net_device *,
				struct rtnl_link_stats64 *);
	void (*ndo_set_rx_mode)(struct net_device *dev);
	netdev_features_t (*ndo_fix_features)(struct net_device *,
					      netdev_features_t want);
	int (*ndo_change_mtu)(struct net_device *dev, int mtu);
	int (*ndo_validate_addr)(struct net_device *dev);
	int (*ndo_set_mac_address)(struct net_device *dev, void *addr);
};
struct ethtool_ops { int unused; };
struct net_device {
	const struct net_device_ops *netdev_ops;
	const struct ethtool_ops *ethtool_ops;
	netdev_features_t hw_features, features;
	unsigned int min_mtu, max_mtu, mtu, flags, real_queues;
	int reg_state;
	bool up, carrier;
	struct napi_struct *napi;
	struct netdev_queue txq[FAKE_TX_QUEUES];
	struct device dev;
	struct { u8 addr[ETH_ALEN]; bool wanted, synced; } group[FAKE_GROUPS];
	u64 priv[];
};
#define netdev_priv(d)			((void *)(d)->priv)
#define netdev_get_tx_queue(d, n)	(&(d)->txq[n])
#define netif_running(d)		((d)->up)
#define netif_carrier_on(d)		((d)->carrier = true)
#define netif_carrier_off(d)		((d)->carrier = false)
#define netif_set_tso_max_size(d, n)	((void)(d))
#define netdev_notify_peers(d)		((void)(d))
#define SET_NETDEV_DEV(d, p)		((void)(d))
#define eth_hw_addr_set(d, a)		((void)(d))
#define is_valid_ether_addr(a)		(!((a)[0] & 1))
#define eth_validate_addr		NULL
#define eth_mac_addr			NULL
__attribute__((format(printf, 2, 3)))
void netdev_info(const struct net_device *dev, const char *format, ...);
bool mac_pton(const char *text, u8 *mac);
int eth_type_trans(struct sk_buff *skb, struct net_device *dev);
struct net_device *alloc_etherdev_mqs(int priv, unsigned int tx,
				      unsigned int rx);
void free_netdev(struct net_device *dev);
int register_netdev(struct net_device *dev);
void unregister_netdev(struct net_device *dev);
void netdev_update_features(struct net_device *dev);
int netif_set_real_num_queues(struct net_device *dev, unsigned int tx,
			      unsigned int rx);

extern bool fake_rtnl;
#define ASSERT_RTNL()	fake_rtnl_held()
void fake_rtnl_held(void);
void rtnl_lock(void);
void rtnl_unlock(void);
#define local_bh_disable()	((void)0)
#define local_bh_enable()	((void)0)
#define smp_processor_id()	0

void netif_napi_add(struct net_device *dev, struct napi_struct *napi,
		    int (*poll)(struct napi_struct *, int));
void netif_napi_del(struct napi_struct *napi);
void napi_enable(struct napi_struct *napi);
void napi_disable(struct napi_struct *napi);
void napi_schedule(struct napi_struct *napi);
bool napi_complete_done(struct napi_struct *napi, int done);
void napi_gro_receive(struct napi_struct *napi, struct sk_buff *skb);

void __netif_tx_lock(struct netdev_queue *txq, int cpu);
void __netif_tx_unlock(struct netdev_queue *txq);
void netif_tx_disable(struct net_device *dev);
void netif_tx_start_all_queues(struct net_device *dev);
#define netif_tx_stop_queue(q)		((q)->stopped = true)
#define netif_tx_wake_queue(q)		((q)->stopped = false)
#define netif_tx_queue_stopped(q)	((q)->stopped)
#define netif_xmit_stopped(q)		((q)->stopped)
#define netdev_xmit_more()		false
bool __netdev_tx_sent_queue(struct netdev_queue *txq, u32 bytes, bool more);
void netdev_tx_completed_queue(struct netdev_queue *txq, u32 packets,
			       u32 bytes);
void netdev_tx_reset_queue(struct netdev_queue *txq);

void netif_addr_lock_bh(struct net_device *dev);
void netif_addr_unlock_bh(struct net_device *dev);
int __dev_mc_sync(struct net_device *dev,
		  int (*add)(struct net_device *, const unsigned char *),
		  int (*del)(struct net_device *, const unsigned char *));
void __dev_mc_unsync(struct net_device *dev,
		     int (*del)(struct net_device *, const unsigned char *));

typedef struct { int unused; } wait_queue_head_t;
#define init_waitqueue_head(w)		((void)(w))
#define wake_up(w)			((void)(w))
#define wait_event_idle(w, truth) \
	do { (void)(w); while (!(truth)) fake_wait(); } while (0)

/* ---- for the tests ---- */

struct fake_net {
	struct net_device *dev;
	int skbs, pools, received;
	struct rtnl_link_stats64 stats;
	u8 last[65536];		/* the packet that was received last */
	u32 last_len;
	bool (*waited)(void);	/* somebody waits; false: for ever */
};
extern struct fake_net fake_net;
void fake_wait(void);
void fake_net_start(void);
void fake_net_end(void);
bool fake_napi_within(const void *p, size_t size);
/* fake_polls() - runs polls that are due; true if there were any. */
bool fake_polls(void);
/* fake_up() - ifconfig's up or down. */
void fake_up(bool up);
/* fake_send() - a packet by a queue, as long as the queue is not stopped. */
bool fake_send(unsigned int queue, const void *data, u32 length);
/* fake_rx_mode() - the stack's flags or groups have changed. */
void fake_rx_mode(void);

#endif
