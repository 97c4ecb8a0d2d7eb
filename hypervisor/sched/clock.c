// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Guest-visible clocks.  The TSC scale never changes after boot, so
 * vcpu_time_info is written when it gets a new place, not at each switch.
 *
 * State: the wall clock's value at system time 0 (any CPU may read it).
 */
#include <abi/core.h>
#include <lib/str.h>
#include <port/guest.h>
#include <port/time.h>
#include <sched/clock.h>

#define NS_PER_SEC 1000000000UL

static uint64_t wall_base_ns;

static void fill_time(struct vcpu_time_info *t)
{
	const struct time_scale *s = time_scale();

	t->tsc_timestamp = s->base_tsc;
	t->system_time = s->base_ns;
	t->tsc_to_system_mul = s->mul;
	t->tsc_shift = s->shift;
}

void vcpu_time_publish(struct vcpu *v)
{
	struct vcpu_time_info *t = &v->info->time;
	uint32_t version = READ_ONCE(t->version) | 1;

	WRITE_ONCE(t->version, version);
	smp_wmb();
	fill_time(t);
	smp_wmb();
	WRITE_ONCE(t->version, version + 1);
}

int vcpu_time_write(struct vcpu *v, gva_t at)
{
	struct vcpu_time_info copy;

	memset(&copy, 0, sizeof(copy));
	fill_time(&copy);
	copy.version = 2; /* even: complete */
	return guest_write(v, at, &copy, sizeof(copy));
}

uint64_t wallclock_base(void)
{
	uint64_t sec;
	uint32_t nsec;

	if (!READ_ONCE(wall_base_ns)) {
		time_wallclock_boot(&sec, &nsec);
		WRITE_ONCE(wall_base_ns, sec * NS_PER_SEC + nsec);
	}
	return READ_ONCE(wall_base_ns);
}

void wallclock_set(uint64_t sec, uint32_t nsec, uint64_t at)
{
	WRITE_ONCE(wall_base_ns, sec * NS_PER_SEC + nsec - at);
}

void domain_wallclock_publish(struct domain *d)
{
	struct shared_info *s = d->shared;
	uint64_t ns = wallclock_base() +
		      (uint64_t)(d->time_offset_s * (int64_t)NS_PER_SEC);
	uint32_t version = READ_ONCE(s->wc_version) | 1;

	WRITE_ONCE(s->wc_version, version);
	smp_wmb();
	s->wc_sec = (uint32_t)(ns / NS_PER_SEC);
	s->wc_sec_hi = (uint32_t)(ns / NS_PER_SEC >> 32);
	s->wc_nsec = (uint32_t)(ns % NS_PER_SEC);
	smp_wmb();
	WRITE_ONCE(s->wc_version, version + 1);
}

void runstate_change(struct vcpu *v, uint32_t state, uint64_t now)
{
	struct vcpu_time_account *a = &v->account;
	uint64_t stayed = time_elapsed(a->entered, now);

	if (a->state == state)
		return;
	a->time[a->state] += stayed;
	a->entered += stayed;
	a->state = state;
	a->guest_stale = a->guest_area != 0;
}

void vcpu_runstate_get(struct vcpu *v, struct vcpu_runstate_info *out)
{
	struct vcpu_time_account *a = &v->account;

	memset(out, 0, sizeof(*out));
	out->state = (int)a->state;
	out->state_entry_time = a->entered;
	memcpy(out->time, a->time, sizeof(out->time));
	out->time[a->state] += time_elapsed(a->entered, time_now());
}

/*
 * With runstate_update_flag the guest may look from another vCPU: the flag in
 * state_entry_time covers the time of writing.
 */
void runstate_publish(struct vcpu *v)
{
	struct vcpu_time_account *a = &v->account;
	gva_t at = a->guest_area + offsetof(struct vcpu_runstate_info,
					    state_entry_time);
	bool flag = v->domain->vm_assist & BIT(VMASST_TYPE_runstate_update_flag);
	struct vcpu_runstate_info i = { .state = (int)a->state,
					.state_entry_time = a->entered };

	memcpy(i.time, a->time, sizeof(i.time));
	a->guest_stale = false;
	if (flag) {
		i.state_entry_time |= XEN_RUNSTATE_UPDATE;
		if (guest_write(v, at, &i.state_entry_time, 8))
			return;
		smp_wmb();
	}
	if (guest_write(v, a->guest_area, &i, sizeof(i)) || !flag)
		return;
	smp_wmb();
	i.state_entry_time &= ~XEN_RUNSTATE_UPDATE;
	(void)!guest_write(v, at, &i.state_entry_time, 8);
}
