// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The disk that the rest of the kernel sees: its name, limits, size, users.
 *
 * The disk is added by a work item, because adding reads the partition table,
 * and a backend that does not answer must not hold up the bus's thread.
 */
#include <linux/module.h>
#include <linux/slab.h>

#include "blkfront.h"

/* How virtual device numbers encode a disk and its partition. */
#define VDEV_EXTENDED	BIT(28)

static const struct {
	int major;
	unsigned int shift;	/* bits of the minor that number partitions */
	unsigned int first;	/* number of the major's first disk */
} majors[] = {
	{ 202, 4, 0 },		/* xvd */
	{ 8, 4, 0 },		/* sd */
	{ 3, 6, 0 },		/* hda, hdb */
	{ 22, 6, 2 },		/* hdc, hdd */
	{ 33, 6, 4 },
	{ 34, 6, 6 },
};

/* xvda, ..., xvdz, xvdaa, ...; with a number if it is a partition's. */
static int put_name(char *name, size_t size, unsigned int disk,
		    unsigned int part)
{
	char letters[8];
	char *at = letters + sizeof(letters) - 1;

	*at = 0;
	for (disk++; disk; disk = (disk - 1) / 26)
		*--at = 'a' + (disk - 1) % 26;
	if (part)
		return snprintf(name, size, "xvd%s%u", at, part);
	return snprintf(name, size, "xvd%s", at);
}

int fb_disk_name(int vdev, char *name, size_t size)
{
	unsigned int i;

	if (vdev < 0 || vdev >= VDEV_EXTENDED << 1)
		return -EINVAL;
	if (vdev & VDEV_EXTENDED) {
		put_name(name, size, (vdev & ~VDEV_EXTENDED) >> 8, vdev & 0xff);
		return 0;
	}
	for (i = 0; i < ARRAY_SIZE(majors); i++) {
		unsigned int minor = vdev & 0xff;

		if (vdev >> 8 != majors[i].major)
			continue;
		put_name(name, size, majors[i].first +
			 (minor >> majors[i].shift),
			 minor & (BIT(majors[i].shift) - 1));
		return 0;
	}
	return -ENODEV;
}

static void fb_release(RELEASE_ARGS(gd))
{
	struct fb_disk *disk = gd->private_data;

	if (!disk_openers(gd) && !READ_ONCE(disk->dead))
		fe_idle(&disk->fe);
}

static void fb_free(struct gendisk *gd)
{
	struct fb_disk *disk = gd->private_data;

	cancel_work_sync(&disk->fe.idle_work);
	kfree(disk);
}

static const struct block_device_operations fb_fops = {
	.owner = THIS_MODULE,
	.release = fb_release,
	.free_disk = fb_free,
};

bool fb_disk_open(struct fb_disk *disk)
{
	return disk->gd && disk_openers(disk->gd);
}

/* A power of two of at least 512 and at most a page, or 512. */
static u32 said_block(u32 said)
{
	return said >= BLK_SECTOR && said <= FE_PAGE && is_power_of_2(said) ?
		said : BLK_SECTOR;
}

static void read_discard(struct fb_disk *disk, struct disk_limits *limits)
{
	struct fe_device *fe = &disk->fe;
	u32 size;

	if (!disk->can.discard)
		return;
	limits->discard_sectors = UINT_MAX / BLK_SECTOR;
	size = fe_read(fe, "discard-granularity", 0, 1U << 30);
	limits->discard_granularity = is_power_of_2(size) ?
		max(size, limits->physical_block) : limits->physical_block;
	limits->discard_alignment = fe_read(fe, "discard-alignment", 0,
					    1U << 30);
	if (disk->can.secure)
		limits->secure_sectors = limits->discard_sectors;
}

static void read_limits(struct fb_disk *disk, struct disk_limits *limits)
{
	struct fe_device *fe = &disk->fe;

	memset(limits, 0, sizeof(*limits));
	limits->logical_block = said_block(fe_read(fe, "sector-size",
						   BLK_SECTOR, UINT_MAX));
	limits->physical_block = max(limits->logical_block,
		said_block(fe_read(fe, "physical-sector-size",
				   limits->logical_block, UINT_MAX)));
	limits->transfer_sectors = (disk->tag_pages - 1) *
		(FE_PAGE / BLK_SECTOR);
	limits->cache = disk->can.flush || disk->can.barrier;
	limits->fua = disk->can.barrier;
	read_discard(disk, limits);
}

static void limits_worker(struct work_struct *work)
{
	struct fb_disk *disk = container_of(work, struct fb_disk, limits_work);
	struct disk_limits limits;

	dev_warn(&disk->fe.bus->dev, "the backend refused what it offered\n");
	read_limits(disk, &limits);
	disk_set_limits(disk->gd, &limits);
}

