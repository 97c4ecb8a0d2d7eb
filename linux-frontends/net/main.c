// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The network frontend on the bus: cards come and go here.
 */
#include <linux/if_vlan.h>
#include <linux/module.h>
#include <linux/rtnetlink.h>
#include <xen/platform_pci.h>
#include <xen/xen.h>

#include "netfront.h"

#define ALL_OFFLOADS	(NETIF_F_SG | NETIF_F_IP_CSUM | NETIF_F_IPV6_CSUM | \
			 NETIF_F_TSO | NETIF_F_TSO6)

/* The address that the configuration gave the card. */
static int read_mac(struct xenbus_device *bus, struct net_device *dev)
{
	char *text = xenbus_read(XBT_NIL, bus->nodename, "mac", NULL);
	u8 mac[ETH_ALEN];
	bool good;

	if (IS_ERR(text))
		return PTR_ERR(text);
	good = mac_pton(text, mac) && is_valid_ether_addr(mac);
	kfree(text);
	if (!good)
		return -EINVAL;
	eth_hw_addr_set(dev, mac);
	return 0;
}

static void set_up(struct xenbus_device *bus, struct net_device *dev)
{
	unsigned int mtu = xenbus_read_unsigned(bus->nodename, "mtu", 0);

	dev->netdev_ops = &fn_netdev_ops;
	dev->ethtool_ops = &fn_ethtool_ops;
	dev->hw_features = ALL_OFFLOADS;
	dev->features = ALL_OFFLOADS | NETIF_F_RXCSUM;
	dev->min_mtu = ETH_MIN_MTU;
	dev->max_mtu = XEN_NETIF_MAX_TX_SIZE - VLAN_ETH_HLEN;
	if (mtu >= ETH_MIN_MTU && mtu <= dev->max_mtu)
		dev->mtu = mtu;
	/* Within what one packet's length field can say. */
	netif_set_tso_max_size(dev, XEN_NETIF_MAX_TX_SIZE - VLAN_ETH_HLEN);
	netif_carrier_off(dev);
	SET_NETDEV_DEV(dev, &bus->dev);
}

static int fn_probe(struct xenbus_device *bus,
		    const struct xenbus_device_id *id)
{
	struct net_device *dev = alloc_etherdev_mqs(sizeof(struct fn_card),
						    FN_MOST_QUEUES,
						    FN_MOST_QUEUES);
	struct fn_card *card;
	int err;

	if (!dev)
		return -ENOMEM;
	err = read_mac(bus, dev);
	if (err) {
		xenbus_dev_fatal(bus, err, "reading mac");
		free_netdev(dev);
		return err;
	}
	set_up(bus, dev);
	card = netdev_priv(dev);
	card->dev = dev;
	card->staging = true;
	mutex_init(&card->ctrl.lock);
	init_waitqueue_head(&card->ctrl.answered);
	INIT_WORK(&card->staging_work, fn_staging_worker);
	INIT_WORK(&card->filter_work, fn_filter_worker);
	dev_set_drvdata(&bus->dev, card);
	fe_attach(&card->fe, bus, &fn_ops);
	return 0;
}

static void fn_remove(struct xenbus_device *bus)
{
	struct fn_card *card = dev_get_drvdata(&bus->dev);

	fe_detach(&card->fe);
	if (card->dev->reg_state == NETREG_REGISTERED)
		unregister_netdev(card->dev);
	cancel_work_sync(&card->staging_work);
	cancel_work_sync(&card->filter_work);
	dev_set_drvdata(&bus->dev, NULL);
	free_netdev(card->dev);
}

static void fn_changed(struct xenbus_device *bus, enum xenbus_state state)
{
	struct fn_card *card = dev_get_drvdata(&bus->dev);

	fe_backend_changed(&card->fe, state);
}

static int fn_resume(struct xenbus_device *bus)
{
	struct fn_card *card = dev_get_drvdata(&bus->dev);

	fe_resumed(&card->fe);
	return 0;
}

static const struct xenbus_device_id fn_ids[] = {
	{ "vif" },
	{ "" }
};

static struct xenbus_driver fn_driver = {
	.name = "parvis-netfront",
	.ids = fn_ids,
	.probe = fn_probe,
	.remove = fn_remove,
	.resume = fn_resume,
	.otherend_changed = fn_changed,
	.allow_rebind = true,
};

static int __init fn_init(void)
{
	if (!xen_domain() || !xen_has_pv_nic_devices())
		return -ENODEV;
	return xenbus_register_frontend(&fn_driver);
}
module_init(fn_init);

static void __exit fn_exit(void)
{
	xenbus_unregister_driver(&fn_driver);
}
module_exit(fn_exit);

MODULE_DESCRIPTION("Network device frontend for Xen's netif protocol");
MODULE_AUTHOR("The Parvis developers");
MODULE_LICENSE("GPL");
MODULE_ALIAS("xen:vif");
