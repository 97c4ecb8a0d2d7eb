// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Virtual interrupts, and the ports of physical ones: the senders' side.
 *
 * State: which domain gets each of the host's VIRQs (NULL: dom0), under
 * handler_lock; a domain named there is referenced.
 */
#include <event/event_priv.h>
#include <irq/irq.h>
#include <mm/alloc.h>
#include <sched/sched.h>

#define ANY_IRQ UINT32_MAX

static struct lock handler_lock = LOCK_INIT(RANK_NONE);
static struct domain *handlers[NR_VIRQS];

bool virq_is_global(uint32_t virq)
{
	return virq != VIRQ_TIMER && virq != VIRQ_DEBUG &&
	       virq != VIRQ_XENOPROF && virq != VIRQ_XENPMU;
}

/* @irq: what the port must be for, as its number may have been reused. */
static void raise_if(struct domain *d, uint32_t n, enum port_state state,
		     uint32_t irq)
{
	struct port *p = n ? port_at(d, n) : NULL;

	if (!p)
		return;
	lock_acquire(&p->lock);
	if (p->state == state && (irq == ANY_IRQ || p->irq == irq))
		port_raise(d, p);
	lock_release(&p->lock);
}

void evtchn_send_virq(struct vcpu *v, uint32_t virq)
{
	raise_if(v->domain, READ_ONCE(v->evt->virq_port[virq]), PORT_VIRQ,
		 virq);
}

void evtchn_send_global_virq(struct domain *d, uint32_t virq)
{
	struct vcpu *v = domain_vcpu(d, 0);

	if (v)
		evtchn_send_virq(v, virq);
}

void evtchn_send_host_virq(uint32_t virq)
{
	struct domain *d;

	lock_acquire(&handler_lock);
	d = handlers[virq] ? handlers[virq] : dom0;
	if (d)
		domain_get_ref(d);
	lock_release(&handler_lock);
	if (!d)
		return;
	evtchn_send_global_virq(d, virq);
	domain_put(d);
}

int evtchn_set_virq_handler(struct domain *d, uint32_t virq)
{
	struct domain *old = d;
	bool dying;

	if (virq >= NR_VIRQS || !virq_is_global(virq))
		return -EINVAL;
	domain_get_ref(d);
	lock_acquire(&handler_lock);
	dying = READ_ONCE(d->evt->dying); /* set before drop_handlers() */
	if (!dying) {
		old = handlers[virq];
		handlers[virq] = d;
	}
	lock_release(&handler_lock);
	if (old)
		domain_put(old);
	return dying ? -ESRCH : 0;
}

/* A dying domain hands its VIRQs back to dom0. */
static void drop_handlers(struct domain *d)
{
	for (uint32_t i = 0; i < NR_VIRQS; i++) {
		bool mine;

		lock_acquire(&handler_lock);
		mine = handlers[i] == d;
		if (mine)
			handlers[i] = NULL;
		lock_release(&handler_lock);
		if (mine)
			domain_put(d);
	}
}

void evtchn_send_port(struct domain *d, uint32_t port)
{
	raise_if(d, port, PORT_PIRQ, ANY_IRQ);
}

int evtchn_notify(struct domain *d, uint32_t port)
{
	struct port *p = port_at(d, port), *q;
	int rc = 0;

	if (!p)
		return -EINVAL;
	lock_acquire(&p->lock);
	switch (p->state) {
	case PORT_INTERDOMAIN:
		q = port_at(p->remote, p->remote_port);
		port_raise(p->remote, q);
		break;
	case PORT_IPI:
		port_raise(d, p);
		break;
	case PORT_UNBOUND:
		break;
	default:
		rc = -EINVAL;
	}
	lock_release(&p->lock);
	return rc;
}

