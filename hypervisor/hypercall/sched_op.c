// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The sched_op and set_timer_op hypercalls.  One function for each command,
 * in a table (public sched.h).
 */
#include <abi/sched.h>
#include <event/event.h>
#include <hypercall/hypercall.h>
#include <port/guest.h>
#include <port/hooks.h>
#include <port/log.h>
#include <port/time.h>
#include <pv/pv.h>
#include <sched/sched.h>
#include <sched/sched_priv.h>

#define POLL_PORTS_MAX 128

static long op_yield(struct vcpu *v, gva_t arg)
{
	(void)arg;
	vcpu_yield(v);
	return 0;
}

/*
 * The flag is set before pending is read, and senders set pending before they
 * look at the flag, so no wake-up is lost.
 */
static long op_block(struct vcpu *v, gva_t arg)
{
	(void)arg;
	WRITE_ONCE(v->info->evtchn_upcall_mask, 0);
	vcpu_block(v, VPF_BLOCKED);
	if (evtchn_upcall_due(v))
		(void)vcpu_block_end(v);
	else
		vcpu_sleep(v);
	return 0;
}

static long op_shutdown(struct vcpu *v, gva_t arg)
{
	struct sched_shutdown s;

	if (guest_read(v, &s, arg, sizeof(s)))
		return -EFAULT;
	if (s.reason > SHUTDOWN_MAX)
		return -EINVAL;
	domain_shutdown(v->domain, s.reason);
	return 0;
}

static long op_shutdown_code(struct vcpu *v, gva_t arg)
{
	struct domain *d = v->domain;
	struct sched_shutdown s;

	if (guest_read(v, &s, arg, sizeof(s)))
		return -EFAULT;
	if (s.reason > SHUTDOWN_MAX)
		return -EINVAL;
	lock_acquire(&d->lock);
	if (!d->shut_down)
		d->shutdown_code = s.reason;
	lock_release(&d->lock);
	return 0;
}

static long op_remote_shutdown(struct vcpu *v, gva_t arg)
{
	struct sched_remote_shutdown s;
	struct domain *d;

	if (!v->domain->privileged)
		return -EPERM;
	if (guest_read(v, &s, arg, sizeof(s)))
		return -EFAULT;
	if (s.reason > SHUTDOWN_MAX)
		return -EINVAL;
	d = domain_get(s.domain_id);
	if (!d || d->is_special) {
		if (d)
			domain_put(d);
		return -ESRCH;
	}
	domain_shutdown(d, s.reason);
	domain_put(d);
	return 0;
}

/* 1: some port is pending; 0: none; -errno. */
static int poll_check(struct vcpu *v, const struct sched_poll *p,
		      uint32_t *one)
{
	for (uint32_t i = 0; i < p->nr_ports; i++) {
		uint32_t port;
		int rc;

		if (guest_read(v, &port, p->ports.addr + i * sizeof(port),
			       sizeof(port)))
			return -EFAULT;
		rc = evtchn_port_pending(v->domain, port);
		if (rc)
			return rc;
		*one = port;
	}
	return 0;
}

static long op_poll(struct vcpu *v, gva_t arg)
{
	struct sched_poll p;
	uint32_t port = 0;
	int rc;

	if (guest_read(v, &p, arg, sizeof(p)))
		return -EFAULT;
	if (p.nr_ports > POLL_PORTS_MAX)
		return -EINVAL;
	if (p.timeout && p.timeout <= time_now())
		return 0;
	v->poll_port = 0;
	vcpu_block(v, VPF_BLOCKED | VPF_POLLING);
	rc = poll_check(v, &p, &port);
	if (rc || evtchn_upcall_due(v)) {
		(void)vcpu_block_end(v);
		return rc < 0 ? rc : 0;
	}
	if (p.nr_ports == 1)
		v->poll_port = port;
	if (p.timeout)
		timer_set(&v->poll_timer, p.timeout);
	vcpu_sleep(v);
	return 0;
}

/* Firmware of some hosts wants to be called on one CPU. */
static long op_pin_override(struct vcpu *v, gva_t arg)
{
	struct sched_pin_override p;

	if (!v->domain->privileged)
		return -EPERM;
	if (guest_read(v, &p, arg, sizeof(p)))
		return -EFAULT;
	return sched_override(v, p.pcpu);
}

static long (*const ops[])(struct vcpu *v, gva_t arg) = {
	[SCHEDOP_yield] = op_yield,
	[SCHEDOP_block] = op_block,
	[SCHEDOP_shutdown] = op_shutdown,
	[SCHEDOP_poll] = op_poll,
	[SCHEDOP_remote_shutdown] = op_remote_shutdown,
	[SCHEDOP_shutdown_code] = op_shutdown_code,
	[SCHEDOP_watchdog] = op_watchdog,
	[SCHEDOP_pin_override] = op_pin_override,
};

long hc_sched_op(struct vcpu *v, uint64_t arg[6])
{
	uint32_t cmd = (uint32_t)arg[0];

	return cmd < ARRAY_SIZE(ops) ? ops[cmd](v, arg[1]) : -ENOSYS;
}

/* 0 stops the timer; a time far in the past fires at once. */
long hc_set_timer_op(struct vcpu *v, uint64_t arg[6])
{
	if (arg[0] == 0) {
		timer_stop(&v->singleshot);
		return 0;
	}
	timer_set(&v->singleshot, arg[0]);
	return 0;
}
