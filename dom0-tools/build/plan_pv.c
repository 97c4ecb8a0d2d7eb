// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * plan_pv.c: the layout of a paravirtual guest.  Pure: numbers in, a
 * struct pv_plan out; no state.
 *
 * Invariants of a finished plan: areas do not overlap and lie below `pages`;
 * every mapped address has exactly one L1 entry; no page table is mapped
 * writable; `runs` begins with the L4, and the tables of the first mapping
 * are consecutive from there, which is what start_info promises the guest.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <abi/core.h>
#include <abi/x86/pv.h>

#include "plan_pv.h"

#define PAGE 4096ull
#define MAP_ALIGN (4ull << 20)	/* the first mapping ends on this */
#define MAP_PADDING (512ull << 10)	/* and leaves at least this free */

#define PTE_PRESENT 0x001ull
#define PTE_RW 0x002ull
#define PTE_USER 0x004ull
#define PTE_ACCESSED 0x020ull
#define PTE_DIRTY 0x040ull

#define LEAF_BITS (PTE_PRESENT | PTE_RW | PTE_USER | PTE_ACCESSED)
#define TABLE_BITS (LEAF_BITS | PTE_DIRTY)

static uint64_t round_up(uint64_t n, uint64_t to)
{
	return (n + to - 1) / to * to;
}

/* Bytes that one table of @level maps, and one entry of it. */
static uint64_t table_span(unsigned int level)
{
	return PAGE << (9 * level);
}

static uint64_t entry_span(unsigned int level)
{
	return PAGE << (9 * (level - 1));
}

/* The address of the table of @level that covers @va. */
static uint64_t table_base(uint64_t va, unsigned int level)
{
	return level == 4 ? 0 : va & ~(table_span(level) - 1);
}

/* Hands out @pages frames after the last used one, mapped in sequence. */
static struct plan_area take(struct pv_plan *plan, uint64_t virt_base,
			     uint64_t pages)
{
	struct plan_area area = {
		.pfn = plan->used_pages,
		.pages = pages,
		.vaddr = virt_base + plan->used_pages * PAGE,
	};

	plan->used_pages += pages;
	return area;
}

static uint64_t table_pfn(const struct pv_plan *plan, unsigned int level,
			  uint64_t va)
{
	uint64_t base = table_base(va, level);

	for (unsigned int i = 0; i < plan->runs_count; i++) {
		const struct plan_tables *run = &plan->runs[i];
		uint64_t nth;

		if (run->level != level || base < run->from)
			continue;
		nth = level == 4 ? 0 : (base - run->from) / table_span(level);
		if (nth < run->count)
			return run->pfn + nth;
	}
	return UINT64_MAX;
}

/*
 * Adds a table for @base.  Tables get frame numbers in the order in which
 * they are added, counted from 0 until the caller knows where they go.
 */
static int add_table(struct pv_plan *plan, unsigned int level, uint64_t base,
		     uint64_t pfn)
{
	struct plan_tables *last = plan->runs_count ?
					   &plan->runs[plan->runs_count - 1] :
					   NULL;

	if (last && last->level == level &&
	    last->from + last->count * table_span(level) == base &&
	    last->pfn + last->count == pfn) {
		last->count++;
		return 0;
	}
	if (plan->runs_count == PLAN_MAX_RUNS)
		return -EINVAL;
	plan->runs[plan->runs_count++] = (struct plan_tables){
		.level = level, .from = base, .count = 1, .pfn = pfn
	};
	return 0;
}

/* Adds what tables [@from, @to) still lacks; how many, or -errno. */
static int64_t add_tables(struct pv_plan *plan, uint64_t from, uint64_t to,
			  uint64_t first_pfn)
{
	uint64_t pfn = first_pfn;

	for (unsigned int level = 4; level; level--) {
		uint64_t base = table_base(from, level);
		uint64_t last = table_base(to - 1, level);

		for (;; base += table_span(level)) {
			if (table_pfn(plan, level, base) == UINT64_MAX &&
			    add_table(plan, level, base, pfn++))
				return -EINVAL;
			if (base == last)
				break;
		}
	}
	return (int64_t)(pfn - first_pfn);
}

static void add_mapping(struct pv_plan *plan, uint64_t from, uint64_t to,
			uint64_t pfn)
{
	plan->mappings[plan->mappings_count++] =
		(struct plan_mapping){ .from = from, .to = to, .pfn = pfn };
}

/*
 * Ends the first mapping: its page tables, the stack and padding, whose size
 * depends on the tables, whose number depends on where the mapping ends.
 */
static int close_mapping(struct pv_plan *plan, uint64_t virt_base,
			 struct fail *fail)
{
	uint64_t need = plan->used_pages * PAGE + PAGE + MAP_PADDING;
	uint64_t end, pfn = plan->used_pages;
	int64_t count;

