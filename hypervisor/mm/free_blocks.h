/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between the files of mm/: the free frames as blocks of 2^order on lists, two
 * for each order and zone (below 4 GiB, and above): blocks that idle CPUs are
 * to scrub (mm/scrub.c), and all others.  Everything under buddy_lock.
 *
 * frame.aux of a block's first frame says that it heads a free block, of which
 * order and on which list; AUX_CLEAN is each free frame's own: it is zero and
 * no CPU holds a translation of it.  A free frame is linked through
 * frame.next/prev and keeps its TLB stamp until it is scrubbed or handed out.
 */
#ifndef MM_FREE_BLOCKS_H
#define MM_FREE_BLOCKS_H

#include <mm/frame.h>
#include <port/lock.h>

#define AUX_FREE 0x8000u
#define AUX_CLEAN 0x4000u
#define AUX_SCRUB 0x2000u /* on a list of blocks to be scrubbed */
#define AUX_ORDER 0x00ffu

/* Blocks are scrubbed in pieces of at most this order: 2 MiB. */
#define SCRUB_ORDER 9

extern struct lock buddy_lock;

/*
 * Puts a block back, joined with its buddies as far as they are free; @scrub:
 * some of it is worth scrubbing.  Above SCRUB_ORDER only blocks of one kind
 * join, so that what was scrubbed is not looked through again.
 */
void block_free(uint64_t n, unsigned int order, bool scrub);

/* Boot: frames [@at, @end), cut into blocks that nobody need scrub. */
void block_free_pieces(uint64_t at, uint64_t end);

/*
 * Takes 2^@order frames that end at or below @limit off the lists, the upper
 * zone's first; the number of the first, or 0.  Looks at no more than a few
 * hundred blocks.
 */
uint64_t block_take(unsigned int order, uint64_t limit);

/* Takes the free block that @n heads off its list. Its order. */
unsigned int block_remove(uint64_t n);

/* A block to be scrubbed, of at most SCRUB_ORDER, still on its list; or 0. */
uint64_t block_to_scrub(void);

#endif
