// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * xl_plan.c: tests of the layout of a paravirtual guest: the page tables are
 * filled for real and walked as a processor would.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include <abi/core.h>
#include <abi/x86/pv.h>

#include "build/plan_pv.h"
#include "xl_elf.h"

#define PAGE 4096ull

/* Machine frames are numbered apart from guest frames, to tell them apart. */
#define MFN_OF(pfn) ((pfn) * 3 + 1000)

static struct pv_plan plan;
static struct kernel_image image;
static struct test_elf elf;
static uint64_t *p2m;
static uint64_t (*tables)[512];

static int make_plan(const struct test_kernel *k, uint64_t ramdisk,
		     uint64_t pages)
{
	test_elf_make(&elf, k);
	assert_int_equal(kernel_image_read(&image, elf.data, elf.len, NULL), 0);
	return pv_plan(&plan, &image, ramdisk, pages, NULL);
}

static void fill_tables(void)
{
	uint64_t count = pv_plan_tables_count(&plan);

	p2m = calloc(plan.pages, sizeof(*p2m));
	tables = calloc(count, sizeof(*tables));
	for (uint64_t pfn = 0; pfn < plan.pages; pfn++)
		p2m[pfn] = MFN_OF(pfn);
	for (uint64_t i = 0; i < count; i++)
		pv_plan_fill_table(&plan, p2m, i, tables[i]);
}

static void free_tables(void)
{
	free(p2m);
	free(tables);
}

/* The table in machine frame @mfn, or NULL. */
static uint64_t *table_at(uint64_t mfn)
{
	for (uint64_t i = 0; i < pv_plan_tables_count(&plan); i++) {
		if (MFN_OF(pv_plan_table_pfn(&plan, i)) == mfn)
			return tables[i];
	}
	return NULL;
}

/* The L1 entry that maps @va, or 0. */
static uint64_t walk(uint64_t va)
{
	uint64_t entry = MFN_OF(plan.tables.pfn) << 12 | 1;

	for (int shift = 39; shift >= 12; shift -= 9) {
		uint64_t *table = entry & 1 ? table_at(entry >> 12) : NULL;

		if (!table)
			return 0;
		entry = table[va >> shift & 511];
	}
	return entry;
}

static uint64_t pfn_at(uint64_t va)
{
	uint64_t entry = walk(va);

	return entry & 1 ? ((entry >> 12) - 1000) / 3 : UINT64_MAX;
}

static bool overlap(const struct plan_area *a, const struct plan_area *b)
{
	return a->pages && b->pages && a->pfn < b->pfn + b->pages &&
	       b->pfn < a->pfn + a->pages;
}

static void check_areas(void)
{
	const struct plan_area *areas[] = {
		&plan.kernel, &plan.ramdisk, &plan.p2m, &plan.start_info,
		&plan.store, &plan.console, &plan.tables, &plan.stack,
	};

	for (size_t i = 0; i < 8; i++) {
		assert_true(areas[i]->pfn + areas[i]->pages <= plan.used_pages);
		for (size_t j = 0; j < i; j++)
			assert_false(overlap(areas[i], areas[j]));
	}
	assert_true(plan.used_pages <= plan.pages);
}

/* Every mapped page maps what the plan says, tables never writable. */
static void check_mappings(void)
{
	uint64_t tables_count = pv_plan_tables_count(&plan);

	for (unsigned int m = 0; m < plan.mappings_count; m++) {
		const struct plan_mapping *map = &plan.mappings[m];

		for (uint64_t va = map->from; va < map->to; va += PAGE)
			assert_int_equal(pfn_at(va),
					 map->pfn + (va - map->from) / PAGE);
	}
	for (uint64_t i = 0; i < tables_count; i++) {
		uint64_t pfn = pv_plan_table_pfn(&plan, i);
		uint64_t va = plan.mappings[0].from + pfn * PAGE;

		if (va < plan.mapped_end)
			assert_int_equal(walk(va) & 2, 0);
	}
	assert_int_equal(walk(plan.mapped_end), 0);
	assert_int_equal(walk(plan.stack.vaddr) & 7, 7);
}

static void plans_linux(void **state)
{
	struct test_kernel k = test_kernel_linux();

	(void)state;
	assert_int_equal(make_plan(&k, 3000000, 32768), 0);
	check_areas();
	fill_tables();
	check_mappings();
	assert_true(plan.ramdisk_is_pfn);
	assert_int_equal(plan.ramdisk.pages, 733);
	assert_int_equal(plan.p2m.vaddr, k.init_p2m);
	assert_int_equal(pfn_at(k.init_p2m), plan.p2m.pfn);
	/* The list's own page tables follow it: three levels. */
	assert_int_equal(plan.p2m.pages, 64 + 3);
	assert_int_equal(plan.mapped_end % (4 << 20), 0);
	free_tables();
}

