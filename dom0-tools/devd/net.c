// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * net.c: cards: their interface on the host, and what their folders say to
 * the frontend.  Here is what all have in common, and the kind pvif, a tap
 * that parvis-netback serves.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "devd/card.h"
#include "devd/fe.h"
#include "devd/plugger.h"

static void forget(struct card *c)
{
	memset(c, 0, sizeof(*c));
	for (int i = 0; i < BP_NET_MAX_QUEUES; i++)
		c->tap[i] = -1;
}

/* ---- plugging in ---- */

static struct hostnet *host(struct dev *dev, struct fail *fail)
{
	struct devd *d = dev->devd;

	if (!d->net && hostnet_open(&d->net, fail))
		d->net = NULL;
	return d->net;
}

int card_online(struct dev *dev, struct fail *fail)
{
	return dev->card.config.script[0] ? card_script_online(dev, fail) :
					    plug_in(dev, fail);
}

void card_plugged(struct dev *dev, const struct fail *fail)
{
	if (fail)
		dev_open_failed(dev, fail);
	else
		dev_opened(dev);
}

int card_begin(struct dev *dev, struct fail *fail)
{
	struct card *c = &dev->card;
	int rc;

	forget(c);
	rc = card_read_config(dev, &c->config, fail);
	if (rc)
		return rc;
	card_read_hostname(dev, c->hostname, sizeof(c->hostname));
	return host(dev, fail) ? 0 : fail->rc;
}

static int tap_open(struct dev *dev, struct fail *fail)
{
	struct card *c = &dev->card;
	int rc = card_begin(dev, fail);

	if (rc)
		return rc;
	rc = hostnet_tap_create(dev->devd->net, c->config.vif.name,
				dev->devd->net_queues, c->tap, fail);
	/* Maybe its last owner's, who is just letting go of it. */
	if (rc == -EEXIST)
		fail->rc = rc = -EBUSY;
	if (rc)
		return rc;
	c->nr_taps = dev->devd->net_queues;
	return card_online(dev, fail);
}

void card_close(struct dev *dev)
{
	struct card *c = &dev->card;
	uint32_t i;

	card_script_offline(dev);
	if (c->plugged)
		plug_out(dev);
	for (i = 0; i < c->nr_taps; i++)
		if (c->tap[i] >= 0)
			close(c->tap[i]);
	forget(c);
}

/* ---- the backend ---- */

static int tap_start(struct dev *dev, struct fail *fail)
{
	struct card *c = &dev->card;
	struct bp_start_net m = {
		.head = { BP_START_NET, sizeof(m) },
		.domid = dev->domid,
		.max_queues = c->nr_taps,
		.filters = c->config.vif.filters,
		.rate_bytes = c->config.rate_bytes,
		.rate_usec = c->config.rate_usec,
	};
	int fds[BP_FD_NET_TAP + BP_NET_MAX_QUEUES];
	uint32_t i;

	memcpy(m.mac, c->config.vif.mac, sizeof(m.mac));
	for (i = 0; i < c->config.vif.nr_ips && i < BP_NET_MAX_IPS; i++) {
		m.ip[i].family = c->config.vif.ip[i].family;
		m.ip[i].prefix = c->config.vif.ip[i].prefix;
		memcpy(m.ip[i].addr, c->config.vif.ip[i].addr,
		       sizeof(m.ip[i].addr));
	}
	snprintf(m.name, sizeof(m.name), "%u/%u", dev->domid, dev->devid);
	fds[BP_FD_NET_GNTDEV] = dev->devd->ports->open_grants();
	if (fds[BP_FD_NET_GNTDEV] < 0)
		return fail_errno(fail, fds[BP_FD_NET_GNTDEV],
				  "cannot open the grant device");
	fds[BP_FD_NET_EVTCHN] = dev->evtchn;
	fds[BP_FD_NET_JOURNAL] = dev->journal;
	memcpy(&fds[BP_FD_NET_TAP], c->tap, c->nr_taps * sizeof(int));
	link_send_fds(dev, &m.head, fds, BP_FD_NET_TAP + (int)c->nr_taps);
	close(fds[BP_FD_NET_GNTDEV]);
	return 0;
}

static int tap_ready(struct dev *dev, const struct bp_head *msg,
		     struct fail *fail)
{
	const struct bp_ready_net *r = (const void *)msg;

	if (msg->type != BP_READY_NET || !r->max_queues ||
	    r->max_queues > dev->card.nr_taps)
		return fail_set(fail, -EPROTO,
				"its backend describes an impossible card");
	dev->card.ready = *r;
	return 0;
}

static const struct {
	const char *node;
	uint32_t feature;
} net_nodes[] = {
	{ "feature-sg", BP_NETF_SG },
	{ "feature-gso-tcpv4", BP_NETF_GSO4 },
	{ "feature-gso-tcpv6", BP_NETF_GSO6 },
	{ "feature-ipv6-csum-offload", BP_NETF_CSUM6 },
	{ "feature-rx-copy", BP_NETF_RX_COPY },
	{ "feature-multicast-control", BP_NETF_MCAST },
	{ "feature-split-event-channels", BP_NETF_SPLIT },
	{ "feature-ctrl-ring", BP_NETF_CTRL },
};

static void tap_features(struct dev *dev, struct wbatch *b)
{
	const struct bp_ready_net *r = &dev->card.ready;

	for (size_t i = 0; i < sizeof(net_nodes) / sizeof(net_nodes[0]); i++)
		wb_add(b, net_nodes[i].node, "%u",
		       !!(r->features & net_nodes[i].feature));
	wb_add(b, "feature-rx-flip", "0");
	/* IPv4 checksums are the rule; only their absence has a node. */
	if (!(r->features & BP_NETF_CSUM4))
		wb_add(b, "feature-no-csum-offload", "1");
	wb_add(b, "multi-queue-max-queues", "%u", r->max_queues);
	wb_add(b, "vifname", "%s", dev->card.config.vif.name);
}

static int tap_announce(struct dev *dev, struct fail *fail)
{
	const struct fe_src src = { frontend_read, dev };
	const struct fe_net_limits lim = {
		.max_queues = dev->card.ready.max_queues,
		.features = dev->card.ready.features,
	};

	return fe_read_net(&src, &lim, &dev->conn.net, fail);
}

static unsigned int tap_ports(struct dev *dev, uint32_t *port[DEV_MAX_PORTS])
{
	struct bp_connect_net *c = &dev->conn.net;
	bool split = c->features & BP_NETF_SPLIT;
	unsigned int i, n = 0;

	for (i = 0; i < c->nr_queues; i++) {
		port[n++] = &c->queue[i].tx_port;
		if (split)
			port[n++] = &c->queue[i].rx_port;
	}
	if (c->features & BP_NETF_CTRL)
		port[n++] = &c->ctrl_port;
	return n;
}

static struct bp_head *tap_connect(struct dev *dev, bool resume)
{
	struct bp_connect_net *c = &dev->conn.net;
	uint32_t i;

	c->resume = resume;
	if (!(c->features & BP_NETF_SPLIT))
		for (i = 0; i < c->nr_queues; i++)
			c->queue[i].rx_port = c->queue[i].tx_port;
	return &dev->conn.head;
}

const struct kind_ops kind_pvif = {
	.name = "pvif",
	.program = "parvis-netback",
	.hello = BP_KIND_NET,
	.open = tap_open,
	.same = card_same,
	.close = card_close,
	.start = tap_start,
	.ready = tap_ready,
	.features = tap_features,
	.announce = tap_announce,
	.ports = tap_ports,
	.connect = tap_connect,
};
