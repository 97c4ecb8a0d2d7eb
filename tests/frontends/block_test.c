// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The block queue: what it puts on the ring, what it makes of honest answers,
 * and of those that no honest backend gives.
 */
#include "test.h"
#include "block_fixture.h"

static int setup_direct(void **unused)
{
	(void)unused;
	blk_fixture(1, 0);
	return 0;
}

static int setup_indirect(void **unused)
{
	(void)unused;
	blk_fixture(2, 32);
	return 0;
}

static int teardown(void **unused)
{
	(void)unused;
	blk_fixture_end();
	return 0;
}

static int submit(uint16_t tag, uint8_t op, uint64_t sector, uint32_t length)
{
	struct blk_slot want = { .op = op, .sector = sector, .length = length };
	int err = blk_ring_submit(&blk.front, tag, &want);

	blk_ring_push(&blk.front);
	return err;
}

static void expect_done(uint16_t tag, int error)
{
	struct blk_done done;

	assert_int_equal(blk_ring_next(&blk.front, &done), 1);
	assert_int_equal(done.tag, tag);
	assert_int_equal(done.error, error);
}

static void expect_none(void)
{
	struct blk_done done;

	assert_int_equal(blk_ring_next(&blk.front, &done), 0);
}

static void expect_broken(void)
{
	struct blk_done done;

	assert_int_equal(blk_ring_next(&blk.front, &done), -EPROTO);
}

static void test_direct(void **unused)
{
	struct blkif_request req;

	(void)unused;
	assert_int_equal(submit(3, BLKIF_OP_WRITE, 77, 3 * FE_PAGE - 512), 0);
	assert_true(blk_back_take(&req));
	assert_int_equal(req.operation, BLKIF_OP_WRITE);
	assert_int_equal(req.nr_segments, 3);
	assert_int_equal(req.handle, 0xca00);
	assert_int_equal(req.sector_number, 77);
	assert_int_equal(req.seg[0].gref, FIRST_GREF + 3 * TAG_PAGES);
	assert_int_equal(req.seg[2].gref, FIRST_GREF + 3 * TAG_PAGES + 2);
	assert_int_equal(req.seg[1].first_sect, 0);
	assert_int_equal(req.seg[1].last_sect, 7);
	assert_int_equal(req.seg[2].last_sect, 6);
	expect_none();
	blk_back_answer(req.id, BLKIF_RSP_OKAY);
	expect_done(3, 0);
	expect_none();
}

static void test_indirect(void **unused)
{
	struct blkif_request any;
	struct blkif_request_indirect req;
	struct blkif_request_segment *list;

	(void)unused;
	assert_int_equal(submit(1, BLKIF_OP_READ, 8, 32 * FE_PAGE), 0);
	assert_true(blk_back_take(&any));
	memcpy(&req, &any, sizeof(req));
	assert_int_equal(req.operation, BLKIF_OP_INDIRECT);
	assert_int_equal(req.indirect_op, BLKIF_OP_READ);
	assert_int_equal(req.nr_segments, 32);
	assert_int_equal(req.sector_number, 8);
	assert_int_equal(req.indirect_grefs[0],
			 FIRST_GREF + 2 * TAG_PAGES - 1);
	list = (void *)(blk.memory + (2 * TAG_PAGES - 1) * FE_PAGE);
	assert_int_equal(list[31].gref, FIRST_GREF + TAG_PAGES + 31);
	assert_int_equal(list[31].last_sect, 7);
	blk_back_answer(req.id, BLKIF_RSP_OKAY);
	expect_done(1, 0);
	/* A small one needs no list. */
	assert_int_equal(submit(1, BLKIF_OP_READ, 8, FE_PAGE), 0);
	assert_true(blk_back_take(&any));
	assert_int_equal(any.operation, BLKIF_OP_READ);
}

/* A backend that takes 11 pages meets a transfer of 32. */
static void test_parts(void **unused)
{
	static const unsigned int pages[] = { 11, 11, 10 };
	struct blkif_request req;
	unsigned int i, at = 0;

	(void)unused;
	assert_int_equal(submit(0, BLKIF_OP_WRITE, 1000, 32 * FE_PAGE), 0);
	for (i = 0; i < 3; i++) {
		assert_true(blk_back_take(&req));
		assert_int_equal(req.nr_segments, pages[i]);
		assert_int_equal(req.sector_number, 1000 + at * 8);
		assert_int_equal(req.seg[0].gref, FIRST_GREF + at);
		at += pages[i];
		blk_back_answer(req.id, BLKIF_RSP_OKAY);
		if (i < 2) {
			expect_none();
			blk_ring_push(&blk.front);
		}
	}
	expect_done(0, 0);
}

