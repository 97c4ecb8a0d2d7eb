// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A control domain built on the fake machine from a kernel and a ramdisk, then
 * looked at as its kernel would see it: through its own page tables.
 */
#include "core_test.h"
#include <boot/boot.h>
#include <lib/str.h>
#include "elf_maker.h"

#define PAGES 8192UL
#define RAMDISK_LEN 20000

static struct elf_maker m;

/* The entry that maps @va, or 0. */
static uint64_t walk(uint64_t va)
{
	uint64_t table = mfn_to_paddr(dom0->vcpus[0]->pv.kernel_cr3);

	for (int shift = 39; shift >= 12; shift -= 9) {
		const uint64_t *t = frame_map(paddr_to_mfn(table));
		uint64_t e = t[va >> shift & 511];

		if (!(e & 1))
			return 0;
		if (shift == 12)
			return e;
		table = e & 0x000ffffffffff000UL;
	}
	return 0;
}

static void *at(uint64_t va)
{
	uint64_t e = walk(va);

	assert_true(e != 0);
	return (char *)frame_map(paddr_to_mfn(e & 0x000ffffffffff000UL)) +
	       (va & 0xfff);
}

static const struct start_info *start_info(void)
{
	return at(dom0->vcpus[0]->regs.rsi);
}

static uint64_t p2m(uint64_t pfn)
{
	return *(uint64_t *)at(start_info()->mfn_list + pfn * 8);
}

/* A module in frames that the allocator does not have. */
static void put_module(unsigned int n, const void *data, size_t len,
		       const char *cmdline)
{
	uint64_t pages = DIV_ROUND_UP(len, PAGE_SIZE);
	mfn_t f = buddy_alloc_run(pages);
	struct boot_module *mod = &bootinfo.modules[n];

	assert_false(mfn_eq(f, MFN_NONE));
	memcpy(frame_map(f), data, len);
	mod->start = mfn_to_paddr(f);
	mod->end = mod->start + len;
	str_copy(mod->cmdline, cmdline, sizeof(mod->cmdline));
}

static int build(void **state)
{
	static uint8_t ramdisk[RAMDISK_LEN];

	(void)state;
	fake_start(2);
	elf_make_linux(&m);
	for (unsigned int i = 0; i < sizeof(ramdisk); i++)
		ramdisk[i] = (uint8_t)(i % 251);
	put_module(0, m.file, sizeof(m.file), "root=/dev/sda1 ro");
	put_module(1, ramdisk, sizeof(ramdisk), "");
	bootinfo.module_count = 2;
	boot_options.dom0_mem = PAGES << PAGE_SHIFT;
	return dom0_build();
}

static void memory_is_accounted(void **state)
{
	(void)state;
	assert_int_equal(dom0->page_count, PAGES);
	assert_int_equal(start_info()->nr_pages, PAGES);
	for (uint64_t pfn = 0; pfn < PAGES; pfn++) {
		assert_true(frame_is_ram(mfn(p2m(pfn))));
		assert_int_equal(m2p_get(mfn(p2m(pfn))), pfn);
		assert_int_equal(frame_at(mfn(p2m(pfn)))->owner, 0);
	}
	/* Of the last page of the list, what is beyond the end. */
	assert_true(PAGES % 512 == 0 || p2m(PAGES) == ~0UL);
}

static void kernel_is_loaded(void **state)
{
	const uint8_t *text = at(ELF_BASE + ELF_TEXT);
	const uint8_t *data = at(ELF_BASE + ELF_DATA);
	const uint8_t *last = at(ELF_BASE + ELF_DATA + 0x2000);

	(void)state;
	assert_int_equal(text[0xfff], 0x90);
	/* Its first page holds the hypercall stubs: 32 bytes each. */
	assert_int_equal(data[32], 0x51);
	for (unsigned int i = 0; i < 0x800; i++)
		assert_int_equal(last[i], 0);
}

static void ramdisk_changed_hands(void **state)
{
	const struct start_info *si = start_info();

	(void)state;
	assert_true(si->flags & SIF_MOD_START_PFN);
	assert_int_equal(si->mod_len, RAMDISK_LEN);
	for (unsigned int i = 0; i < RAMDISK_LEN; i += 4096) {
		const uint8_t *page =
			frame_map(mfn(p2m(si->mod_start + i / 4096)));

		assert_int_equal(page[0], (uint8_t)(i % 251));
	}
	assert_int_equal(bootinfo.modules[1].start, bootinfo.modules[1].end);
	assert_true(bootinfo.modules[0].start < bootinfo.modules[0].end);
}

static void start_info_is_right(void **state)
{
	const struct start_info *si = start_info();

	(void)state;
	assert_string_equal(si->magic, "xen-3.0-x86_64");
	assert_true(si->flags & SIF_PRIVILEGED);
	assert_true(si->flags & SIF_INITDOMAIN);
	assert_string_equal((const char *)si->cmd_line, "root=/dev/sda1 ro");
	assert_int_equal(si->shared_info, mfn_to_paddr(dom0->shared_frame));
	assert_int_equal(si->mfn_list, ELF_P2M);
	assert_int_equal(si->nr_p2m_frames, PAGES / 512 + 3);
	assert_true(si->console.dom0.info_off >= sizeof(*si));
}

/* Read-only where tables are, writable elsewhere, mapped to the end. */
static void tables_are_read_only(void **state)
{
	const struct start_info *si = start_info();
	uint64_t end = ELF_BASE + 0x400000;

	(void)state;
	for (uint64_t va = ELF_BASE; va < end; va += PAGE_SIZE) {
		bool table = va >= si->pt_base &&
			     va < si->pt_base + si->nr_pt_frames * PAGE_SIZE;

		assert_int_equal(walk(va) & 7, table ? 5 : 7);
	}
	assert_int_equal(walk(end), 0);
}

static void vcpus_are_ready(void **state)
{
	const struct vcpu *v = dom0->vcpus[0];

	(void)state;
	assert_int_equal(dom0->vcpu_count, 2);
	assert_non_null(dom0->vcpus[1]);
	assert_true(dom0->vcpus[1]->pause_flags & VPF_DOWN);
	assert_false(v->pause_flags & VPF_DOWN);
	assert_int_equal(v->regs.rip, ELF_BASE + ELF_TEXT + 0x40);
	assert_int_equal(walk(v->regs.rsp - 8) & 7, 7);
	assert_true(dom0->privileged);
	assert_null(fake_check());
}

/* Nobody tears the control domain down; the fake's memory is not the pool's. */
static int end(void **state)
{
	(void)state;
	vcpu_hw_free(dom0->vcpus[0]);
	vcpu_hw_free(dom0->vcpus[1]);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_accounted),
		cmocka_unit_test(kernel_is_loaded),
		cmocka_unit_test(ramdisk_changed_hands),
		cmocka_unit_test(start_info_is_right),
		cmocka_unit_test(tables_are_read_only),
		cmocka_unit_test(vcpus_are_ready),
	};

	return cmocka_run_group_tests_name("dom0 build", tests, build, end);
}
