// SPDX-License-Identifier: GPL-2.0-or-later
/* Mapping and copying by grants: references, use bits, flushes, refusals. */
#include "grant_calls.h"

static struct domain *a, *b;
static struct vcpu *va, *vb;
static mfn_t l1; /* of b */
static uint64_t free_before;
static uint32_t version;

static int setup_version(uint32_t v)
{
	free_before = buddy_free_count();
	a = fake_domain(2, 1);
	b = fake_domain(1, 2);
	va = a->vcpus[0];
	vb = b->vcpus[0];
	l1 = fake_tables(b);
	fake_settle();
	version = v;
	assert_int_equal(g_set_version(va, v), 0);
	return 0;
}

static int setup1(void **state)
{
	(void)state;
	return setup_version(1);
}

static int setup2(void **state)
{
	(void)state;
	return setup_version(2);
}

static int teardown(void **state)
{
	(void)state;
	fake_destroy(b);
	fake_destroy(a);
	assert_clean(free_before);
	return 0;
}

static uint64_t pte(unsigned int page)
{
	return *pt_entry(l1, page);
}

static void assert_counts(const struct domain *d, uint32_t active,
			  uint32_t mapped)
{
	struct grant_counts n;

	grant_count(d, &n);
	assert_int_equal(n.active, active);
	assert_int_equal(n.mapped, mapped);
	assert_int_equal(n.frames, 1);
}

static void test_map_unmap(void **state)
{
	mfn_t m = fake_frame(a);
	int64_t h;

	(void)state;
	g_grant(a, 9, b->id, m, false);
	h = g_map(vb, a->id, 9, 5 * PAGE_SIZE, GNTMAP_host_map);
	assert_true(h >= 0);
	assert_int_equal(pte_mfn(pte(5)).v, m.v);
	assert_true(pte(5) & PTE_RW);
	assert_int_equal(g_use(a, 9), GTF_reading | GTF_writing);
	assert_int_equal(frame_refs(m), 3); /* owner, grant, entry */
	assert_counts(a, 1, 0);
	assert_counts(b, 0, 1);
	assert_int_equal(ptype_count(m), 2);
	assert_int_equal(g_unmap(vb, (uint32_t)h, 5 * PAGE_SIZE, 0), 0);
	assert_int_equal(pte(5), 0);
	assert_int_equal(g_use(a, 9), 0);
	assert_int_equal(frame_refs(m), 1);
	assert_int_equal(g_unmap(vb, (uint32_t)h, 5 * PAGE_SIZE, 0),
			 GNTST_bad_handle);
	assert_counts(a, 0, 0);
	assert_counts(b, 0, 0);
}

static void test_read_only(void **state)
{
	mfn_t m = fake_frame(a);
	int64_t h;

	(void)state;
	g_grant(a, 9, b->id, m, true);
	assert_int_equal(g_map(vb, a->id, 9, PAGE_SIZE, GNTMAP_host_map),
			 GNTST_general_error);
	assert_int_equal(g_use(a, 9), 0);
	h = g_map(vb, a->id, 9, PAGE_SIZE, GNTMAP_host_map | GNTMAP_readonly);
	assert_true(h >= 0);
	assert_false(pte(1) & PTE_RW);
	assert_int_equal(g_use(a, 9), GTF_reading);
	assert_int_equal(ptype_count(m), 0);
	assert_int_equal(g_unmap(vb, (uint32_t)h, PAGE_SIZE, 0), 0);
	assert_int_equal(frame_refs(m), 1);
}

/* A read-only handle does not end a writable mapping of the same frame. */
static void test_crossed(void **state)
{
	mfn_t m = fake_frame(a);
	int64_t rw, ro;

	(void)state;
	g_grant(a, 9, b->id, m, false);
	g_grant(a, 10, b->id, m, true);
	rw = g_map(vb, a->id, 9, PAGE_SIZE, GNTMAP_host_map);
	ro = g_map(vb, a->id, 10, 2 * PAGE_SIZE,
		   GNTMAP_host_map | GNTMAP_readonly);
	assert_true(rw >= 0 && ro >= 0);
	assert_int_equal(g_unmap(vb, (uint32_t)rw, 2 * PAGE_SIZE, 0),
			 GNTST_general_error);
	assert_int_equal(g_unmap(vb, (uint32_t)ro, PAGE_SIZE, 0),
			 GNTST_general_error);
	assert_int_equal(g_use(a, 9), GTF_reading | GTF_writing);
	assert_int_equal(g_unmap(vb, (uint32_t)rw, PAGE_SIZE, 0), 0);
	assert_int_equal(g_unmap(vb, (uint32_t)ro, 2 * PAGE_SIZE, 0), 0);
	assert_int_equal(frame_refs(m), 1);
}

