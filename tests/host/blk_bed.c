// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * blk_bed.c: both ends of a block device's core.
 *
 * State: struct bed.  Rings lie at references 1 to 256, one after the other;
 * tests use the pages from 512 on for data.  Everything up to FAKE_PAGES is
 * granted until a test takes grants away.
 */
#include "blk_bed.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- the store ---- */

static int store_submit(struct blk_store *s, struct blk_io *io)
{
	struct bed_store *b = (struct bed_store *)s;

	if (b->hook)
		b->hook();
	if (b->inflight >= b->room)
		return -EAGAIN;
	b->inflight++;
	b->log[b->nr_log % BED_LOG] = io->op;
	b->log_offset[b->nr_log % BED_LOG] = io->offset;
	b->log_pieces[b->nr_log % BED_LOG] = io->niov;
	b->nr_log++;
	io->next = NULL;
	*b->last = io;
	b->last = &io->next;
	return 0;
}

static int store_probe(struct blk_store *s)
{
	(void)s;
	return 0;
}

static const struct blk_store_ops store_ops = {
	.submit = store_submit,
	.probe = store_probe,
};

static void transfer(struct bed_store *s, const struct blk_io *io)
{
	uint64_t at = io->offset;

	assert(at <= BED_SECTORS * BLK_SECTOR &&
	       io->len <= BED_SECTORS * BLK_SECTOR - at);
	for (uint32_t i = 0; i < io->niov; i++) {
		const struct iovec *v = &io->iov[i];

		assert(!((uintptr_t)v->iov_base % s->base.align) &&
		       !(v->iov_len % s->base.align));
		if (io->op == BLK_READ)
			memcpy(v->iov_base, s->data + at, v->iov_len);
		else
			memcpy(s->data + at, v->iov_base, v->iov_len);
		at += v->iov_len;
	}
	assert(at == io->offset + io->len);
}

void bed_complete(struct bed *b, unsigned int nth, int rc)
{
	struct bed_store *s = &b->store;
	struct blk_io **at = &s->first, *io;

	while (nth--)
		at = &(*at)->next;
	io = *at;
	*at = io->next;
	if (!io->next)
		s->last = at;
	s->inflight--;
	if (!rc && (io->op == BLK_READ || io->op == BLK_WRITE))
		transfer(s, io);
	if (!rc && (io->op == BLK_DISCARD || io->op == BLK_SECDISCARD)) {
		assert(io->offset + io->len <= BED_SECTORS * BLK_SECTOR);
		memset(s->data + io->offset, 0, io->len);
	}
	io->done(io, rc);
}

/* ---- the whole ---- */

void bed_init(struct bed *b)
{
	memset(b, 0, sizeof(*b));
	b->memfd = memfd_create("guest", 0);
	b->journal = memfd_create("journal", 0);
	assert(!ftruncate(b->memfd, (off_t)FAKE_PAGES * GMAP_PAGE));
	assert(!ftruncate(b->journal, BP_JOURNAL_BYTES));
	assert(!socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, b->ev));
	b->mem = mmap(NULL, (size_t)FAKE_PAGES * GMAP_PAGE,
		      PROT_READ | PROT_WRITE, MAP_SHARED, b->memfd, 0);
	assert(b->mem != MAP_FAILED);
	memset(b->mem, FAKE_GRANT_RW, FAKE_PAGES);
	assert(!gmap_open(&b->g, b->memfd, dup(b->ev[1]), 7));
	assert(!jrn_map(&b->jrn, b->journal));
	b->store.base = (struct blk_store){
		.ops = &store_ops, .sectors = BED_SECTORS,
		.sector_size = BLK_SECTOR, .align = BLK_SECTOR,
		.max_pieces = BLK_MAX_SEGS,
		.flags = BP_BLK_CAN_FLUSH | BP_BLK_CAN_DISCARD |
			 BP_BLK_CAN_SECDISCARD,
	};
	b->store.data = calloc(BED_SECTORS, BLK_SECTOR);
	b->store.room = ~0u;
	b->store.last = &b->store.first;
	b->c.ring_pages = b->c.nr_queues = 1;
	b->dev = calloc(1, sizeof(*b->dev));
	assert(b->dev && b->store.data);
	assert(!blk_init(b->dev, &b->g, &b->jrn, "7/test"));
	b->dev->store = &b->store.base;
}

void bed_free(struct bed *b)
{
	blk_free(b->dev);
	free(b->dev);
	free(b->store.data);
	jrn_unmap(&b->jrn);
	gmap_close(&b->g);
	munmap(b->mem, (size_t)FAKE_PAGES * GMAP_PAGE);
	close(b->journal);
	close(b->ev[0]);
	close(b->ev[1]);
	assert(!fake_mapped);
}

int bed_connect(struct bed *b)
{
	uint32_t ref = 1;
	const char *why;

	for (uint32_t q = 0; q < b->c.nr_queues; q++) {
		blkif_sring_t *s = (void *)bed_page(b, ref);

		XEN_FRONT_RING_INIT(&b->front[q], s,
				    b->c.ring_pages * GMAP_PAGE);
		b->c.queue[q].port = 100 + q;
		for (uint32_t p = 0; p < b->c.ring_pages; p++)
			b->c.queue[q].ref[p] = ref++;
	}
	return blk_connect(b->dev, &b->c, &why);
}

/* Memory that the death of a process frees. */
static void bury(struct bed *b)
{
	for (uint32_t i = 0; i < b->dev->nr_queues; i++) {
		struct blk_queue *q = &b->dev->queue[i];

		for (uint32_t s = 0; s < q->ring.size; s++)
			free(q->req[s].big);
	}
	blk_free(b->dev);
}

int bed_crash(struct bed *b)
{
	const char *why;
	int rc;

	/* What was with the store is forgotten with the process. */
	b->store.first = NULL;
	b->store.last = &b->store.first;
	b->store.inflight = 0;
	bury(b);
	memset(b->dev, 0, sizeof(*b->dev));
	assert(!blk_init(b->dev, &b->g, &b->jrn, "7/test"));
	b->dev->store = &b->store.base;
	b->c.resume = 1;
	rc = blk_connect(b->dev, &b->c, &why);
	b->c.resume = 0;
	return rc;
}

void bed_send(struct bed *b, uint32_t q, const void *req)
{
	blkif_front_ring_t *f = &b->front[q];

	memcpy(RING_GET_REQUEST(f, f->req_prod_pvt++), req,
	       sizeof(struct blkif_request));
	RING_PUSH_REQUESTS(f);
}

void bed_run(struct bed *b)
{
	do {
		while (blk_run(b->dev))
			;
	} while (blk_arm(b->dev));
}

void bed_settle(struct bed *b)
{
	bed_run(b);
	while (b->store.first) {
		bed_complete(b, 0, 0);
		bed_run(b);
	}
}

bool bed_answer(struct bed *b, uint32_t q, struct blkif_response *r)
{
	blkif_front_ring_t *f = &b->front[q];

	if (!RING_HAS_UNCONSUMED_RESPONSES(f))
		return false;
	RING_COPY_RESPONSE(f, f->rsp_cons++, r);
	return true;
}
