/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hypervisor's memory: a buddy allocator of frames (mm/buddy.c), and small
 * objects on top (mm/heap.c).  A frame is handed out only after translations
 * that a guest may still hold of it were flushed, and zeroed after that (a
 * guest could have written through a stale one), so memory never changes hands
 * with old contents.  Idle CPUs do both ahead of time (mm/scrub.c).
 */
#ifndef MM_ALLOC_H
#define MM_ALLOC_H

#include <lib/types.h>

#define BUDDY_ORDER_MAX 18 /* 1 GiB */

struct domain;

/* Boot: give the allocator the RAM frames [first, first + n). */
void buddy_add(mfn_t first, uint64_t n);

/* 2^@order frames, FRAME_HV, zeroed; MFN_NONE if there are none. */
mfn_t buddy_alloc(unsigned int order, unsigned int addr_bits);
void buddy_free(mfn_t first, unsigned int order);

/*
 * Boot only, before any guest has run: 2^@order frames, or any @n frames in a
 * row, with the contents they happen to have.
 */
mfn_t buddy_alloc_boot(unsigned int order);
mfn_t buddy_alloc_run(uint64_t n);
void buddy_free_run(mfn_t first, uint64_t n);
uint64_t buddy_free_count(void); /* frames, claimed ones included */
uint64_t buddy_total(void);
uint64_t buddy_claimed(void); /* of the free ones */

/*
 * For mm/frame.c.  As buddy_alloc(), on behalf of @d: the frames may come out
 * of what it claimed.
 */
mfn_t buddy_alloc_for(struct domain *d, unsigned int order,
		      unsigned int addr_bits);
/* Set @d's claim, which is 0 or a number of free frames. -ENOMEM. */
int buddy_claim(struct domain *d, uint64_t pages);
/* Flush what any CPU may still translate to these 2^@order frames. */
void buddy_flush_stale(mfn_t first, unsigned int order);

/*
 * A CPU that has nothing else to do: scrub a freed frame. False if there is
 * none, or another CPU is at it.  Takes buddy_lock, may flush TLBs.
 */
bool scrub_step(void);

/* 2^order pages mapped in the direct map, zeroed, or NULL. */
void *pages_alloc(unsigned int order);
void pages_free(void *p, unsigned int order);

/* Small objects, zeroed, 16-byte aligned (64 from 64 bytes on); or NULL. */
void *heap_alloc(size_t size);
void heap_free(void *p); /* NULL is fine */
/* n * size with overflow checked; page-backed above PAGE_SIZE. */
void *heap_calloc(size_t n, size_t size);

#endif
