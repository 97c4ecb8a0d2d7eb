/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * domctls for single vCPUs: contexts, extended state, affinity, triggers, and
 * how the scheduler treats the domain.
 *
 * Contexts are read and written only while the vCPU is paused, under the
 * domain's domctl_lock.
 */
#include <control/control.h>
#include <domain/cpupolicy.h>
#include <lib/str.h>
#include <mm/alloc.h>
#include <port/guest.h>
#include <port/vcpu_hw.h>
#include <pv/pv.h>
#include <sched/sched.h>

/* --- contexts --- */

/* A paused domain: what runs cannot be read or set as a whole. */
static struct vcpu *other_vcpu(struct vcpu *v, struct domain *d, uint32_t id)
{
	return d == v->domain ? NULL : domain_vcpu(d, id);
}

long ctl_setvcpucontext(struct vcpu *v, struct domain *d,
			struct xen_domctl *op, struct budget *b)
{
	const struct xen_domctl_vcpucontext *c = &op->u.vcpucontext;
	struct vcpu *t = other_vcpu(v, d, c->vcpu);
	struct vcpu_guest_context *ctx;
	long rc;

	if (!t)
		return -EINVAL;
	if (!c->ctxt.addr) /* reset is for unmodified guests */
		return -EOPNOTSUPP;
	if (d->life != DOMAIN_ALIVE)
		return -ESRCH;
	ctx = heap_calloc(1, sizeof(*ctx));
	if (!ctx)
		return -ENOMEM;
	rc = guest_read(v, ctx, c->ctxt.addr, sizeof(*ctx));
	if (!rc) {
		vcpu_pause_sync(t);
		rc = pv_context_set(t, ctx, b);
		if (!rc && (ctx->flags & VGCF_online))
			vcpu_up(t);
		else if (!rc)
			vcpu_down(t);
		vcpu_unpause(t);
	}
	heap_free(ctx);
	return rc;
}

long ctl_getvcpucontext(struct vcpu *v, struct domain *d,
			struct xen_domctl *op, struct budget *b)
{
	const struct xen_domctl_vcpucontext *c = &op->u.vcpucontext;
	struct vcpu *t = other_vcpu(v, d, c->vcpu);
	struct vcpu_guest_context *ctx;
	long rc;

	(void)b;
	if (!t)
		return -EINVAL;
	if (!t->initialised)
		return -ENODATA;
	ctx = heap_calloc(1, sizeof(*ctx));
	if (!ctx)
		return -ENOMEM;
	vcpu_pause_sync(t);
	pv_context_get(t, ctx);
	vcpu_unpause(t);
	rc = guest_write(v, c->ctxt.addr, ctx, sizeof(*ctx));
	heap_free(ctx);
	return rc;
}

static long ext_vcpu(struct vcpu *v, struct domain *d,
		     const struct xen_domctl_ext_vcpucontext *e,
		     struct vcpu **t)
{
	*t = other_vcpu(v, d, e->vcpu);
	return *t ? 0 : -ESRCH;
}

long ctl_get_ext_vcpucontext(struct vcpu *v, struct domain *d,
			     struct xen_domctl *op, struct budget *b)
{
	struct xen_domctl_ext_vcpucontext *e = &op->u.ext_vcpucontext;
	uint32_t id = e->vcpu;
	struct vcpu *t;
	long rc = ext_vcpu(v, d, e, &t);

	(void)b;
	if (rc)
		return rc;
	memset(e, 0, sizeof(*e));
	e->vcpu = id;
	e->size = sizeof(*e);
	e->syscall32_callback_eip = t->pv.syscall32.address;
	e->syscall32_disables_events = t->pv.syscall32.mask_events;
	e->sysenter_callback_eip = t->pv.sysenter.address;
	e->sysenter_disables_events = t->pv.sysenter.mask_events;
	return 0;
}

