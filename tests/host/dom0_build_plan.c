// SPDX-License-Identifier: GPL-2.0-or-later
/* Plans for control domains: what goes where, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>
#include <boot/dom0_plan.h>
#include "elf_maker.h"

static struct elf_maker m;
static struct elf_image img;
static struct dom0_plan p;
static const char *why;

static int plan(uint64_t pages, uint64_t initrd)
{
	struct dom0_want w = { &img, pages, initrd };

	assert_int_equal(elf_open(&img, m.file, sizeof(m.file), &why), 0);
	return dom0_plan_make(&p, &w, &why);
}

static void a_linux(void **state)
{
	(void)state;
	elf_make_linux(&m);
	assert_int_equal(plan(65536, 10000), 0);
	assert_int_equal(p.virt_base, ELF_BASE);
	assert_int_equal(p.virt_end, ELF_BASE + 0x400000);
	assert_int_equal(p.entry, ELF_BASE + ELF_TEXT + 0x40);
	assert_int_equal(p.start_info_virt, ELF_BASE + 0x105000);
	assert_int_equal(p.tables_virt, ELF_BASE + 0x106000);
	assert_int_equal(p.table_count, 1 + 1 + 1 + 2);
	assert_int_equal(p.stack_virt, ELF_BASE + 0x10b000);
	assert_int_equal(p.boot.count, 1024);
	assert_false(p.initrd_mapped);
	assert_int_equal(p.initrd.first, 1024);
	assert_int_equal(p.initrd.count, 3);
	assert_true(p.p2m_apart);
	assert_int_equal(p.p2m.first, 1027);
	assert_int_equal(p.p2m.count, 128);
	assert_int_equal(p.p2m_tables.first, 1027 + 128);
	assert_int_equal(p.p2m_tables.count, 3);
}

/* An old kernel wants ramdisk and p2m mapped behind itself. */
static void an_old_one(void **state)
{
	(void)state;
	elf_make(&m);
	assert_int_equal(plan(65536, 10000), 0);
	assert_true(p.initrd_mapped && !p.p2m_apart);
	assert_int_equal(p.initrd.first, 0x105);
	assert_int_equal(p.p2m.first, 0x108);
	assert_int_equal(p.start_info_virt, ELF_BASE + 0x188000);
}

static void sizes_of_tables(void **state)
{
	(void)state;
	assert_int_equal(dom0_plan_tables(0, 1), 3);
	assert_int_equal(dom0_plan_tables(0, 0x200000), 3);
	assert_int_equal(dom0_plan_tables(0x1ff000, 0x201000), 4);
	assert_int_equal(dom0_plan_tables(0, 1UL << 39), 1 + 512 + 512 * 512);
}

/* Rooms for tables are enough whatever the size: count them again. */
static void tables_suffice(void **state)
{
	(void)state;
	for (uint64_t len = 1; len < (3UL << 29); len += len / 3 + 77777) {
		elf_make(&m);
		assert_int_equal(plan(len / 4096 + 100000, len), 0);
		assert_true(p.table_count >=
			    1 + dom0_plan_tables(p.virt_base, p.virt_end));
		assert_true(p.stack_virt + 4096 + (512 << 10) <= p.virt_end);
	}
}

static void refused(const char *reason, uint64_t pages, uint64_t initrd)
{
	assert_int_equal(plan(pages, initrd), -EINVAL);
	assert_string_equal(why, reason);
}

static void refuses(void **state)
{
	uint32_t no_dom0 = 1;

	(void)state;
	elf_make(&m);
	elf_set64(&m, 64 + 2 * 56 + 32, 0); /* no notes */
	refused("the kernel has no notes for paravirtual Xen", 65536, 0);
	elf_make(&m);
	elf_note(&m, XEN_ELFNOTE_SUPPORTED_FEATURES, &no_dom0, 4);
	refused("the kernel cannot be a control domain", 65536, 0);
	elf_make(&m);
	elf_note64(&m, XEN_ELFNOTE_VIRT_BASE, 0xffff800000000000UL);
	refused("VIRT_BASE is no usable address", 65536, 0);
	elf_make(&m);
	elf_note64(&m, XEN_ELFNOTE_VIRT_BASE, ELF_BASE + 0x1000);
	refused("an address in a Xen note is not aligned", 65536, 0);
	elf_make(&m);
	elf_note64(&m, XEN_ELFNOTE_ENTRY, ELF_BASE - 1);
	refused("an address in a Xen note is not the kernel's", 65536, 0);
	elf_make(&m);
	elf_note64(&m, XEN_ELFNOTE_HYPERCALL_PAGE, ELF_BASE + 0x10000000);
	refused("an address in a Xen note is not the kernel's", 65536, 0);
	elf_make(&m);
	elf_note64(&m, XEN_ELFNOTE_INIT_P2M, 0xffff820000000000UL);
	refused("INIT_P2M is no usable address", 65536, 0);
	elf_make(&m);
	elf_note64(&m, XEN_ELFNOTE_PADDR_OFFSET, 1UL << 40);
	refused("an ELF segment lies before PADDR_OFFSET", 65536, 0);
	elf_make_linux(&m);
	refused("dom0_mem= is too small for kernel and ramdisk", 1024, 0);
	refused("dom0_mem= is too small for the ramdisk", 65536, 1UL << 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_linux),
		cmocka_unit_test(an_old_one),
		cmocka_unit_test(sizes_of_tables),
		cmocka_unit_test(tables_suffice),
		cmocka_unit_test(refuses),
	};

	return cmocka_run_group_tests_name("dom0 plan", tests, NULL, NULL);
}
