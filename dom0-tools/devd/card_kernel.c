// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * card_kernel.c: the kind vif: the interface of the kernel's xen-netback,
 * which is only plugged in.  State: card->polls, while it is waited for.
 */
#include <errno.h>

#include "devd/card.h"

#define POLL_MS 20
#define POLLS 1500

static void poll_interface(struct ev_timer *t)
{
	struct dev *dev = container_of(t, struct dev, job_timer);
	struct card *c = &dev->card;
	struct fail fail = { 0 };
	int rc;

	if (!hostnet_link_exists(dev->devd->net, c->config.vif.name)) {
		if (++c->polls < POLLS) {
			ev_timer_set(dev->devd->loop, t, POLL_MS);
			return;
		}
		fail_set(&fail, -ENODEV,
			 "the kernel made no interface %s: is xen-netback loaded?",
			 c->config.vif.name);
		dev_open_failed(dev, &fail);
		return;
	}
	rc = card_online(dev, &fail);
	if (rc != -EINPROGRESS)
		dev_open_failed(dev, &fail);
}

static int kernel_open(struct dev *dev, struct fail *fail)
{
	struct card *c = &dev->card;
	int rc = card_begin(dev, fail);

	if (rc)
		return rc;
	/* Its interface has the kernel's name. */
	rc = hostnet_vif_name(c->config.vif.name, dev->domid, dev->devid, NULL,
			      fail);
	if (rc)
		return rc;
	c->config.vif.cap = 0;		/* the kernel's own keeps the rate */
	dev->job_timer.fn = poll_interface;
	ev_timer_set(dev->devd->loop, &dev->job_timer, 0);
	return -EINPROGRESS;
}

static int kernel_take_up(struct dev *dev, struct fail *fail)
{
	struct card *c = &dev->card;
	int rc = card_begin(dev, fail);

	if (!rc)
		rc = hostnet_vif_name(c->config.vif.name, dev->domid,
				      dev->devid, NULL, fail);
	c->config.vif.cap = 0;
	c->plugged = !rc && !c->config.script[0];
	c->script_due = !rc && c->config.script[0];
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
