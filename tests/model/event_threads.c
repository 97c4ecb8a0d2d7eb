// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The core under real concurrency: every CPU is a thread, three of them run
 * the vCPUs of guests that bind, send, close, grant, map, copy, block and
 * sleep, and the fourth is the toolstack, which pauses, kills and remakes
 * them.  Built with ThreadSanitizer too.  What is checked: lock ranks, the
 * assertions of the core, and that all memory comes back.
 *
 *	event_threads [STEPS [SEED]]
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <abi/core.h>
#include <abi/event.h>
#include <event/event.h>
#include <grant/grant_priv.h>
#include <hypercall/hypercall.h>
#include <lib/assert.h>
#include <mm/alloc.h>
#include <port/hooks.h>
#include <port/time.h>
#include <sched/sched.h>
#include "../host/port_fake.h"

#define CPUS 4
#define TOOL_CPU 3
#define GUESTS 3 /* ids 1 .. 3; 0 is the toolstack's domain */
#define DATA 8
#define BUF(cpu) (FAKE_BUF + (cpu) * 4096UL)

static struct domain *guests[GUESTS + 1];
static mfn_t data[GUESTS + 1][64][DATA]; /* by number of the life */
static unsigned int life[GUESTS + 1];
static unsigned long steps_left[CPUS], done_count, seed;
static _Thread_local uint64_t rng;
static _Thread_local unsigned int cpu;

static uint32_t rnd(uint32_t n)
{
	rng = rng * 6364136223846793005UL + 1442695040888963407UL;
	return (uint32_t)(rng >> 33) % n;
}

static void *buf(void)
{
	return fake_buf + cpu * 4096UL;
}

static long event(struct vcpu *v, uint64_t cmd)
{
	uint64_t arg[6] = { cmd, BUF(cpu) };

	return hc_event_channel_op(v, arg);
}

static long grant(struct vcpu *v, uint64_t cmd, uint32_t count)
{
	uint64_t arg[6] = { cmd, BUF(cpu), count };
	long rc;

	while ((rc = hc_grant_table_op(v, arg)) == -ERESTART)
		;
	return rc;
}

static uint16_t some_id(void)
{
	return (uint16_t)(1 + rnd(GUESTS));
}

/* --- what guests do --- */

static void event_step(struct vcpu *v)
{
	uint32_t *w = buf();
	uint16_t *h = buf();

	switch (rnd(10)) {
	case 0:
		h[0] = DOMID_SELF;
		h[1] = some_id();
		(void)event(v, EVTCHNOP_alloc_unbound);
		break;
	case 1:
	case 2:
		h[0] = some_id();
		w[1] = 1 + rnd(6);
		(void)event(v, EVTCHNOP_bind_interdomain);
		break;
	case 3:
		w[0] = 1 + rnd(6);
		(void)event(v, EVTCHNOP_close);
		break;
	case 4:
		w[0] = VIRQ_TIMER;
		w[1] = rnd(2);
		(void)event(v, EVTCHNOP_bind_virq);
		break;
	case 5:
		w[0] = 1 + rnd(6);
		w[1] = rnd(2);
		(void)event(v, rnd(2) ? EVTCHNOP_bind_vcpu : EVTCHNOP_unmask);
		break;
	case 6:
		if (rnd(20) == 0) {
			h[0] = DOMID_SELF;
			(void)event(v, EVTCHNOP_reset);
		}
		break;
	default:
		w[0] = 1 + rnd(6);
		(void)event(v, EVTCHNOP_send);
	}
}

static mfn_t own_frame(const struct domain *d)
{
	return data[d->id][life[d->id] % 64][rnd(DATA)];
}

static void set_entry(struct domain *d)
{
	struct grant_entry_v1 *e = entry_v1(d->grant, 8 + rnd(8));
	uint32_t head = GTF_permit_access | (rnd(2) ? GTF_readonly : 0) |
			(uint32_t)some_id() << 16;

	WRITE_ONCE(e->frame, (uint32_t)own_frame(d).v);
	__atomic_store_n((uint32_t *)e, head, __ATOMIC_SEQ_CST);
}

static void map_some(struct vcpu *v)
{
	struct gnttab_map_grant_ref *m = buf();

	for (unsigned int i = 0; i < 8; i++)
		m[i] = (struct gnttab_map_grant_ref){
			.flags = GNTMAP_device_map |
				 (rnd(2) ? GNTMAP_readonly : 0),
			.ref = 8 + rnd(8), .dom = some_id(),
		};
	(void)grant(v, GNTTABOP_map_grant_ref, 1 + rnd(8));
}

static void unmap_some(struct vcpu *v)
{
	struct gnttab_unmap_grant_ref *u = buf();
	uint16_t of = some_id();

	for (unsigned int i = 0; i < 8; i++)
		u[i] = (struct gnttab_unmap_grant_ref){
			.dev_bus_addr = mfn_to_paddr(
				data[of][life[of] % 64][rnd(DATA)]),
			.handle = rnd(16),
		};
	(void)grant(v, GNTTABOP_unmap_grant_ref, 8);
}

/* Source and destination are grants; nobody looks at what is copied. */
static void copy_some(struct vcpu *v)
{
	struct gnttab_copy *c = buf();

	for (unsigned int i = 0; i < 8; i++) {
		c[i] = (struct gnttab_copy){
			.flags = GNTCOPY_source_gref | GNTCOPY_dest_gref,
		};
		c[i].source.u.ref = 8 + rnd(8);
		c[i].source.domid = some_id();
		c[i].dest.u.ref = 8 + rnd(8);
		c[i].dest.domid = some_id();
	}
	(void)grant(v, GNTTABOP_copy, 8);
}

