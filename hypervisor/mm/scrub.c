// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What was freed is scrubbed by CPUs that have nothing else to do: secrets do
 * not stay in memory, and a new guest need not wait for it.  One CPU at a time
 * and one frame a step, so that neither interrupts nor who wants memory wait
 * long; a frame that is wanted sooner is scrubbed as it is handed out.
 *
 * State: where the last step ended, under scrub_lock (and buddy_lock, in that
 * order).  A frame is marked clean only after translations of it were flushed.
 */
#include <mm/alloc.h>
#include <mm/free_blocks.h>
#include <port/tlb.h>

static struct lock scrub_lock = LOCK_INIT(RANK_NONE);
static uint64_t next_frame;

static uint64_t skip_clean(uint64_t at, uint64_t end)
{
	while (at < end && (frame_table[at].aux & AUX_CLEAN))
		at++;
	return at;
}

/* A frame of [@n, @end) that is not clean, or @end. */
static uint64_t find_dirty(uint64_t n, uint64_t end)
{
	uint64_t at = end;

	if (next_frame > n && next_frame < end)
		at = skip_clean(next_frame, end);
	return at < end ? at : skip_clean(n, end);
}

/*
 * One step under buddy_lock. The CPUs that must first forget translations of
 * the frame that is next, or none.
 */
static cpumask_t step(uint64_t n)
{
	unsigned int order = frame_table[n].aux & AUX_ORDER;
	uint64_t at = find_dirty(n, n + BIT(order));
	struct frame *f = &frame_table[at];
	cpumask_t stale;

	if (at == n + BIT(order)) {
		block_remove(n);
		block_free(n, order, false);
		return 0;
	}
	next_frame = at;
	stale = f->stamp ? tlb_filter(cpu_online(), f->stamp) : 0;
	if (stale)
		return stale;
	frame_clear(mfn(at));
	f->stamp = 0;
	f->aux |= AUX_CLEAN;
	return 0;
}

bool scrub_step(void)
{
	cpumask_t stale = 0;
	uint64_t n;

	if (!lock_try(&scrub_lock))
		return false;
	lock_acquire(&buddy_lock);
	n = block_to_scrub();
	if (n)
		stale = step(n);
	lock_release(&buddy_lock);
	if (stale)
		tlb_flush(stale, TLB_ALL_VA);
	lock_release(&scrub_lock);
	return n;
}
