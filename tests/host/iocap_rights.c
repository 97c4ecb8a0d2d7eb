// SPDX-License-Identifier: GPL-2.0-or-later
/* lib/rangeset against a bitmap, and pv/iocap's rules on top of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <lib/rangeset.h>
#include <pv/pv.h>
#include "port_fake.h"

#define UNIVERSE 64
#define ROOM 40

static uint32_t rnd(uint32_t n)
{
	static uint64_t s = 0x1234567;

	s = s * 6364136223846793005UL + 1442695040888963407UL;
	return (uint32_t)(s >> 33) % n;
}

/* Sorted, disjoint, not even touching. */
static void well_formed(const struct rangeset *s)
{
	for (uint32_t i = 0; i < s->count; i++) {
		assert_true(s->r[i].first <= s->r[i].last);
		if (i)
			assert_true(s->r[i - 1].last + 1 < s->r[i].first);
	}
}

static void ranges_are_sets(void **state)
{
	struct range r[ROOM];
	struct rangeset s = { .r = r, .room = ROOM };
	bool in[UNIVERSE] = { false };

	(void)state;
	for (unsigned int n = 0; n < 20000; n++) {
		uint32_t a = rnd(UNIVERSE), b = a + rnd(UNIVERSE - a);
		bool on = rnd(2), all = true;

		assert_int_equal(on ? rangeset_add(&s, a, b) :
				      rangeset_remove(&s, a, b), 0);
		for (uint32_t k = a; k <= b; k++)
			in[k] = on;
		well_formed(&s);
		a = rnd(UNIVERSE);
		b = a + rnd(UNIVERSE - a);
		for (uint32_t k = a; k <= b; k++)
			all = all && in[k];
		assert_int_equal(rangeset_contains(&s, a, b), all);
	}
}

static void the_ends_of_the_numbers(void **state)
{
	struct range r[3];
	struct rangeset s = { .r = r, .room = 3 };

	(void)state;
	assert_int_equal(rangeset_add(&s, 5, 4), -EINVAL);
	assert_int_equal(rangeset_add(&s, 0, ~0UL), 0);
	assert_int_equal(rangeset_remove(&s, ~0UL, ~0UL), 0);
	assert_int_equal(rangeset_remove(&s, 0, 0), 0);
	assert_true(rangeset_contains(&s, 1, ~0UL - 1));
	assert_false(rangeset_contains(&s, 0, 1));
	assert_int_equal(rangeset_remove(&s, 10, 10), 0);
	assert_int_equal(rangeset_remove(&s, 20, 20), 0);
	/* Full: nothing changes, but what needs no room works. */
	assert_int_equal(rangeset_remove(&s, 30, 30), -ENOSPC);
	assert_true(rangeset_contains(&s, 30, 30));
	assert_int_equal(rangeset_add(&s, 10, 10), 0);
	assert_int_equal(s.count, 2);
}

static void rights_of_domains(void **state)
{
	struct domain *zero = fake_domain(0, 1), *d = fake_domain(1, 1);

	(void)state;
	assert_true(iocap_port_ok(zero, 0x60, 1));
	assert_true(iocap_port_ok(zero, 0x170, 8));
	assert_false(iocap_port_ok(zero, 0x20, 1)); /* ours */
	assert_false(iocap_port_ok(zero, 0x3f, 2)); /* reaches into ours */
	assert_false(iocap_port_ok(zero, 0xcf8, 4));
	assert_false(iocap_port_ok(zero, 0xffff, 2));
	assert_false(iocap_port_ok(zero, 0x60, 0));
	assert_false(iocap_mmio_ok(zero, mfn(0xfee00)));
	assert_true(iocap_mmio_ok(zero, mfn(0xfed00)));
	assert_false(iocap_mmio_ok(zero, fake_frame(d))); /* RAM never is */
	assert_false(iocap_mmio_range_ok(zero, 0xfed00, 0));
	assert_false(iocap_mmio_range_ok(zero, 0xfed00, 0x200));
	assert_false(iocap_mmio_range_ok(zero, 5, ~0UL));

	assert_false(iocap_port_ok(d, 0x60, 1));
	assert_false(iocap_mmio_ok(d, mfn(0xfed00)));
	assert_false(iocap_irq_ok(d, 3));
	assert_int_equal(iocap_permit_ports(d, 0x60, 4, true), 0);
	assert_int_equal(iocap_permit_ports(d, 0x62, 1, false), 0);
	assert_true(iocap_port_ok(d, 0x60, 2));
	assert_false(iocap_port_ok(d, 0x61, 2));
	assert_int_equal(iocap_permit_ports(d, 0, 0, true), -EINVAL);
	assert_int_equal(iocap_permit_ports(d, 0xffff, 2, true), -EINVAL);
	assert_int_equal(iocap_permit_ports(d, ~0U, 2, true), -EINVAL);
	assert_int_equal(iocap_permit_irq(d, 3, true), 0);
	assert_true(iocap_irq_ok(d, 3));
	/* A set grows as far as it must, and no further than it may. */
	for (uint32_t k = 0; k < 9000; k += 2)
		if (iocap_permit_irq(d, k, true)) {
			assert_true(k > 2000);
			break;
		}
	assert_true(iocap_irq_ok(d, 0));
	assert_false(iocap_irq_ok(d, 1));
	fake_destroy(d);
	vcpu_hw_free(zero->vcpus[0]);
	assert_null(fake_check());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_are_sets),
		cmocka_unit_test(the_ends_of_the_numbers),
		cmocka_unit_test(rights_of_domains),
	};

	fake_start(2);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