static bool canonical(uint64_t a)
{
	return (uint64_t)((int64_t)(a << 16) >> 16) == a;
}

long ctl_set_ext_vcpucontext(struct vcpu *v, struct domain *d,
			     struct xen_domctl *op, struct budget *b)
{
	struct xen_domctl_ext_vcpucontext *e = &op->u.ext_vcpucontext;
	struct vcpu *t;
	long rc = ext_vcpu(v, d, e, &t);

	(void)b;
	if (rc)
		return rc;
	if (e->size < offsetof(struct xen_domctl_ext_vcpucontext, mcg_cap) ||
	    !canonical(e->syscall32_callback_eip) ||
	    !canonical(e->sysenter_callback_eip))
		return -EINVAL;
	vcpu_pause_sync(t);
	t->pv.syscall32.address = e->syscall32_callback_eip;
	t->pv.syscall32.mask_events = e->syscall32_disables_events;
	t->pv.sysenter.address = e->sysenter_callback_eip;
	t->pv.sysenter.mask_events = e->sysenter_disables_events;
	vcpu_unpause(t);
	return 0;
}

/* --- FPU state beyond FXSAVE --- */

/* What goes over the wire before the image itself. */
struct xstate_header {
	uint64_t xcr0, xcr0_accum;
};

#define XSTATE_BV 512 /* header of the image: which components are in it */
#define XCOMP_BV 520
#define XSTATE_HEADER_END 576

/* The size of the image follows from CPUID, so ask what the guest is told. */
static uint32_t xstate_bytes(struct domain *d)
{
	const struct cpu_policy *p = d->cpu_policy;

	for (uint32_t i = 0; i < p->count; i++)
		if (p->leaf[i].leaf == 0xd && p->leaf[i].subleaf == 0)
			return MIN(p->leaf[i].c, (uint32_t)XSAVE_AREA_MAX);
	return XSTATE_HEADER_END;
}

long ctl_getvcpuextstate(struct vcpu *v, struct domain *d,
			 struct xen_domctl *op, struct budget *b)
{
	struct xen_domctl_vcpuextstate *x = &op->u.vcpuextstate;
	struct vcpu *t = other_vcpu(v, d, x->vcpu);
	uint32_t image = xstate_bytes(d);
	struct xstate_header h;
	const uint8_t *from;

	(void)b;
	if (!t)
		return -EINVAL;
	if (!x->size && !x->xfeature_mask) {
		x->xfeature_mask = cpu_policy_xcr0(d);
		x->size = sizeof(h) + image;
		return 0;
	}
	if (x->size != sizeof(h) + image ||
	    x->xfeature_mask != cpu_policy_xcr0(d))
		return -EINVAL;
	vcpu_pause_sync(t);
	from = vcpu_hw_fpu_image(t);
	h.xcr0 = h.xcr0_accum = t->hw.xcr0;
	vcpu_unpause(t);
	if (guest_write(v, x->buffer.addr, &h, sizeof(h)) ||
	    guest_write(v, x->buffer.addr + sizeof(h), from, image))
		return -EFAULT;
	return 0;
}

/* Only components that the guest may have, in standard format. */
static bool xstate_valid(struct domain *d, const struct xstate_header *h,
			 const uint8_t *image)
{
	uint64_t bv = *(const uint64_t *)(image + XSTATE_BV);

	if (!cpu_policy_xcr0_valid(d, h->xcr0) || (bv & ~h->xcr0))
		return false;
	for (unsigned int k = XCOMP_BV; k < XSTATE_HEADER_END; k++)
		if (image[k])
			return false;
	return *(const uint32_t *)(image + 24) <= 0xffff; /* MXCSR */
}

long ctl_setvcpuextstate(struct vcpu *v, struct domain *d,
			 struct xen_domctl *op, struct budget *b)
{
	struct xen_domctl_vcpuextstate *x = &op->u.vcpuextstate;
	struct vcpu *t = other_vcpu(v, d, x->vcpu);
	struct xstate_header h;
	uint64_t size = x->size - sizeof(h);
	uint8_t *image;
	long rc = -EINVAL;

