// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * blk_core.c: unit tests of the block backend's core: what requests do, what
 * refuses them, in which order things reach the store, and what is left
 * after a crash.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "blk_bed.h"
#include "lib/log.h"

#define DATA 512u		/* first reference for data */

static int setup(void **state)
{
	struct bed *b = malloc(sizeof(*b));

	log_set_level(LOG_L_ERROR);
	bed_init(b);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	bed_free(*state);
	free(*state);
	return 0;
}

/* A transfer of @n whole pages from reference @ref on. */
static struct blkif_request rw(uint8_t op, uint64_t id, uint64_t sector,
			       uint32_t ref, uint8_t n)
{
	struct blkif_request r = {
		.operation = op, .nr_segments = n, .id = id,
		.sector_number = sector,
	};

	for (uint8_t i = 0; i < n; i++)
		r.seg[i] = (struct blkif_request_segment){
			.gref = ref + i, .last_sect = 7,
		};
	return r;
}

static struct blkif_request flush(uint8_t op, uint64_t id)
{
	return rw(op, id, 0, 0, 0);
}

static void expect(struct bed *b, uint64_t id, uint8_t op, int status)
{
	struct blkif_response r;

	assert_true(bed_answer(b, 0, &r));
	assert_int_equal(r.id, id);
	assert_int_equal(r.operation, op);
	assert_int_equal(r.status, status);
}

/* Sends @r and expects @status, with nothing in flight before. */
static void refuse(struct bed *b, const struct blkif_request *r, int status)
{
	uint64_t errors = b->dev->stats.errors;

	bed_send(b, 0, r);
	bed_settle(b);
	expect(b, r->id, r->operation, status);
	assert_int_equal(b->dev->stats.errors - errors,
			 status == BLKIF_RSP_ERROR);
	assert_true(blk_idle(b->dev));
}

/* ---- data ---- */

static void round_trip(struct bed *b)
{
	struct blkif_request r = rw(BLKIF_OP_WRITE, 11, 80, DATA, 3);
	uint64_t wrote = b->dev->stats.wr_sect;

	assert_int_equal(bed_connect(b), 0);
	r.seg[0].first_sect = 5;
	r.seg[1].last_sect = 0;
	for (uint32_t i = 0; i < 3 * GMAP_PAGE; i++)
		bed_page(b, DATA)[i] = (uint8_t)(i / 512 + 1);
	bed_send(b, 0, &r);
	bed_settle(b);
	expect(b, 11, BLKIF_OP_WRITE, BLKIF_RSP_OKAY);
	assert_int_equal(b->store.data[80 * 512], 6);
	assert_int_equal(b->store.data[83 * 512], 9);
	assert_int_equal(b->store.data[84 * 512], 17);
	assert_int_equal(b->store.data[91 * 512], 24);
	assert_int_equal(b->store.data[92 * 512], 0);
	r = rw(BLKIF_OP_READ, 12, 80, DATA + 8, 1);
	bed_send(b, 0, &r);
	bed_settle(b);
	expect(b, 12, BLKIF_OP_READ, BLKIF_RSP_OKAY);
	assert_memory_equal(bed_page(b, DATA + 8), b->store.data + 80 * 512,
			    GMAP_PAGE);
	assert_int_equal(b->dev->stats.wr_sect - wrote, 12);
	assert_int_equal(b->dev->stats.errors, 0);
}

static void test_copying(void **state)
{
	struct bed *b = *state;

	round_trip(b);
	assert_int_equal(fake_mapped, 1);	/* the ring alone */
}

static void test_persistent(void **state)
{
	struct bed *b = *state;

	b->c.persistent = 1;
	round_trip(b);
	assert_int_equal(fake_mapped, 1 + 4);
	blk_disconnect(b->dev);
	assert_int_equal(fake_mapped, 0);
}

/* The store takes single pieces of memory only, as NBD does. */
static void test_one_piece(void **state)
{
	struct bed *b = *state;

	b->store.base.max_pieces = 1;
	b->c.persistent = 1;
	round_trip(b);
	assert_int_equal(b->store.log_pieces[0], 1);
}

