// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * serve.c: the life of a request, from its copy in the journal to its answer.
 *
 * State: struct blk_req's todo, the steps still to be done, the lowest bit
 * first.  Invariants: a request is in exactly one place: with the store, in
 * dev->waiting, in dev->copying, or its queue's waiting barrier; pages are
 * pinned (nr_pinned) and bounce memory held (bounce.count) until it is
 * answered.
 */
#include <errno.h>
#include <string.h>

#include "blkback/blk.h"
#include "lib/log.h"

enum { STEP_ON = 0, STEP_LATER = 1 };	/* or -errno */

static void run_steps(struct blk_req *r);

void blk_list_init(struct blk_list *l)
{
	l->first = NULL;
	l->last = &l->first;
}

static void list_add(struct blk_list *l, struct blk_req *r)
{
	r->next = NULL;
	*l->last = r;
	l->last = &r->next;
}

static struct blk_req *list_take(struct blk_list *l)
{
	struct blk_req *r = l->first;

	if (r) {
		l->first = r->next;
		if (!l->first)
			l->last = &l->first;
	}
	return r;
}

/* ---- memory ---- */

static uint32_t seg_bytes(const struct blkif_request_segment *s)
{
	return (s->last_sect - s->first_sect + 1u) * BLK_SECTOR;
}

static int pin_pages(struct blk_dev *d, struct blk_req *r)
{
	uint32_t refs[BLK_MAX_SEGS];
	int rc;

	for (uint32_t i = 0; i < r->nr_segs; i++)
		refs[i] = r->seg[i].gref;
	rc = gcache_get(&d->cache, refs, r->nr_segs, r->page);
	if (!rc)
		r->nr_pinned = r->nr_segs;
	return rc;
}

static uint8_t *seg_addr(const struct blk_req *r, uint32_t i)
{
	return (uint8_t *)r->page[i]->addr + r->seg[i].first_sect * BLK_SECTOR;
}

/* The mapped pages as few pieces of memory; false: not aligned enough. */
static bool gather(const struct blk_dev *d, struct blk_req *r)
{
	uintptr_t bad = 0, mask = d->store->align - 1;
	struct iovec *v = NULL;
	uint32_t n = 0;

	for (uint32_t i = 0; i < r->nr_segs; i++) {
		uint8_t *at = seg_addr(r, i);
		uint32_t bytes = seg_bytes(&r->seg[i]);

		if (v && (uint8_t *)v->iov_base + v->iov_len == at) {
			v->iov_len += bytes;
			continue;
		}
		if (v)
			bad |= v->iov_len;
		v = &r->iov[n++];
		v->iov_base = at;
		v->iov_len = bytes;
		bad |= (uintptr_t)at;
	}
	bad |= v->iov_len;
	r->io.niov = n;
	return !(bad & mask);
}

/*
 * Copying a page costs less than having the kernel look up a mapped one, which
 * it does the long way for granted pages.
 */
static bool small(const struct blk_req *r)
{
	return r->nr_sectors * BLK_SECTOR <= BLK_COPY_MOST;
}

static int step_memory(struct blk_dev *d, struct blk_req *r)
{
	int rc;

	if (!d->store)
		return -ENOMEDIUM;
	r->copied = !d->keep ||
		    (!r->nr_pinned && pin_pages(d, r)) ||
		    d->no_direct || small(r) || !gather(d, r) ||
		    r->io.niov > d->store->max_pieces;
	if (!r->copied)
		return STEP_ON;
	rc = bounce_get(&d->bounce, r->nr_sectors * BLK_SECTOR, &r->bounce);
	if (rc)
		return rc;
	r->iov[0].iov_base = bounce_at(&d->bounce, &r->bounce);
	r->iov[0].iov_len = r->nr_sectors * BLK_SECTOR;
	r->io.niov = 1;
	r->todo |= r->op == BLK_READ ? BLK_COPY_OUT : BLK_COPY_IN;
	return STEP_ON;
}

/* ---- copying ---- */

static void copy_mapped(struct blk_dev *d, struct blk_req *r, bool out)
{
	uint8_t *at = bounce_at(&d->bounce, &r->bounce);

	for (uint32_t i = 0; i < r->nr_segs; i++) {
		uint32_t bytes = seg_bytes(&r->seg[i]);

		if (out)
			bounce_copy(seg_addr(r, i), at, bytes);
		else
			bounce_copy(at, seg_addr(r, i), bytes);
		at += bytes;
	}
}

