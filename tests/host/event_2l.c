// SPDX-License-Identifier: GPL-2.0-or-later
/* Event channels in the 2-level layout, by hypercalls of two domains. */
#include "event_two.h"

static int setup(void **state)
{
	(void)state;
	return make_two(1, 2, 2);
}

static int setup_reversed(void **state)
{
	(void)state;
	return make_two(2, 1, 2);
}

static bool pending(struct domain *d, int port)
{
	return bit_test(d->shared->evtchn_pending, (unsigned int)port);
}

/* An unbound port of @x, bound by @y. */
static void pair(struct vcpu *x, struct vcpu *y, int *px, int *py)
{
	*px = ev_alloc(x, DOMID_SELF, y->domain->id);
	assert_true(*px > 0);
	*py = ev_bind(y, x->domain->id, *px);
	assert_true(*py > 0);
}

static void test_send(void **state)
{
	int pa, pb;

	(void)state;
	pair(va, vb, &pa, &pb);
	/* Binding raises the binder's end once. */
	assert_true(pending(b, pb));
	assert_false(pending(a, pa));
	assert_int_equal(ev_send(vb, pb), 0);
	assert_true(pending(a, pa));
	assert_int_equal(va->info->evtchn_upcall_pending, 1);
	assert_true(va->info->evtchn_pending_sel & BIT(pa / 64));
	bit_clear(b->shared->evtchn_pending, (unsigned int)pb);
	ev_ack_upcall(vb);
	assert_int_equal(ev_send(va, pa), 0);
	assert_true(pending(b, pb));
	assert_int_equal(vb->info->evtchn_upcall_pending, 1);
}

static void test_mask(void **state)
{
	int pa, pb;

	(void)state;
	pair(va, vb, &pa, &pb);
	bit_set(a->shared->evtchn_mask, (unsigned int)pa);
	assert_int_equal(ev_send(vb, pb), 0);
	assert_true(pending(a, pa));
	assert_int_equal(va->info->evtchn_upcall_pending, 0);
	assert_int_equal(ev_unmask(va, pa), 0);
	assert_int_equal(va->info->evtchn_upcall_pending, 1);
	assert_false(bit_test(a->shared->evtchn_mask, (unsigned int)pa));
}

static void test_close_one_end(void **state)
{
	struct evtchn_status s;
	int pa, pb, again;

	(void)state;
	pair(va, vb, &pa, &pb);
	s = ev_status(va, pa);
	assert_int_equal(s.status, EVTCHNSTAT_interdomain);
	assert_int_equal(s.u.interdomain.dom, b->id);
	assert_int_equal(s.u.interdomain.port, pb);
	assert_int_equal(ev_close(vb, pb), 0);
	assert_int_equal(ev_close(vb, pb), -EINVAL);
	s = ev_status(va, pa);
	assert_int_equal(s.status, EVTCHNSTAT_unbound);
	assert_int_equal(s.u.unbound.dom, b->id);
	assert_int_equal(ev_send(va, pa), 0);
	again = ev_bind(vb, a->id, pa);
	assert_true(again > 0);
	assert_int_equal(ev_close(va, pa), 0);
	assert_int_equal(ev_status(va, pa).status, EVTCHNSTAT_closed);
	assert_int_equal(ev_status(vb, again).status, EVTCHNSTAT_unbound);
}

static void test_self(void **state)
{
	int p = ev_alloc(va, DOMID_SELF, DOMID_SELF), q;

	(void)state;
	assert_true(p > 0);
	q = ev_bind(va, DOMID_SELF, p);
	assert_true(q > 0 && q != p);
	assert_int_equal(ev_send(va, q), 0);
	assert_true(pending(a, p));
	assert_int_equal(ev_close(va, p), 0);
	assert_int_equal(ev_status(va, q).status, EVTCHNSTAT_unbound);
	assert_int_equal(ev_close(va, q), 0);
}

static void test_refused(void **state)
{
	int p = ev_alloc(va, DOMID_SELF, b->id);

	(void)state;
	assert_int_equal(ev_alloc(va, b->id, a->id), -EPERM);
	assert_int_equal(ev_alloc(va, 99, a->id), -ESRCH);
	assert_int_equal(ev_bind(vb, a->id, p + 1), -EINVAL);
	assert_int_equal(ev_bind(vb, a->id, 1 << 20), -EINVAL);
	assert_int_equal(ev_bind(va, DOMID_SELF, p), -EINVAL);
	assert_int_equal(ev_bind(vb, DOMID_IO, p), -ESRCH);
	assert_int_equal(ev_send(va, 0), -EINVAL);
	assert_int_equal(ev_close(va, 0), -EINVAL);
	assert_int_equal(ev_unmask(va, 0), -EINVAL);
	assert_int_equal(ev_reset(va, b->id), -EPERM);
	assert_int_equal(ev_ipi(va, 2), -ENOENT);
	assert_int_equal(ev_bind_vcpu(va, p, 2), -ENOENT);
	assert_int_equal(fake_hypercall(va, __HYPERVISOR_event_channel_op, 99,
					FAKE_BUF, 0, 0), -ENOSYS);
	assert_int_equal(fake_hypercall(va, __HYPERVISOR_event_channel_op,
					EVTCHNOP_send, 8, 0, 0), -EFAULT);
}