static void test_mapped_refused_by_kernel(void **state)
{
	struct bed *b = *state;
	struct blkif_request r = rw(BLKIF_OP_READ, 1, 8, DATA, 2);

	b->c.persistent = 1;
	assert_int_equal(bed_connect(b), 0);
	memset(b->store.data, 0x5a, 8 * 8192);
	bed_send(b, 0, &r);
	bed_run(b);
	bed_complete(b, 0, -EFAULT);
	bed_settle(b);
	expect(b, 1, BLKIF_OP_READ, BLKIF_RSP_OKAY);
	assert_int_equal(bed_page(b, DATA)[GMAP_PAGE], 0x5a);
	assert_true(b->dev->no_direct);
	/* A second one does not try. */
	bed_send(b, 0, &r);
	bed_settle(b);
	expect(b, 1, BLKIF_OP_READ, BLKIF_RSP_OKAY);
	assert_int_equal(b->store.nr_log, 3);
}

static struct blkif_request indirect(struct bed *b, uint8_t op, uint16_t n,
				     uint32_t list)
{
	struct blkif_request_indirect in = {
		.operation = BLKIF_OP_INDIRECT, .indirect_op = op,
		.nr_segments = n, .id = 99, .indirect_grefs = { list },
	};
	struct blkif_request r;
	struct blkif_request_segment *s = (void *)bed_page(b, list);

	for (uint16_t i = 0; i < n && i < 512; i++)
		s[i] = (struct blkif_request_segment){
			.gref = DATA + i, .last_sect = 7,
		};
	memset(&r, 0, sizeof(r));
	memcpy(&r, &in, sizeof(in));
	return r;
}

static void indirect_whole(struct bed *b)
{
	struct blkif_request r;

	assert_int_equal(bed_connect(b), 0);
	r = indirect(b, BLKIF_OP_WRITE, 256, 500);
	for (uint32_t i = 0; i < 256; i++)
		bed_page(b, DATA + i)[4095] = (uint8_t)i;
	bed_send(b, 0, &r);
	bed_settle(b);
	/* A stock frontend stops for ever on the word INDIRECT here. */
	expect(b, 99, BLKIF_OP_WRITE, BLKIF_RSP_OKAY);
	for (uint32_t i = 0; i < 256; i++)
		assert_int_equal(b->store.data[i * 4096 + 4095], (uint8_t)i);
	assert_null(b->dev->copying.first);
	assert_non_null(b->dev->bigs);
}

static void test_indirect(void **state)
{
	indirect_whole(*state);
}

static void test_indirect_persistent(void **state)
{
	struct bed *b = *state;

	b->c.persistent = 1;
	indirect_whole(b);
	assert_int_equal(fake_mapped, 1 + 257);
}

static void test_pool(void **state)
{
	struct bed *b = *state;
	uint32_t *dir = (void *)bed_page(b, 400);

	b->c.persistent = 1;
	b->c.pool_pages = 1500;
	b->c.pool_dir[0] = 400;
	b->c.pool_dir[1] = 401;
	for (uint32_t i = 0; i < 1500; i++)
		dir[i] = 500 + i;
	indirect_whole(b);
	/* Neighbours in the pool are one piece of memory. */
	assert_int_equal(b->store.log_pieces[0], 1);
	assert_int_equal(fake_mapped, 1 + 1500);
}

static void test_bad_pool(void **state)
{
	struct bed *b = *state;
	uint32_t *dir = (void *)bed_page(b, 400);

	b->c.pool_pages = 4;
	b->c.pool_dir[0] = 400;
	for (uint32_t i = 0; i < 4; i++)
		dir[i] = 500 + i % 3;
	round_trip(b);
	assert_int_equal(fake_mapped, 1);
	blk_disconnect(b->dev);
	dir[3] = 600;
	b->mem[600] = FAKE_NO_GRANT;
	round_trip(b);
	assert_int_equal(fake_mapped, 1);
	blk_disconnect(b->dev);
	dir[3] = UINT32_MAX;
	round_trip(b);
	blk_disconnect(b->dev);
	b->mem[400] = FAKE_NO_GRANT;
	round_trip(b);
}

