/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between the files that handle guests' page tables: what an entry refers to,
 * how one is changed, and how the tables in force are walked.
 *
 * The invariant: a present entry of a valid table owns one general reference
 * on its target, and one type reference if it needs one: writable for a level
 * 1 entry with RW, the next lower level's above level 1.  Targets that are
 * not RAM have no references.
 *
 * Entries change under the table's lock (mm/ptype.h), by one atomic operation,
 * which hands the old entry's references to whoever changed it.  References
 * of the new entry are taken before and those of the old dropped after, both
 * without the lock.
 */
#ifndef PV_PT_H
#define PV_PT_H

#include <mm/ptype.h>
#include <pv/pte.h>
#include <pv/pv.h>

/* On whose behalf: all three are the same domain unless a tool acts. */
struct pt_ctx {
	struct vcpu *v; /* who asks; NULL: validation of a whole table */
	struct domain *owner; /* of the tables */
	struct domain *target; /* of the frames that level 1 entries map */
};

/* --- pv/pte_refs.c --- */

/*
 * Check a present entry (as stored) against its target and take its
 * references. 0; -EINVAL: forbidden bits, or no frame that may be mapped;
 * -EPERM: device memory that is not granted; -EBUSY: the frame's type forbids
 * it; -ERESTART.
 */
int must_check pte_take(const struct pt_ctx *c, unsigned int level, uint64_t e,
			struct budget *b);
/*
 * Drop what a present entry owns; -ERESTART (level > 1 only): its table is
 * still to be undone with ptype_settle().
 */
int must_check pte_drop(unsigned int level, uint64_t e, struct budget *b);
void pte_drop_l1(uint64_t e);

/* --- pv/pt_update.c --- */

enum pt_how {
	PT_STORE,
	PT_KEEP_AD, /* Accessed and Dirty are or-ed in from the old entry */
	PT_EXPECT, /* only if the entry still is what was read */
};

struct pt_write {
	mfn_t table;
	unsigned int index;
	enum pt_how how;
	uint64_t expected;
	uint64_t val; /* as the guest gave it */
};

/*
 * Change an entry of a valid table. 0; -ENOENT: it is none; -EAGAIN: not as
 * expected; -EINVAL, -EPERM, -EBUSY, -ERESTART as pte_take(). After 0 a part
 * of the old entry may be left in v->pv.undoing.
 */
int must_check pt_write(const struct pt_ctx *c, const struct pt_write *w,
			struct budget *b);

/*
 * Go on undoing the table that a former operation of @v let go of: to be
 * called first by whatever may leave another.
 */
int must_check pt_finish(struct vcpu *v, struct budget *b);
/* @rc of a ptype_put() on @m, a table of @v's domain: 0, or left to do. */
void pt_leave(struct vcpu *v, mfn_t m, int rc);

/*
 * The level 1 table that maps @va in @v's kernel tables, and the entry's
 * index; MFN_NONE if an upper entry is absent. It may go at any time, unless
 * it is locked and found valid and the domain's own.
 */
mfn_t pt_walk(const struct vcpu *v, gva_t va, unsigned int *index);

/* The entry, for a frame that is RAM. */
static inline uint64_t *pt_entry(mfn_t table, unsigned int index)
{
	return (uint64_t *)frame_map(table) + index;
}

/*
 * Whom an operation concerns besides the caller: @id as in mmu_update's last
 * argument. 0 and a reference; -ESRCH, -EPERM.
 */
int pt_target_domain(struct vcpu *v, uint32_t id, struct domain **out);

/* Flush as UVMF_* bits (with an address or 0, all) ask for. 0 or -EFAULT. */
int pt_flush_multi(struct vcpu *v, gva_t vcpu_bitmap, gva_t va);

/* --- requests in arrays: pv/pt_batch.c --- */

#define PT_PREEMPTED BIT(31) /* in the count of a continued call */

/* One request. 0, -ERESTART (not done: repeat it) or an error. */
typedef int pt_request_fn(const struct pt_ctx *c, const void *req,
			  struct budget *b);

/*
 * mmu_update and mmuext_op: @arg is (array, count, done pointer, domains).
 * Runs @fn on each of the requests of @size bytes.
 */
long pt_batch(struct vcpu *v, uint64_t arg[6], unsigned int size,
	      const struct pt_ctx *c, pt_request_fn *fn);

#endif
