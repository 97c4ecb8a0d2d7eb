// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The one place where a frame's type changes.  The type word (struct frame)
 * is in one of four states:
 *
 *   idle     count 0: no type in force; the field says which one was last
 *   valid    count >= 1: the type is in force
 *   busy     one CPU changes it: stale translations are being flushed, a table
 *            is being validated or taken apart. Nobody else gets past.
 *   partial  such work ran out of budget. The state holds a general reference
 *            on the frame, belongs to nobody, and anyone may go on with it: a
 *            ptype_get() of the same type validates on, all else undoes it.
 *            frame.stamp counts the entries that hold references.
 *
 *         get                    put of the last one
 *   idle -----> [busy] -> valid ------------------> [busy] -> idle
 *                 |  ^                                |  ^
 *                 v  | get of the same type           v  | settle, get
 *               partial  ------------------------->  partial
 *
 * A change claims the frame (busy) first and flushes after that, so no other
 * type can come and go in between.  The stamp that decides who must flush is
 * taken by whoever drops the last reference, before dropping it: at that time
 * every translation that it covers has left the tables.  Paging-structure
 * caches die by the same flushes, so a frame that was a table is no longer
 * walked by any CPU when it becomes writable.
 *
 * A wait on a busy frame cannot close a circle: it happens only for the type
 * that the frame is busy with, so validation waits for lower levels only.
 */
#include <lib/assert.h>
#include <mm/alloc.h>
#include <mm/ptype.h>
#include <port/tlb.h>

#define COST_FLUSH 32 /* budget units */

struct ptype_hooks ptype_hooks;

static void wait_a_little(void)
{
	cpu_relax();
	cpu_poll();
}

void ptype_lock_wait(struct frame *f)
{
	while (READ_ONCE(f->type) & PTYPE_LOCKED)
		wait_a_little();
}

static uint64_t word(enum ptype t, uint64_t flags)
{
	return (uint64_t)t << PTYPE_SHIFT | flags;
}

/* Leave the busy state. Nobody changes the word of a busy frame. */
static void set_word(struct frame *f, uint64_t w)
{
	__atomic_store_n(&f->type, w, __ATOMIC_SEQ_CST);
}

static bool has_contents(enum ptype t)
{
	return ptype_is_table(t) || t == PTYPE_SEGDESC;
}

/*
 * Flush the CPUs that may still translate to @f as it was. Those are CPUs of
 * its owner, unless other domains have mapped it.
 */
static void flush_stale(struct frame *f, const struct domain *d,
			struct budget *b)
{
	cpumask_t mask = READ_ONCE(d->dirty_cpus);

	smp_mb();
	if (READ_ONCE(f->refs) & FRAME_ALIEN)
		mask = cpu_online();
	mask = tlb_filter(mask, f->stamp);
	if (!mask)
		return;
	tlb_flush(mask, TLB_ALL_VA);
	budget_spend(b, COST_FLUSH);
}

/* Demote, from busy. @resumed: the partial state's reference is ours. */
static int undo(struct frame *f, struct domain *d, enum ptype t, bool resumed,
		struct budget *b)
{
	mfn_t m = frame_mfn(f);
	int rc = ptype_is_table(t) ? ptype_hooks.demote(d, m, t, b) : 0;

	if (rc == -ERESTART) {
		if (!resumed)
			frame_get_held(m);
		set_word(f, word(t, PTYPE_PARTIAL));
		return rc;
	}
	f->stamp = tlb_clock();
	set_word(f, word(t, 0));
	if (resumed)
		frame_put(m);
	return 0;
}

/*
 * From busy to valid, for a frame that was idle with type @was, or partial
 * with this type (@resumed).
 */
static int become(struct frame *f, struct domain *d, enum ptype was,
		  enum ptype t, bool resumed, struct budget *b)
{
	mfn_t m = frame_mfn(f);
	int rc = 0;

	if (!resumed) {
		if (was != PTYPE_NONE && was != t)
			flush_stale(f, d, b);
		f->stamp = 0;
	}
	if (has_contents(t))
		rc = ptype_hooks.promote(d, m, t, b);
	if (rc == -ERESTART) {
		if (!resumed)
			frame_get_held(m);
		set_word(f, word(t, PTYPE_PARTIAL));
		return rc;
	}
	if (rc) {
		/* The rest of undoing, if any, waits in the partial state. */
		undo(f, d, t, resumed, b);
		return rc;
	}
	set_word(f, word(t, PTYPE_VALID | 1));
	if (resumed)
		frame_put(m);
	return 0;
}

/* Try to claim @f, whose word is @w, for a change to or from @t. */
static bool claim(struct frame *f, uint64_t w, enum ptype t)
{
	return cmpxchg64(&f->type, w, word(t, PTYPE_BUSY | 1));
}

/* Continue to undo a partial frame with word @w; -EAGAIN: it has changed. */
static int undo_partial(struct frame *f, uint64_t w, struct budget *b)
{
	struct domain *d;
	int rc = -EAGAIN;

	if (!claim(f, w, ptype_in(w)))
		return rc;
	d = frame_owner(frame_mfn(f));
	ASSERT(d);
	rc = undo(f, d, ptype_in(w), true, b);
	domain_put(d);
	return rc;
}

/* ptype_get() of a frame in none of the easy states. */
static int get_slow(struct frame *f, uint64_t w, enum ptype t,
		    struct budget *b)
{
	struct domain *d;
	int rc;

