// SPDX-License-Identifier: GPL-2.0-or-later
/* Grant tables as memory: sizes, growth, versions, status frames, limits. */
#include "grant_calls.h"

static struct domain *a, *b, *zero;
static struct vcpu *va;
static uint64_t free_before;

static int setup(void **state)
{
	(void)state;
	free_before = buddy_free_count();
	a = fake_domain(1, 1);
	b = fake_domain(2, 1);
	zero = fake_domain(0, 1);
	va = a->vcpus[0];
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fake_destroy(a);
	fake_destroy(b);
	fake_destroy(zero);
	assert_clean(free_before);
	return 0;
}

static struct gnttab_setup_table setup_table(struct vcpu *v, uint16_t dom,
					     uint32_t n)
{
	struct gnttab_setup_table s = { .dom = dom, .nr_frames = n };

	s.frame_list.addr = FAKE_BUF + 4096;
	assert_int_equal(grant_op(v, GNTTABOP_setup_table, &s), 0);
	return s;
}

static const uint64_t *list(void)
{
	return (const uint64_t *)(const void *)(fake_buf + 4096);
}

static void test_query(void **state)
{
	struct gnttab_query_size q = { .dom = DOMID_SELF };

	(void)state;
	assert_int_equal(grant_op(va, GNTTABOP_query_size, &q), 0);
	assert_int_equal(q.status, GNTST_okay);
	assert_int_equal(q.nr_frames, 1);
	assert_int_equal(q.max_nr_frames, 4);
	q.dom = 2;
	assert_int_equal(grant_op(va, GNTTABOP_query_size, &q), 0);
	assert_int_equal(q.status, GNTST_permission_denied);
	assert_int_equal(grant_op(zero->vcpus[0], GNTTABOP_query_size, &q), 0);
	assert_int_equal(q.status, GNTST_okay);
	q.dom = 77;
	assert_int_equal(grant_op(va, GNTTABOP_query_size, &q), 0);
	assert_int_equal(q.status, GNTST_bad_domain);
	q.dom = DOMID_IO;
	assert_int_equal(grant_op(zero->vcpus[0], GNTTABOP_query_size, &q), 0);
	assert_int_equal(q.status, GNTST_bad_domain);
	assert_int_equal(grant_call(va, GNTTABOP_query_size, &q, sizeof(q), 0),
			 -EINVAL);
}

static void test_setup(void **state)
{
	struct gnttab_setup_table s = setup_table(va, DOMID_SELF, 3);

	(void)state;
	assert_int_equal(s.status, GNTST_okay);
	for (unsigned int i = 0; i < 3; i++) {
		mfn_t m = mfn(list()[i]);

		assert_int_equal(frame_at(m)->owner, 1);
		assert_true(frame_get_writable(m, a)); /* as for a mapping */
		frame_put_writable(m);
		assert_false(frame_get(m, b));
	}
	assert_int_equal(setup_table(va, DOMID_SELF, 5).status,
			 GNTST_general_error);
	assert_int_equal(setup_table(va, 2, 1).status,
			 GNTST_permission_denied);
	assert_int_equal(setup_table(zero->vcpus[0], 2, 2).status, GNTST_okay);
	s = (struct gnttab_setup_table){ .dom = DOMID_SELF, .nr_frames = 3 };
	s.frame_list.addr = FAKE_BUF + FAKE_BUF_SIZE - 8;
	assert_int_equal(grant_op(va, GNTTABOP_setup_table, &s), 0);
	assert_int_equal(s.status, GNTST_bad_virt_addr);
}

static void test_versions(void **state)
{
	struct gnttab_get_version g = { .dom = DOMID_SELF };
	mfn_t m = fake_frame(a);

	(void)state;
	g_grant(a, GNTTAB_RESERVED_XENSTORE, 0, m, false);
	g_grant(a, 20, 2, m, false);
	assert_int_equal(g_set_version(va, 3), -EINVAL);
	assert_int_equal(g_set_version(va, 2), 0);
	assert_int_equal(grant_op(va, GNTTABOP_get_version, &g), 0);
	assert_int_equal(g.version, 2);
	assert_int_equal(entry_v2(a->grant, 1)->full_page.frame, m.v);
	assert_int_equal(entry_v2(a->grant, 1)->hdr.flags, GTF_permit_access);
	assert_int_equal(entry_v2(a->grant, 20)->hdr.flags, 0);
	/* Only a whole page has a form in version 1. */
	entry_v2(a->grant, 0)->hdr.flags = GTF_permit_access | GTF_sub_page;
	assert_int_equal(g_set_version(va, 1), 0);
	assert_int_equal(entry_v1(a->grant, 1)->frame, m.v);
	assert_int_equal(entry_v1(a->grant, 0)->flags, 0);
}

