// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * queue.c: the rings of a disk: taking requests, answering them, and taking
 * up and letting go of a connection.
 *
 * State: struct blk_dev and its queues.  Invariants: a request is taken only
 * with a free journal slot, and ring slot and journal slot are freed by the
 * same answer; q->inflight counts the requests in neither; responses are
 * published once a round.  While a barrier waits, while a request waits for
 * memory or the store (which later ones could go on taking away from it), or
 * while the device is stopped, nothing is taken.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "blkback/blk.h"
#include "lib/log.h"

/* ---- a round ---- */

static void take(struct blk_queue *q, uint32_t slot)
{
	uint32_t at = q->ring.req_cons;

	bring_copy(&q->ring, at, jrn_payload(&q->jrn, slot));
	q->ring.req_cons = at + 1;
	jrn_take(&q->jrn, at);
	blk_begin(q, slot);
}

static bool closed(const struct blk_queue *q)
{
	return q->dev->stopped || q->dev->waiting.first || q->running ||
	       q->nr_barriers;
}

static uint32_t take_some(struct blk_queue *q)
{
	uint32_t n = closed(q) ? 0 : bring_pending(&q->ring), did = 0;
	int slot;

	while (did < n && did < BLK_BURST && !closed(q) &&
	       (slot = jrn_slot(&q->jrn)) >= 0) {
		take(q, (uint32_t)slot);
		did++;
	}
	if (q->ring.broken && !q->told_broken) {
		q->told_broken = true;
		q->dev->stats.errors++;
		log_warn("%s: the frontend broke its ring; it is not served "
			 "any more", q->dev->name);
	}
	return did;
}

static bool push(struct blk_queue *q)
{
	if (q->ring.rsp_prod == q->ring.rsp_pub)
		return false;
	jrn_publish(&q->jrn, q->ring.rsp_prod);
	if (bring_publish(&q->ring))
		gmap_notify(q->dev->g, q->port);
	jrn_release(&q->jrn);
	return true;
}

bool blk_run(struct blk_dev *d)
{
	bool any = blk_retry(d);

	for (uint32_t i = 0; i < d->nr_queues; i++)
		any |= take_some(&d->queue[i]) != 0;
	blk_do_copies(d);
	for (uint32_t i = 0; i < d->nr_queues; i++)
		any |= push(&d->queue[i]);
	return any;
}

bool blk_arm(struct blk_dev *d)
{
	bool more = false;

	for (uint32_t i = 0; i < d->nr_queues; i++)
		if (!closed(&d->queue[i]))
			more |= bring_arm(&d->queue[i].ring);
	return more;
}

bool blk_idle(const struct blk_dev *d)
{
	for (uint32_t i = 0; i < d->nr_queues; i++) {
		const struct blk_queue *q = &d->queue[i];

		if (q->inflight || q->ring.rsp_prod != q->ring.rsp_pub)
			return false;
	}
	return true;
}

void blk_answer(struct blk_req *r, int status)
{
	struct blk_queue *q = r->q;
	const struct blkif_response rsp = {
		.id = r->id,
		.operation = r->rsp_op,
		.status = (int16_t)status,
	};

	jrn_answer(&q->jrn, r->slot, q->ring.rsp_prod);
	memcpy(bring_response(&q->ring), &rsp, sizeof(rsp));
	q->ring.rsp_prod++;
	q->inflight--;
}

uint32_t blk_ports(const struct blk_dev *d, uint32_t ports[BP_BLK_MAX_QUEUES])
{
	for (uint32_t i = 0; i < d->nr_queues; i++)
		ports[i] = d->queue[i].port;
	return d->nr_queues;
}

/* ---- connecting ---- */

static int check_connect(const struct bp_connect_blk *c)
{
	uint32_t n = c->ring_pages;

	if (!n || n > BP_BLK_MAX_RING_PAGES || (n & (n - 1)))
		return -EINVAL;
	if (!c->nr_queues || c->nr_queues > BP_BLK_MAX_QUEUES)
		return -EINVAL;
	return c->pool_pages > BP_BLK_MAX_POOL ? -EINVAL : 0;
}

