// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The FIFO layout against a reference that has real queues: three ports, two
 * vCPUs, two priorities, all operations of the guest, its peer and the guest's
 * interrupt handler in all orders, up to a depth.  The handler is cut between
 * any two of its steps.  After each operation every word and every queue, read
 * as a guest reads them, is compared; and the reference itself must be such
 * that no event that could be seen is out of its handler's sight.
 *
 * Other runs start before the layout is chosen, with both vCPUs' queues
 * filled, and with the last port of a queue about to be in another.
 */
#include "event_start.h"
#include "explore.h"

#define PORTS 3 /* numbers 1 .. 3 */
#define VCPUS 2
#define PRIOS 2

static const uint8_t prio_number[PRIOS] = { 0, EVTCHN_FIFO_PRIORITY_DEFAULT };

struct rport {
	uint8_t open, pending, masked, linked, prio, vcpu;
	uint8_t kept; /* raised while it had no word */
	uint8_t flat; /* pending in the 2-level layout */
};

struct rqueue {
	uint8_t len, port[PORTS];
};

/* All bytes, so that states compare. */
struct ref {
	struct rport p[PORTS + 1];
	struct rqueue q[VCPUS][PRIOS];
	uint8_t ready[VCPUS], upcall[VCPUS], flat_sel[VCPUS];
	uint8_t control[VCPUS], fifo, words;
	uint8_t handler[VCPUS]; /* priorities that it knows of */
	uint8_t free[PORTS], free_count;
	uint8_t orphans; /* an event was raised for a vCPU without queues */
	/* What else decides how the real thing goes on. */
	uint8_t tail[VCPUS][PRIOS], head[VCPUS][PRIOS], next[VCPUS][PRIOS];
	uint8_t last_vcpu[PORTS + 1], last_prio[PORTS + 1];
};

static struct domain *dom, *peer;
static struct fifo_guest guest;
static int peer_port[PORTS + 1];
static uint32_t handler[VCPUS], next[VCPUS][PRIOS]; /* of the real guest */

/* --- the reference --- */

static void r_append(struct ref *r, unsigned int k)
{
	struct rport *p = &r->p[k];
	struct rqueue *q = &r->q[p->vcpu][p->prio];
	uint8_t bit = (uint8_t)(1U << p->prio);

	if (!r->control[p->vcpu]) {
		r->orphans = 1;
		return;
	}
	if (!q->len && !(r->ready[p->vcpu] & bit)) {
		r->ready[p->vcpu] |= bit;
		r->upcall[p->vcpu] = 1;
	}
	p->linked = 1;
	q->port[q->len++] = (uint8_t)k;
}

static void r_raise_flat(struct ref *r, struct rport *p)
{
	if (p->flat)
		return;
	p->flat = 1;
	if (!r->flat_sel[p->vcpu])
		r->upcall[p->vcpu] = 1;
	r->flat_sel[p->vcpu] = 1;
}

static void r_raise(struct ref *r, unsigned int k)
{
	struct rport *p = &r->p[k];

	if (!r->fifo) {
		r_raise_flat(r, p);
	} else if (!r->words) {
		p->kept = 1;
	} else {
		p->pending = 1;
		if (!p->masked && !p->linked)
			r_append(r, k);
	}
}

static int r_unmask(struct ref *r, unsigned int k)
{
	if (!r->p[k].open)
		return -EINVAL;
	if (!r->words)
		return 0;
	r->p[k].masked = 0;
	if (r->p[k].pending)
		r_raise(r, k);
	return 0;
}

static int r_priority(struct ref *r, unsigned int k, uint8_t prio)
{
	if (!r->p[k].open)
		return -EINVAL;
	if (!r->fifo)
		return -ENOSYS;
	r->p[k].prio = prio;
	return 0;
}

static int r_move(struct ref *r, unsigned int k, uint8_t vcpu)
{
	if (!r->p[k].open)
		return -EINVAL;
	r->p[k].vcpu = vcpu;
	return 0;
}

/* What is linked stays that until the guest has come by. */
static int r_close(struct ref *r, unsigned int k)
{
	struct rport *p = &r->p[k];

	if (!p->open)
		return -EINVAL;
	p->open = p->kept = p->pending = p->vcpu = 0;
	p->flat = 0;
	r->free[r->free_count++] = (uint8_t)k;
	return 0;
}

