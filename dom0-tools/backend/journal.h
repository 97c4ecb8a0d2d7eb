/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * journal.h: what a backend has taken from its rings and not answered yet, in
 * memory that outlives it, so that after SIGKILL at any instruction its
 * successor answers every request exactly once.
 *
 * For each ring there are as many slots as the ring has.  A slot holds a copy
 * of one request and one word: FREE, TAKEN, or ANSWERED with the index of its
 * response.  Two counters say how far the ring's requests are taken and its
 * responses published.  The order of stores is the whole protocol:
 *
 *	take	   copy the request into a free slot; word = TAKEN, index;
 *		   taken = index + 1		<- from here it is ours
 *	answer	   word = ANSWERED, response's index; write the response into
 *		   the ring
 *	publish	   published = responses written  <- from here it is answered
 *		   shared rsp_prod = the same; free the slots answered below it
 *
 * After a crash: a slot TAKEN at the index `taken` was not ours yet and is
 * freed (the request still stands in the ring, since a response only covers
 * slots of requests taken before it); a slot ANSWERED below `published` is
 * freed; every other slot in use is served again.  Storing `published` to
 * rsp_prod again changes nothing if it was stored before.
 *
 * Stores of a killed process are seen by its successor in program order, so
 * only the compiler has to be held back.  The memory is the daemon's and this
 * process's alone, but a predecessor may have been taken over by its guest:
 * everything in it is checked before it is used.  One thread.
 */
#ifndef DOM0_BACKEND_JOURNAL_H
#define DOM0_BACKEND_JOURNAL_H

#include <stddef.h>
#include <stdint.h>

#define JRN_MAX_QUEUES 33
#define JRN_MAX_SLOTS 1024

struct jrn_head;
struct jrn_qhead;

struct jrn {
	struct jrn_head *head;	/* mapped */
	size_t bytes;
};

/* One ring's part. */
struct jrn_queue {
	struct jrn_qhead *head;
	uint8_t *slots;
	uint32_t stride;
	uint32_t size;
	uint32_t taken;		/* copies of the counters */
	uint32_t published;
	uint32_t nfree, nanswered;
	uint16_t *free;		/* stack of free slots */
	uint16_t *answered;	/* slots to free after the next publish */
};

/* Maps the journal @fd.  0 or -errno. */
int jrn_map(struct jrn *j, int fd);
void jrn_unmap(struct jrn *j);

/*
 * A number that stays the same for all processes of this device: random, not
 * 0, below 2^60.  0 if there is no randomness.
 */
uint64_t jrn_nonce(struct jrn *j);

/* One ring's geometry. */
struct jrn_shape {
	uint32_t size;		/* slots, a power of two */
	uint32_t payload;	/* bytes of one request */
};

/*
 * Forgets everything and lays out @nr rings.  @cookie is any value that tells
 * this connection from others (its grants and ports).  -ENOSPC if the journal
 * is too small.
 */
int jrn_begin(struct jrn *j, uint64_t cookie, const struct jrn_shape *shape,
	      uint32_t nr);

/* Checks that the journal is of exactly this connection; -ESTALE if not. */
int jrn_resume(const struct jrn *j, uint64_t cookie,
	       const struct jrn_shape *shape, uint32_t nr);

/* Nothing to resume any more: the connection has ended in order. */
void jrn_end(struct jrn *j);

/*
 * Ring @n of a journal begun or resumed.  With @resume, @q->taken and
 * @q->published are where the ring goes on and the slots in use are to be
 * served again (jrn_next()); without, both are @start.  -EUCLEAN if the
 * journal contradicts itself, -ENOMEM.
 */
int jrn_queue_open(struct jrn *j, uint32_t n, struct jrn_queue *q, int resume,
		   uint32_t start);
void jrn_queue_close(struct jrn_queue *q);

/* The first slot in use at or after @slot, or -1. */
int jrn_next(const struct jrn_queue *q, int slot);

static inline void *jrn_payload(const struct jrn_queue *q, uint32_t slot)
{
	return q->slots + (size_t)slot * q->stride + 8;
}

/* A free slot to copy a request into, or -1.  Free until jrn_take(). */
int jrn_slot(const struct jrn_queue *q);

/* The request at index @index (== @q->taken) sits in the slot of jrn_slot(). */
void jrn_take(struct jrn_queue *q, uint32_t index);

/* The request in @slot gets response number @index; before writing that. */
void jrn_answer(struct jrn_queue *q, uint32_t slot, uint32_t index);

/*
 * All responses below @rsp_prod are written.  The caller then stores rsp_prod
 * to the ring and calls jrn_release().
 */
void jrn_publish(struct jrn_queue *q, uint32_t rsp_prod);
void jrn_release(struct jrn_queue *q);

#endif
