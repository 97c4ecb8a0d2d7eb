// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Devices on the bus; see device.h for state and locks.  Nothing here loops
 * at a backend's will: each of its changes is one event and at most one action.
 */
#include <linux/export.h>
#include <linux/module.h>
#include <linux/sched/mm.h>

#include "device.h"

/* How often a transaction is tried that others keep disturbing. */
#define PUBLISH_TRIES	100

static void run_event(struct fe_device *fe, enum fe_event event);

static int publish_once(struct fe_device *fe)
{
	struct xenbus_transaction xbt;
	int err;

	err = xenbus_transaction_start(&xbt);
	if (err)
		return err;
	err = fe->ops->publish(fe, xbt);
	if (err) {
		xenbus_transaction_end(xbt, 1);
		return err;
	}
	return xenbus_transaction_end(xbt, 0);
}

static int do_offer(struct fe_device *fe)
{
	int tries = PUBLISH_TRIES;
	int err;

	err = fe->ops->offer(fe);
	if (err) {
		xenbus_dev_error(fe->bus, err, "making rings");
		return err;
	}
	do
		err = publish_once(fe);
	while (err == -EAGAIN && --tries);
	if (err) {
		xenbus_dev_error(fe->bus, err, "announcing rings");
		return err;
	}
	return xenbus_switch_state(fe->bus, fe->ops->offered);
}

static int do_start(struct fe_device *fe)
{
	int err = fe->ops->start(fe);

	if (err) {
		xenbus_dev_error(fe->bus, err, "taking up work");
		return err;
	}
	return xenbus_switch_state(fe->bus, XenbusStateConnected);
}

static void do_close(struct fe_device *fe)
{
	xenbus_switch_state(fe->bus, XenbusStateClosing);
	fe->ops->drop(fe, true);
	fe->ops->end(fe);
	xenbus_frontend_closed(fe->bus);
}

/* The same state once more: the store tells of it, though nothing changes. */
static void tell_again(struct fe_device *fe)
{
	const char *node = fe->bus->nodename;
	struct xenbus_transaction xbt;

	if (xenbus_transaction_start(&xbt))
		return;
	/* The node of a device that is gone must not be made anew. */
	if (xenbus_exists(xbt, node, "state") > 0)
		xenbus_printf(xbt, node, "state", "%d", fe->bus->state);
	xenbus_transaction_end(xbt, 0);
}

/*
 * A backend that waits for this state may have missed it, when it was written
 * before the backend looked.  A detour by another state would tell it as well,
 * but a backend that follows the detour would be told again, and so on.
 */
static int do_reopen(struct fe_device *fe)
{
	if (fe->bus->state == XenbusStateInitialising)
		tell_again(fe);
	return xenbus_switch_state(fe->bus, XenbusStateInitialising);
}

/*
 * The state stays Connected: some backends let go of the rings as soon as they
 * read Closing, and the users still need them.
 */
static void do_leave(struct fe_device *fe)
{
	xenbus_dev_error(fe->bus, -EBUSY,
			 "in use; will be closed by its last user");
}

/*
 * By way of another state: where rings are announced as Connected, nothing
 * would change for the new backend, and while they are made anew it must not
 * take the old ones.
 */
static int do_reoffer(struct fe_device *fe)
{
	int err = xenbus_switch_state(fe->bus, XenbusStateInitialising);

	fe->ops->drop(fe, false);
	return err ? err : do_offer(fe);
}

static void do_release(struct fe_device *fe)
{
	dev_info(&fe->bus->dev, "waiting for the backend to come back\n");
	fe->ops->drop(fe, false);
	xenbus_switch_state(fe->bus, XenbusStateClosed);
}

static int carry_out(struct fe_device *fe, enum fe_action action)
{
	switch (action) {
	case FE_DO_NOTHING:
		return 0;
	case FE_DO_OFFER:
		return do_offer(fe);
	case FE_DO_REOFFER:
		return do_reoffer(fe);
	case FE_DO_START:
		return do_start(fe);
	case FE_DO_REFRESH:
		if (fe->ops->refresh)
			fe->ops->refresh(fe);
		return 0;
	case FE_DO_RELEASE:
		do_release(fe);
		return 0;
	case FE_DO_HANG_UP:
		return xenbus_switch_state(fe->bus, XenbusStateClosed);
	case FE_DO_RENEW:
		do_release(fe);
		fallthrough;
	case FE_DO_REOPEN:
		return do_reopen(fe);
	case FE_DO_RESET:
		fe->ops->drop(fe, false);
		return 0;
	case FE_DO_LEAVE:
		do_leave(fe);
		return 0;
	case FE_DO_CLOSE:
	case FE_DO_FAIL:
		do_close(fe);
		return 0;
	}
	return -EINVAL;
}

