// SPDX-License-Identifier: GPL-2.0-or-later
/* The life of domains: ids, references, failures half-way, stops and ends. */
#include <event/event_priv.h>
#include "core_test.h"

static uint64_t free_before;

static int setup(void **state)
{
	(void)state;
	free_before = buddy_free_count();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	assert_clean(free_before);
	return 0;
}

static struct domain_config config(uint16_t id)
{
	return (struct domain_config){
		.id = id, .max_vcpus = 2, .max_evtchn_port = 200,
		.max_grant_frames = 4, .max_maptrack_frames = 4,
		.grant_version_max = 2,
	};
}

static void kill_all(struct domain *d)
{
	int rc;

	do {
		rc = domain_kill(d);
		fake_settle();
	} while (rc == -ERESTART);
	assert_int_equal(rc, 0);
}

static void test_ids(void **state)
{
	struct domain_config c = config(5);
	struct domain *d, *e, *same;
	uint16_t first;

	(void)state;
	assert_int_equal(domain_create(&c, &d), 0);
	assert_int_equal(domain_create(&c, &e), -EEXIST);
	same = domain_get(5);
	assert_ptr_equal(same, d);
	kill_all(d);
	domain_put(same);
	fake_settle();
	/* One reference is left: dead, but the id is not free. */
	assert_int_equal(domain_create(&c, &e), -EEXIST);
	domain_put(d);
	fake_settle();
	assert_null(domain_get(5));
	assert_int_equal(domain_create(&c, &d), 0);
	fake_destroy(d);
	c.id = DOMID_INVALID;
	assert_int_equal(domain_create(&c, &d), 0);
	first = d->id;
	fake_destroy(d);
	assert_int_equal(domain_create(&c, &d), 0);
	assert_int_not_equal(d->id, first);
	fake_destroy(d);
	c.id = DOMID_IO;
	assert_int_equal(domain_create(&c, &d), -EINVAL);
	c.id = 5;
	c.max_vcpus = 0;
	assert_int_equal(domain_create(&c, &d), -EINVAL);
	c.max_vcpus = VCPU_MAX + 1;
	assert_int_equal(domain_create(&c, &d), -EINVAL);
}

static void test_list(void **state)
{
	struct domain *d[3], *n;

	(void)state;
	d[0] = fake_domain(3, 1);
	d[1] = fake_domain(700, 1);
	d[2] = fake_domain(30000, 1);
	for (unsigned int i = 0, from = 0; i < 3; i++) {
		n = domain_get_next((uint16_t)from);
		assert_ptr_equal(n, d[i]);
		from = n->id + 1U;
		domain_put(n);
	}
	assert_null(domain_get_next(30001));
	for (unsigned int i = 0; i < 3; i++)
		fake_destroy(d[i]);
}

/* Every allocation of creation fails in turn, and nothing is left. */
static void test_creation_fails(void **state)
{
	struct domain_config c = config(6);
	struct domain *d;
	unsigned int n;
	int rc = -ENOMEM;

	(void)state;
	for (n = 1; rc; n++) {
		fake_fail_alloc(n);
		rc = domain_create(&c, &d);
		fake_fail_alloc(0);
		fake_settle();
		assert_true(!rc || rc == -ENOMEM);
		if (rc)
			assert_clean(free_before);
	}
	assert_true(n > 10);
	rc = -ENOMEM;
	for (n = 1; rc; n++) {
		fake_fail_alloc(n);
		rc = vcpu_create(d, 0, 0);
		fake_fail_alloc(0);
		assert_true(!rc || rc == -ENOMEM);
		assert_true(rc || d->vcpus[0]);
		if (rc)
			assert_null(d->vcpus[0]);
	}
	assert_true(n > 2);
	assert_int_equal(vcpu_create(d, 0, 0), -EEXIST);
	assert_int_equal(vcpu_create(d, 2, 0), -EINVAL);
	assert_int_equal(vcpu_create(d, 1, FAKE_CPUS), -EINVAL);
	fake_destroy(d);
}