/* The result cannot be written: nothing is kept. */
static void test_fault_on_result(void **state)
{
	static struct evtchn_bind_ipi arg;
	uint64_t at = 0x20000000;
	int p;

	(void)state;
	fake_guest_map(a, at, &arg, sizeof(arg), false);
	p = ev_ipi(va, 0);
	assert_int_equal(ev_close(va, p), 0);
	assert_int_equal(fake_hypercall(va, __HYPERVISOR_event_channel_op,
					EVTCHNOP_bind_ipi, at, 0, 0), -EFAULT);
	assert_int_equal(ev_status(va, p).status, EVTCHNSTAT_closed);
	fake_guest_unmap_all(a);
}

static void test_virq(void **state)
{
	int t0, t1, g;

	(void)state;
	t0 = ev_virq(va, VIRQ_TIMER, 0);
	t1 = ev_virq(va, VIRQ_TIMER, 1);
	g = ev_virq(va, VIRQ_CONSOLE, 0);
	assert_true(t0 > 0 && t1 > 0 && g > 0);
	assert_int_equal(ev_virq(va, VIRQ_TIMER, 0), -EEXIST);
	assert_int_equal(ev_virq(va, VIRQ_CONSOLE, 1), -EINVAL);
	assert_int_equal(ev_virq(va, NR_VIRQS, 0), -EINVAL);
	assert_int_equal(ev_send(va, t0), -EINVAL);
	evtchn_send_virq(a->vcpus[1], VIRQ_TIMER);
	assert_false(pending(a, t0));
	assert_true(pending(a, t1));
	assert_int_equal(a->vcpus[1]->info->evtchn_upcall_pending, 1);
	evtchn_send_global_virq(a, VIRQ_CONSOLE);
	assert_true(pending(a, g));
	assert_int_equal(ev_bind_vcpu(va, t1, 0), -EINVAL);
	assert_int_equal(ev_bind_vcpu(va, g, 1), 0);
	assert_int_equal(ev_close(va, t0), 0);
	evtchn_send_virq(va, VIRQ_TIMER);
	assert_false(pending(a, t0));
	assert_true(ev_virq(va, VIRQ_TIMER, 0) > 0);
}

/* The host's own VIRQs go to whom they were given, and to nobody after him. */
static void test_host_virqs(void **state)
{
	int p = ev_virq(va, VIRQ_CON_RING, 0);

	(void)state;
	evtchn_send_host_virq(VIRQ_CON_RING);
	assert_false(pending(a, p));
	assert_int_equal(evtchn_set_virq_handler(a, VIRQ_CON_RING), 0);
	assert_int_equal(evtchn_set_virq_handler(a, VIRQ_TIMER), -EINVAL);
	assert_int_equal(evtchn_set_virq_handler(a, NR_VIRQS), -EINVAL);
	evtchn_send_host_virq(VIRQ_CON_RING);
	assert_true(pending(a, p));
	assert_int_equal(evtchn_set_virq_handler(b, VIRQ_CON_RING), 0);
	bit_clear(a->shared->evtchn_pending, (unsigned int)p);
	evtchn_send_host_virq(VIRQ_CON_RING);
	assert_false(pending(a, p));
	assert_int_equal(domain_kill(b), 0);
	assert_int_equal(evtchn_set_virq_handler(b, VIRQ_CON_RING), -ESRCH);
	evtchn_send_host_virq(VIRQ_CON_RING);
	assert_false(pending(a, p));
}

static void test_ipi_and_vcpu(void **state)
{
	int p = ev_ipi(va, 1), pa, pb;

	(void)state;
	assert_int_equal(ev_send(va, p), 0);
	assert_int_equal(va->info->evtchn_upcall_pending, 0);
	assert_int_equal(a->vcpus[1]->info->evtchn_upcall_pending, 1);
	assert_int_equal(ev_bind_vcpu(va, p, 0), -EINVAL);
	pair(va, vb, &pa, &pb);
	ev_ack_upcall(a->vcpus[1]);
	assert_int_equal(ev_bind_vcpu(va, pa, 1), 0);
	assert_int_equal(ev_send(vb, pb), 0);
	assert_int_equal(va->info->evtchn_upcall_pending, 0);
	assert_int_equal(a->vcpus[1]->info->evtchn_upcall_pending, 1);
}

