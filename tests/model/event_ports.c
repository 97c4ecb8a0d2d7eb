// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Event ports of two domains against a reference that anyone can read: all
 * operations, in all orders, up to a depth.  Two domains with three ports
 * each, one of them with two vCPUs, 2-level layout.
 */
#include "event_start.h"
#include "explore.h"

#define PORTS 3 /* numbers 1 .. 3 */
#define VCPUS 2

enum { R_FREE, R_UNBOUND, R_PAIR, R_IPI, R_VIRQ };

/* The reference: all bytes, so that states compare. */
struct rport {
	uint8_t state, vcpu, remote, remote_port; /* remote: 0 or 1 */
	uint8_t pending, masked;
};

struct rdom {
	struct rport p[PORTS + 1];
	uint8_t free[PORTS], free_count; /* in the order of being given out */
	uint8_t upcall[VCPUS], sel[VCPUS], virq;
};

struct ref {
	struct rdom d[2];
};

static struct domain *dom[2];

/* --- the reference --- */

static void r_select(struct rdom *d, struct rport *p)
{
	if (!d->sel[p->vcpu])
		d->upcall[p->vcpu] = 1;
	d->sel[p->vcpu] = 1;
}

static void r_raise(struct rdom *d, struct rport *p)
{
	if (p->pending)
		return;
	p->pending = 1;
	if (!p->masked)
		r_select(d, p);
}

static int r_alloc(struct rdom *d)
{
	uint8_t n;

	if (!d->free_count)
		return -ENOSPC;
	n = d->free[0];
	memmove(d->free, d->free + 1, --d->free_count);
	d->free[d->free_count] = 0;
	return n;
}

static int r_new(struct rdom *d, uint8_t state, uint8_t vcpu, uint8_t remote)
{
	int n = r_alloc(d);

	if (n > 0) {
		d->p[n].state = state;
		d->p[n].vcpu = vcpu;
		d->p[n].remote = remote;
		d->p[n].remote_port = 0;
	}
	return n;
}

static int r_bind(struct ref *r, unsigned int x, unsigned int to, int port)
{
	struct rport *q = &r->d[to].p[port];
	int n;

	if (q->state != R_UNBOUND || q->remote != x)
		return -EINVAL;
	n = r_new(&r->d[x], R_PAIR, 0, (uint8_t)to);
	if (n < 0)
		return n;
	r->d[x].p[n].remote_port = (uint8_t)port;
	q->state = R_PAIR;
	q->remote_port = (uint8_t)n;
	r_raise(&r->d[x], &r->d[x].p[n]);
	return n;
}

static int r_send(struct ref *r, unsigned int x, int port)
{
	struct rport *p = &r->d[x].p[port];
	struct rdom *to = &r->d[p->remote];

	switch (p->state) {
	case R_PAIR:
		r_raise(to, &to->p[p->remote_port]);
		return 0;
	case R_IPI:
		r_raise(&r->d[x], p);
		return 0;
	case R_UNBOUND:
		return 0;
	}
	return -EINVAL;
}

static int r_close(struct ref *r, unsigned int x, int port)
{
	struct rdom *d = &r->d[x];
	struct rport *p = &d->p[port];
	uint8_t masked = p->masked;

	if (p->state == R_FREE)
		return -EINVAL;
	if (p->state == R_PAIR) {
		struct rport *q = &r->d[p->remote].p[p->remote_port];

		q->state = R_UNBOUND;
		q->remote = (uint8_t)x;
		q->remote_port = 0;
	}
	if (p->state == R_VIRQ)
		d->virq = 0;
	*p = (struct rport){ .masked = masked };
	d->free[d->free_count++] = (uint8_t)port;
	return 0;
}

static int r_virq(struct rdom *d)
{
	int n;

	if (d->virq)
		return -EEXIST;
	n = r_new(d, R_VIRQ, 0, 0);
	if (n > 0)
		d->virq = (uint8_t)n;
	return n;
}

static int r_move(struct rdom *d, int port)
{
	struct rport *p = &d->p[port];

	if (p->state != R_UNBOUND && p->state != R_PAIR)
		return -EINVAL;
	p->vcpu = 1;
	return 0;
}

static int r_unmask(struct rdom *d, int port)
{
	struct rport *p = &d->p[port];

	if (p->state == R_FREE)
		return -EINVAL;
	if (p->masked && p->pending)
		r_select(d, p);
	p->masked = 0;
	return 0;
}

