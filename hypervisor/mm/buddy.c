// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Frames handed out and taken back, on top of the lists of free blocks
 * (mm/free_blocks.c): how many there are, and how many of them are claimed.
 * State under buddy_lock.  A frame is zero when it is handed out: idle CPUs
 * have scrubbed it, or it is scrubbed now.
 */
#include <lib/assert.h>
#include <mm/alloc.h>
#include <mm/free_blocks.h>
#include <port/tlb.h>

static uint64_t free_count, total_count, claimed_count;

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
	if (within_claims(d, BIT(order)))
		n = block_take(order, limit);
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

/* A taken frame becomes the hypervisor's: nobody else can reach it. */
static void make_ours(struct frame *f)
{
	f->owner = DOMID_INVALID;
	f->aux = 0;
	f->type = 0;
	f->refs = FRAME_RAM | FRAME_HV | 1;
}

static void make_all_ours(uint64_t first, uint64_t n)
{
	for (uint64_t i = first; i < first + n; i++)
		make_ours(&frame_table[i]);
}

static mfn_t prepare(uint64_t n, unsigned int order)
{
	buddy_flush_stale(mfn(n), order);
	for (uint64_t i = n; i < n + BIT(order); i++) {
		bool clean = frame_table[i].aux & AUX_CLEAN;

		make_ours(&frame_table[i]);
		if (!clean)
			frame_clear(mfn(i));
	}
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
	make_all_ours(n, BIT(order));
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

mfn_t buddy_alloc_run(uint64_t n)
{
	uint64_t first, len, at;

	lock_acquire(&buddy_lock);
	first = n ? find_run(n, &len) : 0;
	if (first) {
		for (at = first; at < first + len;)
			at += BIT(block_remove(at));
		block_free_pieces(first + n, first + len);
		free_count -= n;
		make_all_ours(first, n);
	}
	lock_release(&buddy_lock);
	return first ? mfn(first) : MFN_NONE;
}

void buddy_free_run(mfn_t first, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		buddy_free(mfn_add(first, i), 0);
}

static void make_free(uint64_t first, uint64_t n)
{
	for (struct frame *f = &frame_table[first]; n--; f++) {
		ASSERT(f->refs & FRAME_RAM);
		f->owner = DOMID_INVALID;
		f->refs = FRAME_RAM;
		f->type = 0;
		f->aux = 0;
		f->next = f->prev = 0;
	}
}

void buddy_free(mfn_t first, unsigned int order)
{
	ASSERT(order <= BUDDY_ORDER_MAX && IS_ALIGNED(first.v, BIT(order)));
	make_free(first.v, BIT(order));
	lock_acquire(&buddy_lock);
	block_free(first.v, order, true);
	free_count += BIT(order);
	lock_release(&buddy_lock);
}

/* Not to be scrubbed before it is needed: nobody has had it yet. */
void buddy_add(mfn_t first, uint64_t n)
{
	uint64_t at = first.v, end = first.v + n;

	if (at == 0 && n) /* number 0 ends lists */
		at = 1;
	if (at == end)
		return;
	frame_mark_ram(mfn(at), end - at);
	make_free(at, end - at);
	lock_acquire(&buddy_lock);
	block_free_pieces(at, end);
	free_count += end - at;
	total_count += end - at;
	lock_release(&buddy_lock);
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