int evtchn_port_pending(struct domain *d, uint32_t port)
{
	struct port *p = port_at(d, port);
	int rc;

	if (!p)
		return -EINVAL;
	lock_acquire(&p->lock);
	rc = p->state <= PORT_RESERVED ? -EINVAL :
					 d->evt->layout->pending(d, p);
	lock_release(&p->lock);
	return rc;
}

void evtchn_vcpu_info_moved(struct vcpu *v)
{
	__atomic_store_n(&v->info->evtchn_pending_sel, ~0UL, __ATOMIC_SEQ_CST);
	vcpu_mark_pending(v);
}

int evtchn_domain_init(struct domain *d, uint32_t max_port)
{
	struct evt_domain *e = heap_calloc(1, sizeof(*e));
	struct port *zero;

	if (!e)
		return -ENOMEM;
	lock_init(&e->lock, RANK_EVENT);
	e->layout = &layout_2l;
	e->max_port = MIN(max_port, (uint32_t)EVTCHN_FIFO_NR_CHANNELS - 1);
	d->evt = e;
	if (port_alloc(d, &zero)) {
		evtchn_domain_free(d);
		return -ENOMEM;
	}
	e->active = 0; /* port 0 stays reserved, so that 0 can mean none */
	return 0;
}

int evtchn_domain_teardown(struct domain *d, struct budget *b)
{
	struct evt_domain *e = d->evt;
	int rc;

	if (!e->dying) {
		lock_acquire(&e->lock);
		e->dying = true;
		e->close_next = 0;
		lock_release(&e->lock);
		drop_handlers(d);
	}
	rc = ports_close_all(d, b);
	if (rc)
		return rc;
	/*
	 * EVTCHNOP_reset by the control domain may still be at a port, or have
	 * moved the place where we went on.
	 */
	lock_acquire(&e->lock);
	if (e->active)
		rc = -ERESTART;
	else
		fifo_destroy(d);
	lock_release(&e->lock);
	return rc;
}

static void free_group(struct port_group *g)
{
	if (!g)
		return;
	for (unsigned int i = 0; i < BUCKETS_PER_GROUP; i++)
		if (g->bucket[i])
			pages_free(g->bucket[i], 0);
	heap_free(g);
}

void evtchn_domain_free(struct domain *d)
{
	if (!d->evt)
		return;
	for (unsigned int i = 0; i < GROUPS; i++)
		free_group(d->evt->group[i]);
	heap_free(d->evt);
	d->evt = NULL;
}

int evtchn_vcpu_init(struct vcpu *v)
{
	v->evt = heap_calloc(1, sizeof(*v->evt));
	if (!v->evt)
		return -ENOMEM;
	lock_init(&v->evt->fifo_lock, RANK_FIFO);
	/* Ports may have been raised for it before it was there. */
	if (v->domain->evt->active)
		evtchn_vcpu_info_moved(v);
	return 0;
}

void evtchn_vcpu_free(struct vcpu *v)
{
	heap_free(v->evt);
	v->evt = NULL;
}

void evtchn_set_max_port(struct domain *d, uint32_t max_port)
{
	lock_acquire(&d->evt->lock);
	d->evt->max_port = MIN(max_port, (uint32_t)EVTCHN_FIFO_NR_CHANNELS - 1);
	lock_release(&d->evt->lock);
}

uint32_t evtchn_count(const struct domain *d)
{
	uint32_t n = 0;

	if (d->evt) {
		lock_acquire(&d->evt->lock);
		n = d->evt->active;
		lock_release(&d->evt->lock);
	}
	return n;
}

/*
 * Close everything and return to the 2-level layout. The domain is paused, or
 * asks for itself: ports that it binds meanwhile are its own affair.
 */
int evtchn_reset(struct domain *d, struct budget *b)
{
	int rc = ports_close_all(d, b);

	if (rc)
		return rc;
	lock_acquire(&d->evt->lock);
	if (d->evt->active == 0)
		fifo_destroy(d);
	else
		rc = -EAGAIN;
	lock_release(&d->evt->lock);
	return rc;
}