/* Tells one connection from another: FNV-1a over its grants and ports. */
static uint64_t cookie_of(const struct bp_connect_blk *c)
{
	uint64_t h = 0xcbf29ce484222325ull;

	for (uint32_t i = 0; i < c->nr_queues; i++) {
		h = (h ^ c->queue[i].port) * 0x100000001b3ull;
		for (uint32_t p = 0; p < c->ring_pages; p++)
			h = (h ^ c->queue[i].ref[p]) * 0x100000001b3ull;
	}
	return h;
}

static int open_journal(struct blk_dev *d, const struct bp_connect_blk *c)
{
	struct jrn_shape shape[BP_BLK_MAX_QUEUES];
	uint64_t cookie = cookie_of(c);

	for (uint32_t i = 0; i < c->nr_queues; i++)
		shape[i] = (struct jrn_shape){
			bring_slots(c->ring_pages * GMAP_PAGE,
				    sizeof(union blkif_sring_entry)),
			sizeof(struct blkif_request),
		};
	return c->resume ? jrn_resume(d->jrn, cookie, shape, c->nr_queues) :
			   jrn_begin(d->jrn, cookie, shape, c->nr_queues);
}

static int open_ring(struct blk_dev *d, const struct bp_connect_blk *c,
		     uint32_t i, const char **why)
{
	struct blk_queue *q = &d->queue[i];
	size_t bytes = c->ring_pages * GMAP_PAGE;
	uint32_t start, slot = sizeof(union blkif_sring_entry);
	int rc;

	*q = (struct blk_queue){ .dev = d, .port = c->queue[i].port };
	blk_list_init(&q->barriers);
	*why = "cannot map a ring";
	rc = gmap_map(d->g, 1, c->queue[i].ref, c->ring_pages, &q->pages);
	if (rc)
		return rc;
	q->nr_pages = c->ring_pages;
	*why = "the frontend's ring has impossible indices";
	rc = bring_attach_new(&q->ring, q->pages, bytes, slot);
	if (rc && !c->resume)
		return rc;
	start = q->ring.rsp_prod;
	*why = "the journal contradicts itself";
	rc = jrn_queue_open(d->jrn, i, &q->jrn, c->resume != 0, start);
	if (rc)
		return rc;
	bring_attach(&q->ring, q->pages, bytes, slot, q->jrn.taken,
		     q->jrn.published);
	*why = "no memory for a ring";
	q->req = calloc(q->ring.size, sizeof(*q->req));
	return q->req ? 0 : -ENOMEM;
}

/* The pool's references into @refs, from the pages of the directory. */
static int read_pool(struct blk_dev *d, const struct bp_connect_blk *c,
		     uint32_t *refs)
{
	struct gmap_copy copy[BP_BLK_POOL_DIRS];
	uint32_t n = 0, left = c->pool_pages * (uint32_t)sizeof(*refs);
	int rc;

	for (; left; n++) {
		uint32_t bytes = left < GMAP_PAGE ? left : GMAP_PAGE;

		copy[n] = (struct gmap_copy){
			.local = (uint8_t *)refs + (size_t)n * GMAP_PAGE,
			.ref = c->pool_dir[n],
			.len = (uint16_t)bytes,
		};
		left -= bytes;
	}
	rc = gmap_copy(d->g, copy, n);
	for (uint32_t i = 0; i < n && !rc; i++)
		rc = copy[i].status;
	return rc;
}

/* A pool that is no good is ignored: the device works without it. */
static int open_pool(struct blk_dev *d, const struct bp_connect_blk *c)
{
	uint32_t *refs = calloc(c->pool_pages, sizeof(*refs));
	int rc = refs ? read_pool(d, c, refs) : -ENOMEM;

	if (!rc)
		rc = gcache_pool(&d->cache, refs, c->pool_pages);
	if (rc)
		log_warn("%s: the frontend's pool of %u pages is not used: %s",
			 d->name, c->pool_pages, strerror(-rc));
	free(refs);
	return rc;
}

