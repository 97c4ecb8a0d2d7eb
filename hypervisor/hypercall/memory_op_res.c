// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reservations: frames that a domain gets, gives up, or changes for others.
 *
 * increase, decrease and populate answer with the number of extents that were
 * done, whatever stopped them; that is how callers find out.
 */
#include <hypercall/memory_op.h>
#include <mm/alloc.h>
#include <mm/frame.h>
#include <port/guest.h>
#include <port/log.h>

#define COST_FRAME 4 /* budget units for a frame zeroed or freed */
#define COST_FLUSH 32 /* a frame that was just given back is flushed first */

struct res {
	struct memop *m;
	struct domain *d;
	struct xen_memory_reservation r;
};

typedef int extent_fn(struct res *x, uint64_t i);

static gva_t item(gva_t list, uint64_t i)
{
	return list + i * sizeof(xen_pfn_t);
}

static int read_frame(const struct res *x, uint64_t i, uint64_t *n)
{
	return guest_read(x->m->v, n, item(x->r.extent_start.addr, i),
			  sizeof(*n));
}

static void set_m2p(mfn_t first, unsigned int order, uint64_t pfn)
{
	for (uint64_t k = 0; k < BIT(order); k++)
		m2p_set(mfn_add(first, k),
			pfn == M2P_INVALID ? pfn : pfn + k);
}

static int get_extent(struct res *x, uint64_t i, uint64_t pfn)
{
	mfn_t first;
	int rc = domain_alloc_frames(x->d, x->r.extent_order,
				     XENMEMF_get_address_bits(x->r.mem_flags),
				     &first);

	if (rc)
		return rc;
	set_m2p(first, x->r.extent_order, pfn);
	if (!x->r.extent_start.addr)
		return 0;
	return guest_write(x->m->v, item(x->r.extent_start.addr, i), &first.v,
			   sizeof(first.v));
}

static int increase(struct res *x, uint64_t i)
{
	return get_extent(x, i, M2P_INVALID);
}

static int populate(struct res *x, uint64_t i)
{
	uint64_t pfn;

	if (read_frame(x, i, &pfn))
		return -EFAULT;
	return get_extent(x, i, pfn);
}

static int give_up(struct domain *d, mfn_t m)
{
	int rc;

	if (!frame_is_ram(m) || !frame_get(m, d))
		return -EINVAL;
	m2p_set(m, M2P_INVALID);
	rc = domain_free_frame(d, m);
	frame_put(m);
	return rc;
}

static int decrease(struct res *x, uint64_t i)
{
	uint64_t n;
	int rc = 0;

	if (read_frame(x, i, &n))
		return -EFAULT;
	for (uint64_t k = 0; !rc && k < BIT(x->r.extent_order); k++)
		rc = give_up(x->d, mfn(n + k));
	return rc;
}

static extent_fn *extent_fn_of(unsigned int cmd)
{
	switch (cmd) {
	case XENMEM_increase_reservation:
		return increase;
	case XENMEM_decrease_reservation:
		return decrease;
	}
	return populate;
}

static long do_extents(struct res *x)
{
	extent_fn *fn = extent_fn_of(x->m->cmd);
	uint64_t i;

	for (i = x->m->start; i < x->r.nr_extents; i++) {
		int rc = fn(x, i);

		if (rc) {
			log_guest(x->m->v->domain, LOG_DEBUG,
				  "reservation %u: extent %lu of %lu, order %u: %d\n",
				  x->m->cmd, i, x->r.nr_extents,
				  x->r.extent_order, rc);
			break;
		}
		if (budget_spend(&x->m->budget,
				 COST_FRAME << x->r.extent_order) &&
		    i + 1 < x->r.nr_extents) {
			x->m->start = i + 1;
			return -ERESTART;
		}
	}
	return (long)i;
}

