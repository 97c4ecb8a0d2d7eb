// SPDX-License-Identifier: GPL-2.0-or-later
/* The vcpu_op hypercall: one function for each command (public vcpu.h). */
#include <abi/vcpu.h>
#include <event/event.h>
#include <hypercall/hypercall.h>
#include <lib/assert.h>
#include <mm/alloc.h>
#include <port/cpu.h>
#include <port/guest.h>
#include <port/time.h>
#include <pv/pv.h>
#include <sched/clock.h>
#include <sched/sched.h>

#define PERIOD_MIN_NS 1000000UL
#define PERIOD_MAX_NS (1UL << 62)

/* @v calls; @t is the vCPU of the same domain that the call is about. */
typedef long vcpu_op_fn(struct vcpu *v, struct vcpu *t, gva_t arg,
			struct budget *b);

/*
 * Whoever holds the lock may be waiting for this very vCPU to stop, so it must
 * not be waited for in here.
 */
static long set_context(struct vcpu *t, const struct vcpu_guest_context *c,
			struct budget *b)
{
	struct lock *l = &t->domain->domctl_lock;
	long rc;

	if (!lock_try(l))
		return -ERESTART;
	rc = t->initialised ? -EEXIST : pv_context_set(t, c, b);
	lock_release(l);
	return rc;
}

static long load_context(struct vcpu *v, struct vcpu *t, gva_t arg,
			 struct budget *b)
{
	struct vcpu_guest_context *c = heap_calloc(1, sizeof(*c));
	long rc;

	if (!c)
		return -ENOMEM;
	rc = guest_read(v, c, arg, sizeof(*c));
	if (!rc)
		rc = set_context(t, c, b);
	heap_free(c);
	return rc;
}

static long op_initialise(struct vcpu *v, struct vcpu *t, gva_t arg,
			  struct budget *b)
{
	return t->initialised ? -EEXIST : load_context(v, t, arg, b);
}

static long op_up(struct vcpu *v, struct vcpu *t, gva_t arg, struct budget *b)
{
	(void)v, (void)arg, (void)b;
	if (!t->initialised)
		return -EINVAL;
	vcpu_up(t);
	return 0;
}

static long op_down(struct vcpu *v, struct vcpu *t, gva_t arg,
		    struct budget *b)
{
	struct domain *d = v->domain;
	struct vcpu *o;
	unsigned int up = 0;

	(void)arg, (void)b;
	for_each_vcpu(d, o)
		up += o != t && !(READ_ONCE(o->pause_flags) & VPF_DOWN);
	if (!up) {
		domain_shutdown(d, SHUTDOWN_poweroff);
		return 0;
	}
	vcpu_down(t);
	return 0;
}

static long op_is_up(struct vcpu *v, struct vcpu *t, gva_t arg,
		     struct budget *b)
{
	(void)v, (void)arg, (void)b;
	return !(READ_ONCE(t->pause_flags) & VPF_DOWN);
}

static long op_runstate(struct vcpu *v, struct vcpu *t, gva_t arg,
			struct budget *b)
{
	struct vcpu_runstate_info i;

	(void)b;
	vcpu_runstate_get(t, &i);
	return guest_write(v, arg, &i, sizeof(i));
}

static long op_register_runstate(struct vcpu *v, struct vcpu *t, gva_t arg,
				 struct budget *b)
{
	struct vcpu_register_runstate_memory_area a;
	struct vcpu_runstate_info i;

	(void)b;
	if (guest_read(v, &a, arg, sizeof(a)))
		return -EFAULT;
	if (!guest_range_ok(a.addr.p, sizeof(i)))
		return -EFAULT;
	t->account.guest_area = a.addr.p;
	if (t == v) {
		runstate_publish(v);
		return 0;
	}
	vcpu_runstate_get(t, &i);
	return guest_write(v, a.addr.p, &i, sizeof(i));
}

static long op_register_time(struct vcpu *v, struct vcpu *t, gva_t arg,
			     struct budget *b)
{
	struct vcpu_register_time_memory_area a;

	(void)t, (void)b;
	if (guest_read(v, &a, arg, sizeof(a)))
		return -EFAULT;
	if (!guest_range_ok(a.addr.p, sizeof(struct vcpu_time_info)))
		return -EFAULT;
	/* One that is not mapped just now is no error: it stays unwritten. */
	(void)!vcpu_time_write(v, a.addr.p);
	return 0;
}

