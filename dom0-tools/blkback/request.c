// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * request.c: understanding and checking what the frontend asks for.
 *
 * No state.  Works on private copies; a request that passes names only
 * sectors of the disk, at most BLK_MAX_SEGS segments, and parts of pages that
 * lie within the page.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "blkback/blk.h"

/* ---- segments ---- */

static int count_sectors(struct blk_req *r)
{
	for (uint32_t i = 0; i < r->nr_segs; i++) {
		const struct blkif_request_segment *s = &r->seg[i];

		if (s->first_sect > s->last_sect ||
		    s->last_sect >= GMAP_PAGE / BLK_SECTOR)
			return -EINVAL;
		r->nr_sectors += s->last_sect - s->first_sect + 1u;
	}
	return 0;
}

/* Is [sector, sector + nr) on the disk and a whole number of its sectors? */
static int check_range(const struct blk_dev *d, const struct blk_req *r)
{
	uint64_t unit = d->store->sector_size / BLK_SECTOR;

	if (r->sector > d->store->sectors ||
	    r->nr_sectors > d->store->sectors - r->sector)
		return -EINVAL;
	return r->sector % unit || r->nr_sectors % unit ? -EINVAL : 0;
}

static int use_big(struct blk_dev *d, struct blk_req *r)
{
	struct blk_big *big = d->bigs;

	if (big)
		d->bigs = big->next;
	else
		big = malloc(sizeof(*big));
	if (!big)
		return -ENOMEM;
	r->big = big;
	r->seg = big->seg;
	r->page = big->page;
	r->iov = big->iov;
	return 0;
}

/* Copies @bytes from the start of the granted page @ref. */
static int fetch(struct blk_dev *d, uint32_t ref, void *to, uint32_t bytes)
{
	struct gmap_copy c = { .local = to, .ref = ref, .len = (uint16_t)bytes };
	struct gpage *p;
	int rc;

	if (d->keep && !gcache_get(&d->cache, &ref, 1, &p)) {
		ring_copy_slot(to, p->addr, bytes);
		gcache_put(&d->cache, &p, 1);
		return 0;
	}
	rc = gmap_copy(d->g, &c, 1);
	return rc ? rc : c.status;
}

/* ---- one function for each kind ---- */

static bool may_write(const struct blk_dev *d)
{
	return !d->readonly && !(d->store->flags & BP_BLK_IS_READONLY);
}

/* What all transfers have in common, once the segments are there. */
static int parse_data(struct blk_dev *d, struct blk_req *r, enum blk_op op)
{
	int rc;

	if (!d->store)
		return -ENOMEDIUM;
	if (op == BLK_WRITE && !may_write(d))
		return -EINVAL;
	rc = count_sectors(r);
	if (!rc)
		rc = check_range(d, r);
	r->op = (uint8_t)op;
	r->todo |= BLK_GET_MEMORY | BLK_TRANSFER;
	return rc;
}

static int take_segments(struct blk_req *r, const struct blkif_request *raw)
{
	if (raw->nr_segments > BLKIF_MAX_SEGMENTS_PER_REQUEST)
		return -EINVAL;
	r->nr_segs = raw->nr_segments;
	memcpy(r->seg, raw->seg, r->nr_segs * sizeof(raw->seg[0]));
	return 0;
}

static int parse_read(struct blk_dev *d, struct blk_req *r,
		      const struct blkif_request *raw)
{
	int rc = take_segments(r, raw);

	if (rc || !r->nr_segs)
		return -EINVAL;
	return parse_data(d, r, BLK_READ);
}

static int parse_write(struct blk_dev *d, struct blk_req *r,
		       const struct blkif_request *raw)
{
	int rc = take_segments(r, raw);

	if (rc || !r->nr_segs)
		return -EINVAL;
	return parse_data(d, r, BLK_WRITE);
}