static void test_no_grant(void **state)
{
	struct bed *b = *state;
	struct blkif_request r = rw(BLKIF_OP_WRITE, 1, 0, DATA, 2);

	for (int keep = 0; keep < 2; keep++) {
		b->c.persistent = (uint32_t)keep;
		assert_int_equal(bed_connect(b), 0);
		b->mem[DATA + 1] = FAKE_NO_GRANT;
		bed_send(b, 0, &r);
		bed_settle(b);
		expect(b, 1, BLKIF_OP_WRITE, BLKIF_RSP_ERROR);
		assert_int_equal(b->store.nr_log, 0);
		blk_disconnect(b->dev);
	}
}

/* A frontend that grants for reading only what it writes to the disk. */
static void test_readonly_grant(void **state)
{
	struct bed *b = *state;
	struct blkif_request w = rw(BLKIF_OP_WRITE, 1, 0, DATA, 1);
	struct blkif_request r = rw(BLKIF_OP_READ, 2, 0, DATA, 1);

	b->c.persistent = 1;
	assert_int_equal(bed_connect(b), 0);
	b->mem[DATA] = FAKE_GRANT_RO;
	bed_page(b, DATA)[0] = 77;
	bed_send(b, 0, &w);
	bed_settle(b);
	expect(b, 1, BLKIF_OP_WRITE, BLKIF_RSP_OKAY);
	bed_send(b, 0, &r);
	bed_settle(b);
	expect(b, 2, BLKIF_OP_READ, BLKIF_RSP_ERROR);
	assert_int_equal(b->store.data[0], 77);
}

/* ---- refusals ---- */

static void test_malformed(void **state)
{
	struct bed *b = *state;
	struct blkif_request r;

	assert_int_equal(bed_connect(b), 0);
	r = rw(BLKIF_OP_READ, 1, 0, DATA, 0);
	refuse(b, &r, BLKIF_RSP_ERROR);
	r.nr_segments = 12;
	refuse(b, &r, BLKIF_RSP_ERROR);
	r = rw(BLKIF_OP_READ, 2, 0, DATA, 1);
	r.seg[0].last_sect = 8;
	refuse(b, &r, BLKIF_RSP_ERROR);
	r.seg[0].first_sect = 5;
	r.seg[0].last_sect = 4;
	refuse(b, &r, BLKIF_RSP_ERROR);
	r = rw(BLKIF_OP_WRITE, 3, BED_SECTORS - 7, DATA, 1);
	refuse(b, &r, BLKIF_RSP_ERROR);
	r.sector_number = UINT64_MAX - 3;
	refuse(b, &r, BLKIF_RSP_ERROR);
	r.sector_number = BED_SECTORS - 8;
	bed_send(b, 0, &r);
	bed_settle(b);
	expect(b, 3, BLKIF_OP_WRITE, BLKIF_RSP_OKAY);
	r.operation = BLKIF_OP_RESERVED_1;
	refuse(b, &r, BLKIF_RSP_EOPNOTSUPP);
	r.operation = 255;
	refuse(b, &r, BLKIF_RSP_EOPNOTSUPP);
}

static void refuse_indirect(struct bed *b, const struct blkif_request *r,
			    uint8_t op)
{
	bed_send(b, 0, r);
	bed_settle(b);
	expect(b, 99, op, BLKIF_RSP_ERROR);
}

static void test_malformed_indirect(void **state)
{
	struct bed *b = *state;
	struct blkif_request r;
	struct blkif_request_segment *s = (void *)bed_page(b, 500);

	assert_int_equal(bed_connect(b), 0);
	r = indirect(b, BLKIF_OP_READ, 257, 500);
	refuse_indirect(b, &r, BLKIF_OP_READ);
	r = indirect(b, BLKIF_OP_READ, 0, 500);
	refuse_indirect(b, &r, BLKIF_OP_READ);
	r = indirect(b, BLKIF_OP_FLUSH_DISKCACHE, 1, 500);
	refuse_indirect(b, &r, BLKIF_OP_FLUSH_DISKCACHE);
	r = indirect(b, BLKIF_OP_INDIRECT, 1, 500);
	refuse_indirect(b, &r, BLKIF_OP_INDIRECT);
	r = indirect(b, BLKIF_OP_READ, 20, 500);
	s[19].last_sect = 200;
	refuse_indirect(b, &r, BLKIF_OP_READ);
	b->mem[500] = FAKE_NO_GRANT;
	r = indirect(b, BLKIF_OP_READ, 20, 500);
	refuse_indirect(b, &r, BLKIF_OP_READ);
	assert_int_equal(b->store.nr_log, 0);
}

