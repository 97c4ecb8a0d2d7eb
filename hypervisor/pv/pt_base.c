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

/*
 * Slot 256, the M2P for guests to read, is hidden from user mode on request;
 * kernels always have it.
 */
static void show_m2p(mfn_t l4, bool on)
{
	uint64_t *slot = pt_entry(l4, HV_L4_FIRST);

	if (on != pte_present(READ_ONCE(*slot)))
		WRITE_ONCE(*slot, on ? hv_l4_entries()[0] : 0);
}

int pv_set_kernel_base(struct vcpu *v, mfn_t m, struct budget *b)
{
	int rc = set_base(v, &v->pv.kernel_cr3, m, v->pv.kernel_mode, b);

	if (!rc && !mfn_eq(m, MFN_NONE))
		show_m2p(m, true);
	return rc;
}

int pv_set_user_base(struct vcpu *v, mfn_t m, struct budget *b)
{
	int rc = set_base(v, &v->pv.user_cr3, m, !v->pv.kernel_mode, b);

	if (!rc && !mfn_eq(m, MFN_NONE) &&
	    (v->domain->vm_assist & BIT(VMASST_TYPE_m2p_strict)) &&
	    !mfn_eq(v->pv.kernel_cr3, m))
		show_m2p(m, false);
	return rc;
}
