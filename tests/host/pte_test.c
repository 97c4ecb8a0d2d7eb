// SPDX-License-Identifier: GPL-2.0-or-later
/* The rules for entries, bit by bit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pv/pte.h>

#define BASE (0x1234000UL | PTE_P | PTE_US)

static void forbidden_bits_are_found_at_each_level(void **state)
{
	(void)state;
	for (unsigned int bit = 1; bit < 64; bit++) {
		uint64_t e = BASE | BIT(bit);
		bool addr = PTE_ADDR & BIT(bit);
		bool plain = addr || bit >= 52 || (bit >= 9 && bit <= 11) ||
			     (BIT(bit) & (PTE_RW | PTE_US | PTE_A | PTE_D));
		bool cache = BIT(bit) & PTE_CACHE;

		assert_int_equal(pte_bits_ok(1, e, false),
				 plain || bit == 8);
		assert_int_equal(pte_bits_ok(1, e, true),
				 plain || cache || bit == 8);
		for (unsigned int level = 2; level <= 4; level++)
			assert_int_equal(pte_bits_ok(level, e, true), plain);
	}
}

static void stored_entries_are_for_users_and_not_global(void **state)
{
	(void)state;
	assert_int_equal(pte_stored(1, 0x5000 | PTE_P | PTE_G),
			 0x5000 | PTE_P | PTE_US);
	assert_int_equal(pte_stored(3, 0x5000 | PTE_P),
			 0x5000 | PTE_P | PTE_US);
	/* What is not present is the guest's: swap entries, PROT_NONE. */
	assert_int_equal(pte_stored(1, 0x5000 | PTE_G), 0x5000 | PTE_G);
}

/* Only harmless changes, and losing RW, may skip validation. */
static void the_short_way_is_narrow(void **state)
{
	uint64_t harmless = PTE_A | PTE_D | PTE_AVAIL | PTE_AVAIL_HIGH | PTE_NX;

	(void)state;
	for (unsigned int bit = 0; bit < 64; bit++) {
		uint64_t b = BIT(bit);
		bool ok = b & harmless;

		for (unsigned int level = 1; level <= 4; level++) {
			uint64_t e = BASE & ~b;
			bool up = ok || (level > 1 && b == PTE_RW);
			bool down = ok || b == PTE_RW;

			if (b == PTE_P || b == PTE_US)
				up = down = false;
			assert_int_equal(pte_keeps_target(level, e, e | b), up);
			assert_int_equal(pte_keeps_target(level, e | b, e),
					 down);
		}
	}
	assert_false(pte_keeps_target(1, 0, 0));
}

static void indexes_follow_the_address(void **state)
{
	gva_t va = (3UL << 39) | (5UL << 30) | (7UL << 21) | (11UL << 12) | 99;

	(void)state;
	assert_int_equal(pt_index(va, 4), 3);
	assert_int_equal(pt_index(va, 3), 5);
	assert_int_equal(pt_index(va, 2), 7);
	assert_int_equal(pt_index(va, 1), 11);
	assert_int_equal(pt_index(0xffff800000000000, 4), 256);
	assert_true(pt_slot_is_ours(4, 256) && pt_slot_is_ours(4, 271));
	assert_false(pt_slot_is_ours(4, 255) || pt_slot_is_ours(4, 272) ||
		     pt_slot_is_ours(3, 260));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forbidden_bits_are_found_at_each_level),
		cmocka_unit_test(stored_entries_are_for_users_and_not_global),
		cmocka_unit_test(the_short_way_is_narrow),
		cmocka_unit_test(indexes_follow_the_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