static void plans_tiny(void **state)
{
	struct test_kernel k = test_kernel_tiny();

	(void)state;
	assert_int_equal(make_plan(&k, 5000, 2048), 0);
	check_areas();
	fill_tables();
	check_mappings();
	assert_false(plan.ramdisk_is_pfn);
	assert_int_equal(pfn_at(plan.ramdisk.vaddr), plan.ramdisk.pfn);
	assert_int_equal(plan.ramdisk.pages, 2);
	assert_int_equal(pfn_at(plan.p2m.vaddr), plan.p2m.pfn);
	free_tables();
}

/* A mapping that needs more than one L2 and many L1s. */
static void plans_large_ramdisk(void **state)
{
	struct test_kernel k = test_kernel_tiny();

	(void)state;
	assert_int_equal(make_plan(&k, 1100ull << 20, 400000), 0);
	check_areas();
	fill_tables();
	check_mappings();
	free_tables();
}

static void refuses_what_does_not_fit(void **state)
{
	struct test_kernel k = test_kernel_linux();
	struct fail fail = { 0 };

	(void)state;
	assert_int_equal(make_plan(&k, 0, 100), -ENOMEM);
	assert_int_equal(make_plan(&k, 64 << 20, 8192), -ENOMEM);
	assert_int_equal(make_plan(&k, UINT64_MAX / 2, 8192), -ENOMEM);
	assert_int_equal(pv_plan(&plan, &image, 0, 4200, &fail), -ENOMEM);
	assert_non_null(strstr(fail.text, "memory="));
	k = test_kernel_tiny();
	k.init_p2m = 0x200000;
	assert_int_equal(make_plan(&k, 0, 32768), -EINVAL);
}

static void start_info_agrees(void **state)
{
	struct test_kernel k = test_kernel_linux();
	struct pv_start start = { .cmdline = "console=hvc0", .store_port = 3,
				  .console_port = 4, .shared_info_frame = 77 };
	struct start_info si;

	(void)state;
	assert_int_equal(make_plan(&k, 8192, 32768), 0);
	fill_tables();
	pv_plan_start_info(&plan, p2m, &start, &si);
	assert_string_equal(si.magic, "xen-3.0-x86_64");
	assert_int_equal(si.nr_pages, 32768);
	assert_int_equal(si.shared_info, 77 << 12);
	assert_int_equal(si.store_mfn, MFN_OF(plan.store.pfn));
	assert_int_equal(si.console.domU.mfn, MFN_OF(plan.console.pfn));
	assert_int_equal(pfn_at(si.pt_base), plan.tables.pfn);
	assert_int_equal(si.mod_start, plan.ramdisk.pfn);
	assert_int_equal(si.mod_len, 8192);
	assert_true(si.flags & SIF_MOD_START_PFN);
	assert_int_equal(si.mfn_list, k.init_p2m);
	assert_int_equal(si.first_p2m_pfn, plan.p2m.pfn);
	assert_int_equal(si.nr_p2m_frames, plan.p2m.pages);
	assert_string_equal((char *)si.cmd_line, "console=hvc0");
	free_tables();
}

static void vcpu_starts_in_the_kernel(void **state)
{
	struct test_kernel k = test_kernel_tiny();
	struct vcpu_guest_context ctx;

	(void)state;
	assert_int_equal(make_plan(&k, 0, 2048), 0);
	fill_tables();
	pv_plan_vcpu(&plan, p2m, &ctx);
	assert_int_equal(ctx.user_regs.rip, image.entry);
	assert_int_equal(pfn_at(ctx.user_regs.rip), plan.kernel.pfn);
	assert_int_equal(pfn_at(ctx.user_regs.rsp - 8), plan.stack.pfn);
	assert_int_equal(pfn_at(ctx.user_regs.rsi), plan.start_info.pfn);
	assert_int_equal(ctx.ctrlreg[3] >> 12, MFN_OF(plan.tables.pfn));
	free_tables();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plans_linux),
		cmocka_unit_test(plans_tiny),
		cmocka_unit_test(plans_large_ramdisk),
		cmocka_unit_test(refuses_what_does_not_fit),
		cmocka_unit_test(start_info_agrees),
		cmocka_unit_test(vcpu_starts_in_the_kernel),
	};

	return cmocka_run_group_tests_name("xl_plan", tests, NULL, NULL);
}
