// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ports: where they are kept, how one is allocated, bound and closed.
 *
 * State: struct evt_domain.  Ports live in buckets of one page that are made
 * on demand and stay until the domain is freed, so a port's address is good
 * without any lock; what it is bound to is under locks (event_priv.h).
 */
#include <event/event_priv.h>
#include <irq/irq.h>
#include <lib/assert.h>
#include <mm/alloc.h>
#include <sched/sched.h>

/* Free ports looked at for one that the guest has unlinked. */
#define FREE_TRIES 16

struct port *port_at(const struct domain *d, uint32_t n)
{
	const struct evt_domain *e = d->evt;
	uint32_t bucket = n / PORTS_PER_BUCKET;

	if (n >= __atomic_load_n(&e->valid, __ATOMIC_ACQUIRE))
		return NULL;
	return &e->group[bucket / BUCKETS_PER_GROUP]
			->bucket[bucket % BUCKETS_PER_GROUP]
				[n % PORTS_PER_BUCKET];
}

static int add_bucket(struct evt_domain *e)
{
	uint32_t bucket = e->valid / PORTS_PER_BUCKET;
	struct port_group **g = &e->group[bucket / BUCKETS_PER_GROUP];
	struct port *ports;

	if (!*g)
		*g = heap_alloc(sizeof(**g));
	if (!*g)
		return -ENOMEM;
	ports = pages_alloc(0);
	if (!ports)
		return -ENOMEM;
	for (uint32_t i = 0; i < PORTS_PER_BUCKET; i++) {
		lock_init(&ports[i].lock, RANK_PORT);
		ports[i].number = bucket * PORTS_PER_BUCKET + i;
	}
	(*g)->bucket[bucket % BUCKETS_PER_GROUP] = ports;
	return 0;
}

static void free_list_push(struct evt_domain *e, const struct domain *d,
			   struct port *p)
{
	p->next_free = 0;
	if (e->free_head)
		port_at(d, e->free_tail)->next_free = p->number;
	else
		e->free_head = p->number;
	e->free_tail = p->number;
}

static struct port *free_list_pop(struct evt_domain *e, const struct domain *d)
{
	struct port *p = port_at(d, e->free_head);

	e->free_head = p->next_free;
	return p;
}

static uint32_t port_limit(const struct evt_domain *e)
{
	return MIN(e->layout->limit, e->max_port + 1);
}

static struct port *first_free(struct domain *d)
{
	struct evt_domain *e = d->evt;

	for (unsigned int i = 0; i < FREE_TRIES && e->free_head; i++) {
		struct port *p = free_list_pop(e, d);

		if (p->number < port_limit(e) && !e->layout->busy(d, p))
			return p;
		free_list_push(e, d, p);
	}
	return NULL;
}

/* One number more than ever before. */
static int next_new(struct domain *d, struct port **out)
{
	struct evt_domain *e = d->evt;
	uint32_t n = e->valid;
	int rc;

	if (n >= port_limit(e))
		return -ENOSPC;
	if (n % PORTS_PER_BUCKET == 0) {
		rc = add_bucket(e);
		if (rc)
			return rc;
	}
	__atomic_store_n(&e->valid, n + 1, __ATOMIC_RELEASE);
	*out = port_at(d, n);
	return 0;
}

int port_alloc(struct domain *d, struct port **out)
{
	struct evt_domain *e = d->evt;
	int rc;

	if (e->dying)
		return -ESRCH;
	*out = first_free(d);
	if (!*out) {
		rc = next_new(d, out);
		if (rc)
			return rc;
	}
	(*out)->state = PORT_RESERVED;
	e->active++;
	e->layout->init(d, *out);
	return 0;
}

void port_release(struct domain *d, struct port *p)
{
	d->evt->layout->clear(d, p);
	p->state = PORT_FREE;
	p->vcpu = 0;
	d->evt->active--;
	free_list_push(d->evt, d, p);
}

void port_bind(struct domain *d, struct port *p, enum port_state state,
	       uint32_t vcpu)
{
	(void)d;
	p->vcpu = vcpu;
	__atomic_store_n(&p->state, (uint8_t)state, __ATOMIC_RELEASE);
}

void vcpu_mark_pending(struct vcpu *v)
{
	if (__atomic_exchange_n(&v->info->evtchn_upcall_pending, 1,
				__ATOMIC_SEQ_CST))
		return;
	vcpu_unblock(v);
}