static void test_shutdown(void **state)
{
	struct domain *d = fake_domain(4, 2);
	struct sched_shutdown s = { .reason = SHUTDOWN_suspend };

	(void)state;
	fake_settle();
	assert_int_equal(sched_op(d->vcpus[0], SCHEDOP_shutdown, &s), 0);
	fake_settle();
	assert_true(d->shut_down);
	assert_int_equal(d->shutdown_code, SHUTDOWN_suspend);
	assert_false(d->vcpus[0]->sched.running || d->vcpus[1]->sched.running);
	s.reason = SHUTDOWN_poweroff;
	assert_int_equal(sched_op(d->vcpus[0], SCHEDOP_shutdown, &s), 0);
	assert_int_equal(d->shutdown_code, SHUTDOWN_suspend);
	s.reason = 99;
	assert_int_equal(sched_op(d->vcpus[0], SCHEDOP_shutdown, &s), -EINVAL);
	domain_resume(d);
	fake_settle();
	assert_true(d->vcpus[0]->sched.running && d->vcpus[1]->sched.running);
	domain_crash(d, "test %d", 1);
	fake_settle();
	assert_int_equal(d->shutdown_code, SHUTDOWN_crash);
	assert_false(d->vcpus[0]->sched.running);
	/* Whoever resumes a crashed domain may see it crash again. */
	domain_resume(d);
	fake_settle();
	assert_true(d->vcpus[0]->sched.running);
	domain_crash(d, "test %d", 2);
	fake_settle();
	assert_false(d->vcpus[0]->sched.running);
	/* While one CPU still says why, another vCPU's crash stops it, too. */
	domain_resume(d);
	fake_settle();
	d->crashed = true;
	domain_crash(d, "test %d", 3);
	fake_settle();
	assert_false(d->vcpus[0]->sched.running);
	fake_destroy(d);
}

/* The last vCPU that goes down takes the domain with it. */
static void test_down(void **state)
{
	struct domain *d = fake_domain(4, 2);

	(void)state;
	fake_settle();
	assert_int_equal(fake_hypercall(d->vcpus[0], __HYPERVISOR_vcpu_op,
					VCPUOP_down, 1, 0, 0), 0);
	fake_settle();
	assert_false(d->vcpus[1]->sched.running);
	assert_int_equal(fake_hypercall(d->vcpus[0], __HYPERVISOR_vcpu_op,
					VCPUOP_is_up, 1, 0, 0), 0);
	assert_int_equal(fake_hypercall(d->vcpus[0], __HYPERVISOR_vcpu_op,
					VCPUOP_up, 1, 0, 0), 0);
	assert_int_equal(fake_hypercall(d->vcpus[0], __HYPERVISOR_vcpu_op,
					VCPUOP_down, 1, 0, 0), 0);
	assert_int_equal(fake_hypercall(d->vcpus[0], __HYPERVISOR_vcpu_op,
					VCPUOP_down, 0, 0, 0), 0);
	assert_true(d->shut_down);
	assert_int_equal(fake_hypercall(d->vcpus[0], __HYPERVISOR_vcpu_op,
					VCPUOP_down, 2, 0, 0), -ENOENT);
	fake_destroy(d);
}

/* Much to tear down: in steps, and complete. */
static void test_kill_in_steps(void **state)
{
	struct domain *d = fake_domain(4, 1);
	unsigned int steps = 0;
	int rc;

	(void)state;
	for (unsigned int i = 0; i < 8000; i++)
		(void)fake_frame(d);
	for (unsigned int i = 0; i < 1500; i++)
		(void)ev_alloc(d->vcpus[0], DOMID_SELF, 0);
	while ((rc = domain_kill(d)) == -ERESTART) {
		steps++;
		assert_null(fake_check());
	}
	assert_int_equal(rc, 0);
	assert_true(steps > 3);
	assert_int_equal(domain_kill(d), 0);
	domain_put(d);
	fake_settle();
}

/*
 * The control domain resets the ports of a domain that is being killed, and
 * the two go over them in turns: none is left out.
 */
