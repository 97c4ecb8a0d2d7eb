// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Guests' page tables through the hypercalls that change them, on the machine
 * of mmu_machine.h: after each step all references are recounted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <abi/core.h>
#include <hypercall/hypercall.h>
#include <lib/str.h>
#include "mmu_machine.h"

#define GUEST 1
#define OTHER 2
#define RW (PTE_P | PTE_RW | PTE_US)
#define RO (PTE_P | PTE_US)
#define ALL_OK assert_null(mach_check())

static mfn_t data[4];
static struct mach_space sp;
static struct vcpu *v;

static int setup(void **state)
{
	struct budget b = BUDGET(~0U);

	(void)state;
	mach_reset(MACH_FRAMES);
	for (unsigned int i = 0; i < ARRAY_SIZE(data); i++)
		data[i] = mach_alloc(GUEST);
	sp = mach_space(GUEST, data, ARRAY_SIZE(data));
	v = &mach_dom[GUEST].v;
	assert_int_equal(pv_set_kernel_base(v, sp.l4, &b), 0);
	mach_run(0, GUEST);
	ALL_OK;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < MACH_DOMAINS; i++)
		mach_teardown(i, 3);
	assert_null(mach_check());
	assert_null(mach_check_empty());
	return 0;
}

static long update_as(struct vcpu *who, uint64_t ptr, uint64_t val,
		      uint32_t doms)
{
	struct mmu_update u = { ptr, val };
	uint32_t done = 0;
	uint64_t arg[6] = { (uint64_t)&u, 1, (uint64_t)&done, doms };
	long rc;

	do
		rc = hc_mmu_update(who, arg);
	while (rc == -ERESTART);
	assert_true(rc != 0 || done == 1);
	return rc;
}

static long update(mfn_t table, unsigned int i, uint64_t val)
{
	return update_as(v, mfn_to_paddr(table) + 8UL * i, val, DOMID_SELF);
}

static long ext_as(struct vcpu *who, unsigned int cmd, uint64_t m,
		   uint32_t dom)
{
	struct mmuext_op op = { .cmd = cmd, .arg1.mfn = m };
	uint64_t arg[6] = { (uint64_t)&op, 1, 0, dom };
	long rc;

	do
		rc = hc_mmuext_op(who, arg);
	while (rc == -ERESTART);
	return rc;
}

static long ext(unsigned int cmd, mfn_t m)
{
	return ext_as(v, cmd, m.v, DOMID_SELF);
}

static long va_mapping(gva_t va, uint64_t val, uint64_t flags)
{
	uint64_t arg[6] = { va, val, flags };

	return hc_update_va_mapping(v, arg);
}

static void maps_and_unmaps(void **state)
{
	mfn_t m = mach_alloc(GUEST);

	(void)state;
	assert_int_equal(va_mapping(5 << 12, mfn_to_paddr(m) | RW, 0), 0);
	ALL_OK;
	assert_int_equal(ptype_of(m), PTYPE_WRITABLE);
	assert_true(mfn_eq(mach_access(0, 5 << 12, true), m));
	assert_int_equal(va_mapping(5 << 12, 0, UVMF_INVLPG), 0);
	ALL_OK;
	assert_int_equal(ptype_of(m), PTYPE_NONE);
	assert_true(mfn_eq(mach_access(0, 5 << 12, false), MFN_NONE));
}

static void a_table_is_never_writable(void **state)
{
	(void)state;
	assert_int_equal(update(sp.l1, 9, mfn_to_paddr(sp.l1) | RW), -EBUSY);
	assert_int_equal(update(sp.l1, 9, mfn_to_paddr(sp.l4) | RW), -EBUSY);
	assert_int_equal(update(sp.l1, 9, mfn_to_paddr(sp.l1) | RO), 0);
	ALL_OK;
	assert_int_not_equal(ext(MMUEXT_PIN_L1_TABLE, data[0]), 0);
	assert_int_not_equal(ext(MMUEXT_CLEAR_PAGE, sp.l2), 0);
	ALL_OK;
}

static void levels_do_not_mix(void **state)
{
	(void)state;
	assert_int_not_equal(update(sp.l3, 1, mfn_to_paddr(sp.l1) | RW), 0);
	assert_int_not_equal(update(sp.l2, 1, mfn_to_paddr(sp.l2) | RW), 0);
	assert_int_not_equal(update(sp.l4, 3, mfn_to_paddr(sp.l4) | RO), 0);
	ALL_OK;
}

