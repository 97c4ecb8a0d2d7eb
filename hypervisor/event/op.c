// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The event_channel_op hypercall: one function for each command, in a table
 * that says how much to read and whether to write it back.
 */
#include <event/event_priv.h>
#include <hypercall/hypercall.h>
#include <irq/irq.h>
#include <pv/pv.h>
#include <port/guest.h>
#include <sched/sched.h>

union args {
	struct evtchn_alloc_unbound alloc_unbound;
	struct evtchn_bind_interdomain bind_interdomain;
	struct evtchn_bind_virq bind_virq;
	struct evtchn_bind_pirq bind_pirq;
	struct evtchn_bind_ipi bind_ipi;
	struct evtchn_close close;
	struct evtchn_send send;
	struct evtchn_status status;
	struct evtchn_bind_vcpu bind_vcpu;
	struct evtchn_unmask unmask;
	struct evtchn_reset reset;
	struct evtchn_init_control init_control;
	struct evtchn_expand_array expand_array;
	struct evtchn_set_priority set_priority;
};

/* Allocate and bind in one go: under evt->lock, with the port's lock too. */
static int bind_new(struct domain *d, enum port_state state, uint32_t vcpu,
		    uint32_t irq, uint32_t *port)
{
	struct port *p;
	int rc = port_alloc(d, &p);

	if (rc)
		return rc;
	lock_acquire(&p->lock);
	p->irq = irq;
	port_bind(d, p, state, vcpu);
	lock_release(&p->lock);
	*port = p->number;
	return 0;
}

int evtchn_alloc_unbound(struct domain *d, uint16_t remote, uint32_t *port)
{
	struct port *p;
	int rc;

	lock_acquire(&d->evt->lock);
	rc = port_alloc(d, &p);
	if (!rc) {
		lock_acquire(&p->lock);
		p->remote_id = remote;
		port_bind(d, p, PORT_UNBOUND, 0);
		lock_release(&p->lock);
		*port = p->number;
	}
	lock_release(&d->evt->lock);
	return rc;
}

/* The domain that @id means for the caller, if it may act on it. */
static int target(struct vcpu *v, uint16_t id, struct domain **out)
{
	struct domain *d = domain_get_self(v, id);

	if (!d)
		return -ESRCH;
	if (d->is_special || (d != v->domain && !v->domain->privileged)) {
		bool special = d->is_special;

		domain_put(d);
		return special ? -ESRCH : -EPERM;
	}
	*out = d;
	return 0;
}

static int op_alloc_unbound(struct vcpu *v, union args *u, struct budget *b)
{
	struct evtchn_alloc_unbound *a = &u->alloc_unbound;
	uint16_t remote = a->remote_dom == DOMID_SELF ? v->domain->id :
							a->remote_dom;
	struct domain *d;
	int rc = target(v, a->dom, &d);

	(void)b;
	if (rc)
		return rc;
	rc = evtchn_alloc_unbound(d, remote, &a->port);
	domain_put(d);
	return rc;
}

static void lock_two(struct domain *a, struct domain *b)
{
	struct domain *first = a->id <= b->id ? a : b;
	struct domain *second = first == a ? b : a;

	lock_acquire(&first->evt->lock);
	if (second != first)
		lock_acquire_nested(&second->evt->lock, RANK_EVENT_NEST);
}

static void unlock_two(struct domain *a, struct domain *b)
{
	lock_release(&a->evt->lock);
	if (a != b)
		lock_release(&b->evt->lock);
}

/* Under both locks. @q of @r waits for @d; @p of @d is new. */
static void join(struct domain *d, struct port *p, struct domain *r,
		 struct port *q)
{
	struct port *first = p < q ? p : q, *second = p < q ? q : p;

	lock_acquire(&first->lock);
	lock_acquire_nested(&second->lock, RANK_PORT_NEST);
	p->remote = r;
	p->remote_port = q->number;
	q->remote = d;
	q->remote_port = p->number;
	port_bind(r, q, PORT_INTERDOMAIN, q->vcpu);
	port_bind(d, p, PORT_INTERDOMAIN, 0);
	/* A send may have been lost while there was no partner. */
	port_raise(d, p);
	lock_release(&second->lock);
	lock_release(&first->lock);
}

static int bind_to(struct domain *d, struct domain *r,
		   struct evtchn_bind_interdomain *a)
{
	struct port *q, *p;
	int rc;

	if (d->evt->dying || r->evt->dying)
		return -ESRCH;
	q = port_at(r, a->remote_port);
	if (!q || q->state != PORT_UNBOUND || q->remote_id != d->id)
		return -EINVAL;
	rc = port_alloc(d, &p);
	if (rc)
		return rc;
	a->local_port = p->number;
	join(d, p, r, q);
	return 0;
}