static void test_readonly(void **state)
{
	struct bed *b = *state;
	struct blkif_request r = rw(BLKIF_OP_WRITE, 1, 0, DATA, 1);

	b->dev->readonly = true;
	assert_int_equal(bed_connect(b), 0);
	refuse(b, &r, BLKIF_RSP_ERROR);
	r.operation = BLKIF_OP_DISCARD;
	refuse(b, &r, BLKIF_RSP_ERROR);
	r = rw(BLKIF_OP_WRITE_BARRIER, 2, 0, DATA, 1);
	refuse(b, &r, BLKIF_RSP_ERROR);
	r = rw(BLKIF_OP_READ, 3, 0, DATA, 1);
	bed_send(b, 0, &r);
	bed_settle(b);
	expect(b, 3, BLKIF_OP_READ, BLKIF_RSP_OKAY);
}

static void test_empty_drive(void **state)
{
	struct bed *b = *state;
	struct blkif_request r = rw(BLKIF_OP_READ, 1, 0, DATA, 1);

	b->dev->store = NULL;
	assert_int_equal(bed_connect(b), 0);
	for (uint8_t op = BLKIF_OP_READ; op <= BLKIF_OP_DISCARD; op++) {
		r.operation = op;
		bed_send(b, 0, &r);
		bed_settle(b);
		expect(b, 1, op, op == BLKIF_OP_RESERVED_1 ?
		       BLKIF_RSP_EOPNOTSUPP : BLKIF_RSP_ERROR);
	}
}

static void test_sectors_of_4096(void **state)
{
	struct bed *b = *state;
	struct blkif_request r = rw(BLKIF_OP_WRITE, 1, 4, DATA, 1);

	b->store.base.sector_size = b->store.base.align = 4096;
	b->c.persistent = 1;
	assert_int_equal(bed_connect(b), 0);
	refuse(b, &r, BLKIF_RSP_ERROR);
	r.sector_number = 8;
	r.seg[0].last_sect = 3;
	refuse(b, &r, BLKIF_RSP_ERROR);
	/* Whole, but in pieces that the device cannot take: copied. */
	r = rw(BLKIF_OP_WRITE, 2, 8, DATA, 2);
	r.seg[0].last_sect = 3;
	r.seg[1].first_sect = 4;
	bed_page(b, DATA)[0] = 1;
	bed_page(b, DATA + 1)[2048] = 2;
	bed_send(b, 0, &r);
	bed_settle(b);
	expect(b, 2, BLKIF_OP_WRITE, BLKIF_RSP_OKAY);
	assert_int_equal(b->store.data[4096], 1);
	assert_int_equal(b->store.data[4096 + 2048], 2);
}

static void test_broken_ring(void **state)
{
	struct bed *b = *state;
	struct blkif_request r = rw(BLKIF_OP_READ, 1, 0, DATA, 1);
	struct blkif_response rsp;

	assert_int_equal(bed_connect(b), 0);
	b->front[0].sring->req_prod = RING_SIZE(&b->front[0]) + 1;
	bed_run(b);
	assert_true(b->dev->queue[0].ring.broken);
	b->front[0].sring->req_prod = 0;
	bed_send(b, 0, &r);
	bed_settle(b);
	assert_false(bed_answer(b, 0, &rsp));
	assert_true(blk_idle(b->dev));
	blk_disconnect(b->dev);
	/* It may connect anew. */
	assert_int_equal(bed_connect(b), 0);
	bed_send(b, 0, &r);
	bed_settle(b);
	expect(b, 1, BLKIF_OP_READ, BLKIF_RSP_OKAY);
}

static void test_bad_connect(void **state)
{
	struct bed *b = *state;

	b->c.ring_pages = 3;
	assert_int_equal(bed_connect(b), -EINVAL);
	b->c.ring_pages = 32;
	assert_int_equal(bed_connect(b), -EINVAL);
	b->c.ring_pages = 1;
	b->c.nr_queues = 0;
	assert_int_equal(bed_connect(b), -EINVAL);
	b->c.nr_queues = 17;
	assert_int_equal(blk_connect(b->dev, &b->c, &(const char *){ 0 }),
			 -EINVAL);
	b->c.nr_queues = 4;
	b->mem[3] = FAKE_NO_GRANT;
	assert_true(bed_connect(b) < 0);
	assert_int_equal(fake_mapped, 0);
	assert_false(b->dev->connected);
}