static void our_slots_are_ours(void **state)
{
	const uint64_t *ours = hv_l4_entries();

	(void)state;
	assert_int_equal(*pt_entry(sp.l4, 256), ours[0]);
	assert_int_equal(update(sp.l4, 256, 0), -EINVAL);
	assert_int_equal(update(sp.l4, 271, 0), -EINVAL);
	assert_int_equal(update(sp.l4, 272, 0), 0);
	assert_int_equal(*pt_entry(sp.l4, 271), ours[15]);
}

static void large_pages_are_refused(void **state)
{
	(void)state;
	assert_int_equal(update(sp.l2, 7, mfn_to_paddr(data[0]) | RW | PTE_PSE),
			 -EINVAL);
	assert_int_equal(update(sp.l2, 0,
				mfn_to_paddr(sp.l1) | RW | PTE_PSE), -EINVAL);
	ALL_OK;
}

static void foreign_frames_need_privilege(void **state)
{
	mfn_t theirs = mach_alloc(OTHER);
	struct vcpu *tool = &mach_dom[0].v;
	struct budget b = BUDGET(~0U);
	struct mach_space t;

	(void)state;
	assert_int_equal(update(sp.l1, 9, mfn_to_paddr(theirs) | RO), -EINVAL);
	assert_int_equal(update_as(v, mfn_to_paddr(sp.l1) + 72,
				   mfn_to_paddr(theirs) | RO, OTHER), -EPERM);
	t = mach_space(0, NULL, 0);
	assert_int_equal(pv_set_kernel_base(tool, t.l4, &b), 0);
	assert_int_equal(update_as(tool, mfn_to_paddr(t.l1) + 8,
				   mfn_to_paddr(theirs) | RW, OTHER), 0);
	ALL_OK;
	/* Without the domain's name it stays, with fewer rights at most. */
	assert_int_equal(update_as(tool, mfn_to_paddr(t.l1) + 16,
				   mfn_to_paddr(theirs) | RO, DOMID_SELF),
			 -EINVAL);
	assert_int_equal(update_as(tool, mfn_to_paddr(t.l1) + 8,
				   mfn_to_paddr(theirs) | RO | PTE_NX,
				   DOMID_SELF), 0);
	ALL_OK;
	assert_int_equal(update_as(tool, mfn_to_paddr(t.l1) + 8,
				   mfn_to_paddr(theirs) | RW, DOMID_SELF),
			 -EINVAL);
	ALL_OK;
}

static void foreign_maps_are_flushed_everywhere(void **state)
{
	mfn_t theirs = mach_alloc(OTHER);
	struct vcpu *tool = &mach_dom[0].v;
	struct budget b = BUDGET(~0U);
	struct mach_space t = mach_space(0, NULL, 0);

	(void)state;
	assert_int_equal(pv_set_kernel_base(tool, t.l4, &b), 0);
	mach_run(1, 0);
	assert_int_equal(update_as(tool, mfn_to_paddr(t.l1) + 8,
				   mfn_to_paddr(theirs) | RW, OTHER), 0);
	assert_true(mach_store(1, 1 << 12, 0));
	assert_int_equal(update_as(tool, mfn_to_paddr(t.l1) + 8, 0,
				   DOMID_SELF), 0);
	/* CPU 1 has not flushed, and is not one of the owner's. */
	assert_int_equal(ext_as(tool, MMUEXT_PIN_L1_TABLE, theirs.v, OTHER), 0);
	ALL_OK;
	assert_int_equal(ext_as(tool, MMUEXT_UNPIN_TABLE, theirs.v, OTHER), 0);
	ALL_OK;
}

/* A tool may still refer to one, but a pin would be nobody's to undo. */
static void nothing_of_a_dying_domain_is_pinned(void **state)
{
	mfn_t theirs = mach_alloc(OTHER);
	struct vcpu *tool = &mach_dom[0].v;

	(void)state;
	mach_dom[OTHER].d.life = DOMAIN_DYING;
	assert_int_equal(ext_as(tool, MMUEXT_PIN_L1_TABLE, theirs.v, OTHER),
			 -EINVAL);
	mach_dom[OTHER].d.life = DOMAIN_ALIVE;
	assert_int_equal(ext_as(tool, MMUEXT_PIN_L1_TABLE, theirs.v, OTHER), 0);
	assert_int_equal(ext_as(tool, MMUEXT_UNPIN_TABLE, theirs.v, OTHER), 0);
	ALL_OK;
}

