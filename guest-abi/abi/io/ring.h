/* SPDX-License-Identifier: MIT */
/*
 * The request and response ring that block and network devices share.
 *
 * One page (or several) holds four indices and an array whose slots carry a
 * request one way and later a response the other way.  Indices run freely
 * and are reduced on use.  Each side owns what it produces: the front end
 * req_prod and rsp_event, the back end rsp_prod and req_event.
 *
 * The other side may be hostile and may write any byte at any moment.  So:
 *  - an index of the peer is read once, by ring_peer_index(), and checked by
 *    RING_*_PROD_OVERFLOW before it is believed;
 *  - a slot is taken out whole by RING_COPY_REQUEST or RING_COPY_RESPONSE and
 *    only the copy is looked at;
 *  - what this side has produced and consumed is kept in private memory (the
 *    front_ring and back_ring structures) and never read back.
 *
 * There is no lock here: each private structure has one user at a time.
 * For hypervisor, user space and Linux kernel alike.
 */
#ifndef ABI_IO_RING_H
#define ABI_IO_RING_H

#include <abi/types.h>

typedef unsigned int RING_IDX;

/* ---- reading from and publishing to the peer ---- */

/* The compiler may not carry memory contents across this point. */
#define ring_compiler_barrier()	__asm__ __volatile__("" : : : "memory")

/*
 * Reads an index that the peer produces, once.  What the peer wrote before
 * it published that index is visible afterwards.
 */
static inline RING_IDX ring_peer_index(const RING_IDX *shared)
{
	return __atomic_load_n(shared, __ATOMIC_ACQUIRE);
}

/* Publishes an index after everything written before it. */
static inline void ring_publish(RING_IDX *shared, RING_IDX value)
{
	__atomic_store_n(shared, value, __ATOMIC_RELEASE);
}

/*
 * After publishing: does the peer want an event for anything in (from, to]?
 * The fence pairs with the one in ring_announce_event(): either this side
 * sees the new threshold, or the peer's second look sees the new index.
 */
static inline int ring_must_notify(const RING_IDX *event,
				   RING_IDX from, RING_IDX to)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return (RING_IDX)(to - __atomic_load_n(event, __ATOMIC_RELAXED)) <
	       (RING_IDX)(to - from);
}

