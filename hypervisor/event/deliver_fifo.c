// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The FIFO layout (public event_channel.h; "event channel FIFO" design paper):
 * one word for each port in array pages of the guest, linked into 16 queues
 * for each vCPU, whose heads are in a control block of the guest.
 *
 * State: struct fifo_domain (the array pages), evt_vcpu.tail.  Tails are ours
 * and never read from the guest; a word's link is guest-writable, so a guest
 * can lose its own events and nothing else.
 *
 * Locks: evt->lock for set-up; a queue's lock (of its vCPU) for linking.
 */
#include <event/event_priv.h>
#include <lib/assert.h>
#include <lib/bitmap.h>
#include <mm/alloc.h>
#include <mm/frame.h>
#include <sched/sched.h>

#define WORDS_PER_PAGE (PAGE_SIZE / sizeof(event_word_t))
#define ARRAY_PAGES (EVTCHN_FIFO_NR_CHANNELS / WORDS_PER_PAGE)
#define LINK_TRIES 16
#define COST_PORT 8 /* budget units */

#define W_PENDING (1U << EVTCHN_FIFO_PENDING)
#define W_MASKED (1U << EVTCHN_FIFO_MASKED)
#define W_LINKED (1U << EVTCHN_FIFO_LINKED)

struct fifo_domain {
	event_word_t *page[ARRAY_PAGES];
	mfn_t frame[ARRAY_PAGES];
	uint32_t words; /* mapped so far */
	uint32_t adopt_next; /* ports of the 2-level layout to look at, or: */
#define ADOPTED (~0U)
};

/* Port @n's word, or NULL while the guest has not given its page. */
static event_word_t *word_at(const struct domain *d, uint32_t n)
{
	const struct fifo_domain *f = d->evt->fifo;

	if (!f || n >= __atomic_load_n(&f->words, __ATOMIC_ACQUIRE))
		return NULL;
	return &f->page[n / WORDS_PER_PAGE][n % WORDS_PER_PAGE];
}

static uint32_t word_or(event_word_t *w, uint32_t bits)
{
	return __atomic_fetch_or(w, bits, __ATOMIC_SEQ_CST);
}

static void fifo_port_init(struct domain *d, struct port *p)
{
	event_word_t *w = word_at(d, p->number);

	p->priority = EVTCHN_FIFO_PRIORITY_DEFAULT;
	if (w && READ_ONCE(*w) & W_PENDING)
		p->pending_unmapped = false;
}

/*
 * Append @n behind @tail: true if @tail's word was still linked and now names
 * @n. The guest may be consuming or scribbling on the word meanwhile; after a
 * few failed tries the queue counts as empty.
 */
static bool link_behind(const struct domain *d, uint32_t tail, uint32_t n)
{
	event_word_t *w = word_at(d, tail);
	uint32_t old;

	if (!w)
		return false;
	old = READ_ONCE(*w);
	for (unsigned int i = 0; i < LINK_TRIES && old & W_LINKED; i++) {
		uint32_t next = (old & ~(uint32_t)EVTCHN_FIFO_LINK_MASK) | n;

		if (__atomic_compare_exchange_n(w, &old, next, false,
						__ATOMIC_SEQ_CST,
						__ATOMIC_SEQ_CST))
			return true;
	}
	return false;
}

/* A port that moved to another queue may still be the tail of its last one. */
static void lock_queues(struct vcpu *a, struct vcpu *b)
{
	struct vcpu *first = a->id <= b->id ? a : b;
	struct vcpu *second = first == a ? b : a;

	lock_acquire(&first->evt->fifo_lock);
	if (second != first)
		lock_acquire_nested(&second->evt->fifo_lock, RANK_FIFO_NEST);
}

static void unlock_queues(struct vcpu *a, struct vcpu *b)
{
	lock_release(&a->evt->fifo_lock);
	if (a != b)
		lock_release(&b->evt->fifo_lock);
}

/* Under the queue locks. True if @v has to be told of a new queue head. */
static bool link_port(struct domain *d, struct port *p, struct vcpu *v,
		      struct vcpu *old, event_word_t *w)
{
	uint8_t prio = p->priority;
	uint32_t *tail = &v->evt->tail[prio];
	uint32_t *old_tail = &old->evt->tail[p->last_priority];
	struct evtchn_fifo_control_block *c = v->evt->control;
	bool linked = false;

