/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * blk_bed.h: a block device's core with both of its ends in the test's hands:
 * a frontend's memory and rings, and a store in memory that completes when
 * and how the test says.
 */
#ifndef TESTS_BLK_BED_H
#define TESTS_BLK_BED_H

#include <stdbool.h>

#include "blk_fake.h"
#include "blkback/blk.h"

#define BED_SECTORS 8192u
#define BED_LOG 1024

struct bed_store {
	struct blk_store base;
	uint8_t *data;
	struct blk_io *first, **last;	/* submitted, not completed */
	unsigned int inflight, room;	/* @room: then it says it is full */
	enum blk_op log[BED_LOG];	/* what was submitted */
	uint64_t log_offset[BED_LOG];
	uint32_t log_pieces[BED_LOG];
	unsigned int nr_log;
	void (*hook)(void);		/* called on each submission */
};

struct bed {
	int memfd, journal, ev[2];
	uint8_t *mem;			/* the guest's, by reference */
	struct gmap g;
	struct jrn jrn;
	struct bed_store store;
	struct blk_dev *dev;
	struct bp_connect_blk c;
	blkif_front_ring_t front[BP_BLK_MAX_QUEUES];
};

void bed_init(struct bed *b);
void bed_free(struct bed *b);

/* Makes fresh rings of b->c's shape and connects. */
int bed_connect(struct bed *b);
/* Lets the device go as a killed process would; then takes it up again. */
int bed_crash(struct bed *b);

static inline uint8_t *bed_page(const struct bed *b, uint32_t ref)
{
	return b->mem + (size_t)ref * GMAP_PAGE;
}

/* Puts @req on the ring of queue @q and shows it. */
void bed_send(struct bed *b, uint32_t q, const void *req);
/* Rounds of the core until it has nothing to do. */
void bed_run(struct bed *b);
/* Completes the @nth submitted I/O; @rc 0: really does it. */
void bed_complete(struct bed *b, unsigned int nth, int rc);
/* Runs and completes until nothing is left. */
void bed_settle(struct bed *b);
/* The next response of queue @q; false: none. */
bool bed_answer(struct bed *b, uint32_t q, struct blkif_response *r);

#endif
