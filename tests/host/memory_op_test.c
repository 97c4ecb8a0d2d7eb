// SPDX-License-Identifier: GPL-2.0-or-later
/* The hypercall memory_op, whose guest memory is the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <grant/grant.h>
#include <hypercall/hypercall.h>
#include <hypercall/memory_op.h>
#include <pv/memory_map.h>
#include "mmu_machine.h"

#define GUEST 1

/* --- neighbours --- */

static mfn_t grant_frames[4];

int grant_limits(struct domain *d, uint32_t *frames, uint32_t *maptrack)
{
	(void)d;
	(void)maptrack;
	*frames = ARRAY_SIZE(grant_frames);
	return 0;
}

int grant_frame_mfn(struct domain *d, uint32_t index, bool status, mfn_t *out)
{
	(void)d;
	if (status || index >= ARRAY_SIZE(grant_frames))
		return -EINVAL;
	*out = grant_frames[index];
	return 0;
}

struct domain *domain_get_self(struct vcpu *v, uint16_t id)
{
	return domain_get(id == DOMID_SELF ? v->domain->id : id);
}

bool machine_range(unsigned int i, struct abi_e820entry *out)
{
	*out = (struct abi_e820entry){ i << 20, 1 << 20, 1 + i };
	return i < 3;
}

/* --- helpers --- */

static struct vcpu *tool, *guest;

static int setup(void **state)
{
	(void)state;
	mach_reset(MACH_FRAMES);
	tool = &mach_dom[0].v;
	guest = &mach_dom[GUEST].v;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < MACH_DOMAINS; i++)
		mach_teardown(i, 100);
	assert_null(mach_check());
	assert_null(mach_check_empty());
	return 0;
}

static unsigned int restarts;

static long op(struct vcpu *v, unsigned int cmd, void *p)
{
	uint64_t arg[6] = { cmd, (uint64_t)p };
	long rc;

	restarts = 0;
	while ((rc = hc_memory_op(v, arg)) == -ERESTART)
		restarts++;
	return rc;
}

static struct xen_memory_reservation reservation(uint64_t *list, uint64_t n,
						 unsigned int order,
						 uint16_t id)
{
	struct xen_memory_reservation r = {
		.nr_extents = n, .extent_order = order, .domid = id,
	};

	r.extent_start.addr = (uint64_t)list;
	return r;
}

/* --- tests --- */

static void populate_and_decrease(void **state)
{
	uint64_t list[600];
	struct xen_memory_reservation r = reservation(list, 600, 0, GUEST);

	(void)state;
	for (unsigned int i = 0; i < 600; i++)
		list[i] = 1000 + i;
	assert_int_equal(op(tool, XENMEM_populate_physmap, &r), 600);
	assert_true(restarts > 0);
	assert_int_equal(mach_domain(GUEST)->page_count, 600);
	for (unsigned int i = 0; i < 600; i++)
		assert_int_equal(m2p_get(mfn(list[i])), 1000 + i);
	r.domid = DOMID_SELF;
	assert_int_equal(op(guest, XENMEM_decrease_reservation, &r), 600);
	assert_int_equal(m2p_get(mfn(list[0])), M2P_INVALID);
	assert_int_equal(mach_domain(GUEST)->page_count, 0);
	assert_int_equal(op(guest, XENMEM_decrease_reservation, &r), 0);
}

static void limits_and_rights(void **state)
{
	uint64_t list[4] = { 0 };
	struct xen_memory_reservation r = reservation(list, 4, 0, 2);
	struct xen_memory_domain who = { .domid = DOMID_SELF };

	(void)state;
	assert_int_equal(op(guest, XENMEM_populate_physmap, &r), 0);
	r.domid = DOMID_SELF;
	mach_domain(GUEST)->page_max = 3;
	assert_int_equal(op(guest, XENMEM_populate_physmap, &r), 3);
	r.extent_order = 40;
	assert_int_equal(op(guest, XENMEM_populate_physmap, &r), 0);
	r = reservation(list, ~0UL, 0, DOMID_SELF);
	assert_int_equal(op(guest, XENMEM_populate_physmap, &r), 0);
	assert_int_equal(op(guest, XENMEM_current_reservation, &who), 3);
	assert_int_equal(op(guest, XENMEM_maximum_reservation, &who), 3);
	who.domid = 2;
	assert_int_equal(op(guest, XENMEM_current_reservation, &who), -EPERM);
	who.domid = 99;
	assert_int_equal(op(tool, XENMEM_current_reservation, &who), -ESRCH);
	assert_int_equal(op(guest, XENMEM_claim_pages, &r), -EPERM);
	assert_int_equal(op(guest, XENMEM_current_reservation | 1 << 6, &who),
			 -ENOSYS);
	assert_int_equal(op(guest, 63, NULL), -ENOSYS);
	assert_int_equal(op(guest, XENMEM_populate_physmap, NULL), 0);
}

