// SPDX-License-Identifier: GPL-2.0-or-later
/* Memory maps: any ranges in, a sorted and disjoint map out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>
#include <boot/memmap.h>

static struct bootinfo b;

static void check_sorted(void)
{
	for (unsigned int i = 0; i < b.map_count; i++) {
		assert_true(b.map[i].start < b.map[i].end);
		if (i)
			assert_true(b.map[i].start >= b.map[i - 1].end);
	}
}

/* At every address the highest of the types that were given there. */
static void normalises_anything(void **state)
{
	struct boot_range raw[24];

	(void)state;
	for (unsigned int round = 0; round < 20000; round++) {
		unsigned int n = (unsigned int)rand() % 24;

		b.map_count = 0;
		for (unsigned int i = 0; i < n; i++) {
			raw[i].start = (unsigned int)rand() % 64;
			raw[i].end = raw[i].start + (unsigned int)rand() % 32;
			raw[i].type = 1 + (unsigned int)rand() % 5;
			assert_int_equal(memmap_add(&b, raw[i].start,
						    raw[i].end - raw[i].start,
						    raw[i].type), 0);
		}
		assert_int_equal(memmap_normalise(&b), 0);
		check_sorted();
		for (paddr_t p = 0; p < 100; p++) {
			uint32_t want = 0;

			for (unsigned int i = 0; i < n; i++)
				if (p >= raw[i].start && p < raw[i].end)
					want = MAX(want, raw[i].type);
			assert_int_equal(memmap_type_at(&b, p), want);
		}
	}
}

static void leaves_out_what_wraps(void **state)
{
	(void)state;
	b.map_count = 0;
	assert_int_equal(memmap_add(&b, ~0UL - 5, 100, 1), 0);
	assert_int_equal(memmap_add(&b, 7, 0, 1), 0);
	assert_int_equal(b.map_count, 0);
}

static void says_when_full(void **state)
{
	(void)state;
	b.map_count = 0;
	for (unsigned int i = 0; i < BOOT_RANGES_MAX; i++)
		assert_int_equal(memmap_add(&b, i * 10UL, 5, 1), 0);
	assert_int_equal(memmap_add(&b, 1UL << 30, 5, 1), -ENOSPC);
	assert_int_equal(memmap_normalise(&b), 0);
	assert_int_equal(b.map_count, BOOT_RANGES_MAX);
}

static void clips_ram(void **state)
{
	(void)state;
	b.map_count = 0;
	memmap_add(&b, 0, 0x100000, 1);
	memmap_add(&b, 0x200000, 0x100000, 2);
	memmap_add(&b, 0x400000, 0x400000, 1);
	assert_int_equal(memmap_clip_ram(&b, 0x500fff), 0);
	check_sorted();
	assert_int_equal(memmap_ram_end(&b), 0x500000);
	assert_int_equal(memmap_ram_bytes(&b), 0x200000);
	assert_int_equal(memmap_type_at(&b, 0x500000), MEMMAP_UNUSABLE);
	assert_int_equal(memmap_type_at(&b, 0x200000), MEMMAP_RESERVED);
}

static void efi_types(void **state)
{
	(void)state;
	assert_int_equal(memmap_type_of_efi(7, 0xf), MEMMAP_RAM);
	assert_int_equal(memmap_type_of_efi(7, 0x1), MEMMAP_RESERVED);
	assert_int_equal(memmap_type_of_efi(6, 0xf), MEMMAP_RESERVED);
	assert_int_equal(memmap_type_of_efi(9, 0xf), MEMMAP_ACPI);
	assert_int_equal(memmap_type_of_efi(~0u, 0xf), MEMMAP_RESERVED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(normalises_anything),
		cmocka_unit_test(leaves_out_what_wraps),
		cmocka_unit_test(says_when_full),
		cmocka_unit_test(clips_ram),
		cmocka_unit_test(efi_types),
	};

	return cmocka_run_group_tests_name("memmap", tests, NULL, NULL);
}