void port_check_pollers(struct domain *d, uint32_t port)
{
	struct vcpu *v;

	if (likely(READ_ONCE(d->pollers) == 0))
		return;
	for_each_vcpu(d, v) {
		uint32_t want = READ_ONCE(v->poll_port);

		if (READ_ONCE(v->pause_flags) & VPF_POLLING &&
		    (want == 0 || want == port))
			vcpu_unblock(v);
	}
}

void port_raise(struct domain *d, struct port *p)
{
	d->evt->layout->raise(d, p);
}

/* The virq of a closing port is free for a new binding. */
static void forget_virq(struct domain *d, const struct port *p)
{
	struct vcpu *v;

	if (virq_is_global(p->irq)) {
		v = domain_vcpu(d, 0);
		if (v && v->evt->virq_port[p->irq] == p->number)
			WRITE_ONCE(v->evt->virq_port[p->irq], 0);
		return;
	}
	for_each_vcpu(d, v)
		if (v->evt->virq_port[p->irq] == p->number)
			WRITE_ONCE(v->evt->virq_port[p->irq], 0);
}

/* Under d's evt->lock: anything that is not interdomain. */
static int close_local(struct domain *d, struct port *p)
{
	uint32_t pirq = p->irq;
	bool was_pirq;

	lock_acquire(&p->lock);
	was_pirq = p->state == PORT_PIRQ;
	if (p->state == PORT_VIRQ)
		forget_virq(d, p);
	port_release(d, p);
	lock_release(&p->lock);
	if (was_pirq)
		pirq_unbind(d, pirq);
	return 0;
}

void lock_ports(struct port *a, struct port *b)
{
	struct port *first = a < b ? a : b, *second = a < b ? b : a;

	lock_acquire(&first->lock);
	if (second != first)
		lock_acquire_nested(&second->lock, RANK_PORT_NEST);
}

void unlock_ports(struct port *a, struct port *b)
{
	lock_release(&a->lock);
	if (a != b)
		lock_release(&b->lock);
}

/* Under both domains' locks: the other end waits for a new partner. */
static void close_pair(struct domain *d, struct port *p)
{
	struct domain *r = p->remote;
	struct port *q = port_at(r, p->remote_port);

	lock_ports(p, q);
	if (q != p) {
		q->remote = NULL;
		q->remote_port = 0;
		q->remote_id = d->id;
		q->state = PORT_UNBOUND;
	}
	port_release(d, p);
	unlock_ports(p, q);
}

/*
 * Both locks in the order of ids. @d's is held on entry and on exit; it may
 * have been dropped in between, so the caller looks at the port again. A
 * reference keeps @r's memory.
 */
static void lock_remote(struct domain *d, struct domain *r)
{
	if (r == d)
		return;
	if (d->id < r->id) {
		lock_acquire_nested(&r->evt->lock, RANK_EVENT_NEST);
		return;
	}
	lock_release(&d->evt->lock);
	lock_acquire(&r->evt->lock);
	lock_acquire_nested(&d->evt->lock, RANK_EVENT_NEST);
}

static bool still_bound(const struct port *p, const struct domain *r)
{
	return p->state == PORT_INTERDOMAIN && p->remote == r;
}

int port_close(struct domain *d, uint32_t n)
{
	struct port *p = port_at(d, n);
	int rc = 0;

	if (!p)
		return -EINVAL;
	lock_acquire(&d->evt->lock);
	while (p->state == PORT_INTERDOMAIN) {
		struct domain *r = p->remote;
		bool done;

		domain_get_ref(r);
		lock_remote(d, r);
		done = still_bound(p, r);
		if (done)
			close_pair(d, p);
		if (r != d)
			lock_release(&r->evt->lock);
		domain_put(r);
		if (done) {
			lock_release(&d->evt->lock);
			return 0;
		}
	}
	if (p->state == PORT_FREE || p->state == PORT_RESERVED)
		rc = -EINVAL;
	else
		rc = close_local(d, p);
	lock_release(&d->evt->lock);
	return rc;
}

int ports_close_all(struct domain *d, struct budget *b)
{
	struct evt_domain *e = d->evt;

	while (e->close_next < READ_ONCE(e->valid)) {
		(void)port_close(d, e->close_next++);
		if (budget_spend(b, 8))
			return -ERESTART;
	}
	e->close_next = 0;
	return 0;
}