/* The first number in the order of closing that no queue still holds. */
static int r_open(struct ref *r)
{
	for (unsigned int i = 0; i < r->free_count; i++) {
		uint8_t k = r->free[0];

		memmove(r->free, r->free + 1, r->free_count - 1U);
		if (r->p[k].linked) {
			r->free[r->free_count - 1] = k;
			continue;
		}
		r->free[--r->free_count] = 0;
		r->p[k].open = 1;
		r->p[k].prio = 1;
		return k;
	}
	return -ENOSPC;
}

static int r_control(struct ref *r, unsigned int vcpu)
{
	if (r->control[vcpu])
		return -EINVAL;
	r->control[vcpu] = 1;
	for (unsigned int k = 1; k <= PORTS && !r->fifo; k++) {
		r->p[k].kept = r->p[k].flat;
		r->p[k].flat = 0;
		if (r->p[k].open)
			r->p[k].prio = 1;
	}
	r->fifo = 1;
	return 0;
}

static int r_expand(struct ref *r)
{
	if (!r->fifo)
		return -EOPNOTSUPP;
	if (r->words)
		return 0;
	r->words = 1;
	for (unsigned int k = 1; k <= PORTS; k++)
		if (r->p[k].kept) {
			r->p[k].kept = 0;
			r_raise(r, k);
		}
	return 0;
}

static int r_reset(struct ref *r)
{
	for (unsigned int k = 1; k <= PORTS; k++) {
		(void)r_close(r, k);
		r->p[k].linked = r->p[k].masked = 0;
	}
	memset(r->q, 0, sizeof(r->q));
	memset(r->control, 0, sizeof(r->control));
	memset(r->handler, 0, sizeof(r->handler));
	memset(r->ready, 0, sizeof(r->ready));
	r->fifo = r->words = 0;
	return 0;
}

static int r_enter(struct ref *r, unsigned int vcpu)
{
	if (!r->upcall[vcpu])
		return 0;
	r->upcall[vcpu] = 0;
	r->handler[vcpu] |= r->ready[vcpu];
	r->ready[vcpu] = 0;
	return 0;
}

/* One turn of the handler: the port that it sees an event of. */
static int r_turn(struct ref *r, unsigned int vcpu)
{
	unsigned int prio = r->handler[vcpu] & 1 ? 0 : 1;
	struct rqueue *q = &r->q[vcpu][prio];
	struct rport *p = &r->p[q->port[0]];
	int seen = -1;

	if (!r->handler[vcpu])
		return 0;
	p->linked = 0;
	if (p->pending && !p->masked) {
		seen = q->port[0];
		p->pending = 0;
	}
	memmove(q->port, q->port + 1, --q->len);
	q->port[q->len] = 0;
	if (!q->len)
		r->handler[vcpu] &= (uint8_t)~(1U << prio);
	r->handler[vcpu] |= r->ready[vcpu];
	r->ready[vcpu] = 0;
	return seen;
}

/* --- the real guest --- */

static int open_port(void)
{
	int p = ev_alloc(guest.v, DOMID_SELF, peer->id);

	if (p < 0)
		return p;
	assert_in_range(p, 1, PORTS);
	peer_port[p] = ev_bind(peer->vcpus[0], dom->id, p);
	assert_true(peer_port[p] > 0);
	return p;
}

static int control(unsigned int vcpu)
{
	memset(guest.control[vcpu], 0, sizeof(*guest.control[vcpu]));
	return (int)fifo_guest_control(&guest, vcpu);
}

static int expand(bool again)
{
	if (again)
		return 0;
	memset(guest.word, 0, PAGE_SIZE);
	return (int)fifo_guest_expand(&guest);
}

static int reset(void)
{
	memset(handler, 0, sizeof(handler));
	memset(next, 0, sizeof(next));
	return (int)ev_reset(guest.v, DOMID_SELF);
}

/* The priorities' indexes, of which there may be other bits: an error. */
static uint32_t take_ready(unsigned int vcpu)
{
	uint32_t w = __atomic_exchange_n(&guest.control[vcpu]->ready, 0,
					 __ATOMIC_SEQ_CST), have = 0;

	for (unsigned int i = 0; i < PRIOS; i++)
		if (w & 1U << prio_number[i])
			have |= 1U << i;
	assert_int_equal(__builtin_popcount(w), __builtin_popcount(have));
	return have;
}

