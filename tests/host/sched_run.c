// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The scheduler over simulated time: shares by weight, latency of sleepers, no
 * idle CPU beside waiting work, affinity, and that no wake-up is lost whatever
 * the order of sleeping, waking and pausing.
 */
#include <unistd.h>

#include <port/hooks.h>
#include <port/time.h>
#include "core_test.h"

#define MS 1000000UL
#define SEC (1000 * MS)
#define DOMS 6

static struct domain *d[DOMS];
static unsigned int count;
static uint64_t free_before;

static int setup(void **state)
{
	(void)state;
	count = 0;
	free_before = buddy_free_count();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < count; i++)
		fake_destroy(d[i]);
	assert_clean(free_before);
	return 0;
}

static struct vcpu *make(unsigned int vcpus, cpumask_t where)
{
	struct domain *n = fake_domain((uint16_t)(count + 1), vcpus);
	struct vcpu *v;

	assert_non_null(n);
	d[count++] = n;
	for_each_vcpu(n, v)
		assert_int_equal(sched_set_affinity(v, where, where), 0);
	fake_settle();
	return n->vcpus[0];
}

static bool is_runnable(const struct vcpu *v)
{
	return !v->pause_flags && !v->pause_count && !v->domain->pause_count;
}

/* What must hold whenever all CPUs have done their work. */
static void check_states(void)
{
	for (unsigned int i = 0; i < count; i++) {
		struct vcpu *v;

		for_each_vcpu(d[i], v) {
			bool on = v->sched.running || v->sched.queued;

			assert_int_equal(on, is_runnable(v));
			assert_false(v->sched.running && v->sched.queued);
		}
	}
	for (unsigned int c = 0; c < FAKE_CPUS; c++) {
		struct vcpu *v;

		fake_on(c);
		v = sched_current();
		if (vcpu_is_idle(v))
			continue;
		assert_true(v->sched.running);
		assert_int_equal(v->sched.cpu, c);
	}
	fake_on(0);
}

/* Nothing waits that could run on an idle CPU. */
static void check_no_waste(void)
{
	cpumask_t idle = 0;

	for (unsigned int c = 0; c < FAKE_CPUS; c++) {
		fake_on(c);
		if (vcpu_is_idle(sched_current()))
			idle |= BIT(c);
	}
	fake_on(0);
	for (unsigned int i = 0; i < count; i++) {
		struct vcpu *v;

		for_each_vcpu(d[i], v)
			if (v->sched.queued)
				assert_false(v->sched.affinity & idle);
	}
}

static void check_affinity(void)
{
	for (unsigned int i = 0; i < count; i++) {
		struct vcpu *v;

		for_each_vcpu(d[i], v)
			if (v->sched.running)
				assert_true(v->sched.affinity &
					    BIT(v->sched.cpu));
	}
}

static void test_weights(void **state)
{
	struct vcpu *v[3];
	uint64_t t[3], sum = 0;
	const uint32_t weight[3] = { 128, 256, 512 };

	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		v[i] = make(1, 1);
		sched_set_weight(d[i], weight[i]);
	}
	fake_advance(70 * SEC);
	for (unsigned int i = 0; i < 3; i++) {
		t[i] = vcpu_run_time(v[i]);
		sum += t[i];
	}
	assert_true(sum > 69 * SEC && sum <= 71 * SEC);
	for (unsigned int i = 0; i < 3; i++)
		assert_in_range(t[i], 10 * SEC * weight[i] / 128 * 95 / 100,
				10 * SEC * weight[i] / 128 * 105 / 100);
	check_states();
}