static void test_kill_beside_reset(void **state)
{
	struct domain *d = fake_domain(4, 1), *r = fake_domain(5, 1);
	int mine[600], rc;
	bool moved = false;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(mine); i++) {
		mine[i] = ev_alloc(r->vcpus[0], DOMID_SELF, 4);
		assert_true(mine[i] > 0);
		assert_true(ev_bind(d->vcpus[0], 5, mine[i]) > 0);
	}
	while ((rc = domain_kill(d)) == -ERESTART)
		if (!moved && d->evt->close_next) {
			d->evt->close_next = d->evt->valid;
			moved = true;
		}
	assert_true(moved);
	assert_int_equal(rc, 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(mine); i++)
		assert_int_equal(ev_status(r->vcpus[0], mine[i]).status,
				 EVTCHNSTAT_unbound);
	domain_put(d);
	fake_destroy(r);
}

static long watchdog(struct vcpu *v, uint32_t id, uint32_t timeout)
{
	struct sched_watchdog w = { .id = id, .timeout = timeout };

	return sched_op(v, SCHEDOP_watchdog, &w);
}

#define SEC 1000000000UL

static void test_watchdog(void **state)
{
	struct domain *d = fake_domain(4, 1);
	struct vcpu *v = d->vcpus[0];

	(void)state;
	fake_settle();
	assert_int_equal(watchdog(v, 0, 0), -EINVAL);
	assert_int_equal(watchdog(v, 1, 5), -ENOENT);
	assert_int_equal(watchdog(v, 3, 5), -EINVAL);
	assert_int_equal(watchdog(v, 0, 5), 1);
	assert_int_equal(watchdog(v, 0, 50), 2);
	assert_int_equal(watchdog(v, 0, 5), -ENOSPC);
	for (unsigned int i = 0; i < 10; i++) {
		fake_advance(4 * SEC);
		assert_int_equal(watchdog(v, 1, 5), 0);
	}
	assert_int_equal(watchdog(v, 1, 0), 0);
	assert_false(d->shut_down);
	fake_advance(20 * SEC);
	assert_true(d->shut_down);
	assert_int_equal(d->shutdown_code, SHUTDOWN_watchdog);
	fake_destroy(d);
}

static void test_timers(void **state)
{
	struct domain *d = fake_domain(4, 1);
	struct vcpu *v = d->vcpus[0];
	struct vcpu_set_periodic_timer p = { .period_ns = 10 };
	int port = ev_virq(v, VIRQ_TIMER, 0);
	unsigned int n = 0;

	(void)state;
	fake_settle();
	assert_int_equal(fake_hypercall(v, __HYPERVISOR_set_timer_op,
					fake_now + 500, 0, 0, 0), 0);
	fake_advance(499);
	assert_false(bit_test(d->shared->evtchn_pending, (unsigned int)port));
	fake_advance(1);
	assert_true(bit_test(d->shared->evtchn_pending, (unsigned int)port));
	bit_clear(d->shared->evtchn_pending, (unsigned int)port);
	memcpy(fake_buf, &p, sizeof(p));
	assert_int_equal(fake_hypercall(v, __HYPERVISOR_vcpu_op,
					VCPUOP_set_periodic_timer, 0, FAKE_BUF,
					0), -EINVAL);
	p.period_ns = 2000000;
	memcpy(fake_buf, &p, sizeof(p));
	assert_int_equal(fake_hypercall(v, __HYPERVISOR_vcpu_op,
					VCPUOP_set_periodic_timer, 0, FAKE_BUF,
					0), 0);
	for (unsigned int i = 0; i < 100; i++) {
		fake_advance(1000000);
		n += bit_test_and_clear(d->shared->evtchn_pending,
					(unsigned int)port);
	}
	assert_in_range(n, 49, 50);
	assert_int_equal(fake_hypercall(v, __HYPERVISOR_vcpu_op,
					VCPUOP_stop_periodic_timer, 0, 0, 0),
			 0);
	fake_advance(10000000);
	assert_false(bit_test(d->shared->evtchn_pending, (unsigned int)port));
	fake_destroy(d);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_ids), T(test_list), T(test_creation_fails),
		T(test_shutdown), T(test_down), T(test_kill_in_steps),
		T(test_kill_beside_reset),
		T(test_watchdog), T(test_timers),
	};
	const uint16_t leaves[] = { 700, 30000, 3, 4 };
	struct domain *d[4];

	fake_start(FAKE_CPUS);
	for (unsigned int i = 0; i < 4; i++)
		d[i] = fake_domain(leaves[i], 2);
	for (unsigned int i = 0; i < 4; i++)
		fake_destroy(d[i]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
