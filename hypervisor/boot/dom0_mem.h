/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory of the control domain while it is built: its p2m list is made
 * first, in frames in a row, and everything else goes through it.
 */
#ifndef BOOT_DOM0_MEM_H
#define BOOT_DOM0_MEM_H

#include <boot/boot.h>
#include <boot/dom0_plan.h>
#include <domain/domain.h>

struct dom0_mem {
	struct domain *d;
	uint64_t *p2m; /* nr_pages entries; P2M_NONE: no frame yet */
	uint64_t nr_pages;
};

#define P2M_NONE (~0UL)

/* Every failure here is a panic: the plan says that there is enough. */
void dom0_mem_init(struct dom0_mem *m, struct domain *d,
		   const struct dom0_plan *p);

/* Frames, contents undefined, for those of a range, or of all, that lack one. */
void dom0_mem_fill(struct dom0_mem *m, const struct pfn_range *r);
void dom0_mem_fill_rest(struct dom0_mem *m);

/*
 * Put a module's bytes into a range: its frames change hands where they start
 * on a page, and the module is then empty; else they are copied.
 */
void dom0_mem_take_module(struct dom0_mem *m, const struct pfn_range *r,
			  struct boot_module *mod);

/* Bytes at a pseudo-physical address. */
void dom0_mem_write(struct dom0_mem *m, uint64_t at, const void *src,
		    uint64_t len);
void dom0_mem_zero(struct dom0_mem *m, uint64_t at, uint64_t len);

static inline mfn_t dom0_mem_mfn(const struct dom0_mem *m, uint64_t pfn)
{
	return mfn(m->p2m[pfn]);
}

#endif