static int enter(unsigned int vcpu)
{
	struct vcpu_info *info = dom->vcpus[vcpu]->info;

	if (!info->evtchn_upcall_pending)
		return 0;
	info->evtchn_upcall_pending = 0;
	if (dom->vcpus[vcpu]->evt->control)
		handler[vcpu] |= take_ready(vcpu);
	return 0;
}

static int turn(unsigned int vcpu)
{
	unsigned int i = handler[vcpu] & 1 ? 0 : 1;
	uint32_t n = next[vcpu][i], w;

	if (!handler[vcpu])
		return 0;
	if (!n)
		n = guest.control[vcpu]->head[prio_number[i]];
	assert_in_range(n, 1, PORTS);
	w = guest.word[n];
	guest.word[n] = w & ~(BIT_LINKED | EVTCHN_FIFO_LINK_MASK);
	next[vcpu][i] = w & EVTCHN_FIFO_LINK_MASK;
	if (!next[vcpu][i])
		handler[vcpu] &= ~(1U << i);
	if ((w & (BIT_PENDING | BIT_MASKED)) == BIT_PENDING)
		guest.word[n] &= ~BIT_PENDING;
	handler[vcpu] |= take_ready(vcpu);
	return (w & (BIT_PENDING | BIT_MASKED)) == BIT_PENDING ? (int)n : -1;
}

/* --- operations on both --- */

enum kind {
	K_SEND, K_MASK, K_UNMASK, K_FORGET, K_PRIO, K_MOVE, K_CLOSE, K_OPEN,
	K_ENTER, K_TURN, K_RESET, K_CONTROL, K_EXPAND,
};

static const struct op {
	const char *name;
	enum kind kind;
	unsigned int k; /* a port, or a vCPU */
	uint8_t to;
} ops[] = {
	{ "send 1", K_SEND, 1, 0 }, { "send 2", K_SEND, 2, 0 },
	{ "send 3", K_SEND, 3, 0 },
	{ "enter on 0", K_ENTER, 0, 0 }, { "turn on 0", K_TURN, 0, 0 },
	{ "enter on 1", K_ENTER, 1, 0 }, { "turn on 1", K_TURN, 1, 0 },
	{ "mask 1", K_MASK, 1, 0 }, { "unmask 1", K_UNMASK, 1, 0 },
	{ "mask 2", K_MASK, 2, 0 }, { "unmask 2", K_UNMASK, 2, 0 },
	{ "forget 1", K_FORGET, 1, 0 },
	{ "1 urgent", K_PRIO, 1, 0 }, { "1 normal", K_PRIO, 1, 1 },
	{ "2 urgent", K_PRIO, 2, 0 },
	{ "1 to vCPU 0", K_MOVE, 1, 0 }, { "1 to vCPU 1", K_MOVE, 1, 1 },
	{ "2 to vCPU 1", K_MOVE, 2, 1 },
	{ "close 1", K_CLOSE, 1, 0 }, { "close 2", K_CLOSE, 2, 0 },
	{ "open", K_OPEN, 0, 0 }, { "reset", K_RESET, 0, 0 },
	{ "queues for 0", K_CONTROL, 0, 0 },
	{ "queues for 1", K_CONTROL, 1, 0 },
	{ "give words", K_EXPAND, 0, 0 },
};

static int reference(struct ref *r, const struct op *o)
{
	switch (o->kind) {
	case K_SEND:
		if (r->p[o->k].open)
			r_raise(r, o->k);
		return 0;
	case K_MASK:
		r->p[o->k].masked |= r->words;
		return 0;
	case K_UNMASK:
		return r_unmask(r, o->k);
	case K_FORGET:
		r->p[o->k].pending &= !r->words;
		return 0;
	case K_PRIO:
		return r_priority(r, o->k, o->to);
	case K_MOVE:
		return r_move(r, o->k, o->to);
	case K_CLOSE:
		return r_close(r, o->k);
	case K_OPEN:
		return r_open(r);
	case K_ENTER:
		return r_enter(r, o->k);
	case K_TURN:
		return r_turn(r, o->k);
	case K_RESET:
		return r_reset(r);
	case K_CONTROL:
		return r_control(r, o->k);
	case K_EXPAND:
		return r_expand(r);
	}
	return 0;
}