/* Before sleeping: ask for an event at this index, then look once more. */
static inline void ring_announce_event(RING_IDX *event, RING_IDX at)
{
	__atomic_store_n(event, at, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* Copies a slot out so that no later read can reach shared memory. */
static inline void ring_copy_slot(void *to, const void *slot, size_t size)
{
	ring_compiler_barrier();
	__builtin_memcpy(to, slot, size);
	ring_compiler_barrier();
}

static inline RING_IDX ring_min(RING_IDX a, RING_IDX b)
{
	return a < b ? a : b;
}

/* ---- types ---- */

#define ABI_RING_HEADER_SIZE	64

/* Slots in a ring: the largest power of two that fits. */
#define ABI_RING_ROUND_DOWN(n)	(1u << (31 - __builtin_clz((unsigned int)(n))))
#define ABI_RING_SLOTS(bytes, entry) \
	ABI_RING_ROUND_DOWN(((bytes) - ABI_RING_HEADER_SIZE) / (entry))

#define __CONST_RING_SIZE(name, bytes) \
	ABI_RING_SLOTS(bytes, sizeof(union name##_sring_entry))
#define __RING_SIZE(sring, bytes) \
	ABI_RING_SLOTS(bytes, sizeof((sring)->ring[0]))

/*
 * DEFINE_RING_TYPES(blkif, request type, response type) declares the shared
 * struct blkif_sring and the private struct blkif_front_ring and
 * blkif_back_ring.
 */
#define DEFINE_RING_TYPES(name, req_t, rsp_t)				\
union name##_sring_entry {						\
	req_t req;							\
	rsp_t rsp;							\
};									\
struct name##_sring {							\
	RING_IDX req_prod, req_event;					\
	RING_IDX rsp_prod, rsp_event;					\
	union {								\
		struct { uint8_t smartpoll_active; } netif;		\
		struct { uint8_t msg; } tapif_user;			\
		uint8_t pvt_pad[4];					\
	} pvt;								\
	uint8_t __pad[44];						\
	union name##_sring_entry ring[];				\
};									\
ABI_OFFSET(struct name##_sring, req_prod, 0);				\
ABI_OFFSET(struct name##_sring, req_event, 4);				\
ABI_OFFSET(struct name##_sring, rsp_prod, 8);				\
ABI_OFFSET(struct name##_sring, rsp_event, 12);				\
ABI_OFFSET(struct name##_sring, pvt, 16);				\
ABI_OFFSET(struct name##_sring, ring, ABI_RING_HEADER_SIZE);		\
struct name##_front_ring {						\
	RING_IDX req_prod_pvt;						\
	RING_IDX rsp_cons;						\
	unsigned int nr_ents;						\
	struct name##_sring *sring;					\
};									\
struct name##_back_ring {						\
	RING_IDX rsp_prod_pvt;						\
	RING_IDX req_cons;						\
	unsigned int nr_ents;						\
	struct name##_sring *sring;					\
};									\
typedef struct name##_sring name##_sring_t;				\
typedef struct name##_front_ring name##_front_ring_t;			\
typedef struct name##_back_ring name##_back_ring_t

/* ---- setting up ---- */

/* The front end, once, before the back end sees the page. */
#define SHARED_RING_INIT(s) do {					\
	__builtin_memset((s), 0, ABI_RING_HEADER_SIZE);			\
	(s)->req_event = 1;						\
	(s)->rsp_event = 1;						\
} while (0)

#define FRONT_RING_ATTACH(r, s, at, bytes) do {				\
	(r)->req_prod_pvt = (at);					\
	(r)->rsp_cons = (at);						\
	(r)->nr_ents = __RING_SIZE(s, bytes);				\
	(r)->sring = (s);						\
} while (0)

#define BACK_RING_ATTACH(r, s, at, bytes) do {				\
	(r)->rsp_prod_pvt = (at);					\
	(r)->req_cons = (at);						\
	(r)->nr_ents = __RING_SIZE(s, bytes);				\
	(r)->sring = (s);						\
} while (0)

#define FRONT_RING_INIT(r, s, bytes)	FRONT_RING_ATTACH(r, s, 0, bytes)
#define BACK_RING_INIT(r, s, bytes)	BACK_RING_ATTACH(r, s, 0, bytes)

#define XEN_FRONT_RING_INIT(r, s, bytes) do {				\
	SHARED_RING_INIT(s);						\
	FRONT_RING_INIT(r, s, bytes);					\
} while (0)

/* ---- how full ---- */

#define RING_SIZE(r)	((r)->nr_ents)

#define RING_FREE_REQUESTS(r) \
	(RING_SIZE(r) - ((r)->req_prod_pvt - (r)->rsp_cons))
#define RING_FULL(r)	(RING_FREE_REQUESTS(r) == 0)

/* Front end: responses to take.  More than RING_SIZE means a broken peer. */
#define XEN_RING_NR_UNCONSUMED_RESPONSES(r) \
	((RING_IDX)(ring_peer_index(&(r)->sring->rsp_prod) - (r)->rsp_cons))

/* Back end: requests to take, never more than there are slots to answer. */
#define XEN_RING_NR_UNCONSUMED_REQUESTS(r) \
	ring_min(ring_peer_index(&(r)->sring->req_prod) - (r)->req_cons, \
		 RING_SIZE(r) - ((r)->req_cons - (r)->rsp_prod_pvt))

#define RING_HAS_UNCONSUMED_RESPONSES(r) \
	(XEN_RING_NR_UNCONSUMED_RESPONSES(r) != 0)
#define RING_HAS_UNCONSUMED_REQUESTS(r) \
	(XEN_RING_NR_UNCONSUMED_REQUESTS(r) != 0)

/* Is an index that the peer published impossible? */
#define RING_REQUEST_PROD_OVERFLOW(r, prod) \
	((RING_IDX)((prod) - (r)->rsp_prod_pvt) > RING_SIZE(r))
#define RING_RESPONSE_PROD_OVERFLOW(r, prod) \
	((RING_IDX)((prod) - (r)->rsp_cons) > RING_SIZE(r))

/* Would taking the request at cons overrun answers not yet given? */
#define RING_REQUEST_CONS_OVERFLOW(r, cons) \
	((RING_IDX)((cons) - (r)->rsp_prod_pvt) >= RING_SIZE(r))

/* ---- slots ---- */

/* Only to write to: what the peer wrote is read through the copies below. */
#define RING_GET_REQUEST(r, at) \
	(&(r)->sring->ring[(at) & (RING_SIZE(r) - 1)].req)
#define RING_GET_RESPONSE(r, at) \
	(&(r)->sring->ring[(at) & (RING_SIZE(r) - 1)].rsp)

#define RING_COPY_REQUEST(r, at, to) \
	ring_copy_slot((to), RING_GET_REQUEST(r, at), sizeof(*(to)))
#define RING_COPY_RESPONSE(r, at, to) \
	ring_copy_slot((to), RING_GET_RESPONSE(r, at), sizeof(*(to)))

/* ---- publishing ---- */

#define RING_PUSH_REQUESTS(r) \
	ring_publish(&(r)->sring->req_prod, (r)->req_prod_pvt)
#define RING_PUSH_RESPONSES(r) \
	ring_publish(&(r)->sring->rsp_prod, (r)->rsp_prod_pvt)

/*
 * Publish all that was produced and say whether the peer waits for it.  The
 * last published index is this side's own, but sits in shared memory; a peer
 * that falsifies it only loses or gains an event for itself.
 */
#define RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(r, notify) do {		\
	RING_IDX ring_from_ = ring_peer_index(&(r)->sring->req_prod);	\
	RING_PUSH_REQUESTS(r);						\
	(notify) = ring_must_notify(&(r)->sring->req_event,		\
				    ring_from_, (r)->req_prod_pvt);	\
} while (0)

#define RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(r, notify) do {		\
	RING_IDX ring_from_ = ring_peer_index(&(r)->sring->rsp_prod);	\
	RING_PUSH_RESPONSES(r);						\
	(notify) = ring_must_notify(&(r)->sring->rsp_event,		\
				    ring_from_, (r)->rsp_prod_pvt);	\
} while (0)

/*
 * Before waiting for events: sets more if there is work after all.  If not,
 * the next thing that the peer publishes brings an event.
 */
#define RING_FINAL_CHECK_FOR_REQUESTS(r, more) do {			\
	(more) = RING_HAS_UNCONSUMED_REQUESTS(r);			\
	if (more)							\
		break;							\
	ring_announce_event(&(r)->sring->req_event, (r)->req_cons + 1);	\
	(more) = RING_HAS_UNCONSUMED_REQUESTS(r);			\
} while (0)

#define RING_FINAL_CHECK_FOR_RESPONSES(r, more) do {			\
	(more) = RING_HAS_UNCONSUMED_RESPONSES(r);			\
	if (more)							\
		break;							\
	ring_announce_event(&(r)->sring->rsp_event, (r)->rsp_cons + 1);	\
	(more) = RING_HAS_UNCONSUMED_RESPONSES(r);			\
} while (0)

#endif /* ABI_IO_RING_H */
