// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Entries that map granted frames.  They are like all others, and own
 * references of their own; only the right to make them comes from the grant
 * room instead of from owning the frame.
 */
#include <lib/assert.h>
#include <port/log.h>
#include <port/tlb.h>
#include <pv/pt.h>

struct place {
	mfn_t table;
	unsigned int index;
};

static int find_place(struct vcpu *v, uint64_t where, bool is_pte,
		      struct place *p)
{
	if (is_pte) {
		if (!IS_ALIGNED(where, sizeof(uint64_t)))
			return -EINVAL;
		p->table = paddr_to_mfn(where);
		p->index = (where & (PAGE_SIZE - 1)) / sizeof(uint64_t);
	} else {
		p->table = pt_walk(v, where, &p->index);
	}
	return frame_is_ram(p->table) ? 0 : -EINVAL;
}

/* Lock the level 1 table of @p, which must be @d's. */
static bool lock_place(const struct domain *d, const struct place *p)
{
	struct frame *f = frame_at(p->table);
	enum ptype t = ptype_lock_table(f);

	if (t == PTYPE_NONE)
		return false;
	if (t == PTYPE_L1 && f->owner == d->id)
		return true;
	ptype_unlock_table(f);
	return false;
}

/* Put @e there; the old entry goes to @old, with its references. */
static int put_entry(const struct domain *d, const struct place *p, uint64_t e,
		     uint64_t *old)
{
	if (!lock_place(d, p))
		return -EINVAL;
	*old = __atomic_exchange_n(pt_entry(p->table, p->index), e,
				   __ATOMIC_SEQ_CST);
	ptype_unlock_table(frame_at(p->table));
	return 0;
}

static bool maps(uint64_t e, mfn_t m, bool read_only)
{
	return pte_present(e) && mfn_eq(pte_mfn(e), m) &&
	       !(e & PTE_RW) == read_only;
}

/* As put_entry(), if the old entry maps @m. */
static int replace_mapping(const struct domain *d, const struct place *p,
			   mfn_t m, bool read_only, uint64_t e, uint64_t *old)
{
	uint64_t *at = pt_entry(p->table, p->index);
	bool ok;

	if (!lock_place(d, p))
		return -EINVAL;
	do {
		*old = READ_ONCE(*at);
		ok = maps(*old, m, read_only);
	} while (ok && !cmpxchg64(at, *old, e));
	ptype_unlock_table(frame_at(p->table));
	return ok ? 0 : -EINVAL;
}

static int take_granted(struct vcpu *v, mfn_t m, bool read_only)
{
	frame_get_held(m);
	if (!read_only && ptype_get(m, PTYPE_WRITABLE, NULL)) {
		frame_put(m);
		return -EINVAL;
	}
	if (frame_at(m)->owner != v->domain->id)
		frame_mark_alien(m);
	return 0;
}

int pv_grant_map(struct vcpu *v, uint64_t where, bool is_pte, mfn_t m,
		 bool read_only, uint64_t extra_pte_flags)
{
	uint64_t e = mfn_to_paddr(m) | PTE_P | PTE_US | PTE_A | PTE_D;
	struct place p;
	uint64_t old;
	int rc = find_place(v, where, is_pte, &p);

	if (rc)
		return rc;
	e |= (read_only ? 0 : PTE_RW) | (extra_pte_flags & PTE_AVAIL);
	rc = take_granted(v, m, read_only);
	if (rc)
		return rc;
	if (put_entry(v->domain, &p, e, &old)) {
		pte_drop_l1(e);
		return -EINVAL;
	}
	if (pte_present(old)) {
		/* What was mapped there before must not be seen there again. */
		tlb_flush(READ_ONCE(v->domain->dirty_cpus),
			  is_pte ? TLB_ALL_VA : where);
		pte_drop_l1(old);
	}
	return 0;
}

/* Take the entry that maps @addr away from there. */
static int pull_entry(struct vcpu *v, uint64_t addr, uint64_t *e)
{
	struct place p;
	int rc = find_place(v, addr, false, &p);

	return rc ? rc : put_entry(v->domain, &p, 0, e);
}

int pv_grant_unmap(struct vcpu *v, uint64_t where, bool is_pte, mfn_t m,
		   bool read_only, uint64_t new_addr)
{
	struct place p;
	uint64_t e = 0, old;
	int rc = find_place(v, where, is_pte, &p);

	if (rc)
		return rc;
	if (!maps(READ_ONCE(*pt_entry(p.table, p.index)), m, read_only))
		return -EINVAL;
	if (new_addr)
		rc = pull_entry(v, new_addr, &e);
	if (rc)
		return rc;
	rc = replace_mapping(v->domain, &p, m, read_only, e, &old);
	if (rc)
		old = e;
	if (pte_present(old))
		pte_drop_l1(old);
	return rc;
}
