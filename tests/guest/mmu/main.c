// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The page-table contract: a frame is never both a page table and writable,
 * no entry reaches what is not the guest's, and every path to an entry (the
 * three hypercalls, pinning, writing to a read-only table) has the same rules.
 *
 * Attacks covered: writable mappings of tables in use (XSA-148, 182 class),
 * superpages, hypervisor slots, entries of other owners and of no RAM,
 * recursive entries (XSA-240), M2P writes (XSA-22), unaligned update pointers
 * (XSA-227), unpinning what is not pinned.
 */
#include "../lib/calls.h"

#define L4_SLOT(va) (((uint64_t)(va) >> 39) & 511)

/* Pages 0..3 become an empty L1, L2, L3, L4 that are linked and read-only. */
static long make_tables(void)
{
	long rc = 0;

	for (unsigned int i = 0; i < 4; i++)
		clear_page(pages[i]);
	for (unsigned int i = 1; i < 4; i++)
		((uint64_t *)pages[i])[0] = machine(pages[i - 1]) | PTE_TABLE;
	for (unsigned int i = 0; i < 4; i++)
		rc |= make_readonly(pages[i]);
	return rc;
}

static void drop_tables(void)
{
	for (unsigned int i = 0; i < 4; i++)
		make_writable(pages[i]);
}

TEST(remap_own_page)
{
	uint64_t v;

	pages[8][0] = 0x5a;
	CHECK_EQ(map_va(pages[9], machine(pages[8]) | PTE_TABLE, UVMF_INVLPG),
		 0);
	CHECK_EQ(pages[9][0], 0x5a);
	CHECK_EQ(map_va(pages[9], 0, UVMF_INVLPG), 0);
	CHECK_EQ(probe_read(pages[9], &v), 14);
	CHECK_EQ(last_cr2, (uint64_t)pages[9]);
	CHECK_EQ(make_writable(pages[9]), 0);
	CHECK_EQ(probe_read(pages[9], &v), -1);
}

TEST(read_only_faults)
{
	CHECK_EQ(make_readonly(pages[8]), 0);
	CHECK_EQ(probe_write(pages[8], 1), 14);
	CHECK_EQ(last_error & 2, 2);
	CHECK_EQ(make_writable(pages[8]), 0);
	CHECK_EQ(probe_write(pages[8], 1), -1);
}

TEST(pin_and_unpin)
{
	CHECK_EQ(make_tables(), 0);
	CHECK_EQ(ext(MMUEXT_PIN_L4_TABLE, virt_to_mfn(pages[3])), 0);
	CHECK_EQ(ext(MMUEXT_PIN_L4_TABLE, virt_to_mfn(pages[3])), -EINVAL);
	CHECK_EQ(ext(MMUEXT_UNPIN_TABLE, virt_to_mfn(pages[3])), 0);
	CHECK_EQ(ext(MMUEXT_UNPIN_TABLE, virt_to_mfn(pages[3])), -EINVAL);
	drop_tables();
}

TEST(no_writable_mapping_of_a_table)
{
	CHECK_EQ(make_tables(), 0);
	CHECK_EQ(ext(MMUEXT_PIN_L4_TABLE, virt_to_mfn(pages[3])), 0);
	for (unsigned int i = 0; i < 4; i++) {
		CHECK(make_writable(pages[i]) < 0);
		CHECK(update(pte_machine(pages[i], 1),
			     machine(pages[i]) | PTE_TABLE) < 0);
		CHECK(update(pte_machine(pages[i], 1) |
				     MMU_PT_UPDATE_PRESERVE_AD,
			     machine(pages[i]) | PTE_TABLE) < 0);
	}
	CHECK_EQ(ext(MMUEXT_UNPIN_TABLE, virt_to_mfn(pages[3])), 0);
	for (unsigned int i = 0; i < 4; i++)
		CHECK_EQ(make_writable(pages[i]), 0);
}

TEST(no_pin_while_mapped_writable)
{
	CHECK_EQ(make_tables(), 0);
	CHECK_EQ(make_writable(pages[0]), 0);
	CHECK(ext(MMUEXT_PIN_L4_TABLE, virt_to_mfn(pages[3])) < 0);
	CHECK(ext(MMUEXT_PIN_L1_TABLE, virt_to_mfn(pages[0])) < 0);
	drop_tables();
}

