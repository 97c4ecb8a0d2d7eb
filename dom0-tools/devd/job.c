// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * job.c: the user's own block script, as Xen's tools run it: XENBUS_TYPE,
 * XENBUS_PATH and XENBUS_BASE_PATH in the environment, "add" or "remove" as
 * its argument; it writes physical-device and hotplug-status, or
 * hotplug-error, to the device's folder.
 *
 * State: disk->script_phase.  "remove" is due once "add" was started, whatever
 * became of it.  An "add" outlives its worker: the keeper has its pidfd, and
 * the next worker waits for its end (dev->orphan) in place of a second one.
 * None takes longer than devd->script_ms.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "devd/devd.h"
#include "lib/log.h"

#define SCRIPTS "/etc/xen/scripts"

static int run_script(struct dev *dev, struct proc *p, const char *action)
{
	const char *script = dev->disk.script;
	char path[320], bus[96], type[48];
	const char *argv[] = { path, action, NULL };
	const char *envp[] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/xen/bin",
		"LANG=C", "XENBUS_BASE_PATH=backend", bus, type, NULL,
	};
	struct proc_spec ps = { .argv = argv, .envp = envp, .fd3 = -1 };

	snprintf(path, sizeof(path), "%s%s", *script == '/' ? "" : SCRIPTS "/",
		 script);
	snprintf(bus, sizeof(bus), "XENBUS_PATH=backend/%s/%u/%u",
		 dev->ops->name, dev->domid, dev->devid);
	snprintf(type, sizeof(type), "XENBUS_TYPE=vbd");
	snprintf(p->name, sizeof(p->name), "%s script %s", dev->name, action);
	return proc_spawn(dev->devd->loop, p, &ps);
}

void job_kill_orphan(int pidfd, pid_t pid)
{
	struct pollfd pfd = { .fd = pidfd, .events = POLLIN };

	if (pid > 1 && !poll(&pfd, 1, 0))
		kill(-pid, SIGKILL);
}

static void too_long(struct ev_timer *t)
{
	struct dev *dev = container_of(t, struct dev, job_timer);

	log_err("%s: the script takes longer than %u s: killed", dev->name,
		dev->devd->script_ms / 1000);
	proc_kill(&dev->job);
	if (dev->orphan >= 0)
		job_kill_orphan(dev->orphan, dev->orphan_pid);
}

static void start_clock(struct dev *dev)
{
	dev->job_timer.fn = too_long;
	ev_timer_set(dev->devd->loop, &dev->job_timer, dev->devd->script_ms);
}

/* ---- add ---- */

/* Has the script written why it failed? Then so has the device. */
static bool complained(struct dev *dev)
{
	struct fail fail = { 0 };
	char said[256];

	if (dev_config_text(dev, "hotplug-error", said, sizeof(said)) ||
	    !said[0])
		return false;
	fail_set(&fail, -EIO, "the block script says: %s", said);
	dev_open_failed(dev, &fail);
	return true;
}

static void go_on(struct dev *dev)
{
	struct fail fail = { 0 };
	int rc;

	dev->disk.script_phase = SCRIPT_DONE;
	rc = dev->ops->open(dev, &fail);
	if (!rc)
		dev_opened(dev);
	else
		dev_open_failed(dev, &fail);
}

static void on_added(struct proc *p, int status)
{
	struct dev *dev = container_of(p, struct dev, job);
	struct fail fail = { 0 };
	char how[80];

	ev_timer_cancel(&dev->job_timer);
	if (dev->phase == PH_ENDING) {
		dev_reap(dev);
		return;
	}
	if (!status) {
		go_on(dev);
		return;
	}
	if (complained(dev))
		return;
	proc_describe(status, how, sizeof(how));
	fail_set(&fail, -EIO, "the block script %s: %s", how,
		 p->said[0] ? p->said : "it said nothing");
	dev_open_failed(dev, &fail);
}