static int op_bind_interdomain(struct vcpu *v, union args *u, struct budget *b)
{
	struct evtchn_bind_interdomain *a = &u->bind_interdomain;
	struct domain *d = v->domain;
	struct domain *r = domain_get_self(v, a->remote_dom);
	int rc = -ESRCH;

	(void)b;
	if (!r)
		return rc;
	if (!r->is_special && r->evt) {
		lock_two(d, r);
		rc = bind_to(d, r, a);
		unlock_two(d, r);
	}
	domain_put(r);
	return rc;
}

static int op_bind_virq(struct vcpu *v, union args *u, struct budget *b)
{
	struct evtchn_bind_virq *a = &u->bind_virq;
	struct domain *d = v->domain;
	struct vcpu *t;
	int rc;

	(void)b;
	if (a->virq >= NR_VIRQS || (virq_is_global(a->virq) && a->vcpu != 0))
		return -EINVAL;
	t = domain_vcpu(d, a->vcpu);
	if (!t)
		return -ENOENT;
	lock_acquire(&d->evt->lock);
	rc = t->evt->virq_port[a->virq] ? -EEXIST :
		bind_new(d, PORT_VIRQ, a->vcpu, a->virq, &a->port);
	if (!rc)
		WRITE_ONCE(t->evt->virq_port[a->virq], a->port);
	lock_release(&d->evt->lock);
	return rc;
}

static int op_bind_ipi(struct vcpu *v, union args *u, struct budget *b)
{
	struct evtchn_bind_ipi *a = &u->bind_ipi;
	struct domain *d = v->domain;
	int rc;

	(void)b;
	if (!domain_vcpu(d, a->vcpu))
		return -ENOENT;
	lock_acquire(&d->evt->lock);
	rc = bind_new(d, PORT_IPI, a->vcpu, 0, &a->port);
	lock_release(&d->evt->lock);
	return rc;
}

/*
 * The port exists before the interrupt may arrive at it; if the interrupt
 * cannot be had the port is closed again.
 */
static int op_bind_pirq(struct vcpu *v, union args *u, struct budget *b)
{
	struct evtchn_bind_pirq *a = &u->bind_pirq;
	struct domain *d = v->domain;
	struct port *p;
	int rc;

	(void)b;
	lock_acquire(&d->evt->lock);
	rc = bind_new(d, PORT_PIRQ, 0, a->pirq, &a->port);
	if (!rc) {
		rc = pirq_bind(d, a->pirq, a->port, domain_vcpu(d, 0),
			       a->flags & BIND_PIRQ__WILL_SHARE);
		if (rc) {
			p = port_at(d, a->port);
			lock_acquire(&p->lock);
			port_release(d, p);
			lock_release(&p->lock);
		}
	}
	lock_release(&d->evt->lock);
	return rc;
}

static int op_close(struct vcpu *v, union args *u, struct budget *b)
{
	(void)b;
	return port_close(v->domain, u->close.port);
}

static int op_send(struct vcpu *v, union args *u, struct budget *b)
{
	(void)b;
	return evtchn_notify(v->domain, u->send.port);
}

/* Under the port's lock. */
static void describe(const struct port *p, struct evtchn_status *s)
{
	s->vcpu = p->vcpu;
	switch (p->state) {
	case PORT_UNBOUND:
		s->status = EVTCHNSTAT_unbound;
		s->u.unbound.dom = p->remote_id;
		break;
	case PORT_INTERDOMAIN:
		s->status = EVTCHNSTAT_interdomain;
		s->u.interdomain.dom = p->remote->id;
		s->u.interdomain.port = p->remote_port;
		break;
	case PORT_PIRQ:
		s->status = EVTCHNSTAT_pirq;
		s->u.pirq = p->irq;
		break;
	case PORT_VIRQ:
		s->status = EVTCHNSTAT_virq;
		s->u.virq = p->irq;
		break;
	case PORT_IPI:
		s->status = EVTCHNSTAT_ipi;
		break;
	default:
		s->status = EVTCHNSTAT_closed;
	}
}

static int op_status(struct vcpu *v, union args *u, struct budget *b)
{
	struct evtchn_status *s = &u->status;
	struct domain *d;
	struct port *p;
	int rc = target(v, s->dom, &d);

	(void)b;
	if (rc)
		return rc;
	p = port_at(d, s->port);
	if (p) {
		lock_acquire(&p->lock);
		describe(p, s);
		lock_release(&p->lock);
	}
	domain_put(d);
	return p ? 0 : -EINVAL;
}

static int rebind(struct domain *d, struct port *p, uint32_t vcpu)
{
	switch (p->state) {
	case PORT_VIRQ:
		if (!virq_is_global(p->irq))
			return -EINVAL;
		break;
	case PORT_UNBOUND:
	case PORT_INTERDOMAIN:
		break;
	case PORT_PIRQ:
		pirq_set_cpu(d, p->irq, domain_vcpu(d, vcpu)->sched.cpu);
		break;
	default:
		return -EINVAL;
	}
	p->vcpu = vcpu;
	return 0;
}

