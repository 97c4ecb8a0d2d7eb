// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The hypervisor's own page tables: direct map, frame table, M2P, the image by
 * section rights, device windows.  State: hv_l4 and all below it.  The 16
 * top-level entries are final when x86_memory_init() returns, so they may be
 * copied into guests' tables; entries below only ever change from not present
 * to present, except CPUs' windows (x86/switch.c) and the ACPI window.
 *
 * Frames without RAM share one read-only page of frame table and one extent
 * of M2P, so that both can be read at any index below their limits.
 */
#include <abi/core.h>
#include <boot/boot.h>
#include <lib/assert.h>
#include <lib/bitmap.h>
#include <lib/str.h>
#include <mm/alloc.h>
#include <mm/frame.h>
#include <port/frame.h>
#include <port/log.h>
#include <port/tlb.h>
#include <x86/bootmem.h>
#include <x86/paging.h>
#include <x86/pagemap.h>
#include <x86/uart.h>
#include <x86/x86.h>

#define SIZE_2M 0x200000UL
#define SIZE_1G 0x40000000UL
#define FRAMES_PER_PAGE (PAGE_SIZE / sizeof(struct frame)) /* 128 */
#define M2P_PER_EXTENT (SIZE_2M / sizeof(uint64_t)) /* 1 GiB of RAM */

struct frame *frame_table = (struct frame *)FRAMES_VIRT;

static uint64_t limit; /* frames */
static uint64_t image_base;
static bool m2p_extent_has_ram(uint64_t i);
static uint64_t *const m2p = (uint64_t *)M2P_RW_VIRT;

uint64_t frame_limit(void)
{
	return limit;
}

paddr_t image_paddr(const void *p)
{
	return (uint64_t)p - IMAGE_VIRT + image_base;
}

paddr_t hv_image_start(void)
{
	return image_base;
}

paddr_t hv_image_end(void)
{
	return image_paddr(_image_end);
}

paddr_t boot_cr3(void)
{
	return image_paddr(hv_l4);
}

void *frame_map(mfn_t m)
{
	return (void *)(DIRECT_VIRT + mfn_to_paddr(m));
}

mfn_t frame_of(const void *p)
{
	return paddr_to_mfn((uint64_t)p - DIRECT_VIRT);
}

void frame_clear(mfn_t m)
{
	memset(frame_map(m), 0, PAGE_SIZE);
}

void frame_copy(mfn_t dst, mfn_t src)
{
	memcpy(frame_map(dst), frame_map(src), PAGE_SIZE);
}

void m2p_set(mfn_t m, uint64_t pfn)
{
	WRITE_ONCE(m2p[m.v], pfn);
}

uint64_t m2p_get(mfn_t m)
{
	return m.v < limit ? READ_ONCE(m2p[m.v]) : M2P_INVALID;
}

unsigned int m2p_extent_count(void)
{
	return (unsigned int)DIV_ROUND_UP(limit, M2P_PER_EXTENT);
}

/* A hole has no extent: the one before stands in for it, as Xen does it. */
mfn_t m2p_extent(unsigned int i)
{
	while (i && !m2p_extent_has_ram(i))
		i--;
	return paddr_to_mfn(pagemap_lookup(hv_l4, M2P_RW_VIRT + i * SIZE_2M));
}

const uint64_t *hv_l4_entries(void)
{
	return &hv_l4[HV_L4_FIRST];
}

/* RAM below DIRECT_MAX, range by range; the end of the highest. */
static bool next_ram(unsigned int *i, paddr_t *start, paddr_t *end)
{
	for (; *i < bootinfo.map_count; (*i)++) {
		const struct boot_range *r = &bootinfo.map[*i];

		*start = ALIGN_UP(r->start, PAGE_SIZE);
		*end = MIN(r->end, DIRECT_MAX) & PAGE_MASK;
		if (r->type == 1 && *start < *end) {
			(*i)++;
			return true;
		}
	}
	return false;
}

#define for_each_ram(i, s, e)                         \
	paddr_t s, e;                                 \
	for (unsigned int i = 0; next_ram(&i, &s, &e);)