	(void)b;
	if (!t || x->size < sizeof(h) + XSTATE_HEADER_END ||
	    size > XSAVE_AREA_MAX)
		return -EINVAL;
	image = heap_calloc(1, XSAVE_AREA_MAX);
	if (!image)
		return -ENOMEM;
	if (guest_read(v, &h, x->buffer.addr, sizeof(h)) ||
	    guest_read(v, image, x->buffer.addr + sizeof(h), size)) {
		rc = -EFAULT;
	} else if (xstate_valid(d, &h, image)) {
		vcpu_pause_sync(t);
		memcpy(vcpu_hw_fpu_image(t), image, XSAVE_AREA_MAX);
		t->hw.xcr0 = h.xcr0;
		vcpu_unpause(t);
		rc = 0;
	}
	heap_free(image);
	return rc;
}

/* --- MSRs that migrate: none is the guest's to set --- */

long ctl_get_vcpu_msrs(struct vcpu *v, struct domain *d, struct xen_domctl *op,
		       struct budget *b)
{
	struct xen_domctl_vcpu_msrs *m = &op->u.vcpu_msrs;

	(void)b;
	if (!other_vcpu(v, d, m->vcpu))
		return -EINVAL;
	m->msr_count = 0;
	return 0;
}

long ctl_set_vcpu_msrs(struct vcpu *v, struct domain *d, struct xen_domctl *op,
		       struct budget *b)
{
	(void)b;
	if (!other_vcpu(v, d, op->u.vcpu_msrs.vcpu))
		return -EINVAL;
	return op->u.vcpu_msrs.msr_count ? -EINVAL : 0;
}

/* --- scheduling --- */

#define CAP_KEEP 0xffff

long ctl_getvcpuaffinity(struct vcpu *v, struct domain *d,
			 struct xen_domctl *op, struct budget *b)
{
	struct xen_domctl_vcpuaffinity *a = &op->u.vcpuaffinity;
	struct vcpu *t = domain_vcpu(d, a->vcpu);
	int rc = 0;

	(void)b;
	if (!t)
		return -ESRCH;
	if (a->flags & XEN_VCPUAFFINITY_HARD)
		rc = bitmap_write(v, &a->cpumap_hard, t->sched.affinity);
	if (!rc && (a->flags & XEN_VCPUAFFINITY_SOFT))
		rc = bitmap_write(v, &a->cpumap_soft, t->sched.affinity_soft);
	return rc;
}

long ctl_setvcpuaffinity(struct vcpu *v, struct domain *d,
			 struct xen_domctl *op, struct budget *b)
{
	struct xen_domctl_vcpuaffinity *a = &op->u.vcpuaffinity;
	struct vcpu *t = domain_vcpu(d, a->vcpu);
	cpumask_t hard, soft;
	int rc = 0;

	(void)b;
	if (!t)
		return -ESRCH;
	if (!(a->flags & (XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT)))
		return -EINVAL;
	if (a->flags & XEN_VCPUAFFINITY_FORCE)
		(void)sched_override(t, -1); /* if it was overridden */
	hard = t->sched.affinity;
	soft = t->sched.affinity_soft;
	if (a->flags & XEN_VCPUAFFINITY_HARD)
		rc = bitmap_read(v, &a->cpumap_hard, &hard);
	if (!rc && (a->flags & XEN_VCPUAFFINITY_SOFT))
		rc = bitmap_read(v, &a->cpumap_soft, &soft);
	if (!rc)
		rc = sched_set_affinity(t, hard, soft);
	if (!rc && (a->flags & XEN_VCPUAFFINITY_HARD))
		rc = bitmap_write(v, &a->cpumap_hard, t->sched.affinity);
	if (!rc && (a->flags & XEN_VCPUAFFINITY_SOFT))
		rc = bitmap_write(v, &a->cpumap_soft, t->sched.affinity_soft);
	return rc;
}

