/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPUID as PV guests see it: policies as lists of leaves, in the form and the
 * order in which toolstacks exchange them.
 */
#ifndef DOMAIN_CPUPOLICY_H
#define DOMAIN_CPUPOLICY_H

#include <abi/x86/pv.h>
#include <domain/domain.h>

#define CPU_POLICY_LEAVES 120 /* the most that a policy may have */
#define CPU_POLICY_MSRS 2
#define CPU_FEATURE_WORDS 19 /* public arch-x86/cpufeatureset.h */

struct cpu_policy {
	uint32_t count;
	struct xen_cpuid_leaf leaf[CPU_POLICY_LEAVES]; /* rising */
};

/* Kinds, numbered as XEN_SYSCTL_cpu_policy_*. */
enum cpu_policy_kind {
	CPU_POLICY_RAW,
	CPU_POLICY_HOST,
	CPU_POLICY_PV_MAX,
	CPU_POLICY_HVM_MAX,
	CPU_POLICY_PV_DEFAULT,
	CPU_POLICY_HVM_DEFAULT,
	CPU_POLICY_KINDS
};

/* Fill @out with that policy of this machine; the HVM ones are empty. */
void cpu_policy_system(enum cpu_policy_kind kind, struct cpu_policy *out);

/*
 * @p as toolstacks expect it: every leaf up to the highest, zero ones too, in
 * the one order that their own library writes. Returns how many.
 */
uint32_t cpu_policy_serialise(const struct cpu_policy *p,
			      struct xen_cpuid_leaf out[CPU_POLICY_LEAVES]);

/* The feature bits of @p, one word for each number of public cpufeatureset. */
void cpu_policy_features(const struct cpu_policy *p,
			 uint32_t words[CPU_FEATURE_WORDS]);

/*
 * Merge @n leaves that a toolstack wants into @d's policy: values above what
 * this machine can give are cut down. -ERANGE: a leaf that no policy has, its
 * number in @err_leaf and @err_subleaf. The domain does not run.
 */
int cpu_policy_set(struct domain *d, const struct xen_cpuid_leaf *leaves,
		   uint32_t n, uint32_t *err_leaf, uint32_t *err_subleaf);

/* XCR0 bits that @d may set. */
uint64_t cpu_policy_xcr0(const struct domain *d);
/* Would the CPU take @val in XCR0 (it faults else), and may @d have it? */
bool cpu_policy_xcr0_valid(const struct domain *d, uint64_t val);

/* The MSRs of every policy, as exchanged: all read as zero. */
extern const uint32_t cpu_policy_msrs[CPU_POLICY_MSRS];

#endif
