/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ring.h: the backend's end of a request ring, with a frontend that may write
 * any byte of it at any moment.
 *
 * All that this side has consumed and produced is private; from shared memory
 * come only the peer's producer index and its event threshold, each read once
 * and checked, and the requests, each copied out once before anything looks
 * at it.  The layout is that of <abi/io/ring.h> for any size of slot.
 */
#ifndef DOM0_BACKEND_RING_H
#define DOM0_BACKEND_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The shared header; 64 bytes with its padding, slots follow. */
struct bring_shared {
	uint32_t req_prod, req_event;
	uint32_t rsp_prod, rsp_event;
	uint8_t pad[48];
};

struct bring {
	struct bring_shared *shared;
	uint8_t *slots;
	uint32_t slot_size;	/* bytes */
	uint32_t size;		/* slots, a power of two */
	uint32_t req_cons;	/* requests taken */
	uint32_t rsp_prod;	/* responses written */
	uint32_t rsp_pub;	/* of them published */
	bool broken;		/* the frontend's index was impossible */
};

/* Slots of @slot_size bytes in a ring of @bytes. */
uint32_t bring_slots(size_t bytes, uint32_t slot_size);

/* Takes up the ring at @shared with the private indices given. */
void bring_attach(struct bring *r, void *shared, size_t bytes,
		  uint32_t slot_size, uint32_t req_cons, uint32_t rsp_prod);

/*
 * For a connection that starts: where the frontend says the responses are.
 * Attaches with that index for both directions.  -EIO if the shared indices
 * contradict each other.
 */
int bring_attach_new(struct bring *r, void *shared, size_t bytes,
		     uint32_t slot_size);

/*
 * Requests that may be taken now: never more than there is room to answer.
 * 0 for ever once the frontend's index made no sense (@r->broken).
 */
uint32_t bring_pending(struct bring *r);

/* Copies the request at index @at into @to (slot_size bytes, aligned to 4). */
void bring_copy(const struct bring *r, uint32_t at, void *to);

/* The slot for the next response: to be written, never read. */
static inline void *bring_response(struct bring *r)
{
	return r->slots + (size_t)(r->rsp_prod & (r->size - 1)) * r->slot_size;
}

/* Shows the frontend all responses written.  True: it wants an event. */
bool bring_publish(struct bring *r);

/*
 * Asks for an event with the next request.  True if there is one already, so
 * that no event will come for it.
 */
bool bring_arm(struct bring *r);

#endif
