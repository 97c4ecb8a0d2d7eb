/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What differs between the block layers of Linux 6.1 and 6.12, and only that.
 * No state.
 */
#ifndef BLOCK_COMPAT_H
#define BLOCK_COMPAT_H

#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/version.h>

/* Properties of a disk, in the words of its backend. */
struct disk_limits {
	u32 logical_block;		/* bytes */
	u32 physical_block;
	u32 transfer_sectors;		/* most in one request */
	u32 discard_sectors;		/* 0: no discard */
	u32 discard_granularity;	/* bytes */
	u32 discard_alignment;
	u32 secure_sectors;		/* 0: no secure erase */
	bool cache;			/* there is one, and it can be flushed */
	bool fua;
};

/* The backend copies nothing and maps nothing of these: any number will do. */
#define DISK_SEGMENTS		256
#define DISK_ALIGN_MASK		511

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)

#define RELEASE_ARGS(disk)	struct gendisk *disk

static inline void limits_fill(struct queue_limits *q,
			       const struct disk_limits *want)
{
	q->logical_block_size = want->logical_block;
	q->physical_block_size = want->physical_block;
	q->max_hw_sectors = want->transfer_sectors;
	q->max_segments = DISK_SEGMENTS;
	q->max_segment_size = UINT_MAX;
	q->dma_alignment = DISK_ALIGN_MASK;
	q->max_hw_discard_sectors = want->discard_sectors;
	q->discard_granularity = want->discard_granularity;
	q->discard_alignment = want->discard_alignment;
	q->max_secure_erase_sectors = want->secure_sectors;
	q->features &= ~(BLK_FEAT_WRITE_CACHE | BLK_FEAT_FUA |
			 BLK_FEAT_ROTATIONAL);
	if (want->cache)
		q->features |= BLK_FEAT_WRITE_CACHE;
	if (want->fua)
		q->features |= BLK_FEAT_FUA;
}

static inline int disk_set_limits(struct gendisk *disk,
				  const struct disk_limits *want)
{
	struct queue_limits q = queue_limits_start_update(disk->queue);

	limits_fill(&q, want);
	return queue_limits_commit_update(disk->queue, &q);
}

static inline struct gendisk *disk_make(struct blk_mq_tag_set *set,
					const struct disk_limits *want,
					void *data)
{
	struct queue_limits q = {};

	limits_fill(&q, want);
	return blk_mq_alloc_disk(set, &q, data);
}

#else

#define RELEASE_ARGS(disk)	struct gendisk *disk, fmode_t mode

static inline int disk_set_limits(struct gendisk *disk,
				  const struct disk_limits *want)
{
	struct request_queue *q = disk->queue;

	blk_queue_logical_block_size(q, want->logical_block);
	blk_queue_physical_block_size(q, want->physical_block);
	blk_queue_max_hw_sectors(q, want->transfer_sectors);
	blk_queue_max_segments(q, DISK_SEGMENTS);
	blk_queue_max_segment_size(q, UINT_MAX);
	blk_queue_dma_alignment(q, DISK_ALIGN_MASK);
	blk_queue_max_discard_sectors(q, want->discard_sectors);
	q->limits.discard_granularity = want->discard_granularity;
	q->limits.discard_alignment = want->discard_alignment;
	blk_queue_max_secure_erase_sectors(q, want->secure_sectors);
	blk_queue_write_cache(q, want->cache, want->fua);
	return 0;
}

static inline struct gendisk *disk_make(struct blk_mq_tag_set *set,
					const struct disk_limits *want,
					void *data)
{
	struct gendisk *disk = blk_mq_alloc_disk(set, data);

	if (IS_ERR(disk))
		return disk;
	blk_queue_flag_set(QUEUE_FLAG_NONROT, disk->queue);
	disk_set_limits(disk, want);
	return disk;
}

#endif

#endif