static void add_worker(struct work_struct *work)
{
	struct fb_disk *disk = container_of(work, struct fb_disk, add_work);
	int err = device_add_disk(&disk->fe.bus->dev, disk->gd, NULL);

	if (err)
		xenbus_dev_error(disk->fe.bus, err, "adding the disk");
	else
		WRITE_ONCE(disk->added, true);
}

void fb_disk_setup(struct fb_disk *disk)
{
	INIT_WORK(&disk->add_work, add_worker);
	INIT_WORK(&disk->limits_work, limits_worker);
}

static int make_tags(struct fb_disk *disk)
{
	struct blk_mq_tag_set *set = &disk->tags;

	set->ops = &fb_mq_ops;
	set->nr_hw_queues = disk->ring_count;
	set->queue_depth = disk->depth;
	set->numa_node = NUMA_NO_NODE;
	set->cmd_size = sizeof(struct fb_request);
	set->flags = BLK_MQ_F_SHOULD_MERGE | BLK_MQ_F_TAG_HCTX_SHARED;
	set->driver_data = disk;
	return blk_mq_alloc_tag_set(set);
}

/* Before the disk is seen by anybody. */
static int fill_in(struct fb_disk *disk)
{
	struct gendisk *gd = disk->gd;

	gd->private_data = disk;
	gd->fops = &fb_fops;
	if (disk->info & (VDISK_REMOVABLE | VDISK_CDROM))
		gd->flags |= GENHD_FL_REMOVABLE;
	return fb_disk_name(disk->vdev, gd->disk_name,
			    sizeof(gd->disk_name));
}

static int make_new(struct fb_disk *disk, const struct disk_limits *limits)
{
	struct gendisk *gd;
	int err = make_tags(disk);

	if (err)
		return err;
	gd = disk_make(&disk->tags, limits, disk);
	if (IS_ERR(gd)) {
		blk_mq_free_tag_set(&disk->tags);
		return PTR_ERR(gd);
	}
	disk->gd = gd;
	return fill_in(disk);
}

/* Size and whether it can be written; what may change at any time. */
int fb_disk_update(struct fb_disk *disk)
{
	struct fe_device *fe = &disk->fe;
	unsigned long long sectors;

	if (xenbus_scanf(XBT_NIL, fe->bus->otherend, "sectors", "%llu",
			 &sectors) != 1)
		return -ENOENT;
	if (sectors > (u64)LLONG_MAX / BLK_SECTOR)
		return -ERANGE;
	disk->info = fe_read(fe, "info", 0, UINT_MAX);
	if (!disk->gd)
		return 0;
	set_disk_ro(disk->gd, disk->info & (VDISK_READONLY | VDISK_CDROM));
	if (set_capacity_and_notify(disk->gd, sectors))
		dev_info(&fe->bus->dev, "%s has %llu sectors now\n",
			 disk->gd->disk_name, sectors);
	return 0;
}

/* At each connect, before requests come: makes the disk at the first one. */
int fb_disk_make(struct fb_disk *disk)
{
	struct disk_limits limits;
	int err = fb_disk_update(disk);

	if (err || disk->gd)
		return err;
	read_limits(disk, &limits);
	err = make_new(disk, &limits);
	return err ? err : fb_disk_update(disk);
}

/*
 * At each connect, when requests are served: shows the disk to the system or
 * gives it the new backend's limits.  Whoever changes a limit by hand holds
 * the lock of all limits while requests under way come to their end.
 */
int fb_disk_show(struct fb_disk *disk)
{
	struct disk_limits limits;

	if (!disk->shown) {
		disk->shown = true;
		queue_work(system_unbound_wq, &disk->add_work);
		return 0;
	}
	read_limits(disk, &limits);
	return disk_set_limits(disk->gd, &limits);
}

/* After the final drop: nothing waits on the disk, and nothing will. */
void fb_disk_remove(struct fb_disk *disk)
{
	if (disk->ended)
		return;
	disk->ended = true;
	cancel_work_sync(&disk->add_work);
	cancel_work_sync(&disk->limits_work);
	if (!disk->added)
		return;
	blk_mark_disk_dead(disk->gd);
	del_gendisk(disk->gd);
}

/*
 * After fb_disk_remove(), when the bus has let the device go.  A disk that was
 * shown is freed by its last user; of any other the block layer says nothing,
 * and needs the tags for its end.
 */
void fb_disk_free(struct fb_disk *disk)
{
	struct gendisk *gd = disk->gd;

	if (gd && disk->added) {
		blk_mq_free_tag_set(&disk->tags);
		put_disk(gd);
		return;
	}
	if (gd) {
		put_disk(gd);
		blk_mq_free_tag_set(&disk->tags);
	}
	kfree(disk);
}