static void test_part_fails(void **unused)
{
	struct blkif_request req;

	(void)unused;
	assert_int_equal(submit(0, BLKIF_OP_WRITE, 0, 32 * FE_PAGE), 0);
	assert_true(blk_back_take(&req));
	blk_back_answer(req.id, BLKIF_RSP_ERROR);
	expect_done(0, -EIO);
	blk_ring_push(&blk.front);
	assert_false(blk_back_take(&req));
}

/* FUA writes have no indirect form: they go in parts, each a barrier. */
static void test_barrier_is_direct(void **unused)
{
	struct blkif_request req;

	(void)unused;
	assert_int_equal(submit(0, BLKIF_OP_WRITE_BARRIER, 0, 20 * FE_PAGE), 0);
	assert_true(blk_back_take(&req));
	assert_int_equal(req.operation, BLKIF_OP_WRITE_BARRIER);
	assert_int_equal(req.nr_segments, 11);
}

static void test_flush_and_discard(void **unused)
{
	struct blk_slot want = {
		.op = BLKIF_OP_DISCARD, .flag = BLKIF_DISCARD_SECURE,
		.sector = 1ULL << 40, .length = 0xffffffff,
	};
	struct blkif_request req;
	struct blkif_request_discard discard;

	(void)unused;
	assert_int_equal(submit(0, BLKIF_OP_FLUSH_DISKCACHE, 0, 0), 0);
	assert_true(blk_back_take(&req));
	assert_int_equal(req.operation, BLKIF_OP_FLUSH_DISKCACHE);
	assert_int_equal(req.nr_segments, 0);
	assert_int_equal(blk_ring_submit(&blk.front, 1, &want), 0);
	blk_ring_push(&blk.front);
	assert_true(blk_back_take(&req));
	memcpy(&discard, &req, sizeof(discard));
	assert_int_equal(discard.flag, BLKIF_DISCARD_SECURE);
	assert_int_equal(discard.sector_number, 1ULL << 40);
	assert_int_equal(discard.nr_sectors, 0xffffffff);
	blk_back_answer(1, BLKIF_RSP_EOPNOTSUPP);
	blk_back_answer(0, BLKIF_RSP_OKAY);
	expect_done(1, -EOPNOTSUPP);
	expect_done(0, 0);
}

/* A write to the medium, to a backend that knows flushes only. */
static void test_flush_after(void **unused)
{
	struct blk_slot want = {
		.op = BLKIF_OP_WRITE, .sector = 5, .length = 12 * FE_PAGE,
		.flush_after = 1,
	};
	static const uint8_t ops[] = {
		BLKIF_OP_WRITE, BLKIF_OP_WRITE, BLKIF_OP_FLUSH_DISKCACHE,
	};
	struct blkif_request req;
	unsigned int i;

	(void)unused;
	assert_int_equal(blk_ring_submit(&blk.front, 2, &want), 0);
	for (i = 0; i < 3; i++) {
		expect_none();
		blk_ring_push(&blk.front);
		assert_true(blk_back_take(&req));
		assert_int_equal(req.operation, ops[i]);
		blk_back_answer(req.id, BLKIF_RSP_OKAY);
	}
	expect_done(2, 0);
	/* A write that failed is not flushed. */
	assert_int_equal(blk_ring_submit(&blk.front, 2, &want), 0);
	blk_ring_push(&blk.front);
	assert_true(blk_back_take(&req));
	blk_back_answer(req.id, BLKIF_RSP_ERROR);
	expect_done(2, -EIO);
	assert_false(blk_back_take(&req));
}

static void test_refused(void **unused)
{
	(void)unused;
	assert_int_equal(submit(DEPTH, BLKIF_OP_READ, 0, 512), -EINVAL);
	assert_int_equal(submit(0, BLKIF_OP_READ, 0, 0), -EINVAL);
	assert_int_equal(submit(0, BLKIF_OP_READ, 0, 511), -EINVAL);
	assert_int_equal(submit(0, BLKIF_OP_READ, 0, 32 * FE_PAGE + 512),
			 -EINVAL);
	assert_int_equal(submit(0, BLKIF_OP_READ, 0, 512), 0);
	assert_int_equal(submit(0, BLKIF_OP_READ, 0, 512), -EINVAL);
}

static void test_full(void **unused)
{
	struct blkif_request req;
	unsigned int i;

	(void)unused;
	blk.front.ring.nr_ents = 8;	/* a ring smaller than the tags */
	blk.back.nr_ents = 8;
	for (i = 0; i < 8; i++)
		assert_int_equal(submit(i, BLKIF_OP_READ, 0, 512), 0);
	assert_int_equal(submit(8, BLKIF_OP_READ, 0, 512), -EBUSY);
	assert_true(blk_back_take(&req));
	blk_back_answer(req.id, BLKIF_RSP_OKAY);
	expect_done(0, 0);
	assert_int_equal(submit(8, BLKIF_OP_READ, 0, 512), 0);
}