TEST(one_type_at_a_time)
{
	CHECK_EQ(make_tables(), 0);
	CHECK_EQ(ext(MMUEXT_PIN_L1_TABLE, virt_to_mfn(pages[0])), 0);
	CHECK(ext(MMUEXT_PIN_L2_TABLE, virt_to_mfn(pages[0])) < 0);
	CHECK(ext(MMUEXT_PIN_L4_TABLE, virt_to_mfn(pages[0])) < 0);
	CHECK_EQ(ext(MMUEXT_UNPIN_TABLE, virt_to_mfn(pages[0])), 0);
	drop_tables();
}

TEST(entries_of_pinned_tables)
{
	CHECK_EQ(make_tables(), 0);
	CHECK_EQ(ext(MMUEXT_PIN_L4_TABLE, virt_to_mfn(pages[3])), 0);
	/* L1: own data page, read-write; then its table, read-only. */
	CHECK_EQ(update(machine(pages[0]) + 8, machine(pages[10]) | PTE_TABLE),
		 0);
	CHECK_EQ(update(machine(pages[0]) + 16,
			machine(pages[0]) | PTE_P | PTE_US), 0);
	CHECK(update(machine(pages[0]) + 24, machine(pages[0]) | PTE_TABLE) <
	      0);
	CHECK(update(machine(pages[0]) + 24, machine(pages[2]) | PTE_TABLE) <
	      0);
	CHECK_EQ(((uint64_t *)pages[0])[3], 0);
	/* Data in use by a writable mapping cannot become a table. */
	CHECK(update(machine(pages[1]) + 8, machine(pages[10]) | PTE_TABLE) <
	      0);
	/* A table of the wrong level cannot be linked. */
	CHECK(update(machine(pages[1]) + 8, machine(pages[2]) | PTE_TABLE) <
	      0);
	CHECK(update(machine(pages[3]) + 8, machine(pages[0]) | PTE_TABLE) <
	      0);
	CHECK_EQ(ext(MMUEXT_UNPIN_TABLE, virt_to_mfn(pages[3])), 0);
	drop_tables();
}

TEST(no_superpages)
{
	CHECK_EQ(make_tables(), 0);
	CHECK_EQ(ext(MMUEXT_PIN_L4_TABLE, virt_to_mfn(pages[3])), 0);
	CHECK(update(machine(pages[1]) + 8, PTE_TABLE | PTE_PSE) < 0);
	CHECK(update(machine(pages[2]) + 8, PTE_TABLE | PTE_PSE) < 0);
	/* From a linked entry too: the fast path must look at the bit. */
	CHECK(update(machine(pages[1]),
		     machine(pages[0]) | PTE_TABLE | PTE_PSE) < 0);
	CHECK(update(machine(pages[2]),
		     machine(pages[1]) | PTE_TABLE | PTE_PSE) < 0);
	CHECK_EQ(ext(MMUEXT_UNPIN_TABLE, virt_to_mfn(pages[3])), 0);
	drop_tables();
}

TEST(hypervisor_slots)
{
	uint64_t l4 = machine((void *)start->pt_base);

	for (unsigned int s = 256; s < 272; s++) {
		CHECK(update(l4 + s * 8, 0) < 0);
		CHECK(update(l4 + s * 8, machine(pages[2]) | PTE_TABLE) < 0);
	}
}

TEST(recursive_l4)
{
	uint64_t l4 = machine((void *)start->pt_base);

	CHECK(update(l4 + 300 * 8, l4 | PTE_TABLE) < 0);
	/* A read-only one of itself is a linear table: allowed or refused. */
	if (update(l4 + 300 * 8, l4 | PTE_P | PTE_US) == 0)
		CHECK_EQ(update(l4 + 300 * 8, 0), 0);
}

TEST(frames_of_nobody)
{
	static const uint64_t bad[] = { 0x000ffffffffff000UL,
					0x0000800000000000UL };

	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		if (!is_dom0)
			CHECK(map_va(pages[9], bad[i] | PTE_TABLE, 0) < 0);
		CHECK(update(bad[i], 0) < 0);
		CHECK(ext(MMUEXT_PIN_L1_TABLE, bad[i] >> 12) < 0);
		CHECK(ext(MMUEXT_NEW_BASEPTR, bad[i] >> 12) < 0);
		CHECK(ext(MMUEXT_CLEAR_PAGE, bad[i] >> 12) < 0);
	}
}