static void fill_guest(uint64_t *list, unsigned int n)
{
	struct xen_memory_reservation r = reservation(list, n, 0, GUEST);

	for (unsigned int i = 0; i < n; i++)
		list[i] = 500 + i;
	assert_int_equal(op(tool, XENMEM_populate_physmap, &r), n);
}

static void exchange_both_ways(void **state)
{
	uint64_t in[16], out[1] = { 500 }, back[16];
	struct xen_memory_exchange e = { 0 };

	(void)state;
	fill_guest(in, 16);
	e.in = reservation(in, 16, 0, DOMID_SELF);
	e.out = reservation(out, 1, 4, DOMID_SELF);
	assert_int_equal(op(guest, XENMEM_exchange, &e), 0);
	assert_int_equal(e.nr_exchanged, 16);
	assert_true(IS_ALIGNED(out[0], 16));
	assert_int_equal(m2p_get(mfn(out[0] + 15)), 515);
	assert_int_equal(mach_domain(GUEST)->page_count, 16);
	for (unsigned int i = 0; i < 16; i++)
		back[i] = 500 + i;
	e = (struct xen_memory_exchange){ 0 };
	e.in = reservation(out, 1, 4, DOMID_SELF);
	e.out = reservation(back, 16, 0, DOMID_SELF);
	assert_int_equal(op(guest, XENMEM_exchange, &e), 0);
	assert_int_equal(mach_domain(GUEST)->page_count, 16);
	assert_null(mach_check());
}

/* Each frame given back is flushed everywhere before it comes back. */
static void exchange_lets_others_run(void **state)
{
	uint64_t in[600], out[600];
	struct xen_memory_exchange e = { 0 };

	(void)state;
	fill_guest(in, 600);
	memcpy(out, in, sizeof(out));
	e.in = reservation(in, 600, 0, DOMID_SELF);
	e.out = reservation(out, 600, 0, DOMID_SELF);
	assert_int_equal(op(guest, XENMEM_exchange, &e), 0);
	assert_int_equal(e.nr_exchanged, 600);
	assert_true(restarts >= 9);
}

static void exchange_refuses_what_it_must(void **state)
{
	uint64_t in[16], out[1] = { 500 };
	struct xen_memory_exchange e = { 0 }, good;

	(void)state;
	fill_guest(in, 16);
	e.in = reservation(in, 16, 0, DOMID_SELF);
	e.out = reservation(out, 1, 4, DOMID_SELF);
	good = e;
	/* A frame in use cannot go; the others come back. */
	assert_true(frame_get(mfn(in[9]), mach_domain(GUEST)));
	assert_int_equal(op(guest, XENMEM_exchange, &e), -EINVAL);
	frame_put(mfn(in[9]));
	assert_int_equal(e.nr_exchanged, 0);
	assert_int_equal(mach_domain(GUEST)->page_count, 16);
	e = good;
	e.nr_exchanged = 17;
	assert_int_equal(op(guest, XENMEM_exchange, &e), -EINVAL);
	e.nr_exchanged = 3;
	assert_int_equal(op(guest, XENMEM_exchange, &e), -EINVAL);
	e = good;
	e.out.nr_extents = 2;
	assert_int_equal(op(guest, XENMEM_exchange, &e), -EINVAL);
	e = good;
	e.in.nr_extents = 1UL << 60;
	e.out.nr_extents = 1UL << 56;
	assert_int_equal(op(guest, XENMEM_exchange, &e), -EINVAL);
	e = good;
	e.out.extent_order = 63;
	assert_int_equal(op(guest, XENMEM_exchange, &e), -EPERM);
	e = good;
	e.in.domid = e.out.domid = 2;
	assert_int_equal(op(guest, XENMEM_exchange, &e), -EPERM);
	e = good;
	e.out.mem_flags = XENMEMF_address_bits(13);
	assert_int_equal(op(guest, XENMEM_exchange, &e), -ENOMEM);
	assert_int_equal(mach_domain(GUEST)->page_count, 16);
}

