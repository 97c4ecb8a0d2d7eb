/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two domains that tests of event channels play with, and nothing is left of. */
#ifndef EVENT_TWO_H
#define EVENT_TWO_H

#include "core_test.h"

static struct domain *a, *b;
static struct vcpu *va, *vb;
static uint64_t free_before;

/* Which of them is locked first depends on their ids. */
static inline int make_two(uint16_t ida, uint16_t idb, unsigned int b_vcpus)
{
	struct vcpu *v;

	fake_settle();
	free_before = buddy_free_count();
	a = fake_domain(ida, 2);
	b = fake_domain(idb, b_vcpus);
	va = a->vcpus[0];
	vb = b->vcpus[0];
	for_each_vcpu(a, v)
		v->info->evtchn_upcall_mask = 0;
	for_each_vcpu(b, v)
		v->info->evtchn_upcall_mask = 0;
	return 0;
}

static inline int end_two(void **state)
{
	(void)state;
	fake_destroy(a);
	fake_destroy(b);
	assert_clean(free_before);
	return 0;
}

#endif
