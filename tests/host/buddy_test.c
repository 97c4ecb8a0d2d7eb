// SPDX-License-Identifier: GPL-2.0-or-later
/* The buddy allocator: no frame twice, none lost, limits and claims kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <lib/str.h>
#include <port/tlb.h>
#include "mmu_machine.h"

#define BLOCKS 300

struct block {
	mfn_t first;
	unsigned int order;
};

static int setup(void **state)
{
	(void)state;
	mach_reset(MACH_FRAMES);
	return 0;
}

static void fill(const struct block *b, uint8_t val)
{
	memset(frame_map(b->first), val, PAGE_SIZE << b->order);
}

static bool is_filled(const struct block *b, uint8_t val)
{
	const uint8_t *p = frame_map(b->first);

	for (size_t i = 0; i < PAGE_SIZE << b->order; i += 512)
		if (p[i] != val)
			return false;
	return true;
}

static void blocks_are_disjoint_aligned_and_zero(void **state)
{
	struct block b[BLOCKS];
	uint64_t total = buddy_free_count();
	unsigned int n = 0;

	(void)state;
	srand(7);
	for (unsigned int step = 0; step < 4000; step++) {
		unsigned int k = n ? (unsigned int)rand() % n : 0;

		if (n < BLOCKS && (rand() & 1)) {
			b[n].order = (unsigned int)rand() % 5;
			b[n].first = buddy_alloc(b[n].order, 0);
			if (mfn_eq(b[n].first, MFN_NONE))
				continue;
			assert_true(IS_ALIGNED(b[n].first.v,
					       BIT(b[n].order)));
			assert_true(is_filled(&b[n], 0));
			fill(&b[n], (uint8_t)(b[n].first.v | 1));
			n++;
		} else if (n) {
			assert_true(is_filled(&b[k],
					      (uint8_t)(b[k].first.v | 1)));
			buddy_free(b[k].first, b[k].order);
			b[k] = b[--n];
		}
		for (int i = rand() % 8; i > 0; i--)
			scrub_step();
	}
	while (n--)
		buddy_free(b[n].first, b[n].order);
	assert_int_equal(buddy_free_count(), total);
}

static void blocks_join_again(void **state)
{
	mfn_t big = buddy_alloc(9, 0), small[256];
	unsigned int n = 0;

	(void)state;
	assert_false(mfn_eq(big, MFN_NONE));
	buddy_free(big, 9);
	while (n < 256 && !mfn_eq(small[n] = buddy_alloc(0, 0), MFN_NONE))
		n++;
	while (n--)
		buddy_free(small[n], 0);
	big = buddy_alloc(9, 0);
	assert_false(mfn_eq(big, MFN_NONE));
	buddy_free(big, 9);
}

/* Free blocks of 2^@order: takes all, tells how many, gives them back. */
static unsigned int count_blocks(unsigned int order)
{
	mfn_t m, list = mfn(0);
	unsigned int n = 0;

	for (; !mfn_eq(m = buddy_alloc(order, 0), MFN_NONE); n++) {
		*pt_entry(m, 0) = list.v;
		list = m;
	}
	while (list.v) {
		m = mfn(*pt_entry(list, 0));
		buddy_free(list, order);
		list = m;
	}
	return n;
}

static void freed_memory_is_scrubbed_when_idle(void **state)
{
	struct block b = { buddy_alloc(5, 0), 5 };
	uint64_t free;
	unsigned int steps = 0;

	(void)state;
	assert_false(mfn_eq(b.first, MFN_NONE));
	fill(&b, 0xa5);
	buddy_free(b.first, b.order);
	free = buddy_free_count();
	while (scrub_step())
		assert_true(++steps < 2 * MACH_FRAMES);
	assert_true(is_filled(&b, 0));
	assert_true(steps >= 32);
	assert_int_equal(buddy_free_count(), free);
	assert_false(scrub_step());
}