static void test_refused(void **state)
{
	mfn_t m = fake_frame(a), other = fake_frame(b);
	int64_t big = version == 1 ? 512 : 256;

	(void)state;
	g_grant(a, 9, 7, m, false);
	assert_int_equal(g_map(vb, a->id, 9, 0, GNTMAP_host_map),
			 GNTST_general_error);
	assert_int_equal(g_map(vb, a->id, 8, 0, GNTMAP_host_map),
			 GNTST_general_error);
	assert_int_equal(g_map(vb, a->id, (uint32_t)big, 0, GNTMAP_host_map),
			 GNTST_bad_gntref);
	assert_int_equal(g_map(vb, a->id, ~0U, 0, GNTMAP_host_map),
			 GNTST_bad_gntref);
	assert_int_equal(g_map(vb, 99, 9, 0, GNTMAP_host_map),
			 GNTST_bad_domain);
	assert_int_equal(g_map(vb, DOMID_SELF, 9, 0, GNTMAP_host_map),
			 GNTST_bad_domain);
	assert_int_equal(g_map(vb, DOMID_IO, 9, 0, GNTMAP_host_map),
			 GNTST_bad_domain);
	assert_int_equal(g_map(vb, a->id, 9, 0, 0), GNTST_bad_gntref);
	/* A frame that is not the granter's; one that is no frame. */
	g_grant(a, 9, b->id, other, false);
	assert_int_equal(g_map(vb, a->id, 9, 0, GNTMAP_host_map),
			 GNTST_general_error);
	g_grant(a, 9, b->id, mfn(0xffffff), false);
	assert_int_equal(g_map(vb, a->id, 9, 0, GNTMAP_host_map),
			 GNTST_general_error);
	/* No page table there; nowhere at all. */
	g_grant(a, 9, b->id, m, false);
	assert_int_equal(g_map(vb, a->id, 9, 1UL << 30, GNTMAP_host_map),
			 GNTST_general_error);
	assert_int_equal(g_map(vb, a->id, 9, 0xffff800000000000UL,
			       GNTMAP_host_map), GNTST_general_error);
	assert_int_equal(g_map(vb, a->id, 9, mfn_to_paddr(l1) + 4,
			       GNTMAP_host_map | GNTMAP_contains_pte),
			 GNTST_general_error);
	assert_int_equal(g_map(vb, a->id, 9, mfn_to_paddr(other),
			       GNTMAP_host_map | GNTMAP_contains_pte),
			 GNTST_general_error);
	assert_int_equal(g_use(a, 9), 0);
	assert_int_equal(frame_refs(m), 1);
	assert_int_equal(g_unmap(vb, 0, PAGE_SIZE, 0), GNTST_bad_handle);
	assert_int_equal(g_unmap(vb, ~0U, PAGE_SIZE, 0), GNTST_bad_handle);
}

/* A page table of the granter's is not mapped writable. */
static void test_table_frame(void **state)
{
	mfn_t t = fake_tables(a);
	int64_t h;

	(void)state;
	g_grant(a, 9, b->id, t, false);
	assert_int_equal(g_map(vb, a->id, 9, 0, GNTMAP_host_map),
			 GNTST_general_error);
	assert_int_equal(g_use(a, 9), 0);
	h = g_map(vb, a->id, 9, 0, GNTMAP_host_map | GNTMAP_readonly);
	assert_true(h >= 0);
	assert_int_equal(g_unmap(vb, (uint32_t)h, 0 + PAGE_SIZE, 0),
			 GNTST_general_error);
}

static void test_by_pte(void **state)
{
	mfn_t m = fake_frame(a);
	uint64_t at = mfn_to_paddr(l1) + 7 * 8;
	int64_t h;

	(void)state;
	g_grant(a, 9, b->id, m, false);
	h = g_map(vb, a->id, 9, at,
		  GNTMAP_host_map | GNTMAP_contains_pte |
			  GNTMAP_application_map | 1U << _GNTMAP_guest_avail0);
	assert_true(h >= 0);
	assert_int_equal(pte_mfn(pte(7)).v, m.v);
	assert_true(pte(7) & BIT(9));
	assert_int_equal(g_unmap(vb, (uint32_t)h, at, 0), 0);
	assert_int_equal(pte(7), 0);
	assert_int_equal(frame_refs(m), 1);
}

