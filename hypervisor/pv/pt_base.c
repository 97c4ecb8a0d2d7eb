// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The top-level tables in force for a vCPU, one for its kernel and one for its
 * user mode.  v->pv.kernel_cr3 and user_cr3 each own a general and a level 4
 * type reference; a table is dropped only after another one was loaded.
 */
#include <port/vcpu_hw.h>
#include <pv/pt.h>

static int take_base(struct domain *d, mfn_t m, struct budget *b)
{
	int rc;

	if (!frame_is_ram(m) || !frame_get(m, d))
		return -EINVAL;
	rc = ptype_get(m, PTYPE_L4, b);
	if (rc)
		frame_put(m);
	return rc;
}

/* Replace *@base. -ERESTART before or after the change: call again. */
static int set_base(struct vcpu *v, mfn_t *base, mfn_t m, bool in_force,
		    struct budget *b)
{
	mfn_t old = *base;
	int rc = pt_finish(v, b);

	if (rc || mfn_eq(old, m))
		return rc;
	if (!mfn_eq(m, MFN_NONE))
		rc = take_base(v->domain, m, b);
	if (rc)
		return rc;
	*base = m;
	if (in_force && !mfn_eq(m, MFN_NONE))
		vcpu_hw_load_cr3(v);
	if (mfn_eq(old, MFN_NONE))
		return 0;
	rc = ptype_put(old, b);
	pt_leave(v, old, rc);
	frame_put(old);
	return rc;
}

int pv_set_kernel_base(struct vcpu *v, mfn_t m, struct budget *b)
{
	return set_base(v, &v->pv.kernel_cr3, m, v->pv.kernel_mode, b);
}

/* The read-only M2P, slot 256, is hidden from user mode on request. */
static void hide_m2p(const struct vcpu *v, mfn_t l4)
{
	if (v->domain->vm_assist & BIT(VMASST_TYPE_m2p_strict))
		WRITE_ONCE(*pt_entry(l4, HV_L4_FIRST), 0);
}

int pv_set_user_base(struct vcpu *v, mfn_t m, struct budget *b)
{
	int rc = set_base(v, &v->pv.user_cr3, m, !v->pv.kernel_mode, b);

	if (!mfn_eq(m, MFN_NONE) && mfn_eq(v->pv.user_cr3, m) &&
	    !mfn_eq(v->pv.kernel_cr3, m))
		hide_m2p(v, m);
	return rc;
}
