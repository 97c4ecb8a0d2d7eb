// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * domain/cpupolicy on a processor made of a table: what guests see of it, in
 * which order toolstacks get it, and that they cannot ask for more.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <domain/cpupolicy.h>
#include <pv/pv_priv.h>
#include <x86/x86.h>
#include "port_fake.h"

#define NS XEN_CPUID_NO_SUBLEAF

/* A desktop processor with AVX, TSX, SMEP, SMAP, VMX and MONITOR. */
static const struct xen_cpuid_leaf hardware[] = {
	{ 0, 0, 0x16, 0x756e6547, 0x6c65746e, 0x49656e69 },
	{ 1, 0, 0x306c1, 0x05020800, 0x7ffefbff, 0xbfebfbff },
	{ 2, 0, 1, 0, 0x4d, 0x2c307d },
	{ 4, 0, 0x121, 1, 2, 3 },
	{ 4, 1, 0x143, 1, 2, 3 },
	{ 5, 0, 0x40, 0x40, 3, 0x11142120 },
	{ 6, 0, 0x77, 2, 9, 0 },
	{ 7, 0, 1, 0x009c6fbb, 0x0000001c, 0xbc000400 },
	{ 7, 1, 0x10, 0, 0, 0 },
	{ 0xb, 0, 1, 2, 0x100, 5 },
	{ 0xd, 0, 0x21f, 0x440, 0x440, 0 },
	{ 0xd, 1, 0xf, 0x340, 0x100, 0 },
	{ 0xd, 2, 0x100, 0x240, 0, 0 },
	{ 0xd, 3, 0x40, 0x3c0, 0, 0 },
	{ 0xd, 9, 8, 0xa80, 0, 0 },
	{ 0x80000000, 0, 0x80000008, 0, 0, 0 },
	{ 0x80000001, 0, 0, 0, 0x121, 0x2c100800 },
	{ 0x80000007, 0, 0, 0, 0, 0x100 },
	{ 0x80000008, 0, 0x3027, 0, 7, 7 },
};

void __wrap_x86_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t out[4]);

void __wrap_x86_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
	memset(out, 0, 16);
	for (size_t k = 0; k < ARRAY_SIZE(hardware); k++)
		if (hardware[k].leaf == leaf && hardware[k].subleaf == subleaf)
			memcpy(out, &hardware[k].a, 16);
}

static struct domain *d;
static struct vcpu *v;
static struct cpu_policy policy;
static struct xen_cpuid_leaf list[CPU_POLICY_LEAVES];
static uint32_t out[4], err_leaf, err_subleaf;

static int setup(void **state)
{
	(void)state;
	d = fake_domain(1, 1);
	v = d->vcpus[0];
	fake_settle();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fake_destroy(d);
	return 0;
}

static void what_a_guest_sees(void **state)
{
	(void)state;
	pv_cpuid(v, 1, 0, out);
	assert_int_equal(out[1], 0x00020800); /* no APIC id, no brand */
	assert_true(out[2] & BIT(31)); /* under a hypervisor */
	assert_false(out[2] & (BIT(5) | BIT(3) | BIT(17) | BIT(21)));
	assert_false(out[3] & (BIT(3) | BIT(12) | BIT(17)));
	pv_cpuid(v, 7, 0, out);
	assert_false(out[1] & (BIT(4) | BIT(7) | BIT(11) | BIT(20)));
	assert_false(out[3] & (BIT(26) | BIT(27) | BIT(31)));
	pv_cpuid(v, 5, 0, out);
	assert_int_equal(out[0] | out[1] | out[2] | out[3], 0);
	pv_cpuid(v, 0x80000008, 0, out);
	assert_int_equal(out[2], 0);
	pv_cpuid(v, 0x16, 0, out);
	assert_int_equal(out[0] | out[1] | out[2] | out[3], 0);
	pv_cpuid(v, ~0U, ~0U, out);
	assert_int_equal(out[0] | out[1] | out[2] | out[3], 0);
}

static void extended_state(void **state)
{
	(void)state;
	pv_cpuid(v, 0xd, 0, out);
	assert_int_equal(out[0], 7); /* no MPX, no protection keys */
	assert_int_equal(out[2], 0x340);
	assert_int_equal(out[1], 576);
	v->hw.xcr0 = 7;
	pv_cpuid(v, 0xd, 0, out);
	assert_int_equal(out[1], 0x340);
	pv_cpuid(v, 0xd, 1, out);
	assert_int_equal(out[0], 7); /* no supervisor states */
	assert_int_equal(out[1], 0x340);
	pv_cpuid(v, 0xd, 9, out);
	assert_int_equal(out[0], 0);
	assert_int_equal(cpu_policy_xcr0(d), 7);
	v->hw.xcr0 = 1;
}

static void hypervisor_leaves(void **state)
{
	(void)state;
	pv_cpuid(v, 0x40000000, 0, out);
	assert_memory_equal(&out[1], "XenVMMXenVMM", 12);
	assert_int_equal(out[0], 0x40000005);
	pv_cpuid(v, 0x40000001, 0, out);
	assert_int_equal(out[0], 0x40011);
	pv_cpuid(v, 0x40000002, 0, out);
	assert_int_equal(out[0], 1);
	pv_cpuid(v, 0x40000005, 0, out);
	assert_true(out[1] >= 26 && out[1] <= 52);
	pv_cpuid(v, 0x40000006, 0, out);
	assert_int_equal(out[0], 0);
}

