// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Connecting a disk: rings and buffers are made and announced here, and the
 * backend's features read.  See docs/frontends.md for the pool's announcement.
 */
#include <linux/cpumask.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "blkfront.h"

static unsigned int queues = 4;
module_param(queues, uint, 0444);
MODULE_PARM_DESC(queues, "most rings of a disk, up to one for each processor");

static unsigned int depth = 32;
module_param(depth, uint, 0444);
MODULE_PARM_DESC(depth, "requests of a disk that can be under way (1 to 1024)");

static unsigned int segments = 32;
module_param(segments, uint, 0444);
MODULE_PARM_DESC(segments, "pages of one request (11 to 256)");

static bool pool = true;
module_param(pool, bool, 0444);
MODULE_PARM_DESC(pool, "announce the whole pool to backends that ask for it");

#define REFS_PER_PAGE	(FE_PAGE / sizeof(u32))

/* Fixed for a disk's whole life, whatever backends it meets. */
int fb_geometry(struct fb_disk *disk)
{
	disk->depth = clamp(depth, 1U, 1024U);
	disk->tag_pages = clamp(segments, 11U, 256U) + 1;
	return xenbus_scanf(XBT_NIL, disk->fe.bus->nodename, "virtual-device",
			    "%i", &disk->vdev) == 1 ? 0 : -EINVAL;
}

/* The smallest ring with a slot for each request, or the backend's greatest. */
static unsigned int ring_order(struct fb_disk *disk)
{
	unsigned int most = fe_read(&disk->fe, "max-ring-page-order", 0,
				    ilog2(FE_RING_PAGES));
	unsigned int order = 0;

	while (order < most &&
	       __CONST_RING_SIZE(blkif, FE_PAGE << order) < disk->depth)
		order++;
	return order;
}

static int make_ring(struct fb_disk *disk, struct fb_ring *ring,
		     unsigned int order)
{
	struct blk_ring *r = &ring->ring;
	int err;

	r->slot = kvcalloc(disk->depth, sizeof(*r->slot), GFP_NOIO);
	if (!r->slot)
		return -ENOMEM;
	err = fe_ring_make(&ring->pages, disk->fe.bus, 1U << order);
	if (err)
		return err;
	r->gref = disk->pool.gref;
	r->memory = disk->pool.base;
	r->depth = disk->depth;
	r->tag_pages = disk->tag_pages;
	r->handle = disk->vdev;
	blk_ring_init(r, ring->pages.base, FE_PAGE << order, 0);
	return fe_channel_make(&ring->channel, disk->fe.bus, fb_interrupt,
			     "parvis-blkfront", ring);
}

static void free_rings(struct fb_disk *disk)
{
	unsigned int i;

	for (i = 0; i < disk->ring_count; i++) {
		fe_channel_free(&disk->ring[i].channel, &disk->ring[i]);
		fe_ring_free(&disk->ring[i].pages);
		kvfree(disk->ring[i].ring.slot);
	}
	kfree(disk->ring);
	disk->ring = NULL;
	disk->ring_count = 0;
	fe_pool_free(&disk->directory);
	fe_pool_free(&disk->pool);
}

/* The pages' references, in order, in pages of their own. */
static int make_directory(struct fb_disk *disk)
{
	unsigned int count = disk->pool.count;
	unsigned int offered = fe_read(&disk->fe, "feature-parvis-pool", 0,
				       UINT_MAX);
	u32 *list;
	int err;

	if (!pool || offered < count)
		return 0;
	err = fe_pool_make(&disk->directory, disk->fe.bus,
			   DIV_ROUND_UP(count, REFS_PER_PAGE), true);
	if (err)
		return err;
	list = disk->directory.base;
	while (count--)
		list[count] = disk->pool.gref[count];
	return 0;
}

/* All rings, as far as drop() looks at those that are never made. */
static int make_array(struct fb_disk *disk, unsigned int count)
{
	disk->ring = kcalloc(count, sizeof(*disk->ring), GFP_NOIO);
	if (!disk->ring)
		return -ENOMEM;
	disk->ring_count = count;
	while (count--) {
		spin_lock_init(&disk->ring[count].lock);
		disk->ring[count].disk = disk;
	}
	return 0;
}

static int offer(struct fe_device *fe)
{
	struct fb_disk *disk = to_disk(fe);
	unsigned int rings, order, i;
	int err;

	rings = fe_read(fe, "multi-queue-max-queues", 1,
			min(max(queues, 1U), num_online_cpus()));
	rings = max(rings, 1U);
	order = ring_order(disk);
	err = make_array(disk, rings);
	if (err)
		return err;
	err = fe_pool_make(&disk->pool, fe->bus, disk->depth * disk->tag_pages,
			   false);
	if (!err)
		err = make_directory(disk);
	for (i = 0; !err && i < rings; i++)
		err = make_ring(disk, &disk->ring[i], order);
	return err;
}

static int put_key(struct xenbus_transaction xbt, const char *dir,
		   const char *key, unsigned int value)
{
	return xenbus_printf(xbt, dir, key, "%u", value);
}

static int publish_ring(struct xenbus_transaction xbt, const char *dir,
			const struct fb_ring *ring)
{
	const struct fe_ring_pages *pages = &ring->pages;
	char key[20];
	unsigned int i;
	int err = put_key(xbt, dir, "event-channel", ring->channel.port);

	if (pages->count == 1)
		return err ? err : put_key(xbt, dir, "ring-ref",
					   pages->gref[0]);
	for (i = 0; !err && i < pages->count; i++) {
		snprintf(key, sizeof(key), "ring-ref%u", i);
		err = put_key(xbt, dir, key, pages->gref[i]);
	}
	return err;
}