/* Host and device parts of one handle end apart. */
static void test_device(void **state)
{
	mfn_t m = fake_frame(a);
	struct gnttab_map_grant_ref op = {
		.host_addr = PAGE_SIZE, .ref = 9, .dom = a->id,
		.flags = GNTMAP_host_map | GNTMAP_device_map,
	};

	(void)state;
	g_grant(a, 9, b->id, m, false);
	assert_int_equal(grant_op(vb, GNTTABOP_map_grant_ref, &op), 0);
	assert_int_equal(op.status, GNTST_okay);
	assert_int_equal(op.dev_bus_addr, mfn_to_paddr(m));
	assert_int_equal(g_unmap(vb, op.handle, PAGE_SIZE, 0), GNTST_okay);
	assert_int_equal(g_use(a, 9), GTF_reading | GTF_writing);
	assert_int_equal(g_unmap(vb, op.handle, 0, 4096), GNTST_general_error);
	assert_int_equal(g_unmap(vb, op.handle, 0, mfn_to_paddr(m)),
			 GNTST_okay);
	assert_int_equal(g_use(a, 9), 0);
	assert_int_equal(g_unmap(vb, op.handle, 0, mfn_to_paddr(m)),
			 GNTST_bad_handle);
	assert_int_equal(frame_refs(m), 1);
}

static void test_replace(void **state)
{
	mfn_t m = fake_frame(a), mine = fake_frame(b);
	struct gnttab_unmap_and_replace op = { .host_addr = PAGE_SIZE,
					       .new_addr = 2 * PAGE_SIZE };
	int64_t h;

	(void)state;
	g_grant(a, 9, b->id, m, false);
	g_grant(b, 9, b->id, mine, false);
	h = g_map(vb, b->id, 9, 2 * PAGE_SIZE, GNTMAP_host_map); /* one's own */
	assert_true(h >= 0);
	op.handle = (uint32_t)g_map(vb, a->id, 9, PAGE_SIZE, GNTMAP_host_map);
	assert_int_equal(grant_op(vb, GNTTABOP_unmap_and_replace, &op), 0);
	assert_int_equal(op.status, GNTST_okay);
	assert_int_equal(pte_mfn(pte(1)).v, mine.v);
	assert_int_equal(pte(2), 0);
	assert_int_equal(g_use(a, 9), 0);
	assert_int_equal(frame_refs(m), 1);
	op.new_addr = 0;
	assert_int_equal(grant_op(vb, GNTTABOP_unmap_and_replace, &op), 0);
	assert_int_equal(op.status, GNTST_bad_virt_addr);
}

/* One flush for a batch, and nothing is cached when the granter is told. */
static void test_batch(void **state)
{
	static struct gnttab_map_grant_ref map[300];
	static struct gnttab_unmap_grant_ref un[300];
	mfn_t m = fake_frame(a);
	uint64_t flushes;

	(void)state;
	g_grant(a, 9, b->id, m, false);
	for (unsigned int i = 0; i < 300; i++)
		map[i] = (struct gnttab_map_grant_ref){
			.host_addr = (i + 1) * PAGE_SIZE, .ref = 9, .dom = a->id,
			.flags = GNTMAP_host_map,
		};
	assert_int_equal(grant_call(vb, GNTTABOP_map_grant_ref, map,
				    sizeof(map[0]), 300), 0);
	assert_true(fake_restarts > 0);
	for (unsigned int i = 0; i < 300; i++) {
		assert_int_equal(map[i].status, GNTST_okay);
		un[i] = (struct gnttab_unmap_grant_ref){
			.host_addr = (i + 1) * PAGE_SIZE, .handle = map[i].handle,
		};
	}
	assert_int_equal(frame_refs(m), 601);
	fake_tlb_fill(b->vcpus[0]->sched.cpu, b, m, true);
	flushes = fake_flushes;
	assert_int_equal(grant_call(vb, GNTTABOP_unmap_grant_ref, un,
				    sizeof(un[0]), 300), 0);
	assert_true(fake_flushes - flushes <= 300 / UNMAP_BATCH + 2 +
						      fake_restarts);
	assert_false(fake_tlb_has(b, m));
	for (unsigned int i = 0; i < 300; i++)
		assert_int_equal(un[i].status, GNTST_okay);
	assert_int_equal(frame_refs(m), 1);
	assert_int_equal(g_use(a, 9), 0);
}