/* What is scrubbed and what is not lie side by side: no block is lost. */
static void scrubbing_keeps_large_blocks(void **state)
{
	unsigned int before = count_blocks(8);

	(void)state;
	for (unsigned int steps = 0; steps < 600; steps++) {
		mfn_t m = buddy_alloc(steps % 3, 0);

		assert_false(mfn_eq(m, MFN_NONE));
		for (unsigned int i = 0; i < steps; i++)
			scrub_step();
		buddy_free(m, steps % 3);
		if (steps % 50 == 0)
			assert_int_equal(count_blocks(8), before);
	}
	while (scrub_step())
		;
	assert_int_equal(count_blocks(8), before);
}

/* A guest's other CPU may still write through an old translation. */
static void stale_translations_go_before_scrubbing(void **state)
{
	struct block b = { buddy_alloc(0, 0), 0 };
	uint64_t flushes;

	(void)state;
	while (scrub_step())
		;
	fill(&b, 0x5a);
	frame_at(b.first)->stamp = tlb_clock();
	buddy_free(b.first, 0);
	flushes = mach_flushes;
	assert_true(scrub_step());
	assert_int_equal(mach_flushes, flushes + 1);
	assert_true(is_filled(&b, 0x5a));
	while (scrub_step())
		;
	assert_int_equal(mach_flushes, flushes + 1);
	assert_true(is_filled(&b, 0));
}

static void address_limits_hold(void **state)
{
	mfn_t m = buddy_alloc(0, 16), none = buddy_alloc(0, 12);

	(void)state;
	assert_true(m.v < 16);
	assert_true(mfn_eq(none, MFN_NONE));
	buddy_free(m, 0);
	assert_true(mfn_eq(buddy_alloc(BUDDY_ORDER_MAX + 1, 0), MFN_NONE));
	assert_true(mfn_eq(buddy_alloc(~0U, 0), MFN_NONE));
}

static void claims_keep_frames_back(void **state)
{
	struct domain *d = mach_domain(1);
	uint64_t all = buddy_free_count(), taken = 0;
	mfn_t m, list = mfn(0);

	(void)state;
	assert_int_equal(domain_claim_frames(d, all + 1), -ENOMEM);
	assert_int_equal(domain_claim_frames(d, 100), 0);
	assert_int_equal(domain_claim_frames(d, 50), -EINVAL);
	while (!mfn_eq(m = buddy_alloc(0, 0), MFN_NONE)) {
		*pt_entry(m, 0) = list.v;
		list = m;
		taken++;
	}
	assert_int_equal(taken, all - 100);
	assert_false(mfn_eq(mach_alloc(1), MFN_NONE));
	assert_int_equal(buddy_claimed(), 99);
	assert_true(mfn_eq(mach_alloc(2), MFN_NONE));
	while (list.v) {
		m = mfn(*pt_entry(list, 0));
		buddy_free(list, 0);
		list = m;
	}
	mach_teardown(1, 10);
	assert_int_equal(buddy_claimed(), 0);
	assert_null(mach_check_empty());
}

static void a_run_is_contiguous(void **state)
{
	mfn_t m = buddy_alloc_run(77);

	(void)state;
	assert_false(mfn_eq(m, MFN_NONE));
	for (unsigned int i = 0; i < 77; i++)
		assert_int_equal(frame_at(mfn_add(m, i))->refs,
				 FRAME_RAM | FRAME_HV | 1);
	buddy_free_run(m, 77);
	assert_null(mach_check_empty());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(blocks_are_disjoint_aligned_and_zero,
				       setup),
		cmocka_unit_test_setup(blocks_join_again, setup),
		cmocka_unit_test_setup(freed_memory_is_scrubbed_when_idle,
				       setup),
		cmocka_unit_test_setup(scrubbing_keeps_large_blocks, setup),
		cmocka_unit_test_setup(stale_translations_go_before_scrubbing,
				       setup),
		cmocka_unit_test_setup(address_limits_hold, setup),
		cmocka_unit_test_setup(claims_keep_frames_back, setup),
		cmocka_unit_test_setup(a_run_is_contiguous, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
