// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page faults of guests.  A guest's kernel sees its page tables read-only; with
 * VMASST_TYPE_writable_pagetables its plain stores to level 1 tables are done
 * for it, through the same checks as a hypercall.  All else is the guest's to
 * handle.  No state of its own.
 */
#include <lib/insn.h>
#include <port/guest.h>
#include <port/vcpu_hw.h>
#include <pv/pt.h>

#define EC_PRESENT BIT(0)
#define EC_WRITE BIT(1)
#define EC_USER BIT(2)
#define EC_RESERVED BIT(3)
#define EC_FETCH BIT(4)

#define WRITABLE_PAGETABLES BIT(VMASST_TYPE_writable_pagetables)

/* Is it a store to something that is mapped, by a kernel that may ask? */
static bool may_be_table_write(const struct vcpu *v, gva_t addr, uint32_t ec)
{
	return (ec & (EC_PRESENT | EC_WRITE | EC_RESERVED | EC_FETCH)) ==
		       (EC_PRESENT | EC_WRITE) &&
	       v->pv.kernel_mode &&
	       (v->domain->vm_assist & WRITABLE_PAGETABLES) &&
	       guest_range_ok(addr, 1);
}

/* The valid level 1 table of @v's domain that @addr is mapped to, or NONE. */
static mfn_t table_at(const struct vcpu *v, gva_t addr)
{
	unsigned int index;
	mfn_t l1 = pt_walk(v, addr, &index), m;
	uint64_t e;

	if (mfn_eq(l1, MFN_NONE))
		return MFN_NONE;
	e = READ_ONCE(*pt_entry(l1, index));
	m = pte_mfn(e);
	if (!pte_present(e) || (e & PTE_RW) || !frame_is_ram(m) ||
	    frame_at(m)->owner != v->domain->id || ptype_of(m) != PTYPE_L1)
		return MFN_NONE;
	return m;
}

/* The instruction at RIP: as many of its bytes as can be read. */
static int fetch(struct vcpu *v, struct insn *i)
{
	uint8_t bytes[INSN_MAX];
	gva_t rip = v->regs.rip;
	size_t len = INSN_MAX, left = PAGE_SIZE - (rip & (PAGE_SIZE - 1));

	if (guest_read(v, bytes, rip, len)) {
		len = left < len ? left : 0;
		if (!len || guest_read(v, bytes, rip, len))
			return -EFAULT;
	}
	return insn_decode(bytes, len, true, i);
}

static gva_t operand_address(struct vcpu *v, const struct insn *i)
{
	if (i->seg == SEG_FS || i->seg == SEG_GS)
		vcpu_hw_save_bases(v);
	return insn_address(i, &v->regs, v->hw.fs_base, v->hw.gs_base);
}

/* Do the write of @size bytes at offset @at of the entry that @w names. */
static int apply(const struct pt_ctx *c, struct pt_write *w,
		 const struct insn *i, unsigned int at, struct budget *b)
{
	uint64_t mask = (i->opsize == 8 ? ~0UL : BIT(8 * i->opsize) - 1)
			<< (8 * at);
	struct insn_effect e;
	int rc;

	do {
		uint64_t old = READ_ONCE(*pt_entry(w->table, w->index));

		rc = insn_apply(i, &c->v->regs, (old & mask) >> (8 * at), &e);
		if (rc)
			return rc;
		w->expected = old;
		w->val = (old & ~mask) | (e.mem << (8 * at) & mask);
		if (e.writes_mem && w->val != old)
			rc = pt_write(c, w, b);
	} while (rc == -EAGAIN && !budget_spend(b, 1));
	if (!rc)
		insn_retire(i, &c->v->regs, &e);
	return rc;
}

/* Returns true if the fault has been dealt with. */
static bool emulate_table_write(struct vcpu *v, gva_t addr, mfn_t table)
{
	struct pt_ctx c = { .v = v, .owner = v->domain, .target = v->domain };
	struct pt_write w = { .table = table, .how = PT_EXPECT };
	struct budget b = BUDGET(BUDGET_HYPERCALL);
	struct insn i;
	gva_t at;
	int rc = pt_finish(v, &b);

	if (rc)
		return true; /* the instruction faults again, then goes on */
	if (fetch(v, &i))
		return false;
	at = operand_address(v, &i);
	/* The operand must be the one that faulted, within one entry. */
	if (addr < at || addr - at >= i.opsize ||
	    (at & 7) + i.opsize > sizeof(uint64_t))
		return false;
	w.index = (at & (PAGE_SIZE - 1)) / sizeof(uint64_t);
	rc = apply(&c, &w, &i, at & 7, &b);
	return rc == 0 || rc == -ERESTART || rc == -EAGAIN;
}

void pv_page_fault(struct vcpu *v, uint64_t addr, uint32_t ec)
{
	if (may_be_table_write(v, addr, ec)) {
		mfn_t table = table_at(v, addr);

		if (!mfn_eq(table, MFN_NONE) &&
		    emulate_table_write(v, addr, table))
			return;
	}
	pv_raise_page_fault(v, addr, ec);
}
