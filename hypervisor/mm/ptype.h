/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page types: the state machine that keeps page tables out of guests' reach.
 * A frame has at most one type at a time while its type count is above zero;
 * it changes only at zero, after stale translations have been flushed.  This
 * file knows neither PTE bits nor hypercalls: it asks hooks to promote
 * (validate) and demote tables.
 */
#ifndef MM_PTYPE_H
#define MM_PTYPE_H

#include <mm/frame.h>

enum ptype {
	PTYPE_NONE,
	PTYPE_L1,
	PTYPE_L2,
	PTYPE_L3,
	PTYPE_L4,
	PTYPE_SEGDESC, /* GDT or LDT page */
	PTYPE_WRITABLE,
	PTYPE_SHARED_RO, /* never writable: hypervisor data shown to guests */
};

/*
 * Take a type reference on a frame on which the caller holds a general
 * reference.  Tables are validated on the first one, for the frame's owner.
 * 0; -EBUSY: it has, or is changing to or from, another type; -ERESTART: part
 * of the work is done and kept in the frame, call again; any other error is
 * that of validation (what it had done is undone, or will be before the frame
 * next changes its type).
 */
int must_check ptype_get(mfn_t m, enum ptype t, struct budget *b);

/*
 * Drop one.  The reference is gone whatever is returned; -ERESTART says that
 * undoing a table has only begun: ptype_settle() goes on with it.
 */
int must_check ptype_put(mfn_t m, struct budget *b);
/* For types whose undoing is never preempted (writable, L1, segdesc). */
void ptype_put_now(mfn_t m);

/*
 * If @m is @d's and its validation or undoing was left half done, undo it.
 * 0 when nothing (more) is to be done, or -ERESTART.
 */
int must_check ptype_settle(mfn_t m, struct domain *d, struct budget *b);

/*
 * Pinning: one type and one general reference held by the guest itself.
 * ptype_unpin() is done whatever it returns but -EINVAL (not pinned, not
 * @d's); -ERESTART is that of ptype_put().
 */
int must_check ptype_pin(mfn_t m, enum ptype t, struct domain *d,
			 struct budget *b);
int must_check ptype_unpin(mfn_t m, struct domain *d, struct budget *b);

/* The type in force, or PTYPE_NONE while the count is zero. */
enum ptype ptype_of(mfn_t m);
uint64_t ptype_count(mfn_t m);
bool ptype_is_pinned(mfn_t m);

/*
 * What a type change asks of the pv room (filled in boot/rooms.c, or by a
 * test): make @m, owned by @d, a table of level t, or take it apart. Progress
 * is kept in frame.stamp by the implementer: entries below it hold their
 * references.  0, -ERESTART, or an error of promote (ptype then demotes).
 */
struct ptype_hooks {
	int (*promote)(struct domain *d, mfn_t m, int type, struct budget *b);
	int (*demote)(struct domain *d, mfn_t m, int type, struct budget *b);
};
extern struct ptype_hooks ptype_hooks;

/* frame.stamp of a table whose entries all hold their references. */
#define PTYPE_ALL 512

/* --- the type word; only this room touches it --- */

#define PTYPE_SHIFT 60
#define PTYPE_VALID BIT(59) /* count > 0, contents validated */
#define PTYPE_PINNED BIT(58)
#define PTYPE_PARTIAL BIT(57) /* half done, nobody works on it; count 0 */
#define PTYPE_LOCKED BIT(56) /* entries are being changed; VALID */
#define PTYPE_BUSY BIT(55) /* a CPU is promoting or demoting; count 1 */
#define PTYPE_COUNT_MASK (BIT(48) - 1)

static inline enum ptype ptype_in(uint64_t w)
{
	return (enum ptype)(w >> PTYPE_SHIFT);
}

static inline bool ptype_is_table(enum ptype t)
{
	return t >= PTYPE_L1 && t <= PTYPE_L4;
}

void ptype_lock_wait(struct frame *f);

/*
 * Lock the entries of a valid table, which keeps it that; its level, or
 * PTYPE_NONE (not locked) if @f is none. The lock is held for a few
 * instructions only: nothing is taken, dropped or flushed under it.
 */
static inline enum ptype ptype_lock_table(struct frame *f)
{
	for (;;) {
		uint64_t w = READ_ONCE(f->type);

		if (!(w & PTYPE_VALID) || !ptype_is_table(ptype_in(w)))
			return PTYPE_NONE;
		if (unlikely(w & PTYPE_LOCKED))
			ptype_lock_wait(f);
		else if (likely(cmpxchg64(&f->type, w, w | PTYPE_LOCKED)))
			return ptype_in(w);
	}
}

static inline void ptype_unlock_table(struct frame *f)
{
	__atomic_fetch_and(&f->type, ~PTYPE_LOCKED, __ATOMIC_SEQ_CST);
}

#endif
