// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * net.c: cards: their interface on the host, and what their folders say to
 * the frontend.  Two kinds: pvif, a tap that parvis-netback serves, and vif,
 * the interface of the kernel's xen-netback, which is only plugged in.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "devd/devd.h"
#include "devd/fe.h"
#include "devd/plugger.h"
#include "lib/log.h"

#define CAP_BURST (512u << 10)	/* more than any backend saves up */
#define CAP_MOST 1e12		/* bytes a second: no limit at all */
#define POLL_MS 20		/* for an interface of the kernel's */
#define POLLS 1500

/* ---- configuration ---- */

static int read_mac(const char *text, uint8_t mac[6])
{
	unsigned int m[6];
	char end;

	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%c", &m[0], &m[1], &m[2],
		   &m[3], &m[4], &m[5], &end) != 6)
		return -EINVAL;
	for (int i = 0; i < 6; i++)
		mac[i] = (uint8_t)m[i];
	return 0;
}

/* What the backend may never exceed: well above what it is to keep to, so
 * that the kernel drops nothing of a guest's whose backend does. */
static void set_cap(struct card *c)
{
	double a_second = (double)c->rate_bytes * 1e6 / (double)c->rate_usec;
	uint64_t burst = 2 * c->rate_bytes + CAP_BURST;

	if (!c->rate_bytes || a_second > CAP_MOST)
		return;
	c->vif.cap = (uint64_t)(a_second * 1.25) + 1;
	c->vif.cap_burst = burst < INT32_MAX ? (uint32_t)burst : INT32_MAX;
}

static int read_rate(const char *text, struct card *c, struct fail *fail)
{
	unsigned long long bytes, usec;
	char end;

	if (!*text)
		return 0;
	if (sscanf(text, "%llu,%llu%c", &bytes, &usec, &end) != 2 || !usec)
		return fail_set(fail, -EINVAL,
				"rate is '%s', not BYTES,MICROSECONDS", text);
	c->rate_bytes = bytes;
	c->rate_usec = usec;
	set_cap(c);
	return 0;
}

static int read_addresses(struct dev *dev, struct fail *fail)
{
	struct card *c = &dev->card;
	char text[64];
	int n, rc;

	rc = dev_config_text(dev, "ip", c->ip_text, sizeof(c->ip_text));
	if (rc)
		return fail_errno(fail, rc, "the card's addresses");
	n = hostnet_parse_ips(c->ip_text, c->vif.ip, fail);
	if (n < 0)
		return n;
	c->vif.nr_ips = (unsigned int)n;
	rc = dev_config_text(dev, "filter", text, sizeof(text));
	if (strstr(text, "mac"))
		c->filters |= BP_NET_FILTER_MAC;
	if (strstr(text, "ip"))
		c->filters |= BP_NET_FILTER_IP;
	/* Also in the kernel: a guest may have taken its backend over. */
	c->vif.filters = c->filters;
	if (!rc && c->filters & BP_NET_FILTER_IP && !n)
		rc = fail_set(fail, -EINVAL,
			      "filter=ip needs ip= to say which addresses are right");
	return rc;
}

/* The guest's name, for the lease that a NAT network gives it. */
static void read_hostname(struct dev *dev)
{
	struct card *c = &dev->card;
	char *name;

	if (xsc_readf(dev->devd->xs, XSC_NO_TX, &name, "/local/domain/%u/name",
		      dev->domid))
		return;
	if (snprintf(c->hostname, sizeof(c->hostname), "%s", name) <
	    (int)sizeof(c->hostname))
		c->vif.hostname = c->hostname;
	free(name);
}

static int read_place(struct dev *dev, struct fail *fail)
{
	struct card *c = &dev->card;
	char text[64];
	uint32_t mtu;
	int rc;

	rc = dev_config_text(dev, "vifname", text, sizeof(text));
	if (!rc)
		rc = hostnet_vif_name(c->vif.name, dev->domid, dev->devid,
				      text, fail);
	if (!rc && !dev_config_text(dev, "mode", text, sizeof(text)))
		rc = hostnet_parse_mode(text, &c->vif.mode, fail);
	if (!rc)
		rc = dev_config_text(dev, "bridge", c->bridge,
				     sizeof(c->bridge));
	if (!rc)
		rc = dev_config_text(dev, "gatewaydev", c->gatewaydev,
				     sizeof(c->gatewaydev));
	if (!rc)
		rc = dev_config_text(dev, "script", c->script,
				     sizeof(c->script));
	if (!rc)
		read_hostname(dev);
	c->vif.bridge = c->bridge;
	c->vif.gatewaydev = c->gatewaydev;
	c->has_script = c->script[0];
	if (!dev_config_text(dev, "mtu", text, sizeof(text)) && text[0] &&
	    !xs_parse_u32(text, 65535, &mtu))
		c->vif.mtu = mtu;
	return rc ? fail_errno(fail, rc, "the card's settings") : 0;
}

