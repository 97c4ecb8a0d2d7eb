// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * memory_op: giving frames back and taking new ones, exchange, queries, and
 * their refusals.  Attacks covered: extent orders and counts that overflow
 * (XSA-31 class), exchange with handles that wrap (XSA-212), giving back page
 * tables and frames of others, contents of earlier owners (XSA-100).
 */
#include "../lib/mg.h"

static long reserve(unsigned int cmd, xen_pfn_t *frames, unsigned long n,
		    unsigned int order)
{
	struct xen_memory_reservation r = {
		.nr_extents = n, .extent_order = order, .domid = DOMID_SELF,
	};

	r.extent_start.p = frames;
	return HC2(memory_op, cmd, &r);
}

TEST(give_back_and_take)
{
	uint64_t pfn = virt_to_pfn(pages[20]);
	xen_pfn_t f = virt_to_mfn(pages[20]);
	uint64_t before, after;
	domid_t self = DOMID_SELF;

	before = (uint64_t)HC2(memory_op, XENMEM_current_reservation, &self);
	CHECK_EQ(map_va(pages[20], 0, UVMF_INVLPG), 0);
	CHECK_EQ(reserve(XENMEM_decrease_reservation, &f, 1, 0), 1);
	after = (uint64_t)HC2(memory_op, XENMEM_current_reservation, &self);
	CHECK_EQ(after, before - 1);
	f = pfn;
	CHECK_EQ(reserve(XENMEM_populate_physmap, &f, 1, 0), 1);
	((uint64_t *)start->mfn_list)[pfn] = f;
	CHECK_EQ(make_writable(pages[20]), 0);
	CHECK_EQ(((uint64_t *)MACH2PHYS_VIRT_START)[f], pfn);
	for (unsigned int i = 0; i < PAGE; i++)
		CHECK_EQ(pages[20][i], 0);
}

TEST(mapped_frames_stay_until_unmapped)
{
	xen_pfn_t f = virt_to_mfn(pages[21]);
	uint64_t v;

	pages[21][0] = 0x42;
	CHECK_EQ(reserve(XENMEM_decrease_reservation, &f, 1, 0), 1);
	CHECK_EQ(probe_read(pages[21], &v), -1);
	CHECK_EQ(v & 0xff, 0x42);
	/* A second time changes nothing, whatever it answers. */
	CHECK(reserve(XENMEM_decrease_reservation, &f, 1, 0) >= 0);
	CHECK_EQ(probe_read(pages[21], &v), -1);
	CHECK_EQ(map_va(pages[21], 0, UVMF_INVLPG), 0);
	f = virt_to_pfn(pages[21]);
	CHECK_EQ(reserve(XENMEM_populate_physmap, &f, 1, 0), 1);
	((uint64_t *)start->mfn_list)[virt_to_pfn(pages[21])] = f;
	CHECK_EQ(make_writable(pages[21]), 0);
}

TEST(not_ours)
{
	xen_pfn_t f = 1UL << 40;

	CHECK_EQ(reserve(XENMEM_decrease_reservation, &f, 1, 0), 0);
	f = 0;
	CHECK(reserve(XENMEM_decrease_reservation, &f, 1, 0) <= 0);
}

TEST(orders_and_counts)
{
	static const unsigned int order[] = { 20, 31, 32, 63, 64, 0xffffffff };
	static xen_pfn_t f[4];

	for (unsigned int i = 0; i < ARRAY_SIZE(order); i++) {
		CHECK(reserve(XENMEM_populate_physmap, f, 1, order[i]) <= 0);
		CHECK(reserve(XENMEM_increase_reservation, f, 1, order[i]) <=
		      0);
		f[0] = virt_to_mfn(pages[22]);
		CHECK(reserve(XENMEM_decrease_reservation, f, 1, order[i]) <=
		      0);
	}
	CHECK(reserve(XENMEM_populate_physmap, f, ~0UL, 0) <= 0);
	CHECK(reserve(XENMEM_populate_physmap, f, 1UL << 60, 0) <= 0);
	CHECK(reserve(XENMEM_populate_physmap, f, 0, 0) <= 0);
}

TEST(exchange)
{
	xen_pfn_t in = virt_to_mfn(pages[23]);
	xen_pfn_t out = virt_to_pfn(pages[23]);
	struct xen_memory_exchange x = {
		.in = { .nr_extents = 1, .domid = DOMID_SELF },
		.out = { .nr_extents = 1, .domid = DOMID_SELF },
	};

	x.in.extent_start.p = &in;
	x.out.extent_start.p = &out;
	CHECK_EQ(map_va(pages[23], 0, UVMF_INVLPG), 0);
	CHECK_EQ(HC2(memory_op, XENMEM_exchange, &x), 0);
	CHECK_EQ(x.nr_exchanged, 1);
	((uint64_t *)start->mfn_list)[virt_to_pfn(pages[23])] = out;
	CHECK_EQ(make_writable(pages[23]), 0);
	CHECK_EQ(pages[23][0], 0);
}

TEST(exchange_refusals)
{
	xen_pfn_t in = virt_to_mfn(pages[24]), out = 0;
	struct xen_memory_exchange x = {
		.in = { .nr_extents = 1, .domid = DOMID_SELF },
		.out = { .nr_extents = 1, .domid = DOMID_SELF },
	};

	x.in.extent_start.p = &in;
	x.out.extent_start.p = (void *)(HYPERVISOR_VIRT_START + 0x1000);
	CHECK(HC2(memory_op, XENMEM_exchange, &x) < 0);
	x.out.extent_start.p = &out;
	x.nr_exchanged = ~0UL;
	CHECK(HC2(memory_op, XENMEM_exchange, &x) < 0);
	x.nr_exchanged = 0;
	x.in.nr_extents = 1UL << 60;
	CHECK(HC2(memory_op, XENMEM_exchange, &x) < 0);
	x.in.nr_extents = 1;
	x.out.extent_order = 40;
	CHECK(HC2(memory_op, XENMEM_exchange, &x) < 0);
	/* The page is still ours and mapped. */
	pages[24][0] = 1;
}

TEST(queries)
{
	domid_t self = DOMID_SELF;
	long cur = HC2(memory_op, XENMEM_current_reservation, &self);

	CHECK(cur > 0);
	CHECK(HC2(memory_op, XENMEM_maximum_reservation, &self) >= cur);
	CHECK(HC2(memory_op, XENMEM_maximum_ram_page, 0) > cur);
}

TEST(machphys)
{
	struct xen_machphys_mapping m;
	xen_pfn_t list[8];
	struct xen_machphys_mfn_list l = { .max_extents = ARRAY_SIZE(list) };

	CHECK_EQ(HC2(memory_op, XENMEM_machphys_mapping, &m), 0);
	CHECK_EQ(m.v_start, MACH2PHYS_VIRT_START);
	CHECK(m.max_mfn > 0);
	l.extent_start.p = list;
	if (is_dom0) {
		CHECK_EQ(HC2(memory_op, XENMEM_machphys_mfn_list, &l), 0);
		CHECK(l.nr_extents >= 1);
	}
}

TEST(memory_map)
{
	static uint8_t map[128 * 20];
	struct xen_memory_map m = { .nr_entries = 128 };

	if (!is_dom0)
		SKIP("only the control domain has the machine's map");
	m.buffer.p = (void *)map;
	CHECK_EQ(HC2(memory_op, XENMEM_machine_memory_map, &m), 0);
	CHECK(m.nr_entries > 2);
}