/* Frames that the hypervisor keeps: the M2P itself is at hand to find some. */
TEST(frames_of_the_hypervisor)
{
	uint64_t *m2p = (uint64_t *)MACH2PHYS_VIRT_START;
	uint64_t mfn, v;
	unsigned int found = 0;

	for (mfn = 256; mfn < 0x8000 && found < 64; mfn++) {
		if (probe_read(&m2p[mfn], &v) != -1)
			break;
		if (v < start->nr_pages && pfn_to_mfn(v) == mfn)
			continue;
		found++;
		if (map_va(pages[9], mfn << 12 | PTE_TABLE, UVMF_INVLPG))
			continue;
		/* No RAM: device memory that a control domain may map. */
		CHECK(is_dom0);
		CHECK_EQ(make_writable(pages[9]), 0);
	}
	CHECK(found > 0);
}

TEST(m2p_is_read_only)
{
	uint64_t *m2p = (uint64_t *)MACH2PHYS_VIRT_START;
	uint64_t m = virt_to_mfn(pages[8]), v;

	CHECK_EQ(probe_read(&m2p[m], &v), -1);
	CHECK_EQ(v, virt_to_pfn(pages[8]));
	CHECK_EQ(probe_write(&m2p[m], 1), 14);
	CHECK_EQ(update(m << 12 | MMU_MACHPHYS_UPDATE, 12345), 0);
	CHECK_EQ(m2p[m], 12345);
	CHECK_EQ(update(m << 12 | MMU_MACHPHYS_UPDATE, v), 0);
	CHECK(update(1UL << 50 | MMU_MACHPHYS_UPDATE, 1) < 0);
}

TEST(hypervisor_memory_is_out_of_reach)
{
	static const uint64_t at[] = {
		0xffff808000000000UL, 0xffff820000000000UL,
		0xffff82d040000000UL, 0xffff830000000000UL,
		0xffff87fffffff000UL,
	};
	uint64_t v;

	for (unsigned int i = 0; i < ARRAY_SIZE(at); i++) {
		CHECK_EQ(probe_read((void *)at[i], &v), 14);
		CHECK_EQ(probe_write((void *)at[i], 0), 14);
		CHECK(map_va((void *)at[i], machine(pages[8]) | PTE_TABLE, 0) <
		      0);
	}
}

TEST(not_a_table)
{
	/* An ordinary writable page takes any value: it is just memory. */
	pages[11][0] = 1;
	if (update(machine(pages[11]) + 8, 0x1234) == 0)
		CHECK_EQ(((uint64_t *)pages[11])[1], 0x1234);
	CHECK(update(machine(pages[11]) + 5, 0) < 0 ||
	      ((uint64_t *)pages[11])[0] == 0);
}

TEST(batch_stops_at_the_bad_one)
{
	struct mmu_update u[3] = {
		{ pte_machine(pages[8], 1), machine(pages[8]) | PTE_TABLE },
		{ 1UL << 51, 0 },
		{ pte_machine(pages[9], 1), machine(pages[9]) | PTE_TABLE },
	};
	unsigned int done = 77;

	CHECK(HC4(mmu_update, u, 3, &done, DOMID_SELF) < 0);
	CHECK_EQ(done, 1);
}

TEST(long_batch)
{
	static struct mmu_update u[4096];
	unsigned int done = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(u); i++)
		u[i] = (struct mmu_update){ pte_machine(pages[i % 8], 1),
					    machine(pages[i % 8]) | PTE_TABLE };
	CHECK_EQ(HC4(mmu_update, u, ARRAY_SIZE(u), &done, DOMID_SELF), 0);
	CHECK_EQ(done, ARRAY_SIZE(u));
}