static void a_table_made_of_writable_memory_is_flushed(void **state)
{
	(void)state;
	assert_true(mach_store(0, 2 << 12, mfn_to_paddr(data[3]) | RW));
	assert_int_equal(update(sp.l1, 2, 0), 0);
	assert_int_equal(ext(MMUEXT_PIN_L1_TABLE, data[2]), 0);
	ALL_OK;
	assert_false(mach_store(0, 2 << 12, ~0UL));
	assert_int_equal(ext(MMUEXT_UNPIN_TABLE, data[2]), 0);
	assert_int_equal(ext(MMUEXT_UNPIN_TABLE, data[2]), -EINVAL);
	ALL_OK;
}

static void freed_memory_is_flushed_and_zeroed(void **state)
{
	mfn_t again;

	(void)state;
	assert_true(mach_store(0, 3 << 12, 0x5ec4e7));
	assert_int_equal(update(sp.l1, 3, 0), 0);
	assert_int_equal(domain_free_frame(mach_domain(GUEST), data[3]), 0);
	assert_int_equal(domain_free_frame(mach_domain(GUEST), data[3]),
			 -EINVAL);
	/* The guest still writes through its old translation. */
	assert_true(mach_store(0, 3 << 12, 0x5ec4e7));
	do
		again = mach_alloc(OTHER);
	while (!mfn_eq(again, data[3]));
	ALL_OK;
	assert_int_equal(*pt_entry(again, 0), 0);
	assert_false(mach_store(0, 3 << 12, 1));
}

static void accessed_and_dirty_survive(void **state)
{
	uint64_t e;

	(void)state;
	assert_true(mach_store(0, 0, 1));
	*pt_entry(sp.l1, 0) |= PTE_D;
	assert_int_equal(update_as(v, mfn_to_paddr(sp.l1) |
					      MMU_PT_UPDATE_PRESERVE_AD,
				   mfn_to_paddr(data[0]) | RO, DOMID_SELF), 0);
	e = *pt_entry(sp.l1, 0);
	assert_int_equal(e & (PTE_A | PTE_D | PTE_RW), PTE_A | PTE_D);
	ALL_OK;
	assert_int_equal(update(sp.l1, 0, mfn_to_paddr(data[0]) | RW), 0);
	assert_int_equal(*pt_entry(sp.l1, 0) & (PTE_A | PTE_D), 0);
	ALL_OK;
}

static void a_plain_page_takes_updates_too(void **state)
{
	mfn_t m = mach_alloc(GUEST);

	(void)state;
	assert_int_equal(update(m, 17, 0x1234567), 0);
	assert_int_equal(*pt_entry(m, 17), 0x1234567);
	ALL_OK;
	assert_int_equal(update(mach_alloc(OTHER), 17, 0x1234567), -EINVAL);
}

static void devices_need_rights(void **state)
{
	uint64_t e = ((uint64_t)MACH_MMIO << 12) | RW | PTE_PCD | PTE_PWT;
	struct vcpu *tool = &mach_dom[0].v;
	struct budget b = BUDGET(~0U);
	struct mach_space t = mach_space(0, NULL, 0);

	(void)state;
	assert_int_equal(update(sp.l1, 9, e), -EPERM);
	assert_int_equal(update_as(v, mfn_to_paddr(sp.l1) + 8, e, DOMID_IO),
			 -EPERM);
	assert_int_equal(pv_set_kernel_base(tool, t.l4, &b), 0);
	assert_int_equal(update_as(tool, mfn_to_paddr(t.l1), e, DOMID_SELF), 0);
	assert_int_equal(update_as(tool, mfn_to_paddr(t.l1) + 8, e, DOMID_IO),
			 0);
	assert_int_equal(update_as(tool, mfn_to_paddr(t.l1) + 8, e + 4096,
				   DOMID_IO), -EPERM);
	/* Devices have no types, so losing RW drops none. */
	assert_int_equal(update_as(tool, mfn_to_paddr(t.l1) + 8, e & ~PTE_RW,
				   DOMID_IO), 0);
	ALL_OK;
	assert_int_equal(update(sp.l1, 1, mfn_to_paddr(data[1]) | RW | PTE_PCD),
			 -EINVAL);
	ALL_OK;
}