static void test_handles_run_out(void **state)
{
	mfn_t m = fake_frame(a);
	unsigned int n = 0;
	int64_t h;

	(void)state;
	g_grant(a, 9, b->id, m, false);
	while ((h = g_map(vb, a->id, 9, 0, GNTMAP_device_map)) >= 0)
		n++;
	assert_int_equal(h, GNTST_no_device_space);
	assert_int_equal(n, 4 * HANDLES_PER_XEN_FRAME);
	assert_int_equal(frame_refs(m), n + 1);
	/* The rest is the mapper's death's business: see teardown(). */
}

/* The granter dies first: its frames and table wait for the mapper. */
static void test_granter_dies(void **state)
{
	struct domain *c = fake_domain(8, 1);
	mfn_t m = fake_frame(c);
	int64_t h;

	(void)state;
	g_grant(c, 9, b->id, m, false);
	h = g_map(vb, 8, 9, PAGE_SIZE, GNTMAP_host_map);
	assert_true(h >= 0);
	fake_destroy(c);
	assert_non_null(domain_get(8));
	domain_put(c);
	assert_int_equal(frame_at(m)->owner, 8);
	assert_int_equal(g_map(vb, 8, 9, 2 * PAGE_SIZE, GNTMAP_host_map),
			 GNTST_general_error);
	assert_int_equal(g_unmap(vb, (uint32_t)h, PAGE_SIZE, 0), 0);
	fake_settle();
	assert_null(domain_get(8));
}

static struct gnttab_copy copy_op(uint32_t from, uint16_t from_dom,
				  uint64_t to, uint16_t flags)
{
	struct gnttab_copy op = { .len = 100, .flags = flags };

	op.source.u.gmfn = from;
	op.source.domid = from_dom;
	op.source.offset = 8;
	op.dest.u.gmfn = to;
	op.dest.domid = DOMID_SELF;
	op.dest.offset = 16;
	return op;
}

static void test_copy(void **state)
{
	mfn_t from = fake_frame(a), to = fake_frame(b);
	struct gnttab_copy op;

	(void)state;
	memset(frame_map(from), 'x', PAGE_SIZE);
	g_grant(a, 9, b->id, from, true);
	op = copy_op(9, a->id, to.v, GNTCOPY_source_gref);
	assert_int_equal(g_copy(vb, &op), GNTST_okay);
	assert_memory_equal((char *)frame_map(to) + 16,
			    (char *)frame_map(from) + 8, 100);
	assert_int_equal(((char *)frame_map(to))[15], 0);
	assert_int_equal(((char *)frame_map(to))[116], 0);
	assert_int_equal(g_use(a, 9), 0);
	assert_int_equal(frame_refs(from), 1);
	assert_int_equal(frame_refs(to), 1);
	op.len = PAGE_SIZE;
	assert_int_equal(g_copy(vb, &op), GNTST_bad_copy_arg);
	op.len = 1;
	op.dest.offset = PAGE_SIZE;
	assert_int_equal(g_copy(vb, &op), GNTST_bad_copy_arg);
	op.len = 0xffff;
	op.source.offset = 0xffff;
	assert_int_equal(g_copy(vb, &op), GNTST_bad_copy_arg);
	op = copy_op(9, a->id, from.v, GNTCOPY_source_gref);
	assert_int_equal(g_copy(vb, &op), GNTST_bad_page);
	op = copy_op(9, a->id, l1.v, GNTCOPY_source_gref);
	assert_int_equal(g_copy(vb, &op), GNTST_bad_page);
	op = copy_op((uint32_t)to.v, a->id, to.v, 0);
	assert_int_equal(g_copy(vb, &op), GNTST_permission_denied);
	op = copy_op((uint32_t)to.v, b->id, to.v, 0);
	assert_int_equal(g_copy(vb, &op), GNTST_permission_denied);
	op = copy_op((uint32_t)to.v, DOMID_SELF, to.v, 0);
	assert_int_equal(g_copy(vb, &op), GNTST_okay);
	/* A read-only grant is no destination. */
	op = copy_op((uint32_t)to.v, DOMID_SELF, 9, GNTCOPY_dest_gref);
	op.dest.domid = a->id;
	assert_int_equal(g_copy(vb, &op), GNTST_general_error);
	g_grant(a, 9, b->id, from, false);
	assert_int_equal(g_copy(vb, &op), GNTST_okay);
	assert_int_equal(frame_refs(from), 1);
	op.source.u.gmfn = ~0UL;
	assert_int_equal(g_copy(vb, &op), GNTST_bad_page);
}