static void memory_maps(void **state)
{
	struct abi_e820entry e[8];
	struct xen_memory_map map = { .nr_entries = 8 };
	struct xen_foreign_memory_map set = { .domid = GUEST };

	(void)state;
	map.buffer.addr = (uint64_t)e;
	assert_int_equal(op(guest, XENMEM_memory_map, &map), -ENOSYS);
	assert_int_equal(op(guest, XENMEM_machine_memory_map, &map), -EPERM);
	assert_int_equal(op(tool, XENMEM_machine_memory_map, &map), 0);
	assert_int_equal(map.nr_entries, 3);
	assert_int_equal(e[2].type, 3);
	set.map = map;
	assert_int_equal(op(guest, XENMEM_set_memory_map, &set), -EPERM);
	assert_int_equal(op(tool, XENMEM_set_memory_map, &set), 0);
	map.nr_entries = 2;
	e[0].type = 9;
	assert_int_equal(op(guest, XENMEM_memory_map, &map), 0);
	assert_int_equal(map.nr_entries, 2);
	assert_int_equal(e[0].type, 1);
	set.map.nr_entries = 100000;
	assert_int_equal(op(tool, XENMEM_set_memory_map, &set), -E2BIG);
	memory_map_free(mach_domain(GUEST));
}

static void resources(void **state)
{
	uint64_t list[4] = { 0 };
	struct xen_mem_acquire_resource r = {
		.domid = GUEST, .type = XENMEM_resource_grant_table,
	};

	(void)state;
	for (unsigned int i = 0; i < 4; i++)
		grant_frames[i] = mfn(100 + i);
	assert_int_equal(op(guest, XENMEM_acquire_resource, &r), -EPERM);
	assert_int_equal(op(tool, XENMEM_acquire_resource, &r), 0);
	assert_int_equal(r.nr_frames, 4);
	r.frame_list.addr = (uint64_t)list;
	r.frame = 1;
	assert_int_equal(op(tool, XENMEM_acquire_resource, &r), -EINVAL);
	r.nr_frames = 3;
	assert_int_equal(op(tool, XENMEM_acquire_resource, &r), 0);
	assert_int_equal(list[0], 101);
	r.frame = ~0UL;
	assert_int_equal(op(tool, XENMEM_acquire_resource, &r), -EINVAL);
	r.type = XENMEM_resource_ioreq_server;
	assert_int_equal(op(tool, XENMEM_acquire_resource, &r), -EOPNOTSUPP);
	r.domid = 0;
	assert_int_equal(op(tool, XENMEM_acquire_resource, &r), -EPERM);
}

static void small_answers(void **state)
{
	struct xen_machphys_mapping range;
	struct xen_add_to_physmap a = { .domid = DOMID_SELF };
	struct xen_remove_from_physmap rm = { .domid = DOMID_SELF };

	(void)state;
	assert_int_equal(op(guest, XENMEM_maximum_ram_page, NULL),
			 frame_limit());
	assert_int_equal(op(guest, XENMEM_machphys_mapping, &range), 0);
	assert_int_equal(range.v_start, MACH2PHYS_VIRT_START);
	assert_int_equal(op(guest, XENMEM_machphys_mapping, NULL), -EFAULT);
	assert_int_equal(op(guest, XENMEM_add_to_physmap, &a), -EACCES);
	assert_int_equal(op(guest, XENMEM_remove_from_physmap, &rm), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		T(populate_and_decrease),
		T(limits_and_rights),
		T(exchange_both_ways),
		T(exchange_lets_others_run),
		T(exchange_refuses_what_it_must),
		T(memory_maps),
		T(resources),
		T(small_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
