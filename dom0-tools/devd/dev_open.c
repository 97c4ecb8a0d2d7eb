// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * dev_open.c: opening a device: its target or interface, and what outlives
 * its processes (event channels, journal, uid).
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "devd/device_priv.h"
#include "lib/log.h"

#define LOCK_WAIT_MS 10000	/* for a device that is just being released */
#define LOCK_RETRY_MS 10
#define NAME_WAIT_MS 300	/* for a tap, whoever has it */

/*
 * Whether the image, or the tap's name, may become free by itself in a moment.
 * A tap goes with the last descriptor of it, which a process that is just
 * being started can have for as long as it takes it to become its program.
 */
static bool worth_waiting(struct dev *dev, int rc)
{
	uint64_t now = ev_now_ms(), end;

	if (rc != -EBUSY)
		return false;
	if (!dev->busy_until)
		dev->busy_until = now + LOCK_WAIT_MS;
	end = dev->busy_until;
	if (!dev->devd->dying)
		end -= LOCK_WAIT_MS - (dev->ops->hello == BP_KIND_NET ?
					       NAME_WAIT_MS : 0);
	return now < end;
}

void dev_open_failed(struct dev *dev, const struct fail *fail)
{
	dev->opened = true;
	if (worth_waiting(dev, fail->rc) && !dev_any_runs(dev)) {
		dev_let_go(dev);
		dev_timer(dev, LOCK_RETRY_MS, dev_try_open);
		return;
	}
	dev_fail(dev, fail);
}

void dev_try_open(struct dev *dev)
{
	struct fail fail = { 0 };
	int rc;

	dev->phase = PH_OPENING;
	ev_timer_cancel(&dev->timer);
	if (!dev->devd->xs) {
		dev_timer(dev, RETRY_MS, dev_try_open);
		return;
	}
	rc = dev->ops->open(dev, &fail);
	dev->opened = true;
	if (!rc)
		dev_opened(dev);
	else if (rc != -EINPROGRESS)
		dev_open_failed(dev, &fail);
}

static int make_journal(void)
{
	int fd = memfd_create("journal", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -errno;
	/* Nobody who has it can take the memory from under the others. */
	if (ftruncate(fd, BP_JOURNAL_BYTES) ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)) {
		int rc = -errno;

		close(fd);
		return rc;
	}
	return fd;
}

static int make_parts(struct dev *dev, struct fail *fail)
{
	int rc = dev->slot ? 0 : slot_get(dev->devd, &dev->slot);

	if (rc)
		return fail_errno(fail, rc, "no uid for its backend");
	dev->evtchn = dev->devd->ports->open(dev->domid);
	if (dev->evtchn < 0)
		return fail_errno(fail, dev->evtchn,
				  "cannot open the event channel device");
	dev->journal = make_journal();
	return dev->journal < 0 ? fail_errno(fail, dev->journal,
					     "no memory for the journal") :
				  0;
}

/* The kernel is the backend: it takes over from here. */
static void hand_to_kernel(struct dev *dev)
{
	struct wbatch b = { 0 };
	int rc;

	dev->ops->features(dev, &b);
	wb_add(&b, "hotplug-status", "connected");
	rc = wb_write(&b, dev->devd->xs, dev->backend, "frontend");
	if (rc && rc != -ENOENT)
		log_err("%s: %s", dev->name, strerror(-rc));
	dev_settle(dev, PH_CONNECTED);
	log_info("%s: ready for the kernel's backend", dev->name);
}

void dev_opened(struct dev *dev)
{
	struct fail fail = { 0 };

	dev->opened = true;
	dev->strikes = 0;
	if (!dev->ops->program) {
		hand_to_kernel(dev);
		return;
	}
	if (make_parts(dev, &fail)) {
		dev_fail(dev, &fail);
		return;
	}
	keep_put(dev);
	dev_begin(dev);
}