/* Hogs of far-apart weights beside a sleeper that keeps to its share. */
static void test_sleeper(void **state)
{
	struct vcpu *light = make(1, 1), *heavy = make(1, 1), *s = make(1, 1);
	uint64_t worst = 0;

	(void)state;
	(void)heavy;
	sched_set_weight(light->domain, 1);
	sched_set_weight(heavy->domain, 2048);
	vcpu_block(s, VPF_BLOCKED);
	vcpu_sleep(s);
	fake_advance(5 * SEC);
	for (unsigned int i = 0; i < 200; i++) {
		uint64_t began;

		fake_advance(17 * MS + i * 1000);
		began = fake_now;
		vcpu_unblock(s);
		while (!s->sched.running && fake_now - began < SEC)
			fake_advance(MS / 4);
		worst = MAX(worst, fake_now - began);
		fake_advance(MS / 2);
		vcpu_block(s, VPF_BLOCKED);
		vcpu_sleep(s);
	}
	assert_in_range(worst, 0, 25 * MS);
	assert_true(vcpu_run_time(light) > 0);
}

/* Who slept long may not claim the time it slept. */
static void test_no_saving_up(void **state)
{
	struct vcpu *s = make(1, 1), *hog = make(1, 1);
	uint64_t before;

	(void)state;
	vcpu_block(s, VPF_BLOCKED);
	vcpu_sleep(s);
	fake_advance(100 * SEC);
	before = vcpu_run_time(hog);
	vcpu_unblock(s);
	fake_advance(2 * SEC);
	assert_in_range(vcpu_run_time(hog) - before, 900 * MS, 1100 * MS);
}

#define US 1000UL

static void sleep_now(struct vcpu *v)
{
	vcpu_block(v, VPF_BLOCKED);
	vcpu_sleep(v);
	fake_settle();
}

/* Who is behind waits a little for one that runs on and on, but no longer. */
static void test_gathers_work(void **state)
{
	struct vcpu *s = make(1, 1), *hog = make(1, 1);

	(void)state;
	sleep_now(s);
	fake_advance(SEC);
	vcpu_unblock(s);
	fake_settle();
	assert_true(s->sched.running); /* the hog has had its time */
	fake_advance(10 * US);
	sleep_now(s);
	assert_true(hog->sched.running);
	fake_advance(50 * US);
	vcpu_unblock(s);
	fake_settle();
	assert_true(hog->sched.running);
	fake_advance(100 * US);
	assert_true(hog->sched.running);
	fake_advance(60 * US);
	assert_true(s->sched.running);
	check_states();
}

/* One that has only just woken gives way at once. */
static void test_gives_way(void **state)
{
	struct vcpu *s = make(1, 1), *other = make(1, 1);

	(void)state;
	sleep_now(s);
	fake_advance(SEC);
	sleep_now(other);
	vcpu_unblock(other);
	fake_advance(50 * US);
	assert_true(other->sched.running);
	vcpu_unblock(s);
	fake_settle();
	assert_true(s->sched.running);
	check_states();
}

/* Whoever wakes another may have a clock that is a little behind. */
static void test_clocks_differ(void **state)
{
	struct vcpu *s = make(1, 1), *hog[2] = { make(1, 1), make(1, 1) };
	uint64_t before[2];

	(void)state;
	sleep_now(s);
	fake_advance(SEC);
	cpu_raise(0, WORK_SCHED);
	fake_settle(); /* what runs is charged up to now */
	fake_now -= 200;
	fake_on(1);
	vcpu_unblock(s);
	fake_now += 200;
	for (unsigned int i = 0; i < 2; i++)
		before[i] = vcpu_run_time(hog[i]);
	fake_advance(SEC);
	for (unsigned int i = 0; i < 2; i++)
		assert_in_range(vcpu_run_time(hog[i]) - before[i], 250 * MS,
				450 * MS);
}

/* What guests are told of their time does not go below zero then, either. */
static void test_clocks_differ_in_runstate(void **state)
{
	struct vcpu *v = make(1, 1);
	struct vcpu_runstate_info r;

	(void)state;
	sleep_now(v);
	fake_now -= 200;
	fake_on(1);
	vcpu_unblock(v);
	vcpu_runstate_get(v, &r);
	fake_settle();
	fake_now += 200;
	for (unsigned int i = 0; i < 4; i++)
		assert_in_range(r.time[i], 0, MS);
	vcpu_runstate_get(v, &r);
	for (unsigned int i = 0; i < 4; i++)
		assert_in_range(r.time[i], 0, MS);
}