static void queue_copies(struct blk_dev *d, struct blk_req *r, bool out)
{
	uint8_t *at = bounce_at(&d->bounce, &r->bounce);

	r->copy_first = d->nr_copies;
	r->copy_count = r->nr_segs;
	for (uint32_t i = 0; i < r->nr_segs; i++) {
		const struct blkif_request_segment *s = &r->seg[i];

		d->copy[d->nr_copies++] = (struct gmap_copy){
			.local = at,
			.ref = s->gref,
			.offset = (uint16_t)(s->first_sect * BLK_SECTOR),
			.len = (uint16_t)seg_bytes(s),
			.to_guest = out,
		};
		at += seg_bytes(s);
	}
	list_add(&d->copying, r);
}

static int step_copy(struct blk_dev *d, struct blk_req *r)
{
	bool out = r->op == BLK_READ;

	if (r->nr_pinned) {
		copy_mapped(d, r, out);
		return STEP_ON;
	}
	if (d->nr_copies + r->nr_segs > BLK_COPIES)
		return -EAGAIN;
	queue_copies(d, r, out);
	return STEP_LATER;
}

static int copy_result(const struct blk_dev *d, const struct blk_req *r)
{
	for (uint32_t i = 0; i < r->copy_count; i++)
		if (d->copy[r->copy_first + i].status)
			return d->copy[r->copy_first + i].status;
	return 0;
}

static void step_done(struct blk_req *r, int rc);

void blk_do_copies(struct blk_dev *d)
{
	struct blk_list list = d->copying;
	struct blk_req *r;
	int all;

	if (!d->nr_copies)
		return;
	all = gmap_copy(d->g, d->copy, d->nr_copies);
	blk_list_init(&d->copying);
	/* Results first: what a request does next may queue copies again. */
	for (r = list.first; r; r = r->next)
		r->io.rc = all ? all : copy_result(d, r);
	d->nr_copies = 0;
	while ((r = list_take(&list)))
		step_done(r, r->io.rc);
}

/* ---- the store ---- */

static void io_done(struct blk_io *io, int rc);

static int submit(struct blk_dev *d, struct blk_req *r, enum blk_op op)
{
	int rc;

	if (!d->store)
		return -ENOMEDIUM;
	r->io.op = op;
	r->io.offset = r->sector * BLK_SECTOR;
	r->io.len = r->nr_sectors * BLK_SECTOR;
	r->io.iov = r->iov;
	r->io.done = io_done;
	rc = d->store->ops->submit(d->store, &r->io);
	return rc ? rc : STEP_LATER;
}

static int step_flush(struct blk_dev *d, struct blk_req *r)
{
	return submit(d, r, BLK_FLUSH);
}

static int step_transfer(struct blk_dev *d, struct blk_req *r)
{
	return submit(d, r, r->op);
}

/* ---- running ---- */

static const struct {
	uint8_t bit;
	int (*run)(struct blk_dev *d, struct blk_req *r);
} steps[] = {
	{ BLK_GET_MEMORY, step_memory },
	{ BLK_COPY_IN, step_copy },
	{ BLK_FLUSH_BEFORE, step_flush },
	{ BLK_TRANSFER, step_transfer },
	{ BLK_FLUSH_AFTER, step_flush },
	{ BLK_COPY_OUT, step_copy },
};

static void release(struct blk_dev *d, struct blk_req *r)
{
	if (r->nr_pinned)
		gcache_put(&d->cache, r->page, r->nr_pinned);
	if (r->bounce.count)
		bounce_put(&d->bounce, &r->bounce);
	if (r->big) {
		r->big->next = d->bigs;
		d->bigs = r->big;
	}
	r->nr_pinned = 0;
	r->big = NULL;
}

/* For the operator: the first failures of the store, and then each 1024th. */
static void tell(struct blk_dev *d, const struct blk_req *r, int rc)
{
	uint64_t n = d->said++;

	if (n < 16 || !(n & 1023))
		log_warn("%s: %s of %llu sectors at %llu failed: %s", d->name,
			 r->op == BLK_READ ? "read" :
			 r->op == BLK_WRITE ? "write" :
			 r->op == BLK_FLUSH ? "flush" : "discard",
			 (unsigned long long)r->nr_sectors,
			 (unsigned long long)r->sector, strerror(-rc));
}

