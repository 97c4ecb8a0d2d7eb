// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * dev_base.c: what all of a device's life needs: its settings in the store, its
 * own state there, its one timer.  Invariant: a device in a busy phase has a
 * process, a job or an armed timer that will end it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "devd/device_priv.h"
#include "lib/log.h"

#define ANSWER_MS 60000		/* no backend needs so long for an answer */

int dev_config(struct dev *dev, const char *name, char **value)
{
	if (!dev->devd->xs)
		return -ENOTCONN;
	return xsc_readf(dev->devd->xs, XSC_NO_TX, value, "%s/%s",
			 dev->backend, name);
}

int dev_config_text(struct dev *dev, const char *name, char *buf, size_t size)
{
	char *value;
	int rc = dev_config(dev, name, &value);

	buf[0] = 0;
	if (rc)
		return rc == -ENOENT ? 0 : rc;
	if (strlen(value) < size)
		strcpy(buf, value);
	else
		rc = -E2BIG;
	free(value);
	return rc;
}

bool dev_config_flag(struct dev *dev, const char *name, bool fallback)
{
	char text[8];

	if (dev_config_text(dev, name, text, sizeof(text)) || !text[0])
		return fallback;
	return !strcmp(text, "1") || !strcmp(text, "yes");
}

int dev_write_state(struct dev *dev, enum xb_state s, struct wbatch *b)
{
	struct wbatch none = { 0 };
	int rc;

	if (!b)
		b = &none;
	wb_add(b, "state", "%u", (unsigned int)s);
	dev->own = s;
	rc = wb_write(b, dev->devd->xs, dev->backend, "frontend");
	dev->unwritten = rc && rc != -ENOENT;
	if (dev->unwritten)
		log_err("%s: cannot write its state: %s", dev->name,
			strerror(-rc));
	return rc;
}

/* What could not be written while there was no store. */
void dev_write_again(struct dev *dev)
{
	struct wbatch b = { 0 };

	if (dev->phase != PH_FAILED && dev->phase != PH_ENDED &&
	    dev->own >= XB_INITWAIT) {
		dev->ops->features(dev, &b);
		wb_add(&b, "hotplug-status", "connected");
	}
	dev_write_state(dev, dev->own, &b);
}

/* A guest can bring these lines about as often as it likes. */
bool dev_may_log(struct dev *dev)
{
	unsigned int missed;

	return log_limited(&dev->limit, 20, 1000, ev_now_ms(), &missed);
}

static void on_timer(struct ev_timer *t)
{
	struct dev *dev = container_of(t, struct dev, timer);

	dev->on_timer(dev);
}

void dev_timer(struct dev *dev, uint64_t ms, void (*fn)(struct dev *))
{
	dev->on_timer = fn;
	dev->timer.fn = on_timer;
	ev_timer_set(dev->devd->loop, &dev->timer, ms);
}

void dev_no_answer(struct dev *dev)
{
	log_err("%s: its backend does not answer while %s; starting another",
		dev->name, sm_phase_name(dev->phase));
	proc_kill(&dev->proc);
	proc_kill(&dev->job);
}

void dev_busy(struct dev *dev, enum sm_phase phase)
{
	dev->phase = phase;
	dev_timer(dev, ANSWER_MS, dev_no_answer);
}

void dev_settle(struct dev *dev, enum sm_phase phase)
{
	ev_timer_cancel(&dev->timer);
	dev->phase = phase;
}
