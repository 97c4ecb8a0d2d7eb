// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A block device's queue; see ring.h for state, invariants and lock.  Responses
 * are copied out before anything in them is looked at.
 */
#include "ring.h"

#define SECTORS_PER_PAGE	(FE_PAGE / BLK_SECTOR)

void blk_ring_init(struct blk_ring *ring, void *shared, size_t bytes,
		   unsigned int segments)
{
	blkif_sring_t *sring = shared;
	unsigned int most = ring->tag_pages - 1;

	XEN_FRONT_RING_INIT(&ring->ring, sring, bytes);
	ring->pushed = 0;
	ring->direct_segs = min_t(unsigned int, most,
				  BLKIF_MAX_SEGMENTS_PER_REQUEST);
	most = min_t(unsigned int, most, BLKIF_SEGS_PER_INDIRECT_FRAME);
	ring->indirect_segs = min_t(unsigned int, segments, most);
	memset(ring->slot, 0, ring->depth * sizeof(*ring->slot));
}

static grant_ref_t page_ref(const struct blk_ring *ring, u16 tag, u32 page)
{
	return ring->gref[(u32)tag * ring->tag_pages + page];
}

/* Describes bytes that start at a page's start. */
static void fill_segments(const struct blk_ring *ring, u16 tag,
			  struct blkif_request_segment *seg, u32 first_page,
			  u32 bytes)
{
	u32 page;

	for (page = first_page; bytes; page++, seg++) {
		u32 now = min_t(u32, bytes, FE_PAGE);

		seg->gref = page_ref(ring, tag, page);
		seg->first_sect = 0;
		seg->last_sect = now / BLK_SECTOR - 1;
		bytes -= now;
	}
}

/* Only plain reads and writes have an indirect form. */
static bool can_be_indirect(const struct blk_ring *ring, u8 op)
{
	return ring->indirect_segs > ring->direct_segs &&
	       (op == BLKIF_OP_READ || op == BLKIF_OP_WRITE);
}

static void put_direct(struct blk_ring *ring, u16 tag)
{
	struct blk_slot *slot = &ring->slot[tag];
	struct blkif_request *req =
		RING_GET_REQUEST(&ring->ring, ring->ring.req_prod_pvt);

	req->operation = slot->op;
	req->nr_segments = fe_pages_for(slot->part);
	req->handle = ring->handle;
	req->id = tag;
	req->sector_number = slot->sector + slot->done / BLK_SECTOR;
	fill_segments(ring, tag, req->seg, slot->done / FE_PAGE, slot->part);
}

static void put_indirect(struct blk_ring *ring, u16 tag)
{
	struct blk_slot *slot = &ring->slot[tag];
	struct blkif_request_indirect *req =
		(void *)RING_GET_REQUEST(&ring->ring, ring->ring.req_prod_pvt);
	u8 *list = blk_ring_data(ring, tag) + blk_ring_room(ring);

	fill_segments(ring, tag, (void *)list, slot->done / FE_PAGE,
		      slot->part);
	req->operation = BLKIF_OP_INDIRECT;
	req->indirect_op = slot->op;
	req->nr_segments = fe_pages_for(slot->part);
	req->id = tag;
	req->sector_number = slot->sector + slot->done / BLK_SECTOR;
	req->handle = ring->handle;
	req->indirect_grefs[0] = page_ref(ring, tag, ring->tag_pages - 1);
}

static void put_discard(struct blk_ring *ring, u16 tag)
{
	struct blk_slot *slot = &ring->slot[tag];
	struct blkif_request_discard *req =
		(void *)RING_GET_REQUEST(&ring->ring, ring->ring.req_prod_pvt);

	req->operation = BLKIF_OP_DISCARD;
	req->flag = slot->flag;
	req->handle = ring->handle;
	req->id = tag;
	req->sector_number = slot->sector;
	req->nr_sectors = slot->length;
}