/* @r is how things were before. */
static int real(const struct ref *r, const struct op *o)
{
	int port = (int)o->k;

	switch (o->kind) {
	case K_SEND:
		return r->p[port].open ?
			(int)ev_send(peer->vcpus[0], peer_port[port]) : 0;
	case K_MASK:
		guest.word[port] |= r->words ? BIT_MASKED : 0;
		return 0;
	case K_UNMASK:
		return (int)ev_unmask(guest.v, port);
	case K_FORGET:
		guest.word[port] &= r->words ? ~BIT_PENDING : ~0U;
		return 0;
	case K_PRIO:
		return (int)ev_priority(guest.v, port, prio_number[o->to]);
	case K_MOVE:
		return (int)ev_bind_vcpu(guest.v, port, o->to);
	case K_CLOSE:
		return (int)ev_close(guest.v, port);
	case K_OPEN:
		return open_port();
	case K_ENTER:
		return enter(o->k);
	case K_TURN:
		return turn(o->k);
	case K_RESET:
		return reset();
	case K_CONTROL:
		return r->control[o->k] ? (int)fifo_guest_control(&guest, o->k)
					: control(o->k);
	case K_EXPAND:
		return expand(r->words);
	}
	return 0;
}

/* States that only look the same are not taken for one. */
static void note_hidden(struct ref *r)
{
	for (unsigned int v = 0; v < VCPUS; v++)
		for (unsigned int i = 0; i < PRIOS; i++) {
			unsigned int n = prio_number[i];

			r->tail[v][i] = (uint8_t)dom->vcpus[v]->evt->tail[n];
			r->head[v][i] = (uint8_t)guest.control[v]->head[n];
			r->next[v][i] = (uint8_t)next[v][i];
		}
	for (unsigned int k = 1; k <= PORTS; k++) {
		r->last_vcpu[k] = (uint8_t)port_at(dom, k)->last_vcpu;
		r->last_prio[k] = port_at(dom, k)->last_priority;
	}
}

static bool step(void *state, unsigned int i)
{
	struct ref *r = state;
	int got = real(r, &ops[i]), want = reference(r, &ops[i]);

	if (want != got)
		fprintf(stderr, "%s: %d, not %d\n", ops[i].name, got, want);
	note_hidden(r);
	return want == got;
}

/* --- the start, and what can be seen --- */

static void start_flat(void *state)
{
	struct ref *r = state;

	memset(r, 0, sizeof(*r));
	memset(handler, 0, sizeof(handler));
	memset(next, 0, sizeof(next));
	order_free(peer, 4 * PORTS);
	order_free(dom, PORTS);
	memset(guest.word, 0, PAGE_SIZE);
	memset(guest.control[0], 0, VCPUS * sizeof(*guest.control[0]));
	for (unsigned int k = 0; k < VCPUS; k++)
		ev_ack_upcall(dom->vcpus[k]);
	memset(dom->shared->evtchn_pending, 0, 8);
	memset(dom->shared->evtchn_mask, 0, 8);
	for (unsigned int k = 1; k <= PORTS; k++) {
		port_at(dom, k)->last_vcpu = port_at(dom, k)->last_priority = 0;
		assert_int_equal(open_port(), k);
		r->p[k].open = r->p[k].prio = 1;
	}
	note_hidden(r);
}

static void do_named(void *state, const char *name)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(ops); i++)
		if (!strcmp(ops[i].name, name))
			assert_true(step(state, i));
}

static void start_ready(void *state)
{
	start_flat(state);
	do_named(state, "queues for 0");
	do_named(state, "queues for 1");
	do_named(state, "give words");
}

static void start_full(void *state)
{
	start_ready(state);
	do_named(state, "2 to vCPU 1");
	do_named(state, "send 1");
	do_named(state, "send 2");
	do_named(state, "send 3");
	do_named(state, "enter on 0");
}

/* A queue's last port is about to be linked into another one. */
static void start_moved(void *state)
{
	start_ready(state);
	do_named(state, "send 1");
	do_named(state, "enter on 0");
	do_named(state, "turn on 0");
	do_named(state, "1 to vCPU 1");
}