/* ---- discard ---- */

static void test_discard(void **state)
{
	struct bed *b = *state;
	struct blkif_request_discard d = {
		.operation = BLKIF_OP_DISCARD, .id = 5,
		.sector_number = 16, .nr_sectors = 8,
	};
	struct blkif_request r;

	assert_int_equal(bed_connect(b), 0);
	memset(b->store.data, 1, 64 * 512);
	memset(&r, 0, sizeof(r));
	memcpy(&r, &d, sizeof(d));
	bed_send(b, 0, &r);
	bed_settle(b);
	expect(b, 5, BLKIF_OP_DISCARD, BLKIF_RSP_OKAY);
	assert_int_equal(b->store.data[16 * 512], 0);
	assert_int_equal(b->store.data[24 * 512], 1);
	d.flag = BLKIF_DISCARD_SECURE;
	memcpy(&r, &d, sizeof(d));
	bed_send(b, 0, &r);
	bed_settle(b);
	expect(b, 5, BLKIF_OP_DISCARD, BLKIF_RSP_OKAY);
	assert_int_equal(b->store.log[1], BLK_SECDISCARD);
	b->store.base.flags &= ~BP_BLK_CAN_SECDISCARD;
	refuse(b, &r, BLKIF_RSP_EOPNOTSUPP);
	b->store.base.flags = 0;
	d.flag = 0;
	memcpy(&r, &d, sizeof(d));
	refuse(b, &r, BLKIF_RSP_EOPNOTSUPP);
	r = flush(BLKIF_OP_FLUSH_DISKCACHE, 6);
	refuse(b, &r, BLKIF_RSP_EOPNOTSUPP);
	b->store.base.flags = BP_BLK_CAN_DISCARD;
	d.nr_sectors = UINT64_MAX;
	memcpy(&r, &d, sizeof(d));
	refuse(b, &r, BLKIF_RSP_ERROR);
	d.nr_sectors = 0;
	memcpy(&r, &d, sizeof(d));
	refuse(b, &r, BLKIF_RSP_ERROR);
}

/* ---- order ---- */

static void test_flush_with_data(void **state)
{
	struct bed *b = *state;
	struct blkif_request r = rw(BLKIF_OP_FLUSH_DISKCACHE, 1, 0, DATA, 1);

	assert_int_equal(bed_connect(b), 0);
	bed_send(b, 0, &r);
	bed_settle(b);
	expect(b, 1, BLKIF_OP_FLUSH_DISKCACHE, BLKIF_RSP_OKAY);
	assert_int_equal(b->store.nr_log, 3);
	assert_int_equal(b->store.log[0], BLK_FLUSH);
	assert_int_equal(b->store.log[1], BLK_WRITE);
	assert_int_equal(b->store.log[2], BLK_FLUSH);
}

static void send_order(struct bed *b)
{
	struct blkif_request r;

	for (uint64_t id = 0; id < 5; id++) {
		r = rw(id == 2 ? BLKIF_OP_WRITE_BARRIER : BLKIF_OP_WRITE, id,
		       id * 8, DATA + (uint32_t)id, 1);
		bed_send(b, 0, &r);
	}
	bed_run(b);
}

static void test_barrier(void **state)
{
	struct bed *b = *state;

	assert_int_equal(bed_connect(b), 0);
	send_order(b);
	/* The two before it, and nothing else. */
	assert_int_equal(b->store.nr_log, 2);
	bed_complete(b, 1, 0);
	bed_run(b);
	assert_int_equal(b->store.nr_log, 2);
	bed_complete(b, 0, 0);
	bed_run(b);
	assert_int_equal(b->store.nr_log, 3);
	assert_int_equal(b->store.log[2], BLK_FLUSH);
	bed_complete(b, 0, 0);
	bed_run(b);
	assert_int_equal(b->store.nr_log, 4);
	assert_int_equal(b->store.log[3], BLK_WRITE);
	assert_int_equal(b->store.log_offset[3], 2 * 4096);
	bed_complete(b, 0, 0);
	bed_run(b);
	assert_int_equal(b->store.log[4], BLK_FLUSH);
	assert_int_equal(b->store.nr_log, 5);
	bed_settle(b);
	assert_int_equal(b->store.nr_log, 7);
	expect(b, 1, BLKIF_OP_WRITE, 0);
	expect(b, 0, BLKIF_OP_WRITE, 0);
	expect(b, 2, BLKIF_OP_WRITE_BARRIER, 0);
	expect(b, 3, BLKIF_OP_WRITE, 0);
}

