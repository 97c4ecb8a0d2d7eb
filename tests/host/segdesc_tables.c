// SPDX-License-Identifier: GPL-2.0-or-later
/* pv/segdesc: what may be in a descriptor table, and who holds its frames. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <hypercall/hypercall.h>
#include <mm/ptype.h>
#include <pv/segdesc.h>
#include "port_fake.h"

#define CODE64 0x00af9b000000ffffUL /* DPL 0 */
#define DATA 0x00cff3000000ffffUL /* DPL 3 */
#define TSS 0x0000890000000067UL
#define CALL_GATE 0x00008c0000e03300UL
#define INT_GATE 0x0000ee0000e03300UL
#define LDT_DESC 0x0000820000000067UL

static struct domain *d;
static struct vcpu *v;

static int setup(void **state)
{
	(void)state;
	d = fake_domain(1, 1);
	d->page_max = 64;
	v = d->vcpus[0];
	fake_settle();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fake_destroy(d);
	assert_null(fake_check());
	return 0;
}

static uint64_t *table(mfn_t m)
{
	return frame_map(m);
}

static long set_gdt(const mfn_t *f, unsigned int n, uint64_t entries)
{
	memcpy(fake_buf, f, n * sizeof(*f));
	return fake_hypercall(v, __HYPERVISOR_set_gdt, FAKE_BUF, entries, 0,
			      0);
}

static void descriptors(void **state)
{
	static const uint64_t bad[] = { TSS, CALL_GATE, INT_GATE, LDT_DESC,
					0x00008f0000000000 };
	uint64_t desc = CODE64;

	(void)state;
	assert_true(segdesc_check(&desc));
	assert_int_equal(DESC_DPL(desc), 3);
	desc = DATA;
	assert_true(segdesc_check(&desc));
	assert_int_equal(desc, DATA);
	for (size_t k = 0; k < ARRAY_SIZE(bad); k++) {
		desc = bad[k];
		assert_false(segdesc_check(&desc));
		desc = bad[k] & ~DESC_P; /* absent ones never load */
		assert_true(segdesc_check(&desc));
	}
	/* No descriptor that passes may be a system one. */
	for (uint64_t k = 0; k < 256; k++) {
		desc = k << 40;
		if (segdesc_check(&desc) && (desc & DESC_P))
			assert_true((desc & DESC_S) || DESC_TYPE(desc) == 0);
	}
	assert_int_equal(segdesc_base(0x12cf93345678ffffUL), 0x12345678);
}

static void a_gdt_is_checked_and_held(void **state)
{
	mfn_t f[2] = { fake_frame(d), fake_frame(d) };

	(void)state;
	table(f[0])[1] = CODE64;
	table(f[1])[7] = DATA;
	assert_int_equal(set_gdt(f, 2, 600), 0);
	assert_int_equal(ptype_of(f[0]), PTYPE_SEGDESC);
	assert_int_equal(DESC_DPL(table(f[0])[1]), 3);
	assert_false(frame_get_writable(f[0], d));
	assert_int_equal(segdesc_lookup(v, 8 | 3), table(f[0])[1]);
	assert_int_equal(segdesc_lookup(v, (512 + 7) * 8), DATA);
	assert_int_equal(segdesc_lookup(v, 600 * 8), 0);
	assert_int_equal(segdesc_lookup(v, 3), 0);
	assert_true(segdesc_lookup(v, FLAT_RING3_CS64) & DESC_L);

	/* A bad one changes nothing. */
	mfn_t bad[2] = { f[0], fake_frame(d) };

	table(bad[1])[0] = CALL_GATE;
	assert_int_equal(set_gdt(bad, 2, 1024), -EINVAL);
	assert_int_equal(v->pv.gdt_entries, 600);
	assert_int_equal(ptype_count(f[0]), 1);
	assert_int_equal(ptype_count(bad[1]), 0);

	assert_int_equal(set_gdt(f, 0, 0), 0);
	assert_true(frame_get_writable(f[0], d));
	frame_put_writable(f[0]);
}

static void gdt_limits(void **state)
{
	mfn_t f[PV_GDT_FRAMES];

	(void)state;
	for (unsigned int i = 0; i < PV_GDT_FRAMES; i++)
		f[i] = fake_frame(d);
	assert_int_equal(set_gdt(f, PV_GDT_FRAMES, 7168), 0);
	assert_int_equal(set_gdt(f, PV_GDT_FRAMES, 7169), -EINVAL);
	assert_int_equal(set_gdt(f, PV_GDT_FRAMES, 1UL << 32), -EINVAL);
	f[0] = mfn(~0UL);
	assert_int_equal(set_gdt(f, 1, 1), -EINVAL);
	assert_int_equal(fake_hypercall(v, __HYPERVISOR_set_gdt,
					0xffff830000000000, 512, 0, 0),
			 -EFAULT);
	assert_int_equal(v->pv.gdt_entries, 7168);
}

static long update(mfn_t m, unsigned int offset, uint64_t desc)
{
	return fake_hypercall(v, __HYPERVISOR_update_descriptor,
			      mfn_to_paddr(m) + offset, desc, 0, 0);
}

static void single_updates(void **state)
{
	mfn_t f = fake_frame(d), plain = fake_frame(d);

	(void)state;
	assert_int_equal(set_gdt(&f, 1, 512), 0);
	assert_int_equal(update(f, 16, CODE64), 0);
	assert_int_equal(table(f)[2], CODE64 | DESC_DPL_MASK);
	assert_int_equal(update(f, 17, CODE64), -EINVAL);
	assert_int_equal(update(f, 24, CALL_GATE), -EINVAL);
	assert_int_equal(table(f)[3], 0);
	assert_int_equal(update(plain, 8, DATA), 0);
	assert_int_equal(table(plain)[1], DATA);
	assert_int_equal(update(mfn(3), 8, DATA), -EINVAL); /* not its own */
	assert_int_equal(update(mfn(1UL << 40), 8, DATA), -EINVAL);
	assert_int_equal(ptype_count(plain), 0);
}

static void ldt_limits(void **state)
{
	(void)state;
	assert_int_equal(pv_set_ldt(v, 0x1000, 8192), 0);
	assert_int_equal(pv_set_ldt(v, 0x1000, 8193), -EINVAL);
	assert_int_equal(pv_set_ldt(v, 0x1001, 1), -EINVAL);
	assert_int_equal(pv_set_ldt(v, 0xffff800000000000, 1), -EINVAL);
	assert_int_equal(pv_set_ldt(v, 0x7ffffffff000, 513), -EINVAL);
	assert_int_equal(v->pv.ldt_entries, 8192);
	/* No tables yet: a fault in the window finds nothing. */
	assert_false(pv_ldt_fault(v, 0));
	assert_false(pv_ldt_fault(v, ~0UL));
	assert_int_equal(pv_set_ldt(v, 0, 0), 0);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(descriptors), TEST(a_gdt_is_checked_and_held),
		TEST(gdt_limits), TEST(single_updates), TEST(ldt_limits),
	};

	fake_start(2);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
