// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * nbjournal.c: answers that survive their writer; see nbjournal.h.
 *
 * State: the shared memory.  Stores of a killed process are seen by its
 * successor in program order, so only the compiler is held back.
 */
#include "netback/nbjournal.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define PAGE 4096u
#define barrier() __asm__ volatile("" : : : "memory")

static void put32(uint32_t *at, uint32_t value)
{
	barrier();
	__atomic_store_n(at, value, __ATOMIC_RELEASE);
	barrier();
}

int nbj_map(struct nb_journal **out, int fd)
{
	struct stat st;
	void *p;

	if (fstat(fd, &st))
		return -errno;
	if (st.st_size < (off_t)sizeof(struct nb_journal))
		return -EINVAL;
	p = mmap(NULL, sizeof(struct nb_journal), PROT_READ | PROT_WRITE,
		 MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return -errno;
	*out = p;
	return 0;
}

void nbj_unmap(struct nb_journal *j)
{
	if (j)
		munmap(j, sizeof(*j));
}

void nbj_begin(struct nb_journal *j, const struct bp_connect_net *msg)
{
	nbj_end(j);
	j->conn = *msg;
	j->conn.resume = 0;
	memset(&j->hash, 0, sizeof(j->hash));
	j->nr_mcast = 0;
	j->ctrl.from = j->ctrl.to = 0;
	for (unsigned int i = 0; i < msg->nr_queues; i++)
		j->queue[i].nr_gref = 0;
	barrier();
	j->magic = NBJ_MAGIC;
}

bool nbj_matches(const struct nb_journal *j, const struct bp_connect_net *msg)
{
	struct bp_connect_net m = *msg;

	m.resume = 0;
	return j->magic == NBJ_MAGIC && !memcmp(&m, &j->conn, sizeof(m));
}

void nbj_end(struct nb_journal *j)
{
	j->magic = 0;
	barrier();
}

static uint8_t *noted(struct nb_jring *j, const struct bring *r, uint32_t at,
		      uint32_t stride)
{
	return j->rsp + (at & (r->size - 1)) * stride;
}

static void write_slots(struct bring *r, struct nb_jring *j, uint32_t stride)
{
	for (; r->rsp_prod != j->to; r->rsp_prod++)
		memcpy(bring_response(r), noted(j, r, r->rsp_prod, stride),
		       stride);
}

bool nbj_answer(struct bring *r, struct nb_jring *j, const void *rsp,
		uint32_t stride, uint32_t n)
{
	const uint8_t *from = rsp;
	bool notify;

	for (uint32_t i = 0; i < n; i++, from += stride)
		memcpy(noted(j, r, r->rsp_prod + i, stride), from, stride);
	put32(&j->to, r->rsp_prod + n);
	write_slots(r, j, stride);
	notify = bring_publish(r);
	put32(&j->from, j->to);
	return notify;
}

int nbj_resume(struct bring *r, struct nb_jring *j, void *page,
	       uint32_t slot_size, uint32_t stride)
{
	struct bring_shared *s = page;
	uint32_t from = j->from, to = j->to;

	bring_attach(r, page, PAGE, slot_size, to, from);
	if (to - from > r->size || r->size * stride > NBJ_RSP_BYTES)
		return -EUCLEAN;
	if (from != to && __atomic_load_n(&s->rsp_prod, __ATOMIC_ACQUIRE) != to) {
		write_slots(r, j, stride);
		bring_publish(r);
	}
	put32(&j->from, to);
	bring_attach(r, page, PAGE, slot_size, to, to);
	return 0;
}

int nbj_attach(struct bring *r, struct nb_jring *j, void *page,
	       uint32_t slot_size)
{
	int rc = bring_attach_new(r, page, PAGE, slot_size);

	j->from = j->to = r->rsp_prod;
	return rc;
}
