/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * domctls for the life of a domain and what belongs to it as a whole.
 *
 * State: in struct domain, under its domctl_lock.
 */
#include <boot/boot.h>
#include <control/control.h>
#include <event/event.h>
#include <hypercall/hypercall.h>
#include <lib/str.h>
#include <mm/frame.h>
#include <port/time.h>
#include <sched/clock.h>
#include <sched/sched.h>

#define CDF_SUPPORTED (XEN_DOMCTL_CDF_xs_domain)
#define GRANT_FRAMES_MAX 1024U
#define MAPTRACK_FRAMES_MAX 4096U
#define TIME_OFFSET_MAX (1L << 33) /* seconds: 272 years */
#define KIB_PER_PAGE_SHIFT (PAGE_SHIFT - 10)

/* Negative: the default; a sane upper bound otherwise. */
static uint32_t frames_or(int32_t want, uint32_t dflt, uint32_t max)
{
	return want < 0 ? dflt : MIN((uint32_t)want, max);
}

static long check_create(const struct xen_domctl_createdomain *c)
{
	uint32_t version = XEN_DOMCTL_GRANT_version(c->grant_opts);

	/* Unmodified guests need VT-x or SVM, which are not driven yet. */
	if (c->flags & (XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap |
			XEN_DOMCTL_CDF_nested_virt))
		return -EOPNOTSUPP;
	if (c->flags & ~CDF_SUPPORTED)
		return -EINVAL;
	if (c->arch.emulation_flags ||
	    (c->arch.misc_flags & ~XEN_X86_MISC_FLAGS_MAX))
		return -EINVAL;
	if (c->max_vcpus == 0 || c->max_vcpus > VCPU_MAX)
		return -EINVAL;
	if (c->cpupool_id != CONTROL_POOL)
		return -EINVAL;
	return version == 1 || version == 2 ? 0 : -EINVAL;
}

static uint16_t wanted_id(uint16_t id)
{
	return id > 0 && id < DOMAIN_ID_LIMIT ? id : DOMID_INVALID;
}

long ctl_createdomain(struct vcpu *v, struct domain *none,
		      struct xen_domctl *op, struct budget *b)
{
	const struct xen_domctl_createdomain *c = &op->u.createdomain;
	struct domain_config cfg = {
		.id = wanted_id(op->domain),
		.flags = c->flags,
		.ssidref = c->ssidref,
		.max_vcpus = c->max_vcpus,
		.max_evtchn_port = c->max_evtchn_port,
		.max_grant_frames = frames_or(c->max_grant_frames,
					      boot_options.gnttab_max_frames,
					      GRANT_FRAMES_MAX),
		.max_maptrack_frames = frames_or(
			c->max_maptrack_frames,
			boot_options.gnttab_max_maptrack, MAPTRACK_FRAMES_MAX),
		.grant_version_max = XEN_DOMCTL_GRANT_version(c->grant_opts),
	};
	struct domain *d;
	long rc = check_create(c);

	(void)v, (void)none, (void)b;
	if (rc)
		return rc;
	memcpy(cfg.handle, c->handle, sizeof(cfg.handle));
	rc = domain_create(&cfg, &d);
	if (rc)
		return rc;
	d->paused_by_tool = true;
	op->domain = d->id;
	domain_put(d);
	return 0;
}

long ctl_destroydomain(struct vcpu *v, struct domain *d, struct xen_domctl *op,
		       struct budget *b)
{
	(void)op, (void)b;
	return d == v->domain ? -EINVAL : domain_kill(d);
}

/* The tools' own pause does not count: pausing twice is pausing once. */
long ctl_pausedomain(struct vcpu *v, struct domain *d, struct xen_domctl *op,
		     struct budget *b)
{
	(void)op, (void)b;
	if (d == v->domain)
		return -EINVAL;
	if (!d->paused_by_tool) {
		domain_pause_sync(d);
		d->paused_by_tool = true;
	}
	return 0;
}

/* A builder clears shared_info, or fills it with what another host said. */
static void publish_clocks(struct domain *d)
{
	struct vcpu *v;

	domain_wallclock_publish(d);
	for_each_vcpu(d, v)
		vcpu_time_publish(v);
}

long ctl_unpausedomain(struct vcpu *v, struct domain *d, struct xen_domctl *op,
		       struct budget *b)
{
	(void)v, (void)op, (void)b;
	if (d->paused_by_tool) {
		d->paused_by_tool = false;
		publish_clocks(d);
		domain_unpause(d);
	}
	return 0;
}

long ctl_resumedomain(struct vcpu *v, struct domain *d, struct xen_domctl *op,
		      struct budget *b)
{
	(void)op, (void)b;
	if (d == v->domain)
		return -EINVAL;
	if (d->shut_down)
		domain_resume(d);
	return 0;
}