/* Pin and unpin a tree with every budget: it must come to the same. */
static void validation_restarts_anywhere(void **state)
{
	mfn_t more[2] = { mach_alloc(GUEST), mach_alloc(GUEST) };

	(void)state;
	for (uint32_t units = 1; units < 1100; units += 37) {
		struct mach_space s = mach_space(GUEST, more, 2);
		struct budget b;
		int rc, rounds = 0;

		*pt_entry(s.l2, 511) = *pt_entry(s.l2, 0);
		do {
			b = BUDGET(units);
			rc = ptype_pin(s.l4, PTYPE_L4, mach_domain(GUEST), &b);
			ALL_OK;
			rounds++;
		} while (rc == -ERESTART);
		assert_int_equal(rc, 0);
		assert_true(units > 500 || rounds > 1);
		b = BUDGET(units);
		rc = ptype_unpin(s.l4, mach_domain(GUEST), &b);
		while (rc == -ERESTART) {
			ALL_OK;
			b = BUDGET(units);
			rc = ptype_settle(s.l4, mach_domain(GUEST), &b);
		}
		assert_int_equal(rc, 0);
		ALL_OK;
		assert_int_equal(frame_at(s.l1)->refs & FRAME_COUNT_MASK, 1);
		domain_free_frame(mach_domain(GUEST), s.l4);
		domain_free_frame(mach_domain(GUEST), s.l3);
		domain_free_frame(mach_domain(GUEST), s.l2);
		domain_free_frame(mach_domain(GUEST), s.l1);
	}
}

/* A half-validated table is abandoned: its frame can be used otherwise. */
static void half_done_work_is_undone_on_demand(void **state)
{
	mfn_t more[2] = { mach_alloc(GUEST), mach_alloc(GUEST) };
	struct mach_space s = mach_space(GUEST, more, 2);
	struct budget b = BUDGET(1);

	(void)state;
	assert_int_equal(ptype_pin(s.l4, PTYPE_L4, mach_domain(GUEST), &b),
			 -ERESTART);
	ALL_OK;
	assert_int_equal(ext(MMUEXT_CLEAR_PAGE, s.l4), 0);
	ALL_OK;
	assert_int_equal(frame_at(s.l4)->refs & FRAME_COUNT_MASK, 1);
}

static void bad_entries_undo_all(void **state)
{
	mfn_t theirs = mach_alloc(OTHER), more[2] = { mach_alloc(GUEST) };
	struct mach_space s;

	(void)state;
	more[1] = theirs;
	s = mach_space(GUEST, more, 2);
	assert_int_equal(ext(MMUEXT_PIN_L4_TABLE, s.l4), -EINVAL);
	ALL_OK;
	assert_int_equal(frame_at(more[0])->refs & FRAME_COUNT_MASK, 1);
	assert_int_equal(frame_at(s.l3)->refs & FRAME_COUNT_MASK, 1);
}

static void bases_change(void **state)
{
	struct mach_space s = mach_space(GUEST, NULL, 0);

	(void)state;
	assert_int_equal(ext(MMUEXT_NEW_BASEPTR, sp.l3), -EBUSY);
	assert_int_equal(ext(MMUEXT_NEW_BASEPTR, mfn(0)), -EINVAL);
	/* Our own mark for "none" is no way to be rid of the one in force. */
	assert_int_equal(ext(MMUEXT_NEW_BASEPTR, MFN_NONE), -EINVAL);
	assert_int_equal(ext(MMUEXT_NEW_USER_BASEPTR, MFN_NONE), -EINVAL);
	ALL_OK;
	assert_true(mach_store(0, 0, 1));
	assert_int_equal(ext(MMUEXT_NEW_USER_BASEPTR, s.l4), 0);
	ALL_OK;
	assert_int_equal(ext(MMUEXT_NEW_BASEPTR, s.l4), 0);
	ALL_OK;
	assert_int_equal(ext(MMUEXT_NEW_USER_BASEPTR, mfn(0)), 0);
	assert_int_equal(ext_as(v, MMUEXT_NEW_BASEPTR, sp.l4.v, OTHER), -EPERM);
	assert_int_equal(ext(MMUEXT_NEW_BASEPTR, sp.l4), 0);
	ALL_OK;
	assert_true(mach_store(0, 0, 1));
}

