/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The frame table: one 32-byte record for each machine frame.  A frame has one
 * owner, a count of general references, and (mm/ptype.h) one type with a count
 * of its own.  A frame that is allocated to its owner holds one reference for
 * that (FRAME_ALLOCATED); it is freed when the last reference goes.
 */
#ifndef MM_FRAME_H
#define MM_FRAME_H

#include <domain/domain.h>
#include <lib/budget.h>
#include <lib/types.h>
#include <port/frame.h>

struct frame {
	uint64_t refs; /* atomic: FRAME_* flags above a count */
	uint64_t type; /* atomic: mm/ptype.h */
	uint32_t stamp; /* TLB clock, or validation progress (ptype) */
	uint16_t owner; /* domain id; DOMID_INVALID: free or no RAM */
	uint16_t aux; /* order of a free block, flags of allocation */
	uint32_t next, prev; /* owner's list or a free list; 0 ends it */
};

_Static_assert(sizeof(struct frame) == 32, "frame table entries are 32 bytes");

#define FRAME_ALLOCATED BIT(63) /* the owner holds the first reference */
#define FRAME_HV BIT(62) /* the hypervisor's own memory: never given away */
#define FRAME_COUNT_MASK (BIT(54) - 1)

/* Set up by x86/hvpaging.c: indexed by frame number below frame_limit(). */
extern struct frame *frame_table;
uint64_t frame_limit(void);

static inline struct frame *frame_at(mfn_t m)
{
	return &frame_table[m.v];
}

static inline mfn_t frame_mfn(const struct frame *f)
{
	return mfn((uint64_t)(f - frame_table));
}

/* True if @m is RAM that the frame table describes. Else it may be MMIO. */
bool frame_is_ram(mfn_t m);

/*
 * Take a general reference on a frame that @d owns. False (and no reference)
 * if @m is out of range, not @d's, or being freed. Lock-free.
 */
bool must_check frame_get(mfn_t m, const struct domain *d);
/* One more on a frame on which the caller already holds one. */
void frame_get_held(mfn_t m);
void frame_put(mfn_t m);

/* frame_get() and a writable type reference; undone by the other. */
bool must_check frame_get_writable(mfn_t m, const struct domain *d);
void frame_put_writable(mfn_t m);

/*
 * Who owns @m now: a referenced domain or NULL. The answer holds only while
 * a reference to the frame is held too.
 */
struct domain *frame_owner(mfn_t m);

/*
 * Allocate 2^@order scrubbed frames to @d, each with its FRAME_ALLOCATED
 * reference, on its list; -ENOMEM, or -E2BIG-like -ENOMEM over page_max.
 * Flushes TLBs if any frame was mapped by someone before.
 */
int domain_alloc_frames(struct domain *d, unsigned int order, uint32_t memflags,
			mfn_t *first);
/* Hand existing unowned frames to @d (dom0 build, exchange, transfer). */
int domain_assign_frame(struct domain *d, mfn_t m);

/*
 * Drop the allocation reference (decrease_reservation, teardown): the frame
 * goes when mappings and grants of it have gone. -EINVAL if it is not @d's, or
 * was dropped before.
 */
int domain_free_frame(struct domain *d, mfn_t m);

/*
 * Take a frame away from @d while it is otherwise unreferenced (exchange,
 * grant transfer): on 0 it is unowned and typeless, contents kept.
 * -EBUSY if anything still refers to it.
 */
int domain_steal_frame(struct domain *d, mfn_t m);

/*
 * Make a hypervisor frame (FRAME_HV) accessible to guest @d as if it owned it
 * (shared info, grant frames): owner @d, one reference held by us, not on its
 * list, counted in heap_frames only. With @read_only no writable type is ever
 * granted.  As long as a domain has frames of either kind, mm holds one
 * reference on the domain, so that it outlives the mappings of its frames.
 */
void frame_share_with(mfn_t m, struct domain *d, bool read_only);
/*
 * Drop that reference (teardown). Guest mappings may outlive it; when the last
 * one goes the domain's reference goes too, and domain_free() gives the frame
 * back with pages_free(), after frame_unshared() has made it ours again.
 */
void frame_unshare(mfn_t m, struct domain *d);
void frame_unshared(mfn_t m);

/* Teardown of all of @d's frames and page tables; -ERESTART when budget ends. */
int domain_relinquish_frames(struct domain *d, struct budget *b);

#endif