static bool ram_in(paddr_t from, paddr_t to)
{
	for_each_ram(i, s, e)
		if (s < to && e > from)
			return true;
	return false;
}

static void map_direct(paddr_t from, paddr_t to, uint64_t rights)
{
	if (from < to)
		pagemap_add(hv_l4, DIRECT_VIRT + from, from, to - from, rights);
}

/* The image's text and constants are read-only here too. */
static void map_ram(paddr_t s, paddr_t e)
{
	paddr_t ro = image_base, rw = image_paddr(_rodata_end);

	map_direct(s, MIN(e, ro), MAP_RW);
	map_direct(MAX(s, ro), MIN(e, rw), MAP_RO);
	map_direct(MAX(s, rw), e, MAP_RW);
}

void hvpaging_set_base(uint64_t base)
{
	image_base = base;
}

static void map_all_ram(void)
{
	for_each_ram(i, s, e)
	{
		map_ram(s, e);
		limit = MAX(limit, e >> PAGE_SHIFT);
	}
}

static void map_image(void)
{
	uint64_t *l2 = (uint64_t *)pagemap_table(hv_l4, IMAGE_VIRT, 2);
	uint64_t text = (uint64_t)_text_end - IMAGE_VIRT;
	uint64_t rodata = (uint64_t)_rodata_end - IMAGE_VIRT;
	uint64_t end = (uint64_t)_image_end - IMAGE_VIRT;

	/* Build beside, then replace the large pages one by one. */
	for (uint64_t off = 0; off < 4 * SIZE_2M; off += SIZE_2M) {
		uint64_t *l1 = off < end ? bootmem_page() : NULL;

		for (uint64_t p = off; l1 && p < off + SIZE_2M && p < end;
		     p += PAGE_SIZE) {
			uint64_t rights = p < text   ? MAP_RX :
					  p < rodata ? MAP_RO :
						       MAP_RW;

			l1[(p - off) / PAGE_SIZE] = (image_base + p) | rights;
		}
		l2[off / SIZE_2M] = l1 ? (uint64_t)l1 | PAGEMAP_TABLE : 0;
	}
}

/* --- frame table --- */

static void init_frames(uint64_t first, uint64_t count)
{
	for (uint64_t i = first; i < first + count; i++)
		frame_table[i] = (struct frame){ .owner = DOMID_INVALID };
}

static uint64_t *frames_hole; /* a page of no frames */

static void make_frames_hole(void)
{
	struct frame *f = bootmem_page();

	for (unsigned int i = 0; i < FRAMES_PER_PAGE; i++)
		f[i].owner = DOMID_INVALID;
	frames_hole = (uint64_t *)f;
}

static unsigned int pages_with_ram(uint64_t granule)
{
	paddr_t span = FRAMES_PER_PAGE * PAGE_SIZE;
	unsigned int n = 0;

	for (unsigned int i = 0; i < 512; i++) {
		paddr_t from = granule + i * span;

		n += ram_in(from, from + span);
	}
	return n;
}

/* 2 MiB of frame table, where only some of its pages have RAM to describe. */
static void map_frames_sparse(uint64_t va, paddr_t granule)
{
	paddr_t span = FRAMES_PER_PAGE * PAGE_SIZE;

	for (unsigned int i = 0; i < 512; i++, va += PAGE_SIZE) {
		paddr_t from = granule + i * span;

		if (ram_in(from, from + span)) {
			pagemap_add(hv_l4, va,
				    bootmem_alloc(PAGE_SIZE, PAGE_SIZE, 0),
				    PAGE_SIZE, MAP_RW);
			init_frames(from >> PAGE_SHIFT, FRAMES_PER_PAGE);
		} else {
			pagemap_add(hv_l4, va, (paddr_t)frames_hole, PAGE_SIZE,
				    MAP_RO);
		}
	}
}