static void grants_map_through_entries(void **state)
{
	mfn_t theirs = mach_alloc(OTHER);
	uint64_t where = mfn_to_paddr(sp.l1) + 9 * 8;

	(void)state;
	assert_true(frame_get(theirs, mach_domain(OTHER)));
	mach_held[theirs.v] = 1;
	assert_int_equal(pv_grant_map(v, where + 1, true, theirs, false, 0),
			 -EINVAL);
	assert_int_equal(pv_grant_map(v, mfn_to_paddr(data[0]), true, theirs,
				      false, 0), -EINVAL);
	assert_int_equal(pv_grant_map(v, where, true, theirs, false, 0), 0);
	ALL_OK;
	assert_int_equal(pv_grant_map(v, 10 << 12, false, theirs, true, 0), 0);
	ALL_OK;
	assert_true(mfn_eq(mach_access(0, 9 << 12, true), theirs));
	assert_int_equal(pv_grant_unmap(v, where, true, data[0], false, 0),
			 -EINVAL);
	assert_int_equal(pv_grant_unmap(v, where, true, theirs, false, 0), 0);
	assert_int_equal(pv_grant_unmap(v, where, true, theirs, false, 0),
			 -EINVAL);
	assert_int_equal(pv_grant_unmap(v, 10 << 12, false, theirs, true,
					1 << 12), 0);
	ALL_OK;
	assert_true(mfn_eq(mach_access(0, 10 << 12, true), data[1]));
	frame_put(theirs);
	mach_held[theirs.v] = 0;
	ALL_OK;
}

static void stores_to_tables_are_emulated(void **state)
{
	/* lock btrq $1, (%rax) */
	static const uint8_t code[16] = { 0xf0, 0x48, 0x0f, 0xba, 0x30, 0x01 };
	gva_t at = (20UL << 12) + 8;

	(void)state;
	assert_int_equal(update(sp.l1, 20, mfn_to_paddr(sp.l1) | RO), 0);
	mach_domain(GUEST)->vm_assist = BIT(VMASST_TYPE_writable_pagetables);
	v->regs.rip = (uint64_t)code;
	v->regs.rax = at;
	pv_page_fault(v, at, 7);
	assert_int_equal(v->pv.pending_vector, -1);
	assert_int_equal(v->regs.rip, (uint64_t)code + 6);
	assert_int_equal(*pt_entry(sp.l1, 1) & PTE_RW, 0);
	assert_true(v->regs.rflags & 1);
	ALL_OK;
	/* An address that the operand does not cover is the guest's affair. */
	v->regs.rip = (uint64_t)code;
	pv_page_fault(v, at + 64, 7);
	assert_int_equal(v->pv.pending_vector, 14);
}

static void requests_stop_at_the_first_error(void **state)
{
	mfn_t m = mach_alloc(GUEST);
	struct mmu_update u[40];
	uint32_t done = 0;
	uint64_t arg[6] = { (uint64_t)u, ARRAY_SIZE(u), (uint64_t)&done,
			    DOMID_SELF };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(u); i++)
		u[i] = (struct mmu_update){ mfn_to_paddr(sp.l1) + 800 + 8 * i,
					    mfn_to_paddr(m) | RW };
	u[30].val = mfn_to_paddr(sp.l1) | RW;
	assert_int_equal(hc_mmu_update(v, arg), -EBUSY);
	assert_int_equal(done, 30);
	assert_int_equal(ptype_count(m), 30);
	ALL_OK;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		T(maps_and_unmaps),
		T(a_table_is_never_writable),
		T(levels_do_not_mix),
		T(our_slots_are_ours),
		T(large_pages_are_refused),
		T(foreign_frames_need_privilege),
		T(nothing_of_a_dying_domain_is_pinned),
		T(foreign_maps_are_flushed_everywhere),
		T(a_table_made_of_writable_memory_is_flushed),
		T(freed_memory_is_flushed_and_zeroed),
		T(accessed_and_dirty_survive),
		T(a_plain_page_takes_updates_too),
		T(devices_need_rights),
		T(validation_restarts_anywhere),
		T(half_done_work_is_undone_on_demand),
		T(bad_entries_undo_all),
		T(bases_change),
		T(grants_map_through_entries),
		T(stores_to_tables_are_emulated),
		T(requests_stop_at_the_first_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