static void test_limit_and_reset(void **state)
{
	unsigned int n = 0;
	int rc;

	(void)state;
	while ((rc = ev_alloc(va, DOMID_SELF, b->id)) > 0)
		n++;
	assert_int_equal(rc, -ENOSPC);
	assert_int_equal(n, EVTCHN_2L_NR_CHANNELS - 1);
	assert_int_equal(ev_close(va, 77), 0);
	assert_int_equal(ev_alloc(va, DOMID_SELF, b->id), 77);
	assert_int_equal(ev_reset(va, DOMID_SELF), 0);
	assert_true(fake_restarts > 0);
	assert_int_equal(ev_status(va, 77).status, EVTCHNSTAT_closed);
	evtchn_set_max_port(a, 3);
	for (n = 0; ev_alloc(va, DOMID_SELF, b->id) > 0; n++)
		;
	assert_true(n <= 3);
}

static void test_numbers_are_reused(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 20000; i++) {
		int p = ev_ipi(va, 0);

		assert_true(p > 0 && p < 64);
		assert_int_equal(ev_close(va, p), 0);
	}
}

/* Whatever a guest writes into its bitmaps, others' are as they were. */
static void test_scribble(void **state)
{
	struct shared_info before;
	int pa, pb;

	(void)state;
	srand(7);
	pair(va, vb, &pa, &pb);
	bit_clear(b->shared->evtchn_pending, (unsigned int)pb);
	ev_ack_upcall(vb);
	for (unsigned int i = 0; i < 3000; i++) {
		uint8_t *s = (uint8_t *)a->shared;

		for (unsigned int k = 0; k < 200; k++)
			s[(unsigned int)rand() % sizeof(*a->shared)] =
				(uint8_t)rand();
		memcpy(&before, b->shared, sizeof(before));
		(void)ev_unmask(va, rand() % 8);
		(void)ev_send(vb, pb);
		(void)ev_close(va, 1 + rand() % 4 + 10);
		(void)ev_virq(va, (uint32_t)rand() % 4, 0);
		assert_memory_equal(&before, b->shared, sizeof(before));
		fake_settle();
	}
	ev_ack_upcall(va);
	va->info->evtchn_upcall_mask = 0;
	bit_clear(a->shared->evtchn_pending, (unsigned int)pa);
	bit_clear(a->shared->evtchn_mask, (unsigned int)pa);
	assert_int_equal(ev_send(vb, pb), 0);
	assert_int_equal(va->info->evtchn_upcall_pending, 1);
}

static bool runs(struct vcpu *v)
{
	return v->sched.running || v->sched.queued;
}

static void test_block(void **state)
{
	int pa, pb;

	(void)state;
	pair(va, vb, &pa, &pb);
	fake_settle();
	assert_int_equal(fake_hypercall(va, __HYPERVISOR_sched_op,
					SCHEDOP_block, 0, 0, 0), 0);
	fake_settle();
	assert_false(runs(va));
	assert_int_equal(ev_send(vb, pb), 0);
	fake_settle();
	assert_true(runs(va));
	/* Something is pending: no block at all. */
	assert_int_equal(fake_hypercall(va, __HYPERVISOR_sched_op,
					SCHEDOP_block, 0, 0, 0), 0);
	fake_settle();
	assert_true(runs(va));
}

static long poll_one(struct vcpu *v, int port, uint64_t timeout)
{
	static uint32_t ports[1];
	struct sched_poll p = { .nr_ports = 1, .timeout = timeout };

	ports[0] = (uint32_t)port;
	fake_guest_map(v->domain, 0x30000000, ports, sizeof(ports), true);
	p.ports.addr = 0x30000000;
	return sched_op(v, SCHEDOP_poll, &p);
}

