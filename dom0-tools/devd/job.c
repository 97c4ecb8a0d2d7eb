// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * job.c: the user's own block script, as Xen's tools run it: XENBUS_TYPE,
 * XENBUS_PATH and XENBUS_BASE_PATH in the environment, "add" or "remove" as
 * its argument; it writes physical-device and hotplug-status, or
 * hotplug-error, to the device's folder.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "devd/devd.h"
#include "lib/log.h"

#define SCRIPTS "/etc/xen/scripts"
#define SCRIPT_MS 60000

static int run_script(struct dev *dev, struct proc *p, const char *script,
		      const char *action)
{
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
	return proc_spawn(dev->devd->loop, p, &ps);
}

static void too_long(struct ev_timer *t)
{
	struct dev *dev = container_of(t, struct dev, job_timer);

	log_err("%s: the script takes longer than %u s: killed", dev->name,
		SCRIPT_MS / 1000);
	proc_kill(&dev->job);
}

static void script_failed(struct dev *dev, struct proc *p, int status)
{
	struct fail fail = { 0 };
	char said[256], how[80];

	proc_describe(status, how, sizeof(how));
	if (!dev_config_text(dev, "hotplug-error", said, sizeof(said)) &&
	    said[0])
		fail_set(&fail, -EIO, "the block script says: %s", said);
	else
		fail_set(&fail, -EIO, "the block script %s: %s", how,
			 p->said[0] ? p->said : "it said nothing");
	dev_open_failed(dev, &fail);
}

static void on_script(struct proc *p, int status)
{
	struct dev *dev = container_of(p, struct dev, job);
	struct fail fail = { 0 };
	int rc;

	ev_timer_cancel(&dev->job_timer);
	if (dev->phase == PH_ENDING) {
		dev_reap(dev);
		return;
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status)) {
		script_failed(dev, p, status);
		return;
	}
	dev->script_ran = true;
	rc = dev->ops->open(dev, &fail);
	if (!rc)
		dev_opened(dev);
	else
		dev_open_failed(dev, &fail);
}

int job_script(struct dev *dev, const char *script, const char *action,
	       struct fail *fail)
{
	int rc;

	snprintf(dev->job.name, sizeof(dev->job.name), "%s script", dev->name);
	dev->job.ended = on_script;
	rc = run_script(dev, &dev->job, script, action);
	if (rc)
		return fail_errno(fail, rc, "cannot run the block script %s",
				  script);
	dev->job_timer.fn = too_long;
	ev_timer_set(dev->devd->loop, &dev->job_timer, SCRIPT_MS);
	return -EINPROGRESS;
}

static void on_farewell(struct proc *p, int status)
{
	if (status)
		log_warn("%s failed: %s", p->name, p->said);
	free(p);
}

void job_farewell(struct dev *dev, const char *script, const char *action)
{
	struct proc *p = calloc(1, sizeof(*p));
	int rc;

	if (!p)
		return;
	snprintf(p->name, sizeof(p->name), "%s script %s", dev->name, action);
	p->ended = on_farewell;
	rc = run_script(dev, p, script, action);
	if (rc) {
		log_warn("%s: %s: %s", dev->name, script, strerror(-rc));
		free(p);
	}
}

void job_stop(struct dev *dev)
{
	ev_timer_cancel(&dev->job_timer);
	proc_kill(&dev->job);
}
