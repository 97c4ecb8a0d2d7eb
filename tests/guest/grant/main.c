// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Grant tables, with this domain on both ends: entries, mapping, copying, both
 * versions, and the refusals.
 *
 * Attacks covered: references and handles out of range (XSA-18, 134 class),
 * mappings of frames that are not granted or read-only, double unmapping,
 * unmapping with the wrong address or entry (XSA-224, 227, 234), copies that
 * cross a page, giving back a granted frame, entries changed while in use.
 */
#include "../lib/calls.h"

#define REF 20
#define LOST_REF 30 /* stays in use: a test maps it and loses the mapping */

static struct grant_entry_v1 *table;

static long set_up(void)
{
	return table ? 0 : grant_set_up(&table);
}

static void grant(unsigned int ref, const void *page, unsigned int flags)
{
	volatile struct grant_entry_v1 *e = &table[ref];

	e->frame = (uint32_t)virt_to_mfn(page);
	e->domid = mg_self();
	__asm__ volatile("mfence" : : : "memory");
	e->flags = (uint16_t)(GTF_permit_access | flags);
}

static void revoke(unsigned int ref)
{
	*(volatile uint16_t *)&table[ref].flags = 0;
}

static int map(const void *at, unsigned int ref, unsigned int flags,
	       grant_handle_t *h)
{
	struct gnttab_map_grant_ref m = {
		.host_addr = (uint64_t)at, .flags = GNTMAP_host_map | flags,
		.ref = ref, .dom = mg_self(),
	};
	long rc = gop(GNTTABOP_map_grant_ref, &m, 1);

	*h = m.handle;
	return rc ? 1000 : m.status;
}

static int unmap(const void *at, grant_handle_t h)
{
	struct gnttab_unmap_grant_ref u = { .host_addr = (uint64_t)at,
					    .handle = h };
	long rc = gop(GNTTABOP_unmap_grant_ref, &u, 1);

	return rc ? 1000 : u.status;
}

TEST(query_and_set_up)
{
	struct gnttab_query_size q = { .dom = DOMID_SELF };

	CHECK_EQ(gop(GNTTABOP_query_size, &q, 1), 0);
	CHECK_EQ(q.status, 0);
	CHECK(q.max_nr_frames >= 4);
	CHECK_EQ(set_up(), 0);
	CHECK_EQ(table[REF].flags, 0);
}

TEST(versions)
{
	struct gnttab_get_version g = { .dom = DOMID_SELF };
	struct gnttab_set_version s = { 3 };

	CHECK_EQ(set_up(), 0);
	CHECK_EQ(gop(GNTTABOP_set_version, &s, 1), -EINVAL);
	CHECK_EQ(gop(GNTTABOP_get_version, &g, 1), 0);
	CHECK_EQ(g.version, 1);
	CHECK_EQ(set_version(2), 0);
	CHECK_EQ(gop(GNTTABOP_get_version, &g, 1), 0);
	CHECK_EQ(g.version, 2);
	CHECK_EQ(set_version(1), 0);
}

TEST(map_and_unmap)
{
	grant_handle_t h;

	CHECK_EQ(set_up(), 0);
	memset(pages[41], 0x41, PAGE);
	memset(pages[42], 0x42, PAGE);
	grant(REF, pages[41], 0);
	CHECK_EQ(map(pages[42], REF, 0, &h), 0);
	CHECK_EQ(pages[42][7], 0x41);
	CHECK(table[REF].flags & GTF_writing);
	pages[42][7] = 9;
	__asm__ volatile("" : : : "memory");
	CHECK_EQ(pages[41][7], 9);
	CHECK_EQ(unmap(pages[42], h), 0);
	CHECK_EQ(table[REF].flags & (GTF_reading | GTF_writing), 0);
	CHECK_EQ(probe_read(pages[42], (uint64_t *)pages[43]), 14);
	CHECK_EQ(make_writable(pages[42]), 0);
	CHECK(unmap(pages[42], h) < 0);
	revoke(REF);
}

TEST(read_only_grant)
{
	grant_handle_t h;

	CHECK_EQ(set_up(), 0);
	grant(LOST_REF, pages[46], GTF_readonly);
	CHECK(map(pages[47], LOST_REF, 0, &h) < 0);
	CHECK_EQ(map(pages[47], LOST_REF, GNTMAP_readonly, &h), 0);
	CHECK_EQ(table[LOST_REF].flags & GTF_writing, 0);
	CHECK_EQ(probe_write(pages[47], 1), 14);
	CHECK(make_writable(pages[47]) == 0);
	/* The entry was replaced behind the grant's back: no clean unmapping. */
	CHECK(unmap(pages[47], h) < 0);
	revoke(LOST_REF);
}