static void sched_step(struct vcpu *v)
{
	uint64_t arg[6] = { rnd(2) ? SCHEDOP_yield : SCHEDOP_block, BUF(cpu) };

	switch (rnd(3)) {
	case 0:
		arg[0] = time_now() + 1 + rnd(100000);
		(void)hc_set_timer_op(v, arg);
		break;
	default:
		(void)hc_sched_op(v, arg);
	}
}

static void guest_step(struct vcpu *v)
{
	__atomic_store_n(&v->info->evtchn_upcall_pending, 0, __ATOMIC_SEQ_CST);
	__atomic_store_n(&v->info->evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);
	if (rnd(4) == 0)
		__atomic_store_n(&v->domain->shared->evtchn_pending[0], 0,
				 __ATOMIC_SEQ_CST);
	switch (rnd(8)) {
	case 0:
		set_entry(v->domain);
		break;
	case 1:
		map_some(v);
		break;
	case 2:
		unmap_some(v);
		break;
	case 3:
		copy_some(v);
		break;
	case 4:
		sched_step(v);
		break;
	default:
		event_step(v);
	}
}

/* --- the toolstack --- */

static void make(uint16_t id)
{
	struct domain *d = fake_domain_paused(id, 2);
	struct vcpu *v;
	unsigned int n = (life[id] + 1) % 64;

	if (!d)
		return; /* the last one of that id is not quite gone */
	for (unsigned int i = 0; i < DATA; i++)
		data[id][n][i] = fake_frame(d);
	__atomic_store_n(&life[id], life[id] + 1, __ATOMIC_RELEASE);
	for_each_vcpu(d, v)
		ASSERT(!sched_set_affinity(v, BIT(TOOL_CPU) - 1, ~0UL));
	evtchn_set_max_port(d, 6);
	guests[id] = d;
	d->paused_by_tool = false;
	domain_unpause(d);
}

static bool kill_some(struct domain *d)
{
	int rc = domain_kill(d);

	if (rc == -ERESTART)
		return false;
	ASSERT(!rc);
	domain_put(d);
	return true;
}

static void tool_step(void)
{
	static struct domain *dying;
	uint16_t id = some_id();

	if (dying) {
		if (kill_some(dying))
			dying = NULL;
		return;
	}
	if (!guests[id]) {
		make(id);
		return;
	}
	switch (rnd(40)) {
	case 0:
		dying = guests[id];
		guests[id] = NULL;
		break;
	case 1:
		domain_pause_sync(guests[id]);
		domain_unpause(guests[id]);
		break;
	case 2:
		vcpu_pause_sync(guests[id]->vcpus[1]);
		vcpu_unpause(guests[id]->vcpus[1]);
		break;
	case 3:
		evtchn_send_global_virq(guests[id], VIRQ_CONSOLE);
		break;
	default:
		vcpu_unblock(guests[id]->vcpus[rnd(2)]);
	}
}

/* --- the CPUs --- */

static void *run_cpu(void *arg)
{
	cpu = (unsigned int)(uintptr_t)arg;
	rng = seed * 2654435761UL + cpu * 977 + 1;
	fake_on(cpu);
	while (steps_left[cpu]) {
		struct vcpu *v;

		(void)exit_to_guest();
		v = sched_current();
		fake_tick(500);
		steps_left[cpu]--;
		if (cpu == TOOL_CPU)
			tool_step();
		else if (!vcpu_is_idle(v))
			guest_step(v);
	}
	/* Others may wait for this CPU to stop what it runs. */
	__atomic_fetch_add(&done_count, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&done_count, __ATOMIC_SEQ_CST) < CPUS)
		(void)exit_to_guest();
	return NULL;
}

static void nothing(struct vcpu *v)
{
	(void)v;
}

static void end_all(void)
{
	for (uint16_t id = 1; id <= GUESTS; id++) {
		struct domain *d = domain_get(id);

		if (!d)
			continue;
		while (!kill_some(d))
			fake_settle();
		if (guests[id])
			domain_put(d);
		fake_settle();
	}
	fake_settle();
}

int main(int argc, char **argv)
{
	unsigned long steps = argc > 1 ? strtoul(argv[1], NULL, 0) : 10000;
	pthread_t t[CPUS];
	uint64_t before;

	seed = argc > 2 ? strtoul(argv[2], NULL, 0) : 1;
	fake_start(CPUS);
	hooks.deliver_pending = nothing;
	fake_warm_up();
	before = buddy_free_count();
	fake_threads(true);
	for (uintptr_t i = 0; i < CPUS; i++)
		steps_left[i] = steps;
	for (uintptr_t i = 0; i < CPUS; i++)
		pthread_create(&t[i], NULL, run_cpu, (void *)i);
	for (unsigned int i = 0; i < CPUS; i++)
		pthread_join(t[i], NULL);
	fake_threads(false);
	fake_on(TOOL_CPU);
	end_all();
	if (fake_check())
		panic("%s", fake_check());
	if (buddy_free_count() + 16 < before)
		panic("%lu frames are lost", before - buddy_free_count());
	printf("event_threads: %lu steps of %u CPUs, lives %u %u %u\n", steps,
	       CPUS, life[1], life[2], life[3]);
	return 0;
}