static int publish_rings(struct fb_disk *disk, struct xenbus_transaction xbt)
{
	const char *node = disk->fe.bus->nodename;
	unsigned int i;
	char *dir;
	int err;

	if (disk->ring_count == 1)
		return publish_ring(xbt, node, &disk->ring[0]);
	err = put_key(xbt, node, "multi-queue-num-queues", disk->ring_count);
	for (i = 0; !err && i < disk->ring_count; i++) {
		dir = kasprintf(GFP_NOIO, "%s/queue-%u", node, i);
		if (!dir)
			return -ENOMEM;
		err = publish_ring(xbt, dir, &disk->ring[i]);
		kfree(dir);
	}
	return err;
}

static int publish_pool(struct fb_disk *disk, struct xenbus_transaction xbt)
{
	const char *node = disk->fe.bus->nodename;
	char key[28];
	unsigned int i;
	int err;

	if (!disk->directory.count) {
		/* An earlier connection's must not be believed. */
		if (xenbus_exists(xbt, node, "parvis-pool-pages") > 0)
			return xenbus_rm(xbt, node, "parvis-pool-pages");
		return 0;
	}
	err = put_key(xbt, node, "parvis-pool-pages", disk->pool.count);
	for (i = 0; !err && i < disk->directory.count; i++) {
		snprintf(key, sizeof(key), "parvis-pool-ref%u", i);
		err = put_key(xbt, node, key, disk->directory.gref[i]);
	}
	return err;
}

/* What a connection with another number of rings or pages left behind. */
static void remove_stale(struct xenbus_transaction xbt, const char *node)
{
	xenbus_rm(xbt, node, "multi-queue-num-queues");
	xenbus_rm(xbt, node, "ring-page-order");
	xenbus_rm(xbt, node, "num-ring-pages");
}

static int publish(struct fe_device *fe, struct xenbus_transaction xbt)
{
	struct fb_disk *disk = to_disk(fe);
	const char *node = fe->bus->nodename;
	unsigned int pages = disk->ring[0].pages.count;
	int err;

	remove_stale(xbt, node);
	err = publish_rings(disk, xbt);
	if (!err && pages > 1)
		err = put_key(xbt, node, "ring-page-order", ilog2(pages));
	if (!err && pages > 1)
		err = put_key(xbt, node, "num-ring-pages", pages);
	if (!err)
		err = publish_pool(disk, xbt);
	if (!err)
		err = put_key(xbt, node, "feature-persistent", 1);
	if (!err)
		err = xenbus_printf(xbt, node, "protocol", "%s",
				    "x86_64-abi");
	return err;
}

static void read_features(struct fb_disk *disk)
{
	struct fe_device *fe = &disk->fe;

	disk->can.flush = fe_read(fe, "feature-flush-cache", 0, 1);
	disk->can.barrier = fe_read(fe, "feature-barrier", 0, 1);
	disk->can.discard = fe_read(fe, "feature-discard", 0, 1);
	disk->can.secure = disk->can.discard &&
			   fe_read(fe, "discard-secure", 0, 1);
	disk->indirect_segs = fe_read(fe, "feature-max-indirect-segments", 0,
				      disk->tag_pages - 1);
}

/* Lets requests come again, also where a full ring had stopped them. */
static void let_requests_come(struct fb_disk *disk)
{
	struct request_queue *queue;

	if (!disk->quiesced)
		return;
	queue = disk->gd->queue;
	disk->quiesced = false;
	blk_mq_unquiesce_queue(queue);
	blk_mq_start_stopped_hw_queues(queue, true);
	blk_mq_kick_requeue_list(queue);
}

static void go_live(struct fb_disk *disk)
{
	unsigned int i;

	for (i = 0; i < disk->ring_count; i++) {
		struct fb_ring *ring = &disk->ring[i];

		spin_lock_irq(&ring->lock);
		blk_ring_init(&ring->ring, ring->pages.base,
			      ring->pages.count * FE_PAGE, disk->indirect_segs);
		ring->live = true;
		spin_unlock_irq(&ring->lock);
	}
	let_requests_come(disk);
}

static int start(struct fe_device *fe)
{
	struct fb_disk *disk = to_disk(fe);
	int err;

	read_features(disk);
	err = fb_disk_make(disk);
	if (err)
		return err;
	go_live(disk);
	err = fb_disk_show(disk);
	if (err)
		return err;
	dev_info(&fe->bus->dev, "%s: %u rings of %u pages, %u requests of up to %u pages, %s\n",
		 disk->gd->disk_name, disk->ring_count,
		 disk->ring[0].pages.count, disk->depth, disk->tag_pages - 1,
		 disk->directory.count ? "pool announced" :
		 fe_read(fe, "feature-persistent", 0, 1) ?
		 "mapped persistently" : "mapped for each request");
	return 0;
}

static void refresh(struct fe_device *fe)
{
	fb_disk_update(to_disk(fe));
}

static void drop(struct fe_device *fe, bool final)
{
	struct fb_disk *disk = to_disk(fe);

	if (disk->ended)
		return;
	if (final)
		WRITE_ONCE(disk->dead, true);
	fb_stop(disk);
	fb_end_inflight(disk, final);
	free_rings(disk);
	if (final)
		let_requests_come(disk);
}

static bool in_use(struct fe_device *fe)
{
	return fb_disk_open(to_disk(fe));
}

static void end(struct fe_device *fe)
{
	fb_disk_remove(to_disk(fe));
}

const struct fe_ops fb_ops = {
	.offered = XenbusStateInitialised,
	.offer = offer,
	.publish = publish,
	.start = start,
	.refresh = refresh,
	.drop = drop,
	.in_use = in_use,
	.end = end,
};
