// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * CPUs' areas (x86/layout.h): stacks with unmapped pages around them, the
 * windows for a guest's GDT and LDT, the data page, the system-call stub.
 * State: the page tables of the areas; a CPU's own window entries are changed
 * only by that CPU (x86/switch.c).
 */
#include <lib/errno.h>
#include <mm/alloc.h>
#include <port/frame.h>
#include <x86/pagemap.h>
#include <x86/paging.h>
#include <x86/percpu.h>

extern uint64_t cpu_l3[512], cpu_l2[512];
extern uint8_t cpu0_stack[CPU_STACK_PAGES * PAGE_SIZE];
extern uint8_t cpu0_ist[4][PAGE_SIZE], cpu0_data[PAGE_SIZE];
extern uint8_t cpu0_gdt[PAGE_SIZE];

static const uint8_t ist_page[4] = { CPU_NMI_PAGE, CPU_DF_PAGE, CPU_MC_PAGE,
				     CPU_DB_PAGE };

#define AREA_PAGES (CPU_AREA_SIZE / PAGE_SIZE)
#define AREAS_PER_L1 (512 / AREA_PAGES)

/* The part that all areas share: empty GDT pages, the stub. */
static void area_common(uint64_t *pte)
{
	for (unsigned int i = 0; i < 16; i++)
		pte[CPU_GDT_PAGE + i] = image_paddr(zero_page) | MAP_WINDOW_RO;
	pte[CPU_STUB_PAGE] = image_paddr(_stub_start) | MAP_RX;
}

void hvpaging_early(uint32_t base)
{
	uint64_t *pte = cpu_l1;

	hvpaging_set_base(base);
	hv_l4[259] = image_paddr(cpu_l3) | PAGEMAP_TABLE;
	cpu_l3[0] = image_paddr(cpu_l2) | PAGEMAP_TABLE;
	cpu_l2[0] = image_paddr(cpu_l1) | PAGEMAP_TABLE;
	area_common(pte);
	pte[CPU_GDT_PAGE + 14] = image_paddr(cpu0_gdt) | MAP_RW;
	for (unsigned int i = 0; i < CPU_STACK_PAGES; i++)
		pte[CPU_STACK_PAGE + i] =
			image_paddr(cpu0_stack + i * PAGE_SIZE) | MAP_RW;
	for (unsigned int i = 0; i < 4; i++)
		pte[ist_page[i]] = image_paddr(cpu0_ist[i]) | MAP_RW;
	pte[CPU_DATA_PAGE] = image_paddr(cpu0_data) | MAP_RW;
}

uint64_t *cpu_area_ptes(unsigned int cpu)
{
	uint64_t *l1 = (uint64_t *)pagemap_table(hv_l4, cpu_area(cpu), 1);

	return &l1[(cpu % AREAS_PER_L1) * AREA_PAGES];
}

static bool area_page(uint64_t *pte)
{
	void *p = pages_alloc(0);

	if (!p)
		return false;
	*pte = mfn_to_paddr(frame_of(p)) | MAP_RW;
	return true;
}

int cpu_area_create(unsigned int cpu)
{
	uint64_t *pte = cpu_area_ptes(cpu);
	bool ok;

	area_common(pte);
	ok = area_page(&pte[CPU_GDT_PAGE + 14]) &&
	     area_page(&pte[CPU_DATA_PAGE]);

	for (unsigned int i = 0; ok && i < CPU_STACK_PAGES; i++)
		ok = area_page(&pte[CPU_STACK_PAGE + i]);
	for (unsigned int i = 0; ok && i < 4; i++)
		ok = area_page(&pte[ist_page[i]]);
	return ok ? 0 : -ENOMEM;
}