/* vCPUs are spread over the CPUs; each may move later. */
long ctl_max_vcpus(struct vcpu *v, struct domain *d, struct xen_domctl *op,
		   struct budget *b)
{
	uint32_t max = op->u.max_vcpus.max;

	(void)v, (void)b;
	if (d == v->domain || max != d->vcpu_count)
		return -EINVAL;
	for (uint32_t id = 0; id < max; id++) {
		int rc;

		if (domain_vcpu(d, id))
			continue;
		rc = vcpu_create(d, id, (d->id + id) % cpu_count());
		if (rc)
			return rc;
	}
	return 0;
}

long ctl_max_mem(struct vcpu *v, struct domain *d, struct xen_domctl *op,
		 struct budget *b)
{
	uint64_t pages = op->u.max_mem.max_memkb >> KIB_PER_PAGE_SHIFT;

	(void)v, (void)b;
	lock_acquire(&d->page_lock);
	d->page_max = MIN(pages, (uint64_t)UINT32_MAX);
	lock_release(&d->page_lock);
	return 0;
}

long ctl_setdomainhandle(struct vcpu *v, struct domain *d,
			 struct xen_domctl *op, struct budget *b)
{
	(void)v, (void)b;
	memcpy(d->handle, op->u.setdomainhandle.handle, sizeof(d->handle));
	return 0;
}

long ctl_setdebugging(struct vcpu *v, struct domain *d, struct xen_domctl *op,
		      struct budget *b)
{
	(void)v, (void)d, (void)b;
	return op->u.setdebugging.enable ? -EOPNOTSUPP : 0;
}

long ctl_hypercall_init(struct vcpu *v, struct domain *d,
			struct xen_domctl *op, struct budget *b)
{
	mfn_t m = mfn(op->u.hypercall_init.gmfn);

	(void)v, (void)b;
	if (!frame_get_writable(m, d))
		return -EACCES;
	hypercall_page_fill(frame_map(m));
	frame_put_writable(m);
	return 0;
}

long ctl_settimeoffset(struct vcpu *v, struct domain *d, struct xen_domctl *op,
		       struct budget *b)
{
	int64_t sec = op->u.settimeoffset.time_offset_seconds;

	(void)v, (void)b;
	if (sec > TIME_OFFSET_MAX || sec < -TIME_OFFSET_MAX)
		return -EINVAL;
	d->time_offset_s = sec;
	domain_wallclock_publish(d);
	return 0;
}

/* 64-bit guests are all there are. */
long ctl_set_address_size(struct vcpu *v, struct domain *d,
			  struct xen_domctl *op, struct budget *b)
{
	(void)v, (void)d, (void)b;
	return op->u.address_size.size == 64 ? 0 : -EOPNOTSUPP;
}

long ctl_get_address_size(struct vcpu *v, struct domain *d,
			  struct xen_domctl *op, struct budget *b)
{
	(void)v, (void)d, (void)b;
	op->u.address_size.size = 64;
	return 0;
}

/* The TSC is never emulated; its rate is the host's. */
#define TSC_MODE_DEFAULT 0
#define TSC_MODE_NEVER_EMULATE 2

long ctl_gettscinfo(struct vcpu *v, struct domain *d, struct xen_domctl *op,
		    struct budget *b)
{
	(void)v, (void)d, (void)b;
	op->u.tsc_info = (struct xen_domctl_tsc_info){
		.tsc_mode = TSC_MODE_DEFAULT,
		.gtsc_khz = (uint32_t)time_scale()->khz,
		.elapsed_nsec = time_now(),
	};
	return 0;
}

long ctl_settscinfo(struct vcpu *v, struct domain *d, struct xen_domctl *op,
		    struct budget *b)
{
	(void)v, (void)b;
	if (d == v->domain)
		return -EINVAL;
	switch (op->u.tsc_info.tsc_mode) {
	case TSC_MODE_DEFAULT:
	case TSC_MODE_NEVER_EMULATE:
		return 0;
	}
	return -EOPNOTSUPP;
}

long ctl_set_virq_handler(struct vcpu *v, struct domain *d,
			  struct xen_domctl *op, struct budget *b)
{
	(void)v, (void)b;
	return evtchn_set_virq_handler(d, op->u.set_virq_handler.virq);
}

/* A device model's domain: of use to unmodified guests only. */
long ctl_set_target(struct vcpu *v, struct domain *d, struct xen_domctl *op,
		    struct budget *b)
{
	(void)v, (void)d, (void)op, (void)b;
	return -EOPNOTSUPP;
}