/* The order and the number that Xen's own library gives for such a CPU. */
static void serialised(void **state)
{
	static const uint32_t leaves[] = {
		0, 1, 2, 3, 4, 4, 4, 5, 6, 7, 7, 8, 9, 0xa, 0xb, 0xc, 0xd,
		0xd, 0xd, 0x40000000, 0x40000100, 0x80000000, 0x80000001,
		0x80000002, 0x80000003, 0x80000004, 0x80000005, 0x80000006,
		0x80000007, 0x80000008,
	};
	uint32_t n;

	(void)state;
	cpu_policy_system(CPU_POLICY_PV_DEFAULT, &policy);
	n = cpu_policy_serialise(&policy, list);
	assert_int_equal(n, ARRAY_SIZE(leaves));
	for (uint32_t k = 0; k < n; k++)
		assert_int_equal(list[k].leaf, leaves[k]);
	assert_int_equal(list[6].subleaf, 2);
	assert_int_equal(list[6].a, 0);
	assert_int_equal(list[10].subleaf, 1);
	cpu_policy_system(CPU_POLICY_HVM_MAX, &policy);
	assert_int_equal(cpu_policy_serialise(&policy, list), 4);
}

static void a_policy_survives_a_round_trip(void **state)
{
	static struct xen_cpuid_leaf again[CPU_POLICY_LEAVES];
	uint32_t n = cpu_policy_serialise(d->cpu_policy, list);

	(void)state;
	assert_int_equal(cpu_policy_set(d, list, n, &err_leaf, &err_subleaf),
			 0);
	assert_int_equal(cpu_policy_serialise(d->cpu_policy, again), n);
	assert_memory_equal(list, again, n * sizeof(list[0]));
}

static void nobody_gets_more_than_there_is(void **state)
{
	uint32_t words[CPU_FEATURE_WORDS], max[CPU_FEATURE_WORDS];
	struct xen_cpuid_leaf all[] = {
		{ 0, NS, ~0U, ~0U, ~0U, ~0U },
		{ 1, NS, ~0U, ~0U, ~0U, ~0U },
		{ 7, 0, ~0U, ~0U, ~0U, ~0U },
		{ 0xd, 0, ~0U, ~0U, ~0U, ~0U },
		{ 0xd, 1, ~0U, ~0U, ~0U, ~0U },
		{ 0x80000000, NS, ~0U, ~0U, ~0U, ~0U },
		{ 0x80000001, NS, ~0U, ~0U, ~0U, ~0U },
		{ 0x80000007, NS, ~0U, ~0U, ~0U, ~0U },
	};

	(void)state;
	cpu_policy_system(CPU_POLICY_PV_MAX, &policy);
	cpu_policy_features(&policy, max);
	assert_int_equal(cpu_policy_set(d, all, ARRAY_SIZE(all), &err_leaf,
					&err_subleaf), 0);
	cpu_policy_features(d->cpu_policy, words);
	for (unsigned int k = 0; k < CPU_FEATURE_WORDS; k++)
		assert_int_equal(words[k] & ~max[k], 0);
	assert_int_equal(cpu_policy_xcr0(d) & ~7UL, 0);
	assert_true(cpu_policy_serialise(d->cpu_policy, list) <=
		    CPU_POLICY_LEAVES);
	/* Taking AVX away takes its state away. */
	all[1].c = ~(uint32_t)BIT(28);
	assert_int_equal(cpu_policy_set(d, &all[1], 1, &err_leaf,
					&err_subleaf), 0);
	assert_int_equal(cpu_policy_xcr0(d), 3);
	all[1].c = 0;
	assert_int_equal(cpu_policy_set(d, &all[1], 1, &err_leaf,
					&err_subleaf), 0);
	assert_int_equal(cpu_policy_xcr0(d), 0);
}

static void unknown_leaves(void **state)
{
	static const struct xen_cpuid_leaf bad[] = {
		{ 0xe, NS, 0, 0, 0, 0 }, { 1, 0, 0, 0, 0, 0 },
		{ 4, 6, 0, 0, 0, 0 }, { 7, 3, 0, 0, 0, 0 },
		{ 0xd, 63, 0, 0, 0, 0 }, { 0x40000001, NS, 0, 0, 0, 0 },
		{ 0x80000022, NS, 0, 0, 0, 0 }, { 0x80000001, 1, 0, 0, 0, 0 },
	};

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(bad); k++) {
		assert_int_equal(cpu_policy_set(d, &bad[k], 1, &err_leaf,
						&err_subleaf), -ERANGE);
		assert_int_equal(err_leaf, bad[k].leaf);
		assert_int_equal(err_subleaf, bad[k].subleaf);
	}
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_a_guest_sees), TEST(extended_state),
		TEST(hypervisor_leaves), TEST(serialised),
		TEST(a_policy_survives_a_round_trip),
		TEST(nobody_gets_more_than_there_is), TEST(unknown_leaves),
	};

	x86_features.xsave = true;
	x86_features.xcr0_max = 7;
	fake_start(2);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
