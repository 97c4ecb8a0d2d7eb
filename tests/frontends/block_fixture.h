/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A block ring on the host, with a backend that does what a test tells it.
 * State owned: `blk`, set up anew by blk_fixture().
 */
#ifndef FRONTENDS_BLOCK_FIXTURE_H
#define FRONTENDS_BLOCK_FIXTURE_H

#include <block/ring.h>

#define DEPTH		16
#define TAG_PAGES	33
#define FIRST_GREF	1000

struct blk_world {
	struct blk_ring front;
	blkif_back_ring_t back;
	struct blk_slot slot[DEPTH];
	grant_ref_t gref[DEPTH * TAG_PAGES];
	uint8_t *memory;		/* of the pool, with nothing behind it */
	uint8_t *shared;		/* the ring's pages */
	size_t shared_bytes;
};

extern struct blk_world blk;

void blk_fixture(unsigned int ring_pages, unsigned int indirect);
void blk_fixture_end(void);

/* The backend's next request, or false. */
static inline bool blk_back_take(struct blkif_request *req)
{
	if (!RING_HAS_UNCONSUMED_REQUESTS(&blk.back))
		return false;
	RING_COPY_REQUEST(&blk.back, blk.back.req_cons, req);
	blk.back.req_cons++;
	return true;
}

/* The backend answers; nothing is checked, that is the point. */
static inline void blk_back_answer(uint64_t id, int16_t status)
{
	struct blkif_response *rsp =
		RING_GET_RESPONSE(&blk.back, blk.back.rsp_prod_pvt);

	blk.back.rsp_prod_pvt++;
	rsp->id = id;
	rsp->operation = 0;
	rsp->status = status;
	RING_PUSH_RESPONSES(&blk.back);
}

#endif