/* --- operations on both --- */

enum kind {
	K_ALLOC, K_BIND, K_SEND, K_CLOSE, K_MASK, K_UNMASK, K_MOVE, K_IPI,
	K_VIRQ, K_FIRE, K_ACK,
};

static const struct op {
	const char *name;
	enum kind kind;
	unsigned int x, to; /* who, and whom it means */
	int port;
} ops[] = {
	{ "a alloc for b", K_ALLOC, 0, 1, 0 },
	{ "a alloc for a", K_ALLOC, 0, 0, 0 },
	{ "b alloc for a", K_ALLOC, 1, 0, 0 },
	{ "a bind b1", K_BIND, 0, 1, 1 }, { "a bind b2", K_BIND, 0, 1, 2 },
	{ "b bind a1", K_BIND, 1, 0, 1 }, { "b bind a2", K_BIND, 1, 0, 2 },
	{ "a bind a1", K_BIND, 0, 0, 1 },
	{ "a send 1", K_SEND, 0, 0, 1 }, { "a send 2", K_SEND, 0, 0, 2 },
	{ "b send 1", K_SEND, 1, 0, 1 }, { "b send 3", K_SEND, 1, 0, 3 },
	{ "a close 1", K_CLOSE, 0, 0, 1 }, { "a close 2", K_CLOSE, 0, 0, 2 },
	{ "b close 1", K_CLOSE, 1, 0, 1 }, { "b close 2", K_CLOSE, 1, 0, 2 },
	{ "a mask 1", K_MASK, 0, 0, 1 }, { "a unmask 1", K_UNMASK, 0, 0, 1 },
	{ "b mask 1", K_MASK, 1, 0, 1 }, { "b unmask 1", K_UNMASK, 1, 0, 1 },
	{ "a move 1", K_MOVE, 0, 0, 1 }, { "a ipi to 1", K_IPI, 0, 0, 0 },
	{ "a virq", K_VIRQ, 0, 0, 0 }, { "a virq fires", K_FIRE, 0, 0, 0 },
	{ "a acks", K_ACK, 0, 0, 0 }, { "b acks", K_ACK, 1, 0, 0 },
};

static struct vcpu *first(unsigned int x)
{
	return dom[x]->vcpus[0];
}

static void r_ack(struct rdom *d)
{
	memset(d->upcall, 0, sizeof(d->upcall));
	memset(d->sel, 0, sizeof(d->sel));
	for (unsigned int i = 1; i <= PORTS; i++)
		d->p[i].pending = 0;
}

static void real_ack(struct domain *d)
{
	struct vcpu *v;

	for_each_vcpu(d, v)
		ev_ack_upcall(v);
	d->shared->evtchn_pending[0] = 0;
}

static int reference(struct ref *r, const struct op *o)
{
	struct rdom *d = &r->d[o->x];

	switch (o->kind) {
	case K_ALLOC:
		return r_new(d, R_UNBOUND, 0, (uint8_t)o->to);
	case K_BIND:
		return r_bind(r, o->x, o->to, o->port);
	case K_SEND:
		return r_send(r, o->x, o->port);
	case K_CLOSE:
		return r_close(r, o->x, o->port);
	case K_MASK:
		d->p[o->port].masked = 1;
		return 0;
	case K_UNMASK:
		return r_unmask(d, o->port);
	case K_MOVE:
		return r_move(d, o->port);
	case K_IPI:
		return r_new(d, R_IPI, 1, 0);
	case K_VIRQ:
		return r_virq(d);
	case K_FIRE:
		if (d->virq)
			r_raise(d, &d->p[d->virq]);
		return 0;
	case K_ACK:
		r_ack(d);
		return 0;
	}
	return 0;
}

static int real(const struct op *o)
{
	struct vcpu *v = first(o->x);

	switch (o->kind) {
	case K_ALLOC:
		return ev_alloc(v, DOMID_SELF, dom[o->to]->id);
	case K_BIND:
		return ev_bind(v, dom[o->to]->id, o->port);
	case K_SEND:
		return (int)ev_send(v, o->port);
	case K_CLOSE:
		return (int)ev_close(v, o->port);
	case K_MASK:
		bit_set(v->domain->shared->evtchn_mask, (unsigned int)o->port);
		return 0;
	case K_UNMASK:
		return (int)ev_unmask(v, o->port);
	case K_MOVE:
		return (int)ev_bind_vcpu(v, o->port, 1);
	case K_IPI:
		return ev_ipi(v, 1);
	case K_VIRQ:
		return ev_virq(v, VIRQ_DEBUG, 0);
	case K_FIRE:
		evtchn_send_virq(v, VIRQ_DEBUG);
		return 0;
	case K_ACK:
		real_ack(v->domain);
		return 0;
	}
	return 0;
}

