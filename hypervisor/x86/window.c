// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The windows through which a CPU sees the descriptor tables of the vCPU it
 * runs: 14 pages of GDT before ours, 16 of LDT.  State: the CPU's window PTEs
 * and which of them map a guest's frames.  The mappings are not global, so
 * loading CR3 flushes them; where it does not follow, single pages are
 * flushed here.  Each frame mapped carries a descriptor-table type, held by
 * the vCPU for as long as it is in its pv state.
 */
#include <domain/domain.h>
#include <port/vcpu_hw.h>
#include <sched/sched.h>
#include <x86/desc.h>
#include <x86/paging.h>
#include <x86/percpu.h>
#include <x86/switch.h>

#define ENTRIES_PER_PAGE (PAGE_SIZE / 8)

static uint64_t window_pte(mfn_t m)
{
	return mfn_to_paddr(m) | MAP_WINDOW;
}

static void flush_page(const struct percpu *p, unsigned int page)
{
	invlpg(cpu_area(p->cpu) + page * PAGE_SIZE);
}

static void load_gdt(struct percpu *p, const struct vcpu *v)
{
	unsigned int n = vcpu_is_idle(v) ? 0 :
			 DIV_ROUND_UP(v->pv.gdt_entries, ENTRIES_PER_PAGE);
	unsigned int i;

	n = MIN(n, PV_GDT_FRAMES);
	for (i = 0; i < n; i++)
		p->window[CPU_GDT_PAGE + i] = window_pte(v->pv.gdt_frames[i]);
	for (; i < p->gdt_pages; i++)
		p->window[CPU_GDT_PAGE + i] =
			image_paddr(zero_page) | MAP_WINDOW_RO;
	p->gdt_pages = n;
}

static void drop_ldt(struct percpu *p)
{
	for (uint64_t m = p->ldt_pages; m; m &= m - 1)
		p->window[CPU_LDT_PAGE + __builtin_ctzl(m)] = 0;
	p->ldt_pages = 0;
}

static void load_ldt(struct percpu *p, const struct vcpu *v)
{
	unsigned int entries = vcpu_is_idle(v) ? 0 : v->pv.ldt_entries;

	drop_ldt(p);
	for (unsigned int i = 0; i * ENTRIES_PER_PAGE < entries &&
				 i < PV_LDT_PAGES; i++) {
		if (mfn_eq(v->pv.ldt_frames[i], MFN_NONE))
			continue;
		p->window[CPU_LDT_PAGE + i] = window_pte(v->pv.ldt_frames[i]);
		p->ldt_pages |= BIT(i);
	}
	if (entries || p->ldt_loaded)
		desc_load_ldt(entries);
	p->ldt_loaded = entries != 0;
}

void window_load(struct vcpu *v)
{
	struct percpu *p = this_percpu();

	load_gdt(p, v);
	load_ldt(p, v);
}

void vcpu_hw_load_gdt(struct vcpu *v)
{
	struct percpu *p = this_percpu();
	unsigned int had = (unsigned int)p->gdt_pages;

	if (!vcpu_is_loaded(v))
		return;
	load_gdt(p, v);
	for (unsigned int i = 0; i < MAX(had, p->gdt_pages); i++)
		flush_page(p, CPU_GDT_PAGE + i);
}

void vcpu_hw_load_ldt(struct vcpu *v)
{
	struct percpu *p = this_percpu();
	uint64_t had = p->ldt_pages;

	if (!vcpu_is_loaded(v))
		return;
	load_ldt(p, v);
	for (had |= p->ldt_pages; had; had &= had - 1)
		flush_page(p, CPU_LDT_PAGE + (unsigned int)__builtin_ctzl(had));
}

void vcpu_hw_map_ldt_page(struct vcpu *v, unsigned int page, mfn_t m)
{
	struct percpu *p = this_percpu();

	if (!vcpu_is_loaded(v) || page >= PV_LDT_PAGES)
		return;
	p->window[CPU_LDT_PAGE + page] = window_pte(m);
	p->ldt_pages |= BIT(page);
	flush_page(p, CPU_LDT_PAGE + page);
}
