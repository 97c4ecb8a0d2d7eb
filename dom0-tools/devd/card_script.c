// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * card_script.c: the user's own script for a card.
 *
 * State: card->run while `online` runs; card->script_due from its start until
 * `offline` was started.  A script that runs on after its device is gone has
 * a struct farewell of its own.  None takes longer than devd->script_ms.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "devd/card.h"
#include "lib/log.h"

static int start(struct dev *dev, struct hostnet_script *run,
		 const char *action, struct fail *fail)
{
	const struct card_config *c = &dev->card.config;
	char path[64];
	struct hostnet_script_args args = {
		.script = c->script, .action = action, .vif = c->vif.name,
		.xenbus_path = path, .mtu = c->vif.mtu,
		.bridge = c->bridge[0] ? c->bridge : NULL,
		.gatewaydev = c->gatewaydev[0] ? c->gatewaydev : NULL,
		.ip = c->ip_text[0] ? c->ip_text : NULL,
	};

	snprintf(path, sizeof(path), "backend/%s/%u/%u", dev->ops->name,
		 dev->domid, dev->devid);
	return hostnet_script_start(run, &args, fail);
}

/* ---- online ---- */

/* What the script itself wrote for the user says more than its end. */
static void say_why(struct dev *dev, int rc, struct fail *fail)
{
	char said[256];

	if (dev_config_text(dev, "hotplug-error", said, sizeof(said)) ||
	    !said[0])
		return;
	*fail = (struct fail){ 0 };
	fail_set(fail, rc, "%s: %s", dev->card.config.script, said);
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
	ev_timer_cancel(&dev->job_timer);
	if (!rc) {
		dev_opened(dev);
		return;
	}
	say_why(dev, rc, &fail);
	dev_open_failed(dev, &fail);
}

static void end_script(struct dev *dev)
{
	struct card *c = &dev->card;

	ev_timer_cancel(&dev->job_timer);
	if (!c->run.pid)
		return;
	ev_io_del(dev->devd->loop, &c->run_io);
	hostnet_script_kill(&c->run);
}

static void too_long(struct ev_timer *t)
{
	struct dev *dev = container_of(t, struct dev, job_timer);
	struct fail fail = { 0 };

	end_script(dev);
	fail_set(&fail, -ETIMEDOUT, "the script %s takes longer than %u s",
		 dev->card.config.script, dev->devd->script_ms / 1000);
	dev_open_failed(dev, &fail);
}

int card_script_online(struct dev *dev, struct fail *fail)
{
	struct card *c = &dev->card;
	int rc = start(dev, &c->run, "online", fail);

	if (rc)
		return rc;
	c->script_due = true;
	c->run_io = (struct ev_io){ c->run.pidfd, EPOLLIN, on_script };
	rc = ev_io_add(dev->devd->loop, &c->run_io);
	if (rc) {
		hostnet_script_kill(&c->run);
		return fail_errno(fail, rc, "event loop");
	}
	dev->job_timer.fn = too_long;
	ev_timer_set(dev->devd->loop, &dev->job_timer, dev->devd->script_ms);
	return -EINPROGRESS;
}

/* ---- offline ---- */

struct farewell {
	struct evloop *loop;
	struct hostnet_script run;
	struct ev_io io;
	struct ev_timer timer;
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
	ev_timer_cancel(&f->timer);
	ev_io_del(f->loop, io);
	free(f);
}

static void farewell_too_long(struct ev_timer *t)
{
	struct farewell *f = container_of(t, struct farewell, timer);

	log_warn("%s takes too long: killed", f->run.what);
	ev_io_del(f->loop, &f->io);
	hostnet_script_kill(&f->run);
	free(f);
}

static void watch_farewell(struct farewell *f, struct devd *d)
{
	f->loop = d->loop;
	f->io = (struct ev_io){ f->run.pidfd, EPOLLIN, on_farewell };
	f->timer.fn = farewell_too_long;
	if (ev_io_add(f->loop, &f->io)) {
		hostnet_script_kill(&f->run);
		free(f);
		return;
	}
	ev_timer_set(f->loop, &f->timer, d->script_ms);
}

void card_script_offline(struct dev *dev)
{
	struct farewell *f;
	struct fail fail = { 0 };

	end_script(dev);
	if (!dev->card.script_due)
		return;
	dev->card.script_due = false;
	f = calloc(1, sizeof(*f));
	if (f && !start(dev, &f->run, "offline", &fail)) {
		watch_farewell(f, dev->devd);
		return;
	}
	log_warn("%s: %s", dev->name, f ? fail.text : "out of memory");
	free(f);
}