/* Caps are not built: one that limits anything is refused, not forgotten. */
long ctl_scheduler_op(struct vcpu *v, struct domain *d, struct xen_domctl *op,
		      struct budget *b)
{
	struct xen_domctl_scheduler_op *s = &op->u.scheduler_op;

	(void)v, (void)b;
	if (s->sched_id != CONTROL_SCHED_ID)
		return -EINVAL;
	switch (s->cmd) {
	case XEN_DOMCTL_SCHEDOP_getinfo:
		s->u.credit2.weight = (uint16_t)d->weight;
		s->u.credit2.cap = (uint16_t)d->cap;
		return 0;
	case XEN_DOMCTL_SCHEDOP_putinfo:
		if (s->u.credit2.cap != CAP_KEEP && s->u.credit2.cap != 0)
			return -EOPNOTSUPP;
		if (s->u.credit2.weight)
			sched_set_weight(d, s->u.credit2.weight);
		return 0;
	}
	return -EINVAL;
}

long ctl_sendtrigger(struct vcpu *v, struct domain *d, struct xen_domctl *op,
		     struct budget *b)
{
	struct vcpu *t = domain_vcpu(d, op->u.sendtrigger.vcpu);

	(void)v, (void)b;
	if (op->u.sendtrigger.trigger != XEN_DOMCTL_SENDTRIGGER_NMI)
		return -ENOSYS;
	if (!t)
		return -ESRCH;
	WRITE_ONCE(t->nmi_pending, true);
	smp_mb();
	vcpu_unblock(t);
	vcpu_kick(t);
	return 0;
}

/* --- CPUID --- */

long ctl_get_cpu_policy(struct vcpu *v, struct domain *d,
			struct xen_domctl *op, struct budget *b)
{
	struct xen_domctl_cpu_policy *c = &op->u.cpu_policy;

	(void)b;
	return control_policy_write(v, d->cpu_policy, c->leaves.addr,
				    &c->nr_leaves, c->msrs.addr, &c->nr_msrs);
}

/* The MSRs of a policy can only have the value they have. */
static long check_msrs(struct vcpu *v, struct xen_domctl_cpu_policy *c)
{
	for (uint32_t k = 0; k < c->nr_msrs; k++) {
		struct xen_msr_entry e;

		if (guest_read(v, &e, c->msrs.addr + k * sizeof(e), sizeof(e)))
			return -EFAULT;
		c->err_msr = e.idx;
		if (e.flags || e.val)
			return -EINVAL;
	}
	c->err_msr = ~0U;
	return 0;
}

long ctl_set_cpu_policy(struct vcpu *v, struct domain *d,
			struct xen_domctl *op, struct budget *b)
{
	struct xen_domctl_cpu_policy *c = &op->u.cpu_policy;
	struct xen_cpuid_leaf *leaves;
	long rc;

	(void)b;
	if (d == v->domain)
		return -EINVAL;
	c->err_leaf = c->err_subleaf = c->err_msr = ~0U;
	if (c->nr_leaves > CPU_POLICY_LEAVES || c->nr_msrs > CPU_POLICY_MSRS)
		return -E2BIG;
	rc = check_msrs(v, c);
	if (rc || !c->nr_leaves)
		return rc;
	leaves = heap_calloc(c->nr_leaves, sizeof(*leaves));
	if (!leaves)
		return -ENOMEM;
	rc = guest_read(v, leaves, c->leaves.addr,
			c->nr_leaves * sizeof(*leaves));
	if (!rc) {
		domain_pause_sync(d);
		rc = cpu_policy_set(d, leaves, c->nr_leaves, &c->err_leaf,
				    &c->err_subleaf);
		domain_unpause(d);
	}
	heap_free(leaves);
	return rc;
}
