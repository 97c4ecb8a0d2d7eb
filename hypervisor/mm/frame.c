// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * References on frames, and who owns which.
 *
 * refs and owner are read without a lock: a reference is taken only while the
 * count is not zero, and the owner of a frame with a count above zero changes
 * only through domain_steal_frame(), which needs to hold the last one.  A
 * domain's list and counts are under its page_lock.  As long as a domain has
 * frames there is one reference on the domain for all of them.
 */
#include <lib/assert.h>
#include <mm/alloc.h>
#include <mm/frame_priv.h>
#include <mm/ptype.h>
#include <port/log.h>
#include <port/tlb.h>

#define M2P_EXTENT_FRAMES 512 /* 2 MiB */

void frame_mark_ram(mfn_t first, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++) {
		struct frame *f = frame_at(mfn_add(first, i));

		f->owner = DOMID_INVALID;
		f->refs = FRAME_RAM | FRAME_HV | 1;
	}
}

/* --- references --- */

bool frame_get(mfn_t m, const struct domain *d)
{
	struct frame *f;
	uint64_t refs;

	if (unlikely(m.v >= frame_limit()))
		return false;
	f = frame_at(m);
	refs = READ_ONCE(f->refs);
	do {
		if (unlikely(!(refs & FRAME_COUNT_MASK) ||
			     READ_ONCE(f->owner) != d->id))
			return false;
	} while (!__atomic_compare_exchange_n(&f->refs, &refs, refs + 1, false,
					      __ATOMIC_SEQ_CST,
					      __ATOMIC_SEQ_CST));
	if (likely(READ_ONCE(f->owner) == d->id))
		return true;
	frame_put(m); /* it went and came back between the two looks */
	return false;
}

void frame_get_held(mfn_t m)
{
	uint64_t before = __atomic_fetch_add(&frame_at(m)->refs, 1,
					     __ATOMIC_SEQ_CST);

	ASSERT(before & FRAME_COUNT_MASK);
}

bool frame_get_writable(mfn_t m, const struct domain *d)
{
	if (!frame_get(m, d))
		return false;
	if (!ptype_get(m, PTYPE_WRITABLE, NULL))
		return true;
	frame_put(m);
	return false;
}

void frame_put_writable(mfn_t m)
{
	ptype_put_now(m);
	frame_put(m);
}

void frame_mark_alien(mfn_t m)
{
	struct frame *f = frame_at(m);

	if (!(READ_ONCE(f->refs) & FRAME_ALIEN))
		__atomic_fetch_or(&f->refs, FRAME_ALIEN, __ATOMIC_SEQ_CST);
}

struct domain *frame_owner(mfn_t m)
{
	return domain_get_unmade(READ_ONCE(frame_at(m)->owner));
}

/* --- owners' lists; all under page_lock --- */

void frame_list_append(struct domain *d, mfn_t m)
{
	struct frame *f = frame_at(m);

	f->next = 0;
	f->prev = d->page_tail;
	if (d->page_tail)
		frame_table[d->page_tail].next = (uint32_t)m.v;
	else
		d->page_head = (uint32_t)m.v;
	d->page_tail = (uint32_t)m.v;
}

void frame_list_remove(struct domain *d, mfn_t m)
{
	struct frame *f = frame_at(m);

	if (f->prev)
		frame_table[f->prev].next = f->next;
	else
		d->page_head = f->next;
	if (f->next)
		frame_table[f->next].prev = f->prev;
	else
		d->page_tail = f->prev;
	f->next = f->prev = 0;
}

static bool has_frames(const struct domain *d)
{
	return d->page_count || d->heap_frames;
}

/* Count @n more frames of @d; -EINVAL: dying, -ENOMEM: over its limit. */
static int count_up(struct domain *d, uint64_t n)
{
	if (d->life != DOMAIN_ALIVE)
		return -EINVAL;
	if (n > d->page_max || d->page_count > d->page_max - n)
		return -ENOMEM;
	if (!has_frames(d))
		domain_get_ref(d);
	d->page_count += n;
	return 0;
}

/* True if those were the last: drop mm's reference once unlocked. */
static bool count_down(struct domain *d, uint64_t n)
{
	d->page_count -= n;
	return !has_frames(d);
}

static int reserve(struct domain *d, uint64_t n)
{
	int rc;

	lock_acquire(&d->page_lock);
	rc = count_up(d, n);
	lock_release(&d->page_lock);
	return rc;
}