static const char *compare_words(const struct ref *r)
{
	for (unsigned int k = 1; k <= PORTS; k++) {
		const struct rport *p = &r->p[k];
		uint32_t w = guest.word[k];

		if (r->words && (!!(w & BIT_PENDING) != p->pending ||
				 !!(w & BIT_MASKED) != p->masked ||
				 !!(w & BIT_LINKED) != p->linked))
			return "a word differs";
		if (bit_test(dom->shared->evtchn_pending, k) != p->flat)
			return "a pending bit differs";
	}
	for (unsigned int k = 0; k < PAGE_SIZE / sizeof(event_word_t); k++)
		if ((k == 0 || k > PORTS) && guest.word[k])
			return "a word beyond the ports was written";
	return NULL;
}

/* As its handler would find it. */
static bool same_queue(const struct ref *r, unsigned int vcpu, unsigned int i)
{
	const struct evtchn_fifo_control_block *c = guest.control[vcpu];
	const struct rqueue *q = &r->q[vcpu][i];
	uint32_t n = next[vcpu][i];

	if (!n && (handler[vcpu] & 1U << i || c->ready & 1U << prio_number[i]))
		n = c->head[prio_number[i]];
	for (unsigned int k = 0; k < q->len; k++) {
		if (n != q->port[k])
			return false;
		n = guest.word[n] & EVTCHN_FIFO_LINK_MASK;
	}
	return n == 0;
}

static const char *compare_queues(const struct ref *r)
{
	for (unsigned int v = 0; v < VCPUS; v++) {
		if (dom->vcpus[v]->info->evtchn_upcall_pending != r->upcall[v])
			return "an upcall differs";
		if (handler[v] != r->handler[v])
			return "a handler knows something else";
		for (unsigned int i = 0; r->control[v] && i < PRIOS; i++)
			if (!same_queue(r, v, i))
				return "a queue differs";
	}
	return NULL;
}

/* Of the reference: what is pending is in a queue that a handler comes to. */
static const char *nothing_is_lost(const struct ref *r)
{
	for (unsigned int k = 1; k <= PORTS; k++)
		if (r->p[k].pending && !r->p[k].masked && !r->p[k].linked &&
		    !r->orphans)
			return "a pending port is in no queue";
	for (unsigned int v = 0; v < VCPUS; v++) {
		for (unsigned int i = 0; i < PRIOS; i++)
			if (r->q[v][i].len &&
			    !((r->ready[v] | r->handler[v]) & 1U << i))
				return "nobody was told of a queue";
		if (r->ready[v] && !r->upcall[v] && !r->handler[v])
			return "nobody will look";
	}
	return NULL;
}

static const char *compare(const void *state)
{
	const struct ref *r = state;
	const char *bad = nothing_is_lost(r);

	if (!bad)
		bad = compare_words(r);
	if (!bad)
		bad = compare_queues(r);
	if (!bad && dom->evt->active + r->free_count != PORTS)
		bad = "ports are miscounted";
	return bad ? bad : fake_check();
}

static const char *finish(void *state)
{
	(void)state;
	return ev_reset(guest.v, DOMID_SELF) || dom->evt->active ||
	       dom->evt->fifo ? "something is left after a reset" : NULL;
}

static void describe(unsigned int op, char *buf, size_t size)
{
	snprintf(buf, size, "%s", ops[op].name);
}

static void run(const char *name, void (*start)(void *), unsigned int states)
{
	const struct explore x = {
		.name = name, .size = sizeof(struct ref),
		.ops = ARRAY_SIZE(ops), .max_depth = 8, .max_states = states,
		.start = start, .step = step, .compare = compare,
		.finish = finish, .describe = describe,
	};

	dom = fake_domain(1, VCPUS);
	peer = fake_domain(2, 1);
	evtchn_set_max_port(dom, PORTS);
	fifo_guest_init(&guest, dom);
	explore(&x);
	fake_destroy(dom);
	fake_destroy(peer);
}

/* The number of states to look at; `make fuzz' looks at all within the depth. */
int main(int argc, char **argv)
{
	unsigned int states = argc > 1 ? (unsigned int)atoi(argv[1]) : 1000;

	fake_start(2);
	run("event_fifo_queues, from 2-level", start_flat, states);
	run("event_fifo_queues, empty", start_ready, states);
	run("event_fifo_queues, filled", start_full, states);
	run("event_fifo_queues, moved", start_moved, states);
	return 0;
}