	for (uint64_t tables = 0;; tables = (uint64_t)count) {
		end = virt_base + round_up(need + tables * PAGE, MAP_ALIGN);
		plan->runs_count = 0;
		count = add_tables(plan, virt_base, end, pfn);
		if (count < 0)
			return fail_set(fail, -EINVAL,
					"the kernel's first mappings need too many page tables");
		if ((uint64_t)count <= tables)
			break;
	}
	plan->tables = take(plan, virt_base, (uint64_t)count);
	plan->stack = take(plan, virt_base, 1);
	plan->mapped_end = end;
	add_mapping(plan, virt_base, end, 0);
	plan->used_pages = (end - virt_base) / PAGE;
	return 0;
}

static bool overlap(uint64_t a, uint64_t a_end, uint64_t b, uint64_t b_end)
{
	return a < b_end && b < a_end;
}

/* The frame list at the address that the kernel asked for. */
static int place_p2m(struct pv_plan *plan, const struct kernel_image *kernel,
		     uint64_t pages, struct fail *fail)
{
	uint64_t from = kernel->init_p2m, to = from + pages * PAGE;
	int64_t tables;

	if (overlap(from, to, kernel->virt_base, plan->mapped_end))
		return fail_set(fail, -EINVAL,
				"the kernel wants its frame list inside its own mappings");
	plan->p2m = take(plan, 0, pages);
	plan->p2m.vaddr = from;
	plan->p2m_elsewhere = true;
	tables = add_tables(plan, from, to, plan->used_pages);
	if (tables < 0)
		return fail_set(fail, -EINVAL,
				"the frame list needs too many page tables");
	add_mapping(plan, from, to, plan->p2m.pfn);
	/* The kernel frees list and tables together when it moves them. */
	plan->p2m.pages += (uint64_t)tables;
	plan->used_pages += (uint64_t)tables;
	return 0;
}

int pv_plan(struct pv_plan *plan, const struct kernel_image *kernel,
	    uint64_t ramdisk_len, uint64_t pages, struct fail *fail)
{
	uint64_t base = kernel->virt_base;
	uint64_t ramdisk_pages = round_up(ramdisk_len, PAGE) / PAGE;
	uint64_t p2m_pages = round_up(pages * 8, PAGE) / PAGE;
	int rc;

	memset(plan, 0, sizeof(*plan));
	/* Larger numbers would not be memory, and could wrap below. */
	if (pages > 1ull << 31 || ramdisk_pages > pages)
		return fail_set(fail, -ENOMEM,
				"the ramdisk does not fit in the guest's memory: raise memory= in its configuration");
	plan->pages = pages;
	plan->entry = kernel->entry;
	plan->ramdisk_len = ramdisk_len;
	plan->used_pages = (kernel->start - base) / PAGE;
	plan->kernel = take(plan, base,
			    round_up(kernel->end - base, PAGE) / PAGE -
				    plan->used_pages);
	if (ramdisk_len && !kernel->unmapped_ramdisk)
		plan->ramdisk = take(plan, base, ramdisk_pages);
	if (!kernel->has_init_p2m)
		plan->p2m = take(plan, base, p2m_pages);
	plan->start_info = take(plan, base, 1);
	plan->store = take(plan, base, 1);
	plan->console = take(plan, base, 1);
	if (plan->used_pages > pages ||
	    base + plan->used_pages * PAGE + 2 * MAP_ALIGN < base)
		return fail_set(fail, -ENOMEM,
				"kernel and ramdisk do not fit in the guest's memory: raise memory= in its configuration");
	rc = close_mapping(plan, base, fail);
	if (rc)
		return rc;
	if (ramdisk_len && kernel->unmapped_ramdisk) {
		plan->ramdisk = take(plan, 0, ramdisk_pages);
		plan->ramdisk.vaddr = 0;
		plan->ramdisk_is_pfn = true;
	}
	if (kernel->has_init_p2m)
		rc = place_p2m(plan, kernel, p2m_pages, fail);
	if (!rc && plan->used_pages > pages)
		return fail_set(fail, -ENOMEM,
				"the guest needs at least %" PRIu64 " MiB for its kernel, ramdisk and page tables: raise memory= in its configuration",
				(plan->used_pages + 255) / 256);
	return rc;
}

uint64_t pv_plan_tables_count(const struct pv_plan *plan)
{
	uint64_t count = 0;

	for (unsigned int i = 0; i < plan->runs_count; i++)
		count += plan->runs[i].count;
	return count;
}

/* The run that holds the *@index-th table, *@index then being inside it. */
static const struct plan_tables *run_of(const struct pv_plan *plan,
					uint64_t *index)
{
	const struct plan_tables *run = plan->runs;

	for (; *index >= run->count; run++)
		*index -= run->count;
	return run;
}

uint64_t pv_plan_table_pfn(const struct pv_plan *plan, uint64_t index)
{
	const struct plan_tables *run = run_of(plan, &index);

	return run->pfn + index;
}

static bool is_table(const struct pv_plan *plan, uint64_t pfn)
{
	for (unsigned int i = 0; i < plan->runs_count; i++) {
		if (pfn - plan->runs[i].pfn < plan->runs[i].count)
			return true;
	}
	return false;
}