/* Puts the next part of a transfer into the next slot, which is free. */
static void put_part(struct blk_ring *ring, u16 tag)
{
	struct blk_slot *slot = &ring->slot[tag];
	u32 left = slot->length - slot->done;

	if (slot->op == BLKIF_OP_DISCARD) {
		put_discard(ring, tag);
	} else if (left > ring->direct_segs * FE_PAGE &&
		   can_be_indirect(ring, slot->op)) {
		slot->part = min_t(u32, left, ring->indirect_segs * FE_PAGE);
		put_indirect(ring, tag);
	} else {
		slot->part = min_t(u32, left, ring->direct_segs * FE_PAGE);
		put_direct(ring, tag);
	}
	ring->ring.req_prod_pvt++;
}

static bool expressible(const struct blk_ring *ring,
			const struct blk_slot *want)
{
	if (want->op == BLKIF_OP_DISCARD)
		return true;
	if (want->length > blk_ring_room(ring) || want->length % BLK_SECTOR)
		return false;
	return want->length || want->op == BLKIF_OP_FLUSH_DISKCACHE ||
	       want->op == BLKIF_OP_WRITE_BARRIER;
}

int blk_ring_submit(struct blk_ring *ring, u16 tag, const struct blk_slot *want)
{
	if (tag >= ring->depth || ring->slot[tag].busy ||
	    !expressible(ring, want))
		return -EINVAL;
	if (RING_FULL(&ring->ring))
		return -EBUSY;
	ring->slot[tag] = *want;
	ring->slot[tag].done = 0;
	ring->slot[tag].part = 0;
	ring->slot[tag].busy = 1;
	put_part(ring, tag);
	return 0;
}

bool blk_ring_push(struct blk_ring *ring)
{
	bool notify;

	if (ring->pushed == ring->ring.req_prod_pvt)
		return false;
	ring->pushed = ring->ring.req_prod_pvt;
	RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&ring->ring, notify);
	return notify;
}

static int error_of(s16 status)
{
	switch (status) {
	case BLKIF_RSP_OKAY:
		return 0;
	case BLKIF_RSP_EOPNOTSUPP:
		return -EOPNOTSUPP;
	default:
		return -EIO;
	}
}

/*
 * A part of a transfer has succeeded.  True if there is more to do for it, and
 * the next request has been put.
 */
static bool go_on(struct blk_ring *ring, u16 tag)
{
	struct blk_slot *slot = &ring->slot[tag];

	if (slot->op == BLKIF_OP_DISCARD)
		return false;
	slot->done += slot->part;
	if (slot->done == slot->length) {
		if (!slot->flush_after)
			return false;
		slot->flush_after = 0;
		slot->op = BLKIF_OP_FLUSH_DISKCACHE;
		slot->sector = 0;
		slot->length = 0;
		slot->done = 0;
	}
	put_part(ring, tag);
	return true;
}

/* 1 if this answer ends its transfer, 0 if another part follows. */
static int take_answer(struct blk_ring *ring, const struct blkif_response *rsp,
		       struct blk_done *done)
{
	struct blk_slot *slot;

	if (rsp->id >= ring->depth || !ring->slot[rsp->id].busy)
		return -EPROTO;
	slot = &ring->slot[rsp->id];
	done->tag = rsp->id;
	done->error = error_of(rsp->status);
	if (!done->error && go_on(ring, done->tag))
		return 0;
	slot->busy = 0;
	return 1;
}

int blk_ring_next(struct blk_ring *ring, struct blk_done *done)
{
	blkif_front_ring_t *r = &ring->ring;
	struct blkif_response rsp;
	int over = 0;

	while (!over) {
		int pending = fe_ring_pending(&r->sring->rsp_prod,
					      r->req_prod_pvt, r->rsp_cons);

		if (pending <= 0)
			return pending;
		RING_COPY_RESPONSE(r, r->rsp_cons, &rsp);
		r->rsp_cons++;
		over = take_answer(ring, &rsp, done);
	}
	return over;
}

bool blk_ring_idle(struct blk_ring *ring)
{
	bool more;

	RING_FINAL_CHECK_FOR_RESPONSES(&ring->ring, more);
	return more;
}
