// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * device.c: a device's life: what sm_decide() says, carried out.
 *
 * Invariant: `own` is the state in the store, except while a write failed
 * because the folder or the store is gone, which both end in a new look.
 */
#include <errno.h>
#include <string.h>

#include "devd/device_priv.h"
#include "lib/log.h"

static bool act_open(struct dev *dev)
{
	dev->busy_until = 0;
	dev_try_open(dev);
	return false;
}

static bool act_initwait(struct dev *dev)
{
	struct wbatch b = { 0 };

	wb_remove(&b, "error");
	return !dev_write_state(dev, XB_INITWAIT, &b);
}

static bool act_connect(struct dev *dev)
{
	struct fail fail = { 0 };
	int rc = dev->ops->announce(dev, &fail);

	if (!rc)
		rc = frontend_bind(dev, &fail);
	if (rc) {
		dev_fatal(dev, &fail);
		return true;
	}
	dev->resuming = false;
	dev_busy(dev, PH_CONNECTING);
	/* Before it can take anything from the rings. */
	keep_put(dev);
	link_send_msg(dev, dev->ops->connect(dev, false));
	return false;
}

static bool act_disconnect(struct dev *dev)
{
	dev_busy(dev, PH_DISCONNECTING);
	link_send(dev, BP_DISCONNECT);
	return false;
}

static bool act_closing(struct dev *dev)
{
	return !dev_write_state(dev, XB_CLOSING, NULL);
}

static bool act_closed(struct dev *dev)
{
	return !dev_write_state(dev, XB_CLOSED, NULL);
}

static bool act_end(struct dev *dev)
{
	dev_shut(dev, PH_ENDED);
	return false;
}

/* True: look again. */
static bool (*const actions[])(struct dev *dev) = {
	[SM_OPEN] = act_open,
	[SM_INITWAIT] = act_initwait,
	[SM_CONNECT] = act_connect,
	[SM_DISCONNECT] = act_disconnect,
	[SM_CLOSING] = act_closing,
	[SM_CLOSED] = act_closed,
	[SM_END] = act_end,
};

/* The kernel's backend does the talking; only its end is looked for. */
static void step_kernel(struct dev *dev)
{
	if (dev->phase == PH_NEW && dev->online)
		act_open(dev);
	else if (dev->phase == PH_CONNECTED && !dev->online &&
		 dev->own == XB_CLOSED)
		dev_shut(dev, PH_ENDED);
}

/* What its data comes from is away, and nobody waits for it any more. */
static bool given_up(const struct dev *dev)
{
	return dev->phase == PH_OPENING && dev->established && !dev->online &&
	       (dev->fe < XB_INITIALISED || dev->fe == XB_CLOSED);
}

void dev_step(struct dev *dev)
{
	struct sm_facts f;
	enum sm_action a;
	int left = 8;	/* more steps than any way through the table has */

	if (!dev->ops->program) {
		step_kernel(dev);
		return;
	}
	if (given_up(dev)) {
		dev_shut(dev, PH_ENDED);
		return;
	}
	do {
		f = (struct sm_facts){ dev->phase, dev->own, dev->fe,
				       dev->online };
		a = sm_decide(&f);
	} while (a != SM_NONE && actions[a](dev) && --left);
}

void dev_restart(struct dev *dev)
{
	if (dev->phase != PH_FAILED && dev->phase != PH_ENDED &&
	    dev->phase != PH_NEW)
		return;
	dev->own = XB_INITIALISING;
	dev->online = true;
	dev->phase = PH_NEW;
	frontend_read_state(dev);
	dev_step(dev);
}
