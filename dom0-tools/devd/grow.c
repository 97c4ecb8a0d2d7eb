// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * grow.c: making an image in a format larger while its guest runs, by
 * qemu-img, which must have the image alone.
 *
 * The backend is told to finish, as for a newer program; then the image's
 * server ends, qemu-img runs in the same confinement, and the next server and
 * the next backend go on with the larger image.  The guest sees a pause.
 *
 * State: disk->grow_to, the size that is wanted: set from the request until
 * qemu-img has ended; disk->grow_error, what it said, until the answer.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "devd/confine.h"
#include "devd/device_priv.h"
#include "lib/log.h"

#define TOOL "qemu-img"

static const char *refusal(struct dev *dev, uint64_t bytes)
{
	const struct disk *disk = &dev->disk;
	char path[128];

	if (disk->way != DISK_IMAGE)
		return "only an image in a format is made to grow by its server; a raw one by its owner, who then asks for resize";
	if (disk->readonly)
		return "it is read-only";
	if (disk->shared)
		return "it is shared (lock=shared)";
	if (!bytes || bytes % 512 || bytes > INT64_MAX)
		return "grow-to is no size in bytes, a multiple of 512";
	if (bytes / 512 < disk->ready.sectors)
		return "a disk in use is not made smaller";
	if (!confine_find(TOOL, path))
		return "it needs qemu-img: install Debian's package qemu-utils";
	return NULL;
}

void grow_ask(struct dev *dev)
{
	const char *why;
	uint64_t bytes;
	char text[32];

	if (dev->ops != &kind_pvbd) {
		request_fail(dev, "only a disk grows");
		return;
	}
	if (dev_config_text(dev, "grow-to", text, sizeof(text)))
		text[0] = 0;
	bytes = strtoull(text, NULL, 10);
	why = refusal(dev, bytes);
	if (why) {
		request_fail(dev, why);
		return;
	}
	dev->disk.grow_to = bytes;
	dev->disk.grow_error[0] = 0;
	dev_replace(dev);
}

static void on_grown(struct proc *p, int status)
{
	struct dev *dev = container_of(p, struct dev, job);
	struct disk *disk = &dev->disk;
	char how[80];

	disk->grow_to = 0;
	if (dev->phase == PH_ENDING) {
		dev_reap(dev);
		return;
	}
	if (status) {
		proc_describe(status, how, sizeof(how));
		snprintf(disk->grow_error, sizeof(disk->grow_error), "%.200s",
			 p->said[0] ? p->said : how);
		log_err("%s: cannot grow: %s", dev->name, disk->grow_error);
	}
	dev_begin(dev);
}

static int start_tool(struct dev *dev, struct fail *fail)
{
	struct disk_spec spec = disk_spec_of(&dev->disk);
	char image[1100], file[1024], may_write[512], uid[16], size[24];
	const char *argv[] = { dev->devd->self_exe, "--confine", uid,
			       may_write, TOOL, "resize", "-q",
			       "--image-opts", image, size, NULL };
	struct proc_spec ps = { .argv = argv, .fd3 = -1 };
	int rc = image_quote(spec.target, file, sizeof(file));

	if (!rc)
		rc = image_writable(&spec, may_write, sizeof(may_write));
	if (rc)
		return fail_errno(fail, rc, "%s", spec.target);
	snprintf(uid, sizeof(uid), "%u", dev->devd->uid_base + dev->slot);
	snprintf(size, sizeof(size), "%llu",
		 (unsigned long long)dev->disk.grow_to);
	snprintf(image, sizeof(image),
		 "driver=%s,file.driver=file,file.filename=%s",
		 image_driver(spec.format), file);
	snprintf(dev->job.name, sizeof(dev->job.name), "%s resize", dev->name);
	dev->job.ended = on_grown;
	rc = proc_spawn(dev->devd->loop, &dev->job, &ps);
	return rc ? fail_errno(fail, rc, "cannot start " TOOL) : -EINPROGRESS;
}

bool grow_step(struct dev *dev)
{
	struct disk *disk = &dev->disk;
	struct fail fail = { 0 };

	if (!disk->grow_to || proc_runs(&dev->job))
		return disk->grow_to;
	if (proc_runs(&disk->server)) {
		image_close(dev);	/* its end brings us here again */
		return true;
	}
	if (start_tool(dev, &fail) == -EINPROGRESS)
		return true;
	disk->grow_to = 0;
	snprintf(disk->grow_error, sizeof(disk->grow_error), "%.200s",
		 fail.text);
	return false;
}

void grow_done(struct dev *dev)
{
	if (strcmp(dev->request, "grow"))
		return;
	if (dev->disk.grow_error[0])
		request_fail(dev, dev->disk.grow_error);
	else
		request_ready(dev);
}
