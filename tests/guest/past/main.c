// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Attacks of the past that need one vCPU and have no place in the other rooms'
 * guests: exchange with numbers that wrap (XSA-29, 31, 159, 212), pinned tables
 * given back (XSA-252), tables inside themselves made writable (XSA-182, 240),
 * grants that lead to grants (XSA-226), lists longer than said (XSA-382), bytes
 * of the hypervisor's stack in answers (XSA-122, 132), calls that change who
 * calls inside a multicall (XSA-213), nodes that do not exist (XSA-231).
 */
#include "../lib/calls.h"

#include <abi/physdev.h>
#include <abi/version.h>

/* --- memory --- */

static const struct {
	unsigned long in, out, done;
	unsigned int in_order, out_order;
} wraps[] = {
	{ 1, 1, 1UL << 63, 0, 0 },	{ 1, 1, ~0UL, 0, 0 },
	{ 1, 1, ~0UL >> 3, 0, 0 },	{ 1, 1UL << 61, 0, 0, 0 },
	{ 1UL << 61, 1UL << 61, 0, 0, 0 },
	{ 1UL << 61, 1UL << 52, 1UL << 52, 0, 9 },
	{ 1, 1UL << 9, 2, 9, 0 },	{ 1, 1, 0, 63, 63 },
	{ 1, 1, 0, 64, 0 },		{ 1, 1, 0, 0, 64 },
	{ 1, 1, 0, 0xffffffff, 0xffffffff },
	{ 2, 1, 0, 0, 0 },		{ 1UL << 55, 1UL << 46, 0, 0, 9 },
};

TEST(exchange_wraps)
{
	static xen_pfn_t in[2], out[2];
	long before = frames_now();

	for (unsigned int i = 0; i < ARRAY_SIZE(wraps); i++) {
		struct xen_memory_exchange x = {
			.in = { .nr_extents = wraps[i].in, .domid = DOMID_SELF,
				.extent_order = wraps[i].in_order },
			.out = { .nr_extents = wraps[i].out,
				 .domid = DOMID_SELF,
				 .extent_order = wraps[i].out_order },
			.nr_exchanged = wraps[i].done,
		};

		/* Nothing of this guest's: whatever is taken is too much. */
		in[0] = in[1] = 1UL << 45;
		x.in.extent_start.p = in;
		x.out.extent_start.p = out;
		CHECK(HC2(memory_op, XENMEM_exchange, &x) < 0);
		CHECK_EQ(out[0], 0);
		CHECK_EQ(frames_now(), before);
	}
}

TEST(pinned_table_given_back)
{
	xen_pfn_t f = virt_to_mfn(pages[0]);
	long before = frames_now();

	CHECK_EQ(make_readonly(pages[0]), 0);
	CHECK_EQ(ext(MMUEXT_PIN_L1_TABLE, f), 0);
	CHECK(reserve(XENMEM_decrease_reservation, &f, 1, 0) >= 0);
	/* Pinned or not by now, it is mapped: it is neither free nor lost. */
	CHECK_EQ(((volatile uint64_t *)pages[0])[0], 0);
	ext(MMUEXT_UNPIN_TABLE, f);
	CHECK_EQ(map_va(pages[0], 0, UVMF_INVLPG), 0);
	reserve(XENMEM_decrease_reservation, &f, 1, 0);
	CHECK_EQ(frames_now(), before - 1);
	CHECK(take_frame(pages[0]));
}

TEST(nodes_that_do_not_exist)
{
	static const unsigned int flags[] = { 0xfe00, 0xff00, 0x2fe00, 0x1000 };

	for (unsigned int i = 0; i < ARRAY_SIZE(flags); i++) {
		xen_pfn_t f = virt_to_pfn(pages[1]);
		long rc;

		f = virt_to_mfn(pages[1]);
		CHECK_EQ(map_va(pages[1], 0, UVMF_INVLPG), 0);
		CHECK_EQ(reserve(XENMEM_decrease_reservation, &f, 1, 0), 1);
		f = virt_to_pfn(pages[1]);
		rc = reserve(XENMEM_populate_physmap, &f, 1, flags[i]);
		if (rc == 1) {
			((uint64_t *)start->mfn_list)[virt_to_pfn(pages[1])] =
				f;
			CHECK_EQ(make_writable(pages[1]), 0);
		} else {
			CHECK(take_frame(pages[1]));
		}
	}
}

/* --- page tables --- */