static void test_unknown_id(void **unused)
{
	(void)unused;
	assert_int_equal(submit(0, BLKIF_OP_READ, 0, 512), 0);
	blk_back_answer(DEPTH, BLKIF_RSP_OKAY);
	expect_broken();
}

static void test_huge_id(void **unused)
{
	(void)unused;
	assert_int_equal(submit(0, BLKIF_OP_READ, 0, 512), 0);
	blk_back_answer(0x100000000ULL, BLKIF_RSP_OKAY);
	expect_broken();
}

static void test_answered_twice(void **unused)
{
	(void)unused;
	assert_int_equal(submit(0, BLKIF_OP_READ, 0, 512), 0);
	assert_int_equal(submit(1, BLKIF_OP_READ, 0, 512), 0);
	blk_back_answer(0, BLKIF_RSP_OKAY);
	blk_back_answer(0, BLKIF_RSP_OKAY);
	expect_done(0, 0);
	expect_broken();
}

static void test_answer_without_question(void **unused)
{
	(void)unused;
	blk_back_answer(0, BLKIF_RSP_OKAY);
	expect_broken();
}

static void test_index_jumps(void **unused)
{
	static const uint32_t jump[] = { 2, 33, 0x80000000, 0xffffffff };
	unsigned int i;

	(void)unused;
	assert_int_equal(submit(0, BLKIF_OP_READ, 0, 512), 0);
	for (i = 0; i < sizeof(jump) / sizeof(jump[0]); i++) {
		blk.back.sring->rsp_prod = jump[i];
		expect_broken();
	}
}

static void test_strange_status(void **unused)
{
	(void)unused;
	assert_int_equal(submit(0, BLKIF_OP_READ, 0, 512), 0);
	blk_back_answer(0, 1234);
	expect_done(0, -EIO);
}

/* Indices wrap at 2^32 and nobody notices. */
static void test_wrap(void **unused)
{
	struct blkif_request req;
	unsigned int i;

	(void)unused;
	FRONT_RING_ATTACH(&blk.front.ring, blk.front.ring.sring, 0xfffffff0,
			  blk.shared_bytes);
	BACK_RING_ATTACH(&blk.back, blk.back.sring, 0xfffffff0,
			 blk.shared_bytes);
	blk.front.pushed = 0xfffffff0;
	blk.back.sring->req_prod = 0xfffffff0;
	blk.back.sring->rsp_prod = 0xfffffff0;
	for (i = 0; i < 100; i++) {
		assert_int_equal(submit(i % DEPTH, BLKIF_OP_READ, i, 512), 0);
		assert_true(blk_back_take(&req));
		assert_int_equal(req.sector_number, i);
		blk_back_answer(req.id, BLKIF_RSP_OKAY);
		expect_done(i % DEPTH, 0);
	}
}

static void test_events(void **unused)
{
	struct blkif_request req;

	(void)unused;
	assert_false(blk_ring_idle(&blk.front));
	assert_int_equal(blk.back.sring->rsp_event, 1);
	assert_int_equal(submit(0, BLKIF_OP_READ, 0, 512), 0);
	assert_true(blk_back_take(&req));
	blk_back_answer(req.id, BLKIF_RSP_OKAY);
	assert_true(blk_ring_idle(&blk.front));
	expect_done(0, 0);
	assert_false(blk_ring_idle(&blk.front));
	assert_int_equal(blk.back.sring->rsp_event, 2);
	/* Nothing new: nobody is told. */
	assert_false(blk_ring_push(&blk.front));
}

#define DIRECT(f)	cmocka_unit_test_setup_teardown(f, setup_direct, teardown)
#define INDIRECT(f)	cmocka_unit_test_setup_teardown(f, setup_indirect, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		DIRECT(test_direct),
		INDIRECT(test_indirect),
		DIRECT(test_parts),
		DIRECT(test_part_fails),
		INDIRECT(test_barrier_is_direct),
		DIRECT(test_flush_and_discard),
		DIRECT(test_flush_after),
		DIRECT(test_refused),
		DIRECT(test_full),
		DIRECT(test_unknown_id),
		DIRECT(test_huge_id),
		DIRECT(test_answered_twice),
		DIRECT(test_answer_without_question),
		DIRECT(test_index_jumps),
		DIRECT(test_strange_status),
		INDIRECT(test_wrap),
		DIRECT(test_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
