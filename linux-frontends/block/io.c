// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The data path: the block layer's requests to the ring, answers back.  Data
 * is copied to the tag's pages before its request is put and from them after
 * its answer was taken, both outside the ring's lock: the tag owns the pages.
 */
#include <linux/highmem.h>
#include <xen/events.h>

#include "../common/copy.h"
#include "blkfront.h"

#define BATCH	16	/* answers taken under one hold of the lock */

static struct fb_ring *ring_of(struct fb_disk *disk, struct blk_mq_hw_ctx *hctx)
{
	return &disk->ring[hctx->queue_num % disk->ring_count];
}

static u8 *data_of(struct fb_disk *disk, struct request *rq)
{
	return blk_ring_data(&disk->ring[0].ring, rq->tag);
}

static void copy_to_backend(struct fb_disk *disk, struct request *rq)
{
	u8 *to = data_of(disk, rq);
	struct req_iterator it;
	struct bio_vec vec;

	rq_for_each_segment(vec, rq, it) {
		const void *from = bvec_kmap_local(&vec);

		fe_copy(to, from, vec.bv_len);
		kunmap_local(from);
		to += vec.bv_len;
	}
}

static void copy_from_backend(struct fb_disk *disk, struct request *rq)
{
	const u8 *from = data_of(disk, rq);
	struct req_iterator it;
	struct bio_vec vec;

	rq_for_each_segment(vec, rq, it) {
		void *to = bvec_kmap_local(&vec);

		fe_copy(to, from, vec.bv_len);
		kunmap_local(to);
		from += vec.bv_len;
	}
}

/*
 * What must reach the medium goes as a barrier, or with a flush behind it: a
 * backend that came after the request was made may know only that.
 */
static void translate_write(struct fb_disk *disk, struct request *rq,
			    struct blk_slot *want)
{
	bool fua = rq->cmd_flags & REQ_FUA;

	want->op = fua && disk->can.barrier ? BLKIF_OP_WRITE_BARRIER :
					      BLKIF_OP_WRITE;
	want->flush_after = fua && !disk->can.barrier && disk->can.flush;
}

/* In the ring's words.  BLK_STS_AGAIN: nothing is to be done, it succeeded. */
static blk_status_t translate(struct fb_disk *disk, struct request *rq,
			      struct blk_slot *want)
{
	want->sector = blk_rq_pos(rq);
	want->length = blk_rq_bytes(rq);
	want->flag = 0;
	want->flush_after = 0;
	switch (req_op(rq)) {
	case REQ_OP_READ:
		want->op = BLKIF_OP_READ;
		return BLK_STS_OK;
	case REQ_OP_WRITE:
		translate_write(disk, rq, want);
		return BLK_STS_OK;
	case REQ_OP_FLUSH:
		want->sector = 0;
		want->length = 0;
		want->op = disk->can.flush ? BLKIF_OP_FLUSH_DISKCACHE :
			   BLKIF_OP_WRITE_BARRIER;
		return disk->can.flush || disk->can.barrier ?
			BLK_STS_OK : BLK_STS_AGAIN;
	case REQ_OP_SECURE_ERASE:
		want->flag = BLKIF_DISCARD_SECURE;
		if (!disk->can.secure)
			return BLK_STS_NOTSUPP;
		fallthrough;
	case REQ_OP_DISCARD:
		want->op = BLKIF_OP_DISCARD;
		want->length = blk_rq_sectors(rq);
		return disk->can.discard ? BLK_STS_OK : BLK_STS_NOTSUPP;
	default:
		return BLK_STS_NOTSUPP;
	}
}

static blk_status_t submit(struct fb_ring *ring, struct blk_mq_hw_ctx *hctx,
			   struct request *rq, const struct blk_slot *want)
{
	int err;

	if (!ring->live)
		return BLK_STS_DEV_RESOURCE;
	err = blk_ring_submit(&ring->ring, rq->tag, want);
	if (!err)
		return BLK_STS_OK;
	if (err != -EBUSY)
		return BLK_STS_IOERR;
	ring->stopped = true;
	blk_mq_stop_hw_queue(hctx);
	return BLK_STS_DEV_RESOURCE;
}

static blk_status_t fb_queue_rq(struct blk_mq_hw_ctx *hctx,
				const struct blk_mq_queue_data *bd)
{
	struct fb_disk *disk = hctx->queue->queuedata;
	struct fb_ring *ring;
	struct request *rq = bd->rq;
	struct blk_slot want;
	unsigned long flags;
	blk_status_t status;
	bool notify = false;

	if (READ_ONCE(disk->dead))
		return BLK_STS_IOERR;
	ring = ring_of(disk, hctx);
	status = translate(disk, rq, &want);
	if (status && status != BLK_STS_AGAIN)
		return status;
	blk_mq_start_request(rq);
	if (status == BLK_STS_AGAIN) {
		blk_mq_end_request(rq, BLK_STS_OK);
		return BLK_STS_OK;
	}
	if (op_is_write(req_op(rq)) && want.op != BLKIF_OP_DISCARD)
		copy_to_backend(disk, rq);
	spin_lock_irqsave(&ring->lock, flags);
	status = submit(ring, hctx, rq, &want);
	if (ring->live && (bd->last || status))
		notify = blk_ring_push(&ring->ring);
	spin_unlock_irqrestore(&ring->lock, flags);
	if (notify)
		notify_remote_via_irq(ring->channel.irq);
	return status;
}