static int read_config(struct dev *dev, struct fail *fail)
{
	struct card *c = &dev->card;
	char text[64];
	int rc = read_place(dev, fail);

	if (!rc)
		rc = dev_config_text(dev, "mac", text, sizeof(text));
	if (!rc && read_mac(text, c->mac))
		rc = fail_set(fail, -EINVAL, "mac is '%s'", text);
	memcpy(c->vif.mac, c->mac, sizeof(c->mac));
	if (!rc)
		rc = dev_config_text(dev, "rate", text, sizeof(text));
	if (!rc)
		rc = read_rate(text, c, fail);
	return rc ? fail_errno(fail, rc, "the card's settings") :
		    read_addresses(dev, fail);
}

static bool card_same(struct dev *dev)
{
	const struct card *c = &dev->card;
	char mac[32], bridge[32], text[16];
	enum hostnet_mode mode;
	uint8_t m[6];

	if (dev_config_text(dev, "mac", mac, sizeof(mac)) ||
	    dev_config_text(dev, "bridge", bridge, sizeof(bridge)) ||
	    dev_config_text(dev, "mode", text, sizeof(text)) ||
	    hostnet_parse_mode(text, &mode, NULL))
		return true;
	return !read_mac(mac, m) && !memcmp(m, c->mac, sizeof(m)) &&
	       !strcmp(bridge, c->bridge) && mode == c->vif.mode;
}

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

static struct hostnet_script_args script_args(struct dev *dev,
					      const char *action, char path[64])
{
	struct card *c = &dev->card;

	snprintf(path, 64, "backend/%s/%u/%u", dev->ops->name, dev->domid,
		 dev->devid);
	return (struct hostnet_script_args){
		.script = c->script, .action = action, .vif = c->vif.name,
		.xenbus_path = path, .mtu = c->vif.mtu,
		.bridge = c->bridge[0] ? c->bridge : NULL,
		.gatewaydev = c->gatewaydev[0] ? c->gatewaydev : NULL,
		.ip = c->ip_text[0] ? c->ip_text : NULL,
	};
}

static void on_script(struct ev_io *io, uint32_t revents)
{
	struct card *c = container_of(io, struct card, run_io);
	struct dev *dev = container_of(c, struct dev, card);
	struct fail fail = { 0 };
	int rc;

	(void)revents;
	rc = hostnet_script_result(&c->run, &fail);
	if (rc == -EAGAIN)
		return;
	/* The library has closed what was watched: only the batch is left. */
	ev_io_del(dev->devd->loop, io);
	if (rc) {
		char said[256];

		/* What the script itself wrote for the user says more. */
		if (!dev_config_text(dev, "hotplug-error", said,
				     sizeof(said)) && said[0]) {
			fail = (struct fail){ 0 };
			fail_set(&fail, rc, "%s: %s", c->script, said);
		}
		dev_open_failed(dev, &fail);
		return;
	}
	c->script_online = true;
	dev_opened(dev);
}

static int start_script(struct dev *dev, const char *action,
			struct fail *fail)
{
	struct card *c = &dev->card;
	char path[64];
	struct hostnet_script_args args = script_args(dev, action, path);
	int rc = hostnet_script_start(&c->run, &args, fail);

	if (rc)
		return rc;
	c->run_io = (struct ev_io){ c->run.pidfd, EPOLLIN, on_script };
	rc = ev_io_add(dev->devd->loop, &c->run_io);
	if (rc) {
		hostnet_script_kill(&c->run);
		return fail_errno(fail, rc, "event loop");
	}
	return -EINPROGRESS;
}

static int bring_online(struct dev *dev, struct fail *fail)
{
	return dev->card.has_script ? start_script(dev, "online", fail) :
				      plug_in(dev, fail);
}

void card_plugged(struct dev *dev, const struct fail *fail)
{
	dev->card.plugged = !fail;
	if (fail)
		dev_open_failed(dev, fail);
	else
		dev_opened(dev);
}

/* A card anew: what it is to be, and a host to put it into. */
static int begin(struct dev *dev, struct fail *fail)
{
	int rc;

	forget(&dev->card);
	rc = read_config(dev, fail);
	if (!rc && !host(dev, fail))
		rc = fail->rc;
	return rc;
}

static int tap_open(struct dev *dev, struct fail *fail)
{
	struct card *c = &dev->card;
	int rc = begin(dev, fail);

	if (rc)
		return rc;
	rc = hostnet_tap_create(dev->devd->net, c->vif.name,
				dev->devd->net_queues, c->tap, fail);
	if (rc)
		return rc;
	c->nr_taps = dev->devd->net_queues;
	return bring_online(dev, fail);
}

