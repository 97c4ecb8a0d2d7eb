// SPDX-License-Identifier: GPL-2.0-or-later
/* ELF kernels and their notes: right ones, and each field of theirs wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>
#include <lib/elf.h>
#include <lib/kernel_image.h>
#include "elf_maker.h"

static struct elf_maker m;
static struct elf_image img;
static struct elf_xen_notes notes;
static const char *why;

static int open_all(void)
{
	uint64_t a, e;
	int rc = elf_open(&img, m.file, sizeof(m.file), &why);

	if (!rc)
		rc = elf_xen_notes(&img, &notes, &why);
	return rc ? rc : elf_extent(&img, &a, &e, &why);
}

static void reads_a_kernel(void **state)
{
	uint64_t first, end;

	(void)state;
	elf_make_linux(&m);
	assert_int_equal(open_all(), 0);
	assert_int_equal(img.seg_count, 2);
	assert_int_equal(img.entry, ELF_BASE + ELF_TEXT);
	assert_int_equal(elf_extent(&img, &first, &end, &why), 0);
	assert_int_equal(first, ELF_TEXT);
	assert_int_equal(end, ELF_DATA + 0x2800);
	assert_true(elf_has_note(&notes, XEN_ELFNOTE_INIT_P2M));
	assert_false(elf_has_note(&notes, XEN_ELFNOTE_HV_START_LOW));
	assert_int_equal(notes.virt_base, ELF_BASE);
	assert_int_equal(notes.mod_start_pfn, 1);
	assert_int_equal(notes.supported_features, 0x801);
	assert_string_equal(notes.guest_os, "linux");
}

static void notes_in_sections_only(void **state)
{
	uint64_t sh[8] = { 7UL << 32, 0, 0, 0x2800, 0, 0, 4, 0 };
	uint16_t count = 1;

	(void)state;
	elf_make(&m);
	elf_phdr(&m, 2, 0, 0, 0, 0, 0); /* no PT_NOTE */
	sh[4] = m.notes - 0x2800;
	elf_set64(&m, 40, 0x2f00);
	elf_set(&m, 60, &count, 2);
	elf_set(&m, 0x2f00, sh, sizeof(sh));
	assert_int_equal(open_all(), 0);
	assert_int_equal(notes.virt_base, ELF_BASE);
}

static void refused(uint32_t off, uint64_t v, size_t len, const char *reason)
{
	elf_make_linux(&m);
	elf_set(&m, off, &v, len);
	assert_int_equal(open_all(), -ENOEXEC);
	assert_string_equal(why, reason);
}

static void refuses_bad_fields(void **state)
{
	const uint32_t seg = 64 + 56; /* the second one's header */

	(void)state;
	refused(1, 'e', 1, "not an ELF file");
	refused(4, 1, 1, "not a 64-bit x86 ELF file");
	refused(18, 3, 2, "not a 64-bit x86 ELF file");
	refused(16, 1, 2, "not an executable ELF file");
	refused(54, 32, 2, "ELF program headers of a wrong size");
	refused(32, 0x2ff0, 8, "ELF program headers lie outside");
	refused(32, ~0UL - 8, 8, "ELF program headers lie outside");
	refused(56, 0, 2, "an ELF file with nothing to load");
	refused(seg + 8, 0x2fff, 8, "an ELF segment lies outside the file");
	refused(seg + 8, ~0UL, 8, "an ELF segment lies outside the file");
	refused(seg + 32, 0x2801, 8, "an ELF segment lies outside the file");
	refused(seg + 40, ~0UL, 8, "an ELF segment wraps around");
	refused(seg + 24, ELF_TEXT, 8, "ELF segments overlap");
	refused(64 + 112 + 8, 0x2ff0, 8, "ELF notes lie outside the file");
	refused(0x2804, 1000, 4, "an ELF note is cut off");
	refused(0x2804, 3, 4, "a Xen note has a wrong size");
}

static void finds_what_a_bzimage_holds(void **state)
{
	static uint8_t bz[0x2000];
	struct kernel_image k;
	uint32_t off = 0x100, len = 0x400;

	(void)state;
	memcpy(bz + 0x202, "HdrS", 4);
	bz[0x206] = 0x0f, bz[0x207] = 0x02;
	bz[0x1f1] = 3;
	memcpy(bz + 0x248, &off, 4);
	memcpy(bz + 0x24c, &len, 4);
	memcpy(bz + 0x900, "\xfd" "7zXZ", 6);
	bz[0x900 + 0x3fe] = 0x10; /* the size at the end: 1 MiB */
	assert_int_equal(kernel_image_open(&k, bz, sizeof(bz), &why), 0);
	assert_true(k.bzimage && k.payload == bz + 0x900);
	assert_int_equal(k.pack, PACK_XZ);
	assert_int_equal(k.unpacked_size, 1 << 20);
	bz[0x206] = 7;
	assert_int_equal(kernel_image_open(&k, bz, sizeof(bz), &why), -ENOEXEC);
	bz[0x206] = 15;
	bz[0x24e] = 0x10;
	assert_int_equal(kernel_image_open(&k, bz, sizeof(bz), &why), -ENOEXEC);
	bz[0x24e] = 0;
	memset(bz + 0x900, 0, 6);
	assert_int_equal(kernel_image_open(&k, bz, sizeof(bz), &why), -ENOEXEC);
	assert_int_equal(kernel_image_open(&k, bz, 3, &why), -ENOEXEC);
	elf_make(&m);
	assert_int_equal(kernel_image_open(&k, m.file, sizeof(m.file), &why), 0);
	assert_int_equal(k.pack, PACK_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_kernel),
		cmocka_unit_test(notes_in_sections_only),
		cmocka_unit_test(refuses_bad_fields),
		cmocka_unit_test(finds_what_a_bzimage_holds),
	};

	return cmocka_run_group_tests_name("elf", tests, NULL, NULL);
}