static void test_copy_batch(void **state)
{
	static struct gnttab_copy op[1000];
	mfn_t from = fake_frame(a), to = fake_frame(b);
	uint32_t *out = frame_map(to), *in = frame_map(from);

	(void)state;
	g_grant(a, 9, b->id, from, true);
	for (unsigned int i = 0; i < 1000; i++) {
		op[i] = copy_op(9, a->id, to.v, GNTCOPY_source_gref);
		op[i].len = 4;
		op[i].source.offset = op[i].dest.offset = (uint16_t)(i * 4);
		in[i] = i + 1;
	}
	op[500].source.u.ref = 1000;
	assert_int_equal(grant_call(vb, GNTTABOP_copy, op, sizeof(op[0]), 1000),
			 0);
	assert_true(fake_restarts > 0);
	for (unsigned int i = 0; i < 1000; i++) {
		assert_int_equal(op[i].status == GNTST_okay, i != 500);
		assert_int_equal(out[i], i == 500 ? 0 : i + 1);
	}
	assert_int_equal(frame_refs(from), 1);
	assert_int_equal(g_use(a, 9), 0);
}

static void test_sub_page(void **state)
{
	mfn_t from = fake_frame(a), to = fake_frame(b);
	struct gnttab_copy op = copy_op(9, a->id, to.v, GNTCOPY_source_gref);
	union grant_entry_v2 *e;

	(void)state;
	if (version == 1)
		return;
	g_grant(a, 9, b->id, from, false);
	e = entry_v2(a->grant, 9);
	e->hdr.flags |= GTF_sub_page;
	e->sub_page.page_off = 8;
	e->sub_page.length = 100;
	assert_int_equal(g_copy(vb, &op), GNTST_okay);
	op.source.offset = 7;
	assert_int_equal(g_copy(vb, &op), GNTST_general_error);
	op.source.offset = 9;
	assert_int_equal(g_copy(vb, &op), GNTST_general_error);
	e->sub_page.page_off = 4000;
	assert_int_equal(g_copy(vb, &op), GNTST_general_error);
	assert_int_equal(g_map(vb, a->id, 9, 0, GNTMAP_host_map),
			 GNTST_general_error);
	assert_int_equal(g_use(a, 9), 0);
	assert_int_equal(frame_refs(from), 1);
}

/* @d's entry @ref gives on what @from's entry @other gives it. */
static void grant_on(struct domain *d, uint32_t ref, uint16_t to, uint16_t from,
		     uint32_t other)
{
	union grant_entry_v2 *e = entry_v2(d->grant, ref);

	memset(e, 0, sizeof(*e));
	e->transitive.trans_domid = from;
	e->transitive.gref = other;
	e->hdr.domid = to;
	e->hdr.flags = GTF_transitive;
}

static void test_transitive(void **state)
{
	struct domain *c;
	mfn_t from = fake_frame(a), to = fake_frame(b);
	struct gnttab_copy op;

	(void)state;
	if (version == 1)
		return;
	c = fake_domain(3, 1);
	assert_int_equal(g_set_version(c->vcpus[0], 2), 0);
	memset(frame_map(from), 'y', PAGE_SIZE);
	g_grant(a, 9, 3, from, true);
	grant_on(c, 20, b->id, a->id, 9);
	op = copy_op(20, 3, to.v, GNTCOPY_source_gref);
	assert_int_equal(g_copy(vb, &op), GNTST_okay);
	assert_int_equal(((char *)frame_map(to))[16], 'y');
	assert_int_equal(g_use(a, 9), 0);
	assert_int_equal(g_use(c, 20), 0);
	assert_int_equal(g_map(vb, 3, 20, 0, GNTMAP_host_map),
			 GNTST_general_error);
	/* Not to write where the first granter allows reading. */
	op = copy_op((uint32_t)to.v, DOMID_SELF, 20, GNTCOPY_dest_gref);
	op.dest.domid = 3;
	assert_int_equal(g_copy(vb, &op), GNTST_general_error);
	/* To itself, to nobody, and a chain of three. */
	op = copy_op(20, 3, to.v, GNTCOPY_source_gref);
	grant_on(c, 20, b->id, 3, 20);
	assert_int_equal(g_copy(vb, &op), GNTST_general_error);
	grant_on(c, 20, b->id, 77, 9);
	assert_int_equal(g_copy(vb, &op), GNTST_bad_domain);
	grant_on(c, 20, b->id, a->id, 9);
	grant_on(a, 9, 3, b->id, 9);
	assert_int_equal(g_copy(vb, &op), GNTST_general_error);
	grant_on(c, 20, b->id, a->id, 1 << 20);
	assert_int_equal(g_copy(vb, &op), GNTST_bad_gntref);
	assert_int_equal(g_use(a, 9), 0);
	assert_int_equal(g_use(c, 20), 0);
	assert_int_equal(frame_refs(from), 1);
	fake_destroy(c);
}