static void fb_commit_rqs(struct blk_mq_hw_ctx *hctx)
{
	struct fb_disk *disk = hctx->queue->queuedata;
	struct fb_ring *ring;
	unsigned long flags;
	bool notify = false;

	if (READ_ONCE(disk->dead))
		return;
	ring = ring_of(disk, hctx);
	spin_lock_irqsave(&ring->lock, flags);
	if (ring->live)
		notify = blk_ring_push(&ring->ring);
	spin_unlock_irqrestore(&ring->lock, flags);
	if (notify)
		notify_remote_via_irq(ring->channel.irq);
}

static bool take_back(bool *promise)
{
	return xchg(promise, false);
}

/*
 * The backend takes back what it promised; ask no more for it.  True if that is
 * news.
 */
static bool note_unsupported(struct fb_disk *disk, struct request *rq)
{
	bool news;

	switch (req_op(rq)) {
	case REQ_OP_FLUSH:
		news = take_back(&disk->can.flush);
		return take_back(&disk->can.barrier) || news;
	case REQ_OP_WRITE:
		return take_back(&disk->can.barrier);
	case REQ_OP_SECURE_ERASE:
		return take_back(&disk->can.secure);
	case REQ_OP_DISCARD:
		return take_back(&disk->can.discard);
	default:
		return false;
	}
}

static void fb_complete(struct request *rq)
{
	struct fb_disk *disk = rq->q->queuedata;
	struct fb_request *own = blk_mq_rq_to_pdu(rq);

	if (!own->error && req_op(rq) == REQ_OP_READ)
		copy_from_backend(disk, rq);
	/* Not while the guest is suspended: the backend may be another then. */
	if (own->error == -EOPNOTSUPP && note_unsupported(disk, rq))
		queue_work(system_freezable_wq, &disk->limits_work);
	blk_mq_end_request(rq, errno_to_blk_status(own->error));
}

const struct blk_mq_ops fb_mq_ops = {
	.queue_rq = fb_queue_rq,
	.commit_rqs = fb_commit_rqs,
	.complete = fb_complete,
};

static struct request *request_of(struct fb_disk *disk, u16 tag)
{
	return blk_mq_tag_to_rq(disk->tags.tags[0], tag);
}

/*
 * Takes up to BATCH finished transfers.  Returns how many; *more says whether
 * to come again.  A broken ring is not looked at any more.
 */
static int take_batch(struct fb_ring *ring, struct blk_done *done, bool *more)
{
	int count = 0, rc = 1;

	*more = false;
	if (!ring->live)
		return 0;
	while (count < BATCH && rc > 0) {
		rc = blk_ring_next(&ring->ring, &done[count]);
		count += rc > 0;
	}
	if (rc < 0) {
		ring->live = false;
		fe_broken(&ring->disk->fe, "bad response on a block ring");
		return count;
	}
	*more = rc > 0 || blk_ring_idle(&ring->ring);
	return count;
}

static void restart_stopped(struct fb_ring *ring)
{
	if (!ring->stopped)
		return;
	ring->stopped = false;
	blk_mq_start_stopped_hw_queues(ring->disk->gd->queue, true);
}

irqreturn_t fb_interrupt(int irq, void *data)
{
	struct fb_ring *ring = data;
	struct blk_done done[BATCH];
	unsigned int eoi = XEN_EOI_FLAG_SPURIOUS;
	bool more, notify;
	unsigned long flags;
	int count, i;

	do {
		spin_lock_irqsave(&ring->lock, flags);
		count = take_batch(ring, done, &more);
		notify = ring->live && blk_ring_push(&ring->ring);
		if (count)
			restart_stopped(ring);
		spin_unlock_irqrestore(&ring->lock, flags);
		if (notify)
			notify_remote_via_irq(ring->channel.irq);
		for (i = 0; i < count; i++) {
			struct request *rq = request_of(ring->disk,
							done[i].tag);
			struct fb_request *own = blk_mq_rq_to_pdu(rq);

			own->error = done[i].error;
			blk_mq_complete_request(rq);
			eoi = 0;
		}
	} while (more);
	xen_irq_lateeoi(irq, eoi);
	return IRQ_HANDLED;
}

/* No request is put and no answer taken after this. */
void fb_stop(struct fb_disk *disk)
{
	unsigned long flags;
	unsigned int i;

	for (i = 0; i < disk->ring_count; i++) {
		struct fb_ring *ring = &disk->ring[i];

		spin_lock_irqsave(&ring->lock, flags);
		ring->live = false;
		spin_unlock_irqrestore(&ring->lock, flags);
	}
	if (disk->gd && !disk->quiesced) {
		blk_mq_quiesce_queue(disk->gd->queue);
		disk->quiesced = true;
	}
	for (i = 0; i < disk->ring_count; i++)
		fe_channel_free(&disk->ring[i].channel, &disk->ring[i]);
	if (disk->gd)
		blk_mq_tagset_wait_completed_request(&disk->tags);
}

static void end_one(struct fb_disk *disk, u16 tag, bool final)
{
	struct request *rq = request_of(disk, tag);

	if (final)
		blk_mq_end_request(rq, BLK_STS_IOERR);
	else
		blk_mq_requeue_request(rq, true);
}

/* After fb_stop(): what the backend had not answered. */
void fb_end_inflight(struct fb_disk *disk, bool final)
{
	unsigned int i, tag;

	for (i = 0; i < disk->ring_count; i++) {
		struct blk_ring *ring = &disk->ring[i].ring;

		for (tag = 0; disk->gd && ring->slot && tag < disk->depth;
		     tag++) {
			if (!ring->slot[tag].busy)
				continue;
			ring->slot[tag].busy = 0;
			end_one(disk, tag, final);
		}
	}
}