	if (!c || word_or(w, W_LINKED) & W_LINKED)
		return false;
	__atomic_fetch_and(w, ~(uint32_t)EVTCHN_FIFO_LINK_MASK,
			   __ATOMIC_SEQ_CST);
	if (old_tail != tail && *old_tail == p->number)
		*old_tail = 0;
	p->last_vcpu = v->id;
	p->last_priority = prio;
	if (*tail && *tail != p->number)
		linked = link_behind(d, *tail, p->number);
	if (!linked)
		WRITE_ONCE(c->head[prio], p->number);
	*tail = p->number;
	return !linked && !(__atomic_fetch_or(&c->ready, 1U << prio,
					      __ATOMIC_SEQ_CST) & 1U << prio);
}

/*
 * The port's own domain may be raising it at the same time (an unmask), which
 * moves it: last_vcpu is sure only under the locks that it names.
 */
static void link_and_tell(struct domain *d, struct port *p, event_word_t *w)
{
	struct vcpu *v = port_vcpu(d, p), *old;
	bool tell;

	if (!v)
		return;
	for (;;) {
		uint32_t last = READ_ONCE(p->last_vcpu);

		old = domain_vcpu(d, last);
		if (!old)
			old = v;
		lock_queues(v, old);
		if (READ_ONCE(p->last_vcpu) == last)
			break;
		unlock_queues(v, old);
	}
	tell = link_port(d, p, v, old, w);
	unlock_queues(v, old);
	if (tell)
		vcpu_mark_pending(v);
}

static void fifo_raise(struct domain *d, struct port *p)
{
	event_word_t *w = word_at(d, p->number);
	uint32_t old;

	if (!w) {
		p->pending_unmapped = true;
		return;
	}
	old = word_or(w, W_PENDING);
	if (!(old & (W_MASKED | W_LINKED)))
		link_and_tell(d, p, w);
	if (!(old & W_PENDING))
		port_check_pollers(d, p->number);
}

static void fifo_clear(struct domain *d, struct port *p)
{
	event_word_t *w = word_at(d, p->number);

	p->pending_unmapped = false;
	if (p->number < layout_2l.limit)
		layout_2l.clear(d, p); /* it may not be adopted yet */
	if (w)
		__atomic_fetch_and(w, ~W_PENDING, __ATOMIC_SEQ_CST);
}

static void fifo_unmask(struct domain *d, struct port *p)
{
	event_word_t *w = word_at(d, p->number);

	if (!w)
		return;
	__atomic_fetch_and(w, ~W_MASKED, __ATOMIC_SEQ_CST);
	if (READ_ONCE(*w) & W_PENDING)
		fifo_raise(d, p);
}

static bool word_bit(const struct domain *d, const struct port *p, uint32_t bit)
{
	event_word_t *w = word_at(d, p->number);

	return w && READ_ONCE(*w) & bit;
}

static bool fifo_pending(struct domain *d, const struct port *p)
{
	return p->pending_unmapped || word_bit(d, p, W_PENDING);
}

static bool fifo_masked(struct domain *d, const struct port *p)
{
	event_word_t *w = word_at(d, p->number);

	return !w || READ_ONCE(*w) & W_MASKED;
}

static bool fifo_busy(struct domain *d, const struct port *p)
{
	return word_bit(d, p, W_LINKED);
}

static int fifo_set_priority(struct domain *d, struct port *p, uint32_t prio)
{
	(void)d;
	if (prio > EVTCHN_FIFO_PRIORITY_MIN)
		return -EINVAL;
	p->priority = (uint8_t)prio;
	return 0;
}

const struct event_layout layout_fifo = {
	.name = "FIFO",
	.limit = EVTCHN_FIFO_NR_CHANNELS,
	.init = fifo_port_init,
	.raise = fifo_raise,
	.clear = fifo_clear,
	.unmask = fifo_unmask,
	.pending = fifo_pending,
	.masked = fifo_masked,
	.busy = fifo_busy,
	.set_priority = fifo_set_priority,
};

/*
 * The lock that senders to @p hold: its own, or its other end's. Under
 * evt->lock, so that the port stays what it is.
 */
static struct port *sender_end(struct port *p)
{
	return p->state == PORT_INTERDOMAIN ? port_at(p->remote, p->remote_port)
					    : p;
}

/*
 * What is pending in the 2-level layout is raised anew here, port by port from
 * adopt_next on: a sender that saw the old layout is done before its lock can
 * be had. Whatever happens to the other ports meanwhile happens in this layout.
 */
static int adopt_ports(struct domain *d, struct budget *b)
{
	uint32_t end = MIN(d->evt->valid, layout_2l.limit);
	struct fifo_domain *f = d->evt->fifo;

	while (f->adopt_next < end) {
		struct port *p = port_at(d, f->adopt_next++), *q;
		bool used = p->state != PORT_FREE;

		if (used) {
			q = sender_end(p);
			lock_ports(p, q);
			if (layout_2l.pending(d, p)) {
				layout_2l.clear(d, p);
				fifo_raise(d, p);
			}
			unlock_ports(p, q);
		}
		if (budget_spend(b, used ? COST_PORT : 1))
			return -ERESTART;
	}
	f->adopt_next = ADOPTED;
	return 0;
}