/* Killed while the barrier waited: the order is kept by the successor. */
static void test_barrier_after_crash(void **state)
{
	struct bed *b = *state;

	assert_int_equal(bed_connect(b), 0);
	send_order(b);
	assert_int_equal(bed_crash(b), 0);
	b->store.nr_log = 0;
	bed_run(b);
	assert_int_equal(b->store.nr_log, 2);
	assert_int_equal(b->store.log[0], BLK_WRITE);
	assert_int_equal(b->store.log[1], BLK_WRITE);
	bed_complete(b, 0, -EIO);
	bed_settle(b);
	expect(b, 0, BLKIF_OP_WRITE, BLKIF_RSP_ERROR);
	expect(b, 1, BLKIF_OP_WRITE, 0);
	expect(b, 2, BLKIF_OP_WRITE_BARRIER, 0);
	expect(b, 3, BLKIF_OP_WRITE, 0);
	expect(b, 4, BLKIF_OP_WRITE, 0);
}

/* The same where the journal's slots are in another order than the requests. */
static void test_barrier_in_lower_slot(void **state)
{
	struct bed *b = *state;
	struct blkif_request first = rw(BLKIF_OP_WRITE, 0, 0, DATA, 1);
	struct blkif_request second = rw(BLKIF_OP_WRITE, 1, 8, DATA + 1, 1);
	struct blkif_request last = rw(BLKIF_OP_WRITE_BARRIER, 2, 8, DATA + 2, 1);

	assert_int_equal(bed_connect(b), 0);
	bed_send(b, 0, &first);
	bed_send(b, 0, &second);
	bed_run(b);
	bed_complete(b, 0, 0);		/* its slot is the next to be used */
	bed_run(b);
	expect(b, 0, BLKIF_OP_WRITE, 0);
	bed_send(b, 0, &last);
	bed_run(b);
	memset(bed_page(b, DATA + 1), 1, GMAP_PAGE);
	memset(bed_page(b, DATA + 2), 2, GMAP_PAGE);
	assert_int_equal(bed_crash(b), 0);
	b->store.nr_log = 0;
	bed_run(b);
	assert_int_equal(b->store.nr_log, 1);
	assert_int_equal(b->store.log[0], BLK_WRITE);
	bed_settle(b);
	expect(b, 1, BLKIF_OP_WRITE, 0);
	expect(b, 2, BLKIF_OP_WRITE_BARRIER, 0);
	assert_int_equal(b->store.data[8 * 512], 2);
}

/* An answer to a flush means that it, and all before, has come to an end. */
static void test_flush_is_answered_last(void **state)
{
	struct bed *b = *state;
	struct blkif_request r = flush(BLKIF_OP_FLUSH_DISKCACHE, 1);
	struct blkif_response rsp;

	assert_int_equal(bed_connect(b), 0);
	bed_send(b, 0, &r);
	bed_run(b);
	assert_false(bed_answer(b, 0, &rsp));
	assert_int_equal(bed_crash(b), 0);
	bed_run(b);
	assert_false(bed_answer(b, 0, &rsp));
	assert_int_equal(b->store.nr_log, 2);
	bed_complete(b, 0, 0);
	bed_run(b);
	expect(b, 1, BLKIF_OP_FLUSH_DISKCACHE, 0);
}

/* ---- trouble ---- */

static void test_store_errors(void **state)
{
	static const int errors[] = { -EIO, -ENOSPC, -EFAULT, -EOPNOTSUPP };
	struct bed *b = *state;
	struct blkif_request r = rw(BLKIF_OP_WRITE, 1, 0, DATA, 1);

	assert_int_equal(bed_connect(b), 0);
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		bed_send(b, 0, &r);
		bed_run(b);
		bed_complete(b, 0, errors[i]);
		bed_run(b);
		expect(b, 1, BLKIF_OP_WRITE, errors[i] == -EOPNOTSUPP ?
		       BLKIF_RSP_EOPNOTSUPP : BLKIF_RSP_ERROR);
		assert_true(blk_idle(b->dev));
	}
	assert_int_equal(b->dev->stats.errors, 0);
}

