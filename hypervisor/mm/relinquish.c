// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The end of a domain's memory.  Its vCPUs have let go of their tables, so
 * what keeps frames alive is: the allocation itself, pins, half-done page
 * types, entries of tables (which go with the pins), and foreign mappings and
 * grants, which go later in their own time.
 *
 * Each frame of the list is dealt with once, marked FRAME_GONE and, if it is
 * still there, moved to the list's end; a marked frame at the head is the end
 * of the work.  No frame is added meanwhile: the domain is dying.
 */
#include <lib/assert.h>
#include <mm/alloc.h>
#include <mm/frame_priv.h>
#include <mm/ptype.h>

#define COST 4 /* budget units for one frame */

/*
 * The next frame to deal with, referenced; MFN_NONE: there is none. A frame
 * whose count is zero is just being freed by another CPU: wait for that.
 */
static mfn_t next_frame(struct domain *d)
{
	for (;;) {
		mfn_t m;
		bool gone, got;

		lock_acquire(&d->page_lock);
		m = mfn(d->page_head);
		gone = !m.v || (READ_ONCE(frame_at(m)->refs) & FRAME_GONE);
		got = !gone && frame_get(m, d);
		lock_release(&d->page_lock);
		if (gone)
			return MFN_NONE;
		if (got)
			return m;
		cpu_relax();
		cpu_poll();
	}
}

static void mark_gone(struct domain *d, mfn_t m)
{
	lock_acquire(&d->page_lock);
	__atomic_fetch_or(&frame_at(m)->refs, FRAME_GONE, __ATOMIC_SEQ_CST);
	frame_list_remove(d, m);
	frame_list_append(d, m);
	lock_release(&d->page_lock);
}

static int relinquish_one(struct domain *d, mfn_t m, struct budget *b)
{
	int rc = ptype_is_pinned(m) ? ptype_unpin(m, d, b) : 0;

	if (rc != -ERESTART)
		rc = ptype_settle(m, d, b);
	if (rc == -ERESTART)
		return rc;
	mark_gone(d, m);
	domain_free_frame(d, m); /* -EINVAL: its owner had done so before */
	return 0;
}

int domain_relinquish_frames(struct domain *d, struct budget *b)
{
	int rc = buddy_claim(d, 0);

	ASSERT(rc == 0);
	for (;;) {
		mfn_t m = next_frame(d);

		if (mfn_eq(m, MFN_NONE))
			return 0;
		rc = relinquish_one(d, m, b);
		frame_put(m);
		if (rc)
			return rc;
		if (budget_spend(b, COST))
			return -ERESTART;
	}
}
