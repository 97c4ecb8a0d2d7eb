// SPDX-License-Identifier: GPL-2.0-or-later
/* The hypervisor's own page tables, as they grow while it runs. */
#include "core_test.h"
#include <x86/bootmem.h>
#include <x86/pagemap.h>

#define VA 0xffff819000000000UL
#define RIGHTS (PTE_P | PTE_RW)

static uint64_t l4[512] __attribute__((aligned(4096)));

/* Only before there is an allocator. */
void *bootmem_page(void)
{
	abort();
}

static void what_is_added_is_found(void **state)
{
	(void)state;
	assert_int_equal(pagemap_try_add(l4, VA, 0xfe001000, 0x3000, RIGHTS),
			 0);
	assert_int_equal(pagemap_lookup(l4, VA), 0xfe001000);
	assert_int_equal(pagemap_lookup(l4, VA + 0x2fff), 0xfe003fff);
	assert_int_equal(pagemap_lookup(l4, VA + 0x3000), 0);
	/* In large pages, where that fits. */
	assert_int_equal(pagemap_try_add(l4, VA + (4UL << 20), 0x80000000,
					 (2UL << 20) + 4096, RIGHTS), 0);
	assert_int_equal(pagemap_lookup(l4, VA + (6UL << 20)), 0x80200000);
}

/* It is no reason to end the host: a device that cannot be mapped is. */
static void without_memory_it_fails(void **state)
{
	uint64_t va = VA + (1UL << 39); /* three tables are missing */

	(void)state;
	for (unsigned int nth = 1; nth <= 3; nth++) {
		fake_fail_alloc(nth);
		assert_int_equal(pagemap_try_add(l4, va, 0xfe000000, 0x1000,
						 RIGHTS), -ENOMEM);
		assert_int_equal(pagemap_lookup(l4, va), 0);
		fake_fail_alloc(0);
		va += 1UL << 39;
	}
	assert_int_equal(pagemap_try_add(l4, va, 0xfe000000, 0x1000, RIGHTS),
			 0);
	assert_int_equal(pagemap_lookup(l4, va), 0xfe000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_added_is_found),
		cmocka_unit_test(without_memory_it_fails),
	};

	fake_start(1);
	pagemap_use_allocator();
	return cmocka_run_group_tests_name("page maps", tests, NULL, NULL);
}
