// SPDX-License-Identifier: GPL-2.0-or-later
/* Planning a control domain; see dom0_plan.h.  No state, no allocation. */
#include <abi/core.h>
#include <abi/elfnote.h>
#include <boot/dom0_plan.h>

/* The mapped area ends on such a boundary, with some room before it. */
#define AREA_ALIGN (4UL << 20)
#define AREA_SPARE (512UL << 10)

static int bad(const char **why, const char *text)
{
	*why = text;
	return -EINVAL;
}

/* Is [start, end) a range that a PV guest may use? */
static bool range_is_guests(uint64_t start, uint64_t end)
{
	bool low = end <= 1UL << 47;
	bool high = start >= HYPERVISOR_VIRT_END;

	return start < end && (low || high);
}

static int take_notes(struct dom0_plan *p, const struct elf_image *elf,
		      const char **why)
{
	const struct elf_xen_notes *n = &p->notes;

	if (elf_xen_notes(elf, &p->notes, why))
		return -EINVAL;
	if (!elf_has_note(n, XEN_ELFNOTE_VIRT_BASE))
		return bad(why, "the kernel has no notes for paravirtual Xen");
	if (elf_has_note(n, XEN_ELFNOTE_SUPPORTED_FEATURES) &&
	    !(n->supported_features & BIT(XENFEAT_dom0)))
		return bad(why, "the kernel cannot be a control domain");
	p->virt_base = n->virt_base;
	p->paddr_offset = n->paddr_offset;
	p->entry = elf_has_note(n, XEN_ELFNOTE_ENTRY) ? n->entry : elf->entry;
	p->hypercall_page = n->hypercall_page;
	p->initrd_mapped = !(elf_has_note(n, XEN_ELFNOTE_MOD_START_PFN) &&
			     n->mod_start_pfn);
	p->p2m_apart = elf_has_note(n, XEN_ELFNOTE_INIT_P2M);
	p->p2m_virt = n->init_p2m;
	if (!IS_ALIGNED(p->virt_base, AREA_ALIGN) ||
	    !IS_ALIGNED(p->p2m_virt, PAGE_SIZE) ||
	    !IS_ALIGNED(p->hypercall_page, PAGE_SIZE))
		return bad(why, "an address in a Xen note is not aligned");
	return 0;
}

/* Bytes from the start of the boot area to the kernel's end. */
static int kernel_span(const struct dom0_plan *p, const struct elf_image *elf,
		       uint64_t *span, const char **why)
{
	uint64_t start, end;

	if (elf_extent(elf, &start, &end, why))
		return -EINVAL;
	if (start < p->paddr_offset)
		return bad(why, "an ELF segment lies before PADDR_OFFSET");
	*span = end - p->paddr_offset;
	if (*span > 1UL << 40)
		return bad(why, "the kernel's segments lie too far apart");
	*span = ALIGN_UP(*span, PAGE_SIZE);
	return 0;
}

uint64_t dom0_plan_tables(uint64_t start, uint64_t end)
{
	uint64_t n = 0;

	for (unsigned int shift = 21; shift <= 39; shift += 9)
		n += ((end - 1) >> shift) - (start >> shift) + 1;
	return n;
}

/* The area's end depends on the number of its tables, and they on it. */
static void place_tables(struct dom0_plan *p, uint64_t from)
{
	uint64_t count = 0, end, need;

	for (;;) {
		end = from + (count + 1) * PAGE_SIZE; /* and the stack */
		end = ALIGN_UP(end + AREA_SPARE, AREA_ALIGN);
		need = 1 + dom0_plan_tables(p->virt_base, end);
		if (need <= count)
			break;
		count = need;
	}
	p->table_count = count;
	p->tables_virt = from;
	p->stack_virt = from + count * PAGE_SIZE;
	p->virt_end = end;
}

static void place_area(struct dom0_plan *p, uint64_t kernel, uint64_t initrd,
		       uint64_t p2m)
{
	uint64_t at = p->virt_base + kernel;

	if (p->initrd_mapped) {
		p->initrd.first = dom0_plan_pfn(p, at);
		p->initrd.count = initrd;
		at += initrd << PAGE_SHIFT;
	}
	if (!p->p2m_apart) {
		p->p2m_virt = at;
		p->p2m.first = dom0_plan_pfn(p, at);
		p->p2m.count = p2m;
		at += p2m << PAGE_SHIFT;
	}
	p->start_info_virt = at;
	place_tables(p, at + PAGE_SIZE);
	p->boot.first = 0;
	p->boot.count = dom0_plan_pfn(p, p->virt_end);
}

static int place_rest(struct dom0_plan *p, uint64_t initrd, uint64_t p2m,
		      const char **why)
{
	uint64_t pfn = p->boot.count;

	if (!p->initrd_mapped) {
		p->initrd.first = pfn;
		p->initrd.count = initrd;
		pfn += initrd;
	}
	if (p->p2m_apart) {
		uint64_t end = p->p2m_virt + (p2m << PAGE_SHIFT);

		if (!range_is_guests(p->p2m_virt, end) ||
		    p->p2m_virt >> 39 == p->virt_base >> 39)
			return bad(why, "INIT_P2M is no usable address");
		p->p2m.first = pfn;
		p->p2m.count = p2m;
		p->p2m_tables.first = pfn + p2m;
		p->p2m_tables.count = dom0_plan_tables(p->p2m_virt, end);
		pfn += p2m + p->p2m_tables.count;
	}
	if (pfn > p->nr_pages)
		return bad(why, "dom0_mem= is too small for kernel and ramdisk");
	return 0;
}

int dom0_plan_make(struct dom0_plan *p, const struct dom0_want *w,
		   const char **why)
{
	uint64_t initrd = DIV_ROUND_UP(w->initrd_len, PAGE_SIZE);
	uint64_t p2m = DIV_ROUND_UP(w->nr_pages * 8, PAGE_SIZE);
	uint64_t kernel;

	*p = (struct dom0_plan){ .nr_pages = w->nr_pages };
	if (take_notes(p, w->elf, why) || kernel_span(p, w->elf, &kernel, why))
		return -EINVAL;
	if (initrd > w->nr_pages)
		return bad(why, "dom0_mem= is too small for the ramdisk");
	place_area(p, kernel, initrd, p2m);
	if (!range_is_guests(p->virt_base, p->virt_end) ||
	    p->virt_base >> 39 != (p->virt_end - 1) >> 39)
		return bad(why, "VIRT_BASE is no usable address");
	if (p->entry - p->virt_base >= kernel ||
	    (p->hypercall_page && p->hypercall_page - p->virt_base >= kernel))
		return bad(why, "an address in a Xen note is not the kernel's");
	return place_rest(p, initrd, p2m, why);
}