TEST(write_to_a_table_in_use)
{
	uint64_t *e = pte_of(pages[12], 1);
	uint64_t old = *e;

	/* Its own table, mapped read-only: emulated if enabled, else a fault. */
	CHECK_EQ(HC2(vm_assist, VMASST_CMD_enable,
		     VMASST_TYPE_writable_pagetables), 0);
	CHECK_EQ(probe_write(e, old & ~PTE_RW), -1);
	CHECK_EQ(*e & PTE_RW, 0);
	CHECK_EQ(ext(MMUEXT_INVLPG_LOCAL, (uint64_t)pages[12]), 0);
	CHECK_EQ(probe_write(pages[12], 1), 14);
	CHECK_EQ(probe_write(e, old), -1);
	CHECK_EQ(probe_write(pages[12], 1), -1);
	/* The rules are the same here: its table cannot be made writable. */
	CHECK_EQ(probe_write(e, (machine(e)) | PTE_TABLE), 14);
	CHECK_EQ(*e & ~(PTE_A | PTE_D), old & ~(PTE_A | PTE_D));
	CHECK_EQ(HC2(vm_assist, VMASST_CMD_disable,
		     VMASST_TYPE_writable_pagetables), 0);
}

TEST(clear_and_copy_page)
{
	struct mmuext_op op = { .cmd = MMUEXT_COPY_PAGE };

	memset(pages[8], 0x77, PAGE);
	op.arg1.mfn = virt_to_mfn(pages[9]);
	op.arg2.src_mfn = virt_to_mfn(pages[8]);
	CHECK_EQ(HC4(mmuext_op, &op, 1, 0, DOMID_SELF), 0);
	CHECK_EQ(pages[9][4095], 0x77);
	CHECK_EQ(ext(MMUEXT_CLEAR_PAGE, virt_to_mfn(pages[9])), 0);
	CHECK_EQ(pages[9][4095], 0);
	CHECK(ext(MMUEXT_CLEAR_PAGE, virt_to_mfn((void *)start->pt_base)) <
	      0);
}

TEST(flushes)
{
	CHECK_EQ(ext(MMUEXT_TLB_FLUSH_LOCAL, 0), 0);
	CHECK_EQ(ext(MMUEXT_TLB_FLUSH_ALL, 0), 0);
	CHECK_EQ(ext(MMUEXT_INVLPG_LOCAL, (uint64_t)pages[0]), 0);
	CHECK_EQ(ext(MMUEXT_INVLPG_ALL, (uint64_t)pages[0]), 0);
	/* Addresses that no guest has are ignored, not acted on. */
	CHECK_EQ(ext(MMUEXT_INVLPG_ALL, HYPERVISOR_VIRT_START), 0);
	CHECK(ext(1000, 0) < 0);
}

TEST(new_base)
{
	uint64_t l4 = virt_to_mfn((void *)start->pt_base);

	CHECK_EQ(ext(MMUEXT_NEW_BASEPTR, l4), 0);
	CHECK(ext(MMUEXT_NEW_BASEPTR, virt_to_mfn(pages[8])) < 0);
	CHECK_EQ(ext(MMUEXT_NEW_BASEPTR, 0), -EINVAL);
	CHECK_EQ(ext(MMUEXT_NEW_BASEPTR, ~0UL), -EINVAL);
	CHECK_EQ(ext(MMUEXT_NEW_USER_BASEPTR, ~0UL), -EINVAL);
	CHECK_EQ(make_tables(), 0);
	CHECK_EQ(ext(MMUEXT_NEW_USER_BASEPTR, virt_to_mfn(pages[3])), 0);
	CHECK(make_writable(pages[3]) < 0);
	CHECK_EQ(ext(MMUEXT_NEW_USER_BASEPTR, 0), 0);
	CHECK_EQ(make_writable(pages[3]), 0);
	drop_tables();
}

static void call_nothing(void)
{
}

TEST(no_execute)
{
	memcpy(pages[8], "\xc3", 1);
	CHECK_EQ(map_va(pages[8], machine(pages[8]) | PTE_TABLE | PTE_NX,
			UVMF_INVLPG), 0);
	CHECK_EQ(probe_exec(pages[8]), 14);
	CHECK_EQ(make_writable(pages[8]), 0);
	CHECK_EQ(probe_exec(pages[8]), -1);
	CHECK_EQ(probe_exec((void *)call_nothing), -1);
}

TEST(user_cannot_be_cleared)
{
	/* A guest's kernel runs in ring 3: an entry without US stays usable. */
	uint64_t v;

	CHECK_EQ(map_va(pages[8], machine(pages[8]) | PTE_P | PTE_RW,
			UVMF_INVLPG), 0);
	CHECK_EQ(probe_read(pages[8], &v), -1);
	CHECK_EQ(make_writable(pages[8]), 0);
}
