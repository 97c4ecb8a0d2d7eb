// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The 2-level layout: pending and mask bits of all ports in shared_info, a
 * word in vcpu_info that says which of their 64 words to look at.  All of it
 * is writable by the guest; every operation is one atomic bit.
 */
#include <abi/core.h>
#include <event/event_priv.h>
#include <lib/bitmap.h>

static void l2_init(struct domain *d, struct port *p)
{
	(void)d;
	p->priority = EVTCHN_FIFO_PRIORITY_DEFAULT;
}

static void select_word(struct domain *d, struct port *p)
{
	struct vcpu *v = port_vcpu(d, p);

	if (unlikely(!v)) /* not made yet: evtchn_vcpu_init() makes it look */
		return;
	if (!bit_test_and_set(&v->info->evtchn_pending_sel, p->number / 64))
		vcpu_mark_pending(v);
}

static void l2_raise(struct domain *d, struct port *p)
{
	if (bit_test_and_set(d->shared->evtchn_pending, p->number))
		return;
	if (!bit_test(d->shared->evtchn_mask, p->number))
		select_word(d, p);
	port_check_pollers(d, p->number);
}

static void l2_clear(struct domain *d, struct port *p)
{
	bit_clear(d->shared->evtchn_pending, p->number);
}

static void l2_unmask(struct domain *d, struct port *p)
{
	if (bit_test_and_clear(d->shared->evtchn_mask, p->number) &&
	    bit_test(d->shared->evtchn_pending, p->number))
		select_word(d, p);
}

static bool l2_pending(struct domain *d, const struct port *p)
{
	return bit_test(d->shared->evtchn_pending, p->number);
}

static bool l2_masked(struct domain *d, const struct port *p)
{
	return bit_test(d->shared->evtchn_mask, p->number);
}

static bool l2_busy(struct domain *d, const struct port *p)
{
	(void)d;
	(void)p;
	return false;
}

static int l2_set_priority(struct domain *d, struct port *p, uint32_t prio)
{
	(void)d;
	(void)p;
	(void)prio;
	return -ENOSYS;
}

const struct event_layout layout_2l = {
	.name = "2-level",
	.limit = EVTCHN_2L_NR_CHANNELS,
	.init = l2_init,
	.raise = l2_raise,
	.clear = l2_clear,
	.unmask = l2_unmask,
	.pending = l2_pending,
	.masked = l2_masked,
	.busy = l2_busy,
	.set_priority = l2_set_priority,
};