long memop_reservation(struct memop *m)
{
	struct res x = { .m = m };
	long rc;

	if (guest_read(m->v, &x.r, m->arg, sizeof(x.r)))
		return (long)m->start;
	if (x.r.nr_extents > UINT32_MAX >> MEMOP_EXTENT_SHIFT ||
	    m->start >= x.r.nr_extents || x.r.extent_order > MEMOP_ORDER_MAX)
		return (long)m->start;
	if (m->cmd != XENMEM_increase_reservation && !x.r.extent_start.addr)
		return (long)m->start;
	if (memop_domain(m->v, x.r.domid, &x.d))
		return (long)m->start;
	rc = do_extents(&x);
	domain_put(x.d);
	return rc;
}

/* --- exchange --- */

/* Some of the domain's frames, taken away and not given back yet. */
struct stolen {
	uint32_t head; /* linked by frame.next */
	uint32_t count;
};

struct exchange {
	struct memop *m;
	struct domain *d;
	struct xen_memory_exchange e;
	/* One step: 2^in_chunk extents for 2^out_chunk others. */
	unsigned int in_chunk, out_chunk;
};

static void keep(struct stolen *s, mfn_t m)
{
	frame_at(m)->next = s->head;
	s->head = (uint32_t)m.v;
	s->count++;
}

static mfn_t pop(struct stolen *s)
{
	mfn_t m = mfn(s->head);

	s->head = frame_at(m)->next;
	frame_at(m)->next = 0;
	s->count--;
	return m;
}

static int steal_extent(struct exchange *x, uint64_t i, struct stolen *s)
{
	uint64_t n;

	if (guest_read(x->m->v, &n, item(x->e.in.extent_start.addr, i),
		       sizeof(n)))
		return -EFAULT;
	for (uint64_t k = 0; k < BIT(x->e.in.extent_order); k++) {
		mfn_t m = mfn(n + k);

		if (!frame_is_ram(m) || domain_steal_frame(x->d, m))
			return -EINVAL;
		keep(s, m);
	}
	return 0;
}

static void give_back(struct domain *d, struct stolen *s)
{
	while (s->count) {
		mfn_t m = pop(s);

		/* Another vCPU has used up the room meanwhile: it is lost. */
		if (domain_assign_frame(d, m))
			buddy_free(m, 0);
	}
}

/* New blocks, linked by their first frames. */
static int get_blocks(struct exchange *x, struct stolen *blocks)
{
	while (blocks->count < BIT(x->out_chunk)) {
		mfn_t m = buddy_alloc_for(
			x->d, x->e.out.extent_order,
			XENMEMF_get_address_bits(x->e.out.mem_flags));

		if (mfn_eq(m, MFN_NONE))
			return -ENOMEM;
		keep(blocks, m);
	}
	return 0;
}

static void drop_blocks(struct exchange *x, struct stolen *blocks)
{
	while (blocks->count)
		buddy_free(pop(blocks), x->e.out.extent_order);
}

/* Give a new block to the domain in place of one that it names. */
static int place_block(struct exchange *x, uint64_t i, mfn_t first)
{
	gva_t at = item(x->e.out.extent_start.addr, i);
	unsigned int order = x->e.out.extent_order;
	uint64_t pfn;

	if (guest_read(x->m->v, &pfn, at, sizeof(pfn)))
		pfn = M2P_INVALID;
	for (uint64_t k = 0; k < BIT(order); k++) {
		mfn_t m = mfn_add(first, k);
		int rc = domain_assign_frame(x->d, m);

		if (rc) {
			for (; k < BIT(order); k++)
				buddy_free(mfn_add(first, k), 0);
			return rc;
		}
		m2p_set(m, pfn == M2P_INVALID ? pfn : pfn + k);
	}
	return guest_write(x->m->v, at, &first.v, sizeof(first.v));
}