/*
 * On a CPU that has hardly run a sleeper comes back before the beginning of
 * virtual time. The first of all tests, while there is such a CPU.
 */
static void test_fresh_cpu(void **state)
{
	struct vcpu *s = make(1, 1), *hog = make(1, 1), *x, *y;

	(void)state;
	(void)hog;
	sleep_now(s);
	fake_advance(20 * MS);
	cpu_raise(0, WORK_SCHED); /* the hog is charged, so s is far behind */
	fake_settle();
	x = make(1, 8);
	y = make(1, 8);
	fake_advance(100 * US);
	assert_int_equal(sched_set_affinity(s, 8, 8), 0);
	vcpu_unblock(s);
	fake_advance(SEC);
	assert_in_range(vcpu_run_time(s), 250 * MS, 450 * MS);
	assert_in_range(vcpu_run_time(x), 250 * MS, 450 * MS);
	assert_in_range(vcpu_run_time(y), 250 * MS, 450 * MS);
}

/* Nobody sleeps, so only the ends of slices can set a crowd right. */
static void test_crowd_spreads(void **state)
{
	struct domain *crowd = make(8, 1)->domain;
	uint64_t before[8];

	(void)state;
	for (unsigned int c = 1; c < FAKE_CPUS; c++)
		(void)make(1, BIT(c));
	fake_advance(100 * MS);
	for (unsigned int i = 0; i < 8; i++) {
		struct vcpu *v = crowd->vcpus[i];

		before[i] = vcpu_run_time(v);
		assert_int_equal(sched_set_affinity(v, ~0UL, ~0UL), 0);
	}
	fake_advance(10 * SEC);
	for (unsigned int i = 0; i < 8; i++)
		assert_in_range(vcpu_run_time(crowd->vcpus[i]) - before[i],
				2500 * MS, 6 * SEC);
	check_states();
}

/* The longest queue has nothing for the idle CPU, another one has. */
static void test_idle_looks_further(void **state)
{
	struct vcpu *two, *hog;

	(void)state;
	(void)make(4, 1);
	two = make(2, 2);
	hog = make(1, 4);
	(void)make(1, 8);
	for (unsigned int i = 0; i < 2; i++)
		assert_int_equal(sched_set_affinity(two->domain->vcpus[i], 6,
						    6), 0);
	fake_settle();
	vcpu_pause_sync(hog);
	fake_settle();
	check_states();
	check_no_waste();
	vcpu_unpause(hog);
}

/* --- work that does not end --- */

static unsigned int storm, storm_ended_at;
static void (*deliver)(struct vcpu *v);

static void more_work(struct vcpu *v)
{
	deliver(v);
	if (storm && storm++ < 100000)
		cpu_raise(cpu_id(), WORK_TASK);
}

static void end_of_storm(void)
{
	storm_ended_at = storm;
	storm = 0;
}

/* Others find work for a CPU all the time: it takes interrupts meanwhile. */
static void test_work_storm(void **state)
{
	(void)state;
	(void)make(1, 1);
	fake_on(0);
	deliver = hooks.deliver_pending;
	hooks.deliver_pending = more_work;
	fake_interrupts = end_of_storm;
	storm = 1;
	(void)exit_to_guest();
	hooks.deliver_pending = deliver;
	fake_interrupts = NULL;
	assert_int_equal(storm, 0);
	assert_in_range(storm_ended_at, 1, 100);
}

/* Nobody's periodic timer runs that could not see it. */
static void test_periodic_rests(void **state)
{
	struct vcpu_set_periodic_timer p = { .period_ns = MS };
	struct vcpu *v = make(1, 1);

	(void)state;
	memcpy(fake_buf, &p, sizeof(p));
	assert_int_equal(fake_hypercall(v, __HYPERVISOR_vcpu_op,
					VCPUOP_set_periodic_timer, 0, FAKE_BUF,
					0), 0);
	fake_advance(5 * MS);
	assert_true(v->periodic.armed);
	sleep_now(v);
	fake_advance(5 * MS);
	assert_true(v->periodic.armed); /* it could wake the vCPU */
	vcpu_unblock(v);
	domain_pause_sync(v->domain);
	fake_advance(2 * MS);
	assert_false(v->periodic.armed);
	domain_unpause(v->domain);
	fake_settle();
	assert_true(v->periodic.armed);
	domain_shutdown(v->domain, SHUTDOWN_crash);
	fake_advance(2 * MS);
	assert_false(v->periodic.armed);
}