	if (w & PTYPE_BUSY) {
		if (ptype_in(w) != t)
			return -EBUSY;
		wait_a_little();
		return -EAGAIN;
	}
	if ((w & PTYPE_PARTIAL) && ptype_in(w) != t) {
		rc = b ? undo_partial(f, w, b) : -EBUSY;
		return rc ? rc : -EAGAIN;
	}
	if (!claim(f, w, t))
		return -EAGAIN;
	d = frame_owner(frame_mfn(f));
	ASSERT(d);
	rc = become(f, d, ptype_in(w), t, w & PTYPE_PARTIAL, b);
	domain_put(d);
	return rc;
}

/* The cases that need no work; -EAGAIN: look again; 1: it needs work. */
static int get_fast(struct frame *f, uint64_t w, enum ptype t)
{
	if (w & PTYPE_VALID) {
		if (ptype_in(w) != t)
			return -EBUSY;
		return cmpxchg64(&f->type, w, w + 1) ? 0 : -EAGAIN;
	}
	if ((w & (PTYPE_BUSY | PTYPE_PARTIAL)) || t != PTYPE_WRITABLE ||
	    (ptype_in(w) != t && ptype_in(w) != PTYPE_NONE))
		return 1;
	return cmpxchg64(&f->type, w, word(t, PTYPE_VALID | 1)) ? 0 : -EAGAIN;
}

int ptype_get(mfn_t m, enum ptype t, struct budget *b)
{
	struct frame *f = frame_at(m);
	int rc;

	do {
		uint64_t w = READ_ONCE(f->type);

		rc = get_fast(f, w, t);
		if (unlikely(rc == 1))
			rc = get_slow(f, w, t, b);
	} while (unlikely(rc == -EAGAIN));
	return rc;
}

/* The last reference to a table: take it apart. -EAGAIN: it is not the last. */
static int put_table(struct frame *f, uint64_t w, struct budget *b)
{
	struct domain *d;
	int rc;

	if (w & PTYPE_LOCKED) {
		wait_a_little();
		return -EAGAIN;
	}
	if (!claim(f, w, ptype_in(w)))
		return -EAGAIN;
	f->stamp = PTYPE_ALL;
	d = frame_owner(frame_mfn(f));
	ASSERT(d);
	rc = undo(f, d, ptype_in(w), false, b);
	domain_put(d);
	return rc;
}

static int put_once(struct frame *f, uint64_t w, struct budget *b)
{
	ASSERT((w & PTYPE_VALID) && (w & PTYPE_COUNT_MASK));
	if ((w & PTYPE_COUNT_MASK) > 1)
		return cmpxchg64(&f->type, w, w - 1) ? 0 : -EAGAIN;
	if (ptype_is_table(ptype_in(w)))
		return put_table(f, w, b);
	/* We hold the only reference, so the stamp is ours to set. */
	f->stamp = tlb_clock();
	return cmpxchg64(&f->type, w, word(ptype_in(w), 0)) ? 0 : -EAGAIN;
}

int ptype_put(mfn_t m, struct budget *b)
{
	struct frame *f = frame_at(m);
	int rc;

	do
		rc = put_once(f, READ_ONCE(f->type), b);
	while (unlikely(rc == -EAGAIN));
	return rc;
}

void ptype_put_now(mfn_t m)
{
	int rc = ptype_put(m, NULL);

	ASSERT(rc == 0);
}

int ptype_settle(mfn_t m, struct domain *d, struct budget *b)
{
	struct frame *f;
	uint64_t w;
	int rc = 0;

	if (!frame_get(m, d))
		return 0;
	f = frame_at(m);
	do {
		w = READ_ONCE(f->type);
		rc = w & PTYPE_PARTIAL ? undo_partial(f, w, b) : 0;
	} while (rc == -EAGAIN);
	frame_put(m);
	return rc;
}

int ptype_pin(mfn_t m, enum ptype t, struct domain *d, struct budget *b)
{
	int rc;

	if (!frame_get(m, d))
		return -EINVAL;
	rc = ptype_get(m, t, b);
	if (!rc && (__atomic_fetch_or(&frame_at(m)->type, PTYPE_PINNED,
				      __ATOMIC_SEQ_CST) &
		    PTYPE_PINNED)) {
		/* Pinned before. If it is being unpinned ours may be the last. */
		rc = ptype_put(m, b);
		rc = -EINVAL;
	}
	if (rc)
		frame_put(m);
	return rc;
}

int ptype_unpin(mfn_t m, struct domain *d, struct budget *b)
{
	struct frame *f;
	int rc;

	if (!frame_get(m, d))
		return -EINVAL;
	f = frame_at(m);
	if (!(__atomic_fetch_and(&f->type, ~PTYPE_PINNED, __ATOMIC_SEQ_CST) &
	      PTYPE_PINNED)) {
		frame_put(m);
		return -EINVAL;
	}
	rc = ptype_put(m, b);
	frame_put(m); /* the pin's */
	frame_put(m);
	return rc;
}

enum ptype ptype_of(mfn_t m)
{
	uint64_t w = READ_ONCE(frame_at(m)->type);

	return w & PTYPE_VALID ? ptype_in(w) : PTYPE_NONE;
}

uint64_t ptype_count(mfn_t m)
{
	return READ_ONCE(frame_at(m)->type) & PTYPE_COUNT_MASK;
}

bool ptype_is_pinned(mfn_t m)
{
	return READ_ONCE(frame_at(m)->type) & PTYPE_PINNED;
}
