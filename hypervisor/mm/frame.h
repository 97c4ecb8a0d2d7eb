/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The frame table: one 32-byte record for each machine frame.  A frame has one
 * owner, a count of general references, and (mm/ptype.h) one type with a count
 * of its own.  A frame that is allocated to its owner holds one reference for
 * that (FRAME_ALLOCATED); it is freed when the last reference goes.
 *
 * The rule that everything rests on: whatever lets a guest reach a frame (a
 * present page-table entry, a loaded base, a pin, a grant in use) owns one
 * general reference on it, and one type reference if it needs the type.
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
	uint16_t aux; /* of a free frame: mm/free_blocks.h */
	uint32_t next, prev; /* owner's list or a free list; 0 ends it */
};

_Static_assert(sizeof(struct frame) == 32, "frame table entries are 32 bytes");

#define FRAME_ALLOCATED BIT(63) /* the owner holds the first reference */
#define FRAME_HV BIT(62) /* the hypervisor's own memory: never given away */
#define FRAME_RAM BIT(61) /* fixed at boot: without it, device memory */
#define FRAME_ALIEN BIT(60) /* was mapped by a domain that is not the owner */
#define FRAME_GONE BIT(59) /* teardown has been here */
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

/*
 * Boot: [first, first + n) is RAM, so it is never mapped as device memory.
 * buddy_add() implies it; call it for RAM that the allocator does not get
 * (the image, modules). The first MiB stays device memory, as in Xen.
 */
void frame_mark_ram(mfn_t first, uint64_t n);

/* True if @m is RAM that the frame table describes. Else it may be MMIO. */
static inline bool frame_is_ram(mfn_t m)
{
	return m.v < frame_limit() &&
	       (READ_ONCE(frame_at(m)->refs) & FRAME_RAM);
}

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
 * A domain other than the owner is about to map @m (referenced): from now on
 * stale translations of it are looked for on every CPU.
 */
void frame_mark_alien(mfn_t m);

/*
 * Who owns @m now: a referenced domain or NULL. The answer holds only while
 * a reference to the frame is held too.
 */
struct domain *frame_owner(mfn_t m);

/*
 * Allocate 2^@order scrubbed frames to @d, each with its FRAME_ALLOCATED
 * reference, on its list; @addr_bits as for buddy_alloc(). -ENOMEM, also over
 * page_max; -EINVAL: @d is dying.  Translations that anyone may still hold of
 * the frames are flushed.
 */
int domain_alloc_frames(struct domain *d, unsigned int order,
			uint32_t addr_bits, mfn_t *first);
/*
 * Hand an unowned frame (of buddy_alloc(), or stolen) to @d: dom0 build,
 * exchange, transfer.  Contents are kept, stale translations flushed. On an
 * error the frame is as it was: -ENOMEM over page_max, -EINVAL otherwise.
 */
int domain_assign_frame(struct domain *d, mfn_t m);
/* @n of them in a row, at boot: nobody has ever had translations of them. */
int domain_assign_frames(struct domain *d, mfn_t first, uint64_t n);

/*
 * Drop the allocation reference (decrease_reservation, teardown): the frame
 * goes when mappings and grants of it have gone. -EINVAL if it is not @d's, or
 * was dropped before.
 */
int domain_free_frame(struct domain *d, mfn_t m);

/*
 * Take a frame away from @d while it is otherwise unreferenced (exchange,
 * grant transfer): on 0 it is unowned and typeless, contents kept; give it to
 * domain_assign_frame() or buddy_free().
 * -EBUSY if anything still refers to it, -EINVAL: not @d's.
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

/*
 * Boot, once dom_xen exists: the frames of the machine-to-physical table are
 * read-only frames of DOMID_XEN, so that tools can map them.
 */
void frame_publish_m2p(void);

/*
 * XENMEM_claim_pages: reserve @pages frames in all for @d, counting those it
 * has; 0 drops the claim. -ENOMEM, -EINVAL (over page_max, or a claim exists).
 */
int domain_claim_frames(struct domain *d, uint64_t pages);

/* Teardown of all of @d's frames and page tables; -ERESTART when budget ends. */
int domain_relinquish_frames(struct domain *d, struct budget *b);

#endif