static void test_store_full(void **state)
{
	struct bed *b = *state;
	struct blkif_response r;
	uint64_t seen = 0;

	b->c.persistent = 1;
	b->store.room = 3;
	assert_int_equal(bed_connect(b), 0);
	for (uint64_t id = 0; id < 32; id++) {
		struct blkif_request w = rw(BLKIF_OP_WRITE, id, id * 8, DATA, 1);

		bed_send(b, 0, &w);
	}
	bed_settle(b);
	while (bed_answer(b, 0, &r)) {
		assert_int_equal(r.status, 0);
		seen |= 1ull << r.id;
	}
	assert_int_equal(seen, 0xffffffff);
	assert_int_equal(b->store.log_offset[31], 31 * 4096);
}

/* More copies in flight than there is memory and batch for. */
static void test_memory_is_bounded(void **state)
{
	struct bed *b = *state;
	struct blkif_response r;
	int n = 0;

	assert_int_equal(bed_connect(b), 0);
	for (int i = 0; i < 32; i++) {
		struct blkif_request q = indirect(b, BLKIF_OP_READ, 256, 500);

		bed_send(b, 0, &q);
	}
	bed_run(b);
	assert_int_equal(b->store.inflight, BOUNCE_PAGES / 256);
	bed_settle(b);
	while (bed_answer(b, 0, &r)) {
		assert_int_equal(r.status, 0);
		n++;
	}
	assert_int_equal(n, 32);
}

/* A large request gets its memory though small ones come without an end. */
static void test_large_one_is_served(void **state)
{
	struct bed *b = *state;
	struct blkif_request big, one;
	struct blkif_response r;
	uint64_t id = 1;

	b->c.ring_pages = 16;
	assert_int_equal(bed_connect(b), 0);
	big = indirect(b, BLKIF_OP_READ, 256, 500);
	big.id = 0;
	while (id < BOUNCE_PAGES / 11 - 10) {
		one = rw(BLKIF_OP_READ, id++, 0, DATA, 11);
		bed_send(b, 0, &one);
	}
	bed_run(b);
	bed_send(b, 0, &big);
	while (!bed_answer(b, 0, &r) || r.id != 0) {
		assert_true(id < 4000);
		one = rw(BLKIF_OP_READ, id++, 0, DATA, 11);
		bed_send(b, 0, &one);
		bed_run(b);
		bed_complete(b, 0, 0);
		bed_run(b);
	}
	bed_settle(b);
}

static void test_queues(void **state)
{
	struct bed *b = *state;
	struct blkif_response rsp;
	uint32_t ports[BP_BLK_MAX_QUEUES], port;

	b->c.nr_queues = 4;
	b->c.ring_pages = 16;
	assert_int_equal(bed_connect(b), 0);
	assert_int_equal(blk_ports(b->dev, ports), 4);
	for (uint32_t q = 0; q < 4; q++) {
		struct blkif_request r = rw(BLKIF_OP_READ, q, 0, DATA, 1);

		assert_int_equal(RING_SIZE(&b->front[q]), 512);
		bed_send(b, q, &r);
	}
	bed_settle(b);
	for (uint32_t q = 0; q < 4; q++) {
		assert_true(bed_answer(b, q, &rsp));
		assert_int_equal(rsp.id, q);
		assert_int_equal(read(b->ev[0], &port, 4), 4);
		assert_int_equal(port, 100 + q);
	}
}

/* No event where the frontend did not ask for one. */
static void test_no_needless_event(void **state)
{
	struct bed *b = *state;
	struct blkif_request r = rw(BLKIF_OP_READ, 1, 0, DATA, 1);
	uint32_t port;

	assert_int_equal(bed_connect(b), 0);
	b->front[0].sring->rsp_event = 2;
	bed_send(b, 0, &r);
	bed_settle(b);
	assert_int_equal(read(b->ev[0], &port, 4), -1);
	bed_send(b, 0, &r);
	bed_settle(b);
	assert_int_equal(read(b->ev[0], &port, 4), 4);
	/* And asks for one itself, for the next request. */
	assert_int_equal(b->front[0].sring->req_event, 3);
}