static void test_transfer(void **state)
{
	struct gnttab_transfer op = { .domid = a->id, .ref = 12 };
	mfn_t m = fake_frame(b);
	uint32_t *head = version == 1 ? (uint32_t *)entry_v1(a->grant, 12) :
					entry_v2(a->grant, 12)->__spacer;

	(void)state;
	op.mfn = m.v;
	*(uint64_t *)frame_map(m) = 4711;
	assert_int_equal(grant_op(vb, GNTTABOP_transfer, &op), 0);
	assert_int_equal(op.status, GNTST_general_error);
	assert_int_equal(frame_at(m)->owner, b->id);
	*head = GTF_accept_transfer | (uint32_t)b->id << 16;
	assert_true(frame_get(m, b));
	assert_int_equal(grant_op(vb, GNTTABOP_transfer, &op), 0);
	assert_int_equal(op.status, GNTST_bad_page);
	frame_put(m);
	a->page_max = a->page_count;
	assert_int_equal(grant_op(vb, GNTTABOP_transfer, &op), 0);
	assert_int_equal(op.status, GNTST_general_error);
	assert_int_equal(*head, GTF_accept_transfer | (uint32_t)b->id << 16);
	assert_int_equal(frame_at(m)->owner, b->id);
	a->page_max = ~0UL;
	assert_int_equal(grant_op(vb, GNTTABOP_transfer, &op), 0);
	assert_int_equal(op.status, GNTST_okay);
	assert_int_equal(frame_at(m)->owner, a->id);
	assert_true(*head & GTF_transfer_completed);
	assert_int_equal(*(uint64_t *)frame_map(m), 4711);
	op.mfn = ~0UL;
	assert_int_equal(grant_op(vb, GNTTABOP_transfer, &op), 0);
	assert_int_equal(op.status, GNTST_bad_page);
	op.domid = 77;
	assert_int_equal(grant_op(vb, GNTTABOP_transfer, &op), 0);
	assert_int_equal(op.status, GNTST_bad_domain);
}

/* Each transfer may flush all CPUs, so a long list is done in several goes. */
static void test_transfers_let_others_run(void **state)
{
	struct gnttab_transfer *list = (struct gnttab_transfer *)fake_buf;

	(void)state;
	for (unsigned int i = 0; i < 100; i++)
		list[i] = (struct gnttab_transfer){ .mfn = ~0UL,
						    .domid = a->id };
	assert_int_equal(fake_hypercall(vb, __HYPERVISOR_grant_table_op,
					GNTTABOP_transfer, FAKE_BUF, 100, 0),
			 0);
	assert_true(fake_restarts >= 2);
	for (unsigned int i = 0; i < 100; i++)
		assert_int_equal(list[i].status, GNTST_bad_page);
}

#define BOTH(f)                                                \
	cmocka_unit_test_setup_teardown(f, setup1, teardown),  \
		cmocka_unit_test_setup_teardown(f, setup2, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(test_map_unmap), BOTH(test_read_only), BOTH(test_crossed),
		BOTH(test_refused), BOTH(test_table_frame), BOTH(test_by_pte),
		BOTH(test_device), BOTH(test_replace), BOTH(test_batch),
		BOTH(test_handles_run_out), BOTH(test_granter_dies),
		BOTH(test_copy), BOTH(test_copy_batch), BOTH(test_sub_page),
		BOTH(test_transitive), BOTH(test_transfer),
		BOTH(test_transfers_let_others_run),
	};

	fake_start(FAKE_CPUS);
	fake_warm_up();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
