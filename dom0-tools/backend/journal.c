// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * journal.c: requests taken and not answered, in memory that outlives us.
 *
 * State: the shared memory (laid out below) and, per ring, lists of slots that
 * can be made again from it.  The header says how stores are ordered and why
 * that is enough.  put32() and put64() are the only ways in which words of the
 * journal change; each is one store that the compiler neither splits nor
 * moves.  One thread, no locks.
 */
#include "journal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>

#define JRN_MAGIC 0x6a6e726c76726170ull
#define JRN_VERSION 1u

enum { SLOT_FREE = 0, SLOT_TAKEN = 1, SLOT_ANSWERED = 2 };

struct jrn_ring {
	uint32_t size, payload;
	uint64_t offset;	/* of its struct jrn_qhead */
};

struct jrn_head {
	uint64_t magic;		/* 0: nothing to resume */
	uint64_t nonce;
	uint64_t cookie;
	uint32_t version, nr;
	struct jrn_ring ring[JRN_MAX_QUEUES];
};

/* Slots follow, each a word (state << 32 | index) and a request's copy. */
struct jrn_qhead {
	uint32_t taken;
	uint32_t published;
	uint8_t pad[56];
};

static void put32(uint32_t *at, uint32_t value)
{
	__atomic_store_n(at, value, __ATOMIC_RELEASE);
	__asm__ volatile("" : : : "memory");
}

static void put64(uint64_t *at, uint64_t value)
{
	__atomic_store_n(at, value, __ATOMIC_RELEASE);
	__asm__ volatile("" : : : "memory");
}

/* ---- the whole ---- */

int jrn_map(struct jrn *j, int fd)
{
	struct stat st;
	void *p;

	if (fstat(fd, &st))
		return -errno;
	if (st.st_size < (off_t)sizeof(struct jrn_head) ||
	    st.st_size > INT32_MAX)
		return -EINVAL;
	p = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED,
		 fd, 0);
	if (p == MAP_FAILED)
		return -errno;
	j->head = p;
	j->bytes = (size_t)st.st_size;
	return 0;
}

void jrn_unmap(struct jrn *j)
{
	if (j->head)
		munmap(j->head, j->bytes);
	j->head = NULL;
}

uint64_t jrn_nonce(struct jrn *j)
{
	const uint64_t mask = (1ull << 60) - 1;
	uint64_t n = j->head->nonce & mask;

	if (n)
		return n;
	if (getrandom(&n, sizeof(n), 0) != sizeof(n))
		return 0;
	n = (n & mask) | 1;
	put64(&j->head->nonce, n);
	return n;
}

static uint32_t stride_of(uint32_t payload)
{
	return 8 + ((payload + 7) & ~7u);
}

static uint64_t ring_bytes(const struct jrn_shape *s)
{
	uint64_t bytes = sizeof(struct jrn_qhead) +
			 (uint64_t)s->size * stride_of(s->payload);

	return (bytes + 63) & ~63ull;
}

static uint64_t first_ring(void)
{
	return (sizeof(struct jrn_head) + 63) & ~63ull;
}

static int shape_bad(const struct jrn_shape *s)
{
	return !s->size || s->size > JRN_MAX_SLOTS ||
	       (s->size & (s->size - 1)) || s->payload > 4096;
}

int jrn_begin(struct jrn *j, uint64_t cookie, const struct jrn_shape *shape,
	      uint32_t nr)
{
	uint64_t at = first_ring();

	if (!nr || nr > JRN_MAX_QUEUES)
		return -EINVAL;
	jrn_end(j);
	for (uint32_t i = 0; i < nr; i++) {
		uint64_t bytes = ring_bytes(&shape[i]);

		if (shape_bad(&shape[i]))
			return -EINVAL;
		if (at + bytes > j->bytes)
			return -ENOSPC;
		j->head->ring[i] = (struct jrn_ring){
			shape[i].size, shape[i].payload, at,
		};
		memset((uint8_t *)j->head + at, 0, bytes);
		at += bytes;
	}
	j->head->nr = nr;
	j->head->version = JRN_VERSION;
	j->head->cookie = cookie;
	put64(&j->head->magic, JRN_MAGIC);
	return 0;
}

int jrn_resume(const struct jrn *j, uint64_t cookie,
	       const struct jrn_shape *shape, uint32_t nr)
{
	const struct jrn_head *h = j->head;
	uint64_t at = first_ring();

	if (!nr || nr > JRN_MAX_QUEUES)
		return -EINVAL;
	if (h->magic != JRN_MAGIC || h->version != JRN_VERSION ||
	    h->cookie != cookie || h->nr != nr)
		return -ESTALE;
	for (uint32_t i = 0; i < nr; i++) {
		const struct jrn_ring *r = &h->ring[i];

		if (shape_bad(&shape[i]))
			return -EINVAL;
		if (r->size != shape[i].size ||
		    r->payload != shape[i].payload || r->offset != at)
			return -ESTALE;
		at += ring_bytes(&shape[i]);
		if (at > j->bytes)
			return -ESTALE;
	}
	return 0;
}

