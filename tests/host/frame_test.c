// SPDX-License-Identifier: GPL-2.0-or-later
/* Frames and their owners: references, quotas, stealing, sharing, teardown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "mmu_machine.h"

static int setup(void **state)
{
	(void)state;
	mach_reset(MACH_FRAMES);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < MACH_DOMAINS; i++)
		mach_teardown(i, 5);
	assert_null(mach_check_empty());
	return 0;
}

static void only_the_owner_gets_references(void **state)
{
	mfn_t m = mach_alloc(1);

	(void)state;
	assert_true(frame_get(m, mach_domain(1)));
	assert_false(frame_get(m, mach_domain(2)));
	assert_false(frame_get(mfn(~0UL), mach_domain(1)));
	assert_false(frame_get(mfn(MACH_MMIO), mach_domain(1)));
	assert_false(frame_get(mfn(0), mach_domain(0)));
	frame_put(m);
}

static void a_frame_lives_as_long_as_it_is_referred_to(void **state)
{
	mfn_t m = mach_alloc(1);
	uint64_t free = buddy_free_count();

	(void)state;
	assert_true(frame_get(m, mach_domain(1)));
	assert_int_equal(domain_free_frame(mach_domain(1), m), 0);
	assert_int_equal(domain_free_frame(mach_domain(1), m), -EINVAL);
	assert_int_equal(buddy_free_count(), free);
	assert_int_equal(mach_domain(1)->page_count, 1);
	frame_put(m);
	assert_int_equal(buddy_free_count(), free + 1);
	assert_false(frame_get(m, mach_domain(1)));
	assert_int_equal(mach_domain(1)->refs, 1);
}

static void limits_hold(void **state)
{
	struct domain *d = mach_domain(1);
	mfn_t m;

	(void)state;
	d->page_max = 5;
	assert_int_equal(domain_alloc_frames(d, 2, 0, &m), 0);
	assert_int_equal(domain_alloc_frames(d, 1, 0, &m), -ENOMEM);
	assert_int_equal(domain_alloc_frames(d, 0, 0, &m), 0);
	assert_int_equal(domain_alloc_frames(d, 0, 0, &m), -ENOMEM);
	assert_int_equal(domain_alloc_frames(d, 63, 0, &m), -ENOMEM);
	d->life = DOMAIN_DYING;
	d->page_max = 100;
	assert_int_equal(domain_alloc_frames(d, 0, 0, &m), -EINVAL);
	d->life = DOMAIN_ALIVE;
}

static void stealing_needs_the_last_reference(void **state)
{
	mfn_t m = mach_alloc(1);

	(void)state;
	*pt_entry(m, 3) = 77;
	assert_int_equal(domain_steal_frame(mach_domain(2), m), -EINVAL);
	assert_true(frame_get_writable(m, mach_domain(1)));
	assert_int_equal(domain_steal_frame(mach_domain(1), m), -EBUSY);
	frame_put_writable(m);
	assert_int_equal(domain_steal_frame(mach_domain(1), m), 0);
	assert_false(frame_get(m, mach_domain(1)));
	assert_int_equal(mach_domain(1)->page_count, 0);
	assert_int_equal(domain_assign_frame(mach_domain(2), m), 0);
	assert_int_equal(domain_assign_frame(mach_domain(1), m), -EINVAL);
	assert_int_equal(*pt_entry(m, 3), 77);
	assert_null(mach_check());
}

static void a_dropped_frame_cannot_be_stolen(void **state)
{
	mfn_t m = mach_alloc(1);

	(void)state;
	assert_true(frame_get(m, mach_domain(1)));
	domain_free_frame(mach_domain(1), m);
	assert_int_equal(domain_steal_frame(mach_domain(1), m), -EBUSY);
	frame_put(m);
	assert_int_equal(domain_steal_frame(mach_domain(1), m), -EINVAL);
}

static void shared_frames_outlive_the_domain(void **state)
{
	void *p = pages_alloc(0), *q = pages_alloc(0);
	mfn_t m = frame_of(p), ro = frame_of(q);
	struct domain *d = mach_domain(1);

	(void)state;
	frame_share_with(m, d, false);
	frame_share_with(ro, d, true);
	assert_int_equal(d->refs, 2);
	assert_true(frame_get_writable(m, d));
	assert_false(frame_get_writable(ro, d));
	assert_true(frame_get(ro, d));
	/* The hypervisor writes it: it must never be a table. */
	assert_int_equal(ptype_pin(m, PTYPE_L1, d, NULL), -EBUSY);
	assert_int_equal(ptype_pin(ro, PTYPE_L1, d, NULL), -EBUSY);
	assert_int_equal(domain_free_frame(d, m), -EINVAL);
	assert_int_equal(domain_steal_frame(d, m), -EBUSY);
	frame_unshare(m, d);
	frame_unshare(ro, d);
	assert_int_equal(d->heap_frames, 2);
	frame_put_writable(m);
	frame_put(ro);
	assert_int_equal(d->heap_frames, 0);
	assert_int_equal(d->refs, 1);
	frame_unshared(m);
	frame_unshared(ro);
	pages_free(p, 0);
	pages_free(q, 0);
}

static void teardown_waits_for_foreign_mappings(void **state)
{
	mfn_t m = mach_alloc(1), n = mach_alloc(1);

	(void)state;
	(void)n;
	assert_true(frame_get(m, mach_domain(1)));
	mach_teardown(1, 1);
	assert_int_equal(mach_domain(1)->page_count, 1);
	assert_int_equal(mach_domain(1)->refs, 2);
	frame_put(m);
	assert_int_equal(mach_domain(1)->refs, 1);
}

static void types_exclude_each_other(void **state)
{
	static const enum ptype all[] = { PTYPE_L1, PTYPE_L2, PTYPE_L3,
					  PTYPE_L4, PTYPE_SEGDESC,
					  PTYPE_WRITABLE };
	mfn_t m = mach_alloc(1);

	(void)state;
	assert_true(frame_get(m, mach_domain(1)));
	for (unsigned int i = 0; i < ARRAY_SIZE(all); i++) {
		assert_int_equal(ptype_get(m, all[i], NULL), 0);
		assert_int_equal(ptype_of(m), all[i]);
		for (unsigned int k = 0; k < ARRAY_SIZE(all); k++) {
			int rc = ptype_get(m, all[k], NULL);

			assert_int_equal(rc, i == k ? 0 : -EBUSY);
			if (!rc)
				ptype_put_now(m);
		}
		ptype_put_now(m);
		assert_int_equal(ptype_of(m), PTYPE_NONE);
	}
	frame_put(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		T(only_the_owner_gets_references),
		T(a_frame_lives_as_long_as_it_is_referred_to),
		T(limits_hold),
		T(stealing_needs_the_last_reference),
		T(a_dropped_frame_cannot_be_stolen),
		T(shared_frames_outlive_the_domain),
		T(teardown_waits_for_foreign_mappings),
		T(types_exclude_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
