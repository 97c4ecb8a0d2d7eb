/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page types: the state machine that keeps page tables out of guests' reach.
 * A frame has at most one type at a time while its type count is above zero;
 * it changes only at zero, after stale translations have been flushed.  This
 * file knows neither PTE bits nor hypercalls: it asks port hooks to promote
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
 * reference. Tables are validated on the first one, for owner @d.
 * 0; -EINVAL (other type in use, or invalid contents: nothing changed, bar
 * undoing); -ERESTART (validation is part done; call again, with the frame
 * kept referenced by the state that the call leaves).
 */
int must_check ptype_get(mfn_t m, enum ptype t, struct budget *b);

/* Drop one; -ERESTART while undoing a table needs more budget. */
int must_check ptype_put(mfn_t m, struct budget *b);
/* For types whose undoing is never preempted (writable, L1, segdesc). */
void ptype_put_now(mfn_t m);

/* Pinning: one type and one general reference held by the guest itself. */
int must_check ptype_pin(mfn_t m, enum ptype t, struct domain *d,
			 struct budget *b);
int must_check ptype_unpin(mfn_t m, struct domain *d, struct budget *b);

enum ptype ptype_of(mfn_t m);
uint64_t ptype_count(mfn_t m);
bool ptype_is_pinned(mfn_t m);

/*
 * What a type change asks of the pv room (filled in boot/rooms.c, or by a
 * test): make @m, owned by @d, a table of level t, or take it apart. Progress
 * is kept in frame.stamp by the implementer. 0, -EINVAL, -ERESTART.
 */
struct ptype_hooks {
	int (*promote)(struct domain *d, mfn_t m, enum ptype t,
		       struct budget *b);
	int (*demote)(struct domain *d, mfn_t m, enum ptype t,
		      struct budget *b);
};
extern struct ptype_hooks ptype_hooks;

#endif