void jrn_end(struct jrn *j)
{
	put64(&j->head->magic, 0);
}

/* ---- one ring ---- */

static uint64_t *word_of(const struct jrn_queue *q, uint32_t slot)
{
	return (uint64_t *)(q->slots + (size_t)slot * q->stride);
}

static void set_word(struct jrn_queue *q, uint32_t slot, uint32_t state,
		     uint32_t index)
{
	put64(word_of(q, slot), (uint64_t)state << 32 | index);
}

static uint32_t state_of(const struct jrn_queue *q, uint32_t slot)
{
	return (uint32_t)(*word_of(q, slot) >> 32);
}

static uint32_t index_of(const struct jrn_queue *q, uint32_t slot)
{
	return (uint32_t)*word_of(q, slot);
}

/* Is @slot, as a dead process left it, still to be served? */
static int left_over(const struct jrn_queue *q, uint32_t slot)
{
	uint32_t index = index_of(q, slot);

	switch (state_of(q, slot)) {
	case SLOT_TAKEN:
		return index != q->taken;
	case SLOT_ANSWERED:
		return index - q->published < q->size;
	}
	return 0;
}

/*
 * Brings slots to one of two states: free, or taken at an index that is
 * surely behind.  An answered slot must not stay so: its response's number
 * will be another request's.
 */
static int sort_slots(struct jrn_queue *q)
{
	uint32_t used = 0;

	for (uint32_t i = q->size; i-- > 0;) {
		if (left_over(q, i)) {
			set_word(q, i, SLOT_TAKEN, q->taken - 1);
			used++;
		} else {
			set_word(q, i, SLOT_FREE, 0);
			q->free[q->nfree++] = (uint16_t)i;
		}
	}
	return used == q->taken - q->published ? 0 : -EUCLEAN;
}

int jrn_queue_open(struct jrn *j, uint32_t n, struct jrn_queue *q, int resume,
		   uint32_t start)
{
	const struct jrn_ring *r = &j->head->ring[n];
	int rc;

	*q = (struct jrn_queue){
		.head = (void *)((uint8_t *)j->head + r->offset),
		.size = r->size,
		.stride = stride_of(r->payload),
	};
	q->slots = (uint8_t *)(q->head + 1);
	q->free = calloc(q->size, sizeof(*q->free));
	q->answered = calloc(q->size, sizeof(*q->answered));
	if (!q->free || !q->answered) {
		jrn_queue_close(q);
		return -ENOMEM;
	}
	if (!resume) {
		put32(&q->head->published, start);
		put32(&q->head->taken, start);
	}
	q->taken = q->head->taken;
	q->published = q->head->published;
	rc = sort_slots(q);
	if (rc)
		jrn_queue_close(q);
	return rc;
}

void jrn_queue_close(struct jrn_queue *q)
{
	free(q->free);
	free(q->answered);
	q->free = q->answered = NULL;
	q->nfree = 0;
}

int jrn_next(const struct jrn_queue *q, int slot)
{
	for (uint32_t i = (uint32_t)slot; i < q->size; i++)
		if (state_of(q, i) != SLOT_FREE)
			return (int)i;
	return -1;
}

int jrn_slot(const struct jrn_queue *q)
{
	return q->nfree ? q->free[q->nfree - 1] : -1;
}

void jrn_take(struct jrn_queue *q, uint32_t index)
{
	uint32_t slot = q->free[--q->nfree];

	__asm__ volatile("" : : : "memory");	/* the copy comes first */
	set_word(q, slot, SLOT_TAKEN, index);
	q->taken = index + 1;
	put32(&q->head->taken, q->taken);
}

void jrn_answer(struct jrn_queue *q, uint32_t slot, uint32_t index)
{
	set_word(q, slot, SLOT_ANSWERED, index);
	q->answered[q->nanswered++] = (uint16_t)slot;
}

void jrn_publish(struct jrn_queue *q, uint32_t rsp_prod)
{
	__asm__ volatile("" : : : "memory");	/* responses come first */
	q->published = rsp_prod;
	put32(&q->head->published, rsp_prod);
}

void jrn_release(struct jrn_queue *q)
{
	__asm__ volatile("" : : : "memory");
	while (q->nanswered) {
		uint32_t slot = q->answered[--q->nanswered];

		set_word(q, slot, SLOT_FREE, 0);
		q->free[q->nfree++] = (uint16_t)slot;
	}
}
