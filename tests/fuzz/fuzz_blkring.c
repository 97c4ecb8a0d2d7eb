// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz_blkring.c: the block backend's core against a hostile frontend.
 *
 * The input is a script: the frontend writes to its rings, data pages and
 * grants, requests are made from it, the core runs, I/O completes in any
 * order and with any result, the process dies and comes back.  The frontend's
 * writes also strike from within the core, whenever it turns to the store.
 * Checked besides memory errors: I/O stays on the disk and in memory that can
 * be touched (the store does it), and at the end everything is answered, let
 * go and unmapped.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "blk_bed.h"
#include "lib/log.h"

static const uint8_t *in;
static size_t left;
static struct bed *bed;

static uint8_t byte(void)
{
	if (!left)
		return 0;
	left--;
	return *in++;
}

static uint32_t word(void)
{
	uint32_t v = byte();

	v |= (uint32_t)byte() << 8;
	v |= (uint32_t)byte() << 16;
	return v | (uint32_t)byte() << 24;
}

/* A small number more often than not. */
static uint32_t value(void)
{
	uint8_t how = byte();

	return how < 100 ? how % 16u : how < 200 ? byte() : word();
}

static void do_scribble_ring(void)
{
	uint32_t *ring = (void *)bed_page(bed, 1 + byte() % 4);

	ring[byte() % 128 * 8u + byte() % 8] = value();
}

static void do_scribble_index(void)
{
	uint32_t *ring = (void *)bed_page(bed, 1 + byte() % 2);

	ring[byte() % 4] += value();
}

static void do_scribble_list(void)
{
	uint32_t *list = (void *)bed_page(bed, 500 + byte() % 2);

	list[byte() * 2u + byte() % 2] = byte() & 1 ? 500 + byte() : value();
}

static void do_grant(void)
{
	bed->mem[(500 + byte()) % FAKE_PAGES] = byte() % 3;
}

static void do_request(void)
{
	uint32_t q = byte() % bed->c.nr_queues;
	struct blkif_request r = {
		.operation = byte() % 8,
		.nr_segments = byte() % 14,
		.id = byte(),
		.sector_number = value(),
	};

	for (int i = 0; i < 11; i++)
		r.seg[i] = (struct blkif_request_segment){
			.gref = 500 + byte(), .first_sect = byte() % 9 / 2,
			.last_sect = byte() % 9,
		};
	bed_send(bed, q, &r);
}

static void do_indirect(void)
{
	uint32_t q = byte() % bed->c.nr_queues;
	struct blkif_request_indirect in_req = {
		.operation = BLKIF_OP_INDIRECT,
		.indirect_op = byte() % 3,
		.nr_segments = (uint16_t)(byte() + byte() % 4),
		.id = byte(),
		.sector_number = value(),
		.indirect_grefs = { 500 + byte() % 4u },
	};
	struct blkif_request_segment *s =
		(void *)bed_page(bed, in_req.indirect_grefs[0]);
	struct blkif_request r;
	uint8_t first = byte();

	for (uint32_t i = 0; i < in_req.nr_segments && i < 512; i++)
		s[i] = (struct blkif_request_segment){
			.gref = 504 + first + i, .last_sect = 7,
		};
	memset(&r, 0, sizeof(r));
	memcpy(&r, &in_req, sizeof(in_req));
	bed_send(bed, q, &r);
}

static void do_run(void)
{
	blk_run(bed->dev);
	if (byte() & 1)
		blk_arm(bed->dev);
}

static void do_complete(void)
{
	static const int results[] = {
		0, 0, 0, 0, -EIO, -ENOSPC, -EFAULT, -EOPNOTSUPP,
	};

	if (bed->store.inflight)
		bed_complete(bed, byte() % bed->store.inflight,
			     results[byte() % 8]);
}

static void do_crash(void)
{
	bool keep = bed->dev->no_direct;

	/* The rings may be beyond help; then the daemon connects anew. */
	if (bed_crash(bed) && bed_connect(bed))
		abort();
	bed->dev->no_direct = keep;
}

static void do_store(void)
{
	bed->store.room = byte() % 8 ? ~0u : byte() % 4;
	bed->dev->readonly = byte() % 8 == 0;
}

static void (*const acts[])(void) = {
	do_request, do_request, do_request, do_run, do_run, do_complete,
	do_complete, do_indirect, do_scribble_ring, do_scribble_index,
	do_scribble_list, do_grant, do_store, do_crash,
};

/* Within the core: scribbles only. */
static void strike(void)
{
	uint8_t what = byte();

	if (what < 40)
		do_scribble_ring();
	else if (what < 80)
		do_scribble_list();
	else if (what < 100)
		do_scribble_index();
}

static void finish(void)
{
	bed->store.hook = NULL;
	bed->store.room = ~0u;
	bed->dev->stopped = true;
	for (int i = 0; !blk_idle(bed->dev); i++) {
		if (i == 100000)
			abort();	/* something is stuck */
		if (bed->store.first)
			bed_complete(bed, 0, 0);
		blk_run(bed->dev);
	}
	if (bed->dev->waiting.first || bed->dev->copying.first)
		abort();
	blk_disconnect(bed->dev);
	for (size_t i = 0; i < BOUNCE_PAGES / 64; i++)
		if (bed->dev->bounce.used[i])
			abort();
	bed_free(bed);
	free(bed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t shape;

	log_set_level(LOG_L_ERROR);
	in = data;
	left = size;
	bed = malloc(sizeof(*bed));
	bed_init(bed);
	shape = byte();
	bed->c.persistent = shape & 1;
	bed->c.nr_queues = shape & 2 ? 2 : 1;
	bed->c.ring_pages = shape & 4 ? 2 : 1;
	if (shape & 8)
		bed->store.base.sector_size = bed->store.base.align = 4096;
	if (shape & 16)
		bed->store.base.max_pieces = 1;
	if (shape & 32) {
		uint32_t *dir = (void *)bed_page(bed, 400);

		bed->c.pool_pages = 64;
		bed->c.pool_dir[0] = 400;
		for (uint32_t i = 0; i < 64; i++)
			dir[i] = 500 + i;
	}
	if (bed_connect(bed))
		abort();
	bed->store.hook = strike;
	while (left)
		acts[byte() % (sizeof(acts) / sizeof(acts[0]))]();
	finish();
	return 0;
}
