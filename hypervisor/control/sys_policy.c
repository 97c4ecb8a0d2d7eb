/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sysctls about what CPUs can do, for toolstacks to level guests. No state. */
#include <control/control.h>
#include <domain/cpupolicy.h>
#include <mm/alloc.h>
#include <port/guest.h>

/* CPUID of PV guests is neither faulted nor masked by hardware. */
long sys_get_cpu_levelling_caps(struct vcpu *v, struct xen_sysctl *op)
{
	(void)v;
	op->u.cpu_levelling_caps.caps = 0;
	return 0;
}

static struct cpu_policy *make(enum cpu_policy_kind kind)
{
	struct cpu_policy *p = heap_alloc(sizeof(*p));

	if (p)
		cpu_policy_system(kind, p);
	return p;
}

/* Feature sets have numbers of their own. */
static const uint8_t set_kind[] = {
	[XEN_SYSCTL_cpu_featureset_raw] = CPU_POLICY_RAW,
	[XEN_SYSCTL_cpu_featureset_host] = CPU_POLICY_HOST,
	[XEN_SYSCTL_cpu_featureset_pv] = CPU_POLICY_PV_DEFAULT,
	[XEN_SYSCTL_cpu_featureset_hvm] = CPU_POLICY_HVM_DEFAULT,
	[XEN_SYSCTL_cpu_featureset_pv_max] = CPU_POLICY_PV_MAX,
	[XEN_SYSCTL_cpu_featureset_hvm_max] = CPU_POLICY_HVM_MAX,
};

long sys_get_cpu_featureset(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_cpu_featureset *f = &op->u.cpu_featureset;
	uint32_t words[CPU_FEATURE_WORDS], n = f->nr_features;
	struct cpu_policy *p;

	f->nr_features = CPU_FEATURE_WORDS;
	if (!f->features.addr)
		return 0;
	if (f->index >= ARRAY_SIZE(set_kind))
		return -EINVAL;
	p = make(set_kind[f->index]);
	if (!p)
		return -ENOMEM;
	cpu_policy_features(p, words);
	heap_free(p);
	f->nr_features = MIN(n, CPU_FEATURE_WORDS);
	if (guest_write(v, f->features.addr, words,
			f->nr_features * sizeof(words[0])))
		return -EFAULT;
	return n < CPU_FEATURE_WORDS ? -ENOBUFS : 0;
}

static int write_msrs(struct vcpu *v, gva_t to, uint32_t *room)
{
	if (!to) {
		*room = CPU_POLICY_MSRS;
		return 0;
	}
	if (*room < CPU_POLICY_MSRS)
		return -ENOBUFS;
	*room = CPU_POLICY_MSRS;
	for (uint32_t k = 0; k < CPU_POLICY_MSRS; k++) {
		struct xen_msr_entry e = { .idx = cpu_policy_msrs[k] };

		if (guest_write(v, to + k * sizeof(e), &e, sizeof(e)))
			return -EFAULT;
	}
	return 0;
}

static int write_leaves(struct vcpu *v, const struct cpu_policy *p, gva_t to,
			uint32_t *room)
{
	struct xen_cpuid_leaf *list;
	uint32_t n;
	int rc;

	if (!to) {
		*room = CPU_POLICY_LEAVES;
		return 0;
	}
	list = heap_calloc(CPU_POLICY_LEAVES, sizeof(*list));
	if (!list)
		return -ENOMEM;
	n = cpu_policy_serialise(p, list);
	rc = *room < n ? -ENOBUFS : 0;
	*room = n;
	if (!rc)
		rc = guest_write(v, to, list, n * sizeof(*list));
	heap_free(list);
	return rc;
}

int control_policy_write(struct vcpu *v, const struct cpu_policy *p,
			 gva_t leaves, uint32_t *nr_leaves, gva_t msrs,
			 uint32_t *nr_msrs)
{
	int rc = write_leaves(v, p, leaves, nr_leaves);

	return rc ? rc : write_msrs(v, msrs, nr_msrs);
}

long sys_get_cpu_policy(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_cpu_policy *c = &op->u.cpu_policy;
	struct cpu_policy *p;
	long rc;

	if (c->_rsvd || c->index >= CPU_POLICY_KINDS)
		return -EINVAL;
	p = make(c->index);
	if (!p)
		return -ENOMEM;
	rc = control_policy_write(v, p, c->leaves.addr, &c->nr_leaves,
				  c->msrs.addr, &c->nr_msrs);
	heap_free(p);
	return rc;
}