TEST(table_in_itself)
{
	uint64_t *t[4];

	for (unsigned int i = 1; i < 4; i++) {
		t[i] = (uint64_t *)pages[i];
		clear_page(t[i]);
		CHECK_EQ(make_readonly(t[i]), 0);
	}
	for (unsigned int i = 1; i < 4; i++) {
		uint64_t self = machine(t[i]);

		CHECK_EQ(ext(i == 1 ? MMUEXT_PIN_L2_TABLE :
			     i == 2 ? MMUEXT_PIN_L3_TABLE :
				      MMUEXT_PIN_L4_TABLE, self >> 12), 0);
		CHECK(update(self + 8, self | PTE_TABLE) < 0);
		/* To read it: allowed or refused. To write it, never. */
		if (update(self + 8, self | PTE_P | PTE_US) == 0) {
			CHECK(update(self + 8, self | PTE_TABLE) < 0);
			CHECK(update((self + 8) | MMU_PT_UPDATE_PRESERVE_AD,
				     self | PTE_TABLE) < 0);
			CHECK_EQ(update(self + 8, 0), 0);
		}
		CHECK_EQ(ext(MMUEXT_UNPIN_TABLE, self >> 12), 0);
		CHECK_EQ(make_writable(t[i]), 0);
	}
}

TEST(only_flags_change)
{
	uint64_t e = pte_machine(pages[4], 1);
	static const uint64_t bit[] = { PTE_PWT, PTE_PCD, PTE_PWT | PTE_PCD,
					PTE_NX, 0x200, 0xe00 };

	/* Writes to level 2 are never emulated: they fault. */
	CHECK_EQ(make_readonly(pages[4]), 0);
	CHECK_EQ(ext(MMUEXT_PIN_L2_TABLE, virt_to_mfn(pages[4])), 0);
	/* Flags that need no check beside one that does. */
	for (unsigned int i = 0; i < ARRAY_SIZE(bit); i++) {
		update(e, machine(pages[4]) | PTE_P | PTE_US | bit[i]);
		CHECK(update(e, machine(pages[4]) | PTE_TABLE | bit[i]) < 0);
		CHECK_EQ(probe_write(pages[4], 1), 14);
	}
	CHECK_EQ(ext(MMUEXT_UNPIN_TABLE, virt_to_mfn(pages[4])), 0);
	CHECK_EQ(make_writable(pages[4]), 0);
}

/* --- grants --- */

TEST(grants_that_lead_to_themselves)
{
	struct gnttab_setup_table s = { .dom = DOMID_SELF, .nr_frames = 1 };
	union grant_entry_v2 *t = (void *)pages[40];
	uint64_t frame = 0;

	CHECK_EQ(set_version(2), 0);
	s.frame_list.p = &frame;
	CHECK_EQ(gop(GNTTABOP_setup_table, &s, 1), 0);
	CHECK_EQ(s.status, 0);
	CHECK_EQ(map_va(t, frame << 12 | PTE_TABLE, UVMF_INVLPG), 0);
	/* 20 -> 21 -> 22 -> 20, and 23 -> 23. */
	for (unsigned int r = 20; r < 24; r++) {
		t[r].transitive.trans_domid = mg_self();
		t[r].transitive.gref = r == 23 ? 23 : r == 22 ? 20 : r + 1;
		t[r].hdr.domid = mg_self();
		t[r].hdr.flags = GTF_transitive;
	}
	for (unsigned int r = 20; r < 24; r++) {
		struct gnttab_copy c = {
			.source.u.ref = r, .source.domid = mg_self(),
			.dest.u.gmfn = virt_to_mfn(pages[5]),
			.dest.domid = DOMID_SELF,
			.len = 16, .flags = GNTCOPY_source_gref,
		};
		struct gnttab_map_grant_ref m = {
			.host_addr = (uint64_t)pages[6], .ref = r,
			.flags = GNTMAP_host_map, .dom = mg_self(),
		};

		CHECK_EQ(gop(GNTTABOP_copy, &c, 1), 0);
		CHECK(c.status < 0);
		CHECK_EQ(gop(GNTTABOP_map_grant_ref, &m, 1), 0);
		CHECK(m.status < 0);
		t[r].hdr.flags = 0;
	}
	CHECK_EQ(set_version(1), 0);
	CHECK_EQ(make_writable(pages[40]), 0);
}