static void test_poll(void **state)
{
	int pa, pb, other, other_b;

	(void)state;
	pair(va, vb, &pa, &pb);
	pair(va, vb, &other, &other_b);
	va->info->evtchn_upcall_mask = 1;
	bit_set(a->shared->evtchn_mask, (unsigned int)pa);
	bit_set(a->shared->evtchn_mask, (unsigned int)other);
	fake_settle();
	assert_int_equal(poll_one(va, pa, 0), 0);
	fake_settle();
	assert_false(runs(va));
	assert_int_equal(ev_send(vb, other_b), 0);
	fake_settle();
	assert_false(runs(va));
	assert_int_equal(ev_send(vb, pb), 0);
	fake_settle();
	assert_true(runs(va));
	assert_int_equal(a->pollers, 0);
	/* It is pending: returns at once. */
	assert_int_equal(poll_one(va, pa, 0), 0);
	fake_settle();
	assert_true(runs(va));
	bit_clear(a->shared->evtchn_pending, (unsigned int)pa);
	assert_int_equal(poll_one(va, pa, fake_now + 1000), 0);
	fake_settle();
	assert_false(runs(va));
	fake_advance(2000);
	assert_true(runs(va));
	assert_int_equal(poll_one(va, 0, 0), -EINVAL);
	assert_int_equal(poll_one(va, 4000, 0), -EINVAL);
	assert_true(runs(va));
	assert_int_equal(a->pollers, 0);
}

static void test_info_moves(void **state)
{
	struct vcpu_register_vcpu_info r = { .offset = 64 };
	struct vcpu *v1 = a->vcpus[1];
	mfn_t m = fake_frame(a);
	int p = ev_ipi(va, 1);
	long rc;

	(void)state;
	assert_int_equal(ev_send(va, p), 0);
	r.mfn = m.v;
	memcpy(fake_buf, &r, sizeof(r));
	rc = fake_hypercall(v1, __HYPERVISOR_vcpu_op,
			    VCPUOP_register_vcpu_info, 1, FAKE_BUF, 0);
	assert_int_equal(rc, 0);
	assert_ptr_equal(v1->info, (char *)frame_map(m) + 64);
	assert_int_equal(v1->info->evtchn_upcall_pending, 1);
	assert_true(v1->info->evtchn_pending_sel & BIT(p / 64));
	bit_clear(a->shared->evtchn_pending, (unsigned int)p);
	ev_ack_upcall(v1);
	assert_int_equal(ev_send(va, p), 0);
	assert_int_equal(v1->info->evtchn_upcall_pending, 1);
	rc = fake_hypercall(v1, __HYPERVISOR_vcpu_op,
			    VCPUOP_register_vcpu_info, 1, FAKE_BUF, 0);
	assert_int_equal(rc, -EINVAL);
}

/* The other end dies: its partner's port waits again. */
static void test_partner_dies(void **state)
{
	struct domain *c = fake_domain(7, 1);
	int p = ev_alloc(va, DOMID_SELF, 7), q;

	(void)state;
	q = ev_bind(c->vcpus[0], a->id, p);
	assert_true(q > 0);
	fake_destroy(c);
	assert_int_equal(ev_status(va, p).status, EVTCHNSTAT_unbound);
	assert_int_equal(ev_send(va, p), 0);
	c = fake_domain(7, 1);
	assert_int_equal(ev_bind(c->vcpus[0], a->id, p), 1);
	fake_destroy(c);
}

/* A port may be raised before its vCPU has been made. */
static void test_no_vcpu_yet(void **state)
{
	struct domain_config cfg = {
		.id = 9, .max_vcpus = 1, .max_evtchn_port = 100,
		.max_grant_frames = 1, .grant_version_max = 1,
	};
	struct domain *c;
	uint32_t port;
	int p;

	(void)state;
	assert_int_equal(domain_create(&cfg, &c), 0);
	assert_int_equal(evtchn_alloc_unbound(c, a->id, &port), 0);
	p = ev_bind(va, 9, (int)port);
	assert_true(p > 0);
	assert_int_equal(ev_send(va, p), 0);
	assert_true(pending(c, (int)port));
	assert_int_equal(vcpu_create(c, 0, 0), 0);
	assert_int_equal(c->vcpus[0]->info->evtchn_upcall_pending, 1);
	assert_true(c->vcpus[0]->info->evtchn_pending_sel & 1);
	fake_destroy(c);
}

#define BOTH(f)                                                        \
	cmocka_unit_test_setup_teardown(f, setup, end_two),           \
		cmocka_unit_test_setup_teardown(f, setup_reversed, end_two)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(test_send), BOTH(test_mask), BOTH(test_close_one_end),
		BOTH(test_self), BOTH(test_refused),
		BOTH(test_fault_on_result), BOTH(test_virq),
		BOTH(test_host_virqs), BOTH(test_ipi_and_vcpu), BOTH(test_limit_and_reset),
		BOTH(test_numbers_are_reused), BOTH(test_scribble),
		BOTH(test_block), BOTH(test_poll), BOTH(test_info_moves),
		BOTH(test_partner_dies), BOTH(test_no_vcpu_yet),
	};

	fake_start(FAKE_CPUS);
	fake_warm_up();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