static int first_control(struct domain *d)
{
	d->evt->fifo = heap_calloc(1, sizeof(*d->evt->fifo));
	if (!d->evt->fifo)
		return -ENOMEM;
	d->evt->fifo->adopt_next = 1;
	__atomic_store_n(&d->evt->layout, &layout_fifo, __ATOMIC_SEQ_CST);
	return 0;
}

static int map_control(struct domain *d, struct vcpu *v,
		       const struct evtchn_init_control *c)
{
	mfn_t m = mfn(c->control_gfn);

	if (!frame_get_writable(m, d))
		return -EINVAL;
	lock_acquire(&v->evt->fifo_lock);
	v->evt->control_frame = m;
	v->evt->control = (void *)((char *)frame_map(m) + c->offset);
	lock_release(&v->evt->fifo_lock);
	return 0;
}

static void unmap_control(struct vcpu *v)
{
	struct evt_vcpu *e = v->evt;

	if (!e->control)
		return;
	lock_acquire(&e->fifo_lock);
	e->control = NULL;
	for (unsigned int i = 0; i < EVTCHN_FIFO_MAX_QUEUES; i++)
		e->tail[i] = 0;
	lock_release(&e->fifo_lock);
	frame_put_writable(e->control_frame);
}

/* Until all ports are adopted a call may be one that goes on with that. */
static bool adopting(const struct domain *d)
{
	return d->evt->fifo && d->evt->fifo->adopt_next != ADOPTED;
}

static int add_control(struct domain *d, struct vcpu *v,
		       const struct evtchn_init_control *c)
{
	int rc;

	if (v->evt->control)
		return adopting(d) ? 0 : -EINVAL;
	rc = map_control(d, v, c);
	if (!rc && !d->evt->fifo) {
		rc = first_control(d);
		if (rc)
			unmap_control(v);
	}
	return rc;
}

int fifo_init_control(struct domain *d, struct evtchn_init_control *c,
		      struct budget *b)
{
	struct vcpu *v = domain_vcpu(d, c->vcpu);
	int rc;

	if (!v)
		return -ENOENT;
	if (c->offset > PAGE_SIZE - sizeof(struct evtchn_fifo_control_block) ||
	    !IS_ALIGNED(c->offset, 8U))
		return -EINVAL;
	rc = add_control(d, v, c);
	if (!rc && adopting(d))
		rc = adopt_ports(d, b);
	c->link_bits = EVTCHN_FIFO_LINK_BITS;
	return rc;
}

/* Events raised before their words could be seen. */
static void raise_kept(struct domain *d, uint32_t first)
{
	uint32_t end = MIN(first + (uint32_t)WORDS_PER_PAGE, d->evt->valid);

	for (uint32_t n = first; n < end; n++) {
		struct port *p = port_at(d, n), *q = sender_end(p);

		lock_ports(p, q);
		if (p->pending_unmapped && p->state != PORT_FREE) {
			p->pending_unmapped = false;
			fifo_raise(d, p);
		}
		unlock_ports(p, q);
	}
}

int fifo_expand_array(struct domain *d, uint64_t gfn)
{
	struct fifo_domain *f = d->evt->fifo;
	uint32_t page;

	if (!f)
		return -EOPNOTSUPP;
	page = f->words / WORDS_PER_PAGE;
	if (page >= ARRAY_PAGES)
		return -ENOSPC;
	if (!frame_get_writable(mfn(gfn), d))
		return -EINVAL;
	f->frame[page] = mfn(gfn);
	f->page[page] = frame_map(mfn(gfn));
	__atomic_store_n(&f->words, f->words + (uint32_t)WORDS_PER_PAGE,
			 __ATOMIC_RELEASE);
	raise_kept(d, page * (uint32_t)WORDS_PER_PAGE);
	return 0;
}

/* All ports are closed: nobody looks at a word any more. */
void fifo_destroy(struct domain *d)
{
	struct fifo_domain *f = d->evt->fifo;
	struct vcpu *v;

	if (!f)
		return;
	d->evt->layout = &layout_2l;
	for_each_vcpu(d, v)
		unmap_control(v);
	for (uint32_t i = 0; i < f->words / WORDS_PER_PAGE; i++)
		frame_put_writable(f->frame[i]);
	d->evt->fifo = NULL;
	heap_free(f);
}