static int op_bind_vcpu(struct vcpu *v, union args *u, struct budget *b)
{
	struct evtchn_bind_vcpu *a = &u->bind_vcpu;
	struct domain *d = v->domain;
	struct port *p = port_at(d, a->port);
	int rc;

	(void)b;
	if (!domain_vcpu(d, a->vcpu))
		return -ENOENT;
	if (!p)
		return -EINVAL;
	lock_acquire(&d->evt->lock);
	lock_acquire(&p->lock);
	rc = rebind(d, p, a->vcpu);
	lock_release(&p->lock);
	lock_release(&d->evt->lock);
	return rc;
}

static int op_unmask(struct vcpu *v, union args *u, struct budget *b)
{
	struct domain *d = v->domain;
	struct port *p = port_at(d, u->unmask.port);
	int rc = 0;

	(void)b;
	if (!p)
		return -EINVAL;
	lock_acquire(&p->lock);
	if (p->state == PORT_FREE || p->state == PORT_RESERVED)
		rc = -EINVAL;
	else
		d->evt->layout->unmask(d, p);
	lock_release(&p->lock);
	return rc;
}

static int op_reset(struct vcpu *v, union args *u, struct budget *b)
{
	struct domain *d;
	int rc = target(v, u->reset.dom, &d);

	if (rc)
		return rc;
	rc = evtchn_reset(d, b);
	domain_put(d);
	return rc;
}

static int op_init_control(struct vcpu *v, union args *u, struct budget *b)
{
	struct domain *d = v->domain;
	int rc;

	lock_acquire(&d->evt->lock);
	rc = fifo_init_control(d, &u->init_control, b);
	lock_release(&d->evt->lock);
	return rc;
}

static int op_expand_array(struct vcpu *v, union args *u, struct budget *b)
{
	struct domain *d = v->domain;
	int rc;

	(void)b;
	lock_acquire(&d->evt->lock);
	rc = fifo_expand_array(d, u->expand_array.array_gfn);
	lock_release(&d->evt->lock);
	return rc;
}

static int op_set_priority(struct vcpu *v, union args *u, struct budget *b)
{
	struct domain *d = v->domain;
	struct port *p = port_at(d, u->set_priority.port);
	int rc;

	(void)b;
	if (!p)
		return -EINVAL;
	lock_acquire(&p->lock);
	rc = p->state <= PORT_RESERVED ? -EINVAL :
	     d->evt->layout->set_priority(d, p, u->set_priority.priority);
	lock_release(&p->lock);
	return rc;
}

#define OP(cmd, field, out)                                  \
	[EVTCHNOP_##cmd] = { op_##cmd, sizeof(((union args *)0)->field), out }

static const struct {
	int (*fn)(struct vcpu *v, union args *u, struct budget *b);
	uint16_t size;
	bool out; /* the structure is written back on success */
} ops[] = {
	OP(bind_interdomain, bind_interdomain, true),
	OP(bind_virq, bind_virq, true),
	OP(bind_pirq, bind_pirq, true),
	OP(close, close, false),
	OP(send, send, false),
	OP(status, status, true),
	OP(alloc_unbound, alloc_unbound, true),
	OP(bind_ipi, bind_ipi, true),
	OP(bind_vcpu, bind_vcpu, false),
	OP(unmask, unmask, false),
	OP(reset, reset, false),
	OP(init_control, init_control, true),
	OP(expand_array, expand_array, false),
	OP(set_priority, set_priority, false),
};

/* Ports whose number could not be told to the guest are not kept. */
static void undo(struct vcpu *v, uint32_t cmd, const union args *u)
{
	switch (cmd) {
	case EVTCHNOP_bind_interdomain:
		(void)port_close(v->domain, u->bind_interdomain.local_port);
		break;
	case EVTCHNOP_bind_virq:
		(void)port_close(v->domain, u->bind_virq.port);
		break;
	case EVTCHNOP_bind_pirq:
		(void)port_close(v->domain, u->bind_pirq.port);
		break;
	case EVTCHNOP_bind_ipi:
		(void)port_close(v->domain, u->bind_ipi.port);
		break;
	default:
		break;
	}
}

long hc_event_channel_op(struct vcpu *v, uint64_t arg[6])
{
	struct budget b = BUDGET(BUDGET_HYPERCALL);
	union args u;
	uint32_t cmd = (uint32_t)arg[0];
	int rc;

	if (cmd >= ARRAY_SIZE(ops) || !ops[cmd].fn)
		return -ENOSYS;
	if (guest_read(v, &u, arg[1], ops[cmd].size))
		return -EFAULT;
	rc = ops[cmd].fn(v, &u, &b);
	if (rc || !ops[cmd].out)
		return rc;
	if (guest_write(v, arg[1], &u, ops[cmd].size)) {
		undo(v, cmd, &u);
		return -EFAULT;
	}
	return 0;
}
