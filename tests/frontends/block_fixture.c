// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A block ring on the host; see block_fixture.h.
 */
#include <stdlib.h>
#include "block_fixture.h"

struct blk_world blk;

void blk_fixture(unsigned int ring_pages, unsigned int indirect)
{
	unsigned int i;

	memset(&blk, 0, sizeof(blk));
	blk.shared_bytes = ring_pages * FE_PAGE;
	blk.shared = calloc(ring_pages, FE_PAGE);
	blk.memory = calloc(DEPTH * TAG_PAGES, FE_PAGE);
	for (i = 0; i < DEPTH * TAG_PAGES; i++)
		blk.gref[i] = FIRST_GREF + i;
	blk.front.slot = blk.slot;
	blk.front.gref = blk.gref;
	blk.front.memory = blk.memory;
	blk.front.depth = DEPTH;
	blk.front.tag_pages = TAG_PAGES;
	blk.front.handle = 0xca00;
	blk_ring_init(&blk.front, blk.shared, blk.shared_bytes, indirect);
	BACK_RING_INIT(&blk.back, (blkif_sring_t *)(void *)blk.shared,
		       blk.shared_bytes);
}

void blk_fixture_end(void)
{
	free(blk.shared);
	free(blk.memory);
}
