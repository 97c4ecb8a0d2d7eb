// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a page-table entry refers to: may it be mapped, and the references that
 * the entry owns on it (pv/pt.h says which).  No state of its own.
 */
#include <pv/pt.h>

/*
 * Device memory. DOMID_IO as the target stands for the caller's own rights;
 * the owner of the table needs them too.
 */
static int take_device(const struct pt_ctx *c, uint64_t e)
{
	struct domain *who = c->target;

	if (who == dom_io)
		who = c->v ? c->v->domain : c->owner;
	if (who->is_special || !iocap_mmio_ok(who, pte_mfn(e)))
		return -EPERM;
	if (who != c->owner && !iocap_mmio_ok(c->owner, pte_mfn(e)))
		return -EPERM;
	return pte_bits_ok(1, e, true) ? 0 : -EINVAL;
}

static int take_l1(const struct pt_ctx *c, uint64_t e, struct budget *b)
{
	mfn_t m = pte_mfn(e);
	int rc;

	if (unlikely(!frame_is_ram(m)))
		return take_device(c, e);
	if (unlikely(!pte_bits_ok(1, e, (e & PTE_CACHE) &&
					iocap_has_devices(c->owner))))
		return -EINVAL;
	if (unlikely(!frame_get(m, c->target)))
		return -EINVAL;
	if (unlikely(c->target != c->owner))
		frame_mark_alien(m);
	if (!(e & PTE_RW))
		return 0;
	rc = ptype_get(m, PTYPE_WRITABLE, b);
	if (unlikely(rc))
		frame_put(m);
	return rc;
}

/* Tables are made of the owner's own frames only. */
static int take_table(const struct pt_ctx *c, unsigned int level, uint64_t e,
		      struct budget *b)
{
	mfn_t m = pte_mfn(e);
	int rc;

	if (!pte_bits_ok(level, e, false))
		return -EINVAL;
	if (c->target != c->owner)
		return -EPERM;
	if (!frame_is_ram(m) || !frame_get(m, c->owner))
		return -EINVAL;
	rc = ptype_get(m, (enum ptype)(level - 1), b);
	if (rc)
		frame_put(m);
	return rc;
}

int pte_take(const struct pt_ctx *c, unsigned int level, uint64_t e,
	     struct budget *b)
{
	if (likely(level == 1))
		return take_l1(c, e, b);
	return take_table(c, level, e, b);
}

void pte_drop_l1(uint64_t e)
{
	mfn_t m = pte_mfn(e);

	if (unlikely(!frame_is_ram(m)))
		return;
	if (e & PTE_RW)
		ptype_put_now(m);
	frame_put(m);
}

int pte_drop(unsigned int level, uint64_t e, struct budget *b)
{
	int rc = 0;

	if (likely(level == 1)) {
		pte_drop_l1(e);
	} else {
		rc = ptype_put(pte_mfn(e), b);
		frame_put(pte_mfn(e));
	}
	return rc;
}
