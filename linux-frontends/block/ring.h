/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One queue of a block device: transfers in, requests on the shared ring,
 * responses checked, finished transfers out.
 *
 * A transfer has a tag, chosen by the caller below `depth`, and each tag owns a
 * fixed run of pages that the backend may see: first those for data, then one
 * for the list of an indirect request.  Data lies in them without gaps.  So
 * there is nothing to allocate, a transfer is always one piece of memory, and
 * what a backend does to a page concerns one transfer.
 *
 * A transfer that is longer than the backend takes in one request goes out in
 * parts, one after the other, under the same id.  That happens when a backend
 * that takes less follows one that took more.  A write that must reach the medium
 * can be followed by a flush in the same way.
 *
 * State owned: struct blk_ring and its slots.  Invariants: a slot is busy
 * exactly while it has one request on the ring; the count of busy slots is the
 * count of requests not answered.  The caller's lock protects all of it.
 */
#ifndef BLOCK_RING_H
#define BLOCK_RING_H

#include <abi/io/blkif.h>
#include "../common/ring.h"

#define BLK_SECTOR	512u

struct blk_slot {
	u64 sector;		/* where the transfer starts on the disk */
	u32 length;		/* bytes in all; of a discard, sectors */
	u32 done;		/* bytes that are finished */
	u32 part;		/* bytes of the request on the ring */
	u8 op;			/* BLKIF_OP_READ ... BLKIF_OP_DISCARD */
	u8 flag;		/* BLKIF_DISCARD_* */
	u8 flush_after;		/* not over before a flush of its own is */
	u8 busy;
};

struct blk_ring {
	blkif_front_ring_t ring;
	struct blk_slot *slot;		/* depth of them */
	const grant_ref_t *gref;	/* of depth * tag_pages pages */
	u8 *memory;			/* those pages, mapped in order */
	RING_IDX pushed;		/* requests that the backend can see */
	u16 depth;
	u16 tag_pages;			/* pages that a tag owns */
	u16 direct_segs;		/* segments of a direct request */
	u16 indirect_segs;		/* of an indirect one; 0: unsupported */
	blkif_vdev_t handle;
};

/* A transfer that is over. */
struct blk_done {
	u16 tag;
	int error;	/* 0, -EIO or -EOPNOTSUPP */
};

/**
 * blk_ring_init() - starts on a fresh ring.
 * @ring: with slot, gref, memory, depth, tag_pages and handle set
 * @shared: the ring's pages; initialised here
 * @bytes: how many
 * @segments: what the backend takes indirectly, 0 for nothing
 */
void blk_ring_init(struct blk_ring *ring, void *shared, size_t bytes,
		   unsigned int segments);

/* blk_ring_data() - the memory of a tag's data. */
static inline u8 *blk_ring_data(const struct blk_ring *ring, u16 tag)
{
	return ring->memory + (size_t)tag * ring->tag_pages * FE_PAGE;
}

/* blk_ring_room() - bytes of data that a tag has memory for. */
static inline u32 blk_ring_room(const struct blk_ring *ring)
{
	return (ring->tag_pages - 1) * FE_PAGE;
}

/**
 * blk_ring_submit() - puts a transfer on the ring; blk_ring_push() shows it.
 * @want: sector, length, op, flag, flush_after
 *
 * Returns 0, -EBUSY if the ring is full, -EINVAL for what cannot be expressed.
 */
int blk_ring_submit(struct blk_ring *ring, u16 tag, const struct blk_slot *want);

/* blk_ring_push() - publishes; true if the backend wants to be told. */
bool blk_ring_push(struct blk_ring *ring);

/**
 * blk_ring_next() - takes answers until a transfer is over.
 *
 * Returns 1 with *done filled in, 0 if there is no more for now, or -EPROTO if
 * the backend broke the rules: then the ring must not be read again.  May put
 * further parts on the ring, so call blk_ring_push() afterwards.
 */
int blk_ring_next(struct blk_ring *ring, struct blk_done *done);

/*
 * blk_ring_idle() - nothing more to take: ask for an event.  True if something
 * came meanwhile.
 */
bool blk_ring_idle(struct blk_ring *ring);

#endif