static void map_frame_table(void)
{
	paddr_t span = SIZE_2M / sizeof(struct frame) * PAGE_SIZE;
	uint64_t va = FRAMES_VIRT;

	make_frames_hole();
	for (paddr_t g = 0; g >> PAGE_SHIFT < limit; g += span, va += SIZE_2M) {
		unsigned int n = pages_with_ram(g);

		if (n == 0) {
			pagemap_fill(hv_l4, va, (paddr_t)frames_hole, MAP_RO);
		} else if (n == 512) {
			pagemap_add(hv_l4, va, bootmem_alloc(SIZE_2M, SIZE_2M, 0),
				    SIZE_2M, MAP_RW);
			init_frames(g >> PAGE_SHIFT, span >> PAGE_SHIFT);
		} else {
			map_frames_sparse(va, g);
		}
	}
}

/* RAM that the allocator does not get, or not yet, is the hypervisor's. */
static void mark_own_frames(void)
{
	for_each_ram(i, s, e)
		for (paddr_t p = s, next; p < e; p = next) {
			next = bootmem_free_end(p);
			if (next)
				continue;
			/* The first MiB counts as device memory. */
			if (p >= 0x100000)
				frame_mark_ram(paddr_to_mfn(p), 1);
			next = p + PAGE_SIZE;
		}
}

/* --- M2P --- */

#define M2P_GUEST_RIGHTS (MAP_RO | PTE_US)

static bool m2p_extent_has_ram(uint64_t i)
{
	return ram_in(i * SIZE_1G, (i + 1) * SIZE_1G);
}

static void map_m2p_alias(uint64_t base, uint64_t rights, paddr_t hole)
{
	for (uint64_t i = 0; i < m2p_extent_count(); i++)
		if (m2p_extent_has_ram(i))
			pagemap_add(hv_l4, base + i * SIZE_2M,
				    mfn_to_paddr(m2p_extent((unsigned int)i)),
				    SIZE_2M, rights);
		else
			pagemap_fill(hv_l4, base + i * SIZE_2M, hole,
				     rights & ~(PTE_RW | PTE_D));
}

static void map_m2p(void)
{
	void *hole = memset(bootmem_page(), 0xff, PAGE_SIZE);

	for (uint64_t i = 0; i < m2p_extent_count(); i++)
		if (m2p_extent_has_ram(i)) {
			paddr_t p = bootmem_alloc(SIZE_2M, SIZE_2M, 0);

			pagemap_add(hv_l4, M2P_RW_VIRT + i * SIZE_2M, p,
				    SIZE_2M, MAP_RW);
			memset((void *)(M2P_RW_VIRT + i * SIZE_2M), 0xff,
			       SIZE_2M);
		}
	map_m2p_alias(M2P_RW_VIRT, MAP_RW, (paddr_t)hole);
	map_m2p_alias(M2P_RO_VIRT, M2P_GUEST_RIGHTS, (paddr_t)hole);
}

/* All of slots 262.. that RAM needs exist; unused ones stay empty. */
int x86_memory_init(void)
{
	bootmem_init();
	map_all_ram();
	if (!limit) {
		log_err("no RAM in the memory map\n");
		return -ENOMEM;
	}
	map_image();
	map_frame_table();
	map_m2p();
	/* Devices map later, under entries that guests already have. */
	pagemap_table(hv_l4, MMIO_VIRT, 3);
	pagemap_table(hv_l4, ACPI_VIRT, 3);
	write_cr3(read_cr3());
	mark_own_frames();
	pagemap_use_allocator();
	bootmem_finish();
	return 0;
}

static void release(paddr_t start, paddr_t end)
{
	uint64_t first = ALIGN_UP(start, PAGE_SIZE) >> PAGE_SHIFT;
	uint64_t last = ALIGN_UP(end, PAGE_SIZE) >> PAGE_SHIFT;

	if (first >= last)
		return;
	init_frames(first, last - first);
	buddy_add(mfn(first), last - first);
}

/*
 * Pages that two modules share go once: a start is rounded up like an end.
 */
void x86_boot_memory_release(void)
{
	vga_release();
	hv_l4[0] = 0;
	tlb_flush(cpu_online(), TLB_ALL_VA); /* its tables are freed below */
	for (unsigned int i = 0; i < bootinfo.module_count; i++) {
		struct boot_module *m = &bootinfo.modules[i];

		release(m->start, m->end);
		m->start = m->end = 0;
	}
	bootinfo.module_count = 0;
	release(image_paddr(_init_start), image_paddr(_init_end));
}