static void test_spread(void **state)
{
	struct vcpu *v = make(8, ~0UL);
	struct domain *x = v->domain;

	(void)state;
	fake_advance(20 * SEC);
	check_no_waste();
	for (unsigned int i = 0; i < 8; i++)
		assert_in_range(vcpu_run_time(x->vcpus[i]), 8 * SEC, 12 * SEC);
	/* Half of them stop: every CPU still has one. */
	for (unsigned int i = 0; i < 4; i++)
		vcpu_pause_sync(x->vcpus[i]);
	fake_settle();
	check_states();
	check_no_waste();
	for (unsigned int c = 0; c < FAKE_CPUS; c++) {
		fake_on(c);
		assert_false(vcpu_is_idle(sched_current()));
	}
}

static void test_yield(void **state)
{
	struct vcpu *x = make(1, 1), *y = make(1, 1), *was;

	(void)state;
	fake_on(0);
	for (unsigned int i = 0; i < 10; i++) {
		was = sched_current();
		vcpu_yield(was);
		fake_settle();
		assert_ptr_not_equal(sched_current(), was);
	}
	(void)x;
	(void)y;
}

static void test_pause(void **state)
{
	struct vcpu *v = make(4, ~0UL);
	struct domain *x = v->domain;

	(void)state;
	fake_advance(MS);
	domain_pause_sync(x);
	fake_settle(); /* for the one on the CPU that asks */
	for (unsigned int i = 0; i < 4; i++)
		assert_false(x->vcpus[i]->sched.running);
	domain_pause_sync(x);
	domain_unpause(x);
	fake_settle();
	check_states();
	domain_unpause(x);
	fake_settle();
	check_states();
	assert_true(v->sched.running);
}

static void test_runstate(void **state)
{
	struct vcpu *v = make(1, 1), *o = make(1, 1);
	struct vcpu_runstate_info r;
	uint64_t sum = 0, born = v->account.entered;

	(void)state;
	(void)o;
	born = fake_now;
	vcpu_runstate_get(v, &r);
	for (unsigned int i = 0; i < 4; i++)
		sum -= r.time[i];
	fake_advance(SEC);
	vcpu_block(v, VPF_BLOCKED);
	vcpu_sleep(v);
	fake_settle();
	fake_advance(3 * SEC);
	vcpu_runstate_get(v, &r);
	assert_int_equal(r.state, RUNSTATE_blocked);
	assert_int_equal(r.time[RUNSTATE_blocked], 3 * SEC);
	vcpu_unblock(v);
	fake_advance(SEC);
	vcpu_runstate_get(v, &r);
	for (unsigned int i = 0; i < 4; i++)
		sum += r.time[i];
	assert_int_equal(sum, fake_now - born);
}

static void random_step(void)
{
	struct domain *x = d[(unsigned int)rand() % count];
	struct vcpu *v = x->vcpus[(unsigned int)rand() % x->vcpu_count];
	cpumask_t m = 1 + (cpumask_t)rand() % 15;

	fake_on((unsigned int)rand() % FAKE_CPUS);
	switch (rand() % 10) {
	case 0:
	case 1:
		vcpu_block(v, VPF_BLOCKED);
		vcpu_sleep(v);
		break;
	case 2:
	case 3:
		vcpu_unblock(v);
		break;
	case 4:
		if (v->pause_count)
			vcpu_unpause(v);
		else
			vcpu_pause_sync(v);
		break;
	case 5:
		if (x->pause_count)
			domain_unpause(x);
		else
			domain_pause_sync(x);
		break;
	case 6:
		assert_int_equal(sched_set_affinity(v, m, m), 0);
		break;
	case 7:
		if (v->sched.running)
			vcpu_yield(v);
		break;
	case 8:
		if (v->pause_flags & VPF_DOWN)
			vcpu_up(v);
		else
			vcpu_down(v);
		break;
	default:
		cpu_raise((unsigned int)rand() % FAKE_CPUS, WORK_SCHED);
	}
}