static bool step(void *state, unsigned int i)
{
	int want = reference(state, &ops[i]), got = real(&ops[i]);

	if (want != got)
		fprintf(stderr, "%s: %d, not %d\n", ops[i].name, got, want);
	return want == got;
}

/* --- the start, and what can be seen --- */

static void start(void *state)
{
	struct ref *r = state;

	memset(r, 0, sizeof(*r));
	for (unsigned int x = 0; x < 2; x++) {
		r->d[x].free_count = PORTS;
		for (uint8_t i = 0; i < PORTS; i++)
			r->d[x].free[i] = (uint8_t)(i + 1);
		order_free(dom[x], PORTS);
		real_ack(dom[x]);
		dom[x]->shared->evtchn_mask[0] = 0;
	}
}

static bool same_port(const struct ref *r, unsigned int x, unsigned int i)
{
	static const uint32_t status[] = {
		EVTCHNSTAT_closed, EVTCHNSTAT_unbound, EVTCHNSTAT_interdomain,
		EVTCHNSTAT_ipi, EVTCHNSTAT_virq,
	};
	const struct rport *p = &r->d[x].p[i];
	struct evtchn_status s = ev_status(first(x), (int)i);
	const struct shared_info *sh = dom[x]->shared;

	if (s.status != status[p->state])
		return false;
	if (p->state != R_FREE && s.vcpu != p->vcpu)
		return false;
	if (p->state == R_UNBOUND && s.u.unbound.dom != dom[p->remote]->id)
		return false;
	if (p->state == R_PAIR &&
	    (s.u.interdomain.dom != dom[p->remote]->id ||
	     s.u.interdomain.port != p->remote_port))
		return false;
	return bit_test(sh->evtchn_pending, i) == p->pending &&
	       bit_test(sh->evtchn_mask, i) == p->masked;
}

static const char *compare(const void *state)
{
	const struct ref *r = state;

	for (unsigned int x = 0; x < 2; x++) {
		struct vcpu *v;

		for (unsigned int i = 1; i <= PORTS; i++)
			if (!same_port(r, x, i))
				return x ? "b's port differs" :
					   "a's port differs";
		for_each_vcpu(dom[x], v)
			if (v->info->evtchn_upcall_pending !=
				    r->d[x].upcall[v->id] ||
			    v->info->evtchn_pending_sel != r->d[x].sel[v->id])
				return "an upcall differs";
		if (dom[x]->evt->active + r->d[x].free_count != PORTS)
			return "ports are miscounted";
	}
	return fake_check();
}

static const char *finish(void *state)
{
	(void)state;
	for (unsigned int x = 0; x < 2; x++) {
		if (ev_reset(first(x), DOMID_SELF))
			return "reset failed";
		if (dom[x]->evt->active)
			return "ports are left";
	}
	return NULL;
}

static void describe(unsigned int op, char *buf, size_t size)
{
	snprintf(buf, size, "%s", ops[op].name);
}

static void run(uint16_t ida, uint16_t idb, unsigned int states)
{
	const struct explore x = {
		.name = ida < idb ? "event_ports, a before b" :
				    "event_ports, b before a",
		.size = sizeof(struct ref), .ops = ARRAY_SIZE(ops),
		.max_depth = 8, .max_states = states,
		.start = start, .step = step, .compare = compare,
		.finish = finish, .describe = describe,
	};

	dom[0] = fake_domain(ida, 2);
	dom[1] = fake_domain(idb, 1);
	for (unsigned int i = 0; i < 2; i++)
		evtchn_set_max_port(dom[i], PORTS);
	explore(&x);
	fake_destroy(dom[0]);
	fake_destroy(dom[1]);
}

/* The number of states to look at; `make fuzz' looks at all within the depth. */
int main(int argc, char **argv)
{
	unsigned int states = argc > 1 ? (unsigned int)atoi(argv[1]) : 2500;

	fake_start(2);
	run(1, 2, states);
	run(4, 3, states);
	return 0;
}
