/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plan_pv.h: how a paravirtual guest looks before its first instruction,
 * as data.
 *
 * A plan says which guest frame holds what, where it is mapped, and what the
 * first page tables and the start-of-day page contain.  It is computed from
 * numbers alone; apply.c carries it out.
 *
 *	frame 0 .. kernel .. [ramdisk] .. [p2m] .. start_info, store ring,
 *	console ring .. page tables .. stack .. padding to 4 MiB ..
 *	[unmapped ramdisk] .. [p2m elsewhere, its page tables] .. free
 */
#ifndef DOM0_BUILD_PLAN_PV_H
#define DOM0_BUILD_PLAN_PV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel_image.h"

struct start_info;
struct vcpu_guest_context;

#define PLAN_MAX_RUNS 24

/* Consecutive frames with one purpose.  vaddr is 0 where unmapped. */
struct plan_area {
	uint64_t pfn, pages, vaddr;
};

/* Virtual range [from, to) mapped onto consecutive frames. */
struct plan_mapping {
	uint64_t from, to, pfn;
};

/* Consecutive page tables of one level for consecutive virtual ranges. */
struct plan_tables {
	unsigned int level;	/* 1..4 */
	uint64_t from;		/* first virtual address covered */
	uint64_t count;
	uint64_t pfn;
};

struct pv_plan {
	uint64_t pages;		/* the guest's whole memory */
	struct plan_area kernel, ramdisk, p2m, start_info, store, console,
		tables, stack;
	uint64_t ramdisk_len;
	uint64_t mapped_end;	/* first virtual address not mapped */
	uint64_t used_pages;	/* frames below this have a purpose */
	bool ramdisk_is_pfn, p2m_elsewhere;
	uint64_t entry;
	struct plan_mapping mappings[2];
	unsigned int mappings_count;
	struct plan_tables runs[PLAN_MAX_RUNS];
	unsigned int runs_count;
};

/* Numbers that are known only while the guest is being made. */
struct pv_start {
	const char *cmdline;
	uint64_t shared_info_frame;
	uint32_t store_port, console_port;
};

/*
 * Plans a guest of @pages pages with @kernel and a ramdisk of @ramdisk_len
 * bytes (0 for none).  0, -ENOMEM if it does not fit in its memory, or
 * -EINVAL, with the reason.
 */
int pv_plan(struct pv_plan *plan, const struct kernel_image *kernel,
	    uint64_t ramdisk_len, uint64_t pages, struct fail *fail);

/* Number of page-table pages, and the guest frame of the @index-th. */
uint64_t pv_plan_tables_count(const struct pv_plan *plan);
uint64_t pv_plan_table_pfn(const struct pv_plan *plan, uint64_t index);

/*
 * Writes the 512 entries of the @index-th page table.  @p2m gives the
 * machine frame of every guest frame.
 */
void pv_plan_fill_table(const struct pv_plan *plan, const uint64_t *p2m,
			uint64_t index, uint64_t entries[512]);

/* Writes the start-of-day page. */
void pv_plan_start_info(const struct pv_plan *plan, const uint64_t *p2m,
			const struct pv_start *start, struct start_info *si);

/* Writes the first vCPU's registers. */
void pv_plan_vcpu(const struct pv_plan *plan, const uint64_t *p2m,
		  struct vcpu_guest_context *ctx);

#endif