TEST(bad_references)
{
	static const unsigned int bad[] = { REF + 1, 511, 512, 100000,
					    0x7fffffff, 0xffffffff };
	grant_handle_t h;

	CHECK_EQ(set_up(), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK(map(pages[42], bad[i], 0, &h) < 0);
	grant(REF, pages[41], 0);
	table[REF].domid = 0x7000;
	CHECK(map(pages[42], REF, 0, &h) < 0);
	revoke(REF);
}

TEST(bad_handles)
{
	static const unsigned int bad[] = { 0, 1, 77, 65536, 0x7fffffff,
					    0xffffffff };

	CHECK_EQ(set_up(), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK(unmap(pages[42], bad[i]) < 0);
}

TEST(bad_addresses)
{
	static const uint64_t bad[] = { HYPERVISOR_VIRT_START,
					0x0000800000000000UL, 0x1000 };
	grant_handle_t h;

	CHECK_EQ(set_up(), 0);
	grant(REF, pages[41], 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK(map((void *)bad[i], REF, 0, &h) < 0);
	CHECK(map(pages[42], REF, GNTMAP_contains_pte, &h) < 0);
	CHECK_EQ(table[REF].flags & (GTF_reading | GTF_writing), 0);
	revoke(REF);
}

TEST(unmap_at_the_wrong_place)
{
	grant_handle_t h;

	CHECK_EQ(set_up(), 0);
	grant(REF, pages[41], 0);
	CHECK_EQ(map(pages[42], REF, 0, &h), 0);
	CHECK(unmap(pages[43], h) < 0);
	CHECK_EQ(pages[42][7], pages[41][7]);
	CHECK_EQ(unmap(pages[42], h), 0);
	CHECK_EQ(make_writable(pages[42]), 0);
	revoke(REF);
}

TEST(map_by_entry)
{
	struct gnttab_map_grant_ref m = {
		.flags = GNTMAP_host_map | GNTMAP_contains_pte,
		.ref = REF, .dom = mg_self(),
	};
	struct gnttab_unmap_grant_ref u = { 0 };

	CHECK_EQ(set_up(), 0);
	memset(pages[41], 0x51, PAGE);
	grant(REF, pages[41], 0);
	m.host_addr = pte_machine(pages[42], 1);
	CHECK_EQ(gop(GNTTABOP_map_grant_ref, &m, 1), 0);
	CHECK_EQ(m.status, 0);
	map_va(pages[43], virt_to_mfn(pages[43]) << 12 | PTE_TABLE,
	       UVMF_TLB_FLUSH);
	CHECK_EQ(pages[42][0], 0x51);
	u.host_addr = m.host_addr + 4;
	u.handle = m.handle;
	CHECK_EQ(gop(GNTTABOP_unmap_grant_ref, &u, 1), 0);
	CHECK(u.status < 0);
	u.host_addr = m.host_addr;
	u.handle = m.handle;
	CHECK_EQ(gop(GNTTABOP_unmap_grant_ref, &u, 1), 0);
	CHECK_EQ(u.status, 0);
	CHECK_EQ(make_writable(pages[42]), 0);
	revoke(REF);
}

TEST(page_table_cannot_be_granted_writable)
{
	grant_handle_t h;

	CHECK_EQ(set_up(), 0);
	grant(REF, (void *)start->pt_base, 0);
	CHECK(map(pages[42], REF, 0, &h) < 0);
	revoke(REF);
}

static int copy(struct gnttab_copy *c)
{
	long rc = gop(GNTTABOP_copy, c, 1);

	return rc ? 1000 : c->status;
}

TEST(copy_from_grant)
{
	struct gnttab_copy c = {
		.source = { .u.ref = REF, .domid = DOMID_SELF, .offset = 16 },
		.dest = { .domid = DOMID_SELF, .offset = 32 },
		.len = 100, .flags = GNTCOPY_source_gref,
	};

	CHECK_EQ(set_up(), 0);
	memset(pages[41], 0x61, PAGE);
	memset(pages[44], 0, PAGE);
	grant(REF, pages[41], GTF_readonly);
	c.dest.u.gmfn = virt_to_mfn(pages[44]);
	CHECK_EQ(copy(&c), 0);
	CHECK_EQ(pages[44][31], 0);
	CHECK_EQ(pages[44][32], 0x61);
	CHECK_EQ(pages[44][131], 0x61);
	CHECK_EQ(pages[44][132], 0);
	CHECK_EQ(table[REF].flags & (GTF_reading | GTF_writing), 0);
	revoke(REF);
}

TEST(copy_refusals)
{
	struct gnttab_copy c = {
		.source = { .u.ref = REF, .domid = DOMID_SELF },
		.dest = { .domid = DOMID_SELF },
		.len = 100, .flags = GNTCOPY_source_gref,
	};

	CHECK_EQ(set_up(), 0);
	grant(REF, pages[41], GTF_readonly);
	c.dest.u.gmfn = virt_to_mfn(pages[44]);
	c.source.offset = 4000;
	CHECK(copy(&c) < 0);
	c.source.offset = 0;
	c.dest.offset = 4095;
	CHECK(copy(&c) < 0);
	c.dest.offset = 0;
	c.dest.u.gmfn = 1UL << 45;
	CHECK(copy(&c) < 0);
	c.dest.u.gmfn = virt_to_mfn((void *)start->pt_base);
	CHECK(copy(&c) < 0);
	/* Towards a read-only grant. */
	c.dest.u.ref = REF;
	c.flags = GNTCOPY_dest_gref;
	c.source.u.gmfn = virt_to_mfn(pages[44]);
	CHECK(copy(&c) < 0);
	revoke(REF);
}

TEST(batch_goes_on_after_a_failure)
{
	struct gnttab_copy c[3];

	CHECK_EQ(set_up(), 0);
	grant(REF, pages[41], GTF_readonly);
	for (unsigned int i = 0; i < 3; i++) {
		c[i] = (struct gnttab_copy){
			.source = { .u.ref = i == 1 ? 999999 : REF,
				    .domid = DOMID_SELF },
			.dest = { .domid = DOMID_SELF },
			.len = 8, .flags = GNTCOPY_source_gref, .status = 5,
		};
		c[i].dest.u.gmfn = virt_to_mfn(pages[44]);
	}
	CHECK_EQ(gop(GNTTABOP_copy, c, 3), 0);
	CHECK_EQ(c[0].status, 0);
	CHECK(c[1].status < 0);
	CHECK_EQ(c[2].status, 0);
	revoke(REF);
}

TEST(granted_frame_given_back)
{
	struct xen_memory_reservation r = { .nr_extents = 1,
					    .domid = DOMID_SELF };
	uint64_t pfn = virt_to_pfn(pages[45]);
	xen_pfn_t f = virt_to_mfn(pages[45]);
	grant_handle_t h;

	CHECK_EQ(set_up(), 0);
	memset(pages[45], 0x45, PAGE);
	grant(REF, pages[45], 0);
	CHECK_EQ(map(pages[42], REF, 0, &h), 0);
	CHECK_EQ(map_va(pages[45], 0, UVMF_INVLPG), 0);
	r.extent_start.p = &f;
	HC2(memory_op, XENMEM_decrease_reservation, &r);
	/* Still mapped through the grant, so still the same memory. */
	CHECK_EQ(pages[42][100], 0x45);
	CHECK_EQ(unmap(pages[42], h), 0);
	CHECK_EQ(make_writable(pages[42]), 0);
	revoke(REF);
	f = pfn;
	CHECK_EQ(HC2(memory_op, XENMEM_populate_physmap, &r), 1);
	((uint64_t *)start->mfn_list)[pfn] = f;
	CHECK_EQ(make_writable(pages[45]), 0);
}

TEST(swap)
{
	struct gnttab_swap_grant_ref s = { REF, REF + 1, 0 };
	uint32_t a;

	CHECK_EQ(set_up(), 0);
	grant(REF, pages[41], 0);
	grant(REF + 1, pages[44], 0);
	a = table[REF].frame;
	CHECK_EQ(gop(GNTTABOP_swap_grant_ref, &s, 1), 0);
	CHECK_EQ(s.status, 0);
	CHECK_EQ(table[REF + 1].frame, a);
	s.ref_b = 0xffffffff;
	CHECK_EQ(gop(GNTTABOP_swap_grant_ref, &s, 1), 0);
	CHECK(s.status < 0);
	revoke(REF);
	revoke(REF + 1);
}

TEST(counts_and_handles)
{
	struct gnttab_map_grant_ref m = { 0 };

	CHECK(gop(1000, &m, 1) < 0);
	CHECK_EQ(gop(GNTTABOP_map_grant_ref, &m, 0), 0);
	CHECK(gop(GNTTABOP_map_grant_ref,
		  (void *)(HYPERVISOR_VIRT_START + 0x3000), 1) < 0);
	CHECK(gop(GNTTABOP_map_grant_ref, &m, 0xffffffff) < 0);
}
