// SPDX-License-Identifier: GPL-2.0-or-later
/* Frames for the control domain; see dom0_mem.h.  No state of its own. */
#include <boot/dom0_mem.h>
#include <lib/assert.h>
#include <lib/str.h>
#include <mm/alloc.h>
#include <mm/frame.h>

static void give(struct dom0_mem *m, uint64_t pfn, mfn_t first, uint64_t n)
{
	int rc = domain_assign_frames(m->d, first, n);

	if (rc)
		panic("control domain: frame %#lx: error %d", first.v, -rc);
	for (uint64_t i = 0; i < n; i++) {
		m->p2m[pfn + i] = first.v + i;
		m2p_set(mfn_add(first, i), pfn + i);
	}
}

void dom0_mem_init(struct dom0_mem *m, struct domain *d,
		   const struct dom0_plan *p)
{
	mfn_t list = buddy_alloc_run(p->p2m.count);

	if (mfn_eq(list, MFN_NONE))
		panic("control domain: no memory for its p2m list");
	m->d = d;
	m->nr_pages = p->nr_pages;
	m->p2m = frame_map(list);
	/* All ones is P2M_NONE, and what Linux expects beyond the end. */
	memset(m->p2m, 0xff, p->p2m.count << PAGE_SHIFT);
	give(m, p->p2m.first, list, p->p2m.count);
}

/* @n frames from @pfn on, in the largest pieces that there are. */
static void fill(struct dom0_mem *m, uint64_t pfn, uint64_t n)
{
	unsigned int order = BUDDY_ORDER_MAX;

	while (n > 0) {
		mfn_t f = MFN_NONE;

		while (BIT(order) > n)
			order--;
		f = buddy_alloc_boot(order);
		if (!mfn_eq(f, MFN_NONE)) {
			give(m, pfn, f, BIT(order));
			pfn += BIT(order);
			n -= BIT(order);
		} else if (order-- == 0) {
			panic("control domain: out of memory");
		}
	}
}

void dom0_mem_fill(struct dom0_mem *m, const struct pfn_range *r)
{
	uint64_t pfn = r->first, end = r->first + r->count;

	while (pfn < end) {
		uint64_t n = 0;

		while (pfn + n < end && m->p2m[pfn + n] == P2M_NONE)
			n++;
		fill(m, pfn, n);
		pfn += n;
		while (pfn < end && m->p2m[pfn] != P2M_NONE)
			pfn++;
	}
}

void dom0_mem_fill_rest(struct dom0_mem *m)
{
	struct pfn_range all = { 0, m->nr_pages };

	dom0_mem_fill(m, &all);
}

/* Apply @fn to the pieces of [at, at + len) that lie in one frame each. */
#define for_each_piece(m, at, len, p, n)                                   \
	for (uint64_t n;                                                   \
	     (len) > 0 &&                                                  \
	     (n = MIN((len), PAGE_SIZE - ((at) & ~PAGE_MASK)),             \
	      p = (char *)frame_map(dom0_mem_mfn(m, (at) >> PAGE_SHIFT)) + \
		  ((at) & ~PAGE_MASK), true);                              \
	     (at) += n, (len) -= n)

void dom0_mem_write(struct dom0_mem *m, uint64_t at, const void *src,
		    uint64_t len)
{
	const char *s = src;
	char *p;

	for_each_piece(m, at, len, p, n) {
		memcpy(p, s, n);
		s += n;
	}
}

void dom0_mem_zero(struct dom0_mem *m, uint64_t at, uint64_t len)
{
	char *p;

	for_each_piece(m, at, len, p, n)
		memset(p, 0, n);
}

/* A module's frames as if they came from the allocator. */
static void make_allocated(mfn_t first, uint64_t n)
{
	frame_mark_ram(first, n);
	for (uint64_t i = 0; i < n; i++) {
		struct frame *f = frame_at(mfn_add(first, i));

		f->owner = DOMID_INVALID;
		f->type = 0;
		f->refs = FRAME_RAM | FRAME_HV | 1;
	}
}

void dom0_mem_take_module(struct dom0_mem *m, const struct pfn_range *r,
			  struct boot_module *mod)
{
	mfn_t first = paddr_to_mfn(mod->start);

	if (!IS_ALIGNED(mod->start, PAGE_SIZE)) {
		const char *src = (char *)frame_map(first) +
				  (mod->start & ~PAGE_MASK);

		dom0_mem_fill(m, r);
		dom0_mem_write(m, r->first << PAGE_SHIFT, src,
			       mod->end - mod->start);
		return;
	}
	make_allocated(first, r->count);
	give(m, r->first, first, r->count);
	mod->end = mod->start;
}