static uint64_t leaf_entry(const struct pv_plan *plan, const uint64_t *p2m,
			   uint64_t va)
{
	for (unsigned int i = 0; i < plan->mappings_count; i++) {
		const struct plan_mapping *map = &plan->mappings[i];
		uint64_t pfn, bits = LEAF_BITS;

		if (va < map->from || va >= map->to)
			continue;
		pfn = map->pfn + (va - map->from) / PAGE;
		if (is_table(plan, pfn))
			bits &= ~PTE_RW;
		return p2m[pfn] << 12 | bits;
	}
	return 0;
}

static uint64_t table_entry(const struct pv_plan *plan, const uint64_t *p2m,
			    unsigned int level, uint64_t va)
{
	uint64_t pfn = table_pfn(plan, level - 1, va);

	return pfn == UINT64_MAX ? 0 : p2m[pfn] << 12 | TABLE_BITS;
}

void pv_plan_fill_table(const struct pv_plan *plan, const uint64_t *p2m,
			uint64_t index, uint64_t entries[512])
{
	const struct plan_tables *run = run_of(plan, &index);
	uint64_t step = entry_span(run->level);
	uint64_t va = run->from + (run->level == 4 ? 0 :
				   index * table_span(run->level));

	for (int i = 0; i < 512; i++, va += step) {
		/* The upper half of the L4 is the sign-extended one. */
		uint64_t at = run->level == 4 && i >= 256 ?
				      va | 0xffff000000000000ull : va;

		entries[i] = run->level == 1 ?
				     leaf_entry(plan, p2m, at) :
				     table_entry(plan, p2m, run->level, at);
	}
}

void pv_plan_start_info(const struct pv_plan *plan, const uint64_t *p2m,
			const struct pv_start *start, struct start_info *si)
{
	size_t len = strlen(start->cmdline);

	memset(si, 0, sizeof(*si));
	strcpy(si->magic, "xen-3.0-x86_64");
	si->nr_pages = plan->pages;
	si->shared_info = start->shared_info_frame << 12;
	si->flags = SIF_VIRT_P2M_4TOOLS;
	si->store_mfn = p2m[plan->store.pfn];
	si->store_evtchn = start->store_port;
	si->console.domU.mfn = p2m[plan->console.pfn];
	si->console.domU.evtchn = start->console_port;
	si->pt_base = plan->tables.vaddr;
	si->nr_pt_frames = plan->tables.pages;
	si->mfn_list = plan->p2m.vaddr;
	if (plan->p2m_elsewhere) {
		si->first_p2m_pfn = plan->p2m.pfn;
		si->nr_p2m_frames = plan->p2m.pages;
	}
	if (plan->ramdisk_len) {
		si->mod_len = plan->ramdisk_len;
		si->mod_start = plan->ramdisk_is_pfn ? plan->ramdisk.pfn :
						       plan->ramdisk.vaddr;
		if (plan->ramdisk_is_pfn)
			si->flags |= SIF_MOD_START_PFN;
	}
	if (len >= sizeof(si->cmd_line))
		len = sizeof(si->cmd_line) - 1;
	memcpy(si->cmd_line, start->cmdline, len);
}

/* The state of an x87 and SSE unit after reset, as FXSAVE stores it. */
#define FXSAVE_FCW 0
#define FXSAVE_MXCSR 24
#define FCW_RESET 0x37f
#define MXCSR_RESET 0x1f80

#define RFLAGS_IF 0x200

void pv_plan_vcpu(const struct pv_plan *plan, const uint64_t *p2m,
		  struct vcpu_guest_context *ctx)
{
	const uint16_t fcw = FCW_RESET;
	const uint32_t mxcsr = MXCSR_RESET;
	uint64_t stack = plan->stack.vaddr + plan->stack.pages * PAGE;

	memset(ctx, 0, sizeof(*ctx));
	memcpy(&ctx->fpu_ctxt.x[FXSAVE_FCW], &fcw, sizeof(fcw));
	memcpy(&ctx->fpu_ctxt.x[FXSAVE_MXCSR], &mxcsr, sizeof(mxcsr));
	ctx->flags = VGCF_in_kernel | VGCF_online;
	ctx->user_regs.rip = plan->entry;
	ctx->user_regs.rsp = stack;
	ctx->user_regs.rsi = plan->start_info.vaddr;
	ctx->user_regs.rflags = RFLAGS_IF;
	ctx->user_regs.cs = FLAT_KERNEL_CS;
	ctx->user_regs.ss = FLAT_KERNEL_SS;
	ctx->user_regs.ds = FLAT_KERNEL_DS;
	ctx->user_regs.es = FLAT_KERNEL_DS;
	ctx->user_regs.fs = FLAT_KERNEL_DS;
	ctx->user_regs.gs = FLAT_KERNEL_DS;
	ctx->kernel_ss = FLAT_KERNEL_SS;
	ctx->kernel_sp = stack;
	ctx->ctrlreg[3] = xen_pfn_to_cr3(p2m[plan->tables.pfn]);
}
