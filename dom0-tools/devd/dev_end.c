// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * dev_end.c: how a device is let go of: told to end, removed, or failed.
 * Invariant: the image's lock is held until every process that has the image
 * has been waited for.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "devd/device_priv.h"
#include "lib/log.h"

#define END_MS 5000		/* to finish what is in flight */

void dev_let_go(struct dev *dev)
{
	struct devd *d = dev->devd;

	ev_timer_cancel(&dev->timer);
	frontend_unbind(dev);
	/* The keeper's copies first: what is closed here is closed for good. */
	keep_drop(dev);
	if (dev->evtchn >= 0)
		close(dev->evtchn);
	if (dev->journal >= 0)
		close(dev->journal);
	dev->evtchn = dev->journal = -1;
	if (dev->opened)
		dev->ops->close(dev);
	dev->opened = false;
	slot_put(d, dev->slot);
	dev->slot = 0;
}

bool dev_any_runs(struct dev *dev)
{
	return proc_runs(&dev->proc) || proc_runs(&dev->job) ||
	       (dev->opened && dev->ops->hello == BP_KIND_BLK &&
		proc_runs(&dev->disk.server));
}

/* All that holds the image must have ended before the lock is let go. */
void dev_reap(struct dev *dev)
{
	struct devd *d = dev->devd;

	/* Whoever goes through the list of marked devices calls again. */
	if (dev_any_runs(dev) || (dev->gone && dev->dirty))
		return;
	dev_let_go(dev);
	/* It may need the folder, so the toolstack waits for it. */
	if (!dev->gone && job_remove(dev))
		return;
	if (!dev->gone) {
		enum sm_phase then = dev->failed ? PH_FAILED : PH_ENDED;

		dev_settle(dev, then);
		if (dev->own != XB_CLOSED)
			dev_write_state(dev, XB_CLOSED, NULL);
		log_info("%s: released", dev->name);
		dev_step(dev);
		return;
	}
	job_farewell(dev);
	d->dying--;
	log_debug("%s: gone", dev->name);
	free(dev);
}

static void end_now(struct dev *dev)
{
	proc_kill(&dev->proc);
	job_stop(dev);
	image_close(dev);
}

static void end_forced(struct dev *dev)
{
	log_warn("%s: its backend does not end; killing it", dev->name);
	end_now(dev);
}

void dev_shut(struct dev *dev, enum sm_phase then)
{
	dev->failed = then == PH_FAILED;
	dev->phase = PH_ENDING;
	ev_timer_cancel(&dev->timer);
	job_stop(dev);
	/* The end of the socket tells the backend to finish and to end; the
	 * server of its image follows it. */
	link_close(dev);
	if (proc_runs(&dev->proc))
		dev_timer(dev, END_MS, end_forced);
	else
		image_close(dev);
	dev_reap(dev);
}

void dev_gone(struct dev *dev)
{
	if (dev->gone)
		return;
	/* An event may name what was never seen complete. */
	if (dev->frontend[0])
		log_info("%s: removed", dev->name);
	dev->gone = true;
	dev->devd->dying++;
	dev_unwatch(dev);
	dev_unlink(dev);
	keep_drop(dev);
	ev_timer_cancel(&dev->timer);
	dev->phase = PH_ENDING;
	link_close(dev);
	end_now(dev);
	dev_reap(dev);
}

/* ---- failing ---- */

void dev_fail(struct dev *dev, const struct fail *fail)
{
	/* A kernel's backend goes to InitWait without asking. */
	bool never_up = !dev->ops->program || dev->own < XB_INITWAIT;
	struct wbatch b = { 0 };

	log_err("%s: %s", dev->name, fail->text);
	wb_add(&b, never_up ? "hotplug-error" : "error", "%s", fail->text);
	if (never_up)
		wb_add(&b, "hotplug-status", "error");
	request_fail(dev, fail->text);
	dev_write_state(dev, XB_CLOSED, &b);
	dev_shut(dev, PH_FAILED);
}

void dev_fatal(struct dev *dev, const struct fail *fail)
{
	struct wbatch b = { 0 };

	if (dev_may_log(dev))
		log_warn("%s: not connected: %s", dev->name, fail->text);
	frontend_unbind(dev);
	wb_add(&b, "error", "%s", fail->text);
	dev_settle(dev, PH_IDLE);
	dev_write_state(dev, XB_CLOSING, &b);
}
