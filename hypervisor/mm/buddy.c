// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Free frames, as blocks of 2^order frames on one list for each order, in two
 * zones: below 4 GiB (what old devices can address) and above, which is used
 * first.  All of it under buddy_lock.
 *
 * The head frame of a free block has AUX_FREE and the order in frame.aux, and
 * is linked through frame.next/prev.  A free frame keeps its TLB stamp; it is
 * zeroed when it is handed out, after the flush that the stamp asks for.
 */
#include <lib/assert.h>
#include <lib/str.h>
#include <mm/alloc.h>
#include <mm/frame.h>
#include <port/lock.h>
#include <port/tlb.h>

#define AUX_FREE 0x8000u
#define AUX_ORDER 0x00ffu

#define ZONE_LOW_BITS 32
#define ZONE_LOW_END (BIT(ZONE_LOW_BITS) >> PAGE_SHIFT)
enum { ZONE_LOW, ZONE_HIGH, ZONE_COUNT };

/* How many blocks of a list are looked at for an odd address limit. */
#define SCAN_MAX 256

static struct lock buddy_lock = LOCK_INIT(RANK_BUDDY);
static uint32_t free_list[ZONE_COUNT][BUDDY_ORDER_MAX + 1];
static uint32_t orders_present[ZONE_COUNT]; /* bit n: list of order n has one */
static uint64_t free_count, total_count, claimed_count;

static unsigned int zone_of(uint64_t n)
{
	return n < ZONE_LOW_END ? ZONE_LOW : ZONE_HIGH;
}

static void block_insert(uint64_t n, unsigned int order)
{
	unsigned int z = zone_of(n);
	struct frame *f = &frame_table[n];
	uint32_t first = free_list[z][order];

	f->aux = (uint16_t)(AUX_FREE | order);
	f->prev = 0;
	f->next = first;
	if (first)
		frame_table[first].prev = (uint32_t)n;
	free_list[z][order] = (uint32_t)n;
	orders_present[z] |= 1U << order;
}

static void block_remove(uint64_t n, unsigned int order)
{
	unsigned int z = zone_of(n);
	struct frame *f = &frame_table[n];

	if (f->prev)
		frame_table[f->prev].next = f->next;
	else
		free_list[z][order] = f->next;
	if (f->next)
		frame_table[f->next].prev = f->prev;
	if (!free_list[z][order])
		orders_present[z] &= ~(1U << order);
	f->aux = 0;
	f->next = f->prev = 0;
}

static bool is_free_block(uint64_t n, unsigned int order)
{
	return n < frame_limit() && frame_table[n].aux == (AUX_FREE | order);
}

/* Put a block back, joined with its buddies as far as they are free. */
static void block_free(uint64_t n, unsigned int order)
{
	while (order < BUDDY_ORDER_MAX) {
		uint64_t buddy = n ^ BIT(order);

		if (!is_free_block(buddy, order))
			break;
		block_remove(buddy, order);
		n &= ~BIT(order);
		order++;
	}
	block_insert(n, order);
}

/* Cut a free block of @have down to @want; the first part is kept. */
static void block_split(uint64_t n, unsigned int have, unsigned int want)
{
	block_remove(n, have);
	while (have > want) {
		have--;
		block_insert(n + BIT(have), have);
	}
}

/* A block of @order whose first 2^@want frames lie below @limit, or 0. */
static uint64_t list_find(unsigned int z, unsigned int order,
			  unsigned int want, uint64_t limit)
{
	uint64_t n = free_list[z][order];

	for (unsigned int i = 0; n && i < SCAN_MAX; i++) {
		if (n + BIT(want) <= limit)
			return n;
		n = frame_table[n].next;
	}
	return 0;
}

static uint64_t zone_take(unsigned int z, unsigned int order, uint64_t limit)
{
	uint32_t map = orders_present[z] >> order << order;

	while (map) {
		unsigned int have = (unsigned int)__builtin_ctz(map);
		uint64_t n = list_find(z, have, order, limit);

		if (n) {
			block_split(n, have, order);
			return n;
		}
		map &= map - 1;
	}
	return 0;
}

/* Under the lock: may @n frames be taken, given what others claimed? */
static bool within_claims(const struct domain *d, uint64_t n)
{
	uint64_t kept = claimed_count - (d ? d->claimed_frames : 0);

	return free_count >= kept && free_count - kept >= n;
}

static void consume_claim(struct domain *d, uint64_t n)
{
	uint64_t used = MIN(d->claimed_frames, n);

	d->claimed_frames -= used;
	claimed_count -= used;
}

static uint64_t take(struct domain *d, unsigned int order,
		     unsigned int addr_bits)
{
	uint64_t limit = ~0UL, n = 0;

	if (addr_bits && addr_bits < 64)
		limit = addr_bits > PAGE_SHIFT ? BIT(addr_bits - PAGE_SHIFT) : 0;
	lock_acquire(&buddy_lock);
	if (within_claims(d, BIT(order))) {
		if (limit > ZONE_LOW_END)
			n = zone_take(ZONE_HIGH, order, limit);
		if (!n)
			n = zone_take(ZONE_LOW, order, limit);
	}
	if (n) {
		free_count -= BIT(order);
		if (d)
			consume_claim(d, BIT(order));
	}
	lock_release(&buddy_lock);
	return n;
}