static void test_version_in_use(void **state)
{
	mfn_t m = fake_frame(a);
	struct grant_view view;

	(void)state;
	g_grant(a, GNTTAB_RESERVED_CONSOLE, 0, m, false);
	g_grant(a, 20, 2, m, true);
	assert_int_equal(grant_pin(a, 20, 2, 0, &view), GNTST_okay);
	assert_int_equal(g_set_version(va, 2), -EBUSY);
	grant_unpin(a, 20, false);
	/* A reserved one keeps its use across the switch. */
	assert_int_equal(grant_pin(a, 0, 0, PIN_WRITE, &view), GNTST_okay);
	assert_int_equal(g_use(a, 0), GTF_reading | GTF_writing);
	assert_int_equal(g_set_version(va, 2), 0);
	assert_int_equal(g_use(a, 0), GTF_reading | GTF_writing);
	assert_int_equal(entry_v2(a->grant, 0)->hdr.flags, GTF_permit_access);
	assert_int_equal(g_set_version(va, 1), 0);
	assert_int_equal(g_use(a, 0), GTF_reading | GTF_writing);
	grant_unpin(a, 0, true);
	assert_int_equal(g_use(a, 0), 0);
}

static void test_status_frames(void **state)
{
	struct gnttab_get_status_frames s = { .dom = DOMID_SELF };

	(void)state;
	s.nr_frames = 1;
	s.frame_list.addr = FAKE_BUF + 4096;
	assert_int_equal(grant_op(va, GNTTABOP_get_status_frames, &s), 0);
	assert_int_equal(s.status, GNTST_general_error);
	assert_int_equal(g_set_version(va, 2), 0);
	assert_int_equal(grant_op(va, GNTTABOP_get_status_frames, &s), 0);
	assert_int_equal(s.status, GNTST_okay);
	assert_int_equal(frame_at(mfn(list()[0]))->owner, 1);
	s.nr_frames = 2;
	assert_int_equal(grant_op(va, GNTTABOP_get_status_frames, &s), 0);
	assert_int_equal(s.status, GNTST_general_error);
	/* They stay where they are over switches. */
	assert_int_equal(g_set_version(va, 1), 0);
	assert_int_equal(frame_at(mfn(list()[0]))->owner, 1);
	assert_int_equal(g_set_version(va, 2), 0);
}

static void test_frame_mfn(void **state)
{
	mfn_t m;

	(void)state;
	assert_int_equal(grant_frame_mfn(a, 3, false, &m), 0);
	assert_int_equal(grant_frames(a->grant), 4);
	assert_int_equal(grant_frame_mfn(a, 4, false, &m), -EINVAL);
	assert_int_equal(grant_frame_mfn(a, 0, true, &m), -EINVAL);
	assert_int_equal(g_set_version(va, 2), 0);
	assert_int_equal(grant_frame_mfn(a, 0, true, &m), 0);
	assert_int_equal(grant_frame_mfn(a, 1, true, &m), -EINVAL);
	assert_int_equal(grant_frame_mfn(a, ~0U, true, &m), -EINVAL);
	assert_int_equal(grant_frame_mfn(a, ~0U, false, &m), -EINVAL);
}

static void test_swap(void **state)
{
	struct gnttab_swap_grant_ref s = { .ref_a = 10, .ref_b = 11 };
	mfn_t m = fake_frame(a), n = fake_frame(a);
	struct grant_view view;

	(void)state;
	for (uint32_t version = 1; version <= 2; version++) {
		assert_int_equal(g_set_version(va, version), 0);
		g_grant(a, 10, 2, m, false);
		g_grant(a, 11, 2, n, true);
		s.ref_b = 11;
		assert_int_equal(grant_op(va, GNTTABOP_swap_grant_ref, &s), 0);
		assert_int_equal(s.status, GNTST_okay);
		assert_int_equal(grant_pin(a, 10, 2, 0, &view), GNTST_okay);
		assert_int_equal(view.m.v, n.v);
		assert_int_equal(grant_op(va, GNTTABOP_swap_grant_ref, &s), 0);
		assert_int_equal(s.status, GNTST_eagain);
		grant_unpin(a, 10, false);
		s.ref_b = 1 << 20;
		assert_int_equal(grant_op(va, GNTTABOP_swap_grant_ref, &s), 0);
		assert_int_equal(s.status, GNTST_bad_gntref);
	}
}

