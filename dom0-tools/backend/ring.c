// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ring.c: the backend's end of a request ring.
 *
 * State: struct bring, private.  Invariant: rsp_pub <= rsp_prod <= req_cons
 * <= rsp_pub + size, in free-running arithmetic, whatever the frontend
 * writes.  One thread.
 */
#include "ring.h"

#include <errno.h>
#include <string.h>

#include <abi/io/ring.h>

_Static_assert(sizeof(struct bring_shared) == ABI_RING_HEADER_SIZE,
	       "header of a ring");

uint32_t bring_slots(size_t bytes, uint32_t slot_size)
{
	return ABI_RING_SLOTS(bytes, slot_size);
}

void bring_attach(struct bring *r, void *shared, size_t bytes,
		  uint32_t slot_size, uint32_t req_cons, uint32_t rsp_prod)
{
	*r = (struct bring){
		.shared = shared,
		.slots = (uint8_t *)shared + sizeof(struct bring_shared),
		.slot_size = slot_size,
		.size = bring_slots(bytes, slot_size),
		.req_cons = req_cons,
		.rsp_prod = rsp_prod,
		.rsp_pub = rsp_prod,
	};
}

int bring_attach_new(struct bring *r, void *shared, size_t bytes,
		     uint32_t slot_size)
{
	struct bring_shared *s = shared;
	uint32_t rsp = ring_peer_index(&s->rsp_prod);
	uint32_t req = ring_peer_index(&s->req_prod);

	bring_attach(r, shared, bytes, slot_size, rsp, rsp);
	return req - rsp <= r->size ? 0 : -EIO;
}

uint32_t bring_pending(struct bring *r)
{
	uint32_t prod, room = r->size - (r->req_cons - r->rsp_pub);

	if (r->broken)
		return 0;
	prod = ring_peer_index(&r->shared->req_prod);
	if (prod - r->rsp_pub > r->size ||
	    prod - r->rsp_pub < r->req_cons - r->rsp_pub) {
		r->broken = true;
		return 0;
	}
	return ring_min(prod - r->req_cons, room);
}

void bring_copy(const struct bring *r, uint32_t at, void *to)
{
	ring_copy_slot(to,
		       r->slots + (size_t)(at & (r->size - 1)) * r->slot_size,
		       r->slot_size);
}

bool bring_publish(struct bring *r)
{
	uint32_t from = r->rsp_pub;

	if (from == r->rsp_prod)
		return false;
	ring_publish(&r->shared->rsp_prod, r->rsp_prod);
	r->rsp_pub = r->rsp_prod;
	return ring_must_notify(&r->shared->rsp_event, from, r->rsp_prod);
}

bool bring_arm(struct bring *r)
{
	if (bring_pending(r))
		return true;
	ring_announce_event(&r->shared->req_event, r->req_cons + 1);
	return bring_pending(r) != 0;
}