TEST(lists_end_where_said)
{
	static uint64_t list[64];
	struct gnttab_get_status_frames g = { .dom = DOMID_SELF,
					      .nr_frames = 1 };
	struct gnttab_setup_table s = { .dom = DOMID_SELF, .nr_frames = 2 };

	CHECK_EQ(set_version(2), 0);
	memset(list, 0xa5, sizeof(list));
	g.frame_list.p = list;
	CHECK_EQ(gop(GNTTABOP_get_status_frames, &g, 1), 0);
	CHECK_EQ(g.status, 0);
	for (unsigned int i = 1; i < 64; i++)
		CHECK_EQ(list[i], 0xa5a5a5a5a5a5a5a5UL);
	memset(list, 0xa5, sizeof(list));
	s.frame_list.p = list;
	CHECK_EQ(gop(GNTTABOP_setup_table, &s, 1), 0);
	for (unsigned int i = 2; i < 64; i++)
		CHECK_EQ(list[i], 0xa5a5a5a5a5a5a5a5UL);
	g.nr_frames = 0xffffffff;
	CHECK(gop(GNTTABOP_get_status_frames, &g, 1) < 0 || g.status < 0);
	s.nr_frames = 0xffffffff;
	CHECK(gop(GNTTABOP_setup_table, &s, 1) < 0 || s.status < 0);
	CHECK_EQ(set_version(1), 0);
}

/* --- answers --- */

/* A byte that is neither left alone nor the same each time is a stray one. */
static unsigned int stray(void (*ask)(void *), size_t size)
{
	static uint8_t a[2048], b[2048];
	unsigned int n = 0;

	memset(a, 0x00, sizeof(a));
	memset(b, 0xff, sizeof(b));
	ask(a);
	HC2(xen_version, 1000, 0x1234567);
	HC3(vcpu_op, VCPUOP_is_up, 0x7654321, 0);
	ask(b);
	for (size_t i = 0; i < sizeof(a); i++)
		n += a[i] != b[i] && (a[i] != 0 || b[i] != 0xff);
	for (size_t i = size; i < sizeof(a); i++)
		n += a[i] != 0 || b[i] != 0xff;
	return n;
}

static void ask_extraversion(void *p)
{
	HC2(xen_version, XENVER_extraversion, p);
}

static void ask_compile_info(void *p)
{
	HC2(xen_version, XENVER_compile_info, p);
}

static void ask_capabilities(void *p)
{
	HC2(xen_version, XENVER_capabilities, p);
}

static void ask_changeset(void *p)
{
	HC2(xen_version, XENVER_changeset, p);
}

static void ask_commandline(void *p)
{
	HC2(xen_version, XENVER_commandline, p);
}

static void ask_mapping(void *p)
{
	HC2(memory_op, XENMEM_machphys_mapping, p);
}

static void ask_port_status(void *p)
{
	struct evtchn_status *s = p;

	s->dom = DOMID_SELF;
	s->port = 60;
	HC2(event_channel_op, EVTCHNOP_status, s);
	s->dom = 0;
	s->port = 0;
}

TEST(no_stray_bytes)
{
	CHECK_EQ(stray(ask_extraversion, 16), 0);
	CHECK_EQ(stray(ask_capabilities, 1024), 0);
	CHECK_EQ(stray(ask_changeset, 64), 0);
	CHECK_EQ(stray(ask_compile_info, 64 + 16 + 32 + 32), 0);
	CHECK_EQ(stray(ask_commandline, 1024), 0);
	CHECK_EQ(stray(ask_mapping, sizeof(struct xen_machphys_mapping)), 0);
	CHECK_EQ(stray(ask_port_status, sizeof(struct evtchn_status)), 0);
}

/* --- multicall --- */

TEST(multicall_in_multicall)
{
	struct multicall_entry in[2] = {
		{ .op = __HYPERVISOR_xen_version },
		{ .op = __HYPERVISOR_xen_version },
	};
	struct multicall_entry m[2] = {
		{ .op = __HYPERVISOR_multicall,
		  .args = { (uint64_t)in, 2 } },
		{ .op = __HYPERVISOR_xen_version },
	};

	/* A list that is its own argument ends too. */
	CHECK_EQ(HC2(multicall, m, 2), 0);
	CHECK_EQ(m[1].result, 4 << 16 | 17);
	m[0] = (struct multicall_entry){ .op = __HYPERVISOR_multicall,
					 .args = { (uint64_t)m, 2 } };
	CHECK_EQ(HC2(multicall, m, 2), 0);
	CHECK_EQ(m[1].result, 4 << 16 | 17);
}
