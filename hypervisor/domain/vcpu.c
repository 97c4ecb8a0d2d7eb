// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vCPUs: creation and freeing, counted pauses, up and down, where vcpu_info is.
 * A vCPU's memory lives exactly as long as its domain's.
 */
#include <domain/domain.h>
#include <domain/rooms.h>
#include <lib/assert.h>
#include <lib/str.h>
#include <mm/alloc.h>
#include <mm/frame.h>
#include <sched/clock.h>
#include <sched/sched.h>

static void free_rooms(struct vcpu *v, unsigned int made)
{
	while (made-- > 0)
		if (rooms[made].vcpu_free)
			rooms[made].vcpu_free(v);
}

static int init_rooms(struct vcpu *v)
{
	for (unsigned int i = 0; i < room_count; i++) {
		int rc = rooms[i].vcpu_init ? rooms[i].vcpu_init(v) : 0;

		if (rc) {
			free_rooms(v, i);
			return rc;
		}
	}
	return 0;
}

/*
 * vCPUs beyond those with a place in shared_info have one that no guest sees
 * until they register a page.
 */
void vcpu_info_reset(struct vcpu *v)
{
	struct domain *d = v->domain;

	v->info = v->id < XEN_LEGACY_MAX_VCPUS && d->shared ?
			  &d->shared->vcpu_info[v->id] : &v->own_info;
}

int vcpu_create(struct domain *d, uint32_t id, unsigned int cpu)
{
	struct vcpu *v;
	int rc;

	if (id >= d->vcpu_count)
		return -EINVAL;
	if (d->vcpus[id])
		return -EEXIST;
	v = heap_alloc(sizeof(*v));
	if (!v)
		return -ENOMEM;
	v->domain = d;
	v->id = id;
	v->pause_flags = VPF_DOWN;
	v->info_frame = MFN_NONE;
	v->own_info.evtchn_upcall_mask = 1;
	vcpu_info_reset(v);
	rc = sched_vcpu_init(v, cpu);
	if (!rc) {
		rc = init_rooms(v);
		if (rc)
			sched_vcpu_free(v);
	}
	if (rc) {
		heap_free(v);
		return rc;
	}
	__atomic_store_n(&d->vcpus[id], v, __ATOMIC_RELEASE);
	return 0;
}

static void vcpu_free(struct vcpu *v)
{
	sched_vcpu_free(v);
	free_rooms(v, room_count);
	heap_free(v);
}

void vcpu_free_all(struct domain *d)
{
	for (uint32_t i = 0; i < d->vcpu_count; i++)
		if (d->vcpus[i]) {
			vcpu_free(d->vcpus[i]);
			d->vcpus[i] = NULL;
		}
}

void vcpu_pause_sync(struct vcpu *v)
{
	__atomic_fetch_add(&v->pause_count, 1, __ATOMIC_SEQ_CST);
	vcpu_sleep_sync(v);
}

void vcpu_unpause(struct vcpu *v)
{
	if (__atomic_sub_fetch(&v->pause_count, 1, __ATOMIC_SEQ_CST) == 0)
		vcpu_wake(v);
}

void domain_pause_sync(struct domain *d)
{
	struct vcpu *v;

	__atomic_fetch_add(&d->pause_count, 1, __ATOMIC_SEQ_CST);
	for_each_vcpu(d, v)
		vcpu_sleep(v);
	for_each_vcpu(d, v)
		vcpu_sleep_sync(v);
}

void domain_unpause(struct domain *d)
{
	struct vcpu *v;

	if (__atomic_sub_fetch(&d->pause_count, 1, __ATOMIC_SEQ_CST) != 0)
		return;
	for_each_vcpu(d, v)
		vcpu_wake(v);
}

void vcpu_up(struct vcpu *v)
{
	if (__atomic_fetch_and(&v->pause_flags, ~(uint32_t)VPF_DOWN,
			       __ATOMIC_SEQ_CST) & VPF_DOWN)
		vcpu_wake(v);
}

void vcpu_down(struct vcpu *v)
{
	__atomic_fetch_or(&v->pause_flags, VPF_DOWN, __ATOMIC_SEQ_CST);
	vcpu_sleep(v);
}

/*
 * Move the guest's vcpu_info into its own page. Checked: the place lies in one
 * page, is aligned for the 64-bit words that are accessed atomically, and the
 * frame is a writable one of the same domain.
 */
int vcpu_info_register(struct vcpu *v, mfn_t m, uint32_t offset)
{
	struct domain *d = v->domain;
	struct vcpu_info *info;

	if (offset > PAGE_SIZE - sizeof(*info) || !IS_ALIGNED(offset, 8UL))
		return -ENXIO;
	if (!mfn_eq(v->info_frame, MFN_NONE))
		return -EINVAL;
	if (!frame_get_writable(m, d))
		return -EINVAL;
	info = (struct vcpu_info *)((char *)frame_map(m) + offset);
	memcpy(info, v->info, sizeof(*info));
	v->info_frame = m;
	WRITE_ONCE(v->info, info);
	smp_mb();
	vcpu_time_publish(v);
	return 0;
}

/* Teardown: the vCPU runs nowhere any more. */
void vcpu_info_unregister(struct vcpu *v)
{
	mfn_t m = v->info_frame;

	if (mfn_eq(m, MFN_NONE))
		return;
	v->info = &v->own_info;
	v->info_frame = MFN_NONE;
	frame_put_writable(m);
}
