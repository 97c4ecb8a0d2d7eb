/* SPDX-License-Identifier: GPL-2.0-or-later */
/* domctls that tell what a domain is and does. No state. */
#include <control/control.h>
#include <lib/str.h>
#include <mm/frame.h>
#include <mm/ptype.h>
#include <port/guest.h>
#include <sched/sched.h>

#define GPADDR_BITS 52

/* All vCPUs that are up are waiting: blocked. Any that runs: running. */
static uint32_t vcpu_flags(struct domain *d,
			   struct xen_domctl_getdomaininfo *info)
{
	uint32_t flags = XEN_DOMINF_blocked;
	struct vcpu *v;

	for_each_vcpu(d, v) {
		uint32_t paused = READ_ONCE(v->pause_flags);

		info->cpu_time += vcpu_run_time(v);
		info->max_vcpu_id = v->id;
		if (paused & VPF_DOWN)
			continue;
		info->nr_online_vcpus++;
		if (!(paused & VPF_BLOCKED))
			flags &= ~XEN_DOMINF_blocked;
		if (READ_ONCE(v->sched.running))
			flags |= XEN_DOMINF_running;
	}
	return flags;
}

static uint32_t life_flags(const struct domain *d)
{
	uint32_t flags = 0;

	if (d->life != DOMAIN_ALIVE)
		flags |= XEN_DOMINF_dying;
	if (d->shut_down)
		flags |= XEN_DOMINF_shutdown |
			 (d->shutdown_code & XEN_DOMINF_shutdownmask)
				 << XEN_DOMINF_shutdownshift;
	if (d->paused_by_tool)
		flags |= XEN_DOMINF_paused;
	if (d->create_flags & XEN_DOMCTL_CDF_xs_domain)
		flags |= XEN_DOMINF_xs_domain;
	return flags;
}

void control_domain_info(struct domain *d,
			 struct xen_domctl_getdomaininfo *info)
{
	memset(info, 0, sizeof(*info));
	info->domain = d->id;
	info->cpu_time = d->cpu_time;
	info->max_vcpu_id = XEN_INVALID_MAX_VCPU_ID;
	info->flags = vcpu_flags(d, info) | life_flags(d);
	info->tot_pages = d->page_count;
	info->max_pages = d->page_max;
	info->shared_info_frame = mfn_x(d->shared_frame);
	info->ssidref = d->ssidref;
	memcpy(info->handle, d->handle, sizeof(info->handle));
	info->cpupool = CONTROL_POOL;
	info->gpaddr_bits = GPADDR_BITS;
}

long ctl_getdomaininfo(struct vcpu *v, struct domain *d, struct xen_domctl *op,
		       struct budget *b)
{
	(void)v, (void)b;
	control_domain_info(d, &op->u.getdomaininfo);
	op->domain = d->id;
	return 0;
}

long ctl_getvcpuinfo(struct vcpu *v, struct domain *d, struct xen_domctl *op,
		     struct budget *b)
{
	struct xen_domctl_getvcpuinfo *i = &op->u.getvcpuinfo;
	struct vcpu *t = domain_vcpu(d, i->vcpu);
	uint32_t paused;

	(void)v, (void)b;
	if (!t)
		return -ESRCH;
	paused = READ_ONCE(t->pause_flags);
	i->online = !(paused & VPF_DOWN);
	i->blocked = !!(paused & VPF_BLOCKED);
	i->running = READ_ONCE(t->sched.running);
	i->cpu_time = vcpu_run_time(t);
	i->cpu = READ_ONCE(t->sched.cpu);
	return 0;
}

/* --- types of frames, for those who read a domain's memory --- */

static const uint32_t table_info[] = {
	[PTYPE_L1] = XEN_DOMCTL_PFINFO_L1TAB,
	[PTYPE_L2] = XEN_DOMCTL_PFINFO_L2TAB,
	[PTYPE_L3] = XEN_DOMCTL_PFINFO_L3TAB,
	[PTYPE_L4] = XEN_DOMCTL_PFINFO_L4TAB,
};

static uint32_t frame_info(struct domain *d, mfn_t m)
{
	uint32_t info = XEN_DOMCTL_PFINFO_NOTAB;
	enum ptype t;

	if (!frame_is_ram(m) || !frame_get(m, d))
		return XEN_DOMCTL_PFINFO_XTAB;
	t = ptype_of(m);
	if (t >= PTYPE_L1 && t <= PTYPE_L4)
		info = table_info[t];
	if (ptype_is_pinned(m))
		info |= XEN_DOMCTL_PFINFO_LPINTAB;
	frame_put(m);
	return info;
}

#define INFO_MAX 1024U

long ctl_getpageframeinfo3(struct vcpu *v, struct domain *d,
			   struct xen_domctl *op, struct budget *b)
{
	struct xen_domctl_getpageframeinfo3 *p = &op->u.getpageframeinfo3;
	uint64_t chunk[32];

	(void)b;
	if (p->num > INFO_MAX)
		return -E2BIG;
	for (uint64_t done = 0; done < p->num; done += ARRAY_SIZE(chunk)) {
		uint64_t n = MIN(p->num - done, ARRAY_SIZE(chunk));
		gva_t at = p->array.addr + done * sizeof(chunk[0]);

		if (guest_read(v, chunk, at, n * sizeof(chunk[0])))
			return -EFAULT;
		for (uint64_t k = 0; k < n; k++)
			chunk[k] = frame_info(d, mfn(chunk[k]));
		if (guest_write(v, at, chunk, n * sizeof(chunk[0])))
			return -EFAULT;
	}
	return 0;
}