static long op_set_periodic(struct vcpu *v, struct vcpu *t, gva_t arg,
			    struct budget *b)
{
	struct vcpu_set_periodic_timer p;

	(void)b;
	if (guest_read(v, &p, arg, sizeof(p)))
		return -EFAULT;
	if (p.period_ns < PERIOD_MIN_NS || p.period_ns > PERIOD_MAX_NS)
		return -EINVAL;
	t->periodic_ns = p.period_ns;
	timer_set(&t->periodic, time_now() + p.period_ns);
	return 0;
}

static long op_stop_periodic(struct vcpu *v, struct vcpu *t, gva_t arg,
			     struct budget *b)
{
	(void)v, (void)arg, (void)b;
	t->periodic_ns = 0;
	timer_stop(&t->periodic);
	return 0;
}

/* A time in the past fires at once, whatever VCPU_SSHOTTMR_future says. */
static long op_set_singleshot(struct vcpu *v, struct vcpu *t, gva_t arg,
			      struct budget *b)
{
	struct vcpu_set_singleshot_timer s;

	(void)b;
	if (t != v)
		return -EINVAL;
	if (guest_read(v, &s, arg, sizeof(s)))
		return -EFAULT;
	timer_set(&v->singleshot, s.timeout_abs_ns);
	return 0;
}

static long op_stop_singleshot(struct vcpu *v, struct vcpu *t, gva_t arg,
			       struct budget *b)
{
	(void)arg, (void)b;
	if (t != v)
		return -EINVAL;
	timer_stop(&v->singleshot);
	return 0;
}

static long op_register_info(struct vcpu *v, struct vcpu *t, gva_t arg,
			     struct budget *b)
{
	struct vcpu_register_vcpu_info r;
	long rc;

	(void)b;
	if (guest_read(v, &r, arg, sizeof(r)))
		return -EFAULT;
	if (t != v && !(READ_ONCE(t->pause_flags) & VPF_DOWN))
		return -EINVAL;
	lock_acquire(&v->domain->lock);
	rc = vcpu_info_register(t, mfn(r.mfn), r.offset);
	lock_release(&v->domain->lock);
	if (!rc)
		evtchn_vcpu_info_moved(t);
	return rc;
}

static long op_send_nmi(struct vcpu *v, struct vcpu *t, gva_t arg,
			struct budget *b)
{
	(void)v, (void)arg, (void)b;
	WRITE_ONCE(t->nmi_pending, true);
	smp_mb();
	vcpu_unblock(t);
	return 0;
}

static long op_physid(struct vcpu *v, struct vcpu *t, gva_t arg,
		      struct budget *b)
{
	struct vcpu_get_physid p;
	const struct cpu_ident *c;

	(void)b;
	if (!v->domain->privileged)
		return -EPERM;
	c = cpu_ident(READ_ONCE(t->sched.cpu));
	p.phys_id = c->apic_id | (uint64_t)c->acpi_id << 32;
	return guest_write(v, arg, &p, sizeof(p));
}

static vcpu_op_fn *const ops[] = {
	[VCPUOP_initialise] = op_initialise,
	[VCPUOP_up] = op_up,
	[VCPUOP_down] = op_down,
	[VCPUOP_is_up] = op_is_up,
	[VCPUOP_get_runstate_info] = op_runstate,
	[VCPUOP_register_runstate_memory_area] = op_register_runstate,
	[VCPUOP_set_periodic_timer] = op_set_periodic,
	[VCPUOP_stop_periodic_timer] = op_stop_periodic,
	[VCPUOP_set_singleshot_timer] = op_set_singleshot,
	[VCPUOP_stop_singleshot_timer] = op_stop_singleshot,
	[VCPUOP_register_vcpu_info] = op_register_info,
	[VCPUOP_send_nmi] = op_send_nmi,
	[VCPUOP_get_physid] = op_physid,
	[VCPUOP_register_vcpu_time_memory_area] = op_register_time,
};

/* Command and vCPU are 32-bit arguments: the upper halves mean nothing. */
long hc_vcpu_op(struct vcpu *v, uint64_t arg[6])
{
	struct budget b = BUDGET(BUDGET_HYPERCALL);
	uint32_t cmd = (uint32_t)arg[0];
	struct vcpu *t = domain_vcpu(v->domain, (uint32_t)arg[1]);

	if (!t)
		return -ENOENT;
	if (cmd >= ARRAY_SIZE(ops) || !ops[cmd])
		return -ENOSYS;
	return ops[cmd](v, t, arg[2], &b);
}