static int open_cache(struct blk_dev *d, const struct bp_connect_blk *c)
{
	uint32_t keep = c->persistent ? BLK_KEEP_PAGES * c->nr_queues : 0;
	int rc;

	if (!keep && !c->pool_pages)
		return 0;
	rc = gcache_init(&d->cache, d->g, keep + c->pool_pages);
	if (rc)
		return rc;
	d->keep = true;
	/* Without a pool only a frontend that keeps its grants has them kept. */
	if (c->pool_pages && open_pool(d, c) && !keep) {
		gcache_free(&d->cache);
		d->keep = false;
	}
	return 0;
}

static bool is_barrier(const struct blk_queue *q, uint32_t slot)
{
	const struct blkif_request *raw = jrn_payload(&q->jrn, slot);

	return raw->operation == BLKIF_OP_WRITE_BARRIER;
}

/*
 * Serves again what a dead process had taken and not answered.  Slots are in
 * no order; but nothing is taken behind a barrier, so it was the last, and
 * waits for all others here as it did there.
 */
static void replay(struct blk_queue *q)
{
	for (int s = jrn_next(&q->jrn, 0); s >= 0; s = jrn_next(&q->jrn, s + 1))
		q->req[s].left = true;
	/* Nothing is published meanwhile, so the list cannot change. */
	for (int barriers = 0; barriers < 2; barriers++)
		for (uint32_t s = 0; s < q->ring.size; s++)
			if (q->req[s].left && is_barrier(q, s) == barriers)
				blk_begin(q, s);
}

static void resume(struct blk_dev *d)
{
	for (uint32_t i = 0; i < d->nr_queues; i++) {
		struct blk_queue *q = &d->queue[i];

		/* The last publication and its event may not have got out. */
		ring_publish(&q->ring.shared->rsp_prod, q->ring.rsp_pub);
		replay(q);
		gmap_notify(d->g, q->port);
	}
}

int blk_connect(struct blk_dev *d, const struct bp_connect_blk *c,
		const char **why)
{
	int rc;

	*why = "impossible rings or queues";
	if (d->connected || check_connect(c))
		return -EINVAL;
	*why = c->resume ? "the journal is not of this connection" :
			   "the journal is too small";
	rc = open_journal(d, c);
	if (rc)
		return rc;
	d->connected = true;
	for (d->nr_queues = 0; d->nr_queues < c->nr_queues && !rc;)
		rc = open_ring(d, c, d->nr_queues++, why);
	if (!rc) {
		*why = "no memory for kept grants";
		rc = open_cache(d, c);
	}
	if (rc) {
		blk_disconnect(d);
		return rc;
	}
	d->stopped = false;
	if (c->resume)
		resume(d);
	return 0;
}

static void close_ring(struct blk_dev *d, struct blk_queue *q)
{
	jrn_queue_close(&q->jrn);
	gmap_unmap(d->g, q->pages, q->nr_pages);
	free(q->req);
	*q = (struct blk_queue){ 0 };
}

void blk_disconnect(struct blk_dev *d)
{
	while (d->nr_queues)
		close_ring(d, &d->queue[--d->nr_queues]);
	if (d->keep)
		gcache_free(&d->cache);
	d->keep = false;
	d->connected = false;
}

/* ---- the whole ---- */

int blk_init(struct blk_dev *d, struct gmap *g, struct jrn *jrn,
	     const char *name)
{
	d->g = g;
	d->jrn = jrn;
	d->name = name;
	d->stopped = true;
	blk_list_init(&d->waiting);
	blk_list_init(&d->copying);
	return bounce_init(&d->bounce);
}

void blk_free(struct blk_dev *d)
{
	blk_disconnect(d);
	while (d->bigs) {
		struct blk_big *big = d->bigs;

		d->bigs = big->next;
		free(big);
	}
	bounce_free(&d->bounce);
}
