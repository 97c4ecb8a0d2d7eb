// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The lists of free blocks; free_blocks.h says what they hold.  State: the
 * heads, and for each zone and kind the set of orders that have a block.  All
 * of it under buddy_lock.
 */
#include <mm/alloc.h>
#include <mm/free_blocks.h>

#define ZONE_LOW_BITS 32
#define ZONE_LOW_END (BIT(ZONE_LOW_BITS) >> PAGE_SHIFT)
enum { ZONE_LOW, ZONE_HIGH, ZONE_COUNT };
enum { KIND_REST, KIND_SCRUB, KIND_COUNT };

/* How many blocks of a list are looked at for an odd address limit. */
#define SCAN_MAX 256

struct blocks {
	uint32_t first[BUDDY_ORDER_MAX + 1]; /* 0: none */
	uint32_t orders; /* bit n: there is one of order n */
};

struct lock buddy_lock = LOCK_INIT(RANK_BUDDY);
static struct blocks blocks[ZONE_COUNT][KIND_COUNT];

static struct blocks *list_of(uint64_t n, bool scrub)
{
	return &blocks[n < ZONE_LOW_END ? ZONE_LOW : ZONE_HIGH]
		      [scrub ? KIND_SCRUB : KIND_REST];
}

static void block_insert(uint64_t n, unsigned int order, bool scrub)
{
	struct blocks *b = list_of(n, scrub);
	struct frame *f = &frame_table[n];
	uint32_t first = b->first[order];

	f->aux &= AUX_CLEAN;
	f->aux |= (uint16_t)(AUX_FREE | (scrub ? AUX_SCRUB : 0) | order);
	f->prev = 0;
	f->next = first;
	if (first)
		frame_table[first].prev = (uint32_t)n;
	b->first[order] = (uint32_t)n;
	b->orders |= 1U << order;
}

unsigned int block_remove(uint64_t n)
{
	struct frame *f = &frame_table[n];
	struct blocks *b = list_of(n, f->aux & AUX_SCRUB);
	unsigned int order = f->aux & AUX_ORDER;

	if (f->prev)
		frame_table[f->prev].next = f->next;
	else
		b->first[order] = f->next;
	if (f->next)
		frame_table[f->next].prev = f->prev;
	if (!b->first[order])
		b->orders &= ~(1U << order);
	f->aux &= AUX_CLEAN;
	f->next = f->prev = 0;
	return order;
}

static bool is_free_block(uint64_t n, unsigned int order)
{
	return n < frame_limit() &&
	       (frame_table[n].aux & (AUX_FREE | AUX_ORDER)) ==
		       (AUX_FREE | order);
}

void block_free(uint64_t n, unsigned int order, bool scrub)
{
	while (order < BUDDY_ORDER_MAX) {
		uint64_t buddy = n ^ BIT(order);
		bool other;

		if (!is_free_block(buddy, order))
			break;
		other = frame_table[buddy].aux & AUX_SCRUB;
		if (order >= SCRUB_ORDER && other != scrub)
			break;
		block_remove(buddy);
		scrub |= other;
		n &= ~BIT(order);
		order++;
	}
	block_insert(n, order, scrub);
}

void block_free_pieces(uint64_t at, uint64_t end)
{
	while (at < end) {
		unsigned int order = 0;

		while (order < BUDDY_ORDER_MAX &&
		       IS_ALIGNED(at, BIT(order + 1)) &&
		       at + BIT(order + 1) <= end)
			order++;
		block_free(at, order, false);
		at += BIT(order);
	}
}

/* Cuts a free block down to @want and takes that, its first part. */
static void block_split(uint64_t n, unsigned int want)
{
	bool scrub = frame_table[n].aux & AUX_SCRUB;
	unsigned int have = block_remove(n);

	while (have > want) {
		have--;
		block_insert(n + BIT(have), have, scrub);
	}
}

/* A block of @order whose first 2^@want frames lie below @limit, or 0. */
static uint64_t list_find(const struct blocks *b, unsigned int order,
			  unsigned int want, uint64_t limit)
{
	uint64_t n = b->first[order];

	for (unsigned int i = 0; n && i < SCAN_MAX; i++) {
		if (n + BIT(want) <= limit)
			return n;
		n = frame_table[n].next;
	}
	return 0;
}

/* The smallest that will do; of equals, one that needs no scrubbing. */
static uint64_t zone_take(const struct blocks zone[KIND_COUNT],
			  unsigned int order, uint64_t limit)
{
	uint32_t map = (zone[KIND_REST].orders | zone[KIND_SCRUB].orders) >>
		       order << order;

	for (; map; map &= map - 1) {
		unsigned int have = (unsigned int)__builtin_ctz(map);
		uint64_t n = list_find(&zone[KIND_REST], have, order, limit);

		if (!n)
			n = list_find(&zone[KIND_SCRUB], have, order, limit);
		if (n) {
			block_split(n, order);
			return n;
		}
	}
	return 0;
}

uint64_t block_take(unsigned int order, uint64_t limit)
{
	uint64_t n = 0;

	if (limit > ZONE_LOW_END)
		n = zone_take(blocks[ZONE_HIGH], order, limit);
	if (!n)
		n = zone_take(blocks[ZONE_LOW], order, limit);
	return n;
}

uint64_t block_to_scrub(void)
{
	for (unsigned int z = 0; z < ZONE_COUNT; z++) {
		struct blocks *b = &blocks[z][KIND_SCRUB];
		uint64_t n;

		if (!b->orders)
			continue;
		n = b->first[__builtin_ctz(b->orders)];
		if ((frame_table[n].aux & AUX_ORDER) > SCRUB_ORDER) {
			block_split(n, SCRUB_ORDER);
			block_insert(n, SCRUB_ORDER, true);
		}
		return n;
	}
	return 0;
}