/* After this has begun to place blocks, the old frames are gone. */
static int exchange_chunk(struct exchange *x, uint64_t chunk)
{
	struct stolen old = { 0 }, blocks = { 0 };
	int rc = get_blocks(x, &blocks);

	for (uint64_t i = 0; !rc && i < BIT(x->in_chunk); i++)
		rc = steal_extent(x, (chunk << x->in_chunk) + i, &old);
	if (rc) {
		drop_blocks(x, &blocks);
		give_back(x->d, &old);
		return rc;
	}
	while (old.count) {
		mfn_t m = pop(&old);

		m2p_set(m, M2P_INVALID);
		buddy_free(m, 0);
	}
	for (uint64_t i = 0; blocks.count; i++) {
		int err = place_block(x, (chunk << x->out_chunk) + i,
				      pop(&blocks));

		rc = rc ? rc : err;
	}
	return rc;
}

static int check_exchange(struct exchange *x)
{
	struct xen_memory_reservation *in = &x->e.in, *out = &x->e.out;

	if (x->e.nr_exchanged > in->nr_extents)
		return -EINVAL;
	if (in->extent_order > MEMOP_ORDER_MAX ||
	    out->extent_order > MEMOP_ORDER_MAX)
		return -EPERM;
	if (in->domid != out->domid ||
	    in->nr_extents > ~0UL >> MEMOP_ORDER_MAX ||
	    out->nr_extents > ~0UL >> MEMOP_ORDER_MAX ||
	    in->nr_extents << in->extent_order !=
		    out->nr_extents << out->extent_order)
		return -EINVAL;
	if (in->extent_order <= out->extent_order)
		x->in_chunk = out->extent_order - in->extent_order;
	else
		x->out_chunk = in->extent_order - out->extent_order;
	/* Whole steps only, also where a former round stopped. */
	if (!IS_ALIGNED(in->nr_extents, BIT(x->in_chunk)) ||
	    !IS_ALIGNED(x->e.nr_exchanged, BIT(x->in_chunk)))
		return -EINVAL;
	return 0;
}

static long do_exchange(struct exchange *x)
{
	unsigned int order = MAX(x->e.in.extent_order, x->e.out.extent_order);
	uint64_t chunks = x->e.in.nr_extents >> x->in_chunk;
	uint64_t i = x->e.nr_exchanged >> x->in_chunk;
	long rc = 0;

	while (!rc && i < chunks) {
		rc = exchange_chunk(x, i);
		if (rc)
			break;
		i++;
		if (budget_spend(&x->m->budget,
				 COST_FLUSH + (COST_FRAME << order)) &&
		    i < chunks)
			rc = -ERESTART;
	}
	x->e.nr_exchanged = i << x->in_chunk;
	if (guest_write(x->m->v,
			x->m->arg +
				offsetof(struct xen_memory_exchange, nr_exchanged),
			&x->e.nr_exchanged, sizeof(x->e.nr_exchanged)))
		return -EFAULT;
	return rc;
}

long memop_exchange(struct memop *m)
{
	struct exchange x = { .m = m };
	long rc;

	if (guest_read(m->v, &x.e, m->arg, sizeof(x.e)))
		return -EFAULT;
	rc = check_exchange(&x);
	if (!rc)
		rc = memop_domain(m->v, x.e.in.domid, &x.d);
	if (rc)
		return rc;
	rc = do_exchange(&x);
	if (rc && rc != -ERESTART)
		log_guest(m->v->domain, LOG_DEBUG,
			  "exchange of %lu extents, order %u to %u: %ld\n",
			  x.e.in.nr_extents, x.e.in.extent_order,
			  x.e.out.extent_order, rc);
	domain_put(x.d);
	return rc;
}

/* --- claims --- */

long memop_claim(struct memop *m)
{
	struct xen_memory_reservation r;
	struct domain *d;
	long rc;

	if (!m->v->domain->privileged)
		return -EPERM;
	if (guest_read(m->v, &r, m->arg, sizeof(r)))
		return -EFAULT;
	if (r.extent_start.addr || r.extent_order || r.mem_flags)
		return -EINVAL;
	rc = memop_domain(m->v, r.domid, &d);
	if (rc)
		return rc;
	rc = domain_claim_frames(d, r.nr_extents);
	domain_put(d);
	return rc;
}