static void test_random(void **state)
{
	(void)state;
	srand(5);
	for (unsigned int i = 0; i < DOMS; i++) {
		(void)make(1 + i % 3, ~0UL);
		sched_set_weight(d[i], 64U << i);
	}
	for (unsigned int i = 0; i < 20000; i++) {
		random_step();
		if (rand() % 4 == 0) {
			fake_settle();
			check_states();
			check_affinity();
		}
		if (rand() % 50 == 0)
			fake_advance((uint64_t)rand() % (5 * MS));
	}
	fake_advance(100 * MS);
	check_states();
	check_no_waste();
}

/*
 * Two vCPUs of nearly the same virtual time on one CPU, and time that passes
 * while the CPU chooses: it must come to an end and run one of them.
 */
static void test_choice_ends(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 2; i++)
		(void)make(1, 1);
	alarm(60); /* what this is about is a loop without an end */
	fake_look_ns = 150;
	for (uint64_t i = 0; i < 2000; i++) {
		struct vcpu *v = sched_current();
		struct vcpu *other = d[v == d[0]->vcpus[0]]->vcpus[0];

		assert_false(vcpu_is_idle(v));
		other->sched.vtime = v->sched.vtime + i;
		v->sched.since = fake_now;
		cpu_raise(0, WORK_SCHED);
		fake_settle();
		check_states();
	}
	fake_look_ns = 0;
	alarm(0);
	fake_advance(100 * MS);
	check_states();
}

static long pin(struct vcpu *v, int32_t cpu)
{
	struct sched_pin_override p = { .pcpu = cpu };

	return sched_op(v, SCHEDOP_pin_override, &p);
}

/* The control domain asks to be on one CPU for a while. */
static void test_override(void **state)
{
	struct vcpu *v = make(1, 6);

	(void)state;
	assert_int_equal(pin(v, 3), -EPERM);
	v->domain->privileged = true;
	assert_int_equal(pin(v, -1), -EINVAL);
	assert_int_equal(pin(v, FAKE_CPUS), -EINVAL);
	assert_int_equal(pin(v, INT32_MAX), -EINVAL);
	assert_int_equal(pin(v, 3), 0);
	fake_settle();
	assert_true(v->sched.running && v->sched.cpu == 3);
	assert_int_equal(pin(v, 3), -EBUSY);
	assert_int_equal(sched_set_affinity(v, 1, 1), -EBUSY);
	assert_int_equal(pin(v, -1), 0);
	fake_settle();
	assert_int_equal(v->sched.affinity, 6);
	assert_true(v->sched.running && v->sched.cpu != 3);
	assert_int_equal(pin(v, -1), -EINVAL);
	assert_int_equal(sched_set_affinity(v, 1, 1), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_fresh_cpu), T(test_clocks_differ),
		T(test_clocks_differ_in_runstate),
		T(test_crowd_spreads), T(test_idle_looks_further),
		T(test_work_storm), T(test_periodic_rests),
		T(test_weights), T(test_sleeper), T(test_no_saving_up),
		T(test_gathers_work), T(test_gives_way),
		T(test_spread), T(test_yield), T(test_pause), T(test_runstate),
		T(test_random), T(test_choice_ends), T(test_override),
	};

	fake_start(FAKE_CPUS);
	for (unsigned int i = 0; i < 2; i++) {
		count = 0;
		for (unsigned int k = 0; k < DOMS; k++)
			(void)make(2, ~0UL);
		for (unsigned int k = 0; k < DOMS; k++)
			fake_destroy(d[k]);
	}
	count = 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
