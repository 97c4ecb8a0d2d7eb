// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The domain room's own part of a domain: its shared_info page, and letting go
 * of the vcpu_info pages.
 */
#include <abi/core.h>
#include <domain/core_room.h>
#include <lib/str.h>
#include <mm/alloc.h>
#include <mm/frame.h>
#include <sched/clock.h>

int core_domain_init(struct domain *d, const struct domain_config *cfg)
{
	(void)cfg;
	d->shared = pages_alloc(0);
	if (!d->shared)
		return -ENOMEM;
	d->shared_frame = frame_of(d->shared);
	frame_share_with(d->shared_frame, d, false);
	for (unsigned int i = 0; i < XEN_LEGACY_MAX_VCPUS; i++)
		d->shared->vcpu_info[i].evtchn_upcall_mask = 1;
	domain_wallclock_publish(d);
	return 0;
}

int core_vcpu_init(struct vcpu *v)
{
	vcpu_time_publish(v);
	return 0;
}

/* The last room to be torn down: nobody writes to shared_info any more. */
int core_teardown(struct domain *d, struct budget *b)
{
	struct vcpu *v;

	(void)b;
	for_each_vcpu(d, v)
		vcpu_info_unregister(v);
	if (!d->shared_dropped) {
		d->shared_dropped = true;
		frame_unshare(d->shared_frame, d);
	}
	return 0;
}

void core_domain_free(struct domain *d)
{
	if (!d->shared)
		return;
	if (!d->shared_dropped)
		frame_unshare(d->shared_frame, d);
	frame_unshared(d->shared_frame);
	pages_free(d->shared, 0);
	d->shared = NULL;
}