/* Once only barriers are left in the queue, the first of them may go. */
static void start_barrier(struct blk_queue *q)
{
	if (!q->barriers.first || q->inflight != q->nr_barriers)
		return;
	q->nr_barriers--;
	q->running = list_take(&q->barriers);
	run_steps(q->running);
}

static void finish(struct blk_req *r, int rc)
{
	struct blk_queue *q = r->q;
	struct blk_dev *d = q->dev;

	release(d, r);
	if (q->running == r)
		q->running = NULL;
	blk_answer(r, !rc ? BLKIF_RSP_OKAY :
		   rc == -EOPNOTSUPP ? BLKIF_RSP_EOPNOTSUPP : BLKIF_RSP_ERROR);
	start_barrier(q);
}

static int next_step(struct blk_req *r)
{
	for (uint32_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (r->todo & steps[i].bit)
			return (int)i;
	return -1;
}

static void run_steps(struct blk_req *r)
{
	struct blk_dev *d = r->q->dev;
	int i, rc = STEP_ON;

	while ((i = next_step(r)) >= 0) {
		rc = steps[i].run(d, r);
		if (rc != STEP_ON)
			break;
		r->todo &= (uint8_t)~steps[i].bit;
	}
	if (rc == STEP_LATER)
		return;
	if (rc == -EAGAIN)
		list_add(&d->waiting, r);
	else
		finish(r, rc);
}

/* A step that was to be continued has ended. */
static void step_done(struct blk_req *r, int rc)
{
	if (rc) {
		tell(r->q->dev, r, rc);
		finish(r, rc);
		return;
	}
	r->todo &= (uint8_t)~steps[next_step(r)].bit;
	run_steps(r);
}

static void io_done(struct blk_io *io, int rc)
{
	struct blk_req *r = (struct blk_req *)io;
	struct blk_dev *d = r->q->dev;

	if (rc == -EFAULT && io->op != BLK_FLUSH && r->nr_pinned &&
	    !r->copied) {
		/* The kernel cannot do I/O on mapped pages: copy from now on. */
		if (!d->no_direct)
			log_info("%s: direct I/O on mapped pages is not "
				 "possible here; copying", d->name);
		d->no_direct = true;
		r->todo |= BLK_GET_MEMORY;
		run_steps(r);
		return;
	}
	step_done(r, rc);
}

bool blk_retry(struct blk_dev *d)
{
	struct blk_list list = d->waiting;
	struct blk_req *r;
	bool any = false;

	blk_list_init(&d->waiting);
	while ((r = list_take(&list))) {
		run_steps(r);
		if (d->waiting.first) {
			/* No more now; the others keep their order. */
			*d->waiting.last = list.first;
			if (list.first)
				d->waiting.last = list.last;
			break;
		}
		any = true;
	}
	return any;
}

static void count(struct blk_dev *d, const struct blk_req *r)
{
	struct bp_stats *s = &d->stats;

	s->rd_req += r->op == BLK_READ;
	s->wr_req += r->op == BLK_WRITE;
	s->fl_req += (r->todo & BLK_FLUSH_BEFORE) != 0;
	s->ds_req += r->op == BLK_DISCARD || r->op == BLK_SECDISCARD;
	if (r->op == BLK_READ)
		s->rd_sect += r->nr_sectors;
	if (r->op == BLK_WRITE)
		s->wr_sect += r->nr_sectors;
}

void blk_begin(struct blk_queue *q, uint32_t slot)
{
	struct blk_req *r = &q->req[slot];
	struct blk_dev *d = q->dev;
	int rc;

	r->q = q;
	r->slot = (uint16_t)slot;
	q->inflight++;
	rc = blk_parse(d, r, jrn_payload(&q->jrn, slot));
	if (rc) {
		d->stats.errors += rc == -EINVAL;
		finish(r, rc);
		return;
	}
	count(d, r);
	if (!r->barrier) {
		run_steps(r);
		return;
	}
	list_add(&q->barriers, r);
	q->nr_barriers++;
	start_barrier(q);
}