static void unreserve(struct domain *d, uint64_t n)
{
	bool last;

	lock_acquire(&d->page_lock);
	last = count_down(d, n);
	lock_release(&d->page_lock);
	if (last)
		domain_put(d);
}

/* --- the end of a frame --- */

static bool unlink_frame(struct domain *d, mfn_t m)
{
	bool last;

	lock_acquire(&d->page_lock);
	frame_list_remove(d, m);
	last = count_down(d, 1);
	lock_release(&d->page_lock);
	return last;
}

static bool unlink_shared(struct domain *d)
{
	bool last;

	lock_acquire(&d->page_lock);
	d->heap_frames--;
	last = !has_frames(d);
	lock_release(&d->page_lock);
	return last;
}

/* The last reference is gone, so nobody finds the frame any more. */
static void release(mfn_t m)
{
	struct frame *f = frame_at(m);
	struct domain *d = frame_owner(m);
	bool last;

	ASSERT(d);
	if (f->refs & FRAME_HV) {
		last = unlink_shared(d);
	} else {
		ASSERT(!(f->type & (PTYPE_COUNT_MASK | PTYPE_PARTIAL)));
		last = unlink_frame(d, m);
		f->stamp = tlb_clock();
		buddy_free(m, 0);
	}
	if (last)
		domain_put(d);
	domain_put(d);
}

void frame_put(mfn_t m)
{
	uint64_t left = __atomic_sub_fetch(&frame_at(m)->refs, 1,
					   __ATOMIC_SEQ_CST);

	if (unlikely(!(left & FRAME_COUNT_MASK)))
		release(m);
}

/* --- giving frames to domains --- */

/*
 * Frames that are ours (as from buddy_alloc()) become @d's. The count is zero
 * from before the owner changes until the frame is ready: a guest that guesses
 * its number must not get a reference that the last store would forget.
 */
static void give(struct domain *d, mfn_t first, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++) {
		struct frame *f = frame_at(mfn_add(first, i));

		frame_list_append(d, mfn_add(first, i));
		f->type = 0;
		__atomic_store_n(&f->refs, FRAME_RAM, __ATOMIC_SEQ_CST);
		__atomic_store_n(&f->owner, d->id, __ATOMIC_SEQ_CST);
		__atomic_store_n(&f->refs, FRAME_RAM | FRAME_ALLOCATED | 1,
				 __ATOMIC_RELEASE);
	}
}

/* The frames are counted already; -EINVAL: the domain has begun to die. */
static int give_counted(struct domain *d, mfn_t first, uint64_t n)
{
	int rc = 0;

	lock_acquire(&d->page_lock);
	if (d->life == DOMAIN_ALIVE)
		give(d, first, n);
	else
		rc = -EINVAL;
	lock_release(&d->page_lock);
	return rc;
}

int domain_alloc_frames(struct domain *d, unsigned int order,
			uint32_t addr_bits, mfn_t *first)
{
	mfn_t m = MFN_NONE;
	int rc;

	if (order > BUDDY_ORDER_MAX)
		return -ENOMEM;
	rc = reserve(d, BIT(order));
	if (rc)
		return rc;
	m = buddy_alloc_for(d, order, addr_bits);
	rc = mfn_eq(m, MFN_NONE) ? -ENOMEM : give_counted(d, m, BIT(order));
	if (!rc) {
		*first = m;
		return 0;
	}
	if (!mfn_eq(m, MFN_NONE))
		buddy_free(m, order);
	unreserve(d, BIT(order));
	return rc;
}

/* As buddy_alloc() gives them, all of them? */
static bool are_ours(mfn_t first, uint64_t n)
{
	if (first.v >= frame_limit() || n > frame_limit() - first.v)
		return false;
	for (uint64_t i = 0; i < n; i++) {
		const struct frame *f = frame_at(mfn_add(first, i));

		if (f->owner != DOMID_INVALID ||
		    READ_ONCE(f->refs) != (FRAME_RAM | FRAME_HV | 1))
			return false;
	}
	return true;
}

int domain_assign_frames(struct domain *d, mfn_t first, uint64_t n)
{
	int rc;

	if (!are_ours(first, n))
		return -EINVAL;
	rc = reserve(d, n);
	if (rc)
		return rc;
	rc = give_counted(d, first, n);
	if (rc)
		unreserve(d, n);
	return rc;
}