void buddy_flush_stale(mfn_t first, unsigned int order)
{
	cpumask_t mask = 0, online = cpu_online();
	struct frame *f = frame_at(first);

	for (uint64_t i = 0; i < BIT(order) && mask != online; i++)
		if (f[i].stamp)
			mask |= tlb_filter(online, f[i].stamp);
	if (mask)
		tlb_flush(mask, TLB_ALL_VA);
	for (uint64_t i = 0; i < BIT(order); i++)
		f[i].stamp = 0;
}

/* Taken frames become the hypervisor's: nobody else can reach them. */
static void make_ours(uint64_t first, uint64_t n)
{
	for (uint64_t i = first; i < first + n; i++) {
		frame_table[i].owner = DOMID_INVALID;
		frame_table[i].type = 0;
		frame_table[i].refs = FRAME_RAM | FRAME_HV | 1;
	}
}

static mfn_t prepare(uint64_t n, unsigned int order)
{
	buddy_flush_stale(mfn(n), order);
	make_ours(n, BIT(order));
	for (uint64_t i = 0; i < BIT(order); i++)
		frame_clear(mfn(n + i));
	return mfn(n);
}

mfn_t buddy_alloc_for(struct domain *d, unsigned int order,
		      unsigned int addr_bits)
{
	uint64_t n;

	if (order > BUDDY_ORDER_MAX)
		return MFN_NONE;
	n = take(d, order, addr_bits);
	return n ? prepare(n, order) : MFN_NONE;
}

mfn_t buddy_alloc(unsigned int order, unsigned int addr_bits)
{
	return buddy_alloc_for(NULL, order, addr_bits);
}

mfn_t buddy_alloc_boot(unsigned int order)
{
	uint64_t n = order <= BUDDY_ORDER_MAX ? take(NULL, order, 0) : 0;

	if (!n)
		return MFN_NONE;
	make_ours(n, BIT(order));
	return mfn(n);
}

/* The first of @n free frames in a row, or 0; *@len: what is free there. */
static uint64_t find_run(uint64_t n, uint64_t *len)
{
	uint64_t at = 1;

	*len = 0;
	while (at < frame_limit() && *len < n) {
		uint16_t aux = frame_table[at].aux;
		uint64_t step = aux & AUX_FREE ? BIT(aux & AUX_ORDER) : 1;

		*len = aux & AUX_FREE ? *len + step : 0;
		at += step;
	}
	return *len >= n ? at - *len : 0;
}

static void free_pieces(uint64_t at, uint64_t end)
{
	while (at < end) {
		unsigned int order = 0;

		while (order < BUDDY_ORDER_MAX && IS_ALIGNED(at, BIT(order + 1)) &&
		       at + BIT(order + 1) <= end)
			order++;
		block_free(at, order);
		at += BIT(order);
	}
}

mfn_t buddy_alloc_run(uint64_t n)
{
	uint64_t first, len, at;

	lock_acquire(&buddy_lock);
	first = n ? find_run(n, &len) : 0;
	if (first) {
		for (at = first; at < first + len;) {
			unsigned int order = frame_table[at].aux & AUX_ORDER;

			block_remove(at, order);
			at += BIT(order);
		}
		free_pieces(first + n, first + len);
		free_count -= n;
		make_ours(first, n);
	}
	lock_release(&buddy_lock);
	return first ? mfn(first) : MFN_NONE;
}

void buddy_free_run(mfn_t first, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		buddy_free(mfn_add(first, i), 0);
}

void buddy_free(mfn_t first, unsigned int order)
{
	ASSERT(order <= BUDDY_ORDER_MAX && IS_ALIGNED(first.v, BIT(order)));
	for (uint64_t i = 0; i < BIT(order); i++) {
		struct frame *f = frame_at(mfn_add(first, i));

		ASSERT(f->refs & FRAME_RAM);
		f->owner = DOMID_INVALID;
		f->refs = FRAME_RAM;
		f->type = 0;
		f->aux = 0;
		f->next = f->prev = 0;
	}
	lock_acquire(&buddy_lock);
	block_free(first.v, order);
	free_count += BIT(order);
	lock_release(&buddy_lock);
}

void buddy_add(mfn_t first, uint64_t n)
{
	uint64_t at = first.v, end = first.v + n;

	if (at == 0 && n) /* number 0 ends lists */
		at = 1;
	while (at < end) {
		unsigned int order = 0;

		while (order < BUDDY_ORDER_MAX &&
		       IS_ALIGNED(at, BIT(order + 1)) &&
		       at + BIT(order + 1) <= end)
			order++;
		frame_mark_ram(mfn(at), BIT(order));
		buddy_free(mfn(at), order);
		total_count += BIT(order);
		at += BIT(order);
	}
}

int buddy_claim(struct domain *d, uint64_t pages)
{
	int rc = 0;

	lock_acquire(&buddy_lock);
	claimed_count -= d->claimed_frames;
	d->claimed_frames = 0;
	if (pages > free_count - claimed_count)
		rc = -ENOMEM;
	else
		d->claimed_frames = pages;
	claimed_count += d->claimed_frames;
	lock_release(&buddy_lock);
	return rc;
}

uint64_t buddy_free_count(void)
{
	return READ_ONCE(free_count);
}

uint64_t buddy_total(void)
{
	return total_count;
}

uint64_t buddy_claimed(void)
{
	return READ_ONCE(claimed_count);
}

void *pages_alloc(unsigned int order)
{
	mfn_t m = buddy_alloc(order, 0);

	return mfn_eq(m, MFN_NONE) ? NULL : frame_map(m);
}

void pages_free(void *p, unsigned int order)
{
	if (p)
		buddy_free(frame_of(p), order);
}