int job_add(struct dev *dev, struct fail *fail)
{
	int rc;

	dev->job.ended = on_added;
	rc = run_script(dev, &dev->job, "add");
	if (rc)
		return fail_errno(fail, rc, "cannot run the block script %s",
				  dev->disk.script);
	dev->disk.script_phase = SCRIPT_RUNS;
	keep_put(dev);
	start_clock(dev);
	return -EINPROGRESS;
}

static void forget_orphan(struct dev *dev)
{
	ev_io_del(dev->devd->loop, &dev->orphan_io);
	close(dev->orphan);
	dev->orphan = -1;
}

/* How it ended is not known, only what it has written. */
static void on_orphan(struct ev_io *io, uint32_t revents)
{
	struct dev *dev = container_of(io, struct dev, orphan_io);

	(void)revents;
	ev_timer_cancel(&dev->job_timer);
	forget_orphan(dev);
	if (!complained(dev))
		go_on(dev);
}

int job_take_up(struct dev *dev, int pidfd, pid_t pid)
{
	int rc;

	dev->orphan_io = (struct ev_io){ pidfd, EPOLLIN, on_orphan };
	rc = ev_io_add(dev->devd->loop, &dev->orphan_io);
	if (rc)
		return rc;
	dev->orphan = pidfd;
	dev->orphan_pid = pid;
	start_clock(dev);
	return 0;
}

/* ---- remove ---- */

static bool is_due(const struct dev *dev)
{
	return dev->ops->hello == BP_KIND_BLK &&
	       dev->disk.script_phase != SCRIPT_NONE;
}

static void on_removed(struct proc *p, int status)
{
	struct dev *dev = container_of(p, struct dev, job);

	ev_timer_cancel(&dev->job_timer);
	dev->disk.script_phase = SCRIPT_NONE;
	if (status)
		log_warn("%s failed: %s", p->name, p->said);
	dev_reap(dev);
}

bool job_remove(struct dev *dev)
{
	int rc;

	if (!is_due(dev))
		return false;
	dev->job.ended = on_removed;
	rc = run_script(dev, &dev->job, "remove");
	dev->disk.script_phase = rc ? SCRIPT_NONE : SCRIPT_REMOVES;
	if (rc)
		log_warn("%s: %s: %s", dev->name, dev->disk.script,
			 strerror(-rc));
	else
		start_clock(dev);
	return !rc;
}

struct farewell {
	struct proc proc;
	struct ev_timer timer;
};

static void on_farewell(struct proc *p, int status)
{
	struct farewell *f = container_of(p, struct farewell, proc);

	if (status)
		log_warn("%s failed: %s", p->name, p->said);
	ev_timer_cancel(&f->timer);
	free(f);
}

static void farewell_too_long(struct ev_timer *t)
{
	proc_kill(&container_of(t, struct farewell, timer)->proc);
}

void job_farewell(struct dev *dev)
{
	struct farewell *f = is_due(dev) ? calloc(1, sizeof(*f)) : NULL;
	int rc;

	if (!f)
		return;
	f->proc.ended = on_farewell;
	f->timer.fn = farewell_too_long;
	rc = run_script(dev, &f->proc, "remove");
	if (rc) {
		log_warn("%s: %s: %s", dev->name, dev->disk.script,
			 strerror(-rc));
		free(f);
		return;
	}
	ev_timer_set(dev->devd->loop, &f->timer, dev->devd->script_ms);
}

/* ---- ending ---- */

void job_stop(struct dev *dev)
{
	/* It undoes; its end is waited for. */
	if (dev->ops->hello == BP_KIND_BLK &&
	    dev->disk.script_phase == SCRIPT_REMOVES)
		return;
	ev_timer_cancel(&dev->job_timer);
	proc_kill(&dev->job);
	if (dev->orphan < 0)
		return;
	job_kill_orphan(dev->orphan, dev->orphan_pid);
	forget_orphan(dev);
}