int domain_assign_frame(struct domain *d, mfn_t m)
{
	if (!are_ours(m, 1))
		return -EINVAL;
	buddy_flush_stale(m, 0);
	return domain_assign_frames(d, m, 1);
}

int domain_free_frame(struct domain *d, mfn_t m)
{
	bool held;

	if (!frame_get(m, d))
		return -EINVAL;
	held = __atomic_fetch_and(&frame_at(m)->refs, ~FRAME_ALLOCATED,
				  __ATOMIC_SEQ_CST) & FRAME_ALLOCATED;
	if (held)
		frame_put(m);
	frame_put(m);
	return held ? 0 : -EINVAL;
}

/*
 * From referenced by the allocation and by the caller to gone; false if anyone
 * else holds a reference, or the allocation does not.
 */
static bool take_last(struct frame *f)
{
	uint64_t refs = READ_ONCE(f->refs);

	while ((refs & ~FRAME_ALIEN) == (FRAME_RAM | FRAME_ALLOCATED | 2)) {
		if (cmpxchg64(&f->refs, refs, FRAME_RAM))
			return true;
		refs = READ_ONCE(f->refs);
	}
	return false;
}

int domain_steal_frame(struct domain *d, mfn_t m)
{
	struct frame *f;

	if (!frame_get(m, d))
		return -EINVAL;
	f = frame_at(m);
	if (!take_last(f)) {
		frame_put(m);
		return -EBUSY;
	}
	f->stamp = tlb_clock();
	if (unlink_frame(d, m))
		domain_put(d); /* mm's; the caller has its own */
	f->type = 0;
	f->owner = DOMID_INVALID;
	__atomic_store_n(&f->refs, FRAME_RAM | FRAME_HV | 1, __ATOMIC_RELEASE);
	return 0;
}

int domain_claim_frames(struct domain *d, uint64_t pages)
{
	uint64_t have = READ_ONCE(d->page_count);
	int rc;

	if (!pages)
		return buddy_claim(d, 0);
	if (d->claimed_frames || pages <= have || pages > d->page_max ||
	    d->life != DOMAIN_ALIVE)
		return -EINVAL;
	rc = buddy_claim(d, pages - have);
	/* Its teardown may have dropped a claim just before. */
	if (!rc && READ_ONCE(d->life) != DOMAIN_ALIVE) {
		buddy_claim(d, 0);
		return -EINVAL;
	}
	return rc;
}

/* --- the hypervisor's frames that guests see --- */

/* A type reference that is never dropped keeps them from being tables. */
void frame_share_with(mfn_t m, struct domain *d, bool read_only)
{
	struct frame *f = frame_at(m);
	bool first;

	ASSERT(f->owner == DOMID_INVALID && (f->refs & FRAME_HV));
	lock_acquire(&d->page_lock);
	first = !has_frames(d);
	d->heap_frames++;
	if (first)
		domain_get_ref(d);
	lock_release(&d->page_lock);
	f->type = (uint64_t)(read_only ? PTYPE_SHARED_RO : PTYPE_WRITABLE)
			  << PTYPE_SHIFT | PTYPE_VALID | 1;
	f->refs = FRAME_RAM | FRAME_HV | 1;
	__atomic_store_n(&f->owner, d->id, __ATOMIC_RELEASE);
}

void frame_unshare(mfn_t m, struct domain *d)
{
	ASSERT(frame_at(m)->owner == d->id);
	frame_put(m);
}

void frame_unshared(mfn_t m)
{
	struct frame *f = frame_at(m);

	ASSERT(!(f->refs & FRAME_COUNT_MASK));
	f->stamp = tlb_clock();
	f->owner = DOMID_INVALID;
	f->type = 0;
	__atomic_store_n(&f->refs, FRAME_RAM | FRAME_HV | 1, __ATOMIC_RELEASE);
}

/* Holes of the table share an extent with what is below them. */
void frame_publish_m2p(void)
{
	for (unsigned int i = 0; i < m2p_extent_count(); i++) {
		mfn_t first = m2p_extent(i);

		for (unsigned int k = 0; k < M2P_EXTENT_FRAMES; k++) {
			mfn_t m = mfn_add(first, k);

			if (frame_at(m)->owner != dom_xen->id)
				frame_share_with(m, dom_xen, true);
		}
	}
}