static void run_event(struct fe_device *fe, enum fe_event event)
{
	bool in_use = fe->ops->in_use && fe->ops->in_use(fe);
	enum fe_state before = fe->state;
	enum fe_action action = fe_machine_step(&fe->state, event, in_use);

	if (fe->state != before)
		dev_dbg(&fe->bus->dev, "%s, was %s\n",
			fe_machine_name(fe->state), fe_machine_name(before));
	if (carry_out(fe, action) && event != FE_EV_FAILED)
		run_event(fe, FE_EV_FAILED);
}

/*
 * All memory is asked for without I/O: what would have to be written out may
 * be on the very disk that is being connected.
 */
static unsigned int lock_device(struct fe_device *fe)
{
	mutex_lock(&fe->lock);
	return memalloc_noio_save();
}

static void unlock_device(struct fe_device *fe, unsigned int noio)
{
	memalloc_noio_restore(noio);
	mutex_unlock(&fe->lock);
}

static void take_event(struct fe_device *fe, enum fe_event event)
{
	unsigned int noio = lock_device(fe);

	run_event(fe, event);
	unlock_device(fe, noio);
}

static void fail_worker(struct work_struct *work)
{
	struct fe_device *fe = container_of(work, struct fe_device, fail_work);

	xenbus_dev_error(fe->bus, -EPROTO, "the backend broke the protocol: %s",
			 fe->why);
	take_event(fe, FE_EV_FAILED);
}

static void idle_worker(struct work_struct *work)
{
	struct fe_device *fe = container_of(work, struct fe_device, idle_work);
	unsigned int noio = lock_device(fe);

	if (!fe->ops->in_use || !fe->ops->in_use(fe))
		run_event(fe, FE_EV_IDLE);
	unlock_device(fe, noio);
}

void fe_attach(struct fe_device *fe, struct xenbus_device *bus,
	       const struct fe_ops *ops)
{
	fe->bus = bus;
	fe->ops = ops;
	fe->state = FE_WAITING;
	fe->why = NULL;
	mutex_init(&fe->lock);
	INIT_WORK(&fe->fail_work, fail_worker);
	INIT_WORK(&fe->idle_work, idle_worker);
	xenbus_switch_state(bus, XenbusStateInitialising);
}
EXPORT_SYMBOL_GPL(fe_attach);

/*
 * A backend that serves the device is told that it is over: the device may be
 * bound anew, and then a fair backend must start anew as well.  In the store of
 * a device that is gone nothing is written.
 */
void fe_detach(struct fe_device *fe)
{
	unsigned int noio = lock_device(fe);
	bool open = fe->state != FE_CLOSED && fe->state != FE_FAILED;

	fe->state = FE_CLOSED;
	if (open)
		xenbus_switch_state(fe->bus, XenbusStateClosing);
	fe->ops->drop(fe, true);
	fe->ops->end(fe);
	if (open)
		xenbus_switch_state(fe->bus, XenbusStateClosed);
	unlock_device(fe, noio);
	cancel_work_sync(&fe->fail_work);
	cancel_work_sync(&fe->idle_work);
}
EXPORT_SYMBOL_GPL(fe_detach);

/* A backend that closes says by "online" whether the device is to stay. */
static enum fe_event closing_event(struct fe_device *fe, enum fe_event stays,
				   enum fe_event goes)
{
	return fe_read(fe, "online", 0, 1) ? stays : goes;
}

void fe_backend_changed(struct fe_device *fe, enum xenbus_state state)
{
	switch (state) {
	case XenbusStateInitWait:
		take_event(fe, FE_EV_READY);
		break;
	case XenbusStateConnected:
		take_event(fe, FE_EV_CONNECTED);
		break;
	case XenbusStateClosing:
		take_event(fe, closing_event(fe, FE_EV_CLOSING,
					     FE_EV_UNPLUGGED));
		break;
	case XenbusStateClosed:
		take_event(fe, closing_event(fe, FE_EV_CLOSED, FE_EV_GONE));
		break;
	default:
		break;
	}
}
EXPORT_SYMBOL_GPL(fe_backend_changed);

void fe_resumed(struct fe_device *fe)
{
	take_event(fe, FE_EV_RESUMED);
}
EXPORT_SYMBOL_GPL(fe_resumed);

void fe_idle(struct fe_device *fe)
{
	schedule_work(&fe->idle_work);
}
EXPORT_SYMBOL_GPL(fe_idle);

void fe_broken(struct fe_device *fe, const char *why)
{
	if (!cmpxchg(&fe->why, NULL, why))
		schedule_work(&fe->fail_work);
}
EXPORT_SYMBOL_GPL(fe_broken);

unsigned int fe_read(struct fe_device *fe, const char *key, unsigned int dflt,
		     unsigned int most)
{
	return min(xenbus_read_unsigned(fe->bus->otherend, key, dflt), most);
}
EXPORT_SYMBOL_GPL(fe_read);

MODULE_DESCRIPTION("Connection to Xen block and network backends");
MODULE_AUTHOR("The Parvis developers");
MODULE_LICENSE("GPL");
