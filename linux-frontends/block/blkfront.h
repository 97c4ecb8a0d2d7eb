/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The block frontend: what its files share.
 *
 * State owned: struct fb_disk, one for each disk.  It is made at probe and
 * freed when the bus has let it go and the last user of the disk has closed it.
 *
 * Locks: fe.lock (see common/device.h) covers connecting and everything that
 * is made then; rings and the pool change only while the queue is quiesced.
 * A ring's own lock covers its shared indices, slots and `live`.
 */
#ifndef BLOCK_BLKFRONT_H
#define BLOCK_BLKFRONT_H

#include <linux/blk-mq.h>
#include <linux/spinlock.h>

#include "../common/device.h"
#include "../common/shared.h"
#include "compat.h"
#include "ring.h"

struct fb_disk;

struct fb_ring {
	spinlock_t lock;
	struct blk_ring ring;
	struct fe_ring_pages pages;
	struct fe_channel channel;
	struct fb_disk *disk;
	bool live;		/* requests may be put and answers taken */
	bool stopped;		/* a hardware queue waits for room */
};

/* What the backend said that it can do, at the last connect. */
struct fb_features {
	bool flush;
	bool barrier;
	bool discard;
	bool secure;
};

struct fb_disk {
	struct fe_device fe;
	struct gendisk *gd;		/* NULL before the first connect */
	struct blk_mq_tag_set tags;
	struct fb_ring *ring;
	unsigned int ring_count;
	unsigned int depth;
	unsigned int tag_pages;
	struct fe_pool pool;		/* of all tags */
	struct fe_pool directory;	/* its announcement; empty if none */
	struct fb_features can;
	unsigned int indirect_segs;
	unsigned int info;		/* VDISK_* */
	int vdev;
	bool quiesced;
	bool dead;
	bool shown;			/* add_work was queued */
	bool added;			/* device_add_disk() was done, once */
	bool ended;			/* and del_gendisk(), if it was */
	struct work_struct add_work;
	struct work_struct limits_work;
};

/* What travels with a request of the block layer. */
struct fb_request {
	int error;
};

static inline struct fb_disk *to_disk(struct fe_device *fe)
{
	return container_of(fe, struct fb_disk, fe);
}

extern const struct blk_mq_ops fb_mq_ops;

/* connect.c: the driver's half of the connection. */
extern const struct fe_ops fb_ops;
int fb_geometry(struct fb_disk *disk);

/* io.c */
irqreturn_t fb_interrupt(int irq, void *data);
void fb_stop(struct fb_disk *disk);
void fb_end_inflight(struct fb_disk *disk, bool final);

/* disk.c */
int fb_disk_make(struct fb_disk *disk);
int fb_disk_show(struct fb_disk *disk);
int fb_disk_update(struct fb_disk *disk);
void fb_disk_remove(struct fb_disk *disk);
void fb_disk_free(struct fb_disk *disk);
void fb_disk_setup(struct fb_disk *disk);
bool fb_disk_open(struct fb_disk *disk);
int fb_disk_name(int vdev, char *name, size_t size);

#endif
