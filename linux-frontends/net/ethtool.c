// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What ethtool shows and switches.
 */
#include <linux/ethtool.h>

#include "netfront.h"

#define FLAG_STAGING	BIT(0)

static const char flag_names[][ETH_GSTRING_LEN] = { "staging-grants" };
static const char stat_names[][ETH_GSTRING_LEN] = {
	"queues", "staged_buffers",
};

static void drvinfo(struct net_device *dev, struct ethtool_drvinfo *info)
{
	strscpy(info->driver, "parvis-netfront", sizeof(info->driver));
	strscpy(info->bus_info, dev_name(dev->dev.parent),
		sizeof(info->bus_info));
}

static int sset_count(struct net_device *dev, int set)
{
	switch (set) {
	case ETH_SS_PRIV_FLAGS:
		return ARRAY_SIZE(flag_names);
	case ETH_SS_STATS:
		return ARRAY_SIZE(stat_names);
	default:
		return -EOPNOTSUPP;
	}
}

static void strings(struct net_device *dev, u32 set, u8 *to)
{
	if (set == ETH_SS_PRIV_FLAGS)
		memcpy(to, flag_names, sizeof(flag_names));
	else if (set == ETH_SS_STATS)
		memcpy(to, stat_names, sizeof(stat_names));
}

/* Under rtnl, as all of ethtool: queues neither come nor go. */
static void stats(struct net_device *dev, struct ethtool_stats *want, u64 *to)
{
	struct fn_card *card = netdev_priv(dev);
	unsigned int i;

	to[0] = card->live ? card->queue_count : 0;
	to[1] = 0;
	for (i = 0; card->live && i < card->queue_count; i++)
		to[1] += READ_ONCE(card->queue[i].staged);
}

static u32 get_flags(struct net_device *dev)
{
	struct fn_card *card = netdev_priv(dev);

	return card->staging ? FLAG_STAGING : 0;
}

static int set_flags(struct net_device *dev, u32 flags)
{
	struct fn_card *card = netdev_priv(dev);

	WRITE_ONCE(card->staging, flags & FLAG_STAGING);
	schedule_work(&card->staging_work);
	return 0;
}

static void channels(struct net_device *dev, struct ethtool_channels *ch)
{
	struct fn_card *card = netdev_priv(dev);

	ch->max_combined = fn_most_queues();
	ch->combined_count = card->live ? card->queue_count : 0;
}

const struct ethtool_ops fn_ethtool_ops = {
	.get_drvinfo = drvinfo,
	.get_link = ethtool_op_get_link,
	.get_ts_info = ethtool_op_get_ts_info,
	.get_sset_count = sset_count,
	.get_strings = strings,
	.get_ethtool_stats = stats,
	.get_priv_flags = get_flags,
	.set_priv_flags = set_flags,
	.get_channels = channels,
};
