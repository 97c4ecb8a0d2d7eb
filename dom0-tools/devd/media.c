// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * media.c: another medium for a drive while its guest runs.
 *
 * State: disk->changing, from the order to the backend until its answer; in
 * that time disk->was is what the drive had, and both media are open, locked
 * and claimed, so that either can be the one that stays.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "devd/devd.h"

static struct medium medium_of(const struct disk *disk)
{
	struct medium m = { .way = disk->way, .file = disk->file };

	memcpy(m.target, disk->target, sizeof(m.target));
	memcpy(m.format, disk->format, sizeof(m.format));
	return m;
}

static void put_medium(struct disk *disk, const struct medium *m)
{
	disk->way = m->way;
	disk->file = m->file;
	memcpy(disk->target, m->target, sizeof(m->target));
	memcpy(disk->format, m->format, sizeof(m->format));
}

/* Forgets one of the two, of which @stays stays. */
static void settle_medium(struct dev *dev, struct disk_file *goes,
			  const struct disk_file *stays)
{
	dev->disk.changing = false;
	image_release(dev);
	if (stays->fd >= 0)
		image_claim(dev, stays);
	disk_close(goes);
}

void media_done(struct dev *dev)
{
	struct disk *disk = &dev->disk;

	if (disk->changing)
		settle_medium(dev, &disk->was.file, &disk->file);
}

void media_take_back(struct dev *dev)
{
	struct disk *disk = &dev->disk;
	struct disk_file new = disk->file;

	if (!disk->changing)
		return;
	put_medium(disk, &disk->was);
	settle_medium(dev, &new, &disk->file);
}

static void send_medium(struct dev *dev)
{
	struct bp_start_blk m;
	int fd = blk_data_fd(dev);

	blk_fill_start(dev, &m, BP_MEDIA);
	link_send_fds(dev, &m.head, &fd, fd < 0 ? 0 : 1);
	if (fd >= 0)
		close(fd);
	dev->asked++;
}

void media_refused(struct dev *dev)
{
	if (dev->ops->hello != BP_KIND_BLK || !dev->disk.changing)
		return;
	media_take_back(dev);
	send_medium(dev);
}

static int open_medium(struct dev *dev, struct medium *m, struct fail *fail)
{
	struct disk_spec spec = disk_spec_of(&dev->disk);
	int rc = blk_read_target(dev, m->target, m->format);

	if (rc)
		return fail_errno(fail, rc, "cannot read the disk's settings");
	spec.target = m->target;
	spec.format = m->format;
	rc = disk_way(&spec, &m->way, fail);
	if (!rc && m->way != DISK_RAW && m->way != DISK_EMPTY)
		rc = fail_set(fail, -EOPNOTSUPP,
			      "only raw media can be inserted while the guest runs");
	if (!rc && m->way == DISK_RAW)
		rc = disk_open_raw(&spec, image_holder_name, dev->devd,
				   &m->file, fail);
	return rc;
}

int media_insert(struct dev *dev, struct fail *fail)
{
	struct disk *disk = &dev->disk;
	struct medium new = { .file.fd = -1 };
	int rc;

	if (!disk->removable)
		return fail_set(fail, -EINVAL, "it is not a removable drive");
	if (disk->way != DISK_RAW && disk->way != DISK_EMPTY)
		return fail_set(fail, -EOPNOTSUPP,
				"a medium in an image format cannot be changed while the guest runs");
	if (dev->asked)
		return fail_set(fail, -EBUSY,
				"the drive has not done what it was asked before: try again");
	rc = open_medium(dev, &new, fail);
	if (rc)
		return rc;
	disk->was = medium_of(disk);
	disk->changing = true;
	put_medium(disk, &new);
	if (new.file.fd >= 0)
		image_claim(dev, &new.file);
	send_medium(dev);
	return 0;
}