/* What the builder of a domain and the tools use. */
static void test_for_builders(void **state)
{
	mfn_t m = fake_frame(a);
	struct grant_view view;
	uint32_t frames, maptrack;
	struct gnttab_dump_table d = { .dom = DOMID_SELF };

	(void)state;
	assert_int_equal(grant_set_entry(a, GNTTAB_RESERVED_XENSTORE, 0, m),
			 0);
	assert_int_equal(grant_pin(a, GNTTAB_RESERVED_XENSTORE, 0, PIN_WRITE,
				   &view), GNTST_okay);
	assert_int_equal(view.m.v, m.v);
	grant_unpin(a, GNTTAB_RESERVED_XENSTORE, true);
	assert_int_equal(grant_set_entry(a, 8, 0, m), -EINVAL);
	assert_int_equal(grant_set_entry(a, 1, 0, mfn(1UL << 32)), -EINVAL);
	assert_int_equal(grant_limits(a, &frames, &maptrack), 0);
	assert_int_equal(frames, 4);
	assert_int_equal(maptrack, 4);
	assert_int_equal(grant_limits(dom_io, &frames, &maptrack), -EINVAL);
	assert_int_equal(grant_op(va, GNTTABOP_dump_table, &d), 0);
	assert_int_equal(d.status, GNTST_okay);
	assert_int_equal(g_set_version(va, 2), 0);
	assert_int_equal(grant_set_entry(a, 1, 0, m), -EINVAL);
}

static void test_bad_commands(void **state)
{
	uint8_t junk[64] = { 0 };

	(void)state;
	assert_int_equal(grant_call(va, 13, junk, 8, 1), -ENOSYS);
	assert_int_equal(grant_call(va, ~0U, junk, 8, 1), -ENOSYS);
	assert_int_equal(grant_call(va, GNTTABOP_cache_flush, junk, 16, 1),
			 -EOPNOTSUPP);
	assert_int_equal(fake_hypercall(va, __HYPERVISOR_grant_table_op,
					GNTTABOP_copy, FAKE_BUF, 0x80000000UL,
					0), -EINVAL);
	assert_int_equal(fake_hypercall(va, __HYPERVISOR_grant_table_op,
					GNTTABOP_copy, 16, 1, 0), -EFAULT);
	assert_int_equal(fake_hypercall(va, __HYPERVISOR_grant_table_op,
					GNTTABOP_copy, 16, 0, 0), 0);
}

/* Creation fails at each allocation in turn: nothing is left behind. */
static void test_no_memory(void **state)
{
	struct domain_config cfg = {
		.id = 5, .max_vcpus = 1, .max_evtchn_port = 100,
		.max_grant_frames = 4, .max_maptrack_frames = 1,
		.grant_version_max = 2,
	};
	uint64_t before = buddy_free_count();
	struct domain *d;
	unsigned int n;

	(void)state;
	for (n = 1;; n++) {
		int rc;

		fake_fail_alloc(n);
		rc = domain_create(&cfg, &d);
		fake_fail_alloc(0);
		fake_settle();
		if (!rc)
			break;
		assert_int_equal(rc, -ENOMEM);
		assert_null(domain_get(5));
		assert_int_equal(buddy_free_count(), before);
	}
	assert_true(n > 8);
	fake_destroy(d);
	assert_int_equal(buddy_free_count(), before);
}

static void test_grow_no_memory(void **state)
{
	(void)state;
	assert_int_equal(g_set_version(va, 2), 0);
	fake_fail_alloc(1);
	assert_int_equal(grant_grow(a, 2, NULL), -ENOMEM);
	assert_int_equal(grant_frames(a->grant), 1);
	fake_fail_alloc(0);
	assert_int_equal(grant_grow(a, 2, NULL), 0);
	assert_int_equal(grant_frames(a->grant), 2);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_query), T(test_setup), T(test_versions),
		T(test_version_in_use), T(test_status_frames),
		T(test_frame_mfn), T(test_for_builders), T(test_swap), T(test_bad_commands),
		T(test_no_memory), T(test_grow_no_memory),
	};

	fake_start(FAKE_CPUS);
	fake_warm_up();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