int card_adopt(struct dev *dev, const int *tap, int count, bool plugged,
	       bool script_online, struct fail *fail)
{
	struct card *c = &dev->card;
	int rc = begin(dev, fail);

	if (rc)
		return rc;
	if (count < 1 || count > BP_NET_MAX_QUEUES)
		return fail_set(fail, -EINVAL, "%d queues were kept", count);
	memcpy(c->tap, tap, (size_t)count * sizeof(*tap));
	c->nr_taps = (uint32_t)count;
	c->plugged = plugged;
	c->script_online = script_online;
	return 0;
}

/* A script that runs on after its device is gone. */
struct farewell {
	struct evloop *loop;
	struct hostnet_script run;
	struct ev_io io;
};

static void on_farewell(struct ev_io *io, uint32_t revents)
{
	struct farewell *f = container_of(io, struct farewell, io);
	struct fail fail = { 0 };
	int rc = hostnet_script_result(&f->run, &fail);

	(void)revents;
	if (rc == -EAGAIN)
		return;
	if (rc)
		log_warn("%s", fail.text);
	ev_io_del(f->loop, io);
	free(f);
}

/* Starts the script and does not wait: the interface goes all the same. */
static void say_offline(struct dev *dev)
{
	struct farewell *f = calloc(1, sizeof(*f));
	struct hostnet_script_args args;
	struct fail fail = { 0 };
	char path[64];

	if (!f)
		return;
	args = script_args(dev, "offline", path);
	if (hostnet_script_start(&f->run, &args, &fail)) {
		log_warn("%s: %s", dev->name, fail.text);
		free(f);
		return;
	}
	f->loop = dev->devd->loop;
	f->io = (struct ev_io){ f->run.pidfd, EPOLLIN, on_farewell };
	if (ev_io_add(f->loop, &f->io)) {
		hostnet_script_kill(&f->run);
		free(f);
	}
}

static void card_close(struct dev *dev)
{
	struct card *c = &dev->card;
	uint32_t i;

	if (c->run.pid) {
		ev_io_del(dev->devd->loop, &c->run_io);
		hostnet_script_kill(&c->run);
	}
	if (c->script_online)
		say_offline(dev);
	if (c->plugged || c->plugging)
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
		.filters = c->filters,
		.rate_bytes = c->rate_bytes,
		.rate_usec = c->rate_usec,
	};
	int fds[BP_FD_NET_TAP + BP_NET_MAX_QUEUES];
	uint32_t i;

	memcpy(m.mac, c->mac, sizeof(m.mac));
	for (i = 0; i < c->vif.nr_ips && i < BP_NET_MAX_IPS; i++) {
		m.ip[i].family = c->vif.ip[i].family;
		m.ip[i].prefix = c->vif.ip[i].prefix;
		memcpy(m.ip[i].addr, c->vif.ip[i].addr, sizeof(m.ip[i].addr));
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
	wb_add(b, "vifname", "%s", dev->card.vif.name);
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

/* ---- the kernel's xen-netback ---- */

static void poll_interface(struct ev_timer *t)
{
	struct dev *dev = container_of(t, struct dev, job_timer);
	struct card *c = &dev->card;
	struct fail fail = { 0 };
	int rc;

	if (!hostnet_link_exists(dev->devd->net, c->vif.name)) {
		if (++c->polls < POLLS) {
			ev_timer_set(dev->devd->loop, t, POLL_MS);
			return;
		}
		fail_set(&fail, -ENODEV,
			 "the kernel made no interface %s: is xen-netback loaded?",
			 c->vif.name);
		dev_open_failed(dev, &fail);
		return;
	}
	rc = bring_online(dev, &fail);
	if (rc != -EINPROGRESS)
		dev_open_failed(dev, &fail);
}

static int kernel_open(struct dev *dev, struct fail *fail)
{
	struct card *c = &dev->card;
	int rc = begin(dev, fail);

	if (rc)
		return rc;
	/* Its interface has the kernel's name. */
	rc = hostnet_vif_name(c->vif.name, dev->domid, dev->devid, NULL, fail);
	if (rc)
		return rc;
	c->vif.cap = 0;		/* the kernel's own keeps the rate */
	dev->job_timer.fn = poll_interface;
	ev_timer_set(dev->devd->loop, &dev->job_timer, 0);
	return -EINPROGRESS;
}

static int kernel_take_up(struct dev *dev, struct fail *fail)
{
	struct card *c = &dev->card;
	int rc = begin(dev, fail);

	if (!rc)
		rc = hostnet_vif_name(c->vif.name, dev->domid, dev->devid,
				      NULL, fail);
	c->vif.cap = 0;
	c->plugged = !rc && !c->has_script;
	c->script_online = !rc && c->has_script;
	return rc;
}

static void kernel_features(struct dev *dev, struct wbatch *b)
{
	(void)dev;
	(void)b;
}

const struct kind_ops kind_vif = {
	.name = "vif",
	.hello = BP_KIND_NET,
	.open = kernel_open,
	.close = card_close,
	.take_up = kernel_take_up,
	.features = kernel_features,
};