static void test_stale_journal(void **state)
{
	struct bed *b = *state;

	assert_int_equal(bed_connect(b), 0);
	blk_disconnect(b->dev);
	b->c.queue[0].port++;
	b->c.resume = 1;
	assert_int_equal(blk_connect(b->dev, &b->c, &(const char *){ 0 }),
			 -ESTALE);
	b->c.queue[0].port--;
	assert_int_equal(blk_connect(b->dev, &b->c, &(const char *){ 0 }), 0);
	blk_disconnect(b->dev);
	jrn_end(&b->jrn);
	assert_int_equal(blk_connect(b->dev, &b->c, &(const char *){ 0 }),
			 -ESTALE);
}

/* Whatever a predecessor under a guest's control has left there. */
static void test_spoiled_journal(void **state)
{
	struct bed *b = *state;
	struct blkif_request r = rw(BLKIF_OP_READ, 1, 0, DATA, 1);
	uint32_t *words = (void *)b->jrn.head;

	for (uint32_t i = 0; i < 400; i++) {
		b->c.resume = 0;
		assert_int_equal(bed_connect(b), 0);
		bed_send(b, 0, &r);
		bed_run(b);
		/* Behind the header of the whole, which is exact. */
		words[200 + i] ^= 0x80000000u >> (i & 31);
		if (!bed_crash(b))
			bed_settle(b);
		b->store.first = NULL;
		b->store.last = &b->store.first;
		b->store.inflight = 0;
		blk_disconnect(b->dev);
	}
}

/* ---- a frontend that never stops writing to everything ---- */

/* Not a volatile bool: gcc's check of a bool's value forgets the volatile. */
static atomic_int scribble, scribbles;

static void *scribbler(void *arg)
{
	struct bed *b = arg;
	volatile uint32_t *ring = (void *)bed_page(b, 1);
	volatile uint32_t *list = (void *)bed_page(b, 500);
	uint32_t x = 1;

	while (scribble) {
		x = x * 1664525u + 1013904223u;
		ring[16 + (x >> 8) % 1000] = x >> 28 ? x : x % 7;
		list[(x >> 9) % 600] = (x >> 12) % 2000;
		if (!(x & 0xff00))
			ring[0] = ring[2] + (x & 31);
		scribbles = 1;
	}
	return NULL;
}

static void test_scribbler(void **state)
{
	struct bed *b = *state;
	pthread_t t;

	for (int round = 0; round < 8; round++) {
		b->c.persistent = round & 1;
		assert_int_equal(bed_connect(b), 0);
		scribbles = 0;
		scribble = 1;
		assert_int_equal(pthread_create(&t, NULL, scribbler, b), 0);
		while (!scribbles)
			sched_yield();
		for (int i = 0; i < 400; i++) {
			blk_run(b->dev);
			while (b->store.first && i % 3)
				bed_complete(b, 0, 0);
		}
		scribble = 0;
		pthread_join(t, NULL);
		b->dev->stopped = true;
		while (!blk_idle(b->dev)) {
			while (b->store.first)
				bed_complete(b, 0, 0);
			blk_run(b->dev);
		}
		blk_disconnect(b->dev);
		memset(b->mem, FAKE_GRANT_RW, FAKE_PAGES);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_copying),
		T(test_persistent),
		T(test_one_piece),
		T(test_mapped_refused_by_kernel),
		T(test_indirect),
		T(test_indirect_persistent),
		T(test_pool),
		T(test_bad_pool),
		T(test_no_grant),
		T(test_readonly_grant),
		T(test_malformed),
		T(test_malformed_indirect),
		T(test_readonly),
		T(test_empty_drive),
		T(test_sectors_of_4096),
		T(test_broken_ring),
		T(test_bad_connect),
		T(test_discard),
		T(test_flush_with_data),
		T(test_barrier),
		T(test_barrier_after_crash),
		T(test_barrier_in_lower_slot),
		T(test_flush_is_answered_last),
		T(test_store_errors),
		T(test_store_full),
		T(test_memory_is_bounded),
		T(test_large_one_is_served),
		T(test_queues),
		T(test_no_needless_event),
		T(test_stale_journal),
		T(test_spoiled_journal),
		T(test_scribbler),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