/* Flushes before and, if there is data, writes it and flushes again. */
static int parse_flush(struct blk_dev *d, struct blk_req *r,
		       const struct blkif_request *raw)
{
	int rc = take_segments(r, raw);

	if (rc)
		return rc;
	if (!d->store)
		return -ENOMEDIUM;
	if (!(d->store->flags & BP_BLK_CAN_FLUSH))
		return -EOPNOTSUPP;
	r->op = BLK_FLUSH;
	r->todo = BLK_FLUSH_BEFORE;
	if (!r->nr_segs)
		return 0;
	r->todo |= BLK_FLUSH_AFTER;
	return parse_data(d, r, BLK_WRITE);
}

static int parse_barrier(struct blk_dev *d, struct blk_req *r,
			 const struct blkif_request *raw)
{
	r->barrier = true;
	return parse_flush(d, r, raw);
}

static int parse_discard(struct blk_dev *d, struct blk_req *r,
			 const struct blkif_request *raw)
{
	struct blkif_request_discard ds;
	uint32_t need = BP_BLK_CAN_DISCARD;

	memcpy(&ds, raw, sizeof(ds));
	r->op = BLK_DISCARD;
	if (ds.flag & BLKIF_DISCARD_SECURE) {
		need = BP_BLK_CAN_SECDISCARD;
		r->op = BLK_SECDISCARD;
	}
	if (!d->store)
		return -ENOMEDIUM;
	if (!may_write(d))
		return -EINVAL;
	if (!(d->store->flags & need))
		return -EOPNOTSUPP;
	r->nr_sectors = ds.nr_sectors;
	r->todo = BLK_TRANSFER;
	return r->nr_sectors ? check_range(d, r) : -EINVAL;
}

static int parse_indirect(struct blk_dev *d, struct blk_req *r,
			  const struct blkif_request *raw)
{
	struct blkif_request_indirect in;
	int rc;

	memcpy(&in, raw, sizeof(in));
	r->rsp_op = in.indirect_op;
	if ((in.indirect_op != BLKIF_OP_READ &&
	     in.indirect_op != BLKIF_OP_WRITE) ||
	    !in.nr_segments || in.nr_segments > BLK_MAX_SEGS)
		return -EINVAL;
	if (in.nr_segments > BLK_DIRECT_SEGS) {
		rc = use_big(d, r);
		if (rc)
			return rc;
	}
	_Static_assert(BLK_MAX_SEGS <= BLKIF_SEGS_PER_INDIRECT_FRAME,
		       "one page holds all segments");
	rc = fetch(d, in.indirect_grefs[0], r->seg,
		   in.nr_segments * (uint32_t)sizeof(r->seg[0]));
	if (rc)
		return rc;
	r->nr_segs = in.nr_segments;
	return parse_data(d, r, in.indirect_op == BLKIF_OP_READ ? BLK_READ
								: BLK_WRITE);
}

static int (*const parsers[])(struct blk_dev *d, struct blk_req *r,
			      const struct blkif_request *raw) = {
	[BLKIF_OP_READ] = parse_read,
	[BLKIF_OP_WRITE] = parse_write,
	[BLKIF_OP_WRITE_BARRIER] = parse_barrier,
	[BLKIF_OP_FLUSH_DISKCACHE] = parse_flush,
	[BLKIF_OP_DISCARD] = parse_discard,
	[BLKIF_OP_INDIRECT] = parse_indirect,
};

int blk_parse(struct blk_dev *d, struct blk_req *r,
	      const struct blkif_request *raw)
{
	uint8_t op = raw->operation;

	r->id = raw->id;	/* in the same place in every kind */
	r->sector = raw->sector_number;
	r->rsp_op = op;
	r->nr_sectors = 0;
	r->nr_segs = r->nr_pinned = 0;
	r->todo = 0;
	r->barrier = r->copied = false;
	r->bounce.count = 0;
	r->big = NULL;
	r->seg = r->seg_own;
	r->page = r->page_own;
	r->iov = r->iov_own;
	if (op >= sizeof(parsers) / sizeof(parsers[0]) || !parsers[op])
		return -EOPNOTSUPP;
	return parsers[op](d, r, raw);
}
